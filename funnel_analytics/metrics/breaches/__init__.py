"""Which leads and deals need somebody to act on them now?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from funnel_analytics.metrics.breaches.rules import LISTS, Asked, agreed_rules, asked_lists
from funnel_analytics.metrics.breaches.tables import list_table, ranked, summary_table, totals
from funnel_analytics.metrics.breaches.worth import read_worth
from funnel_analytics.results import Note, Result
from funnel_analytics.segments import By, folded_note, select_leads
from funnel_analytics.warehouse import Warehouse

__all__ = ["LISTS", "breaches"]

_DEFINITION = (
    "Open leads and deals by what the agreement says is due: a first contact, the answer to a "
    "hand-over, an activity after its acceptance, a next step, a recycled lead that is due again, "
    "more contacts on a deal. Expected value = the chance of being won from the stage reached x "
    "the deal's amount, else the median amount of won deals."
)


def breaches(
    warehouse: Warehouse, *, lists: Sequence[str] | str | None = None, by: By | None = None
) -> Result:
    """Which leads and deals need somebody to act on them now?

    Parameters
    ----------
    warehouse
        An open warehouse; the lists are those of its `as_of`.
    lists
        One or several of `LISTS`, all if none are named:

        - `contact_overdue`: open leads that nobody had contacted when the agreed deadline passed
          (or since), from the first hand-over, or from the creation of leads without one;
        - `handover_overdue`: open leads whose latest hand-over nobody had answered by the agreed
          deadline (`reason` is its kind);
        - `accepted_without_activity`: open leads whose latest hand-over (reassignments apart) was
          accepted, without an activity of our people from then on, for longer than the deadline
          of their first contact;
        - `no_next_step`: open leads, or their open deals, at or beyond the agreed stage, for which
          no next step is planned today or later; `reason` tells one in the past (`in_the_past`)
          from none at all (`none_planned`);
        - `recycled_due`: leads that were recycled, did not come back, and are due again by the
          agreed days of the `reason`;
        - `single_threaded`: open deals with fewer contacts than agreed or none in a role that
          decides (`reason`; nobody's role known is not none).
    by
        An attribute of the leads (`warehouse.attributes()`) to name beside each, or a pair.

    Returns
    -------
    Result
        One row per list and lead or deal, in each list the highest `expected_value` first, then
        the oldest `due_at`, then the id.

        `lead` and `deal` are ids as stored, `link` leads to the record in the CRM where the
        agreement has a pattern and ids are plain. A row about a lead names its open deal, too; one
        about a deal the open lead on it that got furthest. `stage` is the one the lead is in (or
        was, when it was recycled), `team` the one it was handed to, else the owner of the next
        stage. `since_at` and `due_at` are UTC; `over_hours` counts working hours of that team
        since the deadline, `over_days` days since a next step or a recycled lead was due, or
        without a next step in the stage. `contacts` and `has_decision_maker` are those of a deal.

        `expected_value` = `chance_to_win` x `value`, in the agreement's currency. The value is the
        amount of the open deal (`value_basis` `deal_amount`; of a deal of several open leads each
        has an equal share), else the median of won deals of the same origin, or of all where those
        are fewer than ten (`typical`). The chance is that of older leads of the same origin which
        reached the stage, leaning on all leads where they are few (Notes). Both are missing where
        nothing is known, and so is the chance of a deal without an open lead.

        Parts: `summary` (per list, group and team: `rows`, `leads`, `deals`, `expected_value`,
        `oldest_due_at`, median times over), `lists` (every list asked for: whether it `is_made`,
        and what is `missing` for it), `chances` and `values` (what chance and value come from).

        The column `owner` is there only where the agreement's `employee_level` is `person`. With
        `by`, groups with fewer leads than `minimum_group_size` are `"other_groups"`. Notes:
        `breaches` (leads and deals over all lists, each counted once), `lists_missing`,
        `next_step_leads`, `pseudonyms`, `folded`.

    Raises
    ------
    CallError
        There is no such list, or leads have no attribute `by`.
    MissingTableError
        No stage history was loaded, or no lead has a value for a usual attribute.

    Notes
    -----
    A lead is open while its last step is an entry into a stage, with no status after it that ends
    or suspends its way, as in `stuck_leads`; one that the CRM calls closed now, or whose deal is
    won, is not. Exactly at its deadline nothing is over. Of a lead in a stage that w of n leads of
    its origin reached and were won from, and a share p of all leads, the chance is
    (w + 1/2) / (n + 1/(2 p)), from leads old enough for the agreed share of all wins.
    """
    warehouse.require("lead", "stage_event", metric="breaches")
    selection = select_leads(warehouse, period=None, by=by)
    found = warehouse.query("metrics/breaches_filled")
    filled = {str(name): int(count) for name, count in found.table.iloc[0].items()}
    asked = asked_lists(warehouse, lists, filled)
    span = {"cohort_start": selection.start, "cohort_end": selection.end}
    answers = {
        each.name: warehouse.query(
            f"metrics/breaches_{each.name}", **each.values, **span, **selection.grouping
        )
        for each in asked
        if each.missing is None
    }
    worth = read_worth(warehouse)
    rows = {name: answer.table for name, answer in answers.items()}
    table = ranked(warehouse, rows, worth, has_pseudonyms=filled["sealed_ids"] > 0)
    currency = warehouse.agreement.currency
    shown = table.drop(columns=[] if selection.by else ["segment", "is_folded"])
    if warehouse.agreement.employee_level != "person":
        shown = shown.drop(columns="owner")
    return warehouse.result(
        "breaches",
        grain="one row per list and lead or deal",
        units={
            "over_hours": "working hours",
            "over_days": "days",
            "contacts": "persons",
            "chance_to_win": "share of leads that reached the stage",
            "value": currency,
            "expected_value": currency,
            "rows": "leads or deals",
            "leads": "leads",
            "deals": "deals",
            "median_over_hours": "working hours",
            "median_over_days": "days",
            "median_amount": currency,
            "link": "link",
        },
        definition=_DEFINITION,
        answers=[found, *answers.values(), *worth.answers],
        table=selection.spread(shown.drop(columns="is_deal")),
        parameters={
            "lists": [each.name for each in asked],
            "by": selection.parameters("period")["by"],
            "currency": currency,
            **agreed_rules(warehouse.agreement),
        },
        parts={
            "summary": selection.spread(summary_table(table, is_split=selection.by is not None)),
            "lists": list_table(asked, table),
            "chances": worth.chances,
            "values": worth.values,
        },
        notes=[
            Note("breaches", totals(table)),
            *_missing(asked),
            *_pseudonyms(filled, len(table)),
            *folded_note(_segments(rows), minimum_group_size=selection.minimum_group_size),
        ],
    )


def _missing(asked: Sequence[Asked]) -> list[Note]:
    """Which lists could not be made, or only in part, and why?"""
    lacking = {each.name: each.missing for each in asked if each.missing is not None}
    notes = [Note("lists_missing", lacking)] if lacking else []
    if any(each.without_leads for each in asked):
        notes.append(Note("next_step_leads", {"column": "next_step_on"}))
    return notes


def _pseudonyms(filled: dict[str, int], rows: int) -> list[Note]:
    return [Note("pseudonyms", {"rows": rows})] if filled["sealed_ids"] and rows else []


def _segments(rows: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The groups that the listed leads are of."""
    columns = ["segment", "is_folded", "segment_leads", "merged_groups"]
    tables: list[Any] = [table[columns] for table in rows.values() if len(table)]
    return pd.concat(tables) if tables else pd.DataFrame(columns=columns)
