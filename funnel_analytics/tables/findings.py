"""The few sentences that a section begins with."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import summary_sentences

__all__ = ["Findings", "findings"]


@dataclass(frozen=True)
class Findings:
    """Sentences as a list, shown escaped."""

    sentences: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    def _repr_html_(self) -> str:
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in self.sentences)
        return f'<ul class="findings">{items}</ul>'


def findings(*results: Result | Missing, language: str | None = None) -> Findings:
    """What are the most important findings of these results? A sentence for each."""
    return Findings(summary_sentences(*results, language=language))
