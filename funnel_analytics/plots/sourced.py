"""Figure of what marketing sourced: three definitions, and where they differ."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import (
    add_texts,
    as_text,
    finish,
    label_room,
    percent_axis,
    row_labels,
)
from funnel_analytics.plots.rows import column_of_texts, limits, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice, Words, is_missing, notice, words_for

__all__ = ["marketing_sourced"]

_DEFINITIONS = ("first_touch", "lead_created", "any_touch")
_BARS, _DOTS = (0.0, 0.42), (0.68, 1.0)


def marketing_sourced(
    result: Result | Missing, *, language: str | None = None
) -> go.Figure | Notice:
    """Which share was sourced by marketing, by each of three definitions?

    A bar with its interval per definition; on the right a column per combination of verdicts with
    the number of deals that have it: filled is yes, hollow is no.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    if table["sourced_share"].isna().all():
        return Notice(f"{words.finding(result)}.")
    names = [words.say(f"sourced.{each}") for each in table["definition"]]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=table["sourced_share"],
            y=list(range(len(table))),
            width=0.42,
            marker={"color": theme.ACCENT},
            error_x=limits(table, "sourced_share", "sourced_low", "sourced_high")
            | {"color": theme.INK},
            hovertext=[
                as_text(words.form("labelled", label=name, text=_share(words, row)))
                for name, (_, row) in zip(names, table.iterrows(), strict=True)
            ],
            hoverinfo="text",
        )
    )
    overlap = result.part("overlap")
    shown = overlap[overlap["deals"] > 0].sort_values("deals", ascending=False, kind="stable")
    shown = pd.concat([shown[shown["first_touch"].notna()], shown[shown["first_touch"].isna()]])
    _dots(figure, words, shown.reset_index(drop=True))
    highest = float(table["sourced_high"].max())
    figure.update_layout(
        xaxis={
            **percent_axis(words, highest),
            "domain": list(_BARS),
            "title_text": as_text(words.say("axis.sourced_share")),
        },
        xaxis2={
            "domain": list(_DOTS),
            "anchor": "y",
            "range": [-0.6, max(len(shown), 4) - 0.4],
            "showticklabels": False,
            "showline": False,
            "ticks": "",
        },
        yaxis=row_axis(row_labels(names)),
    )
    column_of_texts(
        figure,
        heading=[words.column("sourced_share")],
        x=0.6,
        texts=[_cell(words, row) for _, row in table.iterrows()],
    )
    remarks = [words.say("legend.sourced")]
    unjudged = int(overlap.loc[overlap["first_touch"].isna(), "deals"].sum())
    if unjudged:
        remarks.append(words.say("legend.sourced_unjudged", count=unjudged))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=64 * len(table),
        left=label_room(names),
        above_plot=52,
        remarks=remarks,
    )


def _dots(figure: go.Figure, words: Words, shown: pd.DataFrame) -> None:
    """The verdicts of each combination, one column each, its number of deals on top."""
    symbols: dict[str, tuple[list[int], list[int]]] = {}
    for column, row in shown.iterrows():
        for place, name in enumerate(_DEFINITIONS):
            xs, ys = symbols.setdefault(_said(row[name]), ([], []))
            xs.append(int(str(column)))
            ys.append(place)
    styles = {
        "yes": {"symbol": "circle", "color": theme.ACCENT, "size": 13},
        "no": {
            "symbol": "circle-open",
            "color": theme.QUIET,
            "size": 13,
            "line": {"width": 2},
        },
    }
    for said, style in styles.items():
        xs, ys = symbols.get(said, ([], []))
        figure.add_trace(
            go.Scatter(
                x=xs,
                y=ys,
                xaxis="x2",
                mode="markers",
                marker=style,
                name=as_text(words.say(f"sourced.{said}")),
                hoverinfo="name",
            )
        )
    unjudged = zip(*symbols.get("not_judged", ([], [])), strict=True)
    beside = {"xref": "x2"}
    add_texts(
        figure,
        [
            *({**beside, "x": x, "y": y, "yref": "y", "text": "?"} for x, y in unjudged),
            *(
                {
                    **beside,
                    "x": number,
                    "y": 1,
                    "yref": "paper",
                    "yanchor": "bottom",
                    "text": f"<b>{as_text(words.whole(deals))}</b>",
                }
                for number, deals in enumerate(shown["deals"])
            ),
            {
                "xref": "paper",
                "x": _DOTS[0],
                "xanchor": "left",
                "yref": "paper",
                "y": 1,
                "yanchor": "bottom",
                "yshift": 20,
                "text": as_text(words.column("sourced_combination")),
                "font": {"size": 11, "color": theme.MUTED},
            },
        ],
    )


def _said(verdict: Any) -> str:
    if is_missing(verdict):
        return "not_judged"
    return "yes" if bool(verdict) else "no"


def _share(words: Words, row: pd.Series) -> str:
    if is_missing(row["sourced_share"]):
        return words.missing
    part = words.form(
        "part_of", part=words.whole(row["sourced_deals"]), whole=words.whole(row["judged_deals"])
    )
    return words.form("with_mark", text=words.percent(row["sourced_share"]), mark=part)


def _cell(words: Words, row: pd.Series) -> str:
    """A share with its interval and its counts below, as markup."""
    if is_missing(row["sourced_share"]):
        return as_text(words.missing)
    part = words.form(
        "part_of", part=words.whole(row["sourced_deals"]), whole=words.whole(row["judged_deals"])
    )
    below = [words.interval(row["sourced_low"], row["sourced_high"]), part]
    small = "".join(
        f"<br><span style='font-size:10px;color:{theme.MUTED}'>{as_text(each)}</span>"
        for each in below
    )
    return as_text(words.percent(row["sourced_share"])) + small
