"""Sentences on stages: how far leads came, how long it took."""

from __future__ import annotations

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "CREATED_BY",
    "conversion",
    "mature",
    "no_data",
    "throughput",
    "time_in_stage",
    "time_to_contact",
]

CREATED_BY = ("created_month", "created_quarter")


def mature(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose rates may be compared: ripe, and not cut off on the left."""
    ripe = rows["is_mature"].map(is_true).astype(bool)
    cut = rows["is_left_truncated"].map(is_true).astype(bool)
    return rows[ripe & ~cut]


def conversion(words: Phrases, result: Result, *, stage: str | None = None) -> str:
    """Which step lost touch with most leads, or which group or month reached the stage?"""
    table = result.table
    by = result.parameters.get("by")
    period = words.period(str(result.parameters["cohort"]))
    if table.empty or not (table["entered_leads"] > 0).any():
        return words.say("finding.no_leads", period=period)
    if by is None:
        return _one_cohort(words, result, table, stage)
    last = table[table["stage"] == (stage or result.agreement.stage_names[-1])]
    return (_months if by in CREATED_BY else _segments)(words, result, last)


def _one_cohort(words: Phrases, result: Result, table: pd.DataFrame, stage: str | None) -> str:
    steps = mature(table[table["position"] > 1])
    steps = steps[
        (steps["previous_leads"] >= result.agreement.minimum_group_size)
        & steps["step_rate"].notna()
    ]
    if stage is not None or len(steps) < 2:
        return _reached(words, result, table, stage)
    row = steps.sort_values(["step_rate", "position"], kind="stable").iloc[0]
    left_out = result.parameters.get("optional") or ()
    earlier = table[(table["position"] < row["position"]) & ~table["stage"].isin(left_out)]
    before = earlier.sort_values("position")["stage"].iloc[-1]
    values = {
        "previous": words.whole(row["previous_leads"]),
        "before": words.quoted(words.stage(result.agreement, before)),
        "by": words.by_as_of(result),
        "stage": words.quoted(words.stage(result.agreement, row["stage"])),
    }
    if row["reached_leads"] == 0:
        return words.say("finding.stage_conversion.lowest_step_all_missing", **values)
    return words.say(
        "finding.stage_conversion.lowest_step",
        count=row["previous_leads"] - row["reached_leads"],
        rate=words.percent(row["step_rate"]),
        **values,
    )


def _reached(words: Phrases, result: Result, table: pd.DataFrame, stage: str | None) -> str:
    chosen = table[table["stage"] == stage] if stage else table.sort_values("position")
    row = chosen.iloc[-1]
    values = {
        "leads": words.whole(row["entered_leads"]),
        "by": words.by_as_of(result),
        "stage": words.quoted(words.stage(result.agreement, row["stage"])),
    }
    if is_true(row["is_left_truncated"]):
        key = "left_truncated"
    elif mature(chosen.tail(1)).empty:
        key = "immature"
    else:
        key = "overall"
        values["rate"] = words.percent(row["overall_rate"])
    return words.say(f"finding.stage_conversion.{key}", count=row["reached_leads"], **values)


def _segments(words: Phrases, result: Result, last: pd.DataFrame) -> str:
    rated = mature(last[~last["is_folded"].astype(bool) & last["overall_rate"].notna()])
    head = {
        "stage": words.quoted(words.stage(result.agreement, last["stage"].iloc[0])),
        "by": words.by_as_of(result),
    }
    return _compared(
        words,
        result,
        rated,
        "finding.stage_conversion",
        head,
        groups=len(last),
        part="reached_leads",
        whole="entered_leads",
        rate="overall",
    )


def _compared(
    words: Phrases,
    result: Result,
    rated: pd.DataFrame,
    key: str,
    head: dict[str, str],
    *,
    groups: int,
    part: str,
    whole: str,
    rate: str,
) -> str:
    """The best and the worst group, if their intervals lie apart."""
    by = result.parameters["by"]
    attribute = words.attribute_label(by)
    if words.language == "en":
        attribute = words.by_attribute(by)
    share = "overall_rate" if rate == "overall" else "within_deadline_share"
    if len(rated) < 2:
        return words.say(
            f"{key}.segments_unrated",
            attribute=attribute,
            groups=words.amount("groups", groups),
            **head,
        )
    ranked = rated.sort_values(share, ascending=False, kind="stable")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    values = {
        **head,
        "attribute": attribute,
        "best_rate": words.percent(best[share]),
        "worst_rate": words.percent(worst[share]),
    }
    if (
        not best[f"{share.removesuffix('_rate').removesuffix('_share')}_low"]
        > (worst[f"{share.removesuffix('_rate').removesuffix('_share')}_high"])
    ):
        return words.say(f"{key}.segments_alike", **values)
    for name, row in (("best", best), ("worst", worst)):
        values[name] = words.quoted(words.group(result, row))
        values[f"{name}_of"] = words.say(
            "count.of_leads", count=row[whole], part=words.whole(row[part])
        )
    return words.say(f"{key}.segments_differ", **values)


def _months(words: Phrases, result: Result, last: pd.DataFrame) -> str:
    known = last[last["segment"].notna() & ~last["is_folded"].astype(bool)]
    known = known.sort_values("segment")
    rated = mature(known[known["overall_rate"].notna()])
    head = {
        "stage": words.quoted(words.stage(result.agreement, last["stage"].iloc[0])),
        "by": words.by_as_of(result),
    }
    if rated.empty:
        groups = words.amount("cohorts", len(known))
        return words.say("finding.stage_conversion.months_unrated", groups=groups, **head)
    row = rated.iloc[-1]
    text = words.say(
        "finding.stage_conversion.months",
        count=row["reached_leads"],
        leads=words.whole(row["entered_leads"]),
        month=words.group(result, row),
        rate=words.percent(row["overall_rate"]),
        **head,
    )
    younger = int((known["segment"] > row["segment"]).sum())
    if not younger:
        return text
    return words.say("finding.stage_conversion.months_immature", count=younger, text=text)


def throughput(words: Phrases, result: Result) -> str:
    """How many leads entered the last stage in the last month?"""
    table = result.table
    stages = result.agreement.stage_names
    if table.empty:
        return no_data(words, result, "stage_throughput")
    month = table["month"].max()
    rows = table[table["month"] == month]
    by = result.parameters.get("by")
    last = rows[(rows["stage"] == stages[-1]) & rows["entered_leads"].notna()]
    first = rows[rows["stage"] == stages[0]]
    if last.empty:
        return no_data(words, result, "stage_throughput")
    values = {
        "month": words.month(month),
        "stage": words.quoted(words.stage(result.agreement, stages[-1])),
    }
    row = last.sort_values("entered_leads", ascending=False, kind="stable").iloc[0]
    if by is not None:
        text = words.say(
            "finding.stage_throughput.segments",
            count=row["entered_leads"],
            attribute=words.attribute_label(by),
            segment=words.quoted(words.group(result, row)),
            **values,
        )
        return _completed(words, row, text)
    entered = first["entered_leads"].iloc[0] if len(first) else None
    text = words.say(
        "finding.stage_throughput.last_month",
        count=row["entered_leads"],
        first_stage=words.quoted(words.stage(result.agreement, stages[0])),
        first=words.amount("leads", entered),
        **values,
    )
    return _completed(words, row, text)


def _completed(words: Phrases, row: pd.Series, text: str) -> str:
    if "is_complete" not in row or is_true(row["is_complete"]):
        return text
    return words.say("finding.actual_vs_target.incomplete", text=text)


def time_in_stage(words: Phrases, result: Result) -> str:
    """Which stage lasted longest?"""
    table = result.table
    if table.empty or not (table["entered_leads"] > 0).any():
        period = words.period(str(result.parameters["cohort"]))
        return words.say("finding.no_leads", period=period)
    timed = table[table["median_days"].notna()].sort_values(
        ["median_days", "position"], ascending=[False, True], kind="stable"
    )
    timed = timed[timed["entered_leads"] >= result.agreement.minimum_group_size]
    if timed.empty:
        row = table.sort_values("open_leads", ascending=False, kind="stable").iloc[0]
        return words.say(
            "finding.time_in_stage.unknown",
            count=row["open_leads"],
            leads=words.whole(row["entered_leads"]),
            by=words.by_as_of(result),
            stage=_stage_of(words, result, row),
        )
    row = timed.iloc[0]
    stage = _stage_of(words, result, row)
    values = {
        "stage": stage,
        "leads": words.amount("leads", row["entered_leads"]),
        "days": words.amount("days_dative", row["median_days"]),
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
    if waits.empty or not (waits["leads"] > 0).any():
        period = words.period(str(result.parameters["cohort"]))
        return words.say("finding.no_leads", period=period)
    if result.parameters.get("by") is not None:
        due = waits[waits["within_deadline_share"].notna() & ~waits["is_folded"].astype(bool)]
        due = due[due["due_leads"] >= result.agreement.minimum_group_size]
        return _compared(
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
        "leads": words.whole(row["leads"]),
        "by": words.by_as_of(result),
    }
    if is_missing(row["within_deadline_share"]):
        return words.say("finding.time_to_contact.waiting_alone", **waiting)
    unit = words.working(result.agreement)
    within = (
        words.form("within_agreed")
        if is_missing(row["deadline_hours"])
        else words.form("within_hours", hours=words.amount(unit, row["deadline_hours"]))
    )
    return words.form(
        "clauses",
        first=words.say(
            "finding.time_to_contact.within",
            count=row["within_deadline_leads"],
            due=words.whole(row["due_leads"]),
            within=within,
            share=words.percent(row["within_deadline_share"]),
        ),
        second=words.say("finding.time_to_contact.waiting", **waiting),
    )


def no_data(words: Phrases, result: Result, key: str) -> str:
    """The sentence for a period without rows."""
    in_period = words.in_period(str(result.parameters["period"]))
    what = words.say(f"what.{key}", in_period="").split(" ·")[0].strip()
    return words.say("finding.no_data", what=what, in_period=in_period)
