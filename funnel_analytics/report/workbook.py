"""The results of a report as a workbook: what is text stays text, nothing is computed in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from funnel_analytics.escaping import is_active_cell

__all__ = ["write_workbook"]

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LONGEST_TEXT = 32_767
_LONGEST_NAME = 31
_WIDEST = 40
_UNDATED = datetime(2000, 1, 1)
_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}


def write_workbook(path: Path, *, title: str, record: Mapping[str, Any]) -> None:
    """One sheet per result of a run, after a first sheet that lists them.

    A sheet says what the result means, its parameters and its as-of; then its table, then its
    further tables. Missing values are empty cells. Two equal records give equal files.
    """
    import xlsxwriter

    results = record["results"]
    created = datetime.fromisoformat(record["as_of"]) if record["as_of"] else _UNDATED
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        book.set_properties({"title": title, "created": created.replace(tzinfo=None)})
        formats = {
            "bold": book.add_format({"bold": True}),
            "inert": book.add_format({"quote_prefix": True}),
            "header": book.add_format({"bold": True, "bottom": 1, "text_wrap": False}),
            "share": book.add_format({"num_format": "0.0%"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "whole": book.add_format({"num_format": "#,##0"}),
            "number": book.add_format({"num_format": "#,##0.00"}),
        }
        names = _sheet_names([each["metric"] for each in results])
        _contents(book, title, record, names, formats)
        for name, result in zip(names, results, strict=True):
            _sheet(book.add_worksheet(name), result, formats)


def _contents(
    book: Any,
    title: str,
    record: Mapping[str, Any],
    names: Sequence[str],
    formats: Mapping[str, Any],
) -> None:
    sheet = book.add_worksheet("contents")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 100)
    sheet.write_string(0, 0, _text(title), formats["bold"])
    lines = [("as_of", record["as_of"]), *record["parameters"].items()]
    row = _lines(sheet, 1, lines, formats) + 1
    for column, text in enumerate(("sheet", "definition")):
        sheet.write_string(row, column, text, formats["header"])
    for name, result in zip(names, record["results"], strict=True):
        row += 1
        _write(sheet, row, 0, name, formats)
        _write(sheet, row, 1, result.get("definition", ""), formats)


def _sheet(sheet: Any, result: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
    sheet.write_string(0, 0, _text(result["metric"]), formats["bold"])
    lines = [
        ("definition", result.get("definition")),
        ("grain", result.get("grain")),
        ("as_of (UTC)", result.get("as_of")),
        *((f"parameter {name}", value) for name, value in result.get("parameters", {}).items()),
    ]
    row = _lines(sheet, 1, lines, formats) + 1
    units = result.get("units", {})
    widths: dict[int, int] = {}
    row = _table(sheet, row, result.get("rows", ()), units, formats, widths)
    for name, rows in result.get("parts", {}).items():
        sheet.write_string(row + 1, 0, _text(name), formats["bold"])
        row = _table(sheet, row + 2, rows, units, formats, widths)
    for column, width in widths.items():
        sheet.set_column(column, column, min(width, _WIDEST) + 2)


def _lines(
    sheet: Any, row: int, lines: Sequence[tuple[str, Any]], formats: Mapping[str, Any]
) -> int:
    for name, value in lines:
        _write(sheet, row, 0, name, formats)
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        _write(sheet, row, 1, "" if value is None else shown, formats)
        row += 1
    return row


def _table(
    sheet: Any,
    row: int,
    rows: Sequence[Mapping[str, Any]],
    units: Mapping[str, str],
    formats: Mapping[str, Any],
    widths: dict[int, int],
) -> int:
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
    else:
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        _write(sheet, row, place, shown, formats)


def _write(sheet: Any, row: int, place: int, text: str, formats: Mapping[str, Any]) -> None:
    """A text that stays text: also when the cell is edited, or the sheet is saved as CSV."""
    cell = _text(text)
    if is_active_cell(cell):
        sheet.write_string(row, place, cell, formats["inert"])
    else:
        sheet.write_string(row, place, cell)


def _text(text: str) -> str:
    kept = _CONTROL.sub("", text)
    return kept if len(kept) <= _LONGEST_TEXT else kept[: _LONGEST_TEXT - 1] + "…"


def _sheet_names(metrics: Sequence[str]) -> list[str]:
    taken = {"contents", "history"}
    names: list[str] = []
    for metric in metrics:
        base = _FORBIDDEN.sub("_", metric).strip("'") or "result"
        name, number = base[:_LONGEST_NAME], 1
        while name.casefold() in taken:
            number += 1
            name = f"{base[: _LONGEST_NAME - len(str(number)) - 1]} {number}"
        taken.add(name.casefold())
        names.append(name)
    return names
