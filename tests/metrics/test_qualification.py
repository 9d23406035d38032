"""Qualification, the score of leads and other rules, drawn by hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.estimates import wilson
from funnel_analytics.warehouse import Warehouse
from tests.builders import THREE_STAGES, build_warehouse, three_stages

WarehouseOf = Callable[..., Warehouse]
STAGES = {"o": "opportunity", "w": "won", "l": "lost"}
RULE = """
[qualification]
framework = "own"
criteria = ["need", "budget", "time"]
required = ["need"]
at_least = 2

[qualification.score]
predicts = "opportunity"
highest = 10
qualified_from = 6
"""


def day(number: int, hour: int = 8) -> str:
    return f"{datetime(2026, 1, 1) + timedelta(days=number):%Y-%m-%d} {hour:02d}:00"


def lead(name: str, way: str = "o", created: int = 0, **more: Any) -> dict[str, Any]:
    """A lead created on a day that enters a stage (or is closed) on each day after it."""
    return {"lead": name, "created_at": day(created), "way": way, "on": created, **more}


def answer(name: str, criterion: str, value: Any, on: int, hour: int = 12) -> dict[str, Any]:
    return {
        "lead": name,
        "criterion": criterion,
        "value": value,
        "recorded_at": day(on, hour),
    }


def world(
    leads: list[dict[str, Any]], answers: list[dict[str, Any]], **tables: Any
) -> dict[str, Any]:
    events = []
    for each in leads:
        for step, letter in enumerate(each["way"], 1):
            key = "status" if letter == "l" else "stage"
            events.append(
                {
                    "lead": each["lead"],
                    key: STAGES[letter],
                    "entered_at": day(each["on"] + 2 * step),
                }
            )
    rows = [
        {key: value for key, value in each.items() if key not in ("way", "on")} for each in leads
    ]
    found = {"lead": rows, "stage_event": events, "qualification": answers, **tables}
    return {name: rows for name, rows in found.items() if rows}


@pytest.fixture
def built(warehouse_of: WarehouseOf) -> Callable[..., Warehouse]:
    def build(*parts: Any, agreed: str = RULE, as_of: str = "2026-11-01", **tables: Any) -> Any:
        agreement = three_stages(agreed)
        return warehouse_of(world(*parts, **tables), agreement=agreement, as_of=as_of)

    return build


# a  need yes, budget no    b  need yes → no    c  need "maybe"    d  another one   e  never asked
LEADS = [lead("a", "ow"), lead("b"), lead("c", "ol"), lead("d"), lead("e", "")]
ANSWERS = [
    answer("a", "need", "yes", 3),
    answer("a", "budget", "no", 3),
    answer("b", "need", "yes", 3),
    answer("b", "need", "no", 4),
    answer("c", "need", "maybe", 3),
    answer("e", "need", "yes", 3),
    answer("d", "champion", "maybe", 3),
]


def test_coverage_is_of_the_leads_that_reached_the_stage_and_the_latest_answer_counts(
    built: Any,
) -> None:
    result = fa.qualification(built(LEADS, ANSWERS))
    table = result.table.set_index("criterion")
    assert list(table.index) == ["need", "budget", "time"]
    assert result.parameters["stage"] == "opportunity"
    assert table["leads"].tolist() == [4, 4, 4]
    assert table["answered_leads"].tolist() == [3, 1, 0]
    assert table["yes_leads"].tolist() == [1, 0, 0]
    assert table["no_leads"].tolist() == [1, 1, 0]
    assert table["coverage"].tolist() == [0.75, 0.25, 0.0]
    assert table.loc["need", "yes_share"] == pytest.approx(1 / 3)
    assert pd.isna(table.loc["time", "yes_share"])
    low, high = wilson(3, 4)
    assert tuple(table.loc["need", ["coverage_low", "coverage_high"]]) == pytest.approx((low, high))
    assert table["is_required"].tolist() == [True, False, False]
    assert result.note("other_answers") == {"leads": 1}
    assert result.note("unagreed_criteria") == {"leads": 1, "criteria": 1}


MEANT = {
    "yes": (1, 1, 0), "JA": (1, 1, 0), " true ": (1, 1, 0), "1": (1, 1, 0),
    "no": (1, 0, 1), "Nein": (1, 0, 1), "falsch": (1, 0, 1), "0": (1, 0, 1),
    "next year": (1, 0, 0), "": (0, 0, 0), None: (0, 0, 0),
}  # fmt: skip


def test_what_an_answer_means_and_which_one_counts(built: Any) -> None:
    """A lead of its own for every answer, told apart by its origin."""
    answers = {
        f"value {number}": [answer("", "need", value, 3)] for number, value in enumerate(MEANT)
    }
    expected = dict(zip(answers, MEANT.values(), strict=True))
    yes, no = answer("", "need", "yes", 3, 20), answer("", "need", "no", 3, 20)
    answers |= {
        "taken back": [yes, answer("", "need", None, 4)],
        "at one time": [yes, no],
        "at one time, turned": [no, yes],
        # The day of the no is that of the yes: a day lasts to its end.
        "on a day": [yes, {**answer("", "need", "no", 3, 0), "recorded_at_is_day": True}],
    }
    expected |= {"taken back": (0, 0, 0)} | dict.fromkeys(list(answers)[-3:], (1, 0, 1))
    leads = [lead(name, origin=name) for name in answers]
    rows = [
        {"recorded_at_is_day": False, **each, "lead": name}
        for name, found in answers.items()
        for each in found
    ]
    table = fa.qualification(built(leads, rows), by="origin").table
    table = table[table["criterion"] == "need"].set_index("segment")
    counts = table[["answered_leads", "yes_leads", "no_leads"]]
    assert {name: tuple(row) for name, row in counts.iterrows()} == expected


# a, b  won (day 4), need yes     c  lost, need no     d  lost, need yes only after it (day 5)
# e  won, need yes at the instant of the win           f  need no, then won, then yes
OUTCOMES = [lead(each, "ow") for each in "abef"] + [lead(each, "ol") for each in "cd"]
RECORDED = [
    *(answer(each, "need", "yes", 3) for each in "ab"),
    answer("c", "need", "no", 3),
    answer("d", "need", "yes", 5),
    answer("e", "need", "yes", 4, 8),
    answer("f", "need", "no", 3),
    answer("f", "need", "yes", 9),
]


def test_only_answers_from_before_the_outcome_tell_of_winning(built: Any) -> None:
    warehouse = built(OUTCOMES, RECORDED)
    result = fa.qualification(warehouse)
    lift = result.part("lift")
    lift = lift[lift["criterion"] == "need"].set_index("answer")
    assert lift["mature_leads"].to_dict() == {"yes": 2, "no": 2, "unknown": 2}
    assert lift["won_leads"].to_dict() == {"yes": 2, "no": 1, "unknown": 1}
    row = result.table.iloc[0]
    assert (row["win_difference"], row["win_ratio"]) == (0.5, 2.0)
    assert row["yes_leads"] == 5
    assert result.note("late_answers") == {"leads": 3}
    rule = result.part("rule").set_index("rule")["leads"]
    assert rule.to_dict() == {"met": 0, "not_met": 1, "open": 5}  # by the latest answers
    asked = fa.what_if_rule(warehouse, required="need").table.set_index(["rule", "missing"])
    assert asked.loc[("asked", "yes"), ["leads", "qualified_leads"]].tolist() == [4, 2]
    turned = fa.qualification(built(OUTCOMES[::-1], RECORDED[::-1]))
    for part in result.parts:
        pd.testing.assert_frame_equal(result.part(part), turned.part(part))


def test_young_leads_do_not_tell_of_winning(built: Any) -> None:
    """Wins come four days after the creation: five days are one more than the last of them."""
    leads = [lead("a", "ow"), lead("b", "o", 100), lead("c", "o", 101), lead("d", "o", 101)]
    answers = [answer(each, "need", "yes", on) for each, on in (("a", 3), ("b", 103), ("c", 104))]
    answers.append(answer("d", "need", "no", 104))
    for as_of, mature in ((day(105), 2), (day(105, 7), 1)):
        result = fa.qualification(built(leads, answers, as_of=as_of))
        assert result.parameters["mature_days"] == 5
        lift = result.part("lift").set_index(["criterion", "answer"])
        assert lift.loc[("need", "yes"), "mature_leads"] == mature
        assert lift.loc[("need", "no"), "mature_leads"] == 0


def test_without_any_win_there_is_no_lift(built: Any) -> None:
    result = fa.qualification(built([lead("a")], [answer("a", "need", "yes", 3)]))
    assert result.parameters["mature_days"] is None
    assert result.part("lift")["mature_leads"].tolist() == [0] * 9
    assert result.table["win_difference"].isna().all()


# need  budget time
# yes   yes    –     met                yes  no   –   open
# yes   no     no    not met            –    yes  yes open
# no    yes    yes   not met            (nothing)     open
# yes   yes    yes   met, of a young lead
PATTERNS = {"a": "yy-", "b": "ynn", "c": "nyy", "d": "yn-", "e": "-yy", "f": "---", "g": "yyy"}


def patterned(ways: dict[str, str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    names = {"y": "yes", "n": "no"}
    answers = [
        answer(name, criterion, names[letter], 303 if name == "g" else 3)
        for name, letters in PATTERNS.items()
        for criterion, letter in zip(("need", "budget", "time"), letters, strict=True)
        if letter != "-"
    ]
    leads = [lead(name, ways.get(name, "o"), 300 if name == "g" else 0) for name in PATTERNS]
    return leads, answers


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Won are a, b and d."""
    path = tmp_path_factory.mktemp("six") / "w.duckdb"
    tables = world(*patterned({"a": "ow", "b": "ow", "d": "ow"}))
    with build_warehouse(path, tables, agreement=three_stages(RULE)) as warehouse:
        yield warehouse


def test_the_rule_is_met_or_not_or_can_still_be_either(six: Warehouse) -> None:
    result = fa.qualification(six)
    rule = result.part("rule").set_index("rule")
    assert rule["leads"].to_dict() == {"met": 2, "not_met": 2, "open": 3}
    assert rule["qualified_leads"].to_dict() == {"met": 1, "not_met": 1, "open": 1}
    assert rule.loc["not_met", "qualified_share"] == 0.5
    assert result.note("against_rule") == {"leads": 1, "open_leads": 1, "of": 3}


def test_another_rule_lets_others_through(six: Warehouse) -> None:
    """Asked: budget and time. f has no answer."""
    result = fa.what_if_rule(six, required=["budget", "time"])
    table = result.table.set_index(["rule", result.table["missing"].fillna("all")])
    assert result.note("without_answers") == {"leads": 1, "won_leads": 0}
    assert result.parameters["at_least"] == 2
    everyone = table.loc[("everyone", "all")]
    assert (everyone["leads"], everyone["won_leads"], everyone["win_rate"]) == (5, 3, 0.6)
    passed = table["qualified_leads"].to_dict()
    assert [passed["asked", each] for each in ("no", "known", "yes")] == [2, 2, 3]  # c, e; a
    assert [passed["agreed", each] for each in ("no", "known", "yes")] == [1, 1, 3]  # a; d, e
    won = table["qualified_won_leads"].to_dict()
    assert [won["asked", each] for each in ("no", "known", "yes")] == [0, 0, 1]
    assert [won["agreed", each] for each in ("no", "known", "yes")] == [1, 1, 2]
    assert table.loc[("asked", "known"), "leads"] == 4  # a is open
    assert table.loc[("agreed", "known"), "leads"] == 3  # d and e are open
    asked = table.loc[("asked", "yes")]
    assert (asked["win_rate"], asked["kept_share"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert (asked["missed_won_leads"], asked["saved_leads"]) == (2, 2)
    low, high = wilson(1, 3)
    assert tuple(asked[["win_low", "win_high"]]) == pytest.approx((low, high))


def test_a_rule_may_only_count(six: Warehouse) -> None:
    table = fa.what_if_rule(six, at_least=1).table.set_index(["rule", "missing"])
    assert table.loc[("asked", "no"), "qualified_leads"] == 5
    assert set(fa.what_if_rule(six).table["rule"]) == {"everyone", "agreed"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"required": ["budgte"]}, "Unknown criterion 'budgte'.*Did you mean 'budget'"),
        ({"required": "need", "at_least": 4}, "between 1 and the 3 agreed criteria, not 4"),
        ({"at_least": 0}, "not 0"),
        ({"stage": "won"}, "won is the last stage"),
        ({"stage": "opportunitty"}, "Did you mean 'opportunity'"),
        ({"by": "colour"}, "no attribute 'colour'"),
    ],
)
def test_wrong_rules_name_what_there_is(six: Warehouse, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(CallError, match=said):
        fa.what_if_rule(six, **asked)


def test_where_and_when_a_criterion_became_known(built: Any) -> None:
    """Known in the inquiry after a day; at the instant of the entry; and in the opportunity."""
    leads = [lead("a", "o"), lead("b", "o"), lead("c", "ow")]
    answers = [
        answer("a", "need", "yes", 1, 8),
        answer("b", "need", "yes", 2, 8),
        answer("c", "need", "no", 3, 8),
        answer("c", "need", "yes", 5, 8),
    ]
    result = fa.qualification(built(leads, answers))
    known = result.part("known_at")
    assert known[["stage", "leads", "median_days"]].to_numpy().tolist() == [
        ["inquiry", 2, 1.5],
        ["opportunity", 1, 3.0],
    ]
    teams = result.part("by_team")
    assert teams[["team", "answered_leads", "yes_leads"]].to_numpy().tolist() == [
        ["marketing", 2, 2],
        ["sales", 1, 1],
    ]


def test_coverage_by_the_month_in_which_the_stage_was_reached(built: Any) -> None:
    leads = [lead("a"), lead("b", "ow"), lead("c", "o", 30), lead("d", "ol", 30), lead("e")]
    answers = [answer("a", "need", "yes", 3), answer("c", "need", "no", 33)]
    months = fa.qualification(built(leads, answers)).part("by_month")
    need = months[months["criterion"] == "need"]
    columns = ["leads", "open_leads", "answered_leads", "coverage"]
    assert need[columns].to_numpy().tolist() == [[3, 2, 1, 1 / 3], [2, 1, 1, 0.5]]
    assert need["month"].dt.strftime("%Y-%m").tolist() == ["2026-01", "2026-02"]


def test_a_merged_lead_has_the_answers_of_its_parts(built: Any) -> None:
    leads = [lead("a", "o"), lead("b", "o", 1, merged_into="a")]
    answers = [answer("a", "need", "yes", 3), answer("b", "need", "no", 5)]
    row = fa.qualification(built(leads, answers)).table.iloc[0]
    assert (row["leads"], row["yes_leads"], row["no_leads"]) == (1, 0, 1)


def test_small_groups_are_folded_and_pairs_have_two_columns(warehouse_of: WarehouseOf) -> None:
    leads = [
        lead(f"{origin}{number}", "ow", origin=origin, channel="x")
        for origin, count in (("big", 3), ("tiny", 1), ("few", 1))
        for number in range(count)
    ]
    answers = [answer(each["lead"], "need", "yes", 3) for each in leads]
    agreement = three_stages(RULE, minimum_group_size="2")
    warehouse = warehouse_of(world(leads, answers), agreement=agreement)
    for metric in (fa.qualification, fa.what_if_rule):
        result = metric(warehouse, by="origin")
        table = result.table
        assert list(dict.fromkeys(table["segment"])) == ["big", "other_groups"]
        assert table.groupby("segment")["leads"].max().tolist() == [3, 2]
        assert result.note("folded") == {"groups": 2, "leads": 2}
    pair = fa.qualification(warehouse, by=("origin", "channel")).table
    assert pair["second_segment"].iloc[0] == "x"
    one = fa.qualification(warehouse, by="origin", cohort=fa.month("2026-01"))
    assert one.table["leads"].max() == 3


def test_a_group_that_is_too_small_alone_is_blank(warehouse_of: WarehouseOf) -> None:
    leads, answers = [lead("a", "ow", origin="x")], [answer("a", "need", "yes", 3)]
    agreement = three_stages(RULE, minimum_group_size="2")
    warehouse = warehouse_of(world(leads, answers), agreement=agreement)
    result = fa.qualification(warehouse, by="origin")
    assert result.table["leads"].isna().all()
    assert {note.code for note in result.notes} - {"data_end"} == {"excluded", "folded"}
    assert fa.what_if_rule(warehouse, by="origin").table["qualified_leads"].isna().all()


def test_what_is_missing_is_named(built: Any) -> None:
    with pytest.raises(MissingTableError, match="qualification"):
        fa.qualification(built([lead("a")], []))
    with pytest.raises(MissingTableError, match=r"lead\.score"):
        fa.lead_score(built([lead("a")], []))
    with pytest.raises(CallError, match=r"needs the section \[qualification\]"):
        fa.qualification(built(LEADS, ANSWERS, agreed=""))
    with pytest.raises(CallError, match=r"needs the section \[qualification\.score\]"):
        fa.lead_score(built([lead("a", score=5)], [], agreed=""))


def test_a_cohort_without_leads_has_zeros(six: Warehouse) -> None:
    result = fa.qualification(six, cohort=fa.month("2026-05"))
    assert result.table["leads"].tolist() == [0, 0, 0]
    assert result.table["coverage"].isna().all()
    table = fa.what_if_rule(six, cohort=fa.month("2026-05")).table
    assert table["leads"].tolist() == [0] * 4


# score 10: a accepted    9: b rejected, later opportunity    6: c no answer, opportunity
#        5: d accepted    2: e no answer, no opportunity      -: f accepted     11: g accepted
SCORED = [
    lead("a", "o", score=10), lead("b", "o", score=9), lead("c", "o", score=6),
    lead("d", "", score=5), lead("e", "", score=2), lead("f", "o"), lead("g", "o", score=11),
]  # fmt: skip


def handed(name: str, **answered: str) -> dict[str, Any]:
    return {"lead": name, "kind": "sdr_to_sales", "handed_at": day(1), **answered}


HANDED = [
    handed("a", accepted_at=day(2)),
    handed("b", rejected_at=day(2)),
    handed("b", handed_at=day(3), accepted_at=day(4)),
    handed("c"),
    handed("d", accepted_at=day(2), rejected_at=day(3)),
    handed("f", accepted_at=day(2)),
    handed("g", accepted_at=day(2)),
]


def test_the_score_is_held_against_the_verdict(built: Any) -> None:
    result = fa.lead_score(built(SCORED, [], handover=HANDED))
    assert result.parameters["handover"] == "sdr_to_sales"
    row = result.table.iloc[0]
    assert (row["leads"], row["accepted_leads"], row["scored_leads"]) == (5, 3, 3)
    assert row["agreed_leads"] == 3  # a and c, e
    assert row["mean_chance"] == pytest.approx(0.64)
    cells = result.part("confusion").set_index(["is_scored", "is_accepted"])["leads"]
    assert cells.to_dict() == {
        (True, True): 2, (True, False): 1, (False, True): 1, (False, False): 1,
    }  # fmt: skip
    squares = [0.0, 0.81, 0.16, 0.25, 0.04]
    assert row["brier"] == pytest.approx(sum(squares) / 5)
    assert row["area"] == pytest.approx(4 / 6)  # of six pairs b wins two
    assert result.note("without_score") == {"leads": 1, "of": 7}
    assert result.note("out_of_range") == {"leads": 1}
    assert result.note("verdicts") == {"handover": 3, "stage": 2}
    scores = result.part("scores")
    assert scores["leads"].tolist() == [0, 0, 1, 0, 0, 1, 1, 0, 0, 2]
    assert scores["accepted_leads"].tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0, 1]
    assert result.part("calibration")["leads"].sum() == 5


FOUR_STAGES = THREE_STAGES.replace(
    '[[stages]]\nname = "opportunity"',
    """[[stages]]
name = "checked"
label = { de = "Geprüft", en = "Checked" }
owner = "marketing"
definition = { de = "Geprüft.", en = "Checked." }

[[stages]]
name = "opportunity\"""",
)


def test_a_lead_that_was_handed_over_too_early_is_judged_as_well(warehouse_of: WarehouseOf) -> None:
    """Nobody checked a and b; a was handed over, and rejected. Of c the opportunity tells."""
    leads = [lead("a", "", score=7), lead("b", "", score=7), lead("c", "o", score=7)]
    tables = world(leads, [], handover=[handed("a", rejected_at=day(2))])
    agreement = parse_agreement(FOUR_STAGES + RULE, name="four stages")
    result = fa.lead_score(warehouse_of(tables, agreement=agreement))
    assert result.table[["leads", "accepted_leads"]].to_numpy().tolist() == [[2, 1]]
    assert (
        fa.lead_score(
            warehouse_of(tables, agreement=three_stages(RULE.replace('"opportunity"', '"won"')))
        ).parameters["handover"]
        is None
    )  # sales has an earlier stage


def test_a_score_that_parts_all_has_no_line(built: Any) -> None:
    leads = [lead("a", "o", score=8), lead("b", "o", score=9), lead("c", "", score=3)]
    row = fa.lead_score(built(leads, [])).table.iloc[0]
    assert row["area"] == 1
    assert row[["slope", "slope_low", "intercept"]].isna().all()
    alike = [lead("a", "o", score=8), lead("b", "o", score=8)]
    row = fa.lead_score(built(alike, [])).table.iloc[0]
    assert row[["kappa", "area", "slope", "brier_skill"]].isna().all()


def test_no_bin_of_the_score_is_a_single_lead(warehouse_of: WarehouseOf) -> None:
    leads = [lead(f"l{n}", "o" if n % 2 else "", score=n / 2) for n in range(12)]
    text = THREE_STAGES.replace("minimum_group_size = 1", "minimum_group_size = 5")
    agreement = parse_agreement(text + RULE, name="five")
    result = fa.lead_score(warehouse_of(world(leads, []), agreement=agreement))
    assert result.part("calibration")["leads"].tolist() == [6, 6]


def test_a_cohort_without_a_score_has_zeros(built: Any) -> None:
    """Leads of other cohorts have one, so that nothing is missing in the preset."""
    warehouse = built([lead("a", "o", score=8), lead("b", "o", 40)], [])
    for cohort, without in (("2026-02", 1), ("2026-05", 0)):
        result = fa.lead_score(warehouse, cohort=fa.month(cohort))
        assert result.table["leads"].tolist() == [0]
        assert result.table[["agreement_share", "brier", "slope"]].isna().all(axis=None)
        assert result.part("calibration").empty
        assert result.part("scores")["leads"].sum() == 0
        noted = {"leads": without, "of": without} if without else {}
        assert result.note("without_score") == noted
    none = fa.lead_score(warehouse, cohort=fa.month("2026-05"), by="created_month")
    assert len(none.table) == 0


def test_young_leads_have_no_verdict(built: Any) -> None:
    """Entries come two days after the creation; three days are enough."""
    leads = [lead("a", "o", score=8), lead("b", "", 300, score=2), lead("c", "", 301, score=2)]
    result = fa.lead_score(built(leads, [], as_of=day(303)))
    assert result.parameters["mature_days"] == 3
    assert (result.table.loc[0, "leads"], result.note("too_young")) == (2, {"leads": 1})


def test_a_report_goes_on_without_a_part_of_the_agreement_or_a_score(built: Any) -> None:
    said = {
        "[qualification]": fa.available(fa.qualification, built(LEADS, ANSWERS, agreed="")),
        "[qualification.score]": fa.available(
            fa.lead_score, built([lead("a", score=5)], [], agreed="")
        ),
        "lead.score": fa.available(fa.lead_score, built([lead("a")], [])),
        "[qualification] criteria: pain": fa.available(
            fa.what_if_rule, built(LEADS, ANSWERS), required=["pain"]
        ),
    }
    for name, missing in said.items():
        for language in ("de", "en"):
            text = str(fa.plots.score_calibration(missing, language=language))
            assert name in text, (name, language)
            assert not re.search(r"not loaded|nicht geladen", text)
