"""What a lead or deal may be worth: its chance of being won, times its amount or a typical one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import entry_curves, first_days
from funnel_analytics.segments import arranged, select_leads
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["RECYCLED", "Worth", "read_worth"]

RECYCLED = "recycled"
"""The state of a lead that is recycled, beside the stages."""

_PRIOR_WINS = 0.5
_FEWEST_DEALS = 10
_WHOLE = 1e-9
_CHANCES = [
    "origin", "is_folded", "position", "state", "won_leads", "leads", "all_won_leads", "all_leads",
    "chance_to_win",
]  # fmt: skip
_VALUES = ["basis", "origin", "deals", "median_amount"]


@dataclass(frozen=True, eq=False)
class Worth:
    """The chances by origin and state, and the typical amounts by origin.

    `chances` and `values` are tables to show; `by_origin` and `of_all` hold the chances by position
    (0: recycled), `typical` the amounts by origin, `None` being that of all.
    """

    chances: pd.DataFrame
    values: pd.DataFrame
    by_origin: Mapping[tuple[str | None, int], float]
    of_all: Mapping[int, float]
    typical: Mapping[str | None, float]
    of_any: float
    answers: tuple[Answer, ...]

    def chance(self, origin: Any, position: Any) -> float:
        """How often was a lead of that origin won that had come this far?"""
        if pd.isna(position):
            return float("nan")
        key = None if pd.isna(origin) else str(origin)
        place = int(position)
        return self.by_origin.get((key, place), self.of_all.get(place, float("nan")))

    def amount(self, origin: Any) -> float:
        """What is a won deal of that origin typically worth?"""
        return self.typical.get(None if pd.isna(origin) else str(origin), self.of_any)


def read_worth(warehouse: Warehouse) -> Worth:
    """Chances of being won and typical amounts, from what is known of older leads.

    Notes
    -----
    The chance of a lead in a stage (or recycled) is that of the leads of its origin that came there
    (w of n were won), leaning on all of them (a share p was won):

        (w + 1/2) / (n + 1/(2 p))

    as if the origin had had half a win more, in as many leads as that takes among all: the mean of
    a beta posterior, the idea of `estimates.Shared`. Many leads hardly notice it, none have p. Only
    leads count that are old enough for the agreed share (`mature_from`) of all wins, and not older
    than the data.
    """
    by = "origin" if "origin" in warehouse.attributes() else None
    selection = select_leads(warehouse, period=None, by=by)
    curve = warehouse.query("metrics/entry_curve", as_of=warehouse.as_of, unit_seconds=86_400)
    last = len(warehouse.agreement.stages)
    counts = warehouse.query(
        "metrics/breaches_chances",
        created_from=max(first_days(warehouse)[last], selection.start),
        created_before=_mature_before(warehouse, curve.table, last),
        cohort_start=selection.start,
        cohort_end=selection.end,
        **selection.grouping,
    )
    amounts = warehouse.query("metrics/breaches_values")
    chances, by_origin, of_all = _chances(warehouse, counts.table, selection.minimum_group_size)
    values, typical, of_any = _values(amounts.table, selection.minimum_group_size)
    return Worth(chances, values, by_origin, of_all, typical, of_any, (curve, counts, amounts))


def _mature_before(warehouse: Warehouse, curve: pd.DataFrame, last: int) -> datetime:
    """Leads created before this instant have made the agreed share of the wins they will make."""
    won = entry_curves(curve).get(last)
    if won is None or not won["events"].sum():
        return warehouse.as_of
    share = (1 - won["survival"]) / (1 - won["survival"].iloc[-1])
    wanted = warehouse.agreement.maturity.mature_from
    days = float(won.loc[share >= wanted - _WHOLE, "time"].iloc[0])
    return warehouse.as_of - timedelta(days=days)


def _chances(
    warehouse: Warehouse, found: pd.DataFrame, smallest: int
) -> tuple[pd.DataFrame, dict[tuple[str | None, int], float], dict[int, float]]:
    """The chances as a table, by origin and position, and of all leads by position."""
    counted = ["won_leads", "leads"]
    named = found.assign(
        segment=found["segment"].astype(object).where(found["segment"].notna(), None),
        is_folded=found["is_folded"].astype(bool),
    )
    keys = ["segment", "is_folded", "segment_leads", "position"]
    groups = named.groupby(keys, dropna=False, as_index=False)[counted].sum()
    whole = groups.groupby("position")[counted].sum()
    groups["all_won_leads"] = groups["position"].map(whole["won_leads"]).astype("int64")
    groups["all_leads"] = groups["position"].map(whole["leads"]).astype("int64")
    share = (groups["all_won_leads"] / groups["all_leads"]).where(groups["all_won_leads"] > 0)
    leaned = (groups["won_leads"] + _PRIOR_WINS) / (groups["leads"] + _PRIOR_WINS / share)
    is_hidden = groups["is_folded"] & (groups["segment_leads"] < smallest)
    groups["chance_to_win"] = leaned.mask(is_hidden, share)
    by_group = {
        (_key(row["segment"]), bool(row["is_folded"]), int(row["position"])): row["chance_to_win"]
        for _, row in groups.iterrows()
    }
    by_origin = {
        (_key(row["value"]), int(row["position"])): float(
            by_group[_key(row["segment"]), bool(row["is_folded"]), int(row["position"])]
        )
        for _, row in named.iterrows()
    }
    of_all = {
        int(str(position)): float(row["won_leads"] / row["leads"])
        if row["won_leads"]
        else float("nan")
        for position, row in whole.iterrows()
    }
    stages = {0: RECYCLED, **dict(enumerate(warehouse.agreement.stage_names, 1))}
    shown = arranged(
        groups.assign(state=groups["position"].map(stages)),
        counts=counted,
        shares=["chance_to_win"],
        minimum_group_size=smallest,
    ).rename(columns={"segment": "origin"})
    return shown[_CHANCES], by_origin, of_all


def _key(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def _values(
    found: pd.DataFrame, smallest: int
) -> tuple[pd.DataFrame, dict[str | None, float], float]:
    """The median won amount of all deals, and of each origin with enough of them."""
    rows: list[dict[str, Any]] = []
    typical: dict[str | None, float] = {}
    of_any = _median(found)
    for origin, part in found.groupby("origin", dropna=False):
        deals = int(part["deals"].sum())
        if deals < max(_FEWEST_DEALS, smallest):
            continue
        typical[_key(origin)] = _median(part)
        rows.append(
            {
                "basis": "origin",
                "origin": _key(origin),
                "deals": deals,
                "median_amount": typical[_key(origin)],
            }
        )
    whole = {
        "basis": "all",
        "origin": None,
        "deals": int(found["deals"].sum()),
        "median_amount": of_any,
    }
    return pd.DataFrame([whole, *rows], columns=_VALUES), typical, of_any


def _median(amounts: pd.DataFrame) -> float:
    each = np.repeat(amounts["amount"].to_numpy(float), amounts["deals"].to_numpy("int64"))
    return float(np.median(each)) if len(each) else float("nan")
