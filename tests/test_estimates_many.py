"""Many tests at once: published q-values, exact binomial tails, and statsmodels' logit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm  # type: ignore[import-untyped]
from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import (
    Crossing,
    Factor,
    LogitRows,
    benjamini_hochberg,
    count_chance,
)


def test_the_published_example_has_four_findings() -> None:
    # Benjamini & Hochberg (1995), section 4.1: 15 comparisons of two treatments of myocardial
    # infarction; the procedure at 0.05 rejects the four smallest, Bonferroni the three smallest.
    p_values = [
        *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
        *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
    ]
    assert (benjamini_hochberg(p_values) <= 0.05).sum() == 4


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_those_of_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="fdr_bh")[1]
    assert benjamini_hochberg(p_values) == pytest.approx(expected, abs=1e-12)


def test_a_missing_p_value_is_no_test() -> None:
    found = benjamini_hochberg([0.01, np.nan, 0.04])
    assert found.tolist() == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)


def test_a_p_value_above_one_is_refused() -> None:
    with pytest.raises(CallError, match="between 0 and 1"):
        benjamini_hochberg([0.2, 1.2])


@pytest.mark.parametrize("rate", [0.03, 0.3, 0.5, 0.95])
@pytest.mark.parametrize("trials", [30, 100, 1000])
def test_the_chance_is_the_tail_of_the_binomial_or_of_the_normal(rate: float, trials: int) -> None:
    counts = np.arange(trials + 1)
    expected, spread = trials * rate, np.sqrt(trials * rate * (1 - rate))
    tails = np.where(
        counts > expected, binom.sf(counts - 1, trials, rate), binom.cdf(counts, trials, rate)
    )
    normal = norm.sf((np.abs(counts - expected) - 0.5) / spread)
    longer = np.minimum(2 * np.maximum(tails, normal), 1.0)
    inner = (longer > 1e-12) & (counts > 0) & (counts < trials)
    found = count_chance(counts - expected, spread**2, rate)
    assert np.abs(np.log(found[inner] / longer[inner])).max() < 0.05


def test_the_normal_tail_would_be_too_short() -> None:
    # 20 of 30 where 7.8 are expected: exact 7.0e-06, normal 2.3e-07 (5.1 standard deviations).
    found = count_chance(20 - 7.8, 30 * 0.26 * 0.74, 0.26)
    assert found == pytest.approx(7.04e-6, rel=0.01)


def test_without_variance_there_is_no_chance() -> None:
    assert np.isnan(count_chance(1.0, 0.0, 0.5))
    assert np.isnan(count_chance(1.0, 2.0, 1.0))


def made_up(seed: int, rows: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "one": rng.integers(0, 4, rows),
            "two": rng.integers(0, 3, rows),
            "three": rng.integers(0, 2, rows),
            "trials": rng.integers(1, 6, rows),
        }
    )
    odds = 0.4 * table["one"] - 0.8 * table["two"] + 0.5 * table["three"] - 0.2
    table["successes"] = rng.binomial(table["trials"], 1 / (1 + np.exp(-odds)))
    return table


def factors_of(table: pd.DataFrame, names: list[str]) -> list[Factor]:
    return [Factor(table[name].to_numpy(dtype=np.intp), table[name].max() + 1) for name in names]


def dummies(table: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    columns = pd.get_dummies(table[names].astype(str), drop_first=True, dtype=float)
    return sm.add_constant(columns)


@pytest.mark.parametrize("seed", range(3))
def test_the_logit_is_that_of_statsmodels(seed: int) -> None:
    table = made_up(seed)
    names = ["one", "two", "three"]
    trials = table["trials"].to_numpy(float)
    successes = table["successes"].to_numpy(float)
    rows = LogitRows(factors_of(table, names), trials, successes)
    ours = rows.fit()
    outcome = np.column_stack([successes, trials - successes])
    theirs = sm.GLM(outcome, dummies(table, names), family=sm.families.Binomial()).fit(tol=1e-12)
    assert rows.rates(ours) == pytest.approx(theirs.fittedvalues, abs=1e-7)
    # Every value has a coefficient of ours: the intercept is first, then four of the first factor.
    own = ours.coefficients[1:5] - ours.coefficients[1]
    assert own[1:] == pytest.approx(theirs.params[["one_1", "one_2", "one_3"]].to_numpy(), abs=1e-6)


def test_a_smaller_model_started_from_a_larger_one_is_the_same() -> None:
    table = made_up(7)
    trials = table["trials"].to_numpy(float)
    successes = table["successes"].to_numpy(float)
    factors = factors_of(table, ["one", "two", "three"])
    rows = LogitRows(factors, trials, successes)
    started = rows.fit([0], near=rows.fit())
    again = rows.fit([0], at=started.coefficients)
    fewer = LogitRows(factors[1:], trials, successes)
    alone = fewer.fit()
    assert rows.rates(started) == pytest.approx(fewer.rates(alone), abs=1e-8)
    assert again.inverse == pytest.approx(started.inverse, abs=1e-9)
    assert started.degrees == alone.degrees == 1 + 2 + 1


def test_values_that_determine_each_other_are_fitted() -> None:
    # The second factor is the first one with two of its values joined.
    table = made_up(3).assign(two=lambda rows: rows["one"] // 2)
    trials = table["trials"].to_numpy(float)
    successes = table["successes"].to_numpy(float)
    both = LogitRows(factors_of(table, ["one", "two"]), trials, successes)
    finer = LogitRows(factors_of(table, ["one"]), trials, successes)
    assert both.rates(both.fit()) == pytest.approx(finer.rates(finer.fit()), abs=1e-8)
    assert both.fit().degrees == 4


def test_without_factors_the_rate_is_the_share() -> None:
    rows = LogitRows([], np.array([3.0, 7.0]), np.array([1.0, 4.0]))
    assert rows.rates(rows.fit()) == pytest.approx([0.5, 0.5])


def test_values_of_one_level_share_their_coefficient() -> None:
    table = made_up(2)
    trials = table["trials"].to_numpy(float)
    successes = table["successes"].to_numpy(float)
    (one,) = factors_of(table, ["one"])
    shared = LogitRows([Factor(one.codes, 4, np.array([0, 1, 1, 0]))], trials, successes)
    joined = LogitRows([Factor(np.isin(one.codes, (1, 2)).astype(int), 2)], trials, successes)
    assert shared.rates(shared.fit()) == pytest.approx(joined.rates(joined.fit()), abs=1e-9)


def test_rates_that_go_to_one_end_the_search() -> None:
    # All 40 of the second value succeed; its coefficient has no largest likelihood.
    codes = np.repeat([0, 1], [60, 40])
    successes = np.concatenate([np.tile([0.0, 1.0], 30), np.ones(40)])
    rows = LogitRows([Factor(codes, 2)], np.ones(100), successes)
    model = rows.fit()
    assert rows.rates(model) == pytest.approx(np.where(codes == 0, 0.5, 1.0), abs=1e-6)
    assert model.degrees == 2


def test_trials_that_are_not_all_due_are_binomial_with_a_lower_rate() -> None:
    # Rows with a share d of their successes due have the rate d r: no step away from the answer
    # has a larger likelihood.
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 2, 4000)
    due = np.where(rng.random(4000) < 0.3, 0.8, 1.0)
    came = (rng.random(4000) < due * np.where(codes == 1, 0.9, 0.7)).astype(float)
    rows = LogitRows([Factor(codes, 2)], due, came, due=due)
    model = rows.fit()

    def likelihood(low: float, high: float) -> float:
        p = due * np.where(codes == 1, high, low)
        return float((came * np.log(p) + (1 - came) * np.log(1 - p)).sum())

    found = [float(rows.rates(model)[codes == each][0]) for each in (0, 1)]
    best = likelihood(*found)
    for step in (-1e-4, 1e-4):
        assert likelihood(found[0] + step, found[1]) < best
        assert likelihood(found[0], found[1] + step) < best
    # Its information is the mean of the squared scores.
    at = rows.at(model.coefficients)
    is_second = codes == 1
    assert at.weights[is_second].sum() == pytest.approx(
        (at.residuals[is_second] ** 2).sum(), rel=0.05
    )
    p = due * rows.rates(model)
    assert at.expected == pytest.approx(p)
    assert at.weights == pytest.approx((p * (1 - rows.rates(model))) ** 2 / (p * (1 - p)))


def test_tables_of_any_factors_are_counts() -> None:
    rng = np.random.default_rng(4)
    sizes = (3, 7, 2, 300, 5)
    factors = [Factor(rng.integers(0, size, 500).astype(np.uint16), size) for size in sizes]
    weights = rng.random(500)
    triples = [(0, 1, 2), (0, 3, 4), (1, 2, 4), (2, 3, 4), (1,)]
    for most in (1, 50, 2**17):
        crossing = Crossing(factors, most_cells=most, kept_cells=most)
        for keep in (False, True):
            found = dict(crossing.tables(triples, weights, keep=keep))
            assert set(found) == set(triples)
            for chosen, (table,) in found.items():
                expected = np.zeros([sizes[number] for number in chosen])
                np.add.at(expected, tuple(factors[number].codes for number in chosen), weights)
                assert table == pytest.approx(expected)
