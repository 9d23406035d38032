"""Figures of months: cohorts and throughput, side by side in time."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from funnel_analytics import theme
from funnel_analytics.errors import CallError
from funnel_analytics.plots.canvas import (
    add_texts,
    as_text,
    finish,
    label_room,
    percent_axis,
    row_labels,
    wrapped,
)
from funnel_analytics.plots.groups import MOST_LINES, largest_groups
from funnel_analytics.plots.rows import (
    highest_rate,
    limits,
    month_axis,
    reached_hover,
    ripeness_dots,
    ripeness_remarks,
    same_group,
    upright,
)
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    CREATED_BY,
    Notice,
    Words,
    counted_noun,
    is_missing,
    is_true,
    mature,
    notice,
    words_for,
)

__all__ = ["cohorts", "throughput"]

_CUT_OFF = "×"
_TITLE_CHARACTERS = 30
_LEGEND = 26


def cohorts(
    result: Result | Missing, *, stage: str | None = None, language: str | None = None
) -> go.Figure | Notice:
    """Which share of each month's new leads had reached a stage?

    Needs a conversion `by="created_month"` (or `"created_quarter"`). Hollow: not yet mature.
    A cross: the data begin later than the cohort.

    Raises
    ------
    CallError
        The conversion is not by month or quarter of creation.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    by = result.parameters.get("by")
    if by not in CREATED_BY:
        raise CallError(
            f"cohorts() draws a conversion by {' or '.join(CREATED_BY)}; this one is by {by}. "
            "Call stage_conversion(…, by='created_month')."
        )
    words = words_for(result, language=language)
    wanted = stage or result.agreement.stage_names[-1]
    label = words.quoted(words.stage(result.agreement, wanted))
    table = result.table
    folded = table["is_folded"].map(is_true).astype(bool)
    known = table[(table["stage"] == wanted) & table["segment"].notna() & ~folded]
    rows = known.sort_values("segment").reset_index(drop=True)
    names = [words.segment(result.agreement, by, each) for each in rows["segment"]]
    figure = go.Figure(
        go.Scatter(
            x=list(range(len(rows))),
            y=rows["overall_rate"],
            mode="markers",
            cliponaxis=False,
            error_y=limits(rows, "overall_rate", "overall_low", "overall_high")
            | {"color": theme.QUIET},
            marker=ripeness_dots(rows, set(mature(rows).index)),
            hovertext=[
                reached_hover(words, result, row, name)
                for (_, row), name in zip(rows.iterrows(), names, strict=True)
            ],
            hoverinfo="text",
        )
    )
    figure.update_xaxes(
        month_axis(_marks(words, list(rows["segment"]), by)),
        title_text=as_text(words.attribute_label(by)),
    )
    figure.update_yaxes(
        percent_axis(words, highest_rate(rows)),
        title_text=wrapped(
            words.say(f"axis.overall_rate_{counted_noun(result)}", stage=label), _TITLE_CHARACTERS
        ),
    )
    _mark_cut_off(figure, words, rows)
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result, stage=wanted),
        plot_height=240,
        left=84,
        below_axis=78,
        remarks=ripeness_remarks(words, rows, "cohorts"),
        above_plot=18,
    )


def _marks(words: Words, segments: list[str], by: str) -> list[tuple[str, str]]:
    if by == "created_quarter":
        return [(segment[5:], segment[:4]) for segment in segments]
    return [
        words.month_mark(segment, with_year=number == 0 or segment.endswith("-01"))
        for number, segment in enumerate(segments)
    ]


def _mark_cut_off(figure: go.Figure, words: Words, rows: pd.DataFrame) -> None:
    """Shade the months before the data begin and say so once."""
    cut = [i for i, each in enumerate(rows["is_left_truncated"]) if is_true(each)]
    if not cut:
        return
    figure.add_vrect(
        x0=cut[0] - 0.5, x1=cut[-1] + 0.5, fillcolor=theme.FAINT, line_width=0, layer="below"
    )
    upright(
        figure,
        text=as_text(words.say("mark.left_truncated")),
        x=cut[0] - 0.4,
        y=1,
        yref="paper",
        xanchor="left",
        yanchor="bottom",
    )


def throughput(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How many leads entered each stage in each month?

    One panel per stage, all with the months of the period; each panel has its own scale from
    zero. With groups (`by=`) a line per group, the five largest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table, stages = result.table, result.agreement.stages
    months = sorted(table["month"].unique())
    place = {each: number for number, each in enumerate(months)}
    figure = make_subplots(rows=len(stages), cols=1, shared_xaxes=True, vertical_spacing=0.05)
    groups = largest_groups(table, size="total_leads", most=MOST_LINES)
    lines = [] if result.parameters.get("by") is None else groups.heads.to_dict("records")
    for number, stage in enumerate(stages, start=1):
        rows = table[table["stage"] == stage.name].sort_values("month")
        if not lines:
            _bars(figure, words, rows, place, number)
        else:
            _lines_by_group(figure, words, result, rows, place, lines, number)
        figure.update_yaxes(
            rangemode="tozero", showticklabels=False, showline=False, ticks="", row=number, col=1
        )
        axis = "" if number == 1 else str(number)
        figure.add_annotation(
            text=row_labels([stage.label.text(words.language)])[0],
            xref="paper",
            x=0,
            xanchor="right",
            xshift=-10,
            yref=f"y{axis} domain",
            y=0.4,
            yanchor="middle",
            showarrow=False,
            align="right",
        )
    marks = [
        words.month_mark(each, with_year=i == 0 or each.month == 1) for i, each in enumerate(months)
    ]
    figure.update_layout(barmode="stack")
    figure.update_xaxes(month_axis(marks))
    figure.update_xaxes(title_text=as_text(words.say("axis.month")), row=len(stages), col=1)
    upright(
        figure,
        text=as_text(words.say("axis.entered_leads")),
        x=0,
        xref="paper",
        y=1,
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=_LEGEND if len(lines) > 1 else 2,
        name="axis",
    )
    labels = [stage.label.text(words.language) for stage in stages]
    remarks = [words.say("legend.own_scale")]
    remarks += groups.remarks(words)
    if not lines and (table["imputed_leads"].fillna(0) > 0).any():
        remarks.append(words.say("legend.imputed_bars"))
    if not lines and not all(_complete(table[table["total_leads"].notna()])):
        remarks.append(words.say("legend.incomplete"))
    if not lines and any(_cut_off(table)):
        remarks.append(words.say("legend.left_truncated"))
    figure = finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=max((46 if len(lines) > 1 else 48) * len(stages), 160),
        left=label_room(labels),
        below_axis=78,
        remarks=remarks,
        above_plot=18 + (_LEGEND if len(lines) > 1 else 0),
    )
    if len(lines) > 1:
        figure.update_layout(
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "xanchor": "left"},
        )
    return figure


def _bars(
    figure: go.Figure, words: Words, rows: pd.DataFrame, place: dict[object, int], number: int
) -> None:
    last = len(place) - 1
    spots = [place[each] for each in rows["month"]]
    counts = rows["total_leads"].astype("float64")
    hovers = [
        f"{as_text(words.month(month))}: {as_text(words.amount('leads', count))}"
        for month, count in zip(rows["month"], rows["total_leads"], strict=True)
    ]
    look: dict[str, Any] = {
        "x": spots,
        "hovertext": hovers,
        "hoverinfo": "text",
        "cliponaxis": False,
    }
    figure.add_trace(
        go.Bar(
            y=rows["entered_leads"].astype("float64"),
            marker={
                "color": [theme.ACCENT if spot == last else theme.QUIET for spot in spots],
                "pattern": {
                    "shape": ["" if whole else "/" for whole in _complete(rows)],
                    "bgcolor": theme.PAPER,
                },
            },
            **look,
        ),
        row=number,
        col=1,
    )
    figure.add_trace(
        go.Bar(
            name="imputed",
            y=rows["imputed_leads"].astype("float64"),
            marker={"color": theme.FAINT, "line": {"width": 1, "color": theme.QUIET}},
            **look,
        ),
        row=number,
        col=1,
    )
    axis = "" if number == 1 else str(number)
    above = {"xref": f"x{axis}", "yref": f"y{axis}", "yanchor": "bottom"}
    add_texts(
        figure,
        [
            {
                "text": _CUT_OFF if cut else as_text(words.whole(count)),
                "x": spot,
                "y": 0.0 if is_missing(count) else float(count),
                "font": {"size": 10, "color": theme.INK},
                **above,
            }
            for spot, cut, count in zip(spots, _cut_off(rows), rows["total_leads"], strict=True)
        ],
    )
    highest = 1.0 if counts.isna().all() else float(counts.max())
    figure.update_yaxes(range=[0, max(highest, 1) * 1.35], row=number, col=1)


def _cut_off(rows: pd.DataFrame) -> list[bool]:
    """Which rows are of months before the data begin? Their zeros mean nothing."""
    if "is_left_truncated" not in rows.columns:
        return [False] * len(rows)
    return [is_true(each) for each in rows["is_left_truncated"]]


def _complete(rows: pd.DataFrame) -> list[bool]:
    """Which rows are of months that are over?"""
    if "is_complete" not in rows.columns:
        return [True] * len(rows)
    return [is_true(each) for each in rows["is_complete"]]


def _lines_by_group(
    figure: go.Figure,
    words: Words,
    result: Result,
    rows: pd.DataFrame,
    place: dict[object, int],
    groups: Sequence[Mapping[Hashable, Any]],
    number: int,
) -> None:
    for order, group in enumerate(groups):
        mine = rows[same_group(rows, group)]
        style = theme.series_style(order)
        name = words.group(result, mine.iloc[0] if len(mine) else group)
        figure.add_trace(
            go.Scatter(
                x=[place[each] for each in mine["month"]],
                y=mine["total_leads"].astype("float64"),
                mode="lines+markers",
                name=as_text(name),
                legendgroup=str(order),
                showlegend=number == 1,
                line={"color": style["color"], "dash": style["dash"], "width": 2},
                marker={"symbol": style["symbol"], "size": 5},
                hovertext=[
                    f"{as_text(name)}, {as_text(words.month(month))}: "
                    f"{as_text(words.amount('leads', count))}"
                    for month, count in zip(mine["month"], mine["total_leads"], strict=True)
                ],
                hoverinfo="text",
            ),
            row=number,
            col=1,
        )
