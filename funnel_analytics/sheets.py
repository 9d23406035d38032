"""Cells of a workbook: what is text stays text, nothing is computed in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from funnel_analytics.escaping import is_active_cell

__all__ = [
    "book_at",
    "cell_formats",
    "set_widths",
    "sheet_names",
    "write_answer",
    "write_lines",
    "write_table",
    "write_text",
]

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_TEXT = 32_767
_LONGEST_NAME = 31
_WIDEST = 40
_MOST_LINKS = 65_530
_LONGEST_LINK = 2_079
_UNDATED = datetime(2000, 1, 1)
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


def book_at(path: Path, *, title: str, as_of: str | None) -> Any:
    """A new workbook, to be used in a `with`; it is dated by its data, so equal ones are equal."""
    import xlsxwriter

    created = datetime.fromisoformat(as_of) if as_of else _UNDATED
    book = xlsxwriter.Workbook(str(path), _OPTIONS)
    book.set_properties({"title": title, "created": created.replace(tzinfo=None)})
    return book


def cell_formats(book: Any) -> dict[str, Any]:
    """The formats of a workbook by name."""
    return {
        "bold": book.add_format({"bold": True}),
        "inert": book.add_format({"quote_prefix": True}),
        "header": book.add_format({"bold": True, "bottom": 1, "text_wrap": False}),
        "share": book.add_format({"num_format": "0.0%"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "whole": book.add_format({"num_format": "#,##0"}),
        "number": book.add_format({"num_format": "#,##0.00"}),
    }


def write_answer(
    path: Path, *, record: Mapping[str, Any], described: Sequence[tuple[str, Any]]
) -> None:
    """One answer: its table, ready to filter; then what it means; then its further tables."""
    with book_at(path, title=record["metric"], as_of=record["as_of"]) as book:
        formats = cell_formats(book)
        parts: Mapping[str, Any] = record.get("parts", {})
        names = sheet_names([record["metric"], *parts], taken=["definition"])
        tables = dict(zip(names, [record["rows"], *parts.values()], strict=True))
        for name, rows in tables.items():
            sheet, widths = book.add_worksheet(name), dict[int, int]()
            after = write_table(sheet, 0, rows, record["units"], formats, widths)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(after - 1, 1), max(len(widths) - 1, 0))
            set_widths(sheet, widths)
            if name == names[0]:
                meaning = book.add_worksheet("definition")
                meaning.set_column(0, 0, 28)
                meaning.set_column(1, 1, 100)
                write_lines(meaning, 0, described, formats)


def write_lines(
    sheet: Any, row: int, lines: Sequence[tuple[str, Any]], formats: Mapping[str, Any]
) -> int:
    """Names and values below each other; returns the row after them."""
    for name, value in lines:
        write_text(sheet, row, 0, name, formats)
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        write_text(sheet, row, 1, "" if value is None else shown, formats)
        row += 1
    return row


def write_table(
    sheet: Any,
    row: int,
    rows: Sequence[Mapping[str, Any]],
    units: Mapping[str, str],
    formats: Mapping[str, Any],
    widths: dict[int, int],
) -> int:
    """A heading and rows, by their units; returns the row after them, and widens `widths`."""
    columns = list(rows[0]) if rows else list(units)
    for place, column in enumerate(columns):
        sheet.write_string(row, place, _text(column), formats["header"])
        widths[place] = max(widths.get(place, 0), len(column))
    for each in rows:
        row += 1
        for place, column in enumerate(columns):
            value = each.get(column)
            _cell(sheet, row, place, value, units.get(column, ""), formats)
            if isinstance(value, str):
                widths[place] = max(widths[place], len(value))
    return row + 1


def _cell(
    sheet: Any, row: int, place: int, value: Any, unit: str, formats: Mapping[str, Any]
) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, (int, float)):
        kind = (
            "share"
            if unit in ("share", "probability")
            else "whole"
            if isinstance(value, int)
            else "number"
        )
        sheet.write_number(row, place, value, formats[kind])
    elif isinstance(value, str) and _DAY.fullmatch(value):
        sheet.write_datetime(row, place, date.fromisoformat(value), formats["day"])
    elif unit == "link" and isinstance(value, str) and _can_open(value, row):
        sheet.write_url(row, place, value, string=_text(value))
    else:
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        write_text(sheet, row, place, shown, formats)


def _can_open(link: str, row: int) -> bool:
    """Is a text an address of the web, and one of as many as a sheet of Excel can open?"""
    return (
        link.startswith(("https://", "http://"))
        and len(link) <= _LONGEST_LINK
        and row <= _MOST_LINKS
    )


def write_text(
    sheet: Any,
    row: int,
    place: int,
    text: str,
    formats: Mapping[str, Any],
    style: str | None = None,
) -> None:
    """A text that stays text: also when the cell is edited, or the sheet is saved as CSV."""
    cell = _text(text)
    kept = "inert" if is_active_cell(cell) else style
    sheet.write_string(row, place, cell, formats[kept] if kept else None)


def set_widths(sheet: Any, widths: Mapping[int, int]) -> None:
    """Columns as wide as their longest text, up to a limit."""
    for column, width in widths.items():
        sheet.set_column(column, column, min(width, _WIDEST) + 2)


def _text(text: str) -> str:
    kept = _CONTROL.sub("", text)
    return kept if len(kept) <= _LONGEST_TEXT else kept[: _LONGEST_TEXT - 1] + "…"


def sheet_names(wanted: Sequence[str], *, taken: Sequence[str] = ()) -> list[str]:
    """Allowed, short and unique names of sheets; `history` is a name that Excel keeps."""
    used = {"history", *taken}
    names: list[str] = []
    for each in wanted:
        base = _FORBIDDEN.sub("_", each).strip("'") or "result"
        name, number = base[:_LONGEST_NAME], 1
        while name.casefold() in used:
            number += 1
            name = f"{base[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
        used.add(name.casefold())
        names.append(name)
    return names
