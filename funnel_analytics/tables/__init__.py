"""Results as tables, worded in one language; nothing is computed here.

Each function of a metric takes a `Result`, or the `Missing` that stands for one: that becomes a
`Notice`.
"""

from funnel_analytics.tables.findings import Findings, findings
from funnel_analytics.tables.money import attribution, targets
from funnel_analytics.tables.plan import plan
from funnel_analytics.tables.records import agreement, checks, completeness, identity, loads
from funnel_analytics.tables.stages import conversion, throughput, time_in_stage, waiting
from funnel_analytics.tables.summary import summary
from funnel_analytics.wording import Notice, notice

__all__ = [
    "Findings",
    "Notice",
    "agreement",
    "attribution",
    "checks",
    "completeness",
    "conversion",
    "findings",
    "identity",
    "loads",
    "notice",
    "plan",
    "summary",
    "targets",
    "throughput",
    "time_in_stage",
    "waiting",
]
