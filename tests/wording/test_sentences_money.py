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
        "Umsatz Oktober 2026: 1,1 Mio. €, 198.000 € unter dem Ziel (−15,3 %); "
        "seit Januar 10,8 Mio. € bei einem Ziel von 12,0 Mio. € (−9,6 %)"
    )
    assert english.endswith("; since January €10.8M against a target of €12.0M (−9.6%)")


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
    assert texts[0].startswith("Umsatz (Herkunft: Inbound) Oktober 2026")
    assert texts[1].startswith("Revenue (Origin: Inbound) October 2026")
    agreement = drawn.sample_agreement()
    assert DE.dimension(agreement, "channel:paid_search") == "Kanal: Bezahlte Suche"
    assert DE.dimension(agreement, "Sonstige") == "Sonstige"


def test_attribution_credits_and_does_not_cause() -> None:
    assert said(drawn.attribution_result()) == (
        (
            "„Bezahlte Suche“ erhielt im Oktober 2026 mit 420.000 € den größten Anteil (42 %) von "
            "1,0 Mio. € Umsatz; Modell: Positionsbasiert"
        ),
        (
            "“Paid search” was credited with €420,000 in October 2026, the largest share (42%) of "
            "€1.0M of revenue; model: Position-based"
        ),
    )
    assert said(drawn.attribution_result("first", "position_based"))[1] == (
        "“Paid search” was credited with 38% to 42% of €1.0M of revenue in October 2026, "
        "depending on the model"
    )


def test_attribution_of_a_stage_counts_leads() -> None:
    texts = said(drawn.attribution_result(conversion="sales_qualified"))
    assert texts[1] == (
        "“Paid search” was credited with 21 leads in October 2026, the largest share (42%) of "
        "50 leads; model: Position-based"
    )


@pytest.mark.parametrize(
    ("changed", "german", "english"),
    [
        (
            {},
            "Umsatz Oktober 2026: 1,1 Mio. €, 120.000 € unter dem Ziel (−9,8 %)",
            "Revenue October 2026: €1.1M, €120,000 below target (−9.8%)",
        ),
        (
            {"actual": 1_346_400.0, "variance": 122_400.0, "variance_share": 0.1},
            "Umsatz Oktober 2026: 1,3 Mio. €, 122.400 € über dem Ziel (+10 %)",
            "Revenue October 2026: €1.3M, €122,400 above target (+10%)",
        ),
        (
            {"target": drawn.NAN, "variance": drawn.NAN, "variance_share": drawn.NAN},
            "Umsatz Oktober 2026: 1,1 Mio. €, kein Ziel vereinbart",
            "Revenue October 2026: €1.1M, no target agreed",
        ),
        (
            {"actual": 1_224_000.0, "variance": 0.0, "variance_share": 0.0},
            "Umsatz Oktober 2026: 1,2 Mio. €, genau das Ziel",
            "Revenue October 2026: €1.2M, exactly on target",
        ),
        (
            {"is_complete": False},
            (
                "Umsatz Oktober 2026: 1,1 Mio. €, 120.000 € unter dem Ziel (−9,8 %); "
                "der Monat ist noch nicht abgeschlossen"
            ),
            (
                "Revenue October 2026: €1.1M, €120,000 below target (−9.8%); "
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
            "Gewonnen Oktober 2026: 1, 1 unter dem Ziel (−50 %)",
            "Won October 2026: 1, 1 below target (−50%)",
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


def test_notes_of_a_plan() -> None:
    notes = [text.replace(FIRM, " ").replace(NARROW, " ") for text in DE.notes(plan_result())]
    assert notes[0] == "Ohne neue Leads: 1,2 % Wahrscheinlichkeit."
    assert notes[1].startswith("Stärkster Monat des Plans: 1.275 Leads; üblich sind 413 je Monat")
    assert "nach dem 2. Februar 2027" in notes[2]
    assert "549.000 € (mit 95 % Wahrscheinlichkeit 410.000 € bis 880.000 €)" in notes[3]
    assert notes[-1] == (
        "Nicht genutzt: 12 Leads aus der Zeit vor dem gemessenen Verlauf und "
        "1 gewonnene Opportunity ohne Wert im Verlauf."
    )
