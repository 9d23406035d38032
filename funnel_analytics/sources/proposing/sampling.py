"""The first records of an export, read the way a load reads it but written nowhere."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import TextIO

from funnel_analytics.errors import CallError, SourceError
from funnel_analytics.sources.reading import Layout, Member, Wants, header_of, members
from funnel_analytics.sources.reading.containers import extracted
from funnel_analytics.sources.reading.delimited import Delimited
from funnel_analytics.sources.reading.encodings import codec_of
from funnel_analytics.sources.reading.kinds import kind_of
from funnel_analytics.sources.reading.model import FileKind
from funnel_analytics.sources.reading.objects import Objects
from funnel_analytics.sources.reading.parquet import Parquet
from funnel_analytics.sources.reading.workbook import Workbook
from funnel_analytics.warehouse import Connection, connect

__all__ = ["RECORDS", "Sample", "samples_of"]

RECORDS = 1000
"""How many records of a file are looked at."""
_DELIMITERS = (",", ";", "\t", "|")
_ENCODINGS = ("utf-8", "cp1252")
_ENDINGS = (
    ".csv",
    ".tsv",
    ".txt",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".xlsx",
    ".gz",
    ".zip",
)
_HEADER_WITHIN = 30
_LONGEST_FIELD = 16 * 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """The header of an export and its first records; `has_text` where its values are not typed."""

    name: str
    bare_name: str
    header: tuple[str, ...]
    records: tuple[tuple[str, ...], ...]
    delimiter: str
    encoding: str
    header_within: int
    has_text: bool


class _Enough(Exception):
    """As many records as are wanted have been read."""


class _Headers:
    """Asked with each line that may be a header, it takes none and remembers all."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []

    def columns(self, header: list[str]) -> list[str] | None:
        """None: no line is taken."""
        self.seen.append(list(header))
        return None

    def hashes(self, header: str) -> Callable[[str], str | None] | None:
        """Never asked, as no line is taken."""
        return None


class _OneHeader:
    """Takes every named column of one header, as it is: nothing of it is written to a file."""

    def __init__(self, header: list[str]) -> None:
        self._header = header

    def columns(self, header: list[str]) -> list[str] | None:
        """Every named column of the one header."""
        return [name for name in header if name] if header == self._header else None

    def hashes(self, header: str) -> Callable[[str], str | None] | None:
        """Nothing is hashed: the values stay in memory."""
        return None


class _FirstRecords(io.StringIO):
    """Takes as many records as are wanted, and no more than it is handed with them."""

    def __init__(self) -> None:
        super().__init__(newline="")
        self._ends = 0

    def write(self, text: str, /) -> int:
        """Take one or more records."""
        if self._ends >= RECORDS:
            raise _Enough
        self._ends += text.count("\n")
        return super().write(text)


def samples_of(path: Path) -> tuple[list[Sample], list[str]]:
    """A sample of each export at a path, and why files of a folder are none.

    The path is a file, a folder or a zip archive. In a folder anything may lie; a file that is
    named must be an export.

    Raises
    ------
    CallError
        There is nothing at the path, or it cannot be read.
    SourceError
        A file is empty, encrypted, damaged or no table.
    """
    if path.is_dir():
        inside = sorted(each for each in path.iterdir() if each.is_file())
        files = [each for each in inside if each.suffix.lower() in _ENDINGS]
        samples, unread = [], []
        for each in files:
            try:
                samples += samples_of(each)[0]
            except SourceError as error:
                unread.append(str(error))
        return samples, unread
    if not path.is_file():
        raise CallError(f"{path}: there is no such file.")
    with connect(":memory:", read_only=False) as connection:
        return [_sample(member, connection) for member in members(path)], []


def _sample(member: Member, connection: Connection) -> Sample:
    kind = kind_of(member)
    encoding = codec_of(member, _ENCODINGS) if kind in ("csv", "json") else "utf-8"
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "copy"
        delimiter, place, header = _likeliest(member, scratch, connection, kind, encoding)
        layout = Layout(
            (delimiter,) if delimiter else (",",), (encoding,), header_within=_HEADER_WITHIN
        )
        sink = _FirstRecords()
        with suppress(_Enough):
            _copy(member, kind, sink, scratch, layout, _OneHeader(header), connection)
    names = tuple(name for name in header if name)
    csv.field_size_limit(_LONGEST_FIELD)
    copied = islice(csv.reader(io.StringIO(sink.getvalue(), newline="")), RECORDS)
    records = tuple(tuple(row[1:]) for row in copied)
    bare = PurePosixPath(member.own_name.removesuffix(".gz")).stem
    return Sample(
        member.name,
        bare,
        names,
        records,
        delimiter,
        encoding if encoding == "cp1252" else "",
        min(place + 1, _HEADER_WITHIN),
        has_text=kind == "csv",
    )


def _copy(
    member: Member,
    kind: FileKind,
    sink: TextIO,
    scratch: Path,
    layout: Layout,
    wants: Wants,
    connection: Connection,
) -> None:
    """Read into memory what `read_member` would read into a file."""
    if kind == "csv":
        Delimited(member, layout).copy(sink, wants)
    elif kind == "json":
        Objects(member, layout).copy(sink, wants)
    else:
        with extracted(member, scratch) as path:
            if kind == "xlsx":
                Workbook(path, member.name, layout).copy(sink, wants)
            else:
                Parquet(path, member.name, connection).copy(sink, wants)


def _likeliest(
    member: Member, scratch: Path, connection: Connection, kind: FileKind, encoding: str
) -> tuple[str, int, list[str]]:
    """The delimiter, place and names of the line that looks most like a header."""
    found: list[tuple[float, int, str, list[str]]] = []
    fault: SourceError | None = None
    for delimiter in _DELIMITERS if kind == "csv" else ("",):
        layout = Layout((delimiter or ",",), (encoding,), header_within=_HEADER_WITHIN)
        headers = _Headers()
        try:
            header_of(member, scratch, layout=layout, wants=headers, connection=connection)
        except SourceError as error:
            fault = error
        found += [
            (-_header_likeness(names), place, delimiter, names)
            for place, names in enumerate(headers.seen)
        ]
    if not found:
        raise fault or SourceError(f"{member.name} has no header.")
    _, place, delimiter, names = min(found, key=lambda each: each[:3])
    return delimiter, place, names


def _header_likeness(names: list[str]) -> float:
    """How many names a line could hold; less if some are missing, repeated or no words."""
    named = [name for name in names if any(letter.isalpha() for letter in name)]
    is_whole = len(set(names)) == len(names) and len(named) >= 0.9 * len(names)
    return len(named) if is_whole else len(set(named)) / 2
