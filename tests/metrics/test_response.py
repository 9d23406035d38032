"""Waits drawn by hand: each origin of the drawing is one case, so one warehouse serves them all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.response import time_to_contact
from funnel_analytics.periods import month, to_utc
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

OCTOBER = month("2026-10")
ZONE = "Europe/Berlin"
HOURS = """
[working_time]
holidays = { country = "DE", subdivision = "BY" }
monday = ["08:00-12:00", "13:00-17:00"]
tuesday = ["08:00-12:00", "13:00-17:00"]
wednesday = ["08:00-12:00", "13:00-17:00"]
thursday = ["08:00-12:00", "13:00-17:00"]
friday = ["08:00-12:00", "13:00-17:00"]
"""
FOUR_HOURS = HOURS + "\n[first_contact]\nwithin_hours = 4\n"

Build = Callable[..., Warehouse]


def utc(local: str | None) -> str | None:
    """The UTC text of an instant in Berlin, such as `10-05 09:00` (2026) or with seconds."""
    if local is None:
        return None
    return to_utc(datetime.fromisoformat(f"2026-{local}"), ZONE).isoformat(sep=" ")


def drawing(*cases: tuple[str, str, str | None, str | None]) -> dict[str, list[dict[str, Any]]]:
    """Leads as (origin, created, handed over, contacted), in Berlin's time."""
    tables: dict[str, list[dict[str, Any]]] = {"lead": [], "activity": [], "handover": []}
    for number, (origin, created, handed, contacted) in enumerate(cases):
        lead = f"L{number:03d}"
        tables["lead"].append({"lead": lead, "created_at": utc(created), "origin": origin})
        if handed:
            tables["handover"].append(
                {"lead": lead, "kind": "marketing_to_sdr", "handed_at": utc(handed)}
            )
        if contacted:
            tables["activity"].append({"lead": lead, "happened_at": utc(contacted), "kind": "call"})
    return {name: rows for name, rows in tables.items() if rows}


def row_of(table: pd.DataFrame, segment: str | None, leg: str = "wait") -> pd.Series:
    is_segment = table["segment"].isna() if segment is None else table["segment"] == segment
    found = table[is_segment & (table["leg"] == leg)]
    assert len(found) == 1
    return found.iloc[0]


# 2026-10-09 is a Friday; 2026-10-25 is the Sunday on which summer time ends.
DRAWN = drawing(
    ("over the weekend", "10-09 16:00", None, "10-12 09:00"),
    ("over lunch", "10-05 11:30", None, "10-05 13:30"),
    ("at night", "10-05 22:00", None, "10-06 07:00"),
    ("summer time ends", "10-23 16:30", None, "10-26 08:30"),
    ("on the deadline", "10-05 08:00", None, "10-05 12:00"),
    ("a second late", "10-05 08:00", None, "10-05 13:00:01"),
    ("as_of on the deadline", "10-30 13:00", None, None),
    ("as_of past the deadline", "10-30 12:00", None, None),
    ("as_of a second past", "10-30 11:59:59", None, None),
    ("before creation", "10-05 08:00", None, "10-05 07:59:59"),
    ("before creation", "10-05 08:00", None, "10-05 09:00"),
    ("at creation", "10-05 08:00", None, "10-05 08:00"),
    # two of four are contacted after 1 and 3 hours, two wait: the median is 3, the 90 % unknown
    ("half", "10-05 08:00", None, "10-05 09:00"),
    ("half", "10-05 08:00", None, "10-05 11:00"),
    ("half", "10-05 08:00", None, None),
    ("half", "10-05 08:00", None, None),
    ("a quarter", "10-05 08:00", None, "10-05 09:00"),
    ("a quarter", "10-05 08:00", None, None),
    ("a quarter", "10-05 08:00", None, None),
    ("a quarter", "10-05 08:00", None, None),
    # created ──2 h── handed over ──3 h── contacted
    ("handed over", "10-05 08:00", "10-05 10:00", "10-05 14:00"),
    # created ──1 h── contacted ──1 h── handed over
    ("contacted first", "10-05 08:00", "10-05 10:00", "10-05 09:00"),
    ("contacted as handed", "10-05 08:00", "10-05 10:00", "10-05 10:00"),
    ("handed and waiting", "10-05 08:00", "10-05 10:00", None),
    ("handed before creation", "10-05 08:00", "10-04 10:00", "10-05 09:00"),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("response") / "drawn.duckdb"
    agreement = three_stages(FOUR_HOURS)
    # as_of is a Friday, 17:00: the waits of 10-30 are 4 h, 4 h and 4 h + 1 s
    with build_warehouse(
        path, DRAWN, agreement=agreement, as_of=str(utc("10-30 17:00"))
    ) as warehouse:
        return time_to_contact(warehouse, cohort=OCTOBER, by="origin").table


def test_waits_are_working_hours(table: pd.DataFrame) -> None:
    for segment, working, calendar in [
        ("over the weekend", 2, 65),
        ("over lunch", 1, 2),
        ("at night", 0, 9),
        ("summer time ends", 1, 65),  # 64 hours on the wall, and one that comes twice
        ("at creation", 0, 0),
    ]:
        row = row_of(table, segment)
        assert row["median_hours"] == pytest.approx(working, abs=1e-9), segment
        assert row["median_calendar_hours"] == pytest.approx(calendar, abs=1e-9), segment


def test_the_deadline_itself_is_in_time(table: pd.DataFrame) -> None:
    assert row_of(table, "on the deadline")["within_deadline_leads"] == 1
    late = row_of(table, "a second late")
    assert (late["due_leads"], late["within_deadline_leads"]) == (1, 0)


def test_a_lead_is_due_when_its_deadline_has_passed(table: pd.DataFrame) -> None:
    for segment, due in [
        ("as_of on the deadline", 0),
        ("as_of past the deadline", 0),  # created in the lunch break: 4 h as well
        ("as_of a second past", 1),
    ]:
        row = row_of(table, segment)
        assert (row["due_leads"], row["not_yet_due_leads"]) == (due, 1 - due), segment
        assert row["waiting_leads"] == 1
    assert np.isnan(row_of(table, "as_of on the deadline")["within_deadline_share"])
    assert row_of(table, "as_of a second past")["within_deadline_share"] == 0


def test_a_contact_before_creation_is_counted_and_left_out(table: pd.DataFrame) -> None:
    row = row_of(table, "before creation")
    assert (row["leads"], row["before_creation_leads"], row["contacted_leads"]) == (2, 1, 1)
    assert (row["due_leads"], row["within_deadline_share"], row["median_hours"]) == (1, 1, 1)


def test_never_contacted_stays_in_the_denominator(table: pd.DataFrame) -> None:
    half = row_of(table, "half")
    assert (half["contacted_leads"], half["waiting_leads"]) == (2, 2)
    assert half["median_hours"] == pytest.approx(3, abs=1e-9)
    assert np.isnan(half["p90_hours"])
    assert (half["due_leads"], half["within_deadline_share"]) == (4, 0.5)
    # Wilson 1927, 2 of 4: 0.5 ± (1.96 / (4 + 3.8415)) * sqrt(1 + 0.9604)
    assert half["within_deadline_low"] == pytest.approx(0.15003, abs=1e-5)
    assert half["within_deadline_high"] == pytest.approx(0.84997, abs=1e-5)
    assert np.isnan(row_of(table, "a quarter")["median_hours"])


def test_the_way_is_split_at_the_hand_over(table: pd.DataFrame) -> None:
    hours = {
        leg: row_of(table, "handed over", leg)["median_hours"]
        for leg in ("created_to_assigned", "assigned_to_contacted", "wait")
    }
    expected = {"created_to_assigned": 2, "assigned_to_contacted": 3, "wait": 3}
    assert hours == pytest.approx(expected, abs=1e-9)
    assert row_of(table, "handed and waiting", "assigned_to_contacted")["waiting_leads"] == 1
    as_handed = row_of(table, "contacted as handed")
    assert (as_handed["median_hours"], as_handed["median_calendar_hours"]) == (0, 0)


def test_who_was_contacted_before_the_hand_over_waited_from_creation(table: pd.DataFrame) -> None:
    assert row_of(table, "contacted first")["median_hours"] == pytest.approx(1, abs=1e-9)
    legs = table.loc[table["segment"] == "contacted first", "leg"]
    assert list(legs) == ["wait"]  # and not for an assignment


def test_a_hand_over_before_creation_starts_no_wait(table: pd.DataFrame) -> None:
    row = row_of(table, "handed before creation")
    assert (row["before_creation_leads"], row["median_hours"]) == (0, 1)
    for leg in ("created_to_assigned", "assigned_to_contacted"):
        fault = row_of(table, "handed before creation", leg)
        assert (fault["leads"], fault["before_creation_leads"]) == (1, 1), leg


def test_only_hand_over_to_contact_has_a_deadline(table: pd.DataFrame) -> None:
    deadlines = table.groupby("leg")["deadline_hours"].agg(["min", "max"])
    assert deadlines.loc["created_to_assigned"].isna().all()
    assert (deadlines.drop("created_to_assigned") == 4).all(axis=None)


def test_leads_without_a_hand_over_wait_for_one(table: pd.DataFrame) -> None:
    row = row_of(table, "half", "created_to_assigned")
    # two of the four were contacted with no hand-over and wait for none
    assert (row["leads"], row["contacted_leads"], row["waiting_leads"]) == (2, 0, 2)
    assert row[["due_leads", "within_deadline_share"]].isna().all()


def test_a_lead_closed_without_a_hand_over_waits_for_none(warehouse_of: Build) -> None:
    drawn = drawing(
        ("x", "10-05 08:00", "10-05 09:00", None),
        ("x", "10-05 08:00", None, None),
        ("x", "10-05 08:00", None, None),
    )
    last = sorted(row["lead"] for row in drawn["lead"])[-1]
    closed = {"lead": last, "status": "rejected", "entered_at": utc("10-06 08:00")}
    drawn["stage_event"] = [closed]
    drawn["activity"] = [{"lead": "other", "happened_at": utc("10-05 08:00")}]
    table = time_to_contact(warehouse_of(drawn)).table.set_index("leg")
    assert table.loc["created_to_assigned", ["leads", "waiting_leads"]].tolist() == [2, 1]


def test_the_curve_steps_where_leads_are_contacted(warehouse_of: Build) -> None:
    # contacted after 1 and 3 hours; one waits, one is seen for the 2 hours before as_of only
    drawn = drawing(
        ("x", "10-05 08:00", None, "10-05 09:00"),
        ("x", "10-05 08:00", None, "10-05 11:00"),
        ("x", "10-05 08:00", None, None),
        ("x", "10-30 15:00", None, None),
    )
    warehouse = warehouse_of(drawn, agreement=three_stages(FOUR_HOURS), as_of=utc("10-30 17:00"))
    result = time_to_contact(warehouse)
    curve = result.part("curve")
    assert list(curve["leg"].unique()) == ["wait"]  # no hand-overs were loaded
    assert list(curve["hours"]) == pytest.approx([0, 1, 3, 19 * 8 + 8], abs=1e-9)
    # 1/4, then 1 - 3/4 * 1/2: the lead of 2 hours is no longer at risk
    assert list(curve["share_contacted"]) == pytest.approx([0, 0.25, 0.625, 0.625], abs=1e-12)
    assert list(curve["at_risk"]) == [4, 4, 2, 1]
    assert result.table["segment"].isna().all()
    assert result.parameters["cohort_start"].isoformat() == "2026-10-05"


def test_stamps_of_a_day(warehouse_of: Build) -> None:
    midnight = utc("10-05 00:00")
    tables = {
        "lead": [
            {"lead": "a", "created_at": midnight, "created_at_is_day": True},
            {"lead": "b", "created_at": utc("10-05 15:00"), "created_at_is_day": False},
            {"lead": "c", "created_at": utc("10-06 15:00"), "created_at_is_day": False},
        ],
        "activity": [
            {"lead": "a", "happened_at": utc("10-05 10:00"), "happened_at_is_day": False},
            # the day of its creation: at 17:00 at the latest, 2 working hours
            {"lead": "b", "happened_at": midnight, "happened_at_is_day": True},
            # the day before its creation
            {"lead": "c", "happened_at": midnight, "happened_at_is_day": True},
        ],
    }
    warehouse = warehouse_of(tables, agreement=three_stages(FOUR_HOURS))
    result = time_to_contact(warehouse, cohort=OCTOBER)
    row = row_of(result.table, None)
    assert row["leads"] == 3
    assert (row["day_precision_leads"], row["before_creation_leads"]) == (1, 1)
    assert (row["contacted_leads"], row["median_hours"]) == (1, 2)
    assert result.note("day_precision") == {"leads": 1}
    assert result.note("before_creation") == {"leads": 1}


def test_machines_and_answers_are_no_contact(warehouse_of: Build) -> None:
    tables = drawing(("x", "10-05 08:00", None, "10-05 09:00"))
    call = tables["activity"][0]
    mail = {"happened_at": utc("10-05 08:05"), "kind": "email", "is_automated": True}
    reply = {"happened_at": utc("10-05 08:10"), "kind": "email", "direction": "inbound"}
    tables["activity"] = [call, call | mail, call | reply]
    warehouse = warehouse_of(tables, agreement=three_stages(FOUR_HOURS))
    assert row_of(time_to_contact(warehouse).table, None)["median_hours"] == 1


def test_origins_may_have_their_own_deadline(warehouse_of: Build) -> None:
    rule = FOUR_HOURS + "by_origin = { outbound = 1 }\n"
    drawn = drawing(
        ("inbound", "10-05 08:00", None, "10-05 10:00"),
        ("outbound", "10-05 08:00", None, "10-05 10:00"),
    )
    drawn["lead"] += [{"lead": "M", "created_at": utc("10-05 08:00")}]
    warehouse = warehouse_of(drawn, agreement=three_stages(rule))
    by_origin = time_to_contact(warehouse, by="origin").table
    for segment, deadline, share in [("inbound", 4, 1), ("outbound", 1, 0), (None, 4, 0)]:
        row = row_of(by_origin, segment)
        assert (row["deadline_hours"], row["within_deadline_share"]) == (deadline, share)
    assert list(by_origin["segment"].isna()) == [False, False, True]
    together = row_of(time_to_contact(warehouse).table, None)
    assert (together["due_leads"], together["within_deadline_leads"]) == (3, 1)
    assert np.isnan(together["deadline_hours"])


def test_small_groups_are_merged(warehouse_of: Build) -> None:
    drawn = drawing(
        *[("large", "10-05 08:00", None, "10-05 09:00")] * 3,
        *[("small", "10-05 08:00", None, "10-05 10:00")] * 2,
        ("single", "10-05 08:00", None, None),
    )
    agreement = three_stages(FOUR_HOURS, minimum_group_size="3")
    warehouse = warehouse_of(drawn, agreement=agreement)
    result = time_to_contact(warehouse, by="origin")
    assert list(result.table["segment"]) == ["large", "other_groups"]
    assert list(result.table["is_folded"]) == [False, True]
    assert row_of(result.table, "other_groups")["leads"] == 3
    assert result.note("folded") == {"groups": 2, "leads": 3}

    stricter = three_stages(FOUR_HOURS, minimum_group_size="4")
    hidden = time_to_contact(warehouse_of(drawn, agreement=stricter), by="origin")
    row = row_of(hidden.table, "other_groups")
    assert row["leads"] == 6  # all three groups together
    assert hidden.note("folded") == {"groups": 3, "leads": 6}


def test_the_next_smallest_group_hides_a_small_one(warehouse_of: Build) -> None:
    drawn = drawing(
        *[("large", "10-05 08:00", None, "10-05 09:00")] * 6,
        *[("medium", "10-05 08:00", None, "10-05 09:00")] * 5,
        ("small", "10-05 08:00", None, "10-05 10:00"),
    )
    agreement = three_stages(FOUR_HOURS, minimum_group_size="5")
    result = time_to_contact(warehouse_of(drawn, agreement=agreement), by="origin")
    assert list(result.table["segment"]) == ["large", "other_groups"]
    assert row_of(result.table, "other_groups")["leads"] == 6
    assert result.note("folded") == {"groups": 2, "leads": 6}
    assert set(result.part("curve")["segment"]) == {"large", "other_groups"}


def test_a_single_small_group_is_hidden(warehouse_of: Build) -> None:
    drawn = drawing(*[("small", "10-05 08:00", None, "10-05 10:00")] * 4)
    agreement = three_stages(FOUR_HOURS, minimum_group_size="5")
    result = time_to_contact(warehouse_of(drawn, agreement=agreement), by="origin")
    row = row_of(result.table, "other_groups")
    assert row.drop(["segment", "is_folded", "leg"]).isna().all()
    assert result.part("curve").empty


def test_nothing_agreed_and_nobody_asked(warehouse_of: Build) -> None:
    drawn = drawing(("x", "10-05 08:00", None, "10-06 08:00"))
    warehouse = warehouse_of(drawn)
    row = row_of(time_to_contact(warehouse, cohort=OCTOBER).table, None)
    assert row["median_hours"] == row["median_calendar_hours"] == 24  # a clock that never stops
    assert row[["deadline_hours", "due_leads", "within_deadline_share"]].isna().all()

    nobody = time_to_contact(warehouse, cohort=month("2026-09"))
    empty = row_of(nobody.table, None)
    assert (empty["leads"], empty["contacted_leads"]) == (0, 0)
    assert np.isnan(empty["median_hours"])
    assert nobody.part("curve").empty
    assert time_to_contact(warehouse, cohort=month("2026-09"), by="origin").table.empty


def test_what_cannot_be_answered(warehouse_of: Build) -> None:
    drawn = drawing(("x", "10-05 08:00", None, None))
    with pytest.raises(MissingTableError, match="time_to_contact needs the table 'activity'"):
        time_to_contact(warehouse_of(drawn), cohort=OCTOBER)
    warehouse = warehouse_of(drawing(("x", "10-05 08:00", None, "10-06 08:00")))
    with pytest.raises(CallError, match="Did you mean 'origin'"):
        time_to_contact(warehouse, by="orign")
    with pytest.raises(CallError, match="had not begun"):
        time_to_contact(warehouse, cohort=month("2027-01"))
