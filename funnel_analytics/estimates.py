"""Estimates from counts that several metrics share: intervals, survival curves, posteriors.

All of them are small: counts come in aggregated, one number per segment or per waiting time.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.errors import CallError

__all__ = [
    "beta_posterior",
    "cumulative_incidence",
    "kaplan_meier",
    "quantile_of",
    "survival_at",
    "survival_interval",
    "wilson",
]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-12  # so that 0.5 reached by a product of fractions counts as 0.5


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
    hits, tried = _counts(successes, "successes"), _counts(trials, "trials")
    if np.any(hits > tried):
        raise CallError("There are more successes than trials.")
    z = _normal_quantile(confidence)
    n = np.where(tried > 0, tried, np.nan)
    centre = (hits + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(hits * (n - hits) / n + z**2 / 4)
    low = np.where(hits == 0, 0.0, centre - half)
    high = np.where(hits == n, 1.0, centre + half)
    return np.where(np.isnan(n), np.nan, low)[()], np.where(np.isnan(n), np.nan, high)[()]


def kaplan_meier(times: ArrayLike, events: ArrayLike, censored: ArrayLike) -> pd.DataFrame:
    """Which share still waits after each time, when some had not finished as the data end?

    Parameters
    ----------
    times, events, censored
        After `times[i]`, `events[i]` saw the event and `censored[i]` were last seen waiting.
        Times may repeat and come in any order.

    Returns
    -------
    DataFrame
        One row per time, in order: `time`, `at_risk` (still waiting just before), `events`,
        `censored`, and `survival`, the share that waits longer than `time`. Who was last seen
        at the time of an event was still at risk of it.

    Raises
    ------
    CallError
        A time is missing or negative, a count is negative, or the lengths differ.

    Notes
    -----
    Product-limit estimate: Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481.
    """
    curve = _at_risk(times, {"events": events, "censored": censored})
    curve["survival"] = (1 - curve["events"] / curve["at_risk"]).cumprod()
    return curve


def cumulative_incidence(
    times: ArrayLike, events: ArrayLike, competing: ArrayLike, censored: ArrayLike
) -> pd.DataFrame:
    """Which share has seen the event by each time, when another event can forestall it?

    Parameters
    ----------
    times, events, competing, censored
        As for `kaplan_meier`; `competing` are the events after which the one asked for can no
        longer happen, such as lost when won is asked for.

    Returns
    -------
    DataFrame
        One row per time, in order: `time`, `at_risk`, `events`, `competing`, `censored`,
        `survival` (neither event yet), `incidence` (share with the event by `time`) and
        `competing_incidence`. The three shares sum to 1.

    Raises
    ------
    CallError
        As for `kaplan_meier`.

    Notes
    -----
    Aalen & Johansen (1978), Scand. J. Stat. 5, 141-150, for two competing events.
    """
    curve = _at_risk(times, {"events": events, "competing": competing, "censored": censored})
    ended = (curve["events"] + curve["competing"]) / curve["at_risk"]
    curve["survival"] = (1 - ended).cumprod()
    waiting = curve["survival"].shift(1, fill_value=1.0) / curve["at_risk"]
    curve["incidence"] = (waiting * curve["events"]).cumsum()
    curve["competing_incidence"] = (waiting * curve["competing"]).cumsum()
    return curve


def quantile_of(curve: pd.DataFrame, p: float) -> float:
    """After what time has a share `p` seen the event?

    Returns
    -------
    float
        The smallest time of a `kaplan_meier` curve with survival of at most `1 - p`; missing if
        the curve never falls that far.

    Raises
    ------
    CallError
        `p` is not between 0 and 1.
    """
    if not 0 < p < 1:
        raise CallError(f"A quantile is between 0 and 1, not {p}.")
    reached = curve.loc[curve["survival"] <= 1 - p + _TOLERANCE, "time"]
    return float(reached.iloc[0]) if len(reached) else float("nan")


def survival_at(curve: pd.DataFrame, times: ArrayLike) -> Floats:
    """Which share waits longer than each of these times?

    Returns
    -------
    array
        1 before the first time of the `kaplan_meier` curve; level after its last time, as nobody
        was watched for longer.
    """
    row = np.searchsorted(curve["time"].to_numpy(), np.asarray(times, dtype=float), side="right")
    return np.concatenate([[1.0], curve["survival"].to_numpy()])[row]


def survival_interval(curve: pd.DataFrame, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Between which shares does each point of a Kaplan-Meier curve probably lie?

    Returns
    -------
    low, high
        One bound per row of the curve, in 0-1; missing where survival is 1 or 0, for which
        Greenwood's variance says nothing.

    Notes
    -----
    Greenwood's variance on the log(-log) scale: Kalbfleisch & Prentice (1980), The Statistical
    Analysis of Failure Time Data.
    """
    z = _normal_quantile(confidence)
    at_risk, events = curve["at_risk"].to_numpy(float), curve["events"].to_numpy(float)
    survival = curve["survival"].to_numpy(float)
    inner = (survival > _TOLERANCE) & (survival < 1)
    staying = np.where(at_risk > events, at_risk - events, np.nan)
    variance = np.cumsum(events / (at_risk * staying))
    log = np.log(np.where(inner, survival, np.nan))
    spread = z * np.sqrt(variance) / np.abs(log)
    return np.exp(log * np.exp(spread)), np.exp(log * np.exp(-spread))


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
    hits, tried = _counts(successes, "successes"), _counts(trials, "trials")
    if np.isnan(hits).any() or np.isnan(tried).any():
        raise CallError("A posterior needs counts; some are missing.")
    if np.any((hits > 0) & (tried == 0)):
        raise CallError("There are successes without trials.")
    if draws < 1:
        raise CallError(f"At least one draw is needed, not {draws}.")
    failed = np.maximum(tried - hits, 0.0)
    shape = np.broadcast_shapes(hits.shape, tried.shape)
    return rng.beta(hits + 0.5, failed + 0.5, size=(draws, *shape))


def _at_risk(times: ArrayLike, counts: dict[str, ArrayLike]) -> pd.DataFrame:
    """One row per time, in order: how many were still waiting just before, and each count."""
    columns = {"time": np.asarray(times, dtype=float).ravel()} | {
        name: _counts(values, name).ravel() for name, values in counts.items()
    }
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise CallError(f"{', '.join(columns)} must be of one length.")
    if any(np.isnan(values).any() for values in columns.values()):
        raise CallError("Times and counts of a survival curve cannot be missing.")
    if (columns["time"] < 0).any():
        raise CallError("Times of a survival curve cannot be negative.")
    curve = pd.DataFrame(columns).groupby("time", as_index=False, sort=True).sum()
    total = curve[list(counts)].sum(axis=1)
    curve.insert(1, "at_risk", total[::-1].cumsum()[::-1])
    return curve.loc[total > 0].reset_index(drop=True)


def _counts(values: ArrayLike, name: str) -> Floats:
    counts = np.asarray(values, dtype=float)
    if np.any(counts < 0):
        raise CallError(f"Counts of {name} cannot be negative.")
    return counts


def _normal_quantile(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise CallError(f"A confidence is between 0 and 1, not {confidence}.")
    return NormalDist().inv_cdf((1 + confidence) / 2)
