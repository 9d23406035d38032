"""Lists to act on, drawn by hand: each rule, each boundary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

Build = Callable[..., Warehouse]
RULES = """
[first_contact]
within_hours = 4
by_origin = { partner = 8 }

[handover.marketing_to_sdr]
respond_within_hours = 8

[buying_group]
minimum_contacts = 2

[follow_up]
next_step_from = "opportunity"
recycled_due_days = 30
recycled_due_days_by_reason = { later = 60 }
"""
AS_OF = "2026-11-01T12:00:00"  # 13:00 in Berlin


def lead(name: str, created_at: str = "2026-10-01 10:00", **more: Any) -> dict[str, Any]:
    return {"lead": name, "created_at": created_at, **more}


def entry(name: str, stage: str, at: str, **more: Any) -> dict[str, Any]:
    return {"lead": name, "stage": stage, "entered_at": at, **more}


def closing(name: str, status: str, at: str, **more: Any) -> dict[str, Any]:
    return {"lead": name, "status": status, "entered_at": at, **more}


def call(name: str, at: str, **more: Any) -> dict[str, Any]:
    return {"lead": name, "happened_at": at, "direction": "outbound", "kind": "call", **more}


def handed(name: str, at: str, **more: Any) -> dict[str, Any]:
    whole = {"lead": name, "kind": "marketing_to_sdr", "handed_at": at, "to_team": "sdr"}
    return {**whole, **more}


def opportunities(*names: str, at: str = "2026-10-11 12:00") -> list[dict[str, Any]]:
    return [entry(name, "opportunity", at) for name in names]


def deal(name: str, **more: Any) -> dict[str, Any]:
    return {"deal": name, "created_at": "2026-10-12", "amount": 5.0, **more}


def world() -> dict[str, list[dict[str, Any]]]:
    """The cases of all lists, each with the letter of its list: c_, h_, a_, n_, r_, s_."""
    answered = {"accepted_at": "2026-11-01 07:00"}
    accepted = [f"a_{name}" for name in (
        "idle", "called", "before", "same", "day", "machine", "again", "moved",
    )]  # fmt: skip
    steps = ("today", "yesterday", "none", "lost", "by_deal", "deal_past", "closed_deal")
    recycled = {
        "at": ("2026-10-02 12:00", None),
        "over": ("2026-10-01 12:00", None),
        "later": ("2026-09-15 12:00", "later"),
        "later_over": ("2026-09-01 12:00", "later"),
        "back": ("2026-09-15 12:00", None),
        "lost": ("2026-09-15 12:00", None),
    }
    handed_over = ("at", "over", "yes", "no", "passed_on", "day", "unruled", "gone")
    people = [
        ("s_one", "p1", "decision_maker"),
        ("s_one", "p1", "user"),  # the same person in two roles
        ("s_users", "p2", "user"),
        ("s_users", "p3", "user"),
        ("s_whole", "p4", "decision_maker"),
        ("s_whole", "p5", None),
        ("s_silent", "p6", None),  # two persons, no role known: not none
        ("s_silent", "p7", None),
        ("s_closed", "p8", "user"),
    ]
    return {
        "lead": [
            lead("old", "2025-01-01"),
            lead("c_at", "2026-11-01 08:00", origin="web"),
            lead("c_over", "2026-11-01 07:59:59", origin="web", owner="u1"),
            lead("c_partner", "2026-11-01 07:00", origin="partner"),  # has eight hours
            lead("c_touched_late", "2026-10-20", origin="web"),
            lead("c_machine", "2026-11-01 06:00", origin="web"),
            lead("c_called_us", "2026-11-01 05:00", origin="fair"),
            lead("c_lost", "2026-10-20"),
            lead("c_says_rejected", "2026-10-20", status="rejected"),
            lead("c_handed", "2026-10-20"),  # its wait began with the hand-over
            lead("c_won", "2026-10-20"),
            lead("c_today", "2026-10-31 23:00", created_at_is_day=True),
            lead("c_yesterday", "2026-10-30 23:00", created_at_is_day=True, origin="fair"),
            *(lead(f"h_{name}") for name in handed_over),
            *(lead(name) for name in (*accepted, "a_at", "a_late_no")),
            lead("n_today", next_step_on="2026-11-01"),
            lead("n_yesterday", next_step_on="2026-10-31"),
            lead("n_none"),
            lead("n_too_early"),  # still in the first stage
            lead("n_lost"),
            lead("n_by_deal", deal="n_planned"),
            lead("n_deal_past", deal="n_past", next_step_on="2026-10-20"),
            lead("n_closed_deal", deal="n_closed"),
            *(lead(f"r_{name}", "2026-08-01") for name in (*recycled, "nurture", "day")),
        ],
        "stage_event": [
            closing("old", "lost", "2025-02-01"),
            closing("c_lost", "lost", "2026-10-21"),
            entry("c_won", "won", "2026-10-22"),
            closing("h_gone", "nurture", "2026-10-21"),
            *opportunities(*(f"n_{name}" for name in steps)),
            closing("n_lost", "lost", "2026-10-12"),
            *(
                closing(f"r_{name}", "recycled", at, reason=reason)
                for name, (at, reason) in recycled.items()
            ),
            entry("r_back", "opportunity", "2026-10-01"),
            closing("r_lost", "lost", "2026-09-16"),
            closing("r_nurture", "nurture", "2026-09-15"),
            closing("r_day", "recycled", "2026-09-30 22:00", entered_at_is_day=True),
        ],
        "activity": [
            call("c_touched_late", "2026-11-01 11:00"),
            call("c_machine", "2026-11-01 06:01", is_automated=True),
            call("c_called_us", "2026-11-01 05:01", direction="inbound"),
            call("a_called", "2026-11-01 11:00"),
            call("a_before", "2026-11-01 06:59:59"),
            call("a_same", "2026-11-01 07:00"),
            call("a_day", "2026-10-31 23:00", happened_at_is_day=True),  # may have been after
            call("a_machine", "2026-11-01 08:00", is_automated=True),
        ],
        "handover": [
            handed("c_handed", "2026-11-01 09:00"),
            handed("h_at", "2026-11-01 04:00"),
            handed("h_over", "2026-11-01 03:00"),
            handed("h_yes", "2026-10-20", accepted_at="2026-10-30"),
            handed("h_no", "2026-10-20", rejected_at="2026-10-30"),
            handed("h_passed_on", "2026-10-20"),
            handed("h_passed_on", "2026-10-21", kind="reassigned"),
            handed("h_day", "2026-10-30 23:00", handed_at_is_day=True),  # its day ends 23:00 UTC
            handed("h_unruled", "2026-10-20", kind="sdr_to_sales"),
            handed("h_gone", "2026-10-20"),
            *(handed(name, "2026-10-30", **answered) for name in accepted),
            handed("a_at", "2026-10-30", accepted_at="2026-11-01 08:00"),
            handed("a_again", "2026-11-01 07:30"),  # handed over again: no more the accepted one
            handed("a_moved", "2026-11-01 07:30", kind="reassigned"),
            handed("a_late_no", "2026-10-30", rejected_at="2026-10-31", **answered),
        ],
        "deal": [
            deal("n_planned", next_step_on="2026-12-01"),
            deal("n_past", next_step_on="2026-10-30"),
            deal("n_closed", next_step_on="2026-12-01", closed_at="2026-10-13"),
            *(deal(f"s_{name}") for name in ("one", "users", "whole", "silent", "none")),
            deal("s_closed", closed_at="2026-10-13", is_won=False),
            deal("s_deleted", is_deleted=True),
        ],
        "deal_contact": [
            {"deal": name, "person_key": person, "role": role} for name, person, role in people
        ],
    }


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("breaches") / "w.duckdb"
    with build_warehouse(path, world(), agreement=three_stages(RULES), as_of=AS_OF) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(warehouse: Warehouse) -> Result:
    return fa.breaches(warehouse)


def rows_of(result: Result, letter: str, name: str, key: str = "lead") -> pd.DataFrame:
    """The rows of one list about the cases with its letter."""
    table = result.table[result.table["list"] == name]
    return table[table[key].str.startswith(f"{letter}_", na=False)].assign(
        **{key: table[key].str.removeprefix(f"{letter}_")}
    ).set_index(key)  # fmt: skip


def over(rows: pd.DataFrame, column: str = "over_hours") -> dict[str, float]:
    return {str(name): float(value) for name, value in rows[column].items()}


def test_a_contact_is_overdue_after_its_deadline_not_at_it(whole: Result) -> None:
    rows = rows_of(whole, "c", "contact_overdue")
    expected = {"over": 1 / 3600, "machine": 2, "called_us": 3, "yesterday": 13 - 4}
    assert over(rows) == pytest.approx(expected, abs=1e-3)
    assert rows.loc["over", "due_at"] == pd.Timestamp("2026-11-01 11:59:59")


def test_a_result_states_every_deadline_it_judged_by(whole: Result) -> None:
    assert whole.parameters["contact_within_hours"] == 4
    assert whole.parameters["contact_within_hours_by_origin"] == {"partner": 8}
    assert whole.parameters["contact_within_hours_by_priority"] == {}
    assert whole.parameters["contact_within_hours_by_stage"] == {}


TEAMS = """
[working_time]
monday = ["08:00-16:00"]
tuesday = ["08:00-16:00"]

[working_time.teams.sdr]
timezone = "Europe/London"
monday = ["08:00-10:00"]
tuesday = ["08:00-10:00"]
wednesday = ["08:00-10:00"]
"""


def test_the_deadline_runs_on_the_clock_of_the_team_that_has_the_lead(warehouse_of: Build) -> None:
    # as of Sunday; handed over on Monday 8 o'clock in London: four hours end on Tuesday at 10
    tables = {
        "lead": [lead("sdr", "2026-10-20"), lead("nobody", "2026-10-26 07:00")],
        "stage_event": [entry("sdr", "inquiry", "2026-10-20")],
        "activity": [call("other", "2025-01-01 10:00")],
        "handover": [handed("sdr", "2026-10-26 08:00")],
    }
    built = warehouse_of(tables, agreement=three_stages(RULES + TEAMS), as_of=AS_OF)
    rows = fa.breaches(built, lists="contact_overdue").table.set_index("lead")
    assert over(rows) == pytest.approx({"sdr": 2, "nobody": 12})
    assert rows.loc["sdr", "due_at"] == pd.Timestamp("2026-10-27 10:00")
    assert rows.loc["nobody", "due_at"] == pd.Timestamp("2026-10-26 11:00")
    assert rows["team"].to_dict() == {"sdr": "sdr", "nobody": "sales"}
    # a wait without any activity at all: nobody knows whether there was none
    silent = three_stages(RULES)
    with fa.open_warehouse(built.path, agreement=silent) as again:
        assert over(fa.breaches(again).table.query("list == 'contact_overdue'").set_index("lead"))


def test_a_handover_is_overdue_while_it_is_the_last_and_nobody_answered(whole: Result) -> None:
    rows = rows_of(whole, "h", "handover_overdue")
    assert over(rows) == pytest.approx({"over": 1, "day": 13 - 8}, abs=1e-3)
    assert set(rows["reason"]) == {"marketing_to_sdr"}
    assert set(rows["team"]) == {"sdr"}


def test_accepted_and_nothing_done_since(whole: Result) -> None:
    rows = rows_of(whole, "a", "accepted_without_activity")
    # as late as at the deadline is `a_at`; rejected first was `a_late_no`
    assert over(rows) == pytest.approx(dict.fromkeys(("idle", "before", "machine", "moved"), 1))


def test_a_next_step_is_one_of_today_or_later(whole: Result) -> None:
    rows = rows_of(whole, "n", "no_next_step")
    assert over(rows, "over_days") == {
        "yesterday": 1,
        "none": 21,
        "deal_past": 2,
        "closed_deal": 21,
    }
    assert rows["reason"].to_dict() == {
        "deal_past": "in_the_past",
        "yesterday": "in_the_past",
        "none": "none_planned",
        "closed_deal": "none_planned",
    }
    assert rows["deal"].dropna().to_dict() == {"deal_past": "n_past"}
    # over since the end of the day in Berlin, where it was winter time by then
    assert rows.loc["yesterday", "due_at"] == pd.Timestamp("2026-10-31 23:00")
    assert rows.loc["none", "due_at"] == pd.Timestamp("2026-10-11 12:00")


def test_recycled_leads_are_due_after_the_days_of_their_reason(whole: Result) -> None:
    rows = rows_of(whole, "r", "recycled_due")
    expected = {"over": 1, "later_over": 1, "day": (12 + 2) / 24}
    assert over(rows, "over_days") == pytest.approx(expected, abs=1e-4)
    assert rows.loc["over", "due_at"] == pd.Timestamp("2026-10-31 12:00")
    assert rows["reason"].dropna().to_dict() == {"later_over": "later"}


def test_deals_with_few_contacts_or_nobody_who_decides(whole: Result) -> None:
    found = rows_of(whole, "s", "single_threaded", "deal")
    assert found["reason"].to_dict() == {
        "none": "few_contacts",
        "one": "few_contacts",
        "users": "none_decides",
    }
    assert found["contacts"].to_dict() == {"none": 0, "one": 1, "users": 2}
    assert found["has_decision_maker"].to_dict() == {"none": None, "one": True, "users": False}
    assert found["lead"].isna().all()  # no lead is on them, so nobody knows the chance
    assert found["expected_value"].isna().all()


def test_next_steps_that_only_deals_state(warehouse_of: Build) -> None:
    tables = {
        "lead": [lead("a"), lead("b", deal="d")],
        "stage_event": opportunities("a", "b"),
        "deal": [deal("d", amount=None, next_step_on="2026-10-20")],
    }
    built = warehouse_of(tables, agreement=three_stages(RULES), as_of=AS_OF)
    of_deals = fa.breaches(built, lists=["no_next_step"])
    assert of_deals.table["lead"].tolist() == ["b"]  # of the lead without a deal nothing is known
    assert of_deals.note("next_step_leads")
    # nothing was ever won, so nobody knows a chance
    assert of_deals.table["value"].isna().all()
    assert of_deals.table["chance_to_win"].isna().all()
    assert of_deals.note("breaches")["expected_value"] is None


def wins(
    origin: str | None, *, won: int, of: int, amount: float
) -> dict[str, list[dict[str, Any]]]:
    """Old leads of an origin that became opportunities, some of which were won."""
    names = [f"{origin}{number}" for number in range(of)]
    return {
        "lead": [
            lead(name, "2025-03-01", origin=origin, deal=f"d{name}" if place < won else None)
            for place, name in enumerate(names)
        ],
        "stage_event": [
            *(entry(name, "opportunity", "2025-03-10") for name in names),
            *(entry(name, "won", "2025-03-20") for name in names[:won]),
            *(closing(name, "lost", "2025-03-20") for name in names[won:]),
        ],
        "deal": [
            {"deal": f"d{name}", "is_won": True, "closed_at": "2025-03-20",
             "amount": amount + place}
            for place, name in enumerate(names[:won])
        ],
    }  # fmt: skip


def with_more(*tables: dict[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys(name for each in tables for name in each)
    return {name: [row for each in tables for row in each.get(name, [])] for name in names}


@pytest.fixture(scope="module")
def valued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    """12 of 40 leads of the web won, 2 of 10 of fairs; 2 of 10 recycled ones, of no origin."""
    again = [f"r{number}" for number in range(10)]
    new = "2026-10-20"  # too young to tell of chances: wins take 19 days
    tables = with_more(
        wins("web", won=12, of=40, amount=100),
        wins("fair", won=2, of=10, amount=1000),
        {
            "lead": [
                *(lead(name, "2025-03-01") for name in again),
                lead("due", "2026-10-14", origin="web"),
                lead("own", new, origin="web", deal="open"),
                lead("typical", new, origin="web"),
                lead("few", new, origin="fair"),
                lead("new_origin", new, origin="letter"),
                lead("asks", new, origin="web"),
                lead("first", new, origin="web", deal="both"),
                lead("second", new, origin="web", deal="both"),
                lead("handed", new, origin="web"),
            ],
            "stage_event": [
                *(closing(name, "recycled", "2025-03-05") for name in again),
                entry("r9", "won", "2025-03-02"),  # before it was recycled: no win after
                *(entry(name, "won", "2025-03-20") for name in again[:2]),
                closing("due", "recycled", "2026-10-15"),
                *opportunities("own", "typical", "few", "new_origin", "first", at="2026-10-21"),
            ],
            "deal": [
                deal("open", amount=50.0, next_step_on="2026-12-01"),
                deal("both", amount=80.0, next_step_on="2026-10-30"),
            ],
            "deal_contact": [{"deal": "both", "lead": "first", "role": "user"}],
            "handover": [handed("handed", "2026-10-31 12:00")],
            "activity": [call("web0", "2025-03-01 10:00")],
        },
    )
    path = tmp_path_factory.mktemp("valued") / "w.duckdb"
    agreement = three_stages(RULES.replace("recycled_due_days = 30", "recycled_due_days = 10"))
    with build_warehouse(path, tables, agreement=agreement, as_of=AS_OF) as opened:
        yield fa.breaches(opened)


def test_the_value_is_chance_times_amount(valued: Result) -> None:
    table = valued.table[valued.table["list"] == "contact_overdue"]
    rows = table.set_index("lead")
    of_opportunity, of_inquiry = 17 / 53, 17 / 60  # with three of the recycled
    web = 12.5 / (40 + 0.5 / of_opportunity)
    assert rows.loc["typical", "chance_to_win"] == pytest.approx(web)
    assert rows.loc["few", "chance_to_win"] == pytest.approx(2.5 / (10 + 0.5 / of_opportunity))
    assert rows.loc["new_origin", "chance_to_win"] == pytest.approx(of_opportunity)
    assert rows.loc["asks", "chance_to_win"] == pytest.approx(12.5 / (40 + 0.5 / of_inquiry))
    assert rows["value"].to_dict() == {
        "own": 50,
        "first": 40,
        "second": 40,
        "typical": 105.5,  # the median of 100 to 111
        "asks": 105.5,
        "handed": 105.5,
        "few": 106.5,  # of all: too few deals of fairs
        "new_origin": 106.5,
    }
    assert rows.loc["own", "value_basis"] == "deal_amount"
    assert rows.loc["few", "value_basis"] == "typical"
    expected = rows["chance_to_win"] * rows["value"]
    assert rows["expected_value"].tolist() == pytest.approx(expected.tolist())
    assert rows["expected_value"].is_monotonic_decreasing
    assert table["rank"].tolist() == list(range(1, 9))
    chances = valued.part("chances").set_index(["origin", "state"])
    counts = chances.loc[
        ("fair", "opportunity"), ["won_leads", "leads", "all_won_leads", "all_leads"]
    ]
    assert counts.tolist() == [2, 10, 17, 53]


def test_equally_valuable_ones_come_by_deadline_then_by_id(valued: Result) -> None:
    rows = valued.table[valued.table["list"] == "contact_overdue"]
    equal = rows[rows["lead"].isin(["asks", "handed"])]
    assert equal["expected_value"].nunique() == 1
    assert equal["lead"].tolist() == ["asks", "handed"]  # due on 20 and on 31 October
    halves = rows[rows["deal"] == "both"]
    assert set(halves["lead"]) == {"first", "second"}


def test_the_chance_of_a_recycled_lead_is_that_of_recycled_leads(valued: Result) -> None:
    rows = valued.table[valued.table["list"] == "recycled_due"].set_index("lead")
    assert rows.loc["due", "chance_to_win"] == pytest.approx(2 / 10)  # none of the web's was
    assert rows.loc["due", "stage"] == "inquiry"
    recycled = valued.part("chances").set_index("state").loc["recycled"]
    assert (recycled["won_leads"], recycled["leads"]) == (2, 10)


def test_a_deal_of_two_leads_counts_once(valued: Result) -> None:
    rows = valued.table.set_index(["list", "lead"])
    assert rows.loc[("no_next_step", "first"), "value"] == 80
    assert ("no_next_step", "second") not in rows.index
    assert rows.loc[("single_threaded", "first"), "reason"] == "none_decides"
    note = valued.note("breaches")
    assert note["deals"] == 2
    assert note["leads"] == 9 + 8  # with the recycled ones that did not come back
    assert note["cases"] == 8 + 8  # first and second are one deal
    each = valued.table[valued.table["list"].isin(["contact_overdue", "recycled_due"])]
    alone = each[each["deal"] != "both"]["expected_value"].sum()
    both = 80 * rows.loc[("no_next_step", "first"), "chance_to_win"]
    assert note["expected_value"] == pytest.approx(alone + both)


def test_the_summary_adds_up_by_team(valued: Result) -> None:
    summary = valued.part("summary")
    contact = summary[summary["list"] == "contact_overdue"].set_index("team")
    assert contact["rows"].to_dict() == {"sales": 7, "sdr": 1}
    assert contact.loc["sdr", "median_over_hours"] == 20
    assert contact.loc["sales", "oldest_due_at"] == pd.Timestamp("2026-10-20 04:00")
    for name, rows in valued.table.groupby("list"):
        parts = summary[summary["list"] == name]
        assert parts["rows"].sum() == len(rows)
        assert parts["expected_value"].sum() == pytest.approx(rows["expected_value"].sum())
    lists = valued.part("lists").set_index("list")
    assert lists.loc["contact_overdue", ["rows", "leads", "deals"]].tolist() == [8, 8, 2]


def test_equally_late_ones_come_by_id(whole: Result) -> None:
    idle = rows_of(whole, "a", "accepted_without_activity")
    assert list(idle.index) == ["before", "idle", "machine", "moved"]
    assert whole.table["value"].dropna().unique().tolist() == [5]  # no deal was ever won


LINKS = """
[links]
lead = "https://crm.example/lead/{id}"
deal = "https://crm.example/deal/{id}?tab=1"
"""


def test_links_lead_to_the_record_without_the_prefix_of_the_system(warehouse_of: Build) -> None:
    tables = {
        "lead": [lead("sf:00Q=1/ä", deal="sf:1"), lead("plain id")],
        "stage_event": opportunities("sf:00Q=1/ä"),
        "deal": [{"deal": "sf:1", "created_at": "2026-10-12", "next_step_on": "2026-10-20"}],
        "activity": [call("old", "2025-01-01")],
    }
    warehouse = warehouse_of(tables, agreement=three_stages(RULES + LINKS), as_of=AS_OF)
    links = fa.breaches(warehouse).table.set_index(["list", "lead"])["link"]
    assert links["contact_overdue", "sf:00Q=1/ä"] == "https://crm.example/lead/00Q%3D1%2F%C3%A4"
    assert links["contact_overdue", "plain id"] == "https://crm.example/lead/plain%20id"
    assert links["no_next_step", "sf:00Q=1/ä"] == "https://crm.example/deal/1?tab=1"


def test_pseudonyms_have_no_link(warehouse: Warehouse) -> None:
    plain = three_stages(RULES + LINKS)
    sealed = parse_agreement(plain.text.replace('ids = "plain"', 'ids = "pseudonym"'), name="s")
    with fa.open_warehouse(warehouse.path, agreement=plain) as opened:
        assert fa.breaches(opened, lists="contact_overdue").table["link"].notna().all()
    with fa.open_warehouse(warehouse.path, agreement=sealed) as opened:
        assert fa.breaches(opened, lists="contact_overdue").table["link"].isna().all()


def test_owners_are_named_only_where_that_was_agreed(warehouse: Warehouse, whole: Result) -> None:
    assert "owner" not in whole.table
    person = three_stages(RULES, minimum_group_size='1\nemployee_level = "person"')
    with fa.open_warehouse(warehouse.path, agreement=person) as opened:
        named = fa.breaches(opened, lists="contact_overdue").table.set_index("lead")["owner"]
    assert named.dropna().to_dict() == {"c_over": "u1"}


def test_lists_that_cannot_be_made_say_what_is_missing(warehouse_of: Build) -> None:
    tables = {"lead": [lead("a")], "stage_event": opportunities("a")}
    built = warehouse_of(tables, agreement=three_stages(RULES), as_of=AS_OF)
    ruled = fa.breaches(built)
    assert ruled.note("lists_missing") == {
        "contact_overdue": "activity",
        "handover_overdue": "handover",
        "accepted_without_activity": "handover",
        "no_next_step": "next_step_on",
        "single_threaded": "deal",
    }
    with fa.open_warehouse(built.path, agreement=three_stages()) as opened:
        unruled = fa.breaches(opened)
    assert set(unruled.note("lists_missing").values()) == {"no_rule"}
    assert not unruled.part("lists")["is_made"].any()
    assert unruled.part("lists")["rows"].isna().all()  # not none: nobody knows
    made = ruled.part("lists").set_index("list").loc["recycled_due"]
    assert (made["is_made"], made["rows"]) == (True, 0)
    assert unruled.table.empty
    assert unruled.part("summary").empty


def test_faults_of_the_call(warehouse: Warehouse, warehouse_of: Build) -> None:
    with pytest.raises(CallError, match=r"no list 'contact'. Did you mean"):
        fa.breaches(warehouse, lists=["contact"])
    with pytest.raises(CallError, match="no attribute"):
        fa.breaches(warehouse, by="colour")
    with pytest.raises(MissingTableError, match="stage_event"):
        fa.breaches(warehouse_of({"lead": [lead("a")]}, as_of=AS_OF))


def test_groups_too_small_to_show_are_one(warehouse: Warehouse) -> None:
    agreement = three_stages(RULES, minimum_group_size="3")
    with fa.open_warehouse(warehouse.path, agreement=agreement) as opened:
        result = fa.breaches(opened, lists="contact_overdue", by="origin")
    shown = rows_of(result, "c", "contact_overdue")["segment"]
    # of the web there are four leads, of fairs two, of partners one
    assert shown.to_dict() == {
        "over": "web", "machine": "web", "called_us": "other_groups", "yesterday": "other_groups",
    }  # fmt: skip
    summary = result.part("summary").dropna(subset="segment").set_index("segment")["rows"]
    assert summary.to_dict() == {"web": 2, "other_groups": 2}
    assert result.note("folded") == {"groups": 2, "leads": 3}
