"""Tables of costs: what was spent and credited, per stage reached, and for more spend."""

from __future__ import annotations

from typing import Any

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, maturity_remark, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    cost_label,
    cost_labels,
    costed_rows,
    costs_remarks,
    is_missing,
    is_true,
    marginal_reason,
    notice,
    words_for,
)

__all__ = ["channel_costs", "marginal_leads", "stage_costs"]


def channel_costs(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What was spent on each channel, and what was credited for it? Largest cost first.

    Rows in grey are not yet mature; conversions without a known touch stand last. Where no cost at
    all is known, a sentence says so.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if costed_rows(result).empty:
        return Notice(f"{words.finding(result)}.")
    rows = result.table.reset_index(drop=True)
    by_touch = result.parameters["basis"] == "touch"
    currency = result.agreement.currency
    cells: dict[str, Cell] = {
        "channel": lambda row: cost_label(words, result, row),
        "spend": _cost(words, currency),
        **counted(words, "leads"),
        "cost_per_lead": _per(words, "cost_per_lead", currency),
        "credited_deals": lambda row: words.credit(row["credited_deals"], fixed=True),
        "cost_per_won_deal": _per(words, "cost_per_won_deal", currency),
        "credited_revenue": lambda row: words.money(row["credited_revenue"], currency),
        "revenue_per_spend": _ratio(words, "revenue_per_spend"),
        "credited_pipeline": lambda row: words.money(row["credited_pipeline"], currency),
        "pipeline_per_spend": _ratio(words, "pipeline_per_spend"),
    }
    if by_touch:
        cells["payback_months"] = lambda row: words.credit(row["payback_months"], fixed=True)
        cells["maturity"] = lambda row: words.percent(row["maturity"], digits=0)
    by = result.parameters["by"]
    symbol = words.symbol(currency)
    pale = [
        number
        for number, (_, row) in enumerate(rows.iterrows())
        if not is_true(row["is_mature"]) or is_true(row["is_no_known_touch"])
    ]
    remarks = [*costs_remarks(words, result), words.say("legend.costs_unknown")]
    if by_touch:
        share = words.percent(result.agreement.maturity.mature_from, digits=0)
        remarks.append(words.say("legend.cost_maturity", share=share))
    elif not rows["is_mature"].map(is_true).all():
        remarks.append(words.say("legend.costs_not_over"))
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("channel",),
        muted=pale,
        least={"channel": "130px"},
        headings={
            "channel": words.column(f"cost_{by}"),
            "leads": words.column("cost_leads"),
            "maturity": words.column("cost_maturity"),
            "revenue_per_spend": words.say("costs.revenue_unit", currency=symbol),
            "pipeline_per_spend": words.say("costs.pipeline_unit", currency=symbol),
        },
        remarks=remarks,
    )


def _cost(words: Words, currency: str) -> Cell:
    """The cost, or that it is not known; marked where it is that of single touches."""

    def cell(row: Any) -> str:
        if is_true(row["is_no_known_touch"]):
            return ""
        if is_missing(row["spend"]):
            return words.say("costs.unknown")
        text = words.money(row["spend"], currency)
        if row["cost_source"] == "spend":
            return text
        return words.form("with_mark", text=text, mark=words.say("costs.of_touches"))

    return cell


def _per(words: Words, column: str, currency: str) -> Cell:
    """A cost of each: not known without a cost, missing where there is nothing to share it."""
    return lambda row: (
        words.say("costs.unknown")
        if _is_unknown(row)
        else ""
        if is_missing(row[column])
        else words.money(row[column], currency)
    )


def _ratio(words: Words, column: str) -> Cell:
    return lambda row: (
        words.say("costs.unknown")
        if _is_unknown(row)
        else ""
        if is_missing(row[column])
        else words.number(row[column], digits=2, fixed=True)
    )


def _is_unknown(row: Any) -> bool:
    """Is the cost of a row with touches not known, or not in full?"""
    without = is_missing(row["spend"]) or row["rows_without_cost"] > 0
    return bool(without and not is_true(row["is_no_known_touch"]))


def stage_costs(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What did each channel cost per lead that reached a stage? A row per channel."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if costed_rows(result).empty:
        return Notice(f"{words.finding(result)}.")
    part = result.part("stages")
    labels = cost_labels(words, result)
    currency = result.agreement.currency
    part["cost"] = [_stage_cost(words, row, currency) for _, row in part.iterrows()]
    part["label"] = [labels[None if is_missing(each) else each] for each in part["channel"]]
    rows = part.pivot_table(
        index="label", columns="stage", values="cost", aggfunc="first", sort=False
    ).reset_index()
    cells: dict[str, Cell] = {"channel": _text("label")}
    headings = {"channel": words.column(f"cost_{result.parameters['by']}")}
    for stage in result.agreement.stages:
        if stage.name in rows.columns:
            cells[stage.name] = _text(stage.name)
            headings[stage.name] = stage.label.text(words.language)
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("channel",),
        headings=headings,
        remarks=[words.say("legend.stage_costs"), maturity_remark(words, result)],
        title=words.say("table.stage_costs"),
    )


def _text(column: str) -> Cell:
    return lambda row: str(row[column])


def _stage_cost(words: Words, row: pd.Series, currency: str) -> str:
    """What a lead in a stage cost, marked where more leads will get there."""
    if is_missing(row["cost_per_reached"]):
        return words.missing
    text = words.money(row["cost_per_reached"], currency)
    if is_true(row["is_mature"]) and not is_true(row["is_left_truncated"]):
        return text
    kind = "left_truncated" if is_true(row["is_left_truncated"]) else "unripe"
    return words.form("with_mark", text=text, mark=words.say(f"mark.{kind}"))


def marginal_leads(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many more leads did months with more spend have? A row per channel with spend."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    labels = cost_labels(words, result)
    symbol = words.symbol(result.agreement.currency)
    fewest = result.parameters["fewest_months"]

    def slope(row: pd.Series) -> str:
        if not is_missing(row["reason"]):
            return marginal_reason(words, str(row["reason"]), months=fewest)
        value, low, high = (
            words.number(row[each], fixed=True) for each in ("leads_per_1000", "low", "high")
        )
        return words.say("costs.marginal", value=value, low=low, high=high)

    cells: dict[str, Cell] = {
        "channel": lambda row: labels[None if is_missing(row["channel"]) else row["channel"]],
        **counted(words, "marginal_months", "cost_leads"),
        "spend": lambda row: (
            words.say("costs.unknown")
            if is_missing(row["spend"])
            else words.money(row["spend"], result.agreement.currency)
        ),
        "spend_variation": lambda row: words.percent(row["spend_variation"], digits=0),
        "marginal_average": lambda row: words.number(row["average_leads_per_1000"], fixed=True),
        "marginal_leads": slope,
    }
    rows = result.part("marginal").rename(
        columns={"months": "marginal_months", "leads": "cost_leads"}
    )
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("channel",),
        headings={
            "channel": words.column(f"cost_{result.parameters['by']}"),
            "marginal_average": words.say("column.marginal_average", currency=symbol),
            "marginal_leads": words.say("column.marginal_leads", currency=symbol),
        },
        remarks=[words.say("legend.marginal")],
        title=words.say("table.marginal_leads"),
    )
