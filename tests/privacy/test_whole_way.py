"""From export to warehouse and out again: what is stored of people, with pseudonyms switched on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from funnel_analytics.privacy import find_key
from funnel_analytics.sources import load
from funnel_analytics.sources.forgetting import forget
from funnel_analytics.sources.sealing import reveal
from funnel_analytics.warehouse import connect
from tests.builders import THREE_STAGES

PRESET = """
name = "small"
system = "crm"
timezone = "Europe/Berlin"

[[files]]
pattern = "leads*.csv"
table = "lead"
[files.columns]
lead = "Id"
email = "Email"
domain = "Email"
created_at = "Created"
owner = "Owner"
[files.attributes]
product = "Product"

[[files]]
pattern = "history*.csv"
table = "stage_event"
[files.columns]
lead = "Id"
stage = "Stage"
entered_at = "At"
"""
LEADS = """Id,Name,Email,Created,Owner,Product
00QA,Ann Abel,Ann@Firma.example,2026-09-01T08:00:00Z,005U,pump
00QB,Bob Baum,bob@firma.example,2026-09-02T08:00:00Z,005V,valve
00QC,Zoe Zahn,zoe@gmail.com,2026-09-03T08:00:00Z,005V,pump
"""
HISTORY = """Id,Stage,At
00QA,opportunity,2026-09-05T08:00:00Z
00QB,opportunity,2026-09-06T08:00:00Z
"""
RAW = ("00QA", "00QB", "005U", "Ann@", "ann@firma.example", "Firma", "firma.example", "Ann Abel")


class Folder:
    """A folder of exports and its warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "exports"
        self.folder.mkdir()
        self.preset = folder / "small.toml"
        self.preset.write_text(PRESET, encoding="utf-8")
        self.agreement = folder / "agreement.toml"
        pseudonyms = THREE_STAGES.replace('ids = "plain"', 'ids = "pseudonym"')
        self.agreement.write_text(pseudonyms, encoding="utf-8")
        self.database = folder / "w.duckdb"
        (self.folder / "leads.csv").write_text(LEADS, encoding="utf-8")
        (self.folder / "history.csv").write_text(HISTORY, encoding="utf-8")

    def load(self) -> None:
        load(
            [self.folder],
            preset=self.preset,
            database=self.database,
            agreement=self.agreement,
            as_of=date(2026, 11, 1),
        )

    def rows(self, text: str) -> list[tuple[object, ...]]:
        with connect(self.database, read_only=True) as connection:
            return connection.execute(text).fetchall()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.load()
    return folder


def test_no_name_address_or_id_reaches_the_warehouse(folder: Folder) -> None:
    content = folder.database.read_bytes()
    assert b"opportunity" in content
    for raw in RAW:
        assert raw.encode() not in content, raw
        assert raw.casefold().encode() not in content, raw
    key = find_key(create=False)
    assert key.secret not in content
    assert key.secret.hex().encode() not in content
    assert folder.rows("select lead, email, domain, owner from lead order by created_at") == [
        (
            key.pseudonym("crm", lead),
            key.email(email),
            key.domain(email),
            key.pseudonym("crm", owner),
        )
        for lead, email, owner in (
            ("00QA", "ann@firma.example", "005U"),
            ("00QB", "bob@firma.example", "005V"),
            ("00QC", "zoe@gmail.com", "005V"),
        )
    ]
    assert folder.rows("select count(*) from lead where domain is null") == [(1,)]


def test_the_key_opens_what_was_loaded(folder: Folder) -> None:
    ((pseudonym,),) = folder.rows("select lead from lead where email is not null limit 1")
    revealed = reveal(folder.database, str(pseudonym))
    assert revealed.system == "crm"
    assert revealed.id in ("00QA", "00QB", "00QC")
    assert revealed.tables == ("lead",)


def test_who_was_forgotten_stays_away(folder: Folder) -> None:
    ann = find_key(create=False).pseudonym("crm", "00QA")
    forget(folder.database, "00QA", today=date(2026, 11, 3))
    folder.load()  # the same files: nothing new
    assert folder.rows("select count(*) from lead") == [(2,)]
    later = LEADS + "00QD,Ann Abel,ANN@firma.example,2026-10-20T08:00:00Z,005U,valve\n"
    (folder.folder / "leads.csv").write_text(later, encoding="utf-8")
    (folder.folder / "history.csv").write_text(
        HISTORY + "00QD,opportunity,2026-10-21T08:00:00Z\n", encoding="utf-8"
    )
    folder.load()
    assert folder.rows("select count(*) from lead") == [(2,)]
    assert folder.rows("select count(*) from stage_event") == [(1,)]
    assert folder.rows(
        "select table_name, sum(rows_read), sum(rows_loaded), sum(rows_forgotten) from load_log "
        "where load_no in (select max(load_no) from load_log group by table_name) "
        "group by table_name order by table_name"
    ) == [("lead", 4, 2, 2), ("stage_event", 3, 1, 2)]
    content = folder.database.read_bytes()
    new = find_key(create=False).pseudonym("crm", "00QD")
    for gone in (ann, new, find_key(create=False).email("ann@firma.example")):
        assert str(gone).encode() not in content
