"""Figures, tables and sentences of deals, origins, beginnings, activities and campaigns, read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
from great_tables import GT

import funnel_analytics as fa
from funnel_analytics import plots, tables, theme
from funnel_analytics.cli import main
from funnel_analytics.results import Missing, Result
from funnel_analytics.wording import Notice
from tests.builders import build_warehouse, three_stages
from tests.figures import footer, labels, texts, title
from tests.metrics import test_activity as activity
from tests.metrics import test_buying as buying
from tests.metrics import test_origins as origins
from tests.test_tables import headings, rows
from tests.wording.drawn import EVIL, result_of, sample_agreement
from tests.wording.spoken import DE, EN, said

METRICS = ("buying_groups", "origin_mix", "entry_points", "activity_levels", "campaign_runs")


def _evil_campaigns() -> dict[str, Any]:
    told = activity.running()
    named = [{**each, "name": EVIL} if each["campaign"] == "fair" else each
             for each in told["campaign"]]  # fmt: skip
    return {**told, "campaign": named}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    folder = tmp_path_factory.mktemp("drawn")
    agreement = three_stages(buying.AGREED)
    drawn = {
        "buying_groups": buying.drawn(),
        "origin_mix": origins.drawn(),
        "entry_points": origins.beginnings(),
        "activity_levels": activity.drawn(),
        "campaign_runs": _evil_campaigns(),
    }
    found = {}
    for metric, given in drawn.items():
        with build_warehouse(
            folder / f"{metric}.duckdb", given, agreement=agreement, as_of="2026-10-31 23:00"
        ) as warehouse:
            found[metric] = getattr(fa, metric)(warehouse)
    return found


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("metric", METRICS)
def test_a_figure_says_what_who_and_when(
    results: dict[str, Result], metric: str, language: str
) -> None:
    figure = getattr(plots, metric)(results[metric], language=language)
    assert isinstance(figure, go.Figure)
    whole = json.loads(figure.to_json())
    whole["layout"].pop("template")
    whole["layout"].pop("meta")
    assert not any("<b onclick" in each for each in texts(whole))
    assert not any("nan" in each.lower().split() for each in texts(whole))
    assert "2026" in title(figure)
    assert "Test GmbH" in figure.layout.title.subtitle.text
    as_of = "Stand: 31. Oktober 2026" if language == "de" else "As of 31 October 2026"
    assert as_of in footer(figure)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("metric", METRICS)
def test_no_cell_is_markup_and_nothing_is_nan(
    results: dict[str, Result], metric: str, language: str
) -> None:
    table = getattr(tables, metric)(results[metric], language=language)
    assert isinstance(table, GT)
    assert "<b onclick" not in table.as_raw_html()
    cells = [cell for row in rows(table) for cell in row]
    assert all(cell.lower() not in {"nan", "<na>", "none"} for cell in cells)


@pytest.mark.parametrize("metric", METRICS)
def test_what_is_missing_is_a_notice(metric: str) -> None:
    missing = Missing(metric, "deal", "Export it.", sample_agreement())
    assert isinstance(getattr(plots, metric)(missing), Notice)
    assert isinstance(getattr(tables, metric)(missing), Notice)


def test_two_contacts_of_won_and_lost_deals(results: dict[str, Result]) -> None:
    assert said(results["buying_groups"]) == (
        (
            "Mindestens zwei Kontakte: 1 von 2 gewonnenen Opportunities (50,0 %) und 1 von 2 "
            "verlorenen Opportunities (50,0 %) bis zum 31. Oktober 2026"
        ),
        (
            "Two contacts or more: 1 of 2 won deals (50.0%) and 1 of 2 lost deals (50.0%) by "
            "31 October 2026"
        ),
    )
    notes = " ".join(DE.notes(results["buying_groups"]))
    assert "1 Opportunity ohne Tag der Anlage zählt nicht mit." in notes
    assert "1 Opportunity hat keinen Kontakt und zählt mit 0." in notes
    assert "weder gewonnen noch verloren gemeldet" in notes


@pytest.mark.parametrize(
    ("low", "high", "german"),
    [
        (
            -0.08,
            -0.01,
            "je weiterem Kontakt der ersten 30 Tage: −4,5 Prozentpunkte (−8,0 bis −1,0)",
        ),
        (-0.08, 0.01, "der ersten 30 Tage kein klarer Unterschied der Abschlussquote"),
    ],
)
def test_the_trend_is_told_only_where_it_is_clear(
    results: dict[str, Result], low: float, high: float, german: str
) -> None:
    result = results["buying_groups"]
    trend = result.part("trend").assign(slope=-0.045, low=low, high=high)
    parts = {name: result.part(name) for name in result.parts} | {"trend": trend}
    assert german in said(_with(result, parts=parts))[0]
    assert "in gleichen Segmenten" not in said(_with(result, parts=parts))[0]
    parts["trend"] = trend.assign(strata=2)
    assert "in gleichen Segmenten" in said(_with(result, parts=parts))[0]


def _with(result: Result, **changed: Any) -> Result:
    return result_of(
        result.metric,
        changed.get("table", result.table),
        {**result.parameters, "by": changed.get("by", result.parameters.get("by"))},
        parts=changed.get("parts", {name: result.part(name) for name in result.parts}),
        agreement=result.agreement,
        as_of=result.as_of,
    )


def test_grey_is_all_and_blue_is_the_landmark(results: dict[str, Result]) -> None:
    figure = plots.buying_groups(results["buying_groups"], language="en")
    grey, blue = figure.data
    assert list(grey.y) == [0.0, 1.0, 0.0, 1.0]
    assert list(blue.y) == [0.5]
    assert (grey.marker.color, blue.marker.color) == (theme.QUIET, theme.ACCENT)
    assert figure.layout.yaxis.title.text == "Win rate of the decided deals (%)"
    assert "the longer a deal is open, the more contacts it gathers" in footer(figure)


def test_the_table_of_contacts_shows_what_was_agreed(results: dict[str, Result]) -> None:
    table = tables.buying_groups(results["buying_groups"], language="de")
    assert "Mit Entscheider" in headings(table)
    assert [row[0] for row in rows(table)] == ["Gewonnen", "Verloren", "Noch offen"]
    assert rows(table)[0][1:4] == ["2", "2,0", "2"]
    assert "Genug: mindestens 3." in table.as_raw_html()


def test_an_origin_and_its_shares(results: dict[str, Result]) -> None:
    german, english = said(results["origin_mix"])
    assert german.startswith(
        "„web“ hat 57,1 % der Leads (4 von 7), 50,0 % der gewonnenen Opportunities (2 von 4) und "
        "72,2 % des Umsatzes"
    )
    assert "“web” has 57.1% of the leads (4 of 7)" in english
    figure = plots.origin_mix(results["origin_mix"], language="de")
    assert {each.name for each in figure.data} == {
        "web", "mail", "Unbekannt", "Ohne Angabe", "Ohne Lead",
    }  # fmt: skip
    for axis in ("y", "y2", "y3"):
        last = [each.y[2] for each in figure.data if (each.yaxis or "y") == axis]
        assert sum(last) == pytest.approx(1.0)
    cells = {row[0]: row[1:] for row in rows(tables.origin_mix(results["origin_mix"]))}
    assert cells["Without lead"][2] == "1"
    assert any(each.startswith("web: ") for each in labels(figure))


def test_many_origins_are_four_and_the_rest(results: dict[str, Result]) -> None:
    result = results["origin_mix"]
    part = result.part("by_month")
    wide = result.table
    more = wide[wide["segment"] == "mail"].assign(segment="fax")
    month_more = part[part["segment"] == "mail"].assign(segment="fax")
    drawn = _with(
        result,
        table=pd.concat([wide, more], ignore_index=True),
        parts={"by_month": pd.concat([part, month_more], ignore_index=True)},
    )
    figure = plots.origin_mix(drawn, language="en")
    rest = [each for each in figure.data if each.name == "Others"]
    assert len(rest) == 3
    assert {each.marker.color for each in rest} == {theme.QUIET}
    assert "the table names each" in footer(figure)


def test_beginnings_early_and_late(results: dict[str, Result]) -> None:
    german, english = said(results["entry_points"])
    assert german == (
        "6 von 8 Leads begannen in „Anfrage“ (75,0 %); von ihnen waren mit genug Zeit 3 von 6 bis "
        "zum 31. Oktober 2026 gewonnen (50,0 %), von den später begonnenen 1 von 2 (50,0 %)"
    )
    assert "of those that began later 1 of 2 (50.0%)" in english
    figure = plots.entry_points(results["entry_points"], language="en")
    assert list(figure.data[0].x) == [0.5, 0.5]
    assert list(figure.data[0].marker.symbol) == ["circle", "diamond"]


def test_closed_without_an_own_activity(results: dict[str, Result]) -> None:
    assert said(results["activity_levels"]) == (
        (
            "1 von 1 Aufenthalt mit Beendigung war bis zum 31. Oktober 2026 ohne eigene Aktivität "
            "(100,0 %), in „Anfrage“"
        ),
        (
            "1 of 1 stay with a closing was without an own activity by 31 October 2026 (100.0%), "
            "in “Inquiry”"
        ),
    )
    figure = plots.activity_levels(results["activity_levels"], language="de")
    assert {each.name for each in figure.data} == {"Alle Aufenthalte", "Nach 7 Tagen noch dort"}
    assert list(figure.layout.xaxis.ticktext) == ["0", "1", "2", "3–4", "5+"]
    assert "Was eine Aktivität bewirkt, zeigt das nicht" in footer(figure)


def test_campaigns_that_run_are_hollow_and_not_compared(results: dict[str, Result]) -> None:
    result = results["campaign_runs"]
    assert said(result)[0].startswith(
        "Abgeschlossene Kampagnen mit genug Zeit bis zum 31. Oktober 2026: kurzfristige 1 von 3 "
        "Leads gewonnen (33,3 %), langfristige 0 von 1 Lead (0,0 %) – die Intervalle überlappen"
    )
    table = result.table
    figure = plots.campaign_runs(result, language="en")
    symbols = list(figure.data[0].marker.symbol)
    compared = list(table["is_compared"])
    assert [not each.endswith("open") for each in symbols] == compared
    kinds = result.part("kinds")
    only = kinds[kinds["kind"] == "short_term"]
    parts = {name: result.part(name) for name in result.parts}
    assert "Only short-term campaigns" in said(_with(result, parts=parts | {"kinds": only}))[1]
    none = kinds.assign(compared_leads=0)
    assert said(_with(result, parts=parts | {"kinds": none}))[1] == (
        "None of 8 campaigns is finished and old enough by 31 October 2026 to be compared"
    )


def test_nothing_to_draw_is_said(results: dict[str, Result]) -> None:
    for metric in METRICS:
        result = results[metric]
        parts = {name: result.part(name) for name in result.parts}
        parts |= {name: part.iloc[:0] for name, part in parts.items() if name != "trend"}
        empty = _with(result, table=result.table.iloc[:0], parts=parts)
        drawn = getattr(plots, metric)(empty, language="en")
        assert isinstance(drawn, Notice), metric
        assert EN.finding(empty)


def test_the_command_line_prints_them(
    sample_database: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("buying_groups", "origins", "entry_points", "activities", "campaigns"):
        command = ["funnel", "show", name, "--db", str(sample_database), "--format", "json"]
        monkeypatch.setattr(sys, "argv", command)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code in (0, None)
        assert json.loads(capsys.readouterr().out)["rows"]
