"""Results as tables, worded in one language; nothing is computed here.

Each function of a metric takes a `Result`, or the `Missing` that stands for one: that becomes a
`Notice`.
"""

from funnel_analytics.tables.activity import activity_levels, campaign_runs
from funnel_analytics.tables.agreed import agreement
from funnel_analytics.tables.breaches import breaches
from funnel_analytics.tables.buying import buying_groups
from funnel_analytics.tables.certainty import (
    attribution_certainty,
    attribution_errors,
    model_choice,
)
from funnel_analytics.tables.change import change, change_findings, change_teams
from funnel_analytics.tables.costs import channel_costs, marginal_leads, stage_costs
from funnel_analytics.tables.curves import (
    conversion_curve,
    expected_conversion,
    sales_cycle,
    stuck_leads,
)
from funnel_analytics.tables.drop_offs import drop_off_segments
from funnel_analytics.tables.findings import Findings, findings
from funnel_analytics.tables.flows import closed_leads_later, loss_reasons, stage_flows
from funnel_analytics.tables.handover import (
    handover_completeness,
    handover_reasons,
    handover_returns,
    handovers,
    missed_handovers,
)
from funnel_analytics.tables.incrementality import spend_response, switched_off
from funnel_analytics.tables.journeys import (
    attribution_credits,
    channel_roles,
    journey_paths,
    marketing_sourced,
)
from funnel_analytics.tables.lead_quality import lead_quality, lead_quality_checks
from funnel_analytics.tables.money import attribution, targets
from funnel_analytics.tables.origins import entry_points, origin_mix
from funnel_analytics.tables.plan import plan
from funnel_analytics.tables.qualification import (
    lead_score,
    qualification,
    qualification_lift,
    what_if_rule,
)
from funnel_analytics.tables.records import checks, completeness, identity, loads
from funnel_analytics.tables.response import contact_attempts, contact_compliance
from funnel_analytics.tables.speed import speed_effect
from funnel_analytics.tables.stages import conversion, throughput, time_in_stage, waiting
from funnel_analytics.tables.summary import summary
from funnel_analytics.tables.trend import conversion_trend
from funnel_analytics.wording import Notice, notice

__all__ = [
    "Findings",
    "Notice",
    "activity_levels",
    "agreement",
    "attribution",
    "attribution_certainty",
    "attribution_credits",
    "attribution_errors",
    "breaches",
    "buying_groups",
    "campaign_runs",
    "change",
    "change_findings",
    "change_teams",
    "channel_costs",
    "channel_roles",
    "checks",
    "closed_leads_later",
    "completeness",
    "contact_attempts",
    "contact_compliance",
    "conversion",
    "conversion_curve",
    "conversion_trend",
    "drop_off_segments",
    "entry_points",
    "expected_conversion",
    "findings",
    "handover_completeness",
    "handover_reasons",
    "handover_returns",
    "handovers",
    "identity",
    "journey_paths",
    "lead_quality",
    "lead_quality_checks",
    "lead_score",
    "loads",
    "loss_reasons",
    "marginal_leads",
    "marketing_sourced",
    "missed_handovers",
    "model_choice",
    "notice",
    "origin_mix",
    "plan",
    "qualification",
    "qualification_lift",
    "sales_cycle",
    "speed_effect",
    "spend_response",
    "stage_costs",
    "stage_flows",
    "stuck_leads",
    "summary",
    "switched_off",
    "targets",
    "throughput",
    "time_in_stage",
    "waiting",
    "what_if_rule",
]
