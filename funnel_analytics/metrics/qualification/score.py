"""How good the automatic score of leads is, against what the team that gets them says."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from funnel_analytics.agreement import HANDOVER_KINDS, Agreement, Score
from funnel_analytics.errors import MissingRuleError, MissingTableError
from funnel_analytics.estimates import (
    area_under_curve,
    brier_score,
    calibration_line,
    cohens_kappa,
    ranked_bins,
    wilson,
)
from funnel_analytics.metrics.qualification.asking import groups_of, maturity, read, summed
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, Selection, arranged, excluded_leads, folded_note
from funnel_analytics.segments import select_leads as chosen_leads
from funnel_analytics.warehouse import Answer, Warehouse

__all__ = ["lead_score"]

_SIZES = ["segment_leads", "merged_groups"]
_BINS = 10
_COUNTS = ["leads", "accepted_leads", "scored_leads", "agreed_leads"]
_LIMITED = ("kappa", "slope", "intercept", "area")
_BRIER = ["brier", "reliability", "resolution", "uncertainty", "within_bins", "brier_skill"]
_SHARES = [
    "mean_chance",
    "accepted_rate",
    "agreement_share",
    "agreement_low",
    "agreement_high",
    *[f"{name}{end}" for name in _LIMITED for end in ("", "_low", "_high")],
    *_BRIER,
]
_NOBODY: dict[str, object] = {
    "group": "missing", "segment": None, "is_folded": False, **dict.fromkeys(_SIZES, 0)
}  # fmt: skip
_RATE = ["accepted_rate", "accepted_low", "accepted_high"]


def lead_score(
    warehouse: Warehouse, *, cohort: Period | None = None, by: By | None = None
) -> Result:
    """Does the automatic score of the leads say what the team that gets them says?

    Parameters
    ----------
    warehouse
        An open warehouse.
    cohort
        The days on which the leads were created; all days if none are given.
    by
        An attribute of the leads (`warehouse.attributes()`) to split them by, or a pair of them:
        then `second_segment` stands beside `segment`.

    Returns
    -------
    Result
        One row per segment. `leads` have a score between 0 and the agreed `highest`, came to the
        stage before the one that the score predicts (or were handed over to its team), and are old
        enough (`mature_days`: by then the agreed share of the eventual entries has come).
        `accepted_leads`: the team accepted the first hand-over to it, where the stage is its first
        one; without such an answer the lead reached the stage. All others were not accepted.

        Agreement: `scored_leads` have a score of at least `qualified_from`; `agreed_leads` are
        those whose score and verdict are the same, `agreement_share` their share, `kappa` the
        agreement beyond chance. As a chance (score / highest): `mean_chance` beside
        `accepted_rate`; `slope` and `intercept` of the calibration line (1 and 0 are perfect; a
        slope below 1: too extreme); scores of 0 and of `highest` have no log odds and are out of
        these two. `area` is that under the ROC curve (0.5: no better than chance). All with 95 %
        intervals (`…_low`, `…_high`). `brier` = `reliability` - `resolution` + `uncertainty` +
        `within_bins`; `brier_skill` compares it with always saying the rate of all. What cannot be
        told is missing.

        `part("confusion")`: leads by `is_scored` and `is_accepted`. `part("calibration")`: ten
        bins of about equal size by score, fewer where scores are tied or leads are few (each has
        about `minimum_group_size` or more). `part("scores")`: leads
        by tenths of the scale. Groups with fewer leads (with a score or not) than the agreement's
        `minimum_group_size` are one segment, `"other_groups"` with `is_folded`; where they are too
        few together, the next smallest group joins them. Where there is no other group, the
        numbers are missing. Notes: `excluded`, `folded`, `too_young` (leads), `without_score`
        (mature leads, and of how many), `out_of_range` (scores beyond the scale), `verdicts` (how
        many come from a hand-over, how many from the stage).

    Raises
    ------
    CallError
        The agreement has no `[qualification.score]`; the cohort begins after the data end; leads
        have no attribute `by`.
    MissingTableError
        No lead has a score, or no stage history was loaded.

    Notes
    -----
    Kappa: Cohen (1960), with the variance of Fleiss, Cohen & Everitt (1969). Calibration line: Cox
    (1958), Biometrika 45, 562-565. Brier (1950) with the parts of Murphy (1973) and Stephenson,
    Coelho & Jolliffe (2008). Area: DeLong, DeLong & Clarke-Pearson (1988). Shares: Wilson (1927).
    """
    warehouse.require("lead", "stage_event", metric="lead_score")
    selection = chosen_leads(warehouse, period=cohort, by=by)
    agreed = warehouse.agreement.qualification
    rule = agreed.score if agreed else None
    position = warehouse.agreement.position(rule.predicts) if rule else 1
    curve, days, before = maturity(warehouse, position)
    answer = _counted(warehouse, selection, position, before)
    found = read(answer)
    if not found["score"].notna().any() and not _any_score(warehouse, position, before):
        raise MissingTableError(
            "lead_score needs scores, and no lead that could be judged has one. Map the column of "
            "the score to lead.score in the preset.",
            table="lead",
            column="score",
        )
    if rule is None:
        raise MissingRuleError(
            "lead_score needs the section [qualification.score] of the agreement: predicts, "
            "highest and qualified_from.",
            section="[qualification.score]",
        )
    excluded, note = excluded_leads(
        warehouse, created_from=selection.start, created_before=selection.end
    )
    mature = found[found["is_mature"].astype(bool)]
    in_range = mature["score"].between(0, rule.highest)
    counted = _prepared(mature[in_range], rule)
    smallest = selection.minimum_group_size
    groups = groups_of(found)
    is_empty = groups.empty
    if is_empty:
        groups = pd.DataFrame([_NOBODY])
    each = [
        (row, counted[counted["group"] == row["group"]].reset_index(drop=True))
        for _, row in groups.iterrows()
    ]

    def shown(parts: list[pd.DataFrame], counts: list[str], shares: list[str]) -> pd.DataFrame:
        table = pd.concat(parts, ignore_index=True)
        table = table.head(0) if is_empty and selection.by is not None else table
        ordered = arranged(table, counts=counts, shares=shares, minimum_group_size=smallest)
        return selection.spread(ordered.drop(columns=_SIZES))

    def part(make: Any) -> list[pd.DataFrame]:
        return [_with_group(make(rows, rule), row) for row, rows in each]

    return warehouse.result(
        "lead_score",
        grain="one row per segment",
        units=_UNITS,
        definition=(
            "Mature leads with a score that came to the stage before the predicted one, by whether "
            "its team accepted them; score / highest is read as the chance of it."
        ),
        answers=[answer, curve, excluded],
        table=shown(part(_summary), _COUNTS, _SHARES),
        parameters={
            **selection.parameters("cohort"),
            "predicts": rule.predicts,
            "qualified_from": rule.qualified_from,
            "highest": rule.highest,
            "handover": _kind(warehouse.agreement, position),
            "mature_days": None if np.isnan(days) else days,
        },
        parts={
            "confusion": shown(part(_confusion), ["leads"], []),
            "calibration": shown(
                part(partial(_calibration, fewest=smallest)),
                ["leads", "accepted_leads"],
                ["lowest_score", "highest_score", "mean_chance", *_RATE],
            ),
            "scores": shown(
                part(_scores), ["leads", "accepted_leads"], ["lowest_score", "highest_score"]
            ),
        },
        notes=[
            note,
            *_notes(found, mature, in_range, smallest),
            *folded_note(groups, minimum_group_size=smallest),
        ],
    )


_UNITS = {
    **dict.fromkeys(_COUNTS, "leads"),
    **dict.fromkeys(_SHARES[:5], "share of leads"),
    **dict.fromkeys(["kappa", "kappa_low", "kappa_high"], "agreement beyond chance, at most 1"),
    **dict.fromkeys(["slope", "slope_low", "slope_high"], "log odds per log odds of the score"),
    **dict.fromkeys([f"intercept{end}" for end in ("", "_low", "_high")], "log odds"),
    **dict.fromkeys(["area", "area_low", "area_high"], "share of pairs"),
    **dict.fromkeys(_BRIER[:5], "squared error"),
    "brier_skill": "share of the squared error of the overall rate",
}


def _counted(
    warehouse: Warehouse, selection: Selection, position: int, before: datetime | None
) -> Answer:
    return warehouse.query(
        "metrics/lead_score",
        cohort_start=selection.start,
        cohort_end=selection.end,
        predicts=position,
        kind=_kind(warehouse.agreement, position),
        mature_before=before,
        **selection.grouping,
    )


def _any_score(warehouse: Warehouse, position: int, before: datetime | None) -> bool:
    """Has any lead a score, whatever the cohort?"""
    everyone = chosen_leads(warehouse, period=None, by=None)
    scores = _counted(warehouse, everyone, position, before).table["score"]
    return bool(scores.notna().any())


def _kind(agreement: Agreement, position: int) -> str | None:
    """The hand-over whose answer is the verdict: the one to the team that begins with the stage."""
    stage = agreement.stages[position - 1]
    first = next(n for n, each in enumerate(agreement.stages, 1) if each.owner == stage.owner)
    kinds = [each for each in HANDOVER_KINDS if each.endswith(f"_to_{stage.owner}")]
    return kinds[0] if kinds and first == position else None


def _prepared(rows: pd.DataFrame, rule: Score) -> pd.DataFrame:
    """Leads and accepted ones by group and score, with the chance that the score is read as."""
    accepted = rows["is_accepted"].astype(bool)
    table = rows.assign(accepted=rows["leads"].where(accepted, 0))
    table = summed(table, ["score"], ["leads", "accepted"])
    return table.assign(
        chance=table["score"] / rule.highest, is_scored=table["score"] >= rule.qualified_from
    )


def _with_group(table: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    named = table.reset_index(drop=True)
    segment = group["segment"] if isinstance(group["segment"], str) else None
    named.insert(0, "segment", pd.Series([segment] * len(named), dtype=object))
    named.insert(1, "is_folded", bool(group["is_folded"]))
    return named.assign(**{name: int(group[name]) for name in _SIZES})


def _cells(rows: pd.DataFrame) -> np.ndarray:
    """Leads by what the score says (no, yes) and by the verdict (no, yes)."""
    cells = np.zeros((2, 2), dtype=np.int64)
    for scored in (False, True):
        of = rows[rows["is_scored"] == scored]
        accepted = int(of["accepted"].sum())
        cells[int(scored)] = int(of["leads"].sum()) - accepted, accepted
    return cells


def _summary(rows: pd.DataFrame, _: Score) -> pd.DataFrame:
    leads, accepted = int(rows["leads"].sum()), int(rows["accepted"].sum())
    cells = _cells(rows)
    agreed = int(np.trace(cells))
    low, high = wilson(agreed, leads)
    inner = rows[(rows["chance"] > 0) & (rows["chance"] < 1)]
    slope, intercept = _line(inner)
    refused = rows["leads"] - rows["accepted"]
    estimates: dict[str, tuple[float, ...]] = {
        "kappa": cohens_kappa(cells),
        "slope": slope,
        "intercept": intercept,
        "area": area_under_curve(rows["score"], rows["accepted"], refused),
    }
    parts = brier_score(
        rows["chance"], rows["accepted"], rows["leads"], ranked_bins(rows["score"], rows["leads"])
    )
    limited = {
        f"{name}{end}": value
        for name, each in estimates.items()
        for end, value in zip(("", "_low", "_high"), each, strict=True)
    }
    stated = (rows["chance"] * rows["leads"]).sum()
    values = {
        "leads": leads,
        "accepted_leads": accepted,
        "scored_leads": int(cells[1].sum()),
        "agreed_leads": agreed,
        "mean_chance": stated / leads if leads else np.nan,
        "accepted_rate": accepted / leads if leads else np.nan,
        "agreement_share": agreed / leads if leads else np.nan,
        "agreement_low": float(low),
        "agreement_high": float(high),
        **limited,
        "brier": parts.score,
        "reliability": parts.reliability,
        "resolution": parts.resolution,
        "uncertainty": parts.uncertainty,
        "within_bins": parts.within_bins,
        "brier_skill": parts.skill,
    }
    return pd.DataFrame([values])


def _line(inner: pd.DataFrame) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Slope and intercept; missing where a score parts the accepted from the others for sure."""
    accepted = inner.loc[inner["accepted"] > 0, "chance"]
    refused = inner.loc[inner["leads"] > inner["accepted"], "chance"]
    if accepted.min() >= refused.max() or accepted.max() <= refused.min():
        return (np.nan,) * 3, (np.nan,) * 3
    line = calibration_line(inner["chance"], inner["leads"], inner["accepted"])
    return line.slope, line.intercept


def _confusion(rows: pd.DataFrame, _: Score) -> pd.DataFrame:
    cells = _cells(rows)
    sides = [(scored, accepted) for scored in (True, False) for accepted in (True, False)]
    return pd.DataFrame(
        [
            {"is_scored": scored, "is_accepted": accepted,
             "leads": int(cells[int(scored), int(accepted)])}
            for scored, accepted in sides
        ]
    )  # fmt: skip


def _calibration(rows: pd.DataFrame, _: Score, *, fewest: int) -> pd.DataFrame:
    """Bins of about equal size by score; as many as there may be of enough leads each."""
    bins = max(1, min(_BINS, int(rows["leads"].sum()) // max(fewest, 1)))
    numbered = rows.assign(bin=ranked_bins(rows["score"], rows["leads"], bins=bins) + 1)
    numbered["stated"] = numbered["chance"] * numbered["leads"]
    table = numbered.groupby("bin", as_index=False).agg(
        lowest_score=("score", "min"),
        highest_score=("score", "max"),
        leads=("leads", "sum"),
        accepted_leads=("accepted", "sum"),
        mean_chance=("stated", "sum"),
    )
    table["mean_chance"] = table["mean_chance"] / table["leads"]
    table[_RATE[0]] = table["accepted_leads"] / table["leads"]
    table[_RATE[1]], table[_RATE[2]] = wilson(table["accepted_leads"], table["leads"])
    return table


def _scores(rows: pd.DataFrame, rule: Score) -> pd.DataFrame:
    """Leads by tenths of the scale; the highest score belongs to the last."""
    tenth = np.minimum(np.floor(rows["chance"] * _BINS + 1e-9), _BINS - 1).astype(int)
    sums = rows.assign(tenth=tenth).groupby("tenth")[["leads", "accepted"]].sum()
    sums = sums.reindex(range(_BINS), fill_value=0)
    step = rule.highest / _BINS
    return pd.DataFrame(
        {
            "lowest_score": [step * number for number in range(_BINS)],
            "highest_score": [step * (number + 1) for number in range(_BINS)],
            "leads": sums["leads"].to_numpy(),
            "accepted_leads": sums["accepted"].to_numpy(),
        }
    )


def _notes(
    found: pd.DataFrame, mature: pd.DataFrame, in_range: pd.Series, smallest: int
) -> list[Note]:
    """Who is not counted; nothing where a folded group alone is in the answer."""
    leads = int(found["leads"].sum())
    if leads < smallest:
        return []
    notes, has_score = [], mature["score"].notna()
    young = leads - int(mature["leads"].sum())
    if young:
        notes.append(Note("too_young", {"leads": young}))
    without = int(mature.loc[~has_score, "leads"].sum())
    if without:
        notes.append(Note("without_score", {"leads": without, "of": int(mature["leads"].sum())}))
    beyond = int(mature.loc[has_score & ~in_range, "leads"].sum())
    if beyond:
        notes.append(Note("out_of_range", {"leads": beyond}))
    by = mature[in_range].groupby("verdict_by")["leads"].sum()
    verdicts = {name: int(by.get(name, 0)) for name in ("handover", "stage")}
    return [*notes, Note("verdicts", verdicts)]
