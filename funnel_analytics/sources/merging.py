"""Brings earlier loads over into a new build, and knows when nothing has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.schema import TABLES
from funnel_analytics.sources.preset import Preset
from funnel_analytics.sources.staging import Export
from funnel_analytics.warehouse import Connection, open_warehouse, statement

__all__ = ["AS_GIVEN", "Earlier", "carry_over", "earlier_loads"]

AS_GIVEN = "given"


@dataclass(frozen=True, eq=False)
class Earlier:
    """What a warehouse held before this load."""

    agreement: Agreement
    as_of: datetime
    as_of_source: str
    log: pd.DataFrame

    def of(self, preset: Preset, patterns: Sequence[str]) -> pd.DataFrame:
        """The log of what a load of these patterns replaces."""
        ours = (self.log["system"] == preset.system) & self.log["pattern"].isin(list(patterns))
        return self.log[ours]

    def holds(self, exports: Sequence[Export], *, agreement: Agreement) -> bool:
        """Are these exactly the files, read in exactly this way?"""
        replaced = self.of(exports[0].preset, [each.rule.pattern for each in exports])
        there = set(
            zip(
                replaced["file"],
                replaced["table_name"],
                replaced["sha256"],
                replaced["date_format"],
                replaced["preset_sha256"],
                strict=True,
            )
        )
        here = {
            (
                each.path.name,
                each.rule.table,
                each.sha256,
                each.worded_formats,
                each.preset.sha256,
            )
            for each in exports
        }
        return there == here and self.agreement.sha256 == agreement.sha256


def earlier_loads(target: Path) -> Earlier | None:
    """What the warehouse holds now, or nothing if there is none."""
    if not target.is_file():
        return None
    with open_warehouse(target) as warehouse:
        return Earlier(
            warehouse.agreement, warehouse.as_of, warehouse.as_of_source, warehouse.loads()
        )


def carry_over(
    connection: Connection, target: Path, *, preset: Preset, patterns: Sequence[str]
) -> None:
    """Copy what earlier loads brought, but for the files that this load brings anew."""
    if not target.exists():
        return
    connection.execute("attach " + _text(str(target)) + " as earlier (read_only)")
    given = {"system": preset.system, "patterns": list(patterns)}
    for table in (*TABLES, "load_log", "quarantine"):
        connection.execute(statement("sources/carry_over", table=table), given)
    connection.execute("detach earlier")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
