"""Are the data fit for the numbers computed from them? Pass, review or fail, with counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import DataError, listed
from funnel_analytics.warehouse import Warehouse, load_query, query_names

__all__ = ["CheckReport", "run_checks"]

_FAILS_ABOVE = {
    "contact_before_creation": 0.05,
    "entry_before_creation": 0.05,
    "orphan_activities": 0.05,
    "orphan_stage_events": 0.05,
    "win_before_creation": 0.05,
}
"""Shares above which a fault no longer is an exception: the export itself is probably wrong."""


@dataclass(frozen=True, eq=False)
class CheckReport:
    """The state of the data: one row per check.

    `status` is `pass` (nothing found), `review` (found and counted; the metrics say how they treat
    it) or `fail` (so many that the numbers would mislead).
    """

    as_of: datetime
    agreement: Agreement
    _table: pd.DataFrame = field(repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """Columns `check`, `status`, `offending_rows`, `of_rows`, `share`, `examples`."""
        return self._table.copy()

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the checks that failed."""
        return tuple(self._table.loc[self._table["status"] == "fail", "check"])

    def raise_if_failed(self) -> CheckReport:
        """The report itself, or a `DataError` that lists every failed check."""
        failed = self._table[self._table["status"] == "fail"]
        if len(failed):
            raise DataError(
                "The data fail these checks:\n"
                + listed(
                    f"{row.check}: {row.offending_rows} of {row.of_rows} ({row.examples})"
                    for row in failed.itertuples()
                )
                + "\nfunnel check explains each and says what to do.",
                rows=failed,
            )
        return self

    def __str__(self) -> str:
        return self._table.to_string(index=False)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return str(self._table.to_html(index=False, escape=True, na_rep=""))


def run_checks(warehouse: Warehouse) -> CheckReport:
    """Which faults do the loaded data have, and how many rows does each touch?

    Returns
    -------
    CheckReport
        One row per check, the failed ones first. `of_rows` is what the check looked at; a check
        whose table was not loaded looked at 0 rows and passes.
    """
    rows = []
    for name in query_names("checks"):
        check = name.removeprefix("checks/")
        takes = load_query(name, len(warehouse.agreement.stages)).parameters
        known = {"timezone": warehouse.timezone}
        found = warehouse.query(name, **{each: known[each] for each in takes}).table.iloc[0]
        offending, of_rows = int(found["offending_rows"]), int(found["of_rows"])
        share = offending / of_rows if of_rows else float("nan")
        if offending == 0:
            status = "pass"
        else:
            status = "fail" if share > _FAILS_ABOVE.get(check, 1.0) else "review"
        examples = "" if offending == 0 or pd.isna(found["examples"]) else str(found["examples"])
        rows.append((check, status, offending, of_rows, share, examples))
    table = pd.DataFrame(
        rows, columns=["check", "status", "offending_rows", "of_rows", "share", "examples"]
    )
    order = table["status"].map({"fail": 0, "review": 1, "pass": 2})
    table = table.assign(_order=order).sort_values(["_order", "check"]).drop(columns="_order")
    return CheckReport(warehouse.as_of, warehouse.agreement, table.reset_index(drop=True))
