"""The rules that one export is proposed to have: its own table's and those that follow from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from funnel_analytics.errors import counted
from funnel_analytics.sources.proposing.conditions import by_kind, set_conditions
from funnel_analytics.sources.proposing.following import (
    Others,
    beside_deal,
    beside_lead,
    beside_touch,
    merged,
    stage_dates,
)
from funnel_analytics.sources.proposing.looking import Look
from funnel_analytics.sources.proposing.mapping import (
    Match,
    TableFit,
    known_words,
    named_so,
    vocabulary,
)
from funnel_analytics.sources.proposing.outcomes import deal_questions
from funnel_analytics.sources.proposing.profiles import Profile, squashed
from funnel_analytics.sources.proposing.rules import TO_FILL_IN, Draft, Line, StateWords
from funnel_analytics.sources.proposing.words import state_words, unexplained

__all__ = ["drafts_of"]

_COUNTED = ("lead", "deal", "stage_event", "contact", "deal_contact")
_STRICT = {("handover", "kind"), ("stage_event", "status"), ("lead", "status")}
_MEANT = {("stage_event", "from_stage")}


def drafts_of(
    look: Look, *, states: Mapping[str, str], others: Others, platform: str
) -> tuple[list[Draft], list[StateWords]]:
    """The rules for one file, and the states found in it.

    `platform` is the advertising platform whose export it is known to be, if any.
    """
    fit = look.fit
    if fit is None:
        return [], []
    name, profiles = look.sample.name, look.profiles
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
    _with_fallbacks(main, profiles)
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
    fallbacks = {line.name for line in main.lines if line.others}
    main.where_present = tuple(
        match.name
        for match in fit.matches.values()
        if match.profile.filled < match.profile.records
        and (filled := fit.table.column(match.name)) is not None
        and filled.required
        and match.name not in fallbacks
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
    set_conditions(main, profiles, is_history=fit.table.name == "stage_event")
    match fit.table.name:
        case "deal":
            drafts += beside_deal(main, profiles, states, found, others)
            main.questions += deal_questions(name, main, profiles, found)
        case "lead":
            if "contact" not in main.mapped and look.is_contacts:
                main.lines.append(Line("contact", main.mapped["lead"], "the contact is the lead"))
            if not others.has_history:
                main.questions += stage_dates(name, profiles)
            drafts += [*beside_lead(main, profiles, states, found, others), *merged(main, profiles)]
        case "contact":
            drafts += merged(main, profiles)
        case "stage_event":
            _history(look, main)
        case "activity":
            drafts += by_kind(main, profiles)
        case "touch":
            drafts += beside_touch(main, profiles)
        case "spend":
            _channel_of_spend(name, main, platform)
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
    if (name == "state" and draft.table != "stage_label") or place in _STRICT or place in _MEANT:
        known = vocabulary(*place) if name == "kind" else states
        words = state_words(profile, known)
        if name == "state":
            found.append(words)
        if words.unknown:
            if place == ("stage_event", "state"):
                draft.questions.append(
                    f"{file}: '{profile.header}' has {unexplained(words)}. Say under includes or "
                    "[statuses] of the agreement what they mean."
                )
            else:
                doubt = doubt or unexplained(words)
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
    if place == ("spend", "amount") and squashed(profile.header).endswith("micros"):
        draft.scale[name] = 1e-6
    draft.lines.append(Line(name, profile.header, match.evidence, doubt))


def _with_fallbacks(draft: Draft, profiles: Sequence[Profile]) -> None:
    """Where a column holds nothing, another one stands in for it, record by record."""
    gaps = {each.header for each in profiles if each.filled < each.records}
    taken = {line.header for line in draft.lines if not line.doubt}
    left = [each for each in profiles if each.header not in taken and each.form != "empty"]
    for place, line in enumerate(draft.lines):
        names = known_words("fallbacks", draft.table, line.name) or []
        others = named_so(names, left)
        if line.doubt or line.header not in gaps or not others:
            continue
        draft.lines[place] = replace(line, way="first_of", others=(others[0].header,))
        known = vocabulary(draft.table, line.name)
        meant = {word: known[squashed(word)] for word in others[0].words if squashed(word) in known}
        if meant:
            draft.values[line.name] = {**meant, **draft.values.get(line.name, {})}


def _history(look: Look, main: Draft) -> None:
    """A history of several fields holds stages only where it speaks of the stage."""
    main.constants["provenance"] = "history"
    state = look.fit.matches.get("state") if look.fit is not None else None
    has_gaps = state is not None and state.profile.filled < state.profile.records
    if has_gaps and "state" in main.mapped and "status" not in main.mapped:
        main.where_present = (*main.where_present, "state")
    if look.stage_field is None:
        return
    header, fields = look.stage_field
    main.where[header] = fields
    if len(fields) > 1:
        main.lines.append(Line("property", header, "the field that a record is about"))
    if fields == (TO_FILL_IN,):
        main.questions = [
            f"{look.sample.name}: which value of '{header}' speaks of the stage? Write it under "
            f"[files.where] instead of '{TO_FILL_IN}'; other rows are no entries into a stage."
        ]


def _channel_of_spend(name: str, main: Draft, platform: str) -> None:
    """Money belongs to a channel; an export of one platform does not name it."""
    if "channel" in main.mapped:
        return
    main.lines = [line for line in main.lines if line.name != "channel"]
    if platform:
        main.constants["channel"] = platform
        return
    main.questions.append(
        f"{name}: on which channel was the money spent? Write channel under [files.constants], or "
        "the column that says so."
    )
