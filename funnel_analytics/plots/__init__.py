"""Results as figures; every title states the finding, nothing is computed here.

Each function takes a `Result`, or the `Missing` that stands for one: that becomes a `Notice`.
"""

from funnel_analytics.plots.credit import attribution
from funnel_analytics.plots.curves import conversion_curve, expected_conversion
from funnel_analytics.plots.drop_offs import drop_off_segments
from funnel_analytics.plots.durations import time_in_stage, waiting
from funnel_analytics.plots.flows import loss_reasons, stage_flows
from funnel_analytics.plots.heat_map import conversion_heat_map
from funnel_analytics.plots.months import cohorts, throughput
from funnel_analytics.plots.plan import leads_by_month, leads_curve
from funnel_analytics.plots.stages import funnel
from funnel_analytics.plots.targets import actual_vs_target
from funnel_analytics.plots.trend import conversion_trend
from funnel_analytics.plots.waterfall import change_waterfall

__all__ = [
    "actual_vs_target",
    "attribution",
    "change_waterfall",
    "cohorts",
    "conversion_curve",
    "conversion_heat_map",
    "conversion_trend",
    "drop_off_segments",
    "expected_conversion",
    "funnel",
    "leads_by_month",
    "leads_curve",
    "loss_reasons",
    "stage_flows",
    "throughput",
    "time_in_stage",
    "waiting",
]
