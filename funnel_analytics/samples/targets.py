"""The targets both departments agreed on: the true model's plan, a little ambitious."""

from __future__ import annotations

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.campaigns import CAMPAIGNS
from funnel_analytics.samples.draws import Draws, Floats
from funnel_analytics.samples.exports import Columns, texts

FIRST, COUNT = 2, 27  # months after the start: 2025-01 to 2027-03
_AMBITION = 1.04
_WORKING_DAYS_A_MONTH = 20.8
_MEAN_AMOUNT = 41_500
_SPEND_GROWTH = 1.1  # from one year to the next


def target_columns(leads: int, seed: int) -> Columns:
    """One row per month, metric and dimension."""
    rows: list[tuple[str, str, str, str, str]] = []
    for dimension, plan in _plans(leads, seed).items():
        for metric, values in plan.items():
            step = 500 if metric in ("revenue", "spend") else 1
            for month in range(FIRST, FIRST + COUNT):
                value = round(values[month] / step) * step
                rows.append((_day(month), metric, dimension, str(value), _agreed(month)))
    rows.sort(key=lambda row: row[0])
    headers = ("month", "metric", "dimension", "value", "agreed_on")
    lists = list(zip(*rows, strict=True))
    return {header: texts(values) for header, values in zip(headers, lists, strict=True)}


def _plans(leads: int, seed: int) -> dict[str, dict[str, Floats]]:
    months = FIRST + COUNT
    weights = np.array([p.monthly_weight(month) for month in range(months)])
    arrivals = leads * _AMBITION * weights / weights[:24].sum()
    shares = np.array([0.31, 0.52, 0.17, 0.0])
    by_origin = np.cumprod(p.step_rates(), axis=2)
    reached = np.einsum("osk,s->ok", by_origin, shares)
    everyone = np.array(p.ORIGIN_SHARES) @ reached
    kernels = _kernels(seed, months)

    def plan(volume: Floats, rates: Floats) -> dict[str, Floats]:
        made = {"leads": volume}
        for step, name in enumerate(p.STAGES[1:]):
            spread = np.convolve(volume * rates[step], kernels[step])[:months]
            made[name] = spread
        made["won_deals"] = made.pop("won")
        made["revenue"] = made["won_deals"] * _MEAN_AMOUNT
        return made

    total = plan(arrivals, everyone)
    total["spend"] = _planned_spend(months) * leads / 5000
    inbound = plan(arrivals * p.ORIGIN_SHARES[p.INBOUND], reached[p.INBOUND])
    wanted = ("leads", "marketing_qualified", "opportunity", "won_deals", "revenue")
    return {"": total, "origin:inbound": {name: inbound[name] for name in wanted}}


def _planned_spend(months: int) -> Floats:
    """Budgets by month: lasting campaigns evenly, events in the month they start."""
    spend = np.zeros(months)
    for campaign in CAMPAIGNS:
        first, last = (
            12 * day.year + day.month - 12 * p.START.year - p.START.month
            for day in (campaign.started, campaign.ended)
        )
        last = last if last - first > 3 else first
        spend[first : last + 1] += campaign.budget / (last - first + 1)
    spend[24:] = spend[12 : months - 12] * _SPEND_GROWTH
    return spend


def _kernels(seed: int, months: int) -> Floats:
    """Share of a month's leads that enter each stage so many months later."""
    draws, count = Draws(seed, "targets"), 20_000
    passed = draws.uniform(count) * _WORKING_DAYS_A_MONTH
    kernels = []
    for name in p.STAGES[1:]:
        passed = passed + draws.lognormal(*p.DELAYS[name], count)
        later = (passed // _WORKING_DAYS_A_MONTH).astype(np.int64)
        kernels.append(np.bincount(later, minlength=months)[:months] / count)
    return np.array(kernels)


def _day(month: int) -> str:
    number = p.START.month - 1 + month
    return f"{p.START.year + number // 12}-{number % 12 + 1:02d}-01"


def _agreed(month: int) -> str:
    return {"2025": "2024-12-10", "2026": "2025-12-09", "2027": "2026-10-15"}[_day(month)[:4]]
