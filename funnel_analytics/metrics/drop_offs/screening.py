"""Tests one step: which values, and pairs of values, convert otherwise than the rest?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.estimates import Logit, count_chance, wilson
from funnel_analytics.metrics.drop_offs.steps import Counts, Groups, Pair, Step

__all__ = ["pair_statistics", "screen_step"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_OWN_SHARE = 0.05
_Z = 1.959963984540054


def screen_step(step: Step, *, pairs: bool, minimum_leads: int, smallest: int) -> pd.DataFrame:
    """Test every value, and pair of values, with enough leads.

    Returns
    -------
    DataFrame
        One row per value or pair: `attribute`, `value_no` and those of the second attribute, the
        counts, and what the test says.
    """
    found = [
        _values_of(step, name, counts, minimum_leads, smallest)
        for name, counts in step.by_value().items()
    ]
    if pairs:
        found += _pairs_of(step, step.known.pairs(), minimum_leads, smallest)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def pair_statistics(step: Step, key: str, asked: Mapping[Pair, Ints]) -> dict[Pair, Floats]:
    """The statistics of pairs of values, by number, in the model without one attribute."""
    return {
        pair: np.nan_to_num(_scored(step, step.model(key), groups)["statistic"])
        for pair, groups in step.pairs_scored(key, asked)
    }


def _values_of(
    step: Step, name: str, counted: Counts, minimum_leads: int, smallest: int
) -> pd.DataFrame:
    leads = counted[0]
    rest = step.trials.sum() - leads
    enough = (leads >= minimum_leads) & (rest >= max(smallest, 1))
    if step.known.has_rare[name]:
        enough[-1] = False
    asked = np.flatnonzero(enough)
    if not len(asked):
        return pd.DataFrame()
    names = {"attribute": name, "value_no": asked, "second_attribute": None, "second_no": -1}
    counts = [each[asked] for each in counted]
    return _tested(step, step.model(name), names, counts, step.values_scored(name, asked))


def _pairs_of(
    step: Step, pairs: Sequence[Pair], minimum_leads: int, smallest: int
) -> list[pd.DataFrame]:
    counted = step.by_pair(pairs)
    asked = {}
    for (one, other), (leads, *_) in counted.items():
        # What a value has beside the pair must be no group too small to show either.
        beside = np.minimum(leads.sum(axis=1)[:, None] - leads, leads.sum(axis=0)[None, :] - leads)
        enough = (leads >= minimum_leads) & (beside >= max(smallest, 1))
        if step.known.has_rare[one]:
            enough[-1, :] = False
        if step.known.has_rare[other]:
            enough[:, -1] = False
        if enough.any():
            asked[one, other] = np.flatnonzero(enough.ravel())
    found = []
    for (one, other), groups in step.pairs_scored(None, asked):
        cells = asked[one, other]
        value, second = np.divmod(cells, step.size(other))
        names = {
            "attribute": one,
            "value_no": value,
            "second_attribute": other,
            "second_no": second,
        }
        counts = [each.ravel()[cells] for each in counted[one, other]]
        found.append(_tested(step, step.model(), names, counts, groups))
    return found


def _tested(
    step: Step,
    model: Logit,
    names: Mapping[str, object],
    counts: Sequence[Floats],
    groups: Groups,
) -> pd.DataFrame:
    """The score test of each group, given a model without it."""
    leads, due, came, months = counts
    table = pd.DataFrame(
        {
            **names,
            "previous_leads": leads,
            "reached_leads": came,
            "rate": came / leads,
            "rest_rate": (step.successes.sum() - came) / (step.trials.sum() - leads),
        }
    )
    table = table.assign(
        months=months.astype(np.intp), **_judged(step, model, groups, leads, due, came)
    )
    return table[table["p_value"].notna()]


def _scored(step: Step, model: Logit, groups: Groups) -> dict[str, Floats]:
    """Variance of the excess of each group, whether it can be used, and the statistic."""
    adjusted = np.einsum("ij,jk->ik", groups.crossed, model.inverse)
    variance = groups.own - (adjusted * groups.crossed).sum(axis=1)
    usable = (groups.own > 0) & (variance > _OWN_SHARE * groups.own)
    safe = np.where(usable, variance, 1.0)
    spread = step.widened(model) * safe
    return {
        "usable": usable,
        "variance": safe,
        "spread": spread,
        "statistic": np.where(usable, groups.excess / np.sqrt(spread), np.nan),
    }


def _judged(
    step: Step, model: Logit, groups: Groups, leads: Floats, due: Floats, came: Floats
) -> dict[str, Floats]:
    """Difference from the rest with its interval, statistic and p-value.

    The model without the group holds its leads as well, so of the effect of the group the excess
    holds variance / own. The effect, excess / variance in log odds, is a difference of the rates by
    their own variance: of two rates, exactly excess * own / variance.

    The score weighs leads that have not had all their time less: own / entries is what an entry
    counts in it, and the chance is that of as many whole entries.
    """
    scored = _scored(step, model, groups)
    usable, own, entries = scored["usable"], groups.own, groups.entries
    weight = np.where(usable, own / np.where(entries > 0, entries, 1.0), 1.0)
    difference = groups.excess / scored["variance"] * entries / due
    low, high = wilson(came, leads)
    of_rest = np.maximum(1 / scored["variance"] - 1 / np.where(usable, own, 1.0), 0.0)
    rest = _Z**2 * step.widened(model) * (entries / due) ** 2 * of_rest
    rate = came / leads
    values = {
        "adjusted_difference": difference,
        "difference_low": difference - np.sqrt((rate - low) ** 2 + rest),
        "difference_high": difference + np.sqrt((high - rate) ** 2 + rest),
        "statistic": scored["statistic"],
        "p_value": count_chance(
            groups.excess / weight,
            np.where(usable, scored["spread"] / weight**2, 0.0),
            groups.expected / due,
        ),
    }
    return {name: np.where(usable, each, np.nan) for name, each in values.items()}
