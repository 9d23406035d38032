"""Ranges over models, intervals, doubts and errors: drawn, recounted, and against planted truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.errors import CallError
from funnel_analytics.metrics.attribution.truth import true_conversions
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse

TRUTH = Path(__file__).parents[2] / "data" / "sample" / "truth.json"
OCTOBER, WHOLE = fa.month("2026-10"), fa.span(pd.Timestamp("2024-11-01").date(),
                                              pd.Timestamp("2026-11-01").date())  # fmt: skip
WON_AT = pd.Timestamp("2026-10-20 12:00")
Build = Callable[..., Warehouse]


def won(*drawn: tuple[float, str], account: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Won deals as (amount, channels a day apart), one person each, all of one account or none."""
    tables: dict[str, list[dict[str, Any]]] = {"deal": [], "deal_contact": [], "touch": []}
    for number, (amount, path) in enumerate(drawn):
        deal, person = f"D{number:03d}", f"p{number:03d}"
        row = {"deal": deal, "amount": amount, "closed_at": WON_AT, "is_won": True}
        tables["deal"].append(row | {"account": account})
        tables["deal_contact"].append({"deal": deal, "person_key": person})
        tables["touch"] += [
            {
                "touch": f"t{number:03d}-{place}",
                "person_key": person,
                "touched_at": WON_AT - pd.Timedelta(days=len(path) - place),
                "channel": channel,
            }
            for place, channel in enumerate(path)
        ]
    return tables


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """a-b 100, a-b 100, b 200, and 100 that nobody touched."""
    drawn = won((100, "ab"), (100, "ab"), (200, "b"), (100, ""))
    with build_warehouse(tmp_path_factory.mktemp("small") / "w.duckdb", drawn) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def sample(sample_database: Path) -> Iterator[Warehouse]:
    with fa.open_warehouse(sample_database) as warehouse:
        yield warehouse


@pytest.fixture(scope="module")
def told(sample: Warehouse) -> Result:
    return fa.attribution_certainty(sample, period=WHOLE, truth=TRUTH)


def of(table: pd.DataFrame, **values: Any) -> pd.Series:
    """The one row with these values."""
    for name, value in values.items():
        table = table[table[name].isna() if value is None else table[name] == value]
    (row,) = (each for _, each in table.iterrows())
    return row


def test_the_range_goes_from_the_model_that_says_least_to_the_one_that_says_most(
    small: Warehouse,
) -> None:
    #          a            b            nobody
    # first    200 of 500   200          100
    # last     0            400          100
    # linear   100          300          100
    models = ["first", "last", "linear"]
    result = fa.attribution_certainty(small, period=OCTOBER, model=models, draws=10)
    revenue = result.part("range").query("measure == 'revenue'")
    assert list(revenue["channel"]) == ["a", "b", None], "by the first model; equal shares by name"
    a, b = of(revenue, channel="a"), of(revenue, channel="b")
    assert (a["lowest_share"], a["lowest_model"]) == (0.0, "last")
    assert (a["highest_share"], a["highest_model"]) == (0.4, "first")
    assert (b["lowest_share"], b["lowest_model"]) == (0.4, "first")
    assert (b["highest_share"], b["highest_model"]) == (0.8, "last")
    assert (a["best_place"], a["worst_place"]) == (1, 2), "as first as b by first touch"
    assert (b["best_place"], b["worst_place"]) == (1, 1)
    nobody = of(revenue, is_no_known_touch=True)
    assert (nobody["lowest_share"], nobody["highest_share"], nobody["spread"]) == (0.2, 0.2, 0.0)
    assert nobody["lowest_model"] == nobody["highest_model"] == "first"
    assert pd.isna(nobody["best_place"])
    assert revenue["agreed_share"].isna().all(), "position_based was not asked for"
    deals = of(result.part("range"), measure="conversions", channel="b")
    assert (deals["lowest_share"], deals["highest_share"]) == (0.25, 0.75)


def test_the_agreed_model_is_the_first_of_the_usual_ones(small: Warehouse) -> None:
    result = fa.attribution_certainty(small, period=OCTOBER, draws=10)
    models = list(dict.fromkeys(result.table["model"]))
    assert models[0] == "position_based"
    assert len(models) == len(set(models)) == 8
    b = of(result.part("range"), measure="revenue", channel="b")
    linear = of(result.table, model="linear", channel="b")
    assert b["agreed_share"] == pytest.approx(0.6)
    assert b["agreed_share"] == pytest.approx(linear["revenue_share"])


def test_shares_are_those_of_attribute(told: Result, sample: Warehouse) -> None:
    models = list(dict.fromkeys(told.table["model"]))
    credited = fa.attribute(sample, period=WHOLE, model=models).table
    ours = told.table
    key = ["model", "channel", "is_no_known_touch"]
    for table in (credited, ours):
        table["channel"] = table["channel"].fillna("(none)")
    both = credited.merge(ours, on=key, suffixes=("_there", "_here"), how="left")
    assert both["conversions_here"].notna().all()
    for name in ("conversions", "revenue", "revenue_share"):
        assert np.allclose(both[f"{name}_there"], both[f"{name}_here"], rtol=1e-9, atol=1e-6), name
    sums = ours.groupby("model")[["conversions_share", "revenue_share", "conversions"]].sum()
    assert np.allclose(sums[["conversions_share", "revenue_share"]], 1.0)
    assert np.allclose(sums["conversions"], told.note("totals")["conversions"])
    for name in ("conversions", "revenue_share"):
        assert (ours[f"{name}_low"] <= ours[f"{name}_high"]).all()


def test_the_interval_of_a_count_is_that_of_a_poisson_number(warehouse_of: Build) -> None:
    # 40 deals of as many people, one channel; the middle 95 % of Poisson(40) is 28 to 53 (exact).
    drawn = won(*[(1, "a")] * 40, *[(1, "")] * 40)
    result = fa.attribution_certainty(
        warehouse_of(drawn), period=OCTOBER, model="last", draws=1000, seed=3
    )
    for row in (of(result.table, channel="a"), of(result.table, is_no_known_touch=True)):
        assert row["conversions"] == 40
        assert row["conversions_low"] == pytest.approx(28, abs=2)
        assert row["conversions_high"] == pytest.approx(53, abs=2)
        assert row["conversions_share_low"] == pytest.approx(0.39, abs=0.02)


def test_the_deals_of_an_account_are_drawn_together(warehouse_of: Build) -> None:
    # Of one account all 40 deals come 0, 1, 2 or 3 times: nothing between is possible.
    drawn = won(*[(1, "a")] * 40, *[(1, "")] * 40, account="A")
    result = fa.attribution_certainty(
        warehouse_of(drawn), period=OCTOBER, model="last", draws=300, seed=3
    )
    for row in (of(result.table, channel="a"), of(result.table, is_no_known_touch=True)):
        assert row["conversions_low"] == 0
        assert row["conversions_high"] == pytest.approx(120, abs=1e-9)


def test_one_seed_gives_one_answer_and_models_share_the_draws(small: Warehouse) -> None:
    def asked(seed: int, *models: str) -> pd.DataFrame:
        return fa.attribution_certainty(
            small, period=OCTOBER, model=list(models), draws=20, seed=seed
        ).table

    same = asked(5, "linear")
    pd.testing.assert_frame_equal(same, asked(5, "linear"))
    assert not same["revenue_low"].equals(asked(6, "linear")["revenue_low"])
    both = asked(5, "linear", "position_based").set_index("model")
    limits = ["revenue_low", "revenue_high", "conversions_share_high"]
    assert np.allclose(both.loc["linear", limits], both.loc["position_based", limits])


def test_functions_are_models_too(small: Warehouse) -> None:
    def halves(journeys: Journeys) -> Any:
        return 1.0 / journeys.lengths[journeys.journey_numbers]

    def all_to_a(journeys: Journeys) -> Any:
        return np.array([journeys.conversions.sum(), 0.0])

    result = fa.attribution_certainty(
        small, period=OCTOBER, model=["linear", halves, all_to_a], draws=20
    )
    linear, ours = (result.table.query(f"model == '{name}'") for name in ("linear", "halves"))
    columns = [name for name in linear.columns if name not in ("model", "channel", "side")]
    assert np.allclose(linear[columns].astype(float), ours[columns].astype(float))
    a = of(result.table, model="all_to_a", channel="a")
    assert (a["conversions"], a["revenue"]) == (3.0, pytest.approx(400))
    assert of(result.table, model="all_to_a", channel="b")["conversions_high"] == 0.0


@pytest.mark.parametrize(
    "option",
    [
        {"journeys_of": "account"},
        {"repeats": "collapsed"},
        {"direct": "dropped"},
        {"direct": "unless_alone"},
        {"pool_below": 2},
        {"lookback_days": 2},
    ],
    ids=str,
)
def test_every_option_gives_the_credit_of_attribute(
    warehouse_of: Build, option: dict[str, Any]
) -> None:
    # direct a a b won 100, and c of a colleague; b won 50
    drawn = won((100, "daab"), (50, "b"))
    drawn["deal"][0]["account"] = "A"
    drawn["lead"] = [
        {"lead": person, "person_key": person, "account": "A", "created_at": "2026-09-01"}
        for person in ("p000", "q")
    ]
    colleague = {"touch": "q", "person_key": "q", "channel": "c", "touched_at": "2026-10-18"}
    drawn["touch"].append(colleague)
    for touch in drawn["touch"]:
        touch["channel"] = "direct" if touch["channel"] == "d" else touch["channel"]
    warehouse = warehouse_of(drawn)

    def credit(result: Result) -> dict[str, float]:
        return result.table.set_index("channel")["revenue"].to_dict()

    usual = fa.attribute(warehouse, period=OCTOBER, model="linear")
    asked = {"period": OCTOBER, "model": "linear", **option}
    certain = fa.attribution_certainty(warehouse, draws=10, **asked)
    assert credit(certain) == pytest.approx(credit(fa.attribute(warehouse, **asked)))
    assert credit(certain) != pytest.approx(credit(usual))


def test_the_seed_says_which_journeys_are_held_out(sample: Warehouse) -> None:
    asked = {"period": fa.month("2026-10"), "model": "last", "draws": 10}
    one, other = (
        fa.attribution_certainty(sample, seed=seed, **asked).part("choice") for seed in (1, 2)
    )
    assert not one["log_likelihood"].equals(other["log_likelihood"])


def test_a_stage_has_no_range_of_revenue(sample: Warehouse) -> None:
    result = fa.attribution_certainty(
        sample, period=fa.quarter("2026-Q3"), conversion="opportunity", model="last", draws=10
    )
    assert set(result.part("range")["measure"]) == {"conversions"}
    assert result.units["conversions"] == "leads"
    with pytest.raises(CallError, match="counts won deals"):
        fa.attribution_certainty(
            sample, period=fa.quarter("2026-Q3"), conversion="opportunity", truth=TRUTH
        )


def test_a_channel_that_only_some_models_credit_has_a_row_for_each(warehouse_of: Build) -> None:
    # a is won; somebody who was not won saw c and then a: to a chain c may lead to a win.
    drawn = won(*[(1, "a")] * 3)
    drawn["lead"] = [{"lead": "open", "created_at": "2026-10-01", "person_key": "q"}]
    drawn["touch"] += [
        {"touch": f"q{day}", "person_key": "q", "touched_at": f"2026-10-0{day}", "channel": channel}
        for day, channel in ((2, "c"), (3, "a"))
    ]
    result = fa.attribution_certainty(
        warehouse_of(drawn), period=OCTOBER, model=["last", "markov"], draws=10
    )
    assert of(result.table, model="markov", channel="c")["conversions"] > 0
    assert of(result.table, model="last", channel="c")["conversions"] == 0
    row = of(result.part("range"), measure="conversions", channel="c")
    assert (row["lowest_share"], row["lowest_model"], row["models"]) == (0.0, "last", 2)


def test_what_the_journeys_cannot_tell_is_said(warehouse_of: Build) -> None:
    # b and c are never apart, z is in every journey, d is in one of 12.
    drawn = won(*[(1, "zbc")] * 6, *[(1, "z")] * 5, (1, "zd"))
    result = fa.attribution_certainty(warehouse_of(drawn), period=OCTOBER, model="last", draws=10)
    doubts = result.part("doubts")
    found = {
        (row.doubt, row.channel, row.other_channel): row.journeys for row in doubts.itertuples()
    }
    assert found == {
        ("few_conversions", None, None): 12,
        ("no_nulls", None, None): 12,
        ("in_all_conversions", "z", None): 12,
        ("never_apart", "b", "c"): 6,
        ("few_journeys", "b", None): 6,
        ("few_journeys", "c", None): 6,
        ("few_journeys", "d", None): 1,
    }
    assert result.note("certainty_few_conversions") == {"conversions": 12, "least": 50}
    assert result.note("certainty_in_all_conversions")["channels"] == ("z",)
    assert result.note("certainty_never_apart")["pairs"] == (("b", "c"),)
    assert result.note("certainty_few_journeys")["channels"] == ("b", "c", "d")


def test_nothing_won_is_an_empty_answer(small: Warehouse) -> None:
    result = fa.attribution_certainty(small, period=fa.month("2026-08"), model="last", draws=10)
    assert result.table.empty
    assert result.part("range").empty
    assert result.note("totals")["conversions"] == 0


def test_the_chosen_chain_is_the_simplest_within_a_standard_error(told: Result) -> None:
    choice = told.part("choice")
    chains = choice[choice["model"].str.startswith("markov")]
    near = chains[(chains["behind"] <= chains["behind_error"]) | (chains["behind"] == 0)]
    assert list(choice.loc[choice["is_chosen"], "model"]) == [near["model"].iloc[0]]
    note = told.note("certainty_chosen")
    assert note["chosen"] == near["model"].iloc[0]
    assert note["best"] == chains.loc[chains["behind"].idxmin(), "model"]
    assert not set(choice["model"]) & {"first", "last", "linear"}, "rules foretell nothing"


def test_too_few_journeys_choose_no_chain_and_no_rate_is_one(warehouse_of: Build) -> None:
    few = warehouse_of(won((100, "ab"), (100, "b")))
    result = fa.attribution_certainty(few, period=OCTOBER, model="linear", draws=10)
    assert result.part("choice").empty
    assert result.note("certainty_not_chosen") == {"journeys": 2}
    nobody = fa.attribution_certainty(few, period=fa.month("2026-01"), model="linear", draws=10)
    assert nobody.part("choice").empty
    # One touch each, at random: the rate alone foretells them as well as any chain does.
    drawn = won(*((100, path) for path in "abcdefghij"))
    result = fa.attribution_certainty(warehouse_of(drawn), period=OCTOBER, model="linear", draws=10)
    rows = result.part("choice").set_index("model")
    assert rows.loc["base_rate", "behind"] <= 0, "what this test is about"
    assert result.note("certainty_chosen")["best"] == "markov"


def test_errors_are_half_the_absolute_differences_of_shares(small: Warehouse) -> None:
    # Shares of deals by first touch: a 1/2, b 1/4, nobody 1/4. Truth: a 1/4, c 3/4, in total 8.
    truth = {"a": 2, "c": 6}
    result = fa.attribution_certainty(
        small, period=OCTOBER, model=["first", "last"], draws=10, truth=truth
    )
    first = result.part("truth").query("model == 'first'")
    rows = {
        (row.channel, row.is_no_known_touch): (row.true_share, row.credited_share, row.error)
        for row in first.itertuples()
    }
    assert rows == {
        ("a", False): (0.25, 0.5, 0.25),
        ("b", False): (0.0, 0.25, 0.25),
        (None, True): (0.0, 0.25, 0.25),
        ("c", False): (0.75, 0.0, -0.75),
    }
    errors = result.part("errors")
    # By last touch: a 0, b 3/4, nobody 1/4, c 0: all is wrong.
    assert list(errors["model"]) == ["first", "last"]
    assert list(errors["place"]) == [1, 2]
    assert list(errors["wrong_share"]) == [0.75, 1.0]
    assert list(errors["most_below"]) == ["c", "c"]
    assert list(errors["most_above"]) == ["a", "b"]
    assert list(errors["above"]) == [0.25, 0.75]
    assert result.note("certainty_nearest") == {
        "nearest": "first",
        "nearest_wrong": 0.75,
        "farthest": "last",
        "farthest_wrong": 1.0,
    }
    without = fa.attribution_certainty(small, period=OCTOBER, model="last", draws=10)
    assert not {"truth", "errors"} & set(without.parts)


def test_the_truth_of_the_sample_is_that_of_its_months(told: Result, sample: Warehouse) -> None:
    """Counted again from the file, model by model."""
    written = json.loads(TRUTH.read_text("utf-8"))["attribution"]["by_channel"]
    true = {name: each["won_deals"] for name, each in written.items()}
    total = sum(true.values())
    assert total == told.note("totals")["conversions"]
    for model, wrong in told.part("errors").set_index("model")["wrong_share"].items():
        mine = told.table[told.table["model"] == model]
        credit = {
            "nobody" if row.is_no_known_touch else row.channel or "(missing)": row.conversions
            for row in mine.itertuples()
        }
        gaps = [credit.get(name, 0) - true.get(name, 0) for name in {*credit, *true}]
        assert wrong == pytest.approx(sum(map(abs, gaps)) / 2 / total), model
    october = true_conversions(TRUTH, period=OCTOBER, conversion="won")
    by_month = json.loads(TRUTH.read_text("utf-8"))["attribution"]["by_month_closed"]["2026-10"]
    assert october == {
        None if name == "(missing)" else name: each["won_deals"] for name, each in by_month.items()
    }


def test_every_model_overrates_who_meets_leads_that_are_there_already(told: Result) -> None:
    """In the sample a channel is worth the leads it brought; meetings of sales bring none."""
    errors = told.part("truth").query("channel == 'sales_meeting'")
    assert len(errors) == 8
    assert (errors["true_share"] == 0).all()
    assert (errors["error"] > 0.1).all()
    assert set(told.part("errors")["most_above"]) == {"sales_meeting"}


def test_first_touch_finds_who_brought_a_lead_if_the_window_is_long_enough(
    told: Result, sample: Warehouse
) -> None:
    """In 90 days before the close the touch that brought the lead has often gone by."""
    whole = fa.attribution_certainty(
        sample, period=WHOLE, model=["first", "last"], truth=TRUTH, draws=10, lookback_days=730
    ).part("errors")
    short = told.part("errors").set_index("model")["wrong_share"]
    long = whole.set_index("model")["wrong_share"]
    assert long["first"] < 0.15 < 0.4 < short["first"]
    assert long["last"] > 0.6


@pytest.mark.parametrize(
    ("truth", "period", "conversion", "message"),
    [
        ({"a": 0}, OCTOBER, "won", "no channel brought anything in 2026-10"),
        ({"a": -1}, OCTOBER, "won", "about 'a' is a count of conversions, not -1"),
        ({"a": "1"}, OCTOBER, "won", "about 'a' is a number, not '1'"),
        ({"a": float("nan")}, OCTOBER, "won", "about 'a' is a count"),
        (TRUTH, OCTOBER, "opportunity", "counts won deals; for 'opportunity' give the truth"),
        (
            TRUTH,
            fa.span(pd.Timestamp("2026-10-02").date(), pd.Timestamp("2026-11-01").date()),
            "won",
            "counts whole months",
        ),
        (TRUTH.parent / "none.json", OCTOBER, "won", "cannot be read"),
        (TRUTH.parent / "deals.csv", OCTOBER, "won", "is no JSON file"),
    ],
)
def test_a_truth_that_cannot_be_one(
    truth: Any, period: fa.Period, conversion: str, message: str
) -> None:
    with pytest.raises(CallError, match=message):
        true_conversions(truth, period=period, conversion=conversion)


def test_another_json_file_is_no_truth(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("[1]", encoding="utf-8")
    with pytest.raises(CallError, match=r"needs attribution\.by_month_closed"):
        true_conversions(str(other), period=OCTOBER, conversion="won")


def test_too_few_draws_are_refused(small: Warehouse) -> None:
    with pytest.raises(CallError, match="draws is a whole number from 10 on, not 9"):
        fa.attribution_certainty(small, period=OCTOBER, model="last", draws=9)
