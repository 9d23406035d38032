"""The figure of another rule: which leads and wins it would have let through."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import (
    as_text,
    finish,
    label_room,
    row_labels,
)
from funnel_analytics.plots.qualification import key_of, only_group
from funnel_analytics.plots.rows import column_of_texts, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    asked_group,
    is_missing,
    notice,
    rule_label,
    words_for,
)

__all__ = ["what_if_rule"]

_ROW = 48


def what_if_rule(
    result: Result | Missing, *, segment: Any = None, language: str | None = None
) -> go.Figure | Notice:
    """Which share of past leads would a rule have let through, and which share of the wins?

    Two bars per rule: full where what is not known counts as not met, pale up to where it counts
    as met. With groups (`by=`) it shows `segment`, by default the largest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    everyone = result.table[result.table["rule"] == "everyone"]
    own = asked_group(result, everyone, size="leads", segment=segment)
    finding = words.finding(result, segment=segment)
    if own.empty or is_missing(own["leads"].iloc[0]) or not own["leads"].iloc[0]:
        return Notice(f"{finding}.")
    table = asked_group(result, result.table, size="leads", segment=key_of(result, own))
    rules = list(dict.fromkeys(table["rule"]))
    names = [words.say(f"qualification.{each}") for each in rules]
    below = ["" if each == "everyone" else rule_label(words, result, each) for each in rules]
    sides = {
        reading: pd.concat(
            [
                table[(table["rule"] == each) & table["missing"].isin([reading])]
                if each != "everyone"
                else own
                for each in rules
            ]
        )
        for reading in ("no", "yes")
    }
    figure = go.Figure()
    for number, (column, whole, colour) in enumerate(
        (
            ("qualified_leads", "leads", theme.INK),
            ("qualified_won_leads", "won_leads", theme.ACCENT),
        )
    ):
        for reading, opacity in (("yes", 0.35), ("no", 1.0)):
            rows = sides[reading]
            figure.add_trace(
                go.Bar(
                    orientation="h",
                    x=[
                        _share(part, of) for part, of in zip(rows[column], rows[whole], strict=True)
                    ],
                    y=list(range(len(rules))),
                    xaxis="x2" if number else "x",
                    marker={"color": colour, "opacity": opacity},
                    width=0.5,
                    hovertext=[
                        as_text(
                            words.form("part_of", part=words.whole(part), whole=words.whole(of))
                        )
                        for part, of in zip(rows[column], rows[whole], strict=True)
                    ],
                    hoverinfo="text",
                )
            )
    figure.update_layout(barmode="overlay", showlegend=False)
    axis = {
        "range": [0, 1],
        "tickvals": [0, 0.5, 1],
        "ticktext": [words.percent(each, fixed=False) for each in (0, 0.5, 1)],
        "tickangle": 0,
    }
    figure.update_layout(
        xaxis={
            **axis,
            "domain": [0, 0.25],
            "title": {"text": as_text(words.say("axis.rule_leads"))},
        },
        xaxis2={
            **axis,
            "domain": [0.46, 0.71],
            "anchor": "y",
            "title": {"text": as_text(words.say("axis.rule_wins"))},
        },
    )
    figure.update_yaxes(row_axis(row_labels(names, below=below)))
    for heading, x, column in (
        ("leads", 0.4, "qualified_leads"),
        ("rule_kept", 0.83, "qualified_won_leads"),
    ):
        column_of_texts(
            figure,
            heading=[words.column(heading)],
            x=x,
            texts=[
                as_text(_span(words, low, high))
                for low, high in zip(sides["no"][column], sides["yes"][column], strict=True)
            ],
        )
    column_of_texts(
        figure,
        heading=[words.column("rule_win_rate")],
        x=1.0,
        texts=[
            as_text(_rates(words, low, high))
            for low, high in zip(sides["no"]["win_rate"], sides["yes"]["win_rate"], strict=True)
        ],
    )
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=round(1.3 * _ROW * len(rules)),
        left=label_room([*names, *below]),
        above_plot=36,
        remarks=[
            words.say("legend.what_if_bars"),
            words.say("legend.what_if_wins"),
            *only_group(words, result, own),
        ],
    )


def _share(part: Any, whole: Any) -> float | None:
    return float(part) / float(whole) if not is_missing(whole) and whole else None


def _span(words: Words, low: Any, high: Any) -> str:
    first, last = words.whole(low), words.whole(high)
    return first if first == last else words.form("range", low=first, high=last)


def _rates(words: Words, one: Any, other: Any) -> str:
    if is_missing(one) or is_missing(other):
        return words.missing
    low, high = sorted((float(one), float(other)))
    first, last = words.percent(low), words.percent(high)
    return first if first == last else words.interval(low, high)
