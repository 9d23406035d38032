"""Figure, tables and sentences of lead quality, read back: what is said, drawn and left grey."""

from __future__ import annotations

from typing import Any

import pandas as pd

import funnel_analytics as fa
from funnel_analytics import theme
from funnel_analytics.results import Missing, Result
from tests.figures import footer, labels, title
from tests.wording.drawn import EVIL, NAN, october, result_of, sample_agreement
from tests.wording.spoken import said

WAYS: dict[int, tuple[str | None, str, str]] = {
    0: (None, "marketing_qualified", "won"),
    2: ("sdr", "marketing_qualified", "sales_qualified"),
    3: ("sales", "sales_qualified", "won"),
}


def row(segment: str, block: int, quality: float, ratio: float, **more: Any) -> dict[str, Any]:
    team, entry, stage = WAYS[block]
    return {
        "segment": segment,
        "is_folded": False,
        "block": block,
        "team": team,
        "entry_stage": entry,
        "stage": stage,
        "leads": 200,
        "reached_leads": 90,
        "due_leads": 200.0,
        "expected_leads": 100.0,
        "expected_rate": 0.45 * quality,
        "average_rate": 0.45,
        "quality": quality,
        "quality_low": quality - 0.1,
        "quality_high": quality + 0.1,
        "quality_p_value": 0.5,
        "ratio": ratio,
        "ratio_low": ratio - 0.1,
        "ratio_high": ratio + 0.1,
        "p_value": 0.5,
        "quality_q_value": 0.6,
        "is_quality_distinguishable": False,
        "q_value": 0.6,
        "is_distinguishable": False,
        "is_vetoed": False,
        **more,
    }


FEWER = {"is_distinguishable": True, "q_value": 0.001}
WEAKER = {"is_quality_distinguishable": True, "quality_q_value": 0.001}
GREY = {"is_vetoed": True, "q_value": NAN, "quality_q_value": NAN}


def drawn(*rows: dict[str, Any], failed: str = "", late: str = "") -> Result:
    table = pd.DataFrame(list(rows), columns=list(row("a", 2, 1, 1)))
    models = [
        {
            "block": block,
            "team": team,
            "entry_stage": entry,
            "stage": stage,
            "leads": 400,
            "late_attributes": late,
            "failed": failed if block == 0 or failed == "events" else "",
        }
        for block, (team, entry, stage) in WAYS.items()
    ]
    checks = [
        {**models[0], "check": "discrimination", "value": 0.52, "low": 0.48, "high": 0.56,
         "least": 0.55, "most": NAN, "is_passed": False},
        {**models[1], "check": "later_level", "value": 0.98, "low": 0.9, "high": 1.07,
         "least": 0.8, "most": 1.25, "is_passed": True},
    ]  # fmt: skip
    parts = {"models": pd.DataFrame(models), "checks": pd.DataFrame(checks)}
    return result_of("lead_quality", table, october(by="origin"), parts=parts)


def both() -> Result:
    return drawn(
        row("inbound", 0, 0.69, 1.0, **WEAKER),
        row("inbound", 2, 0.92, 0.81, **FEWER),
        row("inbound", 3, 1.0, 1.02),
        row("partner", 2, 1.0, 1.0),
    )


def test_quality_and_what_each_team_reached_are_said_apart() -> None:
    german, english = said(both())
    assert german == (
        "Inbound: Leads schwächer als im Mittel („Gewonnen“: erwartet 31,1 % statt 45,0 %); "
        "erreicht je erwartetem Lead: Vertriebsentwicklung (SDR) 0,81 (0,71–0,91) und "
        "Vertrieb 1,02 (0,92–1,12)"
    )
    assert english.startswith("Inbound: leads weaker than average (“Won”: 31.1% expected instead")
    assert english.endswith(
        "reached for each lead expected: Sales development (SDR) 0.81 (0.71–0.91) and "
        "Sales 1.02 (0.92–1.12)"
    )


def test_stronger_leads_and_leads_alike_are_said_so() -> None:
    german, _ = said(drawn(row("inbound", 2, 1.2, 1.0, **WEAKER), row("partner", 2, 1, 1, **FEWER)))
    assert "Leads stärker als im Mittel" in german
    assert german.endswith("(eine von 2 auffälligen Gruppen)")
    german, _ = said(drawn(row("inbound", 2, 1.0, 0.8, **FEWER)))
    assert "Leads vom Mittel nicht zu unterscheiden" in german


def test_nothing_found_and_nothing_to_be_said_differ() -> None:
    german, _ = said(drawn(row("inbound", 2, 1.0, 0.9), row("partner", 2, 1.0, 1.0)))
    assert german == (
        "Nach Herkunft: 2 Gruppen, bei keiner sind die Leads oder deren Weiterkommen "
        "vom Mittel zu unterscheiden"
    )
    german, english = said(drawn(row("inbound", 2, 0.5, 0.5, **GREY), failed="events"))
    assert german == (
        "Nach Herkunft: Ob Leads schwächer waren oder seltener weiterkamen, lässt sich nicht "
        "sagen; nicht bestanden: genug Fälle"
    )
    assert english.endswith("cannot be said; not passed: enough cases")
    assert "kein Urteil" in str(fa.tables.lead_quality(drawn()))
    assert "kein Urteil" in str(fa.plots.lead_quality(drawn()))
    unsplit = result_of(
        "lead_quality", drawn().table, october(), parts={"models": drawn().part("models")}
    )
    assert said(unsplit) == (
        "Noch kein reifer Monat, also kein Urteil über die Leads",
        "No mature month yet, so no judgement of the leads",
    )


def test_the_figure_has_a_column_per_part_and_colours_only_findings() -> None:
    rows = [
        row("inbound", 0, 0.7, 0.9, **GREY),
        row("inbound", 2, 0.92, 0.81, **FEWER),
        row("inbound", 3, 1.3, 1.02, **WEAKER),
        row(EVIL, 2, 1.0, 1.0),
    ]
    result = drawn(*rows, failed="discrimination", late="contract")
    figure = fa.plots.lead_quality(result, language="en")
    assert not isinstance(figure, fa.tables.Notice)
    dots = [(trace.xaxis, trace.marker.symbol, list(trace.x)) for trace in figure.data]
    assert dots == [
        ("x", "diamond", [0.92, 1.0]),
        ("x", "circle", [0.81, 1.0]),
        ("x2", "diamond", [1.3]),
        ("x2", "circle", [1.02]),
        ("x3", "diamond", [0.7]),
        ("x3", "circle", [0.9]),
    ]
    colours = [list(trace.marker.color) for trace in figure.data]
    assert colours == [
        [theme.MUTED, theme.MUTED],
        [theme.BAD, theme.MUTED],
        [theme.GOOD],
        [theme.MUTED],
        [theme.LINE],
        [theme.LINE],
    ]
    assert list(figure.data[1].error_x.array) == [0.91 - 0.81, 1.1 - 1.0]
    assert figure.layout.xaxis.type == "log"
    assert any("Times the average" in each for each in labels(figure))
    assert any(each.startswith("Sales development (SDR):") for each in labels(figure))
    assert "<b onclick" not in str(figure.layout.yaxis.ticktext)
    told = footer(figure)
    assert "What was not recorded on entry is in the circle" in told
    assert "Marketing qualified lead to Won, not passed: discrimination." in told
    assert "known only late: Contract." in told
    assert title(figure).startswith("Inbound: leads stronger")


def test_the_table_says_what_was_found_in_each_part() -> None:
    result = drawn(
        row("inbound", 2, 0.92, 0.81, **FEWER, **WEAKER),
        row("inbound", 3, 1.0, 1.02, **GREY),
        row("partner", 2, 1.0, 1.0),
    )
    table = fa.tables.lead_quality(result, language="de")
    assert not isinstance(table, fa.tables.Notice)
    html = table.as_raw_html().replace("\N{NARROW NO-BREAK SPACE}", " ")
    for part in (
        "Vertriebsentwicklung (SDR): bis Vertriebsqualifizierter Lead",
        "0,92 (0,82–1,02)",
        "0,81 (0,71–0,91)",
        "Leads schwächer und weniger erreicht",
        "keine Aussage",
        "nicht unterscheidbar",
        "41,4 %",
    ):
        assert part in html, part


def test_the_checks_are_listed_with_their_limits() -> None:
    table = fa.tables.lead_quality_checks(both(), language="de")
    assert not isinstance(table, fa.tables.Notice)
    html = table.as_raw_html()
    for part in ("Trennschärfe", "0,52 (0,48–0,56)", "ab 0,55", "0,8 bis 1,25", "nein", "ja"):
        assert part in html, part


def test_a_missing_table_is_a_notice() -> None:
    missing = Missing("lead_quality", "stage_event", "No history.", sample_agreement())
    for show in (fa.plots.lead_quality, fa.tables.lead_quality, fa.tables.lead_quality_checks):
        assert isinstance(show(missing), fa.tables.Notice)
