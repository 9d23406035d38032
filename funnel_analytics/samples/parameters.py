"""What is true about the sample company: every rate, delay and share that generates it."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

COMPANY = "Beispiel Maschinenbau GmbH"
TIMEZONE = "Europe/Berlin"
START = datetime(2024, 11, 1)
AS_OF = datetime(2026, 11, 1)

STAGES = (
    "inquiry",
    "marketing_qualified",
    "sales_accepted",
    "sales_qualified",
    "opportunity",
    "won",
)
INQUIRY, MQL, SAL, SQL, OPPORTUNITY, WON = range(6)

# A lead's origin; None stands for a field that nobody filled in.
ORIGINS = ("inbound", "outbound", "network", "partner", "unknown", None)
ORIGIN_SHARES = (0.52, 0.22, 0.12, 0.09, 0.03, 0.02)
INBOUND, OUTBOUND, NETWORK, PARTNER, UNKNOWN, NO_ORIGIN = range(6)

# A lead without an account has no segment; it behaves like the Mittelstand.
SEGMENTS = ("Kleinbetrieb", "Mittelstand", "Konzern", None)
SEGMENT_SHARES = (0.33, 0.50, 0.17)
SMALL, MEDIUM, LARGE, NO_SEGMENT = range(4)
NO_ACCOUNT_SHARE = 0.04

# Chance of ever entering a stage, given the one before (Mittelstand).
BASE_RATES: dict[str | None, tuple[float, ...]] = {
    "inbound": (0.60, 0.74, 0.58, 0.60, 0.27),
    "outbound": (0.50, 0.80, 0.46, 0.54, 0.23),
    "network": (0.76, 0.90, 0.74, 0.70, 0.36),
    "partner": (0.68, 0.84, 0.66, 0.64, 0.31),
    "unknown": (0.50, 0.68, 0.52, 0.58, 0.28),
    None: (0.46, 0.66, 0.52, 0.58, 0.28),
}
SEGMENT_ODDS: dict[str | None, tuple[float, ...]] = {
    "Kleinbetrieb": (0.75, 0.90, 0.80, 0.85, 1.15),
    "Mittelstand": (1.0, 1.0, 1.0, 1.0, 1.0),
    "Konzern": (1.25, 1.10, 0.90, 0.90, 0.70),
    None: (1.0, 1.0, 1.0, 1.0, 1.0),
}

# The bad month: leads created in it, of one origin, enter one stage more rarely.
BAD_MONTH = (2026, 7)
BAD_ORIGIN = INBOUND
BAD_STAGE = SAL
BAD_FACTOR = 0.5

# Delays in working days of eight hours: (median, sigma of the logarithm).
DELAYS: dict[str, tuple[float, float]] = {
    "marketing_qualified": (0.8, 0.9),
    "sales_accepted": (0.6, 0.8),
    "sales_qualified": (8.0, 0.7),
    "opportunity": (11.0, 0.7),
    "won": (42.0, 0.5),
    "lost": (36.0, 0.7),
    "routing": (0.05, 0.6),
    "closed": (9.0, 0.8),
    "re_entry": (40.0, 0.35),
}
SEGMENT_DELAY = {"Kleinbetrieb": 0.7, "Mittelstand": 1.0, "Konzern": 1.45, None: 1.0}

# First contact: median working hours from hand-over (creation where nobody hands over).
CONTACT_HOURS: dict[str | None, float] = {
    "inbound": 2.4,
    "outbound": 0.6,
    "network": 1.5,
    "partner": 3.0,
    "unknown": 4.0,
    None: 4.0,
}
CONTACT_SIGMA = 0.95
FRIDAY_FACTOR = 2.5
FAST_HOURS, FAST_ODDS = 4.0, 1.35
SLOW_HOURS, SLOW_ODDS = 16.0, 0.6
# Of the leads that never come further than the stage, so many are contacted by nobody.
NEVER_CONTACTED = {"inquiry": 0.35, "marketing_qualified": 0.30}

# What becomes of a lead that stays in a stage: rejected, recycled, nurture, lost, open.
OUTCOMES = ("rejected", "recycled", "nurture", "lost", "open")
REJECTED, RECYCLED, NURTURE, LOST, OPEN = range(5)
OUTCOME_SHARES: dict[str, tuple[float, ...]] = {
    "inquiry": (0.45, 0.0, 0.35, 0.0, 0.20),
    "marketing_qualified": (0.60, 0.25, 0.0, 0.0, 0.15),
    "sales_accepted": (0.45, 0.40, 0.10, 0.0, 0.05),
    "sales_qualified": (0.40, 0.35, 0.0, 0.0, 0.25),
    "opportunity": (0.0, 0.0, 0.0, 0.92, 0.08),
}
RECYCLED_RE_ENTER = 0.35  # of the recycled, so many enter a second cycle (and get no further)
DETOUR_SHARE = 0.05  # of the sales qualified, so many were recycled and came back before

# A stage entry that the CRM did not record (only where the next one is recorded).
SKIPPED = {
    "inquiry": 0.03,
    "marketing_qualified": 0.05,
    "sales_accepted": 0.04,
    "sales_qualified": 0.05,
    "opportunity": 0.04,
}
SKIPPED_OWN = {"outbound": 0.25, "network": 0.30}  # marketing_qualified of sales' own leads

DUPLICATE_ROWS = {"leads.csv": 0.004, "stage_history.csv": 0.001}
MERGED_SHARE, TEST_SHARE, DELETED_SHARE = 0.006, 0.002, 0.004
CONTACT_BEFORE_CREATION = 0.0012
WON_WITHOUT_AMOUNT = 2
BANT_RULE_BROKEN = 0.06  # of the sales qualified, so many miss the agreed rule

AMOUNT_MEDIANS = {"Kleinbetrieb": 14_500, "Mittelstand": 32_500, "Konzern": 86_000, None: 32_500}
AMOUNT_SIGMA = 0.65

# The people on a deal: its lead, a colleague among the leads, and others, who are added later.
COLLEAGUE_SHARE = 0.5
OTHER_CONTACTS = {"Kleinbetrieb": 0.6, "Mittelstand": 1.1, "Konzern": 2.2, None: 0.6}
CONTACT_DELAY = (6.0, 0.8)  # working days from the opening of the deal: (median, sigma)
ROLE_SHARES = {"decision_maker": 0.3, "user": 0.3, "procurement": 0.2, "technical": 0.2}

# The score of a lead: q ~ Beta(k p + Y, k (1 - p) + 1 - Y), so that P(Y = 1 | q) = q, where p is
# the chance that a marketing qualified lead is accepted and Y whether it is. It is written as if
# the evidence were stronger than it is.
SCORE_STAGE = SAL
SCORE_CONCENTRATION = 3.0
SCORE_OVERCONFIDENCE = 1.4
SCORE_HIGHEST = 100
SCORE_MISSING = 0.08
PRIORITY_SHARES = {"high": 0.3, "normal": 0.6, "": 0.1}

# Next steps of what is open: none is planned for so many, of the others so many are overdue.
NEXT_STEP_FROM = SAL
NO_NEXT_STEP, NO_NEXT_STEP_EARLIER, NO_NEXT_STEP_DEAL = 0.30, 0.80, 0.25
NEXT_STEP_OVERDUE = 0.20

# Arrivals: growth per month, seasons by calendar month, trade fair months strong.
GROWTH = 0.02
SEASONS = (0.95, 1.00, 1.15, 1.15, 1.00, 1.00, 0.95, 0.70, 1.25, 1.10, 1.05, 0.65)

# Public holidays of Bavaria in the 24 months, and the company's own free days.
_HOLIDAYS = {
    2024: "11-01 12-25 12-26",
    2025: "01-01 01-06 04-18 04-21 05-01 05-29 06-09 06-19 10-03 11-01 12-25 12-26",
    2026: "01-01 01-06 04-03 04-06 05-01 05-14 05-25 06-04 10-03 11-01",
}
HOLIDAYS = tuple(
    date.fromisoformat(f"{year}-{day}") for year, days in _HOLIDAYS.items() for day in days.split()
)
FREE_DAYS = (date(2024, 12, 24), date(2024, 12, 31), date(2025, 12, 24), date(2025, 12, 31))


def step_rates(*, effects: bool = True) -> NDArray[np.float64]:
    """How likely is each step? Indexed by origin, segment and step (0 = marketing_qualified).

    Without effects no origin and no segment differs from the average.
    """
    by_origin = np.array([BASE_RATES[origin] for origin in ORIGINS])
    if not effects:
        mean = np.average(by_origin, axis=0, weights=ORIGIN_SHARES)
        return np.broadcast_to(mean, (len(ORIGINS), len(SEGMENTS), len(mean))).copy()
    base = by_origin[:, None, :]
    odds = base / (1 - base) * np.array([SEGMENT_ODDS[segment] for segment in SEGMENTS])
    return np.asarray(odds / (1 + odds), dtype=np.float64)


def contact_hours(*, effects: bool = True) -> NDArray[np.float64]:
    """Median working hours up to the first contact, by origin; without effects all have one."""
    hours = np.array([CONTACT_HOURS[origin] for origin in ORIGINS])
    return hours if effects else np.full(len(hours), np.average(hours, weights=ORIGIN_SHARES))


def segment_delays(*, effects: bool = True) -> NDArray[np.float64]:
    """By how much does each segment stretch the delays? Without effects none does."""
    factors = np.array([SEGMENT_DELAY[segment] for segment in SEGMENTS])
    return factors if effects else np.ones(len(factors))


def monthly_weight(months_after_start: int) -> float:
    """How many leads does a month bring, relative to an average month without growth?"""
    calendar_month = (START.month - 1 + months_after_start) % 12
    return float((1 + GROWTH) ** months_after_start * SEASONS[calendar_month])
