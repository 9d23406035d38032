"""Which share of the eventual entries into a stage can be in the data by now?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["StepCurve"]

Floats = NDArray[np.float64]

_DAY = 86400.0


class StepCurve:
    """One minus the Kaplan-Meier estimate of the days from one stage to the next.

    Leads that were lost stay at risk, as they merely have not entered. Draws weigh every lead
    anew (Bayesian bootstrap: Rubin 1981, Ann. Statist. 9, 130-134).
    """

    def __init__(self, counts: pd.DataFrame) -> None:
        rows = counts.sort_values("days", kind="stable")
        self._days = rows["days"].to_numpy(float)
        self._entered = rows["entered_leads"].to_numpy(float)
        self._waiting = rows["waiting_leads"].to_numpy(float)

    def shares_in_data(
        self,
        leads: pd.DataFrame,
        *,
        cells: int,
        draws: int = 0,
        rng: np.random.Generator | None = None,
    ) -> Floats:
        """The mean over groups of leads of the share of their eventual entries the data can hold.

        Parameters
        ----------
        leads
            Rows of groups (`cell`, below `cells`) with `previous_leads`. The data can hold the
            entries from `hidden_days` up to `age_days` after the stage before; of both days, the
            share of the day that `hidden_seconds` and `age_seconds` (sums over the leads) say.
        draws, rng
            How often to draw, and with what; without draws the estimate itself.

        Returns
        -------
        array
            Draws (1 without) by groups, in 0-1; missing for a group without leads. Where nobody
            ever entered, it is 1: nothing is known of how long it takes.
        """
        if not self._entered.any():
            return np.ones((max(draws, 1), cells))
        entered, waiting = self._entered[None, :], self._waiting[None, :]
        if rng is not None and draws:
            entered = rng.gamma(self._entered, size=(draws, len(self._days)))
            waiting = rng.gamma(self._waiting, size=(draws, len(self._days)))
        by_now = self._incidence(entered, waiting)
        eventual = by_now[:, -1:]
        found = self._by_cell(by_now, leads, "age", cells)
        found -= self._by_cell(by_now, leads, "hidden", cells)
        total = np.bincount(leads["cell"], weights=leads["previous_leads"], minlength=cells)
        share = np.clip(found / eventual / np.where(total > 0, total, np.nan), 0.0, 1.0)
        return np.asarray(share)

    def _by_cell(self, by_now: Floats, leads: pd.DataFrame, kind: str, cells: int) -> Floats:
        """The entries expected by a time, summed over the leads of each group: draws by groups."""
        days = leads[f"{kind}_days"].to_numpy(float)
        count = leads["previous_leads"].to_numpy(float)
        begun = leads[f"{kind}_seconds"].to_numpy(float) / _DAY - days * count
        weights = np.zeros((by_now.shape[1], cells))
        cell = leads["cell"].to_numpy(int)
        np.add.at(weights, (np.searchsorted(self._days, days, side="left"), cell), count - begun)
        np.add.at(weights, (np.searchsorted(self._days, days, side="right"), cell), begun)
        return by_now @ weights

    @staticmethod
    def _incidence(entered: Floats, waiting: Floats) -> Floats:
        """The share that entered before the first day, by the first day, by the second, …"""
        total = entered + waiting
        at_risk = np.cumsum(total[:, ::-1], axis=1)[:, ::-1]
        staying = 1 - np.divide(entered, at_risk, out=np.zeros_like(total), where=at_risk > 0)
        survival = np.cumprod(staying, axis=1)
        return np.concatenate([np.zeros((len(total), 1)), 1 - survival], axis=1)
