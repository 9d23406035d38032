"""Two cohorts by segment: their counts, the factors of a measure, and draws of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.metrics.change.curves import StepCurve
from funnel_analytics.metrics.change.measures import Measure

__all__ = ["Cohorts", "Factors"]

Floats = NDArray[np.float64]

_SMALLEST = 1e-9


@dataclass(frozen=True)
class Factors:
    """What a measure is the product of.

    `names` are pairs of a kind and, for steps, a position. `values` has the axes draws, side
    (before, after), segment and factor; the sum over segments of the products is the measure.
    """

    names: tuple[tuple[str, int | None], ...]
    values: Floats


@dataclass(frozen=True)
class Cohorts:
    """The leads created before and after, by segment.

    `previous` and `reached` have the axes side, segment and step (the first is the one to the
    second stage); `won_values` lists for each side and segment the amounts of the won leads.
    """

    segments: pd.DataFrame
    previous: Floats
    reached: Floats
    times: tuple[pd.DataFrame, ...]
    curves: tuple[StepCurve, ...]
    won_values: Mapping[tuple[int, int], pd.DataFrame]
    is_split: bool

    def base(self, measure: Measure) -> Floats:
        """By side and segment, the leads that reached the first stage of the measure."""
        return self.previous[:, :, measure.first - 1]

    def final(self, measure: Measure) -> Floats:
        """By side and segment, the leads that reached the last stage of the measure."""
        return self.reached[:, :, measure.last - 2]

    def revenue(self) -> Floats:
        """By side and segment, what the won leads brought."""
        found = np.zeros(self.previous.shape[:2])
        for place, rows in self.won_values.items():
            found[place] = float((rows["amount"] * rows["won_leads"]).sum())
        return found

    def observed(self, measure: Measure) -> Floats:
        """The measure of both sides; a rate of nobody is missing."""
        if measure.kind == "revenue":
            return self.revenue().sum(axis=1)
        last = self.final(measure).sum(axis=1)
        if measure.kind == "count":
            return last
        base = self.base(measure).sum(axis=1)
        return last / np.where(base > 0, base, np.nan)

    def factors(self, measure: Measure) -> Factors:
        """The factors as observed: their product is what was observed, exactly.

        The rate of a step is the share that is expected to enter eventually: entries divided by
        the leads weighted by the share of entries that the data can hold, and at most 1. The less
        they can hold, the more one further lead with the rate of both cohorts counts.
        """
        steps = _places(measure)
        in_data = self._known_in_data(measure)[0]
        leads, entered = self.previous[:, :, steps], self.reached[:, :, steps]
        usual = self._usual_rates()[0, :, steps]
        rates = _eventual(entered, leads, in_data, usual)
        unseen = 1 - in_data
        is_chance = (entered == 0) & (leads * in_data > unseen)
        rates = np.where(is_chance, 0.0, rates)
        seen = np.divide(entered, leads, out=np.full(leads.shape, np.nan), where=leads > 0)
        time = np.divide(seen, rates, out=in_data.copy(), where=rates > 0)
        base, values = self.base(measure), None
        if measure.kind == "revenue":
            wins = self.final(measure)
            values = np.divide(
                self.revenue(), wins, out=np.full(wins.shape, np.nan), where=wins > 0
            )
        return self._arranged(measure, base, rates, time, values)

    def drawn_factors(self, measure: Measure, *, draws: int, rng: np.random.Generator) -> Factors:
        """Draws of the factors: every lead weighed anew, one further lead with the usual rate.

        How much of a cohort the data can hold varies with the ages of its leads at each stage, and
        the eventual rate with what happened to leads of these ages.
        """
        steps = _places(measure)
        in_data = self._known_in_data(measure, draws=draws, rng=rng)
        leads, entered = self.previous[:, :, steps], self.reached[:, :, steps]
        usual = self._usual_rates(draws=draws, rng=rng)[:, None, :, steps]
        rates = _eventual(entered, leads, in_data, usual)
        spread = np.where(leads > 0, self._spread()[:, :, steps], 0.0)
        drawn = _drawn_rates(rates, _weight(leads, in_data, spread, usual), usual, rng)
        drawn = np.where(np.isnan(in_data), np.nan, drawn)
        in_data = _drawn_mean(in_data, spread / (leads + 1), rng)
        base = rng.gamma(self.base(measure), size=(draws, *self.previous.shape[:2]))
        values = self._drawn_values(draws, rng) if measure.kind == "revenue" else None
        return self._arranged(measure, base, drawn, in_data, values)

    def _arranged(
        self, measure: Measure, base: Floats, rates: Floats, time: Floats, values: Floats | None
    ) -> Factors:
        """The factors in the order of the funnel; what a side does not know is the other's."""
        rates = _from_other(rates, axis=-3)
        rates = np.where(np.isnan(rates), self._usual_rates()[0, :, _places(measure)], rates)
        time = np.nan_to_num(_from_other(time, axis=-3), nan=1.0).prod(axis=-1)
        total = base.sum(axis=-1, keepdims=True)
        share = np.divide(base, total, out=np.full(base.shape, np.nan), where=total > 0)
        share = np.nan_to_num(_from_other(share, axis=-2), nan=0.0)
        names: list[tuple[str, int | None]] = []
        columns: list[Floats] = []
        if measure.kind != "rate":
            names.append(("volume", None))
            columns.append(np.broadcast_to(total, base.shape))
        if self.is_split:
            names.append(("mix", None))
            columns.append(share)
        for number, position in enumerate(measure.steps):
            names.append(("step", position))
            columns.append(rates[..., number])
        if values is not None:
            names.append(("value", None))
            columns.append(np.nan_to_num(_from_other(values, axis=-2), nan=0.0))
        names.append(("time", None))
        columns.append(time)
        stacked = np.stack(columns, axis=-1)
        return Factors(tuple(names), stacked if stacked.ndim == 4 else stacked[None])

    def mostly_hidden(
        self, measure: Measure, names: tuple[tuple[str, int | None], ...]
    ) -> list[bool]:
        """By factor: is it a step of which the data of a side hide more entries than they hold?

        Those are the entries expected before the beginning of the data.
        """
        in_data = np.nan_to_num(self._in_data()[0], nan=1.0)
        unhidden = np.nan_to_num(self._in_data(is_hidden=False)[0], nan=1.0)
        seen = (self.previous * in_data).sum(axis=1)
        hidden = (self.previous * (unhidden - in_data)).sum(axis=1)
        is_most = (hidden > seen).any(axis=0)
        return [kind == "step" and bool(is_most[int(at or 0) - 2]) for kind, at in names]

    def _in_data(
        self, *, draws: int = 0, rng: np.random.Generator | None = None, is_hidden: bool = True
    ) -> Floats:
        """By draw, side, segment and step: the share of the eventual entries the data can hold.

        With `is_hidden=False` as if they had begun before the cohorts.
        """
        sides, segments, _ = self.previous.shape
        unhidden = {} if is_hidden else {"hidden_days": 0.0, "hidden_seconds": 0.0}
        found = [
            curve.shares_in_data(
                times.assign(**unhidden), cells=sides * segments, draws=draws, rng=rng
            )
            for curve, times in zip(self.curves, self.times, strict=True)
        ]
        return np.stack(found, axis=-1).reshape(-1, sides, segments, len(found))

    def _known_in_data(
        self, measure: Measure, *, draws: int = 0, rng: np.random.Generator | None = None
    ) -> Floats:
        """As `_in_data`; of a group that did not get to the stage before, that of its side."""
        steps = _places(measure)
        in_data = self._in_data(draws=draws, rng=rng)[:, :, :, steps]
        leads = self.previous[:, :, steps]
        total = leads.sum(axis=1, keepdims=True)
        seen = np.nansum(in_data * leads, axis=2, keepdims=True)
        of_side = np.divide(seen, total, out=np.full(seen.shape, np.nan), where=total > 0)
        is_short = (leads == 0) & (self.base(measure) > 0)[:, :, None]
        return np.where(is_short, of_side, in_data)

    def _spread(self) -> Floats:
        """By side, segment and step: how the share of `_in_data` varies from lead to lead."""
        sides, segments, _ = self.previous.shape
        found = [
            curve.spread_in_data(times, cells=sides * segments)
            for curve, times in zip(self.curves, self.times, strict=True)
        ]
        return np.stack(found, axis=-1).reshape(sides, segments, len(found))

    def _usual_rates(self, *, draws: int = 0, rng: np.random.Generator | None = None) -> Floats:
        """By draw, segment and step, the eventual rate of both cohorts together.

        Half a lead of two is added to all segments together (Jeffreys), and to each of them one
        lead with the rate of all.
        """
        in_data = self._in_data()[0]
        entered = self.reached.sum(axis=0)
        expected = np.maximum(np.nansum(self.previous * in_data, axis=0), entered)
        hits, trials = entered.sum(axis=0), expected.sum(axis=0)
        if rng is None:
            of_all = (hits + 0.5) / (trials + 1)
            return ((entered + of_all) / (expected + 1))[None]
        of_all = _inner(rng.beta(hits + 0.5, trials - hits + 0.5, size=(draws, 1, len(hits))))
        return _inner(rng.beta(entered + of_all, expected - entered + 1 - of_all))

    def _drawn_values(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draws of the mean amount of a won lead: Bayesian bootstrap, with one amount of any."""
        sides, segments, _ = self.previous.shape
        found = np.full((draws, sides, segments), np.nan)
        if not self.won_values:
            return found
        every = pd.concat(self.won_values.values())
        chances = every["won_leads"].to_numpy(float)
        for side in range(sides):
            for segment in range(segments):
                rows = self.won_values.get((side, segment))
                if rows is None:
                    continue
                amounts, leads = rows["amount"].to_numpy(float), rows["won_leads"].to_numpy(float)
                other = rng.choice(
                    every["amount"].to_numpy(float), size=draws, p=chances / chances.sum()
                )
                weight = rng.standard_exponential(draws)
                found[:, side, segment] = _weighted_means(amounts, leads, other, weight, rng)
        return found


_MOST_WEIGHTS = 2_000_000


def _weighted_means(
    amounts: Floats, leads: Floats, other: Floats, weight: Floats, rng: np.random.Generator
) -> Floats:
    means = np.empty(len(other))
    chunk = max(1, _MOST_WEIGHTS // len(amounts))
    for start in range(0, len(other), chunk):
        part = slice(start, start + chunk)
        size = (len(other[part]), len(amounts))
        if (leads == 1).all():
            weights = rng.standard_exponential(size)
        else:
            weights = rng.standard_gamma(leads, size)
        total = weights.sum(axis=1) + weight[part]
        means[part] = (weights @ amounts + weight[part] * other[part]) / total
    return means


def _places(measure: Measure) -> slice:
    """The steps of the measure among all steps."""
    return slice(measure.first - 1, measure.last - 1)


def _eventual(entered: Floats, leads: Floats, in_data: Floats, usual: Floats) -> Floats:
    """The share of leads expected to enter; missing where there are no leads."""
    unseen = 1 - in_data
    trials = leads * in_data + unseen
    share = np.divide(
        entered + unseen * usual,
        trials,
        out=np.full(trials.shape, np.nan),
        where=(trials > 0) & (leads > 0),
    )
    return np.minimum(share, 1.0)


def _inner(shares: Floats) -> Floats:
    """Shares that are neither 0 nor 1, which a draw may round to."""
    return np.clip(shares, _SMALLEST, 1 - _SMALLEST)


def _weight(leads: Floats, in_data: Floats, spread: Floats, usual: Floats) -> Floats:
    """As how many leads, all of them in the data, these count for the eventual rate.

    So many that a share of them varies as entries / (leads x in_data) does for leads of these ages.
    """
    mean = np.nan_to_num(in_data)
    left = mean - usual * (mean**2 + spread)
    return np.divide(leads * mean**2 * (1 - usual), left, out=np.zeros(left.shape), where=left > 0)


def _drawn_rates(rates: Floats, weight: Floats, usual: Floats, rng: np.random.Generator) -> Floats:
    """Draws of eventual rates: that of so many leads and of one with the usual rate."""
    centre = _inner((np.nan_to_num(rates) * weight + usual) / (weight + 1))
    # The further lead moves the mean but adds no certainty: it is no lead that anybody saw.
    size = np.maximum(weight, 1.0)
    return rng.beta(centre * size, (1 - centre) * size)


def _drawn_mean(mean: Floats, variance: Floats, rng: np.random.Generator) -> Floats:
    """Draws of shares with a mean and variance; where there is no variance, the mean."""
    variance = np.broadcast_to(variance, mean.shape)
    found = mean.copy()
    varies = (variance > 0) & (mean > 0) & (mean < 1)
    centre, spread = mean[varies], variance[varies]
    size = np.maximum(centre * (1 - centre) / spread - 1, 1.0)
    found[varies] = rng.beta(centre * size, (1 - centre) * size)
    return found


def _from_other(values: Floats, *, axis: int) -> Floats:
    """What is missing on one side is taken from the other."""
    return np.where(np.isnan(values), np.flip(values, axis=axis), values)
