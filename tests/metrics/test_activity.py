"""Own activities in a stay, and what campaigns brought: drawn small and recounted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from funnel_analytics.errors import MissingTableError
from funnel_analytics.metrics.activity import activity_levels
from funnel_analytics.metrics.campaigns import campaign_runs
from funnel_analytics.periods import month
from funnel_analytics.segments import FOLDED
from funnel_analytics.warehouse import Warehouse, open_warehouse
from tests.builders import three_stages

WarehouseOf = Callable[..., Warehouse]
SAMPLE = Path(__file__).parents[2] / "data" / "sample"


def done(lead: str, at: str, kind: str | None = "call", **more: Any) -> dict[str, Any]:
    return {"lead": lead, "happened_at": f"2026-10-{at}", "kind": kind, **more}


def step(lead: str, what: str, at: str) -> dict[str, Any]:
    kind = "stage" if what in ("inquiry", "opportunity", "won") else "status"
    return {"lead": lead, kind: what, "entered_at": f"2026-10-{at}"}


# a  inquiry 1–15 (call 1st 8:00, mail 14th) ── opportunity 15– (call on the 15th at 8:00)
# b  inquiry 1–3 (nothing) ── rejected (call on the 4th: in no stay)
# c  inquiry 1– (call on the 5th, known by its day alone; a machine's mail; theirs)
def drawn(**more: Any) -> dict[str, Any]:
    return {
        "lead": [{"lead": each, "created_at": "2026-10-01 08:00"} for each in "abc"],
        "stage_event": [
            *(step(each, "inquiry", "01 08:00") for each in "abc"),
            step("a", "opportunity", "15 08:00"),
            step("b", "rejected", "03 08:00"),
        ],
        "activity": [
            done("a", "01 08:00"),
            done("a", "14 08:00", "email"),
            done("a", "15 08:00"),
            done("b", "04 08:00"),
            done("c", "04 22:00", None, happened_at_is_day=True),
            done("c", "06 08:00", is_automated=True),
            done("c", "07 08:00", direction="inbound"),
        ],
        **more,
    }


def test_an_activity_belongs_to_the_stay_it_lies_in(warehouse_of: WarehouseOf) -> None:
    result = activity_levels(warehouse_of(drawn()))
    table = result.table[result.table["stays"] > 0]
    keys = ["stage", "outcome", "stays", "activities", "untouched_stays"]
    assert table[keys].to_numpy().tolist() == [
        ["inquiry", "moved_on", 1, 2, 0],
        ["inquiry", "closed", 1, 0, 1],
        ["inquiry", "still_there", 1, 1, 0],
        ["opportunity", "still_there", 1, 1, 0],
    ]
    # two in two weeks; 1 in the days from the 1st, 8:00, to the end
    assert table["activities_per_week"].tolist()[:2] == [1.0, 0.0]
    assert table["mean_days"].tolist()[:2] == [14.0, 2.0]
    assert table["activities_per_week"].tolist()[2] == pytest.approx(7 / (30 + 16 / 24))
    assert result.note("outside_stays") == {"activities": 1}


def test_kinds_and_leads_are_counted_beside(warehouse_of: WarehouseOf) -> None:
    result = activity_levels(warehouse_of(drawn()))
    kinds = result.part("by_kind")
    assert [(row.stage, row.outcome, row.kind, row.activities) for row in kinds.itertuples()] == [
        ("inquiry", "moved_on", "call", 1),
        ("inquiry", "moved_on", "email", 1),
        ("inquiry", "still_there", None, 1),
        ("opportunity", "still_there", "call", 1),
    ]
    leads = result.part("per_lead")[["outcome", "leads", "activities", "untouched_leads"]]
    assert leads.to_numpy().tolist() == [["won", 0, 0, 0], ["over", 1, 1, 0], ["open", 2, 4, 0]]


def bands(result: Any, view: str) -> list[list[Any]]:
    part = result.part("bands")
    rows = part[(part["view"] == view) & (part["stays"] > 0)]
    keys = ["stage", "from_activities", "moved_on_stays", "closed_stays", "still_there_stays"]
    return [list(row) for row in rows[keys].itertuples(index=False, name=None)]


def test_the_landmark_has_the_stays_that_lasted(warehouse_of: WarehouseOf) -> None:
    result = activity_levels(warehouse_of(drawn()))
    assert bands(result, "all") == [
        ["inquiry", 0, 0, 1, 0],
        ["inquiry", 1, 0, 0, 1],
        ["inquiry", 2, 1, 0, 0],
        ["opportunity", 1, 0, 0, 1],
    ]
    # b was over after two days; a had one activity in its first seven
    assert bands(result, "landmark") == [
        ["inquiry", 1, 1, 0, 1],
        ["opportunity", 1, 0, 0, 1],
    ]
    rates = result.part("bands").dropna(subset=["moved_on_rate"])["moved_on_rate"].tolist()
    assert rates == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(("end", "lasted"), [("08 08:00:00", True), ("08 07:59:59", False)])
def test_a_stay_of_just_seven_days_has_lasted(
    warehouse_of: WarehouseOf, end: str, lasted: bool
) -> None:
    events = [step("a", "inquiry", "01 08:00:00"), step("a", "opportunity", end)]
    found = bands(activity_levels(warehouse_of(drawn(stage_event=events))), "landmark")
    assert any(row[:3] == ["inquiry", 1, 1] for row in found) is lasted


def test_bands_hold_what_their_names_say(warehouse_of: WarehouseOf) -> None:
    many = [done("a", f"{day:02} 09:00") for day in (2, 3, 4, 5)]
    result = activity_levels(warehouse_of(drawn(activity=many)))
    part = result.part("bands")
    row = part[(part["moved_on_stays"] == 1) & (part["view"] == "all")].iloc[0]
    assert (row["from_activities"], row["to_activities"]) == (3, 4)
    with pytest.raises(MissingTableError, match="activity"):
        activity_levels(warehouse_of(drawn(activity=[])))


@pytest.fixture(scope="module")
def sample(sample_database: Path) -> Iterator[Warehouse]:
    with open_warehouse(sample_database) as warehouse:
        yield warehouse


def test_the_sample_keeps_every_activity(sample: Warehouse) -> None:
    """A second count from the file: own activities of counted leads, inside and outside stays."""
    result = activity_levels(sample)
    file = pd.read_csv(SAMPLE / "activities.csv", sep=";", dtype=str)
    leads = pd.read_csv(SAMPLE / "leads.csv", sep=";", dtype=str).drop_duplicates("Lead-ID")
    out = leads.loc[(leads["Test"] == "ja") | (leads["Gelöscht"] == "ja"), "Lead-ID"]
    merged = leads.dropna(subset=["Zusammengeführt mit"])
    into = merged.set_index("Lead-ID")["Zusammengeführt mit"]
    own = file[(file["Art"] != "Automatische E-Mail") & (file["Richtung"] != "eingehend")]
    owner = own["Lead-ID"].map(into).fillna(own["Lead-ID"])
    counted = int((~owner.isin(out)).sum())
    assert result.part("per_lead")["activities"].sum() == counted
    inside, outside = result.table["activities"].sum(), result.note("outside_stays")["activities"]
    assert inside + outside == counted
    assert result.part("by_kind")["activities"].sum() == inside
    whole = result.part("bands").groupby("view")["stays"].sum()
    assert whole["all"] == result.table["stays"].sum()
    assert result.part("per_lead")["leads"].sum() == 4940


def campaign(name: str, start: str | None, end: str | None, **more: Any) -> dict[str, Any]:
    return {"campaign": name, "name": name, "started_on": start, "ended_on": end, **more}


# as of 1 November 2026, in Berlin
CAMPAIGNS = [
    campaign("fair", "2026-05-01", "2026-05-03", planned_leads=4, budget=900.0),
    campaign("brand", "2026-01-01", "2026-10-31", objective="long_term"),
    campaign("runs", "2026-03-01", "2026-11-01"),
    campaign("open", "2026-09-01", None),
    campaign("day93", "2026-05-01", "2026-08-02"),
    campaign("day92", "2026-05-01", "2026-08-01"),
    campaign("short", "2025-01-01", "2026-10-01", objective="short_term"),
    campaign("nothing", None, None),
]


def running(**more: Any) -> dict[str, Any]:
    """Three leads of the fair, one won after three days; one of the brand; one of none."""
    names = ["fair", "fair", "fair", "brand", None]
    return {
        "lead": [
            {"lead": f"l{n}", "created_at": "2026-05-02 08:00", "campaign": name}
            for n, name in enumerate(names)
        ],
        "stage_event": [{"lead": "l0", "stage": "won", "entered_at": "2026-05-05 08:00"}],
        "campaign": CAMPAIGNS,
        **more,
    }


def test_the_kind_is_the_objective_else_the_duration(warehouse_of: WarehouseOf) -> None:
    table = campaign_runs(warehouse_of(running(), as_of="2026-10-31 23:00")).table.set_index(
        "campaign"
    )
    kinds = {name: (row["kind"], row["kind_by"]) for name, row in table.iterrows()}
    assert kinds == {
        "fair": ("short_term", "duration"),
        "brand": ("long_term", "objective"),
        "runs": ("long_term", "duration"),
        "open": (None, None),
        "day93": ("long_term", "duration"),
        "day92": ("short_term", "duration"),
        "short": ("short_term", "objective"),
        "nothing": (None, None),
    }
    over = table["is_finished"].to_dict()
    # the last day of the data is 31 October: what ends on it is over, what ends after it goes on
    assert over == {**dict.fromkeys(over, True), "runs": False, "open": False, "nothing": False}


def test_only_finished_and_mature_campaigns_are_compared(warehouse_of: WarehouseOf) -> None:
    result = campaign_runs(warehouse_of(running(), as_of="2026-10-31 22:00"))
    table = result.table.set_index("campaign")
    fair = table.loc["fair"]
    assert (fair["leads"], fair["won_leads"]) == (3, 1)
    assert fair["win_rate"] == pytest.approx(1 / 3)
    assert (fair["win_low"], fair["win_high"]) == pytest.approx((0.0615, 0.7923), abs=1e-4)
    assert (fair["plan_share"], fair["budget"]) == (0.75, 900.0)
    assert fair["is_compared"]
    assert not table.loc["brand", "is_finished"]
    assert not table.loc["brand", "is_compared"]
    kinds = result.part("kinds").set_index(["kind", "is_finished"])
    assert kinds.loc[("short_term", True), "compared_leads"] == 3
    assert kinds.loc[("long_term", False), "compared_leads"] == 0
    assert kinds.loc[("long_term", False), "leads"] == 1
    assert result.note("leads_without_campaign") == {"leads": 1}
    stages = result.part("stages")
    reached = stages[stages["campaign"] == "fair"].set_index("stage")["reached_leads"]
    assert reached.to_dict() == {"inquiry": 3, "opportunity": 1, "won": 1}


def test_a_plan_is_compared_with_all_leads_or_not_at_all(warehouse_of: WarehouseOf) -> None:
    june = campaign_runs(warehouse_of(running()), cohort=month("2026-05")).table
    assert june.set_index("campaign").loc["fair", "plan_share"] == 0.75
    tables = running(campaign=[campaign("fair", "2026-04-30", "2026-05-03", planned_leads=4)])
    part = campaign_runs(warehouse_of(tables), cohort=month("2026-05")).table
    assert part.set_index("campaign")["plan_share"].isna()["fair"]


def test_small_campaigns_are_one_row_without_a_kind(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(running(), agreement=three_stages(minimum_group_size="2"))
    result = campaign_runs(warehouse)
    assert result.table["campaign"].tolist() == ["fair", FOLDED]
    folded = result.table.iloc[1]
    assert folded["kind"] is None
    assert folded["leads"] == 2  # of the brand, and of none


def test_the_sample_has_the_leads_of_its_file(sample: Warehouse) -> None:
    """A second count: the campaign that each counted lead names in its own row of the file."""
    leads = pd.read_csv(SAMPLE / "leads.csv", sep=";", dtype=str).drop_duplicates("Lead-ID")
    kept = leads[
        (leads["Test"] != "ja") & (leads["Gelöscht"] != "ja") & leads["Zusammengeführt mit"].isna()
    ]
    mine = kept["Kampagne"].dropna().value_counts()
    table = campaign_runs(sample).table
    counts = table.set_index("campaign")["leads"].astype(int)
    found = {str(key).removeprefix("sample:"): counts[key] for key in counts.index}
    assert sum(found.values()) - mine.sum() in range(30)  # a merged lead may take its part's
    assert all(0 <= found[name] - count <= 3 for name, count in mine.items())
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    assert len(table) == truth["written"]["rows"]["campaigns.csv"]
