"""Small warehouses drawn by hand, for tests that can be checked by eye."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd

from funnel_analytics.agreement import Agreement, parse_agreement
from funnel_analytics.schema import TABLES
from funnel_analytics.warehouse import (
    Warehouse,
    build_marts,
    connect,
    create_tables,
    open_warehouse,
    store_info,
)
from funnel_analytics.warehouse.build import table_columns

THREE_STAGES = """
company = "Test GmbH"
agreed_on = 2026-01-15
language = "en"
currency = "EUR"
timezone = "Europe/Berlin"
minimum_group_size = 1

[privacy]
ids = "plain"

[[stages]]
name = "inquiry"
label = { de = "Anfrage", en = "Inquiry" }
owner = "marketing"
definition = { de = "Jede Anfrage.", en = "Every inquiry." }

[[stages]]
name = "opportunity"
label = { de = "Opportunity", en = "Opportunity" }
owner = "sales"
definition = { de = "Ein Deal ist angelegt.", en = "A deal exists." }
expected_days = 30

[[stages]]
name = "won"
label = { de = "Gewonnen", en = "Won" }
owner = "sales"
definition = { de = "Der Vertrag ist unterschrieben.", en = "The contract is signed." }
"""


def three_stages(more: str = "", **replaced: str) -> Agreement:
    """An agreement with three stages; `more` is further TOML, `replaced` swaps top-level values."""
    text = THREE_STAGES
    for key, value in replaced.items():
        lines = [
            f"{key} = {value}" if line.startswith(f"{key} =") else line
            for line in text.splitlines()
        ]
        text = "\n".join(lines)
    return parse_agreement(text + "\n" + more, name="test agreement")


_BUILT: OrderedDict[bytes, bytes] = OrderedDict()
_KEPT = 12
"""So many of the files built last are kept, by what they were built from: 5 MB each."""


def build_warehouse(
    path: Path,
    tables: Mapping[str, Sequence[Mapping[str, Any]] | pd.DataFrame],
    *,
    agreement: Agreement | None = None,
    as_of: str = "2026-11-01",
) -> Warehouse:
    """A warehouse with exactly these canonical rows; instants are UTC text, `…_is_day` optional.

    A module's tests often draw the same company: its file is built once.
    """
    agreement = agreement or three_stages()
    drawn = sha256(pickle.dumps((dict(tables), agreement.text, repr(agreement), as_of))).digest()
    if drawn in _BUILT:
        _BUILT.move_to_end(drawn)
        path.write_bytes(_BUILT[drawn])
    else:
        _build(path, tables, agreement=agreement, instant=datetime.fromisoformat(as_of))
        _BUILT[drawn] = path.read_bytes()
        if len(_BUILT) > _KEPT:
            _BUILT.popitem(last=False)
    return open_warehouse(path, agreement=agreement)


def _build(
    path: Path,
    tables: Mapping[str, Sequence[Mapping[str, Any]] | pd.DataFrame],
    *,
    agreement: Agreement,
    instant: datetime,
) -> None:
    with connect(path, read_only=False, small=True) as connection:
        connection.execute("begin transaction")
        create_tables(connection)
        for name, given in tables.items():
            rows = pd.DataFrame(given)
            columns = [column for column, _ in table_columns(TABLES[name])]
            unknown = set(rows.columns) - set(columns)
            assert not unknown, f"{name} has no columns {unknown}"
            rows["load_no"] = 1
            rows["source_row"] = range(2, len(rows) + 2)
            connection.register("given", rows.astype(object).where(rows.notna(), None))
            listed = ", ".join(f'"{column}"' for column in rows.columns)
            connection.execute(f"insert into {name} ({listed}) select {listed} from given")
            connection.unregister("given")
            connection.execute(
                "insert into load_log (load_no, file, table_name, rows_read, rows_loaded, "
                "rows_quarantined, rows_duplicate, rows_other) values (1, ?, ?, ?, ?, 0, 0, 0)",
                [f"{name}.csv", name, len(rows), len(rows)],
            )
        build_marts(connection, agreement=agreement, as_of=instant)
        store_info(connection, agreement=agreement, as_of=instant, as_of_source="given")
        connection.execute("commit")
