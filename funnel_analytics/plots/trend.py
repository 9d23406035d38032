"""Control chart: one rate over time, and which periods were unusual."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, finish, label_room, percent_axis, row_labels
from funnel_analytics.plots.groups import MOST_LINES, largest_groups
from funnel_analytics.plots.rows import month_axis, same_group
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    is_true,
    notice,
    of_counted,
    period_label,
    words_for,
)

__all__ = ["conversion_trend"]

_MOST_MARKS = {"week": 12}
_USUAL_MARKS = 26
_PANEL = 190
_HALF = 0.5


def conversion_trend(
    result: Result | Missing, *, language: str | None = None
) -> go.Figure | Notice:
    """Which week, month or quarter was unusual?

    The rate of each period, the band of its control limits and the centre line. Unusual periods are
    orange and labelled; those not yet mature are hollow, those cut off on the left crosses; neither
    is judged. With groups (`by=`) a panel each, the five largest, all with the same scale.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    if table.empty or table["rate"].isna().all():
        return Notice(f"{words.finding(result)}.")
    starts = sorted(table["period_start"].unique())
    place = {each: number for number, each in enumerate(starts)}
    groups = largest_groups(table, size="previous_leads", most=MOST_LINES)
    panels = len(groups.heads)
    figure = make_subplots(rows=panels, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    highest = float(table[["rate", "limit_high"]].max().max())
    names = []
    for number, (_, group) in enumerate(groups.heads.iterrows(), start=1):
        rows = table[same_group(table, group)].sort_values("period_start", kind="stable")
        rows = rows.assign(x=[place[each] for each in rows["period_start"]])
        _panel(figure, words, result, rows, number)
        figure.update_yaxes(percent_axis(words, highest), row=number, col=1)
        names.append(words.group(result, rows.iloc[0]))
    by = result.parameters.get("by")
    if by is not None:
        for number, label in enumerate(row_labels(names), start=1):
            axis = "" if number == 1 else str(number)
            figure.add_annotation(
                text=label,
                xref="paper",
                x=0,
                xanchor="right",
                xshift=-52,
                yref=f"y{axis} domain",
                y=0.5,
                yanchor="middle",
                showarrow=False,
                align="right",
            )
    figure.update_xaxes(month_axis(_marks(words, result, starts)))
    every = str(result.parameters["every"])
    figure.update_xaxes(title_text=as_text(words.say(f"axis.created_{every}")), row=panels, col=1)
    if by is None:
        figure.update_yaxes(title_text=as_text(words.say("axis.rate")))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=240 if by is None else _PANEL * panels * 2 // 3,
        left=88 if by is None else label_room(names) + 52,
        below_axis=78,
        above_plot=18,
        remarks=[*_remarks(words, table), *groups.remarks(words)],
    )


def _panel(
    figure: go.Figure, words: Words, result: Result, rows: pd.DataFrame, number: int
) -> None:
    where = {"row": number, "col": 1}
    judged = rows[rows["limit_low"].notna()]
    for _, run in judged.groupby((judged["x"].diff() != 1).cumsum()):
        spots = [edge for x in run["x"] for edge in (x - _HALF, x + _HALF)]
        limits = {
            name: [value for value in run[name] for _ in range(2)]
            for name in ("limit_low", "limit_high", "centre")
        }
        plain: dict[str, Any] = {"mode": "lines", "hoverinfo": "skip"}
        figure.add_trace(
            go.Scatter(x=spots, y=limits["limit_low"], line={"width": 0}, **plain), **where
        )
        figure.add_trace(
            go.Scatter(
                x=spots,
                y=limits["limit_high"],
                line={"width": 0},
                fill="tonexty",
                fillcolor=theme.FAINT,
                name="limits",
                **plain,
            ),
            **where,
        )
        centre = {"color": theme.MUTED, "width": 1, "dash": "dash"}
        figure.add_trace(
            go.Scatter(x=spots, y=limits["centre"], line=centre, name="centre", **plain), **where
        )
    unusual = rows["is_unusual"].map(is_true).astype(bool)
    figure.add_trace(
        go.Scatter(
            x=rows["x"],
            y=rows["rate"],
            mode="lines+markers",
            name="rate",
            cliponaxis=False,
            line={"color": theme.QUIET, "width": 1.5},
            marker={
                "size": 8,
                "color": [theme.BAD if each else theme.ACCENT for each in unusual],
                "line": {
                    "width": 1.5,
                    "color": [theme.BAD if each else theme.ACCENT for each in unusual],
                },
                "symbol": [_symbol(row) for _, row in rows.iterrows()],
            },
            hovertext=[_hover(words, result, row) for _, row in rows.iterrows()],
            hoverinfo="text",
        ),
        **where,
    )
    for _, row in rows[unusual & (rows["rule"] == "beyond_limit")].iterrows():
        below = row["rate"] < row["centre"]
        figure.add_annotation(
            text=as_text(words.percent(row["rate"])),
            x=row["x"],
            y=row["rate"],
            showarrow=False,
            yanchor="top" if below else "bottom",
            yshift=-6 if below else 6,
            font={"size": 11, "color": theme.BAD},
            **where,
        )


def _symbol(row: pd.Series) -> str:
    if is_true(row["is_left_truncated"]):
        return "x-thin"
    return "circle" if is_true(row["is_mature"]) else "circle-open"


def _hover(words: Words, result: Result, row: pd.Series) -> str:
    lines = [f"<b>{as_text(period_label(words, result, row['period_start']))}</b>"]
    if not is_missing(row["rate"]):
        count = of_counted(words, result, row["reached_leads"], row["previous_leads"])
        lines.append(as_text(f"{words.percent(row['rate'])} ({count})"))
    if not is_missing(row["limit_low"]):
        limits = words.interval(row["limit_low"], row["limit_high"])
        lines.append(as_text(f"{words.column('limits')}: {limits}"))
    if is_true(row["is_unusual"]):
        lines.append(as_text(words.say(f"rule.{row['rule']}")))
    if not is_missing(row["maturity"]):
        lines.append(as_text(f"{words.column('maturity')}: {words.percent(row['maturity'])}"))
    return "<br>".join(lines)


def _marks(words: Words, result: Result, starts: list[Any]) -> list[tuple[str, str]]:
    """A mark per period; where there are many, only some have a text."""
    days = [pd.Timestamp(each) for each in starts]
    every = result.parameters["every"]
    step = -(-len(days) // _MOST_MARKS.get(str(every), _USUAL_MARKS))
    marks = []
    for number, day in enumerate(days):
        if number % step:
            marks.append(("", ""))
        elif every == "quarter":
            marks.append((f"Q{(day.month + 2) // 3}", str(day.year)))
        elif every == "week":
            marks.append((words.day_mark(day.date()), str(day.year)))
        else:
            with_year = number == 0 or day.month == 1
            marks.append(words.month_mark(day.date(), with_year=with_year))
    return marks


def _remarks(words: Words, table: pd.DataFrame) -> list[str]:
    cut = table["is_left_truncated"].map(is_true).astype(bool)
    ripe = table["is_mature"].map(is_true).astype(bool)
    remarks = [words.say("legend.trend")] if table["limit_low"].notna().any() else []
    if (~ripe & ~cut & table["rate"].notna()).any():
        remarks.append(words.say("legend.cohorts_immature"))
    if cut.any():
        remarks.append(words.say("legend.left_truncated"))
    return remarks
