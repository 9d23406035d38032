"""Which leads are asked for what: the rule, the stage it is asked in, and who is old enough."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.agreement import Agreement, Qualification
from funnel_analytics.cohorts import entry_curves
from funnel_analytics.errors import CallError, MissingRuleError, did_you_mean
from funnel_analytics.estimates import quantile_of
from funnel_analytics.periods import Period
from funnel_analytics.results import Note
from funnel_analytics.segments import By, Selection, excluded_leads, select_leads
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = [
    "GROUP",
    "Asking",
    "Rule",
    "asking",
    "asks_from",
    "groups_of",
    "maturity",
    "read",
    "rule_of",
    "summed",
]

GROUP = ["segment", "is_folded"]


@dataclass(frozen=True)
class Rule:
    """Every required criterion has to be met, and at least so many in all."""

    required: tuple[str, ...]
    at_least: int

    def judged(
        self, criteria: tuple[str, ...], met: pd.Series, unmet: pd.Series
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Who meets the rule for sure, and who can still meet it? Criteria are bits.

        >>> rule = Rule(("need",), 2)
        >>> marks = pd.Series([0b11, 0b01, 0b10]), pd.Series([0b00, 0b00, 0b01])
        >>> [each.tolist() for each in rule.judged(("need", "time"), *marks)]
        [[True, False, False], [True, True, False]]
        """
        needed = sum(1 << place for place, name in enumerate(criteria) if name in self.required)
        yes, no = (each.to_numpy(dtype=np.int64) for each in (met, unmet))
        bits = [1 << place for place in range(len(criteria))]
        sure = sum((((yes & bit) > 0).astype(int) for bit in bits), np.zeros(len(yes), int))
        out = sum((((no & bit) > 0).astype(int) for bit in bits), np.zeros(len(no), int))
        is_met = ((yes & needed) == needed) & (sure >= self.at_least)
        can_be = ((no & needed) == 0) & (len(criteria) - out >= self.at_least)
        return is_met, can_be


def rule_of(
    agreed: Qualification, *, required: Collection[str], at_least: int | None
) -> Rule | None:
    """The rule that was asked for; none if nothing was.

    Raises
    ------
    CallError
        A criterion that was not agreed, or a number of them that cannot be met.
    """
    names = (required,) if isinstance(required, str) else tuple(dict.fromkeys(required))
    for name in names:
        if name not in agreed.criteria:
            raise MissingRuleError(
                f"Unknown criterion '{name}'; the agreement has {', '.join(agreed.criteria)}."
                f"{did_you_mean(name, agreed.criteria)}",
                section=f"[qualification] criteria: {name}",
            )
    if not names and at_least is None:
        return None
    most = len(agreed.criteria)
    if at_least is not None and not 1 <= at_least <= most:
        raise CallError(f"at_least is between 1 and the {most} agreed criteria, not {at_least}.")
    return Rule(names, len(names) if at_least is None else int(at_least))


@dataclass(frozen=True)
class Asking:
    """The leads of a cohort that reached the stage in which they are asked, and how."""

    selection: Selection
    agreed: Qualification
    stage: str
    next_stage: str
    mature_days: float
    span: dict[str, Any]
    mature_before: datetime | None
    answers: list[Answer]
    excluded: Note

    @property
    def values(self) -> dict[str, Any]:
        """What the queries need."""
        return {**self.span, "mature_before": self.mature_before, **self.selection.grouping}

    @property
    def parameters(self) -> dict[str, Any]:
        """What a result says it was asked for."""
        return {
            **self.selection.parameters("cohort"),
            "stage": self.stage,
            "next_stage": self.next_stage,
            "framework": self.agreed.framework,
            "mature_days": None if np.isnan(self.mature_days) else self.mature_days,
        }


def asking(
    warehouse: Warehouse, metric: str, *, cohort: Period | None, by: By | None, stage: str | None
) -> Asking:
    """Which leads are asked for their qualification?

    Raises
    ------
    CallError
        Unknown stage, or the last one; see `select_leads`.
    MissingRuleError
        The agreement has no `[qualification]`.
    MissingTableError
        No answers or no stage history were loaded.
    """
    warehouse.require("lead", "stage_event", "qualification", metric=metric)
    agreement = warehouse.agreement
    agreed = agreement.qualification
    if agreed is None:
        raise MissingRuleError(
            f"{metric} needs the section [qualification] of the agreement: framework, criteria, "
            "required and at_least.",
            section="[qualification]",
        )
    position = asks_from(agreement) if stage is None else agreement.position(stage)
    if position == len(agreement.stages):
        raise CallError(f"{stage} is the last stage: nobody is qualified for the next in it.")
    selection = select_leads(warehouse, period=cohort, by=by)
    curve, days, before = maturity(warehouse, len(agreement.stages))
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    return Asking(
        selection=selection,
        agreed=agreed,
        stage=agreement.stage_names[position - 1],
        next_stage=agreement.stage_names[position],
        mature_days=days,
        span={
            "cohort_start": selection.start,
            "cohort_end": selection.end,
            "asked_from": position,
        },
        mature_before=before,
        answers=[curve, excluded],
        excluded=note,
    )


def asks_from(agreement: Agreement) -> int:
    """In which stage are leads asked? The first that another team owns than the first one's.

    Where there is none before the last stage, in the one before the last.
    """
    first = agreement.stages[0].owner
    for position, each in enumerate(agreement.stages[:-1], 1):
        if each.owner != first:
            return position
    return len(agreement.stages) - 1


def maturity(warehouse: Warehouse, position: int) -> tuple[Answer, float, datetime | None]:
    """How many days after their creation can leads be asked whether they reached a stage?

    Returns
    -------
    Answer, days, before
        The query of the curve of entries; the whole days by which `mature_from` of the eventual
        entries are made (one more, so that the last of them has passed); before which instant
        leads have to be created for it. The days are missing, and the instant is none, where
        nobody ever reached the stage.
    """
    answer = warehouse.query("metrics/entry_curve", as_of=warehouse.as_of, unit_seconds=86_400)
    if position == 1:
        return answer, 0.0, warehouse.as_of
    curve = entry_curves(answer.table).get(position)
    if curve is None or curve["events"].sum() == 0:
        return answer, float("nan"), None
    eventual = 1 - curve["survival"].iloc[-1]
    share = min(warehouse.agreement.maturity.mature_from, 1 - 1e-9)
    days = quantile_of(curve, share * eventual) + 1
    return answer, days, warehouse.as_of - timedelta(days=days)


def read(answer: Answer) -> pd.DataFrame:
    """The rows of a query; `group` names their segment, missing and folded ones as well."""
    table = answer.table
    names = [each if isinstance(each, str) else None for each in table["segment"]]
    folded = table["is_folded"].astype(bool)
    table["segment"] = pd.Series(names, table.index, dtype=object)
    table["group"] = [
        "missing" if name is None else f"{'folded' if is_folded else 'named'} {name}"
        for name, is_folded in zip(names, folded, strict=True)
    ]
    return table


def groups_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Each group once: its segment and its size."""
    columns = ["group", *GROUP, "segment_leads", "merged_groups"]
    return rows[columns].drop_duplicates("group").reset_index(drop=True)


def summed(rows: pd.DataFrame, keys: list[str], counts: list[str]) -> pd.DataFrame:
    """The sums of counts by group and keys."""
    return rows.groupby(["group", *keys], as_index=False)[counts].sum()
