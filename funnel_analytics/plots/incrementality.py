"""Leads without a channel: observed against expected while it was off, and by its spend."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, count_axis, finish, label_room, row_labels
from funnel_analytics.plots.rows import month_axis, upright
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    bought_label,
    is_missing,
    notice,
    number_range,
    words_for,
)

__all__ = ["spend_response", "switched_off"]

_MOST_MARKS = 9
_MOST_PANELS = 5
_PANEL = 132
_HALF = 0.5


def switched_off(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How many leads were missing in each week in which a channel was off?

    Grey the leads counted per week, blue those expected had it stayed on, with their 95 % interval,
    in the weeks that were off, which are shaded.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    weeks = result.part("weeks")
    weeks["x"] = range(len(weeks))
    figure = go.Figure()
    highest = float(weeks[["leads", "expected_leads"]].max().max())
    is_off = weeks["off_share"] > 0
    runs = [run for _, run in weeks[is_off].groupby((~is_off).cumsum()[is_off])]
    for run in runs:
        first, last = run["x"].iloc[0] - _HALF, run["x"].iloc[-1] + _HALF
        figure.add_vrect(x0=first, x1=last, fillcolor=theme.FAINT, line_width=0, layer="below")
        highest = max(highest, float(run["expected_high"].max()))
    _counted(figure, words, weeks)
    for number, run in enumerate(runs):
        _expected(figure, words, run, is_named=number == len(runs) - 1)
    shaded = runs[0]
    figure.add_annotation(
        text=as_text(words.say("mark.inc_off")),
        x=float(shaded["x"].mean()),
        y=1,
        yref="paper",
        yanchor="bottom",
        showarrow=False,
        font={"size": 11, "color": theme.MUTED},
    )
    figure.update_xaxes(
        month_axis(_marks(words, weeks)), title_text=as_text(words.say("axis.inc_week"))
    )
    figure.update_yaxes(
        count_axis(highest, write=words.whole), title_text=as_text(words.say("axis.inc_leads"))
    )
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=270,
        left=72,
        right=96,
        below_axis=80,
        above_plot=22,
        remarks=[words.say("legend.switched_off")],
    )


def _counted(figure: go.Figure, words: Words, weeks: pd.DataFrame) -> None:
    figure.add_trace(
        go.Scatter(
            x=weeks["x"],
            y=weeks["leads"],
            mode="lines+markers",
            name="counted",
            line={"color": theme.QUIET, "width": 1.5},
            marker={"size": 5, "color": theme.MUTED},
            cliponaxis=False,
            hovertext=[
                as_text(f"{words.day(row['week'])}: {words.amount('leads', row['leads'])}")
                for _, row in weeks.iterrows()
            ],
            hoverinfo="text",
        )
    )
    _label(figure, words.say("mark.inc_counted"), weeks.iloc[-1], "leads", theme.MUTED)


def _expected(figure: go.Figure, words: Words, run: pd.DataFrame, *, is_named: bool) -> None:
    """The line of what was expected, and its interval, over one span of weeks."""
    plain: dict[str, Any] = {"mode": "lines", "hoverinfo": "skip"}
    edges = [float(edge) for x in run["x"] for edge in (x - _HALF, x + _HALF)]

    def steps(name: str) -> list[float]:
        return [float(value) for value in run[name] for _ in range(2)]

    figure.add_trace(go.Scatter(x=edges, y=steps("expected_low"), line={"width": 0}, **plain))
    figure.add_trace(
        go.Scatter(
            x=edges,
            y=steps("expected_high"),
            line={"width": 0},
            fill="tonexty",
            fillcolor=theme.BAND,
            name="interval",
            **plain,
        )
    )
    figure.add_trace(
        go.Scatter(
            x=edges,
            y=steps("expected_leads"),
            mode="lines",
            name="expected",
            line={"color": theme.ACCENT, "width": 2.5},
            hovertext=[
                as_text(
                    f"{words.day(row['week'])}: {number_range(words, row, *_EXPECTED, digits=1)}"
                )
                for _, row in run.iterrows()
                for _ in range(2)
            ],
            hoverinfo="text",
        )
    )
    if is_named:
        figure.add_annotation(
            text=as_text(words.say("mark.inc_expected")),
            x=float(run["x"].mean()),
            y=float(run["expected_high"].max()),
            yanchor="bottom",
            bgcolor=theme.FAINT,
            showarrow=False,
            font={"size": 12, "color": theme.ACCENT},
        )


_EXPECTED = ("expected_leads", "expected_low", "expected_high")


def _label(figure: go.Figure, text: str, row: pd.Series, name: str, colour: str) -> None:
    """A name at the right end of the plot, at the height of a line's last point."""
    figure.add_annotation(
        text=as_text(text),
        x=1,
        xref="paper",
        y=float(row[name]),
        xanchor="left",
        xshift=6,
        showarrow=False,
        font={"size": 12, "color": colour},
    )


def _marks(words: Words, weeks: pd.DataFrame) -> list[tuple[str, str]]:
    """A mark at every few weeks: day and year."""
    step = -(-len(weeks) // _MOST_MARKS)
    days = [pd.Timestamp(each).date() for each in weeks["week"]]
    return [
        (words.day_mark(day), str(day.year)) if number % step == 0 else ("", "")
        for number, day in enumerate(days)
    ]


def spend_response(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How many leads a week go with how much spend a week?

    A panel per channel, the five with the most spend: the curve with its 95 % interval, dashed
    above the highest week; a thick line on the axis from the lowest week to the highest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table.head(_MOST_PANELS).assign(currency=result.agreement.currency)
    if rows["incremental_leads"].isna().all():
        return Notice(f"{words.finding(result)}.")
    by, curves = str(result.parameters["by"]), result.part("curves")
    figure = make_subplots(rows=len(rows), cols=1, vertical_spacing=0.34 / len(rows))
    shown = curves[curves[by].isin(rows[by])]
    highest = float(shown["high"].max())
    floor = min(float(shown["low"].min()), 0.0) * 1.08
    names, currency = [], result.agreement.currency
    for number, (_, row) in enumerate(rows.iterrows(), start=1):
        curve = curves[curves[by] == row[by]]
        _curve(figure, words, curve, row, floor, number)
        axis = count_axis(highest, write=words.whole)
        figure.update_yaxes({**axis, "range": [floor, axis["range"][1]]}, row=number, col=1)
        money = count_axis(
            float(curve["spend"].max()), write=lambda value: words.money(value, currency)
        )
        figure.update_xaxes(money, row=number, col=1)
        names.append(bought_label(words, result, row))
    for number, label in enumerate(row_labels(names), start=1):
        figure.add_annotation(
            text=label,
            xref="paper",
            x=0,
            xanchor="right",
            xshift=-44,
            yref=f"y{'' if number == 1 else number} domain",
            y=0.5,
            yanchor="middle",
            showarrow=False,
            align="right",
        )
    figure.update_xaxes(
        title_text=as_text(words.say("axis.inc_spend", currency=words.symbol(currency))),
        row=len(rows),
        col=1,
    )
    upright(
        figure,
        text=as_text(words.say("axis.inc_leads")),
        x=0,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="right",
        yanchor="bottom",
        yshift=6,
        font={"size": 12, "color": theme.MUTED},
    )
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=max(_PANEL * len(rows), 220),
        left=label_room(names) + 44,
        below_axis=70,
        above_plot=24,
        remarks=[words.say("legend.spend_response")],
    )


def _curve(
    figure: go.Figure, words: Words, curve: pd.DataFrame, row: pd.Series, floor: float, number: int
) -> None:
    currency = str(row["currency"])
    where, plain = {"row": number, "col": 1}, {"mode": "lines", "hoverinfo": "skip"}
    figure.add_trace(
        go.Scatter(x=curve["spend"], y=curve["low"], line={"width": 0}, **plain), **where
    )
    figure.add_trace(
        go.Scatter(
            x=curve["spend"],
            y=curve["high"],
            line={"width": 0},
            fill="tonexty",
            fillcolor=theme.FAINT,
            name="interval",
            **plain,
        ),
        **where,
    )
    seen = curve[curve["is_observed"]]
    for name, part in (("observed", seen), ("beyond", curve.loc[seen.index[-1] :])):
        figure.add_trace(
            go.Scatter(
                x=part["spend"],
                y=part["leads"],
                mode="lines",
                name=name,
                line={
                    "color": theme.ACCENT,
                    "width": 2.5 if name == "observed" else 1.5,
                    "dash": "solid" if name == "observed" else "dash",
                },
                hovertext=[
                    as_text(
                        f"{words.money(each['spend'], currency)}: "
                        f"{number_range(words, each, 'leads', 'low', 'high', digits=1)}"
                    )
                    for _, each in part.iterrows()
                ],
                hoverinfo="text",
            ),
            **where,
        )
    figure.add_trace(
        go.Scatter(
            x=[row["lowest_spend"], row["highest_spend"]],
            y=[floor, floor],
            line={"color": theme.INK, "width": 4},
            name="range",
            cliponaxis=False,
            **plain,
        ),
        **where,
    )
    if not is_missing(row["low"]) and row["low"] <= 0 <= row["high"]:
        figure.add_hline(y=0, line={"color": theme.LINE, "width": 1}, **where)
