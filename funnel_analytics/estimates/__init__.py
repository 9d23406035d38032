"""Estimates from counts that several metrics share: intervals, survival curves, posteriors.

All of them are small: counts come in aggregated, one number per segment or per waiting time.
"""

from funnel_analytics.estimates.ahead import drawn_still_to_come, still_to_come
from funnel_analytics.estimates.compared import Comparison, gray, log_rank
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
from funnel_analytics.estimates.logit import Factor, Logit, fit_logit
from funnel_analytics.estimates.many import benjamini_hochberg, count_chance
from funnel_analytics.estimates.rates import beta_posterior, wilson

__all__ = [
    "Comparison",
    "Factor",
    "Logit",
    "benjamini_hochberg",
    "beta_posterior",
    "chi_square_tail",
    "count_chance",
    "cumulative_incidence",
    "drawn_still_to_come",
    "fit_logit",
    "gray",
    "incidence_at",
    "incidence_error",
    "incidence_interval",
    "incidence_quantile",
    "kaplan_meier",
    "log_rank",
    "normal_quantile",
    "quantile_of",
    "still_to_come",
    "survival_at",
    "survival_error",
    "survival_interval",
    "wilson",
]
