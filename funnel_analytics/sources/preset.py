"""Presets: TOML files that say how one system's exports fill the canonical tables."""

from __future__ import annotations

import codecs
import hashlib
import math
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from funnel_analytics.errors import CallError, did_you_mean, listed
from funnel_analytics.periods import time_zones
from funnel_analytics.schema import TABLES
from funnel_analytics.sources.columns import ADDED_UP
from funnel_analytics.sources.grammar import EVERY, Condition, Feed, FileRule, expanded

__all__ = [
    "SPECIAL_FORMS",
    "FileRule",
    "Preset",
    "format_fault",
    "load_preset",
    "parse_preset",
    "preset_names",
]

TAKEN_ATTRIBUTES = (
    "origin",
    "channel",
    "campaign",
    "segment",
    "industry",
    "country",
    "region",
    "created_month",
    "created_quarter",
)
SPECIAL_FORMS = ("excel", "excel_1904", "epoch_s", "epoch_ms", "epoch_us")
"""Forms of dates that are numbers: days of a spreadsheet, or time since 1970 in UTC."""
AGREED_ZONE = "agreement"
"""In a preset's `timezone`: naive times are in the agreement's zone."""
_DIRECTIVE = re.compile(r"%-?[a-zA-Z%]?")
_KNOWN_DIRECTIVES = set("aAbBdfHIjmMpSyYzZ%")


def _written_out(value: Any) -> Any:
    return expanded(value) if isinstance(value, list) else value


class _PresetText(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    system: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    agreement: str = ""
    timezone: str = "UTC"
    files: Annotated[tuple[FileRule, ...], BeforeValidator(_written_out), Field(min_length=1)]


@dataclass(frozen=True)
class Preset:
    """One system's exports: its name, the prefix of its ids, and a rule per file and table."""

    name: str
    system: str
    agreement: str
    timezone: str
    files: tuple[FileRule, ...]
    text: str

    @cached_property
    def sha256(self) -> str:
        """The hash of the preset's text; another text means another load."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def zone(self, rule: FileRule, *, agreed: str) -> str:
        """The time zone of a file's naive instants; `agreed` is that of the agreement."""
        named = rule.timezone or self.timezone
        return agreed if named == AGREED_ZONE else named


def preset_names() -> tuple[str, ...]:
    """The presets that ship with the package."""
    found = resources.files("funnel_analytics.sources").joinpath("presets")
    names = (file.name for file in found.iterdir())
    return tuple(
        sorted(
            name.removesuffix(".toml")
            for name in names
            if name.endswith(".toml") and not name.endswith(".agreement.toml")
        )
    )


def load_preset(name: str | Path) -> Preset:
    """Read a shipped preset by its name, or one's own by its path.

    Raises
    ------
    CallError
        There is no such preset, or it has faults; all are listed with their places.
    """
    shipped = resources.files("funnel_analytics.sources").joinpath("presets", f"{name}.toml")
    if str(name) in preset_names():
        text = shipped.read_text(encoding="utf-8")
    elif Path(name).is_file():
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CallError(f"Preset {name} cannot be read as UTF-8 text: {error}.") from error
    else:
        raise CallError(
            f"There is no preset '{name}'.{did_you_mean(str(name), preset_names())} Shipped: "
            f"{', '.join(preset_names())}. Your own preset is named by its path."
        )
    return parse_preset(text, name=str(name))


def parse_preset(text: str, *, name: str) -> Preset:
    """A preset from its TOML text; see `load_preset`."""
    try:
        read = _PresetText.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CallError(f"Preset {name} is not TOML: {error}.") from error
    except ValidationError as error:
        raise CallError(f"Preset {name} has faults:\n{listed(_worded(error))}") from error
    problems = [problem for no, rule in enumerate(read.files) for problem in _faults(rule, no)]
    problems += _twins(read.files)
    if read.timezone not in (*_zones(), AGREED_ZONE):
        problems.append(f"timezone: '{read.timezone}' is no time zone")
    if problems:
        raise CallError(f"Preset {name} has faults:\n{listed(problems)}")
    return Preset(read.name, read.system, read.agreement, read.timezone, read.files, text)


def _twins(rules: tuple[FileRule, ...]) -> list[str]:
    """Rules that nothing tells apart."""
    names = [(rule.pattern, rule.table, rule.part) for rule in rules]
    return [
        f"{pattern}: two rules for the table {table} are both part '{part}'"
        for pattern, table, part in sorted({name for name in names if names.count(name) > 1})
    ]


def _zones() -> set[str]:
    """The IANA zones; `localtime` and the like depend on the machine."""
    return {zone for zone in time_zones() if "/" in zone or zone == "UTC"}


def format_fault(text: str) -> str:
    """What is wrong with the form of a date, or nothing."""
    if text in SPECIAL_FORMS:
        return ""
    wrong = [each for each in _DIRECTIVE.findall(text) if each[-1] not in _KNOWN_DIRECTIVES]
    if not text.strip():
        return "an empty date_format; leave it out to have the form detected"
    if wrong:
        return f"date_format '{text}' has the unknown part {wrong[0]}"
    if not {"y", "Y"} & {each[-1] for each in _DIRECTIVE.findall(text)}:
        return f"date_format '{text}' has no year.{did_you_mean(text, SPECIAL_FORMS)}"
    return ""


def _worded(error: ValidationError) -> list[str]:
    problems = []
    known = [
        field.alias or name
        for model in (_PresetText, FileRule, Feed, Condition)
        for name, field in model.model_fields.items()
    ]
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"])
        key = str(fault["loc"][-1])
        if fault["type"] == "extra_forbidden":
            problems.append(f"{place}: unknown key.{did_you_mean(key, [*known, 'repeat'])}")
        else:
            problems.append(f"{place}: {fault['msg'].removeprefix('Value error, ')}")
    return problems


def _faults(rule: FileRule, number: int) -> list[str]:
    place = f"files[{number + 1}] ({rule.pattern}{f', part {rule.part}' if rule.part else ''})"
    if rule.table not in TABLES:
        return [f"{place}: there is no table '{rule.table}'.{did_you_mean(rule.table, TABLES)}"]
    found = (*_column_faults(rule), *_text_faults(rule), *_privacy_faults(rule))
    return [f"{place}: {problem}" for problem in found]


def _column_faults(rule: FileRule) -> Iterable[str]:
    """Names that the table or the preset does not know, and columns that the table needs."""
    table = rule.canonical
    names = [column.name for column in table.columns]
    mapped = {*rule.columns, *rule.constants}
    every = {*mapped, *rule.values, *rule.optional, *rule.scale, *rule.only_if}
    known = {*names, *rule.attributes, *rule.where_not, EVERY}
    for each in sorted({*every, *rule.where_present} - known):
        yield f"table {table.name} has no column '{each}'.{did_you_mean(each, names)}"
    for column in table.columns:
        if column.required and column.name not in mapped:
            yield f"table {table.name} needs the column '{column.name}'"
    if table.one_of and not mapped & set(table.one_of):
        wanted = " or ".join(f"'{each}'" for each in table.one_of)
        yield f"table {table.name} needs the column {wanted}"
    for each in sorted(set(rule.columns) & set(rule.constants)):
        yield f"'{each}' is both a column and a constant"
    for each in rule.optional:
        if (needed := table.column(each)) and needed.required:
            yield f"{table.name}.{each} is required and cannot be optional"
    for each in sorted({*rule.scale, *rule.only_if, *rule.where_present} & set(names)):
        if each not in rule.columns:
            yield f"'{each}' has a setting of its own but is no column of [files.columns]"
    kinds = {column.name: column.kind for column in table.columns}
    for each, feed in rule.columns.items():
        if feed.any_of and kinds.get(each) != "boolean":
            yield f"'{each}' is no yes or no and cannot be any_of several"
    for each, factor in rule.scale.items():
        if (scaled := table.column(each)) and scaled.kind not in ("number", "integer"):
            yield f"scale: '{each}' is no number"
        if not (math.isfinite(factor) and factor > 0):
            yield f"scale: the factor of '{each}' must be above zero"
    for each, feed in rule.columns.items():
        source = rule.columns.get(feed.header_of)
        if feed.header_of and (source is None or not any("*" in name for name in _names(source))):
            yield (
                f"'{each}' is the header_of '{feed.header_of}', which has no spelling with a "
                "star in [files.columns]"
            )
    for each in sorted(set(rule.totals_without) - set(rule.columns)):
        yield f"totals_without: '{each}' is no column of [files.columns]"
    if rule.totals_without and not set(rule.columns) & set(ADDED_UP):
        yield f"totals_without: the rule has no column that adds up ({', '.join(ADDED_UP)})"
    if rule.plans and rule.table != "activity":
        yield "only the table activity can hold plans"
    if sum(feed.split is not None for feed in rule.columns.values()) > 1:
        yield "only one column can be split"
    if rule.attributes and any(feed.split is not None for feed in rule.columns.values()):
        yield "a rule that splits a column takes no free attributes"
    if rule.table == "snapshot" and "seen_at" in mapped:
        yield "snapshot.seen_at is the export's own instant and is never mapped"


def _text_faults(rule: FileRule) -> Iterable[str]:
    """Forms, zones, encodings and marks that do not exist or contradict each other."""
    for each in sorted(set(rule.attributes) & set(TAKEN_ATTRIBUTES)):
        yield (
            f"'{each}' is an attribute of its own already; map it under [files.columns] or "
            "give the free attribute another name"
        )
    if rule.attributes and rule.table != "lead":
        yield "only the table lead takes free attributes"
    yield from (fault for each in rule.date_format if (fault := format_fault(each)))
    for each in rule.stated_at:
        if fault := format_fault(each):
            yield fault.replace("date_format", "stated_at")
    if rule.timezone and rule.timezone not in (*_zones(), AGREED_ZONE):
        yield f"'{rule.timezone}' is no time zone"
    if rule.thousands and rule.thousands == rule.decimal:
        yield f"decimal and thousands are both '{rule.decimal}'"
    if rule.thousands and rule.decimal == "auto":
        yield 'with decimal = "auto" the thousands mark is detected too; leave it out'
    for name in rule.encoding:
        try:
            codecs.lookup(name)
        except LookupError:
            yield f"there is no encoding '{name}'"


def _privacy_faults(rule: FileRule) -> Iterable[str]:
    """E-mail addresses are hashed before anything else sees them: no other use of their text."""
    kinds = {column.name: column.kind for column in rule.canonical.columns}
    hashed = {
        name
        for each, feed in rule.columns.items()
        if kinds.get(each) in ("email", "domain")
        for name in _names(feed)
    }
    for each, feed in rule.columns.items():
        if kinds.get(each) in ("email", "domain"):
            if feed.join or feed.split or feed.header_of:
                yield f"'{each}' takes a header, or the first_of several"
            if each in rule.values:
                yield f"'{each}' is hashed as it is and takes no [files.values]"
        elif shared := sorted(hashed & set(_names(feed))):
            yield f"'{each}' is fed by '{shared[0]}', which is hashed for an e-mail or domain"
    for each, names in rule.attributes.items():
        if shared := sorted(hashed & set(names)):
            yield f"attribute '{each}' is fed by '{shared[0]}', which is hashed"


def _names(feed: Feed) -> list[str]:
    return [name for part in feed.parts for name in part]
