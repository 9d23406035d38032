"""Logit models with clustered errors against statsmodels, scipy and slow counting."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import (
    ClusteredLogit,
    clustered_logit,
    f_tail,
    rank_agreement,
    standardised,
    student_quantile,
)

BAND = [4, 5]


def drawn(seed: int, rows: int = 1500, clusters: int = 40) -> tuple[Any, Any, Any]:
    """An intercept, two numbers, a mark and two bands; clusters of rows that are alike."""
    rng = np.random.default_rng(seed)
    band = rng.integers(0, 3, rows)
    design = np.column_stack(
        [
            np.ones(rows),
            rng.normal(size=(rows, 2)),
            rng.integers(0, 2, rows),
            band == 1,
            band == 2,
        ]
    ).astype(float)
    cluster = rng.integers(0, clusters, rows)
    odds = design @ [0.2, 0.5, -0.3, 0.4, -0.5, -1.0] + rng.normal(size=clusters)[cluster]
    return design, (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype(float), cluster


def fitted(seed: int, **more: Any) -> tuple[ClusteredLogit, Any, Any, Any]:
    design, hits, cluster = drawn(seed, **more)
    return clustered_logit(design, hits, np.ones(len(hits)), cluster), design, hits, cluster


def by_statsmodels(design: Any, hits: Any, cluster: Any) -> Any:
    model = sm.Logit(hits, design)
    return model.fit(
        disp=0, method="newton", tol=1e-14, cov_type="cluster", cov_kwds={"groups": cluster}
    )


@pytest.mark.parametrize("clusters", [12, 400])
def test_coefficients_and_clustered_errors_are_those_of_statsmodels(clusters: int) -> None:
    model, design, hits, cluster = fitted(1, clusters=clusters)
    other = by_statsmodels(design, hits, cluster)
    assert np.allclose(model.coefficients, other.params, rtol=0, atol=1e-9)
    assert np.allclose(model.covariance, other.cov_params(), rtol=1e-8, atol=1e-12)
    assert model.log_likelihood == pytest.approx(other.llf, rel=1e-12)
    assert model.pseudo_r2 == pytest.approx(other.prsquared, rel=1e-9)
    groups = len(np.unique(cluster))
    assert (model.clusters, model.parameters, model.is_separated) == (groups, 6, False)


def test_the_joint_test_is_the_one_of_statsmodels_with_one_degree_less_than_clusters() -> None:
    model, design, hits, cluster = fitted(2, clusters=25)
    other = by_statsmodels(design, hits, cluster)
    restricted = np.eye(6)[BAND]
    wald = other.wald_test(restricted, use_f=False, scalar=True)
    statistic, degrees, p_value = model.joint_test(BAND)
    assert (statistic, degrees) == (pytest.approx(float(wald.statistic) / 2, rel=1e-8), 2)
    assert p_value == pytest.approx(stats.f.sf(statistic, 2, 24), rel=1e-9)


def test_an_interval_reaches_out_by_students_quantile() -> None:
    model, *_ = fitted(3, clusters=11)
    found = model.estimate(np.eye(6)[4])
    half = stats.t.ppf(0.975, 10) * np.sqrt(model.covariance[4, 4])
    assert found.value == model.coefficients[4]
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half))


def test_counts_per_row_are_the_same_as_a_row_per_trial() -> None:
    rng = np.random.default_rng(4)
    cells = np.array(list(product([0, 1], [0, 1], range(15))))
    tried = rng.integers(0, 9, len(cells)).astype(float)
    hits = rng.binomial(tried.astype(int), 0.4).astype(float)
    design = np.column_stack([np.ones(len(cells)), cells[:, :2]]).astype(float)
    model = clustered_logit(design, hits, tried, cells[:, 2])
    each = np.repeat(np.arange(len(cells)), tried.astype(int))
    single = np.concatenate(
        [np.arange(int(n)) < k for n, k in zip(tried, hits, strict=True)]
    ).astype(float)
    other = by_statsmodels(design[each], single, cells[each, 2])
    assert np.allclose(model.coefficients, other.params, rtol=0, atol=1e-9)
    assert np.allclose(model.covariance, other.cov_params(), rtol=1e-8, atol=1e-12)


def test_standardised_rates_are_means_of_what_the_model_foretells() -> None:
    model, design, _, _ = fitted(5)
    weights = np.random.default_rng(5).integers(1, 4, len(design)).astype(float)
    rates, covariance = standardised(model, design, weights, BAND)

    def rates_at(beta: Any) -> Any:
        found = []
        for band in range(3):
            moved = design.copy()
            moved[:, BAND] = 0
            if band:
                moved[:, BAND[band - 1]] = 1
            found.append(np.average(1 / (1 + np.exp(-moved @ beta)), weights=weights))
        return np.array(found)

    slopes = np.empty((3, 6))
    for each in range(6):
        step = np.eye(6)[each] * 1e-6
        ahead, behind = rates_at(model.coefficients + step), rates_at(model.coefficients - step)
        slopes[:, each] = (ahead - behind) / 2e-6
    assert np.allclose(rates, rates_at(model.coefficients), rtol=1e-12)
    assert np.allclose(covariance, slopes @ model.covariance @ slopes.T, rtol=1e-6)


def test_rank_agreement_counts_pairs_and_half_of_ties() -> None:
    design, hits, cluster = drawn(6, rows=80, clusters=15)
    design = design[:, [0, 3, 4, 5]]  # without the numbers: only six rates, so many ties
    model = clustered_logit(design, hits, np.ones(80), cluster)
    weights = np.random.default_rng(6).integers(1, 3, 80).astype(float)
    chance = design @ model.coefficients
    pairs = agreed = 0.0
    for one, other in product(range(80), repeat=2):
        if hits[one] and not hits[other]:
            pairs += weights[one] * weights[other]
            difference = round(chance[one] - chance[other], 9)
            agreed += weights[one] * weights[other] * (0.5 + 0.5 * np.sign(difference))
    found = rank_agreement(design, model, hits * weights, weights)
    assert found == pytest.approx(agreed / pairs, rel=1e-9)


def test_a_column_that_others_determine_has_no_coefficient() -> None:
    design, hits, cluster = drawn(7)
    twice = np.column_stack([design, design[:, 3] + design[:, 4]])
    model = clustered_logit(twice, hits, np.ones(len(hits)), cluster)
    assert np.isnan(model.coefficients[6])
    assert model.parameters == 6
    assert not model.is_separated
    alone = clustered_logit(design, hits, np.ones(len(hits)), cluster)
    assert np.allclose(model.coefficients[:6], alone.coefficients, atol=1e-9)
    assert np.isnan(model.estimate(np.eye(7)[6]).value)


def test_a_model_that_foretells_successes_for_sure_says_so() -> None:
    # 20 rows marked, all of them successes; 20 not marked, half of them
    mark = np.repeat([1.0, 0.0], 20)
    hits = np.concatenate([np.ones(20), np.tile([0.0, 1.0], 10)])
    design = np.column_stack([np.ones(40), mark])
    assert clustered_logit(design, hits, np.ones(40), np.arange(40)).is_separated
    hits[0] = 0
    assert not clustered_logit(design, hits, np.ones(40), np.arange(40)).is_separated


def test_one_cluster_tells_no_error() -> None:
    design, hits, _ = drawn(8, rows=60)
    model = clustered_logit(design[:, :1], hits, np.ones(60), np.zeros(60))
    assert np.isnan(model.estimate([1.0]).low)
    assert np.isnan(model.joint_test([0])[2])


def test_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(CallError, match="more successes"):
        clustered_logit(np.ones((1, 1)), [2.0], [1.0], [0])


def test_students_and_fishers_distributions_are_those_of_scipy() -> None:
    for degrees in (1, 2, 9, 29, 400, 20_000):
        exact = stats.t.ppf(0.975, degrees)
        assert student_quantile(0.95, degrees) == pytest.approx(exact, rel=1e-9)
        for others, value in product((1, 2, 5, 12), (1e-3, 0.5, 1.0, 4.0, 60.0)):
            exact = stats.f.sf(value, others, degrees)
            assert f_tail(value, others, degrees) == pytest.approx(exact, rel=1e-8, abs=1e-14)
    assert f_tail(0.0, 3, 3) == 1
    assert np.isnan(f_tail(1.0, 0, 3))
    assert np.isnan(student_quantile(0.95, 0))
