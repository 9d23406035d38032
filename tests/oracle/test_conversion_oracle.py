"""A second, slow implementation of the three funnel metrics: plain loops over one lead at a time.

It shares no code with the package: it reads the same rows that the warehouse was given.
"""

from __future__ import annotations

import math
import statistics
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.metrics.stage_time import time_in_stage
from funnel_analytics.metrics.throughput import stage_throughput
from funnel_analytics.periods import month, span
from tests.builders import three_stages

STAGES = ["inquiry", "opportunity", "won"]
BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
AS_OF = datetime(2026, 11, 1)
MINIMUM = 12


def made_up(seed):
    """Leads with skipped, repeated, early, simultaneous and day-stamped entries."""
    rng = np.random.default_rng(seed)
    leads, events = [], []
    for number in range(160):
        name = f"l{number:03d}"
        created = datetime(2026, 8, 1) + timedelta(hours=int(rng.integers(0, 24 * 88)))
        origin = rng.choice(
            ["web", "mail", "fair", "unknown", "rare", ""], p=[0.4, 0.3, 0.15, 0.08, 0.03, 0.04]
        )
        leads.append({"lead": name, "created_at": str(created), "origin": str(origin) or None})
        for _ in range(rng.integers(0, 6)):
            at = created + timedelta(hours=int(rng.choice([-30, -5, 0, 0, 3, 7, 20, 49, 200, 500])))
            is_day = bool(rng.random() < 0.3)
            if is_day:
                local = at.replace(tzinfo=UTC).astimezone(BERLIN)
                at = local.replace(hour=0, minute=0).astimezone(UTC).replace(tzinfo=None)
            closing = rng.random() < 0.15
            if at >= AS_OF:
                continue
            events.append(
                {
                    "lead": name,
                    "entered_at": str(at),
                    "entered_at_is_day": is_day,
                    "stage": None if closing else str(rng.choice(STAGES)),
                    "status": "lost" if closing else None,
                }
            )
    return leads, events


def end_of(at, is_day):
    if not is_day:
        return at
    local = at.replace(tzinfo=UTC).astimezone(BERLIN)
    after = (local + timedelta(days=1)).replace(hour=0, minute=0)
    return after.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=1)


class Lead:
    """One lead with its events as (earliest, latest) instants by stage."""

    def __init__(self, row, events):
        self.created = datetime.fromisoformat(row["created_at"])
        self.origin = row["origin"]
        self.entries = {stage: {} for stage in STAGES}
        self.closed = []
        for event in events:
            at = datetime.fromisoformat(event["entered_at"])
            stamp = (at, end_of(at, event["entered_at_is_day"]))
            if event["stage"]:
                kept = self.entries[event["stage"]].get(at, stamp)
                self.entries[event["stage"]][at] = (at, max(kept[1], stamp[1]))
            else:
                self.closed.append(stamp)
        self.entries = {stage: sorted(found.values()) for stage, found in self.entries.items()}
        self.has_inquiry = bool(self.entries["inquiry"])
        if not self.has_inquiry:
            self.entries["inquiry"] = [(self.created, self.created)]

    def furthest(self):
        return max(k for k, stage in enumerate(STAGES) if self.entries[stage])

    def chain(self):
        instants = [max(self.created, self.entries["inquiry"][0][0])]
        for stage in STAGES[1:]:
            possible = [
                max(first, instants[-1])
                for first, last in self.entries[stage]
                if last >= instants[-1]
            ]
            if not possible:
                break
            instants.append(min(possible))
        return instants

    def stay(self, k):
        """(what ended it, seconds) of the first stay in stage k, or nothing."""
        if not self.entries[STAGES[k]]:
            return None
        start, latest = self.entries[STAGES[k]][0]
        ends = []
        for other, stage in enumerate(STAGES):
            for first, last in self.entries[stage]:
                if other > k and last >= start:
                    ends.append((max(first, start), 0, "moved_on_leads"))
                if other < k and first > latest and (stage != "inquiry" or self.has_inquiry):
                    ends.append((first, 2, "moved_back_leads"))
        ends += [
            (max(first, start), 1, "closed_leads") for first, last in self.closed if last >= start
        ]
        at, _, ending = min(ends, default=(AS_OF, 3, "open_leads"))
        return ending, (at - start).total_seconds()


def days(pairs):
    waits = [max(0.0, (b - a).total_seconds()) / 86400 for a, b in pairs]
    return statistics.median(waits) if waits else math.nan


def expected_conversion(leads, mode):
    rows = []
    for k, stage in enumerate(STAGES):
        if mode == "ordered":
            chains = [lead.chain() for lead in leads]
            reached = sum(len(chain) > k for chain in chains)
            pairs = [(chain[k - 1], chain[k]) for chain in chains if len(chain) > k > 0]
            imputed = 0
        else:
            there = [lead for lead in leads if lead.furthest() >= k]
            reached, imputed = len(there), sum(not lead.entries[stage] for lead in there)
            both = [
                (lead.entries[STAGES[k - 1]][0], lead.entries[stage][0])
                for lead in leads
                if k and lead.entries[STAGES[k - 1]] and lead.entries[stage]
            ]
            pairs = [(before[0], at[0]) for before, at in both if at[1] >= before[0]]
        rows.append((len(leads), reached, imputed, days(pairs)))
    return rows


def kaplan_meier_days(stays, share):
    survival = 1.0
    for at in sorted({seconds for ending, seconds in stays if ending != "open_leads"}):
        risk = sum(seconds >= at for _, seconds in stays)
        left = sum(seconds == at and ending != "open_leads" for ending, seconds in stays)
        survival *= 1 - left / risk
        if survival <= 1 - share + 1e-9:
            return at / 86400
    return math.nan


def groups(leads):
    """Leads by shown segment: groups below the minimum together, with one more if those are few."""
    by_origin = {}
    for lead in leads:
        by_origin.setdefault(lead.origin, []).append(lead)
    shown = {origin: found for origin, found in by_origin.items() if len(found) >= MINIMUM}
    too_few = sum(len(found) for origin, found in by_origin.items() if origin not in shown)
    if 0 < too_few < MINIMUM and shown:
        del shown[min(shown, key=lambda each: (len(shown[each]), each is None, each or ""))]
    folded = [lead for origin, found in by_origin.items() if origin not in shown for lead in found]
    return shown | ({"other_groups": folded} if folded else {})


@pytest.fixture(scope="module", params=[1, 2])
def company(request, tmp_path_factory):
    from tests.builders import build_warehouse

    leads, events = made_up(request.param)
    warehouse = build_warehouse(
        tmp_path_factory.mktemp("oracle") / "w.duckdb",
        {"lead": leads, "stage_event": events},
        agreement=three_stages(minimum_group_size=str(MINIMUM)),
        as_of=str(AS_OF),
    )
    with warehouse:
        yield (
            warehouse,
            [Lead(row, [each for each in events if each["lead"] == row["lead"]]) for row in leads],
        )


def same(found, expected):
    found = list(found)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert [None if math.isnan(each) else round(each, 9) for each in map(float, one)] == [
            None if math.isnan(each) else round(each, 9) for each in map(float, other)
        ]


@pytest.mark.parametrize("mode", ["at_least", "ordered"])
def test_conversion_of_everybody(company, mode):
    warehouse, leads = company
    table = stage_conversion(warehouse, mode=mode).table
    found = table[["entered_leads", "reached_leads", "imputed_leads", "median_days"]]
    same(found.itertuples(index=False), expected_conversion(leads, mode))
    assert 0 < table["reached_leads"].iloc[2] < table["reached_leads"].iloc[1]


@pytest.mark.parametrize("mode", ["at_least", "ordered"])
def test_conversion_of_a_cohort_by_origin(company, mode):
    warehouse, leads = company
    cohort = span("2026-08-15", "2026-10-20")
    start, end = datetime(2026, 8, 14, 22), datetime(2026, 10, 19, 22)
    table = stage_conversion(warehouse, cohort=cohort, by="origin", mode=mode).table
    expected = groups([lead for lead in leads if start <= lead.created < end])
    assert {each if isinstance(each, str) else None for each in table["segment"]} == set(expected)
    for segment, members in expected.items():
        rows = table[table["segment"].isna() if segment is None else table["segment"] == segment]
        if len(members) < MINIMUM:
            assert rows["reached_leads"].isna().all()
            continue
        found = rows[["entered_leads", "reached_leads", "imputed_leads", "median_days"]]
        same(found.itertuples(index=False), expected_conversion(members, mode))


def test_maturity(company):
    warehouse, leads = company
    table = stage_conversion(warehouse, cohort=month("2026-10")).table
    start, end = datetime(2026, 9, 30, 22), datetime(2026, 10, 31, 23)
    for k in (1, 2):
        watched = []
        for lead in leads:
            entered = [at for stage in STAGES[k:] for at, _ in lead.entries[stage]]
            last = max(min(entered, default=AS_OF), lead.created)
            watched.append(((last - lead.created).days, bool(entered)))

        def entered_by(day, watched=watched):
            waiting = 1.0
            for at in sorted({days for days, entered in watched if entered and days <= day}):
                risk = sum(days >= at for days, _ in watched)
                waiting *= 1 - sum(days == at and entered for days, entered in watched) / risk
            return 1 - waiting

        ages = [(AS_OF - lead.created).days for lead in leads if start <= lead.created < end]
        share = statistics.mean(entered_by(age) / entered_by(10_000) for age in ages)
        assert table["maturity"][k] == pytest.approx(share, abs=1e-9)
        assert 0 < share < 1


def test_time_in_stage(company):
    warehouse, leads = company
    table = time_in_stage(warehouse).table
    for k in (0, 1):
        stays = [stay for lead in leads if (stay := lead.stay(k))]
        row = table.iloc[k]
        assert row["entered_leads"] == len(stays)
        for ending in ("moved_on_leads", "moved_back_leads", "closed_leads", "open_leads"):
            assert row[ending] == sum(each == ending for each, _ in stays)
        found = [row["median_days"], row["p75_days"], row["p90_days"]]
        same([found], [[kaplan_meier_days(stays, share) for share in (0.5, 0.75, 0.9)]])


def test_throughput(company):
    warehouse, leads = company
    table = stage_throughput(warehouse, period=span("2026-08-01", "2026-11-01")).table
    counted = {}
    for lead in leads:
        for k, stage in enumerate(STAGES):
            entries = [at for at, _ in lead.entries[stage]]
            for at in entries:
                what = "entered_leads" if at == entries[0] else "repeat_entries"
                key = (month_of(at), stage, what)
                counted[key] = counted.get(key, 0) + 1
            if not entries and lead.furthest() > k:
                first = min(at for later in STAGES[k:] for at, _ in lead.entries[later])
                key = (month_of(first), stage, "imputed_leads")
                counted[key] = counted.get(key, 0) + 1
    for row in table.itertuples():
        for what in ("entered_leads", "repeat_entries", "imputed_leads"):
            expected = counted.get((f"{row.month:%Y-%m}", row.stage, what), 0)
            assert getattr(row, what) == expected, (row.month, row.stage, what)
    assert len(table) == 9


def month_of(at):
    return f"{at.replace(tzinfo=UTC).astimezone(BERLIN):%Y-%m}"
