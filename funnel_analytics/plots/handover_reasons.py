"""The figure of why hand-overs were rejected: reasons by origin or by receiving team."""

from __future__ import annotations

import textwrap

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import add_texts, as_text, finish, label_room, row_labels
from funnel_analytics.plots.handover import with_small
from funnel_analytics.plots.rows import row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    asked_kind,
    notice,
    rejection_label,
    rejection_place,
    words_for,
)

__all__ = ["handover_reasons"]

_ROW = 36
_MOST_REASONS = 12
_MOST_COLUMNS = 7
_HEADING_CHARACTERS = 16


def handover_reasons(
    result: Result | Missing,
    *,
    by: str = "origin",
    kind: str | None = None,
    language: str | None = None,
) -> go.Figure | Notice:
    """Why were hand-overs of a kind rejected, by origin or by receiving team?

    A row per reason, a column per origin (`by="team"`: receiving team), the share of the column's
    rejections and their number in each cell; reasons not given are a row of their own. The most
    frequent reasons and the largest columns are shown.

    Raises
    ------
    CallError
        There is no such kind, or reasons are not told by `by`.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    asked = asked_kind(result, result.table, kind)
    finding = words.finding(result, about="reasons", by=by, kind=asked)
    column = "origin" if by == "origin" else "to_team"
    found = result.part(f"reasons_by_{by}")
    found = found[(found["kind"] == asked) & found["rejected_handovers"].notna()]
    if found.empty:
        return Notice(f"{finding}.")
    found = found.assign(
        _place=[rejection_place(words, result, row, by=by) for _, row in found.iterrows()],
        _reason=[rejection_label(words, result, row) for _, row in found.iterrows()],
    )
    # The largest column first, the most frequent reason on top.
    places = _largest(found.drop_duplicates([column, "is_rest"]), "_place", "of_handovers")
    reasons = _largest(found, "_reason", "rejected_handovers")
    figure = _cells(words, found, reasons[:_MOST_REASONS], places[:_MOST_COLUMNS])
    remarks = [words.say("legend.handover_reasons")]
    if result.parameters.get("by") is not None:
        remarks.append(words.say("legend.handover_reasons_all"))
    for key, all_, most in (
        ("reasons_shown", reasons, _MOST_REASONS),
        ("columns_shown", places, _MOST_COLUMNS),
    ):
        if len(all_) > most:
            shown = {"shown": words.whole(most), "of": words.whole(len(all_))}
            remarks.append(words.say(f"legend.{key}", **shown))
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=_ROW * min(len(reasons), _MOST_REASONS),
        left=label_room(reasons[:_MOST_REASONS]),
        above_plot=64,
        below_axis=16,
        remarks=remarks,
    ).update_layout(plot_bgcolor=theme.FAINT)


def _largest(rows: pd.DataFrame, name: str, size: str) -> list[str]:
    sizes = rows.groupby(name, sort=False)[size].max() if size == "of_handovers" else (
        rows.groupby(name, sort=False)[size].sum()
    )  # fmt: skip
    return [str(each) for each in sizes.sort_values(ascending=False, kind="stable").index]


def _cells(words: Words, found: pd.DataFrame, reasons: list[str], places: list[str]) -> go.Figure:
    shares: list[list[float | None]] = [[None] * len(places) for _ in reasons]
    hovers = [[""] * len(places) for _ in reasons]
    texts = []
    for _, row in found.iterrows():
        if row["_reason"] not in reasons or row["_place"] not in places:
            continue
        y, x = reasons.index(row["_reason"]), places.index(row["_place"])
        shares[y][x] = float(row["rejected_share"])
        count = words.whole(row["rejected_handovers"])
        texts.append({"text": with_small(words.percent(row["rejected_share"]), count),
                      "x": x, "y": y, "font": {"color": theme.INK}})  # fmt: skip
        of = words.say("count.of_rejections", count=row["of_handovers"], part=count)
        label = words.form("labelled", label=row["_place"], text=row["_reason"])
        hovers[y][x] = "<br>".join(
            [
                f"<b>{as_text(label)}</b>",
                as_text(of),
                as_text(words.interval(row["rejected_low"], row["rejected_high"])),
            ]
        )
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=list(range(len(places))),
            y=list(range(len(reasons))),
            zmin=0,
            zmax=max(float(found["rejected_share"].max()), 0.01),
            colorscale=list(theme.SHADES),
            showscale=False,
            xgap=2,
            ygap=2,
            hoverongaps=False,
            text=hovers,
            hoverinfo="text",
        )
    )
    add_texts(figure, texts)
    sizes = found.groupby("_place")["of_handovers"].max()
    figure.update_xaxes(
        tickvals=list(range(len(places))),
        ticktext=[_heading(each, words.whole(sizes[each])) for each in places],
        side="top",
        tickfont={"size": 11},
        ticks="",
        showline=False,
        range=[-0.5, len(places) - 0.5],
    )
    figure.update_yaxes(row_axis(row_labels(reasons)))
    return figure


def _heading(label: str, size: str) -> str:
    lines = textwrap.wrap(label, _HEADING_CHARACTERS, break_long_words=False)
    return "<br>".join([*(as_text(line) for line in lines), f"n = {as_text(size)}"])
