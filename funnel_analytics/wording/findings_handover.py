"""What was found about hand-overs: answers, reasons, completeness, returns, missed deadlines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.results import Note, Result
from funnel_analytics.wording.findings_flows import asked_group, worded_reason
from funnel_analytics.wording.numbers import is_missing, is_true
from funnel_analytics.wording.phrases import Phrases

__all__ = [
    "HANDOVER_TOPICS",
    "NOTES",
    "asked_kind",
    "fields_label",
    "handover_kind",
    "handovers",
    "rejection_label",
    "rejection_place",
    "returns_label",
    "same_segment",
    "team_way",
]

HANDOVER_TOPICS = ("answers", "reasons", "completeness", "returns", "missed")
_KINDS = ("marketing_to_sdr", "sdr_to_sales", "reassigned")
_MOST_GROUPS = 2


def handover_kind(words: Phrases, agreement: Agreement, kind: str) -> str:
    """What a kind of hand-over is called: `Marketing an Vertrieb`."""
    if kind == "reassigned" or not words.has("handover_kind", kind):
        return words.say(f"handover.{kind}") if words.has("handover", kind) else kind
    teams = {name: words.team(agreement, name) for name in ("marketing", "sdr", "sales")}
    return words.say(f"handover_kind.{kind}", **teams)


def team_way(words: Phrases, result: Result, row: Any) -> str:
    """From which team to which: `Marketing an Vertrieb`; small groups are one."""
    if is_true(row["is_rest"]):
        return words.say("segment.folded")
    first, last = (
        words.say("handover.no_team") if is_missing(row[name])
        else words.team(result.agreement, str(row[name]))
        for name in ("from_team", "to_team")
    )  # fmt: skip
    return words.say("handover.way", first=first, last=last)


def rejection_label(words: Phrases, result: Result, row: Any) -> str:
    """What the reason of a rejected hand-over is called."""
    if is_missing(row["reason"]):
        return words.say("state.no_reason")
    return worded_reason(words, result, str(row["reason"]), status="rejected")


def rejection_place(words: Phrases, result: Result, row: Any, *, by: str | None) -> str:
    """The origin or the receiving team of rejections, as a heading."""
    if by is None:
        return words.say("handover.everything")
    if is_true(row["is_rest"]):
        return words.say("segment.folded")
    if by == "origin":
        return words.segment(result.agreement, "origin", row["origin"])
    if is_missing(row["to_team"]):
        return words.say("segment.missing")
    return words.team(result.agreement, str(row["to_team"]))


def fields_label(words: Phrases, row: Any) -> str:
    """How many agreed fields were missing: `2 Angaben fehlen`."""
    if is_missing(row["missing_fields"]):
        return words.say("handover.no_fields")
    return words.amount("missing_fields", int(row["missing_fields"]))


def returns_label(words: Phrases, row: Any) -> str:
    """How often leads were returned: `2 Rückgaben`, `3 oder mehr Rückgaben`."""
    if is_true(row["is_or_more"]):
        return words.say("handover.or_more", n=words.whole(row["returns"]))
    return words.amount("returns", int(row["returns"]))


def asked_kind(result: Result, table: pd.DataFrame, kind: str | None) -> str | None:
    """The kind a sentence or figure is about: the one asked for, else the one with most.

    Raises
    ------
    CallError
        There is no such kind.
    """
    if kind is not None and kind not in _KINDS:
        raise CallError(
            f"Unknown kind of hand-over '{kind}'; there are {', '.join(_KINDS)}."
            f"{did_you_mean(kind, _KINDS)}"
        )
    known = [each for each in _KINDS if (table["kind"] == each).any()]
    return kind or next(iter(known), None)


def handovers(
    words: Phrases,
    result: Result,
    *,
    about: str = "answers",
    kind: str | None = None,
    by: str | None = None,
    segment: Any = None,
) -> str:
    """What came of the hand-overs?

    Parameters
    ----------
    about
        `"answers"`, `"reasons"` (of all, or `by="origin"` or `"team"`), `"completeness"`,
        `"returns"` or `"missed"`.
    kind
        The kind of hand-over; the first that there is unless asked.
    segment
        The group, by default the largest.

    Raises
    ------
    CallError
        There is no such topic, kind or group.
    """
    if about not in HANDOVER_TOPICS:
        raise CallError(
            f"Nothing is said about '{about}', only about {', '.join(HANDOVER_TOPICS)}."
            f"{did_you_mean(about, HANDOVER_TOPICS)}"
        )
    table = asked_group(result, result.table, size="handovers", segment=segment)
    in_period = words.in_period(str(result.parameters["period"]))
    if table.empty:
        return words.say("finding.handovers.nothing", in_period=in_period)
    if table["handovers"].isna().all():
        return words.say("finding.too_few", in_period=in_period)
    group = table.iloc[0]
    asked = str(asked_kind(result, table, kind))
    said = {"in_period": in_period, "kind": handover_kind(words, result.agreement, asked)}
    if not (table["kind"] == asked).any():
        return words.say("finding.handovers.nothing", in_period=in_period)
    if about == "reasons" and is_missing(_of_kind(table, asked)["accepted_handovers"]):
        about = "answers"  # whether any was rejected is not recorded
    if about == "reasons" and by is not None:
        return _reasons(words, result, asked, by, said)
    rows = table if about == "answers" else same_segment(result.part(_PARTS[about]), group)
    if about != "returns":
        rows = rows[rows["kind"] == asked]
    text = _TELL[about](words, result, rows, said)
    if result.parameters.get("by") is None:
        return text
    return words.form("labelled", label=words.group(result, group), text=text)


def _of_kind(table: pd.DataFrame, kind: str) -> pd.Series:
    return table[table["kind"] == kind].iloc[0]


def same_segment(rows: pd.DataFrame, group: Any) -> pd.DataFrame:
    """The rows about the same group of leads; a missing value is one of its own."""
    kept = rows["is_folded"].map(is_true).astype(bool) == is_true(group["is_folded"])
    for name in ("segment", "second_segment"):
        if name in rows.columns:
            kept &= rows[name].isna() if is_missing(group[name]) else rows[name] == group[name]
    return rows[kept]


def _due(words: Phrases, key: str, part: Any, of: Any) -> str:
    return words.say(f"count.{key}", count=of, part=words.whole(part))


def _answers(words: Phrases, _: Result, rows: pd.DataFrame, said: dict[str, str]) -> str:
    row = rows.iloc[0]
    handed = words.amount("handovers", row["handovers"])
    if is_missing(row["accepted_handovers"]):
        return words.say("finding.handovers.without_answers", handovers=handed, **said)
    counts = {
        name: words.whole(row[f"{name}_handovers"]) for name in ("rejected", "silent", "unanswered")
    }
    if is_missing(row["due_handovers"]):
        of = _due(words, "of_handovers", row["accepted_handovers"], row["handovers"])
        del counts["silent"]
        return words.say("finding.handovers.without_deadline", of=of, **counts, **said)
    if row["due_handovers"] == 0:
        return words.say("finding.handovers.not_due", handovers=handed, **said)
    del counts["unanswered"]
    return words.say(
        "finding.handovers.answers",
        due=_due(words, "due_handovers", row["accepted_handovers"], row["due_handovers"]),
        accepted_share=words.percent(row["accepted_share"]),
        within=words.form(
            "part_of",
            part=words.whole(row["within_deadline_handovers"]),
            whole=words.whole(row["judged_handovers"]),
        ),
        within_share=words.percent(row["within_deadline_share"]),
        **counts,
        **said,
    )


def _most_frequent(words: Phrases, result: Result, rows: pd.DataFrame) -> str:
    """The most frequent reason, or all that are equally frequent."""
    tied = rows[rows["rejected_handovers"] == rows["rejected_handovers"].max()]
    reasons = [
        words.say("state_in_text.no_reason") if is_missing(row["reason"])
        else words.quoted(rejection_label(words, result, row))
        for _, row in tied.iterrows()
    ]  # fmt: skip
    row = tied.iloc[0]
    return words.say(
        f"finding.handovers.{'reason' if len(tied) == 1 else 'reason_each'}",
        reason=words.list_of(reasons),
        of=_due(words, "of_rejections", row["rejected_handovers"], row["of_handovers"]),
        share=words.percent(row["rejected_share"]),
    )


def _reason(words: Phrases, result: Result, rows: pd.DataFrame, said: dict[str, str]) -> str:
    if rows.empty:
        return words.say("finding.handovers.no_rejections", **said)
    groups = _most_frequent(words, result, rows)
    return words.say("finding.handovers.reasons", groups=groups, **said)


def _reasons(words: Phrases, result: Result, kind: str, by: str, said: dict[str, str]) -> str:
    """The most frequent reason of each of the largest origins or teams."""
    if by not in ("origin", "team"):
        raise CallError(
            f"Reasons of hand-overs are by 'origin' or 'team', not by '{by}'."
            f"{did_you_mean(by, ('origin', 'team'))}"
        )
    rows = result.part(f"reasons_by_{by}")
    rows = rows[rows["kind"] == kind]
    if rows.empty:
        return words.say("finding.handovers.no_rejections", **said)
    rows = rows[rows["rejected_handovers"].notna()]
    if rows.empty:
        return words.say("finding.handovers.few_rejections", **said)
    column = "origin" if by == "origin" else "to_team"
    heads = rows[~rows.duplicated(["is_rest", column])]
    heads = heads.sort_values("of_handovers", ascending=False, kind="stable").head(_MOST_GROUPS)
    # Of the others too few were rejected for one reason to be the usual one; one is always told.
    enough = heads["of_handovers"] >= result.agreement.minimum_group_size
    heads = heads[enough] if enough.any() else heads.head(1)
    told = []
    for _, row in heads.iterrows():
        place = rejection_place(words, result, row, by=by)
        same = rows["is_rest"].map(is_true).astype(bool) == is_true(row["is_rest"])
        same &= rows[column].isna() if is_missing(row[column]) else rows[column] == row[column]
        text = _most_frequent(words, result, rows[same])
        told.append(words.form("labelled", label=place, text=text))
    return words.say("finding.handovers.reasons", groups=words.list_of(told), **said)


def _completeness(words: Phrases, _: Result, rows: pd.DataFrame, said: dict[str, str]) -> str:
    known = rows[rows["missing_fields"].notna() & rows["handovers"].notna()]
    if known.empty:
        return words.say("finding.handovers.no_fields", **said)
    whole = known["of_handovers"].iloc[0]
    full = known[known["missing_fields"] == 0]
    share = 0.0 if full.empty else full["handovers_share"].iloc[0]
    values = {
        "of": _due(words, "of_handovers", 0 if full.empty else full["handovers"].iloc[0], whole),
        "share": words.percent(share),
        "full": words.percent(None if full.empty else full["accepted_share"].iloc[0]),
    }
    short = known[known["missing_fields"] > 0]
    if short.empty:
        return words.say("finding.handovers.completeness", **values, **said)
    most = short.sort_values("handovers", ascending=False, kind="stable").iloc[0]
    return words.say(
        "finding.handovers.completeness_less",
        fields=words.say("finding.handovers.fields", count=int(most["missing_fields"])),
        less=words.percent(most["accepted_share"]),
        **values,
        **said,
    )


def _returns(words: Phrases, _: Result, rows: pd.DataFrame, said: dict[str, str]) -> str:
    whole = rows["of_leads"].iloc[0]
    none = rows.loc[rows["returns"] == 0]
    back = whole - (0 if none.empty else none["leads"].iloc[0])
    return words.say(
        "finding.handovers.returns",
        count=back,
        of=words.say("count.leads_dative", count=whole),
        share=words.percent(back / whole),
        in_period=said["in_period"],
    )


def _missed(words: Phrases, result: Result, rows: pd.DataFrame, said: dict[str, str]) -> str:
    if rows.empty or not rows["judged_handovers"].iloc[0]:
        return words.say("finding.handovers.none_judged", **said)
    row = rows.iloc[0]
    values = {
        "due": _due(words, "due_handovers", row["missed_handovers"], row["judged_handovers"]),
        "share": words.percent(row["missed_share"]),
        "passed_on": words.whole(row["passed_on_handovers"]),
    }
    if is_missing(row["escalated_handovers"]):
        return words.say("finding.handovers.missed_unknown", **values, **said)
    counts = {name: words.whole(row[f"{name}_handovers"]) for name in ("escalated", "neither")}
    return words.say("finding.handovers.missed", **values, **counts, **said)


_PARTS = {
    "reasons": "reasons",
    "completeness": "completeness",
    "returns": "returns",
    "missed": "missed",
}
_TELL: Mapping[str, Callable[[Phrases, Result, pd.DataFrame, dict[str, str]], str]] = {
    "answers": _answers,
    "reasons": _reason,
    "completeness": _completeness,
    "returns": _returns,
    "missed": _missed,
}


def _counted(code: str) -> Callable[[Phrases, Result, Note], list[str]]:
    def sentences(words: Phrases, result: Result, note: Note) -> list[str]:
        values = {}
        if "of" in note.values:
            values["of"] = words.whole(note.values["of"])
        if "reasons" in note.values:
            names = [worded_reason(words, result, str(each)) for each in note.values["reasons"]]
            values["reasons"] = words.list_of([words.quoted(each) for each in names])
        return [words.say(f"note.{code}", count=note.values["handovers"], **values)]

    return sentences


def _of_kinds(code: str) -> Callable[[Phrases, Result, Note], list[str]]:
    def sentences(words: Phrases, result: Result, note: Note) -> list[str]:
        kinds = [handover_kind(words, result.agreement, str(each)) for each in note.values["kinds"]]
        return [words.say(f"note.{code}", kinds=words.list_of(kinds))]

    return sentences


NOTES: Mapping[str, Callable[[Phrases, Result, Note], list[str]]] = {
    **{
        code: _counted(code)
        for code in (
            "answered_before",
            "answered_twice",
            "handed_on_day",
            "other_deadline",
            "unagreed_rejections",
            "without_rejection_reason",
        )
    },
    **{code: _of_kinds(code) for code in ("no_answers", "no_deadline")},
}
