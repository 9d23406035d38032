"""How many leads were missing while something was off: against other groups, or other weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from funnel_analytics.estimates.inputs import Estimate, Floats
from funnel_analytics.estimates.series import TWO_YEARS, SeriesFit, fit_series, season

__all__ = [
    "Switched",
    "against_groups",
    "against_weeks",
    "placebo_dates",
    "placebo_groups",
    "placebo_share",
    "since_off",
]

_MOST_PLACEBOS = 200


@dataclass(frozen=True, eq=False)
class Switched:
    """What was counted while something was off, against what was expected had it stayed on.

    `log_ratio` is the logarithm of counted over expected, of all weeks that were off, `total` what
    was expected in them and `missing` how many more that is than were counted. `expected` with its
    ends (missing where nothing was off and other groups tell) is per week. `terms` name the
    coefficients of `fit`.
    """

    log_ratio: Estimate
    p_value: float
    counted: float
    total: Estimate
    missing: Estimate
    expected: Floats = field(repr=False)
    expected_low: Floats = field(repr=False)
    expected_high: Floats = field(repr=False)
    terms: tuple[str, ...]
    fit: SeriesFit = field(repr=False)
    before_p_value: float = float("nan")


def _less(total: Estimate, counted: Estimate, correlation: float) -> Estimate:
    """What was expected less what was counted, from both and their intervals.

    Zou & Donner (2008), Stat. Med. 27, 1693-1702: it keeps that the two lie unevenly about theirs.
    """

    def apart(one: float, other: float) -> float:
        return float(np.sqrt(max(one**2 + other**2 - 2 * correlation * one * other, 0.0)))

    value = total.value - counted.value
    low = apart(total.value - total.low, counted.high - counted.value)
    high = apart(total.high - total.value, counted.value - counted.low)
    return Estimate(value, value - low, value + high)


def _about(value: float, half: float) -> Estimate:
    """An interval that is even in logarithms."""
    return Estimate(value, value * float(np.exp(-half)), value * float(np.exp(half)))


def since_off(off: Floats) -> Floats:
    """Per week that is off, for how long it has been, from -1/2 to 1/2 of each span."""
    since = np.zeros(len(off))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (off > 0).astype(int), [0]])))
    for first, after in edges.reshape(-1, 2):
        since[first:after] = (np.arange(after - first) + 0.5) / (after - first) - 0.5
    return since * off


def against_weeks(counts: ArrayLike, off: ArrayLike, controls: ArrayLike | None = None) -> Switched:
    """How many were missing in the weeks that were off, against what the other weeks foretell?

    Parameters
    ----------
    counts
        Per week, in order and without a gap.
    off
        The share of each week that was off.
    controls
        Further columns, such as working days.

    Notes
    -----
    Interrupted time series: log counts are level, trend, season (two yearly waves where there are
    two years of weeks), and from the first week off on another level and slope. Bernal, Cummins &
    Gasparrini (2017), Int. J. Epidemiol. 46, 348-355.
    """
    leads, share = np.asarray(counts, dtype=float), np.asarray(off, dtype=float)
    weeks = len(leads)
    number = np.arange(weeks)
    columns = [np.ones(weeks), (number - number.mean()) / 52]
    names = ["level", "trend"]
    if weeks >= TWO_YEARS:
        waves = season(number)
        columns += list(waves.T)
        names += ["sine_1", "sine_2", "cosine_1", "cosine_2"]
    if controls is not None:
        extra = np.asarray(controls, dtype=float).reshape(weeks, -1)
        columns += list(extra.T)
        names += ["control"] * extra.shape[1]
    kept = len(columns)
    design = np.column_stack([*columns, share, since_off(share)])
    fit = fit_series(design, leads)
    on = design.copy()
    on[:, kept:] = 0
    without = np.exp(on @ fit.coefficients)
    is_off = share > 0
    counted, expected = float(fit.fitted[is_off].sum()), float(without[is_off].sum())
    of_counted = fit.fitted[is_off] @ design[is_off] / counted
    of_expected = without[is_off] @ on[is_off] / expected
    gradient, value = of_counted - of_expected, float(np.log(counted / expected))
    errors = [fit.error(each) for each in (of_expected, of_counted)]
    shared = float(of_counted @ fit.covariance @ of_expected) / (errors[0] * errors[1])
    total, seen = (
        _about(each, fit.quantile * error)
        for each, error in zip((expected, counted), errors, strict=True)
    )
    half = fit.quantile * np.sqrt(np.einsum("ij,jk,ik->i", on, fit.covariance, on))
    return Switched(
        fit.estimate(gradient, value),
        fit.p_value(gradient, value),
        counted,
        total,
        _less(total, seen, shared),
        without,
        without * np.exp(-half),
        without * np.exp(half),
        (*names, "off", "off_slope"),
        fit,
    )


def against_groups(counts: ArrayLike, others: ArrayLike, off: ArrayLike) -> Switched:
    """How many were missing in the groups that were off, against those that never were?

    Parameters
    ----------
    counts, others
        Per week, of the groups that were off, and of the others.
    off
        The share of each week that was off.

    Returns
    -------
    Switched
        `before_p_value`: how probable it is that the two had drifted apart so far before anything
        was off, had they been parallel.

    Notes
    -----
    Difference-in-differences of logarithms: a Poisson model with an effect of each group, one of
    each week and one of being off. Given the sums of the weeks that is a logit model of the share
    of the groups that were off (Palmgren 1981, Biometrika 68, 563-566), and what being off does
    needs no more than the two sums of groups; of whole weeks, it is the ratio of ratios. Errors
    come from how that share wavers from week to week: with few groups errors clustered by group
    are far too small (Cameron, Gelbach & Miller 2008, Rev. Econ. Stat. 90, 414-427), and those of
    long series that ignore autocorrelation as well (Bertrand, Duflo & Mullainathan 2004, Q. J.
    Econ. 119, 249-275).
    """
    leads, rest, share = (np.asarray(each, dtype=float) for each in (counts, others, off))
    design = np.column_stack([np.ones(len(leads)), share])
    fit = fit_series(design, leads, leads + rest)
    slope = fit.estimate([0.0, 1.0], float(fit.coefficients[1]))
    is_off = share > 0
    counted = float(fit.fitted[is_off].sum())

    def expected(effect: float) -> Floats:
        return np.asarray(fit.fitted * np.exp(-effect * share))

    def ratio(effect: float) -> float:
        return float(np.log(counted / expected(effect)[is_off].sum()))

    low, high = (np.where(is_off, expected(each), np.nan) for each in (slope.high, slope.low))
    # The logarithm of the ratio of ratios has the variance of four sums; one is what was counted.
    cells = [each @ part for each in (leads, rest) for part in (share, 1 - share)]
    half = (slope.high - slope.low) / 2
    own = 1 / cells[0] / sum(1 / each for each in cells)
    total = _about(float(expected(slope.value)[is_off].sum()), half * float(np.sqrt(1 - own)))
    return Switched(
        Estimate(ratio(slope.value), ratio(slope.low), ratio(slope.high)),
        fit.p_value([0.0, 1.0], slope.value),
        counted,
        total,
        _less(total, _about(counted, half * float(np.sqrt(own))), 0.0),
        expected(slope.value),
        low,
        high,
        ("level", "off"),
        fit,
        _drift(leads, rest, int(np.argmax(is_off))),
    )


def _drift(leads: Floats, rest: Floats, before: int) -> float:
    """How probable is such a slope of the share before, if there is none?"""
    columns = np.column_stack([np.ones(before), np.arange(before) / 52])
    fit = fit_series(columns, leads[:before], (leads + rest)[:before])
    return fit.p_value([0.0, 1.0], float(fit.coefficients[1]))


def placebo_dates(
    counts: ArrayLike,
    off: ArrayLike,
    *,
    others: ArrayLike | None = None,
    controls: ArrayLike | None = None,
) -> list[tuple[int, float]]:
    """What would be found, had the span been off at earlier dates, when nothing was?

    Returns
    -------
    list of tuple
        The number of weeks by which the span is moved back, and the log ratio found there. Only
        weeks up to the first that was off are used; before each span lie at least as many weeks as
        it has.
    """
    leads, share = np.asarray(counts, dtype=float), np.asarray(off, dtype=float)
    first = int(np.argmax(share > 0))
    span = share[first:]
    span = span[: int(np.argmax(span == 0)) or len(span)]
    found = []
    for start in range(len(span), first - len(span) + 1):
        moved = np.zeros(first)
        moved[start : start + len(span)] = span
        if not leads[:first][moved > 0].sum():
            continue
        if others is None:
            extra = None if controls is None else np.asarray(controls, dtype=float)[:first]
            value = against_weeks(leads[:first], moved, extra).log_ratio.value
        else:
            rest = np.asarray(others, dtype=float)[:first]
            value = _log_odds_ratio(leads[:first], rest, moved)
        found.append((first - start, value))
    return found


def placebo_groups(
    counts: Floats, off: ArrayLike, treated: Sequence[int], *, seed: int = 0
) -> list[tuple[tuple[int, ...], float]]:
    """What would be found, had other groups been off?

    Parameters
    ----------
    counts
        One row per group, one column per week.
    treated
        The rows that were off. All other choices of as many rows are tried, at most 200 by chance.
    """
    share = np.asarray(off, dtype=float)
    groups, size = len(counts), len(treated)
    if comb(groups, size) <= _MOST_PLACEBOS:
        choices = list(combinations(range(groups), size))
    else:
        draws = np.random.default_rng(seed)
        choices = [
            tuple(sorted(draws.choice(groups, size, replace=False).tolist()))
            for _ in range(_MOST_PLACEBOS)
        ]
    total = counts.sum(axis=0)
    found = []
    for choice in dict.fromkeys(choices):
        if set(choice) == set(treated):
            continue
        chosen = counts[list(choice)].sum(axis=0)
        value = _log_odds_ratio(chosen, total - chosen, share)
        if np.isfinite(value):
            found.append((choice, value))
    return found


def _log_odds_ratio(leads: Floats, rest: Floats, share: Floats) -> float:
    """The ratio of ratios of weeks off and on, weeks that were partly off counting in part."""
    sums = [leads @ share, rest @ share, leads @ (1 - share), rest @ (1 - share)]
    if min(sums) <= 0:
        return float("nan")
    return float(np.log(sums[0] / sums[1] / (sums[2] / sums[3])))


def placebo_share(value: float, placebos: Sequence[float]) -> float:
    """Which share of placebos, and the value itself, is at least as far from 0 as the value?

    Missing with fewer than 19 placebos, which cannot show 5 %.
    """
    if len(placebos) < 19:
        return float("nan")
    as_far = sum(abs(each) >= abs(value) * (1 - 1e-12) for each in placebos)
    return (1 + as_far) / (1 + len(placebos))
