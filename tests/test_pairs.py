"""A split by two attributes at once, in every metric of leads; drawn by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import funnel_analytics as fa
from funnel_analytics import plots, tables
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.segments import FOLDED, select_leads
from funnel_analytics.warehouse import Warehouse
from funnel_analytics.wording import words_in
from tests.builders import three_stages

WarehouseOf = Callable[..., Warehouse]

# web × big   a, b      a is won
# web × –     c
# –   × big   d         d is won
# –   × –     e
# mail × big  f
CELLS = [
    ("web", "big"),
    ("web", "big"),
    ("web", None),
    (None, "big"),
    (None, None),
    ("mail", "big"),
]


def drawn(copies: int = 1) -> dict[str, Any]:
    leads = [
        {
            "lead": f"{letter}{copy}",
            "created_at": "2026-10-01 08:00",
            "origin": origin,
            "account": size,
            "owner": f"u{copy % 2}",
        }
        for letter, (origin, size) in zip("abcdef", CELLS, strict=True)
        for copy in range(copies)
    ]
    return {
        "account": [{"account": "big", "segment": "big"}],
        "lead": leads,
        "stage_event": [
            {"lead": f"{letter}0", "stage": "won", "entered_at": "2026-10-03 08:00"}
            for letter in "ad"
        ],
        "activity": [
            {
                "activity": "x1",
                "lead": "a0",
                "happened_at": "2026-10-02 08:00",
                "kind": "call",
                "is_automated": False,
            }
        ],
    }


@pytest.fixture
def six_leads(warehouse_of: WarehouseOf) -> Warehouse:
    return warehouse_of(drawn())


def cells(table: Any, column: str) -> list[tuple[Any, ...]]:
    columns = ["segment", "second_segment", column]
    return [tuple(row) for row in table[columns].itertuples(index=False)]


def test_both_attributes_stand_beside_each_other_and_missing_values_stay_missing(
    six_leads: Warehouse,
) -> None:
    result = fa.stage_conversion(six_leads, by=("origin", "segment"))
    last = result.table[result.table["stage"] == "won"]
    assert cells(last, "entered_leads") == [
        ("mail", "big", 1),
        ("web", "big", 2),
        ("web", None, 1),
        (None, "big", 1),
        (None, None, 1),
    ]
    assert last["reached_leads"].tolist() == [0, 1, 0, 1, 0]
    assert list(result.table.columns)[:3] == ["segment", "second_segment", "is_folded"]
    assert result.parameters["by"] == ["origin", "segment"]
    assert json.loads(result.to_json())["rows"][-1]["second_segment"] is None


def test_the_order_of_a_pair_is_that_of_its_columns(six_leads: Warehouse) -> None:
    one = fa.stage_conversion(six_leads, by=("origin", "segment")).table
    other = fa.stage_conversion(six_leads, by=("segment", "origin")).table
    turned = other.rename(columns={"segment": "second_segment", "second_segment": "segment"})
    assert set(cells(one, "reached_leads")) == set(cells(turned, "reached_leads"))


@pytest.mark.parametrize("metric", [fa.stage_throughput, fa.time_in_stage, fa.time_to_contact])
def test_every_metric_of_leads_takes_a_pair(six_leads: Warehouse, metric: Any) -> None:
    result = metric(six_leads, by=("origin", "segment"))
    found = set(map(tuple, result.table[["segment", "second_segment"]].to_numpy()))
    assert ("web", "big") in found
    assert "second_segment" in result.table.columns
    assert all(not str(first).startswith("[") for first, _ in found)


def test_one_name_in_a_list_is_no_pair(six_leads: Warehouse) -> None:
    one = fa.stage_conversion(six_leads, by=["origin"])
    assert one.parameters["by"] == "origin"
    assert one.table.equals(fa.stage_conversion(six_leads, by="origin").table)


def test_small_cells_of_a_pair_are_folded_and_nothing_is_told_of_them(
    warehouse_of: WarehouseOf,
) -> None:
    tables_ = drawn(copies=3)
    warehouse = warehouse_of(tables_, agreement=three_stages(minimum_group_size="4"))
    result = fa.stage_conversion(warehouse, by=("origin", "segment"))
    table = result.table[result.table["position"] == 1]
    assert cells(table, "entered_leads") == [("web", "big", 6), (FOLDED, None, 12)]
    assert table["is_folded"].tolist() == [False, True]
    assert result.note("folded") == {"groups": 4, "leads": 12}


def test_a_value_that_looks_like_a_pair_is_read_as_it_is(warehouse_of: WarehouseOf) -> None:
    odd = '["x","y"]'
    warehouse = warehouse_of(
        {
            "lead": [{"lead": "a", "created_at": "2026-10-01 08:00", "origin": odd}],
            "stage_event": [{"lead": "a", "stage": "won", "entered_at": "2026-10-03 08:00"}],
        }
    )
    assert fa.stage_conversion(warehouse, by="origin").table["segment"].tolist() == [odd] * 3
    pair = fa.stage_conversion(warehouse, by=("origin", "created_month")).table
    assert pair[["segment", "second_segment"]].drop_duplicates().to_numpy().tolist() == [
        [odd, "2026-10"]
    ]


def test_faults_of_a_pair_are_named(six_leads: Warehouse) -> None:
    for by, text in (
        (("origin", "origin"), "given twice"),
        (("origin", "segment", "created_month"), "two attributes at once, not by 3"),
        (("origin", "sgment"), "Did you mean 'segment'"),
    ):
        with pytest.raises(CallError, match=text):
            select_leads(six_leads, period=None, by=by)
    with pytest.raises(MissingTableError, match="No lead has a value for 'industry'"):
        select_leads(six_leads, period=None, by=("origin", "industry"))


def test_a_pair_that_is_the_owner_under_two_names_is_refused(warehouse_of: WarehouseOf) -> None:
    # Two owners share each industry and each size, but each combination is one owner's alone.
    leads = [
        {
            "lead": f"l{number}",
            "created_at": "2026-10-01 08:00",
            "account": f"{number % 2}{number // 2 % 2}",
            "owner": f"u{number % 4}",
        }
        for number in range(24)
    ]
    accounts = [
        {"account": f"{a}{b}", "industry": f"i{a}", "segment": f"s{b}"}
        for a in range(2)
        for b in range(2)
    ]
    warehouse = warehouse_of(
        {
            "account": accounts,
            "lead": leads,
            "stage_event": [{"lead": "l0", "stage": "won", "entered_at": "2026-10-03 08:00"}],
        }
    )
    for alone in ("industry", "segment"):
        fa.stage_conversion(warehouse, by=alone)
    with pytest.raises(CallError, match="'industry and segment' are mostly one owner's"):
        fa.stage_conversion(warehouse, by=("industry", "segment"))


def test_a_pair_is_worded_in_both_languages(six_leads: Warehouse) -> None:
    result = fa.stage_conversion(six_leads, by=("origin", "segment"))
    groups = {
        language: [
            words_in(language).group(result, row)
            for _, row in result.table[result.table["position"] == 1].iterrows()
        ]
        for language in ("de", "en")
    }
    assert groups["en"][1:4] == ["web × big", "web × Not stated", "Not stated × big"]
    assert groups["de"][2] == "web × Ohne Angabe"
    assert "by origin and segment" in words_in("en").subtitle(result)
    assert "nach Herkunft und Segment" in words_in("de").subtitle(result)
    assert "web × big" in plots.funnel(result).layout.yaxis.ticktext
    assert "web × Not stated" in tables.conversion(result).as_raw_html()


def test_a_figure_draws_each_group_of_a_pair_once(six_leads: Warehouse) -> None:
    result = fa.stage_throughput(six_leads, by=("origin", "segment"))
    drawn_lines = [each for each in plots.throughput(result).data if each.showlegend]
    names = [each.name for each in drawn_lines]
    assert names[0] == "web × big"
    assert sorted(set(names)) == sorted(names)
    assert len(names) == 5
    contact = plots.waiting(fa.time_to_contact(six_leads, by=("origin", "segment")))
    assert "web × big" in [each.name for each in contact.data]
