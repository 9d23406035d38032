"""Absorbing Markov chains of journeys: their states and steps, and what removing a key changes."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Bools, Floats, Ints, Journeys, summed
from funnel_analytics.credit.ranks import ranked
from funnel_analytics.credit.walks import EXACT, eventually
from funnel_analytics.errors import CallError, DataError

__all__ = ["Chain", "Counts", "Removal"]

_LARGEST_DENSE = 400
"""States up to which one inverse is quicker than iterating."""

_LARGEST_TABLE = 1024
"""Keys up to which every pair of keys is a step of its own, seen or not."""

_BLOCK = 2**16
"""Touches whose steps are counted at once, so that they stay in the processor's cache."""

_TOLERANCE = 1e-9
"""By how much a fitted chain's chance of conversion may miss the observed rate."""


class Counts(NamedTuple):
    """How often journeys began in each state, took each step, and ended in each state."""

    begun: Floats
    stepped: Floats
    converted: Floats
    ended: Floats

    @property
    def journeys(self) -> float:
        """How many journeys there are."""
        return float(self.begun.sum())


class Removal(NamedTuple):
    """Removal effects by key, and the chain's chance of conversion; missing where it is 0 of 0."""

    effects: Floats
    chance: float


class Chain:
    """The states and steps of journeys, whatever their weights.

    A state is the last `order` keys. A journey that is shorter is one state, padded at its start
    (-1 in `states`); a longer one begins with the state of its first `order` keys.
    """

    def __init__(self, journeys: Journeys, *, order: int = 1) -> None:
        if order < 1:
            raise CallError(f"The order of a Markov chain is 1, 2, 3 and so on, not {order}.")
        self.order = order
        self.keys = len(journeys.keys)
        self.states: Ints
        seen: Ints
        lasts = journeys.starts[1:] - 1
        if order == 1:
            self.states = np.arange(self.keys, dtype=np.int64)[:, None]
            codes = journeys.codes
            self.first, self.last = codes[journeys.starts[:-1]], codes[lasts]
            self._steps_of = journeys.lengths - 1
            if self.keys <= _LARGEST_TABLE:
                self._codes, self._lasts = codes, lasts
                seen = np.arange(self.keys**2)
            else:
                self._step, seen = ranked(_pairs(codes, lasts, self.keys), self.keys**2)
            self.sources, self.targets = np.divmod(seen, max(self.keys, 1))
            return
        places, grams, skipped = _grams(journeys, order)
        number, distinct = ranked(grams, (self.keys + 1) ** order)
        self.states = _digits(distinct, self.keys + 1, order) - 1
        ends = np.searchsorted(places, lasts)
        self.last = number[ends]
        self._steps_of = journeys.lengths - 1 - skipped
        self.first = number[ends - self._steps_of]
        goes_on = np.ones(len(number), dtype=bool)
        goes_on[ends] = False
        begins = np.flatnonzero(goes_on)
        size = len(distinct)
        self._step, seen = ranked(number[begins] * size + number[begins + 1], size * size)
        self.sources, self.targets = np.divmod(seen, max(size, 1))

    def counts(self, conversions: Floats, nulls: Floats) -> Counts:
        """What happens how often when journeys have these weights."""
        size = len(self.states)
        weights = conversions + nulls
        if len(weights) and weights.min() == weights.max() == 1:
            stepped = self._counted()
        else:
            repeated = np.repeat(weights, self._steps_of)
            stepped = summed(self._step, repeated, len(self.sources))
        return Counts(
            summed(self.first, weights, size),
            stepped,
            summed(self.last, conversions, size),
            summed(self.last, nulls, size),
        )

    @cached_property
    def _step(self) -> Ints:
        """(steps,) The number of each step, where every pair of keys is one."""
        return _pairs(self._codes, self._lasts, self.keys)

    def _counted(self) -> Floats:
        """How often each step was taken."""
        size = len(self.sources)
        if self.order > 1 or self.keys**2 > _BLOCK or "_step" in self.__dict__:
            return np.bincount(self._step, minlength=size).astype(float)
        found = np.zeros(size, dtype=np.int64)
        for at in range(0, len(self._codes) - 1, _BLOCK):
            codes = self._codes[at : at + _BLOCK + 1].astype(np.int64)
            found += np.bincount(codes[:-1] * self.keys + codes[1:], minlength=size)
        for at in range(0, len(self._lasts) - 1, _BLOCK):
            ends = self._lasts[at : min(at + _BLOCK, len(self._lasts) - 1)]
            codes = self._codes[ends].astype(np.int64)  # from here to the next journey is no step
            found -= np.bincount(codes * self.keys + self._codes[ends + 1], minlength=size)
        return found.astype(float)

    @cached_property
    def holds(self) -> Bools:
        """(keys, states) Does a state hold a key?"""
        found = np.zeros((self.keys, len(self.states)), dtype=bool)
        for column in self.states.T:
            inside = np.flatnonzero(column >= 0)
            found[column[inside], inside] = True
        return found

    def removal(self, counts: Counts, *, tolerance: float = EXACT) -> Removal:
        """By which share would conversions drop if a key led to no conversion?

        Every state that holds the key goes to null. Of all conversions, the effect is the share
        that the chain makes on ways through such a state.

        Parameters
        ----------
        tolerance
            How exactly chains of many states are solved, as a share.

        Raises
        ------
        DataError
            The chain does not convert at the rate that was observed, which it does exactly but
            for rounding.

        Notes
        -----
        Steps from a state to itself are taken out beforehand: they change no chance of getting
        anywhere. Every state lies on a way that ended, so that the rest has an inverse. A state is
        entered as often as it is left, which gives the visits v without solving. With h the chances
        of conversion and N the inverse, states S that hold a key are passed on the way to a
        conversion with probability v_S (N_SS)^-1 h_S: the first entries into S are those visits
        less the ones that return (Kemeny & Snell 1976, Finite Markov Chains, 3.2 and 3.5).
        """
        total, size = counts.journeys, len(self.states)
        observed = float(counts.converted.sum())
        if not observed:
            effects = np.full(self.keys, np.nan)
            return Removal(effects, 0.0 if total else float("nan"))
        moved = np.where(self.sources == self.targets, 0.0, counts.stepped)
        left = summed(self.sources, moved, size) + counts.converted + counts.ended
        share = 1 / np.where(left > 0, left, 1.0)
        moved, converts = moved * share[self.sources], counts.converted * share
        visits, begun = left / total, counts.begun / total
        if size <= _LARGEST_DENSE:
            chances, effects = self._direct(moved, converts, visits)
        else:
            chances, effects = self._iterated(moved, converts, visits, begun, tolerance)
        chance = float(begun @ chances)
        if abs(chance - observed / total) > max(_TOLERANCE, 10 * tolerance) * observed / total:
            raise DataError(
                f"The chain of order {self.order} converts at {chance:.12f} instead of the observed"
                f" {observed / total:.12f}: the weights of the journeys are too unequal to compute"
                " with."
            )
        return Removal(np.clip(effects / chance, 0.0, 1.0), chance)

    def _direct(self, moved: Floats, converts: Floats, visits: Floats) -> tuple[Floats, Floats]:
        size = len(self.states)
        places = self.sources * size + self.targets
        inverse = np.linalg.inv(
            np.eye(size) - summed(places, moved, size * size).reshape(size, size)
        )
        chances = inverse @ converts
        if self.order == 1:
            return chances, visits * chances / np.diag(inverse)
        effects = np.zeros(self.keys)
        for key, held in enumerate(self.holds):
            own = np.flatnonzero(held & (visits > 0))
            if len(own):
                block = inverse[np.ix_(own, own)]
                effects[key] = visits[own] @ np.linalg.solve(block, chances[own])
        return chances, effects

    def _iterated(
        self, moved: Floats, converts: Floats, visits: Floats, begun: Floats, tolerance: float
    ) -> tuple[Floats, Floats]:
        used = np.flatnonzero(moved)
        sources, targets, moved = self.sources[used], self.targets[used], moved[used]
        chances = eventually(sources, targets, moved, converts, visits, tolerance=tolerance)
        effects = np.zeros(self.keys)
        for key, held in enumerate(self.holds):
            if not (held & (visits > 0)).any():
                continue
            outside = ~held[sources]
            entering = outside & held[targets]
            reward = summed(
                sources[entering], moved[entering] * chances[targets[entering]], len(visits)
            )
            staying = outside & ~held[targets]
            ways = sources[staying], targets[staying], moved[staying]
            through = eventually(*ways, reward, visits, tolerance=tolerance)
            effects[key] = begun @ np.where(held, chances, through)
        return chances, effects


def _grams(journeys: Journeys, order: int) -> tuple[Ints, Ints, Ints]:
    """Where a state is reached, which, and how many touches of each journey come before the first.

    A state is a number of `order` digits, the last key the lowest; 0 is the padding.
    """
    base = len(journeys.keys) + 1
    if base**order >= 2**62:
        raise CallError(
            f"A Markov chain of order {order} over {base - 1} keys has too many states: choose a"
            " lower order, or pool rare keys."
        )
    skipped = np.minimum(journeys.lengths - 1, order - 1)
    reached = np.ones(journeys.touches, dtype=bool)
    for each in range(order - 1):
        early = skipped > each
        reached[journeys.starts[:-1][early] + each] = False
    places = np.flatnonzero(reached)
    begins = np.repeat(journeys.starts[:-1], journeys.lengths - skipped)
    grams = np.zeros(len(places), dtype=np.int64)
    for back in range(order - 1, -1, -1):
        touch = places - back
        there = touch >= begins
        grams = grams * base
        grams[there] += journeys.codes[touch[there]].astype(np.int64) + 1
    return places, grams, skipped


def _digits(numbers: Ints, base: int, count: int) -> Ints:
    """(numbers, count) The digits of numbers, the highest first."""
    digits = np.empty((len(numbers), count), dtype=np.int64)
    left = numbers.astype(np.int64)
    for place in range(count - 1, -1, -1):
        left, digits[:, place] = np.divmod(left, base)
    return digits


def _pairs(codes: Ints, lasts: Ints, keys: int) -> Ints:
    """(steps,) Each touch but a journey's last with the next one, as one number."""
    goes_on = np.ones(len(codes), dtype=bool)
    goes_on[lasts] = False
    goes_on = goes_on[:-1]
    pairs = codes[:-1][goes_on].astype(np.int64)
    pairs *= keys
    pairs += codes[1:][goes_on]
    return pairs
