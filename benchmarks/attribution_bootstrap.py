"""Measures intervals of attribution models: how long they take, and whether they hold the truth.

    python benchmarks/attribution_bootstrap.py                      100,000 and 1,000,000 journeys
    python benchmarks/attribution_bootstrap.py --journeys 100000
    python benchmarks/attribution_bootstrap.py --coverage           intervals against a known truth
    python benchmarks/attribution_bootstrap.py --coverage --companies 2000

Every time comes from a process of its own, held to one core. README.md says how to read it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.run import measured, one_core
from benchmarks.steps import answer_of

DRAWS, CHANNELS = 200, 12
TARGETS = {100_000: 1.0, 1_000_000: 6.0}
STEPS = {
    "both": (["markov", "shapley"], None),
    "accounts": (["markov", "shapley"], 2),
    "rates": (["shapley_rate"], None),
    "order 2": (["markov_2"], None),
}
LABELS = {
    "both": "Markov and Shapley",
    "accounts": "… two journeys of an account together",
    "rates": "Shapley of rates",
    "order 2": "Markov of order 2",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--journeys", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many")
    parser.add_argument("--coverage", action="store_true", help="do the intervals hold the truth?")
    parser.add_argument("--companies", type=int, default=500, help="of each size, for --coverage")
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(one(asked.step, asked.journeys[0])))
    elif asked.coverage:
        cover(asked.companies)
    else:
        for journeys in asked.journeys:
            show(journeys, asked.rounds)


def show(journeys: int, rounds: int) -> None:
    """Medians of every step, and whether the first one met its target."""
    print(f"{journeys:,} journeys, {DRAWS} draws, medians of {rounds}")
    print(f"{'':42}{'CPU s':>8}{'peak MB':>9}")
    found = {}
    for step, label in LABELS.items():
        each = [run(step, journeys) for _ in range(rounds)]
        found[step] = {name: statistics.median(a[name] for a in each) for name in ("cpu", "mb")}
        print(f"{label:42}{found[step]['cpu']:8.2f}{found[step]['mb']:9.0f}")
    target = TARGETS.get(journeys)
    if target is not None and found["both"]["cpu"] > target:
        sys.exit(f"{LABELS['both']} took {found['both']['cpu']:.2f} CPU s; the target is {target}")


def run(step: str, journeys: int) -> dict[str, Any]:
    """One step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, "--journeys", str(journeys)]
    return answer_of(step, command)


def one(step: str, count: int) -> dict[str, Any]:
    """Journeys of 1 + Poisson(3) touches; one in twenty converts. Checks are part of the time."""
    one_core()
    from funnel_analytics.credit.journeys import Journeys, starts_of
    from funnel_analytics.credit.resample import bootstrap

    generator = np.random.default_rng(1)
    lengths = 1 + generator.poisson(3, count)
    codes = (CHANNELS * generator.random(lengths.sum()) ** 1.5).astype(np.uint8)
    won = (generator.random(count) < 0.05).astype(float)
    value = won * np.round(np.exp(3 + 2 * generator.random(count)), 2)
    models, per_account = STEPS[step]
    accounts = None if per_account is None else np.arange(count) // per_account
    answer: dict[str, Any] = {}
    with measured(answer):
        journeys = Journeys(
            keys=tuple(f"channel_{number:02d}" for number in range(CHANNELS)),
            starts=starts_of(lengths),
            codes=codes,
            conversions=won,
            values=value,
            nulls=1 - won,
            clusters=accounts,
        )
        drawn = bootstrap(journeys, models, draws=DRAWS)
    total = drawn[models[0]].conversions.sum(axis=1).mean()
    if abs(total - won.sum()) > 5 * np.sqrt(2 * won.sum() / DRAWS):
        sys.exit(f"{total} conversions are drawn on average; there were {won.sum()}")
    return answer


# From each of three channels: to each channel, to a conversion, to the end without one.
BEGUN = np.array([0.5, 0.3, 0.2])
STEP = np.array([[0.1, 0.3, 0.1], [0.2, 0.1, 0.2], [0.1, 0.1, 0.2]])
WON = np.array([0.15, 0.05, 0.3])


def cover(companies: int) -> None:
    """How often do 90 % intervals of shares hold those of the chain that journeys follow?"""
    from funnel_analytics.credit.resample import bootstrap, interval
    from funnel_analytics.estimates import wilson

    truth = true_shares()
    print(f"{companies} companies of each size, {DRAWS} draws; asked for: 90 %")
    for journeys in (200, 1_000, 4_000):
        held = np.zeros(len(truth))
        for company in range(companies):
            walked = walks(np.random.default_rng((company, journeys)), journeys)
            drawn = bootstrap(walked, ["markov"], draws=DRAWS, seed=company)["markov"]
            low, high = interval(drawn.shares, confidence=0.9)
            held += (low <= truth) & (truth <= high)
        bounds = zip(held / companies, *wilson(held, np.full(len(held), companies)), strict=True)
        parts = [f"{rate:.1%} ({low:.1%} to {high:.1%})" for rate, low, high in bounds]
        print(f"{journeys:6,} journeys: {', '.join(parts)}")


def true_shares() -> np.ndarray:
    """Removal effects of the chain itself, over their sum."""

    def chance(kept: list[int]) -> float:
        inner = np.eye(len(kept)) - STEP[np.ix_(kept, kept)]
        return float(BEGUN[kept] @ np.linalg.solve(inner, WON[kept]))

    every = list(range(len(BEGUN)))
    effects = np.array(
        [1 - chance([k for k in every if k != each]) / chance(every) for each in every]
    )
    return effects / effects.sum()


def walks(generator: np.random.Generator, count: int) -> Any:
    """Journeys that follow the chain."""
    from funnel_analytics.credit.journeys import Journeys, starts_of

    follows = np.column_stack([STEP, WON, 1 - STEP.sum(axis=1) - WON]).cumsum(axis=1)
    at, under_way = generator.choice(len(BEGUN), count, p=BEGUN), np.arange(count)
    codes, owners, won = [at], [under_way], np.zeros(count)
    while len(under_way):
        at = (generator.random(len(at))[:, None] >= follows[at]).sum(axis=1)
        won[under_way[at == len(BEGUN)]] = 1
        under_way, at = under_way[at < len(BEGUN)], at[at < len(BEGUN)]
        codes.append(at)
        owners.append(under_way)
    owner = np.concatenate(owners)
    return Journeys(
        keys=tuple(f"channel_{number}" for number in range(len(BEGUN))),
        starts=starts_of(np.bincount(owner)),
        codes=np.concatenate(codes)[np.argsort(owner, kind="stable")].astype(np.uint8),
        conversions=won,
        values=np.zeros(count),
        nulls=1 - won,
    )


if __name__ == "__main__":
    main()
