"""What the checks found, as one table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import DataError, listed
from funnel_analytics.results import Result, plain

__all__ = ["COLUMNS", "CheckReport"]

COLUMNS = (
    "check",
    "status",
    "offending_rows",
    "of_rows",
    "share",
    "measure",
    "limit",
    "examples",
    "distorts",
)


@dataclass(frozen=True, eq=False)
class CheckReport:
    """The state of the data: one row per check.

    `status` is `pass` (nothing found beyond the limit), `review` (found and counted; the metrics
    say how they treat it) or `fail` (so much that the numbers would mislead). `completeness` is how
    well each field is filled, by team.
    """

    as_of: datetime
    agreement: Agreement
    _table: pd.DataFrame = field(repr=False)
    completeness: Result | None = field(default=None, repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """Columns `check`, `status`, `offending_rows`, `of_rows`, `share`, `measure`, `limit`,
        `examples`, `distorts`.

        `limit` is the one that was exceeded or, for what passes, kept: a share, or days where
        `measure` says so. `examples` are at most five, each the values that name it, such as
        `{"id": "sf:0f1e…"}`; `distorts` are the metrics that suffer.
        """
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
                    f"{row.check}: {row.offending_rows} of {row.of_rows} ({_joined(row.examples)})"
                    for row in failed.itertuples()
                )
                + "\nfunnel check explains each and says what to do.",
                rows=failed,
            )
        return self

    def __str__(self) -> str:
        shown = self._table.drop(columns=["distorts"], errors="ignore")
        return shown.assign(examples=shown["examples"].map(_joined)).to_string(index=False)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self._table.drop(columns=["distorts"], errors="ignore")
        shown = shown.assign(examples=shown["examples"].map(_joined))
        return str(shown.to_html(index=False, escape=True, na_rep=""))


def _joined(examples: Any) -> str:
    """The values of the examples as they are, in no language."""
    return ", ".join(
        " ".join(str(plain(value)) for value in example.values()) for example in examples
    )
