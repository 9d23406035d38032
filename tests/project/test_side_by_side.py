"""Steps that run side by side say what they would alone, and none of their failures is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.project.tree import ROOT

# The first waits for the file that the second makes: one after the other, it would fail.
WAITS = """
import pathlib, sys, time
for _ in range(600):
    if pathlib.Path("there").exists():
        sys.exit(print("the first"))
    time.sleep(0.05)
sys.exit("nobody came")
"""
MAKES = "import pathlib; pathlib.Path('there').touch(); print('the second')"


def side_by_side(folder: Path, *programs: str) -> subprocess.CompletedProcess[str]:
    words = [word for program in programs for word in ("--", sys.executable, "-c", program)]
    return subprocess.run(
        [sys.executable, str(ROOT / "tests" / "project" / "side_by_side.py"), *words[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_they_run_at_the_same_time_and_speak_in_turn(tmp_path: Path):
    done = side_by_side(tmp_path, WAITS, MAKES)
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines.index("the first") < lines.index("the second")


def test_a_failure_is_not_lost_and_keeps_nobody_from_the_end(tmp_path: Path):
    done = side_by_side(
        tmp_path,
        "print('well')",
        "import sys; print('ill', file=sys.stderr); sys.exit(3)",
        "import sys; print('worse'); sys.exit(4)",
        "print('well after all')",
    )
    assert done.returncode == 3
    for said in ("well", "ill", "worse", "well after all"):
        assert said in done.stdout.splitlines()
