"""One column of one file: where its text is, what it becomes, and what may be shown of it."""

from __future__ import annotations

from dataclasses import dataclass

from funnel_analytics.schema import Column
from funnel_analytics.sources.forms import MONTHS

__all__ = ["ADDED_UP", "KNOWN_WORDS", "WEB", "Parsed", "Text"]

KNOWN_WORDS = (
    *MONTHS,
    *("nan", "inf", "infinity", "n", "a", "na", "null", "none", "nil", "div", "ref", "value"),
    *("true", "false", "yes", "no", "ja", "nein", "wahr", "falsch", "x", "unknown", "unbekannt"),
    *("t", "z", "utc", "am", "pm", "uhr", "e", "eur", "usd", "gbp", "chf"),
)
"""Words that a fault may show: they are about a value, never about a person."""

ADDED_UP = ("amount", "budget", "clicks", "cost", "impressions", "planned_leads")
"""The columns that a row of totals adds up."""

WEB = "web"
"""The prefix of web visitors, whose ids are the same in every system."""


@dataclass(frozen=True)
class Text:
    """One canonical column (or free attribute) of one file: where its text is."""

    number: int
    column: Column
    header: str
    clean: str
    typed: str = ""
    is_attribute: bool = False


@dataclass(frozen=True)
class Parsed:
    """A column's text and what it becomes.

    `readable` is whether a text without a value could be read: then `refused` says why it is not
    loaded, else `reason` says why it cannot be read.
    """

    text: Text
    value: str
    is_day: str = ""
    reason: str = ""
    readable: str = "false"
    refused: str = ""
    form: str = ""
    is_detected: bool = False
    raw: str = ""
    total: str = ""

    @property
    def number(self) -> int:
        """The number in the names of its columns."""
        return self.text.number

    @property
    def column(self) -> Column:
        """The canonical column."""
        return self.text.column

    @property
    def clean(self) -> str:
        """The expression of its clean text."""
        return self.text.clean

    @property
    def typed(self) -> str:
        """Whether a cell of the export had a type, if it has such cells."""
        return self.text.typed
