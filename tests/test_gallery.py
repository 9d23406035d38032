"""docs/gallery.md shows every figure, and its calls are calls that can be made."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import funnel_analytics as fa
from funnel_analytics import plots
from funnel_analytics.plots.groups import MOST_LINES, MOST_ROWS

PAGE = (Path(__file__).parents[1] / "docs" / "gallery.md").read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL))


def calls() -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(CODE)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def named(path: str) -> Any:
    found: Any = {"fa": fa}[path.split(".")[0]]
    for part in path.split(".")[1:]:
        found = getattr(found, part)
    return found


def test_every_figure_has_a_heading_and_a_call() -> None:
    headings = re.findall(r"^### (.*)$", PAGE, flags=re.MULTILINE)
    shown = [name for heading in headings for name in re.findall(r"`(\w+)`", heading)]
    assert sorted(shown) == sorted(plots.__all__)
    drawn = {path.removeprefix("fa.plots.") for path, _ in calls() if "fa.plots." in path}
    assert drawn == set(plots.__all__)


@pytest.mark.parametrize(("path", "call"), [(path, call) for path, call in calls()])
def test_every_call_fits_its_function(path: str, call: ast.Call) -> None:
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    inspect.signature(named(path)).bind(*call.args, **given)


def test_the_page_says_how_many_groups_are_drawn() -> None:
    assert MOST_LINES == 5
    assert "draw the five largest" in PAGE
    assert f"largest that fit into {MOST_ROWS} rows" in PAGE.replace("\n  ", " ")
