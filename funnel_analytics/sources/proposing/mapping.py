"""Which canonical table an export fills and which of its columns fill which of the table's."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from funnel_analytics.schema import TABLES, Column, Table
from funnel_analytics.sources.proposing.profiles import Profile, squashed, words_of

__all__ = [
    "Match",
    "TableFit",
    "beside",
    "best_fit",
    "every_beside",
    "fit_as",
    "is_personal",
    "known_words",
    "named_so",
    "state_targets",
    "vocabulary",
]

_EXACT = 3.0
_WITHOUT_TABLE = 2.5
_PART = 1.2
_SURE = 2.0
_HINT = 6.0
_GENERIC = {"id", "status", "type", "date", "value", "name", "at", "datum", "art", "wert"}
_UNHINTED = 0.5
_LACKING = 4.0
_LEAST = 4.0
_TABLE_WORDS = {
    "lead": {"lead", "leads"},
    "deal": {"deal", "opportunity", "opportunities"},
    "account": {"account", "company"},
    "contact": {"contact"},
    "campaign": {"campaign"},
    "touch": {"touch"},
    "activity": {"activity"},
}
_OF_PEOPLE = ("owner", "by", "person", "person_key")
_NAMES_THINGS = ("campaign", "account", "deal", "stage_label")
_REPEATED = "its values come more than once"
_KEYS = ("id", "code")


@dataclass(frozen=True)
class Match:
    """A column of the export for a canonical column; `doubt` says why it is not sure."""

    name: str
    profile: Profile
    score: float
    doubt: str = ""
    is_stand_in: bool = False

    @property
    def evidence(self) -> str:
        """What speaks for it: the name, the values, or both."""
        if self.is_stand_in:
            return f"no id of its own, the lead's stands for it; {self.profile.described}"
        by_name = "name" if self.score >= _SURE else "part of the name" if self.score > 0 else ""
        return f"{by_name}; {self.profile.described}" if by_name else self.profile.described


@dataclass(frozen=True)
class TableFit:
    """How well an export fits one canonical table."""

    table: Table
    score: float
    hint: str
    matches: Mapping[str, Match] = field(default_factory=dict)

    @property
    def lacking(self) -> tuple[str, ...]:
        """What the table requires and no column was found for."""
        required = [column.name for column in self.table.columns if column.required]
        lacking = [name for name in required if name not in self.matches]
        if self.table.name == "stage_event" and not {"state", "status"} & set(self.matches):
            lacking.append("state")
        if self.table.one_of and not set(self.table.one_of) & set(self.matches):
            lacking.append(" or ".join(self.table.one_of))
        return tuple(lacking)


@cache
def _known() -> dict[str, Any]:
    """What columns are called and what words mean; see `synonyms.toml`."""
    text = resources.files("funnel_analytics.sources.proposing").joinpath("synonyms.toml")
    return tomllib.loads(text.read_text(encoding="utf-8"))


def known_words(*path: str) -> Any:
    """An entry of `synonyms.toml`; nothing where there is none."""
    found: Any = _known()
    for each in path:
        found = found.get(each, {})
    return found


def state_targets() -> Mapping[str, str]:
    """Words of CRMs that mean a status, squashed."""
    return {
        squashed(word): status for status, words in _known()["states"].items() for word in words
    }


def vocabulary(table: str, column: str) -> Mapping[str, str]:
    """Words of a column with a fixed vocabulary and ours for them, squashed."""
    words = _known()["vocabulary"]
    found = words.get(f"{table}_{column}", words.get(column, {}))
    return {squashed(word): ours for ours, theirs in found.items() for word in theirs}


def is_personal(profile: Profile, table: str) -> bool:
    """Does a column name people or hold what they write, by its header or by its values?"""
    header = squashed(profile.header)
    if profile.form in ("email", "phone"):
        return True
    if header == "name":
        return table not in _NAMES_THINGS
    return any(squashed(name) == header for name in _known()["people"]["names"]) or (
        table not in _NAMES_THINGS and header.endswith(("firstname", "lastname", "fullname"))
    )


def beside(what: str, profiles: Sequence[Profile]) -> Profile | None:
    """The likeliest column that feeds a further table: a `state`, `closed`, a `lead`, a `field`."""
    return next(iter(every_beside(what, profiles)), None)


def every_beside(what: str, profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """Every such column, the likeliest first."""
    return named_so(_known()["beside"][what], profiles)


def named_so(names: Iterable[str], profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """The columns that go by one of these names, in the order of the names."""
    found = [
        profile
        for name in names
        for profile in profiles
        if squashed(name) in (squashed(profile.header), squashed(_bare(profile.header)))
    ]
    return tuple(dict.fromkeys(found))


def best_fit(name: str, profiles: Sequence[Profile]) -> TableFit | None:
    """The canonical table that an export of this name and these columns fills, if any does."""
    hints = _hints(name)
    fits = [_fit(TABLES[table], name, profiles, hints[table]) for table in _known()["tables"]]
    named = [fit for fit in fits if " " in fit.hint and not fit.lacking]
    longest = max((len(fit.hint) for fit in named), default=0)
    said = [fit for fit in named if len(fit.hint) == longest]
    fits = said if len(said) == 1 else fits  # two words of a name say more than many columns
    best = min(fits, key=lambda fit: (-fit.score, fit.table.name))
    if best.table.name == "lead" and not best.hint:  # a CRM whose contacts are its leads
        best = replace(best, hint=_hinted(name, _known()["tables"]["contact"]["files"])[0])
    return best if best.score >= _LEAST and best.matches else None


def fit_as(table: str, hints_of: str, name: str, profiles: Sequence[Profile]) -> TableFit:
    """How an export fits a table, where its name speaks of another: contacts that are leads."""
    return _fit(TABLES[table], name, profiles, _hints(name)[hints_of])


def _hints(name: str) -> dict[str, tuple[str, float]]:
    """What a file's name says of each table; a longer word speaks for a shorter one within it."""
    found = {table: _hinted(name, known["files"]) for table, known in _known()["tables"].items()}
    longest = words_of(
        max((hint for hint, _ in found.values()), key=lambda hint: len(squashed(hint)))
    )
    return {
        table: ("", 0.0) if set(words_of(hint)) < set(longest) else (hint, score)
        for table, (hint, score) in found.items()
    }


def _fit(
    table: Table, name: str, profiles: Sequence[Profile], hinted: tuple[str, float]
) -> TableFit:
    known = _known()["tables"][table.name]
    hint, hint_score = hinted
    trust = 1.0 if hint else _UNHINTED
    found = sorted(
        (
            (-score, _lateness(table, column, profile), place, order, position, column, profile)
            for order, column in enumerate(table.columns)
            for position, profile in enumerate(profiles)
            for score, place in [_likeness(table, column, profile, known["columns"], trust)]
            if score > 0
        ),
        key=lambda each: each[:5],
    )
    matches: dict[str, Match] = {}
    used: set[str] = set()
    for negative, *_, column, profile in found:
        if column.name not in matches and profile.header not in used:
            matches[column.name] = Match(
                column.name, profile, -negative, _doubt(table, column, profile, -negative)
            )
            used.add(profile.header)
    matches = {
        column.name: matches[column.name] for column in table.columns if column.name in matches
    }
    if table.name == "deal" and "deal" not in matches:
        stand_in = beside("lead", profiles)
        if stand_in is not None and stand_in.tells_apart:
            matches = {"deal": Match("deal", stand_in, _PART, is_stand_in=True), **matches}
    if table.name == "stage_event" and not {"lead", "deal"} & set(matches):
        matches = {**_versioned(name, profiles), **matches}
    fit = TableFit(table, 0.0, hint, matches)
    required = {column.name for column in table.columns if column.required} | {*table.one_of}
    score = sum(
        match.score * (2.0 if match.name in required else 0.6) for match in matches.values()
    )
    key = matches.get(table.key[0]) if len(table.key) == 1 else None
    is_repeated = key is not None and key.doubt == _REPEATED
    score += hint_score - _LACKING * (len(fit.lacking) + is_repeated)
    return TableFit(table, score, hint, matches)


def _versioned(name: str, profiles: Sequence[Profile]) -> dict[str, Match]:
    """Whose versions a history without an id of their own holds: its `id` comes again and again."""
    own = next((each for each in profiles if squashed(each.header) == "id"), None)
    if own is None or own.filled == own.different:
        return {}
    whose = "deal" if _hinted(name, _known()["tables"]["deal"]["files"])[0] else "lead"
    return {whose: Match(whose, own, _EXACT)}


def _lateness(table: Table, column: Column, profile: Profile) -> int:
    """Of names that say as much, columns with values come first, and instants before days."""
    if profile.form == "empty":
        return 2
    happened = table.name == "activity" and column.kind == "timestamp"
    return int(happened and profile.form == "date")


def _hinted(name: str, hints: Iterable[str]) -> tuple[str, float]:
    """The longest word of a table that the file's name holds, and how much that says."""
    words = [squashed(word) for word in words_of(name)]
    whole = "".join(words)
    best = ""
    for hint in hints:
        parts = [squashed(word) for word in words_of(hint)]
        runs = (words[at : at + len(parts)] == parts for at in range(len(words)))
        if any(runs) and len(squashed(hint)) > len(squashed(best)):
            best = hint
    return best, (_HINT * (1 + len(squashed(best)) / len(whole)) if best else 0.0)


def _likeness(
    table: Table,
    column: Column,
    profile: Profile,
    names: Mapping[str, Sequence[str]],
    trust: float,
) -> tuple[float, int]:
    """How much speaks for a pair, and how near the name stands to the usual one."""
    if not _can_hold(table, column, profile):
        return 0.0, 0
    header = squashed(profile.header)
    bare = squashed(_bare(profile.header))
    words = [squashed(word) for word in words_of(profile.header)]
    rest = "".join(word for word in words if word not in _TABLE_WORDS.get(table.name, ()))
    for place, synonym in enumerate(names.get(column.name, ())):
        wanted = squashed(synonym)
        if wanted in (header, bare):
            return _EXACT * (trust if header in _GENERIC else 1.0), place
    for place, synonym in enumerate(names.get(column.name, ())):
        if rest and rest == squashed(synonym) and rest != "id":
            return _WITHOUT_TABLE, place
    if column.kind == "email" and profile.form == "email":
        return _WITHOUT_TABLE, 0
    for place, synonym in enumerate(names.get(column.name, ())):
        parts = [squashed(word) for word in words_of(synonym)]
        is_telling = len(parts) > 1 or len(parts[0]) >= 5
        if is_telling and any(
            words[at : at + len(parts)] == parts for at in range(len(words) - len(parts) + 1)
        ):
            return _PART, place
    return 0.0, 0


def _bare(header: str) -> str:
    """A header without the object before it and the unit after it: `Deal - Value (EUR)`."""
    return header.split(" - ", 1)[-1].split("(")[0].removeprefix("property_")


def _can_hold(table: Table, column: Column, profile: Profile) -> bool:
    """Could these values stand in that canonical column?"""
    form = profile.form
    if column.kind == "email":
        return form == "email"
    if column.kind == "domain":
        return form in ("key", "text", "word")
    if is_personal(profile, table.name):
        return False
    if form == "empty":
        return True
    match column.kind:
        case "timestamp" | "date":
            return form in ("date", "instant", "epoch")
        case "number" | "integer":
            return form in ("number", "integer", "epoch", "boolean")
        case "boolean":
            return form == "boolean"
        case "id" | "code" | "visitor" | "web_user":
            return form in ("key", "integer", "epoch", "number", "word", "text", "person")
        case _:
            return form in ("word", "text", "key", "person", "integer", "boolean")


def _doubt(table: Table, column: Column, profile: Profile, score: float) -> str:
    """Why a pair is not sure; nothing if it is."""
    if profile.form == "empty":
        return "" if column.required else "it holds nothing in the records looked at"
    if score < _SURE and not column.required:
        return "only a part of the name says so"
    if column.name in _OF_PEOPLE and column.kind == "id" and profile.is_like_people:
        return "it seems to hold names of people; load it only where ids become pseudonyms"
    if (column.name,) == table.key and not profile.tells_apart:
        return _REPEATED
    return ""
