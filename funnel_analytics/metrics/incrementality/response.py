"""What a fitted model says of the spend on each channel, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from funnel_analytics.estimates import SpendFit, adstocked
from funnel_analytics.estimates.inputs import Floats

if TYPE_CHECKING:
    from funnel_analytics.metrics.incrementality.spend import Series

__all__ = ["curves", "effects", "overall"]

_ENDS = (2.5, 97.5)
_FURTHER = 1000
_ENOUGH_SPREAD = 0.25
_NEAR_ZERO = 0.25
_POINTS = 26
_BEYOND = 1.25


def effects(
    series: Series, fit: SpendFit, factors: Floats, by: str, *, is_better: bool
) -> pd.DataFrame:
    """One row per channel: what goes with its spend; missing where forecasts are no better."""
    ends = np.percentile(fit.drawn_leads, _ENDS, axis=0)
    leads, rows = float(series.leads.sum()), []
    for place, name in enumerate(series.names):
        weekly = series.counted_spend[:, place]
        spend = float(weekly.sum())
        stock = adstocked(series.spend[:, place], float(fit.decays[place]))[-series.weeks :]
        found = (float(fit.leads[place]), float(ends[0, place]), float(ends[1, place]))
        costs = [spend / each if each > 0 else np.nan for each in found]
        drawn = fit.drawn_leads[:, place] * fit.drawn_powers[:, place]
        further = [found[0] * fit.powers[place], *np.percentile(drawn, _ENDS)]
        is_spread = weekly.std() >= _ENOUGH_SPREAD * weekly.mean()
        row: dict[str, Any] = {
            by: name,
            "spend": spend,
            "weeks_with_spend": int((weekly > 0).sum()),
            "decay": float(fit.decays[place]),
            "power": float(fit.powers[place]),
            **dict(zip(("incremental_leads", "low", "high"), found, strict=True)),
            **{
                f"share{end}": each / leads
                for end, each in zip(("", "_low", "_high"), found, strict=True)
            },
            "cost_per_incremental_lead": costs[0],
            "cost_low": costs[2],
            "cost_high": costs[1],
            **{
                f"marginal_{end}": float(each) * _FURTHER / spend if is_spread else np.nan
                for end, each in zip(("leads", "low", "high"), further, strict=True)
            },
            "is_extrapolated": bool(stock.min() > _NEAR_ZERO * stock.mean()),
            "inflation": float(factors[place]),
            "lowest_spend": float(weekly.min()),
            "highest_spend": float(weekly.max()),
        }
        rows.append(row)
    table = pd.DataFrame(rows).sort_values(["spend", by], ascending=[False, True], kind="stable")
    if not is_better:
        told = list(table.columns)
        hidden = told[told.index("decay") : told.index("is_extrapolated")]
        table[hidden] = np.nan
    return table.reset_index(drop=True)


def overall(series: Series, fit: SpendFit, *, is_better: bool) -> pd.DataFrame:
    """One row: what goes with all of the spend, and how much better forecasts are with it."""
    leads = float(series.leads.sum())
    total = float(fit.leads.sum())
    low, high = np.percentile(fit.drawn_leads.sum(axis=1), _ENDS)
    told = 1.0 if is_better else np.nan
    row = {
        "weeks": series.weeks,
        "leads": round(leads),
        "spend": float(series.counted_spend.sum()),
        "incremental_leads": total * told,
        "low": float(low) * told,
        "high": float(high) * told,
        "base_leads": (leads - total) * told,
        "skill": fit.skill,
        "r2": fit.explained,
        "parameters": series.controls.shape[1] + 3 * len(series.names),
    }
    return pd.DataFrame([row])


def curves(series: Series, fit: SpendFit, by: str, *, is_better: bool) -> pd.DataFrame:
    """Leads a week by spend a week, if it were the same each week."""
    parts = []
    for place, name in enumerate(series.names):
        highest = float(series.counted_spend[:, place].max())
        spend = np.linspace(0, highest * _BEYOND, _POINTS)
        drawn = fit.drawn_slopes[:, place, None] * spend ** fit.drawn_powers[:, place, None]
        ends = np.percentile(drawn, _ENDS, axis=0)
        told = 1.0 if is_better else np.nan
        parts.append(
            pd.DataFrame(
                {
                    by: name,
                    "spend": spend,
                    "leads": fit.slopes[place] * spend ** fit.powers[place] * told,
                    "low": ends[0] * told,
                    "high": ends[1] * told,
                    "is_observed": spend <= highest,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
