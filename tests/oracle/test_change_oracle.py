"""A second, slow explanation of a change: one lead at a time, and every order of the factors.

It shares no code with the package: it reads the same rows that the warehouse was given.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from itertools import permutations

import numpy as np
import pytest

from funnel_analytics.metrics.change import explain_change
from funnel_analytics.metrics.change.split import split_change
from funnel_analytics.periods import span
from tests.builders import build_warehouse, three_stages

STAGES = ["inquiry", "opportunity", "won"]
AS_OF = datetime(2026, 9, 20, 7, 30)
DAY = 86400
SIDES = (
    (datetime(2026, 5, 31, 22), datetime(2026, 7, 14, 22)),
    (datetime(2026, 7, 14, 22), datetime(2026, 9, 9, 22)),
)
BEFORE, AFTER = span("2026-06-01", "2026-07-15"), span("2026-07-15", "2026-09-10")


def made_up(seed):
    """Leads with skipped, early and late entries, deals of several leads and without amounts."""
    rng = np.random.default_rng(seed)
    leads, events, deals, links = [], [], [], []
    for number in range(260):
        name = f"l{number:03d}"
        created = datetime(2026, 5, 1) + timedelta(minutes=int(rng.integers(0, 60 * 24 * 135)))
        origin = rng.choice(["web", "mail", "fair", None], p=[0.5, 0.3, 0.1, 0.1])
        leads.append({"lead": name, "created_at": str(created), "origin": origin})
        for stage, chance in (("inquiry", 0.6), ("opportunity", 0.5), ("won", 0.3)):
            at = created + timedelta(hours=float(rng.choice([-20, 0, 5, 50, 400, 900])))
            if rng.random() < chance and at < AS_OF:
                events.append({"lead": name, "entered_at": str(at), "stage": stage})
                if stage == "won" and rng.random() < 0.8:
                    amount = None if rng.random() < 0.1 else float(rng.integers(1, 900))
                    closed = {"deal": f"d{number}", "closed_at": str(at), "is_won": True}
                    deals.append({**closed, "amount": amount, "currency": "EUR"})
                    links.append({"deal": f"d{number}", "lead": name})
                    if number and rng.random() < 0.3:
                        other = f"l{int(rng.integers(0, number)):03d}"
                        links.append({"deal": f"d{number}", "lead": other})
    return {"lead": leads, "stage_event": events, "deal": deals, "deal_contact": links}


class Lead:
    def __init__(self, row, events):
        self.name, self.origin = row["lead"], row["origin"]
        self.created = datetime.fromisoformat(row["created_at"])
        entries = {1: [], 2: [], 3: []}
        for event in events:
            place = STAGES.index(event["stage"]) + 1
            entries[place].append(datetime.fromisoformat(event["entered_at"]))
        self.furthest = max((k for k in entries if entries[k]), default=1)
        self.reached = {
            k: min((at for j in range(k, 4) for at in entries[j]), default=None) for k in (2, 3)
        }

    def since(self, k):
        return self.created if k == 2 else self.reached[2]

    def side(self):
        return next((n for n, (a, b) in enumerate(SIDES) if a <= self.created < b), None)


def seconds(start, end):
    return max(0.0, (end - start).total_seconds())


def incidence(leads, k):
    """The share that enters stage k by a day, of those in the stage before: Kaplan and Meier."""
    seen = [
        (seconds(lead.since(k), lead.reached[k] or AS_OF) // DAY, lead.furthest >= k)
        for lead in leads
        if lead.furthest >= k - 1
    ]

    def by(day):
        waiting = 1.0
        for at in sorted({days for days, entered in seen if entered and days <= day}):
            risk = sum(days >= at for days, _ in seen)
            waiting *= 1 - sum(days == at and entered for days, entered in seen) / risk
        return 1 - waiting

    return by


def in_data(lead, k, by):
    age = seconds(lead.since(k), AS_OF) / DAY
    begun = age - age // 1
    return ((1 - begun) * by(age // 1 - 1) + begun * by(age // 1)) / by(10**6)


def revenue_of(lead, tables, won):
    brought = 0.0
    for deal in tables["deal"]:
        on = {each["lead"] for each in tables["deal_contact"] if each["deal"] == deal["deal"]} & won
        if lead.name in on:
            brought += (deal["amount"] or 0.0) / len(on)
    return brought


def factors_of(tables, leads, *, by_origin, with_value):
    """For each origin and side: the factors, as the docstring of the metric says."""
    curves = {k: incidence(leads, k) for k in (2, 3)}
    won = {lead.name for lead in leads if lead.furthest == 3}
    origins = sorted({lead.origin for lead in leads if lead.side() is not None}, key=str)
    groups = origins if by_origin else ["all"]
    cell = {
        (group, side): [
            lead
            for lead in leads
            if lead.side() == side and (not by_origin or lead.origin == group)
        ]
        for group in groups
        for side in (0, 1)
    }
    shares = {
        (group, side, k): (
            sum(lead.furthest >= k - 1 for lead in members),
            sum(lead.furthest >= k for lead in members),
            [in_data(lead, k, curves[k]) for lead in members if lead.furthest >= k - 1],
        )
        for (group, side), members in cell.items()
        for k in (2, 3)
    }

    def usual(group, k):
        def both(names):
            entered = sum(shares[(name, side, k)][1] for name in names for side in (0, 1))
            seen = sum(sum(shares[(name, side, k)][2]) for name in names for side in (0, 1))
            return entered, seen

        entered = sum(both([name])[0] for name in groups)
        expected = sum(max(both([name])) for name in groups)
        of_all = (entered + 0.5) / (expected + 1)
        return (both([group])[0] + of_all) / (max(both([group])) + 1)

    def step(group, side, k):
        """The eventual rate, and what of it is in the data."""
        count, entered, seen = shares[(group, side, k)]
        if not count:
            count, entered, seen = shares[(group, 1 - side, k)]
            of_side = [each for name in groups for each in shares[(name, side, k)][2]]
            if cell[(group, side)] and of_side:
                rate = step(group, 1 - side, k)[0] if count else usual(group, k)
                return rate, sum(of_side) / len(of_side)
        if not count:
            return usual(group, k), 1.0
        share = sum(seen) / count
        rate = min(1, (entered + (1 - share) * usual(group, k)) / (count * share + 1 - share))
        if entered == 0 and count * share > 1 - share:
            return 0.0, share
        return rate, entered / count / rate

    def value(group, side):
        for each in (side, 1 - side):
            winners = [lead for lead in cell[(group, each)] if lead.furthest == 3]
            if winners:
                return sum(revenue_of(lead, tables, won) for lead in winners) / len(winners)
        return 0.0

    found = {}
    for group in groups:
        for side in (0, 1):
            total = sum(len(cell[(name, side)]) for name in groups)
            (first, early), (last, late) = (step(group, side, k) for k in (2, 3))
            found[(group, side)] = {
                "volume": total,
                **({"mix": len(cell[(group, side)]) / total} if by_origin else {}),
                "opportunity": first,
                "won": last,
                **({"value": value(group, side)} if with_value else {}),
                "time": early * late,
            }
    return found


def over_all_orders(found):
    """The mean change that each factor makes when its turn comes, over every order of them."""
    groups = sorted({group for group, _ in found}, key=str)
    names = list(found[(groups[0], 0)])
    orders = list(permutations(names))
    totals = dict.fromkeys(names, 0.0)
    for group in groups:
        before, after = found[(group, 0)], found[(group, 1)]
        for order in orders:
            now = dict(before)
            for name in order:
                was = math.prod(now.values())
                now[name] = after[name]
                totals[name] += (math.prod(now.values()) - was) / len(orders)
    return totals


@pytest.fixture(scope="module", params=[3, 4])
def company(request, tmp_path_factory):
    tables = made_up(request.param)
    path = tmp_path_factory.mktemp("change") / "w.duckdb"
    leads = [
        Lead(row, [each for each in tables["stage_event"] if each["lead"] == row["lead"]])
        for row in tables["lead"]
    ]
    with build_warehouse(path, tables, agreement=three_stages(), as_of=str(AS_OF)) as warehouse:
        yield warehouse, tables, leads


@pytest.mark.parametrize("by", [None, "origin"])
@pytest.mark.parametrize("measure", ["won_leads", "revenue"])
def test_parts_are_those_over_all_orders(company, by, measure):
    warehouse, tables, leads = company
    expected = over_all_orders(
        factors_of(tables, leads, by_origin=by is not None, with_value=measure == "revenue")
    )
    result = explain_change(
        warehouse, before=BEFORE, after=AFTER, measure=measure, by=by, draws=100
    )
    table = result.table
    names = table["stage"].where(table["stage"].notna(), table["factor"])
    found = dict(zip(names, table["part"], strict=True))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
    won = {lead.name for lead in leads if lead.furthest == 3}
    both = [
        sum(
            revenue_of(lead, tables, won) if measure == "revenue" else 1
            for lead in leads
            if lead.side() == side and lead.furthest == 3
        )
        for side in (0, 1)
    ]
    assert sum(found.values()) == pytest.approx(both[1] - both[0], abs=1e-9)
    assert result.part("totals")["value"].to_list() == pytest.approx(both)
    assert 0 < both[1] != both[0]


@pytest.mark.parametrize("factors", [1, 2, 3, 4, 5, 6, 7])
def test_the_integral_is_the_mean_over_all_orders(factors):
    rng = np.random.default_rng(factors)
    before, after = rng.normal(size=(2, factors))
    after[0] = 0.0
    names = [str(place) for place in range(factors)]
    expected = over_all_orders(
        {
            ("all", 0): dict(zip(names, before, strict=True)),
            ("all", 1): dict(zip(names, after, strict=True)),
        }
    )
    assert split_change(before, after) == pytest.approx(list(expected.values()), abs=1e-12)
