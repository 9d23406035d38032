"""How often does the search for drop-offs find what is not there, and how often what is?

    python benchmarks/false_alarms.py                 200 invented companies of 5,000 leads
    python benchmarks/false_alarms.py --seeds 20
    python benchmarks/false_alarms.py --with-effects  20 companies, each with one bad month

Without effects no origin, segment, month or speed of contact changes the chances of a lead: every
finding is a false alarm. With effects each company is as the sample, drawn anew: what is found is
held against its truth.json. README.md says how to read the numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FILES = ("leads.csv", "accounts.csv", "users.csv", "stage_history.csv")
AS_OF = "2026-11-01"
RATE = 0.05
DIFFER = {"origin", "segment"}
TELL_ORIGIN = {"origin", "channel", "campaign"}


@dataclass(frozen=True)
class Company:
    """What the search found in one company.

    `touching` are the findings that touch an effect of its truth. Of the bad month: its leads in
    the stage before and how many of them entered the stage, whether it was found, alone and with
    its origin, and whether a finding with it stands first.
    """

    seed: int
    findings: int
    touching: int
    smallest_q: float
    seconds: float
    leads: int = 0
    entered: int = 0
    has_month: bool = False
    has_origin: bool = False
    is_first: bool = False


def searched(seed: int, leads: int, effects: bool) -> Company:
    """Writes and loads one company, and searches it."""
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
        bad = json.loads((folder / "truth.json").read_text("utf-8"))["bad_month"]
        start = time.process_time()
        with fa.open_warehouse(database) as warehouse:
            result = fa.drop_off_segments(warehouse, false_discovery_rate=RATE)
        return judged(result.table, bad if effects else None, seed, time.process_time() - start)


def judged(table: Any, bad: Mapping[str, Any] | None, seed: int, seconds: float) -> Company:
    """The findings of a search against the bad month of the truth, none without effects."""
    rows = [(row, named(row)) for row in table.to_dict("records")]
    found = [(row, names) for row, names in rows if row["is_found"]]
    smallest = float(table["q_value"].min())
    if bad is None:
        return Company(seed, len(found), 0, smallest, seconds)
    month = {"created_month": bad["created_month"]}
    planted = {**month, "origin": bad["origin"]}
    whole = [row for row, names in rows if row["stage"] == bad["stage"] and names == planted]
    of_month = [names for row, names in found if is_of_month(row, names, bad)]
    first = [row["finding_no"] == 1 for row, names in found if is_of_month(row, names, bad)]
    return Company(
        seed,
        len(found),
        sum(touches(row, names, bad) for row, names in found),
        smallest,
        seconds,
        leads=sum(row["previous_leads"] for row in whole),
        entered=sum(row["reached_leads"] for row in whole),
        has_month=month in of_month,
        has_origin=planted in of_month,
        is_first=any(first),
    )


def named(row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a tested group by attribute."""
    names = {row["attribute"]: row["value"]}
    if isinstance(row["second_attribute"], str):
        names[row["second_attribute"]] = row["second_value"]
    return names


def touches(row: Mapping[str, Any], names: Mapping[str, Any], bad: Mapping[str, Any]) -> bool:
    """Does a finding touch an effect of the truth?

    Each origin and each segment has rates of its own at every step, and these add up in log odds:
    a pair of them is no effect, nor are the channel or campaign that tell an origin.
    """
    if len(names) == 1 and names.keys() <= DIFFER:
        return True
    return is_of_month(row, names, bad)


def is_of_month(row: Mapping[str, Any], names: Mapping[str, Any], bad: Mapping[str, Any]) -> bool:
    """Is it the bad month at its stage, alone or with what tells the origin?"""
    if row["stage"] != bad["stage"] or names.get("created_month") != bad["created_month"]:
        return False
    return len(names) == 1 or bool(names.keys() & TELL_ORIGIN)


def alarms_told(companies: Iterable[Company], leads: int) -> int:
    """0 if no more companies than asked for have a false alarm, as far as chance allows."""
    from funnel_analytics.estimates import wilson

    seen, alarms, seconds = 0, 0, 0.0
    for each in companies:
        seen, seconds = seen + 1, seconds + each.seconds
        if each.findings:
            alarms += 1
            print(
                f"seed {each.seed}: {each.findings} false findings, "
                f"smallest q {each.smallest_q:.4f}",
                flush=True,
            )
    low, high = wilson(alarms, seen)
    print(
        f"{alarms} of {seen} companies without effects have a finding: "
        f"{alarms / seen:.1%} ({low:.1%} to {high:.1%}); asked for: at most {RATE:.0%}. "
        f"{leads} leads each, {seconds / seen:.1f} CPU seconds a search."
    )
    return 0 if low <= RATE else 1


def power_told(companies: Iterable[Company], leads: int) -> int:
    """0 if the mean share of false findings is at most the one asked for."""
    from funnel_analytics.estimates import wilson

    seen: list[Company] = []
    for each in companies:
        seen.append(each)
        told = "month and origin" if each.has_origin else "month" if each.has_month else "not found"
        print(
            f"seed {each.seed}: bad month {told}{', first' if each.is_first else ''}; "
            f"{each.entered} of its {each.leads} leads entered; {each.findings} findings, "
            f"{each.findings - each.touching} false",
            flush=True,
        )
    for name, times in (
        ("found at its stage", sum(each.has_month or each.has_origin for each in seen)),
        ("found with its origin", sum(each.has_origin for each in seen)),
        ("named first", sum(each.is_first for each in seen)),
    ):
        low, high = wilson(times, len(seen))
        print(f"bad month {name}: {times} of {len(seen)} companies ({low:.0%} to {high:.0%})")
    sizes = [each.leads for each in seen]
    share = sum(1 - each.touching / each.findings for each in seen if each.findings) / len(seen)
    findings = sum(each.findings for each in seen)
    false = findings - sum(each.touching for each in seen)
    print(
        f"It is one month of one origin: {min(sizes)} to {max(sizes)} leads in the stage before, "
        f"of {leads} in the company.\n"
        f"{false} of {findings} findings touch no effect; mean share of a company {share:.1%}; "
        f"asked for: at most {RATE:.0%}."
    )
    return 0 if share <= RATE else 1


def main() -> int:
    """0 if the search finds no more that is not there than it was asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--with-effects", action="store_true", help="companies with a bad month")
    parser.add_argument("--seeds", type=int, help="companies: 200, with effects 20")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--leads", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    effects = given.with_effects
    seeds = range(given.first, given.first + (given.seeds or (20 if effects else 200)))
    with ProcessPoolExecutor(given.workers) as pool:
        companies = pool.map(searched, seeds, [given.leads] * len(seeds), [effects] * len(seeds))
        return (power_told if effects else alarms_told)(companies, given.leads)


if __name__ == "__main__":
    raise SystemExit(main())
