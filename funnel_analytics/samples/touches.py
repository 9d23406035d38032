"""Touches of the sample's people and accounts with marketing and with sales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.campaigns import (
    CAMPAIGN_IDS,
    CHANNELS,
    EPOCH,
    LABELS,
    NAMES,
    PODCAST_FROM,
    campaign_of,
    shares,
)
from funnel_analytics.samples.crm import Crm
from funnel_analytics.samples.deals import BuyingGroup
from funnel_analytics.samples.draws import Bools, Draws, Floats, Ints
from funnel_analytics.samples.exports import Columns, identifiers, plain_number
from funnel_analytics.samples.wall_clock import (
    AS_OF_AT,
    DAY,
    START_AT,
    after_working_days,
    iso_utc,
)


@dataclass(frozen=True)
class _Part:
    person: Ints
    account: Ints
    at: Ints
    channel: Ints


def touch_columns(crm: Crm, group: BuyingGroup, channel: Ints) -> Columns:
    """All touches by time: before a lead came, when it came, after it, and those by sales."""
    draws = Draws(crm.seed, "touches")
    parts = [
        _at_creation(crm, channel, draws),
        _before(crm, draws),
        _after(crm, draws),
        *_by_sales(crm, draws),
        _of_colleagues(crm, group, draws),
    ]
    person, account, at, chosen = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("person", "account", "at", "channel")
    )
    podcast_from = (PODCAST_FROM - EPOCH).days * DAY
    is_early = (chosen == NAMES.index("podcast / audio")) & (at < podcast_from)
    chosen = np.where(is_early, NAMES.index("(direct) / (none)"), chosen)
    keep = (at >= START_AT) & (at < AS_OF_AT)
    order = np.flatnonzero(keep)
    order = order[np.lexsort((chosen[order], person[order], at[order]))]
    person, account, at, chosen = person[order], account[order], at[order], chosen[order]

    count = len(order)
    is_anonymous = (account >= 0) & draws.chance(0.04, count) & (chosen >= 0)
    known = np.array([CHANNELS[name][0] for name in NAMES] + [""], dtype=object)
    price = np.array([cost if cost else np.nan for _, cost in CHANNELS.values()] + [np.nan])
    persons = identifiers("P", group.persons, width=6)
    return {
        "touch_id": identifiers("T", count, width=6)[:-1],
        "person_id": persons[np.where(is_anonymous, -1, person)],
        "account_id": crm.accounts[account],
        "touched_at": iso_utc(at),
        "channel": LABELS[chosen],
        "campaign_id": CAMPAIGN_IDS[campaign_of(chosen, at)],
        "side": known[chosen],
        "cost": plain_number(price[chosen] * draws.lognormal(1.0, 0.3, count)),
    }


def _at_creation(crm: Crm, channel: Ints, draws: Draws) -> _Part:
    lead = np.flatnonzero(~crm.leads.is_test & ~crm.leads.is_deleted)
    at = crm.leads.created[lead] - draws.between(5, 240, len(lead))
    return _part(crm, lead, at, channel[lead])


def _before(crm: Crm, draws: Draws) -> _Part:
    own = np.isin(crm.leads.origin, (p.OUTBOUND, p.NETWORK, p.PARTNER))
    many = draws.counts(np.where(own, 0.15, 0.65), crm.leads.count)
    lead = np.repeat(np.arange(crm.leads.count), np.where(_visits(crm), many, 0))
    age = 1 + np.floor(-18 * np.log(1 - draws.uniform(len(lead)))).astype(np.int64)
    at = _some_time(draws, crm.leads.created[lead] // DAY - age)
    return _part(crm, lead, at, draws.choice(shares(), len(lead)))


def _after(crm: Crm, draws: Draws) -> _Part:
    seen = (crm.journeys.entered < AS_OF_AT) * 1
    last = seen.sum(axis=1) - 1
    until = crm.journeys.entered[np.arange(crm.leads.count), last] + 12 * DAY
    many = draws.counts(0.06 + 0.24 * last, crm.leads.count)
    lead = np.repeat(np.arange(crm.leads.count), np.where(_visits(crm), many, 0))
    days = (until[lead] - crm.leads.created[lead]) // DAY
    day = crm.leads.created[lead] // DAY + 1 + (draws.uniform(len(lead)) * days).astype(np.int64)
    return _part(crm, lead, _some_time(draws, day), draws.choice(shares(later=True), len(lead)))


def _by_sales(crm: Crm, draws: Draws) -> list[_Part]:
    journeys, count = crm.journeys, crm.leads.count
    called = journeys.seen(p.SAL) & ~journeys.is_contact_early & (journeys.contacted < AS_OF_AT)
    lead = np.flatnonzero(called & (crm.leads.origin != p.OUTBOUND))
    calls = draws.chance(0.6, len(lead))
    channel = np.where(calls, NAMES.index("SDR Anruf"), NAMES.index("SDR E-Mail"))
    first = _part(crm, lead, journeys.contacted[lead], channel)
    many = draws.counts(np.where(journeys.seen(p.OPPORTUNITY), 1.4, 0.5), count, most=3)
    lead = np.repeat(np.arange(count), np.where(journeys.seen(p.SQL), many, 0))
    late = np.where(journeys.seen(p.OPPORTUNITY)[lead], 25.0, 6.0)
    days = draws.uniform(len(lead)) * late
    at = after_working_days(journeys.entered[lead, p.SQL], days)
    ended = np.minimum(journeys.entered[lead, p.WON], journeys.closed[lead])
    keep = at < ended
    meeting = np.full(int(keep.sum()), NAMES.index("Vertrieb Termin"))
    return [first, _part(crm, lead[keep], at[keep], meeting)]


def _of_colleagues(crm: Crm, group: BuyingGroup, draws: Draws) -> _Part:
    many = draws.counts(0.8, len(group.new_person), most=3)
    row = np.repeat(np.arange(len(group.new_person)), many)
    lead = group.new_lead[row]
    opened = crm.journeys.entered[lead, p.OPPORTUNITY] // DAY
    day = opened - 40 + draws.between(0, 70, len(row))
    at = _some_time(draws, day)
    keep = at < np.minimum(crm.journeys.entered[lead, p.WON], crm.journeys.closed[lead])
    chosen = draws.choice(shares(later=True), len(row))
    return _Part(group.new_person[row][keep], crm.leads.account[lead][keep], at[keep], chosen[keep])


def _part(crm: Crm, lead: Ints, at: Ints, channel: Ints) -> _Part:
    return _Part(crm.leads.person[lead], crm.leads.account[lead], at, channel)


def _visits(crm: Crm) -> Bools:
    return crm.leads.is_counted


def _some_time(draws: Draws, day: Ints) -> Ints:
    """An instant of the day between seven in the morning and half past nine at night."""
    hours: Floats = 7 + 14.5 * draws.uniform(len(day))
    return np.asarray(day * DAY + np.floor(hours * 3600).astype(np.int64), dtype=np.int64)
