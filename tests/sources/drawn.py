"""Exports drawn as small tables: one system with leads, their states, a history and costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from funnel_analytics.sources import LoadReport, load
from funnel_analytics.warehouse import connect
from tests.builders import THREE_STAGES

PRESET = """
name = "drawn"
system = "crm"
timezone = "UTC"

[[files]]
pattern = "leads*.csv"
table = "lead"
optional = ["origin", "merged_into"]
[files.columns]
lead = "lead"
created_at = "created"
origin = "origin"
merged_into = "merged_into"

[[files]]
pattern = "history*.csv"
table = "stage_event"
optional = ["property"]
[files.columns]
lead = "lead"
property = "property"
state = "state"
entered_at = "at"

[[files]]
pattern = "states*.csv"
table = "snapshot"
optional = ["property", "changed_at", "closed_at"]
[files.columns]
lead = "lead"
property = "property"
state = "state"
changed_at = "changed"
closed_at = "closed"

[[files]]
pattern = "costs*.csv"
table = "spend"
[files.columns]
spent_on = "day"
campaign = "campaign"
amount = "amount"
[files.constants]
currency = "EUR"

[[files]]
pattern = "visits*.csv"
table = "touch"
optional = ["touch"]
[files.columns]
touch = "visit"
person_key = "person"
touched_at = "at"
channel = "channel"
"""
AGREEMENT = (
    THREE_STAGES.replace('timezone = "Europe/Berlin"', 'timezone = "UTC"').replace(
        'owner = "sales"\ndefinition = { de = "Ein Deal',
        'owner = "sales"\nincludes = ["opp", "Working - Contacted"]\ndefinition = { de = "Ein Deal',
    )
    + '\n[statuses]\nrejected = ["out", "Unqualified"]\nnurture = ["later"]\n'
)


class Drawn:
    """A warehouse and the exports that were loaded into it one after the other."""

    def __init__(self, folder: Path, *, preset: str = PRESET, agreement: str = AGREEMENT) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = folder / "w.duckdb"
        self.preset = folder / "drawn.toml"
        self.preset.write_text(preset, encoding="utf-8")
        self.agreement = folder / "agreement.toml"
        self.agreement.write_text(agreement, encoding="utf-8")

    def write(self, name: str, text: str) -> Path:
        """A file of records `a,b,c`, one per line, blanks at their ends left out."""
        lines = [line.strip() for line in text.strip().splitlines()]
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def load(self, files: Mapping[str, str], **options: Any) -> LoadReport:
        """Load files, given as texts by their names, together."""
        paths = [self.write(name, text) for name, text in files.items()]
        return self.load_paths(paths, **options)

    def load_paths(self, paths: Iterable[Path], **options: Any) -> LoadReport:
        given = {"preset": self.preset, "agreement": self.agreement, **options}
        return load(list(paths), database=self.database, **given)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.database, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def log(self, columns: str) -> list[tuple[Any, ...]]:
        return self.rows(f"select {columns} from load_log order by load_no")
