"""Sentences on a change: how much, which parts it has, what chance could explain."""

from __future__ import annotations

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


def change_part(words: Phrases, result: Result, part: Any) -> str:
    """A part of the change with its sign: `−2,5`, `+12.000 €`, `−13,3 Prozentpunkte`."""
    measure = str(result.parameters["measure"])
    if is_missing(part):
        return words.missing
    if measure == "revenue":
        return words.money(part, result.agreement.currency, compact=True, sign=True)
    if measure == "won_leads":
        return words.signed(part, digits=1)
    hundredths = 100 * float(part)
    sign = words.signed(hundredths, digits=1)[0]
    points = words.say("count.points", count=abs(hundredths))
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
    return words.say(f"{section}.{kind}")


def factor_value(words: Phrases, result: Result, row: pd.Series, side: str) -> str:
    """A factor's own value on one side: leads, a rate, an amount; a mix has none."""
    kind, value = str(row["factor"]), row[side]
    if kind == "mix":
        return ""
    if kind == "volume":
        return words.credit(value)
    if kind == "value":
        return words.money(value, result.agreement.currency)
    text = words.percent(value)
    counts = [row.get(f"{side}_{each}_leads") for each in ("reached", "previous")]
    if kind != "step" or any(is_missing(each) for each in counts):
        return text
    part, whole = map(words.whole, counts)
    return words.form("with_mark", text=text, mark=words.form("part_of", part=part, whole=whole))


def explain_change(words: Phrases, result: Result) -> str:
    """By how much did it change, and which part is the largest that chance does not explain?"""
    change = result.note("change")
    if is_missing(change["change"]):
        return words.say("finding.explain_change.unknown", measure=measure_label(words, result))
    text = _changed(words, result)
    sure = _ranked(result, sure=True)
    if sure.empty:
        return words.say("finding.explain_change.nothing_sure", text=text)
    item = _item(words, result, sure.iloc[0])
    return words.say("finding.explain_change.largest", text=text, item=item)


def change_sentences(words: Phrases, result: Result) -> tuple[str, ...]:
    """What changed and by how much, its largest parts, and what chance could explain: three."""
    change = result.note("change")
    if is_missing(change["change"]):
        return (explain_change(words, result) + ".",)
    text = _changed(words, result)
    if not is_true(change["is_distinguishable"]):
        text = words.say("finding.explain_change.as_by_chance", text=text)
    sentences = [text]
    sure, unsure = _ranked(result, sure=True), _ranked(result, sure=False)
    if sure.empty:
        sentences.append(words.say("finding.explain_change.no_part"))
    else:
        named = sure.head(_MOST_NAMED)
        items = [_item(words, result, row) for _, row in named.iterrows()]
        sentences.append(words.say("finding.explain_change.parts", items=words.list_of(items)))
    nothing = change_part(words, result, 0.0)
    parts = [(row, change_part(words, result, row["part"])) for _, row in unsure.iterrows()]
    items = [
        words.form(
            "with_mark", text=_within(words, _factor(words, result, row, "factor")), mark=part
        )
        for row, part in parts
        if part != nothing
    ]
    if items:
        sentences.append(words.say("finding.explain_change.unsure", items=words.list_of(items)))
    return tuple(sentence + "." for sentence in sentences)


def _within(words: Phrases, label: str) -> str:
    """A label inside a sentence: English writes it small."""
    return label[:1].lower() + label[1:] if words.language == "en" else label


def _changed(words: Phrases, result: Result) -> str:
    change, given = result.note("change"), result.parameters
    values = {
        "measure": measure_label(words, result),
        "before": change_value(words, result, change["before"]),
        "after": change_value(words, result, change["after"]),
        "change": change_part(words, result, change["change"]),
    }
    if against_target(result):
        month = words.in_period(str(given["after"]))
        return words.say("finding.explain_change.target", month=month, **values)
    periods = {f"{side}_period": words.period(str(given[side])) for side in ("before", "after")}
    return words.say("finding.explain_change.cohorts", **periods, **values)


def _ranked(result: Result, *, sure: bool) -> pd.DataFrame:
    """The parts that are (not) to be told from chance, the largest first; nothing is no part."""
    table = result.table
    known = table[table["part"].notna() & (table["part"] != 0)]
    chosen = known[known["is_distinguishable"].astype(bool) == sure]
    order = chosen["part"].abs().sort_values(ascending=False, kind="stable").index
    return chosen.loc[order]


def _item(words: Phrases, result: Result, row: pd.Series) -> str:
    """`−2,5 auf den Übergang in „…“ (Vertrieb)`."""
    text = words.say(
        "change.item",
        part=change_part(words, result, row["part"]),
        factor=_factor(words, result, row, "on_factor"),
    )
    if is_missing(row["team"]):
        return text
    team = words.team(result.agreement, str(row["team"]))
    return words.form("with_mark", text=text, mark=team)
