"""Which contacted leads can be compared, and for how long they are followed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError
from funnel_analytics.estimates import kaplan_meier

__all__ = ["FATES", "Stages", "Window", "compared_leads", "follow_up", "population", "stages_asked"]

FATES = (
    "never_contacted",
    "before_creation",
    "day_precision",
    "not_among",
    "reached_before",
    "closed_before",
    "unobserved",
    "too_young",
    "compared",
)
"""What becomes of the leads of a cohort on the way to the comparison, in this order."""

_DAY = 86400.0
_NEARLY_ALL = 0.98


@dataclass(frozen=True)
class Stages:
    """The stage asked for, and the one before it that all compared leads had reached."""

    stage: str
    among: str


@dataclass(frozen=True)
class Window:
    """How many days leads are followed; `share` of all entries come within (missing: unknown)."""

    days: float
    share: float


def stages_asked(agreement: Agreement, stage: str | None, among: str | None) -> Stages:
    """The stages to compare by, after checking them.

    Raises
    ------
    CallError
        An unknown stage, the first one, or `among` is not before it.
    """
    names = agreement.stage_names
    accepted = _accepted(agreement)
    usual = min(accepted + 1, len(names))
    asked = usual if stage is None else agreement.position(stage)
    if asked == 1:
        raise CallError(f"Every lead begins in {names[0]}; choose a later stage.")
    base = min(asked - 1, max(usual - 1, 1)) if among is None else agreement.position(among)
    if base >= asked:
        raise CallError(f"{names[base - 1]} does not lie before {names[asked - 1]}.")
    return Stages(names[asked - 1], names[base - 1])


def _accepted(agreement: Agreement) -> int:
    """The stage in which leads are another team's for the first time; else the first stage."""
    first = agreement.stages[0].owner
    others = [number for number, each in enumerate(agreement.stages, 1) if each.owner != first]
    return min(others, default=1)


def follow_up(rows: pd.DataFrame, days: float | None) -> Window:
    """For how many days is each lead followed?

    Parameters
    ----------
    rows
        All leads that can be compared, of every cohort.
    days
        As asked for; else those within which 98 % of all entries that will ever come have come,
        but at most half of the time that the data tell of.
    """
    if days is not None and not 0 < days < math.inf:
        raise CallError(f"Leads are followed for more than 0 days, not {days}.")
    reached = rows["reached_seconds"]
    entered = np.where(reached.notna(), rows["leads"], 0)
    ages = np.where(
        reached.notna(),
        np.ceil(reached / _DAY),
        np.floor(rows["followed_seconds"].clip(lower=0) / _DAY),
    )
    curve = kaplan_meier(ages, entered, rows["leads"] - entered)
    eventual = 1 - float(curve["survival"].iloc[-1]) if len(curve) else 0.0
    if not eventual:
        return Window(float(days) if days else 30.0, float("nan"))
    share = (1 - curve["survival"]) / eventual
    if days is None:
        enough = float(curve.loc[share >= _NEARLY_ALL, "time"].iloc[0])
        longest = math.floor(float(rows["followed_seconds"].max()) / _DAY / 2)
        days = max(1.0, min(enough, longest))
    within = share[curve["time"] <= days]
    return Window(float(days), float(within.iloc[-1]) if len(within) else 0.0)


def compared_leads(rows: pd.DataFrame, window: Window, timezone: str) -> pd.DataFrame:
    """The leads old enough: what was known when their wait began, the wait, and what came of it.

    Returns
    -------
    DataFrame
        One row per combination, `leads` of it and `reached_leads`, who were in the stage within
        the days; `day` (a number), `weekday` (1 is Monday) and `hour` are local, `hours` working.
    """
    old = rows[rows["followed_seconds"] >= window.days * _DAY]
    local = (
        pd.DatetimeIndex(old["started_at"])
        .tz_localize("UTC")
        .tz_convert(timezone)
        .tz_localize(None)
    )
    reached = old["reached_seconds"] <= window.days * _DAY
    return pd.DataFrame(
        {
            "origin": _texts(old["origin"]),
            "segment": _texts(old["segment"]),
            "priority": _texts(old["priority"]),
            "created_quarter": _texts(old["created_quarter"]),
            "score": old["score"].astype("float64").to_numpy(),
            "weekday": local.day_of_week.to_numpy() + 1,
            "hour": local.hour.to_numpy(),
            "day": local.normalize().to_numpy().astype("datetime64[D]").astype("int64"),
            "owner_no": old["owner_no"].astype("float64").to_numpy(),
            "hours": old["working_seconds"].to_numpy(dtype=float) / 3600,
            "leads": old["leads"].to_numpy(dtype=float),
            "reached_leads": np.where(reached, old["leads"], 0).astype(float),
        }
    )


def _texts(column: pd.Series) -> np.ndarray:
    return column.astype(object).where(column.notna(), None).to_numpy()


def population(
    rows: pd.DataFrame, window: Window, *, compared: pd.DataFrame, minimum_group_size: int
) -> pd.DataFrame:
    """How many leads of the cohort had which fate, and how many of them reached the stage?

    Those of fewer leads than may be shown have no number of who reached it. Of the compared leads
    it is who did within the days.
    """
    young = (rows["fate"] == "compared") & (rows["followed_seconds"] < window.days * _DAY)
    fate = rows["fate"].mask(young, "too_young")
    leads = rows.groupby(fate)["leads"].sum()
    reached = rows["leads"].where(rows["is_reached"], 0).groupby(fate).sum()
    table = pd.DataFrame({"fate": FATES})
    table["leads"] = table["fate"].map(leads).fillna(0).astype("Int64")
    table["reached_leads"] = table["fate"].map(reached).fillna(0).astype("Int64")
    is_compared = table["fate"] == "compared"
    table.loc[is_compared, "reached_leads"] = int(compared["reached_leads"].sum())
    hidden = (table["leads"] < minimum_group_size) & (table["leads"] > 0)
    table["reached_leads"] = table["reached_leads"].mask(hidden)
    return table
