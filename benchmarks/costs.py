"""Measures `channel_costs` on a warehouse of a million leads, four touches each.

    python benchmarks/costs.py                 one million leads
    python benchmarks/costs.py --leads 100000
    python benchmarks/costs.py --db FILE       keep the company for the next run

The company is that of attribution_warehouse.py, whose leads name a channel and a campaign; each of
72 campaigns has spend on every day of two years, and every touch but one in a hundred a cost.
Every number comes from a process of its own, held to one core. README.md says how to read them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.attribution_warehouse import DEALS, OF_LEADS, TOUCHES
from benchmarks.run import build, measured, one_core
from benchmarks.steps import measure

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
    measure(__file__, __doc__, STEPS, {"rows": "6,.0f", "spend": "14,.0f", "deals": "11,.0f"})
