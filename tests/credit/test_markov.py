"""Removal effects of Markov chains, against drawings, exact fractions and walks step by step."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from funnel_analytics.credit import chains, walks
from funnel_analytics.credit.chains import Chain
from funnel_analytics.credit.markov import markov, removal_shares
from funnel_analytics.credit.models import credit
from funnel_analytics.errors import CallError, DataError
from tests.credit.chains_by_hand import (
    Row,
    journeys_of,
    random_rows,
    removal_by_fractions,
    removal_by_walking,
)

# (start) ── a  2 of 3     a ── conversion 1 of 2     b ── conversion     1 of 2
#         ── b  1 of 3       ── b          1 of 2       ── no conversion  1 of 2
#
# P(conversion) = 2/3 (1/2 + 1/2 · 1/2) + 1/3 · 1/2 = 2/3
# without a: 1/3 · 1/2 = 1/6, so 3/4 are gone;  without b: 2/3 · 1/2 = 1/3, so 1/2 is gone
DRAWN: list[Row] = [(("a",), 1, 0), (("a", "b"), 1, 0), (("b",), 0, 1)]


def test_three_journeys_by_hand() -> None:
    fit = markov(journeys_of(DRAWN))
    assert fit.keys == ("a", "b")
    assert fit.removal_effects == pytest.approx([3 / 4, 1 / 2], abs=1e-15)
    assert fit.shares == pytest.approx([3 / 5, 2 / 5], abs=1e-15)
    assert fit.conversion_chance == pytest.approx(2 / 3, abs=1e-15)
    assert fit.counts is not None
    assert fit.counts.tolist() == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert fit.transitions is not None
    assert fit.transitions[1].tolist() == [0, 1 / 2, 1 / 2, 0]


def test_without_nulls_the_effect_is_the_chance_to_pass_a_key() -> None:
    # Of two converting walks both pass a, one passes b.
    fit = markov(journeys_of(DRAWN), with_nulls=False)
    assert fit.removal_effects == pytest.approx([1, 1 / 2], abs=1e-15)
    assert fit.conversion_chance == 1
    assert not fit.with_nulls


# Order 2: a path of one touch is a state of its own, (-, a); a > b > a has the states ab and ba.
def test_states_of_order_two() -> None:
    rows: list[Row] = [(("a",), 1, 0), (("a", "b", "a"), 1, 0), (("b", "a"), 0, 1)]
    fit = markov(journeys_of(rows), order=2)
    assert fit.states.tolist() == [[-1, 0], [0, 1], [1, 0]]
    # ba ends one of two in a conversion: ab -> ba is worth 1/2, ba 1/2, (-, a) 1; 1/2 in all.
    assert fit.conversion_chance == pytest.approx((1 + 1 / 2 + 1 / 2) / 3, abs=1e-15)
    assert fit.removal_effects == pytest.approx([1, 1 / 2], abs=1e-15)
    assert fit.counts is fit.transitions is None


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("with_nulls", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_removal_effects_are_those_of_exact_fractions(
    seed: int, with_nulls: bool, order: int
) -> None:
    rows = random_rows(seed, keys=3, rows=12, longest=5)
    fit = markov(journeys_of(rows), order=order, with_nulls=with_nulls)
    counted = rows if with_nulls else [(path, won, 0) for path, won, _ in rows]
    effects, chance = removal_by_fractions(counted, order=order)
    assert fit.conversion_chance == pytest.approx(float(chance), abs=1e-13)
    exact = [float(effects.get(key, 0)) for key in fit.keys]
    assert fit.removal_effects == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("is_iterated", [False, True])
@pytest.mark.parametrize("order", [2, 3, 4])
def test_higher_orders_are_those_of_walks_that_pad_their_start(
    order: int, is_iterated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_iterated:
        monkeypatch.setattr(chains, "_LARGEST_DENSE", 0)
    rows = random_rows(7, keys=4, rows=60, longest=7)
    fit = markov(journeys_of(rows), order=order)
    effects, chance = removal_by_walking(rows, order=order)
    assert fit.conversion_chance == pytest.approx(chance, abs=1e-12)
    assert fit.removal_effects == pytest.approx(list(effects.values()), abs=1e-12)


def test_iterating_is_as_exact_as_inverting(monkeypatch: pytest.MonkeyPatch) -> None:
    journeys = journeys_of(random_rows(5, keys=5, rows=200, longest=8))
    direct = [markov(journeys, order=order).removal_effects for order in (1, 2, 3)]
    monkeypatch.setattr(chains, "_LARGEST_DENSE", 0)
    iterated = [markov(journeys, order=order).removal_effects for order in (1, 2, 3)]
    assert np.abs(np.array(direct) - np.array(iterated)).max() < 1e-13


@pytest.mark.parametrize("largest", [400, 0])
def test_long_circles_end_all_the_same(largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two walks of 4,000 touches to and fro: a step leaves the circle once in 8,000."""
    monkeypatch.setattr(chains, "_LARGEST_DENSE", largest)
    circle = ("a", "b") * 2000
    rows: list[Row] = [(circle, 1, 0), ((*circle, "c"), 0, 1), (("c",), 1, 0)]
    for order in (1, 2):
        fit = markov(journeys_of(rows), order=order)
        effects, chance = removal_by_fractions(rows, order=order)
        assert fit.conversion_chance == pytest.approx(float(chance), rel=1e-10)
        exact = [float(effects[key]) for key in fit.keys]
        assert fit.removal_effects == pytest.approx(exact, abs=1e-10)


def test_many_keys_are_counted_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    journeys = journeys_of(random_rows(9, keys=6, rows=80, longest=5))
    few = markov(journeys)
    assert few.counts is not None
    for name, size in (("_LARGEST_TABLE", 2), ("_BLOCK", 36), ("_BLOCK", 3)):
        with monkeypatch.context() as patched:
            patched.setattr(chains, name, size)
            other = markov(journeys)
        assert other.removal_effects == pytest.approx(few.removal_effects, abs=1e-15)
        assert other.counts is not None
        assert (other.counts == few.counts).all()


def test_steps_of_single_journeys_are_counted_block_by_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each touch followed by the next one of its journey, and none by that of the next journey."""
    rows = [(path, won, 1 - won) for path, won, _ in random_rows(4, keys=5, rows=90, longest=6)
            if won in (0, 1)]  # fmt: skip
    journeys = journeys_of(rows)
    pairs = [pair for path, *_ in rows for pair in pairwise(path)]
    for size in (25, 26, 64, 2**16):
        monkeypatch.setattr(chains, "_BLOCK", size)
        chain = Chain(journeys)
        found = chain.counts(journeys.conversions, journeys.nulls).stepped.reshape(5, 5)
        expected = [[pairs.count((a, b)) for b in journeys.keys] for a in journeys.keys]
        assert found.tolist() == expected


def test_a_key_without_conversions_has_no_effect() -> None:
    rows: list[Row] = [(("a",), 3, 1), (("b",), 0, 4), (("b", "b"), 0, 1)]
    for order in (1, 2):
        assert markov(journeys_of(rows), order=order).removal_effects.tolist() == [1, 0]


# a is in every journey. Order 1 mixes journeys and knows the way start > b > conversion as well, so
# that it loses only two thirds; of order 2 on every state holds a.
def test_a_key_in_all_journeys() -> None:
    rows: list[Row] = [(("a", "b"), 3, 1), (("b", "a"), 1, 4), (("a",), 1, 1)]
    assert markov(journeys_of(rows)).removal_effects[0] == pytest.approx(2 / 3, abs=1e-12)
    for order in (2, 3):
        effects = markov(journeys_of(rows), order=order).removal_effects
        assert effects == pytest.approx([1, 4 / 5], abs=1e-12)
    opener: list[Row] = [(("a", "b"), 3, 1), (("a", "c"), 1, 4), (("a",), 1, 1)]
    assert markov(journeys_of(opener)).removal_effects[0] == pytest.approx(1, abs=1e-12)


def test_without_conversions_there_is_nothing_to_lose() -> None:
    fit = markov(journeys_of([(("a",), 0, 3), (("a", "b"), 0, 1)]))
    assert np.isnan(fit.removal_effects).all()
    assert fit.conversion_chance == 0
    assert fit.shares.tolist() == [0, 0]
    without = markov(journeys_of([(("a",), 0, 3)]), with_nulls=False)
    assert np.isnan(without.conversion_chance)
    assert removal_shares(without.removal_effects).tolist() == [0]


def test_a_row_that_stands_for_nobody_changes_nothing() -> None:
    some = journeys_of([*DRAWN, (("b", "a"), 0, 0)])
    assert markov(some).removal_effects == pytest.approx(
        markov(journeys_of(DRAWN)).removal_effects, abs=1e-15
    )


# x alone converts once, with y twice for 90; the effects are x 1, y 2/3.
def test_conversions_and_value_are_shared_by_the_effects() -> None:
    journeys = journeys_of([(("x",), 1, 0), (("x", "y"), 2, 0)], values=[10, 90])
    given = credit(journeys, "markov")
    assert given.conversions == pytest.approx([3 * 3 / 5, 3 * 2 / 5], abs=1e-12)
    assert given.values == pytest.approx([60, 40], abs=1e-12)


@pytest.mark.parametrize("order", [0, -1])
def test_an_order_that_is_none_is_refused(order: int) -> None:
    with pytest.raises(CallError, match=r"1, 2, 3 and so on, not"):
        markov(journeys_of(DRAWN), order=order)


def test_too_many_states_are_refused() -> None:
    with pytest.raises(CallError, match=r"order 50 over 2 keys has too many states"):
        markov(journeys_of(DRAWN), order=50)


def test_a_chain_that_misses_the_observed_rate_is_refused() -> None:
    chain = Chain(journeys_of(DRAWN))
    counts = chain.counts(np.array([1.0, 1, 0]), np.array([0.0, 0, 1]))
    wrong = counts._replace(begun=np.array([1.0, 2.0]))
    with pytest.raises(DataError, match=r"converts at 0\.58\d+ instead of the observed 0\.66"):
        chain.removal(wrong)


def test_a_circle_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walks, "_MOST_CYCLES", 5)
    there, back = np.array([0, 1]), np.array([1, 0])
    with pytest.raises(DataError, match=r"2 states did not converge"):
        walks.eventually(there, back, np.ones(2), np.array([1.0, 0]), np.ones(2))
