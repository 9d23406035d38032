"""What holds between the ways to count, whatever the leads did."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.metrics.trend import conversion_trend
from tests.builders import build_warehouse
from tests.oracle.funnel_world import AS_OF, four_stages, made_up

# Every example builds a warehouse, so failing ones are not shrunk.
FEW = settings(phases=[Phase.explicit, Phase.generate])


def reached(warehouse, **more):
    return stage_conversion(warehouse, **more).table["reached_leads"].tolist()


@settings(FEW, max_examples=4)
@given(st.integers(0, 10_000), st.floats(1, 40), st.floats(1, 40))
def test_ways_to_count_are_ordered_by_what_they_ask(seed, one, other):
    leads, events = made_up(seed, leads=30)
    short, long = sorted((one, other))
    with (
        tempfile.TemporaryDirectory() as folder,
        build_warehouse(
            Path(folder) / "w.duckdb",
            {"lead": leads, "stage_event": [*events, first_entry(leads)]},
            agreement=four_stages(),
            as_of=str(AS_OF),
        ) as warehouse,
    ):
        loose, ordered, strict = (
            reached(warehouse, mode=mode) for mode in ("at_least", "ordered", "strict")
        )
        for less, more in ((strict, ordered), (ordered, loose)):
            assert all(a <= b for a, b in zip(less, more, strict=True))
        first, last, every = (
            reached(warehouse, passes=passes) for passes in ("first", "last", "every")
        )
        for one_pass in (first, last):
            assert all(a <= b for a, b in zip(one_pass, loose, strict=True))
            assert all(a <= b for a, b in zip(one_pass, every, strict=True))
        narrow = stage_conversion(warehouse, within_days=short).table
        wide = stage_conversion(warehouse, within_days=long).table
        assert (narrow["entered_leads"] >= wide["entered_leads"]).all()
        for table in (narrow, wide):
            assert (table["entered_leads"] + table["not_due_leads"] == 30).all()
            assert (table["reached_leads"] <= table["previous_leads"]).all()
            assert (table["previous_leads"] <= table["entered_leads"]).all()
        optional = reached(warehouse, mode="ordered", optional=["demo"])
        assert all(a <= b for a, b in zip(ordered, optional, strict=True))
        assert optional[1] == ordered[1]
        split = stage_conversion(warehouse, by=("origin", "created_month"), mode="strict").table
        assert split.groupby("position")["reached_leads"].sum().tolist() == strict
        trend = conversion_trend(warehouse, every="week", previous="entered").table
        assert trend["reached_leads"].sum() == loose[-1]
        assert trend["previous_leads"].sum() == 30


def first_entry(leads):
    """One event, so that there is a history at all."""
    at = leads[0]["created_at"]
    return {"lead": leads[0]["lead"], "entered_at": at, "stage": "inquiry", "status": None}
