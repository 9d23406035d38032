"""Does speed matter? The share that reached a stage by the wait for the first contact."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, finish, percent_axis
from funnel_analytics.plots.rows import limits, upright
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice, Words, band_label, is_missing, notice, words_for

__all__ = ["speed_effect"]

_APART = 0.11


def speed_effect(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """Which share of the leads reached the stage, by how long they waited for a contact?

    Per band of waits a hollow grey point as counted and a filled one adjusted for what else differs
    between the leads, both with their 95 % interval; a line at the agreed deadline.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table
    if rows["reached_rate"].isna().all() or len(rows) < 2:
        return Notice(f"{words.finding(result)}.")
    is_adjusted = rows["adjusted_rate"].notna().any()
    figure = go.Figure()
    _points(figure, words, rows, "reached", -_APART if is_adjusted else 0.0)
    if is_adjusted:
        _points(figure, words, rows, "adjusted", _APART)
    unit = words.unit(words.working(result.agreement))
    figure.update_xaxes(
        title_text=as_text(words.say("axis.speed_wait", unit=unit)),
        tickvals=list(range(len(rows))),
        ticktext=[_tick(words, row) for _, row in rows.iterrows()],
        range=[-0.5, len(rows) - 0.5],
        ticks="",
        title_standoff=12,
    )
    ends = rows[["reached_high", "adjusted_high"]].max().max()
    days = words.amount("days_dative", result.parameters["follow_up_days"])
    figure.update_yaxes(
        percent_axis(words, float(ends)),
        title_text=as_text(words.say("axis.speed_rate", days=days)),
    )
    _deadline(figure, words, result, rows)
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=270,
        left=88,
        right=130,
        below_axis=76,
        above_plot=20,
        remarks=[words.say("legend.speed")],
    )


def _tick(words: Words, row: pd.Series) -> str:
    small = words.amount("leads", row["leads"])
    below = f"<span style='font-size:11px;color:{theme.MUTED}'>{as_text(small)}</span>"
    return f"{as_text(band_label(words, row))}<br>{below}"


def _points(figure: go.Figure, words: Words, rows: pd.DataFrame, what: str, beside: float) -> None:
    """The rates of all bands with their intervals, labelled at the last one."""
    is_counted = what == "reached"
    colour = theme.MUTED if is_counted else theme.ACCENT
    names = [f"{what}_{each}" for each in ("rate", "low", "high")]
    name = words.say(f"mark.speed_{'counted' if is_counted else 'adjusted'}")
    figure.add_trace(
        go.Scatter(
            x=[number + beside for number in range(len(rows))],
            y=rows[names[0]],
            mode="markers",
            name=as_text(name),
            marker={
                "symbol": "circle-open" if is_counted else "circle",
                "size": 10,
                "color": colour,
                "line": {"width": 2, "color": colour},
            },
            error_y=limits(rows, *names) | {"color": colour},
            hovertext=[
                as_text(
                    f"{name}: {words.percent(row[names[0]])} "
                    f"({words.interval(row[names[1]], row[names[2]])})"
                )
                for _, row in rows.iterrows()
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    shown = rows[names[0]].dropna()
    figure.add_annotation(
        text=as_text(name),
        x=1,
        xref="paper",
        y=float(shown.iloc[-1]),
        xanchor="left",
        xshift=6,
        yshift=0 if len(figure.data) == 1 else _aside(figure),
        showarrow=False,
        font={"color": colour, "size": 12},
    )


def _aside(figure: go.Figure) -> int:
    """How many pixels the second label moves, so that it does not hide the first."""
    first, second = (float(pd.Series(each.y).dropna().iloc[-1]) for each in figure.data)
    if abs(first - second) > 0.04:
        return 0
    return 16 if second >= first else -16


def _deadline(figure: go.Figure, words: Words, result: Result, rows: pd.DataFrame) -> None:
    within = rows["is_within_deadline"]
    hours = result.parameters["within_hours"]
    if is_missing(hours) or within.isna().any() or within.all():
        return
    place = int(within.sum()) - 0.5
    figure.add_vline(x=place, line={"color": theme.INK, "width": 1, "dash": "dash"})
    amount = words.amount(words.working(result.agreement), hours)
    upright(
        figure,
        text=as_text(words.say("mark.deadline", hours=amount)),
        x=place,
        y=1,
        yref="paper",
        xanchor="left",
        yanchor="bottom",
    )
