"""Tables about single employees are off unless the agreement switches them on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import funnel_analytics as fa
from funnel_analytics.agreement import Agreement, parse_agreement
from funnel_analytics.errors import CallError
from funnel_analytics.warehouse import Warehouse, connect, query_names
from tests.builders import THREE_STAGES

OWN = "sf:U1", "sf:U2", "sf:U3"


def leads_of(owners: list[str], **attributes: list[str]) -> dict[str, Any]:
    """One lead per owner in the list, with free attributes."""
    return {
        "lead": [
            {"lead": f"sf:L{number}", "owner": owner, "created_at": "2026-09-01 08:00:00"}
            for number, owner in enumerate(owners)
        ],
        "stage_event": [
            {"lead": "sf:L0", "stage": "opportunity", "entered_at": "2026-09-02 08:00:00"}
        ],
        "lead_field": [
            {"lead": f"sf:L{number}", "attribute": name, "value": value}
            for name, values in attributes.items()
            for number, value in enumerate(values)
        ],
    }


def split(warehouse: Warehouse, by: str) -> list[str]:
    return sorted(fa.stage_conversion(warehouse, by=by).table["segment"].dropna().unique())


WarehouseOf = Callable[..., Warehouse]


def test_no_lead_can_be_split_by_its_owner(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(leads_of([*OWN, *OWN]))
    for people in ("owner", "person", "by"):
        assert people not in warehouse.attributes()
        with pytest.raises(CallError, match=f"Leads have no attribute '{people}'"):
            fa.stage_conversion(warehouse, by=people)


@pytest.mark.parametrize("level", ["off", "team"])
def test_an_owner_under_another_name_is_one(warehouse_of: WarehouseOf, level: str) -> None:
    tables = leads_of([*OWN, *OWN], rep=["Ann", "Bob", "Zoe", "Ann", "Bob", "Zoe"])
    warehouse = warehouse_of(tables, agreement=three_stages_at(level))
    with pytest.raises(CallError) as caught:
        fa.stage_conversion(warehouse, by="rep")
    assert str(caught.value) == (
        "The values of 'rep' are mostly one owner's each, so a split by it is a table about single "
        "employees (3 of them). These are off: the agreement's employee_level is "
        f"'{level}', and has to be 'person'."
    )


def test_the_agreement_may_allow_it(warehouse_of: WarehouseOf) -> None:
    tables = leads_of([*OWN, *OWN], rep=["Ann", "Bob", "Zoe", "Ann", "Bob", "Zoe"])
    warehouse = warehouse_of(tables, agreement=three_stages_at("person"))
    assert split(warehouse, "rep") == ["Ann", "Bob", "Zoe"]


def test_what_is_no_owner_stays_a_split(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        leads_of(
            [*OWN, *OWN],
            product=["A", "B", "C", "A", "B", "A"],  # Zoe has sold two
            office=["x", "x", "y", "x", "x", "y"],  # Ann and Bob share one
            source=["m"] * 6,
        )
    )
    assert split(warehouse, "product") == ["A", "B", "C"]
    assert split(warehouse, "office") == ["x", "y"]
    assert split(warehouse, "source") == ["m"]


def test_a_handful_of_leads_proves_nothing(warehouse_of: WarehouseOf) -> None:
    # One lead is always one owner's; and values that a split folds are shown to nobody.
    tables = leads_of([*OWN, OWN[0]], product=["A", "B", "C", "D"])
    assert split(warehouse_of(tables), "product") == ["A", "B", "C", "D"]
    tables = leads_of(
        [OWN[0]] * 4 + [OWN[1]] * 4 + [OWN[0], OWN[1]] * 3,
        product=["A"] * 4 + ["B"] * 4 + ["C"] * 6,
    )
    with pytest.raises(CallError, match="mostly one owner's each"):  # 8 of 14 leads
        fa.stage_conversion(warehouse_of(tables), by="product")
    folding = parse_agreement(THREE_STAGES.replace("group_size = 1", "group_size = 5"))
    warehouse = warehouse_of(tables, agreement=folding)
    assert fa.stage_conversion(warehouse, by="product").table["segment"].notna().any()


def test_an_owner_with_slips_and_spellings_is_still_one(warehouse_of: WarehouseOf) -> None:
    # 10 leads each: one of Ann's says Bob, Zoe is written in two ways, Ann's are 10 of 30 leads.
    owners = [OWN[0]] * 10 + [OWN[1]] * 10 + [OWN[2]] * 10
    warehouse = warehouse_of(
        leads_of(
            owners,
            rep=["Bob"] + ["Ann"] * 9 + ["Bob"] * 10 + ["Zoe"] * 5 + ["Z."] * 5,
            is_ann=["yes"] * 10 + ["no"] * 20,  # a third: the others hide each other
            territory=["north"] * 10 + ["south"] * 10 + ["west", "east"] * 5,
            shared=["north"] * 10 + ["south", "west"] * 10,
            most=["Ann"] * 10 + ["Bob"] * 5 + ["rest"] * 15,  # 15 of 30
            fewer=["Ann"] * 10 + ["Bob"] * 4 + ["rest"] * 16,
        )
    )
    for by in ("rep", "territory", "most"):
        with pytest.raises(CallError, match=f"values of '{by}' are mostly one owner's each"):
            fa.stage_conversion(warehouse, by=by)
    for by in ("is_ann", "shared", "fewer"):
        assert split(warehouse, by)


def test_one_who_has_nearly_all_leads_is_no_split(warehouse_of: WarehouseOf) -> None:
    owners = [OWN[0]] * 19 + [OWN[1]]
    warehouse = warehouse_of(
        leads_of(owners, size=["s", "m"] * 10, rep=["Ann", "A."] * 9 + ["Ann", "Bob"])
    )
    assert split(warehouse, "size") == ["m", "s"]
    several = leads_of([*owners, OWN[1]], rep=["Ann", "A."] * 9 + ["Ann", "Bob", "Bob"])
    with pytest.raises(CallError, match="mostly one owner's each"):
        fa.stage_conversion(warehouse_of(several), by="rep")


def test_a_region_of_the_accounts_may_be_one_owner_too(warehouse_of: WarehouseOf) -> None:
    tables = leads_of([*OWN[:2], *OWN[:2]])
    for number, lead in enumerate(tables["lead"]):
        lead |= {"account": f"sf:A{number % 2}", "origin": f"o{number % 2}"}
    tables["account"] = [
        {"account": f"sf:A{number}", "region": name} for number, name in enumerate(("x", "y"))
    ]
    warehouse = warehouse_of(tables)
    with pytest.raises(CallError, match="values of 'region' are mostly one owner's each"):
        fa.stage_conversion(warehouse, by="region")
    assert split(warehouse, "origin") == ["o0", "o1"]  # where a lead came from, before any owner


def test_one_owner_alone_is_no_split(warehouse_of: WarehouseOf) -> None:
    assert split(warehouse_of(leads_of([OWN[0]] * 4, office=["x"] * 4)), "office") == ["x"]


# Columns of a result that would name one of our people.
PEOPLE = ("owner", "person", "by", "rep", "agent", "employee", "user")


def test_no_metric_returns_a_column_of_our_people(sample_database: Path) -> None:
    with fa.open_warehouse(sample_database) as warehouse:
        ours = {row[0] for row in rows_of(sample_database, "select person from person")}
        results = [
            fa.stage_conversion(warehouse),
            fa.stage_throughput(warehouse),
            fa.time_in_stage(warehouse),
            fa.time_to_contact(warehouse),
            fa.attribute(warehouse, period=fa.month("2026-09")),
            fa.actual_vs_target(warehouse, period=fa.month("2026-09")),
            fa.contact_attempts(warehouse),
            fa.handovers(warehouse),
            fa.qualification(warehouse),
            fa.activity_levels(warehouse),
            fa.breaches(warehouse),
        ]
    assert len(ours) > 5
    for result in results:
        for table in (result.table, *(result.part(name) for name in result.parts)):
            assert not set(table.columns) & set(PEOPLE), result.metric
            values = {value for name in table for value in table[name] if isinstance(value, str)}
            assert not values & ours, result.metric


def test_no_metric_query_selects_one(sample_database: Path) -> None:
    assert len(query_names("metrics")) > 5
    # They number owners, to leave out pairs of attributes that are one owner's, and to know leads
    # that may be alike for having one; none is shown.
    known = {"metrics/drop_off_cells", "metrics/speed_effect"}
    for name in sorted(set(query_names("metrics")) - known):
        text = Path(fa.__file__).parent / "sql" / f"{name}.sql"
        words = text.read_text(encoding="utf-8").split()
        assert not {"leads.owner", "lead.owner", "activity.by", "activities.by"} & set(words), name


def rows_of(database: Path, text: str) -> list[tuple[Any, ...]]:

    with connect(database, read_only=True) as connection:
        return connection.execute(text).fetchall()


def three_stages_at(level: str) -> Agreement:
    """The drawn agreement with an employee level."""

    return parse_agreement(
        THREE_STAGES.replace(
            "minimum_group_size", f'employee_level = "{level}"\nminimum_group_size'
        )
    )
