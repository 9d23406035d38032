"""Builds the tables of a new warehouse: canonical ones empty, marts from what was loaded."""

from __future__ import annotations

from datetime import datetime
from importlib import metadata

from funnel_analytics.agreement import Agreement
from funnel_analytics.schema import TABLES, Kind, Table
from funnel_analytics.warehouse.connection import Connection, quoted, version
from funnel_analytics.warehouse.queries import load_query

__all__ = ["MARTS", "SQL_TYPES", "build_marts", "create_tables", "store_info", "table_columns"]

SQL_TYPES: dict[Kind, str] = {
    "id": "varchar",
    "text": "varchar",
    "timestamp": "timestamp",
    "date": "date",
    "number": "double",
    "integer": "bigint",
    "boolean": "boolean",
}
MARTS = (
    "survivors",
    "leads",
    "stage_entries",
    "closures",
    "lead_progress",
    "lead_attributes",
    "attributes",
    "contacts",
    "handovers",
    "deal_leads",
    "deal_people",
    "won_deals",
    "targets",
    "table_counts",
)
_LOG = (
    ("load_no", "integer"),
    ("file", "varchar"),
    ("sha256", "varchar"),
    ("system", "varchar"),
    ("pattern", "varchar"),
    ("preset", "varchar"),
    ("preset_sha256", "varchar"),
    ("table_name", "varchar"),
    ("encoding", "varchar"),
    ("delimiter", "varchar"),
    ("date_format", "varchar"),
    ("rows_read", "bigint"),
    ("rows_loaded", "bigint"),
    ("rows_quarantined", "bigint"),
    ("rows_duplicate", "bigint"),
    ("rows_other", "bigint"),
    ("values_quarantined", "bigint"),
)
_QUARANTINE = (
    ("load_no", "integer"),
    ("file", "varchar"),
    ("line", "bigint"),
    ("table_name", "varchar"),
    ("column_name", "varchar"),
    ("value", "varchar"),
    ("reason", "varchar"),
    ("is_row_lost", "boolean"),
)


def table_columns(table: Table) -> list[tuple[str, str]]:
    """The columns of a canonical table as stored: its own, each instant's precision, its origin."""
    columns = []
    for column in table.columns:
        columns.append((column.name, SQL_TYPES[column.kind]))
        if column.kind == "timestamp":
            columns.append((f"{column.name}_is_day", "boolean"))
    return [*columns, ("load_no", "integer"), ("source_row", "bigint")]


def create_tables(connection: Connection) -> None:
    """Create every canonical table, the load log and the quarantine, all empty."""
    for table in TABLES.values():
        _create(connection, table.name, table_columns(table))
    _create(connection, "load_log", list(_LOG))
    _create(connection, "quarantine", list(_QUARANTINE))
    _create(connection, "warehouse_info", [("key", "varchar"), ("value", "varchar")])


def store_info(
    connection: Connection, *, agreement: Agreement, as_of: datetime, as_of_source: str
) -> None:
    """Keep what every reader needs: the agreement, `as_of` and the versions that built the file."""
    connection.execute("delete from warehouse_info")
    connection.executemany(
        "insert into warehouse_info values (?, ?)",
        [
            ("agreement", agreement.text),
            ("as_of", as_of.isoformat()),
            ("as_of_source", as_of_source),
            ("duckdb", version()),
            ("funnel_analytics", metadata.version("funnel-analytics")),
        ],
    )


def build_marts(connection: Connection, *, agreement: Agreement, as_of: datetime) -> None:
    """Compute the marts from the canonical tables; each `.sql` file creates its own table."""
    values = {
        "timezone": agreement.timezone,
        "as_of": as_of,
        "stage_names": list(agreement.stage_names),
        "currency": agreement.currency,
    }
    for mart in MARTS:
        query = load_query(f"marts/{mart}", len(agreement.stages))
        connection.execute(query.text, {name: values[name] for name in query.parameters} or None)


def _create(connection: Connection, name: str, columns: list[tuple[str, str]]) -> None:
    body = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns)
    connection.execute("create table " + quoted(name) + " (" + body + ")")
