"""Figures of flows: where leads went from each stage, and why they were closed."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import (
    as_text,
    count_axis,
    finish,
    label_room,
    row_labels,
    wrapped,
)
from funnel_analytics.plots.groups import count_groups
from funnel_analytics.plots.rows import column_of_texts, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    asked_group,
    asked_status,
    is_missing,
    notice,
    reason_label,
    state_label,
    words_for,
)

__all__ = ["loss_reasons", "stage_flows"]

_ENDS = ("still_there", "lost", "nurture", "rejected", "recycled")
_MOST_REASONS = 12
_LEFT, _RIGHT = 0.02, 0.97
_LABEL_CHARACTERS = 16
_AFTER_HYPHEN = re.compile(r"(?<=-)(?=.)")
_PATTERNS = ("", "/", ".", "\\", "x")


def stage_flows(
    result: Result | Missing, *, segment: Any = None, language: str | None = None
) -> go.Figure | Notice:
    """Where did leads go from each stage?

    A band per step between two states, as wide as its stays: stages from left to right in their
    order, closings and the stages leads are still in on the right. Steps back into an earlier
    stage, and returns after a closing, are orange and run around. With groups (`by=`) it shows
    `segment` (a value, or the pair of them), by default the largest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    stages = result.agreement.stage_names
    rows = asked_group(result, result.part("transitions"), size="stays", segment=segment)
    is_end_of_way = (rows["from_state"] == stages[-1]) & (rows["to_state"] == "still_there")
    rows = rows[(rows["from_state"] != "created") & ~is_end_of_way & rows["stays"].notna()]
    used = {*rows["from_state"], *rows["to_state"]}
    ends = [each for each in _ENDS if each in used]
    states = [*stages, *ends]
    place = {state: number for number, state in enumerate(states)}
    turned = [
        back or again for back, again in zip(rows["is_backward"], rows["is_return"], strict=True)
    ]
    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            valueformat=",d",
            textfont={"size": 11},
            node={
                "label": [_in_lines(state_label(words, result, each)) for each in states],
                "x": [*_across(len(stages)), *[_RIGHT] * len(ends)],
                "y": [*_down(len(stages)), *_ends_down(len(ends))],
                "color": [theme.ACCENT] * len(stages) + [theme.MUTED] * len(ends),
                "line": {"width": 0},
                "pad": 16,
                "thickness": 14,
                "hovertemplate": "%{label}: %{value}<extra></extra>",
            },
            link={
                "source": [place[each] for each in rows["from_state"]],
                "target": [place[each] for each in rows["to_state"]],
                "value": [int(each) for each in rows["stays"]],
                "color": [theme.BAND_BACK if each else theme.BAND for each in turned],
                "customdata": [_step(words, result, row) for _, row in rows.iterrows()],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    remarks = [words.say("legend.flows")]
    if result.parameters.get("by") is not None and len(rows):
        count = count_groups(result.table)
        group = words.quoted(words.group(result, rows.iloc[0]))
        remarks.append(words.say("legend.only_group", count=count, group=group))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result, segment=segment),
        plot_height=400,
        left=16,
        right=16,
        below_axis=24,
        remarks=remarks,
    )


def _in_lines(label: str) -> str:
    """A label in narrow lines that break no word but a long one, after its hyphens."""
    pieces = [
        piece
        for word in label.split()
        for piece in (_AFTER_HYPHEN.split(word) if len(word) > _LABEL_CHARACTERS else [word])
    ]
    return wrapped(" ".join(pieces), max(_LABEL_CHARACTERS, *map(len, pieces), 1))


def _across(stages: int) -> list[float]:
    """From left to right, the last stage at the right edge."""
    width = (_RIGHT - _LEFT) / max(stages, 2)
    return [*(_LEFT + width * number for number in range(stages - 1)), _RIGHT]


def _down(stages: int) -> list[float]:
    """A little higher with each stage, the last on top of the ends."""
    return [*(0.35 - 0.25 * number / max(stages, 2) for number in range(stages - 1)), 0.05]


def _ends_down(ends: int) -> list[float]:
    return [0.2 + 0.75 * (number + 0.5) / ends for number in range(ends)]


def _step(words: Words, result: Result, row: pd.Series) -> str:
    source, target = (state_label(words, result, row[each]) for each in ("from_state", "to_state"))
    stays = words.amount("stays", row["stays"])
    return as_text(words.form("labelled", label=f"{source} → {target}", text=stays))


def loss_reasons(
    result: Result | Missing,
    *,
    status: str | None = None,
    segment: Any = None,
    language: str | None = None,
) -> go.Figure | Notice:
    """Why were leads closed?

    One bar per reason of `status` (`rejected` if there are such leads), the most frequent on top,
    in parts by the stage the leads were in, with the team that owns it; reasons not given are a
    bar of their own. With groups (`by=`) it shows `segment`, by default the largest. Where no lead
    was closed there is nothing to draw but a sentence.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.part("by_reason").empty:
        return Notice(f"{words.finding(result)}.")
    asked = asked_status(result, status)

    def of_status(table: pd.DataFrame) -> pd.DataFrame:
        kept = table[(table["status"] == asked) & table["leads"].notna()]
        return asked_group(result, kept, size="of_leads", segment=segment)

    reasons = of_status(result.part("by_reason"))
    shown = reasons.head(_MOST_REASONS).reset_index(drop=True)
    names = [reason_label(words, result, row) for _, row in shown.iterrows()]
    rows = of_status(result.table)
    figure = go.Figure()
    places = rows[["position", "stage", "team"]].drop_duplicates().sort_values("position")
    for number, (_, place) in enumerate(places.iterrows()):
        figure.add_trace(_part(words, result, rows, shown, place, number))
    highest = float(shown["leads"].max()) if len(shown) else 1.0
    figure.update_layout(barmode="stack")
    figure.update_xaxes(
        {**count_axis(highest, write=words.whole), "domain": [0, 0.6]},
        title_text=as_text(
            words.say("axis.closed_leads", status=state_label(words, result, asked or "rejected"))
        ),
    )
    figure.update_yaxes(row_axis(row_labels(names)))
    column_of_texts(
        figure,
        heading=[words.column("leads")],
        x=0.76,
        texts=[
            as_text(
                words.say("count.of_leads", count=row["of_leads"], part=words.whole(row["leads"]))
            )
            for _, row in shown.iterrows()
        ],
    )
    column_of_texts(
        figure,
        heading=[words.column("leads_share"), words.column("interval")],
        x=1,
        texts=[_share(words, row) for _, row in shown.iterrows()],
    )
    figure.update_layout(
        showlegend=True,
        legend={"x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "traceorder": "normal"},
    )
    finding = words.finding(result, status=asked, segment=segment)
    remarks = []
    if len(reasons) > len(shown):
        remarks.append(
            words.say(
                "legend.reasons_hidden", shown=words.whole(len(shown)), of=words.whole(len(reasons))
            )
        )
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=max(34 * len(shown), 60),
        left=label_room(names),
        above_plot=max(36, 20 * len(places) + 16),
        remarks=remarks,
    )


def _part(
    words: Words,
    result: Result,
    rows: pd.DataFrame,
    shown: pd.DataFrame,
    place: pd.Series,
    number: int,
) -> go.Bar:
    """The leads of one stage, at the bars of their reasons."""
    here = rows[
        rows["position"].isna()
        if is_missing(place["position"])
        else rows["position"] == place["position"]
    ]
    counts = {_key(row["reason"]): row["leads"] for _, row in here.iterrows()}
    name = words.say("state.no_stage")
    if not is_missing(place["stage"]):
        name = words.form(
            "with_mark",
            text=words.stage(result.agreement, str(place["stage"])),
            mark=words.team(result.agreement, str(place["team"])),
        )
    leads = [counts.get(_key(each), 0) for each in shown["reason"]]
    return go.Bar(
        orientation="h",
        name=as_text(name),
        x=leads,
        y=list(range(len(shown))),
        marker={
            "color": theme.series_style(number)["color"],
            "pattern": {
                "shape": _PATTERNS[number % len(_PATTERNS)],
                "bgcolor": theme.series_style(number)["color"],
                "fgcolor": theme.PAPER,
                "size": 6,
                "solidity": 0.15,
            },
        },
        hovertext=[
            as_text(words.form("labelled", label=name, text=words.amount("leads", each)))
            for each in leads
        ],
        hoverinfo="text",
    )


def _key(reason: Any) -> str | None:
    return None if is_missing(reason) else str(reason)


def _share(words: Words, row: pd.Series) -> str:
    """A share with its interval below, as markup."""
    share = as_text(words.percent(row["leads_share"]))
    limits = as_text(words.interval(row["leads_low"], row["leads_high"]))
    return f"{share}<br><span style='font-size:10px;color:{theme.MUTED}'>{limits}</span>"
