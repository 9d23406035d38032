"""Choices and tables for notebooks: what is chosen is what is asked and drawn."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import IPython.display
import pandas as pd
import pytest
from great_tables import GT
from plotly import graph_objects as go

import funnel_analytics as fa
from funnel_analytics import lab
from funnel_analytics.errors import CallError
from funnel_analytics.lab import explorer as lab_explorer
from funnel_analytics.results import Missing
from funnel_analytics.wording import Notice
from tests.wording.drawn import EVIL, result_of, sample_agreement

WarehouseOf = Callable[..., fa.Warehouse]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was displayed last."""
    found: list[Any] = []

    def display(*objects: Any, **_: Any) -> None:
        found[:] = objects

    monkeypatch.setattr(IPython.display, "display", display)
    return found


@pytest.fixture
def warehouse(sample_database: Path) -> Iterator[fa.Warehouse]:
    with fa.open_warehouse(sample_database) as opened:
        yield opened


def test_a_choice_asks_and_draws_anew(warehouse: fa.Warehouse, shown: list[Any]) -> None:
    explorer = lab.explore(warehouse, period="2026-Q2", language="en")
    assert explorer.result.metric == "stage_conversion"
    assert explorer.result.parameters["cohort"] == "2026-Q2"
    assert [type(each) for each in shown] == [go.Figure, GT]

    explorer.choices["by"].value = "origin"
    assert explorer.result.parameters["by"] == "origin"
    assert shown[0].data[0].type == "heatmap"

    explorer.choices["mode"].value = "strict"
    assert explorer.result.parameters["mode"] == "strict"

    explorer.choices["view"].value = "flows"
    explorer.choices["period"].value = fa.month("2026-09")
    assert explorer.choices["mode"].disabled
    expected = fa.stage_flows(warehouse, period=fa.month("2026-09"), by="origin")
    pd.testing.assert_frame_equal(explorer.result.table, expected.table)


@pytest.mark.parametrize("view", ["trend", "curve", "expected", "reasons", "time_in_stage"])
@pytest.mark.parametrize("by", [None, "segment"])
def test_every_view_is_drawn(
    warehouse: fa.Warehouse, shown: list[Any], view: str, by: str | None
) -> None:
    explorer = lab.explore(warehouse, by=by, language="de")
    explorer.choices["view"].value = view
    assert explorer.result.parameters["by"] == by
    assert len(shown) == 2


def test_the_choices_are_worded_and_the_latest_come_first(
    warehouse: fa.Warehouse, shown: list[Any]
) -> None:
    explorer = lab.explore(warehouse, period="2026-10", language="de")
    periods = [label for label, _ in explorer.choices["period"].options]
    assert periods[0] == "Oktober 2026"
    assert periods[3:7] == ["2026", "2025", "2024", "4. Quartal 2026"]
    assert periods[-1] == "November 2024"
    assert len(periods) == len(set(periods))
    assert ("Herkunft", "origin") in explorer.choices["by"].options
    assert explorer.choices["mode"].description == "Zählweise"


def test_what_cannot_be_answered_is_said_and_the_choices_stay(
    warehouse: fa.Warehouse, shown: list[Any]
) -> None:
    explorer = lab.explore(warehouse, period="2027-01")
    assert [type(each) for each in shown] == [Notice]
    assert "2027-01 had not begun" in str(shown[0])
    with pytest.raises(CallError, match=r"has no answer\. 2027-01 had not begun"):
        explorer.result.save("answer.xlsx")
    explorer.choices["period"].value = fa.month("2026-09")
    assert explorer.result.parameters["cohort"] == "2026-09"


# a  web × big      b  mail × small      nobody has a channel
LEADS = {
    "account": [
        {"account": "x", "segment": "big"},
        {"account": "y", "segment": "small"},
    ],
    "lead": [
        {"lead": "a", "created_at": "2026-10-01 08:00", "origin": "web", "account": "x"},
        {"lead": "b", "created_at": "2026-10-02 08:00", "origin": "mail", "account": "y"},
    ],
    "stage_event": [{"lead": "a", "stage": "won", "entered_at": "2026-10-03 08:00"}],
}


def test_a_second_attribute_makes_a_pair(warehouse_of: WarehouseOf, shown: list[Any]) -> None:
    explorer = lab.explore(warehouse_of(LEADS), language="de")
    second = explorer.choices["second"]
    assert second.description == "und nach"
    assert second.disabled
    assert second.options == (("–", None),)

    explorer.choices["by"].value = "origin"
    assert not second.disabled
    assert "origin" not in [value for _, value in second.options]
    second.value = "segment"
    pairs = explorer.result.table[["segment", "second_segment"]].drop_duplicates()
    assert pairs.to_numpy().tolist() == [["mail", "small"], ["web", "big"]]
    assert "web × big" in json.dumps(shown[0].to_dict(), ensure_ascii=False, default=str)

    explorer.choices["by"].value = "created_month"  # what is chosen besides stays, if it can
    assert explorer.result.parameters["by"] == ["created_month", "segment"]
    explorer.choices["by"].value = "segment"
    assert second.value is None
    assert explorer.result.parameters["by"] == "segment"
    explorer.choices["by"].value = None
    assert explorer.result.parameters["by"] is None


def test_a_pair_is_chosen_at_first(warehouse_of: WarehouseOf, shown: list[Any]) -> None:
    explorer = lab.explore(warehouse_of(LEADS), by=("origin", "segment"))
    assert [explorer.choices[name].value for name in ("by", "second")] == ["origin", "segment"]
    assert explorer.result.parameters["by"] == ["origin", "segment"]


def test_an_attribute_without_values_is_said_in_place_of_the_figure(
    warehouse_of: WarehouseOf, shown: list[Any]
) -> None:
    explorer = lab.explore(warehouse_of(LEADS), by="channel", language="de")
    assert [type(each) for each in shown] == [Notice]
    with pytest.raises(CallError, match="No lead has a value for 'channel'"):
        _ = explorer.result
    explorer.choices["by"].value = "origin"
    assert explorer.result.parameters["by"] == "origin"


def test_nothing_old_stays_beside_new_choices(
    warehouse: fa.Warehouse, shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = lab.explore(warehouse, period="2026-Q2")

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(
        lab_explorer._VIEWS, "trend", replace(lab_explorer._VIEWS["trend"], figure=broken)
    )
    with pytest.raises(ZeroDivisionError):
        explorer.choices["view"].value = "trend"
    with pytest.raises(CallError, match="has no answer"):
        _ = explorer.result


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "sometimes"},
        {"by": "orign"},
        {"by": ("origin", "segmnt")},
        {"by": ("origin", "origin")},
        {"by": ("origin", "segment", "channel")},
        {"period": "soon"},
        {"language": "fr"},
    ],
)
def test_an_unknown_choice_is_refused(warehouse: fa.Warehouse, wrong: dict[str, Any]) -> None:
    with pytest.raises(CallError):
        lab.explore(warehouse, **wrong)


# three groups, one without a name; a day, a number and a missing one of each
DRAWN = pd.DataFrame(
    {
        "segment": [EVIL, None, "big"],
        "leads": pd.array([1234, None, 5], dtype="Int64"),
        "rate": [0.25, float("nan"), 1 / 3],
        "day": [pd.Timestamp("2026-10-01"), pd.NaT, pd.Timestamp("2026-10-02")],
    }
)


def browsed(shown: list[Any]) -> tuple[str, list[list[Any]], dict[str, Any]]:
    """What was displayed: its page, the cells of its table, and the texts around it."""
    page = str(shown[0].data)
    cells = re.search(r'"data_json": ("(?:[^"\\]|\\.)*")', page)
    texts = re.search(r'"language": (\{.*\}),$', page, flags=re.MULTILINE)
    assert cells
    assert texts
    return page, json.loads(json.loads(cells[1])), json.loads(texts[1])


def test_a_table_to_browse_works_offline_and_holds_no_markup(shown: list[Any]) -> None:
    lab.browse(result_of("stage_flows", DRAWN, {}), language="de")
    page, cells, texts = browsed(shown)
    assert "<b onclick" not in page
    assert cells == [
        ["&lt;b onclick=x&gt;$a$ &amp; Söhne&lt;/b&gt;", 1234.0, 0.25, "2026-10-01"],
        ["", "___NaN___", "___NaN___", ""],
        ["big", 5.0, 1 / 3, "2026-10-02"],
    ]
    assert "toLocaleString('de'" in page
    assert r"return '\u2013'" in page
    assert texts["search"] == "Suchen:"
    assert texts["thousands"] == "."
    assert texts["columnControl"]["search"]["number"]["greaterOrEqual"] == "mindestens"
    assert '"text_in_header_can_be_selected": true' not in page
    assert "injectModule" in page
    assert not re.search(r"(src=|import\W|url\()['\"(]*https?:", page)


def test_a_part_or_a_bare_table_is_browsed(shown: list[Any]) -> None:
    months = pd.DataFrame({"month": ["2026-10"] * 200})
    result = result_of("stage_flows", DRAWN, {}, parts={"by_month": months})
    lab.browse(result, part="by_month")
    assert browsed(shown)[1] == [["2026-10"]] * 200
    assert browsed(shown)[2]["search"] == "Suchen:"
    lab.browse(DRAWN.iloc[:0])
    assert browsed(shown)[1:][0] == []
    assert browsed(shown)[2]["emptyTable"] == "No rows"
    with pytest.raises(CallError, match="by_month"):
        lab.browse(result, part="by_moth")
    with pytest.raises(CallError, match="no part 'by_month'"):
        lab.browse(months, part="by_month")
    with pytest.raises(CallError):
        lab.browse(result, language="fr")


def test_what_is_missing_is_said_in_place_of_a_table(shown: list[Any]) -> None:
    lab.browse(Missing("loss_reasons", "stage_event", "Export it.", sample_agreement()))
    assert [type(each) for each in shown] == [Notice]


def test_the_package_starts_without_what_only_notebooks_need() -> None:
    code = (
        "import sys, funnel_analytics as fa; fa.stage_conversion, fa.plots, fa.lab.explore;"
        "print(sorted({'IPython', 'ipywidgets', 'itables'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
