"""A corpus of hostile files: each is refused with a message that helps, or every row is counted.

One file of deals is spoiled in one way per case; 100 good rows stand around the fault, so that a
fault is below the share that the agreement allows. What is expected was written down by hand.
"""

from __future__ import annotations

import gzip
import io
import re
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from funnel_analytics.errors import FunnelError
from funnel_analytics.sources import load
from funnel_analytics.warehouse import connect
from tests.builders import THREE_STAGES

PRESET = """
name = "hostile"
system = "crm"
timezone = "Europe/Berlin"

[[files]]
pattern = "leads.csv"
table = "lead"
[files.columns]
lead = "Id"
created_at = "Created"

[[files]]
pattern = "deals*"
table = "deal"
delimiter = [",", ";", "\\t"]
encoding = ["utf-8"]
decimal = "auto"
header_within = 10
totals = ["Summe", "Total"]
missing = ["", "--", "N/A"]
optional = ["probability", "lost_reason", "is_won"]
[files.columns]
deal = "Id"
amount = "Amount"
closed_at = ["Closed", "Closed at"]
is_won = "Won"
probability = "Probability"
lost_reason = "Reason"
[files.constants]
currency = "EUR"
"""
HEADER = "Id,Amount,Closed,Won"
GOOD = 100


def good(number: int = GOOD) -> list[str]:
    return [f"D{n:03d},{100 + n}.50,2026-09-{n % 28 + 1:02d}T10:00:00Z,true" for n in range(number)]


def text(*more: str, header: str = HEADER, rows: list[str] | None = None, end: str = "\n") -> bytes:
    """A file of good rows with `more` in its middle."""
    rows = good() if rows is None else rows
    half = len(rows) // 2
    return (end.join([header, *rows[:half], *more, *rows[half:]]) + end).encode()


def german(*more: str) -> bytes:
    rows = [f"D{n:03d};1.{n:03d},50;{n % 28 + 1:02d}.09.2026;ja" for n in range(GOOD)]
    return text(*more, header="Id;Amount;Closed;Won", rows=rows)


def archived(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def encrypted() -> bytes:
    """An archive whose only file says that it is encrypted."""
    content = bytearray(archived(("deals.csv", text())))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(magic) + place
        content[at : at + 2] = struct.pack("<H", struct.unpack("<H", content[at : at + 2])[0] | 1)
    return bytes(content)


def workbook(*more: tuple[Any, ...], header: tuple[str, ...] = tuple(HEADER.split(","))) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Deals")
        sheet.write_row(0, 0, header)
        for number, row in enumerate([*(line.split(",") for line in good()), *more], start=1):
            for place, value in enumerate(row):
                if isinstance(value, float):
                    sheet.write_number(number, place, value)
                elif value.startswith("="):
                    sheet.write_formula(number, place, value, value="#DIV/0!")
                else:
                    sheet.write_string(number, place, value)
    return buffer.getvalue()


def wrong_sum() -> bytes:
    content = bytearray(gzip.compress(text()))
    content[-6] ^= 0xFF
    return bytes(content)


@dataclass(frozen=True)
class Case:
    """A file; the words of its refusal, or what came of its rows and, where said, one value."""

    name: str
    content: bytes | Callable[[], bytes]
    refused: tuple[str, ...] = ()
    read: int = GOOD
    loaded: int = GOOD
    quarantined: int = 0
    values: int = 0
    duplicate: int = 0
    total: int = 0
    query: str = ""
    answer: Any = None
    patch: tuple[str, str] = ("", "")


def refused(
    content: bytes | Callable[[], bytes],
    *words: str,
    name: str = "deals.csv",
    patch: tuple[str, str] = ("", ""),
) -> Case:
    return Case(name, content, refused=words, patch=patch)


def kept(content: bytes | Callable[[], bytes], name: str = "deals.csv", **counts: Any) -> Case:
    return Case(name, content, **counts)


def one_bad_row(*rows: str) -> Case:
    """Rows that cannot be read at all."""
    return kept(text(*rows), read=GOOD + len(rows), quarantined=len(rows))


def one_bad_value(row: str) -> Case:
    """A row that stays, without one of its values."""
    return kept(text(row), read=GOOD + 1, loaded=GOOD + 1, values=1)


REASON = "Id,Amount,Closed,Won,Reason"


def with_reason(reason: str, **more: Any) -> Case:
    rows = [f"{row},x" for row in good()]
    return kept(
        text(f"X,1.00,2026-09-01,true,{reason}", header=REASON, rows=rows),
        read=GOOD + 1,
        loaded=GOOD + 1,
        **more,
    )


def amount_of(row: str, amount: float | None, **more: Any) -> Case:
    return kept(
        text(row),
        read=GOOD + 1,
        loaded=GOOD + 1,
        query="select amount from deal where deal = 'crm:X'",
        answer=amount,
        **more,
    )


DECLARED = ('decimal = "auto"', 'decimal = ","\nthousands = "."')
CASES = {
    # encodings and kinds of file
    "as it should be": kept(text()),
    "byte order mark": kept(b"\xef\xbb\xbf" + text()),
    "byte order mark before a quoted header": kept(
        b"\xef\xbb\xbf" + text(header='"Id","Amount","Closed","Won"')
    ),
    "utf-16 with mark": kept(text().decode().encode("utf-16")),
    "utf-16 big endian without mark": refused(
        text().decode().encode("utf-16-be"), r"deals\.csv", r"UTF-16|utf-16|NUL"
    ),
    "windows-1252": refused(
        text("Dß,1.00,2026-09-01,true").decode().encode("cp1252"), "line 52", "cp1252"
    ),
    "windows-1252 that the preset allows": kept(
        text("Dß,1.00,2026-09-01,true").decode().encode("cp1252"),
        read=GOOD + 1,
        loaded=GOOD + 1,
        patch=('encoding = ["utf-8"]', 'encoding = ["utf-8", "cp1252"]'),
        query="select count(*) from deal where deal = 'crm:Dß'",
        answer=1,
    ),
    "one bad byte": refused(text() + b"A\xff,1.00,2026-09-01,true\n", "0xff"),
    "no bytes": refused(b"", "is empty"),
    "blank lines": refused(b"\n\n\n", "no header"),
    "a header only": refused(f"{HEADER}\n".encode(), "no rows"),
    "a web page": refused(b"<!DOCTYPE html><html><body>Login</body></html>", "web page"),
    "an error as JSON": refused(b'{"error": "invalid session"}', r"JSON|no header|'Id'"),
    "a workbook named csv": refused(workbook, "Excel"),
    "an archive named csv": refused(lambda: archived(("deals.csv", text())), "ZIP"),
    "a PDF": refused(b"%PDF-1.7\n", "PDF"),
    "an old workbook": refused(b"\xd0\xcf\x11\xe0" + bytes(600), "old Excel", name="deals.xls"),
    "gzip": kept(lambda: gzip.compress(text()), name="deals.csv.gz"),
    "gzip cut off": refused(
        lambda: gzip.compress(text())[:-20],
        r"deals\.csv\.gz",
        "cut off|damaged|ends",
        name="deals.csv.gz",
    ),
    "gzip with another sum": refused(
        wrong_sum, r"deals\.csv\.gz", "damaged|check ?sum|CRC", name="deals.csv.gz"
    ),
    "gzip bomb": refused(
        lambda: gzip.compress(b"0" * 40_000_000),
        r"deals\.csv\.gz",
        "times",
        name="deals.csv.gz",
    ),
    "zip": kept(lambda: archived(("deals.csv", text())), name="deals.zip"),
    "encrypted zip": refused(encrypted, "password|encrypted", name="deals.zip"),
    "zip in a zip": refused(
        lambda: archived(("deals.zip", archived(("deals.csv", text())))),
        "archive",
        name="deals.zip",
    ),
    "zip that climbs out": refused(
        lambda: archived(("../deals.csv", text())), r"\.\./deals\.csv", name="deals.zip"
    ),
    "workbook": kept(workbook, name="deals.xlsx"),
    "workbook with an error cell": kept(
        lambda: workbook(("X", "=1/0", "2026-09-01", "true")),
        name="deals.xlsx",
        read=GOOD + 1,
        loaded=GOOD + 1,
        values=1,
    ),
    "workbook with an unknown sheet": refused(
        workbook,
        "Umsatz",
        "Deals",
        name="deals.xlsx",
        patch=("header_within = 10", 'header_within = 10\nsheet = "Umsatz"'),
    ),
    "brackets in the name": kept(text(), name="deals[1].csv"),
    "a quote and a star in the name": kept(text(), name="deals'*.csv"),
    # structure
    "windows line ends": kept(text(end="\r\n")),
    "old mac line ends": kept(text(end="\r")),
    "mixed line ends": kept(text().replace(b"\n", b"\r\n", 30)),
    "a column is missing": refused(text(header="Id,Amount,When,Won"), "'Closed'"),
    "a column has a near name": refused(text(header="Id,Amnt,Closed,Won"), "Amnt"),
    "columns in another order": kept(
        text(
            header="Won,Closed,Amount,Id",
            rows=[",".join(reversed(row.split(","))) for row in good()],
        ),
        query="select min(amount) from deal",
        answer=100.5,
    ),
    "a column more": kept(text(header=f"{HEADER},Note", rows=[f"{row},n" for row in good()])),
    "a header twice": refused(text(header="Id,Amount,Closed,Amount"), "more than once"),
    "an empty header name": kept(text(header=f"{HEADER},", rows=[f"{row}," for row in good()])),
    "another delimiter": kept(text().replace(b",", b"\t")),
    "a delimiter nobody named": refused(text().replace(b",", b"|"), r"\|"),
    "a field too few": one_bad_row("X,1.00,2026-09-01"),
    "a field too many": one_bad_row("X,1.00,2026-09-01,true,more"),
    "an empty field too many": one_bad_row("X,1.00,2026-09-01,true,"),
    "an empty field in between": one_bad_row("X,,1.00,2026-09-01,true"),
    "an unclosed quote": refused(text('X,"1.00,2026-09-01,true'), "line 52", "quote"),
    "a stray quote": one_bad_row('X,"1".00,2026-09-01,true'),
    "a stray quote in the header": refused(text(header='"Id"x,Amount,Closed,Won'), "header"),
    "a line break in a field": with_reason('"price\nand time"'),
    "delimiters in a field": with_reason('"price, time, need"'),
    "doubled quotes": with_reason('"so called ""price"""'),
    "a NUL byte": kept(text("X,1.\x0000,2026-09-01,true"), read=GOOD + 1, quarantined=1),
    "a report's title above the header": kept(b"Deals of 2026\nAs of 1 October\n\n" + text()),
    "a title too long": refused(b"title\n" * 20 + text(), "header|'Id'"),
    "a total row": kept(text() + b"Total,14950.00,,\n", read=GOOD + 1, total=1),
    "a total row in German": kept(text() + b"Summe: 100,14950.00,,\n", read=GOOD + 1, total=1),
    "a total row nobody named": kept(
        text() + b"Gesamtergebnis,,,\n",
        read=GOOD + 1,
        quarantined=0,
        loaded=GOOD + 1,
        query="select amount from deal where deal = 'crm:Gesamtergebnis'",
        answer=None,
    ),
    "two tables in one file": refused(text() + b"\n" + text(), "header"),
    "a comma at the end of every line": kept(
        text(header=f"{HEADER},", rows=[f"{row}," for row in good()])
    ),
    # values
    "dates that fit two orders": refused(
        text(rows=[f"D{n},1.50,0{n % 9 + 1}/04/2026,true" for n in range(GOOD)]),
        "'Closed'",
        "day",
        "date_format|date-format",
    ),
    "dates whose order one value proves": kept(
        text(
            "X,1.00,25/04/2026,true",
            rows=[f"D{n},1.50,0{n % 9 + 1}/04/2026,true" for n in range(GOOD)],
        ),
        read=GOOD + 1,
        loaded=GOOD + 1,
        query="select count(*) from deal where month(closed_at + interval 12 hour) = 4",
        answer=GOOD + 1,
    ),
    "dates that prove both orders": refused(
        text(
            "X,1.00,25/04/2026,true",
            "Y,1.00,04/25/2026,true",
            rows=[f"D{n},1.50,0{n % 9 + 1}/04/2026,true" for n in range(GOOD)],
        ),
        "'Closed'",
    ),
    "no such day": one_bad_value("X,1.00,2026-02-31,true"),
    "excel days as numbers": refused(
        text(rows=[f"D{n},1.50,{46084 + n},true" for n in range(GOOD)]), "'Closed'", "excel"
    ),
    "a thousands point or a decimal point": refused(
        text(rows=[f"D{n},1.{n:03d},2026-09-01,true" for n in range(GOOD)]), "'Amount'", "decimal"
    ),
    "a decimal comma, proved": kept(
        german(),
        query="select min(amount) from deal",
        answer=1000.5,
        patch=("header_within = 10", 'header_within = 10\ndate_format = "%d.%m.%Y"'),
    ),
    "both marks of decimals": refused(text('X,"1,50",2026-09-01,true'), "'Amount'", "decimal"),
    "not a number": amount_of("X,NaN,2026-09-01,true", None, values=1),
    "infinity": amount_of("X,inf,2026-09-01,true", None, values=1),
    "too large a number": amount_of("X,1e400,2026-09-01,true", None, values=1),
    "an error of a spreadsheet": amount_of("X,#DIV/0!,2026-09-01,true", None, values=1),
    "a word for missing": amount_of("X,N/A,2026-09-01,true", None),
    "a dash for missing": amount_of("X,--,2026-09-01,true", None),
    "a negative number": amount_of("X,-5.00,2026-09-01,true", -5.0),
    "neither true nor false": one_bad_value("X,1.00,2026-09-01,maybe"),
    "a year of two digits": one_bad_value("X,1.00,26-09-01,true"),
    "a year long gone": one_bad_value("X,1.00,0026-09-01,true"),
    "an hour that the clocks leave out": one_bad_value("X,1.00,2026-03-29 02:30:00,true"),
    "an hour that comes twice": kept(
        text("X,1.00,2025-10-26 02:30:00,true"),
        read=GOOD + 1,
        loaded=GOOD + 1,
        query="select strftime(closed_at, '%H:%M') from deal where deal = 'crm:X'",
        answer="00:30",
    ),
    "offsets of two kinds": kept(
        text("X,1.00,2026-09-01T10:00:00+02:00,true"),
        read=GOOD + 1,
        loaded=GOOD + 1,
        query="select strftime(closed_at, '%H:%M') from deal where deal = 'crm:X'",
        answer="08:00",
    ),
    "a probability above one": kept(
        text(
            "X,1.00,2026-09-01,true,1.5",
            header=f"{HEADER},Probability",
            rows=[f"{row},0.5" for row in good()],
        ),
        read=GOOD + 1,
        loaded=GOOD + 1,
        values=1,
    ),
    "an id that looks like a number": kept(
        text("0012E5,1.00,2026-09-01,true"),
        read=GOOD + 1,
        loaded=GOOD + 1,
        query="select count(*) from deal where deal = 'crm:0012E5'",
        answer=1,
    ),
    "spaces that are none": kept(
        text("\u00a0X\u200b ,1.00,2026-09-01,true"),
        read=GOOD + 1,
        loaded=GOOD + 1,
        query="select count(*) from deal where deal = 'crm:X'",
        answer=1,
    ),
    "letters in two pieces": kept(
        text("Mu\u0308ller,1.00,2026-09-01,true"),
        read=GOOD + 1,
        loaded=GOOD + 1,
        query="select count(*) from deal where deal = 'crm:M\u00fcller'",
        answer=1,
    ),
    "an id is missing": one_bad_row(",1.00,2026-09-01,true"),
    "an address in a text": with_reason(
        "call erika@example.org",
        values=1,
        query="select count(*) from quarantine where value like '%erika%'",
        answer=0,
    ),
    "a formula": with_reason(
        "=HYPERLINK(A1)",
        query="select lost_reason from deal where deal = 'crm:X'",
        answer="=HYPERLINK(A1)",
    ),
    "a script": with_reason("<script>alert(1)</script>"),
    "an end of a statement": with_reason("'; drop table deal; --"),
    "a very long field": with_reason("x" * 3_000_000),
    "more faults than agreed": refused(
        text(*[f"X{n},1.00,2026-02-31,true" for n in range(5)]),
        r"5 faults",
        "max_quarantined_share",
    ),
    # keys
    "a row twice": kept(
        text(good()[7]),
        read=GOOD + 1,
        duplicate=1,
    ),
    "an id with two amounts": refused(text("D007,1.00,2026-09-01,true"), "D007", "amount"),
    "a year from now": refused(text("X,1.00,2027-09-01,true"), "2027-09-01", "as-of"),
}


def test_the_corpus_is_large_enough() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", list(CASES.values()), ids=list(CASES))
def test_a_hostile_file_is_refused_with_words_or_counted(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "leads.csv").write_text("Id,Created\nL1,2026-09-01\n", encoding="utf-8")
    content = case.content if isinstance(case.content, bytes) else case.content()
    (folder / case.name).write_bytes(content)
    preset = tmp_path / "hostile.toml"
    assert case.patch[0] in PRESET
    preset.write_text(PRESET.replace(*case.patch) if case.patch[0] else PRESET, encoding="utf-8")
    agreement = tmp_path / "agreement.toml"
    agreement.write_text(THREE_STAGES, encoding="utf-8")
    database = tmp_path / "w.duckdb"

    def run() -> Any:
        return load(
            [folder], preset=preset, database=database, agreement=agreement, as_of=date(2026, 11, 1)
        )

    if case.refused:
        with pytest.raises(FunnelError, match=r".") as caught:
            run()
        message = str(caught.value)
        assert case.name.split(".")[0] in message
        for words in case.refused:
            assert re.search(words, message), message
        assert not database.exists()
        return
    run()
    with connect(database, read_only=True) as connection:
        ((*counts,),) = connection.execute(
            "select rows_read, rows_loaded, rows_quarantined, values_quarantined, rows_duplicate, "
            "rows_total from load_log where table_name = 'deal'"
        ).fetchall()
        assert counts == [
            case.read,
            case.loaded,
            case.quarantined,
            case.values,
            case.duplicate,
            case.total,
        ]
        assert connection.execute("select count(*) from deal").fetchall() == [(case.loaded,)]
        if case.query:
            assert connection.execute(case.query).fetchall() == [(case.answer,)]
