"""Why a number of the funnel changed."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.errors import CallError
from funnel_analytics.metrics.change.cohorts import Cohorts
from funnel_analytics.metrics.change.measures import Measure, measure_of
from funnel_analytics.metrics.change.notes import beside, folded, unlike, unvalued
from funnel_analytics.metrics.change.read import read_cohorts
from funnel_analytics.metrics.change.split import split_change
from funnel_analytics.metrics.change.tables import (
    COUNTS,
    OBSERVED,
    drawn_parts,
    factor_table,
    level_table,
    team_table,
    total_change,
)
from funnel_analytics.metrics.change.targets import explain_target
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, Selection, arranged, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["explain_change"]

Floats = NDArray[np.float64]

_FEWEST_DRAWS = 100
_NOT_SPLIT_BY = ("created_month", "created_quarter")
_TOLERANCE = 1e-9
_SHARES = ("before", "after", "part")


def explain_change(
    warehouse: Warehouse,
    *,
    before: Period | Literal["target"],
    after: Period,
    measure: str | None = None,
    from_stage: str | None = None,
    to_stage: str | None = None,
    by: By | None = None,
    draws: int = 1000,
    seed: int = 1,
) -> Result:
    """What are the parts of a change between two cohorts, or between a month and its target?

    The parts say by which factors two numbers differ, not what brought that about.

    Parameters
    ----------
    warehouse
        An open warehouse.
    before, after
        Days on which leads were created, without overlap. With `before="target"`, `after` is a
        calendar month, and what happened in it is compared with what was agreed for it.
    measure
        `"won_leads"` (the default): leads of the cohort that reached the last stage. `"revenue"`:
        what these brought. `"won_rate"`: their share of all leads. `"<a>_to_<b>"` with two
        stages, such as `"sales_accepted_to_opportunity"`: of the leads that reached `a`, the
        share that reached `b`. Always in the mode `"at_least"`, up to `warehouse.as_of`.
    from_stage, to_stage
        The two stages of such a rate, instead of `measure`; by default the first and the last.
    by
        An attribute of the leads, or a pair of them: the mix of its values is a factor then, and
        all rates are those within its groups. Not the month of creation, which differs anyway.
    draws, seed
        How often the leads are drawn anew for the intervals, and the seed of it.

    Returns
    -------
    Result
        One row per factor, in the order of the funnel; the column `part` sums to the change with
        no remainder.

        `factor` is `"volume"` (the number of leads; not for rates), `"mix"` (the shares of the
        groups; only with `by`), `"step"` (the rate from the stage before into `stage`), `"value"`
        (revenue per won lead; only for revenue) or `"time"` (the share of what is to be expected
        that the data can hold: what came after `as_of`, or before the data begin, is missing).
        `team` owns the stage in the agreement, and for the volume the first stage; mix, value and
        time belong to no team. `before` and `after` are the factor's own values: leads, the rate
        that is expected eventually (the observed one where all can be in the data), amount per
        won lead, share; missing for the mix. `before_previous_leads` and `before_reached_leads`
        are the counts of a step as observed and `before_observed_rate` is their rate, and so on.

        `part` is in the unit of the measure, `part_share` its share of the change (missing where
        nothing changed), `low` and `high` its 95 % interval. `is_distinguishable` says that this
        leaves 0 out, the part is at least a thousandth of the measure and not `is_extrapolated`:
        of a step, on one side, more entries are expected to lie before the beginning of the data
        than in them. Where a rate of 0 of 0 is asked for, the parts are missing.

        Parts: `totals`, one row per side: `value`, `base_leads` (all leads, or those that reached
        the first stage of the rate), `reached_leads`, `maturity` (the factor time), `is_mature`,
        `is_left_truncated`. `teams`: the parts of the factors by team; the last row has no team.
        `levels`: from where to where each bar of a waterfall goes. `segments` (with `by`): one
        row per group and factor, where the column `part` sums to the parts of the factors. Groups
        with fewer leads in one of the cohorts than the agreement's `minimum_group_size` are one,
        `"other_groups"` with `is_folded`. Against target there are no segments, but `counts`: the
        actual and the target of every metric.

        Notes: `change` (before, after and their difference, with its interval,
        and the leads of both cohorts), `excluded`,
        `snapshot_entries`, `folded`, `won_without_value` (won leads with a deal whose amount is
        unknown, or without one; they count with 0), `left_truncated` (sides, and the stage whose
        entries the data hold only from `observed_from` on), `immature` (sides).

    Raises
    ------
    CallError
        The cohorts overlap or begin after the data end; there is no such measure, stage or
        attribute; fewer than 100 draws.
    MissingTableError
        No stage history was loaded; for revenue no deals; against target no targets.
    DataError
        Against target: one that is needed was not agreed; the message names it.

    Notes
    -----
    Parts are Shapley values over all orders in which the factors can change (Shapley 1953;
    Shorrocks 2013, J. Econ. Inequal. 11, 99-126), computed for each group exactly by Owen's
    integral (1972, Management Science 18, 64-79) and added up. For one rate with a mix that is the
    midpoint form of Kitagawa (1955, J. Am. Stat. Assoc. 50, 1168-1194). A group that is new or
    gone, or of which nobody could take a step, has the rates of the other side: the mix (or the
    step before) takes all. If others of its side could take the step, it has their time.

    Time: of a step's eventual entries, the share expected by now is the mean over the leads of the
    stage before of I(age) / I(longest follow-up), where I is one minus the Kaplan-Meier estimate
    of the days from stage to stage over all cohorts; entries from before the data begin are taken
    off. The eventual rate is entries / (leads x share), at most 1. As the share falls, one further
    lead with the rate of both sides together counts more (1 - share of one), so that a cohort of
    yesterday has the usual rate and not a rate of 0.

    Intervals: 2.5 and 97.5 % quantiles of draws in which every lead has a random weight (Bayesian
    bootstrap: Rubin 1981, Ann. Statist. 9, 130-134), both for the two cohorts and for the curves
    of time. How much of a step the data can hold also varies with the ages of the leads that could
    take it. Each rate has one further lead with the rate of both sides, which is drawn, too, and
    each mean value one amount of any won lead, so that 0 of 3 is not sure to be 0; the number of
    leads varies as a Poisson count does. Intervals are widened to hold the part. Of twenty parts
    of which none is real, one is called distinguishable.
    """
    asked = measure_of(warehouse.agreement, measure, from_stage, to_stage)
    if draws < _FEWEST_DRAWS:
        raise CallError(f"At least {_FEWEST_DRAWS} draws are needed for an interval, not {draws}.")
    if before == "target":
        if by is not None:
            raise CallError("Against target there is no mix: leave out by.")
        return explain_target(warehouse, month=after, measure=asked, draws=draws, seed=seed)
    tables = ["lead", "stage_event", *(["deal"] if asked.kind == "revenue" else [])]
    warehouse.require(*tables, metric="explain_change")
    sides = _sides(warehouse, before, after, by)
    cohorts, answers, counts = read_cohorts(warehouse, *sides, with_revenue=asked.kind == "revenue")
    factors = cohorts.factors(asked)
    pieces = split_change(factors.values[0, 0], factors.values[0, 1])
    observed = cohorts.observed(asked)
    if np.isnan(observed).any():
        pieces = np.full_like(pieces, np.nan)
    else:
        _no_remainder(pieces.sum(), observed)
    rng = np.random.default_rng(seed)
    drawn = drawn_parts(cohorts.drawn_factors(asked, draws=draws, rng=rng))
    leads = int(cohorts.base(asked).sum())
    own = _own_values(cohorts, asked, factors.values[0], factors.names)
    table = factor_table(
        warehouse.agreement,
        factors.names,
        own=own,
        parts=pieces.sum(axis=0),
        drawn=drawn,
        observed=observed,
        extrapolated=cohorts.mostly_hidden(asked, factors.names),
    )
    _add_counts(table, cohorts, warehouse.agreement.stage_names)
    totals = _totals(warehouse, sides, cohorts, asked, own[:, -1], counts)
    parts = {
        "totals": totals,
        "teams": team_table(table, drawn=drawn, observed=observed),
        "levels": level_table(table, observed=observed),
    }
    if by is not None:
        parts["segments"] = _by_segment(sides[0], cohorts, asked, factors.values[0], pieces, table)
    more, notes = beside(warehouse, sides)
    return warehouse.result(
        "explain_change",
        grain="one row per factor",
        units=_units(asked, warehouse.agreement.currency),
        definition=(
            "The change between two cohorts, split exactly into the parts of its factors: the "
            "average over all orders in which the factors can change."
        ),
        answers=[*answers, *more],
        table=table,
        parts=parts,
        parameters=_parameters(sides, asked, warehouse.agreement.stage_names, draws, seed),
        notes=[
            Note("change", total_change(observed, drawn=drawn) | {"leads": leads}),
            *notes,
            *folded(cohorts, sides[0]),
            *unvalued(cohorts),
            *unlike(totals, warehouse.agreement, asked),
        ],
    )


def _sides(
    warehouse: Warehouse, before: Period, after: Period, by: By | None
) -> tuple[Selection, Selection]:
    sides = (
        select_leads(warehouse, period=before, by=by),
        select_leads(warehouse, period=after, by=by),
    )
    if max(before.start, after.start) < min(before.end, after.end):
        raise CallError(f"{before.label} and {after.label} overlap: a lead would be on both sides.")
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    if found := [name for name in names if name in _NOT_SPLIT_BY]:
        raise CallError(f"The two cohorts differ in '{found[0]}' anyway: split by another one.")
    return sides


def _no_remainder(parts: float, observed: Floats) -> None:
    change = observed[1] - observed[0]
    scale = max(1.0, float(np.abs(observed).max()))
    assert abs(parts - change) <= _TOLERANCE * scale, f"parts {parts}, change {change}"


def _own_values(
    cohorts: Cohorts, measure: Measure, values: Floats, names: tuple[tuple[str, int | None], ...]
) -> Floats:
    """What each factor was on either side, over all segments: sides by factors."""
    own = np.full((2, len(names)), np.nan)
    base = cohorts.base(measure)
    for place, (kind, position) in enumerate(names):
        if kind == "volume":
            own[:, place] = base.sum(axis=1)
        elif kind == "step":
            leads = cohorts.previous[:, :, int(position or 0) - 2]
            own[:, place] = _mean(values[:, :, place], leads)
        elif kind == "value":
            own[:, place] = _mean(values[:, :, place], cohorts.final(measure))
        elif kind == "time":
            # What is expected eventually: the measure with all of it in the data.
            eventual = np.prod(values[:, :, :-1], axis=-1)
            own[:, place] = _mean(values[:, :, -1], eventual)
    return own


def _mean(values: Floats, weights: Floats) -> Floats:
    total = weights.sum(axis=1)
    return (values * weights).sum(axis=1) / np.where(total > 0, total, np.nan)


def _add_counts(table: pd.DataFrame, cohorts: Cohorts, stages: tuple[str, ...]) -> None:
    """The observed counts of each step, beside its rates."""
    for side, name in enumerate(("before", "after")):
        for counts, kind in ((cohorts.previous, "previous"), (cohorts.reached, "reached")):
            sums = dict(zip(stages[1:], counts[side].sum(axis=0), strict=True))
            found = [sums.get(stage, np.nan) for stage in table["stage"]]
            table[f"{name}_{kind}_leads"] = pd.Series(found).astype("Int64")
        base = table[f"{name}_previous_leads"].astype("float64")
        reached = table[f"{name}_reached_leads"].astype("float64")
        table[f"{name}_observed_rate"] = reached / base.where(base > 0)


def _totals(
    warehouse: Warehouse,
    sides: tuple[Selection, Selection],
    cohorts: Cohorts,
    measure: Measure,
    maturity: Floats,
    counts: pd.DataFrame,
) -> pd.DataFrame:
    cut = counts[counts["position"] <= measure.last].groupby("side")["cut_leads"].sum()
    return pd.DataFrame(
        {
            "side": ["before", "after"],
            "period": [side.period.label for side in sides],
            "value": cohorts.observed(measure),
            "base_leads": cohorts.base(measure).sum(axis=1).astype("int64"),
            "reached_leads": cohorts.final(measure).sum(axis=1).astype("int64"),
            "maturity": maturity,
            "is_mature": maturity >= warehouse.agreement.maturity.mature_from,
            "is_left_truncated": [bool(cut.get(side, 0)) for side in (0, 1)],
        }
    )


def _by_segment(
    selection: Selection,
    cohorts: Cohorts,
    measure: Measure,
    values: Floats,
    pieces: Floats,
    table: pd.DataFrame,
) -> pd.DataFrame:
    """The part of every segment in the part of every factor."""
    segments = cohorts.segments
    own = values.copy()
    own[:, :, table["factor"] == "volume"] = cohorts.base(measure)[:, :, None]
    count = len(table)
    long = segments.loc[np.repeat(segments.index, count)].reset_index(drop=True)
    for name in ("factor", "stage", "team"):
        long[name] = np.tile(table[name].to_numpy(dtype=object), len(segments))
    long["before"], long["after"] = own[0].ravel(), own[1].ravel()
    long["part"] = pieces.ravel()
    long = arranged(
        long, counts=(), shares=_SHARES, minimum_group_size=selection.minimum_group_size
    )
    return selection.spread(long.drop(columns=["segment_leads", "merged_groups"]))


def _units(measure: Measure, currency: str) -> dict[str, str]:
    unit = measure.unit(currency)
    return {
        "before": f"of the factor: leads, share, {currency} per won lead",
        "after": f"of the factor: leads, share, {currency} per won lead",
        "part": unit,
        "part_share": "share of the change",
        "low": f"{unit}, lower end of the 95 % interval",
        "high": f"{unit}, upper end of the 95 % interval",
        **dict.fromkeys(COUNTS, "leads"),
        **dict.fromkeys(OBSERVED, "share of the leads of the stage before"),
    }


def _parameters(
    sides: tuple[Selection, Selection],
    measure: Measure,
    stages: tuple[str, ...],
    draws: int,
    seed: int,
) -> dict[str, object]:
    before, after = (
        side.parameters(name) for side, name in zip(sides, ("before", "after"), strict=True)
    )
    return {
        **before,
        **after,
        "mode": "at_least",
        "measure": measure.name,
        "from_stage": stages[measure.first - 1],
        "to_stage": stages[measure.last - 1],
        "draws": draws,
        "seed": seed,
    }
