"""Waits in bands: their edges, with the deadline among them, and which ones stand together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnel_analytics.errors import CallError
from funnel_analytics.estimates import wilson
from funnel_analytics.metrics.speed.levels import FEWEST

__all__ = ["Bands", "band_counts", "bands_of", "decile_curve", "edges_of"]

_EDGES = (1.0, 4.0, 8.0, 16.0)
_GROUPS = 10
_GROUP_LEADS = 20


@dataclass(frozen=True)
class Bands:
    """Bands of waits in working hours: above the edge before, up to the own edge.

    The last one has no upper edge. `reference` is the band that ends at the deadline; without an
    agreed one, that with the most leads. `within` of them end by the deadline (missing: none).
    """

    upper: tuple[float, ...]
    reference: int
    within: int | None

    @property
    def count(self) -> int:
        """How many bands there are."""
        return len(self.upper)

    @property
    def others(self) -> tuple[int, ...]:
        """All bands but the reference."""
        return tuple(each for each in range(self.count) if each != self.reference)

    def codes(self, hours: pd.Series) -> np.ndarray:
        """The band that each wait lies in; a wait of just the edge lies below it."""
        return np.searchsorted(np.array(self.upper[:-1]), hours.to_numpy().round(9), side="left")

    def name(self, band: int) -> str:
        """`0-1`, `1-4`, … `16+`."""
        low = self.upper[band - 1] if band else 0.0
        high = self.upper[band]
        return f"{low:g}+" if math.isinf(high) else f"{low:g}-{high:g}"


def edges_of(deadline: float | None, given: Sequence[float] | None) -> tuple[float, ...]:
    """The edges between the bands: those asked for, or 1, 4, 8 and 16 hours.

    The deadline takes the place of the edge nearest to it (by their ratio); it joins edges that
    were asked for.

    Raises
    ------
    CallError
        An edge is not above 0.
    """
    if given is not None:
        wrong = [each for each in given if not 0 < each < math.inf]
        if wrong or not len(given):
            raise CallError(f"Edges of waits lie above 0 hours; {wrong[0] if wrong else 'none'}.")
        return tuple(sorted({*map(float, given), *([deadline] if deadline else [])}))
    if deadline is None:
        return _EDGES
    nearest = min(reversed(_EDGES), key=lambda edge: abs(math.log(edge / deadline)))
    return tuple(sorted({deadline, *(edge for edge in _EDGES if edge != nearest)}))


def bands_of(
    leads: pd.DataFrame,
    edges: Sequence[float],
    *,
    deadline: float | None,
    minimum_group_size: int,
) -> tuple[Bands, bool]:
    """The bands, and whether each has enough leads to be compared.

    A band with too few joins its neighbour towards the deadline, the one at the deadline that
    beyond it, as long as they are on the same side; bands that may not be shown join in any case.
    """
    upper = [*edges, math.inf]
    while True:
        counts = _rarer(leads, upper)
        small = [n for n, (_, least) in enumerate(counts) if least < FEWEST]
        joins = [(counts[n][1], n, near) for n in small if (near := _near(upper, n, deadline))]
        if not joins:
            break
        _, _, edge = min(joins)
        upper.remove(edge)
    while len(upper) > 1:
        counts = _rarer(leads, upper)
        hidden = [n for n, (size, _) in enumerate(counts) if size < minimum_group_size]
        if not hidden:
            break
        del upper[min(hidden[0], len(upper) - 2)]
    counts = _rarer(leads, upper)
    is_enough = len(upper) > 1 and all(least >= FEWEST for _, least in counts)
    within = None
    if deadline is not None and deadline in upper:
        within = upper.index(deadline) + 1
    reference = int(np.argmax([size for size, _ in counts])) if within is None else within - 1
    return Bands(tuple(upper), reference, within), is_enough


def _near(upper: Sequence[float], band: int, deadline: float | None) -> float | None:
    """The edge between a band and the neighbour that it joins; none where it is alone."""
    before = upper[band - 1] if band else None
    after = upper[band] if band + 1 < len(upper) else None
    if deadline is None or deadline not in upper:
        return after if before is None else before
    if upper[band] <= deadline:  # within: towards the deadline is up
        return after if after != deadline else before
    return before if before != deadline else after


def _rarer(leads: pd.DataFrame, upper: Sequence[float]) -> list[tuple[float, float]]:
    """Of each band the leads, and those of the rarer outcome."""
    codes = Bands(tuple(upper), 0, None).codes(leads["hours"])
    size = np.bincount(codes, weights=leads["leads"], minlength=len(upper))
    reached = np.bincount(codes, weights=leads["reached_leads"], minlength=len(upper))
    return list(zip(size, np.minimum(reached, size - reached), strict=True))


def band_counts(leads: pd.DataFrame, bands: Bands) -> pd.DataFrame:
    """One row per band: how many leads waited so long, and how many of them reached the stage."""
    codes = bands.codes(leads["hours"])
    numbers = range(bands.count)
    table = pd.DataFrame(
        {
            "band": [bands.name(each) for each in numbers],
            "from_hours": [0.0, *bands.upper[:-1]],
            "to_hours": [each if math.isfinite(each) else np.nan for each in bands.upper],
            "is_within_deadline": pd.array(
                [None if bands.within is None else each < bands.within for each in numbers],
                dtype="boolean",
            ),
            "is_reference": [each == bands.reference for each in numbers],
        }
    )
    return with_rates(table, codes, leads)


def with_rates(table: pd.DataFrame, codes: np.ndarray, leads: pd.DataFrame) -> pd.DataFrame:
    """A table with the leads of each row, those that reached the stage, and their share."""
    for name in ("leads", "reached_leads"):
        sums = np.bincount(codes, weights=leads[name], minlength=len(table))
        table[name] = np.rint(sums).astype("int64")
    low, high = wilson(table["reached_leads"], table["leads"])
    table["reached_rate"] = table["reached_leads"] / table["leads"].where(table["leads"] > 0)
    table["reached_low"], table["reached_high"] = low, high
    return table


def decile_curve(leads: pd.DataFrame, *, minimum_group_size: int) -> pd.DataFrame:
    """The share that reached the stage by tenths of the leads, from the shortest wait on.

    Fewer, larger groups where tenths had fewer than 20 leads; leads that waited equally long are
    in one group.
    """
    fewest = max(_GROUP_LEADS, minimum_group_size)
    hours, place = np.unique(leads["hours"].to_numpy(), return_inverse=True)
    sizes = np.bincount(place, weights=leads["leads"])
    total = float(sizes.sum())
    groups = max(1, min(_GROUPS, int(total // fewest)))
    middle = (np.cumsum(sizes) - sizes / 2) / max(total, 1.0)
    group = np.minimum((middle * groups).astype(np.intp), groups - 1)
    joined = np.zeros(len(hours), dtype=np.intp)
    number, inside = 0, 0.0
    for each in range(len(hours)):
        is_next = each > 0 and group[each] != group[each - 1]
        if is_next and inside >= fewest and sizes[each:].sum() >= fewest:
            number, inside = number + 1, 0.0
        joined[each] = number
        inside += sizes[each]
    codes = joined[place]
    count = number + 1 if len(hours) else 0
    table = pd.DataFrame({"group": range(1, count + 1)})
    ranges = pd.Series(hours).groupby(joined)
    table["from_hours"], table["to_hours"] = ranges.min().to_numpy(), ranges.max().to_numpy()
    table["mean_hours"] = np.bincount(
        codes, weights=leads["hours"] * leads["leads"], minlength=count
    ) / np.bincount(codes, weights=leads["leads"], minlength=count)
    return with_rates(table, codes, leads)
