"""When half of those who see an event have seen it: intervals, and a test of groups."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import (
    cumulative_incidence,
    incidence_quantile,
    incidence_quantile_interval,
    incidence_share_error,
    median_test,
)

EVENT, OTHER, OPEN = 1, 2, 0


def curve_of(times, kinds, weights=None):
    kinds = np.asarray(kinds)
    weight = np.ones(len(kinds)) if weights is None else weights
    return cumulative_incidence(times, *((kinds == kind) * weight for kind in (EVENT, OTHER, OPEN)))


def seen(times):
    return curve_of(times, np.full(len(times), EVENT))


# Events at 1, 2, … 20 and nothing else. For 20 observations the interval of the median runs from
# the 6th to the 15th: Conover (1999), Practical Nonparametric Statistics, 3rd ed., 3.2.
def test_without_censoring_the_interval_is_that_of_order_statistics():
    curve = seen(range(1, 21))
    assert incidence_quantile_interval(curve, 0.5) == (6, 15)
    assert incidence_quantile_interval(curve, 0.9) == (16, 20)


def test_few_events_do_not_bound_the_interval():
    curve = curve_of([5, 6, 7, 90], [EVENT] * 3 + [OPEN])
    assert incidence_quantile(curve, 0.5) == 6
    assert incidence_quantile_interval(curve, 0.5) == (0, 90)
    nobody = curve_of([5, 6], [OPEN, OTHER])
    assert all(math.isnan(each) for each in incidence_quantile_interval(nobody, 0.5))
    with pytest.raises(CallError, match="between 0 and 1"):
        incidence_quantile_interval(curve, 1)


def wins(rng, leads, *, middle=40.0, oldest=400):
    """Leads of any age up to the `oldest`; in the end a third is won, and half is lost."""
    kinds = rng.choice([EVENT, OTHER, OPEN], size=leads, p=[0.3, 0.5, 0.2])
    days = np.where(
        kinds == EVENT, rng.lognormal(math.log(middle), 0.7, leads), rng.exponential(60, leads)
    )
    ages = rng.uniform(0, oldest, leads)
    is_open = (kinds == OPEN) | (days > ages)
    return np.ceil(24 * np.where(is_open, ages, days)), np.where(is_open, OPEN, kinds)


@pytest.mark.parametrize("oldest", [60, 400])
def test_the_error_of_a_share_is_what_every_lead_weighs(oldest):
    """Infinitesimal jackknife: Efron (1982), The Jackknife, the Bootstrap, ch. 6."""
    times, kinds = wins(np.random.default_rng(4), 200, oldest=oldest)
    curve = curve_of(times, kinds)

    def shares(weights):
        incidence = curve_of(times, kinds, weights)["incidence"].to_numpy()
        return incidence / incidence[-1]

    step = 1e-4
    heavier = np.array([shares(1 + step * each) for each in np.eye(len(times))])
    effects = (heavier - shares(np.ones(len(times)))) / step
    expected = np.sqrt((effects**2).sum(axis=0))
    np.testing.assert_allclose(incidence_share_error(curve), expected, rtol=0.001, atol=1e-6)
    assert expected.max() > 0.05


# The standard error of a coverage of 95 % is 1.8 points.
def test_intervals_hold_the_true_days():
    rng = np.random.default_rng(11)
    days = rng.lognormal(math.log(40), 0.7, 200_000)
    truth = {p: 24 * np.quantile(days[days <= 400], p) for p in (0.5, 0.75, 0.9)}
    held = dict.fromkeys(truth, 0)
    for _ in range(150):
        curve = curve_of(*wins(rng, 150))
        for p, true in truth.items():
            low, high = incidence_quantile_interval(curve, p)
            held[p] += low <= true <= high
    assert all(134 <= count <= 149 for count in held.values()), held


def test_the_median_test_is_moods_where_everything_was_seen():
    rng = np.random.default_rng(3)
    groups = [rng.permutation(1000)[:60], 1000 + rng.permutation(900)[:30]]
    groups = [np.concatenate([groups[0][:40], groups[1][:10]]) + 0.25, groups[1][10:]]
    both = np.concatenate(groups)
    test = median_test([seen(each) for each in groups], pooled=seen(both))
    theirs = stats.median_test(*groups, correction=False)
    assert test.statistic == pytest.approx(theirs.statistic)
    assert test.p_value == pytest.approx(theirs.pvalue)
    assert test.degrees == 1


def test_groups_with_equal_days_are_rarely_told_apart():
    rng = np.random.default_rng(8)

    def called(middle):
        count = 0
        for _ in range(40):
            samples = [wins(rng, 300), wins(rng, 200), wins(rng, 200, middle=middle)]
            pooled = curve_of(*(np.concatenate(each) for each in zip(*samples, strict=True)))
            test = median_test([curve_of(*each) for each in samples], pooled=pooled)
            assert test.degrees == 2
            count += test.p_value < 0.05
        return count

    assert called(40.0) <= 5
    assert called(80.0) >= 32


def test_one_group_is_not_compared():
    curve = seen([1, 2, 3])
    nobody = curve_of([4], [OPEN])
    test = median_test([curve, nobody], pooled=curve)
    assert (test.degrees, math.isnan(test.p_value)) == (0, True)
    assert median_test([], pooled=pd.DataFrame()).degrees == 0
    # All at once: nothing is beyond the common median.
    at_once = seen([1, 1])
    assert median_test([at_once, at_once], pooled=seen([1] * 4)).degrees == 0
