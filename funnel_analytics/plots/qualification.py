"""Figures of qualification: answers by criterion, and win rates by answer."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import (
    as_text,
    finish,
    label_room,
    percent_axis,
    row_labels,
)
from funnel_analytics.plots.groups import count_groups
from funnel_analytics.plots.rows import column_of_texts, limits, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    asked_group,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = ["key_of", "only_group", "qualification", "qualification_lift"]

_ROW = 48
_ANSWERS = {
    "yes": (theme.ACCENT, "circle", -0.2),
    "no": (theme.INK, "circle-open", 0.0),
    "unknown": (theme.QUIET, "diamond", 0.2),
}
_LEGEND = {"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "orientation": "h"}


def qualification(
    result: Result | Missing, *, segment: Any = None, language: str | None = None
) -> go.Figure | Notice:
    """For which share of the leads is each criterion met, not met, or not recorded?

    One bar per criterion: what is met is coloured. With groups (`by=`) it shows `segment` (a value,
    or the pair of them), by default the largest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = asked_group(result, result.table, size="leads", segment=segment)
    finding = words.finding(result, segment=segment)
    if rows["coverage"].isna().all():
        return Notice(f"{finding}.")
    rows = rows.reset_index(drop=True)
    names = _names(words, rows)
    counts = {
        "yes": rows["yes_leads"],
        "no": rows["no_leads"],
        "other": rows["answered_leads"] - rows["yes_leads"] - rows["no_leads"],
        "unknown": rows["leads"] - rows["answered_leads"],
    }
    colours = {
        "yes": theme.ACCENT,
        "no": theme.QUIET,
        "other": theme.BAND,
        "unknown": theme.FAINT,
    }
    figure = go.Figure()
    for answer, leads in counts.items():
        if answer == "other" and not leads.any():
            continue
        label = words.say(f"qualification.{answer}")
        figure.add_trace(
            go.Bar(
                orientation="h",
                name=as_text(label),
                x=leads / rows["leads"],
                y=list(range(len(rows))),
                marker={"color": colours[answer]},
                hovertext=[
                    as_text(words.form("labelled", label=label, text=words.amount("leads", each)))
                    for each in leads
                ],
                hoverinfo="text",
            )
        )
    figure.update_layout(
        barmode="stack", showlegend=True, legend={**_LEGEND, "traceorder": "normal"}
    )
    figure.update_xaxes(
        {**percent_axis(words, 1.0), "range": [0, 1], "domain": [0, 0.56]},
        title_text=as_text(words.say("axis.criterion_share")),
    )
    figure.update_yaxes(row_axis(row_labels(names)))
    for heading, x, value, low, high in (
        ("criterion_answered", 0.78, "coverage", "coverage_low", "coverage_high"),
        ("criterion_yes_share", 1.0, "yes_share", "yes_low", "yes_high"),
    ):
        column_of_texts(
            figure,
            heading=[words.column(heading), words.column("interval")],
            x=x,
            texts=[
                _with_limits(words.percent(row[value]), words.interval(row[low], row[high]))
                for _, row in rows.iterrows()
            ],
        )
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=_ROW * len(rows),
        left=label_room(names),
        above_plot=52,
        remarks=only_group(words, result, rows),
    )


def _names(words: Words, rows: pd.DataFrame) -> list[str]:
    required = words.say("qualification.required_mark")
    return [
        words.form("with_mark", text=name, mark=required) if is_true(needed) else name
        for name, needed in zip(
            (words.field(str(each)) for each in rows["criterion"]), rows["is_required"], strict=True
        )
    ]


def _with_limits(text: str, limits_text: str) -> str:
    """A number with its interval below, as markup."""
    small = f"<span style='font-size:10px;color:{theme.MUTED}'>{as_text(limits_text)}</span>"
    return f"{as_text(text)}<br>{small}"


def only_group(words: Words, result: Result, rows: pd.DataFrame) -> list[str]:
    """Which group is shown, of how many."""
    if result.parameters.get("by") is None or rows.empty:
        return []
    group = words.quoted(words.group(result, rows.iloc[0]))
    return [words.say("legend.only_group", count=count_groups(result.table), group=group)]


def qualification_lift(
    result: Result | Missing, *, segment: Any = None, language: str | None = None
) -> go.Figure | Notice:
    """How often were leads won that met a criterion, and those that did not?

    Per criterion a dot with its interval for each answer known before the outcome. With groups
    (`by=`) it shows `segment`, by default the largest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = asked_group(result, result.table, size="leads", segment=segment).reset_index(drop=True)
    finding = words.finding(result, lift=True, segment=segment)
    lift = result.part("lift")
    lift = asked_group(result, lift, size="mature_leads", segment=key_of(result, rows))
    if lift["win_rate"].isna().all():
        return Notice(f"{finding}.")
    place = {name: number for number, name in enumerate(rows["criterion"])}
    names = _names(words, rows)
    figure = go.Figure()
    for answer, (colour, symbol, beside) in _ANSWERS.items():
        of = lift[lift["answer"] == answer]
        label = words.say(f"qualification.{'known_before' if answer == 'unknown' else answer}")
        figure.add_trace(
            go.Scatter(
                x=of["win_rate"],
                y=[place[each] + beside for each in of["criterion"]],
                mode="markers",
                name=as_text(label),
                marker={
                    "symbol": symbol,
                    "size": 10,
                    "color": colour,
                    "line": {"width": 2, "color": colour},
                },
                error_x={**limits(of, "win_rate", "win_low", "win_high"), "color": colour},
                hovertext=[
                    as_text(words.form("labelled", label=label, text=_won(words, row)))
                    for _, row in of.iterrows()
                ],
                hoverinfo="text",
                cliponaxis=False,
            )
        )
    highest = float(lift["win_high"].max())
    figure.update_layout(showlegend=True, legend=_LEGEND)
    figure.update_xaxes(
        {**percent_axis(words, highest), "domain": [0, 0.66]},
        title_text=as_text(words.say("axis.win_rate_mature")),
    )
    figure.update_yaxes(row_axis(row_labels(names)))
    column_of_texts(
        figure,
        heading=[words.column("win_gap"), words.column("interval")],
        x=1,
        texts=[_gap(words, row) for _, row in rows.iterrows()],
    )
    days = result.parameters["mature_days"]
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=round(1.4 * _ROW * len(rows)),
        left=label_room(names),
        above_plot=52,
        remarks=[
            words.say("legend.qualification_age", days=words.amount("days", days)),
            *only_group(words, result, rows),
        ],
    )


def key_of(result: Result, rows: pd.DataFrame) -> Any:
    """The group of the rows as `asked_group` is asked for it; a folded one as its name."""
    if result.parameters.get("by") is None or rows.empty:
        return None
    names = [name for name in ("segment", "second_segment") if name in rows.columns]
    values = [pd.NA if is_missing(each) else each for each in rows.iloc[0][names]]
    return values[0] if len(values) == 1 else tuple(values)


def _won(words: Words, row: pd.Series) -> str:
    won, leads = words.whole(row["won_leads"]), words.amount("leads_dative", row["mature_leads"])
    return words.say("qualification.won_of", won=won, leads=leads)


def _gap(words: Words, row: pd.Series) -> str:
    if is_missing(row["win_difference"]):
        return words.missing
    value, low, high = (
        words.signed(100 * float(row[name]), digits=1)
        for name in ("win_difference", "difference_low", "difference_high")
    )
    return _with_limits(value, words.form("span", low=low, high=high))
