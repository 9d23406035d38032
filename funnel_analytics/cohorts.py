"""What metrics of cohorts share: how stages are counted, and how old a cohort has to be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.estimates import kaplan_meier, survival_at
from funnel_analytics.periods import Period, span
from funnel_analytics.results import Note
from funnel_analytics.segments import (
    By,
    Selection,
    excluded_leads,
    folded_note,
    select_leads,
    snapshot_entries,
)
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = [
    "Counted",
    "Counting",
    "Mode",
    "Passes",
    "Windows",
    "count_cohort",
    "counting",
    "entry_curves",
    "first_days",
    "share_entered",
]

Mode = Literal["at_least", "ordered", "strict"]
Passes = Literal["all", "first", "last", "every"]
Windows = float | Mapping[str, float]

_DAY = 86400
_DEFINITIONS: Mapping[str, str] = {
    "at_least": (
        "Of the leads created in the cohort, those whose furthest stage is this one or a later one."
    ),
    "ordered": (
        "Of the leads created in the cohort, those that entered every stage up to this one, "
        "each at or after the one before."
    ),
    "strict": (
        "Of the leads created in the cohort, those that entered every stage up to this one, each "
        "directly after the one before, with no other stage and no closing between."
    ),
}
_OF_PASSES: Mapping[str, str] = {
    "first": " Only the first pass of each lead counts.",
    "last": " Only the last pass of each lead counts.",
    "every": " Every pass of a lead counts by itself.",
}


@dataclass(frozen=True)
class Counting:
    """How a lead counts as having reached a stage.

    Stages are numbered from 1. `bases` holds for each stage the one that its step begins in (0 for
    the first), `windows` how many days the step may take (missing: any time).
    """

    agreement: Agreement
    mode: Mode
    passes: Passes
    windows: tuple[float | None, ...]
    optional: tuple[int, ...]
    bases: tuple[int, ...]

    @property
    def spans(self) -> tuple[float, ...]:
        """How many days the windows up to each stage take together."""
        spans = [0.0]
        for base, window in list(zip(self.bases, self.windows, strict=True))[1:]:
            spans.append(spans[base - 1] + (window or 0.0))
        return tuple(spans)

    @property
    def values(self) -> dict[str, Any]:
        """What the queries need to count in this way."""
        values: dict[str, Any] = {
            "passes": self.passes,
            "within_seconds": [
                None if each is None else round(each * _DAY) for each in self.windows
            ],
            "span_seconds": [round(each * _DAY) for each in self.spans],
            "is_optional": [int(number in self.optional) for number in self._numbers()],
        }
        return values if self.mode == "at_least" else values | {"bases": list(self.bases)}

    @property
    def parameters(self) -> dict[str, Any]:
        """What a result says it was asked for."""
        names = self.agreement.stage_names
        windows: Any = {
            name: window
            for name, window in zip(names, self.windows, strict=True)
            if window is not None
        }
        if len(windows) == len(names) - 1 and len(set(windows.values())) == 1:
            windows = next(iter(windows.values()))
        return {
            "mode": self.mode,
            "within_days": windows or None,
            "optional": [names[number - 1] for number in self.optional],
            "passes": self.passes,
        }

    @property
    def definition(self) -> str:
        """What is counted, in one or a few sentences."""
        text = _DEFINITIONS[self.mode] + _OF_PASSES.get(self.passes, "")
        if any(each is not None for each in self.windows):
            text += (
                " Steps count within their days; only leads old enough for all of them are asked."
            )
        if self.optional:
            text += " Optional stages may be left out."
        return text

    def units(self, units: Mapping[str, str], *, counts: Sequence[str]) -> Mapping[str, str]:
        """The units of a result, in which the counts may be of passes instead of leads."""
        return units if self.passes != "every" else {**units, **dict.fromkeys(counts, "passes")}

    def not_due_note(self, leads: float, *, stage: int) -> list[Note]:
        """Where steps have days: how many leads are too young for those up to a stage?"""
        if not any(self.windows):
            return []
        return [Note("not_due", {"leads": int(leads), "days": self.spans[stage - 1]})]

    def is_within(self, stage: int) -> bool:
        """Has every step on the way to a stage its days, so that all leads asked are ripe?"""
        while stage > 1:
            if self.windows[stage - 1] is None:
                return False
            stage = self.bases[stage - 1]
        return True

    def _numbers(self) -> range:
        return range(1, len(self.windows) + 1)


def counting(
    agreement: Agreement,
    *,
    mode: Mode = "at_least",
    within_days: Windows | None = None,
    optional: Sequence[str] | None = None,
    passes: Passes = "all",
) -> Counting:
    """How stages are counted, after checking what was asked for.

    Raises
    ------
    CallError
        An unknown mode, kind of passes or stage; days that are not above 0, or for the first
        stage; an optional stage that is the first or the last, or in the mode `"at_least"`.
    """
    _known("mode", mode, get_args(Mode))
    _known("passes", passes, get_args(Passes))
    names = agreement.stage_names
    chosen = optional
    if chosen is None:
        chosen = [stage.name for stage in agreement.stages if stage.is_optional]
        chosen = [] if mode == "at_least" else chosen
    elif isinstance(chosen, str):
        chosen = [chosen]
    left_out = tuple(sorted({agreement.position(name) for name in chosen}))
    if left_out and mode == "at_least":
        raise CallError(
            "No stage is optional in the mode 'at_least', which imputes what was left out; "
            "choose 'ordered' or 'strict'."
        )
    for number in left_out:
        if number in (1, len(names)):
            raise CallError(f"The first and the last stage cannot be optional: {names[number - 1]}")
    bases = tuple(
        max((each for each in range(1, number) if each not in left_out), default=0)
        for number in range(1, len(names) + 1)
    )
    return Counting(agreement, mode, passes, _windows(agreement, within_days), left_out, bases)


def _known(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise CallError(
            f"Unknown {what} '{given}'; known are {', '.join(known)}."
            f"{did_you_mean(str(given), known)}"
        )


def _windows(agreement: Agreement, within_days: Windows | None) -> tuple[float | None, ...]:
    names = agreement.stage_names
    if within_days is None:
        return (None,) * len(names)
    if isinstance(within_days, Mapping):
        given = {agreement.position(name): days for name, days in within_days.items()}
        if 1 in given:
            raise CallError(f"Leads begin in {names[0]}: no step leads there, so it has no days.")
    else:
        given = dict.fromkeys(range(2, len(names) + 1), within_days)
    wrong = [days for days in given.values() if not (0 < days < math.inf)]
    if wrong:
        raise CallError(f"A step takes more than 0 days; within_days has {wrong[0]}.")
    return tuple(
        float(given[number]) if number in given else None for number in range(1, len(names) + 1)
    )


@dataclass(frozen=True)
class Counted:
    """A cohort, counted by a metric's query, and what a result says beside the `counts`.

    `answers` are those behind the `notes`: leads that do not count, entries known from comparing
    exports, stages that nobody records and groups too small to show.
    """

    selection: Selection
    counts: Answer
    answers: list[Answer]
    notes: list[Note]


def count_cohort(
    warehouse: Warehouse,
    metric: str,
    *,
    cohort: Period | None,
    by: By | None,
    asked: Counting | None = None,
    **values: Any,
) -> Counted:
    """How many leads of a cohort count, by the query of a metric?

    Parameters
    ----------
    metric
        The name of the metric: that of its query, too, or what it begins with where there is one
        for each mode.
    asked
        How stages are counted, for a metric that has modes.
    values
        What the query needs besides the cohort, the split and the way of counting.

    Raises
    ------
    CallError
        The cohort begins after the data end, or leads have no attribute `by`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.
    """
    warehouse.require("lead", "stage_event", metric=metric)
    selection = select_leads(warehouse, period=cohort, by=by)
    counts = warehouse.query(
        f"metrics/{metric}" if asked is None else f"metrics/{metric}_{asked.mode}",
        cohort_start=selection.start,
        cohort_end=selection.end,
        as_of=warehouse.as_of,
        **values,
        **({} if asked is None else asked.values),
        **selection.grouping,
    )
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    compared, compared_notes = snapshot_entries(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    unrecorded, unrecorded_notes = _never_recorded(warehouse, asked)
    folded = folded_note(counts.table, minimum_group_size=selection.minimum_group_size)
    return Counted(
        selection,
        counts,
        [excluded, *compared, *unrecorded],
        [note, *compared_notes, *unrecorded_notes, *folded],
    )


def _never_recorded(
    warehouse: Warehouse, asked: Counting | None
) -> tuple[list[Answer], list[Note]]:
    """Which stages does no source ever record, so that nobody reaches them but by imputing?

    Returns
    -------
    list of Answer, list of Note
        The query, and the `stages` where there are any; both empty in the mode `"at_least"`, and
        where there are no modes.
    """
    if asked is None or asked.mode == "at_least":
        return [], []
    answer = warehouse.query("metrics/stages_never_recorded")
    stages = list(answer.table["stage"])
    return [answer], [Note("never_recorded", {"stages": stages})] if stages else []


def entry_curves(curve: pd.DataFrame) -> dict[int, pd.DataFrame]:
    """The curve of the ages at which each stage is reached, from the query `entry_curve`."""
    return {
        int(str(position)): kaplan_meier(rows["age"], rows["entered_leads"], rows["waiting_leads"])
        for position, rows in curve.groupby("position")
    }


def share_entered(
    curves: Mapping[int, pd.DataFrame], position: int, *, ages: pd.Series, leads: pd.Series
) -> float:
    """Which share of the eventual entries into a stage have leads of these ages made by now?

    Returns
    -------
    float
        The mean over the leads of I(age) / I(longest follow-up); 1 for the first stage, missing
        where nobody ever reached the stage, or there is no lead.
    """
    if not leads.sum():
        return float("nan")
    if position == 1:
        return 1.0
    curve = curves.get(position)
    if curve is None or curve["events"].sum() == 0:
        return float("nan")
    eventual = 1 - curve["survival"].iloc[-1]
    by_now = (1 - survival_at(curve, ages)) / eventual
    return float(np.average(by_now, weights=leads))


def first_days(warehouse: Warehouse) -> dict[int, datetime]:
    """From which instant on can the data hold entries into each stage and all before it?"""
    starts: dict[int, datetime] = {}
    latest = datetime.min
    for position, stage in enumerate(warehouse.agreement.stages, 1):
        day = stage.observed_from
        if day is not None:
            first = span(day, day + timedelta(days=1)).bounds(warehouse.timezone)[0]
            latest = max(latest, first)
        starts[position] = latest
    return starts
