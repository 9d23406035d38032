"""The other files of the sales CRM: leads, accounts, users, activities and BANT answers."""

from __future__ import annotations

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.campaigns import CAMPAIGN_IDS, LABELS, campaign_of
from funnel_analytics.samples.crm import (
    MARKETERS,
    NOBODY,
    QUEUE,
    SDRS,
    STATUS_LABELS,
    USERS,
    Crm,
)
from funnel_analytics.samples.draws import Draws, Floats, Ints
from funnel_analytics.samples.exports import Columns, german_number, identifiers, texts, whole
from funnel_analytics.samples.journeys import working_hours
from funnel_analytics.samples.service import lead_next_steps, priorities, scores
from funnel_analytics.samples.wall_clock import (
    AS_OF_AT,
    NEVER,
    after_working_days,
    german,
    instant,
    position,
)

_YES_NO = texts(["nein", "ja"])
_ORIGIN_LABELS = texts(["Inbound", "Outbound", "Netzwerk", "Partner", "unbekannt", ""])
_INTERESTS = ["Drehmaschine", "Fräszentrum", "Automation", "Service", ""]
_CLASSES = texts(["1-49", "50-249", "250-999", "1000+", ""])
_INDUSTRIES = [
    "Automobilzulieferer", "Metallverarbeitung", "Verpackung", "Lebensmittel", "Medizintechnik",
    "Energie", "",
]  # fmt: skip
_REGIONS = {
    "Oberbayern": 0.22, "Niederbayern": 0.1, "Oberpfalz": 0.09, "Oberfranken": 0.09,
    "Mittelfranken": 0.14, "Unterfranken": 0.1, "Schwaben": 0.14, "Oberösterreich": 0.05,
    "Tirol": 0.03, "Ostschweiz": 0.04,
}  # fmt: skip
_COUNTRIES = texts(["DE"] * 7 + ["AT"] * 2 + ["CH"])


def lead_columns(crm: Crm, channel: Ints, *, effects: bool = True) -> Columns:
    """The leads with owner, status, the two free fields of the web form, score and next step."""
    leads, journeys, draws = crm.leads, crm.journeys, Draws(crm.seed, "lead_fields")
    count = leads.count
    in_hand = (journeys.handed < AS_OF_AT) | (journeys.contacted < AS_OF_AT)
    owner = np.where(draws.chance(0.5, count), QUEUE, NOBODY)
    owner = np.where(in_hand, crm.sdr, owner)
    owner = np.where(journeys.seen(p.SQL), crm.seller, owner)
    interest = draws.choice((0.32, 0.28, 0.18, 0.12, 0.10), count)
    sizes = np.array([[0.9, 0.1, 0, 0], [0.05, 0.7, 0.25, 0], [0, 0, 0.25, 0.75], [1, 1, 1, 1]])
    edges = np.cumsum(sizes / sizes.sum(axis=1, keepdims=True), axis=1)[leads.segment]
    size = np.minimum((draws.uniform(count)[:, None] >= edges).sum(axis=1), 3)
    size = np.where(draws.chance(0.15, count), 4, size)
    return {
        "Lead-ID": crm.ids[:-1],
        "Person": crm.persons[leads.person],
        "Konto-ID": crm.accounts[leads.account],
        "Erstellt am": german(leads.created),
        "Herkunft": _ORIGIN_LABELS[leads.origin],
        "Kanal": LABELS[channel],
        "Kampagne": CAMPAIGN_IDS[campaign_of(channel, leads.created)],
        "Zuständig": USERS[owner],
        "Status": STATUS_LABELS[crm.status],
        "Konvertiert am": german(journeys.entered[:, p.OPPORTUNITY]),
        "Opportunity-ID": crm.deals[crm.deal],
        "Zusammengeführt mit": crm.ids[leads.merged_into],
        "Test": _YES_NO[leads.is_test * 1],
        "Gelöscht": _YES_NO[leads.is_deleted * 1],
        "Produktinteresse": texts(_INTERESTS)[interest],
        "Mitarbeiterklasse": _CLASSES[size],
        "Priorität": priorities(crm),
        "Score": whole(scores(crm, effects=effects)),
        "Nächster Schritt": lead_next_steps(crm),
    }


def account_columns(crm: Crm) -> Columns:
    """The accounts that have a lead."""
    known, first = np.unique(crm.leads.account, return_index=True)
    first, known = first[known >= 0], known[known >= 0]
    segment, count = crm.leads.segment[first], len(known)
    draws = Draws(crm.seed, "accounts")
    medians = np.array([18.0, 160.0, 2400.0, 1.0])[segment]
    low, high = np.array([2, 50, 500, 1])[segment], np.array([49, 499, 60000, 1])[segment]
    employees = np.clip(np.rint(draws.lognormal(medians, 0.7, count)), low, high)
    employees = np.where(draws.chance(0.08, count), np.nan, employees)
    region = draws.choice(list(_REGIONS.values()), count)
    return {
        "Konto-ID": crm.accounts[known],
        "Segment": texts([str(name) for name in p.SEGMENTS])[segment],
        "Branche": texts(_INDUSTRIES)[
            draws.choice((0.24, 0.24, 0.14, 0.12, 0.12, 0.1, 0.04), count)
        ],
        "Mitarbeiter": german_number(employees, decimals=0),
        "Land": _COUNTRIES[region],
        "Region": texts(list(_REGIONS))[region],
    }


def user_columns() -> Columns:
    """The company's own people, by number only, and the queue."""
    rows = []
    for place, user in enumerate(USERS[:-1].tolist()):
        if place in MARKETERS:
            rows.append((user, "Marketing", "Marketing Manager", "BY", "nein"))
        elif place in SDRS:
            rows.append((user, "SDR", "SDR", "BY", "nein"))
        elif place == QUEUE:
            rows.append((user, "SDR", "Warteschlange", "", "ja"))
        else:
            rows.append((user, "Vertrieb", "Account Executive", "BY", "nein"))
    headers = ("Benutzer-ID", "Team", "Rolle", "Kalender", "Warteschlange")
    lists = list(zip(*rows, strict=True))
    return {header: texts(values) for header, values in zip(headers, lists, strict=True)}


_KINDS = texts(["Anruf", "E-Mail", "Termin", "Nachricht", "Automatische E-Mail"])
_RESULTS = texts(["erreicht", "nicht erreicht", "verschickt", "stattgefunden", "eingegangen"])
_Row = tuple[Ints, Ints, Ints, Ints, Ints]  # lead, at, kind, result, by
_CALL, _MAIL, _MEETING, _MESSAGE, _AUTOMATED = range(5)
_GOT, _MISSED, _SENT, _HELD, _RECEIVED = range(5)


def contact_times(crm: Crm) -> Ints:
    """When the CRM says each lead was first contacted: some before the lead existed."""
    draws = Draws(crm.seed, "early_contact")
    hours = (1 + 14 * draws.uniform(crm.leads.count)) * 3600
    before = instant(position(crm.leads.created) - hours.astype(np.int64))
    return np.where(crm.journeys.is_contact_early, before, crm.journeys.contacted)


def activity_columns(crm: Crm) -> Columns:
    """Calls, mails, meetings and messages, those of machines and of the leads too."""
    journeys, count = crm.journeys, crm.leads.count
    draws = Draws(crm.seed, "activities")
    everyone, is_web = np.arange(count), np.isin(crm.leads.origin, (0, 4, 5))
    rows: list[_Row] = []

    mailed = np.flatnonzero(is_web & draws.chance(0.4, count))
    at = crm.leads.created[mailed] + draws.between(30, 200, len(mailed))
    rows.append(_rows(mailed, at, _AUTOMATED, _SENT, np.full(len(mailed), NOBODY)))

    def calls(lead: Ints, at: Ints) -> None:
        kind = np.array([_CALL, _MAIL, _MESSAGE])[draws.choice((0.6, 0.3, 0.1), len(lead))]
        got = np.where(draws.chance(0.5, len(lead)), _GOT, _MISSED)
        rows.append((lead, at, kind, np.where(kind == _CALL, got, _SENT), crm.sdr[lead]))

    calls(everyone, contact_times(crm))
    again = np.repeat(everyone, draws.counts(np.where(journeys.furthest > 0, 0.5, 0.25), count))
    gap = draws.lognormal(2.5, 0.9, len(again))
    calls(again, after_working_days(journeys.contacted[again], gap))

    talks = np.flatnonzero((journeys.furthest >= p.SAL) & draws.chance(0.35, count))
    after = after_working_days(
        np.maximum(journeys.entered[talks, p.SAL], journeys.contacted[talks]),
        draws.lognormal(1.5, 0.8, len(talks)),
    )
    rows.append(_rows(talks, after, _MAIL, _RECEIVED, crm.sdr[talks]))
    meets = np.flatnonzero(journeys.furthest >= p.SQL)
    hours = (0.5 + draws.uniform(len(meets))) / 8
    at = after_working_days(journeys.entered[meets, p.SQL], hours)
    rows.append(_rows(meets, at, _MEETING, _HELD, crm.seller[meets]))
    sells = np.repeat(everyone, (journeys.furthest >= p.OPPORTUNITY) * draws.counts(1.3, count))
    at = after_working_days(
        journeys.entered[sells, p.OPPORTUNITY], 30.0 * draws.uniform(len(sells))
    )
    is_over = at >= np.minimum(journeys.entered[sells, p.WON], journeys.closed[sells])
    at = np.where(is_over, NEVER, at)
    rows.append(_rows(sells, at, _MEETING, _HELD, crm.seller[sells]))

    lead, at, kind, result, by = (
        np.concatenate([row[place] for row in rows]) for place in range(5)
    )
    order = np.flatnonzero(at < AS_OF_AT)
    order = order[np.lexsort((kind[order], lead[order], at[order]))]
    lead, at, result = lead[order], at[order], result[order]
    return {
        "Aktivität-ID": identifiers("A", len(order), width=6)[:-1],
        "Lead-ID": crm.ids[lead],
        "Opportunity-ID": crm.deal_texts(lead, at),
        "Zeitpunkt": german(at),
        "Art": _KINDS[kind[order]],
        "Richtung": texts(["ausgehend", "eingehend"])[(result == _RECEIVED) * 1],
        "Ergebnis": _RESULTS[result],
        "Benutzer": USERS[by[order]],
    }


def _rows(lead: Ints, at: Ints, kind: int, result: int, by: Ints) -> _Row:
    many = len(lead)
    return lead, at, np.full(many, kind), np.full(many, result), by


_CRITERIA = texts(["Budget", "Entscheider", "Bedarf", "Zeitplan"])


def answer_columns(crm: Crm) -> tuple[Columns, int]:
    """The BANT answers, and how many sales qualified leads miss the agreed rule."""
    journeys, draws = crm.journeys, Draws(crm.seed, "answers")
    count = crm.leads.count
    qualified = journeys.furthest >= p.SQL
    breaks_rule = qualified & draws.chance(p.BANT_RULE_BROKEN, count)
    meets_rule = qualified & ~breaks_rule
    wants = draws.uniform(count * 4).reshape(count, 4)
    yes = wants < np.where(qualified[:, None], 0.86, 0.42)
    yes[meets_rule, 2] = True  # the need is required, and three of four
    weak = meets_rule & (yes.sum(axis=1) < 3)
    yes[weak, 0] = True
    yes[weak & (yes.sum(axis=1) < 3), 1] = True
    yes[breaks_rule, 2] = False
    asked = draws.uniform(count * 4).reshape(count, 4) < np.where(yes, 1.0, 0.7)

    met = np.maximum(journeys.entered[:, p.SAL], np.minimum(journeys.contacted, AS_OF_AT))
    begun, ended = position(np.minimum(met, AS_OF_AT)), journeys.entered[:, p.SQL]
    until = np.where(ended < NEVER, position(np.minimum(ended, AS_OF_AT)), begun + 6 * 8 * 3600)
    fraction = 0.2 + 0.6 * draws.uniform(count)
    at = instant(begun + np.floor((until - begun) * fraction).astype(np.int64))
    known = (met < AS_OF_AT) & (at < AS_OF_AT) & (journeys.entered[:, p.SAL] < NEVER)
    lead, criterion = np.nonzero(asked & known[:, None])
    order = np.lexsort((criterion, lead, at[lead]))
    lead, criterion = lead[order], criterion[order]
    columns = {
        "Lead-ID": crm.ids[lead],
        "Erfasst am": german(at[lead]),
        "Kriterium": _CRITERIA[criterion],
        "Antwort": _YES_NO[yes[lead, criterion] * 1],
    }
    return columns, int((breaks_rule & journeys.seen(p.SQL)).sum())


def first_waits(crm: Crm) -> Floats:
    """Working hours from hand-over (or creation) to the first contact seen by the export."""
    handed = crm.journeys.handed
    since = np.where(handed < NEVER, handed, crm.leads.created)
    return working_hours(since, crm.journeys.contacted)
