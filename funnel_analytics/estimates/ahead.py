"""What is still to come of those who wait, from the curve of those who waited longer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnel_analytics.estimates.compared import aligned
from funnel_analytics.estimates.curves import incidence_at, survival_at
from funnel_analytics.estimates.inputs import TOLERANCE, Floats

__all__ = ["Shared", "still_to_come"]

_SPANS = 5
_EVENTS = 0.5
_UNSEEN_EVENTS = 0.5
_LEAST = 1e-9


def still_to_come(curve: pd.DataFrame, ages: ArrayLike) -> Floats:
    """With which probability does somebody who still waits at an age see the event later?

    Returns
    -------
    array
        (I(L) - I(a)) / S(a) for each age a, from a `cumulative_incidence` curve (or one of
        `Shared.leaned`) that ends at L: later events are not known of. 0 where nobody waited so
        long.
    """
    last = float(curve["incidence"].iloc[-1]) if len(curve) else 0.0
    return _ratio(last - incidence_at(curve, ages), survival_at(curve, ages))


@dataclass(frozen=True)
class Shared:
    """The curve of everybody, on which the curves of their groups lean where they know little.

    The ages are cut into five spans, in each of which a fifth of all events lies. To a group as
    many are added in each span as see half an event in it if they fare as all do (no more than
    there are). A group with many events of its own hardly notices; one of which nobody was watched
    so long, or too few to have seen an event, has the hazards of all, known as well as half an
    event tells them.

    Notes
    -----
    The mean and the draws of a beta process whose prior has the hazards of all: Hjort (1990), Ann.
    Statist. 18, 1259-1294), here with two events that compete, hence Dirichlet. For the number of
    events of a span that is the gamma prior, of shape 1/2, that Clayton & Kaldor (1987), Biometrics
    43, 671-681, put on the ratio of a group's rate to that of all.
    """

    counts: pd.DataFrame
    times: Floats
    at_risk: Floats
    events: Floats
    competing: Floats
    added: Floats

    @classmethod
    def of(cls, counts: pd.DataFrame) -> Shared:
        """From a table with `time`, `events`, `competing`, `censored` and perhaps `joined`."""
        by_time = counts.groupby("time", as_index=False, sort=True).sum()
        at_risk, events, competing = (each[0] for each in aligned([by_time]))
        event, other = _hazards(at_risk, events, competing)
        incidence, _ = _curve(event, other)
        span = np.zeros(len(event), dtype=int)
        if len(incidence) and incidence[-1] > 0:
            share = (incidence - TOLERANCE) / incidence[-1] * _SPANS
            span = np.clip(share.astype(int), 0, _SPANS - 1)
        ahead = np.bincount(span, weights=event, minlength=_SPANS)[span]
        wanted = np.divide(_EVENTS, ahead, out=np.full(len(event), np.inf), where=ahead > 0)
        return cls(
            counts=by_time,
            times=by_time["time"].to_numpy(float),
            at_risk=at_risk,
            events=events,
            competing=competing,
            added=np.minimum(wanted, at_risk),
        )

    def leaned(self, counts: pd.DataFrame) -> pd.DataFrame:
        """The curve of a group of those in the counts of all.

        Returns
        -------
        DataFrame
            One row per time of all: `time`, `at_risk`, `events` and `competing` of the group,
            `survival` and `incidence` with the others added. That of all is their own curve.
        """
        # Every time of a group is one of all, so these are the times.
        at_risk, events, competing = (each[0] for each in aligned([counts, self.counts]))
        event, other = _hazards(self.at_risk, self.events, self.competing)
        total = at_risk + self.added
        incidence, survival = _curve(
            *_hazards(total, events + self.added * event, competing + self.added * other)
        )
        return pd.DataFrame(
            {
                "time": self.times,
                "at_risk": at_risk,
                "events": events,
                "competing": competing,
                "survival": survival,
                "incidence": incidence,
            }
        )

    def drawn(self, *, draws: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Which hazards of the event and of others could lie behind the curve of all?

        After the last event half an event is as probable at any time as at any other, for those
        who wait: that nobody of few saw one does not say that nobody will.

        Returns
        -------
        event, other
            A row per draw, a column per time.
        """
        events, competing, staying = (
            np.tile(each, (draws, 1))
            for each in (self.events, self.competing, self.at_risk - self.events - self.competing)
        )
        event, other = _drawn_hazards(events, competing, staying, rng)
        seen = np.flatnonzero(self.events)
        late = slice(int(seen[-1]) + 1, None) if len(seen) else slice(0, 0)
        if len(self.times[late]):
            days = np.diff(self.times)[seen[-1] :]
            unseen = rng.standard_gamma(_UNSEEN_EVENTS, size=(draws, 1))
            rate = np.minimum(unseen * days / float(days @ self.at_risk[late]), 1.0)
            event[:, late] = rate * (1 - other[:, late])
        return event, other

    def drawn_still_to_come(
        self,
        curve: pd.DataFrame,
        ages: ArrayLike,
        *,
        drawn: tuple[Floats, Floats],
        rng: np.random.Generator,
    ) -> Floats:
        """Which probabilities of `still_to_come` could lie behind the curve of a group?

        Parameters
        ----------
        curve
            Of the group, from `leaned`.
        drawn
            Hazards of all, from `drawn`.

        Returns
        -------
        array
            One row per draw, one column per age.
        """
        at_risk, events, competing = (
            curve[name].to_numpy(float) for name in ("at_risk", "events", "competing")
        )
        hazards = drawn
        if not np.array_equal(at_risk, self.at_risk):  # a part of all
            events = events + self.added * drawn[0]
            competing = competing + self.added * drawn[1]
            staying = np.maximum(at_risk + self.added - events - competing, _LEAST)
            hazards = _drawn_hazards(events, competing, staying, rng)
        incidence, survival = _curve(*hazards)
        place = np.searchsorted(self.times, np.asarray(ages, dtype=float), side="right")
        nothing, everybody = np.zeros((len(survival), 1)), np.ones((len(survival), 1))
        incidence = np.hstack([nothing, incidence])
        survival = np.hstack([everybody, survival])
        return _ratio(incidence[:, -1:] - incidence[:, place], survival[:, place])


def _hazards(at_risk: Floats, events: Floats, competing: Floats) -> tuple[Floats, Floats]:
    some = np.where(at_risk > 0, at_risk, 1.0)
    return events / some, competing / some


def _drawn_hazards(
    events: Floats, competing: Floats, staying: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Dirichlet draws of the shares that see the event, and another one."""
    weights = [rng.standard_gamma(each) for each in (events, competing, staying)]
    total = np.maximum(weights[0] + weights[1] + weights[2], _LEAST**2)
    return weights[0] / total, weights[1] / total


def _curve(event: Floats, other: Floats) -> tuple[Floats, Floats]:
    """The incidence and the share still waiting after each time, along the last axis."""
    survival = np.maximum(1 - event - other, 0.0).cumprod(axis=-1)
    before = np.concatenate([np.ones_like(survival[..., :1]), survival[..., :-1]], axis=-1)
    reached = before * event
    return np.minimum(reached.cumsum(axis=-1), 1.0), survival


def _ratio(come: Floats, waiting: Floats) -> Floats:
    ratio = np.divide(come, waiting, out=np.zeros_like(come), where=waiting > 0)
    return np.clip(ratio, 0.0, 1.0)
