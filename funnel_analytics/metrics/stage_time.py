"""How long leads stay in a stage, counting those that are still there."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import count_cohort
from funnel_analytics.estimates import kaplan_meier, quantile_of
from funnel_analytics.periods import Period
from funnel_analytics.results import Result
from funnel_analytics.segments import (
    By,
    Selection,
    arranged,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["time_in_stage"]

_DAY = 86400
_NOWHERE = np.array([], dtype="int64")
_GROUP = ["segment", "is_folded"]
_ENDINGS = ["moved_on_leads", "moved_back_leads", "closed_leads", "open_leads"]
_QUANTILES = {"median_days": 0.5, "p75_days": 0.75, "p90_days": 0.9}
_COLUMNS = [
    *_GROUP,
    "position",
    "stage",
    "entered_leads",
    *_ENDINGS,
    *_QUANTILES,
    "expected_days",
]
_UNITS = {
    **dict.fromkeys(["entered_leads", *_ENDINGS], "leads"),
    **dict.fromkeys([*_QUANTILES, "expected_days"], "days"),
}


def time_in_stage(
    warehouse: Warehouse, *, cohort: Period | None = None, by: By | None = None
) -> Result:
    """How long did the leads of a cohort stay in each stage?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.

    Returns
    -------
    Result
        One row per segment and stage, without the last stage.

        A stay runs from the lead's first recorded entry into the stage to the first event after
        it: an entry into a later stage (`moved_on_leads`), a status that ends or suspends its way
        such as lost, rejected, recycled or nurture (`closed_leads`), or an entry into an earlier
        stage (`moved_back_leads`). `open_leads` had none of these by `warehouse.as_of`. The four
        sum to `entered_leads`. Of events at one instant, a later stage comes before a closing
        status, and this before an earlier stage; a stamp that is a day stands for all of that
        day. Leads that skipped the stage have no stay in it.

        `median_days`, `p75_days` and `p90_days` are the days after which half, three quarters and
        nine tenths of the leads have left the stage, in whatever way; missing where so many have
        not left yet. `expected_days` is what the agreement says.

        Groups with fewer leads in the cohort than the agreement's `minimum_group_size` are one
        segment, `"other_groups"` with `is_folded`; where they are too few together, the next
        smallest group joins them. Where there is no other group, the numbers are missing. Notes:
        `excluded`, `folded`, `snapshot_entries` (entries known only from comparing two dated
        exports: their stays are known no better than the gap between the two).

    Raises
    ------
    CallError
        The cohort begins after the data end, or leads have no attribute `by`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Stays are right-censored at `as_of`, so the quantiles are those of the product-limit estimate:
    Kaplan & Meier (1958), J. Am. Stat. Assoc. 53, 457-481.
    """
    counted = count_cohort(warehouse, "time_in_stage", cohort=cohort, by=by)
    selection, found = counted.selection, counted.counts.table
    table = arranged(
        _by_stage(warehouse, found, selection),
        counts=["entered_leads", *_ENDINGS],
        shares=list(_QUANTILES),
        minimum_group_size=selection.minimum_group_size,
    )
    return warehouse.result(
        "time_in_stage",
        grain="one row per segment and stage",
        units=_UNITS,
        definition=(
            "Time from the first recorded entry into the stage to the next event of the lead: "
            "another stage or a closing status; leads without one count as still there."
        ),
        answers=[counted.counts, *counted.answers],
        table=selection.spread(table[_COLUMNS]),
        parameters=selection.parameters("cohort"),
        notes=counted.notes,
    )


def _by_stage(warehouse: Warehouse, found: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """A row for each segment and stage, with zeros where no lead of the segment was in it."""
    groups = found.groupby([*_GROUP, "position"], dropna=False).indices
    places = {_key(key): rows for key, rows in groups.items()}
    first = sorted(rows[0] for rows in places.values())
    segments = found.iloc[first][[*_GROUP, "segment_leads"]].drop_duplicates()
    if selection.by is None and segments.empty:
        segments = pd.DataFrame({"segment": [None], "is_folded": [False], "segment_leads": [0]})
    columns = {name: found[name].to_numpy() for name in ["seconds", *_ENDINGS]}
    rows = []
    for segment, (index, stage) in product(
        segments.itertuples(), enumerate(warehouse.agreement.stages[:-1], 1)
    ):
        at = places.get(_key((segment.segment, segment.is_folded, index)), _NOWHERE)
        stays = pd.DataFrame({name: values[at] for name, values in columns.items()})
        endings = stays[_ENDINGS].sum()
        ended = endings.drop("open_leads")
        curve = kaplan_meier(stays["seconds"], stays[_ENDINGS[:3]].sum(axis=1), stays["open_leads"])
        rows.append(
            {
                "segment": segment.segment,
                "is_folded": segment.is_folded,
                "segment_leads": segment.segment_leads,
                "position": index,
                "stage": stage.name,
                "entered_leads": ended.sum() + endings["open_leads"],
                **endings,
                **{name: quantile_of(curve, p) / _DAY for name, p in _QUANTILES.items()},
                "expected_days": stage.expected_days,
            }
        )
    return pd.DataFrame(rows, columns=[*_GROUP, "segment_leads", *_COLUMNS[2:]])


def _key(key: Any) -> tuple[str | None, bool, int]:
    """A segment, whether it is folded, and a stage; a missing segment is one like any other."""
    segment, is_folded, position = key
    return segment if isinstance(segment, str) else None, bool(is_folded), int(position)
