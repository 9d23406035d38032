"""The waits of a cohort, one per lead and leg, as the query gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.estimates import kaplan_meier, wilson
from funnel_analytics.segments import Selection
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["HOUR", "LEGS", "OUTCOMES", "Waits", "in_time", "read_waits"]

LEGS = ("created_to_assigned", "assigned_to_contacted", "wait")
OUTCOMES = ("contacted", "waiting", "before_creation", "day_precision")
HOUR = 3600.0
_OF_LEGS = ("outcome_no", "has_happened", "working_seconds", "elapsed_seconds", "deadline_seconds")
_WAITING = 2
_ROUNDING = 1e-12

Numbers = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Waits:
    """Waits as columns of numbers; seconds and deadlines are -1 where there are none."""

    columns: Mapping[str, Numbers]

    def where(self, chosen: Numbers) -> Waits:
        """Some of them: by place, or by a mark for each."""
        return Waits({name: values[chosen] for name, values in self.columns.items()})

    def __len__(self) -> int:
        return len(self.columns["has_happened"])

    def only(self, *names: str) -> Waits:
        """The same waits with fewer columns: quicker to take parts of."""
        return Waits({name: self.columns[name] for name in names})

    def column(self, name: str) -> Numbers:
        """One column, as an array."""
        return self.columns[name]

    @property
    def timed(self) -> Waits:
        """Those whose length is known: contacted, or still waiting."""
        return self.where(self.column("outcome_no") <= _WAITING)

    @property
    def happened(self) -> Numbers:
        """Was there a contact (or an assignment)?"""
        return np.asarray(self.column("has_happened"))

    @property
    def outcomes(self) -> dict[str, int]:
        """How many had each outcome."""
        counts = np.bincount(self.column("outcome_no"), minlength=len(OUTCOMES) + 1)
        return {name: int(counts[number]) for number, name in enumerate(OUTCOMES, start=1)}

    def legs(self) -> Iterator[tuple[int, str, Waits]]:
        """The waits of each segment (by number) and leg, in the order of both."""
        key = self.column("segment_no") * len(LEGS) + self.column("leg_no") - 1
        needed = self.only(*_OF_LEGS)
        for number in np.unique(key):
            segment, leg = divmod(int(number), len(LEGS))
            yield segment, LEGS[leg], needed.where(key == number)

    def survival(self, column: str) -> pd.DataFrame:
        """The Kaplan-Meier curve of timed waits over their hours in one of the seconds' columns."""
        keys = np.sort(2 * self.column(column).astype(np.int64) + self.happened)
        firsts = np.flatnonzero(np.diff(keys, prepend=-1))
        counts, found = np.diff(firsts, append=len(keys)), keys[firsts]
        events = np.where(found % 2, counts, 0)
        return kaplan_meier(found // 2 / HOUR, events, counts - events)

    def median_hours(self, column: str) -> float:
        """The median of `survival`, without the curve: of many groups it is quicker."""
        seconds = np.sort(self.column(column))
        times, events = np.unique(self.column(column)[self.happened], return_counts=True)
        at_risk = len(seconds) - np.searchsorted(seconds, times)
        reached = np.flatnonzero(np.cumprod(1 - events / at_risk) <= 0.5 + _ROUNDING)
        return float(times[reached[0]] / HOUR) if len(reached) else float("nan")


def in_time(happened: Numbers, is_within: Numbers) -> dict[str, Any]:
    """How many of some leads were contacted within a deadline, of those it has come for?

    `is_within`: the contact, or the wait so far, is no longer than the deadline.
    """
    within = int(np.count_nonzero(happened & is_within))
    due = int(np.count_nonzero(happened | ~is_within))
    low, high = wilson(within, due)
    return {
        "due_leads": due,
        "within_deadline_leads": within,
        "within_deadline_share": within / due if due else np.nan,
        "within_deadline_low": float(low),
        "within_deadline_high": float(high),
    }


def read_waits(
    warehouse: Warehouse, selection: Selection
) -> tuple[list[Answer], Waits, pd.DataFrame]:
    """The queries, the waits of the leads asked for, and their segments by number."""
    span = {"cohort_start": selection.start, "cohort_end": selection.end, **selection.grouping}
    waits = warehouse.query(
        "metrics/time_to_contact",
        **span,
        as_of=warehouse.as_of,
        with_handovers=warehouse.has("handover"),
    )
    segments = warehouse.query("metrics/contact_segments", **span)
    columns = {str(name): values.to_numpy() for name, values in waits.table.items()}
    return [waits, segments], Waits(columns), segments.table.set_index("segment_no")
