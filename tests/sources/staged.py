"""Stages one file by a preset's text and answers questions about what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from funnel_analytics.agreement import Agreement, parse_agreement
from funnel_analytics.agreement.model import LoadingRule, PrivacyRule
from funnel_analytics.privacy import Key
from funnel_analytics.sources.preset import parse_preset
from funnel_analytics.sources.reading import Member
from funnel_analytics.sources.staging import Export, Staged, stage_member
from funnel_analytics.warehouse import Connection, connect, create_tables
from tests.builders import THREE_STAGES

KEY = Key(bytes(range(32)))
HEAD = 'name = "mine"\nsystem = "crm"\ntimezone = "Europe/Berlin"\n'


def agreed(*, ids: str = "plain", personal: str = "drop", faults: float = 100.0) -> Agreement:
    """The small agreement with other rules of privacy and loading."""
    return replace(
        parse_agreement(THREE_STAGES),
        privacy=PrivacyRule(ids, personal),  # type: ignore[arg-type]
        loading=LoadingRule(max_quarantined_share=faults),
    )


@contextmanager
def warehouse() -> Iterator[Connection]:
    """An empty warehouse in memory, with the macros that read text."""
    connection = connect(":memory:", read_only=False)
    try:
        create_tables(connection)
        macros = resources.files("funnel_analytics").joinpath("sql", "sources", "macros.sql")
        connection.execute(macros.read_text(encoding="utf-8"))
        yield connection
    finally:
        connection.close()


class Stage:
    """A warehouse in memory to which files are staged by rules written in TOML."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection = connection
        self.folder = folder
        self.loads = 0

    def take(
        self,
        rules: str,
        text: str | bytes,
        *,
        name: str = "file.csv",
        agreement: Agreement | None = None,
        key: Key | None = KEY,
        date_formats: Sequence[str] = (),
        head: str = HEAD,
    ) -> Staged:
        """Stage a text as a file of that name by all rules that take it."""
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        preset = parse_preset(head + rules, name="mine")
        exports = []
        for rule in preset.files:
            if rule.matches(name):
                self.loads += 1
                forms = rule.date_format or tuple(date_formats)
                exports.append(Export(path, rule, preset, "sha", self.loads, forms))
        return stage_member(
            self.connection,
            Member(path),
            exports,
            scratch=self.folder / "scratch.csv",
            agreement=agreement or agreed(),
            key=key,
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to a query."""
        return self.connection.execute(sql).fetchall()

    def log(self) -> list[dict[str, Any]]:
        """The counts of every load, in order."""
        frame = self.connection.execute("select * from load_log order by load_no").df()
        return [
            {str(name): value for name, value in row.items()} for row in frame.to_dict("records")
        ]
