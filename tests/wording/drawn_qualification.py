"""Results of qualification, the score and other rules, drawn by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Note, Result
from tests.wording.drawn import EVIL, NAN, october, result_of

ASKED = {
    "stage": "sales_accepted",
    "next_stage": "sales_qualified",
    "framework": "BANT",
    "mature_days": 90.0,
}


def _segment(table: pd.DataFrame, segment: Any) -> pd.DataFrame:
    table.insert(0, "segment", pd.Series([segment] * len(table), dtype=object))
    table.insert(1, "is_folded", False)
    return table


# budget  90 of 100 recorded, 60 yes, 28 no      need  80 recorded, 50 yes, 30 no
# won of mature: budget 12 of 40, 4 of 20, 0 of 5; need 15 of 30, 1 of 20, 0 of 15
def qualification_result(
    *, gap: tuple[float, float] = (0.2, 0.6), segment: Any = None, **given: Any
) -> Result:
    rows = [
        ("budget", False, 90, 60, 28, 0.1, -0.1, 0.3),
        ("need", True, 80, 50, 30, 0.45, *gap),
    ]
    columns = ["criterion", "is_required", "answered_leads", "yes_leads", "no_leads"]
    columns += ["win_difference", "difference_low", "difference_high"]
    table = pd.DataFrame(rows, columns=columns)
    table["leads"] = 100
    table["coverage"] = table["answered_leads"] / 100
    table["coverage_low"], table["coverage_high"] = table["coverage"] - 0.05, 0.97
    table["yes_share"] = table["yes_leads"] / table["answered_leads"]
    table["yes_low"], table["yes_high"] = 0.5, 0.8
    table["win_ratio"], table["ratio_low"], table["ratio_high"] = [1.5, 10.0], [NAN, 2.0], NAN
    table.loc[1, "ratio_high"] = 50.0
    lift = pd.DataFrame(
        [
            ("budget", "yes", 40, 12), ("budget", "no", 20, 4), ("budget", "unknown", 5, 0),
            ("need", "yes", 30, 15), ("need", "no", 20, 1), ("need", "unknown", 15, 0),
        ],
        columns=["criterion", "answer", "mature_leads", "won_leads"],
    )  # fmt: skip
    lift["win_rate"] = lift["won_leads"] / lift["mature_leads"]
    lift["win_low"], lift["win_high"] = lift["win_rate"] * 0.8, lift["win_rate"] + 0.1
    return result_of(
        "qualification",
        _segment(table, segment),
        october(**ASKED, **given),
        parts={"lift": _segment(lift, segment)},
        notes=[
            Note("against_rule", {"leads": 3, "open_leads": 2, "of": 40}),
            Note("late_answers", {"leads": 1}),
            Note("other_answers", {"leads": 2}),
            Note("unagreed_criteria", {"leads": 4, "criteria": 1}),
        ],
    )


def score_result(
    *,
    slope: tuple[float, float, float] = (0.7, 0.6, 0.8),
    kappa: float = 0.4,
    area_low: float = 0.7,
    segment: Any = None,
    **given: Any,
) -> Result:
    values = {
        "leads": 200, "accepted_leads": 120, "scored_leads": 130, "agreed_leads": 150,
        "mean_chance": 0.7, "accepted_rate": 0.6, "agreement_share": 0.75,
        "agreement_low": 0.68, "agreement_high": 0.8,
        "kappa": kappa, "kappa_low": kappa - 0.1, "kappa_high": kappa + 0.1,
        "slope": slope[0], "slope_low": slope[1], "slope_high": slope[2],
        "intercept": -0.1, "intercept_low": -0.3, "intercept_high": 0.1,
        "area": 0.75, "area_low": area_low, "area_high": 0.8,
        "brier": 0.1234, "brier_skill": 0.25,
    }  # fmt: skip
    bins = pd.DataFrame(
        [(1, 0.0, 50.0, 100, 40, 0.3), (2, 51.0, 100.0, 100, 80, 0.9)],
        columns=["bin", "lowest_score", "highest_score", "leads", "accepted_leads", "mean_chance"],
    )
    bins["accepted_rate"] = bins["accepted_leads"] / bins["leads"]
    bins["accepted_low"], bins["accepted_high"] = [0.3, 0.7], [0.5, 0.9]
    scores = pd.DataFrame(
        {
            "lowest_score": [10.0 * number for number in range(10)],
            "highest_score": [10.0 * number for number in range(1, 11)],
            "leads": [20] * 10,
            "accepted_leads": list(range(3, 13)),
        }
    )
    return result_of(
        "lead_score",
        _segment(pd.DataFrame([values]), segment),
        october(predicts="sales_accepted", highest=100.0, qualified_from=60.0, **given),
        parts={"calibration": _segment(bins, segment), "scores": _segment(scores, segment)},
        notes=[
            Note("too_young", {"leads": 3}),
            Note("without_score", {"leads": 1, "of": 201}),
            Note("out_of_range", {"leads": 2}),
            Note("verdicts", {"handover": 150, "stage": 50}),
        ],
    )


def rule_result(
    *, asked: bool = True, required: tuple[str, ...] = ("need", "budget"), at_least: int = 2,
    segment: Any = None, **given: Any,
) -> Result:  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        ("everyone", None, 100, 100, 20),
        ("agreed", "no", 100, 60, 18), ("agreed", "known", 80, 60, 18),
        ("agreed", "yes", 100, 75, 19),
    ]  # fmt: skip
    if asked:
        rows += [("asked", "no", 100, 40, 15), ("asked", "known", 90, 40, 15)]
        rows += [("asked", "yes", 100, 50, 15)]
    columns = ["rule", "missing", "leads", "qualified_leads", "qualified_won_leads"]
    table = pd.DataFrame(rows, columns=columns)
    table["won_leads"] = 20
    table["win_rate"] = table["qualified_won_leads"] / table["qualified_leads"]
    table["win_low"], table["win_high"] = table["win_rate"] - 0.05, table["win_rate"] + 0.05
    table["kept_share"] = table["qualified_won_leads"] / 20
    table["kept_low"], table["kept_high"] = table["kept_share"] - 0.1, 1.0
    table["missed_won_leads"] = 20 - table["qualified_won_leads"]
    table["saved_leads"] = table["leads"] - table["qualified_leads"]
    own = {"required": list(required), "at_least": at_least} if asked else {}
    return result_of(
        "what_if_rule",
        _segment(table, segment),
        october(
            **ASKED,
            **({"required": None, "at_least": None} | own),
            agreed_required=["need"],
            agreed_at_least=3,
            **given,
        ),
        notes=[Note("without_answers", {"leads": 5, "won_leads": 1})],
    )


def evil(make: Any) -> Result:
    """The same of one group whose name is markup."""
    return make(segment=EVIL, by="origin")
