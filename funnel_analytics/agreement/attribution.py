"""The values of an agreement on how credit is shared, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from funnel_analytics.agreement.labels import Label

ATTRIBUTION_RULES = (
    "first",
    "last",
    "last_non_direct",
    "linear",
    "position_based",
    "time_decay",
    "w_shaped",
    "full_path",
)
DATA_DRIVEN_MODELS = (
    "markov",
    "markov_2",
    "markov_3",
    "markov_4",
    "markov_without_nulls",
    "shapley",
    "shapley_ordered",
    "shapley_rate",
)
ATTRIBUTION_MODELS = (*ATTRIBUTION_RULES, *DATA_DRIVEN_MODELS)
JOURNEYS_OF = ("lead", "account")
REPEATS = ("kept", "collapsed")
DIRECT = ("kept", "unless_alone", "dropped")
LONGEST_LOOKBACK_DAYS = 36_500
"""A hundred years: the days of any export, and few enough to count back from any date."""


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class OwnRule:
    """A rule of the company's own: the shares of the milestones of a journey.

    They sum to 1; `rest` is shared by the touches that hold no milestone.
    """

    label: Label
    first: float = 0.0
    lead_created: float = 0.0
    opportunity_created: float = 0.0
    last: float = 0.0
    rest: float = 0.0


@dataclass(frozen=True)
class AttributionRule:
    """How the credit of a conversion is shared among the touches before it.

    Parameters
    ----------
    journeys_of
        Whose touches a journey holds: of the people on the deal (`lead`), or of everybody at the
        `account`.
    repeats
        Whether touches in the channel of the touch before are `kept` or `collapsed` into it.
    direct
        Whether touches in `direct_channels` are `kept`, left out `unless_alone`, or `dropped`.
    pool_below
        What has touches in fewer converting journeys than this is shown as one; 0: nothing is.
    activities
        The channels of our activities by their kind (other kinds: `sales_` and the kind); None:
        activities are no touches.
    own
        Rules of the company's own, by name.
    """

    model: str = "position_based"
    lookback_days: int = 90
    half_life_days: float = 7.0
    first_share: float = 0.4
    last_share: float = 0.4
    journeys_of: str = "lead"
    repeats: str = "kept"
    direct: str = "kept"
    direct_channels: tuple[str, ...] = ("direct",)
    pool_below: int = 0
    activities: Mapping[str, str] | None = field(default_factory=_nothing)
    own: Mapping[str, OwnRule] = field(default_factory=_nothing)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that can be asked for by name: those known to all, then our own rules."""
        return (*ATTRIBUTION_MODELS, *self.own)
