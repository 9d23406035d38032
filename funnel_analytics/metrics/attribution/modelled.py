"""What each model credits to each key: rules on touches, data-driven models on channels."""

from __future__ import annotations

import numpy as np

from funnel_analytics.agreement import DATA_DRIVEN_MODELS, AttributionRule
from funnel_analytics.credit.journeys import Floats, Ints, summed
from funnel_analytics.credit.models import Credit, Settings, credit
from funnel_analytics.credit.rules import linear, table_of_shares
from funnel_analytics.metrics.attribution.asked import Model
from funnel_analytics.metrics.attribution.reading import Read

__all__ = ["credited", "is_data_driven", "needs_open", "settings_of"]


def settings_of(agreed: AttributionRule) -> Settings:
    """What models leave open, as agreed."""
    return Settings(
        first_share=agreed.first_share,
        last_share=agreed.last_share,
        half_life_days=agreed.half_life_days,
        own={
            name: table_of_shares(
                first=rule.first,
                lead_created=rule.lead_created,
                opportunity_created=rule.opportunity_created,
                last=rule.last,
                rest=rule.rest,
            )
            for name, rule in agreed.own.items()
        },
    )


def is_data_driven(model: Model) -> bool:
    """Is a model fitted on channels, instead of crediting touches?"""
    return isinstance(model, str) and model in DATA_DRIVEN_MODELS


def needs_open(models: tuple[Model, ...]) -> bool:
    """Does a model look at journeys without a conversion? Functions of one's own may."""
    return any(is_data_driven(each) or callable(each) for each in models)


def credited(read: Read, model: Model, settings: Settings) -> Credit:
    """The conversions, and their value, that a model credits to each key of the journeys.

    Rules, and functions of one's own, credit touches, so that finer keys sum to coarser ones. A
    data-driven model is fitted on channels; what a channel gets is shared among the keys in it in
    proportion to what `linear` credits them within the channel.
    """
    if not is_data_driven(model):
        return credit(read.journeys, model, settings)
    fitted = credit(read.channels, model, settings)
    if read.asked.by == "channel":
        return fitted
    conversions, values = _linear_by_channel(read)
    touches = _summed(read, np.ones(read.journeys.touches))
    shares = _shares(conversions, touches)
    return Credit(
        fitted.model,
        fitted.conversions @ shares,
        fitted.values @ _shares(values, conversions, touches),
        None,
    )


def _linear_by_channel(read: Read) -> tuple[Floats, Floats]:
    """(channels, keys) What `linear` credits to each pair."""
    journeys = read.journeys
    weights = linear(journeys)
    return (
        _summed(read, weights * np.repeat(journeys.conversions, journeys.lengths)),
        _summed(read, weights * np.repeat(journeys.values, journeys.lengths)),
    )


def _summed(read: Read, weights: Floats) -> Floats:
    """(channels, keys) The weights of touches together."""
    channels, keys = len(read.channels.keys), len(read.journeys.keys)
    pairs: Ints = read.channels.codes.astype(np.int64) * keys + read.journeys.codes
    return summed(pairs, weights, channels * keys).reshape(channels, keys)


def _shares(*amounts: Floats) -> Floats:
    """(channels, keys) Each key's part of its channel: by the first amounts of which it has any."""
    shares = np.zeros(amounts[0].shape)
    for given in reversed(amounts):
        totals = given.sum(axis=1, keepdims=True)
        shares = np.where(totals > 0, given / np.where(totals > 0, totals, 1.0), shares)
    return shares
