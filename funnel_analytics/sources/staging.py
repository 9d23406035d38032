"""Loads one export file into one canonical table, every row accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from funnel_analytics.errors import SourceError, counted, listed
from funnel_analytics.schema import TABLES, Table
from funnel_analytics.sources.files import CleanCopy, clean_copy
from funnel_analytics.sources.parsing import Parsed, Parser, match_header
from funnel_analytics.sources.preset import FileRule, Preset
from funnel_analytics.warehouse import Connection, statement

__all__ = ["Export", "load_export"]

_SHOWN = 5


@dataclass(frozen=True)
class Export:
    """One file to be loaded by one rule, under its number in the load log."""

    path: Path
    rule: FileRule
    preset: Preset
    sha256: str
    load_no: int
    date_formats: tuple[str, ...]

    @property
    def worded_formats(self) -> str:
        """The dates' forms as the load log has them."""
        return ", ".join(self.date_formats) or "ISO 8601"


@dataclass(frozen=True)
class _Counts:
    read: int
    loaded: int
    lost: int
    duplicate: int
    other: int
    values: int


def load_export(
    connection: Connection, export: Export, *, scratch: Path, most_quarantined: float
) -> None:
    """Read, parse and insert one file; write its line in the load log and its quarantine.

    Raises
    ------
    SourceError
        The file cannot be read as the preset says, lacks a column, has dates that could be read
        in two ways, or has more faulty rows than the agreement allows.
    """
    copy = clean_copy(
        export.path,
        scratch,
        encoding=export.rule.encoding,
        delimiter=export.rule.delimiter,
        skip_rows=export.rule.skip_rows,
    )
    table = TABLES[export.rule.table]
    found, problems = match_header(export.rule, table, copy.header)
    if problems:
        raise SourceError(
            listed(f"{export.path.name}: {problem}" for problem in problems)
            + f"\n  The file has: {', '.join(copy.header)}."
        )
    if copy.read == 0:
        raise SourceError(f"{export.path.name} has a header and no rows. Export it again.")
    _stage(connection, scratch, copy)
    parser = Parser(
        export.rule,
        export.preset.system,
        export.preset.zone(export.rule),
        export.date_formats,
        copy.header,
    )
    parsed = _parse(connection, parser, table, found)
    _refuse_ambiguous_dates(connection, export, parsed)
    _reject_records(connection, export, copy)
    _quarantine_values(connection, export, parsed)
    counts = _insert(connection, export, table, parsed, copy)
    _insert_attributes(connection, export)
    _log(connection, export, counts)
    faulty = counts.lost + counts.values
    if faulty > most_quarantined * counts.read:
        raise SourceError(_too_many(connection, export, counts, faulty, most_quarantined))
    connection.execute("drop table staged; drop table parsed")


def _stage(connection: Connection, scratch: Path, copy: CleanCopy) -> None:
    """Read the clean copy back as text, with its line numbers."""
    columns = {"line": "BIGINT"} | {f"f{no}": "VARCHAR" for no in range(len(copy.header))}
    connection.execute(
        statement("sources/stage_file"),
        {"path": str(scratch), "columns": columns, "never": "\x01"},
    )


def _parse(
    connection: Connection, parser: Parser, table: Table, found: dict[str, str]
) -> list[Parsed]:
    """Create the table `parsed`: per column its clean text `c…` and its value `v…`."""
    parsed: list[Parsed] = []
    for column in table.columns:
        if column.name in found:
            clean = parser.clean(found[column.name])
        elif column.name in parser.rule.constants:
            clean = parser.constant(column)
        else:
            continue
        number = len(parsed)
        header = found.get(column.name, "a constant")
        text = parser.mapped(column.name, clean)
        value, is_day, reason = parser.value(column.kind, f"c{number}")
        parsed.append(Parsed(number, column, header, text, value, is_day, reason))
    kept = [parser.condition(header) for header in parser.rule.where]
    attributes = [
        parser.mapped(attribute, parser.clean(header))
        for attribute, header in parser.rule.attributes.items()
    ]
    text = statement("sources/parse_file", parsed=parsed, kept=kept, attributes=attributes)
    connection.execute(text, parser.used(text) or None)
    return parsed


def _refuse_ambiguous_dates(connection: Connection, export: Export, parsed: list[Parsed]) -> None:
    """Stop where the day and the month cannot be told apart and nobody said which is which."""
    if export.date_formats:
        return
    problems = []
    for each in parsed:
        if each.column.kind not in ("timestamp", "date"):
            continue
        text = statement("sources/other_dates", number=each.number)
        ((other, both, line, value, total),) = connection.execute(text).fetchall()
        if other:
            problems.append(
                f"{export.path.name}, column '{each.header}': {other} of {total} dates are not "
                f"ISO 8601 (first: line {line}, '{value}'), and {both} of them can be read as "
                "day/month or as month/day. Set date_format for this file in the preset, or pass "
                "--date-format, for example '%d.%m.%Y' or '%m/%d/%Y'."
            )
    if problems:
        raise SourceError(listed(problems))


def _reject_records(connection: Connection, export: Export, copy: CleanCopy) -> None:
    if copy.rejected:
        rejected = pd.DataFrame([(each.line, each.reason) for each in copy.rejected])
        connection.register("rejected", rejected.set_axis(["line", "reason"], axis=1))
        connection.execute(
            statement("sources/quarantine_records"),
            {
                "load_no": export.load_no,
                "file": export.path.name,
                "table_name": export.rule.table,
            },
        )
        connection.unregister("rejected")


def _quarantine_values(connection: Connection, export: Export, parsed: list[Parsed]) -> None:
    """Keep every value that does not parse, whether or not its row is loaded."""
    for each in parsed:
        connection.execute(
            statement("sources/quarantine_values", number=each.number),
            {
                "load_no": export.load_no,
                "file": export.path.name,
                "table_name": export.rule.table,
                "column_name": each.header,
                "reason": each.reason,
                "is_required": each.column.required,
            },
        )


def _insert(
    connection: Connection,
    export: Export,
    table: Table,
    parsed: list[Parsed],
    copy: CleanCopy,
) -> _Counts:
    targets, sources = [], []
    for each in parsed:
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
        alike=[*sources, *(f"a{number}" for number in range(len(export.rule.attributes)))],
        collapses=table.collapses(each.column.name for each in parsed),
    )
    given = {"load_no": export.load_no}
    connection.execute(text, given)
    counted = connection.execute(statement("sources/count_parsed", table=table.name), given)
    ((staged, kept, good, loaded, values),) = counted.fetchall()
    return _Counts(
        read=copy.read,
        loaded=loaded,
        lost=len(copy.rejected) + kept - good,
        duplicate=good - loaded,
        other=staged - kept,
        values=values,
    )


def _insert_attributes(connection: Connection, export: Export) -> None:
    """Store the free attributes of the leads just loaded, one row each."""
    for number, attribute in enumerate(export.rule.attributes):
        connection.execute(
            statement("sources/insert_attributes", number=number),
            {"attribute": attribute, "load_no": export.load_no},
        )


def _log(connection: Connection, export: Export, counts: _Counts) -> None:
    if counts.read != counts.loaded + counts.lost + counts.duplicate + counts.other:
        raise SourceError(
            f"{export.path.name}: {counts.read} rows were read, but {counts.loaded} loaded, "
            f"{counts.lost} quarantined, {counts.duplicate} duplicate and {counts.other} for other "
            "tables do not add up. Nothing was loaded."
        )
    connection.execute(
        statement("sources/write_log"),
        {
            "load_no": export.load_no,
            "file": export.path.name,
            "sha256": export.sha256,
            "system": export.preset.system,
            "pattern": export.rule.pattern,
            "preset": export.preset.name,
            "preset_sha256": export.preset.sha256,
            "table_name": export.rule.table,
            "encoding": export.rule.encoding,
            "delimiter": export.rule.delimiter,
            "date_format": export.worded_formats,
            "rows_read": counts.read,
            "rows_loaded": counts.loaded,
            "rows_quarantined": counts.lost,
            "rows_duplicate": counts.duplicate,
            "rows_other": counts.other,
            "values_quarantined": counts.values,
        },
    )


def _too_many(
    connection: Connection, export: Export, counts: _Counts, faulty: int, allowed: float
) -> str:
    found = connection.execute(
        "select line, column_name, value, reason from quarantine where load_no = $load_no "
        "order by line, column_name limit $most",
        {"load_no": export.load_no, "most": _SHOWN},
    ).fetchall()
    examples = listed(
        f"line {line}"
        + (f", column '{column}'" if column else "")
        + (f": '{value}' {reason}" if column and value is not None else f" {reason}")
        for line, column, value, reason in found
    )
    return (
        f"{export.path.name}: {counted(faulty, 'fault')} in {counted(counts.read, 'row')}, "
        f"more than the {allowed:.1%} that the agreement allows (loading.max_quarantined_share). "
        f"First:\n{examples}"
    )
