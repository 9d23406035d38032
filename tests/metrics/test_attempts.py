"""Attempts until one connects: drawn by hand, and against a walk through every lead."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.errors import MissingTableError
from funnel_analytics.metrics.attempts import contact_attempts
from funnel_analytics.warehouse import Warehouse, open_warehouse
from tests.builders import three_stages
from tests.metrics.test_response import utc

Build = Callable[..., Warehouse]
ROOT = Path(__file__).parents[2]


def call(lead: str, at: str, connected: bool | None, **more: Any) -> dict[str, Any]:
    """An activity of Monday 5 October, or of another day that is named."""
    local = at if " " in at else f"10-05 {at}"
    row = {"lead": lead, "happened_at": utc(local), "kind": "call", "is_connect": connected}
    return (
        row | {"direction": "outbound", "is_automated": False, "happened_at_is_day": False} | more
    )


def leads(*names: str, origin: str = "x") -> list[dict[str, Any]]:
    return [{"lead": name, "created_at": utc("10-05 08:00"), "origin": origin} for name in names]


# a  9 no ── 10 yes ── 11 (is none any more)
# b  9 no
# c  9 yes
# d  9 no ── 11 no ── 14 no
# e  only a machine and an answer
# f  before its creation
DRAWN = {
    "lead": leads("a", "b", "c", "d", "e", "f"),
    "activity": [
        call("a", "10:00", True),
        call("a", "09:00", False),
        call("a", "11:00", False),
        call("b", "09:00", False),
        call("c", "09:00", True),
        call("d", "09:00", False),
        call("d", "14:00", False),
        call("d", "11:00", False),
        call("e", "09:00", True, is_automated=True),
        call("e", "09:30", True, direction="inbound"),
        call("f", "07:59:59", True),
        call("f", "09:00", True),
    ],
}


def test_leads_are_connected_attempt_by_attempt(warehouse_of: Build) -> None:
    result = contact_attempts(warehouse_of(DRAWN))
    table = result.table.set_index("attempt")
    assert list(table.index) == list(range(1, 12))
    assert list(table["leads"][:4]) == [4, 2, 1, 0]
    assert list(table["connected_leads"][:4]) == [1, 1, 0, 0]
    assert list(table["connected_rate"][:3]) == [0.25, 0.5, 0]
    # 1 - 3/4, then 1 - 3/4 * 1/2: b is not at risk of a second attempt
    assert list(table["connected_by_share"][:3]) == [0.25, 0.625, 0.625]
    # Kalbfleisch & Prentice 1980, by hand: S = 3/8, sum of d / n (n - d) = 1/12 + 1/2
    log, spread = np.log(3 / 8), 1.959964 * np.sqrt(7 / 12) / -np.log(3 / 8)
    assert table["connected_by_low"][2] == pytest.approx(1 - np.exp(log * np.exp(-spread)))
    assert table["connected_by_high"][2] == pytest.approx(1 - np.exp(log * np.exp(spread)))
    assert np.isnan(table["median_gap_hours"][1])
    assert list(table["median_gap_hours"][1:3]) == [1.5, 3]
    assert table.loc[4:, ["connected_rate", "connected_by_share"]].isna().all(axis=None)


def test_every_lead_is_counted_once(warehouse_of: Build) -> None:
    result = contact_attempts(warehouse_of(DRAWN))
    row = result.part("leads").iloc[0]
    assert (row["leads"], row["tried_leads"], row["never_tried_leads"]) == (6, 4, 1)
    assert (row["connected_leads"], row["not_connected_leads"]) == (2, 2)
    assert (row["before_creation_leads"], row["attempts"]) == (1, 7)
    assert result.note("never_tried") == {"leads": 1}
    assert result.note("before_creation") == {"leads": 1}
    assert result.note("unknown_connects") == {}


def test_all_attempts_after_the_tenth_are_one_row(warehouse_of: Build) -> None:
    days = [call("a", f"10-{day:02d} 09:00", day == 18) for day in range(7, 19)]  # twelve
    tables = {
        "lead": leads("a", "b"),
        "activity": [*days, *(each | {"lead": "b"} for each in days[:10])],
    }
    table = contact_attempts(warehouse_of(tables)).table
    last = table.iloc[-1]
    assert bool(last["is_more"])
    assert not table["is_more"].iloc[:-1].any()
    assert (last["leads"], last["connected_leads"]) == (1, 1)
    assert list(table["leads"].iloc[-3:]) == [2, 2, 1]
    assert last["connected_by_share"] == 1
    assert last["median_gap_hours"] == 24


def test_of_attempts_at_one_instant_the_connected_one_is_last(warehouse_of: Build) -> None:
    day = {"happened_at": utc("10-06 00:00"), "happened_at_is_day": True}
    tables = {
        "lead": leads("a"),
        "activity": [call("a", "09:00", True) | day, call("a", "09:00", False) | day],
    }
    table = contact_attempts(warehouse_of(tables)).table
    assert list(table["connected_leads"][:2]) == [0, 1]


def test_what_nobody_recorded_is_no_connection_and_counted(warehouse_of: Build) -> None:
    some = {"lead": leads("a"), "activity": [call("a", "09:00", None), call("a", "10:00", True)]}
    result = contact_attempts(warehouse_of(some))
    assert list(result.table["connected_leads"][:2]) == [0, 1]
    assert result.note("unknown_connects") == {"attempts": 1, "of": 2}

    never = {"lead": leads("a"), "activity": [call("a", "09:00", None)]}
    result = contact_attempts(warehouse_of(never))
    assert result.table["leads"].iloc[0] == 1
    shares = ["connected_leads", "connected_rate", "connected_by_share", "connected_by_high"]
    assert result.table[shares].isna().all(axis=None)
    assert pd.isna(result.part("leads")["connected_leads"].iloc[0])
    assert result.note("unknown_connects") == {"attempts": 1, "of": 1}


def test_small_groups_are_one(warehouse_of: Build) -> None:
    tables = {
        "lead": [
            *leads(*"abc", origin="large"),
            *leads(*"de", origin="small"),
            *leads("f", origin="one"),
        ],
        "activity": [call(name, "09:00", True) for name in "abcdef"],
    }
    agreement = three_stages(minimum_group_size="3")
    result = contact_attempts(warehouse_of(tables, agreement=agreement), by="origin")
    assert list(result.part("leads")["segment"]) == ["large", "other_groups"]
    assert list(result.part("leads")["leads"]) == [3, 3]
    assert result.note("folded") == {"groups": 2, "leads": 3}


def test_nobody_and_nothing(warehouse_of: Build) -> None:
    with pytest.raises(MissingTableError, match="contact_attempts needs the table 'activity'"):
        contact_attempts(warehouse_of({"lead": leads("a")}))
    tables = {"lead": leads("a"), "activity": [call("other", "09:00", True)]}
    result = contact_attempts(warehouse_of(tables))
    assert (result.table["leads"] == 0).all()
    assert result.table["connected_by_share"].isna().all()
    assert result.part("leads")["never_tried_leads"].iloc[0] == 1


def walked(rows: list[dict[str, Any]]) -> list[tuple[int, int, float]]:
    """Leads, connected and share by attempt, found by walking through each lead's calls."""
    lists: dict[str, list[bool]] = {}
    for row in sorted(rows, key=lambda row: (row["happened_at"], row["is_connect"])):
        found = lists.setdefault(row["lead"], [])
        if True not in found:
            found.append(row["is_connect"])
    answer, staying = [], 1.0
    for attempt in range(1, 11):
        there = [each for each in lists.values() if len(each) >= attempt]
        connected = sum(each[attempt - 1] for each in there)
        staying *= 1 - connected / len(there) if there else 1
        answer.append((len(there), connected, 1 - staying))
    return answer


def test_a_walk_through_every_lead_gives_the_same(warehouse_of: Build) -> None:
    rng = random.Random(5)
    names = [f"L{number:03d}" for number in range(150)]
    rows = [
        call(
            name, f"10-{rng.randrange(6, 28):02d} {rng.randrange(8, 18):02d}:00", rng.random() < 0.2
        )
        for name in names
        for _ in range(rng.randrange(0, 8))
    ]
    table = contact_attempts(warehouse_of({"lead": leads(*names), "activity": rows})).table
    for (number, connected, share), (_, row) in zip(walked(rows), table.iterrows(), strict=False):
        assert (row["leads"], row["connected_leads"]) == (number, connected)
        if number:
            assert row["connected_by_share"] == pytest.approx(share, abs=1e-12)


def test_the_sample_has_as_many_untried_leads_as_were_planted(sample_database: Path) -> None:
    truth = json.loads((ROOT / "data" / "sample" / "truth.json").read_text(encoding="utf-8"))
    planted = truth["written"]
    with open_warehouse(sample_database) as warehouse:
        row = contact_attempts(warehouse).part("leads").iloc[0]
    assert row["never_tried_leads"] == planted["leads_without_contact"]
    assert row["before_creation_leads"] == planted["contacts_before_creation"]
