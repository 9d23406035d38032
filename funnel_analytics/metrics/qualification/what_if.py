"""What another rule of qualification would have made of past leads."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from funnel_analytics.estimates import wilson
from funnel_analytics.metrics.qualification.asking import (
    GROUP,
    Rule,
    asking,
    groups_of,
    read,
    rule_of,
    summed,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, arranged, folded_note
from funnel_analytics.warehouse import Warehouse

__all__ = ["what_if_rule"]

_READINGS = ("no", "known", "yes")
_COUNTS = [
    "leads",
    "won_leads",
    "qualified_leads",
    "qualified_won_leads",
    "missed_won_leads",
    "saved_leads",
]
_WIN = ["win_rate", "win_low", "win_high"]
_KEPT = ["kept_share", "kept_low", "kept_high"]
_SIZES = ["segment_leads", "merged_groups"]


def what_if_rule(
    warehouse: Warehouse,
    *,
    required: Collection[str] = (),
    at_least: int | None = None,
    cohort: Period | None = None,
    by: By | None = None,
    stage: str | None = None,
) -> Result:
    """Had another rule of qualification been asked of past leads, whom would it have let through?

    Parameters
    ----------
    warehouse
        An open warehouse.
    required
        The criteria that have to be met.
    at_least
        How many criteria have to be met in all; by default the required ones. Without both, the
        agreed rule alone is shown.
    cohort, by, stage
        As in `qualification`.

    Returns
    -------
    Result
        One row per segment, `rule` (`everyone`: nobody is sorted out; `agreed`; `asked`) and
        reading of what is not known (`missing`).

        Counted are `leads` that reached the stage, are old enough to tell whether they are won,
        and have at least one answer from before they were won or closed for good; only such
        answers count. A criterion without one counts as not met (`missing` is `"no"`) or as met
        (`"yes"`): what the rule would have done lies between. With `"known"` only leads count for
        which the answers on record decide. For `everyone` it is missing.

        `won_leads` are the won ones of all of them. `qualified_leads` meet the rule,
        `qualified_won_leads` of them were won: `win_rate` is their share, `kept_share` that of the
        wins that would have been kept. `missed_won_leads` were won without meeting the rule,
        `saved_leads` are all that do not meet it. Both shares have their 95 % interval.

        These are wins of leads that sales worked on by the rule of the time: a lead that was
        turned away had no chance to be won, so a laxer rule is judged by too few wins.

        Groups with fewer leads than the agreement's `minimum_group_size` are one segment,
        `"other_groups"` with `is_folded`; where they are too few together, the next smallest group
        joins them. Where there is no other group, the numbers are missing. Notes: `excluded`,
        `without_answers` (mature leads that reached the stage, and how many of them were won),
        `folded`.

    Raises
    ------
    CallError
        An unknown criterion, a number of them that cannot be met, or as in `qualification`.
    MissingTableError
        No answers or no stage history were loaded.

    Notes
    -----
    Intervals: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212. Bounds over what is not known:
    Manski (2003), Partial Identification of Probability Distributions, chapter 1.
    """
    asked = asking(warehouse, "what_if_rule", cohort=cohort, by=by, stage=stage)
    agreed = asked.agreed
    own = rule_of(agreed, required=required, at_least=at_least)
    rules = {"agreed": Rule(agreed.required, agreed.at_least)} | ({"asked": own} if own else {})
    answer = warehouse.query("metrics/qualification_patterns", before_outcome=True, **asked.values)
    patterns = read(answer)
    is_known = (patterns["met_marks"] + patterns["unmet_marks"]) > 0
    is_mature = patterns["is_mature"].astype(bool)
    unknown, counted = patterns[is_mature & ~is_known], patterns[is_mature & is_known]
    groups = groups_of(patterns)
    if groups.empty and asked.selection.by is None:
        blank: dict[str, object] = {"group": "missing", "segment": None, "is_folded": False}
        groups = pd.DataFrame([blank | dict.fromkeys(_SIZES, 0)])
    rows = [_summed(groups, counted, "everyone", None, None)]
    for name, rule in rules.items():
        is_met, can_be = rule.judged(agreed.criteria, counted["met_marks"], counted["unmet_marks"])
        decided = is_met | ~can_be
        for reading, lets_through, among in zip(
            _READINGS,
            (is_met, is_met, can_be),
            (np.ones(len(counted), bool), decided, np.ones(len(counted), bool)),
            strict=True,
        ):
            rows.append(_summed(groups, counted[among], name, reading, lets_through[among]))
    table = pd.concat(rows, ignore_index=True)
    smallest = asked.selection.minimum_group_size
    without = {
        "leads": int(unknown["leads"].sum()),
        "won_leads": int(unknown.loc[unknown["is_won"].astype(bool), "leads"].sum()),
    }
    is_shown = patterns["leads"].sum() >= smallest and without["leads"] > 0
    return warehouse.result(
        "what_if_rule",
        grain="one row per segment, rule and reading of what is not known",
        units={
            **dict.fromkeys(_COUNTS, "leads"),
            **dict.fromkeys(_WIN, "share of qualified_leads"),
            **dict.fromkeys(_KEPT, "share of won_leads"),
        },
        definition=(
            "Mature leads with answers from before their outcome, by whether they meet a rule; "
            "past wins are those of leads that sales worked on by the rule of the time."
        ),
        answers=[answer, *asked.answers],
        table=asked.selection.spread(
            arranged(table, counts=_COUNTS, shares=[*_WIN, *_KEPT], minimum_group_size=smallest)[
                [*GROUP, "rule", "missing", *_COUNTS[:4], *_WIN, *_KEPT, *_COUNTS[4:]]
            ]
        ),
        parameters={
            **asked.parameters,
            "required": list(own.required) if own else None,
            "at_least": own.at_least if own else None,
            "agreed_required": list(agreed.required),
            "agreed_at_least": agreed.at_least,
        },
        notes=[
            asked.excluded,
            *([Note("without_answers", without)] if is_shown else []),
            *folded_note(groups, minimum_group_size=smallest),
        ],
    )


def _summed(
    groups: pd.DataFrame,
    rows: pd.DataFrame,
    rule: str,
    missing: str | None,
    lets_through: np.ndarray | None,
) -> pd.DataFrame:
    """What a rule makes of the leads of each group."""
    through = np.ones(len(rows), dtype=bool) if lets_through is None else lets_through
    won = rows["is_won"].to_numpy(dtype=bool)
    counted = rows[["group"]].assign(
        leads=rows["leads"],
        won_leads=rows["leads"].where(won, 0),
        qualified_leads=rows["leads"].where(through, 0),
        qualified_won_leads=rows["leads"].where(through & won, 0),
    )
    sums = summed(counted, [], _COUNTS[:4])
    table = groups.merge(sums, how="left", on="group").assign(rule=rule)
    table["missing"] = pd.Series([missing] * len(table), dtype=object)
    table[_COUNTS[:4]] = table[_COUNTS[:4]].fillna(0).astype("int64")
    table["missed_won_leads"] = table["won_leads"] - table["qualified_won_leads"]
    table["saved_leads"] = table["leads"] - table["qualified_leads"]
    for names, whole in ((_WIN, "qualified_leads"), (_KEPT, "won_leads")):
        of = table[whole]
        table[names[0]] = table["qualified_won_leads"] / of.where(of > 0).astype("float64")
        table[names[1]], table[names[2]] = wilson(table["qualified_won_leads"], of)
    return table
