"""The chance of conversion from how often each key is in a journey."""

from __future__ import annotations

import numpy as np

from funnel_analytics.credit.journeys import Floats, Journeys

__all__ = ["logistic"]

_MOST_STEPS = 30
_MOST_HALVINGS = 40
_CONVERGED = 1e-10
_CHUNK = 2**15


def logistic(paths: Journeys, conversions: Floats, nulls: Floats) -> Floats:
    """(paths,) The chance of conversion by a logistic regression on the touches of each key.

    Parameters
    ----------
    conversions, nulls
        How often each path ended so where the model is fitted.

    Notes
    -----
    Newton's method: McCullagh & Nelder (1989), Generalized Linear Models, 4.4; a step is halved as
    long as it makes the outcomes less likely. Coefficients of keys have a normal prior of variance
    1 around 0, so that there is a finite solution also where a key tells conversions apart for
    sure.
    """
    size = len(paths.keys) + 1
    total, won = float((conversions + nulls).sum()), float(conversions.sum())
    if not 0 < won < total:
        return np.full(len(paths), won / total if total else 0.5)
    prior = np.diag(np.concatenate([[0.0], np.ones(size - 1)]))
    beta = np.zeros(size)
    beta[0] = np.log(won / (total - won))
    reached = _likelihood(paths, conversions, nulls, beta)
    for _ in range(_MOST_STEPS):
        score, information = -prior @ beta, prior.copy()
        for first in range(0, len(paths), _CHUNK):
            rows = slice(first, first + _CHUNK)
            counts = _counts(paths, first)
            fitted = _chance(counts @ beta)
            tried = conversions[rows] + nulls[rows]
            score += counts.T @ (conversions[rows] - tried * fitted)
            information += (counts * (tried * fitted * (1 - fitted))[:, None]).T @ counts
        step = np.linalg.solve(information, score)
        if score @ step < _CONVERGED:
            break
        for _ in range(_MOST_HALVINGS):
            likelihood = _likelihood(paths, conversions, nulls, beta + step)
            if likelihood >= reached:
                break
            step /= 2
        beta, reached = beta + step, likelihood
    parts = [_chance(_counts(paths, first) @ beta) for first in range(0, len(paths), _CHUNK)]
    return np.concatenate(parts)


def _likelihood(paths: Journeys, conversions: Floats, nulls: Floats, beta: Floats) -> float:
    """The log-likelihood of the outcomes and of the prior."""
    total = -0.5 * float(beta[1:] @ beta[1:])
    for first in range(0, len(paths), _CHUNK):
        rows = slice(first, first + _CHUNK)
        odds = _counts(paths, first) @ beta
        total -= float(conversions[rows] @ np.logaddexp(0.0, -odds))
        total -= float(nulls[rows] @ np.logaddexp(0.0, odds))
    return total


def _counts(paths: Journeys, first: int) -> Floats:
    """(some paths, keys + 1) One, then the touches of each key, of the paths from `first` on."""
    last = min(first + _CHUNK, len(paths))
    size = len(paths.keys) + 1
    rows = np.repeat(np.arange(last - first), paths.lengths[first:last])
    codes = paths.codes[paths.starts[first] : paths.starts[last]].astype(np.int64) + 1
    counts = np.bincount(rows * size + codes, minlength=(last - first) * size).astype(float)
    table = counts.reshape(last - first, size)
    table[:, 0] = 1.0
    return table


def _chance(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(log_odds, -500, 500)))
