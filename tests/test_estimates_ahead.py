"""What is still to come of those who wait, in groups that know little themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.estimates import (
    Shared,
    cumulative_incidence,
    incidence_at,
    incidence_error,
    still_to_come,
)

LONG = 400


def counts(time, kind, joined=None):
    """Single observations as counts: kind 1 is the event, 2 competes with it, 0 is censored."""
    time, kind = np.asarray(time), np.asarray(kind)
    late = np.zeros(len(time)) if joined is None else np.asarray(joined)
    rows = pd.DataFrame(
        {
            "time": np.concatenate([time, late]),
            **{
                name: np.concatenate([kind == each, np.zeros(len(time))])
                for name, each in (("events", 1), ("competing", 2), ("censored", 0))
            },
            "joined": np.repeat([0, 1], len(time)),
        }
    )
    return rows.groupby("time", as_index=False).sum()


def plain(table):
    columns = (table[name] for name in ("time", "events", "competing", "censored"))
    return cumulative_incidence(*columns, joined=table["joined"])


def chances(shared, table, ages, *, draws=400, seed=1):
    rng = np.random.default_rng(seed)
    drawn = shared.drawn(draws=draws, rng=rng)
    return shared.drawn_still_to_come(shared.leaned(table), ages, drawn=drawn, rng=rng)


# 10 watched: 2 at time 1, 3 lost at time 2, 1 at time 3, 4 open at 5. I = 0.2, 0.2, 0.3; S = 0.8 …
TEN = counts([1, 1, 2, 2, 2, 3, 5, 5, 5, 5], [1, 1, 2, 2, 2, 1, 0, 0, 0, 0])


def test_what_is_still_to_come():
    curve = plain(TEN)
    assert still_to_come(curve, [0, 1, 2, 3]).tolist() == pytest.approx([0.3, 0.1 / 0.8, 0.2, 0])


def test_all_lean_on_themselves():
    shared, curve = Shared.of(TEN), plain(TEN)
    leaned = shared.leaned(TEN).set_index("time").loc[curve["time"]]
    for name in ("at_risk", "survival", "incidence"):
        assert leaned[name].tolist() == pytest.approx(curve[name].tolist())


def test_draws_vary_as_the_curve_does():
    rng = np.random.default_rng(2)
    time, kind = rng.integers(1, 9, 300), rng.choice(3, 300, p=[0.4, 0.3, 0.3])
    table = counts(np.append(time, 8), np.append(kind, 1))  # an event at the end: no time after it
    found = chances(Shared.of(table), table, [0], draws=4000)[:, 0]
    curve = plain(table)
    assert found.mean() == pytest.approx(curve["incidence"].iloc[-1], abs=0.01)
    assert found.std() == pytest.approx(incidence_error(curve)[-1], rel=0.06)


# Of all, 30 of 100 see the event at time 10, and nobody is lost: one span, H = 0.3, so half an
# event is 0.5 / 0.3 = 1.67 others. A group of 4, all watched up to 10, none with the event, has a
# hazard of 0.5 / (4 + 1.67) = 0.088; a group watched only up to 5 has that of all, 0.3.
def test_a_group_without_events_leans_on_all():
    late = counts([10] * 100, [1] * 30 + [0] * 70)
    short, watched = counts([5] * 6, [0] * 6), counts([10] * 4, [0] * 4)
    shared = Shared.of(pd.concat([late, short, watched]))
    of_all = 30 / 104
    added = 0.5 / of_all
    assert still_to_come(shared.leaned(watched), [7]) == pytest.approx(0.5 / (4 + added))
    assert still_to_come(shared.leaned(short), [7]) == pytest.approx(of_all)
    for group in (watched, short):
        low, high = np.quantile(chances(shared, group, [7]), [0.025, 0.975])
        assert low < 0.05
        assert 0.2 < high < 1
    large = counts([10] * 4000, [1] * 400 + [0] * 3600)
    shared = Shared.of(pd.concat([late, large]))
    assert still_to_come(shared.leaned(large), [7]) == pytest.approx(0.1, abs=0.001)


# 0 of 30 who were watched for 50 days after the last event say no more than "fewer than one in
# ten" (half an event in 30 leads: 97.5 % of the gamma distribution of shape 1/2 is 2.51).
def test_none_of_few_is_not_sure_to_be_nothing():
    table = counts([10] * 5 + [60] * 30, [1] * 5 + [0] * 30)
    found = chances(Shared.of(table), table, [20], draws=4000)
    assert still_to_come(plain(table), [20]).tolist() == [0]
    assert np.quantile(found, 0.975) == pytest.approx(2.51 / 30, rel=0.1)


def test_nothing_comes_after_the_longest_time():
    found = chances(Shared.of(TEN), TEN, [5, 9])
    assert (found == 0).all()


SPELLS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 9), st.integers(0, 2)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(SPELLS)
def test_chances_are_chances_whatever_the_groups(spells):
    first, kind, other, group = (np.array(each) for each in zip(*spells, strict=True))
    time, joined = np.maximum(first, other), np.minimum(first, other)
    shared = Shared.of(counts(time, kind, joined))
    ages = np.arange(-1, 12)
    for each in np.unique(group):
        own = group == each
        table = counts(time[own], kind[own], joined[own])
        curve = shared.leaned(table)
        drawn = chances(shared, table, ages, draws=20)
        for found in (drawn, still_to_come(curve, ages), incidence_at(curve, ages)):
            assert np.isfinite(found).all()
            assert ((found >= 0) & (found <= 1)).all()


def lived(rng, size, share, typical):
    """Leads over 400 days: their age, when they ended and how, and whether they will win."""
    age = rng.integers(0, LONG, size)
    won = np.where(rng.random(size) < share, np.floor(rng.lognormal(typical, 0.8, size)), np.inf)
    lost = np.where(rng.random(size) < 0.5, np.floor(rng.lognormal(typical, 1.0, size)), np.inf)
    won = np.where(won < LONG, won, np.inf)
    end = np.minimum(won, lost)
    kind = np.where(end >= age, 0, np.where(won <= lost, 1, 2))
    return age, np.minimum(end, age), kind, (won <= lost) & np.isfinite(won)


def test_intervals_of_small_unequal_segments_hold_the_truth_as_often_as_they_say():
    """20 to 200 leads, 10 to 25 % of them won, typically after 25 to 100 days."""
    kinds = ((20, 0.25, 3.2), (40, 0.15, 4.2), (80, 0.1, 3.8), (120, 0.2, 4.6), (200, 0.12, 3.4))
    segments, cohorts, zero = [], [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        worlds = [lived(rng, *each) for each in kinds]
        tables = [counts(end, kind) for _, end, kind, _ in worlds]
        shared = Shared.of(pd.concat(tables))
        for (age, _, kind, wins), table in zip(worlds, tables, strict=True):
            waiting = kind == 0
            chance = chances(shared, table, age[waiting], draws=100, seed=seed)
            drawn = rng.random(chance.shape) < chance
            for some in (age >= 0, age < 60, (age >= 60) & (age < 150), age >= 150):
                more = drawn[:, some[waiting]].sum(axis=1)
                if not some[waiting].any():
                    continue
                low, high = np.quantile(more, [0.025, 0.975])
                held = low <= (some & waiting & wins).sum() <= high
                (segments if some.all() else cohorts).append(held)
                if some.all():
                    zero.append(low == high)
    assert 0.92 <= np.mean(segments) <= 0.995
    assert 0.92 <= np.mean(cohorts) <= 0.995
    assert np.mean(zero) <= 0.02
