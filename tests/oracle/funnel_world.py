"""Made-up companies with four stages, and a slow way to count their leads: one at a time."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from funnel_analytics.agreement import Agreement, parse_agreement
from tests.builders import THREE_STAGES

STAGES = ("inquiry", "demo", "opportunity", "won")
AS_OF = datetime(2026, 11, 1)
START = datetime(2026, 3, 1)
CLOSINGS = ("lost", "rejected", "recycled", "nurture")
_DEMO = """
[[stages]]
name = "demo"
label = { de = "Vorführung", en = "Demo" }
owner = "sales"
definition = { de = "Gezeigt.", en = "Shown." }
optional = OPTIONAL

[[stages]]
name = "opportunity"
"""


def four_stages(*, optional: bool = False, minimum: int = 1) -> Agreement:
    """The stages of this company; `demo` may be optional."""
    demo = _DEMO.replace("OPTIONAL", str(optional).lower())
    text = THREE_STAGES.replace('[[stages]]\nname = "opportunity"\n', demo.lstrip())
    text = text.replace("minimum_group_size = 1", f"minimum_group_size = {minimum}")
    return parse_agreement(text, name="four stages")


def made_up(seed, leads=150):
    """Rows of leads that skip, repeat, go back, close and return; no two events at one instant."""
    rng = np.random.default_rng(seed)
    lead_rows, event_rows = [], []
    for number in range(leads):
        name = f"l{number:04d}"
        created = START + timedelta(minutes=int(rng.integers(0, 60 * 24 * 240)))
        origin = str(rng.choice(["web", "mail", "fair", ""], p=[0.5, 0.3, 0.15, 0.05])) or None
        lead_rows.append({"lead": name, "created_at": str(created), "origin": origin})
        at, position = created, 1
        for _ in range(int(rng.integers(0, 9))):
            at += timedelta(minutes=int(rng.integers(1, 60 * 24 * 25)))
            if at >= AS_OF:
                break
            if rng.random() < 0.25:
                status, stage = str(rng.choice(CLOSINGS)), None
            else:
                step = int(rng.choice([-2, -1, 0, 1, 1, 1, 2]))
                position = min(max(position + step, 1), 4)
                status, stage = None, STAGES[position - 1]
            event_rows.append(
                {"lead": name, "entered_at": str(at), "stage": stage, "status": status}
            )
    return lead_rows, event_rows


@dataclass
class Pass:
    """A lead, or one of its passes: its start and its events as (instant, position or 0)."""

    created: datetime
    origin: str | None
    start: datetime
    events: list
    has_first: bool = True

    def stays(self):
        """The entries as (instant, position, number of closings before), runs of one stage once."""
        found, closings, before = [], 0, None
        for at, position in self.events:
            if position == 0:
                closings += 1
            elif position != before:
                found.append((at, position, closings))
            before = position
        return found


def passes_of(row, events, kind):
    """The passes of a lead that are asked for, the lead itself where all of them are."""
    created = datetime.fromisoformat(row["created_at"])
    steps = sorted(
        (
            datetime.fromisoformat(each["entered_at"]),
            STAGES.index(each["stage"]) + 1 if each["stage"] else 0,
        )
        for each in events
    )
    if not any(position == 1 for _, position in steps):
        steps.insert(0, (created, 1))
    if kind == "all":
        return [Pass(created, row["origin"], created, steps)]
    cuts = [0] + [
        number + 1 for number, (one, other) in enumerate(pairwise(steps)) if not one[1] and other[1]
    ]
    # A lead that was closed before its first entry of all is in its first pass until the next one.
    parts = [steps[a:b] for a, b in zip(cuts, [*cuts[1:], len(steps)], strict=True)]
    every = []
    for number, part in enumerate(parts):
        start = part[0][0] if number else created
        begun = any(position == 1 for _, position in part)
        events_ = part if begun else [(start, 1), *part]
        every.append(Pass(created, row["origin"], start, events_, begun))
    return {"first": every[:1], "last": every[-1:], "every": every}[kind]


def reached_at(unit, mode, optional):
    """When the unit came to each stage in a mode: {position: instant}."""
    entries = [(at, position) for at, position in unit.events if position]
    if mode == "at_least":
        found = {}
        for k in range(1, 5):
            instants = [at for at, position in entries if position >= k]
            if instants:
                found[k] = max(unit.start, min(instants))
        return found
    if mode == "ordered":
        found = {1: max(unit.start, min(at for at, position in entries if position == 1))}
        for k in range(2, 5):
            base = found.get(base_of(k, optional))
            later = [at for at, position in entries if position == k and base and at >= base]
            if later:
                found[k] = min(later)
        return found
    best, stays = {}, unit.stays()
    for first, (at, position, closings) in enumerate(stays):
        if position != 1:
            continue
        found, last = {1: at}, 1
        for at_, position_, closings_ in stays[first + 1 :]:
            if closings_ != closings:
                break
            if position_ in optional:
                if base_of(position_, optional) == last:
                    found.setdefault(position_, at_)
            elif base_of(position_, optional) == last:
                found[position_], last = at_, position_
            else:
                break
        length = max(each for each in found if each not in optional)
        if length > max((each for each in best if each not in optional), default=0):
            best = found
    return {k: max(unit.start, at) for k, at in best.items()}


def base_of(k, optional):
    return max((each for each in range(1, k) if each not in optional), default=0)


def path_to(k, optional):
    """The stages whose steps lead to k, itself last, without the first."""
    return ([] if k == 1 else [*path_to(base_of(k, optional), optional), k]) if k > 1 else []


def counted(units, *, mode, windows, optional):
    """Per stage: how many were asked, too young, in the stage before, in the stage."""
    rows = []
    for k in range(1, 5):
        asked = previous = reached = 0
        waits = []
        for unit in units:
            at = reached_at(unit, mode, optional)
            path = path_to(k, optional)
            in_time = {1: True}
            is_due = True
            for step in path:
                base, days = base_of(step, optional), windows.get(step)
                here = in_time[base] and base in at
                if days is not None and here and AS_OF - at[base] < timedelta(days=days):
                    is_due = False
                in_time[step] = (
                    here
                    and step in at
                    and (days is None or at[step] - at[base] <= timedelta(days=days))
                )
            if AS_OF - unit.start < timedelta(days=sum(windows.get(each, 0) for each in path)):
                is_due = False
            if not is_due:
                continue
            asked += 1
            if k == 1:
                previous += 1
            else:
                previous += in_time[base_of(k, optional)] and base_of(k, optional) in at
            if in_time[k] and k in at:
                reached += 1
                if k > 1 and mode != "at_least":
                    waits.append((at[k] - at[base_of(k, optional)]).total_seconds() / 86400)
        rows.append(
            {
                "asked": asked,
                "not_due": len(units) - asked,
                "previous": previous,
                "reached": reached,
                "median": statistics.median(waits) if waits else None,
            }
        )
    return rows
