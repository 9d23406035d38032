"""Figures, tables and sentences on leads without a channel, read back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.results import Missing, Note, Result
from funnel_analytics.wording import words_for
from tests.wording.drawn import NAN, in_october, result_of, sample_agreement

WEEKS = 20


def off(*notes: Note, **changed: Any) -> Result:
    """Weeks 12 to 15 were off: 40 leads counted, 60 expected."""
    is_off = np.array([12 <= week < 16 for week in range(WEEKS)])
    row = {
        "channel": "paid_search",
        "campaign": None,
        "name": None,
        "off_weeks": 4.0,
        "counted_leads": 40,
        "expected_leads": 60.0,
        "expected_low": 52.0,
        "expected_high": 69.0,
        "incremental_leads": 20.0,
        "low": 6.0,
        "high": 34.0,
        "per_week": 5.0,
        "per_week_low": 1.5,
        "per_week_high": 8.5,
        "dates_p_value": NAN,
        "groups_p_value": NAN,
        "spend_saved": 2000.0,
        "cost_per_incremental_lead": 100.0,
        "cost_low": 58.8,
        "cost_high": 333.3,
    }
    weeks = pd.DataFrame(
        {
            "week": [date(2026, 1, 5) + timedelta(days=7 * week) for week in range(WEEKS)],
            "off_share": is_off.astype(float),
            "leads": np.where(is_off, 10, 15),
            "expected_leads": 15.0,
            "expected_low": np.where(is_off, 13.0, NAN),
            "expected_high": np.where(is_off, 17.25, NAN),
        }
    )
    placebos = pd.DataFrame({"kind": ["date"] * 24 + ["group"] * 20})
    column = "channel" if changed.get("channel", "") is not None else "campaign"
    asked = changed.get("campaign") or "paid_search"
    parameters = in_october(column=column, name=asked, outcome="leads")
    parameters |= {
        name: value for name, value in changed.items() if name in ("by", "groups", "stage")
    }
    return result_of(
        "switched_off",
        pd.DataFrame([row | {name: each for name, each in changed.items() if name in row}]),
        parameters,
        parts={"weeks": weeks, "placebos": placebos},
        notes=notes,
    )


def bought(*notes: Note, **changed: Any) -> Result:
    """Search with 50 leads, and another channel of which nothing can be told."""
    base = {
        "weeks_with_spend": 50,
        "decay": 0.4,
        "power": 0.5,
        "share": 0.1,
        "share_low": 0.04,
        "share_high": 0.18,
        "marginal_leads": 2.5,
        "marginal_low": 1.0,
        "marginal_high": 4.5,
        "is_extrapolated": False,
        "lowest_spend": 0.0,
        "highest_spend": 800.0,
    }
    costs = ("cost_per_incremental_lead", "cost_low", "cost_high")
    rows = [
        {"channel": "paid_search", "spend": 20_000.0, "incremental_leads": 50.0, "low": 20.0,
         "high": 90.0, **dict(zip(costs, (400.0, 222.0, 1000.0), strict=True)), **base},
        {"channel": "display", "spend": 5_000.0, "incremental_leads": 10.0, "low": -5.0,
         "high": 30.0, **dict(zip(costs, (500.0, 167.0, NAN), strict=True)), **base},
    ]  # fmt: skip
    table = pd.DataFrame([row | changed for row in rows])
    spend = np.linspace(0, 1000, 11)
    curves = pd.concat(
        [
            pd.DataFrame(
                {
                    "channel": name,
                    "spend": spend,
                    "leads": np.sqrt(spend) * each,
                    "low": np.sqrt(spend) * (each - 0.1),
                    "high": np.sqrt(spend) * (each + 0.1),
                    "is_observed": spend <= 800,
                }
            )
            for name, each in (("paid_search", 0.3), ("display", 0.05))
        ]
    ).reset_index(drop=True)
    overall = pd.DataFrame([{"weeks": 60, "leads": 500}])
    return result_of(
        "spend_response",
        table,
        in_october(by="channel", outcome="leads"),
        parts={"overall": overall, "curves": curves},
        notes=notes,
    )


def said(result: Result) -> tuple[str, str]:
    both = [words_for(result, language=each).finding(result) for each in ("de", "en")]
    return both[0].replace("\u202f", " "), both[1].replace("\u202f", " ")


def noted(result: Result, language: str = "de") -> list[str]:
    notes = words_for(result, language=language).notes(result)
    return [each.replace("\u202f", " ").replace("\xa0", " ") for each in notes]


def test_fewer_leads_than_expected_are_said_with_their_interval() -> None:
    german, english = said(off())
    assert german == (
        "Ohne „Bezahlte Suche“ gab es 20 Leads weniger als erwartet (6 bis 34): 40 statt 60 in "
        "4 Wochen (bis zum 31. Oktober 2026)"
    )
    assert english == (
        "Without “Paid search” there were 20 leads fewer than expected (6 to 34): 40, not 60, in "
        "4 weeks (by 31 October 2026)"
    )


def test_more_none_and_drifting_groups_are_said_as_such() -> None:
    german, _ = said(off(incremental_leads=-20.0, low=-34.0, high=-6.0, counted_leads=80))
    assert "20 Leads mehr als erwartet (6 bis 34): 80 statt 60" in german
    german, english = said(off(low=-3.0))
    assert "nicht erkennbar weniger Leads: 40 statt 60" in german
    assert "zwischen −3 und 34" in german
    assert "not discernibly fewer leads" in english
    german, english = said(off(Note("switched_apart", {"p_value": 0.01})))
    assert "ist nicht zu sagen" in german
    assert not any(each.isdigit() for each in english.replace("31 October 2026", ""))


def test_the_groups_that_were_off_are_named() -> None:
    somewhere = off(by="region", groups=["Tirol", "Oberpfalz"])
    german, english = said(somewhere)
    assert german.startswith("Ohne „Bezahlte Suche“ (nur Tirol und Oberpfalz) gab es 20 Leads")
    assert english.startswith(
        "Without “Paid search” (Tirol and Oberpfalz only) there were 20 leads"
    )


def test_what_was_still_spent_is_said() -> None:
    spent = Note("switched_spent", {"spend": 420.0})
    assert noted(off(spent)) == [
        "In dieser Zeit wurden dafür 420 € ausgegeben: Ganz abgeschaltet war es nicht."
    ]
    assert noted(off(spent), "en") == [
        "In this time €420 were spent on it: it was not off altogether."
    ]
    assert "20 Leads weniger" in said(off(spent))[0]
    german, english = said(off(spent, spend_saved=0.0))
    assert german == (
        "Was ohne „Bezahlte Suche“ fehlte, ist nicht zu sagen: In 4 Wochen wurde dafür nicht "
        "weniger ausgegeben als davor (bis zum 31. Oktober 2026)"
    )
    assert "in 4 weeks no less was spent on it than before" in english


def test_a_campaign_is_called_by_its_name() -> None:
    named = off(channel=None, campaign="C07", name="Herbst")
    assert "„Herbst“" in said(named)[0]
    assert "C07" not in said(named)[0]
    assert "„C07“" in said(off(channel=None, campaign="C07"))[0]


def test_a_stage_is_named() -> None:
    german, english = said(off(stage="won"))
    assert "20 Leads in „Gewonnen“ weniger als erwartet" in german
    assert "20 leads in “Won” fewer than expected" in english


def test_the_notes_name_assumptions_costs_and_placebos() -> None:
    assumes = Note("switched_assumes", {"method": "interrupted_time_series"})
    notes = noted(off(assumes, dates_p_value=0.04, groups_p_value=0.1))
    assert notes == [
        "Erwartet ist, was die anderen Wochen vermuten lassen. Das gilt, wenn sich sonst nichts "
        "änderte.",
        "Gegenüber den 12 Wochen davor wurden 2.000 € gespart; je fehlendem Lead 100 € (59 € bis "
        "333 €).",
        "Probe an 24 früheren Zeiträumen, in denen nichts abgeschaltet war: So groß ist der "
        "Unterschied in 4,0 % der Fälle, den gefundenen mitgezählt.",
        "Probe mit anderen Gruppen: So groß ist der Unterschied in 10,0 % der Fälle, den "
        "gefundenen mitgezählt.",
    ]
    unknown = off(assumes, cost_per_incremental_lead=NAN, cost_low=NAN, cost_high=NAN)
    assert noted(unknown)[-1] == "Gegenüber den 12 Wochen davor wurden 2.000 € gespart."
    assert len(noted(off(assumes, spend_saved=NAN))) == 1
    compared = Note("switched_assumes", {"method": "difference_in_differences"})
    without = Note("switched_without_group", {"leads": 43})
    season = Note("switched_season", {"weeks": 43})
    notes = noted(off(compared, without, season, by="region", spend_saved=NAN), "en")
    assert notes[0].startswith("Expected is what the other groups suggest.")
    assert notes[1] == "Not compared: 43 leads that state nothing for “Region”."
    assert notes[2].startswith("43 weeks do not tell the season")


def test_the_figure_has_the_counted_and_the_expected_leads_of_the_weeks_off() -> None:
    figure = fa.plots.switched_off(off(), language="en")
    traces = {trace.name: trace for trace in figure.data if trace.name}
    assert list(traces["counted"].y) == [10 if 12 <= week < 16 else 15 for week in range(WEEKS)]
    assert list(traces["expected"].x) == [11.5, 12.5, 12.5, 13.5, 13.5, 14.5, 14.5, 15.5]
    assert set(traces["expected"].y) == {15.0}
    assert set(traces["interval"].y) == {17.25}
    shape = figure.layout.shapes[0]
    assert (shape.x0, shape.x1) == (11.5, 15.5)
    assert figure.layout.yaxis.title.text == "Leads per week"
    assert figure.layout.yaxis.range[0] == 0
    texts = [each.text for each in figure.layout.annotations]
    assert {"counted", "expected", "switched off"} <= set(texts)
    assert "20 leads fewer than expected" in figure.layout.title.text.replace("<br>", " ")
    assert "n = 280 leads" in texts[-1]


def test_the_table_has_counts_intervals_and_costs() -> None:
    page = str(fa.tables.switched_off(off(), language="en").as_raw_html()).replace("\u202f", " ")
    for text in ("Paid search", "60 (52 to 69)", "20 (6 to 34)", "5.0 (1.5 to 8.5)", "€2,000",
                 "€100 (€59 to €333)"):  # fmt: skip
        assert text in page, text
    page = str(fa.tables.switched_off(off(spend_saved=NAN), language="en").as_raw_html())
    assert "Cost per incremental lead" not in page


def test_spend_is_said_to_go_with_leads_not_to_bring_them() -> None:
    german, english = said(bought())
    assert german == (
        "Mit den Ausgaben für „Bezahlte Suche“ gingen 50 Leads einher (20 bis 90; 10,0 % von "
        "allen; 60 Wochen, bis zum 31. Oktober 2026); ein Zusammenhang, keine gemessene Wirkung"
    )
    assert english.endswith("an association, not a measured effect")
    german, _ = said(bought(low=5.0))
    assert "gingen die meisten Leads einher: 50 Leads (5 bis 90;" in german
    german, _ = said(bought(low=-5.0))
    assert german.startswith("Mit den Ausgaben werden die Vorhersagen besser, aber bei keinem")


def test_where_spend_does_not_forecast_there_is_a_sentence_only() -> None:
    missing = dict.fromkeys(("incremental_leads", "low", "high", "share", "decay", "power"), NAN)
    result = bought(Note("spend_no_better", {"skill": -0.161}), **missing)
    german, english = said(result)
    assert german.startswith("Ausgaben und Leads gehen nicht erkennbar miteinander einher")
    assert "makes no forecast better (60 weeks" in english
    assert "um 16,1 % größer statt kleiner" in noted(result)[0]
    notice = fa.plots.spend_response(result)
    assert isinstance(notice, fa.tables.Notice)
    page = str(fa.tables.spend_response(result, language="en").as_raw_html())
    assert "€20,000" in page.replace("\u202f", " ")
    assert "Leads with it" not in page


def test_the_notes_on_spend_name_channels() -> None:
    names = {"names": ["display", "trade_fair"]}
    result = bought(
        Note("spend_assumes", {}),
        Note("spend_left_out", names),
        Note("spend_inflated", {"names": ["paid_search"]}),
        Note("spend_season", {"weeks": 60}),
        is_extrapolated=True,
    )
    notes = noted(result, "en")
    assert notes[0].startswith("Budgets follow seasons and success")
    assert notes[1].startswith("No week had little spend on “Paid search” and “Trade portal”")
    assert "“Trade fair" in notes[2]
    assert notes[3].startswith("The spend on “Paid search” can hardly be told")
    assert notes[4].startswith("60 weeks do not tell")


def test_the_curves_are_dashed_beyond_the_highest_week() -> None:
    figure = fa.plots.spend_response(bought(), language="en")
    seen = [trace for trace in figure.data if trace.name == "observed"]
    beyond = [trace for trace in figure.data if trace.name == "beyond"]
    span = [trace for trace in figure.data if trace.name == "range"]
    assert len(seen) == len(beyond) == len(span) == 2
    assert list(seen[0].x) == pytest.approx(list(range(0, 801, 100)))
    assert seen[0].y[-1] == pytest.approx(0.3 * np.sqrt(800))
    assert list(beyond[0].x) == pytest.approx([800, 900, 1000])
    assert beyond[0].line.dash == "dash"
    assert list(span[0].x) == [0, 800]
    texts = [each.text for each in figure.layout.annotations]
    assert any("Paid search" in each for each in texts[:3])
    assert "Leads per week" in texts
    assert figure.layout.xaxis2.title.text == "Spend per week, if always the same (€)"


def test_the_table_of_spend_has_shapes_shares_and_costs() -> None:
    page = str(fa.tables.spend_response(bought(), language="en").as_raw_html())
    page = page.replace("\u202f", " ")
    for text in ("€20,000", "50 (20 to 90)", "10.0% (4.0% to 18.0%)", "€400 (€222 to €1,000)",
                 "€500 (from €167)", "2.5 (1.0 to 4.5)", "40%", "0.5"):  # fmt: skip
        assert text in page, text


def test_what_is_missing_is_a_notice() -> None:
    missing = Missing("spend_response", "spend", "No spend.", sample_agreement())
    for show in (
        fa.plots.switched_off,
        fa.plots.spend_response,
        fa.tables.switched_off,
        fa.tables.spend_response,
    ):
        assert isinstance(show(missing), fa.tables.Notice)
