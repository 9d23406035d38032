"""Tables of own activities and of campaigns."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import maturity_remark, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    campaign_kind,
    campaign_label,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = ["activity_levels", "campaign_runs"]


def activity_levels(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many own activities do leads see in a stage? One row per stage and outcome."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table
    rows = rows[rows["stays"] > 0].reset_index(drop=True)
    if rows.empty:
        return Notice(f"{words.finding(result)}.")
    return table_of(
        words,
        result,
        {
            "activity_outcome": lambda row: words.say(f"activity.{row['outcome']}"),
            "activity_stays": lambda row: words.whole(row["stays"]),
            "activity_mean": lambda row: words.number(row["mean_activities"], fixed=True),
            "activity_median": lambda row: words.number(row["median_activities"]),
            "activity_p90": lambda row: words.number(row["p90_activities"]),
            "activity_untouched": lambda row: words.whole(row["untouched_stays"]),
            "activity_days": lambda row: words.number(row["mean_days"], fixed=True),
            "activity_per_week": lambda row: words.number(
                row["activities_per_week"], digits=2, fixed=True
            ),
        },
        rows=rows,
        texts=("activity_outcome",),
        group=lambda row: words.stage(result.agreement, str(row["stage"])),
        remarks=[words.say("legend.activity_caution")],
    )


def campaign_runs(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What have campaigns brought so far? One row per campaign, under its kind.

    Rows in grey are not compared: not finished, not mature or cut off on the left.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table
    rows = rows.assign(_kind=[campaign_kind(words, row) for _, row in rows.iterrows()])
    rows = rows.sort_values("_kind", kind="stable", ascending=False).reset_index(drop=True)
    if rows.empty:
        return Notice(f"{words.finding(result)}.")
    currency = result.agreement.currency
    return table_of(
        words,
        result,
        {
            "campaign_name": lambda row: campaign_label(words, row),
            "campaign_days": lambda row: _days(words, row),
            "campaign_budget": lambda row: words.money(row["budget"], currency),
            "campaign_planned": lambda row: words.whole(row["planned_leads"]),
            "campaign_leads": lambda row: words.whole(row["leads"]),
            "campaign_plan_share": lambda row: words.percent(row["plan_share"], digits=0),
            "campaign_won": lambda row: words.whole(row["won_leads"]),
            "campaign_rate": lambda row: words.percent(row["win_rate"]),
            "campaign_interval": lambda row: words.interval(row["win_low"], row["win_high"]),
            "campaign_maturity": lambda row: words.percent(row["maturity"], digits=0),
        },
        rows=rows,
        texts=("campaign_name", "campaign_days"),
        group=lambda row: str(row["_kind"]),
        headings={"campaign_interval": words.column("interval")},
        muted=[number for number, each in enumerate(rows["is_compared"]) if not is_true(each)],
        nowrap=("campaign_days",),
        remarks=[words.say("legend.campaigns_running"), maturity_remark(words, result)],
    )


def _days(words: Words, row: pd.Series) -> str:
    """First and last day of a campaign."""
    if is_missing(row["started_on"]):
        return words.missing
    first = words.day(pd.Timestamp(row["started_on"]).date(), short=True)
    if is_missing(row["ended_on"]):
        return words.say("campaign_runs.open_end", first=first)
    last = words.day(pd.Timestamp(row["ended_on"]).date(), short=True)
    return words.say("campaign_runs.days", first=first, last=last)
