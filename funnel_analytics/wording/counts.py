"""How many leads, deals or other things the rows of a result are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.findings_breaches import counted_cases
from funnel_analytics.wording.findings_change import against_target
from funnel_analytics.wording.findings_journeys import conversion_noun
from funnel_analytics.wording.phrases import metric_key
from funnel_analytics.wording.ways import counted_noun

__all__ = ["SUMMARISED", "counted"]

Counted = tuple[str, Any] | None
"""A noun of the texts' `[count]` and how many of them; nothing where no number is meant."""

SUMMARISED = (
    "actual_vs_target",
    "stage_conversion",
    "time_to_contact",
    "handovers",
    "lead_quality",
    "closed_leads_later",
    "sales_cycle",
    "stuck_leads",
    "breaches",
)
"""The metrics that have a sentence in a list of findings, in its order."""


def _sum(noun: str, column: str) -> Callable[[Result], Counted]:
    return lambda result: (noun, result.table[column].sum())


def _sum_where(noun: str, column: str, where: str, value: Any) -> Callable[[Result], Counted]:
    def count(result: Result) -> Counted:
        table = result.table
        return noun, table.loc[table[where] == value, column].sum()

    return count


def _conversion(result: Result) -> Counted:
    table = result.table
    return counted_noun(result), table.loc[table["position"] == 1, "entered_leads"].sum()


def _trend(result: Result) -> Counted:
    return counted_noun(result), result.table["previous_leads"].sum()


def _drop_offs(result: Result) -> Counted:
    return "leads", result.part("steps")["previous_leads"].max()


def _change(result: Result) -> Counted:
    return None if against_target(result) else ("leads", result.note("change")["leads"])


def _curve(result: Result) -> Counted:
    curves = result.part("totals")
    return "leads", curves.loc[curves["position"] == curves["position"].max(), "leads"].sum()


def _each_group(result: Result) -> pd.DataFrame:
    """The first row of each group of leads."""
    table = result.table
    names = ["segment", "second_segment", "is_folded"]
    return table.drop_duplicates([name for name in names if name in table.columns])


def _attributed(result: Result) -> Counted:
    table = result.table
    if table.empty:
        return None
    rows = table.loc[table["model"] == table["model"].iloc[0], "conversions"]
    count = result.note("totals").get("conversions", rows.sum())
    return conversion_noun(result), count


def _converted(result: Result) -> Counted:
    """The conversions whose touches are told of."""
    counts = result.note("totals") or result.note("journeys")
    return conversion_noun(result), counts["conversions"]


_COUNTS: Mapping[str, Callable[[Result], Counted]] = {
    "stage_conversion": _conversion,
    "conversion_trend": _trend,
    "drop_off_segments": _drop_offs,
    "explain_change": _change,
    "stage_throughput": _sum("entries", "total_leads"),
    "time_in_stage": _sum_where("leads", "entered_leads", "position", 1),
    "time_to_contact": _sum_where("leads", "leads", "leg", "wait"),
    "contact_attempts": lambda result: ("leads", result.part("leads")["leads"].sum()),
    "speed_effect": _sum("leads", "leads"),
    "stage_flows": _sum("stays", "entered_stays"),
    "handovers": _sum("handovers", "handovers"),
    "loss_reasons": _sum("closings", "leads"),
    "closed_leads_later": _sum("closings", "closed_leads"),
    "conversion_curve": _curve,
    "expected_conversion": _sum("leads", "leads"),
    "sales_cycle": _sum("leads", "started_leads"),
    "stuck_leads": _sum("leads", "open_leads"),
    "breaches": counted_cases,
    "lead_quality": lambda result: ("leads", result.part("models")["leads"].max()),
    "qualification": lambda result: ("leads", _each_group(result)["leads"].sum()),
    "lead_score": _sum("leads", "leads"),
    "what_if_rule": _sum_where("leads", "leads", "rule", "everyone"),
    "attribute": _attributed,
    "attribution_certainty": _attributed,
    "channel_costs": _sum("touches", "touches"),
    "attribution_credits": _converted,
    "journey_paths": _converted,
    "marketing_sourced": lambda result: (
        conversion_noun(result),
        result.note("sourced_deals")["deals"],
    ),
    "buying_groups": _sum("buying_deals", "deals"),
    "origin_mix": _sum("leads", "leads"),
    "entry_points": _sum("leads", "leads"),
    "activity_levels": _sum("stays", "stays"),
    "campaign_runs": _sum("leads", "leads"),
    "switched_off": lambda result: ("leads", result.part("weeks")["leads"].sum()),
    "spend_response": lambda result: ("leads", result.part("overall")["leads"].sum()),
}


def counted(result: Result) -> Counted:
    """Of how many of what a result tells: the noun and the number, if it has one."""
    count = _COUNTS.get(metric_key(result.metric))
    return count(result) if count else None
