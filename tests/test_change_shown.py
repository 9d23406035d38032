"""A change in words, as a figure, as a table and on the command line."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from great_tables import GT

import funnel_analytics as fa
from funnel_analytics import plots, tables, theme
from funnel_analytics.results import Missing
from funnel_analytics.wording import Notice, Words, change_sentences
from tests.figures import footer, labels, texts, title
from tests.metrics.test_change import company, targets
from tests.test_cli import Run, run
from tests.test_tables import rows
from tests.wording import drawn_change
from tests.wording.drawn import sample_agreement
from tests.wording.spoken import said

__all__ = ["run"]

DE, EN = Words("de"), Words("en")
RESULTS = {
    "change": drawn_change.change_result,
    "rate": drawn_change.rate_result,
    "target": drawn_change.target_result,
    "cut": drawn_change.cut_result,
}
EVERY = [(name, language) for name in RESULTS for language in ("de", "en")]


@cache
def figure_of(name: str, language: str) -> go.Figure:
    return plots.change_waterfall(RESULTS[name](), language=language)


def sentences(result: fa.Result, language: str = "de") -> list[str]:
    spoken = change_sentences(Words(language), result)
    return [re.sub("[\N{NARROW NO-BREAK SPACE}\N{NO-BREAK SPACE}]", " ", text) for text in spoken]


def test_the_title_names_the_largest_part_and_its_team() -> None:
    assert said(drawn_change.change_result()) == (
        "Gewonnene Leads: 3 in der Kohorte Juli 2026, 12 in der Kohorte Juni 2026 (−9); davon "
        "entfallen −6,0 auf den Übergang in „Vom SDR angenommener Lead“ "
        "(Vertriebsentwicklung (SDR))",
        "Won leads: 3 in the cohort July 2026, 12 in the cohort June 2026 (−9), of which −6.0 for "
        "the step into “Sales accepted lead” (Sales development (SDR))",
    )


def test_three_sentences() -> None:
    assert sentences(drawn_change.change_result()) == [
        "Gewonnene Leads: 3 in der Kohorte Juli 2026, 12 in der Kohorte Juni 2026 (−9).",
        "Davon entfallen −6,0 auf den Übergang in „Vom SDR angenommener Lead“ "
        "(Vertriebsentwicklung (SDR)), −1,9 auf die Reife und −1,5 auf die Zahl der Leads "
        "(Marketing).",
        "Vom Zufall nicht zu unterscheiden: Zusammensetzung nach Herkunft (+0,4).",
    ]
    assert sentences(drawn_change.change_result(), "en") == [
        "Won leads: 3 in the cohort July 2026, 12 in the cohort June 2026 (−9).",
        "Of this, −6.0 for the step into “Sales accepted lead” (Sales development (SDR)), −1.9 for "
        "maturity and −1.5 for the number of leads (Marketing).",
        "Not distinguishable from chance: mix by origin (+0.4).",
    ]


def test_what_chance_could_explain_is_said_of_the_whole_and_of_every_part() -> None:
    unsure = drawn_change.rate_result(is_sure=False)
    assert sentences(unsure) == [
        "Anteil von „Anfrage“ bis „Vom SDR angenommener Lead“: 33,5 % in der Kohorte Juli 2026, "
        "46,0 % in der Kohorte Juni 2026 (−12,5 Prozentpunkte); die Änderung insgesamt ist vom "
        "Zufall nicht zu unterscheiden.",
        "Kein Anteil ist vom Zufall zu unterscheiden.",
        "Vom Zufall nicht zu unterscheiden: Übergang in „Vom SDR angenommener Lead“ "
        "(−12,5 Prozentpunkte).",
    ]
    sure = drawn_change.rate_result()
    assert sentences(sure)[2] == "Kein Anteil bleibt, den der Zufall erklären könnte."
    assert sentences(sure, "en")[2] == "No part is left that chance could explain."
    assert said(unsure)[1].endswith(
        "(−12.5 percentage points); no part is distinguishable from chance"
    )


def test_a_month_against_target_in_words() -> None:
    german, english = said(drawn_change.target_result())
    assert german == (
        "Umsatz im Juli 2026: 620.950 €, Ziel 482.500 € (+138.450 €); gegenläufig −107.823 € "
        "für die Zahl der Leads (Marketing)"
    )
    assert english.startswith("Revenue in July 2026: €620,950, target €482,500 (+€138,450)")
    assert english.endswith(
        "; in the opposite direction, −€107,823 for the number of leads (Marketing)"
    )
    spoken = sentences(drawn_change.target_result(), "en")
    assert spoken[1] == (
        "In the opposite direction: −€107,823 for the number of leads (Marketing)."
    )
    assert "value per won deal (+€141,388)" in spoken[2]


# Leads of 2025 won before 5 December 2025 are not in the data.
def test_what_the_data_cut_off_is_named_with_its_day_and_is_no_work_of_a_team() -> None:
    result = drawn_change.cut_result()
    assert said(result) == (
        "Anteil gewonnener Leads: 13,0 % in der Kohorte 2026, 3,0 % in der Kohorte 2025 "
        "(+10,0 Prozentpunkte; „Gewonnen“ ist erst ab dem 5. Dezember 2025 erfasst); davon "
        "entfallen +6,4 Prozentpunkte auf den Beginn der Daten",
        "Share of leads won: 13.0% in the cohort 2026, 3.0% in the cohort 2025 (+10.0 percentage "
        "points; “Won” is recorded only from 5 December 2025), of which +6.4 percentage points "
        "for the start of the data",
    )
    assert sentences(result)[1:] == [
        "Davon entfallen +6,4 Prozentpunkte auf den Beginn der Daten.",
        "Nur aus späteren Eintritten geschätzt, denn die meisten liegen vor dem Beginn der Daten: "
        "Übergang in „Gewonnen“ (+3,6 Prozentpunkte).",
    ]
    assert sentences(result, "en")[2] == (
        "Only estimated from later entries, as most lie before the start of the data: step into "
        "“Won” (+3.6 percentage points)."
    )
    found = rows(tables.change(result, language="en"))
    assert found[1][0] == "Recorded only from 5 December 2025"
    estimated = "Where the data lack most of the entries, the part is only estimated"
    assert estimated in tables.change(result, language="en").as_raw_html()
    assert estimated in footer(plots.change_waterfall(result, language="en")).replace("<br>", " ")
    assert found[0][2:6] == ["3.0% (61 of 2,002)", "13.0% (781 of 5,998)", "8.5%", "14.2%"]
    names = plots.change_waterfall(result, language="de").layout.yaxis.ticktext
    assert "Erst ab 5. Dezember 2025 erfasst" in names[2].replace("<br>", " ")
    young = drawn_change.cut_result(is_young=True)
    assert "den Beginn der Daten und die Reife" in sentences(young)[1]
    row = rows(tables.change(young, language="de"))[1]
    assert row[0] == "Reife, und erst ab 5. Dezember 2025 erfasst"


def test_parts_against_the_change_are_not_of_it() -> None:
    both = drawn_change.cut_result(part=0.16)  # the time takes 6 points away
    assert sentences(both)[1] == "Gegenläufig: −6,0 Prozentpunkte für den Beginn der Daten."
    mixed = drawn_change.change_result(before=3.0, after=12.0, change=9.0, volume=1.5)
    assert sentences(mixed)[1].startswith("Davon entfallen +1,5 auf die Zahl der Leads (Marketing)")
    assert "; gegenläufig −6,0 für den Übergang" in sentences(mixed)[1]
    assert sentences(mixed, "en")[1].startswith("Of this, +1.5 for the number of leads (Marketing)")
    assert "; in the opposite direction, −6.0 for the step into" in sentences(mixed, "en")[1]


def test_no_change_has_parts_that_cancel_out() -> None:
    result = drawn_change.balanced_result(-2.3, 2.3)
    assert said(result) == (
        "Gewonnene Opportunities im Juli 2026: 12, Ziel 12 (0); die Anteile heben sich auf, "
        "darunter −2,3 für die Zahl der Leads (Marketing)",
        "Won deals in July 2026: 12, target 12 (0); the parts cancel out, among them −2.3 for the "
        "number of leads (Marketing)",
    )
    assert sentences(result) == [
        "Gewonnene Opportunities im Juli 2026: 12, Ziel 12 (0).",
        "Die Anteile heben sich auf, darunter −2,3 für die Zahl der Leads (Marketing).",
        "Vom Zufall nicht zu unterscheiden: Übergang in „Gewonnen“ (+2,3).",
    ]
    assert sentences(drawn_change.balanced_result(0.0, 0.0), "en")[1:] == [
        "No part is distinguishable from chance.",
        "Every part rounds to zero.",
    ]


def test_a_rate_of_nobody_is_a_sentence() -> None:
    result = drawn_change.unknown_rate_result()
    (sentence,) = sentences(result, "en")
    assert sentence.endswith("one of the cohorts has no leads of which it could be the share.")
    assert isinstance(plots.change_waterfall(result), go.Figure)
    assert isinstance(tables.change(result), GT)


def test_one_point_is_singular() -> None:
    result = drawn_change.rate_result()
    words = [DE.say("count.points", count=each) for each in (1, 0.01, 2)]
    assert words == ["1 Prozentpunkt", "< 0,1 Prozentpunkte", "2 Prozentpunkte"]
    assert "percentage points" in said(result)[1]


def test_notes_say_what_is_not_final() -> None:
    assert DE.notes(drawn_change.change_result())[0].startswith(
        "Noch nicht reif: Juni 2026 und Juli"
    )
    assert EN.notes(drawn_change.cut_result()) == (
        "The data begin later than the cohort 2025: earlier entries are missing, and time "
        "carries them as well as they can be estimated.",
    )
    assert DE.notes(drawn_change.target_result()) == (
        "Juli 2026 ist noch nicht abgeschlossen, das Ziel gilt für den ganzen Monat.",
    )


def test_the_footer_says_that_ratios_of_a_month_are_no_rates() -> None:
    assert "keine Raten einer Kohorte" in DE.footer(drawn_change.target_result())
    assert "n = 450 leads" in EN.footer(drawn_change.change_result())


def test_bars_run_from_before_over_the_parts_to_after() -> None:
    (bars,) = figure_of("change", "de").data
    assert list(bars.base) == pytest.approx([0, 12, 10.5, 10.9, 4.9, 4.9, 0])
    assert list(bars.x) == pytest.approx([12, -1.5, 0.4, -6, 0, -1.9, 3])
    assert list(bars.marker.color) == [
        theme.QUIET,
        theme.BAD,
        theme.GOOD,
        theme.BAD,
        theme.GOOD,
        theme.QUIET,
        theme.INK,
    ]
    assert list(bars.marker.pattern.shape) == ["", "", "/", "", "/", "", ""]
    names = figure_of("change", "de").layout.yaxis.ticktext
    assert names[0] == "Kohorte Juni 2026"
    assert names[1].startswith("Zahl der Leads<br>")
    assert "Marketing" in names[1]
    assert names[3].startswith("Übergang: Vom SDR angenommener Lead<br>")
    assert len(figure_of("change", "de").layout.shapes) == 6
    shown = labels(figure_of("change", "en"))
    assert any("−6.0<br>" in each and "−9.0 to −3.0" in each for each in shown)
    assert "<b>12</b>" in shown
    assert figure_of("change", "de").layout.xaxis.title.text == "Gewonnene Leads (Anzahl)"


def test_shares_and_money_have_axes_of_their_own() -> None:
    assert figure_of("rate", "en").layout.xaxis.ticktext[-1] == "40%"
    assert "(%)" in figure_of("rate", "en").layout.xaxis.title.text
    assert figure_of("target", "en").layout.xaxis.title.text == "Revenue (EUR thousand)"
    assert figure_of("target", "de").layout.yaxis.ticktext[0] == "Ziel (PL)"


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_figures_say_who_and_when_and_hold_no_markup_of_data(name: str, language: str) -> None:
    figure = figure_of(name, language)
    assert "2026" in title(figure)
    assert "Beispiel Maschinenbau GmbH" in figure.layout.title.subtitle.text
    as_of = "Stand: 31. Oktober 2026" if language == "de" else "As of 31 October 2026"
    assert as_of in footer(figure)
    whole: dict[str, Any] = json.loads(figure.to_json())
    whole["layout"].pop("template")
    for text in texts(whole):
        assert "onclick" not in text or "&lt;b onclick=x&gt;" in text
        assert set(re.findall(r"<(/?\w+)", text)) <= {"b", "/b", "br", "span", "/span"}
        assert "$" not in text
    room = figure.layout.margin.b + next(
        each.yshift for each in figure.layout.annotations if each.name == "footer"
    )
    assert room >= 14 * (footer(figure).count("<br>") + 1)


def test_the_table_has_the_sum_and_the_counts() -> None:
    found = rows(tables.change(drawn_change.change_result(), language="en"))
    none = ["–", "–"]
    limits = "−2.9 to −0.2"
    assert found[0] == ["Number of leads", "Marketing", "250", "200", *none, "−1.5", limits, "yes"]
    assert found[1][2:6] == ["–"] * 4
    assert found[2][2:4] == ["75.7% (115 of 152)", "53.6% (67 of 125)"]
    # What was observed with its counts, and what is to be expected.
    assert found[3][2:7] == ["32.4% (12 of 37)", "16.7% (3 of 18)", "41.8%", "41.8%", "0.0"]
    assert found[-1] == ["Sum", "–", "12", "3", *none, "−9", "−14.0 to −1.5", "yes"]
    html = tables.change(drawn_change.change_result(), language="de").as_raw_html()
    assert "Vorher, am Ende erwartet" in html
    assert (
        "expected in the end"
        not in tables.change(drawn_change.target_result(), language="en").as_raw_html()
    )
    assert any(
        "expected in the end: from 41.8% to 41.8%" in each
        for each in figure_of("change", "en").data[0].hovertext
    )
    teams = rows(tables.change_teams(drawn_change.change_result(), language="de"))
    assert teams[0][:2] == ["Vertriebsentwicklung (SDR)", "−6,0"]
    assert teams[1][0] == "Ohne Team"
    assert teams[-1][:2] == ["Summe", "−9"]


def test_findings_are_the_sentences() -> None:
    findings = tables.change_findings(drawn_change.change_result())
    assert str(findings).splitlines() == list(change_sentences(DE, drawn_change.change_result()))


def test_a_missing_table_becomes_a_notice() -> None:
    missing = Missing("explain_change", "deal", "No deals were loaded.", sample_agreement())
    for shown in (
        plots.change_waterfall,
        tables.change,
        tables.change_teams,
        tables.change_findings,
    ):
        assert isinstance(shown(missing), Notice)


def test_show_change(run: Run, tmp_path: Path) -> None:
    cohorts = {("2026-01", "web"): (40, 20, 10), ("2026-02", "web"): (60, 30, 20)}
    agreed = targets(leads=10, opportunity=5, won_deals=1)
    deals = [("2026-02-web-000", 50.0)]
    path = tmp_path / "w.duckdb"
    company(path, cohorts, deals=deals, target=agreed).close()
    show = ("show", "change", "--db", path, "--format", "json")
    code, out, _ = run(*show, "--before", "2026-01", "--after", "2026-02", "--by", "origin")
    told = json.loads(out)
    assert code == 0
    assert [row["factor"] for row in told["rows"]] == ["volume", "mix", "step", "step", "time"]
    assert sum(row["part"] for row in told["rows"]) == pytest.approx(10)
    assert told["parameters"]["measure"] == "won_leads"
    rate = ("--measure", "inquiry_to_opportunity")
    code, out, _ = run(*show, "--before", "target", "--after", "2026-02", *rate)
    assert (code, json.loads(out)["parameters"]["before"]) == (0, "target")
    code, _, err = run(*show, "--before", "2026-01")
    assert (code, "give --before (or target) and --after" in err) == (2, True)
    code, _, err = run(*show, "--period", "2026-01")
    assert (code, "compares two periods" in err) == (2, True)
