"""Measures the exploration of a million leads: funnel, curves, change, flows, sales cycle.

    python benchmarks/exploration.py
    python benchmarks/exploration.py --leads 100000 --folder ../company    keeps it for next time
    python benchmarks/exploration.py --retentioneering ../retentioneering/bin/python

Every number comes from a process of its own, held to one core. README.md says how to read them.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.steps import answer_of, on_company

ENDINGS = ("moved_on", "moved_back", "lost", "rejected", "recycled", "nurture", "still_there")
CAMPAIGNS = "update lead set campaign = 'campaign ' || hash(lead, 'campaign') % 10"
# Six in ten leads that are not won are closed after their last entry; of the recycled and those in
# nurture every second one comes back, of the others one in twenty.
CLOSINGS = """
insert into stage_event (
    lead, entered_at, entered_at_is_day, stage, status, reason, provenance, load_no, source_row
)
with

last as (

    select
        lead,
        max(entered_at) as seen_at,
        bool_or(stage = $stages[6]) as is_won,
        hash(lead, 'closing') % 100 as closing,
        hash(lead, 'reason') % 4 as reason,
        hash(lead, 'return') % 100 as back,
        -ln((1 + hash(lead, 'closed') % 999983) / 999984.0) * 86400 * 20 as closing_delay,
        -ln((1 + hash(lead, 'returned') % 999983) / 999984.0) * 86400 * 30 as return_delay
    from stage_event
    group by lead

),

closed as (

    select
        *,
        seen_at + interval 1 second * cast(closing_delay as bigint) as closed_at,
        case
            when closing < 30 then 'lost'
            when closing < 45 then 'rejected'
            when closing < 55 then 'recycled'
            else 'nurture'
        end as status
    from last
    where not is_won and closing < 60

),

returned as (

    select
        *,
        closed_at + interval 1 second * cast(return_delay as bigint) as returned_at
    from closed
    where back < case when status in ('recycled', 'nurture') then 50 else 5 end

),

everything as (

    select
        lead,
        closed_at as entered_at,
        null as stage,
        status,
        case reason when 0 then 'budget' when 1 then 'timing' when 2 then 'competitor' end as reason
    from closed
    union all
    select lead, returned_at, $stages[2], null, null from returned
    union all
    select lead, returned_at + interval 4 day, $stages[3], null, null
    from returned
    where back % 2 = 0

)

select lead, entered_at, false, stage, status, reason, 'history', 1, row_number() over ()
from everything
where entered_at < $as_of
"""
EVENTS = """
copy (
    select
        leads.lead_no as user_id,
        coalesce(stage_event.stage, stage_event.status) as event,
        stage_event.entered_at as timestamp,
        coalesce(leads.origin, 'none') as origin,
        leads.campaign
    from stage_event
    inner join leads on stage_event.lead = leads.lead
) to '{place}' (format parquet)
"""
# Runs in an environment of its own: retentioneering is no dependency of ours.
PEER = """
import json, os, resource, sys, time
os.environ["RETENTIONEERING_NO_TRACK"] = "1"
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from importlib.metadata import version
import pandas as pd
from retentioneering.eventstream.eventstream import Eventstream
step, place, stages = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
cpu, wall = time.process_time(), time.perf_counter()
columns = {"path_cols": ["user_id"], "segment_cols": ["origin", "campaign"]}
stream = Eventstream(pd.read_parquet(place), schema=columns)
reading = time.process_time() - cpu
found = None
if step == "funnel":
    found = [each["unique_paths"] for each in stream.funnel_data(steps=stages)["steps"]]
elif step == "funnel_of_two_origins":
    stream.funnel_data(steps=stages, diff=("origin", "inbound", "outbound"))
elif step == "transitions":
    stream.transition_graph_data(edge_weight="count")
elif step == "median_times":
    stream.transition_graph_data(edge_weight="time_median")
elif step == "step_matrix":
    stream.step_matrix_data(max_steps=10)
largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({
    "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "reading": reading,
    "mb": largest / (1e6 if sys.platform == "darwin" else 1024), "reached": found,
    "version": version("retentioneering"),
}))
"""
PEER_STEPS = ("funnel", "funnel_of_two_origins", "transitions", "median_times", "step_matrix")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the company here; use it if it is here")
    parser.add_argument("--retentioneering", metavar="PYTHON", help="one that has retentioneering")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--db", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(step(asked.step, asked.db, asked.leads)))
    elif asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
        show(asked.folder, asked.leads, asked.retentioneering)
    else:
        with tempfile.TemporaryDirectory() as folder:
            show(Path(folder), asked.leads, asked.retentioneering)


def show(folder: Path, leads: int, peer: str | None) -> None:
    """Build the company if it is not there, run every step, compare, print the table."""
    import numpy as np

    db = folder / f"exploration_{leads}.duckdb"
    print(f"{platform.machine()}, Python {platform.python_version()}, one core a step")
    if not db.exists():
        built = on_company(__file__, "build", db, leads)
        print(
            f"{built['leads']:,} leads, {built['events']:,} events; marts built in "
            f"{built['cpu']:.1f} CPU s, {built['mb']:.0f} MB at most"
        )
    print(
        f"\n{'':20}{'CPU s':>8}{'wall s':>8}{'MB':>7}   pandas{'CPU s':>7}{'MB':>7}{'ratios':>13}"
    )
    faults = []
    for name in OURS:
        ours = on_company(__file__, name, db, leads)
        theirs = on_company(__file__, f"pandas_{name}", db, leads)
        print(
            f"{name.replace('_', ' '):20}{ours['cpu']:8.2f}{ours['wall']:8.2f}{ours['mb']:7.0f}"
            f"{theirs['cpu']:16.2f}{theirs['mb']:7.0f}{theirs['cpu'] / ours['cpu']:7.1f}"
            f"{theirs['mb'] / ours['mb']:6.1f}",
            flush=True,
        )
        same = len(ours["found"]) == len(theirs["found"]) and np.allclose(
            ours["found"], theirs["found"], rtol=1e-9, atol=1e-7, equal_nan=True
        )
        if not same:
            faults.append(f"{name}: the numbers differ: {ours['found']} and {theirs['found']}")
    if peer:
        show_peer(db, leads, peer)
    if faults:
        sys.exit("\n".join(faults))
    print("\nEvery number is the same with pandas.")


def show_peer(db: Path, leads: int, python: str) -> None:
    """What retentioneering takes for questions of its own about the same events."""
    from benchmarks.run import STAGES

    place = db.with_suffix(".parquet")
    if not place.exists():
        on_company(__file__, "events", db, leads)
    for name in PEER_STEPS:
        command = [python, "-c", PEER, name, str(place), ",".join(STAGES)]
        answer = answer_of(name, command)
        print(
            f"retentioneering {answer['version']} {name.replace('_', ' '):24}{answer['cpu']:8.2f}"
            f" CPU s ({answer['reading']:.2f} reading){answer['wall']:8.2f} wall s"
            f"{answer['mb']:7.0f} MB  {answer['reached'] or ''}",
            flush=True,
        )


def step(name: str, db: Path, leads: int) -> dict:
    from benchmarks.run import build, measured, one_core

    if name == "build":
        return build(db, leads, more=((CAMPAIGNS, ()), (CLOSINGS, ("stages", "as_of"))))
    one_core()
    if name == "events":
        return write_events(db)
    import numpy as np  # noqa: F401
    import pandas as pd  # noqa: F401

    import funnel_analytics as fa
    from benchmarks import exploration_pandas  # noqa: F401

    answer: dict = {}
    if name.startswith("pandas_"):
        with measured(answer):
            answer["found"] = with_pandas(db, name.removeprefix("pandas_"))
    else:
        with measured(answer), fa.open_warehouse(db) as warehouse:
            result = OURS[name][0](fa, warehouse)
        answer["found"] = [float(each) for each in OURS[name][1](result)]
    return answer


def write_events(db: Path) -> dict:
    from funnel_analytics.warehouse import connect

    place = db.with_suffix(".parquet")
    with connect(db, read_only=True) as connection:
        connection.execute(EVENTS.format(place=place))
    return {}


def with_pandas(db: Path, name: str) -> list[float]:
    import pandas as pd

    from benchmarks import exploration_pandas as peer
    from benchmarks.run import AS_OF, STAGES, pandas_at_least, pandas_ordered
    from funnel_analytics.warehouse import connect

    with connect(db, read_only=True) as connection:

        def read(text: str) -> pd.DataFrame:
            return connection.execute(text).df()

        if name in ("at_least", "ordered"):
            leads = read("select lead_no, created_at from leads")
            entries = read("select lead_no, position, entered_at, latest_at from stage_entries")
            funnel = pandas_ordered if name == "ordered" else pandas_at_least
            reached, days = funnel(leads, entries)
            return [*map(float, reached), *days]
        question: Callable[..., list[float]] = getattr(peer, name)
        return [float(each) for each in question(read, len(STAGES), pd.Timestamp(AS_OF))]


def funnel_numbers(result: Any) -> list[float]:
    table = result.table
    return [*table["reached_leads"], *table["median_days"].iloc[1:]]


def curve_numbers(result: Any) -> list[float]:
    """By segment and stage: the rate at 30 and 90 days and at the end of the curve."""
    import numpy as np
    import pandas as pd

    shares = pd.concat([result.part("milestones"), result.part("totals").assign(day=np.inf)])
    shares = shares[shares["day"].isin([30, 90, np.inf])]
    shares = shares.sort_values(["segment", "position", "day"])
    return shares["incidence_rate"].tolist()


def flow_numbers(result: Any) -> list[float]:
    steps = result.part("transitions")
    after = steps[steps["is_return"]].groupby("from_state")["stays"].sum()
    stage = ~steps["from_state"].isin(["created", *ENDINGS]) & ~steps["is_return"]
    created = steps.loc[steps["from_state"] == "created", "stays"].sum()
    backward = steps.loc[stage & steps["is_backward"], "stays"].sum()
    counts = result.table[[f"{each}_stays" for each in ENDINGS]].to_numpy(float).ravel()
    return [*counts, backward, created, *(after[each] for each in ENDINGS[2:6])]


def stay_numbers(result: Any) -> list[float]:
    names = ["moved_on_leads", "moved_back_leads", "closed_leads", "open_leads"]
    return result.table[[*names, "median_days", "p75_days", "p90_days"]].to_numpy(float).ravel()


def trend_numbers(result: Any) -> list[float]:
    import numpy as np

    table = result.table
    counts = table[["reached_leads", "previous_leads"]].to_numpy("float64", na_value=np.nan).T
    return [*counts.ravel(), *table["limit_low"].dropna(), *table["limit_high"].dropna()]


OURS: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any], Any]]] = {
    "at_least": (lambda fa, w: fa.stage_conversion(w), funnel_numbers),
    "ordered": (lambda fa, w: fa.stage_conversion(w, mode="ordered"), funnel_numbers),
    "strict": (lambda fa, w: fa.stage_conversion(w, mode="strict"), funnel_numbers),
    "time_in_stage": (lambda fa, w: fa.time_in_stage(w), stay_numbers),
    "curve": (lambda fa, w: fa.conversion_curve(w), curve_numbers),
    "curve_by_campaign": (lambda fa, w: fa.conversion_curve(w, by="campaign"), curve_numbers),
    "change": (
        lambda fa, w: fa.explain_change(
            w, before=fa.month("2025-06"), after=fa.month("2025-09"), by="origin", draws=1000
        ),
        lambda result: result.table["part"],
    ),
    "trend": (lambda fa, w: fa.conversion_trend(w), trend_numbers),
    "flows": (lambda fa, w: fa.stage_flows(w), flow_numbers),
    "cycle": (
        lambda fa, w: fa.sales_cycle(w),
        lambda result: result.table[
            ["median_days", "p75_days", "p90_days", "naive_median_days"]
        ].iloc[0],
    ),
    "expected": (
        lambda fa, w: fa.expected_conversion(w),
        lambda result: result.table["expected_final_leads"],
    ),
}

if __name__ == "__main__":
    main()
