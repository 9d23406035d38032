"""The leads of one step of the funnel, and the models that its groups are tested against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnel_analytics.estimates import AtRows, Factor, Logit, LogitRows, summed
from funnel_analytics.metrics.drop_offs.combinations import MONTH, Combinations

__all__ = ["Counts", "Groups", "Pair", "Step"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Pair = tuple[str, str]
Counts = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True)
class Groups:
    """Groups of leads, and their scores in a model without them.

    `excess` are entries less expected ones and `own` the variances of these, as the score has them;
    `entries` are variances by the rate alone, `expected` the entries expected. `crossed` holds the
    weights of each group by the coefficients of the model.
    """

    excess: Floats
    own: Floats
    entries: Floats
    expected: Floats
    crossed: Floats


@dataclass
class Step:
    """The leads of one step, in the months judged: row = combination with such leads.

    `trials` are leads in the stage before, `share_due` which share of them has had its time (a
    little less than 1 in months that are not yet all ripe), `successes` those that took the step.
    `found` holds the coefficients of models that were fitted before.

    Models are made when they are asked for: that of the main effects of all attributes (None), for
    a value that of the attributes which do not tell its own.
    """

    known: Combinations
    rows: Ints
    trials: Floats
    share_due: Floats
    successes: Floats
    fewest: int
    found: dict[str | None, Floats] = field(default_factory=dict)
    due: Floats = field(init=False)
    codes: Mapping[str, NDArray[Any]] = field(init=False)
    counted: LogitRows = field(init=False)
    _numbers: dict[str, int] = field(init=False)
    _models: dict[str | None, Logit] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        names = list(dict.fromkeys([*self.known.attributes, MONTH]))
        self._numbers = {name: number for number, name in enumerate(names)}
        self.codes = {name: self.known.factors[name].codes[self.rows] for name in names}
        self.due = self.trials * self.share_due
        self.counted = LogitRows(
            [
                Factor(self.codes[name], self.size(name), self._levels(name))
                if name in self.known.attributes
                else Factor(self.codes[name], self.size(name))
                for name in names
            ],
            self.due,
            self.successes,
            due=self.share_due,
        )

    def size(self, name: str) -> int:
        """How many values an attribute has."""
        return self.known.factors[name].size

    def model(self, key: str | None = None) -> Logit:
        """The rates without the effects of an attribute, or with those of all."""
        if key not in self._models:
            names = self.known.attributes
            left_out = [
                number
                for name, number in self._numbers.items()
                if name not in names
                or (key is not None and (name == key or self.known.determines(name, key)))
            ]
            at = self.found.get(key)
            near = None if key is None or at is not None else self.model()
            self._models[key] = self.counted.fit(left_out, near=near, at=at)
            self.found[key] = self._models[key].coefficients
        return self._models[key]

    def at_rows(self, key: str | None) -> AtRows:
        """What a model says of every row."""
        return self.counted.at(self.model(key).coefficients)

    def widened(self, model: Logit) -> float:
        """How much larger the variances are than the fitted rates say, for they fit too well."""
        leads = float(self.trials.sum())
        return leads / max(leads - model.degrees, 1.0)

    def by_value(self) -> dict[str, Counts]:
        """By value of each attribute: leads, those due, entries, and months with leads."""
        names = self.known.attributes
        by_month = {name: self._chosen((name, MONTH)) for name in names}
        counts = (self.trials, self.due, self.successes)
        tables = dict(self.counted.crossing.tables(by_month.values(), *counts, keep=True))
        found = {}
        for name, chosen in by_month.items():
            over = tuple(axis for axis, each in enumerate(chosen) if each != self._numbers[name])
            leads, due, came = (each.sum(axis=over) for each in tables[chosen])
            months = (tables[chosen][0] > 0).sum(axis=over).astype(np.float64)
            found[name] = (leads, due, came, months)
        return found

    def by_pair(self, pairs: Sequence[Pair]) -> dict[Pair, Counts]:
        """By pair of values of each two attributes: as `by_value`, an axis per attribute."""
        crossing = self.counted.crossing
        chosen = {pair: self._chosen(pair) for pair in pairs}
        sums = dict(
            crossing.tables(chosen.values(), self.trials, self.due, self.successes, keep=True)
        )
        of_month = {pair: self._chosen((*pair, MONTH)) for pair in pairs}
        has_leads = {
            by: table > 0 for by, (table,) in crossing.tables(of_month.values(), self.trials)
        }
        found = {}
        for pair in pairs:
            leads, due, came = (self._turned(pair, each) for each in sums[chosen[pair]])
            by = of_month[pair]
            over = tuple(axis for axis, each in enumerate(by) if each not in chosen[pair])
            found[pair] = (leads, due, came, self._turned(pair, has_leads[by].sum(axis=over)))
        return found

    def values_scored(self, name: str, asked: Ints) -> Groups:
        """The scores of values of an attribute in the model without it."""
        model, rows = self.model(name), self.at_rows(name)
        codes, size = self.codes[name], self.size(name)
        crossed = model.by_value[self.counted.values(self._numbers[name])][asked]
        excess, entries, expected = (
            summed(codes, each, size)[asked]
            for each in (rows.residuals, rows.variances, rows.expected)
        )
        return Groups(excess, crossed[:, 0], entries, expected, crossed)

    def pairs_scored(
        self, key: str | None, asked: Mapping[Pair, Ints]
    ) -> Iterator[tuple[Pair, Groups]]:
        """The scores of pairs of values in a model; these are numbered by value, then by second."""
        model, rows = self.model(key), self.at_rows(key)
        crossing = self.counted.crossing
        chosen = {pair: self._chosen(pair) for pair in asked}
        others = [each for each in self._numbers.values() if each not in model.left_out]
        threes = {
            tuple(sorted({*pair, other}))
            for pair in chosen.values()
            for other in others
            if other not in pair
        }
        small = [each for each in sorted(threes) if self._cells(each) <= crossing.most_cells]
        tables = dict(crossing.tables(small, rows.weights))
        sums = dict(crossing.tables(chosen.values(), *rows, keep=True))
        for pair, cells in asked.items():
            excess, own, entries, expected = (
                self._turned(pair, each).ravel()[cells] for each in sums[chosen[pair]]
            )
            crossed = self._crossed(pair, cells, own, others, tables, rows.weights)
            yield pair, Groups(excess, own, entries, expected, crossed)

    def _crossed(
        self,
        pair: Pair,
        cells: Ints,
        own: Floats,
        others: Sequence[int],
        tables: Mapping[tuple[int, ...], list[Floats]],
        weights: Floats,
    ) -> Floats:
        """The weights of pairs of values by the coefficients of a model."""
        crossing, numbers = self.counted.crossing, [self._numbers[each] for each in pair]
        crossed = np.zeros((len(cells), len(self.model().coefficients)))
        crossed[:, 0] = own
        values = np.divmod(cells, self.size(pair[1]))
        group: Ints | None = None
        for other in others:
            levels = self.counted.level_of(other)
            if other in numbers:
                of_group = levels[values[numbers.index(other)]]
                crossed[np.arange(len(cells)), of_group] += own
                continue
            three = tuple(sorted({*numbers, other}))
            size = crossing.factors[other].size
            if three in tables:
                order = [three.index(each) for each in (*numbers, other)]
                table = tables[three][0].transpose(order).reshape(-1, size)[cells]
            else:
                if group is None:
                    group = self._grouped(pair, cells)
                place = group * size + crossing.factors[other].codes
                table = summed(place, weights, (len(cells) + 1) * size)
                table = table.reshape(-1, size)[:-1]
            first = int(levels.min())
            indicator = np.zeros((size, int(levels.max()) + 1 - first))
            indicator[np.arange(size), levels - first] = 1.0
            crossed[:, first : first + indicator.shape[1]] = table @ indicator
        return crossed

    def _grouped(self, pair: Pair, cells: Ints) -> Ints:
        """The number of the group of each row; who is in none is in one after the last."""
        one, other = pair
        size = self.size(other)
        group = np.full(self.size(one) * size, len(cells), dtype=np.intp)
        group[cells] = np.arange(len(cells))
        return np.asarray(group[self.codes[one].astype(np.intp) * size + self.codes[other]])

    def _chosen(self, names: Sequence[str]) -> tuple[int, ...]:
        return tuple(sorted({self._numbers[name] for name in names}))

    def _cells(self, chosen: tuple[int, ...]) -> int:
        return int(np.prod([self.counted.crossing.factors[each].size for each in chosen]))

    def _turned(self, pair: Pair, table: Floats) -> Floats:
        """A table of two attributes, with the first of the pair first."""
        return table if self._numbers[pair[0]] < self._numbers[pair[1]] else table.T

    def _levels(self, name: str) -> Ints:
        """The number of the coefficient of each value of an attribute.

        Values with few leads, and those whose leads all took the step, or none of them, are one.
        """
        codes, size = self.codes[name], self.size(name)
        tried = summed(codes, self.trials, size)
        came = summed(codes, self.successes, size)
        apart = (tried >= self.fewest) & (came > 0) & (came < tried)
        joined = ~apart & (tried > 0)
        if joined.any():
            tries, comes = tried[joined].sum(), came[joined].sum()
            if (comes == 0 or comes == tries) and apart.any():
                apart[np.flatnonzero(apart)[np.argmin(tried[apart])]] = False
        numbers = np.full(size, int(apart.sum()), dtype=np.intp)
        numbers[apart] = np.arange(apart.sum())
        return numbers
