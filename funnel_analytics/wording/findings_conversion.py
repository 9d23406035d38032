"""Sentences on conversion: how many leads went how far, and in which group it was otherwise."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_true
from funnel_analytics.wording.phrases import Phrases
from funnel_analytics.wording.ways import counted_noun, of_counted, way_of

__all__ = [
    "CREATED_BY",
    "compared_groups",
    "compared_stage",
    "conversion",
    "mature",
    "no_leads",
    "said_of",
    "standing_out",
]

CREATED_BY = ("created_month", "created_quarter")
_KEY = "finding.stage_conversion"


def mature(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows whose rates may be compared: ripe, and not cut off on the left."""
    ripe = rows["is_mature"].map(is_true).astype(bool)
    return rows[ripe & ~_cut(rows)]


def _cut(rows: pd.DataFrame) -> pd.Series:
    return rows["is_left_truncated"].map(is_true).astype(bool)


def compared_stage(result: Result) -> str:
    """The last stage in which at least two groups may be compared; without one, the last of all."""
    table = result.table
    rated = _rated_groups(table[table["overall_rate"].notna()])
    sizes = rated[rated["position"] > 1].groupby("stage")["position"].agg(["max", "size"])
    enough = sizes.loc[sizes["size"] > 1, "max"]
    return result.agreement.stage_names[-1] if enough.empty else str(enough.idxmax())


def _rated_groups(rows: pd.DataFrame) -> pd.DataFrame:
    return mature(_named(rows))


def _named(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[~rows["is_folded"].map(is_true).astype(bool)]


def standing_out(result: Result, *, stage: str | None = None) -> pd.Series | None:
    """The group and step whose rate stands out from that of the other groups, by leads.

    Of those that differ by more than chance explains, the one with the most entries more or fewer
    than at the common rate; of two groups that mirror each other, the smaller one.
    """
    cells = result.part("against_rest")
    cells = cells[cells["is_apart"].map(is_true).astype(bool)]
    if stage is not None:
        cells = cells[cells["stage"] == stage]
    if cells.empty:
        return None
    order = pd.DataFrame(
        {"far": -cells["gap_leads"].abs().round(6), "leads": cells["previous_leads"]}
    )
    return cells.loc[order.sort_values(["far", "leads"], kind="stable").index[0]]


def conversion(
    words: Phrases, result: Result, *, stage: str | None = None, by_step: bool = False
) -> str:
    """Which step did the smallest share take, or which group or month reached the stage?

    Groups are compared in `stage`, by default the last in which they may be; `by_step` says which
    group stands out in which step.
    """
    table = result.table
    by = result.parameters.get("by")
    nothing = no_leads(words, result, table)
    if nothing:
        return nothing
    if by is None:
        return _one_cohort(words, result, table, stage)
    if by_step:
        return _one_step(words, result, table[table["position"] > 1], stage)
    if by in CREATED_BY:
        last = stage or result.agreement.stage_names[-1]
        return _months(words, result, table[table["stage"] == last])
    return _segments(words, result, table[table["stage"] == (stage or compared_stage(result))])


def no_leads(
    words: Phrases, result: Result, table: pd.DataFrame, *, size: str = "entered_leads"
) -> str:
    """The sentence where a cohort has no leads, or too few to show; nothing where it has some."""
    cohort = str(result.parameters["cohort"])
    if len(table) and table[size].isna().all():
        return words.say("finding.too_few", in_period=words.in_period(cohort))
    if table.empty or not (table[size].fillna(0) > 0).any():
        return words.say("finding.no_leads", period=words.period(cohort))
    return ""


def said_of(words: Phrases, key: str, *, part: Any, whole: Any, **values: str) -> str:
    """A sentence on a part of a whole: `Keiner von 2 Leads`, but `0 von 1 Lead`."""
    if whole == 1:
        return words.say(f"{key}.one", n=words.whole(part), **values)
    return words.say(key, count=part, **values)


def _way(words: Phrases, result: Result, stage: str) -> str:
    way = way_of(words, result, stage)
    return f", {way}" if way else ""


def _head(words: Phrases, result: Result, stage: str) -> dict[str, str]:
    """The stage and the day at the head of a sentence on groups, with the way of counting."""
    by, way = words.by_as_of(result), way_of(words, result, stage)
    return {
        "stage": words.quoted(words.stage(result.agreement, stage)),
        "by": words.form("with_mark", text=by, mark=way) if way else by,
    }


def _of_whole(words: Phrases, result: Result, count: Any) -> str:
    """`10 Leads` behind `3 von`."""
    return words.amount(f"{counted_noun(result)}_dative", count)


def _one_cohort(words: Phrases, result: Result, table: pd.DataFrame, stage: str | None) -> str:
    steps = mature(table[table["position"] > 1])
    steps = steps[
        (steps["previous_leads"] >= result.agreement.minimum_group_size)
        & steps["step_rate"].notna()
    ]
    if stage is not None or len(steps) < 2:
        return _reached(words, result, table, stage)
    row = steps.sort_values(["step_rate", "position"], kind="stable").iloc[0]
    kind = "lowest"
    if row["step_rate"] == 1:
        row, kind = steps.sort_values("position").iloc[-1], "every"
    left_out = result.parameters.get("optional") or ()
    earlier = table[(table["position"] < row["position"]) & ~table["stage"].isin(left_out)]
    before = earlier.sort_values("position")["stage"].iloc[-1]
    return said_of(
        words,
        f"{_KEY}.lowest_step",
        part=row["reached_leads"],
        whole=row["previous_leads"],
        previous=_of_whole(words, result, row["previous_leads"]),
        before=words.quoted(words.stage(result.agreement, before)),
        by=words.by_as_of(result),
        stage=words.quoted(words.stage(result.agreement, row["stage"])),
        way=_way(words, result, str(row["stage"])),
        rate=words.percent(row["step_rate"]),
        lowest=_of_which_steps(words, table[table["position"] > 1], kind, compared=len(steps)),
    )


def _of_which_steps(words: Phrases, steps: pd.DataFrame, kind: str, *, compared: int) -> str:
    """What the told step was chosen from: all steps, the mature ones, those fit to compare."""
    ripe = steps["is_mature"].map(is_true).astype(bool)
    among = "mature" if compared == int(ripe.sum()) else "comparable"
    return words.say(
        f"{_KEY}.{kind}_of_{'all' if compared == len(steps) else among}",
        compared=words.whole(compared),
        steps=words.whole(len(steps)),
    )


def _reached(words: Phrases, result: Result, table: pd.DataFrame, stage: str | None) -> str:
    chosen = table[table["stage"] == stage] if stage else table.sort_values("position")
    row = chosen.iloc[-1]
    values = {
        "by": words.by_as_of(result),
        "stage": words.quoted(words.stage(result.agreement, row["stage"])),
        "way": _way(words, result, str(row["stage"])),
    }
    if row["entered_leads"] == 0:
        young = row["not_due_leads"]
        leads = words.amount(counted_noun(result), young)
        return words.say(f"{_KEY}.too_young", count=young, leads=leads, **values)
    values["leads"] = _of_whole(words, result, row["entered_leads"])
    if is_true(row["is_left_truncated"]):
        return words.say(f"{_KEY}.left_truncated", count=row["reached_leads"], **values)
    key = "immature" if mature(chosen.tail(1)).empty else "overall"
    return said_of(
        words,
        f"{_KEY}.{key}",
        part=row["reached_leads"],
        whole=row["entered_leads"],
        rate=words.percent(row["overall_rate"]),
        **values,
    )


def _segments(words: Phrases, result: Result, last: pd.DataFrame) -> str:
    rated = _rated_groups(last[last["overall_rate"].notna()])
    text = compared_groups(
        words,
        result,
        rated,
        _KEY,
        _head(words, result, str(last["stage"].iloc[0])),
        groups=len(last),
        part="reached_leads",
        whole="entered_leads",
        rate="overall",
    )
    return text if len(rated) > 1 else _and_why(words, result, text, last, rated)


def _and_why(
    words: Phrases, result: Result, text: str, rows: pd.DataFrame, rated: pd.DataFrame
) -> str:
    """Why most of the rows cannot be compared, where there are groups that cannot."""
    others = _named(rows).drop(index=rated.index)
    if others.empty:
        return text
    cut, unripe = _cut(others), ~others["is_mature"].map(is_true).astype(bool)
    counts = {
        "left_truncated": int(cut.sum()),
        "immature": int((unripe & ~cut).sum()),
        "small": int((~unripe & ~cut).sum()),
    }
    reason = max(counts, key=lambda each: counts[each])
    units = words.say(f"units.{counted_noun(result)}")
    return words.say(f"{_KEY}.unrated_{reason}", text=text, units=units)


def _one_step(words: Phrases, result: Result, steps: pd.DataFrame, stage: str | None) -> str:
    """Which group stands out from the others in which step?"""
    cells = result.part("against_rest")
    if stage is not None:
        cells, steps = cells[cells["stage"] == stage], steps[steps["stage"] == stage]
    row = standing_out(result, stage=stage)
    if row is not None:
        return words.say(
            f"{_KEY}.steps_differ",
            count=row["rest_groups"],
            group=words.quoted(words.group(result, row)),
            stage=words.quoted(words.stage(result.agreement, row["stage"])),
            rate=words.percent(row["step_rate"]),
            of=of_counted(words, result, row["reached_leads"], row["previous_leads"]),
            rest_rate=words.percent(row["rest_rate"]),
            rest_of=of_counted(
                words, result, row["rest_reached_leads"], row["rest_previous_leads"]
            ),
            by=words.by_as_of(result),
            way=_way(words, result, str(row["stage"])),
        )
    head = _head(words, result, stage or result.agreement.stage_names[-1])
    values = {"attribute": words.by_attribute(result.parameters["by"]), "by": head["by"]}
    if len(cells):
        return words.say(f"{_KEY}.steps_alike", count=len(cells), **values)
    enough = steps["previous_leads"].fillna(0) >= result.agreement.minimum_group_size
    rated = _rated_groups(steps[enough & steps["step_rate"].notna()])
    return _and_why(words, result, words.say(f"{_KEY}.steps_unrated", **values), steps, rated)


def compared_groups(
    words: Phrases,
    result: Result,
    rated: pd.DataFrame,
    key: str,
    head: dict[str, str],
    *,
    groups: int,
    part: str,
    whole: str,
    rate: str,
) -> str:
    """The best and the worst group, if their intervals lie apart."""
    by = result.parameters["by"]
    attribute = words.attribute_label(by)
    if words.language == "en":
        attribute = words.by_attribute(by)
    share = "overall_rate" if rate == "overall" else "within_deadline_share"
    if len(rated) < 2:
        return words.say(
            f"{key}.segments_unrated",
            attribute=attribute,
            groups=words.amount("groups", groups),
            **head,
        )
    ranked = rated.sort_values(share, ascending=False, kind="stable")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    values = {
        **head,
        "attribute": attribute,
        "best_rate": words.percent(best[share]),
        "worst_rate": words.percent(worst[share]),
    }
    if not best[f"{rate}_low"] > worst[f"{rate}_high"]:
        return words.say(f"{key}.segments_alike", **values)
    for name, row in (("best", best), ("worst", worst)):
        values[name] = words.quoted(words.group(result, row))
        values[f"{name}_of"] = of_counted(words, result, row[part], row[whole])
    return words.say(f"{key}.segments_differ", **values)


def _months(words: Phrases, result: Result, last: pd.DataFrame) -> str:
    known = last[last["segment"].notna() & ~last["is_folded"].astype(bool)]
    known = known.sort_values("segment")
    rated = mature(known[known["overall_rate"].notna()])
    stage = str(last["stage"].iloc[0])
    if rated.empty:
        groups = words.amount("cohorts", len(known))
        return words.say(f"{_KEY}.months_unrated", groups=groups, **_head(words, result, stage))
    row = rated.iloc[-1]
    text = said_of(
        words,
        f"{_KEY}.months",
        part=row["reached_leads"],
        whole=row["entered_leads"],
        leads=_of_whole(words, result, row["entered_leads"]),
        month=words.group(result, row),
        rate=words.percent(row["overall_rate"]),
        stage=words.quoted(words.stage(result.agreement, stage)),
        by=words.by_as_of(result),
        way=_way(words, result, stage),
    )
    younger = int((known["segment"] > row["segment"]).sum())
    if not younger:
        return text
    return words.say(f"{_KEY}.months_immature", count=younger, text=text)
