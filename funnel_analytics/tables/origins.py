"""Tables of origins and beginnings."""

from __future__ import annotations

from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, table_of
from funnel_analytics.wording import Notice, notice, origin_label, words_for

__all__ = ["entry_points", "origin_mix"]


def origin_mix(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Where do leads, won deals and revenue come from? One row per origin.

    Without deals, or without amounts, their columns are left out.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    if table.empty:
        return Notice(f"{words.finding(result)}.")
    currency = result.agreement.currency
    cells: dict[str, Cell] = {
        "origins_origin": lambda row: origin_label(words, result, row),
        "origins_leads": lambda row: words.whole(row["leads"]),
        "origins_leads_share": lambda row: words.form(
            "with_mark",
            text=words.percent(row["leads_share"]),
            mark=words.interval(row["leads_low"], row["leads_high"]),
        ),
        "origins_won": lambda row: words.whole(row["won_deals"]),
        "origins_won_share": lambda row: words.form(
            "with_mark",
            text=words.percent(row["won_share"]),
            mark=words.interval(row["won_low"], row["won_high"]),
        ),
        "origins_revenue": lambda row: words.money(row["revenue"], currency),
        "origins_revenue_share": lambda row: words.percent(row["revenue_share"]),
    }
    dropped = []
    if table["won_deals"].isna().all():
        dropped += ["origins_won", "origins_won_share"]
    if table["revenue"].isna().all():
        dropped += ["origins_revenue", "origins_revenue_share"]
    kept = {name: cell for name, cell in cells.items() if name not in dropped}
    return table_of(words, result, kept, texts=("origins_origin",))


def entry_points(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """At which stage did leads begin, and how often were they won? One row per stage."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.table.empty:
        return Notice(f"{words.finding(result)}.")
    by = result.parameters.get("by")
    return table_of(
        words,
        result,
        {
            "entry_stage": lambda row: words.stage(result.agreement, str(row["stage"])),
            "entry_leads": lambda row: words.whole(row["leads"]),
            "entry_share": lambda row: words.percent(row["leads_share"]),
            "entry_judged": lambda row: words.whole(row["judged_leads"]),
            "entry_won": lambda row: words.whole(row["won_leads"]),
            "entry_rate": lambda row: words.percent(row["win_rate"]),
            "entry_interval": lambda row: words.interval(row["win_low"], row["win_high"]),
            "entry_days": lambda row: words.number(row["median_days"], fixed=True),
        },
        texts=("entry_stage",),
        group=None if by is None else lambda row: words.group(result, row),
        headings={"entry_interval": words.column("interval")},
    )
