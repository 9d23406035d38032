"""What the CRM says about the work on leads and deals: score, priority and next step."""

from __future__ import annotations

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.crm import Crm
from funnel_analytics.samples.draws import Bools, Draws, Floats, Ints
from funnel_analytics.samples.exports import texts
from funnel_analytics.samples.wall_clock import (
    AS_OF_AT,
    WORKING_DAY,
    Texts,
    german_future_day,
    instant,
    position,
)

_PRIORITY_LABELS = texts(["hoch", "normal", ""])
_DAYS_AHEAD, _DAYS_BEHIND = 15, 10  # working days within which next steps lie


def chances(crm: Crm, *, effects: bool = True) -> Floats:
    """How likely is each lead to be accepted, once marketing qualified, for one who reads signs?

    Of the leads with a chance `q` that were marketing qualified, the share `q` is accepted ever.
    Without effects the signs say nothing about a single lead.
    """
    journeys, step = crm.journeys, p.SCORE_STAGE
    usual, k = journeys.chance[:, step - 1], p.SCORE_CONCENTRATION
    is_decided = (journeys.furthest >= step - 1) & crm.leads.is_counted & effects
    comes = (journeys.furthest >= step) & is_decided
    stays = ~comes & is_decided
    return Draws(crm.seed, "score").beta(k * usual + comes, k * (1 - usual) + stays)


def scores(crm: Crm, *, effects: bool = True) -> Ints:
    """The score of every lead, 0 to 100, surer than it should be; -1 where there is none."""
    chance = np.clip(chances(crm, effects=effects), 1e-9, 1 - 1e-9)
    odds = (chance / (1 - chance)) ** p.SCORE_OVERCONFIDENCE
    score = np.rint(p.SCORE_HIGHEST * odds / (1 + odds)).astype(np.int64)
    is_missing = Draws(crm.seed, "score_missing").chance(p.SCORE_MISSING, crm.leads.count)
    return np.where(is_missing | (crm.leads.merged_into >= 0), -1, score)


def priorities(crm: Crm) -> Texts:
    """The priority that somebody gave each lead; it goes with nothing else."""
    drawn = Draws(crm.seed, "priority").choice(list(p.PRIORITY_SHARES.values()), crm.leads.count)
    return np.asarray(_PRIORITY_LABELS[np.where(crm.leads.merged_into >= 0, 2, drawn)])


def is_open(crm: Crm) -> Bools:
    """Which leads were neither closed nor won at the export?"""
    return crm.leads.is_counted & (crm.status == p.OPEN)


def lead_next_steps(crm: Crm) -> Texts:
    """The day of the next step of every open lead that has one."""
    draws, count = Draws(crm.seed, "lead_next_step"), crm.leads.count
    is_far = crm.journeys.seen(p.NEXT_STEP_FROM)
    has_none = draws.chance(np.where(is_far, p.NO_NEXT_STEP, p.NO_NEXT_STEP_EARLIER), count)
    return _days(draws, is_open(crm) & ~has_none, crm.leads.created)


def deal_next_steps(crm: Crm, is_open: Bools) -> Texts:
    """The day of the next step of every open deal that has one."""
    draws, opened = Draws(crm.seed, "deal_next_step"), np.flatnonzero(crm.deal >= 0)
    since = np.empty(len(opened), dtype=np.int64)
    since[crm.deal[opened]] = crm.journeys.entered[opened, p.OPPORTUNITY]
    has_none = draws.chance(p.NO_NEXT_STEP_DEAL, len(opened))
    return _days(draws, is_open & ~has_none, since)


def _days(draws: Draws, has_one: Bools, since: Ints) -> Texts:
    """Days around the export, none before `since`; a share of them is over."""
    count, now = len(has_one), position(np.array([AS_OF_AT]))
    days = draws.uniform(count)
    days = np.where(
        draws.chance(p.NEXT_STEP_OVERDUE, count), -_DAYS_BEHIND * days - 0.1, _DAYS_AHEAD * days
    )
    at = instant(now + np.floor(days * WORKING_DAY).astype(np.int64))
    return np.where(has_one, german_future_day(np.maximum(at, since)), "")
