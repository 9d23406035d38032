"""How fast do our people turn to the leads they are given?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from funnel_analytics.agreement import FirstContact
from funnel_analytics.metrics.response.calendar import calendar_shares
from funnel_analytics.metrics.response.cells import by_deadline, by_hour, by_load, by_team
from funnel_analytics.metrics.response.legs import (
    COUNTS,
    SHARES,
    by_leg,
    leg_curves,
    leg_rows,
)
from funnel_analytics.metrics.response.waits import LEGS, Waits, read_waits
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, arranged, folded_note, select_leads
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["LEGS", "time_to_contact"]

_UNITS = dict.fromkeys(COUNTS, "leads") | {
    "median_hours": "working hours",
    "p90_hours": "working hours",
    "median_calendar_hours": "hours",
    "deadline_hours": "working hours",
    "within_deadline_share": "share of due_leads",
    "within_deadline_low": "share of due_leads, lower end of the 95 % interval",
    "within_deadline_high": "share of due_leads, upper end of the 95 % interval",
}
_COLUMNS = (
    "segment",
    "is_folded",
    "leg",
    *COUNTS[:5],
    *SHARES[:4],
    *COUNTS[5:],
    *SHARES[4:],
)


def time_to_contact(
    warehouse: Warehouse, *, cohort: Period | None = None, by: By | None = None
) -> Result:
    """How long did the leads of a cohort wait for a first contact?

    Parameters
    ----------
    cohort
        The leads created in this period, followed up to `warehouse.as_of`; all leads if no
        period is given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.

    Returns
    -------
    Result
        One row per segment and leg. The legs are `created_to_assigned` (creation to first
        hand-over; only where hand-overs were loaded, and without the leads that somebody contacted
        before their first hand-over, or contacted or closed with none: they wait for none),
        `assigned_to_contacted` (first hand-over
        to first contact, of the leads handed over before any contact) and `wait` (to the first
        contact, from the first hand-over, or from the creation of leads that had none before
        their first contact).

        `leads` = `contacted_leads` (the leg's event happened) + `waiting_leads` (it had not by
        `as_of`) + `before_creation_leads` (contact or hand-over precedes the creation: a fault of
        the data) + `day_precision_leads` (only the day of the leg's start is known). The last two
        are in no time and no share. `median_hours` and `p90_hours` are working hours,
        `median_calendar_hours` are hours on the calendar; they are missing where too few leads
        have been contacted to tell.

        `within_deadline_share` = `within_deadline_leads` / `due_leads`, with Wilson's 95 %
        interval. A lead is due once it was contacted or its deadline has passed;
        `not_yet_due_leads` still have time. `deadline_hours` is missing where the leads of a row
        have different deadlines; all deadline columns are missing for `created_to_assigned` and
        where the agreement has no `[first_contact]`.

        A wait runs on the clock of the team that the lead was handed to, if the agreement gives it
        hours of its own, else on the default clock; from the creation, always on that. The deadline
        of a lead is the shortest of those agreed for its origin, its priority and the stage that it
        was in when its wait began, else the one for all leads.

        The part `curve` has one row per segment, leg and waiting time (at most 301 each):
        `share_contacted` within `hours`, and how many leads were still `at_risk` just before.

        The part `calendar` has one row per segment, start of the clock (`since`: `creation`, as in
        most outside studies, or `wait`) and mark (`within_hours`: 5 minutes, 1 and 24 hours), all
        on the calendar: `within_share` = `within_leads` / `due_leads`, and `median_hours`.

        Four further parts are about the waits of the whole cohort that can be timed, whatever it
        is split by; each has `leads`, `contacted_leads`, the deadline columns and `median_hours`:
        `by_team` (`team` that the lead was handed to; missing: none before contact), `by_deadline`
        (`deadline_hours`), `by_hour` (`weekday`, Monday is 1, and `hour` of the agreement's zone in
        which the wait began; 168 rows) and `by_load` (leads handed to the team on the day the wait
        began, per person of the team at work in that month: `load_over`, up to `load_up_to`;
        missing where it is not known). Their rows with fewer leads than `minimum_group_size`,
        teams of one person, and as many of the next smallest as it takes to hide these, are
        `is_hidden`.

        Groups with fewer leads than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest group
        joins them. Where there is no other group, the numbers are missing.
        Notes: `before_creation`, `day_precision` (leads left out of the waits), `folded`,
        `hidden_cells` (per part: how many rows, and the leads in them).

    Raises
    ------
    MissingTableError
        No activities were loaded.
    CallError
        Leads have no attribute `by`, or the cohort lies after `as_of`.

    Notes
    -----
    Waits are right-censored, so the quantiles are Kaplan-Meier's (Kaplan & Meier 1958), not those
    of the waits we saw. A contact or hand-over of which only the day is known counts at the end
    of that day, the latest it can have been.
    """
    warehouse.require("lead", "activity", metric="time_to_contact")
    selection = select_leads(warehouse, period=cohort, by=by)
    answers, waits, segments = read_waits(warehouse, selection)
    legs = LEGS if warehouse.has("handover") else LEGS[-1:]
    rows, curves = leg_rows(waits, segments, legs=legs if selection.by is None else ())
    smallest = selection.minimum_group_size
    table = by_leg(pd.DataFrame(rows, columns=[*_COLUMNS, "segment_leads", "merged_groups"]))
    table[list(SHARES)] = table[list(SHARES)].astype("float64")
    whole = table[table["leg"] == "wait"]
    own = waits.where(waits.column("leg_no") == len(LEGS))
    timed = own.timed
    more, cells = _cells(warehouse, timed, smallest)
    return warehouse.result(
        "time_to_contact",
        grain="one row per segment and leg of the way to the first contact",
        units=_UNITS,
        definition=(
            "Time to the first activity of a person of ours towards the lead, in agreed working "
            "hours; leads that nobody had contacted stay in every count, as still waiting."
        ),
        answers=[*answers, *more],
        table=selection.spread(
            arranged(table, counts=COUNTS, shares=SHARES, minimum_group_size=smallest)[
                list(_COLUMNS)
            ]
        ),
        parameters={
            **selection.parameters("cohort"),
            **_rules(warehouse.agreement.first_contact),
        },
        parts={
            "curve": selection.spread(leg_curves(curves, smallest)),
            "calendar": calendar_shares(own, segments, selection),
            **cells,
        },
        notes=[
            *[
                Note(outcome, {"leads": int(whole[f"{outcome}_leads"].sum())})
                for outcome in ("before_creation", "day_precision")
            ],
            *folded_note(whole, minimum_group_size=smallest),
            *_hidden_note(cells, len(timed)),
        ],
    )


def _rules(rule: FirstContact | None) -> dict[str, Any]:
    """The agreed deadlines, as a result states them."""
    return {
        "within_hours": rule.within_hours if rule else None,
        "within_hours_by_origin": dict(rule.by_origin) if rule else {},
        "within_hours_by_priority": dict(rule.by_priority) if rule else {},
        "within_hours_by_stage": dict(rule.by_stage) if rule else {},
    }


def _cells(
    warehouse: Warehouse, waits: Waits, smallest: int
) -> tuple[list[Answer], dict[str, pd.DataFrame]]:
    """The waits of a cohort by team, deadline, hour of the week and load."""
    teams = warehouse.query("warehouse/contact_teams")
    loads = warehouse.query("metrics/contact_loads")
    begun = pd.DatetimeIndex(waits.column("starts_at")).tz_localize("UTC")
    local = begun.tz_convert(warehouse.timezone).tz_localize(None)
    shows_people = warehouse.agreement.employee_level == "person"
    return [teams, loads], {
        "by_team": by_team(waits, teams.table, smallest=smallest, shows_people=shows_people),
        "by_deadline": by_deadline(waits, smallest=smallest),
        "by_hour": by_hour(waits, local, smallest=smallest),
        "by_load": by_load(waits, local, loads.table, smallest=smallest),
    }


def _hidden_note(cells: Mapping[str, pd.DataFrame], leads: int) -> list[Note]:
    """How many rows of which part are not shown, and how many leads are in them?"""
    return [
        Note(
            "hidden_cells",
            {
                "part": part,
                "cells": int(table["is_hidden"].sum()),
                "leads": leads - int(table["leads"].sum()),
            },
        )
        for part, table in cells.items()
        if table["is_hidden"].any()
    ]
