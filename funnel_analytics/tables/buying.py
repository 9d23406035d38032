"""Table of the people on deals, by what became of the deals."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, table_of
from funnel_analytics.wording import Notice, Words, is_missing, notice, role_label, words_for

__all__ = ["buying_groups"]

_SHARES = {
    "buying_multi": ("multi_contact", "multi_contact_deals"),
    "buying_role": ("role", "role_deals"),
    "buying_enough": ("enough", "enough_deals"),
}


def buying_groups(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many people are on won, lost and open deals? One row per segment and outcome.

    Shares stand with their interval; what the agreement does not say is left out.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    if not table["deals"].fillna(0).any():
        return Notice(f"{words.finding(result)}.")
    currency = result.agreement.currency
    cells: dict[str, Cell] = {
        "buying_outcome": lambda row: words.say(f"buying.{row['outcome']}"),
        "buying_deals": lambda row: words.whole(row["deals"]),
        "buying_mean": lambda row: words.number(row["mean_contacts"], fixed=True),
        "buying_median": lambda row: words.number(row["median_contacts"]),
        **{
            name: _share(words, *columns)
            for name, columns in _SHARES.items()
            if table[columns[1]].notna().any()
        },
        "buying_value": lambda row: words.money(row["median_value"], currency),
        "buying_second": lambda row: _second(words, row),
    }
    if table["median_value"].isna().all():
        del cells["buying_value"]
    by = result.parameters.get("by")
    return table_of(
        words,
        result,
        cells,
        texts=("buying_outcome",),
        group=None if by is None else lambda row: words.group(result, row),
        remarks=_agreed(words, result),
    )


def _share(words: Words, name: str, count: str) -> Cell:
    """`63,4 % (56,3–70,0 %)`; nothing where there is no deal."""

    def cell(row: pd.Series) -> str:
        if is_missing(row[f"{name}_share"]):
            return words.missing if is_missing(row[count]) else words.whole(row[count])
        limits = words.interval(row[f"{name}_low"], row[f"{name}_high"])
        return words.form("with_mark", text=words.percent(row[f"{name}_share"]), mark=limits)

    return cell


def _second(words: Words, row: pd.Series) -> str:
    if is_missing(row["median_days_to_second"]) and (row["timed_deals"] or 0) > 0:
        return words.form("not_reached")
    return words.number(row["median_days_to_second"], fixed=True)


def _agreed(words: Words, result: Result) -> list[str]:
    """What the agreement says of enough contacts and of roles that decide."""
    least = result.parameters.get("minimum_contacts")
    if not least:
        return []
    roles = [role_label(words, each) for each in result.parameters["decision_roles"]]
    shown = {"contacts": words.whole(least), "roles": words.list_of(roles, last="either")}
    return [words.say("legend.buying_agreed", **shown)]
