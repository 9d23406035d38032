"""Presets: TOML files that say how one system's exports fill the canonical tables."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from funnel_analytics.errors import CallError, did_you_mean, listed
from funnel_analytics.schema import TABLES

__all__ = ["FileRule", "Preset", "format_fault", "load_preset", "parse_preset", "preset_names"]

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
_DIRECTIVE = re.compile(r"%-?[a-zA-Z%]?")
_KNOWN_DIRECTIVES = set("aAbBdfHIjmMpSyYzZ%")


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Alternatives = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), Field(min_length=1)]


class FileRule(BaseModel):
    """How the files of one name pattern fill one canonical table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str
    table: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8"
    decimal: str = Field(default=".", pattern=r"^[.,]$")
    thousands: str = Field(default="", pattern=r"^[., ' ]?$")
    date_format: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = ()
    timezone: str = ""
    missing: tuple[str, ...] = ("",)
    skip_rows: int = Field(default=0, ge=0)
    columns: Mapping[str, Alternatives] = Field(default_factory=dict)
    optional: tuple[str, ...] = ()
    constants: Mapping[str, str] = Field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    attributes: Mapping[str, str] = Field(default_factory=dict)
    where: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)

    def matches(self, name: str) -> bool:
        """Does a file of this name belong to the rule?"""
        return fnmatch.fnmatchcase(name.casefold(), self.pattern.casefold())


class _PresetText(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    system: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    agreement: str = ""
    timezone: str = "UTC"
    files: tuple[FileRule, ...] = Field(min_length=1)


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

    def zone(self, rule: FileRule) -> str:
        """The time zone of a file's naive instants."""
        return rule.timezone or self.timezone


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
    if read.timezone not in _zones():
        problems.append(f"timezone: '{read.timezone}' is no time zone")
    if problems:
        raise CallError(f"Preset {name} has faults:\n{listed(problems)}")
    return Preset(read.name, read.system, read.agreement, read.timezone, read.files, text)


def _zones() -> set[str]:
    """The IANA zones; `localtime` and the like depend on the machine."""
    return {zone for zone in available_timezones() if "/" in zone or zone == "UTC"}


def format_fault(text: str) -> str:
    """What is wrong with a strptime form, or nothing."""
    wrong = [each for each in _DIRECTIVE.findall(text) if each[-1] not in _KNOWN_DIRECTIVES]
    if not text.strip():
        return "an empty date_format; leave it out for ISO 8601"
    if wrong:
        return f"date_format '{text}' has the unknown part {wrong[0]}"
    if not {"y", "Y"} & {each[-1] for each in _DIRECTIVE.findall(text)}:
        return f"date_format '{text}' has no year"
    return ""


def _worded(error: ValidationError) -> list[str]:
    problems = []
    for fault in error.errors():
        place = ".".join(str(part) for part in fault["loc"])
        key = str(fault["loc"][-1])
        if fault["type"] == "extra_forbidden":
            known = (*_PresetText.model_fields, *FileRule.model_fields)
            problems.append(f"{place}: unknown key.{did_you_mean(key, known)}")
        else:
            problems.append(f"{place}: {fault['msg']}")
    return problems


def _faults(rule: FileRule, number: int) -> list[str]:
    place = f"files[{number + 1}] ({rule.pattern})"
    if rule.table not in TABLES:
        return [f"{place}: there is no table '{rule.table}'.{did_you_mean(rule.table, TABLES)}"]
    table = TABLES[rule.table]
    names = [column.name for column in table.columns]
    mapped = {*rule.columns, *rule.constants}
    problems = [
        f"{place}: table {table.name} has no column '{each}'.{did_you_mean(each, names)}"
        for each in sorted({*mapped, *rule.values, *rule.optional} - {*names, *rule.attributes})
    ]
    problems += [
        f"{place}: table {table.name} needs the column '{column.name}'"
        for column in table.columns
        if column.required and column.name not in mapped
    ]
    problems += [
        f"{place}: '{each}' is both a column and a constant"
        for each in sorted(set(rule.columns) & set(rule.constants))
    ]
    problems += [
        f"{place}: {table.name}.{each} is required and cannot be optional"
        for each in rule.optional
        if (column := table.column(each)) and column.required
    ]
    problems += [
        f"{place}: '{each}' is an attribute of its own already; map it under [files.columns] or "
        "give the free attribute another name"
        for each in sorted(set(rule.attributes) & set(TAKEN_ATTRIBUTES))
    ]
    problems += [f"{place}: {fault}" for each in rule.date_format if (fault := format_fault(each))]
    if rule.attributes and rule.table != "lead":
        problems.append(f"{place}: only the table lead takes free attributes")
    if rule.timezone and rule.timezone not in _zones():
        problems.append(f"{place}: '{rule.timezone}' is no time zone")
    if rule.thousands and rule.thousands == rule.decimal:
        problems.append(f"{place}: decimal and thousands are both '{rule.decimal}'")
    return problems
