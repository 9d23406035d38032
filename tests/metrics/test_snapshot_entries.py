"""Entries that lie between two dated exports: their order is unsure, and the reader is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.metrics.stage_time import time_in_stage
from funnel_analytics.metrics.throughput import stage_throughput
from funnel_analytics.periods import month
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse
from funnel_analytics.wording import Words

Build = Callable[..., Warehouse]


def seen(name: str, stage: str, after: str, before: str, **more: Any) -> dict[str, Any]:
    """An entry between two exports; its stamp is the middle."""
    first, last = datetime.fromisoformat(after), datetime.fromisoformat(before)
    return {
        "lead": name,
        "stage": stage,
        "entered_at": str(first + (last - first) / 2),
        "entered_after": after,
        "entered_before": before,
        "provenance": "snapshot_diff",
        **more,
    }


def reached(result: Result) -> list[int]:
    return result.table["reached_leads"].tolist()


# a ── opportunity between 1 and 31 October (16th) ── won on the 10th: may have come after
# b ── opportunity between 12 and 31 October       ── won on the 10th: surely before
# c ── opportunity until the 10th, 12:00           ── won on the 10th, 12:00: on the boundary
# d ── opportunity on the 5th, recorded            ── won between 1 and 3 October: surely before
@pytest.fixture
def drawn(warehouse_of: Build) -> Warehouse:
    won = [
        {"lead": name, "stage": "won", "entered_at": "2026-10-10 12:00", "provenance": "history"}
        for name in "abc"
    ]
    return warehouse_of(
        {
            "lead": [{"lead": each, "created_at": "2026-09-20 08:00"} for each in "abcd"],
            "stage_event": [
                seen("a", "opportunity", "2026-10-01", "2026-10-31"),
                seen("b", "opportunity", "2026-10-12", "2026-10-31"),
                seen("c", "opportunity", "2026-10-10 12:00", "2026-10-12"),
                {"lead": "d", "stage": "opportunity", "entered_at": "2026-10-05"},
                seen("d", "won", "2026-10-01", "2026-10-03"),
                *won,
            ],
        }
    )


def test_the_bounds_are_what_the_stamp_can_mean(drawn: Warehouse) -> None:
    found = drawn._connection.execute(
        "select entered_at, earliest_at, latest_at, provenance from stage_entries "
        "join leads using (lead_no) where lead = 'a' and position > 1 order by position"
    ).fetchall()
    won_at = datetime(2026, 10, 10, 12)
    assert found == [
        (
            datetime(2026, 10, 16),
            datetime(2026, 10, 1),
            datetime(2026, 10, 31),
            "snapshot_diff",
        ),
        (won_at, won_at, won_at, "history"),
    ]


def test_an_unsure_order_loses_no_lead(drawn: Warehouse) -> None:
    cohort = month("2026-09")
    assert reached(stage_conversion(drawn, cohort=cohort, mode="ordered")) == [4, 4, 2]  # a and c
    assert reached(stage_conversion(drawn, cohort=cohort)) == [4, 4, 4]


def test_a_stay_may_end_before_the_middle_of_its_bounds(drawn: Warehouse) -> None:
    table = time_in_stage(drawn, cohort=month("2026-09")).table
    stays = table.loc[table["stage"] == "opportunity"].iloc[0]
    assert (stays["moved_on_leads"], stays["open_leads"]) == (2, 2)


def test_an_exact_stamp_at_the_same_instant_is_the_better_one(warehouse_of: Build) -> None:
    exact = {"lead": "a", "stage": "won", "entered_at": "2026-10-16", "provenance": "history"}
    warehouse = warehouse_of(
        {
            "lead": [{"lead": "a", "created_at": "2026-09-20 08:00"}],
            "stage_event": [seen("a", "won", "2026-10-01", "2026-10-31"), exact],
        }
    )
    found = warehouse._connection.execute(
        "select latest_at, is_snapshot, provenance from stage_entries where position = 3"
    ).fetchall()
    assert found == [(datetime(2026, 10, 16), False, "history")]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda w: stage_conversion(w, cohort=month("2026-09")), (4, 8, 30.0)),
        (lambda w: time_in_stage(w, cohort=month("2026-09")), (4, 8, 30.0)),
        (lambda w: stage_throughput(w, period=month("2026-10")), (4, 8, 30.0)),
    ],
)
def test_the_metrics_say_how_many_entries_are_so(
    drawn: Warehouse, result: Callable[[Warehouse], Result], expected: tuple[int, int, float]
) -> None:
    note = result(drawn).note("snapshot_entries")
    assert (note["entries"], note["of"], note["widest_days"]) == expected
    assert (
        "4 of 8 recorded entries are known only from dated exports: they lie between the "
        "creation, or an older export, and the export that shows them, at most 30 days apart; "
        "their time is the middle of the two."
    ) in Words("en").notes(result(drawn))
    assert (
        "4 von 8 erfassten Eintritten sind nur aus datierten Exporten bekannt: Sie liegen "
        "zwischen der Erstellung, oder einem älteren Export, und dem Export, der sie zeigt, "
        "höchstens 30 Tage auseinander; als Zeitpunkt gilt die Mitte."
    ) in Words("de").notes(result(drawn))


def test_nothing_is_said_where_every_entry_was_recorded(drawn: Warehouse) -> None:
    for result in (
        stage_conversion(drawn, cohort=month("2026-10")),
        stage_throughput(drawn, period=month("2026-09")),
    ):
        assert "snapshot_entries" not in {note.code for note in result.notes}


def test_a_status_between_two_exports_closes_by_the_later_one(warehouse_of: Build) -> None:
    # opportunity on the 20th; lost between 1 and 31 October, so perhaps after it
    warehouse = warehouse_of(
        {
            "lead": [{"lead": "a", "created_at": "2026-09-20 08:00"}],
            "stage_event": [
                {"lead": "a", "stage": "opportunity", "entered_at": "2026-10-20"},
                seen("a", None, "2026-10-01", "2026-10-31", status="lost"),  # type: ignore[arg-type]
            ],
        }
    )
    table = time_in_stage(warehouse, cohort=month("2026-09")).table
    assert table["closed_leads"].tolist() == [1, 1]
    found = warehouse._connection.execute("select latest_at from closures").fetchall()
    assert found == [(datetime(2026, 10, 31),)]
