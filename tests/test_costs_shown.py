"""Figures, tables and sentences of costs, read back: what is said, drawn, grey and missing."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics import theme
from funnel_analytics.errors import CallError
from funnel_analytics.results import Missing, Note, Result
from funnel_analytics.wording import Notice
from tests.figures import footer, labels, title
from tests.wording.drawn import EVIL, NAN, result_of, sample_agreement
from tests.wording.spoken import DE, EN, said

TOTAL = Note(
    "costs_total",
    {"spend": 1500.0, "deals": 3.5, "revenue": 5000.0, "pipeline": 9000.0, "untouched_deals": 2,
     "untouched_revenue": 700.0, "free_revenue": 800.0},
)  # fmt: skip
NOTES = (
    TOTAL,
    Note("touch_costs_unused", {"cost": 12.0}),
    Note("touches_without_cost", {"touches": 1}),
    Note("costs_immature", {"channels": ["display", None]}),
    Note("leads_hidden", {"groups": 2}),
    Note("marginal_missing", {"reasons": {"few_months": ["display"], "same_leads": ["email"]},
                              "rows": 3, "fewest_months": 12}),
)  # fmt: skip


def row(channel: str | None, spend: float, revenue: float, **more: Any) -> dict[str, Any]:
    ratio = revenue / spend if spend > 0 else NAN
    return {
        "channel": channel,
        "name": None,
        "objective": None,
        "is_no_known_touch": False,
        "cost_source": "spend" if spend == spend else None,
        "spend": spend,
        "cost_rows": 3,
        "rows_without_cost": 0,
        "touches": 40,
        "leads": 10,
        "is_leads_hidden": False,
        "cost_per_lead": spend / 10,
        "credited_deals": 2.0,
        "cost_per_won_deal": spend / 2,
        "credited_revenue": revenue,
        "revenue_per_spend": ratio,
        "credited_pipeline": 2 * revenue,
        "pipeline_per_spend": 2 * ratio,
        "payback_months": 0.7 if ratio >= 1 else NAN,
        "maturity": 1.0,
        "is_mature": True,
        **more,
    }


YOUNG = {"maturity": 0.4, "is_mature": False}
ROWS = (
    row("paid_search", 1000, 2500),
    row("display", 400, 100, **YOUNG),
    row("email", 100, 50),
    row(None, NAN, 800, cost_per_lead=NAN),
)


def drawn(*rows: dict[str, Any], by: str = "channel", basis: str = "touch", notes: Any = ()) -> Any:
    table = pd.DataFrame(list(rows), columns=list(row("a", 1, 1)))
    table["leads"] = table["leads"].astype("Int64")
    curves = [
        {"channel": each["channel"], "age_days": day, "credited_revenue": 0.0,
         "revenue_per_spend": share * each["revenue_per_spend"]}
        for each in rows
        for day, share in ((0, 0.1), (21, 0.5), (90, 1.0))
        if each["spend"] > 0
    ]  # fmt: skip
    stages = [
        {"channel": "display", "position": 1, "stage": "inquiry", "cost_per_reached": 40.0,
         "is_mature": True, "is_left_truncated": False},
        {"channel": "display", "position": 2, "stage": "marketing_qualified",
         "cost_per_reached": 90.0, "is_mature": False, "is_left_truncated": False},
    ]  # fmt: skip
    marginal = [
        {"channel": "display", "months": 9, "spend": 400.0, "leads": 10, "spend_variation": 0.5,
         "leads_per_1000": NAN, "low": NAN, "high": NAN, "average_leads_per_1000": 25.0,
         "reason": "few_months"},
        {"channel": "email", "months": 12, "spend": 100.0, "leads": 10, "spend_variation": 0.5,
         "leads_per_1000": 1.5, "low": -0.5, "high": 3.5, "average_leads_per_1000": 100.0,
         "reason": None},
    ]  # fmt: skip
    parts = {"stages": pd.DataFrame(stages), "marginal": pd.DataFrame(marginal)}
    if basis == "touch":
        parts["payback"] = pd.DataFrame(
            curves, columns=["channel", "age_days", "credited_revenue", "revenue_per_spend"]
        )
    asked = {
        "period": "2026-10",
        "by": by,
        "basis": basis,
        "model": "linear",
        "lookback_days": 90,
        "fewest_months": 12,
    }
    return result_of("channel_costs", table, asked, parts=parts, notes=notes)


def test_the_sentence_counts_mature_rows_below_their_cost_and_no_others() -> None:
    german, english = said(drawn(*ROWS))
    assert german == (
        "1.500 € Kosten im Oktober 2026, den Kontaktpunkten dafür bis zum 31. Oktober 2026 "
        "2.650 € Umsatz zugerechnet; 1 von 2 reifen Kanälen weniger als ausgegeben"
    )
    assert english == (
        "€1,500 of cost in October 2026, €2,650 of revenue credited to the touches for it by "
        "31 October 2026; 1 of 2 mature channels with less than was spent"
    )
    german, english = said(drawn(*ROWS, basis="conversion", by="campaign"))
    assert german == (
        "1.500 € Kosten im Oktober 2026, im selben Zeitraum Kontaktpunkten mit bekannten "
        "Kosten 2.650 € Umsatz zugerechnet; 1 von 2 reifen Kampagnen weniger als ausgegeben"
    )
    for word in ("profit", "rentab", "lohn", "brachte", "brought", "wirkt", "paid off"):
        assert word not in german + english


def test_nothing_mature_nothing_known_and_nothing_spent_are_said_so() -> None:
    assert said(drawn(row("display", 400, 900, **YOUNG)))[0].endswith(
        "nichts davon ist reif für ein Urteil"
    )
    running = drawn(row("display", 400, 900, **YOUNG), basis="conversion")
    assert said(running)[1].endswith("; the period is not over yet")
    assert said(drawn(ROWS[3]))[0] == "Keine Kosten bekannt im Oktober 2026"
    assert said(drawn(row("email", 0, 5)))[1] == "The cost in October 2026 is zero"
    assert said(drawn(row("email", -30, 5)))[0] == "Die Kosten im Oktober 2026 liegen unter null"
    assert str(fa.plots.channel_costs(drawn(ROWS[3]), language="en")) == (
        "No cost is known in October 2026."
    )


def test_the_sentence_of_payback_counts_and_ranks_nobody() -> None:
    german, english = said(drawn(*ROWS), payback=True)
    assert german == (
        "Bei 1 von 2 reifen Kanälen erreichte der zugerechnete Umsatz die Kosten, "
        "spätestens nach 0,7 Monaten"
    )
    assert english == (
        "For 1 of 2 mature channels, credited revenue reached the cost, after 0.7 months at the "
        "latest"
    )
    day = drawn(row("email", 100, 200, payback_months=0.03), row("display", 5, 2))
    assert "spätestens nach < 0,1 Monaten" in said(day, payback=True)[0]
    table = fa.tables.channel_costs(day, language="en").as_raw_html()
    assert "&lt; 0.1" in table
    assert said(drawn(ROWS[2]), payback=True)[1].endswith("credited revenue reached the cost")
    assert "nichts ist reif" in said(drawn(ROWS[1]), payback=True)[0]


def test_notes_say_what_is_not_in_the_sums() -> None:
    german = " ".join(DE.notes(drawn(*ROWS, notes=NOTES))).replace("\N{NO-BREAK SPACE}", " ")
    english = " ".join(EN.notes(drawn(*ROWS, notes=NOTES)))
    assert "Ohne bekannten Kontaktpunkt: 2 Abschlüsse, 700 €." in german
    assert "1.500 € Kosten, 3,5 Abschlüsse, 5.000 € Umsatz" in german
    assert "Gewinn" not in german
    assert "Totals: €1,500 of cost, 3.5 wins, €5,000 of revenue" in english
    nothing = Note("costs_total", TOTAL.values | {"spend": None})
    assert DE.notes(drawn(*ROWS, notes=(nothing,)))[0].startswith("Summen: keine Kosten bekannt, ")
    assert EN.notes(drawn(*ROWS, notes=(nothing,)))[0].startswith("Totals: no cost known, 3.5 wins")
    assert "800 € Umsatz wurden Kontaktpunkten ohne bekannte Kosten zugerechnet." in german
    assert "Nicht mitgezählt: 12 € Kosten einzelner Kontaktpunkte" in german
    assert "Noch nicht reif, nicht verglichen: Fachportal und Ohne Kanal." in german
    assert "Fachportal (weniger als 12 ganze Monate); Newsletter (jeden Monat gleich" in german
    assert "For 2 rows, leads and cost per lead are not shown" in english
    assert "1 touch in a channel with costs per touch has none" in english


def test_bars_stand_against_marks_at_the_cost() -> None:
    figure = fa.plots.channel_costs(drawn(*ROWS), language="de")
    bars, marks = figure.data
    assert list(bars.x) == [2500, 100, 50]
    assert list(marks.x) == [1000, 1000, None, 400, 400, None, 100, 100, None]
    assert list(bars.marker.color) == [theme.ACCENT, theme.QUIET, theme.ACCENT]
    assert list(bars.marker.pattern.shape) == ["", "/", ""]
    assert figure.layout.xaxis.title.text == "Zugerechneter Umsatz und Kosten (€)"
    assert title(figure).startswith("1.500")
    texts = [each.replace("\N{NO-BREAK SPACE}", " ") for each in labels(figure)]
    assert "2.500 € · 2,50 je €" in texts
    assert "100 € · 0,25 je €, unreif" in texts
    assert "1 Zeile ohne bekannte Kosten steht nur in der Tabelle." in footer(figure)
    assert "nicht Deckungsbeitrag" in footer(figure)
    assert "die Wirkung eines Kanals ist nicht gemessen" in footer(figure)
    assert "Modell: Linear, Rückblick 90 Tage." in footer(figure)
    running = fa.plots.channel_costs(drawn(*ROWS, basis="conversion"), language="en")
    assert "Hatched: the period is not over yet." in footer(running)


def test_millions_are_printed_in_digits() -> None:
    printed = drawn(row("email", 4, 1_343_704.123456), row(None, NAN, 364_940.221032)).printed()
    assert "1343704.12" in printed
    assert "364940.22" in printed
    assert "e+0" not in printed


def test_a_footer_of_many_names_ends_inside_the_figure() -> None:
    """A capital of the footer is 7.4 pixels wide at least (DejaVu Sans, 11 pixels: E is 0.632 em,
    M 0.863; HANNOVER is 0.74 em a letter)."""
    fairs = [f"HANNOVER{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[n]}" for n in range(26)]
    notes = [Note("costs_immature", {"channels": fairs})]
    figure = fa.plots.channel_costs(drawn(*ROWS, notes=notes), language="de")
    (note,) = [each for each in figure.layout.annotations if each.name == "footer"]
    lines = [line for line in note.text.split("<br>") if "HANNOVER" in line]
    assert len(lines) > 2
    for line in lines:
        capitals = sum(each.isupper() for each in line)
        assert 0.74 * 11 * capitals + 3.5 * (len(line) - capitals) < figure.layout.width - 16


def test_curves_reach_the_line_and_young_ones_are_grey() -> None:
    figure = fa.plots.payback(drawn(*ROWS), language="en")
    assert [each.name for each in figure.data] == ["Paid search", "Trade portal", "Newsletter"]
    assert figure.data[1].line.color == theme.QUIET
    assert figure.data[0].line.color != theme.QUIET
    assert list(figure.data[0].y) == [0.25, 1.25, 2.5]
    assert figure.data[0].x[1] == pytest.approx(21 / (365.25 / 12))
    assert [each.y0 for each in figure.layout.shapes] == [1]
    assert "Paid search: 2.50" in labels(figure)
    assert figure.layout.xaxis.title.text == "Months since the touch"
    with pytest.raises(CallError, match="basis='touch'"):
        fa.plots.payback(drawn(*ROWS, basis="conversion"))
    # Two far above the plot, two at its bottom: every curve has its label inside, none on another.
    crowded = fa.plots.payback(
        drawn(row("a", 1, 18), row("b", 1, 4), row("c", 100, 5, **YOUNG), row("d", 100, 19))
    )
    ends = sorted(float(each.y) for each in crowded.layout.annotations if each.xshift == 6)
    assert len(ends) == 4
    assert ends[0] >= 0
    assert ends[-1] <= crowded.layout.yaxis.range[1]
    assert min(high - low for low, high in pairwise(ends)) > 0.1
    assert isinstance(fa.plots.payback(drawn(ROWS[3])), Notice)


def test_what_lies_far_above_is_cut_and_labels_do_not_lie_on_each_other() -> None:
    rows = [row(name, 10, revenue) for name, revenue in
            (("email", 900), ("display", 800), ("webinar", 1), ("trade_fair", 1.1))]  # fmt: skip
    figure = fa.plots.payback(drawn(*rows), language="en")
    top = figure.layout.yaxis.range[1]
    assert top < 4
    places = sorted(each.y for each in figure.layout.annotations if each.name != "footer")
    assert all(later - before > 0.05 * top for before, later in pairwise(places))
    assert places[-1] <= top


def test_tables_tell_missing_from_not_known() -> None:
    nobody = row(None, NAN, 70, is_no_known_touch=True, leads=pd.NA, cost_per_lead=NAN)
    priced = row("webinar", 30, 0, cost_source="touches", cost_per_won_deal=NAN, credited_deals=0)
    part = row("trade_fair", 20, 5, rows_without_cost=1)
    html = fa.tables.channel_costs(drawn(*ROWS, priced, part, nobody), language="de").as_raw_html()
    text = html.replace("\N{NO-BREAK SPACE}", " ")
    assert text.count("k. A.") >= 5
    assert "30 € (je Kontaktpunkt)" in text
    assert "Ohne Kanal" in text
    assert "Kein bekannter Kontaktpunkt" in text
    assert "Umsatz je €" in text
    assert "Kosten erreicht nach" in text
    deals = fa.tables.channel_costs(drawn(*ROWS, basis="conversion"), language="en").as_raw_html()
    assert "Cost reached after" not in deals
    assert "n/a" in deals


def test_a_remark_says_which_rows_are_grey_so_that_the_table_fits_its_page() -> None:
    html = fa.tables.channel_costs(drawn(*ROWS), language="de").as_raw_html()
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html)
    share = [each.replace("\u202f", " ") for each in cells if "%" in each]
    assert share == ["100 %", "40 %", "100 %", "100 %"]
    grey = [text for style, text in re.findall(r'<td style="([^"]*)"[^>]*>([^<]*)</td>', html)
            if theme.MUTED.lower() in style.lower()]  # fmt: skip
    assert grey[0] == "Fachportal"
    assert len(grey) == 12
    assert "grau: unter 90\u202f%, noch nicht reif und nicht zu vergleichen" in html
    assert "min-width: 130px" in html
    over = drawn(*(each | {"is_mature": True} for each in ROWS), basis="conversion")
    assert "not over yet" not in fa.tables.channel_costs(over, language="en").as_raw_html()
    running = drawn(row("display", 400, 900, **YOUNG), basis="conversion")
    assert "Grey: the period is not over yet." in (
        fa.tables.channel_costs(running, language="en").as_raw_html()
    )


def test_tables_of_stages_and_of_months() -> None:
    stages = fa.tables.stage_costs(drawn(*ROWS), language="en").as_raw_html()
    assert "Cost per lead that had reached the stage" in stages
    assert "€40" in stages
    assert "€90 (immature)" in stages
    months = fa.tables.marginal_leads(drawn(*ROWS), language="de").as_raw_html()
    assert "weniger als 12 ganze Monate" in months
    assert "1,5 (−0,5 bis 3,5)" in months
    assert "ob wegen der Ausgaben, sagt das nicht" in months


def test_kinds_of_campaigns_and_campaigns_have_names() -> None:
    kinds = drawn(row("short_term", 10, 5), row("other", 5, 5), row(None, 4, 5), by="objective")
    table = fa.tables.channel_costs(kinds, language="de").as_raw_html()
    assert "Kurzfristige Kampagnen" in table
    assert "Ohne Ziel der Kampagne" in table
    named = drawn(row("c1", 10, 5, name=EVIL), row("c2", 9, 5), by="campaign")
    figure = fa.plots.channel_costs(named, language="en")
    assert "<b onclick" not in "".join(figure.layout.yaxis.ticktext)
    assert "c2" in "".join(figure.layout.yaxis.ticktext)
    assert "<b onclick" not in fa.tables.channel_costs(named).as_raw_html()


def test_without_the_tables_stands_a_notice() -> None:
    missing = Missing("channel_costs", "deal", "No deals.", sample_agreement())
    for show in (fa.plots.channel_costs, fa.plots.payback, fa.tables.channel_costs,
                 fa.tables.stage_costs, fa.tables.marginal_leads):  # fmt: skip
        assert isinstance(show(missing), Notice)


def test_a_result_is_saved_with_its_parts() -> None:
    result: Result = drawn(*ROWS, notes=NOTES)
    assert set(result.record()["parts"]) == {"stages", "marginal", "payback"}
