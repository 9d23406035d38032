"""Numbers, dates and periods as a language writes them: every digit a reader sees passes here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

import pandas as pd
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_symbol

from funnel_analytics.periods import Period, parse_period, to_local
from funnel_analytics.wording.catalogue import load_texts

__all__ = ["Numbers", "firm_numbers", "is_missing", "is_true"]

_LOCALES = {"de": "de_DE", "en": "en_GB"}
_MINUS = "\N{MINUS SIGN}"
_THIN = "\N{NARROW NO-BREAK SPACE}"
_FIRM = "\N{NO-BREAK SPACE}"
_LARGE = 1_000_000
_LARGE_BASE = 100
_BEFORE_NOUN = re.compile(r"(?<=\d) (?=[^\W\d_])")


def firm_numbers(text: str, *, firm: str = _FIRM) -> str:
    """The text with every number held to the noun behind it, so that no line ends between them.

    >>> firm_numbers("6 groups of 5", firm="~")
    '6~groups of 5'
    """
    return _BEFORE_NOUN.sub(firm, text)


def is_missing(value: Any) -> bool:
    """Is there no value: None, NaN or NaT?"""
    return bool(pd.isna(value))


def is_true(value: Any) -> bool:
    """Is a flag set? A missing one is not."""
    return not is_missing(value) and bool(value)


@dataclass(frozen=True)
class Numbers:
    """How one language writes what is not words."""

    language: str
    texts: Mapping[str, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", load_texts(self.language))

    @cached_property
    def locale(self) -> Locale:
        """The Babel locale of the language."""
        return Locale.parse(_LOCALES[self.language])

    @property
    def missing(self) -> str:
        """What stands where there is no number."""
        return str(self.texts["form"]["missing"])

    def number(self, value: Any, *, digits: int = 1, fixed: bool = False) -> str:
        """A number with at most (or exactly, if `fixed`) so many decimals: `1.234,5`."""
        if is_missing(value):
            return self.missing
        decimals = ("0" if fixed else "#") * digits
        rounded = _rounded(value, digits)
        return _true_minus(
            format_decimal(
                rounded, format=f"#,##0.{decimals}" if digits else "#,##0", locale=self.locale
            )
        )

    def whole(self, value: Any) -> str:
        """A count: `1.234`."""
        return self.number(value, digits=0)

    def credit(self, value: Any, *, fixed: bool = False) -> str:
        """A count that may be split: `12,5`; what is not nothing is never 0: `< 0,1`."""
        if not is_missing(value) and float(value) > 0 and _rounded(value, 1) == 0:
            return self.form("below", value=self.number(0.1))
        return self.number(value, digits=1, fixed=fixed)

    def base(self, value: Any) -> str:
        """A weighted count that a rate is reckoned from: whole, or with a decimal if small."""
        return self.number(value, digits=0 if is_missing(value) or value >= _LARGE_BASE else 1)

    def percent(
        self, value: Any, *, digits: int = 1, fixed: bool = True, sign: bool = False
    ) -> str:
        """A share of one as percent: `−9,8 %`, `50,0 %`.

        What was measured always has its decimal, in sentences as in tables; what was given, such
        as an agreed limit or the tick of an axis, is written short: `50 %` (`fixed=False`).

        What is not nothing is never written as nothing, nor what is not all as all: a share of
        0.0001 is `< 0,1 %`.
        """
        if is_missing(value):
            return self.missing
        share = float(value)
        form, smallest = self.texts["form"], 10.0**-digits
        if share > 0 and _rounded(share * 100, digits) == 0:
            return str(form["below"].format(value=self._percent(smallest, digits, fixed)))
        if share < 1 and _rounded(share * 100, digits) == 100:
            return str(form["above"].format(value=self._percent(100 - smallest, digits, fixed)))
        text = self._percent(share * 100, digits, fixed)
        return f"+{text}" if sign and _rounded(share * 100, digits) > 0 else text

    def _percent(self, hundredths: float, digits: int, fixed: bool) -> str:
        return f"{self.number(hundredths, digits=digits, fixed=fixed)}{self.percent_sign}"

    @property
    def percent_sign(self) -> str:
        """The sign with the space that the language puts before it."""
        return f"{_THIN}%" if self.language == "de" else "%"

    def interval(self, low: Any, high: Any, *, digits: int = 1) -> str:
        """The limits of a share: `28,2–46,0 %`, or the sign of missing."""
        if is_missing(low) or is_missing(high):
            return self.missing
        limits = [
            self.number(100 * float(limit), digits=digits, fixed=True) for limit in (low, high)
        ]
        return self.form("range", low=limits[0], high=limits[1]) + self.percent_sign

    def money(self, value: Any, currency: str, *, compact: bool = False, sign: bool = False) -> str:
        """An amount without decimals: `28.500 €`; from a million on `1,23 Mio. €` if `compact`."""
        if is_missing(value):
            return self.missing
        rounded = _rounded(value, 0)
        if compact and abs(rounded) >= _LARGE:
            millions = self.number(abs(rounded) / _LARGE, digits=2, fixed=True)
            text = self.form("millions", value=millions, currency=self.symbol(currency))
            text = f"-{text}" if rounded < 0 else text
        else:
            pattern = f"#,##0{_FIRM}¤" if self.language == "de" else "¤#,##0"
            text = format_currency(
                rounded, currency, format=pattern, locale=self.locale, currency_digits=False
            )
        text = _true_minus(text)
        return f"+{text}" if sign and rounded > 0 else text

    def money_range(self, low: Any, high: Any, currency: str) -> str:
        """The limits of an amount, the currency once: `37.064–49.674 €`."""
        limits = [self.money(each, currency) for each in (low, high)]
        if self.language == "de":
            limits[0] = self.whole(low)
        else:
            limits[1] = self.whole(high)
        return self.form("range", low=limits[0], high=limits[1])

    def symbol(self, currency: str) -> str:
        """The sign of a currency, the same in texts, tables and axes: `€`."""
        return str(get_currency_symbol(currency, locale=self.locale))

    def signed(self, value: Any, *, digits: int = 0, fixed: bool = True) -> str:
        """A difference with its sign: `+12`, `−3`, `0`; with decimals `+2,0`, or short `+2`."""
        text = self.number(value, digits=digits, fixed=fixed)
        return f"+{text}" if not is_missing(value) and _rounded(value, digits) > 0 else text

    def day(self, value: date, *, short: bool = False) -> str:
        """A day: `31. Oktober 2026`, or `31.10.2026` if `short`."""
        if short:
            return format_date(
                value, "dd.MM.yyyy" if self.language == "de" else "d MMM yyyy", locale=self.locale
            )
        return format_date(value, "long", locale=self.locale)

    def month(self, value: date | str) -> str:
        """A month: `Oktober 2026`."""
        return format_date(_first_day(value), "LLLL yyyy", locale=self.locale)

    def thousands(self, value: Any) -> str:
        """An amount in thousands, for where the unit is said once: `1.104`."""
        return self.missing if is_missing(value) else self.whole(float(value) / 1000)

    def month_mark(self, value: date | str, *, with_year: bool) -> tuple[str, str]:
        """A month for an axis: its short name and, where wanted, its year."""
        day = _first_day(value)
        name = format_date(day, "LLL", locale=self.locale)
        # British English writes four letters of one month only, "Sept".
        name = name[:3] if self.language == "en" else name
        return name, str(day.year) if with_year else ""

    def day_mark(self, value: date) -> str:
        """A day for an axis, without its year: `29.06.`, `29 Jun`."""
        return format_date(
            value, "dd.MM." if self.language == "de" else "d MMM", locale=self.locale
        )

    def instant(self, as_of: datetime, timezone: str) -> str:
        """When the data were exported: the day, and the time of day unless it was midnight.

        An instant at midnight is worded as the end of the day before.
        """
        local = to_local(_naive(as_of), timezone)
        day = self.day(_last_day(local))
        if local.time().isoformat() == "00:00:00":
            return day
        return self.form("instant", day=day, time=f"{local:%H:%M}")

    def by_day(self, as_of: datetime, timezone: str) -> str:
        """The day up to which the data tell: `bis 31. Oktober 2026`."""
        local = to_local(_naive(as_of), timezone)
        return str(self.texts["period"]["by"].format(day=self.day(_last_day(local))))

    def period(self, period: Period | str) -> str:
        """A period by name: `Oktober 2026`, `1. Quartal 2027`, `2026`."""
        return self._period(period, "", "{month}", "{year}")

    def in_period(self, period: Period | str) -> str:
        """A period as part of a sentence: `im Oktober 2026`, `in Q1 2027`."""
        forms = self.texts["period"]
        return self._period(period, "in_", forms["in_month"], forms["in_year"])

    def _period(self, period: Period | str, kind: str, month: str, year: str) -> str:
        known = parse_period(period) if isinstance(period, str) else period
        forms = self.texts["period"]
        if re.fullmatch(r"\d{4}-\d{2}", known.label):
            return month.format(month=self.month(known.start))
        if re.fullmatch(r"\d{4}", known.label):
            return year.format(year=known.label)
        if re.fullmatch(r"\d{4}-Q[1-4]", known.label):
            form = forms[f"{kind}quarter"]
            return str(form.format(number=known.label[-1], year=known.label[:4]))
        if known.start == known.last_day:
            return str(forms[f"{kind}day"].format(day=self.day(known.start)))
        if known.start.day == 1 and known.end == _next_month(known.start):
            return month.format(month=self.month(known.start))
        if (start := known.start).timetuple().tm_yday == 1 and known.end == _a_year_after(start):
            return year.format(year=str(start.year))
        if known.start.day == 1 and known.end.day == 1:
            form = forms[f"{kind}months"]
            return str(form.format(first=self.month(known.start), last=self.month(known.last_day)))
        form = forms[f"{kind}span"]
        return str(form.format(first=self.day(known.start), last=self.day(known.last_day)))

    def form(self, key: str, **values: str) -> str:
        """A small pattern such as quotation marks or a range."""
        return str(self.texts["form"][key].format(**values))


def _rounded(value: Any, digits: int) -> Decimal:
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded


def _true_minus(text: str) -> str:
    return text.replace("-", _MINUS)


def _naive(instant: datetime) -> datetime:
    """The same instant as a plain datetime (pandas stamps are a kind of it)."""
    return datetime(
        instant.year,
        instant.month,
        instant.day,
        instant.hour,
        instant.minute,
        instant.second,
        instant.microsecond,
    )


def _last_day(local: datetime) -> date:
    return (local - timedelta(microseconds=1)).date()


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _a_year_after(day: date) -> date:
    return day.replace(year=day.year + 1)


def _first_day(value: date | str) -> date:
    return parse_period(value).start if isinstance(value, str) else value
