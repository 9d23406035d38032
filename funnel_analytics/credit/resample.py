"""How far could credit be off by chance? The models over journeys drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.chains import Chain
from funnel_analytics.credit.drawing import Draw, Drawing
from funnel_analytics.credit.journeys import Floats, Journeys, summed
from funnel_analytics.credit.markov import removal_shares
from funnel_analytics.credit.models import DATA_DRIVEN, model_name, own_answer
from funnel_analytics.credit.sets import MOST_IN_MASK, key_sets, masks, with_used_keys
from funnel_analytics.credit.shapley import Permuted, rate_shares
from funnel_analytics.errors import CallError, did_you_mean

__all__ = ["FEWEST_DRAWS", "Resampled", "bootstrap", "interval", "markov_order"]

FEWEST_DRAWS = 10
_TOLERANCE = 1e-9
"""How exactly chains of many states are solved for a draw, as a share."""


@dataclass(frozen=True, eq=False)
class Resampled:
    """Credit in every draw: (draws, keys) conversions and their value.

    The draws of two models from one call are of the same journeys, so that they can be compared.
    """

    conversions: Floats = field(repr=False)
    values: Floats = field(repr=False)

    @property
    def shares(self) -> Floats:
        """(draws, keys) The share of all conversions; missing in a draw without conversions."""
        return _shares(self.conversions)

    @property
    def value_shares(self) -> Floats:
        """(draws, keys) The share of all value; missing in a draw without value."""
        return _shares(self.values)


class _Credit(NamedTuple):
    conversions: Floats
    values: Floats


_Model = Callable[[Draw], _Credit]


def bootstrap(
    journeys: Journeys,
    models: Iterable[str] = (),
    *,
    weights: Mapping[str, Floats] | None = None,
    own: Mapping[str, Callable[[Journeys], Floats]] | None = None,
    draws: int = 200,
    seed: int = 1,
    permutations: int = 100,
) -> dict[str, Resampled]:
    """What would the models credit if other journeys of the same kind had happened?

    Parameters
    ----------
    models
        Names of data-driven models, any order of `markov_<order>` among them.
    weights
        Rules by name: the weight of each touch (touches,), which a draw does not change.
    own
        Functions by name that credit keys (keys,). They are given the distinct paths, without ages
        and milestones, weighted as drawn; value is shared like conversions.
    draws, seed
        How many sets of journeys are drawn, and from which seed. Journeys of one cluster stay
        together: they are drawn equally often.
    permutations
        Of `shapley_rate` beyond 20 keys, the same ones in every draw.

    Raises
    ------
    CallError
        No such model, a name twice, weights that are not one per touch, or fewer than 10 draws.

    Notes
    -----
    The journeys are an independent sample of journeys (or of clusters), whose number is itself by
    chance: totals vary from draw to draw as well.
    """
    rules, functions = dict(weights or {}), dict(own or {})
    names = [*models, *rules, *functions]
    _check(journeys, names, rules, draws)
    drawing = Drawing(journeys, merged=not rules)
    run: dict[str, _Model] = {}
    for name in names:
        if name in rules:
            run[name] = _rule(journeys, drawing, rules[name])
        elif name in functions:
            run[name] = _function(drawing, functions[name])
        elif name in ("shapley", "shapley_ordered"):
            run[name] = _sets(drawing)
        elif name == "shapley_rate":
            run[name] = _rate(drawing, permutations, seed)
        else:
            run[name] = _markov(drawing, name)
    size = len(journeys.keys)
    drawn = {name: Resampled(np.zeros((draws, size)), np.zeros((draws, size))) for name in names}
    for number, draw in enumerate(drawing.draws(draws, seed=seed)):
        for name, model in run.items():
            credit = model(draw)
            drawn[name].conversions[number] = credit.conversions
            drawn[name].values[number] = credit.values
    return drawn


def interval(drawn: Floats, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """(keys,) Between which bounds does the middle of the draws lie?

    Draws that are missing do not count; bounds are missing where all are.

    Notes
    -----
    The percentile interval: Efron & Tibshirani (1993), An Introduction to the Bootstrap, 13.3. Of n
    draws the bounds are number (n + 1) p, between draws in proportion, so that few draws do not
    make it too narrow.
    """
    if not 0 < confidence < 1:
        raise CallError(f"A confidence is between 0 and 1, not {confidence}.")
    known = drawn[~np.isnan(drawn).any(axis=1)]
    if not len(known):
        missing = np.full(drawn.shape[1], np.nan)
        return missing, missing.copy()
    shares = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(known, shares, axis=0, method="weibull")
    return low, high


def markov_order(name: str) -> int | None:
    """The order of the Markov chain that a model's name asks for; None if it is no such name.

    >>> [markov_order(name) for name in ("markov", "markov_3", "markov_without_nulls", "last")]
    [1, 3, 1, None]
    """
    if name in ("markov", "markov_without_nulls"):
        return 1
    head, _, order = name.partition("_")
    is_order = head == "markov" and order.isascii() and order.isdigit() and int(order) > 1
    return int(order) if is_order else None


def _check(journeys: Journeys, names: list[str], rules: Mapping[str, Floats], draws: int) -> None:
    if draws < FEWEST_DRAWS:
        raise CallError(f"An interval needs at least {FEWEST_DRAWS} draws, not {draws}.")
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise CallError(f"A model is named twice: {', '.join(twice)}.")
    for name, given in rules.items():
        if given.shape != (journeys.touches,):
            raise CallError(
                f"The rule '{name}' has weights of {given.shape} for {journeys.touches} touches."
            )


def _markov(drawing: Drawing, name: str) -> _Model:
    order = markov_order(name)
    if order is None and name not in DATA_DRIVEN:
        raise CallError(
            f"There is no data-driven model '{name}'.{did_you_mean(name, DATA_DRIVEN)} "
            f"There are: {', '.join(DATA_DRIVEN)}."
        )
    with_nulls = name != "markov_without_nulls"
    paths = drawing.paths
    used = np.arange(len(paths)) if with_nulls else np.flatnonzero(paths.conversions > 0)
    chain = Chain(paths if with_nulls else paths.only(paths.conversions > 0), order=order or 1)

    def model(draw: Draw) -> _Credit:
        nulls = draw.nulls if with_nulls else np.zeros(len(used))
        counts = chain.counts(draw.conversions[used], nulls)
        removal = chain.removal(counts, tolerance=_TOLERANCE)
        return _by_shares(removal_shares(removal.effects), draw)

    return model


def _sets(drawing: Drawing) -> _Model:
    size = len(drawing.paths.keys)
    is_won = drawing.paths.conversions > 0
    sets = key_sets(drawing.paths.only(is_won))

    def model(draw: Draw) -> _Credit:
        return _Credit(
            sets.split_equally(sets.summed(draw.conversions[is_won]), size),
            sets.split_equally(sets.summed(draw.values[is_won]), size),
        )

    return model


def _rate(drawing: Drawing, permutations: int, seed: int) -> _Model:
    among, used = with_used_keys(drawing.paths)
    shares = np.zeros(len(drawing.paths.keys))
    if len(used) <= MOST_IN_MASK:
        number, size = masks(among), 2 ** len(used)

        def values(won: Floats, tried: Floats) -> Floats:
            return rate_shares(summed(number, won, size), summed(number, tried, size))

    else:
        sets = key_sets(among)
        drawn = Permuted(sets, len(used), permutations=permutations, seed=seed)

        def values(won: Floats, tried: Floats) -> Floats:
            return drawn.rate_shares(sets.summed(won), sets.summed(tried))[0]

    def model(draw: Draw) -> _Credit:
        total = float(draw.conversions.sum())
        if total:
            found = values(draw.conversions, draw.conversions + draw.nulls)
            shares[used] = found / found.sum()
        return _by_shares(shares, draw)

    return model


def _rule(journeys: Journeys, drawing: Drawing, weights: Floats) -> _Model:
    is_won = np.zeros(len(journeys), dtype=bool)
    is_won[drawing.row_journeys] = True
    lengths = journeys.lengths[is_won]
    touches = np.repeat(is_won, journeys.lengths)
    row = np.repeat(np.arange(len(lengths)), lengths)
    codes, given, size = journeys.codes[touches], weights[touches], len(journeys.keys)

    def model(draw: Draw) -> _Credit:
        return _Credit(
            summed(codes, given * draw.won[row], size),
            summed(codes, given * draw.gained[row], size),
        )

    return model


def _function(drawing: Drawing, function: Callable[[Journeys], Floats]) -> _Model:
    paths = drawing.paths

    def model(draw: Draw) -> _Credit:
        drawn = Journeys(
            keys=paths.keys,
            starts=paths.starts,
            codes=paths.codes,
            conversions=draw.conversions,
            values=draw.values,
            nulls=draw.nulls,
        )
        credit = own_answer(function, drawn.only(draw.conversions + draw.nulls > 0))
        if credit.shape != (len(paths.keys),):
            raise CallError(
                f"The model {model_name(function)} credits keys of all journeys, but touches of "
                "those drawn anew; it has to return the same kind of numbers each time."
            )
        total = float(credit.sum())
        return _by_shares(credit / total if total else credit, draw)

    return model


def _by_shares(shares: Floats, draw: Draw) -> _Credit:
    return _Credit(shares * float(draw.won.sum()), shares * float(draw.gained.sum()))


def _shares(drawn: Floats) -> Floats:
    total = drawn.sum(axis=1, keepdims=True)
    return np.divide(drawn, total, out=np.full(drawn.shape, np.nan), where=total != 0)
