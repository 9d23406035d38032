"""Measures models of attribution on a million journeys, from a log of touches in no order.

    python benchmarks/attribution.py                    one million journeys, four million touches
    python benchmarks/attribution.py --journeys 100000
    python benchmarks/attribution.py --journeys 10000000 --memory-limit 1GB
    python benchmarks/attribution.py --folder FOLDER    keep the logs for the next run
    python benchmarks/attribution.py --peer PYTHON      beside marketing-attribution-models

Every number comes from a process of its own, held to one core. README.md says how to read them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.run import measured, one_core
from benchmarks.steps import answer_of

RULES = ["first", "last", "linear", "position_based", "time_decay"]
BOTH = [*RULES, "markov", "shapley"]
TARGETS = {  # journeys -> step -> CPU s, MB
    1_000_000: {"ours": (1.5, 400), "ours_sorted": (0.5, None), "ours_rates": (1.0, None)},
    10_000_000: {"ours": (18.0, 2_000)},
}
TARGET_RATIO = 1.4
CHANNELS, MORE_CHANNELS = 12, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--journeys", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the logs are, or are to be kept")
    parser.add_argument("--memory-limit", default="2GB", help="what the engine may take")
    parser.add_argument("--rounds", type=int, default=3, help="medians of so many")
    parser.add_argument("--peer", type=Path, help="a Python with marketing-attribution-models")
    parser.add_argument("--step", choices=sorted(STEPS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(STEPS[asked.step](asked.folder, asked)))
        return
    with tempfile.TemporaryDirectory() as folder:
        asked.folder = asked.folder or Path(folder)
        show(asked)


def show(asked: argparse.Namespace) -> None:
    """Write the logs if they are not there, run every step in turn, say what met its target."""
    asked.folder.mkdir(parents=True, exist_ok=True)
    run("write", asked)
    steps = [step for step in STEPS if step.startswith(("ours", "engine"))]
    rounds = [{step: run(step, asked) for step in steps} for _ in range(asked.rounds)]
    print(f"{asked.journeys:,} journeys, medians of {asked.rounds}")
    print(f"{'':34}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}")
    found = {}
    for step in steps:
        each = [answers[step] for answers in rounds]
        found[step] = {name: statistics.median(a[name] for a in each) for name in MEASURES}
        line(LABELS[step], found[step])
    if asked.peer:
        beside_peer(asked, found, rounds[0]["ours"]["credits"])
    ratio = found["ours"]["cpu"] / found["engine"]["cpu"]
    said(f"{LABELS['ours']}: {ratio:.2f} times the engine's sort", ratio, TARGET_RATIO)
    for step, (cpu, mb) in TARGETS.get(asked.journeys, {}).items():
        said(f"{LABELS[step]}: {found[step]['cpu']:.2f} CPU s", found[step]["cpu"], cpu)
        if mb:
            said(f"{LABELS[step]}: {found[step]['mb']:.0f} MB", found[step]["mb"], mb)


def line(label: str, answer: dict[str, float]) -> None:
    print(f"{label:34}{answer['cpu']:8.2f}{answer['wall']:8.2f}{answer['mb']:9.0f}")


def said(what: str, value: float, target: float) -> None:
    print(f"{what}; the target of {target:g} is {'met' if value <= target else 'MISSED'}")


def beside_peer(
    asked: argparse.Namespace, found: dict[str, dict[str, float]], ours: dict[str, dict[str, float]]
) -> None:
    """The peer on the same touches; credits that both define alike have to agree."""
    theirs = run("peer", asked, python=asked.peer)
    label = f"marketing-attribution-models {theirs['version']}"
    line(label, theirs)
    for model in ("first", "last", "linear"):
        other = theirs["credits"][model]
        if any(abs(one - other[name]) > 1e-6 * max(one, 1) for name, one in ours[model].items()):
            sys.exit(f"{model}: {ours[model]} and {theirs['credits'][model]}")
    cpu, mb = (theirs[name] / found["ours"][name] for name in ("cpu", "mb"))
    print(f"the same first, last and linear credits; {cpu:.0f} times the CPU, {mb:.1f} the memory")


def run(step: str, asked: argparse.Namespace, python: Path | None = None) -> dict[str, Any]:
    """One step in a process of its own."""
    command = [
        str(python or sys.executable), __file__, "--step", step, "--folder", str(asked.folder),
        "--journeys", str(asked.journeys), "--memory-limit", asked.memory_limit,
    ]  # fmt: skip
    return answer_of(step, command)


def log(folder: Path, journeys: int, channels: int = CHANNELS) -> Path:
    """Where a log in no order is."""
    return folder / f"touches_{journeys}_{channels}.parquet"


def log_in_order(folder: Path, journeys: int) -> Path:
    """Where the touches are kept in order."""
    return folder / f"touches_{journeys}_in_order.duckdb"


def write(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Logs of 1 + Poisson(3) touches within a year; one journey in twenty converts at its end."""
    from funnel_analytics.warehouse import connect

    for channels in (CHANNELS, MORE_CHANNELS):
        path = log(folder, asked.journeys, channels)
        if path.exists() or (channels == MORE_CHANNELS and asked.journeys > 1_000_000):
            continue
        with connect(":memory:", read_only=False) as connection:
            connection.execute(f"set temp_directory = '{folder}'")
            connection.execute(f"create table drawn as {DRAWN}", drawn_from(asked, channels))
            order = "order by hash(journey, touched_at, channel)"
            connection.execute(f"copy (from drawn {order}) to '{path}'")
    kept = log_in_order(folder, asked.journeys)
    if not kept.exists():
        with connect(kept, read_only=False) as connection:
            path = log(folder, asked.journeys)
            connection.execute(
                f"create table touches as from '{path}' order by journey, touched_at"
            )
    return {}


# The n-th touch is there if a uniform number is below the Poisson's tail; the last one in time
# may convert. Channels differ in how often they occur.
DRAWN = """
with

lengths as (

    select
        n as journey,
        1 + len(list_filter($tails, lambda tail: tail > hash(n, 'length') / 18446744073709551615))
            as places
    from range($journeys) as numbers (n)

),

touches as (

    select
        journey,
        unnest(range(places)) as place,
        places
    from lengths

),

timed as (

    select
        journey,
        timestamp '2025-01-01'
            + interval 1 second * (hash(journey, place, 'when') % 31536000) as touched_at,
        format('channel_{:02d}', cast(floor(
            $channels * pow(hash(journey, place, 'channel') / 18446744073709553000.0, 1.5)
        ) as integer)) as channel
    from touches

),

placed as (

    select
        *,
        row_number() over (partition by journey order by touched_at desc, channel desc) as from_end
    from timed

)

select
    journey + 1000000 as journey,
    touched_at,
    channel,
    cast(from_end = 1 and hash(journey, 'won') % 20 = 0 as tinyint) as conversions,
    case
        when from_end = 1 and hash(journey, 'won') % 20 = 0
            then round(exp(3 + 2 * (hash(journey, 'value') / 18446744073709551615)), 2)
    end as value
from placed
"""


def drawn_from(asked: argparse.Namespace, channels: int) -> dict[str, Any]:
    """P(N > k) of a Poisson number of mean 3, for k = 0, 1, …"""
    from math import exp, factorial

    below, tails = 0.0, []
    for k in range(25):
        below += exp(-3) * 3**k / factorial(k)
        tails.append(max(1 - below, 0.0))
    return {"journeys": asked.journeys, "channels": channels, "tails": tails}


def credited(path: Path, models: Sequence[str], memory_limit: str) -> dict[str, Any]:
    one_core()
    import funnel_analytics as fa

    credit_touches = fa.credit_touches
    answer: dict[str, Any] = {}
    with measured(answer):
        table = credit_touches(path, model=models, value="value", memory_limit=memory_limit)
    answer["credits"] = {
        model: dict(zip(rows["channel"], rows["conversions"].tolist(), strict=True))
        for model, rows in table.groupby("model")
    }
    return answer


def ours(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    return credited(log(folder, asked.journeys), BOTH, asked.memory_limit)


def ours_sorted(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    return credited(log_in_order(folder, asked.journeys), BOTH, asked.memory_limit)


def ours_rules(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    return credited(log(folder, asked.journeys), RULES, asked.memory_limit)


def ours_rates(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    channels = MORE_CHANNELS if asked.journeys <= 1_000_000 else CHANNELS
    path = log(folder, asked.journeys, channels)
    return credited(path, ["shapley_rate"], asked.memory_limit)


def engine(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """DuckDB alone: sort the same rows and store them."""
    one_core()
    from funnel_analytics.warehouse import bound_memory, connect

    answer: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        connect(Path(place) / "sorted.duckdb", read_only=False) as connection,
    ):
        bound_memory(connection, Path(place), limit=asked.memory_limit)
        path = log(folder, asked.journeys)
        with measured(answer):
            connection.execute(
                f"create table touches as from '{path}' order by journey, touched_at"
            )
    return answer


def peer(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """The same models by the peer, which takes touches as sessions of users."""
    one_core()
    from importlib import import_module  # the peer has an environment of its own
    from importlib.metadata import version

    pl, mam = import_module("polars"), import_module("mam.core")
    answer: dict[str, Any] = {"version": version("marketing_attribution_models")}
    results = {}
    with measured(answer):
        touches = pl.read_parquet(log(folder, asked.journeys)).with_columns(
            pl.col("conversions") > 0, pl.col("value").fill_null(0.0)
        )
        models = mam.MAM(
            df=touches,
            format_type="session",
            channels_colname="channel",
            journey_with_conv_colname="conversions",
            datetime_colname="touched_at",
            user_id_colname="journey",
        )
        results["first"] = models.run_first_click().to_pandas()
        results["last"] = models.run_last_click().to_pandas()
        results["linear"] = models.run_linear().to_pandas()
        models.run_position_based()
        models.run_time_decay(half_life_hours=168.0)
        models.run_markov()
        models.run_shapley()
    answer["credits"] = {
        name: dict(zip(rows["channels"], rows["attribution"].tolist(), strict=True))
        for name, rows in results.items()
    }
    return answer


STEPS = {
    "write": write,
    "ours": ours,
    "ours_sorted": ours_sorted,
    "ours_rules": ours_rules,
    "ours_rates": ours_rates,
    "engine": engine,
    "peer": peer,
}
LABELS = {
    "ours": "five rules, Markov and Shapley",
    "ours_sorted": "… from touches kept in order",
    "ours_rules": "the five rules",
    "ours_rates": "Shapley of rates (20 channels)",
    "engine": "DuckDB sorts and stores the rows",
}
MEASURES = ("cpu", "wall", "mb")

if __name__ == "__main__":
    main()
