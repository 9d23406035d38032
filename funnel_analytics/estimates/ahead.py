"""What is still to come of those who wait, from the curve of those who waited longer."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from funnel_analytics.estimates.curves import incidence_at, survival_at
from funnel_analytics.estimates.inputs import Floats

__all__ = ["drawn_still_to_come", "still_to_come"]


def still_to_come(curve: pd.DataFrame, ages: ArrayLike) -> Floats:
    """With which probability does somebody who still waits at an age see the event later?

    Returns
    -------
    array
        (I(L) - I(a)) / S(a) for each age a, from a `cumulative_incidence` curve that ends at L:
        later events are not known of. 0 where nobody waited so long.
    """
    last = float(curve["incidence"].iloc[-1]) if len(curve) else 0.0
    return _ratio(last - incidence_at(curve, ages), survival_at(curve, ages))


def drawn_still_to_come(
    curve: pd.DataFrame, ages: ArrayLike, *, draws: int, rng: np.random.Generator
) -> Floats:
    """Which probabilities of `still_to_come` could lie behind the curve?

    Returns
    -------
    array
        One row per draw, one column per age.

    Notes
    -----
    A bootstrap of the counts: of those at risk at each time as many see the event or a competing
    one as a binomial with the observed rates gives. The steps of a curve are independent given who
    is at risk, so this has the curve's own (Greenwood's) variance, and delayed entry needs nothing
    more: Akritas (1986), J. Am. Stat. Assoc. 81, 1032-1038.
    """
    moved = curve[(curve["events"] > 0) | (curve["competing"] > 0)]
    at_risk, events = moved["at_risk"].to_numpy("int64"), moved["events"].to_numpy(float)
    either = events + moved["competing"].to_numpy(float)
    ended = rng.binomial(at_risk, np.minimum(either / at_risk, 1.0), size=(draws, len(moved)))
    reached = rng.binomial(ended, events / either)
    survival = np.cumprod(1 - ended / at_risk, axis=1)
    before = np.hstack([np.ones((draws, 1)), survival])[:, :-1]
    incidence = np.cumsum(before * reached / at_risk, axis=1)
    place = np.searchsorted(moved["time"].to_numpy(), np.asarray(ages, dtype=float), side="right")
    incidence = np.hstack([np.zeros((draws, 1)), incidence])
    survival = np.hstack([np.ones((draws, 1)), survival])
    return _ratio(incidence[:, -1:] - incidence[:, place], survival[:, place])


def _ratio(come: Floats, waiting: Floats) -> Floats:
    ratio = np.divide(come, waiting, out=np.zeros_like(come), where=waiting > 0)
    return np.clip(ratio, 0.0, 1.0)
