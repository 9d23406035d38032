"""Which lists can be made: what each needs of the agreement and of the exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from funnel_analytics.agreement import Agreement
from funnel_analytics.errors import CallError, did_you_mean
from funnel_analytics.periods import to_local
from funnel_analytics.warehouse import Warehouse

__all__ = ["LISTS", "Asked", "agreed_rules", "asked_lists"]

_HOUR = 3600


@dataclass(frozen=True)
class Asked:
    """One list that was asked for: what its query takes, or why it cannot be made.

    `missing` is `no_rule` where the agreement says nothing, else the table or column that no export
    has. `without_leads`: only deals can be judged, for no lead states what it takes.
    """

    name: str
    values: Mapping[str, Any]
    missing: str | None = None
    without_leads: bool = False


def asked_lists(
    warehouse: Warehouse, lists: Sequence[str] | str | None, filled: Mapping[str, int]
) -> list[Asked]:
    """The lists that were asked for, each with what its query needs; all where none was named.

    Parameters
    ----------
    filled
        What the exports state: `leads_with_step`, `deals_with_step`.

    Raises
    ------
    CallError
        There is no such list.
    """
    names = [lists] if isinstance(lists, str) else list(LISTS if lists is None else lists)
    unknown = [name for name in names if name not in LISTS]
    if unknown:
        raise CallError(
            f"There is no list '{unknown[0]}'.{did_you_mean(unknown[0], LISTS)} "
            f"Lists: {', '.join(LISTS)}."
        )
    return [LISTS[name](name, warehouse, filled) for name in LISTS if name in names]


def _lacking(warehouse: Warehouse, *tables: str) -> str | None:
    return next((table for table in tables if not warehouse.has(table)), None)


def _contact_overdue(name: str, warehouse: Warehouse, _: Mapping[str, int]) -> Asked:
    agreed = warehouse.agreement.first_contact is not None
    values = {"timezone": warehouse.timezone, "as_of": warehouse.as_of}
    return Asked(name, values, _lacking(warehouse, "activity") if agreed else "no_rule")


def _handover_overdue(name: str, warehouse: Warehouse, _: Mapping[str, int]) -> Asked:
    agreed = warehouse.agreement.handover
    values = {
        "kinds": list(agreed),
        "deadline_seconds": [round(each.respond_within_hours * _HOUR) for each in agreed.values()],
        "as_of": warehouse.as_of,
    }
    return Asked(name, values, _lacking(warehouse, "handover") if agreed else "no_rule")


def _accepted_without_activity(name: str, warehouse: Warehouse, _: Mapping[str, int]) -> Asked:
    agreed = warehouse.agreement.first_contact is not None
    lacking = _lacking(warehouse, "handover", "activity") if agreed else "no_rule"
    return Asked(name, {"as_of": warehouse.as_of}, lacking)


def _no_next_step(name: str, warehouse: Warehouse, filled: Mapping[str, int]) -> Asked:
    rule = warehouse.agreement.follow_up
    if rule is None or rule.next_step_from is None:
        return Asked(name, {}, "no_rule")
    if not filled["leads_with_step"] and not filled["deals_with_step"]:
        return Asked(name, {}, "next_step_on")
    values = {
        "today": to_local(warehouse.as_of, warehouse.timezone).date(),
        "position": warehouse.agreement.position(rule.next_step_from),
        "with_leads": bool(filled["leads_with_step"]),
        "as_of": warehouse.as_of,
    }
    return Asked(name, values, without_leads=not filled["leads_with_step"])


def _recycled_due(name: str, warehouse: Warehouse, _: Mapping[str, int]) -> Asked:
    rule = warehouse.agreement.follow_up
    if rule is None or not (rule.recycled_due_days or rule.recycled_due_days_by_reason):
        return Asked(name, {}, "no_rule")
    # A list without an element has no type; no reason is an empty text.
    by_reason = {"": None, **rule.recycled_due_days_by_reason}
    days = [None if each is None else float(each) for each in by_reason.values()]
    values = {
        "reasons": list(by_reason),
        "due_days": days if any(each is not None for each in days) else [0.0],
        "other_due_days": rule.recycled_due_days,
        "as_of": warehouse.as_of,
    }
    return Asked(name, values)


def _single_threaded(name: str, warehouse: Warehouse, _: Mapping[str, int]) -> Asked:
    rule = warehouse.agreement.buying_group
    if rule is None:
        return Asked(name, {}, "no_rule")
    values = {
        "minimum_contacts": rule.minimum_contacts,
        "decision_roles": list(rule.decision_roles),
        "as_of": warehouse.as_of,
    }
    return Asked(name, values, _lacking(warehouse, "deal", "deal_contact"))


LISTS: Mapping[str, Callable[[str, Warehouse, Mapping[str, int]], Asked]] = {
    "contact_overdue": _contact_overdue,
    "handover_overdue": _handover_overdue,
    "accepted_without_activity": _accepted_without_activity,
    "no_next_step": _no_next_step,
    "recycled_due": _recycled_due,
    "single_threaded": _single_threaded,
}
"""Every list, in the order in which they are shown, and how it is prepared."""


def agreed_rules(agreement: Agreement) -> dict[str, Any]:
    """What a result says it was judged by."""
    contact, follow, group = agreement.first_contact, agreement.follow_up, agreement.buying_group
    return {
        "contact_within_hours": contact.within_hours if contact else None,
        "contact_within_hours_by_origin": dict(contact.by_origin) if contact else {},
        "contact_within_hours_by_priority": dict(contact.by_priority) if contact else {},
        "contact_within_hours_by_stage": dict(contact.by_stage) if contact else {},
        "respond_within_hours": {
            kind: each.respond_within_hours for kind, each in agreement.handover.items()
        },
        "next_step_from": follow.next_step_from if follow else None,
        "recycled_due_days": follow.recycled_due_days if follow else None,
        "recycled_due_days_by_reason": dict(follow.recycled_due_days_by_reason) if follow else {},
        "minimum_contacts": group.minimum_contacts if group else None,
        "decision_roles": list(group.decision_roles) if group else [],
    }
