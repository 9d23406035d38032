"""An open warehouse: runs the queries of `sql/` for one agreement and one `as_of`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pandas as pd

from funnel_analytics.agreement import Agreement, load_agreement, parse_agreement
from funnel_analytics.errors import CallError, DataError, MissingTableError, did_you_mean
from funnel_analytics.periods import Period, span, to_local
from funnel_analytics.results import Note, Query, Result, Source
from funnel_analytics.schema import TABLES
from funnel_analytics.warehouse.agreed import register_agreement
from funnel_analytics.warehouse.connection import (
    Connection,
    EngineError,
    MissingInFile,
    connect,
    version,
)
from funnel_analytics.warehouse.pairs import allow_pairs, make_pair
from funnel_analytics.warehouse.queries import checked_parameters, load_query
from funnel_analytics.warehouse.recorded import Recorded

__all__ = ["Answer", "Warehouse", "open_warehouse"]


_USUAL_ATTRIBUTES = {
    "origin": "lead",
    "channel": "lead",
    "campaign": "lead",
    "priority": "lead",
    "segment": "account",
    "industry": "account",
    "country": "account",
    "region": "account",
}


@dataclass(frozen=True, eq=False)
class Answer:
    """What one query returned, with its text and values."""

    query: Query
    _table: pd.DataFrame = field(repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """The rows, as a copy."""
        return self._table.copy()


class Warehouse:
    """Reads one DuckDB file, read-only, through the agreement that both departments signed.

    `as_of` is the instant the data describe (naive UTC), taken from the loads. Use it as a context
    manager or call `close()`; several readers do not disturb each other.
    """

    def __init__(self, path: Path, connection: Connection, agreement: Agreement) -> None:
        self.path = path
        self.agreement = agreement
        self._connection = connection
        info = dict(connection.execute("select key, value from warehouse_info").fetchall())
        self.as_of = datetime.fromisoformat(info["as_of"])
        self.as_of_source = info["as_of_source"]
        register_agreement(connection, agreement, self.as_of)
        allow_pairs(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        counts = self.query("warehouse/table_rows").table
        rows = ", ".join(f"{row.table_name} {row.row_count}" for row in counts.itertuples())
        return (
            f"Warehouse {self.path.name}: {self.agreement.company}, as of "
            f"{to_local(self.as_of, self.timezone):%Y-%m-%d %H:%M} ({self.timezone})\nrows: {rows}"
        )

    @property
    def timezone(self) -> str:
        """The agreement's time zone."""
        return self.agreement.timezone

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def query(self, name: str, /, **parameters: Any) -> Answer:
        """Run `sql/<name>.sql` with values by name.

        Raises
        ------
        QueryError
            The values are not the ones that the file's header lists.
        DataError
            Another version of the package built the file: a table or column is not there.
        """
        query = load_query(name, len(self.agreement.stages))
        values = checked_parameters(query, parameters)
        try:
            table = self._connection.execute(query.text, values or None).df()
        except MissingInFile as error:
            raise _other_version(self.path, error) from error
        return Answer(Query(name, query.text, values, len(table)), table)

    def has(self, table: str) -> bool:
        """Does a canonical table hold any row?"""
        if table not in TABLES:
            raise CallError(f"There is no table '{table}'.{did_you_mean(table, TABLES)}")
        counts = self.query("warehouse/table_rows").table
        return bool((counts["table_name"] == table).any())

    def require(self, *tables: str, metric: str) -> None:
        """Raise a `MissingTableError` naming the first table that a metric lacks."""
        for table in tables:
            if not self.has(table):
                raise MissingTableError(
                    f"{metric} needs the table '{table}', and nothing was loaded into it. "
                    f"{TABLES[table].how_to_get}",
                    table=table,
                )

    def attributes(self) -> tuple[str, ...]:
        """The attributes that leads can be split by."""
        return tuple(self.query("warehouse/attributes").table["attribute"])

    def attribute(self, by: str | None) -> str | None:
        """`by` itself, after checking that the leads have such an attribute.

        Raises
        ------
        MissingTableError
            A usual attribute, such as the origin, for which no lead has a value.
        CallError
            No such attribute.
        """
        known = self.attributes()
        if by in known or by is None:
            return by
        if by in _USUAL_ATTRIBUTES:
            table = _USUAL_ATTRIBUTES[by]
            raise MissingTableError(
                f"No lead has a value for '{by}'. {TABLES[table].how_to_get} "
                f"Map the column to {table}.{by} in the preset.",
                table=table,
            )
        raise CallError(
            f"Leads have no attribute '{by}'.{did_you_mean(by, known)} Known: {', '.join(known)}."
        )

    def pair(self, first: str, second: str) -> str:
        """The name of an attribute that holds two others, each value a JSON list of both.

        Raises
        ------
        CallError, MissingTableError
            As for `attribute`, or both are the same.
        """
        self.attribute(first)
        self.attribute(second)
        if first == second:
            raise CallError(f"A pair needs two attributes; '{first}' is given twice.")
        return make_pair(self._connection, first, second, stages=len(self.agreement.stages))

    def bounds(self, period: Period) -> tuple[datetime, datetime]:
        """First instant in and after a period, in UTC; refuses one that lies after `as_of`."""
        start, end = period.bounds(self.timezone)
        if start >= self.as_of:
            local = to_local(self.as_of, self.timezone)
            raise CallError(
                f"{period.label} had not begun when the data were exported "
                f"(as of {local:%Y-%m-%d %H:%M}). Load a newer export or choose an earlier period."
            )
        return start, end

    def everything(self) -> Period:
        """The days from the first loaded lead, counted or not, to the last one before `as_of`."""
        row = self.query("warehouse/first_lead", timezone=self.timezone).table.iloc[0]
        if not row["leads"]:
            raise DataError("The warehouse has no leads. Load an export with at least one lead.")
        first = row["first_created_on"].date()
        last = to_local(self.as_of - timedelta(microseconds=1), self.timezone).date()
        return span(first, max(first, last) + timedelta(days=1))

    @cached_property
    def recorded(self) -> Recorded:
        """The days that the data tell of."""
        firsts = self.query("warehouse/first_days", timezone=self.timezone).table
        days = firsts.dropna().set_index("table_name")["first_on"].map(lambda day: day.date())
        told = [days[each] for each in ("lead", "stage_event", "deal") if each in days.index]
        last = self.query(
            "warehouse/last_record", as_of=self.as_of, timezone=self.timezone
        ).table.iloc[0]
        return Recorded(
            first_lead_on=days.get("lead"),
            first_on=min(told, default=None),
            last_on=None if pd.isna(last["last_on"]) else last["last_on"].date(),
            empty_months=int(last["empty_months"]),
        )

    def loads(self) -> pd.DataFrame:
        """One row per loaded file and table: rows read, loaded, quarantined, left aside."""
        return self.query("warehouse/loads").table

    def result(
        self,
        metric: str,
        *,
        grain: str,
        units: Mapping[str, str],
        definition: str,
        answers: Sequence[Answer],
        table: pd.DataFrame,
        parameters: Mapping[str, Any],
        parts: Mapping[str, pd.DataFrame] | None = None,
        notes: Sequence[Note] = (),
    ) -> Result:
        """Bind a metric's table to its meaning, queries, loads and versions.

        Notes say first what of the days asked for the data do not tell of.
        """
        loads = self.loads()
        return Result(
            metric=metric,
            grain=grain,
            units=units,
            definition=definition,
            parameters=parameters,
            as_of=self.as_of,
            agreement=self.agreement,
            source=Source(
                queries=tuple(answer.query for answer in answers),
                loads={
                    f"{file} → {table_name}": int(rows)
                    for file, table_name, rows in zip(
                        loads["file"], loads["table_name"], loads["rows_loaded"], strict=True
                    )
                },
                versions={
                    "funnel_analytics": metadata.version("funnel-analytics"),
                    "duckdb": version(),
                    "agreement": self.agreement.sha256[:12],
                },
            ),
            _table=table.reset_index(drop=True),
            _parts=dict(parts or {}),
            notes=(*self.recorded.notes(parameters), *notes),
        )


def open_warehouse(
    path: Path | str, *, agreement: Agreement | Path | str | None = None
) -> Warehouse:
    """Open a warehouse that `funnel load` built, to read from it.

    Parameters
    ----------
    path
        The DuckDB file.
    agreement
        An agreement, or the path or shipped name of one. Without it (or with an empty text), the
        agreement that the data were loaded with. Deadlines, channels and labels may differ from
        the loaded one; stages, time zone and currency may not, since the tables depend on them.

    Raises
    ------
    CallError
        No such file, or the agreement's stages or time zone are not those of the load.
    DataError
        The file is no warehouse, or another version of the package built it.
    """
    file = Path(path)
    connection = connect(file, read_only=True)
    try:
        stored = _stored_agreement(file, connection)
        if agreement is None or agreement == "":
            chosen = stored
        elif isinstance(agreement, Agreement):
            chosen = agreement
        else:
            chosen = load_agreement(agreement)
        _same_shape(file, stored, chosen)
        return _opened(file, connection, chosen)
    except BaseException:
        connection.close()
        raise


def _opened(file: Path, connection: Connection, agreement: Agreement) -> Warehouse:
    try:
        return Warehouse(file, connection, agreement)
    except EngineError as error:
        raise _other_version(file, error) from error


def _other_version(file: Path, error: EngineError) -> DataError:
    return DataError(
        f"{file} cannot be read: {str(error).splitlines()[0]}. It is damaged, or another "
        "version of funnel_analytics built it: move it away and load the exports again."
    )


def _stored_agreement(file: Path, connection: Connection) -> Agreement:
    try:
        rows = connection.execute(
            "select value from warehouse_info where key = 'agreement'"
        ).fetchall()
    except EngineError as error:
        raise DataError(
            f"{file} is a DuckDB file but no warehouse of funnel_analytics. "
            f"Build one with: funnel load … --db FILE"
        ) from error
    if not rows:
        raise DataError(f"{file} holds no agreement; build it again with: funnel load …")
    return parse_agreement(rows[0][0], name=f"the agreement in {file.name}")


def _same_shape(file: Path, stored: Agreement, chosen: Agreement) -> None:
    for what, was, now in (
        ("stages", stored.stage_names, chosen.stage_names),
        ("time zone", stored.timezone, chosen.timezone),
        ("currency", stored.currency, chosen.currency),
    ):
        if was != now:
            raise CallError(
                f"{file.name} was loaded with the {what} {_shown(was)}; the agreement says "
                f"{_shown(now)}. Load the exports again with --agreement."
            )


def _shown(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
