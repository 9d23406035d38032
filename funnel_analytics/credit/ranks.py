"""Numbers for what occurs, without gaps."""

from __future__ import annotations

import numpy as np

from funnel_analytics.credit.journeys import Ints

__all__ = ["ranked"]

_LARGEST_TABLE = 2**22


def ranked(values: Ints, size: int) -> tuple[Ints, Ints]:
    """The place of each value among those that occur, and those, rising.

    Parameters
    ----------
    values
        Whole numbers from 0 to below `size`.

    >>> place, distinct = ranked(np.array([7, 3, 7]), 10)
    >>> place.tolist(), distinct.tolist()
    ([1, 0, 1], [3, 7])
    """
    if size > max(_LARGEST_TABLE, 2 * len(values)):
        distinct, places = np.unique(values, return_inverse=True)
        return places, distinct
    occurs = np.zeros(size, dtype=bool)
    occurs[values] = True
    distinct = np.flatnonzero(occurs)
    table = np.empty(size, dtype=np.int64)
    table[distinct] = np.arange(len(distinct))
    return table[values], distinct
