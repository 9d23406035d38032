"""The rules that follow from an export beside its own: leads, links, entries, merges and visits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from funnel_analytics.sources.proposing.conditions import set_conditions
from funnel_analytics.sources.proposing.mapping import beside, every_beside
from funnel_analytics.sources.proposing.outcomes import says_won, set_end, set_outcomes
from funnel_analytics.sources.proposing.profiles import Profile, squashed
from funnel_analytics.sources.proposing.rules import TO_FILL_IN, Draft, Line, StateWords
from funnel_analytics.sources.proposing.words import state_words, unexplained

__all__ = [
    "Others",
    "beside_deal",
    "beside_lead",
    "beside_touch",
    "merged",
    "stage_dates",
    "told_by",
]

_STAGE_DATES = ("became", "dateentered", "hslifecyclestage", "hsv2dateentered")


@dataclass(frozen=True)
class Others:
    """What the other exports hold: leads, and histories.

    `has_history` where one holds entries of leads, `has_log` where it holds every one: a history of
    changed fields lacks the stage in which a lead was created. `tells_ends` where a history of
    deals holds their ends. `properties` are the fields of a history that speaks of several,
    squashed and as they are spelled.
    """

    has_leads: bool = False
    has_history: bool = False
    has_log: bool = False
    tells_ends: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)


def told_by(histories: Iterable[Draft], *, has_leads: bool) -> Others:
    """What the histories among the rules tell, so that no other rule needs to."""
    has_history = has_log = tells_ends = False
    properties: dict[str, str] = {}
    for each in histories:
        if each.table != "stage_event" or each.in_doubt:
            continue
        meant = {*each.values.get("state", {}).values(), *each.values.get("status", {}).values()}
        has_history |= "lead" in each.mapped
        has_log |= "lead" in each.mapped and not each.where
        tells_ends |= "deal" in each.mapped and "won" in meant
        named = each.where.get(each.mapped.get("property", ""), ())
        properties |= {squashed(word): word for word in named}
    return Others(has_leads, has_history, has_log, tells_ends, properties)


def beside_deal(
    deal: Draft,
    profiles: Sequence[Profile],
    states: Mapping[str, str],
    found: list[StateWords],
    others: Others,
) -> list[Draft]:
    """What a file of deals says beside: outcomes, leads, contacts, entries and snapshots."""
    drafts: list[Draft] = []
    mapped = deal.mapped
    key = mapped.get("deal", TO_FILL_IN)
    left = [each for each in profiles if each.header not in mapped.values()]
    columns = [each for each in every_beside("state", left) if each.form != "empty"]
    every = [state_words(each, states) for each in columns]
    words = every[0] if every else None
    ended = next((each for each in every if each.among("won") and each.among("lost")), words)
    lead = beside("lead", profiles)
    if words is not None:
        found.append(words)
    elif "is_won" not in mapped and says_won(mapped.get("closed_at", "")):
        deal.constants["is_won"] = "true"
    set_outcomes(deal, ended, left)
    if lead is not None:
        link = Draft("deal_contact", "the deals name their leads")
        link.lines = [_again("deal", key), _again("lead", lead.header)]
        drafts.append(link)
    elif not others.has_leads and "created_at" in mapped:
        own = Draft("lead", "no file holds leads, so every deal stands for one")
        own.where_present = ("created_at",)
        names = ("account", "created_at", "is_deleted")
        own.lines = [_again("lead", key), _again("deal", key)]
        own.lines += [_again(name, mapped[name]) for name in names if name in mapped]
        drafts.append(own)
    closed = mapped.get("closed_at")
    if closed is not None and not others.tells_ends:
        entry = Draft("stage_event", "a closed deal has entered its last stage")
        entry.where_present = ("entered_at",)
        entry.lines = [_again("deal", key)]
        if lead is not None or not others.has_leads:
            entry.lines.append(_again("lead", lead.header if lead is not None else key))
        entry.lines.append(_again("entered_at", closed))
        entry.constants["provenance"] = "date_field"
        if set_end(entry, deal, ended, profiles):
            drafts.append(entry)
    if words is not None:
        snapshot = _snapshot(deal, "deal", words, profiles)
        if closed is not None and "closed_at" in deal.only_if:
            snapshot.lines.append(_again("closed_at", closed))
            snapshot.only_if["closed_at"] = deal.only_if["closed_at"]
        drafts.append(snapshot)
    for each in drafts:
        set_conditions(each, profiles)
    return drafts


def stage_dates(name: str, profiles: Sequence[Profile]) -> list[str]:
    """A question, where columns of leads say when each entered a stage: `Became a Lead Date`."""
    dated = [
        each.header
        for each in profiles
        if each.form in ("date", "instant", "epoch")
        and squashed(each.header.removeprefix("property_")).startswith(_STAGE_DATES)
    ]
    if not dated:
        return []
    named = ", ".join(f"'{header}'" for header in dated)
    return [
        f"{name}: {named} seem to say when a lead entered a "
        "stage. Write a rule for stage_event for each, with the column as entered_at and the stage "
        "as the constant state; without them these entries, wins among them, are not loaded."
    ]


def beside_lead(
    lead: Draft,
    profiles: Sequence[Profile],
    states: Mapping[str, str],
    found: list[StateWords],
    others: Others,
) -> list[Draft]:
    """What a file of leads says beside: today's stage, the lifecycle's before the status's."""
    if others.has_log:
        return []
    headers = [lead.mapped.get("state", "")]
    stages = [each for each in every_beside("lifecycle", profiles) if each.form != "empty"]
    stage = next((each for each in stages if "lifecycle" in each.header.casefold()), None)
    if stage is None:
        stage = next((each for each in profiles if each.header in headers), None)
    if stage is None:
        return []
    words = state_words(stage, states)
    if all(each.header != words.header for each in found):
        found.append(words)
    snapshot = _snapshot(lead, "lead", words, profiles)
    header = squashed(stage.header.removeprefix("property_"))
    if header in others.properties:
        snapshot.constants["property"] = others.properties[header]
    set_conditions(snapshot, profiles)
    return [snapshot]


def merged(main: Draft, profiles: Sequence[Profile]) -> list[Draft]:
    """Contacts that were merged into another one, where it lists them."""
    ids = beside("merged", profiles)
    key = main.mapped.get(main.table)
    if ids is None or ids.form == "empty" or key is None:
        return []
    draft = Draft("contact", "each lists the contacts that were merged into it")
    draft.where_present = ("contact",)
    draft.lines = [
        Line("contact", ids.header, ids.described, way="split"),
        _again("merged_into", key),
    ]
    return [draft]


def beside_touch(touch: Draft, profiles: Sequence[Profile]) -> list[Draft]:
    """The channel of visits: source and medium together, and "(direct)" where there is neither."""
    mapped = touch.mapped
    if "channel" in mapped or not {"source", "medium"} <= mapped.keys():
        return []
    source, medium = mapped["source"], mapped["medium"]
    is_always = next(each for each in profiles if each.header == source)
    direct = replace(touch, reason="visits that nothing brought", questions=[])
    direct.lines = [each for each in touch.lines if each.name not in ("source", "medium")]
    direct.constants = {
        **touch.constants,
        "channel": "(direct) / (none)",
        "source": "(direct)",
        "medium": "(none)",
    }
    direct.where = {**touch.where, source: ("",)}
    touch.lines.append(
        Line("channel", source, "source and medium together", way="join", others=(medium,))
    )
    if is_always.filled == is_always.records:
        return []
    touch.where_not = {**touch.where_not, source: ("",)}
    return [direct]


def _snapshot(main: Draft, of: str, words: StateWords, profiles: Sequence[Profile]) -> Draft:
    """Two dated exports of a file show what a history lacks; what one has is not told twice."""
    draft = Draft("snapshot", "two exports of different days show what changed between them")
    draft.lines = [_again(of, main.mapped.get(of, TO_FILL_IN)), _again("state", words.header)]
    changed = beside("changed_at", profiles)
    if changed is not None and changed.form in ("date", "instant", "epoch"):
        draft.lines.append(_again("changed_at", changed.header))
    draft.values["state"] = dict(words.meant)
    state = next(each for each in profiles if each.header == words.header)
    if state.filled < state.records:
        draft.where_present = ("state",)
    if words.unknown:
        draft.in_doubt = unexplained(words)
    return draft


def _again(name: str, header: str) -> Line:
    return Line(name, header, "as above")
