"""Which keys a journey has, in whatever order and however often."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Floats, Ints, Journeys, starts_of, summed
from funnel_analytics.credit.ranks import ranked

__all__ = ["MOST_IN_MASK", "KeySets", "key_sets", "masks", "with_used_keys"]

MOST_IN_MASK = 20
"""Keys up to which an array over all their sets is small enough."""

_WORD = 64


class KeySets(NamedTuple):
    """The distinct sets of keys that journeys have.

    `numbers` (journeys,) is the set of each; the keys of set s, rising, are
    `codes[starts[s]:starts[s + 1]]`.
    """

    numbers: Ints
    starts: Ints
    codes: Ints

    @property
    def sizes(self) -> Ints:
        """(sets,) How many keys each has."""
        return np.diff(self.starts)

    def summed(self, amounts: Floats) -> Floats:
        """(sets,) Amounts of journeys added up by their sets."""
        return summed(self.numbers, amounts, len(self.starts) - 1)

    def split_equally(self, amounts: Floats, size: int) -> Floats:
        """(size,) Amounts of sets, each divided equally among the keys of its set."""
        return summed(self.codes, np.repeat(amounts / self.sizes, self.sizes), size)


def masks(journeys: Journeys) -> Ints:
    """(journeys,) The keys of each as bits, for at most 64 keys."""
    if not len(journeys):
        return np.zeros(0, dtype=np.int64)
    size = len(journeys.keys)
    kind = np.uint16 if size <= 16 else np.uint32 if size <= 32 else np.uint64
    bits = (np.ones(size, dtype=np.uint64) << np.arange(size, dtype=np.uint64)).astype(kind)
    return np.bitwise_or.reduceat(bits[journeys.codes], journeys.starts[:-1])


def key_sets(journeys: Journeys) -> KeySets:
    """The sets of keys of journeys, for any number of keys."""
    count = len(journeys)
    numbers: Ints = np.zeros(count, dtype=np.int64)
    size = 1
    for low in range(0, len(journeys.keys), _WORD):
        inside = np.minimum(journeys.codes - np.minimum(journeys.codes, low), _WORD - 1)
        bits = np.where(
            (journeys.codes >= low) & (journeys.codes < low + _WORD),
            np.uint64(1) << inside.astype(np.uint64),
            np.uint64(0),
        )
        words = np.bitwise_or.reduceat(bits, journeys.starts[:-1]) if count else bits
        distinct, places = np.unique(words, return_inverse=True)
        numbers, seen = ranked(numbers * len(distinct) + places, size * len(distinct))
        size = len(seen)
    firsts = np.full(size if count else 0, count)
    np.minimum.at(firsts, numbers, np.arange(count))
    lengths = journeys.lengths[firsts]
    owners = np.repeat(np.arange(len(firsts)), lengths)
    touches = np.arange(len(owners)) + np.repeat(
        journeys.starts[:-1][firsts] - starts_of(lengths)[:-1], lengths
    )
    width = max(len(journeys.keys), 1)
    members = np.unique(owners * width + journeys.codes[touches])
    owners, codes = np.divmod(members, width)
    return KeySets(numbers, starts_of(np.bincount(owners, minlength=len(firsts))), codes)


def with_used_keys(journeys: Journeys) -> tuple[Journeys, Ints]:
    """The journeys with only the keys that occur in them, and which these are."""
    occurs = np.zeros(len(journeys.keys), dtype=bool)
    occurs[journeys.codes] = True
    used = np.flatnonzero(occurs)
    if len(used) == len(journeys.keys):
        return journeys, used
    place = np.zeros(len(journeys.keys), dtype=journeys.codes.dtype)
    place[used] = np.arange(len(used))
    recoded = Journeys(
        keys=tuple(journeys.keys[each] for each in used),
        starts=journeys.starts,
        codes=place[journeys.codes],
        conversions=journeys.conversions,
        values=journeys.values,
        nulls=journeys.nulls,
    )
    return recoded, used
