"""Where journeys cannot tell keys apart, whatever the model."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Ints, Journeys, summed
from funnel_analytics.credit.sets import key_sets

__all__ = [
    "FEW_CONVERSIONS",
    "FEW_JOURNEYS",
    "IN_ALL_CONVERSIONS",
    "NEVER_APART",
    "NO_NULLS",
    "Doubt",
    "doubts",
]

FEW_CONVERSIONS = "few_conversions"
FEW_JOURNEYS = "few_journeys"
IN_ALL_CONVERSIONS = "in_all_conversions"
NEVER_APART = "never_apart"
NO_NULLS = "no_nulls"


class Doubt(NamedTuple):
    """A plain fact about the journeys, where they cannot tell.

    Attributes
    ----------
    kind
        `few_conversions`: there are only `number`. `in_all_conversions`: the key is in every
        converting journey, `number` of them. `never_apart`: the two keys are in the same `number`
        journeys and in no other, so that no journey tells one from the other. `few_journeys`: the
        key is in `number` journeys only. `no_nulls`: there is no journey without conversion, so
        that all rates are 1.
    keys
        Which keys it is about; none where it is about all.
    number
        How many journeys or conversions.
    """

    kind: str
    keys: tuple[str, ...]
    number: float


def doubts(
    journeys: Journeys, *, fewest_conversions: int = 50, fewest_journeys: int = 10
) -> tuple[Doubt, ...]:
    """Where can the journeys not tell which key is to be credited?

    Parameters
    ----------
    fewest_conversions, fewest_journeys
        What is below is doubtful: conversions in all, journeys with a key.

    Returns
    -------
    tuple
        What concerns all keys first, then by kind in the order of `keys`.

    >>> from funnel_analytics.credit.journeys import journeys_from_paths
    >>> import pandas as pd
    >>> paths = pd.DataFrame({"path": ["a > b", "b > a", "c"], "conversions": [30, 30, 0]})
    >>> for doubt in doubts(journeys_from_paths(paths)):
    ...     print(*doubt)
    in_all_conversions ('a',) 60.0
    in_all_conversions ('b',) 60.0
    never_apart ('a', 'b') 60.0
    few_journeys ('c',) 1.0
    """
    keys = journeys.keys
    weights = journeys.conversions + journeys.nulls
    counted = journeys.only(weights > 0)
    total = float(journeys.conversions.sum())
    size = len(keys)
    sets = key_sets(counted)
    owner = np.repeat(np.arange(len(sets.sizes)), sets.sizes)
    within, won = (
        summed(sets.codes, sets.summed(each)[owner], size)
        for each in (counted.conversions + counted.nulls, counted.conversions)
    )
    found = []
    if total < fewest_conversions:
        found.append(Doubt(FEW_CONVERSIONS, (), total))
    if len(counted) and not counted.nulls.any():
        found.append(Doubt(NO_NULLS, (), total))
    if total and np.count_nonzero(within) > 1:
        found += [
            Doubt(IN_ALL_CONVERSIONS, (keys[each],), total) for each in np.flatnonzero(won == total)
        ]
    found += [
        Doubt(NEVER_APART, (keys[one], keys[other]), float(within[one]))
        for one, other in _never_apart(owner, sets.codes, size)
    ]
    found += [
        Doubt(FEW_JOURNEYS, (keys[each],), float(within[each]))
        for each in np.flatnonzero((within > 0) & (within < fewest_journeys))
    ]
    return tuple(found)


def _never_apart(owner: Ints, code: Ints, size: int) -> list[tuple[int, int]]:
    """Pairs of keys that are in exactly the same sets."""
    order = np.argsort(code, kind="stable")
    bounds = np.searchsorted(code[order], np.arange(size + 1))
    among: dict[bytes, list[int]] = {}
    for key in range(size):
        own = owner[order[bounds[key] : bounds[key + 1]]]
        if len(own):
            among.setdefault(own.tobytes(), []).append(key)
    return sorted(pair for same in among.values() for pair in combinations(same, 2))
