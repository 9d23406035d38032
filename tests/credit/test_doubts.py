"""Where journeys cannot tell keys apart."""

from __future__ import annotations

import pytest

from funnel_analytics.credit.doubts import Doubt, doubts
from tests.credit.chains_by_hand import Row, journeys_of

# a is in all 60 conversions but not in all journeys; b and c are always together; d is in 9
# journeys; e is often alone.
ROWS: list[Row] = [
    (("a", "b", "c"), 30, 10),
    (("c", "a", "b", "b"), 20, 0),
    (("a", "d"), 5, 4),
    (("a", "e"), 5, 1),
    (("e",), 0, 40),
]


def test_every_doubt_by_hand() -> None:
    assert doubts(journeys_of(ROWS)) == (
        Doubt("in_all_conversions", ("a",), 60),
        Doubt("never_apart", ("b", "c"), 60),
        Doubt("few_journeys", ("d",), 9),
    )


def test_one_journey_apart_is_enough() -> None:
    kinds = [each.kind for each in doubts(journeys_of([*ROWS, (("b",), 1, 10), (("d",), 0, 1)]))]
    assert kinds == []


@pytest.mark.parametrize(("count", "is_few"), [(49, True), (50, False)])
def test_few_conversions_are_below_fifty(count: int, is_few: bool) -> None:
    rows: list[Row] = [(("a",), count - 20, 20), (("b",), 20, 20)]
    expected = (Doubt("few_conversions", (), count),) if is_few else ()
    assert doubts(journeys_of(rows)) == expected
    assert doubts(journeys_of(rows), fewest_conversions=count) == ()


def test_journeys_that_all_convert_have_no_rate() -> None:
    rows: list[Row] = [(("a",), 40, 0), (("b",), 40, 0)]
    assert doubts(journeys_of(rows)) == (Doubt("no_nulls", (), 80),)


def test_a_single_key_is_not_worth_a_word_of_its_own() -> None:
    assert doubts(journeys_of([(("a",), 90, 10)])) == ()


def test_three_that_are_always_together_are_three_pairs() -> None:
    rows: list[Row] = [(("a", "b", "c"), 50, 20), (("d",), 50, 20)]
    pairs = [each.keys for each in doubts(journeys_of(rows)) if each.kind == "never_apart"]
    assert pairs == [("a", "b"), ("a", "c"), ("b", "c")]


def test_rows_that_stand_for_nobody_are_no_journeys() -> None:
    rows: list[Row] = [(("a", "b"), 60, 20), (("c",), 0, 30), (("a",), 0, 0)]
    assert Doubt("never_apart", ("a", "b"), 80) in doubts(journeys_of(rows))


def test_no_journeys_at_all() -> None:
    assert doubts(journeys_of([(("a",), 1, 0)]).only([False])) == (Doubt("few_conversions", (), 0),)
