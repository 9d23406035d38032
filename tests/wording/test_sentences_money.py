"""Golden sentences on credit, targets and plans, in both languages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.wording import drawn
from tests.wording.drawn_plan import plan_result
from tests.wording.spoken import DE, FIRM, NARROW, said


# Targets of 2026: 1.1 M, growing by 2 % of it a month: 11 M + 45 * 22,000 = 11.99 M by October.
# Actuals are 1.05, 1.00, 0.95 and 0.90 times 1.1 M in turn: 9.85 times 1.1 M = 10.835 M.
def test_targets_of_a_year_so_far_are_summed() -> None:
    german, english = said(drawn.targets_result(), metric="revenue")
    assert german == (
        "Umsatz im Oktober 2026: 1,10 Mio. €, 198.000 € unter dem Ziel (−15,3 %); "
        "seit Januar 10,84 Mio. € bei einem Ziel von 11,99 Mio. € (−9,6 %)"
    )
    assert english.endswith("; since January €10.84M against a target of €11.99M (−9.6%)")


@pytest.mark.parametrize(
    "hole", [{"actual": drawn.NAN}, {"target": drawn.NAN}, {"is_complete": False}]
)
def test_no_sum_where_a_month_is_missing_or_not_over(hole: dict[str, Any]) -> None:
    whole = drawn.targets_result()
    table = whole.table
    march = (table["metric"] == "revenue") & (table["month"] == date(2026, 3, 1))
    table.loc[march, list(hole)] = list(hole.values())
    result = drawn.result_of("actual_vs_target", table, whole.parameters)
    assert "seit Januar" not in said(result, metric="revenue")[0]
    from_february = whole.table[whole.table["month"] > date(2026, 1, 1)]
    result = drawn.result_of("actual_vs_target", from_february, whole.parameters)
    assert "seit Januar" not in said(result, metric="revenue")[0]


def test_a_part_of_a_target_is_worded() -> None:
    texts = said(drawn.one_target(dimension="origin:inbound"), dimension="origin:inbound")
    assert texts[0].startswith("Umsatz (Herkunft: Inbound) im Oktober 2026")
    assert texts[1].startswith("Revenue (Origin: Inbound) in October 2026")
    agreement = drawn.sample_agreement()
    assert DE.dimension(agreement, "channel:paid_search") == "Kanal: Bezahlte Suche"
    assert DE.dimension(agreement, "Sonstige") == "Sonstige"


def test_attribution_credits_and_does_not_cause() -> None:
    assert said(drawn.attribution_result()) == (
        (
            "„Bezahlte Suche“ erhielt im Oktober 2026 mit 420.000 € den größten Anteil aller "
            "Kanäle (42,0 %) von 1,00 Mio. € Umsatz; Modell: positionsbasiert"
        ),
        (
            "“Paid search” was credited with €420,000 in October 2026, the most of any "
            "channel: 42.0% of €1.00M of revenue; model: position-based"
        ),
    )
    assert said(drawn.attribution_result("first", "position_based"))[1] == (
        "“Paid search” was credited with 38.0–42.0% of €1.00M of revenue in October 2026, "
        "depending on the model"
    )


def test_attribution_of_a_stage_counts_leads() -> None:
    texts = said(drawn.attribution_result(conversion="sales_qualified"))
    assert texts[1] == (
        "“Paid search” was credited with 21 leads in October 2026, the most of any channel: "
        "42.0% of 50 leads; model: position-based"
    )


# 420 of 1,000 thousand are the best channel's; 480 more without a known touch make 1,480.
def test_what_has_no_known_touch_leads_where_it_is_more_than_any_channel() -> None:
    whole = drawn.attribution_result()
    table = whole.table
    unknown = table["is_no_known_touch"]
    table.loc[unknown, ["revenue", "revenue_share"]] = [480_000.0, 0.48]
    given = drawn.result_of("attribute", table, whole.parameters, notes=whole.notes)
    assert said(given) == (
        (
            "48,0 % von 1,00 Mio. € Umsatz im Oktober 2026 sind ohne bekannten Kontaktpunkt "
            "(480.000 €); unter den Kanälen erhielt „Bezahlte Suche“ mit 420.000 € am meisten "
            "(42,0 %); Modell: positionsbasiert"
        ),
        (
            "48.0% of €1.00M of revenue in October 2026 had no known touch (€480,000); among the "
            "channels, “Paid search” was credited with the most: €420,000 (42.0%); "
            "model: position-based"
        ),
    )
    table.loc[unknown, "revenue"] = 420_000.0
    as_much = drawn.result_of("attribute", table, whole.parameters, notes=whole.notes)
    assert said(as_much)[0].startswith("„Bezahlte Suche“ erhielt")


@pytest.mark.parametrize(
    ("changed", "german", "english"),
    [
        (
            {},
            "Umsatz im Oktober 2026: 1,10 Mio. €, 120.000 € unter dem Ziel (−9,8 %)",
            "Revenue in October 2026: €1.10M, €120,000 below target (−9.8%)",
        ),
        (
            {"actual": 1_346_400.0, "variance": 122_400.0, "variance_share": 0.1},
            "Umsatz im Oktober 2026: 1,35 Mio. €, 122.400 € über dem Ziel (+10,0 %)",
            "Revenue in October 2026: €1.35M, €122,400 above target (+10.0%)",
        ),
        (
            {"target": drawn.NAN, "variance": drawn.NAN, "variance_share": drawn.NAN},
            "Umsatz im Oktober 2026: 1,10 Mio. €, kein Ziel vereinbart",
            "Revenue in October 2026: €1.10M, no target agreed",
        ),
        (
            {"actual": 1_224_000.0, "variance": 0.0, "variance_share": 0.0},
            "Umsatz im Oktober 2026: 1,22 Mio. €, genau das Ziel",
            "Revenue in October 2026: €1.22M, exactly on target",
        ),
        (
            {"is_complete": False},
            (
                "Umsatz im Oktober 2026: 1,10 Mio. €, 120.000 € unter dem Ziel (−9,8 %); "
                "der Monat ist noch nicht abgeschlossen"
            ),
            (
                "Revenue in October 2026: €1.10M, €120,000 below target (−9.8%); "
                "the month is not yet complete"
            ),
        ),
        (
            {
                "metric": "won",
                "actual": 1.0,
                "target": 2.0,
                "variance": -1.0,
                "variance_share": -0.5,
            },
            "Gewonnen im Oktober 2026: 1, 1 unter dem Ziel (−50,0 %)",
            "Won in October 2026: 1, 1 below target (−50.0%)",
        ),
    ],
)
def test_actual_against_target(changed: dict[str, Any], german: str, english: str) -> None:
    assert said(drawn.one_target(**changed)) == (german, english)


@pytest.mark.parametrize(
    ("needed", "german"),
    [
        (
            (1970, 2550, 2900),
            (
                "Für 900.000 € Umsatz im 1. Quartal 2027 werden mit 80 % Wahrscheinlichkeit "
                "2.550 weitere Leads gebraucht (50 %: 1.970 Leads, 90 %: 2.900 Leads)"
            ),
        ),
        (
            (0, 1, 12),
            (
                "Für 900.000 € Umsatz im 1. Quartal 2027 wird mit 80 % Wahrscheinlichkeit "
                "1 weiterer Lead gebraucht (50 %: 0 Leads, 90 %: 12 Leads)"
            ),
        ),
        (
            (0, 0, 12),
            (
                "Für 900.000 € Umsatz im 1. Quartal 2027 werden mit 80 % Wahrscheinlichkeit "
                "keine weiteren Leads gebraucht (50 %: 0 Leads, 90 %: 12 Leads)"
            ),
        ),
        (
            (1970, drawn.NAN, drawn.NAN),
            (
                "900.000 € Umsatz im 1. Quartal 2027 sind mit 80 % Wahrscheinlichkeit nicht "
                "erreichbar (50 %: 1.970 Leads, 90 %: nicht erreichbar)"
            ),
        ),
    ],
)
def test_leads_needed(needed: tuple[float, ...], german: str) -> None:
    assert said(plan_result(needed=needed))[0] == german


# Half, three and two tenths of 2,550 in January to March; then as many in March as in January.
def test_the_strongest_months_are_named_together() -> None:
    result = plan_result()
    assert said(result, by_month=True)[0].endswith("; der stärkste Monat ist Januar 2027 mit 1.275")
    months = result.part("by_month")
    months.loc[months["month"] == date(2027, 3, 1), "leads"] = 1275.2
    parts = {name: result.part(name) for name in result.parts} | {"by_month": months}
    tied = drawn.result_of("leads_needed", result.table, result.parameters, parts=parts)
    german, english = said(tied, by_month=True)
    assert german.endswith("; die stärksten Monate sind Januar 2027 und März 2027 mit je 1.275")
    assert english.endswith("; the highest months are January 2027 and March 2027 with 1,275 each")


def test_months_whose_leads_mostly_win_too_late_are_named() -> None:
    result = plan_result()
    months = result.part("by_month")
    in_time = {date(2027, 1, 1): 0.5, date(2027, 2, 1): 0.2661, date(2027, 3, 1): 0.05}
    months["in_time_share"] = months["month"].map(in_time)
    months.loc[months["month"] == date(2027, 3, 1), "leads"] = 0.0
    parts = {name: result.part(name) for name in result.parts} | {"by_month": months}
    given = drawn.result_of(
        "leads_needed", result.table, result.parameters, parts=parts, notes=result.notes
    )
    notes = [text.replace(FIRM, " ").replace(NARROW, " ") for text in DE.notes(given)]
    assert notes[3] == (
        "Dennoch geplant, weil auch diese Leads noch zum Ziel beitragen: "
        "Februar 2027 (765 Leads, 26,6 % ihrer Abschlüsse rechtzeitig)."
    )


def test_notes_of_a_plan() -> None:
    notes = [text.replace(FIRM, " ").replace(NARROW, " ") for text in DE.notes(plan_result())]
    assert notes[0] == "Ohne neue Leads: 1,2 % Wahrscheinlichkeit."
    assert notes[1].startswith("Stärkster Monat des Plans: 1.275 Leads; üblich sind 413 je Monat")
    assert "nach dem 2. Februar 2027" in notes[2]
    assert "549.000 € (mit 95 % Wahrscheinlichkeit 410.000 € bis 880.000 €)" in notes[3]
    assert notes[4] == (  # 900,000 / (45,000 x 118 / 11,240) = 1,905
        "Überschlag ohne Zeit und Zufall, Ziel / (Wert × direkt gemessene Abschlussquote) = "
        "900.000 € / (45.000 € × 118 / 11.240): 1.905 Leads."
    )
    assert notes[-1] == (
        "Nicht genutzt: 12 Leads aus der Zeit vor dem gemessenen Verlauf und "
        "1 gewonnene Opportunity ohne Wert im Verlauf."
    )
