"""The preset for Pipedrive: languages, deals as leads, and stages from two dated exports."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics import stage_conversion
from funnel_analytics.periods import month
from funnel_analytics.sources.preset import load_preset
from tests.sources.crm_exports import CrmExports

# Deal, value, stage, status, created, last stage change, won, lost (times of Berlin in summer).
Deal = tuple[str, str, str, str, str, str, str, str]
WON, LOST, CHANGED = "2026-09-20 14:30:00", "2026-09-18 09:00:00", "2026-09-15 11:00:00"
DEALS: list[Deal] = [
    ("1", "1234.50", "Proposal Made", "Won", "2026-09-01 10:00:00", CHANGED, WON, ""),
    ("2", "99", "Contact Made", "Lost", "2026-09-02 10:00:00", "", "", LOST),
    ("3", "500", "Demo Scheduled", "Open", "2026-09-03 10:00:00", "2026-09-16 08:00:00", "", ""),
]
ENGLISH = (
    "Deal - ID",
    "Deal - Value",
    "Deal - Stage",
    "Deal - Status",
    "Deal - Deal created",
    "Deal - Last stage change",
    "Deal - Won time",
    "Deal - Lost time",
)
GERMAN = (
    "Deal - ID",
    "Deal - Wert",
    "Deal - Phase",
    "Deal - Status",
    "Deal - Deal erstellt",
    "Deal - Letzte Phasenänderung",
    "Deal - Datum des gewonnenen Deals",
    "Deal - Datum des verlorenen Deals",
)
API = (
    "id",
    "value",
    "stage_name",
    "status",
    "add_time",
    "stage_change_time",
    "won_time",
    "lost_time",
)
STATUSES = {"Open": "Offen", "Won": "Gewonnen", "Lost": "Verloren"}


def english(deals: list[Deal]) -> list[dict[str, str]]:
    return [
        dict(zip(ENGLISH, deal, strict=True))
        | {
            "Deal - Title": "Anlage für Erika",
            "Deal - Owner": "Petra Muster",
            "Deal - Currency of Value": "EUR",
            "Deal - Organization": "Beispiel GmbH",
            "Deal - Probability": "40",
            "Deal - Lost reason": "Preis" if deal[3] == "Lost" else "",
        }
        for deal in deals
    ]


def german(deals: list[Deal]) -> list[dict[str, str]]:
    return [
        dict(zip(GERMAN, deal, strict=True))
        | {
            "Deal - Wert": deal[1].replace(".", ","),
            "Deal - Status": STATUSES[deal[3]],
            "Deal - Titel": "Anlage für Erika",
            "Deal - Besitzer": "Petra Muster",
            "Deal - Währung": "EUR",
            "Deal - Organisation": "Beispiel GmbH",
            "Deal - Wahrscheinlichkeit": "40",
            "Deal - Verlustgrund": "Preis" if deal[3] == "Lost" else "",
        }
        for deal in deals
    ]


def utc(local: str) -> str:
    """Two hours less: a clock of Berlin in September, read in UTC."""
    return f"{local[:11]}{int(local[11:13]) - 2:02d}{local[13:]}" if local else ""


def api(deals: list[Deal]) -> list[dict[str, str]]:
    return [
        dict(zip(API, (*deal[:3], deal[3].lower(), *map(utc, deal[4:])), strict=True))
        | {
            "currency": "EUR",
            "probability": "40",
            "lost_reason": "Preis" if deal[3] == "Lost" else "",
        }
        for deal in deals
    ]


def load(folder: Path, form: str, deals: list[Deal] = DEALS) -> CrmExports:
    exports = CrmExports(folder / form, "pipedrive")
    name = "deals_2026-09-30.csv"
    if form == "german":
        exports.write(name, german(deals), delimiter=";", encoding="utf-8-sig")
    else:
        exports.write(name, {"english": english, "api": api}[form](deals))
    exports.load()
    return exports


@pytest.mark.parametrize(
    ("form", "column"),
    [
        ("english", "Deal - Next activity date"),
        ("german", "Deal - Nächste Aktivität am"),
        ("german", "Deal - Datum der nächsten Aktivität"),
        ("api", "next_activity_date"),
    ],
)
def test_the_next_activity_is_the_next_step_of_deal_and_lead(
    tmp_path: Path, form: str, column: str
) -> None:
    rows = {"english": english, "german": german, "api": api}[form](DEALS[:1])
    exports = CrmExports(tmp_path, "pipedrive")
    exports.write("deals_2026-09-30.csv", [rows[0] | {column: "2026-12-24"}])
    exports.load()
    for table in ("lead", "deal"):
        assert exports.rows(f"select next_step_on from {table}") == [(date(2026, 12, 24),)]


FACTS = {
    "lead": "lead, deal, created_at, is_deleted",
    "deal": "deal, amount, currency, created_at, closed_at, is_won, probability, lost_reason",
    "stage_event": "deal, entered_at, stage, status, provenance",
}


@pytest.mark.parametrize("form", ["german", "api"])
def test_every_form_of_export_gives_the_same_rows(tmp_path: Path, form: str) -> None:
    one, other = load(tmp_path, "english"), load(tmp_path, form)
    for table, columns in FACTS.items():
        text = f"select {columns} from {table} order by all"
        assert one.rows(text) == other.rows(text) != []


def test_a_deal_is_a_lead_with_its_outcome_and_its_last_stage(tmp_path: Path) -> None:
    exports = load(tmp_path, "english")
    assert exports.rows("select deal, amount, is_won, closed_at, probability from deal") == [
        ("pd:1", 1234.5, True, datetime(2026, 9, 20, 12, 30), 0.4),
        ("pd:2", 99.0, False, datetime(2026, 9, 18, 7), 0.4),
        ("pd:3", 500.0, None, None, 0.4),
    ]
    assert exports.rows(
        "select deal, entered_at, coalesce(stage, status), provenance from stage_event order by all"
    ) == [
        ("pd:1", datetime(2026, 9, 15, 9), "opportunity", "date_field"),
        ("pd:1", datetime(2026, 9, 20, 12, 30), "won", "date_field"),
        ("pd:2", datetime(2026, 9, 18, 7), "lost", "date_field"),
        ("pd:3", datetime(2026, 9, 16, 6), "sales_qualified", "date_field"),
    ]
    with exports.warehouse() as warehouse:
        table = stage_conversion(warehouse, cohort=month("2026-09")).table
    reached = dict(zip(table["stage"], table["reached_leads"], strict=True))
    # Deal 2 was lost before its stage ever changed, so nothing says how far it was.
    assert reached == {
        "inquiry": 3,
        "marketing_qualified": 2,
        "sales_accepted": 2,
        "sales_qualified": 2,
        "opportunity": 1,
        "won": 1,
    }


# 3 ── created 3 Sep ─── seen 10 Sep: Contact Made ─── seen 30 Sep: Demo Scheduled
def test_two_dated_exports_give_entries_with_both_bounds(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "pipedrive")

    def write(day: str, stage: str) -> Path:
        deal = ("3", "500", stage, "Open", "2026-09-03 10:00:00", "", "", "")
        return exports.write(f"deals_{day}.csv", english([deal]))

    exports.load(write("2026-09-10", "Contact Made"))
    exports.load(write("2026-09-30", "Demo Scheduled"))
    found: list[tuple[Any, ...]] = exports.rows(
        "select stage, provenance, entered_after, entered_before from stage_event order by 3"
    )
    # A day in a file's name is over at 22:00 UTC, midnight in Berlin.
    assert found == [
        (
            "sales_accepted",
            "snapshot_diff",
            datetime(2026, 9, 3, 8),
            datetime(2026, 9, 10, 22),
        ),
        (
            "sales_qualified",
            "snapshot_diff",
            datetime(2026, 9, 10, 22),
            datetime(2026, 9, 30, 22),
        ),
    ]
    assert exports.rows("select count(*) from deal") == [(1,)]


def test_stages_by_number_need_the_table_of_stages(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "pipedrive")
    rows = api(DEALS)
    numbers = {"Proposal Made": "4", "Contact Made": "2", "Demo Scheduled": "3"}
    for row in rows:
        row["stage_id"] = numbers[row.pop("stage_name")]
    exports.write("deals.csv", rows)
    exports.write("stages.csv", [{"id": no, "name": name} for name, no in numbers.items()])
    exports.load(as_of=date(2026, 10, 1))
    assert exports.rows("select stage from stage_event where state = '3'") == [("sales_qualified",)]


def test_leads_of_the_inbox_and_activities_that_were_done(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "pipedrive")
    lead = "55ebb4c0-536e-11ea-87d0-d1171b17f6a0"
    exports.write("deals_2026-09-30.csv", english(DEALS))
    exports.write(
        "leads_2026-09-30.csv",
        [
            {
                "Lead - ID": lead,
                "Lead - Title": "Anfrage von Erika",
                "Lead - Lead created": "2026-09-05 12:00:00",
                "Lead - Source channel": "Messe",
                "Lead - Owner": "Petra Muster",
                "Person - Email - Work": "erika@maschinen.example",
            }
        ],
    )
    activities = [
        # id, type, done, done at, deal, lead
        ("1", "Call", "Done", "2026-09-05 15:00:00", "", lead),
        ("2", "Task", "Done", "2026-09-05 14:00:00", "", lead),
        ("3", "Meeting", "To do", "", "1", ""),
        ("4", "Vor-Ort-Termin", "Done", "", "1", ""),
    ]
    exports.write(
        "activities_2026-09-30.csv",
        [
            {
                "Activity - ID": number,
                "Activity - Subject": "Anruf bei Erika",
                "Activity - Type": kind,
                "Activity - Done": done,
                "Activity - Marked as done time": at,
                "Activity - Add time": "2026-09-04 09:00:00",
                "Deal - ID": deal,
                "Lead - ID": owner,
            }
            for number, kind, done, at, deal, owner in activities
        ],
    )
    exports.load()
    assert exports.rows(
        "select activity, lead, deal, kind, direction, happened_at from activity order by 1"
    ) == [
        ("pd:1", f"pd:{lead}", None, "call", None, datetime(2026, 9, 5, 13)),
        ("pd:2", f"pd:{lead}", None, "task", "internal", datetime(2026, 9, 5, 12)),
        ("pd:4", None, "pd:1", "Vor-Ort-Termin", None, datetime(2026, 9, 4, 7)),
    ]
    # The task is no contact; the visit of the deal is one of the lead it is.
    assert exports.rows(
        "select leads.lead, contacts.first_contact_at from contacts join leads using (lead_no) "
        "order by 1"
    ) == [
        ("pd:1", datetime(2026, 9, 4, 7)),
        (f"pd:{lead}", datetime(2026, 9, 5, 13)),
    ]
    assert exports.rows("select channel, email is not null from lead where deal is null") == [
        ("Messe", True)
    ]


def test_every_list_of_meanings_in_the_preset_says_the_same() -> None:
    meanings: dict[str, str] = {}
    for rule in load_preset("pipedrive").files:
        for word, meaning in rule.values.get("state", {}).items():
            assert meanings.setdefault(word.casefold(), meaning) == meaning
