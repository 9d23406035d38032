"""Why a month differs from what was agreed for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError, DataError
from funnel_analytics.metrics.change.measures import Measure
from funnel_analytics.metrics.change.split import split_change
from funnel_analytics.metrics.change.tables import (
    factor_table,
    level_table,
    team_table,
    total_change,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.warehouse import Warehouse

__all__ = ["explain_target"]

Floats = NDArray[np.float64]


def explain_target(
    warehouse: Warehouse, *, month: Period, measure: Measure, draws: int, seed: int
) -> Result:
    """What are the parts of the difference between a month and its targets?

    The volume is the leads created in the month, and a step the ratio of what entered a stage in
    it to what entered the stage before (for the last stage the deals won): numbers of the month,
    of different leads, and no rates of a cohort. Counts vary as Poisson counts do, independently;
    targets do not vary.
    """
    tables = ["lead", "stage_event", *(["deal"] if _needs_deals(warehouse, measure) else [])]
    warehouse.require(*tables, "target", metric="explain_change")
    if len(month.months()) != 1 or month.months()[0].end != month.end or month.start.day != 1:
        raise CallError(f"Targets are agreed for calendar months; {month.label} is none.")
    start, end = warehouse.bounds(month)
    agreement = warehouse.agreement
    metrics = _chain(agreement, measure)
    agreed = warehouse.query("metrics/targets_agreed")
    counted = warehouse.query(
        "metrics/actual_by_month",
        month_from=month.start,
        month_until=month.end,
        as_of=warehouse.as_of,
    )
    values = warehouse.query("metrics/change_deal_values", month_start=start, month_end=end)
    aims = _targets(agreed.table, month, metrics)
    actuals = _actuals(counted.table, metrics)
    names = _names(measure)
    targets, found = (_factors(each, measure) for each in (aims, actuals))
    targets, found = _filled(targets, found), _filled(found, targets)
    pieces = split_change(targets, found)
    observed = np.array([_value(each, measure) for each in (aims, actuals)])
    if np.isnan(observed).any():
        pieces = np.full_like(pieces, np.nan)
    rng = np.random.default_rng(seed)
    drawn_actuals = _drawn(actuals, measure, values.table, draws, rng)
    drawn_factors = _filled(_factors(drawn_actuals, measure), targets)
    drawn = split_change(np.broadcast_to(targets, drawn_factors.shape), drawn_factors)
    table = factor_table(
        agreement,
        names,
        own=np.stack([_factors(aims, measure), _factors(actuals, measure)]),
        parts=pieces,
        drawn=drawn,
        observed=observed,
    )
    counts = {name: actuals[place] for place, name in enumerate(metrics)}
    is_complete = end <= warehouse.as_of
    return warehouse.result(
        "explain_change",
        grain="one row per factor",
        units=_units(measure, agreement.currency),
        definition=(
            "The difference between a month and its targets, split exactly into the parts of its "
            "factors; ratios are those of the month's counts, not rates of a cohort."
        ),
        answers=[agreed, counted, values],
        table=table,
        parts={
            "totals": pd.DataFrame(
                {
                    "side": ["before", "after"],
                    "period": ["target", month.label],
                    "value": observed,
                    "is_complete": [True, is_complete],
                }
            ),
            "teams": team_table(table, drawn=drawn, observed=observed),
            "levels": level_table(table, observed=observed),
            "counts": pd.DataFrame(
                {"metric": list(metrics), "target": aims, "actual": list(counts.values())}
            ),
        },
        parameters={
            "before": "target",
            "after": month.label,
            "after_start": month.start,
            "after_end": month.end,
            "by": None,
            "mode": "target",
            "measure": measure.name,
            "from_stage": agreement.stage_names[measure.first - 1],
            "to_stage": agreement.stage_names[measure.last - 1],
            "draws": draws,
            "seed": seed,
        },
        notes=[
            Note("change", total_change(observed, drawn=drawn)),
            *_notes(values.table, measure, month, is_complete=is_complete),
        ],
    )


def _needs_deals(warehouse: Warehouse, measure: Measure) -> bool:
    return measure.last == len(warehouse.agreement.stages)


def _chain(agreement: Agreement, measure: Measure) -> tuple[str, ...]:
    """The metrics of the targets along the funnel; the last stage is the deals won."""
    stages = list(agreement.stage_names)
    metrics = ["leads", *stages[1:-1], "won_deals"][measure.first - 1 : measure.last]
    return (*metrics, "revenue") if measure.kind == "revenue" else tuple(metrics)


def _names(measure: Measure) -> list[tuple[str, int | None]]:
    names: list[tuple[str, int | None]] = [] if measure.kind == "rate" else [("volume", None)]
    names += [("step", position) for position in measure.steps]
    return [*names, ("value", None)] if measure.kind == "revenue" else names


def _targets(targets: pd.DataFrame, month: Period, metrics: tuple[str, ...]) -> Floats:
    """The targets of the whole for the month, one per metric."""
    first = targets["month"].dt.to_period("M").dt.to_timestamp() == pd.Timestamp(month.start)
    rows = targets[first & (targets["dimension"] == "")]
    sums = rows.groupby("metric")["value"].sum()
    missing = [name for name in metrics if name not in sums.index]
    if missing:
        raise DataError(
            f"No target was agreed for {month.label} for {', '.join(missing)}. Agree on the "
            "numbers and add them to the sheet of targets."
        )
    return sums.loc[list(metrics)].to_numpy(float)


def _actuals(counted: pd.DataFrame, metrics: tuple[str, ...]) -> Floats:
    whole = counted[counted["dimension"] == ""].set_index("metric")["actual"]
    return np.nan_to_num(whole.reindex(list(metrics), fill_value=0.0).to_numpy(float), nan=0.0)


def _factors(counts: Floats, measure: Measure) -> Floats:
    """Along the last axis: the first count, and every count by the one before; 0 of 0 missing."""
    before, after = counts[..., :-1], counts[..., 1:]
    ratios = np.divide(after, before, out=np.full(after.shape, np.nan), where=before > 0)
    if measure.kind == "rate":
        return ratios
    return np.concatenate([counts[..., :1], ratios], axis=-1)


def _filled(factors: Floats, other: Floats) -> Floats:
    """A ratio that nobody could have on one side is the other's, else 0."""
    return np.nan_to_num(np.where(np.isnan(factors), other, factors), nan=0.0)


def _value(counts: Floats, measure: Measure) -> float:
    if measure.kind != "rate":
        return float(counts[-1])
    return float(counts[-1] / counts[0]) if counts[0] > 0 else float("nan")


def _drawn(
    actuals: Floats, measure: Measure, values: pd.DataFrame, draws: int, rng: np.random.Generator
) -> Floats:
    """Draws of the counts; of the revenue, by random weights of the deals won."""
    count = len(actuals) - 1 if measure.kind == "revenue" else len(actuals)
    drawn = rng.gamma(np.maximum(actuals[:count], 0.5), size=(draws, count))
    if measure.kind != "revenue":
        return drawn
    amounts = values["amount"].fillna(0.0).to_numpy(float)
    deals = values["deals"].to_numpy(float)
    if not len(amounts):
        return np.column_stack([drawn, np.zeros(draws)])
    weights = rng.gamma(deals, size=(draws, len(deals)))
    means = weights @ amounts / weights.sum(axis=1)
    return np.column_stack([drawn, drawn[:, -1] * means])


def _notes(
    values: pd.DataFrame, measure: Measure, month: Period, *, is_complete: bool
) -> list[Note]:
    notes = []
    unvalued = int(values.loc[values["amount"].isna(), "deals"].sum())
    if measure.kind == "revenue" and unvalued:
        notes.append(Note("deals_without_amount", {"deals": unvalued}))
    if not is_complete:
        notes.append(Note("incomplete_month", {"period": month.label}))
    return notes


def _units(measure: Measure, currency: str) -> dict[str, str]:
    unit = "deals" if measure.kind == "count" else measure.unit(currency)
    own = f"of the factor: leads, ratio of counts, {currency} per won deal"
    return {
        "before": own,
        "after": own,
        "part": unit,
        "part_share": "share of the change",
        "low": f"{unit}, lower end of the 95 % interval",
        "high": f"{unit}, upper end of the 95 % interval",
    }
