"""Targets beside what was counted, drawn small enough to count by eye."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.errors import CallError, DataError, MissingTableError
from funnel_analytics.metrics.targets import actual_vs_target
from funnel_analytics.metrics.throughput import stage_throughput
from funnel_analytics.periods import month, quarter, span
from funnel_analytics.warehouse import Warehouse

OCTOBER = month("2026-10")
Build = Callable[..., Warehouse]

# lead  origin    created      opportunity  won        deal of October 20th
# a     inbound   1 October    5 October    20 Oct.    100, also of b
# b     outbound  2 October    5 November
# c     inbound   30 September ─ skipped ─  10 Oct.    without an amount
# d     (none)    31 October, 23:30 in Berlin
TABLES: dict[str, list[dict[str, Any]]] = {
    "lead": [
        {"lead": "a", "created_at": "2026-10-01 08:00", "origin": "inbound", "deal": "D1"},
        {"lead": "b", "created_at": "2026-10-02 08:00", "origin": "outbound", "deal": "D1"},
        {"lead": "c", "created_at": "2026-09-30 08:00", "origin": "inbound", "deal": "D2"},
        {"lead": "d", "created_at": "2026-10-31 22:30", "origin": None, "deal": None},
    ],
    "stage_event": [
        {"lead": "a", "stage": "opportunity", "entered_at": "2026-10-05 08:00"},
        {"lead": "a", "stage": "won", "entered_at": "2026-10-20 08:00"},
        {"lead": "b", "stage": "opportunity", "entered_at": "2026-11-05 08:00"},
        {"lead": "c", "stage": "won", "entered_at": "2026-10-10 08:00"},
    ],
    "deal": [
        {"deal": "D1", "amount": 100.0, "closed_at": "2026-10-20 08:00", "is_won": True},
        {"deal": "D2", "amount": None, "closed_at": "2026-10-10 08:00", "is_won": True},
        {"deal": "D3", "amount": 7.0, "closed_at": "2026-10-31 22:59:59", "is_won": True},
        {"deal": "D4", "amount": 9.0, "closed_at": "2026-10-31 23:00", "is_won": True},
        {"deal": "D5", "amount": 9.0, "closed_at": "2026-10-10 08:00", "is_won": False},
    ],
    "spend": [
        {"spent_on": "2026-09-30", "channel": "ads", "amount": 1.0, "currency": "EUR"},
        {"spent_on": "2026-10-01", "channel": "ads", "amount": 10.0, "currency": "EUR"},
        {"spent_on": "2026-10-31", "channel": "fair", "amount": 20.0, "currency": None},
        {"spent_on": "2026-10-31", "channel": "fair", "amount": 40.0, "currency": "CHF"},
    ],
}


def aims(*rows: tuple[str, str, str | None, float]) -> list[dict[str, Any]]:
    return [
        {"month": f"{when}-01", "metric": metric, "dimension": dimension, "value": value}
        for when, metric, dimension, value in rows
    ]


def cells(table: pd.DataFrame, when: str = "2026-10") -> dict[tuple[str, str | None], Any]:
    """(metric, dimension) → row of one month."""
    rows = table[table["month"] == pd.Timestamp(f"{when}-01")]
    return {(row.metric, row.dimension): row for row in rows.itertuples()}


def test_every_metric_beside_its_target(warehouse_of: Build) -> None:
    targets = aims(
        ("2026-10", "leads", None, 4),
        ("2026-10", "leads", "origin:inbound", 1),
        ("2026-10", "leads", "origin:partner", 5),
        ("2026-10", "opportunity", "origin:inbound", 4),
        ("2026-10", "won_deals", "origin:inbound", 2),
        ("2026-10", "won_deals", "origin:outbound", 1),
        ("2026-10", "revenue", "", 50),
        ("2026-10", "revenue", "origin:inbound", 200),
        ("2026-10", "spend", "channel:fair", 0),
        ("2026-11", "leads", None, 9),
    )
    warehouse = warehouse_of(TABLES | {"target": targets}, as_of="2026-11-15")
    result = actual_vs_target(warehouse, period=OCTOBER)
    got = cells(result.table)
    assert set(result.table["month"]) == {pd.Timestamp("2026-10-01")}
    assert {key: row.actual for key, row in got.items()} == {
        ("leads", None): 3,
        ("leads", "origin:inbound"): 1,
        ("leads", "origin:partner"): 0,
        ("inquiry", None): 3,
        ("opportunity", None): 2,  # a, and c whose opportunity nobody recorded
        ("opportunity", "origin:inbound"): 2,
        ("won", None): 2,
        ("won_deals", None): 3,
        ("won_deals", "origin:inbound"): 2,  # D1 belongs to a, its first lead
        ("won_deals", "origin:outbound"): 0,
        ("revenue", None): 107,
        ("revenue", "origin:inbound"): 100,
        ("spend", None): 30,
        ("spend", "channel:fair"): 20,
    }
    assert list(result.table["metric"].unique()) == [
        *["leads", "inquiry", "opportunity", "won", "won_deals", "revenue", "spend"]
    ]
    revenue = got["revenue", None]
    assert (revenue.target, revenue.variance, revenue.variance_share) == (50, 57, 1.14)
    below = got["revenue", "origin:inbound"]
    assert (below.variance, below.variance_share) == (-100, -0.5)
    spend = got["spend", "channel:fair"]
    assert spend.variance == 20
    assert np.isnan(spend.variance_share)  # of a target of 0
    alone = got["won", None]
    assert np.isnan([alone.target, alone.variance, alone.variance_share]).all()
    assert result.table["is_complete"].all()
    assert result.note("deals_without_amount") == {"deals": 1}
    assert result.note("spend_without_value") == {"rows": 1}
    assert result.note("unmatched_dimensions") == {"dimensions": ["origin:partner"]}


def test_stages_are_counted_as_in_the_throughput(warehouse_of: Build) -> None:
    targets = aims(("2026-10", "leads", None, 4))
    warehouse = warehouse_of(TABLES | {"target": targets}, as_of="2026-11-15")
    period = span("2026-09-01", "2026-12-01")
    table = actual_vs_target(warehouse, period=period).table
    entries = stage_throughput(warehouse, period=period).table
    entries["counted"] = entries["total_leads"]
    assert entries["counted"].sum() == 4 + 3 + 2
    for row in entries[entries["counted"] > 0].itertuples():
        same = table[(table["month"] == row.month) & (table["metric"] == row.stage)]
        assert list(same["actual"]) == [row.counted], (row.month, row.stage)


def test_months_that_are_running_or_have_not_begun(warehouse_of: Build) -> None:
    targets = aims(("2026-11", "leads", None, 5), ("2026-12", "leads", None, 5))
    tables = TABLES | {"target": targets}
    table = actual_vs_target(
        warehouse_of(tables, as_of="2026-11-30 22:59:59"), period=quarter("2026-Q4")
    ).table
    assert cells(table)["leads", None].is_complete
    running, ahead = cells(table, "2026-11"), cells(table, "2026-12")
    assert (running["leads", None].actual, running["leads", None].is_complete) == (0, False)
    assert running["won_deals", None].actual == 1
    assert list(ahead) == [("leads", None)]
    assert np.isnan(ahead["leads", None].actual)
    assert np.isnan(ahead["leads", None].variance)

    at_its_end = warehouse_of(tables, as_of="2026-11-30 23:00")
    november = actual_vs_target(at_its_end, period=month("2026-11")).table
    assert november["is_complete"].all()


def test_a_part_of_a_month_is_compared_as_the_month(warehouse_of: Build) -> None:
    targets = aims(("2026-10", "leads", None, 3))
    warehouse = warehouse_of(TABLES | {"target": targets})
    result = actual_vs_target(warehouse, period=span("2026-10-10", "2026-10-12"))
    assert cells(result.table)["leads", None].variance == 0
    assert result.parameters["period_start"].isoformat() == "2026-10-01"


def test_a_deal_belongs_to_its_lead_of_the_earliest_creation_not_id(warehouse_of: Build) -> None:
    # x has the later id and the earlier creation.
    tables = {
        "lead": [
            {"lead": "a", "created_at": "2026-10-02 08:00", "origin": "outbound", "deal": "D"},
            {"lead": "x", "created_at": "2026-10-01 08:00", "origin": "inbound", "deal": "D"},
        ],
        "deal": [{"deal": "D", "amount": 5.0, "closed_at": "2026-10-20", "is_won": True}],
        "target": aims(
            ("2026-10", "revenue", "origin:inbound", 1),
            ("2026-10", "revenue", "origin:outbound", 1),
        ),
    }
    got = cells(actual_vs_target(warehouse_of(tables), period=OCTOBER).table)
    assert got["revenue", "origin:inbound"].actual == 5
    assert got["revenue", "origin:outbound"].actual == 0


def test_spend_on_the_first_of_a_month_counts_once(warehouse_of: Build) -> None:
    tables = {
        "lead": [{"lead": "a", "created_at": "2026-09-02 08:00"}],
        "spend": [
            {"spent_on": f"2026-{day}", "channel": "ads", "amount": amount}
            for day, amount in (("09-30", 1.0), ("10-01", 10.0), ("10-31", 20.0), ("11-01", 40.0))
        ],
        "target": aims(("2026-10", "spend", None, 1)),
    }
    warehouse = warehouse_of(tables, as_of="2026-11-15")
    table = actual_vs_target(warehouse, period=span("2026-09-01", "2026-12-01")).table
    spent = [cells(table, when)["spend", None].actual for when in ("2026-09", "2026-10", "2026-11")]
    assert spent == [1, 30, 40]


def test_deals_of_test_leads_are_no_revenue(warehouse_of: Build) -> None:
    lead = {"lead": "t", "created_at": "2026-10-01", "is_test": True, "deal": "D3"}
    tables = TABLES | {
        "lead": [*TABLES["lead"], lead],
        "target": aims(("2026-10", "revenue", None, 5)),
    }
    got = cells(actual_vs_target(warehouse_of(tables), period=OCTOBER).table)
    assert got["revenue", None].actual == 100  # D1 only: D2 has no amount, D3 was a test
    assert got["won_deals", None].actual == 2


def test_the_order_of_the_rows_does_not_reach_the_last_digit(warehouse_of: Build) -> None:
    # 1e16 + 1 + 1 + … loses every 1 that is added alone, and none if they are added first.
    amounts = [1e16, *[1.0] * 4, 0.1, 0.2, 0.3]
    found = set()
    for turn in (1, -1):
        deals = [
            {"deal": f"D{n}", "amount": amount, "closed_at": "2026-10-20", "is_won": True}
            for n, amount in enumerate(amounts[::turn])
        ]
        spent = [
            {"spent_on": "2026-10-05", "channel": "ads", "amount": amount}
            for amount in amounts[::turn]
        ]
        targets = aims(*[("2026-10", "revenue", None, amount) for amount in amounts[::turn]])
        tables = {"lead": TABLES["lead"], "deal": deals, "spend": spent, "target": targets}
        got = cells(actual_vs_target(warehouse_of(tables), period=OCTOBER).table)
        found.add((got["revenue", None].actual, got["spend", None].actual))
        found.add(got["revenue", None].target)
    assert len(found) == 2


def test_what_was_never_loaded_is_missing_not_zero(warehouse_of: Build) -> None:
    targets = aims(
        ("2026-10", "revenue", None, 5),
        ("2026-10", "opportunity", None, 5),
        ("2026-08", "leads", None, 5),
    )
    warehouse = warehouse_of({"lead": TABLES["lead"], "target": targets})
    table = actual_vs_target(warehouse, period=span("2026-08-01", "2026-11-01")).table
    got = cells(table)
    assert set(got) == {
        ("leads", None),
        ("inquiry", None),
        ("opportunity", None),
        ("revenue", None),
    }
    assert np.isnan(got["revenue", None].actual)
    assert np.isnan(got["opportunity", None].actual)
    assert got["leads", None].actual == 3
    before_the_first_lead = cells(table, "2026-08")["leads", None]
    assert np.isnan(before_the_first_lead.actual)


def test_deals_without_any_amount_have_no_revenue(warehouse_of: Build) -> None:
    tables = TABLES | {
        "deal": TABLES["deal"][1:2],
        "target": aims(("2026-10", "revenue", None, 5)),
    }
    got = cells(actual_vs_target(warehouse_of(tables), period=OCTOBER).table)
    assert got["won_deals", None].actual == 1
    assert np.isnan(got["revenue", None].actual)


def test_a_month_without_anything_is_zero(warehouse_of: Build) -> None:
    tables = TABLES | {"target": aims(("2026-11", "revenue", None, 5))}
    november = actual_vs_target(warehouse_of(tables, as_of="2026-12-01"), period=month("2026-11"))
    got = {key: row.actual for key, row in cells(november.table, "2026-11").items()}
    assert got["leads", None] == got["won", None] == got["spend", None] == 0
    assert got["revenue", None] == 9


def test_all_faults_of_the_sheet_are_named_at_once(warehouse_of: Build) -> None:
    targets = aims(
        ("2026-10", "leads", None, 4),
        ("2026-10", "oportunity", None, 4),
        ("2026-10", "leads", "orign:inbound", 4),
        ("2026-10", "leads", "inbound", 4),
        ("2026-10", "spend", "origin:inbound", 4),
    )
    warehouse = warehouse_of(TABLES | {"target": targets})
    with pytest.raises(DataError) as caught:
        actual_vs_target(warehouse, period=OCTOBER)
    assert str(caught.value).splitlines()[:2] == [
        "4 of 5 targets cannot be compared with anything:",
        (
            "- target.csv, row 3: unknown metric 'oportunity'. Did you mean 'opportunity'? "
            "Known: leads, inquiry, opportunity, won, won_deals, revenue, spend."
        ),
    ]
    for part in (
        "row 4: leads have no attribute 'orign'. Did you mean 'origin'?",
        "row 5: 'inbound' is no dimension; write attribute:value",
        "row 6: spend is known by channel, not by 'origin'",
    ):
        assert part in str(caught.value)
    assert caught.value.rows is not None
    assert list(caught.value.rows["source_row"]) == [3, 4, 5, 6]


def test_what_cannot_be_answered(warehouse_of: Build) -> None:
    warehouse = warehouse_of(TABLES)
    with pytest.raises(MissingTableError, match="actual_vs_target needs the table 'target'"):
        actual_vs_target(warehouse, period=OCTOBER)
    with_targets = warehouse_of(TABLES | {"target": aims(("2026-10", "leads", None, 4))})
    with pytest.raises(CallError, match="had not begun"):
        actual_vs_target(with_targets, period=month("2027-01"))
