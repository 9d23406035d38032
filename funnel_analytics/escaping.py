"""Makes text from data harmless where it is shown: markup, spreadsheet cells, terminals."""

from __future__ import annotations

import re
from html import escape

__all__ = ["inert_cell", "is_active_cell", "markup", "one_line"]

_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_active_cell(text: str) -> bool:
    """Would a spreadsheet take the text for a formula?

    >>> [is_active_cell(text) for text in ("=1+1", "@SUM(A1)", "+49 221", "a=b", "")]
    [True, True, True, False, False]
    """
    return text.startswith(_ACTIVE)


def inert_cell(text: str) -> str:
    """A text that a spreadsheet shows and never computes.

    An apostrophe in front keeps it text; it is what spreadsheets themselves use
    (OWASP, CSV Injection).

    >>> inert_cell("=HYPERLINK(A1)"), inert_cell("Köln")
    ("'=HYPERLINK(A1)", 'Köln')
    """
    return f"'{text}" if is_active_cell(text) else text


def markup(text: str) -> str:
    """A text for figures: no tag, no link, no formula.

    >>> markup("<b>5 $</b>")
    '&lt;b&gt;5 &#36;&lt;/b&gt;'
    """
    return escape(text, quote=False).replace("$", "&#36;")


def one_line(text: str) -> str:
    """A text for a terminal: what would move its cursor or colour it, or turn the writing round,
    is shown as a code.

    >>> one_line("red" + chr(27) + "[31m")
    'red\\\\x1b[31m'
    """
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
