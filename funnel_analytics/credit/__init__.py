"""Models that share conversions among touches: journeys as arrays, and arithmetic over them."""

from funnel_analytics.credit.journeys import (
    FIRST,
    LAST,
    LEAD_CREATED,
    OPPORTUNITY_CREATED,
    Journeys,
    journeys_from_paths,
)

__all__ = [
    "FIRST",
    "LAST",
    "LEAD_CREATED",
    "OPPORTUNITY_CREATED",
    "Journeys",
    "journeys_from_paths",
]
