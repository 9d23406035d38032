"""What truth.json says each channel brought, counted again from the files alone."""

from __future__ import annotations

import csv
import json
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
Counts = dict[str, dict[str, float]]


def _rows(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    key = next(iter(rows[0]))
    return list({row[key]: row for row in rows}.values())  # some rows stand there twice


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    truth = json.loads((SAMPLE / "truth.json").read_text("utf-8"))
    found: dict[str, Any] = truth["attribution"]
    return found


@pytest.fixture(scope="module")
def recounted() -> dict[str, Counts]:
    """Won deals and their amounts by month closed and channel of the lead they were opened for."""
    agreed = tomllib.loads((SAMPLE / "agreement.toml").read_text("utf-8"))["channels"]
    names = {raw: name for name, each in agreed.items() for raw in each["includes"]}
    channels = {
        row["Opportunity-ID"]: row["Kanal"] for row in _rows("leads.csv") if row["Opportunity-ID"]
    }
    found: dict[str, Counts] = defaultdict(
        lambda: defaultdict(lambda: {"won_deals": 0, "revenue": 0.0})
    )
    for deal in _rows("deals.csv"):
        if deal["Gewonnen"] != "ja":
            continue
        raw = channels[deal["Opportunity-ID"]]
        _, month, year = deal["Abgeschlossen am"].split(".")
        cell = found[f"{year}-{month}"][names.get(raw, raw) or "(missing)"]
        cell["won_deals"] += 1
        cell["revenue"] += float(deal["Betrag"].replace(".", "").replace(",", ".") or 0)
    return found


def test_each_channel_brought_the_deals_of_its_leads_month_by_month(
    told: dict[str, Any], recounted: dict[str, Counts]
) -> None:
    assert len(recounted) > 15
    assert told["by_month_closed"] == recounted


def test_the_months_add_up_to_the_channels(told: dict[str, Any]) -> None:
    for measure in ("won_deals", "revenue"):
        sums: dict[str, float] = defaultdict(float)
        for month in told["by_month_closed"].values():
            for channel, counts in month.items():
                sums[channel] += counts[measure]
        assert sums == {name: each[measure] for name, each in told["by_channel"].items()}
    assert "(missing)" in told["by_channel"]
    assert "sales_meeting" not in told["by_channel"]  # it meets leads that are there already
