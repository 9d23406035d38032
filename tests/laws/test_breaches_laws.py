"""Laws of the lists to act on: who is in them, who leaves them, in which order."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funnel_analytics as fa
from funnel_analytics.metrics.breaches import worth
from funnel_analytics.results import Result
from tests.builders import build_warehouse, three_stages

AS_OF = datetime(2026, 11, 1, 12)
RULES = """
[first_contact]
within_hours = 4

[handover.marketing_to_sdr]
respond_within_hours = 8

[follow_up]
next_step_from = "inquiry"
recycled_due_days = 5
"""
CLOSINGS = ["lost", "rejected", "recycled", "nurture"]

Tables = dict[str, list[dict[str, Any]]]


def made_up(seed: int) -> Tables:
    """Leads that are contacted, handed over, answered, closed and planned for, or not."""
    rng = np.random.default_rng(seed)
    tables: Tables = {name: [] for name in ("lead", "stage_event", "activity", "handover", "deal")}

    def later(at: datetime) -> datetime:
        return min(at + timedelta(minutes=int(rng.integers(1, 9000))), AS_OF)

    for number in range(250):
        name = f"l{number:03d}"
        created = AS_OF - timedelta(minutes=int(rng.integers(1, 60_000)))
        lead: dict[str, Any] = {"lead": name, "created_at": str(created)}
        lead["origin"] = str(rng.choice(["web", "fair"]))
        if rng.random() < 0.4:
            day = AS_OF + timedelta(days=int(rng.integers(-4, 4)))
            lead["next_step_on"] = str(day.date())
        tables["lead"].append(lead)
        at = created
        if rng.random() < 0.6:
            at = later(at)
            row = {"lead": name, "kind": "marketing_to_sdr", "handed_at": str(at)}
            if rng.random() < 0.6:
                at = later(at)
                row[str(rng.choice(["accepted_at", "rejected_at"], p=[0.8, 0.2]))] = str(at)
            tables["handover"].append(row)
        if rng.random() < 0.3:
            tables["activity"].append(
                {"lead": name, "happened_at": str(later(created)), "direction": "outbound"}
            )
        for stage in ("opportunity", "won"):
            if rng.random() < 0.3:
                at = later(at)
                tables["stage_event"].append({"lead": name, "stage": stage, "entered_at": str(at)})
        if rng.random() < 0.4:
            status = str(rng.choice(CLOSINGS))
            tables["stage_event"].append(
                {"lead": name, "status": status, "entered_at": str(later(at))}
            )
        if rng.random() < 0.5:
            amount = None if rng.random() < 0.3 else float(rng.integers(1, 100))
            tables["deal"].append({"deal": f"d{number}", "created_at": str(at), "amount": amount})
            lead["deal"] = f"d{number}"
    return tables


def lists_of(tables: Tables, path: Any) -> Result:
    agreement = three_stages(RULES)
    with build_warehouse(path, tables, agreement=agreement, as_of=str(AS_OF)) as warehouse:
        return fa.breaches(warehouse)


@pytest.fixture(scope="module")
def company() -> Tables:
    return made_up(5)


@pytest.fixture(scope="module")
def found(company: Tables, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return lists_of(company, tmp_path_factory.mktemp("lists") / "w.duckdb")


def test_every_listed_lead_is_open_or_recycled(company: Tables, found: Result) -> None:
    last: dict[str, tuple[str, str]] = {}
    for event in company["stage_event"]:
        step = (event["entered_at"], event.get("status") or event["stage"])
        last[event["lead"]] = max(last.get(event["lead"], ("", "")), step)
    table = found.table
    assert len(table) > 100
    for name, rows in table.groupby("list"):
        states = {last.get(lead, ("", "inquiry"))[1] for lead in rows["lead"].dropna()}
        assert states <= ({"recycled"} if name == "recycled_due" else {"inquiry", "opportunity"})
        assert not rows.duplicated(["lead", "deal"]).any()


def test_each_list_is_ordered_by_value_then_deadline_then_id(found: Result) -> None:
    for _, rows in found.table.groupby("list"):
        keys = [
            (-value if value == value else np.inf, due, lead)
            for value, due, lead in zip(
                rows["expected_value"], rows["due_at"], rows["lead"], strict=True
            )
        ]
        assert keys == sorted(keys)
        assert (rows["due_at"] <= AS_OF).all()
        assert (rows["over_hours"].dropna() > 0).all()
        assert (rows["over_days"].dropna() >= 0).all()


def test_what_is_done_leaves_its_list(
    company: Tables, found: Result, tmp_path_factory: pytest.TempPathFactory
) -> None:
    listed = {name: set(rows["lead"]) for name, rows in found.table.groupby("list")}
    now = str(AS_OF - timedelta(minutes=1))
    touched = listed["contact_overdue"] | listed["accepted_without_activity"]
    done = {name: [dict(row) for row in rows] for name, rows in company.items()}
    done["activity"] += [
        {"lead": lead, "happened_at": now, "direction": "outbound"} for lead in sorted(touched)
    ]
    for row in done["handover"]:
        if row["lead"] in listed["handover_overdue"]:
            row["rejected_at"] = now
    for row in done["lead"]:
        if row["lead"] in listed["no_next_step"]:
            row["next_step_on"] = str(AS_OF.date())
    done["stage_event"] += [
        {"lead": lead, "stage": "opportunity", "entered_at": now}
        for lead in sorted(listed["recycled_due"])
    ]
    after = lists_of(done, tmp_path_factory.mktemp("done") / "w.duckdb").table
    left = {name: set(rows["lead"]) for name, rows in after.groupby("list")}
    for name, leads in listed.items():
        back = listed["recycled_due"] if name != "recycled_due" else set()
        assert left.get(name, set()) & (leads - back) == set(), name


counts = st.integers(min_value=0, max_value=400)


@given(st.lists(st.tuples(counts, counts), min_size=1, max_size=6))
def test_a_chance_lies_between_that_of_the_origin_and_that_of_all(
    groups: list[tuple[int, int]],
) -> None:
    rows = pd.DataFrame(
        [
            {"value": f"o{n}", "segment": f"o{n}", "is_folded": False, "segment_leads": 900,
             "position": 2, "won_leads": won, "leads": won + open_leads}
            for n, (won, open_leads) in enumerate(groups) if won + open_leads
        ]
    )  # fmt: skip
    if rows.empty:
        return
    warehouse: Any = SimpleNamespace(agreement=three_stages())
    _, by_origin, of_all = worth._chances(warehouse, rows, 5)
    share = rows["won_leads"].sum() / rows["leads"].sum()
    if not share:
        assert np.isnan(of_all[2])
        assert all(np.isnan(each) for each in by_origin.values())
        return
    assert of_all[2] == pytest.approx(share)
    for _, row in rows.iterrows():
        own = row["won_leads"] / row["leads"]
        chance = by_origin[row["value"], 2]
        assert min(own, share) - 1e-9 <= chance <= max(own, share) + 1e-9
