"""Measures `channel_costs` on a warehouse of a million leads, four touches each.

    python benchmarks/costs.py                 one million leads
    python benchmarks/costs.py --leads 100000
    python benchmarks/costs.py --db FILE       keep the company for the next run

The company is that of attribution_warehouse.py, whose leads name a channel and a campaign; each of
72 campaigns has spend on every day of two years, and every touch but one in a hundred a cost.
Every number comes from a process of its own, held to one core. README.md says how to read them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.attribution_warehouse import DEALS, OF_LEADS, TOUCHES
from benchmarks.run import build, measured, one_core

CAMPAIGNS = """
insert into campaign (campaign, name, channel, objective, load_no, source_row)
select
    'C' || n,
    'Campaign ' || n,
    'channel_' || n % 12,
    case when n % 4 = 0 then 'long_term' else 'short_term' end,
    1,
    n + 2
from range(72) as numbers (n)
"""
SPEND = """
insert into spend (spent_on, channel, campaign, amount, currency, load_no, source_row)
select
    date '2024-11-01' + cast(day as integer),
    campaign.channel,
    campaign.campaign,
    (50 + hash(campaign.campaign, day, 'spend') % 20000) / 100.0,
    'EUR',
    1,
    row_number() over ()
from campaign, range(730) as days (day)
"""
LEADS_OF_CAMPAIGNS = """
update lead set
    channel = 'channel_' || hash(lead, 'campaign') % 72 % 12,
    campaign = 'C' || hash(lead, 'campaign') % 72
"""
TOUCHES_OF_CAMPAIGNS = """
update touch set
    campaign = 'C' || (cast(split_part(channel, '_', 2) as integer) + 12 * (hash(touch) % 6)),
    cost = case when hash(touch, 'cost') % 100 > 0 then (hash(touch, 'cost') % 400) / 100.0 end
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--db", type=Path, help="where the company is, or is to be kept")
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(STEPS[asked.step](asked.db, asked.leads)))
        return
    with tempfile.TemporaryDirectory() as folder:
        show(asked.db or Path(folder) / "benchmark.duckdb", asked.leads)


def show(db: Path, leads: int) -> None:
    """Build the company if it is not there, and run every step."""
    if not db.exists():
        built = run("build", db, leads)
        print(f"marts built in {built['cpu']:.1f} CPU s, {built['mb']:.0f} MB at most")
    print(f"{'':34}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{'rows':>6}{'spend':>14}{'deals':>11}")
    for step in STEPS:
        if step != "build":
            found = run(step, db, leads)
            print(
                f"{step.replace('_', ' '):34}{found['cpu']:8.2f}{found['wall']:8.2f}"
                f"{found['mb']:9.0f}{found['rows']:6}{found['spend']:14,.0f}{found['deals']:11,.0f}"
            )


def run(step: str, db: Path, leads: int) -> dict[str, Any]:
    """One step in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, "--db", str(db), "--leads", str(leads)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{step} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def build_company(db: Path, leads: int) -> dict[str, Any]:
    of_campaigns = ((CAMPAIGNS, ()), (SPEND, ()), (LEADS_OF_CAMPAIGNS, ()))
    touches = ((TOUCHES, ()), (TOUCHES_OF_CAMPAIGNS, ()))
    return build(db, leads, more=(*of_campaigns, *touches, (DEALS, ("as_of",)), (OF_LEADS, ())))


def costs(db: Path, **asked: Any) -> dict[str, Any]:
    one_core()
    import funnel_analytics as fa

    channel_costs, answer = fa.channel_costs, {}
    with measured(answer), fa.open_warehouse(db) as warehouse:
        table = channel_costs(warehouse, period=warehouse.everything(), **asked).table
    sums = {"spend": float(table["spend"].sum()), "deals": float(table["credited_deals"].sum())}
    return {**answer, **sums, "rows": len(table)}


def touch(db: Path, _: int) -> dict[str, Any]:
    return costs(db, basis="touch")


def conversion(db: Path, _: int) -> dict[str, Any]:
    return costs(db, basis="conversion")


def campaigns_by_touch(db: Path, _: int) -> dict[str, Any]:
    return costs(db, basis="touch", by="campaign")


def markov_by_conversion(db: Path, _: int) -> dict[str, Any]:
    return costs(db, basis="conversion", model="markov")


STEPS = {
    "build": build_company,
    "touch": touch,
    "conversion": conversion,
    "campaigns_by_touch": campaigns_by_touch,
    "markov_by_conversion": markov_by_conversion,
}

if __name__ == "__main__":
    main()
