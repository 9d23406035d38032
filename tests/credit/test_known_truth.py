"""Models in worlds whose truth is known: what benchmarks/attribution_truth.py tells, in small."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.attribution_truth import (
    MODELS,
    WORLDS,
    Touches,
    World,
    _counterfactual,
    credited,
    journeys_of,
    shares,
)

PEOPLE = 8000
WRONG = ("first", "last", "linear", "position_based", "time_decay", "markov", "shapley")


@pytest.fixture(scope="module", params=list(WORLDS))
def world(request: pytest.FixtureRequest) -> tuple[str, World]:
    return request.param, WORLDS[request.param](PEOPLE, 1)


def wrong(world: World, model: str) -> float:
    """The share of conversions that is with the wrong channel."""
    return float(np.abs(credited(world, model) - shares(world.true)).sum() / 2)


def test_the_truth_is_what_is_missing_without_a_channel() -> None:
    # 0: a on day 1, converts on day 5; b on day 2, on day 3: without b still a conversion
    # 1: a on day 1, converts on day 4; b on day 6, which is after it
    # 2: b on day 7, nothing
    touches = Touches(
        person=np.array([0, 0, 1, 1, 2]),
        at=np.array([1.0, 2.0, 1.0, 6.0, 7.0]),
        channel=np.array([0, 1, 0, 1, 1]),
        converts_at=np.array([5.0, 3.0, 4.0, np.inf, np.inf]),
    )
    never = np.full(3, np.inf)
    world = _counterfactual(("a", "b"), touches, lambda _: never)
    assert world.converted.tolist() == [True, True, False]
    assert world.true.tolist() == [1.0, 0.0], "either channel alone would have won person 0"
    assert world.lived.person.tolist() == [0, 0, 1, 2], "no touch after the conversion"
    journeys = journeys_of(world)
    assert journeys.conversions.tolist() == [1.0, 1.0, 0.0]
    assert journeys.ages is not None
    assert journeys.ages.tolist() == [2.0, 1.0, 3.0, 53.0]


def test_no_model_is_right_everywhere(world: tuple[str, World]) -> None:
    name, each = world
    off = {model: wrong(each, model) for model in WRONG}
    if name == "openers":
        assert off.pop("first") < 1e-12
    assert min(off.values()) > 0.15, off


def test_channels_that_do_nothing_are_credited_by_all_rules(world: tuple[str, World]) -> None:
    name, each = world
    (idle,) = np.flatnonzero(each.true == 0)
    for model in WRONG:
        share = credited(each, model)[idle]
        assert (share > 0.1) == ((name, model) != ("openers", "first")), model


def test_rates_without_a_channel_are_right_only_where_no_journey_is_cut_short() -> None:
    """And there on average only: one company of 16,000 people is far off by chance."""
    worlds = [WORLDS["at the end"](16_000, seed) for seed in range(1, 9)]
    true = np.mean([shares(each.true) for each in worlds], axis=0)
    mean = np.mean([credited(each, "shapley_rate") for each in worlds], axis=0)
    assert np.abs(mean - true).sum() / 2 < 0.12
    assert wrong(worlds[0], "linear") > 0.3
    assert wrong(WORLDS["additive"](PEOPLE, 1), "shapley_rate") > 1


def test_every_model_of_the_benchmark_credits_all_conversions(world: tuple[str, World]) -> None:
    for model in MODELS:
        assert credited(world[1], model).sum() == pytest.approx(1.0)
