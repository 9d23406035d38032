"""A table of a page: its title, subtitle and notes are text around it, as with the figures.

Text wraps on a narrow screen where a table scrolls, and the notes of a table that ends on another
sheet are not a row of it.
"""

from __future__ import annotations

import re
from html import unescape

from funnel_analytics.wording import firm_numbers

__all__ = ["framed_table", "plain_text"]

_ROW = r'<tr\b[^>]*>\s*<td\b[^>]*class="[^"]*\b{name}\b[^>]*>(.*?)</td>\s*</tr>\s*'
_TITLE, _SUBTITLE, _NOTE = (
    re.compile(_ROW.format(name=name), flags=re.DOTALL)
    for name in ("gt_title", "gt_subtitle", "gt_sourcenote")
)
_FOOT = re.compile(r"<tfoot\b[^>]*>\s*</tfoot>")


def framed_table(html: str, *, subtitle_above: str = "") -> str:
    """A cleaned table with its title above and its notes below, outside of it.

    A subtitle that the figure above has said already is left out. What is no table of ours stays
    as it is.
    """
    title = _taken(_TITLE, html)
    subtitle = _taken(_SUBTITLE, html)
    notes = _taken(_NOTE, html)
    for each in (_TITLE, _SUBTITLE, _NOTE, _FOOT):
        html = each.sub("", html)
    if plain_text(subtitle) == subtitle_above:
        subtitle = ""
    return (
        _element("h3", "title", title)
        + _element("p", "subtitle", subtitle)
        + html
        + _element("p", "notes", notes)
    )


def plain_text(html: str) -> str:
    """What a reader sees of some markup."""
    return unescape(re.sub(r"<[^>]*>", "", html))


def _taken(row: re.Pattern[str], html: str) -> str:
    return " ".join(row.findall(html))


def _element(tag: str, kind: str, text: str) -> str:
    return f'<{tag} class="{kind}">{firm_numbers(text)}</{tag}>\n' if text else ""
