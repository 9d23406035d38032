"""A second, slow implementation of stays, reasons and what came later: one lead at a time.

It shares no code with the package: it reads the same rows that the warehouse was given.
"""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.metrics.flows import ENDINGS, stage_flows
from funnel_analytics.metrics.reasons import closed_leads_later, loss_reasons
from funnel_analytics.periods import span
from tests.builders import build_warehouse, three_stages

STAGES = ["inquiry", "opportunity", "won"]
CLOSINGS = ["lost", "rejected", "recycled", "nurture"]
BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
AS_OF = datetime(2026, 11, 1)
PERIOD = span("2026-08-20", "2026-10-11")
START, END = datetime(2026, 8, 19, 22), datetime(2026, 10, 10, 22)
EPOCH = datetime(1900, 1, 1)


def made_up(seed):
    """Leads that come and go, with simultaneous, repeated, early and day-stamped events."""
    rng = np.random.default_rng(seed)
    leads, events, deals = [], [], []
    for number in range(300):
        name = f"l{number:03d}"
        created = datetime(2026, 8, 1) + timedelta(hours=int(rng.integers(0, 24 * 80)))
        origin = str(rng.choice(["web", "mail", "fair", ""], p=[0.5, 0.3, 0.1, 0.1])) or None
        leads.append({"lead": name, "created_at": str(created), "origin": origin})
        for _ in range(rng.integers(0, 9)):
            at = created + timedelta(hours=int(rng.choice([-30, 0, 3, 5, 7, 20, 49, 200, 400])))
            is_day = bool(rng.random() < 0.3)
            if is_day:
                local = at.replace(tzinfo=UTC).astimezone(BERLIN)
                at = local.replace(hour=0, minute=0).astimezone(UTC).replace(tzinfo=None)
            if at >= AS_OF:
                continue
            is_closing = rng.random() < 0.4
            event = {"lead": name, "entered_at": str(at), "entered_at_is_day": is_day}
            if is_closing:
                event["status"] = str(rng.choice(CLOSINGS))
                event["reason"] = str(rng.choice(["price", "late", ""])) or None
            else:
                event["stage"] = str(rng.choice(STAGES))
            events.append(event)
        if rng.random() < 0.3:
            deals.append(
                {
                    "deal": f"d{number}",
                    "is_won": True,
                    "closed_at": str(created + timedelta(hours=int(rng.integers(0, 300)))),
                    "amount": float(rng.integers(1, 50)),
                }
            )
            leads[-1]["deal"] = f"d{number}"
    return leads, events, deals


def end_of(at):
    local = at.replace(tzinfo=UTC).astimezone(BERLIN)
    after = (local + timedelta(days=1)).replace(hour=0, minute=0)
    return after.astimezone(UTC).replace(tzinfo=None) - timedelta(microseconds=1)


class Step:
    """An entry (rank 1, 2, 3) or a closing (0) with the bounds of its stamp."""

    def __init__(self, what, at, latest, reason=None, added=False):
        self.what, self.at, self.latest, self.reason, self.added = what, at, latest, reason, added
        self.rank = STAGES.index(what) + 1 if what in STAGES else 0


def recorded(row, events):
    """The distinct events of a lead; what is a repeat of the same instant is one."""
    found = {}
    for event in events:
        at = datetime.fromisoformat(event["entered_at"])
        key = (event.get("stage") or event["status"], at)
        reason, latest = event.get("reason"), end_of(at) if event["entered_at_is_day"] else at
        if key in found:
            known = found[key]
            reasons = [each for each in (known.reason, reason) if each]
            latest, reason = max(known.latest, latest), min(reasons, default=None)
        found[key] = Step(*key, latest, reason)
    created = datetime.fromisoformat(row["created_at"])
    steps = list(found.values())
    if not any(each.what == "inquiry" for each in steps):
        steps.append(Step("inquiry", created, created, added=True))
    return steps


def in_order(steps):
    instants = {}
    for step in steps:
        key = (step.latest, 1)
        if step.added:
            key = (EPOCH, 0)
        elif step.rank and step.latest > step.at:
            after = [
                other.latest
                for other in steps
                if not (other.added and other is step)
                and step.at <= other.latest < step.latest
                and (other.rank == 0 or other.rank > step.rank)
            ]
            key = (min(after), 0) if after else key
        instants.setdefault(key, []).append(step)
    told, standing, clock = [], 0, EPOCH
    for key in sorted(instants):
        together = sorted(instants[key], key=lambda each: each.rank)
        closed = [each for each in together if not each.rank]
        closed.sort(key=lambda each: CLOSINGS.index(each.what))
        onward = [each for each in together if each.rank and each.rank >= standing]
        back = [each for each in together if each.rank and each.rank < standing]
        for step in onward + closed + back:
            clock = max(clock, step.at)
            if not told or told[-1][0].what != step.what:
                told.append((step, clock))
        standing = 0 if closed else together[-1].rank
    return told


class Way:
    """The stays and closings of one lead."""

    def __init__(self, row, events):
        self.origin, self.created = row["origin"], datetime.fromisoformat(row["created_at"])
        self.deal = row.get("deal")
        steps = in_order(recorded(row, events))
        self.stays, self.closings = [], []
        last = None
        for place, (step, at) in enumerate(steps):
            after = steps[place + 1] if place + 1 < len(steps) else None
            before = steps[place - 1][0] if place else None
            if step.rank:
                left = "still_there"
                if after:
                    onward = after[0].rank > step.rank
                    left = after[0].what
                    left = left if not after[0].rank else "moved_on" if onward else "moved_back"
                origin = before.what if before else "created"
                self.stays.append((step.what, at, left, origin, after and after[0].what))
                last = step.what
            else:
                returned = next((one for one in steps[place:] if one[0].rank), None)
                won = any(one.what == "won" for one, _ in steps[place:])
                self.closings.append(
                    (step.what, at, last, step.reason, returned and returned[1], won)
                )


@pytest.fixture(scope="module", params=[1, 2])
def company(request, tmp_path_factory):
    leads, events, deals = made_up(request.param)
    warehouse = build_warehouse(
        tmp_path_factory.mktemp("oracle") / "w.duckdb",
        {"lead": leads, "stage_event": events, "deal": deals},
        agreement=three_stages('[reasons.lost]\nprice = { de = "Preis", en = "Price" }'),
        as_of=str(AS_OF),
    )
    with warehouse:
        yield (
            warehouse,
            [Way(row, [each for each in events if each["lead"] == row["lead"]]) for row in leads],
            {each["deal"]: each for each in deals},
        )


def of_segment(ways, segment):
    return [each for each in ways if segment == "all" or each.origin == segment]


def text(value):
    return value if isinstance(value, str) else None


@pytest.mark.parametrize("kind", ["entered", "created"])
@pytest.mark.parametrize("by", [None, "origin"])
def test_flows(company, kind, by):
    warehouse, ways, _ = company
    result = stage_flows(warehouse, period=PERIOD, by=by, kind=kind)
    table, transitions = result.table, result.part("transitions")
    for segment in {"all"} if by is None else {each.origin for each in ways}:
        expected, steps = Counter(), Counter()
        months = Counter()
        for way in of_segment(ways, segment):
            for stage, at, left, origin, after in way.stays:
                counted = at if kind == "entered" else way.created
                if not START <= counted < END:
                    continue
                local = counted.replace(tzinfo=UTC).astimezone(BERLIN)
                expected[stage, left] += 1
                months[f"{local:%Y-%m}", stage, left] += 1
                steps[stage, after or "still_there"] += 1
                if origin not in STAGES:
                    steps[origin, stage] += 1
        is_here = (
            table["segment"].map(text) == segment if by and segment else table["segment"].isna()
        )
        rows = table[is_here]
        for row in rows.itertuples():
            for left, column in ENDINGS.items():
                assert getattr(row, column) == expected[row.stage, left], (row.stage, left)
        of_months = result.part("by_month")
        of_months = of_months[
            of_months["segment"].map(text) == segment
            if by and segment
            else of_months["segment"].isna()
        ]
        assert len(of_months) == 9
        for row in of_months.itertuples():
            for left, column in ENDINGS.items():
                assert getattr(row, column) == months[f"{row.month:%Y-%m}", row.stage, left]
        found = transitions[
            transitions["segment"].map(text) == segment
            if by and segment
            else transitions["segment"].isna()
        ]
        told = {(row.from_state, row.to_state): row.stays for row in found.itertuples()}
        assert told == dict(steps)
    assert table[[*ENDINGS.values()]].min().min() >= 0
    assert (table[[*ENDINGS.values()]].sum() > 0).all()


def test_reasons(company):
    warehouse, ways, _ = company
    expected, repeats = Counter(), 0
    for way in ways:
        lasts = {}
        for status, at, stage, reason, _, _ in way.closings:
            if START <= at < END:
                repeats += status in lasts
                lasts[status] = (stage, reason)
        expected.update((status, *last) for status, last in lasts.items())
    result = loss_reasons(warehouse, period=PERIOD)
    found = {
        (row.status, text(row.stage), text(row.reason)): row.leads
        for row in result.table.itertuples()
    }
    assert found == dict(expected)
    assert result.note("repeat_closings")["closings"] == repeats > 0
    for row in result.table.itertuples():
        of_status = sum(count for (status, *_), count in expected.items() if status == row.status)
        assert row.of_leads == of_status
        assert row.leads_share == pytest.approx(row.leads / of_status, abs=1e-12)
        agreed = None if text(row.reason) is None else (row.status, row.reason) == ("lost", "price")
        assert (None if pd.isna(row.is_agreed) else bool(row.is_agreed)) is agreed


@pytest.mark.parametrize("by_reason", [False, True])
def test_later(company, by_reason):
    warehouse, ways, deals = company
    firsts = {}
    for way in ways:
        for status, at, _, reason, returned, won in way.closings:
            key = (status, reason) if by_reason else (status,)
            if START <= at < END and status not in {each for each, of in firsts if of is way}:
                firsts[status, way] = (key, at, returned, won, way.deal)
    result = closed_leads_later(warehouse, period=PERIOD)
    table = result.part("by_reason") if by_reason else result.table
    seen = set()
    for row in table.itertuples():
        key = (row.status, text(row.reason)) if by_reason else (row.status,)
        seen.add(key)
        members = [each for each in firsts.values() if each[0] == key]
        back = [(returned - at).total_seconds() for _, at, returned, _, _ in members if returned]
        assert row.closed_leads == len(members)
        assert row.re_entered_leads == len(back)
        assert row.won_leads == sum(won for *_, won, _ in members)
        if back:
            days = statistics.median(map(int, back)) / 86400
            assert row.median_days_to_return == pytest.approx(days, abs=1e-9)
        worth = [
            deals[deal]["amount"]
            for _, at, _, won, deal in members
            if won and deal and datetime.fromisoformat(deals[deal]["closed_at"]) >= at
        ]
        assert row.won_deals == len(worth)
        assert row.won_amount == pytest.approx(sum(worth), abs=1e-9)
        watched = statistics.mean((AS_OF - at).total_seconds() for _, at, *_ in members)
        assert row.mean_days_watched == pytest.approx(watched / 86400, abs=1e-4)
    assert seen == {key for key, *_ in firsts.values()}
    assert table["won_deals"].sum() > 5
