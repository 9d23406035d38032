"""Intervals and posteriors of rates."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import Floats, counted, normal_quantile

__all__ = ["beta_posterior", "wilson"]


def wilson(
    successes: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Between which rates does the true one probably lie?

    Returns
    -------
    low, high
        Bounds in 0-1 that hold the observed rate; missing where there are no trials.

    Raises
    ------
    CallError
        A count is negative, or there are more successes than trials.

    Notes
    -----
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212; without continuity correction.

    >>> low, high = wilson(81, 263)
    >>> print(f"{low:.4f} {high:.4f}")
    0.2553 0.3662
    """
    hits, tried = counted(successes, "successes"), counted(trials, "trials")
    if np.any(hits > tried):
        raise CallError("There are more successes than trials.")
    z = normal_quantile(confidence)
    n = np.where(tried > 0, tried, np.nan)
    centre = (hits + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(hits * (n - hits) / n + z**2 / 4)
    low = np.where(hits == 0, 0.0, centre - half)
    high = np.where(hits == n, 1.0, centre + half)
    return np.where(np.isnan(n), np.nan, low)[()], np.where(np.isnan(n), np.nan, high)[()]


def beta_posterior(
    successes: ArrayLike, trials: ArrayLike, *, draws: int, rng: np.random.Generator
) -> Floats:
    """Which true rates could have given these counts?

    Parameters
    ----------
    successes, trials
        Counts; trials may be fractions, such as leads weighted by their maturity. Where weighted
        trials are fewer than successes, no trial counts as failed.
    draws, rng
        How many rates to draw, and the seeded generator to draw them with.

    Returns
    -------
    array
        Draws first, then the shape of the counts; every value in 0-1. Without trials the draws
        are those of the prior.

    Raises
    ------
    CallError
        A count is negative or missing, or there are successes without trials.

    Notes
    -----
    Jeffreys' prior, Beta(1/2, 1/2): Brown, Cai & DasGupta (2001), Statist. Sci. 16, 101-133.
    """
    hits, tried = counted(successes, "successes"), counted(trials, "trials")
    if np.isnan(hits).any() or np.isnan(tried).any():
        raise CallError("A posterior needs counts; some are missing.")
    if np.any((hits > 0) & (tried == 0)):
        raise CallError("There are successes without trials.")
    if draws < 1:
        raise CallError(f"At least one draw is needed, not {draws}.")
    failed = np.maximum(tried - hits, 0.0)
    shape = np.broadcast_shapes(hits.shape, tried.shape)
    return rng.beta(hits + 0.5, failed + 0.5, size=(draws, *shape))
