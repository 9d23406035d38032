"""A strict reader of TOML tables: it notes every fault with its place and reads on."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from funnel_analytics.errors import did_you_mean

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_INDEXED = re.compile(r"(.*?)(\[\d+\])?", re.DOTALL)
_EPOCH = date(1970, 1, 1)


class Reader:
    """One TOML table while it is read.

    Every method reads one key and returns a value of its kind. A fault is noted, and a filler of
    that kind is returned, so one reading finds them all; nobody sees the fillers, because the
    agreement is refused when there is a fault. `close` reports the keys that nobody read.
    """

    def __init__(self, values: Mapping[str, Any], place: str, faults: list[str]) -> None:
        self._values = values
        self._faults = faults
        self._known: list[str] = []
        self.place = place

    def at(self, key: str) -> str:
        """The dotted place of a key in the file; without a key, of the table itself."""
        name, index = _INDEXED.fullmatch(key).groups(default="")  # type: ignore[union-attr]
        if not name:
            return self.place + index
        shown = name if _BARE.fullmatch(name) else f'"{name}"'
        return f"{self.place}.{shown}{index}" if self.place else shown + index

    def fault(self, key: str, message: str) -> None:
        """Note a fault of one key."""
        self._faults.append(f"{self.at(key)}: {message}")

    def note(self, place: str, message: str) -> None:
        """Note a fault at a dotted place of its own."""
        self._faults.append(f"{place}: {message}")

    @property
    def fault_count(self) -> int:
        """How many faults the whole file has so far."""
        return len(self._faults)

    def has(self, key: str) -> bool:
        """Is the key there? From now on it is a known one."""
        if key not in self._known:
            self._known.append(key)
        return key in self._values

    def keys(self) -> Iterator[str]:
        """Every key, all of them known: for tables whose keys are names."""
        for key in self._values:
            self.has(key)
            yield key

    def close(self) -> None:
        """Report the keys that no method asked for."""
        for key in self._values:
            if key not in self._known:
                hint = did_you_mean(key, self._known) or f" Known here: {', '.join(self._known)}."
                self.fault(key, f"unknown key.{hint}")

    def text(self, key: str, *, wanted: str = "a text in quotes") -> str:
        """A text that is not empty."""
        value = self._required(key, wanted)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong(key, value, wanted)
            return ""
        if not value.strip():
            self.fault(key, "is empty.")
        return value.strip()

    def text_or_none(self, key: str) -> str | None:
        """A text, if the key is there."""
        return self.text(key) if self.has(key) else None

    def name(self, key: str) -> str:
        """A text in the form of a name: small letters, digits and underscores."""
        value = self.text(key)
        if value:
            self.check_name(key, value)
        return value

    def check_name(self, key: str, value: str) -> None:
        """Note a fault if a text cannot be a name in tables and queries."""
        if not _NAME.fullmatch(value):
            self.fault(key, f"'{value}' is no name: use small letters a-z, digits and underscores.")

    def choice(self, key: str, allowed: Iterable[str], *, default: str | None = None) -> str:
        """One of the allowed texts."""
        if default is not None and not self.has(key):
            return default
        value = self.text(key)
        self.check_choice(key, value, allowed)
        return value

    def check_choice(self, key: str, value: str, allowed: Iterable[str]) -> None:
        """Note a fault if a text is not one of the allowed ones."""
        names = list(allowed)
        if value and value not in names:
            self.fault(
                key, f"'{value}' is not one of {', '.join(names)}.{did_you_mean(value, names)}"
            )

    def truth(self, key: str, *, default: bool) -> bool:
        """True or false, without quotes."""
        if not self.has(key):
            return default
        value = self._values[key]
        if not isinstance(value, bool):
            self._wrong(key, value, "true or false without quotes")
            return default
        return value

    def number(
        self,
        key: str,
        *,
        default: float | None = None,
        above: float | None = None,
        low: float | None = None,
        high: float | None = None,
        whole: bool = False,
    ) -> float:
        """A finite number within bounds; `above` is exclusive."""
        wanted = _bounds("a whole number" if whole else "a number", above, low, high)
        filler = default if default is not None else 1.0
        if default is not None and not self.has(key):
            return default
        value = self._required(key, wanted)
        if value is None:
            return filler
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            self._wrong(key, value, wanted)
            return filler
        if (
            not math.isfinite(value)
            or (above is not None and value <= above)
            or (low is not None and value < low)
            or (high is not None and value > high)
        ):
            self.fault(key, f"{value} is out of range; write {wanted}.")
            return filler
        return float(value)

    def number_or_none(
        self, key: str, *, above: float | None = None, low: float | None = None
    ) -> float | None:
        """A number, if the key is there."""
        return self.number(key, above=above, low=low) if self.has(key) else None

    def day(self, key: str) -> date:
        """A date without time."""
        wanted = "a day without quotes, such as 2026-01-15"
        value = self._required(key, wanted)
        if value is None:
            return _EPOCH
        if not isinstance(value, date) or isinstance(value, datetime):
            self._wrong(key, value, wanted)
            return _EPOCH
        return value

    def day_or_none(self, key: str) -> date | None:
        """A date, if the key is there."""
        return self.day(key) if self.has(key) else None

    def days(self, key: str) -> tuple[date, ...]:
        """A list of dates, empty if the key is not there."""
        entries = self._entries(key)
        return tuple(Reader(entries, self.at(key), self._faults).day(i) for i in entries)

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of texts without repetition, empty if the key is not there."""
        if required:
            self._required(key, "a list of texts")
        entries = self._entries(key)
        reader = Reader(entries, self.at(key), self._faults)
        found: list[str] = []
        for index in entries:
            value = reader.text(index)
            if value in found and value:
                reader.fault(index, f"'{value}' is listed twice.")
            found.append(value)
        return tuple(found)

    def table(self, key: str) -> Reader | None:
        """A table below this one, or nothing if the key is not there."""
        if not self.has(key):
            return None
        value = self._values[key]
        if not isinstance(value, dict):
            self._wrong(key, value, "a table")
            return None
        return Reader(value, self.at(key), self._faults)

    def is_table(self, key: str) -> bool:
        """Is the value of a key a table?"""
        return isinstance(self._values.get(key), dict)

    def tables(self, key: str) -> tuple[Reader, ...]:
        """The tables of a list `[[key]]`; their places count from 1."""
        self._required(key, f"a list of tables [[{self.at(key)}]]")
        entries = self._entries(key)
        reader = Reader(entries, self.at(key), self._faults)
        return tuple(table for index in entries if (table := reader.table(index)))

    def _entries(self, key: str) -> dict[str, Any]:
        """The entries of a list under the names `[1]`, `[2]`, …; empty if there is no list."""
        if not self.has(key):
            return {}
        value = self._values[key]
        if not isinstance(value, list):
            self._wrong(key, value, "a list in square brackets")
            return {}
        return {f"[{number}]": each for number, each in enumerate(value, start=1)}

    def _required(self, key: str, wanted: str) -> Any:
        if not self.has(key):
            self.fault(key, f"is missing; write {wanted}.")
            return None
        return self._values[key]

    def _wrong(self, key: str, value: Any, wanted: str) -> None:
        self.fault(key, f"is {_kind(value)}; write {wanted}.")


def _bounds(kind: str, above: float | None, low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{kind} from {low:g} to {high:g}"
    limits = []
    if above is not None:
        limits.append(f"above {above:g}")
    if low is not None:
        limits.append(f"of at least {low:g}")
    if high is not None:
        limits.append(f"{'and ' if limits else ''}not above {high:g}")
    return " ".join([kind, *limits])


def _kind(value: Any) -> str:
    """How a person would call a TOML value."""
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text '{value}'"
    if isinstance(value, datetime):
        return f"the instant {value}"
    if isinstance(value, date):
        return f"the day {value}"
    if isinstance(value, dict):
        return "a table"
    return "a list" if isinstance(value, list) else f"'{value}'"
