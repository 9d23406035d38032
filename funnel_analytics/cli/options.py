"""What several commands share: the options, and how progress is told."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from funnel_analytics.errors import CallError

__all__ = [
    "AgreementOption",
    "Database",
    "Format",
    "FormatOption",
    "Language",
    "LanguageOption",
    "app",
    "instant",
    "progress",
]

app = typer.Typer(
    name="funnel",
    help="Marketing-and-sales funnel analytics from one written agreement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """How a result is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Language(StrEnum):
    """The languages of reports."""

    de = "de"
    en = "en"


Database = Annotated[Path, typer.Option("--db", help="The warehouse: a DuckDB file.")]
AgreementOption = Annotated[
    str | None,
    typer.Option(
        "--agreement", help="agreement.toml, or a shipped one's name. Default: as loaded."
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]
LanguageOption = Annotated[
    Language | None, typer.Option(help="Language of what is said. Default: the agreement's.")
]


def instant(text: str) -> date | datetime:
    """The value of `--as-of`."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError as error:
        raise CallError(
            f"--as-of '{text}' is no date or instant; write 2026-11-01 or 2026-11-01T08:00+01:00."
        ) from error


def progress(done: int, steps: int, what: str) -> None:
    """One line per step on standard error."""
    if what:
        typer.echo(f"[{min(done + 1, steps)}/{steps}] {what}", err=True)
