"""Which share of the eventual entries into a stage can be in the data by now?"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["StepCurve"]

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

_DAY = 86400.0
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


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

    def spread_in_data(self, leads: pd.DataFrame, *, cells: int) -> Floats:
        """The variance, over the leads of each group, of what the data can hold of each of them.

        Returns
        -------
        array
            One per group, 0 where nothing is known of how long it takes; missing for a group
            without leads.
        """
        count = leads["previous_leads"].to_numpy(float)
        total = np.bincount(leads["cell"], weights=count, minlength=cells)
        known = np.where(total > 0, total, np.nan)
        if not self._entered.any():
            return known * 0.0
        by_now = self._incidence(self._entered[None, :], self._waiting[None, :])[0]
        share = np.zeros(len(leads))
        for kind, sign in (("age", 1), ("hidden", -1)):
            before, after, begun = self._between(leads, kind)
            share += sign * (by_now[before] * (count - begun) + by_now[after] * begun)
        share /= by_now[-1] * np.where(count > 0, count, 1.0)
        cell = leads["cell"].to_numpy(int)
        mean, square = (
            np.bincount(cell, weights=count * each, minlength=cells) / known
            for each in (share, share**2)
        )
        return np.maximum(square - mean**2, 0.0)

    def _between(self, leads: pd.DataFrame, kind: str) -> tuple[Places, Places, Floats]:
        """The places in the curve before and after a day, and how many leads have it behind them.

        The leads of a row have spent different shares of the day: what the sum of these is counts
        as that many leads at its end, and the others at its beginning.
        """
        days = leads[f"{kind}_days"].to_numpy(float)
        seconds = leads[f"{kind}_seconds"].to_numpy(float)
        begun = seconds / _DAY - days * leads["previous_leads"].to_numpy(float)
        before, after = (np.searchsorted(self._days, days, side=each) for each in _SIDES)
        return before, after, begun

    def _by_cell(self, by_now: Floats, leads: pd.DataFrame, kind: str, cells: int) -> Floats:
        """The entries expected by a time, summed over the leads of each group: draws by groups."""
        before, after, begun = self._between(leads, kind)
        weights = np.zeros((by_now.shape[1], cells))
        cell = leads["cell"].to_numpy(int)
        np.add.at(weights, (before, cell), leads["previous_leads"].to_numpy(float) - begun)
        np.add.at(weights, (after, cell), begun)
        return by_now @ weights

    @staticmethod
    def _incidence(entered: Floats, waiting: Floats) -> Floats:
        """The share that entered before the first day, by the first day, by the second, …"""
        total = entered + waiting
        at_risk = np.cumsum(total[:, ::-1], axis=1)[:, ::-1]
        staying = 1 - np.divide(entered, at_risk, out=np.zeros_like(total), where=at_risk > 0)
        survival = np.cumprod(staying, axis=1)
        return np.concatenate([np.zeros((len(total), 1)), 1 - survival], axis=1)
