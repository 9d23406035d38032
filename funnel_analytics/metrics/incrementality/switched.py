"""How many leads were missing while a channel or a campaign was switched off?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd

from funnel_analytics.arguments import Wrong, shown
from funnel_analytics.errors import CallError, ThinDataError, did_you_mean
from funnel_analytics.estimates import (
    TWO_YEARS,
    Switched,
    against_groups,
    against_weeks,
)
from funnel_analytics.metrics.incrementality.compared import Weeks, check, placebos_of, weeks_of
from funnel_analytics.metrics.incrementality.missing import (
    METHODS,
    by_week,
    spent_by_week,
    spent_while_off,
    table_of,
    terms_of,
    units_of,
)
from funnel_analytics.metrics.incrementality.spans import (
    FEWEST_OFF,
    Off,
    asked_spans,
    found_spans,
)
from funnel_analytics.metrics.incrementality.weeks import (
    LEADS,
    Counted,
    Outcome,
    Spend,
    leads_by_day,
    outcome_of,
    period_of,
    spend_by_day,
    working_days,
)
from funnel_analytics.periods import Period
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import folded_note, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["switched_off"]

_LEVEL = 0.05


def switched_off(
    warehouse: Warehouse,
    *,
    channel: str | None = None,
    campaign: str | None = None,
    off: Off | Sequence[Off] | None = None,
    by: str | None = None,
    groups: Sequence[str] | None = None,
    outcome: str = LEADS,
    within_days: float = 60,
    period: Period | None = None,
) -> Result:
    """How many leads were missing while a channel or a campaign was switched off?

    Parameters
    ----------
    warehouse
        An open warehouse.
    channel, campaign
        What was off: one of them.
    off
        When: periods, or pairs of a first day and the first day after. If none are given, the spend
        tells: no spend for at least four weeks, after some in 8 of the 12 weeks before.
    by, groups
        Where: an attribute of the leads (`"region"`, `"country"`, …) and those of its values for
        which it was off. The leads of the other values are compared with. Without them it was off
        everywhere, and other weeks are compared with.
    outcome
        `"leads"`, a stage, or `"won"`: what is counted. Leads of all channels are, because a lead
        that one channel does not bring may come by another.
    within_days
        For a stage: leads in it within so many days of their creation. Only weeks that are old
        enough count.
    period
        The days that are looked at; all days with leads if none are given.

    Returns
    -------
    Result
        One row. `name` is the campaign's, where it has one. `method` is
        `"difference_in_differences"` or `"interrupted_time_series"`. In
        `off_weeks` (the parts of weeks that were off, from `off_from` to `off_to`) there were
        `counted_leads`; `expected_leads` had it stayed on. `incremental_leads` is the difference:
        how many more would be expected with it, with the 95 % interval `low` to `high`; `per_week`,
        and `change` (counted over expected, less 1) alike. `p_value`: how probable so large a
        change is by chance. `dates_p_value` and `groups_p_value`: its rank among the changes found
        where nothing was off, at earlier dates and in other groups; missing with fewer than 19.
        `parallel_p_value`: how probable it is by chance that the groups had drifted apart before.
        `spend_saved`: what the 12 weeks before cost a week, for the weeks that were off, less what
        was still spent; missing where no spend was loaded. `cost_per_incremental_lead` is that per
        lead; missing unless leads are missing, its upper end where none might be.

        `part("weeks")`: per week its first day, `off_share`, `leads`, `other_leads` (of the other
        groups), `expected_leads` with interval, `spend`. `part("spans")`: what was taken as off.
        `part("placebos")`: the change at earlier dates and in other groups. `part("terms")`: the
        coefficients, with their standard errors and those by Newey and West.

        Notes: `excluded`, `folded`, `switched_assumes`, `switched_season` (less than two years:
        what the season does is taken for the effect), `switched_apart` (the groups had drifted
        apart before), `switched_without_group` (leads whose group is unknown, left out),
        `switched_spent` (off everywhere, but money was spent on it on days that were off).

    Raises
    ------
    DataError
        The spend shows no such span, or the weeks, groups or leads are too few; it says which.
    MissingTableError
        No spend was loaded and `off` is not given, or no stage history.
    CallError
        Neither or both of channel and campaign, an unknown one, group, stage or attribute, spans
        that overlap.

    Notes
    -----
    See `estimates.against_groups` and `estimates.against_weeks`. Both suppose that nothing else
    changed when it was switched off.
    """
    wrong = Wrong()
    asked = outcome_of(warehouse.agreement, outcome, within_days, wrong)
    spans = _checked(channel, campaign, off, by, groups, period, wrong)
    tables = ["lead", *([] if asked.within_days is None else ["stage_event"])]
    warehouse.require(*tables, *(["spend"] if off is None else []), metric="switched_off")
    column, name = _named(channel, campaign)
    selection = select_leads(warehouse, period=period, by=by)
    spend = spend_by_day(warehouse) if warehouse.has("spend") else None
    _check_name(warehouse, spend, column, name, is_found=off is None)
    if off is None:
        spans = _found(spend, column, name)
    counted = leads_by_day(warehouse, selection, asked)
    weeks = weeks_of(counted, asked, spans, groups, selection)
    check(weeks, is_compared=groups is not None)
    controls = working_days(warehouse.agreement, weeks.first, len(weeks.off))
    if groups is None:
        found = against_weeks(weeks.leads, weeks.off, controls)
    else:
        found = against_groups(weeks.leads, weeks.others, weeks.off)
    placebos = placebos_of(weeks, controls, is_compared=groups is not None)
    listed = warehouse.query("metrics/campaigns_listed") if column == "campaign" else None
    answers = [*counted.answers, *([spend.answer] if spend else []), *([listed] if listed else [])]
    label = None if listed is None else _label(listed.table, name)
    spent = spent_by_week(spend, column, name, weeks)
    still = spent_while_off(spend, column, name, spans) if groups is None else 0.0
    currency = warehouse.agreement.currency
    return warehouse.result(
        "switched_off",
        grain="one row",
        units=units_of(currency),
        definition=(
            "Leads of all channels in the weeks in which it was off, against those expected from "
            "the other groups, or from the other weeks."
        ),
        answers=answers,
        table=table_of(
            column,
            name,
            weeks,
            found,
            placebos,
            spent,
            label=label,
            is_compared=groups is not None,
        ),
        parameters={
            **selection.parameters("period"),
            "column": column,
            "name": name,
            "groups": None if groups is None else list(groups),
            **asked.parameters,
            "is_found": off is None,
            "weeks": period_of(weeks.first, len(weeks.off)),
            "currency": currency,
        },
        parts={
            "weeks": by_week(weeks, found, spent, is_compared=groups is not None),
            "spans": pd.DataFrame(
                {
                    "off_from": [each.start for each in spans],
                    "off_to": [each.last_day for each in spans],
                }
            ),
            "placebos": placebos,
            "terms": terms_of(found),
        },
        notes=[
            *counted.notes,
            *folded_note(counted.rows, minimum_group_size=selection.minimum_group_size),
            *_notes(counted, asked, weeks, found, is_compared=groups is not None),
            *([Note("switched_spent", {"spend": still})] if still > 0 else []),
        ],
    )


def _label(campaigns: pd.DataFrame, campaign: str) -> str | None:
    """The name that the list of campaigns has for one."""
    names = campaigns.loc[campaigns["campaign"] == campaign, "name"].dropna()
    return None if names.empty else str(names.iloc[0])


def _checked(
    channel: Any, campaign: Any, off: Any, by: Any, groups: Any, period: Any, wrong: Wrong
) -> list[Period]:
    """The spans asked for, after refusing all that is wrong with a call."""
    if (channel is None) == (campaign is None):
        wrong.say("switched_off is asked for either a channel or a campaign.")
    for name, value in (("channel", channel), ("campaign", campaign)):
        if value is not None:
            wrong.unless_text(name, value, f"the name of a {name}")
    if (by is None) != (groups is None):
        wrong.say("by and groups go together: the attribute, and where it was off.")
    if groups is not None:
        is_list = isinstance(groups, (list, tuple))
        if not is_list or not groups or not all(isinstance(each, str) for each in groups):
            wrong.say(
                f"groups is a list with at least one value of the attribute, not {shown(groups)}."
            )
    if by is not None and not isinstance(by, str):
        wrong.say(f"by: switched_off compares the values of one attribute, not {shown(by)}.")
    if period is not None:
        wrong.unless_period("period", period)
    spans = []
    try:
        spans = [] if off is None else asked_spans(off)
    except CallError as error:
        wrong.say(str(error))
    wrong.refuse()
    return spans


def _named(channel: str | None, campaign: str | None) -> tuple[str, str]:
    return ("channel", channel) if channel is not None else ("campaign", str(campaign))


def _check_name(
    warehouse: Warehouse, spend: Spend | None, column: str, name: str, *, is_found: bool
) -> None:
    """Refuse what has no spend where it has to tell, and what nobody has heard of."""
    known = set() if spend is None else {str(each) for each in spend.rows[column].dropna()}
    if not is_found:
        known |= set(warehouse.agreement.channels) if column == "channel" else set()
        if column in warehouse.attributes():
            values = warehouse.query("metrics/incremental_values", by=column).table["value"]
            known |= {str(each) for each in values}
    if name not in known:
        raise CallError(
            f"There is no spend on the {column} '{name}'.{did_you_mean(name, known)} "
            f"Known: {', '.join(sorted(known)) or 'none'}."
            if is_found
            else f"Nothing has the {column} '{name}'.{did_you_mean(name, known)}"
        )


def _found(spend: Spend | None, column: str, name: str) -> list[Period]:
    assert spend is not None  # required before
    amounts = spend.of(column, name)
    spans = found_spans(amounts, spend.first, spend.after)
    if not spans:
        days = int((amounts > 0).sum())
        raise ThinDataError(
            f"The spend does not show '{name}' switched off: that is no spend for at least "
            f"{FEWEST_OFF} weeks, after some in 8 of the 12 weeks before. It has spend on "
            f"{days} of {(spend.after - spend.first).days} days from {spend.first} to "
            f"{spend.after - timedelta(days=1)}. Give off=[(first day, first day after)].",
            reason="never_switched_off",
            names=[name],
            weeks=FEWEST_OFF,
        )
    return spans


def _notes(
    counted: Counted, asked: Outcome, weeks: Weeks, found: Switched, *, is_compared: bool
) -> list[Note]:
    method = METHODS[int(is_compared)]
    notes = [Note("switched_assumes", {"method": method})]
    if is_compared:
        rows = counted.rows
        unknown = rows[rows["segment"].isna() & ~rows["is_folded"].astype(bool)]
        leads = int(unknown[asked.column].sum())
        if leads:
            notes.append(Note("switched_without_group", {"leads": leads}))
        if found.before_p_value < _LEVEL:
            notes.append(Note("switched_apart", {"p_value": found.before_p_value}))
    elif len(weeks.off) < TWO_YEARS:
        notes.append(Note("switched_season", {"weeks": len(weeks.off)}))
    return notes
