"""Forgetting a person: all of them goes, nothing of others does, and they do not come back."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from funnel_analytics.errors import CallError, DataError
from funnel_analytics.privacy import Key, find_key
from funnel_analytics.sources.forgetting import drop_forgotten, forget, rewrite
from funnel_analytics.sources.locking import Work, only_load
from funnel_analytics.sources.persons import known_as, possible_ids
from funnel_analytics.warehouse import connect, open_warehouse
from tests.privacy.company import Company, counts, draw

TODAY = date(2026, 11, 3)
ANN = {"L2", "L3", "C1", "P1"}  # and L1, as which Bob's person key is named, too


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Company]:
    folder = tmp_path_factory.mktemp("drawn")
    return {
        ids: draw(folder / f"{ids}.duckdb", is_plain=ids == "plain")
        for ids in ("plain", "pseudonym")
    }


@pytest.fixture
def copied(drawn: dict[str, Company], tmp_path: Path) -> Callable[[str], Company]:
    """`copied("plain")` is a warehouse of the test's own."""

    def copy(ids: str) -> Company:
        path = Path(shutil.copyfile(drawn[ids].path, tmp_path / "w.duckdb"))
        return replace(drawn[ids], path=path)

    return copy


@pytest.fixture(params=["plain", "pseudonym"])
def company(request: pytest.FixtureRequest, copied: Callable[[str], Company]) -> Company:
    return copied(request.param)


def test_a_person_goes_with_all_their_leads_contacts_and_visits(company: Company) -> None:
    removed = counts(forget(company.path, company.id("L3"), today=TODAY))
    assert removed == {
        "lead": 3,
        "lead_field": 1,
        "contact": 1,
        "stage_event": 1,
        "activity": 1,
        "deal_contact": 1,
        "touch": 4,  # 1, 2 (visitor is Ann's alone), 3 and 9
        "quarantine": 1,
    } | ({} if company.is_plain else {"sealed_id": 4})
    assert company.rows("select lead from lead") == [(company.id("L4"),)]
    assert company.rows("select touch from touch order by touch") == [("4",), ("5",), ("6",)]
    assert company.rows("select value from quarantine order by line") == [
        (None,),
        ("30.02.2026 Bob",),
    ]


# V4: Ann (a) and a user id that nothing explains (b, c); nobody (d).  V5: the id of Ann's lead (e)
def test_a_bare_user_id_of_the_website_keeps_no_visit(company: Company) -> None:
    with connect(company.path, read_only=False) as connection:
        connection.execute(
            "insert into touch (touch, visitor, web_user, lead, touched_at, load_no, source_row) "
            "values ('a', 'web:V4', null, ?, '2026-09-03', 60, 2), "
            "('b', 'web:V4', 'ga4:u1', null, '2026-09-03', 60, 3), "
            "('c', null, 'ga4:u1', null, '2026-09-03', 60, 4), "
            "('d', 'web:V4', null, null, '2026-09-03', 60, 5), "
            "('e', 'web:V5', ?, null, '2026-09-03', 60, 6)",
            [company.id("L1"), company.id("L3")],
        )
        connection.execute(
            "insert into load_log (load_no, table_name, file, rows_read, rows_loaded, "
            "rows_quarantined, rows_duplicate, rows_other, rows_total, rows_superseded) "
            "values (60, 'touch', 't', 5, 5, 0, 0, 0, 0, 0)"
        )
    forget(company.path, company.id("L1"), today=TODAY)
    assert company.rows("select touch from touch where load_no = 60") == [("c",)]


def test_deals_and_colleagues_stay(company: Company) -> None:
    forget(company.path, company.id("L1"), today=TODAY)
    assert company.rows("select deal, amount from deal") == [(company.id("D1"), 1000.0)]
    assert company.rows("select contact from deal_contact") == [(company.id("C4"),)]
    assert company.rows("select deal, stage from stage_event where deal is not null") == [
        (company.id("D1"), "won")
    ]
    assert company.rows("select lead from stage_event where lead is not null") == [
        (company.id("L4"),)
    ]
    assert company.rows("select account from account") == [(company.id("A1"),)]


def test_nothing_in_the_file_names_the_person_any_more(company: Company) -> None:
    names = {company.id(raw) for raw in ANN} | {company.key.email("ann@a.de"), "ga4:V1"}
    before = company.path.read_bytes()
    assert names <= company.values()
    assert all(str(name).encode() in before for name in names)  # or the next lines prove nothing
    forget(company.path, company.id("L1"), today=TODAY)
    after = company.path.read_bytes()
    assert not names & company.values()
    assert [name for name in names if str(name).encode() in after] == []
    assert b"31.02.2026 Ann" not in after
    assert b"Ann's pump" not in after
    assert company.id("L4").encode() in after
    assert sorted(each.name for each in company.path.parent.iterdir()) == [
        f".{company.path.name}.lock",
        company.path.name,
    ]


def test_the_load_log_still_adds_up(company: Company) -> None:
    forget(company.path, company.id("L1"), today=TODAY)
    log = company.rows(
        "select table_name, rows_read, rows_loaded, rows_forgotten from load_log "
        "where rows_forgotten is not null order by table_name"
    )
    assert log == [
        ("activity", 2, 1, 1),
        ("contact", 2, 1, 1),
        ("deal_contact", 2, 1, 1),
        ("lead", 4, 1, 3),
        ("stage_event", 3, 2, 1),
        ("touch", 7, 3, 4),
    ]


def test_what_was_removed_is_written_down_once(company: Company) -> None:
    removed = forget(company.path, company.id("L1"), today=TODAY)
    written = company.rows(
        "select table_name, rows_removed from forgotten where table_name is not null"
    )
    rows = counts(removed[~removed["table"].isin(["quarantine", "sealed_id"])])
    assert dict(written) == rows
    assert company.rows("select distinct forgotten_on from forgotten") == [(TODAY,)]
    # L1, L2, L3, C1, P1, the address and the visitor
    assert company.rows("select count(distinct token) from forgotten") == [(7,)]
    values = {company.id(raw) for raw in ANN} | {"sf:L1", company.key.email("ann@a.de")}
    assert not values & {token for (token,) in company.rows("select token from forgotten")}


def test_the_numbers_are_computed_anew(company: Company) -> None:
    forget(company.path, company.id("L1"), today=TODAY)
    with open_warehouse(company.path) as warehouse:
        assert warehouse.path == company.path
    assert company.rows("select lead from leads") == [(company.id("L4"),)]


@pytest.mark.parametrize("named", ["L1", "sf:L1", "C1", "ann@a.de", " Ann@A.de "])
def test_a_person_may_be_named_by_raw_id_or_address(company: Company, named: str) -> None:
    possible = possible_ids(named, systems=["hs", "sf"], key=company.key, is_plain=company.is_plain)
    with connect(company.path, read_only=True) as connection:
        ((_, value),) = known_as(connection, possible)
    assert value in {company.id("L1"), company.id("C1"), company.key.email("ann@a.de")}


def test_a_pseudonym_may_come_without_its_prefix(copied: Callable[[str], Company]) -> None:
    company = copied("pseudonym")
    bare = company.id("L4").removeprefix("sf:")
    assert counts(forget(company.path, bare, today=TODAY))["lead"] == 1
    assert company.rows("select lead from lead where lead = ?", company.id("L4")) == []


def test_a_stranger_and_somebody_forgotten_are_told_apart(company: Company) -> None:
    before = company.path.read_bytes()
    for stranger in ("L9", company.id("D1"), "zoe@a.de"):
        with pytest.raises(CallError, match=r"has no lead or contact .* Nothing was removed"):
            forget(company.path, stranger, today=TODAY)
    assert company.path.read_bytes() == before
    forget(company.path, "L1", today=TODAY)
    for again in ("L1", "C1", "ann@a.de", company.id("L2")):
        with pytest.raises(CallError, match=r"was removed from w\.duckdb on 2026-11-03"):
            forget(company.path, again, today=date(2027, 1, 1))


def test_one_id_of_two_systems_has_to_be_named(copied: Callable[[str], Company]) -> None:
    company = copied("plain")
    with connect(company.path, read_only=False) as connection:
        connection.execute("update load_log set system = 'hs' where table_name = 'contact'")
        connection.execute("update contact set contact = 'hs:L4' where contact = 'sf:C4'")
    with pytest.raises(CallError, match=r"may be several people in .*: hs:L4, sf:L4"):
        forget(company.path, "L4", today=TODAY)
    assert counts(forget(company.path, "sf:L4", today=TODAY))["lead"] == 1


def test_a_short_salesforce_id_is_that_of_eighteen_characters() -> None:
    # Salesforce's own example of the two forms: 001A0000006Vm9r and 001A0000006Vm9rIAC
    found = possible_ids("001A0000006Vm9r", systems=["sf"], key=Key(bytes(32)), is_plain=True)
    assert ("id", "sf:001A0000006Vm9rIAC") in found
    assert ("id", "sf:001A0000006Vm9r") in found


def test_another_key_forgets_nobody(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if company.is_plain:
        forget(company.path, "L4", today=TODAY)  # from now on the tokens need this key
    monkeypatch.setenv("FUNNEL_KEY_FILE", str(tmp_path / "other"))
    if company.is_plain:
        with pytest.raises(CallError, match="There is no key file"):
            forget(company.path, "L1", today=TODAY)
    find_key(create=True)
    with pytest.raises(DataError, match="was loaded with the key"):
        forget(company.path, "L1", today=TODAY)


@pytest.mark.parametrize(("work", "said"), [("load", "A load"), ("removal", "Another removal")])
def test_a_removal_waits_for_its_turn(company: Company, work: Work, said: str) -> None:
    with (
        only_load(company.path, work=work),
        pytest.raises(
            DataError,
            match=rf"^{said} of w\.duckdb is running \(process \d+, since .*\)\. Wait for it to "
            r"end, then run funnel forget again; nobody was removed\.$",
        ),
    ):
        forget(company.path, "L1", today=TODAY)


def test_a_removal_leaves_the_file_open_to_the_same_people(company: Company) -> None:
    company.path.chmod(0o640)
    forget(company.path, "L1", today=TODAY)
    assert stat.S_IMODE(company.path.stat().st_mode) == 0o640


def test_a_missing_warehouse_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no such warehouse"):
        forget(tmp_path / "none.duckdb", "L1", today=TODAY)
    assert list(tmp_path.iterdir()) == []


def come_back(company: Company) -> int:
    """Load Ann's rows again, with a new lead of hers, as a later export would; drop her again."""
    ann = company.key.email("ann@a.de")
    with connect(company.path, read_only=False) as connection:
        for lead, contact, email in (
            ("L1", "C1", None),  # known by its id
            ("L7", None, ann),  # a new lead with her address
            ("L8", None, company.key.email("zoe@a.de")),
        ):
            connection.execute(
                "insert into lead (lead, contact, email, created_at, load_no, source_row) "
                "values (?, ?, ?, '2026-10-20', 50, 2)",
                [company.id(lead), contact and company.id(contact), email],
            )
        connection.execute(
            "insert into activity (activity, lead, happened_at, load_no, source_row) values "
            "('T7', ?, '2026-10-21', 51, 2), ('T8', ?, '2026-10-21', 51, 3)",
            [company.id("L7"), company.id("L8")],
        )
        connection.execute(
            "insert into touch (touch, visitor, lead, touched_at, load_no, source_row) values "
            "('7', 'ga4:V1', null, '2026-10-21', 52, 2), "
            "('8', 'ga4:V1', ?, '2026-10-21', 52, 3)",
            [company.id("L8")],
        )
        connection.execute(
            "insert into load_log (load_no, table_name, file, rows_read, rows_loaded) values "
            "(50, 'lead', 'l', 3, 3), (51, 'activity', 'a', 2, 2), (52, 'touch', 't', 2, 2)"
        )
        return drop_forgotten(connection, company.key, agreement=company.agreement)


def test_later_loads_do_not_bring_the_person_back(company: Company) -> None:
    forget(company.path, "L1", today=TODAY)
    # leads L1 and L7, activity T7, the visit 7; the browser V1 is now Zoe's as well: 8 stays
    assert come_back(company) == 4
    assert company.rows("select lead from lead where load_no = 50") == [(company.id("L8"),)]
    assert company.rows("select activity from activity where load_no = 51") == [("T8",)]
    assert company.rows("select touch from touch where load_no = 52") == [("8",)]
    assert company.rows(
        "select rows_loaded, rows_forgotten from load_log where load_no >= 50 order by load_no"
    ) == [(1, 2), (1, 1), (1, 1)]
    # the new lead's id is known from now on, without the row that ties it to her address
    assert company.rows("select count(distinct token) from forgotten") == [(8,)]
    assert company.rows("select sum(rows_removed) from forgotten") == [(12,)]


def test_a_load_drops_nobody_who_was_not_forgotten(company: Company) -> None:
    assert come_back(company) == 0
    assert company.rows("select count(*) from lead") == [(7,)]


def test_without_a_key_nobody_forgotten_slips_through(company: Company) -> None:
    forget(company.path, "L1", today=TODAY)
    with (
        connect(company.path, read_only=False) as connection,
        pytest.raises(CallError, match="Restore the key file"),
    ):
        drop_forgotten(connection, None, agreement=company.agreement)


def test_a_copy_holds_the_rows_and_not_what_was_deleted(tmp_path: Path) -> None:
    names = [f"sf:{number:040d}" for number in range(500)]
    with connect(tmp_path / "a.duckdb", read_only=False) as connection:
        connection.execute("create table held as select unnest(?) as name", [names])
        connection.execute("checkpoint")
        connection.execute("delete from held where name <> ?", [names[7]])
        connection.execute("checkpoint")
    gone = names[300].encode()
    assert gone in (tmp_path / "a.duckdb").read_bytes()  # why a copy is needed at all
    rewrite(tmp_path / "a.duckdb", tmp_path / "b.duckdb")
    assert gone not in (tmp_path / "b.duckdb").read_bytes()
    with connect(tmp_path / "b.duckdb", read_only=True) as connection:
        assert connection.execute("select name from held").fetchall() == [(names[7],)]
