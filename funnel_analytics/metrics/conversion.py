"""How far the leads of a cohort got."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from funnel_analytics.cohorts import (
    Counting,
    Mode,
    Passes,
    Windows,
    count_cohort,
    counting,
    entry_curves,
    first_days,
    share_entered,
)
from funnel_analytics.estimates import benjamini_hochberg, count_chance, wilson
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import FOLDED, By, Selection, arranged
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["FOLDED", "Mode", "against_rest", "stage_conversion"]

_UNITS = {
    "entered_leads": "leads",
    "not_due_leads": "leads",
    "previous_leads": "leads",
    "reached_leads": "leads",
    "imputed_leads": "leads",
    "step_rate": "share of previous_leads",
    "step_low": "share of previous_leads, lower end of the 95 % interval",
    "step_high": "share of previous_leads, upper end of the 95 % interval",
    "overall_rate": "share of entered_leads",
    "overall_low": "share of entered_leads, lower end of the 95 % interval",
    "overall_high": "share of entered_leads, upper end of the 95 % interval",
    "median_days": "days since the stage before",
    "maturity": "share of the eventual entries expected by now",
}
_COUNTS = ("entered_leads", "previous_leads", "reached_leads", "imputed_leads", "not_due_leads")
_SHARES = (
    "step_rate",
    "step_low",
    "step_high",
    "overall_rate",
    "overall_low",
    "overall_high",
    "median_days",
    "maturity",
)
_COLUMNS = (
    "segment",
    "is_folded",
    "position",
    "stage",
    *_COUNTS,
    *_SHARES,
    "is_mature",
    "is_left_truncated",
)
_REST = "folded"
_FALSE_DISCOVERIES = 0.05


def stage_conversion(
    warehouse: Warehouse,
    *,
    cohort: Period | None = None,
    by: By | None = None,
    mode: Mode = "at_least",
    within_days: Windows | None = None,
    optional: Sequence[str] | None = None,
    passes: Passes = "all",
) -> Result:
    """How many leads of a cohort reached each stage?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given. The leads are
        followed up to `warehouse.as_of`.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by; `"created_month"`
        gives the cohort table. A pair of attributes, `("origin", "segment")`, splits by both: then
        `second_segment` stands beside `segment`.
    mode
        `"at_least"`: a lead whose furthest stage is the fourth has reached the first four, even
        where nobody recorded some of them. `"ordered"`: each stage has to be entered at or after
        the one before, by the earliest entry that does; nothing is imputed, and entries before
        the creation of the lead do not count. The first stage is entered at the creation where
        its first entry is not later. A stamp that is a day stands for all of that day, and stages
        entered at the same instant count in their agreed order. `"strict"`: each stage has to be
        entered directly after the one before, with no other stage and no closing (lost, rejected,
        recycled, nurture) between; the longest way of this kind counts, the earliest of those.
    within_days
        How many days (of 24 hours) a step may take, from the entry into the stage before: one
        number for every step, or some by stage. Both ends count. Then only leads count that are
        old enough: for a stage those created as long before `as_of` as the windows up to it take
        together, and where a step on the way has no window, those that entered the stage before
        it so long ago. Later entries are none.
    optional
        Stages that leads may leave out, in `"ordered"` and `"strict"`; by default those that the
        agreement calls optional. The step after such a stage begins in the last stage before it
        that is not optional; the optional stage itself is measured beside it, from the same one.
    passes
        A lead that comes back after a closing begins a new pass. `"all"`: what it reached in all of
        them together. `"first"`, `"last"`: in this pass alone. `"every"`: each pass counts by
        itself, so that the numbers are passes. The time of a later pass runs from its start, and
        so do its windows; an entry into the first stage that nobody recorded in it is its start.

    Returns
    -------
    Result
        One row per segment and stage; segments by name, then the folded ones, then the leads
        without a value.

        `entered_leads` are all leads of the segment that are old enough for the windows up to the
        stage (all of them without windows), `not_due_leads` the others, `previous_leads` those
        of the former that reached the stage before (all of them for the first), `reached_leads`
        those that reached this one and `imputed_leads` those among them without a recorded entry
        into it. `step_rate` is
        reached / previous, `overall_rate` reached / entered, each with its 95 % interval; 0 of 0
        is missing. `median_days` runs from the entry into the stage before to the entry into this
        one, over the leads with both, in this order (first recorded entries in `"at_least"`).

        `maturity` (0-1) is the share of the eventual entries that leads of this age have made by
        now; it is missing where nobody ever reached the stage, and 1 where every step up to it
        has a window, for then all leads asked have had their time. `is_mature` compares it with
        the agreement. `is_left_truncated` marks segments with leads older than the first day for
        which the data can hold entries into the stage or one before it.

        Groups with fewer leads than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest group
        joins them. Where there is no other group, the numbers are missing.
        `part("against_rest")`, where leads are split, has one row per segment and step that may be
        compared: mature, not truncated, not folded, of at least `minimum_group_size` leads. Beside
        its own numbers stand those of the other such segments together (folded ones with them):
        `rest_groups`, `rest_previous_leads`, `rest_reached_leads`, `rest_rate`; `gap_leads`, how
        many more leads took the step than would have at the rate of all together; `p_value` of
        that gap, `q_value` over all rows, and `is_apart` for a q-value of at most 0.05.

        Notes: `imputed` (leads with an imputed stage, and how many `steps` those are),
        `excluded` (loaded leads of the cohort's days that do not count), `folded`,
        `snapshot_entries` (entries known only from comparing two dated exports),
        `never_recorded` (in `"ordered"`: `stages` that leads got past, although no source ever
        records them, so that nobody reaches them in order).

    Raises
    ------
    CallError
        The cohort begins after the data end, leads have no attribute `by`, or the mode, a stage,
        a window or the kind of passes is none.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.

    A segment against the rest: the hypergeometric variance of its entries, given those of both
    together, with the tails of `count_chance`; q-values after Benjamini & Hochberg (1995), J. R.
    Statist. Soc. B 57, 289-300.

    Maturity is the mean over the leads of I(age) / I(longest follow-up), where I is one minus the
    Kaplan-Meier estimate (1958, J. Am. Stat. Assoc. 53, 457-481) of the whole days from creation
    to the stage (or a later one) over the leads of all cohorts; lost leads stay at risk, as they
    merely have not entered. It takes older cohorts as a model of younger ones, and knows nothing
    of entries later than the longest follow-up: in young data it is too high. It is that of the
    leads, in whatever mode and pass they reached the stage.
    """
    asked = counting(
        warehouse.agreement,
        mode=mode,
        within_days=within_days,
        optional=optional,
        passes=passes,
    )
    counted = count_cohort(warehouse, "stage_conversion", asked=asked, cohort=cohort, by=by)
    selection = counted.selection
    curve = warehouse.query("metrics/entry_curve", as_of=warehouse.as_of, unit_seconds=86_400)
    ages = warehouse.query(
        "metrics/cohort_ages",
        cohort_start=selection.start,
        cohort_end=selection.end,
        by=selection.by,
        as_of=warehouse.as_of,
    )
    groups = _groups(counted.counts, selection, len(warehouse.agreement.stages))
    table = _rates(groups)
    table["maturity"] = _maturity(groups, curve.table, ages.table, asked)
    table["is_left_truncated"] = _left_truncated(warehouse, groups)
    table["stage"] = table["position"].map(dict(enumerate(warehouse.agreement.stage_names, 1)))
    table = arranged(
        table,
        counts=_COUNTS,
        shares=_SHARES,
        minimum_group_size=selection.minimum_group_size,
    )
    table["is_mature"] = table["maturity"] >= warehouse.agreement.maturity.mature_from
    parts = {}
    if by is not None:
        against = against_rest(table, minimum_group_size=selection.minimum_group_size)
        parts["against_rest"] = selection.spread(against)
    return warehouse.result(
        "stage_conversion",
        grain=(
            "one row per segment and stage"
            if passes != "every"
            else "one row per segment and stage; what is counted are passes"
        ),
        units=asked.units(_UNITS, counts=_COUNTS),
        definition=asked.definition,
        answers=[counted.counts, curve, ages, *counted.answers],
        table=selection.spread(table[list(_COLUMNS)]),
        parameters={**selection.parameters("cohort"), **asked.parameters},
        parts=parts,
        notes=[
            _imputed_note(table),
            *_not_due_notes(table, asked),
            *_passes_notes(table, asked),
            *counted.notes,
        ],
    )


def _groups(counts: Answer, selection: Selection, stages: int) -> pd.DataFrame:
    """The counts as they came; a cohort without leads that nobody split has zeros."""
    groups = counts.table
    if groups.empty and selection.by is None:
        positions = np.arange(1, stages + 1)
        groups = pd.DataFrame({"position": positions}).assign(
            segment=None,
            is_folded=False,
            merged_groups=0,
            first_created_at=None,
            gap_leads=0,
            median_days=np.nan,
            segment_leads=0,
            **dict.fromkeys(_COUNTS, 0),
        )
    return groups


def _rates(groups: pd.DataFrame) -> pd.DataFrame:
    table = groups.astype(dict.fromkeys(_COUNTS, "int64"))
    for kind, base in (("step", "previous_leads"), ("overall", "entered_leads")):
        of = table[base].where(table[base] > 0).astype("float64")
        table[f"{kind}_rate"] = table["reached_leads"] / of
        table[f"{kind}_low"], table[f"{kind}_high"] = wilson(table["reached_leads"], table[base])
    return table


def against_rest(table: pd.DataFrame, *, minimum_group_size: int) -> pd.DataFrame:
    """Which segments take a step more or less often than the others do?

    Parameters
    ----------
    table
        One row per segment and stage, as `stage_conversion` has them.
    minimum_group_size
        How many leads a segment needs in the stage before.

    Returns
    -------
    DataFrame
        The part of that name of `stage_conversion`.
    """
    cells = table[
        (table["position"] > 1)
        & table["is_mature"].astype(bool)
        & ~table["is_left_truncated"].astype(bool)
        & (table["previous_leads"].fillna(0) >= minimum_group_size)
    ]
    leads, reached = (cells[name].astype("float64") for name in ("previous_leads", "reached_leads"))
    steps = cells["position"]
    all_leads, all_reached = (each.groupby(steps).transform("sum") for each in (leads, reached))
    against = cells[
        ["segment", "is_folded", "position", "stage", "previous_leads", "reached_leads"]
    ].assign(
        step_rate=cells["step_rate"],
        rest_groups=steps.groupby(steps).transform("size") - 1,
        rest_previous_leads=(all_leads - leads).astype("Int64"),
        rest_reached_leads=(all_reached - reached).astype("Int64"),
        rest_rate=(all_reached - reached) / (all_leads - leads),
        gap_leads=reached - leads * all_reached / all_leads,
    )
    share = all_reached / all_leads
    spread = leads * (all_leads - leads) / (all_leads - 1) * share * (1 - share)
    kept = (against["rest_groups"] > 0) & ~against["is_folded"]
    against["p_value"] = np.where(
        share.between(0, 1, inclusive="neither"),
        count_chance(against["gap_leads"], spread, share),
        1.0,
    )
    against = against[kept].reset_index(drop=True)
    against["q_value"] = benjamini_hochberg(against["p_value"])
    against["is_apart"] = against["q_value"] <= _FALSE_DISCOVERIES
    return against


def _imputed_note(table: pd.DataFrame) -> Note:
    shown = table.loc[table["imputed_leads"].notna()]
    leads = shown.loc[shown["position"] == 1, "gap_leads"].sum()
    return Note("imputed", {"leads": int(leads), "steps": int(shown["imputed_leads"].sum())})


def _not_due_notes(table: pd.DataFrame, asked: Counting) -> list[Note]:
    """How many leads are too young for the windows up to the last stage?"""
    last = table.loc[table["position"] == table["position"].max(), "not_due_leads"]
    return asked.not_due_note(last.sum(), stage=len(asked.windows))


def _passes_notes(table: pd.DataFrame, asked: Counting) -> list[Note]:
    """Where passes are counted, how many they are."""
    if asked.passes != "every":
        return []
    first = table[table["position"] == 1]
    return [Note("passes", {"passes": int(first["entered_leads"].sum())})]


def _maturity(
    groups: pd.DataFrame, curve: pd.DataFrame, ages: pd.DataFrame, asked: Counting
) -> list[float]:
    """Per row of `groups`, the mean over its leads of the entries expected by their age."""
    curves = entry_curves(curve)
    shown = {_key(row.segment) for row in groups.itertuples() if not row.is_folded}
    aged = ages.assign(
        group=[_key(each) if _key(each) in shown else _REST for each in ages["value"]]
    )
    of_group = {str(group): rows for group, rows in aged.groupby("group")}
    shares = []
    for segment, is_folded, position, due in zip(
        groups["segment"],
        groups["is_folded"],
        groups["position"],
        groups["entered_leads"],
        strict=True,
    ):
        leads = of_group.get(_REST if is_folded else _key(segment), aged.iloc[:0])
        if asked.is_within(position):
            shares.append(1.0 if due else float("nan"))
        else:
            shares.append(
                share_entered(curves, position, ages=leads["age_days"], leads=leads["leads"])
            )
    return shares


def _left_truncated(warehouse: Warehouse, groups: pd.DataFrame) -> pd.Series:
    """Does a segment hold leads from before the data can hold entries up to the stage?"""
    starts = first_days(warehouse)
    return pd.Series(
        [
            bool(pd.notna(first) and first < starts[position])
            for first, position in zip(groups["first_created_at"], groups["position"], strict=True)
        ],
        index=groups.index,
        dtype=bool,
    )


def _key(segment: object) -> str:
    """A segment as a text that no other one has: the missing value is one of them."""
    return f"value {segment}" if isinstance(segment, str) else "missing"
