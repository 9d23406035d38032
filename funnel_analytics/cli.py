"""The command `funnel`: the public functions for the shell.

Exit codes: 0 good, 1 the data or a check says no, 2 wrong call.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import funnel_analytics as fa
from funnel_analytics.errors import CallError, FunnelError, did_you_mean
from funnel_analytics.periods import Period, parse_period, span, to_local
from funnel_analytics.results import Result
from funnel_analytics.warehouse import EngineError, Warehouse

__all__ = ["app", "main"]

app = typer.Typer(
    name="funnel",
    help="Marketing-and-sales funnel analytics from one written agreement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Format(StrEnum):
    """How a result is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Language(StrEnum):
    """The languages of reports."""

    de = "de"
    en = "en"


Database = Annotated[Path, typer.Option("--db", help="The warehouse: a DuckDB file.")]
AgreementOption = Annotated[
    str | None,
    typer.Option(
        "--agreement", help="agreement.toml, or a shipped one's name. Default: as loaded."
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print.")]


@app.command()
def init(directory: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Write a working folder: agreement.toml, folders, notebooks."""
    from funnel_analytics.workspace import create_workspace

    for each in create_workspace(directory):
        typer.echo(f"wrote {each}")
    typer.echo("Next: agree on agreement.toml, then funnel load data/raw --preset … --db …")


@app.command()
def load(
    paths: Annotated[list[Path], typer.Argument(help="Export files, or folders of them.")],
    preset: Annotated[str, typer.Option(help="Name of a shipped preset, or path of your own.")],
    db: Database,
    agreement: AgreementOption = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="When the exports were made: 2026-11-01 or 2026-11-01T08:00+01:00."),
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="Form of dates the preset leaves open, e.g. '%d.%m.%Y'.")
    ] = None,
) -> None:
    """Load exports into a warehouse; all of it or nothing."""
    report = fa.load(
        paths,
        preset=preset,
        database=db,
        agreement=agreement,
        as_of=_instant(as_of) if as_of else None,
        date_format=date_format,
        progress=_progress,
    )
    shown = report.log[
        [
            "file",
            "table_name",
            "rows_read",
            "rows_loaded",
            "rows_quarantined",
            "rows_duplicate",
            "rows_other",
            "values_quarantined",
        ]
    ]
    typer.echo(shown.to_string(index=False))
    if report.replaced:
        typer.echo(f"Replaced by this load: {', '.join(report.replaced)}")
    if report.ignored:
        typer.echo(f"Not part of the preset: {', '.join(report.ignored)}")
    zone = report.agreement.timezone
    verb = "is unchanged" if report.is_unchanged else "was written"
    typer.echo(
        f"{report.database} {verb}: {report.agreement.company}, as of "
        f"{to_local(report.as_of, zone):%Y-%m-%d %H:%M} {zone} ({report.as_of_source})."
    )


@app.command()
def check(
    db: Database,
    agreement: AgreementOption = None,
    language: Annotated[Language | None, typer.Option(help="Language of the advice.")] = None,
) -> None:
    """Check the data: pass, review or fail. Exit code 1 if a check fails."""
    with fa.open_warehouse(db, agreement=agreement) as warehouse:
        report = fa.run_checks(warehouse)
        words = fa.wording.Words(language.value if language else warehouse.agreement.language)
    for row in report.table.to_dict("records"):
        name = str(row["check"])
        counted = f"{row['offending_rows']} / {row['of_rows']}"
        typer.echo(f"{row['status']:7}{words.check_title(name)}: {counted}")
        if row["status"] != "pass":
            examples = f" ({row['examples']})" if row["examples"] else ""
            typer.echo(f"       {words.check_advice(name)}{examples}")
    if report.failed:
        raise typer.Exit(1)


@app.command()
def show(
    metric: Annotated[str, typer.Argument(help="conversion, throughput, time_in_stage, …")],
    db: Database,
    agreement: AgreementOption = None,
    cohort: Annotated[
        str | None, typer.Option("--cohort", "--period", help="2026-10, 2026-Q4, 2026 or D..D.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First day.")] = None,
    after: Annotated[str | None, typer.Option("--to", help="First day after.")] = None,
    by: Annotated[str | None, typer.Option(help="Attribute to split by, e.g. origin.")] = None,
    mode: Annotated[str | None, typer.Option(help="conversion: at_least or ordered.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="attribution: one or more models.")
    ] = None,
    lookback_days: Annotated[int | None, typer.Option(help="attribution: the window.")] = None,
    conversion: Annotated[str | None, typer.Option(help="attribution: won or a stage.")] = None,
    format: FormatOption = Format.table,
) -> None:
    """Print one metric."""
    metrics: dict[str, tuple[Callable[..., Result], str, set[str]]] = {
        "conversion": (fa.stage_conversion, "cohort", {"by", "mode"}),
        "throughput": (fa.stage_throughput, "period", {"by"}),
        "time_in_stage": (fa.time_in_stage, "cohort", {"by"}),
        "time_to_contact": (fa.time_to_contact, "cohort", {"by"}),
        "attribution": (fa.attribute, "period", {"by", "model", "lookback_days", "conversion"}),
        "targets": (fa.actual_vs_target, "period", set()),
    }
    if metric not in metrics:
        raise CallError(
            f"There is no metric '{metric}'.{did_you_mean(metric, metrics)} "
            f"Metrics: {', '.join(metrics)}."
        )
    function, span_name, takes = metrics[metric]
    given = {
        "by": by,
        "mode": mode,
        "model": model,
        "lookback_days": lookback_days,
        "conversion": conversion,
    }
    options = {name: value for name, value in given.items() if value not in (None, [])}
    if surplus := sorted(set(options) - takes):
        known = ", ".join("--" + each.replace("_", "-") for each in sorted(takes))
        raise CallError(
            f"{metric} takes no --{surplus[0].replace('_', '-')}; "
            f"it takes {known or 'a period only'}."
        )
    with fa.open_warehouse(db, agreement=agreement) as warehouse:
        days = _days(warehouse, cohort, first, after)
        _print(function(warehouse, **{span_name: days}, **options), format)


@app.command()
def plan(
    revenue: Annotated[float, typer.Option(help="Revenue to win, in the agreement's currency.")],
    period: Annotated[str, typer.Option(help="When it has to be won: 2027-Q1.")],
    db: Database,
    probability: Annotated[float, typer.Option(help="How sure, between 0 and 1.")] = 0.8,
    agreement: AgreementOption = None,
    format: FormatOption = Format.table,
) -> None:
    """How many leads does a revenue target need?"""
    with fa.open_warehouse(db, agreement=agreement) as warehouse:
        result = fa.leads_needed(
            warehouse, revenue=revenue, period=parse_period(period), probability=probability
        )
        _print(result, format)
        if format is Format.table:
            for name in ("by_month", "inputs", "pipeline"):
                typer.echo(f"\n{name}\n{result.part(name).to_string(index=False)}")


@app.command()
def report(
    notebook: Annotated[str, typer.Argument(help="monthly_review, … or a path.")],
    period: Annotated[str, typer.Option(help="The month (or quarter) reported: 2026-10.")],
    db: Database,
    agreement: AgreementOption = None,
    language: Annotated[Language | None, typer.Option(help="Default: the agreement's.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Further notebook parameter: name=value.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Also a PDF (needs Chromium).")] = False,
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Also every table as a workbook.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder. Default: reports/PERIOD.")] = None,
) -> None:
    """Render a notebook as one HTML file that works offline."""
    from funnel_analytics import report as reports

    days = parse_period(period)
    further = _assignments(set_ or [])
    own = {"period", "database", "agreement", "language"} & set(further)
    if own:
        raise CallError(
            f"--set {min(own)}=…: give it as --period, --db, --agreement or --language."
        )
    with fa.open_warehouse(db, agreement=agreement) as warehouse:
        chosen = language.value if language else warehouse.agreement.language
    rendered = reports.render(
        reports.find_notebook(notebook),
        parameters={
            **further,
            "period": days.label,
            "database": str(db.resolve()),
            "agreement": _located(agreement),
            "language": chosen,
        },
        out=out or Path("reports") / days.label,
        pdf=pdf,
        xlsx=xlsx,
        progress=_progress,
    )
    for written in (rendered.html, rendered.pdf, rendered.xlsx, rendered.run_json):
        if written:
            typer.echo(f"wrote {written}")


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Where to write the files.")],
    leads: Annotated[int, typer.Option(help="How many leads.")] = 5000,
    seed: Annotated[int, typer.Option(help="Another seed, another history.")] = 1,
) -> None:
    """Write the exports of an invented company whose true rates are known."""
    fa.write_sample(directory, leads=leads, seed=seed)
    typer.echo(
        f"wrote {directory}: load it with: funnel load {directory} --preset sample --db FILE"
    )


def main() -> None:
    """Run the command; what the package raises on purpose becomes one message and an exit code.

    So does what a disk or a damaged warehouse does to us.
    """
    try:
        app()
    except FunnelError as error:
        typer.echo(f"funnel: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        typer.echo(f"funnel: {error.filename or 'the disk'}: {error.strerror or error}.", err=True)
        sys.exit(1)
    except EngineError as error:
        first = str(error).strip().splitlines()[0]
        typer.echo(
            f"funnel: the warehouse cannot be read or written: {first}\n"
            "If it is damaged, delete the file and load the exports again.",
            err=True,
        )
        sys.exit(1)


def _days(warehouse: Warehouse, text: str | None, first: str | None, after: str | None) -> Period:
    if text and (first or after):
        raise CallError("Give either --cohort (or --period), or --from and --to.")
    if bool(first) != bool(after):
        raise CallError("--from and --to go together.")
    if first and after:
        return span(first, after)
    return parse_period(text) if text else warehouse.everything()


def _instant(text: str) -> date | datetime:
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError as error:
        raise CallError(
            f"--as-of '{text}' is no date or instant; write 2026-11-01 or 2026-11-01T08:00+01:00."
        ) from error


def _located(agreement: str | None) -> str:
    """The agreement as a notebook in another folder finds it."""
    if agreement is None:
        return ""
    return str(Path(agreement).resolve()) if Path(agreement).exists() else agreement


def _assignments(texts: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    wrong = [name for name, equals, _ in pairs if not equals or not name.strip()]
    if wrong:
        raise CallError(f"--set takes name=value; got {', '.join(map(repr, wrong))}.")
    return {name.strip(): value for name, _, value in pairs}


def _print(result: Result, format: Format) -> None:
    if format is Format.json:
        typer.echo(result.to_json())
    elif format is Format.csv:
        typer.echo(result.table.to_csv(index=False), nl=False)
    else:
        typer.echo(str(result))


def _progress(done: int, steps: int, what: str) -> None:
    """One line per step on standard error."""
    if what:
        typer.echo(f"[{min(done + 1, steps)}/{steps}] {what}", err=True)


if __name__ == "__main__":
    main()
