"""What models would credit to channels if other journeys of the same kind had happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnel_analytics.credit.journeys import Floats, Ints, Journeys
from funnel_analytics.credit.models import Settings, are_weights, own_answer, rule_weights
from funnel_analytics.credit.resample import bootstrap, interval
from funnel_analytics.metrics.attribution.asked import Model, model_name
from funnel_analytics.metrics.attribution.modelled import is_data_driven
from funnel_analytics.metrics.attribution.reading import Read

__all__ = ["Limits", "Redrawn", "redrawn"]


@dataclass(frozen=True, eq=False)
class Limits:
    """(keys + 1,) The 95 % interval of a credit and of its share; the last is no known touch."""

    low: Floats
    high: Floats
    share_low: Floats
    share_high: Floats


@dataclass(frozen=True, eq=False)
class Redrawn:
    """The limits of each model's conversions and values."""

    conversions: Mapping[str, Limits]
    values: Mapping[str, Limits]


def redrawn(
    found: Read, models: Sequence[Model], settings: Settings, *, draws: int, seed: int
) -> Redrawn:
    """How far could the credit of each model be off, by chance of the journeys alone?

    Journeys of one account (or lead) are drawn together. Conversions without a touch are drawn for
    themselves, those of one account together. Functions that credit keys are asked again in every
    draw, and are given paths without ages and milestones.
    """
    journeys = found.journeys
    fitted: list[str] = []
    weights: dict[str, Floats] = {}
    own: dict[str, Callable[[Journeys], Floats]] = {}
    for each in models:
        if callable(each):
            answer = own_answer(each, journeys)
            if are_weights(journeys, answer):
                weights[model_name(each)] = answer
            else:
                own[model_name(each)] = each
        elif is_data_driven(each):
            fitted.append(each)
        else:
            weights[each] = rule_weights(journeys, each, settings)
    drawn = bootstrap(journeys, fitted, weights=weights, own=own, draws=draws, seed=seed)
    conversions, values = _untouched(found.conversions, draws, seed)
    return Redrawn(
        {name: _limits(each.conversions, conversions) for name, each in drawn.items()},
        {name: _limits(each.values, values) for name, each in drawn.items()},
    )


def _limits(known: Floats, unknown: Floats) -> Limits:
    credits = np.column_stack([known, unknown])
    total = credits.sum(axis=1, keepdims=True)
    shares = np.divide(credits, total, out=np.full(credits.shape, np.nan), where=total != 0)
    return Limits(*interval(credits), *interval(shares))


def _untouched(conversions: pd.DataFrame, draws: int, seed: int) -> tuple[Floats, Floats]:
    """(draws,) The conversions without a touch, and their value, drawn anew."""
    table = conversions[~conversions["has_touch"].to_numpy(dtype=bool)]
    values = table["value"].fillna(0.0).to_numpy(dtype=float)
    cluster = _clusters(table)
    units = int(cluster.max(initial=-1)) + 1
    thrown = np.random.default_rng((seed, units)).poisson(1.0, (draws, units)).astype(np.float64)
    times = thrown[:, cluster]
    return times.sum(axis=1), times @ values


def _clusters(table: pd.DataFrame) -> Ints:
    """(rows,) The account of each conversion by number; without one, each is its own."""
    accounts = [
        each if isinstance(each, str) else place for place, each in enumerate(table["account"])
    ]
    return np.asarray(pd.factorize(np.array(accounts, dtype=object))[0], dtype=np.int64)
