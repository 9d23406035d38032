"""When was a file exported? What it states, its name, the caller, or its last day say so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from funnel_analytics.periods import to_local, to_utc
from funnel_analytics.schema import TABLES
from funnel_analytics.warehouse import Connection, statement

__all__ = ["AS_GIVEN", "DATED", "FileDate", "date_exports", "day_in_name", "end_of_day"]

AS_GIVEN = "given"
STATED = "stated in the file"
NAMED = "the day in the file's name"
LAST_DAY = "end of the last day in the file"
LAST_OF_ALL = "end of the last day in the files loaded with it"
LOADED_AFTER = "loaded after the export of "
"""Begins the source of what is dated by an earlier file, whose name follows."""
DATED = (STATED, NAMED)
"""How the export's own instant is known, rather than inferred."""

_DAY = re.compile(r"(?<!\d)(20\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


@dataclass(frozen=True)
class FileDate:
    """What is known of one file: its loads with their tables, its name, its own statement, and the
    instant that was given for earlier files of its kind. `loaded_with` is the number of the first
    load of the call that first loaded it.

    Activities of the loads in `plans` may lie after the export: they were planned, not done.
    """

    load_nos: tuple[tuple[int, str], ...]
    name: str
    loaded_with: int = 0
    stated_at: datetime | None = None
    given_before: datetime | None = None
    plans: frozenset[int] = frozenset()


def day_in_name(name: str) -> date | None:
    """The last ISO day in a file's name: `leads_2026-10-31.csv`, `costs 20261001-20261031.csv`.

    The name of an archive counts where that of the file inside it says nothing.
    """
    for part in reversed(name.split("/")):
        days = []
        for year, _, month, day in _DAY.findall(part):
            try:
                days.append(date(int(year), int(month), int(day)))
            except ValueError:  # 31 June
                continue
        if days:
            return max(days)
    return None


def end_of_day(day: date, timezone: str) -> datetime:
    """The instant at which a day of a time zone is over, in UTC."""
    return to_utc(datetime(day.year, day.month, day.day) + timedelta(days=1), timezone)


def date_exports(
    connection: Connection,
    files: Sequence[FileDate],
    *,
    timezone: str,
    given: datetime | None,
) -> None:
    """Write into the load log when each file was exported, and into snapshots when they were seen.

    A day in a file's name is taken only if nothing in the file happened after it: the name of
    `leads_since_2026-01-01.csv` says something else. What was given for an earlier load of the
    same files holds until the data pass it.

    A file that says nothing itself was exported no earlier than what had been loaded before it of
    the same system, pattern, part and table. A file that is read anew keeps its turn.
    """
    lasts = {file: _last_day(connection, file, timezone) for file in files}
    of_all = max((last for last in lasts.values() if last is not None), default=None)
    for file, last in sorted(lasts.items(), key=lambda each: each[0].loaded_with):
        instant, source = _known(file, last, timezone, given)
        if instant is None:
            instant, source = _inferred(connection, file, last, of_all, timezone)
        for load_no, table in file.load_nos:
            values = {"load_no": load_no, "exported_at": instant}
            more = {"exported_at_source": source, "loaded_with": file.loaded_with}
            connection.execute(statement("sources/date_load"), {**values, **more})
            if table == "snapshot":
                connection.execute(statement("sources/date_snapshot"), values)
            if load_no in file.plans and instant is not None:
                _drop_plans(connection, load_no, instant)


def _drop_plans(connection: Connection, load_no: int, exported_at: datetime) -> None:
    """Take out what was planned for after the export; the load log counts it as other."""
    values = {"load_no": load_no, "exported_at": exported_at}
    dropped = connection.execute(statement("sources/drop_plans"), values).fetchall()
    if dropped:
        counted = {"load_no": load_no, "plans": len(dropped)}
        connection.execute(statement("sources/log_plans"), counted)


def _known(
    file: FileDate, last: date | None, timezone: str, given: datetime | None
) -> tuple[datetime | None, str | None]:
    """When the file, its name or the caller say that it was exported."""
    if file.stated_at is not None:
        return file.stated_at, STATED
    named = day_in_name(file.name)
    if named is not None and (last is None or named >= last):
        return end_of_day(named, timezone), NAMED
    if given is not None:
        return given, AS_GIVEN
    return None, None


def _inferred(
    connection: Connection,
    file: FileDate,
    last: date | None,
    of_all: date | None,
    timezone: str,
) -> tuple[datetime | None, str | None]:
    """When a file that does not say so must have been exported."""
    ended = None if last is None else end_of_day(last, timezone)
    instant, source = ended, LAST_DAY
    if file.given_before is not None and (ended is None or file.given_before >= ended):
        instant, source = file.given_before, AS_GIVEN
    elif ended is None and of_all is not None:
        instant, source = end_of_day(of_all, timezone), LAST_OF_ALL
    before = connection.execute(
        statement("sources/newest_before"),
        {"load_nos": [number for number, _ in file.load_nos], "loaded_with": file.loaded_with},
    ).fetchall()
    for earlier, name in before:
        if instant is None or earlier > instant:
            instant, source = earlier, f"{LOADED_AFTER}{name}"
    return instant, None if instant is None else source


def _last_day(connection: Connection, file: FileDate, timezone: str) -> date | None:
    """The last day, in the agreement's zone, on which anything in a file happened."""
    days: list[date] = []
    for load_no, name in file.load_nos:
        if load_no in file.plans:
            continue
        table = TABLES[name]
        for column in table.columns:
            if not column.observed:
                continue
            text = statement("sources/latest_of_load", table=table.name, column=column.name)
            ((value,),) = connection.execute(text, {"load_no": load_no}).fetchall()
            if isinstance(value, datetime):
                days.append(to_local(value, timezone).date())
            elif value is not None:
                days.append(value)
    return max(days, default=None)
