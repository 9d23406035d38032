"""What the metrics of leads share: which leads are asked for, and how small groups stay hidden."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from funnel_analytics.errors import CallError
from funnel_analytics.periods import Period
from funnel_analytics.results import Note
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = [
    "FOLDED",
    "NOT_OF_PEOPLE",
    "By",
    "ExportEnd",
    "Selection",
    "arranged",
    "excluded_leads",
    "export_ends",
    "folded_note",
    "select_leads",
    "snapshot_entries",
    "tells_of_people",
]

NOT_OF_PEOPLE = ("origin", "channel", "campaign", "created_month", "created_quarter")
"""Attributes that say when and where a lead came from, before anybody of ours had it."""

By = str | Sequence[str]
"""What leads are split by: an attribute, or a pair of them such as `("origin", "segment")`."""

FOLDED = "other_groups"
"""The segment that gathers every group with fewer leads than the agreement lets us show, and one
more where those are too few together: else the total less the other groups would tell of them."""


@dataclass(frozen=True)
class Selection:
    """A period, its instants in UTC and the attribute, or pair of them, that splits its leads.

    Queries know a pair as one attribute, `by`, whose values are JSON lists of both; `spread` makes
    two columns of them.
    """

    period: Period
    start: datetime
    end: datetime
    by: str | None
    minimum_group_size: int
    pair: tuple[str, str] | None = None

    @property
    def grouping(self) -> dict[str, Any]:
        """What the queries need to split leads and to fold small groups into one."""
        return {
            "by": self.by,
            "minimum_group_size": self.minimum_group_size,
            "folded": FOLDED,
        }

    def parameters(self, kind: str) -> dict[str, Any]:
        """What a result says it was asked for; `kind` is `"cohort"` or `"period"`."""
        return {
            kind: self.period.label,
            f"{kind}_start": self.period.start,
            f"{kind}_end": self.period.end,
            "by": self.by if self.pair is None else list(self.pair),
        }

    def spread(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table of a result: of a split by a pair, `segment` and `second_segment`.

        Missing values of either attribute stay missing. A folded group has no second segment.
        """
        if self.pair is None:
            return table
        both = [
            (None, None) if not isinstance(each, str) else (each, None) if folded else _pair(each)
            for each, folded in zip(table["segment"], table["is_folded"], strict=True)
        ]
        spread = table.copy()
        spread["segment"] = pd.Series([first for first, _ in both], table.index, dtype=object)
        second = pd.Series([second for _, second in both], table.index, dtype=object)
        spread.insert(list(table.columns).index("segment") + 1, "second_segment", second)
        return spread


def _pair(value: str) -> tuple[str | None, str | None]:
    first, second = json.loads(value)
    return first, second


def select_leads(warehouse: Warehouse, *, period: Period | None, by: By | None) -> Selection:
    """Which leads are asked for?

    Returns
    -------
    Selection
        The period (all days with leads if none is given) with its bounds.

    Raises
    ------
    CallError
        The period begins after the data end, leads have no attribute `by`, it names more than two,
        or it tells who of our people owns a lead and the agreement does not allow tables about
        single employees.
    """
    chosen = period or warehouse.everything()
    start, end = warehouse.bounds(chosen)
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    if len(names) > 2:
        raise CallError(f"Leads can be split by two attributes at once, not by {len(names)}.")
    pair = (names[0], names[1]) if len(names) == 2 else None
    single = names[0] if names else None
    attribute = warehouse.pair(*pair) if pair else warehouse.attribute(single)
    if warehouse.agreement.employee_level != "person":
        for name in names:
            _refuse_employees(warehouse, name)
        if pair is not None and not set(pair) <= set(NOT_OF_PEOPLE):
            _refuse_employees(warehouse, str(attribute), shown=" and ".join(pair))
    return Selection(chosen, start, end, attribute, warehouse.agreement.minimum_group_size, pair)


def _refuse_employees(warehouse: Warehouse, attribute: str, *, shown: str | None = None) -> None:
    """Refuse an attribute that mostly is the leads' owner under another name.

    A value is about one person if at least 90 % of its leads are one owner's. The split is refused
    where such values hold at least half of the leads with a value, whatever the other values are:
    a second spelling of a name, a few leads handed on or a rest of all others does not make it a
    table about teams. A region or territory that one person works alone is that person under
    another name, and refused as well; one that two people share is not.

    Not counted are values with fewer leads than a split shows, or with one alone; leads without an
    owner; and the case that one owner has nearly all leads, so that every value is theirs: then
    the rows compare something else than people.
    """
    if attribute in NOT_OF_PEOPLE:
        return
    told = warehouse.query(
        "warehouse/attribute_owners",
        attribute=attribute,
        smallest=max(2, warehouse.agreement.minimum_group_size),
    ).table.iloc[0]
    owners = int(told["owners"])
    if tells_of_people(**{str(name): int(count) for name, count in told.items()}):
        raise CallError(
            f"The values of '{shown or attribute}' are mostly one owner's each, so a split by it "
            f"is a table about single employees ({owners} of them). These are off: the agreement's "
            f"employee_level is '{warehouse.agreement.employee_level}', and has to be 'person'."
        )


def tells_of_people(
    *, owners: int, sole_owners: int, leads: int, sole_leads: int, most_leads: int
) -> bool:
    """Are the values of an attribute mostly one owner's each?

    Parameters
    ----------
    owners, leads
        All owners and leads with a value.
    sole_owners, sole_leads
        Those of values of which one owner has at least 90 % of the leads.
    most_leads
        How many leads the sole owner with the most of them owns, whatever their values.
    """
    is_mostly_sole = 2 * sole_leads >= leads
    tells_apart = sole_owners > 1 or 10 * most_leads < 9 * leads
    return owners > 1 and is_mostly_sole and tells_apart


def arranged(
    table: pd.DataFrame, *, counts: Sequence[str], shares: Sequence[str], minimum_group_size: int
) -> pd.DataFrame:
    """Order the rows of a metric by segment, and blank a folded group that is all and too small.

    Parameters
    ----------
    table
        Has `segment`, `is_folded` and `segment_leads`; other columns keep their order, and rows
        of one segment theirs.
    counts, shares
        The columns to blank, as whole numbers and as fractions.

    Returns
    -------
    DataFrame
        Segments by name, then the folded ones, then the leads whose value is missing.
    """
    arranged_table = table.copy()
    arranged_table["segment"] = (
        arranged_table["segment"].astype(object).where(arranged_table["segment"].notna(), None)
    )
    arranged_table["is_folded"] = arranged_table["is_folded"].astype(bool)
    hidden = arranged_table["is_folded"] & (arranged_table["segment_leads"] < minimum_group_size)
    for name in counts:
        arranged_table[name] = arranged_table[name].astype("Int64").mask(hidden)
    for name in shares:
        arranged_table[name] = arranged_table[name].astype("float64").mask(hidden)
    order = (
        pd.DataFrame(
            {
                "is_missing": arranged_table["segment"].isna(),
                "is_folded": arranged_table["is_folded"],
                "segment": arranged_table["segment"].fillna("").astype(str),
            }
        )
        .sort_values(["is_missing", "is_folded", "segment"], kind="stable")
        .index
    )
    return arranged_table.loc[order].reset_index(drop=True)


def folded_note(groups: pd.DataFrame, *, minimum_group_size: int) -> list[Note]:
    """How many groups were too small to show, and how many leads are in them?

    Returns
    -------
    list of Note
        Nothing where no group was folded. `groups` counts the next smallest one that had to join
        them; `leads` is missing if all leads together are too few to show.
    """
    folded = groups.loc[groups["is_folded"].astype(bool)]
    if folded.empty:
        return []
    leads = int(folded["segment_leads"].iloc[0])
    return [
        Note(
            "folded",
            {
                "groups": int(folded["merged_groups"].iloc[0]),
                "leads": leads if leads >= minimum_group_size else None,
            },
        )
    ]


def excluded_leads(
    warehouse: Warehouse, *, created_from: datetime | None, created_before: datetime
) -> tuple[Answer, Note]:
    """How many loaded leads of a span do not count, and why?

    Returns
    -------
    Answer, Note
        The query and its counts: `merged` into another lead, else `deleted`, else `test`.
    """
    answer = warehouse.query(
        "metrics/excluded_leads", created_from=created_from, created_before=created_before
    )
    row = answer.table.iloc[0]
    return answer, Note(
        "excluded", {name: int(row[name]) for name in ("merged", "deleted", "test")}
    )


@dataclass(frozen=True)
class ExportEnd:
    """Until when a kind of record is known: the instant of its newest export (UTC).

    `is_inferred` where no export says when it was made: then the end of its last day with a record.
    """

    table: str
    until: datetime
    is_inferred: bool = False


def export_ends(warehouse: Warehouse) -> tuple[Answer, dict[str, ExportEnd]]:
    """Until when are the leads and their steps known?

    Returns
    -------
    Answer, dict
        The query, and the ends of `lead` and `stage_event` (snapshots tell of steps, too); that of
        the data where nothing says when such a record was exported.
    """
    answer = warehouse.query("warehouse/last_exports")
    dated = {str(row["table_name"]): row for _, row in answer.table.iterrows()}
    ends = {}
    for name, tables in (("lead", ("lead",)), ("stage_event", ("stage_event", "snapshot"))):
        known = [
            ExportEnd(
                name,
                min(dated[each]["until_at"].to_pydatetime(), warehouse.as_of),
                bool(dated[each]["is_inferred"]),
            )
            for each in tables
            if each in dated
        ]
        ends[name] = max(known, key=lambda end: end.until, default=ExportEnd(name, warehouse.as_of))
    return answer, ends


def snapshot_entries(
    warehouse: Warehouse,
    *,
    created_from: datetime | None,
    created_before: datetime,
    entered_from: datetime | None = None,
    entered_before: datetime | None = None,
) -> tuple[list[Answer], list[Note]]:
    """How many entries of a span are known only from comparing two dated exports?

    Returns
    -------
    list of Answer, list of Note
        The query and its counts, both empty where there is no such entry: `entries`, `of` the
        recorded entries, and `widest_days` between two exports that an entry lies between. The
        time of such an entry is the middle of the two.
    """
    answer = warehouse.query(
        "metrics/snapshot_entries",
        created_from=created_from,
        created_before=created_before,
        entered_from=entered_from,
        entered_before=entered_before or warehouse.as_of,
    )
    row = answer.table.iloc[0]
    if not row["snapshot_entries"]:
        return [], []
    counts = {"entries": int(row["snapshot_entries"]), "of": int(row["of_entries"])}
    return [answer], [
        Note("snapshot_entries", {**counts, "widest_days": float(row["widest_days"])})
    ]
