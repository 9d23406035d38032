"""Which lead an event belongs to that names a contact or a deal, drawn to be checked by eye."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from funnel_analytics.checks import run_checks
from funnel_analytics.warehouse import Warehouse

WarehouseOf = Callable[..., Warehouse]


def rows(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return warehouse._connection.execute(sql).fetchall()


def lead(name: str, created: str = "2026-09-01 08:00", **more: Any) -> dict[str, Any]:
    return {"lead": name, "created_at": created, **more}


def reached(warehouse: Warehouse) -> dict[str, int]:
    return dict(
        rows(warehouse, "select lead, furthest from leads join lead_progress using (lead_no)")
    )


# contact C: lead a from 1 March, lead b from 1 June         a contact means the last lead by then
#   ── call 28 Feb ── a ── 1 Mar ── call 31 May ── a ── 1 Jun 00:00 (b) ── call ── b ──
def test_a_contact_means_the_lead_created_last_by_then(warehouse_of: WarehouseOf) -> None:
    calls = ["2026-02-28", "2026-05-31 23:59:59", "2026-06-01 00:00", "2026-07-01"]
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", "2026-03-01", contact="C"),
                lead("b", "2026-06-01", contact="C"),
                lead("x", "2026-06-15", contact="C", is_deleted=True),
            ],
            "contact": [{"contact": "C"}],
            "activity": [{"lead": "C", "happened_at": at} for at in calls],
            "handover": [{"lead": "C", "kind": "reassigned", "handed_at": at} for at in calls],
            "stage_event": [{"lead": "C", "stage": "won", "entered_at": "2026-05-31"}],
        }
    )
    assert rows(warehouse, "select lead_no, contacts, is_before_creation from contacts") == [
        (1, 2, True),
        (2, 2, False),
    ]
    assert rows(warehouse, "select lead_no, count(*) from handovers group by 1 order by 1") == [
        (1, 2),
        (2, 2),
    ]
    assert reached(warehouse) == {"a": 3, "b": 1}
    assert rows(warehouse, "select * from survivors where lead = 'C'") == [("C", "b")]


def test_merged_contacts_are_one_and_addresses_help_where_ids_do_not(
    warehouse_of: WarehouseOf,
) -> None:
    # C1 was merged into C2, which a became; C3 has b's address; C4 has it at another account.
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", contact="C2"),
                lead("b", email="m", account="A"),
                lead("C9"),  # an id that a contact has as well: in a lead's place it is the lead
            ],
            "contact": [
                {"contact": "C1", "merged_into": "C2"},
                {"contact": "C3", "email": "m"},
                {"contact": "C4", "email": "m", "account": "B"},
                {"contact": "C9", "lead": "a"},
            ],
            "activity": [
                {"lead": each, "happened_at": "2026-09-02"} for each in ("C1", "C3", "C4", "C9")
            ],
        }
    )
    assert rows(warehouse, "select lead, contacts from contacts join leads using (lead_no)") == [
        ("C9", 1),
        ("a", 1),
        ("b", 1),
    ]
    assert rows(
        warehouse, "select id, lead, in_lead_place, in_contact_place from named_leads order by all"
    ) == [
        ("C1", "a", True, True),
        ("C2", "a", True, True),
        ("C3", "b", True, True),
        ("C9", "C9", True, False),
        ("C9", "a", False, True),
        ("a", "a", True, True),  # no contact has the id, so that it is the lead's everywhere
        ("b", "b", True, True),
    ]


# D1  a and b were converted into it; contact c is on it     a, b
# D2  nobody converted; c is the primary contact, a another  c
# D3  no primary; a (1 Aug) and c (5 Aug)                    a
# D4  an expansion with contact a                            nobody
# D5  deleted, a converted                                   nobody
# D6  created on 1 July, before contact a's lead             nobody
# D7  converted from a deleted lead, contact c               c
def test_events_of_a_deal_belong_to_the_nearest_leads(warehouse_of: WarehouseOf) -> None:
    deals = {
        "D1": {}, "D2": {}, "D3": {}, "D4": {"kind": "expansion"}, "D5": {"is_deleted": True},
        "D6": {"created_at": "2026-07-01"}, "D7": {},
    }  # fmt: skip
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", "2026-08-01", contact="CA", deal="D1"),
                lead("b", "2026-08-02", deal="D1"),
                lead("c", "2026-08-05", contact="CC"),
                lead("e", "2026-08-02", deal="D5"),
                lead("g", "2026-08-02", deal="D7", is_deleted=True),
            ],
            "deal": [
                {"deal": name, "created_at": "2026-08-20", **more} for name, more in deals.items()
            ],
            "deal_contact": [
                {"deal": "D1", "contact": "CC", "is_primary": True},
                {"deal": "D2", "contact": "CA"},
                {"deal": "D2", "contact": "CC", "is_primary": True},
                {"deal": "D3", "lead": "CC"},
                {"deal": "D3", "contact": "CA"},
                {"deal": "D4", "contact": "CA"},
                {"deal": "D6", "contact": "CA"},
                {"deal": "D7", "contact": "CC"},
            ],
            "stage_event": [
                {"deal": "D1", "stage": "opportunity", "entered_at": "2026-08-21"},
                {"deal": "D2", "stage": "won", "entered_at": "2026-08-22"},
                {"deal": "D5", "stage": "won", "entered_at": "2026-08-22"},
                {"deal": "D1", "lead": "a", "stage": "won", "entered_at": "2026-08-23"},
            ],
            "activity": [
                {"deal": "D1", "happened_at": "2026-08-21"},
                {"deal": "D1", "lead": "b", "happened_at": "2026-08-22"},
                {"deal": "D4", "happened_at": "2026-08-22"},
            ],
        }
    )
    assert rows(
        warehouse,
        "select event_leads.deal, lead, rule from event_leads join leads using (lead_no) "
        "order by all",
    ) == [
        ("D1", "a", "converted"),
        ("D1", "b", "converted"),
        ("D2", "c", "primary_contact"),
        ("D3", "a", "contact"),
        ("D7", "c", "contact"),
    ]
    assert reached(warehouse) == {"a": 3, "b": 2, "c": 3, "e": 1}
    assert rows(warehouse, "select lead, contacts from contacts join leads using (lead_no)") == [
        ("a", 1),
        ("b", 2),
    ]
    assert rows(warehouse, "select deal, excluded, event_leads from deals order by 1") == [
        ("D1", None, 2),
        ("D2", None, 1),
        ("D3", None, 1),
        ("D4", None, 0),
        ("D5", "deleted", 0),
        ("D6", None, 0),
        ("D7", None, 1),
    ]
    assert rows(warehouse, "select lead from leads where deal is not null") == [("a",), ("b",)]


def test_a_deal_of_contacts_counts_unless_none_of_their_leads_does(
    warehouse_of: WarehouseOf,
) -> None:
    def deal(name: str, **more: Any) -> dict[str, Any]:
        return {"deal": name, "is_won": True, "closed_at": "2026-10-01", "amount": 1.0, **more}

    warehouse = warehouse_of(
        {
            "lead": [lead("a", contact="CA"), lead("t", contact="CT", is_test=True)],
            "contact": [{"contact": "CA"}, {"contact": "CT"}, {"contact": "CX"}],
            "deal": [deal("D1"), deal("D2"), deal("D3"), deal("D4", is_deleted=True)],
            "deal_contact": [
                {"deal": "D1", "contact": "CA"},
                {"deal": "D1", "contact": "CT"},
                {"deal": "D2", "contact": "CT"},
                {"deal": "D3", "contact": "CX"},
                {"deal": "D4", "contact": "CA"},
            ],
        }
    )
    assert rows(warehouse, "select deal from won_deals") == [("D1",), ("D3",)]
    of_deals = "select deal, person_key from deal_people where deal <> 'D4' order by all"
    assert rows(warehouse, of_deals) == [
        ("D1", "lead a"),
        ("D3", "contact CX"),
    ]


def test_a_lost_deal_of_its_contact_closes_a_lead(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("a", contact="CA")],
            "deal": [{"deal": "D", "is_won": False, "closed_at": "2026-10-01"}],
            "deal_contact": [{"deal": "D", "contact": "CA"}],
        }
    )
    assert rows(warehouse, "select lead_no, closed_at, status from closures") == [
        (1, datetime(2026, 10, 1), "lost")
    ]


# W  won;  contacts a (1 Aug), b (2 Aug, won by its own record), c (3 Aug, opportunity)   b
# O  open; the same                                                                       b
# L  lost; contacts a, c, e (4 Aug, rejected by its own record)                           e
# P  won;  a is the primary contact                                                       a
# N  open; contacts a, f (neither has a record)                                           a
# M  won;  contacts a, g (its status alone says won)                                      g
def test_of_several_contacts_the_own_record_says_whose_deal_it_is(
    warehouse_of: WarehouseOf,
) -> None:
    on = {"W": "acb", "O": "abc", "L": "cae", "P": "ba", "N": "fa", "M": "ga"}
    ends: dict[str, dict[str, Any]] = {
        "W": {"is_won": True, "closed_at": "2026-09-10"},
        "L": {"is_won": False, "closed_at": "2026-09-10"},
        "P": {"is_won": True, "closed_at": "2026-09-10"},
        "M": {"is_won": True, "closed_at": "2026-09-10"},
    }
    warehouse = warehouse_of(
        {
            "lead": [
                lead(name, f"2026-08-0{n}", status="won" if name == "g" else None)
                for n, name in enumerate("abcefg", 1)
            ],
            "deal": [
                {"deal": name, "created_at": "2026-08-20", **ends.get(name, {})} for name in on
            ],
            "deal_contact": [
                {"deal": deal, "lead": each, "is_primary": deal + each == "Pa"}
                for deal, leads in on.items()
                for each in leads
            ],
            "stage_event": [
                {"lead": "b", "stage": "won", "entered_at": "2026-09-10"},
                {"lead": "c", "stage": "opportunity", "entered_at": "2026-09-01"},
                {"lead": "e", "status": "rejected", "entered_at": "2026-09-01"},
                {"deal": "W", "stage": "won", "entered_at": "2026-09-10"},
            ],
        }
    )
    assert rows(
        warehouse,
        "select event_leads.deal, lead, choices from event_leads join leads using (lead_no) "
        "order by all",
    ) == [
        ("L", "e", 3),
        ("M", "g", 2),
        ("N", "a", 2),
        ("O", "b", 3),
        ("P", "a", 1),
        ("W", "b", 3),
    ]
    assert reached(warehouse) == {"a": 1, "b": 3, "c": 2, "e": 1, "f": 1, "g": 1}
    row = run_checks(warehouse).table.set_index("check").loc["deals_of_several_leads"]
    assert (row["offending_rows"], row["of_rows"], row["status"]) == (5, 6, "review")
