"""Addresses and telephone numbers of people: found in every spelling, and shown nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.columns import KNOWN_WORDS
from funnel_analytics.sources.preset import parse_preset
from funnel_analytics.sources.validation import refuse_personal_names
from funnel_analytics.warehouse import Connection
from tests.sources.drawn import Drawn
from tests.sources.staged import HEAD, Stage, agreed, warehouse

PERSONAL = [
    "zoe.k@firma.de",
    "zoe.klein@localhost",
    "zoe.kleinschmidt%40firma.de",
    "zoe.kleinschmidt(at)firma.de",
    "zoe [at] firma.de",
    "zoe.kleinschmidt\uff20firma.de",
    "zoe\ufe6bfirma.de",
    "mailto zoe @ firma.de",
    "ZOE.K@FIRMA.DE",
    "zoe.k\u00ad@firma.de",
    "zoe.k\u2060@\u200bfirma.de",
    "+49\u00ad221\u00ad7654321",
    "+49 (0)221 765 43 21",
    "+49.221.7654321",
    "0049 (0) 221 7654321",
    "004922176543",
    "49 221 7654321",
    "49-221-765 43 21",
    "Rueckruf 0221 7654321 Kleinschmidt",
    "Tel. 0171/7654321",
    "tel:02217654321",
    "Tel: 7654321",
    "(555) 765-4321",
    "(555)765-4321",
    "555-765-4321",
    "555.765.4321",
    "callme at 0151 76543210 bitte",
    "0221\u20117654321",
    "0221\u20137654321",
    "0221\u22127654321",
    "(0221) 1234567",
    "0221 / 123 45 67",
    "\uff10\uff12\uff12\uff11 \uff17\uff16\uff15\uff14\uff13\uff12\uff11",
    "\U0001d7ce\U0001d7d0\U0001d7d0\U0001d7cf \U0001d7d5654321",
    "02217654321",
    "01 23 45 67 89",
    "040/1234",
    "0815-4711",
    "Anruf am 01.10.2026 unter 0221 7654321",
    "*49 221 8888127",
    "044 668 18 00",
    "+1 555 765 4321",
    "Fr. Kleinschmidt 0221 8888130 sagt nein",
    "kampagne_02217654321",
    "01.12.45.67.89",
    "zoe(@)firma",
]
HARMLESS = [
    "@home",
    "Team @home",
    "Webinar @ Messe",
    "5 @ 10",
    "100-499",
    "10.000 - 20.000 EUR",
    "2026-10-01 08:00:00",
    "2026-10-01",
    "01.10.2026",
    "01/10/2026",
    "1.10.2026 - 5.11.2026",
    "01.10.2026-31.10.2026",
    "01.10. - 31.10.2026",
    "05.2026 - 06.2026",
    "05/2026",
    "01102026",
    "01.10.26 - 31.10.26",
    "09.00 - 17.00 Uhr",
    "2026-10-01T08:05:01.0123456",
    "4711",
    "2026",
    "2025/2026",
    "00Q5000000abcDE",
    "701000000000001",
    "5900123456789",
    "0000012345",
    "4922112345678",
    "1.012.345.678",
    "10 000 000",
    "0.1234567",
    "1,234,567.89 USD",
    "01234",
    "Mobile 2026-10-01",
    "Q1 2026 100.000 Leads",
    "50-100%",
    "a1b2c3d4-0123-4567-8901-0123456789ab",
    "01.10.2026 100 Leads",
    "10/01/2026",
    "01-100",
    "7.654.321",
    "+20 %",
    "+10.000 EUR",
    "24/7",
    "1.000.000 - 5.000.000",
    "0123456abcdef",
    "2026_10_01_leads",
    "leads-20261001",
    "192.168.0.1",
    "v01.02.03",
    "EUR 1 500 000",
    "007",
    "60 000 - 120 000 EUR",
]


@pytest.fixture(scope="module")
def macros() -> Iterator[Connection]:
    with warehouse() as connection:
        yield connection


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with warehouse() as connection:
        yield Stage(connection, tmp_path)


def test_addresses_and_numbers_are_found_in_every_spelling(macros: Connection) -> None:
    found = macros.execute(
        "select text from (select unnest($texts) as text) where not is_personal(plain_text(text))",
        {"texts": PERSONAL},
    )
    assert found.fetchall() == []


def test_days_amounts_and_codes_are_not_taken_for_them(macros: Connection) -> None:
    found = macros.execute(
        "select text from (select unnest($texts) as text) where is_personal(plain_text(text))",
        {"texts": HARMLESS},
    )
    assert found.fetchall() == []


@pytest.mark.parametrize(
    ("text", "is_number", "shown"),
    [
        ("Zoe geb. 12.03.1988", True, "xxx xxx. 99.99.9999"),
        ("Anruf 0221 8888123", True, "xxxxx 9999 9999999"),
        ("zoe888", True, "xxx999"),
        ("8888125", False, "9999999"),
        ("88-88 125", False, "99-99 999"),
        ("1.234.567,8,9", True, "1.234.567,8,9"),
        ("31.02.2026", False, "31.02.2026"),
        ("2026-02-30 10:00:00", False, "2026-02-30 10:00:00"),
        ("32 März 2026", False, "32 März 2026"),
        ("888812", False, "888812"),
        ("Ａ１", True, "x9"),
    ],
)
def test_digits_are_hidden_with_the_letters(
    macros: Connection, text: str, is_number: bool, shown: str
) -> None:
    given = {"text": text, "known": list(KNOWN_WORDS), "is_number": is_number}
    found = macros.execute("select masked($text, $known, $is_number)", given)
    assert found.fetchall() == [(shown,)]


def test_no_column_of_text_takes_one(stage: Stage) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.csv"
        table = "deal"
        optional = ["*"]
        [files.columns]
        deal = "Id"
        created_at = "Created"
        campaign = "Campaign"
        lost_reason = "Reason"
        closed_at = "Closed"
        [[files]]
        pattern = "file.csv"
        table = "campaign"
        optional = ["*"]
        [files.columns]
        campaign = "Id"
        name = "Reason"
        """,
        "Id,Created,Campaign,Reason,Closed\n"
        "1,2026-10-01,+4922188881299,Frau K. 0221 8888130 sagt nein,8888131\n"
        "2,2026-10-01,zoe%40firma.de,zoe (at) firma.de,2026-02-31\n"
        "3,2026-10-01,701000000000001,zu teuer,\n",
        agreement=agreed(ids="pseudonym"),
    )
    assert stage.rows("select campaign, lost_reason from deal order by campaign") == [
        ("crm:701000000000001", "zu teuer"),
        (None, None),
        (None, None),
    ]
    names = stage.rows("select name from campaign order by name")
    assert names == [("zu teuer",), (None,), (None,)]
    rows = stage.rows("select value from quarantine where table_name = 'deal' order by value")
    assert [value for (value,) in rows] == [
        "+9999999999999",
        "2026-02-31",
        "9999999",
        "xxx (xx) xxxxx.xx",
        "xxx%99xxxxx.xx",
        "xxxx x. 9999 9999999 xxxx nein",
    ]


LEADS = parse_preset(
    HEAD
    + """
    [[files]]
    pattern = "lead*.csv"
    table = "lead"
    [files.columns]
    lead = "Id"
    created_at = "Created"
    """,
    name="mine",
)


def test_a_file_named_after_somebody_is_refused_unnamed(macros: Connection) -> None:
    fine = ["leads_2026-10-01.csv", "leads 01.10.2026.csv", "lead1601234567890.csv"]
    named = ["leads zoe.k@firma.de.csv", "leads 0221-7654321.csv"]
    with pytest.raises(SourceError) as caught:
        refuse_personal_names(macros, [*named, *fine, *named])
    text = str(caught.value)
    assert "xxxxx xxx.x@xxxxx.xx.csv: the file's name seems to hold" in text
    assert "xxxxx 9999-9999999.csv" in text
    assert text.count("rename the file") == 2
    assert "zoe" not in text
    assert "7654321" not in text
    refuse_personal_names(macros, fine)


def test_a_load_refuses_a_file_that_is_named_after_somebody(tmp_path: Path) -> None:
    drawn = Drawn(tmp_path / "drawn")
    with pytest.raises(SourceError, match=r"xxxxx_xxx@xxxxx\.xx\.csv: the file's name"):
        drawn.load({"leads_zoe@firma.de.csv": "lead,created,origin\na,2026-08-01,inbound"})
    assert not drawn.database.exists()


@pytest.mark.parametrize("ids", ["plain", "pseudonym"])
def test_a_list_or_an_object_is_no_id(stage: Stage, ids: str) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.jsonl"
        table = "lead"
        optional = ["*"]
        [files.columns]
        lead = "id"
        created_at = "at"
        owner = "who"
        """,
        '{"id": 1, "at": "2026-10-01", "who": "u"}\n'
        '{"id": 1.0, "at": "2026-10-02", "who": "u"}\n'
        '{"id": [3], "at": "2026-10-01"}\n'
        '{"id": {"value": 4}, "at": "2026-10-01"}\n'
        '{"id": "5", "at": "2026-10-01", "who": {"name": "u"}}\n',
        name="file.jsonl",
        agreement=agreed(ids=ids),
    )
    ((one, twice), (_, once)) = stage.rows(
        "select lead, count(*) from lead group by lead order by count(*) desc"
    )
    assert (twice, once) == (2, 1)
    assert one == ("crm:1" if ids == "plain" else one)
    assert stage.rows("select line, column_name, reason from quarantine order by line") == [
        (3, "id", "is a list or an object, no id"),
        (4, "id", "is a list or an object, no id"),
        (5, "who", "is a list or an object, no id"),
    ]


def test_per_cent_is_for_shares_alone(stage: Stage) -> None:
    stage.take(
        """
        [[files]]
        pattern = "file.csv"
        table = "deal"
        decimal = "."
        optional = ["*"]
        [files.columns]
        deal = "Id"
        created_at = "Created"
        amount = "Amount"
        probability = "P"
        [files.scale]
        probability = 0.01
        """,
        "Id,Created,Amount,P\n1,2026-10-01,50%,50%\n2,2026-10-01,50,50\n",
    )
    assert stage.rows("select amount, probability from deal order by deal") == [
        (None, 0.5),
        (50.0, 0.5),
    ]
    assert stage.rows("select column_name, value, reason from quarantine") == [
        ("Amount", "50%", "is no number with decimal '.'")
    ]
