"""Measures a load: time and peak memory of `funnel load` on one large CSV file.

    python benchmarks/loading.py                1 GB of leads
    python benchmarks/loading.py --megabytes 100

Each load is a process of its own; beside it stands the same file read by DuckDB's own reader and
by pandas, both without any check. README.md says how to read the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from funnel_analytics.samples import write_sample

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.steps import answer_of

PRESET = """
name = "bench"
system = "bench"
timezone = "Europe/Berlin"

[[files]]
pattern = "leads.csv"
table = "lead"
delimiter = ";"
[files.columns]
lead = "Lead-ID"
account = "Konto-ID"
created_at = "Erstellt am"
origin = "Herkunft"
channel = "Kanal"
status = "Status"
email = "E-Mail"
[files.attributes]
product_interest = "Produkt"
"""
HEADER = "Lead-ID;Konto-ID;Erstellt am;Herkunft;Kanal;Status;E-Mail;Produkt;Name;Notiz\n"
ROW = (
    "L{n:09d};K{k:07d};2025-{m:02d}-{d:02d} {h:02d}:{i:02d}:00;inbound;google / cpc;open;"
    "person{n}@company{k}.example;Drehmaschine;Vorname Nachname;"
    "Interessiert sich für eine Maschine, bitte im nächsten Quartal wieder anrufen\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps(measured(given.step, given.folder)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = write(folder / "leads.csv", given.megabytes * 1_000_000)
        (folder / "bench.toml").write_text(PRESET, encoding="utf-8")
        write_sample(folder / "sample", leads=50, seed=1)
        size = (folder / "leads.csv").stat().st_size / 1e6
        print(f"leads.csv: {rows:,} rows, {size:,.0f} MB")
        for step in ("load", "duckdb", "pandas"):
            answer = run(step, folder)
            print(f"{step:8}{answer['seconds']:8.1f} s{answer['peak_mb']:8.0f} MB peak")


def write(path: Path, size: int) -> int:
    """Write rows until the file is as large as asked for."""
    rows = 0
    with path.open("w", encoding="utf-8") as file:
        written = file.write(HEADER)
        while written < size:
            written += file.write(
                ROW.format(
                    n=rows,
                    k=rows // 3,
                    m=rows % 12 + 1,
                    d=rows % 28 + 1,
                    h=rows % 24,
                    i=rows % 60,
                ).replace("02:", "04:")
            )
            rows += 1
    return rows


def run(step: str, folder: Path) -> dict[str, float]:
    """One step in a process of its own, with a key of its own."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    environment = {**os.environ, "FUNNEL_KEY_FILE": str(folder / "key")}
    return answer_of(step, command, environment)


def measured(step: str, folder: Path) -> dict[str, float]:
    start = time.perf_counter()
    STEPS[step](folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak_mb": peak}


def load_step(folder: Path) -> None:
    import funnel_analytics as fa

    report = fa.load(
        [folder / "leads.csv"],
        preset=folder / "bench.toml",
        database=folder / "w.duckdb",
        agreement=folder / "sample" / "agreement.toml",
    )
    log = report.log.iloc[0]
    assert log["rows_read"] == log["rows_loaded"], log


def duckdb_step(folder: Path) -> None:
    import duckdb

    with duckdb.connect(str(folder / "plain.duckdb")) as connection:
        connection.execute(
            "create table leads as from read_csv($path, delim = ';', all_varchar = true)",
            {"path": str(folder / "leads.csv")},
        )


def pandas_step(folder: Path) -> None:
    import pandas as pd

    pd.read_csv(folder / "leads.csv", sep=";", dtype=str)


STEPS = {"load": load_step, "duckdb": duckdb_step, "pandas": pandas_step}

if __name__ == "__main__":
    main()
