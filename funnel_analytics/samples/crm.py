"""What the sales CRM knows about the leads: who owns them, their stages, reasons and status."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.draws import Bools, Draws, Ints
from funnel_analytics.samples.exports import Columns, identifiers, texts, whole
from funnel_analytics.samples.journeys import Journeys, Leads
from funnel_analytics.samples.wall_clock import (
    AS_OF_AT,
    NEVER,
    Texts,
    after_working_days,
    german,
    german_future,
)

STAGE_LABELS = texts(
    [
        "Anfrage",
        "Marketing-qualifiziert",
        "Vom SDR angenommen",
        "Vertriebsqualifiziert",
        "Opportunity",
        "Gewonnen",
        "",
    ]
)
STATUS_LABELS = texts(["abgelehnt", "recycelt", "Nurture", "verloren", "offen", "gewonnen"])
WON_STATUS = 5

REASONS = texts(
    [
        "Passt nicht zum Angebot",
        "Kein Entscheider",
        "Kein Budget",
        "Kein Bedarf",
        "Angaben unvollständig",
        "Nicht erreichbar",
        "Studium oder privat",
        "Zeitpunkt zu früh",
        "Budget erst im Folgejahr",
        "Preis",
        "Wettbewerber",
        "Projekt verschoben",
        "Keine Entscheidung",
        "",
    ]
)
INCOMPLETE, NO_REASON = 4, 13
_REASON_SHARES = {
    p.REJECTED: (0.22, 0.14, 0.16, 0.2, 0.06, 0.1, 0.06, 0, 0, 0, 0, 0, 0, 0.06),
    p.RECYCLED: (0, 0, 0, 0, 0, 0.25, 0, 0.45, 0.25, 0, 0, 0, 0, 0.05),
    p.LOST: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0.3, 0.28, 0.22, 0.15, 0.05),
}

USERS = texts([*(f"U{n:02d}" for n in range(1, 19)), "Q01", ""])
MARKETERS, SDRS, SELLERS, QUEUE, NOBODY = range(4), range(4, 10), range(10, 18), 18, 19


@dataclass(frozen=True)
class Crm:
    """Leads and journeys as the CRM identifies and files them; row = lead."""

    leads: Leads
    journeys: Journeys
    seed: int
    ids: Texts
    persons: Texts
    accounts: Texts
    deal: Ints  # position of the lead's deal, -1: none
    deals: Texts
    marketer: Ints
    sdr: Ints
    seller: Ints
    reason: Ints
    closed_again: Ints  # rejected at the end of a second cycle
    status: Ints

    def deal_texts(self, lead: Ints, times: Ints) -> Texts:
        """The deal that a lead had at a time, if it had one."""
        has_one = times >= self.journeys.entered[lead, p.OPPORTUNITY]
        return np.asarray(self.deals[np.where(has_one, self.deal[lead], -1)])


def file_leads(leads: Leads, journeys: Journeys, seed: int) -> Crm:
    """Give ids, owners, reasons and status to all leads."""
    count, draws = leads.count, Draws(seed, "crm")
    opened = np.flatnonzero(journeys.seen(p.OPPORTUNITY))
    opened = opened[np.argsort(journeys.entered[opened, p.OPPORTUNITY], kind="stable")]
    deal = np.full(count, -1, dtype=np.int64)
    deal[opened] = np.arange(len(opened))
    marketer = draws.between(MARKETERS.start, MARKETERS.stop, count)
    sdr = draws.between(SDRS.start, SDRS.stop, count)
    seller = draws.between(SELLERS.start, SELLERS.stop, count)

    reason = np.full(count, NO_REASON, dtype=np.int64)
    for outcome, shares in _REASON_SHARES.items():
        reason = np.where(journeys.outcome == outcome, draws.choice(shares, count), reason)
    is_rejected = journeys.outcome == p.REJECTED
    refused = journeys.is_bad & is_rejected & (journeys.furthest == p.MQL)
    reason = np.where(refused & draws.chance(0.7, count), INCOMPLETE, reason)

    ends_again = (journeys.outcome == p.RECYCLED) & (journeys.re_entered < NEVER)
    ends_again &= draws.chance(0.6, count)
    back = np.maximum(
        journeys.re_entered, np.where(journeys.re_accepted < NEVER, journeys.re_accepted, 0)
    )
    median, sigma = p.DELAYS["closed"]
    closed_again = after_working_days(back, draws.lognormal(median, sigma, count))
    closed_again = np.where(ends_again, closed_again, NEVER)

    is_over = journeys.closed < AS_OF_AT
    status = np.where(is_over, journeys.outcome, p.OPEN)
    status = np.where(journeys.recycled < AS_OF_AT, p.RECYCLED, status)
    status = np.where(
        (journeys.re_entered < AS_OF_AT) & (status == p.RECYCLED),
        np.where(is_over & (journeys.outcome != p.RECYCLED), journeys.outcome, p.OPEN),
        status,
    )
    status = np.where(closed_again < AS_OF_AT, p.REJECTED, status)
    status = np.where(journeys.seen(p.WON), WON_STATUS, status)
    return Crm(
        leads=leads,
        journeys=journeys,
        seed=seed,
        ids=identifiers("L", count, width=6),
        persons=identifiers("P", count, width=6),
        accounts=identifiers("K", int(leads.account.max(initial=0)) + 1, width=5),
        deal=deal,
        deals=identifiers("D", len(opened), width=5),
        marketer=marketer,
        sdr=sdr,
        seller=seller,
        reason=reason,
        closed_again=closed_again,
        status=status,
    )


@dataclass(frozen=True)
class _Events:
    lead: Ints
    at: Ints
    stage: Ints  # -1: a status, no stage
    status: Ints
    by: Ints


def stage_history(crm: Crm) -> tuple[Columns, dict[str, int]]:
    """Every recorded entry into a stage or a status, and how many entries were left out."""
    journeys, draws = crm.journeys, Draws(crm.seed, "skipped")
    parts, skipped = [], {}
    by_stage = [np.full(crm.leads.count, NOBODY), crm.marketer, crm.sdr, crm.sdr, crm.seller]
    for stage, by in enumerate([*by_stage, crm.seller]):
        seen = journeys.seen(stage)
        is_left_out = np.zeros_like(seen)
        if stage < p.WON:
            is_left_out = seen & journeys.seen(stage + 1) & _skips(crm, stage, draws)
            skipped[p.STAGES[stage]] = int(is_left_out.sum())
        status = WON_STATUS if stage == p.WON else p.OPEN
        parts.append(_part(seen & ~is_left_out, journeys.entered[:, stage], stage, status, by))
    for stage, times in ((p.MQL, journeys.re_entered), (p.SAL, journeys.re_accepted)):
        parts.append(_part(times < AS_OF_AT, times, stage, p.OPEN, crm.sdr))
    recycled = journeys.recycled
    parts.append(_part(recycled < AS_OF_AT, recycled, -1, p.RECYCLED, crm.sdr))
    for outcome, by in ((p.REJECTED, crm.sdr), (p.NURTURE, crm.marketer), (p.LOST, crm.seller)):
        ends = (journeys.outcome == outcome) & (journeys.closed < AS_OF_AT)
        parts.append(_part(ends, journeys.closed, -1, outcome, by))
    again = crm.closed_again
    parts.append(_part(again < AS_OF_AT, again, -1, p.REJECTED, crm.sdr))
    return _history_columns(crm, _joined(parts)), skipped


def _skips(crm: Crm, stage: int, draws: Draws) -> Bools:
    name = p.STAGES[stage]
    share = np.full(crm.leads.count, p.SKIPPED[name])
    if stage == p.MQL:
        for origin, own in p.SKIPPED_OWN.items():
            share[crm.leads.origin == p.ORIGINS.index(origin)] = own
    return draws.chance(share, crm.leads.count)


def _part(mask: Bools, at: Ints, stage: int, status: int, by: Ints) -> _Events:
    lead = np.flatnonzero(mask)
    return _Events(lead, at[lead], np.full(len(lead), stage), np.full(len(lead), status), by[lead])


def _joined(parts: list[_Events]) -> _Events:
    """All events, by lead and time; a status comes before a stage of the same second."""
    lead, at, stage, status, by = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("lead", "at", "stage", "status", "by")
    )
    order = np.lexsort((stage, at, lead))
    return _Events(lead[order], at[order], stage[order], status[order], by[order])


def _history_columns(crm: Crm, events: _Events) -> Columns:
    rows = np.arange(len(events.lead))
    starts = np.searchsorted(events.lead, events.lead, side="left")
    # The stage before: that of the last row of the same lead that names one.
    named = np.maximum.accumulate(np.where(events.stage >= 0, rows, -1))
    before = np.concatenate([[-1], named[:-1]])
    from_stage = np.where(before >= starts, events.stage[before], -1)
    cycle = np.where(events.at >= crm.journeys.re_entered[events.lead], 2, 1)
    has_reason = np.isin(events.status, (p.REJECTED, p.RECYCLED, p.LOST))
    reason = np.where(has_reason, crm.reason[events.lead], NO_REASON)
    is_other = (events.status == p.RECYCLED) & (crm.journeys.outcome[events.lead] != p.RECYCLED)
    reason = np.where(is_other, REASONS.tolist().index("Zeitpunkt zu früh"), reason)
    by_time = np.lexsort((rows, events.at))
    columns = {
        "Lead-ID": crm.ids[events.lead],
        "Opportunity-ID": crm.deal_texts(events.lead, events.at),
        "Nr.": whole(rows - starts + 1),
        "Zyklus": whole(cycle),
        "Zeitpunkt": german(events.at),
        "Von Phase": STAGE_LABELS[from_stage],
        "Nach Phase": STAGE_LABELS[events.stage],
        "Status": STATUS_LABELS[events.status],
        "Grund": REASONS[reason],
        "Geändert von": USERS[events.by],
    }
    return {header: column[by_time] for header, column in columns.items()}


def handovers(crm: Crm) -> Columns:
    """Every hand-over from marketing to sales development, to sales, and between colleagues."""
    journeys, draws = crm.journeys, Draws(crm.seed, "handovers")
    count = crm.leads.count
    first = journeys.handed < AS_OF_AT
    answered = journeys.answered
    accepts = journeys.furthest >= p.SAL
    refuses = np.isin(journeys.outcome, (p.REJECTED, p.RECYCLED)) & ~accepts
    missing = draws.counts(np.where(journeys.is_bad, 2.2, 0.5), count, most=4)

    second_at = after_working_days(journeys.entered[:, p.SQL], draws.lognormal(0.1, 0.5, count))
    opened = journeys.entered[:, p.OPPORTUNITY]
    second_at = np.minimum(second_at, opened)
    takes = (journeys.furthest >= p.OPPORTUNITY) | draws.chance(0.5, count)
    taken = np.minimum(after_working_days(second_at, draws.lognormal(0.8, 0.7, count)), opened)
    second = second_at < AS_OF_AT
    returns = np.isin(journeys.outcome, (p.REJECTED, p.RECYCLED)) & ~takes

    third_at = after_working_days(journeys.contacted, draws.lognormal(3.0, 0.6, count))
    third = (journeys.contacted < AS_OF_AT) & (third_at < AS_OF_AT) & draws.chance(0.02, count)

    nothing = np.full(count, NEVER)
    parts = (
        (0, first, journeys.handed, 1.0, np.where(accepts, answered, NEVER),
         np.where(refuses, answered, NEVER), missing),
        (1, second, second_at, 2.0, np.where(takes, taken, NEVER),
         np.where(returns, np.maximum(journeys.closed, second_at), NEVER),
         draws.counts(0.2, count, most=2)),
        (2, third, third_at, np.nan, nothing, nothing, np.full(count, -1)),
    )  # fmt: skip
    escalates = draws.chance(0.5, count)
    rows = []
    for kind, mask, handed, due_days, accepted, rejected, fields in parts:
        lead = np.flatnonzero(mask)
        days = np.full(len(lead), 0.0 if np.isnan(due_days) else due_days)
        due = np.where(np.isnan(due_days), NEVER, after_working_days(handed[lead], days))
        answer = np.minimum(accepted[lead], rejected[lead])
        reminded = after_working_days(due, np.full(len(lead), 0.25))
        late = escalates[lead] & (due < AS_OF_AT) & (answer > reminded)
        escalated = np.where(late, reminded, NEVER)
        rows.append((lead, np.full(len(lead), kind), handed[lead], due, accepted[lead],
                     rejected[lead], escalated, fields[lead]))  # fmt: skip
    lead, kinds, handed, due, accepted, rejected, escalated, fields = (
        np.concatenate([row[place] for row in rows]) for place in range(8)
    )
    order = np.lexsort((kinds, lead, handed))
    lead, kinds, due = lead[order], kinds[order], due[order]
    handed, rejected = handed[order], rejected[order]
    reason = np.where(rejected < AS_OF_AT, crm.reason[lead], NO_REASON)
    return {
        "Lead-ID": crm.ids[lead],
        "Art": texts(["Marketing an SDR", "SDR an Vertrieb", "Neu zugeordnet"])[kinds],
        "Übergeben am": german(handed),
        "Von Team": texts(["Marketing", "SDR", "SDR"])[kinds],
        "An Team": texts(["SDR", "Vertrieb", "SDR"])[kinds],
        "Fehlende Felder": whole(fields[order]),
        "Frist": np.where(due < NEVER, german_future(due), ""),
        "Angenommen am": german(accepted[order]),
        "Abgelehnt am": german(rejected),
        "Ablehnungsgrund": REASONS[reason],
        "Eskaliert am": german(escalated[order]),
    }
