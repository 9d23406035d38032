"""Figures, tables and sentences of journeys, tested by reading them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
from great_tables import GT
from typer.testing import CliRunner

import funnel_analytics as fa
from funnel_analytics import plots, tables, theme
from funnel_analytics.cli import app
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice, journey_state
from tests.figures import footer, labels, texts, title
from tests.test_tables import headings, rows
from tests.wording.drawn import result_of, sample_agreement
from tests.wording.spoken import DE, EN, said

YEAR = fa.year("2026")


@pytest.fixture(scope="module")
def warehouse(sample_database: Path) -> Iterator[fa.Warehouse]:
    with fa.open_warehouse(sample_database) as opened:
        yield opened


@pytest.fixture(scope="module")
def paths(warehouse: fa.Warehouse) -> Result:
    return fa.journey_paths(warehouse, period=YEAR)


@pytest.fixture(scope="module")
def sourced(warehouse: fa.Warehouse) -> Result:
    return fa.marketing_sourced(warehouse, period=YEAR)


@pytest.fixture(scope="module")
def credits(warehouse: fa.Warehouse) -> Result:
    return fa.attribution_credits(warehouse, period=YEAR, model=["linear", "markov"])


PATHS: list[Callable[..., go.Figure]] = [
    plots.journey_flows,
    lambda result, language: plots.journey_flows(result, with_unconverted=True, language=language),
    plots.channel_roles,
    plots.journey_times,
]


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_figure_says_what_who_and_when(paths: Result, sourced: Result, language: str) -> None:
    figures = [draw(paths, language=language) for draw in PATHS]
    for figure in [*figures, plots.marketing_sourced(sourced, language=language)]:
        whole = json.loads(figure.to_json())
        whole["layout"].pop("template")
        assert not any("nan" in each.lower().split() for each in texts(whole))
        assert "2026" in title(figure)
        assert "Beispiel Maschinenbau GmbH" in figure.layout.title.subtitle.text
        as_of = "Stand: 31. Oktober 2026" if language == "de" else "As of 31 October 2026"
        assert as_of in footer(figure)


@pytest.mark.parametrize("with_unconverted", [False, True])
def test_bands_run_from_left_to_right_and_end_once(paths: Result, with_unconverted: bool) -> None:
    figure = plots.journey_flows(paths, with_unconverted=with_unconverted, language="en")
    (sankey,) = figure.data
    x = sankey.node.x
    link = sankey.link
    assert all(x[a] < x[b] for a, b in zip(link.source, link.target, strict=True))
    note = paths.note("journeys")
    known = note["conversions"] - note["without_touch"]
    names = [str(each).replace("<br>", " ") for each in sankey.node.label]
    ends = {"Conversion": known} | ({"No conversion": note["without_conversion"]}
                                    if with_unconverted else {})  # fmt: skip
    inflow = [0] * len(names)
    outflow = [0] * len(names)
    for source, target, value in zip(link.source, link.target, link.value, strict=True):
        outflow[source] += value
        inflow[target] += value
    assert {name: inflow[names.index(name)] for name in ends} == ends
    assert sum(out for into, out in zip(inflow, outflow, strict=True) if not into) == sum(
        ends.values()
    )
    for into, out in zip(inflow, outflow, strict=True):
        assert not into or not out or into == out
    colours = dict(zip(names, sankey.node.color, strict=True))
    roles = paths.part("roles")
    for key, side in zip(roles["key"], roles["side"], strict=True):
        label = paths.agreement.channel_label(key, "en")
        colour = theme.ACCENT if side == "marketing" else theme.QUIET
        assert colours.get(label, colour) == colour
    assert set(link.color) == {theme.BAND}
    assert "1st touch" in labels(figure)


def test_the_parts_of_a_bar_are_the_roles(paths: Result) -> None:
    figure = plots.channel_roles(paths, language="en")
    roles = paths.part("roles").head(12)
    for trace, name in zip(figure.data, ("openers", "helpers", "closers", "alone"), strict=True):
        assert list(trace.x) == roles[name].tolist()
    assert figure.layout.xaxis.title.text == "Touches in journeys that converted (count)"
    first = paths.agreement.channel_label(roles["key"].iloc[0], "en")
    assert figure.layout.yaxis.ticktext[0] == first
    last = roles["last"].iloc[0]
    assert f"{last:.0f}" in labels(figure)


def test_a_path_that_a_folded_one_may_outnumber_is_not_the_most_frequent(paths: Result) -> None:
    # Five journeys are enough to be shown: four conversions may be behind any path that is not.
    smallest = paths.agreement.minimum_group_size
    table = paths.table[lambda rows: rows["is_folded"] | (rows.index == 0)].copy()
    assert table["conversions"].iloc[-1] >= smallest

    def again(rows: pd.DataFrame) -> Result:
        return result_of("journey_paths", rows, paths.parameters, notes=paths.notes)

    for most, is_named in ((smallest - 1, True), (smallest - 2, False)):
        table["conversions"] = [most, *table["conversions"].iloc[1:]]
        german, english = said(again(table))
        assert ("by the path" in english, "auf dem Weg" in german) == (is_named, is_named)
        assert ("no path is frequent enough" in english) != is_named
    table = table.iloc[:1].assign(conversions=1)
    assert "(1 of them" in said(again(table))[1]


def test_a_column_beside_the_roles_says_what_it_counts(paths: Result) -> None:
    assert "Erfolge,<br>zuletzt hier" in labels(plots.channel_roles(paths, language="de"))
    heading = labels(plots.channel_roles(paths, language="en"))[0]
    assert heading.replace("<br>", " ") == "Conversions, last here"
    assert "medians binomial" in footer(plots.journey_times(paths, language="en"))


def test_times_are_drawn_as_they_are_counted(paths: Result) -> None:
    figure = plots.journey_times(paths, language="en")
    times = paths.part("times")
    assert list(figure.data[0].x) == times["conversions"].tolist()[1:]
    dots = figure.data[-1]
    assert list(dots.x) == pytest.approx(times["median_days"].tolist())
    assert figure.layout.xaxis2.title.text == "Days from the first touch to the conversion"
    assert figure.layout.yaxis.ticktext[0] == "All"
    median = times.iloc[0]
    assert f"{median['median_days']:.1f}" in title(figure)


def test_bars_and_dots_are_the_definitions_and_their_overlap(sourced: Result) -> None:
    figure = plots.marketing_sourced(sourced, language="en")
    bars, yes, no = figure.data
    assert list(bars.x) == sourced.table["sourced_share"].tolist()
    overlap = sourced.part("overlap")
    shown = overlap[overlap["deals"] > 0]
    verdicts = shown[["first_touch", "lead_created", "any_touch"]]
    assert len(yes.x) == (verdicts == True).sum().sum()  # noqa: E712
    assert len(no.x) == (verdicts == False).sum().sum()  # noqa: E712
    marks = labels(figure)
    for deals in shown["deals"]:
        assert f"<b>{deals}</b>" in marks
    assert marks.count("?") == verdicts.isna().sum().sum()


def test_a_legend_says_how_a_journey_can_outlast_the_lookback(
    warehouse: fa.Warehouse, paths: Result
) -> None:
    # the day of a deal is known, not its hour: the time counts to the end of the day
    found = fa.attribution_credits(warehouse, period=YEAR, model="first").table
    days = (found["converted_at"] - found["touched_at"]).dt.total_seconds() / 86_400
    longest = paths.part("times")["p75_days"].max()
    assert longest < 91
    assert days.max() <= 90
    for language, said_so in (("de", "bis zu einen Tag länger"), ("en", "up to a day longer")):
        figure = plots.journey_times(paths, language=language)
        assert said_so in footer(figure)


def test_campaigns_are_called_by_their_names(warehouse: fa.Warehouse) -> None:
    result = fa.journey_paths(warehouse, period=YEAR, by="campaign")
    names = result.part("campaigns").set_index("campaign")["name"]
    first = next(each for each in result.part("roles")["key"] if each in names.index)
    assert names[first] != first
    assert journey_state(EN, result, first) == names[first]
    assert "sample:" not in str(rows(tables.channel_roles(result, language="en")))
    credited = fa.attribute(warehouse, period=YEAR, by="campaign").table.set_index("channel")
    assert credited.loc[first, "name"] == names[first]
    assert "campaigns" not in fa.journey_paths(warehouse, period=YEAR, by="side").parts


def test_the_command_says_how_many_differ_and_that_no_effect_was_measured(
    sample_database: Path, sourced: Result
) -> None:
    asked = ["show", "sourced", "--period", "2026", "--db", str(sample_database)]
    differing = sourced.note("sourced_deals")["differing"]
    for language, differ, caution in (
        ("de", f"bei {differing} unterscheiden sie sich.", "Eine Wirkung wurde nicht gemessen."),
        ("en", f"they differ on {differing}.", "no effect was measured."),
    ):
        printed = CliRunner().invoke(app, [*asked, "--language", language])
        told = " ".join(printed.stdout.split())
        assert printed.exit_code == 0
        assert differ in told
        assert caution in told


def test_sentences(paths: Result, sourced: Result, credits: Result) -> None:
    top = paths.table.iloc[0]

    def label(path: str, language: str) -> str:
        names = [paths.agreement.channel_label(each, language) for each in path.split(" > ")]
        return " → ".join(names)

    german, english = said(paths)
    assert english == (
        f"{paths.note('journeys')['conversions'] - paths.note('journeys')['without_touch']} won "
        f"deals in 2026 with a known touch: most often by the path “{label(top['path'], 'en')}” "
        f"({top['conversions']} of them; {top['conversions_share'] * 100:.1f}%)"
    )
    assert f"am häufigsten auf dem Weg „{label(top['path'], 'de')}“" in german
    shares = sourced.table["sourced_share"] * 100
    german, english = said(sourced)
    differing = sourced.note("sourced_deals")["differing"]
    assert f"{shares.min():.1f}% to {shares.max():.1f}% sourced by marketing" in english
    assert english.endswith(f"they differ on {differing}")
    assert german.endswith(f"bei {differing} unterscheiden sie sich")
    german, english = said(credits)
    assert "shared among" in english
    assert "verteilt auf" in german
    assert any("spread over each" in note for note in EN.notes(credits))
    assert any("anteilig auf jeden einzelnen verteilt" in note for note in DE.notes(credits))


def test_sentences_where_there_is_little(warehouse: fa.Warehouse) -> None:
    empty = fa.span("2024-11-01", "2024-11-03")
    nothing = fa.journey_paths(warehouse, period=empty)
    assert "No conversions with a known touch" in said(nothing)[1]
    assert isinstance(plots.channel_roles(nothing), Notice)
    assert isinstance(plots.journey_times(nothing), Notice)
    assert isinstance(plots.journey_flows(nothing), Notice)
    none = fa.marketing_sourced(warehouse, period=empty)
    assert said(none)[0].startswith("Keine Opportunities")
    assert isinstance(plots.marketing_sourced(none), Notice)
    assert isinstance(tables.marketing_sourced(none), Notice)
    none = fa.attribution_credits(warehouse, period=empty)
    assert "nothing to credit" in said(none)[1]
    assert isinstance(tables.attribution_credits(none), Notice)


@pytest.mark.parametrize("language", ["de", "en"])
def test_tables(paths: Result, sourced: Result, credits: Result, language: str) -> None:
    for table in (
        tables.journey_paths(paths, language=language),
        tables.channel_roles(paths, language=language),
        tables.attribution_credits(credits, language=language),
        tables.marketing_sourced(sourced, language=language),
        tables.marketing_sourced(sourced, deals=True, language=language),
    ):
        assert isinstance(table, GT)
        assert len(rows(table)) > 2
        assert all(headings(table))


def test_a_table_of_paths_has_the_most_frequent_and_the_rest(paths: Result) -> None:
    shown = rows(tables.journey_paths(paths, most=3, language="en"))
    assert len(shown) == 4
    several = next(each for each in paths.table["path"].head(3) if " > " in each)
    names = [paths.agreement.channel_label(each, "en") for each in several.split(" > ")]
    assert " → ".join(names) in [row[0] for row in shown]
    assert shown[-1][0] == "Rare paths, together"


def test_the_deals_that_differ_are_told_with_their_channels(sourced: Result) -> None:
    first = rows(tables.marketing_sourced(sourced, deals=True, most=1, language="en"))[0]
    deal = sourced.part("deals").iloc[0]
    assert first[0] == deal["deal"]
    assert [cell.split(" ")[0] for cell in first[2:]] == [
        "yes" if deal[name] else "no" for name in ("first_touch", "lead_created", "any_touch")
    ]


def test_what_was_never_loaded_is_a_notice() -> None:
    missing: Any = Missing("journey_paths", "touch", "…", sample_agreement())
    for draw in (*PATHS, plots.marketing_sourced):
        assert isinstance(draw(missing, language="de"), Notice)
    for make in (tables.journey_paths, tables.channel_roles, tables.attribution_credits,
                 tables.marketing_sourced):  # fmt: skip
        assert isinstance(make(missing), Notice)
