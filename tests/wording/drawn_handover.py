"""Results of hand-overs, drawn by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnel_analytics.results import Note, Result
from tests.wording.drawn import EVIL, NAN, in_october, result_of

NA = pd.NA


def _around(name: str, part: Any, whole: Any) -> dict[str, float]:
    share = part / whole if whole else NAN
    limits = {"low": max(share - 0.05, 0), "high": share + 0.05}
    return {f"{name}_share": share, **{f"{name}_{each}": at for each, at in limits.items()}}


def _row(kind: str, counts: tuple[int, ...], *, within: int, hours: float) -> dict[str, Any]:
    accepted, rejected, silent, waiting, before = counts
    due = accepted + rejected + silent
    return {
        "segment": None,
        "is_folded": False,
        "kind": kind,
        "handovers": sum(counts),
        "leads": sum(counts),
        "accepted_handovers": accepted,
        "rejected_handovers": rejected,
        "silent_handovers": silent,
        "waiting_handovers": waiting,
        "unanswered_handovers": silent + waiting,
        "answered_before_handovers": before,
        "day_precision_handovers": 0,
        "due_handovers": due,
        "judged_handovers": due,
        "within_deadline_handovers": within,
        "deadline_hours": hours,
        "median_hours": 5.25,
        "p90_hours": NAN,
        **_around("accepted", accepted, due),
        **_around("rejected", rejected, due),
        **_around("silent", silent, due),
        **_around("within_deadline", within, due),
    }


def _table() -> pd.DataFrame:
    rows = [
        _row("marketing_to_sdr", (60, 30, 10, 4, 1), within=70, hours=8),
        _row("sdr_to_sales", (8, 1, 1, 0, 0), within=5, hours=16),
    ]
    moved = dict.fromkeys(rows[0], None) | {
        "is_folded": False, "kind": "reassigned", "handovers": 3, "leads": 3,
    }  # fmt: skip
    table = pd.DataFrame([*rows, moved])
    for name in table.columns:
        if name.endswith("handovers") or name == "leads":
            table[name] = table[name].astype("Int64")
        elif name.endswith(("_share", "_low", "_high", "_hours")):
            table[name] = table[name].astype("float64")
    return table


# marketing to sdr: 30 rejected; of inbound 18 as no fit and 2 with an evil reason, of others few
REASONS = [("no_fit", 20), (EVIL, 6), (None, 4)]
BY_ORIGIN = [
    ("inbound", False, "no_fit", 18, 20),
    ("inbound", False, EVIL, 2, 20),
    ("partner", False, EVIL, 4, 6),
    ("partner", False, "no_fit", 2, 6),
    ("other_groups", True, None, 4, 4),
]


def _reasons() -> pd.DataFrame:
    rows = [
        {
            "segment": None, "is_folded": False, "kind": "marketing_to_sdr", "reason": reason,
            "is_agreed": None if reason is None else reason != EVIL,
            "rejected_handovers": count, "of_handovers": 30, **_around("rejected", count, 30),
        }
        for reason, count in REASONS
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _by(column: str) -> pd.DataFrame:
    rows = [
        {
            "kind": "marketing_to_sdr",
            column: place if column == "origin" else place.replace("inbound", "sdr"),
            "is_rest": is_rest, "reason": reason, "is_agreed": True,
            "rejected_handovers": count, "of_handovers": of, **_around("rejected", count, of),
        }
        for place, is_rest, reason, count, of in BY_ORIGIN
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _completeness(fields: list[tuple[Any, int, int, int]]) -> pd.DataFrame:
    known = sum(count for missing, count, _, _ in fields if missing is not NA)
    table = pd.DataFrame(
        [
            {
                "segment": None, "is_folded": False, "kind": "marketing_to_sdr",
                "missing_fields": missing, "agreed_fields": 4, "handovers": count,
                "of_handovers": known, "due_handovers": due, "accepted_handovers": accepted,
                "rejected_handovers": due - accepted, "filled_share": 1.0,
                **_around("handovers", count, 0 if missing is NA else known),
                **_around("accepted", accepted, due),
            }
            for missing, count, due, accepted in fields
        ]
    )  # fmt: skip
    return table.astype({"missing_fields": "Int64"})


def _returns(leads: list[int]) -> pd.DataFrame:
    whole = sum(leads)
    rows = [
        {
            "segment": None, "is_folded": False, "returns": number, "is_or_more": number == 3,
            "leads": count, "of_leads": whole, "moved_on_leads": count // 2, "won_leads": 0,
            **_around("leads", count, whole), **_around("moved_on", count // 2, count),
            **_around("won", 0, count), "mean_days_watched": 40.4,
        }
        for number, count in enumerate(leads) if count
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _missed(escalated: int | None) -> pd.DataFrame:
    row = {
        "segment": None, "is_folded": False, "kind": "marketing_to_sdr", "escalate_to": "sdr_lead",
        "return_to_pool": True, "judged_handovers": 100, "missed_handovers": 30,
        "answered_late_handovers": 20, "silent_handovers": 10, "escalated_handovers": escalated,
        "escalated_before_handovers": escalated, "passed_on_handovers": 6,
        "neither_handovers": None if escalated is None else 16, "deadline_hours": 8.0,
        **_around("missed", 30, 100), "median_hours_late": 4.5,
    }  # fmt: skip
    return pd.DataFrame([row])


FIELDS = [(0, 60, 58, 50), (1, 30, 30, 9), (3, 10, 10, 1), (NA, 5, 2, 0)]


def handover_result(
    *,
    table: pd.DataFrame | None = None,
    fields: list[tuple[Any, int, int, int]] | None = None,
    leads: tuple[int, ...] = (90, 6, 0, 4),
    escalated: int | None = 9,
    **given: Any,
) -> Result:
    return result_of(
        "handovers",
        _table() if table is None else table,
        in_october(**given),
        parts={
            "reasons": _reasons(),
            "reasons_by_origin": _by("origin"),
            "reasons_by_team": _by("to_team"),
            "completeness": _completeness(FIELDS if fields is None else fields),
            "returns": _returns(list(leads)),
            "missed": _missed(escalated),
        },
        notes=[
            Note("answered_before", {"handovers": 1}),
            Note("handed_on_day", {"handovers": 2}),
            Note("answered_twice", {"handovers": 1}),
            Note("other_deadline", {"handovers": 3, "of": 114}),
            Note("without_rejection_reason", {"handovers": 4, "of": 31}),
            Note("unagreed_rejections", {"handovers": 6, "reasons": [EVIL, "too_early"]}),
            Note("no_deadline", {"kinds": ["sdr_to_sales"]}),
            Note("no_answers", {"kinds": ["marketing_to_sdr"]}),
        ],
    )


def empty_result() -> Result:
    """No hand-overs at all."""
    full = handover_result()
    parts = {name: full.part(name).iloc[:0] for name in full.parts}
    return result_of("handovers", full.table.iloc[:0], full.parameters, parts=parts)


def split_result() -> Result:
    """The same numbers for a group with an evil name, and less of them for another."""
    full = handover_result(by="origin")

    def both(table: pd.DataFrame) -> pd.DataFrame:
        if "segment" not in table.columns:
            return table
        fewer = table.assign(segment="inbound")
        if "handovers" in fewer.columns and "missing_fields" not in fewer.columns:
            fewer["handovers"] = fewer["handovers"] - 1
        return pd.concat([table.assign(segment=EVIL), fewer], ignore_index=True)

    parts = {name: both(full.part(name)) for name in full.parts}
    return result_of("handovers", both(full.table), full.parameters, parts=parts)
