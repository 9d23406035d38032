"""Draws how many leads a revenue needs: step rates, lags and deal values with what is unsure.

Everything here is numpy on counts by whole days. Days are counted from the last day that the
data hold: day 1 is the first day of which nothing is known yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.estimates import beta_posterior, cumulative_incidence

__all__ = [
    "Counts",
    "Plan",
    "Step",
    "Values",
    "Window",
    "chance_after",
    "chance_to_move",
    "convolved",
    "in_time",
    "leads_until",
    "simulate",
    "step_of",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_BLOCKS = 256  # weights per draw; up to so many deals have one each
_CHUNK = 64  # wins drawn at a time
_SINGLE_WINS = 1000  # above, wins are drawn in bundles of which only mean and variance count
_BUNDLES = 250
_WEEK = 7


@dataclass(frozen=True)
class Window:
    """The days of a period that lie ahead: `first` is in it, `end` is not; both at least 1."""

    first: int
    end: int


@dataclass(frozen=True, eq=False)
class Counts:
    """What became of the leads that reached a stage, counted by whole days since they did.

    `moved` on to the next stage, `closed` without it, still `open` on the last day; `reached`
    counts all of them by their age on the last day. All four are equally long.
    """

    reached: Floats
    moved: Floats
    closed: Floats
    open: Floats


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the funnel as measured.

    `moved` of `leads` made it so far; `trials` are the leads that had the time to (each counts by
    the share of lags that are as short as its age). `lag` is the share of moves after each number
    of days, summing to 1; `closed_by`, equally long, the share of those that never move whose
    closure is known by then.
    """

    moved: int
    leads: int
    trials: float
    lag: Floats
    closed_by: Floats


def step_of(counts: Counts) -> Step:
    """How many move on, after how many days, when some are still on their way?

    Notes
    -----
    Lags and closures are Aalen-Johansen incidences of two competing events, moved and closed;
    leads open on the last day are censored at their age. `lag` is the incidence of moving,
    divided by its last value.
    """
    days = np.arange(len(counts.reached))
    curve = cumulative_incidence(days, counts.moved, counts.closed, counts.open)
    row = np.searchsorted(curve["time"].to_numpy(), days, side="right")
    moved = np.concatenate([[0.0], curve["incidence"].to_numpy()])[row]
    closed = np.concatenate([[0.0], curve["competing_incidence"].to_numpy()])[row]
    ever = moved[-1] if len(moved) else 0.0
    by_age = moved / ever if ever > 0 else np.ones_like(moved)
    closed_by = closed / (1 - ever) if ever < 1 else np.zeros_like(closed)
    return Step(
        moved=int(counts.moved.sum()),
        leads=int(counts.reached.sum()),
        trials=float(counts.reached @ by_age),
        lag=np.diff(by_age, prepend=0.0) if ever > 0 else np.zeros_like(moved),
        closed_by=np.minimum(closed_by, 1.0),
    )


def convolved(lags: Sequence[Floats]) -> Floats:
    """How long do steps take together that are each as long as measured, whatever the others?

    >>> convolved([np.array([0.5, 0.5]), np.array([0.0, 1.0])])
    array([0. , 0.5, 0.5])
    """
    total = np.ones(1)
    for lag in lags:
        total = np.convolve(total, lag)
    return total


def in_time(lag: Floats, starts: ArrayLike, window: Window) -> Floats:
    """Which share of the lags that begin on each of these days ends inside the window?

    >>> in_time(np.array([0.0, 0.5, 0.5]), [0, 1, 2, 3], Window(2, 4))
    array([0.5, 1. , 0.5, 0. ])
    """
    days = np.asarray(starts, dtype=np.int64)
    by_day = np.concatenate([[0.0], np.cumsum(lag)])

    def ended_before(day: int) -> Floats:
        return by_day[np.clip(day - days, 0, len(lag))]

    return ended_before(window.end) - ended_before(window.first)


def chance_after(step: Step, rest: Floats, window: Window) -> Floats:
    """Which share of the leads that move after a known age wins inside the window, once all the
    later steps are taken too?

    Returns
    -------
    array
        One share per age in days since the stage was reached; 0 where no move takes that long.
    """
    size = len(step.lag)
    finishing = in_time(rest, np.arange(size + 1), window)  # by days from the last day to the move
    still = np.cumsum(step.lag[::-1])[::-1]
    shares = np.zeros(size)
    for age in range(size - 1):
        if still[age + 1] > 0:
            ahead = step.lag[age + 1 :]
            shares[age] = ahead @ finishing[1 : len(ahead) + 1] / still[age + 1]
    return shares


def chance_to_move(step: Step, ages: NDArray[np.int64], rates: Floats) -> Floats:
    """How likely does a lead still move on that is known to be open at its age?

    A lead that moves at all is still there at age a with 1 - F(a), one that never moves is still
    open with 1 - G(a) (F: lags of moves, G: closures); Bayes' rule does the rest.

    Returns
    -------
    array
        One row per age, one column per rate.
    """
    to_move = 1 - np.cumsum(step.lag)[ages][:, None]
    to_stay = 1 - step.closed_by[ages][:, None]
    moving = rates * np.maximum(to_move, 0.0)
    either = moving + (1 - rates) * to_stay
    return np.divide(moving, either, out=np.zeros_like(either), where=either > 0)


class Values:
    """What the next won deals may be worth: each draw weighs the deals seen so far anew.

    Notes
    -----
    Bayesian bootstrap: Rubin (1981), Ann. Statist. 9, 130-134. With more than 256 deals, deals
    next to each other in size share a weight.
    """

    def __init__(self, values: ArrayLike, *, draws: int, rng: np.random.Generator) -> None:
        self._sorted = np.sort(np.asarray(values, dtype=float))
        blocks = np.array_split(self._sorted, min(len(self._sorted), _BLOCKS))
        sizes = np.array([len(block) for block in blocks])
        self._edges = np.concatenate([[0], np.cumsum(sizes)])
        weights = rng.standard_gamma(sizes, size=(draws, len(sizes)))
        self._weights = weights / weights.sum(axis=1, keepdims=True)
        self._block_means = np.array([block.mean() for block in blocks])
        self.means: Floats = self._weights @ self._block_means
        squares = self._weights @ np.array([(block**2).mean() for block in blocks])
        self.variances: Floats = np.maximum(squares - self.means**2, 0.0)

    def totals(self, wins: Integers, *, rng: np.random.Generator) -> Floats:
        """The value of so many wins, one number per draw."""
        return np.asarray(rng.multinomial(wins, self._weights) @ self._block_means)

    def singles(self, wins: int, *, rng: np.random.Generator) -> Floats:
        """The values of so many wins one by one; draws are rows."""
        upto = np.concatenate(
            [np.zeros((len(self._weights), 1)), np.cumsum(self._weights, axis=1)], axis=1
        )
        upto[:, -1] = 1.0
        chosen = rng.random((len(upto), wins))
        places = np.array(
            [np.interp(u, steps, self._edges) for u, steps in zip(chosen, upto, strict=True)]
        )
        return self._sorted[np.minimum(places.astype(np.int64), len(self._sorted) - 1)]

    def bundles(self, wins: int, size: int, *, rng: np.random.Generator) -> Floats:
        """The values of so many bundles of `size` wins, by mean and variance alone."""
        means, variances = size * self.means[:, None], size * self.variances[:, None]
        certain = variances <= 0
        shape = means**2 / np.where(certain, 1.0, variances)
        drawn = rng.standard_gamma(np.broadcast_to(shape, (len(means), wins)))
        return np.where(certain, means, drawn * means / shape)


def leads_until(
    missing: Floats, chances: Floats, values: Values, *, rng: np.random.Generator
) -> Floats:
    """How many leads come by until the values of those that win add up to the missing revenue?

    Parameters
    ----------
    missing, chances
        One number per draw: revenue (0 or less means none is missing) and the chance of one lead
        to win in time.

    Returns
    -------
    array
        One count per draw; infinite where the chance is 0.

    Notes
    -----
    The leads up to each win are geometric, so with one fixed value per deal the count is negative
    binomial. More missing revenue never needs fewer leads with the same seed: the same wins are
    drawn in the same order (exactly so up to a thousand wins; above, wins come in bundles).
    """
    needed = np.where(missing > 0, np.inf, 0.0)
    waiting = np.flatnonzero((missing > 0) & (chances > 0))
    if not len(waiting):
        return needed
    wins = float((missing / values.means)[waiting].max())
    size = 1 if wins <= _SINGLE_WINS else int(np.ceil(wins / _BUNDLES))
    before, leads = np.zeros_like(missing), np.zeros_like(missing)
    open_draws = np.zeros(len(missing), dtype=bool)
    open_draws[waiting] = True
    while open_draws.any():
        if size == 1:
            worth = values.singles(_CHUNK, rng=rng)
        else:
            worth = values.bundles(_CHUNK, size, rng=rng)
        gaps = _leads_per_win(chances, size, rng=rng)
        reached = before[:, None] + np.cumsum(worth, axis=1)
        passed = reached >= missing[:, None]
        done = open_draws & passed.any(axis=1)
        rows, last = np.flatnonzero(done), passed.argmax(axis=1)[done]
        counted = np.cumsum(gaps, axis=1)
        part = 1.0
        if size > 1:  # the last bundle counts by the share of it that is needed
            part = 1 - (reached[rows, last] - missing[rows]) / worth[rows, last]
        ahead = leads[rows] + counted[rows, last] - gaps[rows, last]
        needed[rows] = np.ceil(ahead + part * gaps[rows, last])
        before, leads = reached[:, -1], leads + counted[:, -1]
        open_draws &= ~done
    return needed


def _leads_per_win(chances: Floats, size: int, *, rng: np.random.Generator) -> Floats:
    """Leads up to each win (or each bundle of wins), a chunk of them per draw."""
    shape = (len(chances), _CHUNK)
    some = np.clip(chances, 1e-12, 1.0)[:, None]
    if size > 1:
        return size + rng.negative_binomial(size, np.broadcast_to(some, shape)).astype(float)
    waits = rng.standard_exponential(shape)
    with np.errstate(divide="ignore"):
        return 1 + np.floor(waits / -np.log1p(-some))


@dataclass(frozen=True, eq=False)
class Plan:
    """All draws: `leads` needed (infinite: never enough), what the open leads bring, and rates.

    `rates` and `wins` (expected, from the leads open in each stage) have one row per step and one
    column per draw; `in_hand` is the revenue simulated for those wins.
    """

    leads: Floats
    in_hand: Floats
    rates: Floats
    wins: Floats
    mean_values: Floats

    def needed(self, probability: float) -> float:
        """The fewest leads with which so large a share of the draws reaches the revenue."""
        place = max(int(np.ceil(probability * len(self.leads) - 1e-9)) - 1, 0)
        return float(np.sort(self.leads)[place])

    def probability(self, leads: ArrayLike) -> Floats:
        """The share of the draws that reach the revenue with so many new leads."""
        return np.searchsorted(np.sort(self.leads), leads, side="right") / len(self.leads)


def simulate(
    steps: Sequence[Step],
    open_leads: Sequence[Floats],
    values: ArrayLike,
    *,
    missing: float,
    window: Window,
    new_in_time: float,
    draws: int,
    seed: int,
) -> Plan:
    """How many new leads does the missing revenue need, given those that are already there?

    Parameters
    ----------
    steps, open_leads
        The steps in order, and for each the leads open in the stage before it, by days since they
        reached it.
    values
        What each lead won so far was worth.
    missing
        Revenue still needed when the data end, before the open leads bring theirs.
    new_in_time
        The share of the wins of the new leads that land inside the window.
    """
    streams = np.random.default_rng(seed).spawn(4)
    hits, trials = [step.moved for step in steps], [step.trials for step in steps]
    rates = beta_posterior(hits, trials, draws=draws, rng=streams[0]).T
    worth = Values(values, draws=draws, rng=streams[1])
    wins = np.zeros((len(steps), draws))
    won = np.zeros(draws, dtype=np.int64)
    for k, step in enumerate(steps):
        later = np.prod(rates[k + 1 :], axis=0)
        rest = convolved([each.lag for each in steps[k + 1 :]])
        ages = np.flatnonzero(open_leads[k][: len(step.lag)])
        arriving = chance_after(step, rest, window)[ages]
        ages, arriving = ages[arriving > 0], arriving[arriving > 0]
        for week in np.unique(ages // _WEEK):
            of_week = ages // _WEEK == week
            there = open_leads[k][ages[of_week]]
            each = chance_to_move(step, ages[of_week], rates[k]) * arriving[of_week][:, None]
            chances = np.minimum(there @ each * later / there.sum(), 1.0)
            wins[k] += there.sum() * chances
            won += streams[2].binomial(int(there.sum()), chances)
    in_hand = worth.totals(won, rng=streams[2])
    leads = leads_until(missing - in_hand, rates.prod(axis=0) * new_in_time, worth, rng=streams[3])
    return Plan(leads, in_hand, rates, wins, worth.means)
