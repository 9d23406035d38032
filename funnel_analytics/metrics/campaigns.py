"""What short and long campaigns brought so far, and which of them are not finished."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import entry_curves, first_days, share_entered
from funnel_analytics.estimates import wilson
from funnel_analytics.periods import Period, to_local
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import arranged, excluded_leads, folded_note, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["KINDS", "LONG_DAYS", "campaign_runs"]

KINDS = ("short_term", "long_term")
"""What a campaign is for: leads now, or demand later."""

LONG_DAYS = 92
"""A campaign without a stated objective is a long one if it runs for more days than this."""

_MONTH = 365.25 / 12
_A_DAY = timedelta(days=1)
_COUNTS = ["leads", "planned_leads", "won_leads"]
_SHARES = ["budget", "plan_share", "win_rate", "win_low", "win_high", "maturity"]
_ROW = ["campaign", "is_folded", "name", "channel", "kind", "kind_by", "started_on", "ended_on",
        "months_since_start", "is_finished", "budget", "planned_leads", "leads", "plan_share",
        "won_leads", "win_rate", "win_low", "win_high", "maturity", "is_mature",
        "is_left_truncated", "is_compared"]  # fmt: skip
_KIND_ROW = ["kind", "is_finished", "campaigns", "budget", "planned_campaigns", "planned_leads",
             "planned_campaign_leads", "plan_share", "leads", "won_leads", "win_rate", "win_low",
             "win_high", "compared_campaigns", "compared_leads", "compared_won_leads",
             "compared_rate", "compared_low", "compared_high"]  # fmt: skip


def campaign_runs(warehouse: Warehouse, *, cohort: Period | None = None) -> Result:
    """What have short and long campaigns brought so far?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given. They are followed up
        to `warehouse.as_of`.

    Returns
    -------
    Result
        One row per campaign that was listed or brought leads, the latest start first.

        `kind` is its objective, `short_term` or `long_term` (`kind_by` `"objective"`); without one
        of these, a campaign is long if it runs for more than 92 days, to `as_of` if no end is
        stated (`"duration"`), and of no kind where no start is. `is_finished` once its last day is
        over by `as_of`; without a last day it goes on. `months_since_start` up to `as_of`.
        `budget` (in the agreement's currency) and `planned_leads` are the plan, `leads` those that
        name the campaign as theirs, `plan_share` their number over the planned one, missing where
        days of the campaign so far lie outside of the cohort.

        `won_leads` had reached the last stage, `win_rate` is their share of the leads with its
        95 % interval. `maturity` is the share of their eventual wins that leads of this age have
        behind them; `is_mature` compares it with the agreement. `is_left_truncated` marks leads
        from before the data can hold entries up to the last stage. `is_compared`: finished, mature,
        not truncated. A long campaign that still runs has only its early leads, most of them
        young: it is not compared with short ones.

        `part("stages")`: per campaign and stage the `reached_leads` (the stage or a later one) of
        its leads, with `reached_rate` and interval. `part("kinds")`: the same sums per kind and
        `is_finished`; `compared_…` are those of the campaigns that can be compared.

        Campaigns with fewer leads than the agreement's `minimum_group_size` are one row,
        `"other_groups"` with `is_folded` and without kind; where they are too few together, the
        next smallest joins them. Where there is no other, the numbers are missing. Notes:
        `excluded`, `folded`, `leads_without_campaign`.

    Raises
    ------
    CallError
        The cohort begins after the data end.
    MissingTableError
        No stage history or no campaigns were loaded, or no lead names a campaign.

    Notes
    -----
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. Maturity as in `stage_conversion`.
    """
    warehouse.require("lead", "stage_event", "campaign", metric="campaign_runs")
    selection = select_leads(warehouse, period=cohort, by="campaign")
    span = {"cohort_start": selection.start, "cohort_end": selection.end}
    counts = warehouse.query("metrics/campaign_runs", **span, **selection.grouping)
    listed = warehouse.query("metrics/campaigns_listed")
    curve = warehouse.query("metrics/entry_curve", as_of=warehouse.as_of, unit_seconds=86_400)
    ages = warehouse.query("metrics/cohort_ages", by=selection.by, as_of=warehouse.as_of, **span)
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    found = counts.table
    named = found[found["segment"].notna()]
    last = len(warehouse.agreement.stages)
    table = _with_plan(named, listed.table, folded=bool(named["is_folded"].any()))
    today = to_local(warehouse.as_of, warehouse.timezone).date()
    table = _dated(table, today, cohort)
    curves = entry_curves(curve.table)
    shares = [_maturity(curves, last, row, ages.table, table) for _, row in table.iterrows()]
    table["maturity"] = pd.Series(shares, index=table.index, dtype="float64")
    table["won_leads"] = table[f"reached_{last}"]
    starts = first_days(warehouse)[last]
    table["is_left_truncated"] = [
        bool(pd.notna(each) and each < starts) for each in table["first_created_at"]
    ]
    table["win_rate"], table["win_low"], table["win_high"] = _rate(
        table["won_leads"], table["leads"]
    )
    smallest = selection.minimum_group_size
    reached = [f"reached_{position}" for position in range(1, last + 1)]
    table = arranged(
        table, counts=[*_COUNTS, *reached], shares=_SHARES, minimum_group_size=smallest
    )
    table["is_mature"] = table["maturity"] >= warehouse.agreement.maturity.mature_from
    table["is_compared"] = (
        table["is_finished"].eq(True).fillna(False).astype(bool)
        & table["is_mature"]
        & ~table["is_left_truncated"]
        & ~table["is_folded"]
    )
    table = table.rename(columns={"segment": "campaign"})
    table = table.assign(_last=table["is_folded"], _late=table["started_on"].isna()).sort_values(
        ["_last", "_late", "started_on", "campaign"],
        ascending=[True, True, False, True],
        kind="stable",
    )
    without = int(found.loc[found["segment"].isna(), "leads"].sum())
    currency = warehouse.agreement.currency
    return warehouse.result(
        "campaign_runs",
        grain="one row per campaign",
        units={
            **dict.fromkeys(_COUNTS, "leads"),
            "budget": currency,
            "months_since_start": "months",
            "plan_share": "leads / planned leads",
            **dict.fromkeys(_SHARES[2:], "share"),
        },
        definition=(
            "Leads by the campaign that they name, and which of them had reached the last stage; "
            "campaigns that still run are not compared."
        ),
        answers=[counts, listed, curve, ages, excluded],
        table=table[_ROW],
        parameters={**selection.parameters("cohort"), "currency": currency},
        parts={
            "stages": _stages(table, warehouse.agreement.stage_names),
            "kinds": _kinds(table),
        },
        notes=[
            note,
            *folded_note(found, minimum_group_size=smallest),
            *([Note("leads_without_campaign", {"leads": without})] if without else []),
        ],
    )


def _with_plan(named: pd.DataFrame, listed: pd.DataFrame, *, folded: bool) -> pd.DataFrame:
    """The campaigns that brought leads and those that were listed, unless they may be folded."""
    plan = listed.rename(columns={"campaign": "segment"})
    table = named.merge(plan, on="segment", how="left" if folded else "outer")
    counts = [each for each in table.columns if each == "leads" or each.startswith("reached_")]
    table[counts] = table[counts].fillna(0).astype("int64")
    table["is_folded"] = table["is_folded"].fillna(False).astype(bool)
    table["segment_leads"] = table["segment_leads"].fillna(np.inf)
    for column in ("name", "channel", "objective"):
        table[column] = table[column].astype(object).where(table[column].notna(), None)
    table["planned_leads"] = table["planned_leads"].astype("Int64")
    return table


def _dated(table: pd.DataFrame, today: date, cohort: Period | None) -> pd.DataFrame:
    """What the days of each campaign tell: its kind, whether it is over, how long ago it began."""
    rows = [_kind(row, today) for _, row in table.iterrows()]
    dated = table.assign(
        kind=pd.Series([kind for kind, _ in rows], table.index, dtype=object),
        kind_by=pd.Series([by for _, by in rows], table.index, dtype=object),
    )
    starts, ends = ([_day(each) for each in table[name]] for name in ("started_on", "ended_on"))
    is_known = table["name"].notna() | table["started_on"].notna() | table["ended_on"].notna()
    dated["is_finished"] = pd.array(
        [
            None if not known else bool(end is not None and end < today)
            for known, end in zip(is_known, ends, strict=True)
        ],
        dtype="boolean",
    )
    dated["months_since_start"] = pd.Series(
        [np.nan if day is None else max((today - day).days, 0) / _MONTH for day in starts],
        table.index,
        dtype="float64",
    )
    whole = [
        cohort is None
        or (
            start is not None
            and start >= cohort.start
            and (today if end is None else min(end + _A_DAY, today)) <= cohort.end
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    share = table["leads"] / table["planned_leads"].astype("float64").replace(0, np.nan)
    dated["plan_share"] = share.where(pd.Series(whole, table.index))
    return dated


def _kind(row: Any, today: date) -> tuple[str | None, str | None]:
    if row["objective"] in KINDS:
        return str(row["objective"]), "objective"
    start, end = _day(row["started_on"]), _day(row["ended_on"])
    if start is None or (end is None and (today - start).days <= LONG_DAYS):
        return None, None
    days = ((end or today) - start).days
    return KINDS[int(days > LONG_DAYS)], "duration"


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _maturity(curves: Any, last: int, row: Any, ages: pd.DataFrame, table: pd.DataFrame) -> float:
    """Of the eventual wins of a campaign's leads, the share that is expected by now."""
    if row["is_folded"]:
        shown = set(table.loc[~table["is_folded"], "segment"])
        leads = ages[ages["value"].notna() & ~ages["value"].isin(shown)]
    else:
        leads = ages[ages["value"] == row["segment"]]
    return share_entered(curves, last, ages=leads["age_days"], leads=leads["leads"])


def _rate(part: pd.Series, of: pd.Series) -> tuple[pd.Series, pd.Series, pd.Series]:
    """A share with its interval; of nothing, missing."""
    counts, whole = (each.astype("float64").fillna(0) for each in (part, of))
    low, high = wilson(counts, whole)
    share = counts / whole.where(whole > 0)
    return share, pd.Series(low, part.index), pd.Series(high, part.index)


def _stages(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The leads of each campaign that had reached each stage."""
    parts = []
    for position, stage in enumerate(names, 1):
        part = table[["campaign", "is_folded", "leads"]].assign(position=position, stage=stage)
        part["reached_leads"] = table[f"reached_{position}"]
        part["reached_rate"], part["reached_low"], part["reached_high"] = _rate(
            part["reached_leads"], part["leads"]
        )
        hidden = part["leads"].isna()
        rates = ["reached_rate", "reached_low", "reached_high"]
        part[rates] = part[rates].mask(hidden)
        parts.append(part.assign(_row=range(len(part))))
    whole = pd.concat(parts).sort_values(["_row", "position"], kind="stable")
    return whole.drop(columns="_row").reset_index(drop=True)


def _kinds(table: pd.DataFrame) -> pd.DataFrame:
    """The sums of each kind, finished and not; folded campaigns are of no kind."""
    known = table[table["kind"].notna() & table["is_finished"].notna()]
    rows = []
    for kind in KINDS:
        for is_finished in (True, False):
            here = known[(known["kind"] == kind) & (known["is_finished"] == is_finished)]
            if here.empty:
                continue
            planned = here[here["plan_share"].notna()]
            compared = here[here["is_compared"]]
            rows.append(
                {
                    "kind": kind,
                    "is_finished": is_finished,
                    "campaigns": len(here),
                    "budget": here["budget"].sum(min_count=1),
                    "planned_campaigns": len(planned),
                    "planned_leads": planned["planned_leads"].sum(),
                    "planned_campaign_leads": planned["leads"].sum(),
                    "leads": here["leads"].sum(),
                    "won_leads": here["won_leads"].sum(),
                    "compared_campaigns": len(compared),
                    "compared_leads": compared["leads"].sum(),
                    "compared_won_leads": compared["won_leads"].sum(),
                }
            )
    counts = [each for each in _KIND_ROW if each.endswith(("leads", "campaigns"))]
    sums = pd.DataFrame(rows, columns=_KIND_ROW).astype(dict.fromkeys(counts, "int64"))
    planned_leads = sums["planned_leads"].astype("float64")
    sums["plan_share"] = sums["planned_campaign_leads"] / planned_leads.where(planned_leads > 0)
    sums["win_rate"], sums["win_low"], sums["win_high"] = _rate(sums["won_leads"], sums["leads"])
    sums["compared_rate"], sums["compared_low"], sums["compared_high"] = _rate(
        sums["compared_won_leads"], sums["compared_leads"]
    )
    return sums
