"""Each check finds the one fault that was planted, and nothing in clean data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from funnel_analytics.agreement import parse_agreement
from funnel_analytics.checks import CHECKS, run_checks
from funnel_analytics.checks.known import agreed_limits
from funnel_analytics.errors import AgreementError, DataError
from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.warehouse import Warehouse, connect, open_warehouse, query_names
from funnel_analytics.wording import Words
from tests.builders import three_stages

WarehouseOf = Callable[..., Warehouse]
Rows = list[dict[str, Any]]
TABLES: dict[str, Rows] = {
    "lead": [
        {"lead": f"l{n}", "created_at": f"2026-{month:02d}-05 10:00", "origin": "inbound",
         "person_key": f"p{n}", "owner": "u", "deal": "d" if n == 0 else None,
         "email": f"hash{n}"}
        for n, month in enumerate((7, 8, 9, 10))
    ],
    "stage_event": [
        {"lead": f"l{n}", "stage": "opportunity", "entered_at": "2026-10-06 10:00"}
        for n in range(4)
    ],
    "activity": [{"activity": "a", "lead": "l0", "happened_at": "2026-07-05 11:00"}],
    "touch": [{"touch": "t", "person_key": "p0", "touched_at": "2026-07-01", "channel": "paid"}],
    "deal": [{"deal": "d", "is_won": True, "created_at": "2026-10-02", "closed_at": "2026-10-09",
              "amount": 5.0}],
    "deal_contact": [{"deal": "d", "lead": "l0"}],
    "spend": [{"spent_on": date(2026, 10, 1), "channel": "paid", "campaign": "c", "amount": 1.0}],
}  # fmt: skip
AGREED = '[channels]\npaid = { side = "marketing", includes = [] }\n'


def report_of(warehouse_of: WarehouseOf, more: str = "", **spoiled: Rows) -> pd.DataFrame:
    """The table of checks, by name, of the clean data with spoiled rows."""
    tables = {name: [*TABLES.get(name, []), *spoiled.get(name, [])] for name in {*TABLES, *spoiled}}
    warehouse = warehouse_of(tables, agreement=three_stages(AGREED + more))
    return run_checks(warehouse).table.set_index("check")


def found(warehouse_of: WarehouseOf, more: str = "", **spoiled: Rows) -> dict[str, tuple[str, int]]:
    table = report_of(warehouse_of, more, **spoiled)
    return {
        str(name): (row["status"], row["offending_rows"])
        for name, row in table.iterrows()
        if row["status"] != "pass"
    }


def with_records(
    warehouse_of: WarehouseOf, tables: Mapping[str, Rows], **records: Rows
) -> pd.DataFrame:
    """The checks of a warehouse whose records of loads are exactly these."""
    built = warehouse_of(tables)
    built.close()
    with connect(built.path, read_only=False) as connection:
        for name, rows in records.items():
            connection.execute(f"delete from {name}")
            connection.register("given", pd.DataFrame(rows))
            connection.execute(f"insert into {name} by name select * from given")
            connection.unregister("given")
    with open_warehouse(built.path) as warehouse:
        return run_checks(warehouse).table.set_index("check")


def test_clean_data_pass_every_check(warehouse_of: WarehouseOf) -> None:
    assert found(warehouse_of) == {}


def test_every_check_has_its_query_and_every_query_its_limits() -> None:
    queries = {name.removeprefix("checks/") for name in query_names("checks")}
    assert set(CHECKS) == queries | {"incomplete_fields"}
    assert list(CHECKS) == sorted(CHECKS)


@pytest.mark.parametrize(
    ("check", "status", "table", "row"),
    [
        ("orphan_stage_events", "fail", "stage_event",
         {"lead": "x", "stage": "won", "entered_at": "2026-10-07"}),
        ("orphan_stage_events", "fail", "stage_event",
         {"deal": "x", "stage": "won", "entered_at": "2026-10-07"}),
        ("orphan_activities", "fail", "activity", {"lead": "x", "happened_at": "2026-10-07"}),
        ("orphan_activities", "fail", "activity", {"deal": "x", "happened_at": "2026-10-07"}),
        ("orphan_handovers", "fail", "handover",
         {"lead": "x", "kind": "reassigned", "handed_at": "2026-10-07"}),
        ("orphan_deal_contacts", "fail", "deal_contact", {"deal": "x", "lead": "l0"}),
        ("orphan_touches", "review", "touch",
         {"touch": "u", "person_key": "x", "touched_at": "2026-10-07", "channel": "paid"}),
        ("orphan_touches", "review", "touch",
         {"touch": "u", "email": "x", "touched_at": "2026-10-07", "channel": "paid"}),
        ("touches_without_person", "review", "touch",
         {"touch": "u", "touched_at": "2026-10-07", "channel": "paid"}),
        ("unmapped_channels", "review", "touch",
         {"touch": "u", "person_key": "p0", "touched_at": "2026-10-07", "channel": "billboard"}),
        ("win_before_creation", "fail", "stage_event",
         {"lead": "l3", "stage": "won", "entered_at": "2026-10-01"}),
        ("entry_before_creation", "fail", "stage_event",
         {"lead": "l3", "stage": "opportunity", "entered_at": "2026-10-01"}),
        ("moved_backwards", "review", "stage_event",
         {"lead": "l3", "stage": "inquiry", "entered_at": "2026-10-08"}),
        ("contact_before_creation", "fail", "activity",
         {"lead": "l3", "happened_at": "2026-10-01"}),
        ("missing_origin", "review", "lead", {"lead": "z", "created_at": "2026-10-07"}),
        ("leads_without_owner", "review", "lead",
         {"lead": "z", "created_at": "2026-10-07", "origin": "inbound"}),
        ("excluded_leads", "review", "lead",
         {"lead": "z", "created_at": "2026-10-07", "origin": "inbound", "is_test": True}),
        ("won_without_amount", "review", "deal",
         {"deal": "e", "is_won": True, "closed_at": "2026-10-09"}),
        ("won_without_close", "review", "deal", {"deal": "e", "is_won": True, "amount": 7.0}),
        ("excluded_deals", "review", "deal",
         {"deal": "e", "is_won": True, "closed_at": "2026-10-09", "is_deleted": True}),
        ("deals_without_lead", "review", "deal", {"deal": "e", "amount": 7.0}),
        ("events_without_meaning", "review", "stage_event",
         {"lead": "l3", "entered_at": "2026-10-08"}),
        ("snapshot_entries", "review", "stage_event",
         {"lead": "l3", "stage": "opportunity", "entered_at": "2026-10-08",
          "provenance": "snapshot_diff"}),
        ("spend_without_campaign", "review", "spend",
         {"spent_on": date(2026, 10, 1), "channel": "paid", "amount": 1.0}),
        ("duplicate_leads", "review", "lead",
         {"lead": "z", "created_at": "2026-10-07", "origin": "inbound", "email": "hash0",
          "owner": "u"}),
    ],
)  # fmt: skip
def test_one_planted_fault_is_found(
    warehouse_of: WarehouseOf, check: str, status: str, table: str, row: dict[str, Any]
) -> None:
    assert found(warehouse_of, **{table: [row]})[check] == (status, 1)


def test_what_names_a_contact_or_a_deal_of_a_lead_is_no_orphan(warehouse_of: WarehouseOf) -> None:
    got = found(
        warehouse_of,
        contact=[{"contact": "k", "lead": "l1"}],
        stage_event=[{"deal": "d", "stage": "won", "entered_at": "2026-10-09"}],
        activity=[
            {"lead": "k", "happened_at": "2026-10-07"},
            {"deal": "d", "happened_at": "2026-10-07"},
        ],
        touch=[
            {"touch": f"u-{value}-{key}", key: value, "touched_at": "2026-10-07", "channel": "paid"}
            for key, value in (("contact", "k"), ("lead", "l1"), ("lead", "k"), ("email", "hash1"))
        ],
    )
    assert not [name for name in got if name.startswith("orphan_")]


def test_a_visitor_alone_is_neither_nobody_nor_an_orphan(warehouse_of: WarehouseOf) -> None:
    visit = {"touch": "u", "visitor": "v", "touched_at": "2026-10-07", "channel": "paid"}
    got = found(warehouse_of, touch=[visit])
    assert "orphan_touches" not in got
    assert "touches_without_person" not in got


def test_spend_of_nothing_needs_no_campaign(warehouse_of: WarehouseOf) -> None:
    nothing = {"spent_on": date(2026, 10, 1), "channel": "paid", "amount": 0.0}
    row = report_of(warehouse_of, spend=[nothing]).loc["spend_without_campaign"]
    assert (row["offending_rows"], row["of_rows"]) == (0, 1)


def test_deals_without_a_contact_are_judged_only_where_contacts_were_loaded(
    warehouse_of: WarehouseOf,
) -> None:
    # d has a contact, e to h have none: one of five is the usual limit, two of six are above.
    deals = [{"deal": name} for name in "e"]
    assert report_of(warehouse_of, deal=deals).loc["deals_without_contact", "status"] == "review"
    contacts = [{"deal": name, "lead": "l0"} for name in ("f", "g", "h")]
    deals = [{"deal": name} for name in ("e", "f", "g", "h")]
    row = report_of(warehouse_of, deal=deals, deal_contact=contacts).loc["deals_without_contact"]
    assert (row["offending_rows"], row["of_rows"], row["status"]) == (1, 5, "pass")
    assert row["share"] == row["limit"] == 0.2
    gone = [*deals, {"deal": "i", "is_deleted": True}]
    table = report_of(warehouse_of, deal=gone, deal_contact=contacts)
    assert list(table.loc[["deals_without_contact", "deals_without_lead"], "of_rows"]) == [5, 5]
    bare = {name: rows for name, rows in TABLES.items() if name != "deal_contact"}
    table = run_checks(warehouse_of(bare)).table.set_index("check")
    assert table.loc["deals_without_contact", "of_rows"] == 0


def test_stamps_of_one_record_lie_in_order(warehouse_of: WarehouseOf) -> None:
    closes = {
        "same instant": ("2026-10-02 08:00", False),
        "second before": ("2026-10-02 07:59:59", False),
        "same day": ("2026-10-01 22:00", True),  # 2 October in Berlin, known as a day only
        "day before": ("2026-09-30 22:00", True),
    }
    deals = [
        {"deal": name, "created_at": "2026-10-02 08:00", "closed_at": closed,
         "closed_at_is_day": is_day}
        for name, (closed, is_day) in closes.items()
    ]  # fmt: skip
    row = report_of(warehouse_of, deal=deals).loc["stamps_out_of_order"]
    assert (row["offending_rows"], row["of_rows"], row["status"]) == (2, 5, "fail")
    assert row["examples"] == (
        {"id": "day before", "table_name": "deal"},
        {"id": "second before", "table_name": "deal"},
    )


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("handover", {"lead": "l0", "kind": "reassigned", "handed_at": "2026-10-07",
                      "accepted_at": "2026-10-06"}),
        ("handover", {"lead": "l0", "kind": "reassigned", "handed_at": "2026-10-07",
                      "rejected_at": "2026-10-06"}),
        ("lead", {"lead": "z", "created_at": "2026-10-07", "converted_at": "2026-10-06"}),
        ("campaign", {"campaign": "c", "started_on": date(2026, 10, 7),
                      "ended_on": date(2026, 10, 6)}),
    ],
)  # fmt: skip
def test_every_pair_of_stamps_is_looked_at(
    warehouse_of: WarehouseOf, table: str, row: dict[str, Any]
) -> None:
    got = report_of(warehouse_of, **{table: [row]}).loc["stamps_out_of_order"]
    assert (got["offending_rows"], got["of_rows"]) == (1, 2)


def test_entries_follow_their_own_numbers(warehouse_of: WarehouseOf) -> None:
    events = [
        {"lead": "l3", "seq": 1, "stage": "opportunity", "entered_at": "2026-10-08 10:00"},
        {"lead": "l3", "seq": 2, "stage": "won", "entered_at": "2026-10-08 10:00"},
        {"lead": "l3", "seq": 3, "status": "lost", "entered_at": "2026-10-08 09:59"},
    ]
    got = report_of(warehouse_of, stage_event=events).loc["stamps_out_of_order"]
    assert (got["offending_rows"], got["of_rows"]) == (1, 3)


def test_touches_of_a_customer_come_after_the_last_win(warehouse_of: WarehouseOf) -> None:
    # p3 ── lead l3 won 9 October 10:00 ── touched then, and a second later
    # p2 ── lead l2 not won ── touched later all the same
    won = {"lead": "l3", "stage": "won", "entered_at": "2026-10-09 10:00"}
    touches = [
        {"touch": "u", "person_key": "p3", "touched_at": "2026-10-09 10:00", "channel": "paid"},
        {"touch": "v", "person_key": "p3", "touched_at": "2026-10-09 10:00:01", "channel": "paid"},
        {"touch": "w", "person_key": "p2", "touched_at": "2026-10-10", "channel": "paid"},
    ]
    row = report_of(warehouse_of, stage_event=[won], touch=touches).loc["touches_after_conversion"]
    assert (row["offending_rows"], row["of_rows"], row["status"]) == (1, 4, "review")
    assert row["examples"] == ({"id": "v"},)
    again = {"lead": "z", "created_at": "2026-10-09", "origin": "inbound", "person_key": "p3"}
    row = report_of(warehouse_of, stage_event=[won], touch=touches, lead=[again])
    assert row.loc["touches_after_conversion", "offending_rows"] == 0


def days(first: str, counts: list[int], *, every: int = 7) -> Rows:
    """Leads at noon, so many on the first day, so many a week later, and so on."""
    start = date.fromisoformat(first)
    return [
        {"lead": f"d{week}-{number}", "created_at": f"{start + timedelta(days=every * week)} 12:00"}
        for week, count in enumerate(counts)
        for number in range(count)
    ]


def falls(warehouse_of: WarehouseOf, leads: Rows, more: str = "", as_of: str = "") -> pd.Series:
    until = {"as_of": as_of} if as_of else {}
    warehouse = warehouse_of({"lead": leads}, agreement=three_stages(more), **until)
    return run_checks(warehouse).table.set_index("check").loc["sudden_falls"]


@pytest.mark.parametrize(("usual", "offending"), [(8, 1), (7, 0)])
def test_a_day_without_leads_after_eight_good_ones_is_a_fall(
    warehouse_of: WarehouseOf, usual: int, offending: int
) -> None:
    # Mondays from 4 May: eight of them with 8 leads; then none. 2 sqrt(8.375) - 2 sqrt(0.375) is
    # 4.56, and the limit 4 * 1.094 = 4.38; with 7 leads it is 4.21.
    leads = days("2026-05-04", [usual] * 8 + [0] + [usual])
    row = falls(warehouse_of, leads, as_of="2026-07-06 22:00")
    assert row["offending_rows"] == offending
    if offending:
        assert row["examples"] == (
            {"table_name": "lead", "day": date(2026, 6, 29), "found_rows": 0, "usual_rows": 8.0},
        )


def test_seven_days_before_are_too_few_to_judge(warehouse_of: WarehouseOf) -> None:
    leads = days("2026-05-04", [20] * 7 + [0, 20])
    row = falls(warehouse_of, leads, as_of="2026-06-29 22:00")
    assert row["offending_rows"] == 0
    # Only the ninth Monday, 29 June, has eight before it; no other weekday has as many.
    assert row["of_rows"] == 1


def test_one_outage_does_not_hide_the_next(warehouse_of: WarehouseOf) -> None:
    leads = days("2026-05-04", [20] * 8 + [0, 0, 20])
    assert falls(warehouse_of, leads, as_of="2026-07-14")["offending_rows"] == 2


def test_counts_that_always_vary_do_not_fall_suddenly(warehouse_of: WarehouseOf) -> None:
    leads = days("2026-05-04", [5, 60, 10, 50, 5, 70, 10, 40, 3, 40])
    assert falls(warehouse_of, leads, as_of="2026-07-14")["offending_rows"] == 0


def test_a_day_that_is_not_over_is_not_judged(warehouse_of: WarehouseOf) -> None:
    # The ninth Monday, 29 June, has no lead yet; in Berlin it ends at 22:00 UTC.
    leads = days("2026-05-04", [20] * 8)
    assert falls(warehouse_of, leads, as_of="2026-06-29 21:59")["offending_rows"] == 0
    assert falls(warehouse_of, leads, as_of="2026-06-29 22:00")["offending_rows"] == 1


WORKING = """
[working_time]
holidays = { also = [%s] }
monday = ["09:00-17:00"]
tuesday = ["09:00-17:00"]
"""


def test_days_off_are_no_falls(warehouse_of: WarehouseOf) -> None:
    leads = days("2026-05-04", [20] * 8 + [0, 20])
    as_of = "2026-07-14"
    assert falls(warehouse_of, leads, WORKING % "2026-12-24", as_of)["offending_rows"] == 2
    row = falls(warehouse_of, leads, WORKING % "2026-06-29, 2026-07-13", as_of)
    assert row["offending_rows"] == 0
    wednesdays = days("2026-05-06", [20] * 8 + [0, 20])
    assert falls(warehouse_of, wednesdays, WORKING % "2026-12-24", as_of)["offending_rows"] == 0


def log(load_no: int, exported_at: str, table: str = "lead", **more: Any) -> dict[str, Any]:
    usual = {"load_no": load_no, "file": f"f{load_no}.csv", "table_name": table, "system": "sf",
             "pattern": "leads*", "rows_read": 10, "rows_loaded": 10}  # fmt: skip
    instant = {"exported_at": datetime.fromisoformat(exported_at), "exported_at_source": "given"}
    return usual | instant | more


LEAD = {"lead": [{"lead": "a", "created_at": "2026-10-05 10:00"}]}


@pytest.mark.parametrize(
    ("exported", "status"), [("2026-10-25 00:00", "pass"), ("2026-10-24 23:59", "review")]
)
def test_an_export_older_than_a_week_is_stale(
    warehouse_of: WarehouseOf, exported: str, status: str
) -> None:
    rows = [log(1, "2026-11-01"), log(2, exported, "touch", system="ga")]
    row = with_records(warehouse_of, LEAD, load_log=rows).loc["stale_exports"]
    assert (row["status"], row["of_rows"], row["limit"]) == (status, 2, 7.0)
    assert row["offending_rows"] == (1 if status == "review" else 0)


def test_only_the_newest_export_counts_and_an_inferred_instant_is_the_systems(
    warehouse_of: WarehouseOf,
) -> None:
    last_day = "end of the last day in the file"
    rows = [
        log(1, "2026-11-01"),
        log(2, "2026-06-01"),
        log(3, "2026-06-01", "deal", exported_at_source=last_day),
        log(4, "2026-01-01", "target"),
    ]
    row = with_records(warehouse_of, LEAD, load_log=rows).loc["stale_exports"]
    assert (row["offending_rows"], row["of_rows"]) == (0, 2)
    rows[2] = log(3, "2026-06-01", "deal")
    row = with_records(warehouse_of, LEAD, load_log=rows).loc["stale_exports"]
    assert (row["offending_rows"], row["of_rows"]) == (1, 2)
    assert row["examples"] == (
        {"system": "sf", "table_name": "deal", "exported_at": datetime(2026, 6, 1)},
    )


def test_a_total_may_differ_by_rounding(warehouse_of: WarehouseOf) -> None:
    # Half a unit is rounding, up or down; probabilities do not add up; no row read adds up to 0.
    stated = {"a": 100.5, "b": 100.51, "c": 99.5, "d": 99.49, "probability": 7.0}
    usual = {"load_no": 1, "line": 9, "table_name": "spend", "added_up": 100.0}
    totals = [usual | {"column_name": name, "stated": each} for name, each in stated.items()]
    totals.append(usual | {"column_name": "e", "stated": 0.6, "added_up": None})
    table = with_records(warehouse_of, LEAD, load_log=[log(1, "2026-11-01")], stated_total=totals)
    row = table.loc["stated_totals"]
    assert (row["offending_rows"], row["of_rows"], row["status"]) == (3, 5, "fail")
    assert [each["field"] for each in row["examples"]] == ["b", "d", "e"]
    assert row["examples"][0] == {
        "file": "f1.csv", "field": "b", "stated": 100.51, "unread": None, "added_up": 100.0
    }  # fmt: skip


def test_leads_that_the_newest_export_should_hold_have_vanished(warehouse_of: WarehouseOf) -> None:
    # October's export reaches back to 5 August 10:00: of the older leads, the one of that instant
    # has vanished, the one a second older has not, and neither have deleted and merged ones.
    leads = [
        {"lead": "new", "created_at": "2026-08-05 10:00"},
        {"lead": "gone", "created_at": "2026-08-05 10:00"},
        {"lead": "older", "created_at": "2026-08-05 09:59:59"},
        {"lead": "deleted", "created_at": "2026-09-05", "is_deleted": True},
        {"lead": "merged", "created_at": "2026-09-05", "merged_into": "new"},
    ]
    built = warehouse_of({"lead": leads})
    built.close()
    with connect(built.path, read_only=False) as connection:
        connection.execute("update lead set load_no = case when lead = 'new' then 2 else 1 end")
        connection.execute("delete from load_log")
        rows = [log(1, "2026-10-01"), log(2, "2026-11-01")]
        connection.register("given", pd.DataFrame(rows))
        connection.execute("insert into load_log by name select * from given")
    with open_warehouse(built.path) as warehouse:
        row = run_checks(warehouse).table.set_index("check").loc["vanished_leads"]
    assert (row["offending_rows"], row["of_rows"]) == (1, 2)
    assert row["examples"] == ({"id": "gone"},)


def test_files_of_one_day_are_parts_of_one_export(warehouse_of: WarehouseOf) -> None:
    rows = [log(1, "2026-11-01"), log(2, "2026-11-01")]
    assert with_records(warehouse_of, LEAD, load_log=rows).loc["vanished_leads", "of_rows"] == 0


def test_a_file_that_feeds_two_tables_is_read_once(warehouse_of: WarehouseOf) -> None:
    # 10 records, of which line 4 has a fault in both tables and line 7 in one.
    rows = [
        log(1, "2026-11-01", file="f.csv", sha256="x"),
        log(2, "2026-11-01", "stage_event", file="f.csv", sha256="x"),
    ]
    fault = {"file": "f.csv", "reason": "is no number"}
    faults = [
        fault | {"load_no": 1, "line": 4},
        fault | {"load_no": 2, "line": 4},
        fault | {"load_no": 2, "line": 7},
    ]
    table = with_records(warehouse_of, LEAD, load_log=rows, quarantine=faults)
    row = table.loc["quarantined_rows"]
    assert (row["offending_rows"], row["of_rows"]) == (2, 10)
    assert row["examples"] == ({"file": "f.csv", "line": 4}, {"file": "f.csv", "line": 7})


@pytest.mark.parametrize(("rated_on", "status"), [(5, "pass"), (4, "review")])
def test_amounts_converted_by_a_rate_of_five_days_before_are_seen(
    warehouse_of: WarehouseOf, rated_on: int, status: str
) -> None:
    tables = {
        "lead": [{"lead": "a", "created_at": "2026-10-05"}],
        "deal": [
            {"deal": "d", "is_won": True, "closed_at": "2026-10-09", "amount": 5.0,
             "currency": "USD"},
            {"deal": "e", "is_won": True, "closed_at": "2026-10-09", "amount": 5.0,
             "currency": "EUR"},
        ],
        "exchange_rate": [
            {"rated_on": date(2026, 10, rated_on), "base": "EUR", "currency": "USD", "rate": 1.1}
        ],
    }  # fmt: skip
    row = run_checks(warehouse_of(tables)).table.set_index("check").loc["converted_amounts"]
    assert (row["status"], row["of_rows"], row["limit"]) == (status, 1, 4.0)
    expected = {"currency": "USD", "day": date(2026, 10, 9), "age_days": 5}
    assert row["examples"] == ((expected,) if status == "review" else ())


def test_an_address_of_two_contacts_is_a_conflict(warehouse_of: WarehouseOf) -> None:
    lead = {"created_at": "2026-10-05", "email": "same"}
    tables = {
        "lead": [{"lead": "a", "account": "x", **lead}, {"lead": "b", "account": "y", **lead}]
    }
    table = run_checks(warehouse_of(tables)).table.set_index("check")
    row = table.loc["identity_conflicts"]
    assert (row["status"], row["offending_rows"]) == ("review", 1)
    assert row["examples"] == ({"rule": "email", "found": 1},)
    row = table.loc["duplicate_leads"]
    assert (row["offending_rows"], row["of_rows"]) == (1, 2)
    assert row["examples"] == ({"id": "a", "leads": 2},)
    merging = three_stages('[identity]\nmerge_leads_by = ["email"]')
    table = run_checks(warehouse_of(tables, agreement=merging)).table.set_index("check")
    assert table.loc["duplicate_leads", "offending_rows"] == 0


def test_a_skipped_stage_is_found(warehouse_of: WarehouseOf) -> None:
    more = {"lead": "s", "created_at": "2026-10-05", "origin": "inbound"}
    won = {"lead": "s", "stage": "won", "entered_at": "2026-10-06"}
    assert found(warehouse_of, lead=[more], stage_event=[won])["skipped_stages"] == ("review", 1)


def test_a_stage_that_no_source_records_is_a_check_and_a_note(warehouse_of: WarehouseOf) -> None:
    # Two leads won, nobody was ever recorded as an opportunity: not two leads that skipped it.
    tables = {
        "lead": [{"lead": each, "created_at": "2026-10-05"} for each in "abc"],
        "stage_event": [
            {"lead": each, "stage": "won", "entered_at": "2026-10-06"} for each in "ab"
        ],
    }
    warehouse = warehouse_of(tables)
    table = run_checks(warehouse).table.set_index("check")
    row = table.loc["stages_never_recorded"]
    assert (row["status"], row["offending_rows"], row["of_rows"]) == ("review", 1, 3)
    assert row["examples"] == ({"stage": "opportunity", "leads": 2},)
    assert table.loc["skipped_stages", "offending_rows"] == 0
    ordered = stage_conversion(warehouse, mode="ordered")
    assert ordered.note("never_recorded") == {"stages": ["opportunity"]}
    assert any("Opportunity was never recorded" in each for each in Words("en").notes(ordered))
    assert any("Opportunity wurde nie erfasst" in each for each in Words("de").notes(ordered))
    assert stage_conversion(warehouse).note("never_recorded") == {}


def test_a_touch_without_channel_is_judged_by_that_of_its_campaign(
    warehouse_of: WarehouseOf,
) -> None:
    touch = {"touch": "u", "person_key": "p0", "touched_at": "2026-10-07", "campaign": "fair"}
    campaign = {"campaign": "fair", "channel": "stand"}
    row = report_of(warehouse_of, touch=[touch], campaign=[campaign]).loc["unmapped_channels"]
    assert row["examples"] == ({"channel": "stand", "found_rows": 1},)


def test_steps_of_one_day_move_nobody_back(warehouse_of: WarehouseOf) -> None:
    # Berlin's 8 October begins at 22:00 UTC on the 7th: a win of which only the day is known may
    # have come after the opportunity of that noon, but not after one of the 9th.
    late = {"lead": "l3", "stage": "won", "entered_at": "2026-10-07 22:00"}
    again = {"lead": "l3", "stage": "opportunity", "entered_at": "2026-10-08 10:00"}
    for is_day, moved in ((True, 0), (False, 1)):
        spoiled = [late | {"entered_at_is_day": is_day}, again]
        got = found(warehouse_of, stage_event=spoiled).get("moved_backwards", ("pass", 0))
        assert got[1] == moved, is_day
    after = again | {"entered_at": "2026-10-08 22:00"}
    spoiled = [late | {"entered_at_is_day": True}, after]
    assert found(warehouse_of, stage_event=spoiled)["moved_backwards"] == ("review", 1)


def test_the_added_first_entry_moves_nobody_back(warehouse_of: WarehouseOf) -> None:
    # An opportunity on the day before the creation is a fault of its own.
    early = {"lead": "l3", "stage": "opportunity", "entered_at": "2026-10-01 10:00"}
    got = found(warehouse_of, stage_event=[early])
    assert "moved_backwards" not in got
    assert got["entry_before_creation"][1] == 1


def test_a_person_of_a_deal_that_does_not_count_is_known_all_the_same(
    warehouse_of: WarehouseOf,
) -> None:
    test_lead = {
        "lead": "z",
        "created_at": "2026-10-07",
        "origin": "inbound",
        "is_test": True,
        "deal": "e",
    }
    deal = {"deal": "e", "is_won": True, "created_at": "2026-10-08", "closed_at": "2026-10-09",
            "amount": 5.0}  # fmt: skip
    touch = {"touch": "u", "person_key": "x", "touched_at": "2026-10-07", "channel": "paid"}
    got = found(
        warehouse_of,
        lead=[test_lead],
        deal=[deal],
        deal_contact=[{"deal": "e", "person_key": "x"}],
        touch=[touch],
    )
    assert got == {"excluded_leads": ("review", 1), "excluded_deals": ("review", 1)}


def test_months_without_leads_are_counted(warehouse_of: WarehouseOf) -> None:
    early = {"lead": "e", "created_at": "2026-04-05", "origin": "inbound"}
    assert found(warehouse_of, lead=[early])["months_without_leads"] == ("review", 2)


def test_a_declared_start_of_the_data_names_its_day(warehouse_of: WarehouseOf) -> None:
    declared = three_stages(AGREED).text.replace(
        'name = "won"', 'name = "won"\nobserved_from = 2026-08-15'
    )
    # Leads of 5 July and 5 August were created before 15 August.
    warehouse = warehouse_of(TABLES, agreement=parse_agreement(declared, name="declared"))
    row = run_checks(warehouse).table.set_index("check").loc["left_truncation"]
    assert (row["status"], row["offending_rows"]) == ("review", 2)
    assert {"stage": "won", "day": date(2026, 8, 15)} in row["examples"]


def test_an_undeclared_start_of_the_data_is_conspicuous(warehouse_of: WarehouseOf) -> None:
    # Leads since 1 January, no win before June, yet half of the wins come within a day.
    leads = [{"lead": "old", "created_at": "2026-01-01", "origin": "inbound"}] + [
        {"lead": f"n{day}", "created_at": f"2026-06-{day:02d} 08:00", "origin": "inbound"}
        for day in range(1, 6)
    ]
    wins = [
        {"lead": f"n{day}", "stage": "won", "entered_at": f"2026-06-{day:02d} 20:00"}
        for day in range(1, 6)
    ]
    row = run_checks(warehouse_of({"lead": leads, "stage_event": wins})).table
    row = row.set_index("check").loc["left_truncation"]
    assert row["offending_rows"] == 2
    assert row["examples"] == ({"stage": "won", "day": date(2026, 6, 1)},)


def test_a_failed_check_raises_with_its_counts(warehouse_of: WarehouseOf) -> None:
    tables = {**TABLES, "activity": [{"lead": "x", "happened_at": "2026-10-07"}]}
    report = run_checks(warehouse_of(tables))
    with pytest.raises(DataError, match=r"orphan_activities: 1 of 1 \(x\)"):
        report.raise_if_failed()
    assert report.failed == ("orphan_activities",)


ORIGINS = [{"lead": f"m{n}", "created_at": "2026-10-07", "owner": "u"} for n in range(4)]


def test_the_agreement_sets_limits(warehouse_of: WarehouseOf) -> None:
    built = warehouse_of({**TABLES, "lead": [*TABLES["lead"], *ORIGINS]})
    for limits, status, limit in (
        ("", "review", 0.0),
        ("review_above = 0.5", "pass", 0.5),  # exactly half of eight leads
        ("review_above = 0.49", "review", 0.49),
        ("fail_above = 0.5", "review", 0.0),
        ("fail_above = 0.49", "fail", 0.49),
        ("review_above = 0.1\nfail_above = 0.2", "fail", 0.2),
    ):
        more = f"[checks.missing_origin]\n{limits}" if limits else ""
        with open_warehouse(built.path, agreement=three_stages(AGREED + more)) as warehouse:
            row = run_checks(warehouse).table.set_index("check").loc["missing_origin"]
        assert (row["share"], row["status"], row["limit"]) == (0.5, status, limit), limits


def test_an_agreed_limit_overrides_a_usual_one_that_contradicts_it() -> None:
    agreed = "[checks.orphan_activities]\nreview_above = 0.1\n"
    check = agreed_limits(three_stages(agreed))["orphan_activities"]
    assert (check.review_above, check.fail_above) == (0.1, 0.1)
    agreed = "[checks.deals_without_contact]\nfail_above = 0.1\n"
    check = agreed_limits(three_stages(agreed))["deals_without_contact"]
    assert (check.review_above, check.fail_above) == (0.1, 0.1)


def test_limits_of_unknown_checks_and_shares_above_1_are_refused_at_once(
    warehouse_of: WarehouseOf,
) -> None:
    agreed = """
    [checks.leads_without_onwer]
    review_above = 0.1
    [checks.missing_origin]
    review_above = 20
    [checks.stale_exports]
    review_above = 20
    """
    warehouse = warehouse_of(TABLES, agreement=three_stages(agreed))
    with pytest.raises(AgreementError) as caught:
        run_checks(warehouse)
    said = str(caught.value)
    assert (
        "leads_without_onwer: there is no such check. Did you mean 'leads_without_owner'?" in said
    )
    assert "checks.missing_origin.review_above: 20 is no share" in said
    assert "checks.stale_exports" not in said


def test_a_limit_in_days_fails_by_days(warehouse_of: WarehouseOf) -> None:
    agreed = three_stages("[checks.stale_exports]\nreview_above = 2\nfail_above = 3")
    check = agreed_limits(agreed)["stale_exports"]
    assert (check.measure, check.review_above, check.fail_above) == ("days", 2, 3)


PEOPLE = [
    {"person": f"{team}{n}", "team": team}
    for team, size in (("marketing", 2), ("sdr", 3), ("sales", 5))
    for n in range(size)
]


def owned(*teams: str) -> dict[str, Rows]:
    """A lead per person of the teams; those of marketing have no origin."""
    leads = [
        {"lead": f"of {each['person']}", "created_at": "2026-10-05", "owner": each["person"],
         "origin": None if each["team"] == "marketing" else "inbound"}
        for each in PEOPLE
        if each["team"] in teams
    ]  # fmt: skip
    return {"person": PEOPLE, "lead": leads}


def filled(warehouse_of: WarehouseOf, tables: dict[str, Rows], size: int, more: str = "") -> Rows:
    agreement = three_stages(more, minimum_group_size=str(size))
    report = run_checks(warehouse_of(tables, agreement=agreement))
    assert report.completeness is not None
    table = report.completeness.table
    return table[table["field"] == "origin"].to_dict("records")


def shown(rows: Rows) -> list[tuple[Any, ...]]:
    return [
        (None if pd.isna(row["team"]) else row["team"], row["is_total"], row["is_folded"],
         row["filled_rows"], row["of_rows"])
        for row in rows
    ]  # fmt: skip


def test_completeness_is_told_by_field_and_team(warehouse_of: WarehouseOf) -> None:
    tables = owned("marketing", "sdr", "sales")
    tables["lead"] = [*tables["lead"], {"lead": "nobody's", "created_at": "2026-10-05"}]
    rows = filled(warehouse_of, tables, 2)
    assert shown(rows) == [
        (None, True, False, 8, 11),
        ("marketing", False, False, 0, 2),
        ("sales", False, False, 5, 5),
        ("sdr", False, False, 3, 3),
        (None, False, False, 0, 1),
    ]
    assert rows[0]["share"] == pytest.approx(8 / 11)


def test_small_teams_are_told_of_together(warehouse_of: WarehouseOf) -> None:
    tables = owned("marketing", "sdr", "sales")
    # With at least three people, marketing's two are joined by the next smallest team.
    assert shown(filled(warehouse_of, tables, 3)) == [
        (None, True, False, 8, 10),
        ("sales", False, False, 5, 5),
        (None, False, True, 3, 5),
    ]
    # Marketing's two and the SDR's three are six people together only with sales's.
    assert shown(filled(warehouse_of, tables, 6)) == [
        (None, True, False, 8, 10),
        (None, False, True, 8, 10),
    ]
    # Where there are no others to join, there is only the total.
    assert shown(filled(warehouse_of, owned("sdr"), 4)) == [(None, True, False, 3, 3)]


def test_the_agreement_may_show_every_team(warehouse_of: WarehouseOf) -> None:
    tables = owned("marketing", "sales")
    agreement = three_stages("", minimum_group_size="5")
    text = agreement.text.replace(
        "minimum_group_size", 'employee_level = "team"\nminimum_group_size'
    )
    report = run_checks(warehouse_of(tables, agreement=parse_agreement(text)))
    assert report.completeness is not None
    table = report.completeness.table
    assert {"marketing", "sales"} <= set(table["team"].dropna())


def test_a_field_is_asked_for_only_where_it_is_due(warehouse_of: WarehouseOf) -> None:
    deals = [
        {"deal": "won", "is_won": True, "closed_at": "2026-10-05"},
        {"deal": "lost", "is_won": False, "closed_at": "2026-10-05", "lost_reason": "price"},
        {"deal": "lost too", "is_won": False},
        {"deal": "open"},
        {"deal": "deleted", "is_won": False, "is_deleted": True},
    ]
    report = run_checks(warehouse_of({"lead": LEAD["lead"], "deal": deals}))
    assert report.completeness is not None
    table = report.completeness.table.set_index("field")
    assert tuple(table.loc["lost_reason", ["filled_rows", "of_rows"]]) == (1, 2)
    assert tuple(table.loc["closed_at", ["filled_rows", "of_rows"]]) == (2, 3)
    assert "product" not in table.index  # no loaded file has it


@pytest.mark.parametrize(("filled_leads", "status"), [(4, "pass"), (3, "review")])
def test_a_field_missing_in_more_than_a_fifth_of_the_rows_has_gaps(
    warehouse_of: WarehouseOf, filled_leads: int, status: str
) -> None:
    leads = [
        {"lead": f"l{n}", "created_at": "2026-10-05",
         "origin": "inbound" if n < filled_leads else None}
        for n in range(5)
    ]  # fmt: skip
    row = run_checks(warehouse_of({"lead": leads})).table.set_index("check")
    row = row.loc["incomplete_fields"]
    assert (row["status"], row["of_rows"], row["limit"]) == (status, 1, 0.2)
    assert row["offending_rows"] == (1 if status == "review" else 0)
    if status == "review":
        assert row["examples"] == ({"table_name": "lead", "field": "origin", "share": 0.6},)
