"""Figures of curves: how many leads reach a stage by which age, and what cohorts will come to."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, finish, percent_axis, wrapped
from funnel_analytics.plots.groups import MOST_LINES, count_groups, largest_groups
from funnel_analytics.plots.rows import limits, month_axis, same_group, upright
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import (
    Notice,
    Words,
    cohort_name,
    curve_stage,
    is_missing,
    is_true,
    largest_group,
    notice,
    words_for,
)

__all__ = ["conversion_curve", "expected_conversion"]

_MOST_COHORTS = 24
_MATURE_SHOWN = 2.0
_FEWEST_DAYS = 14
_LABEL_GAP = 0.055
_SMALL_LINE = 16
_ASIDE = 0.006
_TITLE_CHARACTERS = 30
_NUMBER_WIDTH = 0.075
_CUT_OFF = "×"


def conversion_curve(
    result: Result | Missing, *, stage: str | None = None, language: str | None = None
) -> go.Figure | Notice:
    """Which share of the leads had reached a stage by which age?

    One step curve per group, the five largest, each labelled at its end; of one curve alone the
    pointwise interval is a band, of several it is drawn at the usual ages. Below stands how many
    leads were still watched; a line marks the age at which cohorts count as mature.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    chosen = curve_stage(result, stage)
    result.agreement.stage(chosen)
    totals = result.part("totals")
    known = totals[(totals["stage"] == chosen) & totals["leads"].notna()]
    finding = words.finding(result, stage=chosen)
    if known.empty:
        return Notice(f"{finding}.")
    groups = largest_groups(known, size="leads", most=MOST_LINES)
    shown = groups.heads
    by = result.parameters.get("by")
    table = result.table
    curve = table[table["stage"] == chosen]
    ages = result.part("milestones")
    ages = ages[ages["stage"] == chosen]
    edge, whole = _edge(shown)
    highest = _highest(curve, shown, edge)
    figure = go.Figure()
    ends: list[float] = []
    for order, (_, row) in enumerate(shown.iterrows()):
        mine = curve[same_group(curve, row)]
        name = "" if by is None else words.group(result, row)
        if len(shown) == 1:
            _band(figure, mine, edge)
        else:
            mine_at = ages[same_group(ages, row) & (ages["day"] <= edge)]
            _whiskers(figure, mine_at, order, aside=_ASIDE * edge * (order - (len(shown) - 1) / 2))
        _steps(figure, words, mine, name, order, edge, highest, ends)
    figure.update_xaxes(title_text=as_text(words.say("axis.age_days")), range=[0, edge])
    label = words.quoted(words.stage(result.agreement, chosen))
    figure.update_yaxes(
        percent_axis(words, highest),
        title_text=wrapped(words.say("axis.incidence", stage=label), _TITLE_CHARACTERS),
    )
    remarks = [words.say("legend.curve_band" if len(shown) == 1 else "legend.curve_whiskers")]
    mature = shown.iloc[0]["mature_days"]
    share = words.percent(result.agreement.maturity.mature_from, digits=0)
    if len(shown) == 1 and not is_missing(mature):
        figure.add_vline(x=mature, line={"color": theme.INK, "width": 1, "dash": "dash"})
        days = words.amount("days", mature)
        upright(
            figure,
            text=as_text(words.say("mark.mature_at", share=share, days=days)),
            x=mature,
            y=1,
            yref="paper",
            xanchor="left",
            yanchor="bottom",
        )
        remarks.append(words.say("legend.curve_mature", share=share))
    if whole > edge:
        limits_shown = {"shown": words.amount("days_dative", edge)}
        remarks.append(
            words.say("legend.curve_cut", whole=words.amount("days_dative", whole), **limits_shown)
        )
    if shown["is_left_truncated"].map(is_true).any():
        remarks.append(words.say("legend.delayed_entry"))
    remarks += groups.remarks(words)
    _at_risk(figure, words, ages[ages["day"].isin(_spaced(ages["day"], edge))], shown)
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=260,
        left=112,
        right=64 if by is None else 200,
        above_plot=24,
        below_axis=74 + _SMALL_LINE * (1 + len(shown)),
        remarks=remarks,
    )


def _edge(shown: pd.DataFrame) -> tuple[float, float]:
    """How far the axis goes, and how far anybody was watched: the tail hides what happens first."""
    whole = float(shown["longest_days"].max())
    mature = shown["mature_days"].max()
    if is_missing(mature):
        return max(whole, 1.0), whole
    edge = math.ceil(max(_MATURE_SHOWN * float(mature), _FEWEST_DAYS))
    return max(min(float(edge), whole), 1.0), whole


def _highest(curve: pd.DataFrame, shown: pd.DataFrame, edge: float) -> float:
    """The highest share or upper limit that the axis has to hold."""
    within = curve[curve["day"] <= edge]
    drawn = pd.concat([within[same_group(within, row)] for _, row in shown.iterrows()])
    highest = drawn[["incidence_rate", "incidence_high"]].max().max()
    return 1.0 if is_missing(highest) or highest <= 0 else float(highest)


def _band(figure: go.Figure, curve: pd.DataFrame, edge: float) -> None:
    """The pointwise interval, as far as there is one."""
    known = curve[curve["incidence_low"].notna() & (curve["day"] <= edge)]
    if known.empty:
        return
    days = [*known["day"], edge]
    for column, fill in (("incidence_high", None), ("incidence_low", "tonexty")):
        figure.add_trace(
            go.Scatter(
                x=days,
                y=[*known[column], known[column].iloc[-1]],
                mode="lines",
                line={"shape": "hv", "width": 0, "color": theme.QUIET},
                fill=fill,
                fillcolor=theme.FAINT,
                hoverinfo="skip",
            )
        )


def _whiskers(figure: go.Figure, ages: pd.DataFrame, order: int, *, aside: float) -> None:
    """The interval of one of several curves at the usual ages, each a little beside the others."""
    style = theme.series_style(order)
    known = ages[ages["incidence_low"].notna()]
    figure.add_trace(
        go.Scatter(
            x=known["day"] + aside,
            y=known["incidence_rate"],
            mode="markers",
            marker={"symbol": style["symbol"], "size": 6, "color": style["color"]},
            error_y=limits(known, "incidence_rate", "incidence_low", "incidence_high")
            | {"color": style["color"]},
            hoverinfo="skip",
        )
    )


def _steps(
    figure: go.Figure,
    words: Words,
    curve: pd.DataFrame,
    name: str,
    order: int,
    edge: float,
    highest: float,
    ends: list[float],
) -> None:
    """One curve from nobody at the creation to the edge, its label beside the end."""
    style = theme.series_style(order)
    within = curve[curve["day"] <= edge]
    last = float(within["incidence_rate"].iloc[-1]) if len(within) else 0.0
    days = [0.0, *within["day"], edge]
    shares = [0.0, *within["incidence_rate"], last]
    figure.add_trace(
        go.Scatter(
            x=days,
            y=shares,
            mode="lines",
            name=as_text(name),
            line={"shape": "hv", "color": style["color"], "dash": style["dash"], "width": 2.5},
            hovertext=[
                as_text(f"{name} {words.amount('days', day)}: {words.percent(share)}".strip())
                for day, share in zip(days, shares, strict=True)
            ],
            hoverinfo="text",
        )
    )
    reached = words.percent(last)
    label = words.form("labelled", label=name, text=reached) if name else reached
    place = last
    while any(abs(place - other) < _LABEL_GAP * highest for other in ends):
        place -= _LABEL_GAP * highest
    ends.append(place)
    figure.add_annotation(
        text=as_text(label),
        x=edge,
        y=place,
        xanchor="left",
        xshift=6,
        showarrow=False,
        font={"color": style["color"], "size": 12},
    )


def _spaced(days: pd.Series, edge: float) -> list[float]:
    """The usual ages whose numbers have room beside each other, the later ones first."""
    kept: list[float] = []
    for day in sorted({float(day) for day in days if day <= edge}, reverse=True):
        if not kept or kept[-1] - day >= _NUMBER_WIDTH * edge:
            kept.append(day)
    return kept


def _at_risk(figure: go.Figure, words: Words, ages: pd.DataFrame, shown: pd.DataFrame) -> None:
    """Below the axis: how many leads were still watched at each of the usual ages."""
    place = {"yref": "paper", "y": 0, "yanchor": "top", "showarrow": False}
    small = {"size": 11, "color": theme.MUTED}
    figure.add_annotation(
        text=as_text(words.say("mark.at_risk")),
        name="at risk",
        xref="paper",
        x=0,
        xanchor="left",
        yshift=-58,
        font=small,
        **place,
    )
    for order, (_, row) in enumerate(shown.iterrows()):
        colour = theme.series_style(order)["color"] if len(shown) > 1 else theme.MUTED
        for _, age in ages[same_group(ages, row)].iterrows():
            figure.add_annotation(
                text=as_text(words.whole(age["at_risk_leads"])),
                name="at risk",
                x=age["day"],
                xanchor="center",
                yshift=-58 - _SMALL_LINE * (order + 1),
                font={"size": 11, "color": colour},
                **place,
            )


def expected_conversion(
    result: Result | Missing, *, language: str | None = None
) -> go.Figure | Notice:
    """How many leads of each cohort have reached the stage, and how many will have in the end?

    A bar per cohort: the share so far, and on top what is still expected, with the interval of the
    final share. Immature cohorts are hatched; a cross marks those older than the data. With groups
    the one with most leads is drawn.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = largest_group(result)
    finding = words.finding(result)
    known = rows[rows["leads"].notna()]
    if known.empty:
        return Notice(f"{finding}.")
    cohorts = known.sort_values("period_start")
    rows = cohorts.tail(_MOST_COHORTS).reset_index(drop=True)
    spots = list(range(len(rows)))
    shape = ["" if is_true(ripe) else "/" for ripe in rows["is_mature"]]
    cut = rows["is_left_truncated"].map(is_true).astype(bool)
    hover = [_hover(words, result, row) for _, row in rows.iterrows()]
    figure = go.Figure()
    # The bar of what is expected stands behind, from zero; the one of what is there in front of it.
    for column, colours in (
        ("expected_rate", [theme.QUIET] * len(rows)),
        ("reached_rate", [theme.QUIET if each else theme.ACCENT for each in cut]),
    ):
        figure.add_trace(
            go.Bar(
                x=spots,
                y=rows[column],
                marker={"color": colours, "pattern": {"shape": shape, "bgcolor": theme.PAPER}},
                hovertext=hover,
                hoverinfo="text",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=spots,
            y=rows["expected_rate"],
            mode="markers",
            marker={"symbol": "line-ew", "size": 9, "line": {"width": 2, "color": theme.INK}},
            error_y=limits(rows, "expected_rate", "expected_low", "expected_high")
            | {"color": theme.INK},
            hovertext=hover,
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    for spot in [spot for spot, each in zip(spots, cut, strict=True) if each]:
        upright(
            figure,
            text=_CUT_OFF,
            x=spot,
            y=rows["reached_rate"].iloc[spot],
            yanchor="bottom",
        )
    every = result.parameters["every"]
    highest = rows[["reached_rate", "expected_rate", "expected_high"]].max().max()
    stage = words.quoted(words.stage(result.agreement, str(result.parameters["stage"])))
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(
        month_axis(_marks(words, rows["period_start"], str(every))),
        title_text=as_text(words.say(f"axis.cohort_{every}")),
    )
    figure.update_yaxes(
        percent_axis(words, 1.0 if is_missing(highest) or highest <= 0 else float(highest)),
        title_text=wrapped(words.say("axis.incidence", stage=stage), _TITLE_CHARACTERS),
    )
    remarks = [words.say("legend.expected")]
    if cut.any():
        remarks.append(words.say("legend.expected_cut"))
    if len(cohorts) > len(rows):
        counts = {"shown": words.whole(len(rows)), "of": words.whole(len(cohorts))}
        remarks.append(words.say("legend.cohorts_hidden", **counts))
    if result.parameters.get("by") is not None:
        group = words.quoted(words.group(result, rows.iloc[0]))
        groups = count_groups(result.table)
        remarks.append(words.say("legend.only_group", count=groups, group=group))
    return finish(
        figure,
        words,
        result,
        finding=finding,
        plot_height=260,
        left=84,
        below_axis=78,
        above_plot=16,
        remarks=remarks,
    )


def _marks(words: Words, starts: pd.Series, every: str) -> list[tuple[str, str]]:
    if every == "quarter":
        return [(f"Q{start.quarter}", str(start.year)) for start in starts]
    return [
        words.month_mark(start, with_year=number == 0 or start.month == 1)
        for number, start in enumerate(starts)
    ]


def _hover(words: Words, result: Result, row: pd.Series) -> str:
    """What appears over a cohort: its counts and what is expected of it."""
    lines = [
        f"<b>{as_text(cohort_name(words, result, row['period_start']))}</b>",
        as_text(
            words.say("count.of_leads", count=row["leads"], part=words.whole(row["reached_leads"]))
        ),
    ]
    if not is_missing(row["expected_rate"]):
        limits_text = words.interval(row["expected_low"], row["expected_high"])
        rate = words.percent(row["expected_rate"])
        expected = words.form("with_mark", text=rate, mark=limits_text)
        lines.append(as_text(f"{words.column('expected_rate')}: {expected}"))
    if not is_missing(row["maturity"]):
        lines.append(as_text(f"{words.column('maturity')}: {words.percent(row['maturity'])}"))
    return "<br>".join(lines)
