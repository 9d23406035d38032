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
def test_the_stage_in_which_most_stays_ended() -> None:
    assert said(drawn_flows.flows_result()) == (
        (
            "In „Marketing-qualifizierter Lead“ endeten bis zum 31. Oktober 2026 446 von 650 "
            "Aufenthalten ohne weitere Phase (446 recycelt); in keiner anderen Phase waren es mehr"
        ),
        (
            "446 of 650 stays in “Marketing qualified lead” had ended by 31 October 2026 without a "
            "further stage (446 recycled); no other stage had more"
        ),
    )


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
            "Leads, 50 %), verloren „Preis“ (1 von 1 Lead, 100 %)"
        ),
        (
            "Most frequent reasons in October 2026: rejected “Does not fit our offer” (50 of 100 "
            "leads, 50%), lost “Price” (1 of 1 lead, 100%)"
        ),
    )
    assert EN.finding(drawn_flows.reasons_result(), status="lost") == (
        "Most frequent reason in October 2026: lost “Price” (1 of 1 lead, 100%)"
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
            "Abgelehnt, dann gewonnen: 8 von 200 Leads bis zum 31. Oktober 2026 (4 %) mit einem "
            "Wert von 100.000 €; 30 kamen zurück"
        ),
        (
            "Rejected, then won: 8 of 200 leads by 31 October 2026 (4%), worth €100,000; "
            "30 came back"
        ),
    )
    one = drawn_flows.later_result(rejected=(1, 1, 0), amount=0.0)
    assert said(one) == (
        "Abgelehnt, dann gewonnen: 0 von 1 Lead bis zum 31. Oktober 2026 (0 %); 1 kam zurück",
        "Rejected, then won: 0 of 1 lead by 31 October 2026 (0%); 1 came back",
    )
    assert EN.finding(one, status="lost").endswith("(0%); none came back")
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
