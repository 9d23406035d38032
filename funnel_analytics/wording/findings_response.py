"""Sentences on first contacts by team, deadline, hour and load, and on attempts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.results import Note, Result
from funnel_analytics.wording import findings_stages as stages
from funnel_analytics.wording.findings_conversion import no_leads
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "CELLS",
    "NOTES",
    "contact_attempts",
    "contact_cell",
    "contact_hour",
    "hidden_cells",
    "rated_cells",
    "time_to_contact",
]

CELLS = ("team", "deadline", "load")
"""What the waits of a cohort can be compared by, beside the hour of the week."""
_LISTED = 4


def time_to_contact(words: Phrases, result: Result, *, cells: str | None = None) -> str:
    """How many leads had a first contact in time: all, or by team, deadline, load or hour?"""
    if cells is None:
        return stages.time_to_contact(words, result)
    waits = result.table[result.table["leg"] == "wait"]
    nothing = no_leads(words, result, waits, size="leads")
    if nothing:
        return nothing
    return _by_hour(words, result) if cells == "hour" else _by_cell(words, result, cells)


def rated_cells(result: Result, cells: str) -> pd.DataFrame:
    """The rows of a part that have a share within the deadline.

    Raises
    ------
    CallError
        The waits cannot be compared by that.
    """
    if cells not in CELLS:
        raise CallError(
            f"Waits are compared by {', '.join(CELLS)}, not by '{cells}'."
            f"{did_you_mean(cells, CELLS)}"
        )
    table = result.part(f"by_{cells}")
    return table[table["within_deadline_share"].notna()].reset_index(drop=True)


def contact_cell(words: Phrases, result: Result, cells: str, row: Any) -> str:
    """What a row of `by_team`, `by_deadline` or `by_load` is called."""
    if cells == "team":
        name = row["team"]
        return (
            words.say("response.no_team")
            if is_missing(name)
            else words.team(result.agreement, str(name))
        )
    if cells == "deadline":
        hours = words.amount(words.working(result.agreement), row["deadline_hours"])
        return words.say("response.of_deadline", hours=hours)
    first, last = row["load_over"], row["load_up_to"]
    if is_missing(first):
        return words.say("response.load_unknown")
    if first == 0:
        return words.say("response.load_first", last=words.number(last))
    if last == float("inf"):
        return words.say("response.load_last", first=words.number(first))
    return words.say("response.load", first=words.number(first), last=words.number(last))


def contact_hour(words: Phrases, row: Any) -> str:
    """An hour of the week: `montags zwischen 8 und 9 Uhr`."""
    hour = int(row["hour"])
    return words.say(
        "response.at_hour",
        weekday=words.say(f"weekday.on_{int(row['weekday'])}"),
        first=str(hour),
        last=str(hour + 1),
    )


def hidden_cells(words: Phrases, result: Result, part: str) -> list[str]:
    """How many rows of a part are not shown."""
    found = [
        note.values
        for note in result.notes
        if note.code == "hidden_cells" and note.values["part"] == part
    ]
    if not found:
        return []
    values = found[0]
    cells = words.amount("contact_cells", values["cells"])
    if result.part(part)["is_hidden"].all():
        return [words.say("note.hidden_cells_all", cells=cells)]
    leads = words.amount("leads", values["leads"])
    return [words.say("note.hidden_cells", leads=leads, cells=cells)]


def _by_cell(words: Phrases, result: Result, cells: str) -> str:
    rated = rated_cells(result, cells)
    if rated.empty:
        what = words.say(f"finding.contact_cells.of_{cells}")
        return words.say("finding.contact_cells.nothing", what=what)
    if cells == "load":
        rated = rated[rated["load_over"].notna()] if rated["load_over"].notna().any() else rated
    items = [
        words.say(
            "finding.contact_cells.item",
            label=contact_cell(words, result, cells, row),
            share=words.percent(row["within_deadline_share"]),
            part=words.whole(row["within_deadline_leads"]),
            due=words.whole(row["due_leads"]),
        )
        for _, row in rated.iterrows()
    ]
    what, by = words.say(f"finding.contact_cells.of_{cells}"), words.by_as_of(result)
    if len(items) <= _LISTED:
        joined = _joined(words, items)
        return words.say("finding.contact_cells.list", what=what, by=by, items=joined)
    place = rated["within_deadline_share"].astype(float)
    return words.say(
        "finding.contact_cells.range",
        what=what,
        by=by,
        first=items[place.argmin()],
        last=items[place.argmax()],
    )


def _joined(words: Phrases, texts: list[str]) -> str:
    """Clauses one after the other."""
    text = texts[0]
    for each in texts[1:]:
        text = words.form("clauses", first=text, second=each)
    return text


def _by_hour(words: Phrases, result: Result) -> str:
    """The hour in which most waits began, chosen by its size and not by how it went."""
    hours = result.part("by_hour")
    shown = hours[hours["leads"].fillna(0) > 0]
    if shown.empty:
        what = words.say("finding.contact_cells.of_hour")
        return words.say("finding.contact_cells.nothing", what=what)
    row = shown.iloc[int(shown["leads"].astype(float).to_numpy().argmax())]
    values = {
        "when": contact_hour(words, row),
        "leads": words.amount("leads", row["leads"]),
        "by": words.by_as_of(result),
    }
    if is_missing(row["within_deadline_share"]):
        return words.say("finding.contact_cells.hour_unrated", **values)
    values["share"] = words.percent(row["within_deadline_share"])
    waits = result.table[result.table["leg"] == "wait"]
    if len(waits) != 1:
        return words.say("finding.contact_cells.hour_alone", **values)
    whole = words.percent(waits["within_deadline_share"].iloc[0])
    return words.say("finding.contact_cells.hour", whole=whole, **values)


def contact_attempts(words: Phrases, result: Result) -> str:
    """How many leads were reached with the first attempt, and with the second?"""
    leads, table = result.part("leads"), result.table
    nothing = no_leads(words, result, leads, size="leads")
    if nothing:
        return nothing
    first = table[table["attempt"] == 1]
    tried = leads["tried_leads"].sum()
    if not tried:
        total = words.amount("leads", leads["leads"].sum())
        return words.say("finding.contact_attempts.untried", leads=total)
    if first["connected_leads"].isna().all():
        attempts = words.amount("contact_attempts", leads["attempts"].sum())
        return words.say("finding.contact_attempts.unknown", attempts=attempts)
    if result.parameters.get("by") is not None:
        return _attempts_of_groups(words, result, first)
    texts = [_reached(words, first.iloc[0], "first", by=words.by_as_of(result))]
    second = table[table["attempt"] == 2].iloc[0]
    if second["leads"]:
        texts.append(_reached(words, second, "second"))
    never = leads["never_tried_leads"].sum()
    if never:
        texts.append(words.say("finding.contact_attempts.never", count=never))
    return _joined(words, texts)


def _reached(words: Phrases, row: pd.Series, which: str, **more: str) -> str:
    return words.say(
        f"finding.contact_attempts.{which}",
        count=row["connected_leads"],
        leads=words.amount("leads", row["leads"]),
        share=words.percent(row["connected_rate"]),
        **more,
    )


def _attempts_of_groups(words: Phrases, result: Result, first: pd.DataFrame) -> str:
    rated = first[first["connected_rate"].notna()]
    ranked = rated.sort_values("leads", ascending=False, kind="stable").head(_LISTED)
    items = [
        words.say(
            "finding.contact_cells.item",
            label=words.group(result, row),
            share=words.percent(row["connected_rate"]),
            part=words.whole(row["connected_leads"]),
            due=words.whole(row["leads"]),
        )
        for _, row in ranked.iterrows()
    ]
    return words.say(
        "finding.contact_attempts.groups",
        attribute=words.by_attribute(result.parameters["by"]),
        by=words.by_as_of(result),
        items=_joined(words, items),
    )


def _never_tried(words: Phrases, _: Result, note: Note) -> list[str]:
    return [words.say("note.never_tried", count=note.values["leads"])]


def _unknown_connects(words: Phrases, _: Result, note: Note) -> list[str]:
    of = words.amount("contact_attempts_dative", note.values["of"])
    return [words.say("note.unknown_connects", count=note.values["attempts"], of=of)]


def _where_shown(_: Phrases, __: Result, ___: Note) -> list[str]:
    """Said below the figure or table that the rows are missing from."""
    return []


NOTES: Mapping[str, Callable[[Phrases, Result, Note], list[str]]] = {
    "hidden_cells": _where_shown,
    "never_tried": _never_tried,
    "unknown_connects": _unknown_connects,
}
