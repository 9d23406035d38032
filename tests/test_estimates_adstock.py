"""Adstocked spend: by hand, slow second implementations, planted effects."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.outliers_influence import variance_inflation_factor

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import adstocked, fit_spend, inflation
from funnel_analytics.estimates.adstock import DECAYS, POWERS, _blocks, _chosen, _grid

Array = np.ndarray


def base(weeks: int) -> Array:
    return np.column_stack([np.ones(weeks), np.arange(weeks) / 52])


def drawn_spend(seed: int, weeks: int, channels: int) -> Array:
    draws = np.random.default_rng(seed)
    return draws.gamma(2, 500, (weeks, channels)) * (draws.random((weeks, channels)) < 0.7)


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=20),
    st.floats(0, 0.95),
)
def test_adstock_is_the_sum_of_all_spend_before_by_its_age(
    spend: list[float], decay: float
) -> None:
    slow = [
        (1 - decay) * sum(spend[then] * decay ** (now - then) for then in range(now + 1))
        for now in range(len(spend))
    ]
    assert adstocked(spend, decay) == pytest.approx(np.array(slow), rel=1e-9, abs=1e-9)


def test_constant_spend_stays_what_it_is_and_a_decay_is_a_share() -> None:
    assert adstocked(np.full(200, 7.0), 0.8)[-1] == pytest.approx(7)
    with pytest.raises(CallError, match="less than 1"):
        adstocked([1.0], 1.0)


def test_what_was_planted_without_noise_is_found() -> None:
    spend = drawn_spend(1, 80, 2)
    parts = 0.9 * adstocked(spend[:, 0], 0.6) ** 0.5, 0.01 * adstocked(spend[:, 1], 0.0)
    fit = fit_spend(25 + np.arange(80) / 20 + sum(parts), spend, base(80), draws=20)
    assert list(fit.decays) == [0.6, 0.0]
    assert list(fit.powers) == [0.5, 1.0]
    assert fit.leads == pytest.approx([each.sum() for each in parts], rel=1e-4)
    assert fit.slopes == pytest.approx([0.9, 0.01], rel=1e-4)
    assert fit.drawn_leads == pytest.approx(np.tile(fit.leads, (20, 1)), rel=0.02)
    assert fit.skill > 0.99
    assert fit.explained == pytest.approx(1)
    assert fit.contributions.sum(axis=0) == pytest.approx(fit.leads)


def test_the_slopes_are_those_of_least_squares_by_statsmodels() -> None:
    spend = drawn_spend(2, 60, 2)
    draws = np.random.default_rng(2)
    leads = draws.poisson(20 + adstocked(spend[:, 0], 0.4) ** 0.5 / 2).astype(float)
    fit = fit_spend(leads, spend, base(60), draws=10)
    columns = [adstocked(spend[:, each], fit.decays[each]) ** fit.powers[each] for each in range(2)]
    hand = sm.OLS(leads, np.column_stack([base(60), *columns])).fit()
    assert fit.slopes == pytest.approx(hand.params[2:], rel=1e-5)
    assert fit.fitted == pytest.approx(hand.fittedvalues, rel=1e-6)
    assert fit.explained == pytest.approx(hand.rsquared)
    assert fit.leads == pytest.approx([np.sum(hand.params[2 + n] * columns[n]) for n in range(2)])


def test_one_channel_has_the_shape_that_forecasts_best_by_the_slow_way() -> None:
    spend, draws = drawn_spend(3, 60, 1), np.random.default_rng(3)
    leads = draws.poisson(15 + adstocked(spend[:, 0], 0.6) ** 0.75 / 20).astype(float)
    errors = {}
    edges = [36, 40, 45, 50, 55, 60]
    for decay in DECAYS:
        for power in POWERS:
            design = np.column_stack([base(60), adstocked(spend[:, 0], decay) ** power])
            total = 0.0
            for start, end in pairwise(edges):
                beta = np.linalg.lstsq(design[:start], leads[:start])[0]
                total += ((leads[start:end] - design[start:end] @ beta) ** 2).sum()
            errors[decay, power] = total
    fit = fit_spend(leads, spend, base(60), draws=2)
    assert (fit.decays[0], fit.powers[0]) == min(errors, key=lambda each: errors[each])


def test_series_are_judged_alike_alone_and_together() -> None:
    spend, draws = drawn_spend(4, 60, 2), np.random.default_rng(4)
    series = draws.poisson(20, (6, 60)).astype(float)
    grid = _grid(spend, base(60), 60)
    together = _chosen(grid, series)
    alone = [_chosen(grid, each[None])[0] for each in series]
    assert together.tolist() == [each.tolist() for each in alone]


def test_spend_before_the_first_counted_week_is_still_at_work() -> None:
    spend = np.zeros((50, 1))
    spend[8::10] = 1000
    part = 0.02 * adstocked(spend[:, 0], 0.8)[10:]
    fit = fit_spend(10 + part, spend, base(40), draws=2)
    assert fit.decays[0] == 0.8
    assert fit.leads[0] == pytest.approx(part.sum(), rel=1e-4)


def test_inflation_is_that_of_statsmodels() -> None:
    columns = np.random.default_rng(5).normal(size=(60, 3))
    columns[:, 2] += 2 * columns[:, 0]
    whole = np.column_stack([base(60), columns])
    found = inflation(columns, base(60))
    hand = [variance_inflation_factor(whole, each) for each in (2, 3, 4)]
    assert found == pytest.approx(hand)
    assert inflation(base(60)[:, 1:] * 3, base(60))[0] == np.inf


def test_blocks_are_neighbours_of_the_residuals() -> None:
    made = _blocks(np.arange(64.0), 50, seed=1)
    assert made.shape == (50, 64)
    steps = np.diff(made, axis=1)
    within = np.ones(63, dtype=bool)
    within[3::4] = False  # blocks of 4 weeks, the third root of 64
    assert (steps[:, within] == 1).all()
    assert (steps[:, ~within] != 1).any()
    assert made.min() == 0
    assert made.max() == 63


@pytest.mark.parametrize("effect", [0.0, 0.4])
def test_intervals_hold_what_was_planted(effect: float) -> None:
    # 40 worlds: of 95 % intervals fewer than 32 hold it by chance less than once in 1,000 runs.
    held = told = 0
    for seed in range(40):
        draws = np.random.default_rng(seed)
        spend = drawn_spend(1000 + seed, 60, 1)
        shape = adstocked(spend[:, 0], draws.choice(DECAYS)) ** draws.choice(POWERS)
        part = 30 * effect * shape / shape.mean()
        leads = draws.poisson((30 + part) * np.exp(draws.normal(0, 0.08, 60)))
        fit = fit_spend(leads, spend, base(60), draws=100, seed=seed)
        low, high = np.percentile(fit.drawn_leads[:, 0], [2.5, 97.5])
        held += low <= part.sum() <= high
        told += fit.skill > 0 and (low > 0 or high < 0)
    assert held >= 32
    assert told <= 6 if effect == 0 else told >= 24
