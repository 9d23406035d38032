"""Modes, windows, optional stages and passes against a slow way to count, lead by lead."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest

from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.periods import span
from tests.builders import build_warehouse
from tests.oracle.funnel_world import AS_OF, STAGES, counted, four_stages, made_up, passes_of

WINDOWS = [
    ({}, None),
    ({2: 20, 3: 20, 4: 20}, 20),
    ({3: 12.5}, {"opportunity": 12.5}),
    ({2: 9, 4: 30}, {"demo": 9, "won": 30}),
]


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    leads, events = made_up(7, leads=110)
    path = tmp_path_factory.mktemp("ways") / "w.duckdb"
    with build_warehouse(
        path, {"lead": leads, "stage_event": events}, agreement=four_stages(), as_of=str(AS_OF)
    ) as warehouse:
        by_lead = {}
        for each in events:
            by_lead.setdefault(each["lead"], []).append(each)
        yield warehouse, leads, by_lead


def units_of(company, kind):
    _, leads, by_lead = company
    return [unit for row in leads for unit in passes_of(row, by_lead.get(row["lead"], []), kind)]


def found(table):
    return [
        {
            "asked": row.entered_leads,
            "not_due": row.not_due_leads,
            "previous": row.previous_leads,
            "reached": row.reached_leads,
        }
        for row in table.itertuples()
    ]


@pytest.mark.parametrize("passes", ["all", "first", "last", "every"])
@pytest.mark.parametrize("mode", ["at_least", "ordered", "strict"])
def test_every_way_to_count(company, mode, passes):
    units = units_of(company, passes)
    kinds = [()] if mode == "at_least" else [(), (2,), (2, 3)]
    for optional, (windows, given) in product(kinds, WINDOWS):
        names = [STAGES[each - 1] for each in optional]
        table = stage_conversion(
            company[0], mode=mode, passes=passes, optional=names, within_days=given
        ).table
        expected = counted(units, mode=mode, windows=windows, optional=optional)
        medians = [row.pop("median") for row in expected]
        assert found(table) == expected, (optional, given)
        if mode != "at_least":
            for one, other in zip(table["median_days"], medians, strict=True):
                assert one == pytest.approx(other, abs=1e-9) if other is not None else pd.isna(one)
        assert table["not_due_leads"].max() > 0 or given is None
        assert 0 < table["reached_leads"].iloc[3] < table["reached_leads"].iloc[0] or given


def test_the_company_has_what_the_ways_tell_apart(company):
    """Else agreement would prove little: leads that return, skip, go back and leave stages out."""
    counts = {
        (mode, passes): stage_conversion(company[0], mode=mode, passes=passes)
        .table["reached_leads"]
        .tolist()
        for mode, passes in product(
            ["at_least", "ordered", "strict"], ["all", "first", "last", "every"]
        )
    }
    assert len(set(map(tuple, counts.values()))) == len(counts)


def test_ways_by_origin_in_a_cohort(company):
    cohort = span("2026-04-01", "2026-08-01")
    table = stage_conversion(
        company[0], cohort=cohort, by="origin", mode="strict", passes="every", within_days=25
    ).table
    start, end = pd.Timestamp("2026-03-31 22:00"), pd.Timestamp("2026-07-31 22:00")
    for origin in ("web", "mail", "fair", None):
        units = [
            unit
            for unit in units_of(company, "every")
            if unit.origin == origin and start <= unit.created < end
        ]
        rows = table[table["segment"].isna() if origin is None else table["segment"] == origin]
        expected = counted(units, mode="strict", windows={2: 25, 3: 25, 4: 25}, optional=())
        for row in expected:
            row.pop("median")
        assert found(rows) == expected
