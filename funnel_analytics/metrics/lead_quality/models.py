"""Chances of the leads of a block, each from a model that was fitted without its fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from funnel_analytics.estimates import Factor, Logit, LogitRows, chi_square_tail, summed
from funnel_analytics.metrics.lead_quality.blocks import Block, Leads
from funnel_analytics.metrics.lead_quality.reading import Known, together

__all__ = ["FOLDS", "Chances", "chances_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

FOLDS = 5
_SMALLEST = 1e-9
_LARGEST_P = 0.01


@dataclass(frozen=True)
class Chances:
    """The leads of a block by what a model knows, by segment and fold, with their chances.

    Row = combination. `trials` are the leads that had their time, `reached` those at the end of the
    block, `chance` that of a lead to get there, `later` that by a model of the earlier half of the
    months (`is_early` says which rows these are). `cluster` numbers the groups of leads that may
    share their luck. `design` holds the coefficients that a row of the models has, by `point`.
    """

    block: Block
    names: tuple[str, ...]
    late: tuple[str, ...]
    parameters: int
    leads: Floats = field(repr=False)
    trials: Floats = field(repr=False)
    reached: Floats = field(repr=False)
    due: Floats = field(repr=False)
    fold: Ints = field(repr=False)
    group: Ints = field(repr=False)
    cluster: Ints = field(repr=False)
    is_early: NDArray[np.bool_] = field(repr=False)
    chance: Floats = field(repr=False)
    later: Floats = field(repr=False)
    point: Ints = field(repr=False)
    design: Floats = field(repr=False)
    inverses: tuple[Floats, ...] = field(repr=False)
    later_inverse: Floats = field(repr=False)

    @property
    def expected(self) -> Floats:
        """How many leads of each row are expected at the end of the block."""
        return self.trials * self.chance

    @property
    def slopes(self) -> Floats:
        """By how much these grow with the log odds."""
        return self.trials * self.chance * (1 - self.chance)

    @property
    def variances(self) -> Floats:
        """The variances of the leads at the end."""
        return self.trials * self.chance * (1 - self.due * self.chance)

    @property
    def pull(self) -> Floats:
        """How much a residual counts in the score of the models."""
        return np.asarray((1 - self.chance) / (1 - self.due * self.chance))

    def by_coefficient(self, weights: Floats) -> Floats:
        """Sums of some weights of the rows by every coefficient."""
        return np.asarray(summed(self.point, weights, len(self.design)) @ self.design)

    def information(self, weights: Floats) -> Floats:
        """Sums of some weights of the rows by every pair of coefficients."""
        at = summed(self.point, weights, len(self.design))
        return np.asarray(self.design.T @ (self.design * at[:, None]))

    def excess_variance(self, share: Floats) -> float:
        """The variance of the leads at the end less those expected, each row times its share.

        To the first order the difference is a sum over the leads' residuals: each counts by its own
        share, less what it moved in the models that were fitted with it.
        """
        variance = float((self.variances * share**2).sum())
        moved = [
            self.inverses[fold]
            @ self.by_coefficient(np.where(self.fold == fold, share * self.slopes, 0.0))
            for fold in range(FOLDS)
        ]
        whole = np.sum(moved, axis=0)
        for fold in range(FOLDS):
            others = whole - moved[fold]
            here = self.fold == fold
            own = self.by_coefficient(np.where(here, share * self.variances * self.pull, 0.0))
            weights = self._weights[fold]
            variance += float(others @ weights @ others - 2 * own @ others)
        return max(variance, 0.0)

    def mean_variance(self, share: Floats) -> float:
        """The variance of the expected leads, each row times its share, by the models alone."""
        moved = [
            self.inverses[fold]
            @ self.by_coefficient(np.where(self.fold == fold, share * self.slopes, 0.0))
            for fold in range(FOLDS)
        ]
        whole = np.sum(moved, axis=0)
        others = [whole - each for each in moved]
        return float(
            sum(each @ weights @ each for each, weights in zip(others, self._weights, strict=True))
        )

    @property
    def _weights(self) -> list[Floats]:
        """The information of each fold; kept, since every segment asks for it."""
        if not self._kept:
            own = self.variances * self.pull**2
            self._kept.extend(
                self.information(np.where(self.fold == fold, own, 0.0)) for fold in range(FOLDS)
            )
        return self._kept

    _kept: list[Floats] = field(init=False, repr=False, default_factory=list)


def chances_of(known: Known, block: Block, leads: Leads, clusters: Ints) -> Chances | None:
    """The chance of every lead of a block; none where all or none of them reached its end."""
    if not 0 < leads.reached.sum() < leads.leads.sum():
        return None
    leads = _telling(leads)
    early = _early(known, leads)
    due_values, due_code = np.unique(leads.due, return_inverse=True)
    what = [(factor.codes, factor.size) for factor in leads.factors]
    what.append((due_code, len(due_values)))
    fold = (known.fold[leads.rows], FOLDS)
    half = (early.astype(np.intp), 2)
    of_group = (known.group[leads.rows], len(known.groups))
    of_cluster = (clusters, int(clusters.max()) + 1)
    size = len(leads.rows)
    first, number = together([*what, fold, half, of_group, of_cluster], size)
    # What the models see of the rows: segments and clusters are none of their business.
    seen, place = together([*what, fold, half], size)
    model_rows = _rows(leads, seen, place)
    fold_of, half_of = fold[0][seen], early[seen]
    every = model_rows(np.ones(len(seen), dtype=bool))
    whole = every.fit()
    chance = np.zeros(len(seen))
    inverses = []
    for each in range(FOLDS):
        others = model_rows(fold_of != each)
        model = others.fit(at=whole.coefficients)
        chance = np.where(fold_of == each, others.rates(model), chance)
        inverses.append(model.inverse)
    before = model_rows(half_of)
    is_told = 0 < before.successes.sum() < before.trials.sum()
    past = before.fit() if is_told else whole
    later = before.rates(past) if is_told else np.full(len(seen), np.nan)
    points, point = together([(f.codes[seen], f.size) for f in leads.factors], len(seen))
    at = place[first]
    return Chances(
        block=block,
        names=leads.names,
        late=leads.late,
        parameters=whole.degrees,
        leads=summed(number, leads.leads, len(first)),
        trials=summed(number, leads.leads * leads.due, len(first)),
        reached=summed(number, leads.reached, len(first)),
        due=leads.due[first],
        fold=fold[0][first],
        group=of_group[0][first],
        cluster=clusters[first],
        is_early=early[first],
        chance=np.clip(chance, _SMALLEST, 1 - _SMALLEST)[at],
        later=np.clip(later, _SMALLEST, 1 - _SMALLEST)[at],
        point=point[at],
        design=_design(every, leads.factors, seen[points]),
        inverses=tuple(inverses),
        later_inverse=past.inverse,
    )


def _telling(leads: Leads) -> Leads:
    """The leads with only those attributes that tell of their chances beside the others kept.

    The one that tells least is left out, until all are significant by Wald's test (1943, Trans. Am.
    Math. Soc. 54, 426-482) of their coefficients together.
    """
    due_values, due_code = np.unique(leads.due, return_inverse=True)
    what = [(factor.codes, factor.size) for factor in leads.factors]
    seen, place = together([*what, (due_code, len(due_values))], len(leads.rows))
    rows = _rows(leads, seen, place)(np.ones(len(seen), dtype=bool))
    model = rows.fit()
    kept = set(range(len(leads.factors)))
    while kept:
        p_values = {number: _chance_of_none(rows, model, number) for number in sorted(kept)}
        weakest = max(p_values, key=lambda number: p_values[number])
        if p_values[weakest] <= _LARGEST_P:
            break
        kept.remove(weakest)
        model = rows.fit(set(range(len(leads.factors))) - kept, near=model)
    chosen = sorted(kept)
    return leads._replace(
        names=tuple(leads.names[number] for number in chosen),
        factors=tuple(leads.factors[number] for number in chosen),
    )


def _chance_of_none(rows: LogitRows, model: Logit, number: int) -> float:
    """The p-value of an attribute without effect; 1 where others determine it."""
    own = np.unique(rows.level_of(number))
    spread, beta = model.inverse[np.ix_(own, own)], model.coefficients[own]
    degrees = int((np.diag(spread) > 0).sum())
    if not degrees:
        return 1.0
    statistic = float(beta @ np.linalg.pinv(spread, hermitian=True) @ beta)
    return chi_square_tail(statistic, degrees)


def _rows(leads: Leads, seen: Ints, place: Ints) -> Callable[[NDArray[np.bool_]], LogitRows]:
    """The rows of a model from some of the combinations that models see; others have no leads."""
    trials = summed(place, leads.leads * leads.due, len(seen))
    reached = summed(place, leads.reached, len(seen))
    factors = [Factor(each.codes[seen], each.size, each.levels) for each in leads.factors]

    def made(chosen: NDArray[np.bool_]) -> LogitRows:
        return LogitRows(
            factors,
            np.where(chosen, trials, 0.0),
            np.where(chosen, reached, 0.0),
            due=leads.due[seen],
        )

    return made


def _design(rows: LogitRows, factors: tuple[Factor, ...], points: Ints) -> Floats:
    """The coefficients of each combination of values: 1 where it has them."""
    levels = [rows.level_of(number) for number in range(len(factors))]
    width = 1 + max((int(each.max()) for each in levels), default=0)
    design = np.zeros((len(points), width))
    design[:, 0] = 1.0
    for each, own in zip(factors, levels, strict=True):
        design[np.arange(len(points)), own[each.codes[points]]] = 1.0
    return design


def _early(known: Known, leads: Leads) -> NDArray[np.bool_]:
    """Which rows are of the earlier half: the months up to that with the middle lead."""
    month = known.month[leads.rows]
    order = np.argsort(known.months["value"].astype(str).to_numpy(), kind="stable")
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    by_month = np.bincount(rank[month], weights=leads.leads, minlength=len(order))
    before = np.cumsum(by_month) - by_month / 2
    return np.asarray((before <= by_month.sum() / 2)[rank[month]])
