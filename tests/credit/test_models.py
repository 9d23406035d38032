"""Every model by its name: which function stands behind it, and what it needs."""

from __future__ import annotations

import numpy as np
import pytest

from funnel_analytics.agreement import DATA_DRIVEN_MODELS
from funnel_analytics.credit import rules
from funnel_analytics.credit.journeys import Floats, Journeys
from funnel_analytics.credit.markov import markov
from funnel_analytics.credit.models import (
    DATA_DRIVEN,
    MODELS,
    Settings,
    credit,
    known_model,
    model_name,
    rule_weights,
)
from funnel_analytics.credit.rules import Shares
from funnel_analytics.credit.shapley import shapley_ordered, shapley_rate, shapley_sets
from funnel_analytics.errors import CallError
from tests.credit.drawn import journeys_of

PATHS = ["abdab", "ba", "cabb", "c", "acb", "bbaa", "cba", "aabda", "babdb", "cabdbc"]
CREATED = [0, 2, 0, 4, 0, 0, 2, 0, 6, 0, 0, 0, 2, 0, 4, 0, 2, 4]
JOURNEYS = journeys_of(
    PATHS,
    conversions=[2, 1, 0, 1, 0, 3, 0, 2, 0, 1],
    nulls=[1, 0, 4, 2, 3, 0, 5, 0, 3, 1],
    values=[50, 5, 0, 1, 0, 9, 0, 4, 0, 6],
    ages=np.arange(38.0)[::-1],
    milestones=np.array([*CREATED, *CREATED, 0, 2], np.uint8),
    is_direct=[letter == "c" for path in PATHS for letter in path],
)
WON, WORTH = 10, 75
BEHIND = {
    "markov": markov(JOURNEYS).shares * WON,
    "markov_2": markov(JOURNEYS, order=2).shares * WON,
    "markov_3": markov(JOURNEYS, order=3).shares * WON,
    "markov_4": markov(JOURNEYS, order=4).shares * WON,
    "markov_without_nulls": markov(JOURNEYS, with_nulls=False).shares * WON,
    "shapley": shapley_sets(JOURNEYS).conversions,
    "shapley_ordered": shapley_ordered(JOURNEYS).conversions.sum(axis=1),
    "shapley_rate": shapley_rate(JOURNEYS).shares * WON,
}


def test_each_name_is_its_own_model():
    credits = {model: tuple(credit(JOURNEYS, model).conversions.round(9)) for model in MODELS}
    assert credits.pop("shapley_ordered") == credits["shapley"]  # the ordered one sums to it
    assert len(set(credits.values())) == len(credits)


@pytest.mark.parametrize("model", DATA_DRIVEN)
def test_a_data_driven_model_is_the_function_behind_it(model: str):
    assert credit(JOURNEYS, model).conversions == pytest.approx(BEHIND[model], rel=1e-12)


def test_value_is_shared_by_journey_or_in_the_proportions_of_the_conversions():
    assert credit(JOURNEYS, "shapley").values == pytest.approx(shapley_sets(JOURNEYS).values)
    found = credit(JOURNEYS, "markov")
    assert found.values / WORTH == pytest.approx(found.conversions / WON)


def test_names_are_those_that_an_agreement_knows():
    assert set(DATA_DRIVEN) == set(DATA_DRIVEN_MODELS)


def test_settings_reach_the_rules():
    given = Settings(
        first_share=0.5, last_share=0.1, half_life_days=2, own={"ours": Shares(first=1, last=3)}
    )
    assert rule_weights(JOURNEYS, "position_based", given)[:5] == pytest.approx(
        [0.5, 0.4 / 3, 0.4 / 3, 0.4 / 3, 0.1]
    )
    assert rule_weights(JOURNEYS, "time_decay", given).tolist() == pytest.approx(
        rules.time_decay(JOURNEYS, half_life_days=2).tolist()
    )
    assert rule_weights(JOURNEYS, "ours", given)[:5].tolist() == [0.25, 0, 0, 0, 0.75]
    with pytest.raises(CallError, match="more than 1 together"):
        rule_weights(JOURNEYS, "position_based", Settings(first_share=0.7, last_share=0.4))


def test_only_permutations_have_a_standard_error():
    many = journeys_of(
        ["abcdefghijklmnopqrstu", "ab", "cd", "efg", "u"],
        conversions=[1, 2, 1, 3, 1],
        nulls=[4, 1, 2, 1, 0],
    )
    drawn = credit(many, "shapley_rate", Settings(permutations=200))
    assert drawn.standard_error is not None
    assert (drawn.standard_error > 0).any()
    assert drawn.conversions.sum() == pytest.approx(8)
    other = credit(many, "shapley_rate", Settings(permutations=200, seed=2))
    assert (np.abs(drawn.conversions - other.conversions) < 6 * drawn.standard_error + 1e-9).all()
    assert [credit(many, each).standard_error for each in ("markov", "shapley", "linear")] == [
        None, None, None,
    ]  # fmt: skip


def test_a_function_is_named_as_it_is_and_an_unknown_name_refused():
    def our_rule(journeys: Journeys) -> Floats:
        return rules.linear(journeys)

    assert model_name(our_rule) == "our_rule"
    assert known_model(our_rule, Settings()) is our_rule
    found = credit(JOURNEYS, our_rule)
    assert found.model == "our_rule"
    assert found.values.tolist() == credit(JOURNEYS, "linear").values.tolist()
    with pytest.raises(CallError, match="Did you mean 'markov_2'"):
        credit(JOURNEYS, "markov2")
