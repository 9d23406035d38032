"""What a caller asks of an attribution, checked, with what the agreement says for the rest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from funnel_analytics.agreement import DIRECT, JOURNEYS_OF, LONGEST_LOOKBACK_DAYS, REPEATS
from funnel_analytics.credit.models import Model, model_name
from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.periods import Period
from funnel_analytics.warehouse import Warehouse

__all__ = ["KEYS", "PIPELINE", "WON", "Asked", "Model", "asked", "model_name", "models_asked"]

KEYS = (
    "channel",
    "campaign",
    "side",
    "origin",
    "source",
    "medium",
    "source_medium",
    "content",
)
"""What credit can go by."""
WON, PIPELINE = "won", "pipeline"


@dataclass(frozen=True)
class Asked:
    """Which conversions, which journeys, and what is credited.

    Parameters
    ----------
    start, end
        The period's first instant and the first one after it, in UTC.
    conversion
        `"won"`, `"pipeline"` or a stage; `position` is the stage's, else 0.
    by
        What is credited, one of `KEYS`.
    with_activities
        Whether activities of our people are touches.
    """

    period: Period
    start: datetime
    end: datetime
    conversion: str
    position: int
    by: str
    journeys_of: str
    lookback_days: int
    repeats: str
    direct: str
    direct_channels: tuple[str, ...]
    pool_below: int
    with_activities: bool

    @property
    def is_deal(self) -> bool:
        """Are the conversions deals, and not leads?"""
        return self.conversion in (WON, PIPELINE)

    @property
    def is_pipeline(self) -> bool:
        """Are the conversions deals that were created?"""
        return self.conversion == PIPELINE

    @property
    def of_account(self) -> bool:
        """Do journeys hold the touches of everybody at the account?"""
        return self.journeys_of == "account"

    @property
    def parameters(self) -> dict[str, Any]:
        """What was asked, as a result keeps it."""
        return {
            "period": self.period.label,
            "period_start": self.period.start,
            "period_end": self.period.end,
            "conversion": self.conversion,
            "by": self.by,
            "journeys_of": self.journeys_of,
            "lookback_days": self.lookback_days,
            "repeats": self.repeats,
            "direct": self.direct,
            "pool_below": self.pool_below,
        }


def asked(
    warehouse: Warehouse,
    *,
    period: Period,
    conversion: str = WON,
    by: str = "channel",
    journeys_of: str | None = None,
    lookback_days: int | None = None,
    repeats: str | None = None,
    direct: str | None = None,
    pool_below: int | None = None,
    metric: str = "attribute",
) -> Asked:
    """What a metric is asked for; what is None is as agreed.

    Raises
    ------
    CallError
        An unknown stage or choice, numbers that cannot be, or a period after the data end; all
        that is wrong with the choices is listed.
    MissingTableError
        No touches (and no activities that count as such), or no deals or leads, were loaded.
    """
    agreed = warehouse.agreement.attribution
    chosen = {
        "by": (by, KEYS),
        "journeys_of": (agreed.journeys_of if journeys_of is None else journeys_of, JOURNEYS_OF),
        "repeats": (agreed.repeats if repeats is None else repeats, REPEATS),
        "direct": (agreed.direct if direct is None else direct, DIRECT),
    }
    problems = [
        _unknown(name, value, known)
        for name, (value, known) in chosen.items()
        if value not in known
    ]
    days = agreed.lookback_days if lookback_days is None else lookback_days
    if not _is_whole(days, 1, LONGEST_LOOKBACK_DAYS):
        problems.append(
            f"lookback_days is a whole number of days from 1 to {LONGEST_LOOKBACK_DAYS}, "
            f"not {days!r}."
        )
    below = agreed.pool_below if pool_below is None else pool_below
    if not _is_whole(below, 0):
        problems.append(f"pool_below is a whole number from 0 on, not {below!r}.")
    if problems:
        raise CallError(" ".join(problems))
    is_deal = conversion in (WON, PIPELINE)
    position = 0 if is_deal else _position(warehouse, conversion)
    with_activities = agreed.activities is not None
    if not (with_activities and warehouse.has("activity")):
        warehouse.require("touch", metric=metric)
    warehouse.require("deal" if is_deal else "lead", metric=metric)
    start, end = warehouse.bounds(period)
    return Asked(
        period=period,
        start=start,
        end=end,
        conversion=conversion,
        position=position,
        by=by,
        journeys_of=str(chosen["journeys_of"][0]),
        lookback_days=days,
        repeats=str(chosen["repeats"][0]),
        direct=str(chosen["direct"][0]),
        direct_channels=agreed.direct_channels,
        pool_below=below,
        with_activities=with_activities,
    )


def models_asked(warehouse: Warehouse, model: Model | Sequence[Model] | None) -> tuple[Model, ...]:
    """The models that a metric is asked for, each once: names, or functions of one's own.

    Raises
    ------
    CallError
        No model, an unknown one, or two of one name.
    """
    agreed = warehouse.agreement.attribution
    given: Sequence[Model]
    if model is None:
        given = (agreed.model,)
    elif isinstance(model, str) or callable(model):
        given = (model,)
    else:
        given = tuple(dict.fromkeys(model))
    problems = [
        f"Unknown attribution model {each!r}.{did_you_mean(str(each), agreed.models)}"
        for each in given
        if not callable(each) and each not in agreed.models
    ]
    names = [model_name(each) for each in given if callable(each)]
    taken = [each for each in given if isinstance(each, str)] + list(agreed.models)
    problems += [
        f"There are two models named '{name}'; rename the function."
        for name in dict.fromkeys(names)
        if name in taken or names.count(name) > 1
    ]
    if not given:
        problems = ["No attribution model was asked for."]
    if problems:
        raise CallError(f"{' '.join(problems)} Known: {', '.join(agreed.models)}.")
    return tuple(given)


def _position(warehouse: Warehouse, conversion: str) -> int:
    names = warehouse.agreement.stage_names
    if conversion not in names:
        known = (WON, PIPELINE, *names)
        raise CallError(
            f"Unknown conversion '{conversion}': it is {WON}, {PIPELINE} or a stage; the agreement "
            f"has the stages {', '.join(names)}.{did_you_mean(str(conversion), known)}"
        )
    return warehouse.agreement.position(conversion)


def _unknown(name: str, value: Any, known: tuple[str, ...]) -> str:
    wanted = ", ".join(known)
    said = (
        f"Credit cannot go by '{value}', only by {wanted}."
        if name == "by"
        else f"{name} is one of {wanted}, not {value!r}."
    )
    return said + did_you_mean(str(value), known)


def _is_whole(number: object, low: int, high: float = math.inf) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and low <= number <= high
