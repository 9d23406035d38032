"""The models behind the comparison: waits in bands, and waits as one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.estimates import (
    ClusteredLogit,
    Estimate,
    clustered_logit,
    rank_agreement,
    standardised,
    student_quantile,
)
from funnel_analytics.metrics.speed.bands import Bands
from funnel_analytics.metrics.speed.levels import FEWEST, Levels

__all__ = ["FEWEST_CLUSTERS", "Fitted", "comparable", "fit", "rate_interval", "terms"]

FEWEST_CLUSTERS = 10
_SHORTEST_HOURS = 5 / 60


@dataclass(frozen=True)
class Fitted:
    """A model of bands, and one of the logarithm of the wait, with the same attributes.

    `columns` are where the bands other than the reference stand in the design, `doubling` what the
    odds of the stage are multiplied by when the wait doubles, and how probable it is by chance.
    `rates` are those of all leads if they had waited as each band did, with their `covariance`.
    """

    model: ClusteredLogit
    columns: tuple[int, ...]
    levels: tuple[Levels, ...]
    doubling: Estimate
    doubling_p: float
    rates: np.ndarray = field(repr=False)
    covariance: np.ndarray = field(repr=False)
    agreement: float = float("nan")

    def band_column(self, bands: Bands, band: int) -> int | None:
        """Where the coefficient of a band stands; none for the reference."""
        return None if band == bands.reference else self.columns[bands.others.index(band)]

    def adjusted(self, weights: np.ndarray) -> Estimate:
        """The rate of all leads if they had waited as these bands did, by their weights."""
        value = float(weights @ self.rates)
        return rate_interval(self.model, value, float(weights @ self.covariance @ weights))

    def difference(self, weights: np.ndarray) -> Estimate:
        """A difference of rates, by weights that sum to 0."""
        error = float(np.sqrt(weights @ self.covariance @ weights))
        return self.model.interval(float(weights @ self.rates), error)


def rate_interval(model: ClusteredLogit, rate: float, variance: float) -> Estimate:
    """Student's interval of a rate, made in log odds so that it stays between 0 and 1."""
    odds = np.log(rate / (1 - rate))
    half = student_quantile(0.95, model.degrees) * np.sqrt(variance) / (rate * (1 - rate))
    low, high = (1 / (1 + np.exp(-(odds + side * half))) for side in (-1, 1))
    return Estimate(rate, float(low), float(high))


def comparable(leads: pd.DataFrame, levels: Sequence[Levels], bands: int) -> list[Levels]:
    """The attributes that there are enough leads for: the last ones go first.

    For each coefficient `FEWEST` leads reached the stage, and as many did not.
    """
    reached = float(leads["reached_leads"].sum())
    rarer = min(reached, float(leads["leads"].sum()) - reached)
    kept = list(levels)
    while kept and rarer < FEWEST * (bands + sum(len(each.others) for each in kept)):
        kept.pop()
    return kept


def fit(
    leads: pd.DataFrame, levels: Sequence[Levels], bands: Bands, clusters: np.ndarray
) -> Fitted | str:
    """The models, or why there are none: `"few_clusters"` or `"separated"`.

    The attributes stand before the bands, so that a band that they determine has no coefficient:
    then the leads of that band cannot be compared with others.
    """
    if len(np.unique(clusters)) < FEWEST_CLUSTERS:
        return "few_clusters"
    controls = [(each.codes == level).astype(float) for each in levels for level in each.others]
    codes = bands.codes(leads["hours"])
    waited = [(codes == band).astype(float) for band in bands.others]
    design = np.column_stack([np.ones(len(leads)), *controls, *waited])
    columns = tuple(range(1 + len(controls), design.shape[1]))
    hits, tried = (leads[name].to_numpy(dtype=float) for name in ("reached_leads", "leads"))
    model = clustered_logit(design, hits, tried, clusters)
    if model.is_separated or not np.isfinite(model.coefficients[list(columns)]).all():
        return "separated"
    rates, covariance = standardised(model, design, tried, columns)
    order = [bands.reference, *bands.others]
    place = np.argsort(order)
    agreement = rank_agreement(design, model, hits, tried)
    last = len(controls) + 1
    doublings = np.log2(np.maximum(leads["hours"].to_numpy(dtype=float), _SHORTEST_HOURS))
    trend = clustered_logit(np.column_stack([design[:, :last], doublings]), hits, tried, clusters)
    doubling, doubling_p = Estimate(np.nan, np.nan, np.nan), np.nan
    if not trend.is_separated and np.isfinite(trend.coefficients[last]):
        doubling = odds_ratio(trend, last)
        doubling_p = trend.joint_test([last])[2]
    return Fitted(
        model,
        columns,
        tuple(levels),
        doubling,
        doubling_p,
        rates[place],
        covariance[np.ix_(place, place)],
        agreement,
    )


def odds_ratio(model: ClusteredLogit, column: int) -> Estimate:
    """By what the odds are multiplied where this column is one more."""
    weights = np.zeros(len(model.coefficients))
    weights[column] = 1.0
    found = model.estimate(weights)
    return Estimate(*(float(np.exp(each)) for each in (found.value, found.low, found.high)))


def terms(fitted: Fitted | None, bands: Bands, counts: pd.DataFrame) -> pd.DataFrame:
    """Every coefficient of the model of bands; a reference has the coefficient 0 and no interval.

    Those of levels that others determine are missing.
    """
    rows: list[dict[str, Any]] = []
    columns = ["attribute", "value", "is_folded", "is_reference", "leads"]
    measures = ["coefficient", "standard_error", "odds_ratio", "odds_ratio_low", "odds_ratio_high"]
    if fitted is None:
        return pd.DataFrame(columns=columns + measures)

    def add(attribute: str, value: str | None, column: int | None, **more: Any) -> None:
        row = {"attribute": attribute, "value": value, "is_folded": False, **more}
        row["is_reference"] = column is None
        row["coefficient"], row["odds_ratio"] = 0.0, 1.0
        if column is not None:
            found = odds_ratio(fitted.model, column)
            row["coefficient"] = float(fitted.model.coefficients[column])
            row["standard_error"] = float(np.sqrt(fitted.model.covariance[column, column]))
            row |= {
                "odds_ratio": found.value,
                "odds_ratio_low": found.low,
                "odds_ratio_high": found.high,
            }
            if np.isnan(found.value):
                row["standard_error"] = np.nan
        rows.append(row)

    add("intercept", None, 0, leads=int(counts["leads"].sum()))
    for band in range(bands.count):
        leads = int(counts["leads"].iloc[band])
        add("wait", bands.name(band), fitted.band_column(bands, band), leads=leads)
    column = 1
    for each in fitted.levels:
        for level, value in enumerate(each.values):
            more = {
                "leads": each.leads[level],
                "is_folded": each.has_folded and level == len(each.values) - 1,
            }
            if level == each.reference:
                add(each.attribute, value, None, **more)
            else:
                add(each.attribute, value, column, **more)
                column += 1
    table = pd.DataFrame(rows)
    table["leads"] = table["leads"].astype("Int64")
    return table[columns + measures]
