"""Sentences, figures and tables of qualification, the score and other rules, read as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from funnel_analytics import plots, tables
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice
from tests.figures import footer, labels, texts, title
from tests.test_tables import headings, rows
from tests.wording.drawn import EVIL, NAN, result_of, sample_agreement
from tests.wording.drawn_qualification import evil, qualification_result, rule_result, score_result
from tests.wording.spoken import DE, EN, said

MAKE = [qualification_result, score_result, rule_result]
FIGURES = [
    (plots.qualification, qualification_result),
    (plots.qualification_lift, qualification_result),
    (plots.score_calibration, score_result),
    (plots.what_if_rule, rule_result),
]
TABLES = [
    (tables.qualification, qualification_result),
    (tables.qualification_lift, qualification_result),
    (tables.lead_score, score_result),
    (tables.what_if_rule, rule_result),
]


def test_what_is_recorded_least_and_who_went_on_without_the_rule() -> None:
    assert said(qualification_result()) == (
        "Am seltensten erfasst ist „Bedarf“: bis zum 31. Oktober 2026 bei 80 von 100 Leads "
        "(80,0 %); 5 von 40 in „Vertriebsqualifizierter Lead“ ohne erfüllte Regel",
        "Recorded least often is “Need”: for 80 of 100 leads by 31 October 2026 (80.0%); 5 of 40 "
        "in “Sales qualified lead” without the rule met",
    )
    alone = qualification_result()
    one = result_of("qualification", alone.table.head(1), alone.parameters)
    assert said(one) == (
        "Das einzige Kriterium „Budget“ ist bis zum 31. Oktober 2026 bei 90 von 100 Leads erfasst "
        "(90,0 %)",
        "The only criterion “Budget” is recorded for 90 of 100 leads by 31 October 2026 (90.0%)",
    )


def test_nothing_is_called_least_where_every_criterion_is_recorded_for_all() -> None:
    drawn = qualification_result()
    whole = drawn.table.assign(answered_leads=100, coverage=1.0)
    assert said(result_of("qualification", whole, drawn.parameters)) == (
        "Jedes Kriterium ist bis zum 31. Oktober 2026 bei allen 100 Leads erfasst",
        "Every criterion is recorded for all 100 leads by 31 October 2026",
    )


def test_the_widest_gap_that_is_more_than_chance() -> None:
    result = qualification_result()
    assert DE.finding(result, lift=True).replace("\u202f", " ") == (
        "Größter Abstand bei „Bedarf“: bis zum 31. Oktober 2026 gewonnen 50,0 % von denen, die es "
        "erfüllen (15 von 30), sonst 5,0 % (1 von 20)"
    )
    assert EN.finding(result, lift=True) == (
        "Widest gap for “Need”: 50.0% of those that meet it were won by 31 October 2026 (15 of "
        "30), otherwise 5.0% (1 of 20)"
    )
    assert EN.finding(qualification_result(gap=(-0.1, 0.6)), lift=True) == (
        "For no criterion can a gap between win rates be told from chance by 31 October 2026"
    )
    table = result.table.assign(win_difference=NAN)
    untold = result_of("qualification", table, result.parameters)
    assert DE.finding(untold, lift=True).startswith("Noch kein Vergleich der Gewinnraten")


@pytest.mark.parametrize(
    ("given", "german", "english"),
    [
        ({}, "ist der Score zu extrem (Steigung 0,70, 0,60 bis 0,80)",
         "the score is too extreme (slope 0.70, 0.60 to 0.80)"),
        ({"slope": (1.5, 1.1, 2.0)}, "ist der Score zu vorsichtig", "the score is too cautious"),
        ({"slope": (1.0, 0.9, 1.1)}, "passt der Score (Steigung 1,00", "score fits (slope 1.00"),
        ({"area_low": 0.45}, "nicht besser als der Zufall", "no better than chance"),
        ({"slope": (NAN, NAN, NAN)}, "(75,0 %, Kappa 0,40)", "(75.0%, kappa 0.40)"),
        ({"kappa": NAN}, "(75,0 %); als Chance", "(75.0%); read as"),
    ],
)  # fmt: skip
def test_whether_the_score_is_a_chance(given: dict[str, Any], german: str, english: str) -> None:
    texts_said = said(score_result(**given))
    assert texts_said[0].startswith(
        "Score und Urteil stimmen bis zum 31. Oktober 2026 bei 150 von 200 Leads überein (75,0 %"
    )
    assert german in texts_said[0]
    assert english in texts_said[1]


def test_what_a_rule_would_have_let_through() -> None:
    assert said(rule_result()) == (
        "Mit „Bedarf“ und „Budget“ wären 40 bis 50 von 100 Leads weitergegangen und 15 von 20 "
        "Gewinnen geblieben (bis zum 31. Oktober 2026); vereinbart 60 bis 75 und 18 bis 19",
        "With “Need” and “Budget”, 40 to 50 of 100 leads would have gone on and 15 of 20 wins "
        "stayed (by 31 October 2026); as agreed 60 to 75 and 18 to 19",
    )
    assert said(rule_result(asked=False))[1].startswith(
        "With the agreed rule “Need” and at least 3 criteria, 60 to 75 of 100 leads"
    )
    assert "mindestens 1 Kriterium wären" in said(rule_result(required=(), at_least=1))[0]


def test_the_notes() -> None:
    assert EN.notes(qualification_result()) == (
        "3 leads reached “Sales qualified lead” although the rule is not met; for 2 it is open.",
        "1 lead has answers that were not surely recorded before its outcome; they do not count "
        "for win rates.",
        "2 leads have an answer that is neither yes nor no: recorded, but not to be judged.",
        "4 leads have answers to criteria that were not agreed; they do not count.",
    )
    assert DE.notes(score_result()) == (
        "3 Leads sind noch zu jung für ein Urteil.",
        "1 von 201 reifen Leads hat keinen Score.",
        "2 Leads haben einen Score außerhalb der vereinbarten Skala und zählen nicht.",
        "Urteile aus der Antwort auf die Übergabe: 150; aus dem Eintritt in die Phase: 50.",
    )
    assert DE.notes(rule_result()) == (
        "Nicht gezählt: 5 reife Leads ohne Antworten von vor dem Ausgang, davon 1 gewonnen.",
    )


def hidden(result: Result) -> Result:
    """The same with a group that is too small to show."""

    def blank(table: pd.DataFrame) -> pd.DataFrame:
        numbers = table.select_dtypes("number").columns
        table[numbers] = table[numbers].astype("Float64").mask(pd.Series(True, table.index))
        return table

    parts = {name: blank(result.part(name)) for name in result.parts}
    return result_of(result.metric, blank(result.table), result.parameters, parts=parts)


def emptied(result: Result) -> Result:
    parts = {name: result.part(name).iloc[:0] for name in result.parts}
    return result_of(result.metric, result.table.iloc[:0], result.parameters, parts=parts)


@pytest.mark.parametrize("make", MAKE)
def test_nothing_to_say_and_nothing_to_show_differ(make: Callable[..., Result]) -> None:
    assert all("Too few" in each or "Zu wenige" in each for each in said(hidden(make())))
    german, english = said(emptied(make()))
    assert german.startswith("Kein ") and english.startswith("No ")  # noqa: PT018
    assert "Oktober 2026" in german


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("draw", "make"), FIGURES)
def test_a_figure_says_what_who_and_when(draw: Any, make: Any, language: str) -> None:
    figure = draw(evil(make), language=language)
    whole = json.loads(figure.to_json())
    whole["layout"].pop("template")
    whole["layout"].pop("meta")
    assert not any("<b onclick" in each for each in texts(whole))
    assert not any("nan" in each.lower().split() for each in texts(whole))
    assert "2026" in title(figure)
    assert "Beispiel Maschinenbau GmbH" in figure.layout.title.subtitle.text
    as_of = "Stand: 31. Oktober 2026" if language == "de" else "As of 31 October 2026"
    assert as_of in footer(figure)
    for result in (hidden(make()), emptied(make())):
        assert isinstance(draw(result, language=language), Notice)
    missing = Missing(make().metric, "qualification", "Nothing.", sample_agreement())
    assert isinstance(draw(missing, language=language), Notice)


def test_the_bars_are_the_answers() -> None:
    figure = plots.qualification(qualification_result(), language="en")
    assert isinstance(figure, go.Figure)
    assert {each.name: list(each.x) for each in figure.data} == {
        "Met": [0.6, 0.5],
        "Not met": [0.28, 0.3],
        "Other answer": [0.02, 0.0],
        "Not recorded": [pytest.approx(0.1), 0.2],
    }
    assert list(figure.layout.yaxis.ticktext) == ["Budget", "Need (required)"]
    assert figure.layout.xaxis.title.text == "Share of the leads"
    assert any(each.startswith("90.0%<br>") for each in labels(figure))


def test_the_dots_are_the_win_rates() -> None:
    figure = plots.qualification_lift(qualification_result(), language="en")
    assert isinstance(figure, go.Figure)
    assert {each.name: list(each.x) for each in figure.data} == {
        "Met": [0.3, 0.5],
        "Not met": [0.2, 0.05],
        "Not known": [0.0, 0.0],
    }
    assert len({each.marker.symbol for each in figure.data}) == 3
    assert any(each.startswith("+45.0<br>") for each in labels(figure))
    assert "Mature means at least 90 days old." in footer(figure)


def test_the_dots_of_the_score_lie_over_the_stated_chance() -> None:
    figure = plots.score_calibration(score_result(), language="en")
    assert isinstance(figure, go.Figure)
    line, dots, bars = figure.data
    assert (list(line.x), list(line.y)) == ([0, 1], [0, 1])
    assert (list(dots.x), list(dots.y)) == ([0.3, 0.9], [0.4, 0.8])
    assert list(dots.error_y.array) == pytest.approx([0.1, 0.1])
    assert list(bars.y) == [20] * 10
    assert bars.x[0] == pytest.approx(0.05)
    assert "0 to 50: 40 of 100 leads (40.0%)" in dots.hovertext


def test_the_bars_of_a_rule_reach_from_what_is_known_to_what_may_be() -> None:
    figure = plots.what_if_rule(rule_result(), language="en")
    assert isinstance(figure, go.Figure)
    pale, full, pale_wins, full_wins = (list(each.x) for each in figure.data)
    assert (pale, full) == ([1.0, 0.75, 0.5], [1.0, 0.6, 0.4])
    assert (pale_wins, full_wins) == ([1.0, 0.95, 0.75], [1.0, 0.9, 0.75])
    assert {"40–50", "15", "20.0%", "25.3–30.0%", "30.0–37.5%"} <= set(labels(figure))
    assert "could not be won" in footer(figure)


def test_the_tables() -> None:
    assert rows(tables.qualification(qualification_result(), language="de"))[1] == [
        "Bedarf (Pflicht)", "100", "80", "80,0 %", "75,0–97,0 %", "50", "30", "62,5 %",
        "50,0–80,0 %",
    ]  # fmt: skip
    lift = tables.qualification_lift(qualification_result(), language="en")
    assert rows(lift)[0] == [
        "Budget", "30.0% (12 of 40)", "20.0% (4 of 20)", "0.0% (0 of 5)",
        "+10.0 (−10.0 to +30.0)", "1.5",
    ]  # fmt: skip
    assert rows(lift)[1][-1] == "10.0 (2.0 to 50.0)"
    cells = rows(tables.lead_score(score_result(), language="en"))
    score = {row[0]: row[1:] for row in cells}
    assert score["Leads with score and verdict"] == ["200", "–"]
    assert score["Agreement"] == ["75.0%", "68.0–80.0%"]
    assert score["Intercept of calibration (0: fits)"] == ["−0.10", "−0.30 to 0.10"]
    assert score["Brier score (0: without error)"] == ["0.123", "–"]
    rule = tables.what_if_rule(rule_result(), language="de")
    assert rows(rule)[0][:5] == ["Ohne Regel", "–", "100", "100", "20"]
    assert rows(rule)[5] == [
        "Angefragt: „Bedarf“ und „Budget“", "nur entschiedene", "90", "40", "15", "37,5 %",
        "32,5–42,5 %", "75,0 %", "5", "50",
    ]  # fmt: skip
    assert "Regel" in headings(rule)[0]


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(("show", "make"), TABLES)
def test_no_cell_is_markup_and_nothing_is_nan(show: Any, make: Any, language: str) -> None:
    for result in (evil(make), hidden(make())):
        table = show(result, language=language)
        assert "<b onclick" not in table.as_raw_html()
        cells = [cell.lower() for row in rows(table) for cell in row]
        assert not {"nan", "<na>", "none"} & set(cells)
    missing = Missing(make().metric, "qualification", "Nothing.", sample_agreement())
    assert isinstance(show(missing, language=language), Notice)
    assert EVIL not in str(show(evil(make), language=language).as_raw_html())
