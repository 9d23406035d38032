"""How far do a score and a verdict agree, and how far are stated chances from what happened?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import Estimate, counted, normal_quantile

__all__ = [
    "Brier",
    "brier_score",
    "cohens_kappa",
    "ranked_bins",
]

UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


def cohens_kappa(table: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """How far do two raters agree beyond what their totals alone would make?

    Parameters
    ----------
    table
        Square counts: the one rater's categories by the other's.

    Returns
    -------
    Estimate
        1 for full agreement, 0 for that of chance; missing where both used one category only. The
        interval is cut at -1 and 1.

    Raises
    ------
    CallError
        The table is not square, or has negative counts.

    Notes
    -----
    Cohen (1960), Educ. Psychol. Meas. 20, 37-46. Variance: Fleiss, Cohen & Everitt (1969),
    Psychol. Bull. 72, 323-327, formula 13.
    """
    counts = counted(table, "cases")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise CallError("Agreement needs a square table of counts.")
    total = counts.sum()
    if not total:
        return UNKNOWN
    share = counts / total
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    agreed, by_chance = np.trace(share), float(rows @ columns)
    if by_chance >= 1:
        return UNKNOWN
    value = (agreed - by_chance) / (1 - by_chance)
    apart = 1 - value
    own = np.diag(share) * (1 - (rows + columns) * apart) ** 2
    crossed = share * (columns[:, None] + rows[None, :]) ** 2
    others = apart**2 * (crossed.sum() - np.trace(crossed))
    variance = own.sum() + others - (value - by_chance * apart) ** 2
    error = np.sqrt(max(variance, 0.0) / total) / (1 - by_chance)
    half = normal_quantile(confidence) * error
    return Estimate(float(value), float(max(value - half, -1.0)), float(min(value + half, 1.0)))


@dataclass(frozen=True)
class Brier:
    """The mean squared error of chances, and its parts.

    `score` = `reliability` - `resolution` + `uncertainty` + `within_bins`, exactly. `skill` is one
    minus the score over that of the base rate, which is `uncertainty`; missing where all or none
    turned out so.
    """

    score: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float
    skill: float


def brier_score(chances: ArrayLike, hits: ArrayLike, trials: ArrayLike, bins: ArrayLike) -> Brier:
    """How far were the stated chances from what happened?

    Parameters
    ----------
    bins
        The number of the bin that each row belongs to.

    Notes
    -----
    Brier (1950), Mon. Weather Rev. 78, 1-3. Parts: Murphy (1973), J. Appl. Meteorol. 12, 595-600,
    over bins; what bins of unequal chances leave over is `within_bins`: Stephenson, Coelho &
    Jolliffe (2008), Weather Forecast. 23, 752-757.
    """
    p, y, n = (np.asarray(each, dtype=float) for each in (chances, hits, trials))
    total = n.sum()
    if not total:
        return Brier(*[float("nan")] * 6)
    numbers = np.asarray(bins, dtype=int)
    size = np.bincount(numbers, weights=n)
    kept = size > 0
    weight = size[kept]
    stated = np.bincount(numbers, weights=n * p)[kept] / weight
    found = np.bincount(numbers, weights=y)[kept] / weight
    base = y.sum() / total
    score = (y * (1 - p) ** 2 + (n - y) * p**2).sum() / total
    reliability = (weight * (stated - found) ** 2).sum() / total
    resolution = (weight * (found - base) ** 2).sum() / total
    uncertainty = base * (1 - base)
    left = score - reliability + resolution - uncertainty
    skill = 1 - score / uncertainty if uncertainty > 0 else float("nan")
    return Brier(*map(float, (score, reliability, resolution, uncertainty, left, skill)))


def ranked_bins(values: ArrayLike, trials: ArrayLike, *, bins: int = 10) -> np.ndarray:
    """Which of so many bins of about equal size does each value belong to?

    Returns
    -------
    array
        Numbers from 0, rising with the value; equal values share a bin, so there may be fewer.
    """
    if bins < 1:
        raise CallError(f"At least one bin is needed, not {bins}.")
    amounts = np.asarray(values, dtype=float)
    sizes = counted(trials, "cases")
    order = np.argsort(amounts, kind="stable")
    before = np.cumsum(sizes[order]) - sizes[order]
    middle = before + sizes[order] / 2
    raw = np.minimum(np.floor(bins * middle / max(sizes.sum(), 1e-300)), bins - 1)
    ties = np.concatenate([[True], np.diff(amounts[order]) > 0]) if len(order) else np.ones(0, bool)
    first = np.maximum.accumulate(np.where(ties, np.arange(len(order)), 0))
    _, numbers = np.unique(raw[first], return_inverse=True)
    found = np.empty(len(order), dtype=int)
    found[order] = numbers
    return found
