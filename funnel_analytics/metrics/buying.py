"""Who is on the buying side of a deal, in which role, and how deals with more contacts went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.estimates import (
    chi_square_tail,
    kaplan_meier,
    normal_quantile,
    quantile_of,
    wilson,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, Selection, arranged, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["LANDMARK_DAYS", "OUTCOMES", "buying_groups"]

OUTCOMES = ("won", "lost", "open")
"""What became of a deal, in the order in which it is shown."""

LANDMARK_DAYS = 30
"""After how many days the contacts are counted where time must not count for them."""

_DAY = 86_400
_MOST = 4
_CONFIDENCE = 0.95
_GROUP = ["segment", "is_folded"]
_SHARES = {"multi_contact": "multi_contact_deals", "role": "role_deals", "enough": "enough_deals"}
_COUNTS = ["deals", *_SHARES.values(), "valued_deals", "timed_deals", "second_contact_deals"]
_MEASURES = ["mean_contacts", "median_contacts", "median_value", "median_days_to_second"]
_LIMITS = [f"{name}_{end}" for name in _SHARES for end in ("share", "low", "high")]
_ROW = [
    *_GROUP,
    "outcome",
    "deals",
    "mean_contacts",
    "median_contacts",
    *(
        each
        for name, count in _SHARES.items()
        for each in (count, f"{name}_share", f"{name}_low", f"{name}_high")
    ),
    "valued_deals",
    "median_value",
    "timed_deals",
    "second_contact_deals",
    "median_days_to_second",
]
_BY_COUNTS = ["deals", "won_deals", "lost_deals", "open_deals", "decided_deals", "valued_deals"]
_BY_SHARES = ["win_rate", "win_low", "win_high", "median_value"]
_BY_ROW = [*_GROUP, "view", "contacts", "is_or_more", *_BY_COUNTS[:5], *_BY_SHARES[:3],
           "valued_deals", "median_value"]  # fmt: skip


@dataclass(frozen=True)
class _Asked:
    """What the agreement asks of a buying group; nothing, where it does not say."""

    least: int | None = None
    roles: Sequence[str] = ()


def buying_groups(
    warehouse: Warehouse, *, period: Period | None = None, by: By | None = None
) -> Result:
    """How many people are on the buying side of won, lost and open deals, and in which roles?

    Parameters
    ----------
    warehouse
        An open warehouse.
    period
        The days on which the deals were created; all days with leads if none are given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split the deals by, or a pair of
        them: then `second_segment` stands beside `segment`. A deal has that of its lead; deals
        without a lead are with those without a value.

    Returns
    -------
    Result
        One row per segment and outcome (`won`, `lost`, `open`).

        `deals` have `mean_contacts` and `median_contacts` people on them; one person counts once
        per deal, in however many rows of the exports, and a deal without any counts with 0.
        `multi_contact_deals` have two or more, `role_deals` somebody in one of the agreement's
        `decision_roles`, `enough_deals` its `minimum_contacts`; each with its share of the deals
        and a 95 % interval (`multi_contact_share`, `multi_contact_low`, …). What the agreement
        does not say is missing. `median_value` is that of the `valued_deals`.

        `median_days_to_second`: after so many days since their creation half of the `timed_deals`
        had a second contact; deals still without one count until they closed, or `as_of`, and it
        is missing where fewer than half had one. `second_contact_deals` had it by then. Deals with
        a contact of whom nobody knows since when are not timed.

        `part("roles")`: per segment, outcome and `role` the `deals` with it, their share of
        `of_deals` and its interval; a missing role is that of people for whom none is stated.

        `part("by_contacts")`: per segment, `view` and number of `contacts` (4 stands for four and
        more, `is_or_more`) the deals, how they ended, and the `win_rate` of the decided ones. Deals
        that stay open longer gather more contacts, so the view `"all"` may show a difference that
        contacts do not make. The view `"landmark"` has the deals that were still open 30 days after
        their creation, by the contacts known then.

        `part("trend")`: per view, does the win rate rise or fall with the contacts? `slope` is the
        difference per further contact (four and more count as 4) with its interval; deals are
        compared within the groups of the split, and within the segments of their companies where
        these are known (`strata`), since larger ones have more contacts and win otherwise.
        `p_value` is missing where nothing can be compared.

        Groups with fewer deals than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest group
        joins them. Where there is no other group, the numbers are missing. Notes: `folded_deals`,
        `deals_without_creation`, `deals_without_outcome`, `undated_contacts` (deals),
        `deals_without_contact`.

    Raises
    ------
    CallError
        The period begins after the data end, or leads have no attribute `by`.
    MissingTableError
        No deals or no contacts on them were loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Intervals of shares: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. Days: the product-limit
    estimate of Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481. Landmark: Anderson, Cain &
    Gelber (1983), J. Clin. Oncol. 1, 710-719. Trend: Mantel (1963), J. Am. Stat. Assoc. 58,
    690-700.
    """
    warehouse.require("lead", "deal", "deal_contact", metric="buying_groups")
    selection = select_leads(warehouse, period=period, by=by)
    span = {
        "period_start": selection.start,
        "period_end": selection.end,
        "timezone": warehouse.timezone,
        **selection.grouping,
    }
    answer = warehouse.query(
        "metrics/buying_groups",
        as_of=warehouse.as_of,
        landmark_seconds=LANDMARK_DAYS * _DAY,
        **span,
    )
    stated = warehouse.query("metrics/buying_roles", **span)
    without_creation = warehouse.query("metrics/deals_without_creation")
    agreed = warehouse.agreement.buying_group
    asked = _Asked() if agreed is None else _Asked(agreed.minimum_contacts, agreed.decision_roles)
    deals = _known(answer.table, stated.table, asked.roles)
    smallest = selection.minimum_group_size
    table = _by_outcome(deals, asked, selection)
    by_contacts = _by_contacts(deals)
    roles = _roles(deals, stated.table)

    def shown(found: pd.DataFrame, counts: Sequence[str], shares: Sequence[str]) -> pd.DataFrame:
        ordered = arranged(found, counts=counts, shares=shares, minimum_group_size=smallest)
        return selection.spread(ordered.drop(columns="segment_leads"))

    currency = warehouse.agreement.currency
    return warehouse.result(
        "buying_groups",
        grain="one row per segment and outcome of deals",
        units={
            **dict.fromkeys(_COUNTS, "deals"),
            **dict.fromkeys(_LIMITS, "share"),
            **dict.fromkeys(["mean_contacts", "median_contacts"], "people"),
            "median_value": currency,
            "median_days_to_second": "days",
        },
        definition=(
            "People on the buying side of the deals created in the period, each once per deal, by "
            "what became of the deal."
        ),
        answers=[answer, stated, without_creation],
        table=shown(table, _COUNTS, [*_LIMITS, *_MEASURES]),
        parameters={
            **selection.parameters("period"),
            "landmark_days": LANDMARK_DAYS,
            "minimum_contacts": asked.least,
            "decision_roles": list(asked.roles),
            "currency": currency,
        },
        parts={
            "roles": shown(roles, ["deals", "of_deals"], ["share", "low", "high"]),
            "by_contacts": shown(by_contacts, _BY_COUNTS, _BY_SHARES),
            "trend": _trend(deals[_enough(deals, smallest)]),
        },
        notes=_notes(answer.table, deals, int(without_creation.table["deals"].iloc[0]), smallest),
    )


def _known(found: pd.DataFrame, stated: pd.DataFrame, decisive: Sequence[str]) -> pd.DataFrame:
    """The deals whose outcome is known, with whether somebody decides, and a number per group."""
    table = found[found["outcome"].notna()].reset_index(drop=True)
    deciding = set(stated.loc[stated["role"].isin(list(decisive)), "deal_no"])
    table["has_decider"] = table["deal_no"].isin(deciding)
    table["group"] = table.groupby(_GROUP, dropna=False).ngroup()
    return table


def _by_outcome(deals: pd.DataFrame, asked: _Asked, selection: Selection) -> pd.DataFrame:
    groups = deals.drop_duplicates("group")[["group", *_GROUP, "segment_leads"]]
    if groups.empty and selection.by is None:
        groups = pd.DataFrame(
            {"group": [0], "segment": [None], "is_folded": [False], "segment_leads": [0]}
        )
    rows = [
        {**group, "outcome": outcome, **_measured(_of(deals, group["group"], outcome), asked)}
        for group in groups.to_dict("records")
        for outcome in OUTCOMES
    ]
    table = pd.DataFrame(rows, columns=["group", "segment_leads", *_ROW])
    for name, column in _SHARES.items():
        table[f"{name}_share"], table[f"{name}_low"], table[f"{name}_high"] = _shares(
            table[column], table["deals"]
        )
    return table[["segment_leads", *_ROW]]


def _of(deals: pd.DataFrame, group: Any, outcome: str) -> pd.DataFrame:
    return deals[(deals["group"] == group) & (deals["outcome"] == outcome)]


def _measured(rows: pd.DataFrame, asked: _Asked) -> dict[str, Any]:
    timed = rows[rows["undated_contacts"] == 0]
    second = timed["has_second"].astype("int64")
    curve = kaplan_meier(timed["seconds"], second, 1 - second)
    return {
        "deals": len(rows),
        "mean_contacts": rows["contacts"].mean(),
        "median_contacts": rows["contacts"].median(),
        "multi_contact_deals": int((rows["contacts"] >= 2).sum()),
        "role_deals": int(rows["has_decider"].sum()) if asked.roles else None,
        "enough_deals": int((rows["contacts"] >= asked.least).sum()) if asked.least else None,
        "valued_deals": int(rows["amount"].notna().sum()),
        "median_value": rows["amount"].median(),
        "timed_deals": len(timed),
        "second_contact_deals": int(second.sum()),
        "median_days_to_second": quantile_of(curve, 0.5) / _DAY,
    }


def _shares(part: pd.Series, whole: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Shares with their intervals; of an unknown part, or of nothing, missing."""
    known = part.notna() & (whole > 0)
    share, low, high = (pd.Series(np.nan, index=part.index) for _ in range(3))
    counts, of = part[known].astype("int64"), whole[known].astype("int64")
    share[known] = counts / of
    low[known], high[known] = wilson(counts, of)
    return share, low, high


def _roles(deals: pd.DataFrame, stated: pd.DataFrame) -> pd.DataFrame:
    """Deals by outcome and role; a role that no deal of a group has is no row."""
    unit = ["group", "outcome"]
    table = stated.merge(deals, on="deal_no")
    counts = table.groupby([*unit, "role"], dropna=False).size().reset_index(name="deals")
    of = deals.groupby(unit).size().reset_index(name="of_deals")
    groups = deals.drop_duplicates("group")[["group", *_GROUP, "segment_leads"]]
    found = counts.merge(of, on=unit).merge(groups, on="group")
    found["role"] = found["role"].astype(object).where(found["role"].notna(), None)
    found["share"], found["low"], found["high"] = _shares(found["deals"], found["of_deals"])
    place = found["outcome"].map({name: number for number, name in enumerate(OUTCOMES)})
    totals = found.groupby("role", dropna=False)["deals"].transform("sum")
    found = found.assign(_place=place, _all=-totals).sort_values(
        ["_place", "_all", "role"], kind="stable", na_position="last"
    )
    return found[
        ["segment_leads", *_GROUP, "outcome", "role", "deals", "of_deals", "share", "low", "high"]
    ]


def _views(deals: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """All deals by all of their contacts; those of the landmark by the ones they had by then."""
    early = deals[deals["is_landmark"] & (deals["undated_contacts"] == 0)]
    views = [("all", deals, "contacts"), ("landmark", early, "early_contacts")]
    return [
        (name, rows.assign(known=rows[column].clip(upper=_MOST))) for name, rows, column in views
    ]


def _by_contacts(deals: pd.DataFrame) -> pd.DataFrame:
    found = []
    for view, rows in _views(deals):
        for _, part in rows.groupby(["group", "known"]):
            first = part.iloc[0]
            contacts = int(first["known"])
            ended = {f"{name}_deals": int((part["outcome"] == name).sum()) for name in OUTCOMES}
            found.append(
                {
                    "group": first["group"],
                    **first[[*_GROUP, "segment_leads"]],
                    "view": view,
                    "contacts": contacts,
                    "is_or_more": contacts == _MOST,
                    "deals": len(part),
                    **ended,
                    "decided_deals": ended["won_deals"] + ended["lost_deals"],
                    "valued_deals": int(part["amount"].notna().sum()),
                    "median_value": part["amount"].median(),
                }
            )
    table = pd.DataFrame(found, columns=["segment_leads", *_BY_ROW])
    table["win_rate"], table["win_low"], table["win_high"] = _shares(
        table["won_deals"], table["decided_deals"]
    )
    return table


def _enough(deals: pd.DataFrame, smallest: int) -> pd.Series:
    """Which deals are not of a folded group that is too small to be told of?"""
    return ~deals["is_folded"].astype(bool) | (deals["segment_leads"] >= smallest)


def _trend(deals: pd.DataFrame) -> pd.DataFrame:
    """Does the win rate of decided deals change with their contacts, within groups and segments?"""
    return pd.DataFrame([{"view": view, **_sloped(rows)} for view, rows in _views(deals)])


def _sloped(rows: pd.DataFrame) -> dict[str, Any]:
    decided = rows[rows["outcome"] != "open"]
    apart = spread = variance = 0.0
    strata = decided.groupby(["group", "stratum"], dropna=False)
    for _, group in strata:
        if len(group) < 2:
            continue
        contacts = group["known"].to_numpy(float)
        won = (group["outcome"] == "won").to_numpy(float)
        of_group = float(((contacts - contacts.mean()) ** 2).sum())
        apart += float(((contacts - contacts.mean()) * (won - won.mean())).sum())
        spread += of_group
        variance += of_group * won.var() * len(won) / (len(won) - 1)
    is_told = variance > 0
    slope = apart / spread if spread > 0 else np.nan
    error = normal_quantile(_CONFIDENCE) * np.sqrt(variance) / spread if is_told else np.nan
    statistic = apart**2 / variance if is_told else np.nan
    return {
        "deals": len(decided),
        "strata": strata.ngroups,
        "slope": slope,
        "low": slope - error,
        "high": slope + error,
        "statistic": statistic,
        "p_value": chi_square_tail(statistic, 1) if is_told else np.nan,
    }


def _notes(
    found: pd.DataFrame, deals: pd.DataFrame, without_creation: int, smallest: int
) -> list[Note]:
    told = _enough(found, smallest)
    deals = deals[_enough(deals, smallest)]
    counts = {
        "deals_without_creation": without_creation,
        "deals_without_outcome": int((found["outcome"].isna() & told).sum()),
        "deals_without_contact": int((deals["contacts"] == 0).sum()),
        "undated_contacts": int((deals["undated_contacts"] > 0).sum()),
    }
    notes = [Note(code, {"deals": count}) for code, count in counts.items() if count]
    folded = found[found["is_folded"].astype(bool)]
    if len(folded):
        count = int(folded["segment_leads"].iloc[0])
        merged = int(folded["merged_groups"].iloc[0])
        notes.append(
            Note("folded_deals", {"groups": merged, "deals": count if count >= smallest else None})
        )
    return notes
