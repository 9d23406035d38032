"""Excel workbooks: sheets, typed cells, errors, and what a workbook hides."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import xlsxwriter

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading import TYPED, HeaderError, Rejected, Total, members, workbook
from tests.sources.reading.conftest import Reading, Wanted, archived, zipped

Fill = Callable[[xlsxwriter.Workbook], None]
DAY, INSTANT = "dd.mm.yyyy", "dd.mm.yyyy hh:mm:ss"


def book(fill: Fill, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as made:
        fill(made)
    return buffer.getvalue()


def sheet_of(*rows: list[Any], name: str = "Data") -> Fill:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)

    return fill


def cells(write: Callable[[xlsxwriter.Workbook, Any], None], **options: Any) -> bytes:
    """A sheet with the header Id, Note and what `write` puts into the rows below."""

    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet("Data")
        sheet.write_row(0, 0, ["Id", "Note"])
        write(made, sheet)

    return book(fill, **options)


def patched(content: bytes, place: str, old: str, new: str) -> bytes:
    """A workbook with another text in one of its files."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [(each, archive.read(each)) for each in archive.namelist()]
    assert any(old.encode() in text for name, text in files if name == place)
    return archived(
        *((name, text.replace(old.encode(), new.encode()) if name == place else text)
          for name, text in files)
    )  # fmt: skip


def test_rows_come_with_their_numbers_and_blank_ones_do_not(reading: Reading) -> None:
    copy = reading("a.xlsx", book(sheet_of([], ["Id", "x", "Note"], ["a", 1, "b"], [], ["c"])))
    assert (copy.kind, copy.sheet, copy.encoding, copy.delimiter) == ("xlsx", "Data", "", "")
    assert copy.every_column == ["Id", "x", "Note"]
    assert reading.rows == [["3", "a", "b"], ["5", "c", ""]]


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1234.5, None, f"{TYPED}1234.5"),
        (42, None, f"{TYPED}42"),
        (42, "00000", f"{TYPED}42"),
        (1e-7, None, f"{TYPED}0.0000001"),
        (1.5e20, None, f"{TYPED}150000000000000000000"),
        (-0.5, "#,##0.00 [$€-407]", f"{TYPED}-0.5"),
        (datetime(2026, 10, 1), DAY, f"{TYPED}2026-10-01"),
        (datetime(2026, 10, 1, 8, 30, 15), INSTANT, f"{TYPED}2026-10-01 08:30:15"),
        (datetime(2026, 10, 1, 8, 30, 15), "mmm yyyy", f"{TYPED}2026-10-01 08:30:15"),
        (46084.5, None, f"{TYPED}46084.5"),
        (0.75, "hh:mm", "18:00:00"),
        (1.5, "[h]:mm", "36:00:00"),
        (True, None, "true"),
        (False, None, "false"),
        ("0042", None, "0042"),
        ("1.234,50", None, "1.234,50"),
        (" x\ny ", None, " x\ny "),
    ],
)
def test_cells_become_text_that_says_what_they_were(
    reading: Reading, value: Any, form: str | None, text: str
) -> None:
    def write(made: xlsxwriter.Workbook, sheet: Any) -> None:
        style = made.add_format({"num_format": form}) if form else None
        sheet.write(1, 0, "1")
        if isinstance(value, str):
            sheet.write_string(1, 1, value)
        else:
            sheet.write(1, 1, value, style)

    reading("a.xlsx", cells(write))
    assert reading.rows == [["2", "1", text]]


def test_every_minute_of_a_day_is_that_minute(reading: Reading) -> None:
    def write(made: xlsxwriter.Workbook, sheet: Any) -> None:
        style = made.add_format({"num_format": INSTANT})
        for minute in range(1440):
            sheet.write(minute + 1, 0, "x")
            sheet.write_datetime(
                minute + 1, 1, datetime(2026, 10, 25, minute // 60, minute % 60), style
            )

    reading("a.xlsx", cells(write))
    assert [row[2].removeprefix(f"{TYPED}2026-10-25").lstrip() for row in reading.rows] == [
        f"{minute // 60:02d}:{minute % 60:02d}:00" if minute else "" for minute in range(1440)
    ]


def test_days_of_the_1904_system_are_the_same_days(reading: Reading) -> None:
    def write(made: xlsxwriter.Workbook, sheet: Any) -> None:
        sheet.write(1, 0, "x")
        sheet.write_datetime(1, 1, datetime(2026, 10, 1), made.add_format({"num_format": DAY}))

    reading("a.xlsx", cells(write, date_1904=True))
    assert reading.rows == [["2", "x", f"{TYPED}2026-10-01"]]


def test_errors_of_formulas_are_no_empty_cells(reading: Reading) -> None:
    def write(_: xlsxwriter.Workbook, sheet: Any) -> None:
        for row in range(1, 2000):
            sheet.write(row, 0, f"r{row}")
            sheet.write(row, 1, "fine")
        sheet.write_formula(5, 1, "=1/0", None, "#DIV/0!")
        sheet.write_formula(1500, 1, "=VLOOKUP(1,A1:A2,3)", None, "#N/A")
        sheet.write_formula(7, 1, "=1+1", None, 2)
        sheet.write_formula(8, 1, '="a"&"b"', None, "ab")

    reading("a.xlsx", cells(write))
    notes = {int(row[0]): row[2] for row in reading.rows}
    assert (notes[6], notes[1501]) == ("#DIV/0!", "#N/A")
    assert (notes[8], notes[9], notes[10]) == (f"{TYPED}2", "ab", "fine")


def test_formulas_that_were_never_calculated_are_refused(reading: Reading) -> None:
    content = cells(lambda _, sheet: sheet.write_formula(3, 1, "=A1", None, 7))
    content = patched(content, "xl/worksheets/sheet1.xml", "</f><v>7</v></c>", "</f></c>")
    with pytest.raises(SourceError, match=r"1 formulas were never calculated \(first: B4\)"):
        reading("a.xlsx", content)


def test_cells_merged_over_records_are_refused(reading: Reading) -> None:
    def merged(*place: int) -> bytes:
        return cells(lambda _, sheet: [sheet.write(4, 0, "z"), sheet.merge_range(*place, "m")])

    with pytest.raises(SourceError, match=r"sheet 'Data': the cells B2:B3 are merged"):
        reading("a.xlsx", merged(1, 1, 2, 1))
    assert reading("a.xlsx", merged(3, 0, 3, 1)).records == 2  # within one row
    assert reading("a.xlsx", merged(2, 4, 3, 5)).records == 2  # beside the table


def test_a_title_merged_above_the_header_is_a_title(reading: Reading) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.merge_range(0, 0, 1, 3, "Kampagnen, Stand: 01.10.2026 14:03")
        sheet.write_row(3, 0, ["Id", "Note"])
        sheet.write_row(4, 0, ["a", "b"])

    copy = reading("a.xlsx", book(fill), header_within=5, stated_at=("Stand: %d.%m.%Y %H:%M",))
    assert (copy.stated_at, reading.rows) == (datetime(2026, 10, 1, 14, 3), [["5", "a", "b"]])


def test_a_time_in_a_cell_beside_its_label_is_stated(reading: Reading) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        sheet = made.add_worksheet()
        sheet.write_string(0, 0, "Stand:")
        sheet.write_datetime(
            0, 1, datetime(2026, 10, 1, 14, 3), made.add_format({"num_format": INSTANT})
        )
        sheet.write_row(1, 0, ["Id", "Note"])
        sheet.write_row(2, 0, ["a", "b"])

    copy = reading("a.xlsx", book(fill), header_within=5, stated_at=("Stand: %d.%m.%Y %H:%M",))
    assert copy.stated_at == datetime(2026, 10, 1, 14, 3)


def two_sheets(made: xlsxwriter.Workbook) -> None:
    sheet_of(["Explanation"], ["of it all"], name="Read me")(made)
    sheet_of(["Id", "Note"], ["a", "b"], name="Leads")(made)
    sheet_of(["Id", "Note"], ["x", "y"], name="Old")(made)
    made.worksheets()[2].hide()
    made.add_chartsheet()


def test_the_one_visible_sheet_with_such_a_header_is_read(reading: Reading) -> None:
    assert reading("a.xlsx", book(two_sheets)).sheet == "Leads"
    assert reading("a.xlsx", book(two_sheets), sheet="Old").sheet == "Old"
    assert reading.rows == [["2", "x", "y"]]
    with pytest.raises(
        SourceError, match=r"has no sheet 'Leeds'\. Did you mean 'Leads'\?.*Read me"
    ):
        reading("a.xlsx", book(two_sheets), sheet="Leeds")
    with pytest.raises(HeaderError, match="sheet 'Read me'"):
        reading("a.xlsx", book(two_sheets), wants=Wanted("Nr"))


def test_two_sheets_with_such_a_header_are_refused(reading: Reading) -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        for name in ("May", "June"):
            sheet_of(["Id"], ["a"], name=name)(made)

    with pytest.raises(SourceError, match="the sheets 'May' and 'June' both have such a header"):
        reading("a.xlsx", book(fill))
    assert reading("a.xlsx", book(fill), sheet="June").records == 1


def test_totals_and_second_tables_in_sheets(reading: Reading) -> None:
    rows = [["Id", "Amount"], ["a", 4], ["b", 5], ["Summe", 9]]
    copy = reading("a.xlsx", book(sheet_of(*rows)), totals=("Summe",))
    assert copy.totals == [Total(4, {"Amount": f"{TYPED}9"}, "summe")]
    assert copy.records == 2
    with pytest.raises(SourceError, match="line 6 is a header again"):
        reading("a.xlsx", book(sheet_of(*rows, [], ["Id", "Amount"], ["c", 1])))


def test_typed_numbers_are_hashed_as_what_they_say(reading: Reading) -> None:
    seen: list[str] = []

    class Hashing(Wanted):
        def hashes(self, header: str) -> Callable[[str], str | None] | None:
            return (lambda text: seen.append(text) or "h") if header == "Note" else None

    reading(
        "a.xlsx",
        book(sheet_of(["Id", "Note"], ["a", 17], ["b", None])),
        wants=Hashing("Id", "Note"),
    )
    assert seen == ["17"]
    assert [row[2] for row in reading.rows] == ["h", ""]


def test_text_that_would_pass_for_a_typed_cell_is_rejected(reading: Reading) -> None:
    copy = reading("a.xlsx", book(sheet_of(["Id", "Note"], ["a", "\x0246084"], ["b", "c"])))
    assert copy.rejected == [Rejected(2, "a control character in a field")]
    assert reading.rows == [["3", "b", "c"]]


def test_a_cell_far_off_does_not_fill_the_memory(reading: Reading) -> None:
    content = cells(lambda _, sheet: sheet.write(1_048_575, 16_383, "x"))
    with pytest.raises(SourceError, match=r"span 1,048,576 rows and 16,384 columns"):
        reading("a.xlsx", content)
    styled = cells(
        lambda made, sheet: [
            sheet.write_row(1, 0, ["a", "b"]),
            sheet.write_blank(1, 16_383, None, made.add_format({"bold": True})),
        ]
    )
    assert reading("a.xlsx", styled).records == 1


def test_workbooks_in_gzip_and_zip_are_unpacked_and_removed_again(reading: Reading) -> None:
    content = book(sheet_of(["Id", "Note"], ["a", "b"]))
    assert reading("a.xlsx.gz", zipped(content)).records == 1
    (member,) = members(reading.write("e.zip", archived(("x/a.xlsx", content))))
    assert reading.member(member).records == 1
    with pytest.raises(SourceError, match="an archive inside an archive"):
        reading("a.csv.gz", zipped(content))
    assert {each.name for each in reading.folder.iterdir()} == {
        "a.xlsx.gz", "e.zip", "a.csv.gz", "clean.copy"
    }  # fmt: skip


@pytest.mark.parametrize("place", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_damaged_workbooks_are_refused(reading: Reading, place: str) -> None:
    content = patched(book(sheet_of(["Id"], ["a"])), place, "<sheet", "<<sheet")
    with pytest.raises(SourceError, match=r"a\.xlsx is no whole Excel workbook"):
        reading("a.xlsx", content)


def test_a_prefixed_namespace_is_surveyed_alike(reading: Reading) -> None:
    survey = workbook._Survey()
    rows = re.sub(
        "<(/?)", r"<\1x:",
        '<row spans="1:2" r="7"><c s="1" r="AB7" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        '<row r="8"><c r="ZZ8" s="2"/><c r="B8"><f>A1</f></c></row>',
    ).encode()  # fmt: skip
    assert workbook._survey_rows(survey, rows + b"<x:row r=") == b"<x:row r="
    assert (survey.rows, survey.columns) == (8, 28)
    assert (survey.errors, survey.not_calculated) == ({6: {27: "#DIV/0!"}}, ["B8"])
