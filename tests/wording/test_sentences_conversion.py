"""What a conversion is said to count: its windows, its order, its passes, in any number."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pandas as pd
import pytest

from funnel_analytics import plots, tables
from funnel_analytics.periods import Period, parse_period
from funnel_analytics.results import Note, Result
from tests.figures import footer, title
from tests.wording import drawn, drawn_flows
from tests.wording.spoken import DE, EN, said


def counted(reached: tuple[int, ...] = (400, 240, 180, 60, 30, 12), **asked: Any) -> Result:
    parameters = drawn.october(**({"mode": "at_least", "passes": "all"} | asked))
    return drawn.result_of("stage_conversion", drawn.stage_rows(reached), parameters)


@pytest.mark.parametrize(
    ("asked", "german", "english"),
    [
        ({}, "", ""),
        ({"within_days": 30.0}, ", binnen 30 Tagen je Schritt", ", within 30 days per step"),
        ({"within_days": 1.0}, ", binnen 1 Tag je Schritt", ", within 1 day per step"),
        (
            {"within_days": {"sales_qualified": 14.0}},
            ", im Schritt zu „Vertriebsqualifizierter Lead“ binnen 14 Tagen",
            ", within 14 days in the step to “Sales qualified lead”",
        ),
        (
            {"within_days": {"sales_accepted": 3.0, "sales_qualified": 14.0}},
            ", binnen der gesetzten Fristen",
            ", within the days set for the steps",
        ),
        ({"within_days": {"won": 14.0}}, "", ""),
        ({"mode": "ordered"}, ", der Reihe nach", ", in order"),
        ({"mode": "strict"}, ", direkt nacheinander", ", directly one after the other"),
        ({"passes": "first"}, ", im ersten Durchlauf", ", in the first pass"),
        (
            {"mode": "strict", "within_days": 2.0, "passes": "last"},
            ", direkt nacheinander, binnen 2 Tagen je Schritt, im letzten Durchlauf",
            ", directly one after the other, within 2 days per step, in the last pass",
        ),
    ],
)
def test_a_sentence_says_in_which_way_it_counts(
    asked: dict[str, Any], german: str, english: str
) -> None:
    """The window of a later step does not count for the one that is told."""
    assert said(counted(**asked)) == (
        (
            "60 von 180 Leads aus „Vom SDR angenommener Lead“ hatten bis zum 31. Oktober 2026 "
            f"„Vertriebsqualifizierter Lead“ erreicht{german} (33,3 %): die niedrigste der 5 "
            "Übergangsraten"
        ),
        (
            "60 of 180 leads from “Sales accepted lead” had reached “Sales qualified lead” by 31 "
            f"October 2026{english} (33.3%): the lowest of the 5 step rates"
        ),
    )


def test_groups_months_and_trends_say_in_which_way_they_count() -> None:
    groups = drawn.segments_result()
    asked = groups.parameters | {"within_days": 30.0, "passes": "every"}
    assert said(drawn.result_of("stage_conversion", groups.table, asked)) == (
        (
            "„Gewonnen“ bis zum 31. Oktober 2026 (binnen 30 Tagen je Schritt) nach Herkunft: am "
            "häufigsten „Inbound“ mit 10,0 % (20 von 200 Durchläufen), am seltensten „Outbound“ "
            "mit 2,0 % (2 von 100 Durchläufen)"
        ),
        (
            "“Won” by 31 October 2026 (within 30 days per step), by origin: most often “Inbound” "
            "with 10.0% (20 of 200 passes), least often “Outbound” with 2.0% (2 of 100 passes)"
        ),
    )
    months = drawn.cohorts_result()
    asked = months.parameters | {"mode": "ordered"}
    german, english = said(drawn.result_of("stage_conversion", months.table, asked))
    assert "„Gewonnen“ erreicht, der Reihe nach (10,7 %)" in german
    assert "by 31 October 2026, in order (10.7%)" in english


def test_the_same_step_rate_everywhere_is_no_lowest_one() -> None:
    assert said(counted((9, 9, 9))) == (
        (
            "9 von 9 Leads aus „Opportunity“ hatten bis zum 31. Oktober 2026 „Gewonnen“ erreicht "
            "(100,0 %): alle, wie in jedem der 2 Schritte"
        ),
        (
            "9 of 9 leads from “Opportunity” had reached “Won” by 31 October 2026 (100.0%): all "
            "of them, as in each of the 2 steps"
        ),
    )
    table = drawn.stage_rows((9, 9, 9, 9), mature=3)
    young = drawn.result_of("stage_conversion", table, drawn.october(mode="at_least"))
    assert said(young)[1].endswith("as in each of the 2 mature steps (of 3)")
    (bars,) = plots.funnel(counted((9, 9, 9)), language="en").data
    assert len(set(bars.marker.color)) == 1


def test_passes_are_not_called_leads() -> None:
    notes = (Note("imputed", {"leads": 3, "steps": 3}), Note("not_due", {"leads": 2, "days": 5.0}))
    asked = drawn.october(mode="at_least", passes="every", within_days=5.0)
    rows = drawn.stage_rows((400, 240, 180, 60, 30, 12)).assign(not_due_leads=2)
    result = drawn.result_of("stage_conversion", rows, asked, notes=notes)
    for language, words, noun in (("de", DE, "Durchl"), ("en", EN, "pass")):
        told = words.finding(result)
        assert noun in told
        assert "ead" not in re.sub("[„“][^“”]*[“”]", "", told), "only in names of stages"
        assert words.subtitle(result).split(" · ")[1].startswith(noun.title())
        assert all(noun in each for each in words.notes(result))
        figure = plots.funnel(result, language=language)
        assert noun.title() in figure.layout.xaxis.title.text
        assert noun in figure.data[0].hovertext[0]
        below = footer(figure)
        assert "alle Leads" not in below
        assert "all leads" not in below
        assert "von allen Durchläufen" in below or "of all passes" in below
        html = tables.conversion(result, language=language).as_raw_html()
        assert "unter den Durchläufen" in html or "among passes" in html


@pytest.mark.parametrize(
    ("young", "german", "english"),
    [
        (
            1,
            "1 Lead war bis zum 31. Oktober 2026 noch zu jung für die Fristen bis „Gewonnen“",
            "1 lead was still too young by 31 October 2026 for the days set up to “Won”",
        ),
        (
            2,
            (
                "2 Leads waren bis zum 31. Oktober 2026 noch zu jung für die Fristen bis "
                "„Gewonnen“, binnen 30 Tagen je Schritt; keiner zählt schon"
            ),
            "2 leads were still too young by 31 October 2026",
        ),
    ],
)
def test_leads_too_young_for_the_windows_are_no_failure(
    young: int, german: str, english: str
) -> None:
    rows = drawn.stage_rows((young, 0), mature=1).assign(not_due_leads=[0, young])
    rows.loc[1, ["entered_leads", "previous_leads"]] = 0
    asked = drawn.october(mode="at_least", within_days=30.0)
    texts = said(drawn.result_of("stage_conversion", rows, asked))
    assert texts[0].startswith(german)
    assert texts[1].startswith(english)


@pytest.mark.parametrize(
    ("reached", "german", "english"),
    [
        ((1, 0), "0 von 1 Lead hatte bis", "0 of 1 lead had reached"),
        ((1, 1), "1 von 1 Lead hatte bis", "1 of 1 lead had reached"),
        ((2, 0), "Keiner von 2 Leads hatte bis", "None of 2 leads had reached"),
        ((2, 1), "1 von 2 Leads hatte bis", "1 of 2 leads had reached"),
        ((2, 2), "2 von 2 Leads hatten bis", "2 of 2 leads had reached"),
    ],
)
@pytest.mark.parametrize("mature", [1, 6])
def test_few_leads_are_counted_in_the_right_number(
    reached: tuple[int, int], german: str, english: str, mature: int
) -> None:
    rows = drawn.stage_rows(reached, mature=mature)
    texts = said(drawn.result_of("stage_conversion", rows, drawn.october(mode="at_least")))
    assert texts[0].startswith(german)
    assert texts[1].startswith(english)
    assert ("noch nicht reif" in texts[0]) == (mature == 1)


def waits(leads: int, waiting: int, due: int | None, within: int) -> Result:
    result = drawn.waiting_result(waiting=waiting)
    table = result.table[result.table["leg"] == "wait"].assign(
        leads=leads,
        waiting_leads=waiting,
        due_leads=due,
        within_deadline_leads=within,
        within_deadline_share=within / due if due else drawn.NAN,
    )
    return drawn.result_of("time_to_contact", table, result.parameters)


@pytest.mark.parametrize(
    ("result", "german", "english"),
    [
        (
            waits(1, 0, 1, 1),
            (
                "1 von 1 fälligen Lead hatte binnen 4 Arbeitsstunden einen Erstkontakt (100,0 %); "
                "der einzige Lead hatte bis zum 31. Oktober 2026 einen Erstkontakt"
            ),
            (
                "1 of 1 due lead had a first contact within 4 working hours (100.0%); the only "
                "lead had a first contact by 31 October 2026"
            ),
        ),
        (
            waits(2, 1, 1, 0),
            (
                "0 von 1 fälligen Lead hatte binnen 4 Arbeitsstunden einen Erstkontakt (0,0 %); "
                "1 von 2 Leads hatte bis zum 31. Oktober 2026 keinen"
            ),
            (
                "0 of 1 due lead had a first contact within 4 working hours (0.0%); "
                "1 of 2 leads had none by 31 October 2026"
            ),
        ),
        (
            waits(2, 2, 2, 0),
            (
                "Keiner von 2 fälligen Leads hatte binnen 4 Arbeitsstunden einen Erstkontakt; "
                "2 von 2 Leads hatten bis zum 31. Oktober 2026 keinen"
            ),
            (
                "None of 2 due leads had a first contact within 4 working hours; "
                "2 of 2 leads had none by 31 October 2026"
            ),
        ),
        (
            waits(1, 1, None, 0),
            "Der einzige Lead hatte bis zum 31. Oktober 2026 keinen Erstkontakt",
            "The only lead had no first contact by 31 October 2026",
        ),
    ],
)
def test_few_waits_are_counted_in_the_right_number(
    result: Result, german: str, english: str
) -> None:
    assert said(result) == (german, english)


def stays(entered: int, still: int, median: float) -> Result:
    table = drawn.time_in_stage_result().table.head(1)
    table = table.assign(entered_leads=entered, open_leads=still, median_days=median)
    return drawn.result_of("time_in_stage", table, drawn.october())


def test_few_stays_in_a_stage() -> None:
    assert said(stays(1, 1, drawn.NAN))[0].endswith("in „Anfrage“ war noch 1 von 1 Lead")
    assert said(stays(2, 2, drawn.NAN))[1].endswith("; 2 of 2 leads were still in “Inquiry”")
    assert said(stays(2, 0, 3.0)) == (
        (
            "Keine Phase mit genug Leads für einen Vergleich der Dauern bis zum 31. Oktober 2026 "
            "(nötig: 5 Leads)"
        ),
        (
            "No stage with enough leads for a comparison of durations by 31 October 2026 "
            "(needed: 5 leads)"
        ),
    )


def hidden(result: Result) -> Result:
    """The same where the only group is too small to show."""
    table = result.table.convert_dtypes()
    numbers = [each for each in table.select_dtypes("number") if each != "position"]
    table[numbers] = table[numbers].mask(pd.Series(True, table.index))
    table = table.assign(segment="other_groups", is_folded=True)
    parts = {"against_rest": drawn.against_rest()}
    return drawn.result_of(result.metric, table, drawn.october(by="origin"), parts=parts)


@pytest.mark.parametrize(
    "result", [counted(), stays(3, 1, 2.0), drawn.waiting_result()], ids=lambda each: each.metric
)
def test_a_group_too_small_to_show_is_not_no_leads(result: Result) -> None:
    assert said(hidden(result)) == (
        "Zu wenige Leads im Oktober 2026: unter der vereinbarten Mindestgröße, nicht gezeigt",
        "Too few leads in October 2026: below the agreed minimum, not shown",
    )


def test_tables_of_a_hidden_group_have_dashes() -> None:
    for table, result in (
        (tables.time_in_stage, stays(3, 1, 2.0)),
        (tables.waiting, drawn.waiting_result()),
        (tables.conversion, counted()),
    ):
        html = table(hidden(result), language="en").as_raw_html()
        assert "–" in html
        assert "not reached" not in html


@pytest.mark.parametrize(
    ("period", "alone", "within"),
    [
        ("2026-10-30..2026-10-30", "30. Oktober 2026", "am 30. Oktober 2026"),
        (
            "2026-10-30..2026-10-31",
            "30. Oktober 2026 bis 31. Oktober 2026",
            "vom 30. Oktober 2026 bis zum 31. Oktober 2026",
        ),
        ("2026-12-01..2026-12-31", "Dezember 2026", "im Dezember 2026"),
    ],
)
def test_a_period_of_one_day_or_one_whole_month(period: str, alone: str, within: str) -> None:
    assert DE.period(period) == alone
    assert DE.in_period(period) == within


def test_one_day_in_english() -> None:
    day = Period(date(2026, 10, 30), date(2026, 10, 31), "2026-10-30..2026-10-30")
    assert parse_period(day.label) == day
    assert EN.period(day) == "30 October 2026"
    assert EN.in_period(day) == "on 30 October 2026"


_WRONG = re.compile(
    r"\b1 (?:leads|stays|passes|closings|due leads|Leads|Durchläufe|Aufenthalten?|fälligen Leads)\b"
    r"|\b(?:Keiner|Kein Lead|None|Alle|All|alle|all) (?:von |of )?[01] |(?:von|of) 0 ",
)


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_sentence_of_stages_and_flows_has_a_wrong_number(count: int, part: int) -> None:
    part = min(count, part)
    stays_of = [(count - part, 0, 0, part, 0, 0, 0), *[(0,) * 7] * 3]
    closed = (count, part, part) if count else (1, 0, 0)
    results = [
        counted((count, part)),
        counted((count, part), passes="every"),
        drawn.result_of(
            "stage_conversion", drawn.stage_rows((count, part), mature=1), drawn.october()
        ),
        drawn.result_of(
            "stage_conversion", drawn.stage_rows((count, part), cut=True), drawn.october()
        ),
        drawn.result_of(
            "stage_conversion",
            drawn.stage_rows((count, part), segment="2026-10"),
            drawn.october(by="created_month"),
        ),
        stays(count, part, drawn.NAN),
        waits(count, part, count or None, part),
        drawn_flows.flows_result(stays_of),
        drawn_flows.later_result(rejected=closed),
    ]
    for result in results:
        for text in said(result):
            assert not _WRONG.search(text), text


def test_the_title_of_a_figure_says_the_window() -> None:
    figure = plots.funnel(counted(within_days=30.0), language="en")
    assert "within 30 days per step" in title(figure).replace("  ", " ")
