"""Tables of curves: reached by age, expected in the end, sales cycle, stuck leads."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.frame import framed
from funnel_analytics.tables.stages import Cell, counted, maturity_remark, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    cohort_name,
    days_range,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = ["conversion_curve", "expected_conversion", "sales_cycle", "stuck_leads"]

_LEADS_SHOWN = 20


def conversion_curve(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Which share had reached a stage at the usual ages? One row per segment, stage and age.

    Rows in grey are cut off on the left: older leads count only from where the data begin.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.part("milestones").reset_index(drop=True)
    cells: dict[str, Cell] = {
        "stage": lambda row: words.stage(result.agreement, row["stage"]),
        "day": lambda row: words.whole(row["day"]),
        **counted(words, "at_risk_leads"),
        "incidence_rate": lambda row: words.percent(row["incidence_rate"]),
        "interval": lambda row: words.interval(row["incidence_low"], row["incidence_high"]),
    }
    cut = rows["is_left_truncated"].map(is_true).astype(bool)
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("stage",),
        group=_grouped(words, result),
        muted=[number for number, each in enumerate(cut) if each],
        remarks=[words.say("legend.delayed_entry")] if cut.any() else [],
        headings={"day": words.column("age_at")},
    )


def expected_conversion(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many leads of each cohort have reached the stage, and will have in the end?

    Rows in grey are not yet mature, or cut off on the left; the column says which.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table.reset_index(drop=True)
    cells: dict[str, Cell] = {
        "period_start": lambda row: cohort_name(words, result, row["period_start"]),
        **counted(words, "leads", "reached_leads", "competing_leads", "open_leads"),
        "reached_rate": lambda row: words.percent(row["reached_rate"]),
        "expected_final_leads": lambda row: words.number(row["expected_final_leads"], fixed=True),
        "expected_rate": lambda row: words.percent(row["expected_rate"]),
        "interval": lambda row: words.interval(row["expected_low"], row["expected_high"]),
        "maturity": lambda row: _maturity(words, row),
    }
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("period_start",),
        group=_grouped(words, result),
        muted=[
            number
            for number, (_, row) in enumerate(rows.iterrows())
            if is_true(row["is_left_truncated"]) or not is_true(row["is_mature"])
        ],
        remarks=[maturity_remark(words, result)],
        nowrap=("period_start",),
    )


def _maturity(words: Words, row: pd.Series) -> str:
    if is_true(row["is_left_truncated"]):
        return words.say("mark.left_truncated")
    share = words.percent(row["maturity"], digits=0)
    if is_true(row["is_mature"]) or is_missing(row["maturity"]):
        return share
    return words.form("with_mark", text=share, mark=words.say("mark.unripe"))


def sales_cycle(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many days from stage to stage? One row per segment; intervals in brackets."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    cells: dict[str, Cell] = {}
    if result.parameters.get("by") is not None:
        cells["segment"] = lambda row: words.group(result, row)
    cells |= {
        "start_stage": lambda row: words.stage(result.agreement, row["start_stage"]),
        "end_stage": lambda row: words.stage(result.agreement, row["end_stage"]),
        **counted(words, "started_leads", "reached_leads", "ended_leads", "open_leads"),
        **{
            name: _days(words, name)
            for name in ("median_days", "p75_days", "p90_days", "naive_median_days")
        },
    }
    cut = result.table["is_left_truncated"].map(is_true).astype(bool)
    texts = [name for name in ("segment", "start_stage", "end_stage") if name in cells]
    return table_of(
        words,
        result,
        cells,
        texts=texts,
        remarks=[
            words.say("legend.days_interval"),
            *([words.say("legend.delayed_entry")] if cut.any() else []),
        ],
        unless_zero=("ended_leads",),
    )


def _days(words: Words, name: str) -> Cell:
    def cell(row: pd.Series) -> str:
        if is_missing(row[name]) and not is_missing(row["reached_leads"]):
            return words.form("not_reached")
        text = words.number(row[name], fixed=True)
        quantile = name.removesuffix("_days")
        if is_missing(row[name]) or f"{quantile}_low_days" not in row:
            return text
        return words.form("with_mark", text=text, mark=days_range(words, row, quantile))

    return cell


def stuck_leads(
    result: Result | Missing, *, leads: bool = False, language: str | None = None
) -> GT | Notice:
    """Which open leads are late? One row per segment and stage, or (`leads=True`) per lead.

    Of single leads the twenty that are late the longest are shown; `result.part("leads")` has all.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if leads:
        return _late(words, result)
    currency = result.agreement.currency

    def money(name: str) -> Cell:
        return lambda row: words.money(row[name], currency)

    cells: dict[str, Cell] = {
        "stage": lambda row: words.stage(result.agreement, row["stage"]),
        **counted(words, "open_leads"),
        "median_age_days": lambda row: words.number(row["median_age_days"], fixed=True),
        "expected_days": lambda row: words.number(row["expected_days"]),
        **counted(words, "stuck_leads"),
        "stuck_share": lambda row: words.percent(row["stuck_share"]),
        **{name: money(name) for name in ("open_amount", "stuck_amount")},
    }
    return table_of(
        words,
        result,
        cells,
        texts=("stage",),
        group=_grouped(words, result),
        unless_zero=("open_amount", "stuck_amount"),
    )


def _late(words: Words, result: Result) -> GT:
    """The single leads that are late, the longest first."""
    late = result.part("leads")
    rows = late.head(_LEADS_SHOWN)
    by = result.parameters.get("by")
    cells: dict[str, Cell] = {
        "lead": lambda row: str(row["lead"]),
        "stage": lambda row: words.stage(result.agreement, row["stage"]),
        "age_days": lambda row: words.number(row["age_days"], fixed=True),
        "over_days": lambda row: words.number(row["over_days"], fixed=True),
    }
    if by is not None:
        cells["segment"] = lambda row: words.group(result, row)
    shown = {"shown": words.whole(len(rows)), "of": words.whole(len(late))}
    return framed(
        pd.DataFrame(
            {name: [cell(row) for _, row in rows.iterrows()] for name, cell in cells.items()},
            columns=list(cells),
            dtype=object,
        ),
        headings={name: words.column(name) for name in cells},
        title=words.table_name(result),
        subtitle=words.subtitle(result),
        notes=[
            words.footer(result),
            *([words.say("legend.late_shown", **shown)] if len(late) > len(rows) else []),
        ],
        texts=[name for name in ("lead", "stage", "segment") if name in cells],
    )


def _grouped(words: Words, result: Result) -> Cell | None:
    if result.parameters.get("by") is None:
        return None
    return lambda row: words.group(result, row)
