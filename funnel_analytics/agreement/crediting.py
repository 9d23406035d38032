"""The part of an agreement that says how credit is shared: journeys, touches, rules of our own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from funnel_analytics.agreement.attribution import (
    ATTRIBUTION_MODELS,
    DIRECT,
    JOURNEYS_OF,
    LONGEST_LOOKBACK_DAYS,
    REPEATS,
    AttributionRule,
    OwnRule,
)
from funnel_analytics.agreement.labels import Label
from funnel_analytics.agreement.model import Channel
from funnel_analytics.agreement.reading import Reader

_SHARES = ("first", "lead_created", "opportunity_created", "last", "rest")


def attribution_rule(reader: Reader | None, channels: Mapping[str, Channel]) -> AttributionRule:
    """How credit is shared."""
    usual = AttributionRule()
    if reader is None:
        return usual
    own = _own_rules(reader.table("own"))
    rule = AttributionRule(
        model=reader.choice("model", (*ATTRIBUTION_MODELS, *own), default=usual.model),
        lookback_days=int(
            reader.number(
                "lookback_days",
                default=usual.lookback_days,
                low=1,
                high=LONGEST_LOOKBACK_DAYS,
                whole=True,
            )
        ),
        half_life_days=reader.number("half_life_days", default=usual.half_life_days, above=0),
        first_share=reader.number("first_share", default=usual.first_share, low=0, high=1),
        last_share=reader.number("last_share", default=usual.last_share, low=0, high=1),
        journeys_of=reader.choice("journeys_of", JOURNEYS_OF, default=usual.journeys_of),
        repeats=reader.choice("repeats", REPEATS, default=usual.repeats),
        direct=reader.choice("direct", DIRECT, default=usual.direct),
        direct_channels=(
            reader.texts("direct_channels")
            if reader.has("direct_channels")
            else usual.direct_channels
        ),
        pool_below=int(reader.number("pool_below", default=usual.pool_below, low=0, whole=True)),
        activities=_activities(reader, channels),
        own=own,
    )
    if rule.first_share + rule.last_share > 1 + 1e-9:
        reader.fault(
            "first_share",
            f"{rule.first_share:g} and last_share {rule.last_share:g} are more than 1 together.",
        )
    reader.close()
    return rule


def _activities(reader: Reader, channels: Mapping[str, Channel]) -> Mapping[str, str] | None:
    """The channels of activities by kind; None where they are no touches."""
    if reader.has("activities") and not reader.is_table("activities"):
        is_counted = reader.truth("activities", default=True)
        return MappingProxyType({}) if is_counted else None
    table = reader.table("activities")
    if table is None:
        return MappingProxyType({})
    found: dict[str, str] = {}
    for kind in table.keys():  # noqa: SIM118
        found[kind] = channel = table.text(kind)
        known = channels.get(channel)
        if known is not None and known.side != "sales":
            table.fault(
                kind,
                f"'{channel}' is a channel of {known.side}; what our people do is of sales.",
            )
    return MappingProxyType(found)


def _own_rules(reader: Reader | None) -> Mapping[str, OwnRule]:
    found: dict[str, OwnRule] = {}
    if reader is None:
        return MappingProxyType(found)
    for name in reader.keys():  # noqa: SIM118
        reader.check_name(name, name)
        if name in ATTRIBUTION_MODELS:
            reader.fault(name, f"'{name}' is a model already; choose another name.")
        table = reader.table(name)
        if table is not None:
            found[name] = _own_rule(table)
    return MappingProxyType(found)


def _own_rule(reader: Reader) -> OwnRule:
    if not reader.has("label"):
        reader.fault("label", 'is missing; write { de = "…", en = "…" }.')
    label = reader.table("label")
    texts = Label("", "") if label is None else Label(label.text("de"), label.text("en"))
    if label is not None:
        label.close()
    faults = reader.fault_count
    shares = {each: reader.number(each, default=0.0, low=0, high=1) for each in _SHARES}
    total = math.fsum(shares.values())
    if reader.fault_count == faults and abs(total - 1) > 1e-9:
        reader.fault("", f"the shares sum to {total:g}, not to 1.")
    reader.close()
    return OwnRule(texts, **shares)
