"""The parameters of a notebook: declared in its tagged cell, checked before anything runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from pydantic import ConfigDict, TypeAdapter, ValidationError

from funnel_analytics.errors import CallError, did_you_mean, listed
from funnel_analytics.report.notebooks import LANGUAGES, read_notebook, source, tags

__all__ = ["Parameter", "check_parameters", "notebook_parameters"]

_TYPES: Mapping[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "list[str]": list[str],
}
_ALLOWED = "str, int, float, bool, list[str] or Optional[…] of one of them"
_WANTED: Mapping[Any, str] = {
    str: "a text (str)",
    int: "a whole number (int) such as 30",
    float: "a number (float) such as 0.8, with a decimal point and no thousands separator",
    bool: "true or false (bool)",
    list[str]: "a list of texts (list[str]), on a command line separated by commas",
}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", flags=re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+", flags=re.ASCII)


class Parameter(NamedTuple):
    """One parameter of a notebook: the type of its values and the value it has unless given."""

    type: Any
    default: object


def notebook_parameters(path: Path) -> dict[str, Parameter]:
    """Which parameters does a notebook take?

    They are the annotated assignments of its cell tagged `parameters`, such as
    `period: str = "2026-10"`, read without running anything. A notebook without that cell takes
    none.

    Raises
    ------
    CallError
        The cell holds something else, an unknown type, or a default of another type.
    """
    found: dict[str, Parameter] = {}
    problems: list[str] = []
    for cell in read_notebook(path)["cells"]:
        if cell["cell_type"] == "code" and "parameters" in tags(cell):
            try:
                statements = ast.parse(source(cell)).body
            except SyntaxError as error:
                problems.append(f"line {error.lineno} of the parameters cell is not Python")
                continue
            for statement in statements:
                _declare(statement, found, problems)
    if problems:
        raise CallError(f"The parameters of {path.name} cannot be read:\n{listed(problems)}")
    return found


def _declare(statement: ast.stmt, found: dict[str, Parameter], problems: list[str]) -> None:
    text = ast.unparse(statement)
    if text == "from typing import Optional" or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    ):
        return
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        problems.append(f"'{text}' declares no parameter; write name: type = value")
        return
    name = statement.target.id
    kind = _type(statement.annotation)
    if kind is None:
        problems.append(
            f"'{text}': the type '{ast.unparse(statement.annotation)}' is not {_ALLOWED}"
        )
        return
    if statement.value is None:
        problems.append(f"'{text}': the parameter has no default")
        return
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        problems.append(f"'{text}': the default is not a plain value")
        return
    problem = _fault(name, default, kind)
    if problem:
        problems.append(problem)
    found[name] = Parameter(kind, default)


def _type(annotation: ast.expr) -> Any | None:
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) in (
        "Optional",
        "typing.Optional",
    ):
        inner = _TYPES.get(ast.unparse(annotation.slice))
        return None if inner is None else inner | None
    return _TYPES.get(ast.unparse(annotation))


def check_parameters(
    declared: Mapping[str, Parameter], *, given: Mapping[str, object], notebook: str
) -> dict[str, Any]:
    """Every parameter of a notebook with its value: the given ones, else the defaults.

    A text given for a parameter of another type is read as on a command line: `"30"` is a whole
    number, `"true"` a bool, `"first,linear"` a list, and the empty text is None where None may be.

    Raises
    ------
    CallError
        Unknown names and values of another type, all of them at once.
    """
    problems: list[str] = []
    values: dict[str, Any] = {name: each.default for name, each in declared.items()}
    for name, value in given.items():
        if name not in declared:
            problems.append(
                f"'{name}' is unknown; the notebook takes {', '.join(declared) or 'none'}."
                f"{did_you_mean(name, declared)}"
            )
            continue
        kind = declared[name].type
        read = _from_text(value, kind) if isinstance(value, str) else value
        problem = _fault(name, read, kind)
        if problem:
            problems.append(problem)
        elif name == "language" and read not in LANGUAGES:
            problems.append(f"language is '{read}'; it must be {' or '.join(LANGUAGES)}.")
        values[name] = read
    if problems:
        raise CallError(f"{notebook} cannot run with these parameters:\n{listed(problems)}")
    return values


def _plain_type(kind: Any) -> tuple[Any, bool]:
    if get_origin(kind) in (Union, UnionType):
        return next(each for each in get_args(kind) if each is not type(None)), True
    return kind, False


def _fault(name: str, value: object, kind: Any) -> str:
    try:
        TypeAdapter(kind, config=ConfigDict(strict=True, allow_inf_nan=False)).validate_python(
            value
        )
    except ValidationError:
        inner, may_be_none = _plain_type(kind)
        shown = repr(value) if isinstance(value, str) else f"{value!r} ({type(value).__name__})"
        return f"{name} is {shown}; it must be {_WANTED[inner]}{' or None' if may_be_none else ''}."
    return ""


def _from_text(text: str, kind: Any) -> object:
    """The value that a text stands for; the text itself if it stands for none of the type."""
    inner, may_be_none = _plain_type(kind)
    if may_be_none and text == "":
        return None
    if inner is bool:
        return {"true": True, "false": False}.get(text, text)
    if inner is int:
        return int(text) if re.fullmatch(r"[+-]?\d+", text, flags=re.ASCII) else text
    if inner is float:
        is_number = _NUMBER.fullmatch(text) and not _THOUSANDS.fullmatch(text)
        return float(text) if is_number else text
    if inner == list[str]:
        return [each.strip() for each in text.split(",")] if text else []
    return text
