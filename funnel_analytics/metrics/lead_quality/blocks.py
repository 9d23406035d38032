"""The parts of a lead's way by the team that owns them, and what is known at their start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnel_analytics.agreement import Agreement
from funnel_analytics.estimates import Factor
from funnel_analytics.metrics.lead_quality.reading import MISSING_FIELDS, Known, told
from funnel_analytics.ripeness import Months

__all__ = ["EVENTS_PER_PARAMETER", "Block", "Leads", "blocks_of", "leads_of", "whole_way"]

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

EVENTS_PER_PARAMETER = 10
_FEWEST_EVENTS = 10
_DETERMINES = 0.8
_KNOWN_LATE = 0.5


@dataclass(frozen=True)
class Block:
    """A part of the way: from having reached stage `entry` to having reached stage `last`.

    `number` is 0 for the whole way from the first hand-over on, `team` is missing there.
    `fields_of` is a stage of the team that the lead is handed to at the start, missing where nobody
    hands over.
    """

    number: int
    team: str | None
    entry: int
    last: int
    fields_of: int | None


def blocks_of(agreement: Agreement) -> list[Block]:
    """The blocks of consecutive stages of one owner; one that is only where leads begin is none."""
    found: list[Block] = []
    for owner, stages in _owned(agreement):
        first, last = stages[0], stages[-1]
        if last > 1:
            entry = max(first - 1, 1)
            fields_of = first if first > 1 else None
            found.append(Block(len(found) + 1, owner, entry, last, fields_of))
    return found


def whole_way(agreement: Agreement) -> Block:
    """From the first hand-over between teams to the last stage; from the creation without one."""
    owned = _owned(agreement)
    entry = owned[0][1][-1] if len(owned) > 1 else 1
    fields_of = owned[1][1][0] if len(owned) > 1 else None
    return Block(0, None, entry, len(agreement.stages), fields_of)


def _owned(agreement: Agreement) -> list[tuple[str, list[int]]]:
    numbered = enumerate(agreement.stages, 1)
    return [
        (owner, [number for number, _ in stages])
        for owner, stages in groupby(numbered, key=lambda each: each[1].owner)
    ]


class Leads(NamedTuple):
    """The leads that entered a block in the months judged: row = combination that has some.

    `rows` are those in `Known`. `due` is which share of the leads has had its time, `reached` how
    many left the block at its end. `names` are what a model may use, in order, with their
    `factors`; `late` what was left out because it is known only of leads that come far.
    """

    rows: Ints
    leads: Floats
    reached: Floats
    due: Floats
    names: tuple[str, ...]
    factors: tuple[Factor, ...]
    late: tuple[str, ...]


def leads_of(known: Known, block: Block, months: Months, by: Sequence[str]) -> Leads:
    """The leads of a block, and what was known of them when they entered it.

    Left out is what tells the segment or an attribute chosen before, or is told by it, and what is
    known only late. As many attributes are chosen as the events allow.
    """
    judged = months.is_judged[block.last][known.month]
    rows = np.flatnonzero((known.furthest >= block.entry) & judged)
    leads = known.leads[rows]
    reached = np.where(known.furthest[rows] >= block.last, leads, 0.0)
    due = np.ones(len(rows))
    for stage in range(block.entry + 1, block.last + 1):
        due = due * months.due[stage][known.month[rows]]
    events = min(reached.sum(), leads.sum() - reached.sum())
    names: list[str] = []
    factors: list[Factor] = []
    late: list[str] = []
    room = events / EVENTS_PER_PARAMETER - 1
    for name in known.names if len(rows) else ():
        codes = _codes(known, block, name, rows)
        if codes is None or len(np.unique(codes)) < 2:
            continue
        if _is_late(codes, known.blank[name], leads, reached):
            late.append(name)
            continue
        group = known.group[rows]
        if by and _is_told(group, codes, leads):
            continue
        if any(_is_told(each.codes, codes, leads) for each in factors):
            continue
        levels = _levels(codes, known.sizes[name], leads, reached)
        more = int(levels.max())
        if 0 < more <= room:
            names.append(name)
            factors.append(Factor(codes, known.sizes[name], levels))
            room -= more
    return Leads(rows, leads, reached, due, tuple(names), tuple(factors), tuple(late))


def _is_told(one: Ints, other: Ints, leads: Floats) -> bool:
    """Does one of two attributes (nearly) tell the other?"""
    return max(told(one, other, leads), told(other, one, leads)) >= _DETERMINES


def _codes(known: Known, block: Block, name: str, rows: Ints) -> Ints | None:
    if name != MISSING_FIELDS:
        return known.codes[name][rows]
    return None if block.fields_of is None else known.fields[block.fields_of][rows]


def _is_late(codes: Ints, blank: int, leads: Floats, reached: Floats) -> bool:
    """Is a value there only, or never, for leads that reach the end, or does it tell them?"""
    failed = leads - reached
    outcome = np.concatenate([np.ones(len(codes), dtype=np.intp), np.zeros(len(codes), np.intp)])
    both, weights = np.concatenate([codes, codes]), np.concatenate([reached, failed])
    if told(both, outcome, weights) >= _DETERMINES:
        return True
    if not reached.sum() or not failed.sum():
        return False
    has_value = codes != blank
    shares = [each[has_value].sum() / each.sum() for each in (reached, failed)]
    return bool(abs(shares[0] - shares[1]) >= _KNOWN_LATE)


def _levels(codes: Ints, size: int, leads: Floats, reached: Floats) -> Ints:
    """The number of the coefficient of each value; those with few events of a kind are one."""
    tried = np.bincount(codes, weights=leads, minlength=size)
    came = np.bincount(codes, weights=reached, minlength=size)
    fewer = np.minimum(came, tried - came)
    apart = fewer >= _FEWEST_EVENTS
    joined = ~apart & (tried > 0)
    if joined.any() and apart.any() and fewer[joined].sum() < _FEWEST_EVENTS:
        apart[np.flatnonzero(apart)[np.argmin(tried[apart])]] = False
    numbers = np.full(size, int(apart.sum()), dtype=np.intp)
    numbers[apart] = np.arange(apart.sum())
    if not joined.any() and not (~apart & (tried > 0)).any():
        numbers[~apart] = 0  # no lead has such a value
    return numbers
