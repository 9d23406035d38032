"""The true answers: the parameters that generated the data, and the faults that were written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from funnel_analytics.samples import parameters as p
from funnel_analytics.samples.campaigns import NAMES
from funnel_analytics.samples.crm import Crm
from funnel_analytics.samples.deals import Deals
from funnel_analytics.samples.draws import Bools, Ints
from funnel_analytics.samples.sales_files import first_waits
from funnel_analytics.samples.service import is_open, lead_next_steps, scores
from funnel_analytics.samples.wall_clock import AS_OF_AT, months_after_start


def _named(name: str | None) -> str:
    return "(missing)" if name is None else name


def true_answers(
    crm: Crm,
    deals: Deals,
    channel: Ints,
    *,
    rows: Mapping[str, int],
    duplicates: Mapping[str, int],
    skipped: Mapping[str, int],
    rule_broken: int,
    effects: bool = True,
) -> dict[str, Any]:
    """What an analysis of the files should find."""
    leads, journeys = crm.leads, crm.journeys
    delays = p.segment_delays(effects=effects).tolist()
    hours = p.contact_hours(effects=effects).tolist()
    score = scores(crm, effects=effects)
    due = is_open(crm) & journeys.seen(p.NEXT_STEP_FROM)
    return {
        "company": p.COMPANY,
        "invented": True,
        "leads": leads.count,
        "seed": crm.seed,
        "as_of": "2026-11-01T00:00:00+01:00",
        "first_day": p.START.date().isoformat(),
        "timezone": p.TIMEZONE,
        "stages": list(p.STAGES),
        "origin_shares": _by(p.ORIGINS, p.ORIGIN_SHARES),
        "step_rates": {
            "meaning": "chance of ever entering a stage, given the one before, by origin and "
            "segment; outside the bad month, first contact between the fast and slow limit",
            "rates": _rates(effects=effects),
        },
        "mean_step_rates": {
            "meaning": "mean of the chances that were drawn against, over the counted leads that "
            "could take the step, with contact speed and bad month as they were",
            "by_origin": _means(crm),
        },
        "delays": {
            "meaning": "lognormal, from the stage before; working days of 8 hours. The delay of "
            "sales_accepted runs from the hand-over, that of sales_qualified from acceptance or "
            "first contact, whichever is later. Segments stretch opportunity, won and lost",
            "unit": "working days",
            "median_and_sigma": {name: list(values) for name, values in p.DELAYS.items()},
            "segment_factor": _by(p.SEGMENTS, delays),
        },
        "bad_month": {
            "meaning": "leads created in this month with this origin enter this stage more rarely",
            "created_month": f"{p.BAD_MONTH[0]}-{p.BAD_MONTH[1]:02d}",
            "origin": p.ORIGINS[p.BAD_ORIGIN],
            "stage": p.STAGES[p.BAD_STAGE],
            "rate_factor": p.BAD_FACTOR if effects else 1.0,
            "cause": "the web form lost its required fields: hand-overs miss 2.2 fields on average "
            "instead of 0.5, and most of them are rejected as incomplete",
            "leads": int(journeys.is_bad.sum()),
        },
        "first_contact": {
            "meaning": "lognormal working hours from hand-over, or from creation without one",
            "median_hours": _by(p.ORIGINS, hours),
            "sigma": p.CONTACT_SIGMA,
            "friday_factor": p.FRIDAY_FACTOR if effects else 1.0,
            "friday_meaning": "factor on the wait of leads created on a Friday (Europe/Berlin)",
            "effect_on": p.STAGES[p.SQL],
            "within_hours": p.FAST_HOURS,
            "within_odds_factor": p.FAST_ODDS if effects else 1.0,
            "beyond_hours": p.SLOW_HOURS,
            "beyond_odds_factor": p.SLOW_ODDS if effects else 1.0,
            "never_contacted_of_leads_that_stay_in": dict(p.NEVER_CONTACTED),
            "never_contacted_share": _share(np.isnan(journeys.wait_hours), leads.is_counted),
        },
        "score": _score(effects=effects),
        "priority": {
            "meaning": "drawn by itself: it goes with no other attribute and changes no chance",
            "shares": {name or "(missing)": share for name, share in p.PRIORITY_SHARES.items()},
        },
        "next_steps": {
            "meaning": "open leads from the stage on (and before it), and open deals: so many have "
            "no planned next step; of the planned ones so many lie before the day of the export",
            "from_stage": p.STAGES[p.NEXT_STEP_FROM],
            "missing_share": p.NO_NEXT_STEP,
            "missing_share_before_the_stage": p.NO_NEXT_STEP_EARLIER,
            "missing_share_of_deals": p.NO_NEXT_STEP_DEAL,
            "overdue_share_of_planned": p.NEXT_STEP_OVERDUE,
        },
        "buying_group": _buying_group(effects=effects),
        "amounts": {
            "unit": "EUR",
            "median": {_named(name): value for name, value in p.AMOUNT_MEDIANS.items()},
            "sigma": p.AMOUNT_SIGMA,
        },
        "attribution": _attribution(deals, channel),
        "arrivals": {
            "growth_per_month": p.GROWTH,
            "season_by_calendar_month": list(p.SEASONS),
        },
        "written": {
            "rows": dict(rows),
            "duplicate_rows": dict(duplicates),
            "counted_leads": int(leads.is_counted.sum()),
            "merged_leads": int((leads.merged_into >= 0).sum()),
            "test_leads": int(leads.is_test.sum()),
            "deleted_leads": int(leads.is_deleted.sum()),
            "unrecorded_stage_entries": dict(skipped),
            "contacts_before_creation": int(journeys.is_contact_early.sum()),
            "leads_without_contact": int((leads.is_counted & np.isnan(first_waits(crm))).sum()),
            "leads_without_score": int(((score < 0) & leads.is_counted).sum()),
            "open_leads": int(is_open(crm).sum()),
            "open_leads_from_the_next_step_stage": int(due.sum()),
            "of_them_without_next_step": int((due & (lead_next_steps(crm) == "")).sum()),
            "recycled_leads": int((journeys.recycled < AS_OF_AT).sum()),
            "second_cycles": int((journeys.re_entered < AS_OF_AT).sum()),
            "sales_qualified_against_bant_rule": rule_broken,
            "won_deals_without_amount": int((np.isnan(deals.amount) & (deals.is_won == 1)).sum()),
            "reached_leads": {
                name: int((journeys.seen(stage) & leads.is_counted).sum())
                for stage, name in enumerate(p.STAGES)
            },
            "ever_reached_leads": {
                name: int(((journeys.furthest >= stage) & leads.is_counted).sum())
                for stage, name in enumerate(p.STAGES)
            },
        },
    }


def _score(*, effects: bool) -> dict[str, Any]:
    return {
        "meaning": "of the leads with a chance q that entered the stage before, the share q enters "
        "the stage ever: q is drawn from Beta(k p + Y, k (1 - p) + 1 - Y), where p is the chance "
        "that was drawn against and Y is 1 if the lead enters it. The score is "
        "highest * logistic(overconfidence * logit(q)), rounded, so its calibration slope is "
        "1 / overconfidence and its intercept 0. Without effects, and for leads that never enter "
        "the stage before, q is drawn from Beta(k p, k (1 - p)) and says nothing about Y. Leads "
        "that were merged into others have none",
        "predicts": p.STAGES[p.SCORE_STAGE],
        "highest": p.SCORE_HIGHEST,
        "concentration": p.SCORE_CONCENTRATION,
        "overconfidence": p.SCORE_OVERCONFIDENCE,
        "calibration_slope": round(1 / p.SCORE_OVERCONFIDENCE, 4) if effects else 0.0,
        "informs": effects,
        "missing_share": p.SCORE_MISSING,
    }


def _buying_group(*, effects: bool) -> dict[str, Any]:
    median, sigma = p.CONTACT_DELAY
    return {
        "meaning": "contacts have no effect of their own on winning, and neither have their roles. "
        "Apart from the first they are added some time after the deal was opened and only while it "
        "is open, so deals that stay open longer gather more. Larger segments have more contacts "
        "and, with effects, other chances and delays",
        "odds_factor_of_winning": 1.0,
        "colleague_share": p.COLLEAGUE_SHARE,
        "other_contacts_mean": _by(p.SEGMENTS, list(p.OTHER_CONTACTS.values())),
        "added_after_working_days": {"median": median, "sigma": sigma},
        "role_shares": dict(p.ROLE_SHARES),
    }


def _attribution(deals: Deals, channel: Ints) -> dict[str, Any]:
    """Won deals, and their amounts, of the leads that each channel brought."""
    won = np.flatnonzero(deals.is_won == 1)
    brought = np.array([*_agreed_channels(), _named(None)], dtype=object)[channel[deals.lead[won]]]
    amount = np.nan_to_num(deals.amount[won])
    closed = months_after_start(deals.closed[won])

    def counted(among: Bools) -> dict[str, dict[str, float]]:
        found = {}
        for name in sorted(set(brought[among])):
            mine = among & (brought == name)
            found[name] = {"won_deals": int(mine.sum()), "revenue": float(amount[mine].sum())}
        return found

    return {
        "meaning": "touches have no effect of their own on what becomes of a lead: neither how "
        "many there are nor in which channel. But a lead would not be there without the channel "
        "that brought it. So the won deals that would be missing without a channel are those whose "
        "lead it brought (the lead that the deal was opened for, not colleagues who joined it); "
        "deals without an amount count 0 in the revenue. Channels are named as the agreement names "
        "them, (missing) is what nobody knows; a channel that is not listed brought none",
        "touch_effect_on_odds": 1.0,
        "by_channel": counted(np.ones(len(won), dtype=bool)),
        "by_month_closed": {_month(n): counted(closed == n) for n in sorted(set(closed.tolist()))},
    }


def _agreed_channels() -> list[str]:
    """What the sample's agreement makes of each of our spellings; some it does not know."""
    presets = files("funnel_analytics").joinpath("sources", "presets")
    agreed = tomllib.loads(presets.joinpath("sample.agreement.toml").read_text(encoding="utf-8"))
    spelled = {raw: name for name, each in agreed["channels"].items() for raw in each["includes"]}
    return [spelled.get(name, name) for name in NAMES]


def _month(number: int) -> str:
    months = p.START.year * 12 + p.START.month - 1 + number
    return f"{months // 12}-{months % 12 + 1:02d}"


def _by(names: Sequence[str | None], values: Sequence[float]) -> dict[str, float]:
    return {_named(name): value for name, value in zip(names, values, strict=True)}


def _rates(*, effects: bool) -> dict[str, dict[str, dict[str, float]]]:
    rates = p.step_rates(effects=effects)
    return {
        _named(origin): {
            _named(segment): {
                name: round(float(rates[o, s, step]), 4) for step, name in enumerate(p.STAGES[1:])
            }
            for s, segment in enumerate(p.SEGMENTS)
        }
        for o, origin in enumerate(p.ORIGINS)
    }


def _means(crm: Crm) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for place, origin in enumerate(p.ORIGINS):
        ours = (crm.leads.origin == place) & crm.leads.is_counted
        found[_named(origin)] = {
            name: _mean_chance(crm, ours & (crm.journeys.furthest >= step), step)
            for step, name in enumerate(p.STAGES[1:])
        }
    return found


def _mean_chance(crm: Crm, among: Bools, step: int) -> float | None:
    return round(float(crm.journeys.chance[among, step].mean()), 4) if among.any() else None


def _share(happens: Bools, among: Bools) -> float | None:
    return round(float(happens[among].mean()), 4) if among.any() else None
