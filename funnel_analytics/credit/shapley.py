"""Credit by Shapley values over the keys of journeys, in two games that differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import comb
from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Floats, Ints, Journeys, summed
from funnel_analytics.credit.sets import MOST_IN_MASK, KeySets, key_sets, masks, with_used_keys
from funnel_analytics.errors import CallError

__all__ = [
    "Permuted",
    "RateGame",
    "SharedCredit",
    "rate_shares",
    "shapley_ordered",
    "shapley_rate",
    "shapley_sets",
]


class SharedCredit(NamedTuple):
    """Conversions and their value, shared among the keys."""

    conversions: Floats
    values: Floats


@dataclass(frozen=True, eq=False)
class RateGame:
    """The Shapley values of conversion rates.

    Attributes
    ----------
    values
        (keys,) Parts of the conversion rate of all journeys, to which they sum; a part is negative
        where journeys with the key convert more seldom than those without.
    rate
        The conversion rate of all journeys; missing where there are none.
    standard_error
        (keys,) Of `shares`, where permutations were drawn; None where all sets were gone through.
    permutations
        How many permutations were drawn, their reverses counted; None likewise.
    """

    keys: tuple[str, ...]
    values: Floats
    rate: float
    standard_error: Floats | None = field(default=None)
    permutations: int | None = None

    @property
    def shares(self) -> Floats:
        """(keys,) The parts over the rate; 0 for all where there are no conversions."""
        return self.values / self.rate if self.rate > 0 else np.zeros(len(self.keys))


def shapley_sets(journeys: Journeys) -> SharedCredit:
    """How are conversions shared if a set of keys is worth those of all journeys within the set?

    Every journey is divided equally among the keys that it has, however often it has them.

    Notes
    -----
    Zhao, Mahboobi & Bagheri (2018), arXiv:1804.05327, formula 4: with v(S) the sum of what journeys
    with exactly the keys T brought, over all T within S, the Shapley value of a key is the sum over
    the T that hold it of their worth over their size.

    >>> from funnel_analytics.credit.journeys import journeys_from_paths
    >>> import pandas as pd
    >>> paths = pd.DataFrame({"path": ["a", "a > b"], "conversions": [4, 6]})
    >>> shapley_sets(journeys_from_paths(paths)).conversions
    array([7., 3.])
    """
    size = len(journeys.keys)
    if size <= MOST_IN_MASK:
        number = masks(journeys)
        every = np.arange(2**size, dtype=np.uint32)
        share = 1 / np.maximum(np.bitwise_count(every), 1)
        return SharedCredit(
            *(
                _by_bit(summed(number, amounts, 2**size) * share, size)
                for amounts in (journeys.conversions, journeys.values)
            )
        )
    sets = key_sets(journeys)
    return SharedCredit(
        *(
            sets.split_equally(sets.summed(amounts), size)
            for amounts in (journeys.conversions, journeys.values)
        )
    )


def shapley_ordered(journeys: Journeys) -> SharedCredit:
    """How is the credit of `shapley_sets` spread over the places that keys have in journeys?

    Returns
    -------
    SharedCredit
        (keys, places): the column is the place of the touch in its journey, the first one first.
        Every row sums to what `shapley_sets` credits the key with. There are as many columns as
        the longest converting journey has touches.

    Notes
    -----
    Zhao, Mahboobi & Bagheri (2018), section on the ordered Shapley value: the worth of a set is
    kept apart by where a key stands. A key that a journey has more than once divides its part
    equally over its places.
    """
    won = journeys.only(journeys.conversions > 0)
    size, longest = len(won.keys), int(won.lengths.max(initial=0))
    owner = won.journey_numbers.astype(np.int64)
    place = np.arange(won.touches) - np.repeat(won.starts[:-1], won.lengths)
    pairs, which, often = np.unique(
        owner * max(size, 1) + won.codes, return_inverse=True, return_counts=True
    )
    in_journey = np.bincount(pairs // max(size, 1), minlength=len(won))
    part = 1 / (often[which] * in_journey[owner])
    cell = won.codes.astype(np.int64) * longest + place
    return SharedCredit(
        *(
            summed(cell, amounts[owner] * part, size * longest).reshape(size, longest)
            for amounts in (won.conversions, won.values)
        )
    )


def shapley_rate(
    journeys: Journeys,
    *,
    exact_up_to: int = MOST_IN_MASK,
    permutations: int = 1000,
    seed: int = 1,
) -> RateGame:
    """How is the conversion rate shared if a set of keys is worth the rate of journeys within it?

    The worth of a set is the conversion rate of the journeys that have keys of the set only; 0
    where there are none. A key that lowers rates has a negative value.

    Parameters
    ----------
    exact_up_to
        Keys up to which all sets are gone through. Beyond, permutations of the keys are drawn.
    permutations, seed
        How many are drawn, half of them the reverses of the others, and from which seed.

    Raises
    ------
    CallError
        More than 24 keys are to be exact, or fewer than four permutations are to be drawn.

    Notes
    -----
    Shapley (1953), A value for n-person games; sampling: Castro, Gomez & Tejada (2009), Computers &
    Operations Research 36, 1726-1730, with each permutation's reverse (Mitchell, Cooper, Frank &
    Holmes 2022, J. Machine Learning Research 23, 43). A permutation shares the whole rate, so that
    the shares sum to 1 without correction. The standard error is that of the mean over pairs of a
    permutation and its reverse.

    >>> from funnel_analytics.credit.journeys import journeys_from_paths
    >>> import pandas as pd
    >>> paths = pd.DataFrame({"path": ["a", "b", "a > b"], "won": [2, 1, 3], "lost": [2, 4, 1]})
    >>> shapley_rate(journeys_from_paths(paths, conversions="won", nulls="lost")).values.round(4)
    array([0.3808, 0.0808])
    """
    if not 0 <= exact_up_to <= 24:
        raise CallError(f"Up to 24 keys can be exact (2^24 sets), not {exact_up_to}.")
    if permutations < 4:
        raise CallError(f"At least 4 permutations are needed, not {permutations}.")
    among, used = with_used_keys(journeys)
    won, all_of_them = among.conversions, among.conversions + among.nulls
    total = float(all_of_them.sum())
    rate = float(won.sum()) / total if total else float("nan")
    values, errors = np.zeros(len(journeys.keys)), np.zeros(len(journeys.keys))
    if not rate > 0:
        return RateGame(journeys.keys, values, rate)
    if len(used) <= exact_up_to:
        number = masks(among)
        values[used] = rate_shares(
            summed(number, won, 2 ** len(used)),
            summed(number, all_of_them, 2 ** len(used)),
        )
        return RateGame(journeys.keys, values, rate)
    sets = key_sets(among)
    drawn = Permuted(sets, len(used), permutations=permutations, seed=seed)
    values[used], errors[used] = drawn.rate_shares(sets.summed(won), sets.summed(all_of_them))
    return RateGame(journeys.keys, values, rate, errors / rate, drawn.permutations)


def rate_shares(won: Floats, tried: Floats) -> Floats:
    """(keys,) The Shapley values of rates, from counts of each exact set of keys as bits.

    Sums over all subsets take one pass per key over the 2^keys sets (Yates 1937). What a key adds
    to a set of s others weighs s! (n - s - 1)! / n!.
    """
    size = len(won).bit_length() - 1
    inside, of = won.astype(float), tried.astype(float)
    for key in range(size):
        for counts in (inside, of):
            halves = counts.reshape(-1, 2, 2**key)
            halves[:, 1] += halves[:, 0]
    worth = np.divide(inside, of, out=inside, where=of > 0)
    weights = np.array([1 / (size * comb(size - 1, others)) for others in range(size)])
    sets = np.arange(2**size // 2, dtype=np.uint32)
    weight = weights[np.bitwise_count(sets)] if size else np.zeros(0)
    values = np.zeros(size)
    for key in range(size):
        halves = worth.reshape(-1, 2, 2**key)
        values[key] = np.sum((halves[:, 1] - halves[:, 0]).ravel() * weight)
    return values


class Permuted:
    """Permutations of keys, and where in each the sets of journeys are complete."""

    def __init__(self, sets: KeySets, keys: int, *, permutations: int, seed: int) -> None:
        generator = np.random.default_rng(seed)
        self._sets, self._keys = sets, keys
        self._orders = [generator.permutation(keys) for _ in range(permutations // 2)]
        self.permutations = 2 * len(self._orders)

    def rate_shares(self, won: Floats, tried: Floats) -> tuple[Floats, Floats]:
        """(keys,) The Shapley values of rates from counts by set, and their standard errors."""
        pairs = np.zeros((len(self._orders), self._keys))
        for pair, order in zip(pairs, self._orders, strict=True):
            for each in (order, order[::-1]):
                pair[each] += self._gains(each, won, tried) / 2
        error = pairs.std(axis=0, ddof=1) / np.sqrt(len(pairs))
        return pairs.mean(axis=0), error

    def _gains(self, order: Ints, won: Floats, tried: Floats) -> Floats:
        """By how much the rate rises when each key joins those before it."""
        rank = np.empty(self._keys, dtype=np.int64)
        rank[order] = np.arange(self._keys)
        complete = np.maximum.reduceat(rank[self._sets.codes], self._sets.starts[:-1])
        inside = np.cumsum(summed(complete, won, self._keys))
        of = np.cumsum(summed(complete, tried, self._keys))
        worth = np.divide(inside, of, out=np.zeros(self._keys), where=of > 0)
        return np.diff(worth, prepend=0.0)


def _by_bit(amounts: Floats, size: int) -> Floats:
    """(keys,) The sum over the sets that hold each key."""
    return np.array([amounts.reshape(-1, 2, 2**key)[:, 1].sum() for key in range(size)])
