"""Journeys drawn anew: which of them are drawn together, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Floats, Ints, Journeys, summed
from funnel_analytics.credit.ranks import ranked

__all__ = ["Draw", "Drawing"]


class Draw(NamedTuple):
    """One set of journeys drawn anew.

    `won` and `gained` are conversions and values by row of the drawing; `conversions`, `values` and
    `nulls` the same and the journeys without by distinct path.
    """

    won: Floats
    gained: Floats
    conversions: Floats
    values: Floats
    nulls: Floats


class Drawing:
    """How often journeys are drawn: by Poisson weights.

    Every journey has a weight of mean 1, or every cluster one for all its journeys. Equal paths
    without conversion are drawn as one, with the sum of their weights. A row is a journey that
    converted; where `merged`, those with the same path and value are one row. An aggregated path of
    n conversions is n journeys, and its value is taken to be the same for each.

    Notes
    -----
    Hanley & MacGibbon (2006), Computer Methods and Programs in Biomedicine 83, 57-62. Independent
    Poisson counts of mean 1 are those of a Poisson number of throws at random (Kingman 1993,
    Poisson Processes, 1.2 and 2.4), which are quicker to draw.
    """

    def __init__(self, journeys: Journeys, *, merged: bool) -> None:
        self.paths = journeys.distinct()
        of_path = journeys.path_numbers[0]
        counts = journeys.conversions + journeys.nulls
        clusters = _clusters(journeys, counts)
        won = np.flatnonzero(journeys.conversions > 0)
        lost = np.flatnonzero((journeys.nulls > 0) & (clusters < 0))
        bound = np.flatnonzero((journeys.nulls > 0) & (clusters >= 0))
        units = int(clusters.max(initial=-1)) + 1
        self.row_journeys = won
        self._row_path = of_path[won]
        single = clusters[won] < 0
        won_each = np.where(single, 1.0, journeys.conversions[won])
        value_each = journeys.values[won] * won_each / journeys.conversions[won]
        row_unit = clusters[won].copy()
        means = np.where(single, journeys.conversions[won], 0.0)
        if merged and single.all():
            distinct, value = np.unique(value_each, return_inverse=True)
            row, seen = ranked(
                self._row_path * max(len(distinct), 1) + value, len(self.paths) * len(distinct)
            )
            means = summed(row, means, len(seen))
            self._row_path, value = np.divmod(seen, max(len(distinct), 1))
            won_each, value_each = np.ones(len(seen)), distinct[value]
            single = np.ones(len(seen), dtype=bool)
            row_unit = np.zeros(len(seen), dtype=np.int64)
        row_unit[single] = units + np.arange(int(single.sum()))
        free = summed(of_path[lost], journeys.nulls[lost], len(self.paths))
        self._free_paths = np.flatnonzero(free)
        self._row_unit, self._won, self._value = row_unit, won_each, value_each
        self._bound_unit, self._bound_path = clusters[bound], of_path[bound]
        self._bound = journeys.nulls[bound]
        self._means = np.concatenate([np.ones(units), means[single], free[self._free_paths]])
        self._ones, self._others = (
            np.flatnonzero(self._means == 1),
            np.flatnonzero(self._means != 1),
        )

    def draws(self, count: int, *, seed: int) -> Iterator[Draw]:
        """So many draws, one after the other."""
        generator = np.random.default_rng(seed)
        size, singles = len(self.paths), len(self._means) - len(self._free_paths)
        for _ in range(count):
            weights = self._weights(generator)
            drawn = weights[self._row_unit]
            won, gained = drawn * self._won, drawn * self._value
            nulls = summed(self._bound_path, weights[self._bound_unit] * self._bound, size)
            nulls[self._free_paths] += weights[singles:]
            yield Draw(
                won,
                gained,
                summed(self._row_path, won, size),
                summed(self._row_path, gained, size),
                nulls,
            )

    def _weights(self, generator: np.random.Generator) -> Floats:
        weights = np.empty(len(self._means))
        count = len(self._ones)
        if count:
            thrown = generator.integers(0, count, generator.poisson(count), dtype=np.uint32)
            weights[self._ones] = np.bincount(thrown, minlength=count)
        weights[self._others] = generator.poisson(self._means[self._others])
        return weights


def _clusters(journeys: Journeys, counts: Floats) -> Ints:
    """(journeys,) The number of each one's cluster; -1 where it is drawn by itself.

    A cluster of one journey that stands for one is no cluster.
    """
    if journeys.clusters is None:
        return np.full(len(journeys), -1, dtype=np.int64)
    _, number, size = np.unique(journeys.clusters, return_inverse=True, return_counts=True)
    alone = (size[number] == 1) & (counts == 1)
    clusters = np.full(len(journeys), -1, dtype=np.int64)
    clusters[~alone] = np.unique(number[~alone], return_inverse=True)[1]
    return clusters
