"""Estimates from counts that several metrics share: intervals, survival curves, posteriors.

All of them are small: counts come in aggregated, one number per segment or per waiting time.
"""

from funnel_analytics.estimates.ahead import Shared, still_to_come
from funnel_analytics.estimates.compared import Comparison, gray, log_rank
from funnel_analytics.estimates.crossed import Crossing, Factor, summed
from funnel_analytics.estimates.curves import (
    cumulative_incidence,
    incidence_at,
    incidence_error,
    incidence_interval,
    incidence_quantile,
    kaplan_meier,
    quantile_of,
    survival_at,
    survival_error,
    survival_interval,
)
from funnel_analytics.estimates.inputs import chi_square_tail, normal_quantile
from funnel_analytics.estimates.logit import AtRows, Logit, LogitRows
from funnel_analytics.estimates.many import benjamini_hochberg, count_chance
from funnel_analytics.estimates.quantiles import (
    incidence_quantile_interval,
    incidence_share_error,
    median_test,
)
from funnel_analytics.estimates.rates import beta_posterior, wilson

__all__ = [
    "AtRows",
    "Comparison",
    "Crossing",
    "Factor",
    "Logit",
    "LogitRows",
    "Shared",
    "benjamini_hochberg",
    "beta_posterior",
    "chi_square_tail",
    "count_chance",
    "cumulative_incidence",
    "gray",
    "incidence_at",
    "incidence_error",
    "incidence_interval",
    "incidence_quantile",
    "incidence_quantile_interval",
    "incidence_share_error",
    "kaplan_meier",
    "log_rank",
    "median_test",
    "normal_quantile",
    "quantile_of",
    "still_to_come",
    "summed",
    "survival_at",
    "survival_error",
    "survival_interval",
    "wilson",
]
