"""Makes an agreement readable by SQL, as temporary tables of a connection."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pandas as pd

from funnel_analytics.agreement import Agreement
from funnel_analytics.clock import working_intervals
from funnel_analytics.periods import span, to_local
from funnel_analytics.warehouse.connection import Connection
from funnel_analytics.warehouse.queries import load_query

__all__ = ["register_agreement"]

_BEFORE = timedelta(days=7)
_AFTER = timedelta(days=400)


def register_agreement(connection: Connection, agreement: Agreement, as_of: datetime) -> None:
    """Register stages, channels, criteria, deadlines, months and the working clocks."""
    text = load_query("warehouse/first_days", len(agreement.stages)).text
    firsts = connection.execute(text, {"timezone": agreement.timezone}).fetchall()
    known = [first for _, first in firsts if first]
    today = to_local(as_of, agreement.timezone).date()
    start, last = min(known, default=today), today + _AFTER
    for name, frame in (
        ("agreed_stages", _stages(agreement)),
        ("agreed_channels", _channels(agreement)),
        ("agreed_activities", _activities(agreement)),
        ("agreed_criteria", _criteria(agreement)),
        ("calendar_months", _months(agreement, start, last)),
        ("working_time", working_intervals(agreement, first=start - _BEFORE, last=last)),
        ("contact_rules", _contact_rules(agreement)),
    ):
        connection.register("given", frame)
        connection.execute(f"create temp table {name} as from given")
        connection.unregister("given")
    for mart in (
        "marts/touches",
        "marts/channel_labels",
        "marts/spend_days",
        "marts/working_spans",
    ):
        connection.execute(load_query(mart, len(agreement.stages)).text)


def _stages(agreement: Agreement) -> pd.DataFrame:
    stages = pd.DataFrame(
        {
            "position": range(1, len(agreement.stages) + 1),
            "stage": [stage.name for stage in agreement.stages],
            "owner": [stage.owner for stage in agreement.stages],
            "expected_days": [stage.expected_days for stage in agreement.stages],
            "observed_from": [
                _observed_from(stage.observed_from, agreement.timezone)
                for stage in agreement.stages
            ],
        }
    )
    return stages.astype({"expected_days": "float64", "observed_from": "datetime64[us]"})


def _observed_from(day: date | None, timezone: str) -> pd.Timestamp:
    if day is None:
        return pd.NaT  # type: ignore[return-value]
    return pd.Timestamp(span(day, day + timedelta(days=1)).bounds(timezone)[0])


def _channels(agreement: Agreement) -> pd.DataFrame:
    """One row per spelling of a channel."""
    return pd.DataFrame(
        [
            (raw, name, channel.side)
            for name, channel in agreement.channels.items()
            for raw in dict.fromkeys((name, *channel.includes))
        ],
        columns=["raw", "channel", "side"],
        dtype="str",
    )


def _activities(agreement: Agreement) -> pd.DataFrame:
    """One row per kind of activity for which the agreement names a channel."""
    named = agreement.attribution.activities or {}
    return pd.DataFrame(list(named.items()), columns=["kind", "channel"], dtype="str")


def _criteria(agreement: Agreement) -> pd.DataFrame:
    """The criteria of qualification, numbered from 0; `mark` is the bit of each."""
    rule = agreement.qualification
    names = list(rule.criteria) if rule else []
    numbers = range(len(names))
    table = pd.DataFrame(
        {"criterion": names, "criterion_no": numbers, "mark": [1 << each for each in numbers]}
    )
    return table.astype({"criterion": "str", "criterion_no": "int64", "mark": "int64"})


def _months(agreement: Agreement, start: date, last: date) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (pd.Timestamp(each.start), *map(pd.Timestamp, each.bounds(agreement.timezone)))
            for each in span(min(start, last - timedelta(days=1)), last).months()
        ],
        columns=["month", "starts_at", "ends_at"],
    )


def _contact_rules(agreement: Agreement) -> pd.DataFrame:
    """Within how many seconds of working time a lead is to be contacted: for all, or for some."""
    agreed = agreement.first_contact
    rows = [] if agreed is None else [("default", "", agreed.within_hours)]
    if agreed is not None:
        for rule in ("origin", "priority", "stage"):
            own = getattr(agreed, f"by_{rule}")
            rows += [(rule, value, hours) for value, hours in own.items()]
    found = [(rule, value, round(hours * 3600)) for rule, value, hours in rows]
    table = pd.DataFrame(found, columns=["rule", "value", "deadline_seconds"])
    return table.astype({"rule": "str", "value": "str", "deadline_seconds": "int64"})
