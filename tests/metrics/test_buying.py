"""The people on deals: drawn small, counted again from the sample's files, and by laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel_analytics.errors import MissingTableError
from funnel_analytics.metrics.buying import _sloped, buying_groups
from funnel_analytics.periods import month
from funnel_analytics.segments import FOLDED
from funnel_analytics.warehouse import Warehouse, connect, open_warehouse
from tests.builders import three_stages
from tests.wording.spoken import said

WarehouseOf = Callable[..., Warehouse]
SAMPLE = Path(__file__).parents[2] / "data" / "sample"
AGREED = """
[buying_group]
minimum_contacts = 3
decision_roles = ["decision_maker"]
"""


def deal(name: str, day: str, **more: Any) -> dict[str, Any]:
    return {"deal": name, "created_at": f"2026-{day} 08:00", **more}


def contact(deal: str, person: str, role: str | None = None, **more: Any) -> dict[str, Any]:
    return {"deal": deal, "person_key": person, "role": role, **more}


# w  won, 3 people: p1 (in two rows: user, decision maker), p2 after 5 days, p3 after 31
# x  won, 1 person, who was converted into it: there from the first day, without a row
# l  lost after 40 days, 2 people (one in a row without role, too), the second after exactly 30 days
# m  lost after 10 days, nobody on it
# o  open, 2 people, of one nobody knows since when
# u  closed, but nobody says how;  d  deleted;  n  nobody knows when it was created
def drawn(**more: Any) -> dict[str, Any]:
    won, lost = {"is_won": True, "amount": 100.0}, {"is_won": False, "amount": 40.0}
    return {
        "lead": [
            {"lead": "a", "created_at": "2026-06-01 08:00", "origin": "web"},
            {"lead": "b", "created_at": "2026-06-01 08:00", "origin": "mail", "deal": "x"},
        ],
        "deal": [
            deal("w", "07-01", closed_at="2026-09-01 08:00", **won),
            deal("x", "07-02", closed_at="2026-07-20 08:00", is_won=True),
            deal("l", "07-03", closed_at="2026-08-12 08:00", **lost),
            deal("m", "07-04", closed_at="2026-07-14 08:00", is_won=False, amount=60.0),
            deal("o", "07-05"),
            deal("u", "07-06", closed_at="2026-07-30 08:00"),
            deal("d", "07-07", is_deleted=True),
            {"deal": "n"},
        ],
        "deal_contact": [
            contact("w", "p1", "user", added_at="2026-07-01 08:00"),
            contact("w", "p1", "decision_maker", added_at="2026-07-01 08:00"),
            contact("l", "p4"),
            contact("w", "p2", added_at="2026-07-06 08:00"),
            contact("w", "p3", "user", added_at="2026-08-01 08:00"),
            contact("l", "p4", "user", added_at="2026-07-03 08:00"),
            contact("l", "p5", "user", added_at="2026-08-02 08:00"),
            contact("o", "p6", "user", added_at="2026-07-05 08:00"),
            contact("o", "p7"),
        ],
        **more,
    }


def test_one_person_counts_once_per_deal(warehouse_of: WarehouseOf) -> None:
    result = buying_groups(warehouse_of(drawn(), agreement=three_stages(AGREED)))
    table = result.table.set_index("outcome")
    assert table["deals"].tolist() == [2, 2, 1]
    assert table["mean_contacts"].tolist() == [2.0, 1.0, 2.0]
    assert table["median_contacts"].tolist() == [2.0, 1.0, 2.0]
    assert table["multi_contact_deals"].tolist() == [1, 1, 1]
    assert table["multi_contact_share"].tolist() == [0.5, 0.5, 1.0]
    assert table["role_deals"].tolist() == [1, 0, 0]
    assert table["enough_deals"].tolist() == [1, 0, 0]
    assert table["median_value"].tolist()[:2] == [100.0, 50.0]
    assert table["valued_deals"].tolist() == [1, 2, 0]
    assert {note.code: note.values for note in result.notes if note.code != "data_end"} == {
        "deals_without_creation": {"deals": 1},
        "deals_without_outcome": {"deals": 1},
        "deals_without_contact": {"deals": 1},
        "undated_contacts": {"deals": 1},
    }


def test_the_second_contact_is_timed_and_others_are_censored(warehouse_of: WarehouseOf) -> None:
    table = buying_groups(warehouse_of(drawn())).table.set_index("outcome")
    # won: w after 5 days; x closed after 18 without one: half had one after 5 days
    assert table.loc["won", "median_days_to_second"] == 5.0
    # lost: m closed after 10 days without one, l had one after 30, when it alone was left
    assert table.loc["lost", "median_days_to_second"] == 30.0
    assert table["timed_deals"].tolist() == [2, 2, 0]
    assert table["second_contact_deals"].tolist() == [1, 1, 0]
    assert table["median_days_to_second"].isna().tolist() == [False, False, True]
    assert table["role_deals"].isna().all()  # the agreement names no role
    assert table["enough_deals"].isna().all()


def test_roles_are_shares_of_deals_and_a_missing_one_is_its_own(warehouse_of: WarehouseOf) -> None:
    roles = buying_groups(warehouse_of(drawn())).part("roles")
    told = {(row.outcome, row.role): (row.deals, row.of_deals) for row in roles.itertuples()}
    assert told == {
        ("won", "user"): (1, 2),
        ("won", "decision_maker"): (1, 2),
        ("won", None): (2, 2),
        ("lost", "user"): (1, 2),
        ("open", "user"): (1, 1),
        ("open", None): (1, 1),
    }


def test_the_landmark_asks_who_was_there_while_it_was_still_open(warehouse_of: WarehouseOf) -> None:
    part = buying_groups(warehouse_of(drawn())).part("by_contacts")
    keys = ["view", "contacts", "deals", "won_deals", "lost_deals", "open_deals"]
    assert part[keys].to_numpy().tolist() == [
        ["all", 0, 1, 0, 1, 0],
        ["all", 1, 1, 1, 0, 0],
        ["all", 2, 2, 0, 1, 1],
        ["all", 3, 1, 1, 0, 0],
        # w had two by then, l's second came on the last of the days; x and m were closed
        ["landmark", 2, 2, 1, 1, 0],
    ]
    assert part["win_rate"].tolist() == [0.0, 1.0, 0.0, 1.0, 0.5]


def test_four_and_more_are_one(warehouse_of: WarehouseOf) -> None:
    people = [contact("w", f"p{number}", added_at="2026-07-01 08:00") for number in range(6)]
    part = buying_groups(warehouse_of(drawn(deal_contact=people))).part("by_contacts")
    row = part[part["is_or_more"] & (part["view"] == "all")].iloc[0]
    assert (row["contacts"], row["deals"]) == (4, 1)


def test_a_deal_closed_on_the_day_of_the_landmark_is_not_surely_open(
    warehouse_of: WarehouseOf,
) -> None:
    def landmarks(closed: str) -> int:
        deals = [deal("w", "07-01", closed_at=closed, is_won=True)]
        people = [contact("w", "p1", added_at="2026-07-01 08:00")]
        part = buying_groups(warehouse_of(drawn(deal=deals, deal_contact=people))).part(
            "by_contacts"
        )
        return int((part["view"] == "landmark").sum())

    assert landmarks("2026-07-31 08:00:00") == 0
    assert landmarks("2026-07-31 08:00:01") == 1


def test_a_period_is_that_of_the_creation_and_groups_are_those_of_the_lead(
    warehouse_of: WarehouseOf,
) -> None:
    warehouse = warehouse_of(drawn())
    assert buying_groups(warehouse, period=month("2026-08")).table["deals"].tolist() == [0, 0, 0]
    table = buying_groups(warehouse, by="origin").table
    told = table[table["deals"] > 0][["segment", "outcome", "deals"]]
    assert told.astype(object).where(told.notna(), None).to_numpy().tolist() == [
        ["mail", "won", 1],
        [None, "won", 1],
        [None, "lost", 2],
        [None, "open", 1],
    ]
    few = warehouse_of(drawn(), agreement=three_stages(minimum_group_size="2"))
    folded = buying_groups(few, by="origin")
    assert set(folded.table["segment"]) == {FOLDED}
    assert folded.note("folded_deals") == {"groups": 2, "deals": 6}
    assert folded.part("trend")["deals"].tolist()[0] > 0


def test_too_few_deals_tell_nothing(warehouse_of: WarehouseOf) -> None:
    warehouse = warehouse_of(drawn(), agreement=three_stages(minimum_group_size="7"))
    hidden = buying_groups(warehouse, by="origin")
    assert hidden.table["deals"].isna().all()
    assert hidden.part("trend")["deals"].tolist() == [0, 0]
    codes = [note.code for note in hidden.notes if note.code != "data_end"]
    assert codes == ["deals_without_creation", "folded_deals"]
    assert hidden.note("folded_deals") == {"groups": 2, "deals": None}


def test_unknown_days_are_not_called_no_deals(warehouse_of: WarehouseOf) -> None:
    # of the one deal in the data nobody knows when it was created
    deal = {"deal": "D", "is_won": True, "closed_at": "2026-09-01 10:00"}
    contact = {"deal": "D", "person_key": "P"}
    result = buying_groups(warehouse_of(drawn(deal=[deal], deal_contact=[contact])))
    german, english = said(result)
    assert german.endswith("angelegt wurde; bei 1 Opportunity fehlt der Tag der Anlage")
    assert english.endswith("; of 1 deal the day of creation is missing")


def test_without_contacts_it_says_what_is_missing(warehouse_of: WarehouseOf) -> None:
    with pytest.raises(MissingTableError, match="deal_contact"):
        buying_groups(warehouse_of(drawn(deal_contact=[])))


# Mantel (1963): the square of sum (x - mean x) y over its variance given both margins.
def slow_slope(strata: list[list[tuple[int, int]]]) -> tuple[float, float]:
    apart = spread = variance = 0.0
    for rows in strata:
        n = len(rows)
        if n < 2:
            continue
        mean = sum(x for x, _ in rows) / n
        won = sum(y for _, y in rows)
        apart += sum(x * y for x, y in rows) - mean * won
        squares = sum(x * x for x, _ in rows) - n * mean * mean
        spread += squares
        variance += won * (n - won) / (n * (n - 1)) * squares
    return apart / spread if spread > 1e-9 else float("nan"), (
        apart * apart / variance if variance > 1e-9 else float("nan")
    )


pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1)), min_size=1, max_size=12)


@given(st.lists(pairs, min_size=1, max_size=3))
def test_the_trend_is_that_of_the_formula(strata: list[list[tuple[int, int]]]) -> None:
    rows = pd.DataFrame(
        [
            {"group": 0, "stratum": str(n), "known": x, "outcome": "won" if y else "lost"}
            for n, rows in enumerate(strata)
            for x, y in rows
        ]
    )
    found = _sloped(rows)
    slope, statistic = slow_slope(strata)
    if np.isnan(slope):
        assert np.isnan(found["p_value"])
        return
    assert found["slope"] == pytest.approx(slope, abs=1e-9)
    if np.isnan(statistic):
        assert np.isnan(found["p_value"])
    else:
        assert found["statistic"] == pytest.approx(statistic, abs=1e-9)
        assert 0 <= found["p_value"] <= 1
        assert found["low"] <= slope <= found["high"]


@pytest.fixture(scope="module")
def sample(sample_database: Path) -> Iterator[Warehouse]:
    with open_warehouse(sample_database) as warehouse:
        yield warehouse


def sample_file(name: str) -> pd.DataFrame:
    return pd.read_csv(SAMPLE / name, sep=";", dtype=str)


def test_the_sample_is_counted_from_its_files(sample: Warehouse) -> None:
    """A second count that shares no code: from the two files alone."""
    deals, people = sample_file("deals.csv"), sample_file("deal_contacts.csv")
    ended = deals["Gewonnen"].map({"ja": "won", "nein": "lost"}).fillna("open")
    persons = people.groupby("Opportunity-ID")["Person"].nunique()
    deciders = set(people.loc[people["Rolle"] == "Entscheider", "Opportunity-ID"])
    counts = deals["Opportunity-ID"].map(persons).fillna(0)
    amounts = deals["Betrag"].str.replace(".", "").str.replace(",", ".").astype(float)
    table = buying_groups(sample).table.set_index("outcome")
    for outcome, row in table.iterrows():
        mine = ended == outcome
        assert row["deals"] == mine.sum()
        assert row["mean_contacts"] == pytest.approx(counts[mine].mean())
        assert row["multi_contact_deals"] == (counts[mine] >= 2).sum()
        assert row["enough_deals"] == (counts[mine] >= 3).sum()
        assert row["role_deals"] == deals.loc[mine, "Opportunity-ID"].isin(deciders).sum()
        assert row["median_value"] == pytest.approx(amounts[mine].median())


def test_contacts_have_no_effect_of_their_own_in_the_sample(sample: Warehouse) -> None:
    """Planted: larger companies have more contacts and win more rarely; contacts do nothing."""
    trend = buying_groups(sample).part("trend").set_index("view")
    assert trend["low"].to_dict()["landmark"] < 0 < trend["high"].to_dict()["landmark"]
    assert trend["strata"].tolist() == [4, 4]


def test_roles_are_of_the_people_on_the_deals(sample_database: Path) -> None:
    with connect(sample_database, read_only=True) as connection:
        (apart,) = connection.execute(
            "select count(*) from (select distinct deal, person_key from deal_roles) as known "
            "full join deal_people using (deal, person_key) "
            "where known.deal is null or deal_people.deal is null"
        ).fetchone() or (None,)
    assert apart == 0
