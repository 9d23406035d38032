"""Changes whose truth is known: the sample's bad month, and data that begin late."""

from __future__ import annotations

from pathlib import Path

import pytest

import funnel_analytics as fa


# truth.json: of inbound leads created in July 2026, half as many enter sales_accepted.
def test_the_planted_bad_month_is_the_step_of_sdr_and_inbound(sample_database: Path) -> None:
    with fa.open_warehouse(sample_database) as warehouse:
        result = fa.explain_change(
            warehouse,
            before=fa.month("2026-06"),
            after=fa.month("2026-07"),
            measure="inquiry_to_sales_accepted",
            by="origin",
        )
    table = result.table.set_index("factor")
    step = result.table[result.table["stage"] == "sales_accepted"].iloc[0]
    assert step["is_distinguishable"]
    assert (step["team"], step["part"]) == ("sdr", pytest.approx(-0.133, abs=0.001))
    assert not table.loc["mix", "is_distinguishable"]
    assert not table.loc["time", "is_distinguishable"]
    assert result.note("change")["change"] == pytest.approx(0.335 - 0.46)
    segments = result.part("segments")
    found = segments[segments["stage"] == "sales_accepted"].set_index("segment")["part"]
    assert found.idxmin() == "inbound"
    assert found["inbound"] / found.sum() > 0.8


# The same months of the year before have no planted difference in any rate.
def test_months_without_a_planted_change_have_no_sure_step(sample_database: Path) -> None:
    with fa.open_warehouse(sample_database) as warehouse:
        result = fa.explain_change(
            warehouse,
            before=fa.month("2025-06"),
            after=fa.month("2025-07"),
            measure="inquiry_to_sales_accepted",
            by="origin",
        )
    steps = result.table[result.table["factor"] == "step"]
    assert len(steps) == 2
    assert not steps["is_distinguishable"].any()


def test_a_month_of_the_sample_against_its_targets(sample_database: Path) -> None:
    with fa.open_warehouse(sample_database) as warehouse:
        july = fa.month("2026-07")
        result = fa.explain_change(warehouse, before="target", after=july, measure="revenue")
        targets = fa.actual_vs_target(warehouse, period=july).table
    whole = targets[targets["dimension"].isna()].set_index("metric")
    change = result.note("change")
    revenue = whole.loc["revenue"]
    assert (change["before"], change["after"]) == (revenue["target"], revenue["actual"])
    assert result.table["part"].sum() == pytest.approx(revenue["variance"])
    counts = result.part("counts").set_index("metric")
    for metric in ("leads", "sales_accepted", "won_deals"):
        assert counts.loc[metric, "actual"] == whole.loc[metric, "actual"]


# Olist: 1,998 leads of the second half of 2017 with 61 wins, 5,998 of 2018 with 781. No win before
# 5 December 2017 is in the data, so most of the "improvement" is the beginning of the data.
@pytest.mark.real_data
def test_olists_improvement_is_mostly_the_beginning_of_its_data(olist_database: Path) -> None:
    with fa.open_warehouse(olist_database) as warehouse:
        result = fa.explain_change(
            warehouse,
            before=fa.span("2017-07-01", "2018-01-01"),
            after=fa.span("2018-01-01", "2018-06-01"),
            measure="won_rate",
        )
    totals = result.part("totals").set_index("side")
    assert totals["base_leads"].to_list() == [1998, 5998]
    assert totals["reached_leads"].to_list() == [61, 781]
    assert totals["is_left_truncated"].to_list() == [True, False]
    table = result.table.set_index("factor")
    assert table.loc["time", "part_share"] > 0.6
    assert result.table["part"].sum() == pytest.approx(781 / 5998 - 61 / 1998)
    assert result.note("left_truncated")["periods"] == ["2017-07-01..2017-12-31"]
