"""Runs every check of `sql/checks/` and judges what it found by the limits in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from funnel_analytics.checks.fields import completeness, incomplete_fields
from funnel_analytics.checks.known import Check, agreed_limits
from funnel_analytics.checks.report import COLUMNS, CheckReport
from funnel_analytics.warehouse import Warehouse, load_query

__all__ = ["run_checks"]

_ORDER = {"fail": 0, "review": 1, "pass": 2}


def run_checks(warehouse: Warehouse) -> CheckReport:
    """Which faults do the loaded data have, and how many rows does each touch?

    Returns
    -------
    CheckReport
        One row per check, the failed ones first. `of_rows` is what the check looked at; a check
        whose table was not loaded looked at 0 rows and passes.

    Raises
    ------
    AgreementError
        The agreement sets limits for a check that does not exist.
    """
    limits = agreed_limits(warehouse.agreement)
    fields = completeness(warehouse)
    rows = []
    for name, check in limits.items():
        if name == "incomplete_fields":
            found = incomplete_fields(fields, above=check.review_above)
        else:
            found = _found(warehouse, name, check)
        rows.append(_row(name, check, found))
    rows.sort(key=lambda row: (_ORDER[row[1]], row[0]))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return CheckReport(warehouse.as_of, warehouse.agreement, table, fields)


def _found(warehouse: Warehouse, name: str, check: Check) -> Mapping[str, Any]:
    """The one row of a check, its values by column."""
    query = f"checks/{name}"
    known = {
        "timezone": warehouse.timezone,
        "as_of": warehouse.as_of,
        "limit": check.review_above,
    }
    takes = load_query(query, len(warehouse.agreement.stages)).parameters
    table = warehouse.query(query, **{each: known[each] for each in takes}).table
    return dict(table.iloc[0])


def _row(name: str, check: Check, found: Mapping[str, Any]) -> tuple[Any, ...]:
    offending, of_rows = int(found["offending_rows"]), int(found["of_rows"])
    share = offending / of_rows if of_rows else float("nan")
    worst = found.get("worst", share)
    if offending == 0 or worst <= check.review_above:
        status, limit = "pass", check.review_above
    elif check.fail_above is not None and worst > check.fail_above:
        status, limit = "fail", check.fail_above
    else:
        status, limit = "review", check.review_above
    examples = _examples(found["examples"]) if offending else ()
    return (
        name,
        status,
        offending,
        of_rows,
        share,
        check.measure,
        float(limit),
        examples,
        check.distorts,
    )


def _examples(found: Any) -> tuple[Mapping[str, Any], ...]:
    """Each example as the values that name it; a text alone is an id. No list is no example."""
    if not pd.api.types.is_list_like(found):
        return ()
    return tuple(dict(each) if isinstance(each, Mapping) else {"id": each} for each in found)
