"""Journeys drawn by hand, published ones, and the demo data of ChannelAttribution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from funnel_analytics.agreement import ATTRIBUTION_MODELS
from funnel_analytics.errors import CallError, MissingTableError
from funnel_analytics.metrics.attribution import attribute
from funnel_analytics.periods import month, year
from funnel_analytics.results import Result
from funnel_analytics.warehouse import Warehouse
from tests.builders import three_stages

OCTOBER = month("2026-10")
WON_AT = pd.Timestamp("2026-10-20 12:00")

Build = Callable[..., Warehouse]
Journey = Sequence[tuple[str | None, float]]


def journeys(*drawn: tuple[float | None, Journey]) -> dict[str, list[dict[str, Any]]]:
    """Won deals as (amount, touches as (channel, days before)), one person each."""
    tables: dict[str, list[dict[str, Any]]] = {"deal": [], "deal_contact": [], "touch": []}
    for number, (amount, touches) in enumerate(drawn):
        deal, person = f"D{number}", f"p{number}"
        tables["deal"].append({"deal": deal, "amount": amount, "closed_at": WON_AT, "is_won": True})
        tables["deal_contact"].append({"deal": deal, "person_key": person})
        tables["touch"] += [
            {
                "touch": f"t{number}-{place:02d}",
                "person_key": person,
                "touched_at": WON_AT - pd.Timedelta(days=days),
                "channel": channel,
            }
            for place, (channel, days) in enumerate(touches)
        ]
    return tables


def credit(result: Result, column: str = "revenue") -> dict[str | None, float]:
    """Channel → credit of a result with one model, without the row of no known touch."""
    table = result.table[~result.table["is_no_known_touch"]]
    return dict(zip(table["channel"], table[column], strict=True))


def left_out(result: Result) -> dict[str, int]:
    """Why touches are in no journey, and how many."""
    return {name: count for name, count in result.note("touches_left_out").items() if count}


ADOBE = journeys((50, [("paid search", 9), ("social", 6), ("email", 0), ("display", 0)]))


def test_the_documented_journey_of_adobe_analytics(warehouse_of: Build) -> None:
    # Adobe Analytics, "Attribution models": an order of 50 USD, paid search 9 days before, social
    # 6, e-mail and display on the day; half-life 7 days, U shape 40/20/40.
    warehouse = warehouse_of(ADOBE)
    for model, expected in [
        ("first", (50, 0, 0, 0)),
        ("last", (0, 0, 0, 50)),
        ("linear", (12.5, 12.5, 12.5, 12.5)),
        ("position_based", (20, 5, 5, 20)),
        ("time_decay", (6.92, 9.32, 16.88, 16.88)),
    ]:
        got = credit(attribute(warehouse, period=OCTOBER, model=model))
        wanted = dict(zip(("paid search", "social", "email", "display"), expected, strict=True))
        assert got == pytest.approx(wanted, abs=0.005), model


def test_deals_and_people_of_test_leads_get_no_credit(warehouse_of: Build) -> None:
    # D0 has a test lead only. D1 has a good lead, and a test lead whose person saw the fair.
    drawn = journeys((10, [("ads", 3)]), (7, [("email", 2)]))
    drawn["lead"] = [
        {"lead": "t", "created_at": WON_AT, "is_test": True, "deal": "D0", "person_key": "pt"},
        {"lead": "g", "created_at": WON_AT, "deal": "D1", "person_key": "p1"},
    ]
    drawn["deal_contact"].append({"deal": "D1", "lead": "t"})
    drawn["touch"].append(
        {
            "touch": "fair",
            "person_key": "pt",
            "touched_at": WON_AT - pd.Timedelta(days=9),
            "channel": "fair",
        }
    )
    result = attribute(warehouse_of(drawn), period=OCTOBER, model="linear")
    assert credit(result) == {"email": 7}
    assert result.note("totals")["conversions"] == 1


def test_leads_that_skipped_the_stage_are_no_conversions(warehouse_of: Build) -> None:
    # b is won without an entry into the opportunity: nothing says when it was one.
    entered = [("a", "opportunity"), ("b", "won")]
    tables = {
        "lead": [{"lead": each, "created_at": "2026-10-01"} for each in "ab"],
        "stage_event": [
            {"lead": name, "stage": stage, "entered_at": "2026-10-05"} for name, stage in entered
        ],
        "touch": [{"touch": "t", "touched_at": "2026-10-01", "channel": "ads"}],
    }
    result = attribute(warehouse_of(tables), period=OCTOBER, conversion="opportunity")
    assert result.note("totals")["conversions"] == 1


def test_gaps_of_one_half_life(warehouse_of: Build) -> None:
    # weights 1, 2, 4, 8 of 15
    drawn = journeys((15, [("a", 21), ("b", 14), ("c", 7), ("d", 0)]))
    got = credit(attribute(warehouse_of(drawn), period=OCTOBER, model="time_decay"))
    assert got == pytest.approx({"a": 1, "b": 2, "c": 4, "d": 8}, abs=1e-6)


def test_the_small_paths_of_mta(warehouse_of: Build) -> None:
    # search > email 3 times, search > social > email 5 times, direct twice. Linear: tests of
    # eeghor/mta (MIT). Position-based differs from theirs on purpose: of two touches each has
    # 0.4 / 0.8, so that nothing of the conversion is lost (Adobe's two-touch rule).
    drawn = journeys(
        *[(1, [("search", 2), ("email", 1)])] * 3,
        *[(1, [("search", 3), ("social", 2), ("email", 1)])] * 5,
        *[(1, [("direct", 1)])] * 2,
    )
    warehouse = warehouse_of(drawn)
    linear = credit(attribute(warehouse, period=OCTOBER, model="linear"), "conversions")
    assert linear == pytest.approx(
        {"direct": 2, "search": 19 / 6, "email": 19 / 6, "social": 5 / 3}, abs=1e-8
    )
    shaped = credit(attribute(warehouse, period=OCTOBER, model="position_based"), "conversions")
    assert shaped == pytest.approx(
        {"direct": 2, "search": 3.5, "email": 3.5, "social": 1}, abs=1e-8
    )


@pytest.mark.parametrize(
    ("first_share", "last_share", "of_two", "of_three"),
    [
        (0.4, 0.4, (0.5, 0.5), (0.4, 0.2, 0.4)),
        (0.2, 0.6, (0.25, 0.75), (0.2, 0.2, 0.6)),  # Adobe's J
        (0.0, 0.0, (0.5, 0.5), (0, 1, 0)),
    ],
)
def test_position_based_of_short_journeys(
    warehouse_of: Build,
    first_share: float,
    last_share: float,
    of_two: tuple[float, ...],
    of_three: tuple[float, ...],
) -> None:
    # 1a;  2a ── 2b;  3a ── 3b ── 3c;  4a ── 4b ── 4a ── 4b: a channel met twice is credited twice
    agreed = f"[attribution]\nfirst_share = {first_share}\nlast_share = {last_share}\n"
    drawn = journeys(
        (1, [("1a", 9)]),
        (1, [("2a", 9), ("2b", 8)]),
        (1, [("3a", 9), ("3b", 8), ("3c", 7)]),
        (1, [("4a", 9), ("4b", 8), ("4a", 7), ("4b", 6)]),
    )
    warehouse = warehouse_of(drawn, agreement=three_stages(agreed))
    got = credit(attribute(warehouse, period=OCTOBER, model="position_based"))
    middle = (1 - first_share - last_share) / 2
    wanted = {
        "1a": 1,
        **dict(zip(("2a", "2b"), of_two, strict=True)),
        **dict(zip(("3a", "3b", "3c"), of_three, strict=True)),
        "4a": first_share + middle,
        "4b": last_share + middle,
    }
    assert got == pytest.approx(wanted, abs=1e-9)


def test_the_window_holds_both_its_ends(warehouse_of: Build) -> None:
    # ──── 30 days ────▏ both ends count; a second before and a second after do not
    second = 1 / 86_400
    touches = [("early", 30 + second), ("start", 30), ("end", 0), ("late", -second)]
    warehouse = warehouse_of(journeys((100, touches)))
    result = attribute(warehouse, period=OCTOBER, model="linear", lookback_days=30)
    assert credit(result) == {"start": 50, "end": 50}
    assert left_out(result) == {"after_conversion": 1}
    assert result.parameters["lookback_days"] == 30


def test_what_has_no_touch_is_a_line_of_its_own(warehouse_of: Build) -> None:
    drawn = journeys((100, [("email", 1), (None, 2)]), (40, []), (60, [("email", 91)]), (None, []))
    result = attribute(warehouse_of(drawn), period=OCTOBER, model=["linear", "first"])
    table = result.table
    assert list(dict.fromkeys(table["model"])) == ["linear", "first"]
    linear = table[table["model"] == "linear"]
    # a touch without a channel is not the same as no touch
    assert list(linear["channel"]) == ["email", None, None]
    assert list(linear["is_no_known_touch"]) == [False, False, True]
    assert list(linear["conversions"]) == [0.5, 0.5, 3]
    assert list(linear["revenue"]) == [50, 50, 100]
    assert list(linear["revenue_share"]) == [0.25, 0.25, 0.5]
    assert list(linear["touches"]) == [1, 1, 0]
    assert result.note("totals") == {
        "conversions": 4,
        "revenue": 200,
        "no_known_touch_conversions": 3,
        "no_known_touch_revenue": 100,
        "deals_without_amount": 1,
    }
    lengths = result.part("journeys")
    assert lengths.to_dict("list") == {
        "touches": [0, 2],
        "conversions": [3, 1],
        "revenue": [100, 100],
    }


def test_touches_of_everybody_on_the_deal_count_once(warehouse_of: Build) -> None:
    # anna (lead and contact of the deal) ── email; boris (contact) ── fair; carla is not on it
    tables = {
        "lead": [
            {"lead": "L1", "person_key": "anna", "created_at": WON_AT, "deal": "D"},
            {"lead": "L2", "person_key": "boris", "created_at": WON_AT},
        ],
        "deal": [{"deal": "D", "amount": 10, "closed_at": WON_AT, "is_won": True}],
        "deal_contact": [
            {"deal": "D", "lead": "L1", "person_key": None},
            {"deal": "D", "lead": "L2", "person_key": None},
            {"deal": "D", "lead": None, "person_key": "boris"},
        ],
        "touch": [
            {"touch": f"t{who}", "person_key": who, "touched_at": WON_AT, "channel": channel}
            for who, channel in [
                ("anna", "email"),
                ("boris", "fair"),
                ("carla", "ads"),
                (None, "ads"),
            ]
        ],
    }
    result = attribute(warehouse_of(tables), period=OCTOBER, model="linear")
    assert credit(result) == {"email": 5, "fair": 5}
    assert credit(result, "touches") == {"email": 1, "fair": 1}
    assert left_out(result) == {"without_person": 1}


def test_agreed_channels_gather_spellings_and_know_their_side(warehouse_of: Build) -> None:
    agreed = """
    [channels]
    paid_search = { side = "marketing", includes = ["google / cpc", "bing / cpc"] }
    sales_call = { side = "sales" }
    """
    journey = [("google / cpc", 3), ("bing / cpc", 2), ("sales_call", 1), ("leaflet", 0)]
    tables = journeys((100, journey))
    for number, touch in enumerate(tables["touch"]):
        touch["campaign"] = ["spring", "spring", None, "spring"][number]
    warehouse = warehouse_of(tables, agreement=three_stages(agreed))

    by_channel = attribute(warehouse, period=OCTOBER, model="linear")
    assert credit(by_channel) == {"paid_search": 50, "sales_call": 25, "leaflet": 25}
    sides = dict(zip(by_channel.table["channel"], by_channel.table["side"], strict=True))
    assert sides == {"paid_search": "marketing", "sales_call": "sales", "leaflet": None}

    by_side = attribute(warehouse, period=OCTOBER, model="linear", by="side")
    assert credit(by_side) == {"marketing": 50, "sales": 25, None: 25}
    by_campaign = attribute(warehouse, period=OCTOBER, model="linear", by="campaign")
    assert credit(by_campaign) == {"spring": 75, None: 25}
    assert list(by_campaign.table["name"]) == [None, None]
    assert "name" not in attribute(warehouse, period=OCTOBER).table
    assert list(by_campaign.table["side"]) == [None, "sales"]  # spring has touches of two sides


def test_first_entries_into_a_stage_are_worth_one_each(warehouse_of: Build) -> None:
    # a: opportunity in October, again in November;  b: in September, again in October;  c: never
    tables = {
        "lead": [
            {"lead": lead, "person_key": lead, "created_at": "2026-09-01 08:00"} for lead in "abc"
        ]
        # merged into a: its person's touches are a's
        + [
            {
                "lead": "a2",
                "person_key": "a2",
                "created_at": "2026-09-02 08:00",
                "merged_into": "a",
            }
        ],
        "stage_event": [
            {"lead": lead, "stage": "opportunity", "entered_at": entered}
            for lead, entered in [
                ("a", "2026-10-05 08:00"),
                ("a", "2026-10-30 08:00"),
                ("b", "2026-09-30 08:00"),
                ("b", "2026-10-05 08:00"),
            ]
        ],
        "touch": [
            {"touch": f"t{number}", "person_key": who, "touched_at": at, "channel": channel}
            for number, (who, at, channel) in enumerate(
                [
                    ("a", "2026-10-01 08:00", "fair"),
                    ("a2", "2026-10-02 08:00", "email"),
                    ("a", "2026-10-06 08:00", "call"),
                    ("b", "2026-09-29 08:00", "ads"),
                ]
            )
        ],
    }
    result = attribute(
        warehouse_of(tables), period=OCTOBER, conversion="opportunity", model="linear"
    )
    assert credit(result) == {"fair": 0.5, "email": 0.5}
    assert result.note("totals")["conversions"] == 1
    assert result.units["revenue"] == "conversions"
    assert result.note("touches_left_out")["after_conversion"] == 1


def test_entries_at_the_ends_of_the_period(warehouse_of: Build) -> None:
    instants = [
        "2026-09-30 21:59:59",
        "2026-09-30 22:00",
        "2026-10-31 22:59:59",
        "2026-10-31 23:00",
    ]
    leads = ["early", "first", "final", "late"]
    tables = {
        "lead": [
            {"lead": lead, "person_key": lead, "created_at": "2026-09-01 08:00"} for lead in leads
        ],
        "stage_event": [
            {"lead": lead, "stage": "opportunity", "entered_at": at}
            for lead, at in zip(leads, instants, strict=True)
        ],
        "touch": [
            {"person_key": lead, "touched_at": at, "channel": lead}
            for lead, at in zip(leads, instants, strict=True)
        ],
    }
    result = attribute(
        warehouse_of(tables, as_of="2026-12-01"),
        period=OCTOBER,
        conversion="opportunity",
        model="linear",
    )
    assert credit(result) == {"first": 1, "final": 1}
    assert result.note("totals")["conversions"] == 2


def test_a_day_of_closing_holds_the_touches_of_that_day(warehouse_of: Build) -> None:
    # closed on 20 October (Berlin), time unknown; the call at 15:00 of that day came before
    tables = journeys((10, []))
    tables["deal"][0] |= {"closed_at": "2026-10-19 22:00", "closed_at_is_day": True}
    tables["touch"] = [
        {"touch": name, "person_key": "p0", "touched_at": at, "channel": name}
        for name, at in [("call", "2026-10-20 13:00"), ("next day", "2026-10-20 22:00")]
    ]
    result = attribute(warehouse_of(tables), period=OCTOBER)
    assert credit(result) == {"call": 10}


def test_only_deals_won_in_the_period_count(warehouse_of: Build) -> None:
    # half-open in Berlin: 30 September 22:00 UTC is in October, 31 October 23:00 UTC is not
    tables = journeys(*[(1, [("email", 60)])] * 5)
    closed = ["2026-09-30 21:59:59", "2026-09-30 22:00", "2026-10-31 22:59:59", "2026-10-31 23:00"]
    for deal, at in zip(tables["deal"], closed, strict=False):
        deal["closed_at"] = at
    tables["deal"][4]["is_won"] = False
    warehouse = warehouse_of(tables, as_of="2026-12-01")
    assert attribute(warehouse, period=OCTOBER).note("totals")["conversions"] == 2


def test_a_period_without_won_deals(warehouse_of: Build) -> None:
    result = attribute(warehouse_of(ADOBE), period=month("2026-09"), model=ATTRIBUTION_MODELS)
    assert result.table.empty
    assert result.part("journeys").empty
    assert set(result.note("totals").values()) == {0}


def test_the_agreement_chooses_the_model_and_the_window(warehouse_of: Build) -> None:
    agreed = '[attribution]\nmodel = "last"\nlookback_days = 8\n'
    result = attribute(warehouse_of(ADOBE, agreement=three_stages(agreed)), period=OCTOBER)
    assert credit(result) == {"display": 50, "email": 0, "social": 0}
    assert result.parameters["model"] == ("last",)


def test_what_cannot_be_answered(warehouse_of: Build) -> None:
    warehouse = warehouse_of(ADOBE)
    for arguments, message in [
        ({"model": "liner"}, "Unknown attribution model 'liner'. Did you mean 'linear'"),
        ({"model": ["first", "lst"]}, "Unknown attribution model 'lst'. Did you mean 'last'"),
        ({"model": []}, "No attribution model"),
        ({"lookback_days": 0}, "whole number of days"),
        ({"lookback_days": 1.5}, "whole number of days"),
        ({"lookback_days": 10**9}, "from 1 to 36500, not 1000000000"),
        ({"by": "chanel"}, "Did you mean 'channel'"),
        ({"conversion": "oportunity"}, "Did you mean 'opportunity'"),
        ({"period": month("2027-01")}, "had not begun"),
    ]:
        with pytest.raises(CallError, match=message):
            attribute(warehouse, **({"period": OCTOBER} | arguments))
    for table in ("deal", "touch"):
        rows = {name: each for name, each in ADOBE.items() if name != table}
        with pytest.raises(MissingTableError, match=f"attribute needs the table '{table}'"):
            attribute(warehouse_of(rows), period=OCTOBER)


@pytest.mark.real_data
def test_the_demo_data_of_channelattribution(warehouse_of: Build, shared_data: Path) -> None:
    """First, last and linear conversions, on which four packages agree."""
    paths = pd.read_csv(shared_data / "pathdata" / "PathData.csv")
    paths = paths.loc[paths["total_conversions"] > 0].reset_index(names="row")
    deals = paths.loc[paths.index.repeat(paths["total_conversions"])].reset_index(drop=True)
    deals["deal"] = "D" + deals.index.astype(str)
    deals["amount"] = deals["total_conversion_value"] / deals["total_conversions"]
    touches = deals.assign(channel=deals["path"].str.split(" > ")).explode("channel")
    seconds = touches.groupby("deal").cumcount()
    warehouse = warehouse_of(
        {
            "deal": deals[["deal", "amount"]].assign(closed_at=WON_AT, is_won=True),
            "deal_contact": pd.DataFrame({"deal": deals["deal"], "person_key": deals["deal"]}),
            "touch": pd.DataFrame(
                {
                    "person_key": touches["deal"],
                    "channel": touches["channel"],
                    "touched_at": WON_AT - pd.Timedelta(hours=1) + pd.to_timedelta(seconds, "s"),
                }
            ).reset_index(drop=True),
        }
    )
    result = attribute(warehouse, period=year("2026"), model=["first", "last", "linear"])
    got = result.table.pivot(index="channel", columns="model", values="conversions")
    assert got["first"].drop(got.index.difference(["alpha", "iota", "eta"])).to_dict() == {
        "alpha": 6308,
        "iota": 4606,
        "eta": 3164,
    }
    assert got["last"].drop(got.index.difference(["alpha", "iota", "eta"])).to_dict() == {
        "alpha": 8447,
        "eta": 4167,
        "iota": 3355,
    }
    assert got.loc["alpha", "linear"] == pytest.approx(7574.7186, abs=5e-5)
    assert len(got) == 12
    totals = result.note("totals")
    assert totals["conversions"] == 19_785
    assert totals["revenue"] == pytest.approx(74_802.97, abs=0.005)
    for _, rows in result.table.groupby("model"):
        assert fsum(rows["conversions"]) == pytest.approx(19_785, abs=1e-9)
        assert fsum(rows["revenue"]) == pytest.approx(totals["revenue"], abs=1e-9)
