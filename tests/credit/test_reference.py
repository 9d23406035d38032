"""Published values of rules, and what other packages get wrong, each as a case to check by eye."""

from __future__ import annotations

from collections import defaultdict
from math import fsum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.credit import rules
from funnel_analytics.credit.models import MODELS, Settings, credit
from funnel_analytics.credit.rules import FULL_PATH, W_SHAPED, Shares, by_milestones
from tests.credit.drawn import journeys_of

NEED_MORE = ("last_non_direct", "time_decay", "w_shaped", "full_path")
ON_PATHS = [name for name in MODELS if name not in NEED_MORE]


def credited(table: pd.DataFrame, model: str, figure: str = "conversions") -> dict[str, float]:
    rows = table[table["model"] == model]
    return dict(zip(rows["channel"], rows[figure].round(4), strict=True))


@pytest.fixture(scope="module")
def path_data(shared_data: Path) -> pd.DataFrame:
    file = shared_data / "pathdata" / "PathData.csv"
    if not file.is_file():
        pytest.skip("PathData is not on this machine")
    return pd.read_csv(file)


@pytest.fixture(scope="module")
def of_path_data(path_data: pd.DataFrame) -> pd.DataFrame:
    return fa.credit_paths(
        path_data,
        model=["first", "last", "linear"],
        conversions="total_conversions",
        value="total_conversion_value",
        nulls="total_null",
    )


# ChannelAttribution's sample data; four packages agree on these.
@pytest.mark.parametrize(
    ("model", "alpha"), [("first", 6308), ("last", 8447), ("linear", 7574.7186)]
)
def test_path_data_as_four_packages_have_it(of_path_data: pd.DataFrame, model: str, alpha: float):
    assert credited(of_path_data, model)["alpha"] == alpha
    rows = of_path_data[of_path_data["model"] == model]
    assert rows["conversions"].sum() == pytest.approx(19_785, rel=1e-12)
    assert rows["value"].sum() == pytest.approx(74_802.97158721, rel=1e-12)
    assert rows["share"].sum() == pytest.approx(1, rel=1e-12)


def test_path_data_row_by_row_in_plain_python(path_data: pd.DataFrame, of_path_data: pd.DataFrame):
    sums: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in path_data.itertuples():
        touches = row.path.split(" > ")
        for figure, amount in (
            ("conversions", row.total_conversions), ("value", row.total_conversion_value)
        ):  # fmt: skip
            sums["first", touches[0], figure].append(amount)
            sums["last", touches[-1], figure].append(amount)
            for touch in touches:
                sums["linear", touch, figure].append(amount / len(touches))
    for row in of_path_data.itertuples():
        for figure in ("conversions", "value"):
            expected = fsum(sums[row.model, row.channel, figure])
            assert getattr(row, figure) == pytest.approx(expected, rel=1e-12, abs=1e-12)


# Adobe's journey of 50 USD: paid search 9 days before, social 6, email and display on the day.
@pytest.mark.parametrize(
    ("model", "paid_search", "social", "email", "display"),
    [
        ("first", 50, 0, 0, 0),
        ("last", 0, 0, 0, 50),
        ("linear", 12.5, 12.5, 12.5, 12.5),
        ("j_shaped", 10, 5, 5, 30),
        ("time_decay", 6.92, 9.32, 16.88, 16.88),
    ],
)
def test_the_journey_that_adobe_works_through(
    model: str, paid_search: float, social: float, email: float, display: float
):
    journey = journeys_of(["psed"], values=[50.0], ages=[9.0, 6.0, 0.0, 0.0])
    settings = Settings(half_life_days=7, own={"j_shaped": Shares(first=0.2, last=0.6, rest=0.2)})
    found = dict(zip(journey.keys, credit(journey, model, settings).values, strict=True))
    assert found == pytest.approx(
        {"p": paid_search, "s": social, "e": email, "d": display}, abs=0.005
    )


@pytest.mark.parametrize(
    ("first", "last", "of_two"),
    [(0.4, 0.4, [0.5, 0.5]), (0.2, 0.6, [0.25, 0.75]), (0.6, 0.2, [0.75, 0.25])],
)
def test_adobes_rules_for_two_touches(first: float, last: float, of_two: list[float]):
    table = pd.DataFrame({"path": ["a > b"], "conversions": [1]})
    found = fa.credit_paths(
        table, model="position_based", first_share=first, last_share=last
    ).set_index("channel")
    assert found.loc[["a", "b"], "conversions"].tolist() == pytest.approx(of_two)


# mta's tests (MIT): search > email 3, search > social > email 5, direct 2
@pytest.mark.parametrize(
    ("model", "direct", "search", "email", "social"),
    [
        ("linear", 2, 3.1667, 3.1667, 1.6667),
        ("position_based", 2, 3.5, 3.5, 1),
        ("first", 2, 8, 0, 0),
        ("last", 2, 0, 8, 0),
        ("shapley", 2, 3.1667, 3.1667, 1.6667),
    ],
)
def test_the_cases_of_mta(model: str, direct: float, search: float, email: float, social: float):
    table = pd.DataFrame(
        {
            "path": ["search > email", "search > social > email", "direct"],
            "conversions": [3, 5, 2],
        }
    )
    assert credited(fa.credit_paths(table, model=model), model) == {
        "direct": direct,
        "search": search,
        "email": email,
        "social": social,
    }


# first touch, lead creation, one between, opportunity creation, one between, closed
MILESTONES = np.array([0, 2, 0, 4, 0, 0], np.uint8)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        # Marketo Measure: U is first touch and lead creation
        (Shares(first=0.5, lead_created=0.5), [50, 50, 0, 0, 0, 0]),
        (W_SHAPED, [30, 30, 10 / 3, 30, 10 / 3, 10 / 3]),
        (FULL_PATH, [22.5, 22.5, 5, 22.5, 5, 22.5]),
        # HubSpot: U is 40 first, 40 lead creation, 20 between
        (Shares(first=0.4, lead_created=0.4, rest=0.2), [40, 40, 5, 5, 5, 5]),
    ],
)
def test_the_shares_of_marketo_and_hubspot(shares: Shares, expected: list[float]):
    journey = journeys_of(["abcdef"], milestones=MILESTONES)
    assert 100 * by_milestones(journey, shares) == pytest.approx(expected, abs=1e-12)


def test_gaps_of_one_half_life_each():
    journey = journeys_of(["abcd"], ages=[21.0, 14.0, 7.0, 0.0])
    found = rules.time_decay(journey, half_life_days=7)
    assert found == pytest.approx([1 / 15, 2 / 15, 4 / 15, 8 / 15], rel=1e-15)


# What other packages get wrong (numbers of the cases are ours).


@pytest.mark.parametrize("model", ON_PATHS)
def test_rows_with_the_same_path_keep_their_revenue(model: str):
    """Elsewhere the second row of a path overwrites the first, and 41 % of PathData is lost."""
    apart = pd.DataFrame(
        {
            "path": ["a > b", "a > b", "b", "a > b", "b"],
            "conversions": [1, 2, 1, 0, 0],
            "eur": [10.0, 50.0, 7.0, 0.0, 0.0],
            "lost": [0, 0, 0, 2, 3],
        }
    )
    together = apart.groupby("path", as_index=False).sum()
    of_rows, of_paths = (
        fa.credit_paths(each, model=model, value="eur", nulls="lost") for each in (apart, together)
    )
    pd.testing.assert_frame_equal(of_rows, of_paths)
    assert of_rows["value"].sum() == pytest.approx(67)


@pytest.mark.parametrize("model", ON_PATHS)
def test_a_row_that_did_not_convert_is_not_credited_with_its_revenue(model: str):
    table = pd.DataFrame(
        {"path": ["a > b", "c", "b > c"], "conversions": [1, 0, 1], "eur": [300.0, 600.0, 100.0]}
    )
    found = fa.credit_paths(table, model=model, value="eur")
    assert found["value"].sum() == pytest.approx(400)
    assert found.attrs["values_without_conversion"] == 1


@pytest.mark.parametrize(
    "model", ["linear", "shapley", "shapley_ordered", "shapley_rate", "markov"]
)
def test_all_of_five_channels_are_credited(model: str):
    """Elsewhere only the alphabetically last four of a journey are."""
    table = pd.DataFrame({"path": ["a > b > c > d > e"], "conversions": [10], "eur": [50.0]})
    found = fa.credit_paths(table, model=model, value="eur")
    assert found["conversions"].tolist() == pytest.approx([2] * 5)
    assert found["value"].tolist() == pytest.approx([10] * 5)


def test_rules_and_equal_splits_credit_nobody_negatively(of_path_data: pd.DataFrame):
    assert (of_path_data[["conversions", "value", "share"]] >= 0).all(axis=None)
    table = pd.DataFrame({"path": ["a", "a > b", "b > c > a"], "conversions": [9, 1, 2]})
    exact = ["first", "last", "linear", "position_based", "shapley", "markov", "markov_2"]
    assert (fa.credit_paths(table, model=exact)["conversions"] >= 0).all()


def test_conversions_are_not_weighted_by_revenue():
    """Two of three conversions begin with a: that is 2, whatever each was worth."""
    table = pd.DataFrame(
        {"path": ["a > b", "a", "b > a"], "conversions": [1, 1, 1], "eur": [1.0, 5.0, 94.0]}
    )
    found = fa.credit_paths(table, model="first", value="eur")
    assert credited(found, "first") == {"a": 2, "b": 1}
    assert credited(found, "first", "value") == {"a": 6, "b": 94}


@pytest.mark.parametrize("model", ON_PATHS)
def test_where_nothing_is_drawn_a_seed_changes_nothing(model: str):
    generator = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "path": [
                " > ".join(generator.choice(list("abcde"), 1 + each % 6)) for each in range(80)
            ],
            "conversions": generator.integers(0, 3, 80),
        }
    )
    one, other = (fa.credit_paths(table, model=model, seed=seed) for seed in (1, 2))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert one["standard_error"].isna().all()


def test_position_based_keeps_every_conversion_of_short_paths():
    """Elsewhere paths of one or two touches lose what belongs to the middle."""
    table = pd.DataFrame({"path": ["a", "a > b", "b > a > b"], "conversions": [5, 3, 2]})
    found = fa.credit_paths(table, model="position_based")
    assert credited(found, "position_based") == {"a": 6.9, "b": 3.1}


def test_linear_counts_touches_and_collapsed_counts_channels():
    journeys = journeys_of(["aaab"])
    assert credit(journeys, "linear").conversions.tolist() == [0.75, 0.25]
    assert credit(journeys.collapsed(), "linear").conversions.tolist() == [0.5, 0.5]


def test_decay_goes_by_time_and_not_by_rank():
    journeys = journeys_of(["abc"], ages=[70.0, 7.0, 0.0])
    weights = rules.time_decay(journeys, half_life_days=7)
    assert weights[0] / weights[1] == pytest.approx(2.0**-9)
    assert weights[1] / weights[2] == pytest.approx(0.5)


def test_a_long_path_is_not_cut():
    table = pd.DataFrame({"path": [" > ".join(["early"] + ["campaign_x"] * 298 + ["late"])],
                          "conversions": [300]})  # fmt: skip
    found = fa.credit_paths(table, model=["linear", "first", "last"])
    assert credited(found, "linear") == {"campaign_x": 298, "early": 1, "late": 1}
    assert credited(found, "first")["early"] == credited(found, "last")["late"] == 300
