"""Journeys as arrays: what they refuse, collapsing, equal paths, and reading them from tables."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.credit.journeys import (
    Journeys,
    code_type,
    journeys_from_paths,
    journeys_from_touches,
)
from funnel_analytics.errors import CallError, DataError
from tests.credit.drawn import by_journey, journeys_of, paths_in

ZERO = np.zeros(2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"starts": np.array([0, 2])}, "from 0 to the number of touches"),
        ({"starts": np.array([1, 2, 3])}, "from 0 to the number of touches"),
        ({"starts": np.array([0, 0, 3])}, "every journey needs a touch"),
        ({"codes": np.array([0, 2, 1])}, "not below the number of keys, 2"),
        ({"codes": np.array([0, -1, 1])}, "not below the number of keys"),
        ({"keys": ("a", "a")}, "stands twice"),
        ({"conversions": np.array([1.0])}, "`conversions` has (1,) numbers instead of 2"),
        ({"conversions": np.array([1.0, -1.0])}, "`conversions` has a negative"),
        ({"nulls": np.array([1.0, -1.0])}, "`nulls` has a negative"),
        ({"nulls": np.array([1.0, np.nan])}, "`nulls` has a number that is missing"),
        ({"values": np.array([np.inf, 1.0])}, "`values` has a number that is missing or infinite"),
        ({"conversions": ZERO}, "without conversions has a value"),
        ({"ages": np.array([1.0, 2.0, -3.0])}, "`ages` has a negative"),
        ({"ages": np.array([1.0, 2.0])}, "`ages` has (2,) numbers instead of 3"),
        ({"milestones": np.zeros(2, np.uint8)}, "`milestones` has"),
        ({"is_direct": np.zeros(2, bool)}, "`is_direct` has"),
        ({"clusters": np.zeros(3, int)}, "`clusters` has"),
    ],
)
def test_arrays_that_contradict_one_another_are_refused(changes: dict[str, Any], said: str):
    good = journeys_of(["ab", "b"])
    with pytest.raises(DataError) as error:
        replace(good, **changes)
    assert said in str(error.value)


def test_all_faults_are_said_at_once():
    with pytest.raises(DataError) as error:
        replace(journeys_of(["ab", "b"]), keys=("a", "a"), nulls=np.array([1.0, -1.0]))
    assert str(error.value).count("\n- ") == 2


def test_a_negative_value_is_allowed():
    assert journeys_of(["a"], values=[-5.0]).values.tolist() == [-5.0]


def test_no_journeys_are_journeys():
    empty = journeys_of([], keys="ab")
    assert (len(empty), empty.touches) == (0, 0)
    assert len(empty.distinct()) == len(empty.collapsed()) == len(empty.only([])) == 0


# aab  ages 5 4 1, the second touch created the lead
# b    age  2
# bba  ages 9 8 7
def test_of_consecutive_touches_the_first_stays_and_holds_all_milestones():
    journeys = journeys_of(
        ["aab", "b", "bba"],
        ages=[5.0, 4.0, 1.0, 2.0, 9.0, 8.0, 7.0],
        milestones=np.array([1, 2, 8, 9, 1, 4, 8], np.uint8),
        is_direct=[True, True, False, False, False, False, True],
        clusters=[7, 7, 8],
    ).collapsed()
    assert paths_in(journeys) == [("a", "b"), ("b",), ("b", "a")]
    assert by_journey(journeys, journeys.ages) == [[5, 1], [2], [9, 7]]
    assert by_journey(journeys, journeys.milestones) == [[3, 8], [9], [5, 8]]
    assert by_journey(journeys, journeys.is_direct) == [[True, False], [False], [False, True]]
    assert journeys.clusters is not None
    assert journeys.clusters.tolist() == [7, 7, 8]


def test_a_journey_that_begins_as_the_one_before_ended_keeps_its_touch():
    assert paths_in(journeys_of(["ab", "ba", "aa"]).collapsed()) == [("a", "b"), ("b", "a"), ("a",)]


def test_only_the_asked_journeys_are_left():
    journeys = journeys_of(["ab", "b", "ba"], ages=[1.0, 2.0, 3.0, 4.0, 5.0]).only([1, 0, 1])
    assert paths_in(journeys) == [("a", "b"), ("b", "a")]
    assert by_journey(journeys, journeys.ages) == [[1, 2], [4, 5]]
    with pytest.raises(CallError):
        journeys.only([True])


@pytest.mark.parametrize("chosen", [0, 1, 4, 5, 39, 40])
def test_few_journeys_are_chosen_like_many(chosen: int):
    names = ["abc"[: 1 + number % 3] * (1 + number % 2) for number in range(40)]
    mask = np.zeros(40, dtype=bool)
    mask[np.random.default_rng(chosen).permutation(40)[:chosen]] = True
    kept = journeys_of(names, keys="abc").only(mask)
    assert paths_in(kept) == [tuple(name) for name, keep in zip(names, mask, strict=True) if keep]


def test_journey_numbers_say_which_journey_a_touch_is_in():
    assert journeys_of(["ab", "b", "aba"]).journey_numbers.tolist() == [0, 0, 1, 2, 2, 2]


@pytest.mark.parametrize(("keys", "longest"), [(1, 90), (3, 5), (12, 40), (255, 9), (700, 20)])
def test_equal_paths_are_added_up_as_a_counter_does(keys: int, longest: int):
    generator = np.random.default_rng(3)
    pool = [
        tuple(generator.integers(0, keys, generator.integers(1, longest + 1))) for _ in range(60)
    ]
    pool += [each[:-1] for each in pool if len(each) > 1]  # beginnings of others
    drawn = [pool[each] for each in generator.integers(0, len(pool), 400)]
    won = generator.integers(0, 3, 400).astype(float)
    journeys = Journeys(
        keys=tuple(f"{each:03d}" for each in range(keys)),
        starts=np.cumsum([0, *map(len, drawn)]),
        codes=np.concatenate(drawn).astype(code_type(keys)),
        conversions=won,
        values=won * 2,
        nulls=np.ones(400),
    )
    sums: dict[str, Counter[Any]] = {"conversions": Counter(), "nulls": Counter()}
    for path, count in zip(drawn, won, strict=True):
        sums["conversions"][tuple(f"{each:03d}" for each in path)] += count
        sums["nulls"][tuple(f"{each:03d}" for each in path)] += 1
    distinct = journeys.distinct()
    paths = paths_in(distinct)
    assert paths == list(sums["nulls"])  # each once, in the order of the first
    assert distinct.conversions.tolist() == [sums["conversions"][path] for path in paths]
    assert distinct.nulls.tolist() == [sums["nulls"][path] for path in paths]
    assert distinct.values.sum() == journeys.values.sum()


def test_paths_are_read_as_texts_or_lists():
    table = pd.DataFrame(
        {
            "path": ["search >email", ["email"], (" search", "e-mail > shop")],
            "won": [2, 1, 0],
            "eur": [20.0, 5.0, 99.0],
            "not": [1, 0, 4],
        }
    )
    journeys = journeys_from_paths(table, conversions="won", values="eur", nulls="not")
    assert journeys.keys == ("e-mail > shop", "email", "search")
    assert paths_in(journeys) == [("search", "email"), ("email",), ("search", "e-mail > shop")]
    assert journeys.values.tolist() == [20, 5, 0]  # a value without a conversion belongs to nothing
    assert journeys.nulls.tolist() == [1, 0, 4]


def test_without_a_column_of_nulls_a_row_without_conversions_is_one():
    table = pd.DataFrame({"path": ["a", "b"], "conversions": [3, 0]})
    assert journeys_from_paths(table).nulls.tolist() == [0, 1]


def test_faults_of_paths_are_said_all_at_once():
    table = pd.DataFrame(
        {"path": ["a > > b", "a", None, "a"], "conversions": [1, -1, 1, "x"], "nulls": [0, 0, 0, 0]}
    )
    with pytest.raises(DataError) as error:
        journeys_from_paths(table, nulls="nulls")
    assert "2 of 4 rows: no path in 'path', or an empty name in it (first: row 0)" in str(
        error.value
    )
    assert "2 of 4 rows: no number of 'conversions', or one that cannot be (first: row 1)" in str(
        error.value
    )
    with pytest.raises(CallError, match=r"no column 'convers'\. Did you mean 'conversions'"):
        journeys_from_paths(table, conversions="convers")


# person 1: a b* c      person 2: a a*      (* converted)
def test_a_conversion_ends_a_journey_and_the_next_touch_begins_another():
    journeys = journeys_from_touches(
        ("a", "b", "c"),
        np.array([0, 1, 2, 0, 0], np.uint8),
        is_first=np.array([True, False, False, True, False]),
        is_converted=np.array([False, True, False, False, True]),
        conversions=np.array([2.0, 1.0]),
        values=np.array([7.0, 8.0]),
    )
    assert paths_in(journeys) == [("a", "b"), ("c",), ("a", "a")]
    assert journeys.conversions.tolist() == [2, 0, 1]
    assert journeys.values.tolist() == [7, 0, 8]
    assert journeys.nulls.tolist() == [0, 1, 0]
