"""What a plan learns from: which leads, which deals, which months."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from funnel_analytics.periods import span
from tests.builders import three_stages
from tests.metrics.test_planning import (
    DECEMBER,
    MIDNIGHT,
    Build,
    at,
    company,
    needed,
    plan,
    value_of,
)


def test_leads_before_the_history_teach_nothing_but_may_be_open(warehouse_of: Build) -> None:
    tables = company()
    tables["lead"].append({"lead": "t:old", "created_at": at(date(2024, 10, 31)), "deal": None})
    tables["lead"].append({"lead": "t:in", "created_at": at(date(2024, 11, 1)), "deal": None})
    result = plan(warehouse_of(tables, as_of=MIDNIGHT))
    assert result.parameters["history_start"] == date(2024, 11, 1)
    assert value_of(result, "win_rate_direct", "denominator") == 41
    assert result.note("left_out")["leads_before_history"] == 1
    # Beside the two: the twenty leads that never became an opportunity.
    assert result.part("pipeline")["open_leads"].iloc[0] == 22


def test_the_history_begins_when_every_stage_is_observed(warehouse_of: Build) -> None:
    agreement = three_stages("observed_from = 2026-09-21")  # the last stage's
    result = plan(warehouse_of(company(), as_of=MIDNIGHT, agreement=agreement))
    assert result.parameters["history_start"] == date(2026, 9, 21)
    assert value_of(result, "win_rate_direct", "denominator") == 10


def test_people_on_one_deal_share_its_amount(warehouse_of: Build) -> None:
    tables = company()
    for row in tables["lead"][:10]:
        row["deal"] = f"t:D{int(row['lead'][-1]) // 2:04d}"  # two leads on each of five deals
    del tables["deal"][5:]
    result = plan(warehouse_of(tables, as_of=MIDNIGHT))
    assert value_of(result, "deal_value") == 500
    assert value_of(result, "deal_value", "basis").startswith("10 won leads on 5 of 5 deals")


def test_values_are_those_that_leads_bring_in_the_currency(warehouse_of: Build) -> None:
    tables = company()
    tables["deal"][0] |= {"kind": "expansion", "amount": 2000.0}  # a won lead is on it
    others: list[dict[str, Any]] = [
        {"kind": "expansion", "amount": 9000.0},
        {"kind": "renewal", "amount": 8000.0},
        {"amount": 0.0},
        {"amount": 9000.0, "currency": "USD"},
        {"amount": 3000.0},  # no kind: taken for new
    ]
    for n, other in enumerate(others):
        tables["deal"].append(
            {"deal": f"t:X{n}", "closed_at": at(date(2026, 10, 20)), "is_won": True} | other
        )
    period = span("2026-10-20", "2027-01-01")
    result = plan(warehouse_of(tables, as_of=MIDNIGHT), period=period, revenue=50_000)
    assert value_of(result, "deal_value") == pytest.approx((2000 + 9 * 1000 + 3000) / 11)
    assert result.note("pipeline")["in_hand_revenue"] == 9000 + 8000 + 3000
    left_out = result.note("left_out")
    assert left_out["deals_without_lead"] == 2
    assert left_out["deals_without_amount"] == 2
    assert left_out["deals_in_period_without_amount"] == 2


def test_the_period_begins_at_its_local_midnight(warehouse_of: Build) -> None:
    tables = company()
    for n, closed in enumerate(("2026-10-14T22:00:00", "2026-10-14T21:59:59")):
        tables["deal"].append(
            {"deal": f"t:X{n}", "closed_at": closed, "is_won": True, "amount": 7000.0 + n}
        )
    period = span("2026-10-15", "2027-01-01")  # in Berlin: 22:00 UTC of the 14th
    result = plan(warehouse_of(tables, as_of=MIDNIGHT), period=period, revenue=50_000)
    assert result.note("pipeline")["in_hand_revenue"] == 1000 + 7000


def test_the_months_to_come_have_the_usual_seasons(warehouse_of: Build) -> None:
    # Twelve whole months: November 2025 brought 30 leads, December 10, all others 20.
    counts = {11: 30, 12: 10}
    created = [
        start + timedelta(hours=12 + n)
        for start in pd.date_range("2025-11-01", periods=12, freq="MS")
        for n in range(counts.get(start.month, 20))
    ]
    tables = company(leads=len(created), opportunities=20, won=10)
    for row, moment in zip(tables["lead"], created, strict=True):
        row["created_at"] = moment.isoformat()
    for n, event in enumerate(tables["stage_event"]):
        lead = int(event["lead"][-4:])
        event["entered_at"] = (created[lead] + timedelta(days=20, minutes=n)).isoformat()
    period = span("2026-11-01", "2027-01-01")
    result = plan(warehouse_of(tables, as_of=MIDNIGHT), period=period, revenue=30_000)
    months = result.part("by_month")
    asked = months[months["probability"] == 0.8]
    november, december = (int(each) for each in asked["leads"])
    assert november / 3 == pytest.approx(december, abs=1)
    assert result.note("reachable")["average_month_leads"] == pytest.approx(20)


def test_months_too_late_to_help_get_no_leads(warehouse_of: Build) -> None:
    # 15 days from lead to win; in a period up to 16 January, of January's leads only those of the
    # 1st are in time: less than a tenth of December's.
    result = plan(warehouse_of(company(), as_of=MIDNIGHT), period=span("2026-12-01", "2027-01-17"))
    months = result.part("by_month")
    january = months[months["month"] == pd.Timestamp(2027, 1, 1)]
    assert (january["leads"] == 0).all()
    assert list(january["in_time_share"]) == pytest.approx([1 / 16] * 3)
    assert (months.loc[months["month"] < pd.Timestamp(2027, 1, 1), "leads"] > 0).all()


def test_midnights_of_summer_and_winter_fall_on_their_own_day(warehouse_of: Build) -> None:
    # Only days are known. Created on 20 October (summer time), an opportunity on 26 October
    # (winter time): 6 days, although an hour more than that on the clock.
    def midnight(day: date) -> str:
        return (datetime(day.year, day.month, day.day) - winter_or_summer(day)).isoformat()

    tables = company()
    created = date(2026, 10, 20)
    for row in tables["lead"]:
        row |= {"created_at": midnight(created), "created_at_is_day": True}
    for n, event in enumerate(tables["stage_event"]):
        days = 6 if event["stage"] == "opportunity" else 9
        event |= {
            "entered_at": midnight(created + timedelta(days=days)),
            "entered_at_is_day": True,
            "seq": n,
        }
    result = plan(warehouse_of(tables, as_of=MIDNIGHT))
    assert value_of(result, "days_to_win") == 9
    assert value_of(result, "days_to_win_direct") == 9
    assert result.note("reachable")["last_useful_day"] == date(2026, 12, 22)


def winter_or_summer(day: date) -> timedelta:
    return timedelta(hours=2 if day < date(2026, 10, 25) else 1)


def test_the_same_seed_gives_the_same_answer_and_order_does_not_matter(
    warehouse_of: Build,
) -> None:
    tables = company()
    first = plan(warehouse_of(tables, as_of=MIDNIGHT))
    shuffled = {name: rows[::-1] for name, rows in tables.items()}
    second = plan(warehouse_of(shuffled, as_of=MIDNIGHT))
    pd.testing.assert_frame_equal(first.table, second.table)
    for part in first.parts:
        pd.testing.assert_frame_equal(first.part(part), second.part(part))
    assert needed(first) != needed(plan(warehouse_of(tables, as_of=MIDNIGHT), seed=2, draws=150))


def test_a_probability_of_ones_own_stands_beside_the_usual_ones(warehouse_of: Build) -> None:
    result = plan(warehouse_of(company(), as_of=MIDNIGHT), probability=0.65, period=DECEMBER)
    assert list(result.table["probability"]) == [0.5, 0.65, 0.8, 0.9]
    assert list(result.table["is_asked"]) == [False, True, False, False]
