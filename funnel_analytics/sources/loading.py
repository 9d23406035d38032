"""Turns a folder of exports into a warehouse, whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd

from funnel_analytics.agreement import Agreement, load_agreement
from funnel_analytics.errors import CallError, counted
from funnel_analytics.periods import to_local, to_utc
from funnel_analytics.privacy import Key, find_key
from funnel_analytics.sources.building import Build, build_warehouse
from funnel_analytics.sources.forgetting import rewrite
from funnel_analytics.sources.locking import only_load, put_in_place
from funnel_analytics.sources.matching import match_files, refuse_copies
from funnel_analytics.sources.merging import (
    Earlier,
    Plan,
    earlier_loads,
    plan_loads,
    refuse_mixed_privacy,
)
from funnel_analytics.sources.preset import Preset, format_fault, load_preset
from funnel_analytics.sources.staging import Export
from funnel_analytics.warehouse import Warehouse, open_warehouse

__all__ = ["LoadReport", "load"]

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, eq=False)
class LoadReport:
    """What a load did: `log` has one row per file and table of the warehouse as it is now.

    `ignored`: files that no preset takes. `known`: files that the warehouse held already.
    `replaced`: files of earlier loads whose rows went as a whole. `superseded`: one sentence per
    file with rows that went because a newer export restates them, and such an export; its other
    rows stay. `warnings`: what the caller should know before trusting the numbers.
    """

    database: Path
    as_of: datetime
    as_of_source: str
    agreement: Agreement
    log: pd.DataFrame
    ignored: tuple[str, ...]
    replaced: tuple[str, ...]
    is_unchanged: bool
    known: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def load(
    paths: Sequence[Path | str],
    *,
    preset: str | Path | Sequence[str | Path],
    database: Path | str,
    agreement: Agreement | Path | str | None = None,
    as_of: date | datetime | None = None,
    date_format: str | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Load export files into a warehouse file.

    The warehouse is built beside the old one and takes its place when it is whole, so a failure
    leaves everything as it was. Files that were loaded before and have not changed are not loaded
    twice. Rows of a newer export take the place of older rows of the same system, name pattern and
    table that state the same facts (the same id, the same day's cost, …); older rows that no newer
    export states stay, and so do other systems. Exports that are dated (by what they state, the
    day in their name or `as_of`) may be loaded in any order; one that is not counts as no older
    than what was loaded before it, so load such exports in the order in which they were made.

    Parameters
    ----------
    paths
        Files, or folders whose files are matched against the presets' patterns.
    preset
        The name of a shipped preset, or the path of one's own; or several. A file that several
        presets could take by its name goes to the one that its header fits.
    agreement
        The agreement; without it, the one the warehouse was loaded with before, else the one that
        ships with the preset.
    as_of
        The instant the exports describe (a date means its midnight in the agreement's zone).
        Without it, the instant of the newest export that states one itself or has its day in its
        name, or the end of the last day on which anything in the data happened, or the instant
        given for an earlier load if that is later. It also dates files that say nothing themselves.
    date_format
        strptime form of the dates in files whose preset states none.
    replace
        Let the files take the place of all earlier files of the same patterns, also of rows that
        they do not state.

    Raises
    ------
    CallError
        No such preset, path or agreement, or no file matches the presets.
    SourceError, DataError
        The data say no; all problems of all files are in the message. Or another load of the same
        warehouse is running.
    """
    presets = _presets(preset)
    if date_format is not None and (fault := format_fault(date_format)):
        raise CallError(f"--date-format: {fault}.")
    target = _target(database)
    with only_load(target, work="load") as folder:
        before = earlier_loads(target)
        agreed = _agreement(agreement, presets, before)
        given = _instant(as_of, agreed.timezone) if as_of is not None else None
        found = match_files(paths, presets, scratch=folder / "unpacked")
        refuse_copies(found.matches)
        exports = [
            Export(
                path=match.member.path,
                inner=match.member.inner,
                rule=rule,
                preset=match.preset,
                sha256=match.sha256,
                load_no=0,
                date_formats=rule.date_format or ((date_format,) if date_format else ()),
            )
            for match in found.matches
            for rule in match.rules
        ]
        plan = plan_loads(exports, before, agreement=agreed, replace=replace)
        if before:
            refuse_mixed_privacy(before, agreed, plan)
        key = _key(agreed, exports, before, target)
        is_unchanged = (
            before is not None
            and not plan.fresh
            and not plan.dropped
            and given in (None, before.as_of)
            and before.agreement.sha256 == agreed.sha256
        )
        superseded: Mapping[tuple[int, int], int] = {}
        whole = target
        if not is_unchanged:
            build = Build(folder / target.name, target, agreed, plan, before, given, key, progress)
            built = build_warehouse(build)
            superseded = built.superseded
            whole = build.path
            if built.forgotten:  # what was deleted must not be in the file's free blocks
                whole = folder / "whole.duckdb"
                rewrite(build.path, whole)
        with open_warehouse(whole, agreement=agreed) as warehouse:
            log = warehouse.loads()
            report = LoadReport(
                database=target,
                as_of=warehouse.as_of,
                as_of_source=warehouse.as_of_source,
                agreement=agreed,
                log=log,
                ignored=found.ignored,
                replaced=_replaced(before, plan),
                is_unchanged=is_unchanged,
                known=tuple(dict.fromkeys(each.file for each in plan.known)),
                superseded=_restated(log, superseded, before.last_load if before else 0),
                warnings=_warnings(warehouse),
            )
        if not is_unchanged:
            put_in_place(whole, target)
        return report


def _presets(given: str | Path | Sequence[str | Path]) -> tuple[Preset, ...]:
    names = [given] if isinstance(given, str | Path) else list(given)
    if not names:
        raise CallError("Name a preset with --preset; funnel init --from FILE writes one.")
    return tuple(load_preset(each) for each in dict.fromkeys(map(str, names)))


def _key(
    agreement: Agreement, exports: Sequence[Export], before: Earlier | None, target: Path
) -> Key | None:
    """The key, where pseudonyms, hashes or forgotten people need one; made if there is none yet."""
    is_needed = (
        agreement.privacy.ids == "pseudonym"
        or (before is not None and before.has_forgotten)
        or any(
            column is not None and column.kind in ("email", "domain")
            for each in exports
            for column in map(each.rule.canonical.column, each.rule.columns)
        )
    )
    if not is_needed:
        return None
    known = before.key if before else None
    key = find_key(create=known is None)
    key.must_fit(known, warehouse=target.name)
    return key


def _warnings(warehouse: Warehouse) -> tuple[str, ...]:
    """Whether the data end long before the instant that they are said to describe."""
    recorded, zone = warehouse.recorded, warehouse.timezone
    if recorded.last_on is None or not recorded.empty_months:
        return ()
    after = recorded.last_on + timedelta(days=1)
    return (
        f"The last record is of {recorded.last_on}, but as_of is "
        f"{to_local(warehouse.as_of, zone):%Y-%m-%d}: whole months without data before it: "
        f"{recorded.empty_months}; they look as if nothing had happened. If the exports were made "
        f"earlier, load them with their own day, such as --as-of {after}",
    )


def _replaced(before: Earlier | None, plan: Plan) -> tuple[str, ...]:
    """Files of earlier loads, by other names, whose rows this load takes out."""
    if before is None:
        return ()
    names = {each.file for each in plan.fresh}
    log = before.log
    gone = log[log["load_no"].isin(plan.dropped) & ~log["file"].isin(names)]
    return _counted(gone.groupby("file")["rows_loaded"].sum(), also_none=True)


def _restated(
    log: pd.DataFrame, rows_of: Mapping[tuple[int, int], int], last_before: int
) -> tuple[str, ...]:
    """Which file's rows went because of which other, and whether it is the one just loaded."""
    file = dict(zip(log["load_no"], log["file"], strict=True))
    table = dict(zip(log["load_no"], log["table_name"], strict=True))
    found: dict[tuple[str, bool, str, bool], Counter[str]] = {}
    for (older, newer), rows in rows_of.items():
        pair = (file[older], older > last_before, file[newer], newer > last_before)
        found.setdefault(pair, Counter())[table[older]] += rows
    return tuple(_sentence(*pair, rows) for pair, rows in sorted(found.items()))


def _sentence(
    older: str, is_older_new: bool, newer: str, is_newer_new: bool, rows: Counter[str]
) -> str:
    counts = ", ".join(f"{count} of {table}" for table, count in sorted(rows.items()))
    whose = f"{older} is the older export" if is_older_new else f"{older}, loaded before"
    by = newer if is_newer_new else f"{newer}, loaded before"
    verb = "is" if rows.total() == 1 else "are"
    return f"{whose}: {rows.total()} of its rows {verb} restated by {by} ({counts})"


def _counted(rows_by_file: pd.Series, *, also_none: bool = False) -> tuple[str, ...]:
    """Files with their counts of rows, as the report of a load words them."""
    return tuple(
        f"{file} ({counted(int(rows), 'row')})"
        for file, rows in rows_by_file.sort_index().items()
        if rows or also_none
    )


def _target(database: Path | str) -> Path:
    """The file to build, behind any link to it."""
    target = Path(database).resolve()
    if target.is_dir():
        raise CallError(f"{target} is a folder; name a file with --db, such as {target}/w.duckdb.")
    if not target.parent.is_dir():
        raise CallError(f"{target.parent} is no folder. Create it, or name another --db.")
    return target


def _agreement(
    given: Agreement | Path | str | None, presets: Sequence[Preset], before: Earlier | None
) -> Agreement:
    if isinstance(given, Agreement):
        return given
    if given is not None:
        return load_agreement(given)
    if before is not None:
        return before.agreement
    shipped = list(dict.fromkeys(each.agreement for each in presets if each.agreement))
    if len(shipped) == 1:
        return load_agreement(shipped[0])
    names = ", ".join(each.name for each in presets)
    reason = (
        f"The presets {names} ship different agreements ({', '.join(shipped)})."
        if shipped
        else f"The preset {names} ships no agreement."
    )
    raise CallError(
        f"{reason} Pass one with --agreement agreement.toml; funnel init writes one to start from."
    )


def _instant(as_of: date | datetime, timezone: str) -> datetime:
    if not date(1950, 1, 1) <= date(as_of.year, as_of.month, as_of.day) < date(2200, 1, 1):
        raise CallError(f"as_of {as_of} is no plausible time of an export.")
    if isinstance(as_of, datetime):
        if as_of.tzinfo is None:
            return to_utc(as_of, timezone)
        return as_of.astimezone(UTC).replace(tzinfo=None)
    return to_utc(datetime(as_of.year, as_of.month, as_of.day), timezone)
