"""Plotly figures as data in the page, and the few words of plotly.js that a language needs."""

from __future__ import annotations

import json
import re
from typing import Any

from funnel_analytics.wording import words_in

__all__ = ["figure_html", "plotly_locale"]

_LINK = re.compile(r"<(?=\s*/?\s*a[\s>/])", flags=re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>")
_SAVE_PICTURE = {"de": "Bild speichern", "en": "Save picture"}


def figure_html(figure: dict[str, Any], *, place: str) -> str:
    """A place for a figure and, beside it, its data; plotly.js joins them when the page opens.

    Links within labels stay text, and pictures from elsewhere are left out: names come from data.
    """
    shown = _inert({"data": figure.get("data", []), "layout": figure.get("layout", {})})
    return (
        f'<div class="figure" id="{place}" role="img" aria-label="{_title(shown["layout"])}"></div>'
        f'\n<script type="application/json" data-figure="{place}">{embedded(shown)}</script>'
    )


def embedded(value: Any) -> str:
    """A value as JSON that cannot end the element it stands in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def plotly_locale(language: str) -> dict[str, Any]:
    """Names of days and months, signs of numbers and the one button, as plotly.js reads them."""
    locale = words_in(language).locale
    days, months = locale.days["format"], locale.months["format"]
    order = (6, 0, 1, 2, 3, 4, 5)
    return {
        "moduleType": "locale",
        "name": f"report-{language}",
        "dictionary": {"Download plot as a PNG": _SAVE_PICTURE[language]},
        "format": {
            "days": [days["wide"][day] for day in order],
            "shortDays": [days["abbreviated"][day].rstrip(".") for day in order],
            "months": [months["wide"][month] for month in range(1, 13)],
            "shortMonths": [months["abbreviated"][month].rstrip(".") for month in range(1, 13)],
            "date": "%d.%m.%Y" if language == "de" else "%d %b %Y",
            "decimal": locale.number_symbols["latn"]["decimal"],
            "thousands": locale.number_symbols["latn"]["group"],
        },
    }


def _inert(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _inert(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_inert(each, key) for each in value]
    if isinstance(value, str):
        if key == "source" and not value.startswith("data:image/"):
            return ""
        return _LINK.sub("&lt;", value)
    return value


def _title(layout: dict[str, Any]) -> str:
    title = layout.get("title")
    text = title.get("text", "") if isinstance(title, dict) else title
    plain = re.sub(r"\s+", " ", _MARKUP.sub(" ", str(text or ""))).strip()
    return plain.replace('"', "&quot;").replace("<", "&lt;")
