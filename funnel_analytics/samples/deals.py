"""Deals of the sample company, with the people of the buying group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.crm import NO_REASON, REASONS, USERS, Crm
from funnel_analytics.samples.draws import Draws, Floats, Ints
from funnel_analytics.samples.exports import Columns, german_number, identifiers, texts
from funnel_analytics.samples.service import deal_next_steps
from funnel_analytics.samples.wall_clock import (
    AS_OF_AT,
    DAY,
    NEVER,
    Texts,
    after_working_days,
    german,
    german_day,
    german_future_day,
)

_PRODUCTS = ["Drehmaschine", "Fräszentrum", "Automation", "Service"]
_COMPETITORS = ["Wettbewerber A", "Wettbewerber B", "Wettbewerber C", "Kein Wettbewerber", ""]
_ROLES = ["Entscheider", "Anwender", "Einkauf", "Technik"]


@dataclass(frozen=True)
class Deals:
    """The deals known by the export; row = deal."""

    lead: Ints
    opened: Ints
    closed: Ints
    is_won: Ints  # 1 won, 0 lost, -1 open
    amount: Floats


@dataclass(frozen=True)
class BuyingGroup:
    """The contacts on the deals; row = contact. People without a lead come after the leads."""

    deal: Ints
    lead: Ints  # -1: no lead of its own
    person: Ints
    role: Ints
    is_primary: Ints
    added: Ints
    persons: int  # how many persons there are, leads included
    new_person: Ints  # persons without a lead …
    new_lead: Ints  # … and the lead whose deal they are on


def make_deals(crm: Crm) -> Deals:
    """One deal for every lead that had become an opportunity by the export."""
    lead = np.flatnonzero(crm.deal >= 0)
    lead = lead[np.argsort(crm.deal[lead], kind="stable")]
    draws, count = Draws(crm.seed, "deals"), len(lead)
    medians = np.array([p.AMOUNT_MEDIANS[segment] for segment in p.SEGMENTS], dtype=float)
    amount = draws.lognormal(medians[crm.leads.segment[lead]], p.AMOUNT_SIGMA, count)
    amount = np.round(amount / 50) * 50
    won, ended = crm.journeys.entered[lead, p.WON], crm.journeys.closed[lead]
    is_lost = crm.journeys.outcome[lead] == p.LOST
    closed = np.where(won < AS_OF_AT, won, np.where(is_lost & (ended < AS_OF_AT), ended, NEVER))
    is_won = np.where(won < AS_OF_AT, 1, np.where(closed < AS_OF_AT, 0, -1))
    amount[draws.some(is_won == 1, p.WON_WITHOUT_AMOUNT if count > 100 else 0)] = np.nan
    amount[(is_won == -1) & draws.chance(0.08, count)] = np.nan
    return Deals(
        lead=lead,
        opened=crm.journeys.entered[lead, p.OPPORTUNITY],
        closed=closed,
        is_won=is_won,
        amount=amount,
    )


def deal_columns(crm: Crm, deals: Deals) -> Columns:
    """The deals; this file knows days only."""
    draws, count = Draws(crm.seed, "deal_fields"), len(deals.lead)
    is_lost, is_won = deals.is_won == 0, deals.is_won == 1
    planned = after_working_days(
        np.minimum(deals.opened, AS_OF_AT - DAY), np.full(count, 0.1)
    ) // DAY + draws.between(45, 120, count)
    open_chance = np.array([0.25, 0.4, 0.6])[draws.choice((0.5, 0.3, 0.2), count)]
    chance = np.where(is_won, 1.0, np.where(is_lost, 0.0, open_chance))
    competitor = np.where(deals.is_won >= 0, draws.choice((0.2, 0.2, 0.1, 0.3, 0.2), count), 4)
    return {
        "Opportunity-ID": crm.deals[:-1],
        "Konto-ID": crm.accounts[crm.leads.account[deals.lead]],
        "Betrag": german_number(deals.amount),
        "Währung": texts(["EUR"] * count),
        "Art": texts(["Neugeschäft", "Erweiterung"])[draws.choice((0.88, 0.12), count)],
        "Angelegt am": german_day(deals.opened),
        "Abgeschlossen am": german_day(deals.closed),
        "Erwarteter Abschluss": german_future_day(planned * DAY),
        "Gewonnen": _answers(deals.is_won),
        "Wahrscheinlichkeit": german_number(chance),
        "Verlustgrund": REASONS[np.where(is_lost, crm.reason[deals.lead], NO_REASON)],
        "Wettbewerber": texts(_COMPETITORS)[competitor],
        "Produkt": texts(_PRODUCTS)[draws.choice((0.35, 0.3, 0.2, 0.15), count)],
        "Zuständig": USERS[crm.seller[deals.lead]],
        "Nächster Schritt": deal_next_steps(crm, deals.is_won == -1),
    }


def make_buying_group(crm: Crm, deals: Deals) -> BuyingGroup:
    """The lead of a deal, its colleagues among the leads, and people that are no leads."""
    draws, leads = Draws(crm.seed, "buying_group"), crm.leads
    count = len(deals.lead)
    colleague = _colleagues(crm)[deals.lead]
    knows = (colleague >= 0) & draws.chance(p.COLLEAGUE_SHARE, count)
    with_colleague = np.flatnonzero(knows)
    means = np.array([p.OTHER_CONTACTS[segment] for segment in p.SEGMENTS])
    many = means[leads.segment[deals.lead]]
    extra = np.repeat(np.arange(count), draws.counts(many, count, most=4))
    new_person = leads.count + np.arange(len(extra))
    deal = np.concatenate([np.arange(count), with_colleague, extra])
    lead = np.concatenate([deals.lead, colleague[with_colleague], np.full(len(extra), -1)])
    person = np.concatenate([leads.person[lead[: count + len(with_colleague)]], new_person])
    delay = draws.lognormal(*p.CONTACT_DELAY, len(deal))
    later = after_working_days(deals.opened[deal], delay)
    is_primary = np.arange(len(deal)) < count
    added = np.where(is_primary, deals.opened[deal], later)
    keep = added < AS_OF_AT
    keep &= added <= deals.closed[deal]
    order = np.flatnonzero(keep)
    order = order[np.lexsort((person[order], ~is_primary[order], deal[order]))]
    role = draws.choice(list(p.ROLE_SHARES.values()), len(deal))
    return BuyingGroup(
        deal=deal[order],
        lead=lead[order],
        person=person[order],
        role=role[order],
        is_primary=is_primary[order].astype(np.int64),
        added=added[order],
        persons=leads.count + len(extra),
        new_person=new_person,
        new_lead=deals.lead[extra],
    )


def _colleagues(crm: Crm) -> Ints:
    """The next counted lead of the same account, -1 where there is none."""
    candidates = np.flatnonzero(crm.leads.is_counted & (crm.leads.account >= 0))
    order = candidates[np.argsort(crm.leads.account[candidates], kind="stable")]
    account = crm.leads.account[order]
    found = np.full(crm.leads.count, -1, dtype=np.int64)
    same = account[1:] == account[:-1]
    found[order[:-1][same]] = order[1:][same]
    return found


def contact_columns(crm: Crm, group: BuyingGroup) -> Columns:
    """The contacts on the deals."""
    persons = identifiers("P", group.persons, width=6)
    return {
        "Opportunity-ID": crm.deals[group.deal],
        "Lead-ID": crm.ids[group.lead],
        "Person": persons[group.person],
        "Rolle": texts(_ROLES)[group.role],
        "Hauptkontakt": _answers(group.is_primary),
        "Hinzugefügt am": german(group.added),
    }


def _answers(values: Ints) -> Texts:
    return texts(["nein", "ja", ""])[values]
