"""What was missing while something was off, as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from funnel_analytics.estimates import Switched, placebo_share
from funnel_analytics.estimates.inputs import Floats
from funnel_analytics.metrics.incrementality.compared import Weeks
from funnel_analytics.metrics.incrementality.weeks import Spend, days_of, summed
from funnel_analytics.periods import Period

__all__ = [
    "METHODS",
    "by_week",
    "spent_by_week",
    "spent_while_off",
    "table_of",
    "terms_of",
    "units_of",
]

METHODS = ("interrupted_time_series", "difference_in_differences")
"""What is compared with: other weeks, or other groups."""

_WEEKS_OF_SPEND = 12


def spent_by_week(spend: Spend | None, column: str, name: str, weeks: Weeks) -> Floats:
    """What was spent on it in each week; missing in weeks of which spend is not known."""
    spent = np.full(len(weeks.off), np.nan)
    if spend is None or not (spend.rows[column] == name).any():
        return spent
    known = [
        day >= spend.first and day + timedelta(days=7) <= spend.after
        for day in days_of(weeks.first, len(weeks.off))
    ]
    sums = summed(spend.of(column, name), weeks.first, len(weeks.off))
    return np.asarray(np.where(known, sums, np.nan))


def spent_while_off(spend: Spend | None, column: str, name: str, spans: Sequence[Period]) -> float:
    """What was spent on it on days that are said to be off."""
    if spend is None:
        return 0.0
    rows = spend.rows[spend.rows[column] == name]
    is_off = [
        any(span.start <= day < span.end for span in spans) for day in rows["spent_on"].tolist()
    ]
    return round(math.fsum(rows.loc[is_off, "amount"].dropna()), 6)


def table_of(
    column: str,
    name: str,
    weeks: Weeks,
    found: Switched,
    placebos: pd.DataFrame,
    spent: Floats,
    *,
    label: str | None,
    is_compared: bool,
) -> pd.DataFrame:
    """One row: what was counted, expected, missing and saved."""
    is_off, total = weeks.off > 0, float(weeks.off.sum())
    before = spent[max(weeks.before - _WEEKS_OF_SPEND, 0) : weeks.before]
    saved = float((before.mean() - spent[is_off]).sum()) if len(before) else np.nan
    missing, ratio = found.missing, found.log_ratio
    costs = [saved / each if saved > 0 and each > 0 else np.nan for each in missing]
    ranks = {
        kind: placebo_share(ratio.value, list(part["log_ratio"]))
        for kind, part in placebos.groupby("kind")
    }
    last = int(np.flatnonzero(is_off)[-1])
    row = {
        "channel": name if column == "channel" else None,
        "campaign": name if column == "campaign" else None,
        "name": label,
        "method": METHODS[int(is_compared)],
        "off_from": weeks.first + timedelta(days=7 * weeks.before),
        "off_to": weeks.first + timedelta(days=7 * last + 6),
        "off_weeks": total,
        "other_weeks": len(weeks.off) - int(is_off.sum()),
        "counted_leads": round(float(weeks.leads[is_off].sum())),
        **dict(zip(("expected_leads", "expected_low", "expected_high"), found.total, strict=True)),
        **dict(zip(("incremental_leads", "low", "high"), missing, strict=True)),
        **{
            f"per_week{end}": each / total
            for end, each in zip(("", "_low", "_high"), missing, strict=True)
        },
        **{
            f"change{end}": float(np.expm1(each))
            for end, each in zip(("", "_low", "_high"), ratio, strict=True)
        },
        "p_value": found.p_value,
        "dates_p_value": ranks.get("date", np.nan),
        "groups_p_value": ranks.get("group", np.nan),
        "parallel_p_value": found.before_p_value,
        "spend_saved": saved,
        "cost_per_incremental_lead": costs[0],
        "cost_low": costs[2],
        "cost_high": costs[1],
    }
    return pd.DataFrame([row])


def by_week(weeks: Weeks, found: Switched, spent: Floats, *, is_compared: bool) -> pd.DataFrame:
    """One row per week: counted, expected and spent."""
    return pd.DataFrame(
        {
            "week": days_of(weeks.first, len(weeks.off)),
            "off_share": weeks.off,
            "leads": weeks.leads.round().astype("int64"),
            "other_leads": pd.Series(
                weeks.others.round() if is_compared else np.full(len(weeks.off), np.nan)
            ).astype("Int64"),
            "expected_leads": found.expected,
            "expected_low": found.expected_low,
            "expected_high": found.expected_high,
            "spend": spent,
        }
    )


def terms_of(found: Switched) -> pd.DataFrame:
    """One row per coefficient."""
    fit = found.fit
    return pd.DataFrame(
        {
            "term": list(found.terms),
            "coefficient": fit.coefficients,
            "standard_error": np.sqrt(np.diag(fit.covariance)),
            "hac_error": fit.hac_errors,
            "dispersion": fit.dispersion,
            "autocorrelation": fit.autocorrelation,
            "degrees": fit.degrees,
        }
    )


def units_of(currency: str) -> dict[str, str]:
    """The units of the answer's columns."""
    leads = ["counted_leads", "expected_leads", "expected_low", "expected_high"]
    leads += ["incremental_leads", "low", "high"]
    shares = ["change", "change_low", "change_high"]
    chances = ["p_value", "dates_p_value", "groups_p_value", "parallel_p_value"]
    money = ["spend_saved"]
    costs = ["cost_per_incremental_lead", "cost_low", "cost_high"]
    return {
        "off_weeks": "weeks",
        "other_weeks": "weeks",
        **dict.fromkeys(leads, "leads"),
        **dict.fromkeys(["per_week", "per_week_low", "per_week_high"], "leads / week"),
        **dict.fromkeys(shares, "share of the expected leads"),
        **dict.fromkeys(chances, "probability"),
        **dict.fromkeys(money, currency),
        **dict.fromkeys(costs, f"{currency} / lead"),
    }
