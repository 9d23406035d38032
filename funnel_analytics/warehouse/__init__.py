"""DuckDB behind one door: opening, querying and building warehouses."""

from funnel_analytics.warehouse.build import (
    RECORDS,
    bound_memory,
    build_marts,
    create_tables,
    store_info,
    table_columns,
)
from funnel_analytics.warehouse.connection import Connection, EngineError, connect
from funnel_analytics.warehouse.opened import Answer, Warehouse, open_warehouse
from funnel_analytics.warehouse.queries import load_query, query_names, statement
from funnel_analytics.warehouse.writing import WRITTEN_AS, write_rows

__all__ = [
    "RECORDS",
    "WRITTEN_AS",
    "Answer",
    "Connection",
    "EngineError",
    "Warehouse",
    "bound_memory",
    "build_marts",
    "connect",
    "create_tables",
    "load_query",
    "open_warehouse",
    "query_names",
    "statement",
    "store_info",
    "table_columns",
    "write_rows",
]
