"""Are the leads of a group weaker, or did fewer of them get on than of comparable leads?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnel_analytics.agreement import Agreement
from funnel_analytics.estimates import benjamini_hochberg
from funnel_analytics.metrics.lead_quality.blocks import (
    Block,
    Leads,
    blocks_of,
    leads_of,
    whole_way,
)
from funnel_analytics.metrics.lead_quality.checking import Judgement, check_model
from funnel_analytics.metrics.lead_quality.judging import RATES, segments_judged
from funnel_analytics.metrics.lead_quality.models import Chances, chances_of
from funnel_analytics.metrics.lead_quality.reading import Known, attributes_known, together
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.ripeness import Months, read_months
from funnel_analytics.segments import (
    By,
    arranged,
    excluded_leads,
    folded_note,
    select_leads,
    snapshot_entries,
)
from funnel_analytics.warehouse import Warehouse

__all__ = ["judged", "lead_quality"]

_FALSE_DISCOVERY_RATE = 0.05
_TIMES = ("created_month", "created_quarter")
_APART = ("channel", "origin", "segment")
_GROUP = ["segment", "is_folded"]
_WAY = ["block", "team", "entry_stage", "stage"]
_COUNTS = ["leads", "reached_leads"]
_TESTS = ["quality_q_value", "is_quality_distinguishable", "q_value", "is_distinguishable"]
_COLUMNS = [*_GROUP, *_WAY, *_COUNTS, *RATES, *_TESTS, "is_vetoed"]
_UNITS = {
    **dict.fromkeys([*_COUNTS, "due_leads", "expected_leads"], "leads"),
    **dict.fromkeys(["expected_rate", "average_rate"], "share of leads"),
    **dict.fromkeys(["quality", "quality_low", "quality_high"], "times the average of all leads"),
    **dict.fromkeys(["ratio", "ratio_low", "ratio_high"], "reached for each expected"),
}


def lead_quality(
    warehouse: Warehouse,
    *,
    cohort: Period | None = None,
    by: By | None = None,
    attributes: Sequence[str] | None = None,
) -> Result:
    """Are the leads of a group weaker, or did fewer of them get on than of comparable leads?

    The way of a lead is cut into blocks: consecutive stages of one owner by the agreement. For each
    block a model says how likely it is that a lead which entered it reaches its last stage, by what
    was known of the lead when it entered, and one more the same for the whole way from the first
    hand-over between teams to the last stage. What the models expect of a group tells how good its
    leads were; what it reached of that, how far it got with them.

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given. Only months that are
        mature for the last stage of a block, and not cut off on the left, count in it.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them.
        It is not among what the models know, nor is what tells it or is told by it: a group does
        not predict itself.
    attributes
        What the models may know of a lead: attributes of the leads, `"score"` and
        `"missing_fields"`, the number of fields missing at the first hand-over to the block's team.
        By default all of it but times and campaigns, without what tells about single employees
        where the agreement has tables about them off. With missing fields, incomplete hand-overs
        count as weaker leads; without them, what became of these leads counts as the part of those
        that worked with them.

    Returns
    -------
    Result
        One row per segment and block with leads. `block` numbers the blocks from 1, `team` is the
        owner of their stages; block 0 without a team is the whole way. Leads enter by having
        reached `entry_stage` or a later one, and leave by having reached `stage`.

        Of `leads`, `reached_leads` left. `due_leads` are those that had their time: a little fewer
        in the youngest months. `expected_leads` is the sum of their chances, `expected_rate` their
        mean, scaled so that all leads of the block together reach as many as expected;
        `average_rate` is that of all leads. `quality` is expected over average rate (below 1:
        weaker leads), `ratio` reached over expected leads (below 1: fewer than of comparable
        leads), both with 95 % intervals `…_low` to `…_high`; these are missing where there is one
        group only. So `reached_leads` = `due_leads` x `average_rate` x `quality` x `ratio`.

        `quality_p_value` and `p_value` test them against 1; `quality_q_value` and `q_value` are
        the lowest rate of false discoveries over all these tests of the result at which each is a
        finding, `is_quality_distinguishable` and `is_distinguishable`: at 5 %. `is_vetoed`: the
        model of the block failed a check, so that nothing can be said; its tests have no q-value.

        `part("checks")`: per block every check of its model with the limits between which it passes
        (docs/methods.md). `part("deciles")`: per block and tenth of the chances, expected and
        reached leads. `part("models")`: per block the `attributes` known to the model, the
        `late_attributes` left out since only leads that come far have them, counts, and the checks
        `failed`. Groups with fewer leads in the cohort than the agreement's `minimum_group_size`
        are one segment, `"other_groups"` with `is_folded`. Notes: `months_left_out` (by stage),
        `attributes_left_out` (those about single employees), `folded`, `excluded`,
        `snapshot_entries`.

    Raises
    ------
    CallError
        The cohort begins after the data end, leads have no attribute `by` or among `attributes`,
        or one is about single employees.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    Logit models with main effects. The chance of each lead is that of a model without its fifth of
    all leads (by a hash of the id): Stone (1974), J. R. Statist. Soc. B 36, 111-147. The variance
    of what is reached less what is expected is that of the leads' residuals, each by its own share
    less what it moved in the models (first order), widened by the spread between months within
    segments (between channels, origins or market segments within months): McCullagh & Nelder
    (1989), Generalized Linear Models, 4.5. Comparison of observed with expected by case mix:
    Spiegelhalter (2005), Stat. Med. 24, 1185-1202. False discoveries: Benjamini & Hochberg (1995),
    J. R. Statist. Soc. B 57, 289-300.
    """
    warehouse.require("lead", "stage_event", metric="lead_quality")
    selection = select_leads(warehouse, period=cohort, by=by)
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    asked, refused = attributes_known(warehouse, selection, names, attributes)
    known, answers = Known.read(warehouse, selection, asked)
    months, more = read_months(warehouse, selection, known.months)
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    compared, compared_notes = snapshot_entries(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    agreement, smallest = warehouse.agreement, selection.minimum_group_size
    table, parts = judged(agreement, known, months, names)
    table = arranged(table, counts=_COUNTS, shares=list(RATES), minimum_group_size=smallest)
    left_out = _months_left_out(agreement, months)
    return warehouse.result(
        "lead_quality",
        grain="one row per segment and block of stages of one owner, block 0 the whole way",
        units=_UNITS,
        definition=(
            "Leads that left a block of stages at its end, against the sum of their chances by "
            "what was known of them when they entered it; of mature months of creation."
        ),
        answers=[*answers, *more, excluded, *compared],
        table=selection.spread(table[_COLUMNS]),
        parameters={**selection.parameters("cohort"), "attributes": list(known.names)},
        parts=parts,
        notes=[
            *left_out,
            *([Note("attributes_left_out", {"attributes": refused})] if refused else []),
            note,
            *compared_notes,
            *folded_note(known.groups, minimum_group_size=smallest),
        ],
    )


def judged(
    agreement: Agreement,
    known: Known,
    months: Months,
    by: list[str],
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The rows of every block, not yet arranged, and the parts of the result."""
    tables: list[pd.DataFrame] = []
    checks: list[pd.DataFrame] = []
    deciles: list[pd.DataFrame] = []
    models: list[dict[str, Any]] = []
    for block in [whole_way(agreement), *blocks_of(agreement)]:
        leads = leads_of(known, block, months, by)
        chances = chances_of(known, block, leads, _clusters(known, leads, by))
        judgement = check_model(leads, chances)
        way = _way(agreement, block)
        table = segments_judged(
            leads,
            known.group[leads.rows],
            chances,
            groups=len(known.groups),
            spread=judgement.dispersion,
        )
        tables.append(table.assign(**way, is_vetoed=bool(judgement.failed)))
        checks.append(judgement.checks.assign(**way)[[*_WAY, *judgement.checks.columns]])
        deciles.append(judgement.deciles.assign(**way)[[*_WAY, *judgement.deciles.columns]])
        models.append({**way, **_model(leads, chances, judgement)})
    table = pd.concat(tables, ignore_index=True)
    table = _tested(table).join(known.groups, on="group")
    parts = {
        "checks": pd.concat(checks, ignore_index=True),
        "deciles": pd.concat(
            [each for each in deciles if len(each)] or deciles[:1], ignore_index=True
        ),
        "models": pd.DataFrame(models),
    }
    return table, parts


def _way(agreement: Agreement, block: Block) -> dict[str, Any]:
    names = agreement.stage_names
    return {
        "block": block.number,
        "team": block.team,
        "entry_stage": names[block.entry - 1],
        "stage": names[block.last - 1],
    }


def _model(leads: Leads, chances: Chances | None, judgement: Judgement) -> dict[str, Any]:
    """What the model of a block knows, of how many leads, and which of its checks failed."""
    return {
        "leads": int(leads.leads.sum()),
        "reached_leads": int(leads.reached.sum()),
        "attributes": "" if chances is None else ", ".join(chances.names),
        "late_attributes": ", ".join(leads.late),
        "dispersion": judgement.dispersion,
        "failed": ", ".join(judgement.failed),
    }


def _clusters(known: Known, leads: Leads, by: list[str]) -> NDArray[np.intp]:
    """Leads that may share their luck: of a month, or where months are split, of an origin."""
    if not set(by) & set(_TIMES):
        return known.month[leads.rows]
    apart = [name for name in _APART if name in known.codes and name not in by]
    if not apart:
        return np.zeros(len(leads.rows), dtype=np.intp)
    parts = [(known.codes[apart[0]][leads.rows], known.sizes[apart[0]])]
    if "created_month" not in by:
        parts.append((known.month[leads.rows], len(known.months)))
    return together(parts, len(leads.rows))[1].astype(np.intp)


def _tested(table: pd.DataFrame) -> pd.DataFrame:
    """The q-values of both tests of every row whose model passed its checks."""
    both = table[["quality_p_value", "p_value"]].mask(table["is_vetoed"])
    q_values = benjamini_hochberg(both.to_numpy(dtype=float).ravel()).reshape(-1, 2)
    found = np.nan_to_num(q_values, nan=1.0) <= _FALSE_DISCOVERY_RATE
    return table.assign(
        quality_q_value=q_values[:, 0],
        q_value=q_values[:, 1],
        is_quality_distinguishable=found[:, 0],
        is_distinguishable=found[:, 1],
        reached_leads=table["reached_leads"].round().astype("int64"),
        leads=table["leads"].round().astype("int64"),
    )


def _months_left_out(agreement: Agreement, months: Months) -> list[Note]:
    """The stages at the end of blocks for which not every month counts."""
    stages = [
        {
            "stage": agreement.stage_names[last - 1],
            "judged_months": int(months.is_judged[last].sum()),
            "immature_months": len(months.immature[last]),
            "left_truncated_months": len(months.cut[last]),
        }
        for last in sorted({block.last for block in blocks_of(agreement)})
        if months.immature[last] or months.cut[last]
    ]
    return [Note("months_left_out", {"stages": stages})] if stages else []
