"""Where to look first: the groups of leads that convert otherwise than comparable ones."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, count_axis, finish, label_room, row_labels
from funnel_analytics.plots.rows import column_of_texts, limits, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    drop_off_group,
    main_drop_offs,
    notice,
    words_for,
)

__all__ = ["drop_off_segments"]

_MOST_ROWS = 12
_ROW = 50
_LIMITS = ("lost_deals_per_month", "per_month_low", "per_month_high")


def drop_off_segments(
    result: Result | Missing, *, language: str | None = None
) -> go.Figure | Notice:
    """Which groups lose, or gain, most deals?

    One bar per finding that no stronger one explains: the won deals that are missing per month
    (orange), then those that groups have more than comparable leads (blue), with their interval.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    found = main_drop_offs(result)
    shown = found[found["lost_deals"].notna()].head(_MOST_ROWS).reset_index(drop=True)
    if shown.empty:
        return Notice(f"{words.finding(result)}.")
    labels = [drop_off_group(words, result, row) for _, row in shown.iterrows()]
    below = [words.stage(result.agreement, str(stage)) for stage in shown["stage"]]
    is_lost = shown["direction"] == "lost"
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=shown["lost_deals_per_month"],
            y=list(shown.index),
            width=0.6,
            marker={"color": [theme.BAD if each else theme.GOOD for each in is_lost]},
            error_x=limits(shown, *_LIMITS) | {"color": theme.INK},
            hovertext=[_hover(words, result, row) for _, row in shown.iterrows()],
            hoverinfo="text",
        )
    )
    ends = shown[list(_LIMITS)]
    highest, lowest = max(float(ends.max().max()), 0.0), min(float(ends.min().min()), 0.0)
    figure.update_xaxes(_axis(words, highest, lowest), domain=[0, 0.62])
    figure.update_yaxes(row_axis(row_labels(labels, below=below)))
    column_of_texts(
        figure,
        heading=[words.column("rate"), words.column("leads")],
        x=0.8,
        texts=[_rate(words, row) for _, row in shown.iterrows()],
    )
    column_of_texts(
        figure,
        heading=[words.column("lost_deals"), words.column("interval")],
        x=1,
        texts=[_deals(words, row) for _, row in shown.iterrows()],
    )
    hidden = len(found) > len(shown)
    counts = {"shown": words.whole(len(shown)), "of": words.whole(len(found))}
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_ROW * len(shown) + 10,
        left=label_room([*labels, *below]),
        above_plot=40,
        remarks=[
            words.say("legend.drop_offs"),
            words.say("legend.drop_offs_hidden", **counts) if hidden else "",
        ],
    )


def _axis(words: Words, highest: float, lowest: float) -> dict[str, object]:
    axis = count_axis(max(highest, -lowest), write=words.credit, both_ways=True, smallest_step=0.1)
    axis["range"] = [1.06 * lowest, 1.06 * highest]
    return {**axis, "title": {"text": as_text(words.say("axis.lost_deals_per_month"))}}


def _step(words: Words, result: Result, row: pd.Series) -> str:
    stage = str(row["stage"])
    team = words.team(result.agreement, result.agreement.stage(stage).owner)
    return words.form("with_mark", text=words.stage(result.agreement, stage), mark=team)


def _small(line: str, below: str) -> str:
    small = f"<span style='font-size:10px;color:{theme.MUTED}'>{as_text(below)}</span>"
    return f"{as_text(line)}<br>{small}"


def _rate(words: Words, row: pd.Series) -> str:
    counts = words.form(
        "part_of", part=words.whole(row["reached_leads"]), whole=words.whole(row["previous_leads"])
    )
    return _small(words.percent(row["rate"], fixed=True), counts)


def _deals(words: Words, row: pd.Series) -> str:
    low, high = (words.signed(row[name], digits=1) for name in ("low", "high"))
    return _small(words.signed(row["lost_deals"], digits=1), words.form("span", low=low, high=high))


def _hover(words: Words, result: Result, row: pd.Series) -> str:
    lines = [
        f"<b>{as_text(drop_off_group(words, result, row))}</b>",
        as_text(_step(words, result, row)),
        as_text(f"{words.column('rate')}: {words.percent(row['rate'])}"),
        as_text(f"{words.column('rest_rate')}: {words.percent(row['rest_rate'])}"),
    ]
    return "<br>".join(lines)
