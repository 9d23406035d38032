"""When had a share of those who see an event seen it, how sure is that, and do groups differ?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.compared import Comparison
from funnel_analytics.estimates.curves import incidence_at, incidence_quantile
from funnel_analytics.estimates.inputs import (
    TOLERANCE,
    Floats,
    chi_square_tail,
    normal_quantile,
)

__all__ = ["incidence_quantile_interval", "incidence_share_error", "median_test"]

_HALF = 0.5


def incidence_quantile_interval(
    curve: pd.DataFrame, p: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Between which times does `incidence_quantile` probably lie?

    Returns
    -------
    low, high
        Times of a `cumulative_incidence` curve; 0 and the last one where the events are too few to
        say more. Missing if nobody has seen the event.

    Raises
    ------
    CallError
        `p` or `confidence` is not between 0 and 1.

    Notes
    -----
    The times at which a test of incidence / last incidence = p does not reject (Brookmeyer &
    Crowley 1982a, Biometrics 38, 29-41, who invert it for the median of a survival curve). The
    test takes the ratio as a share of as many events as have its variance, and with p in the
    variance, as Wilson's interval does.
    """
    if not 0 < p < 1:
        raise CallError(f"A quantile is between 0 and 1, not {p}.")
    z = normal_quantile(confidence)
    if curve.empty or curve["incidence"].iloc[-1] == 0:
        return float("nan"), float("nan")
    times = curve["time"].to_numpy(float)
    share = _conditional(curve)
    spread = z * np.sqrt(p * (1 - p) / _effective_events(curve, share))
    is_unbounded = bool(p <= spread[0])
    low = np.flatnonzero(share >= p - spread - TOLERANCE)
    high = np.flatnonzero(share > p + spread + TOLERANCE)
    estimate = incidence_quantile(curve, p)
    return (
        0.0 if is_unbounded else min(float(times[low[0]]), estimate),
        max(float(times[high[0]]) if len(high) else float(times[-1]), estimate),
    )


def incidence_share_error(curve: pd.DataFrame) -> Floats:
    """How far may the share of those who see the event that had seen it by each time lie off?

    Returns
    -------
    array
        One standard error of incidence / last incidence per row of a `cumulative_incidence` curve
        with an event.

    Notes
    -----
    By the delta method. With J(u) = I(t) - I(u), and K(u) the same for the last time, the
    covariance of I(t) and the last incidence sums, over u up to t,
    J K e / (n (n - e)) + S^2 d (n - d) / n^3 - (J + K) S d / n^2: the variance of
    `incidence_error` for two times.
    """
    share = _conditional(curve)
    n, d = curve["at_risk"].to_numpy(float), curve["events"].to_numpy(float)
    e = d + curve["competing"].to_numpy(float)
    incidence = curve["incidence"].to_numpy(float)
    last = incidence[-1]
    before = np.concatenate([[1.0], curve["survival"].to_numpy(float)[:-1]])
    leaving = np.divide(e, n * (n - e), out=np.zeros_like(n), where=n > e)
    moving = before * d / n**2
    own = np.cumsum(before**2 * d * (n - d) / n**3)
    sums = [np.cumsum(incidence**power * leaving) for power in range(3)]
    moves = [np.cumsum(incidence**power * moving) for power in range(2)]
    at = incidence**2 * sums[0] - 2 * incidence * sums[1] + sums[2] + own
    at -= 2 * (incidence * moves[0] - moves[1])
    with_last = incidence * last * sums[0] - (incidence + last) * sums[1] + sums[2] + own
    with_last -= (incidence + last) * moves[0] - 2 * moves[1]
    variance = at + share**2 * at[-1] - 2 * share * with_last
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)) / last)


def median_test(curves: Sequence[pd.DataFrame], *, pooled: pd.DataFrame) -> Comparison:
    """Had half of those who see the event seen it after the same time in all groups?

    Parameters
    ----------
    curves
        The `cumulative_incidence` curve of each group.
    pooled
        That of all of them together.

    Returns
    -------
    Comparison
        Missing statistic and no degrees of freedom where fewer than two groups saw the event.

    Notes
    -----
    The median test for k samples of Brookmeyer & Crowley (1982b), J. Am. Stat. Assoc. 77, 433-440:
    the incidence / last incidence of each group at the median of all. Without censoring and
    competing events it is Mood's test, Pearson's chi-square of who is beyond the common median.
    """
    known = [each for each in curves if len(each) and each["incidence"].iloc[-1] > 0]
    if len(known) < 2:
        return Comparison(float("nan"), 0, float("nan"))
    middle = incidence_quantile(pooled, _HALF)
    shares, events = np.empty(len(known)), np.empty(len(known))
    for place, curve in enumerate(known):
        shares[place] = incidence_at(curve, [middle])[0] / curve["incidence"].iloc[-1]
        row = int(np.searchsorted(curve["time"].to_numpy(float), middle, side="right")) - 1
        events[place] = _effective_events(curve, _conditional(curve))[max(row, 0)]
    common = float((shares * events).sum() / events.sum())
    if not TOLERANCE < common < 1 - TOLERANCE:
        return Comparison(float("nan"), 0, float("nan"))
    statistic = float((events * (shares - common) ** 2).sum() / (common * (1 - common)))
    return Comparison(statistic, len(known) - 1, chi_square_tail(statistic, len(known) - 1))


def _conditional(curve: pd.DataFrame) -> Floats:
    """Of those who see the event, the share that had seen it by each time."""
    incidence = curve["incidence"].to_numpy(float)
    return np.asarray(incidence / incidence[-1])


def _effective_events(curve: pd.DataFrame, share: Floats) -> Floats:
    """As how many events, all of them seen, these count at each time: share (1 - share) / variance.

    No more than were seen. Where the share is 0 or 1, as at the next time where it is not.
    """
    seen = float(curve["events"].sum())
    variance = incidence_share_error(curve) ** 2
    inner = (share > TOLERANCE) & (share < 1 - TOLERANCE) & (variance > 0)
    if not inner.any():
        return np.full(len(share), seen)
    count = share * (1 - share) / np.where(inner, variance, 1.0)
    places = np.flatnonzero(inner)
    nearest = np.clip(np.searchsorted(places, np.arange(len(share))), 0, len(places) - 1)
    return np.minimum(count[places[nearest]], seen)
