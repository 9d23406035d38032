"""Reads Parquet files through the engine, nested columns flattened like those of JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading.containers import literal_path
from funnel_analytics.sources.reading.model import TYPED, CleanCopy, Wants
from funnel_analytics.sources.reading.objects import DECODER
from funnel_analytics.sources.reading.recording import Recorder, record_heading
from funnel_analytics.sources.reading.values import ControlCharacter, Typed, flattened
from funnel_analytics.warehouse import Connection, EngineError, statement

__all__ = ["Parquet"]

_BATCH = 1000
_KEYED = "keyed"
_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)(?P<time> \d\d:\d\d:\d\d(\.\d{1,6})?)?\d*(?P<zone>[+-]\d\d)?"
)
_TIMES = {"date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns",
          "timestamp with time zone"}  # fmt: skip


class Parquet:
    """One Parquet file, already unpacked."""

    def __init__(self, path: Path, name: str, connection: Connection) -> None:
        self._path = literal_path(path)
        self._name = name
        self._connection = connection
        self._types = self._read_types()
        self._times = {place for place, kind in self._places() if kind in _TIMES}

    def columns(self) -> list[str]:
        """All columns: those of records in records by their path, those of keys by their key."""
        found = {place: None for place, kind in self._places() if kind != _KEYED}
        keyed = {place.partition(".")[0] for place, kind in self._places() if kind == _KEYED}
        if not keyed:
            return list(found)
        for record in self._records([each for each in self._types if each in keyed]):
            fields: dict[str, str] = {}
            try:
                flattened(record, "", fields)
            except ControlCharacter:
                continue
            found.update(dict.fromkeys(fields))
        return list(found)

    def copy(self, sink: TextIO, wants: Wants) -> CleanCopy:
        """Copy every record to `sink`."""
        heading = record_heading(self._name, self.columns(), wants)
        recorder = Recorder(heading, wants, sink)
        recorder.copy.kind = "parquet"
        needed = [
            column
            for column in self._types
            if any(each == column or each.startswith(f"{column}.") for each in heading.kept)
        ]
        for place, record in enumerate(self._records(needed), start=1):
            self._mark_times(record, "")
            recorder.take(place, record)
        recorder.flush()
        return recorder.copy

    def _places(self) -> Iterator[tuple[str, str]]:
        for column, kind in self._types.items():
            yield from _places(column, kind)

    def _read_types(self) -> dict[str, Any]:
        text = statement("sources/parquet_columns")
        try:
            found = self._connection.execute(text, {"path": self._path})
        except EngineError as error:
            raise self._fault(error) from error
        return {column[0]: column[1] for column in found.description or []}

    def _records(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        text = statement("sources/read_parquet")
        try:
            found = self._connection.execute(text, {"path": self._path, "columns": list(columns)})
            while batch := found.fetchmany(_BATCH):
                for (record,) in batch:
                    yield DECODER.decode(record)
        except EngineError as error:
            raise self._fault(error) from error

    def _fault(self, error: EngineError) -> SourceError:
        said = str(error).strip().splitlines()[0]
        return SourceError(f"{self._name} cannot be read as Parquet: {said}")

    def _mark_times(self, record: dict[str, Any], path: str) -> None:
        """Mark the days and instants; the engine writes them as text."""
        for key, value in record.items():
            place = f"{path}{key}"
            if isinstance(value, dict):
                self._mark_times(value, f"{place}.")
            elif place in self._times and value is not None:
                record[key] = _instant(value)


def _instant(text: str) -> str:
    found = _INSTANT.fullmatch(text)
    if found is None:  # infinity, or a year before our time
        return text
    zone = f"{found['zone']}:00" if found["zone"] else ""
    return Typed(f"{TYPED}{found['day']}{found['time'] or ''}{zone}")


def _places(path: str, kind: Any) -> Iterator[tuple[str, str]]:
    """The columns of a type with the engine's names of their kinds."""
    if kind.id == "struct":
        for name, child in kind.children:
            yield from _places(f"{path}.{name}", child)
    else:
        yield path, _KEYED if _is_keyed(kind) else kind.id


def _is_keyed(kind: Any) -> bool:
    """Is it a list of records of a key and a value, or a map?"""
    if kind.id == "map":
        return True
    if kind.id != "list":
        return False
    child = kind.children[0][1]
    return child.id == "struct" and {name for name, _ in child.children} == {"key", "value"}
