"""Plans against closed forms, a lead-by-lead simulation and worlds whose truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats

from funnel_analytics.metrics.planning import leads_needed
from funnel_analytics.periods import span
from funnel_analytics.simulation import (
    Counts,
    Values,
    Window,
    chance_after,
    chance_to_move,
    convolved,
    in_time,
    leads_until,
    simulate,
    step_of,
)
from funnel_analytics.warehouse import Warehouse
from tests.oracle.planning_world import NEVER, World

PROBABILITIES = np.array([0.1, 0.5, 0.8, 0.9, 0.99])


@pytest.mark.parametrize(("chance", "wins"), [(0.05, 1), (0.05, 10), (0.3, 40), (1.0, 7)])
def test_fixed_rate_and_value_are_negative_binomial(chance: float, wins: int) -> None:
    draws = 20_000
    worth = Values([250.0], draws=draws, rng=np.random.default_rng(1))
    leads = leads_until(
        np.full(draws, 250.0 * wins),  # exactly so many wins: the last one reaches the target
        np.full(draws, chance),
        worth,
        rng=np.random.default_rng(2),
    )
    law = stats.nbinom(wins, chance)
    assert leads.mean() == pytest.approx(wins / chance, rel=0.01)
    drawn = np.quantile(leads, PROBABILITIES, method="inverted_cdf")
    for share, quantile in zip(PROBABILITIES, drawn, strict=True):
        error = 4 * np.sqrt(share * (1 - share) / draws)
        assert law.cdf(quantile - wins) >= share - error
        assert law.cdf(quantile - wins - 1) <= share + error


def test_bundles_of_wins_have_the_mean_and_spread_of_single_ones() -> None:
    # 30,000 wins: sums of values and of leads are normal. Between the two: no bias of bundles.
    draws, wins, chance = 4000, 30_000, 0.04
    worth = Values([100.0], draws=draws, rng=np.random.default_rng(1))
    leads = leads_until(
        np.full(draws, 100.0 * wins), np.full(draws, chance), worth, rng=np.random.default_rng(2)
    )
    spread = np.sqrt(wins * (1 - chance)) / chance
    assert leads.mean() == pytest.approx(wins / chance, abs=5 * spread / np.sqrt(draws))
    assert leads.std() == pytest.approx(spread, rel=0.05)


def test_the_last_bundle_counts_by_the_share_that_is_needed() -> None:
    worth = Values([100.0], draws=10, rng=np.random.default_rng(1))
    leads = leads_until(
        np.full(10, 100.0 * 29_991), np.ones(10), worth, rng=np.random.default_rng(2)
    )
    assert list(leads) == [29_991] * 10  # every lead wins; bundles hold 30


def test_values_are_a_bayesian_bootstrap() -> None:
    # Of n values the mean's posterior has mean m and variance v / (n + 1) (Rubin 1981).
    values = np.random.default_rng(3).lognormal(0, 0.8, 60)
    worth = Values(values, draws=20_000, rng=np.random.default_rng(4))
    assert worth.means.mean() == pytest.approx(values.mean(), rel=0.005)
    assert worth.means.std() == pytest.approx(np.sqrt(values.var() / 61), rel=0.03)
    many = np.random.default_rng(3).lognormal(0, 0.8, 3000)  # more than one value to a weight
    grouped = Values(many, draws=4000, rng=np.random.default_rng(4))
    assert grouped.means.std() == pytest.approx(np.sqrt(many.var() / 3001), rel=0.06)
    assert grouped.variances.mean() == pytest.approx(many.var(), rel=0.02)
    singles = grouped.singles(20, rng=np.random.default_rng(5))
    assert singles.mean() == pytest.approx(many.mean(), rel=0.02)
    assert singles.std() == pytest.approx(many.std(), rel=0.04)
    assert grouped.totals(np.full(4000, 50), rng=np.random.default_rng(5)).mean() == pytest.approx(
        50 * many.mean(), rel=0.02
    )


def test_one_step_with_a_beta_rate_is_a_beta_negative_binomial() -> None:
    # 12 of 60 moved at once; five deals of the same value are missing.
    counts = Counts(*(np.array([float(n)]) for n in (60, 12, 48, 0)))
    plan = simulate(
        [step_of(counts)],
        [np.zeros(1)],
        [100.0],
        missing=500.0,
        window=Window(1, 10),
        new_in_time=1.0,
        draws=20_000,
        seed=5,
    )
    law = stats.betanbinom(5, 12.5, 48.5)
    for share in PROBABILITIES:
        error = 4 * np.sqrt(share * (1 - share) / 20_000)
        assert law.cdf(plan.needed(share) - 5) >= share - error
        assert law.cdf(plan.needed(share) - 6) <= share + error


def test_open_leads_against_leads_that_are_really_still_open() -> None:
    world = World()
    rng = np.random.default_rng(8)
    today, size = 500, 400_000
    paths = world.paths(rng.integers(0, today + 1, size), rng)
    steps = [step_of(Counts(**paths.counts(k, today))) for k in range(3)]
    window = Window(10, 40)
    won = paths.reached[:, -1] - today
    wins = (won >= window.first) & (won < window.end)
    for k, step in enumerate(steps):
        rest = convolved([each.lag for each in steps[k + 1 :]])
        rate = np.array([step.moved / step.trials])
        later = np.prod([each.moved / each.trials for each in steps[k + 1 :]])
        here = (
            (paths.reached[:, k] <= today)
            & (paths.reached[:, k + 1] > today)
            & (paths.ended > today)
        )
        age = today - paths.reached[:, k]
        for band in ((0, 5), (5, 20), (20, 60), (60, 200)):
            ages = np.bincount(age[here & (age >= band[0]) & (age < band[1])], minlength=200)
            there = np.flatnonzero(ages)
            chances = (
                chance_to_move(step, there, rate)[:, 0]
                * chance_after(step, rest, window)[there]
                * later
            )
            truly = wins[here & (age >= band[0]) & (age < band[1])].sum()
            expected, variance = (
                ages[there] @ chances,
                ages[there] @ (chances * (1 - chances)),
            )
            # Beside the chance of the leads themselves, 3 % for the measured rates and lags.
            assert truly == pytest.approx(
                expected, abs=4 * np.sqrt(variance) + 0.03 * expected + 1e-9
            )


def test_added_lags_against_lags_from_first_to_last() -> None:
    world, rng = World(), np.random.default_rng(9)
    today = 400
    paths = world.paths(rng.integers(0, today + 1, 60_000), rng)
    steps = [step_of(Counts(**paths.counts(k, today))) for k in range(3)]
    total = np.cumsum(convolved([step.lag for step in steps]))
    truth = world.paths(np.zeros(400_000, dtype=np.int64), rng).reached[:, -1]
    days = np.sort(truth[truth < NEVER])
    for day in (30, 60, 90, 150):
        assert total[day] == pytest.approx(
            np.searchsorted(days, day, side="right") / len(days), abs=0.02
        )
    rate = np.prod([step.moved / step.trials for step in steps])
    assert rate == pytest.approx(np.prod(world.rates), rel=0.04)


@pytest.mark.parametrize(("today", "leads", "missing"), [(400, 700, 200_000), (160, 1500, 1e6)])
def test_probabilities_are_kept_in_worlds_of_known_truth(
    today: int, leads: int, missing: float
) -> None:
    # Forty companies plan; with the leads they were told, how often do they reach the target?
    # The second kind has seen too little for most of its leads to be won yet.
    reached: dict[float, list[bool]] = {0.5: [], 0.8: [], 0.9: []}
    world, window = World(), Window(20, 110)
    for company in range(40):
        rng = np.random.default_rng([today, company])
        past = world.paths(rng.integers(0, today + 1, leads), rng)
        counts = [past.counts(k, today) for k in range(3)]
        steps = [step_of(Counts(**each)) for each in counts]
        days = np.arange(1, window.end)
        share = in_time(convolved([step.lag for step in steps]), days, window)
        useful = share >= 0.1 * share.max()
        plan = simulate(
            steps,
            [each["open"] for each in counts],
            past.won_values(today),
            missing=missing,
            window=window,
            new_in_time=float(share[useful].mean()),
            draws=400,
            seed=company,
        )
        already = past.revenue(today + window.first, today + window.end)
        for probability, hits in reached.items():
            for _ in range(5):
                created = today + rng.choice(days[useful], int(plan.needed(probability)))
                new = world.paths(created, rng).revenue(today + window.first, today + window.end)
                hits.append(already + new >= missing)
    assert np.mean(reached[0.5]) == pytest.approx(0.5, abs=0.15)
    assert np.mean(reached[0.8]) == pytest.approx(0.8, abs=0.12)
    assert np.mean(reached[0.9]) == pytest.approx(0.9, abs=0.09)


def days_of(tables: dict[str, list[dict[str, Any]]], last: date) -> Counter[tuple[Any, ...]]:
    """What `plan_steps` counts, lead by lead in plain Python: (from, to, outcome, days)."""
    stages = {"inquiry": 1, "opportunity": 2, "won": 3}
    counted: Counter[tuple[Any, ...]] = Counter()
    deals = {deal["deal"]: deal for deal in tables["deal"]}
    for lead in tables["lead"]:
        mine = [each for each in tables["stage_event"] if each["lead"] == lead["lead"]]
        entered = [(stages[e["stage"]], e["entered_at"]) for e in mine if e["stage"]]
        entered += [] if any(k == 1 for k, _ in entered) else [(1, lead["created_at"])]
        reached = {k: min((t for j, t in entered if j >= k), default=None) for k in (1, 2, 3)}
        latest = max(t for _, t in entered)
        ends = [e["entered_at"] for e in mine if e["status"] in ("lost", "rejected")]
        ends = [t for t in ends if t >= latest]
        deal = deals.get(lead["deal"])
        if deal and not deal["is_won"] and local(deal["closed_at"]) >= local(latest):
            ends.append(max(deal["closed_at"], latest))
        for first, to in ((1, 2), (2, 3), (1, 3)):
            if reached[first] is None:
                continue
            start = local(reached[first])
            counted[first, to, "reached", (last - start).days] += 1
            if reached[to] is not None:
                counted[first, to, "moved", (local(reached[to]) - start).days] += 1
            elif deal and deal["is_won"]:
                counted[first, to, "won", (last - start).days] += 1
            elif ends:
                counted[first, to, "closed", (local(min(ends)) - start).days] += 1
            elif lead["status"] in ("lost", "rejected"):
                counted[first, to, "closed", (last - start).days] += 1
            else:
                counted[first, to, "open", (last - start).days] += 1
    return counted


def local(instant: str) -> date:
    """The day that an instant counts for: in Berlin, by summer time all the year."""
    return (datetime.fromisoformat(instant) + timedelta(hours=2)).date()


def messy_company(rng: np.random.Generator, leads: int) -> dict[str, list[dict[str, Any]]]:
    """Leads with skipped, repeated and unordered stages, closures, reopenings and deals."""
    tables: dict[str, list[dict[str, Any]]] = {"lead": [], "stage_event": [], "deal": []}
    for n in range(leads):
        created = datetime(2026, 1, 1, 8) + timedelta(hours=int(rng.integers(0, 24 * 30)))
        name, deal = f"t:L{n:04d}", f"t:D{n:04d}" if rng.random() < 0.4 else None
        status = rng.choice([None, "open", "lost", "recycled"], p=[0.6, 0.2, 0.1, 0.1])
        tables["lead"].append(
            {"lead": name, "created_at": created.isoformat(), "deal": deal, "status": status}
        )
        for _ in range(int(rng.integers(0, 5))):
            # Whole half days: many events fall on the same instant.
            then = created + timedelta(hours=12 * int(rng.integers(0, 40)))
            stage, status = [
                ("inquiry", None),
                ("opportunity", None),
                ("won", "won"),
                (None, "lost"),
                (None, "rejected"),
                (None, "recycled"),
            ][rng.choice(6, p=[0.1, 0.35, 0.15, 0.15, 0.15, 0.1])]
            tables["stage_event"].append(
                {"lead": name, "entered_at": then.isoformat(), "stage": stage, "status": status}
            )
        if deal:
            closed = created + timedelta(hours=12 * int(rng.integers(0, 40)))
            tables["deal"].append(
                {
                    "deal": deal,
                    "closed_at": closed.isoformat(),
                    "is_won": bool(rng.random() < 0.3),
                    "amount": float(rng.integers(1, 9)) * 1000,
                }
            )
    return tables


@pytest.mark.parametrize("seed", [1, 2])
def test_steps_against_a_count_lead_by_lead(
    warehouse_of: Callable[..., Warehouse], seed: int
) -> None:
    tables = messy_company(np.random.default_rng(seed), 250)
    warehouse = warehouse_of(tables, as_of="2026-03-20T23:00")
    result = leads_needed(
        warehouse, revenue=1e5, period=span("2026-02-01", "2026-06-01"), draws=100
    )
    query = next(each for each in result.source.queries if each.name == "metrics/plan_steps")
    found = warehouse.query("metrics/plan_steps", **query.parameters).table
    assert found["is_in_history"].all()
    counted = Counter(
        {
            (row.from_position, row.to_position, row.outcome, row.days): row.leads
            for row in found.itertuples()
        }
    )
    assert counted == days_of(tables, date(2026, 3, 20))
    outcomes = {key[2] for key in counted}
    assert outcomes == {"reached", "moved", "closed", "open", "won"}
    won = [deal for deal in tables["deal"] if deal["is_won"]]
    in_period = sum(deal["amount"] for deal in won if deal["closed_at"] >= "2026-01-31T23:00")
    assert result.note("pipeline")["in_hand_revenue"] == in_period > 0
