"""Connects to DuckDB with settings that never guess, fetch or spill surprises."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from funnel_analytics.errors import CallError, DataError

__all__ = ["Connection", "EngineError", "MissingInFile", "connect", "quoted", "version"]

EngineError = duckdb.Error
MissingInFile = (duckdb.CatalogException, duckdb.BinderException)
"""A table or a column that a query reads is not there."""
_CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "threads": 1,
}
_SMALL_BYTES = 8_000_000
_PARSED: dict[str, duckdb.Statement] = {}
_KEPT = 1000
_PLAIN = (
    duckdb.StatementType.CREATE,
    duckdb.StatementType.DELETE,
    duckdb.StatementType.INSERT,
    duckdb.StatementType.SELECT,
    duckdb.StatementType.UPDATE,
)
"""The kinds of statements that mean the same in every file."""


class Connection:
    """One connection to a file, or to memory.

    A text is parsed when it first runs; later runs in the same process, on whatever connection,
    take the parsed statement. It is planned anew each time.
    """

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def execute(self, text: str, values: Any = None, /) -> duckdb.DuckDBPyConnection:
        """Run a text, with values for its parameters; the answer gives its rows."""
        statement = _PARSED.get(text)
        if statement is None:
            found = self._engine.extract_statements(text)
            if len(found) != 1 or found[0].type not in _PLAIN:
                return self._engine.execute(text, values)
            if len(_PARSED) >= _KEPT:
                _PARSED.clear()
            statement = _PARSED[text] = found[0]
        return self._engine.execute(statement, values)

    def executemany(self, text: str, values: Any, /) -> None:
        """Run a text once for each row of values."""
        self._engine.executemany(text, values)

    def register(self, name: str, rows: Any, /) -> None:
        """Let queries read a frame as a table."""
        self._engine.register(name, rows)

    def unregister(self, name: str, /) -> None:
        """Take the name back from a frame."""
        self._engine.unregister(name)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.close()


def connect(path: Path | str, *, read_only: bool, small: bool | None = None) -> Connection:
    """A connection in UTC; Python variables are never taken for tables.

    Parameters
    ----------
    path
        A DuckDB file, or `:memory:`.
    read_only
        Is the file only read?
    small
        Is there so little to read that one thread takes less time than several? Unless this says
        so, it is where the file is there and below 8 MB.

    Raises
    ------
    CallError
        There is no such file to read.
    DataError
        The file is no DuckDB database, is damaged, or another process holds it.
    """
    target = str(path)
    is_file = Path(target).is_file()
    if read_only and not is_file:
        raise CallError(f"{target}: no such warehouse. Build it with: funnel load … --db {target}")
    try:
        engine = duckdb.connect(target, read_only=read_only, config=_CONFIG)
    except duckdb.Error as error:
        raise DataError(f"{target} cannot be opened as a warehouse: {_first(error)}") from error
    engine.execute("set TimeZone = 'UTC'")
    if small is None:
        small = is_file and Path(target).stat().st_size < _SMALL_BYTES
    if not small:
        engine.execute("reset threads")
        _keep_to_cores(engine)
    return Connection(engine)


def _keep_to_cores(engine: duckdb.DuckDBPyConnection) -> None:
    """No more threads than cores that this process may use: the engine counts all there are."""
    if not hasattr(os, "sched_getaffinity"):
        return
    cores = len(os.sched_getaffinity(0))
    [[threads]] = engine.execute("select current_setting('threads')").fetchall()
    if threads > cores:
        engine.execute(f"set threads = {cores}")


def quoted(identifier: str) -> str:
    """An identifier as SQL text; identifiers cannot be parameters."""
    return '"' + identifier.replace('"', '""') + '"'


def version() -> str:
    """The engine's version."""
    return str(duckdb.__version__)


def _first(error: BaseException) -> str:
    return str(error).strip().splitlines()[0]
