"""Builds the parts of an agreement from its tables and finds what contradicts itself."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from babel.numbers import list_currencies

from funnel_analytics.agreement.crediting import attribution_rule
from funnel_analytics.agreement.labels import LANGUAGES, Label
from funnel_analytics.agreement.model import (
    EMPLOYEE_LEVELS,
    REASON_KINDS,
    SIDES,
    Agreement,
    Channel,
    MaturityRule,
    Stage,
    TargetsFile,
)
from funnel_analytics.agreement.reading import Reader
from funnel_analytics.agreement.rules import (
    check_limits,
    check_spellings,
    exchange_rule,
    identity_rule,
    links,
    loading_rule,
    privacy_rule,
    statuses,
)
from funnel_analytics.agreement.service import (
    buying_group,
    first_contact,
    follow_up,
    handovers,
    qualification,
)
from funnel_analytics.agreement.working import time_zone, working_time
from funnel_analytics.errors import did_you_mean

_TARGET_METRICS = ("leads", "won_deals", "revenue", "spend")
_Value = TypeVar("_Value")


def build(reader: Reader) -> Agreement:
    """The agreement in a TOML table; with faults, some of its values are fillers."""
    agreement = Agreement(
        company=reader.text("company"),
        agreed_on=reader.day("agreed_on"),
        language=reader.choice("language", LANGUAGES),  # type: ignore[arg-type]
        currency=_currency(reader),
        timezone=time_zone(reader),
        minimum_group_size=int(reader.number("minimum_group_size", default=5, low=1, whole=True)),
        employee_level=reader.choice("employee_level", EMPLOYEE_LEVELS, default="off"),
        teams=(teams := _teams(reader)),
        stages=(stages := _stages(reader, list(teams))),
        working_time=working_time(reader.table("working_time"), list(teams)),
        first_contact=first_contact(reader.table("first_contact"), stages),
        handover=handovers(reader.table("handover")),
        qualification=qualification(reader.table("qualification"), stages),
        buying_group=buying_group(reader.table("buying_group")),
        reasons=(reasons := _reasons(reader.table("reasons"))),
        follow_up=follow_up(reader.table("follow_up"), stages, reasons.get("recycled", {})),
        channels=(channels := _channels(reader.table("channels"))),
        attribution=attribution_rule(reader.table("attribution"), channels),
        maturity=_maturity(reader.table("maturity")),
        loading=loading_rule(reader.table("loading")),
        statuses=statuses(reader.table("statuses")),
        privacy=privacy_rule(reader.table("privacy")),
        identity=identity_rule(reader.table("identity")),
        exchange=exchange_rule(reader.table("exchange")),
        checks=check_limits(reader.table("checks")),
        targets=_targets(reader.table("targets")),
        links=links(reader.table("links")),
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


def _stages(reader: Reader, teams: list[str]) -> tuple[Stage, ...]:
    tables = reader.tables("stages")
    if reader.has("stages") and len(tables) < 2:
        reader.fault("stages", f"a funnel needs at least 2 stages; here is {len(tables)}.")
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
