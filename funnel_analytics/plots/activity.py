"""How far leads moved on by the own activities they saw, and what campaigns brought."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from funnel_analytics import theme
from funnel_analytics.plots.canvas import (
    add_texts,
    as_text,
    finish,
    label_room,
    percent_axis,
    row_labels,
    wrapped,
)
from funnel_analytics.plots.groups import MOST_ROWS
from funnel_analytics.plots.rows import column_of_texts, limits, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    activity_band,
    campaign_label,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = ["activity_levels", "campaign_runs"]

_VIEWS = {"all": (-0.13, theme.QUIET, "diamond"), "landmark": (0.13, theme.ACCENT, "circle")}
_MOST_PANELS = 5
_PANEL_CHARACTERS = 25
_ROW = 34


def activity_levels(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """Did leads with more own activities move on more often?

    A panel per stage and a point per band of activities with its interval: grey over all stays,
    blue over those that went on after seven days, by the activities of these days. It is no proof
    of what an activity does.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    bands = result.part("bands")
    least = max(result.agreement.minimum_group_size, 1)
    shown = bands[bands["ended_stays"] >= least]
    if shown.empty:
        return Notice(f"{words.finding(result)}.")
    stages = list(dict.fromkeys(bands["stage"]))
    drawn = stages[:_MOST_PANELS]
    starts = list(dict.fromkeys(bands["from_activities"]))
    place = {each: number for number, each in enumerate(starts)}
    figure = make_subplots(rows=1, cols=len(drawn), shared_yaxes=True, horizontal_spacing=0.03)
    for number, stage in enumerate(drawn, start=1):
        for view in _VIEWS:
            here = shown[(shown["stage"] == stage) & (shown["view"] == view)]
            if len(here):
                trace = _points(
                    words, result, here, view, [place[x] for x in here["from_activities"]]
                )
                figure.add_trace(trace, row=1, col=number)
    first = bands.drop_duplicates("from_activities")
    figure.update_xaxes(
        tickvals=list(place.values()),
        ticktext=[as_text(activity_band(words, row)) for _, row in first.iterrows()],
        range=[-0.6, len(place) - 0.4],
        tickangle=0,
    )
    figure.update_yaxes(percent_axis(words, float(shown["moved_on_high"].max())))
    figure.update_yaxes(title_text=as_text(words.say("axis.activity_rate")), row=1, col=1)
    figure.update_xaxes(
        title_text=as_text(words.say("axis.activity_band")), row=1, col=(len(drawn) + 1) // 2
    )
    _headings(figure, [words.stage(result.agreement, str(each)) for each in drawn])
    days = words.amount("days_dative", result.parameters["landmark_days"])
    remarks = [
        words.say("legend.activity", days=days, least=words.amount("activity_stays_dative", least)),
        words.say("legend.activity_caution"),
    ]
    if len(drawn) < len(stages):
        counts = {"shown": words.whole(len(drawn)), "of": words.whole(len(stages))}
        remarks.append(words.say("legend.activity_stages_hidden", **counts))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=280,
        left=88,
        right=24,
        above_plot=64,
        below_axis=60,
        remarks=remarks,
    )


def _headings(figure: go.Figure, names: list[str]) -> None:
    add_texts(
        figure,
        [
            {
                "text": wrapped(name, _PANEL_CHARACTERS),
                "xref": f"x{'' if number == 1 else number} domain",
                "x": 0.5,
                "xanchor": "center",
                "yref": "paper",
                "y": 1,
                "yanchor": "bottom",
                "yshift": 8,
                "font": {"size": 11, "color": theme.INK},
            }
            for number, name in enumerate(names, start=1)
        ],
    )


def _points(
    words: Words, result: Result, rows: pd.DataFrame, view: str, places: list[int]
) -> go.Scatter:
    shift, colour, symbol = _VIEWS[view]
    days = words.amount("days_dative", result.parameters["landmark_days"])
    name = words.say(f"activity.{view}", days=days)
    return go.Scatter(
        x=[each + shift for each in places],
        y=rows["moved_on_rate"],
        name=as_text(name),
        mode="markers",
        cliponaxis=False,
        marker={"size": 9, "color": colour, "symbol": symbol},
        error_y={**limits(rows, "moved_on_rate", "moved_on_low", "moved_on_high"), "color": colour},
        hovertext=[as_text(f"{name}: {_moved(words, row)}") for _, row in rows.iterrows()],
        hoverinfo="text",
    )


def _moved(words: Words, row: pd.Series) -> str:
    counts = words.form(
        "part_of", part=words.whole(row["moved_on_stays"]), whole=words.whole(row["ended_stays"])
    )
    return words.form("with_mark", text=words.percent(row["moved_on_rate"]), mark=counts)


def campaign_runs(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """What have short and long campaigns brought so far?

    A point per campaign with the interval of its win rate, the latest start on top: long ones blue,
    short ones grey; hollow where it is not compared. Beside it its leads, of those planned.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    every = table[table["leads"].notna()]
    rows = every.head(MOST_ROWS).reset_index(drop=True)
    if rows.empty or rows["win_rate"].isna().all():
        return Notice(f"{words.finding(result)}.")
    labels = [campaign_label(words, row) for _, row in rows.iterrows()]
    is_long = rows["kind"] == "long_term"
    colours = [theme.ACCENT if each else theme.MUTED for each in is_long]
    figure = go.Figure(
        go.Scatter(
            x=rows["win_rate"],
            y=list(rows.index),
            mode="markers",
            cliponaxis=False,
            marker={
                "size": 10,
                "color": colours,
                "symbol": [_symbol(row) for _, row in rows.iterrows()],
                "line": {"width": 2, "color": colours},
            },
            error_x={
                **limits(rows, "win_rate", "win_low", "win_high"),
                "color": theme.QUIET,
                "thickness": 1,
            },
            hovertext=[_hover(words, row) for _, row in rows.iterrows()],
            hoverinfo="text",
        )
    )
    figure.update_xaxes(
        percent_axis(words, float(rows["win_high"].max())),
        domain=[0, 0.62],
        title_text=as_text(words.say("axis.campaign_rate")),
    )
    figure.update_yaxes(row_axis(row_labels(labels)))
    column_of_texts(
        figure,
        heading=[words.column("campaign_leads"), words.column("campaign_planned")],
        x=0.82,
        texts=[as_text(_planned(words, row)) for _, row in rows.iterrows()],
    )
    column_of_texts(
        figure,
        heading=[words.column("campaign_won"), words.column("campaign_maturity")],
        x=1,
        texts=[as_text(_rate(words, row)) for _, row in rows.iterrows()],
    )
    remarks = [words.say("legend.campaigns"), words.say("legend.campaigns_running")]
    if len(rows) < len(every):
        counts = {"shown": words.whole(len(rows)), "of": words.whole(len(every))}
        remarks.append(words.say("legend.campaigns_hidden", **counts))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_ROW * len(rows) + 10,
        left=label_room(labels),
        above_plot=52,
        remarks=remarks,
    )


def _symbol(row: pd.Series) -> str:
    shape = "diamond" if row["kind"] == "long_term" else "circle"
    return shape if is_true(row["is_compared"]) else f"{shape}-open"


def _planned(words: Words, row: pd.Series) -> str:
    if is_missing(row["planned_leads"]):
        return words.whole(row["leads"])
    return words.form(
        "part_of", part=words.whole(row["leads"]), whole=words.whole(row["planned_leads"])
    )


def _rate(words: Words, row: pd.Series) -> str:
    rate = words.percent(row["win_rate"])
    if is_missing(row["maturity"]):
        return rate
    return words.form("with_mark", text=rate, mark=words.percent(row["maturity"], digits=0))


def _hover(words: Words, row: pd.Series) -> str:
    won = words.form("part_of", part=words.whole(row["won_leads"]), whole=words.whole(row["leads"]))
    lines = [f"<b>{as_text(campaign_label(words, row))}</b>", as_text(won)]
    if not is_missing(row["win_low"]):
        lines.append(as_text(words.interval(row["win_low"], row["win_high"])))
    return "<br>".join(lines)
