"""Leads per week and spend whose effect lasts and levels off: how many leads go with the spend?"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnel_analytics.errors import CallError
from funnel_analytics.estimates.inputs import Floats

__all__ = ["DECAYS", "POWERS", "SpendFit", "adstocked", "fit_spend", "inflation"]

DECAYS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""How much of a week's effect is left in the next week."""

POWERS = (0.25, 0.5, 0.75, 1.0)
"""Spend counts by this power: 1 is in proportion, less levels off."""

_SHAPES = tuple(product(DECAYS, POWERS))
_FOLDS = 5
_FIRST_SHARE = 0.6
_MOST_SWEEPS = 4
_RIDGE = 1e-11  # for channels without spend in the first folds

Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class SpendFit:
    """A fitted model of counts per week, and what resampling says of it.

    Per channel (C): `decays` and `powers` as chosen, the `slopes` of its adstocked spend to that
    power, and the `leads` that go with all of its spend; `drawn_…` are the same in each resampled
    series (draws, C).
    `skill` is by which share the squared errors of forecasts are smaller than without spend, where
    each forecast knows only the weeks before it; `fitted` is per week, `contributions` (weeks, C).
    """

    decays: Floats
    powers: Floats
    slopes: Floats
    leads: Floats
    drawn_leads: Floats = field(repr=False)
    drawn_slopes: Floats = field(repr=False)
    drawn_powers: Floats = field(repr=False)
    skill: float
    fitted: Floats = field(repr=False)
    contributions: Floats = field(repr=False)
    explained: float


def adstocked(spend: ArrayLike, decay: float) -> Floats:
    """What is at work of the spend in each week: its own, and so much of the week before's.

    Scaled so that constant spend stays what it is.

    >>> adstocked([80, 0, 0], 0.5).tolist()
    [40.0, 20.0, 10.0]
    """
    if not 0 <= decay < 1:
        raise CallError(f"A decay is at least 0 and less than 1, not {decay}.")
    given = np.asarray(spend, dtype=float)
    stock = np.zeros(given.shape)
    left = np.zeros(given.shape[1:])
    for week, each in enumerate(given):
        left = decay * left + (1 - decay) * each
        stock[week] = left
    return stock


def inflation(columns: Floats, controls: Floats) -> Floats:
    """By what the others, and the controls, inflate the variance of each column's coefficient?

    Infinite where they determine it. Marquardt (1970), Technometrics 12, 591-612.
    """
    factors = []
    for each in range(columns.shape[1]):
        others = np.column_stack([controls, np.delete(columns, each, axis=1)])
        own = columns[:, each]
        scale = np.sqrt((others**2).sum(axis=0))
        others = others / np.where(scale > 0, scale, 1)
        residual = own - others @ np.linalg.lstsq(others, own, rcond=1e-10)[0]
        varied = float(((own - own.mean()) ** 2).sum())
        left = float((residual**2).sum())
        factors.append(varied / left if left > 1e-12 * max(varied, 1e-300) else np.inf)
    return np.array(factors)


@dataclass(frozen=True, eq=False)
class _Grid:
    """All columns that the model may choose from, and their products up to the end of each fold."""

    columns: Floats
    scales: Floats
    controls: int
    channels: int
    ends: tuple[tuple[int, int], ...]
    grams: Floats

    def places(self, chosen: Ints) -> Ints:
        """The columns of these choices (…, C), behind the controls."""
        own = self.controls + np.arange(self.channels) * len(_SHAPES) + chosen
        base = np.broadcast_to(np.arange(self.controls), (*chosen.shape[:-1], self.controls))
        return np.concatenate([base, own], axis=-1)


def _grid(spend: Floats, controls: Floats, weeks: int) -> _Grid:
    """`spend` may begin before the weeks that are counted, which are the last ones."""
    shaped = [
        adstocked(spend[:, channel], decay)[-weeks:] ** power
        for channel in range(spend.shape[1])
        for decay, power in _SHAPES
    ]
    columns = np.column_stack([controls, *shaped])
    scales = np.sqrt((columns**2).mean(axis=0))
    scales = np.where(scales > 0, scales, 1.0)
    columns = columns / scales
    return _grid_of(columns, scales, controls.shape[1], spend.shape[1])


def _grid_of(columns: Floats, scales: Floats, controls: int, channels: int) -> _Grid:
    weeks = len(columns)
    first = max(int(weeks * _FIRST_SHARE), controls + channels + 2)
    edges = np.unique(np.linspace(first, weeks, _FOLDS + 1).astype(int))
    ends = tuple(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    stops = [*(start for start, _ in ends), weeks]
    grams = np.stack([columns[:stop].T @ columns[:stop] for stop in stops])
    return _Grid(columns, scales, controls, channels, ends, grams)


def _solved(gram: Floats, moment: Floats, places: Ints) -> Floats:
    """Least squares on the chosen columns, many choices at once."""
    chosen = gram[places[..., :, None], places[..., None, :]]
    ridge = _RIDGE * np.eye(places.shape[-1])
    sides = np.take_along_axis(moment, places, axis=-1)
    solved = np.linalg.solve(chosen + ridge * chosen[..., :1, :1], sides[..., None])
    return np.asarray(solved[..., 0], dtype=np.float64)


def _forecast_errors(grid: _Grid, moments: Floats, squares: Floats, places: Ints) -> Floats:
    """The squared errors of forecasts in all folds, per series and choice (series, choices)."""
    total: Floats = np.zeros(places.shape[:-1])
    for fold in range(len(grid.ends)):
        moment = np.broadcast_to(moments[fold][:, None, :], (*places.shape[:-1], moments.shape[-1]))
        after = moments[fold + 1] - moments[fold]
        beyond = np.broadcast_to(after[:, None, :], moment.shape)
        beta = _solved(grid.grams[fold], moment, places)
        products: Floats = grid.grams[fold + 1] - grid.grams[fold]
        gram = products[places[..., :, None], places[..., None, :]]
        sides = np.take_along_axis(beyond, places, axis=-1)
        total += (squares[fold + 1] - squares[fold])[:, None]
        total -= 2 * (beta * sides).sum(axis=-1)
        total += (beta[..., None, :] @ gram @ beta[..., :, None])[..., 0, 0]
    return total


def _chosen(grid: _Grid, counts: Floats) -> Ints:
    """The shapes that forecast best, per series (series, C), one channel after the other."""
    stops = [*(start for start, _ in grid.ends), len(grid.columns)]
    moments = np.stack([counts[:, :stop] @ grid.columns[:stop] for stop in stops])
    squares = np.stack([(counts[:, :stop] ** 2).sum(axis=1) for stop in stops])
    middle = _SHAPES.index((0.4, 0.5))
    chosen = np.full((len(counts), grid.channels), middle, dtype=np.intp)
    for _ in range(_MOST_SWEEPS if grid.channels > 1 else 1):
        before = chosen.copy()
        for channel in range(grid.channels):
            tried = np.repeat(chosen[:, None, :], len(_SHAPES), axis=1)
            tried[:, :, channel] = np.arange(len(_SHAPES))
            errors = _forecast_errors(grid, moments, squares, grid.places(tried))
            chosen[:, channel] = errors.argmin(axis=1)
        if np.array_equal(before, chosen):
            break
    return chosen


def _slopes(grid: _Grid, counts: Floats, chosen: Ints) -> Floats:
    """The coefficients of the chosen columns on all weeks (series, columns)."""
    moments = counts @ grid.columns
    return _solved(grid.grams[-1], moments, grid.places(chosen))


def _skill(grid: _Grid, counts: Floats) -> float:
    """By which share are the squared errors of forecasts smaller than those without spend?

    For each forecast the shapes are chosen anew by the weeks before it.
    """
    with_spend = without = 0.0
    for start, end in grid.ends:
        known = _grid_of(grid.columns[:start], grid.scales, grid.controls, grid.channels)
        series = counts[None, :start]
        chosen = _chosen(known, series)
        beta = _slopes(known, series, chosen)[0]
        ahead = grid.columns[start:end][:, grid.places(chosen)[0]] @ beta
        base = grid.columns[:start, : grid.controls]
        plain = grid.columns[start:end, : grid.controls] @ np.linalg.lstsq(base, series[0])[0]
        with_spend += float(((counts[start:end] - ahead) ** 2).sum())
        without += float(((counts[start:end] - plain) ** 2).sum())
    return 1 - with_spend / without if without else float("nan")


def fit_spend(
    counts: ArrayLike,
    spend: Floats,
    controls: Floats,
    *,
    draws: int = 200,
    seed: int = 0,
) -> SpendFit:
    """How many of the counts go with the spend of each channel?

    Parameters
    ----------
    counts
        Per week, in order and without a gap.
    spend
        Per week and channel. It may begin in earlier weeks than the counts.
    controls
        Per counted week, the constant first: trend, season, working days.

    Notes
    -----
    Least squares of counts on the controls and on (adstocked spend) to a power. Decay and power are
    those that forecast best: the model is fitted up to a week and judged by the next ones, five
    times with ever more weeks (Hyndman & Athanasopoulos 2021, Forecasting, 5.10); channels are
    chosen in turn until nothing changes. Geometric adstock: Broadbent (1979), J. Market Res. Soc.
    21, 151-166; the power and the decay as in Jin et al. (2017), Bayesian Methods for Media Mix
    Modeling. Resampling: moving blocks of residuals, n^(1/3) weeks long (Kuensch 1989, Ann. Stat.
    17, 1217-1241), scaled by the root of the fitted counts; every draw chooses decays and powers
    anew.
    """
    leads = np.asarray(counts, dtype=float)
    weeks = len(leads)
    grid = _grid(np.asarray(spend, dtype=float), np.asarray(controls, dtype=float), weeks)
    chosen = _chosen(grid, leads[None])
    beta = _slopes(grid, leads[None], chosen)
    places = grid.places(chosen)[0]
    fitted = grid.columns[:, places] @ beta[0]
    own = places[grid.controls :]
    slopes = beta[0, grid.controls :]
    parts = grid.columns[:, own] * slopes
    floor = max(float(leads.mean()) / 10, 1e-9)
    size = np.sqrt(np.maximum(fitted, floor))
    # A shape costs about as much as its slope.
    free = max(weeks - grid.controls - 2 * grid.channels, 1)
    residuals = (leads - fitted) / size
    residuals = (residuals - residuals.mean()) * np.sqrt(weeks / free)
    series = fitted + size * _blocks(residuals, draws, seed)
    drawn = _chosen(grid, series)
    sums = grid.columns.sum(axis=0)
    slopes_drawn = _slopes(grid, series, drawn)[:, grid.controls :]
    at = grid.places(drawn)[:, grid.controls :]
    shapes = np.array(_SHAPES)
    varied = float(((leads - leads.mean()) ** 2).sum())
    return SpendFit(
        decays=shapes[chosen[0], 0],
        powers=shapes[chosen[0], 1],
        slopes=slopes / grid.scales[own],
        leads=parts.sum(axis=0),
        drawn_leads=slopes_drawn * sums[at],
        drawn_slopes=slopes_drawn / grid.scales[at],
        drawn_powers=shapes[drawn, 1],
        skill=_skill(grid, leads),
        fitted=fitted,
        contributions=parts,
        explained=1 - float(((leads - fitted) ** 2).sum()) / varied if varied else float("nan"),
    )


def _blocks(residuals: Floats, draws: int, seed: int) -> Floats:
    """Series made of moving blocks of the residuals (draws, weeks)."""
    weeks = len(residuals)
    length = max(2, round(weeks ** (1 / 3)))
    blocks = -(-weeks // length)
    starts = np.random.default_rng(seed).integers(0, weeks - length + 1, (draws, blocks))
    rows = (starts[:, :, None] + np.arange(length)).reshape(draws, -1)[:, :weeks]
    made: Floats = residuals[rows]
    return made
