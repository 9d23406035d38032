"""Drawings small enough to check by eye; three stages: inquiry → opportunity → won."""

from __future__ import annotations

import pandas as pd
import pytest

from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.throughput import stage_throughput
from funnel_analytics.periods import month, parse_period, span, year
from funnel_analytics.warehouse import connect, open_warehouse
from tests.builders import THREE_STAGES, build_warehouse, three_stages


def lead(name, created_at="2026-09-10 08:00", **more):
    return {"lead": name, "created_at": created_at, **more}


def entry(name, stage, entered_at):
    return {"lead": name, "stage": stage, "entered_at": entered_at}


# a  Sept: created          Oct: opportunity, opportunity again, won
# b  Sept: created, opportunity                       Oct: opportunity again
# c  Oct: created, won at once (its opportunity was never recorded)
@pytest.fixture
def three_leads(warehouse_of):
    return warehouse_of(
        {
            "lead": [lead("a", origin="web"), lead("b"), lead("c", "2026-10-02 08:00")],
            "stage_event": [
                entry("a", "opportunity", "2026-10-03 08:00"),
                entry("a", "opportunity", "2026-10-04 08:00"),
                entry("a", "won", "2026-10-06 08:00"),
                entry("b", "opportunity", "2026-09-12 08:00"),
                entry("b", "opportunity", "2026-10-12 08:00"),
                entry("c", "won", "2026-10-07 08:00"),
            ],
        }
    )


def counts(table, name):
    return [group[name].tolist() for _, group in table.groupby("month", sort=True)]


def test_entries_count_in_the_month_they_happened(three_leads):
    table = stage_throughput(three_leads, period=span("2026-09-01", "2026-11-01")).table
    assert table["month"].unique().tolist() == [
        pd.Timestamp("2026-09-01"),
        pd.Timestamp("2026-10-01"),
    ]
    assert counts(table, "entered_leads") == [[2, 1, 0], [1, 1, 2]]
    assert counts(table, "imputed_leads") == [[0, 0, 0], [0, 1, 0]]
    assert counts(table, "total_leads") == [[2, 1, 0], [1, 2, 2]]
    assert counts(table, "repeat_entries") == [[0, 0, 0], [0, 2, 0]]


def test_only_the_days_of_the_period_count(three_leads):
    result = stage_throughput(three_leads, period=parse_period("2026-09-12..2026-10-05"))
    assert counts(result.table, "entered_leads") == [[0, 1, 0], [1, 1, 0]]
    assert counts(result.table, "repeat_entries") == [[0, 0, 0], [0, 1, 0]]
    assert result.parameters["period"] == "2026-09-12..2026-10-05"


def test_every_recorded_entry_is_a_first_or_a_repeat(three_leads):
    table = stage_throughput(three_leads).table
    # Six recorded, and the three creations.
    assert table["entered_leads"].sum() + table["repeat_entries"].sum() == 6 + 3


def test_a_month_without_entries_has_zeros(three_leads):
    table = stage_throughput(three_leads, period=month("2026-08")).table
    assert counts(table, "entered_leads") == [[0, 0, 0]]
    assert table["segment"].tolist() == [None, None, None]


def test_months_that_had_not_begun_are_left_out(three_leads):
    # as of 1 November 00:00 UTC, an hour into Berlin's November
    table = stage_throughput(three_leads, period=year("2026")).table
    assert table["month"].max() == pd.Timestamp("2026-11-01")
    complete = table.groupby("month")["is_complete"].all()
    assert complete.tolist() == [True] * 10 + [False]


def test_a_month_boundary_is_local_midnight(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [lead("a"), lead("b")],
            "stage_event": [
                entry("a", "won", "2026-09-30 21:59:59"),
                entry("b", "won", "2026-09-30 22:00:00"),
            ],
        }
    )
    table = stage_throughput(warehouse, period=span("2026-09-01", "2026-11-01")).table
    assert counts(table[table["stage"] == "won"], "entered_leads") == [[1], [1]]


def test_segments_have_every_month_and_stage(three_leads):
    table = stage_throughput(
        three_leads, period=span("2026-09-01", "2026-11-01"), by="origin"
    ).table
    assert table["segment"].tolist() == (["web"] * 3 + [None] * 3) * 2
    assert counts(table, "entered_leads") == [[1, 0, 0, 1, 1, 0], [0, 1, 1, 1, 0, 1]]


def test_small_groups_are_folded_with_the_next_smallest(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [
                *(lead(f"w{n}", origin="web") for n in range(3)),
                *(lead(f"c{n}", origin="call") for n in range(2)),
                lead("f", origin="fair"),
            ],
            "stage_event": [entry("f", "won", "2026-09-20 08:00")],
        },
        agreement=three_stages(minimum_group_size="2"),
    )
    result = stage_throughput(warehouse, period=month("2026-09"), by="origin")
    assert result.table["segment"].tolist() == ["web"] * 3 + ["other_groups"] * 3
    assert result.table["entered_leads"].tolist() == [3, 0, 0, 3, 0, 1]  # call and fair
    assert result.note("folded") == {"groups": 2, "leads": 3}


def test_a_single_small_group_is_hidden(warehouse_of):
    warehouse = warehouse_of(
        {
            "lead": [lead("f", origin="fair")],
            "stage_event": [entry("f", "won", "2026-09-20 08:00")],
        },
        agreement=three_stages(minimum_group_size="2"),
    )
    result = stage_throughput(warehouse, period=month("2026-09"), by="origin")
    assert result.table["segment"].tolist() == ["other_groups"] * 3
    assert result.table["entered_leads"].isna().all()
    assert result.note("folded") == {"groups": 1, "leads": None}


def test_months_before_the_data_can_hold_entries_are_marked(warehouse_of):
    text = THREE_STAGES.replace('name = "won"', 'name = "won"\nobserved_from = 2026-10-02')
    warehouse = warehouse_of(
        {"lead": [lead("a")], "stage_event": [entry("a", "won", "2026-10-06 08:00")]},
        agreement=parse_agreement(text, name="observed"),
    )
    both = stage_throughput(warehouse, period=span("2026-09-01", "2026-11-01")).table
    assert both["is_left_truncated"].tolist() == [False, False, True] * 2
    rest = stage_throughput(warehouse, period=span("2026-10-02", "2026-11-01")).table
    assert not rest["is_left_truncated"].any()


def test_errors(three_leads, warehouse_of):
    with pytest.raises(CallError, match="had not begun"):
        stage_throughput(three_leads, period=month("2027-01"))
    with pytest.raises(MissingTableError, match="stage_event"):
        stage_throughput(warehouse_of({"lead": [lead("a")]}))


# a  Sept: created    Nov: opportunity
# The leads were exported at the end of September, their history on 10 November.
@pytest.fixture
def exported(tmp_path):
    opened = []

    def build(leads, events, source="given"):
        path = tmp_path / f"exported{len(opened)}.duckdb"
        tables = {
            "lead": [lead("a")],
            "stage_event": [entry("a", "opportunity", "2026-11-05 08:00")],
        }
        build_warehouse(path, tables, as_of="2026-12-01").close()
        with connect(path, read_only=False) as connection:
            for table, instant in (("lead", leads), ("stage_event", events)):
                connection.execute(
                    "update load_log set exported_at = ?, exported_at_source = ? "
                    "where table_name = ?",
                    [instant, source, table],
                )
        opened.append(open_warehouse(path, agreement=three_stages()))
        return stage_throughput(opened[-1], period=span("2026-09-01", "2026-12-01"))

    yield build
    for warehouse in opened:
        warehouse.close()


def test_months_after_the_export_of_what_they_count_are_unknown(exported):
    result = exported("2026-09-30 22:00", "2026-11-10 12:00")
    shown = result.table.astype({"total_leads": "float64"}).fillna(-1)
    assert counts(shown, "total_leads") == [[1, 0, 0], [-1, 0, 0], [-1, 1, 0]]
    assert result.note("ended_exports") == {"lead": "2026-09-30"}
    # The history ends within November, the leads with September.
    assert counts(result.table, "is_complete") == [
        [True, True, True],
        [False, True, True],
        [False, False, False],
    ]


def test_a_month_that_begins_with_the_end_of_the_export_is_unknown_and_one_before_is_not(exported):
    on_time = exported("2026-10-31 23:00", "2026-11-30 23:00").table
    assert on_time["entered_leads"].isna().tolist() == [False] * 6 + [True, False, False]
    a_second_more = exported("2026-10-31 23:00:01", "2026-11-30 23:00").table
    assert not a_second_more["entered_leads"].isna().any()


def test_an_end_inferred_from_the_last_record_may_be_a_week_early(exported):
    inferred = exported("2026-11-25 23:00", "2026-11-25 23:00", "end of the last day in the file")
    assert inferred.table["is_complete"].all()
    earlier = exported("2026-11-22 23:00", "2026-11-22 23:00", "end of the last day in the file")
    assert counts(earlier.table, "is_complete")[-1] == [False] * 3
    assert "ended_exports" not in [note.code for note in earlier.notes]
