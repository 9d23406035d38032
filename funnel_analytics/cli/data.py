"""Commands about the data: a working folder, loading, checking, resolving and forgetting."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

import funnel_analytics as fa
from funnel_analytics.cli.options import AgreementOption, Database, Language, app, instant, progress
from funnel_analytics.errors import CallError
from funnel_analytics.periods import to_local


@app.command()
def init(
    paths: Annotated[
        list[Path], typer.Argument(help="A new or empty folder; with --from, exports.")
    ],
    from_exports: Annotated[
        bool, typer.Option("--from", help="Propose a preset from these exports.")
    ] = False,
    name: Annotated[str, typer.Option(help="--from: name of the preset, prefix of its ids.")] = (
        "own"
    ),
    out: Annotated[
        Path | None, typer.Option(help="--from: the file to write. Default: NAME.toml.")
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="--from: zone of times without an offset.")
    ] = "Europe/Berlin",
    agreement: AgreementOption = None,
) -> None:
    """Write a working folder: agreement.toml, folders, notebooks. Or, with --from, a preset."""
    if from_exports:
        _propose(paths, name=name, out=out, timezone=timezone, agreement=agreement)
        return
    from funnel_analytics.workspace import create_workspace

    if len(paths) != 1 or out is not None or agreement is not None:
        raise CallError(
            "funnel init DIR writes one working folder. To propose a preset from exports: "
            "funnel init --from FILE…"
        )
    for each in create_workspace(paths[0]):
        typer.echo(f"wrote {each}")
    typer.echo("Next: agree on agreement.toml, then funnel load data/raw --preset … --db …")


def _propose(
    paths: list[Path], *, name: str, out: Path | None, timezone: str, agreement: str | None
) -> None:
    from funnel_analytics.sources.proposing import propose

    target = out or Path(f"{name}.toml")
    if target.exists():
        raise CallError(f"{target} is already there; nothing was written. Choose another --out.")
    proposal = propose(
        paths,
        name=name,
        timezone=timezone,
        agreement=fa.load_agreement(agreement) if agreement else None,
    )
    target.write_text(proposal.text, encoding="utf-8")
    for each in proposal.known:
        typer.echo(f"{each}\n")
    typer.echo(proposal)
    for each in proposal.unread:
        typer.echo(f"not read: {each}")
    typer.echo(f"wrote {target}")
    if proposal.is_complete:
        typer.echo(f"Look it over, then: funnel load … --preset {target} --db FILE --agreement …")
    else:
        typer.echo("Fill in, then load:")
        for each in proposal.questions:
            typer.echo(f"- {each}")


@app.command()
def load(
    paths: Annotated[list[Path], typer.Argument(help="Export files, or folders of them.")],
    preset: Annotated[
        list[str],
        typer.Option(help="Name of a shipped preset, or path of your own; may be repeated."),
    ],
    db: Database,
    agreement: AgreementOption = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="When the exports were made: 2026-11-01 or 2026-11-01T08:00+01:00."),
    ] = None,
    date_format: Annotated[
        str | None, typer.Option(help="Form of dates the preset leaves open, e.g. '%d.%m.%Y'.")
    ] = None,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Take out all earlier files of the same patterns."),
    ] = False,
) -> None:
    """Load exports into a warehouse; all of it or nothing."""
    report = fa.load(
        paths,
        preset=preset,
        database=db,
        agreement=agreement,
        as_of=instant(as_of) if as_of else None,
        date_format=date_format,
        replace=replace,
        progress=progress,
    )
    typer.echo(_shown(report.log).to_string(index=False))
    for said, files in (
        ("Loaded before and unchanged", report.known),
        ("Replaced by this load", report.replaced),
        ("Not part of any preset named", report.ignored),
    ):
        if files:
            typer.echo(f"{said}: {', '.join(files)}")
    for sentence in report.superseded:
        typer.echo(f"{sentence}.")
    for sentence in report.warnings:
        typer.echo(f"warning: {sentence}.", err=True)
    if report.log[["rows_quarantined", "values_quarantined"]].to_numpy().any():
        typer.echo(f"What could not be read: funnel show quarantine --db {report.database}")
    zone = report.agreement.timezone
    verb = "is unchanged" if report.is_unchanged else "was written"
    typer.echo(
        f"{report.database} {verb}: {report.agreement.company}, as of "
        f"{to_local(report.as_of, zone):%Y-%m-%d %H:%M} {zone} ({report.as_of_source})."
    )


def _shown(log: pd.DataFrame) -> pd.DataFrame:
    """The log without counts that are 0 everywhere."""
    always = ["file", "table_name", "part", "rows_read", "rows_loaded", "rows_quarantined"]
    counts = [name for name in log.columns if name.startswith(("rows_", "values_"))]
    further = [name for name in counts if name not in always and log[name].any()]
    chosen = [name for name in always if name != "part" or log[name].fillna("").any()]
    return log[[*chosen, *further]].fillna({"part": ""})


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
    for line in words.check_lines(report):
        typer.echo(line)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def reveal(
    id: Annotated[str, typer.Argument(help="A pseudonym, as reports and tables show it.")],
    db: Database,
) -> None:
    """Say which id of which system a pseudonym stands for; needs the key of the load."""
    found = fa.reveal(db, id)
    typer.echo(f"{found.pseudonym} is {found.id} in {found.system} ({', '.join(found.tables)})")


@app.command()
def forget(
    id: Annotated[str, typer.Argument(help="A lead or contact: pseudonym, id or e-mail address.")],
    db: Database,
) -> None:
    """Remove a person from the warehouse and say what was removed; later loads leave them out."""
    removed = fa.forget(db, id, today=datetime.now(tz=UTC).date())
    typer.echo(removed.to_string(index=False))
    typer.echo(
        "Exports, copies of the warehouse and reports made before are not touched: delete them, "
        "or load and render them again."
    )


@app.command()
def sample(
    directory: Annotated[Path, typer.Argument(help="Where to write the files.")],
    leads: Annotated[int, typer.Option(help="How many leads.")] = 5000,
    seed: Annotated[int, typer.Option(help="Another seed, another history.")] = 1,
    effects: Annotated[
        bool, typer.Option(help="Whether origin, segment, month and speed change the chances.")
    ] = True,
) -> None:
    """Write the exports of an invented company whose true rates are known."""
    fa.write_sample(directory, leads=leads, seed=seed, effects=effects)
    typer.echo(
        f"wrote {directory}: load it with: funnel load {directory} --preset sample --db FILE"
    )
