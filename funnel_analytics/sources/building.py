"""Builds a warehouse in a file of its own: what stays, what is new, what follows from both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import resources
from itertools import groupby
from pathlib import Path

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import FunnelError, SourceError, listed
from funnel_analytics.periods import to_local
from funnel_analytics.privacy import Key
from funnel_analytics.sources.exported import (
    AS_GIVEN,
    DATED,
    FileDate,
    date_exports,
    end_of_day,
)
from funnel_analytics.sources.forgetting import drop_forgotten
from funnel_analytics.sources.merging import Earlier, Plan, carry_over
from funnel_analytics.sources.snapshots import derive_entries
from funnel_analytics.sources.staging import Export, stage_member
from funnel_analytics.sources.states import resolve_states, unset_derived
from funnel_analytics.sources.superseding import find_rivals, supersede
from funnel_analytics.sources.validation import (
    check_as_of,
    check_counts,
    check_keys,
    check_rates,
    check_words,
    latest_instant,
    refuse_personal_names,
)
from funnel_analytics.warehouse import (
    Connection,
    bound_memory,
    build_marts,
    connect,
    create_tables,
    statement,
    store_info,
)

__all__ = ["Build", "Built", "build_warehouse"]

Progress = Callable[[int, int, str], None]
_SMALL_BYTES = 1_000_000
_SMALL_KEPT_BYTES = 8_000_000


@dataclass(frozen=True, eq=False)
class Build:
    """What a new warehouse is built from; `given` is the caller's `as_of`."""

    path: Path
    target: Path
    agreement: Agreement
    plan: Plan
    before: Earlier | None
    given: datetime | None
    key: Key | None
    progress: Progress | None


@dataclass(frozen=True)
class Built:
    """By the numbers of an older and a newer load, how many rows the newer one restates; how many
    rows of forgotten people were in the files."""

    superseded: Mapping[tuple[int, int], int]
    forgotten: int


def build_warehouse(build: Build) -> Built:
    """Write the whole warehouse to a file of its own, every row accounted for."""
    connection = connect(build.path, read_only=False, small=_is_small(build))
    try:
        bound_memory(connection, build.path.parent)
        create_tables(connection)
        carry_over(connection, build.target, build.plan.kept)
        unset_derived(connection)
        built = _fill(connection, build)
        as_of, source = _as_of(connection, build)
        check_as_of(connection, as_of, build.agreement.timezone)
        build_marts(connection, agreement=build.agreement, as_of=as_of)
        check_rates(connection, build.agreement)
        _store(connection, build, as_of, source)
        connection.execute("checkpoint")
    finally:
        connection.close()
    return built


def _is_small(build: Build) -> bool:
    """Do the files, and the warehouse that is added to, hold no more than a few thousand rows?"""
    files = {each.path for each in build.plan.fresh}
    kept = build.target.stat().st_size if build.plan.kept else 0
    return sum(each.stat().st_size for each in files) < _SMALL_BYTES and kept < _SMALL_KEPT_BYTES


def _fill(connection: Connection, build: Build) -> Built:
    """Load every file, then settle what spans files; report the problems of all of them at once."""
    macros = resources.files("funnel_analytics").joinpath("sql", "sources", "macros.sql")
    connection.execute(macros.read_text(encoding="utf-8"))
    refuse_personal_names(connection, [each.file for each in build.plan.fresh])
    first_new = 1 + (build.before.last_load if build.before else 0)
    files, problems = _stage(connection, build, first_new)
    superseded: Mapping[tuple[int, int], int] = {}
    forgotten = 0
    if not problems:
        date_exports(connection, files, timezone=build.agreement.timezone, given=build.given)
        forgotten = drop_forgotten(connection, build.key, agreement=build.agreement)
        superseded = supersede(connection)
        problems += find_rivals(connection)
    problems += resolve_states(connection, build.agreement)
    problems += check_words(connection, build.agreement)
    problems += check_keys(connection)
    if problems:
        raise SourceError(listed(dict.fromkeys(problems)) + "\nNothing was loaded.")
    derive_entries(connection, build.agreement)
    check_counts(connection)
    return Built(superseded, forgotten)


def _stage(
    connection: Connection, build: Build, first_new: int
) -> tuple[list[FileDate], list[str]]:
    """Read every new file; what is known of each one's export, and what is wrong with them."""
    files = []
    problems = []
    turn = first_new
    members = [
        (member, tuple(exports))
        for member, exports in groupby(build.plan.fresh, key=lambda each: each.member)
    ]
    for done, (member, exports) in enumerate(members):
        if build.progress:
            tables = ", ".join(dict.fromkeys(each.rule.table for each in exports))
            build.progress(done, len(members), f"{member.name} → {tables}")
        numbered = [replace(each, load_no=first_new + place) for place, each in enumerate(exports)]
        first_new += len(exports)
        try:
            staged = stage_member(
                connection,
                member,
                numbered,
                scratch=build.path.parent / f"{numbered[0].load_no}.csv",
                agreement=build.agreement,
                key=build.key,
            )
        except FunnelError as error:
            problems.append(str(error).removeprefix("- "))
            continue
        files.append(
            FileDate(
                load_nos=tuple((each.load_no, each.rule.table) for each in numbered),
                name=member.name,
                loaded_with=_turn_before(build, exports) or turn,
                stated_at=staged.stated_at,
                given_before=_given_before(build, exports),
                plans=frozenset(each.load_no for each in numbered if each.rule.plans),
            )
        )
    if build.progress:
        build.progress(len(members), len(members), "")
    return files, problems


def _turn_before(build: Build, exports: Sequence[Export]) -> int | None:
    """When a file that is read anew was loaded first."""
    if build.before is None:
        return None
    turns = (build.before.turn_of(each) for each in exports)
    return min((each for each in turns if each is not None), default=None)


def _given_before(build: Build, exports: Sequence[Export]) -> datetime | None:
    """The latest instant that was given for earlier files of the same patterns."""
    if build.before is None:
        return None
    given = (build.before.given_for(each) for each in exports)
    return max((each for each in given if each is not None), default=None)


def _as_of(connection: Connection, build: Build) -> tuple[datetime, str]:
    """The instant that the whole warehouse describes, and how it is known."""
    if build.given is not None:
        return build.given, AS_GIVEN
    timezone = build.agreement.timezone
    last = latest_instant(connection, timezone)
    ended = end_of_day(last.date(), timezone)
    text = statement("sources/dated_loads")
    ((dated,),) = connection.execute(text, {"sources": list(DATED)}).fetchall()
    before = build.before
    if before and before.as_of_source == AS_GIVEN and before.as_of >= max(ended, dated or ended):
        return before.as_of, AS_GIVEN
    if dated is not None and to_local(dated, timezone) > last:
        return dated, "the newest export's own date"
    return ended, "end of the last day in the data"


def _store(connection: Connection, build: Build, as_of: datetime, source: str) -> None:
    before = build.before.key if build.before else None
    store_info(
        connection,
        agreement=build.agreement,
        as_of=as_of,
        as_of_source=source,
        key=build.key.fingerprint if build.key else before,
    )
