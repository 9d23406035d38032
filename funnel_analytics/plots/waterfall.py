"""The figure of a change: before, the parts of the factors, after."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, count_axis, finish, label_room, row_labels
from funnel_analytics.plots.rows import column_of_texts, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    change_limits,
    change_part,
    change_value,
    factor_expected,
    factor_label,
    factor_value,
    is_missing,
    is_true,
    measure_label,
    notice,
    side_label,
    words_for,
)

__all__ = ["change_waterfall"]

_ROW = 50
_HALF = 0.3
_LABEL_CHARACTERS = 42
_THOUSANDS_FROM = 100_000


def change_waterfall(
    result: Result | Missing, *, language: str | None = None
) -> go.Figure | Notice:
    """Which parts does a change have?

    From top to bottom: the measure before, the part of every factor in the order of the funnel,
    and the measure after. Blue parts add, orange ones take away, the maturity of the cohorts is
    grey; parts that chance could explain are hatched. Each part stands beside its bar with its
    95 % interval.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table.reset_index(drop=True)
    levels = result.part("levels")
    figure = go.Figure(_bars(words, result, rows, levels))
    _connect(figure, levels)
    labels = [
        side_label(words, result, "before"),
        *[factor_label(words, result, row) for _, row in rows.iterrows()],
        side_label(words, result, "after"),
    ]
    below = ["", *[_team(words, result, row) for _, row in rows.iterrows()], ""]
    figure.update_xaxes(_axis(words, result, levels), domain=[0, 0.72])
    figure.update_yaxes(row_axis(row_labels(labels, below=below, width=_LABEL_CHARACTERS)))
    column_of_texts(
        figure,
        heading=[words.column("change_part"), words.column("interval")],
        x=1,
        texts=_numbers(words, result, rows),
    )
    has_time = (rows["factor"] == "time").any()
    is_estimated = rows["is_extrapolated"].map(is_true).any()
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_ROW * len(labels),
        left=label_room([*labels, *below], width=_LABEL_CHARACTERS),
        above_plot=40,
        remarks=[
            words.say("legend.change"),
            words.say("legend.change_time") if has_time else "",
            words.say("legend.change_estimated") if is_estimated else "",
        ],
    )


def _bars(words: Words, result: Result, rows: pd.DataFrame, levels: pd.DataFrame) -> list[go.Bar]:
    """One trace per look: bars of one trace share their pattern's colour."""
    sure = [True, *rows["is_distinguishable"].map(is_true), True]
    colours = [theme.QUIET, *[_colour(row) for _, row in rows.iterrows()], theme.INK]
    hovers = [
        _hover(side_label(words, result, "before"), _value(words, result, "before")),
        *[_part_hover(words, result, row) for _, row in rows.iterrows()],
        _hover(side_label(words, result, "after"), _value(words, result, "after")),
    ]
    return [
        go.Bar(
            orientation="h",
            x=[end - start for start, end in zip(levels["start"], levels["end"], strict=True)],
            base=list(levels["start"]),
            y=list(range(len(levels))),
            width=2 * _HALF,
            marker={
                "color": colours,
                "pattern": {
                    "shape": ["" if each else "/" for each in sure],
                    "bgcolor": theme.PAPER,
                },
            },
            hovertext=hovers,
            hoverinfo="text",
        )
    ]


def _colour(row: pd.Series) -> str:
    if row["factor"] == "time" or is_missing(row["part"]):
        return theme.QUIET
    return theme.GOOD if row["part"] >= 0 else theme.BAD


def _connect(figure: go.Figure, levels: pd.DataFrame) -> None:
    """Thin lines from the end of each bar to the next."""
    for place, end in enumerate(levels["end"].iloc[:-1]):
        if not is_missing(end):
            figure.add_shape(
                type="line",
                x0=end,
                x1=end,
                y0=place + _HALF,
                y1=place + 1 - _HALF,
                line={"color": theme.MUTED, "width": 1},
            )


def _axis(words: Words, result: Result, levels: pd.DataFrame) -> dict[str, object]:
    ends = levels[["start", "end"]]
    highest, lowest = ends.max().max(), ends.min().min()
    measure = str(result.parameters["measure"])
    label = measure_label(words, result)
    highest = 1.0 if is_missing(highest) or highest <= 0 else float(highest)
    lowest = 0.0 if is_missing(lowest) else min(float(lowest), 0.0)
    if measure == "won_leads":
        axis = count_axis(highest, write=words.credit)
        title = words.say("axis.change", label=label)
    elif measure == "revenue":
        thousands = highest >= _THOUSANDS_FROM
        axis = count_axis(highest, write=words.thousands if thousands else words.credit)
        key = "axis.money_thousands" if thousands else "axis.money"
        title = words.say(key, label=label, currency=result.agreement.currency)
    else:
        axis = count_axis(
            highest, write=lambda share: words.percent(share, fixed=False), smallest_step=0.0
        )
        title = words.say("axis.change_rate", label=label)
    start = lowest * 1.08
    return {**axis, "range": [start, axis["range"][1]], "title": {"text": as_text(title)}}


def _numbers(words: Words, result: Result, rows: pd.DataFrame) -> list[str]:
    """The measure of both sides, and each part with its interval, as markup."""
    before, after = (
        f"<b>{as_text(_value(words, result, side))}</b>" for side in ("before", "after")
    )
    return [before, *[_number(words, result, row) for _, row in rows.iterrows()], after]


def _number(words: Words, result: Result, row: pd.Series) -> str:
    part = as_text(change_part(words, result, row["part"]))
    if is_missing(row["part"]):
        return part
    limits = as_text(change_limits(words, result, row))
    return f"{part}<br><span style='font-size:10px;color:{theme.MUTED}'>{limits}</span>"


def _team(words: Words, result: Result, row: pd.Series) -> str:
    return "" if is_missing(row["team"]) else words.team(result.agreement, str(row["team"]))


def _value(words: Words, result: Result, side: str) -> str:
    return change_value(words, result, result.note("change")[side])


def _hover(name: str, text: str) -> str:
    return f"<b>{as_text(name)}</b><br>{as_text(text)}"


def _part_hover(words: Words, result: Result, row: pd.Series) -> str:
    head = _hover(factor_label(words, result, row), change_part(words, result, row["part"]))
    sides = ("before", "after")
    lines = [head]
    own = [factor_value(words, result, row, side) for side in sides]
    if all(own):
        lines.append(words.form("from_to", first=own[0], last=own[1]))
    expected = [factor_expected(words, result, row, side) for side in sides]
    if all(expected):
        text = words.form("from_to", first=expected[0], last=expected[1])
        lines.append(words.form("labelled", label=words.say("mark.expected_finally"), text=text))
    return "<br>".join([lines[0], *map(as_text, lines[1:])])
