"""Figures and tables of flows, reasons and closed leads, tested by reading them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import pytest
from great_tables import GT

from funnel_analytics import plots, tables, theme
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice
from tests.figures import footer, labels, texts, title
from tests.test_tables import headings, rows
from tests.wording import drawn_flows
from tests.wording.drawn import EVIL, sample_agreement

FIGURES: list[Callable[[str], go.Figure]] = [
    lambda language: plots.stage_flows(drawn_flows.flows_result(), language=language),
    lambda language: plots.stage_flows(
        drawn_flows.flows_by_origin(), segment=EVIL, language=language
    ),
    lambda language: plots.loss_reasons(drawn_flows.reasons_result(), language=language),
    lambda language: plots.loss_reasons(
        drawn_flows.reasons_result(EVIL, by="origin"), language=language
    ),
]
TABLES: list[Callable[[str], GT]] = [
    lambda language: tables.stage_flows(drawn_flows.flows_by_origin(), language=language),
    lambda language: tables.loss_reasons(
        drawn_flows.reasons_result(EVIL, by="origin"), language=language
    ),
    lambda language: tables.closed_leads_later(drawn_flows.later_result(), language=language),
]


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("draw", FIGURES)
def test_a_figure_says_what_who_and_when(draw: Callable[[str], go.Figure], language: str) -> None:
    figure = draw(language)
    whole = json.loads(figure.to_json())
    whole["layout"].pop("template")
    whole["layout"].pop("meta")  # what the page sets as text of its own, escaped there
    assert not any("<b onclick" in each for each in texts(whole))
    assert not any("nan" in each.lower().split() for each in texts(whole))
    assert "2026" in title(figure)
    assert "Beispiel Maschinenbau GmbH" in figure.layout.title.subtitle.text
    as_of = "Stand: 31. Oktober 2026" if language == "de" else "As of 31 October 2026"
    assert as_of in footer(figure)


def bands(result: Result, **choice: object) -> dict[tuple[str, str], tuple[int, str]]:
    """Every band of the figure: from, to; its width and colour."""
    (sankey,) = plots.stage_flows(result, language="en", **choice).data  # type: ignore[arg-type]
    names = [str(each).replace("<br>", " ") for each in sankey.node.label]
    link = sankey.link
    return {
        (names[source], names[target]): (value, colour)
        for source, target, value, colour in zip(
            link.source, link.target, link.value, link.color, strict=True
        )
    }


def test_the_bands_are_the_steps_and_ways_back_are_orange() -> None:
    found = bands(drawn_flows.flows_result())
    steps = drawn_flows.flows_result().part("transitions")
    # left out: the creation, and those who stay in the last stage
    assert len(found) == len(steps) - 2
    assert found["Inquiry", "Rejected"] == (300, theme.BAND)
    assert found["Opportunity", "Won"] == (80, theme.BAND)
    back = {way for way, (_, colour) in found.items() if colour == theme.BAND_BACK}
    assert back == {
        ("Marketing qualified lead", "Inquiry"),
        ("Recycled", "Marketing qualified lead"),
    }


def test_stages_stand_in_their_order_and_ends_on_the_right() -> None:
    (sankey,) = plots.stage_flows(drawn_flows.flows_result(), language="en").data
    across = dict(zip(sankey.node.label, sankey.node.x, strict=True))
    stages = [label.text("en") for label in (each.label for each in sample_agreement().stages)]
    places = [
        across[next(each for each in across if each.replace("<br>", " ") == name)]
        for name in stages
    ]
    assert places == sorted(places)
    assert len(set(places)) == 6
    assert {across[each] for each in ("Lost", "Rejected", "Recycled", "Still there")} == {
        places[-1]
    }
    assert "Orange" in footer(plots.stage_flows(drawn_flows.flows_result(), language="de"))


def test_flows_of_the_largest_group_or_the_one_asked_for() -> None:
    result = drawn_flows.flows_by_origin()
    assert bands(result)["Inquiry", "Rejected"][0] == 1200
    assert bands(result, segment=EVIL)["Inquiry", "Rejected"][0] == 300
    assert "Shown: “Inbound”, one of 2 groups; the table has all." in footer(
        plots.stage_flows(result, language="en")
    )


def test_the_bars_are_reasons_in_parts_by_stage() -> None:
    figure = plots.loss_reasons(drawn_flows.reasons_result(), language="en")
    assert [each.name for each in figure.data] == [
        "Inquiry (Marketing)",
        "Marketing qualified lead (Marketing)",
        "Before the first stage",
    ]
    assert [list(each.x) for each in figure.data] == [[30, 30, 15], [20, 0, 0], [0, 0, 5]]
    reasons = figure.layout.yaxis.ticktext
    assert reasons[0] == "Does not fit our offer"
    assert reasons[2] == "No reason given"
    assert figure.layout.xaxis.title.text == "Rejected: leads by reason (number)"
    assert figure.layout.xaxis.range[0] == 0
    assert "50 of 100 leads" in labels(figure)
    assert len({each.marker.pattern.shape for each in figure.data}) == 3
    lost = plots.loss_reasons(drawn_flows.reasons_result(), status="lost", language="de")
    assert list(lost.layout.yaxis.ticktext) == ["Preis"]


def test_the_identity_of_flows_can_be_read_in_the_table() -> None:
    table = tables.stage_flows(drawn_flows.flows_result(), language="de")
    assert headings(table)[1:] == [
        "Eintritte (Summe)",
        "= Weiter",
        "+ Zurück",
        "+ Verloren",
        "+ Abgelehnt",
        "+ Recycelt",
        "+ Noch dort",
    ]
    first = rows(table)[0]
    assert first == ["Anfrage", "1.004", "600", "0", "0", "300", "0", "104"]
    for row in rows(table):
        entered, *parts = (int(each.replace(".", "")) for each in row[1:])
        assert entered == sum(parts)
    assert "Eintritte = weiter + zurück" in table.as_raw_html()


def test_the_table_of_reasons_names_stage_and_team() -> None:
    cells = rows(tables.loss_reasons(drawn_flows.reasons_result(), language="de"))
    assert cells[0] == ["Verloren in „Opportunity“ (Vertrieb)"]
    assert cells[1][:4] == ["Preis", "1", "1", "100,0 %"]
    assert cells[2] == ["Abgelehnt in „Anfrage“ (Marketing)"]
    assert ["Kein Grund angegeben", "15", "100", "15,0 %", "10,0–20,0 %"] in cells
    assert ["Abgelehnt (Vor der ersten Phase)"] in cells


def test_the_table_of_what_came_later() -> None:
    table = tables.closed_leads_later(drawn_flows.later_result(), language="en")
    assert rows(table)[1] == [
        "Rejected",
        "200",
        "30",
        "15.0%",
        "12.5",
        "8",
        "4.0%",
        "0.0–100.0%",
        "€100,000",
        "90",
    ]
    assert "can still grow" in table.as_raw_html()
    without = drawn_flows.later_result(amount=float("nan"))
    kept = without.table
    kept["won_amount"] = float("nan")
    assert "Value" in headings(table)
    empty = drawn_flows.result_of("closed_leads_later", kept, without.parameters)
    assert "Value" not in headings(tables.closed_leads_later(empty, language="en"))


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("make", TABLES)
def test_no_cell_is_markup_and_nothing_is_nan(make: Callable[[str], GT], language: str) -> None:
    html = make(language).as_raw_html()
    assert "<b onclick" not in html
    assert all(
        cell.lower() not in {"nan", "<na>", "none"} for row in rows(make(language)) for cell in row
    )


@pytest.mark.parametrize("language", ["de", "en"])
def test_nothing_to_draw_is_drawn_as_nothing(language: str) -> None:
    for show, result in (
        (plots.stage_flows, drawn_flows.flows_by_origin()),
        (plots.loss_reasons, drawn_flows.reasons_result()),
    ):
        parts = {name: result.part(name).iloc[:0] for name in result.parts}
        empty = drawn_flows.result_of(
            result.metric, result.table.iloc[:0], result.parameters, parts=parts
        )
        drawn = show(empty, language=language)  # type: ignore[operator]
        assert "2026" in (str(drawn) if isinstance(drawn, Notice) else title(drawn))


@pytest.mark.parametrize("show", [tables.loss_reasons, tables.closed_leads_later])
def test_nothing_to_list_is_a_sentence_and_no_empty_table(show: Callable[..., Any]) -> None:
    made = (drawn_flows.reasons_result(), drawn_flows.later_result())
    result = made[show is tables.closed_leads_later]
    parts = {name: result.part(name).iloc[:0] for name in result.parts}
    empty = drawn_flows.result_of(
        result.metric, result.table.iloc[:0], result.parameters, parts=parts
    )
    shown = show(empty, language="en")
    assert isinstance(shown, Notice)
    assert str(shown) == "No lead is recorded as closed in October 2026."


def test_a_missing_table_becomes_a_notice() -> None:
    missing = Missing("stage_flows", "stage_event", "not there", sample_agreement())
    for show in (
        plots.stage_flows,
        plots.loss_reasons,
        tables.stage_flows,
        tables.loss_reasons,
        tables.closed_leads_later,
    ):
        assert isinstance(show(missing), Notice)
