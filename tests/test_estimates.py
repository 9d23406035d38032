"""Intervals and survival curves against published numbers and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import (
    beta_posterior,
    cumulative_incidence,
    kaplan_meier,
    quantile_of,
    survival_at,
    survival_interval,
    wilson,
)

# --- proportions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # Newcombe (1998), Statist. Med. 17, 857-872, table I, method 3 (score, no correction)
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_intervals(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert [round(float(bound), 4) for bound in wilson(successes, trials)] == [low, high]


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95, 0.999])
def test_wilson_agrees_with_statsmodels(confidence: float) -> None:
    trials = np.repeat(np.arange(1, 40), 40)
    successes = np.minimum(np.tile(np.arange(40), 39), trials)
    ours = wilson(successes, trials, confidence=confidence)
    theirs = proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
    for bound, reference in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(bound, reference, rtol=1e-9, atol=1e-12)


def test_none_of_none_has_no_interval() -> None:
    low, high = wilson([0, 0, 5, 5], [0, 5, 5, 10])
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, False, False, False]
    assert low[1] == 0  # exactly: nobody of five
    assert high[2] == 1  # exactly: all of five


def test_none_and_all_have_exact_bounds() -> None:
    trials = np.arange(1, 3_000)
    assert (wilson(0, trials)[0] == 0).all()
    assert (wilson(trials, trials)[1] == 1).all()


def test_wilson_refuses_what_cannot_be_counted() -> None:
    with pytest.raises(CallError, match="more successes than trials"):
        wilson(3, 2)
    with pytest.raises(CallError, match="cannot be negative"):
        wilson(-1, 2)
    with pytest.raises(CallError, match="confidence is between 0 and 1, not 95"):
        wilson(1, 2, confidence=95)


# --- survival ------------------------------------------------------------------------------------

# Remission of 21 patients under 6-MP in weeks: Freireich et al. (1963), Blood 21, 699-716.
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
IN_REMISSION = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def remission() -> pd.DataFrame:
    times = RELAPSED + IN_REMISSION
    relapses = [1] * len(RELAPSED) + [0] * len(IN_REMISSION)
    return kaplan_meier(times, relapses, [1 - each for each in relapses])


def test_the_curve_of_freireich_is_the_published_one() -> None:
    # Kleinbaum & Klein, Survival Analysis, chapter 2: the remission data, group 1.
    curve = remission().query("events > 0")
    assert curve["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve["events"].tolist() == [3, 1, 1, 1, 1, 1, 1]
    assert curve["survival"].round(3).tolist() == [
        0.857,
        0.807,
        0.753,
        0.690,
        0.627,
        0.538,
        0.448,
    ]
    assert quantile_of(remission(), 0.5) == 23


# Five leads wait:   2 ●        ● contacted, ○ not contacted when the data ended
#                    4 ●○       at 4 the one still waiting was at risk of the contact
#                    5 ○
#                    7 ●
# S(2) = 4/5   S(4) = 4/5 · 3/4 = 3/5   S(7) = 3/5 · 0/1 = 0
def test_a_drawn_curve() -> None:
    curve = kaplan_meier([7, 4, 2, 5, 4], [1, 1, 1, 0, 0], [0, 0, 0, 1, 1])
    expected = pd.DataFrame(
        {
            "time": [2.0, 4.0, 5.0, 7.0],
            "at_risk": [5.0, 4.0, 2.0, 1.0],
            "events": [1.0, 1.0, 0.0, 1.0],
            "censored": [0.0, 1.0, 1.0, 0.0],
            "survival": [4 / 5, 3 / 5, 3 / 5, 0],
        }
    )
    pd.testing.assert_frame_equal(curve, expected, rtol=1e-15)
    assert quantile_of(curve, 0.2) == 2  # reached exactly, in spite of 1 - 1/5 in floating point
    assert quantile_of(curve, 0.4) == 4
    assert quantile_of(curve, 0.41) == 7
    assert survival_at(curve, [0, 1.99, 2, 6.9, 7, 99]).tolist() == pytest.approx(
        [1, 1, 4 / 5, 3 / 5, 0, 0]
    )


def test_a_quantile_that_is_not_reached_is_missing() -> None:
    curve = kaplan_meier([1, 2], [1, 0], [0, 2])  # one of three has finished
    assert quantile_of(curve, 1 / 3) == 1
    assert np.isnan(quantile_of(curve, 0.5))
    with pytest.raises(CallError, match="between 0 and 1, not 50"):
        quantile_of(curve, 50)


def test_nobody_has_an_empty_curve() -> None:
    curve = kaplan_meier([], [], [])
    assert curve.columns.tolist() == ["time", "at_risk", "events", "censored", "survival"]
    assert curve.empty
    assert np.isnan(quantile_of(curve, 0.5))
    assert survival_at(curve, [0, 5]).tolist() == [1, 1]
    assert kaplan_meier([3], [0], [0]).empty


def test_a_curve_refuses_what_cannot_be_counted() -> None:
    with pytest.raises(CallError, match="cannot be negative"):
        kaplan_meier([-1], [1], [0])
    with pytest.raises(CallError, match="cannot be missing"):
        kaplan_meier([np.nan], [1], [0])
    with pytest.raises(CallError, match="Counts of censored cannot be negative"):
        kaplan_meier([1], [1], [-1])
    with pytest.raises(CallError, match="time, events, censored must be of one length"):
        kaplan_meier([1, 2], [1], [0])


def drawn_waits(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Waiting times with ties, and what ended them: 0 nothing yet, 1 or 2 an event."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 25, size=120), rng.integers(0, 3, size=120)


@pytest.mark.parametrize("seed", range(5))
def test_curve_and_interval_agree_with_statsmodels(seed: int) -> None:
    times, ended = drawn_waits(seed)
    curve = kaplan_meier(times, ended > 0, ended == 0)
    reference = SurvfuncRight(times, (ended > 0).astype(int))
    at_events = curve[curve["events"] > 0]
    np.testing.assert_array_equal(at_events["time"], reference.surv_times)
    np.testing.assert_array_equal(at_events["at_risk"], reference.n_risk)
    np.testing.assert_allclose(at_events["survival"], reference.surv_prob, rtol=1e-12)
    assert quantile_of(curve, 0.5) == reference.quantile(0.5)
    # Their standard error is of S; ours is carried to the log(-log) scale and back.
    low, high = (bound[curve["events"] > 0] for bound in survival_interval(curve))
    survival, se = reference.surv_prob, reference.surv_prob_se
    inner = (survival > 1e-9) & (survival < 1)
    log = np.log(survival[inner])
    spread = 1.959963984540054 * se[inner] / (survival[inner] * np.abs(log))
    np.testing.assert_allclose(low[inner], np.exp(log * np.exp(spread)), rtol=1e-9)
    np.testing.assert_allclose(high[inner], np.exp(log * np.exp(-spread)), rtol=1e-9)


def test_the_interval_of_freireich_is_the_published_one() -> None:
    # Stata's `sts list` for these data at 10 weeks: 0.7529 (0.5032, 0.8894), log(-log) scale.
    curve = remission()
    low, high = survival_interval(curve)
    at_ten = curve["time"] == 10
    assert [round(float(bound[at_ten][0]), 4) for bound in (low, high)] == [0.5032, 0.8894]


@pytest.mark.parametrize("seed", range(5))
def test_competing_events_agree_with_statsmodels(seed: int) -> None:
    times, ended = drawn_waits(seed)
    curve = cumulative_incidence(times, ended == 1, ended == 2, ended == 0)
    with np.errstate(divide="ignore", invalid="ignore"):  # their variance where nobody is left
        reference = CumIncidenceRight(times, ended)
    on = np.searchsorted(curve["time"], reference.times)
    np.testing.assert_allclose(curve["incidence"].to_numpy()[on], reference.cinc[0], rtol=1e-12)
    np.testing.assert_allclose(
        curve["competing_incidence"].to_numpy()[on], reference.cinc[1], rtol=1e-12
    )


# Four leads: won at 1, lost at 2, open since 3, won at 4.
# won by 1: 1/4;  lost by 2: 3/4 · 1/3 = 1/4;  won by 4: 1/4 + 1/2 · 1/1 = 3/4
def test_drawn_competing_events() -> None:
    curve = cumulative_incidence([1, 2, 3, 4], [1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0])
    assert curve["incidence"].tolist() == pytest.approx([1 / 4, 1 / 4, 1 / 4, 3 / 4])
    assert curve["competing_incidence"].tolist() == pytest.approx([0, 1 / 4, 1 / 4, 1 / 4])
    assert curve["survival"].tolist() == pytest.approx([3 / 4, 1 / 2, 1 / 2, 0])


# --- posterior -----------------------------------------------------------------------------------


def test_the_posterior_has_the_moments_of_its_beta() -> None:
    # Beta(a, b): mean a/(a+b), variance ab/((a+b)^2 (a+b+1)); here a = 3.5, b = 7.8.
    rates = beta_posterior(3, 10.3, draws=200_000, rng=np.random.default_rng(1))
    a, b = 3.5, 7.8
    assert rates.mean() == pytest.approx(a / (a + b), abs=0.001)
    assert rates.var() == pytest.approx(a * b / (a + b) ** 2 / (a + b + 1), rel=0.02)


@pytest.mark.parametrize(("successes", "trials"), [(0, 15), (3, 15), (7.0, 15.5), (40, 50)])
def test_the_posterior_has_the_quantiles_of_scipy(successes: float, trials: float) -> None:
    rates = beta_posterior(successes, trials, draws=200_000, rng=np.random.default_rng(2))
    levels = [0.025, 0.25, 0.5, 0.75, 0.975]
    exact = beta.ppf(levels, successes + 0.5, trials - successes + 0.5)
    assert np.quantile(rates, levels) == pytest.approx(exact, abs=0.002)


def test_draws_come_first_and_a_seed_repeats_them() -> None:
    first, again = (
        beta_posterior([1, 2, 0], [4, 4, 0], draws=50, rng=np.random.default_rng(3))
        for _ in range(2)
    )
    assert first.shape == (50, 3)
    assert (first == again).all()
    assert beta_posterior(1, 2, draws=50, rng=np.random.default_rng(3)).shape == (50,)


def test_fewer_weighted_trials_than_successes_is_no_failure() -> None:
    rng = np.random.default_rng(4)
    assert beta_posterior(5, 4.2, draws=4_000, rng=rng).mean() == pytest.approx(5.5 / 6, abs=0.01)


def test_a_posterior_needs_counts() -> None:
    rng = np.random.default_rng(5)
    with pytest.raises(CallError, match="some are missing"):
        beta_posterior(np.nan, 3, draws=10, rng=rng)
    with pytest.raises(CallError, match="successes without trials"):
        beta_posterior(1, 0, draws=10, rng=rng)
    with pytest.raises(CallError, match="At least one draw"):
        beta_posterior(1, 3, draws=0, rng=rng)
