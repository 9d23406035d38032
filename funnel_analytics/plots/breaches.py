"""Figure of the lists to act on: how many leads each holds, and what they may be worth."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, count_axis, finish, label_room, row_labels
from funnel_analytics.plots.rows import row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice, Words, is_missing, list_label, notice, words_for

__all__ = ["breaches"]

_ROW = 44
_LABEL = 18
_ROOM = 1.3


def breaches(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How many leads and deals does each list hold, and what may they be worth?

    Two bars per list: the number, and the expected value. The list with the highest expected value
    (the largest, where no value is known) is coloured. Where no list could be made, or all are
    empty, there is nothing to draw but a sentence.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    lists = result.part("lists")
    made = lists[lists["is_made"].astype(bool)].reset_index(drop=True)
    if result.table.empty:
        return Notice(" ".join([f"{words.finding(result)}.", *words.notes(result)]))
    currency = result.agreement.currency
    counts = [int(each) for each in made["rows"]]
    values = [0.0 if is_missing(each) else float(each) for each in made["expected_value"]]
    first = max(range(len(made)), key=lambda place: (values[place], counts[place], -place))
    labels = [list_label(words, name) for name in made["list"]]
    figure = go.Figure(
        [
            _bars(made, counts, [words.whole(each) for each in counts], first, ""),
            _bars(made, values, _amounts(words, made, currency), first, "2"),
        ]
    )
    figure.update_layout(
        bargap=0.35,
        xaxis={
            **_axis(words, max(counts)),
            "domain": [0, 0.44],
            "title": as_text(words.say("axis.breach_rows")),
        },
        xaxis2={
            **_axis(words, max(values)),
            "domain": [0.56, 1],
            "title": as_text(words.say("axis.breach_value", currency=words.symbol(currency))),
            "anchor": "y",
        },
    )
    figure.update_yaxes(row_axis(row_labels(labels, width=_LABEL)))
    several = len(made) > 1
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_ROW * len(made) + 20,
        left=label_room(labels, width=_LABEL),
        right=24,
        remarks=[words.say("legend.breaches_several")] if several else [],
    )


def _axis(words: Words, highest: float) -> dict[str, object]:
    """An axis from zero with room for the label behind the longest bar."""
    axis = count_axis(float(highest), write=words.whole)
    ticks = axis["tickvals"][::2]
    return {
        "range": [0, max(float(highest), 1.0) * _ROOM],
        "tickvals": ticks,
        "ticktext": [words.whole(each) for each in ticks],
    }


def _amounts(words: Words, made: pd.DataFrame, currency: str) -> list[str]:
    return [words.money(each, currency, compact=True) for each in made["expected_value"]]


def _bars(
    made: pd.DataFrame, lengths: list[int] | list[float], texts: list[str], first: int, axis: str
) -> go.Bar:
    return go.Bar(
        orientation="h",
        x=lengths,
        y=list(range(len(made))),
        xaxis=f"x{axis}",
        text=[as_text(each) for each in texts],
        textposition="outside",
        cliponaxis=False,
        textfont={"size": 12, "color": theme.INK},
        marker={
            "color": [theme.ACCENT if place == first else theme.QUIET for place in range(len(made))]
        },
        hoverinfo="skip",
        showlegend=False,
    )
