"""Builds a company once and measures steps on it, each in a process of its own."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Step = Callable[[Path, int], dict[str, Any]]


def measure(
    file: str, doc: str | None, steps: Mapping[str, Step], columns: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """What a benchmark does when it is called; what each step answered, none where one was asked.

    Parameters
    ----------
    file, doc
        The benchmark's own file, which every step calls again, and its first words.
    steps
        By name; `build` makes the company, where it is not there.
    columns
        What steps answer beside time and memory, and the width and form of each.
    """
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--db", type=Path, help="where the company is, or is to be kept")
    parser.add_argument("--step", choices=sorted(steps), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        print(json.dumps(steps[asked.step](asked.db, asked.leads)))
        return {}
    with tempfile.TemporaryDirectory() as folder:
        db = asked.db or Path(folder) / "benchmark.duckdb"
        return _shown(file, db, asked.leads, steps, columns)


def _shown(
    file: str, db: Path, leads: int, steps: Mapping[str, Step], columns: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    if not db.exists():
        built = on_company(file, "build", db, leads)
        print(f"marts built in {built['cpu']:.1f} CPU s, {built['mb']:.0f} MB at most")
    heads = "".join(f"{name:>{form.partition(',')[0]}}" for name, form in columns.items())
    print(f"{'':34}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{heads}")
    answers = {}
    for step in steps:
        if step == "build":
            continue
        found = answers[step] = on_company(file, step, db, leads)
        told = "".join(f"{found[name]:{form}}" for name, form in columns.items())
        print(
            f"{step.replace('_', ' '):34}{found['cpu']:8.2f}{found['wall']:8.2f}"
            f"{found['mb']:9.0f}{told}"
        )
    return answers


def on_company(file: str, step: str, db: Path, leads: int) -> dict[str, Any]:
    """What one step of a file answers about a company."""
    command = [sys.executable, file, "--step", step, "--db", str(db), "--leads", str(leads)]
    return answer_of(step, command)


def answer_of(
    step: str, command: list[str], environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """What one step in a process of its own prints last; ends the benchmark if it fails."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{step} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))
