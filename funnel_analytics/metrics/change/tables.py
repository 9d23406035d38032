"""The tables of a split: parts of the factors, of teams and of segments, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.agreement import Agreement
from funnel_analytics.metrics.change.cohorts import Factors
from funnel_analytics.metrics.change.split import split_change

__all__ = [
    "COUNTS",
    "OBSERVED",
    "drawn_parts",
    "factor_table",
    "level_table",
    "team_table",
    "total_change",
]

Floats = NDArray[np.float64]

COUNTS = (
    "before_previous_leads",
    "before_reached_leads",
    "after_previous_leads",
    "after_reached_leads",
)
OBSERVED = ("before_observed_rate", "after_observed_rate")
_LEVELS = (2.5, 97.5)
_SMALLEST = 1e-3
_MOST_VALUES = 1_000_000


def drawn_parts(factors: Factors) -> Floats:
    """The parts of each draw, summed over the segments: draws by factors."""
    values = factors.values
    draws, _, segments, count = values.shape
    chunk = max(1, _MOST_VALUES // max(segments * count, 1))
    found = np.empty((draws, count))
    for start in range(0, draws, chunk):
        some = values[start : start + chunk]
        found[start : start + chunk] = split_change(some[:, 0], some[:, 1]).sum(axis=1)
    return found


def factor_table(
    agreement: Agreement,
    names: Sequence[tuple[str, int | None]],
    *,
    own: Floats,
    parts: Floats,
    drawn: Floats,
    observed: Floats,
    extrapolated: Sequence[bool] | None = None,
) -> pd.DataFrame:
    """One row per factor.

    `own` are its values before and after, `drawn` the parts of the draws and `observed` the
    measure before and after. An `extrapolated` part is not told from chance.
    """
    low, high, apart = _intervals(parts, drawn, observed)
    assumed = np.zeros(len(names), dtype=bool) if extrapolated is None else np.array(extrapolated)
    change = float(observed[1] - observed[0])
    return pd.DataFrame(
        {
            "factor": [kind for kind, _ in names],
            "stage": _objects([_stage(agreement, position) for _, position in names]),
            "team": _objects([_team(agreement, kind, position) for kind, position in names]),
            "before": own[0],
            "after": own[1],
            "part": parts,
            "part_share": parts / change if change else np.nan,
            "low": low,
            "high": high,
            "is_distinguishable": apart & ~assumed,
            "is_extrapolated": assumed,
        }
    )


def team_table(table: pd.DataFrame, *, drawn: Floats, observed: Floats) -> pd.DataFrame:
    """The parts of the stages under the teams that own them; the rest belongs to nobody."""
    teams = list(dict.fromkeys(each for each in table["team"] if each is not None))
    rows = [table["team"] == team for team in teams] + [table["team"].isna()]
    parts = np.array([table.loc[each, "part"].sum(skipna=False) for each in rows])
    sums = np.column_stack([drawn[:, each.to_numpy()].sum(axis=1) for each in rows])
    low, high, apart = _intervals(parts, sums, observed)
    assumed = np.array([table.loc[each, "is_extrapolated"].any() for each in rows])
    return pd.DataFrame(
        {
            "team": _objects([*teams, None]),
            "part": parts,
            "low": low,
            "high": high,
            "is_distinguishable": apart & ~assumed,
        }
    )


def level_table(table: pd.DataFrame, *, observed: Floats) -> pd.DataFrame:
    """From where to where each bar of a waterfall goes: before, the parts, after."""
    parts = table["part"].to_numpy(float)
    levels = observed[0] + np.concatenate([[0.0], np.cumsum(parts)])
    return pd.DataFrame(
        {
            "bar": ["before", *["part"] * len(parts), "after"],
            "factor": _objects([None, *table["factor"], None]),
            "stage": _objects([None, *table["stage"], None]),
            "start": [0.0, *levels[:-1], 0.0],
            "end": [observed[0], *levels[1:], observed[1]],
        }
    )


def total_change(observed: Floats, *, drawn: Floats) -> dict[str, float | bool]:
    """The measure before and after, and the change with its interval."""
    before, after = map(float, observed)
    change = np.array([after - before])
    low, high, apart = _intervals(change, drawn.sum(axis=1, keepdims=True), observed)
    return {
        "before": before,
        "after": after,
        "change": float(change[0]),
        "change_share": float(change[0] / before) if before else float("nan"),
        "low": float(low[0]),
        "high": float(high[0]),
        "is_distinguishable": bool(apart[0]),
    }


def _intervals(
    parts: Floats, drawn: Floats, observed: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Where 95 of 100 draws lie, wide enough to hold the part; does that leave 0 out?

    A part below a thousandth of the measure is as good as 0, however sure it is.
    """
    lows, highs = np.percentile(drawn, _LEVELS, axis=0)
    low, high = np.minimum(lows, parts), np.maximum(highs, parts)
    unknown = np.isnan(parts)
    low, high = np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
    is_some = np.abs(parts) >= _SMALLEST * np.abs(observed).max()
    return low, high, is_some & ((low > 0) | (high < 0))


def _stage(agreement: Agreement, position: int | None) -> str | None:
    return None if position is None else agreement.stages[position - 1].name


def _team(agreement: Agreement, kind: str, position: int | None) -> str | None:
    """Who answers for a factor: for leads the owner of the first stage, else of the stage."""
    place = 1 if kind == "volume" else position
    return None if place is None else agreement.stages[place - 1].owner


def _objects(values: Sequence[object]) -> pd.Series:
    return pd.Series(list(values), dtype=object)
