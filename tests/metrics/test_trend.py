"""One rate over time: drawn by hand, counted a second time lead by lead, and on the sample."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError
from funnel_analytics.periods import span
from funnel_analytics.warehouse import Warehouse
from tests.builders import THREE_STAGES, build_warehouse, three_stages
from tests.oracle.funnel_world import (
    AS_OF,
    base_of,
    four_stages,
    made_up,
    passes_of,
    path_to,
    reached_at,
)

WarehouseOf = Callable[..., Warehouse]
MONTHS = pd.date_range("2026-01-01", "2026-10-01", freq="MS")


def drawn(won: list[int], *, of: int = 20, **more: Any) -> dict[str, Any]:
    """`of` leads on the 10th of each month from January 2026 on, of which so many are won at once.

    All of them are in the second stage.
    """
    leads, events = [], []
    for start, count in zip(MONTHS, won, strict=False):
        for number in range(of):
            name = f"{start:%m}-{number:03d}"
            at = f"{start:%Y-%m}-10 08:00"
            leads.append({"lead": name, "created_at": at, **more})
            events.append({"lead": name, "stage": "opportunity", "entered_at": at})
            if number < count:
                events.append({"lead": name, "stage": "won", "entered_at": at})
    return {"lead": leads, "stage_event": events}


@pytest.fixture
def october(warehouse_of: WarehouseOf) -> WarehouseOf:
    """Builds warehouses whose data end with October."""
    return lambda tables, **more: warehouse_of(tables, as_of="2026-10-31 23:00", **more)


@pytest.fixture
def sample_warehouse(sample_database: Path) -> Iterator[Warehouse]:
    with fa.open_warehouse(sample_database) as warehouse:
        yield warehouse


def test_each_month_has_its_rate_and_the_bad_one_is_unusual(october: WarehouseOf) -> None:
    # 15 of 20 leads win in each month but July, when one does.
    won = [15, 15, 14, 16, 15, 15, 1, 15, 15]
    result = fa.conversion_trend(october(drawn(won)), cohort=fa.year("2026"))
    table = result.table
    assert table["period_start"].tolist() == list(MONTHS)
    assert table["previous_leads"].tolist() == [20] * 9 + [0]
    assert table["reached_leads"].tolist() == [*won, 0]
    assert table["rate"].tolist()[:9] == [each / 20 for each in won]
    assert pd.isna(table["rate"][9])
    assert table["centre"].tolist()[:9] == [sum(won) / 180] * 9
    assert table["rule"].tolist() == [None] * 6 + ["beyond_limit"] + [None] * 3
    assert table["is_complete"].all()
    assert result.parameters["previous"] == "opportunity"
    assert result.parameters["stage"] == "won"


def test_too_few_months_have_no_limits_and_a_note_says_so(october: WarehouseOf) -> None:
    result = fa.conversion_trend(october(drawn([15] * 7)))
    assert result.table["limit_low"].isna().all()
    assert not result.table["is_unusual"].any()
    assert result.note("too_few_periods") == {"segments": 1, "of": 1, "fewest": 8}


def test_a_month_that_is_cut_off_on_the_left_is_not_judged(october: WarehouseOf) -> None:
    text = THREE_STAGES.replace('name = "won"', 'name = "won"\nobserved_from = 2026-02-01')
    agreement = parse_agreement(text, name="later")
    warehouse = october(drawn([0, *[15] * 9]), agreement=agreement)
    table = fa.conversion_trend(warehouse).table
    assert table["is_left_truncated"].tolist() == [True] + [False] * 9
    assert pd.isna(table["limit_low"][0])
    assert table["centre"][1] == 0.75


def test_a_young_month_is_not_judged(october: WarehouseOf) -> None:
    tables = drawn([15] * 10)
    # All wins come 40 days late, so that October has had none of them by 1 November.
    for event in tables["stage_event"]:
        if event["stage"] == "won":
            at = datetime.fromisoformat(event["entered_at"]) + timedelta(days=40)
            event["entered_at"] = str(at)
    tables["stage_event"] = [
        each for each in tables["stage_event"] if each["entered_at"] < "2026-11-01"
    ]
    table = fa.conversion_trend(october(tables)).table
    assert table["is_mature"].tolist() == [True] * 9 + [False]
    assert table["reached_leads"][9] == 0
    assert not table["is_unusual"].any()
    assert table["limit_low"].notna().tolist() == [True] * 9 + [False]


def test_a_window_makes_young_months_comparable(october: WarehouseOf) -> None:
    table = fa.conversion_trend(october(drawn([15] * 10)), within_days={"won": 25}).table
    # October's leads were created 21 days and 15 hours before the data end: too young for 25 days.
    assert table["not_due_leads"].tolist() == [0] * 9 + [20]
    assert table["previous_leads"].tolist() == [20] * 9 + [0]


# a  inquiry ── opportunity ── won
# b  inquiry ───────────────── won
# c  inquiry ── opportunity
@pytest.mark.parametrize(
    ("previous", "counts"), [("opportunity", (2, 1)), ("inquiry", (3, 2)), ("entered", (3, 2))]
)
def test_who_left_out_an_optional_stage_did_not_come_from_it(
    warehouse_of: WarehouseOf, previous: str, counts: tuple[int, int]
) -> None:
    ways = {"a": ("opportunity", "won"), "b": ("won",), "c": ("opportunity",)}
    leads = [{"lead": name, "created_at": "2026-10-01 08:00"} for name in ways]
    events = [
        {"lead": name, "stage": stage, "entered_at": f"2026-10-{day:02} 08:00"}
        for name, way in ways.items()
        for day, stage in enumerate(("inquiry", *way), 1)
    ]
    table = fa.conversion_trend(
        warehouse_of({"lead": leads, "stage_event": events}),
        mode="ordered",
        optional=["opportunity"],
        previous=previous,
    ).table
    row = table[table["entered_leads"] > 0].iloc[0]
    assert (row["previous_leads"], row["reached_leads"]) == counts


def test_a_month_with_fewer_leads_than_may_be_shown_is_hidden(october: WarehouseOf) -> None:
    tables = drawn([15] * 10)
    few = [each for each in tables["lead"] if not each["lead"].startswith("03")]
    few += [each for each in tables["lead"] if each["lead"] in ("03-000", "03-001")]
    tables["lead"] = few
    kept = {each["lead"] for each in few}
    tables["stage_event"] = [each for each in tables["stage_event"] if each["lead"] in kept]
    warehouse = october(tables, agreement=three_stages(minimum_group_size="5"))
    result = fa.conversion_trend(warehouse)
    march = result.table.iloc[2]
    columns = ["previous_leads", "reached_leads", "rate", "low", "limit_low", "maturity"]
    assert march[columns].isna().all()
    assert not march["is_unusual"]
    assert result.note("hidden_periods") == {"periods": 1}


def test_weeks_begin_on_monday_and_an_open_one_is_not_complete(october: WarehouseOf) -> None:
    table = fa.conversion_trend(
        october(drawn([15] * 10)), every="week", cohort=span("2026-10-07", "2026-11-01")
    ).table
    # Wednesday 7 October to Saturday 31 October: the first and the last week lack days.
    assert table["period_start"].dt.strftime("%m-%d").tolist() == [
        "10-05",
        "10-12",
        "10-19",
        "10-26",
    ]
    assert table["is_complete"].tolist() == [False, True, True, False]
    assert table["previous_leads"].tolist() == [20, 0, 0, 0]


def test_faults_are_named(october: WarehouseOf) -> None:
    warehouse = october(drawn([15] * 2))
    for more, text in (
        ({"every": "day"}, "not by 'day'"),
        ({"stage": "inquiry"}, "Leads begin in inquiry"),
        ({"stage": "opportunity", "previous": "won"}, "won does not lie before opportunity"),
        ({"stage": "opportunity", "previous": "opportunity"}, "does not lie before"),
        ({"stage": "wonn"}, "Did you mean 'won'"),
        ({"mode": "rough"}, "Unknown mode 'rough'"),
        ({"passes": "second"}, "Unknown passes 'second'"),
        ({"within_days": 0}, "more than 0 days"),
        ({"within_days": {"inquiry": 3}}, "no step leads there"),
        ({"optional": ["opportunity"]}, "No stage is optional in the mode 'at_least'"),
        ({"optional": ["won"], "mode": "strict"}, "cannot be optional: won"),
    ):
        with pytest.raises(CallError, match=text):
            fa.conversion_trend(warehouse, **more)


@pytest.mark.parametrize(
    ("every", "more", "windows"),
    [
        ("month", {"mode": "at_least"}, {}),
        ("week", {"mode": "ordered", "passes": "every"}, {}),
        ("quarter", {"mode": "strict", "within_days": 20}, {2: 20, 3: 20, 4: 20}),
        ("month", {"mode": "ordered", "passes": "last", "optional": ["demo"]}, {}),
    ],
)
def test_counts_are_those_of_a_second_count(
    tmp_path: Path, every: str, more: dict[str, Any], windows: dict[int, int]
) -> None:
    leads, events = made_up(11, leads=120)
    optional = (2,) if "optional" in more else ()
    with build_warehouse(
        tmp_path / "w.duckdb",
        {"lead": leads, "stage_event": events},
        agreement=four_stages(),
        as_of=str(AS_OF),
    ) as warehouse:
        table = fa.conversion_trend(warehouse, every=every, by="origin", **more).table
    expected: dict[tuple[str | None, date], list[int]] = {}
    for row in leads:
        own = [each for each in events if each["lead"] == row["lead"]]
        for unit in passes_of(row, own, more.get("passes", "all")):
            at, last = reached_at(unit, more["mode"], optional), 4
            base = base_of(last, optional)
            in_time, is_due = {1: 1 in at}, True
            for step in path_to(last, optional):
                days, before = windows.get(step), base_of(step, optional)
                here = in_time[before] and before in at
                if days and here and AS_OF - at[before] < timedelta(days=days):
                    is_due = False
                in_time[step] = (
                    here
                    and step in at
                    and (not days or at[step] - at[before] <= timedelta(days=days))
                )
            if AS_OF - unit.start < timedelta(days=sum(windows.values())):
                is_due = False
            key = (unit.origin, period_start(unit.created, every))
            cell = expected.setdefault(key, [0, 0, 0, 0])
            cell[0] += is_due
            cell[1] += not is_due
            cell[2] += is_due and in_time[base]
            cell[3] += is_due and in_time[4]
    found = {
        (row.segment, row.period_start.date()): [
            row.entered_leads,
            row.not_due_leads,
            row.previous_leads,
            row.reached_leads,
        ]
        for row in table.itertuples()
        if row.entered_leads + row.not_due_leads
    }
    assert found == expected
    assert sum(cell[3] for cell in found.values()) >= 3


def period_start(created: datetime, every: str) -> date:
    day = created.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Europe/Berlin")).date()
    if every == "week":
        return day - timedelta(days=day.weekday())
    return date(day.year, day.month if every == "month" else (day.month - 1) // 3 * 3 + 1, 1)


def test_months_are_those_of_the_cohort_table(sample_warehouse: Warehouse) -> None:
    trend = fa.conversion_trend(sample_warehouse, stage="sales_accepted").table
    months = fa.stage_conversion(sample_warehouse, by="created_month").table
    months = months[months["stage"] == "sales_accepted"].reset_index(drop=True)
    assert trend["period_start"].dt.strftime("%Y-%m").tolist() == months["segment"].tolist()
    for one, other in (
        ("previous_leads", "previous_leads"),
        ("reached_leads", "reached_leads"),
        ("rate", "step_rate"),
        ("low", "step_low"),
        ("maturity", "maturity"),
        ("is_mature", "is_mature"),
    ):
        assert trend[one].tolist() == pytest.approx(months[other].tolist(), abs=1e-12)


def test_the_planted_bad_month_is_called_unusual_and_no_other_is_beyond(
    sample_warehouse: Warehouse,
) -> None:
    truth = json.loads((Path(__file__).parents[2] / "data/sample/truth.json").read_text())
    assert "2026-07" in json.dumps(truth)
    result = fa.conversion_trend(sample_warehouse, stage="sales_accepted", by="origin")
    table = result.table
    beyond = table[table["rule"] == "beyond_limit"]
    assert beyond[["segment", "period_start"]].to_numpy().tolist() == [
        ["inbound", pd.Timestamp("2026-07-01")]
    ]
    assert beyond["rate"].iloc[0] < beyond["limit_low"].iloc[0]
