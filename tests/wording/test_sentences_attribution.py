"""Golden sentences on credit: models, journeys, what was left out and what was agreed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from funnel_analytics.agreement import ATTRIBUTION_MODELS, LANGUAGES
from funnel_analytics.metrics.attribution.asked import KEYS
from funnel_analytics.results import Note
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
            "als Aktivität und als Kontaktpunkt erfasst (zählt einmal), 3 Kontaktpunkte durch "
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
