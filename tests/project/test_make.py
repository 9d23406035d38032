"""`make` alone lists its targets, and each does what a user may rely on."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.project.tree import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[1].split()


def make(*arguments: str, **environment: str) -> str:
    tool = shutil.which("make")
    if tool is None:
        pytest.skip("make is not on this machine")
    done = subprocess.run(
        [tool, "--no-print-directory", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environment},
    )
    return done.stdout


def test_make_alone_lists_every_target():
    listed = re.findall(r"^make ([\w-]+) +\S.*$", make(), re.MULTILINE)
    assert sorted(set(listed)) == sorted(TARGETS)


def test_every_target_is_declared():
    named = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)
    assert sorted(named) == sorted(TARGETS)


def test_the_readme_names_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make report" in readme
    assert "make test" in readme


# A desktop's LANGUAGE=de_AT:de is about its menus, not about the report.
def test_the_language_of_the_desktop_is_not_the_reports():
    assert "--language de" in make("-n", "-B", "report", LANGUAGE="en_US:en")


def test_month_and_language_are_the_callers():
    planned = make("-n", "-B", "report", "MONTH=2026-09", "LANGUAGE=en")
    assert "--period 2026-09" in planned
    assert "--language en" in planned
    assert "reports/2026-09/monthly_review.html" in planned


def test_tests_run_after_every_lint():
    planned = make("-n", "-B", "test")
    steps = ["ruff check", "ruff format --check", "mypy", "lint-imports", "lint_sql", "-m pytest"]
    places = [planned.index(step) for step in steps]
    assert places == sorted(places)


def test_ci_runs_make_test():
    run = ROOT / ".ci" / "run"
    text = run.read_text(encoding="utf-8")
    assert text.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in text
    assert text.rstrip().splitlines()[-1].startswith("make test")
