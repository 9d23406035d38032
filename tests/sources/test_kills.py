"""A load that is killed, at any moment whatever, leaves the warehouse as before or as after."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.schema import TABLES
from funnel_analytics.warehouse import connect
from tests.sources.drawn import Drawn
from tests.sources.killed_loads import STEPS

KILLS = int(os.environ.get("FUNNEL_KILLS", "5"))  # 50 are a matter of minutes
# What comes after the other steps is the next one, which a kill comes before as well.
LAST_WORDS = ("stage_member", "store_info", "put_in_place", "_to_disk")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")

# Two versions of the same exports: the second restates a third of the first's leads and costs.
FIRST = {
    "leads_2026-08-31.csv": ["lead,created,origin"]
    + [f"l{n},2026-08-{n % 28 + 1:02d},first" for n in range(300)],
    "history_2026-08-31.csv": ["lead,state,at"] + [f"l{n},opp,2026-08-30" for n in range(300)],
    "costs_2026-08-31.csv": ["day,campaign,amount"]
    + [f"2026-08-{n:02d},c,{n}" for n in range(1, 29)],
}
SECOND = {
    "leads_2026-09-30.csv": ["lead,created,origin"]
    + [f"l{n},2026-08-{n % 28 + 1:02d},second" for n in range(200, 400)],
    "history_2026-09-30.csv": ["lead,state,at"] + [f"l{n},won,2026-09-02" for n in range(300)],
    "costs_2026-09-30.csv": ["day,campaign,amount"]
    + [f"2026-08-{n:02d},c,{n + 1}" for n in range(15, 29)],
}


class Loads:
    """A parent of loads, each a process that can be killed."""

    def __init__(self, drawn: Drawn) -> None:
        self.drawn = drawn
        script = Path(__file__).with_name("killed_loads.py")
        root = Path(__file__).parents[2]
        self.parent = subprocess.Popen(
            [sys.executable, str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )

    def begin(self, paths: list[Path], **how: Any) -> int:
        """Begin a load and say its process."""
        options = {
            "preset": str(self.drawn.preset),
            "agreement": str(self.drawn.agreement),
            "database": str(self.drawn.database),
        }
        request = {"paths": [str(each) for each in paths], "options": options, **how}
        assert self.parent.stdin is not None
        self.parent.stdin.write(json.dumps(request) + "\n")
        self.parent.stdin.flush()
        return int(self._answer())

    def wait(self) -> None:
        assert self.parent.stdin is not None
        self.parent.stdin.write("wait\n")
        self.parent.stdin.flush()
        assert self._answer() == "end"

    def _answer(self) -> str:
        assert self.parent.stdout is not None
        return self.parent.stdout.readline().strip()

    def close(self) -> None:
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.close()
        self.parent.wait()
        self.parent.stdout.close()


def content(database: Path) -> tuple[Any, ...] | None:
    """Every row of every canonical table, of the load log and of a mart; None if there is no file.

    A file that is cut off or half written does not open, or lacks a table.
    """
    if not database.exists():
        return None
    with connect(database, read_only=True) as connection:
        return tuple(
            (table, tuple(connection.execute(f"select * from {table} order by all").fetchall()))
            for table in (*TABLES, "load_log", "warehouse_info", "lead_progress")
        )


@dataclass(frozen=True)
class World:
    """Both versions of the exports, the file's bytes after the first, its content after each."""

    loads: Loads
    first: list[Path]
    second: list[Path]
    old: bytes
    before: Any
    after: Any

    @property
    def database(self) -> Path:
        return self.loads.drawn.database

    def leftovers(self) -> list[str]:
        return sorted(each.name for each in self.database.parent.glob(".w.duckdb.build-*"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    drawn = Drawn(tmp_path_factory.mktemp("killed") / "drawn")
    first = [drawn.write(name, "\n".join(lines)) for name, lines in FIRST.items()]
    second = [drawn.write(name, "\n".join(lines)) for name, lines in SECOND.items()]
    drawn.load_paths(first)
    old = drawn.database.read_bytes()
    before = content(drawn.database)
    drawn.load_paths(second)
    after = content(drawn.database)
    assert before != after
    loads = Loads(drawn)
    yield World(loads, first, second, old, before, after)
    loads.close()


def test_random_kills_leave_the_warehouse_as_before_or_as_after(world: World) -> None:
    world.database.write_bytes(world.old)
    began = time.monotonic()
    world.loads.begin(world.second)
    world.loads.wait()
    lasts = time.monotonic() - began
    assert content(world.database) == world.after
    chance = random.Random(20260930)
    for number in range(KILLS):
        # From the first version to both; every fourth time from nothing at all to the first.
        is_new = number % 4 == 3
        if is_new:
            world.database.unlink()
        else:
            world.database.write_bytes(world.old)
        process = world.loads.begin(world.first if is_new else world.second)
        time.sleep(chance.uniform(0, 1.1 * lasts))
        os.kill(process, signal.SIGKILL)
        world.loads.wait()
        expected = (None, world.before) if is_new else (world.before, world.after)
        assert content(world.database) in expected, f"kill {number}: neither before nor after"
    # The load after the last kill cleans up and comes to its end.
    world.database.write_bytes(world.old)
    world.loads.drawn.load_paths(world.second)
    assert content(world.database) == world.after
    assert world.leftovers() == []


def test_a_kill_at_each_step(world: World) -> None:
    moments = [(step, "before") for step in STEPS] + [(step, "after") for step in LAST_WORDS]
    for step, when in moments:
        world.database.write_bytes(world.old)
        world.loads.begin(world.second, step=step, when=when)
        world.loads.wait()
        is_done = (step, when) == ("put_in_place", "after")
        expected = world.after if is_done else world.before
        assert content(world.database) == expected, f"killed {when} {step}"
        assert len(world.leftovers()) == 1, f"killed {when} {step}"
    world.database.write_bytes(world.old)
    world.loads.drawn.load_paths(world.second)
    assert content(world.database) == world.after
    assert world.leftovers() == []
