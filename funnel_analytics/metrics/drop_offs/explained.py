"""Which findings are another one over again, seen through other groups of the same leads?"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import erfc, sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.metrics.drop_offs.screening import Step

__all__ = ["explained_by"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_MOST_EXAMINED = 200
_NOTHING_LEFT = 0.05
_OWN_SHARE = 0.05


@dataclass
class _Group:
    """A finding: its leads, and its score in each model that was asked for."""

    label: int
    attributes: tuple[str, ...]
    members: Bools
    _scores: dict[str | None, tuple[float, Floats, Floats]] = field(default_factory=dict)

    def score(self, step: Step, key: str | None) -> tuple[float, Floats, Floats]:
        """Excess, weights by the values of the model, and these times the inverse information."""
        if key not in self._scores:
            model = step.model(key)
            among = np.flatnonzero(self.members)
            crossed = model.crossed(np.zeros(len(among), dtype=np.intp), 1, among)[0]
            excess = float(model.residuals[among].sum())
            self._scores[key] = (excess, crossed, model.adjusted(crossed))
        return self._scores[key]

    def shared(self, step: Step, key: str | None, other: _Group) -> float:
        """The covariance of the scores of two groups."""
        weights = step.model(key).weights
        both = float(weights[self.members & other.members].sum())
        return both - float(self.score(step, key)[2] @ other.score(step, key)[1])


def explained_by(step: Step, found: pd.DataFrame) -> pd.Series:
    """Which stronger finding of the same step leaves nothing of each finding?

    Findings are gone through by strength. One is explained where its score test, given the findings
    before it that are not explained themselves, is far from any sign (p > 0.05): then it is
    explained by the one of them that takes most of it away. The strength of a pair is its largest
    statistic in the models with all main effects, and without those of one of its attributes, so
    that a pair goes before the values it makes conspicuous.

    Returns
    -------
    Series
        For each row of `found` the label of the finding that explains it; missing where none does.
    """
    groups = [
        _Group(
            int(str(row.Index)),
            tuple(each for each in (row.attribute, row.second_attribute) if isinstance(each, str)),
            step.members(
                str(row.attribute),
                int(str(row.value_no)),
                row.second_attribute if isinstance(row.second_attribute, str) else None,
                int(str(row.second_no)),
            ),
        )
        for row in found.itertuples()
    ]
    strengths = [_strength(step, each) for each in groups]
    order = sorted(range(len(groups)), key=lambda place: (-strengths[place], place))
    explained: dict[int, int] = {}
    accepted: list[_Group] = []
    for place in order[:_MOST_EXAMINED]:
        group = groups[place]
        key = group.attributes[0] if len(group.attributes) == 1 else None
        others = [each for each in accepted if _touch(each, group)]
        if others and _chance(_given(step, key, group, others)) > _NOTHING_LEFT:
            left = [abs(_given(step, key, group, [each])) for each in others]
            explained[group.label] = others[int(np.argmin(left))].label
        else:
            accepted.append(group)
    return pd.Series([explained.get(each.label) for each in groups], found.index, dtype=object)


def _touch(one: _Group, other: _Group) -> bool:
    """Do two groups share leads, or are they parts of the same split?"""
    return one.attributes == other.attributes or bool((one.members & other.members).any())


def _strength(step: Step, group: _Group) -> float:
    """The largest statistic of a group in the models that leave its own values out."""
    keys: list[str | None] = list(group.attributes)
    if len(keys) > 1:
        keys.append(None)
    return max(abs(_given(step, key, group, [])) for key in keys)


def _given(step: Step, key: str | None, group: _Group, others: list[_Group]) -> float:
    """The score statistic of a group in a model, after the effects of other groups."""
    excess, variance = group.score(step, key)[0], group.shared(step, key, group)
    own = float(step.model(key).weights[group.members].sum())
    if others:
        matrix = np.array([[one.shared(step, key, each) for each in others] for one in others])
        shared = np.array([group.shared(step, key, each) for each in others])
        scores = np.array([each.score(step, key)[0] for each in others])
        taken = np.linalg.pinv(matrix, rcond=1e-9, hermitian=True) @ shared
        excess -= float(taken @ scores)
        variance -= float(taken @ shared)
    if variance <= _OWN_SHARE * own:
        return 0.0
    return excess / sqrt(variance * step.widened(step.model(key)))


def _chance(statistic: float) -> float:
    return erfc(abs(statistic) / sqrt(2))
