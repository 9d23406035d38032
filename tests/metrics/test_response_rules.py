"""Which clock and which deadline hold for a lead, and who was in time by team, hour and load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.agreement import FirstContact
from funnel_analytics.metrics.response import time_to_contact
from funnel_analytics.metrics.response.cells import hidden
from funnel_analytics.results import Result
from tests.builders import build_warehouse, three_stages
from tests.metrics.test_response import HOURS, row_of, utc

# London's 9 to 17 is Berlin's 10 to 18.
RULES = (
    HOURS
    + """
[working_time.teams.sales]
timezone = "Europe/London"
monday = ["09:00-17:00"]
tuesday = ["09:00-17:00"]

[first_contact]
within_hours = 4
by_priority = { high = 2, urgent = 5 }
by_stage = { opportunity = 3 }

[first_contact.by_origin]
"own origin" = 6
"origin shortest" = 1
"priority shortest" = 6
"stage shortest" = 6
"""
)
MONDAY = "10-05"


def lead(origin: str, *, handed: str | None = None, **more: str | None) -> dict[str, Any]:
    """A lead of Monday, 8:00, contacted at 9:00; times are Berlin's."""
    return {"origin": origin, "created": "08:00", "contacted": "09:00", "handed": handed, **more}


LEADS = [
    lead("default"),
    lead("other priority", priority="low"),
    lead("own origin"),
    lead("own priority", priority="high"),
    lead("longer priority", priority="urgent"),
    lead("own stage", handed="08:30", opportunity="08:30"),  # entered as the wait began
    lead("stage later", handed="08:30", opportunity="08:30:01"),
    lead("stage left", handed="08:30", opportunity="08:10", lost="08:20"),
    lead("origin shortest", priority="high", handed="08:30", opportunity="08:10"),
    lead("priority shortest", priority="high", handed="08:30", opportunity="08:10"),
    lead("stage shortest", priority="urgent", handed="08:30", opportunity="08:10"),
    # handed over in the morning, contacted in the evening
    lead("to sales", handed="08:00", contacted="17:30", team="sales"),
    lead("to sdr", handed="08:00", contacted="17:30", team="sdr"),
    lead("late to sales", handed="11:00", contacted="11:30", team="sales"),
    lead("never handed", contacted="17:30"),
]


def tables(leads: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, list[dict[str, Any]]] = {
        "lead": [],
        "activity": [],
        "handover": [],
        "stage_event": [],
    }
    for number, each in enumerate(leads):
        key = {"lead": f"L{number:03d}"}
        day = each.get("day", MONDAY)

        def at(name: str, each: dict[str, Any] = each, day: str = day) -> str | None:
            return utc(f"{day} {each[name]}") if each.get(name) else None

        row = key | {"created_at": at("created"), "origin": each["origin"]}
        found["lead"].append(row | {"priority": each.get("priority")})
        if at("contacted"):
            called = {"happened_at": at("contacted"), "kind": "call", "by": each.get("by")}
            found["activity"].append(key | called)
        if at("handed"):
            passed = {"kind": "marketing_to_sdr", "handed_at": at("handed")}
            found["handover"].append(key | passed | {"to_team": each.get("team")})
        for name in ("opportunity", "lost"):
            if at(name):
                what = {"stage": name} if name == "opportunity" else {"status": name}
                found["stage_event"].append(key | what | {"entered_at": at(name)})
    return {name: rows for name, rows in found.items() if rows}


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pd.DataFrame]:
    path = tmp_path_factory.mktemp("rules") / "w.duckdb"
    agreement = three_stages(RULES)
    with build_warehouse(path, tables(LEADS), agreement=agreement) as warehouse:
        yield time_to_contact(warehouse, by="origin").table


@pytest.mark.parametrize(
    ("case", "hours"),
    [
        ("default", 4),
        ("other priority", 4),
        ("own origin", 6),
        ("own priority", 2),
        ("longer priority", 5),
        ("own stage", 3),
        ("stage later", 4),
        ("stage left", 4),
        ("origin shortest", 1),
        ("priority shortest", 2),
        ("stage shortest", 3),
    ],
)
def test_the_shortest_deadline_that_names_a_lead_is_its_own(
    ruled: pd.DataFrame, case: str, hours: float
) -> None:
    assert row_of(ruled, case)["deadline_hours"] == hours


def test_deadlines_in_queries_are_those_of_the_agreement(ruled: pd.DataFrame) -> None:
    rule = three_stages(RULES).first_contact
    assert isinstance(rule, FirstContact)
    stages = {"own stage", "origin shortest", "priority shortest", "stage shortest"}
    for each in LEADS:
        stage = "opportunity" if each["origin"] in stages else "inquiry"
        agreed = rule.hours_for(each["origin"], each.get("priority"), stage)
        assert row_of(ruled, each["origin"])["deadline_hours"] == agreed, each


def test_the_clock_is_that_of_the_team_that_has_the_lead(ruled: pd.DataFrame) -> None:
    # sales works from 10 to 18 in Berlin's time, everybody else from 8 to 12 and 13 to 17
    for case, hours in [("to sales", 7.5), ("to sdr", 8), ("late to sales", 0.5)]:
        for leg in ("wait", "assigned_to_contacted"):
            assert row_of(ruled, case, leg)["median_hours"] == pytest.approx(hours, abs=1e-9), case
    assert row_of(ruled, "never handed")["median_hours"] == 8
    # until somebody has it, the usual clock: 3 hours before 11:00, of which sales worked 1
    assert row_of(ruled, "late to sales", "created_to_assigned")["median_hours"] == 3


# --- by team, deadline, hour and load -----------------------------------------------------------
# Monday 5 October: six leads to sdr, whose three people are at work in October, and three to
# sales, which is one person; four nobody was handed. Tuesday: one to sdr, two nobody was handed.

SDR = [lead("x", handed="08:30", contacted="09:00", team="sdr", by=f"P{n % 3}") for n in range(4)]
CELLS = [
    *SDR,
    lead("x", handed="08:30", contacted="13:30", team="sdr", by="S"),  # 4 h: in time
    lead("x", handed="08:30", contacted="14:00", team="sdr", by="P0"),  # 4.5 h
    *[lead("x", handed="09:30", contacted="10:00", team="sales", by="P9")] * 3,
    *[lead("x", created="10:00", contacted=None, by=None)] * 4,
    lead("x", day="10-06", handed="08:30", team="sdr", by="P1"),
    *[lead("x", day="10-06", contacted="08:15", priority="high", by=queue) for queue in "QR"],
]
CELLED = HOURS + "\n[first_contact]\nwithin_hours = 4\nby_priority = { high = 2 }\n"


def celled(path: Any, *, smallest: int, level: str = "person") -> Result:
    people: list[dict[str, Any]] = [{"person": f"P{n}", "team": "sdr"} for n in range(3)]
    people += [{"person": queue, "team": "sdr", "is_queue": True} for queue in "QRS"]
    people += [{"person": "P9", "team": "sales"}]
    agreement = replace(three_stages(CELLED), employee_level=level, minimum_group_size=smallest)
    drawn = tables(CELLS) | {"person": people}
    end = str(utc("11-01 00:00"))
    with build_warehouse(path, drawn, agreement=agreement, as_of=end) as warehouse:
        return time_to_contact(warehouse)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return celled(tmp_path_factory.mktemp("cells") / "w.duckdb", smallest=1)


def shown(result: Result, part: str, *keys: str) -> list[tuple[Any, ...]]:
    """Keys, leads, due, within and median of the rows with leads; missing values are None."""
    table = result.part(part)
    rows = table[table["leads"].fillna(1) > 0]
    columns = [*keys, "leads", "due_leads", "within_deadline_leads", "median_hours"]
    plain = rows[columns].astype(object).where(rows[columns].notna(), None)
    return [tuple(row) for row in plain.itertuples(index=False)]


def test_waits_by_team(cells: Result) -> None:
    assert shown(cells, "by_team", "team") == [
        ("sales", 3, 3, 3, 0.5),
        ("sdr", 7, 7, 6, 0.5),  # 4 h is in time, 4.5 h is not
        (None, 6, 6, 2, None),
    ]
    sdr = cells.part("by_team").iloc[1]
    assert sdr["within_deadline_share"] == pytest.approx(6 / 7)
    # Wilson 1927 for 6 of 7
    assert sdr["within_deadline_low"] == pytest.approx(0.4869, abs=1e-4)
    assert sdr["within_deadline_high"] == pytest.approx(0.9743, abs=1e-4)


def test_waits_by_deadline(cells: Result) -> None:
    found = shown(cells, "by_deadline", "deadline_hours")
    assert [row[:4] for row in found] == [(2, 2, 2, 2), (4, 14, 14, 9)]


def test_waits_by_the_hour_in_which_they_began(cells: Result) -> None:
    found = shown(cells, "by_hour", "weekday", "hour")
    assert [row[:3] for row in found] == [(1, 8, 6), (1, 9, 3), (1, 10, 4), (2, 8, 3)]
    assert len(cells.part("by_hour")) == 7 * 24


def test_waits_by_load(cells: Result) -> None:
    # sdr: 1 / 3 on Tuesday, 6 / 3 on Monday (queues are nobody); sales 3 / 1
    found = shown(cells, "by_load", "load_over", "load_up_to")
    assert [row[:3] for row in found] == [(0, 0.5, 1), (1, 2, 6), (2, 4, 3), (None, None, 6)]


def test_waits_on_the_calendar(cells: Result) -> None:
    table = cells.part("calendar").set_index(["since", "within_hours"])
    assert len(table) == 6
    since = table.loc["creation"]
    # of 16: two after a quarter of an hour, five after one, six later, three after two, 4 never
    assert list(since["due_leads"]) == [16, 16, 16]
    assert list(since["within_leads"]) == [0, 2 + 4 + 1, 12]
    assert (since["median_hours"] == 2).all()
    wait = table.loc["wait"]
    assert list(wait["within_leads"]) == [0, 2 + 4 + 3 + 1, 12]
    assert (wait["median_hours"] == 0.5).all()


def test_a_team_of_one_person_is_hidden_with_another(tmp_path: Any) -> None:
    result = celled(tmp_path / "w.duckdb", smallest=1, level="team")
    table = result.part("by_team")
    assert list(table["is_hidden"]) == [True, False, True]
    hidden_rows = table[table["is_hidden"]].drop(columns=["team", "is_hidden"])
    assert hidden_rows.isna().all(axis=None)
    (note,) = [each for each in result.notes if each.code == "hidden_cells"]
    assert note.values == {"part": "by_team", "cells": 2, "leads": 9}


def test_small_cells_are_hidden(tmp_path: Any) -> None:
    result = celled(tmp_path / "w.duckdb", smallest=4)
    hours = result.part("by_hour")
    cells = hours[hours["is_hidden"]]
    assert list(zip(cells["weekday"], cells["hour"], strict=True)) == [(1, 9), (2, 8)]
    assert cells[["leads", "due_leads", "median_hours"]].isna().all(axis=None)
    # one small cell alone would be the difference to all: the next smallest hides it
    assert list(result.part("by_team")["is_hidden"]) == [True, False, True]
    assert result.part("by_deadline")["is_hidden"].all()
    told = {each.values["part"]: each.values for each in result.notes if "part" in each.values}
    assert told["by_hour"] == {"part": "by_hour", "cells": 2, "leads": 6}


@given(st.lists(st.integers(0, 12), max_size=12), st.integers(1, 6), st.data())
def test_what_is_hidden_cannot_be_had_by_subtraction(
    counts: list[int], smallest: int, data: st.DataObject
) -> None:
    single = data.draw(st.lists(st.booleans(), min_size=len(counts), max_size=len(counts)))
    leads = np.array(counts, dtype=np.int64)
    found = hidden(leads, smallest=smallest, single=single)
    filled = leads > 0
    assert not found[~filled].any()
    assert found[filled & ((leads < smallest) | np.array(single, dtype=bool))].all()
    if found.any() and not found[filled].all():
        assert leads[found].sum() >= smallest
        assert found.sum() > 1
    if not (filled & ((leads < smallest) | np.array(single, dtype=bool))).any():
        assert not found.any()
