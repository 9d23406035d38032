"""Journeys drawn anew, against exact variances, refits draw by draw, and known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from funnel_analytics.credit import resample
from funnel_analytics.credit.drawing import Drawing
from funnel_analytics.credit.journeys import Floats, Journeys, starts_of
from funnel_analytics.credit.models import credit
from funnel_analytics.credit.resample import bootstrap, interval, markov_order
from funnel_analytics.credit.rules import credit_by_key, linear
from funnel_analytics.errors import CallError
from tests.credit.chains_by_hand import journeys_of

DRAWS = 1000
NEAR = 4.5 / np.sqrt(2 * DRAWS)
"""Within four and a half standard errors of a standard deviation, as a share."""


def single_journeys(seed: int, count: int, *, per_cluster: int | None = None) -> Journeys:
    """One row per journey: it converted with a value of its own, or not."""
    generator = np.random.default_rng(seed)
    lengths = generator.integers(1, 5, count)
    won = (generator.random(count) < 0.4).astype(float)
    return Journeys(
        keys=("a", "b", "c"),
        starts=starts_of(lengths),
        codes=generator.integers(0, 3, lengths.sum()).astype(np.uint8),
        conversions=won,
        values=won * generator.lognormal(3, 1, count),
        nulls=1 - won,
        clusters=None if per_cluster is None else np.arange(count) // per_cluster,
    )


def by_journey(journeys: Journeys, amounts: Floats) -> Floats:
    """(journeys, keys) What an equal split over touches credits in each journey."""
    each = np.zeros((len(journeys), len(journeys.keys)))
    np.add.at(each, (journeys.journey_numbers, journeys.codes), linear(journeys))
    return each * amounts[:, None]


@pytest.mark.parametrize("per_cluster", [None, 1, 3])
def test_spread_of_a_rule_is_that_of_poisson_weights(per_cluster: int | None) -> None:
    """The variance of a sum with Poisson weights of mean 1 is the sum of squares per cluster."""
    journeys = single_journeys(1, 120, per_cluster=per_cluster)
    drawn = bootstrap(journeys, weights={"linear": linear(journeys)}, draws=DRAWS)["linear"]
    cluster = np.arange(120) // (per_cluster or 1)
    for amounts, given in (
        (journeys.conversions, drawn.conversions),
        (journeys.values, drawn.values),
    ):
        whole = by_journey(journeys, amounts)
        sums = np.zeros((cluster.max() + 1, 3))
        np.add.at(sums, cluster, whole)
        spread = np.sqrt((sums**2).sum(axis=0))
        assert given.std(axis=0) == pytest.approx(spread, rel=2 * NEAR)
        centre = np.abs(given.mean(axis=0) - whole.sum(axis=0))
        assert (centre < 4.5 * spread / np.sqrt(DRAWS)).all()


def test_equal_paths_of_unequal_value_keep_their_values() -> None:
    """Without rules, journeys of the same path and value are drawn as one."""
    journeys = journeys_of([(("a",), 1, 0)] * 40, values=[1] * 30 + [10] * 10)
    values = bootstrap(journeys, ["shapley"], draws=DRAWS)["shapley"].values[:, 0]
    spread = np.sqrt(30 * 1**2 + 10 * 10**2)
    assert values.std() == pytest.approx(spread, rel=2 * NEAR)
    assert values.mean() == pytest.approx(130, abs=4.5 * spread / np.sqrt(DRAWS))


def test_aggregated_paths_are_as_many_journeys_as_they_stand_for() -> None:
    apart = single_journeys(2, 200)
    apart = replace(apart, values=apart.conversions * 7)
    together = apart.distinct()
    assert len(together) < 150
    spreads = [
        bootstrap(each, ["shapley", "markov"], draws=DRAWS, seed=seed)
        for each, seed in ((apart, 1), (together, 2))
    ]
    for name in ("shapley", "markov"):
        one, other = (each[name] for each in spreads)
        assert one.conversions.std(axis=0) == pytest.approx(
            other.conversions.std(axis=0), rel=2 * NEAR
        )
        assert one.values.std(axis=0) == pytest.approx(other.values.std(axis=0), rel=2 * NEAR)


def test_journeys_without_conversion_are_drawn_as_well() -> None:
    journeys = journeys_of([(("a",), 0, 400), (("a", "b"), 0, 3), (("b",), 2, 9)])
    for given in (journeys, replace(journeys, clusters=np.array([4, 7, 7]))):
        nulls = np.array([each.nulls for each in Drawing(given, merged=True).draws(DRAWS, seed=1)])
        assert nulls.mean(axis=0) == pytest.approx([400, 3, 9], rel=0.12)
        # A cluster of its own: the 400 are one unit, drawn 0, 1, 2 … times; 3 and 9 go together.
        spread = np.sqrt([400, 3, 9]) if given.clusters is None else np.array([400, 3, 9])
        assert nulls.std(axis=0) == pytest.approx(spread, rel=2 * NEAR)
        together = np.corrcoef(nulls[:, 1], nulls[:, 2])[0, 1]
        assert together == pytest.approx(float(given.clusters is not None), abs=0.15)


@pytest.mark.parametrize("per_cluster", [None, 2])
def test_every_draw_is_a_fit_to_the_journeys_drawn(per_cluster: int | None) -> None:
    journeys = single_journeys(3, 60, per_cluster=per_cluster)
    names = ["markov", "markov_2", "markov_without_nulls", "shapley", "shapley_rate"]
    drawn = bootstrap(journeys, names, draws=12, seed=9)
    drawing = Drawing(journeys, merged=True)
    for number, draw in enumerate(drawing.draws(12, seed=9)):
        again = replace(
            drawing.paths, conversions=draw.conversions, values=draw.values, nulls=draw.nulls
        )
        for name in names:
            whole = credit(again, name)
            assert drawn[name].conversions[number] == pytest.approx(whole.conversions, abs=1e-9)
            assert drawn[name].values[number] == pytest.approx(whole.values, rel=1e-9)


def test_rates_of_many_keys_are_drawn_with_the_same_permutations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    journeys = single_journeys(4, 80)
    exact = bootstrap(journeys, ["shapley_rate"], draws=10)["shapley_rate"]
    monkeypatch.setattr(resample, "MOST_IN_MASK", 2)
    sampled = bootstrap(journeys, ["shapley_rate"], draws=10, permutations=600)["shapley_rate"]
    assert sampled.shares == pytest.approx(exact.shares, abs=0.05)
    assert sampled.shares.sum(axis=1) == pytest.approx(np.ones(10))


def test_models_of_ones_own_are_asked_in_every_draw() -> None:
    journeys = single_journeys(5, 50)

    def ours(drawn: Journeys) -> Floats:
        return credit_by_key(drawn, linear(drawn))[0]

    drawn = bootstrap(
        journeys, ["shapley"], own={"ours": ours}, weights={"linear": linear(journeys)}, draws=15
    )
    assert drawn["ours"].conversions == pytest.approx(drawn["linear"].conversions, abs=1e-9)
    assert list(drawn) == ["shapley", "linear", "ours"]


def test_shares_of_a_draw_without_conversions_are_missing() -> None:
    drawn = bootstrap(journeys_of([(("a",), 1, 5), (("b",), 0, 5)]), ["shapley"], draws=40)
    empty = drawn["shapley"].conversions.sum(axis=1) == 0
    assert 0 < empty.sum() < 40
    assert np.isnan(drawn["shapley"].shares[empty]).all()
    assert np.isnan(drawn["shapley"].value_shares).all()
    low, high = interval(drawn["shapley"].shares)
    assert low.tolist() == high.tolist() == [1, 0]
    assert np.isnan(interval(drawn["shapley"].value_shares)).all()


def test_a_seed_gives_the_same_draws_and_another_one_others() -> None:
    journeys = single_journeys(6, 40)
    one, same, other = (
        bootstrap(journeys, ["markov"], draws=10, seed=seed)["markov"].conversions
        for seed in (1, 1, 2)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_the_interval_is_of_percentiles() -> None:
    """Of 99 draws, the fifth and the 95th: 5 % of 100."""
    drawn = np.column_stack([np.arange(1.0, 100), np.arange(1.0, 100)[::-1] * 2])
    low, high = interval(drawn, confidence=0.9)
    assert low == pytest.approx([5, 10])
    assert high == pytest.approx([95, 190])
    with pytest.raises(CallError, match="between 0 and 1"):
        interval(drawn, confidence=1)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Journeys walk a known chain; its removal effects give the true shares of each key."""
    begun = np.array([0.5, 0.3, 0.2])
    steps = np.array([[0.1, 0.3, 0.1], [0.2, 0.1, 0.2], [0.1, 0.1, 0.2]])
    won = np.array([0.15, 0.05, 0.3])

    def chance(kept: list[int]) -> float:
        inner = np.eye(len(kept)) - steps[np.ix_(kept, kept)]
        return float(begun[kept] @ np.linalg.solve(inner, won[kept]))

    effects = 1 - np.array([chance([1, 2]), chance([0, 2]), chance([0, 1])]) / chance([0, 1, 2])
    truth = effects / effects.sum()
    generator = np.random.default_rng(8)
    follows = np.column_stack([steps, won, 1 - steps.sum(axis=1) - won]).cumsum(axis=1)
    held, walks = np.zeros(3), 100
    for number in range(walks):
        at, under_way = generator.choice(3, 250, p=begun), np.arange(250)
        codes, owners, ended = [at], [under_way], np.zeros(250)
        while len(under_way):
            at = (generator.random(len(at))[:, None] >= follows[at]).sum(axis=1)
            ended[under_way[at == 3]] = 1
            under_way, at = under_way[at < 3], at[at < 3]
            codes.append(at)
            owners.append(under_way)
        owner = np.concatenate(owners)
        journeys = Journeys(
            keys=("a", "b", "c"),
            starts=starts_of(np.bincount(owner)),
            codes=np.concatenate(codes)[np.argsort(owner, kind="stable")].astype(np.uint8),
            conversions=ended,
            values=np.zeros(250),
            nulls=1 - ended,
        )
        drawn = bootstrap(journeys, ["markov"], draws=59, seed=number)["markov"]
        low, high = interval(drawn.shares, confidence=0.9)
        held += (low <= truth) & (truth <= high)
    assert (held / walks > 0.81).all()  # 0.9, less three standard errors
    assert (held / walks < 0.98).all()


def test_names_of_markov_models() -> None:
    assert markov_order("markov_12") == 12
    assert [markov_order(each) for each in ("markov_1", "markov_0", "markov_", "shapley")] == [
        None
    ] * 4


def test_wrong_calls() -> None:
    journeys = single_journeys(7, 10)
    with pytest.raises(CallError, match=r"no data-driven model 'markof'. Did you mean 'markov'"):
        bootstrap(journeys, ["markof"])
    with pytest.raises(CallError, match="named twice: shapley"):
        bootstrap(journeys, ["shapley", "shapley"])
    with pytest.raises(CallError, match="at least 10 draws, not 9"):
        bootstrap(journeys, ["shapley"], draws=9)
    with pytest.raises(CallError, match=r"The rule 'x' has weights of \(3,\)"):
        bootstrap(journeys, weights={"x": np.ones(3)})


def test_no_journeys_at_all() -> None:
    none = single_journeys(8, 5).only(np.zeros(5, dtype=bool))
    names = ["markov", "markov_3", "shapley", "shapley_rate", "markov_without_nulls"]
    for each in bootstrap(none, names, draws=10).values():
        assert each.conversions.tolist() == [[0, 0, 0]] * 10
