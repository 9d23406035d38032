"""What happened in each month, whenever the leads were created."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pandas as pd

from funnel_analytics.periods import Period, to_local
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import (
    By,
    ExportEnd,
    Selection,
    arranged,
    excluded_leads,
    export_ends,
    folded_note,
    select_leads,
    snapshot_entries,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["stage_throughput"]

_COUNTS = ("entered_leads", "imputed_leads", "total_leads", "repeat_entries")
_INFERRED_EARLY = timedelta(days=7)
"""How far an end that was inferred from the last record may lie before the export itself."""
_KEYS = ["month", "segment", "is_folded", "position"]


def stage_throughput(
    warehouse: Warehouse, *, period: Period | None = None, by: By | None = None
) -> Result:
    """How many leads entered each stage in each month?

    These are not conversion rates: the leads of a month's wins were mostly created in other
    months. `stage_conversion` follows the leads of a cohort.

    Parameters
    ----------
    warehouse
        An open warehouse.
    period
        The days to count; all days with leads if none are given. Only months that it touches and
        that had begun by `warehouse.as_of` are in the answer, and of them only its days.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.

    Returns
    -------
    Result
        One row per month, segment and stage.

        `month` is the first day of the month. `entered_leads` are the leads whose first recorded
        entry into the stage falls in it (an entry into the first stage that nobody recorded is
        the creation), `imputed_leads` those that entered a later stage for the first time and
        were never recorded in this one, `total_leads` both together, as `actual_vs_target` counts
        them, and `repeat_entries` the recorded entries that were not the lead's first. A lead
        counts as entered once, over all months.

        `is_complete` is false for a month of which the data do not hold the whole end.
        `is_left_truncated` marks months that begin before the data can hold entries into the
        stage: their zeros mean nothing.

        Without `by` every month has a row per stage, with 0 where nothing happened; with it, so
        has every segment with any entry in the period. Counts are missing in months that begin
        after the newest export of what they count: of the leads for the first stage, of the stage
        history for the others. Groups with fewer such leads than the
        agreement's `minimum_group_size` are one segment, `"other_groups"` with `is_folded`; where
        they are too few together, the next smallest group joins them. Where there is no other
        group, the numbers are missing. Notes: `excluded` (loaded leads, created before the end of
        the period, that do not count), `folded`, `snapshot_entries` (entries of the period known
        only from comparing two dated exports; their month is that of the middle of the two).

    Raises
    ------
    CallError
        The period begins after the data end, or leads have no attribute `by`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.
    """
    warehouse.require("lead", "stage_event", metric="stage_throughput")
    selection = select_leads(warehouse, period=period, by=by)
    entries = warehouse.query(
        "metrics/stage_throughput",
        period_start=selection.start,
        period_end=selection.end,
        **selection.grouping,
    )
    excluded, note = excluded_leads(warehouse, created_from=None, created_before=selection.end)
    compared, compared_notes = snapshot_entries(
        warehouse,
        created_from=None,
        created_before=warehouse.as_of,
        entered_from=selection.start,
        entered_before=selection.end,
    )
    exported, ends = export_ends(warehouse)
    found = entries.table
    table = _every_month(warehouse, found, selection)
    smallest = selection.minimum_group_size
    table = arranged(table, counts=_COUNTS, shares=(), minimum_group_size=smallest)
    table = table.sort_values("month", kind="stable")
    table, ended = _until_export(warehouse, table, ends)
    return warehouse.result(
        "stage_throughput",
        grain="one row per month, segment and stage",
        units={
            "entered_leads": "leads",
            "imputed_leads": "leads",
            "total_leads": "leads",
            "repeat_entries": "entries",
        },
        definition="Leads by the month of their first recorded entry into the stage.",
        answers=[entries, exported, excluded, *compared],
        table=selection.spread(
            table[
                [
                    "month",
                    "segment",
                    "is_folded",
                    "position",
                    "stage",
                    *_COUNTS,
                    "is_complete",
                    "is_left_truncated",
                ]
            ]
        ),
        parameters=selection.parameters("period"),
        notes=[note, *compared_notes, *folded_note(found, minimum_group_size=smallest), *ended],
    )


def _every_month(warehouse: Warehouse, found: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """A row for each month, segment and stage, with 0 where the query found nothing."""
    months = _months(warehouse, selection)
    stages = pd.DataFrame(
        {
            "position": range(1, len(warehouse.agreement.stages) + 1),
            "stage": warehouse.agreement.stage_names,
            "observed_from": pd.Series(
                [stage.observed_from for stage in warehouse.agreement.stages],
                dtype="datetime64[us]",
            ),
        }
    )
    segments = found[["segment", "is_folded", "segment_leads"]].drop_duplicates()
    if selection.by is None and segments.empty:
        segments = pd.DataFrame({"segment": [None], "is_folded": [False], "segment_leads": [0]})
    grid = months.merge(segments, how="cross").merge(stages, how="cross")
    counted = found.assign(
        month=pd.to_datetime(found["month"]),
        total_leads=found["entered_leads"] + found["imputed_leads"],
    )
    table = grid.merge(counted[[*_KEYS, *_COUNTS]], how="left", on=_KEYS)
    for name in _COUNTS:
        table[name] = table[name].fillna(0).astype("int64")
    table["is_left_truncated"] = table["starts_on"] < table["observed_from"]
    return table


def _until_export(
    warehouse: Warehouse, table: pd.DataFrame, ends: Mapping[str, ExportEnd]
) -> tuple[pd.DataFrame, list[Note]]:
    """Nothing is known of months after the newest export, nor all of the month in which it lies."""
    shown, ended = table.copy(), {}
    is_first = shown["position"] == 1
    for name, of_rows in (("lead", is_first), ("stage_event", ~is_first)):
        end = ends[name]
        unknown = of_rows & (shown["starts_at"] >= end.until)
        held_until = end.until + (_INFERRED_EARLY if end.is_inferred else timedelta())
        shown["is_complete"] &= ~of_rows | (shown["ends_at"] <= held_until)
        if unknown.any():
            shown.loc[unknown, list(_COUNTS)] = pd.NA
            last = to_local(end.until - timedelta(microseconds=1), warehouse.timezone).date()
            ended[name] = last.isoformat()
    return shown, [Note("ended_exports", ended)] if ended else []


def _months(warehouse: Warehouse, selection: Selection) -> pd.DataFrame:
    """The months of the period that had begun by `as_of`, with the days and instants that count."""
    months = [(month, month.bounds(warehouse.timezone)) for month in selection.period.months()]
    return pd.DataFrame(
        [
            (
                pd.Timestamp(month.start),
                pd.Timestamp(max(month.start, selection.period.start)),
                max(start, selection.start),
                min(end, selection.end),
                min(end, selection.end) <= warehouse.as_of,
            )
            for month, (start, end) in months
            if start < warehouse.as_of
        ],
        columns=["month", "starts_on", "starts_at", "ends_at", "is_complete"],
    )
