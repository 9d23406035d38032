"""Plotly figures as data in the page, and the few words of plotly.js that a language needs."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

from funnel_analytics.wording import firm_numbers, words_in

__all__ = ["figure_html", "plotly_locale", "subtitle_of"]

_LINK = re.compile(r"<(?=\s*/?\s*a[\s>/])", flags=re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>")
_SAVE_PICTURE = {"de": "Bild speichern", "en": "Save picture"}


def figure_html(figure: dict[str, Any], *, place: str, said: str = "") -> str:
    """A place for a figure and, beside it, its data; plotly.js joins them when the page opens.

    Finding, subtitle and notes of our own figures are text around the drawing, so that they wrap
    on a narrow screen; a note that the table behind the figure says (`said`) is left to it.
    Links within labels stay text, and pictures from elsewhere are left out: names come from data.
    """
    layout = dict(figure.get("layout", {}))
    around = layout.pop("meta", None)
    shown = _inert({"data": figure.get("data", []), "layout": layout})
    head = notes = ""
    if isinstance(around, dict) and "finding" in around:
        margin = {side: layout["margin"][side] for side in ("l", "r", "t", "b", "pad")}
        shown["page"] = {
            "height": layout["height"] - around["above"] - around["below"],
            "margin": {
                **margin,
                "t": margin["t"] - around["above"],
                "b": margin["b"] - around["below"],
            },
        }
        head = (
            f'<h3 class="finding">{_text(around["finding"])}</h3>\n'
            f'<p class="subtitle">{_text(around["subtitle"])}</p>\n'
        )
        own = [_text(each) for each in around["notes"] if each not in said]
        notes = f'\n<p class="notes">{" ".join(own)}</p>' if own else ""
    return (
        f'{head}<div class="scroll"><div class="figure" id="{place}" role="img" '
        f'aria-label="{_title(shown["layout"])}"></div></div>{notes}'
        f'\n<script type="application/json" data-figure="{place}">{embedded(shown)}</script>'
    )


def subtitle_of(figure: dict[str, Any]) -> str:
    """The subtitle of one of our figures; nothing of any other."""
    around = figure.get("layout", {}).get("meta")
    return str(around.get("subtitle", "")) if isinstance(around, dict) else ""


def _text(text: str) -> str:
    return escape(firm_numbers(text))


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
            "shortMonths": [_short(months["abbreviated"][each]) for each in range(1, 13)],
            "date": "%d.%m.%Y" if language == "de" else "%d %b %Y",
            "decimal": locale.number_symbols["latn"]["decimal"],
            "thousands": locale.number_symbols["latn"]["group"],
        },
    }


def _short(month: str) -> str:
    """A month in as few letters as the others: "Sept" is the only English one with four."""
    return "Sep" if month == "Sept" else month.rstrip(".")


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
