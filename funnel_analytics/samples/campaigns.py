"""The sample's channels, in the spellings of the exports, and its campaigns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.draws import Draws, Floats, Ints
from funnel_analytics.samples.exports import Columns, plain_number, texts, whole
from funnel_analytics.samples.journeys import Leads
from funnel_analytics.samples.wall_clock import DAY, Texts, iso_day

EPOCH = date(1970, 1, 1)

# Raw spelling → (side, cost of one touch in EUR; None = none is booked).
CHANNELS: dict[str, tuple[str, float | None]] = {
    "google / cpc": ("marketing", 4.2),
    "Google Ads": ("marketing", 4.2),
    "bing / cpc": ("marketing", 3.1),
    "google / organic": ("marketing", None),
    "linkedin / paid_social": ("marketing", 7.5),
    "LinkedIn Ads": ("marketing", 7.5),
    "newsletter / email": ("marketing", None),
    "(direct) / (none)": ("marketing", None),
    "webinar / event": ("marketing", None),
    "fachportal / display": ("marketing", 2.4),
    "podcast / audio": ("marketing", None),
    "Messe Hannover": ("marketing", None),
    "Messe München": ("marketing", None),
    "Messe Stuttgart": ("marketing", None),
    "partner / referral": ("sales", None),
    "SDR Anruf": ("sales", None),
    "SDR E-Mail": ("sales", None),
    "Empfehlung": ("sales", None),
    "Vertrieb Termin": ("sales", None),
}
NAMES = list(CHANNELS)
LABELS = texts([*NAMES, ""])
PAID_SEARCH = ("google / cpc", "Google Ads")
PAID_SOCIAL = ("linkedin / paid_social", "LinkedIn Ads")
PODCAST_FROM = date(2026, 2, 1)
FAIR_SHARE = 0.4  # of the inbound leads while a trade fair and its follow-up last

_FIRST_CONTACT = {
    "google / cpc": 0.21, "Google Ads": 0.05, "bing / cpc": 0.04, "google / organic": 0.22,
    "linkedin / paid_social": 0.11, "LinkedIn Ads": 0.03, "newsletter / email": 0.08,
    "(direct) / (none)": 0.13, "webinar / event": 0.06, "fachportal / display": 0.04,
}  # fmt: skip
_LATER = {
    "google / cpc": 0.06, "google / organic": 0.17, "linkedin / paid_social": 0.14,
    "newsletter / email": 0.29, "(direct) / (none)": 0.22, "webinar / event": 0.08,
    "podcast / audio": 0.02,
}  # fmt: skip


@dataclass(frozen=True)
class Campaign:
    """One campaign; `channels` are the raw spellings that belong to it."""

    name: str
    channels: tuple[str, ...]
    started: date
    ended: date
    budget: int
    planned_leads: int
    objective: str = "short_term"

    @property
    def days(self) -> tuple[int, int]:
        """First and last day, counted since 1970."""
        return (self.started - EPOCH).days, (self.ended - EPOCH).days


def _webinar(number: int) -> Campaign:
    first = p.START.month - 1 + 3 * number
    month = date(p.START.year + first // 12, first % 12 + 1, 1)
    ended = date(p.START.year + (first + 3) // 12, (first + 3) % 12 + 1, 1)
    ended = date.fromordinal(ended.toordinal() - 1)
    title = f"Webinar {month.year}-{month.month:02d}"
    return Campaign(title, ("webinar / event",), month, ended, 2_500, 18, "long_term")


_Y1 = (date(2024, 11, 1), date(2025, 10, 31))
_Y2 = (date(2025, 11, 1), date(2026, 10, 31))
CAMPAIGNS = (
    Campaign("Suche 2024/25", PAID_SEARCH, *_Y1, 85_000, 300),
    Campaign("Suche 2025/26", PAID_SEARCH, *_Y2, 105_000, 380),
    Campaign("Suche Bing", ("bing / cpc",), _Y1[0], _Y2[1], 30_000, 100),
    Campaign("LinkedIn Entscheider 2024/25", PAID_SOCIAL, *_Y1, 50_000, 160),
    Campaign("LinkedIn Entscheider 2025/26", PAID_SOCIAL, *_Y2, 60_000, 200),
    Campaign("Newsletter", ("newsletter / email",), _Y1[0], _Y2[1], 14_000, 200, "long_term"),
    Campaign("Fachportal 2024/25", ("fachportal / display",), *_Y1, 30_000, 50, "long_term"),
    Campaign("Fachportal 2025/26", ("fachportal / display",), *_Y2, 36_000, 60, "long_term"),
    Campaign("Messe Hannover 2025", ("Messe Hannover",), date(2025, 3, 31), date(2025, 4, 25),
             42_000, 70),
    Campaign("Messe München 2025", ("Messe München",), date(2025, 6, 24), date(2025, 7, 11),
             28_000, 40),
    Campaign("Messe Stuttgart 2025", ("Messe Stuttgart",), date(2025, 9, 22), date(2025, 10, 10),
             36_000, 60),
    Campaign("Messe Hannover 2026", ("Messe Hannover",), date(2026, 4, 20), date(2026, 5, 15),
             45_000, 80),
    Campaign("Messe Stuttgart 2026", ("Messe Stuttgart",), date(2026, 9, 15), date(2026, 10, 2),
             38_000, 65),
    *(_webinar(number) for number in range(8)),
)  # fmt: skip
CAMPAIGN_IDS = texts([*(f"C{n:02d}" for n in range(1, len(CAMPAIGNS) + 1)), ""])


def shares(*, later: bool = False) -> Floats:
    """How often does each channel bring a first (or a later) touch of the web visitors?"""
    given = _LATER if later else _FIRST_CONTACT
    return np.array([given.get(name, 0.0) for name in NAMES])


def campaign_of(channel: Ints, at: Ints) -> Ints:
    """The campaign that ran in the channel at the time, -1 where none did."""
    found = np.full(len(channel), -1, dtype=np.int64)
    days = at // DAY
    for place, campaign in enumerate(CAMPAIGNS):
        first, last = campaign.days
        among = np.isin(channel, [NAMES.index(name) for name in campaign.channels])
        found[among & (days >= first) & (days <= last)] = place
    return found


def first_channels(leads: Leads, seed: int) -> Ints:
    """The channel that brought each lead, -1 where nobody knows."""
    draws = Draws(seed, "channels")
    count = leads.count
    channel = draws.choice(shares(), count)
    days = leads.created // DAY
    visits_fair = draws.chance(FAIR_SHARE, count)
    for campaign in CAMPAIGNS:
        if campaign.channels[0].startswith("Messe"):
            first, last = campaign.days
            there = visits_fair & (days >= first) & (days <= last)
            channel[there] = NAMES.index(campaign.channels[0])
    calls = draws.chance(0.6, count)
    own = np.where(calls, NAMES.index("SDR Anruf"), NAMES.index("SDR E-Mail"))
    channel = np.where(leads.origin == p.OUTBOUND, own, channel)
    channel = np.where(leads.origin == p.NETWORK, NAMES.index("Empfehlung"), channel)
    channel = np.where(leads.origin == p.PARTNER, NAMES.index("partner / referral"), channel)
    unclear = np.isin(leads.origin, (p.UNKNOWN, p.NO_ORIGIN)) & draws.chance(0.5, count)
    return np.where(unclear | draws.chance(0.02, count), -1, channel).astype(np.int64)


def campaign_columns(scale: float) -> Columns:
    """The campaigns; budgets and plans grow with the number of leads."""
    days = np.array([campaign.days for campaign in CAMPAIGNS])
    budgets = np.array([campaign.budget for campaign in CAMPAIGNS]) * scale
    planned = np.array([campaign.planned_leads for campaign in CAMPAIGNS]) * scale
    return {
        "campaign_id": CAMPAIGN_IDS[:-1],
        "name": texts([campaign.name for campaign in CAMPAIGNS]),
        "channel": texts([campaign.channels[0] for campaign in CAMPAIGNS]),
        "start_date": iso_day(days[:, 0]),
        "end_date": iso_day(days[:, 1]),
        "budget": plain_number(np.round(budgets)),
        "planned_leads": whole(np.rint(planned).astype(np.int64)),
        "objective": texts([campaign.objective for campaign in CAMPAIGNS]),
    }


def spend_columns(scale: float, seed: int) -> Columns:
    """What every campaign cost, by day, week, month or event."""
    draws = Draws(seed, "spend")
    first, last = (p.START.date() - EPOCH).days, (p.AS_OF.date() - EPOCH).days
    rows: list[tuple[int, str, int, float, float]] = []
    for place, campaign in enumerate(CAMPAIGNS):
        name, (start, end) = campaign.channels[0], campaign.days
        cost = CHANNELS[name][1]
        days = np.arange(start, end + 1)
        if name == "fachportal / display":
            days = days[::7]
        elif name == "newsletter / email":
            days = days[[EPOCH.fromordinal(EPOCH.toordinal() + int(d)).day == 1 for d in days]]
        elif cost is None:
            days = days[:1]
        weights = 1 + p.GROWTH / 30 * (days - start)
        if cost is not None and name != "fachportal / display":
            weights = weights * np.where((days + 3) % 7 < 5, 1.0, 0.35)
        noisy = weights * draws.lognormal(1.0, 0.12, len(days))
        amounts = campaign.budget * scale * noisy / weights.sum()
        clicks = np.nan if cost is None else cost
        rows += [
            (day, name, place, amount, amount / clicks)
            for day, amount in zip(days.tolist(), amounts.tolist(), strict=True)
        ]
    rows = sorted(row for row in rows if first <= row[0] < last)
    clicks_made = np.array([row[4] for row in rows])
    shown = clicks_made * (40 + 20 * draws.uniform(len(rows)))
    return {
        "date": iso_day(np.array([row[0] for row in rows])),
        "channel": texts([row[1] for row in rows]),
        "campaign_id": CAMPAIGN_IDS[np.array([row[2] for row in rows])],
        "amount": plain_number(np.array([row[3] for row in rows])),
        "currency": texts(["EUR"] * len(rows)),
        "impressions": _whole_or_empty(shown),
        "clicks": _whole_or_empty(clicks_made),
    }


def _whole_or_empty(numbers: Floats) -> Texts:
    return whole(np.where(np.isnan(numbers), -1, np.rint(numbers)).astype(np.int64))
