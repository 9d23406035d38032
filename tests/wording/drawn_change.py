"""Changes drawn by hand, whose parts the eye can add up; nothing here is computed by metrics."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from funnel_analytics.results import Note, Result
from tests.wording.drawn import EVIL, NAN, result_of

#                      before  after    part    low   high
# volume                  250    200    -1.5   -2.9   -0.2   marketing
# mix                       –      –    +0.4   -1.0    1.6
# sales_accepted       75.7 %  53.6 %   -6.0   -9.0   -3.0   sdr
# won                  41.8 %  41.8 %    0.0   -2.0    2.0   sales (observed 32.4 and 16.7 %)
# time                 76.0 %  55.0 %   -1.9   -3.7   -1.3
# 12 → 3 leads: -9


def _row(factor: str, team: str | None, own: tuple[float, float], part: float, low: float,
         high: float, **more: Any) -> dict[str, Any]:  # fmt: skip
    counts = {
        f"{side}_{kind}_leads": None
        for side in ("before", "after")
        for kind in ("previous", "reached")
    }
    observed = {f"{side}_observed_rate": NAN for side in ("before", "after")}
    return {
        "factor": factor,
        "stage": None,
        "team": team,
        "before": own[0],
        "after": own[1],
        "part": part,
        "part_share": part / -9,
        "low": low,
        "high": high,
        "is_distinguishable": low > 0 or high < 0,
        "is_extrapolated": False,
        **counts,
        **observed,
        **more,
    }


def _result(rows: list[dict[str, Any]], change: dict[str, Any], given: dict[str, Any],
            notes: list[Note]) -> Result:  # fmt: skip
    table = pd.DataFrame(rows)
    levels, now = [("before", 0.0, change["before"])], change["before"]
    for part in table["part"]:
        levels.append(("part", now, now + part))
        now += part
    levels.append(("after", 0.0, change["after"]))
    teams = [
        {"team": "sdr", "part": -6.0, "low": -9.0, "high": -3.0, "is_distinguishable": True},
        {"team": None, "part": -1.5, "low": -2.9, "high": 0.4, "is_distinguishable": False},
    ]
    return result_of(
        "explain_change",
        table,
        {"by": None, "mode": "at_least", "draws": 1000, "seed": 1, **given},
        parts={
            "levels": pd.DataFrame(levels, columns=["bar", "start", "end"]),
            "teams": pd.DataFrame(teams),
        },
        notes=[Note("change", change), *notes],
    )


def change_result(*, volume: float = -1.5, **changed: Any) -> Result:
    """Won leads by a mix of origins: 12 of June's 250 leads, 3 of July's 200."""
    counts = {
        "before_previous_leads": 152,
        "before_reached_leads": 115,
        "after_previous_leads": 125,
        "after_reached_leads": 67,
        "before_observed_rate": 115 / 152,
        "after_observed_rate": 67 / 125,
    }
    wins = {
        "before_previous_leads": 37,
        "before_reached_leads": 12,
        "after_previous_leads": 18,
        "after_reached_leads": 3,
        "before_observed_rate": 12 / 37,
        "after_observed_rate": 3 / 18,
    }
    rows = [
        _row("volume", "marketing", (250, 200), volume, -2.9, -0.2),
        _row("mix", None, (NAN, NAN), 0.4, -1.0, 1.6),
        _row("step", "sdr", (0.757, 0.536), -6.0, -9.0, -3.0, stage="sales_accepted", **counts),
        _row("step", "sales", (0.418, 0.418), 0.0, -2.0, 2.0, stage="won", **wins),
        _row("time", None, (0.76, 0.55), -1.9, -3.7, -1.3),
    ]
    change = {
        "before": 12.0,
        "after": 3.0,
        "change": -9.0,
        "low": -14.0,
        "high": -1.5,
        "is_distinguishable": True,
        "leads": 450,
        **changed,
    }
    given = {
        "before": "2026-06",
        "before_start": date(2026, 6, 1),
        "after": "2026-07",
        "measure": "won_leads",
        "from_stage": "inquiry",
        "to_stage": "won",
        "by": "origin",
    }
    notes = [
        Note("immature", {"periods": ["2026-06", "2026-07"], "maturity": [0.76, 0.55]}),
        Note("excluded", {"merged": 5, "deleted": 1, "test": 2}),
    ]
    return _result(rows, change, given, notes)


def rate_result(*, is_sure: bool = True, team: str | None = "sdr") -> Result:
    """The share from inquiry to sales accepted: 46 % and 33.5 %, all of it in one step."""
    high = -0.066 if is_sure else 0.02
    rows = [_row("step", team, (0.46, 0.335), -0.125, -0.19, high, stage="sales_accepted")]
    change = {
        "before": 0.46,
        "after": 0.335,
        "change": -0.125,
        "low": -0.19,
        "high": high,
        "is_distinguishable": is_sure,
        "leads": 450,
    }
    given = {
        "before": "2026-06",
        "after": "2026-07",
        "measure": "inquiry_to_sales_accepted",
        "from_stage": "inquiry",
        "to_stage": "sales_accepted",
    }
    return _result(rows, change, given, [])


def cut_result(*, is_young: bool = False, part: float = 0.036) -> Result:
    """The share won of two years: 3 % of 2025, most of whose wins the data lack, and 13 %."""
    counts = {
        "before_previous_leads": 2002,
        "before_reached_leads": 61,
        "after_previous_leads": 5998,
        "after_reached_leads": 781,
        "before_observed_rate": 61 / 2002,
        "after_observed_rate": 781 / 5998,
    }
    step = _row("step", "sales", (0.085, 0.142), part, 0.014, 0.056, stage="won", **counts)
    step |= {"is_distinguishable": False, "is_extrapolated": True}
    rows = [step, _row("time", None, (0.358, 0.914), 0.1 - part, 0.045, 0.079)]
    change = {
        "before": 0.03,
        "after": 0.13,
        "change": 0.1,
        "low": 0.087,
        "high": 0.111,
        "is_distinguishable": True,
        "leads": 8000,
    }
    given = {
        "before": "2025",
        "after": "2026",
        "measure": "won_rate",
        "from_stage": "inquiry",
        "to_stage": "won",
    }
    cut = {"periods": ["2025"], "stage": "won", "observed_from": "2025-12-05"}
    young = [Note("immature", {"periods": ["2026"], "maturity": [0.914]})] if is_young else []
    return _result(rows, change, given, [Note("left_truncated", cut), *young])


def unknown_rate_result() -> Result:
    """A rate of nobody: 0 of 0."""
    result = rate_result()
    rows = [_row("step", "sdr", (NAN, NAN), NAN, NAN, NAN, stage="sales_accepted")]
    gone = dict.fromkeys(("before", "after", "change", "low", "high"), NAN)
    change = {**gone, "is_distinguishable": False, "leads": 200}
    return _result(rows, change, dict(result.parameters), [])


def balanced_result(*parts: float) -> Result:
    """As many wins as were aimed at: 12, of which the parts of volume and last step cancel out."""
    volume, step = parts
    rows = [
        _row("volume", "marketing", (242, 200), volume, volume - 1, min(volume + 1, -0.1)),
        _row("step", "sales", (0.3, 0.4), step, -0.5, step + 1, stage="won"),
    ]
    change = {
        "before": 12.0,
        "after": 12.0,
        "change": 0.0,
        "low": -6.0,
        "high": 7.5,
        "is_distinguishable": False,
    }
    given = {
        "before": "target",
        "after": "2026-07",
        "measure": "won_leads",
        "from_stage": "inquiry",
        "to_stage": "won",
        "mode": "target",
    }
    return _result(rows, change, given, [])


def target_result() -> Result:
    """Revenue of July against its target: 620,950 of 482,500."""
    rows = [
        _row("volume", "marketing", (242, 200), -107_823.0, -218_186.0, -29_555.0),
        _row("step", EVIL, (0.3077, 0.2727), 104_885.0, -388_620.0, 338_239.0, stage="won"),
        _row("value", None, (40_208.0, 51_746.0), 141_388.0, -90_523.0, 547_955.0),
    ]
    change = {
        "before": 482_500.0,
        "after": 620_950.0,
        "change": 138_450.0,
        "low": -221_687.0,
        "high": 752_730.0,
        "is_distinguishable": False,
    }
    given = {
        "before": "target",
        "after": "2026-07",
        "measure": "revenue",
        "from_stage": "inquiry",
        "to_stage": "won",
        "mode": "target",
    }
    return _result(rows, change, given, [Note("incomplete_month", {"period": "2026-07"})])
