"""What every estimate checks first, and the distributions that they share."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.errors import CallError

__all__ = [
    "TOLERANCE",
    "Estimate",
    "Floats",
    "chi_square_tail",
    "counted",
    "f_tail",
    "normal_quantile",
    "student_quantile",
]

Floats = NDArray[np.float64]

TOLERANCE = 1e-12  # so that 0.5 reached by a product of fractions counts as 0.5


class Estimate(NamedTuple):
    """A value and its two-sided interval; all missing where nothing can be told."""

    value: float
    low: float
    high: float


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


def f_tail(statistic: float, degrees: int, others: int) -> float:
    """How probable is an F value at least as large?

    Returns
    -------
    float
        The upper tail, in 0-1; missing where there are no degrees of freedom.

    Notes
    -----
    Abramowitz & Stegun (1964), Handbook of Mathematical Functions, 26.6.2.

    >>> print(f"{f_tail(3.3258, 5, 10):.4f} {f_tail(4.9646, 1, 10):.4f}")
    0.0500 0.0500
    """
    if degrees < 1 or others < 1 or statistic != statistic:
        return float("nan")
    if statistic <= 0:
        return 1.0
    return _beta_share(others / 2, degrees / 2, others / (others + degrees * statistic))


def student_quantile(confidence: float, degrees: int) -> float:
    """Student's quantile that a two-sided interval reaches out to; missing without degrees.

    >>> print(f"{student_quantile(0.95, 10):.4f} {student_quantile(0.95, 100_000):.4f}")
    2.2281 1.9600
    """
    low = normal_quantile(confidence)
    if degrees < 1:
        return float("nan")
    high = 2 * low
    while f_tail(high * high, 1, degrees) > 1 - confidence:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if f_tail(middle * middle, 1, degrees) > 1 - confidence:
            low = middle
        else:
            high = middle
        if high - low <= TOLERANCE * high:
            break
    return high


def _beta_share(a: float, b: float, x: float) -> float:
    """The share of a beta distribution below x.

    The continued fraction of Abramowitz & Stegun (1964), 26.5.8, by the method of Lentz (1976),
    Appl. Opt. 15, 668-671.
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_share(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    fraction = numerator = 1.0
    denominator = 1 / _off_zero(1 - (a + b) * x / (a + 1))
    fraction = denominator
    for m in range(1, 10_000):
        for factor in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            denominator = 1 / _off_zero(1 + factor * denominator)
            numerator = _off_zero(1 + factor / numerator)
            fraction *= denominator * numerator
        if abs(denominator * numerator - 1) < 1e-15:
            break
    return front * fraction


def _off_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300
