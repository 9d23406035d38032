"""Which records of an export count: columns of yes and no, and kinds of activities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from funnel_analytics.sources.proposing.mapping import known_words, named_so, vocabulary
from funnel_analytics.sources.proposing.profiles import Profile, squashed
from funnel_analytics.sources.proposing.rules import NO, YES, Draft, Line, spelled

__all__ = ["by_kind", "set_conditions"]


def set_conditions(draft: Draft, profiles: Sequence[Profile], *, is_history: bool = False) -> None:
    """Leave out what is deleted, outdated or a mere plan, where a column of yes and no says so.

    A history lives on what is no longer in force.
    """
    flags = [each for each in profiles if each.form == "boolean"]
    flags = [each for each in flags if each.header not in draft.mapped.values()]
    without = known_words("flags", "without", draft.table) or []
    deleted = named_so(known_words("flags", "deleted"), flags)
    if deleted and "is_deleted" in draft.mapped:
        others = tuple(flag.header for flag in deleted)
        draft.lines = [
            replace(line, way="any_of", others=others) if line.name == "is_deleted" else line
            for line in draft.lines
        ]
        deleted = ()
    for flag in (*deleted, *named_so(without, flags)):
        draft.where_not[flag.header] = spelled(YES, flag)
    for flag in () if is_history else named_so(known_words("flags", "current"), flags):
        draft.where_not[flag.header] = spelled(NO, flag)
    for flag in named_so(known_words("flags", "only", draft.table) or [], flags):
        draft.where[flag.header] = spelled(YES, flag)
    starts = {squashed(key): begin for key, begin in known_words("beginnings").items()}
    for name, header in draft.mapped.items():
        if name == "deal" and squashed(header) in starts:
            draft.only_if[name] = (header, (starts[squashed(header)],))
    ahead = {squashed(name) for name in known_words("ahead", "names")}
    happened = squashed(draft.mapped.get("happened_at", "").removeprefix("property_"))
    draft.plans = draft.table == "activity" and happened in ahead


def by_kind(main: Draft, profiles: Sequence[Profile]) -> list[Draft]:
    """Activities whose kind says who acted: mail that came in, and work that no lead notices."""
    header = main.mapped.get("kind")
    kinds = next((each.words for each in profiles if each.header == header), ())
    meant = vocabulary("activity", "meant")
    if header is None:
        return []
    automated = tuple(word for word in kinds if meant.get(squashed(word)) == "automated")
    if automated and "is_automated" not in main.mapped:
        main.lines = [line for line in main.lines if line.name != "is_automated"]
        main.lines.append(Line("is_automated", header, "its words for automated mail"))
        main.values["is_automated"] = dict.fromkeys(automated, "true")
        main.only_if["is_automated"] = (header, automated)
    drafts = []
    for direction in ("inbound", "internal"):
        words = tuple(word for word in kinds if meant.get(squashed(word)) == direction)
        if not words:
            continue
        part = replace(main, reason=f"kinds of activities that are {direction}", questions=[])
        part.lines = [each for each in main.lines if each.name not in ("direction", "is_automated")]
        part.constants = {**main.constants, "direction": direction}
        part.values = {name: each for name, each in main.values.items() if name in part.mapped}
        part.only_if = {name: each for name, each in main.only_if.items() if name in part.mapped}
        part.where = {**main.where, header: words}
        part.where_not = dict(main.where_not)
        drafts.append(part)
    left = tuple(word for each in drafts for word in each.where[header])
    if left:
        main.where_not[header] = left
    return drafts
