"""Which files the presets take, and by which of their rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from funnel_analytics.errors import CallError, SourceError, listed
from funnel_analytics.sources.exported import day_in_name
from funnel_analytics.sources.headers import Rules, bind
from funnel_analytics.sources.preset import FileRule, Preset
from funnel_analytics.sources.reading import Member, header_of, members, sha256_of
from funnel_analytics.sources.staging import layout_of
from funnel_analytics.warehouse import Connection, connect

__all__ = ["Found", "Match", "match_files", "refuse_copies"]


Claim = tuple[Preset, tuple[FileRule, ...]]


@dataclass(frozen=True)
class Match:
    """A file, the preset that takes it, the rules that its name fits, and its content's hash."""

    member: Member
    preset: Preset
    rules: tuple[FileRule, ...]
    sha256: str


@dataclass(frozen=True)
class Found:
    """Every file that a preset takes, and the names of those that none takes."""

    matches: tuple[Match, ...]
    ignored: tuple[str, ...]


def match_files(paths: Sequence[Path | str], presets: Sequence[Preset], *, scratch: Path) -> Found:
    """Every file with the preset and the rules that take it; `scratch` is a place to unpack to.

    Raises
    ------
    CallError
        A path is missing or matches nothing, or a file that a rule names occurs twice.
    SourceError
        Several presets could take a file by its name, and its header fits none of them or several.
    """
    files, missing = _files(paths, presets)
    names = ", ".join(each.name for each in presets)
    word = "preset" if len(presets) == 1 else "presets"
    patterns = ", ".join(
        dict.fromkeys(name for preset in presets for rule in preset.files for name in rule.patterns)
    )
    if missing:
        raise CallError(f"{listed(missing)}\nThe {word} {names} takes: {patterns}.")
    matches: list[Match] = []
    ignored = []
    problems = []
    for member in (member for file in files for member in members(file)):
        claims = [(preset, rules) for preset in presets if (rules := _rules(preset, member))]
        if not claims:
            ignored.append(member.name)
            continue
        if len(claims) > 1:
            claims, problem = _by_header(member, claims, scratch)
            if problem:
                problems.append(problem)
                continue
        ((preset, rules),) = claims
        matches.append(Match(member, preset, rules, sha256_of(member)))
    if problems:
        raise SourceError(f"{listed(problems)}\nNothing was loaded.")
    if not matches:
        raise CallError(
            f"No file in {', '.join(map(str, paths))} matches the {word} {names}, "
            f"which takes: {patterns}."
        )
    _refuse_twins(matches)
    return Found(tuple(matches), tuple(ignored))


def refuse_copies(matches: Iterable[Match]) -> None:
    """Refuse two files with the same content under one rule: their rows would count twice.

    Exports of different days, by their names, may be alike: nothing had changed in between.
    """
    problems = []
    seen: dict[tuple[int, str, date | None], Member] = {}
    for match in matches:
        for rule in match.rules:
            key = (id(rule), match.sha256, day_in_name(match.member.name))
            first = seen.setdefault(key, match.member)
            if first is not match.member:
                problems.append(
                    f"{match.member.name} is a copy of {first.name} ({rule.table}). Load one."
                )
    if problems:
        raise SourceError(f"{listed(dict.fromkeys(problems))}\nNothing was loaded.")


def _files(paths: Sequence[Path | str], presets: Sequence[Preset]) -> tuple[list[Path], list[str]]:
    """The files of all paths, each once, and what is wrong with the paths."""
    files: list[Path] = []
    missing = []
    names = ", ".join(each.name for each in presets)
    for given in (Path(each).resolve() for each in paths):
        if given.is_dir():
            files += sorted(
                each for each in given.iterdir() if each.is_file() and each.name[:1] != "."
            )
        elif given.is_file():
            files.append(given)
            if not any(_rules(preset, each) for each in members(given) for preset in presets):
                word = "preset" if len(presets) == 1 else "presets"
                missing.append(f"{given} matches no pattern of the {word} {names}")
        else:
            missing.append(f"{given}: no such file or folder")
    return list(dict.fromkeys(files)), missing


def _rules(preset: Preset, member: Member) -> tuple[FileRule, ...]:
    return tuple(rule for rule in preset.files if rule.matches(member.own_name))


def _refuse_twins(matches: Sequence[Match]) -> None:
    """Refuse two files of one name under one rule: one of them is likely old."""
    for preset in dict.fromkeys(id(match.preset) for match in matches):
        names = [match.member.name for match in matches if id(match.preset) == preset]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise CallError(
                f"{', '.join(twice)} was found more than once in the folders given. Load one."
            )


def _by_header(member: Member, claims: Sequence[Claim], scratch: Path) -> tuple[list[Claim], str]:
    """The one claim that the file's header fits, or what stands in the way."""
    with connect(":memory:", read_only=False) as connection:  # for Parquet
        found = [(claim, _spelled(member, claim[1], scratch, connection)) for claim in claims]
    named = [(claim, spelled) for claim, spelled in found if spelled is not None]
    # Case and signs do not count in a header, so `Deal - ID` is also another system's `dealId`:
    # whoever spells more of the header exactly, and all that the others do, is meant.
    fitting = [
        claim
        for claim, spelled in named
        if all(spelled > other for each, other in named if each is not claim)
    ] or [claim for claim, _ in named]
    names = " and ".join(preset.name for preset, _ in fitting or claims)
    if len(fitting) > 1:
        return fitting, (
            f"{member.name}: its name and its header fit the presets {names}. Load it by one of "
            "them at a time."
        )
    if not fitting:
        return fitting, (
            f"{member.name}: its name fits the presets {names}, but its header fits neither. Load "
            "it by one of them to see which columns are missing."
        )
    return fitting, ""


class _Claimed(Rules):
    """Remembers which columns of the header that fits are spelled as the rules spell them."""

    def __init__(self, rules: Sequence[FileRule]) -> None:
        super().__init__(rules)
        self.spelled: frozenset[str] = frozenset()

    def columns(self, header: Sequence[str]) -> list[str] | None:
        """The columns to keep; see `Rules`."""
        kept = super().columns(header)
        bindings = ((rule, bind(rule, header)) for rule in self._rules)
        for rule, binding in bindings:
            if binding.fits:
                self.spelled |= rule.spellings & binding.headers
        return kept


def _spelled(
    member: Member, rules: Sequence[FileRule], scratch: Path, connection: Connection
) -> frozenset[str] | None:
    """The columns that the rules spell as the header does; None if it fits none of the rules.

    What cannot be read in the layout of a rule has no such header.
    """
    fitting: list[frozenset[str]] = []
    for layout in dict.fromkeys(map(layout_of, rules)):
        wants = _Claimed([rule for rule in rules if layout_of(rule) == layout])
        with suppress(SourceError):
            found = header_of(member, scratch, layout=layout, wants=wants, connection=connection)
            if found is not None:
                fitting.append(wants.spelled)
    return frozenset().union(*fitting) if fitting else None
