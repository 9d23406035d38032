"""Tables of what lies behind the numbers: checks, filled fields, the loaded files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT

from funnel_analytics.agreement import Agreement
from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.frame import framed
from funnel_analytics.wording import Notice, Words, is_missing, notice, words_for, words_in
from funnel_analytics.wording.checks import CheckedData, check_counts, is_unjudged

__all__ = ["checks", "completeness", "identity", "loads"]

_LOAD_COUNTS = (
    "rows_read",
    "rows_loaded",
    "rows_duplicate",
    "rows_quarantined",
    "rows_other",
    "rows_total",
    "rows_superseded",
    "rows_forgotten",
    "values_quarantined",
)
_LOADED_PARTS = _LOAD_COUNTS[1:-1]  # rows only: a value in quarantine leaves its row loaded
_RARE_COUNTS = ("rows_total", "rows_superseded", "rows_forgotten")
_EXAMPLES = 3
_HASH = re.compile(r"\b[0-9a-f]{17,}\b")  # our pseudonyms have 16 digits and stay whole
_HASH_SHOWN = 8


def checks(report: CheckedData, *, language: str | None = None) -> GT:
    """Which faults do the data have, how many rows does each touch, and what is to be done?

    The checks that passed, and those that had nothing to look at, are named below the table.
    """
    words = words_in(language or report.agreement.language)
    every = report.table.to_dict("records")
    found = [row for row in every if row["status"] != "pass"]
    rows = pd.DataFrame(
        [
            [
                words.check_title(str(row["check"])),
                words.say(f"status.{row['status']}"),
                words.check_counted(row),
                _shortened(words.check_examples(report.agreement, row, most=_EXAMPLES)),
                words.check_meaning(row),
                words.check_advice(str(row["check"])),
            ]
            for row in found
        ],
        columns=["check", "status", "offending_rows", "examples", "meaning", "advice"],
        dtype=object,
    )
    instant = words.instant(report.as_of, report.agreement.timezone)
    return framed(
        rows,
        headings={name: words.column(name) for name in rows.columns},
        title=words.check_finding(check_counts(report)),
        subtitle=f"{report.agreement.company} · {words.say('title.checks_subtitle')}",
        notes=[*_passed(words, every), words.say("footer.as_of", instant=instant)],
        texts=("check", "status", "offending_rows", "examples", "meaning", "advice"),
        nowrap=("status",),
        widths={"meaning": "30%", "advice": "22%"},
        least={"meaning": "260px", "advice": "190px"},
        strong=[number for number, row in enumerate(found) if row["status"] == "fail"],
    )


def _shortened(examples: str) -> str:
    """Examples whose long hashes are cut to what tells them apart: `8ddf1a2b…`.

    Pseudonyms stay whole: `funnel reveal` takes them as they stand.
    """
    return _HASH.sub(lambda found: f"{found[0][:_HASH_SHOWN]}…", examples)


def _passed(words: Words, every: Sequence[Mapping[Any, Any]]) -> list[str]:
    """The checks below the table: passed, with what they found within the limit, and unjudged."""
    passed, unjudged = [], []
    for row in every:
        title = words.check_title(str(row["check"]))
        if is_unjudged(row):
            unjudged.append(title)
        elif row["status"] == "pass" and int(row["offending_rows"]):
            counted = words.check_counted(row)
            passed.append(words.say("checked.within", title=title, counted=counted))
        elif row["status"] == "pass":
            passed.append(title)
    return [
        words.say(f"checked.{key}", checks="; ".join(titles))
        for key, titles in (("passed", passed), ("unjudged", unjudged))
        if titles
    ]


def completeness(
    result: Result | Missing | None, *, language: str | None = None
) -> GT | Notice | None:
    """How well is each field filled, by the team that owns the rows? Only fields with gaps."""
    if result is None:
        return None
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    table = result.table
    totals = table[table["is_total"]]
    gaps = totals[totals["filled_rows"] < totals["of_rows"]]
    groups = _team_columns(words, result.agreement, table)
    cells = []
    for total in gaps.to_dict("records"):
        of_field = table[
            (table["table_name"] == total["table_name"]) & (table["field"] == total["field"])
        ]
        row = {
            "table_name": _title_of(words, str(total["table_name"])),
            "field": words.field(str(total["field"])),
        }
        for column, (_, chosen) in groups.items():
            row[column] = _filled(words, of_field[chosen.loc[of_field.index]])
        cells.append(row)
    headings = {"field": words.column("field")}
    headings |= {column: heading for column, (heading, _) in groups.items()}
    frame = pd.DataFrame(cells, columns=["table_name", *headings], dtype=object)
    complete = totals[totals["filled_rows"] == totals["of_rows"]]
    return framed(
        frame,
        headings=headings,
        title=words.say("title.completeness"),
        subtitle=words.say("title.completeness_subtitle"),
        notes=[*_complete(words, complete), words.definition("completeness"), words.as_of(result)],
        texts=("field",),
        group="table_name",
    )


def _team_columns(
    words: Words, agreed: Agreement, table: pd.DataFrame
) -> dict[str, tuple[str, pd.Series]]:
    """The columns of the table of completeness: heading, and which rows of the result they show."""
    is_total, is_folded, team = table["is_total"], table["is_folded"], table["team"]
    columns = {"total": (words.column("all_teams"), is_total)}
    for number, name in enumerate(sorted(team.dropna().unique())):
        columns[f"team_{number}"] = (words.team(agreed, str(name)), team == name)
    if is_folded.any():
        columns["folded"] = (words.column("folded_teams"), is_folded)
    nobody = team.isna() & ~is_total & ~is_folded
    if nobody.any():
        columns["nobody"] = (words.column("no_team"), nobody)
    return columns


def _filled(words: Words, rows: pd.DataFrame) -> str:
    """`93,2 % (1.234)`; nothing where the team has no such rows."""
    if rows.empty:
        return ""
    row = rows.iloc[0]
    share = words.percent(row["share"])
    return words.form("with_mark", text=share, mark=words.whole(row["of_rows"]))


def _complete(words: Words, totals: pd.DataFrame) -> list[str]:
    """The fields without gaps, table by table."""
    by_table = [
        words.form(
            "labelled",
            label=_title_of(words, str(name)),
            text=words.list_of([words.field(str(field)) for field in part["field"]]),
        )
        for name, part in totals.groupby("table_name", sort=True)
    ]
    return [words.say("checked.complete", fields="; ".join(by_table))] if by_table else []


def _title_of(words: Words, table: str) -> str:
    thing = words.thing(table)
    return thing[:1].upper() + thing[1:]


def identity(result: Result, *, language: str | None = None) -> GT:
    """Which rule joined how many people, visitors and companies, and where did it join nothing?"""
    words = words_for(result, language=language)
    counts = ("links", "leads", "touches", "conflicts")
    cells = {
        "rule": [words.say(f"identity_rule.{each}") for each in result.table["rule"]],
        **{name: [words.whole(each) for each in result.table[name]] for name in counts},
    }
    frame = pd.DataFrame(cells, dtype=object)
    return framed(
        frame,
        headings={name: words.column(name) for name in frame.columns},
        title=words.say("title.identity"),
        subtitle=words.say("title.identity_subtitle"),
        notes=[words.definition("identity_yield"), words.as_of(result)],
        texts=("rule",),
    )


def loads(loaded: pd.DataFrame, *, language: str, timezone: str = "UTC") -> GT:
    """Which files are the numbers made of, and what became of their rows?

    Parameters
    ----------
    loaded
        `warehouse.loads()`: one row per file and table with its counts of rows. Total rows,
        restated and forgotten rows are shown where there are any.
    timezone
        In which the instants of the exports are shown, where they are known.
    """
    words = words_in(language)
    counts = [
        name
        for name in _LOAD_COUNTS
        if name in loaded.columns and (name not in _RARE_COUNTS or loaded[name].fillna(0).any())
    ]
    headings = {"file": words.column("file"), "table_name": words.column("table")}
    headings |= {name: words.column(name) for name in counts}
    cells: dict[str, list[str]] = {
        "file": [str(each) for each in loaded["file"]],
        "table_name": [_title_of(words, str(each)) for each in loaded["table_name"]],
        **{name: [words.whole(each) for each in loaded[name]] for name in counts},
    }
    if "exported_at" in loaded.columns and loaded["exported_at"].notna().any():
        headings["exported_at"] = words.column("as_of")
        cells["exported_at"] = [
            words.missing if is_missing(each) else words.instant(each, timezone)
            for each in loaded["exported_at"]
        ]
    return framed(
        pd.DataFrame(cells, dtype=object),
        headings=headings,
        title=words.say("title.loads"),
        subtitle=words.say(
            "title.loads_subtitle",
            read=words.column("rows_read"),
            parts=" + ".join(words.column(name) for name in counts if name in _LOADED_PARTS),
        ),
        texts=("file", "table_name"),
        nowrap=("table_name",),
    )
