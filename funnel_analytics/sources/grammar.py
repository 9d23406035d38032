"""The words of a preset: how the files of one name pattern fill one canonical table."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from funnel_analytics.schema import TABLES, Table

__all__ = ["EVERY", "Alternatives", "Condition", "Feed", "FileRule", "expanded"]

EVERY = "*"
"""In `optional`: every column that the table does not require."""
_ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx", ".gz")


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Alternatives = Annotated[tuple[str, ...], BeforeValidator(_as_tuple), Field(min_length=1)]
"""Spellings of one header, the first one found counts; `*` stands for any text."""
Words = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Feed(BaseModel):
    """Where the text of one canonical column comes from.

    `one` header; per row the `first_of` several that is not missing; whether `any_of` several is
    true; several that `join`; the text that the star stands for in the `header_of` another column;
    or each part of a text that is `split`, `until` a mark within it, one row per part.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    one: Alternatives | None = None
    first_of: tuple[Alternatives, ...] = ()
    any_of: tuple[Alternatives, ...] = ()
    join: tuple[Alternatives, ...] = ()
    separator: str = Field(default="", alias="with")
    header_of: str = ""
    split: Alternatives | None = None
    at: str = Field(default=";", min_length=1)
    until: str = ""

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, value: Any) -> Any:
        """A header, or a list of its spellings, stands for itself."""
        return {"one": value} if isinstance(value, str | list | tuple) else value

    @model_validator(mode="after")
    def _is_one_thing(self) -> Feed:
        given = [self.one, self.first_of, self.any_of, self.join, self.header_of, self.split]
        if sum(bool(each) for each in given) != 1:
            raise ValueError("takes exactly one of first_of, any_of, join, header_of and split")
        if self.until and not self.split:
            raise ValueError("`until` cuts the parts of a `split` and stands beside one")
        return self

    @property
    def parts(self) -> tuple[Alternatives, ...]:
        """The headers, each with its spellings, in order."""
        if self.one or self.split:
            return (self.one or self.split or (),)
        return self.first_of or self.any_of or self.join


class Condition(BaseModel):
    """Records whose `column` has one of these values, or none of those; case does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    column: Alternatives
    among: Words = Field(default=(), alias="in")
    not_in: Words = ()

    @model_validator(mode="after")
    def _is_one_thing(self) -> Condition:
        if bool(self.among) == bool(self.not_in):
            raise ValueError("takes either `in` or `not_in`, with at least one value")
        return self


class FileRule(BaseModel):
    """How the files of one name pattern fill one canonical table."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    patterns: Alternatives = Field(alias="pattern")
    table: str
    part: str = Field(default="", pattern=r"^[a-z0-9_]*$")
    delimiter: Alternatives = (",",)
    encoding: Alternatives = ("utf-8",)
    decimal: Literal[".", ",", "auto"] = "."
    thousands: str = Field(default="", pattern=r"^[., ' ]?$")
    date_format: Words = ()
    timezone: str = ""
    missing: tuple[str, ...] = ("",)
    skip_rows: int = Field(default=0, ge=0)
    header_within: int = Field(default=1, ge=1, le=1000)
    totals: Words = ()
    totals_without: Words = ()
    stated_at: Words = ()
    sheet: str = ""
    records: str = ""
    ids: Literal["", "salesforce"] = ""
    columns: Mapping[str, Feed] = Field(default_factory=dict)
    optional: Words = ()
    constants: Mapping[str, str] = Field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    attributes: Mapping[str, Alternatives] = Field(default_factory=dict)
    scale: Mapping[str, float] = Field(default_factory=dict)
    only_if: Mapping[str, Condition] = Field(default_factory=dict)
    where: Mapping[str, Words] = Field(default_factory=dict)
    where_not: Mapping[str, Words] = Field(default_factory=dict)
    where_present: Words = ()
    plans: bool = False

    @field_validator("delimiter")
    @classmethod
    def _one_character_each(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(each) != 1 for each in value):
            raise ValueError("each delimiter is one character")
        return value

    @property
    def pattern(self) -> str:
        """The name patterns as one text; with table and part it names the rule in the load log."""
        return " | ".join(self.patterns)

    @property
    def canonical(self) -> Table:
        """The canonical table that the rule fills."""
        return TABLES[self.table]

    def matches(self, name: str) -> bool:
        """Does a file (or a zip's member) of this name belong to the rule?

        A pattern may name the file as it is, without `.gz`, or without any of its endings.
        """
        whole = PurePosixPath(name.replace("\\", "/")).name.casefold()
        spellings = {whole, whole.removesuffix(".gz"), _bare(whole)}
        return any(
            fnmatch.fnmatchcase(spelling, pattern.casefold())
            for spelling in spellings
            for pattern in self.patterns
        )

    @property
    def spellings(self) -> frozenset[str]:
        """Every header that the rule names, as it is written in the preset."""
        every = [
            *(part for feed in self.columns.values() for part in feed.parts),
            *(each.column for each in self.only_if.values()),
            *(condition_spellings(key) for key in (*self.where, *self.where_not)),
            *self.attributes.values(),
        ]
        return frozenset(name for spellings in every for name in spellings)

    def is_optional(self, name: str) -> bool:
        """May an export lack this column or attribute?"""
        column = self.canonical.column(name)
        if column is not None and column.required:
            return False
        return name in self.optional or EVERY in self.optional


def _bare(name: str) -> str:
    """A file's name without its endings: `lead.csv.gz` is `lead`."""
    while True:
        ending = next((each for each in _ENDINGS if name.endswith(each)), "")
        if not ending or name == ending:
            return name
        name = name.removesuffix(ending)


def condition_spellings(key: str) -> tuple[str, ...]:
    """The headers that the key of a condition names: `"Type|Typ"` is one of two spellings."""
    return (key, *key.split("|")) if "|" in key else (key,)


def expanded(files: Iterable[Any]) -> list[Any]:
    """The rules as written, with every `repeat` written out and a part for each twin.

    Rules of one pattern and table are told apart by `part`; where a preset names none, the second
    is part 2.
    """
    rules = [rule for file in files for rule in _repeated(file)]
    seen: dict[tuple[str, str], set[str]] = {}
    for number, rule in enumerate(rules):
        if not isinstance(rule, Mapping) or not isinstance(rule.get("part", ""), str):
            continue
        twins = seen.setdefault((repr(rule.get("pattern")), repr(rule.get("table"))), set())
        part = rule.get("part", "")
        if not part and twins:
            part = str(len(twins) + 1)
            rules[number] = {**rule, "part": part}
        twins.add(part)
    return rules


def _repeated(file: Any) -> list[Any]:
    entries = file.get("repeat") if isinstance(file, Mapping) else None
    if not isinstance(entries, list) or not entries:
        return [file]
    common = {key: value for key, value in file.items() if key != "repeat"}
    return [_merged(common, entry) if isinstance(entry, Mapping) else entry for entry in entries]


def _merged(common: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """The common settings with an entry's in their place; tables of settings grow together."""
    merged = dict(common)
    for key, value in entry.items():
        before = common.get(key)
        is_table = key in ("columns", "constants", "values", "attributes", "scale", "only_if") or (
            re.match("where", key) is not None
        )
        if is_table and isinstance(before, Mapping) and isinstance(value, Mapping):
            merged[key] = {**before, **value}
        else:
            merged[key] = value
    return merged
