"""Credits against exact fractions, dealt out one journey at a time from the rows as exported."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import fsum
from typing import Any, NamedTuple

import pandas as pd
import pytest

from funnel_analytics.agreement import ATTRIBUTION_RULES
from funnel_analytics.credit.journeys import journeys_from_paths
from funnel_analytics.credit.models import credit
from funnel_analytics.metrics.attribution import attribute
from funnel_analytics.periods import month
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

OCTOBER = month("2026-10")
START, END = datetime(2026, 9, 30, 22), datetime(2026, 10, 31, 23)  # in UTC
AGREED = """
[attribution]
lookback_days = 20
half_life_days = 3.5
first_share = 0.3
last_share = 0.5
direct_channels = ["direct", "typed"]
activities = { call = "call" }

[attribution.own.ours]
label = { de = "Unsere", en = "Ours" }
first = 0.25
lead_created = 0.25
opportunity_created = 0.375
rest = 0.125

[channels]
ads = { side = "marketing", includes = ["Ads", "ADS"] }
direct = { side = "marketing" }
call = { side = "sales" }
"""
MODELS = (*ATTRIBUTION_RULES, "ours")
CHANNELS = ["Ads", "ADS", "ads", "direct", "call", "fair", None]
SIDES = {"ads": "marketing", "call": "sales", "direct": "marketing"}
RANKS = {"marketing": 1, "sales": 2}
ACTIVITY_CHANNELS = {"call": "call", "meeting": "sales_meeting", None: "sales_activity"}
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)

Row = dict[str, Any]
Tables = dict[str, list[Row]]


class Asked(NamedTuple):
    """One call of `attribute`."""

    conversion: str = "won"
    by: str = "channel"
    journeys_of: str = "lead"
    repeats: str = "kept"
    direct: str = "kept"
    pool_below: int = 0


ASKED = [
    Asked(),
    Asked(by="campaign", repeats="collapsed"),
    Asked(by="side", direct="unless_alone"),
    Asked(by="origin", journeys_of="account", direct="dropped"),
    Asked(by="source_medium", journeys_of="account"),
    Asked(conversion="pipeline", pool_below=6, repeats="collapsed", direct="unless_alone"),
    Asked(conversion="pipeline", by="content", pool_below=4),
    Asked(conversion="opportunity", journeys_of="account", repeats="collapsed"),
    Asked(conversion="opportunity", by="campaign", direct="dropped"),
]


def company(seed: int) -> Tables:
    """Leads, deals with up to three more people, and touches on few instants: many of them tie."""
    rng = random.Random(seed)
    people = [f"p{n:02d}" for n in range(60)]
    accounts = [f"A{n:02d}" for n in range(20)]
    quiet = [f"q{n:02d}" for n in range(20)]  # no deal and no stage is theirs

    def instant(low: int, high: int) -> datetime:
        return START + rng.randrange(low, high) * 10 * HOUR

    deals = [
        {
            "deal": f"D{n:03d}",
            "account": rng.choice([*accounts, None, None]),
            "amount": None if rng.random() < 0.1 else round(rng.uniform(0.01, 90_000), 2),
            "created_at": rng.choice([None, instant(-60, 70), instant(-20, 70)]),
            "closed_at": instant(-10, 90),
            "is_won": rng.random() < 0.8,
        }
        for n in range(110)
    ]
    leads = [
        {
            "lead": f"L{n:03d}",
            "person_key": rng.choice(people),
            "account": rng.choice([*accounts, None]),
            "origin": rng.choice(["inbound", "outbound", None]),
            "created_at": instant(-60, 60),
            "deal": rng.choice([None, rng.choice(deals)["deal"]]),
        }
        for n in range(90)
    ]
    without = [
        {
            "lead": f"M{n:03d}",
            "person_key": rng.choice(quiet),
            "account": rng.choice(["B1", "B2", "B3", "B4", "B5", "B6", "B7", None]),
            "origin": "inbound",
            "created_at": instant(-60, 60),
            "deal": None,
        }
        for n in range(25)
    ]
    return {
        "lead": leads + without,
        "deal": deals,
        "deal_contact": [
            {"deal": deal["deal"], "person_key": rng.choice(people)}
            for deal in deals
            for _ in range(rng.randrange(3))
        ],
        "stage_event": [
            {"lead": lead["lead"], "stage": "opportunity", "entered_at": instant(-20, 90)}
            for lead in leads
            for _ in range(rng.choice([0, 1, 1, 2]))
        ],
        "touch": [
            {
                "touch": f"t{n:04d}",
                "person_key": rng.choice([*people, *quiet, None]),
                "account": rng.choice([*accounts, "B1", "B2", None, None, None]),
                "touched_at": instant(-60, 100),
                "channel": rng.choice(CHANNELS),
                "campaign": rng.choice(["spring", "autumn", None]),
                "content": rng.choice(["red", "blue", None]),
                "source": rng.choice(["web", None]),
                "medium": rng.choice(["cpc", None]),
                "side": rng.choice(["sales", "sales", "marketing", None]),
            }
            for n in range(800)
        ],
        "activity": [
            {
                "activity": f"a{n:03d}",
                "lead": rng.choice(leads + without)["lead"],
                "happened_at": instant(-60, 100) + rng.choice([0, 59, 60, -59, -60]) * SECOND,
                "kind": rng.choice(["call", "meeting", None]),
                "direction": rng.choice([None, "outbound", "inbound"]),
                "is_automated": rng.choice([None, False, True]),
            }
            for n in range(300)
        ],
    }


def described(tables: Tables) -> Iterator[Row]:
    """Every touch and activity that counts as one, agreed channels and sides filled in."""
    person = {lead["lead"]: lead["person_key"] for lead in tables["lead"]}
    seen = []
    for touch in tables["touch"]:
        channel = touch["channel"] and touch["channel"].lower()
        side = SIDES.get(channel, touch["side"])
        seen.append((touch["person_key"], touch["touched_at"], side))
        yield {**touch, "channel": channel, "side": side, "order": (0, touch["touch"])}
    contacts = {(who, at) for who, at, side in seen if who and side == "sales"}
    for each in tables["activity"]:
        at, who = each["happened_at"], person[each["lead"]]
        if each["is_automated"] or each["direction"] == "inbound":
            continue
        if any((who, at + n * SECOND) in contacts for n in range(-59, 60)):
            continue
        yield {
            "touched_at": at,
            "person_key": who,
            "account": None,
            "channel": ACTIVITY_CHANNELS[each["kind"]],
            "campaign": None,
            "content": None,
            "source": None,
            "medium": None,
            "side": "sales",
            "order": (1, each["activity"]),
        }


def conversions(tables: Tables, kind: str) -> Iterator[Row]:
    """What happened in October: who converted when, with its people, account and milestones."""
    on_deal = defaultdict(list)
    for lead in sorted(tables["lead"], key=lambda lead: (lead["created_at"], lead["lead"])):
        on_deal[lead["deal"]].append(lead)
    deals = {deal["deal"]: deal for deal in tables["deal"]}
    if kind in ("won", "pipeline"):
        for deal in tables["deal"]:
            at = deal["created_at"] if kind == "pipeline" else deal["closed_at"]
            if at is None or not START <= at < END or (kind == "won" and not deal["is_won"]):
                continue
            first = on_deal[deal["deal"]][0] if on_deal[deal["deal"]] else {}
            yield {
                "at": at,
                "value": Fraction(deal["amount"] or 0),
                "people": people_on(tables, deal["deal"]),
                "account": deal["account"] or first.get("account"),
                "origin": first.get("origin"),
                "lead_created": first.get("created_at"),
                "opportunity_created": deal["created_at"],
            }
        return
    for lead in tables["lead"]:
        entries = [e["entered_at"] for e in tables["stage_event"] if e["lead"] == lead["lead"]]
        if entries and START <= min(entries) < END:
            yield {
                "at": min(entries),
                "value": Fraction(1),
                "people": {lead["person_key"]},
                "account": lead["account"],
                "origin": lead["origin"],
                "lead_created": lead["created_at"],
                "opportunity_created": deals[lead["deal"]]["created_at"] if lead["deal"] else None,
            }


def people_on(tables: Tables, deal: str) -> set[str]:
    return {row["person_key"] for name in ("lead", "deal_contact") for row in tables[name]
            if row["deal"] == deal}  # fmt: skip


def people_at(tables: Tables, account: str | None) -> set[str]:
    if account is None:
        return set()
    found = {lead["person_key"] for lead in tables["lead"] if lead["account"] == account}
    for deal in tables["deal"]:
        if deal["account"] == account:
            found |= people_on(tables, deal["deal"])
    return found


def journey(
    tables: Tables, touches: list[Row], party: Row, start: datetime, end: datetime, asked: Asked
) -> list[Row]:
    """The touches of a window in order, by the rules for accounts, direct traffic and repeats."""
    people, account = set(party["people"]), None
    if asked.journeys_of == "account":
        account = party["account"]
        people |= people_at(tables, account)
    found = [
        touch
        for touch in touches
        if (touch["person_key"] in people or (account and touch["account"] == account))
        and start <= touch["touched_at"] <= end
    ]
    found.sort(key=lambda each: (each["touched_at"], RANKS.get(each["side"], 3), each["order"]))
    typed = [each for each in found if each["channel"] not in ("direct", "typed")]
    if asked.direct == "dropped" or (asked.direct == "unless_alone" and typed):
        found = typed
    if asked.repeats == "collapsed":
        found = found[:1] + [
            after
            for before, after in pairwise(found)
            if after["channel"] is None or after["channel"] != before["channel"]
        ]
    return found


def weights(model: str, touches: list[Row], conversion: Row) -> list[Fraction]:
    """The shares of the touches of one journey, the oldest first."""
    n = len(touches)
    first, last = Fraction(3, 10), Fraction(5, 10)
    if model == "linear":
        return [Fraction(1, n)] * n
    if model == "time_decay":
        hours = [(conversion["at"] - touch["touched_at"]) / HOUR for touch in touches]
        fresh = [2.0 ** -(each / 24 / 3.5) for each in hours]
        whole = fsum(fresh)
        return [Fraction(each / whole) for each in fresh]
    if model == "last_non_direct":
        typed = [k for k, each in enumerate(touches) if each["channel"] not in ("direct", "typed")]
        return [Fraction(k == (typed[-1] if typed else n - 1)) for k in range(n)]
    if model == "position_based" and n == 2:
        return [first / (first + last), last / (first + last)]
    shares = {
        "first": ([1, 0, 0, 0], 0),
        "last": ([0, 0, 0, 1], 0),
        "position_based": ([first, 0, 0, last], 1 - first - last),
        "w_shaped": ([Fraction(3, 10)] * 3 + [0], Fraction(1, 10)),
        "full_path": ([Fraction(225, 1000)] * 4, Fraction(1, 10)),
        "ours": ([Fraction(1, 4), Fraction(1, 4), Fraction(3, 8), 0], Fraction(1, 8)),
    }
    milestones, rest = shares[model]
    holders = [0, None, None, n - 1]
    for place, name in ((1, "lead_created"), (2, "opportunity_created")):
        at = conversion[name]
        if at is not None and at <= conversion["at"]:
            before = [k for k, touch in enumerate(touches) if touch["touched_at"] <= at]
            holders[place] = before[-1] if before else 0
    given = [Fraction(0)] * n
    held = set()
    for holder, share in zip(holders, milestones, strict=True):
        if share and holder is not None:
            given[holder] += share
            held.add(holder)
    others = [k for k in range(n) if k not in held]
    for k in others:
        given[k] += Fraction(rest) / len(others)
    total = sum(given)
    return [each / total for each in given]


def key_of(touch: Row, conversion: Row, by: str) -> str | None:
    if by == "origin":
        return conversion["origin"]
    if by == "source_medium":
        both = (touch["source"], touch["medium"])
        return None if both == (None, None) else " / ".join(each or "–" for each in both)
    return touch[by]


def dealt(tables: Tables, asked: Asked) -> dict[str, dict[Any, tuple[float, float, int]]]:
    """Model → key → conversions, revenue, touches; the key of no known touch is a tuple."""
    touches = list(described(tables))
    kept = []
    for conversion in conversions(tables, asked.conversion):
        at = conversion["at"]
        kept.append((conversion, journey(tables, touches, conversion, at - 20 * DAY, at, asked)))
    often = Counter(
        key
        for conversion, its in kept
        for key in {key_of(touch, conversion, asked.by) for touch in its}
    )

    def shown(touch: Row, conversion: Row) -> Any:
        key = key_of(touch, conversion, asked.by)
        rare = asked.by != "side" and key is not None and often[key] < asked.pool_below
        return "(pooled)" if rare else key

    found = {}
    for model in MODELS:
        parts = defaultdict(list)
        for conversion, its in kept:
            shares = weights(model, its, conversion) if its else [Fraction(1)]
            keys = [shown(touch, conversion) for touch in its] or [("no", "known touch")]
            for share, key in zip(shares, keys, strict=True):
                parts[key].append((float(share), float(share * conversion["value"]), bool(its)))
        found[model] = {
            key: (
                fsum(a for a, _, _ in each),
                fsum(b for _, b, _ in each),
                sum(c for *_, c in each),
            )
            for key, each in parts.items()
        }
    return found


@pytest.fixture(scope="module", params=[3, 4])
def drawn(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Tables, Warehouse]]:
    tables = company(request.param)
    path = tmp_path_factory.mktemp("oracle") / "w.duckdb"
    with build_warehouse(
        path, tables, agreement=three_stages(AGREED), as_of="2026-12-01"
    ) as warehouse:
        yield tables, warehouse


def test_credit_equals_exact_fractions(drawn: tuple[Tables, Warehouse]) -> None:
    tables, warehouse = drawn
    for asked in ASKED:
        wanted = dealt(tables, asked)
        result = attribute(warehouse, period=OCTOBER, model=MODELS, **asked._asdict())
        for model, rows in result.table.groupby("model"):
            assert len(rows) == len(wanted[str(model)]), (model, asked)
            for row in rows.itertuples():
                key = ("no", "known touch") if row.is_no_known_touch else row.channel
                got = (row.conversions, row.revenue, row.touches)
                expected = wanted[str(model)][key]
                assert got == pytest.approx(expected, abs=9e-6), (model, asked, key)  # 1e-6 a key


def open_paths(tables: Tables, asked: Asked) -> Iterator[list[Row]]:
    """The journeys of the leads (or accounts) that did not convert before the end of October."""
    touches = list(described(tables))
    done = {
        deal["deal"]
        for deal in tables["deal"]
        if (asked.conversion == "pipeline" and deal["created_at"] and deal["created_at"] < END)
        or (asked.conversion == "won" and deal["is_won"] and deal["closed_at"] < END)
    }
    gone = {who for deal in done for who in people_on(tables, deal)}
    entered = {
        event["lead"]
        for event in tables["stage_event"]
        if asked.conversion == "opportunity" and event["entered_at"] < END
    }
    leads = tables["lead"]
    out = [each for each in leads if each["person_key"] in gone or each["lead"] in entered]
    accounts = {each["account"] for each in out} | {
        deal["account"] for deal in tables["deal"] if deal["deal"] in done
    }
    parties = [
        {"people": {each["person_key"]}, "account": None} for each in leads if each not in out
    ]
    if asked.journeys_of == "account":
        parties = [
            {"people": set(), "account": account}
            for account in sorted({each["account"] for each in leads if each["account"]})
            if account not in accounts
        ]
    everything = asked._replace(direct="kept", repeats="kept")
    for party in parties:
        its = journey(tables, touches, party, START - 20 * DAY, END - SECOND, everything)
        lasts = [each["touched_at"] for each in its if each["touched_at"] >= START]
        if lasts:
            yield journey(tables, touches, party, max(lasts) - 20 * DAY, max(lasts), asked)


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(conversion="pipeline", direct="dropped"),
        Asked(conversion="opportunity", repeats="collapsed"),
        Asked(journeys_of="account"),
    ],
)
def test_models_fitted_to_journeys_see_those_without_a_conversion(
    drawn: tuple[Tables, Warehouse], asked: Asked
) -> None:
    tables, warehouse = drawn
    touches = list(described(tables))
    paths, value, untouched = [], Fraction(0), Fraction(0)
    for conversion in conversions(tables, asked.conversion):
        at = conversion["at"]
        its = journey(tables, touches, conversion, at - 20 * DAY, at, asked)
        value += conversion["value"] if its else 0
        untouched += 0 if its else 1
        paths.append((its, 1))
    paths += [(its, 0) for its in open_paths(tables, asked)]
    assert sum(not won for _, won in paths) >= 5
    journeys = journeys_from_paths(
        pd.DataFrame(
            {
                "path": [[each["channel"] or "none" for each in its] for its, _ in paths if its],
                "conversions": [won for its, won in paths if its],
            }
        )
    )
    models = ("markov", "markov_2", "markov_without_nulls", "shapley", "shapley_rate")
    result = attribute(warehouse, period=OCTOBER, model=models, **asked._asdict())
    known = result.table[~result.table["is_no_known_touch"]]
    for model, rows in known.groupby("model"):
        got = dict(zip(rows["channel"].fillna("none"), rows["conversions"], strict=True))
        wanted = credit(journeys, str(model)).conversions
        for key, conversions_credited in zip(journeys.keys, wanted, strict=True):
            assert got.get(key, 0.0) == pytest.approx(conversions_credited, abs=1e-8), (model, key)
        assert rows["revenue"].sum() == pytest.approx(float(value), abs=1e-5)
    assert result.note("totals")["no_known_touch_conversions"] == untouched
