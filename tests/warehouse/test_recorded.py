"""Days without data: before the first record, and between the last one and the as-of date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import funnel_analytics as fa
from funnel_analytics.checks import run_checks
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse, connect, open_warehouse
from funnel_analytics.wording import words_in
from tests.sources.conftest import Exports

WarehouseOf = Callable[..., Warehouse]

#        March       April      May 20
# a ──── 10 ──────── won 25
# b ──────────────── 2
# a deal without a lead, closed      20
TABLES: dict[str, Any] = {
    "lead": [
        {"lead": "a", "created_at": "2026-03-10 08:00"},
        {"lead": "b", "created_at": "2026-04-02 08:00"},
    ],
    "stage_event": [{"lead": "a", "stage": "won", "entered_at": "2026-04-25 08:00"}],
    "deal": [{"deal": "d", "closed_at": "2026-05-20 08:00", "is_won": False}],
}
JUNE_IN_BERLIN = "2026-05-31 22:00"
SEPTEMBER_IN_BERLIN = "2026-08-31 22:00"


def codes(result: Result) -> list[str]:
    return [note.code for note in result.notes if note.code.startswith("data_")]


def test_the_days_that_the_data_tell_of(warehouse_of: WarehouseOf) -> None:
    recorded = warehouse_of(TABLES, as_of=SEPTEMBER_IN_BERLIN).recorded
    assert (recorded.first_lead_on, recorded.first_on) == (date(2026, 3, 10), date(2026, 3, 10))
    assert (recorded.last_on, recorded.empty_months) == (date(2026, 5, 20), 3)
    nobody = warehouse_of({}, as_of=SEPTEMBER_IN_BERLIN).recorded
    assert (nobody.first_lead_on, nobody.last_on, nobody.empty_months) == (None, None, 0)


@pytest.mark.parametrize(
    ("last", "as_of", "months"),
    [
        ("2026-05-31 21:59:59", SEPTEMBER_IN_BERLIN, 3),  # May's last second: June has none
        (JUNE_IN_BERLIN, SEPTEMBER_IN_BERLIN, 2),  # June's first instant is in June
        ("2026-05-20", "2026-08-31 21:59:59", 2),  # August is not over
        ("2026-05-20", "2026-06-30 21:59:59", 0),
    ],
)
def test_only_whole_months_without_a_record_count(
    warehouse_of: WarehouseOf, last: str, as_of: str, months: int
) -> None:
    activity = [{"activity": "x", "lead": "a", "happened_at": last}]
    tables = {"lead": TABLES["lead"], "activity": activity}
    warehouse = warehouse_of(tables, as_of=as_of)
    assert warehouse.recorded.empty_months == months
    checks = run_checks(warehouse).table.to_dict("records")
    (row,) = [each for each in checks if each["check"] == "as_of_after_data"]
    assert (row["status"], row["offending_rows"]) == ("review" if months else "pass", months)
    if months == 3:
        first = {"month": date(2026, 6, 1)}
        assert row["examples"][0] == first
        assert words_in("de").check_examples(warehouse.agreement, row, most=1) == "Juni 2026"


def test_an_export_that_dates_itself_is_a_record_and_a_given_date_is_none(
    warehouse_of: WarehouseOf,
) -> None:
    built = warehouse_of(TABLES, as_of=SEPTEMBER_IN_BERLIN)
    built.close()
    for source, months in (("given", 3), ("end of the last day in the file", 3),
                           ("loaded after the export of a.csv", 3),
                           ("stated in the file", 0)):  # fmt: skip
        with connect(built.path, read_only=False) as connection:
            connection.execute(
                "update load_log set exported_at = '2026-08-15', exported_at_source = ?", [source]
            )
        with open_warehouse(built.path) as warehouse:
            assert warehouse.recorded.empty_months == months


def test_a_cohort_before_the_data_is_unknown_not_zero(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(TABLES, as_of="2026-05-31")
    before = fa.stage_conversion(warehouse, cohort=fa.month("2026-02"))
    assert before.note("data_begin") == {
        "period": "2026-02", "first_on": "2026-03-10", "is_whole": True
    }  # fmt: skip
    assert words_in("de").notes(before)[0] == (
        "Die Daten beginnen am 10. März 2026: Was im Februar 2026 geschah, ist unbekannt, nicht "
        "null."
    )
    partly = fa.time_in_stage(warehouse, cohort=fa.year("2026"))
    assert words_in("en").notes(partly)[0] == (
        "The data begin on 10 March 2026: what happened before that in 2026 is unknown, not zero."
    )
    # The month in which the data begin, and all days with leads, are no reason to wonder.
    assert codes(fa.stage_conversion(warehouse, cohort=fa.month("2026-03"))) == []
    assert codes(fa.stage_conversion(warehouse)) == []


def test_periods_begin_with_the_first_entry_cohorts_with_the_first_lead(
    warehouse_of: WarehouseOf,
) -> None:
    early = {"lead": "a", "stage": "inquiry", "entered_at": "2026-01-15"}
    tables = {**TABLES, "stage_event": [*TABLES["stage_event"], early]}
    warehouse = warehouse_of(tables, as_of="2026-05-31")
    january = fa.month("2026-01")
    assert codes(fa.stage_throughput(warehouse, period=january)) == []
    assert codes(fa.stage_flows(warehouse, period=fa.month("2025-12"))) == ["data_begin"]
    assert codes(fa.conversion_trend(warehouse, cohort=january)) == ["data_begin"]


def test_both_sides_of_a_change_are_asked(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(TABLES, as_of="2026-05-31")
    change = fa.explain_change(
        warehouse, before=fa.month("2025-03"), after=fa.month("2026-03"), draws=100
    )
    assert codes(change) == ["data_begin"]
    assert "what happened in March 2025 is unknown" in " ".join(words_in("en").notes(change))


@pytest.mark.parametrize(
    ("as_of", "language", "said"),
    [
        (SEPTEMBER_IN_BERLIN, "de",
         "Der letzte Datensatz ist vom 20. Mai 2026, der Stand ist der 31. August 2026: 3 ganze "
         "Monate dazwischen sind ohne Daten und sehen aus, als wäre nichts geschehen."),
        ("2026-06-30 22:00", "en",
         "The last record is of 20 May 2026, the as-of date is 30 June 2026: 1 whole month between "
         "them is without data and looks as if nothing had happened."),
    ],
)  # fmt: skip
def test_months_without_data_before_the_as_of_date_are_said_of_every_answer_about_days(
    warehouse_of: WarehouseOf, as_of: str, language: str, said: str
) -> None:
    warehouse = warehouse_of(TABLES, as_of=as_of)
    for metric in (fa.stage_conversion, fa.stuck_leads, fa.stage_flows, fa.expected_conversion):
        assert words_in(language).notes(metric(warehouse))[0] == said
    assert fa.load_log(warehouse).notes == ()


def test_a_load_warns_of_months_without_data(exports: Exports) -> None:
    def load(as_of: date) -> tuple[str, ...]:
        return fa.load(
            [exports.folder], preset=exports.preset, database=exports.database,
            agreement=exports.agreement, as_of=as_of,
        ).warnings  # fmt: skip

    assert load(date(2026, 10, 15)) == ()
    (warning,) = load(date(2026, 12, 1))
    assert warning.startswith(
        "The last record is of 2026-09-21, but as_of is 2026-12-01: whole months without data "
        "before it: 2;"
    )
    assert warning.endswith("such as --as-of 2026-09-22")


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)
