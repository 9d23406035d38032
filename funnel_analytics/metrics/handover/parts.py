"""The further tables about hand-overs: months, ways, reasons, completeness and returns."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from funnel_analytics.estimates import wilson
from funnel_analytics.metrics.handover.counts import (
    COUNTS,
    FIELD_COUNTS,
    FIELD_SHARES,
    SHARES,
    Rules,
    as_texts,
    folded_by,
    placed_last,
    shared,
    tallied,
    withheld,
)

__all__ = [
    "COMPLETENESS",
    "MEASURES",
    "REASONS",
    "RETURNS",
    "by_month",
    "by_way",
    "completeness",
    "reasons",
    "rejected_by",
    "returns",
]

_DAY = 86400
_SUFFIXES = ("share", "low", "high")
_MOST_RETURNS = 3
MEASURES = (["handovers", *COUNTS, *FIELD_COUNTS], [*SHARES, *FIELD_SHARES])
"""The counts and the shares of a table of hand-overs by some key."""
REASONS = (
    ["rejected_handovers", "of_handovers"],
    ["rejected_share", "rejected_low", "rejected_high"],
)
COMPLETENESS = (
    ["handovers", "of_handovers", "due_handovers", "accepted_handovers", "rejected_handovers"],
    [
        "filled_share",
        *(f"handovers_{suffix}" for suffix in _SUFFIXES),
        *SHARES[:6],
    ],
)
RETURNS = (
    ["leads", "of_leads", "moved_on_leads", "won_leads"],
    [
        *(f"{name}_{suffix}" for name in ("leads", "moved_on", "won") for suffix in _SUFFIXES),
        "mean_days_watched",
    ],
)


def _without_rest(
    table: pd.DataFrame,
    counts: Sequence[str],
    shares: Sequence[str],
    *,
    is_hidden: bool | pd.Series,
) -> pd.DataFrame:
    """The table with the numbers of a rest missing where it is too small to show."""
    found = table.copy()
    hidden = found["is_rest"].astype(bool) & is_hidden
    for name in (*counts, *shares):
        found[name] = found[name].astype("Int64" if name in counts else "float64").mask(hidden)
    return found


def by_month(cells: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The hand-overs of each group, kind and month."""
    table = shared(tallied(cells, ["group", "kind", "month"], rules))
    return placed_last(withheld(table, rules), ["month"])


def by_way(
    cells: pd.DataFrame, rules: Rules, *, leads: pd.DataFrame, never: Collection[str]
) -> pd.DataFrame:
    """The hand-overs of each group, kind and way from team to team."""
    folded, is_hidden = folded_by(
        cells, ["from_team", "to_team"], leads=leads, smallest=rules.smallest, never=never
    )
    table = shared(tallied(folded, ["group", "kind", "is_rest", "from_team", "to_team"], rules))
    table = _without_rest(withheld(table, rules), *MEASURES, is_hidden=is_hidden)
    return placed_last(table, ["from_team", "to_team"])


def reasons(
    cells: pd.DataFrame, keys: Sequence[str], rules: Rules, *, agreed: Collection[str]
) -> pd.DataFrame:
    """The rejected hand-overs by `keys` and reason, the most frequent reasons first."""
    rejected = cells[(cells["outcome"] == "rejected") & cells["kind"].isin(list(rules.answered))]
    counts = rejected.rename(columns={"handovers": "rejected_handovers"})
    counts = counts[[*keys, "reason", "rejected_handovers"]]
    table = as_texts(counts.groupby([*keys, "reason"], dropna=False, as_index=False).sum())
    sizes = table.groupby(list(keys), dropna=False)["rejected_handovers"]
    table["of_handovers"] = sizes.transform("sum")
    part, whole = table["rejected_handovers"], table["of_handovers"]
    table["rejected_share"] = part / whole
    table["rejected_low"], table["rejected_high"] = wilson(part, whole)
    table["is_agreed"] = pd.array(
        [None if each is None else each in agreed for each in table["reason"]], dtype="boolean"
    )
    table["_fewer"] = -part
    order = [each for each in keys if each not in ("group", "kind", "is_rest")]
    return placed_last(table, [*order, "_fewer", "reason"]).drop(columns="_fewer")


def rejected_by(
    cells: pd.DataFrame,
    column: str,
    rules: Rules,
    *,
    leads: pd.DataFrame,
    agreed: Collection[str],
    never: Collection[str] = (),
) -> pd.DataFrame:
    """The reasons of rejections by `column`, whatever else the answer is split by.

    Small is, in each kind, a group of few leads that were rejected, however many were handed over.
    """
    parts, hidden = [], set()
    rejected = cells[cells["outcome"] == "rejected"]
    for kind, found in rejected.groupby("kind", sort=False):
        # A lead rejected by two teams is one of the first: the second may have none of its own.
        named = found[[column, "kind"]].drop_duplicates().assign(way_leads=0)
        sizes = leads[leads["kind"] == kind].assign(way_leads=leads["rejected_leads"])
        sizes = sizes[sizes["way_leads"] > 0][[column, "kind", "way_leads"]]
        folded, is_hidden = folded_by(
            found, [column], leads=pd.concat([named, sizes]), smallest=rules.smallest, never=never
        )
        parts.append(folded)
        hidden |= {kind} if is_hidden else set()
    folded = pd.concat(parts) if parts else rejected.assign(is_rest=False)
    table = reasons(folded, ["kind", "is_rest", column], rules, agreed=agreed)
    keys = ["kind", column, "is_rest", "reason", "is_agreed"]
    table = _without_rest(table, *REASONS, is_hidden=table["kind"].isin(list(hidden)))
    return table[[*keys, *REASONS[0], *REASONS[1]]].reset_index(drop=True)


def completeness(cells: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The hand-overs of each group and kind by how many of the agreed fields are missing.

    A kind for which no fields were agreed is there if somebody counted some nevertheless.
    """
    counted = set(cells.loc[cells["missing_fields"].notna(), "kind"]) | set(rules.fields)
    kept = cells[cells["kind"].isin(list(counted))]
    table = shared(tallied(kept, ["group", "kind", "missing_fields"], rules))
    table["missing_fields"] = table["missing_fields"].astype("Int64")
    known = table["missing_fields"].notna()
    sizes = table["handovers"].where(known, 0).groupby([table["group"], table["kind"]])
    table["of_handovers"] = sizes.transform("sum")
    part, whole = table["handovers"].where(known, 0), table["of_handovers"]
    low, high = wilson(part, whole)
    table["handovers_share"] = (part / whole.where(whole > 0)).where(known)
    table["handovers_low"] = pd.Series(low, table.index).where(known)
    table["handovers_high"] = pd.Series(high, table.index).where(known)
    agreed = table["kind"].map(dict(rules.fields))
    table["agreed_fields"] = agreed.astype("Int64")
    filled = 1 - table["missing_fields"].astype("float64") / agreed.where(agreed > 0)
    table["filled_share"] = filled.clip(lower=0)
    return placed_last(withheld(table, rules), ["missing_fields"])


def returns(found: pd.DataFrame, *, knows_stages: bool) -> pd.DataFrame:
    """The leads of each group by how often they were returned, and what became of them."""
    table = found.assign(returns=found["returns"].clip(upper=_MOST_RETURNS))
    counts = ["leads", "moved_on_leads", "won_leads", "watched_seconds"]
    table = table.groupby(["group", "returns"], as_index=False)[counts].sum()
    table["is_or_more"] = table["returns"] == _MOST_RETURNS
    table["of_leads"] = table.groupby("group")["leads"].transform("sum")
    of = {"leads": table["of_leads"], "moved_on": table["leads"], "won": table["leads"]}
    for name, whole in of.items():
        part = table["leads" if name == "leads" else f"{name}_leads"]
        table[f"{name}_share"] = part / whole
        table[f"{name}_low"], table[f"{name}_high"] = wilson(part, whole)
    table["mean_days_watched"] = table["watched_seconds"] / table["leads"] / _DAY
    if not knows_stages:
        for name in ("moved_on", "won"):
            table[f"{name}_leads"] = pd.array([None] * len(table), dtype="Int64")
            table[[f"{name}_{each}" for each in _SUFFIXES]] = np.nan
    return table.sort_values(["group", "returns"], kind="stable")
