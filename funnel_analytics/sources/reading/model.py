"""What reading takes and gives: a member of an export, its layout, the clean copy made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from funnel_analytics.errors import SourceError

__all__ = [
    "TYPED",
    "CleanCopy",
    "Explains",
    "FileKind",
    "Hasher",
    "HeaderError",
    "Layout",
    "Member",
    "Rejected",
    "Total",
    "Wants",
]

TYPED = "\x02"
"""Begins a field that was no text in the export but a number, a day or an instant: `1234.5`,
`2026-10-01`, `2026-10-01 08:00:00`, with `+00:00` after it where the type has a zone."""

Hasher = Callable[[str], str | None]
FileKind = Literal["csv", "xlsx", "parquet", "json"]


@dataclass(frozen=True)
class Layout:
    """How a file may be laid out; several delimiters or encodings are alternatives."""

    delimiters: tuple[str, ...] = (",",)
    encodings: tuple[str, ...] = ("utf-8",)
    skip_rows: int = 0
    header_within: int = 1
    totals: tuple[str, ...] = ()
    stated_at: tuple[str, ...] = ()
    sheet: str = ""
    records: str = ""


@dataclass(frozen=True)
class Member:
    """One file to read: a file of its own, or the file `inner` of the zip archive `path`."""

    path: Path
    inner: str = ""

    @property
    def name(self) -> str:
        """How messages name it: `export.zip/Lead.csv`."""
        return f"{self.path.name}/{self.inner}" if self.inner else self.path.name

    @property
    def own_name(self) -> str:
        """The file's own name, without the archive and folders around it: `Lead.csv`."""
        return self.inner.rpartition("/")[2] if self.inner else self.path.name


class Wants(Protocol):
    """What the rules want of a file; asked with each header that the file might have."""

    def columns(self, header: list[str]) -> list[str] | None:
        """The columns to keep, or nothing if this is not the header of such a file."""

    def hashes(self, header: str) -> Hasher | None:
        """What makes a keyed hash of a column's texts, if they may not be kept as they are.

        It is asked for every text but the empty one; where it gives nothing, the field is empty.
        """


@runtime_checkable
class Explains(Protocol):
    """Wants that can say what is missing."""

    def why_not(self, header: list[str]) -> str:
        """Why this is not the header of such a file."""


class HeaderError(SourceError):
    """No line is the header of such a file; `header` is the line that looks most like one."""

    def __init__(self, message: str, *, header: list[str]) -> None:
        super().__init__(message)
        self.header = header


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record that cannot be read: where it begins and why. Its text may name people: it is
    not kept."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Total:
    """A total row of the export: its line, its texts by column, and how the layout names it."""

    line: int
    texts: dict[str, str]
    label: str = ""


@dataclass
class CleanCopy:
    """What came of reading a file.

    The copy is a CSV in UTF-8 in which every field is quoted: the line of the record, then the
    columns in `header`. Where records have no lines (workbooks: the row; Parquet and JSON arrays:
    the record's number), that number stands for it.
    """

    header: list[str]
    every_column: list[str] = field(default_factory=list)
    records: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    encoding: str = ""
    delimiter: str = ""
    kind: FileKind = "csv"
    stated_at: datetime | None = None
    sheet: str = ""

    @property
    def read(self) -> int:
        """All records of the file: good, rejected and totals."""
        return self.records + len(self.rejected) + len(self.totals)
