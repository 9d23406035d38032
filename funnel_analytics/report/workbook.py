"""The results of a report as a workbook: what is text stays text, nothing is computed in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from funnel_analytics.sheets import (
    book_at,
    cell_formats,
    set_widths,
    sheet_names,
    write_lines,
    write_table,
    write_text,
)

__all__ = ["write_workbook"]


def write_workbook(path: Path, *, title: str, record: Mapping[str, Any]) -> None:
    """One sheet per result of a run, after a first sheet that lists them.

    A sheet says what the result means, its parameters and its as-of; then its table, then its
    further tables. Missing values are empty cells. Two equal records give equal files.
    """
    results = record["results"]
    with book_at(path, title=title, as_of=record["as_of"]) as book:
        formats = cell_formats(book)
        names = sheet_names([each["metric"] for each in results], taken=["contents"])
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
    write_text(sheet, 0, 0, title, formats, "bold")
    lines = [("as_of", record["as_of"]), *record["parameters"].items()]
    row = write_lines(sheet, 1, lines, formats) + 1
    for column, text in enumerate(("sheet", "definition")):
        sheet.write_string(row, column, text, formats["header"])
    for name, result in zip(names, record["results"], strict=True):
        row += 1
        write_text(sheet, row, 0, name, formats)
        write_text(sheet, row, 1, result.get("definition", ""), formats)


def _sheet(sheet: Any, result: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
    write_text(sheet, 0, 0, result["metric"], formats, "bold")
    lines = [
        ("definition", result.get("definition")),
        ("grain", result.get("grain")),
        ("as_of (UTC)", result.get("as_of")),
        *((f"parameter {name}", value) for name, value in result.get("parameters", {}).items()),
    ]
    row = write_lines(sheet, 1, lines, formats) + 1
    units = result.get("units", {})
    widths: dict[int, int] = {}
    row = write_table(sheet, row, result.get("rows", ()), units, formats, widths)
    for name, rows in result.get("parts", {}).items():
        write_text(sheet, row + 1, 0, name, formats, "bold")
        row = write_table(sheet, row + 2, rows, units, formats, widths)
    set_widths(sheet, widths)
