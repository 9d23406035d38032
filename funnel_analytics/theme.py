"""Colours, fonts and the Plotly template: the only file that holds a colour.

The palette is Okabe and Ito's (2008), which readers with any colour vision can tell apart; good
and bad are blue and orange, and always carry a sign as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import plotly.graph_objects as go

from funnel_analytics.errors import CallError

__all__ = [
    "ACCENT",
    "BAD",
    "BAND",
    "BAND_BACK",
    "CLEAR",
    "CSS_VARIABLES",
    "FAINT",
    "FONTS",
    "GOOD",
    "INK",
    "LINE",
    "MUTED",
    "PALETTE",
    "PAPER",
    "QUIET",
    "SHADES",
    "SYMBOLS",
    "separators",
    "series_style",
    "template",
]

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#595959")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")

ACCENT = PALETTE[0]
GOOD = PALETTE[0]
BAD = "#D55E00"
INK = "#1F2328"
MUTED = "#57606A"
QUIET = "#A8AFB7"
FAINT = "#E4E7EA"
LINE = "#D0D7DE"
PAPER = "#FFFFFF"
CLEAR = "rgba(0,0,0,0)"
SHADES = (PAPER, "#66AAD4")
"""From nothing to the most, where colour stands for a quantity; ink is readable on all of it."""
BAND = "rgba(168,175,183,0.45)"
BAND_BACK = "rgba(213,94,0,0.55)"

FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Helvetica Neue', Arial, sans-serif"
)

CSS_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "ink": INK,
        "muted": MUTED,
        "quiet": QUIET,
        "line": LINE,
        "faint": FAINT,
        "accent": ACCENT,
        "good": GOOD,
        "warn": BAD,
        "bad": BAD,
        "paper": PAPER,
        "fonts": FONTS,
    }
)

_SEPARATORS = {"de": ",.", "en": ".,"}


def separators(language: str) -> str:
    """The decimal and the thousands sign of a language, as Plotly wants them.

    >>> separators("de")
    ',.'
    """
    if language not in _SEPARATORS:
        raise CallError(f"There are no separators for the language '{language}'.")
    return _SEPARATORS[language]


def series_style(number: int) -> dict[str, str]:
    """Colour, dash and symbol of the n-th series (from 0); from the sixth on quiet grey."""
    if number >= len(PALETTE):
        return {"color": QUIET, "dash": "solid", "symbol": "circle"}
    return {"color": PALETTE[number], "dash": DASHES[number], "symbol": SYMBOLS[number]}


def template() -> go.layout.Template:
    """The look of every figure: plain paper, quiet lines, the reader's own system font."""
    axis = {
        "showgrid": False,
        "zeroline": False,
        "linecolor": LINE,
        "tickcolor": LINE,
        "tickfont": {"color": INK, "size": 12},
        "title": {"font": {"color": MUTED, "size": 12}, "standoff": 10},
        "automargin": True,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONTS, "color": INK, "size": 12},
            "title": {
                "font": {"size": 17, "color": INK},
                "subtitle": {"font": {"size": 12, "color": MUTED}},
                "x": 0,
                "xanchor": "left",
                "xref": "container",
            },
            "colorway": list(PALETTE),
            "paper_bgcolor": PAPER,
            "plot_bgcolor": PAPER,
            "hoverlabel": {
                "bgcolor": PAPER,
                "bordercolor": LINE,
                "font": {"family": FONTS, "color": INK, "size": 12},
                "align": "left",
            },
            "xaxis": axis,
            "yaxis": axis,
            "showlegend": False,
            "legend": {"title": {"font": {"size": 12}}, "font": {"size": 12}},
            "bargap": 0.35,
        }
    )
