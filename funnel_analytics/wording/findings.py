"""What a result found, in one sentence: chosen from its rows, nothing computed but differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from funnel_analytics.errors import CallError
from funnel_analytics.results import Result
from funnel_analytics.wording import findings_activity as activity
from funnel_analytics.wording import findings_attribution as attribution
from funnel_analytics.wording import findings_breaches as breaches
from funnel_analytics.wording import findings_buying as buying
from funnel_analytics.wording import findings_certainty as certainty
from funnel_analytics.wording import findings_change as change
from funnel_analytics.wording import findings_conversion as conversion
from funnel_analytics.wording import findings_costs as costs
from funnel_analytics.wording import findings_curves as curves
from funnel_analytics.wording import findings_drop_offs as drop_offs
from funnel_analytics.wording import findings_flows as flows
from funnel_analytics.wording import findings_handover as handover
from funnel_analytics.wording import findings_incrementality as incrementality
from funnel_analytics.wording import findings_journeys as journeys
from funnel_analytics.wording import findings_lead_quality as quality
from funnel_analytics.wording import findings_origins as origins
from funnel_analytics.wording import findings_qualification as qualification
from funnel_analytics.wording import findings_response as response
from funnel_analytics.wording import findings_speed as speed
from funnel_analytics.wording import findings_stages as stages
from funnel_analytics.wording import findings_targets as targets
from funnel_analytics.wording import findings_trend as trend
from funnel_analytics.wording.phrases import Phrases, metric_key

__all__ = ["finding_of"]

_FINDINGS: Mapping[str, Callable[..., str]] = {
    "stage_conversion": conversion.conversion,
    "stage_throughput": stages.throughput,
    "conversion_trend": trend.conversion_trend,
    "drop_off_segments": drop_offs.drop_off_segments,
    "time_in_stage": stages.time_in_stage,
    "time_to_contact": response.time_to_contact,
    "contact_attempts": response.contact_attempts,
    "speed_effect": speed.speed_effect,
    "stage_flows": flows.stage_flows,
    "handovers": handover.handovers,
    "loss_reasons": flows.loss_reasons,
    "closed_leads_later": flows.closed_leads_later,
    "qualification": qualification.qualification,
    "lead_score": qualification.lead_score,
    "what_if_rule": qualification.what_if_rule,
    "attribute": attribution.attribute,
    "channel_costs": costs.channel_costs,
    "attribution_certainty": certainty.attribution_certainty,
    "attribution_credits": journeys.attribution_credits,
    "journey_paths": journeys.journey_paths,
    "marketing_sourced": journeys.marketing_sourced,
    "actual_vs_target": targets.actual_vs_target,
    "leads_needed": targets.leads_needed,
    "explain_change": change.explain_change,
    "conversion_curve": curves.conversion_curve,
    "expected_conversion": curves.expected_conversion,
    "sales_cycle": curves.sales_cycle,
    "stuck_leads": curves.stuck_leads,
    "breaches": breaches.breaches,
    "lead_quality": quality.lead_quality,
    "buying_groups": buying.buying_groups,
    "origin_mix": origins.origin_mix,
    "entry_points": origins.entry_points,
    "activity_levels": activity.activity_levels,
    "campaign_runs": activity.campaign_runs,
    "switched_off": incrementality.switched_off,
    "spend_response": incrementality.spend_response,
}


def finding_of(words: Phrases, result: Result, **choice: Any) -> str:
    """The finding of a result as a sentence without its full stop.

    Raises
    ------
    CallError
        There are no sentences for this metric.
    """
    metric = metric_key(result.metric)
    if metric not in _FINDINGS:
        raise CallError(
            f"There is no sentence for {result.metric}, only for {', '.join(_FINDINGS)}."
        )
    return _FINDINGS[metric](words, result, **choice)
