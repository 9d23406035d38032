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


def test_a_view_whose_rows_come_in_another_order_credits_the_same(tmp_path: Path):
    """The engine may read a filtered view, or a join with it, in an order of its own."""
    size = 1000
    generator = np.random.default_rng(3)
    log = pd.DataFrame(
        {
            "journey": [f"p{each:04d}" for each in generator.permutation(size)],
            "touched_at": START + generator.permutation(size) * pd.Timedelta(seconds=1),
            "channel": generator.choice(["a", "b", "c"], size),
            "conversions": 1,
            "value": generator.integers(1, 900, size),
            "kind": 1,
            "sort": "x",
        }
    )
    path = tmp_path / "log.duckdb"
    with connect(path, read_only=False) as connection:
        connection.register("log", log)
        connection.execute("create table kept as from log")
        connection.execute(
            "create view touches as from kept "
            "where kind = 1 and sort = 'x' and value > -1 and journey like '%p%'"
        )
    found = fa.credit_touches(path, model="last", value="value").set_index("channel")["value"]
    counted = log.groupby("channel")["value"].sum()
    assert found.to_dict() == counted.to_dict()


@pytest.mark.parametrize("channels", [24, 25, 257])
def test_a_database_file_may_have_many_channels(channels: int, tmp_path: Path):
    names = [f"c{each:03d}" for each in range(channels)]
    log = log_of(*((each, 0, name, 1, 0) for each, name in enumerate(names)))
    path = tmp_path / "log.duckdb"
    with connect(path, read_only=False) as connection:
        connection.register("log", log)
        connection.execute("create table touches as from log")
    found = fa.credit_touches(path, model="last").set_index("channel")["conversions"]
    assert found.to_dict() == dict.fromkeys(names, 1)


# 06:30 in Berlin is before 00:45 in New York of the same day, and 05:00 UTC lies between
def test_times_of_a_text_file_keep_their_zones(tmp_path: Path):
    path = tmp_path / "log.csv"
    path.write_text(
        "journey,touched_at,channel,conversions\n"
        "1,2026-01-05 00:45:00-05:00,c,0\n"
        "1,2026-01-05 05:00:00+00:00,a,0\n"
        "1,2026-01-05 06:30:00+01:00,b,0\n"
        "1,2026-01-05 23:00:00+01:00,d,1\n",
        encoding="utf-8",
    )
    found = fa.credit_touches(path, model=["first", "last"]).set_index(["model", "channel"])
    assert found.loc[("first", "a"), "conversions"] == found.loc[("last", "d"), "conversions"] == 1


def test_conversions_of_a_text_file_may_be_true_or_false(tmp_path: Path):
    path = tmp_path / "log.csv"
    log = log_of((1, 0, "a", 0, 0), (1, 1, "b", 1, 0))
    log.assign(conversions=log["conversions"] > 0).to_csv(path, index=False)
    assert fa.credit_touches(path, model="linear")["conversions"].tolist() == [0.5, 0.5]


def test_tables_of_a_database_may_be_named_as_ours_are(tmp_path: Path):
    path = tmp_path / "log.duckdb"
    with connect(path, read_only=False) as connection:
        connection.register("log", log_of((1, 0, "a", 1, 0)))
        for name in ("given_log", "touch_log", "coded_log", "journey_number", "kept_log"):
            connection.execute(f"create table {name} as from log")
    for name in ("given_log", "touch_log", "coded_log", "JOURNEY_NUMBER", "kept_log"):
        assert fa.credit_touches(path, model="last", table=name)["conversions"].tolist() == [1]
    with pytest.raises(CallError, match=r"no table 'given_logs'\. Did you mean 'given_log'"):
        fa.credit_touches(path, table="given_logs")
    with pytest.raises(CallError, match=r"none\.duckdb: there is no such file"):
        fa.credit_touches(tmp_path / "none.duckdb")


def test_an_infinite_time_is_no_time(tmp_path: Path):
    path = tmp_path / "log.duckdb"
    with connect(path, read_only=False) as connection:
        connection.execute(
            "create table touches as select 1 as journey, 'infinity'::timestamp as touched_at, "
            "'a' as channel, 1 as conversions"
        )
    with pytest.raises(DataError, match="1 of 1 touches: no time, or an infinite one"):
        fa.credit_touches(path)


def test_what_a_text_file_says_wrongly_is_told_without_its_rows(tmp_path: Path):
    path = tmp_path / "log.csv"
    rows = "".join(f"{each},2026-01-05,secret,0\n" for each in range(30_000))
    path.write_text(
        f"journey,touched_at,channel,conversions\n{rows}1,2026-01-05,secret,many\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError, match=r"Line: 30002 .*column .conversions.*BIGINT") as error:
        fa.credit_touches(path)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("limit", ["0.5GB", "1.5 GiB", "50mb"])
def test_memory_may_be_a_part_of_a_unit(limit: str):
    log = log_of((1, 0, "a", 1, 0))
    assert fa.credit_touches(log, model="last", memory_limit=limit)["conversions"].tolist() == [1]


# journey 2: a ── b × 262,143 (1 and 7)      journey 1: a ── c × 49 (1 and 3)
@pytest.mark.parametrize("step", [1, -1])
def test_long_journeys_are_read_in_parts(step: int):
    """Rows are out of order only where the engine gives its next part, or all are."""
    many, few = 2**18, 50
    lasts = [many - 1, many + few - 1]
    log = pd.DataFrame(
        {
            "journey": np.repeat([2, 1], [many, few]),
            "touched_at": START + np.arange(many + few) * pd.Timedelta(seconds=1),
            "channel": ["a"] + ["b"] * (many - 1) + ["a"] + ["c"] * (few - 1),
            "conversions": 0,
            "value": 0,
        }
    )
    log.loc[lasts, ["conversions", "value"]] = [[1, 7], [1, 3]]
    found = fa.credit_touches(log[::step], model=["first", "last"], value="value")
    values = found.set_index(["model", "channel"])["value"]
    assert values["first"].to_dict() == {"a": 10, "b": 0, "c": 0}
    assert values["last"].to_dict() == {"a": 0, "b": 7, "c": 3}


# a ── (x 5, x 7 at one instant): the lower value ends the journey that a began
@pytest.mark.parametrize("step", [1, -1])
def test_of_conversions_alike_the_lower_value_is_first(step: int):
    log = log_of((1, 0, "a", 0, 0), (1, 1, "x", 1, 5), (1, 1, "x", 1, 7))
    found = fa.credit_touches(log[::step], model="first", value="value").set_index("channel")
    assert found["value"].to_dict() == {"a": 5, "x": 7}


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
        (lambda journeys: np.ones(7), r"\(7,\); it has to return one weight for each of 4 touches"),
        (lambda journeys: np.ones((4, 1)), r"\(4, 1\); .* or one credit for each of 2 keys"),
        (lambda journeys: np.ones(2), "credits 2 conversions; there are 1 to share"),
        (lambda journeys: np.ones(4), "the weights of 1 of 2 journeys do not sum to 1"),
        (lambda journeys: np.full(4, np.nan), "4 of 4 numbers are missing or infinite"),
        (
            lambda journeys: np.array([2, -1, 0, 1.0]),
            r"1 of 4 weights are below 0 \(first: touch 1",
        ),
        (lambda journeys: [-1, 1, 0, 0], "below 0 .*; the weights of 1 of 2 journeys do not sum"),
        (lambda journeys: ["a"] * 4, "answers list, no numbers"),
        (lambda journeys: None, "answers NoneType, no numbers"),
        (lambda journeys: [[1], [1, 2]], "ragged"),
        (lambda journeys: journeys.nothing, "failed on 2 journeys with AttributeError"),
    ],
)
def test_a_function_that_does_not_share_is_refused(answer: Any, said: str):
    log = log_of((1, 0, "a", 0, 0), (1, 1, "b", 0, 0), (1, 2, "b", 1, 8), (2, 0, "a", 0, 0))
    with pytest.raises(CallError, match=said):
        fa.credit_touches(log, model=answer)


@pytest.mark.parametrize(("off", "is_taken"), [(0.9e-9, True), (-0.9e-9, True), (1.2e-9, False)])
def test_weights_may_be_off_by_rounding_alone(off: float, is_taken: bool):
    # a ── b ── b: 1 and 8, and a journey without a conversion, whose weights say nothing
    log = log_of((1, 0, "a", 0, 0), (1, 1, "b", 0, 0), (1, 2, "b", 1, 8), (2, 0, "a", 0, 0))

    def nearly(journeys: Journeys) -> Any:
        return np.array([0.5, 0.25, 0.25 + off, 7.0])

    if is_taken:
        found = fa.credit_touches(log, model=nearly).set_index("channel")["conversions"]
        assert found.to_dict() == pytest.approx({"a": 0.5, "b": 0.5 + off}, abs=1e-15)
    else:
        with pytest.raises(CallError, match="do not sum to 1"):
            fa.credit_touches(log, model=nearly)


def test_own_errors_of_the_package_stay_as_they_are():
    def refuses(journeys: Journeys) -> Any:
        raise DataError("too young")

    with pytest.raises(DataError, match="too young"):
        fa.credit_touches(log_of((1, 0, "a", 1, 8)), model=refuses)


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
        ({"half_life_days": "7"}, CallError, "half_life_days is a number of days above 0, not '7'"),
        ({"model": 3}, CallError, "A model is a name or a function of journeys, not 3"),
        ({"model": ["last", ["first"]]}, CallError, r"not \['first'\]. Known: "),
        ({"first_share": "half"}, CallError, "first_share is a share from 0 to 1, not 'half'"),
        ({"last_share": float("nan")}, CallError, "last_share is a share from 0 to 1, not nan"),
        ({"own": 3}, CallError, "own is tables of weights by the names of their models, not 3"),
        ({"own": {"x": 3}}, CallError, "'x' has weights by part, .* not 3"),
        ({"own": {"x": {"first": "a"}}}, CallError, "weight of 'first' is a number from 0 on"),
        ({"own": {"x": {"first": 0}}}, CallError, "a weight has to be above 0"),
        ({"own": {"x": {"first": pd.NA}}}, CallError, "weight of 'first' is a number .* not <NA>"),
        ({"own": {"x": {"first": np.ones(2)}}}, CallError, "number from 0 on, not a ndarray"),
        ({"half_life_days": 10**400}, CallError, "half_life_days is a number of days above 0"),
        ({"memory_limit": "0.0GB"}, CallError, "memory_limit is a size"),
        ({"own": {3: {"first": 1}}}, CallError, "name of a table in own is a text, not 3"),
        ({"seed": "one"}, CallError, "seed is a whole number from 0 on, not 'one'"),
        ({"direct": 3}, CallError, "direct is a list of channels, not 3"),
        ({"direct": [3]}, CallError, "direct is a list of channels; 3 in it is no text"),
        ({"channel": ["a"]}, CallError, r"channel is the name of a column, not \['a'\]"),
        ({"journey": None}, CallError, "journey is the name of a column, not None"),
        ({"value": 3}, CallError, "value is the name of a column, not 3"),
        ({"missing_channel": ""}, CallError, "missing_channel .* cannot be empty"),
        ({"table": 3}, CallError, "table is the name of a table, not 3"),
        ({"memory_limit": "foo"}, CallError, "memory_limit is a size such as .*, not 'foo'"),
        ({"memory_limit": 0}, CallError, "memory_limit is a size such as .*, not 0"),
        ({"touches": 3}, CallError, "touches is a table, or the path of .* file, not 3"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    log: pd.DataFrame, changes: dict[str, Any], error: type[Exception], said: str
):
    with pytest.raises(error, match=said):
        fa.credit_touches(**{"touches": log} | changes)


def test_all_that_is_wrong_with_a_call_is_said_at_once(log: pd.DataFrame):
    with pytest.raises(CallError) as error:
        fa.credit_touches(log, model=["lineal", 3], seed=-1, memory_limit="much", last_share=2)
    told = str(error.value)
    for part in ("'lineal'. Did you mean 'linear'", "not 3.", "seed", "memory_limit", "last_share"):
        assert told.count(part) == 1
    with pytest.raises(CallError) as error:
        fa.credit_paths([("a", 1)], path="", separator="", nulls=0, direct=3, first_share=True)  # type: ignore[arg-type]
    told = str(error.value)
    for part in ("paths is", "path is", "separator is", "nulls is", "direct is", "first_share is"):
        assert told.count(part) == 1


def test_numbers_of_numpy_are_numbers(log: pd.DataFrame):
    asked = {"first_share": 0.5, "last_share": 0.25, "half_life_days": 3, "seed": 2}
    numpys = {name: np.float64(each) for name, each in asked.items()} | {"seed": np.int64(2)}
    models = ["position_based", "time_decay"]
    pd.testing.assert_frame_equal(
        fa.credit_touches(log, model=models, **numpys),
        fa.credit_touches(log, model=np.array(models), **asked),
    )


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
