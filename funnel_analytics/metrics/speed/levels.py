"""What leads are made comparable by: attributes in levels with enough leads each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from funnel_analytics.segments import FOLDED

__all__ = ["ATTRIBUTES", "FEWEST", "Levels", "balance", "levels_of"]

ATTRIBUTES = ("origin", "score", "segment", "priority", "created_quarter", "weekday", "hour")
"""What leads are compared within; where there are too few for all, the last ones go first."""

FEWEST = 10
"""So many leads that reached the stage, and so many that did not, are needed for each level of an
attribute, each band of waits and each coefficient: Peduzzi et al. (1996), J. Clin. Epidemiol. 49,
1373-1379."""

_SCORE_BANDS = 5
_HOURS = (0, 8, 10, 12, 14, 16, 24)
_FLAGGED = 0.1


@dataclass(frozen=True)
class Levels:
    """The level that each row has of one attribute; a missing value is a level of its own.

    `values` are their names: of the level of missing values None, of the one that gathers those
    with too few leads `"other_groups"`, which is the last one if `has_folded`. `reference` is the
    level with the most leads.
    """

    attribute: str
    values: tuple[str | None, ...]
    reference: int
    has_folded: bool
    leads: tuple[int, ...]
    codes: np.ndarray = field(repr=False)

    @property
    def others(self) -> tuple[int, ...]:
        """All levels but the reference."""
        return tuple(each for each in range(len(self.values)) if each != self.reference)


def levels_of(leads: pd.DataFrame, attribute: str, *, minimum_group_size: int) -> Levels:
    """The levels of an attribute; those too small are one, joined by the next smallest if need be.

    A level needs `FEWEST` leads that reached the stage and `FEWEST` that did not, and as many leads
    as a group that is shown.
    """
    values, codes = _named(leads, attribute)
    size, least = _sizes(leads, codes, len(values))
    small = (least < FEWEST) | (size < minimum_group_size)
    order = [int(each) for each in np.lexsort((np.arange(len(values)), size))]
    folded = [each for each in order if small[each]]
    for each in order:
        if not folded:
            break
        _, together = _sizes(leads, np.isin(codes, folded).astype(np.intp), 2)
        if together[1] >= FEWEST and size[folded].sum() >= minimum_group_size:
            break
        if each not in folded:
            folded.append(each)
    kept = [each for each in range(len(values)) if each not in folded]
    number = np.full(len(values), len(kept), dtype=np.intp)
    number[kept] = np.arange(len(kept))
    final = [values[each] for each in kept] + ([FOLDED] if folded else [])
    codes = number[codes]
    counts = np.bincount(codes, weights=leads["leads"], minlength=len(final))
    leads_each = tuple(round(each) for each in counts)
    return Levels(attribute, tuple(final), int(np.argmax(counts)), bool(folded), leads_each, codes)


def _sizes(leads: pd.DataFrame, codes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """How many leads has each level, and how many of the rarer outcome?"""
    size = np.bincount(codes, weights=leads["leads"], minlength=count)
    reached = np.bincount(codes, weights=leads["reached_leads"], minlength=count)
    return size, np.minimum(reached, size - reached)


def _named(leads: pd.DataFrame, attribute: str) -> tuple[list[str | None], np.ndarray]:
    """The names of all values, in order, the missing one last; and the number of each row's."""
    if attribute == "score":
        names, codes = _score_bands(leads)
    elif attribute == "hour":
        band = np.searchsorted(_HOURS, leads["hour"].to_numpy(), side="right") - 1
        found, codes = np.unique(band, return_inverse=True)
        names = [f"{_HOURS[each]:02d}-{_HOURS[each + 1]:02d}" for each in found]
    else:
        codes, known = pd.factorize(leads[attribute], sort=True)
        names = [str(each) for each in known]
    is_missing = codes < 0
    if not is_missing.any():
        return [*names], codes
    return [*names, None], np.where(is_missing, len(names), codes)


def _score_bands(leads: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Fifths of the leads by their score, named by their lowest and highest score."""
    score = leads["score"].to_numpy()
    known = ~np.isnan(score)
    codes = np.full(len(score), -1, dtype=np.intp)
    if not known.any():
        return [], codes
    values, place = np.unique(score[known], return_inverse=True)
    counts = np.bincount(place, weights=leads.loc[known, "leads"])
    below = (np.cumsum(counts) - counts) / counts.sum()
    fifth = np.minimum(np.floor(below * _SCORE_BANDS + 1e-9), _SCORE_BANDS - 1).astype(np.intp)
    found, band = np.unique(fifth, return_inverse=True)
    codes[known] = band[place]
    ends = [(values[band == each].min(), values[band == each].max()) for each in range(len(found))]
    return [f"{low:g}-{high:g}" if low < high else f"{low:g}" for low, high in ends], codes


def balance(leads: pd.DataFrame, levels: Sequence[Levels], is_beyond: np.ndarray) -> pd.DataFrame:
    """How do the leads contacted after the deadline differ from those contacted within it?

    Returns
    -------
    DataFrame
        One row per attribute and level: its share among the leads `within` and `beyond`, and the
        `standardised_difference` (Austin 2009, Stat. Med. 28, 3083-3107), positive where it is
        more frequent beyond; `is_flagged` above 0.1 either way.
    """
    weights = leads["leads"].to_numpy()
    rows = []
    for each in levels:
        within, beyond = (
            np.bincount(each.codes, weights=weights * side, minlength=len(each.values))
            / max((weights * side).sum(), 1.0)
            for side in (~is_beyond, is_beyond)
        )
        spread = np.sqrt((within * (1 - within) + beyond * (1 - beyond)) / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            difference = np.where(beyond == within, 0.0, (beyond - within) / spread)
        for number, value in enumerate(each.values):
            rows.append(
                {
                    "attribute": each.attribute,
                    "value": value,
                    "is_folded": each.has_folded and number == len(each.values) - 1,
                    "within_share": within[number],
                    "beyond_share": beyond[number],
                    "standardised_difference": difference[number],
                    "is_flagged": bool(abs(difference[number]) > _FLAGGED),
                }
            )
    columns = ["attribute", "value", "is_folded", "within_share", "beyond_share"]
    return pd.DataFrame(rows, columns=[*columns, "standardised_difference", "is_flagged"])
