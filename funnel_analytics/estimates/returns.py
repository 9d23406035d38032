"""What comes back later for what happened now: how much of it has come by an age, and its slope."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import Estimate, Floats, student_quantile

__all__ = ["cumulative_mean", "robust_slope", "share_come"]

_ALONE = 1 - 1e-9


def cumulative_mean(
    ages: ArrayLike, counts: ArrayLike, *, lags: ArrayLike, amounts: ArrayLike, last: int
) -> Floats:
    """How much has come back, of one thing, before each whole day after it?

    Parameters
    ----------
    ages, counts
        How many things there are of each age, in whole days when the data end.
    lags, amounts
        How much came back how many whole days after its thing, without what came on the day on
        which the data end: that day is not over for all things of this age.
    last
        The last whole day on which anything can come back.

    Returns
    -------
    array
        The mean amount that came in fewer than 0, 1, …, `last` + 1 days; missing from the day on
        that no thing is old enough for.

    Notes
    -----
    Mean cumulative function under censoring, Nelson (1988), J. Qual. Technol. 20, 24-35: a thing
    may give back more than once, and each day counts the things that were watched all of it.

    >>> print(cumulative_mean([0, 1, 5], [4, 4, 2], lags=[0, 2], amounts=[3, 1], last=2))
    [0.  0.5 0.5 1. ]
    """
    age, count = np.asarray(ages, dtype=np.int64), np.asarray(counts, dtype=float)
    lag, amount = np.asarray(lags, dtype=np.int64), np.asarray(amounts, dtype=float)
    if np.any(age < 0) or np.any(lag < 0) or np.any(lag > last):
        raise CallError(f"Ages begin at 0 days, and lags lie between 0 and {last} days.")
    days = last + 1
    of_age = np.bincount(np.minimum(age, days), weights=count, minlength=days + 1)
    watched = of_age[::-1].cumsum()[::-1][1:]
    came = np.bincount(lag, weights=amount, minlength=days)
    daily = np.full(days, np.nan)
    np.divide(came, watched, out=daily, where=watched > 0)
    return np.concatenate([[0.0], daily.cumsum()])


def share_come(curve: ArrayLike, ages: ArrayLike) -> Floats:
    """Which share of all that will come back has come by an age?

    Parameters
    ----------
    curve
        A `cumulative_mean`.
    ages
        Whole days.

    Returns
    -------
    array
        1 for ages at which nothing more can come; else missing where nothing ever came, or where no
        thing was watched to the end.

    >>> print(share_come([0, 0.5, 0.5, 1], [0, 1, 9]))
    [0.  0.5 1. ]
    """
    mean, age = np.asarray(curve, dtype=float), np.asarray(ages, dtype=np.int64)
    last, whole = len(mean) - 1, mean[-1]
    shares = mean[np.minimum(age, last)] / (whole if whole > 0 else np.nan)
    return np.where(age >= last, 1.0, shares)


def robust_slope(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """How much more of y goes with one more of x, on a straight line?

    Returns
    -------
    Estimate
        The slope of least squares with its interval; missing where x has one value only, or one
        point alone decides on the slope, or there are fewer than three points.

    Notes
    -----
    Errors of unequal spread: MacKinnon & White (1985), J. Econometrics 29, 305-325, HC3, with
    Student's quantile of n - 2. Points are taken as independent of each other.

    >>> slope = robust_slope([1, 2, 3, 4], [2, 4, 6, 9])
    >>> print(f"{slope.value:.2f} {slope.low:.2f} {slope.high:.2f}")
    2.30 0.73 3.87
    """
    at, value = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if at.shape != value.shape:
        raise CallError(f"A line needs pairs, not {len(at)} and {len(value)} numbers.")
    nothing = Estimate(float("nan"), float("nan"), float("nan"))
    if len(at) < 3:
        return nothing
    apart = at - at.mean()
    spread = float(apart @ apart)
    if not spread > 1e-18 * float(at @ at):
        return nothing
    leverage: NDArray[np.float64] = 1 / len(at) + apart**2 / spread
    if leverage.max() > _ALONE:
        return nothing
    slope = float(apart @ value) / spread
    left = value - value.mean() - slope * apart
    error = float(np.sqrt(np.sum((apart * left / (1 - leverage)) ** 2))) / spread
    reach = student_quantile(confidence, len(at) - 2) * error
    return Estimate(slope, slope - reach, slope + reach)
