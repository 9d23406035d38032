"""Data too thin for an answer: each reason, reached through the metric, and said in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import funnel_analytics as fa
from funnel_analytics.errors import DataError, ThinDataError
from funnel_analytics.results import Missing
from funnel_analytics.warehouse import Warehouse
from funnel_analytics.wording import Notice, words_for
from tests.builders import build_warehouse
from tests.metrics.test_incrementality import leads_of, numbered, spent, week

DRAWS = np.random.default_rng(9)
SEARCH = DRAWS.choice([50, 100, 300], 60)
CHANNELS = {f"c{number}": DRAWS.choice([50, 100, 300], 45) for number in range(5)}
PAUSE = (week(31), week(36))

Case = tuple[Sequence[int], dict[str, Any], dict[str, Any], str, str]

# Per reason: leads a week, spend a week, the call, and what is said in German and in English.
SPEND: dict[str, Case] = {
    "few_weeks_of_spend": (
        [30] * 20,
        {"search": SEARCH[:20]},
        {},
        "Nötig sind 40 ganze Wochen, in denen Leads und Ausgaben bekannt sind; es sind 19.",
        "needed are 40 whole weeks of which leads and spend are known; there are 19.",
    ),
    "spend_without_change": (
        [20, 30] * 25,
        {"search": [100] * 50},
        {},
        "Nötig sind Ausgaben in mindestens 8 der 49 Wochen, und nicht in allen gleich viel.",
        "needed is spend in at least 8 of the 49 weeks, and not the same in all of them.",
    ),
    "too_many_channels": (
        DRAWS.poisson(30, 45),
        CHANNELS,
        {},
        "Für c0, c1, c2, c3 und c4 zusammen wären 51 Wochen nötig; es sind 44.",
        "c0, c1, c2, c3 and c4 together would need 51 weeks; there are 44.",
    ),
    "few_leads_for_spend": (
        [1] * 60,
        {"search": SEARCH},
        {},
        "Nötig sind mindestens 100 Leads, und nicht in jeder Woche gleich viele.",
        "needed are at least 100 leads, and not as many in every week.",
    ),
    "spend_moves_together": (
        DRAWS.poisson(30, 60),
        {"search": SEARCH, "near": SEARCH * 2 + DRAWS.normal(0, 1, 60)},
        {},
        "Die Ausgaben für near und search stiegen und fielen gemeinsam, oder mit Trend und "
        "Jahreszeit.",
        "the spend on near and search rose and fell together, or with trend and season.",
    ),
    "spend_moves_with_season": (
        DRAWS.poisson(30, 60),
        {"search": np.linspace(100, 900, 60)},
        {},
        "Ob Leads den Ausgaben für search folgen, lässt sich nicht sagen: Diese Ausgaben stiegen "
        "und fielen mit dem Trend, der Jahreszeit oder den anderen Ausgaben.",
        "it rose and fell with the trend, the season or the other spend.",
    ),
}
OFF: dict[str, Case] = {
    "never_switched_off": (
        [20] * 43,
        {"search": [100] * 43},
        {"campaign": "C1"},
        "Nach den Ausgaben war „C1“ nie abgeschaltet: Es gibt keine 4 Wochen ohne Ausgaben",
        "By its spend, “C1” was never switched off: there are no 4 weeks without spend",
    ),
    "switched_off_too_thin": (
        [20] * 43,
        {"search": [100] * 43},
        {"channel": "search", "off": (week(3), week(8))},
        "Nötig sind mindestens 12 ganze Wochen davor, 4 ganze Wochen Pause und 100 Leads in dieser "
        "Zeit, vor und während der Pause; werden Gruppen verglichen, so viele Leads auch in den "
        "anderen Gruppen.",
        "Needed are at least 12 whole weeks before, 4 whole weeks off and 100 leads in this time,",
    ),
}
CASES = {
    **{reason: (fa.spend_response, *case) for reason, case in SPEND.items()},
    **{reason: (fa.switched_off, *case) for reason, case in OFF.items()},
}


def company(path: Path, weekly: Sequence[int], spend: dict[str, Any], **more: Any) -> Warehouse:
    rows = [row for name, amounts in spend.items() for row in spent(name, amounts)]
    tables = {"lead": numbered(leads_of(weekly, **more)), "spend": rows}
    return build_warehouse(path / "thin.duckdb", tables, as_of=f"{week(len(weekly))} 00:00")


@pytest.mark.parametrize("reason", CASES)
def test_what_is_too_thin_is_refused_and_said_in_both_languages(
    tmp_path: Path, reason: str
) -> None:
    metric, weekly, spend, asked, german, english = CASES[reason]
    warehouse = company(tmp_path, weekly, spend)
    with pytest.raises(ThinDataError) as error:
        metric(warehouse, **asked)
    missing = fa.available(metric, warehouse, **asked)
    assert isinstance(missing, Missing)
    assert (missing.reason, missing.metric) == (reason, metric.__name__)
    assert missing.message == str(error.value)
    assert german in str(fa.tables.notice(missing, language="de"))
    assert english in str(fa.tables.notice(missing, language="en"))
    for shown in (getattr(fa.plots, metric.__name__), getattr(fa.tables, metric.__name__)):
        assert isinstance(shown(missing), Notice)


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_reason_that_is_worded_is_one_that_is_given(language: str) -> None:
    missing = Missing("spend_response", "", "Thin.", fa.load_agreement("sample"))
    assert set(words_for(missing, language=language).texts["notice"]["thin"]) == set(CASES)


def test_few_leads_in_the_other_groups_are_named(tmp_path: Path) -> None:
    inbound, partner = leads_of([20] * 43, origin="inbound"), leads_of([2] * 43, origin="partner")
    tables = {"lead": numbered(inbound + partner), "spend": spent("search", [100] * 43)}
    warehouse = build_warehouse(tmp_path / "two.duckdb", tables, as_of=f"{week(43)} 00:00")
    asked = {"channel": "search", "off": PAUSE, "by": "origin", "groups": ["inbound"]}
    with pytest.raises(ThinDataError, match=r"100 leads in the other groups \(there are 86\)"):
        fa.switched_off(warehouse, **asked)
    missing = fa.available(fa.switched_off, warehouse, **asked)
    assert "as many leads in the other groups too" in str(fa.tables.notice(missing, language="en"))


def test_a_call_that_cannot_be_answered_by_more_data_stays_an_error(tmp_path: Path) -> None:
    warehouse = company(tmp_path, [20] * 43, {"search": [100] * 43}, origin="inbound")
    asked = {"channel": "search", "off": PAUSE, "by": "origin", "groups": ["inbound"]}
    with pytest.raises(DataError, match="groups by origin were off"):
        fa.available(fa.switched_off, warehouse, **asked)
