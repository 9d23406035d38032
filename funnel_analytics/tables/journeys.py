"""Tables of journeys: paths, roles of channels, single credits, what marketing sourced."""

from __future__ import annotations

from typing import Any

import pandas as pd
from great_tables import GT

from funnel_analytics.periods import to_local
from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.frame import framed
from funnel_analytics.tables.stages import Cell, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    is_true,
    is_without_amounts,
    journey_state,
    notice,
    path_label,
    sourced_verdict,
    words_for,
)

__all__ = ["attribution_credits", "channel_roles", "journey_paths", "marketing_sourced"]

_MOST = 15
_DEFINITIONS = ("first_touch", "lead_created", "any_touch")


def journey_paths(
    result: Result | Missing, *, most: int = _MOST, language: str | None = None
) -> GT | Notice:
    """Which paths were the most frequent? One row each, the `most` with most conversions."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    if table.empty:
        return Notice(f"{words.finding(result)}.")
    folded = table["is_folded"].astype(bool)
    rows = pd.concat([table[~folded].head(most), table[folded]], ignore_index=True)
    currency = result.agreement.currency
    cells: dict[str, Cell] = {
        "journey_path": lambda row: path_label(words, result, row),
        "journey_conversions": lambda row: words.whole(row["conversions"]),
        "journey_share": lambda row: words.percent(row["conversions_share"]),
        "journey_value": lambda row: words.money(row["value"], currency),
        "journey_journeys": lambda row: words.whole(row["journeys"]),
        "journey_rate": lambda row: words.form(
            "with_mark",
            text=words.percent(row["conversion_rate"]),
            mark=words.interval(row["conversion_low"], row["conversion_high"]),
        ),
    }
    is_deal = result.parameters["conversion"] in ("won", "pipeline")
    if not is_deal or table["value_share"].isna().all():
        cells.pop("journey_value")
    is_cut = int((~folded).sum()) > most
    remarks = [words.say("legend.paths_hidden", shown=words.whole(most))] if is_cut else []
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("journey_path",),
        muted=[number for number, each in enumerate(rows["is_folded"]) if is_true(each)],
        remarks=remarks,
    )


def channel_roles(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What does each channel do in journeys that converted? One row per channel."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.part("roles")
    if rows.empty:
        return Notice(f"{words.finding(result)}.")

    def count(name: str) -> Cell:
        return lambda row: words.whole(row[name])

    cells: dict[str, Cell] = {
        "role_channel": lambda row: journey_state(words, result, row["key"]),
        "journey_touches": count("touches"),
        **{f"role_{name}": count(name) for name in ("openers", "helpers", "closers", "alone")},
        **{f"role_{name}": count(name) for name in ("conversions", "assisted", "last")},
        "role_ratio": lambda row: words.number(row["assisted_per_last"], fixed=True),
    }
    shown = pd.DataFrame(
        {name: [cell(row) for _, row in rows.iterrows()] for name, cell in cells.items()},
        dtype=object,
    )
    return framed(
        shown,
        headings={name: words.column(name) for name in cells},
        title=words.say("table.channel_roles"),
        subtitle=words.subtitle(result),
        notes=[words.footer(result), words.say("legend.role_ratio"), *words.notes(result)],
        texts=("role_channel",),
    )


def attribution_credits(
    result: Result | Missing, *, most: int = _MOST, language: str | None = None
) -> GT | Notice:
    """Which touch was credited with how much? The first rows, each conversion's together."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    if table.empty:
        return Notice(f"{words.finding(result)}.")
    rows = table.head(most)
    agreement = result.agreement
    is_deal = result.parameters["conversion"] in ("won", "pipeline")

    def amount(row: Any) -> str:
        if is_deal:
            return words.money(row["credit"], agreement.currency)
        return words.number(row["credit"], digits=3, fixed=True)

    def place(row: Any) -> str:
        if is_missing(row["place"]):
            return ""
        return words.form(
            "part_of", part=words.whole(row["place"]), whole=words.whole(row["places"])
        )

    cells: dict[str, Cell] = {
        "credit_conversion": lambda row: str(row["conversion_id"]),
        "model": lambda row: words.model(str(row["model"])),
        "credit_place": place,
        "credit_at": lambda row: _day(words, result, row["touched_at"]),
        "channel": lambda row: words.channel(
            agreement, row["channel"], no_known_touch=is_true(row["is_no_known_touch"])
        ),
        "side": lambda row: "" if is_missing(row["side"]) else words.team(agreement, row["side"]),
        "credit_weight": lambda row: words.percent(row["weight"]),
        "credit_credit": amount,
    }
    if len(result.parameters["model"]) == 1:
        cells.pop("model")
    of = {"shown": words.whole(len(rows)), "of": words.whole(len(table))}
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=[name for name in ("credit_conversion", "model", "channel", "side") if name in cells],
        remarks=[words.say("legend.credits_shown", **of)] if len(table) > len(rows) else [],
    )


def _day(words: Words, result: Result, at: Any) -> str:
    if is_missing(at):
        return ""
    return words.day(to_local(at, result.agreement.timezone).date(), short=True)


def marketing_sourced(
    result: Result | Missing,
    *,
    deals: bool = False,
    most: int = _MOST,
    language: str | None = None,
) -> GT | Notice:
    """How much was sourced by marketing? One row per definition.

    With `deals=True` one row per deal on which the definitions differ, the `most` of highest value.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if not result.note("sourced_deals")["deals"]:
        return Notice(f"{words.finding(result)}.")
    return _differing(words, result, most) if deals else _by_definition(words, result)


def _by_definition(words: Words, result: Result) -> GT:
    currency = result.agreement.currency

    def share(row: Any) -> str:
        if is_missing(row["sourced_share"]):
            return words.missing
        return words.form(
            "with_mark",
            text=words.percent(row["sourced_share"]),
            mark=words.interval(row["sourced_low"], row["sourced_high"]),
        )

    cells: dict[str, Cell] = {
        "sourced_definition": lambda row: words.say(f"sourced.{row['definition']}"),
        "sourced_sourced": lambda row: words.form(
            "part_of",
            part=words.whole(row["sourced_deals"]),
            whole=words.whole(row["judged_deals"]),
        ),
        "sourced_share": share,
        "sourced_not_judged": lambda row: words.whole(row["not_judged_deals"]),
    }
    if not is_without_amounts(result):
        cells["sourced_value"] = lambda row: words.money(row["sourced_value"], currency)
        cells["sourced_value_share"] = lambda row: words.percent(row["sourced_value_share"])
    return table_of(words, result, cells, texts=("sourced_definition",))


def _differing(words: Words, result: Result, most: int) -> GT | Notice:
    rows = result.part("deals")
    if rows.empty:
        return Notice(words.say("note.sourced_differing", count=0))
    currency = result.agreement.currency
    shown = rows.head(most)

    def verdict(name: str) -> Cell:
        return lambda row: sourced_verdict(words, result, row, name)

    cells: dict[str, Cell] = {
        "sourced_deal": lambda row: str(row["deal"]),
        "sourced_value": lambda row: words.money(row["value"], currency),
        **{f"sourced_{name}": verdict(name) for name in _DEFINITIONS},
    }
    worded = pd.DataFrame(
        {name: [cell(row) for _, row in shown.iterrows()] for name, cell in cells.items()},
        dtype=object,
    )
    remarks = []
    if len(rows) > len(shown):
        of = {"shown": words.whole(len(shown)), "of": words.whole(len(rows))}
        remarks.append(words.say("legend.sourced_shown", **of))
    return framed(
        worded,
        headings={name: words.column(name) for name in cells},
        title=words.say("table.sourced_deals"),
        subtitle=words.subtitle(result),
        notes=[words.footer(result), *remarks, *words.notes(result)],
        texts=[name for name in cells if name != "sourced_value"],
    )
