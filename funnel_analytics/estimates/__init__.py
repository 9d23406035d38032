"""Estimates from counts that several metrics share: intervals, survival curves, posteriors.

All of them are small: counts come in aggregated, one number per segment or per waiting time.
"""

from funnel_analytics.estimates.adstock import SpendFit, adstocked, fit_spend, inflation
from funnel_analytics.estimates.ahead import Shared, still_to_come
from funnel_analytics.estimates.clustered import (
    ClusteredLogit,
    clustered_logit,
    rank_agreement,
    standardised,
)
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
from funnel_analytics.estimates.differences import rate_difference, rate_ratio
from funnel_analytics.estimates.inputs import (
    Estimate,
    chi_square_tail,
    f_tail,
    normal_quantile,
    student_quantile,
)
from funnel_analytics.estimates.logit import AtRows, Logit, LogitRows
from funnel_analytics.estimates.many import benjamini_hochberg, count_chance
from funnel_analytics.estimates.predicted import (
    area_under_curve,
    calibration_line,
    observed_by_chance,
    reached_ratio,
)
from funnel_analytics.estimates.quantiles import (
    incidence_quantile_interval,
    incidence_share_error,
    median_test,
)
from funnel_analytics.estimates.rates import beta_posterior, wilson
from funnel_analytics.estimates.returns import cumulative_mean, robust_slope, share_come
from funnel_analytics.estimates.scores import Brier, brier_score, cohens_kappa, ranked_bins
from funnel_analytics.estimates.series import TWO_YEARS, SeriesFit, fit_series, season
from funnel_analytics.estimates.switched import (
    Switched,
    against_groups,
    against_weeks,
    placebo_dates,
    placebo_groups,
    placebo_share,
)

__all__ = [
    "TWO_YEARS",
    "AtRows",
    "Brier",
    "ClusteredLogit",
    "Comparison",
    "Crossing",
    "Estimate",
    "Factor",
    "Logit",
    "LogitRows",
    "SeriesFit",
    "Shared",
    "SpendFit",
    "Switched",
    "adstocked",
    "against_groups",
    "against_weeks",
    "area_under_curve",
    "benjamini_hochberg",
    "beta_posterior",
    "brier_score",
    "calibration_line",
    "chi_square_tail",
    "clustered_logit",
    "cohens_kappa",
    "count_chance",
    "cumulative_incidence",
    "cumulative_mean",
    "f_tail",
    "fit_series",
    "fit_spend",
    "gray",
    "incidence_at",
    "incidence_error",
    "incidence_interval",
    "incidence_quantile",
    "incidence_quantile_interval",
    "incidence_share_error",
    "inflation",
    "kaplan_meier",
    "log_rank",
    "median_test",
    "normal_quantile",
    "observed_by_chance",
    "placebo_dates",
    "placebo_groups",
    "placebo_share",
    "quantile_of",
    "rank_agreement",
    "ranked_bins",
    "rate_difference",
    "rate_ratio",
    "reached_ratio",
    "robust_slope",
    "season",
    "share_come",
    "standardised",
    "still_to_come",
    "student_quantile",
    "summed",
    "survival_at",
    "survival_error",
    "survival_interval",
    "wilson",
]
