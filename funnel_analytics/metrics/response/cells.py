"""Who was contacted in time, by team, deadline, hour of the week and load: cells of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.metrics.response.waits import HOUR, Numbers, Waits, in_time

__all__ = ["CELL_COLUMNS", "LOAD_BANDS", "by_deadline", "by_hour", "by_load", "by_team", "hidden"]

CELL_COLUMNS = (
    "is_hidden",
    "leads",
    "contacted_leads",
    "due_leads",
    "within_deadline_leads",
    "within_deadline_share",
    "within_deadline_low",
    "within_deadline_high",
    "median_hours",
)
LOAD_BANDS = (0.0, 0.5, 1.0, 2.0, 4.0, np.inf)
"""Leads per person and day: over the first and up to the second of two neighbours."""
_COUNTS = CELL_COLUMNS[1:5]
_SHARES = CELL_COLUMNS[5:]


def by_team(
    waits: Waits, teams: pd.DataFrame, *, smallest: int, shows_people: bool
) -> pd.DataFrame:
    """The waits of each team that leads were handed to, then of those nobody had been given."""
    numbers = waits.column("team_no")
    known = teams.set_index("team_no")
    rows = [(int(number), numbers == number) for number in np.unique(numbers)]
    rows = [row for row in rows if row[0] > 0] + [row for row in rows if row[0] == 0]
    single = [
        not shows_people and number > 0 and bool(known.loc[number, "is_single"])
        for number, _ in rows
    ]
    names = [known.loc[number, "team"] if number > 0 else None for number, _ in rows]
    heads = pd.DataFrame({"team": pd.Series(names, dtype=object)})
    return _cells(waits, heads, [chosen for _, chosen in rows], smallest, single)


def by_deadline(waits: Waits, *, smallest: int) -> pd.DataFrame:
    """The waits under each of the agreed deadlines."""
    seconds = waits.column("deadline_seconds")
    found = np.unique(seconds[seconds >= 0])
    heads = pd.DataFrame({"deadline_hours": found / HOUR})
    return _cells(waits, heads, [seconds == each for each in found], smallest)


def by_hour(waits: Waits, begun: pd.DatetimeIndex, *, smallest: int) -> pd.DataFrame:
    """The waits that began in each hour of the week, 168 in all; Monday is 1.

    `begun`: when each wait began, on the wall clock.
    """
    place = begun.day_of_week.to_numpy() * 24 + begun.hour.to_numpy()
    heads = pd.DataFrame(
        {"weekday": np.repeat(np.arange(1, 8), 24), "hour": np.tile(np.arange(24), 7)}
    )
    order = np.argsort(place, kind="stable")
    ends = np.searchsorted(place[order], np.arange(len(heads) + 1))
    chosen = [order[ends[each] : ends[each + 1]] for each in range(len(heads))]
    return _cells(waits, heads, chosen, smallest)


def by_load(
    waits: Waits, begun: pd.DatetimeIndex, loads: pd.DataFrame, *, smallest: int
) -> pd.DataFrame:
    """The waits by the leads handed to the team that day per person it had at work that month.

    Last, with no band, those whose load is not known.
    """
    band = _bands(waits, begun, loads)
    heads = pd.DataFrame(
        {
            "load_over": [*LOAD_BANDS[:-1], np.nan],
            "load_up_to": [*LOAD_BANDS[1:], np.nan],
        }
    )
    there = [number for number in range(len(heads)) if (band == number).any()]
    chosen = [band == number for number in there]
    return _cells(waits, heads.iloc[there].reset_index(drop=True), chosen, smallest)


def _bands(waits: Waits, begun: pd.DatetimeIndex, loads: pd.DataFrame) -> Numbers:
    """The number of each wait's band; that after the last where the load is not known."""
    unknown = len(LOAD_BANDS) - 1
    known = loads.dropna(subset=["people"])
    if known.empty or not len(waits):
        return np.full(len(waits), unknown)
    days = pd.DatetimeIndex(known["day"]).to_numpy().astype("datetime64[D]")
    local = begun.to_numpy().astype("datetime64[D]")
    first, last = min(days.min(), local.min()), max(days.max(), local.max())
    teams = int(max(known["team_no"].max(), waits.column("team_no").max())) + 1
    load = np.full((teams, int((last - first).astype(int)) + 1), np.nan)
    per_person = known["handed_leads"].to_numpy(float) / known["people"].to_numpy(float)
    load[known["team_no"].to_numpy(int), (days - first).astype(int)] = per_person
    found = load[waits.column("team_no"), (local - first).astype(int)]
    band = np.searchsorted(np.asarray(LOAD_BANDS[1:-1]), found, side="left")
    return np.where(np.isnan(found), unknown, band)


def hidden(leads: Numbers, *, smallest: int, single: Sequence[bool] | None = None) -> Numbers:
    """Which cells cannot be shown, so that the others do not tell of them either?

    Cells with fewer leads than may be shown, and those of a single person; where they are too few
    together, or one alone, the smallest of the others as well. Empty cells hide nothing.
    """
    filled = leads > 0
    alone = np.zeros(len(leads), dtype=bool) if single is None else np.asarray(single, dtype=bool)
    found = filled & ((leads < smallest) | alone)
    while found.any() and (filled & ~found).any():
        is_enough = leads[found].sum() >= smallest and (found & filled).sum() > 1
        if is_enough:
            break
        others = np.flatnonzero(filled & ~found)
        found[others[np.argmin(leads[others])]] = True
    return found


def _cells(
    waits: Waits,
    heads: pd.DataFrame,
    chosen: Sequence[Numbers],
    smallest: int,
    single: Sequence[bool] | None = None,
) -> pd.DataFrame:
    """One row per cell; the numbers of hidden ones are missing."""
    needed = waits.only("has_happened", "working_seconds", "deadline_seconds")
    groups = [needed.where(each) for each in chosen]
    leads = np.array([len(group) for group in groups], dtype=np.int64)
    is_hidden = hidden(leads, smallest=smallest, single=single)
    rows = [
        {"is_hidden": True} if is_blank else {"is_hidden": False, **_cell(group)}
        for group, is_blank in zip(groups, is_hidden, strict=True)
    ]
    cells = pd.DataFrame(rows, columns=list(CELL_COLUMNS), index=heads.index)
    cells["is_hidden"] = cells["is_hidden"].astype(bool)
    cells[list(_COUNTS)] = cells[list(_COUNTS)].astype("Int64")
    cells[list(_SHARES)] = cells[list(_SHARES)].astype("float64")
    return pd.concat([heads, cells], axis=1)


def _cell(group: Waits) -> dict[str, Any]:
    happened, deadlines = group.happened, group.column("deadline_seconds")
    row = {
        "leads": len(group),
        "contacted_leads": int(np.count_nonzero(happened)),
        "median_hours": group.median_hours("working_seconds"),
    }
    if (deadlines < 0).any():
        return row
    return row | in_time(happened, group.column("working_seconds") <= deadlines)
