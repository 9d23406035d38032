"""How far two rates lie apart, with intervals: their difference and their ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from funnel_analytics.estimates.inputs import Floats, counted, normal_quantile
from funnel_analytics.estimates.rates import wilson

__all__ = ["rate_difference", "rate_ratio"]


def rate_difference(
    hits: ArrayLike,
    trials: ArrayLike,
    other_hits: ArrayLike,
    other_trials: ArrayLike,
    *,
    confidence: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """By how much is one rate above another?

    Returns
    -------
    difference, low, high
        In -1 to 1; missing where one of the rates has no trials.

    Notes
    -----
    Newcombe (1998), Statist. Med. 17, 873-890, method 10: the limits of Wilson, squared and added.

    >>> difference, low, high = rate_difference(56, 70, 48, 80)
    >>> print(f"{difference:.4f} {low:.4f} {high:.4f}")
    0.2000 0.0524 0.3339
    """
    low, high = wilson(hits, trials, confidence=confidence)
    other_low, other_high = wilson(other_hits, other_trials, confidence=confidence)
    rate, other = _rate(hits, trials), _rate(other_hits, other_trials)
    difference = rate - other
    below = np.sqrt((rate - low) ** 2 + (other_high - other) ** 2)
    above = np.sqrt((high - rate) ** 2 + (other - other_low) ** 2)
    return difference, difference - below, difference + above


def rate_ratio(
    hits: ArrayLike,
    trials: ArrayLike,
    other_hits: ArrayLike,
    other_trials: ArrayLike,
    *,
    confidence: float = 0.95,
) -> tuple[Floats, Floats, Floats]:
    """How many times as high is one rate as another?

    Returns
    -------
    ratio, low, high
        Missing where the other rate is 0 or there are no trials; the limits also where nothing was
        hit, for then the logarithm has no error.

    Notes
    -----
    Katz, Baptista, Azen & Pike (1978), Biometrics 34, 469-474: normal on the logarithm.

    >>> ratio, low, high = rate_ratio(27, 1000, 12, 1000)
    >>> print(f"{ratio:.2f} {low:.2f} {high:.2f}")
    2.25 1.15 4.42
    """
    one, two = counted(hits, "successes"), counted(other_hits, "successes")
    rate, other = _rate(hits, trials), _rate(other_hits, other_trials)
    ratio = rate / np.where(other > 0, other, np.nan)
    known = np.where((one > 0) & (two > 0), ratio, np.nan)
    variance = (
        1 / np.where(one > 0, one, np.nan)
        - 1 / np.where(one > 0, counted(trials, "trials"), np.nan)
        + 1 / np.where(two > 0, two, np.nan)
        - 1 / np.where(two > 0, counted(other_trials, "trials"), np.nan)
    )
    apart = np.exp(normal_quantile(confidence) * np.sqrt(np.maximum(variance, 0.0)))
    return ratio[()], (known / apart)[()], (known * apart)[()]


def _rate(hits: ArrayLike, trials: ArrayLike) -> Floats:
    tried = counted(trials, "trials")
    return np.asarray(counted(hits, "successes") / np.where(tried > 0, tried, np.nan))
