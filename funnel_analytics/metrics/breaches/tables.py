"""The tables of the lists: ranked cases, and what they come to by list and team."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.metrics.breaches.rules import LISTS, Asked
from funnel_analytics.metrics.breaches.worth import Worth
from funnel_analytics.warehouse import Warehouse

__all__ = ["list_table", "ranked", "summary_table", "totals"]

_IN_DAYS = ("no_next_step", "recycled_due")
_IN_HOURS = ("contact_overdue", "handover_overdue", "accepted_without_activity")
_DAY, _HOUR = 86_400.0, 3_600.0
_COLUMNS = [
    "list",
    "rank",
    "lead",
    "deal",
    "segment",
    "is_folded",
    "origin",
    "stage",
    "team",
    "owner",
    "since_at",
    "due_at",
    "over_hours",
    "over_days",
    "reason",
    "contacts",
    "has_decision_maker",
    "chance_to_win",
    "value",
    "value_basis",
    "expected_value",
    "link",
    "is_deal",
]
_TEXTS = ["lead", "deal", "segment", "origin", "team", "owner", "reason"]


def ranked(
    warehouse: Warehouse, found: Mapping[str, pd.DataFrame], worth: Worth, *, has_pseudonyms: bool
) -> pd.DataFrame:
    """All cases of all lists, in each the one with the highest expected value first.

    Parameters
    ----------
    found
        The rows of the query of each list that was made.
    has_pseudonyms
        Whether ids are pseudonyms, to which no link leads.
    """
    tables = [_listed(warehouse, name, rows, worth, has_pseudonyms) for name, rows in found.items()]
    whole = [each for each in tables if len(each)]
    table = pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=_COLUMNS)
    for name in ("over_hours", "over_days", "chance_to_win", "value", "expected_value"):
        table[name] = table[name].astype("float64")
    for name in ("since_at", "due_at"):
        table[name] = table[name].astype("datetime64[us]")
    table["contacts"] = table["contacts"].astype("Int64")
    table["rank"] = table["rank"].astype("int64")
    return table


def _listed(
    warehouse: Warehouse, name: str, rows: pd.DataFrame, worth: Worth, has_pseudonyms: bool
) -> pd.DataFrame:
    """The cases of one list."""
    table = rows.copy()
    for text in _TEXTS:
        table[text] = table[text].astype(object).where(table[text].notna(), None)
    stages = dict(enumerate(warehouse.agreement.stage_names, 1))
    stage = table["position"].map(stages).astype(object)
    table["stage"] = stage.where(stage.notna(), None)
    if name == "no_next_step":
        table = _past_steps(table, warehouse)
    over = table["over_seconds"].astype("float64")
    table["over_hours"] = over / _HOUR if name in _IN_HOURS else np.nan
    table["over_days"] = over / _DAY if name in _IN_DAYS else np.nan
    for column in ("contacts", "has_decision_maker"):
        known = table[column] if column in table else pd.Series(index=table.index, dtype=object)
        table[column] = known.astype(object).where(known.notna(), None)
    table = _valued(table, worth, is_recycled=name == "recycled_due")
    table["link"] = _links(warehouse.agreement, table, has_pseudonyms)
    table["list"] = name
    ordered = table.sort_values(
        ["expected_value", "due_at", "lead", "deal"],
        ascending=[False, True, True, True],
        kind="stable",
        na_position="last",
    )
    return ordered.assign(rank=range(1, len(ordered) + 1))[_COLUMNS]


def _past_steps(table: pd.DataFrame, warehouse: Warehouse) -> pd.DataFrame:
    """A step in the past was due by the end of its day; it is over by whole days."""
    planned = pd.to_datetime(table["next_step_on"])
    ends = (planned + pd.Timedelta(days=1)).dt.tz_localize(
        warehouse.timezone, ambiguous=True, nonexistent="shift_forward"
    )
    ends = ends.dt.tz_convert("UTC").dt.tz_localize(None)
    local = pd.Timestamp(warehouse.as_of, tz="UTC").tz_convert(warehouse.timezone)
    today = local.tz_localize(None).floor("D")
    is_past = planned.notna()
    return table.assign(
        due_at=table["due_at"].mask(is_past, ends),
        over_seconds=table["over_seconds"]
        .astype("float64")
        .mask(is_past, (today - planned).dt.days * _DAY),
    )


def _valued(table: pd.DataFrame, worth: Worth, *, is_recycled: bool) -> pd.DataFrame:
    """The chance, the value and their product; an amount goes before what is typical."""
    places = pd.Series(0, table.index) if is_recycled else table["position"]
    chance = _looked_up(worth.chance, table["origin"], places)
    typical = _looked_up(worth.amount, table["origin"])
    amount = table["amount"].astype("float64")
    value = amount.fillna(typical)
    basis = pd.Series(None, table.index, dtype=object)
    basis[value.notna()] = "typical"
    basis[amount.notna()] = "deal_amount"
    return table.assign(
        chance_to_win=chance, value=value, value_basis=basis, expected_value=chance * value
    )


def _looked_up(look: Callable[..., float], *keys: pd.Series) -> pd.Series:
    """A number for each row by its keys, of which there are few."""
    table = pd.concat(keys, axis=1, keys=range(len(keys)))
    group = table.groupby(list(table.columns), dropna=False, sort=False).ngroup()
    firsts = table[~group.duplicated()]
    found = [look(*row) for row in firsts.itertuples(index=False, name=None)]
    return pd.Series(np.array(found, dtype=float)[group.to_numpy()], table.index)


def _links(agreement: Agreement, table: pd.DataFrame, has_pseudonyms: bool) -> pd.Series:
    """The address of each record in the CRM: that of the deal in rows about a deal."""
    usable = agreement.privacy.ids == "plain" and not has_pseudonyms
    patterns = [agreement.links.get(kind) if usable else None for kind in ("lead", "deal")]
    if not any(patterns):
        return pd.Series(None, table.index, dtype=object)
    links: list[str | None] = []
    for is_deal, lead, deal in zip(table["is_deal"], table["lead"], table["deal"], strict=True):
        pattern, stored = patterns[bool(is_deal)], deal if is_deal else lead
        _, colon, raw = str(stored).partition(":")
        links.append(
            None
            if pattern is None or stored is None
            else pattern.replace("{id}", quote(raw if colon else str(stored), safe=""))
        )
    return pd.Series(links, index=table.index, dtype=object)


def summary_table(table: pd.DataFrame, *, is_split: bool) -> pd.DataFrame:
    """What each list comes to by team (and group): the team with the highest value first."""
    keys = ["list", *(["segment", "is_folded"] if is_split else []), "team"]
    columns = [
        *keys,
        "rows",
        "leads",
        "deals",
        "valued_rows",
        "expected_value",
        "oldest_due_at",
        "median_over_hours",
        "median_over_days",
    ]
    if table.empty:
        return pd.DataFrame(columns=columns)
    counted = table.groupby(keys, dropna=False, as_index=False, sort=False).agg(
        rows=("rank", "size"),
        leads=("lead", "nunique"),
        deals=("deal", "nunique"),
        valued_rows=("expected_value", "count"),
        expected_value=("expected_value", _sum),
        oldest_due_at=("due_at", "min"),
        median_over_hours=("over_hours", "median"),
        median_over_days=("over_days", "median"),
    )
    place = counted["list"].map(list(LISTS).index)
    ordered = counted.assign(_place=place).sort_values(
        ["_place", "expected_value", "team"],
        ascending=[True, False, True],
        kind="stable",
        na_position="last",
    )
    for name in [*keys[1:]]:
        if name != "is_folded":
            ordered[name] = ordered[name].astype(object).where(ordered[name].notna(), None)
    return ordered[columns].reset_index(drop=True)


def _sum(values: pd.Series) -> float:
    """The sum of what is known; missing where nothing is."""
    return float(values.sum(min_count=1))


def list_table(asked: Sequence[Asked], table: pd.DataFrame) -> pd.DataFrame:
    """Every list that was asked for: how many cases it has, or what is missing for it."""
    rows: list[dict[str, Any]] = []
    for each in asked:
        mine = table[table["list"] == each.name]
        made = each.missing is None
        rows.append(
            {
                "list": each.name,
                "is_made": made,
                "missing": each.missing,
                "rows": len(mine) if made else None,
                "leads": mine["lead"].nunique() if made else None,
                "deals": mine["deal"].nunique() if made else None,
                "valued_rows": int(mine["expected_value"].notna().sum()) if made else None,
                "expected_value": _sum(mine["expected_value"]) if made else None,
                "oldest_due_at": mine["due_at"].min() if made else pd.NaT,
            }
        )
    counts = ["rows", "leads", "deals", "valued_rows"]
    found = pd.DataFrame(rows)
    return found.astype(dict.fromkeys(counts, "Int64") | {"expected_value": "float64"})


def totals(table: pd.DataFrame) -> dict[str, Any]:
    """Leads and deals over all lists, each counted once; so is its expected value.

    What stands in several lists counts with the highest value it has in one of them: a deal of
    several leads, in a list of leads, with the sum of theirs.
    """
    case, names = pd.factorize(table["deal"].where(table["deal"].notna(), table["lead"]))
    of_list = table.groupby([table["list"].map(list(LISTS).index), case])["expected_value"]
    each = of_list.sum(min_count=1).groupby(level=1).max()
    return {
        "cases": len(names),
        "leads": int(table["lead"].nunique()),
        "deals": int(table["deal"].nunique()),
        "valued_cases": int(each.notna().sum()),
        "expected_value": _sum(each) if each.notna().any() else None,
        "rows": len(table),
    }
