"""What a caller asks of an attribution, checked, with what the agreement says for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from funnel_analytics.agreement import DIRECT, JOURNEYS_OF, LONGEST_LOOKBACK_DAYS, REPEATS
from funnel_analytics.arguments import Wrong, is_one_of, shown
from funnel_analytics.credit.models import Model, given_models, model_name
from funnel_analytics.errors import did_you_mean
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
    needs_touches: bool = True,
    wrong: Wrong | None = None,
) -> Asked:
    """What a metric is asked for; what is None is as agreed.

    `wrong` is what the caller found wrong already; it is refused together with the rest. Without
    touches nothing is asked, unless the metric says something all the same.

    Raises
    ------
    CallError
        An unknown stage or choice, numbers that cannot be, or a period after the data end; all
        that is wrong with the arguments is listed.
    MissingTableError
        No touches (and no activities that count as such), or no deals or leads, were loaded.
    """
    agreed = warehouse.agreement.attribution
    wrong = wrong or Wrong()
    wrong.unless_period("period", period)
    if not is_one_of(by, KEYS):
        wrong.say(
            f"Credit cannot go by {shown(by)}, only by {', '.join(KEYS)}."
            f"{did_you_mean(str(by), KEYS)}"
        )
    chosen = {
        "journeys_of": agreed.journeys_of if journeys_of is None else journeys_of,
        "repeats": agreed.repeats if repeats is None else repeats,
        "direct": agreed.direct if direct is None else direct,
    }
    for (name, value), known in zip(chosen.items(), (JOURNEYS_OF, REPEATS, DIRECT), strict=True):
        wrong.unless_one_of(name, value, known)
    days = agreed.lookback_days if lookback_days is None else lookback_days
    wrong.unless_whole("lookback_days", days, least=1, most=LONGEST_LOOKBACK_DAYS, of="days")
    below = agreed.pool_below if pool_below is None else pool_below
    wrong.unless_whole("pool_below", below, least=0)
    known_ones = (WON, PIPELINE, *warehouse.agreement.stage_names)
    if not is_one_of(conversion, known_ones):
        wrong.say(
            f"Unknown conversion {shown(conversion)}: it is {WON}, {PIPELINE} or a stage; the "
            f"agreement has the stages {', '.join(known_ones[2:])}."
            f"{did_you_mean(str(conversion), known_ones)}"
        )
    wrong.refuse()
    is_deal = conversion in (WON, PIPELINE)
    position = 0 if is_deal else warehouse.agreement.position(conversion)
    with_activities = agreed.activities is not None
    if needs_touches and not (with_activities and warehouse.has("activity")):
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
        journeys_of=chosen["journeys_of"],
        lookback_days=int(days),
        repeats=chosen["repeats"],
        direct=chosen["direct"],
        direct_channels=agreed.direct_channels,
        pool_below=int(below),
        with_activities=with_activities,
    )


def models_asked(
    warehouse: Warehouse, model: Model | Sequence[Model] | None, wrong: Wrong
) -> tuple[Model, ...]:
    """The models that a metric is asked for, each once: names, or functions of one's own.

    No model, an unknown one, or two of one name are added to what is `wrong`.
    """
    agreed = warehouse.agreement.attribution
    return given_models(agreed.model if model is None else model, agreed.models, wrong)
