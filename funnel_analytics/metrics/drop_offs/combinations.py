"""Reads the leads of a cohort as counts per combination of the values of their attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.cohorts import entry_curves, first_days, share_entered
from funnel_analytics.errors import CallError
from funnel_analytics.estimates import Factor
from funnel_analytics.segments import NOT_OF_PEOPLE, Selection, tells_of_people
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["MONTH", "Combinations", "Months", "read_combinations", "read_months"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

MONTH = "created_month"
_KEYS = 4
_LARGEST_KEY = 2.0**52
_DETERMINES = 0.8


@dataclass(frozen=True)
class Combinations:
    """Counts per combination of values: row = combination.

    `values` holds the values of each attribute by their number, the last of them standing for the
    rare ones where `has_rare`. `reached` are the leads that reached each stage or a later one.
    """

    attributes: tuple[str, ...]
    factors: Mapping[str, Factor]
    values: Mapping[str, tuple[str | None, ...]]
    has_rare: Mapping[str, bool]
    reached: Floats
    about_people: frozenset[frozenset[str]]
    alike: Mapping[tuple[str, str], float]

    def determines(self, one: str, other: str) -> bool:
        """Does the value of one attribute (nearly) tell that of another?"""
        return self.alike[one, other] >= _DETERMINES

    def pairs(self) -> list[tuple[str, str]]:
        """The pairs of attributes whose pairs of values are groups of their own."""
        return [
            (one, other)
            for one, other in combinations(self.attributes, 2)
            if not self.determines(one, other)
            and not self.determines(other, one)
            and frozenset((one, other)) not in self.about_people
        ]


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


def read_combinations(
    warehouse: Warehouse, selection: Selection, names: Sequence[str], *, minimum_leads: int
) -> tuple[Combinations, pd.DataFrame, list[Answer]]:
    """The leads of a cohort by the values of some attributes and their month of creation.

    Returns
    -------
    Combinations, DataFrame, list of Answer
        The counts; the number, value and first creation of each month; the queries.

    Raises
    ------
    CallError
        The attributes have more values together than can be told apart.
    """
    span = {
        "cohort_start": selection.start,
        "cohort_end": selection.end,
        "minimum_leads": minimum_leads,
    }
    named = warehouse.query("metrics/drop_off_values", **span)
    table = named.table
    wanted = list(dict.fromkeys([*names, MONTH]))
    numbers = {
        str(each): int(no)
        for each, no in zip(table["attribute"], table["attribute_no"], strict=True)
    }
    sizes = {str(each): len(rows) for each, rows in table.groupby("attribute")}
    wanted = [name for name in wanted if name in numbers]
    places = _places(wanted, sizes)
    factors = [[0.0] * max(numbers.values(), default=1) for _ in range(_KEYS)]
    for name, (key, factor) in places.items():
        factors[key][numbers[name] - 1] = factor
    counted = warehouse.query(
        "metrics/drop_off_cells",
        **span,
        **{f"factors_{key}": factors[key - 1] for key in range(1, _KEYS + 1)},
    )
    cells = counted.table
    codes = {
        name: ((cells[f"key_{key + 1}"].to_numpy() // factor) % sizes[name]).astype(np.intp)
        for name, (key, factor) in places.items()
    }
    values = {name: tuple(_values(table, name)) for name in wanted}
    is_rare = {
        name: bool(table.loc[table["attribute"] == name, "is_rare"].any()) for name in wanted
    }
    months = pd.DataFrame(
        {
            "value": values[MONTH],
            "first_created_at": cells["first_created_at"].groupby(codes[MONTH]).min()
            if len(cells)
            else pd.Series(dtype="datetime64[us]"),
        }
    )
    chosen = tuple(name for name in names if name in numbers)
    about_people = (
        frozenset()
        if warehouse.agreement.employee_level == "person"
        else _about_people(cells, codes, sizes, chosen, selection.minimum_group_size)
    )
    leads = cells["leads"].to_numpy(dtype=float)
    row = _rows(cells)
    first = np.flatnonzero(np.diff(row, prepend=-1))
    stages = len(warehouse.agreement.stages)
    at = np.bincount(
        row * stages + cells["furthest"].to_numpy(dtype=np.intp) - 1,
        weights=leads,
        minlength=len(first) * stages,
    ).reshape(len(first), stages)
    made = {name: Factor(codes[name][first], sizes[name]) for name in wanted}
    total = at.sum(axis=1)
    return (
        Combinations(
            attributes=chosen,
            factors=made,
            values=values,
            has_rare=is_rare,
            reached=np.asarray(np.cumsum(at[:, ::-1], axis=1)[:, ::-1], dtype=np.float64),
            about_people=about_people,
            alike={
                (one, other): _told(made[one], made[other], total)
                for one in chosen
                for other in chosen
                if one != other
            },
        ),
        months,
        [named, counted],
    )


def read_months(
    warehouse: Warehouse, selection: Selection, months: pd.DataFrame
) -> tuple[Months, list[Answer]]:
    """Which months are old enough for each stage, and not older than its data?"""
    curve = warehouse.query("metrics/entry_curve", as_of=warehouse.as_of)
    ages = warehouse.query(
        "metrics/cohort_ages",
        cohort_start=selection.start,
        cohort_end=selection.end,
        by=MONTH,
        as_of=warehouse.as_of,
    )
    curves, starts = entry_curves(curve.table), first_days(warehouse)
    of_month = {str(month): rows for month, rows in ages.table.groupby("value")}
    judged, due, immature, cut = {}, {}, {}, {}
    before = np.ones(len(months))
    for stage in range(2, len(warehouse.agreement.stages) + 1):
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
        due[stage] = np.where(ripe, np.minimum(share / np.maximum(before, 1e-9), 1.0), 1.0)
        before = share
        whole = ~(months["first_created_at"] < _instant(starts[stage])).to_numpy(dtype=bool)
        judged[stage] = ripe & whole
        immature[stage] = tuple(months.loc[whole & ~ripe, "value"])
        cut[stage] = tuple(months.loc[~whole, "value"])
    return Months(judged, due, immature, cut), [curve, ages]


def _instant(day: datetime) -> pd.Timestamp:
    """An instant that a column can be compared with; the earliest of all is none it can hold."""
    return pd.Timestamp(max(day, datetime(1800, 1, 1)))


def _values(table: pd.DataFrame, name: str) -> list[str | None]:
    rows = table.loc[table["attribute"] == name].sort_values("value_no")
    return [each if isinstance(each, str) else None for each in rows["value"]]


def _places(names: Sequence[str], sizes: Mapping[str, int]) -> dict[str, tuple[int, float]]:
    """For each attribute the key that holds it, and the factor of its values' numbers there."""
    places, key, factor = {}, 0, 1.0
    for name in names:
        if factor * sizes[name] > _LARGEST_KEY:
            key, factor = key + 1, 1.0
        if key == _KEYS:
            raise CallError(
                f"The {len(names)} attributes have too many values to be searched together. "
                "Name fewer of them as attributes."
            )
        places[name] = (key, factor)
        factor *= sizes[name]
    return places


def _rows(cells: pd.DataFrame) -> Ints:
    """The number of the combination that each cell is of; cells come in the order of their keys."""
    keys = cells[[f"key_{key}" for key in range(1, _KEYS + 1)]].to_numpy()
    is_new = np.ones(len(cells), dtype=bool)
    is_new[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return np.asarray(np.cumsum(is_new) - 1, dtype=np.intp)


def _told(one: Factor, other: Factor, leads: Floats) -> float:
    """How much of another attribute does one tell? Goodman and Kruskal's tau, in 0-1."""
    table = np.bincount(
        one.codes * other.size + other.codes, weights=leads, minlength=one.size * other.size
    ).reshape(one.size, other.size)
    total = table.sum()
    of_one, of_other = table.sum(axis=1), table.sum(axis=0)
    if not total:
        return 0.0
    at_random = float(((of_other / total) ** 2).sum())
    if at_random >= 1 - 1e-12:
        return 0.0
    knowing = float((table**2 / np.maximum(of_one, 1e-300)[:, None]).sum() / total)
    return (knowing - at_random) / (1 - at_random)


def _about_people(
    cells: pd.DataFrame,
    codes: Mapping[str, Ints],
    sizes: Mapping[str, int],
    names: Sequence[str],
    smallest: int,
) -> frozenset[frozenset[str]]:
    """The pairs of attributes whose pairs of values are mostly one owner's each."""
    is_owned = cells["owner_no"].to_numpy() > 0
    owner = cells["owner_no"].to_numpy(dtype=np.intp)[is_owned]
    leads = cells["leads"].to_numpy(dtype=float)[is_owned]
    found = set()
    for one, other in combinations(names, 2):
        if {one, other} <= set(NOT_OF_PEOPLE):
            continue
        value = (codes[one] * sizes[other] + codes[other])[is_owned]
        counts = pd.DataFrame({"value": value, "owner": owner, "leads": leads})
        if tells_of_people(**_owners_told(counts, smallest)):
            found.add(frozenset((one, other)))
    return frozenset(found)


def _owners_told(counts: pd.DataFrame, smallest: int) -> dict[str, Any]:
    """How much values tell of single owners, as the query `attribute_owners` counts it."""
    pairs = counts.groupby(["value", "owner"], as_index=False)["leads"].sum()
    of_value = pairs.groupby("value")["leads"].transform("sum")
    of_owner = pairs.groupby("owner")["leads"].transform("sum")
    sole = (10 * pairs["leads"] >= 9 * of_value) & (of_value >= max(2, smallest))
    return {
        "owners": pairs["owner"].nunique(),
        "sole_owners": pairs.loc[sole, "owner"].nunique(),
        "leads": int(pairs["leads"].sum()),
        "sole_leads": int(of_value[sole].sum()),
        "most_leads": int(of_owner[sole].max()) if sole.any() else 0,
    }
