"""Builds the tables of a new warehouse: canonical ones empty, marts from what was loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path

from funnel_analytics.agreement import Agreement
from funnel_analytics.schema import TABLES, Kind, Table
from funnel_analytics.warehouse.components import connect_links
from funnel_analytics.warehouse.connection import Connection, quoted, version
from funnel_analytics.warehouse.queries import load_query

__all__ = [
    "MARTS",
    "RECORDS",
    "SQL_TYPES",
    "bound_memory",
    "build_marts",
    "create_tables",
    "store_info",
    "table_columns",
]

SQL_TYPES: dict[Kind, str] = {
    "id": "varchar",
    "code": "varchar",
    "visitor": "varchar",
    "web_user": "varchar",
    "email": "varchar",
    "domain": "varchar",
    "text": "varchar",
    "timestamp": "timestamp",
    "date": "date",
    "number": "double",
    "integer": "bigint",
    "boolean": "boolean",
}
MARTS = (
    "loaded_ids",
    "merge_ends",
    "links_of_contacts",
    "contact_groups",
    "person_mentions",
    "links_by_ids",
    "persons_by_ids",
    "email_persons",
    "links_of_leads",
    "lead_survivors",
    "duplicate_leads",
    "lead_contacts",
    "contact_leads",
    "survivors",
    "links_by_email",
    "person_nodes",
    "person_visitors",
    "people",
    "lead_parts",
    "domain_accounts",
    "lead_accounts",
    "leads",
    "person_numbers",
    "lead_people",
    "named_leads",
    "deal_leads",
    "own_progress",
    "event_leads",
    "lead_events",
    "stage_entries",
    "closures",
    "lead_progress",
    "lead_steps",
    "stage_stays",
    "lead_closings",
    "lead_passes",
    "lead_ends",
    "pass_progress",
    "stage_records",
    "lead_attributes",
    "attributes",
    "own_activities",
    "contacts",
    "handovers",
    "team_days",
    "lead_answers",
    "deal_people",
    "deal_roles",
    "touch_people",
    "account_numbers",
    "account_people",
    "touch_labels",
    "touch_points",
    "activity_twins",
    "identity_yield",
    "rates",
    "deals",
    "won_deals",
    "spend_amounts",
    "targets",
    "table_counts",
)
LINKS = ("links_of_contacts", "links_by_ids", "links_of_leads", "links_by_email")
"""The marts that are links, whose connected components the marts after them read."""
DONE_WITH = {"closures": "lead_events", "lead_passes": "lead_steps"}
"""The large steps between marts, by the mart that reads them last: they make room after it."""
_LOG = (
    ("load_no", "integer"),
    ("loaded_with", "integer"),
    ("file", "varchar"),
    ("sha256", "varchar"),
    ("system", "varchar"),
    ("pattern", "varchar"),
    ("part", "varchar"),
    ("preset", "varchar"),
    ("preset_sha256", "varchar"),
    ("table_name", "varchar"),
    ("encoding", "varchar"),
    ("delimiter", "varchar"),
    ("date_format", "varchar"),
    ("exported_at", "timestamp"),
    ("exported_at_source", "varchar"),
    ("rows_read", "bigint"),
    ("rows_loaded", "bigint"),
    ("rows_quarantined", "bigint"),
    ("rows_duplicate", "bigint"),
    ("rows_other", "bigint"),
    ("rows_total", "bigint"),
    ("rows_superseded", "bigint"),
    ("rows_forgotten", "bigint"),
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
# How each column of each load was read, and the total rows that exports state themselves.
_LOAD_COLUMNS = (
    ("load_no", "integer"),
    ("table_name", "varchar"),
    ("column_name", "varchar"),
    ("header", "varchar"),
    ("form", "varchar"),
    ("is_detected", "boolean"),
    ("values_read", "bigint"),
    ("values_quarantined", "bigint"),
)
_STATED_TOTAL = (
    ("load_no", "integer"),
    ("line", "bigint"),
    ("table_name", "varchar"),
    ("column_name", "varchar"),
    ("unread", "varchar"),
    ("stated", "double"),
    ("added_up", "double"),
)
# What a state of a system means where the agreement says nothing of it: the preset's word.
_STATE_MEANING = (
    ("load_no", "integer"),
    ("state", "varchar"),
    ("meaning", "varchar"),
)
_SEALED = (("pseudonym", "varchar"), ("sealed", "blob"))
_FORGOTTEN = (
    ("token", "varchar"),
    ("forgotten_on", "date"),
    ("table_name", "varchar"),
    ("rows_removed", "bigint"),
)
RECORDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "load_log": _LOG,
    "quarantine": _QUARANTINE,
    "load_columns": _LOAD_COLUMNS,
    "stated_total": _STATED_TOTAL,
    "state_meaning": _STATE_MEANING,
    "sealed_id": _SEALED,
    "forgotten": _FORGOTTEN,
}
"""The tables beside the canonical ones: what the loads did and what was found in them."""


def table_columns(table: Table) -> list[tuple[str, str]]:
    """The columns of a canonical table as stored: its own, each instant's precision, its origin."""
    columns = []
    for column in table.columns:
        columns.append((column.name, SQL_TYPES[column.kind]))
        if column.kind == "timestamp":
            columns.append((f"{column.name}_is_day", "boolean"))
    return [*columns, ("load_no", "integer"), ("source_row", "bigint")]


def create_tables(connection: Connection) -> None:
    """Create every canonical table, and the records of the loads, all empty."""
    for table in TABLES.values():
        _create(connection, table.name, table_columns(table))
    for name, columns in RECORDS.items():
        _create(connection, name, list(columns))
    _create(connection, "warehouse_info", [("key", "varchar"), ("value", "varchar")])


def bound_memory(connection: Connection, folder: Path, *, limit: str = "2GB") -> None:
    """Let a build take this much memory and put what goes beyond it into a folder of its own."""
    connection.execute("set memory_limit = ?", [limit])
    connection.execute("set temp_directory = ?", [str(folder)])


def store_info(
    connection: Connection,
    *,
    agreement: Agreement,
    as_of: datetime,
    as_of_source: str,
    key: str | None = None,
) -> None:
    """Keep what every reader needs: the agreement, `as_of` and the versions that built the file.

    `key` is the fingerprint of the key that made the pseudonyms and hashes, if there are any.
    """
    info = {
        "agreement": agreement.text,
        "as_of": as_of.isoformat(),
        "as_of_source": as_of_source,
        "duckdb": version(),
        "funnel_analytics": metadata.version("funnel-analytics"),
    }
    if key is not None:
        info["key"] = key
    connection.execute("delete from warehouse_info")
    connection.executemany("insert into warehouse_info values (?, ?)", list(info.items()))


def build_marts(connection: Connection, *, agreement: Agreement, as_of: datetime) -> None:
    """Compute the marts from the canonical tables; each `.sql` file creates its own table.

    Steps between them are temporary and go with the connection.
    """
    values = {
        "timezone": agreement.timezone,
        "as_of": as_of,
        "stage_names": list(agreement.stage_names),
        "currency": agreement.currency,
        "max_age_days": agreement.exchange.max_age_days,
        "merges_by_email": "email" in agreement.identity.merge_leads_by,
        "account_by_domain": agreement.identity.account_by_domain,
    }
    for mart in MARTS:
        query = load_query(f"marts/{mart}", len(agreement.stages))
        connection.execute(query.text, {name: values[name] for name in query.parameters} or None)
        if mart in LINKS:
            connect_links(connection)
        if mart in DONE_WITH:
            connection.execute("drop table " + quoted(DONE_WITH[mart]))


def _create(connection: Connection, name: str, columns: list[tuple[str, str]]) -> None:
    body = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns)
    connection.execute("create table " + quoted(name) + " (" + body + ")")
