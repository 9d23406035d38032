"""Logit models of a rate on the values of several attributes, from counts per combination."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnel_analytics.estimates.crossed import Chosen, Crossing, Factor, summed
from funnel_analytics.estimates.inputs import Floats

__all__ = ["AtRows", "Logit", "LogitRows"]

Ints = NDArray[np.intp]

_MOST_STEPS = 60
_CONVERGED = 1e-16
_LONGEST = 4.0
_SINGULAR = 1e-8
_CHUNK = 2**15
_PREDICTED_CELLS = 2**13
_LARGEST_EXPONENT = 600.0


class AtRows(NamedTuple):
    """What a model says of every row.

    `residuals` are successes less expected ones and `weights` the variances of these, both as the
    score of the model has them; `variances` are those of the successes by the rate alone, and
    `expected` the successes it expects.
    """

    residuals: Floats
    weights: Floats
    variances: Floats
    expected: Floats


@dataclass(frozen=True)
class Logit:
    """A fitted model without the effects of some factors.

    The first of the `coefficients` is the intercept, then come those of each factor's levels; those
    left out, and those that others determine, are 0, so that only differences between those of one
    factor have a meaning. `by_value` holds the weights of each value (of the intercept, then of
    every factor) by every coefficient, `inverse` a generalised inverse of the information, with
    zeros where a coefficient is left out. `degrees` is how many coefficients the rows tell apart.
    """

    left_out: frozenset[int]
    coefficients: Floats = field(repr=False)
    by_value: Floats = field(repr=False)
    inverse: Floats = field(repr=False)
    degrees: int


class LogitRows:
    """Rows whose rate depends on the values of factors, adding up in log odds.

    Parameters
    ----------
    factors
        The attributes; an intercept is added.
    trials, successes
        Counts per row. Where a success may not have had its time yet, the trials are those that
        had.
    due
        Which share of all trials of the row these are; 1 where it is missing.

    Notes
    -----
    Newton's method on the score: McCullagh & Nelder (1989), Generalized Linear Models, 4.4. Of
    trials t that are a share d of all, with rate r, the successes are binomial with rate d r: their
    variance is t r (1 - d r), and the score weighs a residual by (1 - r) / (1 - d r).
    """

    def __init__(
        self,
        factors: Sequence[Factor],
        trials: Floats,
        successes: Floats,
        *,
        due: Floats | None = None,
    ) -> None:
        self.crossing = Crossing(factors)
        self.trials, self.successes = trials, successes
        self.due = np.ones(len(trials)) if due is None else due
        self._unripe = np.flatnonzero(self.due < 1)
        places, levels, owners, first = [np.zeros(1, dtype=np.intp)], 1, [-1], [0, 1]
        for number, each in enumerate(factors):
            own = np.arange(each.size, dtype=np.intp) if each.levels is None else each.levels
            places.append(own + levels)
            count = int(own.max()) + 1 if each.size else 0
            owners += [number] * count
            levels += count
            first.append(first[-1] + each.size)
        self._level_of = np.concatenate(places)
        self._owners = np.array(owners)
        self._first = first
        self._last: list[tuple[Floats, AtRows]] = []
        self._blocks = _blocks(self.crossing.sizes)
        self._places = [
            self.crossing.place(block) if block else np.zeros(len(trials), dtype=np.uint8)
            for block in self._blocks
        ]
        self._design = self._information(self._by_value(trials))

    def values(self, number: int) -> slice:
        """Where the values of a factor are among those of all."""
        return slice(self._first[number + 1], self._first[number + 2])

    def level_of(self, number: int) -> Ints:
        """Which coefficient each value of a factor has."""
        return self._level_of[self.values(number)]

    def fit(
        self,
        left_out: Collection[int] = (),
        *,
        near: Logit | None = None,
        at: Floats | None = None,
    ) -> Logit:
        """Which model is the most likely one?

        Parameters
        ----------
        left_out
            The numbers of the factors without an effect.
        near
            A model with more factors to start from; its steps are kept as long as they lead on
            quickly.
        at
            The coefficients of this model, if they were found before.
        """
        kept = ~np.isin(self._owners, list(left_out))
        beta, inverse = np.zeros(len(kept)), None
        if at is not None:
            beta = at
        elif near is not None:
            information = self._information(near.by_value)
            inverse, _ = _inverse(information, kept, self._design[0])
            beta = np.where(kept, near.coefficients, 0.0)
            beta = beta + inverse @ (information[:, ~kept] @ near.coefficients[~kept])
        else:
            share = (self.successes.sum() + 0.5) / (self.trials.sum() + 1.0)
            beta[0] = np.log(share / (1 - share))
        is_own, is_last, before, by_value = inverse is None, at is not None, np.inf, None
        for _ in range(_MOST_STEPS):
            rows = self._room(beta) if is_own or is_last else None
            score = self._swept(beta, rows) * kept
            if is_own or inverse is None:
                by_value = self._by_value(self.at(beta).weights)
                inverse, _ = _inverse(self._information(by_value), kept, self._design[0])
            step = inverse @ score
            gain = float(score @ step)
            if gain < _CONVERGED:
                break
            is_own = is_own or gain > before / 4
            is_last = gain * gain / before < _CONVERGED
            before, by_value = gain, None
            longest = np.abs(step).max()
            beta = beta + step * min(1.0, _LONGEST / longest)
        if by_value is None:
            by_value = self._by_value(self.at(beta).weights)
        inverse, _ = _inverse(self._information(by_value), kept, self._design[0])
        _, degrees = _inverse(self._design, kept, self._design[0])
        return Logit(frozenset(left_out), beta, by_value, inverse, degrees)

    def at(self, coefficients: Floats) -> AtRows:
        """What a model with these coefficients says of every row.

        The last two answers are kept; the arrays of older ones are used again.
        """
        for known, rows in self._last:
            if known is coefficients:
                return rows
        rows = self._room(coefficients)
        self._swept(coefficients, rows)
        return rows

    def rates(self, model: Logit) -> Floats:
        """The rate of each row."""
        odds = zip(self._places, self._odds(model.coefficients), strict=True)
        product = np.prod([table[place] for place, table in odds], axis=0)
        return np.asarray(product / (1 + product))

    def crossed(self, among: Ints, weights: Floats) -> Floats:
        """The weights of some rows by every coefficient, those left out as well."""
        sums = [np.array([weights.sum()])]
        for each in self.crossing.factors:
            sums.append(summed(each.codes[among], weights, each.size))
        return summed(self._level_of, np.concatenate(sums), len(self._owners))

    def _swept(self, beta: Floats, kept: AtRows | None) -> Floats:
        """The score by every coefficient; what the model says of the rows is written to `kept`."""
        odds = self._odds(beta)
        sums = [np.zeros(len(table)) for table in odds]
        for start in range(0, len(self.trials), _CHUNK):
            rows = slice(start, start + _CHUNK)
            places = [place[rows].astype(np.intp) for place in self._places]
            product = odds[0][places[0]]
            for place, table in zip(places[1:], odds[1:], strict=True):
                product *= table[place]
            others = 1 / (1 + product)
            expected = self.trials[rows] * (product * others)
            residuals = self.successes[rows] - expected
            if kept is not None:
                kept.expected[rows] = expected
                kept.variances[rows] = kept.weights[rows] = expected * others
            first, last = np.searchsorted(self._unripe, (start, start + _CHUNK))
            if first < last:
                unripe = self._unripe[first:last]
                own = others[unripe - start]
                factor = own / (1 - (1 - own) * self.due[unripe])
                residuals[unripe - start] *= factor
                if kept is not None:
                    kept.weights[unripe] *= factor
            if kept is not None:
                kept.residuals[rows] = residuals
            for place, table in zip(places, sums, strict=True):
                table += np.bincount(place, weights=residuals, minlength=len(table))
        return self._by_coefficient(sums)

    def _room(self, beta: Floats) -> AtRows:
        """Arrays to write to, kept for a model: new ones, or those of what was kept longest."""
        if len(self._last) > 1:
            rows = self._last.pop()[1]
        else:
            size = len(self.trials)
            variances = np.empty(size)
            weights = np.empty(size) if len(self._unripe) else variances
            rows = AtRows(np.empty(size), weights, variances, np.empty(size))
        self._last.insert(0, (beta, rows))
        return rows

    def _odds(self, beta: Floats) -> list[Floats]:
        """The odds of the rows, as factors by the combination of values in each block."""
        limit = _LARGEST_EXPONENT / len(self._blocks)
        raw = beta[self._level_of]
        odds = []
        for block in self._blocks:
            table = np.zeros(1)
            for number in block:
                table = (table[:, None] + raw[self.values(number)]).ravel()
            odds.append(np.exp(np.clip(table, -limit, limit)))
        odds[0] *= np.exp(raw[0])
        return odds

    def _by_coefficient(self, tables: Sequence[Floats]) -> Floats:
        """Sums by the combination of values in each block as sums by every coefficient."""
        sums = np.zeros(len(self._level_of))
        sums[0] = tables[0].sum()
        for block, flat in zip(self._blocks, tables, strict=True):
            table = flat.reshape([self.crossing.factors[number].size for number in block])
            for axis, number in enumerate(block):
                over = tuple(other for other in range(len(block)) if other != axis)
                sums[self.values(number)] = table.sum(axis=over)
        return summed(self._level_of, sums, len(self._owners))

    def _by_value(self, weights: Floats) -> Floats:
        """The weights of every value by every coefficient."""
        count = len(self.crossing.factors)
        every = [(one, other) for one in range(count) for other in range(one + 1, count)]
        singles = [(each,) for each in range(count)]
        matrix = np.zeros((len(self._level_of), len(self._level_of)))
        matrix[0, 0] = weights.sum()
        for chosen, (table,) in self.crossing.tables([*every, *singles], weights, keep=True):
            one, other = self.values(chosen[0]), self.values(chosen[-1])
            if len(chosen) == 1:
                matrix[one, one] = np.diag(table)
                matrix[0, one] = matrix[one, 0] = table
            else:
                matrix[one, other], matrix[other, one] = table, table.T
        return np.asarray(_joined(matrix.T, self._level_of, len(self._owners)).T)

    def _information(self, by_value: Floats) -> Floats:
        """The weights of every coefficient by every other: the second derivatives."""
        return _joined(by_value, self._level_of, len(self._owners))


def _blocks(sizes: Sequence[int]) -> list[Chosen]:
    """All factors, in blocks of few combinations each; one that is empty if there are none."""
    blocks: list[Chosen] = [()]
    cells = 1
    for number, size in enumerate(sizes):
        if blocks[-1] and cells * size > _PREDICTED_CELLS:
            blocks.append(())
            cells = 1
        blocks[-1] = (*blocks[-1], number)
        cells *= size
    return blocks


def _joined(rows: Floats, number: Ints, count: int) -> Floats:
    """The sums of the rows that have the same number."""
    order = np.argsort(number, kind="stable")
    starts = np.searchsorted(number[order], np.arange(count))
    return np.asarray(np.add.reduceat(rows[order], starts, axis=0))


def _inverse(matrix: Floats, kept: NDArray[np.bool_], trials: Floats) -> tuple[Floats, int]:
    """A generalised inverse of the kept part of a symmetric matrix, zero elsewhere, and its rank.

    Goodnight (1979), The American Statistician 33, 149-158: the sweep operator. It passes over what
    the columns before determine, and over what the trials tell nothing more of, since the rates on
    which it depends have gone to 0 or 1.
    """
    work = np.where(kept[:, None] & kept[None, :], matrix, 0.0)
    rank = 0
    for each in range(len(work)):
        pivot = work[each, each]
        if pivot <= _SINGULAR * trials[each]:
            work[each, :] = work[:, each] = 0.0
            continue
        row = work[each] / pivot
        column = work[:, each].copy()
        work -= np.outer(column, row)
        work[each] = row
        work[:, each] = -column / pivot
        work[each, each] = 1 / pivot
        rank += 1
    return work, rank
