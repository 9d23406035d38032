"""Figures are tested by reading them: titles, axes, values, labels, in both languages."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import plotly.graph_objects as go
import pytest

from funnel_analytics import plots, theme
from funnel_analytics.errors import CallError
from funnel_analytics.plots.canvas import as_text, wrapped
from funnel_analytics.results import Result
from funnel_analytics.wording import Notice, Words
from tests.figures import footer, labels, texts, title
from tests.wording import drawn
from tests.wording.drawn_plan import plan_result

MODELS = ("first", "last", "linear", "position_based", "time_decay")
FIGURES: dict[str, Callable[[str], go.Figure]] = {
    "funnel": lambda language: plots.funnel(drawn.funnel_result(mature=4), language=language),
    "groups": lambda language: plots.funnel(drawn.segments_result(), language=language),
    "cohorts": lambda language: plots.cohorts(drawn.cohorts_result(), language=language),
    "throughput": lambda language: plots.throughput(drawn.throughput_result(), language=language),
    "throughput_by": lambda language: plots.throughput(
        drawn.throughput_result("origin"), language=language
    ),
    "time_in_stage": lambda language: plots.time_in_stage(
        drawn.time_in_stage_result(), language=language
    ),
    "waiting": lambda language: plots.waiting(drawn.waiting_result(), language=language),
    "waiting_by": lambda language: plots.waiting(drawn.waiting_result("origin"), language=language),
    "actual_vs_target": lambda language: plots.actual_vs_target(
        drawn.targets_result(), language=language
    ),
    "attribution": lambda language: plots.attribution(
        drawn.attribution_result(), language=language
    ),
    "attribution_models": lambda language: plots.attribution(
        drawn.attribution_result(*MODELS), language=language
    ),
    "leads_curve": lambda language: plots.leads_curve(plan_result(), language=language),
    "leads_by_month": lambda language: plots.leads_by_month(plan_result(), language=language),
}


@cache
def figure_of(name: str, language: str) -> go.Figure:
    """The figure, drawn once; the tests only read it."""
    return FIGURES[name](language)


@cache
def texts_of(name: str, language: str) -> tuple[str, ...]:
    """Every text in the figure as the browser gets it, without the template."""
    whole: dict[str, Any] = json.loads(figure_of(name, language).to_json())
    whole["layout"].pop("template")
    return tuple(texts(whole))


EVERY = [(name, language) for name in FIGURES for language in ("de", "en")]


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_figure_says_what_who_when_and_how_many(name: str, language: str) -> None:
    figure = figure_of(name, language)
    year = "2027" if "lead" in name else "2026"
    assert re.search(r"\d", title(figure))
    assert year in title(figure) or name == "time_in_stage" or "waiting" in name
    assert "Beispiel Maschinenbau GmbH" in figure.layout.title.subtitle.text
    as_of = "Stand: 31. Oktober 2026" if language == "de" else "As of 31 October 2026"
    assert as_of in footer(figure)
    assert figure.layout.separators == theme.separators(language)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_value_axis_names_its_quantity_and_unit(name: str, language: str) -> None:
    figure = figure_of(name, language)
    named = [
        axis.title.text
        for axis in [*figure.select_xaxes(), *figure.select_yaxes()]
        if axis.title.text
    ]
    named += [each.text for each in figure.layout.annotations if each.name == "axis"]
    assert any("(" in each and ")" in each for each in named), named


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_no_text_from_data_is_markup(name: str, language: str) -> None:
    for text in texts_of(name, language):
        assert "onclick" not in text or "&lt;b onclick=x&gt;" in text
        tags = set(re.findall(r"<(/?\w+)", text))
        assert tags <= {"b", "/b", "br", "span", "/span"}, text
        assert "$" not in text


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_no_line_is_wider_than_the_figure(name: str, language: str) -> None:
    """9.6 pixels is a wide bold letter of 17 pixels, 6.4 one of the footer's 11 pixels."""
    figure = figure_of(name, language)
    head = re.sub(r"</?b>", "", figure.layout.title.text)
    assert max(len(line) for line in head.split("<br>")) * 9.6 < figure.layout.width - 90
    (note,) = [each for each in figure.layout.annotations if each.name == "footer"]
    assert max(len(line) for line in note.text.split("<br>")) * 6.4 < figure.layout.width + 60


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_margins_leave_room_for_title_and_footer(name: str, language: str) -> None:
    figure = figure_of(name, language)
    lines = figure.layout.title.text.count("<br>") + 1
    assert figure.layout.margin.t >= 23 * lines + 16 + 20
    (note,) = [each for each in figure.layout.annotations if each.name == "footer"]
    room = figure.layout.margin.b + note.yshift
    assert room >= 14 * (note.text.count("<br>") + 1)


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_only_colours_of_the_theme(name: str, language: str) -> None:
    known = {
        *theme.PALETTE,
        theme.INK,
        theme.MUTED,
        theme.QUIET,
        theme.FAINT,
        theme.LINE,
        theme.PAPER,
        theme.GOOD,
        theme.BAD,
        theme.CLEAR,
    }
    found = {text for text in texts_of(name, language) if text.startswith("#")}
    assert found <= known


def test_the_funnel_shows_counts_rates_and_intervals() -> None:
    figure = plots.funnel(drawn.funnel_result(mature=4), language="en")
    (bars,) = figure.data
    assert list(bars.x) == [400, 240, 180, 60, 30, 12]
    counts = [each for each in figure.layout.annotations if each.xshift == 2]
    assert [each.x for each in counts] == [400, 240, 180, 60, 30, 12]
    assert {each.align for each in counts} == {"left"}, "the first and the second line begin alike"
    assert counts[0].text == "400"
    assert counts[1].text.startswith("240<br>")
    assert "7 imputed" in counts[1].text
    assert list(bars.marker.pattern.shape) == ["", "", "", "", "/", "/"]
    assert [colour == theme.ACCENT for colour in bars.marker.color].index(True) == 3
    assert any("33.3%" in text and "28.3–38.3%" in text for text in labels(figure))
    assert "100.0%" in labels(figure), "what is given for the first stage has no interval"
    assert "Hatched: not yet mature" in footer(figure)
    assert figure.layout.yaxis.ticktext[2].startswith("Sales accepted lead<br>")
    assert figure.layout.yaxis.range == (5.5, -0.5)
    assert figure.layout.xaxis.range[0] == 0


def test_the_funnel_in_german() -> None:
    figure = plots.funnel(drawn.funnel_result(mature=4))
    assert figure.layout.xaxis.title.text == "Leads, die die Phase erreicht hatten (Anzahl)"
    assert any("7 ergänzt" in text for text in labels(figure))
    assert any("33,3\N{NARROW NO-BREAK SPACE}%" in text for text in labels(figure))


def test_a_cut_off_stage_says_so() -> None:
    table = drawn.stage_rows((50, 10, 0), cut=True)
    result = drawn.result_of("stage_conversion", table, drawn.october(mode="at_least"))
    figure = plots.funnel(result, language="en")
    counts = [each for each in figure.layout.annotations if each.xshift == 2]
    assert all("data begin later" in each.text for each in counts)
    assert len(counts) == 3
    assert theme.ACCENT not in figure.data[0].marker.color


def test_groups_rank_the_mature_and_keep_the_others_apart() -> None:
    figure = plots.funnel(drawn.segments_result(), language="en")
    names = [re.sub("<br>", " ", each) for each in figure.layout.yaxis.ticktext]
    assert names == [
        "Inbound",
        "Not stated",
        "Unknown",
        "Outbound",
        "&lt;b onclick=x&gt;&#36;a&#36; &amp; Söhne&lt;/b&gt;",
        "Small groups, merged",
    ]
    (dots,) = figure.data
    assert list(dots.marker.symbol) == ["circle"] * 4 + ["circle-open", "circle"]
    assert list(dots.x) == [0.1, 0.1, 0.05, 0.02, 0.1, 0.0]
    assert dots.error_x.array[3] == pytest.approx(0.03)
    assert "20 of 200 leads" in labels(figure)


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(CallError, match="Did you mean 'won'"):
        plots.funnel(drawn.segments_result(), stage="wonn")


def test_cohorts_mark_the_immature_and_the_cut_off() -> None:
    figure = plots.cohorts(drawn.cohorts_result(), language="en")
    (dots,) = figure.data
    assert list(dots.marker.symbol) == ["x-thin"] * 2 + ["circle"] * 8 + ["circle-open"] * 4
    assert dots.y[9] == pytest.approx(16 / 150)
    assert "data begin later" in labels(figure)
    assert figure.layout.xaxis.ticktext[0] == "Sep<br>2025"
    assert figure.layout.xaxis.ticktext[4] == "Jan<br>2026"
    assert list(figure.layout.yaxis.ticktext) == ["0%", "5%", "10%"]


def test_cohorts_need_months() -> None:
    with pytest.raises(CallError, match="by='created_month'"):
        plots.cohorts(drawn.segments_result())


def test_throughput_has_a_panel_per_stage() -> None:
    figure = plots.throughput(drawn.throughput_result(), language="de")
    recorded, imputed = figure.data[10], figure.data[11]
    assert len(figure.data) == 12, "recorded and imputed entries of six stages"
    assert (figure.layout.barmode, recorded.y[-1], imputed.y[-1]) == ("stack", 5, 1)
    assert [each.text for each in figure.layout.annotations if each.yref == "y6"][-1] == "6"
    assert "Heller Teil: ergänzt" in footer(figure)
    assert figure.data[0].marker.pattern.shape[-1] == "/"
    assert "Schraffiert: Monat noch nicht abgeschlossen." in footer(figure)
    assert all(axis.range[0] == 0 for axis in figure.select_yaxes())
    assert "Jede Phase hat ihren eigenen Maßstab." in footer(figure)
    assert "Leads mit Eintritt im Monat (Anzahl)" in labels(figure)


def test_months_before_the_data_begin_are_no_zeros() -> None:
    result = drawn.throughput_result()
    table = result.table.assign(is_left_truncated=lambda rows: rows["month"] < date(2026, 1, 1))
    cut = drawn.result_of("stage_throughput", table, result.parameters)
    figure = plots.throughput(cut, language="en")
    shown = [each.text for each in figure.layout.annotations if each.yref == "y"]
    assert shown[:3] == ["×", "×", "152"]
    assert "the data begin later" in footer(figure)


def test_deadlines_that_differ_have_labels_of_their_own() -> None:
    result = drawn.waiting_result("origin")
    table = result.table
    table.loc[table["segment"] == "outbound", "deadline_hours"] = 8.0
    given = {"parts": {"curve": result.part("curve")}}
    figure = plots.waiting(
        drawn.result_of("time_to_contact", table, result.parameters, **given), language="en"
    )
    marks = [each for each in figure.layout.annotations if "Deadline" in each.text]
    assert [each.text for each in marks] == [
        "Deadline: 4 working hours",
        "Deadline: 8 working hours",
    ]
    assert marks[0].yshift != marks[1].yshift


def test_leads_with_several_deadlines_show_the_agreed_ones() -> None:
    figure = plots.waiting(drawn.mixed_deadlines_result(), language="en")
    assert [each.x0 for each in figure.layout.shapes] == [4, 8]
    assert "Deadline: 4 working hours" in labels(figure)
    assert "Deadline for Partner: 8 working hours" in labels(figure)
    assert figure.layout.xaxis.range == (0, 24), "three times the longest deadline"


def test_throughput_by_group_draws_a_line_per_group() -> None:
    figure = plots.throughput(drawn.throughput_result("origin"), language="en")
    assert [each.name for each in figure.data[:3]] == ["Inbound", "Outbound", "Partner"]
    assert len({each.line.dash for each in figure.data[:3]}) == 3
    assert [each.showlegend for each in figure.data[3:]] == [False] * 15


def test_time_in_stage_shows_the_median_and_what_was_not_reached() -> None:
    figure = plots.time_in_stage(drawn.time_in_stage_result(), language="en")
    dots = next(each for each in figure.data if each.name == "Median in stage (days)")
    assert list(dots.x) == [2.0, 1.5, 14.0, 21.0, 61.5]
    assert labels(figure).count("not reached") == 1
    assert figure.data[4].line.dash == "dot"
    diamonds = next(each for each in figure.data if each.marker.symbol == "diamond-open")
    assert all(a - b == pytest.approx(0.3) for a, b in zip(dots.y, diamonds.y, strict=True))
    assert figure.layout.xaxis.title.text == "Time in stage (days)"


def test_waiting_starts_at_nobody_and_shows_the_deadline() -> None:
    figure = plots.waiting(drawn.waiting_result(), language="en")
    (curve,) = figure.data
    assert (curve.x[0], curve.y[0], curve.line.shape) == (0, 0, "hv")
    assert "Deadline: 4 working hours" in labels(figure)
    assert figure.layout.shapes[0].x0 == 4
    assert figure.layout.xaxis.title.text == "Wait to first contact (working hours)"
    assert figure.layout.xaxis.range == (0, 12), "three times the deadline; 95 % of 88 % at 9"
    assert (
        "Shown up to 12 working hours; after that the curve goes on rising and ends at 88.0% "
        "after 85 working hours."
    ) in footer(figure)
    assert "By count, 88 of 100 leads had a first contact" in footer(figure)


def flat_from(result: Result, hours: float, last: float) -> Result:
    """The same wait with its curve at `last` from so many hours on."""
    curve = result.part("curve")
    curve.loc[curve["hours"] > hours, "share_contacted"] = last
    return drawn.result_of(
        "time_to_contact", result.table, result.parameters, parts={"curve": curve}
    )


def test_a_curve_rises_after_the_edge_only_if_it_prints_higher() -> None:
    """The curve stands at the edge, 12 hours, where it was; then 0, 0.02 or 1 point more."""
    result = drawn.waiting_result()
    curve = result.part("curve")
    edge = curve.loc[curve["hours"] <= 12, "share_contacted"].iloc[-1]
    for more, words in (
        (0.0, "danach kein weiterer Erstkontakt."),
        (0.0002, "danach kaum noch ein Erstkontakt."),
        (0.01, "danach steigt die Kurve weiter"),
    ):
        figure = plots.waiting(flat_from(result, 12, edge + more), language="de")
        assert f"Gezeigt bis 12 Arbeitsstunden; {words}" in footer(figure)


def test_groups_that_rise_after_the_edge_are_named() -> None:
    result = drawn.waiting_result("origin")
    figure = plots.waiting(result, language="en")
    assert "still rising after that, end value in brackets:" in footer(figure)
    figure = plots.waiting(flat_from(result, 0, 0.5), language="en")
    assert "still rising" not in footer(figure)


def test_stages_that_half_have_not_left_are_a_sentence() -> None:
    said = plots.time_in_stage(drawn.never_left_result(), language="en")
    assert isinstance(said, Notice)
    assert str(said).endswith("310 of 400 leads were still in “Inquiry”.")


def test_waiting_labels_its_lines_apart() -> None:
    figure = plots.waiting(drawn.waiting_result("origin"), language="de")
    ends = [
        each
        for each in figure.layout.annotations
        if each.text.split(":")[0] in {"Inbound", "Outbound", "Ohne Angabe"}
    ]
    heights = sorted(each.y for each in ends)
    assert len(heights) == 3
    assert min(b - a for a, b in itertools.pairwise(heights)) >= 0.05


@pytest.mark.parametrize("draw", [getattr(plots, name) for name in plots.__all__])
def test_a_missing_table_becomes_a_sentence(draw: Callable[..., Any]) -> None:
    said = draw(drawn.missing_touches(), language="en")
    assert isinstance(said, Notice)
    assert "<p" in said._repr_html_()
    assert "touch" in str(said)


def test_texts_are_shown_letter_by_letter() -> None:
    assert as_text("a <b>&\n$x$ 'q'") == "a &lt;b&gt;&amp; &#36;x&#36; 'q'"
    assert wrapped("eins zwei drei", 9) == "eins zwei<br>drei"
    firm = Words("de").percent(0.5)
    assert wrapped(f"mit {firm}", 6) == f"mit<br>{firm}"


@pytest.mark.parametrize(("name", "language"), EVERY)
def test_every_figure_fits_a_landscape_page_below_a_heading(name: str, language: str) -> None:
    """A4 landscape holds some 680 pixels at the printed width; heading and text take 120."""
    assert figure_of(name, language).layout.height <= 560
