"""Tells which marks the numbers of a column have, or refuses to guess."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from funnel_analytics.errors import counted
from funnel_analytics.sources.forms import Shape, Unproved

__all__ = ["RANGES", "NumberForm", "number_form"]

_SIGN = r"[-+]?"
_INTEGER = re.compile(_SIGN + r"9+")


_AT_LEAST_ZERO = (0.0, None, "lies below 0")
RANGES: Mapping[tuple[str, str], tuple[float, float | None, str]] = {
    ("deal", "probability"): (0.0, 1.0, "lies outside 0–1"),
    ("spend", "impressions"): _AT_LEAST_ZERO,
    ("spend", "clicks"): _AT_LEAST_ZERO,
    ("account", "employees"): _AT_LEAST_ZERO,
    ("campaign", "budget"): _AT_LEAST_ZERO,
    ("campaign", "planned_leads"): _AT_LEAST_ZERO,
    ("exchange_rate", "rate"): (5e-324, None, "lies not above 0"),
}
"""The smallest and the largest number that a column may hold, and what is said of others."""


@dataclass(frozen=True)
class NumberForm:
    """How a column's numbers are read: the decimal mark and the mark between thousands.

    Not so its totals where they contradict its records, or leave open what no record decides.
    """

    decimal: str = "."
    thousands: str = ""
    is_detected: bool = False
    reads_totals: bool = True

    @property
    def shown(self) -> str:
        """The form as the load log has it."""
        return f"decimal '{self.decimal}'" + (
            f", thousands '{self.thousands}'" if self.thousands else ""
        )


def number_form(shapes: Sequence[Shape], *, is_whole: bool = False) -> NumberForm:
    """The decimal and thousands marks of a column's numbers.

    In a column of whole numbers 1,234 can only have a thousands mark; 1,000 may have either. The
    totals are evidence too, but none that would keep the records from being read.

    Raises
    ------
    Unproved
        A mark may be the decimal or the thousands mark, or the numbers contradict each other.
    """
    records = [shape for shape in shapes if not shape.is_total]
    if len(records) < len(shapes):
        try:
            return _proved(shapes, is_whole)
        except Unproved:
            return replace(_proved(records, is_whole), reads_totals=False)
    return _proved(records, is_whole)


def _proved(shapes: Sequence[Shape], is_whole: bool) -> NumberForm:
    votes: dict[str, list[Shape]] = {".": [], ",": []}
    unsure: list[Shape] = []
    thousands: dict[str, int] = {}
    for shape in shapes:
        if shape.is_typed:
            continue
        decimal, group = _marks(shape)
        if decimal in votes:
            votes[decimal].append(shape)
        elif decimal == "?" and is_whole and not shape.ends_in_zeros:
            group = "," if "," in shape.text else "."
            votes["." if group == "," else ","].append(shape)
        elif decimal == "?":
            unsure.append(shape)
        if group:
            thousands[group] = thousands.get(group, 0) + shape.count
    points, commas = (sum(each.count for each in votes[mark]) for mark in ".,")
    if points and commas:
        raise Unproved(
            f"{counted(points, 'number')} can only have the decimal '.' ({_first(votes['.'])}) and "
            f"{commas} only ',' ({_first(votes[','])}). "
            'Set decimal = "." or "," for this file in the preset.'
        )
    if unsure and not points and not commas:
        total = sum(each.count for each in unsure)
        raise Unproved(
            f"{counted(total, 'number')} like {_first(unsure)} can have a decimal or a thousands "
            'mark. Set decimal = "." or "," (and thousands) for this file in the preset.'
        )
    decimal = "," if commas else "."
    for shape in unsure:
        mark = "," if "," in shape.text else "."
        if mark != decimal:
            thousands[mark] = thousands.get(mark, 0) + shape.count
    marks = sorted(thousands, key=lambda mark: (-thousands[mark], mark))
    if len(marks) > 1:
        raise Unproved(
            f"its thousands are marked by {' and by '.join(repr(each) for each in marks)}. "
            "Set decimal and thousands for this file in the preset."
        )
    return NumberForm(decimal, marks[0] if marks else "", is_detected=True)


def _first(shapes: Sequence[Shape]) -> str:
    first = min(shapes, key=lambda each: each.line)
    return f"'{first.example}' (first: line {first.line})"


def _marks(shape: Shape) -> tuple[str, str]:
    """The decimal mark that a number's shape proves (`?`: either) and its thousands mark."""
    text = shape.text.replace("’", "'")
    if _INTEGER.fullmatch(text):
        return "", ""
    for decimal, other in ((".", ","), (",", ".")):
        mark = re.escape(decimal)
        if match := re.fullmatch(
            _SIGN + rf"9{{1,3}}(?P<group>[{other}' ])999((?P=group)999)*{mark}9+", text
        ):
            return decimal, match["group"]
        if re.fullmatch(_SIGN + rf"9+{mark}9+", text):
            is_grouping = re.fullmatch(_SIGN + rf"9{{1,3}}{mark}999", text) and not shape.has_zero
            return ("?" if is_grouping else decimal), ""
        if re.fullmatch(_SIGN + rf"9{{1,3}}({mark}999){{2,}}", text):
            return other, decimal
        if re.fullmatch(_SIGN + rf"(9+{mark}|{mark}9+)", text):
            return decimal, ""
    if match := re.fullmatch(_SIGN + r"9{1,3}(?P<group>[' ])999((?P=group)999)*", text):
        return "", match["group"]
    return "", ""
