"""Turns a folder of exports into a warehouse, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pandas as pd

from funnel_analytics.agreement import Agreement, load_agreement
from funnel_analytics.errors import CallError, FunnelError, SourceError, listed
from funnel_analytics.periods import to_utc
from funnel_analytics.sources.files import sha256_of
from funnel_analytics.sources.locking import only_load
from funnel_analytics.sources.matching import match_files, refuse_copies
from funnel_analytics.sources.merging import AS_GIVEN, Earlier, carry_over, earlier_loads
from funnel_analytics.sources.preset import Preset, format_fault, load_preset
from funnel_analytics.sources.staging import Export, load_export
from funnel_analytics.sources.validation import (
    check_as_of,
    check_keys,
    check_words,
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
    replaced: tuple[str, ...]
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
        Without it, the end of the last day on which anything in the data happened, or the instant
        given for an earlier load if that is later.
    date_format
        strptime form of the dates in files whose preset states none.

    Raises
    ------
    CallError
        No such preset, path or agreement, or no file matches the preset.
    SourceError, DataError
        The data say no; all problems of all files are in the message. Or another load of the same
        warehouse is running.
    """
    chosen = load_preset(preset)
    if date_format is not None and (fault := format_fault(date_format)):
        raise CallError(f"--date-format: {fault}.")
    target = _target(database)
    with only_load(target) as folder:
        before = earlier_loads(target)
        agreed = _agreement(agreement, chosen, before)
        given = _instant(as_of, agreed.timezone) if as_of is not None else None
        matched, ignored = match_files(paths, chosen)
        hashes = {path: sha256_of(path) for path in dict.fromkeys(path for path, _ in matched)}
        refuse_copies(matched, hashes)
        first = 1 + (int(before.log["load_no"].max()) if before and len(before.log) else 0)
        exports = [
            Export(
                path=path,
                rule=rule,
                preset=chosen,
                sha256=hashes[path],
                load_no=first + number,
                date_formats=rule.date_format or ((date_format,) if date_format else ()),
            )
            for number, (path, rule) in enumerate(matched)
        ]
        is_unchanged = (
            before is not None
            and given in (None, before.as_of)
            and before.holds(exports, agreement=agreed)
        )
        replaced: tuple[str, ...] = ()
        if not is_unchanged:
            replaced = _replaced(before, exports)
            build = folder / target.name
            _build(build, target, exports, agreed, given=given, before=before, progress=progress)
            open_warehouse(build, agreement=agreed).close()
            build.replace(target)
    with open_warehouse(target, agreement=agreed) as warehouse:
        return LoadReport(
            database=target,
            as_of=warehouse.as_of,
            as_of_source=warehouse.as_of_source,
            agreement=agreed,
            log=warehouse.loads(),
            ignored=ignored,
            replaced=replaced,
            is_unchanged=is_unchanged,
        )


def _build(
    build: Path,
    target: Path,
    exports: Sequence[Export],
    agreement: Agreement,
    *,
    given: datetime | None,
    before: Earlier | None,
    progress: Progress | None,
) -> None:
    """Write the whole warehouse to a file of its own."""
    connection = connect(build, read_only=False)
    try:
        create_tables(connection)
        patterns = [each.rule.pattern for each in exports]
        carry_over(connection, target, preset=exports[0].preset, patterns=patterns)
        _fill(connection, exports, agreement, build.parent, progress)
        source = AS_GIVEN
        as_of = given
        if as_of is None:
            as_of = latest_instant(connection, agreement.timezone)
            source = "end of the last day in the data"
            if before and before.as_of_source == AS_GIVEN and before.as_of >= as_of:
                as_of, source = before.as_of, AS_GIVEN
        check_as_of(connection, as_of, agreement.timezone)
        build_marts(connection, agreement=agreement, as_of=as_of)
        store_info(connection, agreement=agreement, as_of=as_of, as_of_source=source)
        connection.execute("checkpoint")
    finally:
        connection.close()


def _replaced(before: Earlier | None, exports: Sequence[Export]) -> tuple[str, ...]:
    """Files of earlier loads, by other names, whose rows this load takes out."""
    if before is None:
        return ()
    patterns = [each.rule.pattern for each in exports]
    log = before.of(exports[0].preset, patterns)
    gone = log[~log["file"].isin({each.path.name for each in exports})]
    counts = gone.groupby("file", sort=True)["rows_loaded"].sum()
    return tuple(f"{file} ({rows} rows)" for file, rows in counts.items())


def _target(database: Path | str) -> Path:
    """The file to build, behind any link to it."""
    target = Path(database).resolve()
    if target.is_dir():
        raise CallError(f"{target} is a folder; name a file with --db, such as {target}/w.duckdb.")
    if not target.parent.is_dir():
        raise CallError(f"{target.parent} is no folder. Create it, or name another --db.")
    return target


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
    problems += check_words(connection, agreement)
    problems += check_keys(connection)
    if problems:
        raise SourceError(listed(dict.fromkeys(problems)) + "\nNothing was loaded.")


def _agreement(
    given: Agreement | Path | str | None, preset: Preset, before: Earlier | None
) -> Agreement:
    if isinstance(given, Agreement):
        return given
    if given is not None:
        return load_agreement(given)
    if before is not None:
        return before.agreement
    if preset.agreement:
        return load_agreement(preset.agreement)
    raise CallError(
        f"The preset {preset.name} ships no agreement. Pass one with --agreement agreement.toml; "
        "funnel init writes one to start from."
    )


def _instant(as_of: date | datetime, timezone: str) -> datetime:
    if not date(1950, 1, 1) <= date(as_of.year, as_of.month, as_of.day) < date(2200, 1, 1):
        raise CallError(f"as_of {as_of} is no plausible time of an export.")
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            return to_utc(as_of, timezone)
        return as_of.astimezone(UTC).replace(tzinfo=None)
    return to_utc(datetime(as_of.year, as_of.month, as_of.day), timezone)
