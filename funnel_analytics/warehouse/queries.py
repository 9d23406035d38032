"""Loads `.sql` files; holds queries to their header and fills statements with identifiers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from funnel_analytics.errors import QueryError, did_you_mean
from funnel_analytics.warehouse.dialect import DuckDBDialect

__all__ = ["QueryText", "checked_parameters", "load_query", "query_names", "statement"]

_FOLDERS = ("checks", "marts", "metrics", "warehouse")
_STATEMENTS = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
_PARAMETER = re.compile(r"\$([a-z_][a-z0-9_]*)")
_COMMENT = re.compile(r"--[^\n]*")
_TEXT = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True)
class QueryText:
    """One `.sql` file: its grain, its parameters and its text for one engine."""

    name: str
    grain: str
    parameters: tuple[str, ...]
    text: str


def query_names(folder: str) -> tuple[str, ...]:
    """The queries of a folder of `sql/`, such as `checks`, as `checks/name`."""
    found = resources.files("funnel_analytics").joinpath("sql", folder)
    return tuple(
        sorted(f"{folder}/{file.name[:-4]}" for file in found.iterdir() if file.name[-4:] == ".sql")
    )


@cache
def load_query(name: str, stages: int) -> QueryText:
    """Read `sql/<name>.sql`, check its header and render it for an agreement with `stages` stages.

    Raises
    ------
    QueryError
        No such file, no header, or parameters in the body that the header does not list (or the
        other way round).
    """
    file = resources.files("funnel_analytics").joinpath("sql", *f"{name}.sql".split("/"))
    if not file.is_file():
        known = [each for folder in _FOLDERS for each in query_names(folder)]
        raise QueryError(f"There is no query '{name}'.{did_you_mean(name, known)}")
    source = file.read_text(encoding="utf-8")
    grain, declared = _header(name, source)
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    given: dict[str, Any] = {
        "stages": list(range(1, stages + 1)),
        **DuckDBDialect().macros(),
    }

    def shared(fragment: str) -> Callable[[], str]:
        return lambda: environment.from_string(fragment).render(**given)

    given |= {name: shared(fragment) for name, fragment in _fragments().items()}
    text = environment.from_string(source).render(**given)
    used = set(_PARAMETER.findall(_TEXT.sub("''", _COMMENT.sub("", text))))
    if used != set(declared):
        raise QueryError(
            f"{name}.sql: the header lists {_names(declared)}, "
            f"the body uses {_names(sorted(used))}."
        )
    return QueryText(name, grain, declared, text)


def statement(name: str, **identifiers: Any) -> str:
    """The text of `sql/<name>.sql` with names of tables and columns filled in.

    For statements whose tables or columns are known only when a file is read. Values still travel
    as parameters; identifiers come from `schema/tables.py` or are made by us.
    """
    template = _template(name)
    return template if isinstance(template, str) else template.render(**identifiers)


@cache
def _fragments() -> dict[str, str]:
    """Steps that several queries share, word for word, by name; one may hold others."""
    found = resources.files("funnel_analytics").joinpath("sql", "fragments")
    return {
        file.name[:-4]: file.read_text(encoding="utf-8").rstrip()
        for file in found.iterdir()
        if file.name[-4:] == ".cte"
    }


@cache
def _template(name: str) -> jinja2.Template | str:
    """The text itself where there is nothing to fill in: compiling one takes milliseconds."""
    file = resources.files("funnel_analytics").joinpath("sql", *f"{name}.sql".split("/"))
    text = file.read_text(encoding="utf-8")
    return _STATEMENTS.from_string(text) if "{" in text else text


def checked_parameters(query: QueryText, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values for a query, after checking that none is missing and none is left over."""
    if set(given) != set(query.parameters):
        raise QueryError(
            f"{query.name}.sql takes {_names(query.parameters)}; it was given "
            f"{_names(sorted(given))}."
        )
    return dict(given)


def _header(name: str, source: str) -> tuple[str, tuple[str, ...]]:
    lines = []
    for line in source.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line[2:].strip())
    listed = [line for line in lines if line.startswith("params:")]
    if not lines or not lines[0].startswith("One row") or len(listed) != 1:
        raise QueryError(
            f"{name}.sql must begin with '-- One row …' and have one line '-- params: …'."
        )
    place = lines.index(listed[0])
    last = place + 1
    while lines[last - 1].endswith(",") and last < len(lines):  # a list goes on after a comma
        last += 1
    words = " ".join(lines[place:last]).removeprefix("params:").replace(",", " ").split()
    grain = " ".join([*lines[:place], *lines[last:]])
    return grain, () if words == ["none"] else tuple(words)


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"${name}" for name in names) if names else "no parameters"
