"""Figures, tables and sentences of first contacts and attempts, tested by reading them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from funnel_analytics import plots, tables
from funnel_analytics.errors import CallError
from funnel_analytics.metrics.attempts import contact_attempts
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice, words_for
from tests.builders import build_warehouse
from tests.figures import footer, labels, texts, title
from tests.metrics.test_attempts import call, leads
from tests.metrics.test_response_rules import celled
from tests.test_tables import headings, rows
from tests.wording.drawn import EVIL


@pytest.fixture(scope="module")
def waits(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return celled(tmp_path_factory.mktemp("shown") / "w.duckdb", smallest=1)


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return celled(tmp_path_factory.mktemp("hidden") / "w.duckdb", smallest=4)


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Result]]:
    # eight leads: three reached at once, two of three with the second, two never tried
    drawn = {
        "lead": [*leads(*"abcdef"), *leads("g", "h", origin=EVIL)],
        "activity": [
            *[call(name, "09:00", True) for name in "abg"],
            *[call(name, "09:00", False) for name in "cdh"],
            *[call(name, "10:00", name != "h") for name in "cdh"],
        ],
    }
    path = tmp_path_factory.mktemp("attempts") / "w.duckdb"
    with build_warehouse(path, drawn, as_of="2026-10-31T23:00") as warehouse:
        yield {
            "whole": contact_attempts(warehouse),
            "origin": contact_attempts(warehouse, by="origin"),
        }


def figures(waits: Result, attempts: dict[str, Result], language: str) -> list[go.Figure]:
    evil = {name: waits.part(name) for name in waits.parts}
    evil["by_team"]["team"] = evil["by_team"]["team"].replace("sdr", EVIL)
    result = replace(waits, _parts=evil)
    return [
        plots.contact_heat_map(result, language=language),
        *[plots.contact_compliance(result, by=by, language=language) for by in ("team", "load")],
        *[plots.contact_attempts(each, language=language) for each in attempts.values()],
    ]


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_figure_says_what_who_and_when(
    waits: Result, attempts: dict[str, Result], language: str
) -> None:
    for figure in figures(waits, attempts, language):
        whole = json.loads(figure.to_json())
        whole["layout"].pop("template")
        whole["layout"].pop("meta")
        assert not any("<b onclick" in each for each in texts(whole))
        assert not any("nan" in each.lower().split() for each in texts(whole))
        assert "2026" in title(figure)
        assert "Test GmbH" in figure.layout.title.subtitle.text
        as_of = "Stand: 31. Oktober 2026" if language == "de" else "As of 31 October 2026"
        assert as_of in footer(figure)


def test_the_heat_map_has_a_cell_for_each_hour(waits: Result, hidden: Result) -> None:
    figure: Any = plots.contact_heat_map(waits, language="en")
    (heat,) = figure.data
    # 8 to 11 o'clock; Monday 8: five of six in time, Tuesday 8: three of three
    assert list(figure.layout.yaxis.ticktext) == ["8:00–9:00", "9:00–10:00", "10:00–11:00"]
    assert list(figure.layout.xaxis.ticktext) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert list(heat.z[0]) == [pytest.approx(5 / 6), 1, None, None, None, None, None]
    assert list(heat.z[1])[:2] == [1, None]
    assert list(heat.z[2])[:2] == [0, None]
    assert [text for text in labels(figure) if text.isdigit()] == ["6", "3", "4", "3"]
    assert figure.layout.yaxis.title.text == "Begin of the wait (local time)"
    assert title(figure) == (
        "Waits began most often on Mondays between 8:00 and 9:00 (6 leads); of these 83.3% had a "
        "first contact within the deadline by 31 October 2026, of all 68.8%"
    )
    assert "not shown" not in footer(figure).replace("minimum size, not shown", "")

    figure = plots.contact_heat_map(hidden, language="de")
    assert labels(figure).count("·") == 2
    assert "nicht gezeigt: 6 Leads in 2 Gruppen." in footer(figure)


def test_compliance_is_drawn_with_its_interval(waits: Result) -> None:
    figure: Any = plots.contact_compliance(waits, language="en")
    (dots,) = figure.data
    assert list(figure.layout.yaxis.ticktext) == [
        "Sales",
        "Sales development (SDR)",
        "without prior hand-over",
    ]
    assert list(dots.x) == [1, pytest.approx(6 / 7), pytest.approx(2 / 6)]
    low = waits.part("by_team")["within_deadline_low"].iloc[1]
    assert dots.error_x.arrayminus[1] == pytest.approx(6 / 7 - low)
    assert figure.layout.xaxis.title.text.endswith("(%)")
    assert title(figure) == (
        "First contact within the deadline by team, by 31 October 2026 – Sales: 100.0% (3 of 3); "
        "Sales development (SDR): 85.7% (6 of 7); without prior hand-over: 33.3% (2 of 6)"
    )


def test_the_title_of_loads_leaves_out_what_is_not_known(waits: Result) -> None:
    words = words_for(waits, language="de")
    assert words.finding(waits, cells="load") == (
        "Erstkontakt in der Frist nach Leads je Person und Tag, bis zum 31. Oktober 2026 – "
        "bis 0,5: 100,0\N{NARROW NO-BREAK SPACE}% (1 von 1); über 1 bis 2: "
        "83,3\N{NARROW NO-BREAK SPACE}% (5 von 6); über 2 bis 4: "
        "100,0\N{NARROW NO-BREAK SPACE}% (3 von 3)"
    )
    figure: Any = plots.contact_compliance(waits, by="load", language="de")
    assert figure.layout.yaxis.ticktext[-1] == "nicht bekannt"
    assert "Auslastung: Leads" in footer(figure)
    with pytest.raises(CallError, match="Did you mean 'team'"):
        plots.contact_compliance(waits, by="teams")


def test_attempts_are_a_line_with_their_counts(attempts: dict[str, Result]) -> None:
    figure: Any = plots.contact_attempts(attempts["whole"], language="en")
    (line,) = figure.data
    assert list(line.x) == [1, 2]
    assert list(line.y) == [0.5, pytest.approx(1 - 0.5 / 3)]
    assert list(figure.layout.xaxis.ticktext) == ["1<br>3 of 6", "2<br>2 of 3"]
    assert title(figure) == (
        "3 of 6 leads were reached with the first attempt by 31 October 2026 (50.0%); 2 of 3 leads "
        "with the second (66.7%); for 2 there was no attempt"
    )
    assert "2 leads had no attempt." in footer(figure)
    by_origin: Any = plots.contact_attempts(attempts["origin"], language="en")
    assert len(by_origin.data) == 2
    assert any(text.startswith("x: ") for text in labels(by_origin))
    assert title(by_origin).startswith("Reached with the first attempt by origin, by 31 October")


def test_tables_say_the_same(waits: Result, hidden: Result, attempts: dict[str, Result]) -> None:
    table: Any = tables.contact_compliance(waits, language="en")
    assert headings(table)[:3] == ["Team", "Leads", "Contacted"]
    assert [row[0] for row in rows(table)] == [
        "Sales",
        "Sales development (SDR)",
        "without prior hand-over",
    ]
    assert rows(table)[1][1:6] == ["7", "7", "7", "6", "85.7%"]
    few: Any = tables.contact_compliance(hidden, language="en")
    assert len(rows(few)) == 1
    table = tables.contact_attempts(attempts["whole"], language="de")
    assert [row[:3] for row in rows(table)] == [["1. Versuch", "6", "3"], ["2. Versuch", "3", "2"]]
    assert rows(table)[0][-1] == "–"
    assert rows(table)[1][-1] == "1,0"


def test_nothing_to_draw_is_said(waits: Result, attempts: dict[str, Result]) -> None:
    missing = Missing("time_to_contact", "activity", "No activities.", waits.agreement)
    for draw in (
        plots.contact_heat_map,
        plots.contact_compliance,
        plots.contact_attempts,
        tables.contact_compliance,
        tables.contact_attempts,
    ):
        assert isinstance(draw(missing), Notice)
    unrated: dict[str, Any] = {name: waits.part(name) for name in waits.parts}
    for name in ("by_hour", "by_team"):
        unrated[name]["within_deadline_share"] = float("nan")
    result = replace(waits, _parts=unrated)
    said = plots.contact_compliance(result, language="de")
    assert isinstance(said, Notice)
    assert "nach Team" in str(said)
    assert isinstance(plots.contact_heat_map(result), Notice)
