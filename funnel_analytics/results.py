"""What every metric returns: a table that knows what it means and where it came from."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import (
    CallError,
    MissingRuleError,
    MissingTableError,
    ThinDataError,
    did_you_mean,
)
from funnel_analytics.escaping import inert_cell, one_line
from funnel_analytics.sheets import write_answer

__all__ = ["MIME", "Missing", "Note", "Query", "Result", "Source", "available", "plain"]

MIME = "application/vnd.funnel-analytics.result+json"
_ROWS_SHOWN = 40
_MILLION = 1e6
_SAVED_AS = (".xlsx", ".csv", ".json")


@dataclass(frozen=True)
class Query:
    """One query as it ran: its name, its text, the values it was given and its count of rows."""

    name: str
    sql: str
    parameters: Mapping[str, Any]
    rows: int


@dataclass(frozen=True)
class Source:
    """Where a table comes from: the queries, the loads behind them and the versions used."""

    queries: tuple[Query, ...] = ()
    loads: Mapping[str, int] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """The text of every query, in the order they ran."""
        return "\n\n".join(query.sql for query in self.queries)


@dataclass(frozen=True)
class Note:
    """Something counted beside the table, such as leads left out; worded by its `code`."""

    code: str
    values: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Result:
    """The answer of one metric.

    `table` and `parts` hand out copies, so nobody can change a number after it was computed.
    """

    metric: str
    grain: str
    units: Mapping[str, str]
    definition: str
    parameters: Mapping[str, Any]
    as_of: datetime
    agreement: Agreement
    source: Source
    _table: pd.DataFrame = field(repr=False)
    _parts: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False)
    notes: tuple[Note, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """The answer, one row per `grain`."""
        return self._table.copy()

    @property
    def sql(self) -> str:
        """The text of the queries that the numbers come from."""
        return self.source.sql

    def part(self, name: str) -> pd.DataFrame:
        """A further table of the answer, such as the curve behind a median."""
        if name not in self._parts:
            raise CallError(
                f"The result of {self.metric} has no part '{name}'; it has "
                f"{', '.join(sorted(self._parts)) or 'none'}.{did_you_mean(name, self._parts)}"
            )
        return self._parts[name].copy()

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the further tables."""
        return tuple(self._parts)

    def note(self, code: str) -> Mapping[str, Any]:
        """The values of a note, empty if the note was not made."""
        return next((note.values for note in self.notes if note.code == code), {})

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain values, ready for JSON."""
        return {
            "metric": self.metric,
            "grain": self.grain,
            "units": dict(self.units),
            "definition": self.definition,
            "as_of": plain(self.as_of),
            "parameters": {name: plain(value) for name, value in self.parameters.items()},
            "rows": _records(self._table),
        }

    def to_json(self) -> str:
        """The answer as JSON text; missing numbers are null."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)

    def to_csv(self, *, part: str | None = None) -> str:
        """The table, or a part, as CSV; what a spreadsheet would compute is kept text by `'`.

        Numbers stay numbers, negative ones too; missing values are empty.
        """
        table = self._table if part is None else self.part(part)
        return str(_with_texts(table, inert_cell).to_csv(index=False))

    def save(self, path: Path | str) -> Path:
        """Write the answer with its definition, parameters, as-of and source; says where.

        The suffix says how: `.xlsx` (the table, a sheet `definition`, a sheet for each part),
        `.csv` (lines that begin with `#` before the table; no parts) or `.json` (all of it). What
        a spreadsheet would compute stays text. A file that is there is replaced, whole.

        Raises
        ------
        CallError
            Another suffix, or the file cannot be written.
        """
        file = Path(path)
        kind = file.suffix.lower()
        if kind not in _SAVED_AS:
            raise CallError(
                f"A result is saved as {', '.join(_SAVED_AS)}, by the suffix; "
                f"'{file.name}' has {file.suffix or 'none'}."
            )
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            # Beside its place, so that moving the finished file is one step of the file system.
            with TemporaryDirectory(dir=file.parent, prefix=".saving-") as folder:
                scratch = Path(folder) / f"result{kind}"
                if kind == ".xlsx":
                    write_answer(scratch, record=self.record(), described=self._described())
                elif kind == ".csv":
                    # The mark lets spreadsheets read umlauts; pandas passes over it.
                    scratch.write_text(self._commented_csv(), encoding="utf-8-sig", newline="")
                else:
                    text = json.dumps(self.record(), ensure_ascii=False, allow_nan=False, indent=2)
                    scratch.write_text(text + "\n", encoding="utf-8", newline="")
                scratch.replace(file)
        except OSError as error:
            raise CallError(f"{file} cannot be written: {error.strerror or error}.") from error
        return file

    def _described(self) -> list[tuple[str, Any]]:
        """What the table means and where it comes from, as names and values."""
        record = self.record()
        return [
            *((name, record[name]) for name in ("metric", "grain", "definition")),
            ("as_of (UTC)", record["as_of"]),
            ("agreement", self.agreement.company),
            *((f"parameter {name}", value) for name, value in record["parameters"].items()),
            *((f"note {each.pop('code')}", each) for each in record["notes"]),
            *((f"unit of {name}", unit) for name, unit in record["units"].items()),
            *((f"rows loaded into {name}", rows) for name, rows in record["loads"].items()),
            *((f"version of {name}", text) for name, text in record["versions"].items()),
            *(
                (f"query {each['name']} ({each['rows']} rows)", each["sql"])
                for each in record["queries"]
            ),
        ]

    def _commented_csv(self) -> str:
        """The table as CSV below lines that say what it is; the text of queries is left out."""
        head = io.StringIO()
        writer = csv.writer(head, lineterminator="\n")
        for name, value in self._described():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            cells = [] if name.startswith("query ") else ["" if value is None else shown]
            writer.writerow(
                [one_line(f"# {name}"), *(inert_cell(one_line(each)) for each in cells)]
            )
        return head.getvalue() + self.to_csv()

    def printed(self, *, part: str | None = None, rest: str | None = None) -> str:
        """The first rows of the table, or of a part, as text; `rest` says where the others are."""
        what = self.grain if part is None else f"part {part}"
        head = f"{self.metric}: {what}, as of {self.as_of:%Y-%m-%d %H:%M} UTC"
        table = self._table if part is None else self.part(part)
        rows = _with_texts(table.head(_ROWS_SHOWN), one_line)
        shown = rows.to_string(index=False, max_colwidth=40, formatters=_written_out(rows))
        more = len(table) - _ROWS_SHOWN
        where = rest or (".table" if part is None else f".part({part!r})")
        tail = f"\n… and {more} more rows in {where}" if more > 0 else ""
        return f"{head}\n{shown}{tail}"

    def __str__(self) -> str:
        return self.printed()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self._table.head(_ROWS_SHOWN).to_html(index=False, escape=True, na_rep="–")
        more = len(self._table) - _ROWS_SHOWN
        tail = f"<p>… and {more} more rows in <code>.table</code></p>" if more > 0 else ""
        return (
            f"<p><b>{escape(self.metric)}</b>: {escape(self.grain)}. {escape(self.definition)}</p>"
            f"{shown}{tail}"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/plain": str(self), "text/html": self._repr_html_(), MIME: self.record()}

    def record(self) -> dict[str, Any]:
        """The answer with its parts and its source: what a report keeps beside its pages."""
        return self.to_dict() | {
            "parts": {name: _records(part) for name, part in self._parts.items()},
            "notes": [
                {"code": note.code, **{k: plain(v) for k, v in note.values.items()}}
                for note in self.notes
            ],
            "queries": [
                {
                    "name": query.name,
                    "sql": query.sql,
                    "parameters": {k: plain(v) for k, v in query.parameters.items()},
                    "rows": query.rows,
                }
                for query in self.source.queries
            ],
            "loads": dict(self.source.loads),
            "versions": dict(self.source.versions),
        }


@dataclass(frozen=True, eq=False)
class Missing:
    """Stands where a metric cannot be computed: a table was never loaded, or no row states its
    `column`, or the agreement lacks the `section`, which then stands in place of a table; or the
    data are too thin, for the `reason`, with the `facts` that tell of it."""

    metric: str
    table: str
    message: str
    agreement: Agreement
    column: str | None = None
    section: str | None = None
    reason: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.message)}</p>"


def available(metric: Callable[..., Result], warehouse: Any, **arguments: Any) -> Result | Missing:
    """The metric's result, or a `Missing`: what has to be exported or agreed on, or is too thin.

    Use it in reports that go on without a section; call the metric itself to get the error.
    """
    try:
        return metric(warehouse, **arguments)
    except MissingTableError as error:
        return Missing(
            metric.__name__, error.table, str(error), warehouse.agreement, column=error.column
        )
    except MissingRuleError as error:
        return Missing(metric.__name__, "", str(error), warehouse.agreement, section=error.section)
    except ThinDataError as error:
        return Missing(
            metric.__name__,
            "",
            str(error),
            warehouse.agreement,
            reason=error.reason,
            facts=error.facts,
        )


def plain(value: Any) -> Any:
    """A value as JSON knows it: missing is None, dates and instants are ISO text."""
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        midnight = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (str, int, bool)):
        return value
    return str(value)


def _with_texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """A copy whose texts, headers included, went through `change`."""
    changed = table.copy()
    for name, column in table.items():
        if any(isinstance(value, str) for value in column):
            texts = [change(value) if isinstance(value, str) else value for value in column]
            changed[name] = pd.Series(texts, index=table.index, dtype=object)
    return changed.rename(columns=change)


def _written_out(table: pd.DataFrame) -> dict[str, Callable[[float], str]]:
    """How columns with millions are printed: in digits, not as `1.6e+06`."""
    floats = table.select_dtypes("float")
    return {
        str(name): lambda value: "NaN" if math.isnan(value) else f"{value:.2f}"
        for name in floats.columns[floats.abs().max() >= _MILLION]
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {name: plain(value) for name, value in zip(table.columns, row, strict=True)}
        for row in table.itertuples(index=False, name=None)
    ]
