"""Reads an event log of touches in order: each journey's touches side by side, by time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.errors import CallError, DataError, did_you_mean, listed
from funnel_analytics.warehouse.build import bound_memory
from funnel_analytics.warehouse.connection import Connection, EngineError, connect, quoted
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
_BITS = 63
_SECOND_US = 10**6
_DAY_US = 86_400 * _SECOND_US
_CREATED_BITS = 2
_BLOCK = 2**16
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")


class _Digits(NamedTuple):
    """How a touch becomes one number: journey, time, conversion, channel and what it created.

    Everything has so many bits that numbers sort as touches do.
    """

    first_journey: int
    first_us: int
    unit_us: int
    channel_bits: int
    time_bits: int

    @property
    def converted_bit(self) -> int:
        """Above the two bits of what a touch created and those of its channel."""
        return _CREATED_BITS + self.channel_bits

    @property
    def journey_bit(self) -> int:
        """Above all others."""
        return self.converted_bit + 1 + self.time_bits


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
    _digits: _Digits | None = field(repr=False)

    def days(self, touches: NDArray[Any]) -> NDArray[np.float64]:
        """When touches took place, in days since some instant."""
        times = self._times[touches]
        if self._digits is None:
            return times / _DAY_US
        units = times >> (self._digits.converted_bit + 1)
        units &= (1 << self._digits.time_bits) - 1
        return units * (self._digits.unit_us / _DAY_US)


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
        No such file or column.
    DataError
        The file cannot be read, or touches lack a journey or a time, or have impossible numbers.

    Notes
    -----
    Journey, time, conversion and channel of a touch fit into one number of 63 bits as a rule; such
    numbers are sorted several times quicker than rows. Where they do not fit, and where an id
    breaks ties, the engine sorts rows.
    """
    with _engine(touches, memory_limit) as connection:
        try:
            _give(connection, touches, table)
            return _read(connection, columns)
        except EngineError as error:
            said = str(error).strip().splitlines()[0]
            raise DataError(f"The event log cannot be read: {said}") from error


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


def _read(connection: Connection, columns: Mapping[str, str]) -> EventLog:
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
    connection.execute(statement("touches/log", **names))
    extent = _extent(connection)
    connection.execute(statement("touches/channel_codes"))
    channels = tuple(row[0] for row in connection.execute(statement("touches/channels")).fetchall())
    first, last = _coded(connection)
    unit_us = _SECOND_US if extent["is_in_seconds"] else 1
    first_us, last_us = extent["first_us"] or 0, extent["last_us"] or 0
    digits = _Digits(
        first,
        first_us,
        unit_us,
        channel_bits=max(len(channels) - 1, 0).bit_length(),
        time_bits=((last_us - first_us) // unit_us).bit_length(),
    )
    has_created = "lead_created" in columns or "opportunity_created" in columns
    if "touch_id" in columns or digits.journey_bit + (last - first).bit_length() > _BITS:
        return _sorted_by_engine(connection, channels, has_created=has_created)
    return _sorted_as_numbers(connection, channels, digits, has_created=has_created)


def _sorted_as_numbers(
    connection: Connection,
    channels: tuple[str | None, ...],
    digits: _Digits,
    *,
    has_created: bool,
) -> EventLog:
    connection.execute(
        statement(
            "touches/packed_log",
            first_journey=digits.first_journey,
            per_journey=1 << digits.journey_bit,
            first_us=digits.first_us,
            unit_us=digits.unit_us,
            per_unit=1 << (digits.converted_bit + 1),
            per_conversion=1 << digits.converted_bit,
        )
    )
    packed = _fetched(connection, "touches/packed")["packed"]
    _sort(packed)
    found = _fetched(connection, "touches/packed_conversions")
    _refuse(len(packed), _impossible(found))
    won = np.flatnonzero(found["conversions"] > 0)
    order = won[np.lexsort([found[name][won] for name in ("value", "conversions", "packed")])]
    log = EventLog(
        channels=channels,
        is_first=np.empty(len(packed), dtype=bool),
        is_converted=np.empty(len(packed), dtype=bool),
        codes=np.empty(len(packed), dtype=_type(len(channels))),
        created=np.empty(len(packed), dtype=np.uint8) if has_created else None,
        conversions=found["conversions"][order],
        values=found["value"][order],
        values_without_conversion=len(found["packed"]) - len(won),
        _times=packed,
        _digits=digits,
    )
    _unpack(packed, digits, log)
    return log


def _sort(numbers: NDArray[np.int64]) -> None:
    """In place; runs that are in order already are only merged."""
    wrong = 0
    for at in range(1, len(numbers), _BLOCK):
        block = numbers[at : at + _BLOCK]
        wrong += int(np.count_nonzero(block < numbers[at - 1 : at - 1 + len(block)]))
    if wrong:
        numbers.sort(kind="stable" if wrong * 50 < len(numbers) else None)


def _unpack(packed: NDArray[np.int64], digits: _Digits, log: EventLog) -> None:
    """Take numbers apart, in blocks that stay in the processor's cache."""
    before = -1
    for at in range(0, len(packed), _BLOCK):
        block = slice(at, at + _BLOCK)
        numbers = packed[block]
        journeys = numbers >> digits.journey_bit
        log.is_first[block][:1] = journeys[0] != before
        np.not_equal(journeys[1:], journeys[:-1], out=log.is_first[block][1:])
        before = journeys[-1]
        if log.created is not None:
            log.created[block] = numbers & ((1 << _CREATED_BITS) - 1)
        low = (numbers >> _CREATED_BITS).astype(np.uint32)
        log.codes[block] = low & ((1 << digits.channel_bits) - 1)
        low >>= digits.channel_bits
        log.is_converted[block] = low & 1


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
        codes=found["code"].astype(_type(len(channels))),
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


def _give(connection: Connection, touches: pd.DataFrame | Path | str, table: str) -> None:
    """Let the engine read the log as `given_log`."""
    if isinstance(touches, pd.DataFrame):
        connection.register("given_log", touches)
        return
    path = Path(touches)
    if not path.is_file():
        raise CallError(f"{path}: there is no such file.")
    kind = _suffix(path)
    if kind in _READERS:
        place = str(path).replace("'", "''")  # a view takes no parameters
        connection.execute(f"create temp view given_log as from {_READERS[kind]}('{place}')")
    elif kind in _DATABASES:
        connection.execute(f"create temp view given_log as from {quoted(table)}")
    else:
        raise CallError(
            f"{path}: an event log is a .parquet, .csv or .duckdb file, or a table in memory."
        )


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
        "no time": extent["without_time"],
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


def _coded(connection: Connection) -> tuple[int, int]:
    """Number the journeys and the channels; the lowest and the highest number of a journey."""
    kinds = {row[0]: row[1] for row in connection.execute("describe touch_log").fetchall()}
    if kinds["journey"] in _INTEGERS:
        connection.execute(statement("touches/coded_by_number"))
        low, high = connection.execute(statement("touches/journey_span")).fetchall()[0]
        return low or 0, high or 0
    connection.execute(statement("touches/journey_numbers"))
    connection.execute(statement("touches/coded_by_name"))
    row = connection.execute("select count(*) from journey_number").fetchone()
    return 0, max(row[0] - 1, 0) if row else 0
