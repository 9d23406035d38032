"""Which model of attribution errs how, where the true effect of every channel is known?

    python benchmarks/attribution_truth.py                  4 worlds, 20 companies of each
    python benchmarks/attribution_truth.py --seeds 5 --people 10000

Four invented worlds in which people meet channels. What a channel is worth there is known: the
same people live through the same days once more without it, and the conversions that are then
missing are its own. Prints how far each model's shares are from those, and of which channel it
credits too much or too little. README.md says how to read the numbers.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MODELS = (
    "first",
    "last",
    "linear",
    "position_based",
    "time_decay",
    "markov",
    "markov_2",
    "markov_without_nulls",
    "shapley",
    "shapley_rate",
)
DAYS, DELAY = 60.0, 10.0


@dataclass(frozen=True, eq=False)
class Touches:
    """What could happen to everybody: touches by person and time, nobody converted yet."""

    person: Ints
    at: Floats
    channel: Ints
    converts_at: Floats  # when the person converts by this touch, if it has not before; or never


@dataclass(frozen=True, eq=False)
class World:
    """People, the touches that await them and the day on which they convert by themselves.

    `true` has by channel the conversions that would be missing without it, `lived` the touches
    that were there in fact, up to the conversion or the last day.
    """

    channels: tuple[str, ...]
    lived: Touches
    converted: Bools  # person
    ended: Floats  # person: when it converted, or the last day
    true: Floats


def additive(people: int, seed: int) -> World:
    """Every touch adds its own chance to convert some days later, whatever the others do.

             search  social  mail  display  nothing
    chance   5 %     3 %     2 %   1 %      0 %       of a touch, after 10 days on average
    touches  2       1       2     3        2         per person, if it never converts
    """
    return _additive(people, seed)


def at_the_end(people: int, seed: int) -> World:
    """The world of `additive`, but everybody decides on the last day: no journey is cut short."""
    return _additive(people, seed, decided_at=DAYS * (1 - 1e-12))


def _additive(people: int, seed: int, *, decided_at: float | None = None) -> World:
    channels = ("search", "social", "mail", "display", "nothing")
    rates, chances = (2.0, 1.0, 2.0, 3.0, 2.0), np.array([0.05, 0.03, 0.02, 0.01, 0.0])
    draws = np.random.default_rng((seed, 1))
    touches = _arriving(draws, [np.full(people, rate) for rate in rates], chances)
    if decided_at is not None:
        late = np.where(np.isfinite(touches.converts_at), decided_at, np.inf)
        touches = Touches(touches.person, touches.at, touches.channel, late)
    never = np.full(people, np.inf)
    return _counterfactual(channels, touches, lambda _: never)


def openers(people: int, seed: int) -> World:
    """Nobody is there without the channel that opened the journey; later touches change nothing.

    search opens 40 %, fair 25 %, social 20 %, mail 15 %; those of the fair convert twice as often.
    Whoever has not converted goes on meeting mail (often), search and direct.
    """
    channels = ("search", "fair", "social", "mail", "direct")
    draws = np.random.default_rng((seed, 2))
    opener = draws.choice(4, people, p=[0.4, 0.25, 0.2, 0.15])
    later = _arriving(
        draws, [np.full(people, rate) for rate in (0.8, 0.0, 0.2, 2.0, 1.5)], np.zeros(5)
    )
    alone = np.where(opener == 1, 0.006, 0.003)
    by_itself = draws.exponential(1 / alone)
    touches = Touches(
        np.concatenate([np.arange(people), later.person]),
        np.concatenate([np.zeros(people), later.at]),
        np.concatenate([opener, later.channel]),
        np.concatenate([np.full(people, np.inf), later.converts_at]),
    )

    def alone_without(channel: int | None) -> Floats:
        return by_itself if channel is None else np.where(opener == channel, np.inf, by_itself)

    return _counterfactual(channels, touches, alone_without)


def selection(people: int, seed: int) -> World:
    """Retargeting follows those who would convert anyway; two other channels do have an effect.

    A fifth of the people mean to buy: they convert by themselves, and retargeting finds them six
    times as often. Its touches change nothing.
    """
    channels = ("search", "mail", "retargeting")
    draws = np.random.default_rng((seed, 3))
    means_to_buy = draws.random(people) < 0.2
    rates = [np.full(people, 1.0), np.full(people, 1.5), np.where(means_to_buy, 3.0, 0.5)]
    touches = _arriving(draws, rates, np.array([0.04, 0.02, 0.0]))
    by_itself = draws.exponential(np.where(means_to_buy, 50.0, 2000.0))
    return _counterfactual(channels, touches, lambda _: by_itself)


WORLDS: dict[str, Callable[[int, int], World]] = {
    "additive": additive,
    "at the end": at_the_end,
    "openers": openers,
    "selection": selection,
}


def _arriving(draws: np.random.Generator, rates: list[Floats], chances: Floats) -> Touches:
    """Touches at any time of the days, by channel as many per person as the rates say."""
    people, channels = len(rates[0]), len(rates)
    counts = np.stack([draws.poisson(rate) for rate in rates], axis=1)
    person = np.repeat(np.arange(people), counts.sum(axis=1))
    channel = np.repeat(np.tile(np.arange(channels), people), counts.ravel())
    at = draws.uniform(0, DAYS, len(person))
    acts = draws.random(len(person)) < chances[channel]
    delay = draws.exponential(DELAY, len(person))
    return Touches(person, at, channel, np.where(acts, at + delay, np.inf))


def _counterfactual(
    channels: tuple[str, ...],
    touches: Touches,
    by_itself: Callable[[int | None], Floats],
) -> World:
    """What became of everybody, and what would have without each channel."""

    def ended(without: int | None) -> Floats:
        acts = np.isfinite(touches.converts_at)
        if without is not None:
            acts &= touches.channel != without
        at = by_itself(without).copy()
        np.minimum.at(at, touches.person[acts], touches.converts_at[acts])
        return at

    factual = ended(None)
    converted = factual < DAYS
    until = np.minimum(factual, DAYS)
    here = np.flatnonzero(touches.at <= until[touches.person])
    order = here[np.lexsort((touches.at[here], touches.person[here]))]
    lived = Touches(
        touches.person[order], touches.at[order], touches.channel[order], touches.converts_at[order]
    )
    missing = [converted.sum() - (ended(number) < DAYS).sum() for number in range(len(channels))]
    return World(channels, lived, converted, until, np.array(missing, dtype=float))


def journeys_of(world: World):
    """The journeys with a touch, as the package takes them."""
    from funnel_analytics.credit.journeys import Journeys

    person, first = np.unique(world.lived.person, return_index=True)
    converted = world.converted[person].astype(float)
    return Journeys(
        keys=world.channels,
        starts=np.append(first, len(world.lived.person)).astype(np.int64),
        codes=world.lived.channel.astype(np.uint8),
        conversions=converted,
        values=converted,
        nulls=1.0 - converted,
        ages=world.ended[world.lived.person] - world.lived.at,
    )


def shares(credited: Floats) -> Floats:
    """Credits as shares of their sum."""
    total = credited.sum()
    return credited / total if total else credited


def credited(world: World, model: str) -> Floats:
    """What a model credits to each channel of a world, as shares."""
    from funnel_analytics.credit.models import credit

    return shares(np.asarray(credit(journeys_of(world), model).conversions, dtype=float))


def main() -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--people", type=int, default=20_000)
    given = parser.parse_args()
    start = time.process_time()
    summary: dict[str, dict[str, Floats]] = {}
    for name, world_of in WORLDS.items():
        worlds = [world_of(given.people, seed) for seed in range(1, given.seeds + 1)]
        true = np.stack([shares(world.true) for world in worlds])
        channels = worlds[0].channels
        conversions = sum(int(world.converted.sum()) for world in worlds)
        missing = sum(world.true.sum() for world in worlds)
        print(
            f"\n{name}: {conversions / given.seeds:,.0f} conversions a company, of which channels "
            f"brought {missing / conversions:.0%}"
        )
        print(f"| share of | {' | '.join(channels)} | wrong |")
        print(f"|---|{'---|' * (len(channels) + 1)}")
        print(f"| truth | {' | '.join(f'{each:.1%}' for each in true.mean(axis=0))} | – |")
        for model in MODELS:
            given_shares = np.stack([credited(world, model) for world in worlds])
            wrong = np.abs(given_shares - true).sum(axis=1) / 2
            summary.setdefault(model, {})[name] = wrong
            cells = " | ".join(f"{each:.1%}" for each in given_shares.mean(axis=0))
            print(f"| {model} | {cells} | {wrong.mean():.1%} |")
    print(f"\n| wrongly placed share | {' | '.join(WORLDS)} |\n|---|{'---|' * len(WORLDS)}")
    for model, wrong in summary.items():
        cells = (f"{each.mean():.1%} ± {each.std():.1%}" for each in wrong.values())
        print(f"| {model} | {' | '.join(cells)} |")
    print(f"\n{time.process_time() - start:.0f} CPU seconds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
