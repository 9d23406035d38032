"""What becomes of the stays of leads in the agreed stages: onwards, back, out, or still there."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from funnel_analytics.errors import CallError, DataError, did_you_mean
from funnel_analytics.periods import Period
from funnel_analytics.results import Result
from funnel_analytics.segments import (
    By,
    Selection,
    arranged,
    excluded_leads,
    folded_note,
    select_leads,
    snapshot_entries,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["ENDINGS", "stage_flows"]

_KINDS = ("entered", "created")
ENDINGS = {
    "moved_on": "moved_on_stays",
    "moved_back": "moved_back_stays",
    "lost": "lost_stays",
    "rejected": "rejected_stays",
    "recycled": "recycled_stays",
    "nurture": "nurture_stays",
    "still_there": "still_there_stays",
}
"""Every way in which a stay can stand, and the column that counts it: they sum to all stays."""

_COUNTS = ["entered_stays", *ENDINGS.values()]
_GROUP = ["segment", "is_folded"]


def stage_flows(
    warehouse: Warehouse,
    *,
    period: Period | None = None,
    by: By | None = None,
    kind: Literal["entered", "created"] = "entered",
) -> Result:
    """What became of the leads that entered each stage?

    Parameters
    ----------
    warehouse
        An open warehouse.
    period
        The days to count; all days with leads if none are given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.
    kind
        `"entered"`: the stays that began in the period, whenever the lead was created.
        `"created"`: all stays of the leads created in the period.

    Returns
    -------
    Result
        One row per segment and stage.

        A stay runs from an entry into the stage to the lead's next step, and a lead that comes
        back has another one. A lead whose entry into the first stage nobody recorded enters it at
        its creation. `entered_stays` ended by `warehouse.as_of` in exactly one of these ways: an
        entry into a later stage (`moved_on_stays`) or an earlier one (`moved_back_stays`), a
        closing (`lost_stays`, `rejected_stays`, `recycled_stays`, `nurture_stays`), or none of
        them (`still_there_stays`; in the last stage these are the won). The seven sum to
        `entered_stays`.

        Of steps at one instant, entries into later stages come first, then closings, then entries
        into earlier stages. A stamp that is a day counts at its end, but an entry known by its day
        comes before what followed it on that day.

        `is_left_truncated`: the period begins before the data can hold entries into the stage.

        `part("by_month")` has the same columns per month of the entry (or of the creation), with
        `is_complete` for a month whose whole end the data hold. `part("transitions")` has one row
        per segment and step: `from_state` (`created`, a stage, or the closing after which the lead
        came back), `to_state` (a stage, a closing, or `still_there`), `stays`, `is_backward` (into
        an earlier stage) and `is_return` (after a closing). What leaves a stage sums to the
        stage's `entered_stays`.

        Groups with fewer leads with such a stay than the agreement's `minimum_group_size` are one
        segment, `"other_groups"` with `is_folded`; where they are too few together, the next
        smallest group joins them. Where there is no other group, the numbers are missing. Notes:
        `excluded`, `folded`, `snapshot_entries`.

    Raises
    ------
    CallError
        No such `kind`, the period begins after the data end, or leads have no attribute `by`.
    DataError
        The stays do not add up: another version of the package built the warehouse.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.
    """
    if kind not in _KINDS:
        raise CallError(
            f"Unknown kind '{kind}' of flows; there are {' and '.join(_KINDS)}."
            f"{did_you_mean(kind, _KINDS)}"
        )
    warehouse.require("lead", "stage_event", metric="stage_flows")
    selection = select_leads(warehouse, period=period, by=by)
    stays = warehouse.query(
        "metrics/stage_flows",
        period_start=selection.start,
        period_end=selection.end,
        by_creation=kind == "created",
        **selection.grouping,
    )
    is_created = kind == "created"
    excluded, note = excluded_leads(
        warehouse,
        created_from=selection.start if is_created else None,
        created_before=selection.end,
    )
    compared, compared_notes = snapshot_entries(
        warehouse,
        created_from=selection.start if is_created else None,
        created_before=selection.end if is_created else warehouse.as_of,
        entered_from=None if is_created else selection.start,
        entered_before=None if is_created else selection.end,
    )
    found = _known(stays.table)
    smallest = selection.minimum_group_size

    def shown(table: pd.DataFrame, counts: list[str]) -> pd.DataFrame:
        ordered = arranged(table, counts=counts, shares=(), minimum_group_size=smallest)
        return selection.spread(ordered.drop(columns="segment_leads"))

    by_month = shown(_by_month(warehouse, found, selection), _COUNTS)
    return warehouse.result(
        "stage_flows",
        grain="one row per segment and stage",
        units=dict.fromkeys(_COUNTS, "stays"),
        definition=(
            "Stays in the stage by what ended them: entered = moved on + moved back + lost + "
            "rejected + recycled + nurture + still there."
        ),
        answers=[stays, excluded, *compared],
        table=shown(_by_stage(warehouse, found, selection), _COUNTS),
        parameters={**selection.parameters("period"), "kind": kind},
        parts={
            "by_month": by_month.sort_values("month", kind="stable").reset_index(drop=True),
            "transitions": shown(
                _transitions(warehouse, found, _segments(found, selection)), ["stays"]
            ),
        },
        notes=[note, *compared_notes, *folded_note(found, minimum_group_size=smallest)],
    )


def _known(found: pd.DataFrame) -> pd.DataFrame:
    """The rows of the query with readable states and numbered groups."""
    table = found.copy()
    table["left_to"] = table["left_to"].astype(object).where(table["left_to"].notna(), None)
    table["left_to"] = table["left_to"].fillna("still_there")
    table["month"] = pd.to_datetime(table["month"])
    unknown = sorted(set(table["left_to"]) - set(ENDINGS))
    if unknown:
        raise DataError(
            f"{int(table['left_to'].isin(unknown).sum())} kinds of stays end in an unknown way: "
            f"{', '.join(unknown)}. Another version of funnel_analytics built the warehouse: load "
            "the exports again."
        )
    table["group"] = table.groupby(_GROUP, dropna=False).ngroup()
    return table


def _segments(found: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """The groups of leads, numbered; without a split there is always one."""
    segments = found[["group", *_GROUP, "segment_leads"]].drop_duplicates()
    if selection.by is None and segments.empty:
        return pd.DataFrame(
            {"group": [0], "segment": [None], "is_folded": [False], "segment_leads": [0]}
        )
    return segments


def _counted(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Stays by key: all of them, and those of each ending; the endings have to sum to all."""
    split = found.assign(
        entered_stays=found["stays"],
        **{
            name: found["stays"].where(found["left_to"] == left, 0)
            for left, name in ENDINGS.items()
        },
    )
    table = split.groupby(keys, dropna=False)[_COUNTS].sum().astype("int64")
    if not (table[list(ENDINGS.values())].sum(axis=1) == table["entered_stays"]).all():
        raise DataError("The ways in which stays ended do not sum to the stays that began.")
    return table.reset_index()


def _filled(grid: pd.DataFrame, found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """A row for each one of the grid, with zeros where there was no stay."""
    if found.empty:
        return grid.assign(**dict.fromkeys(_COUNTS, 0))
    table = grid.merge(_counted(found, keys), how="left", on=keys)
    table[_COUNTS] = table[_COUNTS].fillna(0).astype("int64")
    return table


def _stages(warehouse: Warehouse) -> pd.DataFrame:
    stages = warehouse.agreement.stages
    return pd.DataFrame(
        {
            "position": range(1, len(stages) + 1),
            "stage": [stage.name for stage in stages],
            "observed_from": pd.Series(
                [stage.observed_from for stage in stages], dtype="datetime64[us]"
            ),
        }
    )


def _by_stage(warehouse: Warehouse, found: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    grid = _segments(found, selection).merge(_stages(warehouse), how="cross")
    table = _filled(grid, found, ["group", "position"])
    starts_on = pd.Timestamp(selection.period.start)
    table["is_left_truncated"] = table["observed_from"] > starts_on
    columns = [*_GROUP, "segment_leads", "position", "stage", *_COUNTS, "is_left_truncated"]
    return table[columns]


def _by_month(warehouse: Warehouse, found: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """A row for each month of the period that had begun by `as_of`, segment and stage."""
    months = [(month, month.bounds(warehouse.timezone)) for month in selection.period.months()]
    calendar = pd.DataFrame(
        [
            (
                pd.Timestamp(month.start),
                pd.Timestamp(max(month.start, selection.period.start)),
                min(end, selection.end) <= warehouse.as_of,
            )
            for month, (start, end) in months
            if start < warehouse.as_of
        ],
        columns=["month", "starts_on", "is_complete"],
    )
    grid = calendar.merge(_segments(found, selection), how="cross").merge(
        _stages(warehouse), how="cross"
    )
    table = _filled(
        grid, found.astype({"month": grid["month"].dtype}), ["month", "group", "position"]
    )
    table["is_left_truncated"] = table["observed_from"] > table["starts_on"]
    columns = ["month", *_GROUP, "segment_leads", "position", "stage", *_COUNTS]
    return table[[*columns, "is_complete", "is_left_truncated"]]


def _transitions(warehouse: Warehouse, found: pd.DataFrame, segments: pd.DataFrame) -> pd.DataFrame:
    """Steps from state to state: the ways out of every stay, and the ways in from no stage."""
    names = dict(enumerate(warehouse.agreement.stage_names, 1))
    stage = found["position"].map(names)
    moved = found["left_to"].isin(["moved_on", "moved_back"])
    ways_out = found.assign(
        from_state=stage,
        to_state=found["next_position"].map(names).where(moved, found["left_to"]),
        is_backward=found["left_to"] == "moved_back",
        is_return=False,
    )
    is_new = found["came_from"] != "stage"
    ways_in = found[is_new].assign(
        from_state=found["came_from"],
        to_state=stage,
        is_backward=False,
        is_return=found["came_from"] != "created",
    )
    keys = ["group", "from_state", "to_state", "is_backward", "is_return"]
    steps = pd.concat([ways_in, ways_out], ignore_index=True)
    table = steps.groupby(keys, as_index=False)["stays"].sum().merge(segments, on="group")
    table[["is_backward", "is_return"]] = table[["is_backward", "is_return"]].astype(bool)
    order = {state: place for place, state in enumerate(_states(warehouse))}
    table["_from"], table["_to"] = table["from_state"].map(order), table["to_state"].map(order)
    table = table.sort_values(["_from", "_to"], kind="stable")
    return table[[*_GROUP, "segment_leads", *keys[1:3], "stays", *keys[3:]]]


def _states(warehouse: Warehouse) -> list[Any]:
    """Every state of a lead in the order in which it is shown."""
    closings = [name for name in ENDINGS if not name.startswith(("moved", "still"))]
    return ["created", *warehouse.agreement.stage_names, *closings, "still_there"]
