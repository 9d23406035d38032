"""Finds everything in a warehouse by which one person goes: ids, e-mail hashes, web visitors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from funnel_analytics.privacy import Key
from funnel_analytics.schema import TABLES, Table
from funnel_analytics.warehouse import Connection, statement

__all__ = ["PERSON_COLUMNS", "Identity", "find_person", "known_as", "possible_ids"]

Identity = tuple[str, str]
"""A kind (`id` of a lead or contact, `person_key`, `email`, `visitor`) and a value as stored."""

_NAMES = ("lead", "contact", "merged_into", "person_key", "web_user", "email", "visitor")
_SHORT_ID = re.compile(r"[A-Za-z0-9]{15}")
_CHECK_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def _columns(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if column.name in _NAMES)


PERSON_COLUMNS: Mapping[str, tuple[str, ...]] = {
    table.name: _columns(table) for table in TABLES.values() if _columns(table)
}
"""Of each canonical table the columns that name leads, contacts, addresses and web visitors."""


def possible_ids(text: str, *, systems: Iterable[str], key: Key, is_plain: bool) -> list[Identity]:
    """What a text may mean to a warehouse: a pseudonym, a raw id or an e-mail address.

    Ids and pseudonyms come with their system's prefix or without; a Salesforce id of 15 characters
    is also tried in its form of 18.
    """
    wanted = text.strip()
    if address := key.email(wanted):
        return [("email", address)]
    found: list[Identity] = []
    for system in sorted(systems):
        raw = wanted.removeprefix(f"{system}:")
        for each in (raw, _long_id(raw)):
            found.append(("id", f"{system}:{each}"))
            if not is_plain:
                found.append(("id", key.pseudonym(system, each)))
    return list(dict.fromkeys(found))


def known_as(connection: Connection, identities: Iterable[Identity]) -> list[Identity]:
    """Those of some identities that any row of a lead or contact has."""
    held: set[Identity] = set()
    wanted: dict[str, list[str]] = {}
    for kind, value in identities:
        wanted.setdefault(kind, []).append(value)
    for table, columns in PERSON_COLUMNS.items():
        for column in columns:
            kind = _kind(column)
            if kind in wanted:
                text = statement("sources/ids_held", table=table, column=column)
                rows = connection.execute(text, {"ids": wanted[kind]}).fetchall()
                held |= {(kind, value) for (value,) in rows}
    return sorted(held)


def find_person(connection: Connection) -> None:
    """Complete the temporary table `person_ids`: everything tied to the identities in it.

    Rows that name two of them tie them: a lead and its contact, a merge, an e-mail hash. A web
    visitor belongs to the person only if no row ties it to anybody else; browsers are shared. A
    key that nothing but visits has is nobody else. Leaves the temporary table `bare_keys`.
    """
    ties = {table: _people(table) for table in PERSON_COLUMNS if len(_people(table)) > 1}
    has_grown = True
    while has_grown:
        has_grown = False
        for table, columns in ties.items():
            text = statement("sources/person_more", table=table, columns=columns)
            ((added,),) = connection.execute(text).fetchall()
            has_grown = has_grown or added > 0
    connection.execute(statement("sources/bare_keys"))
    connection.execute("create or replace temp table person_visitors (visitor varchar)")
    seen = [table for table, columns in PERSON_COLUMNS.items() if "visitor" in columns]
    for query in ("sources/person_visitors", "sources/shared_visitors"):
        for table in seen:
            connection.execute(statement(query, table=table, columns=_people(table)))
    connection.execute(statement("sources/claim_visitors"))


def _people(table: str) -> tuple[str, ...]:
    return tuple(column for column in PERSON_COLUMNS[table] if column != "visitor")


def _kind(column: str) -> str:
    return column if column in ("person_key", "email", "visitor") else "id"


def _long_id(raw: str) -> str:
    """A Salesforce id of 15 characters with its three check characters; other texts as they are.

    Each check character tells which of five characters are capital letters.
    """
    if not _SHORT_ID.fullmatch(raw):
        return raw
    parts = (raw[start : start + 5] for start in (0, 5, 10))
    return raw + "".join(
        _CHECK_DIGITS[sum(1 << place for place, each in enumerate(part) if each.isupper())]
        for part in parts
    )
