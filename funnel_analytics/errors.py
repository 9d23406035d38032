"""Every exception that the package raises on purpose.

Each is also a builtin kind, so callers may catch `ValueError` as usual. A message says what is
wrong, where, how much of it and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import pandas as pd

__all__ = [
    "AgreementError",
    "CallError",
    "DataError",
    "FunnelError",
    "MissingTableError",
    "QueryError",
    "ReportError",
    "SourceError",
    "ThinDataError",
    "counted",
    "did_you_mean",
    "listed",
]


class FunnelError(Exception):
    """Something this package can explain to its user."""

    exit_code = 1


class AgreementError(FunnelError, ValueError):
    """The agreement has faults; the message lists all of them with their places."""

    exit_code = 2


class CallError(FunnelError, ValueError):
    """A call names something that does not exist or makes no sense."""

    exit_code = 2


class MissingRuleError(CallError):
    """A metric needs a part that the agreement does not have: `section` names it, `[handover]`."""

    def __init__(self, message: str, *, section: str) -> None:
        super().__init__(message)
        self.section = section


class DataError(FunnelError, ValueError):
    """The data contradict themselves, the agreement or `as_of`; `rows` holds a sample."""

    def __init__(self, message: str, *, rows: pd.DataFrame | None = None) -> None:
        super().__init__(message)
        self.rows = rows


class MissingTableError(DataError, LookupError):
    """A metric needs a table that nobody loaded, or a column of it that no row states."""

    def __init__(self, message: str, *, table: str, column: str | None = None) -> None:
        super().__init__(message)
        self.table = table
        self.column = column


class ThinDataError(DataError):
    """The data are too thin for an answer: `reason` names what is missing, `facts` say how much."""

    def __init__(self, message: str, *, reason: str, **facts: Any) -> None:
        super().__init__(message)
        self.reason = reason
        self.facts = facts


class SourceError(DataError):
    """An export file cannot be read as its preset says."""


class ReportError(FunnelError, RuntimeError):
    """A notebook failed; no report was written."""


class QueryError(FunnelError, ValueError):
    """A `.sql` file and its call disagree about parameters."""


def counted(count: int, noun: str) -> str:
    """A count with its noun: `"1 row"`, `"3 rows"`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Which known name is nearest to a mistyped one?

    Returns
    -------
    str
        `" Did you mean 'opportunity'?"`, or the empty string if nothing is near.
    """
    known = {name.casefold(): name for name in candidates}
    near = difflib.get_close_matches(word.casefold(), list(known), n=1, cutoff=0.6)
    return f" Did you mean '{known[near[0]]}'?" if near else ""


def listed(problems: Iterable[str]) -> str:
    """All problems in one text, one bullet each."""
    return "\n".join(f"- {problem}" for problem in problems)
