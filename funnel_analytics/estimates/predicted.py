"""Do predicted chances agree with what happened, and do they tell who gets there?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from funnel_analytics.estimates.inputs import (
    Estimate,
    Floats,
    chi_square_tail,
    counted,
    normal_quantile,
)

__all__ = [
    "Fit",
    "area_under_curve",
    "calibration_line",
    "observed_by_chance",
    "reached_ratio",
]

_MOST_STEPS = 50
_CONVERGED = 1e-20
_LONGEST = 4.0
_FARTHEST = 30.0
"""Log odds beyond which a rate differs from 0 or 1 by less than a double can tell of it."""


class Fit(NamedTuple):
    """Intercept and slope of what happened on the predicted log odds."""

    intercept: Estimate
    slope: Estimate


_UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


def area_under_curve(chance: ArrayLike, successes: ArrayLike, failures: ArrayLike) -> Estimate:
    """How probable is it that a success had the higher chance than a failure? Ties count half.

    Parameters
    ----------
    chance, successes, failures
        The predicted chance of each row, and its counts.

    Notes
    -----
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845, for counts.

    >>> found = area_under_curve([0.2, 0.4, 0.6], [1, 2, 4], [4, 2, 1])
    >>> print([round(each, 4) for each in found])
    [0.7755, 0.5257, 1.0]
    """
    hits, misses = counted(successes, "successes"), counted(failures, "failures")
    values, place = np.unique(np.asarray(chance, dtype=float), return_inverse=True)
    up = np.bincount(place, weights=hits, minlength=len(values))
    down = np.bincount(place, weights=misses, minlength=len(values))
    if not up.sum() or not down.sum():
        return _UNKNOWN
    of_up = (np.cumsum(down) - down / 2) / down.sum()
    of_down = 1 - (np.cumsum(up) - up / 2) / up.sum()
    area = float((up * of_up).sum() / up.sum())
    spread = sum(
        float((count * (each - area) ** 2).sum()) / max(count.sum() - 1, 1.0) / count.sum()
        for count, each in ((up, of_up), (down, of_down))
    )
    half = normal_quantile(0.95) * float(np.sqrt(spread))
    return Estimate(area, max(area - half, 0.0), min(area + half, 1.0))


def calibration_line(
    chance: ArrayLike, trials: ArrayLike, successes: ArrayLike, *, due: ArrayLike = 1.0
) -> Fit:
    """How do the log odds of what happened follow the predicted ones? Ideal: 0 and 1.

    Parameters
    ----------
    chance, trials, successes
        The predicted chance of each row, its trials that had their time, and the successes.
    due
        Which share of all trials of the row these are.

    Notes
    -----
    Cox (1958), Biometrika 45, 562-565. A slope below 1: high chances were too high and low ones too
    low. Where a chance parts successes from failures for sure, the slope has no bounds: it is far
    from 0 with an interval that tells nothing.

    >>> line = calibration_line([0.2, 0.5, 0.8], [100, 100, 100], [20, 50, 80])
    >>> print(round(line.intercept.value, 4) + 0.0, round(line.slope.value, 4))
    0.0 1.0
    """
    given = np.asarray(chance, dtype=float)
    tried, hits = counted(trials, "trials"), counted(successes, "successes")
    shares = np.broadcast_to(np.asarray(due, dtype=float), given.shape)
    odds = np.log(given / (1 - given))
    design = np.column_stack([np.ones(len(odds)), odds])
    if not tried.sum() or np.ptp(odds[tried > 0]) < 1e-9 or not 0 < hits.sum() < tried.sum():
        return Fit(_UNKNOWN, _UNKNOWN)
    beta, inverse = np.array([0.0, 1.0]), np.eye(2)
    for _ in range(_MOST_STEPS):
        rate = 1 / (1 + np.exp(-np.clip(design @ beta, -_FARTHEST, _FARTHEST)))
        pull = (1 - rate) / (1 - shares * rate)
        weights = tried * rate * (1 - rate) * pull
        score = design.T @ (pull * (hits - tried * rate))
        inverse = np.linalg.pinv(design.T @ (design * weights[:, None]))
        step = inverse @ score
        beta = beta + step * min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        if float(score @ step) < _CONVERGED:
            break
    far = normal_quantile(0.95) * np.sqrt(np.maximum(np.diag(inverse), 0.0))
    intercept, slope = (
        Estimate(float(value), float(value - half), float(value + half))
        for value, half in zip(beta, far, strict=True)
    )
    return Fit(intercept, slope)


def observed_by_chance(
    chance: ArrayLike,
    trials: ArrayLike,
    successes: ArrayLike,
    variances: ArrayLike,
    *,
    groups: int = 10,
) -> tuple[list[dict[str, float]], float]:
    """What was expected and what happened, in groups of rising chance; and the chance of the gap.

    Returns
    -------
    list of dict, float
        For each group, of about as many trials each: `trials`, `lowest` and `highest` chance,
        `expected` and `reached` successes. The p-value is missing where there is no group.

    Notes
    -----
    Hosmer & Lemeshow (1980), Comm. Statist. A 9, 1043-1069. The chances come from other rows than
    those judged, so there are as many degrees of freedom as groups.
    """
    given = np.asarray(chance, dtype=float)
    tried, hits = counted(trials, "trials"), counted(successes, "successes")
    spread = np.asarray(variances, dtype=float)
    values, place = np.unique(given, return_inverse=True)
    of_value = np.bincount(place, weights=tried, minlength=len(values))
    if not of_value.sum():
        return [], float("nan")
    middle = (np.cumsum(of_value) - of_value / 2) / of_value.sum()
    number = np.minimum((middle * groups).astype(np.intp), groups - 1)[place]
    rows, statistic = [], 0.0
    for each in np.unique(number):
        here = number == each
        expected, came = float((tried * given)[here].sum()), float(hits[here].sum())
        statistic += (came - expected) ** 2 / float(spread[here].sum())
        rows.append(
            {
                "trials": float(tried[here].sum()),
                "lowest": float(given[here].min()),
                "highest": float(given[here].max()),
                "expected": expected,
                "reached": came,
            }
        )
    return rows, chi_square_tail(statistic, len(rows))


def reached_ratio(
    reached: Floats | float, expected: Floats | float, variance: Floats | float
) -> tuple[Floats, Floats, Floats]:
    """How many were reached of each one expected? The ratio with its 95 % interval.

    Parameters
    ----------
    variance
        Of the difference between the reached and the expected, if the ratio is 1; above 0.

    Notes
    -----
    The ratios t for which the reached are not further than chance allows from t times the expected,
    with a variance that grows as t: the interval of Wilson (1927) for a count instead of a share.

    >>> value, low, high = reached_ratio(12.0, 10.0, 10.0)
    >>> print(f"{value:.2f} ({low:.2f} to {high:.2f})")
    1.20 (0.69 to 2.10)
    """
    came, due, spread = np.broadcast_arrays(
        *(np.asarray(each, dtype=float) for each in (reached, expected, variance))
    )
    usable = (due > 0) & (spread > 0)
    safe, wide = np.where(usable, due, 1.0), np.where(usable, spread, 1.0)
    z = normal_quantile(0.95) ** 2
    middle = 2 * came * safe + z * wide
    root = np.sqrt(np.maximum(middle**2 - 4 * (came * safe) ** 2, 0.0))
    limits = [(middle + sign * root) / (2 * safe**2) for sign in (-1.0, 1.0)]
    value = np.where(due > 0, came / np.where(due > 0, due, 1.0), np.nan)
    low, high = (np.where(usable, each, np.nan) for each in limits)
    return value, low, high
