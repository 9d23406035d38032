"""Records that were deleted in their system: what the system says, and what the ELT tool saw."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.sources.crm_exports import CrmExports

AS_OF = date(2026, 11, 1)
AT = "2026-09-05 09:00:00"
# What both columns say, and whether the record is deleted.
SAID = {"1": ("FALSE", "TRUE"), "2": ("TRUE", "FALSE"), "3": ("FALSE", "FALSE"), "4": ("", "")}
KEPT = ["3", "4"]
SALESFORCE: dict[str, tuple[dict[str, str], str]] = {
    "account": ({"industry": "Steel"}, "select account from account"),
    "lead": ({"created_date": AT, "status": "New"}, "select lead from leads"),
    "contact": (
        {"created_date": AT},
        "select contact from contact where not coalesce(is_deleted, false)",
    ),
    "opportunity": (
        {"created_date": AT, "close_date": AT[:10], "is_closed": "TRUE", "is_won": "TRUE"}
        | {"stage_name": "Closed Won", "amount": "1", "type": ""},
        "select deal from deal where not coalesce(is_deleted, false)",
    ),
    "campaign": ({"name": "C"}, "select campaign from campaign"),
    "campaign_member": (
        {"lead_id": "L", "campaign_id": "C", "has_responded": "TRUE", "created_date": AT},
        "select touch from touch",
    ),
    "opportunity_contact_role": (
        {"contact_id": "C", "opportunity_id": "D"},
        "select deal from deal_contact",
    ),
    "task": (
        {"who_id": "L", "created_date": AT, "is_closed": "TRUE", "task_subtype": "Call"},
        "select activity from activity",
    ),
    "event": ({"who_id": "L", "start_date_time": AT}, "select activity from activity"),
}
HUBSPOT: dict[str, tuple[dict[str, str], str]] = {
    "contact": ({"property_createdate": AT}, "select lead from leads"),
    "company": ({"property_industry": "Steel"}, "select account from account"),
    "deal": (
        {"property_createdate": AT, "property_hs_is_closed": "false", "property_amount": "1"}
        | {"property_closedate": AT, "deal_pipeline_stage_id": "closedwon"}
        | {"property_hs_is_closed_won": "false"},
        "select deal from deal where not coalesce(is_deleted, false)",
    ),
}


def kept(folder: Path, preset: str, name: str, text: str, more: dict[str, str]) -> list[str]:
    exports = CrmExports(folder, preset)
    rows = [
        {"id": number, **more, "is_deleted": said, "_fivetran_deleted": seen}
        for number, (said, seen) in SAID.items()
    ]
    if name == "opportunity_contact_role":
        rows = [row | {"opportunity_id": row["id"]} for row in rows]
    if name not in ("lead", "contact") or preset == "salesforce":
        lead = {"id": "L", "created_date": AT, "property_createdate": AT, "status": "New"}
        file = "lead" if preset == "salesforce" else "contact"
        rows_of_lead = [lead] if name != "lead" else []
        if rows_of_lead:
            exports.write(f"{file}.csv", rows_of_lead)
    exports.write(f"{name}.csv", rows)
    exports.load(as_of=AS_OF)
    return sorted(each.partition(":")[2] for (each,) in exports.rows(text))


@pytest.mark.parametrize("name", SALESFORCE)
def test_salesforce_records_are_out_if_either_says_deleted(tmp_path: Path, name: str) -> None:
    more, text = SALESFORCE[name]
    assert kept(tmp_path, "salesforce", name, text, more) == KEPT


@pytest.mark.parametrize("name", HUBSPOT)
def test_hubspot_records_are_out_if_either_says_deleted(tmp_path: Path, name: str) -> None:
    more, text = HUBSPOT[name]
    assert kept(tmp_path, "hubspot", name, text, more) == KEPT


@pytest.mark.parametrize(
    ("preset", "name", "more"),
    [
        ("salesforce", "lead", {"created_date": AT, "status": "New"}),
        ("salesforce", "opportunity", SALESFORCE["opportunity"][0]),
        ("hubspot", "contact", {"property_createdate": AT, "property_lifecyclestage": "lead"}),
        ("hubspot", "deal", HUBSPOT["deal"][0]),
    ],
)
def test_deleted_records_have_no_state_to_be_compared(
    tmp_path: Path, preset: str, name: str, more: dict[str, str]
) -> None:
    text = "select coalesce(lead, deal) from snapshot"
    found = kept(tmp_path, preset, name, text, more)
    assert [each for each in found if each != "L"] == KEPT


def test_a_contact_that_was_taken_off_a_deal_is_not_on_it(tmp_path: Path) -> None:
    exports = CrmExports(tmp_path, "hubspot")
    exports.write("contact.csv", [{"id": "L", "property_createdate": AT}])
    roles = [{"deal_id": each, "contact_id": "L"} for each in "12"]
    seen = ("TRUE", "FALSE")
    exports.write(
        "deal_contact.csv",
        [row | {"_fivetran_deleted": each} for row, each in zip(roles, seen, strict=True)],
    )
    exports.load(as_of=AS_OF)
    assert exports.rows("select deal from deal_contact") == [("hs:2",)]
