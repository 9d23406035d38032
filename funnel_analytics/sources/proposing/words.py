"""What the words of a state mean, as far as it is known, and how the others are spoken of."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from funnel_analytics.agreement import STATUSES, Agreement
from funnel_analytics.errors import counted
from funnel_analytics.sources.proposing.mapping import state_targets
from funnel_analytics.sources.proposing.profiles import Profile, squashed
from funnel_analytics.sources.proposing.rules import TO_FILL_IN, StateWords

__all__ = ["known_states", "state_words", "unexplained"]

_NAMED = 8


def known_states(agreement: Agreement | None) -> dict[str, str]:
    """Squashed words for a state and what they mean: statuses, and the stages of an agreement."""
    known = dict(state_targets())
    known |= {squashed(status): status for status in STATUSES}
    if agreement is None:
        return known
    for status, words in agreement.statuses.items():
        known |= {squashed(word): status for word in words}
    for stage in agreement.stages:
        names = (stage.name, stage.label.de, stage.label.en, *stage.includes)
        known |= {squashed(name): stage.name for name in names}
    return known


def state_words(profile: Profile, known: Mapping[str, str]) -> StateWords:
    """The words of a column; one with too many different ones has none that are known."""
    meant = {word: known[key] for word in profile.words if (key := _known_as(word, known))}
    unknown = tuple(word for word in profile.words if word not in meant)
    if profile.filled and not profile.words:
        unknown = (TO_FILL_IN,)
    near = {
        word: known[found[0]]
        for word in unknown
        if (found := difflib.get_close_matches(squashed(word), sorted(known), n=1, cutoff=0.7))
    }
    return StateWords(profile.header, meant, unknown, near)


def unexplained(words: StateWords) -> str:
    """What is unknown of the words of a column: the one reason that is given everywhere."""
    if words.is_unread:
        return "too many different words for a state, or such as may reach a person"
    named = ", ".join(f'"{word}"' for word in words.unknown[:_NAMED])
    more = f" and {len(words.unknown) - _NAMED} more" if len(words.unknown) > _NAMED else ""
    return f"{counted(len(words.unknown), 'word')} that nobody explained: {named}{more}"


def _known_as(word: str, known: Mapping[str, str]) -> str:
    """The known word that it is, with or without the pipeline after it: `Closed Won (Sales)`."""
    return next(filter(known.__contains__, map(squashed, (word, word.partition(" (")[0]))), "")
