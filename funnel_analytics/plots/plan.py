"""Figures of a plan: how sure is the target, and how many leads does it need when?"""

from __future__ import annotations

import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.plots.canvas import as_text, finish, percent_axis
from funnel_analytics.plots.rows import month_axis
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice, asked_row, notice, words_for

__all__ = ["leads_by_month", "leads_curve"]

_LABELS_UNTIL = 0.84


def leads_curve(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How sure is the target with how many leads?

    The curve, with a dot at each probability of the plan and its number of leads; the one asked
    for is coloured.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    curve = result.part("curve").sort_values("leads")
    plan = result.table[result.table["leads_needed"].notna()].sort_values("probability")
    asked = asked_row(result)["probability"]
    figure = go.Figure(
        go.Scatter(
            x=curve["leads"],
            y=curve["probability"],
            mode="lines",
            line={"color": theme.QUIET, "width": 3},
            hovertext=[
                as_text(f"{words.amount('leads', leads)}: {words.percent(chance, fixed=False)}")
                for leads, chance in zip(curve["leads"], curve["probability"], strict=True)
            ],
            hoverinfo="text",
        )
    )
    colours = [theme.ACCENT if each == asked else theme.INK for each in plan["probability"]]
    figure.add_trace(
        go.Scatter(
            x=plan["leads_needed"],
            y=plan["probability"],
            mode="markers",
            marker={"size": 11, "color": colours},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    needs = [float(curve["leads"].max())] if len(curve) else []
    needs += [float(each) for each in plan["leads_needed"]]
    edge = max([1.0, *needs]) * 1.04
    for colour, (_, row) in zip(colours, plan.iterrows(), strict=True):
        chance = words.percent(row["probability"], fixed=False)
        text = f"{chance}: {words.amount('leads', row['leads_needed'])}"
        figure.add_annotation(
            text=f"<b>{as_text(text)}</b>" if colour == theme.ACCENT else as_text(text),
            x=row["leads_needed"],
            y=row["probability"],
            xanchor="left" if row["leads_needed"] < _LABELS_UNTIL * edge else "right",
            yanchor="top",
            xshift=9,
            yshift=-3 if row["leads_needed"] < _LABELS_UNTIL * edge else -12,
            showarrow=False,
            font={"color": colour},
        )
    figure.update_xaxes(
        title_text=as_text(words.say("axis.leads_created")),
        tickformat=",d",
        range=[0, edge],
        nticks=8,
    )
    figure.update_yaxes(percent_axis(words, 1.0), title_text=as_text(words.say("axis.probability")))
    return finish(
        figure, words, result, finding=words.finding(result), plot_height=260, left=84, right=32
    )


def leads_by_month(result: Result | Missing, *, language: str | None = None) -> go.Figure | Notice:
    """How many leads are needed in which month?

    Bars for the probability asked for, other symbols for the other probabilities.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.part("by_month")
    months = sorted(table["month"].unique())
    place = {each: number for number, each in enumerate(months)}
    asked = asked_row(result)["probability"]
    figure = go.Figure()
    mine = table[(table["probability"] == asked) & table["leads"].notna()]
    figure.add_trace(
        go.Bar(
            x=[place[each] for each in mine["month"]],
            y=mine["leads"],
            name=as_text(words.percent(asked, fixed=False)),
            marker_color=theme.ACCENT,
            width=0.5,
            text=[words.whole(each) for each in mine["leads"]],
            textposition=["inside" if each > 0 else "outside" for each in mine["leads"]],
            insidetextanchor="start",
            cliponaxis=False,
            textangle=0,
            hovertext=[
                as_text(f"{words.month(month)}: {words.amount('leads', round(float(leads)))}")
                for month, leads in zip(mine["month"], mine["leads"], strict=True)
            ],
            hoverinfo="text",
        )
    )
    others = [each for each in sorted(table["probability"].unique()) if each != asked]
    for order, chance in enumerate(others):
        rows = table[(table["probability"] == chance) & (table["leads"] > 0)]
        figure.add_trace(
            go.Scatter(
                x=[place[each] for each in rows["month"]],
                y=rows["leads"],
                mode="markers",
                name=as_text(words.percent(chance, fixed=False)),
                marker={
                    "symbol": theme.SYMBOLS[1 + order % 4],
                    "size": 11,
                    "color": theme.INK,
                    "line": {"color": theme.PAPER, "width": 1.5},
                },
                hovertext=[
                    as_text(f"{words.percent(chance, fixed=False)}: {words.whole(each)}")
                    for each in rows["leads"]
                ],
                hoverinfo="text",
                cliponaxis=False,
            )
        )
    marks = [
        words.month_mark(each, with_year=i == 0 or each.month == 1) for i, each in enumerate(months)
    ]
    figure.update_xaxes(month_axis(marks), title_text=as_text(words.say("axis.month")))
    figure.update_yaxes(
        title_text=as_text(words.say("axis.leads_per_month")),
        rangemode="tozero",
        tickformat=",d",
        nticks=6,
    )
    figure = finish(
        figure,
        words,
        result,
        finding=words.finding(result, by_month=True),
        plot_height=208,
        left=84,
        below_axis=78,
        above_plot=26,
    )
    figure.update_layout(
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "yanchor": "bottom",
            "xanchor": "left",
            "title": {"text": as_text(words.column("probability")) + " "},
        },
    )
    return figure
