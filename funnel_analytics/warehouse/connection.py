"""Connects to DuckDB with settings that never guess, fetch or spill surprises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from funnel_analytics.errors import CallError, DataError

__all__ = ["Connection", "EngineError", "MissingInFile", "connect", "quoted", "version"]

Connection = duckdb.DuckDBPyConnection
EngineError = duckdb.Error
MissingInFile = (duckdb.CatalogException, duckdb.BinderException)
"""A table or a column that a query reads is not there."""
_CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}


def connect(path: Path | str, *, read_only: bool) -> Connection:
    """A connection in UTC; Python variables are never taken for tables.

    Raises
    ------
    CallError
        There is no such file to read.
    DataError
        The file is no DuckDB database, is damaged, or another process holds it.
    """
    target = str(path)
    if read_only and not Path(target).is_file():
        raise CallError(f"{target}: no such warehouse. Build it with: funnel load … --db {target}")
    try:
        connection = duckdb.connect(target, read_only=read_only, config=_CONFIG)
    except duckdb.Error as error:
        raise DataError(f"{target} cannot be opened as a warehouse: {_first(error)}") from error
    connection.execute("set TimeZone = 'UTC'")
    return connection


def quoted(identifier: str) -> str:
    """An identifier as SQL text; identifiers cannot be parameters."""
    return '"' + identifier.replace('"', '""') + '"'


def version() -> str:
    """The engine's version."""
    return str(duckdb.__version__)


def _first(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
