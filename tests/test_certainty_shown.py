"""How sure an attribution is, in sentences, figures, tables and on the command line: read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from funnel_analytics import plots, tables, theme
from funnel_analytics.agreement import Label, OwnRule
from funnel_analytics.cli import app
from funnel_analytics.metrics.attribution.ranges import ranges
from funnel_analytics.metrics.attribution.truth import errors_of, with_truth
from funnel_analytics.results import Note, Result
from funnel_analytics.wording import Notice
from tests.figures import footer, labels, title
from tests.test_tables import headings, rows
from tests.wording.drawn import (
    NAN,
    in_october,
    missing_touches,
    result_of,
    sample_agreement,
)
from tests.wording.spoken import DE, EN, said

Shares = Mapping[str | None, float]
TWO: dict[str, Shares] = {
    "position_based": {"paid_search": 0.5, "email": 0.2, "podcast": 0.1},
    "last": {"paid_search": 0.45, "email": 0.3, "podcast": 0.05},
}
TRUTH = Path(__file__).parents[1] / "data" / "sample" / "truth.json"


def drawn(
    by_model: Mapping[str, Shares] = TWO,
    *,
    unknown: float = 0.2,
    value: bool = True,
    truth: Mapping[str | None, float] | None = None,
    notes: Sequence[Note] = (),
    choice: pd.DataFrame | None = None,
) -> Result:
    """Shares of a million and of a hundred deals, with intervals five points to both sides."""
    rows = []
    for model, shares in by_model.items():
        named = [(channel, False, share) for channel, share in shares.items()]
        for channel, nobody, share in [*named, *([(None, True, unknown)] if unknown else [])]:
            row: dict[str, Any] = {
                "model": model,
                "channel": channel,
                "side": None,
                "is_no_known_touch": nobody,
            }
            for measure, total in (("conversions", 100), ("revenue", 1e6)):
                row[measure] = share * total
                row[f"{measure}_share"] = share if value or measure == "conversions" else NAN
                row[f"{measure}_share_low"] = share - 0.05
                row[f"{measure}_share_high"] = share + 0.05
            rows.append(row)
    table = pd.DataFrame(rows, columns=None if rows else ["model", "channel", "conversions"])
    agreed = "position_based"
    parts = {"range": ranges(table, measures=("revenue", "conversions"), agreed=agreed)}
    parts["choice"] = pd.DataFrame() if choice is None else choice
    if truth is not None:
        parts["truth"] = with_truth(table, truth)
        parts["errors"] = errors_of(parts["truth"])
    totals = {
        "conversions": 100,
        "revenue": 1e6,
        "no_known_touch_conversions": 20,
        "no_known_touch_revenue": 2e5,
        "deals_without_amount": 0,
    }
    parameters = in_october(by="channel", model=tuple(by_model), lookback_days=90, conversion="won")
    return result_of(
        "attribution_certainty",
        table,
        parameters,
        parts=parts,
        notes=[Note("totals", totals), *notes],
    )


def test_the_finding_says_on_what_models_agree_and_where_they_part() -> None:
    assert said(drawn()) == (
        "Die Modelle sind sich einig, dass „Bezahlte Suche“ im Oktober 2026 an erster Stelle "
        "steht; bei „Newsletter“ reichen sie von 20,0 % bis 30,0 %",
        "The models agree that “Paid search” comes first in October 2026; for “Newsletter” they "
        "range from 20.0% to 30.0%",
    )


@pytest.mark.parametrize(
    ("by_model", "english"),
    [
        (
            {"first": {"email": 0.7, "direct": 0.1}, "last": {"email": 0.5, "direct": 0.3}},
            "The models agree that “Newsletter” comes first in October 2026, but not with how "
            "much: they range from 50.0% to 70.0%",
        ),
        (
            {"first": {"email": 0.6, "direct": 0.2}, "last": {"email": 0.3, "direct": 0.5}},
            "Which channel comes first in October 2026 depends on the model (“Newsletter” or "
            "“Direct”); for “Newsletter” the models range from 30.0% to 60.0%",
        ),
        (
            {"first": {"email": 0.6, "direct": 0.2}, "last": {"email": 0.6, "direct": 0.2}},
            "All models say the same in October 2026: “Newsletter” comes first with 60.0%",
        ),
        (
            {"first": {"email": 0.8}, "last": {"email": 0.8}},
            "Only one channel had touches in October 2026, “Newsletter”: the models cannot differ",
        ),
        (
            {"last": {"email": 0.6, "direct": 0.2}},
            "“Newsletter” comes first in October 2026 with 60.0% (55.0–65.0%); by one model only: "
            "“Last touch”",
        ),
        (
            {"first": {}, "last": {}},
            "No conversion in October 2026 had a known touch, nothing to compare",
        ),
        ({}, "No conversions in October 2026, nothing to compare"),
    ],
)
def test_every_kind_of_finding(by_model: dict[str, Shares], english: str) -> None:
    german, spoken = said(drawn(by_model))
    assert spoken == english
    assert "Oktober 2026" in german


def test_without_value_the_range_of_conversions_is_told() -> None:
    assert said(drawn(value=False)) == said(drawn(), measure="conversions")
    _, english = said(drawn(value=False), measure="revenue")
    assert english == "No conversion in October 2026 had a value, nothing to compare"


def test_doubts_are_sentences() -> None:
    notes = [
        Note("certainty_few_conversions", {"conversions": 1, "least": 50}),
        Note("certainty_no_nulls", {}),
        Note("certainty_in_all_conversions", {"channels": ("email", None)}),
        Note("certainty_few_journeys", {"channels": ("direct",)}),
        Note(
            "certainty_never_apart",
            {"pairs": (("email", "direct"), ("a", "b"), ("a", "c"), ("b", "c"))},
        ),
        Note("certainty_not_chosen", {"journeys": 0}),
        Note(
            "certainty_nearest",
            {"nearest": "first", "nearest_wrong": 0.1, "farthest": "last", "farthest_wrong": 0.7},
        ),
    ]
    english = list(EN.notes(drawn(notes=notes)))[1:]
    assert english == [
        "Only 1 won deal with touches: below 50 the intervals are so wide that the order of the "
        "channels may be chance.",
        "There is no journey without a conversion: which channel leads to one more often cannot be "
        "compared.",
        "“Newsletter” and “Touch without a channel” are in every journey with a conversion: the "
        "data cannot show what would be without them.",
        "“Direct” is in so few journeys that its share says little.",
        "Never without each other: “Newsletter” and “Direct”; “a” and “b”; “a” and “c”. Which of "
        "two is due how much is decided by the model alone.",
        "One more pair is named in the part “doubts”.",
        "There are too few journeys to test models on journeys held out.",
        "Against the known truth “First touch” is nearest (10.0% of the conversions with the wrong "
        "channel), “Last touch” farthest off (70.0%).",
    ]
    german = DE.notes(drawn(notes=notes))
    assert "„Newsletter“ und „Kontaktpunkt ohne Kanal“ kommen in jedem Kontaktpfad" in german[3]


@pytest.mark.parametrize("best", ["markov", "markov_3"])
def test_the_chosen_order_is_told_and_what_that_does_not_say(best: str) -> None:
    values = {"chosen": "markov", "best": best, "auc": 0.789, "journeys": 1234, "conversions": 5}
    (*_, text) = EN.notes(drawn(notes=[Note("certainty_chosen", values)]))
    assert "1,234 journeys held out" in text
    assert "(AUC of conversions 0.79)" in text
    assert ("“Markov chain” is simpler and not discernibly worse" in text) == (best != "markov")
    assert text.endswith("to predict well is not to credit rightly.")


@pytest.mark.parametrize(("auc", "is_said"), [(0.43, True), (0.504, True), (0.51, False)])
def test_a_chain_that_foretells_no_better_than_lots_is_said_to(auc: float, is_said: bool) -> None:
    values = {"chosen": "markov_4", "best": "markov_4", "auc": auc, "journeys": 9, "conversions": 5}
    notes = EN.notes(drawn(notes=[Note("certainty_chosen", values)]))
    assert ("no better than drawing lots: its AUC is not above 0.5" in notes[-1]) == is_said
    assert len(DE.notes(drawn(notes=[Note("certainty_chosen", values)]))) == len(notes)


def test_a_model_that_credits_below_0_is_named() -> None:
    shares = {"shapley_rate": {"paid_search": 1.4, "email": -0.6}, **TWO}
    german, english = said(drawn(shares))
    assert english.endswith("(Shapley by conversion rates also credits less than 0; shares can be "
                            "above 100%)")  # fmt: skip
    assert german.endswith("Anteile können über 100 % liegen)")
    assert "less than 0" not in said(drawn())[1]


def test_the_figure_draws_the_ends_every_model_and_the_agreed_one() -> None:
    figure = plots.attribution_range(drawn(), language="en")
    assert title(figure).startswith("The models agree that “Paid search” comes first")
    paid, email, podcast, nobody, span, dots, agreed = figure.data
    assert list(paid.x) == [0.45, 0.5]
    assert list(email.x) == [0.2, 0.3]
    assert list(podcast.x) == [0.05, 0.1]
    assert list(nobody.x) == [0.2, 0.2]
    assert [each.line.color for each in (paid, email)] == [theme.LINE, theme.SHADES[1]]
    assert span.name == "Range over 2 models"
    assert sorted(dots.x) == [0.05, 0.1, 0.2, 0.2, 0.2, 0.3, 0.45, 0.5]
    assert dots.y[0] == paid.y[0], "dots lie on their bar"
    assert list(agreed.x) == [0.5, 0.2, 0.1, 0.2]
    assert agreed.name == "Position-based (agreed)"
    assert agreed.error_x.array[0] == pytest.approx(0.05)
    assert agreed.error_x.arrayminus[0] == pytest.approx(0.05)
    assert agreed.marker.color == theme.ACCENT
    assert list(figure.layout.yaxis.ticktext) == [
        "Paid search",
        "Newsletter",
        "podcast",
        "No known touch",
    ]
    assert figure.layout.xaxis.title.text == "Credited share of the revenue (%)"
    beside = [each for each in labels(figure) if "Last touch" in each]
    assert len(beside) == 3
    assert beside[1].index("30.0%") < beside[1].index("20.0%"), "the highest stands on top"
    assert "20.0%" in labels(figure), "what all models say needs no model"
    assert "even where all models agree, all may be wrong" in footer(figure)
    assert "Only an experiment can settle it" in footer(figure)


def test_shares_of_conversions_have_their_own_axis() -> None:
    figure = plots.attribution_range(drawn(), measure="conversions", language="de")
    assert figure.layout.xaxis.title.text == "Zugerechneter Anteil an den Erfolgen (%)"


def test_own_rules_go_by_their_label() -> None:
    own = OwnRule(Label("Unsere Regel", "Our rule"), first=1.0)
    agreed = replace(sample_agreement().attribution, own={"ours": own})
    agreement = replace(sample_agreement(), attribution=agreed)
    result = replace(drawn({**TWO, "ours": {"email": 0.8}}), agreement=agreement)
    assert any(
        "Our rule" in each for each in labels(plots.attribution_range(result, language="en"))
    )
    assert "Unsere Regel" in tables.attribution_certainty(result, language="de").as_raw_html()


def test_one_model_has_an_interval_and_no_range() -> None:
    only = {"position_based": {"email": 0.6, "direct": 0.2}}
    figure = plots.attribution_range(drawn(only), language="en")
    (agreed,) = figure.data
    assert list(agreed.x) == [0.6, 0.2, 0.2]
    assert "Bar:" not in footer(figure)


def test_nothing_to_draw_is_a_notice() -> None:
    assert isinstance(plots.attribution_range(drawn({}), language="de"), Notice)
    assert isinstance(plots.attribution_range(missing_touches(), language="de"), Notice)
    assert isinstance(tables.attribution_certainty(missing_touches()), Notice)
    assert isinstance(tables.model_choice(missing_touches()), Notice)
    assert isinstance(tables.attribution_errors(missing_touches()), Notice)
    assert "Keine Wahrheit" in str(tables.attribution_errors(drawn(), language="de"))


def test_the_table_names_the_models_at_the_ends() -> None:
    table = tables.attribution_certainty(drawn(), language="en")
    assert [row[0] for row in rows(table)][:2] == ["Paid search", "Newsletter"]
    assert rows(table)[1][1:] == [
        "20.0%",
        "15.0–25.0%",
        "20.0%",
        "Position-based",
        "30.0%",
        "Last touch",
        "2",
    ]
    assert rows(table)[3][4] == "all models"


def test_the_choice_is_in_bold_and_predictors_have_names() -> None:
    row = {"behind": 0.0, "behind_error": 0.0, "log_loss": 0.15, "auc_error": 0.01}
    choice = pd.DataFrame(
        [
            {"model": "markov", "log_likelihood": -8.1, "auc": 0.79, "is_chosen": True, **row},
            {"model": "channel_sets", "log_likelihood": NAN, "auc": 0.84, "is_chosen": False}
            | row
            | {"behind": NAN, "behind_error": NAN},
        ]
    )
    table = tables.model_choice(drawn(choice=choice), language="en")
    assert rows(table)[0] == ["Markov chain", "−8.100", "0.000 ± 0.000", "0.1500",
                                      "0.790 ± 0.010"]  # fmt: skip
    assert rows(table)[1][:3] == ["Conversion rate by set of channels", "–", "–"]
    assert "Which models predict?" in table.as_raw_html()


def test_errors_stand_by_channel_the_worst_first() -> None:
    result = drawn(truth={"paid_search": 45, "email": 30, "podcast": 25})
    table = tables.attribution_errors(result, language="en")
    assert headings(table)[2:] == ["podcast", "No known touch", "Newsletter", "Paid search"]
    assert rows(table) == [
        ["Last touch", "20.0%", "−20.0%", "+20.0%", "0.0%", "0.0%"],
        ["Position-based", "25.0%", "−15.0%", "+20.0%", "−10.0%", "+5.0%"],
    ]
    assert "How far models are from the truth" in table.as_raw_html()


def test_a_touch_without_a_channel_is_not_no_touch() -> None:
    by_model: dict[str, Shares] = {"last": {None: 0.3, "email": 0.5}}
    table = tables.attribution_errors(drawn(by_model, truth={"email": 65, None: 35}), language="en")
    assert headings(table)[2:] == ["No known touch", "Newsletter", "Touch without a channel"]
    assert rows(table) == [["Last touch", "20.0%", "+20.0%", "−15.0%", "−5.0%"]]


def test_the_command_line_takes_a_truth(sample_database: Path) -> None:
    shown = CliRunner().invoke(
        app,
        ["show", "certainty", "--db", str(sample_database), "--period", "2026-Q3", "--model",
         "first", "--model", "last", "--draws", "10", "--truth", str(TRUTH), "--part", "errors",
         "--format", "csv"],
    )  # fmt: skip
    assert shown.exit_code == 0, shown.output
    lines = shown.stdout.strip().splitlines()
    assert lines[0].startswith("model,place,wrong_share,most_above")
    assert len(lines) == 3
