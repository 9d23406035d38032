"""Reads export files record by record: encoding, header, field counts, line numbers.

Nothing is sniffed. Every record ends up either in a clean copy, which the engine reads back as
text, or in the list of rejected records with its line and reason.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from funnel_analytics.errors import CallError, SourceError

__all__ = ["CleanCopy", "Rejected", "clean_copy", "sha256_of"]

_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; unpack it or save it as CSV",
    b"\x1f\x8b": "gzip-compressed; unpack it first",
    b"PAR1": "a Parquet file; export it as CSV",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV",
}
_LONGEST_FIELD = 16 * 1024 * 1024


@dataclass(frozen=True)
class Rejected:
    """One record that cannot be read: where it begins and why. Its text may name people: it is
    not kept."""

    line: int
    reason: str


@dataclass
class CleanCopy:
    """What came of reading a file: its header, its records and those that were rejected."""

    header: list[str]
    records: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def read(self) -> int:
        """All records of the file, good and rejected."""
        return self.records + len(self.rejected)


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}.") from error


def clean_copy(
    path: Path, target: Path, *, encoding: str, delimiter: str, skip_rows: int
) -> CleanCopy:
    """Copy the good records of a file to `target`: UTF-8, every field quoted, line number first.

    Raises
    ------
    SourceError
        The file is empty, is not text in the stated encoding, or its header is unusable.
    """
    _refuse_other_kinds(path)
    csv.field_size_limit(_LONGEST_FIELD)
    with (
        path.open("r", encoding=_codec(path, encoding), newline="") as source,
        target.open("w", encoding="utf-8", newline="") as sink,
    ):
        try:
            return _copy(path, _lines(source, skip_rows), sink, delimiter, skip_rows)
        except UnicodeDecodeError as error:
            raise SourceError(_undecodable(path, encoding, error)) from error


def _copy(
    path: Path, lines: Iterator[str], sink: io.TextIOBase, delimiter: str, skipped: int
) -> CleanCopy:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n")
    copy = CleanCopy(_header(path, reader, delimiter))
    width = len(copy.header)
    before = reader.line_num
    while True:
        first = before + skipped + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            if reader.line_num - before > 1:
                raise SourceError(
                    f"{path.name}: a quote opened in the record of line {first} swallows the lines "
                    f"up to {reader.line_num + skipped} ({error}). Repair the quote and load again."
                ) from error
            copy.rejected.append(Rejected(first, f"the record cannot be read: {error}"))
            before = reader.line_num
            continue
        spans = reader.line_num - before
        before = reader.line_num
        if record is None:
            return copy
        if not record:
            continue
        if spans > 1 and _swallows_records(record, delimiter, width):
            raise SourceError(
                f"{path.name}: a quote in the record of line {first} takes the next {spans - 1} "
                "lines for one text, but they look like records. Repair it and load again."
            )
        if len(record) != width:
            reason = f"{len(record)} fields where the header has {width}"
        elif any("\0" in value for value in record):
            reason = "a NUL byte in a field"
        else:
            copy.records += 1
            writer.writerow([first, *record])
            continue
        copy.rejected.append(Rejected(first, reason))


def _swallows_records(record: list[str], delimiter: str, width: int) -> bool:
    """Does a field hold lines that have as many fields as a record of their own?"""
    least = max(width - 1, 1)
    return any(
        line.count(delimiter) >= least
        for value in record
        if "\n" in value or "\r" in value
        for line in value.splitlines()[1:]
    )


def _header(path: Path, reader: Iterator[list[str]], delimiter: str) -> list[str]:
    try:
        header = [name.strip() for name in next((row for row in reader if row), [])]
    except csv.Error as error:
        raise SourceError(f"{path.name}: the header cannot be read: {error}.") from error
    if not header:
        raise SourceError(f"{path.name} has no header: it holds blank lines only.")
    if len(header) == 1:
        other = [each for each in (";", ",", "\t", "|") if each in header[0] and each != delimiter]
        if other:
            raise SourceError(
                f"{path.name}: with the delimiter {delimiter!r} the header is one single field. "
                f"The file seems to use {other[0]!r}; set delimiter in the preset."
            )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise SourceError(
            f"{path.name}: the header names {', '.join(repr(each) for each in twice)} "
            "more than once. Rename the columns in the export."
        )
    return header


def _lines(source: io.TextIOBase, skip_rows: int) -> Iterator[str]:
    for number, line in enumerate(source):
        if number >= skip_rows:
            yield line


def _refuse_other_kinds(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}.") from error
    if not start:
        raise SourceError(f"{path.name} is empty (0 bytes). Export it again.")
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            raise SourceError(f"{path.name} is {kind}.")
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise SourceError(
            f"{path.name} is a web page, not a table. Was the session expired when it was exported?"
        )


def _codec(path: Path, encoding: str) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        "".encode(encoding)
    except LookupError as error:
        raise CallError(f"{path.name}: there is no encoding '{encoding}'.") from error
    return encoding


def _undecodable(path: Path, encoding: str, error: UnicodeDecodeError) -> str:
    """Name the line and the byte that the encoding does not know."""
    bad = error.object[error.start : error.start + 1]
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as fault:
                bad = line[fault.start : fault.start + 1]
                place = f"line {number}, byte {fault.start + 1}"
                break
        else:
            place = "a place across lines"
    advice = "cp1252" if encoding.startswith("utf-8") else "utf-8"
    return (
        f"{path.name}: {place} (0x{bad.hex()}) is not {encoding}. "
        f'Set encoding = "{advice}" for this file in the preset, or export as UTF-8.'
    )
