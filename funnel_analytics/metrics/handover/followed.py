"""How long answers took, and what was done about hand-overs past their deadline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.agreement import Handover
from funnel_analytics.estimates import kaplan_meier, quantile_of, wilson
from funnel_analytics.metrics.handover.counts import Rules

__all__ = ["MISSED_COUNTS", "MISSED_SHARES", "missed", "response_times"]

_HOUR = 3600.0
_DONE = ("escalated", "passed_on", "neither")
MISSED_COUNTS = (
    "judged_handovers",
    "missed_handovers",
    "answered_late_handovers",
    "silent_handovers",
    "escalated_handovers",
    "escalated_before_handovers",
    "passed_on_handovers",
    "neither_handovers",
)
MISSED_SHARES = (
    "deadline_hours",
    "missed_share",
    "missed_low",
    "missed_high",
    *(f"{name}_{suffix}" for name in _DONE for suffix in ("share", "low", "high")),
    "median_hours_late",
)


def response_times(times: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Median and 90 % of the working hours until an answer, by group and kind."""
    rows = []
    for (group, kind), found in times.groupby(["group", "kind"]):
        row = {"group": group, "kind": kind, "median_hours": np.nan, "p90_hours": np.nan}
        if kind in rules.answered:
            happened = found["outcome"].isin(["accepted", "rejected"])
            curve = kaplan_meier(
                found["waited_seconds"] / _HOUR,
                found["handovers"].where(happened, 0),
                found["handovers"].where(~happened, 0),
            )
            row["median_hours"] = quantile_of(curve, 0.5)
            row["p90_hours"] = quantile_of(curve, 0.9)
        rows.append(row)
    return pd.DataFrame(rows, columns=["group", "kind", "median_hours", "p90_hours"])


def missed(
    times: pd.DataFrame,
    rules: Rules,
    *,
    agreed: Mapping[str, Handover],
    escalates: set[str],
) -> pd.DataFrame:
    """One row per group and kind with a deadline: those past it, and what followed.

    `escalates` are the kinds of which the data tell escalations at all.
    """
    rows = []
    known = times[times["kind"].isin([each for each in rules.hours if each in rules.answered])]
    for (group, kind), found in known.groupby(["group", "kind"]):
        rule = agreed[str(kind)]
        row = {
            "group": group,
            "kind": kind,
            "deadline_hours": rules.hours[str(kind)],
            "escalate_to": rule.escalate_to,
            "return_to_pool": rule.return_to_pool,
        }
        rows.append(row | _followed(found, rules.hours[str(kind)], str(kind) in escalates))
    columns = ["group", "kind", "escalate_to", "return_to_pool", *MISSED_COUNTS, *MISSED_SHARES]
    return pd.DataFrame(rows, columns=columns)


def _followed(found: pd.DataFrame, hours: float, escalates: bool) -> dict[str, Any]:
    judged = int(found.loc[found["outcome"] != "waiting", "handovers"].sum())
    late = found[found["is_late"]]
    number = late["handovers"]
    silent = late["outcome"] == "silent"
    done = late["is_escalated"] | late["is_passed_on"]
    counts = {
        "judged": judged,
        "missed": int(number.sum()),
        "answered_late": int(number[~silent].sum()),
        "silent": int(number[silent].sum()),
        "escalated": int(number[late["is_escalated"]].sum()) if escalates else None,
        "escalated_before": int(number[late["is_escalated_before"]].sum()) if escalates else None,
        "passed_on": int(number[late["is_passed_on"]].sum()),
        "neither": int(number[~done].sum()) if escalates else None,
    }
    row: dict[str, Any] = {f"{name}_handovers": count for name, count in counts.items()}
    for name, of in (("missed", judged), *((name, counts["missed"]) for name in _DONE)):
        part = counts[name]
        if part is None or not of:
            row |= {f"{name}_{each}": np.nan for each in ("share", "low", "high")}
            continue
        low, high = wilson(part, of)
        row |= {f"{name}_share": part / of, f"{name}_low": low, f"{name}_high": high}
    curve = kaplan_meier(
        late["waited_seconds"] / _HOUR - hours,
        number.where(~silent, 0),
        number.where(silent, 0),
    )
    row["median_hours_late"] = quantile_of(curve, 0.5)
    return row
