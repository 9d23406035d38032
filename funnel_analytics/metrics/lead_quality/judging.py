"""The leads of every segment against those expected: how good they were, and how many got on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.estimates import count_chance, normal_quantile, reached_ratio
from funnel_analytics.metrics.lead_quality.blocks import Leads
from funnel_analytics.metrics.lead_quality.models import Chances

__all__ = ["RATES", "segments_judged"]

Floats = NDArray[np.float64]

RATES = (
    "due_leads",
    "expected_leads",
    "expected_rate",
    "average_rate",
    "quality",
    "quality_low",
    "quality_high",
    "quality_p_value",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p_value",
)


def segments_judged(
    leads: Leads, group: NDArray[np.intp], chances: Chances | None, *, groups: int, spread: float
) -> pd.DataFrame:
    """One row per segment with leads in the block, by its number in the column `group`.

    `spread` is how much wider than chance counts spread. Expected leads are scaled so that all
    segments together reach as many as expected.
    """
    counts = {
        "leads": np.bincount(group, weights=leads.leads, minlength=groups),
        "reached_leads": np.bincount(group, weights=leads.reached, minlength=groups),
        "due_leads": np.bincount(group, weights=leads.leads * leads.due, minlength=groups),
    }
    table = pd.DataFrame({"group": range(groups), **counts})
    table = table[table["leads"] > 0].reset_index(drop=True)
    rows = [
        _unknown() if chances is None else _row(chances, int(each), spread)
        for each in table["group"]
    ]
    found = pd.DataFrame(rows, columns=[name for name in RATES if name != "due_leads"])
    average = leads.reached.sum() / (leads.leads * leads.due).sum() if len(leads.rows) else np.nan
    found["average_rate"] = average
    return pd.concat([table, found], axis=1)


def _unknown() -> dict[str, float]:
    return {}


def _row(chances: Chances, group: int, spread: float) -> dict[str, Any]:
    own = chances.group == group
    expected, trials = chances.expected, chances.trials
    total, came = float(expected.sum()), float(chances.reached.sum())
    scale = came / total
    of_group = float(expected[own].sum())
    due = float(trials[own].sum())
    share = own - of_group / total
    variance = spread * chances.excess_variance(share) * scale
    reached = float(chances.reached[own].sum())
    is_all = bool(own.all())
    value, low, high = reached_ratio(reached, scale * of_group, np.nan if is_all else variance)
    excess = reached - scale * of_group
    p_value = np.nan if is_all else count_chance(excess, variance, scale * of_group / due)
    quality = (of_group / due) / (total / trials.sum())
    error = 0.0 if is_all else np.sqrt(_log_variance(chances, own))
    far = normal_quantile(0.95) * error
    return {
        "expected_leads": scale * of_group,
        "expected_rate": scale * of_group / due,
        "quality": quality,
        "quality_low": np.nan if is_all else quality * np.exp(-far),
        "quality_high": np.nan if is_all else quality * np.exp(far),
        "quality_p_value": _two_sided(np.log(quality), error),
        "ratio": float(value),
        "ratio_low": float(low),
        "ratio_high": float(high),
        "p_value": float(p_value),
    }


def _log_variance(chances: Chances, own: NDArray[np.bool_]) -> float:
    """The variance of the logarithm of the quality: by which leads came, and by the models."""
    expected, trials = chances.expected, chances.trials
    of_group, total = float(expected[own].sum()), float(expected.sum())
    due, all_due = float(trials[own].sum()), float(trials.sum())
    apart = np.where(own, (chances.chance * due / of_group - 1) / due, 0.0)
    apart = apart - (chances.chance * all_due / total - 1) / all_due
    by_leads = float((trials * apart**2).sum())
    share = np.where(own, 1 / of_group, 0.0) - 1 / total
    return by_leads + chances.mean_variance(share)


def _two_sided(value: float, error: float) -> float:
    """The chance of a value at least so far from 0 by the normal distribution."""
    from math import erfc, sqrt

    return erfc(abs(value) / error / sqrt(2)) if error > 0 else float("nan")
