"""Texts that an agreement gives in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from funnel_analytics.errors import CallError, did_you_mean

LANGUAGES = ("de", "en")


@dataclass(frozen=True)
class Label:
    """A text in both languages."""

    de: str
    en: str

    def text(self, language: str) -> str:
        """The text in one language, `"de"` or `"en"`."""
        if language not in LANGUAGES:
            raise CallError(
                f"Unknown language '{language}'; labels are in {' and '.join(LANGUAGES)}."
                f"{did_you_mean(language, LANGUAGES)}"
            )
        return self.de if language == "de" else self.en
