"""Costs and credit drawn by hand: what was spent, what came back for it, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import fsum, inf, isnan
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError
from funnel_analytics.metrics.attribution import attribute
from funnel_analytics.metrics.attribution.costs import channel_costs
from funnel_analytics.metrics.attribution.costs_tables import paid
from funnel_analytics.periods import month, span, year
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse
from tests.builders import THREE_STAGES, build_warehouse, three_stages

JUNE = month("2026-06")
AGREED = """
[attribution]
model = "linear"
lookback_days = 30

[channels]
ads = { side = "marketing", includes = ["Google Ads"] }
blog = { side = "marketing", includes = ["Blog"] }
steps = { side = "marketing", includes = ["Steps"] }
"""

Build = Callable[..., Warehouse]
Rows = list[dict[str, Any]]


def deal(number: int, amount: float | None, closed: str, *touches: tuple[str | None, str]) -> Any:
    """A won deal of one person, whose touches are (channel, day)."""
    person = f"p{number}"
    return {
        "deal": [
            {
                "deal": f"D{number}",
                "amount": amount,
                "created_at": closed,
                "closed_at": closed,
                "is_won": True,
            }
        ],
        "deal_contact": [{"deal": f"D{number}", "person_key": person}],
        "touch": [
            {
                "touch": f"t{number}-{place}",
                "person_key": person,
                "touched_at": f"{day} 12:00",
                "channel": channel,
            }
            for place, (channel, day) in enumerate(touches)
        ],
    }


def spend(channel: str | None, *rows: tuple[str, float | None], **more: Any) -> Any:
    """Spend of a channel as (day, amount)."""
    return {
        "spend": [
            {"spent_on": day, "channel": channel, "amount": amount, **more} for day, amount in rows
        ]
    }


def lead(name: str, day: str, channel: str | None, stage: str = "inquiry", **more: Any) -> Any:
    """A lead that got as far as a stage on the day of its creation."""
    return {
        "lead": [{"lead": name, "created_at": f"{day} 09:00", "channel": channel, **more}],
        "stage_event": [{"lead": name, "stage": stage, "entered_at": f"{day} 09:00"}],
    }


def world(*drawn: Any) -> dict[str, Rows]:
    """All of it together, with a deal and a lead that have nothing to do with any of it."""
    tables: dict[str, Rows] = {}
    far = (deal(99, 1, "2020-01-01 12:00", ("far", "2020-01-01")), lead("far", "2020-01-01", "far"))
    for part in (*far, *drawn):
        for name, rows in part.items():
            tables.setdefault(name, []).extend(rows)
    return tables


def priced(channel: str, cost: float | None, *days: str) -> Any:
    """Touches of nobody in particular, each with a cost of its own."""
    rows = [
        {"touch": f"{channel} {cost} {day}", "touched_at": day, "channel": channel, "cost": cost,
         "person_key": "q"}
        for day in days
    ]  # fmt: skip
    return {"touch": rows}


def months(channel: str, amounts: Sequence[float], leads: Sequence[int]) -> list[Any]:
    """Spend and leads of a channel by month of 2025."""
    rows = [(f"2025-{n:02d}-15", amount) for n, amount in enumerate(amounts, 1) if amount]
    created = [
        lead(f"{channel}{n}-{k}", f"2025-{n:02d}-10", channel)
        for n, many in enumerate(leads, 1)
        for k in range(many)
    ]
    return [spend(channel, *rows), *created]


RISING = [100, 200, 300, 400, 500, 600, 700, 300, 200, 100, 400, 0]
STILL_OPEN = deal(60, 70, "2026-06-20 12:00", ("piped", "2026-06-15"))
STILL_OPEN["deal"][0] |= {"is_won": None, "closed_at": None}
DRAWN = (
    # 1,000 touches, 3 rows of spend in June and one on each day beside it; 40 leads, 2 deals.
    spend("ads", ("2026-06-01", 100.1), ("2026-06-15", 200.2), ("2026-06-30", 0.3)),
    spend("Google Ads", ("2026-05-31", 70), ("2026-07-01", 50)),
    {"touch": [{"touch": f"x{n}", "person_key": f"x{n}", "touched_at": "2026-06-09",
                "channel": "ads"} for n in range(996)]},
    deal(1, 600, "2026-06-20 12:00", ("ads", "2026-06-10"), ("Google Ads", "2026-06-11")),
    deal(2, 600, "2026-06-20 12:00", ("ads", "2026-06-10"), ("Google Ads", "2026-06-11")),
    *(lead(f"l{n}", "2026-06-15", "Google Ads") for n in range(40)),
    # 11 is won in July by a touch of June and one of July, 12 in June by one of May, 13 by none.
    spend("late", ("2026-05-10", 10), ("2026-06-10", 20), ("2026-07-10", 40)),
    deal(11, 100, "2026-07-05 12:00", ("late", "2026-06-20"), ("late", "2026-07-01")),
    deal(12, 300, "2026-06-05 12:00", ("late", "2026-05-20")),
    deal(13, 7, "2026-06-06 12:00"),
    # Nothing was spent on the fair, nothing credited to idle, and radio has a row of 0.
    spend("idle", ("2026-06-10", 20)),
    spend("radio", ("2026-06-10", 0)),
    deal(21, 100, "2026-06-25 12:00", ("fair", "2026-06-20"), ("radio", "2026-06-21")),
    lead("radio", "2026-06-11", "radio"),
    # Touches with costs: beside spend, alone, and beside one that has none.
    spend("both", ("2026-06-10", 30)),
    priced("both", 5, "2026-06-10", "2026-06-11"),
    priced("mail", 1.5, "2026-06-10", "2026-06-11", "2026-06-12"),
    priced("mail", 99, "2026-05-10"),
    priced("some", 2, "2026-06-10", "2026-06-11"),
    priced("some", None, "2026-06-12"),
    lead("mail", "2026-06-10", "mail"),
    lead("some", "2026-06-10", "some"),
    # Dollars without a rate.
    spend("mixed", ("2026-06-10", 20)),
    spend("mixed", ("2026-06-11", 30), currency="USD"),
    spend("dollars", ("2026-06-11", 5), currency="USD"),
    deal(31, 100, "2026-06-25 12:00", ("mixed", "2026-06-20")),
    lead("mixed", "2026-06-11", "mixed"),
    # Campaigns, one of them of a channel.
    {"campaign": [
        {"campaign": "c1", "name": "Search", "channel": "Blog", "objective": "short_term"},
        {"campaign": "c2", "name": "Book", "channel": None, "objective": "long_term"},
    ]},
    spend(None, ("2026-06-10", 3)),
    spend(None, ("2026-06-11", 5), campaign="c1"),
    spend(None, ("2026-06-12", 7), campaign="c2"),
    lead("c1", "2026-06-12", None, campaign="c1"),
    # Of a cost of 100, 60 come after 10 days, 40 after 20.5, 900 after 29: less than 1,000.01.
    *(spend(each, ("2026-06-01", cost)) for each, cost in (("back", 100), ("dear", 1000.01))),
    *(
        deal(number + shift, amount, closed, (channel, "2026-06-05"))
        for channel, shift in (("back", 40), ("dear", 50))
        for number, amount, closed in (
            (1, 60, "2026-06-15 12:00"), (2, 40, "2026-06-26 00:00"), (3, 900, "2026-07-04 12:00"),
        )
    ),
    # 4 leads of June, 2 got to opportunity, 1 of them to won; one is of July, one is a test.
    spend("steps", ("2026-06-10", 80)),
    lead("a", "2026-06-01", "steps"),
    lead("b", "2026-06-30", "Steps"),
    lead("c", "2026-06-02", "steps", "opportunity"),
    lead("d", "2026-06-02", "steps", "won"),
    lead("e", "2026-07-02", "steps", "won"),
    lead("t", "2026-06-02", "steps", "won", is_test=True),
    # An open deal and a won one, both created in June.
    spend("piped", ("2026-06-01", 50)),
    STILL_OPEN,
    deal(61, 30, "2026-06-21 12:00", ("piped", "2026-06-16")),
    # A year of months: a lead per 100 and 2 more; always the same spend; always a lead; one month.
    *months("rising", RISING, [2 + each // 100 for each in RISING]),
    *months("even", [500.0] * 12, [each % 4 for each in range(12)]),
    *months("same", RISING, [1] * 12),
    *months("once", [0] * 11 + [70], [each % 3 for each in range(12)]),
)  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("costs") / "drawn.duckdb"
    with build_warehouse(path, world(*DRAWN), agreement=three_stages(AGREED)) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def june(drawn: Warehouse) -> Result:
    return channel_costs(drawn, period=JUNE)


@pytest.fixture(scope="module")
def june_deals(drawn: Warehouse) -> Result:
    return channel_costs(drawn, period=JUNE, basis="conversion")


def row(result: Result, channel: str | None, *, no_known_touch: bool = False) -> pd.Series:
    table = result.table
    same = table["channel"].isna() if channel is None else table["channel"] == channel
    rows = table[same & (table["is_no_known_touch"] == no_known_touch)]
    assert len(rows) == 1
    return rows.iloc[0]


def part(result: Result, name: str, channel: str) -> pd.DataFrame:
    table = result.part(name)
    return table[table["channel"] == channel].reset_index(drop=True)


def test_touches_leads_and_deals_do_not_multiply_the_spend(
    june: Result, june_deals: Result
) -> None:
    for result in (june, june_deals):
        ads = row(result, "ads")
        assert (ads["spend"], ads["cost_rows"]) == (300.6, 3)
        assert (ads["touches"], ads["leads"]) == (1000, 40)
        assert ads["cost_per_lead"] == pytest.approx(7.515, abs=1e-9)
        assert (ads["credited_deals"], ads["credited_revenue"]) == (2, 1200)
        assert ads["cost_per_won_deal"] == pytest.approx(150.3, abs=1e-9)
        assert ads["revenue_per_spend"] == pytest.approx(1200 / 300.6, abs=1e-9)


def test_every_call_has_all_of_the_spend_and_none_of_it_twice(
    drawn: Warehouse, june: Result, june_deals: Result
) -> None:
    rows = [each for part in DRAWN for each in part.get("spend", [])]
    rows = [each for each in rows if "2026-06-01" <= each["spent_on"] < "2026-07-01"]
    known = [each["amount"] for each in rows if "currency" not in each]
    others = [channel_costs(drawn, period=JUNE, by=by) for by in ("campaign", "objective")]
    for result in (june, june_deals, *others):
        table = result.table[result.table["cost_source"] == "spend"]
        assert round(fsum(table["spend"].dropna()), 2) == round(fsum(known), 2)
        assert table["cost_rows"].sum() == len(known) + 2
        assert result.table["touches"].sum() == june.table["touches"].sum()
    kinds = others[1]
    assert [row(kinds, each)["spend"] for each in ("short_term", "long_term")] == [5, 7]
    assert row(kinds, "short_term")["leads"] == 1
    search = row(others[0], "c1")
    assert (search["spend"], search["name"], search["objective"]) == (5, "Search", "short_term")
    assert row(others[0], None)["name"] is None


def test_touches_of_june_and_deals_of_june_are_two_questions(
    drawn: Warehouse, june: Result, june_deals: Result
) -> None:
    late = row(june, "late")
    assert (late["spend"], late["credited_revenue"], late["credited_deals"]) == (20, 50, 0.5)
    assert not june.table["is_no_known_touch"].any()
    assert row(june_deals, "late")[["spend", "credited_revenue"]].tolist() == [20, 300]
    nobody = row(june_deals, None, no_known_touch=True)
    assert nobody[["credited_deals", "credited_revenue"]].tolist() == [1, 7]
    assert nobody[["spend", "leads"]].isna().all()
    assert june_deals.note("costs_total")["untouched_revenue"] == 7
    july = channel_costs(drawn, period=month("2026-07"), basis="conversion")
    assert row(july, "late")["credited_revenue"] == 100
    assert "payback" in june.parts
    assert "payback" not in june_deals.parts


def test_deals_without_an_amount_are_counted_on_either_basis(
    warehouse_of: Build, june: Result
) -> None:
    # ── June ──────── July      touches of June: 1, 2 (twice); deals won in June: 1, 4
    # 1  t  won                  3 has its touch in May, 4 none; 5 is worth 9
    # 2  t t       won
    drawn = warehouse_of(
        world(
            deal(1, None, "2026-06-20 12:00", ("ads", "2026-06-10")),
            deal(2, None, "2026-07-05 12:00", ("ads", "2026-06-15"), ("late", "2026-06-16")),
            deal(3, None, "2026-05-20 12:00", ("ads", "2026-05-10")),
            deal(4, None, "2026-06-21 12:00"),
            deal(5, 9, "2026-06-22 12:00", ("ads", "2026-06-11")),
        ),
        agreement=three_stages(AGREED),
    )
    for basis, deals in (("touch", 2), ("conversion", 2)):
        found = channel_costs(drawn, period=JUNE, basis=basis)
        assert found.note("deals_without_amount") == {"deals": deals}
    first = channel_costs(drawn, period=span("2026-06-16", "2026-06-17"), model="first")
    assert not first.note("deals_without_amount")
    assert not june.note("deals_without_amount")


def test_what_no_row_tells_of_is_missing_not_zero(june: Result) -> None:
    fair, idle, radio = (row(june, name) for name in ("fair", "idle", "radio"))
    ratios = ["cost_per_lead", "cost_per_won_deal", "revenue_per_spend", "pipeline_per_spend"]
    assert fair[["spend", "cost_source", *ratios]].isna().all()
    assert fair["credited_revenue"] == 50
    assert (idle["spend"], idle["credited_revenue"], idle["revenue_per_spend"]) == (20, 0, 0)
    assert idle[["cost_per_won_deal", "cost_per_lead", "payback_months"]].isna().all()
    assert (radio["spend"], radio["cost_per_won_deal"], radio["cost_per_lead"]) == (0, 0, 0)
    assert radio[["revenue_per_spend", "pipeline_per_spend", "payback_months"]].isna().all()
    assert june.note("costs_total")["free_revenue"] == 50
    numbers = june.table.select_dtypes("number").astype("float64")
    assert not (numbers.abs() == inf).any(axis=None)


def test_spend_wins_over_the_costs_of_touches_and_never_adds_to_them(june: Result) -> None:
    both, mail, some = (row(june, name) for name in ("both", "mail", "some"))
    assert (both["cost_source"], both["spend"], both["cost_rows"]) == ("spend", 30, 1)
    assert (mail["cost_source"], mail["spend"], mail["cost_rows"]) == ("touches", 4.5, 3)
    assert mail["cost_per_lead"] == 4.5
    assert (some["cost_source"], some["spend"], some["rows_without_cost"]) == ("touches", 4, 1)
    assert isnan(some["cost_per_lead"])
    assert june.note("touch_costs_unused") == {"cost": 10}
    assert june.note("touches_without_cost") == {"touches": 1}


def test_spend_of_a_currency_without_a_rate_leaves_every_ratio_open(june: Result) -> None:
    mixed = row(june, "mixed")
    assert (mixed["spend"], mixed["cost_rows"], mixed["rows_without_cost"]) == (20, 2, 1)
    assert mixed[["cost_per_lead", "cost_per_won_deal", "revenue_per_spend"]].isna().all()
    assert row(june, "dollars")["cost_source"] == "spend"
    assert isnan(row(june, "dollars")["spend"])
    assert june.note("spend_without_value") == {"rows": 2}
    assert part(june, "payback", "mixed").empty
    assert part(june, "stages", "mixed").empty
    assert isnan(part(june, "marginal", "mixed")["average_leads_per_1000"][0])


def test_spend_without_a_channel_has_its_campaigns_or_is_a_row_of_its_own(june: Result) -> None:
    assert row(june, "blog")[["spend", "leads"]].tolist() == [5, 1]
    assert row(june, None)["spend"] == 10


def test_the_cost_is_reached_when_credit_added_up_by_age_gets_there(june: Result) -> None:
    assert row(june, "back")["payback_months"] == pytest.approx(21 / (365.25 / 12), abs=1e-12)
    curve = part(june, "payback", "back")
    assert curve["age_days"].tolist() == [0, 10, 21, 29, 30]
    assert curve["credited_revenue"].tolist() == [0, 60, 100, 1000, 1000]
    assert curve["revenue_per_spend"].tolist() == [0, 0.6, 1, 10, 10]
    assert isnan(row(june, "dear")["payback_months"])


def test_what_was_paid_back_leaves_every_ratio_open(warehouse_of: Build) -> None:
    sold = deal(1, 100, "2026-06-20 12:00", ("ads", "2026-06-10"))
    refunded = spend("ads", ("2026-06-01", 50), ("2026-06-02", -80))
    tables = world(sold, refunded, lead("a", "2026-06-05", "ads"))
    result = channel_costs(warehouse_of(tables, agreement=three_stages(AGREED)), period=JUNE)
    ads = row(result, "ads")
    assert (ads["spend"], ads["credited_revenue"]) == (-30, 100)
    ratios = ["cost_per_lead", "cost_per_won_deal", "revenue_per_spend", "pipeline_per_spend"]
    assert ads[[*ratios, "payback_months"]].isna().all()


def test_a_close_of_which_only_the_day_is_known_lies_at_the_end_of_it(warehouse_of: Build) -> None:
    # Midnight of Berlin is 22:00 UTC: from the touch to the end of the day are 10 hours.
    sold = deal(1, 100, "2026-06-19 22:00", ("ads", "2026-06-20"))
    sold["deal"][0]["closed_at_is_day"] = True
    tables = world(sold, spend("ads", ("2026-06-20", 50)))
    result = channel_costs(warehouse_of(tables, agreement=three_stages(AGREED)), period=JUNE)
    assert row(result, "ads")["payback_months"] == pytest.approx(1 / (365.25 / 12), abs=1e-12)
    assert part(result, "payback", "ads")["age_days"].tolist() == [0, 1, 30]


def test_cost_per_stage_is_of_the_leads_created_through_the_channel(june: Result) -> None:
    steps = part(june, "stages", "steps")
    assert steps["reached_leads"].tolist() == [4, 2, 1]
    assert steps["cost_per_reached"].tolist() == [20, 40, 80]
    # Wilson (1927), 2 of 4: 0.150039 to 0.849961
    assert steps["cost_low"].tolist()[:2] == pytest.approx([20, 20 / 0.849961], abs=1e-4)
    assert steps["cost_high"].tolist()[:2] == pytest.approx([20, 20 / 0.150039], abs=1e-3)
    blog = part(june, "stages", "blog")
    assert blog["reached_leads"].tolist() == [1, 0, 0]
    assert blog[["cost_per_reached", "cost_high"]].iloc[1].isna().all()
    assert part(june, "stages", "fair").empty


def test_costs_of_stages_that_more_leads_may_reach_are_marked(warehouse_of: Build) -> None:
    # The lead of May took 20 days to its opportunity, that of June is 4 days old.
    old, young = lead("o", "2026-05-01", "ads"), lead("y", "2026-06-20", "ads")
    later = {"lead": "o", "stage": "opportunity", "entered_at": "2026-05-21 09:00"}
    spent = spend("ads", ("2026-05-02", 10), ("2026-06-01", 10))
    tables = world(old, {"stage_event": [later]}, young, spent)
    since = 'name = "opportunity"\nobserved_from = 2026-05-10'
    agreement = parse_agreement(THREE_STAGES.replace('name = "opportunity"', since) + AGREED)
    warehouse = warehouse_of(tables, agreement=agreement, as_of="2026-06-25")
    may, june = (
        part(channel_costs(warehouse, period=month(each)), "stages", "ads").set_index("stage")
        for each in ("2026-05", "2026-06")
    )
    assert may["is_left_truncated"].tolist() == [False, True, True]
    assert not june["is_left_truncated"].any()
    assert june["is_mature"].tolist() == [True, False, False]


def test_deals_that_were_created_are_the_pipeline_whatever_became_of_them(june: Result) -> None:
    assert row(june, "piped")[["credited_revenue", "credited_pipeline"]].tolist() == [30, 100]
    assert row(june, "piped")["pipeline_per_spend"] == 2


def test_the_largest_cost_is_first_and_nothing_is_ranked_by_its_return(june: Result) -> None:
    assert june.table["channel"].tolist() == [
        "dear", "ads", "back", "steps", "piped", "both", "mixed", "late", "idle", None, "blog",
        "mail", "some", "radio", "fair", "dollars",
    ]  # fmt: skip


def test_more_leads_for_more_spend_need_a_year_and_a_spread(drawn: Warehouse) -> None:
    result = channel_costs(drawn, period=year("2025"))
    table = result.part("marginal").set_index("channel")
    rising = table.loc["rising"]
    assert rising[["leads_per_1000", "low", "high"]].tolist() == pytest.approx([10] * 3, abs=1e-9)
    assert (rising["months"], rising["spend"], rising["leads"]) == (12, 3800, 62)
    assert rising["average_leads_per_1000"] == pytest.approx(62 / 3.8)
    assert rising["reason"] is None
    reasons = {"even": "little_variation", "same": "same_leads", "once": "one_month"}
    assert table["reason"].dropna().to_dict() == reasons
    assert table.loc[list(reasons), "leads_per_1000"].isna().all()
    note = result.note("marginal_missing")
    assert note["reasons"] == {reason: [name] for name, reason in reasons.items()}
    eleven = channel_costs(drawn, period=span("2025-01-01", "2025-12-31")).part("marginal")
    assert set(eleven["reason"]) == {"few_months"}
    assert set(eleven["months"]) == {11}


@pytest.mark.parametrize("model", ["time_decay", "markov"])
def test_by_conversions_every_model_credits_what_attribute_does(
    drawn: Warehouse, model: str
) -> None:
    got = channel_costs(drawn, period=JUNE, basis="conversion", model=model).table
    wanted = attribute(drawn, period=JUNE, model=model).table
    both = wanted.merge(got, on=["channel", "is_no_known_touch"], how="left")
    assert both["credited_revenue"].to_numpy() == pytest.approx(both["revenue"], abs=1e-5)
    assert both["credited_deals"].to_numpy() == pytest.approx(both["conversions"], abs=1e-8)
    assert got["credited_revenue"].sum() == pytest.approx(wanted["revenue"].sum(), abs=1e-6)


def test_a_function_of_ones_own_may_credit_keys(drawn: Warehouse) -> None:
    def all_to_ads(journeys: Any) -> Any:
        total = journeys.conversions.sum()
        return [total if key == "ads" else 0.0 for key in journeys.keys]

    result = channel_costs(drawn, period=JUNE, basis="conversion", model=all_to_ads)
    assert row(result, "ads")["credited_deals"] == result.note("costs_total")["deals"] - 1
    assert row(result, "late")["credited_deals"] == 0
    assert result.parameters["model"] == "all_to_ads"


def test_two_months_hold_what_each_of_them_holds(drawn: Warehouse, june: Result) -> None:
    whole = channel_costs(drawn, period=span("2026-05-01", "2026-07-01"))
    may = channel_costs(drawn, period=month("2026-05"))
    for column in ("spend", "touches", "credited_revenue", "credited_deals"):
        parts = [row(each, "late")[column] for each in (may, june)]
        assert row(whole, "late")[column] == sum(parts)


def test_wrong_calls_say_what_is_known(drawn: Warehouse) -> None:
    with pytest.raises(CallError, match="no by 'chanel', only channel, campaign, objective"):
        channel_costs(drawn, period=JUNE, by="chanel")  # type: ignore[arg-type]
    with pytest.raises(CallError, match="no basis 'touches', only touch, conversion"):
        channel_costs(drawn, period=JUNE, basis="touches")  # type: ignore[arg-type]
    with pytest.raises(CallError, match="against one model"):
        channel_costs(drawn, period=JUNE, model=["first", "last"])  # type: ignore[arg-type]


def test_touches_are_mature_when_enough_of_their_wins_have_had_time(warehouse_of: Build) -> None:
    # Both touches of March won once, after 5 and after 20 days; lookback 30. Idle has no touch.
    past = [
        deal(number, 1, closed, ("ads", "2026-03-02"))
        for number, closed in enumerate(["2026-03-07 13:00", "2026-03-22 13:00"])
    ]
    young = {"touch": [{"touch": "y", "touched_at": "2026-06-21 12:00", "channel": "ads"}]}
    spent = [spend(each, ("2026-06-21", 9), ("2026-07-01", 2)) for each in ("ads", "idle")]
    tables, agreement = world(*past, young, *spent), three_stages(AGREED)
    early, before, over = (
        warehouse_of(tables, agreement=agreement, as_of=as_of)
        for as_of in ("2026-07-05", "2026-07-30 21:59", "2026-07-30 22:00")
    )
    # On 5 July the young touch is 13 days old. Wins per touch: 1/3 on day 5 (of three touches that
    # are older), 1/2 on day 20 (of two); of these 5/6, the 1/3 had come.
    result = channel_costs(early, period=JUNE)
    assert row(result, "ads")["maturity"] == pytest.approx(0.4)
    assert isnan(row(result, "idle")["maturity"])
    assert not result.table["is_mature"].any()
    assert result.note("costs_immature") == {"channels": ["ads", "idle"]}
    # Later all its wins had come; of idle nobody can say, until the window of all of June is over.
    result = channel_costs(before, period=JUNE)
    assert row(result, "ads")[["maturity", "is_mature"]].tolist() == [1, True]
    assert isnan(row(result, "idle")["maturity"])
    result = channel_costs(over, period=JUNE)
    assert result.table["maturity"].tolist() == [1, 1]
    assert not result.note("costs_immature")
    # By conversions a period is told of once it is over.
    running = channel_costs(early, period=month("2026-07"), basis="conversion")
    assert not running.table["is_mature"].any()


def test_few_leads_are_not_shown_and_the_next_smallest_hides_them(warehouse_of: Build) -> None:
    # 2 leads of the fair are too few; alone they would be all less ads and mail: mail hides them.
    leads = [
        lead(f"{channel}{number}", "2026-06-05", channel)
        for channel, many in (("fair", 2), ("mail", 5), ("ads", 9))
        for number in range(many)
    ]
    tables = world(*leads, *(spend(each, ("2026-06-05", 90)) for each in ("fair", "mail", "ads")))
    agreement = three_stages(AGREED, minimum_group_size="5")
    result = channel_costs(warehouse_of(tables, agreement=agreement), period=JUNE)
    assert row(result, "ads")[["leads", "cost_per_lead"]].tolist() == [9, 10]
    for hidden in ("fair", "mail"):
        assert row(result, hidden)["is_leads_hidden"]
        assert row(result, hidden)[["leads", "cost_per_lead"]].isna().all()
        assert row(result, hidden)["spend"] == 90
    assert set(result.part("stages")["channel"]) == {"ads"}
    marginal = result.part("marginal").set_index("channel")
    assert marginal.loc[["fair", "mail"], ["leads", "average_leads_per_1000"]].isna().all(axis=None)
    assert result.note("leads_hidden") == {"groups": 2}


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["ads", "fair", None]),
            st.sampled_from(["2026-06-01", "2026-07-01"]),
            st.one_of(st.none(), st.integers(0, 10**7).map(lambda cents: cents / 100)),
        ),
        max_size=12,
    ),
    touches=st.lists(
        st.tuples(st.sampled_from(["ads", "mail", None]), st.integers(1, 50), st.booleans()),
        max_size=6,
    ),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_law_all_spend_stands_in_one_row_each_whatever_the_touches(
    rows: list[Any], touches: list[Any]
) -> None:
    spent = pd.DataFrame(
        [
            {"label": label, "month": day, "spend_rows": 1, "spend": amount,
             "rows_without_value": int(amount is None)}
            for label, day, amount in rows
        ],
        columns=["label", "month", "spend_rows", "rows_without_value", "spend"],
    ).astype({"spend": "float64"})  # fmt: skip
    seen = pd.DataFrame(
        [
            {"label": label, "touches": many, "costed_touches": many * has_cost,
             "cost": 1.5 * many if has_cost else None}
            for label, many, has_cost in touches
        ],
        columns=["label", "touches", "costed_touches", "cost"],
    ).astype({"cost": "float64"})  # fmt: skip
    table = paid(spent, seen)
    of_spend = table[table["cost_source"] == "spend"]
    total = sum(amount for _, _, amount in rows if amount is not None)
    assert of_spend["spend"].sum() == pytest.approx(total, abs=1e-5)
    assert of_spend["cost_rows"].sum() == len(rows)
    assert table["touches"].sum() == sum(many for _, many, _ in touches)
    assert set(of_spend.index) == set(paid(spent, seen.head(0)).index)
    assert table["spend"].isna().equals((table["cost_source"].isna())
                                        | (table["cost_rows"] == table["rows_without_cost"])
                                        & (table["cost_source"] == "spend"))  # fmt: skip
