"""What comes back by an age, against a slow loop; a robust slope, against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import cumulative_mean, robust_slope, share_come

PAIRS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=3, max_size=25)


@given(PAIRS)
@settings(max_examples=30, deadline=None)
def test_slope_and_limits_are_those_of_statsmodels(pairs: list[tuple[int, int]]) -> None:
    x, y = (np.array(each, dtype=float) for each in zip(*pairs, strict=True))
    got = robust_slope(x, y)
    leverage = 1 / len(x) + (x - x.mean()) ** 2 / max(((x - x.mean()) ** 2).sum(), 1e-9)
    if np.ptp(x) == 0 or leverage.max() > 1 - 1e-9:
        assert np.isnan(got).all()
        return
    fit = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3", use_t=True)
    assert got.value == pytest.approx(fit.params[1], abs=1e-9)
    assert (got.low, got.high) == pytest.approx(tuple(fit.conf_int()[1]), abs=1e-7)


def test_two_points_have_no_slope_and_pairs_have_to_be_pairs() -> None:
    assert np.isnan(robust_slope([1, 2], [1, 2])).all()
    with pytest.raises(CallError, match="pairs"):
        robust_slope([1, 2, 3], [1, 2])


@given(st.lists(st.tuples(st.integers(0, 12), st.lists(st.integers(0, 8), max_size=3)), min_size=1))
@settings(max_examples=30, deadline=None)
def test_each_day_counts_the_things_that_were_watched_all_of_it(
    things: list[tuple[int, list[int]]],
) -> None:
    came = [(age, lag) for age, lags in things for lag in lags if lag < age]
    curve = cumulative_mean(
        [age for age, _ in things],
        [1] * len(things),
        lags=[lag for _, lag in came],
        amounts=[1] * len(came),
        last=8,
    )
    total = 0.0
    for day in range(9):
        watched = sum(age > day for age, _ in things)
        total += sum(lag == day for _, lag in came) / watched if watched else np.nan
        assert curve[day + 1] == pytest.approx(total, nan_ok=True)
    shares = share_come(curve, [0, 4, 9, 20])
    assert shares[2:].tolist() == [1, 1]
    whole = curve[-1] if curve[-1] > 0 else np.nan
    assert shares[:2] == pytest.approx(curve[[0, 4]] / whole, nan_ok=True)


def test_lags_beyond_the_last_day_are_none() -> None:
    with pytest.raises(CallError, match="between 0 and 3 days"):
        cumulative_mean([5], [1], lags=[4], amounts=[1], last=3)
