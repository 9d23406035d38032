"""The sample company says what generated it; a second implementation in pandas finds it again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import holidays
import numpy as np
import pandas as pd
import pytest

from funnel_analytics.agreement import load_agreement
from funnel_analytics.errors import CallError
from funnel_analytics.samples import parameters, write_sample
from funnel_analytics.sources.loading import load
from funnel_analytics.sources.preset import load_preset

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "data" / "sample"
GERMAN = "%d.%m.%Y %H:%M:%S"
AS_OF = pd.Timestamp("2026-11-01")
STAGES = {
    "Anfrage": 0,
    "Marketing-qualifiziert": 1,
    "Vom SDR angenommen": 2,
    "Vertriebsqualifiziert": 3,
    "Opportunity": 4,
    "Gewonnen": 5,
}
ORIGINS = {
    "Inbound": "inbound",
    "Outbound": "outbound",
    "Netzwerk": "network",
    "Partner": "partner",
    "unbekannt": "unknown",
    "": "(missing)",
}
SALES_FILES = {
    "leads.csv": ("Erstellt am", "Konvertiert am"),
    "stage_history.csv": ("Zeitpunkt",),
    "activities.csv": ("Zeitpunkt",),
    "handovers.csv": ("Übergeben am", "Angenommen am", "Abgelehnt am", "Eskaliert am"),
    "qualification.csv": ("Erfasst am",),
    "deal_contacts.csv": ("Hinzugefügt am",),
}


def read(folder: Path, name: str) -> pd.DataFrame:
    delimiter = "," if name in ("campaigns.csv", "touches.csv", "spend.csv", "targets.csv") else ";"
    return pd.read_csv(folder / name, sep=delimiter, dtype=str, keep_default_na=False)


def instants(column: pd.Series, form: str = GERMAN) -> pd.Series:
    return pd.to_datetime(column.where(column != "", None), format=form)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"), leads=24_000, seed=4)


@pytest.fixture(scope="module")
def truth(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "truth.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def history(folder: Path) -> pd.DataFrame:
    rows = read(folder, "stage_history.csv").drop_duplicates()
    rows["at"] = instants(rows["Zeitpunkt"])
    rows["stage"] = rows["Nach Phase"].map(STAGES)
    return rows


@pytest.fixture(scope="module")
def leads(folder: Path, history: pd.DataFrame) -> pd.DataFrame:
    """Counted leads: origin, segment, month and weekday created, furthest stage, first contact."""
    rows = read(folder, "leads.csv").drop_duplicates().set_index("Lead-ID")
    out = (rows["Zusammengeführt mit"] != "") | (rows["Test"] == "ja") | (rows["Gelöscht"] == "ja")
    rows = rows[~out]
    segments = read(folder, "accounts.csv").set_index("Konto-ID")["Segment"]
    activities = read(folder, "activities.csv")
    by_us = (activities["Art"] != "Automatische E-Mail") & (activities["Richtung"] == "ausgehend")
    contact = activities[by_us].assign(at=lambda a: instants(a["Zeitpunkt"]))
    handed = read(folder, "handovers.csv").query("Art == 'Marketing an SDR'")
    created = instants(rows["Erstellt am"])
    first_handed = handed.assign(at=instants(handed["Übergeben am"])).groupby("Lead-ID")["at"].min()
    return pd.DataFrame(
        {
            "origin": rows["Herkunft"].map(ORIGINS),
            "segment": rows["Konto-ID"].map(segments).fillna("(missing)"),
            "created": created,
            "month": created.dt.strftime("%Y-%m"),
            "is_friday": created.dt.day_of_week == 4,
            "furthest": history.groupby("Lead-ID")["stage"].max().reindex(rows.index).fillna(0),
            "contacted": contact.groupby("Lead-ID")["at"].min().reindex(rows.index),
            "waits_from": first_handed.reindex(rows.index).fillna(created),
            "status": rows["Status"],
            "priority": rows["Priorität"],
            "score": pd.to_numeric(rows["Score"]),
            "next_step": instants(rows["Nächster Schritt"], "%d.%m.%Y"),
        }
    )


def bavarian_days_off() -> list[date]:
    public = holidays.country_holidays("DE", subdiv="BY", years=[2024, 2025, 2026])
    own = load_agreement("sample").working_time
    assert own is not None
    return sorted({*public, *own.holidays.also})


def worked_hours(until: pd.Series) -> np.ndarray:
    """Working hours since 2024-10-01: whole working days, and 8–12 and 13–17 of the last one."""
    free = np.array(bavarian_days_off(), dtype="datetime64[D]")
    days = until.to_numpy().astype("datetime64[D]")
    whole = np.busday_count("2024-10-01", days, holidays=free) * 8
    hour = (until.to_numpy() - days) / np.timedelta64(1, "h")
    today = np.clip(hour - 8, 0, 4) + np.clip(hour - 13, 0, 4)
    return np.asarray(whole + np.where(np.is_busday(days, holidays=free), today, 0))


@pytest.fixture(scope="module")
def waits(leads: pd.DataFrame) -> pd.Series:
    seen = leads.dropna(subset="contacted")
    seen = seen[seen["contacted"] >= seen["created"]]
    hours = worked_hours(seen["contacted"]) - worked_hours(seen["waits_from"])
    return pd.Series(hours, index=seen.index)


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    one = write_sample(tmp_path / "one", leads=700, seed=7)
    two = write_sample(tmp_path / "two", leads=700, seed=7)
    other = write_sample(tmp_path / "other", leads=700, seed=8)
    names = sorted(path.name for path in one.iterdir())
    assert len(names) == 15
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)
    assert (one / "leads.csv").read_bytes() != (other / "leads.csv").read_bytes()


def test_committed_sample_is_what_the_generator_writes(tmp_path: Path) -> None:
    fresh = write_sample(tmp_path, leads=5000, seed=1)
    assert sorted(p.name for p in fresh.iterdir()) == sorted(p.name for p in COMMITTED.iterdir())
    for path in sorted(fresh.iterdir()):
        assert path.read_bytes() == (COMMITTED / path.name).read_bytes(), path.name
    assert sum(path.stat().st_size for path in COMMITTED.iterdir()) < 5_000_000


@pytest.mark.parametrize("count", [1, 12])
def test_a_tiny_company_can_be_written(tmp_path: Path, count: int) -> None:
    write_sample(tmp_path, leads=count)
    assert read(tmp_path, "leads.csv")["Lead-ID"].nunique() == count


def test_wrong_calls_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="at least 1 lead; 0"):
        write_sample(tmp_path, leads=0)
    with pytest.raises(CallError, match="seed must be 0 or more; it was -1"):
        write_sample(tmp_path, seed=-1)
    (tmp_path / "taken").touch()
    with pytest.raises(CallError, match="taken is a file"):
        write_sample(tmp_path / "taken")


@pytest.mark.parametrize("name", SALES_FILES)
def test_nothing_happens_after_as_of_or_in_a_clock_change(folder: Path, name: str) -> None:
    rows = read(folder, name)
    for column in SALES_FILES[name]:
        found = instants(rows[column]).dropna()
        assert found.max() < AS_OF
        # Raises where a local time does not exist or is ambiguous.
        found.dt.tz_localize("Europe/Berlin", ambiguous="raise", nonexistent="raise")


def test_marketing_and_deals_end_before_as_of(folder: Path) -> None:
    touched = pd.to_datetime(read(folder, "touches.csv")["touched_at"], format="%Y-%m-%dT%H:%M:%SZ")
    assert touched.max() < pd.Timestamp("2026-10-31T23:00:00")
    assert touched.min() >= pd.Timestamp("2024-10-31T23:00:00")
    assert read(folder, "spend.csv")["date"].max() == "2026-10-31"
    deals = read(folder, "deals.csv")
    assert instants(deals["Angelegt am"], "%d.%m.%Y").max() < AS_OF
    assert instants(deals["Abgeschlossen am"], "%d.%m.%Y").max() < AS_OF


def test_touch_at_creation_is_the_same_instant_in_both_systems(folder: Path) -> None:
    # The lead's first touch lies at most four minutes before its creation, summer and winter.
    leads = read(folder, "leads.csv").drop_duplicates().set_index("Person")
    leads = leads[(leads["Test"] == "nein") & (leads["Gelöscht"] == "nein")]
    berlin = instants(leads["Erstellt am"]).dt.tz_localize("Europe/Berlin")
    created = berlin.dt.tz_convert("UTC").dt.tz_localize(None)
    touches = read(folder, "touches.csv")
    touched = pd.to_datetime(touches["touched_at"], format="%Y-%m-%dT%H:%M:%SZ")
    pairs = pd.merge_asof(
        pd.DataFrame({"person": created.index, "at": created.to_numpy()}).sort_values("at"),
        pd.DataFrame({"person": touches["person_id"], "at": touched})
        .assign(touched=lambda t: t["at"])
        .sort_values("at"),
        on="at",
        by="person",
        tolerance=pd.Timedelta(minutes=4),
    )
    # About 4 % of the touches name the account only.
    assert 0.94 < pairs["touched"].notna().mean() < 0.98


def test_holidays_are_the_bavarian_ones() -> None:
    days = [day for day in bavarian_days_off() if date(2024, 11, 1) <= day <= date(2026, 11, 1)]
    assert sorted((*parameters.HOLIDAYS, *parameters.FREE_DAYS)) == days


def within(successes: float, trials: float, rate: float, sigmas: float = 4.0) -> bool:
    return bool(abs(successes / trials - rate) <= sigmas * np.sqrt(rate * (1 - rate) / trials))


@pytest.mark.parametrize(
    ("stage", "name"),
    [(1, "marketing_qualified"), (2, "sales_accepted"), (4, "opportunity"), (5, "won")],
)
def test_mature_cohorts_show_the_true_step_rates(
    leads: pd.DataFrame, truth: dict[str, Any], stage: int, name: str
) -> None:
    rates = truth["step_rates"]["rates"]
    mature = leads[leads["created"] < "2025-10-01"]
    cells = 0
    for (origin, segment), group in mature.groupby(["origin", "segment"]):
        before = (group["furthest"] >= stage - 1).sum()
        if before >= 60:
            reached = (group["furthest"] >= stage).sum()
            assert within(reached, before, rates[origin][segment][name]), (origin, segment)
            cells += 1
    assert cells >= 6


def test_mean_rates_are_those_of_the_leads_that_had_the_chance(
    leads: pd.DataFrame, truth: dict[str, Any]
) -> None:
    means = truth["mean_step_rates"]["by_origin"]
    settled = leads[leads["created"] < "2026-06-01"]
    for origin in ("inbound", "outbound", "network", "partner"):
        ours = settled[settled["origin"] == origin]["furthest"]
        # Sales qualified depends on contact speed, so only the mean over all leads is stated.
        assert within((ours >= 3).sum(), (ours >= 2).sum(), means[origin]["sales_qualified"])


def test_fast_contact_raises_the_odds_to_qualify(
    leads: pd.DataFrame, waits: pd.Series, truth: dict[str, Any]
) -> None:
    told = truth["first_contact"]
    accepted = (
        leads.loc[waits.index].assign(wait=waits).query("furthest >= 2 and origin == 'inbound'")
    )
    accepted = accepted[accepted["created"] < "2026-06-01"]

    def log_odds(group: pd.DataFrame) -> tuple[float, float]:
        passed = int((group["furthest"] >= 3).sum())
        failed = len(group) - passed
        return float(np.log(passed / failed)), 1 / passed + 1 / failed

    middle, middle_variance = log_odds(accepted.query("4 < wait <= 16"))
    for group, factor in (("wait <= 4", "within"), ("wait > 16", "beyond")):
        found, variance = log_odds(accepted.query(group))
        true = np.log(told[f"{factor}_odds_factor"])
        error = np.sqrt(variance + middle_variance)  # Woolf 1955
        assert abs(found - middle - true) < 2.6 * error < abs(true)


def test_bad_month_is_where_truth_says(leads: pd.DataFrame, truth: dict[str, Any]) -> None:
    told = truth["bad_month"]
    qualified = leads[leads["furthest"] >= 1]
    rate = qualified.assign(ok=qualified["furthest"] >= 2).groupby(["origin", "month"])["ok"].mean()
    inbound = rate[told["origin"]].drop("2026-10")  # the last month is not finished
    assert told["stage"] == "sales_accepted"
    assert inbound.idxmin() == told["created_month"] == "2026-07"
    usual = inbound.drop("2026-07").mean()
    assert inbound["2026-07"] / usual == pytest.approx(told["rate_factor"], abs=0.06)
    assert inbound.drop("2026-07").min() > 0.85 * usual
    assert rate["outbound"]["2026-07"] > 0.9 * rate["outbound"].mean()


def test_bad_month_leaves_its_cause_in_the_handovers(folder: Path, leads: pd.DataFrame) -> None:
    handed = read(folder, "handovers.csv").query("Art == 'Marketing an SDR'")
    handed = handed.join(leads[["origin", "month"]], on="Lead-ID", how="inner")
    is_bad = (handed["origin"] == "inbound") & (handed["month"] == "2026-07")
    fields = handed["Fehlende Felder"].astype(int).groupby(is_bad).mean()
    assert fields[True] == pytest.approx(2.15, abs=0.2)
    assert fields[False] == pytest.approx(0.5, abs=0.03)
    refused = handed[handed["Abgelehnt am"] != ""]
    incomplete = (refused["Ablehnungsgrund"] == "Angaben unvollständig").groupby(is_bad).mean()
    assert incomplete[True] > 0.45 > 0.1 > incomplete[False]


def test_friday_leads_wait_longer(
    leads: pd.DataFrame, waits: pd.Series, truth: dict[str, Any]
) -> None:
    told = truth["first_contact"]
    logs = np.log(waits).groupby([leads["origin"], leads["is_friday"]]).agg(["mean", "count"])
    for origin in ("inbound", "outbound", "network", "partner"):
        usual, friday = logs.loc[(origin, False)], logs.loc[(origin, True)]
        error = told["sigma"] * np.sqrt(1 / usual["count"] + 1 / friday["count"])
        difference = friday["mean"] - usual["mean"]
        assert abs(difference - np.log(told["friday_factor"])) < 4 * error < 0.5
        assert np.exp(usual["mean"]) == pytest.approx(told["median_hours"][origin], rel=0.09)


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [(3, 4, "opportunity"), (4, 5, "won"), (0, 1, "marketing_qualified")],
)
def test_delays_are_the_true_ones(
    leads: pd.DataFrame,
    history: pd.DataFrame,
    truth: dict[str, Any],
    before: int,
    after: int,
    name: str,
) -> None:
    ours = leads[(leads["created"] < "2025-10-01") & (leads["segment"] == "Mittelstand")]
    entered = history.dropna(subset="stage").groupby(["Lead-ID", "stage"])["at"].min().unstack()
    both = entered.reindex(ours.index)[[before, after]].dropna()
    days = (worked_hours(both[after]) - worked_hours(both[before])) / 8
    median, sigma = truth["delays"]["median_and_sigma"][name]
    assert np.median(days) == pytest.approx(median, rel=0.09)
    spread = np.subtract(*np.percentile(np.log(days), [75, 25])) / 1.349
    assert spread == pytest.approx(sigma, rel=0.2)


def test_counts_are_as_stated(folder: Path, truth: dict[str, Any]) -> None:
    written = truth["written"]
    tables = {name: read(folder, name) for name in written["rows"]}
    assert {name: len(table) for name, table in tables.items()} == written["rows"]
    repeated = {name: int(table.duplicated().sum()) for name, table in tables.items()}
    # Two alike entries of spend do not occur; every repeated row is a written fault.
    assert {name: count for name, count in repeated.items() if count} == written["duplicate_rows"]
    leads = tables["leads.csv"].drop_duplicates()
    assert leads["Lead-ID"].is_unique
    assert len(leads) == truth["leads"] == 24_000
    assert (leads["Zusammengeführt mit"] != "").sum() == written["merged_leads"] > 100
    assert (leads["Test"] == "ja").sum() == written["test_leads"] > 0
    assert (leads["Gelöscht"] == "ja").sum() == written["deleted_leads"] > 0
    deals = tables["deals.csv"]
    unpriced = (deals["Gewonnen"] == "ja") & (deals["Betrag"] == "")
    assert unpriced.sum() == written["won_deals_without_amount"] == 2


def test_leads_are_counted_as_truth_counts_them(
    leads: pd.DataFrame, history: pd.DataFrame, truth: dict[str, Any]
) -> None:
    written = truth["written"]
    assert len(leads) == written["counted_leads"]
    reached = {name: int((leads["furthest"] >= n).sum()) for n, name in enumerate(truth["stages"])}
    assert reached == written["reached_leads"]
    assert leads["contacted"].isna().sum() == written["leads_without_contact"]
    early = leads["contacted"] < leads["created"]
    assert early.sum() == written["contacts_before_creation"] > 10
    recorded = history.dropna(subset="stage").groupby("Lead-ID")["stage"].agg(set)
    recorded = recorded.reindex(leads.index)
    missing = {
        name: sum(
            far > n and n not in seen for far, seen in zip(leads["furthest"], recorded, strict=True)
        )
        for n, name in enumerate(truth["stages"][:-1])
    }
    # A second cycle may record the stage that the first one skipped, so a few fewer are seen.
    for name, count in written["unrecorded_stage_entries"].items():
        assert 0.9 * count <= missing[name] <= count
    assert (history["Status"] == "recycelt").sum() == written["recycled_leads"]
    assert history.query("Zyklus == '2'")["Lead-ID"].nunique() == written["second_cycles"]


def test_merged_leads_lead_to_a_counted_one_with_the_same_person(
    folder: Path, leads: pd.DataFrame
) -> None:
    rows = read(folder, "leads.csv").drop_duplicates().set_index("Lead-ID")
    into = rows["Zusammengeführt mit"]
    chained = into[into.map(into).fillna("") != ""]
    assert len(chained) == 1
    survivor = into[into != ""].where(~into.isin(rows.index[into != ""]), into.map(into))
    assert survivor.isin(leads.index).all()
    plain = survivor.drop(chained.index)
    assert (rows.loc[plain.index, "Person"] == rows.loc[plain, "Person"].to_numpy()).all()


def test_growth_seasons_and_outcome_look_like_a_company(folder: Path, leads: pd.DataFrame) -> None:
    months = leads["month"].value_counts().sort_index()
    assert len(months) == 24
    assert months.iloc[12:].sum() / months.iloc[:12].sum() == pytest.approx(1.02**12, rel=0.03)
    for weak in ("2024-12", "2025-08", "2025-12", "2026-08"):
        assert months[weak] < 0.85 * months.rolling(5, center=True).mean().fillna(9e9)[weak]
    assert 0.03 < (leads["furthest"] == 5).mean() < 0.05
    amounts = read(folder, "deals.csv").query("Gewonnen == 'ja' and Betrag != ''")["Betrag"]
    euros = amounts.str.replace(".", "").str.replace(",", ".").astype(float)
    assert 25_000 < euros.median() < 31_000


def test_sales_qualified_leads_meet_the_bant_rule_but_for_the_stated_few(
    folder: Path, history: pd.DataFrame, truth: dict[str, Any]
) -> None:
    answers = read(folder, "qualification.csv").query("Antwort == 'ja'")
    yes = answers.groupby("Lead-ID")["Kriterium"].agg(set)
    qualified = history[history["stage"] >= 3]["Lead-ID"].unique()
    broken = [
        lead for lead in qualified if "Bedarf" not in yes.get(lead, set()) or len(yes[lead]) < 3
    ]
    assert len(broken) == truth["written"]["sales_qualified_against_bant_rule"] > 50


def decided(leads: pd.DataFrame) -> pd.DataFrame:
    """Scored leads that were marketing qualified three months before the export: are they in?

    Scores of 0 and 100 stand for chances without a logit and are left out.
    """
    mature = leads[(leads["created"] < "2026-08-01") & (leads["furthest"] >= 1)]
    mature = mature[mature["score"].between(1, 99)]
    logit = np.log(mature["score"] / (100 - mature["score"]))
    return pd.DataFrame({"logit": logit, "accepted": mature["furthest"] >= 2})


def fitted_line(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Intercept and slope of a logistic regression on the logit, with their standard errors."""
    design = np.column_stack([np.ones(len(rows)), rows["logit"]])
    line = np.zeros(2)
    for _ in range(12):
        rate = 1 / (1 + np.exp(-design @ line))
        spread = np.linalg.inv(design.T * (rate * (1 - rate)) @ design)
        line = line + spread @ design.T @ (rows["accepted"].to_numpy() - rate)
    return line, np.sqrt(np.diag(spread))


def test_the_score_is_right_about_the_chance_once_its_overconfidence_is_taken_off(
    leads: pd.DataFrame, truth: dict[str, Any]
) -> None:
    said = truth["score"]
    rows = decided(leads)
    chance = 1 / (1 + np.exp(-rows["logit"] / said["overconfidence"]))
    bands = pd.cut(chance, np.linspace(0, 1, 9))
    for _, band in rows.assign(chance=chance).groupby(bands, observed=True):
        assert len(band) > 100
        assert within(band["accepted"].sum(), len(band), band["chance"].mean())
    # As written it says too little of doubt: among the highest scores fewer are accepted.
    sure = rows[rows["logit"] > np.log(9)]
    assert sure["accepted"].mean() < 1 / (1 + np.exp(-sure["logit"])).mean() - 0.01


def test_the_calibration_slope_of_the_score_is_the_stated_one(
    leads: pd.DataFrame, truth: dict[str, Any]
) -> None:
    (intercept, slope), (of_intercept, of_slope) = fitted_line(decided(leads))
    assert truth["score"]["calibration_slope"] == pytest.approx(1 / 1.4, abs=1e-4)
    assert abs(slope - 1 / 1.4) < 3.5 * of_slope < 0.07
    assert abs(intercept) < 3.5 * of_intercept < 0.13


def test_scores_priorities_and_next_steps_are_missing_as_often_as_stated(
    folder: Path, leads: pd.DataFrame, truth: dict[str, Any]
) -> None:
    written, steps = truth["written"], truth["next_steps"]
    assert leads["score"].isna().sum() == written["leads_without_score"]
    assert within(leads["score"].isna().sum(), len(leads), truth["score"]["missing_share"])
    assert leads["score"].min() == 0
    assert leads["score"].max() == truth["score"]["highest"] == 100
    shares = {"hoch": "high", "normal": "normal", "": "(missing)"}
    for label, name in shares.items():
        count = (leads["priority"] == label).sum()
        assert within(count, len(leads), truth["priority"]["shares"][name])
    # It goes with nothing: as many of high priority are accepted as of the others.
    accepted = leads[leads["furthest"] >= 1].groupby("priority")["furthest"]
    shares_in = accepted.agg(lambda stages: (stages >= 2).mean())
    assert shares_in.max() - shares_in.min() < 0.04

    is_open = leads["status"] == "offen"
    assert is_open.sum() == written["open_leads"]
    assert leads.loc[~is_open, "next_step"].isna().all()
    far = leads[is_open & (leads["furthest"] >= 2)]
    near = leads[is_open & (leads["furthest"] < 2)]
    assert len(far) == written["open_leads_from_the_next_step_stage"]
    assert far["next_step"].isna().sum() == written["of_them_without_next_step"]
    assert within(far["next_step"].isna().sum(), len(far), steps["missing_share"])
    without = steps["missing_share_before_the_stage"]
    assert within(near["next_step"].isna().sum(), len(near), without)
    planned = leads.dropna(subset="next_step")
    overdue = planned["next_step"] < AS_OF
    # Of leads created in the last days a plan cannot lie before their creation, but is over too.
    assert within(overdue.sum(), len(planned), steps["overdue_share_of_planned"])
    assert (planned["next_step"] >= planned["created"].dt.normalize()).all()
    assert planned["next_step"].max() > AS_OF + pd.Timedelta(days=14)

    deals = read(folder, "deals.csv")
    open_deals = deals["Gewonnen"] == ""
    assert (deals.loc[~open_deals, "Nächster Schritt"] == "").all()
    without = (deals.loc[open_deals, "Nächster Schritt"] == "").sum()
    assert within(without, open_deals.sum(), steps["missing_share_of_deals"])
    days = instants(deals.loc[open_deals, "Nächster Schritt"], "%d.%m.%Y").dropna()
    assert within((days < AS_OF).sum(), len(days), steps["overdue_share_of_planned"])
    assert (days >= instants(deals["Angelegt am"], "%d.%m.%Y").loc[days.index]).all()


def test_contacts_add_nothing_to_winning_beyond_the_time_they_need(
    folder: Path, truth: dict[str, Any]
) -> None:
    # Deals of one segment that were still open after 30 days and are decided by now: those with a
    # second contact by then win as often as those without, though deals that stay open longer
    # gather more contacts in the end.
    assert truth["buying_group"]["odds_factor_of_winning"] == 1.0
    segments = read(folder, "accounts.csv").set_index("Konto-ID")["Segment"]
    deals = read(folder, "deals.csv").set_index("Opportunity-ID")
    contacts = read(folder, "deal_contacts.csv")
    landmark = instants(deals["Angelegt am"], "%d.%m.%Y") + pd.Timedelta(days=30)
    closed = instants(deals["Abgeschlossen am"], "%d.%m.%Y")
    added = instants(contacts["Hinzugefügt am"])
    early = contacts[added < contacts["Opportunity-ID"].map(landmark)]
    by_then = early.groupby("Opportunity-ID").size().reindex(deals.index)
    assert (by_then >= 1).all()
    rows = pd.DataFrame(
        {
            "segment": deals["Konto-ID"].map(segments),
            "won": deals["Gewonnen"] == "ja",
            "several": by_then >= 2,
        }
    )[(closed >= landmark) & (landmark < pd.Timestamp("2026-03-01"))]
    gaps, weights = [], []
    for _, part in rows.groupby("segment"):
        found = part.groupby("several")["won"].agg(["mean", "size"])
        gaps.append(found.loc[True, "mean"] - found.loc[False, "mean"])
        rate = part["won"].mean()
        weights.append(1 / (rate * (1 - rate) * (1 / found["size"]).sum()))
    pooled = np.average(gaps, weights=weights)
    assert abs(pooled) < 3.5 / np.sqrt(sum(weights)) < 0.11


def test_preset_maps_every_file_column_and_value() -> None:
    preset = load_preset("sample")
    names = {path.name for path in COMMITTED.iterdir()} - {"agreement.toml", "truth.json"}
    assert {rule.pattern for rule in preset.files} == names
    for rule in preset.files:
        table = read(COMMITTED, rule.pattern)
        mapped = [
            header
            for feed in [*rule.columns.values(), *rule.attributes.values()]
            for header in (feed if isinstance(feed, tuple) else feed.one or ())
        ]
        assert set(mapped) == set(table.columns), rule.pattern
        for column, values in rule.values.items():
            (header,) = rule.columns[column].one or ()
            assert set(table[header]) - {""} <= set(values), (rule.pattern, column)


def test_agreement_is_the_shipped_one_and_knows_the_channels_and_reasons() -> None:
    agreement = load_agreement(COMMITTED / "agreement.toml")
    assert agreement.sha256 == load_agreement("sample").sha256
    assert list(agreement.stage_names) == list(parameters.STAGES)
    known = {raw for channel in agreement.channels.values() for raw in channel.includes}
    seen = set(read(COMMITTED, "touches.csv")["channel"]) | set(
        read(COMMITTED, "leads.csv")["Kanal"]
    )
    assert seen - known == {"", "podcast / audio"}
    preset = load_preset("sample")
    reasons = {reason for kind in agreement.reasons.values() for reason in kind}
    for rule in preset.files:
        for column in ("reason", "lost_reason"):
            assert set(rule.values.get(column, {}).values()) <= reasons


def test_no_file_names_a_person() -> None:
    for path in COMMITTED.iterdir():
        assert "@" not in path.read_text("utf-8"), path.name


def test_readme_names_every_file_and_column() -> None:
    text = (ROOT / "data" / "README.md").read_text("utf-8")
    for path in COMMITTED.glob("*.csv"):
        assert f"`{path.name}`" in text
        for column in read(COMMITTED, path.name).columns:
            assert f"`{column}`" in text, (path.name, column)


def test_targets_cover_the_plan_and_lie_near_the_true_model(folder: Path) -> None:
    targets = read(folder, "targets.csv").assign(value=lambda rows: rows["value"].astype(float))
    assert targets["month"].agg(["min", "max", "nunique"]).tolist() == [
        "2025-01-01",
        "2027-03-01",
        27,
    ]
    everyone = targets[targets["dimension"] == ""]
    stages = set(parameters.STAGES[1:-1])
    assert set(everyone["metric"]) == {"leads", "won_deals", "revenue", "spend"} | stages
    assert set(targets["dimension"]) == {"", "origin:inbound"}
    planned = everyone.query("metric == 'won_deals' and month < '2026-11-01'")["value"].sum()
    won = (read(folder, "deals.csv")["Gewonnen"] == "ja").sum()
    assert won / planned == pytest.approx(1, abs=0.15)


def test_without_effects_origins_segments_and_months_have_one_rate(tmp_path: Path) -> None:
    plain = write_sample(tmp_path / "plain", leads=12_000, seed=4, effects=False)
    said = json.loads((plain / "truth.json").read_text("utf-8"))
    rates = {
        tuple(each.items()) for by in said["step_rates"]["rates"].values() for each in by.values()
    }
    assert len(rates) == 1
    assert said["bad_month"]["leads"] == 0
    assert said["bad_month"]["rate_factor"] == 1.0
    leads = read(plain, "leads.csv").drop_duplicates()
    history = read(plain, "stage_history.csv").drop_duplicates()
    # Four months before the export nearly every lead that ever will be qualified is.
    qualified = history.loc[history["Nach Phase"].map(STAGES) >= 1, "Lead-ID"].unique()
    old = leads[instants(leads["Erstellt am"]) < AS_OF - pd.Timedelta(days=120)]
    found = old["Lead-ID"].isin(qualified).groupby(old["Herkunft"]).agg(["mean", "size"])
    expected = dict(rates.pop())["marketing_qualified"]
    apart = (found["mean"] - expected) / np.sqrt(expected * (1 - expected) / found["size"])
    assert apart.abs().max() < 3.5
    # And the score knows nothing about a single lead.
    furthest = history["Nach Phase"].map(STAGES).groupby(history["Lead-ID"]).max()
    assert (said["score"]["informs"], said["score"]["calibration_slope"]) == (False, 0.0)
    rows = pd.DataFrame(
        {
            "created": instants(leads["Erstellt am"]),
            "furthest": leads["Lead-ID"].map(furthest),
            "score": pd.to_numeric(leads["Score"]),
        }
    )
    (_, slope), (_, of_slope) = fitted_line(decided(rows))
    assert abs(slope) < 3.5 * of_slope < 0.07


def test_preset_loads_the_committed_sample_without_a_lost_row(tmp_path: Path) -> None:
    report = load([COMMITTED], preset="sample", database=tmp_path / "sample.duckdb")
    truth = json.loads((COMMITTED / "truth.json").read_text("utf-8"))
    log = report.log.set_index("file")
    assert log["rows_read"].to_dict() == truth["written"]["rows"]
    repeated = log["rows_duplicate"][log["rows_duplicate"] > 0].to_dict()
    assert repeated == truth["written"]["duplicate_rows"]
    assert log[["rows_quarantined", "rows_other", "values_quarantined"]].sum().sum() == 0
    assert report.as_of.isoformat() == "2026-10-31T23:00:00"  # midnight in Berlin, in UTC
