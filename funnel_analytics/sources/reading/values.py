"""Writes numbers, days and instants of typed cells as the text that every reader agrees on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from funnel_analytics.sources.reading.model import TYPED

__all__ = [
    "CELL_TEXT",
    "ControlCharacter",
    "DoubledKey",
    "Typed",
    "Unreadable",
    "flattened",
    "number_text",
    "record_of",
    "typed_number",
]

_LONGEST_NUMBER = 300  # digits; more are no number of a business


class Typed(str):
    """A text that begins with the mark of typed values because we put it there."""

    __slots__ = ()


class Unreadable(ValueError):
    """A record cannot be taken; the text says why."""


class ControlCharacter(Unreadable):
    """A text holds a character that stands for something of our own."""

    def __init__(self) -> None:
        super().__init__("a control character in a field")


class DoubledKey(Unreadable):
    """An object has two values for one key."""


class _Doubled(dict[str, Any]):
    """An object in which the key `twice` stands twice."""

    twice = ""


def record_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; it is taken by `flattened` only if no key stands in it twice."""
    record = dict(pairs)
    if len(record) == len(pairs):
        return record
    names = [name for name, _ in pairs]
    doubled = _Doubled(record)
    doubled.twice = next(name for name in names if names.count(name) > 1)
    return doubled


def _checked(record: dict[str, Any]) -> dict[str, Any]:
    if isinstance(record, _Doubled):
        raise DoubledKey(f"the key '{_plain(record.twice)[:100]}' stands twice")
    return record


def number_text(value: float) -> str:
    """A float as a typed field, without exponent; what is no number stays text."""
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < 1e15:
        return f"{TYPED}{int(value)}"
    return typed_number(repr(value))


def typed_number(text: str) -> str:
    """A number's text as a typed field, without exponent; what is far too large stays text.

    A whole number has no decimals: 1.0 and 1 are the same id.
    """
    if "e" in text or "E" in text:
        value = Decimal(text)
        if abs(value.adjusted()) > _LONGEST_NUMBER:
            return text
        text = f"{value:f}"
    whole, mark, decimals = text.partition(".")
    return Typed(TYPED + (whole if mark and not decimals.strip("0") else text))


def _plain(text: str) -> str:
    if text and (text[0] < "\x04" or "\0" in text):
        raise ControlCharacter
    return text


def _duration(value: timedelta) -> str:
    seconds = round(value.total_seconds())
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


CELL_TEXT: dict[type, Callable[[Any], str]] = {
    str: _plain,
    float: number_text,
    int: lambda value: f"{TYPED}{value}",
    bool: lambda value: "true" if value else "false",
    date: lambda value: f"{TYPED}{value.isoformat()}",
    datetime: lambda value: f"{TYPED}{value.isoformat(' ')}",
    time: time.isoformat,
    timedelta: _duration,
}
"""How a cell of a workbook becomes text, by its type."""


def flattened(value: Any, path: str, fields: dict[str, str]) -> None:
    """Put a value into `fields` by its path: `a.b` for nested records, `list.key` for lists of
    keys with values; other lists are JSON. Numbers come as `Typed`.

    Raises
    ------
    Unreadable
        The record holds a control character, or a key twice.
    """
    if isinstance(value, dict):
        for key, each in _checked(value).items():
            flattened(each, f"{path}.{key}" if path else key, fields)
    elif isinstance(value, list):
        if _is_keyed(value):
            for each in value:
                fields.setdefault(f"{path}.{_untyped(each['key'])}", _text(_first_value(each)))
        else:
            fields[path] = json.dumps(_untyped(value), ensure_ascii=False) if value else ""
    else:
        fields[path] = _text(value)


def _is_keyed(items: list[Any]) -> bool:
    return bool(items) and all(
        isinstance(each, dict) and each.keys() == {"key", "value"} for each in items
    )


def _first_value(item: dict[str, Any]) -> Any:
    """The one of `string_value`, `int_value` … that is there."""
    value = item["value"]
    if isinstance(value, dict):
        return next((each for each in value.values() if each is not None), None)
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Typed):
        return value
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(_untyped(value), ensure_ascii=False)


def _untyped(value: Any) -> Any:
    """A value with its numbers as they were written."""
    if isinstance(value, Typed):
        text = value.removeprefix(TYPED)
        return int(text) if text.lstrip("-").isdigit() else float(text)
    if isinstance(value, dict):
        return {_plain(key): _untyped(each) for key, each in _checked(value).items()}
    if isinstance(value, list):
        return [_untyped(each) for each in value]
    return _plain(value) if isinstance(value, str) else value
