"""Laws of credit: it sums to the value, and nothing but time and ids decides who gets it."""

from __future__ import annotations

import random
import tempfile
from math import fsum
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.agreement import ATTRIBUTION_RULES
from funnel_analytics.metrics.attribution import attribute
from funnel_analytics.periods import month
from funnel_analytics.results import Result
from tests.builders import build_warehouse, three_stages

OCTOBER = month("2026-10")
WON_AT = pd.Timestamp("2026-10-20 12:00")

amounts = st.one_of(
    st.none(), st.floats(0.01, 1e7).map(lambda value: round(value, 2)), st.just(1 / 3)
)
# person, hours before the conversion (few, so that touches tie), channel
touches = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([-1, 0, 1, 24, 500, 1_000, 2_000, 2_160, 2_161]),
        st.sampled_from(["a", "b", "c", None]),
    ),
    max_size=25,
)
rules = st.tuples(st.floats(0.5, 60), st.floats(0, 1), st.floats(0, 1)).map(
    lambda rule: (round(rule[0], 3), round(rule[1], 3), round((1 - rule[1]) * rule[2], 3))
)


def tables(
    values: list[float | None], drawn: list[tuple[int, int, str | None]], *, with_ids: bool
) -> dict[str, Any]:
    """Deals whose people are shared: deal d knows person d and person 0."""
    return {
        "deal": [
            {"deal": f"D{n}", "amount": amount, "closed_at": WON_AT, "is_won": True}
            for n, amount in enumerate(values)
        ],
        "deal_contact": [
            {"deal": f"D{n}", "person_key": f"p{person}"}
            for n in range(len(values))
            for person in {0, n % 4}
        ],
        "touch": [
            {
                "touch": f"t{n}" if with_ids else None,
                "person_key": f"p{person}",
                "touched_at": WON_AT - pd.Timedelta(hours=hours),
                "channel": channel,
            }
            for n, (person, hours, channel) in enumerate(drawn)
        ]
        or [{"touch": "t", "person_key": None, "touched_at": WON_AT}],
    }


def credits(rows: dict[str, Any], rule: tuple[float, float, float]) -> list[Result]:
    """By channel with the agreed window, by side, and by channel with a window of a day."""
    agreed = (
        f"[attribution]\nhalf_life_days = {rule[0]}\n"
        f"first_share = {rule[1]}\nlast_share = {rule[2]}\n"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        build_warehouse(
            Path(folder) / "w.duckdb", rows, agreement=three_stages(agreed)
        ) as warehouse,
    ):
        return [
            attribute(warehouse, period=OCTOBER, model=ATTRIBUTION_RULES, **arguments)
            for arguments in ({}, {"by": "side"}, {"lookback_days": 1})
        ]


@settings(max_examples=6)
@given(
    st.lists(amounts, min_size=1, max_size=6),
    touches,
    rules,
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_laws_of_credit(
    values: list[float | None],
    drawn: list[tuple[int, int, str | None]],
    rule: tuple[float, float, float],
    with_ids: bool,
    rng: random.Random,
) -> None:
    rows = tables(values, drawn, with_ids=with_ids)
    results = credits(rows, rule)
    total = fsum(value or 0 for value in values)
    for result in results:
        for _, table in result.table.groupby("model"):
            assert abs(fsum(table["conversions"]) - len(values)) <= 1e-9
            assert round(fsum(table["revenue"]), 6) == result.note("totals")["revenue"]
            assert abs(fsum(table["revenue"]) - total) <= 5e-6  # thirds are rounded
            assert (table["conversions"] >= 0).all()
            assert (table["revenue"] >= -1e-6).all()
            untouched = table[table["is_no_known_touch"]]
            assert (
                fsum(untouched["conversions"])
                == result.note("totals")["no_known_touch_conversions"]
            )
        spread = result.part("journeys")
        assert spread["conversions"].sum() == len(values)
        counted = result.table.groupby("model")["touches"].sum()
        assert (counted == (spread["touches"] * spread["conversions"]).sum()).all()

    widest, _, narrow = results
    assert (
        narrow.note("totals")["no_known_touch_conversions"]
        >= widest.note("totals")["no_known_touch_conversions"]
    )

    shuffled = {name: rng.sample(each, len(each)) for name, each in rows.items()}
    for before, after in zip(results, credits(shuffled, rule), strict=True):
        pd.testing.assert_frame_equal(before.table, after.table)
        assert before.notes == after.notes
