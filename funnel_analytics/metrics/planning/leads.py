"""How many leads does a revenue target need? The queries, the simulation and its answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.errors import CallError, DataError
from funnel_analytics.metrics.planning.months import (
    Times,
    arrivals_by_month,
    creation_days,
    planned_months,
    times_of,
)
from funnel_analytics.metrics.planning.tables import (
    CONFIDENCE,
    Measured,
    curve_table,
    inputs_table,
    interval,
    main_table,
    month_table,
    pipeline_table,
)
from funnel_analytics.periods import Period, span
from funnel_analytics.results import Note, Result
from funnel_analytics.simulation import Counts, Floats, Plan, Step, convolved, simulate, step_of
from funnel_analytics.warehouse import Warehouse

__all__ = ["leads_needed"]

_FEWEST_DRAWS = 100
_CAP_YEARS = 10  # more leads than so many of the best years are no plan


def leads_needed(
    warehouse: Warehouse,
    *,
    revenue: float,
    period: Period,
    probability: float = 0.8,
    draws: int = 4000,
    seed: int = 1,
    history_months: int = 24,
) -> Result:
    """How many new leads does a revenue in a period need, to be reached with some probability?

    Parameters
    ----------
    revenue
        The amount of the deals to be won in the period, in the agreement's currency. Those won so
        far count whatever brought them; those to come are the ones that leads bring, not
        expansions or renewals without a lead.
    period
        The period in which the deals must be won; it must end after `warehouse.as_of`.
    probability
        Answered besides 50, 80 and 90 %.
    draws, seed
        How many futures to simulate; the same seed gives the same answer.
    history_months
        Leads created and deals won in so many months before `as_of` are what is learned from,
        and none before the day from which the data hold every stage (`observed_from`).

    Returns
    -------
    Result
        One row per probability. `leads_needed` counts leads created after `as_of`; 0 if what is
        there suffices, missing if no number of leads is enough (or only more than ten times
        those of the best twelve months).

        Parts: `by_month` (leads and the share of their wins that come in time, by month of
        creation), `curve` (probability by number of leads), `inputs` (everything measured, with
        its interval and the counts behind it; `matured_leads` had the time), `pipeline` (open
        leads by stage, and what they are expected to bring in the period). Notes:
        `reachable`, `pipeline`, `naive` (what revenue / (deal value x `win_rate_direct`) gives)
        and `left_out`.

    Raises
    ------
    CallError
        Revenue, probability, draws or months make no sense, or the period is over.
    MissingTableError
        No leads, no stage history or no deals were loaded.
    DataError
        No lead was won in the history, or no won deal has an amount.

    Notes
    -----
    A step's rate is Beta(1/2 + s, 1/2 + n - s): s leads moved on, and each lead counts in n by the
    share of lags as short as its age, F(age). F is the Aalen-Johansen incidence of moving on with
    closures competing (Aalen & Johansen 1978), divided by its last value. A lead open at age a
    moves on with r (1 - F(a)) / (r (1 - F(a)) + (1 - r) (1 - G(a))), G being the closures of
    leads that never move. Lags of the steps are added as if independent; the input
    `days_to_win_direct` is the same median without that. Deal values are a Bayesian bootstrap
    (Rubin 1981) of what each won lead brought: the sum of its won deals, each shared equally by the
    won leads on it; a deal without a won lead is a win of its own. New leads come in the usual
    seasonal shape, on any day from the day after the data end, in the months in which a lead is
    worth at least a tenth of one in the best month; each draw counts leads until their wins add
    up to what the wins in hand and those of the open leads leave missing.
    """
    _check(revenue, probability, draws, seed, history_months)
    warehouse.require("lead", "stage_event", "deal", metric="leads_needed")
    times = times_of(warehouse, period, history_months)
    steps_answer = warehouse.query(
        "metrics/plan_steps",
        day_zero=times.day_zero,
        last_day=(times.last_day - times.history_start).days,
        history_start=times.history_start,
    )
    start, end = period.bounds(warehouse.timezone)
    history_from = span(times.history_start, period.end).bounds(warehouse.timezone)[0]
    deals_answer = warehouse.query(
        "metrics/plan_deals",
        history_from=history_from,
        period_start=start,
        period_end=end,
    )
    values_answer = warehouse.query("metrics/plan_values", history_from=history_from)
    arrivals_answer = warehouse.query("metrics/plan_arrivals")
    stages = warehouse.agreement.stage_names
    outcomes, deals = steps_answer.table, deals_answer.table
    steps = [_measured(outcomes, k, k + 1) for k in range(1, len(stages))]
    direct = _measured(outcomes, 1, len(stages))
    if not direct.moved:
        raise DataError(
            f"None of the {direct.leads} leads created since {times.history_start} has reached "
            f"'{stages[-1]}', so nothing says how often and after how long leads are won. Load the "
            f"stage history with its wins, or raise history_months ({history_months})."
        )
    recent = deals[deals["is_in_history"] & deals["is_from_leads"]]
    values = _win_values(values_answer.table, recent, times, warehouse.agreement.currency)
    open_leads = [_open(outcomes, k) for k in range(1, len(stages))]
    won = deals[deals["is_in_period"] & deals["amount"].notna()]
    in_hand_revenue = float(won["amount"].to_numpy(float) @ won["deals"].to_numpy(float))
    lag = convolved([step.lag for step in steps])
    arrivals = arrivals_by_month(arrivals_answer.table, times)
    days = creation_days(lag, times)
    months = planned_months(days, arrivals)
    new_in_time = float(months["weight"].to_numpy() @ months["in_time_share"].to_numpy())
    measured = Measured(
        steps=steps,
        direct=direct,
        lag=lag,
        values=values,
        won_leads=_wins(values_answer.table, of_leads=True),
        deals_without_won_lead=_wins(values_answer.table, of_leads=False),
        deals=int(recent["deals"].sum()),
        valued_deals=int(recent.loc[recent["amount"].notna(), "deals"].sum()),
        new_in_time=new_in_time,
        stages=stages,
        currency=warehouse.agreement.currency,
        times=times,
    )
    plan = simulate(
        steps,
        open_leads,
        values,
        missing=float(revenue) - in_hand_revenue,
        window=times.window,
        new_in_time=new_in_time,
        draws=draws,
        seed=seed,
    )
    best_year = arrivals["leads"].rolling(12, min_periods=1).sum().to_numpy().max()
    cap = _CAP_YEARS * float(best_year)
    table = main_table(plan, probability, cap)
    by_month = month_table(table, months)
    pipeline = pipeline_table(plan, open_leads, stages)
    low, high = interval(plan.in_hand)
    naive = math.ceil(revenue / (values.mean() * direct.moved / direct.trials))
    return warehouse.result(
        "leads_needed",
        grain="one row per probability",
        units={"probability": "share of simulated futures", "leads_needed": "leads"},
        definition=(
            "New leads with which the revenue is reached in the period in this share of simulated "
            "futures, counting in the wins still to come from leads already there."
        ),
        answers=[steps_answer, deals_answer, values_answer, arrivals_answer],
        table=table,
        parameters={
            "revenue": float(revenue),
            "period": period.label,
            "period_start": period.start,
            "period_end": period.end,
            "probability": float(probability),
            "draws": draws,
            "seed": seed,
            "history_months": history_months,
            "history_start": times.history_start,
        },
        parts={
            "by_month": by_month,
            "curve": curve_table(plan, table, cap),
            "inputs": inputs_table(measured, plan),
            "pipeline": pipeline,
        },
        notes=[
            Note("reachable", _reachable(plan, table, by_month, days, arrivals, measured)),
            Note(
                "pipeline",
                {
                    "in_hand_revenue": in_hand_revenue,
                    "expected_pipeline_revenue": float(pipeline["expected_revenue"].sum()),
                    "low": low,
                    "high": high,
                    "confidence": CONFIDENCE,
                },
            ),
            Note("naive", {"leads": naive}),
            Note("left_out", _left_out(outcomes, deals)),
        ],
    )


def _check(revenue: float, probability: float, draws: int, seed: int, history_months: int) -> None:
    whole: tuple[tuple[str, Any, int], ...] = (
        ("draws", draws, _FEWEST_DRAWS),
        ("seed", seed, 0),
        ("history_months", history_months, 1),
    )
    problems = []
    if not (math.isfinite(revenue) and revenue > 0):
        problems.append(f"revenue is an amount above 0, not {revenue}")
    if not 0 < probability < 1:
        problems.append(f"probability lies between 0 and 1 (80 % is 0.8), not {probability}")
    for name, value, least in whole:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            problems.append(f"{name} is a whole number from {least} on, not {value!r}")
    if problems:
        raise CallError(f"leads_needed: {'; '.join(problems)}.")


def _measured(outcomes: pd.DataFrame, first: int, last: int) -> Step:
    """The step between two stages, from the leads of the history."""
    rows = _between(outcomes, first, last)
    rows = rows[rows["is_in_history"]]
    size = int(rows["days"].max()) + 1 if len(rows) else 1
    # A lead won without an entry into the last stage is watched to the end like an open one.
    rows = rows.assign(outcome=rows["outcome"].replace({"won": "open"}))
    kinds = {name: _dense(rows[rows["outcome"] == name], size) for name in Counts.__annotations__}
    return step_of(Counts(**kinds))


def _open(outcomes: pd.DataFrame, position: int) -> Floats:
    """The leads open in a stage, by days since they reached it; older ones than the history too."""
    rows = _between(outcomes, position, position + 1)
    rows = rows[rows["outcome"] == "open"]
    return _dense(rows, int(rows["days"].max()) + 1 if len(rows) else 1)


def _between(outcomes: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    return outcomes[(outcomes["from_position"] == first) & (outcomes["to_position"] == last)]


def _dense(rows: pd.DataFrame, size: int) -> Floats:
    return np.bincount(
        rows["days"].to_numpy(np.int64), weights=rows["leads"].to_numpy(float), minlength=size
    ).astype(float)


def _win_values(wins: pd.DataFrame, deals: pd.DataFrame, times: Times, currency: str) -> Floats:
    """What each win of the history brought: a won lead, or a deal without one."""
    if wins.empty:
        raise DataError(
            f"None of the {int(deals['deals'].sum())} deals won since {times.history_start} has "
            f"an amount above 0 in {currency}, so nothing says what a deal is worth. Enter the "
            "amounts of won deals in the CRM and export the deals again."
        )
    return np.repeat(wins["value"].to_numpy(float), wins["wins"].to_numpy(np.int64))


def _wins(wins: pd.DataFrame, *, of_leads: bool) -> int:
    """How many of the wins are won leads, or deals without one?"""
    return int(wins.loc[wins["is_lead"] == of_leads, "wins"].sum())


def _reachable(
    plan: Plan,
    table: pd.DataFrame,
    by_month: pd.DataFrame,
    days: pd.DataFrame,
    arrivals: pd.DataFrame,
    measured: Measured,
) -> dict[str, Any]:
    """Can the revenue be reached, and how does what is needed compare with the usual months?"""
    asked = table[table["is_asked"]].iloc[0]
    planned = by_month.loc[by_month["probability"] == asked["probability"], "leads"]
    is_reachable = bool(pd.notna(asked["leads_needed"]))
    usual = arrivals.loc[arrivals["is_complete"], "leads"].tail(12)
    useful = days.loc[days["in_time_share"] >= 0.5, "day"]
    return {
        "is_reachable": is_reachable,
        "reason": None if is_reachable else _reason(measured),
        "best_month_leads": int(arrivals["leads"].max()),
        "average_month_leads": float(usual.mean()) if len(usual) else math.nan,
        "peak_month_leads": int(planned.max()) if is_reachable and len(planned) else None,
        "p_without_new_leads": float(plan.probability(0)),
        "last_useful_day": useful.iloc[-1].date() if len(useful) else None,
    }


def _reason(measured: Measured) -> str:
    """Why does no number of leads reach the revenue?"""
    if measured.times.window.end <= 1:
        return "period_over"
    return "too_many_leads" if measured.new_in_time > 0 else "too_late"


def _left_out(outcomes: pd.DataFrame, deals: pd.DataFrame) -> dict[str, int]:
    """How much of the data could not be used?"""
    steps = outcomes[outcomes["to_position"] == outcomes["from_position"] + 1]
    before = steps[(steps["from_position"] == 1) & ~steps["is_in_history"]]
    recent, unvalued = deals["is_in_history"], deals["amount"].isna()

    def counted(which: pd.Series) -> int:
        return int(deals.loc[which, "deals"].sum())

    return {
        "leads_before_history": int(before.loc[before["outcome"] == "reached", "leads"].sum()),
        "leads_won_without_stage": int(steps.loc[steps["outcome"] == "won", "leads"].sum()),
        "deals_without_amount": counted(recent & unvalued & deals["is_from_leads"]),
        "deals_without_lead": counted(recent & ~deals["is_from_leads"]),
        "deals_in_period_without_amount": counted(deals["is_in_period"] & unvalued),
    }
