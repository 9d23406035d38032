"""What became of the hand-overs between the teams."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.metrics.handover.counts import (
    COUNTS,
    KINDS,
    SHARES,
    Rules,
    as_texts,
    placed_last,
    shared,
    tallied,
    withheld,
)
from funnel_analytics.metrics.handover.followed import (
    MISSED_COUNTS,
    MISSED_SHARES,
    missed,
    response_times,
)
from funnel_analytics.metrics.handover.parts import (
    COMPLETENESS,
    MEASURES,
    REASONS,
    RETURNS,
    by_month,
    by_way,
    completeness,
    reasons,
    rejected_by,
    returns,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import (
    By,
    Selection,
    arranged,
    excluded_leads,
    folded_note,
    select_leads,
    tells_of_people,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["handovers"]

_GROUP = ["segment", "is_folded"]
_ANSWERED = KINDS[:2]
_TEAMS = ("marketing", "sdr", "sales")
_MAIN_COUNTS = ["handovers", "leads", *COUNTS]
_TIMES = ["deadline_hours", "median_hours", "p90_hours"]
_FOUND = {
    name: f"share of {whole}{text}"
    for first, whole in (
        *((name, "due_handovers") for name in ("accepted", "rejected", "silent")),
        ("within_deadline", "judged_handovers"),
    )
    for name, text in (
        (f"{first}_share", ""),
        (f"{first}_low", ", lower end of the 95 % interval"),
        (f"{first}_high", ", upper end of the 95 % interval"),
    )
}


def handovers(
    warehouse: Warehouse, *, period: Period | None = None, by: By | None = None
) -> Result:
    """What became of the leads that one team handed over to the next?

    Parameters
    ----------
    warehouse
        An open warehouse.
    period
        The days on which they were handed over; all days with leads if none are given. What came
        of it is followed up to `warehouse.as_of`.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.

    Returns
    -------
    Result
        One row per segment and kind (`marketing_to_sdr`, `sdr_to_sales`, `reassigned`).

        `handovers` of `leads` = `accepted_handovers` + `rejected_handovers` +
        `unanswered_handovers` + `answered_before_handovers` (the answer precedes the hand-over: a
        fault of the data, in no share and no time). The first answer counts; of two at once the
        rejection. Without an answer a hand-over is one of `silent_handovers` once its deadline has
        passed, and one of `waiting_handovers` until then. The shares of accepted, rejected and
        silent ones are of `due_handovers`, these three together, with their 95 % interval.

        The deadline is the agreement's, `deadline_hours` from the hand-over on the clock of the
        team that receives it. `within_deadline_share` = `within_deadline_handovers` (answered by
        then) / `judged_handovers` (due, the time of the hand-over known). Of
        `day_precision_handovers` only the day is known: they are in no time and not judged; for
        silent or waiting their day ends before the deadline begins. `median_hours` and `p90_hours`
        are working hours until the answer (Kaplan-Meier), missing where too few have one.

        Reassignments have no answer, only counts. Without a deadline in the agreement for a kind,
        what depends on it is missing; so are all answers of a kind of which no hand-over in the
        data has one.

        Parts: `by_month`; `by_team` (from a team to a team); `reasons` (rejected hand-overs by
        reason, a missing reason is a row of its own; `is_agreed` if the agreement lists it for
        rejected or recycled leads); `reasons_by_origin` and `reasons_by_team` (the receiving one;
        both over all segments); `completeness` (by the number of agreed fields that were missing,
        with the share accepted and rejected of each; a number that nobody recorded is a row of its
        own); `returns` (leads by how often they were returned, 3 is 3 or more, and which of them
        then entered a later stage than before or the last one); `missed` (of the hand-overs past
        their deadline: what the agreement says is to be done, how many were escalated or passed on
        at the deadline or later and before an answer, or neither).

        Groups with fewer leads than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest group
        joins them. Where there is no other group, the numbers are missing. In the parts by team and
        origin small groups are one row with `is_rest` (of reasons: groups with few rejected leads
        of the kind), and so are names of teams that the agreement does not know and that mostly are
        one owner's each, unless tables about single employees are allowed. Notes: `excluded`,
        `folded`, `answered_before`, `handed_on_day`, `answered_twice`, `other_deadline` (hand-overs
        whose deadline in the CRM is another, by more than a minute of working time), `no_deadline`,
        `no_answers` (kinds), `without_rejection_reason`, `unagreed_rejections`.

    Raises
    ------
    CallError
        The period begins after the data end, or leads have no attribute `by`.
    MissingTableError
        No hand-overs were loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. Times are right-censored: Kaplan &
    Meier (1958), J. Am. Stat. Assoc. 53, 457-481.
    """
    warehouse.require("lead", "handover", metric="handovers")
    selection = select_leads(warehouse, period=period, by=by)
    agreement = warehouse.agreement
    records = warehouse.query("metrics/handover_records")
    rules = _rules(agreement, records.table)
    asked = {
        "period_start": selection.start,
        "period_end": selection.end,
        "as_of": warehouse.as_of,
        **selection.grouping,
    }
    within = [round(rules.hours[kind] * 3600) if kind in rules.hours else None
              for kind in _ANSWERED]  # fmt: skip
    counts = warehouse.query("metrics/handovers", within_seconds=within, **asked)
    spans = warehouse.query("metrics/handover_times", within_seconds=within, **asked)
    who = warehouse.query("metrics/handover_leads", within_seconds=within, **asked)
    back = warehouse.query("metrics/handover_returns", **asked)
    excluded, note = excluded_leads(warehouse, created_from=None, created_before=selection.end)

    cells = _cells(counts.table)
    never = _unsafe(warehouse, cells)
    groups = cells[["group", *_GROUP, "segment_leads", "merged_groups"]].drop_duplicates("group")
    times = _grouped(spans.table, groups)
    leads = _grouped(as_texts(who.table), groups)
    shown = _Shown(selection, groups)
    escalates = set(records.table.loc[records.table["escalated"] > 0, "kind"])
    agreed = {each for kind in ("rejected", "recycled") for each in agreement.reasons.get(kind, {})}
    whole = cells.assign(group=0)
    return warehouse.result(
        "handovers",
        grain="one row per segment and kind of hand-over",
        units={
            **dict.fromkeys(["handovers", *COUNTS], "hand-overs"),
            "leads": "leads",
            **_FOUND,
            **dict.fromkeys(_TIMES, "working hours"),
        },
        definition=(
            "Hand-overs made in the period and their first answer up to as_of; silent: none by "
            "the agreed deadline, which runs in working hours of the receiving team."
        ),
        answers=[counts, spans, who, back, records, excluded],
        table=shown.table(
            _main(cells, leads, times, rules), ["kind"], _MAIN_COUNTS, [*_TIMES, *SHARES]
        ),
        parameters={
            **selection.parameters("period"),
            "respond_within_hours": dict(rules.hours),
        },
        parts={
            "by_month": shown.table(by_month(cells, rules), ["kind", "month"], *MEASURES),
            "by_team": shown.table(
                by_way(cells, rules, leads=leads, never=never),
                ["kind", "from_team", "to_team", "is_rest"],
                *MEASURES,
            ),
            "reasons": shown.table(
                reasons(cells, ["group", "kind"], rules, agreed=agreed),
                ["kind", "reason", "is_agreed"],
                *REASONS,
            ),
            "reasons_by_origin": rejected_by(whole, "origin", rules, leads=leads, agreed=agreed),
            "reasons_by_team": rejected_by(
                whole, "to_team", rules, leads=leads, agreed=agreed, never=never
            ),
            "completeness": shown.table(
                completeness(cells, rules),
                ["kind", "missing_fields", "agreed_fields"],
                *COMPLETENESS,
            ),
            "returns": shown.table(
                returns(_grouped(back.table, groups), knows_stages=warehouse.has("stage_event")),
                ["returns", "is_or_more"],
                *RETURNS,
            ),
            "missed": shown.table(
                missed(times, rules, agreed=agreement.handover, escalates=escalates),
                ["kind", "escalate_to", "return_to_pool"],
                list(MISSED_COUNTS),
                list(MISSED_SHARES),
            ),
        },
        notes=[
            note,
            *_notes(cells, times, rules, agreed=agreed),
            *folded_note(cells, minimum_group_size=rules.smallest),
        ],
    )


class _Shown:
    """Makes the tables of the result: segments in their order, small ones hidden."""

    def __init__(self, selection: Selection, groups: pd.DataFrame) -> None:
        self.selection = selection
        self.groups = groups

    def table(
        self, found: pd.DataFrame, keys: Sequence[str], counts: Sequence[str], shares: Sequence[str]
    ) -> pd.DataFrame:
        joined = found.merge(self.groups, on="group", how="left")
        ordered = arranged(
            joined,
            counts=counts,
            shares=shares,
            minimum_group_size=self.selection.minimum_group_size,
        )
        return self.selection.spread(ordered[[*_GROUP, *keys, *counts, *shares]])


def _rules(agreement: Agreement, records: pd.DataFrame) -> Rules:
    answered = set(records.loc[records["answered"] > 0, "kind"]) & set(_ANSWERED)
    return Rules(
        hours={kind: each.respond_within_hours for kind, each in agreement.handover.items()},
        fields={kind: len(each.required_fields) for kind, each in agreement.handover.items()},
        answered=answered,
        smallest=agreement.minimum_group_size,
    )


def _cells(found: pd.DataFrame) -> pd.DataFrame:
    """The rows of the query `handovers` with the number of their group."""
    cells = as_texts(found)
    cells["missing_fields"] = cells["missing_fields"].astype("Int64")
    cells["group"] = cells.groupby(_GROUP, dropna=False).ngroup()
    return cells


def _unsafe(warehouse: Warehouse, cells: pd.DataFrame) -> Collection[str]:
    """The names of teams that tell of single employees, where nothing may.

    All that the agreement does not know, if these are mostly one owner's each, as for a split.
    """
    agreement = warehouse.agreement
    known = {*_TEAMS, *agreement.teams, *(stage.owner for stage in agreement.stages)}
    others = {*cells["from_team"].dropna(), *cells["to_team"].dropna()} - known
    if agreement.employee_level == "person" or not others:
        return ()
    told = warehouse.query(
        "warehouse/team_owners", teams=sorted(known), smallest=max(2, agreement.minimum_group_size)
    ).table.iloc[0]
    counts = {str(name): int(count) for name, count in told.items()}
    return others if tells_of_people(**counts) else ()


def _grouped(found: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """The rows of another query with the numbers that the groups of the hand-overs have."""

    def keys(table: pd.DataFrame) -> list[tuple[Any, bool]]:
        names = [each if isinstance(each, str) else None for each in table["segment"]]
        return list(zip(names, table["is_folded"].astype(bool), strict=True))

    numbers = dict(zip(keys(groups), groups["group"], strict=True))
    return found.assign(group=pd.Series([numbers[each] for each in keys(found)], dtype="int64"))


def _main(
    cells: pd.DataFrame, leads: pd.DataFrame, times: pd.DataFrame, rules: Rules
) -> pd.DataFrame:
    table = withheld(shared(tallied(cells, ["group", "kind"], rules)), rules)
    once = leads.groupby(["group", "kind"], as_index=False)["leads"].sum()
    table = table.merge(once, on=["group", "kind"])
    table["deadline_hours"] = table["kind"].map(dict(rules.hours)).astype("float64")
    timed = response_times(times, rules)
    return placed_last(table.merge(timed, how="left", on=["group", "kind"]), ["group"])


def _notes(
    cells: pd.DataFrame, times: pd.DataFrame, rules: Rules, *, agreed: set[str]
) -> list[Note]:
    """What was left out or differs; nothing where a folded group alone is in the answer."""
    leads = cells.drop_duplicates("group")["segment_leads"].sum()
    if leads < rules.smallest:
        return []
    answered = cells[cells["kind"].isin(list(rules.answered))]
    early = answered.loc[answered["outcome"] == "answered_before", "handovers"]
    rejected = answered[answered["outcome"] == "rejected"]
    is_other = rejected["reason"].notna() & ~rejected["reason"].isin(list(agreed))
    dated = times[times["has_due"] & times["kind"].isin(list(rules.hours))]
    present = [kind for kind in _ANSWERED if (cells["kind"] == kind).any()]
    counts: Mapping[str, Mapping[str, Any]] = {
        "answered_before": {"handovers": int(early.sum())},
        "handed_on_day": {
            "handovers": int(answered.loc[answered["is_day_precision"], "handovers"].sum())
        },
        "answered_twice": {"handovers": int(answered["answered_twice"].sum())},
        "other_deadline": {
            "handovers": int(dated.loc[dated["is_due_elsewhere"], "handovers"].sum()),
            "of": int(dated["handovers"].sum()),
        },
        "without_rejection_reason": {
            "handovers": int(rejected.loc[rejected["reason"].isna(), "handovers"].sum()),
            "of": int(rejected["handovers"].sum()),
        },
        "unagreed_rejections": {
            "handovers": int(rejected.loc[is_other, "handovers"].sum()),
            "reasons": sorted(set(rejected.loc[is_other, "reason"])),
        },
    }
    notes = [Note(code, values) for code, values in counts.items() if values["handovers"]]
    for code, known in (("no_deadline", rules.hours), ("no_answers", rules.answered)):
        kinds = [kind for kind in present if kind not in known]
        if kinds:
            notes.append(Note(code, {"kinds": kinds}))
    return notes
