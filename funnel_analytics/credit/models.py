"""Every model by its name: what it credits to each key of some journeys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from funnel_analytics.credit import rules
from funnel_analytics.credit.journeys import Floats, Journeys
from funnel_analytics.credit.markov import markov
from funnel_analytics.credit.shapley import shapley_ordered, shapley_rate, shapley_sets
from funnel_analytics.errors import CallError, DataError, did_you_mean

__all__ = [
    "DATA_DRIVEN",
    "MODELS",
    "Credit",
    "Model",
    "Settings",
    "credit",
    "known_model",
    "model_name",
    "rule_weights",
]

DATA_DRIVEN = (
    "markov",
    "markov_2",
    "markov_3",
    "markov_4",
    "markov_without_nulls",
    "shapley",
    "shapley_ordered",
    "shapley_rate",
)
"""Models that are fitted to journeys; those by rates also to journeys without a conversion."""

MODELS = (*rules.RULES, *DATA_DRIVEN)
"""All models by name, rules first."""

Model = str | Callable[[Journeys], Floats]
"""A model's name, or a function of journeys that answers the weight of each touch (which sum to 1
in each journey with a conversion), or the conversions credited to each key."""

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Settings:
    """What models leave open.

    Attributes
    ----------
    first_share, last_share
        Of `position_based`: what the first and the last touch get; those between share the rest.
    half_life_days
        Of `time_decay`.
    own
        Tables of own weights by the name of their model.
    seed, permutations
        Of `shapley_rate` where there are too many keys to go through all their sets.
    """

    first_share: float = 0.4
    last_share: float = 0.4
    half_life_days: float = 7.0
    own: Mapping[str, rules.Shares] = field(default_factory=dict)
    seed: int = 1
    permutations: int = 1000

    @property
    def position_based(self) -> rules.Shares:
        """The shares of `position_based`."""
        rest = 1 - self.first_share - self.last_share
        if rest < -_TOLERANCE:
            raise CallError(
                f"first_share {self.first_share:g} and last_share {self.last_share:g} are more "
                "than 1 together."
            )
        return rules.Shares(first=self.first_share, last=self.last_share, rest=max(rest, 0.0))


class Credit(NamedTuple):
    """(keys,) The conversions, and their value, that a model credits to each key.

    `standard_error` (keys,) is that of the conversions where a model drew permutations, else None.
    """

    model: str
    conversions: Floats
    values: Floats
    standard_error: Floats | None = None


def model_name(model: Model) -> str:
    """The name of a model: a function's own."""
    return model if isinstance(model, str) else getattr(model, "__name__", type(model).__name__)


def known_model(model: Model, settings: Settings) -> Model:
    """The model itself, after checking that there is one of that name.

    Raises
    ------
    CallError
        There is none.
    """
    names = (*MODELS, *settings.own)
    if callable(model) or model in names:
        return model
    raise CallError(
        f"Unknown attribution model '{model}'.{did_you_mean(str(model), names)} "
        f"Known: {', '.join(names)}."
    )


def credit(journeys: Journeys, model: Model, settings: Settings | None = None) -> Credit:
    """Which conversions, and which value, does a model credit to each key?

    Credits sum to the conversions and to the value of all journeys. Models by removal effects or
    rates share the value in the proportions of the conversions; all others share each journey's
    own value.

    Raises
    ------
    CallError
        No such model, or the journeys do not tell what it needs.
    DataError
        A function's answer is neither one weight per touch nor one credit per key, or does not sum
        to what was to be shared.
    """
    given = settings or Settings()
    known_model(model, given)
    name = model_name(model)
    if callable(model):
        return _own_credit(journeys, model, name)
    if name not in DATA_DRIVEN:
        won = _converting(journeys)
        return Credit(name, *rules.credit_by_key(won, rule_weights(won, name, given)))
    if name == "shapley":
        return Credit(name, *shapley_sets(_converting(journeys)))
    if name == "shapley_ordered":
        ordered = shapley_ordered(_converting(journeys))
        return Credit(name, ordered.conversions.sum(axis=1), ordered.values.sum(axis=1))
    if name == "shapley_rate":
        game = shapley_rate(journeys, seed=given.seed, permutations=given.permutations)
        return _by_shares(journeys, name, game.shares, game.standard_error)
    if name == "markov_without_nulls":
        return _by_shares(journeys, name, markov(journeys, with_nulls=False).shares)
    order = int(name.removeprefix("markov").removeprefix("_") or 1)
    return _by_shares(journeys, name, markov(journeys, order=order).shares)


def rule_weights(journeys: Journeys, name: str, settings: Settings) -> Floats:
    """(touches,) Which part of its conversion does each touch get by a rule?

    Raises
    ------
    CallError
        The journeys do not tell what the rule needs.
    """
    if name in settings.own:
        return rules.by_milestones(journeys, settings.own[name])
    if name == "time_decay":
        return rules.time_decay(journeys, half_life_days=settings.half_life_days)
    shares = {
        "position_based": settings.position_based,
        "w_shaped": rules.W_SHAPED,
        "full_path": rules.FULL_PATH,
    }
    if name in shares:
        return rules.by_milestones(journeys, shares[name])
    plain: dict[str, Callable[[Journeys], Floats]] = {
        "first": rules.first,
        "last": rules.last,
        "last_non_direct": rules.last_non_direct,
        "linear": rules.linear,
    }
    return plain[name](journeys)


def _converting(journeys: Journeys) -> Journeys:
    won = journeys.conversions > 0
    return journeys if won.all() else journeys.only(won)


def _by_shares(
    journeys: Journeys, name: str, shares: Floats, error: Floats | None = None
) -> Credit:
    conversions, value = journeys.conversions.sum(), journeys.values.sum()
    return Credit(
        name, shares * conversions, shares * value, None if error is None else error * conversions
    )


def _own_credit(journeys: Journeys, function: Callable[[Journeys], Floats], name: str) -> Credit:
    answer = np.asarray(function(journeys), dtype=float)
    keys, total = len(journeys.keys), journeys.conversions.sum()
    if answer.shape not in ((journeys.touches,), (keys,)):
        raise DataError(
            f"{name} answers {answer.shape} numbers; it should be one for each of "
            f"{journeys.touches} touches, or one for each of {keys} keys."
        )
    if not np.isfinite(answer).all():
        raise DataError(f"{name} answers numbers that are missing or infinite.")
    if answer.shape == (journeys.touches,):
        sums = np.bincount(journeys.journey_numbers, answer, len(journeys))
        wrong = (np.abs(sums - 1) > _TOLERANCE) & (journeys.conversions > 0)
        if not wrong.any():
            return Credit(name, *rules.credit_by_key(journeys, answer))
        if answer.shape != (keys,):
            raise DataError(
                f"{name}: the weights of {wrong.sum()} of {len(journeys)} journeys do not sum to "
                f"1 (first: journey {int(wrong.argmax())}, {sums[wrong][0]:.9g})."
            )
    if abs(answer.sum() - total) > _TOLERANCE * max(total, 1.0):
        raise DataError(
            f"{name} credits {answer.sum():.9g} conversions; there are {total:.9g} to share."
        )
    shares = answer / total if total else np.zeros(keys)
    return Credit(name, answer, shares * journeys.values.sum())
