"""Tests of whether groups share one curve of waiting times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import TOLERANCE, Floats, chi_square_tail

__all__ = ["Comparison", "aligned", "gray", "log_rank"]

_KINDS = ("events", "competing", "censored")
_SINGULAR = 1e-10


@dataclass(frozen=True)
class Comparison:
    """A test of one curve for all groups: chi-square `statistic` with `degrees` of freedom."""

    statistic: float
    degrees: int
    p_value: float


def log_rank(groups: Sequence[pd.DataFrame]) -> Comparison:
    """Do the groups see the event at the same rate, competing events taken as censored?

    Parameters
    ----------
    groups
        For each group a table with `time` and the counts `events`, `competing` and `censored` at
        it, and where not all are watched from the beginning, `joined`.

    Returns
    -------
    Comparison
        Missing statistic and no degrees of freedom where fewer than two groups can be compared.

    Raises
    ------
    CallError
        There are no groups.

    Notes
    -----
    Mantel (1966), Cancer Chemother. Rep. 50, 163-170, with the hypergeometric variance.
    """
    n, d, _ = aligned(groups)
    total, events = n.sum(axis=0), d.sum(axis=0)
    used = (events > 0) & (total > 0)
    n, d, total, events = n[:, used], d[:, used], total[used], events[used]
    share = n / total
    score = (d - share * events).sum(axis=1)
    spread = events * np.where(total > 1, (total - events) / np.maximum(total - 1, 1), 0.0)
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return _chi_square(score, variance)


def gray(groups: Sequence[pd.DataFrame]) -> Comparison:
    """Do the groups have the same cumulative incidence of the event, others competing with it?

    Parameters
    ----------
    groups
        As for `log_rank`.

    Returns
    -------
    Comparison
        Missing statistic and no degrees of freedom where fewer than two groups can be compared.

    Raises
    ------
    CallError
        There are no groups.

    Notes
    -----
    Gray (1988), Ann. Statist. 16, 1141-1154, with weight 1 (rho = 0): the test of the package
    cmprsk for R. Ties take the hypergeometric correction.
    """
    n, d, c = aligned(groups)
    size = len(n)
    survival, incidence, pooled = np.ones(size), np.zeros(size), 0.0
    score, drift = np.zeros(size), np.zeros((size, size))
    covariance, mixed, alone = np.zeros((size, size)), np.zeros((size, size)), np.zeros(size)
    for k in np.flatnonzero((d + c).sum(axis=0) > 0):
        here = (n[:, k] > 0) & (survival > TOLERANCE)
        at_risk = np.where(here, n[:, k], 1.0)
        events, others = np.where(here, d[:, k], 0.0), np.where(here, c[:, k], 0.0)
        # Who would be at risk had nobody been censored, and how many of them without the event.
        whole = np.where(here, at_risk / np.maximum(survival, TOLERANCE), 0.0)
        waiting = whole * (1 - incidence)
        found = events.sum()
        if whole.sum() <= 0 or pooled >= 1 - TOLERANCE:
            break
        after = survival * (1 - np.where(here, (events + others) / at_risk, 0.0))
        pooled_after = pooled + found / whole.sum()
        weights = np.diag(whole) - np.outer(whole, whole) / whole.sum()
        drift += weights * found / (whole.sum() * (1 - pooled))
        score += np.where(here, events - found * waiting / max(waiting.sum(), TOLERANCE), 0.0)
        left = np.divide(1 - pooled_after, after, out=np.zeros(size), where=after > TOLERANCE)
        if found > 0:
            ties = np.ones(size)
            if found > 1:
                # Who is left of a group may stand for fewer than there are events.
                others_left = np.maximum(whole.sum() * survival - 1, TOLERANCE)
                ties = np.clip(1 - (found - 1) / others_left, 0.0, 1.0)
            rate = np.where(here, ties * survival * found / (whole.sum() * at_risk), 0.0)
            alone, mixed, covariance = _added(
                alone, mixed, covariance, weights - (1 - left) * drift, 1 - left, rate
            )
        if others.sum() > 0:
            lost = (after > TOLERANCE) & (others > 0)
            ties = np.where(others > 1, 1 - (others - 1) / np.maximum(at_risk - 1, 1), 1.0)
            rate = np.where(lost, ties * survival**2 * others / at_risk**2, 0.0)
            alone, mixed, covariance = _added(alone, mixed, covariance, left * drift, -left, rate)
        incidence = incidence + np.where(here, survival * events / at_risk, 0.0)
        survival, pooled = after, pooled_after
    covariance = covariance + (drift * alone) @ drift.T + drift @ mixed.T + mixed @ drift.T
    return _chi_square(score, covariance)


def _added(
    alone: Floats, mixed: Floats, covariance: Floats, step: Floats, sign: Floats, rate: Floats
) -> tuple[Floats, Floats, Floats]:
    """The three sums of Gray's variance after one more time: squares, products, covariances."""
    return (
        alone + sign**2 * rate,
        mixed + step * (sign * rate),
        covariance + (step * rate) @ step.T,
    )


def aligned(groups: Sequence[pd.DataFrame]) -> tuple[Floats, Floats, Floats]:
    """Groups by times: who was at risk, saw the event, saw another one."""
    if not groups:
        raise CallError("There are no groups to compare.")
    times = np.unique(np.concatenate([group["time"].to_numpy(float) for group in groups]))
    rows = []
    for group in groups:
        place = np.searchsorted(times, group["time"].to_numpy(float))
        counts = {
            kind: np.bincount(place, weights=group[kind].to_numpy(float), minlength=len(times))
            for kind in (*_KINDS, *(("joined",) if "joined" in group else ()))
        }
        total = sum((counts[kind] for kind in _KINDS), np.zeros(len(times)))
        came = np.cumsum(counts["joined"]) if "joined" in counts else total.sum()
        rows.append((came - np.cumsum(total) + total, counts["events"], counts["competing"]))
    at_risk, events, competing = (np.array(each) for each in zip(*rows, strict=True))
    return at_risk, events, competing


def _chi_square(score: Floats, variance: Floats) -> Comparison:
    """The quadratic form of all scores but one, as they sum to 0; who never was at risk is out.

    Groups that differ in fewer directions than they are, such as two that were watched only
    together, leave as many degrees of freedom as there are directions.
    """
    kept = np.flatnonzero(np.diag(variance) > TOLERANCE)[:-1]
    if not len(kept):
        return Comparison(float("nan"), 0, float("nan"))
    values, vectors = np.linalg.eigh(variance[np.ix_(kept, kept)])
    some = values > _SINGULAR * values[-1]
    along = score[kept] @ vectors[:, some]
    statistic, degrees = float((along**2 / values[some]).sum()), int(some.sum())
    return Comparison(statistic, degrees, chi_square_tail(statistic, degrees))
