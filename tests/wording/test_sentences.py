"""Golden sentences: what each result is said to have found, in both languages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest

from funnel_analytics.errors import CallError
from funnel_analytics.results import Note
from funnel_analytics.wording import notice, summary_sentences
from tests.wording import drawn
from tests.wording.drawn_plan import plan_result
from tests.wording.spoken import DE, EN, said


# inquiry 400 ─ mql 240 ─ sal 180 ─ sql 60: 33,3 % is the lowest step
def test_the_lowest_step() -> None:
    assert said(drawn.funnel_result()) == (
        (
            "60 von 180 Leads aus „Vom SDR angenommener Lead“ hatten bis zum 31. Oktober 2026 "
            "„Vertriebsqualifizierter Lead“ erreicht (33,3 %): die niedrigste der 5 Übergangsraten"
        ),
        (
            "60 of 180 leads from “Sales accepted lead” had reached “Sales qualified lead” "
            "by 31 October 2026 (33.3%): the lowest of the 5 step rates"
        ),
    )


def test_the_lowest_step_says_which_steps_were_compared() -> None:
    german, english = said(drawn.funnel_result(mature=4))
    assert german.endswith("(33,3 %): die niedrigste der 3 reifen Übergangsraten (von 5)")
    assert english.endswith("(33.3%): the lowest of the 3 mature step rates (of 5)")


@pytest.mark.parametrize(
    ("reached", "german", "verb", "english"),
    [
        ((10, 10, 1), "1 von 10 Leads aus", "hatte", "1 of 10 leads from"),
        ((10, 10, 10), "10 von 10 Leads aus", "hatten", "10 of 10 leads from"),
        ((10, 10, 0), "Keiner von 10 Leads aus", "hatte", "None of 10 leads from"),
    ],
)
def test_one_all_and_none_went_on(
    reached: tuple[int, ...], german: str, verb: str, english: str
) -> None:
    table = drawn.stage_rows(reached)
    result = drawn.result_of("stage_conversion", table, drawn.october(mode="at_least"))
    texts = said(result)
    assert texts[0].startswith(german)
    assert texts[1].startswith(english)
    assert f" {verb} bis zum 31. Oktober 2026" in texts[0]


def test_an_immature_cohort_is_no_lowest_step() -> None:
    assert said(drawn.funnel_result(mature=1)) == (
        (
            "12 von 400 Leads hatten bis zum 31. Oktober 2026 „Gewonnen“ erreicht; "
            "die Kohorte ist noch nicht reif"
        ),
        "12 of 400 leads had reached “Won” by 31 October 2026; the cohort is not yet mature",
    )


def test_a_cohort_cut_off_on_the_left_is_not_called_bad() -> None:
    table = drawn.stage_rows((50, 10, 0), cut=True)
    result = drawn.result_of("stage_conversion", table, drawn.october(mode="at_least"))
    assert said(result) == (
        (
            "Von 50 Leads ist bis zum 31. Oktober 2026 kein Eintritt in „Gewonnen“ erfasst; "
            "die Daten beginnen später als die Kohorte"
        ),
        (
            "Of 50 leads no entry into “Won” is recorded by 31 October 2026; "
            "the data begin later than the cohort"
        ),
    )
    table = drawn.stage_rows((50, 10, 3), cut=True)
    result = drawn.result_of("stage_conversion", table, drawn.october(mode="at_least"))
    assert said(result) == (
        (
            "Mindestens 3 von 50 Leads hatten bis zum 31. Oktober 2026 „Gewonnen“ erreicht; "
            "die Daten beginnen später als die Kohorte"
        ),
        (
            "At least 3 of 50 leads had reached “Won” by 31 October 2026; "
            "the data begin later than the cohort"
        ),
    )


def test_small_steps_are_not_ranked() -> None:
    """The step 3 of 4 has fewer leads than the minimum group size of 5."""
    table = drawn.stage_rows((100, 50, 4, 3))
    result = drawn.result_of("stage_conversion", table, drawn.october(mode="at_least"))
    german, english = said(result)
    assert german.startswith("4 von 50 Leads aus „Vertriebsqualifizierter Lead“")
    assert german.endswith("(8,0 %): die niedrigste der 2 vergleichbaren Übergangsraten (von 3)")
    assert english.endswith("(8.0%): the lowest of the 2 comparable step rates (of 3)")


def test_groups_that_differ_and_groups_that_overlap() -> None:
    assert said(drawn.segments_result()) == (
        (
            "„Gewonnen“ bis zum 31. Oktober 2026 nach Herkunft: am häufigsten „Inbound“ mit 10,0 % "
            "(20 von 200 Leads), am seltensten „Outbound“ mit 2,0 % (2 von 100 Leads)"
        ),
        (
            "“Won” by 31 October 2026, by origin: most often “Inbound” with 10.0% "
            "(20 of 200 leads), least often “Outbound” with 2.0% (2 of 100 leads)"
        ),
    )
    table = pd.concat(
        [
            drawn.stage_rows((100, 10), segment="inbound"),
            drawn.stage_rows((100, 8), segment="outbound"),
        ]
    )
    result = drawn.result_of("stage_conversion", table, drawn.october(by="origin"))
    assert said(result)[1] == (
        "“Won” by 31 October 2026, by origin: 8.0% to 10.0%; the intervals overlap, "
        "no clear difference"
    )


def test_cohorts_speak_of_the_last_mature_month() -> None:
    assert said(drawn.cohorts_result()) == (
        (
            "16 von 150 Leads aus dem Juni 2026 hatten bis zum 31. Oktober 2026 „Gewonnen“ "
            "erreicht (10,7 %); "
            "4 jüngere Kohorten sind noch nicht reif"
        ),
        (
            "16 of 150 leads from June 2026 had reached “Won” by 31 October 2026 (10.7%); "
            "4 younger cohorts are not yet mature"
        ),
    )


def test_no_leads() -> None:
    empty = drawn.result_of("stage_conversion", drawn.stage_rows((0, 0)), drawn.october())
    assert said(empty) == (
        "In der Kohorte Oktober 2026 gibt es keine Leads",
        "There are no leads in the cohort October 2026",
    )


def test_throughput_of_the_last_month() -> None:
    result = drawn.throughput_result()
    assert said(result) == (
        (
            "Im Oktober 2026 traten 6 Leads in „Gewonnen“ ein; „Anfrage“: 191 Leads; "
            "der Monat ist noch nicht abgeschlossen"
        ),
        (
            "6 leads entered “Won” in October 2026; “Inquiry”: 191 leads; "
            "the month is not yet complete"
        ),
    )


def test_time_in_stage() -> None:
    assert said(drawn.time_in_stage_result()) == (
        (
            "Am längsten dauerte „Opportunity“: Die Hälfte von 30 Leads hatte die Phase nach "
            "61,5 Tagen verlassen (vereinbart: 90 Tage)"
        ),
        (
            "“Opportunity” took longest: half of 30 leads had left the stage after 61.5 days "
            "(agreed: 90 days)"
        ),
    )


@pytest.mark.parametrize(
    ("waiting", "german", "english"),
    [
        (
            12,
            "12 von 100 Leads hatten bis zum 31. Oktober 2026 keinen",
            "12 of 100 leads had none by",
        ),
        (1, "1 von 100 Leads hatte bis zum 31. Oktober 2026 keinen", "1 of 100 leads had none by"),
        (
            0,
            "alle 100 Leads hatten bis zum 31. Oktober 2026 einen Erstkontakt",
            "all 100 leads had a first contact by",
        ),
    ],
)
def test_waiting(waiting: int, german: str, english: str) -> None:
    texts = said(drawn.waiting_result(waiting=waiting))
    assert texts[0] == (
        "72 von 90 fälligen Leads hatten binnen 4 Arbeitsstunden einen Erstkontakt (80,0 %); "
        + german
    )
    assert texts[1] == (
        "72 of 90 due leads had a first contact within 4 working hours (80.0%); "
        f"{english} 31 October 2026"
    )


def test_leads_with_several_deadlines_have_their_own() -> None:
    german, english = said(drawn.mixed_deadlines_result())
    assert german.startswith(
        "72 von 90 fälligen Leads hatten innerhalb der für sie vereinbarten Frist einen Erstkontakt"
    )
    assert english.startswith("72 of 90 due leads had a first contact within their agreed deadline")


def test_a_stage_that_half_have_not_left_says_how_many_are_there() -> None:
    assert said(drawn.never_left_result()) == (
        (
            "In keiner Phase hatte bis zum 31. Oktober 2026 die Hälfte der Leads sie verlassen; "
            "in „Anfrage“ waren noch 310 von 400 Leads"
        ),
        (
            "In no stage had half of the leads left by 31 October 2026; "
            "310 of 400 leads were still in “Inquiry”"
        ),
    )


def test_tables_have_names_and_figures_findings() -> None:
    assert DE.table_name(drawn.funnel_result()) == "Erreichte Phasen"
    assert EN.table_name(drawn.funnel_result()) == "Stages reached"
    assert EN.list_of(["2", "4", "8"], last="either") == "2, 4 or 8"


def test_leads_by_month_name_the_peak() -> None:
    assert said(plan_result(), by_month=True)[1] == (
        "€900,000 of revenue in Q1 2027 needs 2,550 further leads at 80% probability; "
        "the highest month is January 2027 with 1,275"
    )


def test_subtitle_and_footer() -> None:
    result = drawn.segments_result()
    assert DE.subtitle(result) == (
        "Beispiel Maschinenbau GmbH · Leads der Kohorte Oktober 2026: erreichte Phasen · "
        "Anzahl und Anteil · nach Herkunft"
    )
    footer = EN.footer(result)
    assert footer.startswith(
        "n = 407 leads · As of 31 October 2026 · Reached: the stage or a later"
    )
    assert "mode “at least”" in footer
    assert "mode “ordered”" in EN.definition("stage_conversion", mode="ordered")


def test_notes_say_what_was_counted_and_stay_silent_about_nothing() -> None:
    assert DE.notes(drawn.funnel_result()) == (
        "Bei 9 Leads wurde mindestens eine übersprungene Phase ergänzt.",
        "Nicht gezählt (angelegt im Oktober 2026): 3 zusammengeführte Leads und 1 Testlead.",
    )
    silent = [Note("imputed", {"leads": 0}), Note("excluded", dict.fromkeys(("merged", "test"), 0))]
    result = drawn.result_of("stage_conversion", drawn.stage_rows((3,)), {}, notes=silent)
    assert EN.notes(result) == ()


@pytest.mark.parametrize(
    ("metric", "parameters", "german", "english"),
    [
        ("loss_reasons", {"period": "2026-08"}, "bis zum 31. August 2026", "by 31 August 2026"),
        ("loss_reasons", {"period": "2026"}, "bis zum 31. Oktober 2026", "by 31 October 2026"),
        (
            "stage_flows",
            {"period": "2026-08", "kind": "created"},
            "im August 2026",
            "in August 2026",
        ),
        (
            "explain_change",
            {"before": "2026-06", "after": "2026-07"},
            "im Juni 2026 oder im Juli 2026",
            "in June 2026 or in July 2026",
        ),
        ("stuck_leads", {}, "bis zum 31. Oktober 2026", "by 31 October 2026"),
    ],
)
def test_leads_left_out_are_said_of_the_days_they_were_created_in(
    metric: str, parameters: dict[str, Any], german: str, english: str
) -> None:
    notes = [Note("excluded", {"merged": 1, "deleted": 0, "test": 2})]
    result = drawn.result_of(metric, drawn.stage_rows((3,)), parameters, notes=notes)
    assert DE.notes(result) == (
        f"Nicht gezählt (angelegt {german}): 1 zusammengeführter Lead und 2 Testleads.",
    )
    assert EN.notes(result) == (
        f"Not counted (created {english}): 1 merged lead and 2 test leads.",
    )


def test_an_export_that_ended_is_named_with_its_last_day() -> None:
    shown = drawn.throughput_result()
    notes = [Note("ended_exports", {"lead": "2026-08-31"})]
    table = shown.table
    late = (table["month"] > date(2026, 8, 31)) & (table["position"] == 1)
    table.loc[late, ["entered_leads", "imputed_leads", "total_leads"]] = None
    result = drawn.result_of("stage_throughput", table, shown.parameters, notes=notes)
    assert DE.notes(result) == (
        "Leads: Die Daten enden am 31. August 2026; was danach geschah, ist unbekannt (–).",
    )
    german, english = said(result)
    assert german.startswith("Im Oktober 2026 traten 6 Leads in „Gewonnen“ ein; der Monat")
    assert english.startswith("6 leads entered “Won” in October 2026; the month")


def test_a_note_without_a_sentence_is_not_lost() -> None:
    result = drawn.result_of(
        "stage_conversion", drawn.stage_rows((3,)), {}, notes=[Note("novel", {"rows": 1234})]
    )
    assert EN.notes(result) == ("novel: rows = 1,234.",)


def test_missing_is_not_the_value_unknown() -> None:
    agreement = drawn.sample_agreement()
    assert DE.segment(agreement, "origin", None) == "Ohne Angabe"
    assert DE.segment(agreement, "origin", "unknown") == "Unbekannt"
    assert DE.segment(agreement, "origin", "direct_traffic") == "Direktzugriff"
    assert EN.segment(agreement, "origin", "word_of_mouth") == "Word of mouth"
    assert EN.segment(agreement, "origin", "B2B_list x") == "B2B_list x"
    assert DE.attribute_label("employees_class") == "Mitarbeiterklasse"
    assert EN.attribute_label("buying_role") == "Buying role"
    assert DE.channel(agreement, None) != DE.channel(agreement, None, no_known_touch=True)


def test_the_summary_is_three_sentences_in_order_from_results_only() -> None:
    sentences = summary_sentences(
        drawn.waiting_result(), drawn.funnel_result(), drawn.one_target(), drawn.missing_touches()
    )
    assert [sentence.split()[0] for sentence in sentences] == ["Umsatz", "60", "72"]
    assert all(sentence.endswith(".") for sentence in sentences)
    assert summary_sentences(drawn.missing_touches()) == ()


def test_a_missing_table_is_named_with_its_export() -> None:
    said_in_german = str(notice(drawn.missing_touches()))
    assert said_in_german.startswith(
        "Dieser Abschnitt braucht Daten, die nicht geladen wurden: Kontaktpunkte. "
        "Exportieren Sie die Kontaktpunkte"
    )
    assert "Export the touches" in str(notice(drawn.missing_touches(), language="en"))


def test_a_metric_without_sentences_is_refused() -> None:
    result = drawn.result_of("novel_metric", pd.DataFrame(), {})
    with pytest.raises(CallError, match="no sentence for novel_metric"):
        EN.finding(result)


def test_as_of_within_a_day() -> None:
    result = drawn.result_of(
        "stage_conversion",
        drawn.stage_rows((10, 9, 5)),
        drawn.october(),
        as_of=datetime(2026, 11, 15, 9, 30),
    )
    assert "by 15 November 2026" in EN.finding(result)
    assert "As of 15 November 2026, 10:30" in EN.footer(result)


def test_checks_are_counted() -> None:
    assert DE.check_finding({"pass": 1}) == "Die einzige Prüfung ist bestanden"
    assert DE.check_finding({"pass": 7, "review": 10}) == (
        "Keine Prüfung mit Fehlern, 10 anzusehen, 7 bestanden"
    )
    assert EN.check_finding({"pass": 14, "review": 2, "fail": 1}) == (
        "1 check failed, 2 to review, 14 passed"
    )
    assert EN.day(date(2026, 1, 15), short=True) == "15 Jan 2026"
