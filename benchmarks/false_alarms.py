"""How often does the search for drop-offs find something where nothing is?

    python benchmarks/false_alarms.py                200 invented companies of 5,000 leads
    python benchmarks/false_alarms.py --seeds 20

Each company is a sample without effects: no origin, segment, month or speed of contact changes the
chances of a lead. Every finding is a false alarm. README.md says how to read the numbers.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FILES = ("leads.csv", "accounts.csv", "users.csv", "stage_history.csv")
AS_OF = "2026-11-01"
RATE = 0.05


def findings(seed: int, leads: int) -> tuple[int, int, float, float]:
    """One company: its seed, how many false findings, the smallest q-value, CPU seconds."""
    from datetime import date

    import funnel_analytics as fa

    with tempfile.TemporaryDirectory() as place:
        folder, database = Path(place) / "sample", Path(place) / "funnel.duckdb"
        fa.write_sample(folder, leads=leads, seed=seed, effects=False)
        fa.load(
            [folder / name for name in FILES],
            preset="sample",
            database=database,
            agreement=folder / "agreement.toml",
            as_of=date.fromisoformat(AS_OF),
        )
        start = time.process_time()
        with fa.open_warehouse(database) as warehouse:
            result = fa.drop_off_segments(warehouse, false_discovery_rate=RATE)
        table = result.table
        return (
            seed,
            int(table["is_found"].sum()),
            float(table["q_value"].min()),
            time.process_time() - start,
        )


def main() -> int:
    """0 if no more companies than asked for have a false alarm, as far as chance allows."""
    from funnel_analytics.estimates import wilson

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--leads", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    alarms, seconds = 0, 0.0
    with ProcessPoolExecutor(given.workers) as pool:
        for seed, found, smallest, cpu in pool.map(findings, seeds, [given.leads] * len(seeds)):
            seconds += cpu
            if found:
                alarms += 1
                print(f"seed {seed}: {found} false findings, smallest q {smallest:.4f}", flush=True)
    low, high = wilson(alarms, len(seeds))
    print(
        f"{alarms} of {len(seeds)} companies without effects have a finding: "
        f"{alarms / len(seeds):.1%} ({low:.1%} to {high:.1%}); asked for: at most {RATE:.0%}. "
        f"{given.leads} leads each, {seconds / len(seeds):.1f} CPU seconds a search."
    )
    return 0 if low <= RATE else 1


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    raise SystemExit(main())
