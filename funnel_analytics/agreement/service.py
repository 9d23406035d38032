"""What the teams owe a lead: a first contact, an answer, a qualification, a next step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from funnel_analytics.agreement.model import (
    HANDOVER_KINDS,
    BuyingGroup,
    FirstContact,
    FollowUp,
    Handover,
    Qualification,
    Score,
    Stage,
)
from funnel_analytics.agreement.reading import Reader


def first_contact(reader: Reader | None, stages: Sequence[Stage]) -> FirstContact | None:
    """Within how many working hours a lead is to be contacted."""
    if reader is None:
        return None
    names = [stage.name for stage in stages]
    rule = FirstContact(
        within_hours=reader.number("within_hours", above=0),
        escalate_to=reader.text_or_none("escalate_to"),
        by_origin=_numbers(reader.table("by_origin")),
        by_priority=_numbers(reader.table("by_priority")),
        by_stage=_numbers(reader.table("by_stage"), allowed=names),
    )
    reader.close()
    return rule


def handovers(reader: Reader | None) -> Mapping[str, Handover]:
    """What holds for each kind of hand-over."""
    found: dict[str, Handover] = {}
    if reader is None:
        return MappingProxyType(found)
    for kind in HANDOVER_KINDS:
        table = reader.table(kind)
        if table is None:
            continue
        found[kind] = Handover(
            respond_within_hours=table.number("respond_within_hours", above=0),
            required_fields=table.texts("required_fields"),
            escalate_to=table.text_or_none("escalate_to"),
            return_to_pool=table.truth("return_to_pool", default=False),
        )
        table.close()
    reader.close()
    return MappingProxyType(found)


def qualification(reader: Reader | None, stages: Sequence[Stage]) -> Qualification | None:
    """When a lead counts as qualified, by its answers and by its score."""
    if reader is None:
        return None
    faults = reader.fault_count
    rule = Qualification(
        framework=reader.text("framework"),
        criteria=reader.texts("criteria", required=True),
        required=reader.texts("required"),
        at_least=int(reader.number("at_least", low=1, whole=True)),
        score=_score(reader.table("score"), stages),
    )
    if reader.has("criteria") and not rule.criteria and reader.fault_count == faults:
        reader.fault("criteria", "is empty; list at least one criterion.")
    for number, criterion in enumerate(rule.required if rule.criteria else (), start=1):
        reader.check_choice(f"required[{number}]", criterion, rule.criteria)
    if rule.at_least > len(rule.criteria) > 0:
        reader.fault("at_least", f"{rule.at_least} is more than the {len(rule.criteria)} criteria.")
    reader.close()
    return rule


def _score(reader: Reader | None, stages: Sequence[Stage]) -> Score | None:
    if reader is None:
        return None
    usual = Score("", 0)
    score = Score(
        predicts=reader.text("predicts", wanted="the stage whose chance the score tells"),
        highest=reader.number("highest", default=usual.highest, above=0),
        qualified_from=reader.number("qualified_from", low=0),
    )
    names = [stage.name for stage in stages]
    if names and score.predicts == names[0]:
        reader.fault("predicts", f"'{names[0]}' is the first stage; every lead enters it.")
    elif names:
        reader.check_choice("predicts", score.predicts, names)
    if score.qualified_from > score.highest:
        reader.fault(
            "qualified_from",
            f"{score.qualified_from:g} is above highest {score.highest:g}, so no lead would ever "
            "qualify.",
        )
    reader.close()
    return score


def buying_group(reader: Reader | None) -> BuyingGroup | None:
    """How many contacts a deal needs."""
    if reader is None:
        return None
    least = int(reader.number("minimum_contacts", low=1, whole=True))
    roles = BuyingGroup(least).decision_roles
    if reader.has("decision_roles"):
        faults = reader.fault_count
        roles = reader.texts("decision_roles")
        if not roles and reader.fault_count == faults:
            reader.fault("decision_roles", "is empty; list at least one role, or leave it out.")
    reader.close()
    return BuyingGroup(least, roles)


def follow_up(
    reader: Reader | None, stages: Sequence[Stage], reasons: Collection[str]
) -> FollowUp | None:
    """What is due when; `reasons` are those agreed for recycling, if any are."""
    if reader is None:
        return None
    stage = reader.text_or_none("next_step_from")
    if stage and stages:
        reader.check_choice("next_step_from", stage, [each.name for each in stages])
    rule = FollowUp(
        next_step_from=stage,
        recycled_due_days=reader.number_or_none("recycled_due_days", above=0),
        recycled_due_days_by_reason=_numbers(
            reader.table("recycled_due_days_by_reason"), allowed=reasons
        ),
    )
    reader.close()
    return rule


def _numbers(reader: Reader | None, *, allowed: Collection[str] = ()) -> Mapping[str, float]:
    """Numbers above 0 by name; with `allowed`, any other name is a fault."""
    found: dict[str, float] = {}
    if reader is not None:
        for name in reader.keys():  # noqa: SIM118
            if allowed:
                reader.check_choice(name, name, allowed)
            found[name] = reader.number(name, above=0)
    return MappingProxyType(found)
