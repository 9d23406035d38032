"""Drawings small enough to check by eye; three stages: inquiry → opportunity → won."""

from __future__ import annotations

import math

import pytest

from funnel_analytics.errors import CallError
from funnel_analytics.metrics.curves import conversion_curve
from funnel_analytics.metrics.forecast import expected_conversion
from funnel_analytics.metrics.sales_cycle import sales_cycle, stuck_leads
from funnel_analytics.periods import month
from tests.builders import three_stages


def lead(name, created_at="2026-10-01 08:00", **more):
    return {"lead": name, "created_at": created_at, **more}


def event(name, at, stage=None, status=None, **more):
    return {"lead": name, "entered_at": at, "stage": stage, "status": status, **more}


# day      0    1    2    3         5          10
# a                  opportunity                as_of
# b                       lost
# c                       recycled
# d             lost                opportunity
# e
@pytest.fixture
def five_leads(warehouse_of):
    return warehouse_of(
        {
            "lead": [lead(each) for each in "abcde"],
            "stage_event": [
                event("a", "2026-10-03 09:00", "opportunity"),
                event("b", "2026-10-04 09:00", status="lost"),
                event("c", "2026-10-04 10:00", status="recycled"),
                event("d", "2026-10-02 09:00", status="lost"),
                event("d", "2026-10-06 09:00", "opportunity"),
            ],
        },
        as_of="2026-10-11 09:00",
    )


def test_losses_compete_and_recycled_leads_stay_at_risk(five_leads):
    result = conversion_curve(five_leads, stage="opportunity")
    table = result.table
    assert table["day"].tolist() == [2, 3, 5, 10]
    assert table["at_risk_leads"].tolist() == [5, 4, 3, 2]
    assert table["reached_leads"].tolist() == [1, 0, 1, 0]
    assert table["competing_leads"].tolist() == [0, 1, 0, 0]
    assert table["censored_leads"].tolist() == [0, 0, 0, 2]
    assert table["incidence_rate"].tolist() == pytest.approx([0.2, 0.2, 0.4, 0.4])
    assert not table["is_left_truncated"].any()
    totals = result.part("totals").iloc[0]
    assert (totals["leads"], totals["reached_leads"], totals["longest_days"]) == (5, 2, 10)
    assert totals["mature_days"] == 5
    assert result.part("milestones")["day"].tolist() == [7]
    assert result.part("milestones")["at_risk_leads"].tolist() == [2]


def test_a_lead_that_came_back_after_its_loss_is_at_risk_again(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [lead("a")],
            "stage_event": [
                event("a", "2026-10-01 09:00", "inquiry"),
                event("a", "2026-10-03 09:00", status="lost"),
                event("a", "2026-10-05 09:00", "inquiry"),
            ],
        },
        as_of="2026-10-11 09:00",
    )
    row = conversion_curve(warehouse, stage="won").table.iloc[0]
    assert (row["day"], row["competing_leads"], row["censored_leads"]) == (10, 0, 1)


def test_kaplan_meier_asks_what_would_be_without_losses(five_leads):
    result = conversion_curve(five_leads, stage="opportunity", method="kaplan_meier")
    rates = result.table["incidence_rate"].tolist()
    assert rates == pytest.approx([0.2, 0.2, 1 - 0.8 * 2 / 3, 1 - 0.8 * 2 / 3])


def test_nobody_reached_is_a_flat_curve_without_an_interval(five_leads):
    table = conversion_curve(five_leads, stage="won").table
    assert table["incidence_rate"].tolist() == [0] * len(table)
    assert table["incidence_low"].isna().all()
    totals = conversion_curve(five_leads).part("totals").set_index("stage")
    assert math.isnan(totals.loc["won", "mature_days"])
    assert totals.loc["won", "competing_leads"] == 1


# The data can hold wins from 5 October (4 October 22:00 UTC): leads of 1 October are at risk of
# one from their fourth day on.
# day      0         3            4       6
# a                  won, unseen
# b                               won
# c        created 6 October              as_of (day 1)
def test_delayed_entry(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [lead("a"), lead("b"), lead("c", "2026-10-06 08:00")],
            "stage_event": [
                event("a", "2026-10-04 23:00", "won"),
                event("b", "2026-10-05 09:00", "won"),
            ],
        },
        agreement=three_stages("observed_from = 2026-10-05"),
        as_of="2026-10-07 09:00",
    )
    result = conversion_curve(warehouse, stage="won")
    assert result.table[["day", "at_risk_leads"]].to_numpy().tolist() == [[1, 1], [4, 1]]
    assert result.table["is_left_truncated"].all()
    assert result.part("totals").iloc[0]["unwatched_leads"] == 1
    assert result.note("unwatched") == {"leads": 1}
    earlier = conversion_curve(warehouse, stage="opportunity")
    assert not earlier.table["is_left_truncated"].any()
    assert earlier.note("unwatched") == {}


def test_a_cohort_has_its_first_instant_and_not_its_last(warehouse_of):
    # 1 October begins at 22:00 UTC, 1 November at 23:00.
    warehouse = warehouse_of(
        {
            "lead": [
                lead("before", "2026-09-30 21:59:59"),
                lead("first", "2026-09-30 22:00:00"),
                lead("last", "2026-10-31 22:59:59"),
                lead("after", "2026-10-31 23:00:00"),
            ],
            "stage_event": [event("before", "2026-10-02 09:00", "opportunity")],
        },
        as_of="2026-11-03 09:00",
    )
    totals = conversion_curve(warehouse, cohort=month("2026-10"), stage="opportunity")
    assert totals.part("totals").iloc[0]["leads"] == 2
    rows = expected_conversion(warehouse, cohort=month("2026-10"), stage="opportunity").table
    assert rows["leads"].tolist() == [2]


def test_segments_are_compared_and_small_ones_are_hidden(warehouse_of):
    leads = [lead(f"w{n}", origin="web") for n in range(6)]
    leads += [lead(f"m{n}", origin="mail") for n in range(6)]
    leads += [lead(f"x{n}", origin="rare") for n in range(2)]
    events = [event(f"w{n}", f"2026-10-0{n + 2} 09:00", "won") for n in range(5)]
    events += [event("x0", "2026-10-05 09:00", "won"), event("m0", "2026-10-05 09:00", "won")]
    warehouse = warehouse_of(
        {"lead": leads, "stage_event": events}, agreement=three_stages(minimum_group_size="5")
    )
    result = conversion_curve(warehouse, by="origin", stage="won")
    # two rare leads are too few to show alone, so the smallest other group joins them
    assert result.table["segment"].unique().tolist() == ["web", "other_groups"]
    assert result.note("folded") == {"groups": 2, "leads": 8}
    assert result.part("tests").empty  # the merged group is no group to compare
    everybody = conversion_curve(
        warehouse_of({"lead": leads[:12], "stage_event": events[:-2]}), by="origin", stage="won"
    )
    test = everybody.part("tests").iloc[0]
    assert (test["test"], test["segments"], test["degrees_of_freedom"]) == ("gray", 2, 1)
    assert test["p_value"] < 0.05


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"stage": "inquiry"}, "Every lead begins in 'inquiry'"),
        ({"stage": "wonn"}, "Did you mean 'won'"),
        ({"method": "kaplan"}, "kaplan_meier"),
    ],
)
def test_wrong_calls_of_a_curve(five_leads, asked, message):
    with pytest.raises(CallError, match=message):
        conversion_curve(five_leads, **asked)


# September: 2 of 4 won on day 10, one lost on day 5, one still open. October: 2 open at age 5.
@pytest.fixture
def two_months(warehouse_of):
    september, october = "2026-09-01 08:00", "2026-10-26 08:00"
    return warehouse_of(
        {
            "lead": [
                *(lead(each, september) for each in "abcd"),
                *(lead(each, october) for each in "ef"),
            ],
            "stage_event": [
                event("a", "2026-09-11 09:00", "won"),
                event("b", "2026-09-11 10:00", "won"),
                event("c", "2026-09-06 09:00", status="rejected"),
            ],
        },
        as_of="2026-10-31 23:00",
    )


def test_what_open_leads_are_expected_to_bring(two_months):
    table = expected_conversion(two_months).table
    old, young = table.iloc[0], table.iloc[1]
    assert [f"{each:%Y-%m}" for each in table["period_start"]] == ["2026-09", "2026-10"]
    assert old[["leads", "reached_leads", "competing_leads", "open_leads"]].tolist() == [4, 2, 1, 1]
    # the open lead of September is the longest watched: nothing later is known of
    assert (old["expected_final_leads"], old["expected_low"], old["expected_high"]) == (2, 0.5, 0.5)
    # 6 at risk on day 5, one lost: S = 5/6. Of 3 on day 10, 2 won: I = 5/6 · 2/3, so P = 2/3
    assert young["expected_final_leads"] == pytest.approx(2 * 2 / 3)
    assert young["expected_rate"] == pytest.approx(2 / 3)
    assert 0 <= young["expected_low"] < 2 / 3 < young["expected_high"] <= 1
    assert (old["maturity"], young["maturity"]) == (1, 0)
    assert table["is_mature"].tolist() == [True, False]
    assert table["is_complete"].tolist() == [True, True]


def test_the_same_question_has_the_same_answer(two_months):
    one, other = (expected_conversion(two_months).table for _ in range(2))
    assert one.equals(other)


def test_quarters_and_cohorts(two_months):
    quarters = expected_conversion(two_months, every="quarter").table
    assert [f"{each:%Y-%m}" for each in quarters["period_start"]] == ["2026-07", "2026-10"]
    assert quarters["is_complete"].tolist() == [True, False]
    october = expected_conversion(two_months, cohort=month("2026-10")).table
    assert october["expected_final_leads"].tolist() == pytest.approx([4 / 3])  # the same curve
    with pytest.raises(CallError, match="quarter"):
        expected_conversion(two_months, every="quater")
    with pytest.raises(CallError, match="begins in"):
        expected_conversion(two_months, stage="inquiry")


def test_nothing_is_expected_of_cohorts_older_than_the_data(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [lead("a", "2026-08-30 08:00"), lead("b"), lead("c")],
            "stage_event": [event("a", "2026-10-20 09:00", "won"), event("b", "2026-10-05", "won")],
        },
        agreement=three_stages("observed_from = 2026-09-15"),
    )
    table = expected_conversion(warehouse).table
    assert table["is_left_truncated"].tolist() == [True, False]
    assert table["expected_rate"].isna().tolist() == [True, False]
    assert table["reached_leads"].tolist() == [1, 1]


def test_without_any_win_there_is_no_expectation(warehouse_of):
    warehouse = warehouse_of(
        {"lead": [lead("a")], "stage_event": [event("a", "2026-10-02", "opportunity")]}
    )
    row = expected_conversion(warehouse).table.iloc[0]
    assert math.isnan(row["expected_rate"])
    assert math.isnan(row["maturity"])
    assert not row["is_mature"]


# Days from creation to the win: a 2, b 4, c 10; d lost on day 3; e open for 5 days.
@pytest.fixture
def cycle(warehouse_of):
    return warehouse_of(
        {
            "lead": [*(lead(each) for each in "abcd"), lead("e", "2026-10-27 00:00")],
            "stage_event": [
                event("a", "2026-10-03 08:00", "won"),
                event("b", "2026-10-04 08:00", "opportunity"),
                event("b", "2026-10-05 08:00", "won"),
                event("c", "2026-10-11 08:00", "won"),
                event("d", "2026-10-04 08:00", status="lost"),
            ],
        },
    )


def test_open_leads_make_the_sales_cycle_longer(cycle):
    row = sales_cycle(cycle).table.iloc[0]
    counts = ["started_leads", "reached_leads", "ended_leads", "open_leads"]
    assert row[counts].tolist() == [5, 3, 1, 1]
    # I: 0.2 on day 2; S = 0.6 after day 3; 0.4 on day 4; e leaves; 0.8 on day 10
    assert row[["median_days", "p75_days", "p90_days"]].tolist() == [4, 10, 10]
    assert row["naive_median_days"] == 4
    assert sales_cycle(cycle, start="opportunity").table.iloc[0]["median_days"] == 1
    # Three wins say nothing of the median but that it lies within the longest wait, 10 days.
    assert row["median_low_days"] == 0
    assert row[["median_high_days", "p90_high_days"]].tolist() == [10, 10]
    assert not sales_cycle(cycle).parts


# Twenty leads by web are won after 2, by mail after 20 days; of both, five are still open.
def test_groups_are_compared_by_their_medians(warehouse_of):
    leads, events = [], []
    for origin, days in (("web", 2), ("mail", 20)):
        for number in range(25):
            name = f"{origin}{number:02d}"
            leads.append(lead(name, "2026-08-01 08:00", origin=origin))
            if number < 20:
                events.append(event(name, f"2026-08-{1 + days:02d} 08:{number:02d}", "won"))
    leads += [lead(f"x{number}", "2026-08-01 08:00", origin="phone") for number in range(9)]
    events.append(event("x0", "2026-08-02 08:00", "won"))
    agreement = three_stages(minimum_group_size="2")
    warehouse = warehouse_of({"lead": leads, "stage_event": events}, agreement=agreement)
    result = sales_cycle(warehouse, by="origin")
    rows = result.table.set_index("segment")
    assert rows.loc["web", ["median_low_days", "median_high_days"]].tolist() == [2, 2]
    assert rows.loc["mail", ["median_low_days", "median_high_days"]].tolist() == [20, 20]
    test = result.part("tests").iloc[0]
    assert (test["segments"], test["degrees"]) == (2, 1)  # one win by phone is too few
    # Mood: of 20 and 20, 20 and 0 had arrived at the common median of 2 days.
    assert test["statistic"] == pytest.approx(40)
    assert test["p_value"] < 1e-9


def test_a_sales_cycle_goes_forward(cycle):
    with pytest.raises(CallError, match="later stage"):
        sales_cycle(cycle, start="won", end="opportunity")
    row = sales_cycle(cycle, start="opportunity", cohort=month("2026-10")).table.iloc[0]
    assert (row["started_leads"], row["start_stage"]) == (1, "opportunity")  # a and c skipped it


def test_a_sales_cycle_that_nobody_finished(warehouse_of):
    warehouse = warehouse_of(
        {"lead": [lead("a")], "stage_event": [event("a", "2026-10-02", "opportunity")]}
    )
    row = sales_cycle(warehouse).table.iloc[0]
    assert math.isnan(row["median_days"])
    assert math.isnan(row["naive_median_days"])


# In the stage opportunity (30 days agreed) at 1 November, 00:00: a for exactly 30 days, b for 31,
# c lost, d recycled, e back in inquiry, f won. b and a share a deal;
# those of b that were lost before, deleted, or won on a day that nobody entered are not open.
def test_stuck_is_longer_than_agreed(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", "2026-09-01", deal="D"),
                lead("b", "2026-09-01", deal="D"),
                *(lead(each, "2026-09-01") for each in "cdef"),
            ],
            "stage_event": [
                event("a", "2026-10-02 00:00", "opportunity"),
                event("b", "2026-10-01 00:00", "opportunity"),
                *(event(each, "2026-09-02", "opportunity") for each in "cdef"),
                event("c", "2026-09-03", status="lost"),
                event("d", "2026-09-03", status="recycled"),
                event("e", "2026-09-03", "inquiry"),
                event("f", "2026-09-03", "won"),
            ],
            "deal": [
                {"deal": name, "amount": 1000.0, "created_at": "2026-09-01", **more}
                for name, more in [
                    ("D", {}),
                    ("lost", {"is_won": False, "closed_at": "2026-09-09"}),
                    ("won", {"is_won": True}),
                    ("deleted", {"is_deleted": True}),
                ]
            ],
            "deal_contact": [{"deal": name, "lead": "b"} for name in ("lost", "won", "deleted")],
        }
    )
    result = stuck_leads(warehouse)
    table = result.table.set_index("stage")
    row = table.loc["opportunity"]
    assert (row["open_leads"], row["stuck_leads"], row["stuck_share"]) == (2, 1, 0.5)
    assert (row["median_age_days"], row["open_amount"], row["stuck_amount"]) == (30.5, 1000, 500)
    assert table.loc["inquiry", "open_leads"] == 1
    assert math.isnan(table.loc["inquiry", "stuck_share"])  # no duration was agreed
    assert "won" not in table.index
    leads = result.part("leads")
    assert leads[["lead", "stage", "age_days", "over_days"]].to_numpy().tolist() == [
        ["b", "opportunity", 31.0, 1.0]
    ]


def test_stuck_leads_of_small_groups_do_not_tell_their_group(warehouse_of):
    leads = [lead(f"w{n}", "2026-08-01", origin="web") for n in range(9)]
    leads += [lead("x", "2026-08-01", origin="rare"), lead("y", "2026-08-01")]
    names = [row["lead"] for row in leads]
    warehouse = warehouse_of(
        {
            "lead": leads,
            "stage_event": [event(name, "2026-08-02", "opportunity") for name in names],
        },
        agreement=three_stages(minimum_group_size="2"),
    )
    result = stuck_leads(warehouse, by="origin")
    assert result.table["segment"].tolist() == ["web", "other_groups"]
    assert result.table["open_amount"].isna().all()  # no deals were loaded
    folded = result.part("leads").set_index("lead").loc[["x", "y"]]
    assert folded["segment"].tolist() == ["other_groups"] * 2
