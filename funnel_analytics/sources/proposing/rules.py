"""What a proposed rule is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["TO_FILL_IN", "Draft", "Line", "StateWords"]

TO_FILL_IN = "?"


@dataclass(frozen=True)
class Line:
    """One canonical column of a proposed rule; a line in doubt is written as a comment."""

    name: str
    header: str
    evidence: str
    doubt: str = ""


@dataclass(frozen=True)
class StateWords:
    """The words of a column that holds states: known ones with their meaning, and the others.

    `near` says what an unknown word may mean, as it is spelled much like a known one.
    """

    header: str
    meant: Mapping[str, str]
    unknown: tuple[str, ...]
    near: Mapping[str, str] = field(default_factory=dict)

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
    where_present: tuple[str, ...] = ()
    in_doubt: str = ""
    questions: list[str] = field(default_factory=list)

    @property
    def mapped(self) -> dict[str, str]:
        """The canonical columns that are filled, each with its header."""
        return {line.name: line.header for line in self.lines if not line.doubt}
