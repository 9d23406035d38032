"""Drawings small enough to check by eye; three stages: inquiry → opportunity → won."""

from __future__ import annotations

import math

import pytest

from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.stage_time import time_in_stage
from funnel_analytics.periods import month
from tests.builders import three_stages

ENDINGS = ["moved_on_leads", "moved_back_leads", "closed_leads", "open_leads"]


def lead(name, created_at="2026-10-01 08:00", **more):
    return {"lead": name, "created_at": created_at, **more}


def event(name, at, stage=None, status=None, **more):
    return {"lead": name, "entered_at": at, "stage": stage, "status": status, **more}


def endings(result, stage):
    row = result.table.set_index("stage").loc[stage]
    return {name.removesuffix("_leads"): int(row[name]) for name in ENDINGS if row[name]}


# opportunity of each lead on 2 October; its next event:
# a  won after 2 days         b  lost after 4
# c  back to inquiry after 6  d  none by 1 November (30 days)
@pytest.fixture
def four_leads(warehouse_of):
    return warehouse_of(
        {
            "lead": [lead(each) for each in "abcd"],
            "stage_event": [
                *(event(each, "2026-10-02 00:00", "opportunity") for each in "abcd"),
                event("a", "2026-10-04 00:00", "won"),
                event("b", "2026-10-06 00:00", status="lost"),
                event("c", "2026-10-08 00:00", "inquiry"),
                event("c", "2026-10-09 00:00", "won"),
            ],
        }
    )


def test_each_stay_ends_in_one_way(four_leads):
    result = time_in_stage(four_leads, cohort=month("2026-10"))
    assert result.table["stage"].tolist() == ["inquiry", "opportunity"]
    row = result.table.iloc[1]
    assert row["entered_leads"] == 4
    assert row[ENDINGS].tolist() == [1, 1, 1, 1]
    assert row["median_days"] == 4.0  # a quarter leaves after 2, 4 and 6 days
    assert row["p75_days"] == 6.0
    assert math.isnan(row["p90_days"])
    assert row["expected_days"] == 30


def test_open_leads_are_censored_not_ignored(warehouse_of):
    # Two left after 1 and 3 days, two are 2 days in: 1/4 leaves at day 1; at day 3 the last does.
    warehouse = warehouse_of(
        {
            "lead": [lead("a"), lead("b"), lead("c", "2026-10-30"), lead("d", "2026-10-30")],
            "stage_event": [
                event("a", "2026-10-02 08:00", "opportunity"),
                event("b", "2026-10-04 08:00", "opportunity"),
            ],
        }
    )
    row = time_in_stage(warehouse).table.iloc[0]
    assert (row["moved_on_leads"], row["open_leads"]) == (2, 2)
    assert (row["median_days"], row["p90_days"]) == (3.0, 3.0)


@pytest.mark.parametrize(
    ("events", "ending"),
    [
        pytest.param(
            [("2026-10-05", "won", None), ("2026-10-05", None, "lost")],
            "moved_on",
            id="a later stage before a closing status",
        ),
        pytest.param(
            [("2026-10-05", "inquiry", "recycled")],
            "closed",
            id="a closing status before an earlier stage",
        ),
        pytest.param([("2026-10-02", "won", None)], "moved_on", id="at the same instant"),
        pytest.param([("2026-10-01 09:00", "won", None)], "open", id="an earlier win is no ending"),
        pytest.param([("2026-10-09", "opportunity", None)], "open", id="again into the same stage"),
    ],
)
def test_events_at_and_around_the_entry(warehouse_of, events, ending):
    warehouse = warehouse_of(
        {
            "lead": [lead("a")],
            "stage_event": [
                event("a", "2026-10-01 08:00", "inquiry"),
                event("a", "2026-10-02", "opportunity"),
                *(event("a", *each) for each in events),
            ],
        }
    )
    assert endings(time_in_stage(warehouse), "opportunity") == {ending: 1}


@pytest.mark.parametrize("what", [{"stage": "won"}, {"status": "rejected"}])
def test_a_day_stamp_stands_for_its_whole_day(warehouse_of, what):
    # Berlin's 2 October begins at 22:00 UTC on the 1st, before the opportunity at noon.
    warehouse = warehouse_of(
        {
            "lead": [lead("a")],
            "stage_event": [
                event("a", "2026-10-02 10:00", "opportunity", entered_at_is_day=False),
                event("a", "2026-10-01 22:00", entered_at_is_day=True, **what),
            ],
        }
    )
    result = time_in_stage(warehouse)
    assert endings(result, "opportunity") == {"moved_on" if "stage" in what else "closed": 1}
    assert result.table["median_days"][1] == 0.0


def test_a_skipped_stage_has_no_stay(warehouse_of):
    warehouse = warehouse_of(
        {"lead": [lead("a")], "stage_event": [event("a", "2026-10-03 08:00", "won")]}
    )
    table = time_in_stage(warehouse).table
    assert table["entered_leads"].tolist() == [1, 0]
    assert table["median_days"].tolist()[0] == 2.0
    assert math.isnan(table["median_days"][1])


def test_segments_fold_below_the_minimum(warehouse_of):
    origins = {"a": "web", "b": "web", "c": "fair", "d": None}
    warehouse = warehouse_of(
        {
            "lead": [lead(name, origin=origin) for name, origin in origins.items()],
            "stage_event": [
                event("c", "2026-10-02 08:00", "opportunity"),
                event("d", "2026-10-04 08:00", "opportunity"),
            ],
        },
        agreement=three_stages(minimum_group_size="2"),
    )
    result = time_in_stage(warehouse, by="origin")
    table = result.table
    assert table["segment"].tolist() == ["web", "web", "other_groups", "other_groups"]
    assert table["entered_leads"].tolist() == [2, 0, 2, 2]
    assert table["median_days"][2] == 1.0
    assert result.note("folded") == {"groups": 2, "leads": 2}
    assert time_in_stage(warehouse, cohort=month("2026-09"), by="origin").table.empty


def test_the_next_smallest_group_hides_a_small_one(warehouse_of):
    origins = {"a": "web", "b": "web", "c": "web", "d": "call", "e": "call", "f": "fair"}
    warehouse = warehouse_of(
        {
            "lead": [lead(name, origin=origin) for name, origin in origins.items()],
            "stage_event": [event("f", "2026-10-02 08:00", "opportunity")],
        },
        agreement=three_stages(minimum_group_size="2"),
    )
    result = time_in_stage(warehouse, by="origin")
    assert result.table["segment"].tolist() == ["web", "web", "other_groups", "other_groups"]
    assert result.table["entered_leads"].tolist() == [3, 0, 3, 1]
    assert result.note("folded") == {"groups": 2, "leads": 3}


@pytest.mark.parametrize("status", ["lost", "rejected", "recycled", "nurture"])
def test_each_status_that_ends_or_suspends_the_way_ends_a_stay(warehouse_of, status):
    warehouse = warehouse_of(
        {"lead": [lead("a")], "stage_event": [event("a", "2026-10-05 08:00", status=status)]}
    )
    assert endings(time_in_stage(warehouse), "inquiry") == {"closed": 1}


def test_a_cohort_without_leads(four_leads):
    table = time_in_stage(four_leads, cohort=month("2026-09")).table
    assert table["entered_leads"].tolist() == [0, 0]
    assert table["median_days"].isna().all()


def test_errors(four_leads, warehouse_of):
    with pytest.raises(CallError, match="no attribute 'orign'"):
        time_in_stage(four_leads, by="orign")
    with pytest.raises(MissingTableError, match="stage_event"):
        time_in_stage(warehouse_of({"lead": [lead("a")]}))
