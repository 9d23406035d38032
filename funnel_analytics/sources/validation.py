"""What must hold across all loaded files before a warehouse may take its place."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import DataError, did_you_mean, listed
from funnel_analytics.periods import to_local, to_utc
from funnel_analytics.schema import TABLES, Column, Table
from funnel_analytics.warehouse import Connection, statement

__all__ = ["check_as_of", "check_keys", "check_stages", "latest_instant"]


def check_stages(connection: Connection, agreement: Agreement) -> list[str]:
    """Every stage in the data that the agreement does not list, with its file, row and count."""
    names = list(agreement.stage_names)
    rows = connection.execute(statement("sources/unknown_stages"), {"names": names}).fetchall()
    return [
        f"{file}: {count} rows name the stage '{stage}' (first: line {line}), which the agreement "
        f"does not list.{did_you_mean(stage, names)} Agreed: {', '.join(names)}. Map the value "
        "in the preset, or add the stage to the agreement."
        for file, stage, count, line in rows
    ]


def check_keys(connection: Connection) -> list[str]:
    """Every table in which one id stands for two different rows."""
    return [
        f"{file}: {ids} ids in column '{table.key[0]}' of {table.name} stand in {rows} rows that "
        f"differ (first: '{example}', lines {first} and {last}"
        f"{_differing(connection, table, example)}). Keep one row per id in the export."
        for table in TABLES.values()
        if table.key
        for file, ids, rows, example, first, last in connection.execute(
            statement("sources/repeated_keys", table=table.name, key=table.key)
        ).fetchall()
    ]


def latest_instant(connection: Connection, timezone: str) -> datetime:
    """The end of the last day, in the agreement's zone, on which anything in the data happened.

    Raises
    ------
    DataError
        No table holds an instant, so nothing says what the data describe.
    """
    latest: list[datetime] = []
    for table, column in _observed():
        text = statement("sources/latest", table=table.name, column=column.name)
        ((value,),) = connection.execute(text).fetchall()
        if value is not None:
            is_instant = isinstance(value, datetime)
            latest.append(
                to_local(value, timezone) if is_instant else datetime(*value.timetuple()[:3])
            )
    if not latest:
        raise DataError("The exports hold no dates. Load an export with at least one lead.")
    last = max(latest)
    return to_utc(datetime(last.year, last.month, last.day) + timedelta(days=1), timezone)


def check_as_of(connection: Connection, as_of: datetime, timezone: str) -> None:
    """Refuse data that lie after the instant they are said to describe."""
    problems = []
    samples = []
    local = to_local(as_of, timezone)
    for table, column in _observed():
        limit = local if column.kind == "date" else as_of
        text = statement("sources/after_as_of", table=table.name, column=column.name)
        rows = connection.execute(text, {"limit": limit}).fetchall()
        for file, count, line, last in rows:
            shown = to_local(last, timezone) if isinstance(last, datetime) else last
            problems.append(
                f"{file}: {count} rows have {column.name} at or after the export's instant "
                f"{local:%Y-%m-%d %H:%M} (first: line {line}; latest: {shown})"
            )
            samples.append({"file": file, "column": column.name, "rows": count, "latest": last})
    if problems:
        raise DataError(
            listed(problems) + "\nExport again, or pass a later --as-of. Nothing was loaded.",
            rows=pd.DataFrame(samples),
        )


def _observed() -> list[tuple[Table, Column]]:
    return [
        (table, column) for table in TABLES.values() for column in table.columns if column.observed
    ]


def _differing(connection: Connection, table: Table, example: str) -> str:
    """The first column in which two rows of one id differ, with both values."""
    text = statement("sources/rows_of_key", table=table.name, key=table.key)
    rows = connection.execute(text, {"id": example}).df()
    for column in table.columns:
        one, other = rows[column.name].tolist()
        if one != other and not (pd.isna(one) and pd.isna(other)):
            return f"; column '{column.name}': '{one}' and '{other}'"
    return ""
