"""Writes records that know their own columns, of JSON or Parquet, to a clean copy."""

from __future__ import annotations

from typing import Any, TextIO

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading.copying import Copier
from funnel_analytics.sources.reading.heading import Heading, find_heading
from funnel_analytics.sources.reading.model import Layout, Wants
from funnel_analytics.sources.reading.values import Unreadable, flattened

__all__ = ["Recorder", "record_heading"]

_BATCH = 1000


def record_heading(name: str, columns: list[str], wants: Wants) -> Heading:
    """The header of a file whose columns are known."""
    if not columns:
        raise SourceError(f"{name} holds no records. Export it again.")
    return find_heading(
        name,
        lambda place, _: (columns, place + 1),
        lambda place: None if place else False,
        Layout(("",)),
        wants,
    )


class Recorder:
    """Takes records one by one, flattens them and copies them in batches."""

    def __init__(self, heading: Heading, wants: Wants, sink: TextIO) -> None:
        kept = Heading(heading.kept, heading.kept, "", 0, 1)
        self._copier = Copier("", kept, Layout(), wants, sink, one_table=True)
        self.copy = self._copier.copy
        self.copy.every_column = [each for each in heading.raw if each]
        self._kept = heading.kept
        self._records: list[list[str]] = []
        self._places: list[int] = []

    def take(self, place: int, record: dict[str, Any]) -> None:
        """Take a record with its line or number."""
        fields: dict[str, str] = {}
        try:
            flattened(record, "", fields)
        except Unreadable as error:
            self.reject(place, str(error))
            return
        for name in self._kept:
            if name not in fields and isinstance(record.get(name), dict):
                fields[name] = "{…}"  # an object where others have a value: no value, not nothing
        self._records.append([fields.get(each, "") for each in self._kept])
        self._places.append(place)
        if len(self._records) == _BATCH:
            self.flush()

    def reject(self, place: int, reason: str) -> None:
        """Count a record that cannot be read."""
        self._copier.reject(place, reason)

    def flush(self) -> None:
        """Write what was taken."""
        self._copier.take(self._records, self._places)
        self._records, self._places = [], []
