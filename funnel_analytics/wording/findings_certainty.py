"""How sure an attribution is: on what its models agree, and how far they lie apart elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.results import Note, Result
from funnel_analytics.wording.numbers import is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "NOTES",
    "attribution_certainty",
    "credited_channel",
    "range_rows",
    "widest_range",
]

_DECIMALS = 9
_ALIKE = 0.0005  # shares that differ by less read the same
_MOST_PAIRS = 3
_NO_BETTER = 0.5
"""The area under the curve of drawing lots."""
_Row = Mapping[Any, Any] | pd.Series


def range_rows(result: Result, measure: str | None = None) -> pd.DataFrame:
    """The ranges of one measure: of revenue where there is any, else of conversions.

    Raises
    ------
    CallError
        The result has no such measure.
    """
    table = result.part("range")
    known = list(dict.fromkeys(table["measure"]))
    if measure is None:
        told = [each for each in known if _is_told(table[table["measure"] == each])]
        measure = next(iter([*told, *known]), None)
    elif measure not in known:
        raise CallError(
            f"There is no range of '{measure}', only of {', '.join(known) or 'nothing'}."
            f"{did_you_mean(measure, known)}"
        )
    return table[table["measure"] == measure].reset_index(drop=True)


def _is_told(rows: pd.DataFrame) -> bool:
    return bool(rows["highest_share"].notna().any())


def credited_channel(words: Phrases, result: Result, row: _Row) -> str:
    """What a row of credit is about, on its own."""
    return words.channel(
        result.agreement,
        row["channel"],
        no_known_touch=is_true(row.get("is_no_known_touch", False)),
    )


def widest_range(rows: pd.DataFrame) -> int | None:
    """The row of the known channel on which models differ most; nothing where they are alike."""
    spread = _known(rows)["spread"].dropna().round(_DECIMALS)
    if spread.empty or spread.max() < _ALIKE:
        return None
    return int(spread.index[int(spread.to_numpy().argmax())])


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[~rows["is_no_known_touch"].map(is_true).astype(bool)]


def _named(words: Phrases, result: Result, row: _Row) -> str:
    """What a row of credit is about, within a sentence."""
    return words.quoted(credited_channel(words, result, row))


def attribution_certainty(words: Phrases, result: Result, *, measure: str | None = None) -> str:
    """Which channel is first by all models, and of which are they least of one mind?

    Where a model credits something with less than 0, shares above 100 % are its doing: it is named.
    """
    rows = range_rows(result, measure)
    said = _finding(words, result, rows)
    table = result.table
    below = list(dict.fromkeys(table.loc[table["conversions"] < 0, "model"]))
    if not below:
        return said
    names = [words.model(str(each), agreement=result.agreement) for each in below]
    return words.say(
        "finding.attribution_certainty.negative",
        finding=said,
        count=len(names),
        models=words.list_of(names),
    )


def _finding(words: Phrases, result: Result, rows: pd.DataFrame) -> str:
    when = {"in_period": words.in_period(str(result.parameters["period"]))}
    if rows.empty:
        return words.say("finding.attribution_certainty.none", **when)
    known = _known(rows)
    if known.empty:
        return words.say("finding.attribution_certainty.only_unknown", **when)
    if not _is_told(known):
        return words.say("finding.attribution_certainty.no_value", **when)
    if result.table["model"].nunique() == 1:
        return _one_model(words, result, rows, when)
    if len(known) == 1:
        channel = _named(words, result, known.iloc[0])
        return words.say("finding.attribution_certainty.one_channel", channel=channel, **when)
    leaders = known[known["best_place"] == 1]
    always = leaders[leaders["worst_place"] == 1]
    widest = widest_range(rows)
    if widest is None:
        return words.say(
            "finding.attribution_certainty.alike",
            channel=_named(words, result, leaders.iloc[0]),
            share=words.percent(leaders.iloc[0]["highest_share"]),
            **when,
        )
    wide = rows.iloc[widest]
    span = {
        "other": _named(words, result, wide),
        "low": words.percent(wide["lowest_share"]),
        "high": words.percent(wide["highest_share"]),
    }
    if always.empty:
        names = [_named(words, result, row) for _, row in leaders.iterrows()]
        channels = words.list_of(names, last="either")
        return words.say(
            "finding.attribution_certainty.no_leader", channels=channels, **span, **when
        )
    first = always.iloc[0]
    key = "leader_is_widest" if first.name == widest else "leader"
    return words.say(
        f"finding.attribution_certainty.{key}",
        channel=_named(words, result, first),
        **span,
        **when,
    )


def _one_model(words: Phrases, result: Result, rows: pd.DataFrame, when: dict[str, str]) -> str:
    table = result.table
    measure = str(rows["measure"].iloc[0])
    known = _known(table)
    row = known.iloc[int(known[f"{measure}_share"].to_numpy(dtype=float).argmax())]
    return words.say(
        "finding.attribution_certainty.one_model",
        channel=_named(words, result, row),
        model=_model(words, result, row["model"]),
        share=words.percent(row[f"{measure}_share"]),
        limits=words.interval(row[f"{measure}_share_low"], row[f"{measure}_share_high"]),
        **when,
    )


def _channels(words: Phrases, result: Result, names: Any) -> str:
    labels = [words.quoted(words.channel(result.agreement, each)) for each in names]
    return words.list_of(labels)


def _few_conversions(words: Phrases, result: Result, note: Note) -> list[str]:
    noun = "deals" if result.parameters.get("conversion") == "won" else "leads"
    conversions = words.amount(noun, note.values["conversions"])
    least = words.whole(note.values["least"])
    return [words.say("note.certainty_few_conversions", conversions=conversions, least=least)]


def _of_channels(key: str) -> Callable[[Phrases, Result, Note], list[str]]:
    def sentences(words: Phrases, result: Result, note: Note) -> list[str]:
        names = list(note.values["channels"])
        if not names:
            return []
        told = _channels(words, result, names)
        return [words.say(f"note.{key}", count=len(names), channels=told)]

    return sentences


def _never_apart(words: Phrases, result: Result, note: Note) -> list[str]:
    pairs = list(note.values["pairs"])
    if not pairs:
        return []
    told = [_channels(words, result, pair) for pair in pairs[:_MOST_PAIRS]]
    more = len(pairs) - len(told)
    said = words.say("note.certainty_never_apart", count=len(pairs), pairs="; ".join(told))
    return [said, *([words.say("note.certainty_more_pairs", count=more)] if more else [])]


def _model(words: Phrases, result: Result, name: Any) -> str:
    return words.quoted(words.model(str(name), agreement=result.agreement))


def _chosen(words: Phrases, result: Result, note: Note) -> list[str]:
    values = note.values
    best, chosen = str(values["best"]), str(values["chosen"])
    shown = {
        "chosen": _model(words, result, chosen),
        "auc": words.number(values["auc"], digits=2, fixed=True),
        "journeys": words.whole(values["journeys"]),
    }
    if best == chosen:
        said = [words.say("note.certainty_chosen", **shown)]
    else:
        simpler = {**shown, "best": _model(words, result, best)}
        said = [words.say("note.certainty_chosen_simpler", **simpler)]
    if round(values["auc"], 2) <= _NO_BETTER:
        said.append(words.say("note.certainty_no_better", chosen=shown["chosen"]))
    return said


def _plain(key: str) -> Callable[[Phrases, Result, Note], list[str]]:
    return lambda words, _, __: [words.say(f"note.{key}")]


def _nearest(words: Phrases, result: Result, note: Note) -> list[str]:
    values = note.values
    return [
        words.say(
            "note.certainty_nearest",
            nearest=_model(words, result, values["nearest"]),
            nearest_wrong=words.percent(values["nearest_wrong"]),
            farthest=_model(words, result, values["farthest"]),
            farthest_wrong=words.percent(values["farthest_wrong"]),
        )
    ]


NOTES: Mapping[str, Callable[[Phrases, Result, Note], list[str]]] = {
    "certainty_few_conversions": _few_conversions,
    "certainty_in_all_conversions": _of_channels("certainty_in_all_conversions"),
    "certainty_no_nulls": _plain("certainty_no_nulls"),
    "certainty_few_journeys": _of_channels("certainty_few_journeys"),
    "certainty_never_apart": _never_apart,
    "certainty_chosen": _chosen,
    "certainty_not_chosen": _plain("certainty_not_chosen"),
    "certainty_nearest": _nearest,
}
