"""Dated exports in place of a history: each change between two of them is an entry with bounds.

A drawing such as "a ──1 inq ──11 opp" says: on 1 September the export showed a as an inquiry, on
11 September as an opportunity. Days are those of September 2026, exports are made at their end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.warehouse import open_warehouse
from tests.sources.drawn import PRESET, Drawn

WORDS = {"inq": "inquiry", "opp": "opp", "won": "won", "out": "out", "later": "later"}
ENTRIES = (
    "select lead, coalesce(stage, status), entered_after, entered_at, entered_before, provenance "
    "from stage_event order by lead, entered_before, entered_at"
)


def at(day: float) -> datetime:
    """The instant of a day of September: `at(2)` is the end of the 1st, the export of that day."""
    return datetime(2026, 9, 1) + timedelta(days=day - 1)


def drawn_exports(*drawings: str, created: int = 1) -> dict[str, str]:
    """The exports that drawings stand for, by their names: leads on the 30th, states day by day."""
    seen: dict[int, list[str]] = {}
    leads = ["lead,created"]
    for drawing in drawings:
        lead, *steps = (each.strip() for each in drawing.split("──"))
        leads.append(f"{lead},2026-09-{created:02d}")
        for step in steps:
            day, word = step.split()
            seen.setdefault(int(day), []).append(f"{lead},{WORDS[word]}")
    states = {
        f"states_2026-09-{day:02d}.csv": "\n".join(["lead,state", *rows])
        for day, rows in seen.items()
    }
    return {"leads_2026-09-30.csv": "\n".join(leads), **states}


@pytest.fixture
def drawn(tmp_path: Path) -> Drawn:
    return Drawn(tmp_path / "drawn")


def test_a_change_lies_between_the_exports_that_show_it(drawn: Drawn) -> None:
    # a ── created on the 1st; seen as opportunity on the 11th and as won on the 21st
    drawn.load(drawn_exports("a ──1 inq ──11 opp ──21 won"))
    assert drawn.rows(ENTRIES) == [
        ("crm:a", "opportunity", at(2), at(7), at(12), "snapshot_diff"),
        ("crm:a", "won", at(12), at(17), at(22), "snapshot_diff"),
    ]
    assert drawn.rows("select status from stage_event where stage = 'won'") == [("won",)]
    assert drawn.rows("select from_stage from stage_event order by entered_at") == [
        ("inquiry",),
        ("opportunity",),
    ]


def test_the_first_state_is_bounded_by_the_creation(drawn: Drawn) -> None:
    # a ── created on the 3rd, first seen on the 11th, an opportunity by then
    drawn.load(drawn_exports("a ──11 opp", created=3))
    assert drawn.rows(ENTRIES) == [
        ("crm:a", "opportunity", at(3), at(7.5), at(12), "snapshot_diff")
    ]


def test_the_first_stage_at_first_sight_is_the_creation_itself(drawn: Drawn) -> None:
    drawn.load(drawn_exports("a ──11 inq ──12 inq"))
    assert drawn.rows(ENTRIES) == []


def test_what_stays_is_no_entry_and_what_comes_back_is_one(drawn: Drawn) -> None:
    # a ──1 opp ──2 opp ──3 later ──4 opp
    drawn.load(drawn_exports("a ──1 opp ──2 opp ──3 later ──4 opp"))
    assert drawn.rows(ENTRIES) == [
        ("crm:a", "opportunity", at(1), at(1.5), at(2), "snapshot_diff"),
        ("crm:a", "nurture", at(3), at(3.5), at(4), "snapshot_diff"),
        ("crm:a", "opportunity", at(4), at(4.5), at(5), "snapshot_diff"),
    ]


def test_two_words_of_one_meaning_are_no_change(drawn: Drawn) -> None:
    drawn.load({
        "leads_2026-09-30.csv": "lead,created\na,2026-09-01",
        "states_2026-09-02.csv": "lead,state\na,opp",
        "states_2026-09-03.csv": "lead,state\na,WORKING - Contacted",
    })  # fmt: skip
    assert drawn.rows("select count(*), min(state) from stage_event") == [(1, "opp")]


def test_who_is_missing_from_an_export_has_not_changed(drawn: Drawn) -> None:
    # a ──1 opp ── (not exported on the 2nd) ──3 opp; b is there on the 2nd only
    drawn.load(drawn_exports("a ──1 opp ──3 opp", "b ──2 inq"))
    assert drawn.rows("select lead, count(*) from stage_event group by lead") == [("crm:a", 1)]


@pytest.mark.parametrize("order", [(21, 11, 1), (11, 21, 1), (21, 1, 11)])
def test_exports_may_be_loaded_in_any_order(drawn: Drawn, order: tuple[int, ...]) -> None:
    exports = drawn_exports("a ──1 inq ──11 opp ──21 won", "b ──1 opp ──21 out")
    drawn.load({"leads_2026-09-30.csv": exports["leads_2026-09-30.csv"]})
    for day in order:
        name = f"states_2026-09-{day:02d}.csv"
        drawn.load({name: exports[name]})
    assert drawn.rows(ENTRIES) == [
        ("crm:a", "opportunity", at(2), at(7), at(12), "snapshot_diff"),
        ("crm:a", "won", at(12), at(17), at(22), "snapshot_diff"),
        ("crm:b", "opportunity", at(1), at(1.5), at(2), "snapshot_diff"),
        ("crm:b", "rejected", at(2), at(12), at(22), "snapshot_diff"),
    ]


def stamped(drawn: Drawn, changed: str, closed: str, state: str = "won") -> tuple[Any, ...]:
    """The last entry of a ──1 opp ──11 <state>, whose export of the 11th has these dates."""
    drawn.load({
        "leads_2026-09-30.csv": "lead,created\na,2026-08-01",
        "states_2026-09-01.csv": "lead,state\na,opp",
        "states_2026-09-11.csv": f"lead,state,changed,closed\na,{state},{changed},{closed}",
    })  # fmt: skip
    return drawn.rows(
        "select entered_after, entered_at, entered_before, provenance, entered_at_is_day "
        "from stage_event order by entered_before desc limit 1"
    )[0]


@pytest.mark.parametrize(
    ("changed", "closed", "expected"),
    [
        # No date: the middle of both exports.
        ("", "", (at(2), at(7), at(12), "snapshot_diff", False)),
        # The date of the change lies between them: it is the entry.
        ("2026-09-05T06:00:00Z", "", (at(2), at(5.25), at(12), "date_field", False)),
        ("2026-09-05", "", (at(2), at(5), at(12), "date_field", True)),
        # Late on the day of the later export, and on the very instant of the earlier one.
        ("2026-09-11T18:00:00Z", "", (at(2), at(11.75), at(12), "date_field", False)),
        ("2026-09-02T00:00:00Z", "", (at(2), at(7), at(12), "snapshot_diff", False)),
        # It lies outside: it dates another change.
        ("2026-08-20T00:00:00Z", "", (at(2), at(7), at(12), "snapshot_diff", False)),
        # Closed between them: by then at the latest, and that is the entry of an end.
        ("", "2026-09-06T00:00:00Z", (at(2), at(6), at(6), "date_field", False)),
        ("", "2026-09-06", (at(2), at(6), at(7), "date_field", True)),
        ("2026-09-04T00:00:00Z", "2026-09-06T00:00:00Z",
         (at(2), at(4), at(6), "date_field", False)),
        # Closed with a date of before, when it was still seen open: the exports are right.
        ("", "2026-08-20", (at(2), at(7), at(12), "snapshot_diff", False)),
    ],
)  # fmt: skip
def test_dates_of_the_system_narrow_the_bounds(
    drawn: Drawn, changed: str, closed: str, expected: tuple[Any, ...]
) -> None:
    assert stamped(drawn, changed, closed) == expected


def test_a_close_date_says_nothing_of_what_is_open(drawn: Drawn) -> None:
    found = stamped(drawn, "", "2026-09-06", state="later")
    assert found == (at(2), at(7), at(12), "snapshot_diff", False)


def test_what_a_history_covers_is_not_derived(drawn: Drawn) -> None:
    # a: the history knows of the opportunity on the 5th. b: its history begins after the export
    # that showed it, so the export knew first. c has no history.
    exports = drawn_exports("a ──1 inq ──11 opp", "b ──1 inq ──11 opp", "c ──1 inq ──11 opp")
    history = "lead,state,at\na,opp,2026-09-05\nb,opp,2026-09-20"
    drawn.load({**exports, "history_2026-09-30.csv": history})
    assert drawn.rows("select lead, provenance from stage_event order by lead, provenance") == [
        ("crm:a", None),
        ("crm:b", "snapshot_diff"),
        ("crm:b", None),
        ("crm:c", "snapshot_diff"),
    ]


def test_a_move_back_behind_an_older_history_is_seen(drawn: Drawn) -> None:
    # a: opportunity on the 5th, won on the 6th; seen as an opportunity on the 11th and the 21st.
    # b: the same, but won late on the day of the export, which may have been made before.
    # c: seen as won on the 1st and the 21st, as an opportunity by its history of the 5th.
    # d: opportunity on the 5th by the history, seen as won on the 11th, as opportunity on the 21st.
    exports = drawn_exports(
        "a ──11 opp ──21 opp", "b ──11 opp ──12 won", "c ──1 won ──21 won", "d ──11 won ──21 opp"
    )
    history = (
        "lead,state,at\na,opp,2026-09-05\na,won,2026-09-06\nb,opp,2026-09-05\n"
        "b,won,2026-09-11T20:00:00Z\nc,opp,2026-09-05\nd,opp,2026-09-05"
    )
    drawn.load({**exports, "history_2026-09-30.csv": history})
    assert drawn.rows(
        "select lead, stage, entered_after, entered_before from stage_event "
        "where provenance = 'snapshot_diff' order by lead, entered_before"
    ) == [
        ("crm:a", "opportunity", at(6), at(12)),
        ("crm:c", "won", at(1), at(2)),
        ("crm:c", "won", at(5), at(22)),
        ("crm:d", "won", at(5), at(12)),
        ("crm:d", "opportunity", at(12), at(22)),
    ]


def test_a_history_covers_its_own_property_only(drawn: Drawn) -> None:
    # a: both properties end where the export stands; the later entry is the other property's.
    # b: the lifecycle ends as an inquiry, but stands as an opportunity.
    drawn.load({
        "leads_2026-09-30.csv": "lead,created\na,2026-09-01\nb,2026-09-01",
        "history_2026-09-30.csv": """lead,property,state,at
            a,life,inquiry,2026-09-01
            a,status,later,2026-09-05
            b,life,inquiry,2026-09-01
            b,status,opp,2026-09-05""",
        "states_2026-09-11.csv": "lead,property,state\na,life,inquiry\nb,life,opp",
    })  # fmt: skip
    derived = "select lead, property, stage, entered_after from stage_event where entered_before "
    assert drawn.rows(f"{derived} is not null") == [("crm:b", "life", "opportunity", at(1))]


def test_properties_of_one_record_are_followed_side_by_side(drawn: Drawn) -> None:
    # a: life ──1 inq ──11 inq ──21 opp      a: status ──1 later ──11 later ──21 later
    states = {
        f"states_2026-09-{day:02d}.csv": f"lead,property,state\na,life,{life}\na,status,later"
        for day, life in ((1, "inquiry"), (11, "inquiry"), (21, "opp"))
    }
    drawn.load({"leads_2026-09-30.csv": "lead,created\na,2026-08-01", **states})
    assert drawn.rows(
        "select property, coalesce(stage, status), from_stage, entered_before from stage_event "
        "order by entered_before"
    ) == [("status", "nurture", None, at(2)), ("life", "opportunity", "inquiry", at(22))]


def test_stages_known_from_exports_alone_are_a_history(drawn: Drawn) -> None:
    drawn.load(drawn_exports("a ──1 inq ──11 opp"))
    with open_warehouse(drawn.database) as warehouse:
        assert warehouse.has("stage_event")


def test_a_history_that_comes_later_takes_the_place_of_what_was_derived(drawn: Drawn) -> None:
    drawn.load(drawn_exports("a ──1 inq ──11 opp"))
    drawn.load({"history_2026-09-30.csv": "lead,state,at\na,opp,2026-09-05"})
    assert drawn.rows("select entered_at, provenance from stage_event") == [(at(5), None)]


def test_a_changed_meaning_derives_anew(drawn: Drawn) -> None:
    drawn.load(drawn_exports("a ──1 inq ──11 out"))
    text = drawn.agreement.read_text(encoding="utf-8")
    text = text.replace('["out", "Unqualified"]', '["Unqualified"]')
    drawn.agreement.write_text(text.replace('"opp", ', '"opp", "out", '), encoding="utf-8")
    drawn.load({"leads_2026-09-30.csv": "lead,created\na,2026-09-01"})
    assert drawn.rows("select stage, status from stage_event") == [("opportunity", None)]


def test_deals_have_snapshots_too(tmp_path: Path) -> None:
    deals = """
[[files]]
pattern = "deals*.csv"
table = "deal"
[files.columns]
deal = "deal"
created_at = "created"

[[files]]
pattern = "deals*.csv"
table = "snapshot"
[files.columns]
deal = "deal"
state = "state"
"""
    drawn = Drawn(tmp_path / "deals", preset=PRESET + deals)
    drawn.load({
        "leads_2026-09-30.csv": "lead,created\na,2026-08-01",
        "deals_2026-09-01.csv": "deal,created,state\nd,2026-08-31,inquiry",
        "deals_2026-09-11.csv": "deal,created,state\nd,2026-08-31,opp",
    })  # fmt: skip
    # A lead begins in the first stage; that a deal is in it has to be seen.
    assert drawn.rows(
        "select lead, deal, stage, entered_after, entered_at from stage_event order by entered_at"
    ) == [
        (None, "crm:d", "inquiry", datetime(2026, 8, 31), at(1)),
        (None, "crm:d", "opportunity", at(2), at(7)),
    ]
    assert drawn.rows("select count(*) from deal") == [(1,)]


def test_no_entry_lies_after_the_instant_that_the_data_describe(drawn: Drawn) -> None:
    report = drawn.load(drawn_exports("a ──1 inq ──11 opp"))
    assert report.as_of == at(31)
    assert drawn.log("rows_read, rows_loaded") == [(1, 1), (1, 1), (1, 1)]
