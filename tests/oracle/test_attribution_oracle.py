"""Credits against exact fractions, dealt out one journey at a time."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.agreement import ATTRIBUTION_MODELS
from funnel_analytics.metrics.attribution import attribute
from funnel_analytics.periods import month
from tests.builders import build_warehouse, three_stages

OCTOBER = month("2026-10")
START, END = datetime(2026, 9, 30, 22), datetime(2026, 10, 31, 23)  # in UTC
AGREED = """
[attribution]
lookback_days = 20
half_life_days = 3.5
first_share = 0.3
last_share = 0.5

[channels]
ads = { side = "marketing", includes = ["Ads", "ADS"] }
call = { side = "sales" }
"""
CHANNELS = ["Ads", "ADS", "ads", "call", "fair", None]
SIDES = {"ads": "marketing", "call": "sales"}
HOUR = timedelta(hours=1)

Row = dict[str, Any]


def company(seed: int) -> dict[str, list[Row]]:
    """Deals with up to three people, whose touches fall on few instants so that many tie."""
    rng = random.Random(seed)
    people = [f"p{n:02d}" for n in range(60)]
    deals = [
        {
            "deal": f"D{n:03d}",
            "amount": None if rng.random() < 0.1 else round(rng.uniform(0.01, 90_000), 2),
            "closed_at": START + rng.randrange(-100, 900) * HOUR,
            "is_won": rng.random() < 0.8,
        }
        for n in range(120)
    ]
    return {
        "deal": deals,
        "deal_contact": [
            {"deal": deal["deal"], "person_key": rng.choice(people)}
            for deal in deals
            for _ in range(rng.randrange(4))
        ],
        "touch": [
            {
                "touch": f"t{n:04d}",
                "person_key": rng.choice([*people, None]),
                "touched_at": START + rng.randrange(-60, 100) * 10 * HOUR,
                "channel": rng.choice(CHANNELS),
                "campaign": rng.choice(["spring", "autumn", None]),
                "side": "sales",
            }
            for n in range(700)
        ],
    }


def weights(model: str, ages: list[Fraction]) -> list[Fraction]:
    """The shares of the touches of one journey, the oldest first."""
    n = len(ages)
    first, last = Fraction(3, 10), Fraction(5, 10)
    if model == "first":
        return [Fraction(1)] + [Fraction(0)] * (n - 1)
    if model == "last":
        return [Fraction(0)] * (n - 1) + [Fraction(1)]
    if model == "linear":
        return [Fraction(1, n)] * n
    if model == "position_based":
        if n == 1:
            return [Fraction(1)]
        if n == 2:
            return [first / (first + last), last / (first + last)]
        return [first] + [(1 - first - last) / (n - 2)] * (n - 2) + [last]
    fresh = [Fraction(2.0 ** -float(age / Fraction(7, 2))) for age in ages]
    return [each / sum(fresh) for each in fresh]


def dealt(tables: dict[str, list[Row]], model: str, by: str) -> dict[Any, list[Fraction]]:
    """Key → [conversions, revenue, touches]; the key of no known touch is a tuple."""
    credit: dict[Any, list[Fraction]] = defaultdict(lambda: [Fraction(0)] * 3)
    for deal in tables["deal"]:
        won_at = deal["closed_at"]
        if not deal["is_won"] or not START <= won_at < END:
            continue
        value = Fraction(deal["amount"] or 0)
        people = {
            contact["person_key"]
            for contact in tables["deal_contact"]
            if contact["deal"] == deal["deal"]
        }
        journey = sorted(
            (
                touch
                for touch in tables["touch"]
                if touch["person_key"] in people
                and timedelta(0) <= won_at - touch["touched_at"] <= timedelta(days=20)
            ),
            key=lambda touch: (touch["touched_at"], touch["touch"]),
        )
        if not journey:
            credit["no", "known touch"][0] += 1
            credit["no", "known touch"][1] += value
            continue
        ages = [Fraction((won_at - touch["touched_at"]) // HOUR, 24) for touch in journey]
        for touch, weight in zip(journey, weights(model, ages), strict=True):
            channel = touch["channel"] and touch["channel"].lower()
            keys = {
                "channel": channel,
                "campaign": touch["campaign"],
                "side": SIDES.get(channel, touch["side"]),
            }
            got = credit[keys[by]]
            credit[keys[by]] = [got[0] + weight, got[1] + weight * value, got[2] + 1]
    return credit


@pytest.mark.parametrize("seed", [3, 4])
def test_credit_equals_exact_fractions(tmp_path: Path, seed: int) -> None:
    tables = company(seed)
    agreement = three_stages(AGREED)
    with build_warehouse(
        tmp_path / "w.duckdb", tables, agreement=agreement, as_of="2026-12-01"
    ) as warehouse:
        for by in ("channel", "campaign", "side"):
            table = attribute(warehouse, period=OCTOBER, model=ATTRIBUTION_MODELS, by=by).table
            for model, rows in table.groupby("model"):
                wanted = dealt(tables, str(model), by)
                assert len(rows) == len(wanted)
                for row in rows.itertuples():
                    key = ("no", "known touch") if row.is_no_known_touch else row.channel
                    got = (row.conversions, row.revenue, row.touches)
                    expected = [float(each) for each in wanted[key]]
                    assert got == pytest.approx(expected, abs=2e-6), (model, by, key)
