"""Which files a preset takes, and by which of its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from funnel_analytics.errors import CallError, SourceError, listed
from funnel_analytics.sources.preset import FileRule, Preset

__all__ = ["match_files", "refuse_copies"]

Matches = list[tuple[Path, FileRule]]


def match_files(paths: Sequence[Path | str], preset: Preset) -> tuple[Matches, tuple[str, ...]]:
    """Every file with every rule that takes it, and the names of files that no rule takes.

    Raises
    ------
    CallError
        A path is missing or matches nothing, or a file that a rule names occurs twice.
    """
    files: list[Path] = []
    missing = []
    for given in (Path(each).resolve() for each in paths):
        if given.is_dir():
            files += sorted(
                each for each in given.iterdir() if each.is_file() and each.name[:1] != "."
            )
        elif given.is_file():
            files.append(given)
            if not any(rule.matches(given.name) for rule in preset.files):
                missing.append(f"{given} matches no pattern of the preset {preset.name}")
        else:
            missing.append(f"{given}: no such file or folder")
    files = list(dict.fromkeys(files))
    matched = [(file, rule) for file in files for rule in preset.files if rule.matches(file.name)]
    patterns = ", ".join(dict.fromkeys(rule.pattern for rule in preset.files))
    if missing:
        raise CallError(f"{listed(missing)}\nThe preset {preset.name} takes: {patterns}.")
    if not matched:
        raise CallError(
            f"No file in {', '.join(map(str, paths))} matches the preset {preset.name}, "
            f"which takes: {patterns}."
        )
    for rule in preset.files:
        names = [file.name for file, each in matched if each is rule]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise CallError(
                f"{', '.join(twice)} was found more than once in the folders given. Load one."
            )
    taken = {file for file, _ in matched}
    return matched, tuple(file.name for file in files if file not in taken)


def refuse_copies(matched: Matches, hashes: Mapping[Path, str]) -> None:
    """Refuse two files with the same content under one rule: their rows would count twice."""
    problems = []
    seen: dict[tuple[int, str], Path] = {}
    for file, rule in matched:
        first = seen.setdefault((id(rule), hashes[file]), file)
        if first is not file:
            problems.append(f"{file.name} is a copy of {first.name} ({rule.table}). Load one.")
    if problems:
        raise SourceError(f"{listed(dict.fromkeys(problems))}\nNothing was loaded.")
