"""Sums of weights over the values of several factors at once, in few passes over the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnel_analytics.estimates.inputs import Floats

__all__ = ["Chosen", "Crossing", "Factor", "summed"]

Ints = NDArray[np.intp]
Codes = NDArray[Any]
Chosen = tuple[int, ...]
"""The numbers of some factors, in ascending order."""

_MOST_CELLS = 2**17
_KEPT_CELLS = 2**14
_CHUNK = 2**16  # what fits into the cache


@dataclass(frozen=True)
class Factor:
    """One attribute: the number of the value that each row has, and how many values there are.

    `levels` is the number of the coefficient that each value has in a model; where it is missing,
    each value has its own.
    """

    codes: Codes
    size: int
    levels: Ints | None = None


@dataclass
class Crossing:
    """The rows of a table by the values of several factors.

    Rows are counted by as many factors at once as have at most `most_cells` combinations; tables of
    fewer factors are sums of these. What is asked for again and again is counted with `keep`: the
    places of the rows are kept, with fewer combinations, which are quicker to sum.
    """

    factors: Sequence[Factor]
    most_cells: int = _MOST_CELLS
    kept_cells: int = _KEPT_CELLS
    _kept: dict[Chosen, Codes] = field(init=False, default_factory=dict)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many values each factor has."""
        return tuple(each.size for each in self.factors)

    def place(self, chosen: Chosen, *, keep: bool = False) -> Codes:
        """The number of the combination of values that each row has: the last factor runs first."""
        if chosen in self._kept:
            return self._kept[chosen]
        first, *others = (self.factors[number] for number in chosen)
        kind = np.min_scalar_type(prod(self.factors[number].size for number in chosen))
        place = first.codes.astype(kind)
        for each in others:
            place *= kind.type(each.size)
            place += each.codes.astype(kind, copy=False)
        if keep:
            self._kept[chosen] = place
        return place

    def tables(
        self, wanted: Iterable[Chosen], *weights: Floats, keep: bool = False
    ) -> Iterator[tuple[Chosen, list[Floats]]]:
        """Each choice of factors with the sums of some weights by them: an axis per factor."""
        most = self.kept_cells if keep else self.most_cells
        for block, parts in covering(tuple(wanted), self.sizes, most):
            place = self.place(block, keep=keep)
            shape = [self.factors[number].size for number in block]
            sums = [summed(place, each, prod(shape)).reshape(shape) for each in weights]
            for part in parts:
                over = tuple(axis for axis, number in enumerate(block) if number not in part)
                yield part, [each.sum(axis=over) for each in sums]


@lru_cache(maxsize=64)
def covering(
    wanted: tuple[Chosen, ...], sizes: tuple[int, ...], most_cells: int
) -> tuple[tuple[Chosen, tuple[Chosen, ...]], ...]:
    """Few blocks of factors such that every choice wanted is part of one: blocks with their parts.

    A block has at most `most_cells` combinations, unless a choice alone has more. Blocks start with
    the choice that has the most combinations and take in the factor that covers most of the others.
    """
    left = sorted(set(wanted), key=lambda each: (-prod(sizes[number] for number in each), each))
    masks = {each: sum(1 << number for number in each) for each in left}
    blocks = []
    while left:
        block = set(left[0])
        while True:
            cells = prod(sizes[number] for number in block)
            mask = sum(1 << number for number in block)
            open_masks = [masks[each] for each in left if masks[each] & ~mask]
            gains = [
                (sum(1 for each in open_masks if not each & ~(mask | 1 << number)), -size, -number)
                for number, size in enumerate(sizes)
                if number not in block and cells * size <= most_cells
            ]
            if not gains or max(gains)[0] == 0:
                break
            block.add(-max(gains)[2])
        parts = tuple(each for each in left if block.issuperset(each))
        blocks.append((tuple(sorted(block)), parts))
        left = [each for each in left if not block.issuperset(each)]
    return tuple(blocks)


def summed(place: Codes, weights: Floats, size: int) -> Floats:
    """The sum of the weights at each place."""
    step = _CHUNK if size <= _CHUNK // 4 else max(len(place), 1)
    found = np.zeros(size)
    for start in range(0, len(place), step):
        rows = slice(start, start + step)
        found += np.bincount(place[rows], weights=weights[rows], minlength=size)
    return found
