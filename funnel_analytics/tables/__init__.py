"""Results as tables, worded in one language; nothing is computed here.

Each function of a metric takes a `Result`, or the `Missing` that stands for one: that becomes a
`Notice`.
"""

from funnel_analytics.tables.change import change, change_findings, change_teams
from funnel_analytics.tables.curves import (
    conversion_curve,
    expected_conversion,
    sales_cycle,
    stuck_leads,
)
from funnel_analytics.tables.drop_offs import drop_off_segments
from funnel_analytics.tables.findings import Findings, findings
from funnel_analytics.tables.flows import closed_leads_later, loss_reasons, stage_flows
from funnel_analytics.tables.money import attribution, targets
from funnel_analytics.tables.plan import plan
from funnel_analytics.tables.records import agreement, checks, completeness, identity, loads
from funnel_analytics.tables.stages import conversion, throughput, time_in_stage, waiting
from funnel_analytics.tables.summary import summary
from funnel_analytics.tables.trend import conversion_trend
from funnel_analytics.wording import Notice, notice

__all__ = [
    "Findings",
    "Notice",
    "agreement",
    "attribution",
    "change",
    "change_findings",
    "change_teams",
    "checks",
    "closed_leads_later",
    "completeness",
    "conversion",
    "conversion_curve",
    "conversion_trend",
    "drop_off_segments",
    "expected_conversion",
    "findings",
    "identity",
    "loads",
    "loss_reasons",
    "notice",
    "plan",
    "sales_cycle",
    "stage_flows",
    "stuck_leads",
    "summary",
    "targets",
    "throughput",
    "time_in_stage",
    "waiting",
]
