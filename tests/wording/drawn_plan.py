"""A plan drawn by hand: 1,970, 2,550 and 2,900 leads for 50, 80 and 90 %."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from funnel_analytics.results import Note, Result
from tests.wording import drawn


def plan_result(*, asked: float = 0.8, needed: Sequence[float] = (1970, 2550, 2900)) -> Result:
    chances = (0.5, 0.8, 0.9)
    table = pd.DataFrame(
        {
            "probability": chances,
            "leads_needed": list(needed),
            "is_asked": [chance == asked for chance in chances],
        }
    )
    months = [date(2027, 1, 1), date(2027, 2, 1), date(2027, 3, 1)]
    by_month = pd.DataFrame(
        [
            {"month": month, "probability": chance, "leads": need * share}
            for chance, need in zip(chances, needed, strict=True)
            for month, share in zip(months, (0.5, 0.3, 0.2), strict=True)
        ]
    )
    leads = np.arange(0, 4100, 100)
    curve = pd.DataFrame({"leads": leads, "probability": 1 / (1 + np.exp(-(leads - 1970) / 420))})
    inputs = pd.DataFrame(
        {
            "name": ["deal_value", "step_rate", "win_rate_direct", "days_to_win", drawn.EVIL],
            "stage": [None, "won", None, None, None],
            "value": [45_000.0, 0.31, 0.0105, 61.0, 1.0],
            "low": [40_000.0, 0.27, drawn.NAN, drawn.NAN, drawn.NAN],
            "high": [51_000.0, 0.36, drawn.NAN, drawn.NAN, drawn.NAN],
            "unit": ["EUR", "share", "share", "days", "count"],
            "numerator": [118, 248, 118, drawn.NAN, drawn.NAN],
            "denominator": [120, 1000, 12_000, drawn.NAN, drawn.NAN],
            "matured_leads": [drawn.NAN, 800.0, 11_240.4, drawn.NAN, drawn.NAN],
            "basis": ["", "", "", "", ""],
        }
    )
    pipeline = pd.DataFrame(
        {
            "position": [4, 5],
            "stage": ["sales_qualified", "opportunity"],
            "open_leads": [40, 20],
            "expected_wins": [4.2, 8.0],
            "expected_revenue": [189_000.0, 360_000.0],
        }
    )
    parameters = drawn.in_october(revenue=900_000.0, probability=asked) | {"period": "2027-Q1"}
    parts = {"by_month": by_month, "curve": curve, "inputs": inputs, "pipeline": pipeline}
    reachable = {
        "is_reachable": True,
        "reason": None,
        "best_month_leads": 520,
        "average_month_leads": 413.2,
        "peak_month_leads": 1275,
        "p_without_new_leads": 0.012,
        "last_useful_day": date(2027, 2, 2),
    }
    stock = {
        "in_hand_revenue": 120_000.0,
        "expected_pipeline_revenue": 549_000.0,
        "low": 410_000.0,
        "high": 880_000.0,
        "confidence": 0.95,
    }
    left_out = {"leads_before_history": 12, "deals_without_amount": 1, "leads_won_without_stage": 0}
    notes = [
        Note("reachable", reachable),
        Note("pipeline", stock),
        Note("naive", {"leads": 1905}),
        Note("left_out", left_out),
    ]
    return drawn.result_of("leads_needed", table, parameters, parts=parts, notes=notes)
