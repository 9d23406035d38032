"""Exports that do not say when they were made: what was loaded later is no older."""

from __future__ import annotations

import errno
import stat
from datetime import datetime
from pathlib import Path

import pytest

from funnel_analytics.errors import DataError, SourceError
from funnel_analytics.sources.locking import only_load
from funnel_analytics.warehouse import EngineError
from tests.sources.drawn import PRESET, Drawn


@pytest.fixture
def drawn(tmp_path: Path) -> Drawn:
    return Drawn(tmp_path / "drawn")


# leads.csv       a, b (created on the 31st)   its last day is the 31st
# leads (1).csv   a, corrected                 its last day is the 1st, but it was loaded later
OLDER = "lead,created,origin\na,2026-08-01,inbound\nb,2026-08-31,inbound"
NEWER = "lead,created,origin\na,2026-08-01,outbound"
CORRECTED = [("crm:a", "outbound"), ("crm:b", "inbound")]


def test_an_undated_export_that_is_loaded_later_corrects(drawn: Drawn) -> None:
    drawn.load({"leads.csv": OLDER})
    report = drawn.load({"leads (1).csv": NEWER})
    assert drawn.rows("select lead, origin from lead order by lead") == CORRECTED
    assert drawn.log("exported_at, exported_at_source") == [
        (datetime(2026, 9, 1), "end of the last day in the file"),
        (datetime(2026, 9, 1), "loaded after the export of leads.csv"),
    ]
    assert report.superseded == (
        "leads.csv, loaded before: 1 of its rows is restated by leads (1).csv (1 of lead)",
    )


def test_files_that_are_read_anew_keep_their_turn(drawn: Drawn) -> None:
    # Another agreement: all files are read again, in one call, the older one by a later name.
    drawn.load({"leads_b.csv": OLDER})
    drawn.load({"leads_a.csv": NEWER})
    text = drawn.agreement.read_text(encoding="utf-8")
    drawn.agreement.write_text(text + "\n# read again\n", encoding="utf-8")
    drawn.load({"leads_b.csv": OLDER})
    assert drawn.rows("select lead, origin from lead order by lead") == CORRECTED
    drawn.agreement.write_text(text, encoding="utf-8")
    drawn.load({"leads_a.csv": NEWER, "leads_b.csv": OLDER})
    assert drawn.rows("select lead, origin from lead order by lead") == CORRECTED
    assert drawn.rows("select sum(rows_superseded) from load_log") == [(1,)]


def test_a_state_seen_again_at_the_same_time_replaces_the_earlier_one(drawn: Drawn) -> None:
    # states.csv       a opp, changed on the 31st; states (1).csv has a as rejected on the 10th
    drawn.load({
        "leads_2026-09-30.csv": "lead,created\na,2026-08-01",
        "states.csv": "lead,state,changed\na,opp,2026-08-31",
    })  # fmt: skip
    drawn.load({"states (1).csv": "lead,state,changed\na,out,2026-08-10"})
    assert drawn.rows("select lead, state, seen_at from snapshot") == [
        ("crm:a", "out", datetime(2026, 9, 1))
    ]
    assert drawn.rows("select stage, status from stage_event") == [(None, "rejected")]


def test_costs_without_their_currency_restate_those_with_it(drawn: Drawn) -> None:
    drawn.load({"costs_2026-09-02.csv": "day,campaign,amount\n2026-09-01,brand,10"})
    text = drawn.preset.read_text(encoding="utf-8")
    drawn.preset.write_text(
        text.replace('[files.constants]\ncurrency = "EUR"\n', ""), encoding="utf-8"
    )
    drawn.load({"costs_2026-09-03.csv": "day,campaign,amount\n2026-09-01,brand,12"})
    assert drawn.rows("select amount, currency from spend") == [(12.0, None)]


SECOND = (
    PRESET
    + """
[[files]]
pattern = "api_costs*.csv"
table = "spend"
[files.columns]
spent_on = "date"
campaign = "campaign"
amount = "cost"

[[files]]
pattern = "api_visits*.csv"
table = "touch"
[files.columns]
person_key = "visitor"
touched_at = "at"
channel = "channel"

[[files]]
pattern = "api_leads*.csv"
table = "lead"
part = "api"
[files.columns]
lead = "id"
created_at = "at"
"""
)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"costs_1.csv": "day,campaign,amount\n2026-09-01,x,1\n2026-09-01,x,2\n2026-09-02,x,1",
          "api_costs.csv": "date,campaign,cost\n2026-09-01,x,3\n2026-09-02,y,1"},
         r"costs_1\.csv and api_costs\.csv are two kinds of export that both state 1 fact of spend "
         r"\(same spent_on, channel, campaign; first: api_costs\.csv line 2\), which would count "
         "twice"),
        ({"visits_1.csv": "person,at,channel\np,2026-09-01T08:00:00Z,ads",
          "api_visits.csv": "visitor,at,channel\np,2026-09-01T08:00:00Z,ads"},
         r"visits_1\.csv and api_visits\.csv are two kinds .* 1 fact of touch \(alike in every"),
        ({"leads_1.csv": "lead,created\na,2026-09-01\nb,2026-09-01",
          "api_leads.csv": "id,at\na,2026-09-01T08:00:00Z\nb,2026-09-01T08:00:00Z"},
         r"leads_1\.csv and api_leads\.csv: the same 2 ids in column 'lead' of lead come from two "
         r"kinds of export, with 4 rows that differ .* Load one kind only"),
    ],
    ids=["costs", "visits", "leads"],
)  # fmt: skip
def test_two_kinds_of_export_of_the_same_are_refused(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    drawn = Drawn(tmp_path / "two", preset=SECOND)
    with pytest.raises(SourceError, match=message):
        drawn.load(files)


def test_two_kinds_of_export_that_differ_add_up(tmp_path: Path) -> None:
    # Another campaign; and visits of which only the day is known, which may be two.
    drawn = Drawn(tmp_path / "two", preset=SECOND)
    drawn.load({
        "costs_1.csv": "day,campaign,amount\n2026-09-01,x,1",
        "api_costs.csv": "date,campaign,cost\n2026-09-01,y,3",
        "visits_1.csv": "person,at,channel\np,2026-09-01,ads",
        "api_visits.csv": "visitor,at,channel\np,2026-09-01,ads",
    })  # fmt: skip
    assert drawn.rows("select (select sum(amount) from spend), (select count(*) from touch)") == [
        (4.0, 2)
    ]


def test_a_new_warehouse_is_its_owners_and_a_replaced_one_is_as_open_as_before(
    drawn: Drawn,
) -> None:
    drawn.load({"leads.csv": OLDER})
    assert stat.S_IMODE(drawn.database.stat().st_mode) == 0o600
    drawn.database.chmod(0o644)
    drawn.load({"leads (1).csv": NEWER})
    assert stat.S_IMODE(drawn.database.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        EngineError('Could not write file "w.duckdb.wal": No space left on device'),
        DataError("w.duckdb cannot be opened as a warehouse: No space left on device"),
    ],
)
def test_a_full_disk_is_called_that(tmp_path: Path, error: Exception) -> None:
    target = tmp_path / "w.duckdb"
    with (
        pytest.raises(DataError, match=r"^The disk is full at .*No warehouse was written"),
        only_load(target, work="load"),
    ):
        raise error
    target.write_bytes(b"whole")
    with (
        pytest.raises(
            DataError,
            match=r"^The disk is full at .*The warehouse is unchanged\. .* then "
            "load again",
        ),  # fmt: skip
        only_load(target, work="load"),
    ):
        raise error
    assert [each.name for each in tmp_path.glob(".*build*")] == []


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="denied"), only_load(tmp_path / "w.duckdb", work="load"):
        raise PermissionError(errno.EACCES, "denied")
