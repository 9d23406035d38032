"""How many leads does a revenue target need, by when, and how sure is that?"""

from funnel_analytics.metrics.planning.leads import leads_needed

__all__ = ["leads_needed"]
