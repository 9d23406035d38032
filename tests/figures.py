"""Read what a figure says: its title, its footer, every label."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def title(figure: go.Figure) -> str:
    return re.sub(r"<[^>]+>", " ", figure.layout.title.text).strip()


def footer(figure: go.Figure) -> str:
    (note,) = [each for each in figure.layout.annotations if each.name == "footer"]
    return str(note.text).replace("<br>", " ")


def labels(figure: go.Figure) -> list[str]:
    return [str(each.text) for each in figure.layout.annotations]
