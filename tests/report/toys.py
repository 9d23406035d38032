"""Small notebooks for the tests of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

RICH_PARAMETERS = """from typing import Optional
period: str = "2026-10"
language: str = "de"
lookback_days: int = 90
probability: float = 0.8
is_draft: bool = False
models: list[str] = ["first", "last"]
region: Optional[str] = None
database: str = "../data/sample.duckdb\""""

RESULT = {
    "metric": "stage_conversion",
    "grain": "segment and stage",
    "units": {"step_rate": "share"},
    "definition": "=1+1 leads",
    "as_of": "2026-10-31T23:00:00",
    "parameters": {"cohort": "2026-10", "by": None},
    "rows": [
        {"segment": '=HYPERLINK("http://evil.example")', "reached_leads": 3, "step_rate": 0.5},
        {"segment": "-5", "reached_leads": None, "step_rate": None},
    ],
    "parts": {"curve": [{"hours": 1.5, "since": "2026-10-01"}]},
}


def prose(text: str, *tags: str) -> Any:
    return v4.new_markdown_cell(text, metadata={"tags": list(tags)})


def code(text: str, *tags: str) -> Any:
    return v4.new_code_cell(text, metadata={"tags": list(tags)})


def write(path: Path, *cells: Any) -> Path:
    nbformat.write(v4.new_notebook(cells=list(cells)), path)
    return path


def rich(path: Path) -> Path:
    """Prose in two languages, two figures, a table, a result, and what must stay out."""
    show = "from IPython.display import HTML, Markdown, display\nimport sys\n"
    return write(
        path,
        prose("# Monatsbericht\n\nWorte <script>alert('prose')</script>", "de"),
        prose("# Monthly report\n\nWords", "en"),
        prose("Try `help(fa)` here.", "lab"),
        code("undefined_name_of_a_lab_cell", "lab"),
        code(RICH_PARAMETERS, "parameters"),
        code("import plotly.graph_objects as go\n" + show + "print(period, models, is_draft)"),
        prose("## Trichter", "de"),
        prose("## Funnel", "en"),
        code(
            "link = \"<a href='https://evil.example/'>x</a>\"\n"
            'go.Figure(go.Bar(x=[2, 1], y=["a", link]), {"title": {"text": "2 of 3 leads"}})'
        ),
        prose("## Zeit", "de"),
        prose("## Time", "en"),
        code(
            'go.Figure(go.Scatter(x=["2026-03-01", "2026-10-01"], y=[1, 2]),'
            ' {"title": {"text": "</script><script>alert(\'title\')</script>"}}).show()'
        ),
        prose("## Tabelle", "de"),
        prose("## Table", "en"),
        code(
            "display(HTML(\"<table><tr><td>12 leads</td></tr></table><script>alert('out')</script>"
            "<img src='http://evil.example/x.png' onerror='alert(1)'>"
            '<style>td { background: url(http://evil.example/y.png) }</style>"))\n'
            'display(Markdown("Name: <img src=x onerror=alert(2)>"))\n'
            'print("noise", file=sys.stderr)'
        ),
        code(
            "kind = 'application/vnd.funnel-analytics.result+json'\n"
            f"bundle = {{kind: {RESULT!r}, 'text/plain': 'RESULT AS TEXT'}}\n"
            "display(bundle, raw=True)\ndisplay(bundle, raw=True)"
        ),
        code("'HIDDEN OUTPUT'", "hidden"),
        code("object()"),
    )
