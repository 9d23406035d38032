"""Judging predicted chances: against pairs of leads, statsmodels, and counts done by hand."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
import statsmodels.api as sm  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.estimates import (
    area_under_curve,
    calibration_line,
    observed_by_chance,
    reached_ratio,
)

COUNTS = st.lists(st.integers(0, 6), min_size=4, max_size=4)


@given(COUNTS, COUNTS)
def test_the_area_is_the_share_of_pairs_in_the_right_order(up: list[int], down: list[int]) -> None:
    chances = [0.1, 0.3, 0.3, 0.8]
    pairs = [
        ((one > other) + (one == other) / 2, a * b)
        for one, a in zip(chances, up, strict=True)
        for other, b in zip(chances, down, strict=True)
    ]
    count = sum(weight for _, weight in pairs)
    found = area_under_curve(chances, up, down)
    if not count:
        assert isnan(found.value)
        return
    assert found.value == pytest.approx(sum(share * weight for share, weight in pairs) / count)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_the_error_of_the_area_is_that_of_single_leads() -> None:
    # Successes at 0.4, 0.6, 0.9, failures at 0.2, 0.4, 0.7: placements as DeLong has them.
    of_up, of_down = np.array([1.5, 2, 3]) / 3, np.array([3, 2.5, 1]) / 3
    error = np.sqrt(of_up.var(ddof=1) / 3 + of_down.var(ddof=1) / 3)
    found = area_under_curve([0.4, 0.6, 0.9, 0.2, 0.7], [1, 1, 1, 0, 0], [1, 0, 0, 1, 1])
    assert found.value == pytest.approx(6.5 / 9)
    assert found.low == pytest.approx(max(6.5 / 9 - 1.959964 * error, 0), abs=1e-6)


def test_the_calibration_line_is_a_logit_on_the_log_odds() -> None:
    rng = np.random.default_rng(4)
    chance = np.repeat([0.1, 0.25, 0.5, 0.6, 0.8], 40)
    came = (rng.random(200) < chance**1.3).astype(float)
    found = calibration_line(chance, np.ones(200), came)
    design = sm.add_constant(np.log(chance / (1 - chance)))
    fitted = sm.GLM(came, design, family=sm.families.Binomial()).fit(tol=1e-13)
    assert [found.intercept.value, found.slope.value] == pytest.approx(list(fitted.params))
    low, high = fitted.conf_int()[1]
    assert [found.slope.low, found.slope.high] == pytest.approx([low, high], rel=1e-5)


def test_chances_that_are_all_the_same_have_no_slope() -> None:
    assert isnan(calibration_line([0.3, 0.3], [5, 5], [1, 2]).slope.value)
    assert isnan(calibration_line([0.3, 0.6], [5, 5], [0, 0]).slope.value)


def test_chances_that_part_successes_from_failures_tell_no_slope() -> None:
    # All of the likely ones came, none of the others: however steep, a steeper line fits better.
    for due in ([1.0, 1.0], [0.5, 1.0]):
        slope = calibration_line([0.2, 0.8], [5, 5], [0, 5], due=due).slope
        assert slope.low < 0 < 1 < slope.high
        slope = calibration_line([0.2, 0.8], [5, 5], [5, 0], due=due).slope
        assert slope.low < 0 < 1 < slope.high


def test_what_is_due_later_does_not_lower_the_line() -> None:
    # Of 200 leads with chance 0.4 a half had its time: 40 of 100 came.
    found = calibration_line([0.2, 0.4, 0.8], [100, 100, 100], [20, 40, 80], due=[0.5, 0.5, 0.5])
    assert found.slope.value == pytest.approx(1)
    assert found.intercept.value == pytest.approx(0, abs=1e-9)


def test_observed_and_expected_in_groups_of_rising_chance() -> None:
    # Two halves of 20 leads: 4 expected and 6 came, 12 expected and 12 came.
    rows, p_value = observed_by_chance([0.6, 0.2], [20, 20], [12, 6], [4.8, 3.2], groups=2)
    assert [(row["expected"], row["reached"]) for row in rows] == [(4.0, 6.0), (12.0, 12.0)]
    assert p_value == pytest.approx(np.exp(-(4 / 3.2) / 2))  # chi-square with two degrees
    none, unknown = observed_by_chance([], [], [], [])
    assert not none
    assert isnan(unknown)


@given(st.integers(0, 300), st.floats(0.5, 300), st.floats(0.1, 3), st.floats(1.1, 3))
def test_a_ratio_lies_between_its_limits_and_a_wider_spread_widens_them(
    came: int, due: float, spread: float, more: float
) -> None:
    value, low, high = reached_ratio(came, due, spread * due)
    assert 0 <= low <= value + 1e-9
    assert value <= high + 1e-9
    _, wider_low, wider_high = reached_ratio(came, due, more * spread * due)
    assert wider_low <= low + 1e-9
    assert wider_high >= high - 1e-9
    for limit in (float(low), float(high)):  # where the gap is just as wide as chance allows
        if limit > 0:
            gap = (came - limit * due) ** 2
            assert gap == pytest.approx(1.959964**2 * limit * spread * due, rel=1e-3, abs=1e-3)


def test_nothing_expected_has_no_ratio() -> None:
    assert all(np.isnan(reached_ratio(0, 0, 0)))
