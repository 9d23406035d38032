"""Figure of the ways that journeys took: an alluvial diagram that never runs back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.credit.described import CONVERSION, FURTHER, NO_CONVERSION, OTHERS
from funnel_analytics.plots.canvas import add_texts, as_text, finish, wrapped
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice, Words, journey_state, notice, words_for

__all__ = ["journey_flows"]

_LEFT, _RIGHT, _GAP = 0.02, 0.98, 0.035
_LABEL_CHARACTERS = 20
_PLACES = 4
_ENDS = (CONVERSION, NO_CONVERSION)
_Node = tuple[int, str]
_Link = tuple[_Node, _Node]
_PASSING = "passing "
"""What stands before the end that a band without a node of its own runs to."""


def journey_flows(
    result: Result | Missing, *, with_unconverted: bool = False, language: str | None = None
) -> go.Figure | Notice:
    """Which way did journeys take, from the first touch to the conversion?

    A column per place in the journey, from left to right, so that nothing runs back; a band is as
    wide as its conversions. Channels of marketing are blue, those of sales grey. With
    `with_unconverted=True` journeys without a conversion are drawn as well.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    links = result.part("steps")
    size = links["conversions"] + (links["nulls"] if with_unconverted else 0)
    links = links.assign(size=size)[size > 0]
    if links.empty:
        return Notice(f"{words.finding(result)}.")
    bands = _bands(links)
    nodes = _placed(bands)
    numbers = {node: number for number, node in enumerate(nodes)}
    sides = dict(zip(result.part("roles")["key"], result.part("roles")["side"], strict=True))
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed",
            valueformat=",d",
            textfont={"size": 11},
            node={
                "label": [_label(words, result, state) for _, state in nodes],
                "x": [x for x, _ in nodes.values()],
                "y": [y for _, y in nodes.values()],
                "color": [_colour(state, sides) for _, state in nodes],
                "line": {"width": 0},
                "pad": 12,
                "thickness": 14,
                "hovertemplate": "%{label}: %{value}<extra></extra>",
            },
            link={
                "source": [numbers[source] for source, _ in bands],
                "target": [numbers[target] for _, target in bands],
                "value": [int(each) for each in bands.values()],
                "color": [theme.BAND] * len(bands),
                "customdata": [
                    _step(words, result, source[1], target[1], count)
                    for (source, target), count in bands.items()
                ],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    places = sorted({int(each) for each in links["place"] if each <= _PLACES})
    add_texts(figure, [_heading(words, place, nodes) for place in places])
    remarks = [words.say(f"legend.journey_flows{'_all' if with_unconverted else ''}")]
    states = {*links["from_state"], *links["to_state"]}
    if FURTHER in states:
        remarks.append(words.say("legend.journey_places"))
    if OTHERS in states and result.parameters["by"] == "channel":
        shown = len(states - {OTHERS, FURTHER, *_ENDS})
        remarks.append(words.say("legend.journey_keys", shown=words.whole(shown)))
    return finish(
        figure,
        words,
        result,
        finding=words.finding(result),
        plot_height=430,
        left=16,
        right=16,
        above_plot=28,
        below_axis=24,
        remarks=remarks,
    )


def _bands(links: pd.DataFrame) -> dict[_Link, float]:
    """The bands to draw: what ends early runs on below the columns, instead of across them."""
    last = int(links["place"].max())
    bands: dict[_Link, float] = {}
    for row in links.to_dict("records"):
        place, state, end = int(row["place"]), str(row["from_state"]), str(row["to_state"])
        way: list[_Node] = [(place, state)]
        if end in _ENDS:
            way += [(each, _PASSING + end) for each in range(place + 1, last + 1)]
            way.append((0, end))
        else:
            way.append((place + 1, end))
        for link in pairwise(way):
            bands[link] = bands.get(link, 0.0) + row["size"]
    return bands


def _placed(bands: dict[_Link, float]) -> dict[_Node, tuple[float, float]]:
    """Where each node stands: by its place from left to right, the larger ones on top."""
    inflow: dict[_Node, float] = {}
    outflow: dict[_Node, float] = {}
    for (source, target), size in bands.items():
        outflow[source] = outflow.get(source, 0.0) + size
        inflow[target] = inflow.get(target, 0.0) + size
    sizes = {node: max(inflow.get(node, 0), outflow.get(node, 0)) for node in {**outflow, **inflow}}
    columns = max(place for place, _ in sizes) + 1
    total = sum(size for (place, _), size in sizes.items() if place == 1)
    most = max(sum(node[0] == column for node in sizes) for column in range(columns))
    room = 1 - _GAP * (most - 1)
    placed: dict[_Node, tuple[float, float]] = {}
    for column in range(columns):
        mine = sorted(
            (node for node in sizes if node[0] == column),
            key=lambda node: (_rank(node[1]), -sizes[node], node[1]),
        )
        x = _RIGHT if column == 0 else _LEFT + (_RIGHT - _LEFT) * (column - 1) / (columns - 1)
        top = 0.0
        for node in mine:
            height = room * sizes[node] / total
            placed[node] = (x, min(max(top + height / 2, 0.001), 0.999))
            top += height + _GAP
    return placed


def _rank(state: str) -> int:
    """Keys first, then the others together, then what is over, at last without a conversion."""
    if state.endswith(NO_CONVERSION):
        return 3
    return 2 if state.startswith(_PASSING) else 1 if state == OTHERS else 0


def _label(words: Words, result: Result, state: str) -> str:
    if state.startswith(_PASSING):
        return ""
    return wrapped(journey_state(words, result, state), _LABEL_CHARACTERS)


def _heading(words: Words, place: int, nodes: dict[_Node, tuple[float, float]]) -> dict[str, Any]:
    x = next(at for (each, _), (at, _) in nodes.items() if each == place)
    return {
        "text": as_text(words.say(f"journey.place.{place}")),
        "xref": "paper",
        "yref": "paper",
        "x": x,
        "y": 1,
        "xanchor": "left" if place == 1 else "center",
        "yanchor": "bottom",
        "yshift": 6,
        "font": {"size": 11, "color": theme.MUTED},
    }


def _colour(state: str, sides: dict[Any, Any]) -> str:
    if state == CONVERSION:
        return theme.INK
    if state.startswith(_PASSING):
        return theme.BAND
    return theme.ACCENT if sides.get(state) == "marketing" else theme.QUIET


def _step(words: Words, result: Result, source: str, target: str, count: float) -> str:
    names = [journey_state(words, result, each.removeprefix(_PASSING)) for each in (source, target)]
    label = names[1] if names[0] == names[1] else ""
    label = label or words.say("journey.arrow", first=names[0], second=names[1])
    return as_text(words.form("labelled", label=label, text=words.amount("journeys", count)))
