"""Measures `attribute` and `attribution_credits` on a million leads with four touches each.

    python benchmarks/attribution_warehouse.py                 one million leads
    python benchmarks/attribution_warehouse.py --leads 100000
    python benchmarks/attribution_warehouse.py --db FILE       keep the company for the next run

Every number comes from a process of its own, held to one core. README.md says how to read them.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.run import build, measured, one_core
from benchmarks.steps import measure

RULES = ["first", "last", "linear", "position_based", "time_decay"]
ALL_RULES = [*RULES, "last_non_direct", "w_shaped", "full_path"]
# One to seven touches within the 120 days before the lead was created and the 30 days after.
TOUCHES = """
insert into touch (touch, lead, touched_at, touched_at_is_day, channel, side, load_no, source_row)
with

places as (

    select
        lead,
        created_at,
        n
    from lead, range(7) as numbers (n)
    where n < 1 + hash(lead, 'touches') % 7

)

select
    lead || ':' || n,
    lead,
    created_at - interval 120 day + interval 1 second * (hash(lead, n, 'touched') % 12960000),
    false,
    'channel_' || hash(lead, n, 'channel') % 12,
    'marketing',
    1,
    row_number() over ()
from places
"""
# Three leads in ten have a deal; half of these are won.
DEALS = """
insert into deal (
    deal, created_at, created_at_is_day, closed_at, closed_at_is_day, is_won, amount, currency,
    load_no, source_row
)
select
    'D' || lead,
    created_at + interval 10 day,
    false,
    case when hash(lead, 'won') % 2 = 0 then created_at + interval 40 day end,
    false,
    case when hash(lead, 'won') % 2 = 0 then true end,
    1000 + hash(lead, 'amount') % 90000,
    'EUR',
    1,
    row_number() over ()
from lead
where
    hash(lead, 'deal') % 10 < 3
    and created_at + interval 40 day < $as_of
"""


OF_LEADS = "update lead set deal = deal.deal from deal where deal.deal = 'D' || lead.lead"


def build_company(db: Path, leads: int) -> dict[str, Any]:
    return build(db, leads, more=((TOUCHES, ()), (DEALS, ("as_of",)), (OF_LEADS, ())))


def credited(db: Path, model: list[str]) -> dict[str, Any]:
    one_core()
    import funnel_analytics as fa

    attribute, answer = fa.attribute, {}
    with measured(answer), fa.open_warehouse(db) as warehouse:
        table = attribute(warehouse, period=warehouse.everything(), model=model).table
    answer["conversions"] = float(table.loc[table["model"] == model[0], "conversions"].sum())
    return answer


def five_rules(db: Path, _: int) -> dict[str, Any]:
    return credited(db, RULES)


def with_markov_and_shapley(db: Path, _: int) -> dict[str, Any]:
    return credited(db, [*RULES, "markov", "shapley"])


def rows(db: Path, model: list[str], save_to: Path | None = None) -> dict[str, Any]:
    """A row per touch and rule, handed over or written; the file is open before."""
    one_core()
    import funnel_analytics as fa

    attribution_credits, answer = fa.attribution_credits, {}
    with fa.open_warehouse(db) as warehouse:
        period = warehouse.everything()
        with measured(answer):
            table = attribution_credits(
                warehouse, period=period, model=model, save_to=save_to
            ).table
    answer["rows"] = len(table)
    answer["conversions"] = float(table.loc[table["model"] == "first", "weight"].sum())
    return answer


def rows_of_five_rules(db: Path, _: int) -> dict[str, Any]:
    return rows(db, RULES)


def rows_of_all_eight_rules(db: Path, _: int) -> dict[str, Any]:
    return rows(db, ALL_RULES)


def rows_written_to_parquet(db: Path, _: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return rows(db, ALL_RULES, Path(folder) / "credits.parquet")


STEPS = {
    "build": build_company,
    "five_rules": five_rules,
    "with_markov_and_shapley": with_markov_and_shapley,
    "rows_of_five_rules": rows_of_five_rules,
    "rows_of_all_eight_rules": rows_of_all_eight_rules,
    "rows_written_to_parquet": rows_written_to_parquet,
}

if __name__ == "__main__":
    measure(__file__, __doc__, STEPS, {"conversions": "13,.0f"})
