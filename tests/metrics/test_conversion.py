"""Drawings small enough to check by eye; three stages: inquiry → opportunity → won."""

from __future__ import annotations

import math

import pytest

from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.conversion import FOLDED, stage_conversion
from funnel_analytics.periods import month, span
from tests.builders import THREE_STAGES, three_stages

OCTOBER = month("2026-10")


def lead(name, created_at="2026-10-01 08:00", **more):
    return {"lead": name, "created_at": created_at, **more}


def entry(name, stage, entered_at, **more):
    return {"lead": name, "stage": stage, "entered_at": entered_at, **more}


def reached(result, segment=None):
    table = result.table
    rows = table[table["segment"].isna()] if segment is None else table[table["segment"] == segment]
    return rows["reached_leads"].tolist()


# a ── opportunity (2 days) ── won (3 days)
# b ── opportunity (4 days)
# c ─────────────────────────── won            nobody recorded its opportunity
# d
@pytest.fixture
def four_leads(warehouse_of):
    return warehouse_of(
        {
            "lead": [lead(each) for each in "abcd"],
            "stage_event": [
                entry("a", "opportunity", "2026-10-03 08:00"),
                entry("a", "won", "2026-10-06 08:00"),
                entry("b", "opportunity", "2026-10-05 08:00"),
                entry("c", "won", "2026-10-09 08:00"),
            ],
        }
    )


def test_three_of_four_leads_reach_the_second_stage_one_without_a_record(four_leads):
    table = stage_conversion(four_leads, cohort=OCTOBER).table
    assert table["stage"].tolist() == ["inquiry", "opportunity", "won"]
    assert table["entered_leads"].tolist() == [4, 4, 4]
    assert table["previous_leads"].tolist() == [4, 4, 3]
    assert table["reached_leads"].tolist() == [4, 3, 2]
    assert table["imputed_leads"].tolist() == [0, 1, 0]
    assert table["step_rate"].tolist() == [1.0, 0.75, 2 / 3]
    assert table["overall_rate"].tolist() == [1.0, 0.75, 0.5]
    assert math.isnan(table["median_days"][0])
    assert table["median_days"].tolist()[1:] == [3.0, 3.0]
    assert table["segment"].tolist() == [None, None, None]


def test_ordered_demands_every_stage(four_leads):
    result = stage_conversion(four_leads, cohort=OCTOBER, mode="ordered")
    assert reached(result) == [4, 2, 1]
    assert result.table["imputed_leads"].tolist() == [0, 0, 0]
    assert result.note("imputed") == {"leads": 0, "steps": 0}
    assert result.parameters["mode"] == "ordered"


def test_imputed_leads_and_steps_are_noted(four_leads):
    assert stage_conversion(four_leads).note("imputed") == {"leads": 1, "steps": 1}


def test_wilson_interval_of_81_in_263_is_newcombes(warehouse_of):
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, Statist. Med. 17, table I, method 3)."""
    leads = [f"l{number:03d}" for number in range(263)]
    warehouse = warehouse_of(
        {
            "lead": [lead(each) for each in leads],
            "stage_event": [entry(each, "won", "2026-10-02") for each in leads[:81]],
        }
    )
    won = stage_conversion(warehouse).table.iloc[2]
    assert round(won["overall_low"], 4) == 0.2553
    assert round(won["overall_high"], 4) == 0.3662


def test_cohort_bounds_are_half_open_local_days(warehouse_of):
    # 1 October 00:00 in Berlin is 30 September 22:00 UTC; 1 November 00:00 is 23:00 UTC.
    warehouse = warehouse_of(
        {
            "lead": [
                lead("before", "2026-09-30 21:59:59"),
                lead("first", "2026-09-30 22:00:00"),
                lead("last", "2026-10-31 22:59:59"),
                lead("after", "2026-10-31 23:00:00"),
            ],
            "stage_event": [entry("first", "won", "2026-10-02 08:00")],
        },
        as_of="2026-11-02",
    )
    assert reached(stage_conversion(warehouse, cohort=OCTOBER)) == [2, 1, 1]


@pytest.mark.parametrize(
    ("entries", "ordered", "at_least"),
    [
        pytest.param([("won", "02"), ("opportunity", "03")], 2, 3, id="backwards"),
        pytest.param(
            [("won", "02"), ("opportunity", "03"), ("won", "04")], 3, 3, id="second win counts"
        ),
        pytest.param([("opportunity", "02"), ("won", "02")], 3, 3, id="same instant"),
        pytest.param([("won", "02")], 1, 3, id="skipped"),
        pytest.param(
            [("inquiry", "05"), ("opportunity", "03"), ("won", "06")], 1, 3, id="late start"
        ),
    ],
)
def test_the_earliest_chain_is_found(warehouse_of, entries, ordered, at_least):
    warehouse = warehouse_of(
        {
            "lead": [lead("a")],
            "stage_event": [entry("a", stage, f"2026-10-{day} 10:00") for stage, day in entries],
        }
    )
    assert sum(reached(stage_conversion(warehouse, mode="ordered"))) == ordered
    assert sum(reached(stage_conversion(warehouse))) == at_least


def test_an_entry_before_creation_counts_only_at_least(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [lead("a", "2026-10-05 08:00")],
            "stage_event": [
                entry("a", "inquiry", "2026-10-03 08:00"),
                entry("a", "opportunity", "2026-10-04 08:00"),
            ],
        }
    )
    assert reached(stage_conversion(warehouse)) == [1, 1, 0]
    assert reached(stage_conversion(warehouse, mode="ordered")) == [1, 0, 0]


@pytest.mark.parametrize("mode", ["at_least", "ordered"])
def test_a_day_stamp_stands_for_its_whole_day(warehouse_of, mode):
    # The win is stamped 5 October in Berlin (22:00 UTC the day before); the opportunity came at
    # noon that day. A win stamped the day before is earlier.
    def of(day):
        return warehouse_of(
            {
                "lead": [lead("a")],
                "stage_event": [
                    entry("a", "opportunity", "2026-10-05 10:00", entered_at_is_day=False),
                    entry("a", "won", f"2026-10-{day} 22:00", entered_at_is_day=True),
                ],
            }
        )

    same, before = stage_conversion(of("04"), mode=mode), stage_conversion(of("03"), mode=mode)
    assert reached(same) == [1, 1, 1]
    assert same.table["median_days"][2] == 0.0
    assert reached(before)[2] == (1 if mode == "at_least" else 0)
    assert math.isnan(before.table["median_days"][2])


def test_missing_and_unknown_are_two_segments_and_missing_is_last(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [lead("a", origin="unknown"), lead("b", origin=None), lead("c", origin="web")],
            "stage_event": [entry("b", "won", "2026-10-02 08:00")],
        }
    )
    table = stage_conversion(warehouse, by="origin").table
    assert table["segment"].tolist() == ["unknown"] * 3 + ["web"] * 3 + [None] * 3
    assert table["reached_leads"].tolist() == [1, 0, 0, 1, 0, 0, 1, 1, 1]
    rates = table["step_rate"].tolist()
    assert rates[1] == 0.0
    assert math.isnan(rates[2])


def of_sizes(warehouse_of, minimum, **sizes):
    """Leads by origin; of each origin the nth lead took n days to the opportunity."""
    leads = [(origin, n) for origin, size in sizes.items() for n in range(1, size + 1)]
    return warehouse_of(
        {
            "lead": [
                lead(f"{origin}{n}", origin=None if origin == "missing" else origin)
                for origin, n in leads
            ],
            "stage_event": [
                entry(f"{origin}{n}", "opportunity", f"2026-10-{1 + n:02d} 08:00")
                for origin, n in leads
            ],
        },
        agreement=three_stages(minimum_group_size=str(minimum)),
    )


def test_groups_below_the_minimum_are_one_segment_with_its_own_median(warehouse_of):
    # Days of web 1 2 3 4, of fair 1 2 3, of mail 1, of leads without an origin 1 2.
    warehouse = of_sizes(warehouse_of, 4, web=4, fair=3, mail=1, missing=2)
    result = stage_conversion(warehouse, by="origin")
    table = result.table[result.table["position"] == 2]
    assert table["segment"].tolist() == ["web", FOLDED]
    assert table["is_folded"].tolist() == [False, True]
    assert table["entered_leads"].tolist() == [4, 6]
    assert table["median_days"].tolist() == [2.5, 1.5]
    assert table["maturity"].notna().all()
    assert result.note("folded") == {"groups": 3, "leads": 6}


@pytest.mark.parametrize("mode", ["at_least", "ordered"])
def test_the_next_smallest_group_hides_a_small_one(warehouse_of, mode):
    # Of 15 leads, less web 6 and call 5, the 4 leads of fair and mail would be left to see.
    warehouse = of_sizes(warehouse_of, 5, web=6, call=5, fair=3, mail=1)
    result = stage_conversion(warehouse, by="origin", mode=mode)
    table = result.table[result.table["position"] == 2]
    assert table["segment"].tolist() == ["web", FOLDED]
    assert table["entered_leads"].tolist() == [6, 9]
    assert table["maturity"].notna().all()
    assert result.note("folded") == {"groups": 3, "leads": 9}


@pytest.mark.parametrize("mode", ["at_least", "ordered"])
def test_of_equally_large_groups_the_first_by_name_hides_a_small_one(warehouse_of, mode):
    # The group without a value comes last.
    warehouse = of_sizes(warehouse_of, 3, missing=3, web=3, call=3, mail=1)
    table = stage_conversion(warehouse, by="origin", mode=mode).table
    assert table["segment"].tolist() == ["web"] * 3 + [FOLDED] * 3 + [None] * 3
    assert table["entered_leads"].tolist() == [3] * 3 + [4] * 3 + [3] * 3


@pytest.mark.parametrize("mode", ["at_least", "ordered"])
def test_a_single_group_that_is_too_small_shows_no_number(warehouse_of, mode):
    result = stage_conversion(of_sizes(warehouse_of, 4, fair=3), by="origin", mode=mode)
    hidden = result.table[result.table["is_folded"]]
    numbers = hidden.drop(
        columns=["segment", "is_folded", "position", "stage", "is_mature", "is_left_truncated"]
    )
    assert len(hidden) == 3
    assert numbers.isna().all(axis=None)
    assert not hidden["is_mature"].any()
    assert result.note("folded") == {"groups": 1, "leads": None}


def test_nothing_is_folded_where_nothing_is_split(warehouse_of):
    result = stage_conversion(of_sizes(warehouse_of, 5, fair=3))
    assert reached(result) == [3, 3, 0]
    assert result.note("folded") == {}


def test_a_cohort_without_leads_has_zeros_and_missing_rates(four_leads):
    table = stage_conversion(four_leads, cohort=month("2026-09")).table
    assert table["reached_leads"].tolist() == [0, 0, 0]
    assert table[["step_rate", "overall_low", "median_days", "maturity"]].isna().all(axis=None)
    assert not table["is_mature"].any()
    split = stage_conversion(four_leads, cohort=month("2026-09"), by="created_month").table
    assert split.empty
    assert split.columns.tolist() == table.columns.tolist()


# p ─1─ opportunity         as of day 10
# q ─────4───── opportunity
# r ──────────────────────10
# young, created on day 8 ─2
def test_maturity_is_the_share_of_eventual_entries_at_that_age(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [
                *(lead(each, "2026-10-01 00:00") for each in "pqr"),
                lead("young", "2026-10-09 00:00"),
            ],
            "stage_event": [
                entry("p", "opportunity", "2026-10-02 00:00"),
                entry("q", "opportunity", "2026-10-05 00:00"),
            ],
        },
        as_of="2026-10-11",
    )
    # Kaplan-Meier: day 1: 1 of 4 enters, S = 3/4; day 2: one censored; day 4: 1 of 2, S = 3/8.
    young = stage_conversion(warehouse, cohort=span("2026-10-09", "2026-10-10")).table
    assert young["maturity"][0] == 1.0
    assert young["maturity"][1] == pytest.approx((1 / 4) / (5 / 8), abs=1e-12)
    assert young["is_mature"].tolist() == [True, False, False]
    everyone = stage_conversion(warehouse).table
    assert everyone["maturity"][1] == pytest.approx((3 * 1 + 0.4) / 4, abs=1e-12)
    assert math.isnan(everyone["maturity"][2])


def test_cohorts_from_before_the_data_begin_are_marked(warehouse_of):
    text = THREE_STAGES.replace('name = "won"', 'name = "won"\nobserved_from = 2026-10-05')
    # Berlin's 5 October begins at 22:00 UTC on the 4th: one lead is a second older.
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", "2026-10-04 21:59:59", origin="old"),
                lead("b", "2026-10-04 22:00:00", origin="new"),
            ],
            "stage_event": [
                entry("a", "won", "2026-10-06 08:00"),
                entry("b", "opportunity", "2026-10-06 08:00"),
            ],
        },
        agreement=parse_agreement(text, name="observed"),
    )
    table = stage_conversion(warehouse, by="origin").table
    assert table["is_left_truncated"].tolist() == [False] * 3 + [False, False, True]
    # Nobody who can be followed ever won: the older lead's win does not shape the curve.
    assert table["maturity"].isna().tolist() == [False, False, True, False, False, True]


def test_merged_deleted_and_test_leads_are_left_out_and_counted(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a"),
                lead("b", merged_into="a"),
                lead("c", is_deleted=True, is_test=True),
                lead("d", is_test=True),
                lead("e", "2026-09-05 08:00", is_test=True),
            ],
            "stage_event": [entry("b", "won", "2026-10-02 08:00")],
        }
    )
    result = stage_conversion(warehouse, cohort=OCTOBER)
    assert reached(result) == [1, 1, 1]
    assert result.note("excluded") == {"merged": 1, "deleted": 1, "test": 1}


def test_wrong_calls_say_what_is_meant(four_leads):
    with pytest.raises(CallError, match="Did you mean 'ordered'"):
        stage_conversion(four_leads, mode="orderd")  # type: ignore[arg-type]
    with pytest.raises(CallError, match="Did you mean 'created_month'"):
        stage_conversion(four_leads, by="created_mont")
    with pytest.raises(CallError, match="had not begun"):
        stage_conversion(four_leads, cohort=month("2026-12"))


def test_without_stage_history_the_error_names_the_table(warehouse_of):
    with pytest.raises(MissingTableError, match="stage_event"):
        stage_conversion(warehouse_of({"lead": [lead("a")]}))


def test_the_result_carries_its_queries_and_cohort(four_leads):
    result = stage_conversion(four_leads, cohort=OCTOBER, by="created_month")
    assert [query.name for query in result.source.queries] == [
        "metrics/stage_conversion_at_least",
        "metrics/entry_curve",
        "metrics/cohort_ages",
        "metrics/excluded_leads",
    ]
    assert result.parameters["cohort"] == "2026-10"
    assert result.table["segment"].unique().tolist() == ["2026-10"]
    assert result.to_dict()["rows"][0]["median_days"] is None
