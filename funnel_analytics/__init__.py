"""Marketing-and-sales funnel analytics from one written agreement that both departments share."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnel_analytics import lab, plots, tables, wording
    from funnel_analytics.agreement import Agreement, load_agreement
    from funnel_analytics.checks import CheckReport, run_checks
    from funnel_analytics.errors import FunnelError
    from funnel_analytics.metrics.activity import activity_levels
    from funnel_analytics.metrics.attempts import contact_attempts
    from funnel_analytics.metrics.attribution import attribute
    from funnel_analytics.metrics.attribution.certainty import attribution_certainty
    from funnel_analytics.metrics.attribution.costs import channel_costs
    from funnel_analytics.metrics.attribution.paths import journey_paths
    from funnel_analytics.metrics.attribution.rows import attribution_credits
    from funnel_analytics.metrics.attribution.sourced import marketing_sourced
    from funnel_analytics.metrics.breaches import breaches
    from funnel_analytics.metrics.buying import buying_groups
    from funnel_analytics.metrics.campaigns import campaign_runs
    from funnel_analytics.metrics.change import explain_change
    from funnel_analytics.metrics.conversion import stage_conversion
    from funnel_analytics.metrics.curves import conversion_curve
    from funnel_analytics.metrics.drop_offs import drop_off_segments
    from funnel_analytics.metrics.entry_points import entry_points
    from funnel_analytics.metrics.flows import stage_flows
    from funnel_analytics.metrics.forecast import expected_conversion
    from funnel_analytics.metrics.handover import handovers
    from funnel_analytics.metrics.incrementality import spend_response, switched_off
    from funnel_analytics.metrics.lead_quality import lead_quality
    from funnel_analytics.metrics.loading import (
        column_forms,
        identity_yield,
        load_log,
        quarantined,
    )
    from funnel_analytics.metrics.origins import origin_mix
    from funnel_analytics.metrics.own_paths import credit_paths, credit_touches
    from funnel_analytics.metrics.planning import leads_needed
    from funnel_analytics.metrics.qualification import lead_score, qualification, what_if_rule
    from funnel_analytics.metrics.reasons import closed_leads_later, loss_reasons
    from funnel_analytics.metrics.response import time_to_contact
    from funnel_analytics.metrics.sales_cycle import sales_cycle, stuck_leads
    from funnel_analytics.metrics.speed import speed_effect
    from funnel_analytics.metrics.stage_time import time_in_stage
    from funnel_analytics.metrics.targets import actual_vs_target
    from funnel_analytics.metrics.throughput import stage_throughput
    from funnel_analytics.metrics.trend import conversion_trend
    from funnel_analytics.periods import Period, month, parse_period, quarter, span, year
    from funnel_analytics.results import Missing, Result, available
    from funnel_analytics.samples import write_sample
    from funnel_analytics.sources import load
    from funnel_analytics.sources.forgetting import forget
    from funnel_analytics.sources.proposing import propose
    from funnel_analytics.sources.sealing import reveal
    from funnel_analytics.warehouse import Warehouse, open_warehouse

_HOME = {
    "Agreement": "agreement",
    "CheckReport": "checks",
    "FunnelError": "errors",
    "Missing": "results",
    "Period": "periods",
    "Result": "results",
    "Warehouse": "warehouse",
    "activity_levels": "metrics.activity",
    "actual_vs_target": "metrics.targets",
    "attribute": "metrics.attribution",
    "attribution_certainty": "metrics.attribution.certainty",
    "attribution_credits": "metrics.attribution.rows",
    "available": "results",
    "breaches": "metrics.breaches",
    "buying_groups": "metrics.buying",
    "campaign_runs": "metrics.campaigns",
    "channel_costs": "metrics.attribution.costs",
    "closed_leads_later": "metrics.reasons",
    "column_forms": "metrics.loading",
    "contact_attempts": "metrics.attempts",
    "conversion_curve": "metrics.curves",
    "conversion_trend": "metrics.trend",
    "credit_paths": "metrics.own_paths",
    "credit_touches": "metrics.own_paths",
    "drop_off_segments": "metrics.drop_offs",
    "entry_points": "metrics.entry_points",
    "expected_conversion": "metrics.forecast",
    "explain_change": "metrics.change",
    "forget": "sources.forgetting",
    "handovers": "metrics.handover",
    "identity_yield": "metrics.loading",
    "journey_paths": "metrics.attribution.paths",
    "lead_score": "metrics.qualification",
    "lead_quality": "metrics.lead_quality",
    "leads_needed": "metrics.planning",
    "load": "sources",
    "load_agreement": "agreement",
    "load_log": "metrics.loading",
    "loss_reasons": "metrics.reasons",
    "marketing_sourced": "metrics.attribution.sourced",
    "month": "periods",
    "open_warehouse": "warehouse",
    "origin_mix": "metrics.origins",
    "parse_period": "periods",
    "propose": "sources.proposing",
    "qualification": "metrics.qualification",
    "quarantined": "metrics.loading",
    "quarter": "periods",
    "reveal": "sources.sealing",
    "run_checks": "checks",
    "sales_cycle": "metrics.sales_cycle",
    "span": "periods",
    "speed_effect": "metrics.speed",
    "spend_response": "metrics.incrementality",
    "stage_conversion": "metrics.conversion",
    "stage_flows": "metrics.flows",
    "stage_throughput": "metrics.throughput",
    "stuck_leads": "metrics.sales_cycle",
    "switched_off": "metrics.incrementality",
    "time_in_stage": "metrics.stage_time",
    "time_to_contact": "metrics.response",
    "what_if_rule": "metrics.qualification",
    "write_sample": "samples",
    "year": "periods",
}
_MODULES = ("lab", "plots", "tables", "wording")

__all__ = [
    "Agreement",
    "CheckReport",
    "FunnelError",
    "Missing",
    "Period",
    "Result",
    "Warehouse",
    "activity_levels",
    "actual_vs_target",
    "attribute",
    "attribution_certainty",
    "attribution_credits",
    "available",
    "breaches",
    "buying_groups",
    "campaign_runs",
    "channel_costs",
    "closed_leads_later",
    "column_forms",
    "contact_attempts",
    "conversion_curve",
    "conversion_trend",
    "credit_paths",
    "credit_touches",
    "drop_off_segments",
    "entry_points",
    "expected_conversion",
    "explain_change",
    "forget",
    "handovers",
    "identity_yield",
    "journey_paths",
    "lab",
    "lead_quality",
    "lead_score",
    "leads_needed",
    "load",
    "load_agreement",
    "load_log",
    "loss_reasons",
    "marketing_sourced",
    "month",
    "open_warehouse",
    "origin_mix",
    "parse_period",
    "plots",
    "propose",
    "qualification",
    "quarantined",
    "quarter",
    "reveal",
    "run_checks",
    "sales_cycle",
    "span",
    "speed_effect",
    "spend_response",
    "stage_conversion",
    "stage_flows",
    "stage_throughput",
    "stuck_leads",
    "switched_off",
    "tables",
    "time_in_stage",
    "time_to_contact",
    "what_if_rule",
    "wording",
    "write_sample",
    "year",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import funnel_analytics` is instant."""
    if name in _MODULES:
        return import_module(f"funnel_analytics.{name}")
    if name in _HOME:
        value = getattr(import_module(f"funnel_analytics.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'funnel_analytics' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
