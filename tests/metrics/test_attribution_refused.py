"""Calls of attribution that cannot be answered: what is wrong is said, all of it at once."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import funnel_analytics as fa
from funnel_analytics.cli import main
from funnel_analytics.credit import Journeys
from funnel_analytics.errors import CallError
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

OCTOBER = fa.month("2026-10")

# a ── b ── b ── won 100
DRAWN: dict[str, list[dict[str, Any]]] = {
    "lead": [{"lead": "p", "person_key": "p", "created_at": "2026-10-01"}],
    "stage_event": [{"lead": "p", "stage": "won", "entered_at": "2026-10-20"}],
    "deal": [{"deal": "D", "amount": 100, "closed_at": "2026-10-20", "is_won": True}],
    "deal_contact": [{"deal": "D", "person_key": "p"}],
    "touch": [
        {"channel": "a", "person_key": "p", "touched_at": "2026-10-02"},
        {"channel": "b", "person_key": "p", "touched_at": "2026-10-09"},
        {"channel": "b", "person_key": "p", "touched_at": "2026-10-10"},
    ],
    "spend": [{"channel": "a", "spent_on": "2026-10-02", "amount": 5}],
}
SHARED = ("journeys_of", "lookback_days")
OF_JOURNEYS = (*SHARED, "conversion", "repeats", "direct", "pool_below")
ASKED = {
    "attribute": ("period", "by", "model", *OF_JOURNEYS),
    "attribution_credits": ("period", "model", "save_to", *OF_JOURNEYS),
    "attribution_certainty": ("period", "model", "draws", "seed", "truth", *OF_JOURNEYS),
    "journey_paths": ("period", "by", *OF_JOURNEYS),
    "marketing_sourced": ("period", "conversion", *SHARED),
    "channel_costs": ("period", "by", "basis", "model", "repeats", "direct", *SHARED),
    "switched_off": ("channel", "off", "by", "groups", "outcome", "within_days", "period"),
    "spend_response": ("period", "by", "names", "outcome", "within_days"),
}
ODD = (3.5, -1, True, b"x", float("nan"), object(), {3: 4}, [None], np.ones((2, 2)))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    file = tmp_path_factory.mktemp("refused") / "drawn.duckdb"
    with build_warehouse(file, DRAWN, agreement=three_stages(), as_of="2026-11-01") as warehouse:
        yield warehouse


def call(warehouse: Warehouse, name: str, **changes: Any) -> fa.Result:
    asked: dict[str, Any] = {"period": OCTOBER}
    if name == "attribution_certainty":
        asked |= {"draws": 10, "model": "last"}
    if name == "switched_off":
        asked = {"channel": "a", "off": [("2026-10-05", "2026-10-19")]}
    result: fa.Result = getattr(fa, name)(warehouse, **asked | changes)
    return result


@pytest.mark.parametrize("name", ASKED)
def test_what_is_of_another_kind_is_refused_by_name(drawn: Warehouse, name: str) -> None:
    takes = set(inspect.signature(getattr(fa, name)).parameters) - {"warehouse", "campaign"}
    assert takes == set(ASKED[name])
    for argument in sorted(takes):
        for value in ODD:
            if (argument, value is ODD[0]) == ("within_days", True):
                continue
            if argument == "truth" and isinstance(value, dict):
                continue
            further = {"by": "origin"} if argument == "groups" else {}
            if argument == "within_days":
                further = {"outcome": "won"}
            with pytest.raises(CallError) as error:
                call(drawn, name, **{argument: value, **further})
            word = {"by": "", "model": "model", "outcome": "Counted", "period": "period"}
            assert word.get(argument, argument) in str(error.value)


@pytest.mark.parametrize(
    ("name", "changes", "parts"),
    [
        (
            "attribute",
            {"model": ["lst", 3], "lookback_days": 0, "by": "chanel", "repeats": 1, "period": "x"},
            ["'lst'", "not 3", "lookback_days", "mean 'channel'", "repeats", "period is"],
        ),
        (
            "attribution_certainty",
            {"draws": 0, "seed": "one", "truth": 3, "model": "lst", "direct": "keep"},
            ["draws is", "seed is", "truth is", "'lst'", "Did you mean 'kept'"],
        ),
        (
            "attribution_credits",
            {"save_to": 3, "model": [], "conversion": "wno", "pool_below": -1},
            ["save_to is", "No attribution model", "'wno'", "pool_below is"],
        ),
        (
            "channel_costs",
            {"by": "side", "basis": "day", "model": ["last", "first"], "journeys_of": "deal"},
            ["no by 'side'", "no basis 'day'", "against one model", "journeys_of is"],
        ),
        (
            "marketing_sourced",
            {"conversion": "lead", "lookback_days": 1.5},
            ["conversion is won or pipeline", "lookback_days is"],
        ),
        (
            "switched_off",
            {"channel": 3, "off": 3, "groups": "x", "outcome": "wno", "period": 3},
            ["channel is", "off is", "go together", "groups is", "mean 'won'", "period is"],
        ),
        (
            "spend_response",
            {"by": "side", "names": "ads", "outcome": "wno", "period": 3},
            ["not 'side'", "names is", "Did you mean 'won'", "period is"],
        ),
    ],
)
def test_all_that_is_wrong_is_said_at_once(
    drawn: Warehouse, name: str, changes: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(CallError) as error:
        call(drawn, name, **changes)
    assert [part for part in parts if str(error.value).count(part) != 1] == []


def test_whole_numbers_of_numpy_are_whole_numbers(drawn: Warehouse) -> None:
    result = fa.attribute(
        drawn, period=OCTOBER, lookback_days=np.int64(15), pool_below=np.int32(0), model="first"
    )
    assert result.table["channel"].tolist() == ["b"]
    assert type(result.parameters["lookback_days"]) is int
    certain = fa.attribution_certainty(
        drawn, period=OCTOBER, draws=np.int64(10), seed=np.uint8(1), model="last",
        truth={"a": np.int64(2), "b": np.float32(1)},
    )  # fmt: skip
    assert certain.part("truth")["true_conversions"].tolist() == [1, 2]
    sourced = fa.marketing_sourced(drawn, period=OCTOBER, lookback_days=np.int64(15))
    assert type(sourced.parameters["lookback_days"]) is int


def answers(journeys: Journeys) -> Any:
    return np.full(journeys.touches, 2.0)


def negative(journeys: Journeys) -> Any:
    return np.array([2.0, -1.0, 0.0])


def fails(journeys: Journeys) -> Any:
    raise KeyError("spring")


@pytest.mark.parametrize(
    "name", ["attribute", "attribution_credits", "attribution_certainty", "channel_costs"]
)
@pytest.mark.parametrize(
    ("function", "said"),
    [
        (answers, "The model answers: the weights of 1 of 1 journeys do not sum to 1"),
        (negative, "The model negative: 1 of 3 weights are below 0 .first: touch 1, -1"),
        (fails, "The model fails failed on 1 journeys with KeyError: 'spring'"),
    ],
)
def test_a_function_that_does_not_share_is_refused(
    drawn: Warehouse, name: str, function: Any, said: str
) -> None:
    with pytest.raises(CallError, match=said):
        call(drawn, name, model=function)


def test_a_function_has_to_answer_alike_in_every_draw(drawn: Warehouse) -> None:
    def fickle(journeys: Journeys) -> Any:
        asked.append(len(journeys))
        if len(asked) < 3:  # by key, of all journeys
            return np.array([1.0, 0.0])
        return np.ones(journeys.touches)

    asked: list[int] = []
    with pytest.raises(
        CallError, match="The model fickle credits keys of all journeys, but touches of"
    ):
        call(drawn, "attribution_certainty", model=fickle)


def test_a_wrong_option_ends_the_command_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "drawn.duckdb"
    build_warehouse(file, DRAWN, agreement=three_stages(), as_of="2026-11-01").close()
    for options, said in [
        (["attribution", "--model", "lst", "--lookback-days", "0"], "lookback_days is"),
        (["credits", "--pool-below", "-1"], "pool_below is"),
        (["certainty", "--draws", "0"], "draws is a whole number from 10 on, not 0"),
        (["certainty", "--truth", str(tmp_path / "no.json")], "cannot be read"),
        (["journeys", "--by", "chanel"], "Did you mean 'channel'"),
        (["sourced", "--conversion", "inquiry"], "conversion is won or pipeline"),
        (["costs", "--basis", "day"], "no basis 'day'"),
        (["switched_off", "--channel", "a", "--off", "june"], "names no period"),
        (["spend_response", "--outcome", "wno"], "Did you mean 'won'"),
    ]:
        monkeypatch.setattr(sys, "argv", ["funnel", "show", *options, "--db", str(file)])
        with pytest.raises(SystemExit) as end:
            main()
        assert end.value.code == 2
        assert said in capsys.readouterr().err
