"""Delimited text: delimiters, headers, quotes, widths, totals, line numbers."""

from __future__ import annotations

from datetime import datetime

import pytest

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading import HeaderError, Rejected, Total, containers
from tests.sources.reading.conftest import Reading, Wanted

WIDE = Wanted("Id", more=("Day", "Amount"))


def test_only_wanted_columns_are_copied_in_the_order_wanted(reading: Reading) -> None:
    copy = reading("a.csv", 'x,Amount,"Id ",y\n1,2,3,4\n')
    assert copy.header == ["Amount", "Id"]
    assert copy.every_column == ["x", "Amount", "Id", "y"]
    assert reading.target.read_text() == '"2","2","3"\n'


@pytest.mark.parametrize("text", ['say "yes"', "two\nlines", "a\r\nb", "c,d", "", " x ", "ä€"])
def test_every_text_survives(reading: Reading, text: str) -> None:
    escaped = text.replace('"', '""')
    reading("a.csv", f'Id,Note\n1,"{escaped}"\n2,z\n')
    assert reading.rows == [["2", "1", text], [str(3 + text.count("\n")), "2", "z"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_one_delimiter_under_which_the_header_fits_is_taken(
    reading: Reading, delimiter: str
) -> None:
    text = "Id;Note;Amount\n1;a, b;2\n".replace(";", delimiter) if delimiter != "," else (
        "Id,Note,Amount\n1,a; b,2\n"
    )  # fmt: skip
    copy = reading("a.csv", text, delimiters=(",", ";", "\t"))
    assert (copy.delimiter, reading.rows[0][-1]) == (delimiter, "2")


def test_two_delimiters_that_both_fit_are_refused(reading: Reading) -> None:
    with pytest.raises(SourceError, match="can be read with ',' and with ';'"):
        reading("a.csv", "x,Id;Id,y\n1,2;3,4\n", wants=Anything(), delimiters=(",", ";"))


class Anything(Wanted):
    def columns(self, header: list[str]) -> list[str] | None:
        return header


def test_a_single_column_fits_every_delimiter_alike(reading: Reading) -> None:
    assert reading("a.csv", "Id\n1\n", delimiters=(",", ";")).records == 1


def test_a_delimiter_nobody_stated_is_named(reading: Reading) -> None:
    with pytest.raises(SourceError, match=r"delimiter ',' the header is one single field.*';'"):
        reading("a.csv", "Id;Note\n1;2\n")
    with pytest.raises(SourceError, match=r"delimiter ',' or ';' the header .*'\|'"):
        reading("a.csv", "Id|Note\n1|2\n", delimiters=(",", ";"), header_within=5)


def test_a_file_named_tsv_holds_tabs(reading: Reading) -> None:
    layout = {"delimiters": (",", "\t")}
    assert reading("a.tsv", "Id\tNote\n1\ta,b\n", **layout).delimiter == "\t"
    with pytest.raises(SourceError, match=r"b\.tsv: with the delimiter '\\t' the header is one"):
        reading("b.tsv", "Id,Note\n1,2\n", **layout)


PREAMBLE = '"Kampagnen; Bericht"\nStand:  01.10.2026 14:03\n\nrun by "x", y\n'


def test_the_header_is_sought_below_a_preamble(reading: Reading) -> None:
    copy = reading(
        "a.csv",
        PREAMBLE + "Id,Note\n1,2\n",
        header_within=5,
        stated_at=("As of %Y-%m-%d", "Stand: %d.%m.%Y %H:%M"),
    )
    assert copy.stated_at == datetime(2026, 10, 1, 14, 3)
    assert reading.rows == [["6", "1", "2"]]


@pytest.mark.parametrize(
    ("line", "form", "instant"),
    [
        ("As of 2026-10-01 14:03:05 UTC", "As of %Y-%m-%d %H:%M:%S", (2026, 10, 1, 14, 3, 5)),
        ("as of  10/1/2026 2:03 PM", "As of %m/%d/%Y %I:%M %p", (2026, 10, 1, 14, 3)),
        ('"Stand: 1.10.2026",,', "Stand: %d.%m.%Y", (2026, 10, 1)),
        ("Stand: 31.02.2026", "Stand: %d.%m.%Y", None),
        ("Stand von gestern", "Stand: %d.%m.%Y", None),
    ],
)
def test_what_a_file_states_of_its_time(
    reading: Reading, line: str, form: str, instant: tuple[int, ...] | None
) -> None:
    copy = reading("a.csv", f"{line}\nId,Note\n1,2\n", header_within=3, stated_at=(form,))
    assert copy.stated_at == (datetime(*instant) if instant else None)  # type: ignore[arg-type]


def test_the_header_is_not_sought_further_than_stated(reading: Reading) -> None:
    # Blank lines do not count: the header is the fourth line that says something.
    text = "a\n\nb\nc\nId,Note\n1,2\n"
    assert reading("a.csv", text, header_within=4).records == 1
    with pytest.raises(HeaderError, match="no header within the first 3 lines") as caught:
        reading("a.csv", text, header_within=3)
    assert caught.value.header == ["a"]


def test_why_no_line_is_a_header_is_said_by_who_wants_it(reading: Reading) -> None:
    class Explaining(Wanted):
        def why_not(self, header: list[str]) -> str:
            return f"no column 'Id' among {', '.join(header)}"

    with pytest.raises(HeaderError, match=r"a\.csv: no column 'Id' among Nr, Note") as caught:
        reading("a.csv", "Nr,Note\n1,2\n", wants=Explaining("Id"))
    assert caught.value.header == ["Nr", "Note"]
    with pytest.raises(HeaderError, match=r"a\.csv: it is no header of such a file: Nr, Note"):
        reading("a.csv", "Nr,Note\n1,2\n")


def test_lines_to_skip_are_counted_in_line_numbers(reading: Reading) -> None:
    reading("a.csv", '"unclosed\nx\n\nId,Note\n\n1,2\n', skip_rows=2)
    assert reading.rows == [["6", "1", "2"]]


def test_headers_that_cannot_be_used_are_refused(reading: Reading) -> None:
    with pytest.raises(SourceError, match="names 'Note' more than once"):
        reading("a.csv", "Id,Note,Note\n1,2,3\n")
    with pytest.raises(SourceError, match="has no header: it holds blank lines only"):
        reading("a.csv", "\n \n\r\n")
    with pytest.raises(SourceError, match="the header cannot be read"):
        reading("a.csv", '"Id"x,Note\n1,2\n')
    copy = reading("a.csv", "Id,,Note,\n1,2,3,4\n")  # columns without a name are nobody's
    assert copy.every_column == ["Id", "Note"]
    assert reading.rows == [["2", "1", "3"]]


def test_records_of_another_width_are_rejected_with_their_lines(reading: Reading) -> None:
    copy = reading("a.csv", "Id,Note\n1,2\n3\n\n4,5,6\n7,8\n9,10,\n")
    assert copy.rejected == [
        Rejected(3, "1 fields where the header has 2"),
        Rejected(5, "3 fields where the header has 2"),
        Rejected(7, "3 fields where the header has 2"),
    ]
    assert reading.rows == [["2", "1", "2"], ["6", "7", "8"]]
    assert (copy.records, copy.read) == (2, 5)


def test_records_with_stray_quotes_are_rejected_and_the_next_are_read(reading: Reading) -> None:
    lines = [f"{n},x\n" for n in range(5000)]
    lines[100] = '"100"z,x\n'
    lines[4000] = '"4000"z,x\n'
    lines[50] = '50,"two\nlines"\n'
    copy = reading("a.csv", "Id,Note\n" + "".join(lines))
    assert [each.line for each in copy.rejected] == [103, 4003]
    assert "cannot be read" in copy.rejected[0].reason
    assert [int(row[0]) for row in reading.rows] == [
        n + 2 + (n > 50) for n in range(5000) if n not in (100, 4000)
    ]


@pytest.mark.parametrize(
    ("byte", "reason"),
    [("\0", "a NUL byte in a field"), ("\1", "a control character in a field"),
     ("\2", "a control character in a field"), ("\3", "a control character in a field")],
)  # fmt: skip
def test_control_characters_are_rejected(reading: Reading, byte: str, reason: str) -> None:
    text = f"Id,Note\n1,2\n3,{byte}4\n5,6\n"
    copy = reading("a.csv", text)
    assert copy.rejected == [Rejected(3, reason)]
    copy = reading("a.csv", text.encode("utf-16"))
    assert copy.rejected == [Rejected(3, reason)]
    assert [row[0] for row in reading.rows] == ["2", "4"]


@pytest.mark.parametrize("closed", [True, False])
def test_a_quote_that_swallows_records_is_refused(reading: Reading, closed: bool) -> None:
    lines = [f"{n},x,y\n" for n in range(3000)]
    lines[1500] = '1500,"x,y\n'
    if closed:
        lines[1510] = '1510,x",y\n'
    with pytest.raises(SourceError, match=r"a quote .* of line 1502 "):
        reading("a.csv", "Id,Note,Amount\n" + "".join(lines))


@pytest.mark.parametrize("ends", [("\n",), ("\r\n",), ("\r",), ("\n", "\r\n", "\r")])
def test_line_ends_of_all_kinds(reading: Reading, ends: tuple[str, ...]) -> None:
    lines = ["Id,Note", *(f"{n},x" for n in range(2000))]
    text = "".join(line + ends[n % len(ends)] for n, line in enumerate(lines))
    assert reading("a.csv", text).records == 2000
    assert [int(row[0]) for row in reading.rows] == list(range(2, 2002))


def test_a_line_without_end_is_refused(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "_LONGEST_LINE", 1024**2)
    with pytest.raises(SourceError, match="a line of more than 1 MB"):
        reading("a.csv", b"Id,Note\n1," + b"x" * 2_000_000)
    assert reading("a.csv", b"Id,Note\n1," + b"x" * 500_000 + b"\n").records == 1


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ("Summe,,9", "summe"),
        (" GESAMT: Konto,,9", "gesamt"),
        (",Total,9", "total"),
        ("Total (3 rows),,9", "total"),
        ("Total - Account,,9", "total"),
        ("Total: Account,--,9", "total"),
        ("Total: Account,EUR,9", "total"),
        ("Summe Kampagnen,,", "summe"),  # nothing else in it
        ("Summe Kampagnen", "summe"),  # narrower than a record
        ("Total", "total"),
        ("Total,,9,7", "total"),  # wider than a record
        ("Grand Total,,9", "grand total"),
    ],
)
def test_total_rows_are_kept_apart(reading: Reading, row: str, label: str) -> None:
    text = f"Id,Day,Amount\na,1,4\n{row}\nb,2,5\n"
    copy = reading("a.csv", text, wants=WIDE, totals=("Summe", "Gesamt", "Total", "Grand Total"))
    texts = {"Amount": "9"} if "9" in row else {}
    if not row.startswith((",", " ")) and (day := row.split(",")[1:2]) and day[0]:
        texts["Day"] = day[0]
    assert copy.totals == [Total(3, texts, label)]
    assert ([row[1] for row in reading.rows], copy.read) == (["a", "b"], 3)


@pytest.mark.parametrize(
    "row",
    [
        *("Total Energies,1,9", "Totalverlust,1,9", "a,Total,9", "Summen:,1,9", "xTotal,,"),
        *("Summe,2026-10-01,9", "Total,01.10.2026,9", "Total,10/1/2026,", "Total: Account,x,9"),
        "Summe,2026-10-01 08:00,9",
    ],
)
def test_names_that_begin_like_totals_are_records(reading: Reading, row: str) -> None:
    copy = reading("a.csv", f"Id,Day,Amount\n{row}\n", wants=WIDE, totals=("Total", "Summe"))
    assert (copy.totals, copy.records) == ([], 1)


def test_hashed_columns_are_left_out_of_totals(reading: Reading) -> None:
    wants = Wanted("Id", more=("Day",), hashed="Day")
    copy = reading("a.csv", "Id,Day\nTotal,7\n", wants=wants, totals=("Total",))
    assert copy.totals == [Total(2, {}, "total")]


def test_footers_are_rejected_unless_they_are_named(reading: Reading) -> None:
    text = "Id,Day\na,1\n\nVertraulich - nicht verteilen\nStand: 01.10.2026\n"
    copy = reading("a.csv", text, stated_at=("Stand: %d.%m.%Y",))
    assert [each.line for each in copy.rejected] == [4, 5]
    assert copy.stated_at == datetime(2026, 10, 1)
    copy = reading("a.csv", text, totals=("Vertraulich", "Stand"))
    assert ([each.line for each in copy.totals], copy.rejected) == ([4, 5], [])


def test_a_second_table_in_the_file_is_refused(reading: Reading) -> None:
    body = "".join(f"{n},x\n" for n in range(2000))
    with pytest.raises(SourceError, match="line 2003 is a header again"):
        reading("a.csv", f"Id,Note\n{body}\nId, Note\n1,2\n")
    with pytest.raises(SourceError, match="line 4 is a header again"):
        reading("a.csv", "Id,Note\n1,2\n\nId,Note,Amount\n1,2,3\n")
    assert reading("a.csv", "Id,Note\nId,x\n").records == 1


def test_hashes_take_the_place_of_texts(reading: Reading) -> None:
    wants = Wanted("Id", more=("Mail",), hashed="Mail")
    reading("a.csv", "Id,Mail\n1,a@b\n2,\n3,nobody\n", wants=wants)
    assert [row[2] for row in reading.rows] == ["h3", "", ""]
    assert "nobody" not in reading.target.read_text()


def test_a_field_of_several_megabytes_is_read(reading: Reading) -> None:
    reading("a.csv", "Id,Note\n" + f"1,{'x' * 3_000_000}\n" * 3)
    assert [len(row[2]) for row in reading.rows] == [3_000_000] * 3


@pytest.mark.parametrize(
    "number", ["1", "-1.234,50", "1,234.50 USD", "€ 9", "EUR 9", "12,5 %", "1'234", "(9.00)", "--"]
)
def test_a_total_row_holds_numbers_however_they_are_written(reading: Reading, number: str) -> None:
    text = f'Id;Amount\nSumme;"{number}"\n'
    assert len(reading("a.csv", text, delimiters=(";",), totals=("Summe",)).totals) == 1
