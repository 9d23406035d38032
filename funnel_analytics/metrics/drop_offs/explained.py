"""Which findings are another one over again, seen through other groups of the same leads?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import erfc, sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.metrics.drop_offs.screening import pair_statistics
from funnel_analytics.metrics.drop_offs.steps import Step

__all__ = ["explained_by"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

_MOST_EXAMINED = 200
_NOTHING_LEFT = 0.05
_OWN_SHARE = 0.05


@dataclass
class _Group:
    """A finding: the values that its leads have, and their rows."""

    label: int
    values: Mapping[str, int]
    strength: float

    @property
    def key(self) -> str | None:
        """Which model is its own?"""
        return next(iter(self.values)) if len(self.values) == 1 else None

    def is_member(self, step: Step, among: Ints | slice) -> Bools:
        """Which of some rows belong to it?"""
        found: Bools | None = None
        for name, value in self.values.items():
            own = step.codes[name][among] == value
            found = own if found is None else found & own
        assert found is not None  # a finding has one attribute or two
        return found


@dataclass
class _Scores:
    """The scores of findings in one model, each found once."""

    step: Step
    key: str | None
    _rows: dict[int, Ints] = field(default_factory=dict)
    _own: dict[int, tuple[float, Floats, Floats]] = field(default_factory=dict)
    _both: dict[tuple[int, int], float] = field(default_factory=dict)

    def excess(self, group: _Group) -> float:
        """Entries less expected ones."""
        return self._score(group)[0]

    def overlap(self, one: _Group, other: _Group) -> float:
        """The weight of the rows that belong to both."""
        if any(other.values.get(name, value) != value for name, value in one.values.items()):
            return 0.0
        pair = (min(one.label, other.label), max(one.label, other.label))
        if pair not in self._both:
            rows = self._rows_of(one)
            among = rows[other.is_member(self.step, rows)]
            self._both[pair] = float(self.step.at_rows(self.key).weights[among].sum())
        return self._both[pair]

    def shared(self, one: _Group, other: _Group) -> float:
        """The covariance of the scores of two groups."""
        return self.overlap(one, other) - float(self._score(one)[2] @ self._score(other)[1])

    def _score(self, group: _Group) -> tuple[float, Floats, Floats]:
        """Excess, weights by the coefficients, and these times the inverse information."""
        if group.label not in self._own:
            rows, fitted = self._rows_of(group), self.step.at_rows(self.key)
            crossed = self.step.counted.crossed(rows, fitted.weights[rows])
            adjusted = crossed @ self.step.model(self.key).inverse
            self._own[group.label] = (float(fitted.residuals[rows].sum()), crossed, adjusted)
        return self._own[group.label]

    def _rows_of(self, group: _Group) -> Ints:
        if group.label not in self._rows:
            self._rows[group.label] = np.flatnonzero(group.is_member(self.step, slice(None)))
        return self._rows[group.label]


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
    groups = _groups(step, found)
    scores: dict[str | None, _Scores] = {}
    order = sorted(range(len(groups)), key=lambda place: (-groups[place].strength, place))
    explained: dict[int, int] = {}
    accepted: list[_Group] = []
    for place in order[:_MOST_EXAMINED]:
        group = groups[place]
        known = scores.setdefault(group.key, _Scores(step, group.key))
        others = [
            each
            for each in accepted
            if set(each.values) == set(group.values) or known.overlap(each, group) > 0
        ]
        if others and _chance(_given(known, group, others)) > _NOTHING_LEFT:
            left = [abs(_given(known, group, [each])) for each in others]
            explained[group.label] = others[int(np.argmin(left))].label
        else:
            accepted.append(group)
    return pd.Series([explained.get(each.label) for each in groups], found.index, dtype=object)


def _groups(step: Step, found: pd.DataFrame) -> list[_Group]:
    """The findings with their strengths."""
    strengths = found["statistic"].abs()
    is_pair = found["second_attribute"].notna()
    pairs = found[is_pair].groupby(["attribute", "second_attribute"], sort=False)
    asked, labels = {}, {}
    for names, rows in pairs:
        one, other = (str(each) for each in names)
        number = rows["value_no"] * step.size(other) + rows["second_no"]
        asked[one, other] = number.to_numpy(dtype=np.intp)
        labels[one, other] = rows.index
    for name in step.known.attributes:
        with_it = {pair: numbers for pair, numbers in asked.items() if name in pair}
        if with_it:
            for pair, statistics in pair_statistics(step, name, with_it).items():
                own = strengths.loc[labels[pair]].to_numpy()
                strengths.loc[labels[pair]] = np.maximum(own, np.abs(statistics))
    return [
        _Group(
            int(str(row.Index)),
            {str(row.attribute): int(str(row.value_no))}
            | (
                {str(row.second_attribute): int(str(row.second_no))}
                if isinstance(row.second_attribute, str)
                else {}
            ),
            float(strength),
        )
        for row, strength in zip(found.itertuples(), strengths, strict=True)
    ]


def _given(scores: _Scores, group: _Group, others: list[_Group]) -> float:
    """The score statistic of a group, after the effects of other groups."""
    excess, variance = scores.excess(group), scores.shared(group, group)
    own = scores.overlap(group, group)
    matrix = np.array([[scores.shared(one, each) for each in others] for one in others])
    shared = np.array([scores.shared(group, each) for each in others])
    taken = np.linalg.pinv(matrix, rcond=1e-9, hermitian=True) @ shared
    excess -= float(taken @ np.array([scores.excess(each) for each in others]))
    variance -= float(taken @ shared)
    if variance <= _OWN_SHARE * own:
        return 0.0
    return excess / sqrt(variance * scores.step.widened(scores.step.model(scores.key)))


def _chance(statistic: float) -> float:
    return erfc(abs(statistic) / sqrt(2))
