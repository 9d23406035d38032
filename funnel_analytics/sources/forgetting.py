"""Takes a person out of a warehouse, and keeps later loads from bringing them back.

What belongs to the person is found from one id: leads and contacts that name each other, were
merged or share an e-mail hash, and web visitors that nobody else was seen as. Colleagues on the
same deal or account are others. A forgotten person leaves tokens: keyed hashes of the pseudonyms,
by which a load knows the rows again and from which nobody can say whose they were.
"""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError
from funnel_analytics.privacy import Key, find_key
from funnel_analytics.schema import TABLES
from funnel_analytics.sources.locking import only_load, put_in_place
from funnel_analytics.sources.persons import (
    PERSON_COLUMNS,
    Identity,
    find_person,
    known_as,
    possible_ids,
)
from funnel_analytics.sources.validation import check_counts
from funnel_analytics.warehouse import (
    RECORDS,
    Connection,
    bound_memory,
    build_marts,
    connect,
    open_warehouse,
    statement,
)

__all__ = ["drop_forgotten", "forget", "rewrite"]


def forget(database: Path | str, id: str, *, today: date) -> pd.DataFrame:
    """Remove a person from a warehouse: every row of their leads and contacts.

    Deals and accounts stay, without the person. The file is built anew, so no free block of it
    holds what was removed. Exports that name the person are not touched, nor are copies of the
    warehouse and reports made before.

    Parameters
    ----------
    database
        The DuckDB file.
    id
        A lead or contact: its pseudonym, its id in the system it came from, or an e-mail address.
    today
        The day to note beside what was removed.

    Returns
    -------
    pandas.DataFrame
        One row per table: `table`, `rows_removed`. For `quarantine` these are values that were
        blanked, for `sealed_id` seals by which an id could be revealed.

    Raises
    ------
    CallError
        There is no such warehouse, lead or contact, the id is that of several people, or the key
        is missing.
    DataError
        The key is not the warehouse's, a load is running, or the disk is full.
    """
    target = Path(database).resolve()
    if not target.is_file():
        raise CallError(f"{target}: no such warehouse. Nothing was removed.")
    with only_load(target, work="removal") as folder:
        draft = folder / "draft.duckdb"
        with open_warehouse(target) as opened:
            agreement, as_of = opened.agreement, opened.as_of
        shutil.copyfile(target, draft)
        with connect(draft, read_only=False) as connection:
            bound_memory(connection, folder)
            removed = _forget(connection, id, agreement, as_of, target.name, today)
            connection.execute("checkpoint")
        build = folder / target.name
        rewrite(draft, build)
        open_warehouse(build, agreement=agreement).close()
        put_in_place(build, target)
    return removed


def drop_forgotten(connection: Connection, key: Key | None, *, agreement: Agreement) -> int:
    """Take out of a build what belongs to people who were forgotten before.

    To be called when every file is loaded and before anything is computed from the rows. The load
    log counts them as forgotten. Rows that were written and deleted stay readable in the file's
    free blocks: if there were any, `rewrite` the build when it is whole.

    Returns
    -------
    int
        How many rows were taken out.

    Raises
    ------
    CallError
        People were forgotten, and there is no key to know them by.
    """
    ((known,),) = connection.execute("select count(*) from forgotten").fetchall()
    if not known:
        return 0
    if key is None:
        raise CallError(
            "People were removed from this warehouse with funnel forget, and without the key their "
            "rows cannot be told from others. Restore the key file."
        )
    given = _begin(connection, key, agreement)
    for table, columns in PERSON_COLUMNS.items():
        text = statement("sources/forgotten_again", table=table, columns=columns)
        connection.execute(text, given)
    removed = _remove(connection)
    connection.execute(statement("sources/write_tokens"), {**given, "forgotten_on": None})
    _end(connection)
    return int(removed.loc[removed["table"].isin(list(TABLES)), "rows_removed"].sum())


def rewrite(source: Path, target: Path) -> None:
    """Copy the rows of a warehouse into a new file; what was deleted from it is not in the copy."""
    with connect(":memory:", read_only=False) as connection:
        bound_memory(connection, target.parent)
        connection.execute("attach " + _text(str(source)) + " as whole (read_only)")
        connection.execute("attach " + _text(str(target)) + " as rewritten")
        connection.execute("copy from database whole to rewritten")
        connection.execute("checkpoint rewritten")
        connection.execute("detach rewritten")
        connection.execute("detach whole")


def _forget(
    connection: Connection,
    text: str,
    agreement: Agreement,
    as_of: datetime,
    name: str,
    today: date,
) -> pd.DataFrame:
    """Remove the person from the draft, note it and compute the marts anew."""
    is_plain = agreement.privacy.ids == "plain"
    ((fingerprint, _),) = connection.execute(statement("sources/key_before")).fetchall()
    key = find_key(create=is_plain and fingerprint is None)
    key.must_fit(fingerprint, warehouse=name)
    identity = _named_person(connection, text, key, is_plain=is_plain, name=name)
    given = _begin(connection, key, agreement)
    connection.execute("insert into person_ids values (?, ?)", identity)
    removed = _remove(connection)
    token = key.token(identity[0], _pseudonym(identity, key, is_plain=is_plain))
    connection.execute(
        statement("sources/write_forgotten"), {"token": token, "forgotten_on": today}
    )
    connection.execute(statement("sources/write_tokens"), {**given, "forgotten_on": today})
    if fingerprint is None:
        connection.execute("insert into warehouse_info values ('key', ?)", [key.fingerprint])
    _end(connection)
    check_counts(connection)
    kept = [*TABLES, *RECORDS, "warehouse_info"]
    for (table,) in connection.execute(
        statement("sources/extra_tables"), {"kept": kept}
    ).fetchall():
        connection.execute(statement("sources/drop_table", table=table))
    build_marts(connection, agreement=agreement, as_of=as_of)
    return removed


def _named_person(
    connection: Connection, text: str, key: Key, *, is_plain: bool, name: str
) -> Identity:
    """The one lead, contact or address that a text means."""
    rows = connection.execute("select distinct system from load_log").fetchall()
    possible = possible_ids(
        text, systems={system for (system,) in rows if system}, key=key, is_plain=is_plain
    )
    found = known_as(connection, possible)
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(value for _, value in found)
        raise CallError(
            f"'{text}' may be several people in {name}: {ids}. Name one of these. "
            "Nothing was removed."
        )
    tokens = [key.token(each[0], _pseudonym(each, key, is_plain=is_plain)) for each in possible]
    ((day,),) = connection.execute(
        "select max(forgotten_on) from forgotten where list_contains($tokens, token)",
        {"tokens": tokens},
    ).fetchall()
    if day is not None:
        raise CallError(f"'{text}' was removed from {name} on {day}; nothing of it is left there.")
    raise CallError(
        f"{name} has no lead or contact '{text}'. Give its pseudonym, its id in the system it came "
        "from, or the person's e-mail address. Nothing was removed."
    )


def _pseudonym(identity: Identity, key: Key, *, is_plain: bool) -> str:
    kind, value = identity
    if kind == "email" or not is_plain:
        return value
    system, _, raw = value.partition(":")
    return key.pseudonym(system, raw)


def _begin(connection: Connection, key: Key, agreement: Agreement) -> dict[str, object]:
    """Prepare the temporary tables; returns the values that make tokens."""
    for text in statement("sources/forget_macros").split(";"):
        if text.strip():
            connection.execute(text)
    connection.execute("create or replace temp table person_ids (kind varchar, id varchar)")
    connection.execute(
        "create or replace temp table forgotten_rows "
        "(table_name varchar, load_no integer, source_row bigint, row_id bigint)"
    )
    inner, outer = key.id_blocks()
    return {
        "is_plain": agreement.privacy.ids == "plain",
        "inner_block": inner,
        "outer_block": outer,
    }


def _remove(connection: Connection) -> pd.DataFrame:
    """Take out every row of the person, with its traces in the quarantine and the seals."""
    find_person(connection)
    removed: list[tuple[str, int]] = []
    for table, columns in PERSON_COLUMNS.items():
        connection.execute(statement("sources/forgotten_rows", table=table, columns=columns))
        text = statement("sources/delete_forgotten", table=table)
        ((count,),) = connection.execute(text).fetchall()
        removed.append((table, count))
    connection.execute(statement("sources/log_forgotten"))
    for table, query in (
        ("quarantine", "sources/blank_forgotten_values"),
        ("sealed_id", "sources/delete_forgotten_seals"),
    ):
        ((count,),) = connection.execute(statement(query)).fetchall()
        removed.append((table, count))
    found = pd.DataFrame(removed, columns=["table", "rows_removed"])
    return found[found["rows_removed"] > 0].reset_index(drop=True)


def _end(connection: Connection) -> None:
    for table in ("person_ids", "person_visitors", "bare_keys", "forgotten_rows"):
        connection.execute(statement("sources/drop_table", table=table))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
