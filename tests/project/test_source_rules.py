"""Rules that hold for every source file of the package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.project.tree import PACKAGE, project_files, python_files, shown

MODULES = python_files("funnel_analytics")
LONGEST_MODULE = 400

_COLOUR = re.compile(
    r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})(?![0-9a-zA-Z])|\b(?:rgb|hsl)a?\("
)
_COLOURED = {".css", ".html", ".j2", ".js", ".py", ".toml"}


def colours(text: str) -> list[str]:
    return _COLOUR.findall(text)


def strings(tree: ast.AST) -> list[str]:
    """The texts in the code, docstrings and comments left out."""
    documented = (ast.AsyncFunctionDef, ast.ClassDef, ast.FunctionDef, ast.Module)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


def broad(handler: ast.ExceptHandler) -> bool:
    """Does it catch everything and keep it? One that raises again, or raises from it, does not."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and (last.exc is None or last.cause is not None):
        return False
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        each is None or (isinstance(each, ast.Name) and each.id in ("BaseException", "Exception"))
        for each in caught
    )


def faults(text: str) -> list[str]:
    tree = ast.parse(text)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "print":
                found.append(f"line {node.lineno}: print")
        elif isinstance(node, ast.ExceptHandler) and broad(node):
            found.append(f"line {node.lineno}: broad except")
    return found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("print('x')", "line 1: print"),
        ("try:\n    f()\nexcept:\n    pass", "line 3: broad except"),
        ("try:\n    f()\nexcept Exception:\n    pass", "line 3: broad except"),
        ("try:\n    f()\nexcept (OSError, Exception):\n    pass", "line 3: broad except"),
        ("try:\n    f()\nexcept Exception:\n    raise ValueError('x')", "line 3: broad except"),
    ],
)
def test_the_rules_find_what_they_forbid(text: str, fault: str):
    assert faults(text) == [fault]


@pytest.mark.parametrize(
    "handler",
    [
        "except (OSError, ValueError):\n    pass",
        "except BaseException:\n    raise",
        "except Exception as error:\n    raise ValueError('told') from error",
    ],
)
def test_the_rules_allow_a_named_exception_and_cleaning_up(handler: str):
    assert faults(f"try:\n    f()\n{handler}") == []


@pytest.mark.parametrize("text", ["#0072B2", "#abc", "rgb(1, 2, 3)", "rgba(0,0,0,.1)", "hsl(1"])
def test_a_colour_is_recognised(text: str):
    assert colours(text)


@pytest.mark.parametrize("text", ["#figure-one", "#12345", "#{k}", "no colour", "#cells"])
def test_what_is_no_colour_is_not(text: str):
    assert not colours(text)


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_no_print_and_no_broad_except(path: Path):
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", python_files("funnel_analytics", "benchmarks"), ids=shown)
def test_module_is_short(path: Path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines < LONGEST_MODULE, f"{lines} lines: split it"


def test_only_the_theme_holds_colours():
    found = {}
    for path in project_files():
        if PACKAGE not in path.parents or path.suffix not in _COLOURED or path.stem == "theme":
            continue
        text = path.read_text(encoding="utf-8")
        texts = strings(ast.parse(text)) if path.suffix == ".py" else [text]
        if any(colours(each) for each in texts):
            found[shown(path)] = [colour for each in texts for colour in colours(each)]
    assert found == {}
