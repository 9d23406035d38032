"""Results as figures; every title states the finding, nothing is computed here.

Each function takes a `Result`, or the `Missing` that stands for one: that becomes a `Notice`.
"""

from funnel_analytics.plots.activity import activity_levels, campaign_runs
from funnel_analytics.plots.breaches import breaches
from funnel_analytics.plots.buying import buying_groups
from funnel_analytics.plots.certainty import attribution_range
from funnel_analytics.plots.costs import channel_costs, payback
from funnel_analytics.plots.credit import attribution
from funnel_analytics.plots.curves import conversion_curve, expected_conversion
from funnel_analytics.plots.drop_offs import drop_off_segments
from funnel_analytics.plots.durations import time_in_stage, waiting
from funnel_analytics.plots.flows import loss_reasons, stage_flows
from funnel_analytics.plots.handover import handover_completeness, handovers
from funnel_analytics.plots.handover_reasons import handover_reasons
from funnel_analytics.plots.heat_map import conversion_heat_map
from funnel_analytics.plots.incrementality import spend_response, switched_off
from funnel_analytics.plots.journey_flows import journey_flows
from funnel_analytics.plots.journeys import channel_roles, journey_times
from funnel_analytics.plots.lead_quality import lead_quality
from funnel_analytics.plots.lead_score import score_calibration
from funnel_analytics.plots.months import cohorts, throughput
from funnel_analytics.plots.origins import entry_points, origin_mix
from funnel_analytics.plots.plan import leads_by_month, leads_curve
from funnel_analytics.plots.qualification import qualification, qualification_lift
from funnel_analytics.plots.response import contact_attempts, contact_compliance, contact_heat_map
from funnel_analytics.plots.sourced import marketing_sourced
from funnel_analytics.plots.speed import speed_effect
from funnel_analytics.plots.stages import funnel
from funnel_analytics.plots.targets import actual_vs_target
from funnel_analytics.plots.trend import conversion_trend
from funnel_analytics.plots.waterfall import change_waterfall
from funnel_analytics.plots.what_if import what_if_rule

__all__ = [
    "activity_levels",
    "actual_vs_target",
    "attribution",
    "attribution_range",
    "breaches",
    "buying_groups",
    "campaign_runs",
    "change_waterfall",
    "channel_costs",
    "channel_roles",
    "cohorts",
    "contact_attempts",
    "contact_compliance",
    "contact_heat_map",
    "conversion_curve",
    "conversion_heat_map",
    "conversion_trend",
    "drop_off_segments",
    "entry_points",
    "expected_conversion",
    "funnel",
    "handover_completeness",
    "handover_reasons",
    "handovers",
    "journey_flows",
    "journey_times",
    "lead_quality",
    "leads_by_month",
    "leads_curve",
    "loss_reasons",
    "marketing_sourced",
    "origin_mix",
    "payback",
    "qualification",
    "qualification_lift",
    "score_calibration",
    "speed_effect",
    "spend_response",
    "stage_flows",
    "switched_off",
    "throughput",
    "time_in_stage",
    "waiting",
    "what_if_rule",
]
