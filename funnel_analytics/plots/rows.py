"""Parts that several figures share: rows with labels on the left and numbers on the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import add_texts, as_text, wrapped
from funnel_analytics.results import Result
from funnel_analytics.wording import Words, is_missing, is_true, of_counted

__all__ = [
    "column_of_texts",
    "group_columns",
    "highest_rate",
    "limits",
    "month_axis",
    "rate_with_limits",
    "reached_hover",
    "ripeness_dots",
    "ripeness_remarks",
    "row_axis",
    "same_group",
    "upright",
]

_HEADING_CHARACTERS = 14
_FEWEST_MONTHS = 4


def row_axis(labels: Sequence[str]) -> dict[str, Any]:
    """A vertical axis with the first row on top; rows are numbered, so labels may repeat."""
    return {
        "tickvals": list(range(len(labels))),
        "ticktext": list(labels),
        "range": [len(labels) - 0.5, -0.5],
        "showline": False,
        "ticks": "",
        "ticklabelstandoff": 8,
    }


def column_of_texts(
    figure: go.Figure,
    *,
    heading: Sequence[str],
    texts: Sequence[str],
    x: float,
    colour: str = theme.INK,
) -> None:
    """A column of numbers beside the rows, its right edge at `x` of the plot's width.

    Texts are markup already; escape what comes from data.
    """
    place = {"xref": "paper", "x": x, "xanchor": "right", "align": "right"}
    head = {
        "text": "<br>".join(wrapped(line, _HEADING_CHARACTERS) for line in heading),
        "yref": "paper",
        "y": 1,
        "yanchor": "bottom",
        "font": {"size": 11, "color": theme.MUTED},
    }
    beside = {"yref": "y", "yanchor": "middle", "font": {"color": colour}}
    numbered = [{"text": text, "y": number, **beside} for number, text in enumerate(texts)]
    add_texts(figure, [{**place, **each} for each in (head, *numbered)])


def group_columns(table: pd.DataFrame) -> list[str]:
    """The columns that name a group of leads: two where a pair of attributes splits them."""
    return [name for name in ("segment", "second_segment") if name in table.columns]


def same_group(rows: pd.DataFrame, group: Mapping[Any, Any] | pd.Series) -> pd.Series:
    """Which rows are about a group? A missing value is one of its own."""
    same = pd.Series(True, index=rows.index)
    for name in group_columns(rows):
        same &= rows[name].isna() if is_missing(group[name]) else rows[name] == group[name]
    return same


def limits(rows: pd.DataFrame, value: str, low: str, high: str) -> dict[str, Any]:
    """Error bars from the limits of a table; a missing limit draws nothing."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [_apart(b, a) for a, b in zip(rows[value], rows[high], strict=True)],
        "arrayminus": [_apart(b, a) for a, b in zip(rows[low], rows[value], strict=True)],
        "thickness": 1.5,
        "width": 0,
    }


def _apart(above: Any, below: Any) -> float:
    return 0.0 if is_missing(above) or is_missing(below) else max(float(above) - float(below), 0.0)


def month_axis(marks: Sequence[tuple[str, str]], **more: Any) -> dict[str, Any]:
    """A horizontal axis of months, numbered from 0, each mark in two lines: month and year.

    Few months leave room at both sides, so that a bar stays a bar.
    """
    room = max(_FEWEST_MONTHS - len(marks), 0) / 2
    return {
        "tickvals": list(range(len(marks))),
        "ticktext": [f"{as_text(name)}<br>{as_text(year)}" for name, year in marks],
        "range": [-0.6 - room, len(marks) - 0.4 + room],
        "tickangle": 0,
        "ticks": "",
        **more,
    }


def upright(figure: go.Figure, *, text: str, x: float, y: float, **more: Any) -> None:
    """A small label at a point of the plot."""
    figure.add_annotation(
        **{
            "text": text,
            "x": x,
            "y": y,
            "showarrow": False,
            "font": {"size": 11, "color": theme.MUTED},
            **more,
        }
    )


def reached_hover(words: Words, result: Result, row: pd.Series, name: str) -> str:
    """What appears over a stage or group: its counts, its median, its maturity."""
    lines = [
        f"<b>{as_text(name)}</b>",
        as_text(of_counted(words, result, row["reached_leads"], row["entered_leads"])),
    ]
    if not is_missing(row["median_days"]):
        median = words.number(row["median_days"], fixed=True)
        lines.append(as_text(f"{words.column('median_step_days')}: {median}"))
    if not is_missing(row["maturity"]):
        lines.append(as_text(f"{words.column('maturity')}: {words.percent(row['maturity'])}"))
    return "<br>".join(lines)


def ripeness_remarks(words: Words, rows: pd.DataFrame, kind: str) -> list[str]:
    """How to read immature and cut-off rows, if there are any."""
    cut = rows["is_left_truncated"].map(is_true).astype(bool)
    ripe = rows["is_mature"].map(is_true).astype(bool)
    remarks = []
    if (~ripe & ~cut).any():
        remarks.append(words.say(f"legend.{kind}_immature"))
    if cut.any():
        remarks.append(words.say("legend.left_truncated"))
    return remarks


def ripeness_dots(rows: pd.DataFrame, ripe: set[int]) -> dict[str, object]:
    """Markers: filled if mature, hollow if not, a cross if cut off on the left."""
    cut = rows["is_left_truncated"].map(is_true)
    return {
        "size": 10,
        "color": theme.ACCENT,
        "symbol": [
            "x-thin" if is_cut else "circle" if index in ripe else "circle-open"
            for index, is_cut in cut.items()
        ],
        "line": {"width": 2, "color": theme.ACCENT},
    }


def highest_rate(rows: pd.DataFrame) -> float:
    """The highest rate or upper limit; 1 if there is none."""
    highest = rows[["overall_rate", "overall_high"]].max().max()
    return 1.0 if is_missing(highest) or highest <= 0 else float(highest)


def rate_with_limits(words: Words, row: pd.Series, kind: str) -> str:
    """A rate with its interval below, as markup; the first stage's is no estimate, but given."""
    rate = as_text(words.percent(row[f"{kind}_rate"]))
    if is_missing(row[f"{kind}_rate"]) or row["position"] == 1:
        return rate
    limits_text = as_text(words.interval(row[f"{kind}_low"], row[f"{kind}_high"]))
    return f"{rate}<br><span style='font-size:10px;color:{theme.MUTED}'>{limits_text}</span>"
