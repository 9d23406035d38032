"""Exports of a CRM, written by hand and loaded with a shipped preset."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from funnel_analytics.agreement import Agreement, parse_agreement
from funnel_analytics.sources import LoadReport, load
from funnel_analytics.warehouse import Warehouse, connect, open_warehouse

__all__ = ["CrmExports", "agreed", "records"]


def agreed(more: str = "", *, includes: Mapping[str, Sequence[str]] | None = None) -> Agreement:
    """The agreement `b2b` with plain ids; `includes` are words of its stages, `more` is TOML."""
    folder = resources.files("funnel_analytics.sources").joinpath("presets")
    text = folder.joinpath("b2b.agreement.toml").read_text(encoding="utf-8")
    text = text.replace('ids = "pseudonym"', 'ids = "plain"')
    for stage, words in (includes or {}).items():
        listed = ", ".join(f"'{word}'" for word in words)
        text = text.replace(f'name = "{stage}"', f'name = "{stage}"\nincludes = [{listed}]')
    return parse_agreement(f"{text}\n{more}", name="test agreement")


class CrmExports:
    """A folder of exports and the warehouse they are loaded into."""

    def __init__(self, folder: Path, preset: str, agreement: Agreement | None = None) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.preset = preset
        self.agreement = agreement or agreed()
        self.database = folder / "w.duckdb"

    def write(
        self,
        name: str,
        rows: Iterable[Mapping[str, str]],
        *,
        delimiter: str = ",",
        encoding: str = "utf-8",
        above: Sequence[str] = (),
        below: Sequence[str] = (),
    ) -> Path:
        """A CSV file with these records, and lines above its header and below its records."""
        rows = list(rows)
        path = self.folder / name
        with path.open("w", encoding=encoding, newline="") as file:
            file.writelines(f"{line}\r\n" for line in above)
            writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(rows)
            file.writelines(f"{line}\r\n" for line in below)
        return path

    def load(self, *paths: Path, **options: Any) -> LoadReport:
        """Load these files, or every file of the folder."""
        given = {"agreement": self.agreement, **options}
        files = paths or tuple(sorted(self.folder.glob("*.csv")))
        return load(files, preset=self.preset, database=self.database, **given)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.database, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def counts(self, *columns: str) -> dict[tuple[str, str, str], tuple[int, ...]]:
        """Numbers of the load log by file, table and part, of the loads that took any row."""
        listed = ", ".join(columns)
        text = f"select file, table_name, part, {listed} from load_log where rows_loaded > 0"
        return {row[:3]: row[3:] for row in self.rows(text)}

    def warehouse(self) -> Warehouse:
        return open_warehouse(self.database, agreement=self.agreement)


def records(path: Path) -> list[dict[str, str]]:
    """The records of a real export, read by Python's own CSV reader."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
