"""Does the split into lead quality and follow-up name what is there, and nothing else?

    python benchmarks/lead_quality.py                 200 invented companies of each kind
    python benchmarks/lead_quality.py --companies 20

Each company has 6,000 leads of 18 months and six channels, whose chances depend on their score,
segment and priority. Then one thing at most is changed: the leads of one channel are weaker, or the
same leads get on more rarely in the stages that sales development owns, for one channel or month.
In the last kind the chances of all leads of a channel in a month share luck of their own. The
models see counts as from a warehouse; README.md says how to read the numbers.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

KINDS = ("nothing", "weaker_leads", "follow_up_channel", "follow_up_month", "shared_luck")
CHANNELS, MONTHS, LEADS = 6, 18, 6000
CHANGED_CHANNEL, CHANGED_MONTH = 2, 9
WORKED_ODDS, MONTH_ODDS = 0.6, 0.4
SHARED_LUCK = 0.2  # standard deviation in log odds
SDR = 2  # the number of the block of sales development
RATE = 0.05


@dataclass(frozen=True)
class Company:
    """What was found in one company; `named` is whether the changed row is a finding.

    Of all rows that nothing was changed in: how many tests there are, how many of these have an
    interval without 1, and how many are findings.
    """

    kind: str
    named: bool
    other_covers: bool
    vetoed: bool
    tests: int
    outside: int
    false_findings: int
    seconds: float


def drawn(kind: str, seed: int) -> tuple[Any, Any]:
    """The leads of an invented company as counts, and months that are all ripe."""
    import numpy as np
    import pandas as pd

    from funnel_analytics.metrics.lead_quality.reading import Known
    from funnel_analytics.ripeness import Months

    rng = np.random.default_rng([seed, KINDS.index(kind)])
    channel = rng.integers(0, CHANNELS, LEADS)
    month = rng.integers(0, MONTHS, LEADS)
    score = rng.integers(0, 5, LEADS)
    if kind == "weaker_leads":
        weaker = (channel == CHANGED_CHANNEL) & (rng.random(LEADS) < 0.5)
        score = np.where(weaker, np.minimum(score, rng.integers(0, 5, LEADS)), score)
    segment, priority = rng.integers(0, 3, LEADS), rng.integers(0, 2, LEADS)
    odds = 0.45 * (score - 2) + 0.35 * (segment - 1) + 0.3 * priority
    luck = rng.normal(0, SHARED_LUCK, (CHANNELS, MONTHS, 5))
    furthest = np.ones(LEADS, dtype=np.intp)
    for step, base in enumerate((0.3, 0.9, 0.1, 0.2, -0.7)):
        own = base + (0.0 if step in (0, 3) else 0.8) * odds + 0.2 * odds
        if kind == "shared_luck":
            own = own + luck[channel, month, step]
        if step in (1, 2):
            if kind == "follow_up_channel":
                own = own + np.log(WORKED_ODDS) * (channel == CHANGED_CHANNEL)
            if kind == "follow_up_month":
                own = own + np.log(MONTH_ODDS) * (month == CHANGED_MONTH)
        takes = rng.random(LEADS) < 1 / (1 + np.exp(-own))
        furthest += (furthest == step + 1) & takes
    names = [f"{2025 + each // 12}-{each % 12 + 1:02d}" for each in range(MONTHS)]
    by_month = kind == "follow_up_month"
    count = MONTHS if by_month else CHANNELS
    known = Known(
        names=("score", "missing_fields", "priority", "segment"),
        codes={"score": score, "segment": segment, "priority": priority, "channel": channel},
        sizes={"score": 6, "missing_fields": 4, "segment": 3, "priority": 2, "channel": CHANNELS},
        blank={"score": 5, "missing_fields": -1, "segment": -1, "priority": -1},
        fields={stage: np.zeros(LEADS, dtype=np.intp) for stage in range(1, 7)},
        leads=np.ones(LEADS),
        furthest=furthest,
        fold=rng.integers(0, 5, LEADS),
        group=month if by_month else channel,
        month=month,
        groups=pd.DataFrame(
            {
                "is_folded": False,
                "segment": names if by_month else [f"c{each}" for each in range(count)],
                "segment_leads": 1000,
                "merged_groups": 1,
            },
            index=range(count),
        ),
        months=pd.DataFrame({"value": names, "first_created_at": pd.Timestamp(2025, 1, 1)}),
    )
    every = range(2, 7)
    ripe = Months(
        is_judged={stage: np.ones(MONTHS, dtype=bool) for stage in every},
        due={stage: np.ones(MONTHS) for stage in every},
        immature=dict.fromkeys(every, ()),
        cut=dict.fromkeys(every, ()),
    )
    return known, ripe


def searched(kind: str, seed: int) -> Company:
    """What is found in one company."""
    from funnel_analytics.agreement import load_agreement
    from funnel_analytics.metrics.lead_quality import judged

    agreement = load_agreement(ROOT / "data" / "sample" / "agreement.toml")
    known, months = drawn(kind, seed)
    start = time.process_time()
    by = "created_month" if kind == "follow_up_month" else "channel"
    table, _ = judged(agreement, known, months, [by])
    return told(kind, table, time.process_time() - start)


def told(kind: str, table: Any, seconds: float) -> Company:
    """The findings of a company against what was changed in it."""
    changed = CHANGED_MONTH if kind == "follow_up_month" else CHANGED_CHANNEL
    own = table["group"] == changed
    of_sdr = own & (table["block"] == SDR)
    tests, outside, false = 0, 0, 0
    named, other_covers = False, True
    for what, low, high, finding in (
        ("quality", "quality_low", "quality_high", "is_quality_distinguishable"),
        ("ratio", "ratio_low", "ratio_high", "is_distinguishable"),
    ):
        # Who is changed moves the average that all others are held against.
        is_changed = (what == "quality") if kind == "weaker_leads" else (what == "ratio")
        is_changed = is_changed and kind.startswith(("weaker", "follow"))
        rows = table[own] if is_changed else table
        missed = (rows[low] > 1) | (rows[high] < 1)
        if is_changed:
            named = bool(table.loc[of_sdr, finding].all() and (table.loc[of_sdr, what] < 1).all())
            continue
        if kind in ("nothing", "shared_luck") or what == "quality" or kind == "weaker_leads":
            tests += len(rows)
            outside += int(missed.sum())
            false += int(rows[finding].sum())
        if kind.startswith(("weaker", "follow")):
            other_covers = bool(
                ((table.loc[of_sdr, low] <= 1) & (table.loc[of_sdr, high] >= 1)).all()
            )
    vetoed = bool(table.loc[table["block"] == SDR, "is_vetoed"].any())
    return Company(kind, named, other_covers, vetoed, tests, outside, false, seconds)


def summary(kind: str, companies: Iterable[Company]) -> bool:
    """Prints one kind; true if it is as promised."""
    from funnel_analytics.estimates import wilson

    seen = list(companies)
    count = len(seen)
    alarms = sum(each.false_findings > 0 for each in seen)
    low, high = wilson(alarms, count)
    tests, outside = sum(each.tests for each in seen), sum(each.outside for each in seen)
    print(
        f"{kind}: {alarms} of {count} companies with a false finding, {alarms / count:.1%} "
        f"({low:.1%} to {high:.1%}); {outside} of {tests} intervals miss 1, {outside / tests:.1%}; "
        f"{sum(each.vetoed for each in seen)} vetoed; "
        f"{sum(each.seconds for each in seen) / count:.2f} CPU seconds each",
        flush=True,
    )
    if kind.startswith(("weaker", "follow")):
        named = sum(each.named for each in seen)
        covers = sum(each.other_covers for each in seen)
        print(
            f"    the changed block named: {named} of {count} ({named / count:.0%}); the interval "
            f"of the other of the two holds 1: {covers} of {count} ({covers / count:.0%})",
            flush=True,
        )
        return covers / count >= 0.9 and named / count >= 0.8
    return bool(low <= RATE)


def main() -> int:
    """0 if nothing is found more often than promised, and what is there is named."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--companies", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.companies)
    good = True
    with ProcessPoolExecutor(given.workers) as pool:
        for kind in KINDS:
            good &= summary(kind, pool.map(searched, [kind] * len(seeds), seeds))
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
