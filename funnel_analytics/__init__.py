"""Marketing-and-sales funnel analytics from one written agreement that both departments share."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from funnel_analytics import lab, plots, tables, wording
    from funnel_analytics.agreement import Agreement, load_agreement
    from funnel_analytics.checks import CheckReport, run_checks
    from funnel_analytics.errors import FunnelError
    from funnel_analytics.metrics.attribution import attribute
    from funnel_analytics.metrics.change import explain_change
    from funnel_analytics.metrics.conversion import stage_conversion
    from funnel_analytics.metrics.curves import conversion_curve
    from funnel_analytics.metrics.drop_offs import drop_off_segments
    from funnel_analytics.metrics.flows import stage_flows
    from funnel_analytics.metrics.forecast import expected_conversion
    from funnel_analytics.metrics.loading import (
        column_forms,
        identity_yield,
        load_log,
        quarantined,
    )
    from funnel_analytics.metrics.planning import leads_needed
    from funnel_analytics.metrics.reasons import closed_leads_later, loss_reasons
    from funnel_analytics.metrics.response import time_to_contact
    from funnel_analytics.metrics.sales_cycle import sales_cycle, stuck_leads
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
    "actual_vs_target": "metrics.targets",
    "attribute": "metrics.attribution",
    "available": "results",
    "closed_leads_later": "metrics.reasons",
    "column_forms": "metrics.loading",
    "conversion_curve": "metrics.curves",
    "conversion_trend": "metrics.trend",
    "drop_off_segments": "metrics.drop_offs",
    "explain_change": "metrics.change",
    "expected_conversion": "metrics.forecast",
    "forget": "sources.forgetting",
    "identity_yield": "metrics.loading",
    "leads_needed": "metrics.planning",
    "load": "sources",
    "load_agreement": "agreement",
    "load_log": "metrics.loading",
    "loss_reasons": "metrics.reasons",
    "month": "periods",
    "open_warehouse": "warehouse",
    "parse_period": "periods",
    "propose": "sources.proposing",
    "quarantined": "metrics.loading",
    "quarter": "periods",
    "reveal": "sources.sealing",
    "run_checks": "checks",
    "sales_cycle": "metrics.sales_cycle",
    "span": "periods",
    "stage_conversion": "metrics.conversion",
    "stage_flows": "metrics.flows",
    "stage_throughput": "metrics.throughput",
    "stuck_leads": "metrics.sales_cycle",
    "time_in_stage": "metrics.stage_time",
    "time_to_contact": "metrics.response",
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
    "actual_vs_target",
    "attribute",
    "available",
    "closed_leads_later",
    "column_forms",
    "conversion_curve",
    "conversion_trend",
    "drop_off_segments",
    "expected_conversion",
    "explain_change",
    "forget",
    "identity_yield",
    "lab",
    "leads_needed",
    "load",
    "load_agreement",
    "load_log",
    "loss_reasons",
    "month",
    "open_warehouse",
    "parse_period",
    "plots",
    "propose",
    "quarantined",
    "quarter",
    "reveal",
    "run_checks",
    "sales_cycle",
    "span",
    "stage_conversion",
    "stage_flows",
    "stage_throughput",
    "stuck_leads",
    "tables",
    "time_in_stage",
    "time_to_contact",
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
