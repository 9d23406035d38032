"""Laws that hold for every model, whatever the journeys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.credit.models import MODELS, Settings, credit, rule_weights
from funnel_analytics.credit.rules import RULES, Shares
from tests.credit.drawn import drawn_journeys, journeys_of, paths_in

SETTINGS = Settings(own={"ours": Shares(first=0.2, opportunity_created=0.5, rest=0.3)})
ALL = (*MODELS, "ours")
EQUAL = {"rel": 1e-9, "abs": 1e-9}


def reordered(journeys: Journeys, order: list[int]) -> Journeys:
    """The same journeys in another order."""
    parts = [np.arange(journeys.starts[each], journeys.starts[each + 1]) for each in order]
    touches = np.concatenate(parts)
    paths = paths_in(journeys)
    assert journeys.ages is not None
    assert journeys.milestones is not None
    assert journeys.is_direct is not None
    return journeys_of(
        ["".join(paths[each]) for each in order],
        keys="".join(journeys.keys),
        conversions=journeys.conversions[order].tolist(),
        values=journeys.values[order].tolist(),
        nulls=journeys.nulls[order].tolist(),
        ages=journeys.ages[touches],
        milestones=journeys.milestones[touches],
        is_direct=journeys.is_direct[touches],
    )


@given(drawn_journeys())
def test_all_conversions_and_all_value_are_credited(journeys: Journeys):
    for model in ALL:
        found = credit(journeys, model, SETTINGS)
        assert found.conversions.sum() == pytest.approx(journeys.conversions.sum(), **EQUAL), model
        assert found.values.sum() == pytest.approx(journeys.values.sum(), **EQUAL), model


@given(drawn_journeys(), st.integers(0, 4))
def test_a_key_that_nobody_uses_gets_nothing_and_changes_nothing(journeys: Journeys, place: int):
    at = min(place, len(journeys.keys))
    codes = journeys.codes + (journeys.codes >= at).astype(journeys.codes.dtype)
    keys = (*journeys.keys[:at], "nobody", *journeys.keys[at:])
    more = replace(journeys, keys=keys, codes=codes)
    for model in ALL:
        before, after = (credit(each, model, SETTINGS) for each in (journeys, more))
        for one, other in ((before.conversions, after.conversions), (before.values, after.values)):
            assert other[at] == 0, model
            assert np.delete(other, at) == pytest.approx(one, **EQUAL), model


@given(drawn_journeys(), st.permutations(range(4)))
def test_other_names_permute_the_credit(journeys: Journeys, names: list[int]):
    order = [each for each in names if each < len(journeys.keys)]
    renamed = replace(journeys, codes=np.array(order, dtype=journeys.codes.dtype)[journeys.codes])
    for model in ALL:
        before, after = (credit(each, model, SETTINGS) for each in (journeys, renamed))
        assert after.conversions[order] == pytest.approx(before.conversions, **EQUAL), model
        assert after.values[order] == pytest.approx(before.values, **EQUAL), model


@given(drawn_journeys(), st.permutations(range(6)))
def test_the_order_of_journeys_does_not_matter(journeys: Journeys, places: list[int]):
    other = reordered(journeys, [each for each in places if each < len(journeys)])
    for model in ALL:
        before, after = (credit(each, model, SETTINGS) for each in (journeys, other))
        assert after.conversions == pytest.approx(before.conversions, **EQUAL), model
        assert after.values == pytest.approx(before.values, **EQUAL), model


@given(drawn_journeys())
def test_weights_of_a_rule_are_parts_of_one(journeys: Journeys):
    for name in (*RULES, "ours"):
        weights = rule_weights(journeys, name, SETTINGS)
        assert (weights >= 0).all(), name
        sums = np.add.reduceat(weights, journeys.starts[:-1])
        assert sums == pytest.approx(1, abs=1e-12), name


@given(drawn_journeys())
def test_collapsing_twice_is_collapsing_once(journeys: Journeys):
    once = journeys.collapsed()
    twice = once.collapsed()
    assert paths_in(once) == paths_in(twice)
    for path, short in zip(paths_in(journeys), paths_in(once), strict=True):
        assert short == tuple(
            each for place, each in enumerate(path) if not place or path[place - 1] != each
        )


@given(drawn_journeys())
def test_equal_paths_together_are_credited_as_apart(journeys: Journeys):
    for model in ("first", "linear", "position_based", "markov", "markov_2", "shapley"):
        apart, together = (credit(each, model) for each in (journeys, journeys.distinct()))
        assert together.conversions == pytest.approx(apart.conversions, **EQUAL)
        assert together.values == pytest.approx(apart.values, **EQUAL)


@given(drawn_journeys())
def test_a_journey_of_one_touch_leaves_nothing_to_decide(journeys: Journeys):
    single = journeys.only(journeys.lengths == 1)
    if not len(single):
        return
    expected = np.bincount(single.codes, single.conversions, len(single.keys))
    for model in ALL:
        if model != "shapley_rate":
            found = credit(single, model, SETTINGS)
            assert found.conversions == pytest.approx(expected, **EQUAL)
