"""Waits against a second clock, that ticks through every minute and knows no SQL."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.metrics.response import time_to_contact
from tests.builders import build_warehouse, three_stages

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
FIRST = datetime(2026, 3, 16)  # naive UTC; summer time begins on 29 March, Easter is 5 April
AS_OF = datetime(2026, 5, 8, 10, 30)
# Bavaria: Good Friday, Easter Monday, Labour Day
DAYS_OFF = {(4, 3), (4, 6), (5, 1)}
WITHIN = {"inbound": 4, "outbound": 6, "partner": 4}
AGREED = """
[working_time]
holidays = { country = "DE", subdivision = "BY" }
monday = ["08:00-12:00", "13:00-17:00"]
tuesday = ["08:00-12:00", "13:00-17:00"]
wednesday = ["09:00-18:00"]
thursday = ["08:00-12:00", "13:00-17:00"]
friday = ["08:00-14:00"]
sunday = ["01:00-04:00"]

[first_contact]
within_hours = 4
by_origin = { outbound = 6 }
"""
HOURS = [
    [(8, 12), (13, 17)],
    [(8, 12), (13, 17)],
    [(9, 18)],
    [(8, 12), (13, 17)],
    [(8, 14)],
    [],
    [(1, 4)],
]

Lead = dict[str, Any]


def is_working(instant: datetime) -> bool:
    local = instant.replace(tzinfo=UTC).astimezone(BERLIN)
    if (local.month, local.day) in DAYS_OFF:
        return False
    return any(opens <= local.hour < closes for opens, closes in HOURS[local.weekday()])


def ticks() -> list[int]:
    """Working minutes from FIRST to each later minute up to AS_OF."""
    minutes = int((AS_OF - FIRST) / MINUTE)
    return [0, *accumulate(int(is_working(FIRST + n * MINUTE)) for n in range(minutes))]


TICKS = ticks()


def worked(start: datetime, end: datetime) -> int:
    """Working minutes between two instants."""
    return TICKS[int((end - FIRST) / MINUTE)] - TICKS[int((start - FIRST) / MINUTE)]


def some_leads(seed: int, number: int) -> list[Lead]:
    rng = random.Random(seed)
    total = int((AS_OF - FIRST) / MINUTE)
    leads = []
    for each in range(number):
        created = rng.randrange(total)
        handed = created + rng.choice([0, 5, 90, 600, 3_000]) if rng.random() < 0.6 else None
        contacted = created + rng.choice([-30, 0, 5, 90, 240, 1_500, 6_000])
        leads.append(
            {
                "lead": f"L{each:04d}",
                "origin": rng.choice(sorted(WITHIN)),
                "created": FIRST + created * MINUTE,
                "handed": FIRST + handed * MINUTE if handed and handed <= total else None,
                "contacted": FIRST + contacted * MINUTE
                if 0 <= contacted <= total and rng.random() < 0.8
                else None,
            }
        )
    return leads


def intervals(leads: list[Lead], leg: str) -> tuple[list[tuple[Lead, datetime, Any]], int]:
    """The timed leads with start and end (missing: still waiting), and how many are faulty."""
    timed, faulty = [], 0
    for lead in leads:
        created, handed, contacted = lead["created"], lead["handed"], lead["contacted"]
        early = contacted is not None and contacted < created
        first = contacted is not None and handed is not None and contacted < handed
        if leg == "created_to_assigned" and contacted is not None and (handed is None or first):
            continue  # nobody waits for the assignment of a lead that has been contacted
        if leg == "created_to_assigned":
            timed.append((lead, created, handed))
        elif leg == "assigned_to_contacted" and (handed is None or (first and not early)):
            continue
        elif early:
            faulty += 1
        elif handed is not None and not first:
            timed.append((lead, handed, contacted))
        else:
            timed.append((lead, created, contacted))
    return timed, faulty


def median(waits: list[tuple[float, bool]]) -> float:
    """The Kaplan-Meier median, straight from its definition."""
    staying = 1.0
    for time in sorted({time for time, happened in waits if happened}):
        at_risk = sum(other >= time for other, _ in waits)
        staying *= 1 - sum(other == time and happened for other, happened in waits) / at_risk
        if staying <= 0.5 + 1e-12:
            return time
    return float("nan")


def expected(leads: list[Lead], leg: str) -> dict[str, float]:
    timed, faulty = intervals(leads, leg)
    waits = [(worked(start, end or AS_OF), end is not None) for _, start, end in timed]
    row = {
        "leads": len(timed) + faulty,
        "contacted_leads": sum(happened for _, happened in waits),
        "waiting_leads": sum(not happened for _, happened in waits),
        "before_creation_leads": faulty,
        "median_hours": median(waits) / 60,
        "median_calendar_hours": median(
            [((end or AS_OF) - start, end is not None) for _, start, end in timed]  # type: ignore[misc]
        )
        / timedelta(hours=1)
        if any(happened for _, happened in waits)
        else float("nan"),
    }
    if leg == "created_to_assigned":
        return row
    allowed = [WITHIN[lead["origin"]] * 60 for lead, _, _ in timed]
    judged = list(zip(waits, allowed, strict=True))
    due = sum(happened or minutes > limit for (minutes, happened), limit in judged)
    within = sum(happened and minutes <= limit for (minutes, happened), limit in judged)
    return row | {
        "due_leads": due,
        "within_deadline_leads": within,
        "not_yet_due_leads": len(timed) - due,
        "within_deadline_share": within / due,
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_waits_equal_those_of_a_clock_that_ticks(tmp_path: Path, seed: int) -> None:
    leads = some_leads(seed, 400)
    tables = {
        "lead": [
            {"lead": lead["lead"], "created_at": lead["created"], "origin": lead["origin"]}
            for lead in leads
        ],
        "handover": [
            {"lead": lead["lead"], "kind": "marketing_to_sdr", "handed_at": lead["handed"]}
            for lead in leads
            if lead["handed"]
        ],
        "activity": [
            {"lead": lead["lead"], "happened_at": lead["contacted"], "kind": "call"}
            for lead in leads
            if lead["contacted"]
        ],
    }
    agreement = three_stages(AGREED)
    with build_warehouse(
        tmp_path / "w.duckdb", tables, agreement=agreement, as_of=AS_OF.isoformat()
    ) as warehouse:
        split = time_to_contact(warehouse, by="origin").table
        whole = time_to_contact(warehouse).table
    for origin in (*WITHIN, None):
        table = whole if origin is None else split[split["segment"] == origin]
        chosen = [lead for lead in leads if origin in (None, lead["origin"])]
        assert len(table) == 3
        for leg, rows in table.groupby("leg"):
            wanted = pd.Series(expected(chosen, str(leg)))
            got = rows.iloc[0][wanted.index].astype(float)
            np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-9, err_msg=f"{origin} {leg}")
