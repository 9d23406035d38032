"""Laws that every table of hand-overs obeys, whatever the hand-overs."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.metrics.handover import handovers
from funnel_analytics.results import Result
from tests.builders import build_warehouse, three_stages

MINUTE = pd.Timedelta(minutes=1)
FIRST = pd.Timestamp("2026-10-05 06:00")
AS_OF = pd.Timestamp("2026-10-12 06:00")
AGREED = three_stages(
    "[handover.marketing_to_sdr]\nrespond_within_hours = 4\nrequired_fields = ['need']\n"
    "[handover.sdr_to_sales]\nrespond_within_hours = 8\n"
)
WAYS = [
    ("marketing_to_sdr", "marketing", "sdr"),
    ("marketing_to_sdr", "marketing", None),
    ("sdr_to_sales", "sdr", "sales"),
    ("reassigned", "sales", "sdr"),
    ("reassigned", "sdr", "sdr"),
]

# minutes after the hand-over; missing: never
delays = st.one_of(st.none(), st.sampled_from([-1, 0, 239, 240, 241, 1_500]))
rows = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(WAYS),
        st.integers(0, 9_000),
        delays,
        delays,
        st.sampled_from([None, 0, 1, 2]),
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


def given_tables(origins: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[dict[str, Any]]]:
    """Four leads of each origin, and their hand-overs."""
    leads = [
        {"lead": f"{origin}{number}", "created_at": FIRST, "origin": origin}
        for origin in origins
        for number in range(4)
    ]
    made = []
    every = [(f"{origin}{each[0]}", *each[1:]) for origin, rows in origins.items() for each in rows]
    for lead, (kind, from_team, to_team), at, accepted, rejected, missing, is_day in every:
        handed = FIRST + at * MINUTE
        answers = {
            name: handed + delay * MINUTE
            for name, delay in (("accepted_at", accepted), ("rejected_at", rejected))
            if delay is not None and handed + delay * MINUTE <= AS_OF
        }
        made.append(
            {
                "lead": lead,
                "kind": kind,
                "handed_at": handed,
                "handed_at_is_day": is_day,
                "from_team": from_team,
                "to_team": to_team,
                "missing_fields": missing,
                "reason": "no_fit",
                "accepted_at": None,
                "rejected_at": None,
                **answers,
            }
        )
    return {"lead": leads, "handover": made}


def answer(tables: dict[str, Any]) -> Result:
    with (
        tempfile.TemporaryDirectory() as folder,
        build_warehouse(
            Path(folder) / "w.duckdb", tables, agreement=AGREED, as_of=str(AS_OF)
        ) as warehouse,
    ):
        return handovers(warehouse, by="origin")


@settings(max_examples=3)
@given(rows, st.randoms(use_true_random=False))
def test_laws_of_hand_overs(drawn: list[tuple[Any, ...]], rng: random.Random) -> None:
    unanswered = (0, WAYS[0], 0, None, None, 0, False)
    tables = given_tables({"as it is": drawn, "one more": [*drawn, unanswered]})
    result = answer(tables)
    table = result.table
    assert table["handovers"].sum() == 2 * len(drawn) + 1
    answered = table[table["accepted_handovers"].notna()]
    parts = ["accepted", "rejected", "unanswered", "answered_before"]
    names = [f"{each}_handovers" for each in parts]
    assert (answered["handovers"] == answered[names].sum(axis=1)).all()
    assert (
        answered["unanswered_handovers"]
        == answered["silent_handovers"] + answered["waiting_handovers"]
    ).all()
    due = [f"{each}_handovers" for each in ("accepted", "rejected", "silent")]
    assert (answered["due_handovers"] == answered[due].sum(axis=1)).all()
    assert (answered["judged_handovers"] <= answered["due_handovers"]).all()
    assert (answered["within_deadline_handovers"] <= answered["judged_handovers"]).all()
    for name in ("accepted", "rejected", "silent", "within_deadline"):
        known = answered[answered[f"{name}_share"].notna()]
        assert (
            known[f"{name}_share"]
            .between(known[f"{name}_low"] - 1e-12, known[f"{name}_high"] + 1e-12)
            .all()
        )
    for part in ("by_month", "by_team", "completeness"):
        keys = ["segment", "kind"]
        sums = result.part(part).groupby(keys)["handovers"].sum()
        whole = table.set_index(keys)["handovers"].reindex(sums.index)
        assert (sums == whole).all(), part
    rejected = result.part("reasons")["rejected_handovers"].sum()
    assert rejected == answered["rejected_handovers"].sum()
    for by in ("origin", "team"):
        assert result.part(f"reasons_by_{by}")["rejected_handovers"].sum() == rejected
    missed = result.part("missed")
    assert (missed["missed_handovers"] <= missed["judged_handovers"]).all()
    late = missed["answered_late_handovers"] + missed["silent_handovers"]
    assert (missed["missed_handovers"] == late).all()
    inside = answered.set_index(["segment", "kind"])
    over = (inside["judged_handovers"] - inside["within_deadline_handovers"]).rename("over")
    both = missed.set_index(["segment", "kind"]).join(over)
    assert (both["missed_handovers"] == both["over"]).all()
    leads = {each[0] for each in drawn}
    assert result.part("returns")["leads"].sum() == len(leads) + len(leads | {0})

    # One more hand-over that nobody answers never raises the share answered in time.
    to_sdr = table[table["kind"] == "marketing_to_sdr"].set_index("segment")
    shares = to_sdr["within_deadline_share"].fillna(1.0)
    assert shares["one more"] <= shares.get("as it is", 1.0)

    shuffled = {name: rng.sample(each, len(each)) for name, each in tables.items()}
    again = answer(shuffled)
    pd.testing.assert_frame_equal(table, again.table)
    for part in result.parts:
        pd.testing.assert_frame_equal(result.part(part), again.part(part))
