"""At which false-discovery rate is each test of values, and of pairs of values, a finding?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.estimates import benjamini_hochberg

__all__ = ["q_values"]

_WITHIN = 3.0  # values, and pairs within the values found: at most 2.88 / 3 of the rate
_AT_LARGE = 25.0  # all pairs: the other twenty-fifth


def q_values(tests: pd.DataFrame) -> pd.Series:
    """At which false-discovery rate over all findings would each test just be one of them?

    Values are tested among all values of all steps, at a third of the rate. Below each value that
    is a finding its pairs are tested among themselves, at a third of the rate again: each pair is
    below that of its two values which has the smaller p-value in the same step (the first if both
    are alike). Besides, all pairs of all steps are tested at a twenty-fifth of the rate.

    Parameters
    ----------
    tests
        One row per test: `position` of the step, `attribute` and `value_no`, for pairs also
        `second_attribute` and `second_no`, and the `p_value`.

    Returns
    -------
    Series
        The q-values, in 0-1: for a value 3 times that of Benjamini & Hochberg (1995) over all
        values; for a pair 3 times that over the pairs below the same value, or the q-value of this
        value if that is more, or 25 times that over all pairs if that is less than both.

    Notes
    -----
    Yekutieli (2008), J. Am. Stat. Assoc. 103, 309-316: where disjoint families of tests form a
    tree and each is tested at the level a, once the test above it is a finding, the false-discovery
    rate of all findings is at most 2 * 1.44 * a for independent tests. The findings of two
    procedures together have at most the sum of their rates: 2.88 / 3 + 1 / 25 = 1.

    >>> tests = pd.DataFrame({"position": 2, "attribute": ["origin", "month", "month"],
    ...     "value_no": [0, 5, 5], "second_attribute": [None, None, "origin"],
    ...     "second_no": [-1, -1, 0], "p_value": [0.2, 0.001, 0.004]})
    >>> print(q_values(tests).round(3).tolist())
    [0.6, 0.006, 0.012]
    """
    p_values = tests["p_value"].to_numpy(dtype=float)
    is_pair = tests["second_attribute"].notna().to_numpy(dtype=bool)
    found = np.ones(len(tests))
    for rows, times in ((~is_pair, _WITHIN), (is_pair, _AT_LARGE)):
        found[rows] = np.minimum(times * benjamini_hochberg(p_values[rows]), 1.0)
    value_of = _value_of(tests, is_pair)
    for value in np.unique(value_of[value_of >= 0]):
        pairs = np.flatnonzero(value_of == value)
        within = np.maximum(_WITHIN * benjamini_hochberg(p_values[pairs]), found[value])
        found[pairs] = np.minimum(found[pairs], within)
    return pd.Series(found, index=tests.index)


def _value_of(tests: pd.DataFrame, is_pair: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The row of the value that each pair is below; -1 for values, and if neither was tested."""
    pairs, values = tests[is_pair], tests[~is_pair]
    known = pd.MultiIndex.from_frame(values[["position", "attribute", "value_no"]])
    chances = np.append(values["p_value"].to_numpy(dtype=float), np.inf)
    row = np.append(np.flatnonzero(~is_pair), -1)
    one, other = (
        known.get_indexer(pd.MultiIndex.from_frame(pairs[["position", *names]]))
        for names in (("attribute", "value_no"), ("second_attribute", "second_no"))
    )
    found = np.full(len(tests), -1, dtype=np.intp)
    found[is_pair] = row[np.where(chances[one] <= chances[other], one, other)]
    return found
