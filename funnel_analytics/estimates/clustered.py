"""A logit model of rows that come in clusters: what it says, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import Estimate, Floats, counted, f_tail, student_quantile
from funnel_analytics.estimates.predicted import area_under_curve

__all__ = ["ClusteredLogit", "clustered_logit", "rank_agreement", "standardised"]

_MOST_STEPS = 50
_CONVERGED = 1e-18
_SINGULAR = 1e-9
_FARTHEST = 25.0
_CHUNK = 2**15


@dataclass(frozen=True)
class ClusteredLogit:
    """A fitted model; `coefficients` of columns that others determine are missing.

    `covariance` holds zeros for those. `is_separated`: the columns foretell some successes or
    failures for sure, so that the most likely coefficients are infinite.
    """

    coefficients: Floats = field(repr=False)
    covariance: Floats = field(repr=False)
    trials: float
    clusters: int
    log_likelihood: float
    null_log_likelihood: float
    is_separated: bool

    @property
    def parameters(self) -> int:
        """How many coefficients the rows tell apart."""
        return int(np.isfinite(self.coefficients).sum())

    @property
    def degrees(self) -> int:
        """Degrees of freedom of the covariance: one less than there are clusters."""
        return self.clusters - 1

    @property
    def pseudo_r2(self) -> float:
        """McFadden's: by which share the model raises the log likelihood of a common rate."""
        if not self.null_log_likelihood:
            return float("nan")
        return 1 - self.log_likelihood / self.null_log_likelihood

    def estimate(self, weights: ArrayLike, *, confidence: float = 0.95) -> Estimate:
        """The sum of the coefficients by their weights, and its interval."""
        given = np.asarray(weights, dtype=float)
        used = given != 0
        value = float(given[used] @ self.coefficients[used])
        error = float(np.sqrt(given @ self.covariance @ given))
        return self.interval(value, error, confidence=confidence)

    def interval(self, value: float, error: float, *, confidence: float = 0.95) -> Estimate:
        """Student's interval about a value with this standard error."""
        half = student_quantile(confidence, self.degrees) * error
        return Estimate(value, value - half, value + half)

    def joint_test(self, columns: Sequence[int]) -> tuple[float, int, float]:
        """Are the coefficients of some columns all zero? The Wald statistic.

        Returns
        -------
        tuple
            F, its degrees of freedom (the other ones are `degrees`), and how probable one at least
            as large is if they are; F and that are missing where there is none to test.
        """
        tested = [each for each in columns if np.isfinite(self.coefficients[each])]
        if not tested or self.degrees < 1:
            return float("nan"), 0, float("nan")
        place = np.ix_(tested, tested)
        beta = self.coefficients[tested]
        inverse, rank = _generalised_inverse(
            self.covariance[place], scale=np.diag(self.covariance)[tested]
        )
        statistic = float(beta @ inverse @ beta) / max(rank, 1)
        return statistic, rank, f_tail(statistic, rank, self.degrees)


def clustered_logit(
    design: Floats, successes: ArrayLike, trials: ArrayLike, clusters: ArrayLike
) -> ClusteredLogit:
    """How do the log odds of a success depend on the columns?

    Parameters
    ----------
    design
        One row per group of alike trials, one column per coefficient, the intercept first.
    successes, trials
        Counts per row.
    clusters
        Of each row, a number: trials of one may depend on each other in any way.

    Raises
    ------
    CallError
        A count is negative, or there are more successes than trials.

    Notes
    -----
    Newton's method: McCullagh & Nelder (1989), Generalized Linear Models, 4.4. The covariance is
    that of Liang & Zeger (1986), Biometrika 73, 13-22, times G / (G - 1) * (n - 1) / (n - k) for G
    clusters, n trials and k coefficients: Cameron & Miller (2015), J. Human Resources 50, 317-372,
    II.B. It is the same for counts per row as for a row per trial.
    """
    hits, tried = counted(successes, "successes"), counted(trials, "trials")
    if np.any(hits > tried):
        raise CallError("There are more successes than trials.")
    names, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    total, won = float(tried.sum()), float(hits.sum())
    kept = _told_apart(design, tried)
    beta = np.zeros(int(kept.sum()))
    columns = np.flatnonzero(kept)
    if 0 < won < total:
        beta[0] = np.log(won / (total - won))
    for _ in range(_MOST_STEPS):
        score, information = _score(design, columns, hits, tried, beta)
        inverse, rank = _generalised_inverse(information, scale=np.diag(information))
        step = inverse @ score
        beta = beta + step * min(1.0, 4.0 / max(np.abs(step).max(), 1e-300))
        if rank < len(beta) or score @ step < _CONVERGED * max(total, 1.0):
            break
    farthest = 0.0
    likelihood = 0.0
    by_cluster = np.zeros((len(names), len(beta)))
    for rows, chosen, fitted in _fitted(design, columns, beta):
        farthest = max(farthest, float(np.abs(fitted).max(initial=0.0)))
        likelihood += float(hits[rows] @ fitted - tried[rows] @ np.logaddexp(0, fitted))
        residuals = hits[rows] - tried[rows] / (1 + np.exp(-fitted))
        np.add.at(by_cluster, cluster[rows], chosen * residuals[:, None])
    score, information = _score(design, columns, hits, tried, beta)
    inverse, rank = _generalised_inverse(information, scale=np.diag(information))
    groups, count = len(names), len(beta)
    factor = np.nan
    if groups > 1 and total > count:
        factor = groups / (groups - 1) * (total - 1) / (total - count)
    covariance = np.zeros((design.shape[1], design.shape[1]))
    covariance[np.ix_(columns, columns)] = inverse @ (by_cluster.T @ by_cluster) @ inverse * factor
    coefficients = np.full(design.shape[1], np.nan)
    coefficients[columns] = beta
    return ClusteredLogit(
        coefficients,
        covariance,
        total,
        groups,
        likelihood,
        _null_likelihood(won, total),
        is_separated=rank < count or farthest > _FARTHEST,
    )


def standardised(
    model: ClusteredLogit, design: Floats, trials: ArrayLike, columns: Sequence[int]
) -> tuple[Floats, Floats]:
    """Which rate would all trials have, if all were of one group, and then of the next?

    Parameters
    ----------
    columns
        Where the groups stand in the design, one column each but for the first group, which has
        none.

    Returns
    -------
    rates, covariance
        Of every group, the one without a column first.

    Notes
    -----
    Marginal standardisation with the delta method: Muller & MacLehose (2014), Int. J. Epidemiol.
    43, 962-970. The trials themselves are taken as given.
    """
    tried = counted(trials, "trials")
    beta = np.nan_to_num(model.coefficients)
    others = np.ones(design.shape[1], dtype=bool)
    others[list(columns)] = False
    others &= np.isfinite(model.coefficients)
    kept = np.flatnonzero(others)
    rates = np.zeros(len(columns) + 1)
    slopes = np.zeros((len(columns) + 1, design.shape[1]))
    own = [0.0, *beta[list(columns)]]
    for rows, chosen, fitted in _fitted(design, kept, beta[kept]):
        for number, effect in enumerate(own):
            expected = 1 / (1 + np.exp(-(fitted + effect)))
            rates[number] += tried[rows] @ expected
            weights = tried[rows] * expected * (1 - expected)
            slopes[number, kept] += weights @ chosen
            if number:
                slopes[number, columns[number - 1]] += weights.sum()
    rates, slopes = rates / tried.sum(), slopes / tried.sum()
    return rates, slopes @ model.covariance @ slopes.T


def rank_agreement(design: Floats, model: ClusteredLogit, hits: Floats, tried: Floats) -> float:
    """How probably has a success a higher fitted rate than a failure? A tie counts half.

    Rates that differ by rounding alone are a tie.
    """
    kept = np.flatnonzero(np.isfinite(model.coefficients))
    parts = [fitted for _, _, fitted in _fitted(design, kept, model.coefficients[kept])]
    return area_under_curve(np.round(np.concatenate(parts), 10), hits, tried - hits).value


def _fitted(
    design: Floats, columns: NDArray[np.intp], beta: Floats
) -> Iterator[tuple[slice, Floats, Floats]]:
    """Some rows at a time, their chosen columns and their log odds."""
    for start in range(0, len(design), _CHUNK):
        rows = slice(start, start + _CHUNK)
        chosen = design[rows][:, columns]
        yield rows, chosen, chosen @ beta


def _score(
    design: Floats, columns: NDArray[np.intp], hits: Floats, tried: Floats, beta: Floats
) -> tuple[Floats, Floats]:
    score, information = np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
    for rows, chosen, fitted in _fitted(design, columns, beta):
        expected = 1 / (1 + np.exp(-np.clip(fitted, -500, 500)))
        score += chosen.T @ (hits[rows] - tried[rows] * expected)
        weights = tried[rows] * expected * (1 - expected)
        information += (chosen * weights[:, None]).T @ chosen
    return score, information


def _told_apart(design: Floats, tried: Floats) -> NDArray[np.bool_]:
    """Which columns are no sum of columns before them?"""
    gram = np.zeros((design.shape[1], design.shape[1]))
    for start in range(0, len(design), _CHUNK):
        rows = slice(start, start + _CHUNK)
        gram += (design[rows] * tried[rows, None]).T @ design[rows]
    kept = np.zeros(len(gram), dtype=bool)
    scale = np.diag(gram).copy()
    for each in range(len(gram)):
        if gram[each, each] <= _SINGULAR * scale[each]:
            continue
        kept[each] = True
        gram -= np.outer(gram[:, each], gram[each]) / gram[each, each]
    return kept


def _generalised_inverse(matrix: Floats, *, scale: Floats) -> tuple[Floats, int]:
    """The inverse, or that of the part of full rank with zeros elsewhere; and the rank."""
    size = np.sqrt(np.where(scale > 0, scale, 1.0))
    values, vectors = np.linalg.eigh(matrix / np.outer(size, size))
    told = values > _SINGULAR * max(float(values.max(initial=0.0)), 1e-300)
    inverse = (vectors[:, told] / values[told]) @ vectors[:, told].T
    return inverse / np.outer(size, size), int(told.sum())


def _null_likelihood(won: float, total: float) -> float:
    lost = total - won
    return sum(count * float(np.log(count / total)) for count in (won, lost) if count)
