"""Figures, tables and sentences of curves, read back: what is said, drawn and left out."""

from __future__ import annotations

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.results import Missing, Note, Result
from funnel_analytics.wording import words_for
from tests.wording.drawn import EVIL, NAN, october, result_of, sample_agreement


def curve_rows(segment, rates, *, low=True, cut=False):
    days = (3, 10, 20, 40)
    return pd.DataFrame(
        {
            "segment": segment,
            "is_folded": False,
            "position": 6,
            "stage": "won",
            "day": days,
            "at_risk_leads": [100, 80, 60, 40],
            "reached_leads": 1,
            "competing_leads": 0,
            "censored_leads": 0,
            "incidence_rate": rates,
            "incidence_low": [each / 2 for each in rates] if low else NAN,
            "incidence_high": [min(each * 2, 1) for each in rates] if low else NAN,
            "standard_error": 0.01,
            "is_left_truncated": cut,
        }
    )


def totals_of(rows, *, leads=100, reached=4, mature=10.0):
    last = rows.iloc[-1]
    keys = ["segment", "is_folded", "position", "stage", "is_left_truncated"]
    rates = ["incidence_rate", "incidence_low", "incidence_high"]
    return {
        **last[keys + rates],
        "leads": leads,
        "reached_leads": reached,
        "competing_leads": 0,
        "censored_leads": leads - reached,
        "unwatched_leads": 0,
        "longest_days": 40,
        "mature_days": mature,
    }


def curve_result(*groups: pd.DataFrame, p_value=None, totals=None, **parameters) -> Result:
    table = pd.concat(groups, ignore_index=True)
    test = {"position": 6, "stage": "won", "test": "gray", "segments": len(groups)}
    tests = [{**test, "statistic": 9.0, "degrees_of_freedom": 1, "p_value": p_value}]
    return result_of(
        "conversion_curve",
        table,
        october(stage=None, method="aalen_johansen") | parameters,
        parts={
            "totals": pd.DataFrame(totals or [totals_of(each) for each in groups]),
            "milestones": table[table["day"].isin([10, 20])],
            "tests": pd.DataFrame(tests if p_value is not None else [], columns=list(tests[0])),
        },
        notes=[Note("unwatched", {"leads": 3})],
    )


RATES = [0.01, 0.02, 0.03, 0.04]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "4,0\u202f% der Leads erreichen „Gewonnen“ binnen 40 Tagen (2,0–8,0\u202f%), "
               "90\u202f% davon binnen 10 Tagen"),
        ("en", "4.0% of leads reach “Won” within 40 days (2.0–8.0%), 90% of these within 10 days"),
    ],
)  # fmt: skip
def test_one_curve_says_how_many_and_by_when(language, sentence):
    result = curve_result(curve_rows(None, RATES))
    assert words_for(result, language=language).finding(result) == sentence
    figure = fa.plots.conversion_curve(result, language=language)
    assert sentence.split(" (")[0] in figure.layout.title.text.replace("<br>", " ")


def test_a_curve_is_drawn_with_band_mature_age_and_who_was_watched():
    figure = fa.plots.conversion_curve(curve_result(curve_rows(None, RATES)), language="en")
    high, low, steps = figure.data
    assert (list(steps.x), list(steps.y)) == ([0, 3, 10, 20, 20], [0, 0.01, 0.02, 0.03, 0.03])
    assert (steps.line.shape, low.fill, high.fill) == ("hv", "tonexty", None)
    assert (list(high.y)[:2], list(low.y)[:2]) == ([0.02, 0.04], [0.005, 0.01])
    assert figure.layout.shapes[0].x0 == 10
    texts = [each.text for each in figure.layout.annotations]
    assert "90% of these: 10 days" in texts
    watched = [each.text for each in figure.layout.annotations if each.name == "at risk"]
    assert watched == ["At risk", "80", "60"]
    assert figure.layout.xaxis.title.text == "Age of the lead (days since creation)"
    footer = next(each.text for each in figure.layout.annotations if each.name == "footer")
    footer = footer.replace("<br>", " ")
    assert "n = 100 leads" in footer
    assert "Shown up to 20 days; observed are up to 40 days." in footer
    assert "3 leads were through before the data begin" in footer


def test_groups_are_compared_by_the_test_and_escaped():
    groups = [curve_rows("inbound", RATES), curve_rows(EVIL, [4 * each for each in RATES])]
    result = curve_result(*groups, p_value=0.0004, by="campaign")
    said = words_for(result, language="en").finding(result)
    assert said == (
        "“Won” by campaign: the curves differ (Gray's test, p < 0.001), "
        f"from 4.0% (“inbound”) to 16.0% (“{EVIL}”)"
    )
    figure = fa.plots.conversion_curve(result, language="de")
    assert "<b onclick" not in figure.to_json()
    assert "Striche: 95-%-Intervall." in figure.to_json()
    html = fa.tables.conversion_curve(result, language="de").as_raw_html()
    assert "<b onclick" not in html
    alike = curve_result(*groups, p_value=0.2, by="campaign")
    assert "kein klarer Unterschied" in words_for(alike).finding(alike)
    untested = curve_result(groups[0], by="campaign")
    assert "keine zwei Gruppen" in words_for(untested).finding(untested)


def test_what_nobody_reached_and_what_is_cut_off():
    flat = curve_rows(None, [0.0] * 4, low=False, cut=True)
    totals = [totals_of(flat, reached=0, mature=NAN)]
    result = curve_result(flat, totals=totals)
    said = words_for(result, language="en").finding(result)
    assert said == "None of 100 leads had reached “Won” by 31 October 2026"
    figure = fa.plots.conversion_curve(result, language="en")
    assert "Older leads count only from where the data begin." in figure.to_json()
    table = fa.tables.conversion_curve(result, language="en").as_raw_html()
    assert "Older leads count only from where the data begin." in table


def cohorts(**changed) -> Result:
    table = pd.DataFrame(
        {
            "segment": None,
            "is_folded": False,
            "period_start": pd.to_datetime(["2026-08-01", "2026-09-01", "2026-10-01"]),
            "stage": "won",
            "leads": [50, 100, 40],
            "reached_leads": [1, 4, 0],
            "competing_leads": [9, 30, 2],
            "open_leads": [40, 66, 38],
            "reached_rate": [0.02, 0.04, 0.0],
            "expected_final_leads": [NAN, 6.5, 2.0],
            "expected_rate": [NAN, 0.065, 0.05],
            "expected_low": [NAN, 0.05, 0.0],
            "expected_high": [NAN, 0.09, 0.1],
            "maturity": [1.0, 0.6, 0.1],
            "is_mature": [True, False, False],
            "is_left_truncated": [True, False, False],
            "is_complete": [True, True, False],
        }
    ).assign(**changed)
    return result_of("expected_conversion", table, october(stage="won", every="month"))


def test_the_youngest_whole_cohort_is_spoken_of():
    result = cohorts()
    assert words_for(result, language="de").finding(result) == (
        "4 von 100 Leads aus September 2026 hatten bis zum 31. Oktober 2026 „Gewonnen“ erreicht; "
        "am Ende zu erwarten: 6,5 Leads oder 6,5\u202f% (5,0–9,0\u202f%)"
    )
    nothing = cohorts(expected_rate=NAN)
    assert "no cohort of which" in words_for(nothing, language="en").finding(nothing)


def test_what_is_expected_stands_behind_what_is_there():
    figure = fa.plots.expected_conversion(cohorts(), language="en")
    expected, reached, final = figure.data
    assert list(reached.y) == [0.02, 0.04, 0.0]
    assert list(expected.y)[1:] == [0.065, 0.05]
    assert list(reached.marker.pattern.shape) == ["", "/", "/"]
    assert reached.marker.color[0] != reached.marker.color[1]  # cut off: not a real rate
    assert list(final.error_y.array)[1:] == pytest.approx([0.025, 0.05])
    assert next(each.text for each in figure.layout.annotations if each.x == 0) == "×"
    assert list(figure.layout.xaxis.ticktext) == ["Aug<br>2026", "Sep<br>", "Oct<br>"]
    html = fa.tables.expected_conversion(cohorts(), language="en").as_raw_html()
    assert "data begin later" in html
    assert "60% (immature)" in html


def cycles_by_origin(row, partner, *, p_value=0.012):
    rows = [row, {**row, "segment": "partner", **partner}]
    rows += [{**row, "segment": "few", "median_days": 1.0, "reached_leads": 2}]
    test = {"test": "median", "segments": 2, "statistic": 6.3, "degrees": 1, "p_value": p_value}
    return result_of(
        "sales_cycle",
        pd.DataFrame(rows),
        october(start="inquiry", end="won", by="origin"),
        parts={"tests": pd.DataFrame([test])},
    )


def test_sales_cycles_in_words_and_as_a_table():
    row = {
        "segment": "inbound", "is_folded": False, "start_stage": "inquiry", "end_stage": "won",
        "started_leads": 90, "reached_leads": 12, "ended_leads": 30, "open_leads": 48,
        "median_days": 80.0, "median_low_days": 70.1, "median_high_days": 90.0,
        "p75_days": 100.0, "p75_low_days": 90.0, "p75_high_days": 110.0,
        "p90_days": 120.5, "p90_low_days": 110.0, "p90_high_days": 150.0,
        "naive_median_days": 70.0,
        "is_left_truncated": False,
    }  # fmt: skip
    parameters = october(start="inquiry", end="won")
    one = result_of("sales_cycle", pd.DataFrame([row]), parameters)
    assert words_for(one, language="de").finding(one) == (
        "Von „Anfrage“ bis „Gewonnen“ braucht die Hälfte der Leads, die ankommen, höchstens "
        "80,0 Tage (70,1–90,0), neun Zehntel höchstens 120,5 Tage (110,0–150,0)"
    )
    several = cycles_by_origin(row, {"median_days": 40.0, "median_high_days": 60.0})
    said = words_for(several, language="en").finding(several)
    assert said == (
        "From “Inquiry” to “Won” by origin: quickest “Partner” (half of them in 40.0 days), "
        "slowest “Inbound” (80.0 days; median test, p = 0.012)"
    )
    html = fa.tables.sales_cycle(several, language="en").as_raw_html()
    assert "Median of the finished (days)" in html
    assert "80.0 (70.1–90.0)" in html
    assert "In brackets the 95% interval." in html
    alike = cycles_by_origin(row, {}, p_value=0.31)
    assert words_for(alike, language="de").finding(alike) == (
        "Von „Anfrage“ bis „Gewonnen“ nach Herkunft: kein klarer Unterschied zwischen den Gruppen "
        "(Mediantest, p = 0,31)"
    )
    near = cycles_by_origin(row, {"median_days": 60.0, "median_high_days": 75.0})
    assert "cannot be told for sure" in words_for(near, language="en").finding(near)
    untested = cycles_by_origin(row, {}, p_value=NAN)
    assert "keine zwei Gruppen" in words_for(untested).finding(untested)
    first = pd.DataFrame([{**row, "reached_leads": 1, "median_days": 1.0}])
    single = result_of("sales_cycle", first, parameters)
    assert words_for(single, language="de").finding(single) == (
        "Von „Anfrage“ bis „Gewonnen“ ist bis zum 31. Oktober 2026 erst 1 Lead gekommen, nach "
        "1,0 Tagen"
    )
    assert words_for(single, language="en").finding(single) == (
        "Only 1 lead had got from “Inquiry” to “Won” by 31 October 2026, in 1.0 days"
    )
    none = result_of("sales_cycle", pd.DataFrame([row]).assign(median_days=NAN), parameters)
    assert "kein Lead gekommen" in words_for(none).finding(none)
    assert "not reached" in fa.tables.sales_cycle(none, language="en").as_raw_html()


def test_stuck_leads_in_words_and_as_tables():
    table = pd.DataFrame(
        {
            "segment": None, "is_folded": False, "position": [3, 5],
            "stage": ["sales_accepted", "opportunity"], "open_leads": [40, 20],
            "expected_days": [20.0, NAN], "stuck_leads": pd.array([25, None], dtype="Int64"),
            "stuck_share": [0.625, NAN], "median_age_days": [33.0, 8.0],
            "open_amount": [5000.0, 900.0], "stuck_amount": [3000.0, NAN],
        }
    )  # fmt: skip
    late = pd.DataFrame(
        [{"lead": EVIL, "segment": None, "is_folded": False, "position": 3,
          "stage": "sales_accepted", "age_days": 50.0, "over_days": 30.0}] * 30
    )  # fmt: skip
    result = result_of("stuck_leads", table, october(), parts={"leads": late})
    assert words_for(result, language="en").finding(result) == (
        "25 of 40 open leads in stages with an agreed duration have been in their stage for longer "
        "than agreed, all of them in “Sales accepted lead”; 20 other open leads are in stages "
        "without one; value of their open deals: €3,000"
    )
    assert "62.5%" in fa.tables.stuck_leads(result, language="en").as_raw_html()
    each = fa.tables.stuck_leads(result, leads=True, language="de").as_raw_html()
    assert "<b onclick" not in each
    assert "Gezeigt: 20 von 30" in each
    nothing = table.assign(expected_days=NAN)
    unknown = result_of("stuck_leads", nothing, october(), parts={"leads": late})
    assert "60 Leads sind offen" in words_for(unknown).finding(unknown)


def stuck(*stages, other=0):
    """Stages as (open, stuck) leads, and one stage without an agreed duration."""
    names = ["sales_accepted", "opportunity"][: len(stages)] + ["inquiry"] * bool(other)
    table = pd.DataFrame(
        {
            "segment": None, "is_folded": False, "position": range(len(names)), "stage": names,
            "open_leads": [each[0] for each in stages] + [other] * bool(other),
            "expected_days": [20.0] * len(stages) + [NAN] * bool(other),
            "stuck_leads": pd.array([each[1] for each in stages] + [None] * bool(other), "Int64"),
            "stuck_amount": NAN,
        }
    )  # fmt: skip
    result = result_of("stuck_leads", table, october())
    return tuple(words_for(result, language=each).finding(result) for each in ("de", "en"))


LATE = "länger in seiner Phase als vereinbart"
ACCEPTED = "„Vom SDR angenommener Lead“"


@pytest.mark.parametrize(
    ("found", "german", "english"),
    [
        (
            stuck((1, 0)),
            f"Der einzige offene Lead ist nicht {LATE}",
            "The only open lead has not been in its stage for longer than agreed",
        ),
        (
            stuck((1, 1)),
            f"Der einzige offene Lead ist {LATE}: in {ACCEPTED}",
            "The only open lead has been in its stage for longer than agreed: in “Sales accepted "
            "lead”",
        ),
        (
            stuck((2, 0)),
            f"Keiner von 2 offenen Leads ist {LATE}",
            "None of 2 open leads has been in its stage for longer than agreed",
        ),
        (
            stuck((2, 1)),
            f"1 von 2 offenen Leads ist {LATE}: in {ACCEPTED}",
            "1 of 2 open leads has been in its stage for longer than agreed: in “Sales accepted "
            "lead”",
        ),
        (
            stuck((1, 1), (1, 1)),
            "2 von 2 offenen Leads sind länger in ihrer Phase als vereinbart, davon 1 in "
            f"{ACCEPTED}",
            "2 of 2 open leads have been in their stage for longer than agreed, 1 of them in "
            "“Sales accepted lead”",
        ),
        (
            stuck((1, 0), other=1),
            f"Der einzige offene Lead in einer Phase mit vereinbarter Dauer ist nicht {LATE}; "
            "1 weiterer offener Lead ist in einer Phase ohne vereinbarte Dauer",
            "The only open lead in a stage with an agreed duration has not been in its stage for "
            "longer than agreed; 1 other open lead is in a stage without one",
        ),
        (
            stuck((18, 18), other=9),
            "18 von 18 offenen Leads in Phasen mit vereinbarter Dauer sind länger in ihrer Phase "
            f"als vereinbart, alle in {ACCEPTED}; 9 weitere offene Leads sind in Phasen ohne "
            "vereinbarte Dauer",
            "18 of 18 open leads in stages with an agreed duration have been in their stage for "
            "longer than agreed, all of them in “Sales accepted lead”; 9 other open leads are in "
            "stages without one",
        ),
    ],
)
def test_stuck_leads_of_none_one_and_several(found, german, english):
    assert found == (german, english)


@pytest.mark.parametrize("name", ["conversion_curve", "expected_conversion"])
def test_what_is_missing_becomes_a_notice(name):
    missing = Missing(name, "stage_event", "", sample_agreement())
    for place in (fa.plots, fa.tables):
        assert isinstance(getattr(place, name)(missing), fa.tables.Notice)
