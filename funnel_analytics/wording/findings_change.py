"""Sentences on a change: how much, which parts it has, what chance could explain."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "against_target",
    "change_limits",
    "change_part",
    "change_sentences",
    "change_value",
    "explain_change",
    "factor_expected",
    "factor_label",
    "factor_value",
    "measure_label",
    "side_label",
    "sides_of",
]

_MOST_NAMED = 3


def against_target(result: Result) -> bool:
    """Is a month compared with its target, and not one cohort with another?"""
    return bool(result.parameters["before"] == "target")


def sides_of(result: Result) -> tuple[str, ...]:
    """The sides that are cohorts."""
    return ("after",) if against_target(result) else ("before", "after")


def measure_label(words: Phrases, result: Result) -> str:
    """What changed: `Gewonnene Leads`, `Rate von … bis …`."""
    measure = str(result.parameters["measure"])
    kind = "target_measure" if against_target(result) else "measure"
    if words.has(kind, measure):
        return words.say(f"{kind}.{measure}")
    return words.say(
        f"{kind}.rate",
        first=words.quoted(words.stage(result.agreement, str(result.parameters["from_stage"]))),
        last=words.quoted(words.stage(result.agreement, str(result.parameters["to_stage"]))),
    )


def change_value(words: Phrases, result: Result, value: Any) -> str:
    """The measure on one side, with its unit."""
    measure = str(result.parameters["measure"])
    if measure == "revenue":
        return words.money(value, result.agreement.currency, compact=True)
    return words.credit(value) if measure == "won_leads" else words.percent(value)


def change_part(
    words: Phrases, result: Result, part: Any, *, is_whole: bool = False, has_unit: bool = True
) -> str:
    """A part of the change with its sign: `−2,5`, `+12.000 €`, `−13,3 Prozentpunkte`.

    The whole change in leads is a count (`is_whole`), its parts are not: `−3`, but `−3,0`. Points
    are numbers alone where a heading names them (not `has_unit`).
    """
    measure = str(result.parameters["measure"])
    if is_missing(part):
        return words.missing
    if measure == "revenue":
        return words.money(part, result.agreement.currency, compact=True, sign=True)
    if measure == "won_leads":
        return words.signed(part, digits=1, fixed=not is_whole)
    hundredths = 100 * float(part)
    if not has_unit:
        return words.signed(hundredths, digits=1)
    sign = words.signed(hundredths, digits=1)[0]
    points = words.amount("points", abs(hundredths), fixed=True)
    return f"{sign}{points}" if sign in "+\N{MINUS SIGN}" else points


def change_limits(words: Phrases, result: Result, row: Any) -> str:
    """The interval of a part, in the unit of the part: `−4,8 bis −0,9`."""
    if is_missing(row["part"]):
        return words.missing
    measure = str(result.parameters["measure"])
    scale = 1 if measure in ("won_leads", "revenue") else 100
    digits = 0 if measure == "revenue" else 1
    low, high = (words.signed(scale * float(row[name]), digits=digits) for name in ("low", "high"))
    return words.form("span", low=low, high=high)


def side_label(words: Phrases, result: Result, side: str) -> str:
    """What a side is: a cohort, a month, or its target."""
    given = str(result.parameters[side])
    if given == "target":
        return words.say("mark.target")
    if against_target(result):
        return words.say("mark.actual")
    return words.say("change.cohort", period=words.period(given))


def factor_label(words: Phrases, result: Result, row: pd.Series) -> str:
    """What a factor is called in a row of a figure or table."""
    if row["factor"] == "step":
        stage = words.stage(result.agreement, str(row["stage"]))
        return words.say("factor.step_row", stage=stage)
    if row["factor"] == "time" and (cut := _cut(result)) is not None:
        return words.say(f"factor.{_time(result)}_row", day=_day(words, cut))
    return _factor(words, result, row, "factor")


def _factor(words: Phrases, result: Result, row: pd.Series, section: str) -> str:
    kind = str(row["factor"])
    if kind == "step":
        stage = words.quoted(words.stage(result.agreement, str(row["stage"])))
        return words.say(f"{section}.step", stage=stage)
    if kind == "mix":
        return words.say(f"{section}.mix", by=words.by_attribute(result.parameters["by"]))
    if kind == "value" and against_target(result):
        return words.say(f"{section}.value_of_deals")
    if kind == "time":
        return words.say(f"{section}.{_time(result)}")
    return words.say(f"{section}.{kind}")


def _cut(result: Result) -> dict[str, Any] | None:
    """The stage and day before which the data hold no entries of a side, if there are such."""
    notes = [note.values for note in result.notes if note.code == "left_truncated"]
    return dict(notes[0]) if notes else None


def _day(words: Phrases, cut: dict[str, Any]) -> str:
    return words.day(date.fromisoformat(str(cut["observed_from"])))


def _time(result: Result) -> str:
    """What the factor time is: cohorts that are young, that the data cut off, or both."""
    if _cut(result) is None:
        return "time"
    is_young = any(note.code == "immature" for note in result.notes)
    return "time_both" if is_young else "time_cut"


def factor_value(words: Phrases, result: Result, row: pd.Series, side: str) -> str:
    """A factor's own value on one side: leads, a rate, an amount; a mix has none.

    The rate of a step is the one observed, with its counts; `factor_expected` is the other.
    """
    kind, value = str(row["factor"]), row[side]
    if kind == "mix":
        return ""
    if kind == "volume":
        return words.credit(value)
    if kind == "value":
        return words.money(value, result.agreement.currency)
    if kind != "step" or against_target(result):
        return words.percent(value)
    text = words.percent(row[f"{side}_observed_rate"])
    counts = [row[f"{side}_{each}_leads"] for each in ("reached", "previous")]
    if any(is_missing(each) for each in counts):
        return text
    part, whole = map(words.whole, counts)
    return words.form("with_mark", text=text, mark=words.form("part_of", part=part, whole=whole))


def factor_expected(words: Phrases, result: Result, row: pd.Series, side: str) -> str:
    """The rate of a step that is expected eventually; other factors have none."""
    if row["factor"] != "step" or against_target(result):
        return ""
    return words.percent(row[side])


def explain_change(words: Phrases, result: Result) -> str:
    """By how much did it change, and which part is the largest that chance does not explain?"""
    change = result.note("change")
    if is_missing(change["change"]):
        return words.say("finding.explain_change.unknown", measure=measure_label(words, result))
    text = _changed(words, result)
    sure = _worth_naming(words, result, sure=True)
    if sure.empty:
        return words.say("finding.explain_change.nothing_sure", text=text)
    largest = sure.iloc[0]
    kind = _direction(words, result, largest["part"])
    item = _item(words, result, largest, is_alone=kind != "with")
    key = {"with": "largest"}.get(kind, f"largest_{kind}")
    return words.say(f"finding.explain_change.{key}", text=text, item=item)


def _direction(words: Phrases, result: Result, part: float) -> str:
    """Does a part go with the change, against it, or does it cancel out with others?"""
    change = result.note("change")["change"]
    written = change_part(words, result, change, is_whole=True)
    if written == change_part(words, result, 0.0, is_whole=True):
        return "cancelling"
    return "with" if (part > 0) == (change > 0) else "against"


def change_sentences(words: Phrases, result: Result) -> tuple[str, ...]:
    """What changed and by how much, its largest parts, and what chance could explain: three."""
    change = result.note("change")
    if is_missing(change["change"]):
        return (explain_change(words, result) + ".",)
    text = _changed(words, result)
    is_some = _direction(words, result, 1.0) != "cancelling"
    if is_some and not is_true(change["is_distinguishable"]):
        text = words.say("finding.explain_change.as_by_chance", text=text)
    sentences = [text]
    sentences += [_sure(words, result), _unsure(words, result)]
    return tuple(sentence + "." for sentence in sentences)


def _sure(words: Phrases, result: Result) -> str:
    """The largest parts that chance does not explain: those with the change, and against it."""
    named = _worth_naming(words, result, sure=True).head(_MOST_NAMED)
    if named.empty:
        return words.say("finding.explain_change.no_part")
    items: dict[str, list[str]] = {}
    for _, row in named.iterrows():
        kind = _direction(words, result, row["part"])
        items.setdefault(kind, []).append(_item(words, result, row, is_alone=kind != "with"))
    listed = {kind: words.list_of(each) for kind, each in items.items()}
    if "cancelling" in listed:
        return words.say("finding.explain_change.parts_cancelling", items=listed["cancelling"])
    if "with" not in listed:
        return words.say("finding.explain_change.parts_against", against=listed["against"])
    if "against" not in listed:
        return words.say("finding.explain_change.parts", items=listed["with"])
    return words.say(
        "finding.explain_change.parts_both", items=listed["with"], against=listed["against"]
    )


def _unsure(words: Phrases, result: Result) -> str:
    """What chance could explain, and what is estimated rather than counted; or that none is."""
    unsure = _worth_naming(words, result, sure=False)
    assumed = unsure["is_extrapolated"].map(is_true).astype(bool)
    chance, estimated = (
        words.list_of([_named(words, result, row) for _, row in rows.iterrows()])
        for rows in (unsure[~assumed], unsure[assumed])
    )
    if chance and estimated:
        text = words.say("finding.explain_change.unsure", items=chance)
        return words.say("finding.explain_change.unsure_estimated", text=text, items=estimated)
    if chance:
        return words.say("finding.explain_change.unsure", items=chance)
    if estimated:
        return words.say("finding.explain_change.estimated", items=estimated)
    is_none = _worth_naming(words, result, sure=True).empty
    return words.say(f"finding.explain_change.{'all_zero' if is_none else 'none_unsure'}")


def _named(words: Phrases, result: Result, row: pd.Series) -> str:
    """`Zusammensetzung nach Herkunft (+0,4)`."""
    label = _within(words, _factor(words, result, row, "factor"))
    return words.form("with_mark", text=label, mark=change_part(words, result, row["part"]))


def _within(words: Phrases, label: str) -> str:
    """A label inside a sentence: English writes it small."""
    return label[:1].lower() + label[1:] if words.language == "en" else label


def _changed(words: Phrases, result: Result) -> str:
    change, given = result.note("change"), result.parameters
    values = {
        "measure": measure_label(words, result),
        "before": change_value(words, result, change["before"]),
        "after": change_value(words, result, change["after"]),
        "change": change_part(words, result, change["change"], is_whole=True),
    }
    if against_target(result):
        month = words.in_period(str(given["after"]))
        return words.say("finding.explain_change.target", month=month, **values)
    periods = {f"{side}_period": words.period(str(given[side])) for side in ("before", "after")}
    if (cut := _cut(result)) is None:
        return words.say("finding.explain_change.cohorts", **periods, **values)
    return words.say(
        "finding.explain_change.cohorts_cut",
        stage=words.quoted(words.stage(result.agreement, str(cut["stage"]))),
        day=_day(words, cut),
        **periods,
        **values,
    )


def _ranked(result: Result, *, sure: bool) -> pd.DataFrame:
    """The parts that are (not) to be told from chance, the largest first; nothing is no part."""
    table = result.table
    known = table[table["part"].notna() & (table["part"] != 0)]
    chosen = known[known["is_distinguishable"].astype(bool) == sure]
    order = chosen["part"].abs().sort_values(ascending=False, kind="stable").index
    return chosen.loc[order]


def _worth_naming(words: Phrases, result: Result, *, sure: bool) -> pd.DataFrame:
    """The parts that are (not) to be told from chance and are not written as nothing."""
    rows = _ranked(result, sure=sure)
    nothing = change_part(words, result, 0.0)
    written = rows["part"].map(lambda part: change_part(words, result, part))
    return rows[(written != nothing).astype(bool)]


def _item(words: Phrases, result: Result, row: pd.Series, *, is_alone: bool = False) -> str:
    """`−2,5 auf den Übergang in „…“ (Vertrieb)`, or `für den` where it stands for itself."""
    text = words.say(
        "change.item_alone" if is_alone else "change.item",
        part=change_part(words, result, row["part"]),
        factor=_factor(words, result, row, "on_factor"),
    )
    if is_missing(row["team"]):
        return text
    team = words.team(result.agreement, str(row["team"]))
    return words.form("with_mark", text=text, mark=team)
