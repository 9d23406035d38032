"""Newer exports in place of older ones: fact by fact, whatever order they are loaded in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from funnel_analytics.errors import counted
from funnel_analytics.schema import TABLES, Table
from funnel_analytics.warehouse import Connection, statement

__all__ = ["find_rivals", "supersede"]


def supersede(connection: Connection) -> dict[tuple[int, int], int]:
    """Drop the rows that a newer export of the same system, pattern, part and table restates.

    Rows of older exports that are not restated stay. Files that were exported at the same time and
    are loaded together are equals: neither is newer.

    Returns
    -------
    dict
        By the numbers of the older and the newer load, how many rows of the older were dropped;
        the load log counts them too.
    """
    dropped: Counter[tuple[int, int]] = Counter()
    several = {
        name for (name,) in connection.execute(statement("sources/several_loads")).fetchall()
    }
    for table in TABLES.values():
        if table.name not in several:
            continue
        for columns, kept in _facts(table):
            dropped.update(_drop(connection, table, columns, kept))
    for (load_no, _), count in dropped.items():
        connection.execute(
            statement("sources/log_outdated"), {"load_no": load_no, "outdated": count}
        )
    return dict(dropped)


def find_rivals(connection: Connection) -> list[str]:
    """Every pair of files that state the same cost, none of them newer than the other.

    Two kinds of export of one system are never newer than each other: what both state, costs or
    visits and activities without an id that are alike to the second, would count twice.
    """
    problems = []
    for table in TABLES.values():
        if table.key or table.collapses(table.fact) or table.one_of:
            continue  # checked by its key, or of no harm
        text = statement("sources/equal_rivals", table=table.name, columns=table.fact)
        problems += [
            f"{one} and {other} both state {counted(facts, 'fact')} of {table.name} (same "
            f"{', '.join(table.fact)}; first: line {line}), and nothing says which is newer. Load "
            "one of them, or put the day of the export in the names, such as "
            "costs_2026-10-31.csv."
            for one, other, facts, line in connection.execute(text).fetchall()
        ]
    several = connection.execute(statement("sources/several_kinds")).fetchall()
    for name, columns, kept in _COUNTED_TWICE:
        if (name,) in several:
            problems += _rival_kinds(connection, TABLES[name], columns, kept)
    return problems


def _rival_kinds(
    connection: Connection, table: Table, columns: tuple[str, ...], kept: tuple[str, ...]
) -> list[str]:
    text = statement("sources/rival_kinds", table=table.name, columns=columns, kept=kept)
    alike = f"same {', '.join(columns)}" if table.fact == columns else "alike in every column"
    return [
        f"{one} and {other} are two kinds of export that both state {counted(facts, 'fact')} of "
        f"{table.name} ({alike}; first: {other} line {line}), which would count twice. Load one "
        "kind only; if the other is in the warehouse already, load into a new one."
        for one, other, facts, line in connection.execute(text).fetchall()
    ]


def _whole(name: str) -> tuple[str, ...]:
    return tuple(column.name for column in TABLES[name].columns)


_COUNTED_TWICE: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("spend", TABLES["spend"].fact, ()),
    ("touch", _whole("touch"), ("facts.touch is null", "not facts.touched_at_is_day")),
    ("activity", _whole("activity"), ("facts.activity is null", "not facts.happened_at_is_day")),
)
"""Tables whose rows add up, by what these are alike, and which of them are looked at."""


def _facts(table: Table) -> Iterable[tuple[tuple[str, ...], tuple[str, ...]]]:
    """By which columns rows are alike; those without their id are, where they are so throughout."""
    first = table.column(table.fact[0])
    if table.fact != table.key or first is None or first.required:
        yield table.fact, ()
        return
    yield table.fact, (f"facts.{first.name} is not null",)
    yield tuple(column.name for column in table.columns), (f"facts.{first.name} is null",)


def _drop(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    kept: tuple[str, ...],
) -> dict[tuple[int, int], int]:
    text = statement("sources/outdated_rows", table=table.name, columns=columns, kept=kept)
    connection.execute(text)
    found = connection.execute(statement("sources/outdated_counts")).fetchall()
    counts = {(older, newer): rows for older, newer, rows in found}
    if counts:
        connection.execute(statement("sources/drop_outdated", table=table.name))
        if table.name == "lead":
            connection.execute(statement("sources/drop_outdated_attributes"))
    return counts
