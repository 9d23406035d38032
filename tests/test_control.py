"""Control limits: drawn by hand, against a second way to reckon them, and how often they err."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.control import control_limits
from funnel_analytics.errors import CallError

SERIES = st.lists(
    st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=30,
)


def by_hand(hits, tried):
    """Laney's p' in plain loops: the limits of every rate, and whether it is beyond them."""
    rated = [(x, n) for x, n in zip(hits, tried, strict=True) if n]
    centre = sum(x for x, _ in rated) / sum(n for _, n in rated)
    sigmas = [math.sqrt(centre * (1 - centre) / n) for _, n in rated]
    z = [(x / n - centre) / sigma for (x, n), sigma in zip(rated, sigmas, strict=True)]
    ranges = [abs(b - a) for a, b in pairwise(z)]
    wider = max(1.0, sum(ranges) / len(ranges) / 1.128)
    return [
        (max(0.0, centre - 3 * wider * sigma), min(1.0, centre + 3 * wider * sigma))
        for sigma in sigmas
    ], wider


def test_limits_of_equal_months_are_three_sigma_of_the_binomial():
    # p = 0.5 of 100: sigma = 0.05; the rates do not vary at all, so nothing is wider.
    table = control_limits([50] * 10, [100] * 10)
    assert table["centre"].tolist() == [0.5] * 10
    assert table["limit_low"].tolist() == pytest.approx([0.35] * 10)
    assert table["limit_high"].tolist() == pytest.approx([0.65] * 10)
    assert table["sigma_z"].tolist() == [1.0] * 10
    assert not table["is_unusual"].any()


def test_the_fewer_the_trials_the_wider_the_limits():
    table = control_limits([50, 5] * 4, [100, 10] * 4)
    width = table["limit_high"] - table["limit_low"]
    assert width[1] == pytest.approx(width[0] * math.sqrt(10))


def test_rates_that_vary_more_than_chance_have_wider_limits():
    # z jumps between -2 and 2: its mean moving range is 4, so limits are 4 / 1.128 times as wide.
    table = control_limits([40, 60] * 6, [100] * 12)
    assert table["sigma_z"][0] == pytest.approx(4 / 1.128)
    assert table["limit_low"][0] == pytest.approx(max(0, 0.5 - 3 * 0.05 * 4 / 1.128))
    assert not table["is_unusual"].any()


def test_one_month_far_below_is_beyond_the_limit():
    table = control_limits([70] * 11 + [30], [100] * 12)
    assert table["rule"].tolist() == [None] * 11 + ["beyond_limit"]


def test_the_eighth_rate_in_a_row_on_one_side_is_unusual():
    #                        1  2  3  4  5  6  7  8  9    then below
    table = control_limits([52] * 9 + [45, 46, 47, 44, 44, 44], [100] * 15)
    assert table["rule"].tolist() == [None] * 7 + ["run_of_eight"] * 2 + [None] * 6


def test_seven_in_a_row_are_not_and_a_rate_at_the_centre_breaks_a_run():
    seven = [51] * 7 + [43] + [50] * 4
    assert control_limits(seven, [100] * 12)["is_unusual"].sum() == 0
    broken = [51] * 4 + [50] + [51] * 4 + [48] * 4
    assert sum(broken) == 50 * 13
    assert control_limits(broken, [100] * 13)["is_unusual"].sum() == 0


def test_a_month_without_trials_has_no_place():
    with_gap = control_limits([52] * 4 + [0] + [52] * 5 + [40] * 3, [100] * 4 + [0] + [100] * 8)
    without = control_limits([52] * 9 + [40] * 3, [100] * 12)
    assert with_gap.loc[4].isna().sum() == 5
    kept = with_gap.drop(4).reset_index(drop=True)
    assert kept["limit_low"].tolist() == without["limit_low"].tolist()
    assert kept["rule"].tolist() == without["rule"].tolist()
    assert (kept["rule"] == "run_of_eight").sum() == 2


def test_seven_months_are_too_few_and_eight_are_enough():
    assert control_limits([50] * 7, [100] * 7)["limit_low"].isna().all()
    assert control_limits([50] * 8, [100] * 8)["limit_low"].notna().all()


@pytest.mark.parametrize("hits", [0, 100])
def test_rates_that_cannot_vary_have_no_limits(hits):
    table = control_limits([hits] * 9, [100] * 9)
    assert table["limit_low"].isna().all()
    assert not table["is_unusual"].any()


def test_wrong_counts_are_refused():
    for hits, tried in (([1, 2], [1]), ([-1], [5]), ([6], [5])):
        with pytest.raises(CallError):
            control_limits(hits, tried)


@given(SERIES)
def test_limits_are_those_reckoned_by_hand(series):
    hits, tried = [x for x, _ in series], [n for _, n in series]
    table = control_limits(hits, tried)
    rated = table[np.asarray(tried) > 0]
    some = sum(n > 0 for n in tried) >= 8 and 0 < sum(hits) < sum(tried)
    assert rated["limit_low"].notna().all() if some else table["limit_low"].isna().all()
    if not some:
        return
    limits, wider = by_hand(hits, tried)
    assert rated["sigma_z"].tolist() == pytest.approx([wider] * len(rated))
    assert list(zip(rated["limit_low"], rated["limit_high"], strict=True)) == [
        pytest.approx(each) for each in limits
    ]
    rates = [x / n for x, n in series if n]
    for rate, rule, (low, high) in zip(rates, rated["rule"], limits, strict=True):
        if rule == "beyond_limit":
            assert not low <= rate <= high
    assert (table["limit_low"].dropna() <= table["centre"].dropna()).all()


def test_false_alarms_are_rare_where_only_chance_is_at_work():
    """400 series of 24 months of 100 leads at 0.4: beyond a limit in few; runs in about a tenth."""
    rng = np.random.default_rng(20261101)
    beyond = runs = 0
    for _ in range(400):
        rules = control_limits(rng.binomial(100, 0.4, 24), [100] * 24)["rule"]
        beyond += (rules == "beyond_limit").any()
        runs += (rules == "run_of_eight").any()
    assert beyond / 400 <= 0.06
    assert runs / 400 <= 0.12


def test_rates_that_vary_by_themselves_do_not_raise_more_alarms():
    """Months differ beyond chance (over-dispersed): binomial limits would ring in most series."""
    rng = np.random.default_rng(7)
    wide = narrow = 0
    for _ in range(200):
        p = rng.beta(40, 60, 24)
        hits = rng.binomial(2000, p)
        table = control_limits(hits, [2000] * 24)
        wide += (table["rule"] == "beyond_limit").any()
        sigma = np.sqrt(table["centre"] * (1 - table["centre"]) / 2000)
        narrow += (abs(hits / 2000 - table["centre"]) > 3 * sigma).any()
    assert wide / 200 <= 0.15
    assert narrow / 200 >= 0.95
