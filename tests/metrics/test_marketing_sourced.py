"""Three definitions of what marketing sourced: drawn by hand, and a slow second way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.errors import CallError
from funnel_analytics.metrics.attribution.sourced import marketing_sourced
from funnel_analytics.warehouse import Warehouse
from tests.builders import build_warehouse, three_stages
from tests.wording.spoken import said

Build = Callable[..., Warehouse]
OCTOBER = fa.month("2026-10")
NAMES = ["first_touch", "lead_created", "any_touch"]
SIDES = """
[channels.mail]
side = "marketing"
label = { de = "Post", en = "Mail" }
[channels.call]
side = "sales"
label = { de = "Anruf", en = "Call" }
"""
CREATED = "2026-09-10 10:00"


def deals(*drawn: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Won deals with their `touches` as (channel, when) and their `lead` (None: no lead)."""
    tables: dict[str, list[dict[str, Any]]] = {
        # somebody else's touch long ago: records begin before everything that is drawn
        "touch": [{"touch": "t", "touched_at": "2025-01-01", "channel": "mail", "person_key": "x"}],
        "deal": [], "lead": [], "deal_contact": [],
    }  # fmt: skip
    for number, each in enumerate(drawn):
        name, lead = f"D{number}", each.get("lead", {})
        given = {key: value for key, value in each.items() if key not in ("touches", "lead")}
        tables["deal"].append(
            {"deal": name, "amount": 10.0, "created_at": CREATED, "closed_at": "2026-10-20",
             "is_won": True} | given
        )  # fmt: skip
        tables["deal_contact"].append({"deal": name, "person_key": f"p{number}"})
        if lead is not None:
            tables["lead"].append(
                {"lead": f"L{number}", "deal": name, "person_key": f"p{number}",
                 "created_at": "2026-09-01"} | lead
            )  # fmt: skip
        tables["touch"] += [
            {"touch": f"{number}-{place}", "person_key": f"p{number}", "channel": channel,
             "touched_at": when}
            for place, (channel, when) in enumerate(each.get("touches", []))
        ]  # fmt: skip
    return tables


def judged(warehouse_of: Build, drawn: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The verdicts on each deal, or why there is none: each closes on a day of its own."""
    dated = [each | {"closed_at": f"2026-10-{day:02d} 12:00"} for day, each in enumerate(drawn, 1)]
    warehouse = warehouse_of(deals(*dated), agreement=three_stages(SIDES))
    found = []
    for day in range(1, len(drawn) + 1):
        period = fa.span(f"2026-10-{day:02d}", f"2026-10-{day + 1:02d}")
        result = marketing_sourced(warehouse, period=period)
        assert result.table["deals"].tolist() == [1, 1, 1]
        reasons = result.part("not_judged").set_index("definition")["reason"]
        sourced = result.table.set_index("definition")["sourced_deals"]
        found.append({name: reasons.get(name, bool(sourced[name])) for name in NAMES})
    return found


MAIL, CALL = ("mail", "2026-09-02"), ("call", "2026-09-03")


TOUCHES: list[tuple[dict[str, Any], Any, Any]] = [
    ({"touches": [MAIL, CALL]}, True, True),
    ({"touches": [CALL, ("mail", "2026-09-04")]}, False, True),
    ({"touches": [CALL]}, False, False),
    # on the very instant it came before, a second later it did not
    ({"touches": [CALL, ("mail", "2026-09-10 10:00:00")]}, False, True),
    ({"touches": [CALL, ("mail", "2026-09-10 10:00:01")]}, False, False),
    # of a creation whose day alone is known, all of that day came before (22:00 UTC ends it)
    ({"touches": [("mail", "2026-09-10 21:59")], "created_at": "2026-09-09 22:00",
      "created_at_is_day": True}, True, True),
    ({"touches": [CALL, ("mail", "2026-09-10 22:01")], "created_at": "2026-09-09 22:00",
      "created_at_is_day": True}, False, False),
    # a touch long before the agreed window of 90 days counts as well
    ({"touches": [("mail", "2026-01-05"), CALL]}, True, True),
    # what came only after the creation says nothing of where it came from
    ({"touches": [("mail", "2026-09-12")]}, "no_touch", "no_touch"),
    ({}, "no_touch", "no_touch"),
    # a touch of no side may have been marketing's; one of marketing settles it all the same
    ({"touches": [("podcast", "2026-09-01"), CALL]}, "no_side", "no_side"),
    ({"touches": [("podcast", "2026-09-01"), MAIL]}, "no_side", True),
    ({"touches": [CALL, ("podcast", "2026-09-05")]}, False, "no_side"),
    # an opportunity without a day: its first touch is known, whether mail came before is not
    ({"touches": [CALL, ("mail", "2026-09-30")], "created_at": None},
     False, "no_opportunity_date"),
    ({"touches": [CALL], "created_at": None}, False, False),
]  # fmt: skip
LEADS: list[tuple[dict[str, Any] | None, Any]] = [
    ({"channel": "mail"}, True),
    ({"channel": "call"}, False),
    ({"channel": "mail", "origin": "outbound"}, True),
    ({"channel": "call", "origin": "inbound"}, False),
    ({"channel": "podcast", "origin": "inbound"}, True),
    ({"channel": "podcast"}, "no_source"),
    ({"origin": "inbound"}, True),
    ({"origin": "outbound"}, False),
    ({"origin": "network"}, False),
    ({"origin": "partner"}, False),
    ({"origin": "mail"}, True),
    ({"origin": "call"}, False),
    ({"origin": "unknown"}, "no_source"),
    ({}, "no_source"),
    ({"channel": "mail", "created_at": "2026-09-10 10:00:00"}, True),
    ({"channel": "mail", "created_at": "2026-09-10 10:00:01"}, "lead_after_opportunity"),
    (None, "no_lead"),
]


def test_touches(warehouse_of: Build) -> None:
    found = judged(warehouse_of, [deal for deal, _, _ in TOUCHES])
    for verdicts, (deal, first, anyone) in zip(found, TOUCHES, strict=True):
        assert (verdicts["first_touch"], verdicts["any_touch"]) == (first, anyone), deal


def test_leads(warehouse_of: Build) -> None:
    found = judged(warehouse_of, [{"lead": lead, "touches": [CALL]} for lead, _ in LEADS])
    for verdicts, (lead, verdict) in zip(found, LEADS, strict=True):
        assert verdicts["lead_created"] == verdict, lead


def test_a_campaign_stands_for_its_channel(warehouse_of: Build) -> None:
    tables = deals({"lead": {"campaign": "c"}, "touches": [CALL]})
    tables["campaign"] = [{"campaign": "c", "channel": "mail"}]
    result = marketing_sourced(warehouse_of(tables, agreement=three_stages(SIDES)), period=OCTOBER)
    assert result.table["sourced_deals"].tolist() == [0, 1, 0]


def test_what_is_older_than_the_records_cannot_be_judged(warehouse_of: Build) -> None:
    # Records begin on 5 September: an earlier touch of a lead of 1 September may be missing.
    late = {"touches": [("call", "2026-09-06")], "lead": {"channel": "mail"}}
    known = {"touches": [("call", "2026-09-06"), ("mail", "2026-09-07")]}
    tables = deals(late, known)
    tables["touch"][0]["touched_at"] = "2026-09-05"
    result = marketing_sourced(warehouse_of(tables, agreement=three_stages(SIDES)), period=OCTOBER)
    table = result.table.set_index("definition")
    assert table["judged_deals"].to_dict() == {"first_touch": 0, "lead_created": 1, "any_touch": 1}
    assert table.loc["any_touch", "sourced_deals"] == 1
    assert set(result.part("not_judged")["reason"]) == {"before_records", "no_source"}
    assert table.loc["first_touch", ["sourced_share", "sourced_low"]].isna().all()


@pytest.mark.parametrize(
    ("lead", "created", "reason"),
    [
        # Of a lead created in the very instant of the first touch nothing earlier is missing.
        ({"created_at": "2026-09-05"}, CREATED, None),
        ({"created_at": "2026-09-04 23:59:59"}, CREATED, "before_records"),
        # A deal without a lead, or with a later one, is as old as its opportunity.
        (None, "2026-09-06", None),
        (None, "2026-09-04", "no_touch"),
        (None, "2026-09-05 00:00", None),
        ({"created_at": "2026-09-06"}, "2026-09-04", "no_touch"),
    ],
)
def test_records_begin_with_the_first_touch_of_anybody(
    warehouse_of: Build, lead: dict[str, Any] | None, created: str, reason: str | None
) -> None:
    tables = deals({"touches": [("call", "2026-09-05")], "lead": lead, "created_at": created})
    tables["touch"][0]["touched_at"] = "2026-09-05"
    result = marketing_sourced(warehouse_of(tables, agreement=three_stages(SIDES)), period=OCTOBER)
    reasons = result.part("not_judged").set_index("definition")["reason"]
    assert reasons.get("first_touch") == reason


def test_the_deal_with_the_highest_value_comes_first(warehouse_of: Build) -> None:
    differing = {"touches": [MAIL], "lead": {"channel": "call"}}
    tables = deals(*(differing | {"amount": amount} for amount in (5.0, None, 9.0, 5.0)))
    result = marketing_sourced(warehouse_of(tables, agreement=three_stages(SIDES)), period=OCTOBER)
    assert result.part("deals")["deal"].tolist() == ["D2", "D0", "D3", "D1"]


FOUR = (
    {"touches": [MAIL], "lead": {"channel": "mail"}, "amount": 100.0},
    {"touches": [CALL, ("mail", "2026-09-05")], "lead": {"channel": "call"}, "amount": 50.0},
    {"touches": [CALL, ("mail", "2026-09-05")], "lead": {"channel": "mail"}, "amount": None},
    {"touches": [], "lead": {"channel": "call"}, "amount": 7.0},
)


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> fa.Result:
    file = tmp_path_factory.mktemp("four") / "w.duckdb"
    with build_warehouse(file, deals(*FOUR), agreement=three_stages(SIDES)) as warehouse:
        return marketing_sourced(warehouse, period=OCTOBER)


def test_counts_and_shares_are_of_what_can_be_judged(four: fa.Result) -> None:
    table = four.table.set_index("definition")
    counts = ["deals", "judged_deals", "sourced_deals", "not_judged_deals"]
    assert table[counts].to_dict("index") == {
        name: dict(zip(counts, numbers, strict=True))
        for name, numbers in zip(NAMES, [(4, 3, 1, 1), (4, 4, 2, 0), (4, 3, 3, 1)], strict=True)
    }
    assert table["sourced_share"].tolist() == pytest.approx([1 / 3, 1 / 2, 1])
    # Wilson's 1 of 3 (Newcombe 1998): 0.0615 to 0.7923
    assert table["sourced_low"].iloc[0] == pytest.approx(0.0615, abs=1e-4)
    assert table["sourced_high"].iloc[0] == pytest.approx(0.7923, abs=1e-4)
    assert table["sourced_value"].tolist() == [100.0, 100.0, 150.0]
    assert table["not_judged_value"].tolist() == [7.0, 0.0, 7.0]
    assert table["sourced_value_share"].tolist() == pytest.approx([100 / 150, 100 / 157, 1])
    assert four.note("deals_without_amount") == {"deals": 1}


def test_the_overlap_has_every_combination_and_sums_to_all(four: fa.Result) -> None:
    overlap = four.part("overlap")
    assert len(overlap) == 9
    assert overlap["deals"].sum() == 4
    found = {
        tuple(None if pd.isna(each) else bool(each) for each in row[:3]): row[3]
        for row in overlap[[*NAMES, "deals"]].itertuples(index=False)
        if row[3]
    }
    assert found == {(True, True, True): 1, (False, False, True): 1, (False, True, True): 1,
                     (None, None, None): 1}  # fmt: skip


def test_the_deals_that_differ_say_why(four: fa.Result) -> None:
    rows = four.part("deals")
    assert rows["deal"].tolist() == ["D1", "D2"]
    first = rows.iloc[0]
    assert first["first_touch_channel"] == "call"
    assert first["first_touch_at"] == pd.Timestamp("2026-09-03")
    assert (first["lead_created_why"], first["lead_created_channel"]) == ("channel", "call")
    assert (first["any_touch_channel"], first["any_touch_at"]) == (
        "mail", pd.Timestamp("2026-09-05"),
    )  # fmt: skip
    assert four.note("sourced_deals") == {"deals": 4, "differing": 2}


def test_the_pipeline_asks_for_deals_created(warehouse_of: Build) -> None:
    tables = deals({"touches": [MAIL], "is_won": False, "closed_at": None}, {"touches": [CALL]})
    warehouse = warehouse_of(tables, agreement=three_stages(SIDES))
    september = fa.month("2026-09")
    result = marketing_sourced(warehouse, period=september, conversion="pipeline")
    assert result.table["deals"].tolist() == [2, 2, 2]
    assert result.table["sourced_deals"].tolist() == [1, 0, 1]
    assert marketing_sourced(warehouse, period=september).table["deals"].tolist() == [0, 0, 0]
    with pytest.raises(CallError, match="conversion is won or pipeline"):
        marketing_sourced(warehouse, period=september, conversion="opportunity")


def test_a_lead_whose_channel_and_origin_disagree_is_counted(warehouse_of: Build) -> None:
    leads = [
        {"channel": "mail", "origin": "outbound"},
        {"channel": "call", "origin": "partner"},
        {"channel": "mail"},
    ]
    tables = deals(*({"touches": [MAIL], "lead": lead} for lead in leads))
    result = marketing_sourced(warehouse_of(tables, agreement=three_stages(SIDES)), period=OCTOBER)
    assert result.note("side_conflicts") == {"leads": 1}


@pytest.mark.parametrize("conversion", ["won", "pipeline"])
def test_the_sample_as_counted_deal_by_deal(sample_database: Path, conversion: str) -> None:
    # A second way: loops over rows of the marts, in Python.
    with fa.open_warehouse(sample_database) as warehouse:
        result = marketing_sourced(warehouse, period=fa.year("2026"), conversion=conversion)
        rows = {name: warehouse._connection.execute(f"from {name}").df()
                for name in ("deal", "deals", "deal_people", "touches", "leads", "agreed_channels",
                             "own_activities", "lead_people")}  # fmt: skip
    sides = dict(zip(rows["agreed_channels"]["raw"], rows["agreed_channels"]["side"], strict=True))
    out = set(rows["deals"].loc[rows["deals"]["excluded"].notna(), "deal"])
    start, end = pd.Timestamp("2025-12-31 23:00"), pd.Timestamp("2026-12-31 23:00")
    people = rows["deal_people"].groupby("deal")["person_key"].apply(set)
    touched = {
        person: sorted(zip(mine["touched_at"], mine["side"].fillna(""), strict=True))
        for person, mine in rows["touches"].groupby("person_key")
    }
    acted = rows["own_activities"].merge(rows["lead_people"], on="lead_no")
    for person, at in zip(acted["person_key"], acted["happened_at"], strict=True):
        touched.setdefault(person, []).append((at, "sales"))
    leads = rows["leads"].dropna(subset=["deal"]).set_index("deal")
    found = dict.fromkeys(NAMES, 0)
    records = rows["deal"].to_dict("records")
    for deal in records:
        at = deal["created_at"] if conversion == "pipeline" else deal["closed_at"]
        if deal["deal"] in out or pd.isna(at) or not start <= at < end:
            continue
        if conversion == "won" and not deal["is_won"]:
            continue
        by = (
            deal["created_at"] + pd.Timedelta(days=1)
            if deal["created_at_is_day"]
            else deal["created_at"]
        )
        mine = sorted(
            touch
            for person in people.get(deal["deal"], set())
            for touch in touched.get(person, [])
            if touch[0] <= by and touch[0] <= at + pd.Timedelta(days=1)
        )
        found["first_touch"] += bool(mine) and mine[0][1] == "marketing"
        found["any_touch"] += any(side == "marketing" for _, side in mine)
        lead = leads.loc[deal["deal"]] if deal["deal"] in leads.index else None
        if lead is not None:
            side = sides.get(lead["channel"])
            if pd.isna(side):
                side = "marketing" if lead["origin"] == "inbound" else None
            found["lead_created"] += side == "marketing"
    assert result.table.set_index("definition")["sourced_deals"].to_dict() == found


@pytest.mark.parametrize(("mail_on", "is_sourced"), [("2026-08-31", True), ("2026-09-02", False)])
def test_of_two_leads_of_a_deal_the_first_created_is_its_own(
    warehouse_of: Build, mail_on: str, is_sourced: bool
) -> None:
    # L0 of 1 September came by call; both were converted into D0 and won with it
    drawn = deals({"lead": {"channel": "call"}, "touches": [CALL]})
    other = {"lead": "A", "deal": "D0", "person_key": "q", "channel": "mail", "created_at": mail_on}
    for leads in ([*drawn["lead"], other], [other, *drawn["lead"]]):
        warehouse = warehouse_of(drawn | {"lead": leads}, agreement=three_stages(SIDES))
        table = marketing_sourced(warehouse, period=OCTOBER).table.set_index("definition")
        assert table.loc["lead_created", "sourced_deals"] == is_sourced


def test_of_two_leads_of_a_deal_the_one_that_got_further_is_its_own(warehouse_of: Build) -> None:
    # created: not won yet. L0 by call came first, A by mail is in the opportunity stage
    drawn = deals({"lead": {"channel": "call"}, "is_won": False, "closed_at": None})
    other = {"lead": "A", "deal": "D0", "person_key": "q", "channel": "mail",
             "created_at": "2026-09-02"}  # fmt: skip
    entered = {"lead": "A", "stage": "opportunity", "entered_at": "2026-09-12"}
    tables = drawn | {"lead": [*drawn["lead"], other], "stage_event": [entered]}
    warehouse = warehouse_of(tables, agreement=three_stages(SIDES))
    result = marketing_sourced(warehouse, period=fa.month("2026-09"), conversion="pipeline")
    table = result.table.set_index("definition")
    assert table.loc["lead_created", "sourced_deals"] == 1


def test_a_deleted_deal_is_not_among_them(warehouse_of: Build) -> None:
    drawn = deals({"touches": [MAIL]}, {"touches": [CALL], "is_deleted": True})
    result = marketing_sourced(warehouse_of(drawn, agreement=three_stages(SIDES)), period=OCTOBER)
    assert result.table["deals"].tolist() == [1, 1, 1]
    assert result.part("overlap")["deals"].sum() == 1


def test_without_touches_the_creation_of_the_lead_is_judged(warehouse_of: Build) -> None:
    mail, call = ({"touches": [], "lead": {"channel": name}} for name in ("mail", "call"))
    tables = deals(mail, call, mail)
    tables["touch"] = []
    warehouse = warehouse_of(tables, agreement=three_stages(SIDES))
    assert not warehouse.has("touch")
    result = marketing_sourced(warehouse, period=OCTOBER)
    table = result.table.set_index("definition")
    assert table["judged_deals"].to_dict() == {"first_touch": 0, "lead_created": 3, "any_touch": 0}
    assert table.loc["lead_created", "sourced_share"] == pytest.approx(2 / 3)
    reasons = result.part("not_judged").set_index("definition")["reason"]
    assert reasons.to_dict() == {"first_touch": "no_touch", "any_touch": "no_touch"}
    german, english = said(result)
    assert "66,7 % aus dem Marketing nach der einen Definition, über die sich etwas" in german
    assert "66.7% sourced by marketing by the one definition that can be judged" in english
