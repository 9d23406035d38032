"""Figures of stages: who reached which."""

from __future__ import annotations

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
from funnel_analytics.plots.groups import MOST_ROWS, largest_groups
from funnel_analytics.plots.rows import (
    column_of_texts,
    highest_rate,
    limits,
    rate_with_limits,
    reached_hover,
    ripeness_dots,
    ripeness_remarks,
    row_axis,
    upright,
)
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    compared_stage,
    counted_noun,
    is_missing,
    is_true,
    mature,
    notice,
    of_counted,
    words_for,
)

__all__ = ["funnel"]

_ROW = 44


def funnel(
    result: Result | Missing, *, stage: str | None = None, language: str | None = None
) -> go.Figure | Notice:
    """How many leads of a cohort reached which stage?

    Without groups: one bar per stage, with the step rate, the overall rate and their intervals;
    the lowest mature step is coloured. With groups (`by=`): one dot and interval per group, the
    overall rate of `stage` (by default the last in which groups may be compared), mature groups
    first; of many groups the largest. Immature stages are hatched, immature groups hollow.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.parameters.get("by") is None:
        return _stages(words, result)
    return _groups(words, result, stage)


def _stages(words: Words, result: Result) -> go.Figure:
    rows = result.table.sort_values("position").reset_index(drop=True)
    agreement = result.agreement
    names = [words.stage(agreement, name) for name in rows["stage"]]
    owners = [words.team(agreement, agreement.stage(name).owner) for name in rows["stage"]]
    steps = mature(rows[(rows["position"] > 1) & rows["step_rate"].notna()])
    steps = steps[steps["previous_leads"] >= agreement.minimum_group_size]
    has_lowest = len(steps) > 1 and steps["step_rate"].min() < 1
    lowest = steps["step_rate"].idxmin() if has_lowest else None
    ripe = set(mature(rows).index)
    figure = go.Figure(
        go.Bar(
            orientation="h",
            x=rows["reached_leads"],
            y=list(range(len(rows))),
            marker={
                "color": [theme.ACCENT if i == lowest else theme.QUIET for i in rows.index],
                "pattern": {
                    "shape": ["" if i in ripe else "/" for i in rows.index],
                    "bgcolor": theme.PAPER,
                },
            },
            hovertext=[
                reached_hover(words, result, row, name)
                for (_, row), name in zip(rows.iterrows(), names, strict=True)
            ],
            hoverinfo="text",
        )
    )
    figure.update_xaxes(
        title_text=as_text(words.say(f"axis.reached_{counted_noun(result)}")),
        domain=[0, 0.56],
        range=[0, max(rows["reached_leads"].max(), 1) * 1.3],
        tickformat=",d",
    )
    figure.update_yaxes(row_axis(row_labels(names, below=owners)))
    for number, (_, row) in enumerate(rows.iterrows()):
        upright(
            figure,
            text=_count(words, row),
            x=row["reached_leads"],
            y=number,
            xanchor="left",
            align="left",
            xshift=2,
            font={"color": theme.INK, "size": 12},
        )
    interval = words.column("interval")
    column_of_texts(
        figure,
        heading=[words.column("step_rate"), interval],
        x=0.79,
        texts=[
            rate_with_limits(words, row, "step") if row["position"] > 1 else ""
            for _, row in rows.iterrows()
        ],
    )
    column_of_texts(
        figure,
        heading=[words.column("overall_rate"), interval],
        x=1,
        texts=[rate_with_limits(words, row, "overall") for _, row in rows.iterrows()],
    )
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=_ROW * len(rows),
        left=label_room([*names, *owners]),
        above_plot=36,
        remarks=ripeness_remarks(words, rows, "funnel"),
    )


def _count(words: Words, row: pd.Series) -> str:
    parts = [words.whole(row["reached_leads"])]
    if not is_missing(row["imputed_leads"]) and row["imputed_leads"] > 0:
        parts.append(words.say("mark.imputed", n=words.whole(row["imputed_leads"])))
    if is_true(row["is_left_truncated"]):
        parts.append(words.say("mark.left_truncated"))
    head, *marks = (as_text(part) for part in parts)
    if not marks:
        return head
    return f"{head}<br><span style='font-size:10px;color:{theme.MUTED}'>{', '.join(marks)}</span>"


def _groups(words: Words, result: Result, asked: str | None) -> go.Figure:
    stage = asked or compared_stage(result)
    result.agreement.stage(stage)
    last = result.agreement.stage_names[-1]
    table = result.table
    at_stage = table[table["stage"] == stage]
    groups = largest_groups(at_stage, size="entered_leads", most=MOST_ROWS)
    rows = _ranked(groups.rows(at_stage))
    names = [words.group(result, row) for _, row in rows.iterrows()]
    ripe = set(mature(rows).index)
    figure = go.Figure(
        go.Scatter(
            x=rows["overall_rate"],
            y=list(range(len(rows))),
            mode="markers",
            cliponaxis=False,
            error_x=limits(rows, "overall_rate", "overall_low", "overall_high")
            | {"color": theme.QUIET},
            marker=ripeness_dots(rows, ripe),
            hovertext=[
                reached_hover(words, result, row, name)
                for (_, row), name in zip(rows.iterrows(), names, strict=True)
            ],
            hoverinfo="text",
        )
    )
    label = words.quoted(words.stage(result.agreement, stage))
    figure.update_xaxes(
        percent_axis(words, highest_rate(rows), domain=[0, 0.6]),
        title_text=as_text(words.say(f"axis.overall_rate_{counted_noun(result)}", stage=label)),
    )
    figure.update_yaxes(row_axis(row_labels(names)))
    column_of_texts(
        figure,
        heading=[words.column("reached_leads")],
        x=0.78,
        texts=[
            as_text(of_counted(words, result, row["reached_leads"], row["entered_leads"]))
            for _, row in rows.iterrows()
        ],
    )
    column_of_texts(
        figure,
        heading=[words.column("overall_rate"), words.column("interval")],
        x=1,
        texts=[rate_with_limits(words, row, "overall") for _, row in rows.iterrows()],
    )
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result, stage=stage),
        plot_height=max(34 * len(rows), 60),
        left=label_room(names),
        above_plot=36,
        remarks=[
            *ripeness_remarks(words, rows, "cohorts"),
            *([] if asked or stage == last else [_why_not_last(words, result, last)]),
            *groups.remarks(words),
        ],
    )


def _why_not_last(words: Words, result: Result, last: str) -> str:
    label = words.quoted(words.stage(result.agreement, last))
    return words.say("legend.last_mature", last=label)


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Mature groups by rate, then the others in their own order, merged small groups last."""
    ripe = rows.index.isin(mature(rows).index)
    order = pd.DataFrame(
        {
            "folded": rows["is_folded"].map(is_true).astype(bool),
            "unripe": ~ripe,
            "rate": rows["overall_rate"].where(ripe, 0.0) * -1.0,
        },
        index=rows.index,
    )
    return rows.loc[order.sort_values(["folded", "unripe", "rate"], kind="stable").index]
