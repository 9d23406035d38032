"""Golden sentences on credit: models, journeys, what was left out and what was agreed."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from funnel_analytics import plots, theme
from funnel_analytics.agreement import ATTRIBUTION_MODELS, LANGUAGES
from funnel_analytics.metrics.attribution.asked import KEYS
from funnel_analytics.results import Note, Result
from funnel_analytics.wording import attribution_rules, shown_models, words_in
from tests.wording import drawn
from tests.wording.spoken import DE, EN, said


def test_credit_of_created_deals_is_no_revenue() -> None:
    result = drawn.attribution_result(conversion="pipeline")
    assert said(result) == (
        (
            "„Bezahlte Suche“ erhielt im Oktober 2026 mit 420.000 € den größten Anteil aller "
            "Kanäle (42,0 %) von 1,00 Mio. € Wert angelegter Opportunities; Modell: "
            "positionsbasiert"
        ),
        (
            "“Paid search” was credited with €420,000 in October 2026, the most of any "
            "channel: 42.0% of €1.00M of created opportunities; model: position-based"
        ),
    )
    assert "Angelegte Opportunities im Oktober 2026" in DE.subtitle(result)
    assert DE.footer(result).startswith("n = 50 angelegte Opportunities")


def test_every_page_says_that_credit_is_no_effect() -> None:
    result = drawn.attribution_result()
    assert "was ein Kanal bewirkt, wurde nicht gemessen" in DE.footer(result)
    assert "no effect of a channel was measured" in EN.footer(result)


def test_which_journeys_were_asked_for_is_said_where_it_is_unusual() -> None:
    usual = drawn.attribution_result(journeys_of="lead", repeats="kept", direct="kept")
    assert "Firma" not in DE.footer(usual)
    other = drawn.attribution_result(
        journeys_of="account", repeats="collapsed", direct="unless_alone"
    )
    assert DE.footer(other).endswith(
        "Die Kontaktpunkte sind die aller Personen der Firma. Mehrere nacheinander im selben Kanal "
        "zählen einmal. Direktzugriffe zählen nur, wo es keinen anderen Kontaktpunkt gibt."
    )
    assert EN.footer(drawn.attribution_result(direct="dropped")).endswith(
        "Direct traffic does not count."
    )


def test_what_was_left_out_and_pooled_is_said() -> None:
    left = {"after_conversion": 2, "without_person": 0, "same_contact": 1, "direct": 3,
            "repeats": 1}  # fmt: skip
    result = drawn.attribution_result(
        notes=[
            Note("touches_left_out", left),
            Note("pooled", {"values": ("paid_search", "b", "c", "d", "e", "f", "g"),
                            "pool_below": 3}),
            Note("credited_by_channel", {"models": ("markov", "shapley")}),
            Note("negative_credit", {"shapley_rate": 2}),
        ]
    )  # fmt: skip
    assert DE.notes(result)[2:] == (
        (
            "Nicht zugerechnet: 2 Kontaktpunkte nach dem Abschluss, 1 Kontaktpunkt des Vertriebs, "
            "als Aktivität und als Kontaktpunkt erfasst (einmal gezählt), 3 Kontaktpunkte durch "
            "Direktzugriff und 1 Kontaktpunkt als Wiederholung im selben Kanal."
        ),
        (
            "Zusammengefasst, weil je in weniger als 3 Erfolgen: Bezahlte Suche, b, c, d, e und 2 "
            "weitere."
        ),
        (
            "Markov-Kette und Shapley nach Kanälen rechnen Kanälen zu; innerhalb eines Kanals ist "
            "linear geteilt."
        ),
        (
            "Shapley nach Erfolgsraten rechnet 2 Zeilen weniger als 0 zu: Im Mittel über alle "
            "Mengen von Kanälen ist die Erfolgsrate der Kontaktpfade in einer Menge niedriger, "
            "wenn sie dazugehören."
        ),
    )
    one = drawn.attribution_result(
        notes=[Note("pooled", {"values": ("paid_search",), "pool_below": 3})]
    )
    assert EN.notes(one)[-1] == (
        "Taken together, for it is in fewer than 3 conversions: Paid search."
    )


def test_rows_of_every_kind_have_a_name() -> None:
    agreement = drawn.sample_agreement()
    assert DE.channel(agreement, "(pooled)") == "Seltene, zusammengefasst"
    assert EN.channel(agreement, "sales_call") == "Call (sales)"
    assert DE.channel(agreement, "inbound", by="origin") == "Inbound"
    assert DE.channel(agreement, None, by="source") == "Ohne Angabe"
    assert DE.model("our_rule", agreement=agreement) == "Unsere Regel"
    assert EN.model("our_rule", within=True, agreement=agreement) == "Our rule"
    assert EN.model("mine") == "mine"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_model_and_key_is_worded(language: str) -> None:
    words = words_in(language)
    for section in ("model", "model_within"):
        assert all(words.has(section, name) for name in ATTRIBUTION_MODELS)
    for by in KEYS:
        assert words.say(f"finding.attribute.among.{by}")
        assert words.say(f"finding.attribute.of_all.{by}")


def test_eight_models_are_shown_the_agreed_one_among_them() -> None:
    order = [each for each in ATTRIBUTION_MODELS if each != "position_based"] + ["position_based"]
    assert shown_models(drawn.attribution_result(*order)) == [*order[:7], "position_based"]
    assert shown_models(drawn.attribution_result(*order[:8])) == order[:8]


def test_what_was_agreed_on_credit() -> None:
    agreed = drawn.sample_agreement()
    assert attribution_rules(DE, agreed) == "Positionsbasiert, Rückblick 90 Tage"
    rule = replace(
        agreed.attribution,
        model="our_rule",
        journeys_of="account",
        repeats="collapsed",
        direct="dropped",
        pool_below=3,
        activities=None,
    )
    assert attribution_rules(EN, replace(agreed, attribution=rule)) == (
        "Our rule, lookback 90 days; touches of everybody at the account; repeats in the same "
        "channel count once; direct traffic does not count; channels in fewer than 3 conversions "
        "taken together; activities are no touches"
    )


def test_a_million_less_has_its_sign_in_front() -> None:
    assert EN.money(-1_330_000, "EUR", compact=True) == "−€1.33M"
    assert DE.money(-1_330_000, "EUR", compact=True).startswith("−1,33")


def credited(result: Result, *rows: tuple[str, str | None, float], by: str = "channel") -> Result:
    """Shares of a million by model and channel, in the place of those drawn."""
    table = pd.DataFrame(rows, columns=["model", "channel", "revenue_share"])
    table = table.assign(
        side=None, is_no_known_touch=False, touches=1,
        revenue=table["revenue_share"] * 1e6, conversions=table["revenue_share"] * 50,
    )  # fmt: skip
    parameters = dict(result.parameters) | {"by": by}
    return replace(result, _table=table, parameters=parameters)


def test_credit_below_0_makes_no_share_of_what_is_more_than_all() -> None:
    rate = [("shapley_rate", "paid_search", 2.9), ("shapley_rate", "email", -1.9)]
    one = credited(drawn.attribution_result("shapley_rate"), *rate)
    assert said(one) == (
        (
            "„Bezahlte Suche“ erhielt im Oktober 2026 2,90 Mio. €, alle anderen zusammen "
            "−1,90 Mio. €: Das Modell (Shapley nach Erfolgsraten) rechnet auch weniger als 0 zu; "
            "die Summe ist 1,00 Mio. € Umsatz"
        ),
        (
            "“Paid search” was credited with €2.90M in October 2026, all others together with "
            "−€1.90M: the model (Shapley by conversion rates) also credits less than 0; the sum "
            "is €1.00M of revenue"
        ),
    )
    last = [("last", "paid_search", 0.4), ("last", "email", 0.6)]
    several = credited(drawn.attribution_result("shapley_rate", "last"), *rate, *last)
    german, english = said(several)
    assert english.endswith(
        "40.0–290.0% of €1.00M of revenue in October 2026, depending on the model; Shapley by "
        "conversion rates also credits less than 0, so not all shares lie between 0 and 100%"
    )
    assert "Shapley nach Erfolgsraten rechnet auch weniger als 0 zu" in german
    usual = credited(drawn.attribution_result("last", "first"), *last, ("first", "email", 1.0))
    assert "less than 0" not in said(usual)[1]


def test_a_winner_is_stated() -> None:
    rows = [("last", None, 0.7), ("last", "spring", 0.2), ("last", "x", 0.1)]
    result = credited(drawn.attribution_result("last"), *rows, by="campaign")
    assert said(result) == (
        (
            "70,0 % von 1,00 Mio. € Umsatz im Oktober 2026 gehen an Kontaktpunkte ohne Angabe "
            "(700.000 €); unter den Kampagnen erhielt „spring“ mit 200.000 € am meisten (20,0 %); "
            "Modell: letzter Kontaktpunkt"
        ),
        (
            "70.0% of €1.00M of revenue in October 2026 went to touches that state none "
            "(€700,000); among the campaigns, “spring” was credited with the most: €200,000 "
            "(20.0%); model: last touch"
        ),
    )
    first = [("first", None, 0.5), ("first", "spring", 0.5)]
    several = credited(drawn.attribution_result("last", "first"), *rows, *first, by="campaign")
    assert said(several)[1] == (
        "50.0–70.0% of €1.00M of revenue in October 2026 went to touches that state none, "
        "depending on the model; “spring” was credited with 20.0–50.0%"
    )
    fewer = [("last", None, 0.4), ("last", "spring", 0.6)]
    told = said(credited(drawn.attribution_result("last"), *fewer, by="campaign"))
    assert told[1].startswith("“spring” was credited with €600,000")
    nothing = credited(drawn.attribution_result("last"), ("last", None, 1.0), by="content")
    assert said(nothing) == (
        (
            "1,00 Mio. € Umsatz im Oktober 2026, aber „Inhalt der Anzeige“ ist bei keinem "
            "Kontaktpunkt davor angegeben"
        ),
        "€1.00M of revenue in October 2026, but no touch before it states “Ad content”",
    )


def test_a_campaign_is_called_by_its_name() -> None:
    rows = [("last", "C05", 0.6), ("last", "C07", 0.4)]
    result = credited(drawn.attribution_result("last"), *rows, by="campaign")
    named = replace(result, _table=result.table.assign(name=["Spring <b>fair</b>", None]))
    assert said(named)[1].startswith("“Spring <b>fair</b>” was credited")
    figure = plots.attribution(named, language="en")
    assert [each.split("<br>")[0] for each in figure.layout.yaxis.ticktext] == [
        "Spring &lt;b&gt;fair&lt;/b&gt;", "C07",
    ]  # fmt: skip


def test_the_colour_is_on_the_winner() -> None:
    rows = [("last", None, 0.7), ("last", "spring", 0.2), ("last", "x", 0.1)]
    result = credited(drawn.attribution_result("last"), *rows, by="campaign")
    colours = plots.attribution(result, language="en").data[0].marker.color
    assert list(colours) == [theme.QUIET, theme.ACCENT, theme.QUIET]
