"""Tells which form the dates of a column have, or refuses to guess.

A column's texts are reduced to shapes (`99.99.9999`), so that a million dates are a handful of
rows. What a shape leaves open is proved by values (a day above 12) or asked of the analyst.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "MONTHS",
    "DateForm",
    "Order",
    "Shape",
    "Unproved",
    "date_form",
    "needs_order",
]

MONTHS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner jän",
            "february feb februar feber",
            "march mar märz mär mrz maerz",
            "april apr",
            "may mai",
            "june jun juni",
            "july jul juli",
            "august aug",
            "september sep sept",
            "october oct oktober okt",
            "november nov",
            "december dec dezember dez",
        ),
        start=1,
    )
    for name in names.split()
}
"""The names of months, English and German."""

_TIME = (
    r"(?:(?P<gap>[T ]|, ?)(?P<hour>9{1,2}):99(?P<second>:99)?(?P<part>\.9+)?(?P<half> ?[AP]M)?)?"
)
_ISO = re.compile(r"9999-99-99([T ]9{1,2}:99(:99(\.9+)?)?( ?(Z|UTC|[+-]99(:?99)?))?)?")
_YEAR_FIRST = re.compile(r"9999(?P<mark>[./])9{1,2}(?P=mark)9{1,2}" + _TIME, re.I)
_COMPACT = re.compile(r"99999999")
_NUMERIC = re.compile(r"9{1,2}(?P<mark>[./-])9{1,2}(?P=mark)9999" + _TIME, re.I)
_SHORT_YEAR = re.compile(r"9{1,2}(?P<mark>[./-])9{1,2}(?P=mark)99" + _TIME, re.I)
_DAY_NAMED = re.compile(
    r"9{1,2}(?P<mark>\.? |-|\.)(?P<name>[^\W\d]+)\.?(?P<to>[ -])9999" + _TIME, re.I
)
_MONTH_NAMED = re.compile(r"(?P<name>[^\W\d]+)\.? 9{1,2}(?P<mark>,?) 9999" + _TIME, re.I)
_SERIALS = (
    (re.compile(r"9{5}([.,]9+)?"), "days of a spreadsheet", "excel"),
    (re.compile(r"9{10}"), "seconds since 1970", "epoch_s"),
    (re.compile(r"9{13}"), "milliseconds since 1970", "epoch_ms"),
    (re.compile(r"9{16}"), "microseconds since 1970", "epoch_us"),
)
_PLAIN = ("iso", "typed", "year_first", "compact", "named")  # of one reading only
_ASK = (
    "Set date_format for this file in the preset, or pass --date-format, for example "
    "'%d.%m.%Y' or '%m/%d/%Y'."
)


class Unproved(Exception):
    """The form of a column cannot be told; the message says why and what to do."""


@dataclass(frozen=True)
class Shape:
    """How many texts of a column look alike, and the first of them.

    `has_zero`: they begin with a zero; `ends_in_zeros`: behind the last mark are only zeros;
    `is_total`: they stand in rows of totals.
    """

    text: str
    count: int
    line: int
    example: str
    is_typed: bool = False
    has_zero: bool = False
    ends_in_zeros: bool = False
    is_total: bool = False


@dataclass(frozen=True)
class Order:
    """What the values say about the order of day and month, for texts of one mark."""

    day_first: int
    month_first: int
    both: int
    first_day: int | None = None
    first_month: int | None = None


@dataclass(frozen=True)
class DateForm:
    """How a column's dates are read: ISO 8601, typed cells, and strptime forms in order.

    `named` forms are read after the month's name was replaced by its number.
    """

    is_iso: bool = True
    formats: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    is_detected: bool = False
    is_typed: bool = False

    @property
    def shown(self) -> str:
        """The form as the load log has it."""
        shown = ["cells that are dates"] if self.is_typed else []
        shown += [] if not self.is_iso else ["ISO 8601"]
        shown += [*self.formats, *(each.replace("%m", "%B") for each in self.named)]
        return " or ".join(shown)


@dataclass(frozen=True)
class _Family:
    """Texts of a column with one reading: how many, the first one, and their strptime forms."""

    count: int
    line: int
    example: str
    formats: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.count} like '{self.example}' (first: line {self.line})"


def needs_order(shapes: Sequence[Shape]) -> bool:
    """Must values prove whether the day or the month comes first?"""
    return any(_family(each)[0].startswith("numeric") for each in shapes)


def date_form(
    shapes: Sequence[Shape], order: Mapping[str, Order], given: Sequence[str] = ()
) -> DateForm:
    """The form of a column's dates.

    `given` answers what the column leaves open; it is not forced on dates that have one reading.

    Raises
    ------
    Unproved
        Day and month cannot be told apart, forms contradict each other, or the dates are numbers
        of a kind that nobody declared.
    """
    texts = sum(each.count for each in shapes)
    families = _families(shapes)
    kinds = {name: family for name, family in families.items() if _counts(name, family, texts)}
    numeric = [name for name in kinds if name.startswith("numeric")]
    is_answer = not kinds or any(_is_about(form, kind) for form in given for kind in kinds)
    fitting = tuple(given) if is_answer else ()
    plain = {name: family for name, family in kinds.items() if name in _PLAIN}
    if fitting:
        unasked = {name: each for name, each in plain.items() if name in ("iso", "typed")}
        if any(form.startswith("%Y") for form in fitting):
            unasked.pop("iso", None)
        return _form(unasked, formats=fitting)
    if len(kinds) - len(plain) > 1 or (numeric and plain):
        mixed = "; ".join(str(family) for family in kinds.values())
        raise Unproved(
            f"its dates have several forms: {mixed}. A spreadsheet may have exchanged day and "
            f"month in some of them. {_ASK}"
        )
    if numeric:
        (name,) = numeric
        family = kinds[name]
        return _form({}, formats=_ordered(name[-1], family, order[name[-1]], texts), detected=True)
    for name, family in kinds.items():
        if name == "short_year":
            raise Unproved(
                f"the years of {family.count} of {texts} dates have two digits, so day, month and "
                f"year cannot be told apart (first: line {family.line}, '{family.example}'). {_ASK}"
            )
        if name in (form for *_, form in _SERIALS):
            meaning = next(meaning for _, meaning, form in _SERIALS if form == name)
            raise Unproved(
                f"{family.count} of {texts} dates are numbers (first: line {family.line}, "
                f"'{family.example}') that may be {meaning}. If so, set date_format = "
                f'"{name}" for this file in the preset.'
            )
    return _form(plain, detected=bool(plain))


def _form(
    plain: Mapping[str, _Family], *, formats: tuple[str, ...] = (), detected: bool = False
) -> DateForm:
    """The form that reads families with one reading, and the formats given or proved."""
    return DateForm(
        is_iso="iso" in plain or not (plain or formats),
        formats=(*formats, *_all_formats(plain, "year_first"), *_all_formats(plain, "compact")),
        named=_all_formats(plain, "named"),
        is_detected=detected,
        is_typed="typed" in plain,
    )


def _all_formats(families: Mapping[str, _Family], name: str) -> tuple[str, ...]:
    return families[name].formats if name in families else ()


def _counts(name: str, family: _Family, texts: int) -> bool:
    """Is this a form of the column's dates? A stray number among dates is only a fault."""
    is_sure = name in _PLAIN and name != "compact"
    return is_sure or name.startswith("numeric") or 2 * family.count >= texts


def _is_about(form: str, kind: str) -> bool:
    """Could a given form be meant for dates of this kind?"""
    if kind.startswith("numeric"):
        mark = re.escape(kind[-1])
        return re.match(rf"%-?[dm]{mark}%-?[dm]{mark}%Y", form) is not None
    if kind == "short_year":
        return "%y" in form
    if kind in ("iso", "year_first", "compact"):
        return form.startswith("%Y")
    return form == kind


def _ordered(mark: str, family: _Family, order: Order, texts: int) -> tuple[str, ...]:
    """The forms of numeric dates, in the order that the values prove."""
    if order.day_first and order.month_first:
        raise Unproved(
            f"{order.day_first} of {texts} dates can only be day{mark}month (first: line "
            f"{order.first_day}) and {order.month_first} only month{mark}day (first: line "
            f"{order.first_month}). {_ASK}"
        )
    if not order.day_first and not order.month_first and order.both:
        raise Unproved(
            f"{family.count} of {texts} dates are not ISO 8601 (first: line {family.line}, "
            f"'{family.example}'), and {order.both} of them can be read as day/month or as "
            f"month/day. {_ASK}"
        )
    if order.month_first:
        return tuple(
            each.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
            for each in family.formats
        )
    return family.formats


def _families(shapes: Sequence[Shape]) -> dict[str, _Family]:
    found: dict[str, _Family] = {}
    for shape in shapes:
        name, form = _family(shape)
        if not name:
            continue
        before = found.get(name)
        formats = () if before is None else before.formats
        if form and form not in formats:
            formats = (*formats, form)
        earlier = before is not None and before.line < shape.line
        found[name] = _Family(
            shape.count + (before.count if before else 0),
            before.line if before and earlier else shape.line,
            before.example if before and earlier else shape.example,
            tuple(sorted(formats)),
        )
    return found


def _family(shape: Shape) -> tuple[str, str]:
    """Which kind of date a shape is, and its strptime form (day before month)."""
    text = shape.text
    if _ISO.fullmatch(text):
        return ("typed" if shape.is_typed else "iso"), ""
    if match := _YEAR_FIRST.fullmatch(text):
        mark = match["mark"]
        return "year_first", f"%Y{mark}%m{mark}%d" + _time(match)
    if _COMPACT.fullmatch(text):
        return "compact", "%Y%m%d"
    if match := _NUMERIC.fullmatch(text):
        mark = match["mark"]
        return f"numeric{mark}", f"%d{mark}%m{mark}%Y" + _time(match)
    if _SHORT_YEAR.fullmatch(text):
        return "short_year", ""
    if match := _DAY_NAMED.fullmatch(text):
        if match["name"].casefold() in MONTHS:
            return "named", f"%d{match['mark']}%m{match['to']}%Y" + _time(match)
    elif (match := _MONTH_NAMED.fullmatch(text)) and match["name"].casefold() in MONTHS:
        return "named", f"%m %d{match['mark']} %Y" + _time(match)
    return next((form for known, _, form in _SERIALS if known.fullmatch(text)), ""), ""


def _time(match: re.Match[str]) -> str:
    if not match["hour"]:
        return ""
    half = match["half"]
    text = f"{match['gap']}{'%I' if half else '%H'}:%M"
    text += ":%S" if match["second"] else ""
    text += ".%f" if match["part"] else ""
    return text + (("" if half[0] != " " else " ") + "%p" if half else "")
