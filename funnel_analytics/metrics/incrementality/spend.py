"""How many leads go with the spend on each channel?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from funnel_analytics.arguments import Wrong, is_one_of, shown
from funnel_analytics.errors import CallError, ThinDataError, did_you_mean
from funnel_analytics.estimates import TWO_YEARS, SpendFit, fit_spend, inflation, season
from funnel_analytics.estimates.inputs import Floats
from funnel_analytics.metrics.incrementality.response import curves, effects, overall
from funnel_analytics.metrics.incrementality.weeks import (
    LEADS,
    Counted,
    Outcome,
    Spend,
    bought_by,
    days_of,
    known_days,
    leads_by_day,
    outcome_of,
    period_of,
    spend_by_day,
    summed,
    working_days,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["spend_response"]

Level = Literal["channel", "campaign"]

_FEWEST_WEEKS = 40
_WEEKS_PER_PARAMETER = 3
_FEWEST_WITH_SPEND = 8
_FEWEST_LEADS = 100
_LEAST_SPREAD = 0.05
_INFLATED = 10
_INSEPARABLE = 100
_DRAWS = 200


@dataclass(frozen=True, eq=False)
class Series:
    """Leads and spend in consecutive weeks; `spend` begins `earlier` weeks before the leads."""

    first: Any
    leads: Floats
    names: tuple[str, ...]
    spend: Floats
    controls: Floats
    terms: tuple[str, ...]

    @property
    def weeks(self) -> int:
        """How many weeks are counted."""
        return len(self.leads)

    @property
    def counted_spend(self) -> Floats:
        """The spend of the counted weeks."""
        return self.spend[-self.weeks :]


def spend_response(
    warehouse: Warehouse,
    *,
    period: Period | None = None,
    by: Level = "channel",
    names: Sequence[str] | None = None,
    outcome: str = LEADS,
    within_days: float = 60,
) -> Result:
    """How many leads go with the spend on each channel, and do they at all?

    Parameters
    ----------
    warehouse
        An open warehouse.
    period
        The days that are looked at; all days with leads if none are given. Only whole weeks, from
        Monday, of which leads and spend are known.
    by
        Spend by `"channel"` or by `"campaign"`.
    names
        Only these channels (campaigns) are in the model.
    outcome
        `"leads"`, a stage, or `"won"`: what is counted, of all channels.
    within_days
        For a stage: leads in it within so many days of their creation. Only weeks that are old
        enough count.

    Returns
    -------
    Result
        One row per channel, the most spend first. Of `spend` in `weeks_with_spend` weeks,
        `decay` of a week's effect is left in the next week and it counts by the power `power`, as
        chosen by forecasts. `incremental_leads` go with all of the spend: leads by the model less
        those without the spend, with their 95 % interval `low` to `high`; `share` is that of all
        leads. `cost_per_incremental_lead` is the spend over them, with interval: missing unless
        above 0, its upper end where none might be. `marginal_leads` go with a further 1,000 of the
        currency, spread as the spend is; missing where the spend of weeks differs by less than a
        quarter (standard deviation over mean). `is_extrapolated`: no week had less than a quarter
        of the usual spend, so that weeks without any are not known. `inflation` is the variance
        inflation factor of the spend among the others, trend and season. `lowest_spend` and
        `highest_spend` are those of a week.

        Where forecasts with spend are no better than without, all that is missing, and the note
        `spend_no_better` says so.

        `part("overall")`: one row: `weeks`, `leads`, `spend`, `incremental_leads` of all channels
        with interval, `base_leads` (the others), `skill` (by which share the squared errors of
        forecasts are smaller with spend; each forecast knows only the weeks before it), `r2`,
        `parameters`. `part("curves")`: leads a week by spend a week, if it were the same each week,
        with interval; `is_observed` up to the highest week. `part("weeks")`: `leads`,
        `expected_leads` by the model, `base_leads` without spend, `spend`. `part("collinear")`:
        per pair of channels the correlation of their spend beyond trend and season.

        Notes: `excluded`, `spend_assumes`, `spend_no_better`, `spend_left_out` (channels with spend
        in fewer than 8 weeks, or the same every week: their leads are in the base),
        `spend_inflated` (factors above 10), `spend_season` (less than two years: no season),
        `spend_without_value`.

    Raises
    ------
    MissingTableError
        No spend was loaded, or no stage history.
    DataError
        Too few weeks or leads, spend without variation, or channels that cannot be told apart.
    CallError
        Unknown names, level, stage, or days not above 0.

    Notes
    -----
    See `estimates.fit_spend`: adstock and saturation are grids, chosen by forecasts from ever more
    weeks; intervals by resampling blocks of residuals 200 times, each choosing anew. Budgets follow
    seasons and success too: this is an association, not an experiment.
    """
    wrong = Wrong()
    if not is_one_of(by, get_args(Level)):
        wrong.say(f"Spend is split by {' or '.join(get_args(Level))}, not {shown(by)}.")
    if period is not None:
        wrong.unless_period("period", period)
    if names is not None:
        wrong.unless_texts("names", names, "names")
    asked = outcome_of(warehouse.agreement, outcome, within_days, wrong)
    wrong.refuse()
    tables = ["lead", *([] if asked.within_days is None else ["stage_event"])]
    warehouse.require(*tables, "spend", metric="spend_response")
    selection = select_leads(warehouse, period=period, by=None)
    spend = spend_by_day(warehouse)
    counted = leads_by_day(warehouse, selection, asked)
    series, left_out = _series(warehouse, counted, spend, asked, by, names)
    factors = _check(series)
    fit = fit_spend(series.leads, series.spend, series.controls, draws=_DRAWS)
    is_better = bool(fit.skill > 0)
    currency = warehouse.agreement.currency
    return warehouse.result(
        "spend_response",
        grain=f"one row per {by}",
        units=_units(currency),
        definition=(
            "Leads per week as trend, season and spend that lasts and levels off; what the model "
            "says less what it says without the spend goes with the spend."
        ),
        answers=[*counted.answers, spend.answer],
        table=effects(series, fit, factors, by, is_better=is_better),
        parameters={
            **selection.parameters("period"),
            "by": by,
            **asked.parameters,
            "weeks": period_of(series.first, series.weeks),
            "draws": _DRAWS,
            "currency": currency,
        },
        parts={
            "overall": overall(series, fit, is_better=is_better),
            "curves": curves(series, fit, by, is_better=is_better),
            "weeks": _by_week(series, fit, is_better=is_better),
            "collinear": _pairs(series, by),
        },
        notes=[*counted.notes, *_notes(series, fit, factors, left_out, spend)],
    )


def _series(
    warehouse: Warehouse,
    counted: Counted,
    spend: Spend,
    asked: Outcome,
    by: str,
    names: Sequence[str] | None,
) -> tuple[Series, list[str]]:
    """The weeks, from Monday, that leads and spend are known of; and what is left out."""
    bought = bought_by(spend, by)
    chosen = bought if names is None else list(dict.fromkeys(names))
    for each in chosen:
        if each not in bought:
            raise CallError(
                f"There is no spend on the {by} '{each}'.{did_you_mean(each, bought)} "
                f"Known: {', '.join(bought) or 'none'}."
            )
    first, after = known_days(spend, counted.first, counted.after)
    first += timedelta(days=-first.weekday() % 7)
    weeks = max((after - first).days // 7, 0)
    earlier = max((first - spend.first).days // 7, 0)
    start = first - timedelta(days=7 * earlier)
    sums = {each: summed(spend.of(by, each), start, earlier + weeks) for each in chosen}
    if weeks < _FEWEST_WEEKS:
        raise ThinDataError(
            f"Leads and spend are both known of {weeks} whole weeks; needed are {_FEWEST_WEEKS}.",
            reason="few_weeks_of_spend",
            weeks=weeks,
            needed=_FEWEST_WEEKS,
        )
    kept = [each for each in chosen if _varies(sums[each][-weeks:])]
    if not kept:
        raise ThinDataError(
            f"No {by} has spend that tells anything: needed is spend in at least "
            f"{_FEWEST_WITH_SPEND} of the {weeks} weeks, and not the same in all of them.",
            reason="spend_without_change",
            weeks=weeks,
            needed=_FEWEST_WITH_SPEND,
        )
    daily = counted.rows.groupby("created_on")[asked.column].sum()
    number = np.arange(weeks)
    columns, terms = [np.ones(weeks), (number - number.mean()) / 52], ["level", "trend"]
    if weeks >= TWO_YEARS:
        columns += list(season(number).T)
        terms += ["sine_1", "sine_2", "cosine_1", "cosine_2"]
    worked = working_days(warehouse.agreement, first, weeks)
    if worked is not None:
        columns.append(worked)
        terms.append("working_days")
    series = Series(
        first,
        summed(daily, first, weeks),
        tuple(kept),
        np.column_stack([sums[each] for each in kept]),
        np.column_stack(columns),
        tuple(terms),
    )
    return series, [each for each in chosen if each not in kept]


def _varies(spend: Floats) -> bool:
    return bool(
        (spend > 0).sum() >= _FEWEST_WITH_SPEND and spend.std() >= _LEAST_SPREAD * spend.mean()
    )


def _check(series: Series) -> Floats:
    """The variance inflation factors, after refusing what is too thin or cannot be told apart."""
    parameters = series.controls.shape[1] + 3 * len(series.names)
    if series.weeks < _WEEKS_PER_PARAMETER * parameters:
        raise ThinDataError(
            f"Trend, season and the slope, decay and saturation of {len(series.names)} channels "
            f"are {parameters} numbers; {series.weeks} weeks are fewer than {_WEEKS_PER_PARAMETER} "
            f"for each. Name fewer with names=[…], of {', '.join(series.names)}.",
            reason="too_many_channels",
            names=list(series.names),
            weeks=series.weeks,
            needed=_WEEKS_PER_PARAMETER * parameters,
        )
    leads = series.leads
    if leads.sum() < _FEWEST_LEADS or np.ptp(leads) == 0:
        raise ThinDataError(
            f"Needed are at least {_FEWEST_LEADS} leads, not as many in every week; there are "
            f"{leads.sum():.0f} in {series.weeks} weeks.",
            reason="few_leads_for_spend",
            leads=_FEWEST_LEADS,
        )
    factors = inflation(series.counted_spend, series.controls)
    alike = [each for each, factor in zip(series.names, factors, strict=True)
             if factor > _INSEPARABLE]  # fmt: skip
    if alike:
        what, advice, reason = (
            ("each other", " Leave all but one out with names=[…].", "spend_moves_together")
            if len(alike) > 1
            else ("trend, season and the other spend", "", "spend_moves_with_season")
        )
        raise ThinDataError(
            f"The spend on {', '.join(alike)} cannot be told from {what}: the variance inflation "
            f"is above {_INSEPARABLE}.{advice}",
            reason=reason,
            names=alike,
        )
    return factors


def _beyond(series: Series) -> Floats:
    """The spend of the counted weeks without what the controls foretell."""
    spend, controls = series.counted_spend, series.controls
    return np.asarray(spend - controls @ np.linalg.lstsq(controls, spend, rcond=None)[0])


def _pairs(series: Series, by: str) -> pd.DataFrame:
    rest = _beyond(series)
    size = np.sqrt((rest**2).sum(axis=0))
    together = (rest.T @ rest) / np.outer(size, size)
    rows = [
        (series.names[one], series.names[other], float(together[one, other]))
        for one in range(len(series.names))
        for other in range(one + 1, len(series.names))
    ]
    return pd.DataFrame(rows, columns=[by, f"other_{by}", "correlation"])


def _by_week(series: Series, fit: SpendFit, *, is_better: bool) -> pd.DataFrame:
    hidden = np.nan if not is_better else 1.0
    return pd.DataFrame(
        {
            "week": days_of(series.first, series.weeks),
            "leads": series.leads.round().astype("int64"),
            "expected_leads": fit.fitted * hidden,
            "base_leads": (fit.fitted - fit.contributions.sum(axis=1)) * hidden,
            "spend": series.counted_spend.sum(axis=1),
        }
    )


def _notes(
    series: Series, fit: SpendFit, factors: Floats, left_out: list[str], spend: Spend
) -> list[Note]:
    is_better = bool(fit.skill > 0)
    notes = [
        Note("spend_assumes", {}) if is_better else Note("spend_no_better", {"skill": fit.skill})
    ]
    if left_out:
        notes.append(Note("spend_left_out", {"names": left_out}))
    inflated = [
        each for each, factor in zip(series.names, factors, strict=True) if factor > _INFLATED
    ]
    if inflated and is_better:
        notes.append(Note("spend_inflated", {"names": inflated}))
    if series.weeks < TWO_YEARS and is_better:
        notes.append(Note("spend_season", {"weeks": series.weeks}))
    without = int(spend.rows["rows_without_value"].sum())
    if without:
        notes.append(Note("spend_without_value", {"rows": without}))
    return notes


def _units(currency: str) -> dict[str, str]:
    leads = ["incremental_leads", "low", "high"]
    costs = ["cost_per_incremental_lead", "cost_low", "cost_high"]
    marginal = ["marginal_leads", "marginal_low", "marginal_high"]
    return {
        **dict.fromkeys(["spend", "lowest_spend", "highest_spend"], currency),
        "weeks_with_spend": "weeks",
        "decay": "share left in the next week",
        "power": "exponent",
        **dict.fromkeys(leads, "leads"),
        **dict.fromkeys(["share", "share_low", "share_high"], "share of all leads"),
        **dict.fromkeys(costs, f"{currency} / lead"),
        **dict.fromkeys(marginal, f"leads / 1,000 {currency}"),
        "inflation": "factor",
    }
