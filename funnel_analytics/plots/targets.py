"""Figures of targets: what was reached of what was agreed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, count_axis, finish
from funnel_analytics.plots.rows import month_axis, upright
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    is_true,
    notice,
    target_rows,
    words_for,
)

__all__ = ["actual_vs_target"]

_WORSE_IF_MORE = {"spend"}
_THOUSANDS_FROM = 100_000
_EARLIER = 0.45
_LINE = 17
_BELOW_MONTHS = 40
_BELOW = ("actual", "target", "variance")


def actual_vs_target(
    result: Result | Missing,
    *,
    metric: str | None = None,
    dimension: str | None = None,
    language: str | None = None,
) -> go.Figure | Notice:
    """How far was each month from its target?

    Above, the variance as a share of the target, blue if good and orange if bad; below, the actual
    solid on the outlined target, and all three as numbers under each month. The last month is
    dark. `metric` is by default revenue, won deals or leads, the first that has a target. A month
    that is not over is hatched.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = target_rows(result, metric, dimension).reset_index(drop=True)
    chosen = str(rows["metric"].iloc[0]) if len(rows) else (metric or "revenue")
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.32, 0.68], vertical_spacing=0.1
    )
    _variances(figure, words, result, rows, chosen)
    _levels(figure, words, result, rows, chosen)
    marks = [
        words.month_mark(each, with_year=i == 0 or each.month == 1)
        for i, each in enumerate(rows["month"])
    ]
    figure.update_xaxes(month_axis(marks))
    complete = rows["is_complete"].map(is_true).astype(bool)
    remark = "" if complete.all() else words.say("legend.incomplete")
    figure = finish(
        figure,
        words,
        result,
        finding=words.finding(result, metric=metric, dimension=dimension),
        plot_height=280,
        left=96,
        below_axis=_BELOW_MONTHS + len(_BELOW) * _LINE + 12,
        remarks=[remark],
        above_plot=22,
    )
    figure.update_layout(
        showlegend=True,
        barmode="overlay",
        legend={"orientation": "h", "x": 1, "y": 1.01, "yanchor": "bottom", "xanchor": "right"},
    )
    return figure


def _in_thousands(words: Words, rows: pd.DataFrame, metric: str) -> bool:
    """Are the amounts so large that thousands are easier to read?"""
    highest = rows[["actual", "target"]].max().max()
    return words.is_money(metric) and not is_missing(highest) and highest >= _THOUSANDS_FROM


def _axis_name(words: Words, result: Result, metric: str, thousands: bool) -> str:
    label = words.measure(result.agreement, metric)
    if words.is_money(metric):
        key = "axis.money_thousands" if thousands else "axis.money"
        return words.say(key, label=label, currency=words.symbol(result.agreement.currency))
    return words.say("axis.count", label=label)


def _variance_name(words: Words, result: Result, metric: str, thousands: bool) -> str:
    if words.is_money(metric):
        key = "axis.money_thousands" if thousands else "axis.money"
        return words.say(key, label="ΔPL", currency=words.symbol(result.agreement.currency))
    return words.say("axis.variance", unit=words.say("axis.number"))


def _levels(
    figure: go.Figure, words: Words, result: Result, rows: pd.DataFrame, metric: str
) -> None:
    spots = list(range(len(rows)))
    show = [words.measured(result.agreement, metric, each) for each in rows["actual"]]
    aim = [words.measured(result.agreement, metric, each) for each in rows["target"]]
    figure.add_trace(
        go.Bar(
            x=spots,
            y=rows["target"],
            name=as_text(words.say("mark.target")),
            width=0.62,
            marker={"color": theme.CLEAR, "line": {"color": theme.INK, "width": 1.5}},
            hovertext=[as_text(f"{words.say('mark.target')}: {each}") for each in aim],
            hoverinfo="text",
        ),
        row=2,
        col=1,
    )
    figure.add_trace(
        go.Bar(
            x=spots,
            y=rows["actual"],
            name=as_text(words.say("mark.actual")),
            width=0.42,
            marker={
                "color": [theme.QUIET] * (len(rows) - 1) + [theme.INK],
                "pattern": {
                    "shape": ["" if is_true(each) else "/" for each in rows["is_complete"]],
                    "bgcolor": theme.PAPER,
                },
            },
            hovertext=[as_text(f"{words.say('mark.actual')}: {each}") for each in show],
            hoverinfo="text",
        ),
        row=2,
        col=1,
    )
    thousands = _in_thousands(words, rows, metric)
    write = words.thousands if thousands else words.credit
    highest = rows[["actual", "target"]].max().max()
    figure.update_yaxes(
        count_axis(1.0 if is_missing(highest) else float(highest), write=write),
        title_text=as_text(_axis_name(words, result, metric, thousands)),
        row=2,
        col=1,
    )
    for line, column in enumerate(_BELOW):
        place: dict[str, Any] = {
            "yref": "paper",
            "y": 0,
            "yanchor": "top",
            "yshift": -_BELOW_MONTHS - line * _LINE,
        }
        colour = theme.INK if column == "actual" else theme.MUTED
        name = words.column("variance") if column == "variance" else words.say(f"mark.{column}")
        head: dict[str, Any] = {"xref": "paper", "xanchor": "right", "xshift": -10}
        upright(figure, text=as_text(name), x=0, **head, **place)
        for spot, value in enumerate(rows[column]):
            text = as_text(_signed(write, value) if column == "variance" else write(value))
            upright(
                figure,
                text=f"<b>{text}</b>" if spot == len(rows) - 1 else text,
                x=spot,
                xref="x2",
                font={"size": 11, "color": colour},
                **place,
            )


def _signed(write: Callable[[Any], str], value: Any) -> str:
    """A difference as `write` words it, with its sign."""
    text = write(value)
    return f"+{text}" if not is_missing(value) and value > 0 and text != write(0) else text


def _variances(
    figure: go.Figure, words: Words, result: Result, rows: pd.DataFrame, metric: str
) -> None:
    good_sign = -1 if metric in _WORSE_IF_MORE else 1
    colours = [
        theme.GOOD if not is_missing(each) and each * good_sign >= 0 else theme.BAD
        for each in rows["variance"]
    ]
    texts = [
        "" if is_missing(each) else as_text(words.percent(each, sign=True))
        for each in rows["variance_share"]
    ]
    figure.add_trace(
        go.Bar(
            x=list(range(len(rows))),
            y=rows["variance"],
            marker={
                "color": colours,
                "opacity": [_EARLIER] * (len(rows) - 1) + [1.0],
            },
            width=0.42,
            text=texts,
            textposition="outside",
            textangle=0,
            cliponaxis=False,
            constraintext="none",
            textfont={"size": 10},
            showlegend=False,
            hovertext=[
                as_text(
                    f"{words.column('variance')}: "
                    + (
                        words.money(each, result.agreement.currency, sign=True)
                        if words.is_money(metric)
                        else words.signed(each)
                    )
                )
                for each in rows["variance"]
            ],
            hoverinfo="text",
        ),
        row=1,
        col=1,
    )
    thousands = _in_thousands(words, rows, metric)
    reach = rows["variance"].abs().max()
    reach = 1.0 if is_missing(reach) or reach == 0 else float(reach)
    figure.update_yaxes(
        range=[-1.6 * reach, 1.6 * reach],
        showticklabels=False,
        ticks="",
        title_text=as_text(_variance_name(words, result, metric, thousands)),
        zeroline=True,
        zerolinecolor=theme.INK,
        row=1,
        col=1,
    )
    figure.update_xaxes(showline=False, row=1, col=1)
