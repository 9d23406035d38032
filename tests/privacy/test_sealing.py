"""Sealed ids: one seal per id, opened by the owner of the key and by nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from funnel_analytics.errors import CallError, DataError
from funnel_analytics.privacy import find_key
from funnel_analytics.sources import sealing
from funnel_analytics.sources.sealing import RevealedId, reveal, seal
from funnel_analytics.warehouse import connect, create_tables
from tests.privacy.company import Company, draw


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    return draw(tmp_path_factory.mktemp("sealed") / "w.duckdb", is_plain=False)


def test_the_owner_of_the_key_learns_whose_id_it_was(company: Company) -> None:
    pseudonym = company.id("L1")
    revealed = RevealedId(pseudonym, "sf", "L1", ("lead",))
    assert reveal(company.path, pseudonym) == revealed
    assert reveal(company.path, pseudonym.removeprefix("sf:")) == revealed
    assert reveal(company.path, f" {company.id('D1')} ").tables == ("deal",)


def test_an_unknown_pseudonym_is_no_guess(company: Company) -> None:
    for unknown in ("sf:0123456789abcdef", "L1", "", company.id("L1")[:-1], "hs:" + "0" * 16):
        with pytest.raises(CallError, match="has no sealed id for"):
            reveal(company.path, unknown)


def test_plain_ids_have_nothing_behind_them(tmp_path: Path) -> None:
    company = draw(tmp_path / "w.duckdb", is_plain=True)
    with pytest.raises(CallError, match="there is nothing to reveal"):
        reveal(company.path, "sf:L1")


def test_nobody_else_learns_it(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNNEL_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(CallError, match="There is no key file"):
        reveal(company.path, company.id("L1"))
    find_key(create=True)
    with pytest.raises(DataError, match="was loaded with the key"):
        reveal(company.path, company.id("L1"))


def test_raw_ids_are_not_readable_in_the_file(tmp_path: Path) -> None:
    raws = [f"00Q5e00000{number:05d}" for number in range(500)]
    with connect(tmp_path / "w.duckdb", read_only=False) as connection:
        create_tables(connection)
        seal(connection, find_key(create=True), "sf", raws)
        connection.execute("checkpoint")
    content = (tmp_path / "w.duckdb").read_bytes()
    assert find_key(create=True).pseudonym("sf", raws[3]).encode() in content
    assert [raw for raw in raws if raw.encode() in content] == []


def test_an_id_is_sealed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_AT_ONCE", 3)
    key = find_key(create=True)
    with connect(tmp_path / "w.duckdb", read_only=False) as connection:
        create_tables(connection)
        seal(connection, key, "sf", [])
        seal(connection, key, "sf", ["a", "b", "a", "c", "a", "d", "e"])
        seal(connection, key, "sf", iter(["e", "f"]))
        seal(connection, key, "hs", ["a"])
        rows = connection.execute("select pseudonym, sealed from sealed_id").fetchall()
    opened = sorted(key.open(pseudonym, sealed) for pseudonym, sealed in rows)
    assert opened == ["hs:a", "sf:a", "sf:b", "sf:c", "sf:d", "sf:e", "sf:f"]
