"""Many tests at once: the chance of a count, and how many findings chance would give."""

from __future__ import annotations

from math import erfc, sqrt

import numpy as np
from numpy.typing import ArrayLike

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import Floats

__all__ = ["benjamini_hochberg", "count_chance"]

_NEAR = 1e-2


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """At which false-discovery rate would each of these tests just be a finding?

    Returns
    -------
    array
        The q-values, in 0-1. A missing p-value is no test and stays missing.

    Raises
    ------
    CallError
        A p-value is not in 0-1.

    Notes
    -----
    Benjamini & Hochberg (1995), J. R. Statist. Soc. B 57, 289-300.

    >>> print(benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(4).tolist())
    [0.04, 0.0533, 0.0533, 0.5]
    """
    given = np.asarray(p_values, dtype=float)
    known = np.flatnonzero(~np.isnan(given))
    tests = given[known]
    if np.any((tests < 0) | (tests > 1)):
        raise CallError("A p-value is between 0 and 1.")
    order = np.argsort(tests, kind="stable")
    scaled = tests[order] * len(tests) / np.arange(1, len(tests) + 1)
    least = np.minimum.accumulate(scaled[::-1])[::-1]
    q_values = np.full(given.shape, np.nan)
    q_values[known[order]] = np.minimum(least, 1.0)
    return q_values


def count_chance(excess: ArrayLike, variance: ArrayLike, rate: ArrayLike) -> Floats:
    """How probable is it that a count lies at least so far from what was expected?

    Parameters
    ----------
    excess
        The count less the expected one.
    variance
        Of the excess, above 0.
    rate
        The expected rate of the trials behind the count, in 0-1.

    Returns
    -------
    array
        Twice the tail on the side of the excess, at most 1: that of a binomial with this rate and
        as many trials as give the variance, or the normal one where that is longer. Missing where
        there is no variance.

    Notes
    -----
    Lugannani & Rice (1980), Adv. Appl. Prob. 12, 475-490, in the form of Barndorff-Nielsen (1990),
    J. R. Statist. Soc. B 52, 485-496, with the correction for continuity of Daniels (1987), Int.
    Stat. Rev. 55, 37-48. The normal tail, which a score test usually takes, is too short by a
    factor of ten or more for a small group far above a low rate, and many tests look far into the
    tails; on the other side, where the binomial ends soon, it is the careful one: expected counts
    are estimated, so an excess is no bounded count.

    >>> print(f"{count_chance(8.0, 10.5, 0.3):.4f}")  # 23 of 50 where 15 are expected: exact 0.0246
    0.0246
    """
    far, spread, p = np.broadcast_arrays(
        *(np.asarray(each, dtype=float) for each in (excess, variance, rate))
    )
    usable = (spread > 0) & (p > 0) & (p < 1)
    p = np.where(usable, p, 0.5)
    trials = np.where(usable, spread / (p * (1 - p)), 1.0)
    # The lower tail is the upper one of the other outcome.
    p = np.where(far < 0, 1 - p, p)
    beyond = np.abs(far) - 0.5
    share = np.clip(p + beyond / trials, 1e-9, 1 - np.minimum(0.5, 0.5 / trials) / 2)
    tilt = np.log(share / (1 - share)) - np.log(p / (1 - p))
    apart = share * np.log(share / p) + (1 - share) * np.log((1 - share) / (1 - p))
    root = np.sign(tilt) * np.sqrt(2 * trials * np.maximum(apart, 0.0))
    scale = 2 * np.sinh(tilt / 2) * np.sqrt(trials * share * (1 - share))
    near = np.abs(root) < _NEAR
    safe = np.where(near, 1.0, root)
    signed = np.where(near, root, root + np.log(np.where(near, 1.0, scale / safe)) / safe)
    normal = beyond / np.sqrt(trials * p * (1 - p))
    tail = np.maximum(_both_tails(signed), _both_tails(normal))
    chance = np.where(beyond <= 0, 1.0, np.minimum(tail, 1.0))
    return np.where(usable, chance, np.nan)[()]


def _both_tails(deviation: Floats) -> Floats:
    """Twice the upper tail of the normal distribution."""
    tails = [erfc(each / sqrt(2)) for each in deviation.ravel()]
    return np.array(tails).reshape(deviation.shape)
