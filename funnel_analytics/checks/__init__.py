"""Are the data fit for the numbers computed from them? Pass, review or fail, with counts."""

from funnel_analytics.checks.fields import completeness
from funnel_analytics.checks.known import CHECKS, Check
from funnel_analytics.checks.report import CheckReport
from funnel_analytics.checks.running import run_checks

__all__ = ["CHECKS", "Check", "CheckReport", "completeness", "run_checks"]
