"""A result saved as a file, read back by another program's reader."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from funnel_analytics.errors import CallError
from funnel_analytics.results import Note, Query, Result, Source
from tests.wording.drawn import result_of

FORMULA = '=HYPERLINK("http://evil.example")'
SQL = "select '# no comment', 1\nfrom leads"


# two groups, one with the name of a formula; 3 of 6 leads, 0 of 0
def drawn() -> Result:
    table = pd.DataFrame(
        {"segment": [FORMULA, "Köln # 1"], "reached_leads": [3, 0], "rate": [0.5, float("nan")]}
    )
    result = result_of(
        "stage_conversion",
        table,
        {"cohort": "2026-10", "by": None, "segments": ["=1+1"]},
        parts={"curve": pd.DataFrame({"day": [pd.Timestamp("2026-10-01")], "leads": [2]})},
        notes=[Note("excluded", {"test": 1})],
    )
    source = Source(
        queries=(Query("metrics/x.sql", SQL, {"by": None}, 2),),
        loads={"=cmd.csv → lead": 6},
        versions={"duckdb": "2"},
    )
    return replace(result, source=source, units={"rate": "share"})


def sheets(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_holds_the_table_its_meaning_and_its_parts(tmp_path: Path) -> None:
    path = drawn().save(tmp_path / "new" / "a.xlsx")
    found = sheets(path)
    assert list(found) == ["stage_conversion", "definition", "curve"]
    assert found["stage_conversion"] == [
        ["segment", "reached_leads", "rate"],
        [FORMULA, 3, 0.5],
        ["Köln # 1", 0, ""],
    ]
    said = {row[0]: row[1] for row in found["definition"]}
    assert said["definition"] == "Drawn by hand."
    assert said["as_of (UTC)"] == "2026-10-31T23:00:00"
    assert said["parameter cohort"] == "2026-10"
    assert said["note excluded"] == '{"test": 1}'
    assert said["query metrics/x.sql (2 rows)"] == SQL
    assert said["rows loaded into =cmd.csv → lead"] == "6"
    assert found["curve"][1][1] == 2
    assert [each.name for each in tmp_path.rglob("*")] == ["new", "a.xlsx"]


def test_a_csv_says_what_it_is_and_is_read_back(tmp_path: Path) -> None:
    path = drawn().save(tmp_path / "a.csv")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    head = [line for line in lines if line.startswith("# ")]
    said = {row[0]: row[1:] for row in csv.reader(head)}
    assert said["# definition"] == ["Drawn by hand."]
    assert said["# parameter cohort"] == ["2026-10"]
    assert said["# query metrics/x.sql (2 rows)"] == []
    table = pd.read_csv(path, skiprows=len(head))
    assert table["segment"].tolist() == [f"'{FORMULA}", "Köln # 1"]
    assert table["reached_leads"].tolist() == [3, 0]
    assert table["rate"].isna().tolist() == [False, True]
    assert all(
        not cell.startswith(("=", "+", "-", "@")) for row in csv.reader(lines) for cell in row
    )


def test_json_holds_all_of_it(tmp_path: Path) -> None:
    saved = json.loads(drawn().save(str(tmp_path / "a.JSON")).read_text(encoding="utf-8"))
    assert saved == drawn().record()
    assert saved["rows"][1]["rate"] is None
    assert saved["queries"][0]["sql"] == SQL


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "json"])
def test_equal_results_give_equal_files_and_replace_what_was_there(
    tmp_path: Path, suffix: str
) -> None:
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    second.write_text("old", encoding="utf-8")
    drawn().save(first)
    drawn().save(second)
    assert first.read_bytes() == second.read_bytes()


def test_an_empty_table_is_saved(tmp_path: Path) -> None:
    result = drawn()
    empty = replace(result, _table=result.table.iloc[:0])
    assert sheets(empty.save(tmp_path / "a.xlsx"))["stage_conversion"] == [["rate"]]


@pytest.mark.parametrize("name", ["a.xls", "a", "a.parquet"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CallError, match=r"saved as \.xlsx, \.csv, \.json"):
        drawn().save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CallError, match="cannot be written"):
        drawn().save(tmp_path / "file" / "a.csv")
