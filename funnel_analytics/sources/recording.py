"""Writes down what came of a file: the load log, its columns and its quarantine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from funnel_analytics.errors import SourceError, counted, listed
from funnel_analytics.sources.columns import KNOWN_WORDS, Parsed
from funnel_analytics.sources.grammar import FileRule
from funnel_analytics.sources.headers import HASHED_KINDS
from funnel_analytics.sources.parsing import Parser
from funnel_analytics.sources.reading import CleanCopy
from funnel_analytics.warehouse import Connection, statement

__all__ = [
    "Counts",
    "Tally",
    "quarantine",
    "refuse_too_many",
    "tally_columns",
    "write_columns",
    "write_log",
]

_SHOWN = 5


@dataclass(frozen=True)
class Counts:
    """What became of a file's records under one rule; `rows` were read well enough to parse."""

    rejected: int
    total: int
    rows: int
    loaded: int
    duplicate: int
    other: int
    values: int
    lost: int = 0

    @property
    def read(self) -> int:
        """Every record of the file."""
        return self.rejected + self.total + self.rows

    @property
    def quarantined(self) -> int:
        """The records that are lost."""
        return self.rejected + self.lost


@dataclass(frozen=True)
class Tally:
    """A column of a file: its texts, those that give no value, and the records without a text."""

    texts: int
    faults: int
    absent: int


def tally_columns(connection: Connection, parsed: Sequence[Parsed]) -> dict[int, Tally]:
    """What each column of the parsed file holds, by the column's number."""
    rows = connection.execute(statement("sources/column_counts", parsed=parsed)).fetchall()
    return {number: Tally(*counts) for number, *counts in rows}


def quarantine(
    connection: Connection,
    place: Mapping[str, Any],
    parsed: Sequence[Parsed],
    parser: Parser,
    rule: FileRule,
    copy: CleanCopy,
    tallies: Mapping[int, Tally],
) -> None:
    """Keep every record that cannot be read and every value that is not loaded."""
    if copy.rejected:
        rejected = pd.DataFrame([(each.line, each.reason) for each in copy.rejected])
        connection.register("rejected", rejected.set_axis(["line", "reason"], axis=1))
        connection.execute(statement("sources/quarantine_records"), dict(place))
        connection.unregister("rejected")
    for each in parsed:
        tally = tallies[each.number]
        if not tally.faults and not (each.column.required and tally.absent):
            continue
        text = statement(
            "sources/quarantine_values",
            number=each.number,
            readable=each.readable,
            is_hashed=each.column.kind in HASHED_KINDS,
        )
        given = {
            **place,
            "column_name": each.text.header,
            "reason": each.reason,
            "refused": each.refused,
            "is_required": each.column.required,
            "known": list(KNOWN_WORDS),
            "is_number": each.column.kind in ("number", "integer"),
        }
        if each.column.kind in HASHED_KINDS:
            del given["known"], given["is_number"]
        connection.execute(text, {**parser.used(text), **given})
    needed = [each for each in parsed if each.column.name in rule.canonical.one_of]
    if needed:
        connection.execute(
            statement("sources/quarantine_alone", one_of=[each.number for each in needed]),
            {
                **place,
                "column_name": " / ".join(each.text.header for each in needed),
                "reason": f"has no {' and no '.join(each.column.name for each in needed)}",
            },
        )


def write_columns(
    connection: Connection,
    load_no: int,
    table: str,
    parsed: Sequence[Parsed],
    tallies: Mapping[int, Tally],
) -> None:
    """Keep how each column was read, and how many of its values could not be."""
    found = pd.DataFrame(
        [
            (
                each.column.name,
                each.text.header,
                each.form,
                each.is_detected,
                tallies[each.number].texts,
                tallies[each.number].faults,
            )
            for each in parsed
        ],
        columns=[
            "column_name",
            "header",
            "form",
            "is_detected",
            "values_read",
            "values_quarantined",
        ],
    )
    connection.register("given_columns", found)
    connection.execute(
        statement("sources/write_columns"), {"load_no": load_no, "table_name": table}
    )
    connection.unregister("given_columns")


def write_log(connection: Connection, values: Mapping[str, Any], counts: Counts) -> None:
    """Write a load's line in the log, after its rows have added up.

    Raises
    ------
    SourceError
        They do not: a fault of this package that must not be passed over.
    """
    sums = (counts.loaded, counts.quarantined, counts.duplicate, counts.other, counts.total)
    if counts.read != sum(sums) or min(sums) < 0:
        raise SourceError(
            f"{values['file']}: {counts.read} rows were read, but {counts.loaded} loaded, "
            f"{counts.quarantined} quarantined, {counts.duplicate} duplicate, {counts.other} for "
            f"other tables and {counts.total} of totals do not add up. Nothing was loaded."
        )
    connection.execute(
        statement("sources/write_log"),
        {
            **values,
            "rows_read": counts.read,
            "rows_loaded": counts.loaded,
            "rows_quarantined": counts.quarantined,
            "rows_duplicate": counts.duplicate,
            "rows_other": counts.other,
            "rows_total": counts.total,
            "values_quarantined": counts.values,
        },
    )


def refuse_too_many(
    connection: Connection, place: Mapping[str, Any], counts: Counts, *, allowed: float
) -> None:
    """Refuse a file with more faults than the agreement allows; the first of them are shown."""
    faulty = counts.quarantined + counts.values
    if faulty <= allowed * counts.read:
        return
    found = connection.execute(
        statement("sources/faults_of_load"), {"load_no": place["load_no"], "most": _SHOWN}
    ).fetchall()
    examples = listed(
        f"line {line}"
        + (f", column '{column}'" if column else "")
        + (f": '{value}' {reason}" if column and value is not None else f" {reason}")
        for line, column, value, reason in found
    )
    raise SourceError(
        f"{place['file']}: {counted(faulty, 'fault')} in {counted(counts.read, 'row')}, "
        f"more than the {allowed:.1%} that the agreement allows (loading.max_quarantined_share). "
        f"First:\n{examples}"
    )
