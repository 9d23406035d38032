"""Loads one export file into the canonical tables, every row accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import FunnelError, SourceError, listed
from funnel_analytics.periods import to_utc
from funnel_analytics.privacy import Key
from funnel_analytics.sources.columns import Parsed
from funnel_analytics.sources.detecting import detect_forms
from funnel_analytics.sources.grammar import FileRule
from funnel_analytics.sources.headers import Binding, Rules, bind
from funnel_analytics.sources.parsing import Parser
from funnel_analytics.sources.preset import Preset
from funnel_analytics.sources.reading import CleanCopy, Layout, Member, read_member
from funnel_analytics.sources.recording import (
    Counts,
    quarantine,
    refuse_too_many,
    tally_columns,
    write_columns,
    write_log,
)
from funnel_analytics.sources.sealing import seal
from funnel_analytics.sources.totals import find_totals, stage_totals, write_totals
from funnel_analytics.warehouse import Connection, statement

__all__ = ["Export", "Staged", "layout_of", "stage_member"]

_SEALED = ("account", "person", "lead", "contact", "deal")


@dataclass(frozen=True)
class Export:
    """One file to be loaded by one rule, under its number in the load log."""

    path: Path
    rule: FileRule
    preset: Preset
    sha256: str
    load_no: int
    date_formats: tuple[str, ...] = ()
    inner: str = ""
    exported_at: datetime | None = None

    @property
    def member(self) -> Member:
        """The file, or the file `inner` of the archive `path`."""
        return Member(self.path, self.inner)

    @property
    def file(self) -> str:
        """How the load log and messages name the file."""
        return self.member.name

    @property
    def worded_formats(self) -> str:
        """The dates' forms as they were stated; what was detected is in `load_columns`."""
        return ", ".join(self.date_formats) or "detected"


@dataclass(frozen=True)
class Staged:
    """What was found in a file: `stated_at` is the instant (UTC) at which it says it was made."""

    member: Member
    load_nos: tuple[int, ...]
    stated_at: datetime | None
    encoding: str
    delimiter: str
    kind: str
    columns: tuple[str, ...]
    ignored: tuple[str, ...]


def layout_of(rule: FileRule) -> Layout:
    """How the files of a rule are laid out."""
    return Layout(
        delimiters=rule.delimiter,
        encodings=rule.encoding,
        skip_rows=rule.skip_rows,
        header_within=rule.header_within,
        totals=rule.totals,
        stated_at=rule.stated_at,
        sheet=rule.sheet,
        records=rule.records,
    )


def stage_member(
    connection: Connection,
    member: Member,
    exports: Sequence[Export],
    *,
    scratch: Path,
    agreement: Agreement,
    key: Key | None,
) -> Staged:
    """Read a file once and fill the table of every rule; write their lines in the load log.

    Parameters
    ----------
    exports
        The rules that take the file. Those that state the same layout share one reading.
    scratch
        A place for the copy that the engine reads; it is removed again.
    key
        Needed where ids are to be pseudonyms, and where addresses or domains are mapped.

    Raises
    ------
    SourceError
        The file cannot be read as the preset says, lacks a column, has dates or numbers of which
        the form cannot be told, or has more faulty rows than the agreement allows. All problems of
        all rules are in the message.
    """
    groups: dict[Layout, list[Export]] = {}
    for export in exports:
        groups.setdefault(layout_of(export.rule), []).append(export)
    copies = [
        _stage_alike(connection, member, layout, alike, scratch, agreement, key)
        for layout, alike in groups.items()
    ]
    stated = next((each.stated_at for each in copies if each.stated_at is not None), None)
    if stated is not None:
        fits = (each for each in exports if bind(each.rule, copies[0].every_column).fits)
        said = next(fits, exports[0])
        stated = to_utc(stated, said.preset.zone(said.rule, agreed=agreement.timezone))
    first = copies[0]
    kept = {name for each in copies for name in each.header}
    return Staged(
        member=member,
        load_nos=tuple(export.load_no for export in exports),
        stated_at=stated,
        encoding=first.encoding,
        delimiter=first.delimiter,
        kind=first.kind,
        columns=tuple(name for name in first.every_column if name in kept),
        ignored=tuple(name for name in first.every_column if name not in kept),
    )


def _stage_alike(
    connection: Connection,
    member: Member,
    layout: Layout,
    exports: Sequence[Export],
    scratch: Path,
    agreement: Agreement,
    key: Key | None,
) -> CleanCopy:
    wants = Rules([export.rule for export in exports], key)
    try:
        copy = read_member(member, scratch, layout=layout, wants=wants, connection=connection)
        bindings = [bind(export.rule, copy.every_column) for export in exports]
        problems = [
            problem for binding in bindings if not binding.is_absent for problem in binding.problems
        ]
        if problems:
            raise SourceError(
                listed(f"{member.name}: {problem}" for problem in dict.fromkeys(problems))
                + f"\n  The file has: {', '.join(copy.every_column)}."
            )
        if copy.read == len(copy.totals):
            raise SourceError(f"{member.name} has a header and no rows. Export it again.")
        _copy_in(connection, scratch, copy)
    finally:
        scratch.unlink(missing_ok=True)
    faults = []
    for export, binding in zip(exports, bindings, strict=True):
        rule = _Rule(connection, export, binding, copy, agreement, key)
        try:
            rule.load()
        except FunnelError as error:
            faults.append(str(error).removeprefix("- "))
        connection.execute("drop table if exists parsed")
    connection.execute("drop table staged")
    if faults:
        raise SourceError(listed(dict.fromkeys(faults)))
    return copy


def _copy_in(connection: Connection, scratch: Path, copy: CleanCopy) -> None:
    """Read the clean copy back as text, with its line numbers, and count it."""
    columns = {"line": "BIGINT"} | {f"f{no}": "VARCHAR" for no in range(len(copy.header))}
    connection.execute(
        statement("sources/stage_file"),
        {"path": str(scratch), "columns": columns, "never": "\x01"},
    )
    ((staged,),) = connection.execute("select count(*) from staged").fetchall()
    if staged != copy.records:
        raise SourceError(
            f"The copy of {copy.records} records came back as {staged}. Nothing was loaded; "
            "please report this file's shape."
        )
    stage_totals(connection, copy)


@dataclass
class _Rule:
    """One rule at work on a file that has been staged."""

    connection: Connection
    export: Export
    binding: Binding
    copy: CleanCopy
    agreement: Agreement
    key: Key | None

    def load(self) -> None:
        """Parse, quarantine, insert, count and log."""
        if self.binding.is_absent:
            others = self.copy.records
            self._log(Counts(len(self.copy.rejected), 0, others, 0, 0, others, 0))
            return
        parser = self._parser()
        totals = find_totals(self.connection, parser)
        parsed = self._parse(parser)
        rule = self.export.rule
        tallies = tally_columns(self.connection, parsed)
        quarantine(self.connection, self._place, parsed, parser, rule, self.copy, tallies)
        counts = self._insert(parsed, totals)
        self._insert_attributes(parsed)
        self._write_meanings()
        self._seal(parsed)
        write_columns(self.connection, self.export.load_no, rule.table, parsed, tallies)
        write_totals(self.connection, self.export.load_no, parsed, parser)
        self._log(counts)
        refuse_too_many(
            self.connection,
            self._place,
            counts,
            allowed=self.agreement.loading.max_quarantined_share,
        )

    @property
    def _place(self) -> dict[str, object]:
        """Where a fault was found, as the quarantine has it."""
        return {
            "load_no": self.export.load_no,
            "file": self.export.file,
            "table_name": self.export.rule.table,
        }

    def _parser(self) -> Parser:
        export, privacy = self.export, self.agreement.privacy
        return Parser(
            rule=export.rule,
            system=export.preset.system,
            zone=export.preset.zone(export.rule, agreed=self.agreement.timezone),
            day_zone=self.agreement.timezone,
            binding=self.binding,
            header=self.copy.header,
            key=self.key if privacy.ids == "pseudonym" else None,
            has_types=self.copy.kind != "csv",
            drops_personal=privacy.personal == "drop",
            web_user_ids=self.agreement.identity.web_user_ids,
        )

    def _parse(self, parser: Parser) -> list[Parsed]:
        """Create the table `parsed`: per column its clean text `c…` and its value `v…`."""
        rule = self.export.rule
        texts = parser.texts()
        forms, problems = detect_forms(
            self.connection, rule, parser, texts, given=self.export.date_formats
        )
        if problems:
            raise SourceError(listed(f"{self.export.file}, {problem}" for problem in problems))
        parsed = [parser.parsed(text, forms.get(text.number), texts) for text in texts]
        text = statement(
            "sources/parse_file",
            parsed=parsed,
            kept=parser.kept(),
            present=parser.present(texts),
            one_of=one_of(rule, parsed),
            split=parser.split(),
        )
        self.connection.execute(text, parser.used(text) or None)
        return parsed

    def _insert(self, parsed: Sequence[Parsed], totals: int) -> Counts:
        table = self.export.rule.canonical
        targets, sources = [], []
        for each in parsed:
            if each.text.is_attribute:
                continue
            targets.append(each.column.name)
            sources.append(f"v{each.number}")
            if each.is_day and each.column.kind == "timestamp":
                targets.append(f"{each.column.name}_is_day")
                sources.append(f"d{each.number}")
        text = statement(
            "sources/insert_rows",
            table=table.name,
            targets=targets,
            sources=sources,
            alike=[*sources, *(f"v{each.number}" for each in parsed if each.text.is_attribute)],
            collapses=table.collapses(targets),
        )
        given = {"load_no": self.export.load_no}
        self.connection.execute(text, given)
        counted = self.connection.execute(
            statement("sources/count_parsed", table=table.name), given
        )
        ((rows, kept, good, loaded, values),) = counted.fetchall()
        return Counts(
            rejected=len(self.copy.rejected),
            total=len(self.copy.totals) + totals,
            rows=rows - totals,
            loaded=loaded,
            duplicate=good - loaded,
            other=rows - totals - kept,
            values=values,
            lost=kept - good,
        )

    def _insert_attributes(self, parsed: Sequence[Parsed]) -> None:
        """Store the free attributes of the leads just loaded, one row each."""
        for each in parsed:
            if each.text.is_attribute:
                self.connection.execute(
                    statement("sources/insert_attributes", number=each.number),
                    {"attribute": each.column.name, "load_no": self.export.load_no},
                )

    def _write_meanings(self) -> None:
        """Keep what the preset says of the system's states; the agreement may know better."""
        states = self.export.rule.values.get("state")
        if states:
            self.connection.execute(
                statement("sources/write_meanings"),
                {
                    "load_no": self.export.load_no,
                    "states": list(states),
                    "meanings": list(states.values()),
                },
            )

    def _seal(self, parsed: Sequence[Parsed]) -> None:
        """Keep the raw ids behind the pseudonyms under seal, for the owner of the key."""
        table = self.export.rule.canonical
        if self.key is None or self.agreement.privacy.ids != "pseudonym":
            return
        for each in parsed:
            if table.name in _SEALED and each.column.name in table.key:
                text = statement("sources/raw_ids", raw=each.raw, number=each.number)
                ids = (raw for (raw,) in self.connection.execute(text).fetchall())
                seal(self.connection, self.key, self.export.preset.system, ids)

    def _log(self, counts: Counts) -> None:
        write_log(
            self.connection,
            {
                **self._place,
                "sha256": self.export.sha256,
                "system": self.export.preset.system,
                "pattern": self.export.rule.pattern,
                "part": self.export.rule.part,
                "preset": self.export.preset.name,
                "preset_sha256": self.export.preset.sha256,
                "encoding": self.copy.encoding,
                "delimiter": self.copy.delimiter,
                "date_format": self.export.worded_formats,
                "exported_at": self.export.exported_at,
            },
            counts,
        )


def one_of(rule: FileRule, parsed: Sequence[Parsed]) -> list[int]:
    """The columns of which a row needs at least one."""
    return [each.number for each in parsed if each.column.name in rule.canonical.one_of]
