"""Pairs of attributes: what leads can be split by beside the attributes they have.

The values of a pair are made when somebody asks for them, in a temporary table beside the mart
`lead_attributes`, which a view of the same name then holds as well: queries know no difference.
"""

from __future__ import annotations

import json

from funnel_analytics.warehouse.connection import Connection, quoted
from funnel_analytics.warehouse.queries import load_query, statement

__all__ = ["allow_pairs", "make_pair"]


def allow_pairs(connection: Connection) -> None:
    """Let the queries of a connection find pairs among the attributes."""
    connection.execute(
        "create temp table pair_values (lead_no integer, attribute varchar, value varchar)"
    )
    row = connection.execute("select current_database()").fetchone()
    catalog = quoted(str(row[0])) if row else ""
    connection.execute(statement("pairs/with_pairs", catalog=catalog))


def make_pair(connection: Connection, first: str, second: str, *, stages: int) -> str:
    """Make the values of a pair, unless they were made before.

    Returns
    -------
    str
        The name by which queries know it: both names as a JSON list, as its values are.
    """
    name = json.dumps([first, second], ensure_ascii=False)
    made = connection.execute(
        "select 1 from pair_values where attribute = $pair limit 1", {"pair": name}
    ).fetchone()
    if made is None:
        query = load_query("warehouse/pair_values", stages)
        connection.execute(query.text, {"pair": name, "first": first, "second": second})
    return name
