"""A second search for drop-offs: one lead at a time in pandas, the tests by statsmodels.

It shares no code with the package: it reads the same rows that the warehouse was given.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm  # type: ignore[import-untyped]
from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]

import funnel_analytics as fa
from tests.builders import build_warehouse, three_stages

ATTRIBUTES = ["channel", "created_month", "origin", "product"]
ORIGINS = ("web", "fair", "mail")
FEWEST = 25


def made_up(seed: int) -> Any:
    """Leads of six months long ago, whose chances differ by two attributes and one pair."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(700):
        created = datetime(2025, 1, 2, 12) + timedelta(hours=int(rng.integers(0, 24 * 175)))
        origin = (*ORIGINS, None)[rng.choice(4, p=[0.4, 0.3, 0.2, 0.1])]
        channel = rng.choice(["a", "b", "c", "rare"], p=[0.5, 0.3, 0.18, 0.02])
        product = rng.choice(["lathe", "mill"])
        odds = 0.8 * (origin == "fair") - 0.6 * (channel == "b") + 0.2
        odds -= 1.5 * (origin == "web" and product == "mill")
        furthest = 1
        while furthest < 3 and rng.random() < 1 / (1 + np.exp(-odds)):
            furthest += 1
        rows.append((f"l{number:03d}", created, origin, channel, product, furthest))
    return pd.DataFrame(
        rows, columns=["lead", "created", "origin", "channel", "product", "furthest"]
    )


def tables_of(leads: Any) -> dict[str, Any]:
    events = []
    for row in leads.itertuples():
        for stage in ("opportunity", "won")[: row.furthest - 1]:
            events.append({"lead": row.lead, "stage": stage, "entered_at": str(row.created)})
    return {
        "lead": [
            {
                "lead": row.lead,
                "created_at": str(row.created),
                "origin": row.origin,
                "channel": row.channel,
            }
            for row in leads.itertuples()
        ],
        "lead_field": [
            {"lead": row.lead, "attribute": "product", "value": row.product}
            for row in leads.itertuples()
        ],
        "stage_event": events,
    }


def design(leads: Any, names: list[str]) -> Any:
    """Dummies of the attributes, values with fewer than ten leads, or without contrast, as one.

    Where these have no contrast even together, the smallest of the others joins them.
    """
    columns = []
    for name in names:
        values = leads[name].fillna("(none)")
        counts, shares = values.value_counts(), leads["came"].groupby(values).mean()
        poor = [v for v in counts.index if counts[v] < 10 or shares[v] in (0, 1)]
        if poor and leads["came"][values.isin(poor)].nunique() == 1:
            poor.append(counts.drop(poor).idxmin())
        columns.append(values.where(~values.isin(poor), "(poor)"))
    if not columns:
        return pd.DataFrame({"const": np.ones(len(leads))})
    dummies = pd.get_dummies(pd.concat(columns, axis=1), drop_first=True, dtype=float)
    return sm.add_constant(dummies.set_axis(leads.index))


class Null:
    """What statsmodels fits to some attributes of the leads, whichever group is tested then."""

    def __init__(self, leads: Any, names: list[str]) -> None:
        self.came = leads["came"]
        self.exog = design(leads, names)
        self.model = sm.GLM(self.came.astype(float), self.exog, family=sm.families.Binomial())
        self.fitted = self.model.fit(tol=1e-12, maxiter=200)
        self.free_share = 1 - np.linalg.matrix_rank(self.exog.to_numpy()) / len(leads)

    def score(self, is_member: Any) -> tuple[float, float]:
        """The signed root of the score test of a group, and its excess over the null model."""
        extra = is_member.to_numpy(float)[:, None]
        chi_square, _, degrees = self.model.score_test(self.fitted.params, exog_extra=extra)
        assert degrees == 1
        excess = float(((self.came - self.fitted.fittedvalues) * is_member).sum())
        return np.sign(excess) * np.sqrt(chi_square * self.free_share), excess


def searched(leads: Any) -> tuple[dict[Any, Any], dict[int, float]]:
    """{(step, group): what the search should say}, and the counts by step."""
    found: dict[Any, Any] = {}
    winning: dict[int, float] = {}
    local = leads["created"].dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin")
    leads = leads.assign(created_month=local.dt.strftime("%Y-%m"))
    for step in (2, 3):
        base = leads[leads["furthest"] >= step - 1]
        winning[step] = (base["furthest"] >= step).mean()
        base = base.assign(came=base["furthest"] >= step).reset_index(drop=True)
        of_pairs = Null(base, ATTRIBUTES)
        for one, other in [
            *[(name, None) for name in ATTRIBUTES],
            *combinations(ATTRIBUTES, 2),
        ]:
            null = Null(base, [n for n in ATTRIBUTES if n != one]) if other is None else of_pairs
            firsts = base[one].fillna("(none)")
            seconds = base[other].fillna("(none)") if other else pd.Series("", base.index)
            sizes = leads[one].fillna("(none)").value_counts()
            other_sizes = leads[other].fillna("(none)").value_counts() if other else {"": FEWEST}
            for (first, second), rows in base.groupby([firsts, seconds]):
                in_first, in_second = firsts == first, seconds == second
                beside = min(in_first.sum(), in_second.sum()) - len(rows) if other else 1
                if len(rows) < FEWEST or beside < 1:
                    continue
                if one != "created_month" and sizes[first] < FEWEST:
                    continue
                if other not in (None, "created_month") and other_sizes[second] < FEWEST:
                    continue
                statistic, excess = null.score(in_first & in_second)
                rest = base[~(in_first & in_second)]
                found[step, one, first, other, second or None] = {
                    "previous_leads": len(rows),
                    "reached_leads": rows["came"].sum(),
                    "rate": rows["came"].mean(),
                    "rest_rate": rest["came"].mean(),
                    "statistic": statistic,
                    "excess": excess,
                }
    return found, winning


@pytest.mark.parametrize("seed", [1, 2])
def test_every_test_is_that_of_statsmodels(tmp_path: Path, seed: int) -> None:
    leads = made_up(seed)
    with build_warehouse(
        tmp_path / "w.duckdb", tables_of(leads), agreement=three_stages(), as_of="2026-10-31 23:00"
    ) as warehouse:
        result = fa.drop_off_segments(warehouse, attributes=ATTRIBUTES, minimum_leads=FEWEST)
    expected, winning = searched(leads)
    table = result.table
    keys = [
        (
            row.position,
            row.attribute,
            row.value if isinstance(row.value, str) else "(none)",
            row.second_attribute,
            None
            if row.second_attribute is None
            else row.second_value
            if isinstance(row.second_value, str)
            else "(none)",
        )
        for row in table.itertuples()
    ]
    assert set(keys) == set(expected)
    assert len(keys) > 60
    for key, (_, row) in zip(keys, table.iterrows(), strict=True):
        theirs = expected[key]
        for name in ("previous_leads", "reached_leads", "rate", "rest_rate"):
            assert row[name] == pytest.approx(theirs[name]), (key, name)
        assert row["statistic"] == pytest.approx(theirs["statistic"], abs=1e-5), key
        assert row["low"] < row["lost_deals"] < row["high"]
        chance = winning[3] if key[0] == 2 else 1.0
        assert row["lost_deals"] == pytest.approx(
            -row["adjusted_difference"] * row["previous_leads"] * chance
        )
        assert np.sign(row["lost_deals"]) == -np.sign(theirs["excess"])


def told(row: Any, *names: str) -> tuple[str, ...]:
    """Some fields of a printed row, missing ones by a name of their own."""
    return tuple(str(row[name]) if pd.notna(row[name]) else "(none)" for name in names)


def q_values_of(table: Any) -> list[float]:
    """What the printed p-values say by the stated rule, one test at a time, with statsmodels."""

    def adjusted(times: float, rows: list[int]) -> dict[int, float]:
        p_values = [table["p_value"][row] for row in rows]
        q_values = multipletests(p_values, method="fdr_bh")[1] if rows else []
        return {row: min(times * q, 1.0) for row, q in zip(rows, q_values, strict=True)}

    values: dict[tuple[str, ...], int] = {}
    pairs: list[int] = []
    for row, test in table.iterrows():
        if test["second_attribute"] is None:
            values[told(test, "stage", "attribute", "value")] = row
        else:
            pairs.append(row)
    found = adjusted(3, list(values.values())) | adjusted(25, pairs)
    below: dict[int, list[int]] = {}
    for row in pairs:
        test = table.loc[row]
        of_pair = (
            told(test, "stage", "attribute", "value"),
            told(test, "stage", "second_attribute", "second_value"),
        )
        tested = [values[each] for each in of_pair if each in values]
        if tested:
            below.setdefault(min(tested, key=lambda each: table["p_value"][each]), []).append(row)
    for value, rows in below.items():
        for row, own in adjusted(3, rows).items():
            found[row] = min(found[row], max(own, found[value]))
    return [found[row] for row in range(len(table))]


@pytest.mark.parametrize("seed", [1, 2])
def test_q_values_follow_from_the_printed_p_values(tmp_path: Path, seed: int) -> None:
    leads = made_up(seed)
    with build_warehouse(
        tmp_path / "w.duckdb", tables_of(leads), agreement=three_stages(), as_of="2026-10-31 23:00"
    ) as warehouse:
        table = fa.drop_off_segments(warehouse, attributes=ATTRIBUTES, minimum_leads=FEWEST).table
    assert table["q_value"].tolist() == pytest.approx(q_values_of(table))
    assert (table["is_found"] == (table["q_value"] <= 0.05)).all()
    assert set(table["second_attribute"].isna()[table["is_found"]]) == {True, False}


def test_q_values_of_the_sample_follow_from_its_printed_p_values(sample_database: Path) -> None:
    with fa.open_warehouse(sample_database) as warehouse:
        table = fa.drop_off_segments(warehouse).table
    assert table["q_value"].tolist() == pytest.approx(q_values_of(table))
    # The bad month and its origin are found below the month, not among all pairs.
    pairs = table[table["second_attribute"].notna()]
    at_large = 25 * multipletests(pairs["p_value"], method="fdr_bh")[1]
    assert table["q_value"][0] < 0.01 < 0.05 < at_large[0]
