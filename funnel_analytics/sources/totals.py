"""Keeps the totals that an export states itself, beside what its records add up to."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from funnel_analytics.sources.columns import ADDED_UP, KNOWN_WORDS, Parsed
from funnel_analytics.sources.parsing import Parser
from funnel_analytics.sources.reading import CleanCopy
from funnel_analytics.warehouse import Connection, statement

__all__ = ["find_totals", "stage_totals", "write_totals"]


def stage_totals(connection: Connection, copy: CleanCopy) -> None:
    """Create the table `staged_totals`: the rows that reading told from the records by a label."""
    connection.execute(statement("sources/stage_totals"))
    if not copy.totals:
        return
    given = pd.DataFrame(
        [[total.line, *(total.texts.get(name) for name in copy.header)] for total in copy.totals],
        columns=["line", *(f"f{number}" for number in range(len(copy.header)))],
    )
    connection.register("given_totals", given)
    connection.execute("insert into staged_totals by name select * from given_totals")
    connection.unregister("given_totals")


def find_totals(connection: Connection, parser: Parser) -> int:
    """Create the table `total_rows` of one rule; how many of them are among the staged records."""
    text = statement("sources/total_rows", total=parser.total())
    connection.execute(text, parser.used(text) or None)
    ((every, labelled),) = connection.execute(
        "select count(*), (select count(*) from staged_totals) from total_rows"
    ).fetchall()
    return int(every - labelled)


def write_totals(
    connection: Connection, load_no: int, parsed: Sequence[Parsed], parser: Parser
) -> None:
    """Write every stated total, also one that cannot be read, beside the sum of the records."""
    ((totals,),) = connection.execute("select count(*) from total_rows").fetchall()
    if not totals:
        return
    for each in parsed:
        if each.column.name not in ADDED_UP or each.text.is_attribute:
            continue
        text = statement(
            "sources/stated_totals",
            number=each.number,
            clean=each.clean,
            typed=each.typed,
            value=each.total,
            is_among_records=bool(parser.total()),
        )
        given = {
            "load_no": load_no,
            "table_name": parser.rule.table,
            "column_name": each.column.name,
            "known": list(KNOWN_WORDS),
        }
        connection.execute(text, {**parser.used(text), **given})
