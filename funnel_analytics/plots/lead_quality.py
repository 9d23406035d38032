"""How good the leads of each group were, and how many of them got on, side by side."""

from __future__ import annotations

import math
import textwrap

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, finish, label_room, row_labels
from funnel_analytics.plots.groups import MOST_ROWS, largest_groups
from funnel_analytics.plots.rows import row_axis, same_group
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    is_true,
    notice,
    quality_limits,
    quality_remarks,
    quality_way,
    words_for,
)

__all__ = ["lead_quality"]

_ROW = 44
_APART = 0.16
_HEADING_CHARACTERS = 24
_GAP = 0.045
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10)
_NARROWEST = (0.5, 2.0)
_WIDEST = (0.1, 10.0)


def lead_quality(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """Were the leads of a group weaker, or did fewer of them get on?

    One row per group, one column per part of the way. A diamond is the quality of the leads, times
    the average of all; a circle what was reached of the expected; both with intervals. Columns of
    which nothing can be said are pale. Of many groups the largest are drawn.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    drawn = table[table["ratio"].notna()]
    if drawn.empty:
        return Notice(f"{words.finding(result)}.")
    groups = largest_groups(drawn, size="leads", most=MOST_ROWS)
    shown = groups.rows(drawn)
    heads = shown[~_keys(shown).duplicated()].reset_index(drop=True)
    names = [words.group(result, row) for _, row in heads.iterrows()]
    models = result.part("models").sort_values("block", kind="stable")
    models = pd.concat([models[models["block"] > 0], models[models["block"] == 0]])
    ends = _ends(shown[~shown["is_vetoed"].map(is_true).astype(bool)])
    figure = go.Figure()
    for number, (_, model) in enumerate(models.iterrows()):
        rows = shown[shown["block"] == model["block"]]
        for name, symbol, shift in (("quality", "diamond", -_APART), ("ratio", "circle", _APART)):
            figure.add_trace(
                _dots(words, result, rows, heads, name, symbol, shift, ends, f"x{number + 1}")
            )
        _column(figure, words, number, len(models), quality_way(words, result, model), ends)
    figure.update_yaxes(row_axis(row_labels(names)), anchor="x")
    figure.add_annotation(
        text=as_text(words.say("axis.lead_quality")),
        xref="paper",
        yref="paper",
        x=0.5,
        y=0,
        yanchor="top",
        yshift=-26,
        showarrow=False,
        font={"size": 12, "color": theme.MUTED},
    )
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_ROW * max(len(names), 2),
        left=label_room(names),
        above_plot=64,
        remarks=[
            words.say("legend.lead_quality"),
            *quality_remarks(words, result),
            *groups.remarks(words),
        ],
    )


def _keys(rows: pd.DataFrame) -> pd.Series:
    """A text for each group, so that its rows are known as one."""
    names = [each for each in ("is_folded", "segment", "second_segment") if each in rows.columns]
    texts = [
        tuple(None if is_missing(each) else each for each in key) for key in rows[names].values
    ]
    return pd.Series([repr(each) for each in texts], index=rows.index)


def _ends(rows: pd.DataFrame) -> tuple[float, float]:
    """The ends of the axes: all dots that say something, and most of their intervals."""
    values = pd.concat([rows["quality"], rows["ratio"]])
    values = values[values > 0]
    if values.empty:
        return _NARROWEST
    low = max(min(_NARROWEST[0], 0.8 * float(values.min())), _WIDEST[0])
    high = min(max(_NARROWEST[1], 1.25 * float(values.max())), _WIDEST[1])
    return low, high


def _dots(
    words: Words,
    result: Result,
    rows: pd.DataFrame,
    heads: pd.DataFrame,
    name: str,
    symbol: str,
    shift: float,
    ends: tuple[float, float],
    axis: str,
) -> go.Scatter:
    places, values, above, below, colours, hovers = [], [], [], [], [], []
    flag = "is_quality_distinguishable" if name == "quality" else "is_distinguishable"
    for number, head in heads.iterrows():
        for _, row in rows[
            same_group(rows, head) & (rows["is_folded"] == head["is_folded"])
        ].iterrows():
            value = min(max(float(row[name]), ends[0]), ends[1])
            limits = [
                value if is_missing(row[f"{name}_{end}"]) else float(row[f"{name}_{end}"])
                for end in ("low", "high")
            ]
            low, high = (min(max(each, ends[0]), ends[1]) for each in limits)
            places.append(float(str(number)) + shift)
            values.append(value)
            below.append(max(value - low, 0.0))
            above.append(max(high - value, 0.0))
            colours.append(_colour(row, flag, name))
            hovers.append(_hover(words, result, row, name))
    return go.Scatter(
        x=values,
        y=places,
        xaxis=axis,
        yaxis="y",
        mode="markers",
        marker={
            "symbol": symbol,
            "size": 9,
            "color": colours,
            "line": {"width": 1, "color": theme.PAPER},
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": above,
            "arrayminus": below,
            "thickness": 1.2,
            "width": 0,
            "color": theme.QUIET,
        },
        hovertext=hovers,
        hoverinfo="text",
    )


def _colour(row: pd.Series, flag: str, name: str) -> str:
    if is_true(row["is_vetoed"]):
        return theme.LINE
    if not is_true(row[flag]):
        return theme.MUTED
    return theme.BAD if row[name] < 1 else theme.GOOD


def _hover(words: Words, result: Result, row: pd.Series, name: str) -> str:
    column = "lead_quality" if name == "quality" else "quality_ratio"
    value = words.number(row[name], digits=2, fixed=True)
    limits = quality_limits(words, row, name)
    counts = words.form(
        "part_of",
        part=words.whole(row["reached_leads"]),
        whole=words.amount("leads", row["leads"]),
    )
    expected = words.number(row["expected_leads"], fixed=True)
    return "<br>".join(
        [
            f"<b>{as_text(words.group(result, row))}</b>",
            as_text(quality_way(words, result, row)),
            as_text(f"{words.column(column)}: {value} ({limits})"),
            as_text(f"{counts}; {words.column('quality_leads')}: {expected}"),
        ]
    )


def _column(
    figure: go.Figure,
    words: Words,
    number: int,
    count: int,
    heading: str,
    ends: tuple[float, float],
) -> None:
    """The axis and heading of one part of the way, with a line at 1."""
    width = (1 - _GAP * (count - 1)) / count
    left = number * (width + _GAP)
    ticks = [each for each in _TICKS if ends[0] <= each <= ends[1]]
    name = "xaxis" if number == 0 else f"xaxis{number + 1}"
    figure.update_layout(
        {
            name: {
                "type": "log",
                "range": [math.log10(ends[0]), math.log10(ends[1])],
                "domain": [left, left + width],
                "anchor": "y",
                "tickvals": ticks,
                "ticktext": [words.number(each) for each in ticks],
            }
        }
    )
    figure.add_shape(
        type="line",
        xref="x" if number == 0 else f"x{number + 1}",
        yref="paper",
        x0=1,
        x1=1,
        y0=0,
        y1=1,
        layer="below",
        line={"color": theme.LINE, "width": 1},
    )
    figure.add_annotation(
        text="<br>".join(
            as_text(line)
            for line in textwrap.wrap(heading, _HEADING_CHARACTERS, break_long_words=False)
        ),
        xref="paper",
        yref="paper",
        x=left + width / 2,
        xanchor="center",
        y=1,
        yanchor="bottom",
        showarrow=False,
        font={"size": 11, "color": theme.MUTED},
    )
