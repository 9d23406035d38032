"""A funnel whose truth is known, lead by lead: shares no code with what plans from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEVER = 10**6


@dataclass(frozen=True)
class World:
    """Leads that come evenly, move on with `rates` after about `moves` days, or are closed."""

    rates: tuple[float, ...] = (0.5, 0.45, 0.4)
    moves: tuple[float, ...] = (4.0, 12.0, 40.0)
    spread: float = 0.6
    closed: float = 0.7
    closures: tuple[float, ...] = (6.0, 20.0, 30.0)
    value: float = 10_000.0
    value_spread: float = 0.7

    def paths(self, created: NDArray[np.int64], rng: np.random.Generator) -> Paths:
        """What becomes of leads created on these days, for ever."""
        size = len(created)
        reached = np.full((size, len(self.rates) + 1), NEVER)
        reached[:, 0] = created
        ended = np.full(size, NEVER)
        here = np.ones(size, dtype=bool)
        for k, rate in enumerate(self.rates):
            moving = here & (rng.random(size) < rate)
            reached[moving, k + 1] = reached[moving, k] + self._days(
                self.moves[k], moving.sum(), rng
            )
            closing = here & ~moving & (rng.random(size) < self.closed)
            ended[closing] = reached[closing, k] + self._days(self.closures[k], closing.sum(), rng)
            here = moving
        return Paths(reached, ended, self.values(size, rng))

    def values(self, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """What so many wins are worth."""
        return self.value * rng.lognormal(0.0, self.value_spread, size)

    def _days(self, median: float, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return (median * rng.lognormal(0.0, self.spread, size)).astype(np.int64)


@dataclass(frozen=True)
class Paths:
    """One row per lead: the day it reaches each stage, the day it is closed, its value if won."""

    reached: NDArray[np.int64]
    ended: NDArray[np.int64]
    values: NDArray[np.float64]

    def counts(self, step: int, today: int) -> dict[str, NDArray[np.float64]]:
        """What became, by `today`, of the leads that reached a stage, by days since then."""
        size = today + 1
        tables = {name: np.zeros(size) for name in ("reached", "moved", "closed", "open")}
        rows = zip(self.reached[:, step], self.reached[:, step + 1], self.ended, strict=True)
        for start, moved, ended in rows:
            if start > today:
                continue
            tables["reached"][today - start] += 1
            if moved <= today:
                tables["moved"][moved - start] += 1
            elif ended <= today:
                tables["closed"][ended - start] += 1
            else:
                tables["open"][today - start] += 1
        return tables

    def revenue(self, first: int, end: int) -> float:
        """The value of the leads won in these days."""
        won = self.reached[:, -1]
        return float(self.values[(won >= first) & (won < end)].sum())

    def won_values(self, today: int) -> NDArray[np.float64]:
        """The values of the leads won so far."""
        return self.values[self.reached[:, -1] <= today]
