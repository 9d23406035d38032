"""What must hold across all loaded files before a warehouse may take its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from funnel_analytics.agreement import HANDOVER_KINDS, STATUSES, Agreement
from funnel_analytics.errors import DataError, SourceError, counted, did_you_mean, listed
from funnel_analytics.periods import to_local
from funnel_analytics.schema import TABLES, Column, Table
from funnel_analytics.warehouse import Connection, statement, table_columns

__all__ = [
    "check_as_of",
    "check_counts",
    "check_keys",
    "check_rates",
    "check_words",
    "latest_instant",
    "refuse_personal_names",
]

_PLACE = ("load_no", "source_row")


def refuse_personal_names(connection: Connection, names: Sequence[str]) -> None:
    """Refuse files whose names hold an address or a number; they would be kept in the log.

    Raises
    ------
    SourceError
        There are such names; they are not repeated, but masked.
    """
    text = statement("sources/personal_names")
    found = connection.execute(text, {"names": list(dict.fromkeys(names))}).fetchall()
    if not found:
        return
    text = statement("sources/masked_names")
    masked = connection.execute(text, {"names": [name for (name,) in found]}).fetchall()
    raise SourceError(
        listed(
            f"{shown}: the file's name seems to hold an e-mail address or a telephone number "
            "(letters are shown as x, digits as 9). The warehouse would keep it: rename the file."
            for (shown,) in masked
        )
        + "\nNothing was loaded."
    )


def check_words(connection: Connection, agreement: Agreement) -> list[str]:
    """Every stage, status and kind of hand-over that nobody agreed on, with file, row and count."""
    problems = []
    for table, column, known, advice in (
        (
            "stage_event",
            "stage",
            agreement.stage_names,
            "Map the value in the preset, or add the stage to the agreement.",
        ),
        ("stage_event", "status", STATUSES, "Map the value in the preset."),
        ("lead", "status", STATUSES, "Map the value in the preset."),
        ("handover", "kind", HANDOVER_KINDS, "Map the value in the preset."),
    ):
        text = statement("sources/unknown_words", table=table, column=column)
        problems += [
            f"{file}: the {column} '{word}' in {counted(count, 'row')} (first: line {line}) is not "
            f"agreed.{did_you_mean(word, known)} Known: {', '.join(known)}. {advice}"
            for file, word, count, line in connection.execute(
                text, {"known": list(known)}
            ).fetchall()
        ]
    return problems


def check_keys(connection: Connection) -> list[str]:
    """Every table in which one id stands for two different rows.

    Rows of several files that are alike in every column are one; the load log counts them.
    """
    problems: list[str] = []
    for table in _filled(connection):
        is_told = table.name == "lead_field" and problems  # its lead has been named
        if is_told or not table.key or not _repeated(connection, table):
            continue
        _drop_repeats(connection, table)
        for file, ids, rows, example, other_kind in _repeated(connection, table):
            same = f"{counted(ids, 'id')} in column '{table.key[0]}' of {table.name}"
            first = f"(first: '{example}', {_places(connection, table, example)})"
            problems.append(
                f"{file}: {same} with {rows} rows that differ {first}. Keep one row per id in the "
                "export."
                if other_kind in (None, file)
                else f"{other_kind} and {file}: the same {same} come from two kinds of export, "
                f"with {rows} rows that differ {first}. Load one kind only; if the other is in the "
                "warehouse already, load into a new one."
            )
    return problems


def _repeated(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    text = statement("sources/repeated_keys", table=table.name, key=table.key)
    return connection.execute(text).fetchall()


def _drop_repeats(connection: Connection, table: Table) -> None:
    columns = [column for column, _ in table_columns(table) if column not in _PLACE]
    text = statement("sources/drop_repeats", table=table.name, key=table.key, columns=columns)
    dropped = connection.execute(text).fetchall()
    for load_no, count in Counter(load_no for (load_no,) in dropped).items():
        connection.execute(
            statement("sources/log_repeats"),
            {"load_no": load_no, "table_name": table.name, "repeats": count},
        )


def latest_instant(connection: Connection, timezone: str) -> datetime:
    """The last instant, local to the agreement's zone, at which anything in the data happened.

    Raises
    ------
    DataError
        No table holds an instant, so nothing says what the data describe.
    """
    latest: list[datetime] = []
    for table, column in _observed(connection):
        text = statement("sources/latest", table=table.name, column=column.name)
        ((value,),) = connection.execute(text).fetchall()
        if value is not None:
            is_instant = isinstance(value, datetime)
            latest.append(
                to_local(value, timezone) if is_instant else datetime(*value.timetuple()[:3])
            )
    if not latest:
        raise DataError("The exports hold no dates. Load an export with at least one lead.")
    return max(latest)


def check_counts(connection: Connection) -> None:
    """Refuse a build in which a row is not accounted for.

    Every record of every loaded file is loaded, quarantined, a duplicate, of another table, a
    total, restated by a newer export or forgotten; and what the log calls loaded is in the table.

    Raises
    ------
    SourceError
        Rows are missing or too many. That is a fault of this package, not of the exports.
    """
    problems = []
    logged = {name for (name,) in connection.execute(statement("sources/logged_tables")).fetchall()}
    filled = {table.name for table in _filled(connection)}
    for table in (table for table in TABLES.values() if table.name in logged | filled):
        text = statement("sources/unbalanced_loads", table=table.name)
        for file, load_no, read, known, loaded, stored in connection.execute(text).fetchall():
            problems.append(
                f"{file} → {table.name} (load {load_no}): {read} records were read and {known} are "
                f"accounted for; {loaded} rows are logged as loaded and {stored} are in the table"
            )
        text = statement("sources/unlogged_rows", table=table.name)
        ((unlogged,),) = connection.execute(text).fetchall()
        if unlogged:
            problems.append(f"{table.name}: {counted(unlogged, 'row')} of no logged load")
    if problems:
        raise SourceError(
            f"{listed(problems)}\nThe rows do not add up, so nothing was loaded. This is a fault "
            "of funnel_analytics; please report it with this message."
        )


def check_as_of(connection: Connection, as_of: datetime, timezone: str) -> None:
    """Refuse data that lie after the instant they are said to describe."""
    problems = []
    samples = []
    local = to_local(as_of, timezone)
    for table, column in _observed(connection):
        limit = local if column.kind == "date" else as_of
        text = statement("sources/after_as_of", table=table.name, column=column.name)
        rows = connection.execute(text, {"limit": limit}).fetchall()
        for file, count, line, last in rows:
            shown = to_local(last, timezone) if isinstance(last, datetime) else last
            problems.append(
                f"{file}: {counted(count, 'row')} with {column.name} at or after "
                "the export's instant "
                f"{local:%Y-%m-%d %H:%M} (first: line {line}; latest: {shown})"
            )
            samples.append({"file": file, "column": column.name, "rows": count, "latest": last})
    if problems:
        raise DataError(
            listed(problems) + "\nExport again, or pass a later --as-of. Nothing was loaded.",
            rows=pd.DataFrame(samples),
        )


def check_rates(connection: Connection, agreement: Agreement) -> None:
    """Refuse amounts in other currencies that no exchange rate values; needs the marts.

    Raises
    ------
    DataError
        Won deals or costs count, but nothing says what they are worth in the agreed currency.
    """
    problems = []
    rows = connection.execute(statement("sources/missing_rates")).fetchall()
    for table, currency, count, days, _, last, firsts, rated in rows:
        named = [f"{day:%Y-%m-%d}" for day in firsts if day is not None]
        when = ", ".join(named) + (f", … {last:%Y-%m-%d}" if days > len(named) else "")
        known = f"; the latest before is of {rated:%Y-%m-%d}" if rated else ""
        problems.append(
            f"{counted(count, 'row')} of {table} in {currency or 'no currency'} on "
            f"{counted(days, 'day')} ({when}): there is no rate to {agreement.currency} of that "
            f"day or the {agreement.exchange.max_age_days} days before{known}"
        )
    if problems:
        raise DataError(
            f"{listed(problems)}\nLoad a file of exchange rates as well (--preset rates). Nothing "
            "was loaded."
        )


def _filled(connection: Connection) -> list[Table]:
    """The canonical tables that hold rows."""
    text = statement("sources/filled_tables", tables=list(TABLES))
    filled = {name for (name,) in connection.execute(text).fetchall()}
    return [table for table in TABLES.values() if table.name in filled]


def _observed(connection: Connection) -> list[tuple[Table, Column]]:
    return [
        (table, column)
        for table in _filled(connection)
        for column in table.columns
        if column.observed
    ]


def _places(connection: Connection, table: Table, example: Any) -> str:
    """Where the first two rows of an id stand, and the first column in which they differ."""
    text = statement("sources/rows_of_key", table=table.name, key=table.key)
    rows = connection.execute(text, {"id": example}).df()
    lines = zip(rows["file"], rows["source_row"], strict=True)
    places = " and ".join(f"{file} line {line}" for file, line in lines)
    for column in table.columns:
        one, other = rows[column.name].tolist()[:2]
        missing = (bool(pd.isna(one)), bool(pd.isna(other)))
        if missing[0] != missing[1] or (not any(missing) and one != other):
            return f"{places}; column '{column.name}': {_shown(one)} and {_shown(other)}"
    return places


def _shown(value: Any) -> str:
    return "nothing" if pd.isna(value) else f"'{value}'"
