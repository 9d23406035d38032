"""Curves of waiting times from counts: survival, and incidence where events compete."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import TOLERANCE, Floats, counted, normal_quantile

__all__ = [
    "cumulative_incidence",
    "incidence_at",
    "incidence_error",
    "incidence_interval",
    "incidence_quantile",
    "kaplan_meier",
    "quantile_of",
    "survival_at",
    "survival_error",
    "survival_interval",
]


def kaplan_meier(
    times: ArrayLike,
    events: ArrayLike,
    censored: ArrayLike,
    *,
    joined: ArrayLike | None = None,
) -> pd.DataFrame:
    """Which share still waits after each time, when some had not finished as the data end?

    Parameters
    ----------
    times, events, censored
        After `times[i]`, `events[i]` saw the event and `censored[i]` were last seen waiting.
        Times may repeat and come in any order.
    joined
        How many are watched only from `times[i]` on (delayed entry): they are at risk of what
        happens at that time and later. By default all are watched from the beginning.

    Returns
    -------
    DataFrame
        One row per time at which somebody was last seen, in order: `time`, `at_risk` (still waiting
        just before), `events`, `censored`, and `survival`, the share that waits longer than `time`.
        Who was last seen at the time of an event was still at risk of it.

    Raises
    ------
    CallError
        A time is missing or negative, a count is negative, the lengths differ, or somebody is
        last seen before they joined.

    Notes
    -----
    Product-limit estimate: Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481.
    """
    curve = _at_risk(times, {"events": events, "censored": censored}, joined)
    curve["survival"] = (1 - curve["events"] / curve["at_risk"]).cumprod()
    return curve


def cumulative_incidence(
    times: ArrayLike,
    events: ArrayLike,
    competing: ArrayLike,
    censored: ArrayLike,
    *,
    joined: ArrayLike | None = None,
) -> pd.DataFrame:
    """Which share has seen the event by each time, when another event can forestall it?

    Parameters
    ----------
    times, events, competing, censored, joined
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
    counts = {"events": events, "competing": competing, "censored": censored}
    curve = _at_risk(times, counts, joined)
    ended = (curve["events"] + curve["competing"]) / curve["at_risk"]
    curve["survival"] = (1 - ended).cumprod()
    waiting = curve["survival"].shift(1, fill_value=1.0) / curve["at_risk"]
    # Sums of fractions that are 1 in all may come out a rounding error above it.
    curve["incidence"] = (waiting * curve["events"]).cumsum().clip(upper=1.0)
    curve["competing_incidence"] = (waiting * curve["competing"]).cumsum().clip(upper=1.0)
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
    reached = curve.loc[curve["survival"] <= 1 - p + TOLERANCE, "time"]
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
    z = normal_quantile(confidence)
    at_risk, events = curve["at_risk"].to_numpy(float), curve["events"].to_numpy(float)
    survival = curve["survival"].to_numpy(float)
    inner = (survival > TOLERANCE) & (survival < 1)
    staying = np.where(at_risk > events, at_risk - events, np.nan)
    variance = np.cumsum(events / (at_risk * staying))
    log = np.log(np.where(inner, survival, np.nan))
    spread = z * np.sqrt(variance) / np.abs(log)
    return np.exp(log * np.exp(spread)), np.exp(log * np.exp(-spread))


def incidence_at(curve: pd.DataFrame, times: ArrayLike) -> Floats:
    """Which share has seen the event by each of these times?

    Returns
    -------
    array
        0 before the first time of the `cumulative_incidence` curve; level after its last time.
    """
    row = np.searchsorted(curve["time"].to_numpy(), np.asarray(times, dtype=float), side="right")
    return np.concatenate([[0.0], curve["incidence"].to_numpy()])[row]


def incidence_quantile(curve: pd.DataFrame, p: float) -> float:
    """After what time had a share `p` of those that end with the event seen it?

    Returns
    -------
    float
        The smallest time of a `cumulative_incidence` curve with at least `p` of its last
        incidence; missing if nobody has seen the event.

    Raises
    ------
    CallError
        `p` is not between 0 and 1.
    """
    if not 0 < p < 1:
        raise CallError(f"A quantile is between 0 and 1, not {p}.")
    if curve.empty or curve["incidence"].iloc[-1] == 0:
        return float("nan")
    wanted = p * curve["incidence"].iloc[-1]
    return float(curve.loc[curve["incidence"] >= wanted * (1 - TOLERANCE), "time"].iloc[0])


def survival_error(curve: pd.DataFrame) -> Floats:
    """How far may each point of a Kaplan-Meier curve lie off?

    Returns
    -------
    array
        One standard error per row; missing where nobody waits any longer.

    Notes
    -----
    Greenwood (1926), Reports on Public Health and Medical Subjects 33.
    """
    at_risk, events = curve["at_risk"].to_numpy(float), curve["events"].to_numpy(float)
    survival = curve["survival"].to_numpy(float)
    staying = np.where(at_risk > events, at_risk - events, np.nan)
    return survival * np.sqrt(np.cumsum(events / (at_risk * staying)))


def incidence_error(curve: pd.DataFrame) -> Floats:
    """How far may each point of a cumulative incidence lie off?

    Returns
    -------
    array
        One standard error per row of a `cumulative_incidence` curve.

    Notes
    -----
    By the delta method: Marubini & Valsecchi (1995), Analysing Survival Data from Clinical Trials
    and Observational Studies, 10.3. With events d of the kind asked for, all events e and n at
    risk at each time u, S left-continuous, the variance of I(t) sums up to t
    (I(t) - I(u))^2 e / (n (n - e)) + S^2 d (n - d) / n^3 - 2 (I(t) - I(u)) S d / n^2.
    """
    n, d = curve["at_risk"].to_numpy(float), curve["events"].to_numpy(float)
    e = d + curve["competing"].to_numpy(float)
    incidence = curve["incidence"].to_numpy(float)
    before = np.concatenate([[1.0], curve["survival"].to_numpy(float)[:-1]]) if len(n) else n
    # Where all at risk saw an event, I has its last value: the term is 0 times an infinite one.
    leaving = np.divide(e, n * (n - e), out=np.zeros_like(n), where=n > e)
    moving = before * d / n**2
    variance = (
        incidence**2 * np.cumsum(leaving)
        - 2 * incidence * np.cumsum(incidence * leaving)
        + np.cumsum(incidence**2 * leaving)
        + np.cumsum(before**2 * d * (n - d) / n**3)
        - 2 * incidence * np.cumsum(moving)
        + 2 * np.cumsum(incidence * moving)
    )
    return np.sqrt(np.maximum(variance, 0.0))


def incidence_interval(
    incidence: ArrayLike, error: ArrayLike, *, confidence: float = 0.95
) -> tuple[Floats, Floats]:
    """Between which shares does each point of an incidence probably lie?

    Returns
    -------
    low, high
        One bound per point, in 0-1; missing where the incidence is 0 or 1 or its error is.

    Notes
    -----
    On the log(-log) scale of one minus the incidence. Without competing events this is
    `survival_interval` turned round: Kalbfleisch & Prentice (1980).
    """
    z = normal_quantile(confidence)
    share = np.asarray(incidence, dtype=float)
    inner = (share > 0) & (share < 1 - TOLERANCE)
    log = np.log1p(-np.where(inner, share, np.nan))
    spread = (
        z * np.asarray(error, dtype=float) / ((1 - share) * np.abs(log)) if inner.any() else log
    )
    return -np.expm1(log * np.exp(-spread)), -np.expm1(log * np.exp(spread))


def _at_risk(
    times: ArrayLike, counts: dict[str, ArrayLike], joined: ArrayLike | None
) -> pd.DataFrame:
    """One row per time, in order: how many were still waiting just before, and each count."""
    given = counts if joined is None else {**counts, "joined": joined}
    columns = {"time": np.asarray(times, dtype=float).ravel()} | {
        name: counted(values, name).ravel() for name, values in given.items()
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
    if joined is None:
        curve.insert(1, "at_risk", total[::-1].cumsum()[::-1])
    else:
        came = curve.pop("joined").cumsum()
        curve.insert(1, "at_risk", came - total.cumsum() + total)
        if (curve["at_risk"] < total).any():
            raise CallError("Nobody can be last seen before they joined.")
    return curve.loc[total > 0].reset_index(drop=True)
