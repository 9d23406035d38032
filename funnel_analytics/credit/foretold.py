"""How probable are journeys under Markov chains that other journeys were fitted to?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Floats, Ints, Journeys, summed
from funnel_analytics.credit.ranks import ranked
from funnel_analytics.errors import CallError

__all__ = ["Foretold", "Steps"]


class Foretold(NamedTuple):
    """By path: the log probability of the journey with a conversion, without, and its chance.

    `chance` is the probability that a journey of these touches, which ends after them, ends in a
    conversion.
    """

    converting: Floats
    ending: Floats
    chance: Floats


class _Level(NamedTuple):
    """The pairs of a context and what follows it, of one order.

    `context` is the context of each pair, `contexts` how many there are, and `within` the pair here
    of each pair of the order above.
    """

    context: Ints
    contexts: int
    within: Ints


class Steps:
    """The steps of distinct paths, each with up to `order` keys before it.

    A step leads from the last keys (fewer near the start) to a key, to conversion or to the end
    without. Contexts of each lower order drop the oldest key.

    Notes
    -----
    What no other journey did is smoothed by Witten & Bell (1991, IEEE Trans. Information Theory 37,
    1085-1094, method C), interpolated as in Chen & Goodman (1999), Computer Speech and Language
    13, 359-394, section 2.5: after a context seen n times with t different steps, a step has the
    probability (count + t q) / (n + t), where q is its probability after the context without the
    oldest key. Order 0 falls back on all steps being equally probable.
    """

    def __init__(self, paths: Journeys, *, order: int) -> None:
        base, self._symbols = len(paths.keys) + 1, len(paths.keys) + 2
        if base**order * self._symbols >= 2**62:
            raise CallError(
                f"Contexts of {order} of {base - 1} keys are too many: choose a lower order, or "
                "pool rare keys."
            )
        self.order, self._paths = order, len(paths)
        place = np.arange(paths.touches) - np.repeat(paths.starts[:-1], paths.lengths)
        before = np.zeros(paths.touches + len(paths), dtype=np.int64)
        owner = np.repeat(np.arange(len(paths)), paths.lengths)
        inner = np.arange(paths.touches) + owner  # every path has an end after its touches
        ends = paths.starts[1:] + np.arange(len(paths))
        digits = paths.codes.astype(np.int64) + 1
        for back in range(order, 0, -1):
            before *= base
            there = np.flatnonzero(place >= back)
            before[inner[there]] += digits[there - back]
            long = np.flatnonzero(paths.lengths >= back)
            before[ends[long]] += digits[paths.starts[1:][long] - back]
        self._step_path = np.concatenate([owner, np.arange(len(paths)), np.arange(len(paths))])
        context = np.concatenate([before[inner], before[ends], before[ends]])
        follows = np.concatenate(
            [paths.codes, np.repeat([base - 1, base], len(paths))], dtype=np.int64
        )
        numbers = context * self._symbols + follows
        self._levels: list[_Level] = []  # the highest order first
        for each in range(order, -1, -1):
            within, pairs = ranked(numbers, base**each * self._symbols)
            context, follows = np.divmod(pairs, self._symbols)
            number, distinct = ranked(context, base**each)
            self._levels.append(_Level(number, len(distinct), within))
            numbers = (context % base ** max(each - 1, 0)) * self._symbols + follows

    def foretold(self, conversions: Floats, nulls: Floats) -> Iterator[Foretold]:
        """What chains of order 0, 1, … fitted to paths with these weights say of every path."""
        touches = self._step_path[: len(self._step_path) - 2 * self._paths]
        count = np.concatenate([(conversions + nulls)[touches], conversions, nulls])
        counts = []
        for level in self._levels:
            count = summed(level.within, count, len(level.context))
            counts.append(count)
        chance = np.full(len(count), 1 / self._symbols)
        for number in range(self.order, -1, -1):
            level, count = self._levels[number], counts[number]
            times = summed(level.context, count, level.contexts)
            kinds = summed(level.context, (count > 0).astype(float), level.contexts)
            share = 1 / np.where(times > 0, times + kinds, 1.0)
            kinds = np.where(times > 0, kinds, 1.0)
            chance = (count + kinds[level.context] * chance) * share[level.context]
            yield self._of_paths(number, chance)
            chance = chance[level.within]

    def _of_paths(self, number: int, chance: Floats) -> Foretold:
        for level in self._levels[number::-1]:
            chance = chance[level.within]
        touches = len(chance) - 2 * self._paths
        reached = summed(self._step_path[:touches], np.log(chance[:touches]), self._paths)
        won, lost = chance[touches : touches + self._paths], chance[touches + self._paths :]
        return Foretold(reached + np.log(won), reached + np.log(lost), won / (won + lost))
