"""Laws of fitted chains, of Shapley values and of journeys drawn anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.credit.markov import markov
from funnel_analytics.credit.resample import bootstrap, interval
from funnel_analytics.credit.rules import linear
from funnel_analytics.credit.shapley import shapley_ordered, shapley_rate, shapley_sets
from tests.credit.drawn import drawn_journeys, paths_in

EXACT = {"rel": 1e-12, "abs": 1e-12}


@given(drawn_journeys(), st.integers(1, 5))
def test_a_chain_of_any_order_converts_at_the_observed_rate(journeys: Journeys, order: int):
    total = journeys.conversions.sum() + journeys.nulls.sum()
    assume(total > 0)
    fit = markov(journeys, order=order)
    assert fit.conversion_chance == pytest.approx(journeys.conversions.sum() / total, **EXACT)
    if journeys.conversions.any():
        without = markov(journeys, order=order, with_nulls=False)
        assert without.conversion_chance == pytest.approx(1, **EXACT)


@given(drawn_journeys(), st.booleans())
def test_repeats_do_not_matter_in_order_one(journeys: Journeys, with_nulls: bool):
    one, other = (
        markov(each, with_nulls=with_nulls).removal_effects
        for each in (journeys, journeys.collapsed())
    )
    assert one == pytest.approx(other, nan_ok=True, **EXACT)


@given(drawn_journeys())
def test_an_order_as_long_as_journeys_counts_those_with_a_key(journeys: Journeys):
    won = journeys.conversions.sum()
    assume(won > 0)
    holding = [
        sum(
            n for path, n in zip(paths_in(journeys), journeys.conversions, strict=True) if x in path
        )
        for x in journeys.keys
    ]
    effects = markov(journeys, order=5).removal_effects
    assert effects == pytest.approx(np.array(holding) / won, **EXACT)


@given(drawn_journeys(), st.integers(1, 3))
def test_an_effect_is_a_share_and_someone_has_one(journeys: Journeys, order: int):
    assume(journeys.conversions.any())
    fit = markov(journeys, order=order)
    assert (fit.removal_effects >= 0).all()
    assert (fit.removal_effects <= 1).all()
    assert fit.shares.sum() == pytest.approx(1, **EXACT)
    converting = journeys.only(journeys.conversions > 0).codes
    assert (fit.removal_effects[np.unique(converting)] > 0).all()


@given(drawn_journeys(), st.floats(0.1, 1000))
def test_all_weights_times_the_same_change_no_share(journeys: Journeys, factor: float):
    more = replace(
        journeys, conversions=journeys.conversions * factor, nulls=journeys.nulls * factor
    )
    for order in (1, 2):
        before, after = (markov(each, order=order).shares for each in (journeys, more))
        assert after == pytest.approx(before, **EXACT)
    assert shapley_rate(more).values == pytest.approx(shapley_rate(journeys).values, **EXACT)


@given(drawn_journeys())
def test_values_of_rates_sum_to_the_rate(journeys: Journeys):
    game = shapley_rate(journeys)
    assume(not np.isnan(game.rate))
    assert game.values.sum() == pytest.approx(game.rate, **EXACT)


@given(drawn_journeys())
def test_places_sum_to_keys_and_lie_where_keys_stood(journeys: Journeys):
    ordered, plain = shapley_ordered(journeys), shapley_sets(journeys)
    assert ordered.conversions.sum(axis=1) == pytest.approx(plain.conversions, **EXACT)
    for key in range(len(journeys.keys)):
        for place in range(ordered.conversions.shape[1]):
            stood = any(
                won and len(path) > place and path[place] == journeys.keys[key]
                for path, won in zip(paths_in(journeys), journeys.conversions, strict=True)
            )
            assert (ordered.conversions[key, place] > 0) == stood


@settings(max_examples=15)
@given(drawn_journeys(), st.integers(0, 3))
def test_every_draw_is_shared_completely_and_alike(journeys: Journeys, seed: int):
    drawn = bootstrap(
        journeys,
        ["markov", "markov_2", "markov_without_nulls", "shapley", "shapley_rate"],
        weights={"linear": linear(journeys)},
        draws=10,
        seed=seed,
    )
    totals = {name: each.conversions.sum(axis=1) for name, each in drawn.items()}
    amounts = {name: each.values.sum(axis=1) for name, each in drawn.items()}
    for name in drawn:
        assert totals[name] == pytest.approx(totals["linear"], **EXACT), name
        assert amounts[name] == pytest.approx(amounts["linear"], **EXACT), name
    low, high = interval(drawn["linear"].conversions)
    assert (low <= high).all()
    never = np.setdiff1d(
        np.arange(len(journeys.keys)), journeys.only(journeys.conversions > 0).codes
    )
    assert (high[never] == 0).all()
