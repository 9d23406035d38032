"""Models of counts in consecutive weeks, whose errors may resemble those of the week before."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import Estimate, Floats, counted, f_tail, student_quantile

__all__ = ["TWO_YEARS", "SeriesFit", "fit_series", "season"]

_AUTOCORRELATIONS = np.linspace(0.0, 0.95, 96)
_YEAR = 365.25 / 7

TWO_YEARS = 102
"""From so many weeks on a season can be told: two years, less the weeks cut off at the ends."""


@dataclass(frozen=True, eq=False)
class SeriesFit:
    """A fitted log-linear model of counts per week, or logit model of their shares.

    `covariance` is that of the `coefficients` where errors have variance `dispersion` times that of
    the counts and the correlation `autocorrelation` to the power of the weeks between them.
    `hac_errors` are the standard errors by Newey and West, for comparison.
    """

    coefficients: Floats = field(repr=False)
    covariance: Floats = field(repr=False)
    fitted: Floats = field(repr=False)
    dispersion: float
    autocorrelation: float
    degrees: float
    hac_errors: Floats = field(repr=False)

    @cached_property
    def quantile(self) -> float:
        """Student's, that a 95 % interval reaches out to, in standard errors."""
        return student_quantile(0.95, max(1, int(self.degrees)))

    def interval(self, value: float, error: float) -> Estimate:
        """The 95 % interval about a value with this standard error."""
        half = self.quantile * error
        return Estimate(value, value - half, value + half)

    def estimate(self, gradient: ArrayLike, value: float) -> Estimate:
        """The interval of a value that changes with the coefficients by its gradient."""
        return self.interval(value, self.error(gradient))

    def error(self, gradient: ArrayLike) -> float:
        """The standard error of a value that changes with the coefficients by its gradient."""
        slope = np.asarray(gradient, dtype=float)
        return float(np.sqrt(slope @ self.covariance @ slope))

    def p_value(self, gradient: ArrayLike, value: float) -> float:
        """How probable is a value at least as far from 0, if it is 0?"""
        error = self.error(gradient)
        statistic = (value / error) ** 2 if error else float("inf")
        return f_tail(statistic, 1, max(1, int(self.degrees)))


def season(weeks: ArrayLike, *, pairs: int = 2) -> Floats:
    """Yearly waves by the number of the week, two columns a pair: sine and cosine."""
    turns = 2 * np.pi * np.asarray(weeks, dtype=float)[:, None] / _YEAR
    waves = turns * np.arange(1, pairs + 1)
    return np.hstack([np.sin(waves), np.cos(waves)])


def fit_series(design: Floats, hits: ArrayLike, trials: ArrayLike | None = None) -> SeriesFit:
    """How do counts per week depend on the columns?

    Parameters
    ----------
    design
        One row per week, in order and without a gap, one column per coefficient.
    hits
        A count per week.
    trials
        Of how many; then their share is modelled (logit), else the counts themselves (logarithm).

    Raises
    ------
    CallError
        A count is negative, or there are no more weeks than coefficients.

    Notes
    -----
    Coefficients by quasi-likelihood through statsmodels' GLM. The sandwich of Newey & West (1987),
    Econometrica 55, 703-708, is far too narrow where a column is not zero in a few weeks only: it
    judges their noise by the few residuals that the column itself made small. So the noise is
    taken as alike in all weeks: Pearson residuals with one dispersion (at least 1) and one
    autocorrelation (at least 0) with the week before. Both are moments of the residuals, corrected
    for what fitting takes away: with M = I - Z(Z'Z)^-1 Z' for the weighted columns Z and R the
    correlations, E[e'e] = d tr(MR) and E[e'Ae] = d tr(MAMR), A joining neighbouring weeks. The
    degrees of freedom are Satterthwaite's, tr(MR)^2 / tr(MRMR).
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    counts = counted(hits, "leads")
    weeks, columns = design.shape
    if weeks <= columns:
        raise CallError(f"{columns} coefficients need more than {weeks} weeks.")
    if trials is None:
        model = sm.GLM(counts, design, family=sm.families.Poisson())
    else:
        of = counted(trials, "leads")
        pair = np.column_stack([counts, of - counts])
        model = sm.GLM(pair, design, family=sm.families.Binomial())
    lags = int(4 * (weeks / 100) ** (2 / 9))
    with warnings.catch_warnings():
        # The columns may foretell all counts.
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        found: Any = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    beta = np.asarray(found.params, dtype=float)
    if trials is None:
        fitted = np.exp(design @ beta)
        weights = fitted
    else:
        share = 1 / (1 + np.exp(-(design @ beta)))
        fitted, weights = of * share, of * share * (1 - share)
    size = np.sqrt(np.maximum(weights, 1e-12))
    weighted = design * size[:, None]
    residuals = (counts - fitted) / size
    bread = np.linalg.pinv(weighted.T @ weighted)
    dispersion, correlation, degrees = _noise(weighted, bread, residuals)
    meat = weighted.T @ _powers(correlation, weeks) @ weighted * dispersion
    return SeriesFit(
        beta,
        bread @ meat @ bread,
        fitted,
        dispersion,
        correlation,
        degrees,
        np.asarray(found.bse, dtype=float),
    )


def _powers(correlation: float, weeks: int) -> Floats:
    apart = np.abs(np.subtract.outer(np.arange(weeks), np.arange(weeks)))
    return np.power(float(correlation), apart)


def _noise(weighted: Floats, bread: Floats, residuals: Floats) -> tuple[float, float, float]:
    """Dispersion, autocorrelation and degrees of freedom that the residuals speak for."""
    weeks = len(residuals)
    maker = np.eye(weeks) - weighted @ bread @ weighted.T
    joined = (np.eye(weeks, k=1) + np.eye(weeks, k=-1)) / 2
    near = maker @ joined @ maker
    lags = np.arange(weeks)
    own = np.array([np.trace(maker, lag) * (1 if lag == 0 else 2) for lag in lags])
    next_to = np.array([np.trace(near, lag) * (1 if lag == 0 else 2) for lag in lags])
    powers = _AUTOCORRELATIONS[:, None] ** lags
    expected = (powers @ next_to) / (powers @ own)
    squares = float(residuals @ residuals)
    is_exact = squares < 1e-12 * weeks
    seen = 0.0 if is_exact else float(residuals @ joined @ residuals) / squares
    correlation = 0.0 if is_exact else float(_AUTOCORRELATIONS[np.argmin(np.abs(expected - seen))])
    mixed = maker @ _powers(correlation, weeks)
    free = float(np.trace(mixed))
    dispersion = max(squares / free, 1.0)
    return dispersion, correlation, free**2 / float(np.sum(mixed * mixed.T))
