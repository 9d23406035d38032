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
    """What is missing: which table, and how it is exported; what was not agreed; what is thin."""
    words = words_for(missing, language=language)
    if missing.reason is None:
        return Notice(words.notice(missing))
    facts = {
        name: words.list_of([words.channel(missing.agreement, each) for each in value])
        if isinstance(value, list)
        else words.whole(value)
        for name, value in missing.facts.items()
    }
    return Notice(words.say(f"notice.thin.{missing.reason}", **facts))
