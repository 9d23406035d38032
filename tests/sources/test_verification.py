"""What a load makes sure of before its warehouse takes the place of the old one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.errors import DataError, SourceError
from funnel_analytics.sources import building
from funnel_analytics.warehouse import Connection, connect
from tests.sources.drawn import AGREEMENT, PRESET, Drawn

LEADS = "lead,created,origin\na,2026-08-01,x\nb,2026-08-02,x"


@pytest.fixture
def drawn(tmp_path: Path) -> Drawn:
    return Drawn(tmp_path / "drawn")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("delete from lead where lead = 'crm:b'",
         r"leads\.csv → lead \(load 1\): 2 records were read and 2 are accounted for; 2 rows are "
         r"logged as loaded and 1 are in the table"),
        ("update load_log set rows_duplicate = 1", r"2 records were read and 3 are accounted for"),
        ("update load_log set rows_loaded = 1, rows_other = 1",
         r"2 are accounted for; 1 rows are logged as loaded and 2 are in the table"),
        ("insert into deal (deal, load_no) values ('crm:d', 9)", r"deal: 1 row of no logged load"),
        ("insert into deal (deal) values ('crm:d')", r"deal: 1 row of no logged load"),
    ],
)  # fmt: skip
def test_a_row_that_is_not_accounted_for_stops_the_load(
    drawn: Drawn, monkeypatch: pytest.MonkeyPatch, statement: str, said: str
) -> None:
    derive = building.derive_entries

    def spoiled(connection: Connection, *arguments: Any) -> None:
        derive(connection, *arguments)
        connection.execute(statement)

    monkeypatch.setattr(building, "derive_entries", spoiled)
    with pytest.raises(SourceError, match=said):
        drawn.load({"leads.csv": LEADS})
    assert not drawn.database.exists()


def test_every_build_verifies_the_earlier_loads_too(
    drawn: Drawn,
) -> None:
    drawn.load({"leads.csv": LEADS})
    with connect(drawn.database, read_only=False) as connection:
        connection.execute("delete from lead where lead = 'crm:b'")
    with pytest.raises(SourceError, match=r"leads\.csv → lead \(load 1\)"):
        drawn.load({"history.csv": "lead,state,at\na,opp,2026-08-03"})


def test_costs_that_no_rate_values_stop_the_load(tmp_path: Path) -> None:
    drawn = Drawn(
        tmp_path / "dollars", preset=PRESET.replace('currency = "EUR"', 'currency = "USD"')
    )
    files = {
        "leads.csv": LEADS,
        "costs.csv": "day,campaign,amount\n2026-08-01,x,1\n2026-08-01,y,2\n2026-08-02,x,3",
    }
    with pytest.raises(DataError) as caught:
        drawn.load(files)
    assert str(caught.value) == (
        "- 3 rows of spend in USD on 2 days (2026-08-01, 2026-08-02): there is no rate to EUR of "
        "that day or the 7 days before\nLoad a file of exchange rates as well (--preset rates). "
        "Nothing was loaded."
    )
    assert not drawn.database.exists()


def test_a_warehouse_of_another_key_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Drawn(
        tmp_path / "keyed", agreement=AGREEMENT.replace('ids = "plain"', 'ids = "pseudonym"')
    )
    drawn.load({"leads.csv": LEADS})
    ((key,),) = drawn.rows("select value from warehouse_info where key = 'key'")
    assert len(key) == 16
    monkeypatch.setenv("FUNNEL_KEY_FILE", str(tmp_path / "another" / "key"))
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "key").write_text("5" * 64, encoding="ascii")
    (tmp_path / "another" / "key").chmod(0o600)
    with pytest.raises(DataError, match=rf"was loaded with the key {key}"):
        drawn.load({"leads_2.csv": LEADS + "\nc,2026-08-03,x"})


def test_a_warehouse_without_pseudonyms_needs_no_key(drawn: Drawn) -> None:
    drawn.load({"leads.csv": LEADS})
    assert drawn.rows("select count(*) from warehouse_info where key = 'key'") == [(0,)]


def test_a_warehouse_of_another_version_is_refused(drawn: Drawn) -> None:
    drawn.load({"leads.csv": LEADS})
    with connect(drawn.database, read_only=False) as connection:
        connection.execute("alter table spend drop column clicks")
    with pytest.raises(DataError, match=r"was built by another version of funnel_analytics"):
        drawn.load({"leads_2.csv": LEADS + "\nc,2026-08-03,x"})


def test_readers_of_the_old_file_keep_it_and_do_not_block(drawn: Drawn) -> None:
    drawn.load({"leads.csv": LEADS})
    with connect(drawn.database, read_only=True) as reader:
        drawn.load({"leads_2.csv": "lead,created,origin\nc,2026-08-03,x"})
        assert reader.execute("select count(*) from lead").fetchall() == [(2,)]
    assert drawn.rows("select count(*) from lead") == [(3,)]


def test_nothing_is_left_beside_the_warehouse_but_its_lock(drawn: Drawn) -> None:
    drawn.load({"leads.csv": LEADS})
    left = {each.name for each in drawn.folder.iterdir()}
    assert left == {"leads.csv", "drawn.toml", "agreement.toml", "w.duckdb", ".w.duckdb.lock"}
    assert drawn.rows("select max(created_at) from lead") == [(datetime(2026, 8, 2),)]
