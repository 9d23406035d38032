"""The preset for HubSpot: two forms of export, cleared dates, merges, and real shapes."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.sources.preset import load_preset
from tests.sources.crm_exports import CrmExports, agreed, records

AS_OF = date(2026, 11, 1)
MQL = "Marketing Qualified Lead"
# Contact, created, lifecycle stage, MQL since by the newer and by the older of two dates (UTC).
# 12 was set back to "lead" by hand: HubSpot emptied the older date and kept the newer one.
CONTACTS: list[tuple[str, str, str, str, str]] = [
    ("11", "2026-09-01 08:00", "marketingqualifiedlead", "2026-09-03 09:00", "2026-09-02 07:00"),
    ("12", "2026-09-14 22:30", "lead", "2026-09-20 10:00", ""),
    ("13", "2026-09-20 06:00", "customer", "", "2026-09-21 12:00"),
]
LABELS = {"marketingqualifiedlead": MQL, "lead": "Lead", "customer": "Customer"}
HERE = {"08:00": "10:00", "09:00": "11:00", "07:00": "09:00", "22:30": "00:30"} | {
    "10:00": "12:00",
    "06:00": "08:00",
    "12:00": "14:00",
}


def here(at: str) -> str:
    """An instant of UTC as a clock in Berlin shows it in September; 22:30 is the next day."""
    if not at:
        return ""
    day, time = at.split()
    moved = f"{day[:8]}{int(day[8:]) + 1:02d}" if time == "22:30" else day
    return f"{moved} {HERE[time]}"


def app_contacts() -> list[dict[str, str]]:
    return [
        {
            "Record ID": contact,
            "First Name": "Erika",
            "Email": f"k{contact}@firma.example",
            "Create Date": here(created),
            "Lifecycle Stage": LABELS[stage],
            "Lead Status": "Connected" if contact == "11" else "",
            "Original Traffic Source": "Paid Search",
            "Contact owner": "Petra Muster",
            f'Date entered "{MQL} (Lifecycle Stage Pipeline)"': here(newer),
            f"Became a {MQL} Date": here(older),
        }
        for contact, created, stage, newer, older in CONTACTS
    ]


def elt_contacts() -> list[dict[str, str]]:
    return [
        {
            "id": contact,
            "property_email": f"k{contact}@firma.example",
            "property_createdate": created,
            "property_lifecyclestage": stage,
            "property_hs_lead_status": "CONNECTED" if contact == "11" else "",
            "property_hs_analytics_source": "PAID_SEARCH",
            "property_hubspot_owner_id": "501",
            "property_hs_v2_date_entered_marketingqualifiedlead": newer,
            "property_hs_lifecyclestage_marketingqualifiedlead_date": older,
            "property_hs_time_to_first_engagement": "60000",
            "_fivetran_deleted": "false",
        }
        for contact, created, stage, newer, older in CONTACTS
    ]


FACTS = {
    "lead": "lead, contact, email, domain, created_at, created_at_is_day, origin",
    "stage_event": "lead, entered_at, stage, status",
}


@pytest.mark.parametrize("table", ["lead", "stage_event"])
def test_app_and_elt_tables_give_the_same_rows(tmp_path: Path, table: str) -> None:
    found = []
    for name, rows in (
        ("hubspot-crm-exports-all-contacts-2026-10-31", app_contacts()),
        ("contact", elt_contacts()),
    ):
        exports = CrmExports(tmp_path / name, "hubspot")
        exports.write(f"{name}.csv", rows)
        exports.load(as_of=AS_OF)
        where = "where provenance = 'date_field'" if table == "stage_event" else ""
        text = f"select {FACTS[table]} from {table} {where} order by all"
        found.append(exports.rows(text))
    assert found[0] == found[1] != []


def entries(exports: CrmExports, provenance: str = "date_field") -> list[tuple[Any, ...]]:
    text = (
        "select lead, entered_at, stage, state from stage_event "
        f"where provenance = '{provenance}' order by all"
    )
    return exports.rows(text)


def test_the_newer_date_counts_and_a_cleared_one_takes_nothing_away(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "hubspot")
    exports.write("contact.csv", elt_contacts())
    exports.load(as_of=AS_OF)
    word = "marketingqualifiedlead"
    assert entries(exports) == [
        ("hs:11", datetime(2026, 9, 3, 9), "marketing_qualified", word),
        ("hs:12", datetime(2026, 9, 20, 10), "marketing_qualified", word),
        ("hs:13", datetime(2026, 9, 21, 12), "marketing_qualified", word),
    ]


def test_the_lead_status_is_the_leads_and_unqualified_is_rejected(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "hubspot")
    (rows := elt_contacts())[1]["property_hs_lead_status"] = "UNQUALIFIED"
    exports.write("contact.csv", rows)
    exports.load(as_of=AS_OF)
    states = exports.rows("select lead, state, status from lead order by 1")
    assert states == [
        ("hs:11", "CONNECTED", None),
        ("hs:12", "UNQUALIFIED", "rejected"),
        ("hs:13", None, None),
    ]


def test_score_and_next_activity_are_the_contacts_in_both_forms(tmp_path: Path) -> None:
    # The next activity is planned, so it lies after the export; half past ten at night of UTC is
    # the next day in Berlin. A contact without one has none.
    planned = {"HubSpot Score": "72", "Next Activity Date": "2026-11-21 00:30"}
    for name, rows, more in (
        ("hubspot-crm-exports-all-contacts-2026-10-31", app_contacts(), planned),
        (
            "contact",
            elt_contacts(),
            {
                "property_hubspotscore": "72",
                "property_notes_next_activity_date": "2026-11-20 23:30:00",
            },
        ),
    ):
        for row, is_first in zip(rows, (True, False, False), strict=True):
            row |= more if is_first else dict.fromkeys(more, "")
        exports = CrmExports(tmp_path / name, "hubspot")
        exports.write(f"{name}.csv", rows)
        exports.load(as_of=AS_OF)
        assert exports.rows("select lead, score, next_step_on from lead order by 1") == [
            ("hs:11", 72.0, date(2026, 11, 21)),
            ("hs:12", None, None),
            ("hs:13", None, None),
        ]


def test_the_property_history_gives_entries_and_hand_overs(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "hubspot")
    exports.write("contact.csv", elt_contacts())
    changes = [
        ("11", "lifecyclestage", "lead", "2026-09-01 08:00:00.123"),
        ("11", "lifecyclestage", "marketingqualifiedlead", "2026-09-03 09:00:00.000"),
        ("11", "lifecyclestage", "evangelist", "2026-09-25 09:00:00.000"),
        ("11", "hs_lead_status", "UNQUALIFIED", "2026-09-26 09:00:00.000"),
        ("11", "hubspot_owner_id", "501", "2026-09-04 09:00:00.000"),
        ("11", "hubspot_owner_id", "", "2026-09-05 09:00:00.000"),
        ("11", "email", "k11@firma.example", "2026-09-01 08:00:00.000"),
    ]
    exports.write(
        "contact_property_history.csv",
        [
            {"contact_id": contact, "name": name, "value": value, "timestamp": at, "source": "UI"}
            for contact, name, value, at in changes
        ],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows(
        "select entered_at, stage, status from stage_event where provenance = 'history' order by 1"
    ) == [
        (datetime(2026, 9, 1, 8, 0, 0, 123000), "inquiry", None),
        (datetime(2026, 9, 3, 9), "marketing_qualified", None),
        (datetime(2026, 9, 26, 9), None, "rejected"),
    ]
    assert exports.rows("select lead, kind, handed_at from handover") == [
        ("hs:11", "reassigned", datetime(2026, 9, 4, 9))
    ]
    log = exports.counts("rows_read", "rows_loaded", "rows_other")
    assert log["contact_property_history.csv", "handover", ""] == (7, 1, 6)


# 13 took in 76 and 77, which are no contacts of their own any more; an activity still names 76.
def test_a_merged_contact_counts_as_the_one_it_became(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "hubspot")
    rows = elt_contacts()
    for each in rows:
        each["property_hs_merged_object_ids"] = "76;77" if each["id"] == "13" else ""
    exports.write("contact.csv", rows)
    exports.write(
        "engagements.csv",
        [
            {
                "engagement_id": "901",
                "type": "CALL",
                "contact_id": "76",
                "property_hs_timestamp": "2026-09-22 09:30:00",
                "property_hs_call_direction": "OUTBOUND",
                "property_hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7",
            }
        ],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows("select contact, merged_into from contact order by 1") == [
        ("hs:76", "hs:13"),
        ("hs:77", "hs:13"),
    ]
    assert exports.rows("select count(*) from leads") == [(3,)]
    assert exports.rows(
        "select leads.lead, contacts.first_contact_at from contacts join leads using (lead_no)"
    ) == [("hs:13", datetime(2026, 9, 22, 9, 30))]
    assert exports.rows("select outcome from activity") == [("Connected",)]


def test_lifecycle_and_lead_status_are_compared_with_their_own_history(tmp_path: Path) -> None:
    # The lifecycle stands where its history ends; the lead status changed after that.
    exports = CrmExports(tmp_path, "hubspot")
    contact = elt_contacts()[0] | {
        "property_lifecyclestage": "salesqualifiedlead",
        "property_hs_lead_status": "IN_PROGRESS",
        "property_hs_v2_date_entered_marketingqualifiedlead": "",
        "property_hs_lifecyclestage_marketingqualifiedlead_date": "",
    }
    exports.write("contact.csv", [contact])
    changes = [
        ("lifecyclestage", "lead", "2026-09-01 08:00:00"),
        ("lifecyclestage", "salesqualifiedlead", "2026-09-06 10:00:00"),
        ("hs_lead_status", "IN_PROGRESS", "2026-09-07 10:00:00"),
    ]
    exports.write(
        "contact_property_history.csv",
        [{"contact_id": "11", "name": n, "value": v, "timestamp": at} for n, v, at in changes],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows("select property, state, provenance from stage_event order by all") == [
        ("hs_lead_status", "IN_PROGRESS", "history"),
        ("lifecyclestage", "lead", "history"),
        ("lifecyclestage", "salesqualifiedlead", "history"),
    ]


def merges(
    tmp_path: Path, column: str, rows: list[tuple[str, str, str, str]]
) -> list[tuple[Any, ...]]:
    """Who was merged into whom: contact, deleted, its merged ids, the same with their times."""
    exports = CrmExports(tmp_path, "hubspot")
    created = {"createdate": "2026-09-01 08:00:00"}
    exports.write(
        "contact.csv",
        [
            {
                "id": contact,
                **created,
                "_fivetran_deleted": deleted,
                column.format("hs_merged_object_ids"): ids,
                column.format("hs_calculated_merged_vids"): timed,
            }
            for contact, deleted, ids, timed in rows
        ],
    )
    exports.load(as_of=AS_OF)
    return exports.rows("select contact, merged_into from contact order by all")


@pytest.mark.parametrize("column", ["{}", "property_{}", "properties.{}"])
def test_merges_are_known_from_the_list_with_times_alone(tmp_path: Path, column: str) -> None:
    timed = "76:1563812340000;77:1563812999000"
    rows = [("12", "FALSE", "", ""), ("13", "FALSE", "", timed)]
    assert merges(tmp_path, column, rows) == [("hs:76", "hs:13"), ("hs:77", "hs:13")]


def test_a_chain_of_merges_ends_in_the_contact_that_is_left(tmp_path: Path) -> None:
    # 76 ── into 77 ── into 13; the tool keeps the row of 77 as deleted.
    rows = [("13", "FALSE", "76;77", "77:1563812999000"), ("77", "TRUE", "76", "76:1563812340000")]
    assert merges(tmp_path / "ids", "{}", rows) == [("hs:76", "hs:13"), ("hs:77", "hs:13")]
    rows = [(contact, deleted, "", timed) for contact, deleted, _, timed in rows]
    assert merges(tmp_path / "times", "{}", rows) == [("hs:76", "hs:77"), ("hs:77", "hs:13")]


def test_the_wait_is_computed_from_activities_not_read_from_hubspot(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "hubspot")
    exports.write("contact.csv", elt_contacts())
    engagements = [
        # Neither the note nor the incoming mail is a contact of ours.
        ("1", "NOTE", "11", "2026-09-01 08:10:00"),
        ("2", "INCOMING_EMAIL", "11", "2026-09-01 08:20:00"),
        ("3", "EMAIL", "11", "2026-09-01 10:00:00"),
        ("3", "EMAIL", "12", "2026-09-15 10:00:00"),
        ("4", "CALL", "", "2026-09-01 08:05:00"),
    ]
    exports.write(
        "engagements.csv",
        [
            {"engagement_id": number, "type": kind, "contact_id": contact, "hs_timestamp": at}
            for number, kind, contact, at in engagements
        ],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows("select first_contact_at, contacts from contacts order by 1") == [
        (datetime(2026, 9, 1, 10), 1),
        (datetime(2026, 9, 15, 10), 1),
    ]


def test_the_apps_files_join_deals_contacts_and_calls(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "hubspot")
    exports.write("hubspot-crm-exports-all-contacts-2026-10-31.csv", app_contacts())
    exports.write(
        "hubspot-crm-exports-all-deals-2026-10-31.csv",
        [
            {
                "Record ID": "71",
                "Deal Name": "Anlage für Erika",
                "Deal Stage": "Closed Won (Sales Pipeline)",
                "Create Date": "2026-09-22 12:00",
                "Close Date": "2026-09-28 12:00",
                "Is Deal Closed?": "true",
                "Is Closed Won": "true",
                "Amount": "1234.50",
                "Deal probability": "1.0",
                "Associated Contact IDs": "11;13",
            },
            {
                "Record ID": "72",
                "Deal Name": "Teile",
                "Deal Stage": "Contract Sent",
                "Create Date": "2026-09-23 12:00",
                "Close Date": "2026-12-24 12:00",
                "Is Deal Closed?": "false",
                "Is Closed Won": "false",
                "Amount": "99.00",
                "Deal probability": "0.9",
                "Associated Contact IDs": "",
            },
        ],
    )
    exports.write(
        "hubspot-crm-exports-all-calls-2026-10-31.csv",
        [
            {
                "Record ID": "81",
                "Activity date": "2026-09-21 11:15",
                "Call direction": "Outbound",
                "Call outcome": "Connected",
                "Associated Contact IDs": "11;12",
            }
        ],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows(
        "select deal, closed_at, expected_on, is_won, amount, probability from deal order by 1"
    ) == [
        ("hs:71", datetime(2026, 9, 28, 10), None, True, 1234.5, 1.0),
        ("hs:72", None, date(2026, 12, 24), None, 99.0, 0.9),
    ]
    assert exports.rows("select deal, lead from deal_contact order by all") == [
        ("hs:71", "hs:11"),
        ("hs:71", "hs:13"),
    ]
    assert exports.rows("select lead, kind, direction, happened_at from activity order by 1") == [
        ("hs:11", "call", "outbound", datetime(2026, 9, 21, 9, 15)),
        ("hs:12", "call", "outbound", datetime(2026, 9, 21, 9, 15)),
    ]
    # The day in the file's name is the day of the export, over in Berlin at 23:00 UTC.
    seen = exports.rows("select distinct seen_at from snapshot")
    assert seen == [(datetime(2026, 10, 31, 23),)]
    won = "select provenance, entered_at from stage_event where deal = 'hs:71' and stage = 'won'"
    assert exports.rows(won) == [("date_field", datetime(2026, 9, 28, 10))]


def test_deal_stages_are_understood_by_the_labels_of_the_pipeline(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "hubspot", agreed(includes={"opportunity": ["Angebot"]}))
    exports.write("contact.csv", elt_contacts())
    exports.write(
        "deal_pipeline_stage.csv",
        [
            {"stage_id": number, "label": label, "is_closed": closed, "closed_won": won}
            for number, label, closed, won in (
                ("4711", "Angebot", "FALSE", "FALSE"),
                ("4712", "Unterschrieben", "TRUE", "TRUE"),
                ("4713", "Abgesagt", "TRUE", "FALSE"),
            )
        ],
    )
    exports.write(
        "deal_stage.csv",
        [
            {"deal_id": "71", "value": value, "date_entered": at, "_fivetran_start": at}
            for value, at in (
                ("4711", "2026-09-22 10:00:00"),
                ("4713", "2026-09-24 10:00:00"),
                ("4712", "2026-09-28 10:00:00"),
            )
        ],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows(
        "select state, stage, status from stage_event where deal is not null order by entered_at"
    ) == [("4711", "opportunity", None), ("4713", None, "lost"), ("4712", "won", "won")]


def test_hubspots_own_response_time_is_not_read() -> None:
    text = load_preset("hubspot").text
    rules = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for name in ("time_to_first_engagement", "sa_first_engagement", "Lead response time"):
        assert name not in rules


def test_every_list_of_meanings_in_the_preset_says_the_same() -> None:
    meanings: dict[str, str] = {}
    for rule in load_preset("hubspot").files:
        for word, meaning in rule.values.get("state", {}).items():
            assert meanings.setdefault(word.casefold(), meaning) == meaning


# ── real shapes: the tables that Fivetran lands, with scrambled values ────────────────────────────


@pytest.mark.real_data
def test_every_table_of_fivetran_loads_with_every_row_accounted_for(
    shared_data: Path, tmp_path: Path
) -> None:
    seeds = shared_data / "fivetran_seeds" / "dbt_hubspot"
    stages = sorted({each["value"] for each in records(seeds / "deal_stage_data.csv")})
    # Every address is scrambled, and so is no address.
    agreement = agreed("[loading]\nmax_quarantined_share = 1.0", includes={"opportunity": stages})
    exports = CrmExports(tmp_path, "hubspot", agreement)
    report = exports.load(seeds)

    read = {
        name: records(seeds / f"{name}_data.csv")
        for name in (
            "company",
            "contact",
            "contact_form_submission",
            "deal",
            "deal_pipeline_stage",
            "deal_stage",
            "owner",
        )
    }
    merged = [
        part
        for each in read["contact"]
        for part in each["property_hs_merged_object_ids"].split(";")
        if part
    ]
    loaded = {
        (table, part): count for (_, table, part), (count,) in exports.counts("rows_loaded").items()
    }
    assert loaded == {
        ("account", ""): len(read["company"]),
        ("lead", "api"): len(read["contact"]),
        ("contact", "merged"): len(merged),
        ("touch", ""): len(read["contact_form_submission"]),
        ("deal", "api"): len(read["deal"]),
        ("stage_label", ""): len(read["deal_pipeline_stage"]),
        ("stage_event", ""): len(read["deal_stage"]),
        ("person", ""): len(read["owner"]),
    }
    # The three that were merged away are still there as rows; they count as the one they became.
    assert len(merged) == 3
    assert {f"hs:{each}" for each in merged} <= {
        lead for (lead,) in exports.rows("select lead from lead")
    }
    assert exports.rows("select count(*) from leads") == [(len(read["contact"]) - 3,)]
    # Engagements without their contacts, and pipelines without their stages, say nothing.
    assert sorted(report.ignored) == [
        "COMMIT",
        "LICENSE",
        "deal_pipeline_data.csv",
        "engagement_call_data.csv",
        "engagement_data.csv",
        "engagement_meeting_data.csv",
    ]
    # The names of the properties are scrambled: none of their rows is a stage or an owner.
    histories = exports.rows(
        "select file, rows_read, rows_other, rows_quarantined from load_log "
        "where file like '%property_history%' order by all"
    )
    assert {row[1:] for row in histories} == {(100, 100, 0)}
    assert exports.rows("select count(*) from lead where email is not null") == [(0,)]
    faults = "select column_name, count(*), bool_or(is_row_lost) from quarantine group by all"
    assert exports.rows(faults) == [("property_email", 22, False)]
