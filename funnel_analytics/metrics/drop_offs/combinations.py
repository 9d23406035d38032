"""Reads the leads of a cohort as counts per combination of the values of their attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import Crossing, Factor, summed
from funnel_analytics.segments import NOT_OF_PEOPLE, Selection, tells_of_people
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["MONTH", "Combinations", "read_combinations"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Codes = NDArray[Any]

MONTH = "created_month"
_KEYS = 4
_LARGEST_KEY = 2.0**52
_DETERMINES = 0.8
_MOST_PLACES = 2**22


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
    counted = Answer(counted.query, cells.head(0))  # not held twice
    codes = {
        name: ((cells[f"key_{key + 1}"].to_numpy() // factor) % sizes[name]).astype(
            np.min_scalar_type(sizes[name])
        )
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
    row, stages = _rows(cells), len(warehouse.agreement.stages)
    first = np.flatnonzero(np.diff(row, prepend=-1))
    reached = summed(
        row * stages + cells["furthest"].to_numpy(dtype=np.intp) - 1,
        cells["leads"].to_numpy(dtype=float),
        len(first) * stages,
    ).reshape(len(first), stages)
    del cells, row
    for stage in range(stages - 1, 0, -1):
        reached[:, stage - 1] += reached[:, stage]
    made = {name: Factor(codes.pop(name)[first], sizes[name]) for name in wanted}
    return (
        Combinations(
            attributes=chosen,
            factors=made,
            values=values,
            has_rare=is_rare,
            reached=reached,
            about_people=about_people,
            alike=_alike(made, chosen, reached[:, 0]),
        ),
        months,
        [named, counted],
    )


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


def _alike(
    factors: Mapping[str, Factor], names: Sequence[str], leads: Floats
) -> dict[tuple[str, str], float]:
    """How much of each attribute does each other tell?"""
    crossing = Crossing([factors[name] for name in names])
    pairs = combinations(range(len(names)), 2)
    found = {}
    for (one, other), (table,) in crossing.tables(pairs, leads):
        found[names[one], names[other]] = _told(table)
        found[names[other], names[one]] = _told(table.T)
    return found


def _told(table: Floats) -> float:
    """How much do the rows tell of the columns? Goodman and Kruskal's tau, in 0-1."""
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
    codes: Mapping[str, Codes],
    sizes: Mapping[str, int],
    names: Sequence[str],
    smallest: int,
) -> frozenset[frozenset[str]]:
    """The pairs of attributes whose pairs of values are mostly one owner's each."""
    is_owned = cells["owner_no"].to_numpy() > 0
    owner = cells["owner_no"].to_numpy(dtype=np.intp)[is_owned] - 1
    leads = cells["leads"].to_numpy(dtype=float)[is_owned]
    if not len(owner):
        return frozenset()
    owners = int(owner.max()) + 1
    found = set()
    for one, other in combinations(names, 2):
        if {one, other} <= set(NOT_OF_PEOPLE):
            continue
        value = codes[one][is_owned].astype(np.intp) * sizes[other] + codes[other][is_owned]
        place, counts = _filled(value * owners + owner, leads, sizes[one] * sizes[other] * owners)
        if tells_of_people(**_owners_told(*np.divmod(place, owners), counts, smallest)):
            found.add(frozenset((one, other)))
    return frozenset(found)


def _filled(place: Ints, leads: Floats, size: int) -> tuple[Ints, Floats]:
    """The places that any lead has, and how many have each."""
    if size <= _MOST_PLACES:
        counts = summed(place, leads, size)
        filled = np.flatnonzero(counts)
        return filled, counts[filled]
    filled, number = np.unique(place, return_inverse=True)
    return filled, summed(number, leads, len(filled))


def _owners_told(value: Ints, owner: Ints, leads: Floats, smallest: int) -> dict[str, int]:
    """How much values tell of single owners, as the query `attribute_owners` counts it."""
    of_value = np.bincount(value, weights=leads)[value]
    of_owner = np.bincount(owner, weights=leads)[owner]
    sole = (10 * leads >= 9 * of_value) & (of_value >= max(2, smallest))
    return {
        "owners": len(np.unique(owner)),
        "sole_owners": len(np.unique(owner[sole])),
        "leads": int(leads.sum()),
        "sole_leads": int(of_value[sole].sum()),
        "most_leads": int(of_owner[sole].max()) if sole.any() else 0,
    }
