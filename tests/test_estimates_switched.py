"""Switched off: closed forms, statsmodels by hand, a slow second way, planted effects."""

from __future__ import annotations

from itertools import combinations
from math import exp, log

import numpy as np
import pytest
import statsmodels.api as sm

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import (
    TWO_YEARS,
    against_groups,
    against_weeks,
    fit_series,
    placebo_dates,
    placebo_groups,
    placebo_share,
    season,
)
from funnel_analytics.estimates.switched import since_off

Array = np.ndarray


def off_weeks(weeks: int, first: int, count: int) -> Array:
    share = np.zeros(weeks)
    share[first : first + count] = 1
    return share


def drawn(seed: int, weeks: int, level: float, wander: float = 0.0) -> Array:
    """Counts about a level that wanders from week to week (autocorrelation 0.4)."""
    draws = np.random.default_rng(seed)
    noise = np.zeros(weeks)
    for week in range(1, weeks):
        noise[week] = 0.4 * noise[week - 1] + draws.normal() * wander * np.sqrt(1 - 0.16)
    return draws.poisson(level * np.exp(noise)).astype(float)


def test_of_whole_weeks_groups_give_the_ratio_of_ratios() -> None:
    ours, others = drawn(1, 30, 20), drawn(2, 30, 35)
    off = off_weeks(30, 20, 6)
    is_off = off > 0
    found = against_groups(ours, others, off)
    before, rest_before = ours[~is_off].sum(), others[~is_off].sum()
    after, rest_after = ours[is_off].sum(), others[is_off].sum()
    ratio = (after / rest_after) / (before / rest_before)
    assert found.log_ratio.value == pytest.approx(log(ratio), abs=1e-9)
    assert found.counted == pytest.approx(after)
    assert found.total.value == pytest.approx(rest_after * before / rest_before)
    assert found.missing.value == pytest.approx(rest_after * before / rest_before - after)
    if found.fit.dispersion == 1 and found.fit.autocorrelation == 0:  # then the textbook's error
        error = sum(1 / each for each in (after, rest_after, before, rest_before)) ** 0.5
        assert found.fit.error([0, 1]) == pytest.approx(error)


def test_the_intervals_of_exact_counts_are_those_of_the_four_sums() -> None:
    off = off_weeks(24, 18, 6)
    found = against_groups(np.where(off > 0, 12.0, 20.0), np.full(24, 10.0), off)
    sums = {"off": 72, "on": 360, "others_off": 60, "others_on": 180}
    quantile = found.fit.quantile
    error = sum(1 / each for each in sums.values()) ** 0.5
    assert found.log_ratio.high - found.log_ratio.value == pytest.approx(quantile * error)
    of_expected = (1 / 360 + 1 / 60 + 1 / 180) ** 0.5  # 60 * 360 / 180 = 120 are expected
    high = 120 * exp(quantile * of_expected)
    assert found.total.high == pytest.approx(high)
    counted_low = 72 * exp(-quantile / 72**0.5)
    far = ((high - 120) ** 2 + (72 - counted_low) ** 2) ** 0.5
    assert found.missing.value == pytest.approx(48)
    assert found.missing.high == pytest.approx(48 + far)
    assert np.isnan(found.expected_low[:18]).all()
    assert np.isfinite(found.expected_low[18:]).all()


def test_two_way_poisson_by_statsmodels_finds_the_same_as_the_two_sums() -> None:
    draws = np.random.default_rng(3)
    counts = draws.poisson(np.array([[8], [12], [20], [5]]) * np.ones(24)).astype(float)
    off = off_weeks(24, 15, 5)
    groups, weeks = np.indices(counts.shape)
    treated = (groups < 2) * off
    dummies = [groups == each for each in range(4)] + [weeks == each for each in range(1, 24)]
    design = np.column_stack([treated.ravel(), *(each.ravel() for each in dummies)]).astype(float)
    hand = sm.GLM(counts.ravel(), design, family=sm.families.Poisson()).fit()
    found = against_groups(counts[:2].sum(axis=0), counts[2:].sum(axis=0), off)
    assert found.log_ratio.value == pytest.approx(hand.params[0], abs=1e-7)


def test_weeks_alone_are_statsmodels_poisson_with_level_and_slope() -> None:
    leads, off = drawn(4, 60, 30, 0.1), off_weeks(60, 40, 8)
    found = against_weeks(leads, off)
    number = np.arange(60)
    own = (number - 40 + 0.5) / 8 - 0.5
    design = np.column_stack([np.ones(60), (number - 29.5) / 52, off, own * off])
    hand = sm.GLM(leads, design, family=sm.families.Poisson()).fit(
        cov_type="HAC", cov_kwds={"maxlags": 3}
    )
    assert found.fit.coefficients == pytest.approx(hand.params, abs=1e-8)
    assert found.fit.hac_errors == pytest.approx(hand.bse, rel=1e-6)
    expected = np.exp(design[:, :2] @ hand.params[:2])
    assert found.expected == pytest.approx(expected)
    assert found.missing.value == pytest.approx((expected - leads)[off > 0].sum())
    assert found.terms == ("level", "trend", "off", "off_slope")


def test_two_years_have_a_season_and_less_have_none() -> None:
    off = off_weeks(TWO_YEARS, 80, 6)
    assert against_weeks(drawn(5, TWO_YEARS, 20), off).terms[2:6] == (
        "sine_1", "sine_2", "cosine_1", "cosine_2",
    )  # fmt: skip
    assert len(against_weeks(drawn(5, TWO_YEARS - 1, 20), off[:-1]).terms) == 4
    waves = season(np.array([0.0, 365.25 / 28]))  # a quarter of a year
    assert waves == pytest.approx(np.array([[0, 0, 1, 1], [1, 0, 0, -1]]), abs=1e-12)


def test_dispersion_and_autocorrelation_are_the_moments_by_brute_force() -> None:
    leads = drawn(6, 50, 40, 0.3)
    design = np.column_stack([np.ones(50), np.arange(50) / 52])
    fit = fit_series(design, leads)
    size = np.sqrt(fit.fitted)
    z = design * size[:, None]
    residual = (leads - fit.fitted) / size
    maker = np.eye(50) - z @ np.linalg.inv(z.T @ z) @ z.T
    near = np.diag(np.full(49, 0.5), 1) + np.diag(np.full(49, 0.5), -1)

    def powers(rho: float) -> Array:
        return np.array([[rho ** abs(i - j) for j in range(50)] for i in range(50)])

    seen = residual @ near @ residual / (residual @ residual)
    errors = {
        rho: abs(
            np.trace(maker @ near @ maker @ powers(rho)) / np.trace(maker @ powers(rho)) - seen
        )
        for rho in np.linspace(0, 0.95, 96).tolist()
    }
    best = min(errors, key=lambda rho: errors[rho])
    assert 0.1 < fit.autocorrelation == pytest.approx(best)
    mixed = maker @ powers(best)
    assert fit.dispersion == pytest.approx(residual @ residual / np.trace(mixed))
    assert fit.degrees == pytest.approx(np.trace(mixed) ** 2 / np.trace(mixed @ mixed))
    bread = np.linalg.inv(z.T @ z)
    covariance = bread @ z.T @ powers(best) @ z @ bread * fit.dispersion
    assert fit.covariance == pytest.approx(covariance)


def test_counts_without_noise_keep_that_of_counts() -> None:
    off = off_weeks(24, 16, 4)
    leads = np.where(off > 0, 10.0, 20.0)
    found = against_weeks(leads, off)
    assert found.fit.dispersion == 1
    assert found.missing.value == pytest.approx(40)
    assert found.missing.low < 40 < found.missing.high
    assert found.log_ratio.value == pytest.approx(log(0.5))


def test_parts_of_weeks_count_in_part() -> None:
    off = np.zeros(20)
    off[12:17] = [0.5, 1, 1, 1, 0.5]
    effect = -0.4
    ours, others = 100 * np.exp(effect * off), np.full(20, 100.0)
    found = against_groups(ours, others, off)
    assert found.fit.coefficients[1] == pytest.approx(effect)
    assert found.missing.value == pytest.approx((100 - ours).sum())


def test_each_span_has_its_own_slope() -> None:
    off = np.array([0, 1, 1, 0, 0.5, 1, 1, 0])
    assert since_off(off).tolist() == pytest.approx([0, -0.25, 0.25, 0, -1 / 6, 0, 1 / 3, 0])


def test_what_drifted_apart_before_is_seen() -> None:
    weeks = np.arange(40)
    off = off_weeks(40, 30, 6)
    others = np.full(40, 50.0)
    assert against_groups(np.round(50 * np.exp(weeks / 25)), others, off).before_p_value < 0.001
    assert against_groups(drawn(7, 40, 50), others, off).before_p_value > 0.05


def test_more_coefficients_than_weeks_are_refused() -> None:
    with pytest.raises(CallError, match="2 coefficients need more than 2 weeks"):
        fit_series(np.ones((2, 2)), [1, 2])
    with pytest.raises(CallError, match="negative"):
        fit_series(np.ones((3, 1)), [1, 2, -1])


def test_placebo_dates_are_all_earlier_spans_of_that_length() -> None:
    leads, others = drawn(8, 30, 20), drawn(9, 30, 30)
    off = off_weeks(30, 20, 4)
    found = placebo_dates(leads, off, others=others)
    assert [moved for moved, _ in found] == list(range(16, 3, -1))
    _, value = found[0]
    ours, rest = leads[:20], others[:20]
    is_off = off_weeks(20, 4, 4) > 0
    ratio = ours[is_off].sum() / rest[is_off].sum()
    assert value == pytest.approx(log(ratio / (ours[~is_off].sum() / rest[~is_off].sum())))
    alone = placebo_dates(leads, off)
    assert alone[0][1] == pytest.approx(against_weeks(ours, off_weeks(20, 4, 4)).log_ratio.value)


def test_placebo_groups_are_all_others_of_as_many() -> None:
    counts = np.random.default_rng(10).poisson(20, (5, 30)).astype(float)
    off = off_weeks(30, 20, 6)
    found = dict(placebo_groups(counts, off, [0, 1]))
    assert sorted(found) == [each for each in combinations(range(5), 2) if each != (0, 1)]
    other = against_groups(counts[[1, 3]].sum(axis=0), counts[[0, 2, 4]].sum(axis=0), off)
    assert found[1, 3] == pytest.approx(other.log_ratio.value)
    many = placebo_groups(np.ones((40, 30)), off, [0, 1, 2])
    assert 150 < len(many) <= 200


def test_the_rank_among_placebos_counts_the_value_itself() -> None:
    assert placebo_share(0.5, [0.1] * 18 + [-0.5]) == pytest.approx(2 / 20)
    assert placebo_share(0.6, [0.1] * 18 + [-0.5]) == pytest.approx(1 / 20)
    assert np.isnan(placebo_share(0.5, [0.1] * 18))


@pytest.mark.parametrize("effect", [0.0, -0.4])
@pytest.mark.parametrize("is_compared", [False, True])
def test_intervals_hold_what_was_planted(effect: float, *, is_compared: bool) -> None:
    # 80 worlds of 44 weeks: of 95 % intervals fewer than 69 hold it by chance once in 1,000 runs.
    off = off_weeks(44, 32, 8)
    held = seen = 0
    for seed in range(80):
        draws = np.random.default_rng(seed)
        common = np.exp(draws.normal(0, 0.15, 44)) if is_compared else np.ones(44)
        usual = 25 * common
        leads = draws.poisson(usual * np.exp(effect * off + draws.normal(0, 0.1, 44)))
        others = draws.poisson(40 * common * np.exp(draws.normal(0, 0.1, 44)))
        found = against_groups(leads, others, off) if is_compared else against_weeks(leads, off)
        truth = (usual * (1 - exp(effect)) * off).sum()
        held += found.missing.low <= truth <= found.missing.high
        seen += found.p_value < 0.05
    assert held >= 69
    assert seen <= 11 if effect == 0 else seen >= 40
