"""The rules: drawn by hand, against fractions, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.credit import rules
from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.credit.rules import FULL_PATH, W_SHAPED, Shares, by_milestones
from funnel_analytics.errors import CallError
from tests.credit.drawn import by_journey, drawn_journeys, exact_shares, journeys_of

U = Shares(first=0.4, last=0.4, rest=0.2)
J = Shares(first=0.2, last=0.6, rest=0.2)
INVERSE_J = Shares(first=0.6, last=0.2, rest=0.2)
THIRD = 1 / 3


@pytest.mark.parametrize(
    ("shares", "one", "two", "three", "five"),
    [
        (U, [1], [0.5, 0.5], [0.4, 0.2, 0.4], [0.4, 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.4]),
        (J, [1], [0.25, 0.75], [0.2, 0.2, 0.6], [0.2, 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.6]),
        (INVERSE_J, [1], [0.75, 0.25], [0.6, 0.2, 0.2], [0.6, 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.2]),
        # a milestone with 0 gets nothing, unless nobody has a share
        (Shares(first=0, last=0, rest=1), [1], [0.5, 0.5], [0, 1, 0], [0, THIRD, THIRD, THIRD, 0]),
        # a milestone without a share is none: its touch belongs to the rest
        (Shares(last=0.6, rest=0.4), [1], [0.4, 0.6], [0.2, 0.2, 0.6], [0.1, 0.1, 0.1, 0.1, 0.6]),
        (Shares(rest=5), [1], [0.5, 0.5], [THIRD] * 3, [0.2] * 5),
        (Shares(first=1), [1], [1, 0], [1, 0, 0], [1, 0, 0, 0, 0]),
        (Shares(first=1, last=1), [1], [0.5, 0.5], [0.5, 0, 0.5], [0.5, 0, 0, 0, 0.5]),
    ],
)
def test_shares_of_the_ends(
    shares: Shares, one: list[float], two: list[float], three: list[float], five: list[float]
):
    journeys = journeys_of(["a", "ab", "aba", "ababa"])
    weights = by_journey(journeys, by_milestones(journeys, shares))
    for found, expected in zip(weights, (one, two, three, five), strict=True):
        assert found == pytest.approx(expected, abs=1e-15)


# LC: the lead was created, OC: the opportunity
@pytest.mark.parametrize(
    ("milestones", "w_shaped", "full_path"),
    [
        #  first LC . OC . last
        (
            [0, 2, 0, 4, 0, 0],
            [0.3, 0.3, 0.1 / 3, 0.3, 0.1 / 3, 0.1 / 3],
            [0.225, 0.225, 0.05, 0.225, 0.05, 0.225],
        ),
        # the first touch created the lead: it gets both shares
        ([2, 0, 4, 0], [0.6, 0.05, 0.3, 0.05], [0.45, 0.1, 0.225, 0.225]),
        # one touch did everything
        ([6], [1.0], [1.0]),
        # nothing between: the rest's share goes to the others in proportion
        ([2, 4], [2 / 3, 1 / 3], [0.5, 0.5]),
        # no opportunity is known: what is left of the shares is scaled
        ([0, 2, 0], [0.3 / 0.7, 0.3 / 0.7, 0.1 / 0.7], [THIRD, THIRD, THIRD]),
        # two touches created leads: they halve the share
        (
            [0, 2, 2, 4, 0],
            [0.3, 0.15, 0.15, 0.3, 0.1],
            [0.25, 0.125, 0.125, 0.25, 0.25],
        ),
    ],
)
def test_shares_of_milestones(milestones: list[int], w_shaped: list[float], full_path: list[float]):
    journeys = journeys_of(["abcdef"[: len(milestones)]], milestones=np.array(milestones, np.uint8))
    assert by_milestones(journeys, W_SHAPED) == pytest.approx(w_shaped, abs=1e-15)
    assert by_milestones(journeys, FULL_PATH) == pytest.approx(full_path, abs=1e-15)


def test_the_ends_are_milestones_whatever_the_journeys_say():
    said = journeys_of(["abc"], milestones=np.array([0, 9, 0], np.uint8))
    assert by_milestones(said, FULL_PATH) == pytest.approx([0.225 / 0.55, 0.1 / 0.55, 0.225 / 0.55])


SHARE = st.none() | st.integers(0, 4).map(lambda tenths: tenths / 10)


@given(drawn_journeys(), SHARE, SHARE, SHARE, SHARE, st.integers(0, 4))
def test_any_table_of_shares_is_what_fractions_say(
    journeys: Journeys,
    first: float | None,
    lead: float | None,
    opportunity: float | None,
    last: float | None,
    rest: int,
):
    parts = {1: first, 2: lead, 4: opportunity, 8: last}
    if not any(parts.values()) and not rest:
        return
    shares = Shares(first, lead, opportunity, last, rest / 10)
    exact = {
        bit: None if part is None else Fraction(round(part * 10), 10) for bit, part in parts.items()
    }
    found = by_journey(journeys, by_milestones(journeys, shares))
    for weights, bits in zip(found, by_journey(journeys, journeys.milestones), strict=True):
        expected = exact_shares(len(weights), bits, exact, Fraction(rest, 10))
        assert weights == pytest.approx([float(each) for each in expected], abs=1e-14)


# ages of one half-life each: 8 : 4 : 2 : 1 from the end
def test_a_half_life_halves():
    journeys = journeys_of(["abcd", "ab", "a"], ages=[21.0, 14.0, 7.0, 0.0, 3.5, 3.5, 400.0])
    weights = by_journey(journeys, rules.time_decay(journeys, half_life_days=7))
    assert weights[0] == pytest.approx([1 / 15, 2 / 15, 4 / 15, 8 / 15], rel=1e-15)
    assert weights[1:] == [[0.5, 0.5], [1.0]]


def test_decay_forgets_how_long_ago_the_last_touch_was():
    near = journeys_of(["abc"], ages=[9.0, 2.0, 0.0])
    far = journeys_of(["abc"], ages=[100_009.0, 100_002.0, 100_000.0])
    assert rules.time_decay(near, half_life_days=3).tolist() == pytest.approx(
        rules.time_decay(far, half_life_days=3).tolist(), rel=1e-15
    )
    assert rules.time_decay(far, half_life_days=0.001).tolist() == [0, 0, 1]


# d is direct
@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("abd", [0, 1, 0]),
        ("add", [1, 0, 0]),
        ("dab", [0, 0, 1]),
        ("dd", [0, 1]),
        ("d", [1]),
        ("dad", [0, 1, 0]),
    ],
)
def test_the_last_touch_that_is_not_direct(path: str, expected: list[float]):
    both = ["ba", path]  # a journey before it, so that places are not those of the first
    journeys = journeys_of(both, is_direct=[letter == "d" for each in both for letter in each])
    assert rules.last_non_direct(journeys)[2:].tolist() == expected


def test_first_last_and_linear():
    journeys = journeys_of(["abc", "b"])
    assert rules.first(journeys).tolist() == [1, 0, 0, 1]
    assert rules.last(journeys).tolist() == [0, 0, 1, 1]
    assert rules.linear(journeys).tolist() == [THIRD, THIRD, THIRD, 1]


def test_credit_is_weight_times_what_the_journey_brought():
    journeys = journeys_of(
        ["ab", "a", "b"], conversions=[2, 1, 0], values=[30.0, 4.0, 0.0], keys="abc"
    )
    conversions, values = rules.credit_by_key(journeys, rules.linear(journeys))
    assert conversions.tolist() == [2, 1, 0]
    assert values.tolist() == [19, 15, 0]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Shares(), "cannot all be 0"),
        (lambda: Shares(first=0.0, rest=0.0), "cannot all be 0"),
        (lambda: Shares(first=-0.1, rest=1), "from 0 on"),
        (lambda: Shares(first=float("nan"), rest=1), "from 0 on"),
        (lambda: by_milestones(journeys_of(["ab"]), W_SHAPED), "do not tell when a lead"),
        (lambda: rules.last_non_direct(journeys_of(["ab"])), "do not tell which touches are"),
        (lambda: rules.time_decay(journeys_of(["ab"]), half_life_days=7), "how old"),
        (lambda: rules.time_decay(journeys_of(["ab"]), half_life_days=0), "above 0, not 0"),
    ],
)
def test_what_a_rule_cannot_tell_it_refuses(call: Callable[[], object], said: str):
    with pytest.raises(CallError, match=said):
        call()


def test_a_table_of_own_weights_has_no_milestone_with_0():
    assert rules.table_of_shares(first=0.3, rest=0.7) == Shares(first=0.3, rest=0.7)
    assert rules.table_of_shares(lead_created=1).needs_milestones
    assert not rules.table_of_shares(first=1, last=2).needs_milestones


@pytest.mark.parametrize("shares", [U, W_SHAPED])
def test_no_journeys_have_no_weights(shares: Shares):
    empty = journeys_of(
        [], keys="ab", milestones=np.zeros(0, np.uint8), is_direct=[], ages=np.zeros(0)
    )
    for weights in (
        by_milestones(empty, shares),
        rules.linear(empty),
        rules.first(empty),
        rules.last(empty),
        rules.last_non_direct(empty),
        rules.time_decay(empty, half_life_days=1),
    ):
        assert weights.shape == (0,)
        assert [each.tolist() for each in rules.credit_by_key(empty, weights)] == [[0, 0], [0, 0]]
