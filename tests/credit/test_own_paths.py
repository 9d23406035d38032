"""Own event logs: read from whatever form in whatever order, they give what plain Python counts."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.credit.journeys import Journeys
from funnel_analytics.errors import CallError, DataError
from funnel_analytics.warehouse import connect, event_log

ALL = [
    "first", "last", "last_non_direct", "linear", "position_based", "time_decay", "w_shaped",
    "full_path", "markov", "markov_2", "markov_without_nulls", "shapley", "shapley_rate",
]  # fmt: skip
MORE: dict[str, Any] = {
    "value": "value",
    "lead_created": "lead_created",
    "opportunity_created": "opportunity_created",
    "direct": ["direct"],
}
DAY = pd.Timedelta(days=1)
START = pd.Timestamp("2026-01-01")


def log_of(*touches: tuple[Any, float, str | None, float, float]) -> pd.DataFrame:
    """Touches as journey, days since the start, channel, conversions, value."""
    rows = pd.DataFrame(touches, columns=["journey", "day", "channel", "conversions", "value"])
    return rows.assign(touched_at=START + rows["day"] * DAY).drop(columns="day")


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    """A few hundred touches; many of a journey at the same hour, several conversions in some."""
    generator = np.random.default_rng(11)
    size = 600
    conversions = generator.binomial(1, 0.15, size) * generator.integers(1, 3, size)
    return pd.DataFrame(
        {
            "journey": generator.integers(0, 150, size),
            "touched_at": START + generator.integers(0, 60, size) * pd.Timedelta(hours=1),
            "channel": generator.choice(["ads", "direct", "email", "fair", None], size),
            "conversions": conversions,
            "value": np.where(conversions > 0, generator.integers(0, 900, size) / 4, np.nan),
            "lead_created": generator.random(size) < 0.1,
            "opportunity_created": generator.random(size) < 0.1,
        }
    )


def in_order(log: pd.DataFrame) -> pd.DataFrame:
    """Of touches at one instant those that converted last, then by channel, missing ones last."""
    marked = log.assign(is_won=log["conversions"] > 0)
    touches = marked.sort_values(["journey", "touched_at", "is_won", "channel"])
    return touches.assign(channel=touches["channel"].fillna("(unknown)"))


def by_hand(log: pd.DataFrame, model: str) -> dict[str, tuple[float, float]]:
    """Conversions and value by channel, touch by touch."""
    credit: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    touches = in_order(log)
    journey: list[Any] = []
    for touch in touches.itertuples():
        if journey and journey[-1].journey != touch.journey:
            journey = []
        journey.append(touch)
        if not touch.is_won:
            continue
        end, count = touch.touched_at, len(journey)
        weights = {
            "first": [float(place == 0) for place in range(count)],
            "last": [float(place == count - 1) for place in range(count)],
            "linear": [1.0] * count,
            "time_decay": [2 ** -((end - each.touched_at) / (7 * DAY)) for each in journey],
        }[model]
        for each, weight in zip(journey, weights, strict=True):
            credit[each.channel][0] += touch.conversions * weight / sum(weights)
            credit[each.channel][1] += touch.value * weight / sum(weights)
        journey = []
    return {channel: (won, value) for channel, (won, value) in credit.items()}


@pytest.mark.parametrize("model", ["first", "last", "linear", "time_decay"])
def test_a_log_is_credited_as_by_hand(log: pd.DataFrame, model: str):
    found = fa.credit_touches(log, model=model, value="value")
    expected = by_hand(log, model)
    assert set(found["channel"]) == set(expected)
    for row in found.itertuples():
        assert (row.conversions, row.value) == pytest.approx(expected[row.channel], rel=1e-12)
    total = log["conversions"].sum()
    assert found["share"].tolist() == pytest.approx((found["conversions"] / total).tolist())


# 1: a b* c     2: b a*     (* converted; c is after the conversion and begins another journey)
def test_a_conversion_ends_a_journey():
    log = log_of(
        (1, 2, "c", 0, 0), (1, 0, "a", 0, 0), (1, 1, "b", 1, 10),
        (2, 1, "a", 2, 5), (2, 0, "b", 0, 0),
    )  # fmt: skip
    found = fa.credit_touches(log, model=["first", "last"], value="value").set_index(
        ["model", "channel"]
    )
    assert found["conversions"].to_dict() == {
        ("first", "a"): 1, ("first", "b"): 2, ("first", "c"): 0,
        ("last", "a"): 2, ("last", "b"): 1, ("last", "c"): 0,
    }  # fmt: skip
    assert found["value"].loc["last"].to_dict() == {"a": 5, "b": 10, "c": 0}


def test_of_touches_at_one_instant_those_that_converted_are_last():
    log = log_of((1, 0, "b", 0, 0), (1, 0, "a", 1, 0), (1, 0, "c", 0, 0))
    found = fa.credit_touches(log, model=["first", "last"]).set_index(["model", "channel"])
    assert found.loc[("first", "b"), "conversions"] == found.loc[("last", "a"), "conversions"] == 1


def test_an_id_orders_touches_at_one_instant():
    log = log_of((1, 0, "b", 0, 0), (1, 0, "a", 1, 0), (1, 0, "c", 0, 0)).assign(no=[2, 3, 1])
    found = fa.credit_touches(log, model="first", touch_id="no").set_index("channel")
    assert found["conversions"].to_dict() == {"a": 0, "b": 0, "c": 1}


def test_journeys_without_conversion_count_for_what_is_fitted(log: pd.DataFrame):
    fitted = ["markov", "markov_2", "shapley_rate"]
    touches = in_order(log)
    ended = touches.groupby("journey")["is_won"].cumsum() - touches["is_won"]
    paths = touches.groupby([touches["journey"], ended]).agg(
        path=("channel", list), conversions=("conversions", "sum")
    )
    assert (paths["conversions"] == 0).sum() > 50
    pd.testing.assert_frame_equal(
        fa.credit_touches(log, model=fitted), fa.credit_paths(paths, model=fitted), rtol=1e-9
    )


# a created the lead, c the opportunity, d closed; e is another journey's
def test_a_log_may_tell_what_touches_created():
    log = log_of(
        (1, 0, "a", 0, 0), (1, 1, "b", 0, 0), (1, 2, "c", 0, 0), (1, 3, "d", 1, 0),
        (2, 0, "e", 1, 0),
    ).assign(lead=[1, 0, 0, 0, 0], deal=[0, 0, 1, 0, 0])  # fmt: skip
    found = fa.credit_touches(
        log, model=["w_shaped", "full_path"], lead_created="lead", opportunity_created="deal"
    ).set_index(["model", "channel"])["conversions"]
    assert found["w_shaped"].to_dict() == pytest.approx(
        {"a": 0.6, "b": 0.05, "c": 0.3, "d": 0.05, "e": 1}
    )
    assert found["full_path"].to_dict() == pytest.approx(
        {"a": 0.45, "b": 0.1, "c": 0.225, "d": 0.225, "e": 1}
    )


def test_the_order_of_rows_does_not_matter(log: pd.DataFrame):
    once = fa.credit_touches(log, model=ALL, **MORE)
    again = fa.credit_touches(log.sample(frac=1, random_state=4), model=ALL, **MORE)
    pd.testing.assert_frame_equal(once, again, check_exact=True)


@pytest.mark.parametrize(
    ("kind", "by_engine"),
    [
        ("names", 0),
        ("large", 0),
        ("microseconds", 0),
        ("far apart", 1),
        ("far apart to the µs", 1),
        ("id", 1),
    ],
)
def test_however_touches_are_sorted_the_answer_is_the_same(
    log: pd.DataFrame, kind: str, by_engine: int, monkeypatch: pytest.MonkeyPatch
):
    """What fits into 63 bits is sorted as one number, everything else by the engine."""
    calls: list[object] = []
    sort = event_log._sorted_by_engine
    monkeypatch.setattr(
        event_log,
        "_sorted_by_engine",
        lambda *given, **more: calls.append(given) or sort(*given, **more),
    )
    other, more = log.copy(), dict(MORE)
    if kind == "names":
        other["journey"] = [f"person {each:03d}" for each in log["journey"]]
    elif kind == "large":
        other["journey"] = log["journey"] * 2**25
    elif kind == "far apart":
        other["journey"] = log["journey"] * 2**50
    elif kind == "id":
        order = log.assign(is_won=log["conversions"] > 0).sort_values(
            ["is_won", "channel", "lead_created", "opportunity_created"], na_position="last"
        )
        other, more["touch_id"] = order.assign(no=range(len(order))), "no"
    if "to the µs" in kind:
        other["journey"] = log["journey"] * 2**20
    if "µs" in kind or kind == "microseconds":
        later = pd.to_timedelta(log["journey"] % 7 + 1, unit="us")
        other["touched_at"] = log["touched_at"].astype("datetime64[us]") + later
    once = fa.credit_touches(log, model=ALL, **MORE)
    assert not calls
    again = fa.credit_touches(other, model=ALL, **more)
    assert len(calls) == by_engine
    pd.testing.assert_frame_equal(once, again, rtol=1e-12)


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".duckdb"])
def test_a_file_is_read_as_the_table_is(log: pd.DataFrame, suffix: str, tmp_path: Path):
    path = tmp_path / f"an 'event' log{suffix}"
    if suffix == ".csv":
        log.to_csv(path, index=False)
    else:
        kept = str(path) if suffix == ".duckdb" else ":memory:"
        with connect(kept, read_only=False) as connection:
            connection.register("log", log)
            connection.execute('create table "my touches" as from log')
            if suffix == ".parquet":
                connection.execute(
                    'copy (from "my touches") to $path (format parquet)', {"path": str(path)}
                )
    pd.testing.assert_frame_equal(
        fa.credit_touches(log, model=ALL, **MORE),
        fa.credit_touches(str(path), model=ALL, table="my touches", **MORE),
        check_exact=True,
    )


def test_columns_may_have_any_name_and_conversions_be_yes_or_no():
    log = log_of(("x", 0, "a", 0, 0), ("x", 1, "b", 1, 0)).drop(columns="value")
    log.columns = pd.Index(['the "person"', "via;", "ok", "when"])
    log["ok"] = log["ok"] > 0
    found = fa.credit_touches(
        log,
        model="linear",
        journey='the "person"',
        touched_at="when",
        channel="via;",
        conversions="ok",
    )
    assert found["conversions"].tolist() == [0.5, 0.5]
    assert found["value"].isna().all()


def test_touches_without_a_channel_are_credited_under_a_name():
    log = log_of((1, 0, None, 0, 0), (1, 1, "a", 1, 4))
    found = fa.credit_touches(log, model="linear", missing_channel="(none)")
    assert found["channel"].tolist() == ["(none)", "a"]
    with pytest.raises(CallError, match="There is a channel 'a'"):
        fa.credit_touches(log, model="linear", missing_channel="a")


def test_a_value_without_a_conversion_is_counted_and_not_credited():
    log = log_of((1, 0, "a", 0, 600), (1, 1, "b", 1, 300))
    found = fa.credit_touches(log, model="first", value="value")
    assert found["value"].tolist() == [300, 0]
    assert found.attrs == {"values_without_conversion": 1}


def test_a_table_of_own_weights_and_functions_are_models():
    def only_b(journeys: Journeys) -> Any:
        return np.array([0.0, journeys.conversions.sum()])

    def equal(journeys: Journeys) -> Any:
        assert journeys.ages is not None
        return np.repeat(1 / journeys.lengths, journeys.lengths)

    log = log_of((1, 0, "a", 0, 0), (1, 1, "b", 0, 0), (1, 2, "b", 1, 8), (2, 0, "a", 0, 0))
    own = {"ours": {"first": 0.5, "rest": 0.5}}
    found = fa.credit_touches(log, model=["ours", only_b, equal], own=own, value="value").set_index(
        ["model", "channel"]
    )
    assert found["value"].to_dict() == pytest.approx(
        {
            ("ours", "a"): 4, ("ours", "b"): 4, ("only_b", "a"): 0, ("only_b", "b"): 8,
            ("equal", "a"): 8 / 3, ("equal", "b"): 16 / 3,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda journeys: np.ones(7), "should be one for each of 4 touches, or one for each of 2"),
        (lambda journeys: np.ones(2), "credits 2 conversions; there are 1 to share"),
        (lambda journeys: np.ones(4), "the weights of 1 of 2 journeys do not sum to 1"),
        (lambda journeys: np.full(4, np.nan), "missing or infinite"),
    ],
)
def test_a_function_that_does_not_share_is_refused(answer: Any, said: str):
    log = log_of((1, 0, "a", 0, 0), (1, 1, "b", 0, 0), (1, 2, "b", 1, 8), (2, 0, "a", 0, 0))
    with pytest.raises(DataError, match=said):
        fa.credit_touches(log, model=answer)


def test_an_empty_log_has_no_rows():
    empty = log_of((1, 0, "a", 0, 0)).iloc[:0]
    assert fa.credit_touches(empty, model=["linear", "markov", "shapley"]).empty


def test_without_conversions_nothing_is_credited():
    found = fa.credit_touches(log_of((1, 0, "a", 0, 0)), model=["linear", "markov", "shapley"])
    assert found["conversions"].tolist() == [0, 0, 0]
    assert found["share"].isna().all()


def linear(journeys: Journeys) -> Any:
    return np.repeat(1 / journeys.lengths, journeys.lengths)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"model": "lineal"}, CallError, "Did you mean 'linear'"),
        ({"model": []}, CallError, "No attribution model"),
        ({"channel": "chanel"}, CallError, "no column 'chanel'. Did you mean 'channel'"),
        ({"model": "w_shaped"}, CallError, "do not tell when a lead"),
        ({"model": "last_non_direct"}, CallError, "do not tell which touches are direct"),
        ({"direct": ["drect"], "model": "last"}, CallError, "No touch has the channel 'drect'"),
        ({"own": {"x": {"firts": 1}}}, CallError, "no part 'firts'. Did you mean 'first'"),
        ({"own": {"linear": {"first": 1}}}, CallError, "'linear' is a model already"),
        ({"own": {"markov": {"first": 1}}}, CallError, "'markov' is a model already"),
        ({"model": [lambda _: 0, lambda _: 1]}, CallError, "two models named '<lambda>'"),
        ({"model": [linear]}, CallError, "two models named 'linear'"),
        ({"first_share": 0.8}, CallError, "more than 1 together"),
        ({"half_life_days": 0}, CallError, "above 0"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    log: pd.DataFrame, changes: dict[str, Any], error: type[Exception], said: str
):
    with pytest.raises(error, match=said):
        fa.credit_touches(log, **changes)


def test_faults_of_a_log_are_said_all_at_once(tmp_path: Path):
    log = log_of((None, 0, "a", 0, 0), (1, np.nan, "a", -1, 0), (1, 0, "a", 1, np.inf))
    with pytest.raises(DataError) as error:
        fa.credit_touches(log, value="value")
    assert str(error.value).count("1 of 3 touches: ") == 4
    text = tmp_path / "log.csv"
    text.write_text("journey,touched_at,channel,conversions\n1,yesterday,a,0\n", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        fa.credit_touches(text)
    with pytest.raises(CallError, match="no such file"):
        fa.credit_touches(tmp_path / "nothing.parquet")
    with pytest.raises(CallError, match=r"a \.parquet, \.csv or \.duckdb file"):
        fa.credit_touches(text.rename(tmp_path / "log.xlsx"))
