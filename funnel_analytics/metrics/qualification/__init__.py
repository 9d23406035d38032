"""What is known of leads by the agreed criteria, and what it says about winning them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from funnel_analytics.estimates import rate_difference, rate_ratio, wilson
from funnel_analytics.metrics.qualification.asking import (
    GROUP,
    Asking,
    Rule,
    asking,
    groups_of,
    read,
    summed,
)
from funnel_analytics.metrics.qualification.score import lead_score
from funnel_analytics.metrics.qualification.what_if import what_if_rule
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, arranged, folded_note
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["ANSWERS", "RULE", "lead_score", "qualification", "what_if_rule"]

ANSWERS = ("yes", "no", "unknown")
"""What was known of a criterion before the outcome, in the order in which it is shown."""
RULE = ("met", "not_met", "open")
"""Whether a lead meets the agreed rule; `open`: what is not known could still decide it."""

_DAY = 86400
_SIZES = ["segment_leads", "merged_groups"]
_COVERAGE = ["coverage", "coverage_low", "coverage_high"]
_YES = ["yes_share", "yes_low", "yes_high"]
_WIN = ["win_rate", "win_low", "win_high"]
_APART = [
    "win_difference",
    "difference_low",
    "difference_high",
    "win_ratio",
    "ratio_low",
    "ratio_high",
]


def qualification(
    warehouse: Warehouse,
    *,
    cohort: Period | None = None,
    by: By | None = None,
    stage: str | None = None,
) -> Result:
    """How completely were leads qualified, and what do the answers say about winning them?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given. The leads are
        followed up to `warehouse.as_of`.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.
    stage
        The stage in which leads are asked: those that reached it, or a later one, count. By
        default the first stage that another team owns than the first one's, such as the one after
        marketing's hand-over. Qualified is who reached the next stage.

    Returns
    -------
    Result
        One row per segment and criterion of the agreement, in its order.

        `leads` reached the stage. `answered_leads` have an answer to the criterion, `coverage` is
        their share; no answer is not a no. By the latest answer `yes_leads` meet it and `no_leads`
        do not; the other answered ones have a text that is neither. `yes_share` is
        yes / answered. An empty answer takes back the one before.

        `win_difference` and `win_ratio` compare the rates at which leads were won that were known
        to meet the criterion and those known not to. `part("lift")` has these rates, per segment,
        criterion and `answer` (`yes`, `no`, `unknown`): `mature_leads`, `won_leads`, `win_rate`.
        They count leads old enough (`mature_days` of the parameters: by then the agreed share of
        the eventual wins has come) and only answers recorded before the lead was won or closed for
        good. They say what went together, not what an answer brought about.

        `part("rule")`: per segment and `rule` (`met`, `not_met`, `open`: the criteria not known
        could still decide) the `leads`, and `qualified_leads` with their share: those that reached
        the next stage. `part("by_month")`: coverage by the month in which leads reached the stage,
        with `open_leads` that are still in it. `part("by_team")`: answers by the team that owns
        the stage a lead was in just before the latest one was recorded. `part("known_at")`: per
        criterion and such stage the leads of which the first answer was recorded there, and
        `median_days` since their creation.

        All rates have their 95 % interval (`…_low`, `…_high`). Groups with fewer leads than the
        agreement's `minimum_group_size` are one segment, `"other_groups"` with `is_folded`; where
        they are too few together, the next smallest group joins them. Where there is no other
        group, the numbers are missing. Notes: `excluded`, `folded`, `against_rule` (leads that
        reached the next stage although the rule is not met, and those for which it is open),
        `late_answers` (leads with an answer that is not surely from before their outcome),
        `other_answers`, `unagreed_criteria`.

    Raises
    ------
    CallError
        The agreement has no `[qualification]`; the cohort begins after the data end; leads have no
        attribute `by`; there is no such stage, or it is the last.
    MissingTableError
        No answers or no stage history were loaded.

    Notes
    -----
    Shares: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. Difference: Newcombe (1998), Statist.
    Med. 17, 873-890, method 10. Ratio: Katz et al. (1978), Biometrics 34, 469-474.
    """
    asked = asking(warehouse, "qualification", cohort=cohort, by=by, stage=stage)
    counts, patterns, stages, months, others = (
        warehouse.query("metrics/qualification", **asked.values),
        warehouse.query("metrics/qualification_patterns", before_outcome=False, **asked.values),
        warehouse.query("metrics/qualification_stages", **asked.values),
        warehouse.query("metrics/qualification_by_month", **asked.values),
        warehouse.query("metrics/qualification_others", **asked.span),
    )
    found = _by_criterion(read(counts), asked)
    rule = _rule(read(patterns), asked)
    shown = _Shown(asked)
    return warehouse.result(
        "qualification",
        grain="one row per segment and criterion",
        units={
            **dict.fromkeys(["leads", "answered_leads", "yes_leads", "no_leads"], "leads"),
            **dict.fromkeys(_COVERAGE, "share of leads"),
            **dict.fromkeys(_YES, "share of answered_leads"),
            **dict.fromkeys(_APART[:3], "difference of shares"),
            **dict.fromkeys(_APART[3:], "ratio of shares"),
        },
        definition=(
            "Leads of the cohort that reached the stage in which they are asked, by the latest "
            "answer to each criterion; no answer is not a no."
        ),
        answers=[counts, patterns, stages, months, others, *asked.answers],
        table=shown.table(
            _compared(found),
            ["criterion", "is_required"],
            counts=["leads", "answered_leads", "yes_leads", "no_leads"],
            shares=[*_COVERAGE, *_YES, *_APART],
            order=[
                *["leads", "answered_leads", *_COVERAGE],
                *["yes_leads", "no_leads", *_YES, *_APART],
            ],
        ),
        parameters=asked.parameters,
        parts={
            "lift": shown.table(
                _lift(found), ["criterion", "answer"], ["mature_leads", "won_leads"], _WIN
            ),
            "rule": shown.table(
                rule,
                ["rule"],
                ["leads", "qualified_leads"],
                ["qualified_share", "qualified_low", "qualified_high"],
            ),
            "by_month": shown.table(
                _by_month(read(months), asked),
                ["month", "criterion"],
                ["leads", "open_leads", "answered_leads"],
                _COVERAGE,
            ),
            "by_team": shown.table(
                _by_team(read(stages), asked, warehouse),
                ["criterion", "team"],
                ["answered_leads", "yes_leads", "no_leads"],
                _YES,
            ),
            "known_at": shown.table(
                _known_at(read(stages), asked, warehouse),
                ["criterion", "position", "stage"],
                ["leads"],
                ["median_days"],
            ),
        },
        notes=_notes(asked, rule, others, counts),
    )


class _Shown:
    """Tables of segments in their order, too small ones blanked, pairs in two columns."""

    def __init__(self, asked: Asking) -> None:
        self._selection = asked.selection

    def table(
        self,
        rows: pd.DataFrame,
        keys: Sequence[str],
        counts: Sequence[str],
        shares: Sequence[str],
        order: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """The rows with their keys, counts and shares."""
        smallest = self._selection.minimum_group_size
        ordered = arranged(rows, counts=counts, shares=shares, minimum_group_size=smallest)
        return self._selection.spread(
            ordered[[*GROUP, *keys, *(order or [*counts, *shares])]].reset_index(drop=True)
        )


def _crossed(
    groups: pd.DataFrame,
    rows: pd.DataFrame,
    asked: Asking,
    *,
    counts: list[str],
    keys: Sequence[str] = ("group",),
) -> pd.DataFrame:
    """Every group with every criterion, and what a query counted of both; 0 where nothing."""
    names = asked.agreed.criteria
    criteria = pd.DataFrame({"criterion_no": range(len(names)), "criterion": names})
    table = groups.merge(criteria.astype({"criterion": object}), how="cross")
    on = [*keys, "criterion_no"]
    table = table.merge(rows[[*on, *counts]], how="left", on=on)
    table[counts] = table[counts].fillna(0).astype("int64")
    return table


def _by_criterion(counts: pd.DataFrame, asked: Asking) -> pd.DataFrame:
    totals = counts[counts["criterion_no"].isna()]
    if totals.empty and asked.selection.by is None:
        blank: dict[str, object] = dict.fromkeys(counts.columns, 0)
        totals = pd.DataFrame([blank | {"segment": None, "is_folded": False, "group": "missing"}])
    groups = totals[["group", *GROUP, *_SIZES]].assign(
        leads=totals["answered_leads"].astype("int64"),
        **{name: totals[name].astype("int64") for name in ("mature_leads", "won_leads")},
    )
    each = counts[counts["criterion_no"].notna()].astype({"criterion_no": "int64"})
    known = ["mature_yes_leads", "won_yes_leads", "mature_no_leads", "won_no_leads"]
    table = _crossed(
        groups, each, asked, counts=["answered_leads", "yes_leads", "no_leads", *known]
    )
    table["is_required"] = [name in asked.agreed.required for name in table["criterion"]]
    _add_share(table, "coverage", "answered_leads", "leads", stem="coverage")
    _add_share(table, "yes_share", "yes_leads", "answered_leads", stem="yes")
    return table


def _add_share(table: pd.DataFrame, name: str, part: str, whole: str, *, stem: str) -> None:
    parts, wholes = (table[each].astype("int64") for each in (part, whole))
    table[name] = parts / wholes.where(wholes > 0).astype("float64")
    table[f"{stem}_low"], table[f"{stem}_high"] = wilson(parts, wholes)


def _compared(found: pd.DataFrame) -> pd.DataFrame:
    """How far the win rates of yes and no lie apart."""
    counts = [
        found[name].to_numpy(dtype=float)
        for name in ("won_yes_leads", "mature_yes_leads", "won_no_leads", "mature_no_leads")
    ]
    columns = [*rate_difference(*counts), *rate_ratio(*counts)]
    return found.assign(**dict(zip(_APART, columns, strict=True)))


def _lift(found: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for answer in ANSWERS:
        rows = found[["group", *GROUP, *_SIZES, "criterion_no", "criterion"]].assign(answer=answer)
        for name in ("mature", "won"):
            if answer == "unknown":
                known = found[f"{name}_yes_leads"] + found[f"{name}_no_leads"]
                rows[f"{name}_leads"] = found[f"{name}_leads"] - known
            else:
                rows[f"{name}_leads"] = found[f"{name}_{answer}_leads"]
        parts.append(rows)
    table = pd.concat(parts, ignore_index=True)
    _add_share(table, "win_rate", "won_leads", "mature_leads", stem="win")
    table["_answer"] = table["answer"].map({name: n for n, name in enumerate(ANSWERS)})
    return table.sort_values(["criterion_no", "_answer"], kind="stable")


def _rule(patterns: pd.DataFrame, asked: Asking) -> pd.DataFrame:
    agreed = asked.agreed
    rule = Rule(agreed.required, agreed.at_least)
    is_met, can_be = rule.judged(agreed.criteria, patterns["met_marks"], patterns["unmet_marks"])
    table = patterns.assign(
        rule=np.select([is_met, ~can_be], RULE[:2], RULE[2]),
        qualified_leads=patterns["leads"].where(patterns["is_next"].astype(bool), 0),
    )
    counts = ["leads", "qualified_leads"]
    each = pd.DataFrame({"rule": pd.Series(RULE, dtype=object)})
    found = groups_of(patterns).merge(each, how="cross")
    found = found.merge(summed(table, ["rule"], counts), how="left", on=["group", "rule"])
    found[counts] = found[counts].fillna(0).astype("int64")
    _add_share(found, "qualified_share", "qualified_leads", "leads", stem="qualified")
    return found


def _by_month(months: pd.DataFrame, asked: Asking) -> pd.DataFrame:
    totals = months[months["criterion_no"].isna()].drop(columns="criterion_no")
    each = months[months["criterion_no"].notna()].astype({"criterion_no": "int64"})
    each = each.assign(answered_leads=each["leads"])
    table = _crossed(totals, each, asked, counts=["answered_leads"], keys=["group", "month"])
    _add_share(table, "coverage", "answered_leads", "leads", stem="coverage")
    return table.sort_values(["month", "criterion_no"], kind="stable")


def _named(stages: pd.DataFrame, asked: Asking) -> pd.DataFrame:
    table = stages.astype({"criterion_no": "int64", "position": "int64"})
    names = dict(enumerate(asked.agreed.criteria))
    table["criterion"] = table["criterion_no"].map(names).astype(object)
    return table


def _by_team(stages: pd.DataFrame, asked: Asking, warehouse: Warehouse) -> pd.DataFrame:
    owners = {n: each.owner for n, each in enumerate(warehouse.agreement.stages, 1)}
    places = {owner: n for n, owner in reversed(owners.items())}
    table = _named(stages, asked)
    table["team"] = table["position"].map(owners).astype(object)
    counts = ["answered_leads", "yes_leads", "no_leads"]
    sums = summed(table, ["criterion_no", "criterion", "team"], counts)
    table = sums[sums["answered_leads"] > 0].merge(groups_of(table), on="group")
    _add_share(table, "yes_share", "yes_leads", "answered_leads", stem="yes")
    table["_team"] = table["team"].map(places)
    return table.sort_values(["criterion_no", "_team"], kind="stable")


def _known_at(stages: pd.DataFrame, asked: Asking, warehouse: Warehouse) -> pd.DataFrame:
    table = _named(stages[stages["first_leads"] > 0], asked)
    names = dict(enumerate(warehouse.agreement.stage_names, 1))
    table["stage"] = table["position"].map(names).astype(object)
    table["leads"] = table["first_leads"]
    table["median_days"] = table["known_seconds"].astype("float64") / _DAY
    return table.sort_values(["criterion_no", "position"], kind="stable")


def _notes(asked: Asking, rule: pd.DataFrame, others: Answer, counts: Answer) -> list[Note]:
    """What was counted beside the table; nothing where a folded group alone is in the answer."""
    smallest = asked.selection.minimum_group_size
    notes = [asked.excluded]
    sums = rule.groupby("rule")[["leads", "qualified_leads"]].sum()
    if sums["leads"].sum() >= smallest:
        qualified = {name: int(sums["qualified_leads"].get(name, 0)) for name in RULE}
        notes.append(
            Note(
                "against_rule",
                {
                    "leads": qualified["not_met"],
                    "open_leads": qualified["open"],
                    "of": sum(qualified.values()),
                },
            )
        )
        row = {str(name): int(value) for name, value in others.table.iloc[0].items()}
        if row["late_leads"]:
            notes.append(Note("late_answers", {"leads": row["late_leads"]}))
        if row["other_leads"]:
            notes.append(Note("other_answers", {"leads": row["other_leads"]}))
        if row["unagreed_leads"]:
            values = {"leads": row["unagreed_leads"], "criteria": row["unagreed_criteria"]}
            notes.append(Note("unagreed_criteria", values))
    found = counts.table
    totals = found[found["criterion_no"].isna()]
    return [*notes, *folded_note(totals, minimum_group_size=smallest)]
