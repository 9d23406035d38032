"""Which share of its conversion does a model give to each touch?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Floats
from funnel_analytics.credit.models import (
    Credit,
    Model,
    Settings,
    are_weights,
    own_answer,
    rule_weights,
)
from funnel_analytics.credit.spread import weights_of_shares
from funnel_analytics.metrics.attribution.modelled import is_data_driven
from funnel_analytics.metrics.attribution.reading import Read

__all__ = ["TouchWeights", "touch_weights"]

_BY_JOURNEY = ("shapley", "shapley_ordered")
"""Fitted models that divide each journey by itself: equally among its channels."""


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
        given = own_answer(model, found.journeys)
        if are_weights(found.journeys, given):
            return TouchWeights(given[: journeys.touches], False)
    elif not is_data_driven(model):
        return TouchWeights(rule_weights(journeys, model, settings), False)
    elif model in _BY_JOURNEY:
        return TouchWeights(weights_of_shares(journeys, np.ones(len(journeys.keys))), False)
    return TouchWeights(weights_of_shares(journeys, credit.conversions), True)
