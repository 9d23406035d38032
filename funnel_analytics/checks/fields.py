"""How well is each field filled, and by which team's people?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["completeness", "incomplete_fields"]

_EXAMPLES = 5


def completeness(warehouse: Warehouse) -> Result:
    """How often is each field filled in, among the rows that each team owns?

    Returns
    -------
    Result
        One row per table, field and team of the owner, and one for all of them (`is_total`).
        `of_rows` are the rows in which the field is due: the reason of a loss is due on lost deals
        only. `share` is missing where there is none. Fields that no loaded file has are left out.
        A missing team is that of rows whose owner has none, or who have no owner. Teams with fewer
        people than the agreement's `minimum_group_size` are one row (`is_folded`), joined by the
        next larger team while they are too few together; where that leaves nobody else, there are
        only totals. With `employee_level` "team" or "person" every team has its row.
    """
    answer = warehouse.query("checks/parts/completeness")
    counted = answer.table
    rows: list[tuple[Any, ...]] = []
    for table_name, part in counted.groupby("table_name", sort=True):
        folded = _small_teams(part, warehouse.agreement)
        for field, of_field in part.groupby("field", sort=True):
            rows += _rows_of(str(table_name), str(field), of_field, folded)
    table = pd.DataFrame(
        rows,
        columns=["table_name", "field", "team", "is_total", "is_folded", "filled_rows", "of_rows"],
    )
    table = table.astype({"filled_rows": "int64", "of_rows": "int64"})
    table["share"] = table["filled_rows"] / table["of_rows"].where(table["of_rows"] > 0)
    return warehouse.result(
        "completeness",
        grain="one row per table, field and team of the owner, and one for all teams",
        units={"filled_rows": "rows", "of_rows": "rows", "share": "share"},
        definition=(
            "Rows in which a field is filled, of those in which it is due; deleted, merged and "
            "test leads are out."
        ),
        answers=[answer],
        table=table,
        parameters={},
    )


def incomplete_fields(fields: Result, *, above: float) -> Mapping[str, Any]:
    """The fields that are missing in more than a share of their rows, the emptiest first."""
    table = fields.table
    due = table[table["is_total"] & (table["of_rows"] > 0)]
    missing = ((due["of_rows"] - due["filled_rows"]) / due["of_rows"]).rename("missing")
    empty = due.assign(missing=missing)[missing > above]
    empty = empty.sort_values(["missing", "table_name", "field"], ascending=[False, True, True])
    return {
        "offending_rows": len(empty),
        "of_rows": len(due),
        "worst": float(missing.max()) if len(due) else float("nan"),
        "examples": [
            {"table_name": row["table_name"], "field": row["field"], "share": float(row["share"])}
            for row in empty.head(_EXAMPLES).to_dict("records")
        ],
    }


def _rows_of(
    table_name: str, field: str, counted: pd.DataFrame, folded: frozenset[str] | None
) -> list[tuple[Any, ...]]:
    """The rows of one field: all teams, then each that may be shown, the folded ones, no team."""

    def row(part: pd.DataFrame, team: str | None, total: bool, fold: bool) -> tuple[Any, ...]:
        filled, due = int(part["filled_rows"].sum()), int(part["of_rows"].sum())
        return (table_name, field, team, total, fold, filled, due)

    rows = [row(counted, None, True, False)]
    if folded is None:
        return rows
    team = counted["team"]
    for name in sorted(set(team.dropna()) - folded):
        rows.append(row(counted[team == name], name, False, False))
    if folded:
        rows.append(row(counted[team.isin(folded)], None, False, True))
    if team.isna().any():
        rows.append(row(counted[team.isna()], None, False, False))
    return rows


def _small_teams(counted: pd.DataFrame, agreement: Agreement) -> frozenset[str] | None:
    """The teams of a table that are shown as one row; None where no team may be shown.

    People are counted in the table itself: a team of eight, one of whom owns deals, is one person.
    """
    people = counted.dropna(subset=["team"]).groupby("team")["people"].max()
    if people.empty:
        return None
    if agreement.employee_level != "off":
        return frozenset()
    smallest = agreement.minimum_group_size
    ordered = sorted((int(count), str(team)) for team, count in people.items())
    folded = [each for each in ordered if each[0] < smallest]
    if not folded:
        return frozenset()
    for each in ordered[len(folded) :]:
        if sum(count for count, _ in folded) >= smallest:
            break
        folded.append(each)
    if sum(count for count, _ in folded) < smallest:
        return None
    return frozenset(team for _, team in folded)
