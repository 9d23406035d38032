"""Notebooks are thin stories, stored without what running them leaves behind."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.project.tree import project_files, shown

NOTEBOOKS = [path for path in project_files() if path.suffix == ".ipynb"]
MOST_CODE_CELLS = 12

_LOGIC = (
    ast.AsyncFor,
    ast.AsyncFunctionDef,
    ast.AugAssign,
    ast.BinOp,
    ast.ClassDef,
    ast.DictComp,
    ast.For,
    ast.FunctionDef,
    ast.GeneratorExp,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.Try,
    ast.While,
)
_SQL = re.compile(
    r"\b(select\b[\s\S]*\bfrom|insert\s+into|update\b[\s\S]*\bset|delete\s+from)\b", re.IGNORECASE
)


def faults(notebook: dict[str, Any]) -> list[str]:
    """What breaks the rules in a notebook."""
    found = []
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    if len(cells) > MOST_CODE_CELLS:
        found.append(f"{len(cells)} code cells, more than {MOST_CODE_CELLS}")
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] != "code":
            continue
        if cell["outputs"]:
            found.append(f"cell {number}: stored with outputs")
        if cell["execution_count"] is not None:
            found.append(f"cell {number}: stored with an execution count")
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, _LOGIC):
                found.append(f"cell {number}: {type(node).__name__} belongs into the package")
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _SQL.search(node.value)
            ):
                found.append(f"cell {number}: SQL belongs into a file")
    return found


def code(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "outputs": [], "execution_count": None, **more}


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        (code("for x in y:\n    x.show()"), "For"),
        (code("def f():\n    return 1"), "FunctionDef"),
        (code("rate = won / leads"), "BinOp"),
        (code("warehouse.query('select * from leads')"), "SQL"),
        (code("x", outputs=[{}]), "outputs"),
        (code("x", execution_count=3), "execution count"),
    ],
)
def test_the_rules_find_what_they_forbid(cell: dict[str, Any], fault: str):
    (found,) = faults({"cells": [cell]})
    assert fault in found


def test_the_rules_allow_a_plain_story():
    story = code("import funnel_analytics as fa\n\nfunnel = fa.stage_conversion(w, cohort=october)")
    assert faults({"cells": [story] * MOST_CODE_CELLS}) == []
    assert faults({"cells": [story] * (MOST_CODE_CELLS + 1)}) == ["13 code cells, more than 12"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=shown)
def test_notebook_is_thin_and_stored_clean(path: Path):
    assert faults(json.loads(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=shown)
def test_notebook_has_its_parameters_and_no_kernel_of_its_own(path: Path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    tagged = [
        cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])
    ]
    assert len(tagged) == 1
    assert notebook["metadata"].get("kernelspec", {}).get("name", "python3") == "python3"
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
