"""Which touches make a journey, and which milestones they hold: drawn by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import fsum
from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnel_analytics.agreement import ATTRIBUTION_MODELS
from funnel_analytics.credit.journeys import (
    FIRST,
    LAST,
    LEAD_CREATED,
    OPPORTUNITY_CREATED,
    Journeys,
)
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.attribution import attribute
from funnel_analytics.metrics.attribution.asked import asked
from funnel_analytics.metrics.attribution.reading import Read, read
from funnel_analytics.periods import month
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages

OCTOBER = month("2026-10")
WON_AT = pd.Timestamp("2026-10-20 12:00")
Build = Callable[..., Warehouse]
Tables = dict[str, list[dict[str, Any]]]


def ago(days: float) -> pd.Timestamp:
    """The instant so many days before the deal was won."""
    return WON_AT - pd.Timedelta(days=days)


def touch(channel: str | None, days: float, person: str | None = "p", **more: Any) -> Any:
    at = ago(days)
    return {"touch": None, "person_key": person, "touched_at": at, "channel": channel} | more


def one_deal(*touches: Any, **more: Any) -> Tables:
    """A deal of person p, won at `WON_AT`."""
    return {
        "deal": [{"deal": "D", "amount": 100, "closed_at": WON_AT, "is_won": True} | more],
        "deal_contact": [{"deal": "D", "person_key": "p"}],
        "touch": list(touches),
    }


def credit(result: Result, column: str = "revenue") -> dict[str | None, float]:
    """Channel → credit of a result with one model, without the row of no known touch."""
    table = result.table[~result.table["is_no_known_touch"]]
    return dict(zip(table["channel"], table[column], strict=True))


def left_out(result: Result) -> dict[str, int]:
    return {name: count for name, count in result.note("touches_left_out").items() if count}


def journeys(warehouse: Warehouse, **options: Any) -> Read:
    with_open = options.pop("with_open", False)
    return read(warehouse, asked(warehouse, period=OCTOBER, **options), with_open=with_open)


# lead created ▾                        ▾ opportunity created         ▾ won
#   a ─────────── b ─────────── c ──────────── d ───────────────── e
MILESTONES = [
    # lead created 20 days before: b holds it; opportunity 12 days before: c holds it
    ((20, 12), "w_shaped", {"a": 30, "b": 30, "c": 30, "d": 5, "e": 5}),
    ((20, 12), "full_path", {"a": 22.5, "b": 22.5, "c": 22.5, "e": 22.5, "d": 10}),
    # at the very instant of b and d: they hold them
    ((25, 10), "w_shaped", {"a": 30, "b": 30, "d": 30, "c": 5, "e": 5}),
    # a second before b: a, the first touch, holds two milestones; nothing of the opportunity
    ((25 + 1 / 86_400, None), "w_shaped", {"a": 60 / 0.7, "b": 2.5 / 0.7, "c": 2.5 / 0.7,
                                          "d": 2.5 / 0.7, "e": 2.5 / 0.7}),
    # before every touch: the first touch after it holds it
    ((80, 12), "full_path", {"a": 45, "c": 22.5, "e": 22.5, "b": 5, "d": 5}),
    # after the conversion: no milestone of this journey
    ((20, -1), "w_shaped", {"a": 30 / 0.7, "b": 30 / 0.7, "c": 10 / 2.1, "d": 10 / 2.1,
                            "e": 10 / 2.1}),
]  # fmt: skip


def test_milestones_are_held_by_the_last_touch_before_them(warehouse_of: Build) -> None:
    drawn: Tables = {"deal": [], "lead": [], "touch": []}
    for number, ((at_lead, at_deal), _, _) in enumerate(MILESTONES):
        deal = f"{number}"
        drawn["deal"].append(
            {
                "deal": deal,
                "amount": 100,
                "created_at": None if at_deal is None else ago(at_deal),
                "closed_at": WON_AT,
                "is_won": True,
            }
        )
        drawn["lead"].append(
            {"lead": deal, "person_key": deal, "created_at": ago(at_lead), "deal": deal}
        )
        drawn["touch"] += [
            touch(name, days, deal, campaign=f"{deal}{name}")
            for name, days in zip("abcde", (40, 25, 15, 10, 1), strict=True)
        ]
    warehouse = warehouse_of(drawn)
    models = ["w_shaped", "full_path"]
    table = attribute(warehouse, period=OCTOBER, model=models, by="campaign").table
    got = table.set_index(["model", "channel"])["revenue"]
    for number, (_, model, expected) in enumerate(MILESTONES):
        mine = {name: got[model, f"{number}{name}"] for name in expected}
        assert mine == pytest.approx(dict(expected), abs=1e-5), number


def test_a_day_is_over_at_its_end(warehouse_of: Build) -> None:
    # Only the day of the lead and of the deal are known (Berlin begins at 22:00 UTC): touches of
    # that day came at or before them; the first touch of the next day did not.
    drawn = one_deal(
        touch("a", 10),
        touch("b", 0, touched_at="2026-10-12 21:59:59"),
        touch("c", 0, touched_at="2026-10-12 22:00"),
        touch("d", 0, touched_at="2026-10-15 10:00"),
        created_at="2026-10-14 22:00",
        created_at_is_day=True,
    )
    drawn["lead"] = [
        {
            "lead": "L",
            "person_key": "p",
            "created_at": "2026-10-11 22:00",
            "created_at_is_day": True,
            "deal": "D",
        }
    ]
    found = journeys(warehouse_of(drawn)).journeys
    assert list(found.milestones) == [FIRST, LEAD_CREATED, 0, OPPORTUNITY_CREATED | LAST]


def test_the_first_of_several_leads_is_when_the_lead_was_created(warehouse_of: Build) -> None:
    drawn = one_deal(touch("a", 9), touch("b", 6), touch("c", 3), created_at=ago(1))
    drawn["lead"] = [
        {"lead": name, "person_key": "p", "created_at": ago(days), "deal": "D", "origin": origin}
        for name, days, origin in [("L1", 2, "outbound"), ("L2", 5, "inbound")]
    ] + [{"lead": "L0", "person_key": "t", "created_at": ago(9), "deal": "D", "is_test": True}]
    found = journeys(warehouse_of(drawn), by="origin")
    assert list(found.journeys.milestones) == [FIRST, LEAD_CREATED, OPPORTUNITY_CREATED | LAST]
    assert found.names == ("inbound",)
    assert list(found.journeys.ages) == [9, 6, 3]


def test_of_leads_created_at_one_instant_the_lower_id_is_first(warehouse_of: Build) -> None:
    drawn = one_deal(touch("a", 3))
    drawn["lead"] = [
        {"lead": name, "person_key": "p", "created_at": ago(5), "deal": "D", "origin": origin}
        for name, origin in [("L2", "inbound"), ("L1", "outbound"), ("L3", "inbound")]
    ]
    assert journeys(warehouse_of(drawn), by="origin").names == ("outbound",)


def test_activities_of_our_people_are_touches(warehouse_of: Build) -> None:
    # p: fair ── call by us ── answer (inbound) ── mailing (automatic) ── meeting ── won
    #                                                          a call after it is left out
    agreed = """
    [channels]
    phone = { side = "sales", label = { de = "Telefon", en = "Phone" } }

    [attribution]
    activities = { call = "phone" }
    """
    drawn = one_deal(touch("fair", 9, side="marketing"))
    drawn["lead"] = [{"lead": "L", "person_key": "p", "created_at": ago(9), "deal": "D"}]
    drawn["activity"] = [
        {"activity": f"a{number}", "lead": "L", "happened_at": ago(days), "kind": kind, **more}
        for number, (kind, days, more) in enumerate(
            [
                ("call", 8, {"direction": "outbound"}),
                ("call", 7, {"direction": "inbound"}),
                ("email", 6, {"is_automated": True}),
                ("meeting", 5, {}),
                (None, 4, {}),
                ("call", -1, {}),
            ]
        )
    ]
    warehouse = warehouse_of(drawn, agreement=three_stages(agreed))
    result = attribute(warehouse, period=OCTOBER, model="linear")
    assert credit(result) == {"fair": 25, "phone": 25, "sales_meeting": 25, "sales_activity": 25}
    sides = dict(zip(result.table["channel"], result.table["side"], strict=True))
    assert sides["phone"] == sides["sales_meeting"] == "sales"
    assert left_out(result) == {"after_conversion": 1}
    assert credit(attribute(warehouse, period=OCTOBER, model="linear", by="side")) == {
        "sales": 75,
        "marketing": 25,
    }

    none = three_stages("[attribution]\nactivities = false\n")
    assert credit(attribute(warehouse_of(drawn, agreement=none), period=OCTOBER)) == {"fair": 100}


SAME_CONTACT = [
    (0, "sales", True),
    (59, "sales", True),
    (-59, "sales", True),
    (60, "sales", False),
    (-60, "sales", False),
    (0, "marketing", False),
    (0, None, False),
]


def test_a_contact_recorded_twice_counts_once(warehouse_of: Build) -> None:
    # 11:59:40 is the touch; the activity may lie in the minute before or after
    met = WON_AT - pd.Timedelta(seconds=20, days=1)
    drawn: Tables = {"deal": [], "lead": [], "touch": [], "activity": []}
    for number, (seconds, side, _) in enumerate(SAME_CONTACT):
        who, at = f"{number}", met + pd.Timedelta(seconds=seconds)
        drawn["deal"].append({"deal": who, "amount": 1, "closed_at": WON_AT, "is_won": True})
        drawn["lead"].append(
            {"lead": who, "person_key": who, "created_at": ago(9), "deal": who, "origin": who}
        )
        drawn["touch"].append(touch("hotline", 0, who, touched_at=met, side=side))
        drawn["activity"].append({"lead": who, "happened_at": at, "kind": "call"})
    result = attribute(warehouse_of(drawn), period=OCTOBER, model="linear", by="origin")
    assert credit(result, "touches") == {
        f"{number}": 1 if is_same else 2 for number, (_, _, is_same) in enumerate(SAME_CONTACT)
    }
    assert left_out(result) == {"same_contact": 3}


def test_an_activity_on_a_deal_of_two_leads_is_one_touch(warehouse_of: Build) -> None:
    # anna and boris were converted into D; the meeting on D is one touch of D, and one of each lead
    drawn: Tables = {
        "deal": [{"deal": "D", "amount": 90, "closed_at": WON_AT, "is_won": True}],
        "lead": [
            {"lead": name, "person_key": name, "created_at": ago(50), "deal": "D"}
            for name in ("anna", "boris")
        ],
        "stage_event": [
            {"lead": name, "stage": "opportunity", "entered_at": ago(2)}
            for name in ("anna", "boris")
        ],
        "activity": [{"activity": "a", "deal": "D", "happened_at": ago(3), "kind": "meeting"}],
        "touch": [touch("ads", 4, "anna"), touch("ads", 5, "boris")],
    }
    warehouse = warehouse_of(drawn)
    assert credit(attribute(warehouse, period=OCTOBER, model="linear")) == {
        "ads": 60,
        "sales_meeting": 30,
    }
    leads = attribute(warehouse, period=OCTOBER, model="linear", conversion="opportunity")
    assert credit(leads) == {"ads": 1, "sales_meeting": 1}


def test_activities_alone_are_journeys(warehouse_of: Build) -> None:
    drawn = one_deal()
    del drawn["touch"]
    drawn["lead"] = [{"lead": "L", "person_key": "p", "created_at": ago(9), "deal": "D"}]
    drawn["activity"] = [{"activity": "a", "lead": "L", "happened_at": ago(3), "kind": "call"}]
    assert credit(attribute(warehouse_of(drawn), period=OCTOBER)) == {"sales_call": 100}
    none = three_stages("[attribution]\nactivities = false\n")
    with pytest.raises(MissingTableError, match="needs the table 'touch'"):
        attribute(warehouse_of(drawn, agreement=none), period=OCTOBER)


# Of one instant: marketing, then sales, then others; then by id. Touch, then activity.
def test_ties_are_broken_by_side_and_id(warehouse_of: Build) -> None:
    drawn = one_deal(
        touch("x", 1, touch="1"),
        touch("s2", 1, touch="4", side="sales"),
        touch("s1", 1, touch="3", side="sales"),
        touch("m", 1, touch="9", side="marketing"),
        touch("nobody's", 1, touch="0", side="agency"),
    )
    drawn["lead"] = [{"lead": "L", "person_key": "p", "created_at": ago(9), "deal": "D"}]
    drawn["activity"] = [
        {"activity": "0", "lead": "L", "happened_at": ago(1 - 60 / 86_400), "kind": "call"}
    ]
    found = journeys(warehouse_of(drawn))
    assert list(found.touches["channel"]) == ["m", "s1", "s2", "nobody's", "x", "sales_call"]
    assert list(found.touches["place"]) == [1, 2, 3, 4, 5, 6]
    assert set(found.touches["key"]) == set(found.names)


def test_journeys_of_accounts_hold_everybody(warehouse_of: Build) -> None:
    # K: anna on the deal; boris, a lead of K; cora, a contact of K; dora on another deal of K;
    #    somebody unknown at K; eva is a deleted contact, finn a test lead, gus of another company
    drawn: Tables = {
        "account": [{"account": "K"}, {"account": "J"}],
        "deal": [
            {"deal": "D", "account": "K", "amount": 60, "closed_at": WON_AT, "is_won": True},
            {"deal": "E", "account": "K", "amount": 1, "closed_at": ago(99), "is_won": False},
        ],
        "deal_contact": [
            {"deal": "D", "person_key": "anna", "contact": None},
            {"deal": "E", "person_key": "dora", "contact": None},
        ],
        "lead": [
            {"lead": "B", "person_key": "boris", "account": "K", "created_at": ago(30)},
            {"lead": "F", "person_key": "finn", "account": "K", "created_at": ago(30),
             "is_test": True},
            {"lead": "G", "person_key": "gus", "account": "J", "created_at": ago(30)},
        ],
        "contact": [
            {"contact": "cora", "account": "K"},
            {"contact": "eva", "account": "K", "is_deleted": True},
        ],
        "touch": [
            *(touch(name, 5, name) for name in ("anna", "boris", "dora", "finn", "gus")),
            *(touch(name, 4, None, contact=name) for name in ("cora", "eva")),
            touch("unknown", 3, None, account="K"),
            touch("elsewhere", 3, None, account="J"),
            touch("nowhere", 3, None),
            touch("anna", 2, "anna", account="K"),
        ],
    }  # fmt: skip
    warehouse = warehouse_of(drawn)
    alone = attribute(warehouse, period=OCTOBER, model="linear")
    assert credit(alone) == {"anna": 60}
    assert left_out(alone) == {"without_person": 3}
    every = attribute(warehouse, period=OCTOBER, model="linear", journeys_of="account")
    assert credit(every) == {"anna": 20, "boris": 10, "cora": 10, "dora": 10, "unknown": 10}
    assert left_out(every) == {"without_person": 1}
    assert every.parameters["journeys_of"] == "account"
    assert "everybody at the account" in every.definition
    agreed = three_stages('[attribution]\njourneys_of = "account"\n')
    by_agreement = attribute(warehouse_of(drawn, agreement=agreed), period=OCTOBER, model="linear")
    pd.testing.assert_frame_equal(by_agreement.table, every.table)


def test_a_deal_without_an_account_is_of_its_leads(warehouse_of: Build) -> None:
    drawn = one_deal(touch("mine", 5), touch("colleague", 4, "q"))
    drawn["lead"] = [
        {"lead": "L", "person_key": "p", "account": "K", "created_at": ago(9), "deal": "D"},
        {"lead": "M", "person_key": "q", "account": "K", "created_at": ago(9)},
    ]
    result = attribute(warehouse_of(drawn), period=OCTOBER, model="linear", journeys_of="account")
    assert credit(result) == {"mine": 50, "colleague": 50}


# direct ── ads ── ads ── direct ── direct ── ads ── none ── none
PATH = [("direct", 8), ("ads", 7), ("ads", 6), ("direct", 5), ("direct", 4), ("ads", 3), (None, 2),
        (None, 1)]  # fmt: skip


def test_repeats_and_direct_traffic(warehouse_of: Build) -> None:
    warehouse = warehouse_of(one_deal(*(touch(*each) for each in PATH)))
    options: dict[str, str]
    for options, kept, gone in [
        ({}, 8, {}),
        ({"repeats": "collapsed"}, 6, {"repeats": 2}),  # what is missing repeats nothing
        ({"direct": "unless_alone"}, 5, {"direct": 3}),
        ({"direct": "dropped"}, 5, {"direct": 3}),
        ({"direct": "dropped", "repeats": "collapsed"}, 3, {"direct": 3, "repeats": 2}),
    ]:
        result = attribute(warehouse, period=OCTOBER, **options)
        assert result.part("journeys")["touches"].tolist() == [kept], options
        assert left_out(result) == gone, options


def test_direct_alone_stays_unless_it_is_dropped(warehouse_of: Build) -> None:
    agreed = three_stages('[attribution]\ndirect_channels = ["typed", "direct"]\n')
    warehouse = warehouse_of(one_deal(touch("direct", 2), touch("typed", 1)), agreement=agreed)
    alone = attribute(warehouse, period=OCTOBER, model="last", direct="unless_alone")
    assert credit(alone) == {"typed": 100, "direct": 0}
    dropped = attribute(warehouse, period=OCTOBER, model="last", direct="dropped")
    assert credit(dropped) == {}
    assert dropped.note("totals")["no_known_touch_revenue"] == 100
    last = attribute(warehouse, period=OCTOBER, model="last_non_direct")
    assert credit(last) == {"typed": 100, "direct": 0}


def test_last_non_direct_knows_the_agreed_channels(warehouse_of: Build) -> None:
    warehouse = warehouse_of(one_deal(touch("ads", 3), touch("direct", 1)))
    result = attribute(warehouse, period=OCTOBER, model="last_non_direct")
    assert credit(result) == {"ads": 100, "direct": 0}


def three_deals() -> Tables:
    """ads in three deals (two touches in one), fair in two, mail in one; worth 100 each."""
    tables: Tables = {"deal": [], "deal_contact": [], "touch": []}
    for deal, channels in [("A", "ads fair"), ("B", "ads ads mail"), ("C", "fair ads")]:
        tables["deal"].append({"deal": deal, "amount": 100, "closed_at": WON_AT, "is_won": True})
        tables["deal_contact"].append({"deal": deal, "person_key": deal})
        tables["touch"] += [
            touch(name, 9 - place, deal, campaign=f"{name}-{place}", source=name, medium=medium)
            for place, (name, medium) in enumerate(
                zip(channels.split(), ("cpc", None, "web"), strict=False)
            )
        ]
    return tables


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("three") / "w.duckdb"
    with build_warehouse(path, three_deals()) as warehouse:
        yield warehouse


def test_what_is_rare_is_pooled_and_said(three: Warehouse) -> None:
    for below, expected, named in [
        (1, {"ads": 500 / 3, "fair": 100, "mail": 100 / 3}, ()),
        (2, {"ads": 500 / 3, "fair": 100, "(pooled)": 100 / 3}, ("mail",)),
        (3, {"ads": 500 / 3, "(pooled)": 400 / 3}, ("fair", "mail")),
        (4, {"(pooled)": 300}, ("ads", "fair", "mail")),
    ]:
        result = attribute(three, period=OCTOBER, model="linear", pool_below=below)
        assert credit(result) == pytest.approx(expected, abs=1e-6)
        assert result.note("pooled").get("values", ()) == named
    media = attribute(three, period=OCTOBER, model="linear", by="medium", pool_below=4)
    assert credit(media) == pytest.approx({"(pooled)": 500 / 3, None: 400 / 3})
    sides = attribute(three, period=OCTOBER, by="side", pool_below=9)
    assert sides.note("pooled") == {}


def test_journeys_without_a_conversion_make_nothing_frequent(warehouse_of: Build) -> None:
    drawn = three_deals()
    drawn["lead"] = [{"lead": name, "person_key": name, "created_at": ago(60)} for name in "xy"]
    drawn["touch"] += [touch("mail", 2, "x"), touch("mail", 2, "y")]
    result = attribute(warehouse_of(drawn), period=OCTOBER, model="markov", pool_below=2)
    assert set(credit(result)) == {"ads", "fair", "(pooled)"}
    assert result.note("pooled")["values"] == ("mail",)


def test_finer_credit_sums_to_the_coarser(three: Warehouse) -> None:
    """Campaigns and sources lie within channels here: their credits sum to the channel's."""

    def credits(by: str) -> dict[str, dict[str | None, float]]:
        table = attribute(three, period=OCTOBER, model=ATTRIBUTION_MODELS, by=by).table
        return {
            str(model): dict(zip(rows["channel"], rows["revenue"], strict=True))
            for model, rows in table.groupby("model")
        }

    whole = credits("channel")
    assert set(whole) == set(ATTRIBUTION_MODELS)
    for by in ("campaign", "source", "source_medium"):
        for model, parts in credits(by).items():
            for channel, value in whole[model].items():
                mine = [each for name, each in parts.items() if str(name).startswith(str(channel))]
                assert fsum(mine) == pytest.approx(value, abs=1e-5), (model, by, channel)
    assert all(each == {None: pytest.approx(300)} for each in credits("side").values())


def test_a_channel_is_shared_within_as_linear_does(three: Warehouse) -> None:
    # Shapley over channels: A ads 50, B ads 50, C ads 50. Linear within ads: A 1/2, B 1/3 + 1/3,
    # C 1/2, of 5/3 together.
    result = attribute(three, period=OCTOBER, model="shapley", by="campaign")
    got = credit(result)
    assert got["ads-1"] == pytest.approx(150 * (1 / 3 + 1 / 2) / (5 / 3), abs=1e-6)
    assert got["ads-0"] == pytest.approx(150 * (1 / 2 + 1 / 3) / (5 / 3), abs=1e-6)
    assert got["mail-2"] == pytest.approx(50, abs=1e-6)
    conversions = credit(result, "conversions")
    assert conversions == pytest.approx({name: each / 100 for name, each in got.items()}, abs=1e-7)
    assert result.note("credited_by_channel") == {"models": ("shapley",)}
    assert attribute(three, period=OCTOBER, model="shapley").note("credited_by_channel") == {}


def test_source_and_medium(warehouse_of: Build) -> None:
    drawn = one_deal(
        touch("a", 4, source="google", medium="cpc", content="red"),
        touch("a", 3, source="google"),
        touch("a", 2, medium="cpc", content="blue"),
        touch("a", 1),
    )
    warehouse = warehouse_of(drawn)
    for by, expected in [
        ("source_medium", {"google / cpc": 25, "google / –": 25, "– / cpc": 25, None: 25}),
        ("source", {"google": 50, None: 50}),
        ("medium", {"cpc": 50, None: 50}),
        ("content", {"red": 25, "blue": 25, None: 50}),
    ]:
        result = attribute(warehouse, period=OCTOBER, model="linear", by=by)
        assert credit(result) == expected


def test_deals_that_were_created(warehouse_of: Build) -> None:
    # won, lost and open deals created in October; one of September; one deleted
    drawn: Tables = {
        "deal": [
            {"deal": deal, "amount": amount, "created_at": at, "closed_at": closed, "is_won": won,
             "is_deleted": gone}
            for deal, amount, at, closed, won, gone in [
                ("A", 10, ago(9), WON_AT, True, None),
                ("B", 20, ago(9), WON_AT, False, None),
                ("C", None, ago(9), None, None, None),
                ("D", 80, ago(40), WON_AT, True, None),
                ("E", 160, ago(9), None, None, True),
            ]
        ],
        "deal_contact": [{"deal": deal, "person_key": deal} for deal in "ABCDE"],
        "touch": [touch(f"{deal}{days}", days, deal) for deal in "ABCDE" for days in (12, 9, 1)],
    }  # fmt: skip
    result = attribute(warehouse_of(drawn), period=OCTOBER, conversion="pipeline", model="last")
    assert credit(result) == {"A9": 10, "A12": 0, "B9": 20, "B12": 0, "C9": 0, "C12": 0}
    assert credit(result, "conversions")["C9"] == 1
    assert result.note("totals") == {
        "conversions": 3,
        "revenue": 30,
        "no_known_touch_conversions": 0,
        "no_known_touch_revenue": 0,
        "deals_without_amount": 1,
    }
    assert result.units["conversions"] == "deals"


def test_each_deal_of_a_person_has_a_window_of_its_own(warehouse_of: Build) -> None:
    # a ─── won 1 ─── b ─── won 2: the second has both touches, the first only a
    drawn = one_deal(touch("a", 10), touch("b", 3))
    drawn["deal"].append({"deal": "E", "amount": 40, "closed_at": ago(5), "is_won": True})
    drawn["deal_contact"].append({"deal": "E", "person_key": "p"})
    result = attribute(warehouse_of(drawn), period=OCTOBER, model="linear")
    assert credit(result) == {"a": 90, "b": 50}
    assert credit(result, "touches") == {"a": 2, "b": 1}


def test_who_has_not_converted(warehouse_of: Build) -> None:
    # a won; b has a lost deal; c's touch lies before October; d won in November; e is deleted, and
    # of f the won deal is
    people = "abcdef"
    drawn: Tables = {
        "lead": [
            {"lead": name, "person_key": name, "created_at": ago(60), "account": account,
             "deal": f"D{name}" if name in "abdf" else None, "is_deleted": name == "e"}
            for name, account in zip(people, "KKJIHG", strict=True)
        ],
        "deal": [
            {"deal": f"D{name}", "closed_at": at, "is_won": name != "b", "amount": 1,
             "is_deleted": name == "f"}
            for name, at in (("a", WON_AT), ("b", WON_AT), ("d", "2026-11-05"), ("f", WON_AT))
        ],
        "touch": [
            touch("a1", 3, "a"), touch("b1", 99, "b"), touch("b2", 89, "b"), touch("b3", 1, "b"),
            touch("c1", 40, "c"), touch("d1", 2, "d"), touch("d2", -16, "d"), touch("e1", 2, "e"),
            touch("f1", 2, "f"),
        ],
    }  # fmt: skip
    warehouse = warehouse_of(drawn, as_of="2026-12-01")
    found = journeys(warehouse, with_open=True)
    assert found.converting == 1
    assert list(found.journeys.nulls) == [0, 1, 1, 1]
    assert list(found.touches["channel"]) == ["a1", "b2", "b3", "d1", "f1"]
    assert list(found.journeys.ages) == [3, 88, 0, 0, 0]
    assert found.journeys.clusters[0] == found.journeys.clusters[1] > 0, "both are of K"
    assert len(journeys(warehouse).journeys) == 1
    by_account = journeys(warehouse, with_open=True, journeys_of="account")
    assert list(by_account.touches["channel"]) == ["b2", "a1", "b3", "f1", "d1"], "K has converted"


def test_open_journeys_at_the_ends_of_period_and_window(warehouse_of: Build) -> None:
    # the first and the last instant of October belong to it, and so does 90 days before the last
    # touch to the window; a second further out does not
    instants = {
        "first": "2026-09-30 22:00:00", "early": "2026-09-30 21:59:59",
        "final": "2026-10-31 22:59:59", "late": "2026-10-31 23:00:00",
        "window": "2026-08-02 22:59:59", "outside": "2026-08-02 22:59:58",
    }  # fmt: skip
    person = {"window": "final", "outside": "final"}
    drawn: Tables = {
        "deal": [{"deal": "D", "closed_at": WON_AT, "is_won": True, "amount": 1}],
        "lead": [
            {"lead": name, "person_key": name, "created_at": ago(100)}
            for name in instants
            if name not in person
        ],
        "touch": [
            {"touch": name, "person_key": person.get(name, name), "touched_at": at, "channel": name}
            for name, at in instants.items()
        ],
    }
    found = journeys(warehouse_of(drawn, as_of="2026-12-01"), with_open=True)
    assert found.converting == 0
    assert list(found.touches["channel"]) == ["window", "final", "first"]
    assert list(found.journeys.ages) == [90, 0, 0]


def test_sharing_within_a_channel_goes_by_linear_credit_not_by_touches(
    warehouse_of: Build,
) -> None:
    # ads red;  ads blue ── mail ── mail: Shapley gives ads 1 1/2, linear 1 to red and 1/3 to blue
    drawn = one_deal(touch("ads", 3, content="red"))
    drawn["deal"].append({"deal": "E", "amount": 100, "closed_at": WON_AT, "is_won": True})
    drawn["deal_contact"].append({"deal": "E", "person_key": "q"})
    drawn["touch"] += [
        touch(name, days, "q", content=content)
        for name, days, content in [("ads", 3, "blue"), ("mail", 2, "x"), ("mail", 1, "x")]
    ]
    result = attribute(warehouse_of(drawn), period=OCTOBER, model="shapley", by="content")
    assert credit(result, "conversions") == pytest.approx(
        {"red": 1.125, "blue": 0.375, "x": 0.5}, abs=1e-8
    )


def test_who_got_past_a_stage_is_not_open(warehouse_of: Build) -> None:
    # a entered the opportunity, b was won without an entry into it, c is an inquiry
    drawn: Tables = {
        "lead": [{"lead": name, "person_key": name, "created_at": ago(9)} for name in "abc"],
        "stage_event": [
            {"lead": "a", "stage": "opportunity", "entered_at": WON_AT},
            {"lead": "b", "stage": "won", "entered_at": WON_AT},
        ],
        "touch": [touch(f"{name}1", 2, name) for name in "abc"],
    }
    found = journeys(warehouse_of(drawn), conversion="opportunity", with_open=True)
    assert list(found.touches["channel"]) == ["a1", "c1"]


def test_a_model_of_ones_own(three: Warehouse) -> None:
    def longest_name(journeys: Journeys) -> Any:
        sizes = np.array([len(journeys.keys[code]) for code in journeys.codes], dtype=float)
        return sizes / np.add.reduceat(sizes, journeys.starts[:-1]).repeat(journeys.lengths)

    def all_to_ads(journeys: Journeys) -> Any:
        return [journeys.conversions.sum() if key == "ads" else 0 for key in journeys.keys]

    def too_much(journeys: Journeys) -> Any:
        return np.ones(journeys.touches)

    result = attribute(three, period=OCTOBER, model=[longest_name, "linear", all_to_ads])
    assert list(dict.fromkeys(result.table["model"])) == ["longest_name", "linear", "all_to_ads"]
    by_model = result.table.pivot(index="channel", columns="model", values="revenue")
    assert by_model.loc["fair", "longest_name"] == pytest.approx(200 * 4 / 7)
    assert by_model["all_to_ads"].to_dict() == {"ads": 300, "fair": 0, "mail": 0}
    with pytest.raises(CallError, match="too_much"):
        attribute(three, period=OCTOBER, model=too_much)
    linear = type("", (), {"__call__": lambda self, journeys: 0, "__name__": "linear"})()
    with pytest.raises(CallError, match="two models named 'linear'"):
        attribute(three, period=OCTOBER, model=linear)


def test_the_agreed_model_may_be_ones_own(warehouse_of: Build) -> None:
    agreed = """
    [attribution]
    model = "ends"
    [attribution.own.ends]
    label = { de = "Nur die Enden", en = "Ends only" }
    first = 0.75
    last = 0.25
    """
    drawn = one_deal(touch("a", 3), touch("b", 2), touch("c", 1))
    result = attribute(warehouse_of(drawn, agreement=three_stages(agreed)), period=OCTOBER)
    assert credit(result) == {"a": 75, "c": 25, "b": 0}
    assert result.parameters["model"] == ("ends",)


def test_what_a_rate_takes_away_is_said(warehouse_of: Build) -> None:
    # ads alone convert; with mail nobody does: the rate of sets with mail is lower
    drawn = three_deals()
    drawn["lead"] = [
        {"lead": f"L{n}", "person_key": f"x{n}", "created_at": ago(30)} for n in range(9)
    ]
    drawn["touch"] += [touch("mail", 2, f"x{n}") for n in range(9)]
    result = attribute(warehouse_of(drawn), period=OCTOBER, model=["shapley_rate", "linear"])
    assert result.note("negative_credit") == {"shapley_rate": 1}
    mine = result.table[result.table["model"] == "shapley_rate"]
    assert fsum(mine["conversions"]) == pytest.approx(3, abs=1e-9)


def test_all_that_is_wrong_is_said_at_once(three: Warehouse) -> None:
    with pytest.raises(CallError) as caught:
        attribute(
            three, period=OCTOBER, by="chanel", journeys_of="acount", repeats="colapsed",
            direct="droped", pool_below=-1, lookback_days=0,
        )  # fmt: skip
    for said in (
        "'channel'?",
        "'account'?",
        "'collapsed'?",
        "'dropped'?",
        "pool_below",
        "lookback",
    ):
        assert said in str(caught.value)
    with pytest.raises(CallError, match="Did you mean 'pipeline'"):
        attribute(three, period=OCTOBER, conversion="pipelin")
