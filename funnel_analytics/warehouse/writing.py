"""Writes a long table to a file of its own: Parquet, or a table in a new DuckDB file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from funnel_analytics.errors import CallError
from funnel_analytics.warehouse.connection import Connection, EngineError, connect, quoted

__all__ = ["WRITTEN_AS", "write_rows"]

WRITTEN_AS = (".parquet", ".duckdb")
"""The suffixes of files that the engine writes."""

_WAREHOUSE = "warehouse_info"
_GIVEN = "given"


def write_rows(
    path: Path | str, rows: pd.DataFrame, *, table: str, described: Mapping[str, str]
) -> Path:
    """Write rows to a Parquet file, or as a table to a DuckDB file; says where.

    A Parquet file that is there is replaced, whole. In a DuckDB file the table is replaced and all
    others stay; a warehouse of ours is refused, since loading builds it anew.

    Parameters
    ----------
    described
        What the rows mean, by name: the file's own key-value metadata in Parquet, a table
        `<table>_described` in DuckDB.

    Raises
    ------
    CallError
        Another suffix, a warehouse, or the file cannot be written.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in WRITTEN_AS:
        raise CallError(
            f"Rows are written as {' or '.join(WRITTEN_AS)}, by the suffix; "
            f"'{file.name}' has {file.suffix or 'none'}."
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if kind == ".parquet":
            _write_parquet(file, rows, described)
        else:
            _write_table(file, rows, table, described)
    except (OSError, EngineError) as error:
        first = str(error).strip().splitlines()[0]
        raise CallError(f"{file} cannot be written: {first}") from error
    return file


def _write_parquet(file: Path, rows: pd.DataFrame, described: Mapping[str, str]) -> None:
    # Beside its place, so that moving the finished file is one step of the file system.
    with TemporaryDirectory(dir=file.parent, prefix=".writing-") as folder:
        scratch = Path(folder) / "rows.parquet"
        with connect(":memory:", read_only=False) as connection:
            connection.register(_GIVEN, rows)
            keys = ", ".join(f"{quoted(name)}: ${name}" for name in described)
            connection.execute(
                f"copy (from {_GIVEN}) to $file (format parquet, kv_metadata {{{keys}}})",
                {"file": str(scratch), **described},
            )
        scratch.replace(file)


def _write_table(file: Path, rows: pd.DataFrame, table: str, described: Mapping[str, str]) -> None:
    if file.exists():
        with connect(str(file), read_only=True) as connection:
            tables = {name for (name,) in connection.execute("show tables").fetchall()}
        if _WAREHOUSE in tables:
            raise CallError(
                f"{file} is a warehouse, which the next load builds anew; name a file of its own."
            )
    with connect(str(file), read_only=False) as connection:
        connection.register(_GIVEN, rows)
        connection.execute("begin")
        connection.execute(f"create or replace table {quoted(table)} as {_plain(connection)}")
        about = quoted(f"{table}_described")
        connection.execute(f"create or replace table {about} (name varchar, text varchar)")
        connection.executemany(
            f"insert into {about} values (?, ?)",  # noqa: S608
            list(described.items()),
        )
        connection.execute("commit")


def _plain(connection: Connection) -> str:
    """A select of all rows in which categories are plain texts."""
    columns = connection.execute(f"describe {_GIVEN}").fetchall()
    listed = [
        f"cast({quoted(name)} as varchar) as {quoted(name)}"
        if str(kind).startswith("ENUM")
        else quoted(name)
        for name, kind, *_ in columns
    ]
    return f"select {', '.join(listed)} from {_GIVEN}"  # noqa: S608
