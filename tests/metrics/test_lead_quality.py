"""Quality of leads: blocks by hand, companies with one planted difference, a second computation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm  # type: ignore[import-untyped]
from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]

import funnel_analytics as fa
from funnel_analytics.agreement import Agreement, load_agreement
from funnel_analytics.errors import CallError
from funnel_analytics.estimates import Factor
from funnel_analytics.metrics.lead_quality.blocks import Leads, blocks_of, whole_way
from funnel_analytics.metrics.lead_quality.checking import dispersion
from funnel_analytics.metrics.lead_quality.judging import segments_judged
from funnel_analytics.metrics.lead_quality.models import Chances, chances_of
from funnel_analytics.metrics.lead_quality.reading import Known
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

WarehouseOf = Callable[..., Warehouse]
STAGES = load_agreement("sample").stage_names
SDR = 2
LEADS = 4000
SEEDS = {"worked": 7, "weaker": 8}


def company(seed: int, *, weaker: str = "", worked: str = "") -> pd.DataFrame:
    """Leads of 18 months long ago in four channels; a row of the truth per lead.

    The leads of one channel may be `weaker`: their score is lower, as are their chances. Those of
    one may be `worked` with more rarely: the same leads, but lower odds in the stages of the SDR.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(LEADS):
        channel = str(rng.choice(["a", "b", "c", "d"]))
        score = int(rng.integers(0, 5))
        if channel == weaker:
            score = min(score, int(rng.integers(0, 5)), int(rng.integers(0, 5)))
        priority = str(rng.choice(["high", "normal"]))
        created = datetime(2024, 1, 2, 12) + timedelta(hours=int(rng.integers(0, 24 * 540)))
        odds = 0.5 * (score - 2) + 0.4 * (priority == "high")
        furthest = 1
        for base in (0.4, 1.0, 0.2, 0.3, -0.4):
            own = base + odds
            if channel == worked and furthest in (2, 3):
                own -= 0.8
            if rng.random() > 1 / (1 + np.exp(-own)):
                break
            furthest += 1
        rows.append((f"l{number:04d}", created, channel, 20 * score + 10, priority, furthest))
    return pd.DataFrame(
        rows, columns=["lead", "created_at", "channel", "score", "priority", "furthest"]
    )


def tables_of(leads: pd.DataFrame) -> dict[str, Any]:
    events = [
        {"lead": row.lead, "stage": stage, "entered_at": str(row.created_at)}
        for row in leads.itertuples()
        for stage in STAGES[1 : int(str(row.furthest))]
    ]
    lead = leads.drop(columns="furthest").astype({"created_at": str})
    lead["origin"] = lead["channel"].map({"a": "web", "b": "web", "c": "fair", "d": "fair"})
    # Who answered has nothing to do with anything.
    fields = [
        {"lead": name, "attribute": "answered_by", "value": f"line {number % 3}"}
        for number, name in enumerate(lead["lead"])
    ]
    return {"lead": lead, "stage_event": events, "lead_field": fields}


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Warehouse]]:
    folder = tmp_path_factory.mktemp("quality")
    kinds: dict[str, dict[str, str]] = {"worked": {"worked": "b"}, "weaker": {"weaker": "b"}}
    opened = {
        name: build_warehouse(
            folder / f"{name}.duckdb",
            tables_of(company(SEEDS[name], **given)),
            agreement=load_agreement("sample"),
            as_of="2026-11-01",
        )
        for name, given in kinds.items()
    }
    yield opened
    for each in opened.values():
        each.close()


@pytest.fixture(scope="module")
def worked(companies: dict[str, Warehouse]) -> Result:
    return fa.lead_quality(companies["worked"], by="channel")


@pytest.fixture(scope="module")
def weaker(companies: dict[str, Warehouse]) -> Result:
    return fa.lead_quality(companies["weaker"], by="channel")


def row_of(result: Result, segment: str, block: int) -> Any:
    table = result.table
    return table[(table["segment"] == segment) & (table["block"] == block)].iloc[0]


def ways(agreement: Agreement) -> list[tuple[Any, ...]]:
    return [
        (each.number, each.team, each.entry, each.last)
        for each in (whole_way(agreement), *blocks_of(agreement))
    ]


# inquiry, mql: marketing │ sal, sql: sdr │ opportunity, won: sales
def test_the_way_is_cut_where_the_owner_changes() -> None:
    assert ways(load_agreement("sample")) == [
        (0, None, 2, 6),
        (1, "marketing", 1, 2),
        (2, "sdr", 2, 4),
        (3, "sales", 4, 6),
    ]


# inquiry: marketing │ opportunity, won: sales; where leads begin there is nothing to leave
def test_a_block_that_is_only_the_first_stage_is_none() -> None:
    assert ways(three_stages()) == [(0, None, 1, 3), (1, "sales", 1, 3)]


def test_what_was_not_worked_with_is_named_and_its_leads_are_not(worked: Result) -> None:
    row = row_of(worked, "b", SDR)
    assert row["team"] == "sdr"
    assert row["is_distinguishable"]
    assert row["ratio_high"] < 1
    assert not row["is_quality_distinguishable"]
    assert row["quality_low"] <= 1 <= row["quality_high"]
    for block in (1, 3):
        own = row_of(worked, "b", block)
        assert own["ratio_low"] <= 1 <= own["ratio_high"]
    assert not worked.table["is_vetoed"].any()


def test_weaker_leads_are_named_and_the_work_is_not(weaker: Result) -> None:
    for block in (0, SDR):
        row = row_of(weaker, "b", block)
        assert row["is_quality_distinguishable"]
        assert row["quality_high"] < 1
        assert not row["is_distinguishable"]
        assert row["ratio_low"] <= 1 <= row["ratio_high"]


def test_a_model_that_knows_nothing_of_the_weakness_counts_it_as_work(
    companies: dict[str, Warehouse],
) -> None:
    known = fa.lead_quality(companies["weaker"], by="channel", attributes=["priority"])
    row = row_of(known, "b", SDR)
    assert row["quality"] == pytest.approx(1, abs=0.05)
    assert row["ratio"] < 0.9


def test_a_model_that_tells_nothing_has_no_say(companies: dict[str, Warehouse]) -> None:
    result = fa.lead_quality(companies["worked"], by="channel", attributes=["answered_by"])
    table = result.table
    assert row_of(result, "b", SDR)["p_value"] < 0.001
    assert table["is_vetoed"].all()
    assert table[["q_value", "quality_q_value"]].isna().all(axis=None)
    assert not table[["is_distinguishable", "is_quality_distinguishable"]].any(axis=None)
    checks = result.part("checks")
    failed = checks[(checks["block"] == SDR) & ~checks["is_passed"]]
    assert "discrimination" in set(failed["check"])
    models = result.part("models").set_index("block")
    assert models.loc[SDR, "failed"] == ", ".join(failed["check"])


def test_reached_leads_are_leads_times_average_times_quality_times_ratio(worked: Result) -> None:
    for _, row in worked.table.iterrows():
        product = row["due_leads"] * row["average_rate"] * row["quality"] * row["ratio"]
        assert row["reached_leads"] == pytest.approx(product, rel=1e-9)
    for _, rows in worked.table.groupby("block"):
        assert rows["expected_leads"].sum() == pytest.approx(rows["reached_leads"].sum())


# All months are old, so that the leads at the end of one block are those of the next.
def test_wins_are_leads_times_the_factors_of_all_blocks(worked: Result) -> None:
    for segment in "abcd":
        rows = [row_of(worked, segment, block) for block in (1, 2, 3)]
        factors = [row["average_rate"] * row["quality"] * row["ratio"] for row in rows]
        shares = [row["due_leads"] / row["leads"] for row in rows]
        wins = rows[0]["leads"] * np.prod(factors) * np.prod(shares)
        assert rows[2]["reached_leads"] == pytest.approx(wins, rel=1e-9)


def fold_of(lead: str) -> int:
    digits = [1 + "0123456789abcdef".index(each) for each in hashlib.md5(lead.encode()).hexdigest()]
    return (16 * digits[0] + digits[1]) % 5


def test_expected_leads_are_those_of_statsmodels_without_the_fold(
    companies: dict[str, Warehouse], worked: Result
) -> None:
    leads = company(SEEDS["worked"], worked="b")
    cuts = [np.quantile(leads["score"], share) for share in (0.2, 0.4, 0.6, 0.8)]
    leads["fifth"] = [sum(score > cut for cut in cuts) for score in leads["score"]]
    entered = leads[leads["furthest"] >= 2].reset_index(drop=True)
    came = (entered["furthest"] >= 4).astype(float)
    design = pd.get_dummies(entered[["fifth", "priority"]].astype(str), drop_first=True)
    design = sm.add_constant(design.astype(float))
    fold = entered["lead"].map(fold_of)
    assert set(fold) == set(range(5))
    chance = pd.Series(0.0, entered.index)
    for each in range(5):
        others = fold != each
        model = sm.GLM(came[others], design[others], family=sm.families.Binomial())
        fitted = model.fit(tol=1e-12, maxiter=100)
        chance[~others] = fitted.predict(design[~others])
    chance *= came.sum() / chance.sum()
    assert worked.part("models").set_index("block").loc[SDR, "attributes"] == "score, priority"
    for segment in "abcd":
        row = row_of(worked, segment, SDR)
        own = entered["channel"] == segment
        assert row["leads"] == own.sum()
        assert row["reached_leads"] == came[own].sum()
        assert row["expected_leads"] == pytest.approx(chance[own].sum(), abs=1e-6)


def test_the_q_values_are_those_of_all_tests_that_are_not_vetoed(worked: Result) -> None:
    table = worked.table
    p_values = pd.concat([table["quality_p_value"], table["p_value"]])
    q_values = multipletests(p_values, method="fdr_bh")[1]
    found = pd.concat([table["quality_q_value"], table["q_value"]])
    assert list(found) == pytest.approx(list(q_values))


def drawn_chances(reached: list[float]) -> Chances:
    """Forty rows of ten leads, two attributes, five folds, and two segments."""
    size = len(reached)
    rows = np.arange(size)
    first, second = rows % 3, (rows // 3) % 2
    known = Known(
        names=("x", "y"), codes={}, sizes={}, blank={}, fields={},
        leads=np.full(size, 10.0), furthest=np.ones(size, dtype=np.intp),
        fold=rows % 5, group=(rows % 7 < 3).astype(np.intp), month=rows % 4,
        groups=pd.DataFrame({"segment": ["a", "b"]}),
        months=pd.DataFrame({"value": ["2025-01", "2025-02", "2025-03", "2025-04"]}),
    )  # fmt: skip
    leads = Leads(
        rows, known.leads, np.array(reached), np.where(rows % 4 == 3, 0.9, 1.0), ("x", "y"),
        (Factor(first, 3, np.arange(3)), Factor(second, 2, np.arange(2))), (),
    )  # fmt: skip
    found = chances_of(known, blocks_of(load_agreement("sample"))[1], leads, rows % 4)
    assert found is not None
    assert found.names == ("x", "y")
    return found


def test_the_variance_is_what_each_lead_moves() -> None:
    """Each row's outcome is moved a little and everything fitted anew: no formula is shared."""
    rows = np.arange(40)
    base = np.round(10 / (1 + np.exp(-(0.9 * (rows % 3) - 0.9 + 0.9 * ((rows // 3) % 2) - 0.4))))
    base = np.clip(base + np.random.default_rng(2).integers(-1, 2, 40), 1, 8).astype(float)
    known = drawn_chances(list(base))
    step = 1e-3

    def excess(reached: Any) -> float:
        found = drawn_chances(list(reached))
        own = found.group == 1
        return float(found.reached[own].sum() - found.expected[own].sum())

    slopes = np.array(
        [
            (excess(base + step * (rows == each)) - excess(base - step * (rows == each)))
            / (2 * step)
            for each in rows
        ]
    )
    trials = np.where(rows % 4 == 3, 9.0, 10.0)
    chance = drawn_by_row(known, rows)
    due = np.where(rows % 4 == 3, 0.9, 1.0)
    expected = float((trials * chance * (1 - due * chance) * slopes**2).sum())
    found = known.excess_variance((known.group == 1).astype(float))
    assert found == pytest.approx(expected, rel=0.03)
    assert found < 0.9 * float(known.variances[known.group == 1].sum())  # it moves the models


def drawn_by_row(known: Chances, rows: Any) -> Any:
    """The chance of each of the rows that were drawn, by what it is known by."""
    keys = {}
    for number in range(len(known.leads)):
        coefficients = known.design[known.point[number]]
        key = (tuple(coefficients), int(known.fold[number]))
        keys[key] = known.chance[number]
    designs = [(1.0, *np.eye(3)[each % 3], *np.eye(2)[(each // 3) % 2]) for each in rows]
    return np.array([keys[one, int(each % 5)] for one, each in zip(designs, rows, strict=True)])


def test_of_two_segments_one_gains_what_the_other_lacks() -> None:
    found = drawn_chances([3.0 + 2.0 * (n % 3 > 0) + 2.0 * (n // 3 % 2) for n in range(40)])
    leads = Leads(
        np.arange(len(found.leads)), found.leads, found.reached, found.due, (), (), ()
    )  # fmt: skip
    table = segments_judged(leads, found.group, found, groups=2, spread=1.0)
    gaps = table["reached_leads"] - table["expected_leads"]
    assert gaps.sum() == pytest.approx(0)
    # The limits of a ratio have the variance of the gap as their sum, less twice the ratio.
    excess = table["ratio_low"] + table["ratio_high"] - 2 * table["ratio"]
    variances = excess * table["expected_leads"] ** 2 / 1.959964**2
    assert variances[0] == pytest.approx(variances[1], rel=1e-6)


def test_the_error_of_the_quality_holds_which_leads_came() -> None:
    found = drawn_chances([3.0 + 2.0 * (n % 3 > 0) + 2.0 * (n // 3 % 2) for n in range(40)])
    found = replace(found, inverses=tuple(0 * each for each in found.inverses))  # a known model
    leads = Leads(
        np.arange(len(found.leads)), found.leads, found.reached, found.due, (), (), ()
    )  # fmt: skip
    row = segments_judged(leads, found.group, found, groups=2, spread=1.0).iloc[1]
    error = np.log(row["quality_high"] / row["quality_low"]) / (2 * 1.959964)
    # The same number of leads drawn anew, with replacement, a few thousand times.
    rng = np.random.default_rng(5)
    counts = rng.multinomial(int(found.trials.sum()), found.trials / found.trials.sum(), 4000)
    own = found.group == 1
    means = [
        (counts * chosen * found.chance).sum(axis=1) / (counts * chosen).sum(axis=1)
        for chosen in (own, np.ones(len(own)))
    ]
    assert error == pytest.approx(np.log(means[0] / means[1]).std(), rel=0.05)


def test_leads_that_share_their_luck_widen_the_intervals() -> None:
    rows = np.arange(40)
    alike = drawn_chances([3.0 + 2.0 * (n % 3 > 0) + 2.0 * (n // 3 % 2) for n in rows])
    assert dispersion(alike) < 1
    # Two clusters of four reach far more than expected, two far less.
    moved = np.where(alike.cluster < 2, alike.expected * 1.6, alike.expected * 0.4)
    assert dispersion(replace(alike, reached=moved)) > 5


def test_attributes_that_only_leads_that_came_far_have_are_left_out(
    warehouse_of: WarehouseOf,
) -> None:
    leads = [
        {"lead": f"l{n:03d}", "created_at": f"2025-0{1 + n % 6}-10 08:00", "origin": "ab"[n % 2]}
        for n in range(400)
    ]
    far = [n for n in range(400) if n % 4 == 0 or n % 8 == 1]
    events = [
        {"lead": f"l{n:03d}", "stage": stage, "entered_at": "2025-07-01 08:00"}
        for n in far
        for stage in ("opportunity", "won")
    ]
    fields = [{"lead": f"l{n:03d}", "attribute": "contract", "value": "ab"[n % 3 % 2]} for n in far]
    warehouse = warehouse_of(
        {"lead": leads, "stage_event": events, "lead_field": fields}, as_of="2026-10-31 23:00"
    )
    models = fa.lead_quality(warehouse).part("models")
    assert list(models["late_attributes"]) == ["contract", "contract"]
    assert list(models["attributes"]) == ["origin", "origin"]


def test_an_attribute_that_is_a_person_is_no_reason(warehouse_of: WarehouseOf) -> None:
    leads = [
        {
            "lead": f"l{n:03d}",
            "created_at": "2025-03-10 08:00",
            "owner": f"p{n % 4}",
            "origin": "web",
        }
        for n in range(200)
    ]
    fields = [{"lead": f"l{n:03d}", "attribute": "desk", "value": f"d{n % 4}"} for n in range(200)]
    events = [{"lead": "l000", "stage": "won", "entered_at": "2025-05-01 08:00"}]
    warehouse = warehouse_of(
        {"lead": leads, "lead_field": fields, "stage_event": events}, as_of="2026-10-31 23:00"
    )
    result = fa.lead_quality(warehouse, by="origin")
    assert result.note("attributes_left_out") == {"attributes": ["desk"]}
    assert "desk" not in result.parameters["attributes"]
    for asked in ({"by": "desk"}, {"attributes": ["desk"]}):
        with pytest.raises(CallError, match="single employees"):
            fa.lead_quality(warehouse, **asked)
    # One win: far too few for a model, so nothing is said.
    assert result.table["is_vetoed"].all()
    assert result.table["q_value"].isna().all()
    assert not result.table["is_distinguishable"].any()
    assert "events" in result.part("models")["failed"].iloc[0]


def test_a_cohort_of_few_leads_or_none_is_not_judged(warehouse_of: WarehouseOf) -> None:
    """Eight leads in one month, and none in the next."""
    leads = [{"lead": f"l{n}", "created_at": "2025-03-10 08:00", "origin": "web"} for n in range(8)]
    events = [
        {"lead": f"l{n}", "stage": stage, "entered_at": "2025-05-01 08:00"}
        for n in range(4, 8)
        for stage in ("opportunity", "won")[: n - 3]
    ]
    warehouse = warehouse_of({"lead": leads, "stage_event": events}, as_of="2026-10-31 23:00")
    few = fa.lead_quality(warehouse, cohort=fa.month("2025-03"))
    assert few.table["is_vetoed"].all()
    for by in (None, "origin"):
        none = fa.lead_quality(warehouse, cohort=fa.month("2025-04"), by=by)
        assert len(none.table) == 0
        assert (none.part("models")["leads"] == 0).all()


def test_without_effects_nothing_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "sample"
    fa.write_sample(folder, leads=2500, seed=3, effects=False)
    names = ("leads.csv", "accounts.csv", "users.csv", "stage_history.csv", "handovers.csv")
    database = tmp_path / "f.duckdb"
    fa.load(
        [folder / name for name in names],
        preset="sample",
        database=database,
        agreement=folder / "agreement.toml",
        as_of=datetime(2026, 11, 1).date(),
    )
    with fa.open_warehouse(database) as warehouse:
        for by in ("origin", "created_month"):
            table = fa.lead_quality(warehouse, by=by).table
            assert not table[["is_distinguishable", "is_quality_distinguishable"]].any(axis=None)
