"""Reads two cohorts from the warehouse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.metrics.change.cohorts import Cohorts
from funnel_analytics.metrics.change.curves import StepCurve
from funnel_analytics.segments import FOLDED, Selection
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["read_cohorts"]


def read_cohorts(
    warehouse: Warehouse, before: Selection, after: Selection, *, with_revenue: bool
) -> tuple[Cohorts, list[Answer], pd.DataFrame]:
    """The cohorts, the queries they come from, and the counts as these gave them."""
    spans = {
        "before_start": before.start,
        "before_end": before.end,
        "after_start": after.start,
        "after_end": after.end,
    }
    counts = warehouse.query(
        "metrics/change_counts", **spans, **before.grouping, as_of=warehouse.as_of
    )
    curve = warehouse.query("metrics/step_curve", as_of=warehouse.as_of)
    answers = [counts, curve]
    rows = counts.table
    rows["is_folded"] = rows["is_folded"].astype(bool)
    rows["segment"] = rows["segment"].astype(object).where(rows["segment"].notna(), None)
    segments = rows[["segment", "is_folded", "segment_leads", "merged_groups"]].drop_duplicates(
        subset=["segment", "is_folded"], ignore_index=True
    )
    if segments.empty:
        segments = pd.DataFrame(
            {"segment": [None], "is_folded": [False], "segment_leads": [0], "merged_groups": [0]}
        )
    places: dict[tuple[str | None, bool], int] = {
        (str(segment) if isinstance(segment, str) else None, bool(is_folded)): number
        for number, (segment, is_folded) in enumerate(
            zip(segments["segment"], segments["is_folded"], strict=True)
        )
    }
    rows["place"] = [places[each] for each in zip(rows["segment"], rows["is_folded"], strict=True)]
    rows["side"] = np.where(rows["is_before"].astype(bool), 0, 1)
    rows["cell"] = rows["side"] * len(segments) + rows["place"]
    steps = len(warehouse.agreement.stages) - 1
    previous, reached = (
        _counted(rows, name, (2, len(segments), steps))
        for name in ("previous_leads", "reached_leads")
    )
    by_position = dict(iter(rows.groupby("position")))
    curves = dict(iter(curve.table.groupby("position")))
    won: dict[tuple[int, int], pd.DataFrame] = {}
    if with_revenue:
        values = warehouse.query("metrics/change_values", **spans, by=before.by)
        answers.append(values)
        won = _won_values(values.table, places)
    cohorts = Cohorts(
        segments=segments,
        previous=previous,
        reached=reached,
        times=tuple(by_position.get(k, rows.iloc[:0]) for k in range(2, steps + 2)),
        curves=tuple(StepCurve(curves.get(k, curve.table.iloc[:0])) for k in range(2, steps + 2)),
        won_values=won,
        is_split=before.by is not None,
    )
    return cohorts, answers, rows


def _counted(rows: pd.DataFrame, name: str, shape: tuple[int, int, int]) -> Any:
    found = np.zeros(shape)
    side, place, position = (rows[each].to_numpy(int) for each in ("side", "place", "position"))
    np.add.at(found, (side, place, position - 2), rows[name].to_numpy(float))
    return found


def _won_values(
    values: pd.DataFrame, places: dict[tuple[str | None, bool], int]
) -> dict[tuple[int, int], pd.DataFrame]:
    """The amounts by side and segment; a value that is not shown belongs to the folded groups."""
    found = values.copy()
    names = [each if isinstance(each, str) else None for each in values["value"]]
    found["place"] = [
        places[(each, False)] if (each, False) in places else places[(FOLDED, True)]
        for each in names
    ]
    found["side"] = np.where(found["is_before"].astype(bool), 0, 1)
    return {
        (side, place): rows
        for side in (0, 1)
        for place in set(places.values())
        if len(rows := found[(found["side"] == side) & (found["place"] == place)])
    }
