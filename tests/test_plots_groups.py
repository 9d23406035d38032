"""Figures of many groups draw the largest and say how many are left to the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import pytest

from funnel_analytics import plots
from funnel_analytics.plots.canvas import add_texts
from funnel_analytics.plots.groups import count_groups, largest_groups, not_drawn
from funnel_analytics.results import Result
from funnel_analytics.wording import Words
from tests.figures import footer
from tests.test_plots_curves import cohorts, curve_result, curve_rows
from tests.test_trend_presentation import by_origin
from tests.wording import drawn, drawn_flows

MANY = 1000
Names = Callable[[go.Figure], list[str]]


def repeated(result: Result, size: str, *, by: str = "origin") -> Result:
    """The first group of a result, a thousand times: `g0000` is the smallest, `g0999` the largest.

    The largest come neither first nor last in the table.
    """

    def copies(table: pd.DataFrame) -> pd.DataFrame:
        if "segment" not in table.columns:
            return table
        first = table["segment"].iloc[0]
        own = table[table["segment"].isna() if first is None else table["segment"] == first]
        order = [*range(500, MANY), *range(500)]
        groups = [own.assign(segment=f"g{number:04d}") for number in order]
        whole = pd.concat(groups, ignore_index=True)
        if size in whole.columns:
            rank = whole["segment"].str[1:].astype("int64")
            whole[size] = whole[size].fillna(0).astype("int64") * 0 + 1000 + rank
        return whole

    return dataclasses.replace(
        result,
        parameters={**result.parameters, "by": by},
        _table=copies(result.table),
        _parts={name: copies(result.part(name)) for name in result.parts},
    )


def rows_of(figure: go.Figure) -> list[str]:
    return [str(each).split("<br>")[0] for each in figure.layout.yaxis.ticktext]


def small_lines_of(figure: go.Figure) -> list[str]:
    return sorted({str(each).split(">")[-2].split("<")[0] for each in figure.layout.yaxis.ticktext})


def names_of(figure: go.Figure) -> list[str]:
    return sorted({str(each.name) for each in figure.data if str(each.name).startswith("g")})


def beside(figure: go.Figure) -> list[str]:
    return sorted(
        str(each.text) for each in figure.layout.annotations if str(each.text).startswith("g")
    )


def curves() -> Result:
    rows = [curve_rows("a", [0.1, 0.2, 0.3, 0.4]), curve_rows("b", [0.1, 0.2, 0.2, 0.3])]
    return repeated(curve_result(*rows, by="origin"), "leads")


FIGURES: dict[str, tuple[Callable[[str], go.Figure], Names, int]] = {
    "funnel": (
        lambda language: plots.funnel(
            repeated(drawn.segments_result(), "entered_leads"), language=language
        ),
        rows_of,
        30,
    ),
    "heat map": (
        lambda language: plots.conversion_heat_map(
            repeated(drawn.segments_result(), "entered_leads"), language=language
        ),
        rows_of,
        30,
    ),
    "time in stage": (
        lambda language: plots.time_in_stage(
            repeated(drawn.time_in_stage_result(), "entered_leads"), language=language
        ),
        small_lines_of,
        6,
    ),
    "trend": (
        lambda language: plots.conversion_trend(
            repeated(by_origin(), "previous_leads"), language=language
        ),
        beside,
        5,
    ),
    "curve": (lambda language: plots.conversion_curve(curves(), language=language), names_of, 5),
    "throughput": (
        lambda language: plots.throughput(
            repeated(drawn.throughput_result("origin"), "total_leads"), language=language
        ),
        names_of,
        5,
    ),
    "waiting": (
        lambda language: plots.waiting(
            repeated(drawn.waiting_result("origin"), "leads"), language=language
        ),
        names_of,
        5,
    ),
}


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("name", FIGURES)
def test_of_a_thousand_groups_the_largest_are_drawn(name: str, language: str) -> None:
    draw, names, most = FIGURES[name]
    figure = draw(language)
    drawn_names = {each.split(" ")[0].rstrip(":") for each in names(figure)}
    assert drawn_names == {f"g{MANY - number:04d}" for number in range(1, most + 1)}
    assert figure.layout.height < 2000
    said = {
        "de": f"Gezeigt: die {most} größten von 1.000 Gruppen; {MANY - most} weitere stehen nur in "
        "der Tabelle.",
        "en": f"Shown: the {most} largest of 1,000 groups; {MANY - most} more are only in the "
        "table.",
    }
    assert said[language] in footer(figure)


def test_figures_of_one_group_say_of_how_many() -> None:
    flows = repeated(drawn_flows.flows_by_origin(), "stays")
    assert "Shown: “g0999”, one of 1,000 groups; the table has all." in footer(
        plots.stage_flows(flows, language="en")
    )
    expected = repeated(cohorts(), "leads")
    assert "Gezeigt: „g0999“, eine von 1.000 Gruppen; alle stehen in der Tabelle." in footer(
        plots.expected_conversion(expected, language="de")
    )


def test_channels_without_end_leave_room_for_what_has_no_known_touch() -> None:
    result = drawn.attribution_result()
    table = result.table
    channel = table[~table["is_no_known_touch"]].iloc[[0]]
    rows = [channel.assign(channel=f"c{number}", revenue=float(number)) for number in range(200)]
    many = dataclasses.replace(
        result, _table=pd.concat([*rows, table[table["is_no_known_touch"]]], ignore_index=True)
    )
    figure = plots.attribution(many, language="en")
    names = rows_of(figure)
    assert (len(names), names[0].split(" ")[0], names[-1]) == (30, "c199", "No known touch")
    assert "Shown: the 30 largest of 201 groups; 171 more are only in the table." in footer(figure)


def test_few_groups_are_all_drawn_and_nothing_is_said() -> None:
    figure = plots.funnel(drawn.segments_result(), language="en")
    assert len(rows_of(figure)) == 6
    assert "Shown:" not in footer(figure)
    assert not_drawn(Words("en"), shown=30, of=31) == [
        "Shown: the 30 largest of 31 groups; 1 more is only in the table."
    ]


def test_missing_folded_and_hidden_groups_are_groups_of_their_own() -> None:
    #   missing 9, a 5 (in two rows), "other_groups" folded 7 and one of that very name 6, hidden –
    table = pd.DataFrame(
        {
            "segment": ["a", None, "other_groups", "hidden", "a", "other_groups"],
            "is_folded": [False, False, True, False, False, False],
            "leads": pd.array([2, 9, 7, None, 3, 6], dtype="Int64"),
        }
    )
    assert count_groups(table) == 5
    ranked = largest_groups(table, size="leads", most=9).heads
    assert list(ranked.index) == [1, 2, 5, 0, 3]
    three = largest_groups(table, size="leads", most=6, rows_each=2)
    assert list(three.rows(table).index) == [1, 2, 5]
    assert len(largest_groups(table, size="leads", most=4, rows_each=9).heads) == 1


def test_texts_added_in_one_step_keep_the_earlier_ones() -> None:
    figure = go.Figure()
    figure.add_annotation(text="first")
    add_texts(figure, [{"text": f"{number}", "x": number} for number in range(3)])
    assert [each.text for each in figure.layout.annotations] == ["first", "0", "1", "2"]
    assert not figure.layout.annotations[1].showarrow
