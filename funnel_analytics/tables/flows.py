"""Tables of flows: what became of stays, why leads were closed, what came later."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    notice,
    reason_label,
    state_label,
    words_for,
)

__all__ = ["closed_leads_later", "loss_reasons", "stage_flows"]

_ENDINGS = [
    "moved_on_stays",
    "moved_back_stays",
    "lost_stays",
    "rejected_stays",
    "recycled_stays",
    "nurture_stays",
    "still_there_stays",
]


def stage_flows(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What became of the stays in each stage? One row per segment and stage.

    The entries are the sum of the columns after them; columns of nothing but zeros are left out.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    return table_of(
        words,
        result,
        {
            "stage": lambda row: words.stage(result.agreement, row["stage"]),
            **counted(words, "entered_stays", *_ENDINGS),
        },
        texts=("stage",),
        group=_grouped(words, result),
        remarks=[words.say("legend.flows_identity")],
        unless_zero=_ENDINGS[1:-1],
    )


def _grouped(words: Words, result: Result) -> Cell | None:
    if result.parameters.get("by") is None:
        return None
    return lambda row: words.group(result, row)


def loss_reasons(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Why were leads closed? One row per reason, under the status and the stage they were in."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.table.empty:
        return Notice(f"{words.finding(result)}.")
    return table_of(
        words,
        result,
        {
            "reason": lambda row: reason_label(words, result, row),
            "leads": lambda row: words.whole(row["leads"]),
            "of_leads": lambda row: words.whole(row["of_leads"]),
            "leads_share": lambda row: words.percent(row["leads_share"]),
            "interval": lambda row: words.interval(row["leads_low"], row["leads_high"]),
        },
        texts=("reason",),
        group=lambda row: _where(words, result, row),
        muted=[number for number, each in enumerate(result.table["reason"]) if is_missing(each)],
    )


def _where(words: Words, result: Result, row: pd.Series) -> str:
    """`Inbound: Abgelehnt in „Anfrage“ (Marketing)`."""
    status = state_label(words, result, str(row["status"]))
    if is_missing(row["stage"]):
        text = words.form("with_mark", text=status, mark=words.say("state.no_stage"))
    else:
        stage = words.quoted(words.stage(result.agreement, str(row["stage"])))
        text = words.form(
            "with_mark",
            text=words.say("state.in_stage", status=status, stage=stage),
            mark=words.team(result.agreement, str(row["team"])),
        )
    if result.parameters.get("by") is None:
        return text
    return words.form("labelled", label=words.group(result, row), text=text)


def closed_leads_later(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What became of closed leads? One row per segment and status."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.table.empty:
        return Notice(f"{words.finding(result)}.")
    currency = result.agreement.currency
    cells: dict[str, Cell] = {
        "closing_status": lambda row: state_label(words, result, str(row["status"])),
        "closed_leads": lambda row: words.whole(row["closed_leads"]),
        "re_entered_leads": lambda row: words.whole(row["re_entered_leads"]),
        "re_entered_rate": lambda row: words.percent(row["re_entered_rate"]),
        "median_days_to_return": lambda row: words.number(row["median_days_to_return"], fixed=True),
        "later_won_leads": lambda row: words.whole(row["won_leads"]),
        "won_rate": lambda row: words.percent(row["won_rate"]),
        "interval": lambda row: words.interval(row["won_low"], row["won_high"]),
        "won_amount": lambda row: words.money(row["won_amount"], currency),
        "mean_days_watched": lambda row: words.whole(row["mean_days_watched"]),
    }
    if result.table["won_amount"].isna().all():
        del cells["won_amount"]
    return table_of(
        words,
        result,
        cells,
        headings={"closed_leads": words.column("leads")},
        texts=("closing_status",),
        group=_grouped(words, result),
        remarks=[words.say("legend.still_time")],
    )
