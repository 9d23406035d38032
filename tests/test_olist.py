"""Olist's real funnel, from the published files to the page. Facts counted from the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import funnel_analytics as fa
from tests.test_notebooks import rendered, text_of

LEADS_AND_WINS = {
    "organic_search": (2296, 271),
    "paid_search": (1586, 195),
    "social": (1350, 75),
    "unknown": (1099, 179),
    "direct_traffic": (499, 56),
    "email": (493, 15),
    "referral": (284, 24),
    "other": (150, 4),
    "display": (118, 6),
    "other_publicities": (65, 3),
    None: (60, 14),
}


@pytest.fixture
def olist(olist_database: Path) -> Iterator[fa.Warehouse]:
    with fa.open_warehouse(olist_database) as warehouse:
        yield warehouse


def test_leads_and_wins_by_origin(olist: fa.Warehouse) -> None:
    table = fa.stage_conversion(olist, by="origin").table
    won = table[table["stage"] == "won"]
    found = {
        None if origin != origin or origin is None else origin: (leads, wins)
        for origin, leads, wins in zip(
            won["segment"], won["entered_leads"], won["reached_leads"], strict=True
        )
    }
    assert found == LEADS_AND_WINS


def test_ordered_leaves_out_the_lead_won_before_its_first_contact(olist: fa.Warehouse) -> None:
    wins = {
        mode: int(fa.stage_conversion(olist, mode=mode).table["reached_leads"].iloc[-1])
        for mode in ("at_least", "ordered")
    }
    assert wins == {"at_least": 842, "ordered": 841}


def test_the_checks_count_and_name_it(olist: fa.Warehouse) -> None:
    checks = fa.run_checks(olist).table.set_index("check")
    row = checks.loc["win_before_creation"]
    assert (row["status"], row["offending_rows"], row["of_rows"]) == ("review", 1, 842)
    assert row["examples"] == ({"id": "olist:b91cf8812365f50ff4bda4bcd6206b05"},)
    assert checks.loc["missing_origin", "offending_rows"] == 60


def test_cohorts_before_the_first_deal_are_cut_off_not_bad(olist: fa.Warehouse) -> None:
    table = fa.stage_conversion(olist, by="created_month").table
    won = table[(table["stage"] == "won") & ~table["is_folded"]].set_index("segment")
    cut_off = won["is_left_truncated"]
    assert set(won.index[cut_off]) == {f"2017-{month:02d}" for month in range(7, 13)}
    assert set(won.index[~cut_off]) == {f"2018-{month:02d}" for month in range(1, 6)}


def test_the_review_of_april_2018(olist_database: Path, tmp_path: Path) -> None:
    _, page, record = rendered(
        "monthly_review", olist_database, tmp_path, period="2018-04", language="en"
    )
    entries = next(each for each in record["results"] if each["metric"] == "stage_throughput")
    # 1,352 leads first contacted and 207 deals won in April 2018
    assert [row["entered_leads"] for row in entries["rows"]] == [1352, 207]
    said = text_of(page)
    assert "data begin later" in said
    assert "olist:b91cf881…" in said
    assert "activities" in said  # the section on first contact says what to export
