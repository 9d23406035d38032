"""Which models foretell journeys that they were not fitted to, and how well?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from funnel_analytics.credit.foretold import Foretold, Steps
from funnel_analytics.credit.journeys import Floats, Ints, Journeys, summed
from funnel_analytics.credit.presence import logistic
from funnel_analytics.credit.sets import key_sets
from funnel_analytics.errors import CallError
from funnel_analytics.estimates import area_under_curve

__all__ = [
    "BASE_RATE",
    "CHANNEL_COUNTS",
    "CHANNEL_SETS",
    "Choice",
    "Predicted",
    "choose_order",
    "compare",
]

BASE_RATE, CHANNEL_SETS, CHANNEL_COUNTS = "base_rate", "channel_sets", "channel_counts"
"""What predicts besides Markov chains: nothing but the rate, the keys, how often each key."""

_HIGHEST_ORDER = 10
_UNKNOWN = float("nan")


class Predicted(NamedTuple):
    """How well a model foretells journeys that were held out.

    Attributes
    ----------
    model
        `markov`, `markov_2`, …; `base_rate`: every journey has the same chance, and a touch follows
        any other as often as it occurs (the chain of order 0); `channel_sets`: the conversion rate
        of the journeys with the same keys; `channel_counts`: a logistic regression on how many
        touches of each key there are.
    log_likelihood
        Of a whole journey, its touches and how it ended, on average; missing but of chains.
    behind, behind_error
        By how much that is lower than the best chain's, and the standard error of the difference.
    log_loss
        Minus the log probability of how a journey ended, given its touches, on average.
    auc, auc_error
        How probable it is that a journey with a conversion had a higher predicted chance than one
        without (ties count half): the mean over the folds and its standard error; missing where
        all convert or none.
    """

    model: str
    log_likelihood: float
    behind: float
    behind_error: float
    log_loss: float
    auc: float
    auc_error: float


@dataclass(frozen=True)
class Choice:
    """Models compared by journeys that were held out.

    `order` is the lowest order of a chain whose log likelihood is within one standard error of the
    best one's; None where there are no journeys.
    """

    rows: tuple[Predicted, ...]
    order: int | None
    journeys: float
    conversions: float
    orders: tuple[int, ...]
    folds: int


class _Ends(NamedTuple):
    """Journeys by how they ended: (paths,), or (paths, folds)."""

    conversions: Floats
    nulls: Floats

    @property
    def all(self) -> Floats:
        return self.conversions + self.nulls

    def of(self, fold: int) -> _Ends:
        return _Ends(self.conversions[:, fold], self.nulls[:, fold])

    def without(self, fold: int) -> _Ends:
        return _Ends(*(np.delete(each, fold, axis=1).sum(axis=1) for each in self))


class _Held(NamedTuple):
    """What one model made of one fold."""

    loss: float
    journeys: float
    area: float


def compare(
    journeys: Journeys,
    *,
    orders: Sequence[int] = (1, 2, 3, 4),
    folds: int = 5,
    seed: int = 1,
) -> Choice:
    """Which models foretell journeys best? By cross-validation.

    Only models that say something about a journey that they have not seen can be compared: Markov
    chains, rates by the keys of a journey (what the Shapley value of rates shares out), and a
    logistic regression on counts. Rules such as last touch or linear predict nothing: they are not
    ranked, and nothing here says that one of them is better than another. A model that predicts
    well need not credit well either: no effect of a key is measured.

    Parameters
    ----------
    orders
        Of Markov chains, from 1 on.
    folds, seed
        Into how many parts journeys are divided at random, and from which seed. Journeys of one
        cluster are in one part.

    Returns
    -------
    Choice
        Its rows: the base rate, the chains by order, then the other models.

    Raises
    ------
    CallError
        No such order, or fewer than two folds.

    Notes
    -----
    How chains are smoothed is said at `Steps`. A chain that looks further back than the longest
    journey goes is that of the longest. Rates by sets of keys are drawn towards the rate of
    all by one journey. The order is chosen by the rule of one standard error (Breiman, Friedman,
    Olshen & Stone 1984, Classification and Regression Trees, 3.4.3); the error is that of the
    difference of two orders over the same journeys or clusters, so that it does not hold how much
    journeys differ among themselves.
    """
    if not orders or min(orders) < 1 or max(orders) > _HIGHEST_ORDER or folds < 2:
        raise CallError(
            f"Orders from 1 to {_HIGHEST_ORDER} and at least 2 folds can be compared, not "
            f"{list(orders)} and {folds}."
        )
    tried = sorted(set(orders))
    paths = journeys.distinct()
    fold_of = _folds_of_clusters(journeys, folds, seed)
    ends = _parts(journeys, paths, fold_of, folds, seed)
    longest = int(paths.lengths.max()) if len(paths) else 1
    steps, sets = Steps(paths, order=min(tried[-1], longest)), key_sets(paths)
    names = [BASE_RATE, *("markov" if each == 1 else f"markov_{each}" for each in tried)]
    likelihoods = np.zeros((len(names), 2, len(paths), folds))
    held: dict[str, list[_Held]] = {name: [] for name in (*names, CHANNEL_SETS, CHANNEL_COUNTS)}
    for fold in range(folds):
        fitted, own = ends.without(fold), ends.of(fold)
        total = float(fitted.all.sum())
        rate = float(fitted.conversions.sum()) / total if total else 0.5
        for number, chain in enumerate(_chosen(steps.foretold(*fitted), tried)):
            likelihoods[number, 0, :, fold] = chain.converting
            likelihoods[number, 1, :, fold] = chain.ending
            chance = chain.chance if number else np.full(len(paths), rate)
            held[names[number]].append(_scored(chance, own))
        by_set = (sets.summed(fitted.conversions) + rate) / (sets.summed(fitted.all) + 1)
        held[CHANNEL_SETS].append(_scored(by_set[sets.numbers], own))
        held[CHANNEL_COUNTS].append(_scored(logistic(paths, *fitted), own))
    spread = _Spread(journeys, ends, fold_of)
    means = [spread.mean(each) for each in likelihoods]
    best = 1 + int(np.argmax(np.nan_to_num(means[1:], nan=-np.inf)))
    rows = []
    for number, (name, found) in enumerate(held.items()):
        likelihood = behind = error = _UNKNOWN
        if number < len(names):
            likelihood = means[number]
            behind, error = spread.difference(likelihoods[best], likelihoods[number])
        rows.append(Predicted(name, likelihood, behind, error, _loss(found), *_area(found)))
    near = [
        order
        for order, row in zip(tried, rows[1:], strict=False)
        if row.behind == 0 or row.behind <= row.behind_error
    ]
    return Choice(
        rows=tuple(rows),
        order=near[0] if near else None,
        journeys=float(ends.all.sum()),
        conversions=float(ends.conversions.sum()),
        orders=tuple(tried),
        folds=folds,
    )


def choose_order(
    journeys: Journeys,
    *,
    orders: Sequence[int] = (1, 2, 3, 4),
    folds: int = 5,
    seed: int = 1,
) -> int | None:
    """Which order of a Markov chain foretells journeys well enough? The `order` of `compare`."""
    return compare(journeys, orders=orders, folds=folds, seed=seed).order


class _Spread:
    """Means over journeys that were held out, and how far differences are off by chance."""

    def __init__(self, journeys: Journeys, ends: _Ends, fold_of: Ints | None) -> None:
        self._weights = np.stack(ends)
        self._total = float(self._weights.sum())
        self._fold_of = fold_of
        if fold_of is not None and journeys.clusters is not None:
            self._path = journeys.path_numbers[0]
            self._own = np.stack([journeys.conversions, journeys.nulls])
            _, self._cluster = np.unique(journeys.clusters, return_inverse=True)

    def mean(self, values: Floats) -> float:
        """Of (conversion or not, paths, folds), over all journeys."""
        return float((self._weights * values).sum()) / self._total if self._total else _UNKNOWN

    def difference(self, one: Floats, other: Floats) -> tuple[float, float]:
        """By how much the mean of one is above that of the other, and the standard error."""
        apart = one - other
        mean = self.mean(apart)
        if self._fold_of is None:
            squares = float((self._weights * (apart - mean) ** 2).sum())
            units = self._total
        else:
            at = apart[:, self._path, self._fold_of] - mean
            sums = np.bincount(self._cluster, (self._own * at).sum(axis=0))
            squares, units = float(sums @ sums), float(len(sums))
        if units <= 1:
            return mean, _UNKNOWN
        return mean, float(np.sqrt(squares * units / (units - 1))) / self._total


def _folds_of_clusters(journeys: Journeys, folds: int, seed: int) -> Ints | None:
    """(journeys,) The fold of each one's cluster; None without clusters."""
    if journeys.clusters is None:
        return None
    names, cluster = np.unique(journeys.clusters, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(names)) % folds
    return fold[cluster]


def _parts(
    journeys: Journeys, paths: Journeys, fold_of: Ints | None, folds: int, seed: int
) -> _Ends:
    """(paths, folds) Journeys by path and fold; without clusters each goes to any fold."""
    if fold_of is not None:
        cell = journeys.path_numbers[0] * folds + fold_of
        size = len(paths) * folds
        return _Ends(
            *(
                summed(cell, counts, size).reshape(len(paths), folds)
                for counts in (journeys.conversions, journeys.nulls)
            )
        )
    generator = np.random.default_rng(seed)
    ends = []
    for counts in (paths.conversions, paths.nulls):
        whole = np.floor(counts)
        part = generator.multinomial(whole.astype(np.int64), np.full(folds, 1 / folds))
        rest = np.zeros((len(paths), folds))
        rest[np.arange(len(paths)), generator.integers(0, folds, len(paths))] = counts - whole
        ends.append(part + rest)
    return _Ends(*ends)


def _chosen(chains: Iterator[Foretold], orders: Sequence[int]) -> Iterator[Foretold]:
    """The chain of order 0 and those asked for; beyond the last that there is, the last."""
    for order, chain in enumerate(chains):
        if order == 0 or order in orders:
            yield chain
    for _ in range(sum(each > order for each in orders)):
        yield chain


def _scored(chance: Floats, own: _Ends) -> _Held:
    """The loss of predicted chances, and how well they tell conversions from the others."""
    won, lost = own.conversions > 0, own.nulls > 0
    with np.errstate(divide="ignore"):
        loss = -float(own.conversions[won] @ np.log(chance[won]))
        loss -= float(own.nulls[lost] @ np.log1p(-chance[lost]))
    return _Held(loss, float(own.all.sum()), area_under_curve(chance, *own).value)


def _loss(found: Sequence[_Held]) -> float:
    journeys = sum(each.journeys for each in found)
    return sum(each.loss for each in found) / journeys if journeys else _UNKNOWN


def _area(found: Sequence[_Held]) -> tuple[float, float]:
    known = np.array([each.area for each in found if not np.isnan(each.area)])
    if not len(known):
        return _UNKNOWN, _UNKNOWN
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else _UNKNOWN
    return float(known.mean()), float(error)
