"""The table of a plan: the need, month by month, and what it was reckoned from."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.frame import framed
from funnel_analytics.wording import Notice, Words, asked_row, is_missing, notice, words_for

__all__ = ["plan"]


def plan(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many leads does a target need, and from which inputs? Result, months, inputs, stock."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = [*_plan_rows(words, result), *_input_rows(words, result)]
    frame = pd.DataFrame(rows, columns=["group", "name", "value", "range", "source"], dtype=object)
    return framed(
        frame,
        headings={name: words.column(name) for name in ("name", "value", "range", "source")},
        title=words.table_name(result),
        subtitle=words.subtitle(result),
        notes=[words.footer(result), *_matured(words, result), *words.notes(result)],
        texts=("name", "source"),
        group="group",
    )


def _matured(words: Words, result: Result) -> list[str]:
    """What it means that a lead had enough time, where the table says so."""
    inputs = result.part("inputs") if "inputs" in result.parts else pd.DataFrame()
    known = "matured_leads" in inputs.columns and inputs["matured_leads"].notna().any()
    return [words.say("legend.matured")] if known else []


def _plan_rows(words: Words, result: Result) -> list[list[str]]:
    asked = asked_row(result)["probability"]
    rows = []
    for _, row in result.table.sort_values("probability").iterrows():
        need = row["leads_needed"]
        reachable = not is_missing(need)
        text = words.amount("leads", need) if reachable else words.form("not_reached_plan")
        chance = words.percent(row["probability"], fixed=False)
        name = words.say("title.with_probability", probability=chance)
        if row["probability"] == asked:
            name = words.form("with_mark", text=name, mark=words.say("mark.asked"))
        rows.append([words.say("title.result"), name, text, "", ""])
    months = result.part("by_month") if "by_month" in result.parts else pd.DataFrame()
    if len(months):
        for _, row in months[months["probability"] == asked].iterrows():
            name = words.month(row["month"])
            leads = words.amount("leads", row["leads"])
            group = words.say("title.by_month", probability=words.percent(asked, fixed=False))
            rows.append([group, name, leads, "", ""])
    return rows


def _input_rows(words: Words, result: Result) -> list[list[str]]:
    rows = []
    if "inputs" in result.parts:
        for _, row in result.part("inputs").iterrows():
            rows.append(
                [
                    words.say("title.inputs"),
                    _input_name(words, result, row),
                    _input(words, result, row, "value"),
                    _limits(words, result, row),
                    _counts(words, row),
                ]
            )
    if "pipeline" in result.parts:
        for _, row in result.part("pipeline").iterrows():
            expected = words.say(
                "mark.expected_of",
                wins=words.credit(row["expected_wins"], fixed=True),
                revenue=words.money(row["expected_revenue"], result.agreement.currency),
            )
            rows.append(
                [
                    words.say("title.pipeline"),
                    words.stage(result.agreement, row["stage"]),
                    words.amount("leads", row["open_leads"]),
                    "",
                    expected,
                ]
            )
    return rows


def _input_name(words: Words, result: Result, row: pd.Series) -> str:
    """What an input is called; the rate of a step names its stage."""
    name = str(row["name"])
    if not words.has("input", name):
        return name
    stage = "" if is_missing(row["stage"]) else words.stage(result.agreement, row["stage"])
    return words.say(f"input.{name}", stage=words.quoted(stage))


def _limits(words: Words, result: Result, row: pd.Series) -> str:
    """The interval of an input, its unit once."""
    if is_missing(row["low"]) or is_missing(row["high"]):
        return ""
    if row["unit"] == "share":
        return words.interval(row["low"], row["high"])
    if row["unit"] == result.agreement.currency:
        return words.money_range(row["low"], row["high"], result.agreement.currency)
    low, high = (_input(words, result, row, name) for name in ("low", "high"))
    return words.form("range", low=low, high=high)


def _counts(words: Words, row: pd.Series) -> str:
    """The counts behind an input, where it has some; a rate's are enough to reckon it again."""
    if is_missing(row["numerator"]) or is_missing(row["denominator"]):
        return ""
    part = words.whole(row["numerator"])
    if row["name"] == "deal_value":
        return words.say("input_of.deals", count=row["denominator"], part=part)
    leads = words.say("count.of_leads", count=row["denominator"], part=part)
    if is_missing(row["matured_leads"]):
        return leads
    return words.say("input_of.matured", leads=leads, matured=words.base(row["matured_leads"]))


def _input(words: Words, result: Result, row: pd.Series, column: str) -> str:
    """A number of the inputs in its unit."""
    value, unit = row[column], str(row["unit"])
    if is_missing(value):
        return words.missing
    if unit == "share":
        return words.percent(value)
    if unit == result.agreement.currency:
        return words.money(value, result.agreement.currency)
    if unit == "days":
        return words.amount("days", value)
    return words.number(value)
