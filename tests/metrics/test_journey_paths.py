"""Paths of journeys in a warehouse: drawn by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.attribution.paths import journey_paths
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

Build = Callable[..., Warehouse]
OCTOBER = fa.month("2026-10")
WON_AT = pd.Timestamp("2026-10-20 12:00")
SIDES = """
[channels.fair]
side = "sales"
label = { de = "Messe", en = "Fair" }
[channels.mail]
side = "marketing"
label = { de = "Post", en = "Mail" }
"""


def drawn() -> dict[str, list[dict[str, Any]]]:
    """Won: fair mail fair, mail mail, nobody, twice fair mail. Open: mail, fair fair mail."""
    won = {"D0": ["fair", "mail", "fair"], "D1": ["mail", "mail"], "D2": [],
           "D3": ["fair", "mail"], "D4": ["fair", "mail"]}  # fmt: skip
    touched = {**won, "L8": ["mail"], "L9": ["fair", "fair", "mail"]}
    return {
        "lead": [
            {"lead": name, "created_at": "2026-10-01", "person_key": f"p{name}"}
            for name in ("L8", "L9")
        ],
        "deal": [
            {"deal": deal, "amount": 10 * number, "closed_at": WON_AT, "is_won": True}
            for number, deal in enumerate(won)
        ],
        "deal_contact": [{"deal": deal, "person_key": f"p{deal}"} for deal in won],
        "touch": [
            {
                "touch": f"{name}-{place}",
                "person_key": f"p{name}",
                "touched_at": WON_AT - pd.Timedelta(days=len(channels) - place),
                "channel": channel,
            }
            for name, channels in touched.items()
            for place, channel in enumerate(channels)
        ],
    }


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    file = tmp_path_factory.mktemp("paths") / "w.duckdb"
    return build_warehouse(file, drawn(), agreement=three_stages(SIDES))


@pytest.fixture(scope="module")
def result(warehouse: Warehouse) -> fa.Result:
    return journey_paths(warehouse, period=OCTOBER)


def test_paths_with_and_without_a_conversion(result: fa.Result) -> None:
    table = result.table.set_index("path")
    columns = ["touches", "conversions", "value", "journeys"]
    assert table[columns].to_dict("index") == {
        "fair > mail": {"touches": 2, "conversions": 2, "value": 70.0, "journeys": 3},
        "mail": {"touches": 1, "conversions": 1, "value": 10.0, "journeys": 2},
        "fair > mail > fair": {"touches": 3, "conversions": 1, "value": 0.0, "journeys": 1},
    }
    assert table["conversions_share"].tolist() == [0.5, 0.25, 0.25]
    assert table["value_share"].tolist() == [0.875, 0.125, 0.0]
    assert table["conversion_rate"].tolist() == pytest.approx([2 / 3, 1 / 2, 1])
    # Wilson's interval of 2 of 3 (Newcombe 1998, by hand)
    first = table.iloc[0]
    assert first["conversion_low"] == pytest.approx(0.2077, abs=1e-4)
    assert first["conversion_high"] == pytest.approx(0.9385, abs=1e-4)
    assert result.note("journeys") == {
        "conversions": 5, "without_touch": 1, "without_conversion": 2,
    }  # fmt: skip


def test_parts_say_the_same_of_other_sides(result: fa.Result) -> None:
    lengths = result.part("lengths")
    assert lengths[["touches_from", "touches_to", "conversions", "journeys"]].values.tolist() == [
        [1, 2, 3, 4], [3, 3, 1, 2],
    ]  # fmt: skip
    assert lengths["conversions_share"].tolist() == [0.75, 0.25]
    times = result.part("times")
    assert times["median_days"].tolist() == [2.0, 2.0, 3.0]
    roles = result.part("roles").set_index("key")
    assert roles["side"].to_dict() == {"mail": "marketing", "fair": "sales"}
    assert roles.loc["mail", ["openers", "helpers", "closers", "alone"]].tolist() == [1, 1, 3, 0]
    assert roles["assisted_per_last"].to_dict() == {"mail": 1 / 3, "fair": 2.0}
    follow = result.part("transitions").set_index(["from_state", "to_state"])
    assert follow.loc[("(start)", "fair"), ["steps", "converting_steps"]].tolist() == [4, 3]
    assert follow.loc[("(start)", "fair"), "share"] == pytest.approx(4 / 6)
    assert follow.loc[("mail", "(no conversion)"), "steps"] == 2
    assert follow.loc[("mail", "(no conversion)"), "share"] == pytest.approx(2 / 7)
    ends = result.part("first_to_last").set_index(["first", "last"])["conversions"]
    assert ends.to_dict() == {("fair", "mail"): 2, ("fair", "fair"): 1, ("mail", "mail"): 1}
    steps = result.part("steps")
    assert steps.loc[steps["to_state"] == "(conversion)", "conversions"].sum() == 4


def test_small_groups_are_not_shown(warehouse: Warehouse) -> None:
    agreement = three_stages(SIDES, minimum_group_size="3")
    with fa.open_warehouse(warehouse.path, agreement=agreement) as strict:
        result = journey_paths(strict, period=OCTOBER)
    assert result.table[["is_folded", "journeys"]].values.tolist() == [[False, 3], [True, 3]]
    assert result.table["path"].tolist() == ["fair > mail", None]
    assert result.note("folded_paths") == {"paths": 2}
    assert result.part("lengths")["conversions"].tolist() == [4]
    assert result.part("first_to_last")["is_folded"].tolist() == [True]


def test_repeats_and_keys_are_as_asked(warehouse: Warehouse) -> None:
    kept = journey_paths(warehouse, period=OCTOBER).part("roles")["touches"].sum()
    fewer = journey_paths(warehouse, period=OCTOBER, repeats="collapsed").part("roles")
    assert (kept, fewer["touches"].sum()) == (9, 8)
    sides = journey_paths(warehouse, period=OCTOBER, by="side").table
    assert sides["path"].tolist()[0] == "sales > marketing"
    with pytest.raises(CallError, match="only by channel"):
        journey_paths(warehouse, period=OCTOBER, by="nothing")


def test_nothing_to_tell_of(warehouse_of: Build) -> None:
    with pytest.raises(MissingTableError):
        journey_paths(warehouse_of({"lead": [{"lead": "a", "created_at": "2026-10-01"}]}),
                      period=OCTOBER)  # fmt: skip


def test_a_month_without_a_conversion(warehouse: Warehouse) -> None:
    result = journey_paths(warehouse, period=fa.month("2026-09"))
    assert result.note("journeys")["conversions"] == 0
    assert result.table["conversions"].sum() == 0
    assert result.table["conversions_share"].isna().all()
    assert result.part("times")["conversions"].sum() == 0


def test_the_sample_adds_up(sample_database: Path) -> None:
    with fa.open_warehouse(sample_database) as warehouse:
        result = journey_paths(warehouse, period=fa.year("2026"))
        credited = fa.attribute(warehouse, period=fa.year("2026"), model="first")
    totals = credited.note("totals")
    known = totals["conversions"] - totals["no_known_touch_conversions"]
    table = result.table
    assert table["conversions"].sum() == known
    assert table["value"].sum() == pytest.approx(
        totals["revenue"] - totals["no_known_touch_revenue"]
    )
    assert table.loc[~table["is_folded"], "journeys"].min() >= 5
    for part in ("lengths", "first_to_last"):
        assert result.part(part)["conversions"].sum() == known
    assert result.part("lengths")["conversions"].min() >= 5
    # whoever opens a journey is credited with it by the model `first`
    roles = result.part("roles").set_index("key")
    first = credited.table[~credited.table["is_no_known_touch"]].set_index("channel")
    opened = (roles["openers"] + roles["alone"]).astype(float)
    assert (
        opened[opened > 0].to_dict() == first.loc[first["conversions"] > 0, "conversions"].to_dict()
    )
