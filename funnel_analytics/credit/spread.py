"""From shares of what is credited to shares of each touch, and from these to exact amounts."""

from __future__ import annotations

import numpy as np

from funnel_analytics.credit.journeys import Floats, Ints, Journeys, summed

__all__ = ["exact_amounts", "weights_of_shares"]

_LARGEST_TABLE = 2**26


def weights_of_shares(journeys: Journeys, shares: Floats) -> Floats:
    """Which share of its journey does each touch get, where what is credited are the keys?

    A journey is shared among the keys in it in proportion to their `shares`, and what a key gets
    equally among its touches there: seen twice it gets no more than seen once.

    Parameters
    ----------
    shares
        One for each key. A negative or missing one counts as 0; where all of a journey are 0, its
        keys have equal shares.

    Returns
    -------
    array
        One weight for each touch; those of a journey sum to 1.

    Notes
    -----
    With equal shares this is the Shapley value of the game in which a set of channels is worth the
    conversions of journeys that hold no other: an equal split over the channels of each journey
    (Zhao, Mahboobi & Bagheri 2018, arXiv:1804.05327, formula 4).
    """
    numbers = journeys.journey_numbers
    each = 1.0 / _touches_of_key(journeys)
    given = np.maximum(np.nan_to_num(np.asarray(shares, dtype=float)), 0.0)[journeys.codes] * each
    has_none = _summed(journeys, given) <= 0
    given = np.where(has_none[numbers], each, given)
    return np.asarray(given / _summed(journeys, given)[numbers])


def _touches_of_key(journeys: Journeys) -> Floats:
    """(touches,) How many touches of its journey have the key of each touch?"""
    pairs = journeys.journey_numbers.astype(np.int64) * len(journeys.keys) + journeys.codes
    if len(journeys) * len(journeys.keys) <= _LARGEST_TABLE:
        return np.bincount(pairs)[pairs].astype(float)
    _, places, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    return counts[places].astype(float)


def _summed(journeys: Journeys, given: Floats) -> Floats:
    """(journeys,) The sum over the touches of each journey."""
    return summed(journeys.journey_numbers, given, len(journeys))


def exact_amounts(journeys: Journeys, weights: Floats, values: Floats) -> Floats:
    """What does each touch get of its journey's value, so that rounding loses nothing?

    Parameters
    ----------
    weights
        (touches,) The share of each touch; those of a journey sum to 1.
    values
        (journeys,) The value of each journey; where it is missing, so are its amounts.

    Returns
    -------
    array
        (touches,) Amounts that, added up in any order, are the value to the last bit.

    Notes
    -----
    Amounts are whole multiples of the distance from the value to the next larger double: such sums
    are exact. What is left after rounding goes to the largest amount, the first of equals.
    """
    if not len(journeys):
        return np.zeros(0)
    lengths = journeys.lengths
    known = np.where(np.isfinite(values), values, 0.0)
    steps = np.spacing(np.abs(known))
    of_touch = np.repeat(steps, lengths)
    units = np.rint(weights * np.repeat(known, lengths) / of_touch).astype(np.int64)
    whole = np.rint(known / steps).astype(np.int64)
    units[_largest(journeys, np.abs(units))] += whole - np.add.reduceat(units, journeys.starts[:-1])
    return np.where(np.repeat(np.isfinite(values), lengths), units * of_touch, np.nan)


def _largest(journeys: Journeys, units: Ints) -> Ints:
    """(journeys,) Where the largest of each journey is, the first of equals."""
    highest = np.maximum.reduceat(units, journeys.starts[:-1])
    found = np.flatnonzero(units == np.repeat(highest, journeys.lengths))
    numbers = journeys.journey_numbers[found]
    return found[np.concatenate(([True], numbers[1:] != numbers[:-1]))]
