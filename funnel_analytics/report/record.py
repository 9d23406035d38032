"""What a run was and what it gave, as plain values that two equal runs write alike."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

__all__ = ["run_record"]

_PACKAGES = (
    "duckdb",
    "funnel-analytics",
    "great-tables",
    "nbconvert",
    "numpy",
    "pandas",
    "papermill",
    "plotly",
    "statsmodels",
    "xlsxwriter",
)


def run_record(
    path: Path, *, parameters: Mapping[str, Any], results: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Which notebook ran, with what, on which versions, and which results did it show?

    `as_of` is the latest of the results. There are no times of running and no folders of this
    machine: a parameter that is an absolute path is recorded by its last part.
    """
    return {
        "report": path.stem,
        "notebook_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": {name: _placeless(value) for name, value in parameters.items()},
        "as_of": max((each["as_of"] for each in results if each.get("as_of")), default=None),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in _PACKAGES},
        "results": list(results),
    }


def _placeless(value: Any) -> Any:
    if isinstance(value, str):
        for kind in (PurePosixPath, PureWindowsPath):
            if kind(value).is_absolute():
                return kind(value).name
    return value
