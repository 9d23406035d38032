"""The agreement as a table: stages, deadlines and rules, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from itertools import groupby

import pandas as pd
from great_tables import GT

from funnel_analytics.agreement import (
    WEEKDAYS,
    Agreement,
    FirstContact,
    FollowUp,
    Handover,
    Qualification,
    WorkingTime,
)
from funnel_analytics.tables.frame import framed
from funnel_analytics.wording import Words, attribution_rules, words_in
from funnel_analytics.wording.phrases import plain_name

__all__ = ["agreement"]


def agreement(agreed: Agreement, *, language: str | None = None) -> GT:
    """What did both departments agree on? Stages, owners, definitions, deadlines, rules."""
    words = words_in(language or agreed.language)
    rows = [
        [
            words.say("agreement.stages"),
            f"{number}. {stage.label.text(words.language)}",
            words.team(agreed, stage.owner),
            stage.definition.text(words.language),
            words.number(stage.expected_days),
        ]
        for number, stage in enumerate(agreed.stages, start=1)
    ]
    rows += [
        [words.say("agreement.deadlines"), term, owner, text, ""]
        for term, owner, text in _deadlines(words, agreed)
    ]
    rows += [
        [words.say("agreement.rules"), term, "", text, ""] for term, text in _rules(words, agreed)
    ]
    frame = pd.DataFrame(
        rows, columns=["group", "term", "owner", "agreed", "expected_days"], dtype=object
    )
    return framed(
        frame,
        headings={
            name: words.column(name) for name in ("term", "owner", "agreed", "expected_days")
        },
        title=words.say("title.agreement", company=agreed.company, day=words.day(agreed.agreed_on)),
        subtitle=words.say("title.agreement_subtitle"),
        texts=("term", "owner", "agreed"),
        least={"agreed": "260px"},
        group="group",
    )


def _deadlines(words: Words, agreed: Agreement) -> list[tuple[str, str, str]]:
    """What is due when: term, the team if it holds for one only, and the text."""
    found = []
    if agreed.working_time is not None:
        term = words.say("agreement.working_time")
        found.append((term, "", _clock(words, agreed.working_time)))
        for team, clock in agreed.working_time.teams.items():
            found.append((term, words.team(agreed, team), _clock(words, clock)))
    if agreed.first_contact is not None:
        text = ", ".join(_first_contact(words, agreed, agreed.first_contact))
        found.append((words.say("agreement.first_contact"), "", text))
    for kind, handover in agreed.handover.items():
        term = words.say("agreement.handover", name=_handover(words, agreed, kind))
        found.append((term, "", "; ".join(_answer(words, agreed, handover))))
    if agreed.follow_up is not None:
        text = "; ".join(_follow_up(words, agreed, agreed.follow_up))
        if text:
            found.append((words.say("agreement.follow_up"), "", text))
    return found


def _clock(words: Words, clock: WorkingTime) -> str:
    """`Mo.–Do. 08:00–12:00, 13:00–17:00; Fr. 08:00–14:00; Feiertage: DE, BY; …`."""
    texts = []
    for hours, days in groupby(WEEKDAYS, key=lambda day: clock.days[day]):
        if hours:
            texts.append(f"{_weekdays(words, list(days))} {', '.join(map(_span, hours))}")
    agreed = clock.holidays
    if agreed.country:
        places = ", ".join(place for place in (agreed.country, agreed.subdivision) if place)
        texts.append(words.say("agreement.holidays", places=places))
    if agreed.also:
        texts.append(words.say("agreement.days_off", count=len(agreed.also)))
    if clock.timezone:
        label = words.say("agreement.timezone")
        texts.append(words.form("labelled", label=label, text=clock.timezone))
    return "; ".join(texts)


def _weekdays(words: Words, days: list[str]) -> str:
    names = words.locale.days["format"]["abbreviated"]
    first, last = (names[WEEKDAYS.index(day)] for day in (days[0], days[-1]))
    return first if first == last else words.form("range", low=first, high=last)


def _span(hours: tuple[time, time]) -> str:
    opens, closes = hours
    return f"{opens:%H:%M}–{f'{closes:%H:%M}' if closes != time(0) else '24:00'}"


def _first_contact(words: Words, agreed: Agreement, rule: FirstContact) -> list[str]:
    texts = [_within(words, agreed, rule.within_hours)]
    for origin, hours in rule.by_origin.items():
        texts.append(_named(words, agreed, words.segment(agreed, "origin", origin), hours))
    for priority, hours in rule.by_priority.items():
        name = words.say(
            "agreement.of_priority", priority=words.segment(agreed, "priority", priority)
        )
        texts.append(_named(words, agreed, name, hours))
    for stage, hours in rule.by_stage.items():
        name = words.say("agreement.in_stage", stage=words.quoted(words.stage(agreed, stage)))
        texts.append(_named(words, agreed, name, hours))
    if rule.escalate_to:
        texts.append(_escalation(words, agreed, rule.escalate_to))
    return texts


def _within(words: Words, agreed: Agreement, hours: float) -> str:
    return words.say("agreement.within_hours", hours=words.amount(words.working(agreed), hours))


def _named(words: Words, agreed: Agreement, name: str, hours: float) -> str:
    return words.form("labelled", label=name, text=_within(words, agreed, hours))


def _answer(words: Words, agreed: Agreement, handover: Handover) -> list[str]:
    within = words.amount(words.working(agreed), handover.respond_within_hours)
    texts = [words.say("agreement.respond", hours=within)]
    if handover.required_fields:
        fields = words.list_of([words.field(each) for each in handover.required_fields])
        texts.append(words.say("agreement.required_fields", fields=fields))
    if handover.escalate_to:
        texts.append(_escalation(words, agreed, handover.escalate_to))
    if handover.return_to_pool:
        texts.append(words.say("agreement.return_to_pool"))
    return texts


def _follow_up(words: Words, agreed: Agreement, rule: FollowUp) -> list[str]:
    texts = []
    if rule.next_step_from is not None:
        stage = words.quoted(words.stage(agreed, rule.next_step_from))
        texts.append(words.say("agreement.next_step", stage=stage))
    if rule.recycled_due_days is not None:
        days = words.amount("days_dative", rule.recycled_due_days)
        texts.append(words.say("agreement.recycled_due", days=days))
    for reason, number in rule.recycled_due_days_by_reason.items():
        label = agreed.reason_label("recycled", reason, words.language)
        name = plain_name(reason) if label == reason else label
        days = words.amount("days_dative", number)
        texts.append(
            words.say("agreement.recycled_due_reason", reason=words.quoted(name), days=days)
        )
    return texts


def _handover(words: Words, agreed: Agreement, kind: str) -> str:
    """Who hands over to whom, by the names of the teams."""
    if not words.has("handover_kind", kind):
        return plain_name(kind)
    teams = {name: words.team(agreed, name) for name in ("marketing", "sdr", "sales")}
    return words.say(f"handover_kind.{kind}", **teams)


def _escalation(words: Words, agreed: Agreement, team: str) -> str:
    return words.say("agreement.escalate", team=words.team(agreed, team))


def _rules(words: Words, agreed: Agreement) -> list[tuple[str, str]]:
    rules = []
    if agreed.qualification is not None:
        needs = agreed.qualification
        term = words.say("agreement.qualification", framework=needs.framework)
        rules.append((term, _criteria(words, needs)))
        if needs.score is not None:
            text = words.say(
                "agreement.score_rule",
                least=words.number(needs.score.qualified_from),
                highest=words.number(needs.score.highest),
                stage=words.quoted(words.stage(agreed, needs.score.predicts)),
            )
            rules.append((words.say("agreement.score"), text))
    if agreed.buying_group is not None:
        roles = words.list_of(
            [words.role(each) for each in agreed.buying_group.decision_roles], last="either"
        )
        text = words.say(
            "agreement.buying_group_rule", count=agreed.buying_group.minimum_contacts, roles=roles
        )
        rules.append((words.say("agreement.buying_group"), text))
    rules.append((words.say("agreement.attribution"), attribution_rules(words, agreed)))
    smallest = words.amount("leads", agreed.minimum_group_size)
    rules.append((words.say("agreement.minimum_group"), smallest))
    rules.append((words.say("agreement.timezone"), agreed.timezone))
    currency = words.symbol(agreed.currency)
    rules.append((words.say("agreement.currency"), currency))
    if agreed.links:
        rules.append((words.say("agreement.links"), _links(words, agreed.links)))
    return rules


def _criteria(words: Words, needs: Qualification) -> str:
    text = words.say(
        "agreement.criteria",
        at_least=words.whole(needs.at_least),
        of=words.whole(len(needs.criteria)),
        criteria=words.list_of([words.field(each) for each in needs.criteria]),
    )
    if not needs.required:
        return text
    required = words.list_of([words.field(each) for each in needs.required])
    return words.form(
        "clauses", first=text, second=words.say("agreement.required", criteria=required)
    )


def _links(words: Words, links: Mapping[str, str]) -> str:
    return "; ".join(
        words.form("labelled", label=words.say(f"agreement.link_{name}"), text=link)
        for name, link in links.items()
    )
