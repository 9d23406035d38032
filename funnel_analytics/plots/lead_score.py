"""The figure of the automatic score: what it states, and what happened."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import (
    as_text,
    count_axis,
    finish,
    percent_axis,
)
from funnel_analytics.plots.qualification import key_of, only_group
from funnel_analytics.plots.rows import limits
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    asked_group,
    notice,
    words_for,
)

__all__ = ["score_calibration"]


def score_calibration(
    result: Result | Missing, *, segment: Any = None, language: str | None = None
) -> go.Figure | Notice:
    """Does a score of so much mean a chance of so much?

    Above, dots with intervals: which share of the leads of each bin was accepted, against the
    chance that the score states; on the line both are equal. Below, leads by tenths of the scale.
    With groups (`by=`) it shows `segment`, by default the largest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = asked_group(result, result.table, size="leads", segment=segment)
    finding = words.finding(result, segment=segment)
    if rows.empty or rows["agreement_share"].isna().all():
        return Notice(f"{finding}.")
    key = key_of(result, rows)
    bins = asked_group(result, result.part("calibration"), size="leads", segment=key)
    tenths = asked_group(result, result.part("scores"), size="leads", segment=key)
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            name=as_text(words.say("qualification.perfect")),
            line={"color": theme.QUIET, "width": 1.5, "dash": "dash"},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=bins["mean_chance"],
            y=bins["accepted_rate"],
            mode="lines+markers",
            name=as_text(words.say("qualification.accepted")),
            line={"color": theme.ACCENT, "width": 2},
            marker={"size": 9, "color": theme.ACCENT},
            error_y={
                **limits(bins, "accepted_rate", "accepted_low", "accepted_high"),
                "color": theme.ACCENT,
            },
            hovertext=[_bin(words, row) for _, row in bins.iterrows()],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    highest = result.parameters["highest"]
    figure.add_trace(
        go.Bar(
            x=(tenths["lowest_score"] + tenths["highest_score"]) / 2 / highest,
            y=tenths["leads"],
            width=0.09,
            yaxis="y2",
            marker={"color": theme.QUIET},
            showlegend=False,
            hovertext=[as_text(words.amount("leads", each)) for each in tenths["leads"]],
            hoverinfo="text",
        )
    )
    figure.update_layout(
        showlegend=True,
        legend={"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "orientation": "h"},
        yaxis={
            **percent_axis(words, 1.0),
            "range": [0, 1.04],
            "domain": [0.34, 1],
            "title": {"text": as_text(words.say("axis.observed_share"))},
        },
        yaxis2={
            **count_axis(float(tenths["leads"].max()), write=words.whole),
            "domain": [0, 0.24],
            "title": {"text": as_text(words.say("axis.scored_leads"))},
            "anchor": "x",
        },
    )
    figure.update_xaxes(
        {**percent_axis(words, 1.0), "range": [-0.01, 1.01], "anchor": "y2"},
        title_text=as_text(words.say("axis.stated_chance")),
    )
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=420,
        left=88,
        above_plot=30,
        remarks=[words.say("legend.score_bars"), *only_group(words, result, rows)],
    )


def _bin(words: Words, row: pd.Series) -> str:
    accepted = words.say(
        "count.of_leads", count=row["leads"], part=words.whole(row["accepted_leads"])
    )
    low, high = (words.number(row[name]) for name in ("lowest_score", "highest_score"))
    share = words.form("with_mark", text=accepted, mark=words.percent(row["accepted_rate"]))
    label = low if low == high else words.form("span", low=low, high=high)
    return as_text(words.form("labelled", label=label, text=share))
