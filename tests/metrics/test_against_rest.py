"""Which group takes a step otherwise than the others do: by hand, and beside Fisher's test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact

from funnel_analytics import plots, tables
from funnel_analytics.agreement import parse_agreement
from funnel_analytics.metrics.conversion import against_rest, stage_conversion
from funnel_analytics.periods import month
from funnel_analytics.warehouse import Warehouse
from tests.builders import THREE_STAGES

WarehouseOf = Callable[..., Warehouse]
FEWEST_4 = parse_agreement(THREE_STAGES.replace("minimum_group_size = 1", "minimum_group_size = 4"))
NEXT = {"opportunity": ("opportunity",), "won": ("opportunity", "won"), "inquiry": ()}


def company(*groups: tuple[int, str, str | None, str]) -> dict[str, Any]:
    """So many leads with a furthest stage and an origin, created on a day and through at once."""
    leads, events = [], []
    for count, furthest, origin, day in groups:
        for _ in range(count):
            name = f"l{len(leads):04d}"
            leads.append({"lead": name, "created_at": f"{day} 08:00", "origin": origin})
            events += [
                {"lead": name, "stage": stage, "entered_at": f"{day} 08:00"}
                for stage in NEXT[furthest]
            ]
    return {"lead": leads, "stage_event": events}


MARCH = "2026-03-10"


# inquiry → opportunity      fair 60 of 100, web 20 of 100, no origin 6 of 20, small groups 3 of 4
# opportunity → won          fair 30 of 60, web 10 of 20, no origin 3 of 6, small groups 0 of 3
@pytest.fixture
def origins(warehouse_of: WarehouseOf) -> Warehouse:
    return warehouse_of(
        company(
            (40, "inquiry", "fair", MARCH),
            (30, "opportunity", "fair", MARCH),
            (30, "won", "fair", MARCH),
            (80, "inquiry", "web", MARCH),
            (10, "opportunity", "web", MARCH),
            (10, "won", "web", MARCH),
            (14, "inquiry", None, MARCH),
            (3, "opportunity", None, MARCH),
            (3, "won", None, MARCH),
            (1, "inquiry", "a", MARCH),
            (2, "opportunity", "b", MARCH),
            (1, "opportunity", "c", MARCH),
        ),
        agreement=FEWEST_4,
    )


def test_each_group_stands_beside_the_others_together(origins: Warehouse) -> None:
    """The folded groups are among the others, but are no group; three opportunities are too few."""
    rows = stage_conversion(origins, by="origin").part("against_rest")
    keys = ["segment", "position", "previous_leads", "reached_leads"]
    rest = ["rest_groups", "rest_previous_leads", "rest_reached_leads"]
    assert rows[[*keys, *rest]].values.tolist() == [
        ["fair", 2, 100, 60, 3, 124, 29],
        ["fair", 3, 60, 30, 2, 26, 13],
        ["web", 2, 100, 20, 3, 124, 69],
        ["web", 3, 20, 10, 2, 66, 33],
        [None, 2, 20, 6, 3, 204, 83],
        [None, 3, 6, 3, 2, 80, 40],
    ]
    assert rows["step_rate"].tolist() == [0.6, 0.5, 0.2, 0.5, 0.3, 0.5]
    assert rows["rest_rate"].tolist() == pytest.approx(
        [29 / 124, 0.5, 69 / 124, 0.5, 83 / 204, 0.5]
    )
    shared = 89 / 224
    gaps = [60 - 100 * shared, 0, 20 - 100 * shared, 0, 6 - 20 * shared, 0]
    assert rows["gap_leads"].tolist() == pytest.approx(gaps)
    assert rows["is_apart"].tolist() == [True, False, True, False, False, False]
    assert not rows["is_folded"].any()


def test_p_values_are_near_those_of_fisher_and_longer_far_in_the_tail(origins: Warehouse) -> None:
    rows = stage_conversion(origins, by="origin").part("against_rest")
    for _, row in rows.iterrows():
        counts = [row["reached_leads"], row["rest_reached_leads"]]
        leads = [row["previous_leads"], row["rest_previous_leads"]]
        missed = np.subtract(leads, counts)
        exact = fisher_exact(np.array([counts, missed], dtype=int)).pvalue
        assert 0.65 * exact <= row["p_value"] <= 3 * exact, row["segment"]
    assert (rows["q_value"] >= rows["p_value"]).all()


def test_young_and_cut_off_steps_are_compared_with_nothing(warehouse_of: WarehouseOf) -> None:
    """The wins of March came after 40 days; the leads of late October have had no time."""
    groups = company(
        (20, "opportunity", "fair", MARCH),
        (20, "opportunity", "web", MARCH),
        (20, "opportunity", "fair", "2026-10-30"),
    )
    for number in range(40):
        won = {"lead": f"l{number:04d}", "stage": "won", "entered_at": "2026-04-20 08:00"}
        groups["stage_event"].append(won)
    warehouse = warehouse_of(groups)
    rows = stage_conversion(warehouse, by="origin").part("against_rest")
    assert rows["position"].tolist() == [2, 2], "fair is not mature in the last step"
    assert rows["p_value"].tolist() == [1.0, 1.0], "everybody took the step"
    march = stage_conversion(warehouse, by="origin", cohort=month("2026-03"))
    assert march.part("against_rest")["position"].tolist() == [2, 3, 2, 3]
    since = THREE_STAGES.replace('name = "won"', 'name = "won"\nobserved_from = 2026-03-15')
    cut = stage_conversion(warehouse_of(groups, agreement=parse_agreement(since)), by="origin")
    assert set(cut.part("against_rest")["position"]) == {2}


def test_no_groups_no_comparison(origins: Warehouse) -> None:
    assert stage_conversion(origins).parts == ()
    one = stage_conversion(origins, by="origin", cohort=month("2026-04"))
    assert one.part("against_rest").empty


def test_pairs_are_compared_too(origins: Warehouse) -> None:
    rows = stage_conversion(origins, by=("origin", "created_month")).part("against_rest")
    assert rows[["segment", "second_segment"]].values.tolist()[0] == ["fair", "2026-03"]


def test_groups_without_a_difference_seldom_stand_out() -> None:
    """100 companies of 5 groups and 4 steps without any difference: about 5 % have a finding."""
    rng = np.random.default_rng(4)
    rates, found = (0.6, 0.5, 0.7, 0.3), 0
    for _ in range(100):
        rows = []
        for segment in "abcde":
            leads = int(rng.integers(20, 300))
            for position, rate in enumerate(rates, 2):
                reached = int(rng.binomial(leads, rate))
                rows.append((segment, position, leads, reached))
                leads = reached
        table = pd.DataFrame(
            rows, columns=["segment", "position", "previous_leads", "reached_leads"]
        ).assign(is_folded=False, is_mature=True, is_left_truncated=False, stage="any")
        table["step_rate"] = table["reached_leads"] / table["previous_leads"]
        found += bool(against_rest(table, minimum_group_size=5)["is_apart"].any())
    assert 1 <= found <= 10


def test_a_cohort_too_small_to_show_has_a_table_and_a_notice(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        company((3, "opportunity", "fair", MARCH)),
        agreement=FEWEST_4,
    )
    result = stage_conversion(warehouse, by="origin")
    assert result.part("against_rest").empty
    assert "not shown" in plots.conversion_heat_map(result, language="en").layout.title.text
    assert "–" in tables.conversion(result, language="en").as_raw_html()
