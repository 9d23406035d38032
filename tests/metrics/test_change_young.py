"""How often the intervals of a change hold the truth while the steps of both cohorts still run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.metrics.change.cohorts import Cohorts
from funnel_analytics.metrics.change.curves import StepCurve
from funnel_analytics.metrics.change.measures import Measure
from funnel_analytics.metrics.change.split import split_change
from funnel_analytics.metrics.change.tables import drawn_parts

WINS = Measure("won_leads", "count", 1, 4)
SHARES = np.array([0.5, 0.3, 0.2])
RATES = np.array([[0.6, 0.6, 0.4], [0.5, 0.7, 0.3], [0.75, 0.5, 0.35]])
WORSE = RATES * np.array([1, 0.7, 1])
AGES = ((60, 90), (30, 60))  # days, before and after
TYPICAL = 20.0  # days from stage to stage, exponential
DAY = 86400


def lived(rng, leads, rates, ages):
    """Of leads by segment and age: who could take each step, for how long, and who did when."""
    segment = rng.choice(len(SHARES), size=rng.poisson(leads), p=SHARES)
    age = rng.uniform(*ages, size=len(segment))
    steps = []
    for step in range(3):
        days = rng.exponential(TYPICAL, len(segment))
        got = (rng.random(len(segment)) < rates[segment, step]) & (days <= age)
        steps.append((segment, age, days, got))
        segment, age = segment[got], (age - days)[got]
    return steps


def by_day(cells, ages):
    frame = pd.DataFrame({"cell": cells, "age_days": np.floor(ages), "age_seconds": ages * DAY})
    rows = frame.groupby(["cell", "age_days"], as_index=False).agg(
        previous_leads=("age_seconds", "size"), age_seconds=("age_seconds", "sum")
    )
    return rows.assign(hidden_days=0, hidden_seconds=0)


def world(rng, leads):
    """Two young cohorts, and three times as many old leads whose steps tell how long they take."""
    sides = [
        lived(rng, leads, rates, ages) for rates, ages in zip((RATES, WORSE), AGES, strict=True)
    ]
    older = lived(rng, 3 * leads, RATES, (300, 400))
    size = len(SHARES)
    previous, reached = np.zeros((2, size, 3)), np.zeros((2, size, 3))
    times, curves = [], []
    for step in range(3):
        for side, steps in enumerate(sides):
            segment, _, _, got = steps[step]
            previous[side, :, step] = np.bincount(segment, minlength=size)
            reached[side, :, step] = np.bincount(segment[got], minlength=size)
        both = [steps[step] for steps in sides]
        cells = np.concatenate([side * size + each[0] for side, each in enumerate(both)])
        times.append(by_day(cells, np.concatenate([each[1] for each in both])))
        every = [*both, older[step]]
        got = np.concatenate([each[3] for each in every])
        last = np.concatenate([np.where(each[3], each[2], each[1]) for each in every])
        days = np.floor(last).astype(int)
        entered = np.bincount(days, weights=got)
        counted = {"entered_leads": entered, "waiting_leads": np.bincount(days) - entered}
        curves.append(StepCurve(pd.DataFrame({"days": np.arange(len(entered)), **counted})))
    names = pd.DataFrame({"segment": list("abc"), "is_folded": False, "segment_leads": 99})
    shown = names.assign(merged_groups=1)
    return Cohorts(shown, previous, reached, tuple(times), tuple(curves), {}, True)


def true_parts(leads):
    """From the rates that were drawn with, and the ages of a million leads at every stage."""
    factors = np.empty((2, len(SHARES), 6))
    for side, (rates, ages) in enumerate(zip((RATES, WORSE), AGES, strict=True)):
        steps = lived(np.random.default_rng(1), 1_000_000, rates, ages)
        for segment in range(len(SHARES)):
            known = [
                (1 - np.exp(-age[place == segment] / TYPICAL)).mean() for place, age, _, _ in steps
            ]
            factors[side, segment] = leads, SHARES[segment], *rates[segment], np.prod(known)
    return split_change(factors[0], factors[1]).sum(axis=0)


@pytest.fixture(scope="module")
def simulated():
    """The parts, their draws' spread, and whether the interval held the truth: of 120 worlds."""
    rng, leads = np.random.default_rng(3), 200
    truth = true_parts(leads)
    parts, spreads, held = [], [], []
    for _ in range(120):
        found = world(rng, leads)
        values = found.factors(WINS).values
        part = split_change(values[0, 0], values[0, 1]).sum(axis=0)
        drawn = drawn_parts(found.drawn_factors(WINS, draws=200, rng=rng))
        low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
        parts.append(part)
        spreads.append(drawn.std(axis=0))
        held.append((np.minimum(low, part) <= truth) & (truth <= np.maximum(high, part)))
    return truth, np.array(parts), np.array(spreads), np.array(held)


# 95 % of 120 worlds, less two and a half standard errors of 2 points, is 90 %.
def test_intervals_of_young_cohorts_hold_every_part(simulated):
    _, _, _, held = simulated
    assert (held.mean(axis=0) >= 0.9).all()


def test_parts_of_young_cohorts_are_those_that_were_drawn_with(simulated):
    truth, parts, _, _ = simulated
    error = parts.std(axis=0) / np.sqrt(len(parts))
    assert (np.abs(parts.mean(axis=0) - truth) <= 3.5 * error + 0.05 * np.abs(truth).max()).all()


# What a cohort still has to come is as uncertain as its interval says, and no more certain.
def test_draws_of_the_part_of_time_vary_as_the_part_does(simulated):
    _, parts, spreads, _ = simulated
    assert 0.93 <= spreads.mean(axis=0)[-1] / parts.std(axis=0)[-1] <= 1.3
