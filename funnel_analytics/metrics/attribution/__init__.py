"""Which channels are credited with conversions, how surely, and at what cost?"""

from funnel_analytics.metrics.attribution.credit import attribute

__all__ = ["attribute"]
