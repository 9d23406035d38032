"""Incidence, delayed entry and tests between groups against published numbers and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import (
    chi_square_tail,
    cumulative_incidence,
    gray,
    incidence_at,
    incidence_error,
    incidence_interval,
    incidence_quantile,
    kaplan_meier,
    log_rank,
    quantile_of,
    survival_at,
    survival_error,
    survival_interval,
)

# Freireich et al. (1963), weeks of remission with 6-mercaptopurine and placebo, + is censored; as
# printed in Gehan (1965), Biometrika 52, 203-223.
SIX_MP = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"

# Scrucca, Santucci & Aversa (2010), Bone Marrow Transplant. 45, 1388-1395: months to relapse (r),
# death without it (d) or the end of the study (+), for two kinds of leukaemia.
ALL = (
    "131.77+ 24.03d 1.47d 2.23d .67d 124.83+ 10.53d 123.9+ 2r 1.7d 3.57r .4d .87d 121.1+ 7.5d "
    "6.13r 2.8d 5.37r 2.87r 3.07r 1.7r 1.8r 3.63d 112.23+ 1.67r 7.53r 6.03d 2.53r 8d 82.6+ 6d "
    "4.23r 7.47d 13.07r 1.43d 72.93+ 71.83+ 8.17d 7.57r 2.4r 1.1d 3.3d 1.23r 56.6+ 8.63r 1.1r "
    "5.43d 45.3+ 43.67+ 4.17d 20.83r .37d .27d 35.5+ 4.07r 7.93r 17.23r 3.43d 12.17d 29.2+ 3.63r "
    "24.77+ 6.6d 9.43r 1.87r 19.9+ 7.63r 2.23r 3.23d 16.83+ 16.13+ 2.7d 10.3r"
)
AML = (
    "9.5r 6.33d 2.3d 5.27d 6.3d 10.9d 114.7+ 114.1+ 35r 112.93+ 7.63d 110.37+ 20.93d 2.83d 9.63d "
    "3.17d 9.98d 5.7r 106.13+ 4.2r 9.17d 8.73d 85.1+ 4.8d 3.57d 81.67+ 6.2r 3.47d 1d 6.1d 77+ "
    "76.03+ 28.53r 1.97d 67.8+ 70.2+ 3.03r 5.87r 68.83+ 9.13r 6.07r 59.17+ 58.23+ 58+ 3.6d 1.6r "
    "5.63r 4.4d 13.8d 49.27+ 9.2d 6.7d 12.57r 11.8d 43.2+ 6.63r 42.5+ 1.87r 1.23d 41.3+ 3.9d 4.57d "
    "4.4d 3.7d 3.4d 8.6d 1.3r 35.5+ 2d 8.8d 32.63+ 7.2d 9d 6r 29.9+ 28.7+ 42.17r .13d 12.27r "
    "26.13+ 4.73r 3.93d 2.03r 5r 5.6r 1.2r 5.23d 3.5d 2.8d 1.47d .87d 7.2d 3.57d 4.57d 1.77d 16.6+ "
    "15.17+ 7r 2.53r 14.5+ 2.3r 10.2+ 9.97+ 7.63r"
)


def counts(time, kind, joined=None):
    """Single observations as counts: kind 1 is the event, 2 competes with it, 0 is censored."""
    time, kind = np.asarray(time, dtype=float), np.asarray(kind)
    table = pd.DataFrame(
        {
            "time": time,
            "events": (kind == 1).astype(int),
            "competing": (kind == 2).astype(int),
            "censored": (kind == 0).astype(int),
        }
    )
    if joined is None:
        return table
    table["joined"] = 0
    came = pd.DataFrame({"time": np.asarray(joined, dtype=float), "joined": 1})
    return pd.concat([table, came], ignore_index=True).fillna(0)


def read(text, event="r", other="d"):
    """`8d 6+`: a number and what it ended with; without a sign the event."""
    kinds = {event: 1, other: 2, "+": 0}
    times = [float(each.rstrip("rd+")) for each in text.split()]
    return counts(times, [kinds.get(each[-1], 1) for each in text.split()])


def aalen_johansen(table):
    return cumulative_incidence(
        table["time"], table["events"], table["competing"], table["censored"]
    )


# --- published --------------------------------------------------------------------------------


def test_remission_with_six_mercaptopurine():
    table = read(SIX_MP)
    curve = kaplan_meier(table["time"], table["events"], table["censored"])
    # Kalbfleisch & Prentice (1980), table 1.3, and Kleinbaum & Klein (2005), table 2.3
    assert survival_at(curve, [6, 7, 10, 13, 16, 22, 23]).round(3).tolist() == [
        0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448,
    ]  # fmt: skip
    assert quantile_of(curve, 0.5) == 23
    assert survival_error(curve)[0].round(4) == 0.0764


def test_log_rank_of_the_remissions():
    test = log_rank([read(SIX_MP), read(PLACEBO)])
    assert round(test.statistic, 2) == 16.79  # Kleinbaum & Klein (2005), chapter 2
    assert (test.degrees, test.p_value < 0.0001) == (1, True)


@pytest.mark.parametrize(
    ("event", "other", "statistic", "p_value"), [("r", "d", 2.86, 0.09), ("d", "r", 0.45, 0.50)]
)
def test_gray_of_two_kinds_of_leukaemia(event, other, statistic, p_value):
    """Printed by cmprsk for these data: 2.862 (p 0.0907) for relapse, 0.448 (p 0.503) for death."""
    groups = [read(text, event, other) for text in (ALL, AML)]
    assert [len(group) for group in groups] == [73, 104]
    test = gray(groups)
    assert test.statistic == pytest.approx(statistic, abs=0.005)
    assert test.p_value == pytest.approx(p_value, abs=0.005)
    assert test.degrees == 1


# --- statsmodels ------------------------------------------------------------------------------


@pytest.fixture(params=[1, 2, 3])
def sample(request):
    rng = np.random.default_rng(request.param)
    return rng.integers(0, 40, 300), rng.integers(0, 3, 300), rng.integers(0, 4, 300)


def test_incidence_and_its_error_are_those_of_statsmodels(sample):
    time, kind, _ = sample
    curve = aalen_johansen(counts(time, kind))
    with np.errstate(all="ignore"):
        theirs = CumIncidenceRight(time, kind)
    assert curve["time"].tolist() == theirs.times.tolist()
    np.testing.assert_allclose(curve["incidence"], theirs.cinc[0], atol=1e-12)
    known = np.isfinite(theirs.cinc_se[0])
    assert known.sum() >= len(known) - 1  # theirs has none where the last at risk go
    np.testing.assert_allclose(incidence_error(curve)[known], theirs.cinc_se[0][known], atol=1e-12)


def test_survival_error_is_that_of_statsmodels_with_delayed_entry(sample):
    time, kind, _ = sample
    joined = np.random.default_rng(9).integers(0, 1 + time // 2)
    table = counts(time, kind == 1, joined)
    curve = kaplan_meier(table["time"], table["events"], table["censored"], joined=table["joined"])
    curve = curve[curve["events"] > 0].reset_index(drop=True)
    theirs = SurvfuncRight(time, (kind == 1) * 1, entry=joined - 1)  # at risk only after it
    assert curve["at_risk"].tolist() == theirs.n_risk.tolist()
    np.testing.assert_allclose(curve["survival"], theirs.surv_prob, atol=1e-12)
    known = np.isfinite(theirs.surv_prob_se)
    np.testing.assert_allclose(survival_error(curve)[known], theirs.surv_prob_se[known], atol=1e-12)


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_log_rank_is_that_of_statsmodels(sample, groups):
    time, kind, group = sample
    group = group % groups
    test = log_rank([counts(time[group == g], kind[group == g]) for g in range(groups)])
    statistic, p_value = survdiff(time, (kind == 1) * 1, group)
    assert (test.statistic, test.p_value) == pytest.approx((statistic, p_value), abs=1e-9)
    assert test.degrees == groups - 1


def test_chi_square_tail_is_that_of_scipy():
    for degrees in range(1, 40):
        for statistic in (0.0, 0.01, 0.7, 3.84, 12.0, 60.0):
            found = chi_square_tail(statistic, degrees)
            assert found == pytest.approx(chi2.sf(statistic, degrees), rel=1e-9)


# --- Gray's test, held by what it has to be ------------------------------------------------------


def test_gray_without_other_events_is_the_log_rank_test():
    rng = np.random.default_rng(4)
    time, kind, group = rng.random(400), rng.integers(0, 2, 400), rng.integers(0, 3, 400)
    groups = [counts(time[group == g], kind[group == g]) for g in range(3)]
    one, other = gray(groups), log_rank(groups)
    assert one.statistic == pytest.approx(other.statistic, rel=0.02)  # no ties: near, not equal
    assert one.degrees == other.degrees == 2


def test_gray_rejects_as_often_as_it_says():
    """Equal groups with other events and censoring: p is uniform, so 5 % are below 0.05."""
    rng = np.random.default_rng(6)
    low = 0
    for _ in range(200):
        time = np.ceil(rng.exponential(20, 120))
        kind = rng.choice([0, 1, 2], size=120, p=[0.3, 0.3, 0.4])
        group = rng.integers(0, 3, 120)
        test = gray([counts(time[group == g], kind[group == g]) for g in range(3)])
        low += test.p_value < 0.05
    assert 0.015 < low / 200 < 0.1


def test_gray_sees_what_the_log_rank_test_cannot():
    """The same rate of the event among those at risk, but one group loses most before it."""
    rng = np.random.default_rng(2)
    groups = []
    for loss in (0.01, 0.2):
        event, other = rng.exponential(50, 500), rng.exponential(1 / loss, 500)
        time = np.minimum(np.minimum(event, other), 20)
        kind = np.where(time == 20, 0, np.where(event < other, 1, 2))
        groups.append(counts(time, kind))
    assert gray(groups).p_value < 0.001
    assert log_rank(groups).p_value > 0.05


def test_a_group_that_nobody_watched_adds_no_degree_of_freedom():
    rng = np.random.default_rng(8)
    groups = [counts(rng.integers(5, 30, 50), rng.integers(0, 3, 50)) for _ in range(2)]
    gone = counts([1, 2], [0, 0])  # censored before anything happened
    assert gray([*groups, gone]).degrees == log_rank([*groups, gone]).degrees == 1
    nothing = gray([gone, gone])
    assert (nothing.degrees, np.isnan(nothing.statistic), np.isnan(nothing.p_value)) == (
        0,
        True,
        True,
    )
    with pytest.raises(CallError):
        gray([])


# --- curves -------------------------------------------------------------------------------------

# time     1    2    3    4
# event    1         1
# other         1
# censored      1         1      5 watched; the fifth only from time 2 on
LATE = {"times": [1, 2, 3, 4, 0, 2], "events": [1, 0, 1, 0, 0, 0], "competing": [0, 1, 0, 0, 0, 0]}


# Eight in three groups (0: two, 1: five, 2: one), last seen on days 0 to 2. Two of them had the
# event: one of group 0 on day 1, when nobody of group 1 is watched, and one of group 1 on day 2,
# when nobody else is left. So there is one way to differ.
def test_groups_that_differ_in_fewer_directions_have_fewer_degrees():
    time, kind = np.array([2, 0, 1, 1, 0, 2, 0, 0]), np.array([0, 2, 1, 2, 2, 1, 0, 0])
    joined, group = np.array([2, 0, 0, 1, 0, 2, 0, 0]), np.array([1, 1, 0, 2, 0, 1, 1, 1])
    found = gray([counts(*(x[group == each] for x in (time, kind, joined))) for each in range(3)])
    assert (found.statistic, found.degrees) == (pytest.approx(9 / 22), 1)
    assert found.p_value == pytest.approx(chi2.sf(9 / 22, 1))


# On day 3 nobody of the second group is left, and the two events of the first are all there is, so
# they cannot vary, whatever the correction for ties divides by.
def test_gray_with_as_many_events_at_once_as_are_left():
    found = gray([counts([3, 3], [1, 1]), counts([1, 1], [1, 0])])
    assert found.degrees == 1
    assert found.statistic > 0


@pytest.mark.parametrize("test", [gray, log_rank])
def test_tests_of_a_handful_are_numbers_or_missing(test):
    rng = np.random.default_rng(0)
    for _ in range(120):
        size = int(rng.choice([2, 3, 5, 8]))
        time, kind, place = (rng.integers(0, 3, size) for _ in range(3))
        joined = np.minimum(rng.integers(0, 3, size), time)
        groups = [counts(*(x[place == n] for x in (time, kind, joined))) for n in range(3)]
        found = test(groups)
        assert np.isnan(found.statistic) == (found.degrees == 0)
        assert np.isnan(found.statistic) or found.statistic >= 0
        assert np.isnan(found.p_value) or 0 <= found.p_value <= 1


def test_who_joins_late_is_at_risk_from_then_on():
    curve = cumulative_incidence(**LATE, censored=[0, 1, 0, 1, 0, 0], joined=[0, 0, 0, 0, 4, 1])
    assert curve["at_risk"].tolist() == [4, 4, 2, 1]
    assert curve["incidence"].tolist() == [0.25, 0.25, 0.25 + 0.75 * 0.75 / 2, 0.53125]


def test_nobody_is_last_seen_before_they_joined():
    with pytest.raises(CallError, match="before they joined"):
        cumulative_incidence([1, 2], [1, 0], [0, 0], [0, 0], joined=[0, 1])


def test_quantiles_are_those_of_who_gets_there():
    curve = cumulative_incidence([2, 4, 9, 10], [1, 1, 1, 0], [0, 0, 0, 3], [0, 0, 0, 4])
    assert [incidence_quantile(curve, p) for p in (0.3, 0.5, 0.67, 0.9)] == [2, 4, 9, 9]
    assert np.isnan(incidence_quantile(curve.iloc[:0], 0.5))
    with pytest.raises(CallError):
        incidence_quantile(curve, 1.0)


SPELLS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2), st.integers(0, 12)), min_size=1, max_size=30
)


@given(SPELLS)
def test_laws_of_curves_with_delayed_entry(spells):
    time = np.array([max(last, first) for last, _, first in spells])
    joined = np.array([min(last, first) for last, _, first in spells])
    kind = np.array([kind for _, kind, _ in spells])
    table = counts(time, kind, joined)
    names = ("time", "events", "competing", "censored")
    curve = cumulative_incidence(*(table[name] for name in names), joined=table["joined"])
    for row in curve.itertuples():  # at risk: joined by then, not gone before
        assert row.at_risk == ((joined <= row.time) & (time >= row.time)).sum()
    total = curve["incidence"] + curve["competing_incidence"] + curve["survival"]
    np.testing.assert_allclose(total, 1, atol=1e-9)
    error = incidence_error(curve)
    low, high = incidence_interval(curve["incidence"], error)
    inner = ~np.isnan(low)
    assert (low[inner] <= curve["incidence"][inner] + 1e-12).all()
    assert (high[inner] >= curve["incidence"][inner] - 1e-12).all()
    hypothetical = kaplan_meier(
        table["time"],
        table["events"],
        table["competing"] + table["censored"],
        joined=table["joined"],
    )
    assert (1 - hypothetical["survival"] >= curve["incidence"] - 1e-9).all()
    assert (incidence_at(curve, [-1.0, 99.0]) == [0, curve["incidence"].iloc[-1]]).all()


def test_without_other_events_the_interval_is_that_of_kaplan_meier(sample):
    time, kind, _ = sample
    table = counts(time, kind == 1)
    plain = kaplan_meier(table["time"], table["events"], table["censored"])
    curve = aalen_johansen(table)
    low, high = incidence_interval(curve["incidence"], incidence_error(curve))
    theirs_low, theirs_high = survival_interval(plain)
    np.testing.assert_allclose(1 - high, theirs_low, atol=1e-9)
    np.testing.assert_allclose(1 - low, theirs_high, atol=1e-9)
