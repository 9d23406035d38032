"""What callers give to a function, checked: everything that is wrong is said at once."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence, Set
from numbers import Integral, Real
from typing import Any

from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.periods import Period

__all__ = ["Wrong", "is_number", "is_one_of", "shown"]

_LONGEST = 60
_LARGEST = sys.float_info.max  # a whole number may be larger still


class Wrong:
    """Gathers what is wrong with the arguments of one call, and refuses them together.

    >>> wrong = Wrong()
    >>> wrong.unless_whole("draws", 2.5, least=10)
    >>> wrong.unless_text("path", 3)
    >>> wrong.refuse()
    Traceback (most recent call last):
    ...
    funnel_analytics.errors.CallError: draws is a whole number from 10 on, not 2.5. path is a \
text, not 3.
    """

    def __init__(self) -> None:
        self._said: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._said)

    def say(self, problem: str) -> None:
        """Add a sentence on what is wrong."""
        self._said.append(problem)

    def refuse(self, further: str = "") -> None:
        """Raise a `CallError` with all that was found, if anything was."""
        if self._said:
            raise CallError(" ".join([*self._said, *([further] if further else [])]))

    def unless_period(self, name: str, value: Any) -> None:
        """A span of days is asked for."""
        if not isinstance(value, Period):
            self.say(
                f"{name} is a span of days such as fa.month('2026-10') or "
                f"fa.parse_period('2026-Q4'), not {shown(value)}."
            )

    def unless_kind(self, name: str, value: Any, kinds: tuple[type, ...], what: str) -> None:
        """A value of one of these kinds is asked for; `what` names them."""
        if not isinstance(value, kinds):
            self.say(f"{name} is {what}, not {shown(value)}.")

    def unless_text(self, name: str, value: Any, what: str = "a text") -> None:
        """A text that is not empty is asked for."""
        if not isinstance(value, str):
            self.say(f"{name} is {what}, not {shown(value)}.")
        elif not value:
            self.say(f"{name} is {what}, and cannot be empty.")

    def unless_column(self, name: str, value: Any, *, is_needed: bool) -> None:
        """The name of a column is asked for, or None where it is not needed."""
        if is_needed or value is not None:
            self.unless_text(name, value, "the name of a column")

    def unless_texts(self, name: str, value: Any, what: str) -> None:
        """A list of texts is asked for, which may be empty."""
        if isinstance(value, str) or not (
            isinstance(value, (Sequence, Set)) or getattr(value, "ndim", 0) == 1
        ):
            self.say(f"{name} is a list of {what}, not {shown(value)}.")
            return
        other = [each for each in value if not isinstance(each, str)]
        if other:
            self.say(f"{name} is a list of {what}; {shown(other[0])} in it is no text.")

    def unless_one_of(self, name: str, value: Any, known: Sequence[str]) -> None:
        """One of some words is asked for."""
        if not is_one_of(value, known):
            self.say(
                f"{name} is one of {', '.join(known)}, not {shown(value)}."
                f"{did_you_mean(str(value), known)}"
            )

    def unless_whole(
        self, name: str, value: Any, *, least: int, most: float = math.inf, of: str = ""
    ) -> None:
        """A whole number between bounds is asked for; `of` says what is counted."""
        is_whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not (is_whole and least <= value <= most):
            span = f"from {least} on" if most == math.inf else f"from {least} to {most}"
            self.say(
                f"{name} is a whole number {f'of {of} ' if of else ''}{span}, not {shown(value)}."
            )

    def unless_share(self, name: str, value: Any) -> None:
        """A number from 0 to 1 is asked for."""
        if not (is_number(value) and 0 <= value <= 1):
            self.say(f"{name} is a share from 0 to 1, not {shown(value)}.")

    def unless_positive(self, name: str, value: Any, of: str) -> None:
        """A number above 0 is asked for; `of` says what is counted."""
        if not (is_number(value) and 0 < value <= _LARGEST):
            self.say(f"{name} is a number of {of} above 0, not {shown(value)}.")


def is_one_of(value: Any, known: Sequence[str]) -> bool:
    """Is it a text, and among these?"""
    return isinstance(value, str) and value in known


def is_number(value: Any) -> bool:
    """Is it a real number, numpy's among them, and not a truth value?"""
    return isinstance(value, Real) and not isinstance(value, bool)


def shown(value: Any) -> str:
    """A value in one short line; what is large is named by its kind."""
    kind = type(value).__name__
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, list, tuple, dict)):
        return f"a {kind}"
    text = repr(value)
    return text if len(text) <= _LONGEST and "\n" not in text else f"a {kind}"
