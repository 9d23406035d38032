"""Commands that answer from a warehouse: numbers, plans and reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import funnel_analytics as fa
from funnel_analytics.cli.options import (
    AgreementOption,
    Database,
    Format,
    FormatOption,
    LanguageOption,
    app,
    progress,
)
from funnel_analytics.cli.printing import print_result
from funnel_analytics.cli.showing import HELP, metric_named
from funnel_analytics.errors import CallError
from funnel_analytics.periods import Period, parse_period, span
from funnel_analytics.warehouse import Warehouse

_WRITE_THEMSELVES = ("credits",)
"""Metrics of so many rows that the engine writes them, to more kinds of files."""


@app.command(help=HELP)
def show(
    metric: Annotated[str, typer.Argument(help="One of those above.")],
    db: Database,
    agreement: AgreementOption = None,
    cohort: Annotated[
        str | None, typer.Option("--cohort", "--period", help="2026-10, 2026-Q4, 2026 or D..D.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="First day.")] = None,
    after: Annotated[str | None, typer.Option("--to", help="First day after.")] = None,
    by: Annotated[
        list[str] | None, typer.Option(help="Attribute to split by, e.g. origin; two for pairs.")
    ] = None,
    mode: Annotated[
        str | None, typer.Option(help="conversion, trend: at_least, ordered or strict.")
    ] = None,
    within_days: Annotated[
        list[str] | None,
        typer.Option(help="conversion, trend: days of a step, 30, or by stage: won=60; outcome."),
    ] = None,
    optional: Annotated[
        list[str] | None, typer.Option(help="conversion, trend: stages that may be left out.")
    ] = None,
    passes: Annotated[
        str | None, typer.Option(help="conversion, trend: all, first, last or every.")
    ] = None,
    previous: Annotated[
        str | None, typer.Option(help="trend: the stage they come from, or entered.")
    ] = None,
    before: Annotated[
        str | None, typer.Option(help="change: the cohort before, 2026-06, or target.")
    ] = None,
    later: Annotated[
        str | None, typer.Option("--after", help="change: the cohort after, 2026-07.")
    ] = None,
    measure: Annotated[
        str | None, typer.Option(help="change: won_leads, revenue, won_rate or STAGE_to_STAGE.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="flows: entered or created.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="attribution: one or more models.")
    ] = None,
    lookback_days: Annotated[int | None, typer.Option(help="attribution: the window.")] = None,
    conversion: Annotated[
        str | None, typer.Option(help="attribution: won, pipeline or a stage.")
    ] = None,
    journeys_of: Annotated[
        str | None, typer.Option(help="attribution: whose touches, lead or account.")
    ] = None,
    basis: Annotated[
        str | None, typer.Option(help="costs: by the day of the touch or of the conversion.")
    ] = None,
    repeats: Annotated[
        str | None, typer.Option(help="attribution: kept, or collapsed within a channel.")
    ] = None,
    direct: Annotated[
        str | None, typer.Option(help="attribution: kept, unless_alone or dropped.")
    ] = None,
    pool_below: Annotated[
        int | None, typer.Option(help="attribution: rarer channels are one row.")
    ] = None,
    draws: Annotated[
        int | None, typer.Option(help="certainty: how often journeys are drawn anew.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="certainty: a truth.json that the models are held against.")
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(help="curve, drop_offs, expected, qualification, speed, trend, what_if."),
    ] = None,
    every: Annotated[str | None, typer.Option(help="expected, trend: month, quarter, …")] = None,
    method: Annotated[
        str | None, typer.Option(help="curve: aalen_johansen or kaplan_meier.")
    ] = None,
    attributes: Annotated[
        list[str] | None, typer.Option(help="drop_offs, quality: what is used; default: all.")
    ] = None,
    pairs: Annotated[
        bool | None, typer.Option(help="drop_offs: whether pairs of values are searched.")
    ] = None,
    minimum_leads: Annotated[
        int | None, typer.Option(help="drop_offs: how many leads a group needs.")
    ] = None,
    false_discovery_rate: Annotated[
        float | None, typer.Option(help="drop_offs: which share of findings may be chance.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="cycle: the stage it starts in.")] = None,
    end: Annotated[str | None, typer.Option(help="cycle: the stage it ends in.")] = None,
    required: Annotated[
        list[str] | None, typer.Option(help="what_if: a criterion that has to be met.")
    ] = None,
    at_least: Annotated[
        int | None, typer.Option(help="what_if: how many criteria have to be met.")
    ] = None,
    lists: Annotated[
        list[str] | None, typer.Option("--list", help="breaches: one or more lists; default: all.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="switched_off: what was off.")] = None,
    campaign: Annotated[str | None, typer.Option(help="switched_off: or this campaign.")] = None,
    off: Annotated[
        list[str] | None, typer.Option(help="switched_off: when, D..D; default: by the spend.")
    ] = None,
    groups: Annotated[
        list[str] | None, typer.Option("--group", help="switched_off: where, values of --by.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Option("--name", help="spend_response: only these; default: all.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="spend_response, switched_off: leads, a stage or won.")
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(help="Print this further part instead; a table names its parts below it."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            help="Also write all of it to FILE.xlsx, .csv or .json (credits: or .parquet, .duckdb)."
        ),
    ] = None,
    language: LanguageOption = None,
    format: FormatOption = Format.table,
) -> None:
    """Print one metric."""
    asked = metric_named(metric)
    is_change = metric == "change"
    given = {
        "end": end,
        "start": start,
        "method": method,
        "every": every,
        "by": _one_or_two(metric, by or []),
        "mode": mode,
        "within_days": _windows(within_days or []),
        "optional": optional,
        "passes": passes,
        "previous": previous,
        "before": before,
        "after": later,
        "measure": measure,
        "kind": kind,
        "model": model,
        "lookback_days": lookback_days,
        "conversion": conversion,
        "journeys_of": journeys_of,
        "basis": basis,
        "repeats": repeats,
        "direct": direct,
        "pool_below": pool_below,
        "draws": draws,
        "truth": truth,
        "stage": stage,
        "attributes": attributes,
        "pairs": pairs,
        "minimum_leads": minimum_leads,
        "false_discovery_rate": false_discovery_rate,
        "required": required,
        "at_least": at_least,
        "lists": lists,
        "channel": channel,
        "campaign": campaign,
        "off": [parse_period(each) for each in off or []],
        "groups": groups,
        "names": names,
        "outcome": outcome,
    }
    options: dict[str, Any] = {
        name: value for name, value in given.items() if value not in (None, [])
    }
    if surplus := sorted(set(options) - asked.takes):
        known = ", ".join(map(_option, sorted(asked.takes)))
        raise CallError(
            f"{metric} takes no {_option(surplus[0])}; "
            f"it takes {known or 'no option but a period'}."
        )
    if not asked.span and (cohort or first or after):
        raise CallError(
            f"{metric} compares two periods: give --before and --after."
            if is_change
            else f"{metric} takes no period: it is about the data as they are, not about days."
        )
    if is_change:
        options |= _two_sides(before, later)
    with fa.open_warehouse(db, agreement=agreement) as warehouse:
        if asked.span:
            options[asked.span] = _days(warehouse, cohort, first, after)
        if save is not None and metric in _WRITE_THEMSELVES:
            options["save_to"] = save
        result = asked.function(warehouse, **options)
    if save is not None:
        written = save if metric in _WRITE_THEMSELVES else result.save(save)
        typer.echo(f"wrote {written}", err=True)
    spoken = language.value if language else None
    print_result(result, format, part=part, language=spoken, below=("totals",) * is_change)


@app.command()
def plan(
    revenue: Annotated[float, typer.Option(help="Revenue to win, in the agreement's currency.")],
    period: Annotated[str, typer.Option(help="When it has to be won: 2027-Q1.")],
    db: Database,
    probability: Annotated[float, typer.Option(help="How sure, between 0 and 1.")] = 0.8,
    agreement: AgreementOption = None,
    part: Annotated[
        str | None, typer.Option(help="Print this part instead: by_month, inputs, pipeline, curve.")
    ] = None,
    language: LanguageOption = None,
    format: FormatOption = Format.table,
) -> None:
    """How many leads does a revenue target need?"""
    with fa.open_warehouse(db, agreement=agreement) as warehouse:
        result = fa.leads_needed(
            warehouse, revenue=revenue, period=parse_period(period), probability=probability
        )
    print_result(
        result,
        format,
        part=part,
        language=language.value if language else None,
        below=("by_month", "inputs", "pipeline"),
    )


@app.command()
def report(
    notebook: Annotated[str, typer.Argument(help="monthly_review, … or a path.")],
    period: Annotated[str, typer.Option(help="The month (or quarter) reported: 2026-10.")],
    db: Database,
    agreement: AgreementOption = None,
    language: LanguageOption = None,
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
        progress=progress,
    )
    for written in (rendered.html, rendered.pdf, rendered.xlsx, rendered.run_json):
        if written:
            typer.echo(f"wrote {written}")


def _option(name: str) -> str:
    """How an option of a metric is written on the command line."""
    plurals = {"lists": "--list", "groups": "--group", "names": "--name"}
    return plurals.get(name, "--" + name.replace("_", "-"))


def _two_sides(before: str | None, after: str | None) -> dict[str, Period | str]:
    """The cohorts that are compared; the first may be the target."""
    if before is None or after is None:
        raise CallError("change compares two periods: give --before (or target) and --after.")
    return {
        "before": before if before == "target" else parse_period(before),
        "after": parse_period(after),
    }


def _days(warehouse: Warehouse, text: str | None, first: str | None, after: str | None) -> Period:
    if text and (first or after):
        raise CallError("Give either --cohort (or --period), or --from and --to.")
    if bool(first) != bool(after):
        raise CallError("--from and --to go together.")
    if first and after:
        return span(first, after)
    return parse_period(text) if text else warehouse.everything()


def _one_or_two(metric: str, names: list[str]) -> str | list[str] | None:
    """The attributes to split by: none, one, or a list where a metric of leads is split by two."""
    if len(names) > 1 and metric in ("attribution", "costs", "journeys"):
        raise CallError(f"{metric} takes one --by.")
    return names if len(names) > 1 else next(iter(names), None)


def _windows(texts: list[str]) -> float | dict[str, float] | None:
    """The days of `--within-days 30`, or of `--within-days won=60` for each stage."""
    if not texts:
        return None
    pairs = [text.rpartition("=") for text in texts]
    try:
        days = [float(number) for _, _, number in pairs]
    except ValueError:
        days = []
    is_by_stage = all(name for name, _, _ in pairs)
    if not days or (not is_by_stage and (len(pairs) > 1 or pairs[0][1])):
        raise CallError(
            f"--within-days takes 30 for every step, or won=60 for each stage; got "
            f"{', '.join(map(repr, texts))}."
        )
    if not is_by_stage:
        return days[0]
    return {name.strip(): number for (name, _, _), number in zip(pairs, days, strict=True)}


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
