"""The tables of a plan: leads by probability and month, the curve, its inputs, the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.metrics.planning.months import Times
from funnel_analytics.simulation import Floats, Plan, Step

__all__ = [
    "CONFIDENCE",
    "Measured",
    "curve_table",
    "inputs_table",
    "interval",
    "main_table",
    "month_table",
    "pipeline_table",
]

CONFIDENCE = 0.95
_PROBABILITIES = (0.5, 0.8, 0.9)
_CURVE_POINTS = 95  # twice, beside those of the plan itself: at most 200 in all
_CURVE_END = 0.99


@dataclass(frozen=True, eq=False)
class Measured:
    """What a plan was simulated from; `direct` is the way from the first stage to the last.

    `deals` are the won deals of the history, `valued_deals` those of them that have an amount.
    `values` are those of `won_leads` and of `deals_without_won_lead`.
    """

    steps: Sequence[Step]
    direct: Step
    lag: Floats
    values: Floats
    won_leads: int
    deals_without_won_lead: int
    deals: int
    valued_deals: int
    new_in_time: float
    stages: Sequence[str]
    currency: str
    times: Times


def interval(drawn: Floats) -> tuple[float, float]:
    """Between which values do 95 % of the draws lie?"""
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def main_table(plan: Plan, probability: float, cap: float) -> pd.DataFrame:
    """One row per probability: the leads needed, missing where they are more than `cap`."""
    chances = sorted({*_PROBABILITIES, float(probability)})
    needed = [plan.needed(chance) for chance in chances]
    return pd.DataFrame(
        {
            "probability": chances,
            "leads_needed": pd.array(
                [int(leads) if leads <= cap else pd.NA for leads in needed], dtype="Int64"
            ),
            "is_asked": [chance == probability for chance in chances],
        }
    )


def month_table(table: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    """One row per month of creation and probability; the leads of a probability sum to its need."""
    parts = []
    for chance, needed in zip(table["probability"], table["leads_needed"], strict=True):
        leads = (
            [pd.NA] * len(months)
            if pd.isna(needed)
            else _shared(int(needed), months["weight"].to_numpy())
        )
        part = pd.DataFrame(
            {
                "month": months["month"],
                "probability": chance,
                "leads": pd.array(leads, dtype="Int64"),
                "in_time_share": months["in_time_share"],
            }
        )
        parts.append(part)
    return pd.concat(parts).sort_values(["month", "probability"], ignore_index=True)


def _shared(leads: int, weights: Floats) -> list[int]:
    """Whole leads by weight, summing to all: largest remainders first, then earlier months."""
    exact = leads * weights
    whole = np.floor(exact).astype(int)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: leads - int(whole.sum())]] += 1
    return [int(each) for each in whole]


def curve_table(plan: Plan, table: pd.DataFrame, cap: float) -> pd.DataFrame:
    """One row per number of new leads: the share of futures that reach the revenue with them."""
    planned = table["leads_needed"].dropna().to_numpy(np.int64)
    within = plan.leads[plan.leads <= cap]
    grid = [np.zeros(1)]
    if len(within):  # evenly for the eye, and densely where the probability changes
        shares = np.linspace(0, _CURVE_END, _CURVE_POINTS)
        steep = np.quantile(within, shares, method="inverted_cdf")
        grid += [np.linspace(0, steep[-1], _CURVE_POINTS).round(), steep]
    leads = np.unique(np.concatenate([*grid, planned]).astype(np.int64))
    return pd.DataFrame({"leads": leads, "probability": plan.probability(leads)})


def pipeline_table(plan: Plan, open_leads: Sequence[Floats], stages: Sequence[str]) -> pd.DataFrame:
    """One row per stage but the last: its open leads and what they bring in the period."""
    return pd.DataFrame(
        {
            "position": range(1, len(stages)),
            "stage": list(stages[:-1]),
            "open_leads": [int(leads.sum()) for leads in open_leads],
            "expected_wins": plan.wins.mean(axis=1),
            "expected_revenue": (plan.wins * plan.mean_values).mean(axis=1),
        }
    )


def inputs_table(measured: Measured, plan: Plan) -> pd.DataFrame:
    """One row per measured input: its value, its 95 % interval and the counts behind it.

    A rate is `numerator` / `matured_leads`: of the `denominator`, those that had the time.
    """
    times, stages, direct = measured.times, measured.stages, measured.direct
    since = f"created since {times.history_start}"
    rows: list[dict[str, Any]] = []

    def add(
        name: str,
        value: float,
        unit: str,
        basis: str,
        *,
        stage: str | None = None,
        drawn: Floats | None = None,
        counts: tuple[float, float] = (np.nan, np.nan),
        matured: float = np.nan,
    ) -> None:
        low, high = (np.nan, np.nan) if drawn is None else interval(drawn)
        rows.append(
            {
                "name": name,
                "stage": stage,
                "value": value,
                "low": low,
                "high": high,
                "unit": unit,
                "numerator": counts[0],
                "denominator": counts[1],
                "matured_leads": matured,
                "basis": basis,
            }
        )

    for k, step in enumerate(measured.steps):
        add(
            "step_rate",
            _rate(step),
            "share",
            f"{step.moved:,} of {step.leads:,} leads {since} that reached {stages[k]}; "
            f"{step.trials:,.1f} had the time",
            stage=stages[k + 1],
            drawn=plan.rates[k],
            counts=(step.moved, step.leads),
            matured=step.trials,
        )
    add(
        "win_rate",
        float(np.prod([_rate(step) for step in measured.steps])),
        "share",
        "rates of the steps multiplied",
        drawn=plan.rates.prod(axis=0),
    )
    add(
        "win_rate_direct",
        _rate(direct),
        "share",
        f"{direct.moved:,} of {direct.leads:,} leads {since}; {direct.trials:,.1f} had the time",
        counts=(direct.moved, direct.leads),
        matured=direct.trials,
    )
    add("days_to_win", _median(measured.lag), "days", "lags of the steps added up")
    add(
        "days_to_win_direct",
        _median(direct.lag),
        "days",
        f"{direct.moved:,} won of {direct.leads:,} leads {since}",
    )
    add(
        "deal_value",
        float(measured.values.mean()),
        measured.currency,
        _basis_of_values(measured),
        drawn=plan.mean_values,
        counts=(measured.valued_deals, measured.deals),
    )
    add(
        "in_time_share",
        measured.new_in_time,
        "share",
        f"wins of leads created from {times.last_day + timedelta(days=1)} to "
        f"{times.period.last_day} that land in {times.period.label}",
    )
    return pd.DataFrame(rows)


def _rate(step: Step) -> float:
    """Which share of the leads that had the time made the step? Missing where none had."""
    return min(step.moved / step.trials, 1.0) if step.trials > 0 else np.nan


def _basis_of_values(measured: Measured) -> str:
    """What the value of a win was measured on: won leads, and deals without one."""
    basis = (
        f"{measured.won_leads:,} won leads on {measured.valued_deals:,} of {measured.deals:,} "
        f"deals won since {measured.times.history_start}"
    )
    loose = measured.deals_without_won_lead
    return f"{basis} ({loose:,} of them without a won lead)" if loose else basis


def _median(lag: Floats) -> float:
    """After how many days have half of the moves happened? (1e-9: sums of shares)"""
    return float(np.searchsorted(np.cumsum(lag), 0.5 - 1e-9))
