"""Reads an event log of touches in order: each journey's touches side by side, by time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.errors import CallError, DataError, did_you_mean, listed
from funnel_analytics.warehouse.build import bound_memory
from funnel_analytics.warehouse.connection import Connection, EngineError, connect, quoted
from funnel_analytics.warehouse.packing import Digits, packed_touches
from funnel_analytics.warehouse.queries import statement

__all__ = ["COLUMNS", "EventLog", "read_event_log"]

COLUMNS = {
    "journey": None,
    "touched_at": None,
    "channel": None,
    "conversions": None,
    "value": "0",
    "lead_created": "false",
    "opportunity_created": "false",
    "touch_id": "0",
}
"""What a log tells of a touch, and what stands for a column that it does not have."""

_DATABASES = (".duckdb", ".db")
_READERS = {".parquet": "read_parquet", ".csv": "read_csv"}
_SECOND_US = 10**6
_DAY_US = 86_400 * _SECOND_US
_ENGINE_TYPES = {np.uint8: "utinyint", np.uint16: "usmallint", np.uint32: "uinteger"}
_LISTED = 24  # channels up to which going through their list finds one quickest
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


@dataclass(frozen=True, eq=False)
class EventLog:
    """Touches by journey and time.

    Attributes
    ----------
    channels
        Names by code; a missing channel is None and the last.
    is_first
        (touches,) Does a journey begin here?
    is_converted
        (touches,) Was there a conversion right after the touch?
    codes
        (touches,) The channel of each touch, by code.
    created
        (touches,) 1 where the touch created the opportunity, 2 where it created the lead, 3 both;
        None if the log tells of neither.
    conversions, values
        (converted touches,) How many conversions, and their value.
    values_without_conversion
        How many touches have a value but no conversion; it belongs to nothing and is left out.
    """

    channels: tuple[str | None, ...]
    is_first: NDArray[np.bool_]
    is_converted: NDArray[np.bool_]
    codes: NDArray[Any]
    created: NDArray[np.uint8] | None
    conversions: NDArray[np.float64]
    values: NDArray[np.float64]
    values_without_conversion: int
    _times: NDArray[np.int64] = field(repr=False)
    _digits: Digits | None = field(repr=False)

    def days(self, touches: NDArray[Any]) -> NDArray[np.float64]:
        """When touches took place, in days since some instant."""
        times = self._times[touches]
        if self._digits is None:
            return times / _DAY_US
        units = self._digits.units(times)
        return np.multiply(units, self._digits.unit_us / _DAY_US, dtype=np.float64)


def read_event_log(
    touches: pd.DataFrame | Path | str,
    columns: Mapping[str, str],
    *,
    table: str = "touches",
    memory_limit: str = "2GB",
) -> EventLog:
    """Read the touches of a log, in whatever order they stand there, in order.

    Parameters
    ----------
    touches
        A table, or a Parquet, CSV or DuckDB file.
    columns
        The log's column for each of `COLUMNS` that it has.
    table
        Where the touches are in a DuckDB file.
    memory_limit
        What the engine may take; what goes beyond it is put into a temporary folder.

    Raises
    ------
    CallError
        No such file, table or column.
    DataError
        The file cannot be read, or touches lack a journey or a time, or have impossible numbers.

    Notes
    -----
    Journey, time, conversion and channel of a touch fit into one number of 63 bits as a rule; such
    numbers are sorted several times quicker than rows. Where they do not fit, and where an id
    breaks ties, the engine sorts rows.
    """
    if not isinstance(touches, pd.DataFrame) and not Path(touches).is_file():
        raise CallError(f"{touches}: there is no such file.")
    with _engine(touches, memory_limit) as connection:
        try:
            is_text = _give(connection, touches, table)
            return _read(connection, columns, is_text=is_text)
        except EngineError as error:
            raise DataError(f"The event log cannot be read: {_said(error)}") from error


@contextmanager
def _engine(touches: pd.DataFrame | Path | str, memory_limit: str) -> Iterator[Connection]:
    is_database = not isinstance(touches, pd.DataFrame) and _suffix(touches) in _DATABASES
    place = str(touches) if is_database else ":memory:"
    with tempfile.TemporaryDirectory(prefix="funnel_touches_") as folder:
        connection = connect(place, read_only=is_database)
        try:
            bound_memory(connection, Path(folder), limit=memory_limit)
            yield connection
        finally:
            connection.close()


def _suffix(path: Path | str) -> str:
    return Path(path).suffix.lower()


def _said(error: EngineError) -> str:
    """What the engine says is wrong, without the advice after it and without the file's data."""
    told, _, _ = str(error).strip().partition("\n\n")
    return " ".join(each for each in told.splitlines() if not each.startswith("Original Line:"))


def _read(connection: Connection, columns: Mapping[str, str], *, is_text: bool) -> EventLog:
    names = {
        name: quoted(columns[name]) if name in columns else default
        for name, default in COLUMNS.items()
    }
    given = [row[0] for row in connection.execute("describe given_log").fetchall()]
    for column in columns.values():
        if column not in given:
            raise CallError(
                f"The event log has no column '{column}'.{did_you_mean(column, given)} "
                f"Its columns are: {', '.join(given)}."
            )
    if is_text:  # a view on a text casts what stands in the file, and so ignores time zones
        kept = ", ".join(quoted(each) for each in dict.fromkeys(columns.values()))
        connection.execute(statement("touches/kept", asked=kept))
    source = "kept_log" if is_text else "given_log"
    connection.execute(statement("touches/log", source=source, **names))
    extent = _extent(connection)
    connection.execute(statement("touches/channel_names"))
    channels = tuple(row[0] for row in connection.execute(statement("touches/channels")).fetchall())
    journeys = _coded(connection, channels)
    has_created = "lead_created" in columns or "opportunity_created" in columns
    if "touch_id" not in columns:
        for unit_us in (1, _SECOND_US):
            digits = Digits.that_fit(
                channels=len(channels),
                journeys=journeys,
                times_us=(extent["first_us"] or 0, extent["last_us"] or 0),
                unit_us=unit_us,
            )
            if digits is None:
                continue
            numbers = packed_touches(connection, extent["touches"], digits, has_created=has_created)
            if numbers is not None:
                return _sorted_as_numbers(
                    connection, numbers, digits, channels, has_created=has_created
                )
    return _sorted_by_engine(connection, channels, has_created=has_created)


def _sorted_as_numbers(
    connection: Connection,
    numbers: NDArray[np.int64],
    digits: Digits,
    channels: tuple[str | None, ...],
    *,
    has_created: bool,
) -> EventLog:
    found = connection.execute(statement("touches/placed_conversions")).df()
    stated = {name: found[name].to_numpy() for name in ("conversions", "value")}
    _refuse(len(numbers), _impossible(stated))
    order = np.flatnonzero(stated["conversions"] > 0)
    places = digits.of(found)[order]
    if (places[1:] <= places[:-1]).any():  # no two queries need give rows in the same order
        order = order[np.lexsort([stated["value"][order], stated["conversions"][order], places])]
    log = EventLog(
        channels=channels,
        is_first=np.empty(len(numbers), dtype=bool),
        is_converted=np.empty(len(numbers), dtype=bool),
        codes=np.empty(len(numbers), dtype=_type(len(channels))),
        created=np.empty(len(numbers), dtype=np.uint8) if has_created else None,
        conversions=stated["conversions"][order],
        values=stated["value"][order],
        values_without_conversion=len(found) - len(order),
        _times=numbers,
        _digits=digits,
    )
    digits.take_apart(
        numbers,
        is_first=log.is_first,
        is_converted=log.is_converted,
        codes=log.codes,
        created=log.created,
    )
    return log


def _sorted_by_engine(
    connection: Connection, channels: tuple[str | None, ...], *, has_created: bool
) -> EventLog:
    found = _fetched(connection, "touches/in_order")
    _refuse(len(found["value"]), _impossible(found))
    is_converted = found["conversions"] > 0
    return EventLog(
        channels=channels,
        is_first=_changes(found["journey_no"]),
        is_converted=is_converted,
        codes=found["code"],
        created=found["created"] if has_created else None,
        conversions=found["conversions"][is_converted],
        values=found["value"][is_converted],
        values_without_conversion=int((found["value"][~is_converted] != 0).sum()),
        _times=found["touched_us"],
        _digits=None,
    )


def _fetched(connection: Connection, name: str) -> dict[str, NDArray[Any]]:
    """The columns of a query, none of which has missing values."""
    found = connection.execute(statement(name)).df()
    columns = {str(column): found[column].to_numpy() for column in found}
    for values in columns.values():
        values.flags.writeable = True  # nobody else holds the table
    return columns


def _changes(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a number differs from the one before it."""
    changes = np.ones(len(numbers), dtype=bool)
    np.not_equal(numbers[1:], numbers[:-1], out=changes[1:])
    return changes


def _type(size: int) -> type[np.unsignedinteger[Any]]:
    return np.uint8 if size <= 2**8 else np.uint16 if size <= 2**16 else np.uint32


def _give(connection: Connection, touches: pd.DataFrame | Path | str, table: str) -> bool:
    """Let the engine read the log as `given_log`. Is it a text file?"""
    if isinstance(touches, pd.DataFrame):
        columns = (touches.iloc[:2, place].to_numpy() for place in range(touches.shape[1]))
        is_backwards = any(each.strides[0] < 0 for each in columns)  # the engine cannot read such
        connection.register("given_log", touches.copy() if is_backwards else touches)
        return False
    path = Path(touches)
    kind = _suffix(path)
    if kind in _READERS:
        place = str(path).replace("'", "''")  # a view takes no parameters
        connection.execute(f"create temp view given_log as from {_READERS[kind]}('{place}')")
    elif kind in _DATABASES:
        found = connection.execute(statement("touches/tables")).fetchall()
        known = [name for _, name in found]
        if table.lower() not in [name.lower() for name in known]:
            raise CallError(
                f"{path} has no table '{table}'.{did_you_mean(table, known)} "
                f"Its tables are: {', '.join(known)}."
            )
        place = f"{quoted(found[0][0])}.{quoted(table)}"  # a table of it may be named as ours are
        connection.execute(f"create temp view given_log as from {place}")
    else:
        raise CallError(
            f"{path}: an event log is a .parquet, .csv or .duckdb file, or a table in memory."
        )
    return kind == ".csv"


def _extent(connection: Connection) -> dict[str, Any]:
    """How far the log goes, after checking that its touches can be placed.

    Raises
    ------
    DataError
        Touches lack a journey or a time; other faults are said with it.
    """
    found = connection.execute(statement("touches/extent"))
    names = [column[0] for column in found.description or []]
    extent = dict(zip(names, found.fetchall()[0], strict=True))
    lacking = {
        "no journey": extent["without_journey"],
        "no time, or an infinite one": extent["without_time"],
    }
    if any(lacking.values()):
        stated = _fetched(connection, "touches/conversions")
        _refuse(extent["touches"], lacking | _impossible(stated))
    return extent


def _impossible(stated: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """How many touches state something that cannot be."""
    conversions, values = stated["conversions"], stated["value"]
    wrong = ~np.isfinite(conversions) | (conversions < 0)
    return {
        "conversions that are negative or no number": int(wrong.sum()),
        "a value that is no number": int((~np.isfinite(values)).sum()),
    }


def _refuse(touches: int, faults: Mapping[str, int]) -> None:
    problems = [f"{count} of {touches} touches: {what}." for what, count in faults.items() if count]
    if problems:
        raise DataError(f"The event log cannot be read:\n{listed(problems)}")


def _coded(connection: Connection, channels: Sequence[str | None]) -> tuple[int, int]:
    """Number the journeys and the channels; the lowest and the highest number of a journey."""
    if len(channels) <= _LISTED:
        code = "list_position(getvariable('channel_names'), channel) - 1"
    else:
        connection.execute(statement("touches/channel_type"))
        code = f"coalesce(enum_code(cast(channel as channel_name)), {len(channels) - 1})"
    code = f"cast({code} as {_ENGINE_TYPES[_type(len(channels))]})"
    kinds = {row[0]: row[1] for row in connection.execute("describe touch_log").fetchall()}
    if kinds["journey"] in _INTEGERS:
        connection.execute(statement("touches/coded_by_number", code=code))
        low, high = connection.execute(statement("touches/journey_span")).fetchall()[0]
        return low or 0, high or 0
    connection.execute(statement("touches/journey_numbers"))
    connection.execute(statement("touches/coded_by_name", code=code))
    row = connection.execute("select count(*) from journey_number").fetchone()
    return 0, max(row[0] - 1, 0) if row else 0
