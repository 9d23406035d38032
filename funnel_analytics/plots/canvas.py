"""The frame of every figure: finding, subtitle, footer and room for all of them.

Plotly neither wraps text nor keeps a footer clear of an axis, so both are laid out here from the
number of lines. Texts from data are escaped, because Plotly reads them as markup.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from funnel_analytics import theme
from funnel_analytics.escaping import markup
from funnel_analytics.results import Result
from funnel_analytics.wording import Words, firm_numbers

__all__ = [
    "WIDTH",
    "add_texts",
    "as_text",
    "count_axis",
    "finish",
    "label_room",
    "percent_axis",
    "row_labels",
    "wrapped",
]

WIDTH = 900
_SIDE = 16
_TITLE_CHARACTERS = 74
_SUBTITLE_CHARACTERS = 124
_FOOTER_CHARACTERS = 148
_FOOTER_SIZE = 11
_NARROW, _WIDE = frozenset("fijlrtIJ.,:;'|!()[]/· -"), frozenset("mwMW%@—…")
_LABEL_CHARACTERS = 30
_TITLE_LINE = 23
_SMALL_LINE = 16
_LABEL_PIXELS = 6.9
_BUTTONS_LEFT_OUT = (
    "zoom",
    "pan",
    "select",
    "lasso",
    "zoomIn",
    "zoomOut",
    "autoScale",
    "sendChartToCloud",
    "sendDataToCloud",
)
_HELD = "\N{WORD JOINER}"
_BLANKS = re.compile(r"[ \t\r\n\f\v]+")
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


def add_texts(figure: go.Figure, texts: Iterable[Mapping[str, Any]]) -> None:
    """Annotations, all in one step: one by one Plotly checks all earlier ones again each time."""
    added = [go.layout.Annotation(showarrow=False, **text) for text in texts]
    figure.layout.annotations = (*figure.layout.annotations, *added)


def as_text(text: Any) -> str:
    """A text as Plotly shows it letter by letter: no tags, no formulas, no line ends."""
    plain = _BLANKS.sub(" ", str(text)).strip()
    return markup(plain)


def wrapped(text: str, width: int) -> str:
    """A text in lines of at most `width` characters, escaped."""
    return "<br>".join(as_text(line) for line in _lines(text, width))


def _lines(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters.

    Firm and narrow spaces never break, nor does the one between a number and its noun.
    """
    held = firm_numbers(_BLANKS.sub(" ", text), firm=_HELD)
    lines = textwrap.wrap(held, width, break_on_hyphens=False) or [""]
    return [line.replace(_HELD, " ") for line in lines]


def row_labels(
    labels: Iterable[str],
    *,
    below: Sequence[str] = (),
    in_line: bool = False,
    width: int = _LABEL_CHARACTERS,
) -> list[str]:
    """Labels for the rows of a bar chart, wrapped; `below` adds a small grey line to each.

    In dense rows (`in_line`) it follows the label instead.
    """
    rows = [wrapped(label, width) for label in labels]
    gap = "  " if in_line else "<br>"
    small = [
        f"{gap}<span style='font-size:11px;color:{theme.MUTED}'>{as_text(each)}</span>"
        if each
        else ""
        for each in below
    ] or [""] * len(rows)
    return [row + under for row, under in zip(rows, small, strict=True)]


def label_room(labels: Iterable[str], *, width: int = _LABEL_CHARACTERS) -> int:
    """How many pixels the widest of the wrapped labels needs."""
    widest = max((len(line) for text in labels for line in _lines(text, width)), default=0)
    return round(widest * _LABEL_PIXELS) + 2 * _SIDE


def percent_axis(
    words: Words, highest: float, *, lowest: float = 0.0, **more: Any
) -> dict[str, Any]:
    """An axis of shares from zero (or a lower share), its ticks as the language writes percent."""
    widest = max(highest, -lowest)
    step = next((each for each in _STEPS if widest <= 5 * each), _STEPS[-1])
    end, start = max(highest * 1.06, step / 2), min(lowest * 1.06, 0.0)
    ticks = [step * number for number in range(-5, 6) if start <= step * number <= end]
    return {
        "range": [start, end],
        "tickvals": ticks,
        "ticktext": [words.percent(tick, fixed=False) for tick in ticks],
        **more,
    }


def count_axis(
    highest: float,
    *,
    write: Callable[[Any], str],
    both_ways: bool = False,
    smallest_step: float = 1.0,
) -> dict[str, Any]:
    """An axis of counts or money from zero (or to both sides of it), its ticks worded by `write`.

    To both sides there is more room at the ends, for labels beyond the bars. Ticks are at least
    `smallest_step` apart: whole numbers, unless shares are counted.
    """
    highest = max(highest, smallest_step, 1e-9)
    power = 10.0 ** math.floor(math.log10(highest))
    step = next(each * power for each in (0.2, 0.5, 1, 2) if highest <= 5 * each * power)
    step = max(step, smallest_step) * (2 if both_ways else 1)
    ticks = [step * number for number in range(6) if step * number <= highest * 1.05]
    if both_ways:
        ticks = [-each for each in ticks[:0:-1]] + ticks
    end = highest * (1.6 if both_ways else 1.08)
    return {
        "range": [-end if both_ways else 0, end],
        "tickvals": ticks,
        "ticktext": [write(tick) for tick in ticks],
    }


def finish(
    figure: go.Figure,
    words: Words,
    result: Result,
    *,
    finding: str,
    plot_height: int,
    left: int = 64,
    right: int = 40,
    below_axis: int = 52,
    above_plot: int = 8,
    remarks: Sequence[str] = (),
    without: Collection[str] = (),
) -> go.Figure:
    """Put finding, subtitle and footer around a plot and make room for them.

    Parameters
    ----------
    plot_height
        Height of the plotting area in pixels.
    below_axis
        Pixels that tick labels and axis title need below it.
    remarks
        Sentences for the footer, such as how to read a hatched bar.
    without
        Notes that say nothing of what is drawn.
    """
    title = _lines(finding, _TITLE_CHARACTERS)
    subtitle = _lines(words.subtitle(result), _SUBTITLE_CHARACTERS)
    said = words.notes(result, without=without)
    notes = [each for each in (words.footer(result), *remarks, *said) if each]
    footer = _footer(notes)
    above = 24 + len(title) * _TITLE_LINE + len(subtitle) * _SMALL_LINE
    below = len(footer) * _SMALL_LINE
    top = above + 14 + above_plot
    bottom = below_axis + below + 10
    figure.update_layout(
        template=theme.template(),
        separators=theme.separators(words.language),
        width=WIDTH,
        height=top + plot_height + bottom,
        margin={"t": top, "b": bottom, "l": left, "r": right, "pad": 4},
        modebar={"remove": list(_BUTTONS_LEFT_OUT)},
        # What stands around the plot, for a page that sets it as text of its own.
        meta={
            "finding": finding,
            "subtitle": words.subtitle(result),
            "notes": notes,
            "above": above,
            "below": below,
        },
        title={
            "text": "<b>" + "<br>".join(as_text(line) for line in title) + "</b>",
            "subtitle": {"text": "<br>".join(as_text(line) for line in subtitle)},
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 22, "l": _SIDE},
        },
    )
    figure.add_annotation(
        text="<br>".join(as_text(line) for line in footer),
        name="footer",
        showarrow=False,
        align="left",
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        xanchor="left",
        yanchor="top",
        xshift=_SIDE - left,
        yshift=-below_axis,
        font={"size": _FOOTER_SIZE, "color": theme.MUTED},
    )
    return figure


def _footer(notes: Sequence[str]) -> list[str]:
    lines = _fitting(notes[0])
    spoken = " ".join(notes[1:])
    return lines + (_fitting(spoken) if spoken else [])


def _fitting(text: str) -> list[str]:
    """Lines of the footer that end inside the figure: names in capitals need more room."""
    room = WIDTH - 2 * _SIDE
    for width in range(_FOOTER_CHARACTERS, _FOOTER_CHARACTERS // 2, -2):
        lines = _lines(text, width)
        if max(map(_pixels, lines)) <= room:
            break
    return lines


def _pixels(line: str) -> float:
    """About how wide a line of the footer is, in the widest of the fonts (DejaVu Sans)."""
    ems = (
        0.36 if each in _NARROW else 0.95 if each in _WIDE else 0.74 if each.isupper() else 0.62
        for each in line
    )
    return _FOOTER_SIZE * sum(ems)
