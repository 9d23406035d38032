"""Leads for a revenue target, on drawings small enough to check by eye."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.errors import CallError, DataError, MissingTableError
from funnel_analytics.metrics.planning import leads_needed
from funnel_analytics.periods import month, parse_period, quarter, span
from funnel_analytics.results import Result
from funnel_analytics.simulation import (
    Counts,
    Step,
    Window,
    chance_after,
    chance_to_move,
    in_time,
    step_of,
)
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse

Build = Callable[..., Warehouse]
MIDNIGHT = "2026-10-31T23:00"  # in Berlin: the end of 31 October
DECEMBER = month("2026-12")


def at(day: date, hour: int = 12) -> str:
    return datetime(day.year, day.month, day.day, hour).isoformat()


def company(
    *,
    leads: int = 40,
    opportunities: int = 20,
    won: int = 10,
    amount: float | None = 1000.0,
    last: date = date(2026, 9, 30),
    closes: bool = True,
) -> dict[str, list[dict[str, Any]]]:
    """Leads created day by day up to `last`: some an opportunity after 5 days, of these some won
    10 days later; the other opportunities are lost 3 days after they began.
    """
    tables: dict[str, list[dict[str, Any]]] = {"lead": [], "stage_event": [], "deal": []}
    for n in range(leads):
        created, lead = last - timedelta(days=n), f"t:L{n:04d}"
        row: dict[str, Any] = {"lead": lead, "created_at": at(created), "deal": None}
        tables["lead"].append(row)
        if n >= opportunities:
            continue
        began = created + timedelta(days=5)
        tables["stage_event"].append(
            {"lead": lead, "entered_at": at(began), "stage": "opportunity", "status": None}
        )
        if n < won:
            closed = began + timedelta(days=10)
            row["deal"] = f"t:D{n:04d}"
            tables["stage_event"].append(
                {"lead": lead, "entered_at": at(closed), "stage": "won", "status": "won"}
            )
            tables["deal"].append(
                {
                    "deal": row["deal"],
                    "amount": amount,
                    "currency": "EUR",
                    "kind": "new",
                    "closed_at": at(closed),
                    "is_won": True,
                }
            )
        elif closes:
            tables["stage_event"].append(
                {
                    "lead": lead,
                    "entered_at": at(began + timedelta(days=3)),
                    "stage": None,
                    "status": "lost",
                }
            )
    return tables


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The company as it is drawn, at midnight after 31 October."""
    folder = tmp_path_factory.mktemp("planning")
    with build_warehouse(folder / "small.duckdb", company(), as_of=MIDNIGHT) as warehouse:
        yield warehouse


def plan(warehouse: Warehouse, **arguments: Any) -> Result:
    given = {"revenue": 3000.0, "period": DECEMBER, "draws": 500} | arguments
    return leads_needed(warehouse, **given)


def needed(result: Result) -> list[int | None]:
    return [None if pd.isna(n) else int(n) for n in result.table["leads_needed"]]


def value_of(result: Result, name: str, column: str = "value") -> Any:
    inputs = result.part("inputs")
    return inputs.loc[inputs["name"] == name, column].iloc[0]


# day        0    1      2        3
# a  ────────●moved
# b  ──────────────────●closed
# c  ──────────────────○open
# d  ──────────────────────────●moved       four leads reached the stage, two moved on so far
def test_aalen_johansen_of_four_leads() -> None:
    step = step_of(
        Counts(
            reached=np.array([0, 0, 1, 0, 0, 3.0]),
            moved=np.array([0, 1, 0, 1, 0, 0.0]),
            closed=np.array([0, 0, 1, 0, 0, 0.0]),
            open=np.array([0, 0, 1, 0, 0, 0.0]),
        )
    )
    # Moved by day 1: 1/4. Closed on day 2: 3/4 x 1/3 = 1/4. Moved on day 3: 1/2 x 1/1, in all 3/4.
    assert step.lag == pytest.approx([0, 1 / 3, 0, 2 / 3, 0, 0])
    assert step.closed_by == pytest.approx([0, 0, 1, 1, 1, 1])
    assert (step.moved, step.leads) == (2, 4)
    assert step.trials == pytest.approx(3 + 1 / 3)  # c had the time for a third of the lags


# Of leads that move, half do so on day 1, half on day 3; those that never move: half closed on 2.
@pytest.mark.parametrize(
    ("age", "chance"),
    [(0, 0.5), (1, 0.25 / (0.25 + 0.5)), (2, 0.25 / (0.25 + 0.25)), (3, 0.0)],
)
def test_chance_of_a_lead_known_to_be_open(age: int, chance: float) -> None:
    step = step_of(
        Counts(
            reached=np.array([0, 0, 0, 0, 0, 8.0]),
            moved=np.array([0, 2, 0, 2, 0, 0.0]),
            closed=np.array([0, 0, 2, 0, 0, 0.0]),
            open=np.array([0, 0, 0, 0, 0, 2.0]),
        )
    )
    assert chance_to_move(step, np.array([age]), np.array([0.5]))[0, 0] == pytest.approx(chance)


def test_a_lag_lands_in_the_window_from_its_first_day_up_to_its_end() -> None:
    fifteen = np.zeros(16)
    fifteen[15] = 1.0
    days = np.arange(1, 61)
    landed = in_time(fifteen, days, Window(31, 62))
    assert list(days[landed == 1.0]) == list(range(16, 47))
    assert set(landed) == {0.0, 1.0}


# Half of the moves happen on day 1, half on day 3; a move is a win.
@pytest.mark.parametrize(
    ("age", "window", "share"),
    [
        (0, Window(1, 2), 0.5),
        (0, Window(1, 4), 1.0),
        (1, Window(1, 2), 0.0),  # not on day 1, so on day 3: in two days
        (1, Window(2, 3), 1.0),
        (2, Window(1, 2), 1.0),
        (3, Window(1, 9), 0.0),  # nobody moves later
    ],
)
def test_days_left_of_a_lead_that_moves(age: int, window: Window, share: float) -> None:
    lag = np.array([0, 0.5, 0, 0.5])
    step = Step(moved=2, leads=4, trials=4.0, lag=lag, closed_by=np.zeros(4))
    assert chance_after(step, np.ones(1), window)[age] == pytest.approx(share)


def test_every_number_of_a_small_company(small: Warehouse) -> None:
    result = plan(small)
    inputs = result.part("inputs")
    rates = inputs[inputs["name"] == "step_rate"]
    assert list(rates["stage"]) == ["opportunity", "won"]
    assert list(rates["value"]) == pytest.approx([20 / 40, 10 / 20])
    assert list(rates["numerator"]) == [20, 10]
    assert list(rates["denominator"]) == [40, 20]
    assert list(rates["matured_leads"]) == pytest.approx([40, 20])
    assert list(rates["basis"]) == [
        "20 of 40 leads created since 2024-11-01 that reached inquiry; 40.0 had the time",
        "10 of 20 leads created since 2024-11-01 that reached opportunity; 20.0 had the time",
    ]
    assert value_of(result, "win_rate") == pytest.approx(0.25)
    assert value_of(result, "win_rate_direct") == pytest.approx(0.25)
    assert value_of(result, "days_to_win") == 15
    assert value_of(result, "days_to_win_direct") == 15
    assert value_of(result, "deal_value") == 1000
    assert value_of(result, "deal_value", "basis") == (
        "10 won leads on 10 of 10 deals won since 2024-11-01"
    )
    # 15 days: leads of 16 November to 16 December are won in December.
    months = result.part("by_month")
    assert list(months["month"].unique()) == [pd.Timestamp(2026, 11, 1), pd.Timestamp(2026, 12, 1)]
    assert list(months["in_time_share"].unique()) == pytest.approx([15 / 30, 16 / 31])
    for _, row in result.table.iterrows():
        mine = months[months["probability"] == row["probability"]]
        assert mine["leads"].sum() == row["leads_needed"]
    reachable = result.note("reachable")
    assert reachable["is_reachable"]
    assert reachable["last_useful_day"] == date(2026, 12, 16)
    assert reachable["best_month_leads"] == 30  # September; ten more came in August
    assert reachable["average_month_leads"] == pytest.approx(40 / 3)  # October: none
    assert reachable["p_without_new_leads"] == 0.0
    assert result.note("naive") == {"leads": 12}  # 3000 / (1000 x 10/40)
    assert list(result.table["probability"]) == [0.5, 0.8, 0.9]
    assert list(result.table["is_asked"]) == [False, True, False]
    assert result.to_dict()["rows"][1]["leads_needed"] == needed(result)[1]


# An opportunity of 27 October, open: the lost ones were known after 3 days, so it is won, on
# 6 November. One that began on the 31st may still be lost.
@pytest.mark.parametrize(("began", "wins"), [(date(2026, 10, 27), 1.0), (date(2026, 10, 31), 0.5)])
def test_an_open_lead_wins_as_its_age_says(warehouse_of: Build, began: date, wins: float) -> None:
    tables = company(leads=1600, opportunities=800, won=400)
    tables["lead"].append({"lead": "t:open", "created_at": at(date(2026, 10, 20)), "deal": None})
    tables["stage_event"].append(
        {"lead": "t:open", "entered_at": at(began), "stage": "opportunity", "status": None}
    )
    warehouse = warehouse_of(tables, as_of=MIDNIGHT)
    arguments = {"history_months": 60, "draws": 2000}
    pipeline = plan(warehouse, period=month("2026-11"), **arguments).part("pipeline")
    row = pipeline[pipeline["stage"] == "opportunity"].iloc[0]
    assert row["open_leads"] == 1
    assert row["expected_wins"] == pytest.approx(wins, abs=0.004)
    assert row["expected_revenue"] == pytest.approx(1000 * wins, abs=4)
    later = plan(warehouse, period=DECEMBER, **arguments).part("pipeline")
    assert later["expected_wins"].iloc[1] == 0.0  # it would have been won before December


def closed_by(kind: str, tables: dict[str, list[dict[str, Any]]]) -> None:
    """Close the lead t:open, an opportunity since 27 October, in one of the ways there are."""
    lead = tables["lead"][-1]
    event = {"lead": "t:open", "stage": None, "status": "rejected"}
    if kind == "status":
        lead["status"] = "lost"
    elif kind == "event":
        tables["stage_event"].append(event | {"entered_at": at(date(2026, 10, 29))})
    elif kind == "day":  # the same day, and only the day is known
        tables["stage_event"].append(
            event | {"entered_at": "2026-10-26T23:00", "entered_at_is_day": True}
        )
    elif kind in ("lost deal", "won deal"):
        lead["deal"] = "t:D"
        tables["deal"].append(
            {
                "deal": "t:D",
                "amount": 500.0,
                "closed_at": at(date(2026, 10, 30)),
                "is_won": kind == "won deal",
            }
        )
    else:  # an hour before it became an opportunity: it came back
        assert kind == "before"
        tables["stage_event"].append(event | {"entered_at": at(date(2026, 10, 27), 11)})


@pytest.mark.parametrize(
    ("kind", "still_open"),
    [("status", 0), ("event", 0), ("day", 0), ("lost deal", 0), ("won deal", 0), ("before", 1)],
)
def test_a_closed_lead_is_not_in_the_pipeline(
    warehouse_of: Build, kind: str, still_open: int
) -> None:
    tables = company()
    tables["lead"].append({"lead": "t:open", "created_at": at(date(2026, 10, 20)), "deal": None})
    tables["stage_event"].append(
        {"lead": "t:open", "entered_at": at(date(2026, 10, 27)), "stage": "opportunity"}
    )
    closed_by(kind, tables)
    result = plan(warehouse_of(tables, as_of=MIDNIGHT))
    assert result.part("pipeline")["open_leads"].iloc[1] == still_open
    assert result.note("left_out")["leads_won_without_stage"] == (kind == "won deal")


def test_the_revenue_of_the_period_so_far_is_in_hand(small: Warehouse) -> None:
    # Wins follow creation after 15 days: those of 1 to 15 October are the leads up to 30 September.
    result = plan(small, revenue=20_000, period=quarter("2026-Q4"))
    assert result.note("pipeline")["in_hand_revenue"] == 10_000
    start = plan(small, revenue=20_000, period=span("2026-10-15", "2027-01-01"))
    assert start.note("pipeline")["in_hand_revenue"] == 1000  # only the win of the 15th


def test_a_target_already_reached_needs_no_leads(small: Warehouse) -> None:
    result = plan(small, period=quarter("2026-Q4"))
    assert needed(result) == [0, 0, 0]
    assert result.note("reachable")["p_without_new_leads"] == 1.0
    assert list(result.part("by_month")["leads"]) == [0] * 6  # November and December
    curve = result.part("curve")
    assert list(curve.itertuples(index=False, name=None)) == [(0, 1.0)]


def test_too_late_for_any_lead(small: Warehouse) -> None:
    # 15 days from lead to win: a period that ends on 10 November is out of reach.
    result = plan(small, period=parse_period("2026-11-01..2026-11-10"))
    assert needed(result) == [None, None, None]
    reachable = result.note("reachable")
    assert (reachable["is_reachable"], reachable["reason"]) == (False, "too_late")
    assert reachable["last_useful_day"] is None
    assert result.part("by_month")["leads"].isna().all()
    assert result.to_dict()["rows"][0]["leads_needed"] is None
    assert result.record()["parts"]["by_month"][0]["leads"] is None


def test_no_day_left(warehouse_of: Build) -> None:
    # The data end at noon of the period's last day; a lead of the afternoon is not planned.
    warehouse = warehouse_of(company(), as_of="2026-10-31T11:00")
    result = plan(warehouse, revenue=20_000, period=month("2026-10"))
    assert needed(result) == [None, None, None]
    assert result.note("reachable")["reason"] == "period_over"
    assert result.part("by_month").empty


# 40 leads in the best twelve months, a quarter of them won for 1000 each: ten times as many leads
# bring about 100,000.
@pytest.mark.parametrize(("revenue", "is_reachable"), [(30_000, True), (150_000, False)])
def test_more_leads_than_ten_of_the_best_years_bring(
    small: Warehouse, revenue: float, is_reachable: bool
) -> None:
    result = plan(small, revenue=revenue)
    assert [n is not None for n in needed(result)] == [is_reachable] * 3
    reason = None if is_reachable else "too_many_leads"
    assert result.note("reachable")["reason"] == reason


def test_a_lead_with_three_deals_is_worth_all_of_them(warehouse_of: Build) -> None:
    # 40 leads, 20 won: with one deal of 100 each, or with three, two of them by deal_contact.
    one = company(won=20, amount=100.0)
    three = company(won=20, amount=100.0)
    three["deal_contact"] = []
    for first in list(three["deal"]):
        for n in (2, 3):
            more = first | {"deal": f"{first['deal']}-{n}"}
            three["deal"].append(more)
            lead = first["deal"].replace("D", "L")
            three["deal_contact"].append({"deal": more["deal"], "lead": lead})
    few, many = (plan(warehouse_of(each, as_of=MIDNIGHT)) for each in (three, one))
    assert value_of(few, "deal_value") == pytest.approx(300.0)
    assert value_of(many, "deal_value") == pytest.approx(100.0)
    assert value_of(few, "deal_value", "basis") == (
        "20 won leads on 60 of 60 deals won since 2024-11-01"
    )
    assert needed(few)[1] == pytest.approx(needed(many)[1] / 3, rel=0.1)
    assert (few.note("naive"), many.note("naive")) == ({"leads": 20}, {"leads": 60})


def test_a_deal_is_shared_by_the_won_leads_on_it(warehouse_of: Build) -> None:
    # Ten won leads with a deal of 1000 each; the first deal is also of the second lead and of one
    # that was never won. A deal without a lead is a win of its own.
    tables = company()
    tables["deal_contact"] = [
        {"deal": "t:D0000", "lead": "t:L0001"},
        {"deal": "t:D0000", "lead": "t:L0030"},
    ]
    tables["deal"].append(tables["deal"][0] | {"deal": "t:X", "amount": 700.0})
    result = plan(warehouse_of(tables, as_of=MIDNIGHT))
    values = [500, 1500, *[1000] * 8, 700]
    assert value_of(result, "deal_value") == pytest.approx(np.mean(values))
    assert value_of(result, "deal_value", "basis") == (
        "10 won leads on 11 of 11 deals won since 2024-11-01 (1 of them without a won lead)"
    )


def test_deals_of_test_leads_are_neither_in_hand_nor_a_value(warehouse_of: Build) -> None:
    tables = company()
    tables["lead"].append(
        {"lead": "t:T", "created_at": at(date(2026, 9, 1)), "deal": "t:X", "is_test": True}
    )
    tables["deal"].append(tables["deal"][0] | {"deal": "t:X", "amount": 1e6})
    result = plan(warehouse_of(tables, as_of=MIDNIGHT), revenue=20_000, period=quarter("2026-Q4"))
    assert result.note("pipeline")["in_hand_revenue"] == 10_000
    assert value_of(result, "deal_value") == 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"revenue": 0.0}, "revenue is an amount above 0, not 0.0"),
        ({"revenue": float("nan")}, "not nan"),
        ({"probability": 1.0}, r"probability lies between 0 and 1 \(80 % is 0.8\), not 1.0"),
        ({"probability": 80}, "not 80"),
        ({"draws": 5}, "draws is a whole number from 100 on, not 5"),
        ({"seed": -1}, "seed is a whole number from 0 on"),
        ({"history_months": 1.5}, "history_months is a whole number"),
        ({"period": month("2026-10")}, "2026-10 was over when the data were exported"),
    ],
)
def test_calls_that_make_no_sense(
    small: Warehouse, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(CallError, match=message):
        plan(small, **arguments)


def test_all_faults_of_a_call_are_named_at_once(small: Warehouse) -> None:
    with pytest.raises(CallError, match=r"revenue .*; probability .*; seed "):
        plan(small, revenue=-1, probability=0, seed=-1)


@pytest.mark.parametrize("table", ["lead", "stage_event", "deal"])
def test_a_missing_table_is_named(warehouse_of: Build, table: str) -> None:
    tables = company()
    if table == "lead":
        tables = {}
    else:
        del tables[table]
    with pytest.raises(MissingTableError, match=f"leads_needed needs the table '{table}'"):
        plan(warehouse_of(tables, as_of=MIDNIGHT))


def test_no_amounts_and_no_wins(warehouse_of: Build) -> None:
    with pytest.raises(DataError, match="None of the 10 deals won since 2024-11-01 has an amount"):
        plan(warehouse_of(company(amount=None), as_of=MIDNIGHT))
    tables = company(won=0)
    tables["deal"] = [{"deal": "t:D", "closed_at": at(date(2026, 9, 1)), "is_won": False}]
    with pytest.raises(DataError, match=r"None of the 40 leads .* has reached 'won'"):
        plan(warehouse_of(tables, as_of=MIDNIGHT))
