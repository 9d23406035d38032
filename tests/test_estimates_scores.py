"""Agreement, squared error and gaps of rates, against published values and other packages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa as statsmodels_kappa
from statsmodels.stats.proportion import confint_proportions_2indep

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import (
    brier_score,
    cohens_kappa,
    ranked_bins,
    rate_difference,
    rate_ratio,
)

TABLES = [
    [[88, 14, 18], [10, 40, 10], [2, 6, 12]],  # Fleiss, Cohen & Everitt (1969), of 200 cases
    [[37, 9], [12, 42]],
    [[1874, 209], [292, 293]],
    [[5, 3], [4, 0]],
]


@pytest.mark.parametrize("table", TABLES)
def test_kappa_and_its_interval_are_those_of_statsmodels(table: list[list[int]]) -> None:
    theirs = statsmodels_kappa(np.array(table))
    ours = cohens_kappa(table)
    assert ours.value == pytest.approx(theirs.kappa, abs=1e-12)
    assert ours.low == pytest.approx(max(theirs.kappa_low, -1), abs=1e-9)
    assert ours.high == pytest.approx(min(theirs.kappa_upp, 1), abs=1e-9)


def test_kappa_of_the_published_example() -> None:
    """Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, table 18.1.

    Shares .75 .01 .04 / .05 .04 .01 / .00 .00 .10 of 100: kappa 0.68, error 0.087.
    """
    kappa = cohens_kappa([[75, 1, 4], [5, 4, 1], [0, 0, 10]])
    assert kappa.value == pytest.approx(0.676, abs=5e-4)
    assert (kappa.high - kappa.value) / 1.959964 == pytest.approx(0.088, abs=1e-3)


def test_kappa_that_cannot_be_told_is_missing() -> None:
    assert np.isnan(cohens_kappa([[7, 0], [0, 0]]).value)
    assert np.isnan(cohens_kappa([[0, 0], [0, 0]]).value)
    assert cohens_kappa([[3, 0], [0, 4]]) == (1.0, 1.0, 1.0)
    with pytest.raises(CallError, match="square"):
        cohens_kappa([[1, 2]])


# 0.2 × 4 (1 hit), 0.8 × 4 (3 hits): ((1·.64 + 3·.04) + (3·.04 + 1·.64)) / 8 = 0.19
def test_the_parts_of_the_brier_score_by_hand() -> None:
    brier = brier_score([0.2, 0.8], [1, 3], [4, 4], [0, 1])
    assert brier.score == pytest.approx(0.19)
    assert brier.reliability == pytest.approx(0.05**2)
    assert brier.resolution == pytest.approx(0.25**2)
    assert brier.uncertainty == pytest.approx(0.25)
    assert brier.within_bins == pytest.approx(0, abs=1e-15)
    assert brier.skill == pytest.approx(1 - 0.19 / 0.25)
    assert np.isnan(brier_score([0.5], [4], [4], [0]).skill)
    assert np.isnan(brier_score([], [], [], []).score)


ROWS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 9), st.integers(0, 9), st.integers(0, 3)),
    min_size=1,
    max_size=12,
)


@given(ROWS)
def test_the_parts_of_the_brier_score_add_up(rows: list[tuple[float, int, int, int]]) -> None:
    chance, hits, others, bins = (np.array(each) for each in zip(*rows, strict=True))
    if not (hits + others).sum():
        return
    brier = brier_score(chance, hits, hits + others, bins)
    parts = brier.reliability - brier.resolution + brier.uncertainty + brier.within_bins
    assert brier.score == pytest.approx(parts, abs=1e-12)
    single = [
        (p - won) ** 2
        for p, y, n, _ in rows
        for won in [1] * y + [0] * n
    ]  # fmt: skip
    assert brier.score == pytest.approx(np.mean(single))


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=20),
    st.integers(1, 10),
)
def test_bins_rise_with_the_value_and_ties_share_one(
    rows: list[tuple[int, int]], bins: int
) -> None:
    values, sizes = (np.array(each) for each in zip(*rows, strict=True))
    numbers = ranked_bins(values, sizes, bins=bins)
    order = np.argsort(values, kind="stable")
    assert (np.diff(numbers[order]) >= 0).all()
    assert set(numbers) == set(range(numbers.max() + 1))
    assert numbers.max() < bins
    for value in set(values):
        assert len(set(numbers[values == value])) == 1
    if len(set(values)) == len(values) and len(set(sizes)) == 1 and len(values) % bins == 0:
        assert set(np.bincount(numbers)) == {len(values) // bins}


def test_bins_need_a_number_above_0() -> None:
    with pytest.raises(CallError, match="At least one bin"):
        ranked_bins([1.0], [1], bins=0)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [  # Newcombe (1998), table II, method 10: contrasts (a) to (h)
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_difference_of_rates_is_the_published_one(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = rate_difference(*counts)
    assert found[0] == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])
    assert (found[1], found[2]) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (154, 1193, 5, 280)])
def test_the_ratio_of_rates_is_that_of_statsmodels(counts: tuple[int, int, int, int]) -> None:
    low, high = confint_proportions_2indep(*counts, compare="ratio", method="log")
    found = rate_ratio(*counts)
    assert found[0] == pytest.approx(counts[0] / counts[1] / counts[2] * counts[3])
    assert (found[1], found[2]) == pytest.approx((low, high), rel=1e-9)


def test_what_cannot_be_compared_is_missing() -> None:
    assert np.isnan(rate_difference([1, 0], [2, 0], [0, 1], [0, 2])).all()
    ratio, low, high = rate_ratio([0, 3], [5, 5], [2, 0], [5, 5])
    assert ratio[0] == 0
    assert np.isnan([ratio[1], *low, *high]).all()
