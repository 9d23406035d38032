"""Modes, windows, optional stages and passes, drawn small enough to check by eye."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import AgreementError
from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.metrics.trend import conversion_trend
from funnel_analytics.warehouse import Warehouse
from tests.builders import THREE_STAGES
from tests.oracle.funnel_world import four_stages

WarehouseOf = Callable[..., Warehouse]


def drawn(ways: dict[str, list[tuple[str, str]]], created: str = "2026-10-01") -> dict[str, Any]:
    """Leads by name, each with its steps (day of October, stage or status), all at 08:00."""
    closings = ("lost", "rejected", "recycled", "nurture")
    return {
        "lead": [{"lead": name, "created_at": f"{created} 08:00"} for name in ways],
        "stage_event": [
            {
                "lead": name,
                "entered_at": f"2026-10-{day} 08:00",
                "stage": None if what in closings else what,
                "status": what if what in closings else None,
            }
            for name, steps in ways.items()
            for day, what in steps
        ],
    }


def reached(warehouse: Warehouse, **more: Any) -> list[int]:
    return stage_conversion(warehouse, **more).table["reached_leads"].tolist()


# a  inquiry ── opportunity ── won
# b  inquiry ── opportunity ── nurture ── won       a closing between
# c  inquiry ── opportunity ── inquiry ── won       another stage between
# d  inquiry ── won                                 a stage left out
def test_strict_allows_nothing_between(warehouse_of: WarehouseOf) -> None:
    first = [("01", "inquiry")]
    warehouse = warehouse_of(
        drawn(
            {
                "a": [("02", "opportunity"), ("03", "won")],
                "b": [("02", "opportunity"), ("03", "nurture"), ("04", "won")],
                "c": [*first, ("02", "opportunity"), ("03", "inquiry"), ("04", "won")],
                "d": [("02", "won")],
            }
        )
    )
    assert reached(warehouse, mode="at_least") == [4, 4, 4]
    assert reached(warehouse, mode="ordered") == [4, 3, 3]
    assert reached(warehouse, mode="strict") == [4, 3, 1]


# a  inquiry ── opportunity ── recycled ── opportunity ── won      two passes, the second wins
# b  inquiry ── won                                                one pass
def test_each_pass_counts_as_asked(warehouse_of: WarehouseOf) -> None:
    again = [("02", "opportunity"), ("03", "recycled"), ("10", "opportunity"), ("12", "won")]
    warehouse = warehouse_of(drawn({"a": again, "b": [("05", "won")]}))
    assert reached(warehouse) == [2, 2, 2]
    assert reached(warehouse, passes="first") == [2, 2, 1]
    assert reached(warehouse, passes="last") == [2, 2, 2]
    every = stage_conversion(warehouse, passes="every")
    assert every.table["reached_leads"].tolist() == [3, 3, 2]
    assert every.note("passes") == {"passes": 3}
    assert every.units["reached_leads"] == "passes"
    assert "passes" in every.grain
    # The second pass begins on the 10th, in the first stage, and takes 2 days to the win.
    strict = stage_conversion(warehouse, passes="last", mode="strict", within_days=2).table
    assert strict["reached_leads"].tolist() == [2, 1, 1]


def test_both_ends_of_a_window_count(warehouse_of: WarehouseOf) -> None:
    # 1 October 08:00 plus 10 days is 11 October 08:00; a is in time, b an hour late.
    tables = drawn({"a": [("11", "won")], "b": [("11", "won")]})
    tables["stage_event"][1]["entered_at"] = "2026-10-11 09:00"
    warehouse = warehouse_of(tables)
    table = stage_conversion(warehouse, within_days=10).table
    assert table["reached_leads"].tolist() == [2, 1, 1]
    assert table["maturity"].tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("as_of", "not_due"), [("08:00:00", 0), ("07:59:59", 1)])
def test_a_lead_is_old_enough_when_its_windows_have_passed(
    warehouse_of: WarehouseOf, as_of: str, not_due: int
) -> None:
    warehouse = warehouse_of(drawn({"a": [("02", "opportunity")]}), as_of=f"2026-10-21 {as_of}")
    result = stage_conversion(warehouse, within_days=10)
    assert result.table["not_due_leads"].tolist() == [0, 0, not_due]
    assert result.note("not_due") == {"leads": not_due, "days": 20.0}


def test_a_lead_that_entered_the_stage_before_too_lately_is_not_asked(
    warehouse_of: WarehouseOf,
) -> None:
    # a had from the 28th on only 4 of its 10 days for the win; b had them all.
    warehouse = warehouse_of(
        drawn({"a": [("28", "opportunity")], "b": [("02", "opportunity")]}), as_of="2026-11-01"
    )
    won = stage_conversion(warehouse, within_days={"won": 10}).table.iloc[2]
    assert (won["entered_leads"], won["not_due_leads"], won["previous_leads"]) == (1, 1, 1)


# inquiry ── demo (optional) ── opportunity ── won
# a takes every stage, b leaves the demo out, c stops after the demo
def test_an_optional_stage_is_measured_beside_the_step_that_may_skip_it(
    warehouse_of: WarehouseOf,
) -> None:
    ways = {
        "a": [("02", "demo"), ("03", "opportunity"), ("04", "won")],
        "b": [("02", "opportunity"), ("03", "won")],
        "c": [("02", "demo")],
    }
    warehouse = warehouse_of(drawn(ways), agreement=four_stages(optional=True))
    for mode in ("ordered", "strict"):
        result = stage_conversion(warehouse, mode=mode)
        assert result.table["reached_leads"].tolist() == [3, 2, 2, 2]
        assert result.table["previous_leads"].tolist() == [3, 3, 3, 2]
        assert result.parameters["optional"] == ["demo"]
        assert reached(warehouse, mode=mode, optional=()) == [3, 2, 1, 1]
    assert stage_conversion(warehouse).parameters["optional"] == []


@pytest.mark.parametrize("name", ["inquiry", "won"])
def test_the_first_and_the_last_stage_cannot_be_optional(name: str) -> None:
    text = THREE_STAGES.replace(f'name = "{name}"', f'name = "{name}"\noptional = true')
    with pytest.raises(AgreementError, match="first and the last stage cannot be optional"):
        parse_agreement(text, name="test")


# a  inquiry ── won      b  inquiry
@pytest.mark.parametrize("mode", ["at_least", "ordered", "strict"])
def test_a_funnel_of_two_stages(warehouse_of: WarehouseOf, mode: str) -> None:
    first, _, last = THREE_STAGES.partition('[[stages]]\nname = "opportunity"')
    agreement = parse_agreement(first + last[last.index("[[stages]]") :], name="two stages")
    ways = {"a": [("01", "inquiry"), ("09", "won")], "b": [("01", "inquiry")]}
    warehouse = warehouse_of(drawn(ways), agreement=agreement)
    assert reached(warehouse, mode=mode) == [2, 1]
    assert reached(warehouse, mode=mode, within_days=5) == [2, 0]
    october = conversion_trend(warehouse, mode=mode).table.iloc[0]
    assert (october["previous_leads"], october["reached_leads"]) == (2, 1)
