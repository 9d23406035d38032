"""The same waits on the calendar, for comparison with studies that know no working hours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.metrics.response.waits import HOUR, Waits, in_time
from funnel_analytics.segments import Selection, arranged

__all__ = ["WITHIN_HOURS", "calendar_shares"]

WITHIN_HOURS = (5 / 60, 1.0, 24.0)
"""Five minutes, an hour and a day: the marks of the outside studies."""
_SINCE = {"creation": "created_seconds", "wait": "elapsed_seconds"}
_COUNTS = ("leads", "contacted_leads", "due_leads", "within_leads")
_SHARES = ("median_hours", "within_share", "within_low", "within_high")


def calendar_shares(waits: Waits, segments: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """One row per segment, start of the clock and mark: who was contacted within so many hours."""
    numbers = waits.column("segment_no")
    needed = waits.only("outcome_no", "has_happened", *_SINCE.values())
    rows: list[dict[str, Any]] = []
    for number, segment in segments.iterrows():
        group = needed.where(numbers == number)
        key = {
            "segment": segment["segment"] if isinstance(segment["segment"], str) else None,
            "is_folded": bool(segment["is_folded"]),
            "segment_leads": int(segment["segment_leads"]),
        }
        for since, column in _SINCE.items():
            timed = group.timed if since == "wait" else group.where(group.column(column) >= 0)
            median = timed.median_hours(column)
            for hours in WITHIN_HOURS:
                row = _shares(timed, column, hours)
                rows.append(
                    key | {"since": since, "within_hours": hours, "median_hours": median} | row
                )
    columns = ["segment", "is_folded", "segment_leads", "since", "within_hours", *_COUNTS, *_SHARES]
    table = arranged(
        pd.DataFrame(rows, columns=columns),
        counts=_COUNTS,
        shares=_SHARES,
        minimum_group_size=selection.minimum_group_size,
    )
    return selection.spread(table.drop(columns="segment_leads"))


def _shares(timed: Waits, column: str, hours: float) -> dict[str, Any]:
    happened = timed.happened
    judged = in_time(happened, timed.column(column) <= round(hours * HOUR))
    return {
        "leads": len(timed),
        "contacted_leads": int(np.count_nonzero(happened)),
        "due_leads": judged["due_leads"],
        "within_leads": judged["within_deadline_leads"],
        "within_share": judged["within_deadline_share"],
        "within_low": judged["within_deadline_low"],
        "within_high": judged["within_deadline_high"],
    }
