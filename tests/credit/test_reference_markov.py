"""Markov and Shapley credit of ChannelAttribution's PathData, against published exact values."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.credit.journeys import Journeys, journeys_from_paths
from funnel_analytics.credit.markov import markov
from funnel_analytics.credit.models import credit

pytestmark = pytest.mark.real_data

# Exact first-order removal effects, computed apart from this package from the published file.
EFFECTS = {
    "alpha": 0.558399,
    "iota": 0.405835,
    "eta": 0.349026,
    "beta": 0.264039,
    "theta": 0.206010,
    "lambda": 0.134022,
    "epsilon": 0.062639,
    "zeta": 0.039811,
    "kappa": 0.028663,
    "gamma": 0.017880,
    "delta": 0.000482,
    "mi": 0.000180,
}
CONVERSIONS = {
    "alpha": 5344.9477,
    "iota": 3884.6147,
    "eta": 3340.8474,
    "beta": 2527.3522,
    "theta": 1971.9129,
    "lambda": 1282.8472,
}
RATE = 0.2238451356


@pytest.fixture(scope="module")
def table(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(shared_data / "pathdata" / "PathData.csv")


@pytest.fixture(scope="module")
def journeys(table: pd.DataFrame) -> Journeys:
    return journeys_from_paths(
        table,
        conversions="total_conversions",
        values="total_conversion_value",
        nulls="total_null",
    )


def removal_by_solving(table: pd.DataFrame, *, order: int, with_nulls: bool) -> dict[str, float]:
    """A second implementation: counts in dictionaries, one dense system per removed key."""
    steps: Counter[tuple[object, object]] = Counter()
    for row in table.itertuples():
        path = tuple(row.path.split(" > "))
        won, lost = row.total_conversions, row.total_null if with_nulls else 0.0
        if not won + lost:
            continue
        states = [
            path[max(0, end - order) : end] for end in range(min(order, len(path)), len(path) + 1)
        ]
        for pair in zip(["start", *states[:-1]], states, strict=True):
            steps[pair] += won + lost
        steps[states[-1], "won"] += won
        steps[states[-1], "lost"] += lost
    names = ["start", *sorted({other for _, other in steps if isinstance(other, tuple)})]
    place = {name: number for number, name in enumerate(names)}
    chain = np.zeros((len(names), len(names)))
    won = np.zeros(len(names))
    for (one, other), count in steps.items():
        if isinstance(other, tuple):
            chain[place[one], place[other]] = count
        elif other == "won":
            won[place[one]] = count
    left = np.zeros(len(names))
    for (one, _), count in steps.items():
        left[place[one]] += count
    chain, won = chain / left[:, None], won / left

    def chance(kept: np.ndarray) -> float:
        inner = np.eye(kept.sum()) - chain[np.ix_(kept, kept)]
        return float(np.linalg.solve(inner, won[kept])[0])

    everything = np.ones(len(names), dtype=bool)
    whole = chance(everything)
    keys = sorted({key for name in names[1:] for key in name})
    found = {
        key: 1 - chance(np.array([name == "start" or key not in name for name in names])) / whole
        for key in keys
    }
    return {"(chance)": whole, **found}


def test_the_published_removal_effects(journeys: Journeys) -> None:
    fit = markov(journeys)
    effects = dict(zip(fit.keys, fit.removal_effects, strict=True))
    assert effects == pytest.approx(EFFECTS, abs=5.1e-7)
    assert fit.conversion_chance == pytest.approx(RATE, abs=5.1e-11)
    assert fit.conversion_chance == pytest.approx(19785 / (19785 + 68602), abs=1e-14)


def test_the_published_credit(journeys: Journeys) -> None:
    """One package says 0.004 for delta and 28.6 for kappa: it shares inside each journey."""
    given = dict(zip(journeys.keys, credit(journeys, "markov").conversions, strict=True))
    assert {key: given[key] for key in CONVERSIONS} == pytest.approx(CONVERSIONS, abs=5.1e-5)
    assert given["delta"] == pytest.approx(4.61, abs=0.005)
    assert given["kappa"] == pytest.approx(274, abs=0.5)
    assert sum(given.values()) == pytest.approx(19785, abs=1e-8)


def test_eta_is_not_the_share_of_rows(table: pd.DataFrame, journeys: Journeys) -> None:
    """One package's analytical chain sums observed rows and says 0.909 for eta, or 0.301."""
    eta = markov(journeys).removal_effects[journeys.keys.index("eta")]
    assert eta == pytest.approx(0.349026, abs=5.1e-7)
    once = table.drop_duplicates("path")
    assert len(once) < len(table)
    fewer = markov(journeys_from_paths(once, conversions="total_conversions", nulls="total_null"))
    assert fewer.conversion_chance != pytest.approx(RATE, abs=1e-6)


@pytest.mark.parametrize("with_nulls", [True, False])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_every_order_is_that_of_one_system_per_key(
    table: pd.DataFrame, journeys: Journeys, order: int, with_nulls: bool
) -> None:
    fit = markov(journeys, order=order, with_nulls=with_nulls)
    exact = removal_by_solving(table, order=order, with_nulls=with_nulls)
    assert fit.conversion_chance == pytest.approx(exact.pop("(chance)"), abs=1e-12)
    effects = dict(zip(fit.keys, fit.removal_effects, strict=True))
    assert effects == pytest.approx(exact, abs=1e-12)


def test_without_nulls_every_walk_converts(journeys: Journeys) -> None:
    fit = markov(journeys, with_nulls=False)
    assert fit.conversion_chance == pytest.approx(1, abs=1e-12)
    assert fit.removal_effects.max() < 1


@pytest.mark.parametrize("with_nulls", [True, False])
def test_repeats_kept_or_collapsed_have_the_same_effects(
    journeys: Journeys, with_nulls: bool
) -> None:
    kept = markov(journeys, with_nulls=with_nulls).removal_effects
    collapsed = markov(journeys.collapsed(), with_nulls=with_nulls).removal_effects
    assert collapsed == pytest.approx(kept, abs=1e-13)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_every_order_converts_at_the_observed_rate(journeys: Journeys, order: int) -> None:
    chance = markov(journeys, order=order).conversion_chance
    assert chance == pytest.approx(19785 / (19785 + 68602), abs=1e-13)


def test_shapley_of_sums_is_an_equal_split_of_each_row(
    table: pd.DataFrame, journeys: Journeys
) -> None:
    """One package keeps four of the channels: it credits delta with less than nothing."""
    expected: Counter[str] = Counter()
    for path, won in zip(table["path"], table["total_conversions"], strict=True):
        unique = set(path.split(" > "))
        for key in unique:
            expected[key] += won / len(unique)
    given = credit(journeys, "shapley")
    assert dict(zip(journeys.keys, given.conversions, strict=True)) == pytest.approx(
        dict(expected), abs=1e-9
    )
    assert given.conversions.min() > 0
    assert given.conversions.sum() == pytest.approx(19785, abs=1e-9)
    assert given.values.sum() == pytest.approx(table["total_conversion_value"].sum(), abs=1e-8)
