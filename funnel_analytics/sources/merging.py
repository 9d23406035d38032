"""Brings earlier loads over into a new build, and knows which files they hold already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError, DataError
from funnel_analytics.schema import TABLES
from funnel_analytics.sources.exported import AS_GIVEN, day_in_name
from funnel_analytics.sources.staging import Export
from funnel_analytics.warehouse import (
    RECORDS,
    Connection,
    connect,
    open_warehouse,
    statement,
    table_columns,
)

__all__ = ["Earlier", "Plan", "carry_over", "earlier_loads", "plan_loads", "refuse_mixed_privacy"]

# Kept as they are by every build: they belong to no load.
_WHOLE = ("sealed_id", "forgotten")


# A system, the hash of a file's content, and the day in its name.
Content = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Earlier:
    """What a warehouse held before this load; `key` is the fingerprint of its key, if any.

    `turns`: by number of load, the first load of the call that first loaded its file.
    """

    agreement: Agreement
    as_of: datetime
    as_of_source: str
    log: pd.DataFrame
    key: str | None
    has_forgotten: bool
    turns: Mapping[int, int]

    @property
    def last_load(self) -> int:
        """The highest number in the load log."""
        return int(self.log["load_no"].max()) if len(self.log) else 0

    def turn_of(self, export: Export) -> int | None:
        """When was a file's content first loaded, if it was: the first load of that call."""
        earlier = _loads_of(self.log, {_content(export)})
        return min((self.turns[each] for each in earlier), default=None)

    def given_for(self, export: Export) -> datetime | None:
        """The latest instant that was given for earlier files of a rule's system and pattern."""
        ours = self.log[
            (self.log["system"] == export.preset.system)
            & (self.log["pattern"] == export.rule.pattern)
            & (self.log["exported_at_source"] == AS_GIVEN)
        ]
        latest = ours["exported_at"].max() if len(ours) else pd.NaT
        return None if pd.isna(latest) else pd.Timestamp(latest).to_pydatetime()


@dataclass(frozen=True)
class Plan:
    """Which files are loaded, which the warehouse has already, and which of its loads stay."""

    fresh: tuple[Export, ...]
    known: tuple[Export, ...]
    kept: tuple[int, ...]
    dropped: tuple[int, ...]


def earlier_loads(target: Path) -> Earlier | None:
    """What the warehouse holds now, or nothing if there is none.

    Raises
    ------
    DataError
        Another program is writing to the file, or another version of this package built it.
    """
    if not target.is_file():
        return None
    log = target.with_name(f"{target.name}.wal")
    if log.exists():
        raise DataError(
            f"{log.name} lies beside {target.name}: another program writes to the warehouse, or "
            "was stopped while it did. Close it (or open the file with it once more), "
            "then load again."
        )
    with connect(target, read_only=True) as connection:
        rows = connection.execute(statement("sources/columns_before")).fetchall()
        _refuse_other_versions(target, {(table, column) for table, column in rows})
        ((key, tokens),) = connection.execute(statement("sources/key_before")).fetchall()
        turns = dict(connection.execute(statement("sources/turns")).fetchall())
        # While the file is open, opening it once more costs next to nothing.
        with open_warehouse(target) as warehouse:
            return Earlier(
                warehouse.agreement,
                warehouse.as_of,
                warehouse.as_of_source,
                warehouse.loads(),
                key,
                bool(tokens),
                turns,
            )


def plan_loads(
    exports: Sequence[Export],
    earlier: Earlier | None,
    *,
    agreement: Agreement,
    replace: bool,
) -> Plan:
    """Decide per file: the same content, read in the same way, is not loaded twice.

    Under a name with another day, it is another export: nothing had changed until then.
    Content that was read in another way before (another preset, form of dates or agreement) takes
    the place of its earlier self. With `replace`, so do all files of the same patterns.
    """
    if earlier is None:
        return Plan(tuple(exports), (), (), ())
    log = earlier.log
    is_agreed = earlier.agreement.sha256 == agreement.sha256
    contents = dict.fromkeys(map(_content, exports))
    known = {each for each in contents if is_agreed and _is_read_alike(log, each, exports)}
    dropped = _loads_of(log, set(contents) - known)
    if replace:
        patterns = {(each.preset.system, each.rule.pattern) for each in exports}
        ours = pd.Series(list(zip(log["system"], log["pattern"], strict=True)), index=log.index)
        of_known = log["load_no"].isin(_loads_of(log, known))
        dropped |= set(log.loc[ours.isin(patterns) & ~of_known, "load_no"])
    # What a dropped load restated of a known file is read from that file again.
    gone = log[log["load_no"].isin(dropped)]
    touched = set(zip(gone["system"], gone["pattern"], gone["part"], strict=True))
    for content in sorted(known):
        own = log[log["load_no"].isin(_loads_of(log, {content}))]
        places = set(zip(own["system"], own["pattern"], own["part"], strict=True))
        if places & touched and own["rows_superseded"].fillna(0).any():
            known.discard(content)
            dropped |= set(own["load_no"])
    return Plan(
        fresh=tuple(each for each in exports if _content(each) not in known),
        known=tuple(each for each in exports if _content(each) in known),
        kept=tuple(int(each) for each in log["load_no"] if each not in dropped),
        dropped=tuple(sorted(int(each) for each in dropped)),
    )


def refuse_mixed_privacy(earlier: Earlier, agreement: Agreement, plan: Plan) -> None:
    """Refuse to keep rows whose ids were written as another agreement wanted it than today's.

    Raises
    ------
    CallError
        The files of the kept loads are named: they have to be loaded again.
    """
    before = earlier.agreement
    changed = {
        "[privacy]": before.privacy != agreement.privacy,
        "web_user_ids": before.identity.web_user_ids != agreement.identity.web_user_ids,
    }
    if not any(changed.values()):
        return
    names = " and ".join(name for name, is_changed in changed.items() if is_changed)
    kept = earlier.log[earlier.log["load_no"].isin(plan.kept)]
    if len(kept):
        files = ", ".join(dict.fromkeys(kept["file"]))
        raise CallError(
            f"The agreement's {names} is another than that of the warehouse, whose rows from "
            f"{files} would stay as they are. Load these files again together with the others, or "
            "everything into a new warehouse. Nothing was loaded."
        )


def carry_over(connection: Connection, target: Path, kept: Sequence[int]) -> None:
    """Copy what earlier loads brought, but for the loads that this one replaces."""
    if not target.exists():
        return
    connection.execute("attach " + _text(str(target)) + " as earlier (read_only)")
    for table in (*TABLES, *RECORDS):
        if table in _WHOLE:
            connection.execute(statement("sources/carry_over_whole", table=table))
        else:
            text = statement("sources/carry_over", table=table)
            connection.execute(text, {"kept": list(kept)})
    connection.execute("detach earlier")


def _content(export: Export) -> Content:
    return export.preset.system, export.sha256, _day(export.file)


def _day(file: str) -> str:
    day = day_in_name(file)
    return "" if day is None else day.isoformat()


def _is_read_alike(log: pd.DataFrame, content: Content, exports: Iterable[Export]) -> bool:
    """Did every earlier load of a content follow a rule that it would be read by now?"""
    before = log[log["load_no"].isin(_loads_of(log, {content}))]
    now = {
        (
            each.rule.pattern,
            each.rule.part,
            each.rule.table,
            each.preset.sha256,
            each.worded_formats,
        )
        for each in exports
        if _content(each) == content
    }
    then = set(
        zip(
            before["pattern"],
            before["part"].fillna(""),
            before["table_name"],
            before["preset_sha256"],
            before["date_format"],
            strict=True,
        )
    )
    return bool(then) and then <= now


def _loads_of(log: pd.DataFrame, contents: Iterable[Content]) -> set[int]:
    wanted = set(contents)
    return {
        int(load_no)
        for load_no, system, sha256, file in zip(
            log["load_no"], log["system"], log["sha256"], log["file"], strict=True
        )
        if (system, sha256, _day(file)) in wanted
    }


def _refuse_other_versions(target: Path, there: set[tuple[str, str]]) -> None:
    wanted = {
        (table.name, column) for table in TABLES.values() for column, _ in table_columns(table)
    } | {(table, column) for table, columns in RECORDS.items() for column, _ in columns}
    has_canonical = any(table == "load_log" for table, _ in there)
    if has_canonical and not wanted <= there:
        raise DataError(
            f"{target.name} was built by another version of funnel_analytics, whose tables differ. "
            "Load the exports into a new warehouse."
        )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
