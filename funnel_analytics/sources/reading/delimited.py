"""Reads delimited text record by record, with the line on which each record begins."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TextIO

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading.containers import Stream, open_member, text_of
from funnel_analytics.sources.reading.copying import Copier
from funnel_analytics.sources.reading.encodings import codec_of, undecodable
from funnel_analytics.sources.reading.heading import Heading, find_heading, stated_at
from funnel_analytics.sources.reading.kinds import bare_name
from funnel_analytics.sources.reading.model import CleanCopy, Layout, Member, Wants

__all__ = ["Delimited"]

_LONGEST_FIELD = 16 * 1024 * 1024
_LONGEST_HEADER = 200  # lines, should its names hold line ends
_FEWEST, _MOST = 16, 1024  # records at a time
_LITTLE, _MUCH = 1024**2, 8 * 1024**2  # bytes at a time
_WIDE_CODECS = ("utf-16", "utf-32")


class Delimited:
    """One text file: its codec, its first lines and what follows them."""

    def __init__(self, member: Member, layout: Layout) -> None:
        csv.field_size_limit(_LONGEST_FIELD)
        self._member = member
        self._layout = _for_name(member, layout)
        self._codec = codec_of(member, layout.encodings)

    def heading(self, wants: Wants) -> Heading:
        """The header alone."""
        with open_member(self._member, lines=True) as stream:
            return self._heading(
                _Lines(text_of(stream, self._codec, newline=""), self._layout.skip_rows), wants
            )

    def copy(self, sink: TextIO, wants: Wants) -> CleanCopy:
        """Copy every good record to `sink`."""
        with open_member(self._member, lines=True) as stream:
            try:
                return self._copy(stream, sink, wants)
            except UnicodeDecodeError as error:
                raise SourceError(undecodable(self._member, self._codec, error)) from error

    def _copy(self, stream: Stream, sink: TextIO, wants: Wants) -> CleanCopy:
        lines = _Lines(text_of(stream, self._codec, newline=""), self._layout.skip_rows)
        heading = self._heading(lines, wants)
        copier = Copier(self._member.name, heading, self._layout, wants, sink)
        copy = copier.copy
        copy.encoding, copy.delimiter, copy.kind = self._codec, heading.delimiter, "csv"
        copy.stated_at = stated_at(lines.held[: heading.place], self._layout.stated_at)
        records = _Records(
            self._member.name,
            lines.after(heading.ends),
            heading.delimiter,
            width=len(heading.raw),
            skipped=self._layout.skip_rows + heading.ends,
        )
        always = self._codec.startswith(_WIDE_CODECS)  # their letters hold such bytes
        size, seen = _FEWEST, stream.seen
        while records.fetch(size, copier):
            copier.take(records.batch, records.lines, has_controls=always or stream.has_controls)
            if stream.seen - seen > _MUCH:
                size = max(size // 8, _FEWEST)
            elif stream.seen - seen < _LITTLE:
                size = min(size * 2, _MOST)
            seen = stream.seen
        return copy

    def _heading(self, lines: _Lines, wants: Wants) -> Heading:
        try:
            return find_heading(
                self._member.name, lines.record_at, lines.is_blank, self._layout, wants
            )
        except UnicodeDecodeError as error:
            raise SourceError(undecodable(self._member, self._codec, error)) from error


class _Lines:
    """The first lines of a text, held so that they can be read again, and the rest."""

    def __init__(self, text: TextIO, skip: int) -> None:
        self.held: list[str] = []
        self._text = text
        for _ in islice(text, skip):
            pass

    def is_blank(self, place: int) -> bool | None:
        """Is this line blank? None if there is none."""
        return not self.held[place].strip() if self._hold(place) else None

    def record_at(self, place: int, delimiter: str) -> tuple[list[str], int]:
        """The record that begins on a line, and the line after it."""
        reader = csv.reader(self._from(place), delimiter=delimiter, strict=True)
        return next(reader), place + reader.line_num

    def after(self, place: int) -> Iterator[str]:
        """All lines from this one on; they are not held any longer."""
        return chain(self.held[place:], self._text)

    def _from(self, place: int) -> Iterator[str]:
        for number in range(place, place + _LONGEST_HEADER):
            if not self._hold(number):
                return
            yield self.held[number]

    def _hold(self, place: int) -> bool:
        while len(self.held) <= place:
            line = next(self._text, None)
            if line is None:
                return False
            self.held.append(line)
        return True


class _Records:
    """Records in batches: `batch`, and in `lines` where each begins."""

    def __init__(
        self, name: str, lines: Iterator[str], delimiter: str, *, width: int, skipped: int
    ) -> None:
        self.batch: list[list[str]] = []
        self.lines: range | list[int] = []
        self._name = name
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._delimiter = delimiter
        self._width = width
        self._skipped = skipped
        self._next = 0

    def fetch(self, size: int, copier: Copier) -> bool:
        """Read up to `size` records; is there anything more?"""
        self.batch = []
        before = self._reader.line_num
        fault = None
        try:
            self.batch.extend(islice(self._reader, size))  # what was read before a fault stays
        except csv.Error as error:
            fault = error
        first = before + self._skipped + 1
        used = self._reader.line_num - before
        if fault is None and used == len(self.batch):
            self.lines = range(first, first + used)
            return bool(self.batch)
        self.lines = self._starts(first)
        if fault is not None:
            self._reject(self._next, fault, copier)
        return True

    def _starts(self, first: int) -> list[int]:
        """The line on which each record of the batch begins."""
        starts = []
        for record in self.batch:
            starts.append(first)
            spans = 1 + _line_ends(record)
            if spans > 1 and self._swallows_records(record):
                raise SourceError(
                    f"{self._name}: a quote in the record of line {first} takes the next "
                    f"{spans - 1} lines for one text, but they look like records. Repair it and "
                    "load again."
                )
            first += spans
        self._next = first
        return starts

    def _reject(self, first: int, fault: csv.Error, copier: Copier) -> None:
        last = self._reader.line_num + self._skipped
        if last > first:
            raise SourceError(
                f"{self._name}: a quote opened in the record of line {first} swallows the lines "
                f"up to {last} ({fault}). Repair the quote and load again."
            ) from fault
        copier.reject(first, f"the record cannot be read: {fault}")

    def _swallows_records(self, record: list[str]) -> bool:
        """Does a field hold lines that have as many fields as a record of their own?"""
        least = max(self._width - 1, 1)
        return any(
            line.count(self._delimiter) >= least
            for value in record
            if "\n" in value or "\r" in value
            for line in value.splitlines()[1:]
        )


def _line_ends(record: list[str]) -> int:
    """How many line ends the fields of a record hold."""
    text = "\0".join(record)
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _for_name(member: Member, layout: Layout) -> Layout:
    """A file named .tsv holds tabs, where the layout leaves the choice."""
    is_tabbed = bare_name(member).lower().endswith((".tsv", ".tab"))
    if is_tabbed and "\t" in layout.delimiters:
        return replace(layout, delimiters=("\t",))
    return layout
