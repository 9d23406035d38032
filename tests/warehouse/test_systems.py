"""People and companies that several systems know: what joins them and what keeps them apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import funnel_analytics as fa
from funnel_analytics.agreement import parse_agreement
from funnel_analytics.warehouse import Warehouse
from tests.builders import THREE_STAGES, three_stages

WarehouseOf = Callable[..., Warehouse]
MERGED_BY_EMAIL = '[identity]\nmerge_leads_by = ["email"]'


def rows(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return warehouse._connection.execute(sql).fetchall()


def lead(name: str, created: str = "2026-09-01 08:00", **more: Any) -> dict[str, Any]:
    return {"lead": name, "created_at": created, **more}


def touch(name: str, **more: Any) -> dict[str, Any]:
    return {"touch": name, "touched_at": "2026-09-02", "channel": "ads", **more}


def won(name: str, amount: float, **more: Any) -> dict[str, Any]:
    return {
        "deal": name, "amount": amount, "currency": "EUR", "is_won": True,
        "created_at": "2026-09-03", "closed_at": "2026-09-10", **more,
    }  # fmt: skip


def people(warehouse: Warehouse) -> dict[str, str]:
    return {f"{kind} {id_}": person for kind, id_, person in
            rows(warehouse, "select kind, id, person_key from people")}  # fmt: skip


def found(warehouse: Warehouse) -> dict[str, tuple[int, int, int, int]]:
    table = fa.identity_yield(warehouse).table
    assert list(table["rule"]) == ["ids", "email", "visitor", "domain"]
    return {rule: tuple(map(int, counts)) for rule, *counts in table.itertuples(index=False)}


# hs:1 (account hs:K) ═ mail m ═ sf:C (account sf:A)  ── primary contact of the won deal sf:D
def test_leads_of_one_crm_win_the_deals_of_another(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("hs:1", account="hs:K", email="m", contact="hs:1")],
            "contact": [
                {"contact": "hs:1", "account": "hs:K", "email": "m"},
                {"contact": "sf:C", "account": "sf:A", "email": "m"},
                {"contact": "hs:2", "account": "hs:L", "email": "m"},  # another company's
            ],
            "deal": [won("sf:D", 100.0)],
            "deal_contact": [{"deal": "sf:D", "contact": "sf:C", "is_primary": True}],
            "stage_event": [{"deal": "sf:D", "stage": "won", "entered_at": "2026-09-10"}],
        }
    )
    assert rows(warehouse, "select deal, lead_no, rule from event_leads") == [
        ("sf:D", 1, "primary_contact")
    ]
    assert rows(warehouse, "select furthest from lead_progress") == [(3,)]
    assert rows(warehouse, "select id from named_leads where in_contact_place order by 1") == [
        ("hs:1",),
        ("sf:C",),
    ]
    named = people(warehouse)
    assert named["contact sf:C"] == named["lead hs:1"] != named["contact hs:2"]
    assert found(warehouse)["email"] == (1, 1, 0, 1)


# L1 → C1 (1,000 won) and L2 → C2 (5,000 won) share info@: a touch names L1, another info@ alone
@pytest.mark.parametrize(
    ("differs", "credited", "is_conflict"),
    [
        ({"contact": ("sf:C1", "sf:C2")}, 1_000.0, True),
        ({"account": ("sf:A1", "sf:A2")}, 1_000.0, True),
        ({"account": ("sf:A1", "sf:A1")}, 6_000.0, False),
        ({"account": ("sf:A1", "hs:K1")}, 6_000.0, False),
        ({}, 6_000.0, False),
    ],
)
def test_an_address_of_two_persons_joins_nobody(
    warehouse_of: WarehouseOf,
    differs: dict[str, tuple[str, str]],
    credited: float,
    is_conflict: bool,
) -> None:
    first, second = ({key: pair[n] for key, pair in differs.items()} for n in (0, 1))
    tables = {
        "lead": [
            lead("sf:L1", email="info", deal="sf:D1", **first),
            lead("sf:L2", email="info", deal="sf:D2", **second),
        ],
        "deal": [won("sf:D1", 1_000.0), won("sf:D2", 5_000.0)],
        "touch": [touch("1", lead="sf:L1"), touch("2", email="info")],
    }
    warehouse = warehouse_of(tables)
    credit = fa.attribute(warehouse, period=fa.month("2026-09"), model="linear").table
    paid = credit[~credit["is_no_known_touch"]]
    assert paid["revenue"].sum() == pytest.approx(credited)
    assert credit["revenue"].sum() == pytest.approx(6_000.0)
    assert paid["touches"].sum() == (1 if is_conflict else 4)
    assert rows(warehouse, "select is_conflict from duplicate_leads") == [(is_conflict,)]
    assert found(warehouse)["email"] == ((0, 0, 0, 1) if is_conflict else (1, 2, 1, 0))

    merged = warehouse_of(tables, agreement=three_stages(MERGED_BY_EMAIL))
    assert len(set(people(merged).values())) == 1  # the agreement says that they are one
    assert found(merged)["email"] == (1, 1, 1, int(is_conflict))
    assert found(merged)["ids"][3] == 0


def test_a_person_who_moved_is_no_conflict(warehouse_of: WarehouseOf) -> None:
    # a became contact C of A1, which is now of A2; b of A2: they have A2 in common.
    warehouse = warehouse_of(
        {
            "lead": [
                lead("sf:a", contact="sf:C", account="sf:A1", email="m"),
                lead("sf:b", account="sf:A2", email="m"),
            ],
            "contact": [{"contact": "sf:C", "account": "sf:A2"}],
        }
    )
    assert found(warehouse)["email"] == (1, 2, 0, 0)


def test_contacts_without_leads_are_told_apart_by_their_accounts(
    warehouse_of: WarehouseOf,
) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("sf:x")],
            "contact": [
                {"contact": "sf:C1", "account": "sf:A1", "email": "m"},
                {"contact": "sf:C2", "account": "sf:A2", "email": "m"},
                {"contact": "sf:C3", "account": "sf:A3", "email": "n"},
                {"contact": "sf:C4", "account": "sf:A3", "email": "n"},
            ],
        }
    )
    named = people(warehouse)
    assert named["contact sf:C1"] != named["contact sf:C2"]
    assert named["contact sf:C3"] == named["contact sf:C4"]
    assert found(warehouse)["email"] == (1, 0, 0, 1)


# domain x: sf:A1                hs:K1            sf and hs leads have their own
# domain y: sf:A2, sf:A3         hs:K2            only hs leads have one
# domain z:                      hs:K3            sf leads take it
# domain w:                      hs:K4, hs:K5     nobody knows
def test_a_domain_means_the_account_of_the_leads_own_system(warehouse_of: WarehouseOf) -> None:
    accounts = {
        "sf:A1": "x", "hs:K1": "x", "sf:A2": "y", "sf:A3": "y", "hs:K2": "y", "hs:K3": "z",
        "hs:K4": "w", "hs:K5": "w",
    }  # fmt: skip
    warehouse = warehouse_of(
        {
            "account": [{"account": each, "domain": domain} for each, domain in accounts.items()],
            "lead": [
                lead(f"{system}:{domain}", domain=domain)
                for system in ("sf", "hs", "web")
                for domain in "xyzw"
            ],
        }
    )
    assert dict(rows(warehouse, "select lead, account from leads order by 1")) == {
        "hs:w": None, "hs:x": "hs:K1", "hs:y": "hs:K2", "hs:z": "hs:K3",
        "sf:w": None, "sf:x": "sf:A1", "sf:y": None, "sf:z": "hs:K3",
        "web:w": None, "web:x": "hs:K1", "web:y": "hs:K2", "web:z": "hs:K3",
    }  # fmt: skip
    assert found(warehouse)["domain"] == (3, 8, 0, 2)


# stays h (no more than a day)  ◄─ a (2 Sep: origin, owner)  ◄─ b (3 Sep: channel, account, …)
def test_a_merged_lead_has_from_its_parts_what_it_lacks(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("hs:h", email="m", channel=None),
                lead("sf:a", "2026-09-02", email="m", origin="inbound", owner="sf:U1"),
                lead(
                    "sf:b", "2026-09-03", email="m", origin="partner", owner="sf:U2",
                    channel="ads", campaign="sf:7", account="sf:A", visitor="web:V",
                    status="won", person_key="p",
                ),
            ],
            "lead_field": [
                {"lead": "sf:b", "attribute": "size", "value": "small"},
                {"lead": "sf:a", "attribute": "size", "value": "large"},
                {"lead": "sf:b", "attribute": "kind", "value": "new"},
            ],
            "touch": [touch("1", visitor="web:V")],
        },
        agreement=three_stages(MERGED_BY_EMAIL),
    )  # fmt: skip
    assert rows(
        warehouse,
        "select lead, origin, owner, channel, campaign, account, account_by, status, person_key "
        "from leads",
    ) == [("hs:h", "inbound", "sf:U1", "ads", "sf:7", "sf:A", "lead", "won", "p")]
    split = "select attribute, value from lead_attributes where attribute in ('size', 'kind')"
    assert rows(warehouse, split + " order by 1") == [("kind", "new"), ("size", "large")]
    assert found(warehouse) == {
        "ids": (1, 0, 0, 0),  # b and its key
        "email": (2, 1, 0, 0),
        "visitor": (1, 1, 1, 0),
        "domain": (0, 0, 0, 0),
    }


# V: lead a (field of the CRM), user id u1 that nobody knows, u2 the same
# W: lead b, lead c                                           X: user ids only
# touch 5: user id = lead c      touch 6: user id = contact C   touch 7: u1 alone
def test_a_users_id_of_the_website_joins_by_ids_or_is_nobodys(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("sf:a", visitor="web:V"),
                lead("sf:b", visitor="web:W"),
                lead("sf:c", visitor="web:W"),
                lead("sf:d", contact="sf:C"),
                lead("sf:t", is_test=True),
            ],
            "touch": [
                touch("1", visitor="web:V", web_user="ga4:u1"),
                touch("2", visitor="web:V", web_user="ga4:u2"),
                touch("3", visitor="web:W"),
                touch("4", visitor="web:X", web_user="ga4:u3"),
                touch("5", visitor="web:Y", web_user="sf:c"),
                touch("6", visitor="web:Z", web_user="sf:C"),
                touch("7", web_user="ga4:u1"),
                touch("8", visitor="web:Y"),
                touch("9", web_user="sf:t", visitor="web:T"),
            ],
        }
    )
    assert rows(warehouse, "select touch, person_key, found_by from touch_people order by 1") == [
        ("1", "lead sf:a", "visitor"),
        ("2", "lead sf:a", "visitor"),
        ("3", None, "visitor"),
        ("4", "ga4:u3", "ids"),
        ("5", "lead sf:c", "ids"),
        ("6", "lead sf:d", "ids"),
        ("7", "ga4:u1", "ids"),
        ("8", "lead sf:c", "visitor"),
        ("9", "lead sf:t", "ids"),
    ]
    assert found(warehouse)["ids"] == (1, 1, 2, 0)
    assert found(warehouse)["visitor"] == (4, 3, 3, 1)  # V, Y, Z and T; W is two persons'


# Qualified 7 Sep; on 10 Sep 09:00 the lead is converted (still qualified), its deal an opportunity.
def test_entries_of_one_instant_come_in_the_order_of_the_stages(warehouse_of: WarehouseOf) -> None:
    events = [
        {"lead": "a", "state": "Qualified", "stage": "qualified", "entered_at": "2026-09-07"},
        {"lead": "a", "state": "Converted", "stage": "qualified", "entered_at": "2026-09-10"},
        {"deal": "D", "state": "Prospecting", "stage": "opportunity", "entered_at": "2026-09-10"},
    ]
    agreement = parse_agreement(
        THREE_STAGES.replace('"inquiry"', '"qualified"'), name="out of alphabetical order"
    )
    for turned in (events, events[::-1]):
        warehouse = warehouse_of(
            {
                "lead": [lead("a", deal="D")],
                "deal": [{"deal": "D", "created_at": "2026-09-10"}],
                "stage_event": turned,
            },
            agreement=agreement,
        )
        table = fa.stage_throughput(warehouse, period=fa.month("2026-09")).table
        assert list(table["entered_leads"]) == [1, 1, 0]
        assert list(table["repeat_entries"]) == [0, 0, 0]
