"""Writes the good records of a file to its clean copy; counts the others with their reasons."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from operator import itemgetter
from typing import TextIO

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading.heading import Heading, stated_at
from funnel_analytics.sources.reading.model import (
    TYPED,
    CleanCopy,
    Hasher,
    Layout,
    Rejected,
    Total,
    Wants,
)

__all__ = ["Copier"]

_CONTROLS = re.compile("[\0\1\2\3]")
"""Characters that no text holds and that stand for something of our own in a copy."""

_ADDED_UP = re.compile(
    TYPED
    + r"""?([<>]?[ ]?([A-Z]{3}|[€$£¥]|Fr\.)?\s?[-+−(]?\s?([A-Z]{3}|[€$£¥]|Fr\.)?\s?
    (\d+|\d{1,3}([.,'’\s]\d{3})+)([.,]\d+)?\)?-?\s?([A-Z]{3}|[€$£¥%]|Fr\.)?
    |[A-Z]{3}|-|--|–|—)""",
    re.VERBOSE,
)
"""What stands in a total row beside its label: a number, its currency, a sign for nothing."""

_first_of = itemgetter(0)
_initial_of = itemgetter(slice(0, 1))
_MOST_LOOKED_AT = 100


class Copier:
    """Takes the records after a header in batches and sorts them."""

    def __init__(
        self,
        name: str,
        heading: Heading,
        layout: Layout,
        wants: Wants,
        sink: TextIO,
        *,
        one_table: bool = False,
    ) -> None:
        names = heading.names
        self.copy = CleanCopy(heading.kept, [each for each in names if each])
        self._name = name
        self._raw = heading.raw
        self._one_table = one_table
        self._names = names
        self._wants = wants
        self._forms = layout.stated_at
        self._width = len(names)
        self._columns = [
            (itemgetter(names.index(each)), _hashing(wants.hashes(each))) for each in heading.kept
        ]
        self._totals = [each.strip().casefold() for each in layout.totals if each.strip()]
        self._initials = {letter for each in self._totals for letter in _cases(each[0])}
        if self._totals:
            self._initials |= {"", " ", "\t", "\u00a0", TYPED}
        self._sink = sink
        self._writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n")

    def take(
        self, records: Sequence[Sequence[str]], lines: Sequence[int], *, has_controls: bool = False
    ) -> None:
        """Copy the good ones of some records, each beginning on its line."""
        if not self._is_plain(records, has_controls):
            records, lines = self._sorted(records, lines, has_controls)
        columns = [
            map(hashing, map(column, records)) if hashing else map(column, records)
            for column, hashing in self._columns
        ]
        self._write(list(zip(map(str, lines), *columns, strict=True)))
        self.copy.records += len(records)

    def _write(self, rows: list[tuple[str, ...]]) -> None:
        """Write rows with every field quoted; without quotes in fields, joining is enough."""
        if not rows:
            return
        body = '"\n"'.join(map('","'.join, rows))
        if body.count('"') == 2 * (len(rows) * len(rows[0]) - 1):
            self._sink.write(f'"{body}"\n')
        else:
            self._writer.writerows(rows)

    def reject(self, line: int, reason: str) -> None:
        """Count a record that cannot be read."""
        self.copy.rejected.append(Rejected(line, reason))

    def _is_plain(self, records: Sequence[Sequence[str]], has_controls: bool) -> bool:
        """Is there nothing but records as wide as the header? Most batches are such."""
        if has_controls or set(map(len, records)) != {self._width}:
            return False
        firsts = list(map(_first_of, records))
        if self._raw[0] in firsts and not self._one_table:
            return False
        return not self._totals or self._initials.isdisjoint(map(_initial_of, firsts))

    def _sorted(
        self, records: Sequence[Sequence[str]], lines: Sequence[int], has_controls: bool
    ) -> tuple[list[Sequence[str]], list[int]]:
        good: list[Sequence[str]] = []
        places: list[int] = []
        for line, record in zip(lines, records, strict=True):
            if not record:
                continue
            if self._totals and self._is_total(record, line):
                continue
            if len(record) != self._width:
                self._odd(record, line)
            elif has_controls and (reason := _control(record)):
                self.reject(line, reason)
            else:
                if record[0] == self._raw[0] and self._is_header(record) and not self._one_table:
                    raise self._second_table(line)
                good.append(record)
                places.append(line)
        return good, places

    def _odd(self, record: Sequence[str], line: int) -> None:
        """A record of another width: perhaps a footer, perhaps the header of another table."""
        if self.copy.stated_at is None and self._forms:
            self.copy.stated_at = stated_at([" ".join(record)], self._forms)
        if len(self.copy.rejected) < _MOST_LOOKED_AT and len(record) > 1:
            names = [each.strip() for each in record]
            if self._wants.columns(names) is not None:
                raise self._second_table(line)
        self.reject(line, f"{len(record)} fields where the header has {self._width}")

    def _is_header(self, record: Sequence[str]) -> bool:
        return [each.strip() for each in record] == self._names and any(self._names)

    def _second_table(self, line: int) -> SourceError:
        return SourceError(
            f"{self._name}: line {line} is a header again: the file holds two tables, or exports "
            "were put together. Make a file of each."
        )

    def _is_total(self, record: Sequence[str], line: int) -> bool:
        """Is it a row of totals? If so, keep it as one.

        A full record whose first text goes on with a word ("Total Energies") is none, nor is one
        that has a day or a text beside its label.
        """
        filled = [number for number, text in enumerate(record) if text and not text.isspace()]
        if not filled:
            return False
        if not all(_ADDED_UP.fullmatch(record[number].strip()) for number in filled[1:]):
            return False
        text = record[filled[0]].strip().casefold()
        is_alone = len(record) < self._width or len(filled) == 1
        for label in self._totals:
            if not text.startswith(label):
                continue
            rest = text[len(label) :]
            after = rest.lstrip()
            if (
                not rest
                or rest[0] == ":"
                or (rest[0].isspace() and (is_alone or not after[:1].isalpha()))
            ):
                wanted = set(self.copy.header)
                texts = {
                    self._names[number]: record[number]
                    for number in filled[1:]
                    if number < self._width
                    and self._names[number] in wanted
                    and self._wants.hashes(self._names[number]) is None
                }
                self.copy.totals.append(Total(line, texts, label))
                return True
        return False


def _hashing(hasher: Hasher | None) -> Hasher | None:
    if hasher is None:
        return None

    def hashed(text: str) -> str:
        plain = text.removeprefix(TYPED)
        return (hasher(plain) or "") if plain else ""

    return hashed


def _control(record: Sequence[str]) -> str:
    """What stands in the way of a record with control characters, if anything does."""
    for text in record:
        if found := _CONTROLS.search(text):
            return "a NUL byte in a field" if found[0] == "\0" else "a control character in a field"
    return ""


def _cases(letter: str) -> tuple[str, ...]:
    return (letter, letter.lower(), letter.upper(), letter.title())
