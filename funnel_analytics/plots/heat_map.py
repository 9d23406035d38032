"""Which step is weak in which group? A cell for each, as dark as its rate is high."""

from __future__ import annotations

import textwrap

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.errors import CallError
from funnel_analytics.plots.canvas import add_texts, as_text, finish, label_room, row_labels
from funnel_analytics.plots.groups import MOST_ROWS, largest_groups
from funnel_analytics.plots.rows import group_columns, row_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    counted_noun,
    is_missing,
    is_true,
    notice,
    of_counted,
    standing_out,
    words_for,
)

__all__ = ["conversion_heat_map"]

_ROW = 40
_STAGE_CHARACTERS = 18


def conversion_heat_map(
    result: Result | Missing, *, stage: str | None = None, language: str | None = None
) -> go.Figure | Notice:
    """Which share of a group took each step?

    One row per group, one column per step, the step rate and the leads it is of in each cell. Cells
    without a rate to compare are grey: not yet mature, cut off on the left, or of fewer leads than
    the agreement's `minimum_group_size`. The title names the group and step that stand out most
    from the other groups, or the group in the step to `stage`, and that cell is framed. Of many
    groups the largest are drawn.

    Raises
    ------
    CallError
        The conversion is not split by an attribute.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    if result.parameters.get("by") is None:
        raise CallError(
            "conversion_heat_map() draws a conversion by an attribute or a pair of them. "
            "Call stage_conversion(…, by='origin')."
        )
    words = words_for(result, language=language)
    whole = result.table
    starts = whole[whole["position"] == 1]
    groups = largest_groups(starts, size="entered_leads", most=MOST_ROWS)
    table = groups.rows(whole)
    steps = table[table["position"] > 1]
    stages = list(dict.fromkeys(steps.sort_values("position", kind="stable")["stage"]))
    first = table[table["position"] == 1].reset_index(drop=True)
    names = [words.group(result, row) for _, row in first.iterrows()]
    row_of = {_key(row): number for number, (_, row) in enumerate(first.iterrows())}
    rates: list[list[float | None]] = [[None] * len(stages) for _ in names]
    hovers = [[""] * len(stages) for _ in names]
    figure = go.Figure()
    shown = _compared(steps, result.agreement.minimum_group_size)
    highest = max(shown["step_rate"].max(), 0.01) if len(shown) else 1.0
    compared = set(shown.index)
    cells = []
    for index, row in steps.iterrows():
        y, x = row_of[_key(row)], stages.index(row["stage"])
        is_shown = index in compared
        if is_shown:
            rates[y][x] = float(row["step_rate"])
        hovers[y][x] = _hover(words, result, row, names[y])
        colour = theme.INK if is_shown else theme.MUTED
        cells.append({"text": _cell(words, row, colour), "x": x, "y": y, "font": {"color": colour}})
    add_texts(figure, cells)
    figure.add_trace(
        go.Heatmap(
            z=rates,
            x=list(range(len(stages))),
            y=list(range(len(names))),
            zmin=0,
            zmax=highest,
            colorscale=list(theme.SHADES),
            showscale=False,
            xgap=2,
            ygap=2,
            hoverongaps=True,
            text=hovers,
            hoverinfo="text",
        )
    )
    figure.update_xaxes(
        tickvals=list(range(len(stages))),
        ticktext=[_heading(words.stage(result.agreement, name)) for name in stages],
        side="top",
        tickfont={"size": 11},
        ticks="",
        showline=False,
        range=[-0.5, len(stages) - 0.5],
    )
    figure.update_yaxes(row_axis(row_labels(names)))
    told = standing_out(result, stage=stage)
    is_framed = told is not None and _key(told) in row_of
    if told is not None and is_framed:
        _frame(figure, stages.index(told["stage"]), row_of[_key(told)])
    pale = words.say("legend.heat_map_pale", units=words.say(f"units.{counted_noun(result)}"))
    figure = finish(
        figure,
        words,
        result,
        finding=words.finding(result, stage=stage, by_step=True),
        plot_height=_ROW * max(len(names), 1),
        left=label_room(names),
        above_plot=56,
        below_axis=16,
        remarks=[
            *([words.say("legend.heat_map_framed")] if is_framed else []),
            *([pale] if len(shown) < len(steps) else []),
            *groups.remarks(words),
        ],
    )
    return figure.update_layout(plot_bgcolor=theme.FAINT)


def _frame(figure: go.Figure, x: int, y: int) -> None:
    """A line around one cell."""
    figure.add_shape(
        type="rect",
        x0=x - 0.5,
        x1=x + 0.5,
        y0=y - 0.5,
        y1=y + 0.5,
        line={"color": theme.ACCENT, "width": 3},
    )


def _heading(stage: str) -> str:
    """The label of a stage in short lines; no word is broken but at its hyphen."""
    lines = textwrap.wrap(stage, _STAGE_CHARACTERS, break_long_words=False)
    return "<br>".join(as_text(line) for line in lines)


def _key(row: pd.Series) -> tuple[object, ...]:
    """A group as a key: the missing value is one, and the folded groups are another."""
    names = group_columns(row.to_frame().T)
    values = [None if is_missing(row[name]) else row[name] for name in names]
    return (is_true(row["is_folded"]), *values)


def _compared(steps: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """The cells whose rates may be compared."""
    ripe = steps["is_mature"].map(is_true).astype(bool)
    cut = steps["is_left_truncated"].map(is_true).astype(bool)
    enough = steps["previous_leads"].astype("Float64").fillna(0) >= smallest
    return steps[ripe & ~cut & enough & steps["step_rate"].notna()]


def _cell(words: Words, row: pd.Series, colour: str) -> str:
    if is_missing(row["step_rate"]):
        return as_text(words.missing)
    of = words.form(
        "part_of", part=words.whole(row["reached_leads"]), whole=words.whole(row["previous_leads"])
    )
    rate = as_text(words.percent(row["step_rate"]))
    return f"{rate}<br><span style='font-size:10px;color:{colour}'>{as_text(of)}</span>"


def _hover(words: Words, result: Result, row: pd.Series, group: str) -> str:
    stage = words.stage(result.agreement, row["stage"])
    lines = [
        f"<b>{as_text(words.form('labelled', label=group, text=stage))}</b>",
        as_text(of_counted(words, result, row["reached_leads"], row["previous_leads"])),
        as_text(words.interval(row["step_low"], row["step_high"])),
    ]
    if not is_missing(row["maturity"]):
        lines.append(as_text(f"{words.column('maturity')}: {words.percent(row['maturity'])}"))
    return "<br>".join(lines)
