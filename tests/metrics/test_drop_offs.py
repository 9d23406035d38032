"""Where leads drop off: drawn by hand, on the sample with its bad month, and without effects."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import sqrt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.estimates import LogitRows
from funnel_analytics.metrics.drop_offs import combinations, steps
from funnel_analytics.metrics.drop_offs.combinations import read_combinations
from funnel_analytics.ripeness import read_months
from funnel_analytics.segments import select_leads
from funnel_analytics.warehouse import Warehouse
from tests.builders import THREE_STAGES, three_stages

WarehouseOf = Callable[..., Warehouse]
AS_OF = "2026-10-31 23:00"
NEXT = {"opportunity": ("opportunity",), "won": ("opportunity", "won"), "inquiry": ()}


def leads_of(*groups: tuple[int, str, dict[str, Any]]) -> dict[str, Any]:
    """So many leads with a furthest stage and some fields each, created in March 2026 by default.

    `product` is a free attribute.
    """
    leads: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    for count, furthest, given in groups:
        more = dict(given)
        created = more.pop("created_at", "2026-03-10 08:00")
        product = more.pop("product", None)
        for _ in range(count):
            name = f"l{len(leads):04d}"
            leads.append({"lead": name, "created_at": created, **more})
            for stage in NEXT[furthest]:
                events.append({"lead": name, "stage": stage, "entered_at": created})
            if product:
                fields.append({"lead": name, "attribute": "product", "value": product})
    tables: dict[str, Any] = {"lead": leads, "stage_event": events}
    return {**tables, "lead_field": fields} if fields else tables


def two_origins(**more: Any) -> dict[str, Any]:
    # web    100 leads, 20 opportunities, 10 won
    # fair   100 leads, 60 opportunities, 30 won
    web, fair = {"origin": "web", **more}, {"origin": "fair", **more}
    return leads_of(
        (80, "inquiry", web),
        (10, "opportunity", web),
        (10, "won", web),
        (40, "inquiry", fair),
        (30, "opportunity", fair),
        (30, "won", fair),
    )


def row_of(table: Any, **wanted: Any) -> Any:
    chosen = table
    for name, value in wanted.items():
        chosen = chosen[chosen[name] == value]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_two_origins_differ_by_their_rates(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(two_origins(), as_of=AS_OF)
    result = fa.drop_off_segments(warehouse, attributes=["origin"])
    web = row_of(result.table, value="web", stage="opportunity")
    assert (web["previous_leads"], web["reached_leads"]) == (100, 20)
    assert (web["rate"], web["rest_rate"]) == (0.2, 0.6)
    # Two rates without other attributes: the difference is exact. Of the 40 entries that are
    # missing, half would have been won, as 40 of all 80 opportunities were.
    assert web["adjusted_difference"] == pytest.approx(-0.4)
    assert web["lost_deals"] == pytest.approx(20)
    # Newcombe (1998), method 10, on 20/100 and 60/100: the limits are Wilson's 0.1334 and 0.2888
    # for web; the rest has the pooled variance 0.24 / 100 instead of its own Wilson interval.
    half = 1.959964 * sqrt(0.24 / 100)
    low = -0.4 - sqrt((0.2 - 0.13337) ** 2 + half**2)
    high = -0.4 + sqrt((0.28883 - 0.2) ** 2 + half**2)
    assert web["low"] == pytest.approx(-high * 50, abs=1e-2)
    assert web["high"] == pytest.approx(-low * 50, abs=1e-2)
    # The score test of two rates is z with the pooled variance: 20 / sqrt(200 * 0.24 / 4), widened
    # by 200 / 199 for the one coefficient.
    assert web["statistic"] == pytest.approx(-20 / sqrt(12 * 200 / 199))
    assert web["is_found"]
    assert web["direction"] == "lost"


def test_both_directions_are_found_and_one_is_the_other_over_again(
    warehouse_of: WarehouseOf,
) -> None:
    table = fa.drop_off_segments(warehouse_of(two_origins(), as_of=AS_OF)).table
    found = table[table["is_found"]]
    assert set(found["value"]) == {"web", "fair"}
    assert set(found["direction"]) == {"lost", "gained"}
    # Of two origins, one is what the other is not: only one is a finding of its own.
    assert found["explained_by"].isna().tolist() == [True, False]
    assert found["explained_by"].tolist()[1] == 1
    assert found["finding_no"].tolist() == [1, 2]


def test_an_attribute_that_goes_with_another_is_adjusted_for(warehouse_of: WarehouseOf) -> None:
    # Only the origin counts: 20 % against 60 %. Product A is mostly web, B mostly fair; within
    # each origin both products have the same rate.
    groups = []
    for origin, rate, of_a in (("web", 0.2, 80), ("fair", 0.6, 20)):
        for product, count in (("A", of_a), ("B", 100 - of_a)):
            given = {"origin": origin, "product": product}
            took = round(rate * count)
            groups += [(took, "opportunity", given), (count - took, "inquiry", given)]
    warehouse = warehouse_of(leads_of(*groups), as_of=AS_OF)
    result = fa.drop_off_segments(warehouse, minimum_leads=10, stage="opportunity")
    product = row_of(result.table[result.table["second_attribute"].isna()], value="A")
    assert (product["rate"], product["rest_rate"]) == (0.28, 0.52)
    assert product["adjusted_difference"] == pytest.approx(0, abs=1e-9)
    alone = fa.drop_off_segments(warehouse, attributes=["product"], stage="opportunity")
    assert row_of(alone.table, value="A")["adjusted_difference"] == pytest.approx(-0.24)


def test_a_finer_attribute_does_not_hide_the_coarser(warehouse_of: WarehouseOf) -> None:
    # The channel tells the origin: adjusted for it, nothing of the origin would be left.
    tables = two_origins()
    for number, lead in enumerate(tables["lead"]):
        lead["channel"] = f"{lead['origin']} {number % 2}"
    warehouse = warehouse_of(tables, as_of=AS_OF)
    table = fa.drop_off_segments(warehouse, attributes=["channel", "origin"]).table
    web = row_of(table, attribute="origin", value="web", stage="opportunity")
    assert web["adjusted_difference"] == pytest.approx(-0.4)
    channel = row_of(table, attribute="channel", value="web 0", stage="opportunity")
    assert abs(channel["adjusted_difference"]) < 0.05
    # A channel with its own origin is no pair, it is the channel.
    assert table["second_attribute"].isna().all()


def test_a_pair_goes_before_the_values_it_makes_conspicuous(warehouse_of: WarehouseOf) -> None:
    # Only web leads of April are bad: 5 of 100; everything else has 50 of 100.
    groups = []
    for month in ("03", "04", "05"):
        for origin in ("web", "fair", "mail"):
            took = 5 if (month, origin) == ("04", "web") else 50
            given = {"origin": origin, "created_at": f"2026-{month}-10 08:00"}
            groups += [(took, "opportunity", given), (100 - took, "inquiry", given)]
    warehouse = warehouse_of(leads_of(*groups), as_of=AS_OF)
    table = fa.drop_off_segments(warehouse, stage="opportunity").table
    first = table.iloc[0]
    assert (first["value"], first["second_value"]) == ("2026-04", "web")
    assert first["direction"] == "lost"
    assert first["months"] == 1
    found = table[table["is_found"]]
    assert set(found.iloc[1:]["explained_by"]) == {1}
    singles = found[found["second_attribute"].isna() & (found["direction"] == "lost")]
    assert set(singles["value"]) == {"2026-04", "web"}


def test_immature_months_do_not_count(warehouse_of: WarehouseOf) -> None:
    # Opportunities come 60 days after the creation. The leads of late October could not yet.
    tables = two_origins(created_at="2026-03-10 08:00")
    for event in tables["stage_event"]:
        event["entered_at"] = "2026-05-09 08:00"
    for number in range(100):
        tables["lead"].append(
            {"lead": f"n{number}", "created_at": "2026-10-20 08:00", "origin": "web"}
        )
    warehouse = warehouse_of(tables, as_of=AS_OF)
    result = fa.drop_off_segments(warehouse, attributes=["origin"])
    assert row_of(result.table, value="web", stage="opportunity")["previous_leads"] == 100
    steps = result.part("steps").set_index("stage")
    assert list(steps["immature_months"]) == [1, 1]
    assert list(steps["judged_months"]) == [1, 1]
    assert result.note("months_left_out")["stages"][0]["immature_months"] == 1


def test_what_is_due_of_the_newest_month_is_told_by_the_hour(warehouse_of: WarehouseOf) -> None:
    # A lead every six hours from September on; each second one enters the stage 60 hours later.
    # Of the 124 leads of October 9 are younger; only 7 are younger than the two days that 60 hours
    # are in whole ones.
    leads, events = [], []
    for number in range(4 * 61):
        created = datetime(2026, 8, 31, 22) + timedelta(hours=6 * number)
        entered = created + timedelta(hours=60)
        leads.append({"lead": f"l{number:03d}", "created_at": str(created)})
        if number % 2 and entered <= datetime.fromisoformat(AS_OF):
            events.append(
                {"lead": f"l{number:03d}", "stage": "opportunity", "entered_at": str(entered)}
            )
    warehouse = warehouse_of({"lead": leads, "stage_event": events}, as_of=AS_OF)
    selection = select_leads(warehouse, period=None, by=None)
    _, months, _ = read_combinations(warehouse, selection, [], minimum_leads=30)
    judged, _ = read_months(warehouse, selection, months)
    assert list(months["value"]) == ["2026-09", "2026-10"]
    assert list(judged.is_judged[2]) == [True, True]
    assert judged.due[2].tolist() == pytest.approx([1.0, 115 / 124], abs=1e-6)


def test_a_month_that_is_not_all_ripe_is_no_finding(warehouse_of: WarehouseOf) -> None:
    # The same half of all leads enters the stage after two and a half days, in every month.
    leads, events = [], []
    for number in range(4000):
        created = datetime(2026, 7, 31, 22) + timedelta(minutes=33 * number)
        entered = created + timedelta(hours=60)
        origin = ("web", "fair")[number // 2 % 2]
        leads.append({"lead": f"l{number:04d}", "created_at": str(created), "origin": origin})
        if number % 2 and entered <= datetime.fromisoformat(AS_OF):
            events.append(
                {"lead": f"l{number:04d}", "stage": "opportunity", "entered_at": str(entered)}
            )
    warehouse = warehouse_of({"lead": leads, "stage_event": events}, as_of=AS_OF)
    table = fa.drop_off_segments(warehouse, stage="opportunity").table
    newest = row_of(table[table["second_attribute"].isna()], value="2026-10")
    assert newest["rate"] == pytest.approx(0.46, abs=0.01)
    assert abs(newest["adjusted_difference"]) < 0.003
    assert abs(newest["statistic"]) < 0.2
    assert not table["is_found"].any()


@pytest.mark.parametrize("most_cells", [1, 40])
def test_tables_that_are_too_large_are_counted_group_by_group(
    warehouse_of: WarehouseOf, monkeypatch: pytest.MonkeyPatch, most_cells: int
) -> None:
    groups = []
    for place, product in enumerate("ABC"):
        for month in ("03", "04", "05"):
            for origin, rate in (("web", 0.3), ("fair", 0.5), ("mail", 0.6)):
                given = {
                    "origin": origin,
                    "product": product,
                    "channel": f"c{(place + int(month)) % 4}",
                    "created_at": f"2026-{month}-10 08:00",
                }
                took = round(rate * 20) + place + int(month) * len(origin) % 5
                groups += [(took, "opportunity", given), (35 - took, "inquiry", given)]
    warehouse = warehouse_of(leads_of(*groups), as_of=AS_OF)
    whole = fa.drop_off_segments(warehouse).table

    class Small(LogitRows):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            self.crossing.most_cells = self.crossing.kept_cells = most_cells

    monkeypatch.setattr(steps, "LogitRows", Small)
    small = fa.drop_off_segments(warehouse).table
    assert whole["second_attribute"].notna().sum() > 20
    pd.testing.assert_frame_equal(whole, small, check_exact=False, rtol=1e-7, atol=1e-9)


def test_months_before_the_data_do_not_count(warehouse_of: WarehouseOf) -> None:
    tables = two_origins()
    tables["lead"] += [
        {"lead": f"o{number}", "created_at": "2026-01-20 08:00", "origin": "web"}
        for number in range(50)
    ]
    text = THREE_STAGES.replace(
        'name = "opportunity"', 'name = "opportunity"\nobserved_from = 2026-02-01'
    )
    agreement = parse_agreement(text, name="observed")
    warehouse = warehouse_of(tables, agreement=agreement, as_of=AS_OF)
    result = fa.drop_off_segments(warehouse, attributes=["origin"])
    assert row_of(result.table, value="web", stage="opportunity")["previous_leads"] == 100
    assert list(result.part("steps")["left_truncated_months"]) == [1, 1]


def test_small_groups_are_not_tested_nor_told_by_subtraction(warehouse_of: WarehouseOf) -> None:
    # 40 web leads, of which 36 have product A; 4 (fewer than the 5 of the agreement) have B.
    groups: list[tuple[int, str, dict[str, Any]]] = []
    for origin, product, count in (
        ("web", "A", 36),
        ("web", "B", 4),
        ("fair", "A", 40),
        ("fair", "B", 40),
    ):
        given = {"origin": origin, "product": product}
        groups += [(count // 2, "opportunity", given), (count - count // 2, "inquiry", given)]
    agreement = three_stages(minimum_group_size="5")
    warehouse = warehouse_of(leads_of(*groups), agreement=agreement, as_of=AS_OF)
    table = fa.drop_off_segments(warehouse, stage="opportunity").table
    pairs = table[table["second_attribute"].notna()]
    shown = set(zip(pairs["value"], pairs["second_value"], strict=True))
    # Web leads with A would tell of the 4 that are left of web, fair ones with B of those of B.
    assert shown == {("fair", "A")}


def test_leads_without_a_value_are_a_group(warehouse_of: WarehouseOf) -> None:
    tables = two_origins()
    for lead in tables["lead"]:
        lead["origin"] = None if lead["origin"] == "web" else "fair"
    warehouse = warehouse_of(tables, as_of=AS_OF)
    table = fa.drop_off_segments(warehouse, attributes=["origin"]).table
    missing = table[table["value"].isna() & (table["stage"] == "opportunity")].iloc[0]
    assert missing["rate"] == 0.2


def test_attributes_about_single_employees_are_left_out(warehouse_of: WarehouseOf) -> None:
    tables = two_origins()
    for number, lead in enumerate(tables["lead"]):
        lead["owner"] = f"p{number % 2}"
    tables["lead_field"] = [
        {"lead": lead["lead"], "attribute": "desk", "value": lead["owner"]}
        for lead in tables["lead"]
    ]
    tables["person"] = [{"person": "p0", "team": "sales"}, {"person": "p1", "team": "sales"}]
    warehouse = warehouse_of(tables, as_of=AS_OF)
    result = fa.drop_off_segments(warehouse)
    assert "desk" not in result.parameters["attributes"]
    assert result.note("attributes_left_out") == {"attributes": ["desk"]}
    with pytest.raises(CallError, match="single employees"):
        fa.drop_off_segments(warehouse, attributes=["desk"])


@pytest.mark.parametrize("most_places", [2**22, 1])
def test_pairs_about_single_employees_are_left_out(
    warehouse_of: WarehouseOf, monkeypatch: pytest.MonkeyPatch, most_places: int
) -> None:
    monkeypatch.setattr(combinations, "_MOST_PLACES", most_places)
    # Neither half nor product tells the owner, both together do; select_leads says the same.
    groups = [
        (60, stage, {"product": product, "origin": "web"})
        for product in ("A", "B")
        for stage in ("inquiry", "opportunity")
    ]
    tables = leads_of(*groups)
    for number, lead in enumerate(tables["lead"]):
        product = tables["lead_field"][number]["value"]
        half = "x" if number % 2 else "y"
        lead["owner"] = f"p{int((product == 'A') == (half == 'x'))}"
        tables["lead_field"].append({"lead": lead["lead"], "attribute": "half", "value": half})
    warehouse = warehouse_of(tables, as_of=AS_OF)
    result = fa.drop_off_segments(warehouse)
    assert set(result.parameters["attributes"]) >= {"product", "half"}
    assert ["half", "product"] in result.note("pairs_left_out")["pairs"]
    with pytest.raises(CallError, match="single employees"):
        fa.stage_conversion(warehouse, by=("half", "product"))
    both = {("half", "product"), ("product", "half")}
    table = result.table
    assert not both & set(zip(table["attribute"], table["second_attribute"], strict=True))


def test_nothing_to_compare_is_no_error(warehouse_of: WarehouseOf) -> None:
    tables = leads_of((40, "opportunity", {"origin": "web"}))
    table = fa.drop_off_segments(warehouse_of(tables, as_of=AS_OF)).table
    assert len(table) == 0
    assert {"value", "q_value", "explained_by"} <= set(table.columns)


def test_wrong_calls_are_refused(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        two_origins(), agreement=three_stages(minimum_group_size="5"), as_of=AS_OF
    )
    for wrong, message in (
        ({"stage": "inquiry"}, "Leads begin in inquiry"),
        ({"stage": "oportunity"}, "opportunity"),
        ({"attributes": ["orgin"]}, "Did you mean 'origin'"),
        ({"attributes": []}, "at least one"),
        ({"minimum_leads": 4}, "under 5"),
        ({"false_discovery_rate": 0.0}, "between 0 and 1"),
    ):
        with pytest.raises(CallError, match=message):
            fa.drop_off_segments(warehouse, **wrong)
    with pytest.raises(MissingTableError):
        fa.drop_off_segments(warehouse, attributes=["campaign"])


def test_shuffled_leads_give_the_same_answer(warehouse_of: WarehouseOf) -> None:
    tables = two_origins()
    turned = {name: rows[::-1] for name, rows in tables.items()}
    one, other = (
        fa.drop_off_segments(warehouse_of(each, as_of=AS_OF)).to_csv() for each in (tables, turned)
    )
    assert one == other


def test_the_sample_names_the_planted_month_origin_and_stage_first(sample_database: Path) -> None:
    root = Path(__file__).parents[2]
    planted = json.loads((root / "data/sample/truth.json").read_text("utf-8"))["bad_month"]
    with fa.open_warehouse(sample_database) as warehouse:
        result = fa.drop_off_segments(warehouse)
    first = result.table.iloc[0]
    assert (first["value"], first["second_value"]) == (planted["created_month"], planted["origin"])
    assert (first["stage"], first["direction"]) == (planted["stage"], "lost")
    # The planted factor halves a rate of about 0.74.
    assert first["adjusted_difference"] == pytest.approx(-0.37, abs=0.05)
    # What else is found is in the truth as well: origins and segments with rates of their own, and
    # the month as a whole, which the first finding explains.
    found = result.table[result.table["is_found"]]
    assert set(found["attribute"]) <= {"origin", "segment", "created_month"}
    assert set(found["value"]) == {"outbound", "network", "Konzern", "Kleinbetrieb", "2026-07"}
    month = row_of(found[found["second_attribute"].isna()], value="2026-07")
    assert month["explained_by"] == 1
    assert result.note("screened")["findings"] == len(found)


def test_a_company_without_effects_has_no_findings(tmp_path: Path) -> None:
    folder = fa.write_sample(tmp_path / "sample", leads=3000, seed=5, effects=False)
    files = ("leads.csv", "accounts.csv", "users.csv", "stage_history.csv")
    fa.load(
        [folder / name for name in files],
        preset="sample",
        database=tmp_path / "w.duckdb",
        agreement=folder / "agreement.toml",
        as_of=date(2026, 11, 1),
    )
    with fa.open_warehouse(tmp_path / "w.duckdb") as warehouse:
        table = fa.drop_off_segments(warehouse).table
    assert len(table) > 1000
    assert not table["is_found"].any()
