"""Laws that every interval and survival curve obeys, whatever the counts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.estimates import (
    cumulative_incidence,
    kaplan_meier,
    quantile_of,
    survival_interval,
    wilson,
)

counted = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
waits = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)),
    min_size=1,
    max_size=15,
)


@given(counted, st.floats(0.01, 0.999))
def test_the_observed_rate_lies_in_its_interval(counts: tuple[int, int], level: float) -> None:
    low, high = wilson(*counts, confidence=level)
    rate = counts[0] / counts[1]
    assert 0 <= low <= rate + 1e-15
    assert rate - 1e-15 <= high <= 1


@given(counted)
def test_successes_and_failures_mirror_each_other(counts: tuple[int, int]) -> None:
    successes, trials = counts
    low, high = wilson(successes, trials)
    mirrored_low, mirrored_high = wilson(trials - successes, trials)
    assert abs(low - (1 - mirrored_high)) < 1e-12
    assert abs(high - (1 - mirrored_low)) < 1e-12


@given(counted, st.integers(2, 20))
def test_more_of_the_same_narrows_the_interval(counts: tuple[int, int], times: int) -> None:
    low, high = wilson(*counts)
    narrow_low, narrow_high = wilson(counts[0] * times, counts[1] * times)
    assert narrow_high - narrow_low < high - low


@given(counted, st.floats(0.05, 0.9))
def test_more_confidence_widens_the_interval(counts: tuple[int, int], level: float) -> None:
    low, high = wilson(*counts, confidence=level)
    wide_low, wide_high = wilson(*counts, confidence=level + 0.05)
    assert wide_low <= low
    assert wide_high >= high


def columns(rows: list[tuple[int, ...]]) -> list[list[int]]:
    return [list(column) for column in zip(*rows, strict=True)]


@given(waits)
def test_survival_only_falls_and_keeps_within_its_interval(rows: list[tuple[int, ...]]) -> None:
    times, events, censored, _ = columns(rows)
    curve = kaplan_meier(times, events, censored)
    survival = np.concatenate([[1.0], curve["survival"]])
    assert (np.diff(survival) <= 0).all()
    assert ((survival >= 0) & (survival <= 1)).all()
    low, high = survival_interval(curve)
    known = ~np.isnan(low)
    assert (low[known] <= curve["survival"][known]).all()
    assert (high[known] >= curve["survival"][known]).all()


@given(waits, st.randoms(use_true_random=False))
def test_order_and_bundling_change_nothing(rows: list[tuple[int, ...]], random: object) -> None:
    times, events, censored, _ = columns(rows)
    single = [
        one
        for time, seen, open_ in zip(times, events, censored, strict=True)
        for one in [(time, 1, 0)] * seen + [(time, 0, 1)] * open_
    ]
    random.shuffle(single)  # type: ignore[attr-defined]
    one_by_one = kaplan_meier(*(columns(single) or [[], [], []]))
    pd.testing.assert_frame_equal(one_by_one, kaplan_meier(times, events, censored))


def redistributed(times: list[int], events: list[int], censored: list[int]) -> dict[int, Fraction]:
    """Survival after each time by the rule of Efron (1967), in exact fractions.

    Everybody starts with a mass of 1; who is last seen waiting hands it to those who were seen
    for longer, in equal parts. At one time, events come first.
    """
    rows = list(zip(times, events, censored, strict=True))
    people = sorted(
        [(time, "1 event") for time, count, _ in rows for _ in range(count)]
        + [(time, "2 open") for time, _, count in rows for _ in range(count)]
    )
    mass = [Fraction(1)] * len(people)
    waiting = Fraction(len(people))
    found = {}
    for number, (time, end) in enumerate(people):
        later = range(number + 1, len(people))
        if end == "1 event":
            waiting -= mass[number]
        for other in later if end == "2 open" else ():
            mass[other] += mass[number] / len(later)
        found[time] = waiting / len(people)
    return found


@given(waits)
def test_the_curve_is_that_of_redistribution_to_the_right(rows: list[tuple[int, ...]]) -> None:
    times, events, censored, _ = columns(rows)
    curve = kaplan_meier(times, events, censored)
    expected = redistributed(times, events, censored)
    assert curve["time"].tolist() == sorted(expected)
    np.testing.assert_allclose(
        curve["survival"], [float(expected[time]) for time in sorted(expected)], atol=1e-12
    )


@given(waits, st.floats(0.01, 0.98))
def test_a_larger_share_takes_no_less_time(rows: list[tuple[int, ...]], p: float) -> None:
    times, events, censored, _ = columns(rows)
    curve = kaplan_meier(times, events, censored)
    early, late = quantile_of(curve, p), quantile_of(curve, p + 0.01)
    assert np.isnan(late) or early <= late


@given(waits)
def test_won_lost_and_neither_sum_to_all(rows: list[tuple[int, ...]]) -> None:
    times, won, lost, still_open = columns(rows)
    curve = cumulative_incidence(times, won, lost, still_open)
    shares = curve[["survival", "incidence", "competing_incidence"]].sum(axis=1)
    np.testing.assert_allclose(shares, 1.0, atol=1e-12)
    either = kaplan_meier(times, np.add(won, lost), still_open)
    np.testing.assert_allclose(curve["survival"], either["survival"], atol=1e-12)
    # Leaving competitors out as if they might still win promises too much.
    naive = kaplan_meier(times, won, np.add(lost, still_open))
    assert (curve["incidence"] <= 1 - naive["survival"] + 1e-12).all()
