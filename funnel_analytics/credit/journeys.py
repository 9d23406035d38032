"""Journeys as flat arrays: the touches of each, in order, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.credit.equal_paths import Ints, equal_paths, starts_of
from funnel_analytics.errors import CallError, DataError, counted, did_you_mean, listed

__all__ = [
    "FIRST",
    "LAST",
    "LEAD_CREATED",
    "OPPORTUNITY_CREATED",
    "Bools",
    "Floats",
    "Ints",
    "Journeys",
    "code_type",
    "journeys_from_paths",
    "journeys_from_touches",
    "starts_of",
    "summed",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_FEW = 8  # journeys of which less than one in so many is chosen: their touches are counted up

FIRST, LEAD_CREATED, OPPORTUNITY_CREATED, LAST = 1, 2, 4, 8
"""Milestones that a touch may hold, as bits."""


@dataclass(frozen=True, eq=False)
class Journeys:
    """Touches in order, journey after journey, as flat arrays; no journey is empty.

    Attributes
    ----------
    keys
        Names of what is credited, by code. Callers map what is missing to a key of its own.
    starts
        (journeys + 1,) Where the touches of each journey begin; the last is the number of touches.
    codes
        (touches,) The place of each touch's key in `keys`.
    conversions, values, nulls
        (journeys,) Conversions that ended the journey (0 or 1, more where equal paths are added
        up), their value together, and how many journeys like it had none. A journey without
        conversions has no value.
    ages
        (touches,) Days from the touch to the conversion, or to the journey's end.
    milestones
        (touches,) The milestones that the touch holds, as bits: `FIRST`, `LEAD_CREATED`,
        `OPPORTUNITY_CREATED`, `LAST`.
    is_direct
        (touches,) Is the touch in a direct channel?
    clusters
        (journeys,) The account or lead of each journey: what stays together when journeys are
        drawn anew.

    Raises
    ------
    DataError
        The arrays contradict one another; the message lists every fault.
    """

    keys: tuple[str, ...]
    starts: Ints
    codes: Ints
    conversions: Floats
    values: Floats
    nulls: Floats
    ages: Floats | None = None
    milestones: Ints | None = None
    is_direct: Bools | None = None
    clusters: Ints | None = None

    def __post_init__(self) -> None:
        problems = _problems(self)
        if problems:
            raise DataError(f"These are no journeys:\n{listed(problems)}")

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def touches(self) -> int:
        """How many touches there are in all journeys together."""
        return len(self.codes)

    @cached_property
    def lengths(self) -> Ints:
        """(journeys,) How many touches each journey has."""
        return np.diff(self.starts)

    @cached_property
    def journey_numbers(self) -> Ints:
        """(touches,) The number of each touch's journey."""
        return np.repeat(np.arange(len(self), dtype=code_type(len(self))), self.lengths)

    def only(self, mask: ArrayLike) -> Self:
        """The journeys where `mask` is true, with all keys."""
        chosen = np.asarray(mask, dtype=bool)
        if chosen.shape != (len(self),):
            raise CallError(f"A mask of {len(self)} journeys is needed, not of {chosen.shape}.")
        touches = self.touches_of(chosen)
        return type(self)(
            keys=self.keys,
            starts=starts_of(self.lengths[chosen]),
            codes=self.codes[touches],
            conversions=self.conversions[chosen],
            values=self.values[chosen],
            nulls=self.nulls[chosen],
            ages=_at(self.ages, touches),
            milestones=_at(self.milestones, touches),
            is_direct=_at(self.is_direct, touches),
            clusters=_at(self.clusters, chosen),
        )

    def touches_of(self, chosen: Bools) -> Ints | Bools:
        """What picks the touches of chosen journeys: their places where these are few."""
        if np.count_nonzero(chosen) * _FEW > len(self):
            return np.repeat(chosen, self.lengths)
        lengths = self.lengths[chosen]
        ahead = self.starts[:-1][chosen] - starts_of(lengths)[:-1]
        return np.repeat(ahead, lengths) + np.arange(lengths.sum())

    def collapsed(self) -> Self:
        """Of consecutive touches of one key the first stays; it holds the milestones of all."""
        kept = np.ones(self.touches, dtype=bool)
        if self.touches:
            np.not_equal(self.codes[1:], self.codes[:-1], out=kept[1:])
            kept[self.starts[:-1]] = True
        if kept.all():
            return self
        places = np.flatnonzero(kept)
        milestones = self.milestones
        return type(self)(
            keys=self.keys,
            starts=np.searchsorted(places, self.starts).astype(np.int64),
            codes=self.codes[places],
            conversions=self.conversions,
            values=self.values,
            nulls=self.nulls,
            ages=_at(self.ages, places),
            milestones=None if milestones is None else np.bitwise_or.reduceat(milestones, places),
            is_direct=_at(self.is_direct, places),
            clusters=self.clusters,
        )

    def distinct(self) -> Self:
        """Equal paths as one journey, in the order of their first; nothing is lost, all is summed.

        Ages, milestones, direct touches and clusters belong to single journeys and are gone.
        """
        numbers, firsts = self.path_numbers
        touches = np.zeros(len(self), dtype=bool)
        touches[firsts] = True
        size = len(firsts)
        return type(self)(
            keys=self.keys,
            starts=starts_of(self.lengths[firsts]),
            codes=self.codes[np.repeat(touches, self.lengths)],
            conversions=summed(numbers, self.conversions, size),
            values=summed(numbers, self.values, size),
            nulls=summed(numbers, self.nulls, size),
        )

    @cached_property
    def path_numbers(self) -> tuple[Ints, Ints]:
        """(journeys,) the number of each one's path, and (paths,) the first journey with it.

        Paths are numbered in the order of their first journeys.
        """
        return equal_paths(self.codes, self.starts, len(self.keys))


def summed(codes: Ints, weights: Floats, size: int) -> Floats:
    """(size,) The weights of each code together, also where there are none."""
    return np.bincount(codes, weights, size).astype(np.float64, copy=False)


def code_type(size: int) -> type[np.unsignedinteger[Any]]:
    """The smallest unsigned type that holds codes of so many things."""
    return np.uint8 if size <= 2**8 else np.uint16 if size <= 2**16 else np.uint32


def journeys_from_paths(
    frame: pd.DataFrame,
    *,
    path: str = "path",
    conversions: str = "conversions",
    values: str | None = None,
    nulls: str | None = None,
    separator: str = ">",
) -> Journeys:
    """Journeys from a table of paths, one row per path or per journey; equal rows add up.

    Parameters
    ----------
    path
        The column of paths: texts such as `"search > email"`, or lists of names. Spaces around
        names do not count. Names become keys in alphabetical order.
    conversions, values, nulls
        The columns of conversions, of their value together, and of journeys without conversion.
        Without `nulls`, a row without conversions is one journey without. The value of such a row
        belongs to nothing and is not counted.

    Raises
    ------
    CallError
        No such column.
    DataError
        A path or a name in it is empty, or a number is missing or negative; the message lists
        every fault.
    """
    for column in (path, conversions, values, nulls):
        if column is not None and column not in frame.columns:
            known = [str(each) for each in frame.columns]
            raise CallError(
                f"There is no column '{column}'.{did_you_mean(str(column), known)} "
                f"The columns are: {', '.join(known)}."
            )
    names = [_names(each, separator) for each in frame[path]]
    empty = np.array([not each or not all(each) for each in names], dtype=bool)
    problems = _faulty(frame, empty, f"no path in '{path}', or an empty name in it")
    figures: dict[str, Floats] = {}
    for column in (conversions, values, nulls):
        if column is None:
            continue
        numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float)
        figures[column] = numbers
        wrong = ~np.isfinite(numbers) | (numbers < 0 if column != values else False)
        problems += _faulty(frame, wrong, f"no number of '{column}', or one that cannot be")
    if problems:
        raise DataError(f"The paths cannot be read:\n{listed(problems)}")
    converted = figures[conversions]
    flat = [name for each in names for name in each]
    codes, keys = _coded(flat)
    return Journeys(
        keys=keys,
        starts=starts_of([len(each) for each in names]),
        codes=codes,
        conversions=converted,
        values=np.where(converted > 0, figures[values] if values else 0.0, 0.0),
        nulls=figures[nulls] if nulls is not None else (converted == 0).astype(float),
    )


def journeys_from_touches(
    keys: Sequence[str],
    codes: Ints,
    *,
    is_first: Bools,
    is_converted: Bools,
    conversions: Floats,
    values: Floats,
) -> Journeys:
    """Journeys from touches in order. A conversion ends one; the touches after it begin the next.

    Parameters
    ----------
    is_first, is_converted
        (touches,) Does a journey begin with the touch? Was there a conversion right after it?
    conversions, values
        (converted touches,) How many conversions, and their value.
    """
    begins = is_first.copy()
    begins[1:] |= is_converted[:-1]
    starts = np.append(np.flatnonzero(begins), len(codes))
    ends_won = np.flatnonzero(is_converted[starts[1:] - 1])
    won, value = np.zeros(len(starts) - 1), np.zeros(len(starts) - 1)
    won[ends_won], value[ends_won] = conversions, values
    return Journeys(
        keys=tuple(keys),
        starts=starts,
        codes=codes,
        conversions=won,
        values=value,
        nulls=(won == 0).astype(float),
    )


def _names(path: Any, separator: str) -> list[str]:
    if isinstance(path, str):
        return [name.strip() for name in path.split(separator)]
    if isinstance(path, list | tuple | np.ndarray):
        return [str(name).strip() if name == name and name is not None else "" for name in path]
    return []


def _coded(names: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    """The codes of names, and the names by code in alphabetical order."""
    keys = tuple(sorted(set(names)))
    places = {key: code for code, key in enumerate(keys)}
    return np.array([places[name] for name in names], dtype=code_type(len(keys))), keys


def _faulty(frame: pd.DataFrame, is_wrong: Bools, what: str) -> list[str]:
    """A sentence on the rows where something is wrong."""
    count = int(is_wrong.sum())
    if not count:
        return []
    first = frame.index[int(is_wrong.argmax())]
    return [f"{count} of {counted(len(frame), 'row')}: {what} (first: row {first})."]


def _at(values: Any, chosen: Any) -> Any:
    return None if values is None else values[chosen]


def _problems(journeys: Journeys) -> list[str]:
    """Everything that is wrong with the arrays, as sentences."""
    starts, codes = journeys.starts, journeys.codes
    if starts.ndim != 1 or not len(starts) or starts[0] != 0 or starts[-1] != len(codes):
        return ["`starts` has to go from 0 to the number of touches."]
    problems = [*_wrong_lengths(journeys)]
    if (np.diff(starts) < 1).any():
        problems.append("`starts` has to rise: every journey needs a touch.")
    if len(set(journeys.keys)) != len(journeys.keys):
        problems.append("A key stands twice in `keys`.")
    if len(codes) and (codes.max() >= len(journeys.keys) or codes.min() < 0):
        problems.append(f"A code is not below the number of keys, {len(journeys.keys)}.")
    for name in ("conversions", "values", "nulls", "ages"):
        numbers = getattr(journeys, name)
        if numbers is None or not len(numbers):
            continue
        lowest = numbers.min()
        if not (np.isfinite(lowest) and np.isfinite(numbers.max())):
            problems.append(f"`{name}` has a number that is missing or infinite.")
        elif name != "values" and lowest < 0:
            problems.append(f"`{name}` has a negative number.")
    if not problems and ((journeys.values != 0) & (journeys.conversions == 0)).any():
        problems.append("A journey without conversions has a value.")
    return problems


def _wrong_lengths(journeys: Journeys) -> Iterable[str]:
    sizes = {"conversions": len(journeys), "values": len(journeys), "nulls": len(journeys)}
    sizes |= {"clusters": len(journeys)}
    sizes |= dict.fromkeys(("ages", "milestones", "is_direct"), journeys.touches)
    for name, size in sizes.items():
        given = getattr(journeys, name)
        if given is not None and given.shape != (size,):
            yield f"`{name}` has {given.shape} numbers instead of {size}."
