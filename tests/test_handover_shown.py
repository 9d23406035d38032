"""Sentences, figures and tables of hand-overs, tested by reading them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
from great_tables import GT

from funnel_analytics import plots, tables
from funnel_analytics.errors import CallError
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice
from tests.figures import footer, labels, texts, title
from tests.test_tables import headings, rows
from tests.wording.drawn import EVIL, result_of, sample_agreement
from tests.wording.drawn_handover import NA, empty_result, handover_result, split_result
from tests.wording.spoken import DE, EN, said

RESULT = handover_result()
FIGURES: list[Callable[[str], go.Figure]] = [
    lambda language: plots.handovers(RESULT, language=language),
    lambda language: plots.handovers(split_result(), language=language),
    lambda language: plots.handover_reasons(RESULT, language=language),
    lambda language: plots.handover_reasons(RESULT, by="team", language=language),
    lambda language: plots.handover_completeness(RESULT, language=language),
    lambda language: plots.handover_completeness(split_result(), segment=EVIL, language=language),
]
TABLES: list[Callable[[str], GT]] = [
    lambda language: tables.handovers(RESULT, language=language),
    lambda language: tables.handovers(split_result(), language=language),
    lambda language: tables.handover_reasons(RESULT, language=language),
    lambda language: tables.handover_reasons(split_result(), language=language),
    lambda language: tables.handover_reasons(RESULT, by="origin", language=language),
    lambda language: tables.handover_reasons(RESULT, by="team", language=language),
    lambda language: tables.handover_completeness(split_result(), language=language),
    lambda language: tables.handover_returns(RESULT, language=language),
    lambda language: tables.missed_handovers(split_result(), language=language),
]
SHOWN = (
    plots.handovers,
    plots.handover_reasons,
    plots.handover_completeness,
    tables.handovers,
    tables.handover_reasons,
    tables.handover_completeness,
    tables.handover_returns,
    tables.missed_handovers,
)


@pytest.mark.parametrize(
    ("choice", "german", "english"),
    [
        (
            {},
            "Marketing an Vertriebsentwicklung (SDR) im Oktober 2026: 60 von 100 fälligen "
            "Übergaben angenommen (60,0 %), 30 abgelehnt, 10 ohne Antwort; in der Frist "
            "beantwortet 70 von 100 (70,0 %)",
            "Marketing to Sales development (SDR) in October 2026: 60 of 100 due hand-overs "
            "accepted (60.0%), 30 rejected, 10 without an answer; answered within the deadline "
            "70 of 100 (70.0%)",
        ),
        (
            {"kind": "reassigned"},
            "Neu zugewiesen im Oktober 2026: 3 Übergaben; ob und wann sie beantwortet wurden, "
            "ist nicht erfasst",
            "Reassigned in October 2026: 3 hand-overs; whether and when they were answered is "
            "not recorded",
        ),
        (
            {"about": "reasons"},
            "Marketing an Vertriebsentwicklung (SDR) im Oktober 2026, häufigster Grund der "
            "Ablehnung: „Passt nicht zum Angebot“ (20 von 30 Ablehnungen, 66,7 %)",
            "Marketing to Sales development (SDR) in October 2026, most frequent reason of "
            "rejection: “Does not fit our offer” (20 of 30 rejections, 66.7%)",
        ),
        (
            {"about": "reasons", "by": "origin"},
            "Marketing an Vertriebsentwicklung (SDR) im Oktober 2026, häufigster Grund der "
            "Ablehnung: Inbound: „Passt nicht zum Angebot“ (18 von 20 Ablehnungen, 90,0 %) und "
            f"Partner: „{EVIL}“ (4 von 6 Ablehnungen, 66,7 %)",
            "Marketing to Sales development (SDR) in October 2026, most frequent reason of "
            "rejection: Inbound: “Does not fit our offer” (18 of 20 rejections, 90.0%) and "
            f"Partner: “{EVIL}” (4 of 6 rejections, 66.7%)",
        ),
        (
            {"about": "completeness"},
            "Marketing an Vertriebsentwicklung (SDR) im Oktober 2026: 60 von 100 Übergaben mit "
            "allen vereinbarten Angaben (60,0 %); angenommen wurden davon 86,2 %, mit 1 fehlenden "
            "Angabe 30,0 %",
            "Marketing to Sales development (SDR) in October 2026: 60 of 100 hand-overs with all "
            "agreed fields (60.0%); of these 86.2% were accepted, with 1 missing field 30.0%",
        ),
        (
            {"about": "returns"},
            "Von 100 Leads mit Übergaben im Oktober 2026 kamen 10 zurück oder wurden erneut "
            "übergeben (10,0 %)",
            "Of 100 leads with hand-overs in October 2026 10 came back or were handed over again "
            "(10.0%)",
        ),
        (
            {"about": "missed"},
            "Marketing an Vertriebsentwicklung (SDR) im Oktober 2026: 30 von 100 fälligen "
            "Übergaben über der Frist (30,0 %); 9 danach eskaliert, 6 weitergegeben, 16 weder noch",
            "Marketing to Sales development (SDR) in October 2026: 30 of 100 due hand-overs past "
            "the deadline (30.0%); 9 then escalated, 6 passed on, 16 neither",
        ),
    ],
)
def test_what_is_said(choice: dict[str, Any], german: str, english: str) -> None:
    assert said(RESULT, **choice) == (german, english)


def changed(**values: Any) -> pd.DataFrame:
    """The table with other values for the first kind."""
    table = RESULT.table
    for name, value in values.items():
        table.loc[0, name] = value
    return table


@pytest.mark.parametrize(
    ("given", "choice", "english"),
    [
        (
            {"table": changed(due_handovers=NA, unanswered_handovers=14)},
            {},
            "60 of 105 hand-overs accepted, 30 rejected, 14 without an answer; no deadline",
        ),
        (
            {"table": changed(due_handovers=0, handovers=1)},
            {},
            "1 hand-over, none of them answered or overdue yet",
        ),
        ({"leads": (7,)}, {"about": "returns"}, "Of 7 leads with hand-overs in October 2026 none"),
        (
            {"leads": (0, 1)},
            {"about": "returns"},
            "Of 1 lead with hand-overs in October 2026 1 came",
        ),
        (
            {"escalated": None},
            {"about": "missed"},
            "6 then passed on, escalations are not recorded",
        ),
        ({"fields": [(NA, 5, 2, 0)]}, {"about": "completeness"}, "missing fields are not recorded"),
        ({"fields": [(0, 5, 4, 2)]}, {"about": "completeness"}, "of these 50.0% were accepted"),
        (
            {"fields": [(2, 5, 4, 1)]},
            {"about": "completeness"},
            "0 of 5 hand-overs with all agreed fields (0.0%); of these – were accepted, with 2",
        ),
        ({}, {"about": "reasons", "kind": "sdr_to_sales"}, "no hand-over was rejected"),
        ({}, {"about": "missed", "kind": "sdr_to_sales"}, "can be held against an agreed deadline"),
    ],
)
def test_what_is_said_of_little(
    given: dict[str, Any], choice: dict[str, Any], english: str
) -> None:
    assert english in said(handover_result(**given), **choice)[1]


def test_few_rejections_are_not_called_none() -> None:
    result = with_part("reasons_by_origin", rejected_handovers=NA)
    german, english = said(result, about="reasons", by="origin")
    assert "Zu wenige Leads wurden abgelehnt" in german
    assert "too few leads were rejected" in english


def with_part(name: str, **values: Any) -> Result:
    full = handover_result()
    parts = {each: full.part(each) for each in full.parts}
    parts[name] = parts[name].assign(**values)
    return result_of("handovers", full.table, full.parameters, parts=parts)


def test_equally_frequent_reasons_are_all_named() -> None:
    result = with_part("reasons", rejected_handovers=[12, 12, 6], rejected_share=[0.4, 0.4, 0.2])
    german, english = said(result, about="reasons")
    both = f"„Passt nicht zum Angebot“ und „{EVIL}“"
    assert german.endswith(f"{both} (je 12 von 30 Ablehnungen, 40,0 %)")
    both = f"“Does not fit our offer” and “{EVIL}”"
    assert english.endswith(f"{both} (12 of 30 rejections each, 40.0%)")


def test_unrecorded_answers_are_not_called_no_rejections() -> None:
    result = handover_result(table=changed(accepted_handovers=NA))
    for by in ({}, {"by": "origin"}, {"by": "team"}):
        assert (
            "whether and when they were answered is not recorded"
            in said(result, about="reasons", **by)[1]
        )


def test_a_group_is_named_and_what_is_unknown_is_refused() -> None:
    assert said(split_result(), segment="inbound")[1].startswith("Inbound: Marketing to Sales")
    assert said(split_result())[1].startswith(EVIL)
    assert said(empty_result())[0] == "Es ist im Oktober 2026 keine Übergabe erfasst"
    hidden = handover_result(table=RESULT.table.assign(handovers=NA))
    assert "Too few leads" in said(hidden)[1]
    for choice, message in (
        ({"about": "reason"}, "Did you mean 'reasons'"),
        ({"kind": "sdr_to_sale"}, "Did you mean 'sdr_to_sales'"),
        ({"about": "reasons", "by": "origins"}, "Did you mean 'origin'"),
    ):
        with pytest.raises(CallError, match=message):
            EN.finding(RESULT, **choice)


def test_every_note_has_its_sentence() -> None:
    german, english = DE.notes(RESULT), EN.notes(RESULT)
    assert len(german) == len(english) == len(RESULT.notes)
    assert "Bei 1 Übergabe liegt die Antwort vor der Übergabe" in german[0]
    assert english[3].startswith("For 3 of 114 hand-overs the CRM names another deadline")
    assert f"„{EVIL}“ und „Zeitpunkt zu früh“" in german[5]
    assert english[6] == "Without an agreed deadline: Sales development (SDR) to Sales."


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


def test_the_bars_are_what_came_of_the_hand_overs() -> None:
    figure = plots.handovers(RESULT, language="en")
    assert [each.name for each in figure.data] == [
        "Accepted",
        "Rejected",
        "No answer, deadline over",
        "No answer, still time",
    ]
    # answers before the hand-over are left out: 104 and 10 are the wholes
    first = [each.x[0] for each in figure.data]
    assert first == pytest.approx([60 / 104, 30 / 104, 10 / 104, 4 / 104])
    assert [each.x[1] for each in figure.data] == pytest.approx([0.8, 0.1, 0.1, 0])
    assert len(figure.layout.yaxis.ticktext) == 2
    assert figure.layout.xaxis.title.text == "Share of the hand-overs (%)"
    shown = labels(figure)
    assert {"60", "30", "105", "10"} <= set(shown)
    assert "4" not in shown  # the bar is too narrow for its number
    assert any(each.startswith("70.0%") and "70 of 100" in each for each in shown)
    assert len({each.marker.pattern.shape for each in figure.data}) == 3


def test_reasons_stand_in_the_columns_of_their_origins() -> None:
    figure = plots.handover_reasons(RESULT, language="en")
    (cells,) = figure.data
    assert list(figure.layout.xaxis.ticktext) == [
        "Inbound<br>n = 20",
        "Partner<br>n = 6",
        "Small groups,<br>merged<br>n = 4",
    ]
    assert figure.layout.yaxis.ticktext[0] == "Does not fit our offer"
    assert figure.layout.yaxis.ticktext[2] == "No reason given"
    assert cells.z[0][0] == 0.9
    assert cells.z[2][2] == 1
    assert cells.z[2][0] is None
    by_team = plots.handover_reasons(RESULT, by="team", language="de")
    assert "Vertriebsentwicklung" in by_team.layout.xaxis.ticktext[0]
    none = plots.handover_reasons(RESULT, kind="sdr_to_sales", language="en")
    assert "no hand-over was rejected" in str(none)


def test_the_dots_are_the_shares_accepted() -> None:
    figure = plots.handover_completeness(RESULT, language="en")
    (dots,) = figure.data
    assert list(dots.x) == pytest.approx([50 / 58, 0.3, 0.1, 0])
    assert [each.split("<br>")[0] for each in figure.layout.yaxis.ticktext] == [
        "No field missing",
        "1 field missing",
        "3 fields missing",
        "Not recorded",
    ]
    assert dots.marker.symbol == ("circle", "circle", "circle", "circle-open")
    assert dots.error_x.array[1] == pytest.approx(0.05)
    unknown = plots.handover_completeness(handover_result(fields=[(NA, 5, 2, 0)]), language="en")
    assert "missing fields are not recorded" in str(unknown)


def test_the_tables_say_what_the_figures_draw() -> None:
    main = tables.handovers(RESULT, language="en")
    assert headings(main)[:3] == ["Hand-over", "Hand-overs", "Accepted"]
    assert "Answer before the hand-over" in headings(main)
    first, second, third = rows(main)
    assert first[:7] == ["Marketing to Sales development (SDR)", "105", "60", "30", "10", "4", "1"]
    assert first[7:] == ["70 of 100: 70.0% (65.0–75.0%)", "5.3", "8.0"]
    assert second[1:3] == ["10", "8"]
    assert third == ["Reassigned", "3", *["–"] * 8]
    reasons = rows(tables.handover_reasons(RESULT, by="origin", language="de"))
    assert reasons[0] == ["Marketing an Vertriebsentwicklung (SDR): Inbound"]
    assert reasons[1][:4] == ["Passt nicht zum Angebot", "18", "20", "90,0 %"]
    assert ["Kein Grund angegeben", "4", "4", "100,0 %", "95,0–105,0 %"] in reasons
    fields = rows(tables.handover_completeness(RESULT, language="en"))
    assert fields[1] == ["No field missing", "60", "60.0%", "8", "50 of 58: 86.2% (81.2–91.2%)"]
    assert fields[4][:3] == ["Not recorded", "5", "–"]
    returns = rows(tables.handover_returns(RESULT, language="de"))
    assert [each[0] for each in returns] == [
        "Keine Rückgabe",
        "1 Rückgabe",
        "3 oder mehr Rückgaben",
    ]
    assert returns[1][1:4] == ["6", "6,0 %", "3 von 6: 50,0 % (45,0–55,0 %)"]
    missed = rows(tables.missed_handovers(RESULT, language="en"))
    assert missed[0][1] == ("escalation to Head of sales development (SDR) and back into the pool")
    assert missed[0][2:] == ["30 of 100: 30.0% (25.0–35.0%)", "9", "6", "16", "4.5"]


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("make", TABLES)
def test_no_cell_is_markup_and_nothing_is_nan(make: Callable[[str], GT], language: str) -> None:
    html = make(language).as_raw_html()
    assert "<b onclick" not in html
    assert all(
        cell.lower() not in {"nan", "<na>", "none"} for row in rows(make(language)) for cell in row
    )


@pytest.mark.parametrize("show", SHOWN)
def test_nothing_is_a_sentence_and_a_missing_table_a_notice(show: Callable[..., Any]) -> None:
    missing = Missing("handovers", "handover", "not there", sample_agreement())
    assert isinstance(show(missing), Notice)
    assert str(show(empty_result(), language="en")) == "No hand-over is recorded in October 2026."
