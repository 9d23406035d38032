"""Which share of its conversion does a model give to each touch?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Floats, Journeys
from funnel_analytics.credit.models import Credit, Model, Settings, rule_weights
from funnel_analytics.credit.spread import weights_of_shares
from funnel_analytics.metrics.attribution.modelled import is_data_driven
from funnel_analytics.metrics.attribution.reading import Read

__all__ = ["TouchWeights", "touch_weights"]

_BY_JOURNEY = ("shapley", "shapley_ordered")
"""Fitted models that divide each journey by itself: equally among its channels."""
_TOLERANCE = 1e-9


class TouchWeights(NamedTuple):
    """(touches,) The share of its conversion that each touch has.

    `is_spread`: the model divides the sum of all journeys, which was spread over each of them.
    """

    weights: Floats
    is_spread: bool


def touch_weights(found: Read, model: Model, settings: Settings, credit: Credit) -> TouchWeights:
    """The weights that a model gives to the touches of the journeys that converted.

    Parameters
    ----------
    credit
        What the model credits to each key.
    """
    journeys = found.converted
    if callable(model):
        given = np.asarray(model(found.journeys), dtype=float)
        if _are_weights(found.journeys, given):
            return TouchWeights(given[: journeys.touches], False)
    elif not is_data_driven(model):
        return TouchWeights(rule_weights(journeys, model, settings), False)
    elif model in _BY_JOURNEY:
        return TouchWeights(weights_of_shares(journeys, np.ones(len(journeys.keys))), False)
    return TouchWeights(weights_of_shares(journeys, credit.conversions), True)


def _are_weights(journeys: Journeys, given: Floats) -> bool:
    """Are these weights of touches, and not the credit of as many keys?"""
    if given.shape != (journeys.touches,):
        return False
    sums = np.bincount(journeys.journey_numbers, given, len(journeys))
    return bool((np.abs(sums - 1)[journeys.conversions > 0] <= _TOLERANCE).all())
