"""Reads the journeys before conversions from a warehouse, as arrays that models can work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.credit.journeys import (
    FIRST,
    LAST,
    LEAD_CREATED,
    OPPORTUNITY_CREATED,
    Bools,
    Ints,
    Journeys,
    starts_of,
)
from funnel_analytics.metrics.attribution.asked import Asked
from funnel_analytics.metrics.attribution.keys import coded, label_values, sides_of
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["Read", "read"]

_DAY = 86_400e6
_LABELS = ("channel", "side", "campaign", "source", "medium", "content", "kind")
_CONVERSION = (
    "conversion_no",
    "deal",
    "lead_no",
    "account",
    "origin",
    "converted_at",
    "value",
    "lead_created_at",
    "opportunity_created_at",
    "has_touch",
)


@dataclass(frozen=True, eq=False)
class Points:
    """Touches in the order of their journeys: where each stands, and how it is described."""

    row: Ints
    touch_no: Ints
    label: Ints
    at: Ints

    def only(self, mask: Bools) -> Points:
        """The touches where `mask` is true."""
        return Points(self.row[mask], self.touch_no[mask], self.label[mask], self.at[mask])

    def and_those(self, others: Points) -> Points:
        """These touches and then others."""
        names = ("row", "touch_no", "label", "at")
        return Points(
            *(np.concatenate([getattr(self, each), getattr(others, each)]) for each in names)
        )


@dataclass(frozen=True, eq=False)
class Read:
    """The journeys that were asked for.

    Parameters
    ----------
    journeys
        Keys are the values of `by`; only journeys with a touch, those that converted first.
    channels
        The same journeys with channels as keys, for models that are fitted on channels.
    names
        The values of `by` in the order of `journeys.keys`, None where touches have none.
    sides
        The side of each key, None where its touches are of both or of none.
    conversion_rows
        The row in `conversions` of each journey that converted.
    conversions
        One row per conversion: `conversion_no`, `deal`, `lead_no` (of a deal: of its first lead),
        `account`, `origin`, `converted_at`, `value` (missing: no amount), `lead_created_at`,
        `opportunity_created_at`, `has_touch`.
    left_out
        Touches that no journey holds, by reason: `after_conversion`, `without_person`,
        `same_contact` (activities that a touch tells of already), `direct`, `repeats`.
    pooled
        The values of `by` that stand together as one key.
    answers
        The queries behind it.
    """

    asked: Asked
    journeys: Journeys
    channels: Journeys
    names: tuple[str | None, ...]
    sides: tuple[str | None, ...]
    conversion_rows: Ints
    conversions: pd.DataFrame
    left_out: Mapping[str, int]
    pooled: tuple[str, ...]
    answers: tuple[Answer, ...]
    _points: Points
    _labels: pd.DataFrame

    @property
    def converting(self) -> int:
        """How many of the journeys converted; they are the first."""
        return len(self.conversion_rows)

    @cached_property
    def converted(self) -> Journeys:
        """The journeys that converted."""
        return self.journeys.only(self.journeys.conversions > 0)

    @cached_property
    def touches(self) -> pd.DataFrame:
        """One row per journey and touch, in order: `journey_no` (from 0), `place` (from 1),
        `touched_at`, `touch_no`, `channel`, `side`, `campaign`, `source`, `medium`, `content`,
        `kind`, `age_days` and `key`.
        """
        lengths, starts = self.journeys.lengths, self.journeys.starts
        described = {
            name: pd.Categorical(label_values(self._labels, name)).take(self._points.label)
            for name in _LABELS
        }
        return pd.DataFrame(
            {
                "journey_no": self.journeys.journey_numbers.astype(np.int64),
                "place": np.arange(1, len(self._points.row) + 1) - np.repeat(starts[:-1], lengths),
                "touched_at": self._points.at.view("datetime64[us]"),
                "touch_no": self._points.touch_no,
                **described,
                "age_days": self.journeys.ages,
                "key": pd.Categorical.from_codes(
                    self.journeys.codes.astype(np.int64), pd.Index(self.journeys.keys)
                ),
            }
        )


def read(warehouse: Warehouse, asked: Asked, *, with_open: bool = False) -> Read:
    """Which touches came before the conversions that were asked for?

    Parameters
    ----------
    with_open
        Whether journeys without a conversion are read as well: of each counted lead (or account)
        with a touch in the period that did not convert before its end, the touches in the window
        before its last touch in the period.
    """
    converted, points = _converted(warehouse, asked)
    labels = warehouse.query("metrics/journey_labels")
    nobody = warehouse.query(
        "metrics/touches_of_nobody",
        period_start=asked.start,
        period_end=asked.end,
        of_account=asked.of_account,
        lookback_days=asked.lookback_days,
    )
    answers = [converted, points, labels, nobody]
    table, described = converted.table, labels.table
    by_at = _instants(table["converted_by_at"])
    found = points.table
    touched = _points(found, found["conversion_no"].to_numpy() - 1)
    is_after = touched.at > by_at[touched.row]
    is_twin = found["is_twin"].to_numpy(dtype=bool)
    left_out = {
        "after_conversion": int((is_after & ~is_twin).sum()),
        "without_person": int(nobody.table["touches"].iloc[0]),
        "same_contact": int((is_twin & ~is_after).sum()),
    }
    touched, dropped = _chosen(asked, touched.only(~is_after & ~is_twin), described)
    ends, clusters = by_at, _clusters(table)
    if with_open:
        answer = _open(warehouse, asked)
        answers.append(answer)
        further, last_at, accounts = _open_points(answer.table, first_row=len(table))
        further, _ = _chosen(asked, further, described)
        touched = touched.and_those(further)
        ends = np.concatenate([ends, last_at])
        clusters = np.concatenate([clusters, accounts])
    return _read(asked, table, described, touched, ends, clusters, left_out | dropped, answers)


def _converted(warehouse: Warehouse, asked: Asked) -> tuple[Answer, Answer]:
    """The conversions, and the touches from their windows on."""
    days: dict[str, Any] = {"period_start": asked.start, "period_end": asked.end}
    window = {
        "of_account": asked.of_account,
        "lookback_days": asked.lookback_days,
        "with_activities": asked.with_activities,
    }
    if asked.is_deal:
        days |= {"is_pipeline": asked.is_pipeline, "timezone": warehouse.timezone}
        return (
            warehouse.query("metrics/conversions_of_deals", **days),
            warehouse.query("metrics/journeys_of_deals", **days, **window),
        )
    days |= {"position": asked.position}
    return (
        warehouse.query("metrics/conversions_of_leads", **days, timezone=warehouse.timezone),
        warehouse.query("metrics/journeys_of_leads", **days, **window),
    )


def _open(warehouse: Warehouse, asked: Asked) -> Answer:
    return warehouse.query(
        "metrics/journeys_open",
        period_start=asked.start,
        period_end=asked.end,
        position=-1 if asked.is_pipeline else asked.position,
        of_account=asked.of_account,
        lookback_days=asked.lookback_days,
        with_activities=asked.with_activities,
    )


def _open_points(table: pd.DataFrame, *, first_row: int) -> tuple[Points, Ints, Ints]:
    """The touches of journeys without a conversion, when each ended, and its cluster."""
    unit = table["unit_no"].to_numpy(dtype=np.int64)
    begins = np.flatnonzero(np.diff(unit, prepend=-1))
    row = np.cumsum(np.diff(unit, prepend=-1) != 0) - 1
    points = _points(table, row + first_row)
    lasts = np.append(begins[1:], len(unit)) - 1 if len(unit) else begins
    accounts = table["account_no"].to_numpy(dtype=np.int64)[begins]
    return points, points.at[lasts], np.where(accounts > 0, accounts, -unit[begins])


def _clusters(table: pd.DataFrame) -> Ints:
    """The account of each conversion; its (first) lead, or itself, where that is not known."""
    account = table["account_no"].astype("Int64").fillna(0).to_numpy(dtype=np.int64)
    lead = table["lead_no"].astype("Int64").fillna(0).to_numpy(dtype=np.int64)
    alone = -(np.int64(2) ** 40) - table["conversion_no"].to_numpy(dtype=np.int64)
    return np.where(account > 0, account, np.where(lead > 0, -lead, alone))


def _chosen(asked: Asked, points: Points, labels: pd.DataFrame) -> tuple[Points, dict[str, int]]:
    """The touches that count by the rules for direct traffic and repeats, and how many do not."""
    channels = label_values(labels, "channel")
    before = len(points.row)
    if asked.direct != "kept" and before:
        is_direct = np.isin(channels, asked.direct_channels)[points.label]
        if asked.direct == "unless_alone":
            others = np.bincount(points.row[~is_direct], minlength=int(points.row.max()) + 1) > 0
            is_direct &= others[points.row]
        points = points.only(~is_direct)
    direct = before - len(points.row)
    before = len(points.row)
    if asked.repeats == "collapsed" and before:
        codes = pd.factorize(channels)[0][points.label]
        is_repeat = np.zeros(before, dtype=bool)
        is_repeat[1:] = (
            (points.row[1:] == points.row[:-1]) & (codes[1:] == codes[:-1]) & (codes[1:] >= 0)
        )
        points = points.only(~is_repeat)
    return points, {"direct": direct, "repeats": before - len(points.row)}


def _read(
    asked: Asked,
    table: pd.DataFrame,
    labels: pd.DataFrame,
    points: Points,
    ends: Ints,
    clusters: Ints,
    left_out: Mapping[str, int],
    answers: list[Answer],
) -> Read:
    """The journeys of touches that count."""
    counts = np.bincount(points.row, minlength=len(ends))
    rows = np.flatnonzero(counts)
    starts = starts_of(counts[rows])
    journeys = np.repeat(np.arange(len(rows)), counts[rows])
    converting = rows[rows < len(table)]
    has_converted = rows < len(table)
    values = np.zeros(len(rows))
    values[: len(converting)] = table["value"].fillna(0.0).to_numpy(dtype=float)[converting]
    channels = label_values(labels, "channel")
    common: dict[str, Any] = {
        "starts": starts,
        "conversions": has_converted.astype(float),
        "values": values,
        "nulls": (~has_converted).astype(float),
        "ages": np.maximum(ends[points.row] - points.at, 0) / _DAY,
        "milestones": _milestones(table, points, starts, rows),
        "is_direct": np.isin(channels, asked.direct_channels)[points.label],
        "clusters": clusters[rows],
    }
    rule: dict[str, Any] = {"journeys": journeys, "converting": len(converting)}
    by_channel = coded(channels, points.label, pool_below=asked.pool_below, **rule)
    if asked.by == "channel":
        by_key = by_channel
    elif asked.by == "origin":
        origins = np.array([*label_values(table, "origin"), None], dtype=object)
        places = np.minimum(points.row, len(table))
        by_key = coded(origins, places, pool_below=asked.pool_below, **rule)
    else:
        below = 0 if asked.by == "side" else asked.pool_below
        by_key = coded(label_values(labels, asked.by), points.label, pool_below=below, **rule)
    has_touch = np.zeros(len(table), dtype=bool)
    has_touch[converting] = True
    counted = table.assign(has_touch=has_touch)
    return Read(
        asked=asked,
        journeys=Journeys(keys=by_key.keys, codes=by_key.codes, **common),
        channels=Journeys(keys=by_channel.keys, codes=by_channel.codes, **common),
        names=by_key.names,
        sides=sides_of(label_values(labels, "side"), points.label, by_key.codes, len(by_key.names)),
        conversion_rows=converting,
        conversions=counted[list(_CONVERSION)],
        left_out=dict(left_out),
        pooled=by_key.pooled,
        answers=tuple(answers),
        _points=points,
        _labels=labels,
    )


def _milestones(table: pd.DataFrame, points: Points, starts: Ints, rows: Ints) -> Ints:
    """The milestones of each touch: held by the last touch at or before it, else by the first.

    A milestone that came after the conversion is none of the journey's.
    """
    bits = np.zeros(len(points.row), dtype=np.uint8)
    if not len(rows):
        return bits
    bits[starts[:-1]] |= FIRST
    bits[starts[1:] - 1] |= LAST
    last = int(np.searchsorted(rows, len(table)))
    if not last:
        return bits
    converted = rows[:last]
    end = starts[last]
    by_at = _instants(table["converted_by_at"])[converted]
    for column, bit in (
        ("lead_created", LEAD_CREATED),
        ("opportunity_created", OPPORTUNITY_CREATED),
    ):
        known = table[f"{column}_at"].notna().to_numpy()[converted]
        happened = _instants(table[f"{column}_at"])[converted] <= by_at
        reached = _instants(table[f"{column}_by_at"])[converted]
        before = points.at[:end] <= np.repeat(reached, np.diff(starts[: last + 1]))
        count = np.add.reduceat(before, starts[:last], dtype=np.int64)
        holder = starts[:last] + np.maximum(count - 1, 0)
        bits[holder[known & happened]] |= bit
    return bits


def _points(table: pd.DataFrame, row: Ints) -> Points:
    return Points(
        row=row.astype(np.int64),
        touch_no=table["touch_no"].to_numpy(dtype=np.int64),
        label=table["label_no"].to_numpy(dtype=np.int64) - 1,
        at=_instants(table["touched_at"]),
    )


def _instants(column: pd.Series) -> Ints:
    """Instants as microseconds; a missing one is the smallest number."""
    return column.to_numpy(dtype="datetime64[us]").view(np.int64)
