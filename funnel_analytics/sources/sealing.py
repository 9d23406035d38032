"""Keeps the raw ids behind pseudonyms under seal, and opens one for the owner of the key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd

from funnel_analytics.errors import CallError
from funnel_analytics.privacy import find_key
from funnel_analytics.privacy.key import Key
from funnel_analytics.schema import TABLES
from funnel_analytics.warehouse import Connection, connect, open_warehouse, statement

__all__ = ["RevealedId", "reveal", "seal"]

_AT_ONCE = 100_000
_NAMED = tuple(
    table
    for table in TABLES.values()
    if table.key == (table.name,) and table.columns[0].kind == "id"
)


@dataclass(frozen=True)
class RevealedId:
    """The id behind a pseudonym: as the system wrote it, and the tables that it is the key of."""

    pseudonym: str
    system: str
    id: str
    tables: tuple[str, ...]


def seal(connection: Connection, key: Key, system: str, raws: Iterable[str]) -> None:
    """Store the seals of a system's raw ids, so that the key's owner can resolve their pseudonyms.

    Parameters
    ----------
    raws
        Ids as the system writes them, without its prefix; those sealed before are left alone.
    """
    rest = iter(raws)
    while some := list(islice(rest, _AT_ONCE)):
        seals = [key.seal(system, raw) for raw in dict.fromkeys(some)]
        connection.register("given_seals", pd.DataFrame(seals, columns=["pseudonym", "sealed"]))
        connection.execute(statement("sources/seal_ids"))
        connection.unregister("given_seals")


def reveal(warehouse: Path | str, id: str) -> RevealedId:
    """Whose pseudonym is it? Only the owner of the warehouse's key gets an answer.

    Parameters
    ----------
    warehouse
        The DuckDB file.
    id
        A pseudonym as tables and reports show it, with its system's prefix or without.

    Raises
    ------
    CallError
        There is no key, the warehouse holds plain ids, or no such pseudonym.
    DataError
        The key at hand is not the one that the warehouse was loaded with.
    """
    file = Path(warehouse)
    with open_warehouse(file) as opened:
        is_plain = opened.agreement.privacy.ids == "plain"
    if is_plain:
        raise CallError(
            f'{file.name} holds the ids as the systems write them (privacy.ids is "plain" in its '
            "agreement): there is nothing to reveal."
        )
    with connect(file, read_only=True) as connection:
        ((stored, _),) = connection.execute(statement("sources/key_before")).fetchall()
        key = find_key(create=False)
        key.must_fit(stored, warehouse=file.name)
        wanted = id.strip()
        rows = connection.execute(statement("sources/sealed_ids"), {"pseudonym": wanted}).fetchall()
        if not rows:
            raise CallError(
                f"{file.name} has no sealed id for '{wanted}'. A pseudonym is 16 digits, with or "
                "without its system's prefix, such as sf:0123456789abcdef; ids of rows whose own "
                "export was not loaded, and of forgotten people, cannot be revealed."
            )
        if len(rows) > 1:
            found = ", ".join(pseudonym for pseudonym, _ in rows)
            raise CallError(f"'{wanted}' is the pseudonym of several ids: {found}. Name one.")
        ((pseudonym, sealed),) = rows
        system, _, raw = key.open(pseudonym, bytes(sealed)).partition(":")
        return RevealedId(pseudonym, system, raw, _tables(connection, pseudonym))


def _tables(connection: Connection, pseudonym: str) -> tuple[str, ...]:
    return tuple(
        table.name
        for table in _NAMED
        if connection.execute(
            statement("sources/ids_held", table=table.name, column=table.key[0]),
            {"ids": [pseudonym]},
        ).fetchall()
    )
