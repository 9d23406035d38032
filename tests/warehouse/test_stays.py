"""Stays, passes and closings of leads, drawn small enough to check by eye."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from funnel_analytics.warehouse import Warehouse
from tests.warehouse.test_marts import entry, lead, rows

WarehouseOf = Callable[..., Warehouse]

STAYS = (
    "select position, strftime(entered_at, '%d %H'), strftime(left_at, '%d %H'), left_to, "
    "next_position, pass_no from stage_stays order by lead_no, stay_no"
)


def closing(name: str, status: str, at: str, **more: Any) -> dict[str, Any]:
    return {"lead": name, "status": status, "entered_at": at, **more}


def steps(warehouse: Warehouse) -> dict[str, str]:
    """The stays of each lead on one line: `1 moved_on 2 lost | 1 here`, a bar between passes."""
    told: dict[str, list[str]] = {}
    passes: dict[str, int] = {}
    for lead_name, position, left_to, pass_no in rows(
        warehouse,
        "select lead, position, left_to, pass_no from stage_stays join leads using (lead_no) "
        "order by lead, stay_no",
    ):
        words = told.setdefault(lead_name, [])
        words += ["|"] if pass_no > passes.get(lead_name, 1) else []
        words += [str(position), left_to or "here"]
        passes[lead_name] = pass_no
    return {lead_name: " ".join(words) for lead_name, words in told.items()}


STAGES = ("inquiry", "opportunity", "won")


# 1 ── 2 ── recycled      2 ── 1 ── 3
#  moved on   closed       back  on   still there
def test_a_lead_that_is_recycled_goes_back_and_is_won(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("a", "2026-09-01 08:00")],
            "stage_event": [
                entry("a", "opportunity", "2026-09-02 08:00"),
                closing("a", "recycled", "2026-09-03 08:00", reason="too_early"),
                entry("a", "opportunity", "2026-09-10 08:00"),
                entry("a", "inquiry", "2026-09-11 08:00"),
                entry("a", "won", "2026-09-12 08:00"),
            ],
        }
    )
    assert rows(warehouse, STAYS) == [
        (2, "02 08", "03 08", "recycled", None, 1),
        (2, "10 08", "11 08", "moved_back", 1, 2),
        (1, "11 08", "12 08", "moved_on", 3, 2),
        (3, "12 08", None, None, None, 2),
    ]
    assert rows(
        warehouse,
        "select pass_no, strftime(starts_at, '%d'), strftime(ends_at, '%d'), ended_by "
        "from lead_passes",
    ) == [(1, "01", "03", "recycled"), (2, "10", None, None)]
    assert rows(
        warehouse,
        "select closing_no, stay_no, pass_no, position, status, reason, "
        "strftime(returned_at, '%d'), returned_position, is_repeat, is_last from lead_closings",
    ) == [(1, 1, 1, 2, "recycled", "too_early", "10", 2, False, True)]


def test_a_lead_without_events_is_in_the_first_stage_since_its_creation(
    warehouse_of: WarehouseOf,
) -> None:
    warehouse = warehouse_of({"lead": [lead("a", "2026-09-01 08:00")]})
    assert rows(warehouse, STAYS) == [(1, "01 08", None, None, None, 1)]
    assert rows(warehouse, "select is_added, reason from stage_stays") == [(True, None)]
    assert rows(warehouse, "select pass_no, ends_at, ended_by from lead_passes") == [
        (1, None, None)
    ]


def test_the_same_stage_or_status_again_is_no_new_step(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("a", "2026-09-01 08:00")],
            "stage_event": [
                entry("a", "inquiry", "2026-09-01 08:00"),
                entry("a", "inquiry", "2026-09-02 08:00"),
                closing("a", "rejected", "2026-09-03 08:00", reason="no_fit"),
                closing("a", "rejected", "2026-09-04 08:00"),
                closing("a", "nurture", "2026-09-05 08:00"),
            ],
        }
    )
    assert rows(warehouse, STAYS) == [(1, "01 08", "03 08", "rejected", None, 1)]
    assert rows(warehouse, "select reason from stage_stays") == [("no_fit",)]
    told = (
        "select status, position, strftime(closed_at, '%d'), is_repeat, is_last from lead_closings"
    )
    assert rows(warehouse, told) == [
        ("rejected", 1, "03", False, False),
        ("nurture", 1, "05", True, True),
    ]
    ended = "select ended_by, strftime(ends_at, '%d') from lead_passes"
    assert rows(warehouse, ended) == [("nurture", "05")]


# at one instant: later stages, then closings, then earlier stages
AT_ONCE = [
    ([], ["opportunity", "won"], "1 moved_on 2 moved_on 3 here"),
    ([], ["lost", "opportunity"], "1 moved_on 2 lost"),
    (["opportunity"], ["inquiry", "lost"], "1 moved_on 2 lost | 1 here"),
    (["opportunity"], ["won", "inquiry"], "1 moved_on 2 moved_on 3 moved_back 1 here"),
    (["opportunity"], ["recycled", "rejected"], "1 moved_on 2 rejected"),
    (["opportunity", "lost"], ["inquiry", "lost"], "1 moved_on 2 lost | 1 lost"),
    (["opportunity"], ["opportunity", "lost"], "1 moved_on 2 lost"),
]


@pytest.mark.parametrize("turn", [1, -1])
def test_steps_at_one_instant(warehouse_of: WarehouseOf, turn: int) -> None:
    events, leads = [], []
    for number, (before, at_once, _) in enumerate(AT_ONCE):
        name = f"l{number}"
        leads.append(lead(name))
        events.append(entry(name, "inquiry", "2026-09-01 08:00"))
        days = [*(f"0{2 + day}" for day in range(len(before))), *("09" for _ in at_once)]
        for what, day in zip(before + at_once, days, strict=True):
            make = entry if what in STAGES else closing
            events.append(make(name, what, f"2026-09-{day} 08:00"))
    warehouse = warehouse_of({"lead": leads[::turn], "stage_event": events[::turn]})
    assert steps(warehouse) == {f"l{n}": told for n, (*_, told) in enumerate(AT_ONCE)}


# a day (no hour) and a time of that day: what nobody timed is no way back
ON_A_DAY: list[tuple[list[tuple[str, int | None]], str]] = [
    ([("inquiry", None), ("won", 10)], "1 moved_on 3 here"),
    ([("opportunity", None), ("won", 10)], "1 moved_on 2 moved_on 3 here"),
    ([("opportunity", None), ("lost", 10)], "1 moved_on 2 lost"),
    ([("opportunity", 10), ("won", None)], "1 moved_on 2 moved_on 3 here"),
    ([("opportunity", 10), ("lost", None)], "1 moved_on 2 lost"),
    ([("lost", None), ("won", None), ("opportunity", None)], "1 moved_on 2 moved_on 3 lost"),
    ([("lost", 9), ("opportunity", 10)], "1 lost | 2 here"),
]


def test_a_day_stands_for_all_of_that_day(warehouse_of: WarehouseOf) -> None:
    leads, recorded = [], []
    for number, (events, _) in enumerate(ON_A_DAY):
        name = f"l{number}"
        leads.append(lead(name, "2026-09-01 08:00"))
        for what, hour in events:
            at = "2026-09-08 22:00" if hour is None else f"2026-09-09 {hour:02}:00"
            make = entry if what in STAGES else closing
            recorded.append(make(name, what, at, entered_at_is_day=hour is None))
    warehouse = warehouse_of({"lead": leads, "stage_event": recorded})
    assert steps(warehouse) == {f"l{n}": told for n, (_, told) in enumerate(ON_A_DAY)}
    assert rows(warehouse, "select count(*) from stage_stays where left_at < entered_at") == [(0,)]


def test_an_entry_before_the_creation_follows_the_creation(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("a", "2026-09-05 08:00")],
            "stage_event": [entry("a", "won", "2026-09-03 08:00")],
        }
    )
    assert rows(warehouse, STAYS) == [
        (1, "05 08", "05 08", "moved_on", 3, 1),
        (3, "05 08", None, None, None, 1),
    ]


def test_a_closing_before_any_entry_ends_no_stay(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("a", "2026-09-01 08:00")],
            "stage_event": [
                closing("a", "rejected", "2026-09-02 08:00"),
                entry("a", "inquiry", "2026-09-03 08:00"),
            ],
        }
    )
    assert rows(warehouse, STAYS) == [(1, "03 08", None, None, None, 2)]
    assert rows(
        warehouse, "select position, stay_no, strftime(returned_at, '%d') from lead_closings"
    ) == [(None, 0, "03")]
    assert rows(
        warehouse, "select pass_no, strftime(starts_at, '%d'), ended_by from lead_passes"
    ) == [(1, "01", "rejected"), (2, "03", None)]


def test_a_return_after_any_closing_begins_a_pass(warehouse_of: WarehouseOf) -> None:
    statuses = ("lost", "nurture", "recycled", "rejected")
    events = [
        event
        for name in statuses
        for event in (
            closing(name, name, "2026-09-02 08:00"),
            entry(name, "opportunity", "2026-09-03 08:00"),
        )
    ]
    warehouse = warehouse_of({"lead": [lead(name) for name in statuses], "stage_event": events})
    assert steps(warehouse) == {name: f"1 {name} | 2 here" for name in statuses}
    told = "select lead, pass_no, ended_by from lead_passes join leads using (lead_no) order by all"
    assert rows(warehouse, told) == [
        each for name in statuses for each in ((name, 1, name), (name, 2, None))
    ]
