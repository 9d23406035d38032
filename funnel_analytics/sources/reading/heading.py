"""Finds the header of a file, and when it says that it was exported."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading.model import Explains, HeaderError, Layout, Wants

__all__ = ["Heading", "find_heading", "stated_at"]

_COMMON = (";", ",", "\t", "|")
_SHOWN = 12
_DIRECTIVES = {
    "d": r"\d{1,2}",
    "m": r"\d{1,2}",
    "y": r"\d{2}",
    "Y": r"\d{4}",
    "H": r"\d{1,2}",
    "I": r"\d{1,2}",
    "M": r"\d{2}",
    "S": r"\d{2}",
    "p": r"[AaPp][Mm]",
    "b": r"[^\W\d]{3}",
    "B": r"[^\W\d]+",
}


@dataclass(frozen=True)
class Heading:
    """A header as the file has it, the columns to keep, and where its records begin."""

    raw: list[str]
    kept: list[str]
    delimiter: str
    place: int
    ends: int

    @property
    def names(self) -> list[str]:
        """The columns' names."""
        return [each.strip() for each in self.raw]


ReadAt = Callable[[int, str], tuple[list[str], int]]
"""Reads the record that begins at a place, by a delimiter: its fields and the place after it."""


def find_heading(
    name: str, read_at: ReadAt, blank_at: Callable[[int], bool | None], layout: Layout, wants: Wants
) -> Heading:
    """The first of the first lines that the rules know for a header.

    Parameters
    ----------
    blank_at
        Is a place blank? None after the last one. Blank places do not count.

    Raises
    ------
    HeaderError
        No line is the header of such a file.
    SourceError
        There is none at all, two delimiters fit, or the header names a column twice.
    """
    seen: list[Heading] = []
    faults = []
    place = looked = 0
    while looked < max(layout.header_within, 1) and (is_blank := blank_at(place)) is not None:
        if is_blank:
            place += 1
            continue
        looked += 1
        fitting = []
        for delimiter in layout.delimiters:
            try:
                raw, ends = read_at(place, delimiter)
            except csv.Error as error:
                faults.append(f"{error}")
                continue
            found = Heading(raw, [], delimiter, place, ends)
            kept = wants.columns(found.names)
            seen.append(found)
            if kept is not None:
                wanted = list(dict.fromkeys(kept))
                fitting.append(Heading(raw, wanted, delimiter, place, ends))
        if fitting:
            return _only(name, fitting)
        place += 1
    if not looked:
        raise SourceError(f"{name} has no header: it holds blank lines only.")
    if not seen:
        raise SourceError(f"{name}: the header cannot be read: {faults[0]}.")
    raise _not_found(name, seen, layout, wants)


def _only(name: str, fitting: Sequence[Heading]) -> Heading:
    first = fitting[0]
    others = [each for each in fitting if each.raw != first.raw]
    if others:
        raise SourceError(
            f"{name}: the header can be read with {first.delimiter!r} and with "
            f"{others[0].delimiter!r}. Set the one delimiter of the file in the preset."
        )
    names = first.names
    twice = sorted({each for each in names if each and names.count(each) > 1})
    if twice:
        raise SourceError(
            f"{name}: the header names {', '.join(repr(each) for each in twice)} "
            "more than once. Rename the columns in the export."
        )
    return first


def _not_found(name: str, seen: Sequence[Heading], layout: Layout, wants: Wants) -> SourceError:
    best = max(seen, key=lambda each: sum(1 for text in each.names if text))
    if len(best.names) == 1 and layout.delimiters:
        only = best.raw[0]
        other = [each for each in _COMMON if each in only and each not in layout.delimiters]
        if other:
            tried = " or ".join(repr(each) for each in layout.delimiters)
            return SourceError(
                f"{name}: with the delimiter {tried} the header is one single field. "
                f"The file seems to use {other[0]!r}; set delimiter in the preset."
            )
    names = best.names
    if isinstance(wants, Explains):
        said = wants.why_not(names)
    else:
        shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        said = f"it is no header of such a file: {shown}"
    where = ""
    if layout.header_within > 1:
        where = f"no header within the first {layout.header_within} lines; the likeliest is line "
        where += f"{best.place + 1 + layout.skip_rows}: "
    return HeaderError(f"{name}: {where}{said}", header=names)


def stated_at(texts: Iterable[str], forms: Sequence[str]) -> datetime | None:
    """The instant that a line states in one of the forms, such as `Stand: %d.%m.%Y %H:%M`."""
    if not forms:
        return None
    for text in texts:
        for form in forms:
            found = re.search(_pattern(form), text, re.IGNORECASE)
            if not found:
                continue
            dates = form[form.index("%") :]
            try:
                return datetime.strptime(re.sub(r"\s+", " ", found["dates"]), dates)
            except ValueError:
                continue
    return None


def _pattern(form: str) -> str:
    """A form as a regular expression; blanks of any kind and number are one."""
    label, percent, dates = form.partition("%")
    written = r"\s*".join(re.escape(word) for word in label.split())
    parts = re.split(r"%(.)", percent + dates)
    pattern = "".join(
        _DIRECTIVES.get(part, r"\S+") if number % 2 else re.sub(r"(\\ )+", r"\\s+", re.escape(part))
        for number, part in enumerate(parts)
    )
    return rf"{written}\s*(?P<dates>{pattern})"
