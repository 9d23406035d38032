"""The working-hours clock, second by second, against one that walks through local days.

The second clock knows neither the tables nor the code of the first: it asks the time zone what the
wall says, day by day, and sums what overlaps. Only the dates of holidays come from the same source.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pandas as pd
import pytest

from funnel_analytics.clock import WorkingClock
from tests.builders import build_warehouse, three_stages

STATES = [
    "BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH",
]  # fmt: skip
FIRST, LAST = date(2025, 2, 1), date(2026, 12, 31)
PAIRS = 320  # for each of 32 clocks: 10,240

Hours = dict[int, list[tuple[str, str]]]
OFFICE: Hours = {day: [("08:00", "12:00"), ("13:00", "17:00")] for day in range(5)}
SHORT: Hours = {**{day: [("07:45", "16:15")] for day in range(4)}, 4: [("07:45", "13:30")]}
NIGHTS: Hours = {day: [("00:00", "06:30"), ("22:00", "24:00")] for day in range(7)}
ROUND: Hours = {day: [("00:00", "24:00")] for day in range(7)}
EARLY: Hours = {
    5: [("01:30", "02:30")],
    6: [("01:00", "02:30"), ("02:30", "04:00")],
    0: [("09:00", "10:00")],
}
PATTERNS = [OFFICE, SHORT, NIGHTS, ROUND, EARLY]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def written(hours: Hours) -> str:
    """Hours as lines of an agreement."""
    lines = []
    for day in sorted(hours):
        spans = ", ".join(f'"{opens}-{closes}"' for opens, closes in hours[day])
        lines.append(f"{DAYS[day]} = [{spans}]")
    return "\n".join(lines)


@cache
def instant(day: date, wall: str, zone: str) -> int:
    """Seconds of UTC at which the wall first shows a time; a skipped one comes at the jump."""
    tz = ZoneInfo(zone)
    hour, minute = map(int, wall.split(":"))
    naive = datetime(day.year, day.month, day.day) + timedelta(hours=hour, minutes=minute)
    while True:
        utc = naive.replace(tzinfo=tz, fold=0).astimezone(UTC)
        if utc.astimezone(tz).replace(tzinfo=None) == naive:
            return int(utc.timestamp())
        naive += timedelta(minutes=1)


class SlowClock:
    """Walks from local day to local day."""

    def __init__(self, hours: Hours, zone: str, country: str | None, state: str | None) -> None:
        self.hours, self.zone = hours, zone
        years = range(FIRST.year, LAST.year + 1)
        off = holidays.country_holidays(country, subdiv=state, years=years) if country else {}
        self.off = set(off)
        self.known: dict[date, list[tuple[int, int]]] = {}

    def openings(self, day: date) -> list[tuple[int, int]]:
        if day not in self.known:
            hours = [] if day in self.off else self.hours.get(day.weekday(), [])
            self.known[day] = [
                (instant(day, opens, self.zone), instant(day, closes, self.zone))
                for opens, closes in hours
            ]
        return self.known[day]

    def seconds(self, start: int, end: int) -> int:
        day = datetime.fromtimestamp(start, UTC).date() - timedelta(days=1)
        last = datetime.fromtimestamp(end, UTC).date() + timedelta(days=1)
        total = 0
        while day <= last:
            for opens, closes in self.openings(day):
                total += max(0, min(end, closes) - max(start, opens))
            day += timedelta(days=1)
        return total


# Clocks change, and holidays that not all states have: Epiphany, Women's Day, Corpus Christi,
# Assumption, Children's Day, Reformation, All Saints, Repentance.
EDGES = [
    date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25),
    date(2026, 3, 8), date(2026, 11, 1), date(2026, 1, 6), date(2026, 6, 4), date(2026, 8, 15),
    date(2026, 9, 20), date(2025, 10, 31), date(2025, 11, 19),
    date(2025, 4, 18), date(2025, 12, 25),
]  # fmt: skip


def some_pairs(rng: random.Random, number: int) -> list[tuple[int, int]]:
    """Start and end in seconds of UTC, a third of them within a day of an edge."""
    low = int(datetime(2025, 2, 3, tzinfo=UTC).timestamp())
    high = int(datetime(2026, 10, 28, tzinfo=UTC).timestamp())
    pairs = []
    for each in range(number):
        start = rng.randrange(low, high)
        if each % 3 == 0:
            edge = rng.choice(EDGES)
            noon = int(datetime(edge.year, edge.month, edge.day, 12, tzinfo=UTC).timestamp())
            start = noon + rng.randrange(-100_000, 60_000)
        length = int(10 ** rng.uniform(0, 6.7))  # a second to 58 days
        pairs.append((start, start + length))
    return pairs


def utc_stamps(seconds: list[int]) -> np.ndarray:
    return np.array(seconds, dtype="datetime64[s]").astype("datetime64[us]")


def test_ten_thousand_pairs_under_the_clocks_of_all_german_states() -> None:
    rng, checked, worked = random.Random(16), 0, 0
    for number, state in enumerate(STATES):
        usual = PATTERNS[number % len(PATTERNS)]
        own = PATTERNS[(number + 2) % len(PATTERNS)]
        abroad = number % 2 == 0
        zone = "America/New_York" if abroad else "Europe/Berlin"
        country, part = ("US", "NY") if abroad else ("DE", state)
        agreement = three_stages(
            f'[working_time]\nholidays = {{ country = "DE", subdivision = "{state}" }}\n'
            f"{written(usual)}\n"
            f'[working_time.teams.sales]\ntimezone = "{zone}"\n'
            f'holidays = {{ country = "{country}", subdivision = "{part}" }}\n{written(own)}\n'
        ).working_time
        assert agreement is not None
        sales = agreement.teams["sales"]
        for working_time, where, slow in (
            (agreement, "Europe/Berlin", SlowClock(usual, "Europe/Berlin", "DE", state)),
            (sales, zone, SlowClock(own, zone, country, part)),
        ):
            clock = WorkingClock(working_time, where, first=FIRST, last=LAST)
            pairs = some_pairs(rng, PAIRS)
            found = clock.seconds_between(
                *(utc_stamps(list(each)) for each in zip(*pairs, strict=True))
            )
            wanted = [slow.seconds(start, end) for start, end in pairs]
            assert found.tolist() == wanted, (state, where)
            checked += len(pairs)
            worked += sum(each > 0 for each in wanted)
    assert checked >= 10_000
    assert worked > checked / 3


TEAMS = {
    "": (OFFICE, "Europe/Berlin", "DE", "BY"),
    "night": (NIGHTS, "Europe/Berlin", "DE", "SN"),
    "york": (SHORT, "America/New_York", "US", "NY"),
    "always": (ROUND, "Europe/Berlin", None, None),
}


@pytest.fixture(scope="module")
def waits(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Waits as the query counts them, of leads handed to teams with clocks of their own."""
    path: Path = tmp_path_factory.mktemp("clock") / "w.duckdb"
    text = (
        f'[working_time]\nholidays = {{ country = "DE", subdivision = "BY" }}\n{written(OFFICE)}\n'
        f'[working_time.teams.night]\nholidays = {{ country = "DE", subdivision = "SN" }}\n'
        f"{written(NIGHTS)}\n"
        f'[working_time.teams.york]\ntimezone = "America/New_York"\n'
        f'holidays = {{ country = "US", subdivision = "NY" }}\n{written(SHORT)}\n'
        f"[working_time.teams.always]\nholidays = {{}}\n{written(ROUND)}\n"
    )
    rng = random.Random(3)
    teams = [*TEAMS, "no hours of its own"]
    rows = [(start, end, teams[n % 5]) for n, (start, end) in enumerate(some_pairs(rng, 3_000))]
    frame = pd.DataFrame(rows, columns=["start", "end", "team"])
    names = [f"L{number:04d}" for number in range(len(frame))]
    created = utc_stamps([start - 3_600 for start in frame["start"]])
    handed = frame["team"] != ""
    tables = {
        "lead": pd.DataFrame(
            {
                "lead": names,
                "created_at": np.where(handed, created, utc_stamps(list(frame["start"]))),
            }
        ),
        "handover": pd.DataFrame(
            {
                "lead": names,
                "kind": "marketing_to_sdr",
                "handed_at": utc_stamps(list(frame["start"])),
                "to_team": frame["team"],
            }
        )[handed],
        "activity": pd.DataFrame(
            {"lead": names, "happened_at": utc_stamps(list(frame["end"])), "kind": "call"}
        ),
    }
    with build_warehouse(path, tables, agreement=three_stages(text), as_of="2027-01-01") as opened:
        found = opened.query(
            "metrics/time_to_contact",
            cohort_start=datetime(2025, 1, 1),
            cohort_end=datetime(2027, 1, 1),
            by=None,
            minimum_group_size=1,
            folded="other_groups",
            as_of=opened.as_of,
            with_handovers=True,
        ).table
        named = opened.query("warehouse/contact_teams").table.set_index("team_no")["team"]
    return found.assign(team=found["team_no"].map(named).fillna(""))


def test_queries_count_as_the_slow_clock_does(waits: pd.DataFrame) -> None:
    slow = {team: SlowClock(*about) for team, about in TEAMS.items()}
    slow["no hours of its own"] = slow[""]
    wait = waits[waits["leg_no"] == 3]
    assert len(wait) == 3_000
    assert set(wait["team"]) == set(slow)
    starts = wait["starts_at"].to_numpy().astype("datetime64[s]").astype(int)
    wanted = [
        slow[team].seconds(start, start + elapsed)
        for team, start, elapsed in zip(wait["team"], starts, wait["elapsed_seconds"], strict=True)
    ]
    assert wait["working_seconds"].tolist() == wanted
    legs = waits.groupby(["leg_no", "team"])["working_seconds"].sum()
    for team in TEAMS:
        if team:
            assert legs[2, team] == legs[3, team]
    # until the hand-over nobody's clock but the usual one
    before = waits[waits["leg_no"] == 1]
    starts = before["starts_at"].to_numpy().astype("datetime64[s]").astype(int)
    ends = starts + before["elapsed_seconds"].to_numpy()
    usual = [slow[""].seconds(start, end) for start, end in zip(starts, ends, strict=True)]
    assert before["working_seconds"].tolist() == usual
