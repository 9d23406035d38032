"""What happens to every lead of the sample company, whether or not the export saw it yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.draws import Bools, Draws, Floats, Ints
from funnel_analytics.samples.wall_clock import (
    AS_OF_AT,
    DAY,
    NEVER,
    START_AT,
    WORKING_DAY,
    after_working_days,
    is_working_day,
    months_after_start,
    position,
    seconds,
    weekday,
)

_WEEKDAY_WEB = (1.05, 1.1, 1.05, 1.0, 0.85, 0.28, 0.24)
_HOUR_WEB = (1, 2, 5, 8, 9, 8, 6, 7, 8, 8, 7, 5, 3, 3, 3, 2, 1)  # from six to eleven at night


@dataclass(frozen=True)
class Leads:
    """Who came, when, from where; row = lead, in order of creation."""

    created: Ints
    origin: Ints
    segment: Ints
    account: Ints  # -1: none
    person: Ints
    merged_into: Ints  # -1: not merged
    is_test: Bools
    is_deleted: Bools

    @property
    def count(self) -> int:
        """How many lead ids there are."""
        return len(self.created)

    @property
    def is_counted(self) -> Bools:
        """Neither merged away nor a test nor deleted."""
        return (self.merged_into < 0) & ~self.is_test & ~self.is_deleted


@dataclass(frozen=True)
class Journeys:
    """When every lead entered every stage (`NEVER` if not); times may lie after the export."""

    entered: Ints  # lead × stage
    furthest: Ints  # ever, whether the export saw it or not
    handed: Ints
    answered: Ints  # sales development accepted or rejected the hand-over
    contacted: Ints
    wait_hours: Floats
    is_contact_early: Bools  # data fault: contacted before creation
    outcome: Ints  # of leads that stay in their furthest stage
    closed: Ints
    recycled: Ints  # first time recycled
    re_entered: Ints  # entry into a second cycle, at marketing_qualified
    re_accepted: Ints  # … at sales_accepted
    chance: Floats  # lead × step: the probability that was drawn against
    is_bad: Bools  # of the bad month

    def seen(self, stage: int) -> Bools:
        """Which leads had entered the stage by the export?"""
        return np.asarray(self.entered[:, stage] < AS_OF_AT)


def arrive(count: int, seed: int) -> Leads:
    """Who arrives in the 24 months?"""
    draws = Draws(seed, "arrivals")
    merged = round(count * p.MERGED_SHARE)
    first = count - merged
    origin = draws.choice(p.ORIGIN_SHARES, first)
    own = np.isin(origin, (p.OUTBOUND, p.NETWORK, p.PARTNER))
    created = np.where(own, _office_arrivals(draws, first), _web_arrivals(draws, first))
    accounts = max(1, int(count * 0.8))
    account_segment = draws.choice(p.SEGMENT_SHARES, accounts)
    account = draws.between(0, accounts, first)
    account[draws.chance(p.NO_ACCOUNT_SHARE, first)] = -1
    person = np.arange(first)

    # A merged lead is the same person, filed a second time some days later.
    survivor = draws.some(created < AS_OF_AT - 40 * DAY, merged)
    later = after_working_days(created[survivor], 1 + 12 * draws.uniform(len(survivor)))
    source = np.concatenate([np.arange(first), survivor])
    created = np.concatenate([created, later])
    into = np.concatenate([np.full(first, -1), survivor])
    if len(survivor) > 2:  # one chain: merged into a lead that was merged itself
        into[-1] = first + int(np.argmin(np.abs(created[first:-1] - created[-1])))
    order = np.argsort(created, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    into, source = into[order], source[order]

    marks = Draws(seed, "marks")
    is_survivor = np.zeros(len(order), dtype=bool)
    is_survivor[place[survivor]] = True
    plain = (into < 0) & ~is_survivor
    is_test = _mask(marks.some(plain, round(count * p.TEST_SHARE)), len(order))
    plain &= ~is_test
    is_deleted = _mask(marks.some(plain, round(count * p.DELETED_SHARE)), len(order))
    account = account[source]
    return Leads(
        created=created[order],
        origin=origin[source],
        segment=np.where(account < 0, p.NO_SEGMENT, account_segment[account]),
        account=account,
        person=place[person[source]],
        merged_into=np.where(into < 0, -1, place[into]),
        is_test=is_test,
        is_deleted=is_deleted,
    )


def live(leads: Leads, seed: int, *, effects: bool = True) -> Journeys:
    """How far does every lead come, and when? Without effects all leads have the same chances."""
    count = leads.count
    draws = Draws(seed, "steps")
    rates = p.step_rates(effects=effects)[leads.origin, leads.segment]
    bad_month = months_after_start(leads.created) == _months(*p.BAD_MONTH)
    is_bad = bad_month & (leads.origin == p.BAD_ORIGIN) & effects
    rates[is_bad, p.BAD_STAGE - 1] *= p.BAD_FACTOR
    wait_hours = _waits(leads, seed, effects=effects)
    if effects:
        odds = rates[:, p.SQL - 1] / (1 - rates[:, p.SQL - 1])
        odds = np.where(wait_hours <= p.FAST_HOURS, odds * p.FAST_ODDS, odds)
        odds = np.where(wait_hours > p.SLOW_HOURS, odds * p.SLOW_ODDS, odds)
        rates[:, p.SQL - 1] = odds / (1 + odds)

    passes = draws.uniform(count * 5).reshape(count, 5) < rates
    passes[~leads.is_counted] = False
    furthest = np.cumprod(passes, axis=1).sum(axis=1)

    never = np.zeros(count, dtype=bool)
    for stage, share in p.NEVER_CONTACTED.items():
        stays = furthest == p.STAGES.index(stage)
        never |= stays & draws.chance(share, count)
    never |= ~leads.is_counted
    slowness = p.segment_delays(effects=effects)[leads.segment]
    return _times(leads, seed, rates, furthest, wait_hours, never, is_bad, slowness)


def _times(
    leads: Leads,
    seed: int,
    rates: Floats,
    furthest: Ints,
    wait_hours: Floats,
    never: Bools,
    is_bad: Bools,
    slowness: Floats,
) -> Journeys:
    count = leads.count
    draws = Draws(seed, "delays")

    def delay(name: str, factor: Floats | float = 1.0) -> Floats:
        median, sigma = p.DELAYS[name]
        return draws.lognormal(median * np.asarray(factor), sigma, count)

    def reached(stage: int, instants: Ints) -> Ints:
        return np.where(furthest >= stage, instants, NEVER).astype(np.int64)

    entered = np.full((count, 6), NEVER, dtype=np.int64)
    entered[:, p.INQUIRY] = leads.created
    qualified = after_working_days(leads.created, delay("marketing_qualified"))
    entered[:, p.MQL] = reached(p.MQL, qualified)
    hands_over = ~np.isin(leads.origin, (p.OUTBOUND, p.NETWORK))
    handed = after_working_days(entered[:, p.MQL], delay("routing"))
    handed = np.where(hands_over, handed, NEVER)
    waits_from = np.where(handed < NEVER, handed, leads.created)
    contacted = after_working_days(waits_from, wait_hours / 8)
    contacted = np.where(never, NEVER, contacted)

    begins = np.where(handed < NEVER, handed, entered[:, p.MQL])
    answered = after_working_days(begins, delay("sales_accepted"))
    entered[:, p.SAL] = reached(p.SAL, answered)

    shares = np.array([p.OUTCOME_SHARES.get(stage, (0, 0, 0, 0, 1)) for stage in p.STAGES])
    edges = np.cumsum(shares, axis=1)[furthest]
    outcome = (draws.uniform(count)[:, None] >= edges).sum(axis=1).clip(max=p.OPEN)
    outcome[~leads.is_counted] = p.OPEN
    met = np.maximum(entered[:, p.SAL], np.where(never, 0, contacted))
    is_detour = (furthest >= p.SQL) & draws.chance(p.DETOUR_SHARE, count)
    is_detour &= outcome != p.RECYCLED
    closes = delay("closed")
    recycles = after_working_days(met, closes)
    re_entry = after_working_days(recycles, delay("re_entry"))
    re_accept = after_working_days(re_entry, delay("sales_accepted"))
    talks_from = np.where(is_detour, re_accept, met)
    entered[:, p.SQL] = reached(p.SQL, after_working_days(talks_from, delay("sales_qualified")))
    opened = after_working_days(entered[:, p.SQL], delay("opportunity", slowness))
    entered[:, p.OPPORTUNITY] = reached(p.OPPORTUNITY, opened)
    won = after_working_days(entered[:, p.OPPORTUNITY], delay("won", slowness))
    entered[:, p.WON] = reached(p.WON, won)

    stays_since = entered[np.arange(count), furthest]
    stays_since = np.maximum(stays_since, np.where(contacted < NEVER, contacted, 0))
    losing = delay("lost", slowness)
    closed = after_working_days(stays_since, np.where(furthest == p.OPPORTUNITY, losing, closes))
    refused = (furthest == p.MQL) & (handed < NEVER)
    closed = np.where(refused, answered, closed)
    closed = np.where(outcome == p.OPEN, NEVER, closed)

    comes_back = (outcome == p.RECYCLED) & draws.chance(p.RECYCLED_RE_ENTER, count)
    again = after_working_days(closed, delay("re_entry"))
    again_accepted = after_working_days(again, delay("sales_accepted"))
    again_accepted = np.where(furthest >= p.SAL, again_accepted, NEVER)
    recycled = np.where(outcome == p.RECYCLED, closed, np.where(is_detour, recycles, NEVER))
    early = Draws(seed, "early").some(
        (contacted < AS_OF_AT) & (leads.created > START_AT + 10 * DAY),
        round(count * p.CONTACT_BEFORE_CREATION),
    )
    return Journeys(
        entered=entered,
        furthest=furthest,
        handed=handed,
        answered=np.where(handed < NEVER, answered, NEVER),
        contacted=contacted,
        wait_hours=np.where(never, np.nan, wait_hours),
        is_contact_early=_mask(early, count),
        outcome=outcome,
        closed=closed,
        recycled=recycled,
        re_entered=np.where(comes_back, again, np.where(is_detour, re_entry, NEVER)),
        re_accepted=np.where(comes_back, again_accepted, np.where(is_detour, re_accept, NEVER)),
        chance=rates,
        is_bad=is_bad,
    )


def _waits(leads: Leads, seed: int, *, effects: bool) -> Floats:
    medians = p.contact_hours(effects=effects)[leads.origin]
    friday = (weekday(leads.created) == 4) & effects
    medians = np.where(friday, medians * p.FRIDAY_FACTOR, medians)
    return Draws(seed, "waits").lognormal(medians, p.CONTACT_SIGMA, leads.count)


def _day_weights(shape: Floats) -> tuple[Ints, Floats]:
    """Days of the 24 months, each month weighing what growth and season give it."""
    days = np.arange(START_AT // DAY, AS_OF_AT // DAY)
    months = months_after_start(days * DAY)
    in_month = np.bincount(months, weights=shape)
    weights = np.array([p.monthly_weight(m) for m in range(len(in_month))])
    return days, shape * (weights / in_month)[months]


def _working_days() -> Floats:
    first = datetime(1970, 1, 1).toordinal()
    days = range(START_AT // DAY, AS_OF_AT // DAY)
    return np.array([is_working_day(datetime.fromordinal(first + n).date()) for n in days], float)


def _web_arrivals(draws: Draws, count: int) -> Ints:
    works = _working_days()
    days = np.arange(START_AT // DAY, AS_OF_AT // DAY)
    shape = np.array(_WEEKDAY_WEB)[weekday(days * DAY)]
    shape = np.where((works == 0) & (shape > 0.3), 0.3, shape)
    days, weights = _day_weights(shape)
    hours = np.concatenate([[0.0], np.cumsum(_HOUR_WEB, dtype=float)])
    at = np.interp(draws.uniform(count) * hours[-1], hours, 6.0 + np.arange(len(hours)))
    day = days[draws.choice(weights, count)]
    return np.asarray(day * DAY + np.floor(at * 3600).astype(np.int64), dtype=np.int64)


def _office_arrivals(draws: Draws, count: int) -> Ints:
    days, weights = _day_weights(_working_days())
    morning = days[draws.choice(weights, count)] * DAY
    return after_working_days(morning, draws.uniform(count) * (WORKING_DAY - 120) / WORKING_DAY)


def _months(year: int, month: int) -> int:
    return int(months_after_start(np.array([seconds(datetime(year, month, 2))]))[0])


def _mask(positions: Ints, count: int) -> Bools:
    mask = np.zeros(count, dtype=bool)
    mask[positions] = True
    return mask


def working_hours(since: Ints, until: Ints) -> Floats:
    """Working hours between two instants, missing where the later one never comes."""
    hours = (position(np.minimum(until, AS_OF_AT)) - position(np.minimum(since, AS_OF_AT))) / 3600
    return np.where(until < AS_OF_AT, hours, np.nan)
