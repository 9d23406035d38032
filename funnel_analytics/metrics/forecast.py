"""What unfinished cohorts will come to."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.estimates import (
    Shared,
    incidence_at,
    still_to_come,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Result
from funnel_analytics.segments import (
    By,
    arranged,
    excluded_leads,
    folded_note,
    select_leads,
    snapshot_entries,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["Every", "expected_conversion"]

Every = Literal["month", "quarter"]

_DRAWS = 1000
_SEED = 1
_INTERVAL = (0.025, 0.975)
_COUNTS = ["leads", "reached_leads", "competing_leads", "open_leads"]
_SHARES = [
    "reached_rate",
    "expected_final_leads",
    "expected_rate",
    "expected_low",
    "expected_high",
    "maturity",
]
_KEYS = ["segment", "is_folded", "period_start"]
_COUNTED = {
    "day": "time",
    "reached_leads": "events",
    "competing_leads": "competing",
    "censored_leads": "censored",
    "joined_leads": "joined",
}
_FLAGS = ["is_mature", "is_left_truncated", "is_complete"]
_COLUMNS = [*_KEYS, "stage", *_COUNTS, *_SHARES, *_FLAGS]
_UNITS = {
    **dict.fromkeys([*_COUNTS, "expected_final_leads"], "leads"),
    "reached_rate": "share of leads",
    "expected_rate": "share of leads",
    "expected_low": "share of leads, lower end of the 95 % interval",
    "expected_high": "share of leads, upper end of the 95 % interval",
    "maturity": "share of the eventual entries expected by now",
}


def expected_conversion(
    warehouse: Warehouse,
    *,
    every: Every = "month",
    stage: str | None = None,
    by: By | None = None,
    cohort: Period | None = None,
) -> Result:
    """How many leads of each cohort will have reached a stage in the end?

    Parameters
    ----------
    warehouse
        An open warehouse.
    every
        Cohorts by `"month"` or `"quarter"` of creation.
    stage
        A stage after the first; the last if none is given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them.
    cohort
        The days of creation to show; all days if none are given. The curve is always that of all
        leads of the segment.

    Returns
    -------
    Result
        One row per segment and month (or quarter) of creation, with at least one lead.

        `period_start` is its first day. Of its `leads`, `reached_leads` have been in the stage or
        a later one, `competing_leads` were lost or rejected without it as their last step, and
        `open_leads` may still reach it. `expected_final_leads` adds those of the open leads that
        are expected to; `expected_rate` is its share of `leads`, with a 95 % interval of what the
        share will be: a cohort without open leads has none left to doubt. They are missing where
        no lead of any segment ever reached the stage.

        `maturity` (0-1) is the share of the eventual entries that leads of this age have made by
        now, `is_mature` compares it with the agreement, and `is_complete` is false for a period
        that had not ended by `as_of` (its leads so far are what is counted). `is_left_truncated`
        marks cohorts with leads older than the first day for which the data can hold entries up to
        the stage: what they reached is a lower bound, so nothing is expected of them.

        Groups with fewer leads, over all cohorts, than the agreement's `minimum_group_size` are
        one segment, `"other_groups"` with `is_folded`; where they are too few together, the next
        smallest group joins them. Where there is no other group, the numbers are missing. Notes:
        `excluded`, `folded`, `snapshot_entries`.

    Raises
    ------
    CallError
        The cohort begins after the data end, leads have no attribute `by`, the stage is unknown or
        the first, or `every` is unknown.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    A lead open at age a reaches the stage with probability (I(L) - I(a)) / S(a): I is the
    incidence of the stage and S the share open without it, both by Aalen & Johansen (1978, Scand.
    J. Stat. 5, 141-150) over all leads of the segment, and L the longest follow-up of any lead.
    Older cohorts stand for younger ones, and entries later than L are unknown.

    Small segments have few late entries or none. So each leans on the curve of all leads: in each
    of five spans of age, with a fifth of all entries each, as many leads that fare as all do are
    added to the segment as bring half an entry (the mean of a beta process: Hjort 1990, Ann.
    Statist. 18, 1259-1294). Without `by` this changes nothing.

    The interval holds the uncertainty of both curves (Dirichlet draws of what became of those at
    risk on each day, 1,000 with a fixed seed; half an entry is added in the time after the last
    one) and the chance of the open leads (binomial draws).
    """
    if every not in get_args(Every):
        raise CallError(
            f"Unknown period '{every}'; known are {' and '.join(get_args(Every))}."
            f"{did_you_mean(str(every), get_args(Every))}"
        )
    chosen = stage or warehouse.agreement.stage_names[-1]
    position = warehouse.agreement.position(chosen)
    if position == 1:
        raise CallError(
            f"Every lead begins in '{chosen}', so there is nothing to expect. Choose one of "
            f"{', '.join(warehouse.agreement.stage_names[1:])}."
        )
    warehouse.require("lead", "stage_event", metric="expected_conversion")
    whole = select_leads(warehouse, period=None, by=by)
    shown = select_leads(warehouse, period=cohort, by=None)
    bounds = {"cohort_start": whole.start, "cohort_end": whole.end, "as_of": warehouse.as_of}
    curve = warehouse.query("metrics/conversion_curve", **bounds, **whole.grouping)
    ages = warehouse.query(
        "metrics/expected_conversion",
        **bounds,
        first=shown.start,
        after=shown.end,
        position=position,
        **whole.grouping,
    )
    excluded, note = excluded_leads(warehouse, created_from=shown.start, created_before=shown.end)
    compared, compared_notes = snapshot_entries(
        warehouse, created_from=shown.start, created_before=shown.end
    )
    found = ages.table
    counts = curve.table
    table = _cohorts(found, counts[counts["position"] == position], every)
    smallest = whole.minimum_group_size
    table = arranged(table, counts=_COUNTS, shares=_SHARES, minimum_group_size=smallest)
    table["stage"] = chosen
    table["is_mature"] = table["maturity"] >= warehouse.agreement.maturity.mature_from
    table["is_complete"] = [
        _ends_on(each, every) <= _as_local_day(warehouse) for each in table["period_start"]
    ]
    return warehouse.result(
        "expected_conversion",
        grain=f"one row per segment and {every} of creation",
        units=_UNITS,
        definition=(
            "Leads of a cohort that have reached the stage (or a later one), and those of its open "
            "leads that are expected to, given how many older leads still did at their age."
        ),
        answers=[curve, ages, excluded, *compared],
        table=whole.spread(table[_COLUMNS]),
        parameters={
            **shown.parameters("cohort"),
            "by": whole.parameters("cohort")["by"],
            "stage": chosen,
            "every": every,
        },
        notes=[note, *compared_notes, *folded_note(found, minimum_group_size=smallest)],
    )


def _cohorts(found: pd.DataFrame, counts: pd.DataFrame, every: Every) -> pd.DataFrame:
    """A row per segment and cohort, from its leads by age and the curve of the segment."""
    months = pd.to_datetime(found["month"])
    unit = "M" if every == "month" else "Q"
    dated = found.assign(period_start=months.dt.to_period(unit).dt.start_time)
    dated["open_leads"] = dated["leads"] - dated["reached_leads"] - dated["competing_leads"]
    counted = counts.rename(columns=_COUNTED)[[*_COUNTED.values(), "is_folded", "segment"]]
    curves = dict(iter(counted.groupby(["is_folded", "segment"], dropna=False)))
    shared = Shared.of(counted[list(_COUNTED.values())])
    of_all = shared.drawn(draws=_DRAWS, rng=np.random.default_rng(_SEED))
    rows = []
    for number, (key, part) in enumerate(
        dated.groupby(["is_folded", "segment"], dropna=False, sort=True)
    ):
        rng = np.random.default_rng([_SEED, number])
        of_segment = shared.leaned(_counts_of(curves, key))
        longest = np.unique(part["age_days"])
        drawn = shared.drawn_still_to_come(of_segment, longest, drawn=of_all, rng=rng)
        for start, cohort in part.groupby("period_start", sort=True):
            rows.append(_cohort(start, cohort, of_segment, drawn, longest, rng))
    columns = [*_KEYS, "segment_leads", *_COUNTS, *_SHARES, "is_left_truncated"]
    return pd.DataFrame(rows, columns=columns)


def _counts_of(curves: dict[Any, pd.DataFrame], key: Any) -> pd.DataFrame:
    """The counts by day of one segment; a missing value is a key like any other."""
    return next(each for name, each in curves.items() if _same(name, key))


def _same(one: Any, other: Any) -> bool:
    return bool(
        one[0] == other[0] and (one[1] == other[1] or (pd.isna(one[1]) and pd.isna(other[1])))
    )


def _cohort(
    start: Any,
    cohort: pd.DataFrame,
    curve: pd.DataFrame,
    drawn: NDArray[np.float64],
    longest: NDArray[np.float64],
    rng: np.random.Generator,
) -> dict[str, Any]:
    first = cohort.iloc[0]
    totals = {name: int(cohort[name].sum()) for name in _COUNTS}
    is_early = bool(cohort["is_early"].any())
    final = float(curve["incidence"].iloc[-1]) if len(curve) else 0.0
    row = {
        "segment": first["segment"],
        "is_folded": first["is_folded"],
        "segment_leads": first["segment_leads"],
        "period_start": start,
        **totals,
        "reached_rate": totals["reached_leads"] / totals["leads"],
        "is_left_truncated": is_early,
        **dict.fromkeys(_SHARES[1:], float("nan")),
    }
    if final == 0:
        return row
    ages = cohort["age_days"].to_numpy(float)
    row["maturity"] = float(np.average(incidence_at(curve, ages) / final, weights=cohort["leads"]))
    if is_early:
        return row
    waiting = cohort["open_leads"].to_numpy("int64")
    expected = totals["reached_leads"] + float(waiting @ still_to_come(curve, ages))
    draws = rng.binomial(waiting, drawn[:, np.searchsorted(longest, ages)]).sum(axis=1)
    low, high = np.quantile((totals["reached_leads"] + draws) / totals["leads"], _INTERVAL)
    rate = expected / totals["leads"]
    return row | {
        "expected_final_leads": expected,
        "expected_rate": rate,
        "expected_low": min(float(low), rate),
        "expected_high": max(float(high), rate),
    }


def _ends_on(start: pd.Timestamp, every: Every) -> pd.Timestamp:
    return start + pd.DateOffset(months=1 if every == "month" else 3)


def _as_local_day(warehouse: Warehouse) -> pd.Timestamp:
    """The day in the agreement's zone on which the data end."""
    utc = pd.Timestamp(warehouse.as_of, tz="UTC")
    return utc.tz_convert(warehouse.timezone).tz_localize(None).floor("D")
