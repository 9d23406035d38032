"""What leads would be without a channel: switched off, or from how they go with the spend."""

from funnel_analytics.metrics.incrementality.spend import spend_response
from funnel_analytics.metrics.incrementality.switched import switched_off

__all__ = ["spend_response", "switched_off"]
