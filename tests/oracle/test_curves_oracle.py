"""A second, slow implementation of curves, sales cycles and stuck leads: one lead at a time.

Estimates come from statsmodels; it shares no code with the package.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff

from funnel_analytics.metrics.conversion import stage_conversion
from funnel_analytics.metrics.curves import conversion_curve
from funnel_analytics.metrics.forecast import expected_conversion
from funnel_analytics.metrics.sales_cycle import sales_cycle, stuck_leads
from funnel_analytics.periods import month
from tests.builders import build_warehouse, three_stages

STAGES = ["inquiry", "opportunity", "won"]
AS_OF = datetime(2026, 11, 1)
WINS_FROM = datetime(2026, 7, 9, 22)  # 10 July in Berlin
DAY = 86400


def made_up(seed):
    """Leads that move on, back, out and in again, at instants that no two events share."""
    rng = np.random.default_rng(seed)
    leads, events = [], []
    for number in range(150):
        name = f"l{number:03d}"
        created = datetime(2026, 6, 1) + timedelta(minutes=int(rng.integers(0, 150 * 1440)))
        origin = str(rng.choice(["web", "mail", ""], p=[0.5, 0.4, 0.1])) or None
        leads.append({"lead": name, "created_at": str(created), "origin": origin})
        at = created
        for _ in range(rng.integers(0, 7)):
            at += timedelta(minutes=int(rng.integers(1, 40 * 1440)))
            if at >= AS_OF:
                break
            what = rng.choice([*STAGES, "lost", "rejected", "recycled", "nurture"])
            stage = str(what) if what in STAGES else None
            status = None if what in STAGES else str(what)
            events.append({"lead": name, "entered_at": str(at), "stage": stage, "status": status})
    return leads, events


class Lead:
    def __init__(self, row, events):
        self.name, self.origin = row["lead"], row["origin"]
        self.created = datetime.fromisoformat(row["created_at"])
        self.steps = sorted(
            (datetime.fromisoformat(each["entered_at"]), each["stage"] or each["status"])
            for each in events
        )
        self.has_inquiry = any(what == "inquiry" for _, what in self.steps)
        if not self.has_inquiry:
            self.steps.insert(0, (self.created, "inquiry"))

    def reached(self, k):
        return min((at for at, what in self.steps if what in STAGES[k:]), default=None)

    def entered(self, k):
        return min((at for at, what in self.steps if what == STAGES[k]), default=None)

    def ended(self):
        """When the lead took its last status, if that is a loss or a rejection."""
        at, last = self.steps[-1]
        if last not in ("lost", "rejected"):
            return None
        for earlier, what in reversed(self.steps):
            if what != last:
                break
            at = earlier
        return at

    def spell(self, k, unit=DAY, since=None):
        """(first unit at risk, last unit, kind) on the way to stage k."""
        start = since or self.created
        at, kind = self.reached(k), 1
        if at is None:
            at, kind = (self.ended(), 2) if self.ended() else (AS_OF, 0)
        late = max((WINS_FROM - start).total_seconds(), 0) if k == 2 else 0
        return math.ceil(late / unit), int(max((at - start).total_seconds(), 0) // unit), kind

    def stay(self):
        """The stage the lead is in now, and since when."""
        at, last = self.steps[-1]
        if last not in STAGES:
            return None
        for earlier, what in reversed(self.steps):
            if what != last:
                break
            at = earlier
        return last, at


@pytest.fixture(scope="module", params=[1, 2])
def company(request, tmp_path_factory):
    leads, events = made_up(request.param)
    warehouse = build_warehouse(
        tmp_path_factory.mktemp("oracle") / "w.duckdb",
        {"lead": leads, "stage_event": events},
        agreement=three_stages("observed_from = 2026-07-10"),
        as_of=str(AS_OF),
    )
    with warehouse:
        yield (
            warehouse,
            [Lead(row, [each for each in events if each["lead"] == row["lead"]]) for row in leads],
        )


def by_hand(spells):
    """The incidence after each time, from what was at risk and happened at it."""
    watched = [(first, last, kind) for first, last, kind in spells if first <= last]
    survival, incidence, rows = 1.0, 0.0, []
    for at in sorted({last for _, last, _ in watched}):
        risk = sum(first <= at <= last for first, last, _ in watched)
        here = [kind for _, last, kind in watched if last == at]
        incidence += survival * here.count(1) / risk
        survival *= 1 - (here.count(1) + here.count(2)) / risk
        rows.append((at, risk, here.count(1), here.count(2), here.count(0), incidence))
    return rows


@pytest.mark.parametrize("k", [1, 2])
def test_the_curve_of_everybody(company, k):
    warehouse, leads = company
    result = conversion_curve(warehouse, stage=STAGES[k])
    columns = ["day", "at_risk_leads", "reached_leads", "competing_leads", "censored_leads"]
    expected = by_hand([lead.spell(k) for lead in leads])
    assert result.table[columns].to_numpy().tolist() == [list(row[:5]) for row in expected]
    assert result.table["incidence_rate"].tolist() == pytest.approx([row[5] for row in expected])
    unwatched = sum(first > last for first, last, _ in (each.spell(k) for each in leads))
    totals = result.part("totals").iloc[0]
    assert totals["unwatched_leads"] == unwatched
    assert (unwatched > 0) == (k == 2)
    reached = stage_conversion(warehouse).table["reached_leads"][k]
    early = sum(f > last and kind == 1 for f, last, kind in (each.spell(k) for each in leads))
    assert totals["reached_leads"] == reached - early


def test_estimates_and_errors_by_origin_are_those_of_statsmodels(company):
    warehouse, leads = company
    for method in ("aalen_johansen", "kaplan_meier"):
        result = conversion_curve(warehouse, stage="opportunity", by="origin", method=method)
        table = result.table
        for origin in ("web", "mail", None):
            rows = table[table["segment"].isna() if origin is None else table["segment"] == origin]
            spells = [lead.spell(1) for lead in leads if lead.origin == origin]
            time, kind = (np.array([each[n] for each in spells]) for n in (1, 2))
            if method == "aalen_johansen":
                with np.errstate(all="ignore"):
                    theirs = CumIncidenceRight(time, kind)
                rate, error = theirs.cinc[0], theirs.cinc_se[0]
            else:
                rows = rows[rows["reached_leads"] > 0]
                theirs = SurvfuncRight(time, (kind == 1) * 1)
                rate, error = 1 - theirs.surv_prob, theirs.surv_prob_se
            np.testing.assert_allclose(rows["incidence_rate"], rate, atol=1e-9)
            known = np.isfinite(error)
            found = rows["standard_error"].to_numpy()[known]
            np.testing.assert_allclose(found, error[known], atol=1e-9)
    spells = [(*lead.spell(1), lead.origin or "none") for lead in leads]
    time, kind, origin = (np.array([each[n] for each in spells]) for n in (1, 2, 3))
    statistic, p_value = survdiff(time, (kind == 1) * 1, origin)
    test = result.part("tests").iloc[0]
    assert (test["statistic"], test["p_value"]) == pytest.approx((statistic, p_value), abs=1e-9)
    assert test["test"] == "log_rank"


def test_the_sales_cycle(company):
    warehouse, leads = company
    row = sales_cycle(warehouse, start="opportunity").table.iloc[0]
    started = [lead for lead in leads if lead.entered(1)]
    spells = [lead.spell(2, 3600, lead.entered(1)) for lead in started]
    kinds = [kind for _, _, kind in spells]
    columns = ["started_leads", "reached_leads", "ended_leads", "open_leads"]
    assert row[columns].tolist() == [len(started), kinds.count(1), kinds.count(2), kinds.count(0)]
    curve = by_hand(spells)
    for name, share in (("median_days", 0.5), ("p75_days", 0.75), ("p90_days", 0.9)):
        wanted = share * curve[-1][5] - 1e-12
        assert row[name] == next(each[0] for each in curve if each[5] >= wanted) / 24
    finished = sorted(last for _, last, kind in spells if kind == 1)
    assert row["naive_median_days"] == np.median(finished) / 24


def test_expected_wins(company):
    warehouse, leads = company
    table = expected_conversion(warehouse, stage="opportunity").table
    curve = by_hand([lead.spell(1) for lead in leads])

    def known(age):
        """Incidence by an age and the share open after it."""
        survival, incidence = 1.0, 0.0
        for at, risk, reached, competing, _, total in curve:
            if at <= age:
                survival, incidence = survival * (1 - (reached + competing) / risk), total
        return incidence, survival

    final = curve[-1][5]
    for row in table.itertuples():
        label = f"{row.period_start:%Y-%m}"
        start, end = (each for each in month(label).bounds("Europe/Berlin"))
        cohort = [lead for lead in leads if start <= lead.created < end]
        ages = [int((AS_OF - lead.created).total_seconds() // DAY) for lead in cohort]
        expected, ripe = 0.0, 0.0
        for lead, age in zip(cohort, ages, strict=True):
            incidence, survival = known(age)
            ripe += incidence / final / len(cohort)
            if lead.reached(1):
                expected += 1
            elif not lead.ended():
                expected += (final - incidence) / survival
        assert row.leads == len(cohort)
        assert row.expected_final_leads == pytest.approx(expected)
        assert row.maturity == pytest.approx(ripe)
        assert row.reached_leads / row.leads - 1e-12 <= row.expected_low <= row.expected_rate
        assert row.expected_rate <= row.expected_high <= 1 + 1e-12


def leaning(own, everybody):
    """The incidence and the open share of a segment to which leads like all are added: by day."""
    rows = by_hand(everybody)
    final = rows[-1][5]
    spans = [max(0, min(4, int((row[5] - 1e-12) / final * 5))) for row in rows]
    ahead = [sum(r[2] / r[1] for r, s in zip(rows, spans, strict=True) if s == n) for n in range(5)]
    survival, incidence, found = 1.0, 0.0, []
    for (at, risk, reached, competing, _, _), span in zip(rows, spans, strict=True):
        added = min(0.5 / ahead[span], risk) if ahead[span] else risk
        here = [kind for first, last, kind in own if first <= last == at]
        total = sum(first <= at <= last for first, last, _ in own) + added
        incidence += survival * (here.count(1) + added * reached / risk) / total
        survival *= 1 - (len(here) - here.count(0) + added * (reached + competing) / risk) / total
        found.append((at, incidence, survival))
    return found


def test_expected_wins_by_origin(company):
    warehouse, leads = company
    table = expected_conversion(warehouse, stage="opportunity", by="origin", every="quarter").table
    everybody = [lead.spell(1) for lead in leads]
    checked = 0
    for origin in ("web", "mail", None):
        curve = leaning([x.spell(1) for x in leads if x.origin == origin], everybody)
        final = curve[-1][1]
        rows = table[table["segment"].isna() if origin is None else table["segment"] == origin]
        for row in rows.itertuples():
            expected = 0.0
            for lead in (each for each in leads if each.origin == origin):
                local = lead.created + timedelta(hours=2)  # summer in Berlin
                if (local.month - 1) // 3 != (row.period_start.month - 1) // 3:
                    continue
                age = int((AS_OF - lead.created).total_seconds() // DAY)
                past = [(i, s) for at, i, s in curve if at <= age]
                incidence, survival = past[-1] if past else (0.0, 1.0)
                if lead.reached(1):
                    expected += 1
                elif not lead.ended():
                    expected += (final - incidence) / survival
            assert row.expected_final_leads == pytest.approx(expected)
            if row.open_leads and row.maturity < 0.99:
                assert row.expected_low < row.expected_high
                checked += 1
    assert checked >= 5


def test_what_is_stuck(company):
    warehouse, leads = company
    result = stuck_leads(warehouse)
    stays = [(lead.name, *stay) for lead in leads if (stay := lead.stay()) and stay[0] != "won"]
    ages = {
        stage: [(AS_OF - at).total_seconds() / DAY for _, each, at in stays if each == stage]
        for stage in STAGES[:2]
    }
    table = result.table.set_index("stage")
    for stage, days in ages.items():
        assert table.loc[stage, "open_leads"] == len(days)
        assert table.loc[stage, "median_age_days"] == pytest.approx(np.median(days), abs=1e-4)
    assert table.loc["opportunity", "stuck_leads"] == sum(each > 30 for each in ages["opportunity"])
    over = sorted(
        ((AS_OF - at).total_seconds() / DAY - 30, name)
        for name, stage, at in stays
        if stage == "opportunity" and (AS_OF - at).total_seconds() > 30 * DAY
    )
    assert set(result.part("leads")["lead"]) == {name for _, name in over}
    assert result.part("leads")["over_days"].is_monotonic_decreasing
