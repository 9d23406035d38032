"""Rules that share a conversion among the touches of its journey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnel_analytics.credit.journeys import (
    FIRST,
    LAST,
    LEAD_CREATED,
    OPPORTUNITY_CREATED,
    Floats,
    Journeys,
    summed,
)
from funnel_analytics.errors import CallError

__all__ = [
    "FULL_PATH",
    "RULES",
    "W_SHAPED",
    "Shares",
    "by_milestones",
    "credit_by_key",
    "first",
    "last",
    "last_non_direct",
    "linear",
    "table_of_shares",
    "time_decay",
]

RULES = (
    "first",
    "last",
    "last_non_direct",
    "linear",
    "position_based",
    "time_decay",
    "w_shaped",
    "full_path",
)
"""The rules by name."""


@dataclass(frozen=True)
class Shares:
    """What part of a conversion goes to the touches that hold its milestones, and to the rest.

    Only their ratios count. A milestone without a share (None) is none of this rule, and a touch
    that holds no milestone of the rule belongs to the rest; a milestone with a share of 0 is one,
    and its touch gets nothing.
    """

    first: float | None = None
    lead_created: float | None = None
    opportunity_created: float | None = None
    last: float | None = None
    rest: float = 0.0

    def __post_init__(self) -> None:
        parts = [*self.by_milestone().values(), self.rest]
        if not all(0 <= part < np.inf for part in parts):
            raise CallError(f"Shares of credit are numbers from 0 on, not {parts}.")
        if not any(parts):
            raise CallError("Shares of credit cannot all be 0: nobody would be credited.")

    @property
    def needs_milestones(self) -> bool:
        """Do other milestones than the first and the last touch count?"""
        return self.lead_created is not None or self.opportunity_created is not None

    def by_milestone(self) -> Mapping[int, float]:
        """The share of each milestone of this rule, by the milestone's bit."""
        shares = {
            FIRST: self.first,
            LEAD_CREATED: self.lead_created,
            OPPORTUNITY_CREATED: self.opportunity_created,
            LAST: self.last,
        }
        return MappingProxyType(
            {bit: float(share) for bit, share in shares.items() if share is not None}
        )


def table_of_shares(
    *,
    first: float = 0.0,
    lead_created: float = 0.0,
    opportunity_created: float = 0.0,
    last: float = 0.0,
    rest: float = 0.0,
) -> Shares:
    """A table of own weights, in which a milestone with 0 is none."""
    return Shares(
        first=first or None,
        lead_created=lead_created or None,
        opportunity_created=opportunity_created or None,
        last=last or None,
        rest=rest,
    )


W_SHAPED = Shares(first=0.3, lead_created=0.3, opportunity_created=0.3, rest=0.1)
"""Marketo Measure's W: three milestones with 30 % each, 10 % to what is between."""

FULL_PATH = Shares(first=0.225, lead_created=0.225, opportunity_created=0.225, last=0.225, rest=0.1)
"""Marketo Measure's full path: four milestones with 22.5 % each, 10 % to what is between."""


def by_milestones(journeys: Journeys, shares: Shares) -> Floats:
    """(touches,) Which part of its conversion does each touch get by a table of shares?

    A share goes to the touches that hold its milestone (equally, should several do); shares that
    fall on one touch add up; `rest` is divided equally among the touches that hold no milestone of
    the rule. What a journey does not have is left out, and the other shares are scaled to a sum of
    1. A journey of which nothing has a share is divided equally.

    The first touch of a journey is the first, and the last one the last, whatever `milestones`
    says. So of two touches, 40/20/40 gives 1/2 and 1/2; 20/20/60 gives 1/4 and 3/4; a single touch
    gets everything.

    Raises
    ------
    CallError
        A share goes to a milestone that these journeys do not tell of.
    """
    if shares.needs_milestones and journeys.milestones is None:
        raise CallError(
            "These journeys do not tell when a lead or an opportunity was created, and the shares "
            "of credit ask for it."
        )
    if not journeys.touches:
        return np.zeros(0)
    if shares.first is not None and shares.last is not None and not shares.needs_milestones:
        return _by_ends(journeys, shares.first, shares.last, shares.rest)
    bits = _milestones(journeys)
    begins = journeys.starts[:-1]
    given = np.zeros(journeys.touches)
    counted = np.uint8(sum(shares.by_milestone()))
    for bit, share in (*shares.by_milestone().items(), (0, shares.rest)):
        holds = (bits & bit != 0) if bit else (bits & counted == 0)
        count = np.add.reduceat(holds, begins, dtype=np.int64)
        each = np.divide(share, count, where=count > 0, out=np.zeros(len(count)))
        given += np.where(holds, np.repeat(each, journeys.lengths), 0.0)
    return _normal(journeys, given)


def first(journeys: Journeys) -> Floats:
    """(touches,) The first touch of a journey gets everything."""
    weights = np.zeros(journeys.touches)
    weights[journeys.starts[:-1]] = 1.0
    return weights


def last(journeys: Journeys) -> Floats:
    """(touches,) The last touch of a journey gets everything."""
    weights = np.zeros(journeys.touches)
    weights[journeys.starts[1:] - 1] = 1.0
    return weights


def linear(journeys: Journeys) -> Floats:
    """(touches,) All touches of a journey get the same part."""
    return np.repeat(1.0 / journeys.lengths, journeys.lengths)


def last_non_direct(journeys: Journeys) -> Floats:
    """(touches,) The last touch that is not direct gets everything; the last one if all are.

    Raises
    ------
    CallError
        The journeys do not tell which touches are direct.
    """
    if journeys.is_direct is None:
        raise CallError("These journeys do not tell which touches are direct.")
    weights = np.zeros(journeys.touches)
    if not journeys.touches:
        return weights
    places = np.where(journeys.is_direct, -1, np.arange(journeys.touches))
    chosen = np.maximum.reduceat(places, journeys.starts[:-1])
    weights[np.where(chosen < 0, journeys.starts[1:] - 1, chosen)] = 1.0
    return weights


def time_decay(journeys: Journeys, *, half_life_days: float) -> Floats:
    """(touches,) A touch gets half as much as one that is a half-life nearer to the conversion.

    Raises
    ------
    CallError
        The half-life is not above 0, or the journeys do not tell how old their touches are.
    """
    if not 0 < half_life_days < np.inf:
        raise CallError(f"A half-life is a number of days above 0, not {half_life_days!r}.")
    if journeys.ages is None:
        raise CallError("These journeys do not tell how old their touches are.")
    if not journeys.touches:
        return np.zeros(0)
    begins = journeys.starts[:-1]
    youngest = np.repeat(np.minimum.reduceat(journeys.ages, begins), journeys.lengths)
    return _normal(journeys, np.exp2((youngest - journeys.ages) / half_life_days))


def credit_by_key(journeys: Journeys, weights: Floats) -> tuple[Floats, Floats]:
    """(keys,) The conversions, and (keys,) the value, that weights of touches give to each key."""
    size = len(journeys.keys)
    if not journeys.touches:
        return np.zeros(size), np.zeros(size)
    return (
        summed(journeys.codes, weights * np.repeat(journeys.conversions, journeys.lengths), size),
        summed(journeys.codes, weights * np.repeat(journeys.values, journeys.lengths), size),
    )


def _by_ends(journeys: Journeys, first: float, last: float, rest: float) -> Floats:
    """`by_milestones` where the first and the last touch are the milestones: by length alone."""
    lengths = journeys.lengths
    longest = int(lengths.max())
    sizes = np.arange(longest + 1)
    between = np.maximum(sizes - 2, 0)
    total = first + last + np.where(between > 0, rest, 0.0)
    equal = total == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(equal, 1.0 / sizes, rest / (between * total))
        at_first = np.where(equal, 1.0 / sizes, first / total)
        at_last = np.where(equal, 1.0 / sizes, last / total)
    at_first[1] = at_last[1] = 1.0
    weights = np.repeat(inner[lengths], lengths)
    weights[journeys.starts[:-1]] = at_first[lengths]
    weights[journeys.starts[1:] - 1] = at_last[lengths]
    return weights


def _milestones(journeys: Journeys) -> NDArray[Any]:
    """The milestones of each touch, the first and the last of the journey among them."""
    given = journeys.milestones
    bits = np.zeros(journeys.touches, np.uint8) if given is None else given.astype(np.uint8)
    bits &= np.uint8(LEAD_CREATED | OPPORTUNITY_CREATED)
    bits[journeys.starts[:-1]] |= np.uint8(FIRST)
    bits[journeys.starts[1:] - 1] |= np.uint8(LAST)
    return bits


def _normal(journeys: Journeys, given: Floats) -> Floats:
    """Weights in proportion to what is given, equal where a journey was given nothing."""
    totals = np.add.reduceat(given, journeys.starts[:-1])
    nothing = totals == 0
    if nothing.any():
        given = np.where(np.repeat(nothing, journeys.lengths), 1.0, given)
        totals = np.where(nothing, journeys.lengths, totals)
    return given / np.repeat(totals, journeys.lengths)
