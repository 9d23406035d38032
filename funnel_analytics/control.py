"""Control limits of a series of rates: which of them are more unusual than chance explains?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.errors import CallError

__all__ = ["FEWEST_POINTS", "RUN", "control_limits"]

Floats = NDArray[np.float64]

FEWEST_POINTS = 8
"""With fewer rates there are no limits: their spread would be no more than a guess."""

RUN = 8
"""So many rates in a row on one side of the centre are unusual, even within the limits."""

_SIGMAS = 3.0
_D2 = 1.128  # mean moving range of two independent standard normal values


def control_limits(successes: ArrayLike, trials: ArrayLike) -> pd.DataFrame:
    """Between which limits do the rates of a series vary by chance?

    Parameters
    ----------
    successes, trials
        The counts of each period, in order of time. A period without trials has no rate: it has
        neither limits nor a place among the others.

    Returns
    -------
    DataFrame
        One row per period: `centre` (all successes / all trials), `limit_low`, `limit_high` (in
        0-1), `sigma_z` (1: as wide as chance alone makes them, above: the rates vary more),
        `is_unusual` and `rule`: `"beyond_limit"`, or `"run_of_eight"` from the eighth rate in a
        row on the same side of the centre on, where the centre is that of the rates within the
        limits: else one outlier would put all others on one side. With fewer than eight periods
        that have trials, or where no rate can vary (all or none succeeded), limits are missing and
        nothing is unusual.

    Raises
    ------
    CallError
        A count is negative, there are more successes than trials, or the lengths differ.

    Notes
    -----
    Laney's p' chart (2002), Quality Engineering 14, 531-537: the limits of a p chart, three sigma,
    widened by sigma_z, the mean moving range of the standardised rates over 1.128; here never
    narrower than those of the binomial. Runs: Nelson (1984), Journal of Quality Technology 16,
    237-239, whose second rule asks for nine; eight are the older rule of Western Electric (1956).

    >>> control_limits([10] * 11 + [60], [100] * 12)["rule"].dropna().tolist()
    ['beyond_limit']
    """
    hits, tried = (np.asarray(each, dtype=float).ravel() for each in (successes, trials))
    if len(hits) != len(tried):
        raise CallError("successes and trials must be of one length.")
    if np.any(hits < 0) or np.any(hits > tried):
        raise CallError("Successes cannot be negative, nor more than the trials.")
    table = pd.DataFrame(
        {
            "centre": np.nan,
            "limit_low": np.nan,
            "limit_high": np.nan,
            "sigma_z": np.nan,
            "is_unusual": False,
            "rule": pd.Series([None] * len(hits), dtype=object),
        },
        index=range(len(hits)),
    )
    rated = np.flatnonzero(tried > 0)
    if len(rated) < FEWEST_POINTS:
        return table
    x, n = hits[rated], tried[rated]
    centre = x.sum() / n.sum()
    sigma = np.sqrt(centre * (1 - centre) / n)
    table.loc[rated, "centre"] = centre
    if centre in (0.0, 1.0):
        return table
    z = (x / n - centre) / sigma
    sigma_z = max(1.0, float(np.abs(np.diff(z)).mean()) / _D2)
    table.loc[rated, "sigma_z"] = sigma_z
    table.loc[rated, "limit_low"] = np.clip(centre - _SIGMAS * sigma * sigma_z, 0, 1)
    table.loc[rated, "limit_high"] = np.clip(centre + _SIGMAS * sigma * sigma_z, 0, 1)
    beyond = np.abs(z) > _SIGMAS * sigma_z
    runs = _run_lengths(x, n, hits=x[~beyond].sum(), trials=n[~beyond].sum())
    table.loc[rated[runs >= RUN], "rule"] = "run_of_eight"
    table.loc[rated[beyond], "rule"] = "beyond_limit"
    table["is_unusual"] = table["rule"].notna()
    return table


def _run_lengths(x: Floats, n: Floats, *, hits: float, trials: float) -> NDArray[np.int64]:
    """How many rates in a row, each itself included, lie on one side of hits / trials?"""
    side = np.sign(x * trials - hits * n)  # without a division: a rate at the centre is at it
    lengths = np.zeros(len(side), dtype=np.int64)
    for i, each in enumerate(side):
        joins = i > 0 and each == side[i - 1]
        lengths[i] = 0 if each == 0 else (lengths[i - 1] if joins else 0) + 1
    return lengths
