"""Finds a preset's columns in the header of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.privacy import Key
from funnel_analytics.schema import Kind
from funnel_analytics.sources.grammar import (
    EVERY,
    Condition,
    Feed,
    FileRule,
    condition_spellings,
)

__all__ = ["HASHED_KINDS", "NO_ADDRESS", "Binding", "Found", "Rules", "bind", "squashed", "why_not"]

HASHED_KINDS: tuple[Kind, ...] = ("email", "domain")
NO_ADDRESS = "?"
"""Stands for a text that is no e-mail address: the text itself never reaches a copy."""


@dataclass(frozen=True)
class Found:
    """Where one file has the text of a canonical column.

    `headers` has a None for a part that the file lacks; `text` is what a header itself says.
    """

    feed: Feed
    headers: tuple[str | None, ...] = ()
    text: str | None = None
    only_if: tuple[str, Condition] | None = None

    @property
    def shown(self) -> str:
        """The headers as messages and the load log name them."""
        return " / ".join(each for each in self.headers if each) or "(header)"


@dataclass
class Binding:
    """How the columns of a rule are fed by one header, and what stands in the way.

    `is_absent`: the file lacks what a record of this table must have, so it holds none of them.
    """

    columns: dict[str, Found] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)
    where_not: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    is_absent: bool = False

    @property
    def fits(self) -> bool:
        """Is everything there that the rule needs?"""
        return not self.problems and not self.is_absent

    @property
    def headers(self) -> set[str]:
        """Every header that the rule reads."""
        fed = {name for found in self.columns.values() for name in found.headers if name}
        asked = {found.only_if[0] for found in self.columns.values() if found.only_if}
        return fed | asked | {*self.attributes.values(), *self.where, *self.where_not}


class Header:
    """The names of a file's columns, found by any of their spellings."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._exact = set(names)
        self._squashed: dict[str, list[str]] = {}
        for name in names:
            self._squashed.setdefault(squashed(name), []).append(name)

    def find(self, alternatives: Iterable[str]) -> tuple[str | None, str, str]:
        """The header that one of the spellings names, what its star stands for, and the problem.

        Exact spellings come first; else case, blanks and punctuation do not count.
        """
        spellings = list(alternatives)
        for each in spellings:
            if each in self._exact:
                return each, "", ""
        for each in spellings:
            starred = "*" in each
            names = self._starred(each) if starred else self._squashed.get(squashed(each) or "?")
            if not names:
                continue
            if len(names) > 1:
                twins = " and ".join(f"'{name}'" for name in names)
                return None, "", f"the columns {twins} both go by '{each}'"
            return names[0], _star(each, names[0]) or "" if starred else "", ""
        return None, "", ""

    def missing(self, alternatives: Sequence[str], purpose: str) -> str:
        """The message for a column that is not there."""
        wanted = " or ".join(f"'{name}'" for name in alternatives)
        near = next(filter(None, (did_you_mean(each, self.names) for each in alternatives)), "")
        return f"column {wanted} ({purpose}) is not in the file.{near}"

    def _starred(self, pattern: str) -> list[str]:
        return [name for name in self.names if _star(pattern, name) is not None]


def squashed(name: str) -> str:
    """A header's letters and digits: `Created Date`, `created_date` and `CreatedDate` are one."""
    return "".join(each for each in name.casefold() if each.isalnum())


def _star(pattern: str, name: str) -> str | None:
    """What the first star of a pattern stands for in a name, or None if it does not match."""
    text = "(.*)".join(re.escape(part) for part in pattern.casefold().split("*"))
    match = re.fullmatch(re.sub(r"(\\ )+", r"\\s+", text), name.strip().casefold())
    return None if match is None else name.strip()[match.start(1) : match.end(1)].strip()


def bind(rule: FileRule, names: Sequence[str]) -> Binding:
    """Which header feeds which canonical column, and every mapped column that was not found."""
    header = Header(names)
    binding = Binding()
    for column, feed in rule.columns.items():
        _bind_column(rule, header, binding, column, feed)
    for attribute, spellings in rule.attributes.items():
        name, _, problem = header.find(spellings)
        if name is not None:
            binding.attributes[attribute] = name
        elif problem or not rule.is_optional(attribute):
            purpose = f"for the attribute {attribute}"
            binding.problems.append(problem or header.missing(spellings, purpose))
    for conditions, bound in ((rule.where, binding.where), (rule.where_not, binding.where_not)):
        for key, values in conditions.items():
            spellings = condition_spellings(key)
            name, _, problem = header.find(spellings)
            is_needed = conditions is rule.where or not {key, EVERY} & set(rule.optional)
            if name is not None:
                bound[name] = values
            elif problem or is_needed:
                binding.problems.append(problem or header.missing(spellings[-2:], "a condition"))
    table = rule.canonical
    if table.one_of and not set(table.one_of) & {*binding.columns, *rule.constants}:
        wanted = " or ".join(table.one_of)
        if not any(f"({table.name}." in each for each in binding.problems):
            binding.problems.append(f"the file has no column for {table.name}: {wanted}")
    return binding


def _bind_column(rule: FileRule, header: Header, binding: Binding, column: str, feed: Feed) -> None:
    source = rule.columns[feed.header_of] if feed.header_of else feed
    found = [header.find(spellings) for spellings in source.parts]
    problems = [problem for _, _, problem in found if problem]
    names = tuple(name for name, _, _ in found)
    condition = rule.only_if.get(column)
    asked: str | None = None
    if condition is not None and any(names):
        asked, _, problem = header.find(condition.column)
        if asked is None and not rule.is_optional(column):
            purpose = f"the condition of {rule.table}.{column}"
            problems.append(problem or header.missing(condition.column, purpose))
    if problems:
        binding.problems += problems
    elif any(names) and (condition is None or asked is not None):
        binding.columns[column] = Found(
            feed,
            () if feed.header_of else names,
            next((star for _, star, _ in found if star), None) if feed.header_of else None,
            None if condition is None or asked is None else (asked, condition),
        )
    elif column in rule.where_present:
        binding.is_absent = True
    elif not rule.is_optional(column):
        spellings = [name for part in source.parts for name in part]
        binding.problems.append(header.missing(spellings, f"for {rule.table}.{column}"))


def why_not(rule: FileRule, names: Sequence[str]) -> list[str]:
    """Every reason why a file with this header cannot fill the rule's table."""
    return bind(rule, names).problems


class Rules:
    """What the rules of one file want of it: the columns to keep, and those to hash on the way.

    `key` hashes e-mail addresses and domains; it may be missing only where no rule has any.
    """

    def __init__(self, rules: Sequence[FileRule], key: Key | None = None) -> None:
        self._rules = tuple(rules)
        self._key = key
        self._missing = {text for rule in rules for text in rule.missing}

    def columns(self, header: Sequence[str]) -> list[str] | None:
        """The columns to keep, in the file's order; None if the header fits none of the rules."""
        bindings = [each for rule in self._rules if (each := bind(rule, header)).fits]
        if not bindings:
            return None
        wanted = {name for binding in bindings for name in binding.headers}
        return [name for name in header if name in wanted]

    def why_not(self, header: Sequence[str]) -> str:
        """What the file lacks, rule by rule, and what it has instead."""
        problems = [problem for rule in self._rules for problem in why_not(rule, header)]
        twice = sorted({name for name in header if name and list(header).count(name) > 1})
        if twice:
            names = ", ".join(repr(name) for name in twice)
            problems.insert(0, f"the header names {names} more than once")
        shown = ", ".join(name or "(no name)" for name in header)
        return "\n- ".join(dict.fromkeys(problems)) + f"\n  The file has: {shown}."

    def hashes(self, header: str) -> Callable[[str], str | None] | None:
        """How the texts of a column are hashed before they are copied, or None: as they are.

        A hashed text is `<hash of the address>|<hash of its company domain>`.
        """
        kinds = {
            column.kind
            for rule in self._rules
            for name, feed in rule.columns.items()
            if (column := rule.canonical.column(name)) and column.kind in HASHED_KINDS
            if any(Header([header]).find(spellings)[0] for spellings in feed.parts)
        }
        if not kinds:
            return None
        if self._key is None:
            raise CallError(
                f"Column '{header}' holds e-mail addresses or domains; a key is needed."
            )
        return _hasher(self._key, frozenset(self._missing), "email" in kinds, "domain" in kinds)


def _hasher(
    key: Key, missing: frozenset[str], has_email: bool, has_domain: bool
) -> Callable[[str], str | None]:
    domain = lru_cache(maxsize=65536)(key.domain)

    def hashed(text: str) -> str | None:
        plain = text.removeprefix("\x02").strip()
        if not plain or plain in missing:
            return None
        email = (key.email(plain) or NO_ADDRESS) if has_email else ""
        if not has_domain:
            return f"{email}|"
        # The local part says nothing about the company; without it, the cache holds few texts.
        place = (
            plain if "@" not in plain or email == NO_ADDRESS else f"a@{plain.rpartition('@')[2]}"
        )
        return f"{email}|{domain(place) or ''}"

    return hashed
