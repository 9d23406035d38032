"""Asks the staged file which form each of its date and number columns has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funnel_analytics.sources.columns import ADDED_UP, Text
from funnel_analytics.sources.forms import (
    DateForm,
    Order,
    Shape,
    Unproved,
    date_form,
    needs_order,
)
from funnel_analytics.sources.grammar import FileRule
from funnel_analytics.sources.number_forms import NumberForm, number_form
from funnel_analytics.sources.parsing import Parser
from funnel_analytics.warehouse import Connection, statement

__all__ = ["detect_forms"]

Forms = dict[int, DateForm | NumberForm]


@dataclass(frozen=True)
class _Open:
    """A column of which nobody stated the form."""

    number: int
    text: str
    typed: str
    has_totals: bool


def detect_forms(
    connection: Connection,
    rule: FileRule,
    parser: Parser,
    texts: Sequence[Text],
    *,
    given: Sequence[str] = (),
) -> tuple[Forms, list[str]]:
    """The form of every date and number column, and what cannot be told.

    `given` are the forms of dates from outside the preset: they answer what a column leaves open.
    """
    forms: Forms = {}
    doubtful: list[Text] = []
    for text in texts:
        is_date = text.column.kind in ("timestamp", "date")
        if text.column.kind in ("number", "integer"):
            if rule.decimal == "auto":
                doubtful.append(text)
            else:
                forms[text.number] = NumberForm(rule.decimal, rule.thousands)
        elif is_date and rule.date_format:
            forms[text.number] = DateForm(is_iso=False, formats=rule.date_format)
        elif is_date:
            doubtful.append(text)
    if not doubtful:
        return forms, []
    shapes = _shapes(connection, parser, doubtful)
    problems = []
    for text in doubtful:
        found = shapes.get(text.number, [])
        try:
            if text.column.kind in ("number", "integer"):
                forms[text.number] = number_form(found, is_whole=text.column.kind == "integer")
            else:
                order = _orders(connection, parser, text) if needs_order(found) else {}
                forms[text.number] = date_form(found, order, given)
        except Unproved as error:
            problems.append(f"column '{text.header}': {error}")
    return forms, problems


def _shapes(
    connection: Connection, parser: Parser, texts: Sequence[Text]
) -> dict[int, list[Shape]]:
    opened = [
        _Open(
            each.number,
            f"bare_number({each.clean})"
            if each.column.kind in ("number", "integer")
            else each.clean,
            each.typed or "false",
            each.column.name in ADDED_UP,
        )
        for each in texts
    ]
    text = statement("sources/shapes", open=opened, kept=parser.kept())
    found: dict[int, list[Shape]] = {}
    rows = connection.execute(text, parser.used(text) or None).fetchall()
    for number, *shape in rows:
        found.setdefault(number, []).append(Shape(*shape))
    return found


def _orders(connection: Connection, parser: Parser, text: Text) -> dict[str, Order]:
    query = statement("sources/date_order", text=text.clean, kept=parser.kept())
    rows = connection.execute(query, parser.used(query) or None).fetchall()
    return {mark: Order(*counts) for mark, *counts in rows}
