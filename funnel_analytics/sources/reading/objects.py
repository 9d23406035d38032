"""Reads records of JSON: lines, an array, or an array inside an object, in bounded memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, TextIO

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading.containers import open_member, text_of
from funnel_analytics.sources.reading.encodings import codec_of, undecodable
from funnel_analytics.sources.reading.kinds import bare_name
from funnel_analytics.sources.reading.model import CleanCopy, Layout, Member, Wants
from funnel_analytics.sources.reading.recording import Recorder, record_heading
from funnel_analytics.sources.reading.values import Unreadable, flattened, record_of, typed_number

__all__ = ["DECODER", "Objects"]

_HOLDERS = ("records", "results", "data")
_LONGEST = 64 * 1024**2
_PIECE = 1024**2
_BLANK = " \t\r\n"
DECODER = json.JSONDecoder(
    object_pairs_hook=record_of,
    parse_float=typed_number,
    parse_int=typed_number,
    parse_constant=str,
    strict=False,
)
Found = tuple[int, Any]
"""A record's line or number, and what was found there: an object if all is well."""


class Objects:
    """One file of JSON records."""

    def __init__(self, member: Member, layout: Layout) -> None:
        self._member = member
        self._layout = layout
        self._codec = codec_of(member, layout.encodings)

    def columns(self) -> list[str]:
        """The columns of all records, in the order in which they first come."""
        found: dict[str, None] = {}
        for _, record in self._records():
            if isinstance(record, dict):
                fields: dict[str, str] = {}
                try:
                    flattened(record, "", fields)
                except Unreadable:
                    continue
                found.update(dict.fromkeys(fields))
        return list(found)

    def copy(self, sink: TextIO, wants: Wants) -> CleanCopy:
        """Copy every good record to `sink`."""
        heading = record_heading(self._member.name, self.columns(), wants)
        recorder = Recorder(heading, wants, sink)
        recorder.copy.kind, recorder.copy.encoding = "json", self._codec
        for place, record in self._records():
            if isinstance(record, dict):
                recorder.take(place, record)
            else:
                recorder.reject(place, "is no JSON object")
        recorder.flush()
        return recorder.copy

    def _records(self) -> Iterator[Found]:
        try:
            with open_member(self._member, lines=False) as stream:
                text = text_of(stream, self._codec, newline=None)
                is_lines = self._is_lines(text.read(_PIECE))
            with open_member(self._member, lines=is_lines) as stream:
                text = text_of(stream, self._codec, newline=None)
                yield from self._lines(text) if is_lines else self._document(text)
        except UnicodeDecodeError as error:
            raise SourceError(undecodable(self._member, self._codec, error)) from error

    def _is_lines(self, start: str) -> bool:
        """Is it one object per line, rather than one document?"""
        if PurePosixPath(bare_name(self._member).lower()).suffix in (".jsonl", ".ndjson"):
            return True
        first, _, rest = start.lstrip().partition("\n")
        try:
            value = DECODER.decode(first)
        except json.JSONDecodeError:
            return False
        if not isinstance(value, dict):
            return False
        return bool(rest.strip()) or self._holder(value) is None

    def _holder(self, value: dict[str, Any]) -> str | None:
        path = self._layout.records.split(".")[0]
        names = (path,) if path else _HOLDERS
        return next((each for each in names if isinstance(value.get(each), (list, dict))), None)

    def _lines(self, text: TextIO) -> Iterator[Found]:
        for number, line in enumerate(text, start=1):
            if line.isspace():
                continue
            try:
                yield number, DECODER.decode(line)
            except json.JSONDecodeError:
                yield number, None

    def _document(self, text: TextIO) -> Iterator[Found]:
        document = _Document(self._member.name, text)
        path = self._layout.records.split(".") if self._layout.records else []
        if document.peek() == "[" and not path:
            yield from enumerate(document.items(), start=1)
            return
        if not document.enter(path or None):
            wanted = self._layout.records or " or ".join(_HOLDERS)
            raise SourceError(
                f"{self._member.name} is one JSON object without a list of records (looked for "
                f"{wanted}). Name where they are as records in the preset."
            )
        yield from enumerate(document.items(), start=1)


class _Document:
    """A JSON document read piece by piece."""

    def __init__(self, name: str, text: TextIO) -> None:
        self._name = name
        self._text = text
        self._held = ""
        self._at = 0
        self._is_last = False

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._held) or not self._fill():
                return self._held[self._at : self._at + 1]

    def enter(self, path: list[str] | None) -> bool:
        """Go to the list at a path of keys; without one, to the first that may hold records."""
        if self.peek() != "{":
            raise self._fault("a JSON document was expected")
        self._at += 1
        while self.peek() != "}":
            key = self.value()
            self._expect(":")
            is_wanted = key == path[0] if path else key in _HOLDERS
            if is_wanted and self.peek() == "[" and len(path or [key]) == 1:
                return True
            if is_wanted and path and len(path) > 1 and self.peek() == "{":
                return self.enter(path[1:])
            self.value()
            if self.peek() == ",":
                self._at += 1
            elif self.peek() != "}":
                raise self._fault("a comma or the end of an object is missing")
        return False

    def items(self) -> Iterator[Any]:
        """The items of the list that begins here."""
        self._expect("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() == ",":
                self._at += 1
            elif self.peek() != "]":
                raise self._fault("a comma or the end of the list is missing")

    def value(self) -> Any:
        """The value that begins here."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                if len(self._held) - self._at > _LONGEST or not self._fill():
                    raise self._fault(f"{error.msg}") from error
                continue
            if end < len(self._held) or not self._fill():  # "12" may go on as "123"
                self._at = end
                return value

    def _expect(self, character: str) -> None:
        if self.peek() != character:
            raise self._fault(f"'{character}' is missing")
        self._at += 1

    def _fill(self) -> bool:
        """Read on; at least as much again as is held, so that long values stay cheap."""
        if self._is_last:
            return False
        rest = self._held[self._at :]
        more = self._text.read(max(_PIECE, len(rest)))
        self._is_last = not more
        self._held, self._at = rest + more, 0
        return bool(more)

    def _fault(self, said: str) -> SourceError:
        return SourceError(
            f"{self._name} is no whole JSON document: {said}. Was the export cut off?"
        )
