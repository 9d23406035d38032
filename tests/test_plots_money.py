"""Figures of targets, credit and plans, tested by reading them."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from funnel_analytics import plots, theme
from funnel_analytics.agreement import ATTRIBUTION_MODELS
from tests.figures import footer, labels, title
from tests.wording import drawn
from tests.wording.drawn_plan import plan_result

MODELS = ("first", "last", "linear", "position_based", "time_decay")


def test_targets_carry_signs_and_colours_by_effect() -> None:
    revenue = plots.actual_vs_target(drawn.targets_result(), language="en")
    variance, target, actual = revenue.data
    assert variance.text[0] == "+5.0%"
    assert variance.text[-1] == "−15.3%"
    assert variance.marker.color[0] == theme.GOOD
    assert variance.marker.color[-1] == theme.BAD
    assert target.marker.color == theme.CLEAR
    assert actual.y[-1] == 1_100_000
    assert list(actual.marker.color) == [theme.QUIET] * 9 + [theme.INK], "the last month stands out"
    assert variance.marker.opacity[-1] == 1 > variance.marker.opacity[0]
    spend = plots.actual_vs_target(drawn.targets_result(), metric="spend", language="en")
    assert spend.data[0].marker.color[0] == theme.BAD
    assert "Spend (€)" in [axis.title.text for axis in spend.select_yaxes()]


def test_the_numbers_of_a_year_stand_below_its_months() -> None:
    """1,155 thousand in January, of 1,100; they cannot collide with bars of any height."""
    figure = plots.actual_vs_target(drawn.targets_result(), language="de")
    below = [each for each in figure.layout.annotations if each.yref == "paper" and each.yshift]
    numbers = [each for each in below if each.xref == "x2"]
    assert [each.x for each in numbers] == [*range(10)] * 3
    assert [each.text for each in numbers[:2]] == ["1.155", "1.100"]
    assert [numbers[place].text for place in (9, 10, 19)] == [
        "<b>1.100</b>",
        "1.100",
        "<b>1.298</b>",
    ]
    heads = [each.text for each in below if each.xref == "paper" and each.name != "footer"]
    assert heads == ["Ist (AC)", "Ziel (PL)", "ΔPL"]
    assert [numbers[20].text, numbers[29].text] == ["+55", "<b>−198</b>"]
    titles = [axis.title.text for axis in figure.select_yaxes()]
    assert titles == ["ΔPL (Tsd. €)", "Umsatz (Tsd. €)"]
    assert list(figure.layout.yaxis2.ticktext) == ["0", "500", "1.000"]


def test_small_amounts_and_counts_are_whole() -> None:
    figure = plots.actual_vs_target(drawn.targets_result(), metric="won_deals", language="en")
    assert "21" in labels(figure)
    assert "Won deals (count)" in [axis.title.text for axis in figure.select_yaxes()]


def test_one_month_is_a_bar_and_no_wall() -> None:
    figure = plots.actual_vs_target(drawn.one_target(), language="en")
    assert figure.layout.xaxis2.range == (-2.1, 2.1)


def test_a_running_month_is_hatched() -> None:
    figure = plots.actual_vs_target(drawn.one_target(is_complete=False), language="de")
    assert figure.data[2].marker.pattern.shape == ("/",)
    assert "Schraffiert: Monat noch nicht abgeschlossen." in footer(figure)


def test_attribution_ends_with_what_has_no_known_touch() -> None:
    figure = plots.attribution(drawn.attribution_result(), language="de")
    (bars,) = figure.data
    assert list(bars.x) == [420_000, 330_000, 90_000, 60_000, 20_000, 80_000]
    assert figure.layout.yaxis.ticktext[-1] == "Kein bekannter Kontaktpunkt"
    assert figure.layout.yaxis.ticktext[-2].startswith("Kontaktpunkt ohne Kanal")
    assert bars.marker.color[-1] == theme.FAINT
    assert bars.text[0] == "420.000\N{NO-BREAK SPACE}€ · 42,0\N{NARROW NO-BREAK SPACE}%"


def test_many_channels_have_labels_of_one_line() -> None:
    few = drawn.attribution_result()
    table = few.table
    known = table[~table["is_no_known_touch"] & table["channel"].notna()]
    more = [known.assign(channel=f"channel_{number} " + known["channel"]) for number in range(3)]
    many = drawn.result_of(
        "attribute", pd.concat([table, *more], ignore_index=True), few.parameters, notes=few.notes
    )
    figure = plots.attribution(many, language="en")
    assert len(figure.layout.yaxis.ticktext) == 18
    assert figure.layout.yaxis.ticktext[0].startswith("Paid search  <span")
    assert "<br><span" in plots.attribution(few, language="en").layout.yaxis.ticktext[0]


def test_attribution_by_models_spans_them() -> None:
    figure = plots.attribution(drawn.attribution_result(*MODELS), language="en")
    dots = [each for each in figure.data if each.mode == "markers"]
    names = ["First touch", "Last touch", "Linear", "Position-based (agreed)", "Time decay"]
    assert [each.name for each in dots] == names, "the order of the table's columns"
    assert len({each.marker.symbol for each in dots}) == 5
    assert len({each.marker.color for each in dots}) == 5
    assert dots[3].marker.color == theme.ACCENT
    for place in range(6):
        row = round(dots[2].y[place])
        lanes = [each.y[place] - row for each in dots]
        assert lanes == sorted(set(lanes)), "no mark covers another"
        assert max(map(abs, lanes)) < 0.5, "all stay in their row"
    span = figure.data[1]
    assert list(span.x) == pytest.approx([0.26, 0.42])


def test_of_many_models_eight_are_drawn_and_told_apart() -> None:
    figure = plots.attribution(drawn.attribution_result(*ATTRIBUTION_MODELS), language="en")
    dots = [each for each in figure.data if each.mode == "markers"]
    assert len(dots) == 8
    assert len({(each.marker.symbol, each.marker.color) for each in dots}) == 8
    assert [each.name for each in dots if each.marker.size == 9] == ["Position-based (agreed)"]
    assert "8 more models are in the data only." in footer(figure)
    assert "33.0–61.0%" in title(figure), "of the models that are drawn"
    assert title(figure).endswith("depending on the model (8 of 16 models)")
    german = plots.attribution(drawn.attribution_result(*ATTRIBUTION_MODELS), language="de")
    assert title(german).endswith("(8 von 16 Modellen)")
    eight = plots.attribution(drawn.attribution_result(*ATTRIBUTION_MODELS[:8]), language="en")
    assert title(eight).endswith("depending on the model")


def test_credit_below_zero_is_drawn_below_zero() -> None:
    drawn_one = drawn.attribution_result("shapley_rate", "linear")
    table = drawn_one.table
    table.loc[1, ["revenue", "revenue_share"]] = [-330_000.0, -0.33]
    both = drawn.result_of("attribute", table, drawn_one.parameters, notes=drawn_one.notes)
    low, high = plots.attribution(both, language="en").layout.xaxis.range
    assert low < -0.33 < 0.42 < high
    one = drawn.result_of(
        "attribute", table[table["model"] == "shapley_rate"], both.parameters, notes=both.notes
    )
    low, high = plots.attribution(one, language="en").layout.xaxis.range
    assert low < -330_000 < 420_000 < high


def test_the_curve_marks_the_probabilities() -> None:
    figure = plots.leads_curve(plan_result(), language="en")
    assert "<b>80%: 2,550 leads</b>" in labels(figure)
    assert list(figure.data[1].x) == [1970, 2550, 2900]
    assert list(figure.layout.yaxis.ticktext)[-1] == "100%"


def test_unreachable_probabilities_have_no_mark() -> None:
    result = plan_result(needed=(1970, drawn.NAN, drawn.NAN))
    figure = plots.leads_curve(result, language="en")
    assert list(figure.data[1].x) == [1970]
    assert "out of reach" in title(figure)


def test_leads_by_month_sum_to_the_need() -> None:
    figure = plots.leads_by_month(plan_result(), language="en")
    assert sum(figure.data[0].y) == pytest.approx(2550)
    assert [each.name for each in figure.data] == ["80%", "50%", "90%"]


def test_months_without_a_need_have_a_zero_and_no_symbols() -> None:
    result = plan_result()
    months = result.part("by_month")
    months.loc[months["month"] == date(2027, 3, 1), "leads"] = 0.0
    parts = {name: result.part(name) for name in result.parts} | {"by_month": months}
    given = drawn.result_of("leads_needed", result.table, result.parameters, parts=parts)
    figure = plots.leads_by_month(given, language="en")
    assert figure.data[0].text[2] == "0"
    assert list(figure.data[0].textposition) == ["inside", "inside", "outside"]
    assert list(figure.data[1].x) == [0, 1]
