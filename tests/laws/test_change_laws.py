"""What holds for every change, whatever its counts, and how often its intervals are right."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from funnel_analytics.metrics.change import explain_change
from funnel_analytics.metrics.change.cohorts import Cohorts
from funnel_analytics.metrics.change.curves import StepCurve
from funnel_analytics.metrics.change.measures import Measure
from funnel_analytics.metrics.change.split import split_change
from funnel_analytics.metrics.change.tables import drawn_parts, factor_table
from funnel_analytics.periods import month
from tests.builders import build_warehouse, three_stages

MEASURES = {
    "won_leads": Measure("won_leads", "count", 1, 4),
    "won_rate": Measure("won_rate", "rate", 1, 4),
    "revenue": Measure("revenue", "revenue", 1, 4),
    "second": Measure("b_to_d", "rate", 2, 4),
}
COUNTS = st.one_of(
    st.tuples(*[st.integers(0, 12)] * 4).map(lambda each: sorted(each, reverse=True)),
    st.just([0, 0, 0, 0]),
)
AGES = st.integers(0, 30)


def cohorts(counts, ages, amounts):
    """Counts by side, segment and stage; every step of a side is as old as `ages` says."""
    furthest = np.array(counts, dtype=float)
    previous, reached = furthest[:, :, :-1], furthest[:, :, 1:]
    segments = previous.shape[1]
    times, curves = [], []
    for step in range(3):
        rows = [
            {
                "cell": side * segments + segment,
                "age_days": ages[side],
                "hidden_days": 0,
                "age_seconds": ages[side] * 86400 * previous[side, segment, step],
                "hidden_seconds": 0,
                "previous_leads": previous[side, segment, step],
            }
            for side in (0, 1)
            for segment in range(segments)
        ]
        times.append(pd.DataFrame(rows))
        days = pd.DataFrame({"days": [1, 5, 20], "entered_leads": [4, 6, 3]})
        curves.append(StepCurve(days.assign(waiting_leads=[2, 3, 9])))
    names = [f"s{number}" for number in range(segments)]
    won = {
        (side, segment): pd.DataFrame(
            {"amount": [amounts[side]], "won_leads": [reached[side, segment, 2]]}
        )
        for side in (0, 1)
        for segment in range(segments)
        if reached[side, segment, 2]
    }
    shown = pd.DataFrame({"segment": names, "is_folded": False, "segment_leads": 9})
    return Cohorts(
        shown.assign(merged_groups=1), previous, reached, tuple(times), tuple(curves), won, True
    )


def parts(world, measure):
    factors = world.factors(measure)
    return split_change(factors.values[0, 0], factors.values[0, 1])


WORLDS = st.builds(
    cohorts,
    st.integers(1, 4).flatmap(
        lambda size: st.tuples(*[st.lists(COUNTS, min_size=size, max_size=size)] * 2)
    ),
    st.tuples(AGES, AGES),
    st.tuples(st.integers(1, 900), st.integers(1, 900)),
)


@settings(max_examples=60, deadline=None)
@given(WORLDS, st.sampled_from(sorted(MEASURES)))
def test_parts_sum_to_the_change(world, name):
    measure = MEASURES[name]
    observed = world.observed(measure)
    if not np.isnan(observed).any():
        scale = max(1.0, np.abs(observed).max())
        assert parts(world, measure).sum() == pytest.approx(
            observed[1] - observed[0], abs=1e-9 * scale
        )


@settings(max_examples=30, deadline=None)
@given(WORLDS, st.sampled_from(sorted(MEASURES)))
def test_the_way_back_is_the_way_there(world, name):
    measure = MEASURES[name]
    values = world.factors(measure).values[0]
    there, back = split_change(values[0], values[1]), split_change(values[1], values[0])
    assert there == pytest.approx(-back, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(WORLDS)
def test_a_group_of_one_side_has_the_rates_and_the_time_of_the_other(world):
    measure = MEASURES["revenue"]
    factors = world.factors(measure)
    own = [place for place, (kind, _) in enumerate(factors.names) if kind not in ("volume", "mix")]
    alone = (world.base(measure) == 0).any(axis=0)
    before, after = factors.values[0][:, alone][:, :, own]
    assert (before == after).all()


# Of the second group of the later side (4 days old) nobody entered the second step, so nobody could
# take the third. Of 27 leads 4 entered on day 1, then 6 of 21 and 3 of 12: by day 4 the data hold
# 4/27 of the eventual 1 - 23/27 x 15/21 x 9/12, of the third step as for the others of its side.
def test_a_group_that_did_not_come_so_far_has_the_time_of_its_side():
    far, near = [40, 30, 20, 10], [12, 6, 0, 0]
    factors = cohorts([[far, far], [far, near]], (10_000, 4), (1, 1)).factors(MEASURES["won_leads"])
    names = [kind for kind, _ in factors.names]
    time = factors.values[0, :, :, names.index("time")]
    by_now = 4 / 27 / (1 - 23 / 27 * 15 / 21 * 9 / 12)
    first = factors.values[0, 1, 1, names.index("step")]
    assert time[0] == pytest.approx([1, 1])
    assert time[1, 1] == pytest.approx(6 / 12 / first * by_now * by_now)


@settings(max_examples=30, deadline=None)
@given(WORLDS)
def test_rates_and_shares_are_no_more_than_all(world):
    factors = world.factors(MEASURES["won_leads"])
    for place, (kind, _) in enumerate(factors.names):
        values = factors.values[..., place]
        assert (values >= 0).all()
        assert kind == "volume" or (values <= 1 + 1e-12).all()


@settings(max_examples=30, deadline=None)
@given(WORLDS, st.sampled_from(sorted(MEASURES)))
def test_draws_are_numbers_and_intervals_hold_the_parts(world, name):
    measure = MEASURES[name]
    factors = world.factors(measure)
    found = world.drawn_factors(measure, draws=100, rng=np.random.default_rng(1))
    drawn = drawn_parts(found)
    assert found.names == factors.names
    assert np.isfinite(drawn).all()
    table = factor_table(
        three_stages(),
        [(kind, None) for kind, _ in factors.names],
        own=np.zeros((2, len(factors.names))),
        parts=parts(world, measure).sum(axis=0),
        drawn=drawn,
        observed=np.nan_to_num(world.observed(measure)),
    )
    assert (table["low"] <= table["part"]).all()
    assert (table["part"] <= table["high"]).all()


def drawn_world(rng, rates, leads=400):
    """Two mature cohorts of two segments; `rates` by side and segment."""
    counts = np.zeros((2, 2, 4))
    for side in (0, 1):
        for segment, share in enumerate((0.7, 0.3)):
            left = rng.poisson(leads * share)
            counts[side, segment, 0] = left
            for step in range(3):
                left = rng.binomial(left, rates[side][segment][step])
                counts[side, segment, step + 1] = left
    return cohorts(counts, (10_000, 10_000), (100, 100))


SAME = [[0.6, 0.7, 0.3], [0.5, 0.8, 0.4]]


def told_apart(rates, worlds):
    """How often each part is told from chance, over worlds that differ by chance alone."""
    rng = np.random.default_rng(11)
    measure = MEASURES["won_leads"]
    found = []
    for _ in range(worlds):
        world = drawn_world(rng, rates)
        drawn = drawn_parts(world.drawn_factors(measure, draws=200, rng=rng))
        low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
        found.append((low > 0) | (high < 0))
    names = [name for name, _ in world.factors(measure).names]
    return np.mean(found, axis=0)[[place for place, name in enumerate(names) if name != "time"]]


# 200 worlds in which nothing changed: 5 % of 200 is 10 +- 3.1, so 9.5 % is three of these more.
def test_chance_is_called_a_change_once_in_twenty():
    assert (told_apart([SAME, SAME], worlds=200) <= 0.095).all()


# Only the second step of the first segment falls, from 0.7 to 0.45: the mean part of every other
# factor is 0 and that one's is known, 280 x 0.6 x (0.45 - 0.7) x 0.3 = -12.6.
def test_the_factor_that_changed_is_the_one_that_is_named():
    worse = [[0.6, 0.45, 0.3], SAME[1]]
    rates = told_apart([SAME, worse], worlds=40)
    assert rates[3] >= 0.8
    assert (np.delete(rates, 3) <= 0.15).all()
    rng = np.random.default_rng(5)
    found = [
        parts(drawn_world(rng, [SAME, worse]), MEASURES["won_leads"]).sum(axis=0)
        for _ in range(225)
    ]
    error = np.std(found, axis=0) / 15
    truth = np.array([0, 0, 0, -12.6, 0, 0])
    assert (np.abs(np.mean(found, axis=0) - truth) <= 3.5 * error + 1e-9).all()


def test_the_order_of_the_rows_changes_nothing(tmp_path):
    rng = np.random.default_rng(2)
    leads, events, deals, links = [], [], [], []
    for number in range(80):
        created = datetime(2026, 1, 3) + timedelta(hours=int(rng.integers(0, 24 * 55)))
        name, origin = f"l{number:02d}", rng.choice(["a", "b", None])
        leads.append({"lead": name, "created_at": str(created), "origin": origin})
        for place, stage in ((2, "opportunity"), (5, "won")):
            if rng.random() < 0.5:
                at = str(created + timedelta(days=place))
                events.append({"lead": name, "entered_at": at, "stage": stage})
                if stage == "won":
                    amount = float(rng.integers(1, 999)) / 7
                    deals.append({"deal": name, "closed_at": at, "is_won": True, "amount": amount})
                    links.append({"deal": name, "lead": name})
    tables = {"lead": leads, "stage_event": events, "deal": deals, "deal_contact": links}
    found = []
    for turned in (1, -1):
        rows = {name: each[::turned] for name, each in tables.items()}
        with build_warehouse(tmp_path / f"{turned}.duckdb", rows) as warehouse:
            result = explain_change(
                warehouse,
                before=month("2026-01"),
                after=month("2026-02"),
                measure="revenue",
                by="origin",
                draws=100,
            )
        found.append((result.table, result.part("segments")))
    for one, other in zip(*found, strict=True):
        assert_frame_equal(one, other, check_exact=True)
