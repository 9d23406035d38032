"""Credit by removal from a Markov chain: exact algebra, nothing is sampled."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from funnel_analytics.credit.chains import Chain, Counts
from funnel_analytics.credit.journeys import Floats, Ints, Journeys

__all__ = ["MarkovFit", "markov", "removal_shares"]


@dataclass(frozen=True, eq=False)
class MarkovFit:
    """A fitted chain and what the removal of each key would take from it.

    Attributes
    ----------
    removal_effects
        (keys,) The share of conversions that the chain would lose, in 0-1, if every state that
        holds the key led to no conversion. 0 for a key that leads to none, missing where there
        are no conversions at all.
    conversion_chance
        The chain's chance of conversion: the observed rate, in any order.
    states
        (states, order) The keys of each state by code, the last one last; -1 pads journeys
        shorter than the order.
    counts
        (keys + 1, keys + 2) For order 1, how often a key (row; the first row is the start) was
        followed by a key (column; the last two are conversion and no conversion).
    """

    keys: tuple[str, ...]
    order: int
    with_nulls: bool
    removal_effects: Floats
    conversion_chance: float
    states: Ints = field(repr=False)
    counts: Floats | None = field(repr=False)

    @property
    def shares(self) -> Floats:
        """(keys,) The share of all conversions, and of their value, that each key is credited with.

        Removal effects over their sum; 0 for all where there are no conversions.
        """
        return removal_shares(self.removal_effects)

    @property
    def transitions(self) -> Floats | None:
        """The rows of `counts` as shares; missing for a key that no journey has."""
        if self.counts is None:
            return None
        totals = self.counts.sum(axis=1, keepdims=True)
        return np.divide(
            self.counts, totals, out=np.full(self.counts.shape, np.nan), where=totals > 0
        )


def markov(journeys: Journeys, *, order: int = 1, with_nulls: bool = True) -> MarkovFit:
    """How much of the conversions would a Markov chain lose without each key?

    Parameters
    ----------
    order
        How many of the last keys a state remembers. A journey that is shorter is one state.
    with_nulls
        Do journeys without conversion count? Without them every walk of the chain converts, and a
        removal effect is the chance that a walk passes the key.

    Raises
    ------
    CallError
        No such order, or too many states to number.
    DataError
        The weights of the journeys are too unequal to compute with.

    Notes
    -----
    Anderl, Becker, von Wangenheim & Schumann (2016), Int. J. Research in Marketing 33, 457-474.
    Their removal effect lets what would enter the key's states end without conversion. It is the
    probability that a walk that converts passes the key. Steps from a key to itself do not matter
    in order 1. In an order of at least the longest journey, it is the share of conversions whose
    journey has the key. Conversions and their value are shared by the effects over their sum: the
    last key of a converting journey has an effect above 0, so that there is a sum.

    >>> from funnel_analytics.credit.journeys import journeys_from_paths
    >>> import pandas as pd
    >>> paths = pd.DataFrame({"path": ["a", "a > b", "b"], "conversions": [1, 1, 0]})
    >>> fit = markov(journeys_from_paths(paths))
    >>> print(fit.removal_effects.round(4), round(fit.conversion_chance, 4))
    [0.75 0.5 ] 0.6667
    """
    counted = journeys if with_nulls else journeys.only(journeys.conversions > 0)
    nulls = counted.nulls if with_nulls else np.zeros(len(counted))
    chain = Chain(counted, order=order)
    counts = chain.counts(counted.conversions, nulls)
    removal = chain.removal(counts)
    return MarkovFit(
        keys=journeys.keys,
        order=order,
        with_nulls=with_nulls,
        removal_effects=removal.effects,
        conversion_chance=removal.chance,
        states=chain.states,
        counts=_table(chain, counts) if order == 1 else None,
    )


def removal_shares(effects: Floats) -> Floats:
    """Removal effects over their sum; 0 for all where there are none."""
    total = float(np.nansum(effects))
    return np.nan_to_num(effects) / total if total > 0 else np.zeros(len(effects))


def _table(chain: Chain, counts: Counts) -> Floats:
    size = chain.keys
    table = np.zeros((size + 1, size + 2))
    table[0, :size] = counts.begun
    table[chain.sources + 1, chain.targets] = counts.stepped
    table[1:, size], table[1:, size + 1] = counts.converted, counts.ended
    return table
