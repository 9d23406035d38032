"""Counts of hand-overs by any key, with their shares, from the cells of the query `handovers`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from funnel_analytics.estimates import wilson
from funnel_analytics.segments import FOLDED

__all__ = [
    "ANSWERS",
    "COUNTS",
    "FIELD_COUNTS",
    "FIELD_SHARES",
    "KINDS",
    "SHARES",
    "Rules",
    "as_texts",
    "folded_by",
    "placed_last",
    "shared",
    "tallied",
    "withheld",
]

KINDS = ("marketing_to_sdr", "sdr_to_sales", "reassigned")
"""The kinds of hand-overs, in the order in which they are shown."""

ANSWERS = ("accepted", "rejected", "silent")
"""What can have come of a hand-over that is due."""

COUNTS = (
    *(f"{name}_handovers" for name in ("accepted", "rejected", "silent", "waiting")),
    *(f"{name}_handovers" for name in ("unanswered", "answered_before", "day_precision")),
    *(f"{name}_handovers" for name in ("due", "judged", "within_deadline")),
)
SHARES = tuple(
    f"{name}_{suffix}"
    for name in (*ANSWERS, "within_deadline")
    for suffix in ("share", "low", "high")
)
FIELD_COUNTS = ("known_fields_handovers", "complete_handovers")
FIELD_SHARES = ("complete_share", "complete_low", "complete_high", "mean_missing_fields")
_OF_DEADLINE = (
    "silent_handovers",
    "waiting_handovers",
    "due_handovers",
    "judged_handovers",
    "within_deadline_handovers",
    *SHARES,
)
_DENOMINATORS = {
    **dict.fromkeys(ANSWERS, "due_handovers"),
    "within_deadline": "judged_handovers",
    "complete": "known_fields_handovers",
}


@dataclass(frozen=True)
class Rules:
    """What was agreed per kind, and of which kinds the data tell the answers.

    `hours` are the agreed working hours for an answer, `fields` how many fields are agreed.
    """

    hours: Mapping[str, float]
    fields: Mapping[str, int]
    answered: Collection[str]
    smallest: int


def tallied(cells: pd.DataFrame, keys: Sequence[str], rules: Rules) -> pd.DataFrame:
    """The counts of hand-overs by `keys`; a missing key is one of its own."""
    table, number = cells[list(keys)].copy(), cells["handovers"]
    outcome = cells["outcome"]
    table["handovers"] = number
    for name in (*ANSWERS, "waiting", "answered_before"):
        table[f"{name}_handovers"] = number.where(outcome == name, 0)
    none = outcome.isin(["silent", "waiting", "unanswered"])
    table["unanswered_handovers"] = number.where(none, 0)
    table["day_precision_handovers"] = number.where(cells["is_day_precision"], 0)
    due = outcome.isin(ANSWERS)
    judged = due & cells["is_timed"] & cells["kind"].isin(list(rules.hours))
    within = judged & ~cells["is_late"] & (outcome != "silent")
    for name, kept in (("due", due), ("judged", judged), ("within_deadline", within)):
        table[f"{name}_handovers"] = number.where(kept, 0)
    missing = cells["missing_fields"]
    table["known_fields_handovers"] = number.where(missing.notna(), 0)
    table["complete_handovers"] = number.where((missing == 0).fillna(False).astype(bool), 0)
    table["missing_total"] = number * missing.astype("float64").fillna(0.0)
    sums = table.groupby(list(keys), dropna=False, as_index=False).sum()
    return as_texts(sums)


def shared(table: pd.DataFrame) -> pd.DataFrame:
    """The counts with their shares and intervals; a share of none is missing."""
    found = table.copy()
    for name, of in _DENOMINATORS.items():
        part, whole = found[f"{name}_handovers"], found[of]
        found[f"{name}_share"] = part / whole.where(whole > 0)
        found[f"{name}_low"], found[f"{name}_high"] = wilson(part, whole)
    known = found["known_fields_handovers"]
    found["mean_missing_fields"] = found["missing_total"] / known.where(known > 0)
    return found


def withheld(table: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The same table with what nothing tells of missing: answers, or whether they were in time."""
    found = table.copy()
    unknown = ~found["kind"].isin(list(rules.answered))
    undated = ~found["kind"].isin(list(rules.hours))
    for name in set(found.columns) & {*COUNTS, *SHARES}:
        hidden = unknown | undated if name in _OF_DEADLINE else unknown
        column = found[name] if name in SHARES else found[name].astype("Int64")
        found[name] = column.mask(hidden)
    return found


def folded_by(
    cells: pd.DataFrame,
    columns: Sequence[str],
    *,
    leads: pd.DataFrame,
    smallest: int,
    never: Collection[str] = (),
) -> tuple[pd.DataFrame, bool]:
    """The cells with the small groups of some columns made one: is that too small to show?

    Parameters
    ----------
    leads
        How many leads (`way_leads`) each group has, by kind; the kind with the most counts.
    never
        Values that are not to be told, however large their groups are.

    Returns
    -------
    DataFrame, bool
        As segments are folded: where the small groups are too few together, the next smallest joins
        them (of equally large ones the first by name), and where there is none, the rest may not
        be shown. It has `is_rest`, and says `"other_groups"` in the columns.
    """
    named = leads[[*columns, "kind", "way_leads"]]
    of_kinds = named.groupby([*columns, "kind"], dropna=False, as_index=False).sum()
    sizes: dict[tuple[str | None, ...], int] = {}
    for key, size in zip(_keys(of_kinds, columns), of_kinds["way_leads"], strict=True):
        sizes[key] = max(sizes.get(key, 0), int(size))
    small = {key for key in sizes if sizes[key] < smallest or set(key) & set(never)}
    others = sorted(set(sizes) - small, key=lambda key: (sizes[key], str(key)))
    if small and others and sum(sizes[key] for key in small) < smallest:
        small.add(others[0])
    found = cells.copy()
    found["is_rest"] = [key in small for key in _keys(cells, columns)]
    for name in columns:
        found[name] = found[name].astype(object).mask(found["is_rest"], FOLDED)
    return found, bool(small) and sum(sizes[key] for key in small) < smallest


def _keys(table: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str | None, ...]]:
    texts = [[each if isinstance(each, str) else None for each in table[name]] for name in columns]
    return list(zip(*texts, strict=True))


def as_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with missing texts as None."""
    found = table.copy()
    for name in ("segment", "from_team", "to_team", "origin", "reason"):
        if name in found.columns:
            found[name] = found[name].astype(object).where(found[name].notna(), None)
    return found


def placed_last(table: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """The rows in the order of the kinds and then of `order`; missing values and rests last."""
    found = table.assign(_kind=table["kind"].map(KINDS.index))
    rest = ["is_rest"] if "is_rest" in found.columns else []
    ordered = found.sort_values(["_kind", *rest, *order], kind="stable", na_position="last")
    return ordered.drop(columns="_kind")
