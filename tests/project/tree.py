"""The files of the project, as its rules see them."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "funnel_analytics"

_MADE = {
    ".git",
    ".hypothesis",
    ".import_linter_cache",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "build",
    "dist",
    "raw",
    "reports",
}


def pyproject() -> dict[str, Any]:
    """The contents of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def project_files() -> list[Path]:
    """Every file that belongs to the project: git's word, or all but what tools make."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        listed = subprocess.run(
            [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if listed.returncode == 0:
            named = [ROOT / name for name in listed.stdout.split("\0") if name]
            return sorted({path for path in named if path.is_file()})
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not _MADE.intersection(path.relative_to(ROOT).parts[:-1])
        and ".duckdb" not in path.name
    )


def python_files(*folders: str) -> list[Path]:
    """The Python files of some top folders."""
    return [
        path
        for path in project_files()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders
    ]


def shown(path: Path) -> str:
    """A path as a message names it."""
    return path.relative_to(ROOT).as_posix()
