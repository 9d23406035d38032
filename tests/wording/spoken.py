"""Findings as they are said in both languages."""

from __future__ import annotations

from typing import Any

from funnel_analytics.results import Result
from funnel_analytics.wording import Words

DE, EN = Words("de"), Words("en")
NARROW, FIRM = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"


def said(result: Result, **choice: Any) -> tuple[str, str]:
    """The finding in German and English, its firm spaces as plain ones."""
    texts = (DE.finding(result, **choice), EN.finding(result, **choice))
    german, english = (text.replace(NARROW, " ").replace(FIRM, " ") for text in texts)
    return german, english
