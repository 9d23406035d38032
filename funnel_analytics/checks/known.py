"""Every check: its usual limits, what they measure, and which metrics its fault distorts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from funnel_analytics.agreement import Agreement, CheckLimit
from funnel_analytics.errors import AgreementError, did_you_mean, listed

__all__ = ["CHECKS", "Check", "agreed_limits"]

Measure = Literal["share", "days"]

_CONVERSION, _ENTRIES, _TIME = "stage_conversion", "stage_throughput", "time_in_stage"
_WAIT, _CREDIT, _TARGETS, _PLAN = (
    "time_to_contact",
    "attribute",
    "actual_vs_target",
    "leads_needed",
)
_EVERY = (_TARGETS, _ENTRIES, _CONVERSION, _TIME, _WAIT, _CREDIT, _PLAN)


@dataclass(frozen=True)
class Check:
    """One check: above `review_above` it is to be reviewed, above `fail_above` it fails.

    The limits are shares of the rows looked at or, with `measure="days"`, days. No `fail_above`:
    it is never more than a matter for review. `distorts` names the metrics whose numbers suffer.
    """

    distorts: tuple[str, ...] = ()
    review_above: float = 0.0
    fail_above: float | None = None
    measure: Measure = "share"

    def limited(self, agreed: CheckLimit | None) -> Check:
        """The check with the limits that the agreement sets; the others stay as usual.

        Of an agreed limit and a usual one that contradict it, the agreed one counts: nothing fails
        that is not even to be reviewed.
        """
        if agreed is None:
            return self
        review, fail = agreed.review_above, agreed.fail_above
        if review is None:
            review = self.review_above if fail is None else min(self.review_above, fail)
        if fail is None and self.fail_above is not None:
            fail = max(self.fail_above, review)
        return Check(self.distorts, review, fail, self.measure)


CHECKS: Mapping[str, Check] = {
    "as_of_after_data": Check(_EVERY),
    "contact_before_creation": Check((_WAIT,), fail_above=0.05),
    "converted_amounts": Check((_CREDIT, _TARGETS, _PLAN), review_above=4, measure="days"),
    "deals_of_several_leads": Check((_ENTRIES, _CONVERSION, _TIME, _PLAN), review_above=0.2),
    "deals_without_contact": Check((_CREDIT,), review_above=0.2),
    "deals_without_lead": Check((_TARGETS, _CREDIT, _PLAN)),
    "duplicate_leads": Check((_TARGETS, _ENTRIES, _CONVERSION, _PLAN)),
    "duplicate_rows": Check(),
    "entry_before_creation": Check((_CONVERSION, _TIME), fail_above=0.05),
    "events_without_meaning": Check((_ENTRIES, _CONVERSION, _TIME, _PLAN)),
    "excluded_deals": Check((_TARGETS, _CREDIT, _PLAN)),
    "excluded_leads": Check(),
    "identity_conflicts": Check((_CREDIT,)),
    "incomplete_fields": Check((_CONVERSION, _WAIT, _CREDIT), review_above=0.2),
    "leads_without_owner": Check((_WAIT,)),
    "left_truncation": Check((_CONVERSION, _PLAN)),
    "missing_origin": Check((_CONVERSION, _TARGETS, _PLAN)),
    "months_without_leads": Check((_TARGETS, _ENTRIES, _PLAN)),
    "moved_backwards": Check((_ENTRIES, _TIME)),
    "orphan_activities": Check((_WAIT,), fail_above=0.05),
    "orphan_deal_contacts": Check((_CREDIT,), fail_above=0.05),
    "orphan_handovers": Check((_WAIT,), fail_above=0.05),
    "orphan_stage_events": Check((_ENTRIES, _CONVERSION, _TIME, _PLAN), fail_above=0.05),
    "orphan_touches": Check((_CREDIT,)),
    "quarantined_rows": Check(_EVERY),
    "skipped_stages": Check((_CONVERSION, _TIME, _PLAN)),
    "snapshot_entries": Check((_ENTRIES, _CONVERSION, _TIME)),
    "spend_without_campaign": Check(),
    "stages_never_recorded": Check((_CONVERSION, _TIME, _PLAN)),
    "stale_exports": Check(_EVERY, review_above=7, measure="days"),
    "stamps_out_of_order": Check((_TIME, _WAIT, _PLAN), fail_above=0.05),
    "stated_totals": Check((_TARGETS, _CREDIT, _PLAN), fail_above=0.5),
    "sudden_falls": Check((_TARGETS, _ENTRIES, _WAIT, _CREDIT, _PLAN)),
    "touches_after_conversion": Check((_CREDIT,), review_above=0.2),
    "touches_without_person": Check((_CREDIT,)),
    "unmapped_channels": Check((_TARGETS, _CREDIT)),
    "vanished_leads": Check((_TARGETS, _ENTRIES, _CONVERSION, _PLAN)),
    "win_before_creation": Check((_CONVERSION, _TIME, _PLAN), fail_above=0.05),
    "won_without_amount": Check((_TARGETS, _CREDIT, _PLAN)),
    "won_without_close": Check((_TARGETS, _CREDIT, _PLAN)),
}
"""The usual limits: review whatever is found, unless some of it is normal business (deals without a
recorded contact, touches of customers); fail where so large a share is no exception any more, and
the export itself is probably wrong. The agreement's `[checks.<name>]` overrides them."""


def agreed_limits(agreement: Agreement) -> Mapping[str, Check]:
    """Every check with its limits in force.

    Raises
    ------
    AgreementError
        `[checks]` names a check that does not exist, or gives a share above 1.
    """
    faults = [
        f"checks.{name}: there is no such check.{did_you_mean(name, CHECKS)}"
        for name in agreement.checks
        if name not in CHECKS
    ]
    for name, limit in agreement.checks.items():
        if name in CHECKS and CHECKS[name].measure == "share":
            faults += [
                f"checks.{name}.{key}: {value:g} is no share; write one from 0 to 1."
                for key, value in (
                    ("review_above", limit.review_above),
                    ("fail_above", limit.fail_above),
                )
                if value is not None and value > 1
            ]
    if faults:
        raise AgreementError(
            f"The agreement's limits of checks cannot be used:\n{listed(faults)}\n"
            f"Checks: {', '.join(CHECKS)}."
        )
    return {name: check.limited(agreement.checks.get(name)) for name, check in CHECKS.items()}
