"""Where leads, won deals and revenue come from, month by month, and where leads begin."""

from __future__ import annotations

from typing import Any

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
)
from funnel_analytics.plots.groups import MOST_ROWS, largest_groups
from funnel_analytics.plots.rows import (
    column_of_texts,
    limits,
    month_axis,
    row_axis,
    same_group,
)
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    notice,
    origin_label,
    words_for,
)

__all__ = ["entry_points", "origin_mix"]

_MOST_SERIES = 4
_MOST_MARKS = 12
_MEASURES = ("leads", "won", "revenue")
_LABEL_GAP = 0.11
_PANEL = 130
_ROW = 46


def origin_mix(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """Which share of the leads, the won deals and the revenue comes from which origin?

    A panel each; a bar per month with the shares of the three months that end with it, the four
    origins with most leads and the rest in grey.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table, by_month = result.table, result.part("by_month")
    panels = [each for each in _MEASURES if by_month[f"trailing_{each}_share"].notna().any()]
    if table.empty or not panels:
        return Notice(f"{words.finding(result)}.")
    drawn = _drawn(table)
    months = sorted(by_month["month"].unique())
    place = {each: number for number, each in enumerate(months)}
    figure = make_subplots(rows=len(panels), cols=1, shared_xaxes=True, vertical_spacing=0.07)
    for number, measure in enumerate(panels, start=1):
        column = f"trailing_{measure}_share"
        told = by_month[by_month[column].notna()]
        below = pd.Series(0.0, index=months)
        labels = []
        for style, (name, keys) in enumerate(_series(words, result, drawn)):
            mine = _among(told, keys, drawn)
            shares = told[mine].groupby("month")[column].sum().reindex(months)
            figure.add_trace(
                _bars(words, name, shares, months, place, style, is_rest=keys is None),
                row=number,
                col=1,
            )
            last = shares.dropna()
            if len(last) and last.iloc[-1] > 0:
                text = words.form("labelled", label=name, text=words.percent(last.iloc[-1]))
                labels.append((text, place[last.index[-1]], below[last.index[-1]], last.iloc[-1]))
            below = below.add(shares.fillna(0.0))
        _label(figure, labels, number)
        figure.update_yaxes(
            percent_axis(words, 1.0, title_text=as_text(words.say(f"origins.{measure}"))),
            row=number,
            col=1,
        )
    axis = month_axis(_marks(words, months))
    figure.update_xaxes(axis)
    figure.update_layout(barmode="stack", bargap=0.15)
    span = words.amount("months", result.parameters["trailing_months"])
    remarks = [words.say("legend.origin_mix", months=span)]
    if len(drawn) < len(table):
        remarks.append(words.say("legend.origin_rest"))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_PANEL * len(panels) + 20,
        left=96,
        right=210,
        below_axis=52,
        remarks=remarks,
    )


def _drawn(table: pd.DataFrame) -> pd.DataFrame:
    """The origins that have a colour; all if there are as few."""
    if len(table) <= _MOST_SERIES + 1:
        return table
    return table.head(_MOST_SERIES)


def _series(
    words: Words, result: Result, drawn: pd.DataFrame
) -> list[tuple[str, tuple[Any, ...] | None]]:
    named: list[tuple[str, tuple[Any, ...] | None]] = [
        (origin_label(words, result, row), _key(row)) for _, row in drawn.iterrows()
    ]
    if len(drawn) < len(result.table):
        named.append((words.say("origins.rest"), None))
    return named


def _key(row: Any) -> tuple[Any, ...]:
    segment = None if is_missing(row["segment"]) else str(row["segment"])
    return segment, bool(row["is_folded"]), bool(row["is_without_lead"])


def _among(rows: pd.DataFrame, key: tuple[Any, ...] | None, drawn: pd.DataFrame) -> pd.Series:
    """Which rows are of an origin; without one, of none of those drawn."""
    keys = [_key(row) for _, row in rows.iterrows()]
    known = {_key(row) for _, row in drawn.iterrows()}
    found = [each == key if key is not None else each not in known for each in keys]
    return pd.Series(found, index=rows.index, dtype=bool)


def _bars(
    words: Words,
    name: str,
    shares: pd.Series,
    months: list[Any],
    place: dict[Any, int],
    style: int,
    *,
    is_rest: bool,
) -> go.Bar:
    return go.Bar(
        x=[place[each] for each in months],
        y=[None if is_missing(each) else each for each in shares],
        name=as_text(name),
        marker={"color": theme.QUIET if is_rest else theme.series_style(style)["color"]},
        hovertext=[
            as_text(f"{words.month(month)}, {name}: {words.percent(share)}")
            for month, share in zip(months, shares, strict=True)
        ],
        hoverinfo="text",
    )


def _label(figure: go.Figure, labels: list[tuple[str, int, float, float]], number: int) -> None:
    """The name of each series beside its last bar, from the lowest up, none over another."""
    axis = "" if number == 1 else str(number)
    places: list[float] = []
    for _, _, below, share in labels:
        least = places[-1] + _LABEL_GAP if places else 0.0
        places.append(max(below + share / 2, least))
    add_texts(
        figure,
        [
            {
                "text": as_text(text),
                "xref": f"x{axis}",
                "x": x + 0.6,
                "xanchor": "left",
                "yref": f"y{axis}",
                "y": y,
                "yanchor": "middle",
                "font": {"size": 11, "color": theme.INK},
            }
            for (text, x, _, _), y in zip(labels, places, strict=True)
        ],
    )


def _marks(words: Words, months: list[Any]) -> list[tuple[str, str]]:
    """A mark per month; where there are many, only some have a text."""
    step = -(-len(months) // _MOST_MARKS)
    days = [pd.Timestamp(each).date() for each in months]
    return [
        ("", "")
        if number % step
        else words.month_mark(day, with_year=number == 0 or day.month == 1)
        for number, day in enumerate(days)
    ]


def entry_points(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """At which stage did leads begin, and how often were they won from there?

    A point per stage with the interval of the win rate, beside the leads that began there. With
    groups (`by=`) the largest that fit.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    shown = table[table["leads"].fillna(0) > 0]
    if shown.empty or shown["win_rate"].isna().all():
        return Notice(f"{words.finding(result)}.")
    groups = largest_groups(shown, size="leads", most=MOST_ROWS, rows_each=2)
    rows = pd.concat([shown[same_group(shown, head)] for _, head in groups.heads.iterrows()])
    rows = rows.head(MOST_ROWS).reset_index(drop=True)
    stages = [words.stage(result.agreement, str(each)) for each in rows["stage"]]
    by = result.parameters.get("by")
    labels = stages if by is None else [words.group(result, row) for _, row in rows.iterrows()]
    figure = go.Figure(
        go.Scatter(
            x=rows["win_rate"],
            y=list(rows.index),
            mode="markers",
            cliponaxis=False,
            marker={
                "size": 11,
                "color": [theme.ACCENT if each else theme.MUTED for each in rows["is_late"]],
                "symbol": ["diamond" if each else "circle" for each in rows["is_late"]],
            },
            error_x={**limits(rows, "win_rate", "win_low", "win_high"), "color": theme.MUTED},
            hovertext=[
                as_text(words.form("labelled", label=label, text=_of(words, row)))
                for label, (_, row) in zip(labels, rows.iterrows(), strict=True)
            ],
            hoverinfo="text",
        )
    )
    figure.update_xaxes(
        percent_axis(words, float(rows["win_high"].max())),
        domain=[0, 0.6],
        title_text=as_text(words.say("axis.entry_rate")),
    )
    below = () if by is None else stages
    figure.update_yaxes(row_axis(row_labels(labels, below=below)))
    column_of_texts(
        figure,
        heading=[words.column("entry_leads"), words.column("entry_share")],
        x=0.78,
        texts=[_small(words.whole(row["leads"]), words.percent(row["leads_share"]))
               for _, row in rows.iterrows()],
    )  # fmt: skip
    column_of_texts(
        figure,
        heading=[words.column("entry_won")],
        x=1,
        texts=[
            _small(words.percent(row["win_rate"]), _of(words, row)) for _, row in rows.iterrows()
        ],
    )
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=max(_ROW * len(rows), 90) + 10,
        left=label_room([*labels, *below]),
        above_plot=40,
        remarks=[words.say("legend.entry_points"), *groups.remarks(words)],
    )


def _of(words: Words, row: pd.Series) -> str:
    return words.form(
        "part_of", part=words.whole(row["won_leads"]), whole=words.whole(row["judged_leads"])
    )


def _small(line: str, below: str) -> str:
    small = f"<span style='font-size:10px;color:{theme.MUTED}'>{as_text(below)}</span>"
    return f"{as_text(line)}<br>{small}"
