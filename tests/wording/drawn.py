"""Results drawn by hand, with rates that the eye can check; nothing here is computed by metrics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.agreement import Agreement, load_agreement
from funnel_analytics.results import Missing, Note, Result, Source

MIDNIGHT_OF_1_NOVEMBER = datetime(2026, 10, 31, 23)
NAN = float("nan")
STAGES = (
    "inquiry",
    "marketing_qualified",
    "sales_accepted",
    "sales_qualified",
    "opportunity",
    "won",
)
EVIL = "<b onclick=x>$a$ & Söhne</b>"


def sample_agreement() -> Agreement:
    return load_agreement("sample")


def result_of(
    metric: str,
    table: pd.DataFrame,
    parameters: Mapping[str, Any],
    *,
    parts: Mapping[str, pd.DataFrame] | None = None,
    notes: Sequence[Note] = (),
    agreement: Agreement | None = None,
    as_of: datetime = MIDNIGHT_OF_1_NOVEMBER,
) -> Result:
    return Result(
        metric=metric,
        grain="one row per row",
        units={},
        definition="Drawn by hand.",
        parameters=parameters,
        as_of=as_of,
        agreement=agreement or sample_agreement(),
        source=Source(),
        _table=table,
        _parts=parts or {},
        notes=tuple(notes),
    )


def october(**more: Any) -> dict[str, Any]:
    """The parameters of a cohort of October 2026."""
    return {
        "cohort": "2026-10",
        "cohort_start": date(2026, 10, 1),
        "cohort_end": date(2026, 11, 1),
        "by": None,
        **more,
    }


def in_october(**more: Any) -> dict[str, Any]:
    """The parameters of the period October 2026."""
    return {
        "period": "2026-10",
        "period_start": date(2026, 10, 1),
        "period_end": date(2026, 11, 1),
        "by": None,
        **more,
    }


def stage_rows(
    reached: Sequence[int],
    *,
    segment: str | None = None,
    is_folded: bool = False,
    mature: int = 6,
    cut: bool = False,
    imputed: Sequence[int] = (),
) -> pd.DataFrame:
    """One segment: how many leads reached each stage; the first `mature` stages are mature."""
    first, stages = reached[0], STAGES[-len(reached) :]
    rows = []
    for number, count in enumerate(reached):
        before = reached[number - 1] if number else first
        step = count / before if before else NAN
        overall = count / first if first else NAN
        rows.append(
            {
                "segment": segment,
                "is_folded": is_folded,
                "position": number + 1,
                "stage": stages[number],
                "entered_leads": first,
                "previous_leads": before,
                "reached_leads": count,
                "imputed_leads": imputed[number] if imputed else 0,
                "step_rate": step,
                "step_low": max(step - 0.05, 0.0),
                "step_high": min(step + 0.05, 1.0),
                "overall_rate": overall,
                "overall_low": max(overall - 0.03, 0.0),
                "overall_high": min(overall + 0.03, 1.0),
                "median_days": 4.0 * number if number else NAN,
                "maturity": 0.97 if number < mature else 0.42,
                "is_mature": number < mature,
                "is_left_truncated": cut,
            }
        )
    return pd.DataFrame(rows)


# inquiry 400 ─ mql 240 ─ sal 180 ─ sql 60 ─ opportunity 30 ─ won 12
#              60 %      75 %      33,3 %    50 %           40 %
def funnel_result(**how: Any) -> Result:
    table = stage_rows((400, 240, 180, 60, 30, 12), imputed=(0, 7, 5, 0, 2, 0), **how)
    notes = [
        Note("imputed", {"leads": 9, "steps": 14}),
        Note("excluded", {"merged": 3, "deleted": 0, "test": 1}),
    ]
    return result_of("stage_conversion", table, october(mode="at_least"), notes=notes)


def segments_result() -> Result:
    table = pd.concat(
        [
            stage_rows((200, 120, 90, 40, 25, 20), segment="inbound"),
            stage_rows((100, 60, 40, 10, 5, 2), segment="outbound"),
            stage_rows((60, 30, 20, 6, 3, 3), segment="unknown"),
            stage_rows((30, 20, 10, 6, 3, 3), segment=EVIL, mature=2),
            stage_rows((7, 5, 3, 1, 0, 0), segment="other_groups", is_folded=True),
            stage_rows((10, 5, 3, 1, 1, 1), segment=None),
        ],
        ignore_index=True,
    )
    notes = [Note("folded", {"groups": 3, "leads": 7, "minimum_group_size": 5})]
    # In the step to sql, outbound and unknown are the others: 10 + 6 of 40 + 20.
    against = against_rest(
        ("inbound", 4, 90, 40, 2, 60, 16, True), ("outbound", 6, 5, 2, 1, 25, 20)
    )
    return result_of(
        "stage_conversion",
        table,
        october(by="origin", mode="at_least"),
        parts={"against_rest": against},
        notes=notes,
    )


def against_rest(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Segment, position, its leads and those reached, the other groups, theirs; is it apart?"""
    counts = ("previous_leads", "reached_leads")
    rest = ("rest_groups", "rest_previous_leads", "rest_reached_leads")
    columns = ["segment", "position", *counts, *rest, "is_apart"]
    table = pd.DataFrame([(*row, False)[: len(columns)] for row in rows], columns=columns)
    table["segment"] = table["segment"].astype(object)
    table["is_folded"] = False
    table["stage"] = [STAGES[position - 1] for position in table["position"]]
    table["step_rate"] = table["reached_leads"] / table["previous_leads"]
    table["rest_rate"] = table["rest_reached_leads"] / table["rest_previous_leads"]
    leads = table["previous_leads"] + table["rest_previous_leads"]
    shared = (table["reached_leads"] + table["rest_reached_leads"]) / leads
    table["gap_leads"] = table["reached_leads"] - table["previous_leads"] * shared
    return table


def cohorts_result() -> Result:
    months = [str(each) for each in pd.period_range("2025-09", "2026-10", freq="M")]
    wins = (0, 0, 12, 14, 11, 13, 15, 12, 14, 16, 12, 6, 2, 0)
    table = pd.concat(
        [
            stage_rows(
                (150, 100, 70, 40, 20, won),
                segment=month,
                cut=place < 2,
                mature=6 if place < 10 else 3,
            )
            for place, (month, won) in enumerate(zip(months, wins, strict=True))
        ],
        ignore_index=True,
    )
    parameters = october(by="created_month", mode="at_least") | {"cohort": "2025-09-01..2026-10-31"}
    return result_of("stage_conversion", table, parameters)


def throughput_result(by: str | None = None) -> Result:
    months = [each.date() for each in pd.date_range("2025-11-01", "2026-10-01", freq="MS")]
    groups: list[str | None] = [None] if by is None else ["inbound", "outbound", "partner"]
    rows = [
        {
            "month": month,
            "segment": group,
            "is_folded": False,
            "position": position,
            "stage": stage,
            "entered_leads": max(round((300 + 9 * place) / 2.1**position) - 3 * order, 0),
            "imputed_leads": 1,
            "repeat_entries": 2,
            "is_complete": month < date(2026, 10, 1),
            "is_left_truncated": False,
        }
        for place, month in enumerate(months)
        for order, group in enumerate(groups)
        for position, stage in enumerate(STAGES, start=1)
    ]
    parameters = in_october(by=by) | {"period": "2025-11-01..2026-10-31"}
    table = pd.DataFrame(rows)
    table["total_leads"] = table["entered_leads"] + table["imputed_leads"]
    return result_of("stage_throughput", table, parameters)


def time_in_stage_result() -> Result:
    table = pd.DataFrame(
        {
            "segment": None,
            "is_folded": False,
            "position": [1, 2, 3, 4, 5],
            "stage": list(STAGES[:-1]),
            "entered_leads": [400, 240, 180, 60, 30],
            "moved_on_leads": [240, 180, 60, 30, 12],
            "closed_leads": [100, 40, 100, 20, 8],
            "open_leads": [60, 20, 20, 10, 10],
            "median_days": [2.0, 1.5, 14.0, 21.0, 61.5],
            "p75_days": [4.0, 3.0, 25.0, 40.0, NAN],
            "p90_days": [9.0, 6.0, 44.0, 58.0, NAN],
            "expected_days": [3.0, 2.0, 20.0, 25.0, 90.0],
        }
    )
    return result_of("time_in_stage", table, october())


def _wait_row(
    segment: str | None, leg: str, leads: int, within: int, due: int | None
) -> dict[str, Any]:
    return {
        "segment": segment,
        "is_folded": False,
        "leg": leg,
        "leads": leads,
        "contacted_leads": leads - 12,
        "waiting_leads": 12,
        "before_creation_leads": 2,
        "median_hours": 2.5,
        "p90_hours": 17.0,
        "median_calendar_hours": 5.0,
        "deadline_hours": 4.0 if due else NAN,
        "due_leads": due,
        "not_yet_due_leads": 0 if due else None,
        "within_deadline_leads": within if due else None,
        "within_deadline_share": within / due if due else NAN,
        "within_deadline_low": within / due - 0.05 if due else NAN,
        "within_deadline_high": within / due + 0.05 if due else NAN,
    }


def _curve(segment: str | None, speed: float, top: float) -> pd.DataFrame:
    hours = np.concatenate([np.arange(0.5, 20, 0.5), np.arange(20, 90, 5)])
    return pd.DataFrame(
        {
            "segment": segment,
            "is_folded": False,
            "leg": "wait",
            "hours": hours,
            "share_contacted": top * (1 - np.exp(-hours / speed)),
            "at_risk": 10,
        }
    )


def waiting_result(by: str | None = None, *, waiting: int | None = None) -> Result:
    names: list[str | None] = [None] if by is None else ["inbound", "outbound", None]
    rows = [
        _wait_row(
            name,
            leg,
            100 - 20 * order,
            72 - 30 * order,
            None if leg == "created_to_assigned" else 90 - 20 * order,
        )
        for order, name in enumerate(names)
        for leg in ("created_to_assigned", "assigned_to_contacted", "wait")
    ]
    counts = ["due_leads", "not_yet_due_leads", "within_deadline_leads"]
    table = pd.DataFrame(rows).astype(dict.fromkeys(counts, "Int64"))
    if waiting is not None:
        table["waiting_leads"] = waiting
    curve = pd.concat(
        [_curve(name, 3.0 + 2 * order, 0.88) for order, name in enumerate(names)],
        ignore_index=True,
    )
    notes = [Note("before_creation", {"leads": 2}), Note("day_precision", {"leads": 1})]
    return result_of("time_to_contact", table, october(by=by), parts={"curve": curve}, notes=notes)


def mixed_deadlines_result() -> Result:
    """Partner leads have 8 hours, the others 4: the whole has no deadline of its own."""
    result = waiting_result()
    agreed = {"within_hours": 4.0, "within_hours_by_origin": {"partner": 8.0}}
    return result_of(
        "time_to_contact",
        result.table.assign(deadline_hours=NAN),
        {**result.parameters, **agreed},
        parts={"curve": result.part("curve")},
    )


def never_left_result() -> Result:
    """Half of the leads have left no stage yet, as where only wins are recorded."""
    table = time_in_stage_result().table.head(1)
    unknown = dict.fromkeys(("median_days", "p75_days", "p90_days", "expected_days"), NAN)
    counts = {"moved_on_leads": 90, "closed_leads": 0, "open_leads": 310}
    return result_of("time_in_stage", table.assign(**unknown, **counts), october())


def targets_result() -> Result:
    months = [each.date() for each in pd.date_range("2026-01-01", "2026-10-01", freq="MS")]
    rows = []
    for metric, level in (
        ("leads", 400.0),
        ("won_deals", 20.0),
        ("revenue", 1_100_000.0),
        ("spend", 60_000.0),
        ("sales_accepted", 180.0),
    ):
        for place, month in enumerate(months):
            target = level * (1 + place / 50)
            actual = level * (1.05 - (place % 4) / 20)
            rows.append(
                {
                    "month": month,
                    "metric": metric,
                    "dimension": None,
                    "actual": actual,
                    "target": target,
                    "variance": actual - target,
                    "variance_share": (actual - target) / target,
                    "is_complete": True,
                }
            )
    parameters = in_october() | {"period": "2026-01-01..2026-10-31"}
    return result_of("actual_vs_target", pd.DataFrame(rows), parameters)


def one_target(**changed: Any) -> Result:
    """One month of revenue: 1,104,000 of 1,224,000."""
    row = {
        "month": date(2026, 10, 1),
        "metric": "revenue",
        "dimension": None,
        "actual": 1_104_000.0,
        "target": 1_224_000.0,
        "variance": -120_000.0,
        "variance_share": -120 / 1224,
        "is_complete": True,
        **changed,
    }
    return result_of("actual_vs_target", pd.DataFrame([row]), in_october())


def attribution_result(
    *models: str, conversion: str = "won", notes: Sequence[Note] = (), **given: Any
) -> Result:
    value = {"paid_search": 420.0, "organic_search": 330.0, "email": 90.0, EVIL: 60.0}
    rows = []
    for number, model in enumerate(models or ("position_based",)):
        shifted = {
            "paid_search": value["paid_search"] - 40 * number,
            "organic_search": value["organic_search"] + 40 * number,
        }
        credits = {**value, **shifted, None: 20.0}
        for channel, thousands in credits.items():
            rows.append((model, channel, "marketing", False, thousands))
        rows.append((model, None, None, True, 80.0))
    table = pd.DataFrame(
        [
            {
                "model": model,
                "channel": channel,
                "side": side,
                "is_no_known_touch": unknown,
                "conversions": thousands / 20,
                "conversions_share": thousands / 1000,
                "revenue": thousands * 1000
                if conversion in ("won", "pipeline")
                else thousands / 20,
                "revenue_share": thousands / 1000,
                "touches": int(thousands),
            }
            for model, channel, side, unknown, thousands in rows
        ]
    )
    totals = {
        "conversions": 50,
        "revenue": 1_000_000.0 if conversion in ("won", "pipeline") else 50.0,
        "no_known_touch_conversions": 4,
        "no_known_touch_revenue": 80_000.0 if conversion in ("won", "pipeline") else 4.0,
        "deals_without_amount": 1,
    }
    parameters = in_october(
        model=models or ("position_based",), lookback_days=90, conversion=conversion
    )
    parameters |= {"by": "channel", **given}
    return result_of("attribute", table, parameters, notes=[Note("totals", totals), *notes])


def missing_touches() -> Missing:
    return Missing("attribute", "touch", "No touches were loaded.", sample_agreement())
