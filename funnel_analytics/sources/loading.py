"""Turns a folder of exports into a warehouse, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pandas as pd

from funnel_analytics.agreement import Agreement, load_agreement
from funnel_analytics.errors import CallError, FunnelError, SourceError, listed
from funnel_analytics.periods import to_utc
from funnel_analytics.sources.files import sha256_of
from funnel_analytics.sources.merging import carry_over, loaded_before
from funnel_analytics.sources.preset import FileRule, Preset, load_preset
from funnel_analytics.sources.staging import Export, load_export
from funnel_analytics.sources.validation import (
    check_as_of,
    check_keys,
    check_stages,
    latest_instant,
)
from funnel_analytics.warehouse import (
    Connection,
    build_marts,
    connect,
    create_tables,
    open_warehouse,
    store_info,
)

__all__ = ["LoadReport", "load"]

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class LoadReport:
    """What a load did: `log` has one row per file and table of the warehouse as it is now."""

    database: Path
    as_of: datetime
    as_of_source: str
    agreement: Agreement
    log: pd.DataFrame
    ignored: tuple[str, ...]
    is_unchanged: bool


def load(
    paths: Sequence[Path | str],
    *,
    preset: str | Path,
    database: Path | str,
    agreement: Agreement | Path | str | None = None,
    as_of: date | datetime | None = None,
    date_format: str | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load export files into a warehouse file.

    The warehouse is built beside the old one and takes its place when it is whole, so a failure
    leaves everything as it was. Files that were loaded before and have not changed are not loaded
    twice; a newer file of the same system and name pattern replaces the older one; tables from
    other loads stay.

    Parameters
    ----------
    paths
        Files, or folders whose files are matched against the preset's patterns.
    preset
        The name of a shipped preset, or the path of one's own.
    agreement
        The agreement; without it, the one the warehouse was loaded with before, else the one that
        ships with the preset.
    as_of
        The instant the exports describe (a date means its midnight in the agreement's zone).
        Without it, the end of the last day on which anything in the data happened.
    date_format
        strptime form of the dates in files whose preset states none.

    Raises
    ------
    CallError
        No such preset, path or agreement, or no file matches the preset.
    SourceError, DataError
        The data say no; all problems of all files are in the message.
    """
    chosen = load_preset(preset)
    target = Path(database)
    agreed = _agreement(agreement, chosen, target)
    matched, ignored = _match(paths, chosen)
    given = _instant(as_of, agreed.timezone) if as_of is not None else None
    hashes = {path: sha256_of(path) for path in dict.fromkeys(path for path, _ in matched)}
    if target.exists() and loaded_before(
        target,
        hashes={path.name: digest for path, digest in hashes.items()},
        preset=chosen,
        agreement=agreed,
        as_of=given,
    ):
        return _report(target, agreed, ignored, is_unchanged=True)
    if not target.parent.is_dir():
        raise CallError(f"{target.parent} is no folder. Create it, or name another --db.")
    build = target.with_name(f".{target.name}.build-{os.getpid()}")
    _remove(build)
    try:
        with tempfile.TemporaryDirectory(prefix="funnel-load-") as scratch:
            connection = connect(build, read_only=False)
            try:
                create_tables(connection)
                patterns = [rule.pattern for _, rule in matched]
                first = carry_over(connection, target, preset=chosen, patterns=patterns) + 1
                formats = (date_format,) if date_format else ()
                exports = [
                    Export(
                        path=path,
                        rule=rule,
                        preset=chosen,
                        sha256=hashes[path],
                        load_no=first + number,
                        date_formats=rule.date_format or formats,
                    )
                    for number, (path, rule) in enumerate(matched)
                ]
                _fill(connection, exports, agreed, Path(scratch), progress)
                source = "given" if given is not None else "end of the last day in the data"
                instant = (
                    given if given is not None else latest_instant(connection, agreed.timezone)
                )
                check_as_of(connection, instant, agreed.timezone)
                build_marts(connection, agreement=agreed, as_of=instant)
                store_info(connection, agreement=agreed, as_of=instant, as_of_source=source)
                connection.execute("checkpoint")
            finally:
                connection.close()
        open_warehouse(build, agreement=agreed).close()
        build.replace(target)
    finally:
        _remove(build)
    return _report(target, agreed, ignored, is_unchanged=False)


def _fill(
    connection: Connection,
    exports: Sequence[Export],
    agreement: Agreement,
    scratch: Path,
    progress: Progress | None,
) -> None:
    """Load every file, then check what spans files; report the problems of all of them at once."""
    macros = resources.files("funnel_analytics").joinpath("sql", "sources", "macros.sql")
    connection.execute(macros.read_text(encoding="utf-8"))
    problems = []
    for number, export in enumerate(exports):
        if progress:
            progress(number, len(exports), f"{export.path.name} → {export.rule.table}")
        try:
            load_export(
                connection,
                export,
                scratch=scratch / f"{export.load_no}.csv",
                most_quarantined=agreement.loading.max_quarantined_share,
            )
        except FunnelError as error:
            problems.append(str(error).removeprefix("- "))
        (scratch / f"{export.load_no}.csv").unlink(missing_ok=True)
    if progress:
        progress(len(exports), len(exports), "")
    problems += check_stages(connection, agreement)
    problems += check_keys(connection)
    if problems:
        raise SourceError(listed(dict.fromkeys(problems)) + "\nNothing was loaded.")


def _match(
    paths: Sequence[Path | str], preset: Preset
) -> tuple[list[tuple[Path, FileRule]], tuple[str, ...]]:
    """Every file with every rule that takes it, and the names of files that no rule takes."""
    files: list[Path] = []
    missing = []
    for given in map(Path, paths):
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
    matched = [
        (file, rule)
        for file in dict.fromkeys(files)
        for rule in preset.files
        if rule.matches(file.name)
    ]
    patterns = ", ".join(dict.fromkeys(rule.pattern for rule in preset.files))
    if missing:
        raise CallError(f"{listed(missing)}\nThe preset {preset.name} takes: {patterns}.")
    if not matched:
        raise CallError(
            f"No file in {', '.join(map(str, paths))} matches the preset {preset.name}, "
            f"which takes: {patterns}."
        )
    for rule in preset.files:
        several = [file.name for file, each in matched if each is rule]
        if len(several) > 1 and not set(rule.pattern) & set("*?["):
            raise CallError(
                f"{rule.pattern} was found {len(several)} times in the folders given. Load one."
            )
    taken = {file for file, _ in matched}
    return matched, tuple(file.name for file in files if file not in taken)


def _agreement(given: Agreement | Path | str | None, preset: Preset, target: Path) -> Agreement:
    if isinstance(given, Agreement):
        return given
    if given is not None:
        return load_agreement(given)
    if target.is_file():
        with open_warehouse(target) as warehouse:
            return warehouse.agreement
    if preset.agreement:
        return load_agreement(preset.agreement)
    raise CallError(
        f"The preset {preset.name} ships no agreement. Pass one with --agreement agreement.toml; "
        "funnel init writes one to start from."
    )


def _instant(as_of: date | datetime, timezone: str) -> datetime:
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            return to_utc(as_of, timezone)
        return as_of.astimezone(UTC).replace(tzinfo=None)
    return to_utc(datetime(as_of.year, as_of.month, as_of.day), timezone)


def _report(
    target: Path, agreement: Agreement, ignored: tuple[str, ...], *, is_unchanged: bool
) -> LoadReport:
    with open_warehouse(target, agreement=agreement) as warehouse:
        return LoadReport(
            database=target,
            as_of=warehouse.as_of,
            as_of_source=warehouse.as_of_source,
            agreement=agreement,
            log=warehouse.loads(),
            ignored=ignored,
            is_unchanged=is_unchanged,
        )


def _remove(path: Path) -> None:
    for each in (path, path.with_name(f"{path.name}.wal")):
        with suppress(FileNotFoundError):
            each.unlink()
