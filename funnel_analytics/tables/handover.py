"""Tables of hand-overs: answers, reasons, completeness, returns and missed deadlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from great_tables import GT

from funnel_analytics.results import Missing, Result
from funnel_analytics.tables.frame import framed
from funnel_analytics.tables.stages import Cell, counted
from funnel_analytics.wording import (
    Notice,
    Words,
    fields_label,
    handover_kind,
    is_missing,
    is_true,
    notice,
    rejection_label,
    rejection_place,
    returns_label,
    words_for,
)

__all__ = [
    "handover_completeness",
    "handover_reasons",
    "handover_returns",
    "handovers",
    "missed_handovers",
]


def handovers(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What came of the hand-overs? One row per segment and kind."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    if result.table.empty:
        return Notice(f"{words.finding(result)}.")
    unit = words.say(f"unit_short.{words.working(result.agreement)}")
    parts = ["accepted", "rejected", "silent", "waiting", "answered_before"]
    counts = [f"{name}_handovers" for name in parts]
    table = result.table
    shown = [each for each in counts[:4] if table[each].notna().any()]
    shown += [each for each in counts[4:] if (table[each].fillna(0) != 0).any()]
    hours = ["median_hours", "deadline_hours"]
    return _table(
        words,
        result,
        table,
        {
            "handover_kind": _kind(words, result),
            **counted(words, "handovers", *shown),
            "within_deadline_handovers": lambda row: _share(
                words, row, "within_deadline_handovers", "judged_handovers", "within_deadline"
            ),
            **{name: _hours(words, name) for name in hours},
        },
        title=words.table_name(result),
        texts=("handover_kind",),
        group=_group(words, result),
        headings={name: words.say(f"column.{name}", unit=unit) for name in hours},
    )


def handover_reasons(
    result: Result | Missing, *, by: str | None = None, language: str | None = None
) -> GT | Notice:
    """Why were hand-overs rejected? One row per reason, under its kind and `by`.

    `by` is `"origin"` or `"team"` (the receiving one), over all groups; without it the groups of
    the result are headings.
    """
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.part("reasons" if by is None else f"reasons_by_{by}")
    if rows.empty:
        return Notice(f"{words.finding(result, about='reasons')}.")

    def where(row: Any) -> str:
        kind = handover_kind(words, result.agreement, row["kind"])
        if by is not None:
            place = rejection_place(words, result, row, by=by)
        elif result.parameters.get("by") is not None:
            place = words.group(result, row)
        else:
            return kind
        return words.form("labelled", label=kind, text=place)

    return _table(
        words,
        result,
        rows,
        {
            "reason_of_rejection": lambda row: rejection_label(words, result, row),
            **counted(words, "rejected_handovers"),
            "of_leads": lambda row: words.whole(row["of_handovers"]),
            "leads_share": lambda row: words.percent(row["rejected_share"]),
            "interval": lambda row: words.interval(row["rejected_low"], row["rejected_high"]),
        },
        title=words.say("title.handover_reasons"),
        texts=("reason_of_rejection",),
        group=where,
        muted=[number for number, each in enumerate(rows["reason"]) if is_missing(each)],
    )


def handover_completeness(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How many agreed fields were missing, and which share was accepted? One row per number."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.part("completeness")
    if rows.empty:
        return Notice(f"{words.finding(result, about='completeness')}.")
    return _table(
        words,
        result,
        rows,
        {
            "missing_fields": lambda row: fields_label(words, row),
            **counted(words, "handovers"),
            "handovers_share": lambda row: words.percent(row["handovers_share"]),
            **counted(words, "rejected_handovers"),
            "accepted_share": lambda row: _share(
                words, row, "accepted_handovers", "due_handovers", "accepted"
            ),
        },
        title=words.say("title.handover_completeness"),
        texts=("missing_fields",),
        group=_kind_of_group(words, result),
    )


def handover_returns(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """How often were leads returned, and what became of them? One row per number of returns."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.part("returns")
    if rows.empty:
        return Notice(f"{words.finding(result)}.")
    return _table(
        words,
        result,
        rows,
        {
            "returns": lambda row: returns_label(words, row),
            **counted(words, "leads"),
            "leads_share": lambda row: words.percent(row["leads_share"]),
            "moved_on_after_leads": lambda row: _share(
                words, row, "moved_on_leads", "leads", "moved_on"
            ),
            "won_after_leads": lambda row: _share(words, row, "won_leads", "leads", "won"),
            "mean_days_watched": lambda row: words.whole(row["mean_days_watched"]),
        },
        title=words.say("title.handover_returns"),
        texts=("returns",),
        group=_group(words, result),
        remarks=[words.say("legend.handover_returns")],
    )


def missed_handovers(result: Result | Missing, *, language: str | None = None) -> GT | Notice:
    """What followed a missed deadline, and what was agreed? One row per segment and kind."""
    if isinstance(result, Missing):
        return notice(result, language=language)
    words = words_for(result, language=language)
    rows = result.part("missed")
    if rows.empty:
        return Notice(f"{words.finding(result, about='missed')}.")
    unit = words.say(f"unit_short.{words.working(result.agreement)}")
    done = ("escalated", "passed_on", "neither")
    return _table(
        words,
        result,
        rows,
        {
            "handover_kind": _kind(words, result),
            "agreed_then": lambda row: _agreed(words, result, row),
            "missed_handovers": lambda row: _share(
                words, row, "missed_handovers", "judged_handovers", "missed"
            ),
            **counted(words, *(f"{name}_handovers" for name in done)),
            "median_hours_late": _hours(words, "median_hours_late"),
        },
        title=words.say("title.missed_handovers"),
        texts=("handover_kind", "agreed_then"),
        group=_group(words, result),
        headings={"median_hours_late": words.say("column.median_hours_late", unit=unit)},
        remarks=[words.say("legend.missed_handovers")],
    )


def _table(
    words: Words,
    result: Result,
    rows: pd.DataFrame,
    cells: Mapping[str, Cell],
    *,
    title: str,
    texts: Sequence[str],
    group: Cell | None = None,
    headings: Mapping[str, str] | None = None,
    muted: Sequence[int] = (),
    remarks: Sequence[str] = (),
) -> GT:
    """Worded cells under a name of their own."""
    worded = pd.DataFrame(
        {name: [cell(row) for _, row in rows.iterrows()] for name, cell in cells.items()},
        columns=list(cells),
        dtype=object,
    )
    if group is not None:
        worded["_group"] = [group(row) for _, row in rows.iterrows()]
    return framed(
        worded,
        headings={name: (headings or {}).get(name) or words.column(name) for name in cells},
        title=title,
        subtitle=words.subtitle(result),
        notes=[words.footer(result), *remarks, *words.notes(result)],
        texts=texts,
        group=None if group is None else "_group",
        muted=muted,
    )


def _group(words: Words, result: Result) -> Cell | None:
    if result.parameters.get("by") is None:
        return None
    return lambda row: words.group(result, row)


def _kind(words: Words, result: Result) -> Cell:
    return lambda row: handover_kind(words, result.agreement, str(row["kind"]))


def _kind_of_group(words: Words, result: Result) -> Cell:
    """The kind as a heading, with the group where the result is split."""

    def heading(row: Any) -> str:
        kind = handover_kind(words, result.agreement, str(row["kind"]))
        if result.parameters.get("by") is None:
            return kind
        return words.form("labelled", label=words.group(result, row), text=kind)

    return heading


def _hours(words: Words, name: str) -> Cell:
    return lambda row: "" if is_missing(row[name]) else words.number(row[name], fixed=True)


def _share(words: Words, row: Any, part: str, whole: str, share: str) -> str:
    """`49 von 72: 68,1 % (56,6–77,7 %)`; nothing where it is not known."""
    if is_missing(row[part]) or is_missing(row[whole]):
        return ""
    counts = words.form("part_of", part=words.whole(row[part]), whole=words.whole(row[whole]))
    if is_missing(row[f"{share}_share"]):
        return counts
    limits = words.interval(row[f"{share}_low"], row[f"{share}_high"])
    return words.form(
        "share_of", part=counts, share=words.percent(row[f"{share}_share"]), limits=limits
    )


def _agreed(words: Words, result: Result, row: Any) -> str:
    """What is to be done by the agreement when a deadline is missed."""
    said = []
    if not is_missing(row["escalate_to"]):
        team = words.team(result.agreement, str(row["escalate_to"]))
        said.append(words.say("agreed_then.escalate", team=team))
    if is_true(row["return_to_pool"]):
        said.append(words.say("agreed_then.pool"))
    return words.list_of(said) if said else words.say("agreed_then.nothing")
