"""Why a number changed, on warehouses small enough to check by eye, and on published numbers."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest

from funnel_analytics.agreement import parse_agreement
from funnel_analytics.errors import CallError, DataError, MissingTableError
from funnel_analytics.metrics.change import explain_change
from funnel_analytics.metrics.change.split import split_change
from funnel_analytics.periods import month, span
from tests.builders import build_warehouse, three_stages

JANUARY, FEBRUARY = month("2026-01"), month("2026-02")


def company(path, cohorts, *, agreement=None, as_of="2026-11-01", deals=(), **tables):
    """Cohorts as {(month, origin): (leads, opportunities, wins)}; a day from stage to stage."""
    leads, events, links, won = [], [], [], []
    for (at, origin), counts in cohorts.items():
        for number in range(counts[0]):
            name = f"{at}-{origin}-{number:03d}"
            created = datetime.fromisoformat(f"{at}-10T08:00") + timedelta(minutes=number)
            leads.append({"lead": name, "created_at": str(created), "origin": origin})
            for place, stage in ((1, "opportunity"), (2, "won")):
                if number < counts[place]:
                    entered = created + timedelta(days=place)
                    events.append({"lead": name, "entered_at": str(entered), "stage": stage})
    for lead, amount in deals:
        deal = f"d-{lead}"
        won.append(
            {
                "deal": deal,
                "amount": amount,
                "currency": "EUR",
                "is_won": True,
                "closed_at": f"{lead[:7]}-20T08:00",
            }
        )
        links.append({"deal": deal, "lead": lead})
    more = {"deal": won, "deal_contact": links} if won else {}
    return build_warehouse(
        path,
        {"lead": leads, "stage_event": events, **more, **tables},
        agreement=agreement or three_stages(),
        as_of=as_of,
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    cohorts = {("2026-01", "web"): (4, 2, 1), ("2026-02", "web"): (4, 2, 1)}
    with company(tmp_path_factory.mktemp("small") / "w.duckdb", cohorts) as warehouse:
        yield warehouse


def parts(result):
    table = result.table
    keys = table["stage"].where(table["stage"].notna(), table["factor"])
    return dict(zip(keys, table["part"], strict=True))


# Two factors: before 2 x 3, after 4 x 5. Sums of the two orders: (2 x 3 + 2 x 5) / 2 and so on.
def test_two_factors_meet_in_the_middle():
    found = split_change(np.array([2.0, 3.0]), np.array([4.0, 5.0]))
    assert list(found) == pytest.approx([(4 - 2) * (3 + 5) / 2, (5 - 3) * (2 + 4) / 2])


# Das Gupta (1993), Standardization and Decomposition of Rates: A User's Manual, U.S. Bureau of the
# Census P23-186, equation 3.12: for three factors the effect of the first is the change in it times
# (b c + B C) / 3 + (b C + B c) / 6.
def test_three_factors_as_das_gupta_writes_them():
    (a, b, c), (x, y, z) = before, after = (0.3, 7.0, 11.0), (0.5, 4.0, 13.0)
    found = split_change(np.array(before), np.array(after))
    assert found[0] == pytest.approx((x - a) * ((b * c + y * z) / 3 + (b * z + y * c) / 6))
    assert found.sum() == pytest.approx(x * y * z - a * b * c)


#            leads  opportunities  wins
# January      40            20      10      40 x 0.5 x 0.5  = 10
# February     60            30      20      60 x 0.5 x 0.667 = 20
# Only volume and the last step differ: with 0.5 between, 0.5 x (60 - 40) x (0.5 + 0.667) / 2.
def test_volume_and_one_step(tmp_path):
    cohorts = {("2026-01", "web"): (40, 20, 10), ("2026-02", "web"): (60, 30, 20)}
    with company(tmp_path / "w.duckdb", cohorts) as warehouse:
        result = explain_change(warehouse, before=JANUARY, after=FEBRUARY)
    assert parts(result) == pytest.approx(
        {
            "volume": 0.5 * 20 * (1 / 2 + 2 / 3) / 2,
            "opportunity": 0,
            "won": 0.5 * (60 + 40) / 2 * (2 / 3 - 1 / 2),
            "time": 0,
        }
    )
    table = result.table.set_index("factor")
    assert (table.loc["volume", "before"], table.loc["volume", "after"]) == (40, 60)
    won = result.table[result.table["stage"] == "won"].iloc[0]
    assert (won["before"], won["after"]) == pytest.approx((1 / 2, 2 / 3))
    counts = won[["before_previous_leads", "before_reached_leads"]].to_list()
    assert counts == [20, 10]
    assert won[["after_previous_leads", "after_reached_leads"]].to_list() == [30, 20]
    assert result.table["part_share"].sum() == pytest.approx(1)
    change = result.note("change")
    assert (change["before"], change["after"], change["change"]) == (10, 20, 10)
    assert change["change_share"] == 1
    teams = result.part("teams").set_index("team")["part"]
    assert teams["marketing"] == pytest.approx(parts(result)["volume"])
    assert teams["sales"] == pytest.approx(parts(result)["won"])
    totals = result.part("totals").set_index("side")
    assert totals["value"].to_list() == [10, 20]
    assert totals["base_leads"].to_list() == [40, 60]
    assert totals["is_mature"].all()
    assert not totals["is_left_truncated"].any()


# Rates by origin are the same, the mix turns round:      January   February
#   web   8 of 10 become opportunities                     10        30
#   fair  2 of 10                                          30        10
# Kitagawa (1955): mix = sum of (difference of shares) x (mean of rates), rate the other way round.
def test_a_rate_with_mix_is_kitagawas(tmp_path):
    cohorts = {
        ("2026-01", "web"): (10, 8, 0),
        ("2026-01", "fair"): (30, 6, 0),
        ("2026-02", "web"): (30, 27, 0),
        ("2026-02", "fair"): (10, 2, 0),
    }
    with company(tmp_path / "w.duckdb", cohorts) as warehouse:
        result = explain_change(
            warehouse,
            before=JANUARY,
            after=FEBRUARY,
            from_stage="inquiry",
            to_stage="opportunity",
            by="origin",
        )
        named = explain_change(
            warehouse, before=JANUARY, after=FEBRUARY, measure="inquiry_to_opportunity"
        )
    mix = (0.75 - 0.25) * (0.8 + 0.9) / 2 + (0.25 - 0.75) * (0.2 + 0.2) / 2
    rate = (0.9 - 0.8) * (0.25 + 0.75) / 2
    assert parts(result) == pytest.approx({"mix": mix, "opportunity": rate, "time": 0})
    assert mix + rate == pytest.approx(29 / 40 - 14 / 40)
    assert parts(named) == pytest.approx({"opportunity": mix + rate, "time": 0})
    segments = result.part("segments").set_index(["segment", "factor"])
    assert segments.loc[("web", "mix"), "part"] == pytest.approx(0.5 * 0.85)
    assert segments.loc[("fair", "mix"), "part"] == pytest.approx(-0.5 * 0.2)
    assert segments.loc[("web", "mix"), "before"] == 0.25
    assert segments.loc[("web", "step"), "after"] == pytest.approx(0.9)


# Fair is new in February, mail is gone; web stays as it was. All that a group brings or takes away
# is the mix's and the volume's: nobody knows how its rates changed.
def test_new_and_vanished_groups_have_no_part_in_rates(tmp_path):
    cohorts = {
        ("2026-01", "web"): (20, 10, 5),
        ("2026-01", "mail"): (20, 4, 2),
        ("2026-02", "web"): (20, 10, 5),
        ("2026-02", "fair"): (20, 16, 8),
    }
    with company(tmp_path / "w.duckdb", cohorts) as warehouse:
        result = explain_change(warehouse, before=JANUARY, after=FEBRUARY, by="origin")
    assert parts(result) == pytest.approx(
        {"volume": 0, "mix": 6, "opportunity": 0, "won": 0, "time": 0}
    )
    steps = result.part("segments")
    assert (steps.loc[steps["factor"] == "step", "part"] == 0).all()


# In January nobody got to an opportunity, so nobody could win: the step to the opportunity takes
# all of the change, and the rate of winning is February's.
def test_a_step_nobody_could_take_has_no_part(tmp_path):
    cohorts = {("2026-01", "web"): (20, 0, 0), ("2026-02", "web"): (20, 10, 5)}
    with company(tmp_path / "w.duckdb", cohorts) as warehouse:
        result = explain_change(warehouse, before=JANUARY, after=FEBRUARY)
    assert parts(result) == pytest.approx({"volume": 0, "opportunity": 5, "won": 0, "time": 0})


# One lead of each month wins; January's brings 100 and 50 (two deals), February's 300.
def test_revenue_has_a_value_per_won_lead(tmp_path):
    cohorts = {("2026-01", "web"): (4, 2, 1), ("2026-02", "web"): (4, 2, 2)}
    deals = [("2026-01-web-000", 150.0), ("2026-02-web-000", 300.0), ("2026-02-web-001", None)]
    with company(tmp_path / "w.duckdb", cohorts, deals=deals) as warehouse:
        result = explain_change(warehouse, before=JANUARY, after=FEBRUARY, measure="revenue")
    assert parts(result) == pytest.approx(
        {"volume": 0, "opportunity": 0, "won": 150, "value": 0, "time": 0}
    )
    value = result.table.set_index("factor").loc["value"]
    assert (value["before"], value["after"]) == (150, 150)
    assert result.note("won_without_value") == {"leads": 1}
    assert result.units["part"] == "EUR"


# A deal with two won leads on it is shared by them, whichever cohort they are of.
def test_a_deal_is_shared_by_its_won_leads(tmp_path):
    cohorts = {("2026-01", "web"): (4, 2, 1), ("2026-02", "web"): (4, 2, 1)}
    links = [{"deal": "d", "lead": "2026-01-web-000"}, {"deal": "d", "lead": "2026-02-web-000"}]
    deal = {"deal": "d", "amount": 300.0, "currency": "EUR", "is_won": True}
    tables = {"deal": [deal | {"closed_at": "2026-03-01"}], "deal_contact": links}
    with company(tmp_path / "w.duckdb", cohorts, **tables) as warehouse:
        result = explain_change(warehouse, before=JANUARY, after=FEBRUARY, measure="revenue")
    assert result.part("totals")["value"].to_list() == [150, 150]
    assert parts(result) == pytest.approx(dict.fromkeys(parts(result), 0))


def slow_company(path, as_of, created, **how):
    """40 leads a month; half become opportunities, after 1, 2, … 20 days in turn."""
    leads, events = [], []
    for at in created:
        for number in range(40):
            name = f"{at}-{number:02d}"
            start = datetime.fromisoformat(f"{at}T08:00")
            leads.append({"lead": name, "created_at": str(start)})
            entered = start + timedelta(days=1 + number % 20, hours=1)
            if number < 20 and str(entered) < as_of:
                events.append({"lead": name, "entered_at": str(entered), "stage": "opportunity"})
    return build_warehouse(
        path,
        {"lead": leads, "stage_event": events},
        agreement=three_stages(**how),
        as_of=as_of,
    )


# Ten days after their creation 9 of 40 leads of October had become opportunities, as many as of the
# older leads by then: the whole change is time's, the eventual rate is the same 50 %.
def test_a_young_cohort_is_explained_by_time(tmp_path):
    created = ["2026-01-05", "2026-02-05", "2026-03-05", "2026-10-05"]
    with slow_company(tmp_path / "w.duckdb", "2026-10-15 08:00", created) as warehouse:
        result = explain_change(
            warehouse, before=JANUARY, after=month("2026-10"), measure="inquiry_to_opportunity"
        )
    assert result.note("change")["change"] == pytest.approx(9 / 40 - 1 / 2)
    found = parts(result)
    assert found["time"] == pytest.approx(9 / 40 - 1 / 2, abs=0.01)
    assert found["opportunity"] == pytest.approx(0, abs=0.01)
    time = result.table.set_index("factor").loc["time"]
    assert (time["before"], time["after"]) == pytest.approx((1, 9 / 20), abs=0.01)
    assert result.note("immature")["periods"] == ["2026-10"]
    assert result.part("totals")["is_mature"].to_list() == [True, False]


# On the day of its creation a cohort has no rate of its own: it has the usual one, and time all.
def test_a_cohort_of_today_has_the_usual_rate(tmp_path):
    created = ["2026-01-05", "2026-02-05", "2026-10-05"]
    with slow_company(tmp_path / "w.duckdb", "2026-10-05 12:00", created) as warehouse:
        result = explain_change(
            warehouse, before=JANUARY, after=month("2026-10"), measure="inquiry_to_opportunity"
        )
    step = result.table.set_index("factor").loc["step"]
    assert step["after"] == pytest.approx(0.5, abs=0.01)
    assert parts(result)["time"] == pytest.approx(-0.5, abs=0.01)


def cut_company(path, first_day, *, february=20):
    """40 leads a month, 20 of them (in February others) in opportunity after 1, 2, … 20 days."""
    agreement = three_stages().text.replace(
        'name = "opportunity"', f'name = "opportunity"\nobserved_from = {first_day}'
    )
    begins = datetime.fromisoformat(first_day)
    leads, events = [], []
    for at in ("2026-01-05", "2026-02-05", "2026-03-05"):
        for number in range(40):
            name = f"{at}-{number:02d}"
            start = datetime.fromisoformat(f"{at}T00:00")
            leads.append({"lead": name, "created_at": str(start)})
            entered = start + timedelta(days=1 + number % 20, hours=1)
            if number < (february if at[:7] == "2026-02" else 20) and entered >= begins:
                events.append({"lead": name, "entered_at": str(entered), "stage": "opportunity"})
    return build_warehouse(
        path,
        {"lead": leads, "stage_event": events},
        agreement=parse_agreement(agreement, name="cut"),
    )


# The data hold opportunities from 16 January on: of January's leads (created on the 5th) those who
# take fewer than 11 days are missing, half of all. Nothing changed but what the data can hold.
def test_a_late_start_of_the_data_is_explained_by_time(tmp_path):
    with cut_company(tmp_path / "w.duckdb", "2026-01-16") as warehouse:
        result = explain_change(
            warehouse, before=JANUARY, after=FEBRUARY, measure="inquiry_to_opportunity"
        )
    assert result.note("change")["change"] == pytest.approx(0.25)
    assert parts(result)["time"] == pytest.approx(0.25, abs=0.02)
    assert parts(result)["opportunity"] == pytest.approx(0, abs=0.02)
    assert result.part("totals")["is_left_truncated"].to_list() == [True, False]
    assert result.note("left_truncated") == {
        "periods": ["2026-01"],
        "stage": "opportunity",
        "observed_from": "2026-01-16",
    }
    step = result.table.set_index("factor").loc["step"]
    observed = step[["before_observed_rate", "after_observed_rate"]].tolist()
    assert observed == [0.25, 0.5]
    assert step[["before", "after"]].tolist() == pytest.approx([0.5, 0.5], abs=0.02)


# In February all 40 get there, so the step differs, and by far. With entries from 12 January on
# the data hold 14 of 20 of January's, from 20 January on 6: more is assumed then than was counted.
@pytest.mark.parametrize(("first_day", "is_extrapolated"), [("2026-01-12", 0), ("2026-01-20", 1)])
def test_a_step_that_is_mostly_hidden_is_not_told_from_chance(tmp_path, first_day, is_extrapolated):
    with cut_company(tmp_path / "w.duckdb", first_day, february=40) as warehouse:
        result = explain_change(
            warehouse, before=JANUARY, after=FEBRUARY, measure="inquiry_to_opportunity"
        )
    table = result.table.set_index("factor")
    assert table["is_extrapolated"].to_dict() == {"step": bool(is_extrapolated), "time": False}
    assert table.loc["step", "is_distinguishable"] == (not is_extrapolated)
    assert table.loc["time", "is_distinguishable"]
    teams = result.part("teams").set_index("team")["is_distinguishable"]
    assert teams["sales"] == (not is_extrapolated)


def test_small_groups_of_either_cohort_are_one(tmp_path):
    cohorts = {
        ("2026-01", "web"): (20, 10, 5),
        ("2026-02", "web"): (20, 10, 5),
        ("2026-01", "fair"): (3, 1, 0),
        ("2026-02", "fair"): (20, 5, 0),
        ("2026-01", "mail"): (9, 1, 0),
        ("2026-02", "mail"): (4, 1, 1),
    }
    agreement = three_stages(minimum_group_size="5")
    with company(tmp_path / "w.duckdb", cohorts, agreement=agreement) as warehouse:
        result = explain_change(warehouse, before=JANUARY, after=FEBRUARY, by="origin")
    shown = result.part("segments").drop_duplicates("segment")
    assert shown["segment"].to_list() == ["web", "other_groups"]
    assert shown["is_folded"].to_list() == [False, True]
    assert result.note("folded")["groups"] == 2
    assert result.part("segments")["part"].sum() == pytest.approx(result.note("change")["change"])


def test_a_pair_of_attributes_has_two_columns(tmp_path):
    leads = [
        {
            "lead": f"{at}-{number:02d}",
            "created_at": f"{at}-10",
            "origin": origin,
            "channel": channel,
        }
        for at in ("2026-01", "2026-02")
        for number, (origin, channel) in enumerate([("web", "mail"), ("web", None)] * 4)
    ]
    events = [
        {"lead": f"{at}-{number:02d}", "entered_at": f"{at}-12", "stage": "opportunity"}
        for at, wins in (("2026-01", 4), ("2026-02", 6))
        for number in range(wins)
    ]
    with build_warehouse(
        tmp_path / "w.duckdb", {"lead": leads, "stage_event": events}
    ) as warehouse:
        pair = ("origin", "channel")
        measure = "inquiry_to_opportunity"
        result = explain_change(warehouse, before=JANUARY, after=FEBRUARY, measure=measure, by=pair)
        with pytest.raises(CallError, match="differ in 'created_month' anyway"):
            explain_change(
                warehouse, before=JANUARY, after=FEBRUARY, by=("origin", "created_month")
            )
    steps = result.part("segments")
    steps = steps[steps["factor"] == "step"]
    assert steps[["segment", "second_segment"]].values.tolist() == [["web", "mail"], ["web", None]]
    assert steps["part"].to_list() == pytest.approx([0.125, 0.125])
    assert result.parameters["by"] == ["origin", "channel"]


def test_a_rate_of_nobody_is_missing(tmp_path):
    cohorts = {("2026-01", "web"): (20, 0, 0), ("2026-02", "web"): (20, 10, 5)}
    with company(tmp_path / "w.duckdb", cohorts) as warehouse:
        result = explain_change(
            warehouse, before=JANUARY, after=FEBRUARY, measure="opportunity_to_won"
        )
        nothing = explain_change(
            warehouse,
            before=span("2025-01-01", "2025-02-01"),
            after=span("2025-02-01", "2025-03-01"),
        )
    assert result.table["part"].isna().all()
    assert not result.table["is_distinguishable"].any()
    assert math.isnan(result.note("change")["change"])
    assert (nothing.table["part"] == 0).all()


def test_intervals_hold_the_part_and_name_what_is_sure(tmp_path):
    cohorts = {("2026-01", "web"): (400, 200, 100), ("2026-02", "web"): (410, 100, 50)}
    with company(tmp_path / "w.duckdb", cohorts) as warehouse:
        result = explain_change(warehouse, before=JANUARY, after=FEBRUARY)
        again = explain_change(warehouse, before=JANUARY, after=FEBRUARY)
        other = explain_change(warehouse, before=JANUARY, after=FEBRUARY, seed=2)
    table = result.table
    assert (table["low"] <= table["part"]).all()
    assert (table["part"] <= table["high"]).all()
    assert table["is_distinguishable"].to_list() == [False, True, False, False]
    assert again.table.equals(table)
    assert not other.table["low"].equals(table["low"])
    assert other.table["part"].equals(table["part"])
    # The step falls by 0.5 - 0.244: times 405 leads and half of them won, about -51 +- 2 x 6.6.
    step = table.iloc[1]
    assert step["part"] == pytest.approx(-51.7, abs=0.2)
    assert (step["low"], step["high"]) == pytest.approx((-68, -37), abs=4)


def test_none_of_a_few_is_not_sure_to_be_nothing(tmp_path):
    cohorts = {("2026-01", "web"): (200, 100, 30), ("2026-02", "web"): (200, 4, 0)}
    with company(tmp_path / "w.duckdb", cohorts) as warehouse:
        result = explain_change(
            warehouse, before=JANUARY, after=FEBRUARY, measure="opportunity_to_won"
        )
    step = result.table.iloc[0]
    assert step["part"] == pytest.approx(-0.3)
    assert not step["is_distinguishable"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"after": span("2026-01-15", "2026-02-15")}, "overlap"),
        ({"after": month("2027-01")}, "had not begun"),
        ({"measure": "won_lead"}, "Did you mean 'won_leads'"),
        ({"measure": "won_to_inquiry"}, "'inquiry' does not come after 'won'"),
        ({"from_stage": "won"}, "'won' does not come after 'won'"),
        ({"to_stage": "oportunity"}, "Did you mean 'opportunity'"),
        ({"from_stage": "inquiry", "measure": "revenue"}, "either a measure, or from_stage"),
        ({"by": "colour"}, "no attribute 'colour'"),
        ({"draws": 10}, "At least 100 draws"),
        ({"before": "target", "by": "origin"}, "no mix"),
    ],
)
def test_wrong_calls_are_refused(small, arguments, message):
    with pytest.raises(CallError, match=message):
        explain_change(small, **{"before": JANUARY, "after": FEBRUARY, **arguments})


def test_without_deals_or_targets_it_says_so(small):
    with pytest.raises(MissingTableError, match="deal"):
        explain_change(small, before=JANUARY, after=FEBRUARY, measure="revenue")
    with pytest.raises(MissingTableError, match="target"):
        explain_change(small, before="target", after=FEBRUARY, measure="inquiry_to_opportunity")


def targets(**values):
    return [
        {"month": "2026-02-01", "metric": metric, "dimension": None, "value": value}
        for metric, value in values.items()
    ]


#             leads   opportunities   won deals   revenue
# target        10              5           1        100      10 x 0.5 x 0.2 x 100
# February      20             10           4        200      20 x 0.5 x 0.4 x  50
def test_a_month_against_its_targets(tmp_path):
    cohorts = {("2026-02", "web"): (20, 10, 4), ("2026-01", "web"): (20, 10, 4)}
    deals = [(f"2026-02-web-{number:03d}", 50.0) for number in range(4)]
    agreed = targets(leads=10, opportunity=5, won_deals=1, revenue=100)
    agreed.append({**agreed[0], "dimension": "origin:web", "value": 7})
    with company(tmp_path / "w.duckdb", cohorts, deals=deals, target=agreed) as warehouse:
        wins, revenue, rate = (
            explain_change(warehouse, before="target", after=FEBRUARY, measure=measure)
            for measure in ("won_leads", "revenue", "won_rate")
        )
        with pytest.raises(DataError, match=r"No target was agreed for 2026-01 for leads"):
            explain_change(warehouse, before="target", after=JANUARY)
        with pytest.raises(CallError, match="calendar months"):
            explain_change(warehouse, before="target", after=span("2026-02-01", "2026-02-15"))
    assert parts(wins) == pytest.approx(
        {"volume": 0.5 * 10 * 0.3, "opportunity": 0, "won": 0.5 * 15 * 0.2}
    )
    assert wins.note("change")["change"] == 3
    assert parts(revenue)["volume"] == pytest.approx(
        0.5 * 10 * ((0.2 * 100 + 0.4 * 50) / 3 + (0.2 * 50 + 0.4 * 100) / 6)
    )
    assert revenue.table["part"].sum() == pytest.approx(100)
    value = revenue.table.set_index("factor").loc["value"]
    assert (value["before"], value["after"]) == (100, 50)
    assert parts(rate) == pytest.approx({"opportunity": 0, "won": 0.5 * 0.2})
    assert wins.parameters["before"] == "target"
    assert wins.part("counts")["actual"].to_list() == [20, 10, 4]


def test_what_was_not_agreed_is_named(tmp_path):
    cohorts = {("2026-02", "web"): (20, 10, 4)}
    with (
        company(tmp_path / "w.duckdb", cohorts, target=targets(leads=10)) as warehouse,
        pytest.raises(DataError, match="for opportunity"),
    ):
        explain_change(warehouse, before="target", after=FEBRUARY, measure="inquiry_to_opportunity")
