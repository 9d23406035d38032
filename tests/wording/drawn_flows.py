"""Results of flows, reasons and closed leads, drawn by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Note, Result
from tests.wording.drawn import EVIL, NAN, in_october, result_of

ENDINGS = ("moved_on", "moved_back", "lost", "rejected", "recycled", "nurture", "still_there")
STAGES = ("inquiry", "marketing_qualified", "opportunity", "won")


def _stays(counts: list[tuple[int, ...]], segment: Any = None) -> pd.DataFrame:
    rows = [
        {
            "segment": segment,
            "is_folded": False,
            "position": number,
            "stage": stage,
            "entered_stays": sum(ended),
            **{f"{name}_stays": count for name, count in zip(ENDINGS, ended, strict=True)},
            "is_left_truncated": False,
        }
        for number, (stage, ended) in enumerate(zip(STAGES, counts, strict=True), 1)
    ]
    return pd.DataFrame(rows)


def _steps(segment: Any = None, factor: int = 1) -> pd.DataFrame:
    steps = [
        ("created", "inquiry", 1000, False, False),
        ("inquiry", "marketing_qualified", 600, False, False),
        ("inquiry", "rejected", 300, False, False),
        ("inquiry", "still_there", 104, False, False),
        ("marketing_qualified", "inquiry", 4, True, False),
        ("marketing_qualified", "opportunity", 200, False, False),
        ("marketing_qualified", "recycled", 446, False, False),
        ("opportunity", "won", 80, False, False),
        ("opportunity", "lost", 120, False, False),
        ("won", "still_there", 80, False, False),
        ("recycled", "marketing_qualified", 50, False, True),
    ]
    columns = ["from_state", "to_state", "stays", "is_backward", "is_return"]
    table = pd.DataFrame(steps, columns=columns)
    table["stays"] *= factor
    table.insert(0, "segment", pd.Series([segment] * len(table), dtype=object))
    table.insert(1, "is_folded", False)
    return table


COUNTS = [
    (600, 0, 0, 300, 0, 0, 104),
    (200, 4, 0, 0, 446, 0, 0),
    (80, 0, 120, 0, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 80),
]


def flows_result(counts: list[tuple[int, ...]] = COUNTS, **given: Any) -> Result:
    return result_of(
        "stage_flows",
        _stays(counts),
        in_october(kind="entered", **given),
        parts={"transitions": _steps()},
    )


def flows_by_origin() -> Result:
    few = [tuple(count // 4 for count in row) for row in COUNTS]
    table = pd.concat([_stays(few, EVIL), _stays(COUNTS, "inbound")], ignore_index=True)
    steps = pd.concat([_steps(EVIL), _steps("inbound", 4)], ignore_index=True)
    return result_of(
        "stage_flows",
        table,
        in_october(kind="entered", by="origin"),
        parts={"transitions": steps},
    )


def _reasons(rows: list[tuple[Any, ...]], segment: Any = None) -> pd.DataFrame:
    columns = ["status", "position", "stage", "team", "reason", "leads", "of_leads"]
    table = pd.DataFrame(rows, columns=columns)
    table.insert(0, "segment", pd.Series([segment] * len(table), dtype=object))
    table.insert(1, "is_folded", False)
    table["leads_share"] = table["leads"] / table["of_leads"]
    table["leads_low"] = (table["leads_share"] - 0.05).clip(lower=0)
    table["leads_high"] = table["leads_share"] + 0.05
    return table


# rejected: no fit 50 (inquiry 30, mql 20), an evil reason 30, none 20; lost: price 1 of 1
BY_REASON = [
    ("lost", 5, "opportunity", "sales", "price", 1, 1),
    ("rejected", 1, "inquiry", "marketing", "no_fit", 50, 100),
    ("rejected", 1, "inquiry", "marketing", EVIL, 30, 100),
    ("rejected", 1, "inquiry", "marketing", None, 20, 100),
]
BY_STAGE = [
    ("lost", 5, "opportunity", "sales", "price", 1, 1),
    ("rejected", 1, "inquiry", "marketing", "no_fit", 30, 100),
    ("rejected", 1, "inquiry", "marketing", EVIL, 30, 100),
    ("rejected", 1, "inquiry", "marketing", None, 15, 100),
    ("rejected", 2, "marketing_qualified", "marketing", "no_fit", 20, 100),
    ("rejected", None, None, None, None, 5, 100),
]


def reasons_result(segment: Any = None, **given: Any) -> Result:
    by_reason = _reasons(BY_REASON, segment).drop(columns=["position", "stage", "team"])
    return result_of(
        "loss_reasons",
        _reasons(BY_STAGE, segment),
        in_october(**given),
        parts={"by_reason": by_reason},
        notes=[
            Note("without_reason", {"leads": 20, "of": 101}),
            Note("unagreed_reasons", {"leads": 30, "reasons": [EVIL, "too_early"]}),
            Note("repeat_closings", {"closings": 1}),
        ],
    )


def later_result(*, rejected: tuple[int, int, int] = (200, 30, 8), amount: float = 1e5) -> Result:
    rows = [("lost", 50, 0, 0, 0.0), ("rejected", *rejected, amount), ("recycled", 1, 1, 1, NAN)]
    table = pd.DataFrame(
        [
            {
                "segment": None,
                "is_folded": False,
                "status": status,
                "closed_leads": closed,
                "re_entered_leads": back,
                "re_entered_rate": back / closed,
                "re_entered_low": 0.0,
                "re_entered_high": 1.0,
                "median_days_to_return": 12.5 if back else NAN,
                "won_leads": won,
                "won_rate": won / closed,
                "won_low": 0.0,
                "won_high": 1.0,
                "won_deals": won,
                "won_amount": value,
                "mean_days_watched": 90.4,
            }
            for status, closed, back, won, value in rows
        ]
    )
    return result_of("closed_leads_later", table, in_october())
