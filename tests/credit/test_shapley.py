"""Shapley values of both games, against published cases and averages over all permutations."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from funnel_analytics.credit import sets, shapley
from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.credit.models import credit
from funnel_analytics.credit.shapley import shapley_ordered, shapley_rate, shapley_sets
from funnel_analytics.errors import CallError
from tests.credit.chains_by_hand import Row, journeys_of, random_rows, shapley_by_permutations

EMPTY: frozenset[str] = frozenset()


def subsets(keys: tuple[str, ...]) -> list[frozenset[str]]:
    return [frozenset(each) for size in range(len(keys) + 1) for each in combinations(keys, size)]


def worth_of_sums(rows: list[Row], keys: tuple[str, ...]) -> dict[frozenset[str], Fraction]:
    """A set is worth the conversions of the journeys within it."""
    return {
        each: Fraction(sum(won for path, won, _ in rows if set(path) <= each))
        for each in subsets(keys)
    }


def worth_of_rates(rows: list[Row], keys: tuple[str, ...]) -> dict[frozenset[str], Fraction]:
    """A set is worth the conversion rate of the journeys within it; 0 where there are none."""
    found = {}
    for each in subsets(keys):
        within = [row for row in rows if set(row[0]) <= each]
        tried = sum(won + lost for _, won, lost in within)
        found[each] = Fraction(sum(won for _, won, _ in within), tried) if tried else Fraction(0)
    return found


def test_the_published_case_of_sums() -> None:
    """eeghor/mta, tests: {a: 4, a > b: 6} gives a 7 and b 3."""
    given = shapley_sets(journeys_of([(("a",), 4, 0), (("a", "b"), 6, 0)]))
    assert given.conversions.tolist() == [7, 3]


def test_sums_are_an_equal_split_over_unique_keys() -> None:
    """eeghor/mta, tests, its linear model over unique channels, which has the same numbers."""
    rows: list[Row] = [
        (("search", "email"), 3, 0),
        (("search", "social", "email"), 5, 0),
        (("direct",), 2, 0),
    ]
    given = dict(
        zip(journeys_of(rows).keys, shapley_sets(journeys_of(rows)).conversions, strict=True)
    )
    assert given == pytest.approx(
        {"direct": 2, "search": 19 / 6, "email": 19 / 6, "social": 5 / 3}, abs=1e-12
    )


@pytest.mark.parametrize("most", [20, 2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sums_against_all_permutations(
    seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shapley, "MOST_IN_MASK", most)
    rows = random_rows(seed, keys=6, rows=40, longest=6)
    journeys = journeys_of(rows)
    exact = shapley_by_permutations(worth_of_sums(rows, journeys.keys), journeys.keys)
    given = shapley_sets(journeys).conversions
    assert given == pytest.approx([float(each) for each in exact.values()], abs=1e-12)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rates_against_all_permutations(seed: int) -> None:
    rows = random_rows(seed, keys=6, rows=25, longest=4)
    journeys = journeys_of(rows)
    game = shapley_rate(journeys)
    exact = shapley_by_permutations(worth_of_rates(rows, journeys.keys), journeys.keys)
    assert game.values == pytest.approx([float(each) for each in exact.values()], abs=1e-12)
    assert game.shares.sum() == pytest.approx(1, abs=1e-12)
    assert game.standard_error is game.permutations is None


# a alone converts 2 of 4, b alone 1 of 5, a and b together 3 of 4.
# All: 6 of 13. a first: 1/2, then 6/13 - 1/2; b first: 1/5, then 6/13 - 1/5.
def test_rates_by_hand() -> None:
    rows: list[Row] = [(("a",), 2, 2), (("b",), 1, 4), (("b", "a", "b"), 3, 1)]
    game = shapley_rate(journeys_of(rows))
    a = (1 / 2 + 6 / 13 - 1 / 5) / 2
    assert game.values == pytest.approx([a, 6 / 13 - a], abs=1e-15)
    assert game.rate == pytest.approx(6 / 13)


# a alone converts 9 of 10, with b 1 of 10: b takes from the rate.
def test_a_key_that_lowers_the_rate_is_negative_and_kept() -> None:
    journeys = journeys_of([(("a",), 9, 1), (("a", "b"), 1, 9)])
    game = shapley_rate(journeys)
    assert game.values == pytest.approx([0.7, -0.2], abs=1e-12)
    assert game.shares == pytest.approx([1.4, -0.4], abs=1e-12)
    assert credit(journeys, "shapley_rate").conversions == pytest.approx([14, -4], abs=1e-12)


def test_a_negative_key_may_be_in_journeys_that_convert_more_often() -> None:
    # of the journeys with a 8 of 11 convert, of those without it 10 of 15; beside b, a lowers rates
    rows: list[Row] = [(("b",), 10, 0), (("a", "b"), 8, 2), (("a",), 0, 1), (("c",), 0, 5)]
    value = shapley_rate(journeys_of(rows)).values[0]
    # a joins b: 18/21 instead of 1; a joins b and c: 18/26 instead of 10/15; else 0
    assert value == pytest.approx((18 / 21 - 1) / 6 + (18 / 26 - 10 / 15) / 3)
    assert value < 0


def test_a_null_player_gets_nothing_and_equal_keys_get_the_same() -> None:
    rows: list[Row] = [(("a",), 4, 6), (("b",), 4, 6), (("a", "b"), 7, 3)]
    some = journeys_of(rows)
    more = Journeys(
        keys=("0", *some.keys, "z"),
        starts=some.starts,
        codes=some.codes + np.uint8(1),
        conversions=some.conversions,
        values=some.values,
        nulls=some.nulls,
    )
    for given in (shapley_sets(more).conversions, shapley_rate(more).shares):
        assert given[0] == given[3] == 0
        assert given[1] == pytest.approx(given[2], abs=1e-15)


# a > b > a, worth 6: a and b get 3 each; a stands first and third.
def test_the_ordered_variant_says_where_a_key_stood() -> None:
    ordered = shapley_ordered(
        journeys_of([(("a", "b", "a"), 6, 2), (("b",), 1, 0), (("b", "a", "a", "a"), 0, 9)])
    )
    assert ordered.conversions.tolist() == [[1.5, 0, 1.5], [1, 3, 0]]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_ordered_variant_sums_to_the_plain_one(seed: int) -> None:
    rows = random_rows(seed, keys=5, rows=60, longest=7)
    journeys = journeys_of(rows, values=[1.5 * won for _, won, _ in rows])
    plain, ordered = shapley_sets(journeys), shapley_ordered(journeys)
    assert ordered.conversions.sum(axis=1) == pytest.approx(plain.conversions, abs=1e-12)
    assert ordered.values.sum(axis=1) == pytest.approx(plain.values, abs=1e-12)
    assert ordered.conversions.sum() == pytest.approx(sum(won for _, won, _ in rows), abs=1e-10)


def test_every_key_of_a_long_journey_is_credited() -> None:
    """Other packages keep four keys: of A > B > C > D > E, A got nothing."""
    journeys = journeys_of([(tuple("ABCDE"), 10, 0)])
    for model in ("shapley", "shapley_ordered", "shapley_rate"):
        assert credit(journeys, model).conversions == pytest.approx([2] * 5, abs=1e-12)


def test_each_journeys_own_value_is_split() -> None:
    rows: list[Row] = [(("a",), 1, 0), (("a", "b"), 2, 0), (("b",), 0, 5)]
    given = shapley_sets(journeys_of(rows, values=[100, 30, 0]))
    assert given.values.tolist() == [115, 15]


@pytest.mark.parametrize("model", ["shapley", "shapley_ordered", "shapley_rate"])
def test_without_conversions_nobody_is_credited(model: str) -> None:
    assert credit(journeys_of([(("a", "b"), 0, 3)]), model).conversions.tolist() == [0, 0]


def test_sampling_is_near_what_is_exact_and_says_how_near() -> None:
    journeys = journeys_of(random_rows(4, keys=8, rows=300, longest=5))
    exact = shapley_rate(journeys)
    drawn = shapley_rate(journeys, exact_up_to=7, permutations=400, seed=3)
    assert drawn.standard_error is not None
    assert drawn.permutations == 400
    assert drawn.shares.sum() == pytest.approx(1, abs=1e-12)
    away = (drawn.shares - exact.shares) / drawn.standard_error
    assert np.abs(away).max() < 3.5
    assert np.sqrt((away**2).mean()) > 0.3
    again = shapley_rate(journeys, exact_up_to=7, permutations=400, seed=3)
    assert (again.shares == drawn.shares).all()
    other = shapley_rate(journeys, exact_up_to=7, permutations=400, seed=4)
    assert np.abs(other.shares - drawn.shares).max() > 0


def test_a_permutation_and_its_reverse_are_all_there_are_of_two_keys() -> None:
    journeys = journeys_of([(("a",), 9, 1), (("a", "b"), 1, 9), (("b",), 2, 5)])
    drawn = shapley_rate(journeys, exact_up_to=1, permutations=10)
    assert drawn.values == pytest.approx(shapley_rate(journeys).values, abs=1e-15)
    assert drawn.standard_error == pytest.approx([0, 0], abs=1e-15)


def test_the_standard_error_is_how_far_seeds_are_apart() -> None:
    journeys = journeys_of(random_rows(6, keys=6, rows=80, longest=4))
    drawn = [
        shapley_rate(journeys, exact_up_to=5, permutations=40, seed=seed) for seed in range(60)
    ]
    apart = np.std([each.shares for each in drawn], axis=0, ddof=1)
    stated = np.mean([each.standard_error for each in drawn], axis=0)
    assert stated == pytest.approx(apart, rel=0.3)


def test_more_than_twenty_keys_are_sampled_and_unused_ones_do_not_count() -> None:
    rows = random_rows(8, keys=21, rows=150, longest=4)
    many = shapley_rate(journeys_of(rows), permutations=20)
    assert many.permutations == 20
    few = journeys_of(rows).only(~np.isin(np.arange(150), np.arange(15, 150)))
    assert len(few.keys) == 21
    assert shapley_rate(few.only(few.lengths <= 2)).permutations is None


def test_sets_of_more_keys_than_a_word_has_bits() -> None:
    rows = random_rows(3, keys=150, rows=400, longest=5)
    rows += [(tuple(reversed(path)), won, lost) for path, won, lost in rows[:50]]
    journeys = journeys_of(rows)
    found = sets.key_sets(journeys)
    members = [
        {journeys.keys[code] for code in found.codes[one:other]}
        for one, other in zip(found.starts[:-1], found.starts[1:], strict=True)
    ]
    assert [members[number] for number in found.numbers] == [set(path) for path, _, _ in rows]
    assert len(members) == len({frozenset(path) for path, _, _ in rows})
    given = shapley_sets(journeys).conversions
    expected = dict.fromkeys(journeys.keys, 0.0)
    for path, won, _ in rows:
        for key in set(path):
            expected[key] += won / len(set(path))
    assert given == pytest.approx(list(expected.values()), abs=1e-12)


def test_no_journeys_at_all() -> None:
    none = journeys_of([(("a",), 1, 0)]).only([False])
    assert shapley_sets(none).conversions.tolist() == [0]
    assert shapley_ordered(none).conversions.shape == (1, 0)
    assert np.isnan(shapley_rate(none).rate)
    assert shapley_rate(none).shares.tolist() == [0]


def test_wrong_calls() -> None:
    journeys = journeys_of([(("a",), 1, 0)])
    with pytest.raises(CallError, match="Up to 24 keys can be exact"):
        shapley_rate(journeys, exact_up_to=25)
    with pytest.raises(CallError, match="At least 4 permutations"):
        shapley_rate(journeys, permutations=3)
