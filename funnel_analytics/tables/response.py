"""Tables of first contacts: by team, deadline and load, and by attempt."""

from __future__ import annotations

from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    contact_cell,
    hidden_cells,
    is_missing,
    notice,
    words_for,
)

__all__ = ["contact_attempts", "contact_compliance"]


def contact_compliance(
    result: Result | Missing, *, by: str = "team", language: str | None = None
) -> GT | Notice:
    """How many leads had a first contact in time, by `"team"`, `"deadline"` or `"load"`?"""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    words.finding(result, cells=by)
    part = result.part(f"by_{by}")
    rows = part[~part["is_hidden"].astype(bool)].reset_index(drop=True)
    short = words.say(f"unit_short.{words.working(result.agreement)}")
    cells: dict[str, Cell] = {
        "name": lambda row: contact_cell(words, result, by, row),
        **counted(words, "leads", "contacted_leads", "due_leads", "within_deadline_leads"),
        "within_deadline_share": lambda row: words.percent(row["within_deadline_share"]),
        "interval": lambda row: words.interval(
            row["within_deadline_low"], row["within_deadline_high"]
        ),
        "median_hours": lambda row: _hours(words, row["median_hours"]),
    }
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("name",),
        headings={
            "name": words.column(f"contact_{by}"),
            "contacted_leads": words.column("contact_contacted"),
            "within_deadline_leads": words.column("contact_within"),
            "within_deadline_share": words.column("contact_reached_share"),
            "interval": words.column("contact_interval"),
            "median_hours": words.say("column.contact_median", unit=short),
        },
        remarks=[
            *([words.say("legend.contact_load")] if by == "load" else []),
            *hidden_cells(words, result, f"by_{by}"),
        ],
    )


def _hours(words: Words, hours: float) -> str:
    return words.form("not_reached") if is_missing(hours) else words.number(hours, fixed=True)


def contact_attempts(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many leads were reached with which attempt? One row per segment and attempt."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    rows = table[(table["leads"].fillna(1) > 0) | (table["attempt"] == 1)].reset_index(drop=True)
    by = result.parameters.get("by")
    cells: dict[str, Cell] = {
        "attempt": lambda row: words.say(
            "response.more_attempts" if row["is_more"] else "response.attempt",
            n=words.whole(row["attempt"]),
        ),
        **counted(words, "leads", "connected_leads"),
        "rate": lambda row: words.percent(row["connected_rate"]),
        "rate_interval": lambda row: words.interval(
            row["connected_rate_low"], row["connected_rate_high"]
        ),
        "share": lambda row: words.percent(row["connected_by_share"]),
        "share_interval": lambda row: words.interval(
            row["connected_by_low"], row["connected_by_high"]
        ),
        "gap": lambda row: words.number(row["median_gap_hours"], fixed=True),
    }
    interval = words.column("contact_interval")
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("attempt",),
        group=None if by is None else lambda row: words.group(result, row),
        headings={
            "attempt": words.column("contact_attempt"),
            "leads": words.column("contact_tried"),
            "connected_leads": words.column("contact_reached"),
            "rate": words.column("contact_reached_share"),
            "rate_interval": interval,
            "share": words.column("contact_by_share"),
            "share_interval": interval,
            "gap": words.column("contact_gap"),
        },
        remarks=[words.say("legend.attempts_table")],
    )
