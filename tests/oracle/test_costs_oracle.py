"""Costs recounted: by pandas from the files of the sample, by loops from drawn journeys."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import ceil, floor, fsum
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from funnel_analytics.metrics.attribution.costs import channel_costs
from funnel_analytics.metrics.attribution.rows import attribution_credits
from funnel_analytics.periods import span
from funnel_analytics.warehouse import Warehouse, open_warehouse
from tests.builders import build_warehouse, three_stages

FILES = Path(__file__).parents[2] / "data" / "sample"
YEAR = span("2025-01-01", "2026-01-01")
DAY, AS_OF, LOOKBACK = timedelta(days=1), datetime(2026, 9, 1, 5), 20
START, END = datetime(2026, 4, 30, 22), datetime(2026, 8, 31, 22)  # May to August, in UTC


@pytest.fixture(scope="module")
def sample(sample_database: Path) -> Iterator[Warehouse]:
    with open_warehouse(sample_database) as warehouse:
        yield warehouse


def test_the_sample_is_that_of_its_files(sample: Warehouse) -> None:
    agreed = {
        raw: name for name, channel in sample.agreement.channels.items() for raw in channel.includes
    }
    spend = pd.read_csv(FILES / "spend.csv", parse_dates=["date"])
    spend = spend[spend["date"].dt.year == 2025]
    leads = pd.read_csv(FILES / "leads.csv", sep=";", dtype=str).drop_duplicates()
    created = pd.to_datetime(leads["Erstellt am"], format="%d.%m.%Y %H:%M:%S")
    into = leads.set_index("Lead-ID")["Zusammengeführt mit"].dropna().to_dict()
    root = leads["Lead-ID"]
    while root.isin(into.keys()).any():
        root = root.map(lambda each: into.get(each, each))
    created = created.groupby(root).transform("min")  # a merged lead counts from its earliest part
    counts = (leads["Test"] == "nein") & (leads["Gelöscht"] == "nein")
    counts &= leads["Zusammengeführt mit"].isna() & (created.dt.year == 2025)
    per_lead = leads[counts]["Kanal"].replace(agreed).value_counts()
    result = channel_costs(sample, period=YEAR, model="linear")
    table = result.table.set_index("channel")
    for channel, rows in spend.groupby(spend["channel"].replace(agreed)):
        mine = table.loc[str(channel)]
        assert round(mine["spend"], 2) == round(fsum(rows["amount"]), 2), channel
        assert mine["cost_rows"] == len(rows)
        assert mine["leads"] == per_lead[channel]
        assert mine["cost_per_lead"] == pytest.approx(rows["amount"].sum() / per_lead[channel])
    assert set(table.index[table["spend"].notna()]) == set(spend["channel"].replace(agreed))
    assert round(result.note("costs_total")["spend"], 2) == round(fsum(spend["amount"]), 2)


def test_credit_of_the_samples_touches_is_that_of_the_rows_of_credit(sample: Warehouse) -> None:
    since = span("2025-01-01", "2026-11-01")
    rows = attribution_credits(sample, period=since, model="linear").table
    at = pd.to_datetime(rows["touched_at"])
    rows = rows[(at >= pd.Timestamp("2024-12-31 23:00")) & (at < pd.Timestamp("2025-12-31 23:00"))]
    table = channel_costs(sample, period=YEAR, model="linear").table
    wanted = rows.groupby(rows["channel"].astype(object), dropna=False)["credit"].sum()
    known = table[table["channel"].notna()].set_index("channel")
    assert len(wanted)
    for channel, credit in wanted.items():
        if isinstance(channel, str):
            assert known.loc[channel, "credited_revenue"] == pytest.approx(credit, abs=1e-5)


def drawn(seed: int) -> dict[str, list[dict[str, Any]]]:
    """Touches of persons over half a year, some of whom were won once or twice."""
    chance = random.Random(seed)
    first = datetime(2026, 3, 1)
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for person in range(60):
        for _ in range(chance.randrange(6)):
            tables["touch"].append(
                {
                    "touch": f"t{len(tables['touch'])}",
                    "person_key": f"p{person}",
                    "touched_at": first + timedelta(minutes=chance.randrange(184 * 1440)),
                    "channel": chance.choice(["ads", "fair", "mail"]),
                }
            )
        for _ in range(chance.choice([0, 0, 1, 2])):
            deal = f"D{len(tables['deal'])}"
            closed = first + timedelta(minutes=chance.randrange(20_000, 184 * 1440))
            if person < 12:  # on the day on which the data end
                closed = AS_OF - timedelta(minutes=chance.randrange(1, 200))
            amount = chance.choice([None, 100, 250.5, 999.99])
            tables["deal"].append(
                {"deal": deal, "amount": amount, "created_at": first, "closed_at": closed,
                 "is_won": True}
            )  # fmt: skip
            tables["deal_contact"].append({"deal": deal, "person_key": f"p{person}"})
    for day in range(184):
        if chance.random() < 0.3:
            tables["spend"].append(
                {"spent_on": (first + day * DAY).date(), "channel": chance.choice(["ads", "fair"]),
                 "amount": chance.randrange(5000) / 100}
            )  # fmt: skip
    tables["lead"] = [{"lead": "l", "created_at": first}]
    tables["stage_event"] = [{"lead": "l", "stage": "inquiry", "entered_at": first}]
    return tables


def credits_of(tables: dict[str, list[dict[str, Any]]]) -> list[tuple[str, datetime, float, Any]]:
    """Every credited touch as (channel, day, lag in days, (wins, revenue)), equally shared."""
    people = {each["deal"]: each["person_key"] for each in tables["deal_contact"]}
    credits = []
    for deal in tables["deal"]:
        lags = [
            (each, (deal["closed_at"] - each["touched_at"]) / DAY)
            for each in tables["touch"]
            if each["person_key"] == people[deal["deal"]]
        ]
        held = [(each, lag) for each, lag in lags if 0 <= lag <= LOOKBACK]
        for each, lag in held:
            share = (1 / len(held), (deal["amount"] or 0) / len(held))
            credits.append((each["channel"], each["touched_at"], lag, share))
    return credits


@pytest.mark.parametrize("seed", [1])
def test_returns_by_age_are_those_of_a_slow_count(tmp_path: Path, seed: int) -> None:
    tables = drawn(seed)
    agreement = three_stages("[attribution]\nmodel = 'linear'\nlookback_days = 20\n")
    path = tmp_path / "w.duckdb"
    with build_warehouse(
        path, tables, agreement=agreement, as_of=AS_OF.isoformat(" ")
    ) as warehouse:
        result = channel_costs(warehouse, period=span("2026-05-01", "2026-09-01"))
    credits = credits_of(tables)
    curve = [0.0]  # wins per touch in fewer than so many days; the curve begins before all touches
    for day in range(LOOKBACK + 1):
        watched = sum((AS_OF - each["touched_at"]) / DAY >= day + 1 for each in tables["touch"])
        came = sum(wins for _, at, lag, (wins, _) in credits
                   if floor(lag) == day and floor((AS_OF - at) / DAY) > day)  # fmt: skip
        curve.append(curve[-1] + came / watched)
    table = result.table.set_index("channel")
    for channel in ("ads", "fair", "mail"):
        mine = [each for each in credits if each[0] == channel and START <= each[1] < END]
        revenue = fsum(value for *_, (_, value) in mine)
        got = table.loc[channel]
        assert got["credited_revenue"] == pytest.approx(revenue, abs=1e-5)
        assert got["credited_deals"] == pytest.approx(fsum(wins for *_, (wins, _) in mine))
        touches = [each["touched_at"] for each in tables["touch"]
                   if each["channel"] == channel and START <= each["touched_at"] < END]  # fmt: skip
        assert got["touches"] == len(touches)
        ages = [min(floor((AS_OF - at) / DAY), LOOKBACK + 1) for at in touches]
        assert got["maturity"] == pytest.approx(
            fsum(curve[age] / curve[-1] for age in ages) / len(ages)
        )
        spend = fsum(each["amount"] for each in tables["spend"]
                     if each["channel"] == channel and each["spent_on"].month >= 5)  # fmt: skip
        if not spend:
            assert pd.isna(got["spend"])
            continue
        assert got["spend"] == pytest.approx(spend, abs=1e-6)
        by_day = [fsum(value for *_, lag, (_, value) in mine if ceil(lag) <= day)
                  for day in range(LOOKBACK + 1)]  # fmt: skip
        reached = next((day for day, sum_ in enumerate(by_day) if sum_ >= spend), None)
        if reached is None:
            assert pd.isna(got["payback_months"])
        else:
            assert got["payback_months"] == pytest.approx(reached / (365.25 / 12))
