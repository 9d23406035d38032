"""Names in the data that are scripts, tags and links are shown as text on a whole review."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

import funnel_analytics as fa
from funnel_analytics.report import find_notebook, render
from funnel_analytics.report.pdf import browser_command, find_browser
from funnel_analytics.samples import write_sample

SCRIPT = "<img src=x onerror=document.documentElement.dataset.hit=1>"
LINK = "<a href=https://evil.example>Messe</a>"
MARKDOWN = "**fett** $x^2$ [Messe](https://evil.example)"
REPLACED = {
    "leads.csv": {";Partner;": f";{SCRIPT};"},
    "touches.csv": {",google / organic,": f",{SCRIPT},", ",partner / referral,": f",{LINK},"},
    "spend.csv": {",bing / cpc,": f",{MARKDOWN},"},
    "stage_history.csv": {";Preis;": f";{SCRIPT};"},
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The review and the attribution of a company whose channels and origins are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    write_sample(folder / "exports", leads=1500, seed=5)
    for name, changes in REPLACED.items():
        path = folder / "exports" / name
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, f"{name} has no {old!r}"
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    database = folder / "w.duckdb"
    fa.load([folder / "exports"], preset="sample", database=database, as_of=date(2026, 11, 1))
    return [
        render(
            find_notebook(notebook),
            parameters={
                "period": "2026-06",
                "database": str(database),
                "agreement": "",
                "language": "de",
            },
            out=folder / "out",
        ).html
        for notebook in ("monthly_review", "attribution")
    ]


def test_the_names_are_there_as_text(pages: list[Path]) -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in pages)
    without_scripts = re.sub(r"<script\b.*?</script>", "", shown, flags=re.DOTALL)
    assert "<img src=x" not in without_scripts
    assert "<a href=https" not in without_scripts
    assert "&lt;img src=x onerror" in without_scripts


def test_the_figures_hold_no_markup_of_the_data(pages: list[Path]) -> None:
    for path in pages:
        page = path.read_text(encoding="utf-8")
        for script in re.findall(r"<script\b[^>]*>(.*?)</script>", page, flags=re.DOTALL):
            if len(script) < 1_000_000:  # the figures' data, not Plotly itself
                assert "<img src=x" not in script
                assert "<a href=https" not in script


@pytest.mark.browser
def test_a_browser_runs_nothing_of_the_data(pages: list[Path], tmp_path: Path) -> None:
    browser = find_browser()
    if browser is None:
        pytest.skip("there is no Chromium on this machine")
    for path in pages:
        loose = tmp_path / path.name
        # Without the page's own policy, so that the escaping alone has to hold.
        page = path.read_text(encoding="utf-8")
        bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
        assert bare != page
        loose.write_text(bare, encoding="utf-8")
        profile = tmp_path / f"profile-{path.stem}"
        done = subprocess.run(
            [
                *browser_command(browser, profile=profile),
                "--virtual-time-budget=10000",
                "--dump-dom",
                loose.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        shutil.rmtree(profile, ignore_errors=True)
        opening = re.search(r"<html[^>]*>", done.stdout)
        assert opening is not None
        assert "data-hit" not in opening[0]
        assert "main-svg" in done.stdout  # the figures were drawn
        assert not re.search(r"<a [^>]*evil\.example", done.stdout)
        assert not re.search(r"<img [^>]*onerror", done.stdout)


def test_the_record_keeps_the_names_as_they_are(pages: list[Path]) -> None:
    record = json.loads((pages[0].parent / "monthly_review.run.json").read_text(encoding="utf-8"))
    assert SCRIPT in json.dumps(record, ensure_ascii=False)
