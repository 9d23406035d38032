"""Nothing in the project knows the machine it was written on."""

from __future__ import annotations

import re

import pytest

from tests.project.tree import ROOT, project_files, shown

# The homes of "me" and "you" are nobody's.
_MACHINE = re.compile(
    r"(?<![\w.~/])/(?!home/(?:me|you)/)(?:home|root|Users|work|opt|mnt|private|tmp)/[\w.]|[A-Za-z]:\\+Users\b"
)
_REGISTRY = re.compile(r"(?:pypi|pythonhosted|npmjs|anaconda|debian)\.(?:org|com)", re.IGNORECASE)
LARGEST_BYTES = 3_000_000


def texts() -> list[tuple[str, str]]:
    found = []
    for path in project_files():
        content = path.read_bytes()
        if b"\0" not in content:
            found.append((shown(path), content.decode("utf-8", errors="replace")))
    return found


@pytest.mark.parametrize(
    "text", ["see /" + "home/ann/x.csv", "'/" + "root/.venv'", "C:" + "\\Users\\ann", "/" + "tmp/x"]
)
def test_a_machine_path_is_recognised(text: str):
    assert _MACHINE.search(text)


@pytest.mark.parametrize("text", ["../shared/data", "data/work/x", "reports/tmp/x", "and/or"])
def test_a_relative_path_is_none(text: str):
    assert not _MACHINE.search(text)


def test_no_file_holds_a_machine_path():
    assert [name for name, text in texts() if _MACHINE.search(text)] == []


def test_no_file_names_a_registry():
    assert [name for name, text in texts() if _REGISTRY.search(text)] == []


def test_no_file_is_large_and_no_database_is_kept():
    files = project_files()
    assert [shown(path) for path in files if path.stat().st_size > LARGEST_BYTES] == []
    assert [shown(path) for path in files if ".duckdb" in path.name] == []


def test_the_kept_sample_is_small():
    sample = [path for path in project_files() if ROOT / "data" / "sample" in path.parents]
    assert sum(path.stat().st_size for path in sample) < 5_000_000
