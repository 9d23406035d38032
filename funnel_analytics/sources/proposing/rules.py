"""What a proposed rule is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from funnel_analytics.sources.proposing.profiles import Profile

__all__ = ["NO", "TO_FILL_IN", "YES", "Draft", "Line", "StateWords", "spelled"]

TO_FILL_IN = "?"
YES = ("true", "1", "yes", "ja", "wahr")
NO = ("false", "0", "no", "nein", "falsch")
_SHORT: Mapping[tuple[str, ...], tuple[str, ...]] = {YES: ("t", "y", "j"), NO: ("f", "n")}


def spelled(answer: tuple[str, ...], flag: Profile) -> tuple[str, ...]:
    """The spellings of `YES` or `NO`, with the short ones where the column has them."""
    short = _SHORT[answer]
    return (*answer, *(word for word in flag.words if word.casefold() in short))


@dataclass(frozen=True)
class Line:
    """One canonical column of a proposed rule; a line in doubt is written as a comment.

    `others` are further columns: `first_of` them row by row, or all that `join`; yes where
    `any_of` them says so. `split` is a column of which each part is a row.
    """

    name: str
    header: str
    evidence: str
    doubt: str = ""
    way: Literal["", "first_of", "any_of", "join", "split"] = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class StateWords:
    """The words of a column that holds states: known ones with their meaning, and the others.

    `near` says what an unknown word may mean, as it is spelled much like a known one.
    """

    header: str
    meant: Mapping[str, str]
    unknown: tuple[str, ...]
    near: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_unread(self) -> bool:
        """Are its words too many, or not to be shown?"""
        return self.unknown == (TO_FILL_IN,)

    def among(self, *meanings: str) -> tuple[str, ...]:
        """The words that mean one of these."""
        return tuple(word for word, meaning in self.meant.items() if meaning in meanings)


@dataclass
class Draft:
    """One proposed rule. `in_doubt` says why it is written as a comment, if it is."""

    table: str
    reason: str
    lines: list[Line] = field(default_factory=list)
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    only_if: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)
    where_not: dict[str, tuple[str, ...]] = field(default_factory=dict)
    plans: bool = False
    where_present: tuple[str, ...] = ()
    in_doubt: str = ""
    questions: list[str] = field(default_factory=list)

    @property
    def mapped(self) -> dict[str, str]:
        """The canonical columns that are filled, each with its header."""
        return {line.name: line.header for line in self.lines if not line.doubt}

    @property
    def headers(self) -> set[str]:
        """Every column that the rule speaks of, in doubt or not."""
        named = {header for line in self.lines for header in (line.header, *line.others)}
        conditions = {header for header, _ in self.only_if.values()}
        return {*named, *conditions, *self.where, *self.where_not} - {TO_FILL_IN}
