"""What holds for every funnel, whatever its rows."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.metrics.stage_time import time_in_stage
from funnel_analytics.metrics.throughput import stage_throughput
from tests.builders import build_warehouse, three_stages

# Every example builds a warehouse, so failing ones are not shrunk.
FEW = settings(phases=[Phase.explicit, Phase.generate])
START = datetime(2026, 10, 1)
EVENTS = st.tuples(
    st.integers(-3, 60),  # half days after creation: ties and entries before it are common
    st.sampled_from(["inquiry", "opportunity", "won", None]),
    st.booleans(),
)
LEADS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(["web", "mail", None]), st.lists(EVENTS)),
    min_size=4,
    max_size=12,
)


def tables(leads, turned=False):
    """The rows of a warehouse; `turned` puts them in another order."""
    lead_rows, event_rows = (
        [],
        [
            {
                "lead": "l0",
                "entered_at": str(START + timedelta(days=20)),
                "stage": "inquiry",
                "entered_at_is_day": False,
                "status": None,
            }
        ],
    )
    for number, (day, origin, events) in enumerate(leads):
        created = START + timedelta(days=day)
        lead_rows.append(
            {
                "lead": f"l{number}",
                "created_at": str(created),
                "origin": origin if number else "web",
            }
        )
        for half_days, stage, is_day in events:
            at = created + timedelta(hours=12 * half_days)
            event_rows.append(
                {
                    "lead": f"l{number}",
                    "entered_at": str(at),
                    "stage": stage,
                    "entered_at_is_day": is_day and at.hour == 0,
                    "status": None if stage else "lost",
                }
            )
    step = -1 if turned else 1
    return {"lead": lead_rows[::step], "stage_event": event_rows[::step]}


def opened(folder, leads, **arguments):
    return build_warehouse(
        Path(folder) / f"{len(list(Path(folder).iterdir()))}.duckdb",
        tables(leads, **arguments),
        agreement=three_stages(minimum_group_size="3"),
        as_of="2026-12-01",
    )


@settings(FEW, max_examples=7)
@given(LEADS)
def test_accounts_of_every_funnel_add_up(leads):
    with tempfile.TemporaryDirectory() as folder, opened(folder, leads) as warehouse:
        at_least = stage_conversion(warehouse).table
        ordered = stage_conversion(warehouse, mode="ordered").table
        stays = time_in_stage(warehouse).table
        months = stage_throughput(warehouse).table
        split = stage_conversion(warehouse, by="origin").table
    for table in (at_least, ordered):
        reached = table["reached_leads"].tolist()
        assert reached == sorted(reached, reverse=True)
        assert reached[0] == len(leads)
        assert table["previous_leads"].tolist() == [len(leads), *reached[:-1]]
        for kind in ("step", "overall"):
            shown = table.dropna(subset=[f"{kind}_rate"])
            assert (shown[f"{kind}_low"] <= shown[f"{kind}_rate"]).all()
            assert (shown[f"{kind}_rate"] <= shown[f"{kind}_high"]).all()
        assert table["maturity"].dropna().between(0, 1).all()
        assert (table["median_days"].dropna() >= 0).all()
    assert (ordered["reached_leads"] <= at_least["reached_leads"]).all()
    ways = ["moved_on_leads", "moved_back_leads", "closed_leads", "open_leads"]
    assert (stays["entered_leads"] == stays[ways].sum(axis=1)).all()
    recorded = at_least["reached_leads"] - at_least["imputed_leads"]
    assert stays["entered_leads"].tolist() == recorded.tolist()[:-1]
    if not split["entered_leads"].isna().any():
        whole = split.groupby("position")["reached_leads"].sum()
        assert whole.tolist() == at_least["reached_leads"].tolist()
    by_stage = months.groupby("position")
    assert (by_stage["entered_leads"].sum().to_numpy() <= recorded.to_numpy()).all()


@settings(FEW, max_examples=4)
@given(LEADS)
def test_the_order_of_the_rows_changes_nothing(leads):
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(folder, leads) as one,
        opened(folder, leads, turned=True) as other,
    ):
        for metric, more in (
            (stage_conversion, {"by": "origin"}),
            (stage_conversion, {"mode": "ordered"}),
            (stage_throughput, {"by": "origin"}),
            (time_in_stage, {}),
        ):
            assert_frame_equal(metric(one, **more).table, metric(other, **more).table)
