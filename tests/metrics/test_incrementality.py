"""Switched off and spend response: companies drawn by hand whose every week is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.errors import CallError, DataError, MissingTableError
from funnel_analytics.estimates import adstocked
from funnel_analytics.metrics.incrementality.spans import asked_spans, found_spans, share_off
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

MONDAY = date(2026, 1, 5)
WEEKS = 43
OFF = (date(2026, 8, 10), date(2026, 9, 21))  # weeks 31 to 36
AS_OF = "2026-11-01 23:00"


def week(number: int, days: int = 0) -> date:
    return MONDAY + timedelta(days=7 * number + days)


def leads_of(weekly: Sequence[int], **more: Any) -> list[dict[str, Any]]:
    """So many leads a week, spread over its days."""
    return [
        {"created_at": f"{week(number, n % 7)} 10:00", **more}
        for number, count in enumerate(weekly)
        for n in range(count)
    ]


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"lead": f"l{number:05d}", **row} for number, row in enumerate(rows)]


def spent(channel: str, weekly: Sequence[float]) -> list[dict[str, Any]]:
    """What each week cost, on its first day; no row where it cost nothing."""
    return [
        {"spent_on": week(number), "channel": channel, "amount": float(amount), "campaign": "C1"}
        for number, amount in enumerate(weekly)
        if amount
    ]


# Inbound brings 20 leads a week and 12 while paid search is off; outbound brings 10 always.
@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    inbound = [12 if 31 <= number < 37 else 20 for number in range(WEEKS)]
    leads = leads_of(inbound, origin="inbound") + leads_of([10] * WEEKS, origin="outbound")
    leads += leads_of([1] * WEEKS)  # of no known origin
    leads = numbered(leads)
    won = [
        {"lead": each["lead"], "stage": "won", "entered_at": each["created_at"]}
        for each in leads[::2]
    ]
    search = [0 if 31 <= number < 37 else 700 for number in range(WEEKS)]
    letters = [{18: 600, 19: 1200}.get(number, 0) for number in range(WEEKS)]
    tables = {
        "lead": leads,
        "stage_event": won,
        "spend": [
            *spent("paid_search", search),
            *spent("display", [70] * WEEKS),
            *({**each, "campaign": "C2"} for each in spent("letters", letters)),
        ],
        "campaign": [{"campaign": "C1", "name": "Autumn search"}],
    }
    path = tmp_path_factory.mktemp("off") / "off.duckdb"
    return build_warehouse(path, tables, as_of=AS_OF)


def test_other_groups_tell_how_many_were_missing(company: Warehouse) -> None:
    result = fa.switched_off(
        company, channel="paid_search", off=OFF, by="origin", groups=["inbound"]
    )
    row = result.table.iloc[0]
    assert row["method"] == "difference_in_differences"
    assert (row["counted_leads"], row["off_weeks"], row["other_weeks"]) == (72, 6, 37)
    assert row["expected_leads"] == pytest.approx(120)
    assert row["incremental_leads"] == pytest.approx(48)
    assert row["low"] < 48 < row["high"]
    assert row["per_week"] == pytest.approx(8)
    assert row["per_week_low"] == pytest.approx(row["low"] / 6)
    assert row["change"] == pytest.approx(-0.4)
    assert row["parallel_p_value"] > 0.9
    assert row["dates_p_value"] == pytest.approx(1 / 21)  # starts of weeks 6 to 25
    assert np.isnan(row["groups_p_value"])
    assert row["spend_saved"] == pytest.approx(4200)
    assert row["cost_per_incremental_lead"] == pytest.approx(4200 / 48)
    assert row["cost_low"] == pytest.approx(4200 / row["high"])
    assert row["cost_high"] == pytest.approx(4200 / row["low"])
    assert result.note("switched_without_group") == {"leads": 43}
    assert not result.note("switched_season")
    weeks = result.part("weeks")
    assert list(weeks.loc[[30, 31, 36, 37], "leads"]) == [20, 12, 12, 20]
    assert list(weeks["other_leads"].unique()) == [10]
    assert weeks.loc[31, "expected_leads"] == pytest.approx(20)
    assert weeks["expected_low"].notna().sum() == 6
    assert list(weeks.loc[[30, 31], "spend"]) == [700, 0]


def test_other_weeks_tell_how_many_were_missing(company: Warehouse) -> None:
    result = fa.switched_off(company, channel="paid_search")
    row = result.table.iloc[0]
    assert row["method"] == "interrupted_time_series"
    assert (row["off_from"], row["off_to"]) == (OFF[0], OFF[1] - timedelta(days=1))
    assert row["counted_leads"] == 6 * 23
    assert row["expected_leads"] == pytest.approx(6 * 31)
    assert row["incremental_leads"] == pytest.approx(48)
    assert 0 < row["low"] < 48 < row["high"]
    assert np.isnan(row["parallel_p_value"])
    assert result.parameters["is_found"] is True
    assert result.part("spans").iloc[0].tolist() == [OFF[0], OFF[1] - timedelta(days=1)]
    assert result.note("switched_season") == {"weeks": 43}
    assert set(result.part("terms")["term"]) == {"level", "trend", "off", "off_slope"}


def test_stages_count_where_they_are_old_enough(company: Warehouse) -> None:
    result = fa.switched_off(company, channel="paid_search", off=OFF, outcome="won", within_days=14)
    weeks = result.part("weeks")
    assert result.parameters["stage"] == "won"
    assert weeks["week"].iloc[-1] == week(40)  # ends on 18 October, 14 days before the data do
    assert weeks["leads"].sum() == pytest.approx(result.table["counted_leads"].iloc[0], abs=800)
    assert weeks.loc[31, "leads"] + weeks.loc[32, "leads"] == pytest.approx(23, abs=2)


def test_a_campaign_has_the_spend_of_all_its_channels(company: Warehouse) -> None:
    result = fa.switched_off(company, campaign="C1", off=OFF)
    assert result.table["campaign"].iloc[0] == "C1"
    assert result.table["name"].iloc[0] == "Autumn search"
    unnamed = fa.switched_off(company, campaign="C2", off=OFF).table["name"]
    assert unnamed.isna().all()
    assert result.part("weeks").loc[30, "spend"] == 770
    assert result.table["spend_saved"].iloc[0] == pytest.approx(4200)
    # Its other channel went on, on the first day of each week that was off.
    assert result.note("switched_spent") == {"spend": 6 * 70}


def test_saved_is_what_the_twelve_weeks_before_cost_and_nothing_without_missing_leads(
    company: Warehouse,
) -> None:
    # Letters cost 1,200 in the twelfth week before: 100 a week. Outbound had no fewer leads.
    result = fa.switched_off(company, channel="letters", off=OFF, by="origin", groups=["outbound"])
    row = result.table.iloc[0]
    assert row["spend_saved"] == pytest.approx(600)
    assert row["incremental_leads"] < 0
    assert row["low"] < 0
    assert row[["cost_per_incremental_lead", "cost_high"]].isna().all()


def test_spend_while_off_is_counted_by_its_days_where_it_was_off_everywhere(
    company: Warehouse,
) -> None:
    first, after = week(30, 1), week(36, 1)
    result = fa.switched_off(company, channel="display", off=(first, after))
    assert result.note("switched_spent") == {"spend": 6 * 70}
    found = fa.switched_off(company, channel="paid_search")
    assert not found.note("switched_spent")
    somewhere = fa.switched_off(
        company, channel="display", off=OFF, by="origin", groups=["inbound"]
    )
    assert not somewhere.note("switched_spent")


@pytest.mark.parametrize(
    ("off", "fault"),
    [
        ((week(12), week(18)), None),
        ((week(11), week(18)), "12 whole weeks before it was off (there are 11)"),
        ((week(31), week(35)), None),
        ((week(31), week(34)), "4 whole weeks in which it was off (there are 3)"),
    ],
)
def test_too_few_weeks_are_refused(
    company: Warehouse, off: tuple[date, date], fault: str | None
) -> None:
    if fault is None:
        assert len(fa.switched_off(company, channel="paid_search", off=off).table) == 1
        return
    with pytest.raises(DataError) as error:
        fa.switched_off(company, channel="paid_search", off=off)
    assert fault in str(error.value)


def test_all_that_is_missing_is_named_at_once(company: Warehouse) -> None:
    short = fa.span(week(31), week(34))
    with pytest.raises(DataError) as error:
        fa.switched_off(company, channel="paid_search", off=short, period=short)
    said = str(error.value)
    assert "12 whole weeks before it was off (there are 0)" in said
    assert "4 whole weeks in which it was off (there are 3)" in said
    assert "100 leads in these weeks (there are 69)" in said


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, "either a channel or a campaign"),
        ({"channel": "a", "campaign": "b"}, "either a channel or a campaign"),
        ({"channel": "paid_serch"}, "Did you mean 'paid_search'"),
        ({"channel": "nothing", "off": OFF}, "Nothing has the channel 'nothing'"),
        ({"channel": "paid_search", "by": "origin"}, "by and groups go together"),
        ({"channel": "paid_search", "by": "origin", "groups": "inbound"}, "groups is a list"),
        ({"channel": "paid_search", "by": "origin", "groups": ["inbund"]}, "mean 'inbound'"),
        ({"channel": "paid_search", "outcome": "wno"}, "Did you mean 'won'"),
        ({"channel": "paid_search", "outcome": "won", "within_days": 0}, "more than 0 days"),
        ({"channel": "paid_search", "within_days": "14"}, "more than 0 days, not '14'"),
        ({"channel": "paid_search", "off": []}, "names no span"),
        ({"channel": "paid_search", "off": [OFF, OFF]}, "overlap"),
        ({"channel": "paid_search", "off": [3]}, "a span is a period"),
    ],
)
def test_what_makes_no_sense_is_refused(
    company: Warehouse, given: dict[str, Any], fault: str
) -> None:
    with pytest.raises(CallError, match=fault):
        fa.switched_off(company, **given)


def test_what_the_data_cannot_tell_is_refused(company: Warehouse) -> None:
    with pytest.raises(DataError, match=r"does not show 'display' switched off.* 43 of"):
        fa.switched_off(company, channel="display")
    with pytest.raises(DataError, match="All 2 groups by origin were off"):
        fa.switched_off(company, channel="paid_search", by="origin", groups=["inbound", "outbound"])
    with pytest.raises(DataError, match="is not among them"):
        fa.switched_off(company, channel="paid_search", off=("2027-01-04", "2027-03-01"))


def test_spans_are_found_in_the_spend() -> None:
    first = date(2026, 1, 1)

    def found(days: Sequence[int]) -> list[tuple[int, int]]:
        amounts = pd.Series(1.0, index=[first + timedelta(days=each) for each in days])
        spans = found_spans(amounts, first, first + timedelta(days=140))
        return [((each.start - first).days, (each.end - first).days) for each in spans]

    every = list(range(84))
    assert found([*every, *range(112, 140)]) == [(84, 112)]
    assert found([*every, *range(111, 140)]) == []  # 27 days
    assert found(every) == [(84, 140)]
    weekly = list(range(6, 84, 7))
    assert found([*weekly[4:], 139]) == [
        (90, 139)
    ]  # 8 of the 12 weeks before, paid for to the seventh day
    assert found([*weekly[5:], 139]) == []


def test_a_week_is_off_by_the_share_of_its_days() -> None:
    spans = asked_spans([(week(1), week(2)), ("2026-01-21", "2026-01-24")])
    assert share_off(spans, MONDAY, 3).tolist() == pytest.approx([0, 1, 3 / 7])
    assert asked_spans(fa.month("2026-02"))[0].label == "2026-02"


# Paid search lasts and levels off; display has no effect; fairs are too rare to tell.
ADSTOCK = 0.4
PLANTED = np.random.default_rng(1)
SEARCH = PLANTED.choice([0, 200, 500, 1000], 60)
DISPLAY = PLANTED.choice([0, 100, 300], 60)


@pytest.fixture(scope="module")
def buyer(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    part = 1.2 * adstocked(SEARCH, ADSTOCK) ** 0.5
    weekly = np.random.default_rng(2).poisson(15 + part)
    fair = [0.0] * 60
    fair[5] = fair[40] = 9000
    spend = spent("paid_search", SEARCH) + spent("display", DISPLAY) + spent("fair", fair)
    spend += [{"spent_on": week(59, 6), "channel": "end", "amount": 1.0}]
    path = tmp_path_factory.mktemp("spend") / "spend.duckdb"
    tables = {"lead": numbered(leads_of(weekly)), "spend": spend}
    return build_warehouse(path, tables, as_of=f"{week(60)} 00:00")


@pytest.fixture(scope="module")
def response(buyer: Warehouse) -> fa.Result:
    return fa.spend_response(buyer)


def test_planted_spend_is_found(response: fa.Result) -> None:
    table = response.table.set_index("channel")
    truth = (1.2 * adstocked(SEARCH, ADSTOCK) ** 0.5).sum()
    search, display = table.loc["paid_search"], table.loc["display"]
    assert search["low"] < truth < search["high"]
    assert search["low"] > 0 > display["low"]
    assert display["high"] > 0
    assert (search["spend"], search["weeks_with_spend"]) == (SEARCH.sum(), (SEARCH > 0).sum())
    overall = response.part("overall").iloc[0]
    assert overall["skill"] > 0
    assert overall["weeks"] == 60
    assert overall["parameters"] == 2 + 3 * 2
    assert search["share"] == pytest.approx(search["incremental_leads"] / overall["leads"])
    cost = search["spend"] / search["incremental_leads"]
    assert search["cost_per_incremental_lead"] == pytest.approx(cost)
    assert search["cost_high"] == pytest.approx(search["spend"] / search["low"])
    assert np.isnan(display["cost_high"])
    assert not search["is_extrapolated"]
    assert response.note("spend_left_out") == {"names": ["end", "fair"]}
    assert response.note("spend_season") == {"weeks": 60}


def test_parts_agree_with_the_table(response: fa.Result) -> None:
    table = response.table.set_index("channel")
    curve = response.part("curves")
    curve = curve[curve["channel"] == "paid_search"]
    row = table.loc["paid_search"]
    assert curve["spend"].max() == pytest.approx(1250)
    assert curve.loc[curve["is_observed"], "spend"].max() == pytest.approx(1000)
    assert curve["leads"].iloc[0] == 0
    ratio = curve["leads"].iloc[-1] / curve["leads"].iloc[20]
    assert ratio == pytest.approx(1.25 ** row["power"])
    leads = row["power"] * row["incremental_leads"] * 1000 / row["spend"]
    assert row["marginal_leads"] == pytest.approx(leads)
    weeks = response.part("weeks")
    gap = (weeks["expected_leads"] - weeks["base_leads"]).sum()
    assert gap == pytest.approx(table["incremental_leads"].sum())
    assert weeks["expected_leads"].sum() == pytest.approx(weeks["leads"].sum(), rel=1e-6)
    stock = adstocked(SEARCH, row["decay"]) ** row["power"]
    level = curve["leads"].iloc[20] / curve["spend"].iloc[20] ** row["power"]
    assert row["incremental_leads"] == pytest.approx(level * stock.sum())
    pair = response.part("collinear").iloc[0]
    controls = np.column_stack([np.ones(60), np.arange(60)])
    rest = [
        each - controls @ np.linalg.lstsq(controls, each)[0]
        for each in (SEARCH.astype(float), DISPLAY.astype(float))
    ]
    assert pair["correlation"] == pytest.approx(np.corrcoef(*rest)[0, 1])


def test_only_named_channels_are_in_the_model(buyer: Warehouse) -> None:
    result = fa.spend_response(buyer, names=["paid_search"])
    assert list(result.table["channel"]) == ["paid_search"]
    assert len(result.part("collinear")) == 0
    by_campaign = fa.spend_response(buyer, by="campaign")
    assert list(by_campaign.table["campaign"]) == ["C1"]


Company = Callable[..., Warehouse]


@pytest.fixture
def drawn(tmp_path: Path) -> Company:
    def build(weekly: Sequence[int], **spend: Sequence[float]) -> Warehouse:
        rows = [row for name, amounts in spend.items() for row in spent(name, amounts)]
        tables = {"lead": numbered(leads_of(weekly)), **({"spend": rows} if rows else {})}
        return build_warehouse(tmp_path / "x.duckdb", tables, as_of=f"{week(len(weekly))} 00:00")

    return build


def test_where_spend_forecasts_nothing_there_are_no_numbers(drawn: Company) -> None:
    draws = np.random.default_rng(8)
    given = draws.poisson(20, 60), draws.choice([0, 100, 900], 60)
    result = fa.spend_response(drawn(given[0], search=[*given[1][:-1], 50]))
    assert result.note("spend_no_better")["skill"] <= 0
    told = ["decay", "power", "incremental_leads", "low", "high", "share", "marginal_leads"]
    assert result.table[told].isna().all(axis=None)
    assert result.part("curves")["leads"].isna().all()
    assert result.part("weeks")["expected_leads"].isna().all()
    assert result.part("overall")["incremental_leads"].isna().all()


def test_what_is_too_thin_is_refused(drawn: Company) -> None:
    draws = np.random.default_rng(9)
    four = drawn(draws.poisson(30, 4), search=[100, 0, 300, 50])  # as of an account of 28 days
    with pytest.raises(DataError, match="both known of 3 whole weeks; needed are 40"):
        fa.spend_response(four)
    with pytest.raises(DataError, match="does not show 'search' switched off"):
        fa.switched_off(four, channel="search")


def test_too_many_channels_for_the_weeks_are_refused(drawn: Company) -> None:
    draws = np.random.default_rng(10)
    five = {f"c{n}": draws.choice([50, 100, 300], 45) for n in range(5)}
    with pytest.raises(DataError, match=r"5 channels are 17 numbers; 44 weeks are fewer than 3"):
        fa.spend_response(drawn(draws.poisson(30, 45), **five))


def test_spend_that_is_always_the_same_tells_nothing(drawn: Company) -> None:
    with pytest.raises(DataError, match="No channel has spend that tells anything"):
        fa.spend_response(drawn([20, 30] * 25, search=[100] * 50))


def test_channels_that_move_together_are_named(drawn: Company) -> None:
    draws = np.random.default_rng(11)
    search = draws.choice([50, 100, 300], 60)
    near = search * 2 + draws.normal(0, 1, 60)
    weekly = draws.poisson(30, 60)
    with pytest.raises(DataError, match="spend on near, search cannot be told from each other"):
        fa.spend_response(drawn(weekly, search=search, near=near, other=draws.choice([1, 9], 60)))


def test_spend_that_nearly_moves_together_is_said(drawn: Company) -> None:
    draws = np.random.default_rng(12)
    search = draws.choice([50, 100, 300], 60)
    near = search * 2 + draws.normal(0, 50, 60)
    result = fa.spend_response(drawn(draws.poisson(10 + search / 10), search=search, near=near))
    assert result.table["inflation"].between(10, 50).all()
    assert result.note("spend_inflated") == {"names": ["near", "search"]}


def test_few_leads_are_refused(drawn: Company) -> None:
    search = np.random.default_rng(12).choice([50, 100, 300], 60)
    with pytest.raises(DataError, match=r"at least 100 leads.* there are 59 in 59 weeks"):
        fa.spend_response(drawn([1] * 60, search=search))


def test_without_spend_there_is_nothing_to_ask(drawn: Company) -> None:
    company = drawn([20] * 50)
    with pytest.raises(MissingTableError, match="needs the table 'spend'"):
        fa.spend_response(company)
    with pytest.raises(MissingTableError, match="needs the table 'spend'"):
        fa.switched_off(company, channel="search")


def test_unknown_names_and_levels_are_refused(buyer: Warehouse) -> None:
    with pytest.raises(CallError, match="Did you mean 'display'"):
        fa.spend_response(buyer, names=["displai"])
    with pytest.raises(CallError, match="channel or campaign"):
        fa.spend_response(buyer, by="side")  # type: ignore[arg-type]


def test_small_groups_are_not_named(tmp_path: Path) -> None:
    leads = leads_of([12] * 40, origin="inbound") + leads_of([1] * 3, origin="partner")
    agreement = three_stages(minimum_group_size="5")
    tables = {"lead": numbered(leads), "spend": spent("search", [10] * 40)}
    company = build_warehouse(
        tmp_path / "s.duckdb", tables, agreement=agreement, as_of=f"{week(40)} 00:00"
    )
    with pytest.raises(CallError, match="no origin 'partner', or too few"):
        fa.switched_off(
            company, channel="search", off=(week(30), week(36)), by="origin", groups=["partner"]
        )
