"""In which way a conversion was counted, in words: its unit, its order, its windows, its passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from funnel_analytics.results import Result
from funnel_analytics.wording.phrases import Phrases

__all__ = ["counted_noun", "of_counted", "way_of", "ways_of"]


def counted_noun(result: Result) -> str:
    """What the counts of a conversion are of: `leads`, or `passes` where each one counts."""
    return "passes" if result.parameters.get("passes") == "every" else "leads"


def of_counted(words: Phrases, result: Result, part: Any, whole: Any) -> str:
    """`3 von 10 Leads`, or `3 von 10 Durchläufen` where these are counted."""
    return words.say(f"count.of_{counted_noun(result)}", count=whole, part=words.whole(part))


def way_of(words: Phrases, result: Result, stage: str | None = None) -> str:
    """What had to be so for a lead to count as having reached a stage, as part of a sentence.

    Nothing in the mode `at_least` without windows and over all passes; else, for example,
    `der Reihe nach, binnen 30 Tagen je Schritt, im ersten Durchlauf`.
    """
    given = result.parameters
    said = [words.say(f"way.{given['mode']}")] if given.get("mode") in ("ordered", "strict") else []
    windows = given.get("within_days")
    if isinstance(windows, Mapping):
        said += _windows(words, result, windows, stage)
    elif windows:
        said.append(words.say("way.within", days=words.amount("days_dative", windows)))
    if given.get("passes") in ("first", "last"):
        said.append(words.say(f"way.{given['passes']}"))
    return ", ".join(said)


def _windows(
    words: Phrases, result: Result, windows: Mapping[str, Any], stage: str | None
) -> list[str]:
    """The windows on the way to a stage, if there are any."""
    agreement = result.agreement
    last = agreement.position(stage or agreement.stage_names[-1])
    beside = set(result.parameters.get("optional") or ()) - {stage}
    known = [name for name in windows if name not in beside and agreement.position(name) <= last]
    if len(known) != 1:
        return [words.say("way.within_steps")] if known else []
    days = words.amount("days_dative", windows[known[0]])
    name = words.quoted(words.stage(agreement, known[0]))
    return [words.say("way.within_step", stage=name, days=days)]


def ways_of(words: Phrases, result: Result) -> list[str]:
    """How a result counts where it was asked to count in another way: windows, passes, optional."""
    given, agreement = result.parameters, result.agreement
    units = words.say(f"units.{counted_noun(result)}")
    said = []
    windows = given.get("within_days")
    if isinstance(windows, Mapping):
        parts = [
            words.form(
                "labelled", label=words.stage(agreement, name), text=words.amount("days", days)
            )
            for name, days in windows.items()
        ]
        said.append(
            words.say("definition.within_by_stage", windows=words.list_of(parts), units=units)
        )
    elif windows:
        days = words.amount("days_dative", windows)
        said.append(words.say("definition.within", days=days, units=units))
    optional = [words.stage(agreement, name) for name in given.get("optional") or ()]
    if optional:
        stages = words.list_of(optional)
        said.append(words.say("definition.optional", count=len(optional), stages=stages))
    if given.get("passes") in ("first", "last", "every"):
        said.append(words.say(f"definition.passes_{given['passes']}"))
    return said
