"""The notebooks run from top to bottom and become pages that need nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.report import Rendered, find_notebook, render

PERIODS = {
    "monthly_review": "2026-06",
    "conversion_drop_offs": "2026-10",
    "time_to_contact": "2026-Q3",
    "attribution": "2026-Q3",
    "lead_targets": "2027-Q1",
}
ASKED = {"conversion_drop_offs": {"stage": "sales_accepted"}}
RESULTS = {
    "monthly_review": {
        "actual_vs_target",
        "attribute",
        "attribution_certainty",
        "breaches",
        "completeness",
        "handovers",
        "identity_yield",
        "lead_quality",
        "marketing_sourced",
        "qualification",
        "stage_conversion",
        "stage_throughput",
        "time_in_stage",
        "time_to_contact",
    },
    "conversion_drop_offs": {
        "closed_leads_later",
        "conversion_curve",
        "conversion_trend",
        "drop_off_segments",
        "expected_conversion",
        "explain_change",
        "loss_reasons",
        "sales_cycle",
        "stage_conversion",
        "stage_flows",
        "stuck_leads",
        "time_in_stage",
    },
    "time_to_contact": {
        "activity_levels",
        "breaches",
        "buying_groups",
        "campaign_runs",
        "contact_attempts",
        "entry_points",
        "handovers",
        "lead_quality",
        "lead_score",
        "origin_mix",
        "qualification",
        "speed_effect",
        "time_to_contact",
        "what_if_rule",
    },
    "attribution": {
        "attribute",
        "attribution_certainty",
        "channel_costs",
        "journey_paths",
        "marketing_sourced",
        "spend_response",
    },
    "lead_targets": {"leads_needed"},
}
HEADING = {
    "monthly_review": {
        "de": "Monatliche Durchsprache von Marketing und Vertrieb",
        "en": "Joint monthly review of marketing and sales",
    },
    "conversion_drop_offs": {"de": "Wo Leads verloren gehen", "en": "Where leads drop off"},
    "time_to_contact": {
        "de": "Erstkontakt, Übergabe und Qualifizierung",
        "en": "Contact, hand-over and qualification",
    },
    "attribution": {"de": "Anteile der Kanäle am Erfolg", "en": "Channel credit"},
    "lead_targets": {
        "de": "Wie viele Leads braucht das Umsatzziel?",
        "en": "How many leads does the revenue target need?",
    },
}


def rendered(
    name: str, database: Path, out: Path, *, period: str, language: str, **more: Any
) -> tuple[Rendered, str, dict[str, Any]]:
    """The files, the page and the record of one report."""
    made = render(
        find_notebook(name),
        parameters={
            "period": period,
            "database": str(database),
            "agreement": "",
            "language": language,
            **more,
        },
        out=out,
    )
    record = json.loads(made.run_json.read_text(encoding="utf-8"))
    return made, made.html.read_text(encoding="utf-8"), record


def text_of(page: str) -> str:
    """What the page says, without scripts, styles and tags."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", bare))


def check_review(page: str, by_metric: dict[str, Any]) -> None:
    """The month is told with its numbers."""
    (revenue,) = (
        row
        for row in by_metric["actual_vs_target"]["rows"]
        if row["metric"] == "revenue" and not row["dimension"] and row["month"] == "2026-06-01"
    )
    assert f"{revenue['actual']:,.0f}".replace(",", ".") in text_of(page)


def check_drop_offs(page: str, by_metric: dict[str, Any]) -> None:
    """The month, stage and origin in which leads get stuck by design are named first."""
    first = by_metric["drop_off_segments"]["rows"][0]
    names = ("stage", "value", "second_value", "direction")
    assert [first[name] for name in names] == ["sales_accepted", "2026-07", "inbound", "lost"]
    assert {row["stage"] for row in by_metric["conversion_curve"]["rows"]} == {"sales_accepted"}


CHECKS = {
    ("monthly_review", "de"): check_review,
    ("conversion_drop_offs", "de"): check_drop_offs,
}


@pytest.mark.parametrize(
    ("name", "language"),
    [(name, "de") for name in PERIODS] + [("monthly_review", "en"), ("lead_targets", "en")],
)
def test_a_notebook_becomes_one_page_that_works_offline(
    sample_database: Path, tmp_path: Path, name: str, language: str
) -> None:
    made, page, record = rendered(
        name,
        sample_database,
        tmp_path,
        period=PERIODS[name],
        language=language,
        **ASKED.get(name, {}),
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        made.html.name,
        made.run_json.name,
    ]
    assert HEADING[name][language] in text_of(page)
    other = "en" if language == "de" else "de"
    assert HEADING[name][other] not in text_of(page)
    outside_scripts = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"(?:src|href|url|import)\W{0,3}(?:https?:)?//", outside_scripts)
    assert "default-src 'none'" in page
    assert page.count("plotly.js v") == 1
    assert {each["metric"] for each in record["results"]} == RESULTS[name]
    assert all(each["queries"] for each in record["results"])
    assert "Traceback" not in page
    if (name, language) in CHECKS:
        CHECKS[name, language](page, {each["metric"]: each for each in record["results"]})


def test_a_period_that_has_not_begun_leaves_no_page(sample_database: Path, tmp_path: Path) -> None:
    from funnel_analytics.errors import FunnelError

    with pytest.raises(FunnelError, match="2027-01 had not begun when the data were exported"):
        rendered("monthly_review", sample_database, tmp_path, period="2027-01", language="de")
    assert not list(tmp_path.glob("*.html"))
