"""Tables of stages: conversion, throughput, time in stage, wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.frame import framed
from funnel_analytics.wording import (
    Notice,
    Words,
    counted_noun,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = [
    "Cell",
    "conversion",
    "counted",
    "entries",
    "entries_remarks",
    "maturity_remark",
    "table_of",
    "throughput",
    "time_in_stage",
    "waiting",
]

Cell = Callable[[Any], str]


def table_of(
    words: Words,
    result: Result,
    cells: Mapping[str, Cell],
    *,
    rows: pd.DataFrame | None = None,
    texts: Sequence[str] = (),
    group: Cell | None = None,
    muted: Sequence[int] = (),
    strong: Sequence[int] = (),
    remarks: Sequence[str] = (),
    headings: Mapping[str, str] | None = None,
    unless_zero: Sequence[str] = (),
    nowrap: Sequence[str] = (),
    widths: Mapping[str, str] | None = None,
    least: Mapping[str, str] | None = None,
    title: str | None = None,
) -> GT:
    """A result as a table: `cells` says for each column how a row is worded.

    Its title is a name, that of the result if none is given: the figure states the finding.
    Columns of `unless_zero` are left out where they have nothing but zeros.
    """
    shown = result.table if rows is None else rows
    empty = {name for name in unless_zero if not (shown[name].fillna(0) != 0).any()}
    cells = {name: cell for name, cell in cells.items() if name not in empty}
    worded = pd.DataFrame(
        {name: [cell(row) for _, row in shown.iterrows()] for name, cell in cells.items()},
        columns=list(cells),
        dtype=object,
    )
    if group is not None:
        worded["_group"] = [group(row) for _, row in shown.iterrows()]
    return framed(
        worded,
        headings={name: (headings or {}).get(name) or words.column(name) for name in cells},
        title=title or words.table_name(result),
        subtitle=words.subtitle(result),
        notes=[words.footer(result), *remarks, *words.notes(result)],
        texts=texts,
        group=None if group is None else "_group",
        muted=muted,
        strong=strong,
        nowrap=nowrap,
        widths=widths,
        least=least,
    )


def counted(words: Words, *columns: str) -> dict[str, Cell]:
    """Columns of counts."""

    def cell(name: str) -> Cell:
        return lambda row: words.whole(row[name])

    return {name: cell(name) for name in columns}


def measured(words: Words, *columns: str) -> dict[str, Cell]:
    """Columns of measures with one decimal."""

    def cell(name: str) -> Cell:
        return lambda row: words.number(row[name], fixed=True)

    return {name: cell(name) for name in columns}


def _grouped(words: Words, result: Result) -> Cell | None:
    if result.parameters.get("by") is None:
        return None
    return lambda row: words.group(result, row)


def conversion(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Which share of a cohort reached each stage? One row per segment and stage.

    Rows in grey are not yet mature or cut off on the left; the column says which.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table.reset_index(drop=True)
    cells: dict[str, Cell] = {
        "stage": lambda row: words.stage(result.agreement, row["stage"]),
        "previous_leads": _later(lambda row: words.whole(row["previous_leads"])),
        **counted(words, "reached_leads", "imputed_leads"),
        **counted(words, *(["not_due_leads"] if "not_due_leads" in rows.columns else [])),
        "step_rate": _later(lambda row: words.percent(row["step_rate"])),
        "step_interval": _later(lambda row: words.interval(row["step_low"], row["step_high"])),
        "overall_rate": lambda row: words.percent(row["overall_rate"]),
        "overall_interval": _later(
            lambda row: words.interval(row["overall_low"], row["overall_high"])
        ),
        "median_step_days": _later(lambda row: words.number(row["median_days"], fixed=True)),
        "maturity": lambda row: _maturity(words, row),
    }
    pale = [
        number
        for number, (_, row) in enumerate(rows.iterrows())
        if is_true(row["is_left_truncated"]) or not is_true(row["is_mature"])
    ]
    interval = words.column("interval")
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("stage",),
        group=_grouped(words, result),
        muted=pale,
        headings={"step_interval": interval, "overall_interval": interval},
        remarks=[_median_remark(words, result), maturity_remark(words, result)],
        unless_zero=[name for name in ("imputed_leads", "not_due_leads") if name in cells],
    )


def _median_remark(words: Words, result: Result) -> str:
    units = words.say(f"of_units.{counted_noun(result)}")
    return words.say("legend.median_step", of_units=units)


def maturity_remark(words: Words, result: Result) -> str:
    """What maturity means, and from where on a row is mature."""
    share = words.percent(result.agreement.maturity.mature_from, digits=0)
    return words.say("legend.maturity", share=share)


def _later(cell: Cell) -> Cell:
    """Nothing for the first stage: every lead is in it, so there is nothing to estimate."""
    return lambda row: cell(row) if row["position"] > 1 else ""


def _maturity(words: Words, row: pd.Series) -> str:
    if is_true(row["is_left_truncated"]):
        return words.say("mark.left_truncated")
    share = words.percent(row["maturity"], digits=0)
    if is_true(row["is_mature"]) or is_missing(row["maturity"]):
        return share
    return words.form("with_mark", text=share, mark=words.say("mark.unripe"))


def throughput(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many leads entered each stage in each month? One row per month, a column per stage."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    table["segment"] = [words.group(result, row) for _, row in table.iterrows()]
    keys = ["segment", "month"]
    table["entries"] = [entries(words, row) for _, row in table.iterrows()]
    rows = table.pivot_table(
        index=keys, columns="stage", values="entries", aggfunc="first", sort=False
    ).reset_index()
    by = result.parameters.get("by")
    cells: dict[str, Cell] = {"month": lambda row: words.month(row["month"])}
    headings = {}
    for stage in result.agreement.stages:
        if stage.name in rows.columns:
            cells[stage.name] = _text(stage.name)
            headings[stage.name] = stage.label.text(words.language)
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("month",),
        group=None if by is None else lambda row: str(row["segment"]),
        headings=headings,
        remarks=entries_remarks(words, result.table),
        nowrap=("month",),
    )


def _text(column: str) -> Cell:
    return lambda row: str(row[column])


def entries(words: Words, row: pd.Series) -> str:
    """All entries and, in brackets, how many of them are imputed: `151 (15 ergänzt)`."""
    text = words.whole(row["total_leads"])
    if is_missing(row["imputed_leads"]) or row["imputed_leads"] == 0:
        return text
    mark = words.say("mark.imputed", n=words.whole(row["imputed_leads"]))
    return words.form("with_mark", text=text, mark=mark)


def entries_remarks(words: Words, rows: pd.DataFrame) -> list[str]:
    """What the brackets mean, if there are any."""
    return [words.say("legend.imputed_entries")] if (rows["imputed_leads"] > 0).any() else []


def time_in_stage(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How long do leads stay in each stage? One row per segment and stage."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    counts = ["entered_leads", "moved_on_leads", "closed_leads", "moved_back_leads", "open_leads"]
    known = [name for name in counts if name in result.table.columns]

    def days(name: str) -> Cell:
        return lambda row: (
            words.form("not_reached")
            if is_missing(row[name]) and _is_some(row["entered_leads"])
            else words.number(row[name], fixed=True)
        )

    cells: dict[str, Cell] = {
        "stage": lambda row: words.stage(result.agreement, row["stage"]),
        **counted(words, *known),
        **{name: days(name) for name in ("median_days", "p75_days", "p90_days")},
        "expected_days": lambda row: words.number(row["expected_days"]),
    }
    return table_of(
        words,
        result,
        cells,
        texts=("stage",),
        group=_grouped(words, result),
        headings={"median_days": words.column("median_stay_days")},
        unless_zero=[name for name in ("moved_back_leads", "closed_leads") if name in known],
    )


def _is_some(count: Any) -> bool:
    """Is there anyone to ask? A hidden count does not say."""
    return not is_missing(count) and count > 0


def waiting(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How long did leads wait, leg by leg, and how many were contacted in time?"""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    known = [name for name in ("not_yet_due_leads",) if name in result.table.columns]
    working = words.working(result.agreement)
    units = {
        "median_hours": working,
        "p90_hours": working,
        "median_calendar_hours": "calendar_hours",
        "deadline_hours": working,
    }
    short = {unit: words.say(f"unit_short.{unit}") for unit in set(units.values())}
    cells: dict[str, Cell] = {
        "leg": lambda row: words.say(f"leg.{row['leg']}"),
        **counted(words, "leads", "contacted_leads", "waiting_leads", *known),
        **{name: _hours(words, name) for name in list(units)[:3]},
        "deadline_hours": lambda row: _deadline(words, result, row),
        "within_deadline_share": lambda row: _in_time(words, row),
    }
    if working == "hours":
        cells.pop("median_calendar_hours")
    return table_of(
        words,
        result,
        cells,
        texts=("leg",),
        group=_grouped(words, result),
        headings={
            name: words.say(f"column.{name}", unit=short[unit]) for name, unit in units.items()
        },
        unless_zero=known,
    )


def _hours(words: Words, column: str) -> Cell:
    return lambda row: (
        words.form("not_reached")
        if is_missing(row[column]) and _is_some(row["leads"])
        else words.number(row[column], fixed=True)
    )


def _deadline(words: Words, result: Result, row: pd.Series) -> str:
    """The deadline in hours; a leg without one says nothing, leads with several name them all."""
    if is_missing(row["due_leads"]):
        return ""
    if not is_missing(row["deadline_hours"]):
        return words.number(row["deadline_hours"])
    rules = [
        result.parameters.get(f"within_hours_by_{name}") or {}
        for name in ("origin", "priority", "stage")
    ]
    agreed = {
        result.parameters.get("within_hours"),
        *(each for own in rules for each in own.values()),
    }
    agreed -= {None}
    return words.list_of([words.number(each) for each in sorted(agreed)], last="either")


def _in_time(words: Words, row: pd.Series) -> str:
    """How many of those due, their share and its interval, in one cell."""
    if is_missing(row["due_leads"]):
        return ""
    part = words.form(
        "part_of",
        part=words.whole(row["within_deadline_leads"]),
        whole=words.whole(row["due_leads"]),
    )
    if is_missing(row["within_deadline_share"]):
        return part
    limits = words.interval(row["within_deadline_low"], row["within_deadline_high"])
    share = words.percent(row["within_deadline_share"])
    return words.form("share_of", part=part, share=share, limits=limits)
