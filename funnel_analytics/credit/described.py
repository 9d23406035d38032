"""Journeys described: their paths, lengths and times, what each key does in them, what follows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.credit.journeys import Floats, Ints, Journeys, summed

__all__ = [
    "CONVERSION",
    "FURTHER",
    "NO_CONVERSION",
    "OTHERS",
    "SEPARATOR",
    "START",
    "first_to_last",
    "length_bands",
    "paths",
    "roles",
    "steps",
    "times",
    "transitions",
]

START, CONVERSION, NO_CONVERSION = "(start)", "(conversion)", "(no conversion)"
"""Where a journey begins and how it ends, beside the keys."""

OTHERS, FURTHER = "(others)", "(further touches)"
"""Keys that are not told apart, and the touches beyond the places that are."""

SEPARATOR = " > "
"""What stands between the names of a path."""

_QUARTILES = (0.25, 0.5, 0.75)


def paths(journeys: Journeys, *, smallest: int) -> tuple[pd.DataFrame, int]:
    """Which ways did journeys take, repeats collapsed?

    Parameters
    ----------
    smallest
        Paths of fewer journeys are one row together, with the next smallest if they are too few.

    Returns
    -------
    DataFrame, int
        One row per path, most conversions first and the folded one last: `path`, `is_folded`,
        `touches` (missing of the folded), `conversions`, `value`, `journeys` (with and without a
        conversion); and how many paths are folded.
    """
    distinct = journeys.collapsed().distinct()
    table = pd.DataFrame(
        {
            "path": _names(distinct),
            "is_folded": False,
            "touches": pd.array(distinct.lengths, dtype="Int64"),
            "conversions": distinct.conversions,
            "value": distinct.values,
            "journeys": distinct.conversions + distinct.nulls,
        }
    )
    return _folded(table, smallest=smallest, size="journeys")


def _names(journeys: Journeys) -> list[str]:
    names = np.array(journeys.keys, dtype=object)[journeys.codes]
    return [SEPARATOR.join(names[begin:end]) for begin, end in pairwise(journeys.starts)]


def _folded(table: pd.DataFrame, *, smallest: int, size: str) -> tuple[pd.DataFrame, int]:
    """Rows too small to show as one; of `path`, `touches` and ends it says nothing."""
    by_size = table[size].sort_values(kind="stable")
    count = int((by_size < smallest).sum())
    if 0 < count < len(by_size) and by_size.iloc[:count].sum() < smallest:
        count += 1
    small = table.index.isin(by_size.index[:count])
    kept = table[~small].sort_values(
        ["conversions", size, *table.columns[:1]], ascending=[False, False, True], kind="stable"
    )
    if count:
        numbers = [name for name in ("conversions", "value", "journeys") if name in table]
        row = dict.fromkeys(table.columns) | table.loc[small, numbers].sum().to_dict()
        rest = pd.DataFrame([row | {"is_folded": True}]).astype(
            {name: kind for name, kind in table.dtypes.items() if name != "is_folded"}
        )
        kept = pd.concat([kept, rest], ignore_index=True)
    return _whole(kept.reset_index(drop=True)), count


def _whole(table: pd.DataFrame) -> pd.DataFrame:
    """Counts as whole numbers."""
    counts = [
        name
        for name, column in table.items()
        if name != "value" and column.dtype == float and column.notna().all()
        and (column == column.round()).all()
    ]  # fmt: skip
    return table.astype(dict.fromkeys(counts, "int64"))


def length_bands(journeys: Journeys, *, smallest: int) -> pd.DataFrame:
    """How many touches had the journeys?

    Returns
    -------
    DataFrame
        One row per band of lengths, each with at least `smallest` conversions (there is one band at
        least, if there is a journey): `touches_from`, `touches_to`, `conversions`, `value`,
        `journeys`.
    """
    columns = ["touches_from", "touches_to", "conversions", "value", "journeys"]
    if not len(journeys):
        return pd.DataFrame({name: pd.Series(dtype="int64") for name in columns})
    lengths = journeys.lengths
    size = int(lengths.max()) + 1
    figures = {
        "conversions": summed(lengths, journeys.conversions, size),
        "value": summed(lengths, journeys.values, size),
        "journeys": summed(lengths, journeys.conversions + journeys.nulls, size),
    }
    begins = _bands(figures["conversions"], figures["journeys"] > 0, smallest)
    ends = [*(each - 1 for each in begins[1:]), size - 1]
    table = pd.DataFrame({"touches_from": begins, "touches_to": ends})
    for name, numbers in figures.items():
        table[name] = np.add.reduceat(numbers, begins)
    return _whole(table)[columns]


def _bands(conversions: Floats, is_used: Any, smallest: int) -> list[int]:
    """Where the bands of lengths begin, so that each has enough conversions."""
    used = np.flatnonzero(is_used)
    begins, held = [int(used[0])], 0.0
    for length in used:
        if held >= smallest:
            begins.append(int(length))
            held = 0.0
        held += conversions[length]
    if held < smallest and len(begins) > 1:
        begins.pop()
    return begins


def times(journeys: Journeys, bands: pd.DataFrame, *, z: float) -> pd.DataFrame:
    """How many days passed from the first touch to the conversion?

    Parameters
    ----------
    journeys
        With `ages`.
    bands
        Lengths as `length_bands` has them.
    z
        The normal quantile of the confidence of the median's limits.

    Returns
    -------
    DataFrame
        All lengths together first, `touches_from` and `touches_to` missing, then one row per band:
        `conversions`, quartiles `p25_days`, `median_days`, `p75_days`, and `median_low`,
        `median_high`: the order statistics n/2 -+ z sqrt(n)/2 (binomial; Conover 1999, section
        3.2).
    """
    converted = journeys.only(journeys.conversions > 0)
    assert converted.ages is not None
    days = converted.ages[converted.starts[:-1]]
    rows: list[dict[str, Any]] = [{"touches_from": None, "touches_to": None} | _spread(days, z)]
    for low, high in bands[["touches_from", "touches_to"]].to_numpy(dtype=np.int64):
        inside = (converted.lengths >= low) & (converted.lengths <= high)
        rows.append({"touches_from": low, "touches_to": high} | _spread(days[inside], z))
    return pd.DataFrame(rows).astype({"touches_from": "Int64", "touches_to": "Int64"})


def _spread(days: Floats, z: float) -> dict[str, Any]:
    names = ("p25_days", "median_days", "p75_days", "median_low", "median_high")
    count = len(days)
    if not count:
        return {"conversions": 0} | dict.fromkeys(names, np.nan)
    ordered = np.sort(days)
    half = z * np.sqrt(count) / 2
    low = max(int(np.floor(count / 2 - half)), 1)
    values = [*np.quantile(ordered, _QUARTILES), ordered[low - 1], ordered[count - low]]
    return {"conversions": count} | dict(zip(names, map(float, values), strict=True))


def roles(journeys: Journeys) -> pd.DataFrame:
    """What does each key do in the journeys that converted?

    Returns
    -------
    DataFrame
        One row per key that occurs, most touches first. Every touch has one role: `openers` and
        `closers` begin and end a journey of several touches, `helpers` stand between, `alone` are
        the only one; they sum to `touches`. `conversions`: journeys with the key; `assisted`: those
        of them that end in another key; `last`: those that end in it.
    """
    converted = journeys.only(journeys.conversions > 0)
    size, codes, often = len(converted.keys), converted.codes, converted.conversions
    firsts, lasts = codes[converted.starts[:-1]], codes[converted.starts[1:] - 1]
    alone = summed(firsts, np.where(converted.lengths == 1, often, 0.0), size)
    openers = summed(firsts, often, size) - alone
    closers = summed(lasts, often, size) - alone
    touches = summed(codes, np.repeat(often, converted.lengths), size)
    held = np.unique(converted.journey_numbers.astype(np.int64) * size + codes)
    conversions = summed(held % max(size, 1), often[held // max(size, 1)], size)
    last = closers + alone
    table = pd.DataFrame(
        {
            "key": list(converted.keys),
            "touches": touches,
            "openers": openers,
            "helpers": touches - openers - closers - alone,
            "closers": closers,
            "alone": alone,
            "conversions": conversions,
            "assisted": conversions - last,
            "last": last,
        }
    )
    table = _whole(table[table["touches"] > 0])
    return table.sort_values(["touches", "key"], ascending=[False, True]).reset_index(drop=True)


def transitions(journeys: Journeys) -> pd.DataFrame:
    """What follows what, from the start to the conversion or to none?

    Returns
    -------
    DataFrame
        One row per pair of states that follow each other: `from_state`, `to_state`, `steps`,
        `converting_steps` (in journeys with a conversion). The steps from a state over all of it
        are the probabilities of a first-order Markov chain; those of a state out and in are equal.
    """
    size = len(journeys.keys)
    start, won, none = size, size + 1, size + 2
    counted = [(journeys.conversions, won, True), (journeys.nulls, none, False)]
    froms, tos, before = _links(journeys, start)
    table = np.zeros((2, size + 3, size + 3))
    for weights, end, is_won in counted:
        np.add.at(table[int(is_won)], (froms, tos), weights[before])
        lasts = journeys.codes[journeys.starts[1:] - 1]
        np.add.at(table[int(is_won)], (lasts, np.full(len(lasts), end)), weights)
    both = table.sum(axis=0)
    rows, columns = np.nonzero(both)
    names = np.array([*journeys.keys, START, CONVERSION, NO_CONVERSION], dtype=object)
    found = pd.DataFrame(
        {
            "from_state": names[rows],
            "to_state": names[columns],
            "steps": both[rows, columns],
            "converting_steps": table[1][rows, columns],
        }
    )
    order = found.assign(is_start=found["from_state"] != START).sort_values(
        ["is_start", "from_state", "steps", "to_state"], ascending=[True, True, False, True]
    )
    return _whole(found.loc[order.index].reset_index(drop=True))


def _links(journeys: Journeys, start: int) -> tuple[Ints, Ints, Ints]:
    """Each touch with the one before it (or the start) and its journey."""
    codes = journeys.codes.astype(np.int64)
    before = np.concatenate(([start], codes[:-1])) if len(codes) else codes
    before[journeys.starts[:-1]] = start
    return before, codes, journeys.journey_numbers


def steps(journeys: Journeys, *, most_keys: int, most_places: int) -> pd.DataFrame:
    """Which key comes first, second and so on, repeats collapsed?

    Parameters
    ----------
    most_keys
        So many keys, those with the most touches in journeys that converted (if there are any),
        are told apart; the rest are `OTHERS`.
    most_places
        So many places are told apart; what comes after is `FURTHER`.

    Returns
    -------
    DataFrame
        One row per link from a place to the next or to an end: `place`, `from_state`, `to_state`,
        `conversions`, `nulls`. What goes into a state of a place comes out of it, so that drawn
        from left to right nothing runs back.
    """
    size = len(journeys.keys)
    often = journeys.conversions if journeys.conversions.any() else journeys.nulls
    counts = summed(journeys.codes, np.repeat(often, journeys.lengths), size)
    shown = np.sort(np.argsort(-counts, kind="stable")[:most_keys])
    names = [*(journeys.keys[each] for each in shown), OTHERS, FURTHER, CONVERSION, NO_CONVERSION]
    recoded = np.full(max(size, 1), len(shown))
    recoded[shown] = np.arange(len(shown))
    further, won, none = len(shown) + 1, len(shown) + 2, len(shown) + 3
    collapsed = journeys.collapsed()
    codes, lengths, starts = recoded[collapsed.codes], collapsed.lengths, collapsed.starts
    rows = []
    for place in range(1, most_places + 2):
        here = lengths >= place
        at = starts[:-1][here] + place - 1
        is_last = (lengths[here] == place) | (place > most_places)
        froms = codes[at] if place <= most_places else np.full(len(at), further)
        follows = codes[np.minimum(at + 1, max(len(codes) - 1, 0))]
        after = np.full(len(at), further) if place == most_places else follows
        for weights, end in ((journeys.conversions, won), (journeys.nulls, none)):
            links = pd.DataFrame(
                {
                    "place": place,
                    "from_state": froms,
                    "to_state": np.where(is_last, end, after),
                    "weight": weights[here],
                    "is_won": end == won,
                }
            )
            rows.append(links[links["weight"] > 0])
    return _counted_steps(pd.concat(rows, ignore_index=True), np.array(names, dtype=object))


def _counted_steps(links: pd.DataFrame, names: Any) -> pd.DataFrame:
    """Links of single journeys added up."""
    links["conversions"] = links["weight"].where(links["is_won"], 0.0)
    links["nulls"] = links["weight"].where(~links["is_won"], 0.0)
    keys = ["place", "from_state", "to_state"]
    table = links.groupby(keys, as_index=False)[["conversions", "nulls"]].sum()
    for name in keys[1:]:
        table[name] = names[table[name].to_numpy(dtype=np.int64)]
    return _whole(table)


def first_to_last(journeys: Journeys, *, smallest: int) -> tuple[pd.DataFrame, int]:
    """Which key opened the journeys that which key closed?

    Returns
    -------
    DataFrame, int
        One row per pair: `first`, `last`, `is_folded`, `conversions`, `value`; pairs of fewer than
        `smallest` conversions are one row, which is last; and how many they are.
    """
    converted = journeys.only(journeys.conversions > 0)
    codes, names = converted.codes, np.array(converted.keys, dtype=object)
    table = pd.DataFrame(
        {
            "first": names[codes[converted.starts[:-1]]],
            "last": names[codes[converted.starts[1:] - 1]],
            "is_folded": False,
            "conversions": converted.conversions,
            "value": converted.values,
        }
    )
    cells = table.groupby(["first", "last", "is_folded"], as_index=False).sum()
    return _folded(cells, smallest=smallest, size="conversions")
