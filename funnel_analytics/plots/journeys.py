"""Figures of journeys: what channels do in them, and how long they were."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import (
    as_text,
    count_axis,
    finish,
    label_room,
    row_labels,
)
from funnel_analytics.plots.rows import column_of_texts, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    days_limits,
    is_missing,
    journey_state,
    length_label,
    notice,
    words_for,
)

__all__ = ["channel_roles", "journey_times"]

_ROLES = ("openers", "helpers", "closers", "alone")
_NAMES = {"openers": "opener", "helpers": "helper", "closers": "closer", "alone": "alone"}
_PATTERNS = ("", "/", ".", "x")
_MOST_CHANNELS = 12


def channel_roles(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """What does each channel do in the journeys that converted?

    A bar per channel, the one with the most touches on top, in parts by role: touches that opened
    a journey, stood between, closed one or were alone.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    roles = result.part("roles")
    if roles.empty:
        return Notice(f"{words.finding(result)}.")
    shown = roles.head(_MOST_CHANNELS).reset_index(drop=True)
    names = [journey_state(words, result, each) for each in shown["key"]]
    figure = go.Figure()
    for number, role in enumerate(_ROLES):
        figure.add_trace(_part(words, shown, names, role, number))
    figure.update_layout(
        barmode="stack",
        showlegend=True,
        legend={
            "orientation": "h",
            "traceorder": "normal",
            "x": 0,
            "y": 1,
            "xanchor": "left",
            "yanchor": "bottom",
        },
    )
    figure.update_xaxes(
        {**count_axis(float(shown["touches"].max()), write=words.whole), "domain": [0, 0.66]},
        title_text=as_text(words.say("axis.role_touches")),
    )
    figure.update_yaxes(row_axis(row_labels(names)))
    for x, name in ((0.82, "role_ended"), (1.0, "role_ratio")):
        column_of_texts(
            figure,
            heading=[words.column(name)],
            x=x,
            texts=[as_text(_number(words, row, name)) for _, row in shown.iterrows()],
        )
    remarks = [words.say("legend.role_ratio")]
    if len(roles) > len(shown):
        of = {"shown": words.whole(len(shown)), "of": words.whole(len(roles))}
        remarks.append(words.say("legend.roles_hidden", **of))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result, about="roles"),
        plot_height=max(34 * len(shown), 90),
        left=label_room(names),
        above_plot=40,
        remarks=remarks,
    )


def _part(words: Words, shown: pd.DataFrame, names: list[str], role: str, number: int) -> go.Bar:
    """The touches of one role."""
    label = words.say(f"journey.{_NAMES[role]}")
    colour = theme.series_style(number)["color"]
    texts = [
        words.form(
            "labelled",
            label=words.form("with_mark", text=name, mark=label),
            text=words.amount("touches", count),
        )
        for name, count in zip(names, shown[role], strict=True)
    ]
    return go.Bar(
        orientation="h",
        name=as_text(label),
        x=[int(each) for each in shown[role]],
        y=list(range(len(shown))),
        marker={
            "color": colour,
            "pattern": {
                "shape": _PATTERNS[number],
                "bgcolor": colour,
                "fgcolor": theme.PAPER,
                "size": 6,
                "solidity": 0.15,
            },
        },
        hovertext=[as_text(each) for each in texts],
        hoverinfo="text",
    )


def _number(words: Words, row: pd.Series, name: str) -> str:
    if name == "role_ended":
        return words.whole(row["last"])
    return words.number(row["assisted_per_last"], fixed=True)


def journey_times(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How many touches had the journeys that converted, and how many days did they take?

    A row per number of touches: on the left a bar of conversions, on the right the median of the
    days with its interval, and the middle half.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    times = result.part("times")
    rows = times[times["conversions"] > 0].reset_index(drop=True)
    if rows.empty:
        return Notice(f"{words.finding(result)}.")
    names = [length_label(words, row) for _, row in rows.iterrows()]
    places = list(range(len(rows)))
    bands = rows[rows["touches_from"].notna()]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=[int(each) for each in bands["conversions"]],
            y=list(bands.index),
            marker={"color": theme.QUIET},
            text=[words.whole(each) for each in bands["conversions"]],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    for number, row in rows.iterrows():
        width = 7 if is_missing(row["touches_from"]) else 5
        figure.add_trace(
            _line(row["p25_days"], row["p75_days"], number, width=width, colour=theme.LINE)
        )
        figure.add_trace(
            _line(row["median_low"], row["median_high"], number, width=1.5, colour=theme.ACCENT)
        )
    figure.add_trace(
        go.Scatter(
            x=[float(each) for each in rows["median_days"]],
            y=places,
            xaxis="x2",
            mode="markers",
            marker={"color": theme.ACCENT, "size": 9},
            hovertext=[as_text(_median(words, row)) for _, row in rows.iterrows()],
            hoverinfo="text",
        )
    )
    most = float(bands["conversions"].max()) if len(bands) else 1.0
    figure.update_layout(
        xaxis={
            **count_axis(most * 1.15, write=words.whole),
            "domain": [0, 0.36],
            "title_text": as_text(words.say("axis.length_conversions")),
        },
        xaxis2={
            **count_axis(float(rows[["p75_days", "median_high"]].max().max()), write=words.whole),
            "domain": [0.44, 0.84],
            "anchor": "y",
            "title_text": as_text(words.say("axis.journey_days")),
        },
        yaxis=row_axis(row_labels(names)),
    )
    column_of_texts(
        figure,
        heading=[words.say("mark.median"), words.column("interval")],
        x=1,
        texts=[as_text(_median(words, row)) for _, row in rows.iterrows()],
    )
    lookback = words.amount("days_dative", result.parameters["lookback_days"])
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result, about="times"),
        plot_height=max(34 * len(rows), 90),
        left=label_room(names),
        above_plot=36,
        remarks=[words.say("legend.journey_times", lookback=lookback)],
    )


def _line(low: Any, high: Any, place: Any, *, width: float, colour: str) -> go.Scatter:
    return go.Scatter(
        x=[float(low), float(high)],
        y=[place, place],
        xaxis="x2",
        mode="lines",
        line={"color": colour, "width": width},
        hoverinfo="skip",
    )


def _median(words: Words, row: pd.Series) -> str:
    return words.form(
        "with_mark",
        text=words.number(row["median_days"], fixed=True),
        mark=days_limits(words, row),
    )
