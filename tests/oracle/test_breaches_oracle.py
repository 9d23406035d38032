"""The lists of the sample company recounted from its files with pandas and a clock of our own.

It shares no code with the package: it reads the exports, not the warehouse.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pandas as pd
import pytest

import funnel_analytics as fa
from funnel_analytics.results import Result

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
BERLIN, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
TODAY = date(2026, 11, 1)
AS_OF = datetime(2026, 11, 1, tzinfo=BERLIN)
STAGES = [
    "Anfrage",
    "Marketing-qualifiziert",
    "Vom SDR angenommen",
    "Vertriebsqualifiziert",
    "Opportunity",
    "Gewonnen",
]
BAVARIA = holidays.country_holidays("DE", subdiv="BY", years=[2024, 2025, 2026, 2027])
OFF = {*BAVARIA, *(date(year, 12, day) for year in (2024, 2025, 2026) for day in (24, 31))}
DAYS = [
    day
    for day in (date(2024, 10, 1) + timedelta(days=n) for n in range(800))
    if day.weekday() < 5 and day not in OFF
]
HOUR = 3600


def read(name: str) -> pd.DataFrame:
    path = SAMPLE / name
    return pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")


def instant(text: str) -> datetime | None:
    """A wall-clock stamp of Berlin; empty and impossible ones are none."""
    for form in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=BERLIN)
        except ValueError:
            continue
    return None


def worked(until: datetime) -> float:
    """Seconds of working time from the first of `DAYS` on, eight hours a day."""
    local = until.astimezone(BERLIN)
    place = bisect.bisect_left(DAYS, local.date())
    seconds = 8.0 * HOUR * place
    if place < len(DAYS) and DAYS[place] == local.date():
        clock = (
            datetime.combine(local.date(), local.time()) - datetime.combine(local.date(), time())
        ).total_seconds()
        seconds += min(max(clock - 8 * HOUR, 0), 4 * HOUR)
        seconds += min(max(clock - 13 * HOUR, 0), 4 * HOUR)
    return seconds


def over(start: datetime, hours: float) -> float:
    """How many seconds of working time have passed since a deadline?"""
    return worked(AS_OF) - worked(start) - hours * HOUR


@pytest.fixture(scope="module")
def found(sample_database: Path) -> Iterator[Result]:
    with fa.open_warehouse(sample_database) as warehouse:
        yield fa.breaches(warehouse)


class Company:
    """The leads of the files, merged ones as one, and what happened to each."""

    def __init__(self) -> None:
        leads = read("leads.csv").drop_duplicates("Lead-ID")
        self.target = dict(zip(leads["Lead-ID"], leads["Zusammengeführt mit"], strict=True))
        gone = leads[(leads["Test"] == "ja") | (leads["Gelöscht"] == "ja")]["Lead-ID"]
        self.leads: dict[str, dict[str, Any]] = {}
        for row in leads.to_dict("records"):
            self.leads.setdefault(self.survivor(row["Lead-ID"]), {})[row["Lead-ID"]] = row
        self.gone = set(gone)
        self.steps: dict[str, list[tuple[Any, ...]]] = {}
        for row in read("stage_history.csv").drop_duplicates().to_dict("records"):
            at = instant(row["Zeitpunkt"])
            if at is not None:
                step = (at, int(row["Nr."]), row["Nach Phase"], row["Status"], row["Grund"])
                self.steps.setdefault(self.survivor(row["Lead-ID"]), []).append(step)
        self.contacts = self.by_lead(
            read("activities.csv").query(
                "Art != 'Automatische E-Mail' and Richtung == 'ausgehend'"
            ),
            "Zeitpunkt",
        )
        self.handovers = self.by_lead(read("handovers.csv"), "Übergeben am")
        deals = read("deals.csv").drop_duplicates()
        self.deals = {
            row["Opportunity-ID"]: row
            for row in deals.to_dict("records")
            if not row["Abgeschlossen am"]
        }

    def survivor(self, lead: str) -> str:
        while self.target.get(lead):
            lead = self.target[lead]
        return lead

    def by_lead(self, table: pd.DataFrame, stamp: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for row in table.to_dict("records"):
            at = instant(row[stamp])
            if at is not None:
                found.setdefault(self.survivor(row["Lead-ID"]), []).append({**row, "at": at})
        return {lead: sorted(rows, key=lambda row: row["at"]) for lead, rows in found.items()}

    def value(self, lead: str, column: str) -> str:
        """What the lead says itself, else the first of its parts that says it."""
        parts = self.leads[lead]
        own = [parts[lead], *(row for part, row in sorted(parts.items()) if part != lead)]
        return next((row[column] for row in own if row[column]), "")

    def last(self, lead: str) -> tuple[Any, ...]:
        return max(self.steps[lead], key=lambda step: step[:2])

    def open(self) -> dict[str, int]:
        """The position of the stage that each open lead is in."""
        stages = {}
        for lead, parts in self.leads.items():
            if lead in self.gone or lead not in self.steps:
                continue
            _, _, stage, status, _ = self.last(lead)
            own = self.value(lead, "Status")
            if status == "offen" and stage and own in ("", "offen") and stage != STAGES[-1]:
                stages[lead] = STAGES.index(stage) + 1
            assert parts
        return stages

    def created(self, lead: str) -> datetime:
        return min(filter(None, (instant(row["Erstellt am"]) for row in self.leads[lead].values())))

    def deadline(self, lead: str) -> float:
        return 8 if self.value(lead, "Herkunft") == "Partner" else 4


@pytest.fixture(scope="module")
def company() -> Company:
    return Company()


def listed(result: Result, name: str, column: str = "lead") -> dict[str, pd.Series]:
    table = result.table[result.table["list"] == name]
    return {row[column].removeprefix("sample:"): row for _, row in table.iterrows()}


def test_contacts_that_are_overdue(found: Result, company: Company) -> None:
    expected = {}
    for lead in company.open():
        if company.contacts.get(lead):
            continue
        created = company.created(lead)
        handed = [row["at"] for row in company.handovers.get(lead, [])][:1]
        start = handed[0] if handed and handed[0] >= created else created
        late = over(start, company.deadline(lead))
        if late > 0:
            expected[lead] = late / HOUR
    rows = listed(found, "contact_overdue")
    assert len(expected) > 100
    assert {lead: row["over_hours"] for lead, row in rows.items()} == pytest.approx(expected)


def test_handovers_that_nobody_answered(found: Result, company: Company) -> None:
    hours = {"Marketing an SDR": 8, "SDR an Vertrieb": 16}
    expected = {}
    for lead in company.open():
        last = company.handovers.get(lead, [None])[-1]
        if last is None or last["Art"] not in hours:
            continue
        if instant(last["Angenommen am"]) or instant(last["Abgelehnt am"]):
            continue
        late = over(last["at"], hours[last["Art"]])
        if late > 0:
            expected[lead] = late / HOUR
    rows = listed(found, "handover_overdue")
    assert len(expected) > 100
    assert {lead: row["over_hours"] for lead, row in rows.items()} == pytest.approx(expected)


def test_leads_accepted_without_activity(found: Result, company: Company) -> None:
    expected = {}
    for lead in company.open():
        rows = [r for r in company.handovers.get(lead, []) if r["Art"] != "Neu zugeordnet"]
        accepted = instant(rows[-1]["Angenommen am"]) if rows else None
        if accepted is None:
            continue
        if any(row["at"] >= accepted for row in company.contacts.get(lead, [])):
            continue
        late = over(accepted, company.deadline(lead))
        if late > 0:
            expected[lead] = late / HOUR
    rows = listed(found, "accepted_without_activity")
    assert len(expected) > 100
    assert {lead: row["over_hours"] for lead, row in rows.items()} == pytest.approx(expected)


def planned(text: str) -> date | None:
    return datetime.strptime(text, "%d.%m.%Y").date() if text else None


def test_leads_and_deals_without_a_next_step(found: Result, company: Company) -> None:
    expected = {}
    for lead, position in company.open().items():
        if position < 3:
            continue
        plans = [planned(company.value(lead, "Nächster Schritt"))]
        deal = company.value(lead, "Opportunity-ID")
        if deal in company.deals:
            plans.append(planned(company.deals[deal]["Nächster Schritt"]))
        last = max(filter(None, plans), default=None)
        if last is None or last < TODAY:
            expected[lead] = None if last is None else (TODAY - last).days
    rows = listed(found, "no_next_step")
    assert set(rows) == set(expected)
    for lead, days in expected.items():
        assert rows[lead]["reason"] == ("none_planned" if days is None else "in_the_past")
        assert days is None or rows[lead]["over_days"] == days


def test_recycled_leads_that_are_due(found: Result, company: Company) -> None:
    expected = {}
    for lead in company.leads:
        if lead in company.gone or lead not in company.steps:
            continue
        at, _, _, status, reason = company.last(lead)
        if status != "recycelt" or company.value(lead, "Status") in ("abgelehnt", "verloren"):
            continue
        days = 180 if reason == "Budget erst im Folgejahr" else 90
        late = (AS_OF.astimezone(UTC) - at.astimezone(UTC)).total_seconds() / 86_400 - days
        if late > 0:
            expected[lead] = late
    rows = listed(found, "recycled_due")
    assert len(expected) > 100
    assert {lead: row["over_days"] for lead, row in rows.items()} == pytest.approx(expected)


def test_deals_with_few_contacts(found: Result, company: Company) -> None:
    contacts = read("deal_contacts.csv")
    expected = {}
    for deal in company.deals:
        rows = contacts[contacts["Opportunity-ID"] == deal]
        decides = bool((rows["Rolle"] == "Entscheider").any())
        if rows["Person"].nunique() < 3 or not decides:
            expected[deal] = (rows["Person"].nunique(), decides)
    got = {
        deal: (row["contacts"], row["has_decision_maker"])
        for deal, row in listed(found, "single_threaded", "deal").items()
    }
    assert got == expected


def test_the_values_are_amounts_or_medians_and_ranks_follow(
    found: Result, company: Company
) -> None:
    won = read("deals.csv").drop_duplicates().query("Gewonnen == 'ja' and Betrag != ''")
    amounts = won["Betrag"].str.replace(".", "").str.replace(",", ".").astype(float)
    whole = found.part("values").set_index("basis").loc["all"]
    assert whole["median_amount"] == pytest.approx(amounts[amounts > 0].median())
    for deal, row in listed(found, "single_threaded", "deal").items():
        amount = company.deals[deal]["Betrag"].replace(".", "").replace(",", ".")
        assert row["value_basis"] == ("deal_amount" if amount else "typical")
        assert not amount or row["value"] == float(amount)
    for _, rows in found.table.groupby("list"):
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        assert rows["expected_value"].is_monotonic_decreasing
        assert rows["expected_value"].tolist() == pytest.approx(
            (rows["chance_to_win"] * rows["value"]).tolist()
        )
