"""When a team works: the default hours, those of single teams, days off and time zones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from itertools import pairwise
from types import MappingProxyType

import holidays

from funnel_analytics.agreement.model import WEEKDAYS, Holidays, WorkingTime
from funnel_analytics.agreement.reading import Reader
from funnel_analytics.errors import did_you_mean
from funnel_analytics.periods import is_time_zone, time_zones

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*[-–]\s*(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


def working_time(reader: Reader | None, teams: Sequence[str]) -> WorkingTime | None:
    """The hours that deadlines are counted in; `teams` are the agreed ones, if any are named."""
    if reader is None:
        return None
    usual = WorkingTime(days=_days(reader), holidays=_holidays(reader.table("holidays")))
    clocks: dict[str, WorkingTime] = {}
    tables = reader.table("teams")
    if tables is not None:
        for team in tables.keys():  # noqa: SIM118
            if teams:
                tables.check_choice(team, team, teams)
            table = tables.table(team)
            if table is not None:
                clocks[team] = _of_team(table, usual)
    reader.close()
    return WorkingTime(usual.holidays, usual.days, teams=MappingProxyType(clocks))


def _of_team(reader: Reader, usual: WorkingTime) -> WorkingTime:
    """The clock of a team; its weekdays take the place of all others if it names one."""
    says = [key for key in ("timezone", "holidays", *WEEKDAYS) if reader.has(key)]
    faults = reader.fault_count
    clock = WorkingTime(
        timezone=time_zone(reader) if "timezone" in says else None,
        holidays=_holidays(reader.table("holidays")) if "holidays" in says else usual.holidays,
        days=_days(reader) if set(says) & set(WEEKDAYS) else usual.days,
    )
    reader.close()
    if not says and reader.fault_count == faults:
        reader.fault("", "is empty; write what differs from the usual hours, or leave it out.")
    return clock


def _days(reader: Reader) -> MappingProxyType[str, tuple[tuple[time, time], ...]]:
    faults = reader.fault_count
    days = {day: _hours(reader, day) for day in WEEKDAYS}
    if not any(days.values()) and reader.fault_count == faults:
        reader.fault("", "no day has working hours, so no deadline could ever pass.")
    return MappingProxyType(days)


def time_zone(reader: Reader) -> str:
    """A zone of the IANA list."""
    zone = reader.text("timezone", wanted='a zone such as "Europe/Berlin"')
    if zone and not is_time_zone(zone):
        known = time_zones()
        cities = {name.rpartition("/")[2]: name for name in sorted(known)}
        hint = did_you_mean(zone, known) or (
            f" Did you mean '{cities[zone]}'?" if zone in cities else ""
        )
        reader.fault("timezone", f"'{zone}' is no time zone of the IANA list.{hint}")
    return zone


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
