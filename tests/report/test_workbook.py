from __future__ import annotations

import copy
import re
import zipfile
from pathlib import Path
from typing import Any

from funnel_analytics.report.workbook import write_workbook
from tests.report.toys import RESULT


def record(*results: dict[str, Any], as_of: str | None = "2026-10-31T23:00:00") -> dict[str, Any]:
    return {"as_of": as_of, "parameters": {"period": "2026-10"}, "results": list(results)}


def sheets(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        book = archive.read("xl/workbook.xml").decode()
        names = re.findall(r'<sheet name="([^"]*)"', book)
        return {
            name: archive.read(f"xl/worksheets/sheet{number}.xml").decode()
            for number, name in enumerate(names, start=1)
        }


def texts(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return re.findall(r"<t[^>]*>([^<]*)</t>", archive.read("xl/sharedStrings.xml").decode())


def test_one_sheet_per_result_says_what_it_means(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, title="Review", record=record(RESULT))
    assert list(sheets(path)) == ["contents", "stage_conversion"]
    written = texts(path)
    for text in ("definition", "grain", "as_of (UTC)", "parameter cohort", "2026-10", "curve"):
        assert text in written


def test_formulas_and_links_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, title="=1+1", record=record(RESULT))
    for sheet in sheets(path).values():
        assert "<f>" not in sheet
        assert "hyperlink" not in sheet
    written = texts(path)
    for text in ("=1+1 leads", "=HYPERLINK(&quot;http://evil.example&quot;)", "-5", "=1+1"):
        assert text.replace("&quot;", '"') in written


# Excel rows: 1-6 what it is, 8 the header, 9-10 the result, 12 "curve", 13 its header, 14 its row
def test_numbers_are_numbers_and_missing_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, title="t", record=record(RESULT))
    cells = dict(
        re.findall(r'<c r="([A-Z]+\d+)"[^>]*?>(?:<v>([^<]*)</v>)', sheets(path)["stage_conversion"])
    )
    assert (cells["B9"], cells["C9"]) == ("3", "0.5")
    assert "B10" not in cells
    assert "C10" not in cells
    assert cells["B14"] == "46296"  # 1 October 2026 in days since 30 December 1899


def test_names_of_sheets_are_short_unique_and_allowed(tmp_path: Path) -> None:
    results = []
    for metric in ("a" * 40, "a" * 40, "A" * 40, "x/y:z", "History", "contents"):
        each = copy.deepcopy(RESULT)
        each["metric"] = metric
        results.append(each)
    path = tmp_path / "a.xlsx"
    write_workbook(path, title="t", record=record(*results))
    assert list(sheets(path)) == [
        "contents",
        "a" * 31,
        "a" * 29 + " 2",
        "A" * 29 + " 3",
        "x_y_z",
        "History 2",
        "contents 2",
    ]


def test_long_and_unprintable_texts_are_written_whole_enough(tmp_path: Path) -> None:
    each = copy.deepcopy(RESULT)
    each["rows"] = [{"segment": "x" * 40_000}, {"segment": "a\x00b\x0bc"}]
    path = tmp_path / "a.xlsx"
    write_workbook(path, title="t", record=record(each))
    written = texts(path)
    assert "x" * 32_766 + "…" in written
    assert "abc" in written


def test_a_run_without_results_gives_a_list_without_entries(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_workbook(path, title="t", record=record(as_of=None))
    assert list(sheets(path)) == ["contents"]


def test_two_equal_records_give_equal_files(tmp_path: Path) -> None:
    one, other = tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    for path in (one, other):
        write_workbook(path, title="t", record=record(RESULT))
    assert one.read_bytes() == other.read_bytes()
