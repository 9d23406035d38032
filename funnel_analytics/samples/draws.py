"""Random numbers that stay the same: one stream per topic, uniform numbers transformed by us.

Only the uniform stream of PCG64 is used, because numpy promises no stable stream for its other
distributions. Every topic has a stream of its own, so a new column moves no old one.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Draws:
    """The random numbers of one topic."""

    def __init__(self, seed: int, topic: str) -> None:
        sequence = np.random.SeedSequence([seed, zlib.crc32(topic.encode())])
        self._generator = np.random.Generator(np.random.PCG64(sequence))

    def uniform(self, count: int) -> Floats:
        """Numbers in [0, 1)."""
        return self._generator.random(count)

    def between(self, low: int, high: int, count: int) -> Ints:
        """Whole numbers from `low` up to, and without, `high`."""
        return low + np.floor(self.uniform(count) * (high - low)).astype(np.int64)

    def chance(self, probability: Floats | float, count: int) -> Bools:
        """Which of `count` happen, each with its probability?"""
        return np.asarray(self.uniform(count) < probability)

    def choice(self, shares: Sequence[float] | Floats, count: int) -> Ints:
        """Positions drawn with the given shares."""
        edges = np.cumsum(np.asarray(shares, dtype=np.float64))
        drawn = np.searchsorted(edges / edges[-1], self.uniform(count), side="right")
        return np.minimum(drawn, len(edges) - 1).astype(np.int64)

    def lognormal(self, median: Floats | float, sigma: float, count: int) -> Floats:
        """Positive numbers with the given median (Box & Muller 1958 for the normal ones)."""
        radius = np.sqrt(-2 * np.log(1 - self.uniform(count)))
        normal = radius * np.cos(2 * np.pi * self.uniform(count))
        return np.asarray(median * np.exp(sigma * normal), dtype=np.float64)

    def beta(self, a: Floats, b: Floats) -> Floats:
        """Numbers in (0, 1) of the beta distribution (Jöhnk 1964), one for each pair."""
        found, left = np.full(len(a), np.nan), np.arange(len(a))
        while len(left):
            first = (1 - self.uniform(len(left))) ** (1 / a[left])
            both = first + (1 - self.uniform(len(left))) ** (1 / b[left])
            is_kept = both <= 1
            found[left[is_kept]] = (first / both)[is_kept]
            left = left[~is_kept]
        return found

    def some(self, among: Bools, count: int) -> Ints:
        """Positions of `count` different members of a set, in order; fewer if it has fewer."""
        members = np.flatnonzero(among)
        drawn = np.argsort(self.uniform(len(members)), kind="stable")[:count]
        return np.sort(members[drawn]).astype(np.int64)

    def counts(self, mean: Floats | float, count: int, *, most: int = 6) -> Ints:
        """Poisson counts with the given means, cut at `most`."""
        means = np.broadcast_to(np.asarray(mean, dtype=np.float64), (count,))
        drawn, term = self.uniform(count), np.exp(-means)
        total, found = term.copy(), np.zeros(count, dtype=np.int64)
        for number in range(1, most + 1):
            found[drawn >= total] = number
            term = term * means / number
            total = total + term
        return found
