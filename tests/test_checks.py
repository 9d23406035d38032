"""Each check finds the one fault that was planted, and nothing in clean data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from funnel_analytics.checks import run_checks
from funnel_analytics.errors import DataError
from funnel_analytics.warehouse import Warehouse
from tests.builders import three_stages

WarehouseOf = Callable[..., Warehouse]
TABLES: dict[str, list[dict[str, Any]]] = {
    "lead": [
        {"lead": f"l{n}", "created_at": f"2026-{month:02d}-05 10:00", "origin": "inbound",
         "person_key": f"p{n}"}
        for n, month in enumerate((7, 8, 9, 10))
    ],
    "stage_event": [
        {"lead": f"l{n}", "stage": "opportunity", "entered_at": "2026-10-06 10:00"}
        for n in range(4)
    ],
    "activity": [{"activity": "a", "lead": "l0", "happened_at": "2026-07-05 11:00"}],
    "touch": [{"touch": "t", "person_key": "p0", "touched_at": "2026-07-01", "channel": "paid"}],
    "deal": [{"deal": "d", "is_won": True, "closed_at": "2026-10-09", "amount": 5.0}],
}  # fmt: skip
AGREED = '[channels]\npaid = { side = "marketing", includes = [] }'


def found(warehouse_of: WarehouseOf, **spoiled: list[dict[str, Any]]) -> dict[str, tuple[str, int]]:
    tables = {name: [*TABLES.get(name, []), *spoiled.get(name, [])] for name in {*TABLES, *spoiled}}
    report = run_checks(warehouse_of(tables, agreement=three_stages(AGREED)))
    return {
        row.check: (row.status, row.offending_rows)
        for row in report.table.itertuples()
        if row.status != "pass"
    }


def test_clean_data_pass_every_check(warehouse_of: WarehouseOf) -> None:
    assert found(warehouse_of) == {}


@pytest.mark.parametrize(
    ("check", "status", "table", "row"),
    [
        ("orphan_stage_events", "fail", "stage_event",
         {"lead": "x", "stage": "won", "entered_at": "2026-10-07"}),
        ("orphan_activities", "fail", "activity", {"lead": "x", "happened_at": "2026-10-07"}),
        ("orphan_touches", "review", "touch",
         {"touch": "u", "person_key": "x", "touched_at": "2026-10-07", "channel": "paid"}),
        ("touches_without_person", "review", "touch",
         {"touch": "u", "touched_at": "2026-10-07", "channel": "paid"}),
        ("unmapped_channels", "review", "touch",
         {"touch": "u", "person_key": "p0", "touched_at": "2026-10-07", "channel": "billboard"}),
        ("win_before_creation", "fail", "stage_event",
         {"lead": "l3", "stage": "won", "entered_at": "2026-10-01"}),
        ("entry_before_creation", "fail", "stage_event",
         {"lead": "l3", "stage": "opportunity", "entered_at": "2026-10-01"}),
        ("moved_backwards", "review", "stage_event",
         {"lead": "l3", "stage": "inquiry", "entered_at": "2026-10-08"}),
        ("contact_before_creation", "fail", "activity",
         {"lead": "l3", "happened_at": "2026-10-01"}),
        ("missing_origin", "review", "lead", {"lead": "z", "created_at": "2026-10-07"}),
        ("excluded_leads", "review", "lead",
         {"lead": "z", "created_at": "2026-10-07", "origin": "inbound", "is_test": True}),
        ("won_without_amount", "review", "deal",
         {"deal": "e", "is_won": True, "closed_at": "2026-10-09"}),
        ("won_without_close", "review", "deal", {"deal": "e", "is_won": True, "amount": 7.0}),
        ("excluded_deals", "review", "lead",
         {"lead": "z", "created_at": "2026-10-07", "origin": "inbound", "is_test": True,
          "deal": "d"}),
        ("events_without_meaning", "review", "stage_event",
         {"lead": "l3", "entered_at": "2026-10-08"}),
    ],
)  # fmt: skip
def test_one_planted_fault_is_found(
    warehouse_of: WarehouseOf, check: str, status: str, table: str, row: dict[str, Any]
) -> None:
    assert found(warehouse_of, **{table: [row]})[check] == (status, 1)


def test_a_skipped_stage_is_found(warehouse_of: WarehouseOf) -> None:
    more = {"lead": "s", "created_at": "2026-10-05", "origin": "inbound"}
    won = {"lead": "s", "stage": "won", "entered_at": "2026-10-06"}
    assert found(warehouse_of, lead=[more], stage_event=[won])["skipped_stages"] == ("review", 1)


def test_steps_of_one_day_move_nobody_back(warehouse_of: WarehouseOf) -> None:
    # Berlin's 8 October begins at 22:00 UTC on the 7th: a win of which only the day is known may
    # have come after the opportunity of that noon, but not after one of the 9th.
    late = {"lead": "l3", "stage": "won", "entered_at": "2026-10-07 22:00"}
    again = {"lead": "l3", "stage": "opportunity", "entered_at": "2026-10-08 10:00"}
    for is_day, moved in ((True, 0), (False, 1)):
        spoiled = [late | {"entered_at_is_day": is_day}, again]
        got = found(warehouse_of, stage_event=spoiled).get("moved_backwards", ("pass", 0))
        assert got[1] == moved, is_day
    after = again | {"entered_at": "2026-10-08 22:00"}
    spoiled = [late | {"entered_at_is_day": True}, after]
    assert found(warehouse_of, stage_event=spoiled)["moved_backwards"] == ("review", 1)


def test_the_added_first_entry_moves_nobody_back(warehouse_of: WarehouseOf) -> None:
    # An opportunity on the day before the creation is a fault of its own.
    early = {"lead": "l3", "stage": "opportunity", "entered_at": "2026-10-01 10:00"}
    got = found(warehouse_of, stage_event=[early])
    assert "moved_backwards" not in got
    assert got["entry_before_creation"][1] == 1


def test_a_person_of_a_deal_that_does_not_count_is_known_all_the_same(
    warehouse_of: WarehouseOf,
) -> None:
    test_lead = {
        "lead": "z",
        "created_at": "2026-10-07",
        "origin": "inbound",
        "is_test": True,
        "deal": "e",
    }
    deal = {"deal": "e", "is_won": True, "closed_at": "2026-10-09", "amount": 5.0}
    touch = {"touch": "u", "person_key": "x", "touched_at": "2026-10-07", "channel": "paid"}
    got = found(
        warehouse_of,
        lead=[test_lead],
        deal=[deal],
        deal_contact=[{"deal": "e", "person_key": "x"}],
        touch=[touch],
    )
    assert got == {"excluded_leads": ("review", 1), "excluded_deals": ("review", 1)}


def test_months_without_leads_are_counted(warehouse_of: WarehouseOf) -> None:
    early = {"lead": "e", "created_at": "2026-04-05", "origin": "inbound"}
    assert found(warehouse_of, lead=[early])["months_without_leads"] == ("review", 2)


def test_a_declared_start_of_the_data_names_its_day(warehouse_of: WarehouseOf) -> None:
    declared = three_stages(AGREED).text.replace(
        'name = "won"', 'name = "won"\nobserved_from = 2026-08-15'
    )
    from funnel_analytics.agreement import parse_agreement

    # Leads of 5 July and 5 August were created before 15 August.
    warehouse = warehouse_of(TABLES, agreement=parse_agreement(declared, name="declared"))
    row = run_checks(warehouse).table.set_index("check").loc["left_truncation"]
    assert (row["status"], row["offending_rows"]) == ("review", 2)
    assert "won from 2026-08-15" in row["examples"]


def test_an_undeclared_start_of_the_data_is_conspicuous(warehouse_of: WarehouseOf) -> None:
    # Leads since 1 January, no win before June, yet half of the wins come within a day.
    leads = [{"lead": "old", "created_at": "2026-01-01", "origin": "inbound"}] + [
        {"lead": f"n{day}", "created_at": f"2026-06-{day:02d} 08:00", "origin": "inbound"}
        for day in range(1, 6)
    ]
    wins = [
        {"lead": f"n{day}", "stage": "won", "entered_at": f"2026-06-{day:02d} 20:00"}
        for day in range(1, 6)
    ]
    row = run_checks(warehouse_of({"lead": leads, "stage_event": wins})).table
    row = row.set_index("check").loc["left_truncation"]
    assert (row["offending_rows"], row["examples"]) == (2, "won from 2026-06-01")


def test_a_failed_check_raises_with_its_counts(warehouse_of: WarehouseOf) -> None:
    tables = {**TABLES, "activity": [{"lead": "x", "happened_at": "2026-10-07"}]}
    report = run_checks(warehouse_of(tables))
    with pytest.raises(DataError, match=r"orphan_activities: 1 of 1 \(x\)"):
        report.raise_if_failed()
