"""Amounts in other currencies, valued by rates of their day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from funnel_analytics.periods import month
from funnel_analytics.warehouse import Warehouse, statement
from tests.builders import three_stages

WarehouseOf = Callable[..., Warehouse]


def rows(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    return warehouse._connection.execute(sql).fetchall()


def rate(day: str, base: str, currency: str, value: float) -> dict[str, Any]:
    return {"rated_on": day, "base": base, "currency": currency, "rate": value}


def deal(name: str, amount: float | None, currency: str | None, closed: str, **more: Any) -> Any:
    return {"deal": name, "amount": amount, "currency": currency, "is_won": True,
            "closed_at": closed, **more}  # fmt: skip


def missing(warehouse: Warehouse) -> list[tuple[Any, ...]]:
    return rows(warehouse, statement("sources/missing_rates"))


# rates: 1 EUR = 1.25 USD on 2 October (a Friday), 1.20 on 5 October; 1 EUR = 0.8 GBP on 2 October
@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("2026-10-02 10:00", 80.0),  # the day itself
        ("2026-10-04 21:59", 80.0),  # Sunday in Berlin: Friday's
        ("2026-10-04 22:00", pytest.approx(100 / 1.2)),  # Monday, midnight in Berlin
        ("2026-10-12 10:00", pytest.approx(100 / 1.2)),  # seven days old: still good
        ("2026-10-13 10:00", None),  # eight days
        ("2026-10-01 10:00", None),  # rates of later days are none
    ],
)
def test_a_won_deal_takes_the_latest_rate_of_its_close(
    warehouse_of: WarehouseOf, closed: str, expected: Any
) -> None:
    warehouse = warehouse_of(
        {
            "deal": [deal("D", 100.0, "usd", closed, created_at="2026-10-05")],
            "exchange_rate": [
                rate("2026-10-02", "EUR", "USD", 1.25),
                rate("2026-10-05", "EUR", "USD", 1.2),
                rate("2026-10-02", "EUR", "GBP", 0.8),
            ],
        }
    )
    assert rows(warehouse, "select amount from won_deals") == [(expected,)]
    assert len(missing(warehouse)) == (1 if expected is None else 0)


def test_other_deals_take_the_rate_of_their_creation(warehouse_of: WarehouseOf) -> None:
    rates = [rate("2026-10-02", "EUR", "USD", 1.25), rate("2026-10-20", "EUR", "USD", 2.0)]
    lost = deal("D", 100.0, "USD", "2026-10-20", created_at="2026-10-02", is_won=False)
    warehouse = warehouse_of({"deal": [lost], "exchange_rate": rates})
    assert rows(warehouse, "select amount, valued_on, rated_on from deals") == [
        (80.0, date(2026, 10, 2), date(2026, 10, 2))
    ]


def test_two_currencies_meet_in_a_base(warehouse_of: WarehouseOf) -> None:
    # In USD: 90 CHF = 90 / 0.9 EUR = 100 EUR = 125 USD; 8 EUR = 10 USD; the GBP has one leg only.
    warehouse = warehouse_of(
        {
            "deal": [
                deal("chf", 90.0, "CHF", "2026-10-02"),
                deal("eur", 8.0, "EUR", "2026-10-02"),
                deal("gbp", 5.0, "GBP", "2026-10-02"),
                deal("none", 7.0, None, "2026-10-02"),
                deal("nil", 0.0, "GBP", "2026-10-02"),
                deal("unknown", None, "GBP", "2026-10-02"),
            ],
            "exchange_rate": [
                rate("2026-10-01", "EUR", "CHF", 0.9),
                rate("2026-10-01", "EUR", "USD", 1.25),
                rate("2026-10-02", "GBP", "CHF", 1.1),
            ],
        },
        agreement=three_stages(currency='"USD"'),
    )
    assert rows(warehouse, "select deal, amount from won_deals order by deal") == [
        ("chf", 125.0),
        ("eur", 10.0),
        ("gbp", None),
        ("nil", 0.0),
        ("none", 7.0),
        ("unknown", None),
    ]
    day = date(2026, 10, 2)
    assert missing(warehouse) == [("deal", "GBP", 1, 1, day, day, [day], day)]


def test_the_fresher_of_two_ways_values_an_amount(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "deal": [deal("D", 100.0, "USD", "2026-10-05")],
            "exchange_rate": [
                rate("2026-10-02", "EUR", "USD", 1.25),
                rate("2026-10-04", "USD", "EUR", 0.5),
            ],
        }
    )
    assert rows(warehouse, "select amount from won_deals") == [(50.0,)]


def test_spend_is_added_up_in_one_currency(warehouse_of: WarehouseOf) -> None:
    from funnel_analytics.metrics.targets import actual_vs_target

    def spend(amount: float, currency: str | None) -> dict[str, Any]:
        return {"spent_on": "2026-10-02", "channel": "ads", "amount": amount, "currency": currency}

    tables: dict[str, Any] = {
        "lead": [{"lead": "a", "created_at": "2026-10-01 08:00"}],
        "spend": [spend(10, "EUR"), spend(10, "USD"), spend(10, None)],
        "target": [{"month": "2026-10-01", "metric": "spend", "value": 30.0}],
        "exchange_rate": [rate("2026-10-02", "EUR", "USD", 1.25)],
    }
    warehouse = warehouse_of(tables)
    assert rows(warehouse, "select amount from spend_days order by 1") == [(8.0,), (10.0,), (10.0,)]
    table = actual_vs_target(warehouse, period=month("2026-10")).table.set_index("metric")
    assert table.loc["spend", "actual"] == 28.0
    assert missing(warehouse) == []

    unrated = warehouse_of({**tables, "exchange_rate": []})
    day = date(2026, 10, 2)
    assert missing(unrated) == [("spend", "USD", 1, 1, day, day, [day], None)]


def test_only_amounts_that_count_need_a_rate(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [
                {"lead": "t", "created_at": "2026-09-01", "deal": "test", "is_test": True},
            ],
            "deal": [
                deal("test", 1.0, "USD", "2026-10-02"),
                deal("deleted", 1.0, "USD", "2026-10-02", is_deleted=True),
                deal("open", 1.0, "USD", "2026-10-02", is_won=None),
            ],
        }
    )
    assert missing(warehouse) == []
