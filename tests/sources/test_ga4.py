"""Google Analytics 4: visits from the events of its BigQuery export.

The events of three visitors, drawn:

    anna    08:00 first_visit, session_start, page_view (entrance, linkedin.com / referral)
            08:01 page_view, 08:02 form_submit
            20:00 page_view (entrance, without a source: typed in)
    bert    09:00 page_view (entrance, a click id of Google alone)
    nobody  10:00 page_view (entrance, newsletter / email; no visitor id, no consent)
            11:00 page_view (entrance, typed in; no visitor id either)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from funnel_analytics.errors import SourceError
from funnel_analytics.metrics.loading import identity_yield
from funnel_analytics.sources import load
from funnel_analytics.warehouse import connect, open_warehouse

DAY = datetime(2026, 10, 31, tzinfo=UTC)


def event(
    at: str, name: str, visitor: str | None, source: Mapping[str, str] | None = None, **more: int
) -> dict[str, Any]:
    """An event as the export has it; microseconds are added so that no two are alike."""
    clock = datetime.strptime(at, "%H:%M")
    instant = DAY.replace(hour=clock.hour, minute=clock.minute, microsecond=123456)
    params = {"ga_session_id": 1700 + clock.hour, **more}
    return {
        "event_date": "20261031",
        "event_timestamp": int(instant.timestamp() * 1_000_000) + instant.microsecond % 10,
        "event_name": name,
        "event_params": [
            {"key": key, "value": {"string_value": None, "int_value": value}}
            for key, value in params.items()
        ],
        "user_pseudo_id": visitor,
        "user_id": "crm-7" if visitor == "bert" else None,
        "collected_traffic_source": {
            "manual_campaign_id": None,
            "manual_campaign_name": None,
            "manual_source": None,
            "manual_medium": None,
            "gclid": None,
            **(source or {}),
        },
    }


REFERRAL = {"manual_source": "linkedin.com", "manual_medium": "referral"}
LETTER = {
    "manual_source": "newsletter",
    "manual_medium": "email",
    "manual_campaign_name": "Oktober",
}
EVENTS = [
    event("08:00", "first_visit", "anna"),
    event("08:00", "session_start", "anna"),
    event("08:00", "page_view", "anna", REFERRAL, entrances=1),
    event("08:01", "page_view", "anna"),
    event("08:02", "form_submit", "anna"),
    event("20:00", "page_view", "anna", entrances=1),
    event("09:00", "page_view", "bert", {"gclid": "Cj0K"}, entrances=1),
    event("10:00", "page_view", None, LETTER, entrances=1),
    event("11:00", "page_view", None, entrances=1),
]
VISITS = [
    ("web:anna", "08:00:00.123462", "linkedin.com / referral", "linkedin.com", "referral", "visit"),
    ("web:bert", "09:00:00.123462", "google / cpc", "google", "cpc", "visit"),
    ("web:anna", "20:00:00.123462", "(direct) / (none)", "(direct)", "(none)", "visit"),
]


def as_lines(path: Path, events: Sequence[Mapping[str, Any]]) -> None:
    """JSON lines as BigQuery writes them: 64-bit numbers as text, nothing for what is missing."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: bare(each) for key, each in value.items() if each is not None}
        if isinstance(value, list):
            return [bare(each) for each in value]
        return str(value) if isinstance(value, int) else value

    path.write_text("".join(json.dumps(bare(each)) + "\n" for each in events), encoding="utf-8")


def as_parquet(path: Path, events: Sequence[Mapping[str, Any]]) -> None:
    source = path.with_suffix(".src.json")
    source.write_text(json.dumps(list(events)), encoding="utf-8")
    value = "struct(string_value varchar, int_value bigint)"
    traffic = ", ".join(f"{key} varchar" for key in EVENTS[0]["collected_traffic_source"])
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select * from read_json(?, columns = {event_date: 'varchar', "
            "event_timestamp: 'bigint', event_name: 'varchar', event_params: "
            f"'struct(key varchar, value {value})[]', user_pseudo_id: 'varchar', "
            f"user_id: 'varchar', collected_traffic_source: 'struct({traffic})'}})) "
            f"to '{path}' (format parquet)",
            [str(source)],
        )
    source.unlink()


WRITERS = {"events_20261031.json": as_lines, "events_20261031.parquet": as_parquet}


def visits(folder: Path, agreement: Path) -> list[tuple[Any, ...]]:
    database = folder / "w.duckdb"
    files = [each for each in sorted(folder.iterdir()) if each.name.startswith("events_")]
    load(files, preset="ga4", database=database, agreement=agreement)
    with connect(database, read_only=True) as connection:
        return connection.execute(
            "select visitor, strftime(touched_at, '%H:%M:%S.%f'), channel, source, medium, kind "
            "from touch order by touched_at"
        ).fetchall()


@pytest.fixture
def agreement(tmp_path: Path) -> Path:
    """The shipped B2B agreement, with plain ids so that they can be read here."""
    text = Path("funnel_analytics/sources/presets/b2b.agreement.toml").read_text(encoding="utf-8")
    path = tmp_path / "agreement.toml"
    path.write_text(text.replace('ids = "pseudonym"', 'ids = "plain"'), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_visit_is_one_touch_with_what_brought_it(
    tmp_path: Path, agreement: Path, name: str
) -> None:
    WRITERS[name](tmp_path / name, EVENTS)
    assert visits(tmp_path, agreement) == VISITS


def test_every_event_is_accounted_for(tmp_path: Path, agreement: Path) -> None:
    as_parquet(tmp_path / "events_20261031.parquet", EVENTS)
    visits(tmp_path, agreement)
    with connect(tmp_path / "w.duckdb", read_only=True) as connection:
        log = connection.execute(
            "select part, rows_read, rows_loaded, rows_other, rows_quarantined from load_log "
            "order by part"
        ).fetchall()
        people = connection.execute(
            "select visitor, web_user from touch where web_user is not null"
        ).fetchall()
    assert log == [("direct", 9, 1, 8, 0), ("google_click", 9, 1, 8, 0), ("source", 9, 1, 8, 0)]
    assert people == [("web:bert", "ga4:crm-7")]


def test_a_day_without_clicks_of_google_still_has_its_direct_visits(
    tmp_path: Path, agreement: Path
) -> None:
    # JSON lines do not name a column that no record fills.
    as_lines(tmp_path / "events_20261031.json", [each for each in EVENTS if each is not EVENTS[6]])
    assert visits(tmp_path, agreement) == [VISITS[0], VISITS[2]]


def test_the_same_visit_twice_counts_once(tmp_path: Path, agreement: Path) -> None:
    as_lines(tmp_path / "events_20261031.json", [*EVENTS, EVENTS[2]])
    assert visits(tmp_path, agreement) == VISITS


def test_the_table_of_a_day_that_came_late_takes_the_place_of_the_first(
    tmp_path: Path, agreement: Path
) -> None:
    as_lines(tmp_path / "events_20261031.json", EVENTS[:3])
    assert visits(tmp_path, agreement) == VISITS[:1]
    as_lines(tmp_path / "events_20261031.json", EVENTS)
    assert visits(tmp_path, agreement) == VISITS


def test_events_without_entrances_are_refused_by_name(tmp_path: Path, agreement: Path) -> None:
    as_lines(tmp_path / "events_20261031.json", [event("08:00", "page_view", "anna", REFERRAL)])
    with pytest.raises(SourceError, match=r"event_params\.entrances"):
        visits(tmp_path, agreement)


# 00Q…1AAA (15 characters in the CRM's field and in user_id) and its visitor; 003… a contact's id
@pytest.mark.parametrize("ids", ["plain", "pseudonym"])
@pytest.mark.parametrize(("rule", "by_ids"), [("", 0), ('web_user_ids = "sf"', 2)])
def test_visits_join_leads_by_the_client_id_or_by_the_id_of_the_crm(
    tmp_path: Path, agreement: Path, ids: str, rule: str, by_ids: int
) -> None:
    text = agreement.read_text(encoding="utf-8").replace('ids = "plain"', f'ids = "{ids}"')
    agreement.write_text(text.replace("[identity]", f"[identity]\n{rule}"), encoding="utf-8")
    preset = Path("funnel_analytics/sources/presets/salesforce.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text(
        preset.replace('\nemail = "Email"', '\nvisitor = "GA_Client_ID__c"\nemail = "Email"', 1),
        encoding="utf-8",
    )
    (tmp_path / "Lead.csv").write_text(
        "Id,CreatedDate,Status,Email,ConvertedContactId,IsDeleted,GA_Client_ID__c\n"
        "00Q5g00000aBcD1EAK,2026-10-30T08:00:00Z,New,a@x.de,,false,anna\n"
        "00Q5g00000aBcD2EAK,2026-10-30T08:00:00Z,New,b@x.de,0035g00000aBcD3AAK,false,\n",
        encoding="utf-8",
    )
    events = [
        event("10:00", "page_view", "anna", LETTER, entrances=1) | {"user_id": None},
        event("11:00", "page_view", "bert", LETTER, entrances=1) | {"user_id": "00Q5g00000aBcD1"},
        event("12:00", "page_view", "carl", LETTER, entrances=1) | {"user_id": "0035g00000aBcD3"},
    ]
    as_lines(tmp_path / "events_20261031.json", events)
    load(
        [tmp_path / "Lead.csv", tmp_path / "events_20261031.json"],
        preset=[str(own), "ga4"],
        database=tmp_path / "w.duckdb",
        agreement=agreement,
    )
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        table = identity_yield(warehouse).table.set_index("rule")
    assert table["touches"].to_dict() == {"ids": by_ids, "email": 0, "visitor": 1, "domain": 0}
    assert table["conflicts"].sum() == 0
