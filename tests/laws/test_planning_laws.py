"""Laws of planning: what must hold for every funnel, target and probability."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from funnel_analytics.metrics.planning.months import planned_months
from funnel_analytics.metrics.planning.tables import curve_table, main_table, month_table
from funnel_analytics.simulation import (
    Counts,
    Plan,
    Step,
    Values,
    Window,
    chance_after,
    chance_to_move,
    convolved,
    in_time,
    leads_until,
    simulate,
    step_of,
)

DRAWS = 200
SOON = Window(2, 9)
counts = st.lists(st.integers(0, 6), min_size=6, max_size=6).map(lambda n: np.array(n, float))
amounts = st.lists(st.floats(1, 1e6), min_size=1, max_size=20)
windows = st.tuples(st.integers(1, 8), st.integers(1, 12)).map(lambda w: Window(w[0], sum(w)))


@st.composite
def histories(draw: st.DrawFn) -> Counts:
    moved, closed, still = draw(counts), draw(counts), draw(counts)
    reached = still.copy()
    reached[-1] += (moved + closed).sum()
    return Counts(reached=reached, moved=moved, closed=closed, open=still)


steps = histories().filter(lambda each: each.moved.sum() > 0).map(step_of)


def plan_for(
    missing: float,
    *,
    funnel: list[Step],
    values: list[float],
    open_leads: list[NDArray[np.float64]] | None = None,
    window: Window = SOON,
    new_in_time: float = 0.4,
) -> Plan:
    return simulate(
        funnel,
        open_leads or [np.zeros(6) for _ in funnel],
        values,
        missing=missing,
        window=window,
        new_in_time=new_in_time,
        draws=DRAWS,
        seed=7,
    )


@given(histories())
def test_moved_closed_and_waiting_share_all_leads(history: Counts) -> None:
    step = step_of(history)
    assert (step.lag >= 0).all()
    assert step.lag.sum() == pytest.approx(1.0 if step.moved else 0.0)
    assert (np.diff(step.closed_by) >= -1e-12).all()
    assert ((step.closed_by >= 0) & (step.closed_by <= 1)).all()
    assert 0 <= step.trials <= step.leads + 1e-9


@given(histories())
def test_without_leads_on_their_way_a_rate_is_a_plain_share(history: Counts) -> None:
    done = Counts(
        reached=np.append(np.zeros(5), (history.moved + history.closed).sum()),
        moved=history.moved,
        closed=history.closed,
        open=np.zeros(6),
    )
    step = step_of(done)
    assert step.trials == pytest.approx(step.leads)
    if step.moved:
        assert step.lag == pytest.approx(history.moved / history.moved.sum())


@given(steps, st.integers(0, 5), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_rate_never_lowers_the_chance_of_an_open_lead(
    step: Step, age: int, one: float, other: float
) -> None:
    rates = np.array(sorted((one, other)))
    low, high = chance_to_move(step, np.array([age]), rates)[0]
    assert 0 <= low <= high + 1e-12 <= 1 + 1e-9


@given(steps, st.integers(0, 5), st.floats(0.01, 1))
def test_knowing_that_a_lead_is_not_closed_never_lowers_its_chance(
    step: Step, age: int, rate: float
) -> None:
    blind = Step(step.moved, step.leads, step.trials, step.lag, np.zeros(6))
    ages, rates = np.array([age]), np.array([rate])
    assert chance_to_move(blind, ages, rates)[0, 0] <= (
        chance_to_move(step, ages, rates)[0, 0] + 1e-12
    )


@given(steps, steps, windows, st.integers(1, 8))
def test_windows_add_up(one: Step, other: Step, window: Window, more: int) -> None:
    lag = convolved([one.lag, other.lag])
    assert lag.sum() == pytest.approx(1)
    starts = np.arange(1, 12)
    after = Window(window.end, window.end + more)
    whole = Window(window.first, window.end + more)
    assert in_time(lag, starts, window) + in_time(lag, starts, after) == pytest.approx(
        in_time(lag, starts, whole)
    )
    assert chance_after(one, other.lag, window) + chance_after(
        one, other.lag, after
    ) == pytest.approx(chance_after(one, other.lag, whole))


@given(st.lists(steps, min_size=1, max_size=3), amounts, st.floats(1, 1e6), st.floats(1, 1e6))
def test_more_revenue_never_needs_fewer_leads(
    funnel: list[Step], values: list[float], one: float, other: float
) -> None:
    most = 500 * min(values)  # so that every win is drawn singly and coupling is exact
    less, more = (
        plan_for(min(each, most), funnel=funnel, values=values) for each in sorted((one, other))
    )
    assert (less.leads <= more.leads).all()


@given(st.lists(steps, min_size=1, max_size=3), amounts, st.floats(1, 1e6))
def test_more_open_leads_never_need_more_new_ones(
    funnel: list[Step], values: list[float], missing: float
) -> None:
    # Leads that reached the last stage but one today; whoever moves is in time.
    some = [np.zeros(6) for _ in funnel]
    many = [np.zeros(6) for _ in funnel]
    some[-1][0], many[-1][0] = 20, 200
    wide = Window(1, 50)
    arguments = {"funnel": funnel, "values": values, "window": wide}
    few = plan_for(min(missing, 500 * min(values)), open_leads=some, **arguments)
    lots = plan_for(min(missing, 500 * min(values)), open_leads=many, **arguments)
    assert (few.wins <= lots.wins).all()
    for share in (0.5, 0.8, 0.9):
        # Independent draws: allow the noise of 200 of them.
        assert lots.needed(share) <= max(1.3 * few.needed(share), few.needed(share) + 5)


@given(
    st.lists(steps, min_size=1, max_size=3),
    amounts,
    st.floats(1, 1e6),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
)
def test_table_and_curve_agree_and_rise(
    funnel: list[Step], values: list[float], missing: float, one: float, other: float
) -> None:
    plan = plan_for(min(missing, 500 * min(values)), funnel=funnel, values=values)
    low, high = sorted((one, other))
    assert plan.needed(low) <= plan.needed(high)
    table = main_table(plan, high, cap=1e12)
    curve = curve_table(plan, table, cap=1e12)
    assert len(curve) <= 200
    assert curve["leads"].is_monotonic_increasing
    assert curve["leads"].is_unique
    assert curve["probability"].is_monotonic_increasing
    by_leads = curve.set_index("leads")["probability"]
    for chance, leads in zip(table["probability"], table["leads_needed"], strict=True):
        assert by_leads[int(leads)] >= chance - 1e-9
        if leads > 0:
            assert plan.probability(int(leads) - 1) < chance


@given(st.integers(0, 10_000), st.lists(st.floats(0, 1), min_size=1, max_size=8), st.data())
def test_the_months_share_all_leads(needed: int, shares: list[float], data: st.DataObject) -> None:
    days = pd.DataFrame(
        {
            "day": pd.date_range("2026-11-10", periods=31 * len(shares)),
            "in_time_share": np.repeat(shares, 31),
        }
    )
    size = data.draw(st.integers(1, 30))
    arrivals = pd.DataFrame(
        {
            "month": pd.period_range(end="2026-10", periods=size, freq="M"),
            "leads": data.draw(st.lists(st.integers(0, 50), min_size=size, max_size=size)),
            "is_complete": True,
        }
    )
    months = planned_months(days, arrivals)
    assert (months["weight"] >= 0).all()
    if max(shares) == 0:
        assert (months["weight"] == 0).all()
        return
    assert months["weight"].sum() == pytest.approx(1)
    assert (months.loc[months["in_time_share"] == 0, "weight"] == 0).all()
    table = pd.DataFrame({"probability": [0.8], "leads_needed": pd.array([needed], dtype="Int64")})
    leads = month_table(table, months)["leads"].to_numpy(float)
    assert leads.sum() == needed
    assert (np.abs(leads - needed * months["weight"]) < 1 + 1e-6).all()


@given(amounts, st.integers(0, 2**32 - 1))
def test_values_are_those_seen(values: list[float], seed: int) -> None:
    worth = Values(values, draws=20, rng=np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    assert set(worth.singles(10, rng=rng).ravel()) <= set(values)
    slack = 1e-9 * max(values)
    assert (worth.means >= min(values) - slack).all()
    assert (worth.means <= max(values) + slack).all()
    totals = worth.totals(np.full(20, 3), rng=rng)
    assert (totals >= 3 * min(values) - slack).all()
    assert (totals <= 3 * max(values) + slack).all()


def test_nothing_missing_needs_nobody_and_no_chance_is_never_enough() -> None:
    worth = Values([100.0], draws=3, rng=np.random.default_rng(1))
    leads = leads_until(
        np.array([0.0, -5.0, 50.0]), np.array([0.0, 0.5, 0.0]), worth, rng=np.random.default_rng(1)
    )
    assert list(leads) == [0, 0, np.inf]
