"""When something was switched off: as asked, or as the spend says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.arguments import shown
from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import Floats
from funnel_analytics.periods import Period, span

__all__ = ["FEWEST_OFF", "Off", "asked_spans", "found_spans", "share_off"]

Off = Period | tuple[date | str, date | str]

FEWEST_OFF = 4
_WEEKS_BEFORE = 12
_WEEKS_WITH_SPEND = 8


def asked_spans(off: Any) -> list[Period]:
    """The spans asked for, in order.

    Raises
    ------
    CallError
        None, no span of two days, or two that overlap.
    """
    if not isinstance(off, (Period, Sequence)) or isinstance(off, (str, bytes)):
        raise CallError(
            "off is a period, a pair of its first day and the first after, or a list of them: not "
            f"{shown(off)}."
        )
    is_pair = not isinstance(off, Period) and len(off) == 2 and isinstance(off[0], (date, str))
    given = [off] if isinstance(off, Period) or is_pair else list(off)
    spans = []
    for each in given:
        if isinstance(each, Period):
            spans.append(each)
        elif isinstance(each, tuple) and len(each) == 2:
            spans.append(span(*each))
        else:
            raise CallError(
                f"off: a span is a period, or its first day and the first after: not {shown(each)}."
            )
    if not spans:
        raise CallError("off names no span; leave it out to have the spend tell.")
    spans.sort(key=lambda each: each.start)
    for one, other in pairwise(spans):
        if other.start < one.end:
            raise CallError(f"The spans {one} and {other} overlap.")
    return spans


def found_spans(amounts: pd.Series, first: date, after: date) -> list[Period]:
    """Days without spend: at least four weeks, after some in 8 of the 12 weeks before them.

    What is booked once a week pays for the days up to the next booking, so the first day off lies
    as long after the last booking as bookings usually lie apart.

    Parameters
    ----------
    amounts
        By day; a day without a row has none.
    first, after
        The days of which spend is known.
    """
    days = (after - first).days
    spent = np.zeros(days, dtype=bool)
    for day, amount in zip(amounts.index, amounts, strict=True):
        place = (pd.Timestamp(day).date() - first).days
        if 0 <= place < days and amount > 0:
            spent[place] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[1], spent.astype(int), [1]])))
    found = []
    for start, end in edges.reshape(-1, 2).tolist():
        before = spent[max(start - 7 * _WEEKS_BEFORE, 0) : start][::-1]
        weeks = [before[7 * n : 7 * n + 7].any() for n in range(_WEEKS_BEFORE)]
        booked = np.flatnonzero(before)
        start += int(np.median(np.diff(booked))) - 1 if len(booked) > 1 else 0
        if end - start >= 7 * FEWEST_OFF and sum(weeks) >= _WEEKS_WITH_SPEND:
            found.append(span(first + timedelta(days=start), first + timedelta(days=end)))
    return found


def share_off(spans: Sequence[Period], first: date, weeks: int) -> Floats:
    """Which share of each week lies in any of the spans?"""
    days = np.zeros(7 * weeks)
    for each in spans:
        start, end = ((day - first).days for day in (each.start, each.end))
        days[max(start, 0) : max(end, 0)] = 1
    return np.asarray(days.reshape(weeks, 7).mean(axis=1))
