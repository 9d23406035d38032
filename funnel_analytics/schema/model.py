"""What a canonical table is: its columns, its key and what a newer export of it restates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "Kind", "Table", "table"]

Kind = Literal[
    "id",
    "code",
    "visitor",
    "web_user",
    "text",
    "timestamp",
    "date",
    "number",
    "integer",
    "boolean",
    "email",
    "domain",
]
"""`id` and `code` carry the system's prefix; an `id` may stand for a person and is a pseudonym
where the agreement wants it, a `code` (a campaign, a stage) never is. A `visitor` is an id of the
web, the same in every system; a `web_user` one of the system that the agreement names. `email` and
`domain` are keyed hashes, the same in every system."""


@dataclass(frozen=True)
class Column:
    """One column; `observed` marks instants that no export can hold before they happened."""

    name: str
    kind: Kind = "text"
    required: bool = False
    observed: bool = False


@dataclass(frozen=True)
class Table:
    """One canonical table; rows with the same `key` are one thing.

    `fact` names what a newer export of the same kind restates: its rows take the place of older
    ones that are alike in these columns. A row needs one of the columns in `one_of`, if any.
    """

    name: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    fact: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    how_to_get: str = ""

    def collapses(self, columns: Iterable[str]) -> bool:
        """Are rows that are alike in these columns one thing?

        Yes where they carry an id, and for entries, hand-overs and answers at one instant. Visits
        without an id and costs can happen twice alike.
        """
        has_id = bool(self.key) and set(self.key) <= {*columns, "dimension"}
        return has_id or self.name in (
            "stage_event",
            "handover",
            "qualification",
            "deal_contact",
            "snapshot",
        )

    def column(self, name: str) -> Column | None:
        """The column of that name, or nothing."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def timestamps(self) -> tuple[str, ...]:
        """The columns that hold instants; each has a `…_is_day` twin for its precision."""
        return tuple(column.name for column in self.columns if column.kind == "timestamp")


def table(
    name: str,
    grain: str,
    key: tuple[str, ...],
    how_to_get: str,
    columns: str,
    *,
    fact: str = "",
    one_of: str = "",
) -> Table:
    """Build a table from lines `name kind [required] [observed]`; `fact` is the key if not given,
    or every column if there is no key either."""
    parsed = []
    for line in columns.strip().splitlines():
        column, kind, *marks = line.split()
        parsed.append(
            Column(column, kind, "required" in marks, "observed" in marks)  # type: ignore[arg-type]
        )
    every = tuple(column.name for column in parsed)
    return Table(
        name,
        grain,
        tuple(parsed),
        key,
        tuple(fact.split()) or key or every,
        tuple(one_of.split()),
        how_to_get,
    )
