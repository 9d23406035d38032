"""The command `funnel`: the public functions for the shell.

Exit codes: 0 good, 1 the data or a check says no, 2 wrong call.
"""

from __future__ import annotations

import sys

import typer

from funnel_analytics.cli import data, metrics
from funnel_analytics.cli.options import app
from funnel_analytics.errors import FunnelError
from funnel_analytics.warehouse import EngineError

__all__ = ["app", "data", "main", "metrics"]


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
