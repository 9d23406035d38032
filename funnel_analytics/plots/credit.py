"""Figures of attribution: what was credited to which channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, finish, label_room, percent_axis, row_labels
from funnel_analytics.plots.groups import MOST_ROWS, not_drawn
from funnel_analytics.plots.rows import row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    by_what_is_known,
    credited_name,
    credited_value,
    credits_money,
    is_missing,
    is_true,
    notice,
    shown_models,
    words_for,
)

__all__ = ["attribution"]

_ROW, _DENSE_ROW, _FEW_ROWS = 40, 28, 8
_MODELS_ROW, _MODELS_FEW_ROWS, _MODELS_SPREAD = 36, 11, 0.76
_CHARACTER = 7
_FURTHER_SYMBOLS = ("circle-open", "diamond-open", "square-open")
_LEGEND_LINE, _LEGEND_MARK, _LEGEND_WIDTH = 19, 44, 600


def attribution(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """What was credited to which channel?

    One model: a bar per channel, largest first. Several models: a dot per model, each on a line of
    its own within the row, and the span between them; the agreed model is larger. Of more than
    eight models, it and the first others are drawn. What has no known touch is the last row, grey.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    result = by_what_is_known(result)
    words = words_for(result, language=language)
    models = list(dict.fromkeys(result.table["model"]))
    if len(models) > 1:
        return _models(words, result, shown_models(result), of=len(models))
    return _bars(words, result)


def _name(words: Words, result: Result, row: pd.Series) -> str:
    return credited_name(words, result, row)


def _sides(words: Words, result: Result, rows: pd.DataFrame) -> list[str]:
    """Whose channel each row is; nothing where the rows are sides themselves."""
    if result.parameters.get("by") == "side":
        return [""] * len(rows)
    return [
        ""
        if is_missing(row["side"]) or is_true(row["is_no_known_touch"])
        else words.team(result.agreement, str(row["side"]))
        for _, row in rows.iterrows()
    ]


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Largest credit first, no known touch last."""
    order = pd.DataFrame(
        {
            "unknown": rows["is_no_known_touch"].map(is_true).astype(bool),
            "credit": rows["revenue"] * -1.0,
        },
        index=rows.index,
    )
    return rows.loc[order.sort_values(["unknown", "credit"], kind="stable").index]


def _most(ranked: pd.DataFrame) -> pd.DataFrame:
    """As many of the ranked rows as a figure has room for; no known touch is one of them."""
    known = ~ranked["is_no_known_touch"].map(is_true).astype(bool)
    room = MOST_ROWS - int((~known).sum())
    return pd.concat([ranked[known].head(room), ranked[~known]])


def _axis_title(words: Words, result: Result) -> str:
    if credits_money(result):
        currency = words.symbol(result.agreement.currency)
        pipeline = result.parameters.get("conversion") == "pipeline"
        kind = "credited_pipeline" if pipeline else "credited_revenue"
        return words.say(f"axis.{kind}", currency=currency)
    return words.say("axis.credited_conversions")


def _bars(words: Words, result: Result) -> go.Figure:
    ranked = _ranked(result.table)
    rows = _most(ranked).reset_index(drop=True)
    names = [_name(words, result, row) for _, row in rows.iterrows()]
    sides = _sides(words, result, rows)
    known = ~rows["is_no_known_touch"].map(is_true).astype(bool)
    first = next(iter(rows.index[known & rows["channel"].notna()]), None)
    texts = [
        as_text(
            f"{credited_value(words, result, row['revenue'])} · "
            f"{words.percent(row['revenue_share'])}"
        )
        for _, row in rows.iterrows()
    ]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=rows["revenue"],
            y=list(range(len(rows))),
            marker_color=[
                theme.ACCENT if number == first else theme.QUIET if known[number] else theme.FAINT
                for number in rows.index
            ],
            text=texts,
            textposition="outside",
            cliponaxis=False,
            hovertext=[
                _hover(words, result, row, name)
                for (_, row), name in zip(rows.iterrows(), names, strict=True)
            ],
            hoverinfo="text",
        )
    )
    highest, lowest = (rows["revenue"].max(), rows["revenue"].min()) if len(rows) else (0.0, 0.0)
    span = max(highest, 0.0) - min(lowest, 0.0)
    figure.update_xaxes(
        title_text=as_text(_axis_title(words, result)),
        tickformat=",~f",
        range=[
            min(lowest, 0.0) - (0.3 * span if lowest < 0 else 0.0),
            max(highest, 0.0) + 0.3 * (span if span > 0 else 1.0) + (0.0 if span > 0 else 1.0),
        ],
        nticks=6,
    )
    labels, room = _labels(names, sides)
    figure.update_yaxes(row_axis(labels))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_height(len(rows)),
        left=room,
        remarks=not_drawn(words, shown=len(rows), of=len(ranked)),
    )


def _labels(names: list[str], sides: list[str]) -> tuple[list[str], int]:
    """The labels of the rows and their room: the side below the name, in dense rows beside it."""
    if len(names) <= _FEW_ROWS:
        return row_labels(names, below=sides), label_room([*names, *sides])
    whole = [f"{name}  {side}" for name, side in zip(names, sides, strict=True)]
    room = _CHARACTER * max(len(each) for each in whole) + 2 * _CHARACTER
    return row_labels(names, below=sides, in_line=True), room


def _height(rows: int) -> int:
    """Many rows stand closer, so that the figure still fits a printed page below its heading."""
    return max((_ROW if rows <= _FEW_ROWS else _DENSE_ROW) * rows, 60)


def _hover(words: Words, result: Result, row: pd.Series, name: str) -> str:
    lines = [
        f"<b>{as_text(name)}</b>",
        as_text(words.model(row["model"], agreement=result.agreement)),
        as_text(f"{words.column('conversions')}: {words.credit(row['conversions'])}"),
    ]
    if credits_money(result):
        money = words.money(row["revenue"], result.agreement.currency)
        lines.append(as_text(f"{words.column('revenue')}: {money}"))
    if not is_missing(row["touches"]):
        lines.append(as_text(f"{words.column('touches')}: {words.whole(row['touches'])}"))
    return "<br>".join(lines)


def _models(words: Words, result: Result, models: list[str], *, of: int) -> go.Figure:
    result = replace(result, _table=result.table[result.table["model"].isin(models)])
    table, agreed = result.table, result.agreement.attribution.model
    lead = agreed if agreed in models else models[0]
    key = _row_key(table)
    ranked = _ranked(table[table["model"] == lead])
    every = list(dict.fromkeys([*_row_key(ranked), *key]))
    order = list(dict.fromkeys(_row_key(_most(ranked))))
    table = table[key.isin(order)]
    key = _row_key(table)
    heads = table.groupby(key.to_numpy(), sort=False).head(1)
    head = dict(zip(_row_key(heads), (row for _, row in heads.iterrows()), strict=True))
    names = [_name(words, result, head[each]) for each in order]
    sides = _sides(words, result, pd.DataFrame([head[each] for each in order]))
    spots = {each: number for number, each in enumerate(order)}
    figure = go.Figure()
    for each, number in spots.items():
        if number:
            figure.add_hline(y=number - 0.5, line={"color": theme.FAINT, "width": 1})
        shares = table.loc[key == each, "revenue_share"]
        figure.add_trace(
            go.Scatter(
                x=[shares.min(), shares.max()],
                y=[number, number],
                mode="lines",
                line={"color": theme.LINE, "width": 2},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    others = [each for each in models if each != lead]
    for place, model in enumerate(models):
        lane = _MODELS_SPREAD * (place / (len(models) - 1) - 0.5)
        style = _style(0 if model == lead else 1 + others.index(model))
        mine = table[table["model"] == model]
        figure.add_trace(
            _model_dots(words, result, mine, spots, lane=lane, style=style, is_lead=model == lead)
        )
    figure.update_xaxes(
        percent_axis(
            words,
            float(table["revenue_share"].max() or 0) or 1.0,
            lowest=float(table["revenue_share"].min() or 0),
        ),
        title_text=as_text(words.say("axis.credited_share")),
    )
    labels, room = _labels(names, sides)
    figure.update_yaxes(row_axis(labels))
    figure = finish(
        figure,
        words,
        result,
        finding=_finding_of_models(words, result, shown=len(models), of=of),
        plot_height=max(_models_row(len(order), len(models)) * len(order), 60),
        left=room,
        above_plot=8 + _LEGEND_LINE * _legend_lines(figure),
        remarks=[
            *not_drawn(words, shown=len(order), of=len(every)),
            *(
                [words.say("mark.models_not_listed", count=of - len(models))]
                if of > len(models)
                else []
            ),
        ],
    )
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "xanchor": "left"},
    )
    return figure


def _finding_of_models(words: Words, result: Result, *, shown: int, of: int) -> str:
    """The finding; where not all models are drawn, the span is said to be that of those drawn."""
    finding = words.finding(result)
    return (
        finding if shown == of else words.say("mark.some_models", finding=finding, n=shown, of=of)
    )


def _style(place: int) -> Mapping[str, str]:
    """Colour and symbol of a model; the later ones are hollow and grey."""
    if place < len(theme.PALETTE):
        return theme.series_style(place)
    return {"color": theme.MUTED, "symbol": _FURTHER_SYMBOLS[place - len(theme.PALETTE)]}


def _models_row(rows: int, models: int) -> int:
    """The height of a row: room for a line of each model."""
    if rows > _MODELS_FEW_ROWS:
        return max(_DENSE_ROW, 5 * models)
    return max(_ROW if rows <= _FEW_ROWS else _MODELS_ROW, 7 * models)


def _legend_lines(figure: go.Figure) -> int:
    """In how many lines the legend breaks."""
    widths = [_LEGEND_MARK + _CHARACTER * len(trace.name) for trace in figure.data if trace.name]
    if not widths:
        return 1
    per_line = max(1, _LEGEND_WIDTH // max(widths))
    return -(-len(widths) // per_line)


def _row_key(rows: pd.DataFrame) -> pd.Series:
    """One key per row of the figure: the channel, and apart from all channels the two without."""
    return pd.Series(
        [
            (is_true(unknown), None if is_missing(channel) else str(channel))
            for unknown, channel in zip(rows["is_no_known_touch"], rows["channel"], strict=True)
        ],
        index=rows.index,
        dtype=object,
    )


def _model_dots(
    words: Words,
    result: Result,
    rows: pd.DataFrame,
    spots: dict[Any, int],
    *,
    lane: float,
    style: Mapping[str, str],
    is_lead: bool,
) -> go.Scatter:
    model = str(rows["model"].iloc[0])
    agreed = model == result.agreement.attribution.model
    name = words.model(model, agreement=result.agreement)
    label = words.say("mark.agreed_model", model=name) if agreed else name
    return go.Scatter(
        x=rows["revenue_share"],
        y=[spots[each] + lane for each in _row_key(rows)],
        mode="markers",
        name=as_text(label),
        marker={
            "symbol": style["symbol"],
            "size": 9 if is_lead else 7,
            "color": style["color"],
        },
        hovertext=[
            _hover(words, result, row, _name(words, result, row)) for _, row in rows.iterrows()
        ],
        hoverinfo="text",
        cliponaxis=False,
    )
