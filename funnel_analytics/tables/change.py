"""The tables of a change: the parts of its factors, of its teams, and its three sentences."""

from __future__ import annotations

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.findings import Findings
from funnel_analytics.tables.frame import framed
from funnel_analytics.wording import (
    Notice,
    Words,
    change_limits,
    change_part,
    change_sentences,
    change_value,
    factor_label,
    factor_value,
    is_missing,
    is_true,
    notice,
    words_for,
)

__all__ = ["change", "change_findings", "change_teams"]


def change(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Which parts does a change have? One row per factor, and their sum.

    Rows in grey are not distinguishable from chance.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.table
    cells = [
        {
            "factor": factor_label(words, result, row),
            "team": _team(words, result, row),
            "before_value": factor_value(words, result, row, "before"),
            "after_value": factor_value(words, result, row, "after"),
            **_part(words, result, row),
        }
        for _, row in rows.iterrows()
    ]
    total = result.note("change")
    cells.append(
        {
            "factor": words.say("mark.change_sum"),
            "team": "",
            "before_value": change_value(words, result, total["before"]),
            "after_value": change_value(words, result, total["after"]),
            **_part(words, result, pd.Series({**total, "part": total["change"]})),
        }
    )
    return _framed(words, result, cells, texts=("factor", "team"))


def change_teams(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """Which part of a change lies in the stages of which team? One row per team, and their sum.

    The row without a team is what belongs to no stage: mix, value and maturity.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    cells = [
        {
            "team": _team(words, result, row) or words.say("column.no_team"),
            **_part(words, result, row),
        }
        for _, row in result.part("teams").iterrows()
    ]
    total = result.note("change")
    summed = _part(words, result, pd.Series({**total, "part": total["change"]}))
    cells.append({"team": words.say("mark.change_sum"), **summed})
    return _framed(words, result, cells, texts=("team",))


def change_findings(result: Result | Missing, *, language: str | None = None) -> Findings | Notice:
    """What changed, which parts chance does not explain, and which it could? Three sentences."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    return Findings(change_sentences(words_for(result, language=language), result))


def _framed(
    words: Words, result: Result, cells: list[dict[str, str]], *, texts: tuple[str, ...]
) -> GT:
    worded = pd.DataFrame(cells, dtype=object)
    unsure = words.say("mark.no")
    last = len(worded) - 1
    return framed(
        worded,
        headings={name: words.column(name) for name in worded.columns},
        title=words.table_name(result),
        subtitle=words.subtitle(result),
        notes=[words.footer(result), *words.notes(result)],
        texts=texts,
        muted=[
            place
            for place, each in enumerate(worded["is_distinguishable"])
            if each == unsure and place < last
        ],
        strong=[last],
    )


def _part(words: Words, result: Result, row: pd.Series) -> dict[str, str]:
    known = not is_missing(row["part"])
    answer = words.say("mark.yes" if is_true(row["is_distinguishable"]) else "mark.no")
    return {
        "change_part": change_part(words, result, row["part"]),
        "interval": change_limits(words, result, row),
        "is_distinguishable": answer if known else words.missing,
    }


def _team(words: Words, result: Result, row: pd.Series) -> str:
    return "" if is_missing(row["team"]) else words.team(result.agreement, str(row["team"]))
