"""The preset for Salesforce: four forms of one company, merges, histories, and real shapes."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from funnel_analytics import stage_conversion
from funnel_analytics.errors import SourceError
from funnel_analytics.periods import month
from funnel_analytics.sources.preset import load_preset
from tests.sources.crm_exports import CrmExports, agreed, records

AS_OF = date(2026, 11, 1)


def long_id(short: str) -> str:
    """The 18-character form of an id: three letters that say which of the others are capitals."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    parts = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(
        letters[sum(1 << place for place, each in enumerate(part) if each.isupper())]
        for part in parts
    )


L1, L2, L3 = (f"00QAa000000000{number}" for number in (1, 2, 3))
D1, D2 = (f"006Bb000000000{number}" for number in (1, 2))
C1, A1 = "003Cc0000000001", "001Dd0000000001"
OWNER = "005Ee0000000001"

# Instants are UTC. L2 is created when it is already the next day in Berlin.
LEADS: list[dict[str, Any]] = [
    {
        "id": L1,
        "created": datetime(2026, 9, 1, 8, 0),
        "status": "Closed - Converted",
        "source": "Web",
        "email": "erika@maschinen.example",
        "converted": date(2026, 9, 16),
        "deal": D1,
        "contact": C1,
        "account": A1,
    },
    {
        "id": L2,
        "created": datetime(2026, 9, 14, 22, 30),
        "status": "Working - Contacted",
        "source": "Messe",
        "email": "",
        "converted": None,
        "deal": "",
        "contact": "",
        "account": "",
    },
    {
        "id": L3,
        "created": datetime(2026, 9, 20, 10, 15),
        "status": "Unqualified",
        "source": "",
        "email": "max@post.example",
        "converted": None,
        "deal": "",
        "contact": "",
        "account": "",
    },
]
DEALS: list[dict[str, Any]] = [
    {
        "id": D1,
        "account": A1,
        "created": datetime(2026, 9, 16, 9, 0),
        "amount": 1234.5,
        "closes": date(2026, 9, 28),
        "stage": "Closed Won",
        "closed": True,
        "won": True,
        "probability": 100,
        "kind": "New Business",
    },
    {
        "id": D2,
        "account": "",
        "created": datetime(2026, 9, 20, 9, 0),
        "amount": 99.0,
        "closes": date(2026, 12, 24),
        "stage": "Negotiation/Review",
        "closed": False,
        "won": False,
        "probability": 90,
        "kind": "Existing Business",
    },
]
HISTORY: list[tuple[str, datetime, str, str]] = [
    (L1, datetime(2026, 9, 2, 7, 0), "Status", "Working - Contacted"),
    (L1, datetime(2026, 9, 16, 9, 0), "Status", "Closed - Converted"),
    (L2, datetime(2026, 9, 17, 7, 45), "Status", "Working - Contacted"),
    (L2, datetime(2026, 9, 17, 7, 50), "Owner", OWNER),
    (L2, datetime(2026, 9, 17, 7, 50), "Owner", "Petra Muster"),
]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("Lead", {"Rating": "Hot", "pi__score__c": "120"}),
        ("sf_lead", {"rating": "Hot", "pi_score_c": "120"}),
    ],
)
def test_the_rating_is_the_priority_and_the_score_the_score(
    tmp_path: Path, name: str, more: dict[str, str]
) -> None:
    (lead, *_) = api_rows()["Lead"]
    exports = CrmExports(tmp_path, "salesforce")
    lead["Status"] = "New"
    row = lead if name == "Lead" else {snake(key): value for key, value in lead.items()}
    exports.write(f"{name}.csv", [row | more])
    exports.load(as_of=AS_OF)
    assert exports.rows("select priority, score from lead") == [("Hot", 120.0)]
    assert "priority" in (known := exports.warehouse().attributes())
    assert "rating" not in known


def local(at: datetime) -> datetime:
    return at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Europe/Berlin"))


def snake(name: str) -> str:
    """The column that an ELT tool makes of a field: `CreatedDate` is `created_date`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def api_rows() -> dict[str, list[dict[str, str]]]:
    """The files of the Data Export: API names, ids of 18 characters, UTC with a Z."""

    def instant(at: datetime) -> str:
        return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"

    def long(short: str) -> str:
        return long_id(short) if short else ""

    return {
        "Lead": [
            {
                "Id": long(each["id"]),
                "IsDeleted": "0",
                "MasterRecordId": "",
                "LastName": "Muster",
                "Email": each["email"],
                "LeadSource": each["source"],
                "Status": each["status"],
                "OwnerId": long(OWNER),
                "IsConverted": str(int(bool(each["deal"]))),
                "ConvertedDate": str(each["converted"] or ""),
                "ConvertedAccountId": long(each["account"]),
                "ConvertedContactId": long(each["contact"]),
                "ConvertedOpportunityId": long(each["deal"]),
                "CreatedDate": instant(each["created"]),
            }
            for each in LEADS
        ],
        "Opportunity": [
            {
                "Id": long(each["id"]),
                "IsDeleted": "0",
                "AccountId": long(each["account"]),
                "Name": "Anlage",
                "StageName": each["stage"],
                "Amount": f"{each['amount']:.2f}",
                "Probability": str(each["probability"]),
                "CloseDate": str(each["closes"]),
                "Type": each["kind"],
                "IsClosed": str(int(each["closed"])),
                "IsWon": str(int(each["won"])),
                "OwnerId": long(OWNER),
                "CreatedDate": instant(each["created"]),
            }
            for each in DEALS
        ],
        "LeadHistory": [
            {
                "Id": f"017{number}",
                "IsDeleted": "0",
                "LeadId": long(lead),
                "CreatedById": long(OWNER),
                "CreatedDate": instant(at),
                "Field": field,
                "OldValue": "",
                "NewValue": new,
            }
            for number, (lead, at, field, new) in enumerate(HISTORY)
        ],
    }


def write_api(exports: CrmExports) -> None:
    for name, rows in api_rows().items():
        exports.write(f"{name}.csv", rows)


def write_elt(exports: CrmExports) -> None:
    """The same as an ELT tool lands it: snake case, naive UTC, words for booleans."""
    for name, rows in api_rows().items():
        renamed = [
            {
                snake(column): (
                    value.replace("T", " ").removesuffix(".000Z")
                    if column == "CreatedDate"
                    else {"0": "false", "1": "true"}.get(value, value)
                    if column.startswith("Is")
                    else value
                )
                for column, value in row.items()
            }
            | {"_fivetran_synced": "2026-10-31 03:00:00", "_fivetran_deleted": "false"}
            for row in rows
        ]
        exports.write(f"sf_{snake(name)}_data.csv", renamed)


GERMAN = {
    "Lead Owner": "Lead-Inhaber",
    "Create Date": "Erstelldatum",
    "Lead Status": "Lead-Status",
    "Lead Source": "Lead-Quelle",
    "Email": "E-Mail",
    "Converted Date": "Konvertierungsdatum",
    "Lead ID": "Lead-ID",
    "Contact ID": "Kontakt-ID",
    "Account ID": "Account-ID",
    "Opportunity ID": "Opportunity-ID",
    "Opportunity Owner": "Opportunity-Inhaber",
    "Stage": "Phase",
    "Amount": "Betrag",
    "Probability (%)": "Wahrscheinlichkeit (%)",
    "Close Date": "Schlusstermin",
    "Created Date": "Erstelldatum",
    "Closed": "Geschlossen",
    "Won": "Gewonnen",
    "Type": "Typ",
    "Edit Date": "Bearbeitungsdatum",
    "Field / Event": "Feld/Ereignis",
    "New Value": "Neuer Wert",
}
GERMAN_FIELDS = {"Lead Status": "Lead-Status", "Lead Owner": "Lead-Inhaber"}


def write_reports(exports: CrmExports, *, german: bool) -> None:
    """Reports of a user in Berlin: labels, local times, ids of 15 characters, a total row."""

    def day(at: Any) -> str:
        if at is None:
            return ""
        return f"{at:%d.%m.%Y}" if german else f"{at.month}/{at.day}/{at.year}"

    def instant(at: datetime) -> str:
        here = local(at)
        return f"{day(here)} {here:%H:%M}" if german else f"{day(here)} {here:%I:%M %p}"

    def amount(value: float) -> str:
        text = f"{value:,.2f}"
        return text.translate(str.maketrans(",.", ".,")) if german else text

    def box(value: bool) -> str:
        return str(int(value))

    leads = [
        {
            "Lead Owner": "Petra Muster",
            "Create Date": instant(each["created"]),
            "Lead Status": each["status"],
            "Lead Source": each["source"],
            "Email": each["email"],
            "Converted Date": day(each["converted"]),
            "Lead ID": each["id"],
            "Contact ID": each["contact"],
            "Account ID": each["account"],
            "Opportunity ID": each["deal"],
        }
        for each in LEADS
    ]
    won = {"Closed Won": "Geschlossen und gewonnen"} if german else {}
    deals = [
        {
            "Opportunity Owner": "Petra Muster",
            "Opportunity ID": each["id"],
            "Account ID": each["account"],
            "Stage": won.get(each["stage"], each["stage"]),
            "Amount": amount(each["amount"]),
            "Probability (%)": str(each["probability"]),
            "Close Date": day(each["closes"]),
            "Created Date": instant(each["created"]),
            "Closed": box(each["closed"]),
            "Won": box(each["won"]),
            "Type": each["kind"],
        }
        for each in DEALS
    ]
    fields = {"Status": "Lead Status", "Owner": "Lead Owner"}
    history = [
        {
            "Lead ID": lead,
            "Edit Date": instant(at),
            "Field / Event": GERMAN_FIELDS[fields[field]] if german else fields[field],
            "New Value": new,
        }
        for lead, at, field, new in HISTORY
        if new != OWNER
    ]
    total = ["Summe", "", "", "", amount(1333.5)] if german else ["Total", "", "", "", "1,333.50"]
    mark = ";" if german else ","
    below = mark.join(f'"{each}"' for each in total)
    for name, rows, totals in (
        ("leads", leads, []),
        ("opportunities", deals, [below]),
        ("lead_history", history, []),
    ):
        exports.write(
            f"{name}.csv",
            [{GERMAN[key] if german else key: row[key] for key in row} for row in rows],
            delimiter=mark,
            encoding="cp1252" if german else "utf-8-sig",
            above=["Stand: 31.10.2026 08:00", ""] if german else ["As of 2026-10-31 08:00:00"],
            below=totals,
        )


FACTS = {
    "lead": "lead, account, contact, email, domain, created_at, created_at_is_day, origin, "
    "channel, state, status, converted_at, converted_at_is_day, deal, merged_into",
    "deal": "deal, account, amount, currency, kind, created_at, closed_at, closed_at_is_day, "
    "expected_on, is_won, probability",
    "snapshot": "lead, deal, state, changed_at, closed_at",
    "stage_event": "lead, deal, entered_at, state, stage, status",
    "handover": "lead, kind, handed_at",
}


def facts(exports: CrmExports, table: str) -> list[tuple[Any, ...]]:
    kept = "where provenance = 'history'" if table == "stage_event" else ""
    return exports.rows(f"select {FACTS[table]} from {table} {kept} order by all")


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CrmExports]:
    """One company, exported in four forms, each in a warehouse of its own."""
    folder = tmp_path_factory.mktemp("salesforce")
    made = {}
    for name in ("api", "elt", "german", "english"):
        exports = CrmExports(folder / name, "salesforce")
        if name == "api":
            write_api(exports)
        elif name == "elt":
            write_elt(exports)
        else:
            write_reports(exports, german=name == "german")
        exports.load(as_of=AS_OF)
        made[name] = exports
    return made


@pytest.mark.parametrize("form", ["elt", "german", "english"])
@pytest.mark.parametrize("table", ["lead", "deal", "stage_event", "handover"])
def test_every_form_of_export_gives_the_same_rows(
    forms: dict[str, CrmExports], form: str, table: str
) -> None:
    assert facts(forms[form], table) == facts(forms["api"], table)


def test_the_rows_are_those_that_were_drawn(forms: dict[str, CrmExports]) -> None:
    leads = forms["api"].rows("select lead, created_at, origin, status, deal from lead order by 1")
    assert leads == [
        (f"sf:{long_id(L1)}", datetime(2026, 9, 1, 8), "inbound", None, f"sf:{long_id(D1)}"),
        (f"sf:{long_id(L2)}", datetime(2026, 9, 14, 22, 30), "Messe", None, None),
        (f"sf:{long_id(L3)}", datetime(2026, 9, 20, 10, 15), None, "rejected", None),
    ]
    deals = forms["api"].rows(
        "select amount, kind, closed_at, closed_at_is_day, expected_on, is_won, probability "
        "from deal order by deal"
    )
    # The day of a close is a day in Berlin, which begins two hours before that of UTC.
    closed_at = datetime(2026, 9, 27, 22)
    assert deals == [
        (1234.5, "new", closed_at, True, None, True, 1.0),
        (99.0, "expansion", None, None, date(2026, 12, 24), None, 0.9),
    ]


def test_a_change_of_owner_is_one_hand_over_although_it_has_two_rows(
    forms: dict[str, CrmExports],
) -> None:
    at = datetime(2026, 9, 17, 7, 50)
    assert facts(forms["api"], "handover") == [(f"sf:{long_id(L2)}", "reassigned", at)]
    log = forms["api"].counts("rows_read", "rows_loaded", "rows_duplicate", "rows_other")
    assert log["LeadHistory.csv", "handover", "api"] == (5, 1, 1, 3)


def test_words_of_a_status_mean_stages_and_statuses(forms: dict[str, CrmExports]) -> None:
    states = forms["german"].rows(
        "select distinct state, stage, status from stage_event order by all"
    )
    assert states == [
        ("Closed - Converted", "sales_qualified", None),
        ("Geschlossen und gewonnen", "won", "won"),
        ("Negotiation/Review", "opportunity", None),
        ("Unqualified", None, "rejected"),
        ("Working - Contacted", "sales_accepted", None),
    ]


def test_a_report_states_its_instant_and_its_total(forms: dict[str, CrmExports]) -> None:
    log = forms["german"].rows(
        "select distinct exported_at, rows_total from load_log where file = 'opportunities.csv' "
        "and rows_loaded > 0"
    )
    # 08:00 on 31 October is 07:00 in UTC: the clocks went back on the 25th.
    assert log == [(datetime(2026, 10, 31, 7), 1)]
    for form in ("german", "english"):
        totals = forms[form].rows(
            "select column_name, stated, added_up from stated_total where column_name = 'amount'"
        )
        assert totals == [("amount", 1333.5, 1333.5)]


def test_no_name_and_no_address_reaches_the_warehouse(forms: dict[str, CrmExports]) -> None:
    content = b"".join(forms[form].database.read_bytes() for form in ("api", "elt"))
    assert b"Muster" not in content
    assert b"maschinen.example" not in content


def test_merged_and_deleted_leads_count_as_the_one_they_became(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "salesforce")
    (rows := api_rows()["Lead"])[2] |= {
        "MasterRecordId": long_id(L2),
        "IsDeleted": "1",
        "CreatedDate": "2026-09-05T10:00:00.000Z",
    }
    exports.write("Lead.csv", rows)
    exports.load(as_of=AS_OF)
    # L3, the older, was merged into L2: one lead, counted from the creation of its first part.
    assert exports.rows("select lead, created_at from leads order by 1") == [
        (f"sf:{long_id(L1)}", datetime(2026, 9, 1, 8)),
        (f"sf:{long_id(L2)}", datetime(2026, 9, 5, 10)),
    ]


# L1 ── 16 Sep converted into D1 ── opportunity ── won          L2, L3
def test_the_history_of_a_deal_reaches_the_lead_that_became_it(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "salesforce")
    exports.write("Lead.csv", api_rows()["Lead"])
    # An amount that changes writes a row with the same stage: one entry, not two.
    changes = [
        ("2026-09-16T09:00:00.000Z", "Prospecting", "1000"),
        ("2026-09-18T09:00:00.000Z", "Prospecting", "1234.5"),
        ("2026-09-22T09:00:00.000Z", "Negotiation/Review", "1234.5"),
        ("2026-09-28T09:00:00.000Z", "Closed Won", "1234.5"),
    ]
    exports.write(
        "OpportunityHistory.csv",
        [
            {
                "Id": f"008{number}",
                "OpportunityId": long_id(D1),
                "CreatedById": long_id(OWNER),
                "CreatedDate": at,
                "StageName": stage,
                "Amount": amount,
            }
            for number, (at, stage, amount) in enumerate(changes)
        ],
    )
    exports.load(as_of=AS_OF)
    with exports.warehouse() as warehouse:
        table = stage_conversion(warehouse, cohort=month("2026-09")).table
    reached = dict(zip(table["stage"], table["reached_leads"], strict=True))
    assert reached["opportunity"] == 1
    assert reached["won"] == 1
    entries = exports.rows(
        "select entered_at from stage_entries where position = 5 and not is_added order by 1"
    )
    assert entries == [(datetime(2026, 9, 16, 9),)]


def test_field_history_and_stage_history_say_the_same(tmp_path: Path) -> None:
    found = []
    for name, row in (
        ("OpportunityHistory", {"StageName": "Closed Won"}),
        ("OpportunityFieldHistory", {"Field": "StageName", "NewValue": "Closed Won"}),
    ):
        exports = CrmExports(tmp_path / name, "salesforce")
        exports.write("Lead.csv", api_rows()["Lead"])
        key = {"OpportunityId": long_id(D1), "CreatedDate": "2026-09-28T09:00:00.000Z"}
        other = {"Field": "Amount", "NewValue": "5"} if "Field" in row else {}
        exports.write(f"{name}.csv", [{**key, **row}, *([{**key, **other}] if other else [])])
        exports.load(as_of=AS_OF)
        found.append(facts(exports, "stage_event"))
    assert found[0] == found[1] != []


def test_only_completed_calls_and_mails_are_contacts(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "salesforce")
    exports.write("Lead.csv", api_rows()["Lead"])
    done = "2026-09-20T09:00:00.000Z"
    tasks = [
        # id, subtype, type, call type, closed, completed, what
        ("1", "Call", "Call", "Outbound", "1", done, long_id(D1)),
        ("2", "Email", "Email", "", "1", "", long_id(A1)),
        ("3", "ListEmail", "", "", "1", done, ""),
        ("4", "Task", "Anruf", "", "1", done, ""),
        ("5", "Task", "Angebot", "", "1", done, ""),
        ("6", "Call", "Call", "Inbound", "1", done, ""),
        ("7", "Call", "Call", "Outbound", "0", "", ""),
    ]
    exports.write(
        "Task.csv",
        [
            {
                "Id": f"00T{number}",
                "WhoId": long_id(L2),
                "WhatId": what,
                "Subject": "Anruf bei Erika",
                "Status": "Completed",
                "OwnerId": long_id(OWNER),
                "IsClosed": closed,
                "IsDeleted": "0",
                "CreatedDate": "2026-09-19T09:00:00.000Z",
                "CallType": call,
                "CallDisposition": "",
                "TaskSubtype": subtype,
                "Type": kind,
                "CompletedDateTime": completed,
            }
            for number, subtype, kind, call, closed, completed, what in tasks
        ],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows(
        "select activity, kind, direction, is_automated, deal, happened_at from activity order by 1"
    ) == [
        ("sf:00T1", "call", "outbound", None, f"sf:{long_id(D1)}", datetime(2026, 9, 20, 9)),
        ("sf:00T2", "email", None, False, None, datetime(2026, 9, 19, 9)),
        ("sf:00T3", "email", None, True, None, datetime(2026, 9, 20, 9)),
        ("sf:00T4", "call", None, None, None, datetime(2026, 9, 20, 9)),
        ("sf:00T5", "task", "internal", None, None, datetime(2026, 9, 20, 9)),
        ("sf:00T6", "call", "inbound", None, None, datetime(2026, 9, 20, 9)),
    ]
    # Two calls and one personal mail count as contacts; the first of them is the mail.
    ((first, count),) = exports.rows("select first_contact_at, contacts from contacts")
    assert (first, count) == (datetime(2026, 9, 19, 9), 3)


def test_tasks_without_a_type_load_by_their_subtype(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "salesforce")
    exports.write("Lead.csv", api_rows()["Lead"])
    task = {"WhoId": long_id(L2), "CreatedDate": "2026-09-19T09:00:00.000Z", "IsClosed": "1"}
    exports.write(
        "Task.csv",
        [
            {"Id": f"00T{number}", "TaskSubtype": subtype, **task}
            for number, subtype in enumerate(("Call", "Task"), start=1)
        ],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows("select activity, kind from activity order by 1") == [
        ("sf:00T1", "call"),
        ("sf:00T2", "task"),
    ]


# The leads end on 20 September. Event 1 lies before the end of that day, 2 and 3 after it.
def test_meetings_after_the_export_are_plans_and_no_contacts(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "salesforce")
    (rows := api_rows()["Lead"])[0]["ConvertedDate"] = ""
    exports.write("Lead.csv", rows)
    starts = ("2026-09-20T21:59:59.000Z", "2026-09-20T22:00:00.000Z", "2027-01-07T10:00:00.000Z")
    exports.write(
        "Event.csv",
        [
            {
                "Id": f"00U{number}",
                "WhoId": long_id(L2),
                "WhatId": "",
                "Type": "Meeting",
                "StartDateTime": start,
                "OwnerId": long_id(OWNER),
                "IsChild": "0",
                "IsDeleted": "0",
            }
            for number, start in enumerate(starts, start=1)
        ],
    )
    report = exports.load()
    assert report.as_of == datetime(2026, 9, 20, 22)  # midnight in Berlin
    assert exports.rows("select activity from activity") == [("sf:00U1",)]
    log = exports.counts("rows_read", "rows_loaded", "rows_other")
    assert log["Event.csv", "activity", "event"] == (3, 1, 2)


def test_only_members_who_responded_are_touched(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "salesforce")
    exports.write("Lead.csv", api_rows()["Lead"])
    members = [
        ("1", long_id(L1), "", "1", "2026-09-12"),
        ("2", long_id(L2), "", "0", ""),
        ("3", "", long_id(C1), "1", ""),
    ]
    exports.write(
        "CampaignMember.csv",
        [
            {
                "Id": f"00v{number}",
                "IsDeleted": "0",
                "CampaignId": "701000000000001AAA",
                "LeadId": lead,
                "ContactId": contact,
                "HasResponded": responded,
                "CreatedDate": "2026-09-02T08:00:00.000Z",
                "FirstRespondedDate": first,
            }
            for number, lead, contact, responded, first in members
        ],
    )
    exports.write(
        "Campaign.csv",
        [
            {
                "Id": "701000000000001AAA",
                "Name": "Webinar",
                "Type": "Webinar",
                "StartDate": "2026-09-01",
                "EndDate": "",
                "BudgetedCost": "500.00",
                "IsDeleted": "0",
            }
        ],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows("select touch, lead, contact, touched_at_is_day from touch order by 1") == [
        ("sf:00v1", f"sf:{long_id(L1)}", None, True),
        ("sf:00v3", None, f"sf:{long_id(C1)}", False),
    ]
    assert exports.rows("select name, channel, budget, started_on from campaign") == [
        ("Webinar", "Webinar", 500.0, date(2026, 9, 1))
    ]
    # A member has no channel of its own; the campaign's type is its channel.
    with exports.warehouse() as warehouse:
        found = warehouse._connection.execute("select distinct channel, side from touches")
        assert found.fetchall() == [("Webinar", "marketing")]


def test_a_status_that_nobody_agreed_on_is_named(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "salesforce")
    (rows := api_rows()["Lead"])[0]["Status"] = "SDR – in Arbeit"
    exports.write("Lead.csv", rows)
    (deals := api_rows()["Opportunity"])[0]["StageName"] = "Vertrag"
    exports.write("Opportunity.csv", deals)
    with pytest.raises(SourceError) as refused:
        exports.load(as_of=AS_OF)
    told = str(refused.value)
    assert "Lead.csv: the state 'SDR – in Arbeit' in 1 row (first: line 2; lead, snapshot)" in told
    assert "export OpportunityStage" in told
    assert told.index('"SDR – in Arbeit",') < told.index('"Vertrag",')
    exports.write("Opportunity.csv", api_rows()["Opportunity"])
    exports.agreement = agreed(includes={"sales_accepted": ["SDR – in Arbeit"]})
    exports.load(as_of=AS_OF)


def test_every_list_of_meanings_in_the_preset_says_the_same() -> None:
    meanings: dict[str, str] = {}
    for rule in load_preset("salesforce").files:
        for word, meaning in rule.values.get("state", {}).items():
            assert meanings.setdefault(word, meaning) == meaning


# ── real shapes: the tables that Fivetran lands, with scrambled values ────────────────────────────


@pytest.fixture(scope="module")
def seeds(shared_data: Path) -> Path:
    return shared_data / "fivetran_seeds" / "dbt_salesforce"


@pytest.mark.real_data
def test_scrambled_stages_are_refused_by_name(seeds: Path, tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "salesforce")
    words = {each["stage_name"] for each in records(seeds / "sf_opportunity_history_data.csv")}
    with pytest.raises(SourceError) as refused:
        exports.load(seeds / "sf_opportunity_history_data.csv")
    assert len(words) == 3
    for word in words:
        assert f"the state '{word}'" in str(refused.value)


@pytest.mark.real_data
def test_every_table_of_fivetran_loads_with_every_row_accounted_for(
    seeds: Path, tmp_path: Path
) -> None:
    opportunities = records(seeds / "sf_opportunity_data.csv")
    words = sorted({each["stage_name"] for each in opportunities})
    agreement = agreed("[loading]\nmax_quarantined_share = 0.13", includes={"opportunity": words})
    exports = CrmExports(tmp_path, "salesforce", agreement)
    exports.load(seeds)

    active = [each for each in opportunities if each["_fivetran_active"] != "false"]
    old = len(opportunities) - len(active)
    assert (len(active), old) == (8, 2)
    live = {
        name: len(
            [
                each
                for each in records(seeds / f"sf_{name}_data.csv")
                if each["_fivetran_active"] != "false"
            ]
        )
        for name in ("account", "contact", "lead", "user", "task", "event")
    }
    # One account is not deleted; the others are, in the real table too.
    companies = [
        each
        for each in records(seeds / "sf_account_data.csv")
        if each["_fivetran_active"] != "false" and each["is_deleted"] != "true"
    ]
    loaded = {
        (table, part): count
        for (file, table, part), (count,) in exports.counts("rows_loaded").items()
    }
    assert loaded == {
        ("account", ""): len(companies),
        ("contact", ""): live["contact"],
        ("lead", "api"): 1,
        ("snapshot", "api"): 1,
        ("deal", "api"): len(active),
        ("stage_event", "versions"): 10,
        ("activity", "other"): live["task"],
        ("activity", "event"): live["event"],
        ("person", ""): live["user"],
    }
    # Every opportunity there is deleted: none has a state today, and none is counted.
    assert exports.rows("select count(*) from deal where is_deleted") == [(8,)]
    assert exports.rows("select count(*) from won_deals") == [(0,)]


@pytest.mark.real_data
def test_a_probability_of_1000_percent_is_quarantined_and_its_row_stays(
    seeds: Path, tmp_path: Path
) -> None:
    opportunities = records(seeds / "sf_opportunity_data.csv")
    (wrong,) = (no for no, each in enumerate(opportunities) if each["probability"] == "1000")
    agreement = agreed("[loading]\nmax_quarantined_share = 0.13")
    exports = CrmExports(tmp_path, "salesforce", agreement)
    exports.load(seeds / "sf_opportunity_data.csv")
    assert exports.rows("select line, value, reason, is_row_lost from quarantine") == [
        (wrong + 2, "1000", "lies outside 0–1", False)
    ]
    kept = sorted(
        int(each["probability"]) / 100
        for each in opportunities
        if each["_fivetran_active"] != "false" and each["probability"] != "1000"
    )
    shares = exports.rows("select probability from deal where probability is not null order by 1")
    assert [share for (share,) in shares] == kept == [0.0] * 3 + [1.0] * 4
