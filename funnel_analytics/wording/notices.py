"""What stands in a report where a figure or table cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from funnel_analytics.results import Missing
from funnel_analytics.wording.words import words_for

__all__ = ["Notice", "notice"]


@dataclass(frozen=True)
class Notice:
    """A sentence in place of a figure or table; shown escaped."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<p class="notice">{escape(self.text)}</p>'


def notice(missing: Missing, *, language: str | None = None) -> Notice:
    """Which table is missing, and how is it exported?"""
    return Notice(words_for(missing, language=language).notice(missing))
