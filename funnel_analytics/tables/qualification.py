"""Tables of qualification: answers by criterion, the score against the verdict, other rules."""

from __future__ import annotations

from typing import Any

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, counted, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    is_missing,
    is_true,
    notice,
    rule_label,
    words_for,
)

__all__ = ["lead_score", "qualification", "qualification_lift", "what_if_rule"]

_MEASURES = (
    "leads",
    "accepted_rate",
    "mean_chance",
    "agreement_share",
    "kappa",
    "slope",
    "intercept",
    "area",
    "brier",
    "brier_skill",
)
_SHARES = ("accepted_rate", "mean_chance", "agreement_share", "area", "brier_skill")


def _grouped(words: Words, result: Result) -> Cell | None:
    if result.parameters.get("by") is None:
        return None
    return lambda row: words.group(result, row)


def _criterion(words: Words, row: Any) -> str:
    name = words.field(str(row["criterion"]))
    if not is_true(row.get("is_required", False)):
        return name
    return words.form("with_mark", text=name, mark=words.say("qualification.required_mark"))


def qualification(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """For how many leads is each criterion recorded, and met? One row per criterion."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    cells: dict[str, Cell] = {
        "criterion": lambda row: _criterion(words, row),
        **counted(words, "leads", "answered_leads"),
        "coverage": lambda row: words.percent(row["coverage"]),
        "coverage_interval": lambda row: words.interval(row["coverage_low"], row["coverage_high"]),
        **counted(words, "yes_leads", "no_leads"),
        "yes_share": lambda row: words.percent(row["yes_share"]),
        "yes_interval": lambda row: words.interval(row["yes_low"], row["yes_high"]),
    }
    interval = words.column("interval")
    return table_of(
        words,
        result,
        cells,
        texts=("criterion",),
        group=_grouped(words, result),
        headings={
            "answered_leads": words.column("criterion_answered"),
            "coverage": words.column("criterion_coverage"),
            "coverage_interval": interval,
            "yes_leads": words.column("criterion_yes"),
            "no_leads": words.column("criterion_no"),
            "yes_share": words.column("criterion_yes_share"),
            "yes_interval": interval,
        },
    )


def qualification_lift(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How often were leads won that met a criterion, or did not, or of which nothing was known?"""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    names = ["segment", "second_segment", "is_folded", "criterion"]
    keys = [name for name in names if name in result.table.columns]
    lift = {
        tuple(None if is_missing(row[key]) else row[key] for key in [*keys, "answer"]): row
        for _, row in result.part("lift").iterrows()
    }

    def won(answer: str) -> Cell:
        def cell(row: Any) -> str:
            found = lift[(*(None if is_missing(row[key]) else row[key] for key in keys), answer)]
            part = words.form(
                "part_of",
                part=words.whole(found["won_leads"]),
                whole=words.whole(found["mature_leads"]),
            )
            if is_missing(found["win_rate"]):
                return part
            return words.form("with_mark", text=words.percent(found["win_rate"]), mark=part)

        return cell

    cells: dict[str, Cell] = {
        "criterion": lambda row: _criterion(words, row),
        **{f"won_if_{answer}": won(answer) for answer in ("yes", "no", "unknown")},
        "win_difference": lambda row: _points(words, row),
        "win_ratio": lambda row: _ratio(words, row),
    }
    return table_of(
        words,
        result,
        cells,
        texts=("criterion",),
        group=_grouped(words, result),
        remarks=_age(words, result),
    )


def _age(words: Words, result: Result) -> list[str]:
    days = result.parameters.get("mature_days")
    if is_missing(days):
        return []
    return [words.say("legend.qualification_age", days=words.amount("days", days))]


def _points(words: Words, row: pd.Series) -> str:
    if is_missing(row["win_difference"]):
        return words.missing
    value, low, high = (
        words.signed(100 * float(row[name]), digits=1)
        for name in ("win_difference", "difference_low", "difference_high")
    )
    return words.form("with_mark", text=value, mark=words.form("span", low=low, high=high))


def _ratio(words: Words, row: pd.Series) -> str:
    value = words.number(row["win_ratio"], fixed=True)
    if is_missing(row["ratio_low"]):
        return value
    low, high = (words.number(row[name], fixed=True) for name in ("ratio_low", "ratio_high"))
    return words.form("with_mark", text=value, mark=words.form("span", low=low, high=high))


def lead_score(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How good is the automatic score? One row per measure, with its interval."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = pd.DataFrame(
        [
            {**row, "measure": measure}
            for row in result.table.to_dict("records")
            for measure in _MEASURES
        ]
    )
    cells: dict[str, Cell] = {
        "score_measure": lambda row: words.say(f"score_measure.{row['measure']}"),
        "score_value": lambda row: _value(words, row["measure"], row[row["measure"]]),
        "interval": lambda row: _limits(words, row),
    }
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("score_measure",),
        group=_grouped(words, result),
    )


def _value(words: Words, measure: str, value: Any) -> str:
    if measure == "leads":
        return words.whole(value)
    if measure in _SHARES:
        return words.percent(value)
    return words.number(value, digits=3 if measure == "brier" else 2, fixed=True)


def _limits(words: Words, row: Any) -> str:
    stem = {"agreement_share": "agreement"}.get(row["measure"], row["measure"])
    if f"{stem}_low" not in row or is_missing(row[f"{stem}_low"]):
        return ""
    low, high = row[f"{stem}_low"], row[f"{stem}_high"]
    if row["measure"] in _SHARES:
        return words.interval(low, high)
    return words.form(
        "span", low=_value(words, row["measure"], low), high=_value(words, row["measure"], high)
    )


def what_if_rule(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What would each rule have let through? One row per rule and reading of what is not known."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    cells: dict[str, Cell] = {
        "asked_rule": lambda row: rule_name(words, result, str(row["rule"])),
        "what_is_missing": lambda row: (
            ""
            if is_missing(row["missing"])
            else words.say(f"qualification.missing_{row['missing']}")
        ),
        **counted(words, "leads", "qualified_leads", "qualified_won_leads"),
        "rule_win_rate": lambda row: words.percent(row["win_rate"]),
        "win_interval": lambda row: words.interval(row["win_low"], row["win_high"]),
        "rule_kept": lambda row: words.percent(row["kept_share"]),
        **counted(words, "missed_won_leads", "saved_leads"),
    }
    return table_of(
        words,
        result,
        cells,
        texts=("asked_rule", "what_is_missing"),
        group=_grouped(words, result),
        headings={
            "qualified_leads": words.column("rule_qualified"),
            "qualified_won_leads": words.column("rule_won"),
            "win_interval": words.column("interval"),
            "missed_won_leads": words.column("rule_missed"),
            "saved_leads": words.column("rule_saved"),
        },
        remarks=[words.say("legend.what_if_wins"), *_age(words, result)],
    )


def rule_name(words: Words, result: Result, rule: str) -> str:
    """What a rule is called: `Vereinbart: „Bedarf“ und mindestens 3 Kriterien`."""
    name = words.say(f"qualification.{rule}")
    if rule == "everyone":
        return name
    return words.form("labelled", label=name, text=rule_label(words, result, rule))
