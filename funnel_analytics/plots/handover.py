"""Figures of hand-overs: what came of them, and whether complete ones were accepted."""

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
from funnel_analytics.plots.groups import MOST_ROWS, count_groups, largest_groups
from funnel_analytics.plots.rows import column_of_texts, limits, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    asked_group,
    fields_label,
    handover_kind,
    is_missing,
    notice,
    words_for,
)

__all__ = ["handover_completeness", "handovers", "with_small"]

_ROW = 46
_HIGH_ROW = 56
_LEGEND_ABOVE = 36
_PARTS = {
    "accepted": theme.ACCENT,
    "rejected": theme.MUTED,
    "silent": theme.BAD,
    "waiting": theme.FAINT,
}
_PATTERNS = {"accepted": "", "rejected": "", "silent": "/", "waiting": "."}
_DARK = ("accepted", "rejected", "silent")
_NARROWEST = 0.09


def handovers(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """What came of the hand-overs of each kind?

    A bar of 100 % per kind (and group): accepted, rejected, without an answer past the deadline and
    with time left, each with its number. Beside it how many were answered in time. Kinds without
    answers, such as reassignments, are in the table. Of many groups the largest are drawn.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    table = table[table["due_handovers"].notna()]
    if table.empty:
        return Notice(f"{words.finding(result)}.")
    groups = largest_groups(
        table, size="handovers", most=MOST_ROWS, rows_each=table["kind"].nunique()
    )
    rows = groups.rows(table).reset_index(drop=True)
    rows["_whole"] = rows["handovers"] - rows["answered_before_handovers"]
    names = [handover_kind(words, result.agreement, each) for each in rows["kind"]]
    by = result.parameters.get("by")
    below = [] if by is None else [words.group(result, row) for _, row in rows.iterrows()]
    height = (_ROW if by is None else _HIGH_ROW) * len(rows)
    figure = go.Figure()
    texts: list[dict[str, Any]] = []
    starts = [0.0] * len(rows)
    for name in _PARTS:
        shares = [_share(row[f"{name}_handovers"], row["_whole"]) for _, row in rows.iterrows()]
        figure.add_trace(_part(words, rows, name, shares))
        for spot, share in enumerate(shares):
            if share >= _NARROWEST:
                colour = theme.PAPER if name in _DARK else theme.INK
                text = as_text(words.whole(rows[f"{name}_handovers"].iloc[spot]))
                place = {"x": starts[spot] + share / 2, "y": spot}
                texts.append({"text": text, "font": {"color": colour, "size": 11}, **place})
            starts[spot] += share
    add_texts(figure, texts)
    figure.update_layout(barmode="stack")
    figure.update_xaxes(
        {**percent_axis(words, 1.0), "range": [0, 1], "domain": [0, 0.66]},
        title_text=as_text(words.say("axis.handovers_share")),
    )
    figure.update_yaxes(row_axis(row_labels(names, below=below)))
    column_of_texts(
        figure,
        heading=[words.column("handovers")],
        x=0.78,
        texts=[as_text(words.whole(each)) for each in rows["handovers"]],
    )
    column_of_texts(
        figure,
        heading=[words.column("within_deadline_handovers")],
        x=1,
        texts=[_in_time(words, row) for _, row in rows.iterrows()],
    )
    figure.update_layout(
        showlegend=True,
        legend={
            "x": 0,
            "y": 1 + _LEGEND_ABOVE / height,
            "xanchor": "left",
            "yanchor": "bottom",
            "orientation": "h",
            "traceorder": "normal",
        },
    )
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=height,
        left=label_room([*names, *below]),
        above_plot=72,
        remarks=[words.say("legend.handovers"), *groups.remarks(words)],
    )


def _share(part: Any, whole: Any) -> float:
    return float(part / whole) if not is_missing(part) and whole else 0.0


def _part(words: Words, rows: pd.DataFrame, name: str, shares: list[float]) -> go.Bar:
    """One part of all bars, with its number and share where the pointer is."""
    label = words.say(f"handover.{name}")
    return go.Bar(
        orientation="h",
        name=as_text(label),
        x=shares,
        y=list(range(len(rows))),
        marker={
            "color": _PARTS[name],
            "line": {"width": 1, "color": theme.PAPER},
            "pattern": {"shape": _PATTERNS[name], "bgcolor": _PARTS[name],
                        "fgcolor": theme.PAPER if name in _DARK else theme.QUIET,
                        "size": 6, "solidity": 0.15},
        },
        hovertext=[
            as_text(
                words.form(
                    "with_mark",
                    text=words.form("labelled", label=label, text=words.amount("handovers", each)),
                    mark=words.percent(share),
                )
            )
            for each, share in zip(rows[f"{name}_handovers"], shares, strict=True)
        ],
        hoverinfo="text",
    )  # fmt: skip


def _in_time(words: Words, row: pd.Series) -> str:
    """The share answered in time, and of how many, as markup."""
    if is_missing(row["within_deadline_share"]):
        return as_text(words.missing)
    part = words.form(
        "part_of",
        part=words.whole(row["within_deadline_handovers"]),
        whole=words.whole(row["judged_handovers"]),
    )
    return with_small(words.percent(row["within_deadline_share"]), part)


def with_small(text: str, small: str) -> str:
    """A text with a smaller grey one below it, as markup."""
    beside = f"<span style='font-size:10px;color:{theme.MUTED}'>{as_text(small)}</span>"
    return f"{as_text(text)}<br>{beside}"


def handover_completeness(
    result: Result | Missing, *, segment: Any = None, language: str | None = None
) -> go.Figure | Notice:
    """Were hand-overs with all agreed fields accepted more often?

    A dot per number of missing fields at the share accepted, a line for its 95 % interval; beside
    it how many hand-overs there are. With groups (`by=`) it shows `segment`, by default the
    largest.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    finding = words.finding(result, about="completeness", segment=segment)
    if result.table.empty:
        return Notice(f"{finding}.")
    part = result.part("completeness")
    known = part[part["due_handovers"].notna() & part["handovers"].notna()]
    counted = set(known.loc[known["missing_fields"].notna(), "kind"])
    known = known[known["kind"].isin(list(counted))]
    if known.empty:
        return Notice(f"{finding}.")
    rows = asked_group(result, known, size="handovers", segment=segment).reset_index(drop=True)
    names = [fields_label(words, row) for _, row in rows.iterrows()]
    kinds = [handover_kind(words, result.agreement, each) for each in rows["kind"]]
    known_rows = rows["missing_fields"].notna()
    figure = go.Figure(
        go.Scatter(
            x=rows["accepted_share"],
            y=list(range(len(rows))),
            mode="markers",
            marker={
                "size": 11,
                "color": [
                    theme.ACCENT if not is_missing(each) and each == 0 else theme.MUTED
                    for each in rows["missing_fields"]
                ],
                "symbol": ["circle" if is_known else "circle-open" for is_known in known_rows],
                "line": {"width": 2, "color": theme.MUTED},
            },
            error_x={
                **limits(rows, "accepted_share", "accepted_low", "accepted_high"),
                "color": theme.QUIET,
            },
            hovertext=[
                as_text(
                    words.form(
                        "labelled",
                        label=name,
                        text=words.say(
                            "count.due_handovers",
                            count=row["due_handovers"],
                            part=words.whole(row["accepted_handovers"]),
                        ),
                    )
                )
                for name, (_, row) in zip(names, rows.iterrows(), strict=True)
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    figure.update_xaxes(
        {**percent_axis(words, 1.0), "domain": [0, 0.56]},
        title_text=as_text(words.say("axis.accepted_share")),
    )
    figure.update_yaxes(row_axis(row_labels(names, below=kinds)))
    column_of_texts(
        figure,
        heading=[words.column("handovers"), words.column("handovers_share")],
        x=0.76,
        texts=[
            with_small(words.whole(row["handovers"]), words.percent(row["handovers_share"]))
            for _, row in rows.iterrows()
        ],
    )
    column_of_texts(
        figure,
        heading=[words.column("accepted_share"), words.column("interval")],
        x=1,
        texts=[
            with_small(
                words.percent(row["accepted_share"]),
                words.interval(row["accepted_low"], row["accepted_high"]),
            )
            for _, row in rows.iterrows()
        ],
    )
    remarks = [words.say("legend.handover_completeness")]
    if result.parameters.get("by") is not None:
        group = words.quoted(words.group(result, rows.iloc[0]))
        count = count_groups(result.table)
        remarks.append(words.say("legend.only_group", count=count, group=group))
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=_ROW * len(rows),
        left=label_room([*names, *kinds]),
        above_plot=48,
        remarks=remarks,
    )
