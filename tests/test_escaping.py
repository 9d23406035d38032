"""Text from data stays text: in CSV, workbooks, figures, tables and on the terminal."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnel_analytics as fa
from funnel_analytics.escaping import inert_cell, is_active_cell, markup, one_line
from funnel_analytics.report.workbook import write_workbook
from funnel_analytics.warehouse import Warehouse

HOSTILE = ("=1+1", "+49 221", "-2+3", "@SUM(A1)", "\t=1", "\r=1")


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_spreadsheet_computes_is_led_by_an_apostrophe(text: str) -> None:
    assert is_active_cell(text)
    assert inert_cell(text) == f"'{text}"


@given(st.text())
def test_an_inert_cell_is_never_active_and_loses_nothing(text: str) -> None:
    cell = inert_cell(text)
    assert not is_active_cell(cell)
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text


@given(st.text())
def test_markup_holds_no_tag_and_no_formula(text: str) -> None:
    assert not {"<", ">", "$"} & set(markup(text))


def test_terminal_codes_and_turned_writing_are_shown_as_codes() -> None:
    assert one_line("a\x1b]0;title\x07b") == "a\\x1b]0;title\\x07b"
    assert one_line("gpj.‮exe") == "gpj.\\u202eexe"
    assert one_line("Größe 5 €") == "Größe 5 €"


# one lead of an origin that is a formula, its channel with a terminal code
def hostile(warehouse_of: Callable[..., Warehouse]) -> fa.Result:
    warehouse = warehouse_of(
        {
            "lead": [
                {"lead": "a", "created_at": "2026-09-01", "origin": '=HYPERLINK("http://x")'},
                {"lead": "b", "created_at": "2026-09-02", "origin": "\x1b[31mred"},
            ],
            "stage_event": [{"lead": "a", "stage": "won", "entered_at": "2026-09-03"}],
        }
    )
    return fa.stage_conversion(warehouse, by="origin")


def test_a_result_as_csv_computes_nothing(warehouse_of: Callable[..., Warehouse]) -> None:
    result = hostile(warehouse_of)
    rows = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert {row["segment"] for row in rows} == {'\'=HYPERLINK("http://x")', "\x1b[31mred"}
    assert len(rows) == len(result.table)
    read = pd.read_csv(io.StringIO(result.to_csv()))
    expected = result.table["reached_leads"].tolist()
    assert read["reached_leads"].tolist() == expected


def test_a_result_on_the_terminal_moves_no_cursor(warehouse_of: Callable[..., Warehouse]) -> None:
    shown = str(hostile(warehouse_of))
    assert "\x1b" not in shown
    assert "\\x1b[31mred" in shown


def test_negative_numbers_stay_numbers_in_csv(warehouse_of: Callable[..., Warehouse]) -> None:
    result = hostile(warehouse_of)
    object.__setattr__(result, "_table", pd.DataFrame({"change": [-2.5, 1.0], "name": ["-x", "y"]}))
    assert result.to_csv() == "change,name\n-2.5,'-x\n1.0,y\n"


@pytest.mark.parametrize("text", HOSTILE[:4])
def test_workbook_cells_that_look_like_formulas_keep_their_quote(text: str, tmp_path: Path) -> None:
    result: dict[str, Any] = {
        "metric": "m",
        "definition": "d",
        "grain": "g",
        "as_of": None,
        "parameters": {"by": text},
        "units": {"segment": "text"},
        "rows": [{"segment": text}, {"segment": "plain"}],
        "parts": {},
    }
    path = tmp_path / "a.xlsx"
    write_workbook(path, title="t", record={"as_of": None, "parameters": {}, "results": [result]})
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet2.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert "<f>" not in sheet
    quoted = styles[styles.index("<cellXfs") : styles.index("</cellXfs>")]
    number = [
        place for place, part in enumerate(quoted.split("<xf ")[1:]) if 'quotePrefix="1"' in part
    ]
    assert len(number) == 1
    assert sheet.count(f's="{number[0]}"') == 2  # the parameter and the cell, not the plain one
