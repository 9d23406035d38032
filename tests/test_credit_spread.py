"""Credits of single touches: laws, and a slow second way that shares no code."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.credit.shapley import shapley_ordered, shapley_sets
from funnel_analytics.credit.spread import exact_amounts, weights_of_shares

KEYS = ("a", "b", "c", "d")
amounts = st.one_of(
    st.floats(min_value=-1e15, max_value=1e15, allow_nan=False, allow_subnormal=False),
    st.sampled_from([0.0, 1.0, 0.1, 1e-300, 33.33, 1e15 / 3]),
)
paths = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=7), min_size=1, max_size=8)


def drawn(codes: list[list[int]], values: list[float] | None = None) -> Journeys:
    worth = np.ones(len(codes)) if values is None else np.array(values)
    return Journeys(
        keys=KEYS,
        starts=np.cumsum([0, *map(len, codes)]),
        codes=np.array([code for each in codes for code in each], dtype=np.uint8),
        conversions=np.ones(len(codes)),
        values=worth,
        nulls=np.zeros(len(codes)),
    )


@given(paths, st.data())
def test_amounts_sum_to_the_value_to_the_last_bit_in_any_order(
    codes: list[list[int]], data: st.DataObject
) -> None:
    values = data.draw(st.lists(amounts, min_size=len(codes), max_size=len(codes)))
    weights = [data.draw(st.floats(0, 1)) + 1e-9 for each in codes for _ in each]
    journeys = drawn(codes, values)
    totals = np.add.reduceat(weights, journeys.starts[:-1])
    shares = np.array(weights) / np.repeat(totals, journeys.lengths)
    found = exact_amounts(journeys, shares, np.array(values))
    for number, (begin, end) in enumerate(pairwise(journeys.starts)):
        mine = list(found[begin:end])
        forward = backward = 0.0
        for each in mine:
            forward += each
        for each in reversed(mine):
            backward += each
        assert forward == backward == values[number]
        exact = [Fraction(float(share)) * Fraction(values[number]) for share in shares[begin:end]]
        allowed = (len(mine) + 1) * Fraction(float(np.spacing(abs(values[number]))))
        assert all(abs(Fraction(float(a)) - b) <= allowed for a, b in zip(mine, exact, strict=True))


def test_a_missing_value_has_missing_amounts_and_nothing_is_credited_for_nothing() -> None:
    journeys = drawn([[0, 1], [2], [3, 3]])
    weights = np.array([0.25, 0.75, 1, 0.5, 0.5])
    found = exact_amounts(journeys, weights, np.array([np.nan, 0.0, 3.0]))
    assert np.isnan(found[:2]).all()
    assert list(found[2:]) == [0.0, 1.5, 1.5]
    empty = journeys.only(np.zeros(3, dtype=bool))
    assert len(exact_amounts(empty, np.zeros(0), np.zeros(0))) == 0


def test_what_is_left_goes_to_the_first_of_the_largest() -> None:
    # Thirds of 100 are no doubles: two are rounded alike, the first has what is missing.
    found = exact_amounts(drawn([[0, 1, 2]]), np.full(3, 1 / 3), np.array([100.0]))
    assert found[1] == found[2]
    assert 0 < abs(found[0] - found[1]) < 1e-12
    assert found.sum() == 100.0


def test_shares_are_of_channels_and_then_of_their_touches() -> None:
    # a b a: a's 3 of 3 + 1 are halved; c alone; d has nothing beside b; c and d have nothing at all
    journeys = drawn([[0, 1, 0], [2], [3, 1], [2, 3, 3]])
    found = weights_of_shares(journeys, np.array([3.0, 1.0, 0.0, -2.0]))
    assert found == pytest.approx([0.375, 0.25, 0.375, 1, 0, 1, 0.5, 0.25, 0.25])


@given(paths, st.lists(st.floats(-1, 1), min_size=4, max_size=4))
def test_weights_of_a_journey_sum_to_one_and_are_not_negative(
    codes: list[list[int]], shares: list[float]
) -> None:
    journeys = drawn(codes)
    found = weights_of_shares(journeys, np.array(shares))
    assert found.min() >= 0
    assert np.add.reduceat(found, journeys.starts[:-1]) == pytest.approx(np.ones(len(codes)))


@given(paths)
def test_equal_shares_are_the_shapley_value_of_sets(codes: list[list[int]]) -> None:
    journeys = drawn(codes, [float(number + 1) for number in range(len(codes))])
    weights = weights_of_shares(journeys, np.ones(4))
    value = weights * np.repeat(journeys.values, journeys.lengths)
    by_key = np.bincount(journeys.codes, value, 4)
    assert by_key == pytest.approx(shapley_sets(journeys).values)
    places = np.arange(journeys.touches) - np.repeat(journeys.starts[:-1], journeys.lengths)
    ordered = shapley_ordered(journeys).values
    for key, place in np.ndindex(*ordered.shape):
        mine = (journeys.codes == key) & (places == place)
        assert value[mine].sum() == pytest.approx(ordered[key, place])


def test_many_keys_are_counted_without_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    journeys = drawn([[0, 1, 0, 2], [3, 3], [1]])
    expected = weights_of_shares(journeys, np.array([1.0, 2.0, 3.0, 4.0]))
    monkeypatch.setattr("funnel_analytics.credit.spread._LARGEST_TABLE", 1)
    found = weights_of_shares(journeys, np.array([1.0, 2.0, 3.0, 4.0]))
    assert list(found) == list(expected)
