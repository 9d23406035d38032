"""How far are we from what was agreed?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from funnel_analytics.errors import DataError, did_you_mean, listed
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["actual_vs_target"]

_SPEND_ATTRIBUTE = "channel"
_SAMPLE_ROWS = 10
_COLUMNS = (
    "month",
    "metric",
    "dimension",
    "actual",
    "target",
    "variance",
    "variance_share",
    "is_complete",
)


def actual_vs_target(warehouse: Warehouse, *, period: Period) -> Result:
    """How far are we from what was agreed?

    Parameters
    ----------
    period
        Every calendar month that the period touches is compared, as a whole.

    Returns
    -------
    Result
        One row per month, metric and dimension. `metric` is `leads` (created in the month), the
        name of a stage (leads whose first recorded entry lies in the month or, where none was
        recorded, whose first entry into a later stage does: `entered_leads` + `imputed_leads` of
        `stage_throughput`), `won_deals` and `revenue` (deals closed as won in the month, of every
        kind but those all of whose leads are deleted or tests) or `spend`. `dimension` is written
        `attribute:value`, such as `origin:inbound`; it is missing for the whole. A won deal belongs
        to the dimensions of the first of its leads (by creation, then id); spend is split by
        `channel` only.

        There is a row for every target, and one of the whole for every metric that the data can
        give. `actual` is missing where the metric's table was never loaded, for months that had
        not begun by `as_of` or end before the first lead, and for revenue where no deal has an
        amount; otherwise nothing counted is 0. `target`, `variance` (actual - target) and
        `variance_share` (of the target) are missing without a target; the share also for a
        target of 0. `is_complete` is false while the month was still running at `as_of`.

        Notes: `deals_without_amount` (counted as deals, not in revenue), `spend_without_value`
        (rows in another currency without a rate of their day), `unmatched_dimensions` (of which
        no lead was ever seen; a target may be misspelt).

    Raises
    ------
    MissingTableError
        No targets were loaded.
    DataError
        A target names a metric or an attribute that does not exist; all of them are listed, and
        `.rows` holds a sample.
    CallError
        The period lies after the data end.
    """
    warehouse.require("target", metric="actual_vs_target")
    warehouse.bounds(period)
    months = period.months()
    span = {"month_from": months[0].start, "month_until": months[-1].end}
    agreed = warehouse.query("metrics/targets_agreed")
    _check(agreed.table, warehouse)
    counted = warehouse.query(
        "metrics/actual_by_month",
        **span,
        as_of=warehouse.as_of,
    )
    unmatched = warehouse.query("metrics/targets_unmatched", **span)
    table = _table(warehouse, months, agreed.table, counted.table)
    money = warehouse.agreement.currency
    return warehouse.result(
        "actual_vs_target",
        grain="one row per month, metric and dimension",
        units={
            **dict.fromkeys(
                ("actual", "target", "variance"), f"leads, deals or {money}, by metric"
            ),
            "variance_share": "share of target",
        },
        definition=(
            "What was counted in each calendar month beside what was agreed for it; the variance "
            "is actual minus target."
        ),
        answers=[agreed, counted, unmatched],
        table=table,
        parameters={
            "period": period.label,
            "period_start": months[0].start,
            "period_end": months[-1].end,
        },
        notes=_notes(counted.table, list(unmatched.table["dimension"])),
    )


def _check(targets: pd.DataFrame, warehouse: Warehouse) -> None:
    """Hold every target to the metrics and attributes that there are."""
    metrics, attributes = _metrics(warehouse), warehouse.attributes()
    faults = pd.Series(
        [
            _metric_fault(metric, metrics) or _dimension_fault(metric, dimension, attributes)
            for metric, dimension in zip(targets["metric"], targets["dimension"], strict=True)
        ],
        index=targets.index,
        dtype=object,
    )
    wrong = targets[faults != ""]
    if len(wrong):
        problems = [
            f"{file}, row {row}: {fault}"
            for file, row, fault in zip(
                wrong["file"], wrong["source_row"], faults[wrong.index], strict=True
            )
        ]
        raise DataError(
            f"{len(wrong)} of {len(targets)} targets cannot be compared with anything:\n"
            f"{listed(problems)}\nCorrect the sheet of targets and load it again.",
            rows=wrong.head(_SAMPLE_ROWS),
        )


def _metrics(warehouse: Warehouse) -> dict[str, str]:
    """The metrics that may have a target, in order, and the table that each comes from."""
    first, *later = warehouse.agreement.stage_names
    return {
        "leads": "lead",
        first: "lead",
        **dict.fromkeys(later, "stage_event"),
        "won_deals": "deal",
        "revenue": "deal",
        "spend": "spend",
    }


def _metric_fault(metric: str, metrics: dict[str, str]) -> str:
    if metric in metrics:
        return ""
    hint = did_you_mean(metric, metrics)
    return f"unknown metric '{metric}'.{hint} Known: {', '.join(metrics)}."


def _dimension_fault(metric: str, dimension: str, attributes: Sequence[str]) -> str:
    if not dimension:
        return ""
    attribute, colon, value = dimension.partition(":")
    if not colon or not value:
        return f"'{dimension}' is no dimension; write attribute:value, such as origin:inbound."
    if metric == "spend" and attribute != _SPEND_ATTRIBUTE:
        return f"spend is known by {_SPEND_ATTRIBUTE}, not by '{attribute}'."
    if metric != "spend" and attribute not in attributes:
        hint = did_you_mean(attribute, attributes)
        return f"leads have no attribute '{attribute}'.{hint} Known: {', '.join(attributes)}."
    return ""


def _table(
    warehouse: Warehouse, months: Sequence[Period], targets: pd.DataFrame, counted: pd.DataFrame
) -> pd.DataFrame:
    """Every target, and the whole of every metric, with what was counted."""
    first_days = targets["month"].dt.to_period("M").dt.to_timestamp()
    keys = [first_days, "metric", "dimension"]
    aims: dict[Any, Any] = targets.groupby(keys)["value"].agg(math.fsum).to_dict()
    actuals = counted.set_index(["month", "metric", "dimension"])["actual"].to_dict()
    known_from = _known_from(warehouse)
    rows: list[dict[str, Any]] = []
    for month, metric, dimension, table_name in _keys(warehouse, months, aims):
        first = pd.Timestamp(month.start)
        target = aims.get((first, metric, dimension), float("nan"))
        actual = float("nan")
        has_begun = month.bounds(warehouse.timezone)[0] < warehouse.as_of
        is_known = known_from.get(table_name, pd.Timestamp.max) < pd.Timestamp(month.end)
        if has_begun and is_known:
            actual = actuals.get((first, metric, dimension), 0.0)
        elif pd.isna(target):
            continue
        rows.append(
            {
                "month": first,
                "metric": metric,
                "dimension": dimension or None,
                "actual": actual,
                "target": target,
                "variance": actual - target,
                "variance_share": (actual - target) / target if target else float("nan"),
                "is_complete": month.bounds(warehouse.timezone)[1] <= warehouse.as_of,
            }
        )
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    floats = dict.fromkeys(("actual", "target", "variance", "variance_share"), "float64")
    table["dimension"] = table["dimension"].astype(object).where(table["dimension"].notna(), None)
    return table.astype({**floats, "is_complete": "bool"})


def _keys(
    warehouse: Warehouse, months: Sequence[Period], aims: dict[Any, float]
) -> Iterator[tuple[Period, str, str, str]]:
    """Months, metrics and dimensions in the order of the table, and each metric's own table."""
    for month in months:
        first = pd.Timestamp(month.start)
        for metric, table_name in _metrics(warehouse).items():
            split = sorted(key[2] for key in aims if key[:2] == (first, metric) and key[2])
            for dimension in ("", *split):
                yield month, metric, dimension, table_name


def _known_from(warehouse: Warehouse) -> dict[str, pd.Timestamp]:
    """The loaded tables with the first day they tell of; nothing is known of earlier months."""
    firsts = warehouse.query("warehouse/first_days", timezone=warehouse.timezone).table
    return {
        name: first
        for name, first in zip(firsts["table_name"], firsts["first_on"], strict=True)
        if warehouse.has(name) and not pd.isna(first)
    }


def _notes(counted: pd.DataFrame, unmatched: list[str]) -> list[Note]:
    whole = counted[counted["dimension"] == ""].groupby("metric")["rows_without_value"].sum()
    notes = []
    if deals := int(whole.get("revenue", 0)):
        notes.append(Note("deals_without_amount", {"deals": deals}))
    if rows := int(whole.get("spend", 0)):
        notes.append(Note("spend_without_value", {"rows": rows}))
    if unmatched:
        notes.append(Note("unmatched_dimensions", {"dimensions": unmatched}))
    return notes
