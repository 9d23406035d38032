"""From export files to a warehouse: what is read, what is refused, what stays as it was."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.errors import CallError, DataError, SourceError
from funnel_analytics.sources import LoadReport, load, merging
from funnel_analytics.warehouse import Connection, Warehouse, connect, open_warehouse
from tests.sources.conftest import Exports


def loaded(exports: Exports, **options: Any) -> LoadReport:
    return load(
        [exports.folder],
        preset=exports.preset,
        database=exports.database,
        **{"agreement": exports.agreement, **options},
    )


def rows(exports: Exports, sql: str) -> list[tuple[Any, ...]]:
    with connect(exports.database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_instants_are_utc_and_days_are_marked(exports: Exports) -> None:
    loaded(exports)
    # Berlin is two hours ahead of UTC in September.
    assert rows(exports, "select lead, created_at, created_at_is_day from lead order by lead") == [
        ("crm:L1", datetime(2026, 9, 1, 8), False),
        ("crm:L2", datetime(2026, 9, 1, 22), True),
        ("crm:L3", datetime(2026, 9, 3, 8, 30), False),
    ]


def test_missing_and_the_word_unknown_stay_apart(exports: Exports) -> None:
    loaded(exports)
    found = rows(exports, "select lead, origin from lead order by lead")
    assert found == [("crm:L1", "inbound"), ("crm:L2", None), ("crm:L3", "unknown")]


def test_german_numbers_dates_and_yes(exports: Exports) -> None:
    loaded(exports)
    assert rows(
        exports, "select deal, amount, currency, closed_at, closed_at_is_day, is_won from deal"
    ) == [
        ("crm:D1", 1234.5, "EUR", datetime(2026, 9, 20, 8), False, True),
        ("crm:D2", 99.0, "EUR", datetime(2026, 9, 20, 22), True, False),
    ]


def test_free_attributes_are_mapped_and_can_split_leads(exports: Exports) -> None:
    loaded(exports)
    with open_warehouse(exports.database) as warehouse:
        assert "product" in warehouse.attributes()
    found = rows(exports, "select lead, value from lead_field order by lead")
    assert found == [("crm:L1", "GTX Pro"), ("crm:L2", "GTX Pro"), ("crm:L3", None)]


def test_as_of_is_the_end_of_the_last_day_in_the_data(exports: Exports) -> None:
    report = loaded(exports)
    assert report.as_of == datetime(2026, 9, 21, 22)  # midnight in Berlin after 21 September
    assert report.as_of_source == "end of the last day in the data"


def test_as_of_given_as_a_day_is_its_midnight_in_the_agreed_zone(exports: Exports) -> None:
    assert loaded(exports, as_of=date(2026, 11, 1)).as_of == datetime(2026, 10, 31, 23)


def test_as_of_given_with_an_offset_is_that_instant(exports: Exports) -> None:
    given = datetime(2026, 11, 1, tzinfo=UTC)
    assert loaded(exports, as_of=given).as_of == datetime(2026, 11, 1)


def test_data_after_as_of_are_refused_with_file_column_and_count(exports: Exports) -> None:
    with pytest.raises(DataError, match=r"history\.csv: 1 row with entered_at .*first: line 3"):
        loaded(exports, as_of=date(2026, 9, 15))
    assert not exports.database.exists()


def test_the_same_files_twice_change_nothing(exports: Exports) -> None:
    first = loaded(exports)
    stamp = exports.database.stat().st_mtime_ns
    again = loaded(exports)
    assert not first.is_unchanged
    assert again.is_unchanged
    assert exports.database.stat().st_mtime_ns == stamp


def test_a_newer_file_restates_its_rows_and_keeps_what_it_does_not_name(exports: Exports) -> None:
    loaded(exports)
    text = "Id;Created;Origin;Product\nL2;2026-09-02;partner;\nL9;2026-09-09;inbound;\n"
    newer = exports.write("leads.csv", text)
    report = load([newer], preset=exports.preset, database=exports.database)
    assert rows(exports, "select lead, origin from lead order by lead") == [
        ("crm:L1", "inbound"),
        ("crm:L2", "partner"),
        ("crm:L3", "unknown"),
        ("crm:L9", "inbound"),
    ]
    assert rows(exports, "select count(*) from deal") == [(2,)]
    assert report.superseded == (
        "leads.csv, loaded before: 1 of its rows is restated by leads.csv (1 of lead)",
    )
    assert rows(exports, "select count(*), count(distinct load_no) from load_log") == [(4, 4)]


def test_replace_takes_out_what_the_new_file_does_not_name(exports: Exports) -> None:
    loaded(exports)
    newer = exports.write("leads.csv", "Id;Created;Origin;Product\nL9;2026-09-09;inbound;\n")
    load([newer], preset=exports.preset, database=exports.database, replace=True)
    assert rows(exports, "select lead from lead") == [("crm:L9",)]
    assert rows(exports, "select count(*) from lead_field") == [(1,)]
    assert rows(exports, "select count(*) from deal") == [(2,)]
    assert rows(exports, "select count(*), count(distinct load_no) from load_log") == [(3, 3)]


def test_another_system_adds_to_the_warehouse(exports: Exports) -> None:
    loaded(exports)
    other = exports.preset.read_text(encoding="utf-8").replace('"crm"', '"erp"')
    exports.preset.write_text(other, encoding="utf-8")
    loaded(exports)
    assert rows(exports, "select count(*) from lead") == [(6,)]


def test_every_row_is_accounted_for(exports: Exports) -> None:
    exports.write("deals.csv", "Id;Betrag;Schlusstermin;Gewonnen\n" + "D0;1;01.09.2026;ja\n" * 2
                  + "".join(f"D{n};1,5;02.09.2026;nein\n" for n in range(1, 200))
                  + "D900;12.50;03.09.2026;ja\nD901;7;03.09.2026;ja;surplus\n")  # fmt: skip
    report = loaded(exports)
    log = report.log.set_index("table_name").loc["deal"]
    assert log["rows_read"] == 203
    assert (log["rows_loaded"], log["rows_quarantined"], log["rows_duplicate"]) == (201, 1, 1)
    assert log["values_quarantined"] == 1
    assert rows(
        exports, "select line, column_name, value, reason, is_row_lost from quarantine order by 1"
    ) == [
        (203, "Betrag", "12.50", "is no number with decimal ','", False),
        (204, None, None, "5 fields where the header has 4", True),
    ]


def test_line_numbers_survive_quoted_line_breaks(exports: Exports) -> None:
    exports.write("leads.csv", 'Id;Created;Origin;Product\nL1;2026-09-01;"two\nlines";x\n'
                  + "".join(f"M{n};2026-09-02;a;b\n" for n in range(100))
                  + "L2;someday;a;b\n")  # fmt: skip
    exports.write("history.csv", "lead,stage,at\nL1,won,2026-09-20\n")
    loaded(exports)
    assert rows(exports, "select line, value from quarantine") == [
        (104, "xxxxxxx")
    ]  # letters may be a name


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"leads\.csv is empty \(0 bytes\)"),
        (b"\n\n\n", r"leads\.csv has no header"),
        (b"Id;Created;Origin;Product\n", r"leads\.csv has a header and no rows"),
        (b"<!DOCTYPE html><html>login</html>", r"leads\.csv is a web page"),
        (b"PK\x03\x04zip", r"leads\.csv is damaged or cut off"),
        (b"\x1f\x8bgz", r"leads\.csv is damaged or cut off"),
        ("Id;Created;Origin;Product\nL1;2026-09-01;Müller;x\n".encode("cp1252"),
         r"leads\.csv: line 2, byte 16 \(0xfc\) is not utf-8.*cp1252"),
        (b"Id,Created,Origin,Product\nL1,2026-09-01,a,b\n", r"one single field.*','"),
        (b"Id;Id;Origin;Product\nL1;2026-09-01;a;b\n", r"names 'Id' more than once"),
        (b"Id;Origin;Product\nL1;a;b\n", r"'Created' \(for lead\.created_at\) is not in the file"),
        (b"Id;Created;Orgin;Product\nL1;2026-09-01;a;b\n", r"'Origin'.*Did you mean 'Orgin'"),
    ],
)  # fmt: skip
def test_unusable_files_are_named_with_the_reason(
    exports: Exports, content: bytes, said: str
) -> None:
    exports.write("leads.csv", content)
    with pytest.raises(SourceError, match=said):
        loaded(exports)
    assert not exports.database.exists()
    assert not list(exports.database.parent.glob(".*build*"))


def test_faults_of_all_files_come_in_one_message(exports: Exports) -> None:
    exports.write("leads.csv", b"")
    exports.change("history.csv", "lead,stage,at", "lead,phase,at")
    exports.change("deals.csv", "Betrag", "Summe")
    with pytest.raises(SourceError) as caught:
        loaded(exports)
    message = str(caught.value)
    assert "leads.csv is empty" in message
    assert "history.csv: column 'stage'" in message
    assert "deals.csv: column 'Betrag'" in message


@pytest.mark.parametrize("dates", [("03/04/2026", "05/04/2026"), ("03.04.2026", "05.04.2026")])
def test_undeclared_day_and_month_stop_the_load(exports: Exports, dates: tuple[str, str]) -> None:
    exports.write("leads.csv", "Id;Created;Origin;Product\n"
                  + "".join(f"L{n};{day};a;b\n" for n, day in enumerate(dates)))  # fmt: skip
    with pytest.raises(SourceError, match=r"column 'Created': 2 of 2 dates are not ISO 8601"):
        loaded(exports)


def test_a_declared_date_format_is_taken_at_its_word(exports: Exports) -> None:
    exports.write("leads.csv", "Id;Created;Origin;Product\nL1;03/04/2026;a;b\n")
    exports.write("history.csv", "lead,stage,at\nL1,won,04/05/2026\n")
    loaded(exports, date_format="%m/%d/%Y")
    assert rows(exports, "select created_on from leads") == [(date(2026, 3, 4),)]


def test_an_unknown_stage_names_file_line_and_neighbour(exports: Exports) -> None:
    exports.change("history.csv", "L2,opportunity", "L2,oportunity")
    with pytest.raises(SourceError, match=r"history\.csv: the stage 'oportunity' in 1 row "
                       r"\(first: line 4\).*Did you mean 'opportunity'"):  # fmt: skip
        loaded(exports)


def test_one_id_with_two_different_rows_is_refused(exports: Exports) -> None:
    exports.change("leads.csv", "L3;2026-09-03 10:30;unknown;", "L1;2026-09-01T08:00:00Z;partner;")
    said = (
        r"leads\.csv: 1 id in column 'lead' .*'crm:L1', leads\.csv line 2 and leads\.csv line 4; "
        r"column 'origin': 'inbound' and 'partner'"
    )
    with pytest.raises(SourceError, match=said):
        loaded(exports)


def test_a_row_repeated_to_the_letter_counts_once_and_is_counted(exports: Exports) -> None:
    exports.change(
        "leads.csv", "L3;2026-09-03 10:30;unknown;", "L1;2026-09-01T08:00:00Z;inbound;GTXPro"
    )
    report = loaded(exports)
    assert report.log.set_index("table_name").loc["lead", "rows_duplicate"] == 1
    assert rows(exports, "select count(*) from leads") == [(2,)]


def test_too_many_faults_fail_the_load_and_keep_the_old_warehouse(exports: Exports) -> None:
    loaded(exports)
    before = exports.database.read_bytes()
    exports.change("deals.csv", "99;", "neunundneunzig;")
    with pytest.raises(SourceError, match=r"deals\.csv: 1 fault in 2 rows, more than the 2\.0%"):
        loaded(exports)
    assert exports.database.read_bytes() == before


def test_an_unknown_preset_is_a_wrong_call(exports: Exports) -> None:
    with pytest.raises(CallError, match=r"no preset 'olyst'.*Did you mean 'olist'"):
        load([exports.folder], preset="olyst", database=exports.database)


def test_faults_of_a_preset_are_all_named(exports: Exports) -> None:
    exports.change_preset('table = "deal"', 'table = "deel"')
    exports.change_preset('[files.columns]\nlead = "lead"\nstage', "[files.columns]\nstagee")
    with pytest.raises(CallError) as caught:
        loaded(exports)
    message = str(caught.value)
    assert "there is no table 'deel'. Did you mean 'deal'?" in message
    assert "has no column 'stagee'. Did you mean 'stage'?" in message
    assert "table stage_event needs the column 'lead' or 'deal'" in message


def test_a_missing_folder_and_a_folder_without_matches(exports: Exports, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no such file or folder"):
        load([tmp_path / "nothing"], preset=exports.preset, database=exports.database,
             agreement=exports.agreement)  # fmt: skip
    (tmp_path / "empty").mkdir()
    with pytest.raises(CallError, match=r"matches the preset small, which takes: leads\.csv"):
        load([tmp_path / "empty"], preset=exports.preset, database=exports.database,
             agreement=exports.agreement)  # fmt: skip


def test_a_file_with_brackets_in_its_name_is_read_itself(exports: Exports) -> None:
    exports.change_preset('pattern = "leads.csv"', 'pattern = "leads*.csv"')
    (exports.folder / "leads.csv").rename(exports.folder / "leads[1].csv")
    exports.write("leads1.csv", "Id;Created;Origin;Product\nX9;2026-09-03;a;b\n")
    load([exports.folder / "leads[1].csv"], preset=exports.preset, database=exports.database,
         agreement=exports.agreement)  # fmt: skip
    assert rows(exports, "select count(*) from lead where lead = 'crm:X9'") == [(0,)]
    assert rows(exports, "select count(*) from lead") == [(3,)]


def test_utf16_and_byte_order_marks_are_read(exports: Exports) -> None:
    text = (exports.folder / "leads.csv").read_text(encoding="utf-8")
    exports.write("leads.csv", text.replace("unknown", "Zürich").encode("utf-16"))
    exports.write("history.csv", b"\xef\xbb\xbf" + (exports.folder / "history.csv").read_bytes())
    loaded(exports)
    assert rows(exports, "select count(*) from lead where origin = 'Zürich'") == [(1,)]


def test_cp1252_is_read_where_the_preset_says_so(exports: Exports) -> None:
    exports.change_preset(
        'delimiter = ";"\n[files.columns]\nlead',
        'delimiter = ";"\nencoding = "cp1252"\n[files.columns]\nlead',
    )
    exports.write(
        "leads.csv", "Id;Created;Origin;Product\nL1;2026-09-01;Köln €;x\n".encode("cp1252")
    )
    exports.write("history.csv", "lead,stage,at\nL1,won,2026-09-20\n")
    loaded(exports)
    assert rows(exports, "select origin from lead") == [("Köln €",)]


def test_an_unreadable_database_is_a_clear_message(exports: Exports) -> None:
    exports.database.write_text("this is no database", encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(f"{exports.database} cannot be opened")):
        loaded(exports)


def test_olist_counts_by_origin_are_the_published_ones(shared_data: Path, tmp_path: Path) -> None:
    # Leads and wins by origin as counted from the published files.
    target = tmp_path / "olist.duckdb"
    report = load([shared_data / "olist_funnel"], preset="olist", database=target)
    assert report.ignored == ("olist_sellers_dataset.csv",)
    with connect(target, read_only=True) as connection:
        found = connection.execute(
            "select value, count(*), count(*) filter (furthest = 2) from lead_progress "
            "inner join lead_attributes using (lead_no) where attribute = 'origin' group by value"
        ).fetchall()
    assert {origin: (leads, wins) for origin, leads, wins in found} == {
        "organic_search": (2296, 271),
        "paid_search": (1586, 195),
        "social": (1350, 75),
        "unknown": (1099, 179),
        "direct_traffic": (499, 56),
        "email": (493, 15),
        "referral": (284, 24),
        "other": (150, 4),
        "display": (118, 6),
        "other_publicities": (65, 3),
        None: (60, 14),
    }


def test_maven_crm_wins_losses_and_revenue(shared_data: Path, tmp_path: Path) -> None:
    # 8,800 opportunities: 4,238 won (10,005,534), 2,473 lost, 500 never engaged.
    target = tmp_path / "maven.duckdb"
    load([shared_data / "maven_crm"], preset="maven_crm", database=target)
    with connect(target, read_only=True) as connection:
        assert connection.execute("select count(*), sum(amount) from won_deals").fetchall() == [
            (4238, 10005534.0)
        ]
        assert connection.execute(
            "select count(*) from closures where status = 'lost'"
        ).fetchall() == [(2473,)]
        assert connection.execute("select count(*) from leads").fetchall() == [(8300,)]
        assert connection.execute(
            "select count(*) from quarantine where reason = 'is missing'"
        ).fetchall() == [(500,)]
        assert connection.execute(
            "select count(*) from lead_attributes where attribute = 'product' and value = 'GTXPro'"
        ).fetchall() == [(0,)]


# Starting the engine takes longer than reading a small log: a file that is open costs nothing more.
def test_what_was_loaded_before_is_read_while_the_file_is_open(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded(exports)
    connections: list[Connection] = []
    answers: list[Any] = []

    def connecting(*given: Any, **named: Any) -> Connection:
        connections.append(connect(*given, **named))
        return connections[-1]

    def opening(path: Path) -> Warehouse:
        answers.append(connections[-1].execute("select 1").fetchall())
        return open_warehouse(path)

    monkeypatch.setattr(merging, "connect", connecting)
    monkeypatch.setattr(merging, "open_warehouse", opening)
    assert merging.earlier_loads(exports.database) is not None
    assert answers == [[(1,)]]
