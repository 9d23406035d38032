"""What the words of a CRM mean: its states as stages and statuses of the agreement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from funnel_analytics.agreement import STATUSES, Agreement
from funnel_analytics.errors import counted, did_you_mean
from funnel_analytics.warehouse import Connection, statement

__all__ = ["Meaning", "StateWords", "resolve_states", "unset_derived"]

# The tables with a state, and the columns that it decides.
_DECIDED: Mapping[str, tuple[str, ...]] = {
    "stage_event": ("stage", "status"),
    "lead": ("status",),
}
_SHOWN = 10
_LISTED = 40
# What a system's own list of the stages of deals is called.
_LABELS = {
    "sf": "OpportunityStage (ApiName, MasterLabel, IsClosed, IsWon)",
    "hs": "the pipeline stages as deal_pipeline_stage (stage_id, label, is_closed, closed_won)",
}


@dataclass(frozen=True)
class Meaning:
    """A stage, a status, or both where the stage is the won one."""

    stage: str | None
    status: str | None


@dataclass(frozen=True)
class StateLabel:
    """What a CRM says of a stage of its own pipeline."""

    label: str | None
    is_won: bool | None
    is_closed: bool | None


class StateWords:
    """Resolves words: the agreement first, then the preset, then the CRM's own labels."""

    def __init__(
        self,
        agreement: Agreement,
        presets: Mapping[tuple[str, str], str],
        labels: Mapping[tuple[str, str], StateLabel],
    ) -> None:
        self._stages = {name.casefold(): name for name in agreement.stage_names}
        self._won = next((stage.name for stage in agreement.stages if stage.is_won), None)
        self._agreed: dict[str, Meaning] = {}
        for name in (*STATUSES, *agreement.stage_names):
            self._agreed[name.casefold()] = self._known(name)
        for status, words in agreement.statuses.items():
            for word in words:
                self._agreed[_plain(word)] = self._known(status)
        for stage in agreement.stages:
            for word in stage.includes:
                self._agreed[_plain(word)] = self._known(stage.name)
        self._presets = {(system, _plain(word)): to for (system, word), to in presets.items()}
        self._labels = {(system, _plain(word)): to for (system, word), to in labels.items()}

    def meaning(self, system: str, word: str) -> Meaning | None:
        """What a word of a system means, or nothing if nobody said."""
        found = self._said(system, word)
        label = self._labels.get((system, _plain(word)))
        if found is not None or label is None:
            return found
        if label.label is not None and (named := self._said(system, label.label)) is not None:
            return named
        if label.is_won:
            return self._known("won")
        return self._known("lost") if label.is_closed else None

    def target(self, system: str, word: str) -> str | None:
        """What the preset makes of a word, whether or not the agreement knows that."""
        return self._presets.get((system, _plain(word)))

    def label(self, system: str, word: str) -> str | None:
        """What people call a stage of a system's pipeline."""
        found = self._labels.get((system, _plain(word)))
        return found.label if found else None

    def has_labels(self, system: str) -> bool:
        """Did a system say what its stages are called?"""
        return any(each == system for each, _ in self._labels)

    @property
    def known(self) -> tuple[str, ...]:
        """Every word that the agreement explains."""
        return tuple(self._agreed)

    def _said(self, system: str, word: str) -> Meaning | None:
        agreed = self._agreed.get(_plain(word))
        if agreed is not None:
            return agreed
        target = self._presets.get((system, _plain(word)))
        return None if target is None else self._agreed_target(target)

    def _agreed_target(self, target: str) -> Meaning | None:
        is_known = target.casefold() in self._stages or target in STATUSES
        return self._known(target) if is_known else None

    def _known(self, name: str) -> Meaning:
        """An agreed stage or status; the won stage and the status won go together."""
        stage = self._stages.get(name.casefold())
        if stage is None and name == "won":
            stage = self._won
        if stage is None:
            return Meaning(None, name)
        return Meaning(stage, "won" if stage == self._won else None)


def unset_derived(connection: Connection) -> None:
    """Take out what earlier builds derived: the meanings of states and the entries of snapshots."""
    connection.execute(statement("sources/unset_derived"))
    for table, columns in _DECIDED.items():
        connection.execute(statement("sources/unset_meaning", table=table, columns=columns))


def resolve_states(connection: Connection, agreement: Agreement) -> list[str]:
    """Write what every state means beside it, and leave the temporary table `resolved`.

    Returns
    -------
    list of str
        Every word that nobody agreed on, with its files, lines, counts and advice; the last is
        what to write into the agreement.
    """
    words = _words(connection, agreement)
    used = connection.execute(statement("sources/state_words")).fetchall()
    _store(connection, ((system, word, words.meaning(system, word)) for system, word in used))
    for table, columns in _DECIDED.items():
        connection.execute(statement("sources/set_meaning", table=table, columns=columns))
    unknown: dict[tuple[str, str], list[_Use]] = {}
    for file, system, word, *told in connection.execute(
        statement("sources/unknown_states")
    ).fetchall():
        unknown.setdefault((system, word), []).append(_Use(file, *told))
    files: dict[str, list[str]] = {}
    for (system, word), uses in unknown.items():
        files.setdefault(uses[0].file, []).append(_unknown(words, system, word, uses))
    problems = []
    for file, texts in files.items():
        problems += texts[:_SHOWN]
        if len(texts) > _SHOWN:
            more = counted(len(texts) - _SHOWN, "further state")
            problems.append(f"{file}: {more} without an agreed meaning.")
    return [*problems, *_labels_wanted(words, unknown), *_to_agree(agreement, unknown)]


def _words(connection: Connection, agreement: Agreement) -> StateWords:
    meanings = connection.execute(statement("sources/state_meanings")).fetchall()
    labels = connection.execute(statement("sources/state_labels")).fetchall()
    return StateWords(
        agreement,
        {(system, word): meaning for system, word, meaning in meanings},
        {
            (system, state.removeprefix(f"{system}:")): StateLabel(label, is_won, is_closed)
            for system, state, label, is_won, is_closed in labels
        },
    )


def _store(connection: Connection, resolved: Iterable[tuple[str, str, Meaning | None]]) -> None:
    nothing = Meaning(None, None)
    rows = [
        (system, word, (meaning or nothing).stage, (meaning or nothing).status)
        for system, word, meaning in resolved
    ]
    frame = pd.DataFrame(rows, columns=["system", "state", "stage", "status"], dtype="str")
    connection.register("given", frame)
    connection.execute(statement("sources/resolved_states"))
    connection.unregister("given")


@dataclass(frozen=True)
class _Use:
    """Where one file has an unknown word."""

    file: str
    count: int
    line: int
    tables: list[str]
    is_of_deal: bool

    @property
    def shown(self) -> str:
        tables = ", ".join(self.tables)
        return f"in {counted(self.count, 'row')} (first: line {self.line}; {tables})"


def _unknown(words: StateWords, system: str, word: str, uses: Sequence[_Use]) -> str:
    target = words.target(system, word)
    label = words.label(system, word)
    called = f" (called '{label}')" if label and label != word else ""
    said = f" The preset takes it for '{target}', which is no agreed stage." if target else ""
    more = "".join(f", {use.file} {use.shown}" for use in uses[1:])
    return (
        f"{uses[0].file}: the state '{word}'{called} {uses[0].shown}{more} is not agreed."
        f"{did_you_mean(word, words.known)}{said}"
    )


def _labels_wanted(
    words: StateWords, unknown: Mapping[tuple[str, str], Sequence[_Use]]
) -> list[str]:
    """Systems whose own list of stages would say more, if it was not loaded."""
    systems = dict.fromkeys(
        system
        for (system, _), uses in unknown.items()
        if any(use.is_of_deal for use in uses) and not words.has_labels(system)
    )
    return [
        f"Stages of deals can be explained by the system itself, too: export {_LABELS[system]} and "
        "load it with the others; it says which stages are won and which lost."
        for system in systems
        if system in _LABELS
    ]


def _to_agree(agreement: Agreement, unknown: Mapping[tuple[str, str], object]) -> list[str]:
    """The words as TOML, to be sorted into the agreement."""
    every = list(dict.fromkeys(word for _, word in unknown))
    if not every:
        return []
    shown = [f"    {json.dumps(word, ensure_ascii=False)}," for word in every[:_LISTED]]
    if len(every) > _LISTED:
        shown.append(f"    # and {len(every) - _LISTED} more")
    lines = [
        "Add each word to the `includes` of a stage, or to [statuses], of the agreement:",
        "",
        f"[[stages]]  # one of {', '.join(agreement.stage_names)}",
        "includes = [",
        *shown,
        "]",
        "",
        "[statuses]  # or here",
        *(f"{status} = []" for status in STATUSES if status not in ("open", "won")),
        "",
    ]
    return ["\n".join(lines)]


def _plain(word: str) -> str:
    return " ".join(word.split()).casefold()
