"""Do the intervals of speed_effect hold the truth, and how often is speed found where it is none?

    python benchmarks/speed_effect.py                 60 invented companies of 5,000 leads each way
    python benchmarks/speed_effect.py --seeds 20 --leads 30000

Companies with effects are held against their truth.json: by what the odds of the stage are
multiplied after a fast and after a slow contact. Without effects the speed of contact changes
nothing: every finding is a false one. README.md says how to read the numbers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FILES = (
    "leads.csv",
    "accounts.csv",
    "users.csv",
    "stage_history.csv",
    "activities.csv",
    "handovers.csv",
)
AS_OF = "2026-11-01"
LEVEL = 0.05


def answered(seed: int, leads: int, effects: bool) -> tuple[Any, dict[str, Any], float]:
    """Writes and loads one company, and asks whether speed matters there."""
    from datetime import date

    import funnel_analytics as fa

    with tempfile.TemporaryDirectory() as place:
        folder, database = Path(place) / "sample", Path(place) / "funnel.duckdb"
        fa.write_sample(folder, leads=leads, seed=seed, effects=effects)
        fa.load(
            [folder / name for name in FILES],
            preset="sample",
            database=database,
            agreement=folder / "agreement.toml",
            as_of=date.fromisoformat(AS_OF),
        )
        truth = json.loads((folder / "truth.json").read_text("utf-8"))["first_contact"]
        start = time.process_time()
        with fa.open_warehouse(database) as warehouse:
            return fa.speed_effect(warehouse), truth, time.process_time() - start


def true_ratio(row: dict[str, Any], truth: dict[str, Any]) -> float | None:
    """The odds of a band against those within the deadline; unknown where the truth changes."""
    fast, slow = truth["within_hours"], truth["beyond_hours"]
    within, beyond = truth["within_odds_factor"], truth["beyond_odds_factor"]
    if row["to_hours"] <= fast:
        return 1.0
    if row["from_hours"] >= slow:
        return float(beyond / within)
    if row["from_hours"] >= fast and row["to_hours"] <= slow:
        return float(1 / within)
    return None


def with_effects(seeds: int, leads: int) -> int:
    """0 if 95 % lies within what chance allows of the share of intervals that hold the truth."""
    from funnel_analytics.estimates import wilson

    held: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    errors: dict[str, list[float]] = {}
    found = 0
    seconds = 0.0
    for seed in range(1, seeds + 1):
        result, truth, spent = answered(seed, leads, True)
        seconds += spent
        found += bool(result.part("overall")["p_value"].iloc[0] < LEVEL)
        for row in result.table.to_dict("records"):
            ratio = true_ratio(row, truth)
            if ratio is None or row["is_reference"] or not row["odds_ratio"] > 0:
                continue
            seen[row["band"]] += 1
            held[row["band"]] += row["odds_ratio_low"] <= ratio <= row["odds_ratio_high"]
            errors.setdefault(row["band"], []).append(row["odds_ratio"] / ratio)
    for band in sorted(seen, key=lambda name: float(name.rstrip("+").split("-")[0])):
        low, high = wilson(held[band], seen[band])
        middle = sorted(errors[band])[len(errors[band]) // 2]
        print(
            f"{band} h: {held[band]} of {seen[band]} intervals hold the true odds ratio "
            f"({held[band] / seen[band]:.1%}, {low:.1%} to {high:.1%}); "
            f"the median estimate is {middle:.2f} times it"
        )
    low, high = wilson(held.total(), seen.total())
    print(
        f"all bands: {held.total()} of {seen.total()} ({held.total() / seen.total():.1%}, "
        f"{low:.1%} to {high:.1%}); found in {found} of {seeds} companies of {leads} leads; "
        f"{seconds / seeds:.1f} CPU seconds an answer"
    )
    return 0 if low <= 1 - LEVEL <= high else 1


def without_effects(seeds: int, leads: int) -> int:
    """0 if 5 % lies within what chance allows of the share of companies with a finding."""
    from funnel_analytics.estimates import wilson

    bands, trend = 0, 0
    for seed in range(1, seeds + 1):
        overall = answered(seed, leads, False)[0].part("overall").iloc[0]
        bands += bool(overall["p_value"] < LEVEL)
        trend += bool(overall["doubling_p_value"] < LEVEL)
    told = 0
    for name, count in (("bands differ", bands), ("the trend is not flat", trend)):
        low, high = wilson(count, seeds)
        told |= not low <= LEVEL <= high
        print(
            f"without effects {name} in {count} of {seeds} companies ({count / seeds:.1%}, "
            f"{low:.1%} to {high:.1%}); asked for: {LEVEL:.0%}"
        )
    return int(told)


def main() -> int:
    """0 if both are as they should be, as far as chance allows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--leads", type=int, default=5000)
    given = parser.parse_args()
    return max(with_effects(given.seeds, given.leads), without_effects(given.seeds, given.leads))


if __name__ == "__main__":
    sys.exit(main())
