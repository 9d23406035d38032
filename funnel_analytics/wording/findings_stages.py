"""Sentences on stages: how many leads entered them, how long it took."""

from __future__ import annotations

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.findings_conversion import compared_groups, no_leads, said_of
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "no_data",
    "throughput",
    "time_in_stage",
    "time_to_contact",
]


def throughput(words: Phrases, result: Result) -> str:
    """How many leads entered the last stage in the last month?"""
    table = result.table
    stages = result.agreement.stage_names
    if table.empty:
        return no_data(words, result, "stage_throughput")
    by = result.parameters.get("by")
    known = table[(table["stage"] == stages[-1]) & table["total_leads"].notna()]
    if known.empty:
        return no_data(words, result, "stage_throughput")
    month = known["month"].max()
    last = known[known["month"] == month]
    first = table[(table["month"] == month) & (table["stage"] == stages[0])]
    values = {
        "month": words.month(month),
        "stage": words.quoted(words.stage(result.agreement, stages[-1])),
    }
    row = last.sort_values("total_leads", ascending=False, kind="stable").iloc[0]
    if by is not None:
        text = words.say(
            "finding.stage_throughput.segments",
            count=row["total_leads"],
            attribute=words.attribute_label(by),
            segment=words.quoted(words.group(result, row)),
            **values,
        )
        return _completed(words, row, text)
    text = words.say("finding.stage_throughput.last_month", count=row["total_leads"], **values)
    entered = first["total_leads"].iloc[0] if len(first) else None
    if not is_missing(entered):
        label = words.quoted(words.stage(result.agreement, stages[0]))
        beside = words.form("labelled", label=label, text=words.amount("leads", entered))
        text = words.form("clauses", first=text, second=beside)
    return _completed(words, row, text)


def _completed(words: Phrases, row: pd.Series, text: str) -> str:
    if "is_complete" not in row or is_true(row["is_complete"]):
        return text
    return words.say("finding.actual_vs_target.incomplete", text=text)


def time_in_stage(words: Phrases, result: Result) -> str:
    """Which stage lasted longest?"""
    nothing = no_leads(words, result, result.table)
    if nothing:
        return nothing
    fewest = result.agreement.minimum_group_size
    table = result.table[result.table["entered_leads"].fillna(0) > 0]
    timed = table[table["median_days"].notna()].sort_values(
        ["median_days", "position"], ascending=[False, True], kind="stable"
    )
    known, timed = len(timed), timed[timed["entered_leads"] >= fewest]
    if timed.empty and known:
        return words.say(
            "finding.time_in_stage.too_few",
            by=words.by_as_of(result),
            fewest=words.amount("leads", fewest),
        )
    if timed.empty:
        row = table.sort_values("open_leads", ascending=False, kind="stable").iloc[0]
        return said_of(
            words,
            "finding.time_in_stage.unknown",
            part=row["open_leads"],
            whole=row["entered_leads"],
            leads=words.amount("leads_dative", row["entered_leads"]),
            by=words.by_as_of(result),
            stage=_stage_of(words, result, row),
        )
    row = timed.iloc[0]
    stage = _stage_of(words, result, row)
    values = {
        "count": row["entered_leads"],
        "stage": stage,
        "leads": words.amount("leads_dative", row["entered_leads"]),
        "days": words.amount("days_dative", row["median_days"], fixed=True),
    }
    if is_missing(row["expected_days"]):
        return words.say("finding.time_in_stage.longest", **values)
    expected = words.amount("days", row["expected_days"])
    return words.say("finding.time_in_stage.longest_expected", expected=expected, **values)


def _stage_of(words: Phrases, result: Result, row: pd.Series) -> str:
    """The stage of a row, with its group where there are groups."""
    stage = words.quoted(words.stage(result.agreement, row["stage"]))
    if result.parameters.get("by") is None:
        return stage
    return words.form("with_mark", text=stage, mark=words.group(result, row))


def time_to_contact(words: Phrases, result: Result) -> str:
    """How many leads had a first contact in time, how many none?"""
    table = result.table
    waits = table[table["leg"] == "wait"]
    nothing = no_leads(words, result, waits, size="leads")
    if nothing:
        return nothing
    if result.parameters.get("by") is not None:
        due = waits[waits["within_deadline_share"].notna() & ~waits["is_folded"].astype(bool)]
        due = due[due["due_leads"] >= result.agreement.minimum_group_size]
        return compared_groups(
            words,
            result,
            due,
            "finding.time_to_contact",
            {},
            groups=len(waits),
            part="within_deadline_leads",
            whole="due_leads",
            rate="within_deadline",
        )
    row = waits.iloc[0]
    waiting = {
        "count": row["waiting_leads"],
        "leads": words.amount("leads", row["leads"]),
        "by": words.by_as_of(result),
    }
    only = "_only" if row["leads"] == 1 else ""
    if is_missing(row["within_deadline_share"]):
        return words.say(f"finding.time_to_contact.waiting_alone{only}", **waiting)
    unit = words.working(result.agreement)
    within = (
        words.form("within_agreed")
        if is_missing(row["deadline_hours"])
        else words.form("within_hours", hours=words.amount(unit, row["deadline_hours"]))
    )
    return words.form(
        "clauses",
        first=said_of(
            words,
            "finding.time_to_contact.within",
            part=row["within_deadline_leads"],
            whole=row["due_leads"],
            due=words.amount("due_leads_dative", row["due_leads"]),
            within=within,
            share=words.percent(row["within_deadline_share"]),
        ),
        second=words.say(f"finding.time_to_contact.waiting{only}", **waiting),
    )


def no_data(words: Phrases, result: Result, key: str) -> str:
    """The sentence for a period without rows."""
    in_period = words.in_period(str(result.parameters["period"]))
    what = words.say(f"what.{key}", in_period="").split(" ·")[0].strip()
    return words.say("finding.no_data", what=what, in_period=in_period)
