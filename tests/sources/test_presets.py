"""What the words of a preset do, each with a file small enough to read."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnel_analytics.errors import CallError, SourceError
from funnel_analytics.privacy import Key
from funnel_analytics.sources.headers import Rules, squashed, why_not
from funnel_analytics.sources.preset import FileRule, load_preset, parse_preset, preset_names
from funnel_analytics.sources.recording import Counts, write_log
from tests.sources.staged import HEAD, KEY, Stage, agreed, warehouse

LEADS = """
[[files]]
pattern = "file.csv"
table = "lead"
{settings}
[files.columns]
lead = "Id"
created_at = "Created"
{columns}
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with warehouse() as connection:
        yield Stage(connection, tmp_path)


def rules(text: str, **more: str) -> tuple[FileRule, ...]:
    return parse_preset(HEAD + text.format(**more), name="mine").files


def leads(columns: str = "", settings: str = "") -> str:
    return LEADS.format(columns=columns, settings=settings)


@pytest.mark.parametrize("name", preset_names())
def test_every_shipped_preset_is_sound(name: str) -> None:
    assert load_preset(name).files


def test_the_preset_in_the_docs_is_sound() -> None:
    docs = Path(__file__).parents[2] / "docs" / "sources.md"
    section = docs.read_text(encoding="utf-8").partition("## Writing a preset")[2]
    texts = re.findall("```toml\n(.*?)```", section, re.DOTALL)
    written = parse_preset(texts[0], name="docs").files
    assert [each.table for each in written] == ["lead"]
    again = parse_preset(HEAD + texts[2], name="docs").files
    assert [each.part for each in again] == ["mql", "sql"]
    words = {field.alias or name for name, field in FileRule.model_fields.items()}
    assert {
        word for word in words if not re.search(rf"^\[?(files\.)?{word}\b", texts[0], re.M)
    } == {"part", "scale", "totals_without"}  # further below
    assert "part = " in texts[2]
    assert "[files.scale]" in section
    assert "totals_without = " in section


@pytest.mark.parametrize(
    ("pattern", "name", "is_taken"),
    [
        ("lead", "Lead.csv", True),
        ("lead", "lead.csv.gz", True),
        ("lead.csv", "LEAD.CSV.GZ", True),
        ("lead", "deep/folder/Lead.parquet", True),
        ("lead", "leads.csv", False),
        ("leads*", "leads_2026-10.jsonl", True),
        ("leads.csv", "leads.xlsx", False),
    ],
)
def test_a_pattern_names_a_file_with_or_without_its_endings(
    pattern: str, name: str, is_taken: bool
) -> None:
    (rule,) = rules(leads().replace('"file.csv"', f'["nothing", "{pattern}"]'))
    assert rule.matches(name) is is_taken


@pytest.mark.parametrize(
    ("header", "column"),
    [
        (["Id", "Created Date"], "Created Date"),
        (["Id", "created_date"], "created_date"),
        (["Id", "CREATEDDATE", "Created Date "], "CREATEDDATE"),
        (["Id", "Created Date", "CreatedDate"], "CreatedDate"),
    ],
)
def test_a_header_is_found_by_its_letters_and_exactly_first(header: list[str], column: str) -> None:
    (rule,) = rules(leads().replace('"Created"', '"CreatedDate"'))
    if header[-1].endswith(" "):
        assert why_not(rule, header) == [
            "the columns 'CREATEDDATE' and 'Created Date ' both go by 'CreatedDate'"
        ]
    else:
        assert Rules([rule]).columns([*header, "Other"]) == ["Id", column]


def test_umlauts_and_digits_count_in_a_header() -> None:
    assert squashed("Straße-Nr. 5 (%)") == "strassenr5"
    assert squashed("Größe") != squashed("Grosse")


def test_a_header_that_fits_no_rule_is_none_and_says_why() -> None:
    wants = Rules(rules(leads('owner = ["Owner", "Besitzer"]')))
    assert wants.columns(["Stand: 01.10.2026"]) is None
    said = wants.why_not(["Id", "Creatd"])
    assert "column 'Created' (for lead.created_at) is not in the file. Did you mean" in said
    assert "column 'Owner' or 'Besitzer' (for lead.owner)" in said
    assert "The file has: Id, Creatd." in said


def test_a_rule_keeps_only_the_columns_that_it_reads() -> None:
    wants = Rules(rules(leads('owner = "Owner"', 'optional = ["*"]')))
    assert wants.columns(["Phone", "Created", "Id", "Name"]) == ["Created", "Id"]


def test_star_takes_the_currency_from_the_header(stage: Stage) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.csv"
        table = "spend"
        delimiter = [",", ";", "\\t"]
        decimal = "auto"
        [files.columns]
        spent_on = "Tag"
        amount = ["Amount spent (*)", "Ausgegebener Betrag (*)"]
        currency = { header_of = "amount" }
        """,
        "Tag;Ausgegebener  Betrag (CHF)\n2026-10-01;1.234,50 CHF\n2026-10-02;3,10 EUR\n",
    )
    assert stage.rows("select spent_on, currency, amount from spend") == [
        (date(2026, 10, 1), "CHF", 1234.5)
    ]
    assert stage.rows("select line, value, reason from quarantine") == [
        (3, "3,10 EUR", "has another currency than its record")
    ]


def test_first_of_and_join_work_row_by_row(stage: Stage) -> None:
    stage.take(
        leads(
            'channel = { join = [["source"], ["medium"]], with = " / " }\n'
            'converted_at = { first_of = [["New"], ["Old"], ["Never there"]] }',
            'missing = ["", "-"]',
        ),
        "Id,Created,source,medium,New,Old\n"
        "1,2026-09-01,google,cpc,2026-09-03,2026-09-02\n"
        "2,2026-09-01,-,cpc,-,2026-09-02\n"
        "3,2026-09-01,,,,\n",
    )
    assert stage.rows("select channel, converted_at from lead order by lead") == [
        ("google / cpc", datetime(2026, 9, 2, 22)),
        ("(not set) / cpc", datetime(2026, 9, 1, 22)),
        (None, None),
    ]


def test_each_part_of_a_split_text_is_a_row_of_its_own(stage: Stage) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.csv"
        table = "contact"
        [files.columns]
        contact = { split = "Merged", at = ";" }
        merged_into = "Id"
        """,
        "Id,Merged\n1,7; 8;\n2,\n3,9\n",
    )
    assert stage.rows("select contact, merged_into, source_row from contact order by contact") == [
        ("crm:7", "crm:1", 2),
        ("crm:8", "crm:1", 2),
        ("crm:9", "crm:3", 4),
    ]
    ((read, loaded, other),) = stage.rows("select rows_read, rows_loaded, rows_other from load_log")
    assert (read, loaded, other) == (4, 3, 1)


def test_a_value_is_taken_only_where_another_column_says_so(stage: Stage) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.csv"
        table = "deal"
        optional = ["*"]
        [files.columns]
        deal = "Id"
        closed_at = "Close"
        expected_on = "Close"
        lost_reason = "Close"
        [files.only_if]
        closed_at = { column = ["IsClosed", "Geschlossen"], in = ["true", "1"] }
        expected_on = { column = ["IsClosed", "Geschlossen"], not_in = ["true", "1"] }
        lost_reason = { column = "Not there", in = ["x"] }
        """,
        "Id,Close,Geschlossen\n1,2026-09-01,TRUE\n2,2026-09-02,false\n3,2026-09-03,\n",
    )
    found = stage.rows("select closed_at, expected_on, lost_reason from deal order by deal")
    assert found == [
        (datetime(2026, 8, 31, 22), None, None),
        (None, date(2026, 9, 2), None),
        (None, date(2026, 9, 3), None),
    ]


def test_conditions_count_what_they_leave_to_other_tables(stage: Stage) -> None:
    stage.take(
        leads(settings='where_present = ["created_at"]')
        + '[files.where]\n"Kind|Art" = ["Lead"]\n[files.where_not]\nTest = ["yes"]\n',
        "Id,Created,Art,Test\n"
        "1,2026-09-01,lead,no\n"
        "2,2026-09-01,Contact,no\n"
        "3,2026-09-01,Lead,YES\n"
        "4,,Lead,no\n"
        "5,2026-09-01,Lead,\n"
        "6,soon,Lead,\n",
    )
    assert stage.rows("select lead from lead order by lead") == [("crm:1",), ("crm:5",)]
    ((read, loaded, lost, other),) = stage.rows(
        "select rows_read, rows_loaded, rows_quarantined, rows_other from load_log"
    )
    assert (read, loaded, lost, other) == (6, 2, 1, 3)


def test_an_empty_word_in_a_condition_is_a_missing_value(stage: Stage) -> None:
    text = "Id,Created,Kind,Test\n1,2026-09-01,,a\n2,2026-09-01,x,a\n3,2026-09-01,,\n"
    stage.take(leads() + '[files.where]\nKind = [""]\n[files.where_not]\nTest = [""]\n', text)
    assert stage.rows("select lead from lead") == [("crm:1",)]


def test_rows_that_do_not_add_up_are_never_logged(stage: Stage) -> None:
    counts = Counts(rejected=0, total=0, rows=5, loaded=4, duplicate=0, other=0, values=0)
    with pytest.raises(SourceError, match=r"file\.csv: 5 rows were read, but 4 loaded.*not add up"):
        write_log(stage.connection, {"file": "file.csv"}, counts)


def test_a_file_without_the_column_that_must_be_present_has_no_such_rows(stage: Stage) -> None:
    text = """
        [[files]]
        pattern = "file.csv"
        table = "stage_event"
        where_present = ["entered_at"]
        [files.columns]
        lead = "Id"
        [[files.repeat]]
        part = "mql"
        columns = { entered_at = "Became MQL" }
        constants = { stage = "mql" }
        [[files.repeat]]
        part = "sql"
        columns = { entered_at = "Became SQL" }
        constants = { stage = "sql" }
        """
    stage.take(text, "Id,Became SQL\n1,2026-09-01\n2,\n")
    assert stage.rows("select lead, stage from stage_event") == [("crm:1", "sql")]
    assert [(log["part"], log["rows_loaded"], log["rows_other"]) for log in stage.log()] == [
        ("mql", 0, 2),
        ("sql", 1, 1),
    ]
    with pytest.raises(SourceError, match=r"'Id' \(for stage_event\.lead\) is not in the file"):
        stage.take(text, "Key,Became SQL\n1,2026-09-01\n")


def test_repeat_keeps_what_is_common_and_numbers_what_has_no_part() -> None:
    found = rules("""
        [[files]]
        pattern = ["rates", "fx*"]
        table = "exchange_rate"
        missing = ["N/A"]
        [files.columns]
        rated_on = "Date"
        [files.constants]
        base = "EUR"
        [[files.repeat]]
        columns = {{ rate = "USD" }}
        constants = {{ currency = "USD" }}
        [[files.repeat]]
        columns = {{ rate = "CHF" }}
        constants = {{ currency = "CHF" }}
        missing = [""]
        """)
    assert [(each.part, each.pattern, each.missing) for each in found] == [
        ("", "rates | fx*", ("N/A",)),
        ("2", "rates | fx*", ("",)),
    ]
    assert [each.constants for each in found] == [
        {"base": "EUR", "currency": "USD"},
        {"base": "EUR", "currency": "CHF"},
    ]
    assert [list(each.columns) for each in found] == [["rated_on", "rate"]] * 2


def test_scaled_numbers_stay_exact_and_in_their_range(stage: Stage) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.csv"
        table = "deal"
        [files.columns]
        deal = "Id"
        probability = "P"
        amount = "Micros"
        [files.scale]
        probability = 0.01
        amount = 1e-6
        """,
        "Id,P,Micros\n1,35,1234567\n2,100,3\n3,0,\n4,101,1\n5,-1,1\n6,70 %,1\n",
    )
    assert stage.rows("select probability, amount from deal order by deal") == [
        (0.35, 1.234567),
        (1.0, 0.000003),
        (0.0, None),
        (None, 0.000001),
        (None, 0.000001),
        (0.7, 0.000001),
    ]
    assert stage.rows("select line, value, reason from quarantine order by line") == [
        (5, "101", "lies outside 0–1"),
        (6, "-1", "lies outside 0–1"),
    ]


def test_negative_counts_are_quarantined(stage: Stage) -> None:
    stage.take(
        '[[files]]\npattern = "file.csv"\ntable = "spend"\n[files.columns]\n'
        'spent_on = "d"\namount = "a"\nclicks = "c"\n',
        "d,a,c\n2026-10-01,-5,-1\n2026-10-01,1,0\n2026-10-01,1,1.5\n",
    )
    assert stage.rows("select amount, clicks from spend order by all") == [
        (-5.0, None),
        (1.0, 0),
        (1.0, None),
    ]
    assert stage.rows("select value, reason from quarantine order by line") == [
        ("-1", "lies below 0"),
        ("1.5", "is no whole number"),
    ]


@pytest.mark.parametrize(
    ("short", "long"),
    [  # the last three letters say which of five characters each are capital
        ("0015000000Gv7qJ", "0015000000Gv7qJAAR"),
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
        ("00Q000000000001", "00Q000000000001EAA"),
    ],
)
def test_salesforce_ids_are_read_in_their_long_form(stage: Stage, short: str, long: str) -> None:
    stage.take(
        leads('owner = "Owner"', 'ids = "salesforce"'),
        f"Id,Created,Owner\n{short},2026-09-01,{long}\n",
    )
    assert stage.rows("select lead, owner from lead") == [(f"crm:{long}", f"crm:{long}")]


def test_ids_are_pseudonyms_where_the_agreement_wants_it(stage: Stage) -> None:
    stage.take(
        leads('owner = "Owner"\ncampaign = "Campaign"'),
        "Id,Created,Owner,Campaign\nL 1,2026-09-01,U1,C1\n",
        agreement=agreed(ids="pseudonym"),
    )
    assert stage.rows("select lead, owner, campaign from lead") == [
        (KEY.pseudonym("crm", "L 1"), KEY.pseudonym("crm", "U1"), "crm:C1")
    ]
    ((pseudonym, sealed),) = stage.rows("select * from sealed_id")
    assert KEY.open(pseudonym, bytes(sealed)) == "crm:L 1"


def test_addresses_are_hashed_and_what_is_none_is_quarantined_unseen(stage: Stage) -> None:
    stage.take(
        leads('email = "E-Mail"\ndomain = { first_of = [["Website"], ["E-Mail"]] }'),
        "Id,Created,E-Mail,Website\n"
        "1,2026-09-01,Ann@Firma.de,\n"
        "2,2026-09-01,ann@firma.de,www.other.de\n"
        "3,2026-09-01,bob@gmail.com,\n"
        "4,2026-09-01,Erika Muster,\n"
        "5,2026-09-01,,\n",
    )
    ann, firma = KEY.email("ann@firma.de"), KEY.domain("x@firma.de")
    assert stage.rows("select email, domain from lead order by lead") == [
        (ann, firma),
        (ann, KEY.domain("other.de")),
        (KEY.email("bob@gmail.com"), None),
        (None, None),
        (None, None),
    ]
    assert stage.rows("select line, column_name, value, reason from quarantine") == [
        (5, "E-Mail", None, "is no e-mail address")
    ]
    assert not any("firma" in str(row).lower() for row in stage.rows("from lead"))


def test_a_mapped_address_needs_a_key() -> None:
    with pytest.raises(CallError, match="'Mail' holds e-mail addresses or domains; a key is"):
        Rules(rules(leads('email = "Mail"'))).hashes("Mail")


def test_hashes_are_for_mapped_addresses_only() -> None:
    wants = Rules(rules(leads('email = ["Mail", "E-Mail"]')), Key(bytes(32)))
    assert wants.hashes("Id") is None
    hasher = wants.hashes("e_mail")
    assert hasher is not None
    assert hasher("") is None
    assert hasher("nobody") == "?|"


@pytest.mark.parametrize(
    ("text", "is_personal"),
    [
        ("write to ann@firma.de", True),
        ("+49 221 1234567", True),
        ("call 0049-221-1234567 now", True),
        ("0221 / 123 45 67", True),
        ("(0221) 1234567", True),
        ("@home", False),
        ("100-499", False),
        ("0815-4711", True),
        ("10.000 - 20.000 EUR", False),
        ("2026-10-01 08:00:00", False),
        ("00Q5000000abcDE", False),
        ("5900123456789", False),
    ],
)
def test_what_looks_like_an_address_or_number_is_not_loaded(
    stage: Stage, text: str, is_personal: bool
) -> None:
    file = f'Id,Created,Note,Origin\n1,2026-09-01,"{text}","{text}"\n'
    text_rules = leads('origin = "Origin"') + '[files.attributes]\nnote = "Note"\n'
    stage.take(text_rules, file)
    expected = None if is_personal else text
    assert stage.rows("select origin from lead") == [(expected,)]
    assert stage.rows("select value from lead_field") == [(expected,)]
    found = stage.rows("select column_name, reason, value from quarantine order by 1")
    assert [row[:2] for row in found] == [
        ("Note", "looks like an e-mail address or a telephone number"),
        ("Origin", "looks like an e-mail address or a telephone number"),
    ] * is_personal
    assert not any(text in row[2] for row in found)
    stage.take(text_rules, file.replace("1,2026", "2,2026"), agreement=agreed(personal="keep"))
    assert stage.rows("select origin from lead where lead = 'crm:2'") == [(text,)]


def test_an_address_is_no_plain_id(stage: Stage) -> None:
    text = leads('person_key = "Mail"')
    stage.take(text, "Id,Created,Mail\n1,2026-09-01,ann@firma.de\n2,2026-09-01,4922112345678\n")
    assert stage.rows("select person_key from lead order by lead") == [
        (None,),
        ("crm:4922112345678",),
    ]
    assert stage.rows("select value, reason from quarantine") == [
        ("xxx@xxxxx.xx", "looks like an e-mail address")
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Erika Muster", "xxxxx xxxxxx"),
        ("32 März 2026", "32 März 2026"),
        ("N/A", "N/A"),
        ("ann2@firma.de", "xxx9@xxxxx.xx"),
        ("+49 221 1234567", "+99 999 9999999"),
        ("2026-02-30T10:00Z", "2026-02-30T10:00Z"),
    ],
)
def test_what_the_quarantine_shows_names_nobody(stage: Stage, text: str, shown: str) -> None:
    good = "".join(f"{number},2026-09-01\n" for number in range(9))
    stage.take(leads(), f"Id,Created\n{good}x,{text}\n")
    assert stage.rows("select value from quarantine") == [(shown,)]


def test_a_row_needs_one_of_the_columns_that_say_whose_it_is(stage: Stage) -> None:
    stage.take(
        '[[files]]\npattern = "file.csv"\ntable = "activity"\noptional = ["*"]\n'
        '[files.columns]\nlead = "Lead"\ndeal = "Deal"\nhappened_at = "At"\n',
        "Lead,Deal,At\n1,,2026-09-01\n,2,2026-09-01\n,,2026-09-01\n",
    )
    assert stage.rows("select lead, deal from activity order by all") == [
        ("crm:1", None),
        (None, "crm:2"),
    ]
    assert stage.rows("select line, column_name, reason, is_row_lost from quarantine") == [
        (4, "Lead / Deal", "has no lead and no deal", True)
    ]


def test_states_are_kept_raw_and_their_meanings_beside_them(stage: Stage) -> None:
    stage.take(
        leads('state = "Status"') + '[files.values.state]\n"Closed Won" = "won"\n',
        "Id,Created,Status\n1,2026-09-01,Closed Won\n",
    )
    assert stage.rows("select state from lead") == [("Closed Won",)]
    assert stage.rows("select * from state_meaning") == [(1, "Closed Won", "won")]


def test_values_are_translated_in_any_case_but_exactly_first(stage: Stage) -> None:
    stage.take(
        leads('origin = "O"') + '[files.values.origin]\nweb = "inbound"\nWEB = "outbound"\n',
        "Id,Created,O\n1,2026-09-01,web\n2,2026-09-01,WEB\n3,2026-09-01,Web\n4,2026-09-01,fair\n",
    )
    found = stage.rows("select origin from lead order by lead")
    assert found == [("inbound",), ("outbound",), ("inbound",), ("fair",)]


def test_one_yes_of_several_is_enough_and_what_is_no_answer_is_named(stage: Stage) -> None:
    stage.take(
        leads('is_deleted = { any_of = [["A"], ["B"]] }'),
        "Id,Created,A,B\n1,2026-09-01,FALSE,TRUE\n2,2026-09-01,0,\n3,2026-09-01,,1\n"
        "4,2026-09-01,x,TRUE\n5,2026-09-01,no,x\n6,2026-09-01,,\n",
    )
    found = stage.rows("select is_deleted from lead order by lead")
    assert found == [(True,), (False,), (True,), (True,), (None,), (None,)]
    assert stage.rows("select line, value from quarantine") == [(6, "x")]


def test_parts_of_a_text_end_at_a_mark(stage: Stage) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.csv"
        table = "contact"
        [files.columns]
        contact = { split = "Merged", at = "|", until = "@" }
        merged_into = "Id"
        """,
        "Id,Merged\n1,17@2026|18@2027\n2,\n3,19\n",
    )
    assert stage.rows("select contact, merged_into from contact order by 1") == [
        ("crm:17", "crm:1"), ("crm:18", "crm:1"), ("crm:19", "crm:3")
    ]  # fmt: skip


def test_total_rows_are_kept_beside_the_sums(stage: Stage) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.csv"
        table = "spend"
        delimiter = ";"
        decimal = "auto"
        header_within = 10
        totals = ["Summe", "Gesamt"]
        stated_at = "Stand: %d.%m.%Y %H:%M"
        [files.columns]
        spent_on = "Tag"
        amount = "Kosten"
        clicks = "Klicks"
        """,
        "Kampagnen\nStand: 01.11.2026 08:30\n\nTag;Kosten;Klicks\n"
        "2026-10-01;1.000,10;5\n2026-10-02;2,40;x\nSumme;1.002,50;7\n",
    )
    assert stage.rows(
        "select line, column_name, stated, added_up from stated_total order by column_name"
    ) == [(7, "amount", 1002.5, 1002.5), (7, "clicks", 7.0, 5.0)]
    ((read, loaded, total, faults),) = stage.rows(
        "select rows_read, rows_loaded, rows_total, values_quarantined from load_log"
    )
    assert (read, loaded, total, faults) == (3, 2, 1, 1)


def test_the_instant_that_a_file_states_is_told_in_utc(stage: Stage) -> None:
    staged = stage.take(
        leads(settings='header_within = 5\nstated_at = ["As of %Y-%m-%d %H:%M:%S"]'),
        "As of 2026-11-01 08:30:00\nId,Created\n1,2026-09-01\n",
    )
    assert staged.stated_at == datetime(2026, 11, 1, 7, 30)


@pytest.mark.parametrize(
    ("zone", "hour"), [("America/New_York", 14), ("agreement", 8), ("UTC", 10)]
)
def test_times_are_in_the_files_zone_and_days_in_the_agreed_one(
    stage: Stage, zone: str, hour: int
) -> None:
    # The agreement is Berlin's: 1 September begins at 22:00 UTC on the day before.
    stage.take(
        leads(settings=f'timezone = "{zone}"'), "Id,Created\n1,2026-09-01 10:00\n2,2026-09-01\n"
    )
    assert stage.rows("select created_at, created_at_is_day from lead order by lead") == [
        (datetime(2026, 9, 1, hour), False),
        (datetime(2026, 8, 31, 22), True),
    ]


def test_a_spreadsheets_day_is_one_of_the_agreed_zone(stage: Stage) -> None:
    stage.take(
        leads(settings='timezone = "UTC"\ndate_format = "excel"'),
        "Id,Created\n1,46085\n2,46085.5\n",
    )
    found = stage.rows("select created_at from lead order by lead")
    assert found == [(datetime(2026, 3, 3, 23),), (datetime(2026, 3, 4, 12),)]


def test_a_file_is_read_once_for_all_its_rules(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from funnel_analytics.sources import staging

    read = []
    whole = staging.read_member
    monkeypatch.setattr(
        staging,
        "read_member",
        lambda *given, **more: (read.append(given), whole(*given, **more))[1],
    )
    stage.take(
        leads('owner = "Owner"')
        + '[[files]]\npattern = "file.csv"\ntable = "person"\n[files.columns]\nperson = "Owner"\n',
        "Id,Created,Owner\n1,2026-09-01,U1\n2,2026-09-01,U1\n",
    )
    assert len(read) == 1
    assert stage.rows("select person from person") == [("crm:U1",)]
    assert [(log["table_name"], log["rows_duplicate"]) for log in stage.log()] == [
        ("lead", 0),
        ("person", 1),
    ]


def test_a_fault_of_one_rule_is_told_with_those_of_the_others(stage: Stage) -> None:
    text = (
        leads('converted_at = "Conv"')
        + '[[files]]\npattern = "file.csv"\ntable = "deal"\ndecimal = "auto"\n'
        + '[files.columns]\ndeal = "Id"\namount = "Sum"\n'
    )
    with pytest.raises(SourceError) as caught:
        stage.take(text, 'Id,Created,Conv,Sum\n1,01/02/2026,2026-09-01,"1,234"\n')
    assert "column 'Created': 1 of 1 dates are not ISO 8601" in str(caught.value)
    assert "column 'Sum': 1 number like '1,234'" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{columns}", "owner = {{ first_of = [['A']], join = [['B']] }}", "takes exactly one of"),
        ("{columns}", "owner = {{ frist_of = [['A']] }}", "Did you mean 'first_of'?"),
        ("{columns}", "owner = {{ any_of = [['A'], ['B']] }}", "'owner' is no yes or no"),
        ("{columns}", "owner = {{ one = 'A', until = ':' }}", "stands beside one"),
        ("{settings}", 'totals_without = ["owner"]', "'owner' is no column of [files.columns]"),
        ("{settings}", 'totals_without = ["lead"]', "the rule has no column that adds up"),
        ("{columns}", "state = {{ header_of = 'owner' }}", "header_of 'owner', which has no spell"),
        ("{settings}", 'delimiter = ["::"]', "each delimiter is one character"),
        ("{settings}", 'decimal = "auto"\nthousands = "."', "thousands mark is detected too"),
        ("{settings}", 'encoding = ["utf-8", "klingon"]', "there is no encoding 'klingon'"),
        ("{settings}", 'date_format = "exel"', "has no year. Did you mean 'excel'?"),
        ("{settings}", 'stated_at = "Stand: %d.%m."', "stated_at 'Stand: %d.%m.' has no year"),
        ("{settings}", 'where_present = ["ownr"]', "no column 'ownr'. Did you mean 'owner'?"),
        ("{settings}", 'where_present = ["owner"]', "'owner' has a setting of its own but is no"),
        ("{settings}", 'ids = "sugar"', "ids: Input should be '' or 'salesforce'"),
        ("{columns}", '[files.scale]\ncreated_at = 2', "scale: 'created_at' is no number"),
        ("{columns}", '[files.only_if]\ncreated_at = {{ column = "x" }}', "either `in` or `not"),
        ("{columns}", 'email = "Id"', "'lead' is fed by 'Id', which is hashed"),
        ("{columns}", 'email = "M"\n[files.attributes]\nm = "M"', "attribute 'm' is fed by 'M'"),
        ('table = "lead"', 'table = "activity"', "table activity needs the column 'happened_at'"),
    ],
)  # fmt: skip
def test_presets_with_faults_are_refused(old: str, new: str, said: str) -> None:
    text = LEADS.replace(old, new).format(columns="", settings="")
    with pytest.raises(CallError) as caught:
        parse_preset(HEAD + text, name="mine")
    assert said in str(caught.value)


def test_an_export_never_says_itself_when_it_was_seen() -> None:
    with pytest.raises(CallError, match=r"snapshot\.seen_at is the export's own instant"):
        rules('[[files]]\npattern = "f"\ntable = "snapshot"\n[files.columns]\n'
              'lead = "L"\nstate = "S"\nseen_at = "T"\n')  # fmt: skip


def test_two_rules_that_nothing_tells_apart_are_refused() -> None:
    twice = (leads(settings='part = "a"')) * 2
    with pytest.raises(CallError, match="two rules for the table lead are both part 'a'"):
        rules(twice)


CELLS = st.sampled_from(
    ["", "1", "L1", "L2", "2026-09-01", "01.02.2026", "soon", "ann@firma.de", "1,5", "ja", "-", "Q"]
)


@settings(max_examples=25)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=25))
def test_every_record_is_accounted_for_whatever_is_wrong(records: list[list[str]]) -> None:
    text = """
    [[files]]
    pattern = "file.csv"
    table = "lead"
    missing = ["-"]
    totals = ["Q"]
    date_format = ["%Y-%m-%d", "%d.%m.%Y"]
    [files.columns]
    lead = "a"
    created_at = "b"
    is_test = "c"
    origin = "d"
    [files.where_not]
    c = ["ja"]

    [[files]]
    pattern = "file.csv"
    table = "deal"
    missing = ["-"]
    totals = ["Q"]
    where_present = ["amount"]
    [files.columns]
    deal = "a"
    amount = "d"
    """
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows([["a", "b", "c", "d"], *records])
    with tempfile.TemporaryDirectory() as folder, warehouse() as connection:
        stage = Stage(connection, Path(folder))
        if all(not each or each[0].strip() == "Q" for each in records):
            with pytest.raises(SourceError, match="has a header and no rows"):
                stage.take(text, sink.getvalue())
            return
        stage.take(text, sink.getvalue())
        logs: list[dict[str, Any]] = stage.log()
        assert len(logs) == 2
        for log in logs:
            parts = ("loaded", "quarantined", "duplicate", "other", "total")
            assert log["rows_read"] == sum(log[f"rows_{part}"] for part in parts)
            ((there,),) = stage.rows(f"select count(*) from {log['table_name']}")
            assert log["rows_loaded"] == there
            ((lost,),) = stage.rows(
                "select count(distinct line) from quarantine where is_row_lost "
                f"and load_no = {log['load_no']}"
            )
            assert log["rows_quarantined"] == lost
        blank = [""]  # csv writes a lone empty cell as "", which is a record
        assert logs[0]["rows_read"] == len([each for each in records if each or each == blank])
