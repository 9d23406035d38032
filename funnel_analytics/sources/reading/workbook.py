"""Reads one sheet of an Excel workbook: its typed cells, its errors, its faults."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, TextIO
from xml.parsers import expat

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from funnel_analytics.errors import CallError, SourceError, did_you_mean
from funnel_analytics.sources.reading.containers import open_archive, refuse_bomb, worded_faults
from funnel_analytics.sources.reading.copying import Copier
from funnel_analytics.sources.reading.heading import Heading, find_heading, stated_at
from funnel_analytics.sources.reading.model import (
    TYPED,
    CleanCopy,
    HeaderError,
    Layout,
    Wants,
)
from funnel_analytics.sources.reading.values import CELL_TEXT, ControlCharacter

__all__ = ["Workbook"]

_MOST_CELLS = 60_000_000  # some 2 GB of memory
_BATCH = 1000
_BUFFER = 1024 * 1024
_COLUMN = re.compile(rb'<(?:\w+:)?c\b[^>]*?\sr="([A-Z]{1,3})\d+"[^>]*(?<!/)>')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^>]*?\sr="(\d+)"')
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\st="e")[^>]*?\sr="([A-Z]{1,3})(\d+)"[^>]*>'
    rb"(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>([^<]*)<",
    re.DOTALL,
)
_NOT_CALCULATED = re.compile(
    rb'<(?:\w+:)?c\b[^>]*?\sr="([A-Z]{1,3}\d+)"[^>]*>\s*<(?:\w+:)?f\b[^>]*'
    rb"(?:/>|>[^<]*</(?:\w+:)?f>)\s*</(?:\w+:)?c>"
)
_ROW_END = re.compile(rb"</(?:\w+:)?row>")


@dataclass
class _Survey:
    """What a look at a sheet's XML found that its cells do not show."""

    rows: int = 0
    columns: int = 0
    errors: dict[int, dict[int, str]] = field(default_factory=dict)
    not_calculated: list[str] = field(default_factory=list)


class Workbook:
    """One workbook, already unpacked."""

    def __init__(self, path: Path, name: str, layout: Layout) -> None:
        self._path = path
        self._name = name
        self._layout = layout
        self._archive_sheets = self._look_around()
        with self._worded():
            self._book: CalamineWorkbook = load_workbook(path)
        self._sheets = [
            each.name
            for each in self._book.sheets_metadata
            if each.typ == SheetTypeEnum.WorkSheet and each.visible == SheetVisibleEnum.Visible
        ]

    def heading(self, wants: Wants) -> Heading:
        """The header alone."""
        return self._chosen(wants).heading

    def copy(self, sink: TextIO, wants: Wants) -> CleanCopy:
        """Copy every good record of the sheet to `sink`."""
        chosen = self._chosen(wants)
        if chosen.survey.not_calculated:
            first = chosen.survey.not_calculated[0]
            raise SourceError(
                f"{self._name}, sheet '{chosen.name}': {len(chosen.survey.not_calculated)} "
                f"formulas were never calculated (first: {first}), so their values are not in the "
                "file. Open it in Excel, save it, and load it again."
            )
        chosen.refuse_merged(self._name)
        copier = Copier(self._name, chosen.heading, self._layout, wants, sink)
        copy = copier.copy
        copy.kind, copy.sheet = "xlsx", chosen.name
        copy.stated_at = _stated(chosen.rows_above(), self._layout.stated_at)
        rows = chosen.rows_after()
        while batch := list(islice(rows, _BATCH)):
            records, lines = [], []
            for line, row in batch:
                try:
                    record = [CELL_TEXT[type(cell)](cell) for cell in row]
                except ControlCharacter:
                    copier.reject(line, "a control character in a field")
                    continue
                if any(record):
                    records.append(record)
                    lines.append(line)
            copier.take(records, lines)
        return copy

    def _chosen(self, wants: Wants) -> _Sheet:
        """The sheet that the layout names, else the only one with such a header."""
        wanted = self._layout.sheet
        if wanted and wanted not in self._book.sheet_names:
            raise SourceError(
                f"{self._name} has no sheet '{wanted}'.{did_you_mean(wanted, self._sheets)} "
                f"It has: {', '.join(self._sheets)}."
            )
        names = [wanted] if wanted else self._sheets
        if not names:
            raise SourceError(f"{self._name} has no visible sheet with cells.")
        found: list[_Sheet] = []
        faults: list[SourceError] = []
        for name in names:
            try:
                found.append(self._sheet(name, wants))
            except SourceError as error:
                faults.append(error)
        if len(found) > 1:
            both = " and ".join(f"'{each.name}'" for each in found)
            raise SourceError(
                f"{self._name}: the sheets {both} both have such a header. Name one as sheet in "
                "the preset."
            )
        if not found:
            raise next((each for each in faults if isinstance(each, HeaderError)), faults[0])
        return found[0]

    def _sheet(self, name: str, wants: Wants) -> _Sheet:
        survey = self._survey(name)
        cells = survey.rows * survey.columns
        if cells > _MOST_CELLS:
            raise SourceError(
                f"{self._name}, sheet '{name}': its cells span {survey.rows:,} rows and "
                f"{survey.columns:,} columns, {cells:,} cells; up to {_MOST_CELLS:,} are read. "
                "Remove what stands far off, or save the sheet as CSV."
            )
        with self._worded():
            sheet = self._book.get_sheet_by_name(name)
        found = _Sheet(name, sheet, survey)
        found.find_heading(self._name, self._layout, wants)
        return found

    def _look_around(self) -> dict[str, str]:
        """Refuse bombs; find the XML of each sheet by its name."""
        with open_archive(self._path, self._name) as archive, worded_faults(self._name):
            entries = archive.infolist()
            refuse_bomb(
                self._name,
                sum(each.compress_size for each in entries),
                sum(each.file_size for each in entries),
            )
            if any(each.flag_bits & 0x1 for each in entries):
                raise SourceError(f"{self._name} is encrypted with a password.")
            try:
                return _sheet_files(archive)
            except (KeyError, ElementTree.ParseError) as error:
                raise SourceError(f"{self._name} is no whole Excel workbook: {error}.") from error

    def _survey(self, name: str) -> _Survey:
        survey = _Survey()
        place = self._archive_sheets.get(name)
        with (
            open_archive(self._path, self._name) as archive,
            worded_faults(self._name),
            self._worded(),
        ):
            if place not in archive.namelist():
                return survey
            with archive.open(str(place)) as file:
                rest = b""
                parser = expat.ParserCreate()  # the reader of cells passes over broken XML
                while data := file.read(_BUFFER):
                    parser.Parse(data, False)
                    rest = _survey_rows(survey, rest + data)
                parser.Parse(b"", True)
                _survey_rows(survey, rest + b"</row>")
        return survey

    def _worded(self) -> _Worded:
        return _Worded(self._name)


class _Worded:
    """Words the faults that the reader of workbooks finds."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, (CalamineError, expat.ExpatError)):
            raise SourceError(f"{self._name} is no whole Excel workbook: {error}.") from error
        if isinstance(error, OSError):
            raise CallError(f"{self._name} cannot be read: {error.strerror}.") from error


class _Sheet:
    """The rows of one sheet, with its errors put back, and its header."""

    heading: Heading

    def __init__(self, name: str, sheet: CalamineSheet, survey: _Survey) -> None:
        self.name = name
        self.survey = survey
        self._sheet = sheet
        self._left = sheet.start[1] if sheet.start else 0
        self._held: list[list[Any]] = []
        self._rows = self._patched()

    def find_heading(self, name: str, layout: Layout, wants: Wants) -> None:
        """Find the header among the first rows."""
        for _ in islice(self._rows, layout.skip_rows):
            self._held.append([])
        shown = f"{name}, sheet '{self.name}'"
        single = Layout(("",), header_within=layout.header_within)
        self.heading = find_heading(shown, self._record_at, self._is_blank, single, wants)

    def rows_above(self) -> list[list[Any]]:
        """The rows above the header."""
        return self._held[: self.heading.place]

    def rows_after(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows after the header with their numbers."""
        yield from enumerate(self._rows, start=len(self._held) + 1)

    def refuse_merged(self, name: str) -> None:
        """Refuse cells merged over several records: all but the first would lack the value."""
        wanted = {self.heading.names.index(each) + self._left for each in self.heading.kept}
        for (top, left), (bottom, right) in self._sheet.merged_cell_ranges or []:
            if bottom > top and bottom > self.heading.place and wanted & {*range(left, right + 1)}:
                place = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
                raise SourceError(
                    f"{name}, sheet '{self.name}': the cells {place} are merged, so only the first "
                    "row has their value. Unmerge them, fill every row, and load again."
                )

    def _patched(self) -> Iterator[list[Any]]:
        errors = self.survey.errors
        for number, row in enumerate(self._sheet.iter_rows()):
            for column, text in errors.get(number, {}).items():
                if 0 <= column - self._left < len(row):
                    row[column - self._left] = text
            yield row

    def _hold(self, place: int) -> bool:
        while len(self._held) <= place:
            row = next(self._rows, None)
            if row is None:
                return False
            self._held.append(row)
        return True

    def _is_blank(self, place: int) -> bool | None:
        if not self._hold(place):
            return None
        return not any(cell != "" for cell in self._held[place])

    def _record_at(self, place: int, _: str) -> tuple[list[str], int]:
        return [_shown(cell) for cell in self._held[place]], place + 1


def _shown(cell: Any) -> str:
    if isinstance(cell, str):
        return cell.lstrip("\0\1\2\3")
    return CELL_TEXT[type(cell)](cell).removeprefix(TYPED)


def _stated(rows: list[list[Any]], forms: tuple[str, ...]) -> datetime | None:
    """The instant stated above the header, as text or as a typed cell beside its label."""
    found = stated_at((" ".join(filter(None, map(_shown, row))) for row in rows), forms)
    if found is not None:
        return found
    labels = {form.partition("%")[0].strip(" :").casefold() for form in forms} - {""}
    for row in rows:
        cells = [cell for cell in row if cell != ""]
        for label, cell in pairwise(cells):
            if str(label).strip(" :").casefold() in labels and isinstance(cell, date):
                if isinstance(cell, datetime):
                    return cell
                return datetime(cell.year, cell.month, cell.day)
    return None


def _survey_rows(survey: _Survey, xml: bytes) -> bytes:
    """Take in the whole rows of a piece of XML; the rest is handed back."""
    end = 0
    for found in _ROW_END.finditer(xml):
        end = found.end()
    if not end:
        if len(xml) > 64 * _BUFFER:
            raise zipfile.BadZipFile("a row of a sheet is endless")
        return xml
    piece = xml[:end]
    if rows := _ROW.findall(piece):
        survey.rows = max(survey.rows, int(rows[-1]))
    widest = max(set(_COLUMN.findall(piece)), key=lambda each: (len(each), each), default=b"")
    survey.columns = max(survey.columns, _number(widest))
    for letters, row, text in _ERROR.findall(piece) if b't="e"' in piece else ():
        errors = survey.errors.setdefault(int(row) - 1, {})
        errors[_number(letters) - 1] = text.decode("utf-8", "replace")
    if b"<f" in piece or b":f" in piece:
        survey.not_calculated += [each.decode() for each in _NOT_CALCULATED.findall(piece)]
    return xml[end:]


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(column: int) -> str:
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _sheet_files(archive: zipfile.ZipFile) -> dict[str, str]:
    """Each sheet's name with the place of its XML."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {each.get("Id"): each.get("Target", "") for each in relations}
    files = {}
    for sheet in book.iter():
        if sheet.tag.rpartition("}")[2] != "sheet":
            continue
        identity = next((text for key, text in sheet.items() if key.endswith("}id")), None)
        target = targets.get(identity, "")
        files[sheet.get("name", "")] = (
            target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        )
    return files
