"""Reads the leads of a cohort as counts per combination of what was known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.errors import CallError
from funnel_analytics.segments import Selection, select_leads
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = [
    "MISSING_FIELDS",
    "MONTH",
    "NOT_KNOWN",
    "SCORE",
    "Known",
    "attributes_known",
    "together",
    "told",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

MONTH = "created_month"
SCORE = "score"
MISSING_FIELDS = "missing_fields"
NOT_KNOWN = ("created_month", "created_quarter", "campaign")
"""Attributes that tell the time: they would take away what differs between months."""

OF_LEADS = (SCORE, MISSING_FIELDS)
"""What is known beside the attributes that leads can be split by."""

_FIRST = (SCORE, MISSING_FIELDS, "priority", "origin", "segment", "industry", "employees_class")
_SCORES = 6
_FIELDS = 4
_LARGEST_KEY = 2.0**52
_MOST_VALUES = 20
_MOST_ATTRIBUTES = 10
_FEWEST_LEADS = 30


@dataclass(frozen=True)
class Known:
    """Counted leads and what was known of them: row = combination.

    `codes` and `sizes` hold the number of each row's value by attribute, and how many there are;
    `blank` is the number that stands for a missing value (-1 where none is missing). `fields` are
    the fields missing at the first hand-over to the owner of each stage, `group` the number of the
    segment in `groups`, `month` that of the month of creation in `months`.
    """

    names: tuple[str, ...]
    codes: Mapping[str, Ints]
    sizes: Mapping[str, int]
    blank: Mapping[str, int]
    fields: Mapping[int, Ints]
    leads: Floats
    furthest: Ints
    fold: Ints
    group: Ints
    month: Ints
    groups: pd.DataFrame
    months: pd.DataFrame

    @classmethod
    def read(
        cls, warehouse: Warehouse, selection: Selection, names: Sequence[str]
    ) -> tuple[Known, list[Answer]]:
        """The leads of a cohort by the values of some attributes."""
        span = {
            "cohort_start": selection.start,
            "cohort_end": selection.end,
            "minimum_leads": max(_FEWEST_LEADS, selection.minimum_group_size),
        }
        named = warehouse.query("metrics/drop_off_values", **span)
        values = named.table
        places, factors = _placed(values, names)
        counted = warehouse.query(
            "metrics/lead_quality_cells",
            **span,
            factors=factors,
            owners=[stage.owner for stage in warehouse.agreement.stages],
            **selection.grouping,
        )
        stages = len(warehouse.agreement.stages)
        own = [name for name in names if name in OF_LEADS]
        known = cls.of(counted.table, values, places, names=own, stages=stages)
        return known, [named, Answer(counted.query, counted.table.head(0))]

    @classmethod
    def of(
        cls,
        cells: pd.DataFrame,
        values: pd.DataFrame,
        places: Mapping[str, float],
        *,
        names: Sequence[str],
        stages: int,
    ) -> Known:
        """The leads from the rows of the queries."""
        sizes = _sizes(values)
        codes = {
            name: (cells["key"].to_numpy() // factor % sizes[name]).astype(np.intp)
            for name, factor in places.items()
        }
        blank = {name: _blank(values, name) for name in places}
        month = codes.pop(MONTH)
        codes[SCORE] = cells["score_fifth"].to_numpy(dtype=np.intp)
        keys = ["is_folded", "segment", "segment_leads", "merged_groups"]
        numbered = cells.groupby(keys[:2], dropna=False, sort=False).ngroup()
        group = np.asarray(numbered, dtype=np.intp)
        shown = values[values["attribute"] == MONTH].sort_values("value_no")
        first = cells["first_created_at"].groupby(month).min()
        return cls(
            names=tuple(sorted({*names, *places} - {MONTH}, key=_rank)),
            codes=codes,
            sizes={**sizes, SCORE: _SCORES, MISSING_FIELDS: _FIELDS},
            blank={**blank, SCORE: _SCORES - 1, MISSING_FIELDS: -1},
            fields={
                stage: cells[f"missing_{stage}"].to_numpy(dtype=np.intp)
                for stage in range(1, stages + 1)
            },
            leads=cells["leads"].to_numpy(dtype=float),
            furthest=cells["furthest"].to_numpy(dtype=np.intp),
            fold=cells["fold"].to_numpy(dtype=np.intp),
            group=group,
            month=month,
            groups=cells[~pd.Series(group).duplicated().to_numpy()][keys].reset_index(drop=True),
            months=pd.DataFrame(
                {
                    "value": list(shown["value"]),
                    "first_created_at": first.reindex(range(len(shown))).to_numpy(),
                }
            ),
        )


def attributes_known(
    warehouse: Warehouse,
    selection: Selection,
    by: Sequence[str],
    attributes: Sequence[str] | None = None,
) -> tuple[list[str], list[str]]:
    """What the models may know; of the default, those about single employees come second.

    Raises
    ------
    CallError
        Leads have no such attribute, or it is about single employees.
    """
    if attributes is not None:
        asked = [attributes] if isinstance(attributes, str) else list(attributes)
        for name in set(asked) - set(OF_LEADS):
            select_leads(warehouse, period=selection.period, by=name)
        return [name for name in dict.fromkeys(asked) if name not in by], []
    names, refused = list(OF_LEADS), []
    for name in warehouse.attributes():
        if name in NOT_KNOWN or name in by:
            continue
        try:
            select_leads(warehouse, period=selection.period, by=name)
        except CallError:  # about single employees: the period was checked before
            refused.append(name)
        else:
            names.append(name)
    return names, refused


def _placed(values: pd.DataFrame, names: Sequence[str]) -> tuple[dict[str, float], list[float]]:
    """The factor of each attribute with few enough values, as many as a key holds."""
    sizes = _sizes(values)
    numbers = {MONTH: 1} | {
        str(each): int(no)
        for each, no in zip(values["attribute"], values["attribute_no"], strict=True)
    }
    few = [
        name for name in names if name not in OF_LEADS and 1 < sizes.get(name, 0) <= _MOST_VALUES
    ]
    places: dict[str, float] = {}
    factors = [0.0] * max(numbers.values(), default=1)
    factor = 1.0
    for name in [MONTH, *sorted(few, key=_rank)[:_MOST_ATTRIBUTES]]:
        if factor * sizes[name] > _LARGEST_KEY:
            break
        places[name] = factors[numbers[name] - 1] = factor
        factor *= sizes[name]
    return places, factors


def _sizes(values: pd.DataFrame) -> dict[str, int]:
    """How many values each attribute has; a cohort without leads has no month."""
    return {MONTH: 1} | {str(name): len(rows) for name, rows in values.groupby("attribute")}


def _rank(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


def _blank(values: pd.DataFrame, name: str) -> int:
    rows = values[(values["attribute"] == name) & values["value"].isna() & ~values["is_rare"]]
    return int(rows["value_no"].iloc[0]) if len(rows) else -1


def told(one: Ints, other: Ints, weights: Floats) -> float:
    """How much do the values of one tell of another's? Goodman and Kruskal's tau, in 0-1."""
    if not weights.sum():
        return 0.0
    size = int(other.max()) + 1
    table = np.bincount(one * size + other, weights=weights, minlength=(int(one.max()) + 1) * size)
    table = table.reshape(-1, size) / weights.sum()
    of_one, of_other = table.sum(axis=1), table.sum(axis=0)
    at_random = float((of_other**2).sum())
    if at_random >= 1 - 1e-12:
        return 0.0
    knowing = float((table**2 / np.maximum(of_one, 1e-300)[:, None]).sum())
    return (knowing - at_random) / (1 - at_random)


def together(parts: Sequence[tuple[Any, int]], rows: int) -> tuple[Ints, Ints]:
    """The first row of each combination of numbers, and the number of each row's combination."""
    key = np.zeros(rows, dtype=np.int64)
    size = 1
    for codes, count in parts:
        if size * count >= 2**62:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            size = int(key.max()) + 1
        key = key * count + codes
        size *= count
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    return first, number
