"""At which stage leads begin, and how often they are won from there."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import first_days
from funnel_analytics.estimates import (
    cumulative_incidence,
    incidence_quantile,
    incidence_quantile_interval,
    wilson,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import (
    By,
    arranged,
    excluded_leads,
    folded_note,
    select_leads,
    snapshot_entries,
)
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["entry_points"]

_GROUP = ["segment", "is_folded"]
_ENTRY_COUNTS = ["leads", "unrecorded_leads", "judged_leads", "won_leads"]
_ENTRY_SHARES = ["leads_share", "leads_low", "leads_high", "win_rate", "win_low", "win_high",
                 "median_days", "median_low_days", "median_high_days"]  # fmt: skip
_ENTRY = ["leads", "leads_share", "leads_low", "leads_high", "unrecorded_leads", "judged_leads",
          "won_leads", "win_rate", "win_low", "win_high", "median_days", "median_low_days",
          "median_high_days", "is_left_truncated"]  # fmt: skip


def entry_points(
    warehouse: Warehouse, *, cohort: Period | None = None, by: By | None = None
) -> Result:
    """At which stage did leads begin, and how often were they won from there?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them.

    Returns
    -------
    Result
        One row per segment and stage in which a lead of it began.

        A lead began in the stage of its first recorded entry, if that was made at its creation
        (within an hour of it; on the same day, where only the day of the creation is known).
        Any other lead began in the first stage, as the agreement says, and so does one whose first
        entry is a win: an entry that comes later is a step, not a beginning, or leads would seem to
        do better for having got there.
        `unrecorded_leads` are those without an entry at their creation. `is_late` where the stage
        is not the first. `leads_share` is the share of the segment's leads, with its 95 % interval.

        `judged_leads` are old enough: at their age the agreed share of all eventual wins has come.
        `won_leads` of them were won by `as_of`; `win_rate` is their share, with its interval.
        `median_days` is the time from creation to the win of the judged leads that win
        (`median_low_days`, `median_high_days`: its interval), with open ones counted for as long as
        they were watched; missing where nobody won. `is_left_truncated` marks leads from before
        the data can hold entries up to the last stage.

        `part("early_late")` has the same for the first stage (`is_late` false) and all later ones.
        `part("first_recorded")` counts the `leads` by the stage of their first recorded entry,
        whenever that was, with the share of those that have one; no rate belongs to it.

        Groups with fewer leads in the cohort than the agreement's `minimum_group_size` are one
        segment, `"other_groups"` with `is_folded`; where they are too few together, the next
        smallest group joins them. Where there is no other group, the numbers are missing. Notes:
        `excluded`, `folded`, `snapshot_entries`, `not_judged` (leads too young, and from which age
        in `days` on they are judged).

    Raises
    ------
    CallError
        The cohort begins after the data end, or leads have no attribute `by`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    The age is the first with I(age) >= agreed share of I(longest follow-up), where I is one minus
    the Kaplan-Meier estimate of the days from creation to the last stage over all leads. Median:
    with losses competing (Aalen & Johansen 1978, Scand. J. Stat. 5, 141-150). Intervals of shares:
    Wilson (1927), J. Am. Stat. Assoc. 22, 209-212; of days: Brookmeyer & Crowley (1982), Biometrics
    38, 29-41.
    """
    warehouse.require("lead", "stage_event", metric="entry_points")
    selection = select_leads(warehouse, period=cohort, by=by)
    last = len(warehouse.agreement.stages)
    curve = warehouse.query("metrics/entry_curve", as_of=warehouse.as_of, unit_seconds=86_400)
    days = _mature_days(curve, last, warehouse.agreement.maturity.mature_from)
    counts = warehouse.query(
        "metrics/entry_points",
        cohort_start=selection.start,
        cohort_end=selection.end,
        as_of=warehouse.as_of,
        mature_days=days,
        **selection.grouping,
    )
    bounds = {"created_from": selection.start, "created_before": selection.end}
    excluded, note = excluded_leads(warehouse, **bounds)
    compared, compared_notes = snapshot_entries(warehouse, **bounds)
    found = counts.table
    found["is_late"] = found["position"] > 1
    starts = first_days(warehouse)[last]
    smallest = selection.minimum_group_size

    def shown(keys: list[str]) -> pd.DataFrame:
        table = _entered(found, keys, starts)
        return named(table, _ENTRY_COUNTS, _ENTRY_SHARES, _ENTRY)

    def named(
        table: pd.DataFrame, counts: list[str], shares: list[str], columns: list[str]
    ) -> pd.DataFrame:
        ordered = arranged(table, counts=counts, shares=shares, minimum_group_size=smallest)
        if "position" in ordered.columns:
            names = dict(enumerate(warehouse.agreement.stage_names, 1))
            ordered["stage"] = ordered["position"].map(names)
        keys = [each for each in ("position", "stage", "is_late") if each in ordered.columns]
        return selection.spread(ordered[[*_GROUP, *keys, *columns]])

    young = int(found["leads"].sum() - found.loc[found["is_mature"], "leads"].sum())
    return warehouse.result(
        "entry_points",
        grain="one row per segment and stage in which leads began",
        units={
            **dict.fromkeys(_ENTRY_COUNTS, "leads"),
            **dict.fromkeys(_ENTRY_SHARES[:6], "share"),
            **dict.fromkeys(_ENTRY_SHARES[6:], "days"),
        },
        definition=(
            "Leads by the stage of their first recorded entry, if it was made at their creation, "
            "else the first stage; the win rate is that of leads old enough to be judged."
        ),
        answers=[counts, curve, excluded, *compared],
        table=shown(["position", "is_late"]),
        parameters=selection.parameters("cohort"),
        parts={
            "early_late": shown(["is_late"]),
            "first_recorded": named(
                _recorded(found), ["leads"], _ENTRY_SHARES[:3], ["leads", *_ENTRY_SHARES[:3]]
            ),
        },
        notes=[
            note,
            *compared_notes,
            *folded_note(found, minimum_group_size=smallest),
            *([Note("not_judged", {"leads": young, "days": days})] if young else []),
        ],
    )


def _mature_days(curve: Answer, last: int, share: float) -> float | None:
    """From which age on has a lead seen the agreed share of the eventual wins? None: nobody won."""
    rows = curve.table[curve.table["position"] == last]
    won = cumulative_incidence(
        rows["age"], rows["entered_leads"], 0 * rows["entered_leads"], rows["waiting_leads"]
    )
    days = incidence_quantile(won, share) if rows["entered_leads"].sum() else np.nan
    return None if np.isnan(days) else float(days)


def _entered(found: pd.DataFrame, keys: list[str], starts: datetime) -> pd.DataFrame:
    """The counts of each segment and beginning, with rates and days of the leads to be judged."""
    rows = []
    for values, group in found.groupby([*_GROUP, *keys], dropna=False, sort=True):
        judged = group[group["is_mature"]]
        still = judged["leads"] - judged["won_leads"] - judged["ended_leads"]
        curve = cumulative_incidence(
            judged["day"], judged["won_leads"], judged["ended_leads"], still
        )
        low, high = incidence_quantile_interval(curve, 0.5) if len(curve) else (np.nan, np.nan)
        rows.append(
            {
                **dict(zip([*_GROUP, *keys], values, strict=True)),
                "segment_leads": group["segment_leads"].iloc[0],
                "leads": group["leads"].sum(),
                "unrecorded_leads": group["unrecorded_leads"].sum(),
                "judged_leads": judged["leads"].sum(),
                "won_leads": judged["won_leads"].sum(),
                "median_days": incidence_quantile(curve, 0.5) if len(curve) else np.nan,
                "median_low_days": low,
                "median_high_days": high,
                "is_left_truncated": bool(group["first_created_at"].min() < starts),
            }
        )
    columns = [*_GROUP, *keys, "segment_leads", *_ENTRY]
    table = pd.DataFrame(rows, columns=columns).reset_index(drop=True)
    counts = dict.fromkeys(_ENTRY_COUNTS, "int64")
    table = table.astype(counts)
    table["win_rate"], table["win_low"], table["win_high"] = _rate(
        table["won_leads"], table["judged_leads"]
    )
    return _with_shares(table)


def _recorded(found: pd.DataFrame) -> pd.DataFrame:
    """Leads by the stage of their first recorded entry; leads without any are in none."""
    known = found[found["first_position"].notna()]
    table = known.groupby([*_GROUP, "first_position"], dropna=False, as_index=False).agg(
        leads=("leads", "sum"), segment_leads=("segment_leads", "first")
    )
    table["position"] = table["first_position"].astype("int64")
    return _with_shares(table.astype({"leads": "int64"}))


def _with_shares(table: pd.DataFrame) -> pd.DataFrame:
    """Each row with its share of the leads of its segment."""
    unit = table.groupby(_GROUP, dropna=False)["leads"].transform("sum").astype("int64")
    table["leads_share"], table["leads_low"], table["leads_high"] = _rate(table["leads"], unit)
    return table


def _rate(part: pd.Series, of: pd.Series) -> tuple[pd.Series, ...]:
    """A share with its interval; of nothing, missing."""
    low, high = wilson(part, of)
    return part / of.where(of > 0), pd.Series(low, part.index), pd.Series(high, part.index)
