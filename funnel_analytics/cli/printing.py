"""How an answer is printed: its table or a part of it, and what was noted beside it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Any

import typer

import funnel_analytics as fa
from funnel_analytics.cli.lists import listed
from funnel_analytics.cli.options import Format
from funnel_analytics.results import Result

__all__ = ["print_result"]

_WIDTH = 96


def print_result(
    result: Result,
    format: Format,
    *,
    part: str | None = None,
    language: str | None = None,
    below: Sequence[str] = (),
) -> None:
    """An answer, or a `part` of it, in the form asked for.

    The CSV is the table alone; the JSON is the record of the answer, with the notes in words.

    Parameters
    ----------
    language
        That of sentences and notes; by default the agreement's.
    below
        Parts to print below the table, where the answer has them.

    Raises
    ------
    CallError
        The answer has no such part.
    """
    if part is not None:
        result.part(part)
    if format is Format.csv:
        typer.echo(result.to_csv(part=part), nl=False)
        return
    words = fa.wording.words_for(result, language=language)
    notes = words.notes(result)
    if format is Format.json:
        answer = _answer(result, part) | {"said": [*_sentences(words, result), *notes]}
        typer.echo(json.dumps(answer, ensure_ascii=False, allow_nan=False, indent=2))
        return
    shown = [] if part is not None else [name for name in below if name in result.parts]
    blocks = [_table(result, name) for name in (part, *shown)]
    if part is None:
        blocks.append("\n".join(map(_wrapped, _sentences(words, result))))
    blocks.append("\n".join(_wrapped(f"- {each}") for each in notes))
    further = [name for name in result.parts if name not in (part, *shown)]
    blocks.append(f"Further parts (--part NAME): {', '.join(further)}" if further else "")
    typer.echo("\n\n".join(each for each in blocks if each))


def _answer(result: Result, part: str | None) -> dict[str, Any]:
    """The record of an answer; where a part is asked for, its rows in the place of the table's."""
    record = result.record()
    if part is None:
        return record
    grain = f"one row of the part {part}"
    return record | {"part": part, "grain": grain, "rows": record["parts"][part]}


def _table(result: Result, part: str | None) -> str:
    if result.metric == "breaches" and part is None:
        return listed(result)
    rest = "--format csv" if part is None else f"--part {part} --format csv"
    return result.printed(part=part, rest=rest)


def _sentences(words: fa.wording.Words, result: Result) -> tuple[str, ...]:
    """What a change was and what it comes from, what lists come to, by how many deals definitions
    differ; others speak by tables."""
    if result.metric == "marketing_sourced":
        return fa.wording.sourced_sentences(words, result)
    if result.metric == "breaches":
        return (f"{words.finding(result)}.",)
    if result.metric != "explain_change":
        return ()
    return fa.wording.change_sentences(words, result)


def _wrapped(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_on_hyphens=False)
