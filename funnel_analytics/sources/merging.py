"""Brings earlier loads over into a new build, and knows when nothing has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from funnel_analytics.agreement import Agreement
from funnel_analytics.schema import TABLES
from funnel_analytics.sources.preset import Preset
from funnel_analytics.warehouse import Connection, open_warehouse, statement

__all__ = ["carry_over", "loaded_before"]


def loaded_before(
    target: Path,
    *,
    hashes: Mapping[str, str],
    preset: Preset,
    agreement: Agreement,
    as_of: datetime | None,
) -> bool:
    """Does the warehouse hold exactly these files, read by this preset under this agreement?"""
    with open_warehouse(target) as warehouse:
        if warehouse.agreement.sha256 != agreement.sha256:
            return False
        if as_of is not None and warehouse.as_of != as_of:
            return False
        log = warehouse.loads()
    ours = log[log["system"] == preset.system]
    known = dict(zip(ours["file"], ours["sha256"], strict=True))
    return all(known.get(name) == digest for name, digest in hashes.items()) and set(
        ours["preset_sha256"]
    ) == {preset.sha256}


def carry_over(
    connection: Connection, target: Path, *, preset: Preset, patterns: Sequence[str]
) -> int:
    """Copy what earlier loads brought, but for the files that this load brings anew.

    Returns
    -------
    int
        The highest load number in use, 0 in a new warehouse.
    """
    if not target.exists():
        return 0
    connection.execute("attach " + _text(str(target)) + " as earlier (read_only)")
    given = {"system": preset.system, "patterns": list(patterns)}
    for table in (*TABLES, "load_log", "quarantine"):
        connection.execute(statement("sources/carry_over", table=table), given)
    connection.execute("detach earlier")
    ((highest,),) = connection.execute("select coalesce(max(load_no), 0) from load_log").fetchall()
    return int(highest)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
