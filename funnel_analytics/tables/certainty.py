"""Tables of how sure an attribution is: ranges over models, their test, their error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.stages import Cell, table_of
from funnel_analytics.wording import (
    Notice,
    Words,
    credited_channel,
    is_missing,
    is_true,
    notice,
    range_rows,
    words_for,
)

__all__ = ["attribution_certainty", "attribution_errors", "model_choice"]

_MOST_CHANNELS = 7


def attribution_certainty(
    result: Result | Missing, *, measure: str | None = None, language: str | None = None
) -> GT | Notice:
    """How far do models lie apart, and how wide is the interval of the agreed one?

    One row per channel: the share by the agreed model with its interval, the lowest and the
    highest share that any model credits, and by which.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = range_rows(result, measure)
    several = result.table["model"].nunique() > 1
    agreed = rows["agreed_share"].notna().any()
    cells: dict[str, Cell] = {"channel": lambda row: credited_channel(words, result, row)}
    if agreed:
        cells["certainty_agreed"] = lambda row: words.percent(row["agreed_share"])
        cells["certainty_interval"] = lambda row: words.interval(
            row["agreed_low"], row["agreed_high"]
        )
    if several or not agreed:
        for end in ("lowest", "highest"):
            cells[f"certainty_{end}"] = _share(words, end)
            cells[f"certainty_{end}_model"] = _model(words, result, end)
    if several:
        cells["certainty_places"] = lambda row: _places(words, row)
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        texts=("channel", "certainty_lowest_model", "certainty_highest_model"),
        muted=[number for number, each in enumerate(rows["is_no_known_touch"]) if is_true(each)],
        remarks=[words.say("legend.certainty_apart")] if several else [],
    )


def _share(words: Words, end: str) -> Cell:
    return lambda row: words.percent(row[f"{end}_share"])


def _model(words: Words, result: Result, end: str) -> Cell:
    def cell(row: Mapping[Any, Any] | pd.Series) -> str:
        if is_missing(row[f"{end}_model"]):
            return ""
        if row["spread"] == 0:
            return words.say("mark.certainty_all")
        return words.model(str(row[f"{end}_model"]), agreement=result.agreement)

    return cell


def _places(words: Words, row: Mapping[Any, Any] | pd.Series) -> str:
    """The places of a channel over the models: `1`, or `2–5`."""
    if is_missing(row["best_place"]):
        return ""
    best, worst = words.whole(row["best_place"]), words.whole(row["worst_place"])
    return best if best == worst else words.form("range", low=best, high=worst)


def model_choice(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Which model predicts best, on journeys held out, which of them end in a conversion?

    One row per model that predicts, the chosen one in bold. Rules predict nothing.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.part("choice")

    def number(name: str, digits: int) -> Cell:
        return lambda row: words.number(row[name], digits=digits, fixed=True)

    def with_error(name: str, digits: int) -> Cell:
        value, error = number(name, digits), number(f"{name}_error", digits)
        return lambda row: (
            value(row)
            if is_missing(row[f"{name}_error"])
            else words.form("give_or_take", value=value(row), error=error(row))
        )

    cells: dict[str, Cell] = {
        "certainty_model": lambda row: _predictor(words, result, str(row["model"])),
        "certainty_log_likelihood": number("log_likelihood", 3),
        "certainty_behind": with_error("behind", 3),
        "certainty_log_loss": number("log_loss", 4),
        "certainty_auc": with_error("auc", 3),
    }
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        title=words.say("title.model_choice"),
        texts=("certainty_model",),
        strong=[number for number, each in enumerate(rows["is_chosen"]) if is_true(each)],
        remarks=[words.say("legend.certainty_choice")],
    )


def _predictor(words: Words, result: Result, name: str) -> str:
    """What predicts: a model of attribution, or what is only there to be compared with."""
    if words.has("predictor", name):
        return words.say(f"predictor.{name}")
    return words.model(name, agreement=result.agreement)


def attribution_errors(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How far is each model from the truth, where the truth is known, and on which channels?

    One row per model, the nearest to the truth first, a column for each of the channels that models
    miss most: the credited share less the true one. A notice where no truth was given.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if "errors" not in result.parts:
        return Notice(words.say("certainty.no_truth"))
    rows, compared = result.part("errors"), result.part("truth")
    cells: dict[str, Cell] = {
        "certainty_model": lambda row: words.model(str(row["model"]), agreement=result.agreement),
        "certainty_wrong": lambda row: words.percent(row["wrong_share"]),
    }
    headings = {}
    names = compared.drop_duplicates(["channel", "is_no_known_touch"])
    ranked = _widest(compared, names)
    for place, (_, name) in enumerate(ranked.head(_MOST_CHANNELS).iterrows()):
        cells[f"error_{place}"] = _error(words, compared, name)
        headings[f"error_{place}"] = credited_channel(words, result, name)
    hidden = max(len(ranked) - _MOST_CHANNELS, 0)
    agreed = result.agreement.attribution.model
    return table_of(
        words,
        result,
        cells,
        rows=rows,
        title=words.say("title.attribution_errors"),
        texts=("certainty_model",),
        headings=headings,
        strong=[number for number, each in enumerate(rows["model"]) if each == agreed],
        remarks=[
            words.say("legend.certainty_errors"),
            *([words.say("legend.certainty_errors_hidden", count=hidden)] if hidden else []),
        ],
    )


def _widest(compared: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """The channels, the one first of which some model is farthest off."""
    farthest = [
        compared.loc[_about(compared, name), "error"].abs().max() for _, name in names.iterrows()
    ]
    order = pd.Series(farthest, index=names.index).sort_values(ascending=False, kind="stable")
    return names.loc[order.index]


def _about(compared: pd.DataFrame, name: pd.Series) -> pd.Series:
    """Which rows are about the channel of another row?"""
    same = compared["is_no_known_touch"].astype(bool) == bool(name["is_no_known_touch"])
    if is_missing(name["channel"]):
        return same & compared["channel"].isna()
    return same & (compared["channel"] == name["channel"])


def _error(words: Words, compared: pd.DataFrame, name: pd.Series) -> Cell:
    """How far each model is from the truth of one channel."""
    same = _about(compared, name)
    errors = dict(zip(compared.loc[same, "model"], compared.loc[same, "error"], strict=True))
    return lambda row: words.percent(errors.get(row["model"]), sign=True)
