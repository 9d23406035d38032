"""Win rate by the contacts on a deal: all of them, and those known early."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, finish, percent_axis
from funnel_analytics.plots.groups import count_groups
from funnel_analytics.plots.rows import limits
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    asked_group,
    notice,
    words_for,
)

__all__ = ["buying_groups"]

_VIEWS = {"all": (-0.12, theme.QUIET, "diamond"), "landmark": (0.12, theme.ACCENT, "circle")}


def buying_groups(
    result: Result | Missing, *, segment: Any = None, language: str | None = None
) -> go.Figure | Notice:
    """Are deals with more contacts won more often?

    A point per number of contacts with its interval: grey by all contacts of all deals, blue by
    those known after thirty days on the deals still open then, for which time cannot count. With
    groups (`by=`) it shows `segment`, by default the largest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    part = result.part("by_contacts")
    rows = asked_group(result, part, size="deals", segment=segment)
    shown = rows[rows["win_rate"].notna()]
    if shown.empty:
        return Notice(f"{words.finding(result)}.")
    figure = go.Figure()
    for view in _VIEWS:
        here = shown[shown["view"] == view]
        if len(here):
            figure.add_trace(_points(words, result, here, view))
    contacts = sorted(set(shown["contacts"]))
    last = shown.loc[shown["is_or_more"], "contacts"]
    most = int(last.iloc[0]) if len(last) else None
    figure.update_xaxes(
        tickvals=contacts,
        ticktext=[
            as_text(words.say("buying.or_more", n=words.whole(each)))
            if each == most
            else words.whole(each)
            for each in contacts
        ],
        range=[min(contacts) - 0.5, max(contacts) + 0.5],
        title_text=as_text(words.say("axis.buying_contacts")),
    )
    highest = float(shown["win_high"].max())
    figure.update_yaxes(
        percent_axis(words, highest), title_text=as_text(words.say("axis.buying_rate"))
    )
    figure.update_layout(
        showlegend=True,
        legend={"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "orientation": "v"},
    )
    days = words.amount("days_dative", result.parameters["landmark_days"])
    remarks = [words.say("legend.buying_views", days=days)]
    if result.parameters.get("by") is None:
        remarks.append(words.say("legend.buying_mixed"))
    else:
        group = words.quoted(words.group(result, rows.iloc[0]))
        remarks.append(words.say("legend.only_group", count=count_groups(part), group=group))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result, segment=segment),
        plot_height=300,
        left=88,
        above_plot=48,
        below_axis=60,
        remarks=remarks,
    )


def _points(words: Words, result: Result, rows: pd.DataFrame, view: str) -> go.Scatter:
    shift, colour, symbol = _VIEWS[view]
    days = words.amount("days_dative", result.parameters["landmark_days"])
    return go.Scatter(
        x=[each + shift for each in rows["contacts"]],
        y=rows["win_rate"],
        name=as_text(words.say(f"buying.{view}", days=days)),
        mode="markers+text",
        cliponaxis=False,
        marker={"size": 11, "color": colour, "symbol": symbol},
        error_y={**limits(rows, "win_rate", "win_low", "win_high"), "color": colour},
        text=[words.percent(each) for each in rows["win_rate"]],
        textposition="middle right" if view == "landmark" else "middle left",
        textfont={"size": 11, "color": theme.INK if view == "landmark" else theme.MUTED},
        hovertext=[_hover(words, row) for _, row in rows.iterrows()],
        hoverinfo="text",
    )


def _hover(words: Words, row: pd.Series) -> str:
    counts = words.form(
        "part_of", part=words.whole(row["won_deals"]), whole=words.whole(row["decided_deals"])
    )
    rate = words.form("with_mark", text=words.percent(row["win_rate"]), mark=counts)
    open_deals = words.form(
        "labelled", label=words.say("buying.open"), text=words.whole(row["open_deals"])
    )
    return "<br>".join([as_text(rate), as_text(open_deals)])
