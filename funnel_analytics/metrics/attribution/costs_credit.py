"""What was credited to touches, each with its day: of a period's touches, or of its conversions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from funnel_analytics.credit.journeys import Floats, summed
from funnel_analytics.credit.models import rule_weights
from funnel_analytics.credit.rules import linear
from funnel_analytics.estimates import cumulative_mean, share_come
from funnel_analytics.metrics.attribution.asked import Asked, Model
from funnel_analytics.metrics.attribution.costs_tables import MISSING, labelled
from funnel_analytics.metrics.attribution.modelled import (
    credited,
    is_data_driven,
    needs_open,
    settings_of,
)
from funnel_analytics.metrics.attribution.reading import Read, read
from funnel_analytics.periods import Period, span, to_local
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["Returned", "curve_days", "lag_curve", "maturity", "returned", "since", "until_now"]

_DAY = timedelta(days=1)
_CURVE_DAYS = 365
_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Returned:
    """What the touches of some conversions were credited with.

    Parameters
    ----------
    touches
        One row per credited touch: `label`, `touched_at`, `lag_days` until its conversion (of which
        only the day is known: until the end of that day), `conversions`, `value`, and `unvalued`:
        the number of its conversion if that has no amount, else -1.
    conversions, value
        All conversions that were asked for, and their value together.
    untouched, untouched_value
        Those without a known touch.
    without_value
        Conversions without an amount.
    """

    touches: pd.DataFrame
    conversions: int
    value: float
    untouched: int
    untouched_value: float
    without_value: int
    answers: tuple[Answer, ...]

    def of_touches(self, start: datetime, end: datetime) -> pd.DataFrame:
        """The touches of a span."""
        at = self.touches["touched_at"]
        return self.touches[(at >= pd.Timestamp(start)) & (at < pd.Timestamp(end))]

    def without_value_of(self, start: datetime, end: datetime) -> int:
        """Conversions without an amount that touches of a span were credited with."""
        touches = self.of_touches(start, end)
        credited = touches[(touches["unvalued"] >= 0) & (touches["conversions"] > 0)]
        return int(credited["unvalued"].nunique())


def until_now(warehouse: Warehouse, question: Asked) -> Asked:
    """The same question of all conversions from the period's first day to the data end."""
    return since(warehouse, question, question.period)


def since(warehouse: Warehouse, question: Asked, first: Period) -> Asked:
    """The same question of all conversions from the first day of a period to the data end."""
    last = to_local(warehouse.as_of - timedelta(microseconds=1), warehouse.timezone).date()
    days = span(first.start, max(first.start, last) + _DAY)
    start, end = warehouse.bounds(days)
    return replace(question, period=days, start=start, end=end)


def returned(
    warehouse: Warehouse,
    question: Asked,
    model: Model,
    *,
    labels: Mapping[str, str | None] | None = None,
) -> Returned:
    """What were the touches of the conversions that were asked for credited with?

    A model that is fitted credits channels, not touches: what a channel gets is divided among its
    touches as `linear` divides it.

    Parameters
    ----------
    labels
        What a value of `by` stands for; itself if nothing is given.
    """
    found = read(warehouse, question, with_open=needs_open((model,)))
    counts, values = _of_touches(found, model, warehouse)
    journeys = found.converted
    frame = found.touches.head(journeys.touches)
    names: list[str | None] = list(found.names)
    if labels is not None:
        names = [None if each is None else labels.get(each) for each in names]
    shown = np.array([MISSING if each is None else each for each in names], dtype=object)
    touched_at = frame["touched_at"].to_numpy(dtype="datetime64[us]")
    lag = np.zeros(0) if journeys.ages is None else journeys.ages
    value = found.conversions["value"]
    has_touch = found.conversions["has_touch"].to_numpy(dtype=bool)
    rows = found.conversion_rows[journeys.journey_numbers]
    return Returned(
        touches=pd.DataFrame(
            {
                "label": shown[journeys.codes] if len(shown) else np.array([], dtype=object),
                "touched_at": touched_at,
                "lag_days": np.clip(lag, 0.0, question.lookback_days),
                "conversions": counts,
                "value": values,
                "unvalued": np.where(value.isna().to_numpy(dtype=bool)[rows], rows, -1),
            }
        ),
        conversions=len(value),
        value=_sum(value),
        untouched=int((~has_touch).sum()),
        untouched_value=_sum(value[~has_touch]),
        without_value=int(value.isna().sum()),
        answers=found.answers,
    )


def _sum(values: pd.Series) -> float:
    return round(math.fsum(values.dropna()), _DECIMALS)


def _of_touches(found: Read, model: Model, warehouse: Warehouse) -> tuple[Floats, Floats]:
    """(touches,) Conversions and value of each touch, which sum by key to what a model credits."""
    settings = settings_of(warehouse.agreement.attribution)
    journeys = found.converted
    numbers = journeys.journey_numbers
    if not journeys.touches:
        return np.zeros(0), np.zeros(0)
    if isinstance(model, str) and not is_data_driven(model):
        weights = rule_weights(journeys, model, settings)
        return weights * journeys.conversions[numbers], weights * journeys.values[numbers]
    credit, weights = credited(found, model, settings), linear(journeys)
    return (
        _scaled(found, weights * journeys.conversions[numbers], credit.conversions),
        _scaled(found, weights * journeys.values[numbers], credit.values),
    )


def _scaled(found: Read, given: Floats, wanted: Floats) -> Floats:
    """What is given to touches, so that it sums to what is wanted for each key."""
    journeys = found.converted
    sums = summed(journeys.codes, given, len(journeys.keys))
    factor = np.divide(wanted, sums, out=np.zeros(len(sums)), where=sums != 0)
    return given * factor[journeys.codes]


def lag_curve(
    warehouse: Warehouse,
    question: Asked,
    won: Returned,
    touches: pd.DataFrame,
    *,
    start: datetime,
) -> Floats:
    """How many wins has a touch been credited with by each age, on average?

    Parameters
    ----------
    won
        What was won from `start` to the data end.
    touches
        The query `channel_costs_touches` from `start` on.
    """
    last = question.lookback_days
    seen = won.of_touches(start, warehouse.as_of)
    touched_at = seen["touched_at"].to_numpy(dtype="datetime64[us]")
    left = (np.datetime64(warehouse.as_of, "us") - touched_at).astype("timedelta64[us]")
    age = left.astype(np.int64) / 86_400e6
    lag = np.floor(seen["lag_days"].to_numpy(dtype=float)).clip(0, last)
    whole = lag < np.floor(age)
    return cumulative_mean(
        touches["age_days"],
        touches["touches"],
        lags=lag[whole],
        amounts=seen["conversions"].to_numpy(dtype=float)[whole],
        last=last,
    )


def maturity(curve: Floats, touches: pd.DataFrame) -> pd.Series:
    """By label: which share of all wins to come have touches of these ages been credited with?"""
    share = touches["touches"] * share_come(curve, touches["age_days"])
    table = labelled(touches).assign(share=share)
    by_label = table.groupby("label")
    sums = by_label[["touches", "share"]].sum()
    is_known = by_label["share"].count() == by_label["share"].size()
    return (sums["share"] / sums["touches"]).where(is_known)


def curve_days(question: Asked, warehouse: Warehouse) -> Period:
    """The days whose touches tell how late wins come: a year of touches that had all their time."""
    last = to_local(warehouse.as_of, warehouse.timezone).date()
    first = last - timedelta(days=_CURVE_DAYS + question.lookback_days)
    first = min(first, question.period.start)
    return span(first, last + _DAY)
