"""Who is one person, and which lead counts, drawn small enough to check by eye."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

WarehouseOf = Callable[..., Warehouse]
MERGED_BY_EMAIL = '[identity]\nmerge_leads_by = ["email"]'


def rows(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return warehouse._connection.execute(sql).fetchall()


def lead(name: str, created: str = "2026-09-01 08:00", **more: Any) -> dict[str, Any]:
    return {"lead": name, "created_at": created, **more}


def touch(name: str, **more: Any) -> dict[str, Any]:
    return {"touch": name, "touched_at": "2026-08-02", "channel": "ads", **more}


def people(warehouse: Warehouse) -> dict[tuple[str, str], str]:
    found = rows(warehouse, "select kind, id, person_key from people")
    assert len({(kind, id_) for kind, id_, _ in found}) == len(found)
    return {(kind, id_): person for kind, id_, person in found}


def yields(warehouse: Warehouse) -> dict[str, tuple[int, int, int, int]]:
    return {rule: (a, b, c, d) for rule, a, b, c, d in rows(warehouse, "from identity_yield")}


# a ── C (a became C)    C ═ mail 1 ═ b      visitor V: touch with C        d: nothing in common
# e ── key p             touch of key p with mail 2 ═ f
def test_ids_then_addresses_then_visitors_make_one_person(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", contact="C"),
                lead("b", email="m1"),
                lead("d", email="m3"),
                lead("e", person_key="p"),
                lead("f", email="m2"),
            ],
            "contact": [{"contact": "C", "email": "m1"}],
            "touch": [
                touch("1", contact="C", visitor="V"),
                touch("2", visitor="V"),
                touch("3", person_key="p", email="m2"),
                touch("4", email="m2"),
                touch("5", visitor="nobody's"),
                touch("6", lead="C"),  # a contact in the lead's place
            ],
        }
    )
    assert people(warehouse) == {
        ("lead", "a"): "lead a",
        ("contact", "C"): "lead a",
        ("email", "m1"): "lead a",
        ("lead", "b"): "lead a",
        ("visitor", "V"): "lead a",
        ("lead", "d"): "lead d",
        ("email", "m3"): "lead d",
        ("person_key", "p"): "p",
        ("lead", "e"): "p",
        ("lead", "f"): "p",
        ("email", "m2"): "p",
    }
    assert rows(warehouse, "select touch, person_key, found_by from touch_people order by 1") == [
        ("1", "lead a", "ids"),
        ("2", "lead a", "visitor"),
        ("3", "p", "ids"),
        ("4", "p", "email"),
        ("5", None, "visitor"),
        ("6", "lead a", "ids"),
    ]
    assert yields(warehouse) == {
        "ids": (2, 2, 3, 0),  # a-C and e-p
        "email": (2, 4, 1, 0),  # C-b and p-f
        "visitor": (1, 2, 1, 0),  # V is a's and b's person's
        "domain": (0, 0, 0, 0),
    }


def test_a_visitor_seen_with_two_persons_is_nobodys(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [lead("a", visitor="V"), lead("b"), lead("c", visitor="W")],
            "touch": [touch("1", lead="b", visitor="V"), touch("2", visitor="V")],
        }
    )
    found = people(warehouse)
    assert found["lead", "a"] != found["lead", "b"]
    assert ("visitor", "V") not in found
    assert found["visitor", "W"] == "lead c"
    assert rows(warehouse, "select person_key from touch_people where touch = '2'") == [(None,)]
    assert yields(warehouse)["visitor"] == (1, 1, 0, 1)


def test_a_test_lead_is_a_stranger_to_everybody(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                lead("t", is_test=True, email="m", person_key="p", merged_into="a", contact="C"),
                lead("a", email="m"),
            ],
            "deal_contact": [{"deal": "D", "lead": "t", "person_key": "q"}],
            "touch": [touch("1", lead="t", email="m2"), touch("2", contact="C")],
        }
    )
    assert people(warehouse) == {
        ("lead", "t"): "lead t",
        ("lead", "a"): "lead a",
        ("email", "m"): "lead a",
        ("person_key", "p"): "p",
        ("person_key", "q"): "q",
        ("contact", "C"): "contact C",
        ("email", "m2"): "email m2",
    }
    assert rows(warehouse, "select lead_no from named_leads where id = 'C'") == [(None,)]


def test_merged_leads_with_two_given_keys_stay_two_persons(warehouse_of: WarehouseOf) -> None:
    # a took b in; c has b's key, and nothing to do with a.
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", person_key="p1"),
                lead("b", person_key="p2", merged_into="a"),
                lead("c", person_key="p2"),
                lead("d", merged_into="a"),  # no key of its own: a's person
            ]
        }
    )
    assert people(warehouse)["lead", "d"] == "p1"
    assert rows(warehouse, "select lead_no, person_key from lead_people order by all") == [
        (1, "p1"),
        (1, "p2"),
        (2, "p2"),
    ]


# A path through many rows: merging them takes several rounds.   n0 - n1 - ... - n40
def test_a_long_chain_is_one_person(warehouse_of: WarehouseOf) -> None:
    order = list(range(41))
    random.Random(5).shuffle(order)
    chain = [(order[n], order[n + 1]) for n in range(40)]
    warehouse = warehouse_of(
        {
            "lead": [lead("a")],
            "touch": [
                touch(f"{n}", person_key=f"k{one:02d}", contact=f"c{one}")
                for n, (one, _) in enumerate(chain)
            ]
            + [
                touch(f"b{n}", person_key=f"k{one:02d}", contact=f"c{other}")
                for n, (one, other) in enumerate(chain)
            ],
        }
    )
    keys = {person for (kind, _), person in people(warehouse).items() if kind == "contact"}
    assert keys == {f"k{min(order[:-1]):02d}"}  # the last of the path has no key


def union_find(groups: Iterable[Iterable[str]]) -> dict[str, frozenset[str]]:
    """The components of nodes that stand in one group: a second implementation."""
    home: dict[str, set[str]] = {}
    for group in groups:
        merged = set(group).union(*(home.get(each, {each}) for each in group))
        for each in merged:
            home[each] = merged
    return {node: frozenset(each) for node, each in home.items()}


def without_torn(given: list[list[str]]) -> list[list[str]]:
    """The groups without addresses of several leads that became different contacts."""
    mails = {node for group in given for node in group if node.startswith("email ")}
    home = union_find([node for node in group if node not in mails] for group in given)
    persons: dict[str, set[frozenset[str]]] = {mail: set() for mail in mails}
    for group in given:
        for mail in mails.intersection(group):
            persons[mail] |= {home[node] for node in group if node != mail}
    torn = {
        mail
        for mail, each in persons.items()
        if sum({"lead L", "contact C"} <= {f"{n.split()[0]} {n.split()[1][0]}" for n in person}
               for person in each) > 1
    }  # fmt: skip
    assert torn
    assert torn != mails
    kept = [[node for node in group if node not in torn] for group in given]
    return [*kept, *([mail] for mail in torn)]


@pytest.mark.parametrize("seed", range(4))
def test_persons_are_the_components_of_a_second_implementation(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)

    def some(prefix: str, count: int, share: float) -> str | None:
        return f"{prefix}{rng.randrange(count)}" if rng.random() < share else None

    leads = [lead(f"L{n}", contact=some("C", 60, 0.3), email=some("m", 90, 0.4)) for n in range(80)]
    contacts = [{"contact": f"C{n}", "email": some("m", 90, 0.3)} for n in range(50)]
    touches = [
        touch(
            f"t{n}",
            lead=some("L", 90, 0.3),
            contact=some("C", 70, 0.2),
            person_key=some("p", 60, 0.2),
            email=some("m", 90, 0.2),
        )
        for n in range(120)
    ]
    given = [
        [
            f"{kind} {row[column]}"
            for column, kind in (
                ("lead", "lead"),
                ("contact", "contact"),
                ("person_key", "person_key"),
                ("email", "email"),
            )
            if row.get(column)
        ]
        for row in [*leads, *contacts, *touches]
    ]
    loaded = {each["lead"] for each in leads}
    given = [
        ["contact " + node[5:] if node[:5] == "lead " and node[5:] not in loaded else node
         for node in group]
        for group in given
    ]  # fmt: skip
    expected = union_find(group for group in without_torn(given) if group)
    answers = []
    for turn in range(2):
        tables = {"lead": leads, "contact": contacts, "touch": touches}
        for each in tables.values():
            rng.shuffle(each)  # type: ignore[arg-type]
        with build_warehouse(tmp_path / f"{turn}.duckdb", tables) as warehouse:
            found = people(warehouse)
        by_person: dict[str, set[str]] = {}
        for (kind, id_), person in found.items():
            by_person.setdefault(person, set()).add(f"{kind} {id_}")
        assert {frozenset(each) for each in by_person.values()} == set(expected.values())
        answers.append(found)
    assert answers[0] == answers[1]


# a 1 Sep ═ m ═ b 2 Aug (created first) ═ m ═ c (deleted) ═ m ═ t (test);  d: another address
def test_leads_of_one_address_are_reported_and_merged_only_by_agreement(
    warehouse_of: WarehouseOf,
) -> None:
    tables = {
        "lead": [
            lead("a", email="m", account="A"),
            lead("b", "2026-08-02 08:00", email="m", account="B"),
            lead("c", "2026-07-01 08:00", email="m", is_deleted=True),
            lead("t", "2026-07-01 08:00", email="m", is_test=True),
            lead("d", email="n"),
            lead("e", email=None),
            lead("f", email=None),
        ],
        "stage_event": [
            {"lead": "a", "stage": "won", "entered_at": "2026-09-10 08:00"},
        ],
    }
    kept = warehouse_of(tables)
    assert rows(kept, "from duplicate_leads") == [("m", 2, "b", False, True)]
    assert rows(kept, "select lead from leads") == [(each,) for each in "abdef"]
    assert yields(kept)["email"] == (0, 0, 0, 1)  # two accounts: nobody is joined

    merged = warehouse_of(tables, agreement=three_stages(MERGED_BY_EMAIL))
    assert rows(merged, "from duplicate_leads") == [("m", 2, "b", True, True)]
    assert rows(merged, "select lead, furthest from leads join lead_progress using (lead_no)") == [
        ("b", 3),
        ("d", 1),
        ("e", 1),
        ("f", 1),
    ]
    counted = merged.query("metrics/excluded_leads", created_from=None, created_before=kept.as_of)
    assert counted.table.iloc[0].to_dict() == {"merged": 1, "deleted": 1, "test": 1}


def test_merging_by_address_goes_through_merges_of_the_system(warehouse_of: WarehouseOf) -> None:
    # a (m1) was merged into b (m2); c has m2, d has m1: b, c and - not d - since a is no lead.
    warehouse = warehouse_of(
        {
            "lead": [
                lead("a", email="m1", merged_into="b"),
                lead("b", email="m2"),
                lead("c", "2026-08-01 08:00", email="m2"),
                lead("d", email="m1"),
            ]
        },
        agreement=three_stages(MERGED_BY_EMAIL),
    )
    assert rows(warehouse, "from survivors order by all") == [
        ("a", "c"),
        ("b", "c"),
        ("c", "c"),
        ("d", "d"),
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "",
            [("own", "A1"), ("contact", "A2"), ("domain", "A3"), ("shared", None), ("torn", None)],
        ),
        (
            "[identity]\naccount_by_domain = false",
            [("own", "A1"), ("contact", "A2"), ("domain", None), ("shared", None), ("torn", None)],
        ),
    ],
)
def test_a_lead_without_account_takes_that_of_its_contact_else_of_its_domain(
    warehouse_of: WarehouseOf, rule: str, expected: list[tuple[str, str | None]]
) -> None:
    warehouse = warehouse_of(
        {
            "account": [
                {"account": "A1", "domain": "x"},
                {"account": "A2", "domain": "y"},
                {"account": "A3", "domain": "z"},
                {"account": "A4", "domain": "y"},
            ],
            "contact": [
                {"contact": "C", "account": "A2"},
                {"contact": "C1", "account": "A1"},
                {"contact": "C2", "account": "A2", "lead": "torn"},
            ],
            "lead": [
                lead("own", account="A1", domain="z"),
                lead("contact", contact="C", domain="z"),
                lead("domain", domain="z"),
                lead("shared", domain="y"),
                lead("torn", contact="C1"),  # became two contacts, of two accounts
            ],
        },
        agreement=three_stages(rule),
    )
    assert sorted(rows(warehouse, "select lead, account from leads")) == sorted(expected)
    assert yields(warehouse)["ids"][3] == 1
    assert yields(warehouse)["domain"] == ((0, 0, 0, 0) if rule else (1, 1, 0, 1))
