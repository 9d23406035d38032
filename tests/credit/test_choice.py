"""Cross-validation of models, against dictionaries, brute force and planted processes."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from math import log

import numpy as np
import pytest
from scipy.optimize import minimize

from funnel_analytics.credit import presence
from funnel_analytics.credit.choice import (
    BASE_RATE,
    CHANNEL_COUNTS,
    CHANNEL_SETS,
    Choice,
    Predicted,
    choose_order,
    compare,
)
from funnel_analytics.credit.foretold import Steps
from funnel_analytics.credit.journeys import Floats, Journeys, starts_of
from funnel_analytics.credit.presence import logistic
from funnel_analytics.errors import CallError
from tests.credit.chains_by_hand import Path, Row, journeys_of, random_rows

WON, LOST = "(won)", "(lost)"


class Counted:
    """Witten and Bell's smoothing over dictionaries, one context at a time."""

    def __init__(self, rows: list[Row], keys: tuple[str, ...], order: int) -> None:
        self.symbols, self.order = len(keys) + 2, order
        self.after: dict[Path, Counter[str]] = defaultdict(Counter)
        for path, won, lost in rows:
            for end, key in enumerate(path):
                for size in range(order + 1):
                    self.after[self.before(path, end, size)][key] += won + lost
            for size in range(order + 1):
                counter = self.after[self.before(path, len(path), size)]
                counter[WON] += won
                counter[LOST] += lost

    def before(self, path: Path, end: int, size: int) -> Path:
        return tuple(path[each] if each >= 0 else "-" for each in range(end - size, end))

    def chance(self, context: Path, follows: str) -> float:
        lower = self.chance(context[1:], follows) if context else 1 / self.symbols
        counts = self.after[context]
        times, kinds = sum(counts.values()), sum(count > 0 for count in counts.values())
        return (counts[follows] + kinds * lower) / (times + kinds) if times else lower

    def of(self, path: Path, end: str) -> float:
        """The log probability of a journey."""
        ways = [*path, end]
        return sum(
            log(self.chance(self.before(path, place, self.order), way))
            for place, way in enumerate(ways)
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_smoothed_chains_are_those_of_dictionaries(seed: int) -> None:
    rows = random_rows(seed, keys=3, rows=25, longest=6)
    journeys = journeys_of(rows)
    paths = journeys.distinct()
    places = {
        tuple(
            paths.keys[code] for code in paths.codes[paths.starts[each] : paths.starts[each + 1]]
        ): each
        for each in range(len(paths))
    }
    fitted = rows[:12]
    won, lost = np.zeros(len(paths)), np.zeros(len(paths))
    for path, some, others in fitted:
        won[places[path]] += some
        lost[places[path]] += others
    for order, found in enumerate(Steps(paths, order=4).foretold(won, lost)):
        slow = Counted(fitted, paths.keys, order)
        for path, each in places.items():
            converting, ending = slow.of(path, WON), slow.of(path, LOST)
            assert found.converting[each] == pytest.approx(converting, abs=1e-12)
            assert found.ending[each] == pytest.approx(ending, abs=1e-12)
            odds = np.exp(converting - ending)
            assert found.chance[each] == pytest.approx(odds / (1 + odds), abs=1e-12)


def test_what_follows_a_context_sums_to_one() -> None:
    slow = Counted(random_rows(5, keys=3, rows=10, longest=4), ("k00", "k01", "k02"), 3)
    for context in list(slow.after):
        chances = [slow.chance(context, each) for each in ("k00", "k01", "k02", WON, LOST)]
        assert sum(chances) == pytest.approx(1, abs=1e-12)


def walked(seed: int, count: int, *, order: int, **more: Floats) -> Journeys:
    """Journeys in which the next of two keys, and the end, depend on the last `order` keys."""
    generator = np.random.default_rng(seed)
    codes, lengths, won = [], [], []
    for _ in range(count):
        path = [int(generator.integers(2))]
        while generator.random() > 0.25:
            path.append(int(generator.random() < (0.5, 0.8, 0.2, 0.35)[state_of(path, order)]))
        won.append(float(generator.random() < (0.2, 0.5, 0.7, 0.1)[state_of(path, order)]))
        codes += path
        lengths.append(len(path))
    ended = np.array(won)
    return Journeys(
        keys=("a", "b"),
        starts=starts_of(lengths),
        codes=np.array(codes, dtype=np.uint8),
        conversions=ended,
        values=np.zeros(count),
        nulls=1 - ended,
        **more,
    )


def state_of(path: list[int], order: int) -> int:
    return path[-1] if order == 1 or len(path) < 2 else 2 * path[-2] + path[-1]


@pytest.fixture(scope="module")
def second_order() -> Choice:
    return compare(walked(1, 3000, order=2))


def row(choice: Choice, model: str) -> Predicted:
    return next(each for each in choice.rows if each.model == model)


def test_the_order_that_journeys_follow_is_chosen(second_order: Choice) -> None:
    assert second_order.order == 2
    assert second_order.orders == (1, 2, 3, 4)
    assert [each.model for each in second_order.rows] == [
        BASE_RATE, "markov", "markov_2", "markov_3", "markov_4", CHANNEL_SETS, CHANNEL_COUNTS
    ]  # fmt: skip
    assert row(second_order, "markov").behind > 10 * row(second_order, "markov").behind_error
    assert row(second_order, "markov_2").auc > row(second_order, "markov").auc + 0.05
    assert row(second_order, "markov_2").log_loss < row(second_order, "markov").log_loss
    assert second_order.journeys == 3000


def test_a_first_order_process_needs_no_higher_order() -> None:
    assert choose_order(walked(2, 1500, order=1)) == 1


def test_the_lowest_order_within_one_standard_error_is_chosen() -> None:
    found = compare(walked(2, 150, order=1), orders=(1, 2, 3))
    first = row(found, "markov")
    assert row(found, "markov_2").behind == 0
    assert 0 < first.behind < first.behind_error
    assert found.order == 1
    assert row(found, "markov_3").behind > row(found, "markov_3").behind_error


# a converts 4 times in 10, b 1 in 10: nothing comes before the one touch of a journey
def test_with_one_touch_each_no_order_knows_more_than_the_first() -> None:
    rows = [(("a",), 40.0, 60.0), (("b",), 10.0, 90.0)]
    found = compare(journeys_of(rows), orders=(1, 2, 4))
    first, second, fourth = found.rows[1:4]
    assert (second.model, fourth.model) == ("markov_2", "markov_4")
    assert first[1:] == second[1:] == fourth[1:]
    assert (first.behind, found.order) == (0, 1)


def test_the_base_rate_tells_nobody_apart(second_order: Choice) -> None:
    base = row(second_order, BASE_RATE)
    rate = second_order.conversions / second_order.journeys
    assert (base.auc, base.auc_error) == (0.5, 0)
    entropy = -rate * log(rate) - (1 - rate) * log(1 - rate)
    assert base.log_loss == pytest.approx(entropy, abs=2e-3)
    for each in (CHANNEL_SETS, CHANNEL_COUNTS):
        assert np.isnan(row(second_order, each).log_likelihood)
        assert np.isnan(row(second_order, each).behind)


def test_the_log_likelihood_is_that_of_refits_without_each_part() -> None:
    """Three clusters, three parts: every cluster is foretold by the other two."""
    rows = random_rows(3, keys=2, rows=12, longest=4)
    cluster = np.arange(12) % 3
    journeys = replace(journeys_of(rows), clusters=cluster * 10 + 5)
    found = compare(journeys, orders=(2,), folds=3)
    totals = []
    weight = sum(won + lost for _, won, lost in rows)
    gaps = np.zeros(3)
    for part in range(3):
        inside = [each for each, own in zip(rows, cluster, strict=True) if own == part]
        outside = [each for each, own in zip(rows, cluster, strict=True) if own != part]
        chain, base = (Counted(outside, journeys.keys, order) for order in (2, 0))
        for path, won, lost in inside:
            totals += [won * chain.of(path, WON), lost * chain.of(path, LOST)]
            gaps[part] += won * (chain.of(path, WON) - base.of(path, WON))
            gaps[part] += lost * (chain.of(path, LOST) - base.of(path, LOST))
    assert row(found, "markov_2").log_likelihood == pytest.approx(sum(totals) / weight, abs=1e-12)
    base_row = row(found, BASE_RATE)
    assert base_row.behind == pytest.approx(gaps.sum() / weight, abs=1e-12)
    sizes = np.bincount(cluster, [won + lost for _, won, lost in rows])
    rest = gaps - base_row.behind * sizes
    error = np.sqrt((rest**2).sum() * 3 / 2) / weight
    assert base_row.behind_error == pytest.approx(error, abs=1e-12)


def test_clusters_of_one_are_like_none() -> None:
    """Parts differ by chance; the errors of the same differences hardly do."""
    journeys = walked(4, 1200, order=2)
    one, other = (
        compare(each, orders=(1, 2))
        for each in (journeys, replace(journeys, clusters=np.arange(1200)))
    )
    for name in ("markov", BASE_RATE):
        assert row(one, name).behind == pytest.approx(row(other, name).behind, abs=0.02)
        assert row(one, name).behind_error == pytest.approx(row(other, name).behind_error, rel=0.1)


def test_the_area_is_that_of_all_pairs() -> None:
    """Four journeys in two clusters; each part is scored by the rate of the same keys outside."""
    rows: list[Row] = [(("a",), 3, 1), (("b",), 1, 4), (("a",), 2, 2), (("b",), 2, 1)]
    journeys = replace(journeys_of(rows), clusters=np.array([0, 0, 1, 1]))
    found = row(compare(journeys, orders=(1,), folds=2), CHANNEL_SETS)
    # Part 1 by part 2: a 2/4, b 2/3 (rate 4/7); part 2 by part 1: a 3/4, b 1/5 (rate 4/9).
    # a scores (2 + 4/7) / 5 < b (2 + 4/7) / 4: of 4 x 5 pairs, 1 x 1 are right, 3 + 4 are ties.
    first = (1 * 1 + (3 * 1 + 1 * 4) / 2) / 20
    # a scores (3 + 4/9) / 5 > b (1 + 4/9) / 6: of 4 x 3 pairs, 2 x 1 are right, 4 + 2 are ties.
    second = (2 * 1 + (2 * 2 + 2 * 1) / 2) / 12
    assert found.auc == pytest.approx((first + second) / 2, abs=1e-12)
    assert found.auc_error == pytest.approx(abs(first - second) / 2, abs=1e-12)
    loss = 0.0
    for (a, b), ((_, won_a, lost_a), (_, won_b, lost_b)) in (
        (((2 + 4 / 7) / 5, (2 + 4 / 7) / 4), rows[:2]),
        (((3 + 4 / 9) / 5, (1 + 4 / 9) / 6), rows[2:]),
    ):
        loss -= won_a * log(a) + lost_a * log(1 - a) + won_b * log(b) + lost_b * log(1 - b)
    assert found.log_loss == pytest.approx(loss / 16, abs=1e-12)


def most_likely(paths: Journeys) -> Floats:
    """The chance of each path by the coefficients that a general search finds."""
    size = len(paths.keys)
    counts = np.array(
        [
            np.bincount(paths.codes[paths.starts[each] : paths.starts[each + 1]], minlength=size)
            for each in range(len(paths))
        ]
    )
    counts = np.column_stack([np.ones(len(paths)), counts])

    def against(beta: Floats) -> float:
        odds = counts @ beta
        each = paths.conversions * odds - (paths.conversions + paths.nulls) * np.logaddexp(0, odds)
        return float((beta[1:] ** 2).sum() / 2 - each.sum())

    best = minimize(against, np.zeros(size + 1), method="BFGS", options={"gtol": 1e-7}).x
    return np.asarray(1 / (1 + np.exp(-(counts @ best))))


def test_the_logistic_regression_is_the_most_likely_one(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = journeys_of(random_rows(7, keys=3, rows=40, longest=5)).distinct()
    expected = most_likely(paths)
    assert logistic(paths, paths.conversions, paths.nulls) == pytest.approx(expected, abs=1e-6)
    monkeypatch.setattr(presence, "_CHUNK", 7)
    assert logistic(paths, paths.conversions, paths.nulls) == pytest.approx(expected, abs=1e-6)
    assert (logistic(paths, paths.conversions, paths.nulls * 0) == 1).all()


def test_a_key_that_tells_conversions_for_sure() -> None:
    paths = journeys_of([(("a",), 500, 0), (("b",), 0, 500)])
    chance = logistic(paths, paths.conversions, paths.nulls)
    assert 0.9 < chance[0] < 1
    assert 0 < chance[1] < 0.1


def test_few_conversions_after_long_journeys_do_not_lead_the_search_astray() -> None:
    rows = [(("a",) * 40, 2, 0), (("a", "b") * 3, 1, 0), (("a",), 0, 3000), (("b",), 0, 3000)]
    paths = journeys_of(rows)
    found = logistic(paths, paths.conversions, paths.nulls)
    assert found == pytest.approx(most_likely(paths), abs=1e-4)


def test_aggregated_paths_are_divided_like_single_journeys() -> None:
    single = walked(6, 2500, order=2)
    one, other = compare(single, orders=(1, 2)), compare(single.distinct(), orders=(1, 2))
    assert row(one, "markov").behind == row(other, "markov").behind
    assert row(one, "markov").auc == row(other, "markov").auc


def test_where_all_convert_no_one_can_be_told_apart() -> None:
    found = compare(walked(3, 200, order=1).only(walked(3, 200, order=1).conversions > 0))
    assert found.order is not None
    assert all(np.isnan(each.auc) for each in found.rows)
    assert row(found, BASE_RATE).log_loss == 0


def test_no_journeys_choose_nothing() -> None:
    found = compare(journeys_of([(("a",), 1, 0)]).only([False]))
    assert found.order is None
    assert found.journeys == 0
    assert all(np.isnan(each.log_likelihood) and np.isnan(each.log_loss) for each in found.rows)


def test_the_same_seed_gives_the_same_answer() -> None:
    journeys = walked(5, 300, order=2)
    assert compare(journeys, seed=3).rows[1] == compare(journeys, seed=3).rows[1]
    assert compare(journeys, seed=3).rows[1] != compare(journeys, seed=4).rows[1]


@pytest.mark.parametrize(
    "wrong", [{"orders": ()}, {"orders": (0, 1)}, {"orders": (11,)}, {"folds": 1}]
)
def test_wrong_calls(wrong: dict[str, int]) -> None:
    with pytest.raises(CallError, match="Orders from 1 to 10 and at least 2 folds"):
        compare(journeys_of([(("a",), 1, 0)]), **wrong)


def test_too_many_contexts_are_refused() -> None:
    long = random_rows(1, keys=90, rows=900, longest=12)
    with pytest.raises(CallError, match="Contexts of 10 of 90 keys are too many"):
        compare(journeys_of(long), orders=(10,))
    short = journeys_of(random_rows(1, keys=90, rows=900, longest=3))
    assert compare(short, orders=(10,)).rows[1][1:] == compare(short, orders=(3,)).rows[1][1:]
