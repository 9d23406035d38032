"""A drawn warehouse with two people who are one lead each, a colleague, a deal and web visits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from funnel_analytics.agreement import Agreement, parse_agreement
from funnel_analytics.privacy import Key, find_key
from funnel_analytics.sources.sealing import seal
from funnel_analytics.warehouse import connect
from tests.builders import THREE_STAGES, build_warehouse


@dataclass(frozen=True)
class Company:
    """The file, and how an id is written in it."""

    path: Path
    key: Key
    is_plain: bool

    @property
    def agreement(self) -> Agreement:
        """The drawn agreement, with plain ids or as a company would have it."""
        text = THREE_STAGES if self.is_plain else THREE_STAGES.replace('"plain"', '"pseudonym"')
        return parse_agreement(text)

    def id(self, raw: str) -> str:
        """A raw id of the CRM as the warehouse holds it."""
        return f"sf:{raw}" if self.is_plain else self.key.pseudonym("sf", raw)

    def rows(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query answers on the file as it is now."""
        with connect(self.path, read_only=True) as connection:
            return connection.execute(text, list(values) or None).fetchall()

    def values(self) -> set[str]:
        """Every text in every column of every table, marts included."""
        found: set[str] = set()
        with connect(self.path, read_only=True) as connection:
            for table, column in connection.execute(
                "select table_name, column_name from duckdb_columns() "
                "where data_type = 'VARCHAR' and not internal"
            ).fetchall():
                rows = connection.execute(f'select distinct "{column}" from "{table}"').fetchall()
                found |= {str(value) for (value,) in rows if value is not None}
        return found


# Ann: L1 → contact C1 (ann@a.de) ── L2 (same address, another lead), L3 (merged into L2)
# Bob: L4 (bob@a.de), colleague on Ann's deal D1 and in her account A1
# Ann's visit 9 names her by a person key, P1, which her lead L1 carries; Bob's key is also called
# like her lead: keys and leads are told apart.
# visits: V1 Ann's alone, V2 shared by Ann and Bob, V3 nobody's
def tables(id: Callable[[str], str], email: Callable[[str], str | None]) -> dict[str, Any]:
    ann, bob = email("ann@a.de"), email("bob@a.de")
    created = "2026-09-01 08:00:00"
    return {
        "lead": [
            {
                "lead": id("L1"),
                "contact": id("C1"),
                "deal": id("D1"),
                "person_key": id("P1"),
                "created_at": created,
            },
            {"lead": id("L2"), "email": ann, "created_at": created},
            {"lead": id("L3"), "merged_into": id("L2"), "created_at": created},
            {
                "lead": id("L4"),
                "email": bob,
                "account": id("A1"),
                "person_key": id("L1"),
                "created_at": created,
            },
        ],
        "lead_field": [
            {"lead": id("L1"), "attribute": "product", "value": "Ann's pump"},
            {"lead": id("L4"), "attribute": "product", "value": "Bob's pump"},
        ],
        "contact": [
            {"contact": id("C1"), "email": ann, "account": id("A1")},
            {"contact": id("C4"), "lead": id("L4"), "account": id("A1")},
        ],
        "account": [{"account": id("A1")}],
        "deal": [
            {
                "deal": id("D1"),
                "account": id("A1"),
                "amount": 1000.0,
                "currency": "EUR",
                "closed_at": "2026-10-01 08:00:00",
                "is_won": True,
            }
        ],
        "deal_contact": [
            {"deal": id("D1"), "contact": id("C1"), "is_primary": True},
            {"deal": id("D1"), "contact": id("C4")},
        ],
        "stage_event": [
            {"lead": id("L1"), "stage": "opportunity", "entered_at": "2026-09-05 08:00:00"},
            {"lead": id("L4"), "stage": "opportunity", "entered_at": "2026-09-06 08:00:00"},
            {"deal": id("D1"), "stage": "won", "entered_at": "2026-10-01 08:00:00"},
        ],
        "activity": [
            {"activity": id("T1"), "lead": id("C1"), "happened_at": "2026-09-02 08:00:00"},
            {"activity": id("T2"), "lead": id("L4"), "happened_at": "2026-09-02 08:00:00"},
        ],
        "touch": [
            {"touch": "1", "visitor": "ga4:V1", "lead": id("L1"), "touched_at": created},
            {"touch": "2", "visitor": "ga4:V1", "touched_at": created},
            {"touch": "3", "visitor": "ga4:V2", "email": ann, "touched_at": created},
            {"touch": "4", "visitor": "ga4:V2", "email": bob, "touched_at": created},
            {"touch": "5", "visitor": "ga4:V2", "touched_at": created},
            {"touch": "6", "visitor": "ga4:V3", "touched_at": created},
            {"touch": "9", "person_key": id("P1"), "touched_at": created},
        ],
    }


def draw(path: Path, *, is_plain: bool) -> Company:
    """Build the warehouse, with seals and a quarantined value of Ann's where ids are pseudonyms."""
    key = find_key(create=True)
    company = Company(path, key, is_plain)
    build_warehouse(path, tables(company.id, key.email), agreement=company.agreement).close()
    with connect(path, read_only=False) as connection:
        # Every table was its own file; each takes its own number, as real loads do.
        logged = connection.execute("select rowid, table_name from load_log").fetchall()
        for number, table in logged:
            connection.execute(
                "update load_log set load_no = ?, system = 'sf', sha256 = file, pattern = file "
                "where rowid = ?",
                [number + 1, number],
            )
            connection.execute(f"update {table} set load_no = ?", [number + 1])
        connection.execute("update lead_field set load_no = 1")
        connection.execute("delete from load_log where table_name = 'lead_field'")
        connection.execute(
            "insert into quarantine (load_no, file, line, table_name, column_name, value) values "
            "(1, 'lead.csv', 2, 'lead', 'converted_at', '31.02.2026 Ann'), "
            "(1, 'lead.csv', 5, 'lead', 'converted_at', '30.02.2026 Bob')"
        )
        if not is_plain:
            seal(connection, key, "sf", ["L1", "L2", "L3", "L4", "C1", "C4", "A1", "D1"])
            connection.execute("insert into warehouse_info values ('key', ?)", [key.fingerprint])
        connection.execute("checkpoint")
    return company


def counts(removed: pd.DataFrame) -> dict[str, int]:
    """What `forget` removed, by table."""
    return dict(zip(removed["table"], removed["rows_removed"], strict=True))
