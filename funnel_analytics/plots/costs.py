"""Figures of costs: credited revenue against spend, and when it covered the spend."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.errors import CallError
from funnel_analytics.plots.canvas import (
    as_text,
    count_axis,
    finish,
    label_room,
    row_labels,
    wrapped,
)
from funnel_analytics.plots.groups import MOST_LINES, MOST_ROWS, not_drawn
from funnel_analytics.plots.rows import row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    cost_label,
    costed_rows,
    costs_remarks,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = ["channel_costs", "payback"]

_ROW, _DENSE_ROW, _FEW_ROWS = 44, 30, 8
_BAR, _MARK = 0.5, 0.36
_ROOM = 1.36
_MONTH_DAYS = 365.25 / 12
_LABEL_GAP, _LABEL_CHARACTERS = 0.06, 34
_LEAST_TOP, _MOST_TOP = 1.15, 3.0


def channel_costs(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How much revenue was credited for what each channel cost?

    A bar of credited revenue per channel with a known cost, the largest cost first; a mark at the
    cost is the line that the bar has to reach. Hatched bars are not yet mature.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    finding = words.finding(result)
    known = costed_rows(result)
    rows = known.head(MOST_ROWS).reset_index(drop=True)
    if rows.empty:
        return Notice(f"{finding}.")
    ripe = rows["is_mature"].map(is_true).astype(bool)
    names = [cost_label(words, result, row) for _, row in rows.iterrows()]
    currency = words.symbol(result.agreement.currency)
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=rows["credited_revenue"],
            y=list(range(len(rows))),
            width=_BAR,
            marker={
                "color": [theme.ACCENT if each else theme.QUIET for each in ripe],
                "pattern": {
                    "shape": ["" if each else "/" for each in ripe],
                    "bgcolor": theme.PAPER,
                },
            },
            hovertext=[
                _hover(words, result, row, name)
                for (_, row), name in zip(rows.iterrows(), names, strict=True)
            ],
            hoverinfo="text",
        )
    )
    figure.add_trace(_marks(rows))
    highest = float(rows[["credited_revenue", "spend"]].max().max())
    _texts(figure, words, result, rows)
    axis = count_axis(highest, write=words.whole)
    figure.update_xaxes(
        axis | {"range": [0, max(highest, 1.0) * _ROOM]},
        title_text=as_text(words.say("axis.costs", currency=currency)),
    )
    figure.update_yaxes(row_axis(row_labels(names)))
    remarks = [words.say("legend.costs_mark")]
    if not ripe.all():
        kind = "immature" if result.parameters["basis"] == "touch" else "running"
        remarks.append(words.say(f"legend.costs_{kind}"))
    hidden = int((~result.table["is_no_known_touch"].map(is_true).astype(bool)).sum()) - len(known)
    if hidden:
        remarks.append(words.say("legend.costs_without", count=hidden))
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=max((_ROW if len(rows) <= _FEW_ROWS else _DENSE_ROW) * len(rows), 80),
        left=label_room(names),
        remarks=[
            *remarks,
            *costs_remarks(words, result),
            *not_drawn(words, shown=len(rows), of=len(known)),
        ],
    )


def _marks(rows: pd.DataFrame) -> go.Scatter:
    """An upright mark at the cost of each row."""
    x: list[float | None] = []
    y: list[float | None] = []
    for number, spend in enumerate(rows["spend"]):
        x += [spend, spend, None]
        y += [number - _MARK, number + _MARK, None]
    return go.Scatter(
        x=x, y=y, mode="lines", line={"color": theme.INK, "width": 3}, hoverinfo="skip"
    )


def _texts(figure: go.Figure, words: Words, result: Result, rows: pd.DataFrame) -> None:
    """Beside each bar: the revenue, and how much that is for each unit of cost."""
    for number, (_, row) in enumerate(rows.iterrows()):
        figure.add_annotation(
            text=as_text(_beside(words, result, row)),
            x=max(float(row["credited_revenue"]), float(row["spend"])),
            y=number,
            xanchor="left",
            xshift=6,
            showarrow=False,
            font={"size": 12, "color": theme.INK if is_true(row["is_mature"]) else theme.MUTED},
        )


def _beside(words: Words, result: Result, row: pd.Series) -> str:
    currency = result.agreement.currency
    text = words.money(row["credited_revenue"], currency, compact=True)
    if not is_missing(row["revenue_per_spend"]):
        ratio = words.say(
            "costs.per_unit",
            ratio=words.number(row["revenue_per_spend"], digits=2, fixed=True),
            currency=words.symbol(currency),
        )
        text = f"{text} · {ratio}"
    return text if is_true(row["is_mature"]) else words.say("costs.immature", text=text)


def _hover(words: Words, result: Result, row: pd.Series, name: str) -> str:
    currency = result.agreement.currency
    lines = [f"<b>{as_text(name)}</b>"]
    for column in ("spend", "credited_revenue", "credited_pipeline"):
        money = words.money(row[column], currency)
        lines.append(as_text(words.form("labelled", label=words.column(column), text=money)))
    deals = words.credit(row["credited_deals"])
    lines.append(as_text(words.form("labelled", label=words.column("credited_deals"), text=deals)))
    return "<br>".join(lines)


def payback(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How many months after the touch had credited revenue covered the cost?

    A step curve for each of the five channels with the largest cost: credited revenue so far for
    each unit of cost; where it crosses the line at 1, the cost is covered. Grey ones are immature.

    Raises
    ------
    CallError
        The costs were asked for on the basis of conversions, whose touches are of other times.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    if result.parameters["basis"] != "touch":
        raise CallError(
            "Payback follows the touches of a period: ask channel_costs for basis='touch'."
        )
    words = words_for(result, language=language)
    finding = words.finding(result, payback=True)
    curves = result.part("payback")
    known = costed_rows(result)
    known = known[known["revenue_per_spend"].notna()]
    if known.empty:
        return Notice(f"{finding}.")
    shown = known.head(MOST_LINES)
    figure = go.Figure()
    ripe = shown["is_mature"].map(is_true).astype(bool)
    last = float(curves["age_days"].max()) / _MONTH_DAYS
    top = max(min(float(shown["revenue_per_spend"].max()), _MOST_TOP), _LEAST_TOP) * 1.06
    places = _places(shown["revenue_per_spend"], top)
    labels: list[str] = []
    for order, (is_ripe, (_, row)) in enumerate(zip(ripe, shown.iterrows(), strict=True)):
        style = theme.series_style(order)
        colour = style["color"] if is_ripe else theme.QUIET
        name = cost_label(words, result, row)
        mine = curves[curves["channel"].isna() if is_missing(row["channel"])
                      else curves["channel"] == row["channel"]]  # fmt: skip
        months = mine["age_days"] / _MONTH_DAYS
        ratios = mine["revenue_per_spend"]
        figure.add_trace(
            go.Scatter(
                x=months,
                y=ratios,
                mode="lines",
                name=as_text(name),
                line={"shape": "hv", "color": colour, "dash": style["dash"], "width": 2.5},
                hovertext=[
                    as_text(
                        f"{name} · {words.amount('months', month)}: "
                        f"{words.number(ratio, digits=2, fixed=True)}"
                    )
                    for month, ratio in zip(months, ratios, strict=True)
                ],
                hoverinfo="text",
            )
        )
        ratio = words.number(row["revenue_per_spend"], digits=2, fixed=True)
        labels.append(words.form("labelled", label=name, text=ratio))
        figure.add_annotation(
            text=wrapped(labels[-1], _LABEL_CHARACTERS),
            align="left",
            x=last,
            y=places[order],
            xanchor="left",
            xshift=6,
            showarrow=False,
            font={"size": 12, "color": colour if is_ripe else theme.MUTED},
        )
    figure.add_hline(y=1, line={"color": theme.INK, "width": 1})
    figure.update_xaxes(
        title_text=as_text(words.say("axis.payback_months")), range=[0, last], nticks=8
    )
    currency = words.symbol(result.agreement.currency)
    figure.update_yaxes(
        title_text=as_text(words.say("axis.payback_ratio", currency=currency)),
        range=[0, top],
        nticks=6,
        tickformat=",~f",
    )
    remarks = [words.say("legend.payback")]
    if not ripe.all():
        remarks.append(words.say("legend.payback_immature"))
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=300,
        left=72,
        right=label_room(labels, width=_LABEL_CHARACTERS),
        remarks=[
            *remarks,
            *costs_remarks(words, result),
            *not_drawn(words, shown=len(shown), of=len(known)),
        ],
    )


def _places(ratios: pd.Series, top: float) -> list[float]:
    """Where the labels of the curves stand: at their ends, or as far beside as they need.

    None leaves the plot: what crowds at the top makes room downwards.
    """
    places = [0.0] * len(ratios)
    upwards = sorted(range(len(ratios)), key=lambda each: float(ratios.iloc[each]))
    lowest, highest = 0.0, top
    for order in upwards:
        places[order] = max(min(float(ratios.iloc[order]), top), lowest)
        lowest = places[order] + _LABEL_GAP * top
    for order in reversed(upwards):
        places[order] = min(places[order], highest)
        highest = places[order] - _LABEL_GAP * top
    return places
