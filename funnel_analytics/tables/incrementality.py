"""Tables of leads without a channel: while it was off, and by how they go with its spend."""

from __future__ import annotations

from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    bought_label,
    cost_range,
    is_missing,
    notice,
    number_range,
    switched_label,
    words_for,
)

__all__ = ["spend_response", "switched_off"]


def switched_off(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many leads were counted while it was off, how many expected, and what was saved?"""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    currency = result.agreement.currency
    cells: dict[str, Cell] = {
        "inc_what": lambda row: switched_label(words, result),
        "inc_weeks": lambda row: words.credit(row["off_weeks"]),
        "inc_counted": lambda row: words.whole(row["counted_leads"]),
        "inc_expected": _range(words, "expected_leads", "expected_low", "expected_high"),
        "inc_missing": _range(words, "incremental_leads", "low", "high"),
        "inc_per_week": _range(words, "per_week", "per_week_low", "per_week_high", digits=1),
        "inc_saved": lambda row: words.money(row["spend_saved"], currency),
        "inc_cost": lambda row: cost_range(words, row, currency),
    }
    if result.table["spend_saved"].isna().all():
        cells = {
            name: cell for name, cell in cells.items() if name not in ("inc_saved", "inc_cost")
        }
    return table_of(words, result, cells, texts=("inc_what",))


def spend_response(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many leads go with the spend, and what does one more cost? One row per channel.

    Where spend makes no forecast better, only the spend is listed.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    currency, by = result.agreement.currency, str(result.parameters["by"])
    cells: dict[str, Cell] = {
        by: lambda row: bought_label(words, result, row),
        "inc_spend": lambda row: words.money(row["spend"], currency),
        **{
            "inc_weeks_with_spend": counted(words, "weeks_with_spend")["weeks_with_spend"],
        },
    }
    if result.table["incremental_leads"].notna().any():
        cells |= {
            "inc_decay": lambda row: words.percent(row["decay"], fixed=False),
            "inc_power": lambda row: words.number(row["power"], digits=2),
            "inc_leads": _range(words, "incremental_leads", "low", "high"),
            "inc_share": lambda row: _share(
                words, row["share"], row["share_low"], row["share_high"]
            ),
            "inc_cost": lambda row: cost_range(words, row, currency),
            "inc_marginal": _range(
                words, "marginal_leads", "marginal_low", "marginal_high", digits=1
            ),
        }
    symbol = words.symbol(currency)
    headings = {"inc_marginal": words.say("column.inc_marginal", currency=symbol)}
    return table_of(words, result, cells, texts=(by,), headings=headings)


def _range(words: Words, *names: str, digits: int = 0) -> Cell:
    return lambda row: number_range(words, row, *names, digits=digits)


def _share(words: Words, share: float, low: float, high: float) -> str:
    if is_missing(share):
        return words.missing
    between = words.say("incrementality.between", low=words.percent(low), high=words.percent(high))
    return words.form("with_mark", text=words.percent(share), mark=between)
