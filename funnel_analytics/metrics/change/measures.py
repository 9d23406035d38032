"""What can be explained: numbers of wins, revenue, and the rate from one stage to a later one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError, did_you_mean

__all__ = ["Measure", "measure_of"]

_NAMES = ("won_leads", "revenue", "won_rate")


@dataclass(frozen=True)
class Measure:
    """A product along the funnel: from the leads that reached position `first` to `last`."""

    name: str
    kind: Literal["count", "revenue", "rate"]
    first: int
    last: int

    @property
    def steps(self) -> range:
        """The positions of the stages whose step rates are factors."""
        return range(self.first + 1, self.last + 1)

    def unit(self, currency: str) -> str:
        """What it is counted in."""
        return {"count": "leads", "revenue": currency, "rate": "share of leads"}[self.kind]


def measure_of(
    agreement: Agreement, measure: str | None, from_stage: str | None, to_stage: str | None
) -> Measure:
    """The measure that was asked for.

    Raises
    ------
    CallError
        There is no such measure or stage, the stages are not in order, or both a measure and
        stages are given.
    """
    names = agreement.stage_names
    if from_stage is not None or to_stage is not None:
        first, last = from_stage or names[0], to_stage or names[-1]
        if measure not in (None, f"{first}_to_{last}"):
            raise CallError("Give either a measure, or from_stage and to_stage, whose rate it is.")
        return _rate(agreement, first, last)
    if measure is None or measure == "won_leads":
        return Measure("won_leads", "count", 1, len(names))
    if measure == "revenue":
        return Measure("revenue", "revenue", 1, len(names))
    if measure == "won_rate":
        return Measure("won_rate", "rate", 1, len(names))
    rates = [f"{first}_to_{last}" for i, first in enumerate(names) for last in names[i + 1 :]]
    for first in names:
        if str(measure).startswith(f"{first}_to_") and measure[len(first) + 4 :] in names:
            return _rate(agreement, first, measure[len(first) + 4 :])
    raise CallError(
        f"Unknown measure '{measure}'; known are {', '.join(_NAMES)} and the rate from a stage to "
        f"a later one, such as '{rates[-1]}'.{did_you_mean(str(measure), [*_NAMES, *rates])}"
    )


def _rate(agreement: Agreement, first: str, last: str) -> Measure:
    start, end = agreement.position(first), agreement.position(last)
    if start >= end:
        raise CallError(f"'{last}' does not come after '{first}' in the agreement.")
    return Measure(f"{first}_to_{last}", "rate", start, end)
