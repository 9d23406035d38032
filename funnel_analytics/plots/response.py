"""Figures of first contacts: by hour of the week, by team, deadline and load, and by attempt."""

from __future__ import annotations

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
from funnel_analytics.plots.groups import MOST_LINES, largest_groups
from funnel_analytics.plots.rows import column_of_texts, limits, row_axis, same_group
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    contact_cell,
    contact_hour,
    hidden_cells,
    is_missing,
    is_true,
    notice,
    rated_cells,
    words_for,
)

__all__ = ["contact_attempts", "contact_compliance", "contact_heat_map"]

_ROW = 46
_CELL = 24
_DAYS = 7
_HIDDEN = "·"
_LABEL_GAP = 0.07


def contact_heat_map(
    result: Result | Missing, *, language: str | None = None
) -> go.Figure | Notice:
    """When did waits begin, and how many of them had a first contact within the deadline?

    A row per hour and a column per weekday, from the first to the last hour in which a wait began.
    The darker, the more were in time; the number is how many began. Cells below the minimum
    size have a dot.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    finding = words.finding(result, cells="hour")
    table = result.part("by_hour")
    filled = table[table["is_hidden"].astype(bool) | (table["leads"].fillna(0) > 0)]
    shown = table[table["within_deadline_share"].notna()]
    if shown.empty:
        return Notice(f"{finding}.")
    first, last = int(filled["hour"].min()), int(filled["hour"].max())
    shares: list[list[float | None]] = [[None] * _DAYS for _ in range(first, last + 1)]
    hovers = [[""] * _DAYS for _ in range(first, last + 1)]
    cells = []
    for _, row in filled.iterrows():
        x, y = int(row["weekday"]) - 1, int(row["hour"]) - first
        is_rated = not is_missing(row["within_deadline_share"])
        if is_rated:
            shares[y][x] = float(row["within_deadline_share"])
            hovers[y][x] = _hover(words, row)
        text = _HIDDEN if is_true(row["is_hidden"]) else words.whole(row["leads"])
        colour = theme.INK if is_rated else theme.MUTED
        cells.append({"text": as_text(text), "x": x, "y": y, "font": {"color": colour, "size": 11}})
    figure = go.Figure(
        go.Heatmap(
            z=shares,
            x=list(range(_DAYS)),
            y=list(range(last - first + 1)),
            zmin=0,
            zmax=1,
            colorscale=list(theme.SHADES),
            xgap=2,
            ygap=2,
            hoverongaps=False,
            text=hovers,
            hoverinfo="text",
            colorbar=_scale(words),
        )
    )
    add_texts(figure, cells)
    figure.update_xaxes(
        tickvals=list(range(_DAYS)),
        ticktext=[as_text(words.say(f"weekday.short_{day}")) for day in range(1, _DAYS + 1)],
        side="top",
        ticks="",
        showline=False,
        range=[-0.5, _DAYS - 0.5],
    )
    names = [
        words.say("response.hours", first=str(hour), last=str(hour + 1))
        for hour in range(first, last + 1)
    ]
    figure.update_yaxes(
        row_axis(row_labels(names)), title_text=as_text(words.say("axis.contact_hour"))
    )
    figure = finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=_CELL * len(names),
        left=label_room(names) + 24,
        right=96,
        above_plot=36,
        below_axis=16,
        remarks=[
            words.say("legend.contact_shade"),
            words.say("legend.contact_pale"),
            *hidden_cells(words, result, "by_hour"),
        ],
    )
    return figure.update_layout(plot_bgcolor=theme.FAINT)


def _scale(words: Words) -> dict[str, object]:
    ticks = [0, 0.25, 0.5, 0.75, 1]
    return {
        "tickvals": ticks,
        "ticktext": [words.percent(each, fixed=False) for each in ticks],
        "thickness": 12,
        "outlinewidth": 0,
        "len": 1,
        "title": {"text": as_text(words.column("contact_within")), "side": "top"},
    }


def _hover(words: Words, row: pd.Series) -> str:
    head = contact_hour(words, row)
    return "<br>".join([f"<b>{as_text(head)}</b>", as_text(_counted(words, row))])


def _counted(words: Words, row: pd.Series) -> str:
    """How many of those due, their share and its interval: `67 von 94: 71,3 % (61,4–79,4 %)`."""
    part = words.form(
        "part_of",
        part=words.whole(row["within_deadline_leads"]),
        whole=words.whole(row["due_leads"]),
    )
    return words.form(
        "share_of",
        part=part,
        share=words.percent(row["within_deadline_share"]),
        limits=words.interval(row["within_deadline_low"], row["within_deadline_high"]),
    )


def contact_compliance(
    result: Result | Missing, *, by: str = "team", language: str | None = None
) -> go.Figure | Notice:
    """Which share of the leads due had a first contact within the deadline?

    A row per `by`: `"team"` that the lead was handed to, `"deadline"`, or `"load"` of the team on
    that day; a dot with its interval, the counts beside it.

    Raises
    ------
    CallError
        The waits cannot be compared by that.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = rated_cells(result, by)
    finding = words.finding(result, cells=by)
    if rows.empty:
        return Notice(f"{finding}.")
    names = [contact_cell(words, result, by, row) for _, row in rows.iterrows()]
    places = list(range(len(rows)))
    figure = go.Figure(
        go.Scatter(
            x=rows["within_deadline_share"].astype(float),
            y=places,
            mode="markers",
            marker={"size": 11, "color": theme.ACCENT},
            error_x=limits(
                rows, "within_deadline_share", "within_deadline_low", "within_deadline_high"
            ),
            hovertext=[as_text(_counted(words, row)) for _, row in rows.iterrows()],
            hoverinfo="text",
            showlegend=False,
            cliponaxis=False,
        )
    )
    figure.update_xaxes(
        percent_axis(words, 1.0),
        domain=[0, 0.56],
        title_text=as_text(words.say("axis.contact_within")),
    )
    figure.update_yaxes(row_axis(row_labels(names)))
    unit = words.working(result.agreement)
    short = words.say(f"unit_short.{unit}")
    for column, x, texts in (
        ("due_leads", 0.68, [words.whole(each) for each in rows["due_leads"]]),
        ("contact_within", 0.82, [words.percent(each) for each in rows["within_deadline_share"]]),
        ("contact_median", 1.0, [_median(words, each) for each in rows["median_hours"]]),
    ):
        heading = words.say(f"column.{column}", **({"unit": short} if x == 1.0 else {}))
        column_of_texts(figure, heading=[heading], x=x, texts=[as_text(each) for each in texts])
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=_ROW * len(rows),
        left=label_room(names),
        above_plot=36,
        remarks=[
            words.say("legend.contact_interval"),
            *([words.say("legend.contact_load")] if by == "load" else []),
            *hidden_cells(words, result, f"by_{by}"),
        ],
    )


def _median(words: Words, hours: float) -> str:
    return words.form("not_reached") if is_missing(hours) else words.number(hours, fixed=True)


def contact_attempts(
    result: Result | Missing, *, language: str | None = None
) -> go.Figure | Notice:
    """Which share of the leads tried was reached by which attempt?

    A line per group, the five largest, with intervals; under each attempt, without groups, how
    many leads had it and how many were reached with it. Attempts that fewer leads had than may be
    shown are left out.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    finding = words.finding(result)
    table = result.table
    least = max(result.agreement.minimum_group_size, 1)
    drawn = table[table["connected_by_share"].notna() & (table["leads"].fillna(0) >= least)]
    if drawn.empty:
        return Notice(f"{finding}.")
    by = result.parameters.get("by")
    groups = largest_groups(drawn[drawn["attempt"] == 1], size="leads", most=MOST_LINES)
    last = int(drawn["attempt"].max())
    figure = go.Figure()
    labels: list[tuple[float, str, str]] = []
    for order, (_, head) in enumerate(groups.heads.iterrows()):
        rows = drawn[same_group(drawn, head)]
        name = "" if by is None else words.group(result, head)
        style = theme.series_style(order)
        figure.add_trace(
            go.Scatter(
                x=rows["attempt"],
                y=rows["connected_by_share"],
                mode="lines+markers",
                name=as_text(name),
                line={"color": style["color"], "dash": style["dash"], "width": 2},
                marker={"size": 9, "color": style["color"]},
                error_y=limits(rows, "connected_by_share", "connected_by_low", "connected_by_high"),
                hovertext=[as_text(_attempt_hover(words, row, name)) for _, row in rows.iterrows()],
                hoverinfo="text",
                showlegend=False,
                cliponaxis=False,
            )
        )
        labels.append((float(rows["connected_by_share"].iloc[-1]), name, style["color"]))
    if by is not None:
        _label(figure, words, labels)
    whole = None if by is not None else drawn.set_index("attempt")
    figure.update_xaxes(
        tickvals=list(range(1, last + 1)),
        ticktext=[_tick(words, number, whole) for number in range(1, last + 1)],
        range=[0.6, last + 0.6],
        tickangle=0,
        title_text=as_text(words.column("contact_attempt")),
    )
    figure.update_yaxes(
        percent_axis(words, 1.0), title_text=as_text(words.say("axis.contact_connected"))
    )
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=260,
        left=88,
        right=40 if by is None else 190,
        below_axis=64 if by is not None else 84,
        remarks=[words.say("legend.attempts_by"), *groups.remarks(words)],
    )


def _label(figure: go.Figure, words: Words, ends: list[tuple[float, str, str]]) -> None:
    """The name of each group on the right, beside the end of its line or as near as it fits."""
    place, texts = 1.0 + _LABEL_GAP, []
    for share, name, colour in sorted(ends, reverse=True):
        place = min(share, place - _LABEL_GAP)
        label = words.form("labelled", label=name, text=words.percent(share))
        texts.append(
            {
                "text": as_text(label),
                "xref": "paper",
                "x": 1,
                "y": place,
                "xanchor": "left",
                "xshift": 6,
                "font": {"color": colour, "size": 12},
            }
        )
    add_texts(figure, texts)


def _tick(words: Words, number: int, whole: pd.DataFrame | None) -> str:
    """The number of an attempt; below it how many were reached of those who had it."""
    more = f"{number}+" if number > 10 else str(number)
    if whole is None or number not in whole.index:
        return as_text(more)
    row = whole.loc[number]
    counts = words.form(
        "part_of", part=words.whole(row["connected_leads"]), whole=words.whole(row["leads"])
    )
    return f"{as_text(more)}<br>{as_text(counts)}"


def _attempt_hover(words: Words, row: pd.Series, name: str) -> str:
    share = words.percent(row["connected_by_share"])
    limits_text = words.interval(row["connected_by_low"], row["connected_by_high"])
    return f"{name} {words.column('contact_by_share')}: {share} ({limits_text})".strip()
