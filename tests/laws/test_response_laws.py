"""Laws that every table of waits obeys, whatever the leads."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.metrics.response import time_to_contact
from tests.builders import build_warehouse, three_stages

MINUTE = pd.Timedelta(minutes=1)
FIRST = pd.Timestamp("2026-10-05 06:00")
AS_OF = pd.Timestamp("2026-10-12 06:00")
AGREED = three_stages("[first_contact]\nwithin_hours = 4\n")

# minutes to the hand-over and to the first contact after the creation; missing: it never came
delays = st.one_of(st.none(), st.sampled_from([-1, 0, 1, 239, 240, 241, 1_500]))
leads = st.lists(st.tuples(st.integers(0, 8_000), delays, delays), min_size=1, max_size=12)


def tables(cohorts: dict[str, list[tuple[int, int | None, int | None]]]) -> dict[str, Any]:
    """Canonical rows of leads by origin; what lies after `as_of` has not happened."""
    made: dict[str, list[dict[str, Any]]] = {"lead": [], "handover": [], "activity": []}
    for origin, cohort in cohorts.items():
        for number, (minutes, handed, contacted) in enumerate(cohort):
            lead, created = f"{origin}{number}", FIRST + minutes * MINUTE
            made["lead"].append({"lead": lead, "created_at": created, "origin": origin})
            if handed is not None and created + handed * MINUTE <= AS_OF:
                row = {"lead": lead, "kind": "reassigned", "handed_at": created + handed * MINUTE}
                made["handover"].append(row)
            if contacted is not None and created + contacted * MINUTE <= AS_OF:
                row = {"lead": lead, "happened_at": created + contacted * MINUTE}
                made["activity"].append(row)
    made["activity"].append({"lead": "nobody", "happened_at": FIRST})
    return {name: rows for name, rows in made.items() if rows}


def waits(rows: dict[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    with (
        tempfile.TemporaryDirectory() as folder,
        build_warehouse(
            Path(folder) / "w.duckdb", rows, agreement=AGREED, as_of=str(AS_OF)
        ) as warehouse,
    ):
        result = time_to_contact(warehouse, by="origin")
        return result.table, result.part("curve")


@settings(max_examples=5)
@given(leads, st.integers(0, 4_000), st.randoms(use_true_random=False))
def test_laws_of_waits(
    cohort: list[tuple[int, int | None, int | None]], minutes: int, rng: random.Random
) -> None:
    overdue = (minutes, None, None)
    rows = tables({"as it is": cohort, "one overdue more": [*cohort, overdue]})
    table, curve = waits(rows)

    parts = ["contacted_leads", "waiting_leads", "before_creation_leads", "day_precision_leads"]
    assert (table["leads"] == table[parts].sum(axis=1)).all()
    judged = table[table["due_leads"].notna()]
    timed = judged["contacted_leads"] + judged["waiting_leads"]
    assert (judged["due_leads"] + judged["not_yet_due_leads"] == timed).all()
    assert (judged["within_deadline_leads"] <= judged["contacted_leads"]).all()
    due = judged[judged["due_leads"] > 0]
    assert due["within_deadline_low"].le(due["within_deadline_share"] + 1e-12).all()
    assert due["within_deadline_high"].ge(due["within_deadline_share"] - 1e-12).all()
    known = table.dropna(subset=["p90_hours"])
    assert (known["median_hours"] <= known["p90_hours"]).all()
    for _, steps in curve.groupby(["segment", "leg"]):
        assert steps["hours"].is_monotonic_increasing
        assert steps["share_contacted"].is_monotonic_increasing
        assert steps["share_contacted"].between(0, 1).all()
        assert steps["at_risk"].is_monotonic_decreasing

    before, after = (
        table[(table["segment"] == name) & (table["leg"] == "wait")].iloc[0]
        for name in ("as it is", "one overdue more")
    )
    assert after["due_leads"] == before["due_leads"] + 1
    assert after["within_deadline_leads"] == before["within_deadline_leads"]
    if before["due_leads"] > 0:
        assert after["within_deadline_share"] <= before["within_deadline_share"]

    shuffled = {name: rng.sample(each, len(each)) for name, each in rows.items()}
    again, same_curve = waits(shuffled)
    pd.testing.assert_frame_equal(again, table)
    pd.testing.assert_frame_equal(same_curve, curve)
