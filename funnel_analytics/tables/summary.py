"""A month's headline numbers in one table."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.frame import framed
from funnel_analytics.tables.money import compared_cells, running_month, telling_targets
from funnel_analytics.tables.stages import entries, entries_remarks
from funnel_analytics.wording import Notice, Words, is_missing, is_true, notice, words_for

__all__ = ["summary"]


def summary(
    *,
    throughput: Result | Missing | None = None,
    targets: Result | Missing | None = None,
    conversion: Result | Missing | None = None,
    waiting: Result | Missing | None = None,
    language: str | None = None,
) -> GT | Notice:
    """What are the headline numbers of a month, beside their targets?

    Rows of `targets` (its last month) come first; stages that are not among them follow from
    `throughput`, then the overall rate of the cohort and the share contacted in time, each with
    its interval and the leads it is about.
    """
    given = [targets, throughput, conversion, waiting]
    results = [each for each in given if isinstance(each, Result)]
    if not results:
        missing = next((each for each in given if isinstance(each, Missing)), None)
        if missing is None:
            return Notice("")
        return notice(missing, language=language)
    first = results[0]
    words = words_for(first, language=language)
    rows = [
        *_target_lines(words, targets),
        *_throughput_lines(words, throughput, targets),
        *_rate_lines(words, conversion),
        *_waiting_lines(words, waiting),
    ]
    columns = ["metric", "actual", "interval", "target", "variance", "variance_share"]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    aimed = bool((frame["target"] != words.missing).any())
    columns = columns if aimed else columns[:3]
    period = _shown_period(first)
    remarks: list[str] = []
    if isinstance(targets, Result):
        remarks += running_month(words, _last_month(targets.table))
    elif isinstance(throughput, Result):
        remarks += entries_remarks(words, _last_month(throughput.table))
    return framed(
        frame,
        headings={name: words.column(name) for name in columns},
        title=words.say(
            "title.summary", company=first.agreement.company, period=words.period(period)
        ),
        subtitle=words.say(
            "what.summary" if aimed else "what.summary_actual", in_period=words.in_period(period)
        ),
        notes=[
            words.as_of(first),
            words.definition("actual_vs_target") if aimed else "",
            *remarks,
        ],
        texts=("metric",),
    )


def _shown_period(result: Result) -> str:
    """The month of the headline numbers: the last of the period, or the cohort's period."""
    table = result.table
    if "month" in table.columns and len(table):
        return f"{table['month'].max():%Y-%m}"
    return str(result.parameters.get("period", result.parameters.get("cohort")))


def _last_month(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["month"] == table["month"].max()]


def _target_lines(words: Words, targets: Result | Missing | None) -> list[list[str]]:
    if not isinstance(targets, Result) or targets.table.empty:
        return []
    rows = _last_month(telling_targets(targets))
    cells = compared_cells(words, targets.agreement.currency)
    lines = []
    for _, row in rows[rows["dimension"].isna()].iterrows():
        actual, *others = (cell(row) for cell in cells.values())
        lines.append([words.measure_of(targets.agreement, row), actual, "", *others])
    return lines


def _throughput_lines(
    words: Words, throughput: Result | Missing | None, targets: Result | Missing | None
) -> list[list[str]]:
    if not isinstance(throughput, Result) or throughput.parameters.get("by") is not None:
        return []
    known = _told_by(targets)
    if throughput.table.empty:
        return []
    nothing = words.missing
    return [
        [
            words.stage(throughput.agreement, row["stage"]),
            entries(words, row),
            "",
            nothing,
            nothing,
            nothing,
        ]
        for _, row in _last_month(throughput.table).iterrows()
        if row["stage"] not in known
    ]


def _told_by(targets: Result | Missing | None) -> set[str]:
    """The stages that the targets tell already, by name or as new leads and won deals."""
    if not isinstance(targets, Result):
        return set()
    known, stages = set(targets.table["metric"]), targets.agreement.stage_names
    same = {"leads": stages[0], "won_deals": stages[-1]}
    return known | {stage for metric, stage in same.items() if metric in known}


def _rate_lines(words: Words, conversion: Result | Missing | None) -> list[list[str]]:
    if not isinstance(conversion, Result) or conversion.parameters.get("by") is not None:
        return []
    if conversion.table.empty:
        return []
    row = conversion.table.sort_values("position").iloc[-1]
    stage = words.quoted(words.stage(conversion.agreement, row["stage"]))
    rate = words.percent(row["overall_rate"])
    limits = words.interval(row["overall_low"], row["overall_high"])
    if is_true(row["is_left_truncated"]):
        rate = words.form("with_mark", text=rate, mark=words.say("mark.left_truncated"))
    elif not is_true(row["is_mature"]):
        rate = words.form("with_mark", text=rate, mark=words.say("mark.immature"))
    nothing = words.missing
    period = words.period(str(conversion.parameters["cohort"]))
    name = words.say("headline.overall", stage=stage, period=period)
    return [[name, rate, limits, nothing, nothing, nothing]]


def _waiting_lines(words: Words, waiting: Result | Missing | None) -> list[list[str]]:
    if not isinstance(waiting, Result) or waiting.parameters.get("by") is not None:
        return []
    waits = waiting.table[waiting.table["leg"] == "wait"]
    if waits.empty:
        return []
    row, nothing = waits.iloc[0], words.missing
    share = words.percent(row["within_deadline_share"])
    limits = words.interval(row["within_deadline_low"], row["within_deadline_high"])
    median = words.number(row["median_hours"], fixed=True)
    unit = words.unit(words.working(waiting.agreement))
    period = words.period(str(waiting.parameters["cohort"]))
    in_time = words.say("headline.within_deadline", period=period)
    lines = [[words.say("headline.median_wait", unit=unit), median, "", nothing, nothing, nothing]]
    if not is_missing(row["within_deadline_share"]):
        lines.insert(0, [in_time, share, limits, nothing, nothing, nothing])
    return lines
