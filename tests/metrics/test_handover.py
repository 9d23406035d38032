"""Hand-overs drawn by hand: each origin of the drawing is one case, so one warehouse serves all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.handover import handovers
from funnel_analytics.periods import month, span, to_utc
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse, open_warehouse
from tests.builders import build_warehouse, three_stages

AGREED = """
[working_time]
holidays = { country = "DE", subdivision = "BY" }
monday = ["08:00-12:00", "13:00-17:00"]
tuesday = ["08:00-12:00", "13:00-17:00"]
wednesday = ["08:00-12:00", "13:00-17:00"]
thursday = ["08:00-12:00", "13:00-17:00"]
friday = ["08:00-12:00", "13:00-17:00"]

[working_time.teams.sales]
monday = ["10:00-12:00"]
tuesday = ["10:00-12:00"]
wednesday = ["10:00-12:00"]
thursday = ["10:00-12:00"]
friday = ["10:00-12:00"]

[handover.marketing_to_sdr]
respond_within_hours = 4
required_fields = ["need", "budget"]
escalate_to = "sdr_lead"
return_to_pool = true

[handover.sdr_to_sales]
respond_within_hours = 4

[reasons.rejected]
no_fit = { de = "Passt nicht", en = "No fit" }

[reasons.recycled]
too_early = { de = "Zu früh", en = "Too early" }
"""
TEAMS = {
    "marketing_to_sdr": ("marketing", "sdr"),
    "sdr_to_sales": ("sdr", "sales"),
    "reassigned": ("sdr", "sdr"),
}


def utc(local: str | None) -> str | None:
    """The UTC text of an instant in Berlin in 2026, such as `10-05 09:00`."""
    if local is None:
        return None
    return to_utc(datetime.fromisoformat(f"2026-{local}"), "Europe/Berlin").isoformat(sep=" ")


def handed(
    lead: str,
    at: str,
    kind: str = "marketing_to_sdr",
    *,
    accepted: str | None = None,
    rejected: str | None = None,
    escalated: str | None = None,
    due: str | None = None,
    teams: tuple[str | None, str | None] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One hand-over, its instants in Berlin's time."""
    from_team, to_team = teams or TEAMS[kind]
    return {
        "lead": lead,
        "kind": kind,
        "handed_at": utc(at),
        "from_team": from_team,
        "to_team": to_team,
        "accepted_at": utc(accepted),
        "rejected_at": utc(rejected),
        "escalated_at": utc(escalated),
        "due_at": utc(due),
        **more,
    }


def drawing(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The hand-overs and their leads; what stands before a dot in a lead's name is its origin."""
    names = list(dict.fromkeys(row["lead"] for row in rows))
    leads = [
        {"lead": name, "created_at": utc("10-01 08:00"), "origin": name.split(".")[0]}
        for name in names
    ]
    return {"lead": leads, "handover": list(rows), **more}


# 2026-10-05 is a Monday; as_of is Friday, 10-30, 17:00
ACCEPTED, MONDAY = "10-05 10:00", "10-05 09:00"
DRAWN = drawing(
    # handed 09:00 ──4 working hours── 14:00
    handed("on time.1", MONDAY, accepted="10-05 14:00"),
    handed("late.1", MONDAY, accepted="10-05 14:00:01"),
    handed("late.2", MONDAY, rejected="10-07 09:00", reason="no_fit"),
    # as_of is on the deadline, and a second past it
    handed("waiting.1", "10-30 12:00"),
    handed("silent.1", "10-30 11:59:59"),
    handed("before.1", MONDAY, accepted="10-05 08:59:59"),
    handed("at once.1", MONDAY, accepted=MONDAY),
    # the first answer counts, of two at once the rejection
    handed("twice.1", MONDAY, accepted="10-05 10:00", rejected="10-06 10:00", reason="no_fit"),
    handed("twice.2", MONDAY, accepted="10-05 10:00", rejected="10-05 10:00", reason="no_fit"),
    # 16:00 ── 17:00, 8:00 ── 9:00 on the clock of sdr; on that of sales nothing before 10:00
    handed("to sdr.1", "10-05 16:00", accepted="10-06 09:00"),
    handed("to sales.1", "10-05 16:00", "sdr_to_sales", accepted="10-06 11:00"),
    # sales works two hours a day: its fourth hour ends on Wednesday
    handed("to sales.2", MONDAY, "sdr_to_sales", accepted="10-06 12:00"),
    handed("to sales.3", MONDAY, "sdr_to_sales", accepted="10-07 10:00:01"),
    # the day of the hand-over alone is known
    handed("by day.1", "10-05 00:00", accepted="10-05 10:00", handed_at_is_day=True),
    handed("by day.2", "10-30 00:00", handed_at_is_day=True),
    handed("by day.3", "10-29 00:00", handed_at_is_day=True),
    # the day of the answer alone is known: it counts at its end
    handed("answer by day.1", "10-05 10:00", accepted="10-05 00:00", accepted_at_is_day=True),
    handed("answer by day.2", "10-05 14:00", accepted="10-05 00:00", accepted_at_is_day=True),
    handed("reassigned.1", MONDAY, "reassigned", rejected=ACCEPTED, reason="no_fit"),
    # one lead twice, and another once
    handed("several.1", MONDAY, accepted=ACCEPTED),
    handed("several.1", "10-12 09:00", accepted="10-12 10:00"),
    handed("several.2", MONDAY),
    # fields
    handed("fields.1", MONDAY, accepted=ACCEPTED, missing_fields=0),
    handed("fields.2", MONDAY, rejected=ACCEPTED, reason="too_early", missing_fields=1),
    handed("fields.3", MONDAY, rejected=ACCEPTED, reason="other", missing_fields=1),
    handed("fields.4", MONDAY, rejected=ACCEPTED, missing_fields=3),
    handed("fields.5", MONDAY, accepted=ACCEPTED),
    # before and after the period, which is October
    handed("outside.1", "09-30 23:59:59", accepted=ACCEPTED),
    handed("outside.2", "10-01 00:00", accepted=ACCEPTED),
)


# the deadline is at 14:00 throughout
MISSED = drawing(
    handed("in time.1", MONDAY, accepted="10-05 10:00", escalated="10-05 09:30"),
    handed("escalated.1", MONDAY, escalated="10-05 14:00"),
    handed("escalated.2", MONDAY, escalated="10-05 13:59:59", accepted="10-06 09:00"),
    handed("passed on.1", MONDAY, accepted="10-06 09:00"),
    handed("passed on.1", "10-05 14:00", "reassigned"),
    handed("passed too early.1", MONDAY, accepted="10-06 09:00"),
    handed("passed too early.1", "10-05 13:59:59", "reassigned"),
    handed("passed too late.1", MONDAY, accepted="10-05 15:00"),
    handed("passed too late.1", "10-05 15:00", "reassigned"),
    handed("passed to others.1", MONDAY),
    handed("passed to others.1", "10-05 15:00", teams=("sdr", "inside sales")),
    handed("passed to the same.1", MONDAY),
    handed("passed to the same.1", "10-05 15:00"),
    # both, and reassigned twice: once before the deadline, once after it
    handed("both.1", MONDAY, escalated="10-05 15:00"),
    handed("both.1", "10-05 10:00", "reassigned"),
    handed("both.1", "10-05 16:00", "reassigned"),
    # the deadline of the CRM: the same, a minute later, a minute and a second later, at night
    handed("crm.1", MONDAY, due="10-05 14:00", accepted=ACCEPTED),
    handed("crm.2", MONDAY, due="10-05 14:01", accepted=ACCEPTED),
    handed("crm.3", MONDAY, due="10-05 14:01:01", accepted=ACCEPTED),
    handed("crm.4", "10-05 13:00", due="10-06 03:00", accepted="10-05 14:00"),
    handed("crm.5", MONDAY, due="10-05 13:58:59", accepted=ACCEPTED),
)


# recycled or rejected between: again the same kind is a return; without it is none
RETURNS = drawing(
    handed("once.1", MONDAY, accepted=ACCEPTED),
    # marketing → sdr → sales is the usual way
    handed("onward.1", MONDAY),
    handed("onward.1", "10-06 09:00", "sdr_to_sales"),
    # … and back to sdr, which had left it
    handed("back.1", MONDAY, "sdr_to_sales"),
    handed("back.1", "10-06 09:00", "reassigned", teams=("sales", "sdr")),
    # within a team nobody gives anything back
    handed("within.1", MONDAY, "reassigned"),
    handed("within.1", "10-06 09:00", "reassigned"),
    handed("within.1", "10-07 09:00"),
    handed("inside.1", MONDAY, "sdr_to_sales"),
    handed("inside.1", "10-06 09:00", "reassigned"),
    # reassigned again after recycling: that is not a hand-over of the same kind
    handed("moved twice.1", MONDAY, "reassigned"),
    handed("moved twice.1", "10-09 09:00", "reassigned"),
    # rejected first, handed over again at that instant, and once more without a rejection
    handed("again.1", MONDAY, rejected="10-06 09:00"),
    handed("again.1", "10-06 09:00", accepted="10-06 10:00"),
    handed("again.1", "10-07 09:00", accepted="10-07 10:00"),
    handed("too soon.1", MONDAY, rejected="10-06 09:00:01"),
    handed("too soon.1", "10-06 09:00"),
    handed("recycled.1", MONDAY, accepted=ACCEPTED),
    handed("recycled.1", "10-09 09:00"),
    handed("nurtured.1", MONDAY, accepted=ACCEPTED),
    handed("nurtured.1", "10-09 09:00"),
    # recycled at the instant of the first hand-over, not since
    handed("recycled before.1", MONDAY, accepted=ACCEPTED),
    handed("recycled before.1", "10-09 09:00"),
    # four times back and forth: three returns and more are one row
    handed("ping-pong.1", "10-05 09:00", "sdr_to_sales"),
    *(
        handed("ping-pong.1", f"10-{day:02d} 09:00", "reassigned", teams=teams)
        for day, teams in zip(
            range(6, 10), [("sales", "sdr"), ("sdr", "sales")] * 2, strict=True
        )
    ),
    stage_event=[
        {"lead": "recycled.1", "status": "recycled", "entered_at": utc("10-08 09:00")},
        {"lead": "moved twice.1", "status": "recycled", "entered_at": utc("10-08 09:00")},
        {"lead": "nurtured.1", "status": "nurture", "entered_at": utc("10-08 09:00")},
        {"lead": "recycled before.1", "status": "recycled", "entered_at": utc(MONDAY)},
        # entered with the hand-over, and a second after it
        {"lead": "once.1", "stage": "opportunity", "entered_at": utc("10-05 09:00:01")},
        {"lead": "back.1", "stage": "opportunity", "entered_at": utc("10-06 09:00")},
        {"lead": "ping-pong.1", "stage": "opportunity", "entered_at": utc("10-05 10:00")},
        {"lead": "ping-pong.1", "stage": "won", "entered_at": utc("10-12 10:00")},
    ],
)  # fmt: skip


ALL = {
    "lead": [*DRAWN["lead"], *MISSED["lead"], *RETURNS["lead"]],
    "handover": [*DRAWN["handover"], *MISSED["handover"], *RETURNS["handover"]],
    "stage_event": RETURNS["stage_event"],
}
AGREEMENT = three_stages(AGREED)
OCTOBER = month("2026-10")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("handover") / "drawn.duckdb"
    with build_warehouse(
        path, ALL, agreement=AGREEMENT, as_of=str(utc("10-30 17:00"))
    ) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def drawn(world: Warehouse) -> Result:
    return handovers(world, period=OCTOBER, by="origin")


def row_of(table: pd.DataFrame, segment: str, kind: str = "marketing_to_sdr") -> pd.Series:
    found = table[(table["segment"] == segment) & (table["kind"] == kind)]
    assert len(found) == 1, found
    return found.iloc[0]


@pytest.mark.parametrize(
    ("segment", "counts"),
    [
        ("on time", {"accepted": 1, "due": 1, "judged": 1, "within_deadline": 1}),
        ("late", {"accepted": 1, "rejected": 1, "due": 2, "judged": 2}),
        ("waiting", {"waiting": 1, "unanswered": 1}),
        ("silent", {"silent": 1, "unanswered": 1, "due": 1, "judged": 1}),
        ("before", {"answered_before": 1}),
        ("at once", {"accepted": 1, "due": 1, "judged": 1, "within_deadline": 1}),
        ("twice", {"accepted": 1, "rejected": 1, "due": 2, "judged": 2, "within_deadline": 2}),
        ("to sdr", {"accepted": 1, "due": 1, "judged": 1, "within_deadline": 1}),
        (
            "by day",
            {"accepted": 1, "waiting": 1, "silent": 1, "unanswered": 2, "due": 2,
             "day_precision": 3},
        ),
        (
            "answer by day",
            {"accepted": 2, "due": 2, "judged": 2, "within_deadline": 1},
        ),
        ("outside", {"accepted": 1, "due": 1, "judged": 1}),
    ],
)  # fmt: skip
def test_what_came_of_a_hand_over(drawn: Result, segment: str, counts: dict[str, int]) -> None:
    row = row_of(drawn.table, segment)
    names = [name for name in row.index if name.endswith("_handovers")]
    assert {name: row[name] for name in names} == {
        name: counts.get(name.removesuffix("_handovers"), 0) for name in names
    }
    parts = ["accepted", "rejected", "unanswered", "answered_before"]
    assert row["handovers"] == sum(row[f"{each}_handovers"] for each in parts)


def test_a_period_ends_before_its_last_midnight(world: Warehouse) -> None:
    """Handed over on 10-05, at 10-29 00:00 and at 10-30 00:00."""
    until = handovers(world, period=span("2026-10-01", "2026-10-29"), by="origin")
    assert row_of(until.table, "by day")["handovers"] == 1


def test_times_run_on_the_clock_of_the_receiving_team(drawn: Result) -> None:
    assert row_of(drawn.table, "to sdr")["median_hours"] == 2
    sales = row_of(drawn.table, "to sales", "sdr_to_sales")
    # 1, 4 and 4 hours and a second: Monday and Tuesday have two each
    assert sales["median_hours"] == 4
    assert sales["p90_hours"] == 4 + 1 / 3600
    assert (sales["judged_handovers"], sales["within_deadline_handovers"]) == (3, 2)
    assert sales["deadline_hours"] == 4
    assert row_of(drawn.table, "at once")["median_hours"] == 0
    late = row_of(drawn.table, "late")
    assert (late["median_hours"], late["p90_hours"]) == (4 + 1 / 3600, 16)
    for segment in ("waiting", "silent", "before", "by day"):
        assert pd.isna(row_of(drawn.table, segment)["median_hours"])


def test_shares_are_of_what_is_due(drawn: Result) -> None:
    row = row_of(drawn.table, "late")
    assert (row["accepted_share"], row["rejected_share"], row["silent_share"]) == (0.5, 0.5, 0)
    # Wilson by hand for 1 of 2, z = 1.96: (1 + 1.92) / (2 + 3.84) -+ 0.4053
    assert row["accepted_low"] == pytest.approx(0.0945, abs=5e-5)
    assert row["accepted_high"] == pytest.approx(0.9055, abs=5e-5)
    assert (row["within_deadline_share"], row["within_deadline_low"]) == (0, 0)
    waiting = row_of(drawn.table, "waiting")
    assert waiting[["accepted_share", "silent_low", "within_deadline_share"]].isna().all()


def test_a_lead_handed_over_twice_is_one_lead(drawn: Result) -> None:
    row = row_of(drawn.table, "several")
    assert (row["handovers"], row["leads"]) == (3, 2)
    assert (row["accepted_handovers"], row["silent_handovers"]) == (2, 1)


def test_reassignments_have_no_answer(drawn: Result) -> None:
    row = row_of(drawn.table, "reassigned", "reassigned")
    assert (row["handovers"], row["leads"]) == (1, 1)
    assert row[[name for name in row.index if name.endswith(("_handovers", "_share"))]].isna().all()
    # not even where the data give one
    assert "reassigned" not in set(drawn.part("reasons")["kind"])


def test_fields_and_reasons(drawn: Result) -> None:
    fields = drawn.part("completeness")
    fields = fields[fields["segment"] == "fields"].set_index("missing_fields")
    assert fields["handovers"].tolist() == [1, 2, 1, 1]
    assert fields.index[:3].tolist() == [0, 1, 3]
    assert fields.index[3] is pd.NA
    assert fields["of_handovers"].tolist() == [4] * 4
    assert fields["handovers_share"].tolist()[:3] == [0.25, 0.5, 0.25]
    # two fields are agreed; more than two cannot be missing of them
    assert fields["filled_share"].tolist()[:3] == [1, 0.5, 0]
    assert fields["accepted_share"].tolist() == [1, 0, 0, 1]
    assert fields.iloc[3][["handovers_share", "handovers_low", "filled_share"]].isna().all()
    month_row = row_of(drawn.part("by_month"), "fields")
    assert (month_row["known_fields_handovers"], month_row["complete_handovers"]) == (4, 1)
    assert (month_row["complete_share"], month_row["mean_missing_fields"]) == (0.25, 1.25)

    reasons = drawn.part("reasons")
    reasons = reasons[reasons["segment"] == "fields"]
    assert reasons["reason"].tolist() == ["other", "too_early", None]
    assert reasons["is_agreed"].tolist() == [False, True, pd.NA]
    assert reasons["rejected_handovers"].tolist() == [1, 1, 1]
    assert reasons["of_handovers"].tolist() == [3, 3, 3]
    # a reason that stands at an accepted hand-over is none of a rejection
    twice = drawn.part("reasons").query("segment == 'twice'")
    assert twice["rejected_handovers"].tolist() == [1]


def test_reasons_by_origin_and_by_receiving_team(drawn: Result) -> None:
    by_origin = drawn.part("reasons_by_origin")
    late = by_origin[by_origin["origin"] == "late"].iloc[0]
    assert (late["reason"], late["rejected_handovers"], late["rejected_share"]) == ("no_fit", 1, 1)
    by_team = drawn.part("reasons_by_team")
    assert by_team["to_team"].unique().tolist() == ["sdr"]
    assert by_team["reason"].tolist() == [None, "no_fit", "other", "too_early"]
    assert by_team["rejected_handovers"].tolist() == [3, 2, 1, 1]
    assert by_team["of_handovers"].tolist() == [7] * 4


def test_what_is_noted(drawn: Result) -> None:
    assert drawn.note("answered_before") == {"handovers": 1}
    assert drawn.note("handed_on_day") == {"handovers": 3}
    assert drawn.note("answered_twice") == {"handovers": 2}
    assert drawn.note("without_rejection_reason") == {"handovers": 3, "of": 7}
    assert drawn.note("unagreed_rejections") == {"handovers": 1, "reasons": ["other"]}
    assert drawn.note("no_deadline") == {}


@pytest.mark.parametrize(
    ("segment", "followed"),
    [  # missed, escalated, escalated before, passed on, neither
        ("in time", (0, 0, 0, 0, 0)),
        ("escalated", (2, 1, 1, 0, 1)),
        ("passed on", (1, 0, 0, 1, 0)),
        ("passed too early", (1, 0, 0, 0, 1)),
        ("passed too late", (1, 0, 0, 0, 1)),
        ("passed to others", (2, 0, 0, 1, 1)),
        ("passed to the same", (2, 0, 0, 0, 2)),
        ("both", (1, 1, 0, 1, 0)),
    ],
)
def test_what_followed_a_missed_deadline(
    drawn: Result, segment: str, followed: tuple[int, ...]
) -> None:
    row = row_of(drawn.part("missed"), segment)
    names = ["missed", "escalated", "escalated_before", "passed_on", "neither"]
    assert tuple(row[f"{name}_handovers"] for name in names) == followed
    assert (row["escalate_to"], row["return_to_pool"]) == ("sdr_lead", True)
    assert row["missed_handovers"] == row["answered_late_handovers"] + row["silent_handovers"]


def test_how_late_the_answers_were(drawn: Result) -> None:
    row = row_of(drawn.part("missed"), "passed on")
    assert row["median_hours_late"] == 4  # 14:00 ── 17:00, 8:00 ── 9:00
    assert pd.isna(row_of(drawn.part("missed"), "both")["median_hours_late"])
    assert pd.isna(row_of(drawn.part("missed"), "in time")["escalated_share"])
    assert row_of(drawn.part("missed"), "escalated")["escalated_share"] == 0.5


def test_the_deadline_of_the_crm_is_compared_in_working_time(drawn: Result) -> None:
    assert drawn.note("other_deadline") == {"handovers": 2, "of": 5}


def returned(result: Result) -> dict[str, list[int]]:
    """The number of returns of each lead by the origin that is its name."""
    table = result.part("returns")
    return {
        segment: [each for row in rows.itertuples() for each in [row.returns] * row.leads]
        for segment, rows in table.groupby("segment")
    }


def test_what_counts_as_a_return(drawn: Result) -> None:
    found = returned(drawn)
    expected = {
        "once": [0],
        "onward": [0],
        "back": [1],
        "within": [0],
        "inside": [0],
        "moved twice": [0],
        "again": [1],
        "too soon": [0],
        "recycled": [1],
        "nurtured": [0],
        "recycled before": [0],
        "ping-pong": [3],
    }
    assert {name: found[name] for name in expected} == expected
    table = drawn.part("returns").set_index("segment").loc[list(expected)]
    assert table["is_or_more"].to_dict() == {name: name == "ping-pong" for name in expected}
    moved = table[table["moved_on_leads"] == 1]
    assert set(moved.index) == {"once", "ping-pong"}
    assert table.index[table["won_leads"] == 1].tolist() == ["ping-pong"]
    # 10-09 09:00 to 10-30 17:00, clocks go back on 10-25
    assert table.loc["ping-pong", "mean_days_watched"] == pytest.approx(21 + 9 / 24)


def test_without_a_stage_history_nothing_is_said_of_what_came_next(
    warehouse_of: Callable[..., Warehouse],
) -> None:
    table = handovers(warehouse_of(drawing(handed("a.1", MONDAY)))).part("returns")
    assert table["leads"].tolist() == [1]
    assert table[["moved_on_leads", "won_share"]].isna().all(axis=None)


def test_what_was_not_agreed_or_not_recorded_is_missing(
    warehouse_of: Callable[..., Warehouse],
) -> None:
    rows = drawing(
        handed("a.1", MONDAY, accepted=ACCEPTED, due="10-05 12:00"),
        handed("a.2", MONDAY),
        handed("a.3", MONDAY, "sdr_to_sales"),
    )
    agreed = AGREED[: AGREED.index("[handover.marketing")] + "[handover.sdr_to_sales]\n"
    result = handovers(
        warehouse_of(rows, agreement=three_stages(agreed + "respond_within_hours = 4\n"))
    )
    first, second = (
        result.table.set_index("kind").loc[kind] for kind in ("marketing_to_sdr", "sdr_to_sales")
    )
    assert (first["accepted_handovers"], first["unanswered_handovers"]) == (1, 1)
    assert first[["silent_handovers", "waiting_handovers", "accepted_share"]].isna().all()
    assert first[["due_handovers", "within_deadline_share", "deadline_hours"]].isna().all()
    assert first["median_hours"] == 1
    # no hand-over to sales has an answer: nothing says whether answers are recorded
    assert second["handovers"] == 1
    assert second[["accepted_handovers", "silent_handovers", "unanswered_handovers"]].isna().all()
    assert result.note("no_deadline") == {"kinds": ["marketing_to_sdr"]}
    assert result.note("no_answers") == {"kinds": ["sdr_to_sales"]}
    assert result.note("other_deadline") == {}
    assert result.part("missed").empty
    # nor escalations, though one answer was late
    late = handovers(
        warehouse_of(
            drawing(handed("a.1", MONDAY, accepted="10-06 09:00")), agreement=three_stages(AGREED)
        )
    )
    row = late.part("missed").iloc[0]
    assert row["missed_handovers"] == 1
    assert row[["escalated_handovers", "neither_handovers", "neither_share"]].isna().all()
    assert row["passed_on_handovers"] == 0


def few(origin: str, leads: int, **more: Any) -> list[dict[str, Any]]:
    return [
        handed(f"{origin}.{number}", MONDAY, rejected=ACCEPTED, reason="no_fit", **more)
        for number in range(leads)
    ]


def test_small_groups_are_one(warehouse_of: Callable[..., Warehouse]) -> None:
    rows = drawing(
        *few("large", 6),
        *few("middle", 5, teams=("marketing", "desk")),
        *few("small", 2, teams=("marketing", "night desk")),
    )
    agreement = three_stages(AGREED, minimum_group_size="5")
    warehouse = warehouse_of(rows, agreement=agreement)
    result = handovers(warehouse, by="origin")
    assert result.table["segment"].tolist() == ["large", "other_groups"]
    assert result.table["handovers"].tolist() == [6, 7]
    origins = result.part("reasons_by_origin")
    assert origins["origin"].tolist() == ["large", "other_groups"]
    assert origins["is_rest"].tolist() == [False, True]
    assert origins["rejected_handovers"].tolist() == [6, 7]
    teams = handovers(warehouse).part("by_team")
    assert teams["to_team"].tolist() == ["sdr", "other_groups"]
    assert teams["handovers"].tolist() == [6, 7]
    assert result.note("folded") == {"groups": 2, "leads": 7}

    alone = handovers(warehouse_of(drawing(*few("small", 2)), agreement=agreement), by="origin")
    assert alone.table["handovers"].isna().all()
    for part in ("reasons", "reasons_by_origin", "reasons_by_team"):
        assert alone.part(part)["rejected_handovers"].isna().all()
    assert alone.part("by_team")[["handovers", "rejected_share"]].isna().all(axis=None)
    assert [each.code for each in alone.notes] == ["excluded", "folded"]


def test_reasons_of_few_rejections_are_not_told_apart(
    warehouse_of: Callable[..., Warehouse],
) -> None:
    # six of a, five of b and six of c are handed over, 6, 5 and 2 of them rejected; to sales 2 of a
    accepted = [handed(f"c.{n}", MONDAY, accepted=ACCEPTED) for n in range(2, 6)]
    sold = [
        handed(f"a.{n}", "10-06 09:00", "sdr_to_sales", rejected="10-06 10:00") for n in range(2)
    ]
    rows = drawing(*few("a", 6), *few("b", 5), *few("c", 2), *accepted, *sold)
    warehouse = warehouse_of(rows, agreement=three_stages(AGREED, minimum_group_size="5"))
    for result in (handovers(warehouse), handovers(warehouse, by="origin")):
        by_origin = result.part("reasons_by_origin")
        asked = by_origin[by_origin["kind"] == "marketing_to_sdr"]
        # two alone would be the total less the others, so the next smallest joins them
        assert asked["origin"].tolist() == ["a", "other_groups"]
        assert asked["of_handovers"].tolist() == [6, 7]
        sales = by_origin[by_origin["kind"] == "sdr_to_sales"]
        assert sales["origin"].tolist() == ["other_groups"]
        assert sales[["rejected_handovers", "of_handovers"]].isna().all(axis=None)


def test_a_lead_rejected_again_is_one_lead(warehouse_of: Callable[..., Warehouse]) -> None:
    # a: five leads; b: four leads, two of them rejected twice, so six rejections
    again = [handed(f"b.{n}", "10-06 09:00", rejected="10-06 10:00") for n in range(2)]
    rows = drawing(*few("a", 5), *few("b", 4), *again)
    warehouse = warehouse_of(rows, agreement=three_stages(AGREED, minimum_group_size="5"))
    by_origin = handovers(warehouse).part("reasons_by_origin")
    assert by_origin["origin"].unique().tolist() == ["other_groups"]
    assert by_origin["rejected_handovers"].sum() == 11


def owned(*teams: str) -> dict[str, Any]:
    """Five leads for each team, each team's of one owner."""
    rows = [
        handed(f"{team}.{number}", MONDAY, accepted=ACCEPTED, teams=("marketing", team))
        for team in teams
        for number in range(5)
    ]
    tables = drawing(*rows)
    for lead in tables["lead"]:
        lead["owner"] = "owner of " + lead["origin"]
    return tables


def test_names_that_are_one_employee_each_are_not_told(
    warehouse_of: Callable[..., Warehouse],
) -> None:
    def told(warehouse: Warehouse) -> list[str]:
        return list(handovers(warehouse).part("by_team")["to_team"])

    tables = owned("Anna", "Berta", "sales")
    warehouse = warehouse_of(tables, agreement=AGREEMENT)
    assert told(warehouse) == ["sales", "other_groups"]
    allowed = replace(AGREEMENT, employee_level="person")
    with open_warehouse(warehouse.path, agreement=allowed) as opened:
        assert told(opened) == ["Anna", "Berta", "sales"]
    # two owners share each team: these are teams
    for number, lead in enumerate(tables["lead"]):
        lead["owner"] = f"owner {number % 2}"
    assert told(warehouse_of(tables, agreement=AGREEMENT)) == ["Anna", "Berta", "sales"]


def test_shuffled_rows_give_the_same_answer(
    world: Warehouse, warehouse_of: Callable[..., Warehouse]
) -> None:
    shuffled = {name: list(rows)[::-1] for name, rows in ALL.items()}
    other = warehouse_of(shuffled, agreement=AGREEMENT, as_of=str(utc("10-30 17:00")))
    before, after = handovers(world), handovers(other)
    pd.testing.assert_frame_equal(before.table, after.table)
    for name in before.parts:
        pd.testing.assert_frame_equal(before.part(name), after.part(name))


def test_what_cannot_be_asked(world: Warehouse, warehouse_of: Callable[..., Warehouse]) -> None:
    with pytest.raises(MissingTableError, match="handovers needs the table 'handover'"):
        handovers(warehouse_of({"lead": [{"lead": "a", "created_at": utc(MONDAY)}]}))
    with pytest.raises(CallError, match="Did you mean 'origin'"):
        handovers(world, by="orign")
    nobody = handovers(world, period=month("2026-08"))
    assert nobody.table.empty
    assert all(nobody.part(name).empty for name in nobody.parts)
