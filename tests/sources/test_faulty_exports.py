"""Exports that are wrong in ways that would change numbers without a word."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.errors import CallError, DataError, SourceError
from funnel_analytics.sources import load
from funnel_analytics.sources.locking import only_load
from funnel_analytics.sources.preset import parse_preset
from funnel_analytics.warehouse import connect
from tests.sources.conftest import PRESET, Exports
from tests.sources.test_loading import loaded, rows

HEADER = "Id;Created;Origin;Product\n"


@pytest.fixture
def alone(exports: Exports) -> Exports:
    """Leads only, so that every test may write its own."""
    (exports.folder / "history.csv").unlink()
    (exports.folder / "deals.csv").unlink()
    return exports


def leads(number: int) -> list[str]:
    return [f"L{n};2026-09-02;inbound;x\n" for n in range(number)]


@pytest.mark.parametrize("closed_after", [None, 40])
def test_a_quote_that_swallows_records_stops_the_load(
    alone: Exports, closed_after: int | None
) -> None:
    lines = leads(200)
    lines[100] = 'L100;2026-09-02;"inbound;x\n'
    if closed_after:
        lines[100 + closed_after] = 'L140;2026-09-02;inbound";x\n'
    alone.write("leads.csv", HEADER + "".join(lines))
    with pytest.raises(SourceError, match=r"leads\.csv: a quote .* line 102 "):
        loaded(alone)


def test_a_note_over_several_lines_is_one_text(alone: Exports) -> None:
    lines = leads(3)
    lines[1] = 'L1;2026-09-02;"first line\n\nthird; line";x\n'
    alone.write("leads.csv", HEADER + "".join(lines))
    loaded(alone)
    assert rows(alone, "select count(*) from lead") == [(3,)]


def test_what_is_quarantined_of_a_ragged_row_names_nobody(alone: Exports) -> None:
    alone.write("leads.csv", HEADER + "".join(leads(100)) + "L900;2026;a;b;Erika M.;e@m.example\n")
    loaded(alone)
    assert rows(alone, "select value, reason from quarantine") == [
        (None, "6 fields where the header has 4")
    ]


def test_a_copy_of_a_file_is_not_counted_twice(alone: Exports) -> None:
    alone.change_preset('pattern = "leads.csv"', 'pattern = "leads*.csv"')
    alone.write("leads (1).csv", (alone.folder / "leads.csv").read_bytes())
    with pytest.raises(SourceError, match=r"leads\.csv is a copy of leads \(1\)\.csv"):
        loaded(alone)


def test_a_folder_and_a_file_in_it_are_the_file_once(alone: Exports) -> None:
    load(
        [alone.folder, alone.folder / ".." / "exports" / "leads.csv"],
        preset=alone.preset,
        database=alone.database,
        agreement=alone.agreement,
    )
    assert rows(alone, "select count(*) from load_log") == [(1,)]


def test_two_files_of_one_name_are_refused(alone: Exports, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "leads.csv").write_text(HEADER + "X;2026-09-09;a;b\n", encoding="utf-8")
    with pytest.raises(CallError, match=r"leads\.csv was found more than once"):
        load([alone.folder, other], preset=alone.preset, database=alone.database,
             agreement=alone.agreement)  # fmt: skip


def test_the_same_rows_in_overlapping_files_count_once(alone: Exports) -> None:
    alone.change_preset('pattern = "leads.csv"', 'pattern = "leads*.csv"')
    alone.write("leads.csv", HEADER + "".join(leads(3)))
    alone.write("leads2.csv", HEADER + "".join(leads(5)))
    log = loaded(alone).log.set_index("file")
    assert log.loc["leads.csv", ["rows_loaded", "rows_duplicate"]].tolist() == [3, 0]
    assert log.loc["leads2.csv", ["rows_loaded", "rows_duplicate"]].tolist() == [2, 3]
    assert rows(alone, "select count(*) from lead_field") == [(5,)]


def test_rows_that_differ_in_a_missing_value_or_an_attribute_are_named(alone: Exports) -> None:
    alone.write("leads.csv", HEADER + "L1;2026-09-02;;x\nL1;2026-09-02;inbound;x\n")
    with pytest.raises(SourceError, match=r"column 'origin': nothing and 'inbound'"):
        loaded(alone)
    alone.write("leads.csv", HEADER + "L1;2026-09-02;a;x\nL1;2026-09-02;a;y\n")
    with pytest.raises(SourceError, match=r"leads\.csv line 3; column 'value': 'x' and 'y'"):
        loaded(alone)


def test_another_date_format_reads_the_same_files_anew(alone: Exports) -> None:
    alone.write("leads.csv", HEADER + "L1;03/04/2026;a;b\n")
    loaded(alone, date_format="%d/%m/%Y")
    report = loaded(alone, date_format="%m/%d/%Y")
    assert not report.is_unchanged
    assert rows(alone, "select created_on from leads") == [(date(2026, 3, 4),)]


def test_a_load_says_which_files_it_replaces(alone: Exports) -> None:
    alone.change_preset('pattern = "leads.csv"', 'pattern = "leads*.csv"')
    loaded(alone)
    (alone.folder / "leads.csv").rename(alone.folder / "leads_october.csv")
    alone.write("leads_october.csv", HEADER + "".join(leads(9)))
    report = loaded(alone, replace=True)
    assert report.replaced == ("leads.csv (3 rows)",)
    assert rows(alone, "select count(*) from lead") == [(9,)]


def test_a_given_as_of_stays_until_the_data_pass_it(alone: Exports) -> None:
    loaded(alone, as_of=date(2026, 11, 1))
    alone.write("leads.csv", HEADER + "".join(leads(2)))
    report = loaded(alone)
    assert (report.as_of, report.as_of_source) == (datetime(2026, 10, 31, 23), "given")
    alone.write("leads.csv", HEADER + "L1;2026-12-24;a;b\n")
    assert loaded(alone).as_of == datetime(2026, 12, 24, 23)


@pytest.mark.parametrize(
    ("text", "form"),
    [("01.02.26", "%d.%m.%Y"), ("0001-01-01", None), ("9999-12-31", None),
     ("2026-03-29 02:30", None), ("2026-02-30", None), ("2026-02-01T10:00+25:00", None)],
)  # fmt: skip
def test_impossible_times_are_quarantined(alone: Exports, text: str, form: str | None) -> None:
    day = "02.09.2026" if form else "2026-09-02"
    body = "".join(line.replace("2026-09-02", day) for line in leads(100))
    alone.write("leads.csv", HEADER + body + f"X;{text};a;b\n")
    loaded(alone, date_format=form)
    assert rows(alone, "select line, value from quarantine") == [(102, text)]


def test_an_hour_that_comes_twice_is_the_first(alone: Exports) -> None:
    # 25 October 2026 02:30 in Berlin: 00:30 UTC in summer time, 01:30 UTC an hour later.
    alone.write("leads.csv", HEADER + "L1;2026-10-25 02:30;a;b\n")
    loaded(alone)
    assert rows(alone, "select created_at from lead") == [(datetime(2026, 10, 25, 0, 30),)]


def test_a_day_that_begins_with_a_skipped_hour_is_that_day(alone: Exports) -> None:
    # São Paulo: 15 October 2017 had no 00:00; its first hour is 01:00, which is 03:00 UTC.
    berlin, sao_paulo = 'timezone = "Europe/Berlin"', 'timezone = "America/Sao_Paulo"'
    agreed = alone.agreement.read_text(encoding="utf-8").replace(berlin, sao_paulo)
    assert sao_paulo in agreed
    alone.agreement.write_text(agreed, encoding="utf-8")
    alone.write("leads.csv", HEADER + "L1;2017-10-15;a;b\n")
    loaded(alone)
    assert rows(alone, "select created_at from lead") == [(datetime(2017, 10, 15, 3),)]


@pytest.mark.parametrize(
    ("text", "amount"),
    [("1.234,5", 1234.5), ("-5", -5.0), ("1.2345,00", None), ("12.50", None), ("NaN", None),
     ("1e3", None), ("inf", None), ("9" * 400, None), ("1.234.567,89", 1234567.89)],
)  # fmt: skip
def test_german_numbers_and_what_is_none(exports: Exports, text: str, amount: float | None) -> None:
    lines = "".join(f"D{n};1;01.09.2026;ja\n" for n in range(100))
    exports.write("deals.csv", f"Id;Betrag;Schlusstermin;Gewonnen\nX;{text};01.09.2026;ja\n{lines}")
    loaded(exports)
    assert rows(exports, "select amount from deal where deal = 'crm:X'") == [(amount,)]
    assert rows(exports, "select count(*) from quarantine") == [(0 if amount is not None else 1,)]


def test_a_column_that_two_headers_could_be_is_refused(alone: Exports) -> None:
    alone.write("leads.csv", "ID;id;Created;Origin;Product\n1;2;2026-09-01;a;b\n")
    with pytest.raises(SourceError, match="the columns 'ID' and 'id' both go by 'Id'"):
        loaded(alone)


def test_a_name_in_the_wrong_column_is_not_repeated(alone: Exports) -> None:
    alone.write("leads.csv", HEADER + "".join(leads(2)) + "L9;Erika Muster;a;b\n")
    with pytest.raises(SourceError, match=r"'xxxxx xxxxxx' is no ISO 8601") as caught:
        loaded(alone)
    assert "Erika" not in str(caught.value)


def test_spaces_of_all_kinds_are_one(alone: Exports) -> None:
    alone.write("leads.csv", HEADER + "\tL1\u200b;2026-09-02;paid\u00a0search ;x\n")
    loaded(alone)
    assert rows(alone, "select lead, origin from lead") == [("crm:L1", "paid search")]


def test_a_status_nobody_knows_is_named(exports: Exports) -> None:
    exports.change_preset('entered_at = "at"', 'entered_at = "at"\nstatus = "status"')
    exports.write("history.csv", "lead,stage,at,status\nL1,won,2026-09-20,Verloren\n")
    with pytest.raises(SourceError, match=r"history\.csv: the status 'Verloren' in 1 row"):
        loaded(exports)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('product = "Product"', 'origin = "Product"', "'origin' is an attribute of its own"),
        ('delimiter = ";"\n[files.columns]\nlead', 'optional = ["lead"]\n[files.columns]\nlead',
         "lead.lead is required and cannot be optional"),
        ('"%d.%m.%Y"]', '"%d.%m.%Q"]', "has the unknown part %Q"),
        ('timezone = "Europe/Berlin"', 'timezone = "localtime"', "'localtime' is no time zone"),
    ],
)  # fmt: skip
def test_presets_that_would_mislead_are_refused(old: str, new: str, said: str) -> None:
    assert old in PRESET
    with pytest.raises(CallError) as caught:
        parse_preset(PRESET.replace(old, new, 1), name="spoiled")
    assert said in str(caught.value)


def test_a_date_format_without_a_year_is_a_wrong_call(alone: Exports) -> None:
    with pytest.raises(CallError, match="has no year"):
        loaded(alone, date_format="%d.%m.")


def test_a_folder_as_database_is_a_wrong_call(alone: Exports) -> None:
    with pytest.raises(CallError, match="is a folder"):
        loaded_into(alone, alone.folder)


def loaded_into(exports: Exports, database: Path) -> Any:
    return load([exports.folder], preset=exports.preset, database=database,
                agreement=exports.agreement)  # fmt: skip


def test_a_link_keeps_pointing_at_the_warehouse(alone: Exports) -> None:
    link = alone.database.with_name("link.duckdb")
    link.symlink_to(alone.database)
    loaded_into(alone, link)
    assert link.is_symlink()
    assert rows(alone, "select count(*) from lead") == [(3,)]


def test_a_second_load_at_the_same_time_is_told_so(alone: Exports) -> None:
    with (
        only_load(alone.database.resolve(), work="load"),
        pytest.raises(
            DataError, match=r"Another load of w\.duckdb is running \(process \d+, since"
        ),
    ):
        loaded(alone)
    loaded(alone)


def test_a_killed_load_leaves_the_old_warehouse_and_the_next_load_cleans_up(
    alone: Exports,
) -> None:
    loaded(alone)
    before = alone.database.read_bytes()
    alone.write("leads.csv", HEADER + "".join(f"L{n};2026-09-02;a;b\n" for n in range(60_000)))
    command = [sys.executable, "-m", "funnel_analytics.cli", "load", alone.folder, "--preset",
               alone.preset, "--db", alone.database]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        if list(alone.database.parent.glob(".w.duckdb.build-*")):
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert alone.database.read_bytes() == before
    assert list(alone.database.parent.glob(".w.duckdb.build-*"))
    loaded(alone)
    assert not list(alone.database.parent.glob(".w.duckdb.build-*"))
    with connect(alone.database, read_only=True) as connection:
        assert connection.execute("select count(*) from lead").fetchall() == [(60_000,)]
