"""Builds the parts of an agreement from its tables and finds what contradicts itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar

import holidays
from babel.numbers import list_currencies

from funnel_analytics.agreement.model import (
    ATTRIBUTION_MODELS,
    EMPLOYEE_LEVELS,
    HANDOVER_KINDS,
    LANGUAGES,
    REASON_KINDS,
    SIDES,
    WEEKDAYS,
    Agreement,
    AttributionRule,
    Channel,
    FirstContact,
    Handover,
    Holidays,
    Label,
    MaturityRule,
    Qualification,
    Stage,
    TargetsFile,
    WorkingTime,
)
from funnel_analytics.agreement.reading import Reader
from funnel_analytics.agreement.rules import (
    check_limits,
    check_spellings,
    exchange_rule,
    identity_rule,
    loading_rule,
    privacy_rule,
    statuses,
)
from funnel_analytics.errors import did_you_mean
from funnel_analytics.periods import time_zones

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–]\s*(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_TARGET_METRICS = ("leads", "won_deals", "revenue", "spend")
_Value = TypeVar("_Value")


def build(reader: Reader) -> Agreement:
    """The agreement in a TOML table; with faults, some of its values are fillers."""
    agreement = Agreement(
        company=reader.text("company"),
        agreed_on=reader.day("agreed_on"),
        language=reader.choice("language", LANGUAGES),  # type: ignore[arg-type]
        currency=_currency(reader),
        timezone=_timezone(reader),
        minimum_group_size=int(reader.number("minimum_group_size", default=5, low=1, whole=True)),
        employee_level=reader.choice("employee_level", EMPLOYEE_LEVELS, default="off"),
        teams=_teams(reader),
        stages=_stages(reader),
        working_time=_working_time(reader.table("working_time")),
        first_contact=_first_contact(reader.table("first_contact")),
        handover=_handovers(reader.table("handover")),
        qualification=_qualification(reader.table("qualification")),
        reasons=_reasons(reader.table("reasons")),
        channels=_channels(reader.table("channels")),
        attribution=_attribution(reader.table("attribution")),
        maturity=_maturity(reader.table("maturity")),
        loading=loading_rule(reader.table("loading")),
        statuses=statuses(reader.table("statuses")),
        privacy=privacy_rule(reader.table("privacy")),
        identity=identity_rule(reader.table("identity")),
        exchange=exchange_rule(reader.table("exchange")),
        checks=check_limits(reader.table("checks")),
        targets=_targets(reader.table("targets")),
    )
    check_spellings(reader, agreement.stages, agreement.statuses)
    reader.close()
    return agreement


def _frozen(values: dict[str, _Value]) -> Mapping[str, _Value]:
    return MappingProxyType(values)


def _currency(reader: Reader) -> str:
    code = reader.text("currency", wanted='a currency code such as "EUR"')
    known = list_currencies()
    if code and code not in known:
        hint = did_you_mean(code, known) if code.upper() in known else ""
        reader.fault(
            "currency", f"'{code}' is no currency; write its three-letter ISO 4217 code.{hint}"
        )
    return code


def _timezone(reader: Reader) -> str:
    zone = reader.text("timezone", wanted='a zone such as "Europe/Berlin"')
    known = time_zones()
    if zone and zone not in known:
        cities = {name.rpartition("/")[2]: name for name in sorted(known)}
        hint = did_you_mean(zone, known) or (
            f" Did you mean '{cities[zone]}'?" if zone in cities else ""
        )
        reader.fault("timezone", f"'{zone}' is no time zone of the IANA list.{hint}")
    return zone


def _label(reader: Reader | None) -> Label:
    if reader is None:
        return Label("", "")
    label = Label(de=reader.text("de"), en=reader.text("en"))
    reader.close()
    return label


def _required_label(reader: Reader, key: str) -> Label:
    if not reader.has(key):
        reader.fault(key, 'is missing; write { de = "…", en = "…" }.')
    return _label(reader.table(key))


def _teams(reader: Reader) -> Mapping[str, Label]:
    table = reader.table("teams")
    if table is None:
        return _frozen({})
    return _frozen({team: _label(table.table(team)) for team in table.keys()})  # noqa: SIM118


def _stages(reader: Reader) -> tuple[Stage, ...]:
    tables = reader.tables("stages")
    if reader.has("stages") and len(tables) < 2:
        reader.fault("stages", f"a funnel needs at least 2 stages; here is {len(tables)}.")
    teams = list(owners.keys()) if (owners := reader.table("teams")) else []
    stages: list[Stage] = []
    for table in tables:
        name = table.name("name")
        if name and name in [stage.name for stage in stages]:
            table.fault("name", f"'{name}' is listed twice.")
        if name in _TARGET_METRICS:
            table.fault("name", f"'{name}' is the name of a target; choose another for the stage.")
        owner = table.text("owner", wanted="the team that answers for entering the stage")
        if teams:
            table.check_choice("owner", owner, teams)
        stages.append(
            Stage(
                name=name,
                label=_required_label(table, "label"),
                owner=owner,
                definition=_required_label(table, "definition"),
                expected_days=table.number_or_none("expected_days", above=0),
                observed_from=table.day_or_none("observed_from"),
                is_won=table is tables[-1],
                includes=table.texts("includes"),
                is_optional=table.truth("optional", default=False),
            )
        )
        if stages[-1].is_optional and (table is tables[0] or table is tables[-1]):
            table.fault("optional", "the first and the last stage cannot be optional.")
        table.close()
    return tuple(stages)


def _working_time(reader: Reader | None) -> WorkingTime | None:
    if reader is None:
        return None
    faults = reader.fault_count
    days = {day: _hours(reader, day) for day in WEEKDAYS}
    if not any(days.values()) and reader.fault_count == faults:
        reader.fault("", "no day has working hours, so no deadline could ever pass.")
    working_time = WorkingTime(holidays=_holidays(reader.table("holidays")), days=_frozen(days))
    reader.close()
    return working_time


def _hours(reader: Reader, day: str) -> tuple[tuple[time, time], ...]:
    found: list[tuple[int, int]] = []
    for number, text in enumerate(reader.texts(day), start=1):
        match = _HOURS.fullmatch(text)
        if match is None:
            reader.fault(f"{day}[{number}]", f"'{text}' are no hours; write \"08:00-12:00\".")
            continue
        opens = int(match[1]) * 60 + int(match[2])
        closes = int(match[3]) * 60 + int(match[4]) if match[3] else 24 * 60
        if closes <= opens:
            reader.fault(
                f"{day}[{number}]",
                f"'{text}' ends before it starts; hours past midnight belong to the next day.",
            )
            continue
        found.append((opens, closes))
    found.sort()
    for before, after in pairwise(found):
        if after[0] < before[1]:
            reader.fault(day, f"{_clock(before)} and {_clock(after)} overlap.")
    return tuple((_time(opens), _time(closes)) for opens, closes in found)


def _time(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def _clock(hours: tuple[int, int]) -> str:
    return "-".join(f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in hours)


def _holidays(reader: Reader | None) -> Holidays:
    if reader is None:
        return Holidays()
    country = reader.text_or_none("country")
    subdivision = reader.text_or_none("subdivision")
    countries = holidays.list_supported_countries(include_aliases=False)
    if country and country not in countries:
        reader.fault(
            "country",
            f"'{country}' is no country whose holidays are known; write a code such as \"DE\"."
            f"{_country_hint(country, list(countries))}",
        )
    elif country and subdivision and subdivision not in countries[country]:
        reader.fault("subdivision", _unknown_subdivision(country, subdivision))
    if subdivision and not country:
        reader.fault("subdivision", "stands alone; write the country as well.")
    agreed = Holidays(country, subdivision, reader.days("also"))
    reader.close()
    return agreed


def _country_hint(country: str, codes: list[str]) -> str:
    named = getattr(getattr(holidays, country, None), "country", country.upper())
    return f" Did you mean '{named}'?" if named in codes else ""


def _unknown_subdivision(country: str, subdivision: str) -> str:
    codes = holidays.list_supported_countries(include_aliases=False)[country]
    if not codes:
        return f"'{subdivision}' is unknown: {country} has no subdivisions here; leave it out."
    aliases = getattr(holidays, country).subdivisions_aliases
    hint = (
        f" Did you mean '{aliases[subdivision]}'?"
        if subdivision in aliases
        else did_you_mean(subdivision, codes)
    )
    return f"'{subdivision}' is no part of {country}; it has {', '.join(codes)}.{hint}"


def _first_contact(reader: Reader | None) -> FirstContact | None:
    if reader is None:
        return None
    by_origin: dict[str, float] = {}
    origins = reader.table("by_origin")
    if origins is not None:
        by_origin = {origin: origins.number(origin, above=0) for origin in origins.keys()}  # noqa: SIM118
    rule = FirstContact(
        within_hours=reader.number("within_hours", above=0),
        escalate_to=reader.text_or_none("escalate_to"),
        by_origin=_frozen(by_origin),
    )
    reader.close()
    return rule


def _handovers(reader: Reader | None) -> Mapping[str, Handover]:
    found: dict[str, Handover] = {}
    if reader is None:
        return _frozen(found)
    for kind in HANDOVER_KINDS:
        table = reader.table(kind)
        if table is None:
            continue
        found[kind] = Handover(
            respond_within_hours=table.number("respond_within_hours", above=0),
            required_fields=table.texts("required_fields"),
            escalate_to=table.text_or_none("escalate_to"),
        )
        table.close()
    reader.close()
    return _frozen(found)


def _qualification(reader: Reader | None) -> Qualification | None:
    if reader is None:
        return None
    faults = reader.fault_count
    rule = Qualification(
        framework=reader.text("framework"),
        criteria=reader.texts("criteria", required=True),
        required=reader.texts("required"),
        at_least=int(reader.number("at_least", low=1, whole=True)),
    )
    if reader.has("criteria") and not rule.criteria and reader.fault_count == faults:
        reader.fault("criteria", "is empty; list at least one criterion.")
    for number, criterion in enumerate(rule.required if rule.criteria else (), start=1):
        reader.check_choice(f"required[{number}]", criterion, rule.criteria)
    if rule.at_least > len(rule.criteria) > 0:
        reader.fault("at_least", f"{rule.at_least} is more than the {len(rule.criteria)} criteria.")
    reader.close()
    return rule


def _reasons(reader: Reader | None) -> Mapping[str, Mapping[str, Label]]:
    found: dict[str, Mapping[str, Label]] = {}
    if reader is None:
        return _frozen(found)
    for kind in REASON_KINDS:
        table = reader.table(kind)
        if table is not None:
            labels = {reason: _label(table.table(reason)) for reason in table.keys()}  # noqa: SIM118
            found[kind] = _frozen(labels)
    reader.close()
    return _frozen(found)


def _channels(reader: Reader | None) -> Mapping[str, Channel]:
    found: dict[str, Channel] = {}
    if reader is None:
        return _frozen(found)
    owner = {name.casefold(): name for name in reader.keys()}  # noqa: SIM118
    for name in list(reader.keys()):
        reader.check_name(name, name)
        table = reader.table(name)
        if table is None:
            continue
        includes = table.texts("includes")
        for number, raw in enumerate(includes, start=1):
            other = owner.setdefault(raw.casefold(), name)
            if raw and other != name:
                table.fault(f"includes[{number}]", f"'{raw}' belongs to channel '{other}' already.")
        side: Any = table.choice("side", SIDES)
        label = _label(table.table("label")) if table.has("label") else None
        found[name] = Channel(side=side, label=label, includes=includes)
        table.close()
    return _frozen(found)


def _attribution(reader: Reader | None) -> AttributionRule:
    usual = AttributionRule()
    if reader is None:
        return usual
    rule = AttributionRule(
        model=reader.choice("model", ATTRIBUTION_MODELS, default=usual.model),
        lookback_days=int(
            reader.number("lookback_days", default=usual.lookback_days, low=1, whole=True)
        ),
        half_life_days=reader.number("half_life_days", default=usual.half_life_days, above=0),
        first_share=reader.number("first_share", default=usual.first_share, low=0, high=1),
        last_share=reader.number("last_share", default=usual.last_share, low=0, high=1),
    )
    if rule.first_share + rule.last_share > 1 + 1e-9:
        reader.fault(
            "first_share",
            f"{rule.first_share:g} and last_share {rule.last_share:g} are more than 1 together.",
        )
    reader.close()
    return rule


def _maturity(reader: Reader | None) -> MaturityRule:
    usual = MaturityRule()
    if reader is None:
        return usual
    rule = MaturityRule(reader.number("mature_from", default=usual.mature_from, above=0, high=1))
    reader.close()
    return rule


def _targets(reader: Reader | None) -> TargetsFile | None:
    if reader is None:
        return None
    targets = TargetsFile(
        reader.text("file", wanted='the name of the sheet, such as "targets.csv"')
    )
    reader.close()
    return targets
