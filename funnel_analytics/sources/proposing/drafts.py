"""The rules that one export is proposed to have: its own table's and those that follow from it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from funnel_analytics.agreement import STATUSES, Agreement
from funnel_analytics.errors import counted
from funnel_analytics.sources.proposing.mapping import (
    Match,
    TableFit,
    beside,
    every_beside,
    state_targets,
    vocabulary,
)
from funnel_analytics.sources.proposing.outcomes import (
    deal_questions,
    says_won,
    set_end,
    set_outcomes,
)
from funnel_analytics.sources.proposing.profiles import Profile, squashed
from funnel_analytics.sources.proposing.rules import TO_FILL_IN, Draft, Line, StateWords

__all__ = ["drafts_of", "known_states"]

_COUNTED = ("lead", "deal", "stage_event")
_STRICT = {("handover", "kind"), ("stage_event", "status"), ("lead", "status")}
_MEANT = {("stage_event", "from_stage")}


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


def drafts_of(
    name: str,
    fit: TableFit,
    profiles: Sequence[Profile],
    *,
    states: Mapping[str, str],
    has_leads: bool,
    has_history: bool,
) -> tuple[list[Draft], list[StateWords]]:
    """The rules for one file, and the states found in it.

    `has_leads` and `has_history` say whether any of the files holds leads, or entries into stages.
    """
    main = Draft(fit.table.name, _reason(fit))
    found: list[StateWords] = []
    for match in fit.matches.values():
        _add(name, main, match, states, found)
    for lacking in fit.lacking:
        column = lacking.split(" or ")[0]
        main.lines.append(Line(column, TO_FILL_IN, "not found among the columns"))
        main.questions.append(
            f"{name}: which column is {fit.table.name}.{lacking}? Write its header instead of "
            f'"{TO_FILL_IN}".'
        )
    email = main.mapped.get("email")
    has_domain = fit.table.column("domain") is not None and "domain" not in main.mapped
    if email is not None and has_domain:
        main.lines.append(Line("domain", email, "the company's part of the e-mail address"))
    for line in main.lines:
        if line.doubt and (known := fit.table.column(line.name)) and known.required:
            main.in_doubt = f"{line.name}: {line.doubt}"
    if not fit.hint and 2 * len(fit.matches) < len(profiles):
        main.in_doubt = main.in_doubt or (
            f"only {len(fit.matches)} of {counted(len(profiles), 'column')} fit, and the file's "
            "name does not say so"
        )
    if main.in_doubt:
        main.lines = [replace(line, doubt="") for line in main.lines]
    main.where_present = tuple(
        match.name
        for match in fit.matches.values()
        if match.profile.filled < match.profile.records
        and (filled := fit.table.column(match.name)) is not None
        and filled.required
        and filled.kind in ("timestamp", "date", "number")
    )
    drafts = [main]
    if main.in_doubt:
        if fit.table.name in _COUNTED:
            main.questions = [
                f"{name}: does it hold records of {fit.table.name}? {main.in_doubt}. If it does, "
                'take the "#" away from its rule.'
            ]
        return drafts, []
    if fit.table.name == "deal":
        drafts += _beside_deal(main, profiles, states, found, has_leads=has_leads)
        main.questions += deal_questions(name, main, profiles, found)
        if has_history:
            drafts = [each for each in drafts if each.table not in ("snapshot", "stage_event")]
    elif fit.table.name == "lead" and "state" in main.mapped and not has_history:
        drafts.append(_snapshot(main, "lead", main.mapped["state"], profiles))
    elif fit.table.name == "stage_event":
        _history(name, main, profiles, found)
    return drafts, found


def _reason(fit: TableFit) -> str:
    hint = f"the file's name says '{fit.hint}'; " if fit.hint else ""
    return f"{hint}{counted(len(fit.matches), 'column')} found"


def _add(
    file: str, draft: Draft, match: Match, states: Mapping[str, str], found: list[StateWords]
) -> None:
    """Write a column into a draft, with the meanings of its words where it has a vocabulary."""
    profile, name, doubt = match.profile, match.name, match.doubt
    place = (draft.table, name)
    if name == "state" or place in _STRICT or place in _MEANT:
        known = vocabulary(*place) if name == "kind" else states
        words = _words(profile, known)
        if name == "state":
            found.append(words)
        if words.unknown:
            amount = counted(len(words.unknown), "word")
            if place == ("stage_event", "state"):
                draft.questions.append(
                    f"{file}: '{profile.header}' has {amount} that nobody explained; say under "
                    "includes or [statuses] of the agreement what they mean."
                )
            else:
                doubt = doubt or f"{amount} that nobody explained; see the end of this file"
        if words.meant and not doubt:
            draft.values[name] = dict(words.meant)
    elif profile.form in ("word", "boolean"):
        known = vocabulary(*place)
        meant = {word: known[squashed(word)] for word in profile.words if squashed(word) in known}
        changed = {word: ours for word, ours in meant.items() if word != ours}
        if changed and not doubt:
            draft.values[name] = changed
    in_percent = profile.is_above_one or "%" in profile.header
    if place == ("deal", "probability") and in_percent and not doubt:
        draft.scale[name] = 0.01
    draft.lines.append(Line(name, profile.header, match.evidence, doubt))


def _words(profile: Profile, known: Mapping[str, str]) -> StateWords:
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


def _known_as(word: str, known: Mapping[str, str]) -> str:
    """The known word that it is, with or without the pipeline after it: `Closed Won (Sales)`."""
    return next(filter(known.__contains__, map(squashed, (word, word.partition(" (")[0]))), "")


def _beside_deal(
    deal: Draft,
    profiles: Sequence[Profile],
    states: Mapping[str, str],
    found: list[StateWords],
    *,
    has_leads: bool,
) -> list[Draft]:
    """What a file of deals says beside: outcomes, leads, contacts, entries and snapshots."""
    drafts: list[Draft] = []
    mapped = deal.mapped
    key = mapped.get("deal", TO_FILL_IN)
    left = [each for each in profiles if each.header not in mapped.values()]
    every = [_words(each, states) for each in every_beside("state", left) if each.form != "empty"]
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
    elif not has_leads and "created_at" in mapped:
        own = Draft("lead", "no file holds leads, so every deal stands for one")
        own.where_present = ("created_at",)
        own.lines = [_again("lead", key), _again("deal", key)]
        own.lines += [
            _again(name, mapped[name]) for name in ("account", "created_at") if name in mapped
        ]
        drafts.append(own)
    closed = mapped.get("closed_at")
    if closed is not None:
        entry = Draft("stage_event", "a closed deal has entered its last stage")
        entry.where_present = ("entered_at",)
        entry.lines = [_again("deal", key)]
        if lead is not None or not has_leads:
            entry.lines.append(_again("lead", lead.header if lead is not None else key))
        entry.lines.append(_again("entered_at", closed))
        entry.constants["provenance"] = "date_field"
        if set_end(entry, deal, ended, profiles):
            drafts.append(entry)
    if words is not None:
        snapshot = _snapshot(deal, "deal", words.header, profiles)
        snapshot.values["state"] = dict(words.meant)
        if closed is not None and "closed_at" in deal.only_if:
            snapshot.lines.append(_again("closed_at", closed))
            snapshot.only_if["closed_at"] = deal.only_if["closed_at"]
        if words.unknown:
            amount = counted(len(words.unknown), "word")
            snapshot.in_doubt = f"{amount} that nobody explained; see the end of this file"
        drafts.append(snapshot)
    return drafts


def _snapshot(main: Draft, of: str, state: str, profiles: Sequence[Profile]) -> Draft:
    """Two dated exports of a file without a history give one."""
    draft = Draft("snapshot", "two exports of different days show what changed between them")
    draft.lines = [_again(of, main.mapped.get(of, TO_FILL_IN)), _again("state", state)]
    changed = beside("changed_at", profiles)
    if changed is not None and changed.form in ("date", "instant", "epoch"):
        draft.lines.append(_again("changed_at", changed.header))
    if "state" in main.values:
        draft.values["state"] = dict(main.values["state"])
    return draft


def _history(
    name: str, main: Draft, profiles: Sequence[Profile], found: Iterable[StateWords]
) -> None:
    """A history of several fields holds stages only where it speaks of the stage."""
    main.constants["provenance"] = "history"
    changed = beside("field", profiles)
    if changed is None or changed.header in main.mapped.values():
        return
    stages = tuple(
        word
        for word in changed.words
        if squashed(word) in ("status", "stagename", "stage", "lifecyclestage", "dealstage")
    )
    if stages:
        main.where[changed.header] = stages
    else:
        main.questions = [
            f"{name}: which value of '{changed.header}' speaks of the stage? Write it under "
            f"[files.where] instead of '{TO_FILL_IN}'; other rows are no entries into a stage."
        ]
        main.where[changed.header] = (TO_FILL_IN,)


def _again(name: str, header: str) -> Line:
    return Line(name, header, "as above")
