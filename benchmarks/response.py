"""Measures the time to contact of a million leads, and the same numbers in pandas and numpy.

    python benchmarks/response.py                 one million leads, about 2.6 activities each
    python benchmarks/response.py --leads 100000
    python benchmarks/response.py --db FILE       keep the company for the next run

Every number comes from a process of its own, held to one core. README.md says how to read them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.run import (
    AGREEMENT_HEAD,
    AGREEMENT_STAGE,
    STAGES,
    build,
    measured,
    one_core,
)
from benchmarks.steps import measure

TARGET_CPU_SECONDS = 3.0
AS_OF = "2026-11-01"
HOURS = """
[working_time]
holidays = { country = "DE", subdivision = "BY" }
monday = ["08:00-12:00", "13:00-17:00"]
tuesday = ["08:00-12:00", "13:00-17:00"]
wednesday = ["08:00-12:00", "13:00-17:00"]
thursday = ["08:00-12:00", "13:00-17:00"]
friday = ["08:00-12:00", "13:00-16:00"]

[working_time.teams.sales]
timezone = "Europe/Vienna"
monday = ["09:00-17:00"]
tuesday = ["09:00-17:00"]
wednesday = ["09:00-17:00"]
thursday = ["09:00-17:00"]
friday = ["09:00-17:00"]

[first_contact]
within_hours = 4
by_origin = { partner = 8 }
"""
PEOPLE = """
insert into person (person, team, is_queue, load_no, source_row)
select 'P' || n, case when n < 12 then 'sales' else 'sdr' end, false, 1, n + 2
from range(40) as numbers (n)
"""
# Seven leads in ten are handed over within a day, two in ten of them to sales at once.
HANDOVERS = """
insert into handover (lead, kind, handed_at, handed_at_is_day, to_team, load_no, source_row)
select
    lead,
    'marketing_to_sdr',
    created_at + interval 1 second * (hash(lead, 'handed') % 86400),
    false,
    case when hash(lead, 'team') % 10 < 2 then 'sales' else 'sdr' end,
    1,
    row_number() over ()
from lead
where
    hash(lead, 'is handed') % 10 < 7
    and created_at + interval 1 second * (hash(lead, 'handed') % 86400) < $as_of
"""
# Nine leads in ten have one to four activities, the first after 20 hours on average.
ACTIVITIES = """
insert into activity (
    activity, lead, happened_at, happened_at_is_day, kind, direction, "by", is_automated,
    is_connect, load_no, source_row
)
with

draws as (

    select
        lead,
        n,
        created_at + interval 1 second * cast(
            -ln((1 + hash(lead, n, 'after') % 999983) / 999984.0) * 72000 * n as bigint
        ) as happened_at
    from lead, range(1, 5) as numbers (n)
    where
        hash(lead, 'is contacted') % 10 < 9
        and n <= 1 + hash(lead, 'activities') % 4

)

select
    lead || ':' || n,
    lead,
    happened_at,
    hash(lead, n, 'day') % 50 = 0,
    'call',
    'outbound',
    'P' || (hash(lead, 'by') % 40),
    hash(lead, n, 'automated') % 10 = 0,
    hash(lead, n, 'connect') % 10 < 3,
    1,
    row_number() over ()
from draws
where happened_at < $as_of
"""


def compare(answers: dict[str, dict[str, Any]]) -> None:
    """The same numbers with pandas, at which cost? Was the target met?"""
    mine, theirs = answers["time_to_contact"], answers["pandas"]
    if any(abs(a - b) > 1e-6 for a, b in zip(mine["numbers"], theirs["numbers"], strict=True)):
        sys.exit(f"the numbers differ: {mine['numbers']} and {theirs['numbers']}")
    print(
        f"the same counts and waits with pandas, which takes {theirs['cpu'] / mine['cpu']:.1f} "
        f"times the CPU and {theirs['mb'] / mine['mb']:.1f} times the memory"
    )
    met = mine["cpu"] <= TARGET_CPU_SECONDS
    print(
        f"time to contact: {mine['cpu']:.2f} CPU s; the target of {TARGET_CPU_SECONDS:.0f} s for a "
        f"million leads is {'met' if met else 'MISSED'}"
    )


def agreement() -> Any:
    from funnel_analytics.agreement import parse_agreement

    text = AGREEMENT_HEAD + "".join(AGREEMENT_STAGE.format(name=name) for name in STAGES)
    return parse_agreement(text + HOURS, name="benchmark")


def build_company(db: Path, leads: int) -> dict[str, Any]:
    return build(db, leads, more=((PEOPLE, ()), (HANDOVERS, ("as_of",)), (ACTIVITIES, ("as_of",))))


def ours(db: Path, _: int) -> dict[str, Any]:
    one_core()
    from funnel_analytics.metrics.response import time_to_contact
    from funnel_analytics.warehouse import open_warehouse

    answer: dict[str, Any] = {}
    agreed = agreement()
    with measured(answer), open_warehouse(db, agreement=agreed) as warehouse:
        table = time_to_contact(warehouse).table.set_index("leg")
    row = table.loc["wait"]
    counts = ("leads", "contacted_leads", "due_leads", "within_deadline_leads")
    answer["numbers"] = [int(row[name]) for name in counts]
    answer["numbers"] += [float(row["median_hours"]), float(row["median_calendar_hours"])]
    return answer


def with_pandas(db: Path, _: int) -> dict[str, Any]:
    """The waits alone, by merges and the clock's own look-up: no other legs, no parts, no curve."""
    one_core()
    import numpy as np
    import pandas as pd

    from funnel_analytics.clock import WorkingClock
    from funnel_analytics.warehouse import connect

    answer: dict[str, Any] = {}
    agreed, as_of = agreement(), pd.Timestamp(AS_OF)
    with measured(answer):
        with connect(db, read_only=True) as connection:
            leads = connection.execute("select lead_no, created_at, origin from leads").df()
            handed = connection.execute(
                "select lead_no, handed_at, to_team from handovers where handover_no = 1"
            ).df()
            contacts = connection.execute("select lead_no, contacted_by_at from contacts").df()
        start = time.process_time()
        rows = leads.merge(handed, how="left").merge(contacts, how="left")
        at = rows["contacted_by_at"].clip(upper=as_of)
        is_handed = rows["handed_at"].notna() & ~(at < rows["handed_at"])
        begins = rows["handed_at"].where(is_handed, rows["created_at"])
        ends = at.fillna(as_of)
        teams = agreed.working_time.teams
        seconds = np.zeros(len(rows))
        of_sales = (is_handed & (rows["to_team"] == "sales")).to_numpy()
        for chosen, hours, zone in (
            (~of_sales, agreed.working_time, agreed.timezone),
            (of_sales, teams["sales"], teams["sales"].timezone),
        ):
            first, last = begins.min().date(), as_of.date()
            clock = WorkingClock(hours, zone, first=first - pd.Timedelta(days=2), last=last)
            seconds[chosen] = clock.seconds_between(begins[chosen], ends[chosen])
        deadline = np.where(rows["origin"] == "partner", 8, 4) * 3600
        happened, within = at.notna().to_numpy(), np.floor(seconds) <= deadline
        elapsed = (ends - begins).dt.total_seconds().to_numpy()
        answer["numbers"] = [
            len(rows),
            int(happened.sum()),
            int((happened | ~within).sum()),
            int((happened & within).sum()),
            median(np.floor(seconds), happened),
            median(np.floor(elapsed), happened),
        ]
        answer["computing"] = time.process_time() - start
    return answer


def median(seconds: Any, happened: Any) -> float:
    """The Kaplan-Meier median in hours."""
    import numpy as np

    times, events = np.unique(seconds[happened], return_counts=True)
    at_risk = len(seconds) - np.searchsorted(np.sort(seconds), times)
    staying = np.cumprod(1 - events / at_risk)
    return float(times[np.argmax(staying <= 0.5 + 1e-12)] / 3600)


STEPS = {"build": build_company, "time_to_contact": ours, "pandas": with_pandas}

if __name__ == "__main__":
    if answers := measure(__file__, __doc__, STEPS, {}):
        compare(answers)
