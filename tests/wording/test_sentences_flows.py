"""Golden sentences about flows, reasons and closed leads, in both languages."""

from __future__ import annotations

import pandas as pd
import pytest

from funnel_analytics.errors import CallError
from funnel_analytics.results import Result
from tests.wording import drawn_flows
from tests.wording.drawn import EVIL, in_october, result_of
from tests.wording.spoken import DE, EN, said


# mql: 446 of 650 recycled; inquiry: 300 of 1,004 rejected
def test_the_most_frequent_way_out_but_moving_on() -> None:
    assert said(drawn_flows.flows_result()) == (
        (
            "446 von 650 Aufenthalten in „Marketing-qualifizierter Lead“ endeten bis zum 31. "
            "Oktober 2026 mit „Recycelt“ (68,6 %); außer dem Weitergehen war kein Abgang häufiger"
        ),
        (
            "446 of 650 stays in “Marketing qualified lead” had ended as recycled by 31 October "
            "2026 (68.6%); moving on aside, no way out was more frequent"
        ),
    )


def test_a_step_back_is_a_way_out_and_a_small_stage_does_not_win_by_its_share() -> None:
    """Opportunity: 10 of 30 back, 2 lost. Won: 2 of 3 back, a larger share of fewer stays."""
    opportunity, won = (14, 10, 2, 0, 0, 0, 4), (0, 2, 0, 0, 0, 0, 1)
    result = drawn_flows.flows_result(
        [(40, 0, 0, 9, 0, 0, 3), (30, 0, 0, 0, 0, 8, 2), opportunity, won]
    )
    assert said(result) == (
        (
            "10 von 30 Aufenthalten in „Opportunity“ endeten bis zum 31. Oktober 2026 mit einem "
            "Schritt zurück (33,3 %); außer dem Weitergehen war kein Abgang häufiger"
        ),
        (
            "10 of 30 stays in “Opportunity” had ended with a step back by 31 October 2026 "
            "(33.3%); moving on aside, no way out was more frequent"
        ),
    )


@pytest.mark.parametrize(
    ("inquiry", "german", "english"),
    [
        ((1, 0, 0, 0, 0, 0, 0), "Kein Aufenthalt in einer Phase endete bis", "No stay in any"),
        ((0, 0, 0, 1, 0, 0, 0), "1 von 1 Aufenthalt in „Anfrage“ endete bis", "1 of 1 stay in"),
        ((1, 0, 0, 0, 1, 0, 0), "1 von 2 Aufenthalten in „Anfrage“ endete bis", "1 of 2 stays in"),
        ((0, 0, 0, 0, 0, 2, 0), "2 von 2 Aufenthalten in „Anfrage“ endeten", "2 of 2 stays in"),
    ],
)
def test_few_stays_are_counted_in_the_right_number(
    inquiry: tuple[int, ...], german: str, english: str
) -> None:
    nothing = (0,) * 7
    texts = said(drawn_flows.flows_result([inquiry, nothing, nothing, nothing]))
    assert texts[0].startswith(german)
    assert texts[1].startswith(english)


def test_a_group_is_named() -> None:
    german, english = said(drawn_flows.flows_by_origin())
    assert "„Marketing-qualifizierter Lead“ (Inbound)" in german
    assert "“Marketing qualified lead” (Inbound)" in english
    assert EVIL in DE.finding(drawn_flows.flows_by_origin(), segment=EVIL)
    with pytest.raises(CallError, match="Did you mean 'inbound'"):
        DE.finding(drawn_flows.flows_by_origin(), segment="inbuond")


def test_the_most_frequent_reasons() -> None:
    assert said(drawn_flows.reasons_result()) == (
        (
            "Häufigste Gründe im Oktober 2026: abgelehnt „Passt nicht zum Angebot“ (50 von 100 "
            "Leads, 50,0 %), verloren „Preis“ (1 von 1 Lead, 100,0 %)"
        ),
        (
            "Most frequent reasons in October 2026: rejected “Does not fit our offer” (50 of 100 "
            "leads, 50.0%), lost “Price” (1 of 1 lead, 100.0%)"
        ),
    )
    assert EN.finding(drawn_flows.reasons_result(), status="lost") == (
        "Most frequent reason in October 2026: lost “Price” (1 of 1 lead, 100.0%)"
    )
    with pytest.raises(CallError, match="Did you mean 'rejected'"):
        DE.finding(drawn_flows.reasons_result(), status="rejectd")


def test_notes_of_reasons() -> None:
    assert DE.notes(drawn_flows.reasons_result()) == (
        "Bei 20 von 101 verlorenen, abgelehnten oder recycelten Leads ist kein Grund angegeben.",
        (
            "Bei 30 Leads steht ein Grund, den die Vereinbarung für den Status nicht kennt: "
            f"„{EVIL}“ und „Zeitpunkt zu früh“."
        ),
        ("1 frühere Beendigung mit demselben Status ist nicht gezählt, nur die letzte je Lead."),
    )
    assert "No reason is given for 20 of 101 lost, rejected or recycled leads." in EN.notes(
        drawn_flows.reasons_result()
    )


def test_rejected_then_won() -> None:
    assert said(drawn_flows.later_result()) == (
        (
            "Abgelehnt, dann gewonnen: 8 von 200 Leads bis zum 31. Oktober 2026 (4,0 %) mit einem "
            "Wert von 100.000 €; 30 kamen zurück"
        ),
        (
            "Rejected, then won: 8 of 200 leads by 31 October 2026 (4.0%), worth €100,000; "
            "30 came back"
        ),
    )
    one = drawn_flows.later_result(rejected=(1, 1, 0), amount=0.0)
    assert said(one) == (
        "Abgelehnt, dann gewonnen: 0 von 1 Lead bis zum 31. Oktober 2026 (0,0 %); 1 kam zurück",
        "Rejected, then won: 0 of 1 lead by 31 October 2026 (0.0%); 1 came back",
    )
    assert EN.finding(one, status="lost").endswith("(0.0%); none came back")
    assert EN.finding(one, status="recycled").startswith("Recycled, then won: 1 of 1 lead")


def hidden(result: Result) -> Result:
    """The same with a group that is too small to show."""
    table = result.table
    numbers = [name for name in table.select_dtypes("number").columns if name not in ("position",)]
    table[numbers] = table[numbers].astype("Float64").mask(pd.Series(True, table.index))
    parts = {}
    for name in result.parts:
        part = result.part(name)
        columns = part.select_dtypes("number").columns
        part[columns] = part[columns].astype("Float64").mask(pd.Series(True, part.index))
        parts[name] = part
    return result_of(result.metric, table, result.parameters, parts=parts)


@pytest.mark.parametrize(
    "result",
    [drawn_flows.flows_result(), drawn_flows.reasons_result(), drawn_flows.later_result()],
    ids=lambda result: result.metric,
)
def test_nothing_to_say_and_nothing_to_show_differ(result: Result) -> None:
    assert said(hidden(result)) == (
        "Zu wenige Leads im Oktober 2026: unter der vereinbarten Mindestgröße, nicht gezeigt",
        "Too few leads in October 2026: below the agreed minimum, not shown",
    )
    parts = {name: result.part(name).iloc[:0] for name in result.parts}
    empty = result_of(result.metric, result.table.iloc[:0], result.parameters, parts=parts)
    german, english = said(empty)
    assert "im Oktober 2026" in german
    assert english.startswith(("No entry", "No lead"))


def test_the_line_below_says_what_is_counted() -> None:
    assert "Was aus den Eintritten im Oktober 2026 wurde" in DE.subtitle(drawn_flows.flows_result())
    created = result_of("stage_flows", drawn_flows.flows_result().table, in_october(kind="created"))
    assert "Leads der Kohorte Oktober 2026: was aus ihren Eintritten wurde" in DE.subtitle(created)
    assert DE.footer(drawn_flows.flows_result()).startswith("n = 1.934 Aufenthalte")
    assert EN.footer(drawn_flows.reasons_result()).startswith("n = 101 closings")
    assert EN.footer(drawn_flows.later_result()).startswith("n = 251 closings")
