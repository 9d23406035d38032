"""Credits of single touches: drawn by hand, held against the table of `attribute`, written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.agreement import ATTRIBUTION_MODELS, ATTRIBUTION_RULES
from funnel_analytics.cli import main
from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.errors import CallError
from funnel_analytics.metrics.attribution.rows import attribution_credits
from funnel_analytics.warehouse import Warehouse, connect
from tests.builders import three_stages

Build = Callable[..., Warehouse]
OCTOBER = fa.month("2026-10")
WON_AT = pd.Timestamp("2026-10-20 12:00")
YEAR = fa.year("2026")


def drawn() -> dict[str, list[dict[str, Any]]]:
    """D0 (90): fair, mail, fair. D1 (0.1): mail. D2 (7): nobody. D3 (no amount): mail, ads."""
    touched = {"D0": ["fair", "mail", "fair"], "D1": ["mail"], "D3": ["mail", "ads"]}
    worth = {"D0": 90.0, "D1": 0.1, "D2": 7.0, "D3": None}
    return {
        "deal": [
            {"deal": deal, "amount": amount, "closed_at": WON_AT, "is_won": True}
            for deal, amount in worth.items()
        ],
        "deal_contact": [{"deal": deal, "person_key": f"p{deal}"} for deal in worth],
        "touch": [
            {
                "touch": f"{deal}-{place}",
                "person_key": f"p{deal}",
                "touched_at": WON_AT - pd.Timedelta(days=10 - place),
                "channel": channel,
                "campaign": f"c-{channel}",
            }
            for deal, channels in touched.items()
            for place, channel in enumerate(channels)
        ],
    }


SIDES = """
[channels.fair]
side = "sales"
label = { de = "Messe", en = "Fair" }
[channels.mail]
side = "marketing"
label = { de = "Post", en = "Mail" }
"""


def test_one_row_per_conversion_and_touch(warehouse_of: Build) -> None:
    warehouse = warehouse_of(drawn(), agreement=three_stages(SIDES))
    result = attribution_credits(warehouse, period=OCTOBER, model="linear")
    table = result.table
    named = table[["conversion_id", "place", "places", "channel", "side", "campaign", "weight"]]
    shown = named.astype(object).where(named.notna(), None).values.tolist()
    third = pytest.approx(1 / 3)
    assert shown == [
        ["D0", 1, 3, "fair", "sales", "c-fair", third],
        ["D0", 2, 3, "mail", "marketing", "c-mail", third],
        ["D0", 3, 3, "fair", "sales", "c-fair", third],
        ["D1", 1, 1, "mail", "marketing", "c-mail", 1.0],
        ["D2", None, 0, None, None, None, 1.0],
        ["D3", 1, 2, "mail", "marketing", "c-mail", 0.5],
        ["D3", 2, 2, "ads", None, "c-ads", 0.5],
    ]
    assert table["credit"].tolist()[:5] == [30.0, 30.0, 30.0, 0.1, 7.0]
    assert table["credit"].isna().tolist() == [False] * 5 + [True] * 2
    assert table["is_no_known_touch"].tolist() == [False] * 4 + [True] + [False] * 2
    assert (table["converted_at"] == WON_AT).all()
    assert table["touched_at"].iloc[1] == WON_AT - pd.Timedelta(days=9)
    assert set(table["model"]) == {"linear"}
    assert result.note("totals") == {
        "conversions": 4, "revenue": 97.1, "no_known_touch_conversions": 1,
        "no_known_touch_revenue": 7.0, "deals_without_amount": 1,
    }  # fmt: skip


def test_a_stage_credits_leads_by_their_own_ids(warehouse_of: Build) -> None:
    tables = {
        "lead": [
            {"lead": f"L{each}", "created_at": "2026-10-01", "person_key": f"p{each}"}
            for each in (2, 1)
        ],
        "stage_event": [{"lead": "L1", "stage": "opportunity", "entered_at": "2026-10-09"}],
        "touch": [{"touch": "t", "person_key": "p1", "touched_at": "2026-10-05", "channel": "ads"}],
    }
    result = attribution_credits(warehouse_of(tables), period=OCTOBER, conversion="opportunity")
    assert result.table[["conversion_id", "channel", "credit"]].values.tolist() == [
        ["L1", "ads", 1.0]
    ]


def test_what_is_fitted_is_spread_within_each_journey(warehouse_of: Build) -> None:
    # Shapley: each journey equally over its channels. fair mail fair: 1/4 1/2 1/4. mail ads: 1/2.
    warehouse = warehouse_of(drawn())
    result = attribution_credits(warehouse, period=OCTOBER, model=["shapley", "markov"])
    table = result.table.set_index("model")
    assert table.loc["shapley", "weight"].tolist() == [0.25, 0.5, 0.25, 1.0, 1.0, 0.5, 0.5]
    # Markov: fair begins 1 of 3 journeys, mail 2; fair goes on to mail or converts, 1/2 each; mail
    # goes on to fair, to ads or converts, 1/3 each. Every walk converts, so a removal effect is
    # the chance to pass a channel: mail 2/3 + 1/3 * 1/2 = 5/6; fair 1/3 + 2/3 * 1/3 = 5/9; ads,
    # from mail a = 1/3 + 1/3 * 1/2 * a = 2/5, so 2/3 a + 1/3 * 1/2 a = 1/3. Their sum is 31/18.
    assert table.loc["markov", "weight"].tolist() == pytest.approx(
        [0.2, 0.6, 0.2, 1, 1, 5 / 7, 2 / 7]
    )
    assert result.note("spread_credit") == {"models": ("markov",)}
    both = result.part("by_channel").set_index(["model", "channel"])
    mail = both.loc[("markov", "mail")]
    assert mail["model_conversions"] == pytest.approx(3 * 15 / 31)
    assert mail["conversions"] == pytest.approx(0.6 + 1 + 5 / 7)
    assert mail["difference"] == pytest.approx(54.1 - 90.1 * 15 / 31)
    assert (both.loc["shapley", "difference"] == 0).all()
    assert both.loc["markov", "difference"].sum() == pytest.approx(0)


def test_functions_of_ones_own(warehouse_of: Build) -> None:
    asked = []

    def halves(journeys: Journeys) -> Any:
        asked.append(journeys)
        return np.repeat(1 / journeys.lengths, journeys.lengths)

    def to_mail(journeys: Journeys) -> Any:
        return np.where(np.array(journeys.keys) == "mail", 3.0, 0.0)

    tables = drawn()
    tables["lead"] = [{"lead": "open", "created_at": "2026-10-01", "person_key": "po"}]
    tables["touch"].append({"touch": "o", "person_key": "po", "touched_at": "2026-10-02"})
    result = attribution_credits(warehouse_of(tables), period=OCTOBER, model=[halves, to_mail])
    weights = {name: part["weight"].tolist() for name, part in result.table.groupby("model")}
    assert weights["halves"] == pytest.approx([1 / 3] * 3 + [1, 1, 0.5, 0.5])
    assert weights["to_mail"] == [0, 1, 0, 1, 1, 1, 0]
    assert result.note("spread_credit") == {"models": ("to_mail",)}
    assert len(asked) == 1, "a function that draws may answer something else the next time"


@pytest.fixture(scope="module")
def sample(sample_database: Path) -> Warehouse:
    return fa.open_warehouse(sample_database)


@pytest.fixture(scope="module")
def every(sample: Warehouse) -> fa.Result:
    return attribution_credits(sample, period=YEAR, model=ATTRIBUTION_MODELS)


def test_credits_sum_to_the_value_in_every_model_and_slice(every: fa.Result) -> None:
    table = every.table
    of_each = table.groupby(["model", "conversion_id"])
    for (_, _), rows in of_each:
        assert fsum(rows["credit"]) == rows["value"].iloc[0]
        assert sum(rows["credit"]) == sum(reversed(list(rows["credit"]))) == rows["value"].iloc[0]
    assert of_each["weight"].sum().sub(1).abs().max() < 1e-12
    total = every.note("totals")["revenue"]
    for by in ("channel", "side", "campaign", "places"):
        sums = table.groupby(["model", by], dropna=False)["credit"].apply(fsum)
        assert sums.groupby("model").sum().sub(total).abs().max() < 1e-6


def test_rules_and_shapley_sum_to_the_table_of_attribute(
    sample: Warehouse, every: fa.Result
) -> None:
    agreeing = [*ATTRIBUTION_RULES, "shapley", "shapley_ordered"]
    whole = fa.attribute(sample, period=YEAR, model=agreeing).table
    rows = every.table
    for model in agreeing:
        mine = rows[(rows["model"] == model) & ~rows["is_no_known_touch"]]
        sums = mine.groupby(mine["channel"].astype(object), dropna=False)["credit"].sum()
        theirs = whole[(whole["model"] == model) & ~whole["is_no_known_touch"]]
        for channel, revenue in zip(theirs["channel"], theirs["revenue"], strict=True):
            found = sums[sums.index.isna()].sum() if channel is None else sums.get(channel, 0.0)
            assert found == pytest.approx(revenue, abs=1e-5), (model, channel)


def test_by_channel_has_what_attribute_says(sample: Warehouse, every: fa.Result) -> None:
    whole = fa.attribute(sample, period=YEAR, model=ATTRIBUTION_MODELS).table
    keys = ["model", "channel", "is_no_known_touch"]
    both = every.part("by_channel").merge(whole, on=keys, how="outer", suffixes=("_rows", ""))
    assert both["model_credit"].sub(both["revenue"]).abs().max() < 1e-5
    assert both["model_conversions"].sub(both["conversions"]).abs().max() < 1e-8
    assert not both[["model_credit", "revenue"]].isna().any().any()
    sums = every.part("by_channel").groupby("model")[["credit", "model_credit"]].sum()
    assert sums["credit"].sub(sums["model_credit"]).abs().max() < 1e-4


def test_rows_are_written_by_the_engine(sample: Warehouse, tmp_path: Path) -> None:
    file = tmp_path / "new" / "credits.parquet"
    result = attribution_credits(sample, period=YEAR, model=["first", "linear"], save_to=file)
    expected = result.table.astype({"place": "Int64"})
    with connect(":memory:", read_only=False) as connection:
        back = connection.execute("from read_parquet($file)", {"file": str(file)}).df()
        pairs = connection.execute(
            "select decode(key), decode(value) from parquet_kv_metadata($file)", {"file": str(file)}
        ).fetchall()
    assert list(back.columns) == list(expected.columns)
    assert back["credit"].tolist() == expected["credit"].tolist()
    for name in ("model", "conversion_id", "channel", "touched_at", "place"):
        assert back[name].astype(object).where(back[name].notna(), None).tolist() == (
            expected[name].astype(object).where(expected[name].notna(), None).tolist()
        )
    assert dict(pairs)["definition"] == result.definition
    assert [each.name for each in file.parent.iterdir()] == ["credits.parquet"]


def test_rows_are_written_as_other_lists_are(
    sample: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credits.csv"
    result = attribution_credits(sample, period=OCTOBER, save_to=file)
    back = pd.read_csv(file, comment="#")
    assert back["credit"].tolist() == result.table["credit"].tolist()
    monkeypatch.setattr("funnel_analytics.metrics.attribution.rows._MOST_SHEET_ROWS", 3)
    with pytest.raises(CallError, match="do not fit into a sheet"):
        attribution_credits(sample, period=OCTOBER, save_to=tmp_path / "credits.xlsx")
    with pytest.raises(CallError, match="is saved as"):
        attribution_credits(sample, period=OCTOBER, save_to=tmp_path / "credits.txt")


def test_the_command_writes_them_as_well(
    sample_database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "credits.duckdb"
    asked = ["--period", "2026-10", "--model", "linear", "--part", "by_channel"]
    call = ["funnel", "show", "credits", "--db", str(sample_database), "--save", str(file), *asked]
    monkeypatch.setattr(sys, "argv", call)
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert not ended.value.code
    assert "model_credit" in printed.out
    assert str(file) in printed.err
    with connect(str(file), read_only=True) as connection:
        (counted,) = connection.execute("select count(*) from credits").fetchone() or (0,)
    assert counted > 0


def test_nothing_tells_of_our_people(every: fa.Result) -> None:
    told = {"owner", "person", "by", "name", "email", "person_key", "lead_owner"}
    assert not told & set(every.table.columns)
