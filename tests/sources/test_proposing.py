"""What `funnel init --from` proposes: tables, columns, words, and what it leaves to the analyst."""

from __future__ import annotations

import csv
import gzip
import json
import random
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from funnel_analytics.agreement import load_agreement
from funnel_analytics.errors import CallError, SourceError
from funnel_analytics.sources import load
from funnel_analytics.sources.preset import parse_preset
from funnel_analytics.sources.proposing import Proposal, propose
from funnel_analytics.sources.proposing.profiles import profile, shape_of
from funnel_analytics.warehouse import connect
from tests.builders import three_stages

SAMPLE = Path(__file__).parents[2] / "data" / "sample"

GERMAN = """Lead-ID;Vorname;Nachname;E-Mail;Telefon;Firma;Erstellt am;Herkunft;Status;Bemerkung
L1;Erika;Beispiel;erika@muster.example;+49 89 123456;Muster AG;28.09.2026 08:00;Inbound;offen;Ruf an
L2;Max;Muster;max@muster.example;+49 30 7654321;Muster AG;29.09.2026 09:30;Netzwerk;verloren;
L3;Uwe;Vorlage;uwe@vorlage.example;+49 40 1111111;;30.09.2026 10:00;;gewonnen;
"""
ENGLISH = """id,first_name,email,created_at,source,status
1,Jane,jane@example.com,2026-09-28T08:00:00Z,website,won
2,John,john@example.com,2026-09-29T09:30:00Z,fair,lost
"""
PERSONAL = ("Erika", "Beispiel", "erika@", "123456", "Muster", "Vorlage", "Jane", "Ruf an")

Writer = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    folder = tmp_path / "exports"
    folder.mkdir()

    def written(name: str, content: str | bytes) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


def fills(proposal: Proposal, table: str) -> dict[str, str]:
    """The columns of a canonical table with the headers proposed for them; "?" where not sure."""
    found = {}
    for each in proposal.columns:
        for name in filter(None, each.fills.split(", ")):
            bare = name.lstrip("?")
            if bare.split(".")[0] == table:
                mark = "?" if name.startswith("?") else ""
                found[bare.split(".")[1]] = mark + each.column
    return found


def test_german_leads_are_found_by_name_and_values(write: Writer) -> None:
    proposal = propose([write("Leads 2026-09-30.csv", GERMAN)])
    assert proposal.questions == ()
    assert fills(proposal, "lead") == {
        "lead": "Lead-ID",
        "email": "E-Mail",
        "domain": "E-Mail",
        "account": "Firma",
        "created_at": "Erstellt am",
        "origin": "Herkunft",
        "state": "Status",
    }
    rule = parse_preset(proposal.text, name="own").files[0]
    assert rule.patterns == ("Leads *.csv",)  # next month's export, too
    assert rule.delimiter == (";",)
    assert rule.values["origin"] == {"Inbound": "inbound", "Netzwerk": "network"}
    assert rule.values["state"] == {"gewonnen": "won", "offen": "open", "verloren": "lost"}


def test_nothing_personal_is_shown_or_written(write: Writer) -> None:
    proposal = propose([write("leads.csv", GERMAN), write("contacts.csv", ENGLISH)])
    for text in PERSONAL:
        assert text not in proposal.text
        assert text not in str(proposal)
    unloaded = {each.column for each in proposal.columns if not each.fills}
    assert {"Vorname", "Nachname", "Telefon", "Bemerkung", "first_name"} <= unloaded


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("jane.doe@example.com", "aaa.aaa@aaa.aaa"),
        ("31.10.2026", "99.99.9999"),
        ("+49 89 1234567", "+99 99 9999…"),
        ("Jörg Groß", "aaa aaa"),
        ("L000123", "a9999…"),
        ("a\tb\x1b[31m", "a?a?[99a".replace("[", "?")),
    ],
)
def test_a_shape_shows_no_value(value: str, shape: str) -> None:
    assert shape_of(value) == shape


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2026-10-31", "2026-11-01"], "date"),
        (["31.10.2026 08:00", "01.11.2026 09:00"], "instant"),
        (["1790841600000", "1790928000000"], "epoch"),
        (["1.234,50", "99,00"], "number"),
        (["12 %", "3,5 %"], "number"),
        (["007", "12"], "integer"),
        (["ja", "nein", ""], "boolean"),
        (["a@b.de", "c@d.de", "unknown"], "email"),
        (["+49 89 123456", "0049 30 123456"], "phone"),
        (["00Q1", "00Q2"], "key"),
        (["", "--", "N/A"], "empty"),
    ],
)
def test_forms_of_values(values: list[str], form: str) -> None:
    assert profile("x", values).form == form


def test_marks_of_numbers_prove_the_decimal_or_not(write: Writer) -> None:
    text = "Datum;Kanal;Kosten\n2026-10-01;Suche;{}\n2026-10-02;Suche;{}\n"
    for first, second, decimal, thousands in (
        ("1.234,50", "2,00", ",", "."),
        ("1,234.50", "2.00", ".", ","),
        ("1.234", "2.345", "auto", ""),
    ):
        path = write("kosten.csv", text.format(first, second))
        rule = parse_preset(propose([path]).text, name="own").files[0]
        assert (rule.decimal, rule.thousands) == (decimal, thousands), first


def test_marks_in_whole_numbers_stand_before_thousands(write: Writer) -> None:
    path = write("accounts.csv", "Konto-ID;Mitarbeiter\nK1;2.240\nK2;45\n")
    rule = parse_preset(propose([path]).text, name="own").files[0]
    assert (rule.decimal, rule.thousands) == (",", ".")


def test_days_that_may_be_months_are_a_question(write: Writer) -> None:
    text = "lead id,created at\nL1,03/04/2026\nL2,05/06/2026\n"
    proposal = propose([write("leads.csv", text)])
    assert not proposal.is_complete
    assert "'created at' the day and the month cannot be told apart" in proposal.questions[0]
    proven = propose([write("leads.csv", text.replace("03/04", "23/04"))])
    assert proven.is_complete


def test_counts_since_1970_are_named(write: Writer) -> None:
    path = write("leads.csv", "lead id,created at\nL1,1790841600000\nL2,1790928000000\n")
    rule = parse_preset(propose([path]).text, name="own").files[0]
    assert rule.date_format == ("epoch_ms",)


def test_what_is_not_found_is_said_and_filled_in_by_hand(write: Writer, tmp_path: Path) -> None:
    path = write("leads.csv", "Lead-ID;Beginn\nL1;2026-09-28\nL2;2026-09-29\n")
    proposal = propose([path])
    (question,) = proposal.questions
    assert question.startswith("leads.csv: which column is lead.created_at?")
    assert "TO FILL IN: leads.csv: which column is lead.created_at?" in proposal.text
    with pytest.raises(SourceError, match=r"lead\.created_at"):
        own(proposal, [path], tmp_path)
    preset = tmp_path / "own.toml"
    filled = proposal.text.replace('created_at = "?"', 'created_at = "Beginn"')
    preset.write_text(filled, encoding="utf-8")
    load([path], preset=preset, database=tmp_path / "w.duckdb", agreement="b2b")
    assert count(tmp_path / "w.duckdb", "lead") == 2


def test_words_of_states_are_compared_with_the_agreement(write: Writer) -> None:
    history = "Lead-ID;Zeitpunkt;Nach Phase\nL1;2026-09-28;Anfrage\nL1;2026-09-29;Angebot\n"
    proposal = propose([write("statusverlauf.csv", history)], agreement=three_stages())
    rule = parse_preset(proposal.text, name="own").files[0]
    assert rule.values["state"] == {"Anfrage": "inquiry"}  # the label of the stage
    assert "1 word that nobody explained" in proposal.questions[0]
    assert '#   includes = ["Angebot"]' in proposal.text
    agreed = three_stages().stages[1]
    assert agreed.name == "opportunity"
    known = three_stages("[statuses]\nopen = ['Angebot']\n")
    assert propose([write("statusverlauf.csv", history)], agreement=known).is_complete


def test_a_word_spelled_much_like_a_stage_is_a_hint_and_no_more(write: Writer) -> None:
    history = "Lead-ID;Zeitpunkt;Nach Phase\nL1;2026-09-28;Oportunity\n"
    proposal = propose([write("statusverlauf.csv", history)], agreement=three_stages())
    assert '#   includes = ["Oportunity"]  # perhaps opportunity' in proposal.text
    assert not proposal.is_complete


def test_words_that_reach_a_person_are_never_written(write: Writer) -> None:
    text = "Lead-ID;Erstellt am;Status\nL1;2026-09-28;bei a@b.example\n"
    text += "L2;2026-09-29;Tel 0171 2345678\n"
    proposal = propose([write("leads.csv", text)])
    assert "b.example" not in proposal.text
    assert "2345678" not in proposal.text
    assert fills(proposal, "lead")["state"] == "?Status"


def test_a_state_with_unknown_words_waits_as_a_comment(write: Writer, tmp_path: Path) -> None:
    path = write("leads.csv", "Lead-ID;Erstellt am;Status\nL1;2026-09-28;Wartend\n")
    proposal = propose([path])
    assert proposal.is_complete
    assert fills(proposal, "lead")["state"] == "?Status"
    loaded = own(proposal, [path], tmp_path)
    assert count(loaded, "lead") == 1


def test_deals_alone_stand_for_leads_and_their_outcomes_are_entries(
    write: Writer, tmp_path: Path
) -> None:
    # a ── won    b ── lost    c ── still in talks; d without a day of creation is no lead
    text = (
        "opportunity_id,account,stage,created_at,close_date,amount\n"
        "a,Acme,Closed Won,2026-08-01,2026-09-01,100.50\n"
        "b,Acme,Closed Lost,2026-08-02,2026-09-02,0.00\n"
        "c,Acme,In talks,2026-08-03,2026-12-24,\n"
        "d,Acme,In talks,,,\n"
    )
    path = write("opportunities.csv", text)
    proposal = propose([path])
    assert proposal.is_complete
    database = own(proposal, [path], tmp_path, as_of=date(2026, 11, 1))
    with connect(database, read_only=True) as connection:
        deals = connection.execute(
            "select is_won, closed_at is not null, amount from deal order by source_row"
        ).fetchall()
        entries = connection.execute(
            "select status from stage_event where provenance = 'date_field' order by entered_at"
        ).fetchall()
    assert deals == [
        (True, True, 100.5),
        (False, True, 0.0),
        (None, False, None),
        (None, False, None),
    ]
    assert entries == [("won",), ("lost",)]
    assert count(database, "lead") == 3


# a won, b lost, c open: each has a close date, and its chances in percent
HUBSPOT_DEALS = """Record ID,Deal Stage,Create Date,Close Date,Is Deal Closed?,Is Closed Won,{}
a,Done (Sales),2026-08-01 10:00,2026-09-01 10:00,true,true,100
b,Gone (Sales),2026-08-02 10:00,2026-09-02 10:00,true,false,0
c,Talks (Sales),2026-08-03 10:00,2026-12-24 10:00,false,false,40
"""


def test_a_flag_for_closed_deals_decides_on_their_close_and_outcome(
    write: Writer, tmp_path: Path
) -> None:
    path = write("deals.csv", HUBSPOT_DEALS.format("Probability"))
    proposal = propose([path])
    assert proposal.is_complete
    database = own(proposal, [path], tmp_path, as_of=date(2026, 11, 1))
    with connect(database, read_only=True) as connection:
        deals = connection.execute(
            "select is_won, closed_at is not null, expected_on, probability from deal "
            "order by source_row"
        ).fetchall()
        entries = connection.execute("select status from stage_event order by entered_at")
        assert entries.fetchall() == [("won",), ("lost",)]
    assert deals == [
        (True, True, None, 1.0),
        (False, True, None, 0.0),
        (None, False, date(2026, 12, 24), 0.4),
    ]


@pytest.mark.parametrize(("chances", "scale"), [("0.4", {}), ("2", {"probability": 0.01})])
def test_chances_above_one_are_in_percent(write: Writer, chances: str, scale: Any) -> None:
    path = write("deals.csv", HUBSPOT_DEALS.format("Probability").replace("100\n", "0\n"))
    path.write_text(path.read_text().replace(",40\n", f",{chances}\n"), encoding="utf-8")
    assert parse_preset(propose([path]).text, name="own").files[0].scale == scale


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("deal id,close date,amount\n1,2026-09-01,5\n", "whether a deal was won or lost"),
        ("deal id,won,amount\n1,true,5\n", "when a deal was closed"),
        ("deal id,close date,won\n1,2026-09-01,true\n", "Are open deals among them"),
        (
            "Deal - ID,Deal - Status,Deal - Won time\n1,Won,2026-09-01\n2,Lost,\n",
            "is the close of won deals",
        ),
        ("deal id,stage,close date\n1,Won,2026-09-01\n2,Weg,2026-09-02\n", "and which lost"),
    ],
)
def test_what_would_lose_wins_is_a_question(write: Writer, text: str, question: str) -> None:
    proposal = propose([write("deals.csv", text)])
    assert [each for each in proposal.questions if question in each]
    assert not proposal.is_complete


def test_deals_that_nothing_links_with_the_leads_are_a_question(write: Writer) -> None:
    deals = write("deals.csv", HUBSPOT_DEALS.format("Probability"))
    leads = "lead id,created at{}\nL1,2026-08-01{}\n"
    alone = propose([deals, write("leads.csv", leads.format("", ""))])
    assert any("Nothing links the deals" in each for each in alone.questions)
    assert propose([deals, write("leads.csv", leads.format(",deal id", ",a"))]).is_complete


def test_contacts_are_leads_where_their_columns_say_so(write: Writer) -> None:
    head = ["Record ID", "Email", "Create Date", "Lead Status", "Original Traffic Source"]
    head += ["Contact owner", "Primary Associated Company ID"]
    more = [f"Became a {letter} Date" for letter in "abcdefghi"]
    record = ["1", "a@b.example", "2026-08-01 10:00", "Open", "Web", "7", "9"]
    record += ["2026-08-02 10:00"] * len(more)
    text = f"{','.join(head + more)}\n{','.join(record)}\n"
    path = write("hubspot-crm-exports-all-contacts-2026-10-31.csv", text)
    assert fills(propose([path]), "lead")["created_at"] == "Create Date"


def test_exports_that_a_shipped_preset_knows_are_said_first(write: Writer) -> None:
    head = "Id,Status,LeadSource,OwnerId,CreatedDate\n00Q1,Open,Web,005,2026-08-01T10:00:00Z\n"
    (known,) = propose([write("Lead.csv", head)]).known
    assert known == "These look like Salesforce exports: use --preset salesforce (Lead.csv)."
    proposal = propose([write("Anfragen.csv", head)])
    (renamed,) = proposal.known
    assert renamed.startswith("These look like Salesforce exports")
    assert renamed.endswith("First name Anfragen.csv so that it fits 'lead'.")
    assert proposal.text.startswith("# These look like Salesforce exports")
    assert propose([write("leads.csv", ENGLISH)]).known == ()


def test_a_proposal_of_nothing_but_doubts_says_so(write: Writer) -> None:
    path = write("export.csv", "user_id,a,b,c,d,e\nU1,1,2,3,4,5\n")
    proposal = propose([path])
    assert not proposal.is_complete
    assert "# [[files]]" in proposal.text
    assert "\n[[files]]" not in proposal.text


def test_visits_of_ga4_are_touches_with_visitor_time_and_channel(
    write: Writer, tmp_path: Path
) -> None:
    # a visit by a newsletter and its second page; a visit that nothing brought
    records = [
        {
            "event_timestamp": f"179084320526745{number}",
            "user_pseudo_id": visitor,
            "event_params": [{"key": "entrances", "value": {"int_value": entrances}}],
            "collected_traffic_source": {"manual_source": source, "manual_medium": medium},
        }
        for number, (visitor, entrances, source, medium) in enumerate(
            [("103.77", "1", "news", "email"), ("103.77", "0", "", ""), ("104.5", "1", "", "")]
        )
    ]
    path = write("events_20261001.json", "".join(json.dumps(each) + "\n" for each in records))
    proposal = propose([path])
    assert proposal.is_complete
    database = own(proposal, [path], tmp_path)
    with connect(database, read_only=True) as connection:
        found = connection.execute(
            "select visitor is not null, touched_at::date::text, channel from touch order by 3"
        ).fetchall()
    assert found == [
        (True, "2026-10-01", "(direct) / (none)"),
        (True, "2026-10-01", "news / email"),
    ]


def test_costs_of_linkedin_are_spend(write: Writer) -> None:
    text = "Start Date (in UTC),Campaign Name,Campaign ID,Total Spent,Impressions,Clicks\n"
    text += "10/13/2026,LI,555,1061.89,100,3\n"
    path = write("account_1_campaign_performance_report.csv", text)
    assert set(fills(propose([path]), "spend")) == {
        "spent_on",
        "campaign",
        "amount",
        "impressions",
        "clicks",
    }
    rule = parse_preset(propose([path]).text, name="own").files[0]
    assert rule.constants["channel"] == "LinkedIn Ads"  # the export does not name it


def test_spend_without_a_channel_is_a_question(write: Writer) -> None:
    path = write("kosten.csv", "Datum;Kosten\n2026-10-01;5\n2026-10-02;6\n")
    assert any("which channel" in each for each in propose([path]).questions)


# One lead, converted into one deal that was won; its status is in a history, its deal's is not.
LEAD = """id,created_date,status,converted_opportunity_id
L1,2026-01-05 09:00:00,Qualified,D1
"""
LEAD_HISTORY = """id,lead_id,created_date,field,old_value,new_value
1,L1,2026-01-06 09:00:00,Status,Open,Qualified
2,L1,2026-01-07 09:00:00,Owner,0055G00000a0001,0055G00000a0002
"""
DEAL = """id,amount,created_date,close_date,is_closed,is_won,stage_name
D1,1000,2026-01-10 09:00:00,2026-02-20,TRUE,TRUE,Closed Won
"""
QUALIFIED = "[statuses]\nopen = ['Qualified']\n"


def test_a_history_of_leads_does_not_hide_the_ends_of_deals(write: Writer, tmp_path: Path) -> None:
    files = [write("lead.csv", LEAD), write("opportunity.csv", DEAL)]
    files.append(write("lead_history.csv", LEAD_HISTORY))
    proposal = propose(files, agreement=three_stages(QUALIFIED))
    assert proposal.is_complete
    rules = parse_preset(proposal.text, name="own").files
    ends = [rule for rule in rules if rule.matches("opportunity.csv")]
    assert {"stage_event", "snapshot"} <= {rule.table for rule in ends}
    database = own(proposal, files, tmp_path)
    with connect(database, read_only=True) as connection:
        (won,) = connection.execute(
            "select count(*) from lead_progress where furthest = 6"
        ).fetchall()
    assert won == (1,)


def test_a_history_of_deals_that_tells_of_wins_spares_their_ends(write: Writer) -> None:
    history = """id,_fivetran_start,_fivetran_active,amount,stage_name,is_won,is_closed,close_date
D1,2026-01-10 09:00:00,FALSE,900,{},FALSE,FALSE,2026-02-20
D1,2026-02-20 10:00:00,TRUE,1000,Closed Won,TRUE,TRUE,2026-02-20
"""
    files = [write("lead.csv", LEAD), write("opportunity.csv", DEAL)]
    path = write("sf_opportunity_history_data.csv", history.format("Open"))
    proposal = propose([*files, path], agreement=three_stages(QUALIFIED))
    assert fills(proposal, "stage_event") == {
        "deal": "id",
        "entered_at": "_fivetran_start",
        "state": "stage_name",
    }
    rules = parse_preset(proposal.text, name="own").files
    entries = [rule for rule in rules if rule.table == "stage_event"]
    assert [rule.patterns for rule in entries] == [("sf_opportunity_history_data.csv",)]
    assert not entries[0].where_not  # what is no longer in force is what a history holds
    snapshots = {rule.patterns for rule in rules if rule.table == "snapshot"}
    assert ("lead.csv",) in snapshots  # a history of deals says nothing of leads


def test_words_of_a_state_are_those_of_its_field_and_are_named(write: Writer) -> None:
    path = write("lead_history.csv", LEAD_HISTORY)
    proposal = propose([path])
    (question,) = proposal.questions
    assert "'new_value' has 1 word that nobody explained: \"Qualified\"" in question
    assert '#   includes = ["Qualified"]' in proposal.text
    assert "too many" not in proposal.text
    assert "0055G" not in proposal.text


def test_columns_without_words_give_one_reason_everywhere(write: Writer) -> None:
    rows = "".join(f"L{number},2026-01-06,0055G00000a{number:04}\n" for number in range(60))
    path = write("lead_history.csv", f"lead_id,created_date,new_value\n{rows}")
    proposal = propose([path])
    assert "nobody explained" not in proposal.questions[0]
    assert proposal.text.replace("\n# ", " ").count("too many different words for a state") == 2


def test_a_key_that_comes_again_is_no_key(write: Writer) -> None:
    text = "deal id,created at,close date,won,closed\n{}"
    once = "D1,2026-01-10,2026-02-20,true,true\n"
    again = text.format(once + "D1,2026-01-11,2026-02-20,true,true\n")
    proposal = propose([write("deals.csv", again)])
    assert any("values come more than once" in each for each in proposal.questions)
    assert "\n[[files]]" not in proposal.text
    # the same record twice is one, and so is a version that is no longer in force
    assert propose([write("deals.csv", text.format(once + once))]).is_complete


def test_old_versions_are_no_records(write: Writer) -> None:
    text = "id,created_date,_fivetran_active\nL1,2026-01-05,FALSE\nL1,2026-01-05,TRUE\n"
    rule = parse_preset(propose([write("lead.csv", text)]).text, name="own").files[0]
    assert rule.table == "lead"
    assert "false" in rule.where_not["_fivetran_active"]


# Two contacts and their deal; a third was merged into the first.
HUBSPOT = {
    "contact.csv": "id,property_email,property_createdate,property_lifecyclestage,"
    "property_hs_merged_object_ids\n"
    "7,a@b.example,2026-01-05 09:00:00,customer,5;6\n8,c@d.example,2026-01-06 09:00:00,customer,\n",
    "contact_property_history.csv": "contact_id,name,value,timestamp\n"
    "5,lifecyclestage,customer,2026-01-07 09:00:00\n5,hs_lead_status,OPEN,2026-01-06 09:00:00\n"
    "8,hubspot_owner_id,99,2026-01-06 09:00:00\n",
    "deal.csv": "deal_id,deal_pipeline_stage_id,property_createdate,property_closedate,"
    "property_hs_is_closed,property_hs_is_closed_won\n"
    "D1,s9,2026-01-08 09:00:00,2026-02-01 09:00:00,true,true\n",
    "deal_contact.csv": "deal_id,contact_id\nD1,8\n",
    "deal_pipeline_stage.csv": "stage_id,label,closed_won,is_closed\ns9,Signed,true,true\n",
}


def test_contacts_are_the_leads_where_no_file_holds_any(write: Writer, tmp_path: Path) -> None:
    files = [write(name, text) for name, text in HUBSPOT.items()]
    proposal = propose(files)
    assert proposal.is_complete
    assert "every deal stands for one" not in proposal.text
    assert fills(proposal, "deal_contact") == {"deal": "deal_id", "contact": "contact_id"}
    assert fills(proposal, "stage_label")["state"] == "stage_id"
    history = next(
        rule
        for rule in parse_preset(proposal.text, name="own").files
        if rule.matches("contact_property_history.csv")
    )
    assert history.where == {"name": ("hs_lead_status", "lifecyclestage")}
    database = own(proposal, files, tmp_path)
    with connect(database, read_only=True) as connection:
        found = connection.execute(
            "select count(*), count(*) filter (furthest = 6) from lead_progress"
        ).fetchall()
    assert found == [(2, 2)]  # one by its lifecycle, one by its deal


def test_contacts_that_may_be_leads_are_a_question(write: Writer) -> None:
    contacts = write("contact.csv", "id,created_date\n7,2026-01-05\n8,2026-01-06\n")
    proposal = propose([contacts, write("deal.csv", HUBSPOT["deal.csv"])])
    assert any("Are these contacts the leads?" in each for each in proposal.questions)


def test_dates_of_stages_in_the_leads_are_a_question(write: Writer) -> None:
    text = "id,created_date,Became a Customer Date\n7,2026-01-05,2026-01-06\n"
    (question,) = propose([write("leads.csv", text)]).questions
    assert "'Became a Customer Date' seem to say when a lead entered a stage" in question


def test_answers_to_campaigns_are_touches(write: Writer, tmp_path: Path) -> None:
    text = """id,campaign_id,lead_id,has_responded,created_date,first_responded_date,is_deleted
M1,C1,L1,TRUE,2026-01-05 09:00:00,2026-01-07,FALSE
M2,C1,L1,TRUE,2026-01-06 09:00:00,,FALSE
M3,C1,L1,FALSE,2026-01-05 09:00:00,,FALSE
M4,C1,L1,TRUE,2026-01-05 09:00:00,2026-01-07,TRUE
"""
    path = write("campaign_member.csv", text)
    proposal = propose([path])
    assert fills(proposal, "lead") == {}
    database = own(proposal, [path], tmp_path)
    with connect(database, read_only=True) as connection:
        days = connection.execute("select touched_at::date::text from touch order by 1").fetchall()
    assert days == [("2026-01-06",), ("2026-01-06",)]  # the 7th in Berlin begins on the 6th


def test_tasks_and_events_of_salesforce_are_activities(write: Writer, tmp_path: Path) -> None:
    tasks = """id,who_id,what_id,created_date,is_closed,task_subtype,type,call_type,is_deleted
T1,L1,,2026-01-05 09:00:00,TRUE,Call,,Outbound,FALSE
T2,L1,,2026-01-05 10:00:00,TRUE,ListEmail,,,FALSE
T3,L1,,2026-01-05 11:00:00,TRUE,Task,,,FALSE
T4,L1,,2026-01-05 12:00:00,FALSE,Call,,Outbound,FALSE
T5,L1,,2026-01-05 13:00:00,TRUE,Call,,Outbound,TRUE
"""
    events = """id,who_id,start_date_time,activity_date,event_subtype,type,is_deleted,is_child
E1,L1,2026-01-04 08:00:00,2026-01-04,Event,,FALSE,FALSE
E2,L1,2026-01-04 10:00:00,2026-01-04,Event,Meeting,FALSE,TRUE
"""
    files = [write("task.csv", tasks), write("event.csv", events)]
    proposal = propose(files)
    assert proposal.is_complete
    assert fills(proposal, "activity")["happened_at"] == "start_date_time"
    database = own(proposal, files, tmp_path)
    with connect(database, read_only=True) as connection:
        found = connection.execute(
            "select kind, direction, is_automated, hour(happened_at) from activity order by 4"
        ).fetchall()
    assert found == [
        ("meeting", None, None, 8),
        ("call", "outbound", None, 9),
        ("email", None, True, 10),
        ("task", "internal", None, 11),
    ]


def test_owners_with_names_of_people_are_left_to_the_analyst(write: Writer) -> None:
    text = "deal id,close date,owner\n1,2026-09-01,Jane Doe\n2,2026-09-02,John Roe\n"
    proposal = propose([write("deals.csv", text)])
    assert fills(proposal, "deal")["owner"] == "?owner"
    assert "Jane" not in proposal.text


def test_a_history_of_many_fields_asks_for_the_stage(write: Writer) -> None:
    text = "lead id,field,old value,new value,created date\n{}"
    asked = propose([write("lead_history.csv", text.format("L1,rating,Hot,Won,2026-09-01\n"))])
    assert any("'field' speaks of the stage" in each for each in asked.questions)
    known = propose(
        [
            write(
                "lead_history.csv",
                text.format("L1,Status,Open,Won,2026-09-01\nL1,rating,Hot,Cold,2026-09-01\n"),
            )
        ]
    )
    assert parse_preset(known.text, name="own").files[0].where == {"field": ("Status",)}


def test_every_kind_of_file_gives_the_same_proposal(tmp_path: Path) -> None:
    rows = list(csv.reader(ENGLISH.splitlines()))
    records = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    paths = {name: tmp_path / name for name in ("a", "b", "c", "d", "e", "f")}
    for path in paths.values():
        path.mkdir()
    (paths["a"] / "leads.csv").write_text(ENGLISH, encoding="utf-8")
    (paths["b"] / "leads.csv").write_text(
        "\r\n".join("\t".join(row) for row in rows), encoding="utf-16"
    )
    (paths["c"] / "leads.csv.gz").write_bytes(gzip.compress(ENGLISH.encode()))
    with zipfile.ZipFile(paths["d"] / "export.zip", "w") as archive:
        archive.writestr("leads.csv", ENGLISH)
    (paths["e"] / "leads.jsonl").write_text(
        "".join(json.dumps(each) + "\n" for each in records), encoding="utf-8"
    )
    with xlsxwriter.Workbook(paths["f"] / "leads.xlsx") as book:
        sheet = book.add_worksheet("Leads")
        sheet.write_row(0, 0, ["Leads of September"])
        for place, row in enumerate(rows):
            sheet.write_row(place + 2, 0, row)
    parquet = tmp_path / "leads.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * from read_csv('{paths['a'] / 'leads.csv'}', all_varchar = true)) "
            f"to '{parquet}' (format parquet)"
        )
    expected = fills(propose([paths["a"]]), "lead")
    assert expected["lead"] == "id"
    assert expected["created_at"] == "created_at"
    for path in [*list(paths.values())[1:], parquet]:
        proposal = propose([path])
        assert fills(proposal, "lead") == expected, path
        assert proposal.is_complete


def test_lines_above_the_header_are_counted(write: Writer) -> None:
    path = write("leads.csv", "Bericht: Leads\nStand: 01.10.2026 14:03\n\n" + GERMAN)
    proposal = propose([path])
    assert fills(proposal, "lead")["lead"] == "Lead-ID"
    assert parse_preset(proposal.text, name="own").files[0].header_within == 3


def test_only_the_first_records_are_looked_at(write: Writer) -> None:
    rows = "".join(f"L{number},2026-09-28\n" for number in range(5000))
    proposal = propose([write("leads.csv", "lead id,created at\n" + rows)])
    assert "(1000 of 1000; 1000 different)" in proposal.text


def test_hostile_headers_stay_inside_their_strings(write: Writer) -> None:
    head = ["Lead-ID", "Erstellt am", 'x"]\n[evil]\nname = "', "a\\b", "#", "\x7f"]
    path = write("leads.csv", "")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([head, ["L1", "2026-09-28", "1", "2", "3", "4"]])
    preset = parse_preset(propose([path]).text, name="own")
    assert len(preset.files) == 1


def test_the_order_of_files_and_records_does_not_matter_to_the_columns(write: Writer) -> None:
    lines = GERMAN.splitlines()
    first = propose([write("leads.csv", GERMAN)])
    shuffled = lines[1:]
    random.Random(1).shuffle(shuffled)
    again = propose([write("leads.csv", "\n".join([lines[0], *shuffled]) + "\n")])
    assert again.text == first.text


def test_files_that_fit_nothing_are_named(write: Writer) -> None:
    path = write("weather.csv", "temperature,humidity\n20,40\n21,41\n")
    proposal = propose([path])
    assert not proposal.is_complete
    assert "No table fits its columns" in proposal.text


@pytest.mark.parametrize("name", ["", "Own", "my crm", "1crm"])
def test_names_that_cannot_begin_an_id_are_refused(write: Writer, name: str) -> None:
    with pytest.raises(CallError, match="cannot be the name"):
        propose([write("leads.csv", GERMAN)], name=name)


def test_no_file_and_no_table_are_refused(write: Writer, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no export"):
        propose([])
    with pytest.raises(CallError, match="no such file"):
        propose([tmp_path / "nowhere.csv"])
    with pytest.raises(SourceError, match="web page"):
        propose([write("leads.csv", "<!DOCTYPE html><html></html>")])


# ── Loading what was proposed


def own(proposal: Proposal, files: list[Path], folder: Path, **options: Any) -> Path:
    """A warehouse loaded by a proposal as it stands."""
    preset = folder / "own.toml"
    preset.write_text(proposal.text, encoding="utf-8")
    database = folder / "own.duckdb"
    load(files, preset=preset, database=database, **{"agreement": "b2b", **options})
    return database


def count(database: Path, table: str) -> int:
    with connect(database, read_only=True) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def test_the_sample_company_is_proposed_as_its_own_preset_maps_it(tmp_path: Path) -> None:
    text = (SAMPLE / "agreement.toml").read_text(encoding="utf-8")
    for stage, word in (
        ("marketing_qualified", "Marketing-qualifiziert"),
        ("sales_accepted", "Vom SDR angenommen"),
        ("sales_qualified", "Vertriebsqualifiziert"),
    ):
        text = text.replace(f'name = "{stage}"', f'name = "{stage}"\nincludes = ["{word}"]')
    agreement = tmp_path / "agreement.toml"
    agreement.write_text(text, encoding="utf-8")
    proposal = propose([SAMPLE], agreement=load_agreement(agreement), timezone="Europe/Berlin")
    assert proposal.questions == ()
    shipped = {
        (rule.table, name, part[0])
        for rule in parse_preset(_shipped("sample"), name="sample").files
        for name, feed in rule.columns.items()
        for part in feed.parts
    }
    proposed = {
        (table, name, header)
        for table in {table for table, _, _ in shipped}
        for name, header in fills(proposal, table).items()
    }
    # One column may feed two of ours only by hand: is_connect. A status is a state.
    assert shipped - proposed == {
        ("activity", "is_connect", "Ergebnis"),
        ("lead", "status", "Status"),
        ("stage_event", "stage", "Nach Phase"),
    }
    assert proposed - shipped == {
        ("lead", "state", "Status"),
        ("stage_event", "state", "Nach Phase"),
    }
    database = own(proposal, [SAMPLE], tmp_path, agreement=agreement, as_of=date(2026, 11, 1))
    for table, file in (("lead", "leads"), ("stage_event", "stage_history"), ("deal", "deals")):
        path = SAMPLE / f"{file}.csv"
        records = path.read_text(encoding="utf-8-sig").splitlines()[1:]
        assert count(database, table) == len(set(records)), table


def _shipped(name: str) -> str:
    folder = Path(__file__).parents[2] / "funnel_analytics" / "sources" / "presets"
    return (folder / f"{name}.toml").read_text(encoding="utf-8")


@pytest.mark.real_data
def test_olist_is_proposed_and_gives_its_known_counts(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "olist_funnel"
    proposal = propose([folder], timezone="America/Sao_Paulo")
    assert proposal.questions == ()
    assert fills(proposal, "lead") == {
        "lead": "mql_id",
        "created_at": "first_contact_date",
        "origin": "origin",
    }
    deal = fills(proposal, "deal")
    assert deal["deal"] == "mql_id"
    assert deal["closed_at"] == "won_date"
    assert deal["product"] == "business_segment"
    assert deal["owner"] == "sr_id"
    assert deal["amount"] == "?declared_monthly_revenue"  # unusable, and left to the analyst
    database = own(proposal, [folder], tmp_path, agreement="olist")
    with connect(database, read_only=True) as connection:
        won = connection.execute(
            "select origin, count(*), count(wins.lead) from lead left join "
            "(select distinct lead from stage_event where status = 'won') as wins using (lead) "
            "where origin in ('organic_search', 'display') group by origin order by origin"
        ).fetchall()
    assert won == [("display", 118, 6), ("organic_search", 2296, 271)]
    assert (count(database, "lead"), count(database, "deal")) == (8000, 842)


@pytest.mark.real_data
def test_maven_is_proposed_and_gives_its_known_counts(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "maven_crm"
    proposal = propose([folder], timezone="America/New_York")
    assert proposal.questions == ()
    assert fills(proposal, "deal") == {
        "deal": "opportunity_id",
        "account": "account",
        "amount": "close_value",
        "created_at": "engage_date",
        "closed_at": "close_date",
        "product": "product",
        "owner": "?sales_agent",
        "is_won": "deal_stage",
    }
    database = own(proposal, [folder], tmp_path, agreement="maven_crm")
    with connect(database, read_only=True) as connection:
        found = connection.execute(
            "select count(*), count(*) filter (is_won), sum(amount) filter (is_won), "
            "count(*) filter (not is_won) from deal"
        ).fetchall()
    assert found == [(8800, 4238, 10_005_534.0, 2473)]
    assert count(database, "lead") == 8300  # 500 that nobody engaged have no day of creation
    assert count(database, "account") == 85


@pytest.mark.real_data
def test_costs_of_february_are_proposed_to_the_cent(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "marketing_feb2021" / "Marketing_dmy.csv"
    proposal = propose([path])
    assert proposal.questions == ()
    assert fills(proposal, "spend") == {
        "spent_on": "c_date",
        "channel": "category",
        "campaign": "campaign_id",
        "amount": "mark_spent",
        "impressions": "impressions",
        "clicks": "clicks",
    }
    database = own(proposal, [path], tmp_path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = list(csv.DictReader(file))
    with connect(database, read_only=True) as connection:
        found = connection.execute(
            "select count(*), round(sum(amount), 6), sum(clicks), min(spent_on), max(spent_on) "
            "from spend"
        ).fetchall()
    spent = float(sum(Decimal(each["mark_spent"]) for each in records))
    clicks = sum(int(each["clicks"]) for each in records)
    assert found == [(308, spent, clicks, date(2021, 2, 1), date(2021, 2, 28))]


@pytest.mark.real_data
def test_marketo_is_proposed(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "fivetran_seeds" / "dbt_marketo"
    proposal = propose([folder])
    assert fills(proposal, "lead") == {
        "lead": "id",
        "email": "email",
        "domain": "email",
        "created_at": "created_at",
    }
    programs = {
        each.column: each.fills
        for each in proposal.columns
        if each.file == "marketo_program_data.csv" and each.fills
    }
    assert programs["id"] == "campaign.campaign"
    assert programs["channel"] == "campaign.channel"
    assert programs["name"] == "campaign.name"
    # The history is of all fields; which one is the stage, only the analyst knows.
    assert any(
        "'primary_attribute_value' speaks of the stage" in each for each in proposal.questions
    )
    path = folder / "marketo_lead_data.csv"
    leads = propose([path])
    assert leads.is_complete
    database = own(leads, [path], tmp_path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = list(csv.DictReader(file))
    with connect(database, read_only=True) as connection:
        found = connection.execute(
            "select count(*), count(distinct email), count(distinct domain), "
            "min(created_at)::text, max(created_at)::text from lead"
        ).fetchall()
    emails = {each["email"].casefold() for each in records}
    domains = {email.partition("@")[2] for email in emails}
    days = sorted(each["created_at"].removesuffix(".000") for each in records)
    assert found[0][0] == len(records) == 100
    assert found[0][1] == len(emails)
    assert found[0][2] <= len(domains)  # domains of free mail are none
    assert found[0][3:] == (days[0], days[-1])
