"""What was found about qualification, the score of leads, and other rules: one sentence each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Note, Result
from funnel_analytics.wording.findings_flows import asked_group
from funnel_analytics.wording.numbers import is_missing
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "NOTES",
    "lead_score",
    "qualification",
    "rule_label",
    "what_if_rule",
]


def qualification(
    words: Phrases, result: Result, *, lift: bool = False, segment: Any = None
) -> str:
    """Which criterion is recorded least often? With `lift`, which tells most about winning?"""
    rows = asked_group(result, result.table, size="leads", segment=segment)
    known = rows[rows["coverage"].notna()]
    if known.empty:
        return _nothing(words, result, rows, "qualification", column="leads")
    text = _lift(words, result, known) if lift else _least(words, result, known)
    return _of_group(words, result, rows, text)


def _least(words: Phrases, result: Result, rows: pd.DataFrame) -> str:
    row = rows.iloc[int(rows["coverage"].to_numpy(float).argmin())]
    if len(rows) > 1 and row["answered_leads"] == row["leads"]:
        against = _against(words, result)
        return words.say(
            "finding.qualification.full",
            count=row["leads"],
            by=words.by_as_of(result),
            against=against,
        )
    return words.say(
        f"finding.qualification.{'least' if len(rows) > 1 else 'least_alone'}",
        criterion=words.quoted(words.field(str(row["criterion"]))),
        of_leads=_of_leads(words, row["answered_leads"], row["leads"]),
        by=words.by_as_of(result),
        share=words.percent(row["coverage"]),
        against=_against(words, result),
    )


def _against(words: Phrases, result: Result) -> str:
    """How many went on although the rule was not met for sure? Nothing where leads are split."""
    note = result.note("against_rule")
    if result.parameters.get("by") is not None or not note.get("of"):
        return ""
    return words.say(
        "finding.qualification.against",
        count=note["leads"] + note["open_leads"],
        of=words.whole(note["of"]),
        stage=_stage(words, result, "next_stage"),
    )


def _lift(words: Phrases, result: Result, rows: pd.DataFrame) -> str:
    by = words.by_as_of(result)
    told = rows[rows["win_difference"].notna()]
    if told.empty:
        return words.say("finding.qualification.lift_unknown", by=by)
    is_apart = (told["difference_low"] > 0) | (told["difference_high"] < 0)
    if not is_apart.any():
        return words.say("finding.qualification.lift_none", by=by)
    apart = told[is_apart]
    row = apart.iloc[int(apart["win_difference"].abs().to_numpy(float).argmax())]
    lift = result.part("lift")
    same = lift["criterion"] == row["criterion"]
    for name in ("segment", "second_segment"):
        if name in lift.columns:
            same &= lift[name].isna() if is_missing(row[name]) else lift[name] == row[name]
    sides = lift[same & (lift["is_folded"] == row["is_folded"])].set_index("answer")
    shown = {
        key: value
        for side in ("yes", "no")
        for key, value in (
            (side, words.percent(sides.loc[side, "win_rate"])),
            (f"of_{side}", _part(words, sides.loc[side])),
        )
    }
    criterion = words.quoted(words.field(str(row["criterion"])))
    return words.say("finding.qualification.lift", criterion=criterion, by=by, **shown)


def _part(words: Phrases, row: pd.Series) -> str:
    return words.form(
        "part_of", part=words.whole(row["won_leads"]), whole=words.whole(row["mature_leads"])
    )


def _of_leads(words: Phrases, part: Any, whole: Any) -> str:
    return words.say("count.of_leads", count=whole, part=words.whole(part))


def _stage(words: Phrases, result: Result, name: str) -> str:
    return words.quoted(words.stage(result.agreement, str(result.parameters[name])))


def _nothing(
    words: Phrases, result: Result, rows: pd.DataFrame, metric: str, *, column: str
) -> str:
    """The sentence where there is nothing, or nothing that may be shown."""
    is_hidden = len(rows) > 0 and bool(rows[column].isna().all())
    values = {"period": words.period(str(result.parameters["cohort"]))}
    if metric == "qualification":
        values["stage"] = _stage(words, result, "stage")
    return words.say(f"finding.{metric}.{'too_few' if is_hidden else 'nothing'}", **values)


def _of_group(words: Phrases, result: Result, rows: pd.DataFrame, text: str) -> str:
    if result.parameters.get("by") is None:
        return text
    return words.form("labelled", label=words.group(result, rows.iloc[0]), text=text)


def lead_score(words: Phrases, result: Result, *, segment: Any = None) -> str:
    """How often do score and verdict agree, and is the score a chance?"""
    rows = asked_group(result, result.table, size="leads", segment=segment)
    if rows.empty or is_missing(rows["agreement_share"].iloc[0]):
        return _nothing(words, result, rows, "lead_score", column="leads")
    row = rows.iloc[0]
    has_kappa = not is_missing(row["kappa"])
    text = words.say(
        f"finding.lead_score.{'agreed' if has_kappa else 'agreed_plain'}",
        by=words.by_as_of(result),
        of_leads=_of_leads(words, row["agreed_leads"], row["leads"]),
        share=words.percent(row["agreement_share"]),
        kappa=words.number(row["kappa"], digits=2, fixed=True),
        calibration=_calibration(words, row),
    )
    return _of_group(words, result, rows, text)


def _calibration(words: Phrases, row: pd.Series) -> str:
    if not is_missing(row["area_low"]) and row["area_low"] <= 0.5 <= row["area_high"]:
        return words.say("finding.lead_score.no_information")
    if is_missing(row["slope_low"]):
        return ""
    key = "fits"
    if row["slope_high"] < 1:
        key = "too_extreme"
    elif row["slope_low"] > 1:
        key = "too_flat"
    slope, low, high = (
        words.number(row[name], digits=2, fixed=True)
        for name in ("slope", "slope_low", "slope_high")
    )
    limits = words.form("span", low=low, high=high)
    return words.say(f"finding.lead_score.{key}", slope=slope, limits=limits)


def rule_label(words: Phrases, result: Result, rule: str) -> str:
    """What a rule asks for: `„Bedarf“ und mindestens 3 Kriterien`; the agreed or the asked one."""
    stem = "agreed_" if rule == "agreed" else ""
    required = [str(each) for each in result.parameters[f"{stem}required"] or ()]
    at_least = int(result.parameters[f"{stem}at_least"])
    if not required:
        return words.say("finding.what_if_rule.rule_any", count=at_least)
    names = words.list_of([words.quoted(words.field(each)) for each in required])
    key = "rule" if at_least > len(required) else "rule_all"
    return words.say(f"finding.what_if_rule.{key}", required=names, at_least=words.whole(at_least))


def what_if_rule(words: Phrases, result: Result, *, segment: Any = None) -> str:
    """How many leads and wins would a rule have let through?"""
    everyone = result.table[result.table["rule"] == "everyone"]
    rows = asked_group(result, everyone, size="leads", segment=segment)
    if rows.empty or is_missing(rows["leads"].iloc[0]) or not rows["leads"].iloc[0]:
        return _nothing(words, result, rows, "what_if_rule", column="leads")
    row = rows.iloc[0]
    table = asked_group(result, result.table, size="leads", segment=_key(rows))
    is_asked = bool((table["rule"] == "asked").any())
    rule = "asked" if is_asked else "agreed"

    def between(name: str, column: str) -> str:
        of = table[table["rule"] == name].set_index("missing")[column]
        low, high = (words.whole(of[each]) for each in ("no", "yes"))
        return low if low == high else words.form("span", low=low, high=high)

    text = words.say(
        f"finding.what_if_rule.{rule}",
        rule=rule_label(words, result, rule),
        qualified=between(rule, "qualified_leads"),
        leads=words.amount("leads", row["leads"]),
        kept=between(rule, "qualified_won_leads"),
        won=words.whole(row["won_leads"]),
        agreed_qualified=between("agreed", "qualified_leads"),
        agreed_kept=between("agreed", "qualified_won_leads"),
        as_of=words.by_as_of(result),
    )
    return _of_group(words, result, rows, text)


def _key(rows: pd.DataFrame) -> Any:
    """The group of a row as `asked_group` is asked for it."""
    names = [name for name in ("segment", "second_segment") if name in rows.columns]
    values = [pd.NA if is_missing(each) else each for each in rows.iloc[0][names]]
    return values[0] if len(values) == 1 else tuple(values)


def _against_rule(words: Phrases, result: Result, note: Note) -> list[str]:
    values = note.values
    if not values["leads"] and not values["open_leads"]:
        return []
    stage = _stage(words, result, "next_stage")
    shown = words.whole(values["open_leads"])
    return [words.say("note.against_rule", count=values["leads"], stage=stage, open=shown)]


def _counted(key: str) -> Any:
    def sentences(words: Phrases, _: Result, note: Note) -> list[str]:
        return [words.say(f"note.{key}", count=note.values["leads"])]

    return sentences


def _without_answers(words: Phrases, _: Result, note: Note) -> list[str]:
    won = words.whole(note.values["won_leads"])
    return [words.say("note.without_answers", count=note.values["leads"], won=won)]


def _without_score(words: Phrases, _: Result, note: Note) -> list[str]:
    of = words.whole(note.values["of"])
    return [words.say("note.without_score", count=note.values["leads"], of=of)]


def _verdicts(words: Phrases, _: Result, note: Note) -> list[str]:
    shown = {name: words.whole(note.values[name]) for name in ("handover", "stage")}
    return [words.say("note.verdicts", **shown)] if note.values["handover"] else []


NOTES = {
    "against_rule": _against_rule,
    "late_answers": _counted("late_answers"),
    "other_answers": _counted("other_answers"),
    "out_of_range": _counted("out_of_range"),
    "too_young": _counted("too_young"),
    "unagreed_criteria": _counted("unagreed_criteria"),
    "verdicts": _verdicts,
    "without_answers": _without_answers,
    "without_score": _without_score,
}
"""The sentences of the notes of these metrics."""
