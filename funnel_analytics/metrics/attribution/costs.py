"""What did each channel cost, and what was credited for it?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal, get_args

import pandas as pd

from funnel_analytics.arguments import Wrong, is_one_of, shown
from funnel_analytics.cohorts import entry_curves, first_days
from funnel_analytics.errors import did_you_mean
from funnel_analytics.metrics.attribution.asked import (
    PIPELINE,
    Asked,
    Model,
    asked,
    model_name,
    models_asked,
)
from funnel_analytics.metrics.attribution.costs_credit import (
    Returned,
    curve_days,
    lag_curve,
    maturity,
    returned,
    since,
    until_now,
)
from funnel_analytics.metrics.attribution.costs_notes import cost_notes
from funnel_analytics.metrics.attribution.costs_rows import (
    cost_rows,
    in_full,
    ordered,
    shown_part,
    with_campaigns,
)
from funnel_analytics.metrics.attribution.costs_tables import (
    FEWEST_MONTHS,
    marginal_part,
    paid,
    payback_part,
    stages_part,
)
from funnel_analytics.metrics.attribution.modelled import is_data_driven
from funnel_analytics.periods import Period
from funnel_analytics.results import Result
from funnel_analytics.segments import FOLDED
from funnel_analytics.warehouse import Warehouse

__all__ = ["channel_costs"]

By = Literal["channel", "campaign", "objective"]
Basis = Literal["touch", "conversion"]

_COLUMNS = ["channel", "name", "objective", "is_no_known_touch", "cost_source", "spend",
            "cost_rows", "rows_without_cost", "touches", "leads", "is_leads_hidden",
            "cost_per_lead", "credited_deals", "cost_per_won_deal", "credited_revenue",
            "revenue_per_spend", "credited_pipeline", "pipeline_per_spend", "payback_months",
            "maturity", "is_mature"]  # fmt: skip


def channel_costs(
    warehouse: Warehouse,
    *,
    period: Period,
    by: By = "channel",
    basis: Basis = "touch",
    model: Model | Sequence[Model] | None = None,
    lookback_days: int | None = None,
    journeys_of: str | None = None,
    repeats: str | None = None,
    direct: str | None = None,
) -> Result:
    """What did each channel cost, and what was credited for it?

    Parameters
    ----------
    period
        The days of the spend, of the creation of the leads and of the touches (or conversions).
    by
        `"channel"`, `"campaign"`, or the `"objective"` of campaigns: short and long term apart.
    basis
        `"touch"`: the spend of the period against what its touches were credited with by the data
        end, whenever the deal was won. `"conversion"`: against what was won in the period, though
        the touches of these deals may be older than the spend.
    model, lookback_days, journeys_of, repeats, direct
        As in `attribute`; one model. Nothing is pooled.

    Returns
    -------
    Result
        One row per value of `by` with spend, touches, leads or credit, the largest cost first;
        what has no value is a row of its own, and on the basis of conversions so are those without
        a known touch. It stands in the column `channel`; `name` and `objective` are a campaign's.

        `spend` is the sum of the rows of spend on days of the period (`cost_source` `"spend"`)
        or, for a value without any, of the costs of its touches in it (`"touches"`): never both. It
        is missing where there is neither. `cost_rows` are those behind it; `rows_without_cost` are
        rows of spend without an amount in the agreement's currency, or touches without a cost
        beside others that have one: then what is known of the cost is shown, and every ratio to it
        is missing. So it is where nothing was spent, but a cost of 0 per lead is 0.

        `leads` are the counted leads created in the period through the channel (campaign, kind of
        campaign) that they name, missing where no lead of the period names any;
        `is_leads_hidden` where they are too few to be shown.
        `credited_deals`, `credited_revenue` (won deals) and `credited_pipeline` (deals created, by
        the same rule) are sums of credit; a deal without an amount counts 0 in them.
        `cost_per_won_deal` is spend / credited deals, `revenue_per_spend` and `pipeline_per_spend`
        credit / spend: of revenue, not of margin.

        On the basis of touches, `payback_months` says after which age of the touch credited
        revenue, added up by that age, had reached the spend; missing where it has not yet. A deal
        of which only the day is known closed at the end of that day.
        `maturity` is the share of the wins to be credited to touches of this age that had come,
        `is_mature` compares it with the agreement. What is not mature is not to be compared. On
        the basis of conversions `is_mature` says whether the period is over.

        `part("stages")`: per row with a known cost and leads, and stage: `reached_leads` of them
        (the stage or a later one), `cost_per_reached` with limits `cost_low` to `cost_high`, the
        `maturity` of the leads for the stage. `part("payback")` (basis of touches): per row and
        day of age, `credited_revenue` so far and `revenue_per_spend`. `part("marginal")`: per row
        with spend, `leads_per_1000` more leads created in a month for 1,000 more spent in it, with
        interval, over whole months of the period; missing, with a `reason`, of fewer than 12
        months, or where the standard deviation of spend is below 0.2 of its mean.

        Notes: `costs_total`, `touch_costs_unused`, `touches_without_cost`, `spend_without_value`,
        `costs_immature`, `leads_hidden`, `marginal_missing`, `deals_without_amount`.

    Raises
    ------
    CallError
        As in `attribute`, an unknown `by` or `basis`, or several models.
    MissingTableError
        No touches, deals, leads or stage history were loaded.

    Notes
    -----
    Maturity: mean cumulative function (Nelson 1988, J. Qual. Technol. 20, 24-35) of wins credited
    per touch by its age, over the touches of the last year that had all their time and the younger
    ones, divided by its value at the lookback; a touch gets no credit from later deals. Limits of
    costs: from those of the share of leads that got there (Wilson 1927). Slope: least squares with
    HC3 errors (MacKinnon & White 1985, J. Econometrics 29, 305-325); a line through months is no
    effect of spend. Credit is a rule for sharing; no effect of a channel was measured.
    """
    wrong = Wrong()
    _known("by", by, get_args(By), wrong)
    _known("basis", basis, get_args(Basis), wrong)
    models = models_asked(warehouse, model, wrong)
    if len(models) > 1:
        wrong.say("Costs are set against one model; ask for each by itself.")
    warehouse.require("lead", "stage_event", metric="channel_costs")
    question = asked(
        warehouse,
        period=period,
        by=by if is_one_of(by, ("channel", "campaign")) else "campaign",
        journeys_of=journeys_of,
        lookback_days=lookback_days,
        repeats=repeats,
        direct=direct,
        pool_below=0,
        metric="channel_costs",
        wrong=wrong,
    )
    read = _Costs(warehouse, question, by, basis, models[0])
    won, pipeline = read.credit()
    table = cost_rows(
        paid(read.spend, read.touches_here), read.leads, question, won, pipeline, basis
    )
    parts, without_value = {}, won.without_value
    if basis == "touch":
        without_value = won.without_value_of(question.start, question.end)
        table["maturity"] = read.maturity(won).reindex(table.index)
        if question.end + timedelta(days=question.lookback_days) <= warehouse.as_of:
            table["maturity"] = 1.0
        table["is_mature"] = table["maturity"] >= warehouse.agreement.maturity.mature_from
        credits = won.of_touches(question.start, question.end).rename(columns={"value": "revenue"})
        parts["payback"], months = payback_part(
            credits, in_full(table), last=question.lookback_days
        )
        table["payback_months"] = months.reindex(table.index)
    else:
        table["maturity"] = math.nan
        table["is_mature"] = question.end <= warehouse.as_of
    table = ordered(table)
    parts["stages"] = stages_part(
        read.leads[~read.leads["is_folded"].astype(bool)],
        in_full(table),
        stages=warehouse.agreement.stage_names,
        curves=entry_curves(read.curve),
        starts=first_days(warehouse),
        mature_from=warehouse.agreement.maturity.mature_from,
    )
    parts["marginal"] = marginal_part(
        read.spend,
        read.leads,
        hidden=list(table.index[table["is_leads_hidden"]]),
        months=_whole_months(warehouse, period),
    )
    currency = warehouse.agreement.currency
    money = ("spend", "cost_per_lead", "cost_per_won_deal", "credited_revenue", "credited_pipeline")
    ratio = f"{currency} per {currency}"
    asked_for = {
        name: value
        for name, value in question.parameters.items()
        if name not in ("conversion", "pool_below")
    }
    return warehouse.result(
        "channel_costs",
        grain=f"one row per {by}",
        units={
            **dict.fromkeys(money, currency),
            "touches": "touches",
            "leads": "leads",
            "credited_deals": "deals",
            **dict.fromkeys(("revenue_per_spend", "pipeline_per_spend"), ratio),
            "payback_months": "months",
            "maturity": "share",
        },
        definition=_definition(basis, question),
        answers=read.answers,
        table=with_campaigns(table, read.campaigns, by)[_COLUMNS],
        parameters={
            **asked_for,
            "by": by,
            "basis": basis,
            "model": model_name(models[0]),
            "fewest_months": FEWEST_MONTHS,
            "currency": currency,
        },
        parts={name: shown_part(part) for name, part in parts.items()},
        notes=cost_notes(table, won, basis, parts["marginal"], without_value=without_value),
    )


class _Costs:
    """What a warehouse tells of the costs that were asked for."""

    def __init__(
        self, warehouse: Warehouse, question: Asked, by: str, basis: str, model: Model
    ) -> None:
        self._warehouse, self._question = warehouse, question
        self._basis, self._model = basis, model
        self._days = curve_days(question, warehouse)
        self._start = warehouse.bounds(self._days)[0]
        period, as_of = question.period, warehouse.as_of
        self.answers = [
            warehouse.query("metrics/campaigns_listed"),
            warehouse.query(
                "metrics/channel_costs_spend",
                by=by,
                spent_from=period.start,
                spent_before=period.end,
            ),
            warehouse.query(
                "metrics/channel_costs_touches",
                by=by,
                as_of=as_of,
                touched_from=self._start,
                period_start=question.start,
                period_end=question.end,
                with_activities=question.with_activities,
            ),
            warehouse.query(
                "metrics/channel_costs_leads",
                by=by,
                as_of=as_of,
                cohort_start=question.start,
                cohort_end=question.end,
                minimum_group_size=warehouse.agreement.minimum_group_size,
                folded=FOLDED,
            ),
            warehouse.query("metrics/entry_curve", as_of=as_of, unit_seconds=86_400),
        ]
        self.campaigns, self.spend, self._touches, self.leads, self.curve = (
            each.table for each in self.answers
        )
        self.touches_here = self._touches[self._touches["is_in_period"].astype(bool)]
        self._labels = _objectives(self.campaigns) if by == "objective" else None

    def credit(self) -> tuple[Returned, Returned]:
        """What was credited of won deals, and of deals that were created."""
        won, pipeline = (
            self._returned(
                until_now(self._warehouse, each) if self._basis == "touch" else each, self._model
            )
            for each in (self._question, replace(self._question, conversion=PIPELINE))
        )
        return won, pipeline

    def maturity(self, won: Returned) -> pd.Series:
        """By label: which share of the wins to come had the touches of the period?

        How late wins come is told by the agreed rule, or by `linear` where a model is fitted.
        """
        is_rule = isinstance(self._model, str) and not is_data_driven(self._model)
        if self._days.start < self._question.period.start or not is_rule:
            rule = self._model if is_rule else "linear"
            won = self._returned(since(self._warehouse, self._question, self._days), rule)
        curve = lag_curve(self._warehouse, self._question, won, self._touches, start=self._start)
        return maturity(curve, self.touches_here)

    def _returned(self, question: Asked, model: Model) -> Returned:
        found = returned(self._warehouse, question, model, labels=self._labels)
        self.answers += found.answers
        return found


def _whole_months(warehouse: Warehouse, period: Period) -> list[Period]:
    """The months that lie in a period as a whole, and were over when the data end."""
    return [
        each
        for each in period.months()
        if each.start >= period.start
        and each.end <= period.end
        and each.bounds(warehouse.timezone)[1] <= warehouse.as_of
    ]


def _known(what: str, given: str, known: Sequence[str], wrong: Wrong) -> None:
    if not is_one_of(given, known):
        wrong.say(
            f"Costs know no {what} {shown(given)}, only {', '.join(known)}."
            f"{did_you_mean(str(given), known)}"
        )


def _objectives(campaigns: pd.DataFrame) -> dict[str, str | None]:
    """What each campaign is for, where it says so."""
    objective = campaigns["objective"].astype(object)
    return dict(zip(campaigns["campaign"], objective.where(objective.notna(), None), strict=True))


def _definition(basis: str, question: Asked) -> str:
    what = (
        "what its touches were credited with by the data end"
        if basis == "touch"
        else "what the touches of deals won in the same period were credited with"
    )
    return (
        f"Spend of the period against {what}; touches count up to {question.lookback_days} days "
        "before. Revenue, not margin. Credit is a rule for sharing, not a measured effect."
    )
