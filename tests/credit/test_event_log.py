"""Event logs of many touches, many channels, or kept in order are read like any other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.warehouse import packing

START = pd.Timestamp("2026-01-01")
MODELS = ["first", "last", "time_decay", "markov", "shapley", "shapley_rate"]


def drawn(*, touches: int, channels: int, seed: int) -> pd.DataFrame:
    """Touches in order; some journeys have several at one instant, some of those convert twice."""
    generator = np.random.default_rng(seed)
    conversions = generator.binomial(1, 0.2, touches)
    names = [f"channel {number:03d}" for number in range(channels)]
    log = pd.DataFrame(
        {
            "journey": generator.integers(0, touches // 4, touches),
            "touched_at": START + generator.integers(0, 90, touches) * pd.Timedelta(hours=1),
            "channel": generator.choice([*names, None], touches),
            "conversions": conversions,
            "value": np.where(conversions > 0, generator.integers(1, 900, touches) / 4, np.nan),
        }
    )
    return log.sort_values(
        ["journey", "touched_at", "conversions", "channel"], ignore_index=True, kind="stable"
    )


def credited(log: pd.DataFrame | Path, **more: Any) -> pd.DataFrame:
    return fa.credit_touches(log, model=MODELS, value="value", **more)


@pytest.mark.parametrize("channels", [3, 300])
def test_touches_in_order_are_credited_like_shuffled_ones(
    channels: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(packing, "_VECTORS", 1)  # of 2048 touches: several are given one by one
    log = drawn(touches=6000, channels=channels, seed=3)
    # Two conversions at one instant: their values belong to two journeys, the lower one first.
    twice = log[log["conversions"] > 0].iloc[[100, 900]]
    again = twice.assign(value=twice["value"] / 2)
    log = pd.concat([log, again]).sort_values(["journey", "touched_at"], kind="stable")
    log = log.sort_values(
        ["journey", "touched_at", "conversions", "channel"], ignore_index=True, kind="stable"
    )
    shuffled = log.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(credited(log), credited(shuffled), check_exact=True)
    rising = log.drop_duplicates(["journey", "touched_at"])
    parts = pd.concat([rising[2048:4096], rising[:2048], rising[4096:]])  # each given in order
    pd.testing.assert_frame_equal(credited(rising), credited(parts), check_exact=True)


def test_values_stay_with_their_conversions_where_touches_come_in_order(tmp_path: Path):
    log = drawn(touches=3000, channels=3, seed=5).drop_duplicates(["journey", "touched_at"])
    total = log["value"].sum()
    last = log[log["conversions"] > 0].fillna({"channel": "(unknown)"})
    expected = last.groupby("channel")["value"].sum()
    kept = tmp_path / "kept.duckdb"
    with fa.warehouse.connect(kept, read_only=False) as connection:
        connection.register("log", log)
        connection.execute("create table touches as from log")
    found = credited(kept)
    assert found.groupby("model")["value"].sum().to_numpy() == pytest.approx(total)
    by_last = found[found["model"] == "last"].set_index("channel")["value"]
    assert by_last.to_dict() == pytest.approx(expected.to_dict())


def test_many_channels_are_coded_in_the_order_of_their_names():
    """Names beyond those that are looked for in a list: the answer is the one of few at a time."""
    log = drawn(touches=4000, channels=40, seed=8)
    many = credited(log)
    few = credited(log.assign(channel=log["channel"].str[:-1]))
    is_named = many["channel"] != "(unknown)"
    coarse = many.assign(channel=many["channel"].where(~is_named, many["channel"].str[:-1]))
    for model in ("first", "last", "time_decay"):
        summed = coarse[coarse["model"] == model].groupby("channel")["conversions"].sum()
        alike = few[few["model"] == model].set_index("channel")["conversions"]
        assert summed.to_dict() == pytest.approx(alike.to_dict())
    assert len(many["channel"].unique()) == 41


def test_a_second_with_a_fraction_far_into_a_log_is_not_cut_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packing, "_VECTORS", 1)
    log = drawn(touches=5000, channels=2, seed=2)
    log["journey"] *= 2**16  # too far apart for microseconds in one number
    log["touched_at"] = log["touched_at"].astype("datetime64[us]")
    first = log.assign(channel="b", conversions=0, value=np.nan).iloc[[-1]]
    earlier = first.assign(channel="a", touched_at=first["touched_at"] + pd.Timedelta("1us"))
    later = first.assign(touched_at=first["touched_at"] + pd.Timedelta("2us"), conversions=1)
    nobody = {"journey": log["journey"].max() + 2**16}
    one = pd.concat([log, earlier.assign(**nobody), later.assign(**nobody)])
    found = fa.credit_touches(one, model="first")
    without = fa.credit_touches(log, model="first")
    by_channel = found.set_index("channel")["conversions"]
    assert by_channel["a"] == 1
    assert by_channel.sum() == without["conversions"].sum() + 1
