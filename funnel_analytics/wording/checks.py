"""Checks in words: what was found, what it means, which numbers suffer, what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "MARKS",
    "CheckedData",
    "check_counted",
    "check_counts",
    "check_examples",
    "check_lines",
    "check_meaning",
    "is_unjudged",
]

MARKS = {"pass": "✓", "review": "?", "fail": "✗", "unjudged": "·"}
_WIDTH = 96
_INDENT = " " * 4


class CheckedData(Protocol):
    """What the words of checks need to know of a report of checks."""

    @property
    def table(self) -> pd.DataFrame:
        """One row per check: its name, status, counts, limit and examples."""
        ...

    @property
    def agreement(self) -> Agreement:
        """The agreement that the data were loaded with."""
        ...

    @property
    def as_of(self) -> datetime:
        """The instant that the data describe."""
        ...


def is_unjudged(row: Mapping[Any, Any]) -> bool:
    """Had the check nothing to look at?"""
    return int(row["of_rows"]) == 0


def check_counts(report: CheckedData) -> dict[str, int]:
    """How many checks passed, want a look or failed; those that had nothing to look at are out."""
    judged = [row["status"] for row in report.table.to_dict("records") if not is_unjudged(row)]
    return {status: judged.count(status) for status in ("pass", "review", "fail")}


def check_counted(words: Phrases, row: Mapping[Any, Any]) -> str:
    """`3 von 20 (15 %)`: how much was found, of how much."""
    part, whole = words.whole(row["offending_rows"]), words.whole(row["of_rows"])
    if not int(row["offending_rows"]):
        return words.say("checked.counted", part=part, of=whole)
    share = words.percent(row["share"])
    return words.say("checked.counted_share", part=part, of=whole, share=share)


def check_limit(words: Phrases, row: Mapping[Any, Any]) -> str:
    """`Grenze: 5 %`: the limit that was exceeded, or kept; nothing where any fault is one."""
    limit = float(row["limit"])
    if limit == 0:
        return ""
    shown = (
        words.amount("days", limit)
        if row["measure"] == "days"
        else words.percent(limit, fixed=False)
    )
    own = "limit" in words.texts["check"].get(str(row["check"]), {})
    return words.say(f"check.{row['check']}.limit" if own else "checked.limit", limit=shown)


def check_meaning(words: Phrases, row: Mapping[Any, Any]) -> str:
    """What the fault is, and which metrics it distorts; by the names of their tables."""
    name = str(row["check"])
    metrics = [words.say(f"table.{metric}") for metric in row["distorts"]]
    if metrics:
        distorts = words.say("checked.distorts", metrics=", ".join(metrics))
    else:
        distorts = words.say("checked.distorts_nothing")
    return f"{words.say(f'check.{name}.means')} {distorts}"


def check_examples(
    words: Phrases, agreement: Agreement, row: Mapping[Any, Any], *, most: int = 5
) -> str:
    """The first examples of what a check found, in words."""
    name = str(row["check"])
    examples: Sequence[Mapping[str, Any]] = list(row["examples"])[:most]
    return ", ".join(_example(words, agreement, name, each) for each in examples)


def check_lines(words: Phrases, report: CheckedData, *, finding: str) -> tuple[str, ...]:
    """A report of checks as lines for a terminal: the finding, then each check."""
    lines = [finding]
    for row in report.table.to_dict("records"):
        status = "unjudged" if is_unjudged(row) else str(row["status"])
        head = f"{MARKS[status]} {words.say(f'status.{status}')}: "
        head += words.say(f"check.{row['check']}.title")
        if status != "unjudged":
            limit = check_limit(words, row) if int(row["offending_rows"]) else ""
            head += " · ".join(["", check_counted(words, row), *([limit] if limit else [])])
        lines += _wrapped(head, "")
        if row["status"] == "pass":
            continue
        examples = check_examples(words, report.agreement, row)
        if examples:
            lines += _wrapped(words.say("checked.examples", examples=examples), _INDENT)
        lines += _wrapped(check_meaning(words, row), _INDENT)
        advice = words.say(f"check.{row['check']}.advice")
        lines += _wrapped(f"→ {advice}", _INDENT)
    return tuple(lines)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=indent,
        subsequent_indent=indent or _INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _example(words: Phrases, agreement: Agreement, name: str, example: Mapping[str, Any]) -> str:
    values = {key: _value(words, agreement, key, value) for key, value in example.items()}
    own = words.texts["check"].get(name, {})
    lacking = (f"example_without_{key}" for key in example if is_missing(example[key]))
    form = next((each for each in lacking if each in own), "example")
    if form in own:
        return words.say(f"check.{name}.{form}", **values)
    return " ".join(values.values())


def _value(words: Phrases, agreement: Agreement, key: str, value: Any) -> str:
    """A value of an example, written by what it is."""
    if is_missing(value):
        return words.say("segment.missing")
    if key in _WRITTEN:
        return _WRITTEN[key](words, value)
    if key == "stage" and value in agreement.stage_names:
        return words.stage(agreement, str(value))
    if key == "exported_at":
        return words.instant(value, agreement.timezone)
    return str(value)


def _named(section: str, within: str = "") -> Callable[[Phrases, Any], str]:
    def name(words: Phrases, value: Any) -> str:
        if not words.has(section, str(value)):
            return str(value)
        return words.say(f"{section}.{value}{within}")

    return name


_WRITTEN: Mapping[str, Callable[[Phrases, Any], str]] = {
    "added_up": lambda words, value: words.number(value, digits=2),
    "age_days": lambda words, value: words.amount("days", value),
    "day": lambda words, value: words.day(value),
    "field": _named("field"),
    "found": lambda words, value: words.whole(value),
    "found_rows": lambda words, value: words.amount("rows", value),
    "leads": lambda words, value: words.amount("leads", value),
    "line": lambda words, value: words.whole(value),
    "month": lambda words, value: words.month(value),
    "rule": _named("identity_rule"),
    "share": lambda words, value: words.percent(value),
    "stated": lambda words, value: words.number(value, digits=2),
    "table_name": _named("export", ".thing"),
    "usual_rows": lambda words, value: words.whole(value),
}
