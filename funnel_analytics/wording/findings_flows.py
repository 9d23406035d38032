"""What was found about flows, reasons and closed leads: one sentence each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.results import Result
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "CLOSINGS",
    "asked_group",
    "asked_status",
    "closed_leads_later",
    "loss_reasons",
    "reason_label",
    "stage_flows",
    "state_label",
    "worded_reason",
]

CLOSINGS = ("lost", "rejected", "recycled", "nurture")
_EXITS = ("moved_back", *CLOSINGS)
_TOLD_FIRST = ("rejected", "lost", "recycled", "nurture")


def asked_group(
    result: Result, table: pd.DataFrame, *, size: str, segment: Any = None
) -> pd.DataFrame:
    """The rows of a table about one group of leads.

    Parameters
    ----------
    size
        The column by which the largest group is chosen where no `segment` is asked for.
    segment
        The group's value, or the pair of them; `pd.NA` for leads without a value.

    Raises
    ------
    CallError
        There is no such group in the result.
    """
    if result.parameters.get("by") is None or table.empty:
        return table
    names = [name for name in ("segment", "second_segment") if name in table.columns]
    if segment is None:
        largest = table.iloc[_place_of_most(table[size])]
        wanted, folded = list(largest[names]), is_true(largest["is_folded"])
    else:
        wanted = list(segment) if isinstance(segment, (tuple, list)) else [segment]
        wanted += [pd.NA] * (len(names) - len(wanted))
        folded = False
    kept = pd.Series(True, index=table.index)
    for name, value in zip(names, wanted, strict=True):
        kept &= table[name].isna() if is_missing(value) else table[name] == value
    if segment is None:
        kept &= table["is_folded"].map(is_true).astype(bool) == folded
    if not kept.any():
        known = [str(each) for each in table[names[0]].dropna().unique()]
        raise CallError(
            f"The result has no group '{segment}'.{did_you_mean(str(segment), known)} "
            f"Groups: {', '.join(known)}."
        )
    return table[kept]


def _place_of_most(counts: pd.Series) -> int:
    return int(counts.astype("Float64").fillna(-1.0).to_numpy(float).argmax())


def _nothing(words: Phrases, result: Result, rows: pd.DataFrame, metric: str) -> str:
    """The sentence where there is nothing, or nothing that may be shown."""
    counts = rows.select_dtypes("number").drop(columns=["position"], errors="ignore")
    is_hidden = len(rows) > 0 and bool(counts.isna().all(axis=None))
    key = "finding.too_few" if is_hidden else f"finding.{metric}.nothing"
    return words.say(key, in_period=words.in_period(str(result.parameters["period"])))


def asked_status(result: Result, status: str | None) -> str | None:
    """The status a figure is about: the one asked for, else the first that any lead has.

    Raises
    ------
    CallError
        There is no such status.
    """
    if status is not None and status not in CLOSINGS:
        raise CallError(
            f"Unknown status '{status}'; there are {', '.join(CLOSINGS)}."
            f"{did_you_mean(status, CLOSINGS)}"
        )
    known = set(result.table["status"])
    return status or next((each for each in _TOLD_FIRST if each in known), None)


def reason_label(words: Phrases, result: Result, row: Any) -> str:
    """What the reason of a row is called: by the list of its status, else by any, else as it is."""
    if is_missing(row["reason"]):
        return words.say("state.no_reason")
    return worded_reason(words, result, str(row["reason"]), status=str(row["status"]))


def worded_reason(words: Phrases, result: Result, reason: str, *, status: str | None = None) -> str:
    """The label of a reason; one that no list of the agreement has keeps its own name."""
    lists = result.agreement.reasons
    kinds = (status or "", "recycled", *lists)
    kind = next((each for each in kinds if reason in lists.get(each, {})), "")
    return result.agreement.reason_label(kind, reason, words.language)


def state_label(words: Phrases, result: Result, state: str) -> str:
    """What a state of a lead is called: a stage by its label, a closing by our word."""
    if state in result.agreement.stage_names:
        return words.stage(result.agreement, state)
    return words.say(f"state.{state}")


def stage_flows(words: Phrases, result: Result, *, segment: Any = None) -> str:
    """What was the most frequent way out of a stage other than moving on?"""
    table = asked_group(result, result.table, size="entered_stays", segment=segment)
    known = table[table["entered_stays"].notna()]
    if known.empty or not (known["entered_stays"] > 0).any():
        return _nothing(words, result, table, "stage_flows")
    ways_out = [(row, each) for _, row in known.iterrows() for each in _EXITS]
    row, way_out = max(ways_out, key=lambda each: int(each[0][f"{each[1]}_stays"]))
    count, entered = row[f"{way_out}_stays"], row["entered_stays"]
    if count == 0:
        return words.say("finding.stage_flows.none", by=words.by_as_of(result))
    stage = words.quoted(words.stage(result.agreement, str(row["stage"])))
    if result.parameters.get("by") is not None:
        stage = words.form("with_mark", text=stage, mark=words.group(result, row))
    return words.say(
        "finding.stage_flows.exit",
        count=count,
        of_stays=words.say("count.of_stays", count=entered, part=words.whole(count)),
        stage=stage,
        exit=words.say(f"exit.{way_out}"),
        by=words.by_as_of(result),
        share=words.percent(count / entered),
    )


def loss_reasons(
    words: Phrases, result: Result, *, status: str | None = None, segment: Any = None
) -> str:
    """Which reason was given most often? Of one status, or of rejected and lost leads each."""
    rows = asked_group(result, result.part("by_reason"), size="of_leads", segment=segment)
    hidden, rows = rows, rows[rows["leads"].notna()]
    if status is None:
        told = [each for each in _TOLD_FIRST[:2] if (rows["status"] == each).any()]
        told = told or list(dict.fromkeys(rows["status"]))[:1]
    else:
        told = [status] if (rows["status"] == asked_status(result, status)).any() else []
    if not told:
        return _nothing(words, result, hidden, "loss_reasons")
    clauses = []
    for each in told:
        row = rows[rows["status"] == each].iloc[0]
        reason = words.say("state_in_text.no_reason")
        if not is_missing(row["reason"]):
            reason = words.quoted(reason_label(words, result, row))
        clauses.append(
            words.say(
                "finding.loss_reasons.one",
                status=words.say(f"state_in_text.{each}"),
                reason=reason,
                of_leads=words.say(
                    "count.of_leads", count=row["of_leads"], part=words.whole(row["leads"])
                ),
                share=words.percent(row["leads_share"]),
            )
        )
    text = words.say(
        "finding.loss_reasons.top",
        count=len(told),
        in_period=words.in_period(str(result.parameters["period"])),
        reasons=", ".join(clauses),
    )
    return _of_group(words, result, rows, text)


def _of_group(words: Phrases, result: Result, rows: pd.DataFrame, text: str) -> str:
    if result.parameters.get("by") is None:
        return text
    return words.form("labelled", label=words.group(result, rows.iloc[0]), text=text)


def closed_leads_later(
    words: Phrases, result: Result, *, status: str | None = None, segment: Any = None
) -> str:
    """How many of the leads that took a status were won later? Rejected ones unless asked."""
    asked = asked_status(result, status)
    table = result.table[result.table["status"] == asked]
    rows = asked_group(result, table, size="closed_leads", segment=segment)
    if not rows["closed_leads"].notna().any():
        return _nothing(words, result, rows, "closed_leads_later")
    row = rows.iloc[0]
    has_worth = not is_missing(row["won_amount"]) and row["won_amount"] > 0
    text = words.say(
        f"finding.closed_leads_later.{'won_worth' if has_worth else 'won'}",
        status=words.say(f"state.{asked}"),
        of_leads=words.say(
            "count.of_leads", count=row["closed_leads"], part=words.whole(row["won_leads"])
        ),
        by=words.by_as_of(result),
        rate=words.percent(row["won_rate"]),
        amount=words.money(row["won_amount"], result.agreement.currency, compact=True),
        returned=words.say("finding.closed_leads_later.returned", count=row["re_entered_leads"]),
    )
    return _of_group(words, result, rows, text)
