"""What holds for every table of shares: ranges and errors, against slow loops."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.metrics.attribution.ranges import ranges
from funnel_analytics.metrics.attribution.truth import errors_of, with_truth

CHANNELS = ["a", "b", "c", None]
COUNTS = st.lists(st.integers(0, 6), min_size=5, max_size=5).filter(any)
"""Deals credited to each channel, and to no known touch."""


def table_of(credits: dict[str, list[int]]) -> pd.DataFrame:
    rows = []
    for model, counts in credits.items():
        for number, count in enumerate(counts):
            share = count / sum(counts)
            rows.append(
                {
                    "model": model,
                    "channel": [*CHANNELS, None][number],
                    "side": None,
                    "is_no_known_touch": number == 4,
                    "conversions": float(count),
                    "conversions_share": share,
                    "conversions_share_low": share / 2,
                    "conversions_share_high": min(2 * share, 1),
                }
            )
    return pd.DataFrame(rows)


MODELS = st.dictionaries(st.sampled_from(["first", "last", "linear", "own"]), COUNTS, min_size=1)


@given(MODELS)
def test_a_range_is_attained_by_the_models_it_names(credits: dict[str, list[int]]) -> None:
    table = table_of(credits)
    found = ranges(table, measures=("conversions",), agreed="linear")
    assert len(found) == 5
    assert bool(found["is_no_known_touch"].iloc[-1])
    for row in found.itertuples():
        number = 4 if row.is_no_known_touch else CHANNELS.index(row.channel)
        by_model = {model: counts[number] / sum(counts) for model, counts in credits.items()}
        assert row.lowest_share == pytest.approx(min(by_model.values()), abs=1e-11)
        assert row.highest_share == pytest.approx(max(by_model.values()), abs=1e-11)
        assert by_model[row.lowest_model] == pytest.approx(row.lowest_share, abs=1e-11)
        assert by_model[row.highest_model] == pytest.approx(row.highest_share, abs=1e-11)
        assert row.models == len(credits)
        if "linear" in credits:
            assert row.lowest_share - 1e-11 <= row.agreed_share <= row.highest_share + 1e-11
            assert row.agreed_low <= row.agreed_share <= row.agreed_high
        else:
            assert math.isnan(row.agreed_share)
        if not row.is_no_known_touch:
            places = [1 + sum(other > counts[number] for other in counts[:4])
                      for counts in credits.values()]  # fmt: skip
            assert (row.best_place, row.worst_place) == (min(places), max(places))


@given(MODELS, st.lists(st.integers(0, 6), min_size=5, max_size=5).filter(any))
def test_errors_sum_to_nothing_and_half_their_size_is_what_is_wrong(
    credits: dict[str, list[int]], true: list[int]
) -> None:
    names = [*CHANNELS, "never credited"]
    compared = with_truth(table_of(credits), dict(zip(names, map(float, true), strict=True)))
    errors = errors_of(compared).set_index("model")
    assert list(errors["wrong_share"]) == sorted(errors["wrong_share"])
    for model, counts in credits.items():
        mine = compared[compared["model"] == model]
        assert len(mine) == 6
        assert mine["error"].sum() == pytest.approx(0, abs=1e-12)
        right = sum(min(counts[n] / sum(counts), true[n] / sum(true)) for n in range(4))
        assert errors.loc[model, "wrong_share"] == pytest.approx(1 - right)
        assert 0 <= errors.loc[model, "wrong_share"] <= 1


def test_shares_that_differ_by_rounding_alone_are_one() -> None:
    """0.1 + 0.2 is not 0.3 in floating point; the model asked for first is named."""
    table = table_of({"first": [3, 7, 0, 0, 0], "last": [3, 7, 0, 0, 0]})
    of_a = (table["model"] == "last") & (table["channel"] == "a")
    table.loc[of_a, "conversions_share"] = 0.1 + 0.2
    row = ranges(table, measures=("conversions",), agreed="own").query("channel == 'a'").iloc[0]
    assert (row["lowest_model"], row["highest_model"], row["spread"]) == ("first", "first", 0.0)
