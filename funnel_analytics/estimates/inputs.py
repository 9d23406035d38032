"""What every estimate checks first, and the two distributions that they share."""

from __future__ import annotations

from math import erfc, exp, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.errors import CallError

__all__ = ["TOLERANCE", "Floats", "chi_square_tail", "counted", "normal_quantile"]

Floats = NDArray[np.float64]

TOLERANCE = 1e-12  # so that 0.5 reached by a product of fractions counts as 0.5


def counted(values: ArrayLike, name: str) -> Floats:
    """Counts as numbers, after checking that none is negative."""
    counts = np.asarray(values, dtype=float)
    if np.any(counts < 0):
        raise CallError(f"Counts of {name} cannot be negative.")
    return counts


def normal_quantile(confidence: float) -> float:
    """The standard normal quantile that a two-sided interval reaches out to."""
    if not 0 < confidence < 1:
        raise CallError(f"A confidence is between 0 and 1, not {confidence}.")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def chi_square_tail(statistic: float, degrees: int) -> float:
    """How probable is a chi-square value at least as large?

    Returns
    -------
    float
        The upper tail, in 0-1; missing where there are no degrees of freedom.

    Notes
    -----
    Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 26.4.4 and 26.4.5: the tails of
    one and two degrees of freedom, and what each two more add.

    >>> print(f"{chi_square_tail(3.841459, 1):.4f} {chi_square_tail(11.0705, 5):.4f}")
    0.0500 0.0500
    """
    if degrees < 1 or statistic != statistic:
        return float("nan")
    half = statistic / 2
    odd = degrees % 2
    tail = erfc(sqrt(half)) if odd else exp(-half)
    more = sqrt(half) * exp(-half) / (sqrt(np.pi) / 2) if odd else half * exp(-half)
    for each in range(1 if odd else 2, degrees, 2):
        tail += more
        more *= half / (each / 2 + 1)
    return float(tail)
