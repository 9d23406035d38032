"""Is the model of a block good enough to say anything by it?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.estimates import (
    Estimate,
    area_under_curve,
    calibration_line,
    observed_by_chance,
    reached_ratio,
)
from funnel_analytics.metrics.lead_quality.blocks import EVENTS_PER_PARAMETER, Leads
from funnel_analytics.metrics.lead_quality.models import Chances

__all__ = ["CHECK_COLUMNS", "DECILE_COLUMNS", "Judgement", "check_model", "dispersion"]

Floats = NDArray[np.float64]

CHECK_COLUMNS = ("check", "value", "low", "high", "p_value", "least", "most", "is_passed")
DECILE_COLUMNS = ("decile", "leads", "lowest", "highest", "expected_leads", "reached_leads")

_FEWEST_EVENTS = 50
_SLOPES = (0.7, 1.4)
_LEVELS = (0.8, 1.25)
_SMALLEST_AREA = 0.55
_LARGEST_GAP = 0.1
_SMALLEST_P = 0.01
_MOST_DISPERSION = 3.0
_UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


class Judgement(NamedTuple):
    """The checks of a model, its decile table, and how much wider than chance its counts spread."""

    checks: pd.DataFrame
    deciles: pd.DataFrame
    dispersion: float

    @property
    def failed(self) -> list[str]:
        """The names of the checks that failed."""
        return list(self.checks.loc[~self.checks["is_passed"], "check"])


def check_model(leads: Leads, chances: Chances | None) -> Judgement:
    """Every check of one block: each value with the limits between which it passes."""
    events = float(min(leads.reached.sum(), leads.leads.sum() - leads.reached.sum()))
    rows = [_row("events", Estimate(events, np.nan, np.nan), least=_FEWEST_EVENTS)]
    if chances is None:
        empty = pd.DataFrame({name: pd.Series(dtype=float) for name in DECILE_COLUMNS})
        return Judgement(_table(rows), empty, 1.0)
    parameters = max(chances.parameters - 1, 1)
    each_has = Estimate(events / parameters, np.nan, np.nan)
    rows.append(_row("events_per_parameter", each_has, least=EVENTS_PER_PARAMETER))
    failed = chances.leads - chances.reached
    area = area_under_curve(chances.chance, chances.reached, failed)
    rows.append(_area("discrimination", area))
    line = calibration_line(chances.chance, chances.trials, chances.reached, due=chances.due)
    rows.append(_row("calibration_slope", line.slope, least=_SLOPES[0], most=_SLOPES[1]))
    whole = chances.excess_variance(np.ones(len(chances.leads)))
    rows.append(
        _row("calibration_level", _level(chances, whole), least=_LEVELS[0], most=_LEVELS[1])
    )
    deciles, p_value = observed_by_chance(
        chances.chance, chances.trials, chances.reached, chances.variances
    )
    table = pd.DataFrame(deciles)
    gap = float((table["reached"] - table["expected"]).abs().sum() / table["reached"].sum())
    rows.append(
        _row("calibration_deciles", Estimate(gap, np.nan, np.nan), most=_LARGEST_GAP, p=p_value)
    )
    rows += _over_time(chances, area.value)
    spread = dispersion(chances)
    wide = Estimate(spread, np.nan, np.nan)
    rows.append(_row("dispersion", wide, most=_MOST_DISPERSION))
    return Judgement(_table(rows), _deciles(table), max(spread, 1.0))


def dispersion(chances: Chances) -> float:
    """How much wider than chance do the counts of clusters spread within their segments?

    The squared gaps of the clusters over their variances: 1 where leads of a cluster reach the end
    independently of each other; missing where no segment has several clusters.
    """
    keys = pd.DataFrame(
        {
            "group": chances.group,
            "cluster": chances.cluster,
            "reached": chances.reached,
            "expected": chances.expected,
            "variance": chances.variances,
        }
    )
    cells = keys.groupby(["group", "cluster"], as_index=False).sum()
    of_group = cells.groupby("group")[["reached", "expected"]].transform("sum")
    level = np.where(of_group["expected"] > 0, of_group["reached"] / of_group["expected"], 0.0)
    own = cells["expected"] / of_group["expected"].where(of_group["expected"] > 0, 1.0)
    gaps = (cells["reached"] - level * cells["expected"]) ** 2
    due = level * cells["variance"] * (1 - own)
    return float(gaps.sum() / due.sum()) if due.sum() > 0 else float("nan")


def _over_time(chances: Chances, area_of_all: float) -> list[dict[str, Any]]:
    """The chances of the later half, by a model of the earlier one, against what happened."""
    rows = ~chances.is_early & np.isfinite(chances.later)
    chance, trials, reached = (
        each[rows] for each in (chances.later, chances.trials, chances.reached)
    )
    if not 0 < reached.sum() < trials.sum():
        return [_row(name, _UNKNOWN, least=_SLOPES[0]) for name in ("later_slope", "later_level")]
    area = area_under_curve(chance, reached, chances.leads[rows] - reached)
    line = calibration_line(chance, trials, reached, due=chances.due[rows])
    slopes = np.zeros(len(rows))
    slopes[rows] = trials * chance * (1 - chance)
    moved = chances.by_coefficient(slopes)
    own = float((trials * chance * (1 - chances.due[rows] * chance)).sum())
    variance = own + float(moved @ chances.later_inverse @ moved)
    level = reached_ratio(float(reached.sum()), float((trials * chance).sum()), variance)
    return [
        _row("later_discrimination", area, least=_SMALLEST_AREA, ideal=area_of_all),
        _row("later_slope", line.slope, least=_SLOPES[0], most=_SLOPES[1]),
        _row("later_level", Estimate(*map(float, level)), least=_LEVELS[0], most=_LEVELS[1]),
    ]


def _level(chances: Chances, variance: float) -> Estimate:
    expected = float(chances.expected.sum())
    found = reached_ratio(float(chances.reached.sum()), expected, max(variance, 1e-9))
    return Estimate(*map(float, found))


def _area(name: str, area: Estimate) -> dict[str, Any]:
    """Passed if it is surely above a half and not only just."""
    row = _row(name, area, least=_SMALLEST_AREA)
    return row | {"is_passed": bool(area.value >= _SMALLEST_AREA and area.low > 0.5)}


def _row(
    name: str,
    found: Estimate,
    *,
    least: float = float("nan"),
    most: float = float("nan"),
    p: float = float("nan"),
    ideal: float = 1.0,
) -> dict[str, Any]:
    """A check: passed between its limits, where its interval holds the ideal, or p is not small."""
    is_within = not found.value < least and not found.value > most
    if np.isnan(found.value):
        is_within = name == "dispersion"
    is_excused = bool(found.low <= ideal <= found.high) or bool(p >= _SMALLEST_P)
    return {
        "check": name,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "p_value": p,
        "least": least,
        "most": most,
        "is_passed": bool(is_within or is_excused),
    }


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(CHECK_COLUMNS))


def _deciles(table: pd.DataFrame) -> pd.DataFrame:
    named = table.rename(
        columns={"trials": "leads", "expected": "expected_leads", "reached": "reached_leads"}
    )
    named["decile"] = range(1, len(named) + 1)
    return named[list(DECILE_COLUMNS)]
