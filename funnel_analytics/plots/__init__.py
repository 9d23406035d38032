"""Results as figures; every title states the finding, nothing is computed here.

Each function takes a `Result`, or the `Missing` that stands for one: that becomes a `Notice`.
"""

from funnel_analytics.plots.credit import attribution
from funnel_analytics.plots.durations import time_in_stage, waiting
from funnel_analytics.plots.months import cohorts, throughput
from funnel_analytics.plots.plan import leads_by_month, leads_curve
from funnel_analytics.plots.stages import funnel
from funnel_analytics.plots.targets import actual_vs_target

__all__ = [
    "actual_vs_target",
    "attribution",
    "cohorts",
    "funnel",
    "leads_by_month",
    "leads_curve",
    "throughput",
    "time_in_stage",
    "waiting",
]
