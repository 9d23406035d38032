"""Looks at the first records of every export: its columns and the table that they fill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from funnel_analytics.sources.proposing.mapping import (
    TableFit,
    beside,
    best_fit,
    fit_as,
    known_words,
    named_so,
)
from funnel_analytics.sources.proposing.profiles import Profile, answers, profile, squashed
from funnel_analytics.sources.proposing.rules import NO, TO_FILL_IN, YES, spelled
from funnel_analytics.sources.proposing.sampling import Sample

__all__ = ["Look", "labelled", "look", "with_leads"]


@dataclass(frozen=True)
class Look:
    """One export as it was looked at.

    `stage_field` is the column of a history that says which field a record is about, with the
    fields that speak of the stage; the columns show those records only.
    """

    sample: Sample
    profiles: tuple[Profile, ...]
    fit: TableFit | None
    stage_field: tuple[str, tuple[str, ...]] | None = None

    @property
    def table(self) -> str:
        """The table that the export fills, if any."""
        return self.fit.table.name if self.fit else ""

    @property
    def is_contacts(self) -> bool:
        """Is it a file of contacts, though it may hold the leads?"""
        hints = known_words("tables", "contact", "files")
        return self.fit is not None and self.fit.hint in hints


def look(sample: Sample) -> Look:
    """The columns of one export, and the table that they fill."""
    profiles = _profiles(sample, sample.records)
    fit = best_fit(sample.bare_name, profiles)
    if fit is None or fit.table.name != "stage_event":
        return Look(sample, profiles, fit)
    stage_field = _stage_field(fit, profiles)
    if stage_field is None or stage_field[1] == (TO_FILL_IN,):
        return Look(sample, profiles, fit, stage_field)
    header, fields = stage_field
    place = sample.header.index(header)
    about = [record for record in sample.records if record[place].strip() in fields]
    profiles = tuple(
        old if old.header == header else new
        for old, new in zip(profiles, _profiles(sample, about), strict=True)
    )
    return Look(sample, profiles, best_fit(sample.bare_name, profiles) or fit, stage_field)


def with_leads(looks: Sequence[Look]) -> list[Look]:
    """The same, with contacts as leads where they alone say when and in which stage people came."""
    if any(each.table == "lead" for each in looks):
        return list(looks)
    return [_as_leads(each) if each.table == "contact" else each for each in looks]


def labelled(looks: Iterable[Look], states: Mapping[str, str]) -> dict[str, str]:
    """The known words for a state and those that a CRM's own list of stages explains, squashed."""
    known = dict(states)
    for each in looks:
        if each.fit is None or each.table != "stage_label":
            continue
        places = {
            name: each.sample.header.index(match.profile.header)
            for name, match in each.fit.matches.items()
        }
        for record in each.sample.records:
            stage = squashed(record[places["state"]]) if "state" in places else ""
            label = squashed(record[places["label"]]) if "label" in places else ""
            is_won, is_closed = (
                name in places and answers(record[places[name]], YES)
                for name in ("is_won", "is_closed")
            )
            meant = states.get(label) or ("won" if is_won else "lost" if is_closed else "")
            if stage and meant:
                known.setdefault(stage, meant)
    return known


def _profiles(sample: Sample, records: Sequence[tuple[str, ...]]) -> tuple[Profile, ...]:
    """Every column; which values come again is judged by different records that are in force."""
    profiles = [
        profile(header, [record[place] for record in records])
        for place, header in enumerate(sample.header)
    ]
    flags = named_so(known_words("flags", "current"), profiles)
    counted = dict.fromkeys(records)
    for flag in flags:
        place = sample.header.index(flag.header)
        counted = {
            record: None
            for record in counted
            if not answers(record[place], map(str.casefold, spelled(NO, flag)))
        }
    return tuple(
        replace(each, repeated=profile(each.header, [record[place] for record in counted]).repeated)
        for place, each in enumerate(profiles)
    )


def _stage_field(fit: TableFit, profiles: Sequence[Profile]) -> tuple[str, tuple[str, ...]] | None:
    """The column that says which field changed, and which of its words speak of the stage."""
    state = fit.matches.get("state")
    is_property = state is not None and squashed(state.profile.header) in ("value", "wert")
    changed = beside("field", profiles) or (beside("property", profiles) if is_property else None)
    if changed is None or changed.header in {each.profile.header for each in fit.matches.values()}:
        return None
    stages = {squashed(name) for name in known_words("stage_fields", "names")}
    found = tuple(word for word in changed.words if squashed(word) in stages)
    return changed.header, found or (TO_FILL_IN,)


def _as_leads(contacts: Look) -> Look:
    """Contacts with a creation date and a lifecycle stage or status are the leads."""
    fit = fit_as("lead", "contact", contacts.sample.bare_name, contacts.profiles)
    stage = beside("lifecycle", contacts.profiles) or beside("state", contacts.profiles)
    is_complete = {"lead", "created_at"} <= fit.matches.keys() and stage is not None
    return replace(contacts, fit=fit) if is_complete else contacts
