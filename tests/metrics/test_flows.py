"""What became of stays, why leads were closed and what came later; drawn small."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from funnel_analytics.cli import main
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.flows import ENDINGS, stage_flows
from funnel_analytics.metrics.reasons import closed_leads_later, loss_reasons
from funnel_analytics.metrics.stage_time import time_in_stage
from funnel_analytics.periods import month
from funnel_analytics.segments import FOLDED
from funnel_analytics.warehouse import Warehouse, open_warehouse
from tests.builders import three_stages

WarehouseOf = Callable[..., Warehouse]

REASONS = """
[reasons.rejected]
no_fit = { de = "Passt nicht", en = "Does not fit" }
[reasons.recycled]
too_early = { de = "Zu früh", en = "Too early" }
"""


def event(lead: str, what: str, day: int, **more: Any) -> dict[str, Any]:
    kind = "stage" if what in ("inquiry", "opportunity", "won") else "status"
    return {"lead": lead, kind: what, "entered_at": f"2026-10-{day:02} 08:00", **more}


# a  inquiry ── opportunity ── won
# b  inquiry ── rejected (no_fit) ─ ─ opportunity ── won      rejected, then won
# c  inquiry ── opportunity ── inquiry ── lost (price)        moved back
# d  inquiry ── opportunity ── recycled (too_early) ─ ─ opportunity      still there
# e  inquiry ── rejected (no reason)
# f  inquiry
def six_leads(**more: Any) -> dict[str, Any]:
    return {
        "lead": [
            {"lead": each, "created_at": "2026-10-01 08:00", "origin": origin}
            for each, origin in zip(
                "abcdef", ["web", "web", "web", "mail", "mail", None], strict=True
            )
        ],
        "stage_event": [
            *(event(each, "inquiry", 1) for each in "abcdef"),
            event("a", "opportunity", 2),
            event("a", "won", 3),
            event("b", "rejected", 2, reason="no_fit"),
            event("b", "opportunity", 12),
            event("b", "won", 13),
            event("c", "opportunity", 2),
            event("c", "inquiry", 3),
            event("c", "lost", 4, reason="price"),
            event("d", "opportunity", 2),
            event("d", "recycled", 3, reason="too_early"),
            event("d", "opportunity", 20),
            event("e", "rejected", 2),
        ],
        **more,
    }


@pytest.fixture
def drawn(warehouse_of: WarehouseOf) -> Warehouse:
    deals = [
        {"deal": "x", "is_won": True, "closed_at": "2026-10-13 08:00", "amount": 700.0},
        {"deal": "y", "is_won": True, "closed_at": "2026-10-03 08:00", "amount": 40.0},
    ]
    tables = six_leads(deal=deals)
    tables["lead"][1]["deal"], tables["lead"][0]["deal"] = "x", "y"
    return warehouse_of(tables, agreement=three_stages(REASONS))


def counts(table: pd.DataFrame) -> list[list[int]]:
    return table[["entered_stays", *ENDINGS.values()]].to_numpy().tolist()


def test_every_stay_ends_in_one_way(drawn: Warehouse) -> None:
    result = stage_flows(drawn)
    # entered, on, back, lost, rejected, recycled, nurture, there
    assert counts(result.table) == [
        [7, 3, 0, 1, 2, 0, 0, 1],
        [5, 2, 1, 0, 0, 1, 0, 1],
        [2, 0, 0, 0, 0, 0, 0, 2],
    ]
    assert result.table["stage"].tolist() == ["inquiry", "opportunity", "won"]
    assert result.parameters["kind"] == "entered"


def test_steps_lead_from_state_to_state(drawn: Warehouse) -> None:
    steps = stage_flows(drawn).part("transitions")
    told = {(row.from_state, row.to_state): row.stays for row in steps.itertuples()}
    assert told == {
        ("created", "inquiry"): 6,
        ("inquiry", "opportunity"): 3,
        ("inquiry", "lost"): 1,
        ("inquiry", "rejected"): 2,
        ("inquiry", "still_there"): 1,
        ("opportunity", "inquiry"): 1,
        ("opportunity", "won"): 2,
        ("opportunity", "recycled"): 1,
        ("opportunity", "still_there"): 1,
        ("won", "still_there"): 2,
        ("rejected", "opportunity"): 1,
        ("recycled", "opportunity"): 1,
    }
    assert steps.loc[steps["is_backward"], "from_state"].tolist() == ["opportunity"]
    assert steps.loc[steps["is_return"], "from_state"].tolist() == ["rejected", "recycled"]
    first = list(dict.fromkeys(steps["from_state"]))
    assert first == ["created", "inquiry", "opportunity", "won", "rejected", "recycled"]


def test_months_are_those_of_the_entry_or_of_the_creation(warehouse_of: WarehouseOf) -> None:
    # a  created on 30 September, 23:59 Berlin; opportunity exactly at the end of the month
    warehouse = warehouse_of(
        {
            "lead": [{"lead": "a", "created_at": "2026-09-30 21:59:59"}],
            "stage_event": [
                {"lead": "a", "stage": "opportunity", "entered_at": "2026-09-30 22:00:00"}
            ],
        }
    )
    entered = stage_flows(warehouse).part("by_month")
    assert entered[entered["entered_stays"] > 0][["month", "stage"]].to_numpy().tolist() == [
        [pd.Timestamp("2026-09-01"), "inquiry"],
        [pd.Timestamp("2026-10-01"), "opportunity"],
    ]
    assert len(entered) == 9
    created = stage_flows(warehouse, kind="created").part("by_month")
    assert set(created.loc[created["entered_stays"] > 0, "month"]) == {pd.Timestamp("2026-09-01")}
    october = stage_flows(warehouse, period=month("2026-10"), kind="created").table
    assert counts(october) == [[0] * 8] * 3
    assert counts(stage_flows(warehouse, period=month("2026-10")).table)[1] == [1, *[0] * 6, 1]


def test_small_groups_of_flows_are_folded_and_hidden(warehouse_of: WarehouseOf) -> None:
    agreement = three_stages(minimum_group_size="4")
    result = stage_flows(warehouse_of(six_leads(), agreement=agreement), by="origin")
    assert result.table["segment"].drop_duplicates().tolist() == [FOLDED]
    assert result.table["entered_stays"].tolist() == [7, 5, 2]
    assert result.note("folded") == {"groups": 3, "leads": 6}
    agreement = three_stages(REASONS, minimum_group_size="7")
    few = warehouse_of(six_leads(), agreement=agreement)
    for result, column in (
        (stage_flows(few, by="origin"), "entered_stays"),
        (loss_reasons(few, by="origin"), "leads"),
        (closed_leads_later(few, by="origin"), "won_leads"),
    ):
        assert result.table[column].isna().all()
        assert result.note("folded")["leads"] is None
        for name in result.parts:
            part = result.part(name).drop(columns=["position", "month"], errors="ignore")
            assert part.select_dtypes("number").isna().all().all()
    assert [each.code for each in loss_reasons(few, by="origin").notes] == ["excluded", "folded"]


def test_groups_by_a_pair(drawn: Warehouse) -> None:
    for metric in (stage_flows, loss_reasons, closed_leads_later):
        result = metric(drawn, by=("origin", "created_month"))
        assert set(result.table["second_segment"]) == {"2026-10"}
        assert ("web", "2026-10") in set(
            zip(result.table["segment"], result.table["second_segment"], strict=True)
        )


def test_reasons_by_status_and_stage(drawn: Warehouse) -> None:
    result = loss_reasons(drawn)
    table = result.table
    rows = table[["status", "stage", "team", "reason", "leads", "of_leads"]]
    assert rows.astype(object).where(rows.notna(), None).to_numpy().tolist() == [
        ["lost", "inquiry", "marketing", "price", 1, 1],
        ["rejected", "inquiry", "marketing", "no_fit", 1, 2],
        ["rejected", "inquiry", "marketing", None, 1, 2],
        ["recycled", "opportunity", "sales", "too_early", 1, 1],
    ]
    assert table["is_agreed"].astype(object).where(table["is_agreed"].notna(), None).tolist() == [
        False,
        True,
        None,
        True,
    ]
    assert table["leads_share"].tolist() == [1.0, 0.5, 0.5, 1.0]
    # Wilson's interval for 1 of 2, from his formula by hand: centre 0.5, half 0.4055
    assert table["leads_low"].iloc[1] == pytest.approx(0.0945, abs=5e-5)
    assert result.note("without_reason") == {"leads": 1, "of": 4}
    assert result.note("unagreed_reasons") == {"leads": 1, "reasons": ["price"]}
    assert result.part("by_stage")["leads"].tolist() == [1, 2, 1]


def test_a_lead_counts_once_per_status_by_its_last_time(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [{"lead": "a", "created_at": "2026-10-01 08:00"}],
            "stage_event": [
                event("a", "recycled", 2, reason="first"),
                event("a", "opportunity", 3),
                event("a", "recycled", 4, reason="last"),
                event("a", "rejected", 5, reason="other"),
            ],
        }
    )
    result = loss_reasons(warehouse)
    rows = result.table[["status", "stage", "reason", "leads"]].to_numpy().tolist()
    assert rows == [
        ["rejected", "opportunity", "other", 1],
        ["recycled", "opportunity", "last", 1],
    ]
    assert result.note("repeat_closings") == {"closings": 1}
    later = closed_leads_later(warehouse).table.set_index("status")
    assert later["re_entered_leads"].to_dict() == {"rejected": 0, "recycled": 1}


def test_rejected_then_won(drawn: Warehouse) -> None:
    table = closed_leads_later(drawn).table.set_index("status")
    assert list(table.index) == ["lost", "rejected", "recycled"]
    assert table["closed_leads"].tolist() == [1, 2, 1]
    assert table["re_entered_leads"].tolist() == [0, 1, 1]
    assert table["won_leads"].tolist() == [0, 1, 0]
    assert table.loc["rejected", "won_rate"] == 0.5
    assert table.loc["rejected", "median_days_to_return"] == 10.0
    assert table["median_days_to_return"].isna().tolist() == [True, False, False]
    # only the deal won after the rejection counts
    assert table["won_deals"].tolist() == [0, 1, 0]
    assert table["won_amount"].tolist() == [0.0, 700.0, 0.0]
    by_reason = closed_leads_later(drawn).part("by_reason")
    won = by_reason[by_reason["won_leads"] > 0]
    assert won[["status", "reason", "is_agreed", "won_amount"]].to_numpy().tolist() == [
        ["rejected", "no_fit", True, 700.0]
    ]


def test_a_deal_of_two_won_leads_is_shared_and_an_empty_amount_is_missing(
    warehouse_of: WarehouseOf,
) -> None:
    leads = [{"lead": each, "created_at": "2026-10-01 08:00", "deal": "x"} for each in "ab"]
    events = [event("a", "rejected", 2), event("a", "won", 5), event("b", "won", 5)]
    for amount, expected in ((100.0, 50.0), (None, None)):
        deal = {"deal": "x", "is_won": True, "closed_at": "2026-10-05 08:00", "amount": amount}
        warehouse = warehouse_of({"lead": leads, "stage_event": events, "deal": [deal]})
        row = closed_leads_later(warehouse).table.iloc[0]
        assert row["won_deals"] == 1
        assert row["won_amount"] == expected if expected else pd.isna(row["won_amount"])


def test_without_deals_their_number_and_value_are_missing(warehouse_of: WarehouseOf) -> None:
    table = closed_leads_later(warehouse_of(six_leads())).table
    assert table[["won_deals", "won_amount"]].isna().all().all()
    assert table["won_leads"].tolist() == [0, 1, 0]


def test_nothing_closed_gives_empty_tables(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(
        {
            "lead": [{"lead": "a", "created_at": "2026-10-01 08:00"}],
            "stage_event": [event("a", "opportunity", 2)],
        }
    )
    for metric in (loss_reasons, closed_leads_later):
        for by in (None, "created_month"):
            result = metric(warehouse, by=by)
            assert result.table.empty
            assert all(result.part(name).empty for name in result.parts)
            assert result.to_dict()["rows"] == []
    september = stage_flows(warehouse, period=month("2026-09"))
    assert counts(september.table) == [[0] * 8] * 3
    assert september.part("transitions").empty
    assert stage_flows(warehouse, period=month("2026-09"), by="created_month").table.empty


def test_faults_are_named(drawn: Warehouse, warehouse_of: WarehouseOf) -> None:
    with pytest.raises(CallError, match="Did you mean 'entered'"):
        stage_flows(drawn, kind="enterd")  # type: ignore[arg-type]
    with pytest.raises(CallError, match="no attribute 'orgin'"):
        loss_reasons(drawn, by="orgin")
    with pytest.raises(CallError, match="had not begun"):
        closed_leads_later(drawn, period=month("2027-01"))
    empty = warehouse_of({"lead": [{"lead": "a", "created_at": "2026-10-01 08:00"}]})
    for metric in (stage_flows, loss_reasons, closed_leads_later):
        with pytest.raises(MissingTableError, match=metric.__name__):
            metric(empty)


@pytest.fixture(scope="module")
def sample(sample_database: Path) -> Iterator[Warehouse]:
    with open_warehouse(sample_database) as warehouse:
        yield warehouse


def test_the_sample_company(sample: Warehouse) -> None:
    """Counted once from the exported files themselves, by a script in plain pandas."""
    # entered, on, back, lost, rejected, recycled, nurture, there
    assert counts(stage_flows(sample).table) == [
        [4960, 2918, 0, 0, 873, 1, 668, 500],
        [2845, 2164, 4, 0, 391, 157, 0, 129],
        [2410, 1254, 10, 0, 489, 381, 95, 181],
        [1297, 720, 0, 0, 207, 179, 0, 191],
        [736, 178, 0, 452, 0, 0, 0, 106],
        [186, 0, 0, 0, 0, 0, 0, 186],
    ]
    later = closed_leads_later(sample).table.set_index("status")
    assert later.loc["recycled", ["closed_leads", "re_entered_leads", "won_leads"]].tolist() == [
        718,
        242,
        6,
    ]


def test_the_first_stays_are_those_that_are_timed(sample: Warehouse) -> None:
    """The first stays end as `time_in_stage` says, which shares no query with them."""
    firsts = sample._connection.execute(
        """
        select
            count(*) filter (left_to = 'moved_on'),
            count(*) filter (left_to = 'moved_back'),
            count(*) filter (left_to not in ('moved_on', 'moved_back')),
            count(*) filter (left_to is null)
        from (
            select *, row_number() over (partition by lead_no, position order by stay_no) as nth
            from stage_stays
        )
        where nth = 1 and position < 6
        group by position order by position
        """
    ).fetchall()
    timed = time_in_stage(sample).table
    columns = ["moved_on_leads", "moved_back_leads", "closed_leads", "open_leads"]
    assert [list(each) for each in firsts] == timed[columns].to_numpy().tolist()


def test_olist_flows_are_cut_off_where_its_deals_begin(olist_database: Path) -> None:
    with open_warehouse(olist_database) as warehouse:
        table = stage_flows(warehouse).table.set_index("stage")
        won = table.loc["won"]
        assert won["entered_stays"] == won["still_there_stays"] == 842
        assert won["is_left_truncated"]
        assert table["moved_back_stays"].sum() == 0


@pytest.mark.parametrize("name", ["flows", "reasons", "closed_later"])
def test_the_command_line_prints_them(
    name: str,
    sample_database: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["--kind", "created"] if name == "flows" else []
    arguments = ["show", name, "--db", str(sample_database), "--period", "2026-07", *more]
    monkeypatch.setattr(sys, "argv", ["funnel", *arguments, "--by", "origin", "--format", "json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    printed = json.loads(capsys.readouterr().out)
    assert {row["segment"] for row in printed["rows"]} >= {"inbound", "outbound"}
    assert printed["parameters"]["period"] == "2026-07"
