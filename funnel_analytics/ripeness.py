"""Which months of creation are ripe for a stage, and how much of their entries is due by now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.cohorts import entry_curves, first_days, share_entered
from funnel_analytics.estimates import kaplan_meier, summed, survival_at
from funnel_analytics.segments import Selection
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["Months", "read_months"]

Floats = NDArray[np.float64]

_WHOLE = 1 - 1e-5


@dataclass(frozen=True)
class Months:
    """Which months of creation tell of a step: mature ones that are not cut off on the left.

    All are by stage. `due` is the share of the eventual entries, of leads in the stage before, that
    a month can have made by now; it is near 1 where months are judged.
    """

    is_judged: Mapping[int, NDArray[np.bool_]]
    due: Mapping[int, Floats]
    immature: Mapping[int, tuple[str, ...]]
    cut: Mapping[int, tuple[str, ...]]


def read_months(
    warehouse: Warehouse, selection: Selection, months: pd.DataFrame
) -> tuple[Months, list[Answer]]:
    """Which months are old enough for each stage, and not older than its data?

    Whether a month is mature is judged by whole days, as everywhere; what is due of it by hours:
    of many leads, half a day of waiting is more than chance.
    """
    span = {"cohort_start": selection.start, "cohort_end": selection.end}
    as_of = warehouse.as_of
    curve = warehouse.query("metrics/entry_curve", as_of=as_of, unit_seconds=3_600)
    ages = warehouse.query("metrics/drop_off_ages", **span, as_of=as_of)
    by_hour, hours = curve.table.rename(columns={"age": "hours"}), ages.table
    days = by_hour.assign(age=by_hour["hours"] // 24).groupby(["position", "age"])
    curves = entry_curves(days[["entered_leads", "waiting_leads"]].sum().reset_index())
    aged = hours.assign(age_days=hours["age_hours"] // 24).groupby(["value", "age_days"])
    of_month = dict(iter(aged["leads"].sum().reset_index().groupby("value")))
    starts = first_days(warehouse)
    dues = _due(by_hour, hours, months, stages=len(warehouse.agreement.stages))
    judged, due, immature, cut = {}, {}, {}, {}
    for stage, share_due in dues.items():
        share = np.array(
            [
                share_entered(
                    curves, stage, ages=of_month[month]["age_days"], leads=of_month[month]["leads"]
                )
                for month in months["value"]
            ],
            dtype=np.float64,
        )
        ripe = share >= warehouse.agreement.maturity.mature_from
        due[stage] = np.where(ripe, share_due, 1.0)
        whole = ~(months["first_created_at"] < _instant(starts[stage])).to_numpy(dtype=bool)
        judged[stage] = ripe & whole
        immature[stage] = tuple(months.loc[whole & ~ripe, "value"])
        cut[stage] = tuple(months.loc[~whole, "value"])
    return Months(judged, due, immature, cut), [curve, ages]


def _due(
    curve: pd.DataFrame, ages: pd.DataFrame, months: pd.DataFrame, *, stages: int
) -> dict[int, Floats]:
    """By stage and month: the share of the entries that is due.

    A lead of a whole number of hours is on average half an hour older.
    """
    month = pd.Index(months["value"]).get_indexer(ages["value"])
    hours, leads = ages["age_hours"], ages["leads"].to_numpy(dtype=float)
    of_stage = dict(iter(curve.groupby("position")))
    before = np.ones(len(ages))
    found = {}
    for stage in range(2, stages + 1):
        rows = of_stage.get(stage)
        share = before
        if rows is not None and rows["entered_leads"].sum() > 0:
            waits = kaplan_meier(rows["hours"], rows["entered_leads"], rows["waiting_leads"])
            still_out = (survival_at(waits, hours) + survival_at(waits, hours - 1)) / 2
            share = np.minimum((1 - still_out) / (1 - waits["survival"].iloc[-1]), before)
        asked, entered = (summed(month, leads * each, len(months)) for each in (before, share))
        due = np.divide(entered, asked, out=np.ones(len(months)), where=asked > 0)
        found[stage] = np.where(due < _WHOLE, due, 1.0)
        before = share
    return found


def _instant(day: datetime) -> pd.Timestamp:
    """An instant that a column can be compared with; the earliest of all is none it can hold."""
    return pd.Timestamp(max(day, datetime(1800, 1, 1)))
