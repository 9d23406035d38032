"""The weeks that are compared: those off and those on, of the groups that were off and others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.errors import CallError, DataError, ThinDataError, did_you_mean
from funnel_analytics.estimates import placebo_dates, placebo_groups
from funnel_analytics.estimates.inputs import Floats
from funnel_analytics.metrics.incrementality.spans import FEWEST_OFF, share_off
from funnel_analytics.metrics.incrementality.weeks import Counted, Outcome, summed
from funnel_analytics.periods import Period
from funnel_analytics.segments import Selection

__all__ = ["Weeks", "check", "placebos_of", "weeks_of"]

_FEWEST_BEFORE = 12
_FEWEST_LEADS = 100


@dataclass(frozen=True, eq=False)
class Weeks:
    """Weeks in a row, the share of each that was off, and the leads of each group."""

    first: date
    off: Floats
    groups: tuple[str, ...]
    treated: tuple[int, ...]
    counts: Floats

    @property
    def leads(self) -> Floats:
        """The leads of the groups that were off, or of all."""
        return np.asarray(self.counts[list(self.treated)].sum(axis=0))

    @property
    def others(self) -> Floats:
        """The leads of the other groups."""
        return np.asarray(self.counts.sum(axis=0) - self.leads)

    @property
    def before(self) -> int:
        """How many weeks lie before the first that was off."""
        return int(np.argmax(self.off > 0)) if self.off.any() else len(self.off)


def weeks_of(
    counted: Counted,
    asked: Outcome,
    spans: Sequence[Period],
    groups: Sequence[str] | None,
    selection: Selection,
) -> Weeks:
    """The weeks that begin on the weekday of the first span, and the leads of each group."""
    start = spans[0].start
    if not counted.first <= start < counted.after:
        raise DataError(
            f"What is counted is known from {counted.first} to "
            f"{counted.after - timedelta(days=1)}; the first day off, {start}, is not among them."
        )
    first = start - timedelta(days=7 * ((start - counted.first).days // 7))
    number = (counted.after - first).days // 7
    rows = counted.rows
    if groups is None:
        sums = rows.groupby("created_on")[asked.column].sum()
        names: tuple[str, ...] = ("",)
        treated: tuple[int, ...] = (0,)
        counts = summed(sums, first, number)[None]
    else:
        rows = rows[rows["segment"].notna() | rows["is_folded"].astype(bool)]
        named = {
            str(segment): summed(part.groupby("created_on")[asked.column].sum(), first, number)
            for segment, part in rows.groupby("segment")
        }
        unknown = [each for each in groups if each not in named]
        if unknown:
            raise CallError(
                f"The leads have no {selection.by} '{unknown[0]}', or too few to show them."
                f"{did_you_mean(unknown[0], named)} Known: {', '.join(named)}."
            )
        names = tuple(named)
        treated = tuple(names.index(each) for each in dict.fromkeys(groups))
        if len(treated) == len(names):
            raise DataError(
                f"All {len(names)} groups by {selection.by} were off: none is left to compare "
                "with. Leave by and groups out to compare with other weeks."
            )
        counts = np.stack([named[each] for each in names])
    return Weeks(first, share_off(spans, first, number), names, treated, counts)


def check(weeks: Weeks, *, is_compared: bool) -> None:
    """Refuse what is too thin, naming all that is missing."""
    off, leads = weeks.off, weeks.leads
    faults = []
    if weeks.before < _FEWEST_BEFORE:
        faults.append(f"{_FEWEST_BEFORE} whole weeks before it was off (there are {weeks.before})")
    if off.sum() < FEWEST_OFF:
        faults.append(f"{FEWEST_OFF} whole weeks in which it was off (there are {off.sum():.2g})")
    if leads.sum() < _FEWEST_LEADS:
        faults.append(f"{_FEWEST_LEADS} leads in these weeks (there are {leads.sum():.0f})")
    elif not leads[off > 0].sum() or not leads[: weeks.before].sum():
        faults.append("leads both before and while it was off")
    if is_compared and weeks.others.sum() < _FEWEST_LEADS:
        faults.append(
            f"{_FEWEST_LEADS} leads in the other groups (there are {weeks.others.sum():.0f})"
        )
    elif is_compared and not weeks.others[off > 0].sum():
        faults.append("leads in the other groups while it was off")
    if faults:
        raise ThinDataError(
            f"The data are too thin to tell what was missing: needed are {'; '.join(faults)}.",
            reason="switched_off_too_thin",
            before=_FEWEST_BEFORE,
            off=FEWEST_OFF,
            leads=_FEWEST_LEADS,
        )


def placebos_of(weeks: Weeks, controls: Floats | None, *, is_compared: bool) -> pd.DataFrame:
    """What would be found at earlier dates, and had other groups been off."""
    rows: list[dict[str, Any]] = [
        {
            "kind": "date",
            "off_from": weeks.first + timedelta(days=7 * (weeks.before - moved)),
            "groups": None,
            "change": float(np.expm1(value)),
            "log_ratio": value,
        }
        for moved, value in placebo_dates(
            weeks.leads,
            weeks.off,
            others=weeks.others if is_compared else None,
            controls=controls,
        )
    ]
    if is_compared:
        rows += [
            {
                "kind": "group",
                "off_from": None,
                "groups": ", ".join(weeks.groups[each] for each in chosen),
                "change": float(np.expm1(value)),
                "log_ratio": value,
            }
            for chosen, value in placebo_groups(weeks.counts, weeks.off, weeks.treated)
        ]
    return pd.DataFrame(rows, columns=["kind", "off_from", "groups", "change", "log_ratio"])
