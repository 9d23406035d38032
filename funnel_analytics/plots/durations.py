"""Figures of time: how long a stage lasts, how long a lead waits."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import (
    as_text,
    finish,
    label_room,
    percent_axis,
    row_labels,
)
from funnel_analytics.plots.groups import MOST_LINES, MOST_ROWS, largest_groups
from funnel_analytics.plots.rows import (
    column_of_texts,
    group_columns,
    row_axis,
    same_group,
    upright,
)
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    notice,
    words_for,
)

__all__ = ["time_in_stage", "waiting"]

_HEADINGS = {"median_days": "median_stay_days"}
_ROW = 46
_LABEL_GAP = 0.055
_NEARLY_ALL = 0.95
_DEADLINES_SHOWN = 3.0
_SMALL_LINE = 14
_OTHER_RULES = ("priority", "stage")
_ABOVE = 0.3


def time_in_stage(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How long do leads stay in each stage?

    A dot at the median, a tick at 75 %, a line up to 90 %; above the line, so that none hides
    another, a diamond at the agreed expectation.
    Where half of the leads have left no stage yet, there is nothing to draw but a sentence. Of many
    groups the largest are drawn.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.table["median_days"].isna().all():
        return Notice(f"{words.finding(result)}.")
    by = result.parameters.get("by")
    table = result.table
    groups = largest_groups(
        table, size="entered_leads", most=MOST_ROWS, rows_each=table["position"].nunique()
    )
    rows = groups.rows(table).sort_values("position", kind="stable").reset_index(drop=True)
    names = [words.stage(result.agreement, name) for name in rows["stage"]]
    below = [] if by is None else [words.group(result, row) for _, row in rows.iterrows()]
    figure = go.Figure()
    spots = list(range(len(rows)))
    farthest = max(rows[["median_days", "p75_days", "p90_days", "expected_days"]].max().max(), 1)
    edge = 1.0 if is_missing(farthest) else float(farthest) * 1.08
    for spot, row in rows.iterrows():
        _range_line(figure, row, spot, edge)
    for column, symbol, size, colour in (
        ("median_days", "circle", 11, theme.ACCENT),
        ("p75_days", "line-ns", 12, theme.ACCENT),
        ("expected_days", "diamond-open", 10, theme.INK),
    ):
        figure.add_trace(
            go.Scatter(
                x=rows[column],
                y=[spot - _ABOVE * (column == "expected_days") for spot in spots],
                mode="markers",
                name=as_text(words.column(_HEADINGS.get(column, column))),
                marker={
                    "symbol": symbol,
                    "size": size,
                    "color": colour,
                    "line": {"width": 2, "color": colour},
                },
                hovertext=[
                    as_text(f"{words.column(_HEADINGS.get(column, column))}: {words.number(each)}")
                    for each in rows[column]
                ],
                hoverinfo="text",
                cliponaxis=False,
            )
        )
    figure.update_xaxes(
        title_text=as_text(words.say("axis.days_in_stage")), range=[0, edge], domain=[0, 0.56]
    )
    figure.update_yaxes(row_axis(row_labels(names, below=below)))
    for column, x in (("median_days", 0.7), ("p90_days", 0.85), ("open_leads", 1.0)):
        column_of_texts(
            figure,
            heading=[words.column(_HEADINGS.get(column, column))],
            x=x,
            texts=[
                as_text(words.form("not_reached"))
                if column != "open_leads" and is_missing(each)
                else as_text(words.number(each, digits=int(column != "open_leads"), fixed=True))
                for each in rows[column]
            ],
        )
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_ROW * len(rows),
        left=label_room([*names, *below]),
        above_plot=36,
        remarks=[words.say("legend.time_in_stage"), *groups.remarks(words)],
    )


def _range_line(figure: go.Figure, row: pd.Series, spot: object, edge: float) -> None:
    """From the median to 90 %; with no 90 % the line runs to the edge and ends in an arrow."""
    if is_missing(row["median_days"]):
        return
    known = not is_missing(row["p90_days"])
    end = row["p90_days"] if known else edge
    figure.add_trace(
        go.Scatter(
            x=[row["median_days"], end],
            y=[spot, spot],
            mode="lines+markers",
            line={"color": theme.QUIET, "width": 3, "dash": "solid" if known else "dot"},
            marker={
                "symbol": ["line-ns", "line-ns" if known else "triangle-right"],
                "size": 9,
                "color": theme.QUIET,
                "line": {"width": 2, "color": theme.QUIET},
            },
            hoverinfo="skip",
            cliponaxis=False,
        )
    )


def waiting(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """Which share of the leads had a first contact within how many hours?

    A step curve (one minus Kaplan-Meier) per group, the five largest, each labelled at its end;
    a line at the agreed deadline.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    by = result.parameters.get("by")
    waits = result.table[result.table["leg"] == "wait"]
    groups = largest_groups(waits, size="leads", most=MOST_LINES)
    shown = groups.heads
    curve = result.part("curve")
    curve = curve[curve["leg"] == "wait"].sort_values("hours", kind="stable")
    deadlines = _deadlines(result, shown)
    edge, whole = _edge(curve, list(deadlines))
    figure = go.Figure()
    ends: list[float] = []
    for order, (_, row) in enumerate(shown.iterrows()):
        name = "" if by is None else words.group(result, row)
        _step_curve(figure, words, curve[same_group(curve, row)], name, order, edge, ends)
    unit = words.working(result.agreement)
    for number, (deadline, origins) in enumerate(deadlines.items()):
        figure.add_vline(x=deadline, line={"color": theme.INK, "width": 1, "dash": "dash"})
        hours = words.amount(unit, deadline)
        text = words.say("mark.deadline", hours=hours)
        if origins:
            who = [words.segment(result.agreement, "origin", each) for each in origins]
            text = words.say("mark.deadline_of", who=words.list_of(who), hours=hours)
        upright(
            figure,
            text=as_text(text),
            x=deadline,
            y=1,
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            yshift=_SMALL_LINE * (len(deadlines) - 1 - number),
        )
    axis = "axis.wait" if unit == "working_hours" else "axis.wait_clock"
    figure.update_xaxes(title_text=as_text(words.say(axis)), range=[0, edge])
    figure.update_yaxes(
        percent_axis(words, 1.0), title_text=as_text(words.say("axis.share_contacted"))
    )
    remarks = []
    if by is None:
        remarks.append(_counted(words, result, shown.iloc[0]))
    if whole > edge:
        remarks.append(_cut(words, result, shown, curve, edge))
    remarks += groups.remarks(words)
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=240,
        left=88,
        right=64 if by is None else 190,
        above_plot=20 + _SMALL_LINE * max(len(deadlines) - 1, 0),
        remarks=remarks,
    )


def _counted(words: Words, result: Result, row: pd.Series) -> str:
    """How many leads had a contact by count, since the curve is an estimate and ends higher."""
    share = row["contacted_leads"] / row["leads"] if row["leads"] else None
    return words.say(
        "legend.waiting_counted",
        count=row["contacted_leads"],
        leads=words.amount("leads", row["leads"]),
        by=words.by_as_of(result),
        share=words.percent(share),
    )


def _cut(
    words: Words, result: Result, shown: pd.DataFrame, curve: pd.DataFrame, edge: float
) -> str:
    """What comes after the edge: the curves that still rise, by what is printed, and how far."""
    unit = words.working(result.agreement)
    by, until = result.parameters.get("by"), words.amount(unit, edge)
    rising, any_later = [], False
    for _, row in shown.iterrows():
        group = row["segment"]
        mine = curve[curve["segment"].isna() if is_missing(group) else curve["segment"] == group]
        last, at_edge = mine["share_contacted"].max(), _share_at(mine, edge)
        share = words.percent(last)
        any_later = any_later or last > at_edge
        if share == words.percent(at_edge) or is_missing(last):
            continue
        if by is None:
            end = round(float(mine["hours"].max()))
            whole = words.amount(unit, end)
            return words.say("legend.waiting_cut", shown=until, whole=whole, share=share)
        rising.append(words.form("with_mark", text=words.group(result, row), mark=share))
    if rising:
        groups = words.list_of(rising)
        return words.say("legend.waiting_cut_groups", shown=until, groups=groups)
    return words.say(f"legend.waiting_cut_{'hardly' if any_later else 'flat'}", shown=until)


def _share_at(curve: pd.DataFrame, hours: float) -> float:
    """The share contacted within so many hours, on one curve."""
    within = curve[curve["hours"] <= hours]
    return float(within["share_contacted"].iloc[-1]) if len(within) else 0.0


def _deadlines(result: Result, shown: pd.DataFrame) -> dict[float, list[str]]:
    """The deadlines of the rows, in order, each with the origins that it was agreed for alone.

    A row whose leads have several deadlines has none of its own: then all that were agreed.
    """
    usual = result.parameters.get("within_hours")
    by_origin = result.parameters.get("within_hours_by_origin") or {}
    others = [result.parameters.get(f"within_hours_by_{name}") or {} for name in _OTHER_RULES]
    found = {float(each) for each in shown["deadline_hours"] if not is_missing(each)}
    if shown["deadline_hours"].isna().any() and usual is not None:
        agreed = [by_origin, *others]
        found |= {float(usual), *(float(each) for own in agreed for each in own.values())}
    return {
        hours: [origin for origin, each in by_origin.items() if each == hours and each != usual]
        for hours in sorted(found)
    }


def _edge(curve: pd.DataFrame, deadlines: Sequence[float]) -> tuple[float, float]:
    """How far the axis goes, and how far the curve: a long tail hides what happens at first."""
    if curve.empty:
        return (1.0, 0.0)
    whole = float(curve["hours"].max())
    groups = group_columns(curve)
    ends = curve.groupby(groups, dropna=False)["share_contacted"].transform("max")
    nearly = curve.loc[curve["share_contacted"] >= _NEARLY_ALL * ends]
    far = float(nearly.groupby(groups, dropna=False)["hours"].min().max())
    edge = min(whole, max([far, *(_DEADLINES_SHOWN * each for each in deadlines)]))
    return (float(max(math.ceil(edge), 1)), whole)


def _step_curve(
    figure: go.Figure,
    words: Words,
    curve: pd.DataFrame,
    name: str,
    order: int,
    edge: float,
    ends: list[float],
) -> None:
    """One curve from nobody at 0 hours to its last step, its label beside the end."""
    if curve.empty:
        return
    style = theme.series_style(order)
    hours = [0.0, *curve["hours"], max(edge, float(curve["hours"].max()))]
    last = float(curve["share_contacted"].iloc[-1])
    shares = [0.0, *curve["share_contacted"], last]
    figure.add_trace(
        go.Scatter(
            x=hours,
            y=shares,
            mode="lines",
            name=as_text(name),
            line={"shape": "hv", "color": style["color"], "dash": style["dash"], "width": 2.5},
            hovertext=[
                as_text(f"{name} {words.number(at)}: {words.percent(share)}".strip())
                for at, share in zip(hours, shares, strict=True)
            ],
            hoverinfo="text",
        )
    )
    end = _share_at(curve, edge)
    reached = words.percent(end)
    label = words.form("labelled", label=name, text=reached) if name else reached
    while any(abs(end - other) < _LABEL_GAP for other in ends):
        end -= _LABEL_GAP
    ends.append(end)
    figure.add_annotation(
        text=as_text(label),
        x=edge,
        y=end,
        xanchor="left",
        xshift=6,
        showarrow=False,
        font={"color": style["color"], "size": 12},
    )
