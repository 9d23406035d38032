"""How far the models of an attribution lie apart, channel by channel."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, finish, label_room, percent_axis, row_labels
from funnel_analytics.plots.groups import MOST_ROWS, not_drawn
from funnel_analytics.plots.rows import column_of_texts, limits, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    credited_channel,
    is_missing,
    is_true,
    notice,
    range_rows,
    widest_range,
    words_for,
)

__all__ = ["attribution_range"]

_ROW, _DENSE_ROW, _FEW_ROWS, _BAR = 42, 33, 10, 9
_MODELS_AT, _AGREED_AT = -0.14, 0.2  # beside the middle of a row, in rows
_WIDE = 0.66  # of the plot; the rest is for the numbers


def attribution_range(
    result: Result | Missing, *, measure: str | None = None, language: str | None = None
) -> go.Figure | Notice:
    """On which channels do models agree, and where does the model decide?

    Per channel a bar from the lowest to the highest share that any model credits, with a dot for
    each model; below it the agreed model with its interval. The bar of the channel on which models
    differ most is coloured. What has no known touch is the last row. With few rows the models at
    both ends are named.

    Parameters
    ----------
    measure
        Shares of `"revenue"` or of `"conversions"`; of revenue where there is any.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = range_rows(result, measure)
    if rows["highest_share"].isna().all():
        return Notice(f"{words.finding(result, measure=measure)}.")
    widest = widest_range(rows)
    drawn = _most(rows)
    coloured = list(drawn.index).index(widest) if widest in drawn.index else None
    hidden = len(rows) - len(drawn)
    rows = drawn.reset_index(drop=True)
    told = str(rows["measure"].iloc[0])
    names = [credited_channel(words, result, row) for _, row in rows.iterrows()]
    models = int(rows["models"].max())
    is_dense = len(rows) > _FEW_ROWS
    figure = go.Figure()
    for number in range(1, len(rows)):
        figure.add_hline(y=number - 0.5, line={"color": theme.FAINT, "width": 1})
    remarks = []
    if models > 1:
        _bars(figure, words, rows, coloured, models)
        _dots(figure, words, result, names, rows, told)
        told_range = "certainty_range" if is_dense else "certainty_range_named"
        remarks = [words.say(f"legend.{told_range}"), words.say("legend.certainty_apart")]
    if rows["agreed_share"].notna().any():
        _agreed(figure, words, result, names, rows)
        remarks.insert(1, words.say("legend.certainty_agreed"))
    ends = rows[["lowest_share", "highest_share", "agreed_low", "agreed_high"]]
    axis = percent_axis(words, float(ends.max().max()) or 1.0)
    if (lowest := float(ends.min().min())) < 0:
        axis["range"] = [1.06 * lowest, axis["range"][1]]
    title = as_text(words.say(f"axis.certainty_{told}"))
    figure.update_xaxes(axis, domain=[0, _WIDE], title_text=title)
    figure.update_yaxes(row_axis(row_labels(names)))
    column_of_texts(
        figure,
        heading=[words.column("certainty_range" if is_dense else "certainty_ends")]
        if models > 1
        else [],
        x=1,
        texts=[
            _ends(words, result, row, is_dense=is_dense) if models > 1 else ""
            for _, row in rows.iterrows()
        ],
    )
    figure = finish(
        figure,
        words,
        result,
        finding=words.finding(result, measure=measure),
        plot_height=max((_DENSE_ROW if is_dense else _ROW) * len(rows), 90),
        left=label_room(names),
        above_plot=52,
        remarks=[*remarks, *not_drawn(words, shown=len(rows), of=len(rows) + hidden)],
        without=("certainty_chosen",),
    )
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "xanchor": "left"},
    )
    return figure


def _most(rows: pd.DataFrame) -> pd.DataFrame:
    """As many rows as a figure has room for; no known touch is one of them."""
    unknown = rows["is_no_known_touch"].map(is_true).astype(bool)
    room = MOST_ROWS - int(unknown.sum())
    return pd.concat([rows[~unknown].head(room), rows[unknown]])


def _bars(
    figure: go.Figure, words: Words, rows: pd.DataFrame, coloured: int | None, models: int
) -> None:
    """From the lowest to the highest share of each row; one entry in the legend for all."""
    for number, (_, row) in enumerate(rows.iterrows()):
        colour = theme.SHADES[1] if number == coloured else theme.LINE
        figure.add_trace(
            go.Scatter(
                x=[row["lowest_share"], row["highest_share"]],
                y=[number + _MODELS_AT] * 2,
                mode="lines",
                line={"color": colour, "width": _BAR},
                hoverinfo="skip",
                showlegend=False,
            )
        )
    figure.add_trace(
        go.Scatter(
            x=[None],
            y=[None],
            mode="lines",
            line={"color": theme.LINE, "width": _BAR},
            name=as_text(words.say("mark.certainty_span", count=models)),
        )
    )


def _dots(
    figure: go.Figure,
    words: Words,
    result: Result,
    names: list[str],
    rows: pd.DataFrame,
    measure: str,
) -> None:
    """Every model's share of every row."""
    table = result.table
    places = {key: number for number, key in enumerate(_keys(rows))}
    shown = [
        (places.get(key), row) for key, (_, row) in zip(_keys(table), table.iterrows(), strict=True)
    ]
    dots = [(place, row) for place, row in shown if place is not None]
    figure.add_trace(
        go.Scatter(
            x=[row[f"{measure}_share"] for _, row in dots],
            y=[place + _MODELS_AT for place, _ in dots],
            mode="markers",
            name=as_text(words.say("mark.certainty_model")),
            marker={"size": 6, "color": theme.MUTED},
            hovertext=[
                "<br>".join(
                    [
                        f"<b>{as_text(names[place])}</b>",
                        as_text(words.model(str(row["model"]), agreement=result.agreement)),
                        _share(words, row, f"{measure}_share"),
                    ]
                )
                for place, row in dots
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    )


def _agreed(
    figure: go.Figure, words: Words, result: Result, names: list[str], rows: pd.DataFrame
) -> None:
    """The agreed model with its interval, below the others of its row."""
    model = words.model(result.agreement.attribution.model, agreement=result.agreement)
    figure.add_trace(
        go.Scatter(
            x=rows["agreed_share"],
            y=[number + _AGREED_AT for number in rows.index],
            mode="markers",
            name=as_text(words.say("mark.agreed_model", model=model)),
            marker={"symbol": "diamond", "size": 9, "color": theme.ACCENT},
            error_x={
                **limits(rows, "agreed_share", "agreed_low", "agreed_high"),
                "color": theme.ACCENT,
                "thickness": 1.2,
            },
            hovertext=[
                "<br>".join(
                    [f"<b>{as_text(name)}</b>", as_text(model), _share(words, row, "agreed")]
                )
                for name, (_, row) in zip(names, rows.iterrows(), strict=True)
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    )


def _share(words: Words, row: pd.Series, name: str) -> str:
    """A share with its interval, for what appears over a mark."""
    share = row["agreed_share"] if name == "agreed" else row[name]
    interval = words.interval(row[f"{name}_low"], row[f"{name}_high"])
    return as_text(words.form("with_mark", text=words.percent(share), mark=interval))


def _ends(words: Words, result: Result, row: pd.Series, *, is_dense: bool) -> str:
    """The highest and the lowest share, each with the model that credits it, or in one line."""
    if row["spread"] == 0:
        return as_text(words.percent(row["highest_share"]))
    if is_dense:
        return as_text(words.interval(row["lowest_share"], row["highest_share"]))
    lines = []
    for end in ("highest", "lowest"):
        share = as_text(words.percent(row[f"{end}_share"]))
        model = as_text(words.model(str(row[f"{end}_model"]), agreement=result.agreement))
        small = f"<span style='font-size:11px;color:{theme.MUTED}'>{model}</span>"
        lines.append(f"{small}  {share}")
    return "<br>".join(lines)


def _keys(rows: pd.DataFrame) -> list[tuple[bool, str | None]]:
    return [
        (is_true(unknown), None if is_missing(channel) else str(channel))
        for unknown, channel in zip(rows["is_no_known_touch"], rows["channel"], strict=True)
    ]
