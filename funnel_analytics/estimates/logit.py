"""Logit model of a rate on the values of several attributes, from counts per combination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from funnel_analytics.estimates.inputs import Floats

__all__ = ["Factor", "Logit", "fit_logit"]

Ints = NDArray[np.intp]

_MOST_STEPS = 60
_CONVERGED = 1e-16
_LONGEST = 4.0
_SINGULAR = 1e-10


@dataclass(frozen=True)
class Factor:
    """One attribute: the number of the value that each combination has, and how many there are."""

    codes: Ints
    size: int


@dataclass(frozen=True)
class Logit:
    """A fitted model: the factors in it, their coefficients, and the rate of each combination.

    Every value has a coefficient, so only differences between those of one factor have a meaning.
    `residuals` are successes less expected ones, `weights` the binomial variances, `inverse` the
    generalised inverse of the information, `degrees` how many free coefficients there are.
    """

    factors: tuple[Factor, ...]
    coefficients: Floats = field(repr=False)
    rates: Floats = field(repr=False)
    residuals: Floats = field(repr=False)
    weights: Floats = field(repr=False)
    inverse: Floats = field(repr=False)
    degrees: int

    def crossed(self, group: Ints, groups: int, among: Ints | None = None) -> Floats:
        """The weights of each group by every value of the factors: a row per group."""
        weights = self.weights if among is None else self.weights[among]
        tables = []
        for factor in self.factors:
            codes = factor.codes if among is None else factor.codes[among]
            place = group * factor.size + codes
            tables.append(_counted(place, weights, groups * factor.size).reshape(groups, -1))
        return np.hstack(tables)

    def adjusted(self, crossed: Floats) -> Floats:
        """What the weights of groups share with the factors, times the inverse information."""
        return crossed @ self.inverse


def fit_logit(
    factors: Sequence[Factor],
    trials: Floats,
    successes: Floats,
    *,
    start: Logit | None = None,
) -> Logit:
    """Which rate has each combination if the values of its attributes add up in log odds?

    Parameters
    ----------
    factors
        The attributes; an intercept is added.
    trials, successes
        Counts per combination.
    start
        A model of the same combinations to start from, with the same factors or more (the same
        objects); its steps are kept as long as they lead on quickly.

    Returns
    -------
    Logit
        The model of maximum likelihood. Where values determine each other, any of the models with
        the same rates.

    Notes
    -----
    Newton's method on the score: McCullagh & Nelder (1989), Generalized Linear Models, 4.4.
    """
    everything = Factor(np.zeros(len(trials), dtype=np.intp), 1)
    used = (start.factors[0] if start else everything, *factors)
    beta, inverse = _begin(used, trials, successes, start)
    is_own = start is None
    before = np.inf
    for _ in range(_MOST_STEPS):
        rates = _rates(used, beta)
        residuals = successes - trials * rates
        score = np.concatenate([_counted(each.codes, residuals, each.size) for each in used])
        if is_own or inverse is None:
            inverse = _inverse(_information(used, trials * rates * (1 - rates)))
        step = inverse @ score
        gain = float(score @ step)
        if gain < _CONVERGED:
            break
        is_own = is_own or gain > before / 4
        before = gain
        longest = np.abs(step).max()
        beta = beta + step * min(1.0, _LONGEST / longest)
    weights = trials * rates * (1 - rates)
    if not is_own or inverse is None:
        inverse = _inverse(_information(used, weights))
    degrees = int(np.linalg.matrix_rank(inverse, rtol=_SINGULAR, hermitian=True))
    return Logit(used, beta, rates, residuals, weights, inverse, degrees)


def _begin(
    used: Sequence[Factor], trials: Floats, successes: Floats, start: Logit | None
) -> tuple[Floats, Floats | None]:
    """Coefficients to start from, and the steps of a larger model cut to the factors used."""
    if start is None:
        beta = np.zeros(sum(each.size for each in used))
        share = (successes.sum() + 0.5) / (trials.sum() + 1.0)
        beta[0] = np.log(share / (1 - share))
        return beta, None
    places = np.cumsum([0, *[each.size for each in start.factors]])
    kept = np.concatenate(
        [
            np.arange(places[number], places[number + 1])
            for number, each in enumerate(start.factors)
            if any(each is other for other in used)
        ]
    )
    information = _inverse(start.inverse)[np.ix_(kept, kept)]
    return start.coefficients[kept], _inverse(information)


def _rates(used: Sequence[Factor], beta: Floats) -> Floats:
    odds = np.zeros(len(used[0].codes))
    place = 0
    for each in used:
        odds += beta[place : place + each.size][each.codes]
        place += each.size
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def _information(used: Sequence[Factor], weights: Floats) -> Floats:
    """The weights by every value and every other: the matrix of the second derivatives."""
    places = np.cumsum([0, *[each.size for each in used]])
    matrix = np.zeros((places[-1], places[-1]))
    for i, one in enumerate(used):
        rows = slice(places[i], places[i + 1])
        matrix[rows, rows] = np.diag(_counted(one.codes, weights, one.size))
        for j in range(i + 1, len(used)):
            other = used[j]
            columns = slice(places[j], places[j + 1])
            pairs = _counted(one.codes * other.size + other.codes, weights, one.size * other.size)
            matrix[rows, columns] = pairs.reshape(one.size, other.size)
            matrix[columns, rows] = matrix[rows, columns].T
    return matrix


def _inverse(matrix: Floats) -> Floats:
    """The generalised inverse of a symmetric matrix."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > _SINGULAR * max(float(values[-1]), 1e-300)
    part = vectors[:, kept]
    return np.asarray((part / values[kept]) @ part.T)


def _counted(codes: Ints, weights: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(codes, weights=weights, minlength=size), dtype=np.float64)
