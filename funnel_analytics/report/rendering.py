"""From a notebook and its parameters to finished files, or to none."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from funnel_analytics.errors import ReportError
from funnel_analytics.report.notebooks import headings
from funnel_analytics.report.page import page_html, shown_results, worded_period
from funnel_analytics.report.parameters import check_parameters, notebook_parameters
from funnel_analytics.report.pdf import print_pdf
from funnel_analytics.report.record import run_record
from funnel_analytics.report.run import Progress, run_notebook, step_count
from funnel_analytics.report.workbook import write_workbook

__all__ = ["Rendered", "render"]


@dataclass(frozen=True)
class Rendered:
    """The files of one report; those not asked for are None."""

    html: Path
    pdf: Path | None
    xlsx: Path | None
    run_json: Path


def render(
    notebook: Path,
    *,
    parameters: Mapping[str, object],
    out: Path,
    pdf: bool = False,
    xlsx: bool = False,
    progress: Progress | None = None,
) -> Rendered:
    """What does a notebook report for these parameters?

    The files are `NAME.html`, `NAME.run.json` and, if asked for, `NAME.xlsx` and `NAME.pdf` in
    `out`. They appear whole, after everything worked; until then a former report stays as it is.
    Relative paths among the parameters are relative to the notebook's folder. `progress` is called
    with steps done, steps in all and the heading that the run has come to.

    Raises
    ------
    CallError
        Unknown or ill-typed parameters; nothing was run.
    ReportError
        A cell failed (`NAME.failed.ipynb` in `out` shows how far it came), `out` cannot be
        written, or only the PDF could not be made.
    """
    declared = notebook_parameters(notebook)
    values = check_parameters(declared, given=parameters, notebook=notebook.name)
    name, language = notebook.stem, str(values.get("language", "en"))
    failed = out / f"{name}.failed.ipynb"
    files = Rendered(
        html=out / f"{name}.html",
        pdf=out / f"{name}.pdf" if pdf else None,
        xlsx=out / f"{name}.xlsx" if xlsx else None,
        run_json=out / f"{name}.run.json",
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        # Within `out`, so that moving a finished file is one step of the file system.
        with tempfile.TemporaryDirectory(
            dir=out, prefix=f"{name}-", suffix=".tmp", ignore_cleanup_errors=True
        ) as folder:
            scratch = Path(folder).resolve()
            done = run_notebook(
                notebook,
                parameters=values,
                language=language,
                failed=failed,
                scratch=scratch,
                progress=progress,
            )
            _write(done, notebook, values, language, files, scratch)
            failed.unlink(missing_ok=True)
            if files.pdf is not None:
                printed = scratch / files.pdf.name
                print_pdf(files.html, pdf=printed)
                printed.replace(files.pdf)
    except OSError as error:
        raise ReportError(f"The report cannot be written to {out}: {error}.") from error
    if progress is not None:
        steps = step_count(notebook)
        progress(steps, steps, files.html.name)
    return files


def _write(
    done: Any,
    notebook: Path,
    values: Mapping[str, Any],
    language: str,
    files: Rendered,
    scratch: Path,
) -> None:
    """Write every file beside its place, then move them all."""
    period = str(values.get("period") or "")
    record = run_record(notebook, parameters=values, results=shown_results(done))
    page = page_html(
        done,
        name=notebook.stem,
        period=period,
        language=language,
        made_with=f"funnel_analytics {version('funnel-analytics')}",
    )
    _text(scratch / files.html.name, page)
    _text(
        scratch / files.run_json.name,
        json.dumps(record, ensure_ascii=False, allow_nan=False, indent=2) + "\n",
    )
    if files.xlsx is not None:
        first = next(iter(headings(done.cells, language=language)), notebook.stem)
        title = f"{first} – {worded_period(period, language)}" if period else first
        write_workbook(scratch / files.xlsx.name, title=title, record=record)
    for each in (files.xlsx, files.run_json, files.html):
        if each is not None:
            (scratch / each.name).replace(each)


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
