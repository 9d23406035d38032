"""Every model by its name: what it credits to each key of some journeys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from funnel_analytics.arguments import Wrong, is_one_of, shown
from funnel_analytics.credit import rules
from funnel_analytics.credit.journeys import Bools, Floats, Journeys, summed
from funnel_analytics.credit.markov import markov
from funnel_analytics.credit.shapley import shapley_ordered, shapley_rate, shapley_sets
from funnel_analytics.errors import CallError, FunnelError, did_you_mean

__all__ = [
    "DATA_DRIVEN",
    "MODELS",
    "Credit",
    "Model",
    "Settings",
    "are_weights",
    "credit",
    "given_models",
    "known_model",
    "model_name",
    "own_answer",
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
"""A model's name, or a function of journeys that answers the weight of each touch (from 0 on, and
1 together in each journey with a conversion), or the conversions credited to each key."""

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


def given_models(
    model: Model | Sequence[Model], known: Sequence[str], wrong: Wrong
) -> tuple[Model, ...]:
    """The models of a call, each once; what cannot be one is added to what is `wrong`.

    Parameters
    ----------
    model
        One name or function, or a list of them.
    known
        The names that there are.
    """
    if (
        isinstance(model, (str, bytes, Mapping))
        or callable(model)
        or not isinstance(model, Iterable)
    ):
        given: list[Model] = [model]
    else:
        given = list(model)
    others: list[Any] = [each for each in given if not (callable(each) or is_one_of(each, known))]
    for each in others:
        wrong.say(
            f"Unknown attribution model '{each}'.{did_you_mean(each, known)}"
            if isinstance(each, str)
            else f"A model is a name or a function of journeys, not {shown(each)}."
        )
    taken = [each for each in given if isinstance(each, str)] + list(known)
    functions = list({id(each): each for each in given if callable(each)}.values())
    names = [model_name(each) for each in functions]
    for name in dict.fromkeys(names):
        if name in taken or names.count(name) > 1:
            wrong.say(f"There are two models named '{name}'; rename the function.")
    if not given:
        wrong.say("No attribution model was asked for; name one or more.")
    if others or not given:
        wrong.say(f"Known: {', '.join(known)}.")
    return tuple(given) if wrong else tuple(dict.fromkeys(given))


def credit(journeys: Journeys, model: Model, settings: Settings | None = None) -> Credit:
    """Which conversions, and which value, does a model credit to each key?

    Credits sum to the conversions and to the value of all journeys. Models by removal effects or
    rates share the value in the proportions of the conversions; all others share each journey's
    own value.

    Raises
    ------
    CallError
        No such model, or the journeys do not tell what it needs; or a function fails, answers
        neither one weight per touch nor one credit per key, or does not share what is there.
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


def own_answer(function: Callable[[Journeys], Floats], journeys: Journeys) -> Floats:
    """What a function of one's own answers for some journeys: one number per touch or per key.

    Raises
    ------
    CallError
        It fails, or answers something else.
    """
    name = model_name(function)
    try:
        given = function(journeys)
    except FunnelError:
        raise
    except Exception as error:
        raise CallError(
            f"The model {name} failed on {len(journeys)} journeys with "
            f"{type(error).__name__}: {error}. Mend the function."
        ) from error
    touches, keys = journeys.touches, len(journeys.keys)
    wanted = (
        f"it has to return one weight for each of {touches} touches, or one credit for each of "
        f"{keys} keys"
    )
    try:
        answer = np.asarray(given)
    except ValueError as error:
        raise CallError(f"The model {name} answers a ragged list; {wanted}.") from error
    if answer.dtype.kind not in "biuf":
        raise CallError(f"The model {name} answers {type(given).__name__}, no numbers; {wanted}.")
    if answer.shape not in ((touches,), (keys,)):
        raise CallError(f"The model {name} answers numbers of shape {answer.shape}; {wanted}.")
    numbers = answer.astype(np.float64)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        raise CallError(
            f"The model {name}: {wrong.sum()} of {len(numbers)} numbers are missing or infinite "
            f"(first: number {int(wrong.argmax())}); {wanted}."
        )
    return numbers


def are_weights(journeys: Journeys, answer: Floats) -> bool:
    """Is it one weight per touch, which sum to 1 in every journey that converted?"""
    if answer.shape != (journeys.touches,):
        return False
    return not (_not_shared(journeys, _sums(journeys, answer)).any() or (answer < 0).any())


def _sums(journeys: Journeys, weights: Floats) -> Floats:
    """(journeys,) The weights of each one's touches together."""
    return summed(journeys.journey_numbers, weights, len(journeys))


def _not_shared(journeys: Journeys, sums: Floats) -> Bools:
    """(journeys,) Did it convert, and do its weights not sum to 1?"""
    return (np.abs(sums - 1) > _TOLERANCE) & (journeys.conversions > 0)


def _own_credit(journeys: Journeys, function: Callable[[Journeys], Floats], name: str) -> Credit:
    answer = own_answer(function, journeys)
    if are_weights(journeys, answer):
        return Credit(name, *rules.credit_by_key(journeys, answer))
    keys, total = len(journeys.keys), journeys.conversions.sum()
    if answer.shape != (keys,):
        raise CallError(_wrong_weights(journeys, answer, name))
    if abs(answer.sum() - total) > _TOLERANCE * max(total, 1.0):
        raise CallError(
            f"The model {name} credits {answer.sum():.9g} conversions; there are {total:.9g} to "
            "share."
        )
    shares = answer / total if total else np.zeros(keys)
    return Credit(name, answer, shares * journeys.values.sum())


def _wrong_weights(journeys: Journeys, weights: Floats, name: str) -> str:
    """Everything that is wrong with the weights of touches."""
    said = []
    sums, below = _sums(journeys, weights), weights < 0
    wrong = _not_shared(journeys, sums)
    if below.any():
        said.append(
            f"{below.sum()} of {len(weights)} weights are below 0 (first: touch "
            f"{int(below.argmax())}, {weights[below][0]:.9g})"
        )
    if wrong.any():
        said.append(
            f"the weights of {wrong.sum()} of {len(journeys)} journeys do not sum to 1 (first: "
            f"journey {int(wrong.argmax())}, {sums[wrong][0]:.9g})"
        )
    return f"The model {name}: {'; '.join(said)}. Divide them by their sum in each journey."
