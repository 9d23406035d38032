"""Tests one step: which values, and pairs of values, convert otherwise than the rest?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.estimates import Factor, Logit, count_chance, fit_logit, wilson
from funnel_analytics.metrics.drop_offs.combinations import MONTH, Combinations

__all__ = ["Step", "screen_step"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

_OWN_SHARE = 0.05
_Z = 1.959963984540054


@dataclass
class Step:
    """The leads of one step, in the months judged: row = combination with such leads.

    `trials` are leads in the stage before, `due` those of them that have had their time (a little
    fewer in months that are not yet all ripe), `successes` those that took the step.

    Models are made when they are asked for: that of the main effects of all attributes for pairs,
    for a value that of the attributes which do not tell its own.
    """

    known: Combinations
    rows: Ints
    trials: Floats
    due: Floats
    successes: Floats
    fewest: int
    codes: Mapping[str, Ints] = field(init=False)
    _models: dict[str | None, Logit] = field(init=False, default_factory=dict)
    _levels: dict[str, Factor] = field(init=False)

    def __post_init__(self) -> None:
        self.codes = {
            name: self.known.factors[name].codes[self.rows] for name in self.known.attributes
        }
        self._levels = {name: self._level(name) for name in self.known.attributes}

    def size(self, name: str) -> int:
        """How many values an attribute has."""
        return self.known.factors[name].size

    def model(self, left_out: str | None = None) -> Logit:
        """The rates without the effects of an attribute, or with those of all."""
        if left_out not in self._models:
            whole = None if left_out is None else self.model()
            factors = [
                self._levels[name]
                for name in self.known.attributes
                if left_out is None
                or (name != left_out and not self.known.determines(name, left_out))
            ]
            self._models[left_out] = fit_logit(factors, self.due, self.successes, start=whole)
        return self._models[left_out]

    def widened(self, model: Logit) -> float:
        """How much larger the variances are than the fitted rates say, for they fit too well."""
        leads = float(self.trials.sum())
        return leads / max(leads - model.degrees, 1.0)

    def members(self, attribute: str, value: int, second: str | None, other: int) -> Bools:
        """Which combinations belong to a value or a pair of values?"""
        is_member = self.codes[attribute] == value
        return is_member if second is None else is_member & (self.codes[second] == other)

    def _level(self, name: str) -> Factor:
        """The values of an attribute that the model tells apart.

        Values with few leads, and those whose leads all took the step, or none of them, are one.
        """
        codes, size = self.codes[name], self.size(name)
        tried = np.bincount(codes, weights=self.trials, minlength=size)
        came = np.bincount(codes, weights=self.successes, minlength=size)
        apart = (tried >= self.fewest) & (came > 0) & (came < tried)
        joined = ~apart & (tried > 0)
        if joined.any():
            tries, comes = tried[joined].sum(), came[joined].sum()
            if (comes == 0 or comes == tries) and apart.any():
                apart[np.flatnonzero(apart)[np.argmin(tried[apart])]] = False
        numbers = np.full(size, int(apart.sum()), dtype=np.intp)
        numbers[apart] = np.arange(apart.sum())
        return Factor(numbers[codes], int(apart.sum()) + 1)


def screen_step(step: Step, *, pairs: bool, minimum_leads: int, smallest: int) -> pd.DataFrame:
    """Test every value, and pair of values, with enough leads.

    Returns
    -------
    DataFrame
        One row per value or pair: `attribute`, `value_no` and those of the second attribute, the
        counts, and what the test says.
    """
    found = [_values_of(step, name, minimum_leads, smallest) for name in step.known.attributes]
    if pairs:
        for one, other in step.known.pairs():
            found.append(_pairs_of(step, one, other, minimum_leads, smallest))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _values_of(step: Step, name: str, minimum_leads: int, smallest: int) -> pd.DataFrame:
    codes, size = step.codes[name], step.size(name)
    tried = np.bincount(codes, weights=step.trials, minlength=size)
    rest = step.trials.sum() - tried
    enough = (tried >= minimum_leads) & (rest >= max(smallest, 1))
    if step.known.has_rare[name]:
        enough[-1] = False
    return _tested(
        step,
        lambda: step.model(name),
        np.flatnonzero(enough),
        codes,
        size,
        lambda numbers: {
            "attribute": name,
            "value_no": numbers,
            "second_attribute": None,
            "second_no": -1,
        },
    )


def _pairs_of(step: Step, one: str, other: str, minimum_leads: int, smallest: int) -> pd.DataFrame:
    size = step.size(other)
    codes = step.codes[one] * size + step.codes[other]
    shape = (step.size(one), size)
    tried = np.bincount(codes, weights=step.trials, minlength=shape[0] * size).reshape(shape)
    # What a value has beside the pair must be no group too small to show either.
    beside = np.minimum(tried.sum(axis=1)[:, None] - tried, tried.sum(axis=0)[None, :] - tried)
    enough = (tried >= minimum_leads) & (beside >= max(smallest, 1))
    if step.known.has_rare[one]:
        enough[-1, :] = False
    if step.known.has_rare[other]:
        enough[:, -1] = False
    return _tested(
        step,
        step.model,
        np.flatnonzero(enough.ravel()),
        codes,
        shape[0] * size,
        lambda numbers: {
            "attribute": one,
            "value_no": numbers // size,
            "second_attribute": other,
            "second_no": numbers % size,
        },
    )


def _tested(
    step: Step,
    model: Callable[[], Logit],
    asked: Ints,
    codes: Ints,
    size: int,
    names: Callable[[Ints], Mapping[str, object]],
) -> pd.DataFrame:
    """The score test of each group asked for, given a model without it."""
    if not len(asked):
        return pd.DataFrame()
    fitted = model()
    count = len(asked)
    place = np.full(size, count, dtype=np.intp)  # who is in no group is in one after the last
    place[asked] = np.arange(count)
    group = place[codes]

    def summed(values: Floats) -> Floats:
        counted = np.bincount(group, weights=values, minlength=count + 1)
        return np.asarray(counted[:count], dtype=np.float64)

    tried, due, came = summed(step.trials), summed(step.due), summed(step.successes)
    excess, own = summed(fitted.residuals), summed(fitted.weights)
    crossed = fitted.crossed(group, count + 1)[:count]
    variance = own - (fitted.adjusted(crossed) * crossed).sum(axis=1)
    widened = step.widened(fitted)
    table = pd.DataFrame(
        {
            **names(asked),
            "previous_leads": tried,
            "reached_leads": came,
            "rate": came / tried,
            "rest_rate": (step.successes.sum() - came) / (step.trials.sum() - tried),
        }
    )
    table = table.assign(
        months=_months(step, group, count),
        **_judged(excess, own, variance, widened, tried, due, came),
    )
    return table[table["p_value"].notna()]


def _months(step: Step, group: Ints, count: int) -> Ints:
    """In how many months of creation does each group have leads?"""
    month = step.known.factors[MONTH]
    place = group * month.size + month.codes[step.rows]
    leads = np.bincount(place, weights=step.trials, minlength=(count + 1) * month.size)
    return np.asarray((leads.reshape(count + 1, -1) > 0).sum(axis=1)[:count], dtype=np.intp)


def _judged(
    excess: Floats,
    own: Floats,
    variance: Floats,
    widened: float,
    tried: Floats,
    due: Floats,
    came: Floats,
) -> dict[str, Floats]:
    """Difference from the rest with its interval, statistic and p-value.

    The model without the group holds its leads as well, so the difference from what it expects is
    that from the rest times variance / own: all of it is (in a comparison of two rates exactly)
    the excess times own / variance.
    """
    usable = (own > 0) & (variance > _OWN_SHARE * own)
    scale = own / np.where(usable, variance, 1.0)
    difference = excess * scale / due
    low, high = wilson(came, tried)
    rest = _Z**2 * widened * own / due**2 * np.maximum(scale - 1, 0.0)
    spread = widened * np.where(usable, variance, 1.0)
    rate = came / tried
    expected = (came - excess) / due
    values = {
        "adjusted_difference": difference,
        "difference_low": difference - np.sqrt((rate - low) ** 2 + rest),
        "difference_high": difference + np.sqrt((high - rate) ** 2 + rest),
        "statistic": excess / np.sqrt(spread),
        "p_value": count_chance(excess, np.where(usable, spread, 0.0), expected),
    }
    return {name: np.where(usable, each, np.nan) for name, each in values.items()}
