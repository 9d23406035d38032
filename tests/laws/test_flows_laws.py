"""What holds for the stays, reasons and returns of every funnel, whatever its rows."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from funnel_analytics.metrics.flows import ENDINGS, stage_flows
from funnel_analytics.metrics.reasons import closed_leads_later, loss_reasons
from funnel_analytics.periods import span
from tests.builders import build_warehouse

# Every example builds a warehouse, so failing ones are not shrunk.
FEW = settings(phases=[Phase.explicit, Phase.generate])
START = datetime(2026, 10, 1)
STAGES = ("inquiry", "opportunity", "won")
EVENTS = st.tuples(
    st.integers(-2, 30),  # half days after creation: ties and entries before it are common
    st.sampled_from([*STAGES, "lost", "rejected", "recycled", "nurture"]),
    st.booleans(),
)
LEADS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(["web", "mail", None]), st.lists(EVENTS)),
    min_size=4,
    max_size=12,
)
WHOLE = span("2026-09-01", "2026-12-01")


def opened(folder, leads, turned=False):
    """A warehouse of these leads; `turned` puts the rows in another order."""
    lead_rows = [{"lead": "first", "created_at": str(START), "origin": "web"}]
    event_rows = [
        {"lead": "first", "entered_at": str(START), "stage": "opportunity", "reason": None},
        {"lead": "first", "entered_at": str(START), "status": "rejected", "reason": "why"},
    ]
    for number, (day, origin, events) in enumerate(leads):
        created = START + timedelta(days=day)
        lead_rows.append({"lead": f"l{number}", "created_at": str(created), "origin": origin})
        for half_days, what, is_day in events:
            at = created + timedelta(hours=12 * half_days)
            event_rows.append(
                {
                    "lead": f"l{number}",
                    "entered_at": str(at),
                    "stage" if what in STAGES else "status": what,
                    "entered_at_is_day": is_day and at.hour == 0,
                }
            )
    step = -1 if turned else 1
    path = Path(folder) / f"{len(list(Path(folder).iterdir()))}.duckdb"
    tables = {"lead": lead_rows[::step], "stage_event": event_rows[::step]}
    return build_warehouse(path, tables, as_of="2026-12-01")


@settings(FEW, max_examples=6)
@given(LEADS)
def test_what_enters_a_stage_leaves_it_in_one_way_or_is_there(leads):
    with tempfile.TemporaryDirectory() as folder, opened(folder, leads) as warehouse:
        created = stage_flows(warehouse, period=WHOLE, kind="created")
        entered = stage_flows(warehouse, period=WHOLE)
        by_origin = stage_flows(warehouse, period=WHOLE, by="origin").table
        reasons = loss_reasons(warehouse, period=WHOLE).table
        later = closed_leads_later(warehouse, period=WHOLE).table
        query = warehouse._connection.execute
        passes = query("select * from lead_passes order by lead_no, pass_no").df()
        stays = query("select * from stage_stays order by lead_no, stay_no").df()
        closed = query("select * from lead_closings where is_last").df()
    endings = list(ENDINGS.values())
    for result in (created, entered):
        for table in (result.table, result.part("by_month")):
            assert (table[endings].sum(axis=1) == table["entered_stays"]).all()
            assert (table[endings] >= 0).all(axis=None)
        table = result.table.set_index("stage")
        months = result.part("by_month").groupby("stage")[["entered_stays", *endings]].sum()
        assert_frame_equal(months.loc[table.index], table[months.columns], check_dtype=False)
        steps = result.part("transitions")
        out = steps.groupby("from_state")["stays"].sum()
        into = steps.groupby("to_state")["stays"].sum()
        for stage, row in table.iterrows():
            assert out.get(stage, 0) == row["entered_stays"]
            assert into.get(stage, 0) == row["entered_stays"]
    # every lead has one stay that nothing ended, or was closed last
    open_stays = int(created.table["still_there_stays"].sum())
    assert open_stays + passes["ended_by"].notna().sum() == len(passes)
    whole = by_origin.groupby("stage")[["entered_stays", *endings]].sum()
    assert_frame_equal(
        whole.loc[list(STAGES)], entered.table.set_index("stage")[whole.columns], check_dtype=False
    )
    assert (later["won_leads"] <= later["re_entered_leads"]).all()
    assert (later["re_entered_leads"] <= later["closed_leads"]).all()
    assert reasons.groupby("status")["leads"].sum().to_dict() == (
        later.set_index("status")["closed_leads"].to_dict()
    )
    # passes and stays follow each other in time, without gaps in their numbers
    assert len(passes) == len(leads) + 1 + closed["returned_at"].notna().sum()
    for _, of_lead in passes.groupby("lead_no"):
        assert of_lead["pass_no"].tolist() == list(range(1, len(of_lead) + 1))
        assert of_lead["ended_by"].iloc[:-1].notna().all()
        assert (of_lead["starts_at"].iloc[1:].to_numpy() >= of_lead["ends_at"].iloc[:-1]).all()
    for _, of_lead in stays.groupby("lead_no"):
        assert of_lead["stay_no"].tolist() == list(range(1, len(of_lead) + 1))
        ended = of_lead.dropna(subset=["left_at"])
        assert (ended["left_at"] >= ended["entered_at"]).all()
        assert of_lead["left_to"].iloc[:-1].notna().all()


@settings(FEW, max_examples=2)
@given(LEADS)
def test_the_order_of_the_rows_changes_nothing(leads):
    with (
        tempfile.TemporaryDirectory() as folder,
        opened(folder, leads) as one,
        opened(folder, leads, turned=True) as other,
    ):
        for metric in (stage_flows, loss_reasons, closed_leads_later):
            first, second = (metric(each, by="origin") for each in (one, other))
            assert_frame_equal(first.table, second.table)
            for name in first.parts:
                assert_frame_equal(first.part(name), second.part(name))
