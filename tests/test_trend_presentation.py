"""What figures, tables and sentences say of rates over time, of steps by group and of other ways
to count; read in both languages."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from funnel_analytics import plots, tables, theme
from funnel_analytics.errors import CallError
from funnel_analytics.results import Missing, Note, Result
from funnel_analytics.wording import Notice, words_in
from tests.figures import footer, labels, title
from tests.wording import drawn

NAN = float("nan")
LANGUAGES = ("de", "en")


def row(start: str, reached: int, of: int, rule: str | None = None, **more: Any) -> dict[str, Any]:
    rate = reached / of if of else NAN
    return {
        "segment": None,
        "is_folded": False,
        "period_start": pd.Timestamp(start),
        "entered_leads": of * 2,
        "not_due_leads": 0,
        "previous_leads": of,
        "reached_leads": reached,
        "rate": rate,
        "low": rate - 0.05,
        "high": rate + 0.05,
        "maturity": 0.99,
        "is_mature": True,
        "is_left_truncated": False,
        "is_complete": True,
        "centre": 0.75,
        "limit_low": 0.6,
        "limit_high": 0.9,
        "sigma_z": 1.0,
        "is_unusual": rule is not None,
        "rule": rule,
        **more,
    }


UNJUDGED: dict[str, Any] = dict.fromkeys(("centre", "limit_low", "limit_high", "sigma_z"), NAN)
# 2025-11 cut off, 2025-12 to 2026-09 judged, 2026-10 not yet mature; July 30 of 100.
MONTHS = [
    row("2025-11-01", 10, 100, is_left_truncated=True, **UNJUDGED),
    *[row(str(day)[:10], 75, 100) for day in pd.date_range("2025-12-01", "2026-06-01", freq="MS")],
    row("2026-07-01", 30, 100, "beyond_limit"),
    row("2026-08-01", 75, 100),
    row("2026-09-01", 74, 100),
    row("2026-10-01", 20, 100, is_mature=False, maturity=0.5, **UNJUDGED),
]


def trend(rows: list[dict[str, Any]], *, notes: tuple[Note, ...] = (), **more: Any) -> Result:
    parameters = drawn.october(
        stage="sales_accepted", previous="marketing_qualified", every="month", mode="at_least"
    )
    parameters |= {"cohort": "2025-11-01..2026-10-31", **more}
    return drawn.result_of("conversion_trend", pd.DataFrame(rows), parameters, notes=notes)


def by_origin() -> Result:
    rows = [
        {**each, "segment": name, "is_unusual": False, "rule": None}
        if name != "inbound"
        else {**each, "segment": name}
        for name in ("inbound", "outbound", drawn.EVIL)
        for each in MONTHS
    ]
    return trend(rows, by="origin")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "de",
            "„Vom SDR angenommener Lead“ aus „Marketing-qualifizierter Lead“: Juli 2026 "
            "ist ungewöhnlich mit 30,0\u202f% (30 von 100 Leads); üblich "
            "sind 60,0\u202f% bis 90,0\u202f%",
        ),
        (
            "en",
            "“Sales accepted lead” from “Marketing qualified lead”: July 2026 is unusual at 30.0% "
            "(30 of 100 leads); usual are 60.0% to 90.0%",
        ),
    ],
)
def test_the_month_beyond_its_limit_is_named(language: str, said: str) -> None:
    assert words_in(language).finding(trend(MONTHS)) == said


def test_the_group_and_further_months_are_named() -> None:
    assert "from “Marketing qualified lead”, Inbound: July 2026" in words_in("en").finding(
        by_origin()
    )
    two = [*MONTHS[:-2], row("2026-09-01", 74, 100, "run_of_eight"), MONTHS[-1]]
    assert words_in("en").finding(trend(two)).endswith("; 1 further period is unusual")
    assert words_in("de").finding(trend(two)).endswith("; 1 weiterer Zeitraum ist ungewöhnlich")


def test_a_run_says_its_side() -> None:
    rows = [each for each in MONTHS if each["rule"] is None]
    rows[-2] = row("2026-09-01", 70, 100, "run_of_eight")
    assert "in a row below the centre (75.0%), at 70.0%" in words_in("en").finding(trend(rows))
    rows[-2] = row("2026-09-01", 80, 100, "run_of_eight")
    assert "in Folge über der Mitte (75,0\u202f%), mit 80,0\u202f%" in words_in("de").finding(
        trend(rows)
    )


def test_nothing_unusual_and_too_few_months_are_said() -> None:
    rows = [each for each in MONTHS if each["rule"] is None]
    assert "none of 9 mature periods is unusual (74.0% to 75.0%)" in words_in("en").finding(
        trend(rows)
    )
    few = [{**each, **UNJUDGED} for each in rows[1:5]]
    note = Note("too_few_periods", {"segments": 1, "of": 1, "fewest": 8})
    result = trend(few, notes=(note,))
    assert words_in("de").finding(result).endswith("Regelgrenzen (4; nötig sind 8)")
    assert words_in("en").notes(result) == ()


def test_weeks_and_quarters_have_names_and_all_leads_too() -> None:
    weeks = trend(MONTHS[8:9], every="week", previous="entered")
    assert words_in("en").finding(weeks).startswith("“Sales accepted lead” of all leads: week from")
    assert "Quote je Woche der Erstellung" in words_in("de").subtitle(weeks)
    quarter = trend([row("2026-07-01", 30, 100, "beyond_limit")], every="quarter")
    assert "3. Quartal 2026 ist ungewöhnlich" in words_in("de").finding(quarter)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_control_chart_draws_rates_limits_and_what_is_not_judged(language: str) -> None:
    figure = plots.conversion_trend(trend(MONTHS), language=language)
    assert isinstance(figure, go.Figure)
    assert "2026" in title(figure)
    (rates,) = [each for each in figure.data if each.name == "rate"]
    assert list(rates.y) == [each["rate"] for each in MONTHS]
    assert list(rates.marker.symbol) == ["x-thin", *["circle"] * 10, "circle-open"]
    assert [place for place, each in enumerate(rates.marker.color) if each == theme.BAD] == [8]
    (centre,) = [each for each in figure.data if each.name == "centre"]
    assert set(centre.y) == {0.75}
    assert (min(centre.x), max(centre.x)) == (0.5, 10.5)
    (band,) = [each for each in figure.data if each.name == "limits"]
    assert set(band.y) == {0.9}
    assert any("30" in each and "%" in each for each in labels(figure))
    shown = words_in(language)
    assert shown.say("legend.trend") in footer(figure)
    assert figure.layout.yaxis.title.text == shown.say("axis.rate")


def test_each_group_has_a_panel_and_its_name_is_only_text() -> None:
    figure = plots.conversion_trend(by_origin(), language="en")
    assert len([each for each in figure.data if each.name == "rate"]) == 3
    assert "<b onclick" not in figure.to_json()
    assert any("Inbound" in each for each in labels(figure))


def test_the_table_of_a_trend_says_why_a_month_is_not_judged() -> None:
    html = tables.conversion_trend(trend(MONTHS), language="en").as_raw_html()
    for text in ("July 2026", "60.0–90.0%", "beyond the limits", "not yet mature", "data begin"):
        assert text in html
    assert "Too young yet" not in html
    german = tables.conversion_trend(by_origin(), language="de").as_raw_html()
    assert "jenseits der Grenzen" in german
    assert "<b onclick" not in german


def test_a_missing_table_becomes_a_notice() -> None:
    missing = Missing("conversion_trend", "stage_event", "Not loaded.", drawn.sample_agreement())
    assert isinstance(plots.conversion_trend(missing), Notice)
    assert isinstance(tables.conversion_trend(missing), Notice)
    assert isinstance(plots.conversion_heat_map(missing), Notice)


def test_no_rate_at_all_is_a_sentence_not_an_empty_figure() -> None:
    empty = trend([row("2026-10-01", 0, 0, **UNJUDGED)])
    assert isinstance(plots.conversion_trend(empty), Notice)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_heat_map_shades_what_may_be_compared_and_writes_all_counts(language: str) -> None:
    figure = plots.conversion_heat_map(drawn.segments_result(), language=language)
    assert isinstance(figure, go.Figure)
    (heat,) = figure.data
    # Rows: inbound, outbound, unknown, EVIL (only 2 stages mature), folded, not stated.
    assert heat.z[0][0] == 120 / 200
    assert heat.z[1][4] == 2 / 5
    assert list(heat.z[3]) == [20 / 30, None, None, None, None]
    assert heat.z[5][2] is None, "of 3 leads only"
    written = labels(figure)
    assert any("120" in each and "200" in each for each in written)
    assert any("3" in each and "10" in each for each in written)
    assert ("zu wenige Leads." if language == "de" else "too few leads.") in footer(figure)
    assert "<b onclick" not in figure.to_json()
    assert len(figure.layout.xaxis.ticktext) == 5


def test_the_title_of_a_heat_map_names_the_cell_that_stands_out_and_frames_it() -> None:
    table = pd.concat(
        [
            drawn.stage_rows((400, 300, 200, 100, 90, 9), segment="inbound"),
            drawn.stage_rows((800, 400, 320, 160, 150, 90), segment="outbound"),
            drawn.stage_rows((40, 4, 4, 2, 2, 2), segment="partner"),
        ],
        ignore_index=True,
    )
    # Partner has the lowest share of all, but of 40 leads only; inbound has more entries than
    # the others by 300 - 400 x 704 / 1240 = 73, outbound fewer by 54.
    against = drawn.against_rest(
        ("inbound", 2, 400, 300, 2, 840, 404, True),
        ("outbound", 2, 800, 400, 2, 440, 304, True),
        ("partner", 2, 40, 4, 2, 1200, 700, True),
        ("inbound", 3, 300, 200, 1, 400, 320, True),
        ("outbound", 3, 400, 320, 1, 300, 200, True),
    )
    result = drawn.result_of(
        "stage_conversion", table, drawn.october(by="origin"), parts={"against_rest": against}
    )
    figure = plots.conversion_heat_map(result, language="en")
    assert title(figure).replace("  ", " ") == (
        "“Inbound” stands out in the step to “Marketing qualified lead”: 75.0% (300 of 400 leads) "
        "by 31 October 2026, the other groups 48.1% (404 of 840 leads)"
    )
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (-0.5, 0.5, -0.5, 0.5)
    said = words_in("de").finding(result, by_step=True, stage="sales_accepted")
    assert said.replace("\u202f", " ") == (
        "„Inbound“ fällt im Schritt zu „Vom SDR angenommener Lead“ auf: 66,7 % (200 von 300 Leads) "
        "bis zum 31. Oktober 2026, die andere Gruppe 80,0 % (320 von 400 Leads)"
    )


def test_a_heat_map_in_which_nothing_stands_out_says_so_and_why_not() -> None:
    table = pd.concat(
        [drawn.stage_rows((40, 20), segment=each) for each in ("inbound", "outbound")]
    ).reset_index(drop=True)
    against = drawn.against_rest(
        ("inbound", 6, 40, 20, 1, 40, 20), ("outbound", 6, 40, 20, 1, 40, 20)
    )
    asked = drawn.october(by="origin")
    alike = drawn.result_of("stage_conversion", table, asked, parts={"against_rest": against})
    assert words_in("de").finding(alike, by_step=True) == (
        "Schritte nach Herkunft bis zum 31. Oktober 2026: In keinem von 2 Feldern weicht eine "
        "Gruppe mehr von den übrigen ab, als Zufall erklärt"
    )
    assert not plots.conversion_heat_map(alike, language="en").layout.shapes
    none = {"against_rest": drawn.against_rest()}
    cut = drawn.result_of(
        "stage_conversion", table.assign(is_left_truncated=True), asked, parts=none
    )
    assert words_in("en").finding(cut, by_step=True) == (
        "Steps by origin by 31 October 2026: no two groups that can be compared; the data begin "
        "later than the leads"
    )
    young = drawn.result_of("stage_conversion", table.assign(is_mature=False), asked, parts=none)
    assert words_in("de").finding(young, by_step=True).endswith("die anderen sind noch nicht reif")
    small = table.assign(previous_leads=4)
    few = drawn.result_of("stage_conversion", small, asked, parts=none)
    assert words_in("en").finding(few, by_step=True).endswith("the others have too few leads")


def test_groups_are_compared_in_the_last_stage_in_which_they_may_be() -> None:
    table = pd.concat(
        [
            drawn.stage_rows((400, 300, 200, 100, 90, 9), segment="inbound", mature=4),
            drawn.stage_rows((400, 100, 80, 40, 36, 36), segment="outbound", mature=4),
        ],
        ignore_index=True,
    )
    result = drawn.result_of("stage_conversion", table, drawn.october(by="origin"))
    figure = plots.funnel(result, language="de")
    assert "Vertriebsqualifizierter" in title(figure)
    assert "(100 von 400 Leads)" in title(figure).replace("  ", " ")
    assert "„Gewonnen“ lässt sich noch nicht vergleichen" in footer(figure)
    asked = plots.funnel(result, stage="won", language="de")
    assert "keine zwei vergleichbaren Gruppen" in title(asked)
    assert "verglichen ist die letzte Phase" not in footer(asked)


def test_a_heat_map_needs_groups() -> None:
    with pytest.raises(CallError, match="draws a conversion by an attribute"):
        plots.conversion_heat_map(drawn.funnel_result())


def test_other_ways_to_count_are_said_below() -> None:
    result = drawn.funnel_result()
    asked = {
        "mode": "strict",
        "within_days": {"sales_accepted": 9.0, "won": 1.0},
        "optional": ["sales_qualified"],
        "passes": "every",
    }
    notes = (Note("not_due", {"leads": 1, "days": 10.0}), Note("passes", {"passes": 400}))
    strict = drawn.result_of("stage_conversion", result.table, drawn.october(**asked), notes=notes)
    english, german = words_in("en"), words_in("de")
    assert "(mode “strict”)" in english.footer(strict)
    assert "Sales accepted lead: 9 days and Won: 1 day" in english.footer(strict)
    assert "Sales qualified lead may be left out." in english.footer(strict)
    assert english.footer(strict).startswith("n = 400 passes")
    assert "Jeder Durchlauf eines Leads zählt für sich." in german.footer(strict)
    assert "(Modus „lückenlos“)" in german.footer(strict)
    assert german.notes(strict)[0] == (
        "1 Durchlauf ist jünger als alle Fristen zusammen (10 Tage) und zählt nicht bis zuletzt "
        "mit."
    )
    assert german.notes(strict)[1].startswith("Gezählt sind 400 Durchläufe")
    plain = drawn.result_of("stage_conversion", result.table, drawn.october(within_days=30.0))
    assert "innerhalb von 30 Tagen" in german.footer(plain)


def test_the_step_after_an_optional_stage_is_named_from_the_one_before_it() -> None:
    # Of 180 leads that were sales accepted 30 are an opportunity: the lowest step.
    table = drawn.funnel_result().table
    table.loc[4, ["previous_leads", "step_rate"]] = [180, 30 / 180]
    result = drawn.result_of(
        "stage_conversion", table, drawn.october(mode="ordered", optional=["sales_qualified"])
    )
    assert words_in("en").finding(result) == (
        "30 of 180 leads from “Sales accepted lead” had reached “Opportunity” by 31 October "
        "2026, in order (16.7%): the lowest of the 5 step rates"
    )
