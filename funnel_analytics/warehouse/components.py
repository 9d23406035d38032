"""Finds what hangs together: the connected components of a table of links."""

from __future__ import annotations

from funnel_analytics.warehouse.connection import Connection
from funnel_analytics.warehouse.queries import load_query

__all__ = ["connect_links"]


def connect_links(connection: Connection) -> None:
    """Which nodes of the temporary table `links` hang together?

    Leaves a temporary table `components`: one row per node that is linked, at once or through
    others, to a smaller one, with the smallest of them. A node that has no row is the smallest of
    its own. `links` (`node`, `other`) is used up.

    Notes
    -----
    Every node takes its smallest neighbour for a parent; pointer jumping (JaJa 1992, "An
    introduction to parallel algorithms", section 2.2) makes the parents roots; the links between
    roots are looked at anew. Each round leaves at most half of the linked nodes, so a million
    leads take a few rounds, and the answer does not hang on the order of the rows.
    """
    _run(connection, "no_components")
    while _count(connection, "links_left"):
        _run(connection, "parents")
        while _count(connection, "unfinished"):
            _run(connection, "jump")
        _run(connection, "compose")
        _run(connection, "contract")


def _run(connection: Connection, name: str) -> None:
    connection.execute(load_query(f"identity/{name}", 0).text)


def _count(connection: Connection, name: str) -> int:
    ((count,),) = connection.execute(load_query(f"identity/{name}", 0).text).fetchall()
    return int(count)
