"""Journeys described: drawn by hand, and against a plain second way over lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import comb
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.credit.described import (
    CONVERSION,
    FURTHER,
    NO_CONVERSION,
    OTHERS,
    START,
    first_to_last,
    length_bands,
    paths,
    roles,
    steps,
    times,
    transitions,
)
from funnel_analytics.credit.journeys import Journeys

Drawn = list[tuple[str, bool]]
drawn_journeys = st.lists(
    st.tuples(st.text(alphabet="abcd", min_size=1, max_size=6), st.booleans()),
    min_size=1,
    max_size=12,
)


def journeys_of(drawn: Drawn) -> Journeys:
    """`("aab", True)`: a, a, b and a conversion, the touches a day apart and worth 10."""
    lengths = [len(path) for path, _ in drawn]
    won = np.array([has_won for _, has_won in drawn], dtype=float)
    return Journeys(
        keys=tuple("abcd"),
        starts=np.cumsum([0, *lengths]),
        codes=np.array(["abcd".index(key) for path, _ in drawn for key in path], dtype=np.uint8),
        conversions=won,
        values=10 * won,
        nulls=1 - won,
        ages=np.array([float(age) for length in lengths for age in range(length, 0, -1)]),
    )


def collapsed(path: str) -> str:
    return "".join(key for place, key in enumerate(path) if place == 0 or path[place - 1] != key)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(key): None if pd.isna(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


# aab and ab won, ab did not; b won twice; dcd did not
FIVE: Drawn = [("aab", True), ("ab", True), ("ab", False), ("b", True), ("b", True), ("dcd", False)]


def test_paths_collapse_repeats_and_fold_what_is_rare() -> None:
    table, folded = paths(journeys_of(FIVE), smallest=1)
    assert records(table) == [
        {"path": "a > b", "is_folded": False, "touches": 2, "conversions": 2, "value": 20.0,
         "journeys": 3},
        {"path": "b", "is_folded": False, "touches": 1, "conversions": 2, "value": 20.0,
         "journeys": 2},
        {"path": "d > c > d", "is_folded": False, "touches": 3, "conversions": 0, "value": 0.0,
         "journeys": 1},
    ]  # fmt: skip
    assert folded == 0
    # dcd is alone, so that the total less the others would tell it: b joins it.
    table, folded = paths(journeys_of(FIVE), smallest=2)
    assert records(table) == [
        {"path": "a > b", "is_folded": False, "touches": 2, "conversions": 2, "value": 20.0,
         "journeys": 3},
        {"path": None, "is_folded": True, "touches": None, "conversions": 2, "value": 20.0,
         "journeys": 3},
    ]  # fmt: skip
    assert folded == 2
    table, folded = paths(journeys_of(FIVE), smallest=100)
    assert (len(table), folded, table["journeys"].sum()) == (1, 3, 6)


def test_lengths_are_banded_until_each_band_has_enough_conversions() -> None:
    # conversions by touches: 1: 2, 2: 1, 3: 1; journeys: 2, 2, 2
    assert length_bands(journeys_of(FIVE), smallest=1).to_numpy().tolist() == [
        [1, 1, 2, 20.0, 2], [2, 2, 1, 10.0, 2], [3, 3, 1, 10.0, 2],
    ]  # fmt: skip
    assert length_bands(journeys_of(FIVE), smallest=2).to_numpy().tolist() == [
        [1, 1, 2, 20.0, 2], [2, 3, 2, 20.0, 4],
    ]  # fmt: skip
    # too few for a last band of their own: they stay with the one before
    assert length_bands(journeys_of(FIVE), smallest=3).to_numpy().tolist() == [[1, 3, 4, 40.0, 6]]


def test_times_are_of_the_first_touch_and_have_quartiles_and_limits() -> None:
    drawn = journeys_of([("a" * days, True) for days in range(1, 11)] + [("a" * 30, False)])
    table = times(drawn, length_bands(drawn, smallest=5), z=1.96)
    first = table.iloc[0]
    assert first[["touches_from", "touches_to"]].isna().all()
    assert first["conversions"] == 10
    # 1 to 10 days. Limits: the 1st and 10th of 10 enclose the median with at least 95 %:
    # n/2 -+ 1.96 sqrt(n)/2 = 1.9 and 8.1 round outwards to the 1st and the 10th from each end.
    assert [first[name] for name in ("p25_days", "median_days", "p75_days")] == [3.25, 5.5, 7.75]
    assert (first["median_low"], first["median_high"]) == (1.0, 10.0)
    assert table["touches_from"].tolist()[1:] == [1, 6]
    assert table["median_days"].tolist()[1:] == [3.0, 8.0]


@pytest.mark.parametrize("size", [1, 2, 5, 6, 9, 30, 40, 101, 1000])
def test_the_limits_hold_the_median_as_often_as_they_should(size: int) -> None:
    # Days 1 to n: the limits are the ranks themselves. How many of n lie below the true median is
    # binomial with 1/2, so that the chance that the ranks enclose it can be added up.
    drawn = replace(journeys_of([("a", True)] * size), ages=np.arange(1.0, size + 1))
    row = times(drawn, length_bands(drawn, smallest=size), z=1.959964).iloc[0]
    low, high = int(row["median_low"]), int(row["median_high"])
    assert low + high == size + 1
    chance = sum(comb(size, below) for below in range(low, high)) / 2**size
    assert chance >= 0.95 or (low, high) == (1, size)
    if low > 1:
        tighter = sum(comb(size, below) for below in range(low + 2, high - 2)) / 2**size
        assert tighter < 0.95


def test_every_touch_has_one_role() -> None:
    table = roles(journeys_of([*FIVE, ("abab", True)])).set_index("key")
    # aab: a opens, a helps, b closes; ab; b, b alone; abab: a, b, a, b
    assert table.loc["a"].to_dict() == {
        "touches": 5, "openers": 3, "helpers": 2, "closers": 0, "alone": 0, "conversions": 3,
        "assisted": 3, "last": 0,
    }  # fmt: skip
    assert table.loc["b"].to_dict() == {
        "touches": 6, "openers": 0, "helpers": 1, "closers": 3, "alone": 2, "conversions": 5,
        "assisted": 0, "last": 5,
    }  # fmt: skip
    assert list(table.index) == ["b", "a"]


@settings(max_examples=20)
@given(drawn_journeys)
def test_roles_and_transitions_as_counted_in_plain_lists(drawn: Drawn) -> None:
    won = [path for path, has_won in drawn if has_won]
    table = roles(journeys_of(drawn))
    for row in table.to_dict("records"):
        key = str(row["key"])
        mine = [path for path in won if key in path]
        assert row["touches"] == row["openers"] + row["helpers"] + row["closers"] + row["alone"]
        assert row["touches"] == sum(path.count(key) for path in won)
        assert row["conversions"] == len(mine)
        assert row["last"] == sum(path[-1] == key for path in won)
        assert row["assisted"] == sum(path[-1] != key for path in mine)
        assert row["openers"] == sum(len(path) > 1 and path[0] == key for path in won)
        assert row["alone"] == sum(path == key for path in won)
    counted: Counter[tuple[str, str]] = Counter()
    converting: Counter[tuple[str, str]] = Counter()
    for path, has_won in drawn:
        states = [START, *path, CONVERSION if has_won else NO_CONVERSION]
        pairs = Counter(pairwise(states))
        counted += pairs
        converting += pairs if has_won else Counter()
    found = transitions(journeys_of(drawn))
    keys = list(zip(found["from_state"], found["to_state"], strict=True))
    assert dict(zip(keys, found["steps"], strict=True)) == counted
    assert {
        key: n for key, n in zip(keys, found["converting_steps"], strict=True) if n
    } == converting


@settings(max_examples=20)
@given(drawn_journeys, st.integers(1, 4), st.integers(1, 4))
def test_what_goes_into_a_place_comes_out_of_it(drawn: Drawn, keys: int, places: int) -> None:
    journeys = journeys_of(drawn)
    table = steps(journeys, most_keys=keys, most_places=places)
    ends = table[table["to_state"].isin([CONVERSION, NO_CONVERSION])]
    assert ends["conversions"].sum() == journeys.conversions.sum()
    assert ends["nulls"].sum() == journeys.nulls.sum()
    assert (ends.loc[ends["to_state"] == CONVERSION, "nulls"] == 0).all()
    assert table["place"].max() <= places + 1
    for kind in ("conversions", "nulls"):
        inflow = table.assign(place=table["place"] + 1).groupby(["place", "to_state"])[kind].sum()
        outflow = table.groupby(["place", "from_state"])[kind].sum()
        for place, state in outflow.index:
            if place > 1:
                assert outflow[place, state] == inflow[place, state]
    first = table[table["place"] == 1].groupby("from_state")["conversions"].sum()
    counts = Counter(path[0] for path, has_won in drawn if has_won)
    told = {key: n for key, n in counts.items() if key in first.index}
    assert {key: n for key, n in first.items() if n and key != OTHERS} == told
    longest = max(len(collapsed(path)) for path, _ in drawn)
    assert (FURTHER in set(table["from_state"])) == (longest > places)


def test_keys_are_chosen_by_the_journeys_that_converted() -> None:
    drawn = journeys_of([("a", True), ("bbb", False), ("b", False)])
    table = steps(drawn, most_keys=1, most_places=2)
    assert set(table["from_state"]) == {"a", OTHERS}


def test_first_and_last_channel() -> None:
    table, folded = first_to_last(journeys_of([*FIVE, ("ac", True)]), smallest=2)
    assert records(table) == [
        {"first": "b", "last": "b", "is_folded": False, "conversions": 2, "value": 20.0},
        {"first": None, "last": None, "is_folded": True, "conversions": 3, "value": 30.0},
    ]  # fmt: skip
    assert folded == 2


def test_no_journey_at_all() -> None:
    nobody = journeys_of(FIVE).only(np.zeros(6, dtype=bool))
    assert paths(nobody, smallest=5)[0].empty
    assert length_bands(nobody, smallest=5).empty
    assert roles(nobody).empty
    assert transitions(nobody).empty
    assert steps(nobody, most_keys=3, most_places=3).empty
    assert first_to_last(nobody, smallest=5)[0].empty
    assert times(nobody, length_bands(nobody, smallest=5), z=1.96)["conversions"].tolist() == [0]
