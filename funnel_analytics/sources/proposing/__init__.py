"""Proposes a preset from the exports themselves: their headers, and how their values look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError, listed
from funnel_analytics.sources.preset import parse_preset
from funnel_analytics.sources.proposing.drafts import drafts_of
from funnel_analytics.sources.proposing.following import Others, told_by
from funnel_analytics.sources.proposing.looking import Look, labelled, look, with_leads
from funnel_analytics.sources.proposing.mapping import TableFit, is_personal
from funnel_analytics.sources.proposing.profiles import Profile
from funnel_analytics.sources.proposing.readings import reading_of
from funnel_analytics.sources.proposing.rules import TO_FILL_IN, Draft, StateWords
from funnel_analytics.sources.proposing.sampling import Sample, samples_of
from funnel_analytics.sources.proposing.shipped import known_exports, platform_of
from funnel_analytics.sources.proposing.words import known_states
from funnel_analytics.sources.proposing.writing import FileDraft, Reading, preset_text

__all__ = ["Proposal", "ProposedColumn", "propose"]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DAY_IN_NAME = re.compile(r"(?<!\d)(20\d{2}-?[01]\d-?[0-3]\d|20\d{2}-[01]\d)(?!\d)")


@dataclass(frozen=True)
class ProposedColumn:
    """One column of one export: what it is proposed to fill, why, and the shape of its values.

    `fills` is a canonical column such as `lead.created_at`, `"?"` before it where it is not sure,
    or nothing. `shape` shows no value: letters are `a`, digits are `9`.
    """

    file: str
    column: str
    fills: str
    evidence: str
    shape: str


@dataclass(frozen=True)
class Proposal:
    """A proposed preset: its text, its columns one by one, and what is left to fill in.

    `known` says which files are exports that a shipped preset is made for; it comes first.
    `unread` says which files of a folder are no exports, and why.
    """

    text: str
    columns: tuple[ProposedColumn, ...]
    questions: tuple[str, ...]
    unread: tuple[str, ...] = ()
    known: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Can the preset be loaded as it stands?"""
        return not self.questions

    def __str__(self) -> str:
        """The columns as a table for the terminal, a block per file."""
        lines: list[str] = []
        for file in dict.fromkeys(each.file for each in self.columns):
            rows = [("column", "fills", "shape", "evidence")]
            rows += [
                (_short(each.column), each.fills, each.shape, each.evidence)
                for each in self.columns
                if each.file == file
            ]
            widths = [max(len(row[place]) for row in rows) for place in range(3)]
            lines.append(_short(file, most=80))
            for row in rows:
                parts = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
                lines.append(f"  {'  '.join([*parts, row[3]])}".rstrip())
            lines.append("")
        return "\n".join(lines).rstrip()


def propose(
    files: Iterable[str | Path],
    *,
    name: str = "own",
    timezone: str = "UTC",
    agreement: Agreement | None = None,
) -> Proposal:
    """Which preset would load these exports?

    Looks at the header and the first 1,000 records of every file (of every file in a folder or zip
    archive) and compares names and values, German and English, with the canonical tables. Names of
    people, telephone numbers and free notes are never proposed; e-mail addresses only where they
    are hashed. Nothing of the exports is written except headers and the words of columns that hold
    stages and statuses.

    Parameters
    ----------
    name
        The name of the preset and the prefix of its ids: lower case, digits, underscores.
    timezone
        The zone of times without an offset; the preset says that it is to be checked.
    agreement
        Whose stages the words of the exports are compared with, if there is one already.

    Returns
    -------
    Proposal
        `text` is the preset, with the evidence beside every line. It loads as it stands where
        `questions` is empty; each question says what to fill in.

    Raises
    ------
    CallError
        There is no file, one cannot be read, or `name` is no name for a preset.
    SourceError
        A file is empty, encrypted, damaged or no table.
    """
    if not _NAME.fullmatch(name):
        raise CallError(
            f"'{name}' cannot be the name of a preset: take lower case letters, digits and "
            "underscores, with a letter first."
        )
    samples: list[Sample] = []
    unread: list[str] = []
    for path in files:
        sampled, others = samples_of(Path(path))
        samples += sampled
        unread += others
    if not samples:
        said = f" Not read:\n{listed(unread)}" if unread else ""
        raise CallError(f"There is no export to look at: name one or more files.{said}")
    looks = with_leads([look(sample) for sample in samples])
    proposed = _proposed(looks, labelled(looks, known_states(agreement)))
    written: list[FileDraft] = []
    columns: list[ProposedColumn] = []
    questions: list[str] = []
    patterns = _patterns([sample.name for sample in samples])
    for each, (drafts, found) in zip(looks, proposed, strict=True):
        name_of = each.sample.name
        if each.fit is None:
            file = FileDraft(name_of, Reading(name_of), (), ())
        else:
            reading, asked = reading_of(each.sample, patterns[name_of], each.fit, each.profiles)
            questions += [*asked, *(one for draft in drafts for one in draft.questions)]
            mentioned = {header for draft in drafts for header in draft.headers}
            left = tuple(
                (one.header, _why_left(one, each.fit))
                for one in each.profiles
                if one.header not in mentioned
            )
            file = FileDraft(name_of, reading, tuple(drafts), left, tuple(found))
        columns += [_column(name_of, one, drafts, each.fit) for one in each.profiles]
        if not any(_alike(file, other) for other in written):
            written.append(file)
    if not any(file.drafts for file in written):
        questions.append(
            "No file fits a table. Write the [[files]] yourself; docs/sources.md shows how."
        )
    drafts = [draft for file in written for draft in file.drafts]
    if drafts and not questions and all(draft.in_doubt for draft in drafts):
        questions.append('Every rule is in doubt: take the "#" away from those that are right.')
    questions += [*_unlinked(drafts), *_contacts_beside(looks, drafts)]
    known = known_exports((sample.name, sample.header) for sample in samples)
    text = preset_text(
        written, name=name, timezone=timezone, questions=questions, known=known, unread=unread
    )
    if any(not draft.in_doubt for draft in drafts):
        parse_preset(text, name=f"proposed for {name}")  # must hold; else the proposal is wrong
    return Proposal(text, tuple(columns), tuple(questions), tuple(unread), tuple(known))


def _unlinked(drafts: Sequence[Draft]) -> list[str]:
    """Without a link between leads and deals, no lead is ever won."""
    sure = [draft for draft in drafts if not draft.in_doubt]
    tables = {draft.table for draft in sure}
    is_linked = "deal_contact" in tables or any(
        {"lead", "deal"} <= draft.mapped.keys() for draft in sure
    )
    if is_linked or not {"lead", "deal"} <= tables:
        return []
    return [
        "Nothing links the deals with the leads: which column of the leads is lead.deal, or which "
        "of the deals names its lead? Write it, or a rule for the table deal_contact."
    ]


def _contacts_beside(looks: Sequence[Look], drafts: Iterable[Draft]) -> list[str]:
    """Contacts that may be the leads, where deals stand for leads because no file holds any."""
    if not any(draft.table == "lead" and "deal" in draft.mapped for draft in drafts):
        return []
    if any(each.table == "lead" for each in looks):
        return []
    return [
        f"{each.sample.name}: no file holds leads, so every deal would stand for one. Are these "
        'contacts the leads? Then write table = "lead", with lead.lead and lead.created_at, and '
        "take the deals' own rule for leads away; else load the export of the leads, too."
        for each in looks
        if each.table == "contact"
    ]


def _proposed(
    looks: Sequence[Look], states: Mapping[str, str]
) -> list[tuple[list[Draft], list[StateWords]]]:
    """The rules of every export; histories first, for what they tell need not be told again."""
    others = Others(has_leads=any(each.table == "lead" for each in looks))

    def rules(each: Look) -> tuple[list[Draft], list[StateWords]]:
        platform = platform_of(each.sample.name, each.sample.header)
        return drafts_of(each, states=states, others=others, platform=platform)

    histories = [rules(each)[0] for each in looks if each.table == "stage_event"]
    told = [draft for drafts in histories for draft in drafts]
    others = told_by(told, has_leads=others.has_leads)
    return [rules(each) for each in looks]


def _patterns(names: Sequence[str]) -> dict[str, str]:
    """Name patterns that next month's export fits too: the day in a name may be any."""
    patterns = {}
    for name in names:
        own = re.sub(r"([*?\[])", r"[\1]", name.rpartition("/")[2])
        patterns[name] = _DAY_IN_NAME.sub("*", own)
    return patterns


def _alike(file: FileDraft, other: FileDraft) -> bool:
    """Would two files be written as the same rules?"""
    return (
        bool(file.drafts)
        and file.reading.pattern == other.reading.pattern
        and [(draft.table, draft.mapped) for draft in file.drafts]
        == [(draft.table, draft.mapped) for draft in other.drafts]
    )


def _why_left(each: Profile, fit: TableFit) -> str:
    if is_personal(each, fit.table.name):
        return "names or reaches a person; never loaded"
    if each.form == "word" and fit.table.name == "lead":
        return f"{each.described}; a free attribute? Then a line under [files.attributes]"
    return each.described


def _column(
    file: str, each: Profile, drafts: Iterable[Draft], fit: TableFit | None
) -> ProposedColumn:
    """What the table for the terminal says of one column."""
    lines = [
        (f"{'?' if line.doubt or draft.in_doubt else ''}{draft.table}.{line.name}", line)
        for draft in drafts
        for line in draft.lines
        if line.header == each.header and line.header != TO_FILL_IN
    ]
    evidence = lines[0][1].evidence if lines else each.described
    if not lines and fit is not None:
        evidence = _why_left(each, fit)
    fills = ", ".join(dict.fromkeys(fill for fill, _ in lines))
    return ProposedColumn(file, each.header, fills, evidence, each.shape)


def _short(text: str, *, most: int = 32) -> str:
    """A text on one line of the terminal, without control characters."""
    plain = "".join(character for character in text if character.isprintable())
    return plain if len(plain) <= most else f"{plain[: most - 1]}…"
