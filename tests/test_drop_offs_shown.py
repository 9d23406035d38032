"""Figure, table and sentences of drop-offs, read back: what is said, drawn and left out."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics import theme
from funnel_analytics.results import Missing, Note, Result
from funnel_analytics.wording import words_for
from tests.wording.drawn import EVIL, NAN, october, result_of, sample_agreement

JULY = ("created_month", "2026-07", "origin", "inbound")


def row(group: tuple[Any, ...], deals: float, **more: Any) -> dict[str, Any]:
    """A finding by default; `deals` missing in two months."""
    attribute, value, second_attribute, second_value = group
    return {
        "finding_no": 1,
        "position": 3,
        "stage": "sales_accepted",
        "attribute": attribute,
        "value": value,
        "second_attribute": second_attribute,
        "second_value": second_value,
        "previous_leads": 67,
        "reached_leads": 22,
        "rate": 0.3284,
        "rest_rate": 0.7916,
        "adjusted_difference": -0.375 if deals > 0 else 0.1,
        "months": 2,
        "lost_deals": deals,
        "low": deals - 1,
        "high": deals + 1,
        "lost_deals_per_month": deals / 2,
        "per_month_low": (deals - 1) / 2,
        "per_month_high": (deals + 1) / 2,
        "statistic": -3.9,
        "p_value": 1e-4,
        "q_value": 0.0002,
        "is_found": True,
        "direction": "lost" if deals > 0 else "gained",
        "explained_by": pd.NA,
        **more,
    }


def drawn(*rows: dict[str, Any]) -> Result:
    steps = [{"stage": "sales_accepted", "judged_months": 23}]
    left_out = [{**steps[0], "immature_months": 1, "left_truncated_months": 0}]
    table = pd.DataFrame(list(rows), columns=list(row(JULY, 1.0)))
    return result_of(
        "drop_off_segments",
        table.astype({"explained_by": "Int64", "finding_no": "Int64", "is_found": bool}),
        october(stage=None, false_discovery_rate=0.05),
        parts={"steps": pd.DataFrame([{"previous_leads": 4940}])},
        notes=[
            Note("screened", {"tests": 3986, "findings": 2, "explained": 1, "rate": 0.05}),
            Note("months_left_out", {"stages": left_out}),
            Note("attributes_left_out", {"attributes": ["region"]}),
            Note("pairs_left_out", {"pairs": [["industry", "region"]]}),
        ],
    )


def said(result: Result) -> tuple[str, str]:
    both = [words_for(result, language=each).finding(result) for each in ("de", "en")]
    return both[0].replace("\u202f", " "), both[1]


def html_of(result: Result, language: str) -> str:
    table = fa.tables.drop_off_segments(result, language=language)
    assert not isinstance(table, fa.tables.Notice)
    return str(table.as_raw_html())


def test_the_first_finding_is_said_with_its_counts_and_deals() -> None:
    result = drawn(
        row(JULY, 2.4),
        row(("origin", "outbound", None, None), 1.2, finding_no=2),
        row(("created_month", "2026-07", None, None), 3.0, finding_no=3, explained_by=1),
    )
    german, english = said(result)
    stage = "Vom SDR angenommener Lead"
    assert german == (
        f"Zuerst ansehen: Juli 2026 × Inbound, Schritt zu „{stage}“: 32,8 % (22 von 67 Leads), "
        "rund 2,4 gewonnene Opportunities weniger als bei vergleichbaren Leads; "
        "dazu 1 weiterer Befund"
    )
    assert english == (
        "Look first at July 2026 × Inbound, step to “Sales accepted lead”: 32.8% (22 of 67 leads), "
        "about 2.4 won deals fewer than with comparable leads; 1 further finding"
    )


def test_only_gains_are_said_as_gains() -> None:
    result = drawn(row(("segment", None, None, None), -4.0, rate=0.8, reached_leads=54))
    german, english = said(result)
    assert german.startswith("Auffällig gut: Segment: Ohne Angabe, Schritt zu")
    assert german.endswith("rund 4,0 gewonnene Opportunities mehr als bei vergleichbaren Leads")
    assert english.endswith("about 4.0 won deals more than with comparable leads")


def test_without_a_chance_of_winning_the_difference_is_said() -> None:
    unknown = dict.fromkeys(("lost_deals", "low", "high", "lost_deals_per_month"), NAN)
    german, _ = said(drawn(row(JULY, 2.4) | unknown))
    assert german.endswith("Abstand zu vergleichbaren Leads 37,5 Prozentpunkte")


def test_nothing_found_is_said_with_the_number_of_comparisons() -> None:
    result = drawn(row(JULY, 2.4, is_found=False), row(JULY, 1.0, is_found=False))
    german, english = said(result)
    assert german == (
        "Bis zum 31. Oktober 2026: 2 Vergleiche, keine Gruppe weicht mehr ab, als Zufall erklärt"
    )
    assert english.startswith("By 31 October 2026: 2 comparisons, no group")
    assert str(fa.plots.drop_off_segments(result)) == f"{german}."
    assert "keine Gruppe" in str(fa.tables.drop_off_segments(result))
    german, _ = said(drawn())
    assert "keine Gruppe mit genug Leads" in german


def test_the_figure_shows_findings_of_their_own_in_their_order() -> None:
    result = drawn(
        row(JULY, 2.4),
        row(("industry", EVIL, None, None), -3.0, finding_no=2),
        row(("created_month", "2026-07", None, None), 3.0, finding_no=3, explained_by=1),
        row(("origin", "partner", None, None), 9.0, finding_no=None, is_found=False),
    )
    figure = fa.plots.drop_off_segments(result)
    assert not isinstance(figure, fa.tables.Notice)
    bars = figure.data[0]
    assert list(bars.x) == [1.2, -1.5]
    assert list(bars.marker.color) == [theme.BAD, theme.GOOD]
    assert list(bars.error_x.array) == pytest.approx([0.5, 0.5])
    labels = figure.layout.yaxis.ticktext
    assert labels[0].startswith("Juli 2026 × Inbound")
    assert "<b onclick" not in labels[1]
    low, high = figure.layout.xaxis.range
    assert low < -2
    assert high > 1.7
    assert "Fehlende gewonnene Opportunities je Monat" in figure.layout.xaxis.title.text
    texts = [each.text for each in figure.layout.annotations]
    assert any("+2,4" in each and "+1,4 bis +3,4" in each for each in texts)
    assert "Zuerst ansehen" in figure.layout.title.text.replace("<br>", " ")


def test_the_notes_tell_what_was_left_out() -> None:
    notes = " ".join(words_for(drawn(row(JULY, 2.4))).notes(drawn(row(JULY, 2.4))))
    for part in (
        "3.986 Vergleiche; von den Befunden sind im Mittel höchstens 5\u202f% Zufall.",
        "1 Befund verschwindet, wenn ein stärkerer berücksichtigt ist.",
        "„Vom SDR angenommener Lead“ 23 Monate (unreif 1, Daten beginnen später 0)",
        "weil meist je eine Person dahintersteht: Region.",
        "1 Paar von Merkmalen ist nicht durchsucht",
    ):
        assert part in notes


def test_the_table_names_the_finding_that_explains_another() -> None:
    result = drawn(
        row(JULY, 2.4),
        row(("created_month", "2026-07", None, None), 3.0, finding_no=2, explained_by=1),
    )
    html = html_of(result, "de")
    for part in ("Juli 2026 × Inbound", "Befund wie Nr.", "+2,4", "&lt; 0,001"):
        assert part in html, part
    plain = html_of(drawn(row(JULY, 2.4)), "en")
    assert "Same finding as" not in plain


def test_a_missing_table_is_a_notice() -> None:
    missing = Missing("drop_off_segments", "stage_event", "No history.", sample_agreement())
    for show in (fa.plots.drop_off_segments, fa.tables.drop_off_segments):
        assert isinstance(show(missing), fa.tables.Notice)
