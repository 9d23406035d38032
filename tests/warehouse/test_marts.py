"""What counts as a lead and as an entry, drawn small enough to check by eye."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from funnel_analytics.warehouse import Warehouse

WarehouseOf = Callable[..., Warehouse]


def rows(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return warehouse._connection.execute(sql).fetchall()


def lead(name: str, created: str = "2026-09-01 08:00", **more: Any) -> dict[str, Any]:
    return {"lead": name, "created_at": created, **more}


def entry(name: str, stage: str | None, at: str, **more: Any) -> dict[str, Any]:
    return {"lead": name, "stage": stage, "entered_at": at, **more}


# a -> b -> c    c stays, created when a was
# d -> d         merged into itself: stays
# e <-> f        a circle: the smallest id stays
# g -> (gone)    its target was never exported: stays
# h -> i -> (gone)    i is the last that was exported
# j -> e         merged into a circle: counts as its smallest id
def test_merges_resolve_to_one_survivor(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", "2026-08-01 08:00", merged_into="b"),
                lead("b", merged_into="c"),
                lead("c"),
                lead("d", merged_into="d"),
                lead("e", merged_into="f"),
                lead("f", merged_into="e"),
                lead("g", merged_into="gone"),
                lead("h", "2026-08-05 08:00", merged_into="i"),
                lead("i", merged_into="gone"),
                lead("j", merged_into="e"),
            ]
        }
    )
    assert rows(warehouse, "select lead, created_at from leads order by lead") == [
        ("c", datetime(2026, 8, 1, 8)),
        ("d", datetime(2026, 9, 1, 8)),
        ("e", datetime(2026, 9, 1, 8)),
        ("g", datetime(2026, 9, 1, 8)),
        ("i", datetime(2026, 8, 5, 8)),
    ]


def test_deleted_and_test_leads_are_out_unless_merged_into_a_good_one(
    warehouse_of: WarehouseOf,
) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", is_deleted=True, merged_into="b"),
                lead("b"),
                lead("c", is_deleted=True),
                lead("d", is_test=True),
            ],
            "stage_event": [entry("a", "won", "2026-09-10 08:00")],
        }
    )
    assert rows(
        warehouse, "select lead, furthest from leads join lead_progress using (lead_no)"
    ) == [("b", 3)]


# a  a test, merged into b: b begins with itself and was never won
# c -> d -> e    d is a test: c counts as e all the same
# f <-> g        a circle with a test: g stays
def test_a_test_lead_passes_nothing_on(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", "2026-08-01 08:00", is_test=True, merged_into="b", deal="D"),
                lead("b"),
                lead("c", "2026-08-05 08:00", merged_into="d"),
                lead("d", "2026-08-01 08:00", is_test=True, merged_into="e"),
                lead("e"),
                lead("f", is_test=True, merged_into="g"),
                lead("g", merged_into="f"),
            ],
            "stage_event": [entry("a", "won", "2026-09-10 08:00")],
        }
    )
    assert rows(
        warehouse,
        "select lead, leads.created_at, furthest, deal from leads "
        "join lead_progress using (lead_no) order by lead",
    ) == [
        ("b", datetime(2026, 9, 1, 8), 1, None),
        ("e", datetime(2026, 8, 5, 8), 1, None),
        ("g", datetime(2026, 9, 1, 8), 1, None),
    ]
    assert warehouse.query(
        "metrics/excluded_leads", created_from=None, created_before=datetime(2026, 11, 1)
    ).table.iloc[0].to_dict() == {"merged": 1, "deleted": 0, "test": 3}


# D1  a test lead                         out        D4  only a person       in
# D2  a test lead and a good one          in         D5  nobody              in
# D3  a deleted part of a good one        in         D6  a deleted contact   out
# D7  a lead that was never loaded        in
def test_deals_count_unless_none_of_their_leads_does(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("t", is_test=True, deal="D1", person_key="p-test"),
                lead("good", deal="D2", person_key="p-good"),
                lead("part", is_deleted=True, merged_into="good", deal="D3", person_key="p-part"),
                lead("gone", is_deleted=True, person_key="p-gone"),
            ],
            "deal_contact": [
                {"deal": "D1", "person_key": "p1"},
                {"deal": "D2", "lead": "t"},
                {"deal": "D2", "person_key": "p2"},
                {"deal": "D4", "person_key": "p4"},
                {"deal": "D6", "lead": "gone"},
                {"deal": "D7", "lead": "never loaded"},
            ],
            "deal": [
                {"deal": f"D{n}", "is_won": True, "closed_at": "2026-10-01", "amount": 1.0}
                for n in range(1, 8)
            ],
        }
    )
    assert rows(warehouse, "select deal from won_deals order by deal_no") == [
        (deal,) for deal in ("D2", "D3", "D4", "D5", "D7")
    ]
    assert rows(warehouse, "select deal, person_key from deal_people order by all") == [
        ("D2", "p-good"),  # "part" was merged into "good": one lead under two keys
        ("D2", "p-part"),
        ("D2", "p2"),
        ("D3", "p-good"),
        ("D3", "p-part"),
        ("D4", "p4"),
        ("D7", "contact never loaded"),
    ]


def test_the_day_of_creation_is_the_agreed_zones(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of({"lead": [lead("a", "2026-02-28 23:30")]})
    assert rows(warehouse, "select created_on from leads") == [(date(2026, 3, 1),)]


def test_a_lead_without_a_first_entry_gets_one_at_creation(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("a"), lead("b")],
            "stage_event": [entry("b", "inquiry", "2026-09-02 08:00")],
        }
    )
    assert rows(
        warehouse, "select lead_no, position, entered_at, is_added from stage_entries order by 1"
    ) == [
        (1, 1, datetime(2026, 9, 1, 8), True),
        (2, 1, datetime(2026, 9, 2, 8), False),
    ]


def test_a_stamp_of_day_precision_may_mean_the_whole_local_day(warehouse_of: WarehouseOf) -> None:
    # Midnight of 25 October 2026 in Berlin is 22:00 UTC; that day has 25 hours.
    warehouse = warehouse_of(
        {
            "lead": [lead("a")],
            "stage_event": [entry("a", "won", "2026-10-24 22:00", entered_at_is_day=True)],
        }
    )
    assert rows(warehouse, "select latest_at from stage_entries where position = 3") == [
        (datetime(2026, 10, 25, 22, 59, 59, 999999),)
    ]


def test_skipped_stages_are_reached_with_the_next_recorded_one(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {"lead": [lead("a")], "stage_event": [entry("a", "won", "2026-09-20 08:00")]}
    )
    assert rows(
        warehouse, "select furthest, entered_2, reached_2, entered_3 from lead_progress"
    ) == [(3, None, datetime(2026, 9, 20, 8), datetime(2026, 9, 20, 8))]


def test_an_entry_repeated_at_the_same_instant_counts_once(warehouse_of: WarehouseOf) -> None:
    twice = [entry("a", "won", "2026-09-20 08:00")] * 2
    warehouse = warehouse_of({"lead": [lead("a")], "stage_event": twice})
    assert rows(warehouse, "select count(*) from stage_entries where position = 3") == [(1,)]


def test_attributes_keep_missing_and_drop_empty_ones(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("a", origin="unknown", account="x"), lead("b")],
            "account": [{"account": "x", "segment": "large"}],
            "lead_field": [{"lead": "a", "attribute": "size", "value": "9"}],
        }
    )
    assert warehouse.attributes() == (
        "created_month",
        "created_quarter",
        "origin",
        "segment",
        "size",
    )
    found = rows(
        warehouse,
        "select attribute, value from lead_attributes where attribute in ('origin', 'size') "
        "order by attribute, lead_no",
    )
    assert found == [("origin", "unknown"), ("origin", None), ("size", "9"), ("size", None)]


# b was merged into a, c into a later: what a lacks it has from the first part that states it
def test_score_priority_and_next_step_come_from_the_first_part_that_states_them(
    warehouse_of: WarehouseOf,
) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", score=40.0),
                lead("b", "2026-09-02 08:00", merged_into="a", score=90.0, priority="high"),
                lead(
                    "c",
                    "2026-09-03 08:00",
                    merged_into="a",
                    priority="low",
                    next_step_on="2026-12-24",
                ),
                lead("d"),
            ]
        }
    )
    found = rows(warehouse, "select lead, score, priority, next_step_on from leads order by lead")
    # A plan may lie after the export (1 November).
    assert found == [("a", 40.0, "high", date(2026, 12, 24)), ("d", None, None, None)]
    found = rows(
        warehouse,
        "select leads.lead, value from lead_attributes inner join leads using (lead_no) "
        "where attribute = 'priority' order by 1",
    )
    assert found == [("a", "high"), ("d", None)]


def test_only_people_of_ours_towards_the_lead_make_a_contact(warehouse_of: WarehouseOf) -> None:
    def activity(at: str, **more: Any) -> dict[str, Any]:
        return {"lead": "a", "happened_at": at, **more}

    warehouse = warehouse_of(
        {
            "lead": [lead("a"), lead("b")],
            "activity": [
                activity("2026-09-01 09:00", is_automated=True, direction="outbound"),
                activity("2026-09-01 10:00", direction="inbound"),
                activity("2026-09-01 11:00", direction="outbound", is_automated=False),
                activity("2026-09-01 12:00"),
                {"lead": "b", "happened_at": "2026-08-31 10:00"},
            ],
        }
    )
    assert rows(
        warehouse, "select lead_no, first_contact_at, is_before_creation from contacts order by 1"
    ) == [
        (1, datetime(2026, 9, 1, 11), False),
        (2, datetime(2026, 8, 31, 10), True),
    ]


def test_deals_in_another_currency_bring_no_amount(warehouse_of: WarehouseOf) -> None:
    def deal(name: str, currency: str | None) -> dict[str, Any]:
        return {"deal": name, "amount": 10.0, "currency": currency, "is_won": True,
                "closed_at": "2026-09-09"}  # fmt: skip

    warehouse = warehouse_of(
        {"lead": [lead("a")], "deal": [deal("d", "EUR"), deal("e", "USD"), deal("f", None)]}
    )
    assert rows(warehouse, "select deal, amount from won_deals") == [
        ("d", 10.0),
        ("e", None),
        ("f", 10.0),
    ]


def test_months_begin_with_the_first_thing_counted_not_with_the_first_lead(
    warehouse_of: WarehouseOf,
) -> None:
    old = {"deal": "d", "is_won": True, "closed_at": "2026-03-09", "amount": 1.0}
    warehouse = warehouse_of({"lead": [lead("a")], "deal": [old]})
    assert rows(warehouse, "select min(month) from calendar_months") == [(datetime(2026, 3, 1),)]


def test_a_lost_deal_closes_its_lead_unless_the_lead_says_so_itself(
    warehouse_of: WarehouseOf,
) -> None:
    def deal(name: str, *, is_won: bool, closed: str | None) -> dict[str, Any]:
        return {"deal": name, "is_won": is_won, "closed_at": closed, "lost_reason": "price"}

    warehouse = warehouse_of(
        {
            "lead": [lead("a", deal="d"), lead("b", deal="e"), lead("c", deal="f")],
            "deal": [
                deal("d", is_won=False, closed="2026-09-20 00:00"),
                deal("e", is_won=False, closed="2026-09-20 00:00"),
                deal("f", is_won=False, closed=None),
            ],
            "stage_event": [entry("b", None, "2026-09-20 14:00", status="lost", reason="budget")],
        }
    )
    assert rows(warehouse, "select lead_no, closed_at, status, reason from closures") == [
        (1, datetime(2026, 9, 20), "lost", "price"),
        (2, datetime(2026, 9, 20, 14), "lost", "budget"),
    ]


def test_a_deal_of_a_merged_part_stays_with_the_lead(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of({"lead": [lead("a", merged_into="b", deal="d"), lead("b")]})
    assert rows(warehouse, "select lead, deal from leads") == [("b", "d")]


def test_touches_take_the_agreed_channel_and_side(warehouse_of: WarehouseOf) -> None:
    from tests.builders import three_stages

    agreed = three_stages('[channels]\npaid = { side = "marketing", includes = ["google / cpc"] }')
    warehouse = warehouse_of(
        {
            "lead": [lead("a", person_key="p")],
            "touch": [
                {"touch": "2", "person_key": "p", "touched_at": "2026-08-02", "channel": "other"},
                {"touch": "1", "person_key": "p", "touched_at": "2026-08-02",
                 "channel": "google / cpc"},
            ],
        },
        agreement=agreed,
    )  # fmt: skip
    assert rows(
        warehouse, "select touch_no, channel, raw_channel, side from touches order by 1"
    ) == [
        (1, "paid", "google / cpc", "marketing"),
        (2, "other", "other", None),
    ]
