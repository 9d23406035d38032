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
    factor_expected,
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

    The rates of steps are those observed, with their counts; beside them stand those that are
    expected in the end. Rows in grey are not distinguishable from chance.
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
            **{
                f"{side}_expected": factor_expected(words, result, row, side)
                for side in ("before", "after")
            },
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
            "before_expected": "",
            "after_expected": "",
            **_part(words, result, pd.Series({**total, "part": total["change"]}), is_whole=True),
        }
    )
    return _framed(words, result, _without_empty(cells), texts=("factor", "team"))


def _without_empty(cells: list[dict[str, str]]) -> list[dict[str, str]]:
    """Without the columns of expected rates where there is none, as against target."""
    empty = {
        name
        for name in ("before_expected", "after_expected")
        if not any(row[name] for row in cells)
    }
    return [{name: text for name, text in row.items() if name not in empty} for row in cells]


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
    summed = _part(words, result, pd.Series({**total, "part": total["change"]}), is_whole=True)
    cells.append({"team": words.say("mark.change_sum"), **summed})
    return _framed(words, result, cells, texts=("team",), title=words.say("table.change_teams"))


def change_findings(result: Result | Missing, *, language: str | None = None) -> Findings | Notice:
    """What changed, which parts chance does not explain, and which it could? Three sentences."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    return Findings(change_sentences(words_for(result, language=language), result))


def _framed(
    words: Words,
    result: Result,
    cells: list[dict[str, str]],
    *,
    texts: tuple[str, ...],
    title: str | None = None,
) -> GT:
    worded = pd.DataFrame(cells, dtype=object)
    unsure = words.say("mark.no")
    is_estimated = result.table["is_extrapolated"].map(is_true).any()
    last = len(worded) - 1
    headings = {name: words.column(name) for name in worded.columns}
    if str(result.parameters["measure"]) not in ("won_leads", "revenue"):
        headings["change_part"] = words.column("change_points")
    return framed(
        worded,
        headings=headings,
        title=title or words.table_name(result),
        subtitle=words.subtitle(result),
        notes=[
            words.footer(result),
            *([words.say("legend.change_estimated")] if is_estimated else []),
            *words.notes(result),
        ],
        texts=texts,
        least={"factor": "150px"} if "factor" in texts else None,
        muted=[
            place
            for place, each in enumerate(worded["is_distinguishable"])
            if each == unsure and place < last
        ],
        strong=[last],
    )


def _part(
    words: Words, result: Result, row: pd.Series, *, is_whole: bool = False
) -> dict[str, str]:
    known = not is_missing(row["part"])
    answer = words.say("mark.yes" if is_true(row["is_distinguishable"]) else "mark.no")
    return {
        "change_part": change_part(words, result, row["part"], is_whole=is_whole, has_unit=False),
        "interval": change_limits(words, result, row),
        "is_distinguishable": answer if known else words.missing,
    }


def _team(words: Words, result: Result, row: pd.Series) -> str:
    return "" if is_missing(row["team"]) else words.team(result.agreement, str(row["team"]))
