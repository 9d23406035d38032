"""Where to look first: the groups of leads whose step rates differ most from the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.errors import CallError
from funnel_analytics.metrics.drop_offs.combinations import (
    MONTH,
    Combinations,
    read_combinations,
)
from funnel_analytics.metrics.drop_offs.discoveries import q_values
from funnel_analytics.metrics.drop_offs.explained import explained_by
from funnel_analytics.metrics.drop_offs.screening import screen_step
from funnel_analytics.metrics.drop_offs.steps import Step
from funnel_analytics.metrics.drop_offs.tables import (
    STEP_COLUMNS,
    UNITS,
    finding_table,
    months_left_out,
    pairs_left_out,
    screened,
    step_table,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.ripeness import Months, read_months
from funnel_analytics.segments import (
    Selection,
    excluded_leads,
    select_leads,
    snapshot_entries,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["drop_off_segments"]

Floats = NDArray[np.float64]

_NOT_SEARCHED = ("created_quarter",)
_FEWEST_IN_MODEL = 10
_DEFINITION = (
    "Of the leads created in the cohort that had reached the stage before this one, those that had "
    "reached this one or a later one, against the other leads with the same other attributes."
)


def drop_off_segments(
    warehouse: Warehouse,
    *,
    cohort: Period | None = None,
    stage: str | None = None,
    attributes: Sequence[str] | None = None,
    pairs: bool = True,
    minimum_leads: int = 30,
    false_discovery_rate: float = 0.05,
) -> Result:
    """Where to look first: which groups convert otherwise than the rest, and by how many deals?

    Every step is searched for values of the attributes, and pairs of values of two of them, whose
    leads take the step more rarely or more often than other leads that are alike in the other
    attributes.

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given.
    stage
        The stage whose step is searched (not the first); by default every step.
    attributes
        What is searched, and adjusted for; by default all attributes of the leads but
        `"created_quarter"`, without those that tell about single employees where the agreement has
        tables about them off. Attributes that are only known late in the funnel should not be among
        them: they follow from the conversion.
    pairs
        Whether pairs of values are searched as well.
    minimum_leads
        How many leads a group needs in the stage before; at least the agreement's
        `minimum_group_size`.
    false_discovery_rate
        Which share of the findings may be chance.

    Returns
    -------
    Result
        One row per step and group that was tested: the findings in the order in which to look at
        them, then the other tests by p-value.

        `attribute` and `value` (missing for leads without one), with `second_attribute` and
        `second_value` for pairs, name the group. `previous_leads` reached the stage before,
        `reached_leads` of these also this one; `rate` is their share, `rest_rate` that of all other
        leads. Only months of creation count that are mature for the stage and not cut off on the
        left; what they still have to come is allowed for in the tests. `months` is in how many of
        them the group has leads.

        `adjusted_difference` is how far the rate lies above (or, negative, below) that of other
        leads with the same other attributes. `lost_deals` is what this amounts to: the entries
        into the stage that are missing, times the chance of winning from there (over all leads;
        taken as known), with its 95 % interval `low` to `high`. It is negative where deals were
        gained. `lost_deals_per_month` is that by `months`, `per_month_low` to
        `per_month_high` its interval.

        `statistic` is the score test of the group, signed, `p_value` its chance. `q_value` is the
        lowest rate of false discoveries among all findings at which it is one: values are tested,
        then the pairs within those found, and besides all pairs. For a value it is 3 times its
        Benjamini-Hochberg q-value over all values of all steps. For a pair it is 3 times that over
        the pairs below the same value in the step (of the two of a pair, the one with the smaller
        p-value), or the value's own if that is more; or 25 times that over all pairs of all steps,
        if that is less. `is_found`: q is at most `false_discovery_rate`. `direction` is `"lost"` or
        `"gained"`. `finding_no` numbers the findings: first those that no stronger one explains,
        lost before gained, each by deals per month; then the others. `explained_by` is the number
        of a stronger finding of the same step after which nothing is left of this one; missing
        where there is none.

        `part("steps")`: one row per step searched: its counts in the judged months, the chance of
        winning from its stage (`winning_rate`), how many months were judged, were immature or were
        cut off on the left, and how many tests and findings there were.
        Notes: `screened` (`tests`, `findings`, `explained`, `rate` asked for), `months_left_out`
        (by stage), `attributes_left_out` and `pairs_left_out` (those about single employees),
        `excluded`, `snapshot_entries`.

    Raises
    ------
    CallError
        The cohort begins after the data end, leads have no such attribute or one is about single
        employees, `stage` is none or the first, `minimum_leads` is below the agreement's
        `minimum_group_size`, or `false_discovery_rate` is not between 0 and 1.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Test: Rao's score test (1948, Math. Proc. Camb. Phil. Soc. 44, 50-57) of the group in a logit
    model with the main effects of the other attributes, for a pair with those of all; its chance is
    the tail of the binomial, since the normal one is too short for small groups, or the normal one
    if that is longer. Variances are widened by leads / (leads - coefficients of the model), since
    fitted rates are too close to what happened. An attribute that (nearly) determines the value of
    the one in question (Goodman & Kruskal's tau, 1954, J. Am. Stat. Assoc. 49, 732-764, of at least
    0.8) is not adjusted for: a channel tells its origin, and adjusting for it would leave nothing
    of the origin. The difference is the first step from this model towards the one with the group;
    of two rates without other attributes it is exact. Its interval joins that of the rate (Wilson
    1927) and that of the rest as Newcombe (1998, Stat. Med. 17, 873-890) does. False discoveries:
    Benjamini & Hochberg (1995), J. R. Statist. Soc. B 57, 289-300; of values and pairs within them
    at most 2.88 times the level of each family (Yekutieli 2008, J. Am. Stat. Assoc. 103, 309-316),
    which is a third of the rate; all pairs have the other twenty-fifth. That holds for independent
    tests; those of groups that share leads are only nearly so.

    A pair is only tested where each of its two values has `minimum_group_size` further leads: what
    is left of a value is no smaller group either. Of each step the 200 strongest findings are
    examined for explaining one another.
    """
    agreement = warehouse.agreement
    if minimum_leads < agreement.minimum_group_size:
        raise CallError(
            f"The agreement shows no groups under {agreement.minimum_group_size} leads; "
            f"minimum_leads is {minimum_leads}."
        )
    if not 0 < false_discovery_rate < 1:
        raise CallError(f"A false-discovery rate is between 0 and 1, not {false_discovery_rate}.")
    searched = range(2, len(agreement.stages) + 1)
    if stage is not None:
        position = agreement.position(stage)
        if position == 1:
            raise CallError(f"Leads begin in {stage}: no step leads there. Choose a later stage.")
        searched = range(position, position + 1)
    warehouse.require("lead", "stage_event", metric="drop_off_segments")
    selection = select_leads(warehouse, period=cohort, by=None)
    names, refused = _attributes(warehouse, cohort, attributes)
    known, months, answers = read_combinations(
        warehouse, selection, names, minimum_leads=minimum_leads
    )
    judged, more = read_months(warehouse, selection, months)
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    compared, compared_notes = snapshot_entries(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    steps = step_table(warehouse, known, judged)
    tests = _tested(known, judged, searched, pairs, minimum_leads, selection, false_discovery_rate)
    table = finding_table(warehouse, known, tests, steps)
    steps = steps[steps["position"].isin(searched)]
    for name, rows in (("tests", table), ("findings", table[table["is_found"]])):
        counted = rows["position"].value_counts()
        steps = steps.assign(**{name: steps["position"].map(counted).fillna(0).astype("int64")})
    return warehouse.result(
        "drop_off_segments",
        grain="one row per step and group of leads tested",
        units=UNITS,
        definition=_DEFINITION,
        answers=[*answers, *more, excluded, *compared],
        table=table,
        parameters={
            **selection.parameters("cohort"),
            "stage": stage,
            "attributes": list(known.attributes),
            "pairs": pairs,
            "minimum_leads": minimum_leads,
            "false_discovery_rate": false_discovery_rate,
        },
        parts={"steps": steps[list(STEP_COLUMNS)].reset_index(drop=True)},
        notes=[
            screened(table, false_discovery_rate),
            *months_left_out(steps),
            *([Note("attributes_left_out", {"attributes": refused})] if refused else []),
            *pairs_left_out(known, pairs),
            note,
            *compared_notes,
        ],
    )


def _attributes(
    warehouse: Warehouse, cohort: Period | None, asked: Sequence[str] | None
) -> tuple[list[str], list[str]]:
    """What is searched; by default all but what must not be, which comes second."""
    if asked is not None:
        names = list(dict.fromkeys([asked] if isinstance(asked, str) else asked))
        if not names:
            raise CallError("Name at least one attribute to search, or leave attributes out.")
        for name in names:
            select_leads(warehouse, period=cohort, by=name)
        return names, []
    names, refused = [], []
    for name in warehouse.attributes():
        if name in _NOT_SEARCHED:
            continue
        try:
            select_leads(warehouse, period=cohort, by=name)
        except CallError:  # about single employees: the period was checked before
            refused.append(name)
        else:
            names.append(name)
    return names, refused


def _tested(
    known: Combinations,
    judged: Months,
    searched: range,
    pairs: bool,
    minimum_leads: int,
    selection: Selection,
    false_discovery_rate: float,
) -> pd.DataFrame:
    """Every test of every step, with q-values and what explains the findings."""
    found: dict[int, dict[str | None, Floats]] = {}
    tests = []
    for position in searched:
        step = _step(known, judged, position)
        if step is None:
            continue
        table = screen_step(
            step, pairs=pairs, minimum_leads=minimum_leads, smallest=selection.minimum_group_size
        )
        tests.append(table.assign(position=position))
        found[position] = step.found
    filled = [each for each in tests if len(each)]
    if not filled:
        return pd.DataFrame()
    table = pd.concat(filled, ignore_index=True)
    table["q_value"] = q_values(table)
    table["is_found"] = table["q_value"] <= false_discovery_rate
    explained = []
    for number, rows in table[table["is_found"]].groupby("position"):
        again = _step(known, judged, int(str(number)), found)
        if again is not None:
            explained.append(explained_by(again, rows))
    table["explained"] = (
        pd.concat(explained).reindex(table.index) if explained else pd.Series(dtype=object)
    )
    return table


def _step(
    known: Combinations,
    judged: Months,
    position: int,
    found: Mapping[int, dict[str | None, Floats]] | None = None,
) -> Step | None:
    """The leads of a step in the months judged; none where all of them took it, or nobody."""
    month = known.factors[MONTH].codes
    trials, successes = known.reached[:, position - 2], known.reached[:, position - 1]
    rows = np.flatnonzero((trials > 0) & judged.is_judged[position][month])
    if not 0 < successes[rows].sum() < trials[rows].sum():
        return None
    return Step(
        known,
        rows,
        trials[rows],
        judged.due[position][month[rows]],
        successes[rows],
        _FEWEST_IN_MODEL,
        found={} if found is None else found[position],
    )
