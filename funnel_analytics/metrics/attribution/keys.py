"""What is credited: the values of channels, campaigns … as codes, rare ones pooled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.credit.journeys import Ints, code_type

__all__ = ["MISSING", "POOLED", "Coded", "campaign_names", "coded", "label_values", "sides_of"]

POOLED = "(pooled)"
"""The key of all values that are too rare to stand alone."""
MISSING = "(missing)"
"""The key of touches without a value."""


@dataclass(frozen=True, eq=False)
class Coded:
    """Touches by what is credited for them.

    `names` are the values by code, None for touches without one; `keys` the same as texts that
    differ from each other. `pooled` are the values that stand together under `POOLED`.
    """

    keys: tuple[str, ...]
    names: tuple[str | None, ...]
    codes: Ints
    pooled: tuple[str, ...] = ()


def label_values(labels: pd.DataFrame, by: str) -> NDArray[Any]:
    """The value of `by` of each description of touches; None where it has none."""
    if by != "source_medium":
        return _texts(labels[by])
    source, medium = _texts(labels["source"]), _texts(labels["medium"])
    return np.array(
        [
            None if first is None and second is None else f"{first or '–'} / {second or '–'}"
            for first, second in zip(source, medium, strict=True)
        ],
        dtype=object,
    )


def coded(
    values: NDArray[Any], places: Ints, *, journeys: Ints, converting: int, pool_below: int
) -> Coded:
    """Touches by the values at their places.

    Parameters
    ----------
    values
        The values to choose from, None where there is none.
    places
        (touches,) Which of the values each touch has.
    journeys
        (touches,) The number of each touch's journey.
    converting
        How many journeys converted; they are the first.
    pool_below
        Values with touches in fewer converting journeys are pooled; what is missing is not.
    """
    known = sorted({value for value in values if value is not None})
    numbers = {value: number for number, value in enumerate(known)}
    by_place = np.array([numbers.get(value, len(known)) for value in values], dtype=np.int64)
    codes = by_place[places]
    size = len(known) + 1
    rare = np.zeros(size, dtype=bool)
    if pool_below > 0:
        inside = journeys < converting
        pairs = np.unique(journeys[inside].astype(np.int64) * size + codes[inside])
        rare = np.bincount(pairs % size, minlength=size) < pool_below
        rare[-1] = False
    occurs = np.bincount(codes, minlength=size) > 0
    alone = np.flatnonzero(occurs & ~rare)
    pooled = np.flatnonzero(occurs & rare)
    names: list[str | None] = [known[code] if code < len(known) else None for code in alone]
    target = np.zeros(size, dtype=np.int64)
    target[alone] = np.arange(len(alone))
    target[pooled] = len(alone)
    if len(pooled):
        names.append(POOLED)
    return Coded(
        keys=_keys(names),
        names=tuple(names),
        codes=target[codes].astype(code_type(max(len(names), 1))),
        pooled=tuple(known[code] for code in pooled),
    )


def sides_of(sides: NDArray[Any], places: Ints, codes: Ints, size: int) -> tuple[str | None, ...]:
    """The side of each key; None where its touches are of several sides, or of none."""
    known = sorted({side for side in sides if side is not None})
    numbers = {side: number for number, side in enumerate(known)}
    by_place = np.array([numbers.get(side, len(known)) for side in sides], dtype=np.int64)
    pairs = np.unique(codes.astype(np.int64) * (len(known) + 1) + by_place[places])
    found: list[list[int]] = [[] for _ in range(size)]
    for pair in pairs:
        found[pair // (len(known) + 1)].append(int(pair % (len(known) + 1)))
    return tuple(
        known[each[0]] if len(each) == 1 and each[0] < len(known) else None for each in found
    )


def _keys(names: list[str | None]) -> tuple[str, ...]:
    """Names as texts; the key of what is missing differs from all of them."""
    missing = MISSING
    while missing in names:
        missing = f"({missing})"
    return tuple(missing if name is None else name for name in names)


def _texts(column: pd.Series) -> NDArray[Any]:
    return column.astype(object).where(column.notna(), None).to_numpy(dtype=object)


def campaign_names(listed: pd.DataFrame, campaigns: pd.Series) -> pd.Series:
    """The name of each campaign as the list has it; None where it has none."""
    names = campaigns.map(listed.set_index("campaign")["name"])
    return names.astype(object).where(names.notna(), None)
