"""Whether speed matters: drawn by hand, against a plain model of lead by lead, and on samples."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from math import log2
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import funnel_analytics as fa
from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.speed import bands, leads, levels
from funnel_analytics.metrics.speed.models import comparable
from funnel_analytics.segments import FOLDED
from funnel_analytics.warehouse import Warehouse
from tests.builders import THREE_STAGES, three_stages

WarehouseOf = Callable[..., Warehouse]
AS_OF = "2026-10-31 23:00"
FOUR_HOURS = "[first_contact]\nwithin_hours = 4\n"
START = datetime(2026, 9, 1, 8)


def at(hours: float) -> str:
    """The instant so many hours after START."""
    return (START + timedelta(hours=hours)).isoformat(sep=" ")


def one_lead(
    tables: dict[str, list[dict[str, Any]]],
    *,
    wait: float | None,
    steps: dict[str, float],
    status: tuple[str, float] | None = None,
    **more: Any,
) -> None:
    """A lead created at START; `wait`, steps and its status are hours after that."""
    name = f"l{len(tables['lead']):04d}"
    tables["lead"].append({"lead": name, "created_at": at(0), **more})
    if wait is not None:
        tables["activity"].append({"lead": name, "happened_at": at(wait), "kind": "call"})
    for stage, hours in steps.items():
        tables["stage_event"].append({"lead": name, "stage": stage, "entered_at": at(hours)})
    if status:
        word, hours = status
        tables["stage_event"].append({"lead": name, "status": word, "entered_at": at(hours)})


def empty() -> dict[str, list[dict[str, Any]]]:
    return {"lead": [], "activity": [], "stage_event": []}


DAY = 24.0
SECOND = 1 / 3600
# Followed for 10 days. The stage is won, among the leads that reached opportunity.
FATES: dict[str, list[dict[str, Any]]] = {
    "never_contacted": [
        {"wait": None, "steps": {"opportunity": 2}},
        {"wait": None, "steps": {"opportunity": 2, "won": 3}},
    ],
    "before_creation": [{"wait": -1, "steps": {"opportunity": 2, "won": 3}}],
    "day_precision": [{"wait": 2, "steps": {"opportunity": 2}, "created_at_is_day": True}],
    "not_among": [{"wait": 2, "steps": {}}],
    "reached_before": [
        {"wait": 5, "steps": {"opportunity": 1, "won": 5 - SECOND}},
        {"wait": 5, "steps": {"won": 4}},  # and no opportunity was recorded
    ],
    "closed_before": [{"wait": 9, "steps": {"opportunity": 1}, "status": ("lost", 8)}],
    "too_young": [
        {"wait": 51 * DAY, "steps": {"opportunity": 1}},
        {"wait": 2, "steps": {"opportunity": 51 * DAY}},
        {"wait": 51 * DAY, "steps": {"opportunity": 1, "won": 52 * DAY}},
    ],
    "compared": [
        {"wait": 2, "steps": {"opportunity": 1, "won": 2}},  # won in the instant of the contact
        {"wait": 2, "steps": {"opportunity": 1, "won": 2 + 10 * DAY}},  # on the last second
        {"wait": 2, "steps": {"opportunity": 1, "won": 2 + 10 * DAY + SECOND}},  # too late
        {"wait": 2, "steps": {"opportunity": 5 * DAY, "won": 15 * DAY}},  # from the opportunity on
        {"wait": 2, "steps": {"opportunity": 5 * DAY, "won": 15 * DAY + SECOND}},  # too late
        {"wait": 2, "steps": {"won": 3 * DAY}},  # no opportunity was recorded
        {"wait": 9, "steps": {"opportunity": 1}, "status": ("lost", 10)},
    ],
}
REACHED = {"never_contacted": 1, "before_creation": 1, "reached_before": 2, "too_young": 1}


@pytest.fixture(scope="module")
def fates(tmp_path_factory: pytest.TempPathFactory) -> fa.Result:
    from tests.builders import build_warehouse

    tables = empty()
    for drawn in FATES.values():
        for each in drawn:
            one_lead(tables, **each)
    path = tmp_path_factory.mktemp("speed") / "fates.duckdb"
    with build_warehouse(
        path, tables, agreement=three_stages(FOUR_HOURS), as_of=AS_OF
    ) as warehouse:
        return fa.speed_effect(warehouse, follow_up_days=10)


@pytest.mark.parametrize("fate", FATES)
def test_every_lead_has_its_fate(fates: fa.Result, fate: str) -> None:
    row = fates.part("population").set_index("fate").loc[fate]
    assert row["leads"] == len(FATES[fate])
    assert row["reached_leads"] == (4 if fate == "compared" else REACHED.get(fate, 0))


def test_the_fates_are_all_there_are(fates: fa.Result) -> None:
    table = fates.part("population")
    assert tuple(table["fate"]) == leads.FATES
    assert table["leads"].sum() == sum(map(len, FATES.values()))
    before = {"leads": 2, "of": 9}
    assert fates.note("speed_reached_before") == before


def test_too_few_leads_have_no_model_but_counts(fates: fa.Result) -> None:
    assert fates.note("speed_too_few") == {"reason": "leads"}
    assert list(fates.table["leads"]) == [6, 1]
    assert list(fates.table["reached_leads"]) == [4, 0]
    assert fates.table["adjusted_rate"].isna().all()
    assert fates.part("overall")["p_value"].isna().all()
    assert len(fates.part("terms")) == 0


def test_the_stage_comes_after_that_of_another_team() -> None:
    agreement = three_stages()  # marketing: inquiry; sales: opportunity, won
    assert leads.stages_asked(agreement, None, None) == leads.Stages("won", "opportunity")
    asked = leads.stages_asked(agreement, "opportunity", None)
    assert asked == leads.Stages("opportunity", "inquiry")
    sample = fa.load_agreement("sample")
    usual = leads.Stages("sales_qualified", "sales_accepted")
    assert leads.stages_asked(sample, None, None) == usual
    assert leads.stages_asked(sample, "won", None) == leads.Stages("won", "sales_accepted")
    assert leads.stages_asked(sample, "won", "opportunity") == leads.Stages("won", "opportunity")
    alone = parse_agreement(THREE_STAGES.replace('"sales"', '"marketing"'), name="one team")
    assert leads.stages_asked(alone, None, None) == leads.Stages("opportunity", "inquiry")


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"stage": "inquiry"}, "Every lead begins in inquiry"),
        ({"stage": "opportunity", "among": "won"}, "does not lie before"),
        ({"stage": "wonn"}, "Did you mean 'won'"),
        ({"cluster": "ownr"}, "Did you mean 'owner'"),
        ({"follow_up_days": 0}, "more than 0 days"),
        ({"bands": [0]}, "above 0 hours"),
    ],
)
def test_wrong_calls_name_the_right_one(
    warehouse_of: WarehouseOf, given: dict[str, Any], fault: str
) -> None:
    tables = empty()
    one_lead(tables, wait=1, steps={"opportunity": 2})
    with pytest.raises(CallError, match=fault):
        fa.speed_effect(warehouse_of(tables, as_of=AS_OF), **given)


def test_without_activities_it_says_what_is_missing(warehouse_of: WarehouseOf) -> None:
    tables = {"lead": [{"lead": "a", "created_at": at(0)}]}
    with pytest.raises(MissingTableError, match="'activity'"):
        fa.speed_effect(warehouse_of(tables, as_of=AS_OF))


def test_leads_are_followed_until_nearly_all_entries_have_come() -> None:
    # 100 leads, followed for 200 days: 49 entered on day 1, one on day 60, 50 never
    rows = pd.DataFrame(
        {
            "reached_seconds": [0.5 * 86400, 59.5 * 86400, np.nan],
            "followed_seconds": [200 * 86400.0] * 3,
            "leads": [49, 1, 50],
        }
    )
    assert leads.follow_up(rows, None) == leads.Window(1.0, 0.98)
    rows["leads"] = [39, 1, 60]
    assert leads.follow_up(rows, None) == leads.Window(60.0, 1.0)
    rows["followed_seconds"] = 100 * 86400.0  # at most half of that
    assert leads.follow_up(rows, None) == leads.Window(50.0, 0.975)
    assert leads.follow_up(rows, 70) == leads.Window(70.0, 1.0)
    assert np.isnan(leads.follow_up(rows[rows["reached_seconds"].isna()], None).share)


@pytest.mark.parametrize(
    ("deadline", "edges"),
    [
        (None, (1, 4, 8, 16)),
        (4, (1, 4, 8, 16)),
        (5, (1, 5, 8, 16)),
        (0.5, (0.5, 4, 8, 16)),
        (2, (1, 2, 8, 16)),  # as near to 1 as to 4
        (24, (1, 4, 8, 24)),
    ],
)
def test_the_deadline_takes_the_place_of_the_nearest_edge(
    deadline: float | None, edges: tuple[float, ...]
) -> None:
    assert bands.edges_of(deadline, None) == edges


def test_the_deadline_joins_edges_that_were_asked_for() -> None:
    assert bands.edges_of(4.0, [2, 8]) == (2, 4, 8)
    assert bands.edges_of(None, [8, 2, 8]) == (2, 8)


def waits(*groups: tuple[float, int, int]) -> pd.DataFrame:
    """Leads that waited so many hours, and how many of them reached the stage."""
    columns = ["hours", "leads", "reached_leads"]
    return pd.DataFrame(list(groups), columns=columns).astype(float)


def bands_with(*groups: tuple[float, int, int], **more: Any) -> tuple[bands.Bands, bool]:
    given = {"deadline": 4.0, "minimum_group_size": 5} | more
    return bands.bands_of(waits(*groups), (1.0, 4.0, 8.0, 16.0), **given)


MANY = [(each, 40, 20) for each in (0.5, 2, 6, 12, 20)]


def test_a_wait_of_just_the_edge_is_within_it() -> None:
    found, is_enough = bands_with(*MANY)
    assert (found.upper, is_enough) == ((1, 4, 8, 16, np.inf), True)
    assert (found.reference, found.within) == (1, 2)
    hours = pd.Series([0, 1, 1.0003, 4, 4.0003, 8, 16, 16.0003])
    assert list(found.codes(hours)) == [0, 0, 1, 1, 2, 2, 3, 4]
    assert [found.name(each) for each in range(5)] == ["0-1", "1-4", "4-8", "8-16", "16+"]


@pytest.mark.parametrize("few", [(9, 5), (40, 9), (40, 31)])
def test_bands_with_too_few_of_either_outcome_join_towards_the_deadline(
    few: tuple[int, int],
) -> None:
    found, is_enough = bands_with(*MANY[:4], (20, *few))
    assert (found.upper, is_enough) == ((1, 4, 8, np.inf), True)
    found, _ = bands_with((0.5, *few), *MANY[1:])
    assert found.upper == (4, 8, 16, np.inf)
    found, _ = bands_with(MANY[0], (2, *few), *MANY[2:])  # the band at the deadline: away from it
    assert (found.upper, found.reference) == ((4, 8, 16, np.inf), 0)
    found, _ = bands_with(*MANY[:2], (6, *few), *MANY[3:])
    assert (found.upper, found.within) == ((1, 4, 16, np.inf), 2)


def test_bands_of_both_sides_never_join_to_be_compared() -> None:
    found, is_enough = bands_with(*MANY[:2], (6, 9, 5))
    assert (found.upper, is_enough) == ((1, 4, np.inf), False)
    found, is_enough = bands_with(*MANY[:2], (6, 4, 2))  # too few to be shown: those do
    assert (found.upper, found.within, is_enough) == ((1, np.inf), None, True)


def test_without_a_deadline_the_band_with_most_leads_is_compared_with() -> None:
    found, _ = bands_with(*MANY[:3], (12, 41, 20), MANY[4], deadline=None)
    assert (found.reference, found.within) == (3, None)


def a_level(value: str | None, count: int, reached: int) -> dict[str, Any]:
    return {"origin": value, "leads": float(count), "reached_leads": float(reached)}


def levels_with(*rows: dict[str, Any]) -> levels.Levels:
    return levels.levels_of(pd.DataFrame(list(rows)), "origin", minimum_group_size=5)


def test_levels_too_small_are_one_and_the_next_smallest_joins() -> None:
    large = [a_level("a", 100, 50), a_level("b", 80, 40), a_level("c", 60, 30)]
    whole = levels_with(*large)
    assert (whole.values, whole.reference, whole.has_folded) == (("a", "b", "c"), 0, False)
    assert whole.leads == (100, 80, 60)
    two = levels_with(*large, a_level("d", 12, 6), a_level(None, 12, 6))
    assert (two.values, two.leads) == (("a", "b", "c", FOLDED), (100, 80, 60, 24))
    assert list(two.codes) == [0, 1, 2, 3, 3]
    one = levels_with(*large, a_level("d", 12, 6))
    assert (one.values, one.leads) == (("a", "b", FOLDED), (100, 80, 72))
    never = levels_with(*large, a_level("d", 70, 3))
    assert never.values == ("a", "b", FOLDED)  # 3 reached the stage: c, the next smallest, joins
    missing = levels_with(*large, a_level(None, 40, 20))
    assert missing.values == ("a", "b", "c", None)


def test_scores_are_in_fifths_of_the_leads_and_equal_ones_together() -> None:
    rows = pd.DataFrame(
        {
            "score": [1.0, 2.0, 3.0, 4.0, 5.0, np.nan],
            "leads": [40.0] * 6,
            "reached_leads": [20.0] * 6,
        }
    )
    found = levels.levels_of(rows, "score", minimum_group_size=5)
    assert found.values == ("1", "2", "3", "4", "5", None)
    rows["leads"] = [40.0, 120.0, 40.0, 40.0, 40.0, 40.0]
    found = levels.levels_of(rows, "score", minimum_group_size=5)
    assert found.values == ("1-2", "3", "4", "5", None)


def test_the_last_attributes_go_where_leads_are_too_few() -> None:
    rows = [a_level(each, 60, 30) for each in "abc"]
    frame = pd.DataFrame([{**row, "segment": each} for row in rows for each in ("x", "y")])
    both = [levels.levels_of(frame, name, minimum_group_size=5) for name in ("origin", "segment")]
    # 180 of each outcome for 2 bands, 2 origins and 1 segment beside the references
    assert [each.attribute for each in comparable(frame, both, 2)] == ["origin", "segment"]
    assert [each.attribute for each in comparable(frame, both, 15)] == ["origin", "segment"]
    assert [each.attribute for each in comparable(frame, both, 16)] == ["origin"]
    assert comparable(frame, both, 17) == []


def test_shares_of_slow_and_fast_leads_are_compared_by_their_spread() -> None:
    # within: 30 of 40 are a; beyond: 20 of 40 are a
    frame = pd.DataFrame([a_level("a", 50, 25), a_level("b", 30, 15)])
    frame = pd.concat([frame, frame], ignore_index=True)
    frame["leads"], frame["reached_leads"] = [30, 10, 20, 20], [15, 5, 10, 10]
    found = levels.levels_of(frame, "origin", minimum_group_size=5)
    table = levels.balance(frame, [found], np.array([False, False, True, True]))
    expected = (0.5 - 0.75) / np.sqrt((0.75 * 0.25 + 0.5 * 0.5) / 2)
    assert list(table["standardised_difference"]) == pytest.approx([expected, -expected])
    assert list(table["is_flagged"]) == [True, True]


def test_the_curve_is_of_tenths_of_at_least_twenty_leads() -> None:
    rows = waits(*[(each + 1, 30, each + 10) for each in range(10)])
    table = bands.decile_curve(rows, minimum_group_size=5)
    assert list(table["from_hours"]) == list(range(1, 11))
    assert list(table["reached_leads"]) == list(range(10, 20))
    few = bands.decile_curve(waits((1, 25, 5), (2, 15, 5), (3, 22, 4)), minimum_group_size=5)
    assert few[["from_hours", "to_hours", "leads"]].to_numpy().tolist() == [[1, 1, 25], [2, 3, 37]]
    assert bands.decile_curve(waits(), minimum_group_size=5).empty


AGREED = FOUR_HOURS + "[first_contact.by_origin]\npartner = 8\n"
OWNERS = ("u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10", "u11", "u12", None)


def random_company(seed: int, count: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Leads of 60 days with a wait on a clock that never stops; what is known of each as well."""
    rng = np.random.default_rng(seed)
    tables: dict[str, list[dict[str, Any]]] = {**empty(), "account": []}
    known = []
    for number in range(count):
        created = datetime(2026, 5, 20) + timedelta(seconds=int(rng.integers(0, 60 * 86400)))
        origin = ["web", "fair", None][rng.integers(0, 3)]
        segment = ["small", "large"][rng.integers(0, 2)]
        score = None if rng.random() < 0.1 else float(rng.integers(0, 101))
        wait = int(60 + rng.lognormal(1.0 + 0.3 * (origin == "web"), 1.2) * 3600)
        odds = 0.4 - 0.5 * (wait > 4 * 3600) + 0.4 * (segment == "large") + 0.01 * (score or 50)
        is_won = rng.random() < 1 / (1 + np.exp(-odds + 0.5))
        owner = OWNERS[rng.integers(0, len(OWNERS))]
        name, contacted = f"l{number:05d}", created + timedelta(seconds=wait)
        tables["account"].append({"account": f"a{number}", "segment": segment})
        tables["lead"].append(
            {
                "lead": name,
                "created_at": str(created),
                "origin": origin,
                "account": f"a{number}",
                "score": score,
                "owner": owner,
                "priority": "high" if score and score > 70 else "normal",
            }
        )
        tables["activity"].append({"lead": name, "happened_at": str(contacted), "kind": "call"})
        events = {"opportunity": created}
        if is_won:
            events["won"] = contacted + timedelta(days=float(rng.uniform(0, 30)))
        for stage, instant in events.items():
            tables["stage_event"].append({"lead": name, "stage": stage, "entered_at": str(instant)})
        local = created + timedelta(hours=2)  # summer time in Berlin
        known.append(
            {
                "wait": wait / 3600,
                "won": float(is_won),
                "origin": origin or "-",
                "segment": segment,
                "priority": tables["lead"][-1]["priority"],
                "score": score,
                "quarter": (local.month - 1) // 3,
                "weekday": local.weekday(),
                "hour": int(np.digitize(local.hour, [8, 10, 12, 14, 16])),
                "day": local.date().toordinal(),
                "owner": owner,
            }
        )
    return tables, known


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from tests.builders import build_warehouse

    tables, known = random_company(1, 2500)
    path = tmp_path_factory.mktemp("speed") / "company.duckdb"
    with build_warehouse(path, tables, agreement=three_stages(AGREED), as_of=AS_OF) as warehouse:
        yield warehouse, known


def marks(values: list[Any]) -> np.ndarray:
    """A column of 0 and 1 for each value but the most frequent one."""
    found = sorted(set(values), key=lambda each: (-values.count(each), str(each)))
    return np.column_stack([[float(value == each) for value in values] for each in found[1:]])


def plain_model(known: list[dict[str, Any]], waited: np.ndarray, groups: list[Any]) -> Any:
    """Lead by lead, with columns made anew; the columns of the wait come last."""
    score = [each["score"] for each in known]
    ranked = sorted(each for each in score if each is not None)
    fifths: list[Any] = [
        None if each is None else (5 * sum(other < each for other in ranked)) // len(ranked)
        for each in score
    ]
    names = ("origin", "segment", "priority", "quarter", "weekday", "hour")
    parts = [marks([each[name] for each in known]) for name in names] + [marks(fifths)]
    design = np.column_stack([np.ones(len(known)), *parts, waited])
    won = np.array([each["won"] for each in known])
    _, cluster = np.unique(np.array([str(each) for each in groups]), return_inverse=True)
    return sm.Logit(won, design).fit(
        disp=0, method="newton", tol=1e-13, cov_type="cluster", cov_kwds={"groups": cluster}
    ), design


@pytest.mark.parametrize("cluster", ["day", "owner"])
def test_the_model_is_that_of_statsmodels_lead_by_lead(company: Any, cluster: Any) -> None:
    warehouse, known = company
    result = fa.speed_effect(warehouse, follow_up_days=40, cluster=cluster)
    assert result.parameters["adjusted_for"] == list(levels.ATTRIBUTES)
    hours = np.array([each["wait"] for each in known])
    band = np.searchsorted([1, 4, 8, 16], hours)
    groups = [each[cluster] or f"alone {n}" for n, each in enumerate(known)]
    waited = np.column_stack([band == each for each in (0, 2, 3, 4)]).astype(float)
    model, design = plain_model(known, waited, groups)
    terms = result.part("terms")
    ours = terms[(terms["attribute"] == "wait") & ~terms["is_reference"]]
    assert list(ours["value"]) == ["0-1", "4-8", "8-16", "16+"]
    assert np.allclose(ours["coefficient"].astype(float), model.params[-4:], atol=1e-6)
    assert np.allclose(ours["standard_error"].astype(float), model.bse[-4:], atol=1e-6)
    overall = result.part("overall").iloc[0]
    wald = model.wald_test(np.eye(design.shape[1])[-4:], use_f=False, scalar=True)
    assert overall["statistic"] == pytest.approx(float(wald.statistic) / 4, rel=1e-6)
    assert overall["clusters"] == len(set(groups))
    assert overall["parameters"] == design.shape[1]
    rates = []
    for number in (0, None, 1, 2, 3):
        moved = design.copy()
        moved[:, -4:] = 0
        if number is not None:
            moved[:, number - 4] = 1
        rates.append(model.predict(moved).mean())
    assert np.allclose(result.table["adjusted_rate"].astype(float), rates, atol=1e-8)
    share = np.bincount(band, minlength=5)
    within = np.average(rates[:2], weights=share[:2])
    beyond = np.average(rates[2:], weights=share[2:])
    assert overall["difference"] == pytest.approx(within - beyond, abs=1e-8)
    sides = result.part("sides").set_index("side")
    assert sides.loc["within", "adjusted_rate"] == pytest.approx(within, abs=1e-8)
    assert sides.loc["beyond", "leads"] == share[2:].sum()
    doubled = np.log2(np.maximum(hours, 1 / 12))
    trend, _ = plain_model(known, doubled[:, None], groups)
    found = np.log(overall["doubling_odds_ratio"])
    assert found == pytest.approx(trend.params[-1], abs=1e-6)
    assert "u1" not in str(result.record()["parts"]) + result.to_csv()


def test_counts_by_band_are_those_of_the_leads(company: Any) -> None:
    warehouse, known = company
    table = fa.speed_effect(warehouse, follow_up_days=40).table
    for row, low, high in zip(
        table.to_dict("records"), (0, 1, 4, 8, 16), (1, 4, 8, 16, np.inf), strict=True
    ):
        ours = [each for each in known if low < each["wait"] <= high]
        assert row["leads"] == len(ours)
        assert row["reached_leads"] == sum(each["won"] for each in ours)
        assert row["reached_low"] < row["reached_rate"] < row["reached_high"]
        assert row["adjusted_low"] < row["adjusted_rate"] < row["adjusted_high"]


def test_a_cohort_is_compared_alone_but_followed_as_long_as_all(company: Any) -> None:
    warehouse, known = company
    days = fa.speed_effect(warehouse).parameters["follow_up_days"]
    june = fa.speed_effect(warehouse, cohort=fa.month("2026-06"))
    ours = [each for each in known if date.fromordinal(each["day"]).month == 6]
    assert june.part("overall")["leads"].iloc[0] == len(ours)
    assert "created_quarter" not in set(june.part("terms")["attribute"])
    one_day = fa.span(date(2026, 6, 18), date(2026, 6, 19))  # its own would be 26 days
    for result in (june, fa.speed_effect(warehouse, cohort=one_day)):
        assert result.parameters["follow_up_days"] == days


def test_other_machines_find_the_same(company: Any) -> None:
    """DuckDB 2.0 failed with eight threads where texts were joined to a union."""
    warehouse, _ = company
    few = fa.speed_effect(warehouse).table
    warehouse._connection.execute("set threads = 8")
    try:
        pd.testing.assert_frame_equal(fa.speed_effect(warehouse).table, few)
    finally:
        warehouse._connection.execute("reset threads")


def test_leads_of_one_day_cannot_be_compared(warehouse_of: WarehouseOf) -> None:
    tables = empty()
    for number in range(120):
        steps = {"opportunity": 1.0, "won": 50.0} if number % 2 else {"opportunity": 1.0}
        one_lead(tables, wait=[2, 6][number % 4 // 2], steps=steps)
    result = fa.speed_effect(warehouse_of(tables, agreement=three_stages(FOUR_HOURS), as_of=AS_OF))
    assert result.note("speed_too_few") == {"reason": "few_clusters"}
    assert list(result.table["leads"]) == [60, 60]
    assert result.parameters["adjusted_for"] == []


def test_the_sample_tells_that_speed_matters(sample_database: Path) -> None:
    with fa.open_warehouse(sample_database) as warehouse:
        result = fa.speed_effect(warehouse)
    assert (result.parameters["stage"], result.parameters["among"]) == (
        "sales_qualified",
        "sales_accepted",
    )
    overall = result.part("overall").iloc[0]
    assert overall["p_value"] < 0.05
    assert overall["doubling_odds_ratio_high"] < 1
    table = result.table.set_index("band")
    for band, truth in (("0-1", 1.0), ("4-8", 1 / 1.35), ("8-16", 1 / 1.35), ("16+", 0.6 / 1.35)):
        assert table.loc[band, "odds_ratio_low"] <= truth <= table.loc[band, "odds_ratio_high"]
    assert "origin" in result.note("speed_unbalanced")["attributes"]
    never = result.part("population").set_index("fate").loc["never_contacted"]
    assert never["leads"] > 500
    assert never["reached_leads"] == 0  # they were never contacted because they went nowhere


def test_a_stage_that_leads_reach_before_their_contact_is_not_compared(
    sample_database: Path,
) -> None:
    """The truth of the sample: the wait does nothing to `marketing_qualified`."""
    with fa.open_warehouse(sample_database) as warehouse:
        result = fa.speed_effect(warehouse, stage="marketing_qualified")
    assert result.note("speed_too_few") == {"reason": "reached_before"}
    before = result.note("speed_reached_before")
    assert before["leads"] > 0.2 * before["of"]
    assert result.table["odds_ratio"].isna().all()
    assert result.table["leads"].sum() > 0


def test_without_effects_none_is_found(tmp_path: Path) -> None:
    fa.write_sample(tmp_path / "s", leads=3000, seed=3, effects=False)
    names = ("leads", "accounts", "users", "stage_history", "activities", "handovers")
    fa.load(
        [tmp_path / "s" / f"{name}.csv" for name in names],
        preset="sample",
        database=tmp_path / "s.duckdb",
        agreement=tmp_path / "s" / "agreement.toml",
        as_of=date(2026, 11, 1),
    )
    with fa.open_warehouse(tmp_path / "s.duckdb") as warehouse:
        overall = fa.speed_effect(warehouse).part("overall").iloc[0]
    assert overall["p_value"] > 0.05
    low, high = (overall[f"doubling_odds_ratio_{end}"] for end in ("low", "high"))
    assert low < 1 < high
    assert log2(high / low) < 0.5
