"""Figure, table and sentences on speed, read back: what is said, drawn and left out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.results import Missing, Note, Result
from funnel_analytics.wording import words_for
from tests.wording.drawn import NAN, october, result_of, sample_agreement

FATES = {"never_contacted": 90, "reached_before": 6, "too_young": 0, "compared": 300}
BANDS = [(0, 1, 0.64), (1, 4, 0.62), (4, 8, 0.55), (8, 16, 0.5), (16, NAN, 0.45)]


def drawn(*notes: Note, rates: list[float] | None = None, **more: Any) -> Result:
    """300 leads in five bands; `more` are of the parameters or, where it has them, of the model."""
    given = rates or [rate for *_, rate in BANDS]
    rows = [
        {
            "band": f"{low}-{high}",
            "from_hours": float(low),
            "to_hours": float(high),
            "is_within_deadline": high <= 4,
            "is_reference": low == 1,
            "leads": 60,
            "reached_leads": 33,
            "reached_rate": 0.55,
            "reached_low": 0.42,
            "reached_high": 0.67,
            "adjusted_rate": rate,
            "adjusted_low": rate - 0.1,
            "adjusted_high": rate + 0.1,
            "odds_ratio": 1.0 if low == 1 else 0.75,
            "odds_ratio_low": NAN if low == 1 else 0.5,
            "odds_ratio_high": NAN if low == 1 else 1.125,
        }
        for (low, high, _), rate in zip(BANDS, given, strict=True)
    ]
    model = {
        "leads": 300,
        "reached_leads": 165,
        "p_value": 0.003,
        "doubling_odds_ratio_low": 0.8,
        "doubling_odds_ratio_high": 0.95,
    }
    parameters = {
        "stage": "sales_qualified",
        "among": "sales_accepted",
        "within_hours": 4.0,
        "follow_up_days": 88.0,
        "cluster": "day",
        "adjusted_for": ["origin", "score", "weekday"],
    }
    overall = {name: more.get(name, value) for name, value in model.items()}
    parameters |= {name: value for name, value in more.items() if name in parameters}
    sides = pd.DataFrame({"side": ["within", "beyond"], "adjusted_rate": [0.63, 0.51]})
    fates = pd.DataFrame({"fate": list(FATES), "leads": list(FATES.values())})
    fates["reached_leads"] = [2, 6, 0, 165]
    return result_of(
        "speed_effect",
        pd.DataFrame(rows),
        october(**parameters),
        parts={"overall": pd.DataFrame([overall]), "sides": sides, "population": fates},
        notes=[Note("speed_population", {"leads": 300}), *notes],
    )


def said(result: Result) -> tuple[str, str]:
    both = [words_for(result, language=each).finding(result) for each in ("de", "en")]
    return both[0].replace("\u202f", " "), both[1]


def test_sooner_is_said_with_both_rates_and_what_it_is_not() -> None:
    german, english = said(drawn())
    assert german == (
        "Unter vergleichbaren Leads erreichten jene mit Erstkontakt binnen 4 Arbeitsstunden "
        "„Vertriebsqualifizierter Lead“ häufiger: 63,0 % statt 45,0 % nach mehr als 16 "
        "Arbeitsstunden (bis zum 31. Oktober 2026); ein Zusammenhang, keine gemessene Wirkung"
    )
    assert english == (
        "Among comparable leads, those with a first contact within 4 working hours reached “Sales "
        "qualified lead” more often: 63.0%, against 45.0% after more than 16 working hours "
        "(by 31 October 2026); an association, not a measured effect"
    )


def test_later_and_uneven_and_none_are_said_as_such() -> None:
    up = {"doubling_odds_ratio_low": 1.1, "doubling_odds_ratio_high": 1.3}
    german, _ = said(drawn(rates=[0.6, 0.6, 0.65, 0.7, 0.8], **up))
    assert "seltener: 63,0 % statt 80,0 %" in german
    flat = {"doubling_odds_ratio_low": 0.9, "doubling_odds_ratio_high": 1.1}
    german, english = said(drawn(**flat))
    assert "(45,0 % bis 64,0 %, vergleichbare Leads), nimmt aber nicht gleichmäßig" in german
    assert "does not rise or fall evenly" in english
    german, english = said(drawn(p_value=0.2))
    assert german.startswith("Kein Zusammenhang von Wartezeit und „Vertriebsqualifizierter Lead“")
    assert english.endswith(
        "45.0% after more than 16 working hours (by 31 October 2026, comparable leads)"
    )
    german, _ = said(drawn(p_value=0.2, adjusted_for=[]))
    assert german.endswith("ohne Ausgleich anderer Merkmale)")


@pytest.mark.parametrize(
    ("reason", "german"),
    [
        ("leads", "Zu wenige Leads, um Wartezeit und"),
        ("one_side", "Fast alle Leads haben gleich lange gewartet (300 Leads)"),
        ("few_clusters", "an zu wenigen Tagen"),
        ("separated", "schon an anderen Merkmalen"),
        ("reached_before", "Zu viele Leads waren schon vor dem Erstkontakt in der Phase"),
    ],
)
def test_no_model_is_said_with_its_reason(reason: str, german: str) -> None:
    result = drawn(Note("speed_too_few", {"reason": reason}), p_value=NAN, rates=[NAN] * 5)
    assert german in said(result)[0]
    figure = fa.plots.speed_effect(result)
    assert [trace.name for trace in figure.data] == ["gezählt"]
    assert (
        "bereinigt" not in str(fa.tables.speed_effect(result).as_raw_html()).split("gt_footer")[0]
    )


def test_without_a_lead_there_is_a_sentence_only() -> None:
    result = drawn(leads=0, p_value=NAN)
    hidden = result_of(
        "speed_effect",
        result.table.head(1).assign(leads=pd.NA, reached_rate=NAN),
        result.parameters,
        parts={name: result.part(name) for name in result.parts},
    )
    text = "Kein Lead, bei dem sich Wartezeit und Weg zu „Vertriebsqualifizierter Lead“"
    assert str(fa.plots.speed_effect(hidden)).startswith(text)
    assert str(fa.tables.speed_effect(hidden)).startswith(text)
    missing = Missing("speed_effect", "activity", "No activities.", sample_agreement())
    for show in (fa.plots.speed_effect, fa.tables.speed_effect):
        assert isinstance(show(missing), fa.tables.Notice)


def test_the_notes_say_who_is_compared_and_in_what_they_differ() -> None:
    result = drawn(
        Note("speed_unbalanced", {"attributes": ["origin", "weekday"]}),
        Note("speed_unadjusted", {"attributes": ["hour"]}),
        Note("speed_few_clusters", {"clusters": 20}),
        Note("speed_reached_before", {"leads": 6, "of": 30}),
    )
    german = [
        each.replace("\u202f", " ") for each in words_for(result, language="de").notes(result)
    ]
    assert german[:2] == [
        "Verglichen werden 300 Leads, die „Vom SDR angenommener Lead“ erreicht hatten und 88 Tage "
        "lang beobachtet sind. Nicht verglichen: 90 Leads ohne Erstkontakt (davon 2 in "
        "„Vertriebsqualifizierter Lead“) und 6 Leads vor dem Erstkontakt in "
        "„Vertriebsqualifizierter Lead“.",
        "Ausgeglichen sind Herkunft, Score und Wochentag; was niemand erfasst hat, kann schnelle "
        "und langsame Leads trotzdem unterscheiden.",
    ]
    assert german[2].endswith("von den anderen in Herkunft und Wochentag.")
    assert german[4] == "Die Wartezeiten begannen an nur 20 Tagen: Die Intervalle sind grob."
    assert "(20,0 % der sonst vergleichbaren)" in german[5]
    english = words_for(result, language="en").notes(result)
    assert english[1].startswith("Made equal: origin, score and weekday;")
    assert all("note " not in each.lower()[:5] for each in english)


def test_the_figure_has_both_rates_their_intervals_and_the_deadline() -> None:
    figure = fa.plots.speed_effect(drawn(), language="en")
    counted, adjusted = figure.data
    assert (counted.name, adjusted.name) == ("counted", "adjusted")
    assert list(adjusted.y) == [rate for *_, rate in BANDS]
    assert list(adjusted.error_y.array) == pytest.approx([0.1] * 5)
    assert list(counted.error_y.arrayminus) == pytest.approx([0.13] * 5)
    assert figure.layout.xaxis.title.text == "Wait for the first contact (working hours)"
    assert figure.layout.yaxis.title.text == "In the stage within 88 days (%)"
    ticks = [each.split("<br>")[0] for each in figure.layout.xaxis.ticktext]
    assert ticks == ["up to 1", "1 to 4", "4 to 8", "8 to 16", "above 16"]
    assert "60 leads" in figure.layout.xaxis.ticktext[0]
    assert [shape.x0 for shape in figure.layout.shapes] == [1.5]
    texts = [each.text for each in figure.layout.annotations]
    assert "Deadline: 4 working hours" in texts
    assert "n = 300 leads" in texts[-1]


def test_the_table_has_counts_rates_and_odds_and_what_others_found() -> None:
    page = str(fa.tables.speed_effect(drawn(), language="en").as_raw_html())
    for text in (
        "up to 1",
        "55.0% (42.0–67.0%)",
        "64.0% (54.0–74.0%)",
        "0.75 (0.50–1.13)",
        "1 (compared with)",
    ):
        assert text in page.replace("\u202f", " "), text
    assert "data of others, measured on the calendar" in page
    assert "89(3), 28" in page
