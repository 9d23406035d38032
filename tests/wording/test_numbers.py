"""Numbers, dates and periods as each language writes them."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.errors import CallError
from funnel_analytics.wording import Words

DE, EN = Words("de"), Words("en")
THIN, FIRM = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (1234.5, "1.234,5", "1,234.5"),
        (-9.81, "−9,8", "−9.8"),
        (3.0, "3", "3"),
        (0.05, "0,1", "0.1"),
        (-0.04, "0", "0"),
        (None, "–", "–"),
        (float("nan"), "–", "–"),
        (pd.NA, "–", "–"),
    ],
)
def test_numbers(value: float | None, german: str, english: str) -> None:
    assert (DE.number(value), EN.number(value)) == (german, english)


@pytest.mark.parametrize(
    ("share", "german", "english"),
    [
        (-0.098, f"−9,8{THIN}%", "−9.8%"),
        (1 / 3, f"33,3{THIN}%", "33.3%"),
        (0.37, f"37,0{THIN}%", "37.0%"),
        (0.0, f"0,0{THIN}%", "0.0%"),
        (1.0, f"100,0{THIN}%", "100.0%"),
        (0.0001, f"< 0,1{THIN}%", "< 0.1%"),
        (0.9999, f"> 99,9{THIN}%", "> 99.9%"),
        (-0.0001, f"0,0{THIN}%", "0.0%"),
        (None, "–", "–"),
    ],
)
def test_percent(share: float | None, german: str, english: str) -> None:
    assert (DE.percent(share), EN.percent(share)) == (german, english)


def test_signs_and_fixed_decimals() -> None:
    assert EN.percent(0.05, sign=True) == "+5.0%"
    assert (EN.signed(12), EN.signed(-3), EN.signed(0)) == ("+12", "−3", "0")
    assert (EN.signed(2.0, digits=1), EN.signed(0.0, digits=1)) == ("+2.0", "0.0")
    assert EN.signed(2.0, digits=1, fixed=False) == "+2"


def test_what_was_measured_has_its_decimal_and_what_was_given_is_short() -> None:
    assert (DE.percent(0.5), DE.percent(0.5, fixed=False)) == (f"50,0{THIN}%", f"50{THIN}%")
    assert DE.interval(0.04, 0.053) == f"4,0–5,3{THIN}%"
    assert (DE.amount("days", 1.0, fixed=True), DE.amount("days", 1)) == ("1,0 Tage", "1 Tag")
    assert (EN.amount("days", 18.0, fixed=True), EN.amount("days", 90)) == ("18.0 days", "90 days")
    assert EN.amount("days", None, fixed=True) == "–"


def test_an_interval_carries_one_percent_sign() -> None:
    assert DE.interval(0.282, 0.4681) == f"28,2–46,8{THIN}%"
    assert EN.interval(0.282, 0.4681) == "28.2–46.8%"
    assert EN.interval(float("nan"), 0.5) == "–"


@pytest.mark.parametrize(
    ("amount", "german", "english"),
    [
        (28_500, f"28.500{FIRM}€", "€28,500"),
        (999_999.6, f"1,00{FIRM}Mio.{FIRM}€", "€1.00M"),
        (1_234_567, f"1,23{FIRM}Mio.{FIRM}€", "€1.23M"),
        (-120_000, f"−120.000{FIRM}€", "−€120,000"),
        (0, f"0{FIRM}€", "€0"),
        (None, "–", "–"),
    ],
)
def test_money(amount: float | None, german: str, english: str) -> None:
    assert DE.money(amount, "EUR", compact=True) == german
    assert EN.money(amount, "EUR", compact=True) == english


def test_money_in_full() -> None:
    assert DE.money(1_234_567.49, "EUR") == f"1.234.567{FIRM}€"
    assert EN.money(5000, "EUR", sign=True) == "+€5,000"


@pytest.mark.parametrize("word", [DE, EN])
@given(value=st.floats(min_value=-1e9, max_value=1e9))
def test_no_number_carries_a_hyphen_or_a_negative_zero(word: Words, value: float) -> None:
    for text in (word.number(value), word.money(value, "EUR"), word.percent(value / 1e9)):
        assert "-" not in text
        assert not text.startswith("−0€")
        assert text not in {"−0", f"−0{THIN}%", "−0%", f"−0{FIRM}€"}


def test_midnight_is_the_end_of_the_day_before() -> None:
    midnight = datetime(2026, 10, 31, 23)  # 1 November 00:00 in Berlin
    assert DE.by_day(midnight, "Europe/Berlin") == "bis zum 31. Oktober 2026"
    assert EN.by_day(midnight, "Europe/Berlin") == "by 31 October 2026"
    assert DE.instant(midnight, "Europe/Berlin") == "31. Oktober 2026"


def test_an_instant_within_a_day_names_its_time() -> None:
    afternoon = datetime(2026, 10, 31, 15, 30)
    assert DE.by_day(afternoon, "Europe/Berlin") == "bis zum 31. Oktober 2026"
    assert DE.instant(afternoon, "Europe/Berlin") == "31. Oktober 2026, 16:30 Uhr"
    assert EN.instant(pd.Timestamp(afternoon), "Europe/Berlin") == "31 October 2026, 16:30"


@pytest.mark.parametrize(
    ("label", "german", "english"),
    [
        ("2026-10", "im Oktober 2026", "in October 2026"),
        ("2027-Q1", "im 1. Quartal 2027", "in Q1 2027"),
        ("2026", "im Jahr 2026", "in 2026"),
        ("2026-01-01..2026-12-31", "im Jahr 2026", "in 2026"),
        (
            "2024-01-01..2025-12-31",
            "von Januar 2024 bis Dezember 2025",
            "from January 2024 to December 2025",
        ),
        (
            "2026-10-01..2026-10-15",
            "vom 1. Oktober 2026 bis zum 15. Oktober 2026",
            "from 1 October 2026 to 15 October 2026",
        ),
    ],
)
def test_periods_in_a_sentence(label: str, german: str, english: str) -> None:
    assert (DE.in_period(label), EN.in_period(label)) == (german, english)


def test_a_month_on_an_axis() -> None:
    assert DE.month_mark(date(2026, 3, 1), with_year=True) == ("Mär", "2026")
    assert EN.month_mark("2026-03", with_year=False) == ("Mar", "")


@pytest.mark.parametrize(
    ("count", "german", "english"),
    [
        (0, "0 Leads", "0 leads"),
        (1, "1 Lead", "1 lead"),
        (2, "2 Leads", "2 leads"),
        (1.5, "1,5 Leads", "1.5 leads"),
        (1.04, "1 Lead", "1 lead"),
        (1234, "1.234 Leads", "1,234 leads"),
        (None, "–", "–"),
    ],
)
def test_plurals(count: float | None, german: str, english: str) -> None:
    assert (DE.amount("leads", count), EN.amount("leads", count)) == (german, english)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(CallError, match="no texts in 'fr', only in de and en"):
        Words("fr")


def test_an_unknown_text_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(CallError, match="Did you mean 'stage_conversion'"):
        EN.say("definition.stage_conversio")
