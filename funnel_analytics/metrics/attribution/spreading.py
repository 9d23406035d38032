"""What does a model give to each touch, and what do its channels get by that?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.journeys import Floats
from funnel_analytics.credit.models import (
    Credit,
    Model,
    Settings,
    are_weights,
    model_name,
    own_answer,
    rule_weights,
)
from funnel_analytics.credit.rules import credit_by_key
from funnel_analytics.credit.spread import weights_of_shares
from funnel_analytics.metrics.attribution.modelled import credited, is_data_driven
from funnel_analytics.metrics.attribution.reading import Read

__all__ = ["Shared", "shared"]

_BY_JOURNEY = ("shapley", "shapley_ordered")
"""Fitted models that divide each journey by itself: equally among its channels."""


class Shared(NamedTuple):
    """What a model gives to the touches of the journeys that converted.

    `weights` (touches,) are the share of its conversion that each touch has; `by_rows` is what
    channels get by them, `by_model` what the model itself credits. `is_spread`: the model divides
    the sum of all journeys, which was spread over each of them.
    """

    weights: Floats
    by_rows: Credit
    by_model: Credit
    is_spread: bool


def shared(found: Read, model: Model, settings: Settings) -> Shared:
    """What does a model give to each touch? Rows of a rule are what the rule itself gives."""
    journeys = found.converted
    weights = None
    if callable(model):
        given = own_answer(model, found.journeys)
        if are_weights(found.journeys, given):
            weights = given[: journeys.touches]
    elif not is_data_driven(model):
        weights = rule_weights(journeys, model, settings)
    if weights is not None:
        credit = Credit(model_name(model), *credit_by_key(journeys, weights))
        return Shared(weights, credit, credit, is_spread=False)
    by_model = credited(found, model, settings)
    divides_each = model in _BY_JOURNEY
    parts = np.ones(len(journeys.keys)) if divides_each else by_model.conversions
    weights = weights_of_shares(journeys, parts)
    by_rows = Credit(by_model.model, *credit_by_key(journeys, weights))
    return Shared(weights, by_rows, by_model, is_spread=not divides_each)
