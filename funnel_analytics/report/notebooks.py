"""Where the report notebooks lie, and how one is read."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from funnel_analytics.errors import CallError, did_you_mean

__all__ = ["find_notebook", "headings", "language_of", "read_notebook", "source", "tags"]

LANGUAGES = ("de", "en")


def find_notebook(name: str) -> Path:
    """Which notebook does a name mean?

    A path to an `.ipynb` file is taken as it is. A bare name is looked for in `./notebooks`, then
    among the notebooks installed with the package, then in `notebooks/` of the checkout.

    Raises
    ------
    CallError
        No such notebook; the message lists those that there are.
    """
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return path
    if len(path.parts) > 1:
        raise CallError(f"There is no notebook at '{name}'.")
    wanted = name.removesuffix(".ipynb")
    known: dict[str, Path] = {}
    for folder in _folders():
        for each in sorted(folder.glob("*.ipynb")):
            known.setdefault(each.stem, each)
    if wanted not in known:
        raise CallError(
            f"There is no notebook '{wanted}'. Notebooks: {', '.join(sorted(known)) or 'none'}."
            f"{did_you_mean(wanted, known)}"
        )
    return known[wanted]


def _folders() -> tuple[Path, ...]:
    package = Path(str(resources.files("funnel_analytics")))
    return Path("notebooks"), package / "notebooks", package.parent / "notebooks"


def read_notebook(path: Path) -> dict[str, Any]:
    """A notebook file as plain values, checked as far as a report relies on it.

    Raises
    ------
    CallError
        The file cannot be read or is not a notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CallError(f"{path} is not a Jupyter notebook: {error}.") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise CallError(f"{path} is not a Jupyter notebook of format 4: it has no cells.")
    return notebook


def tags(cell: Any) -> frozenset[str]:
    """The tags of a cell."""
    return frozenset(cell.get("metadata", {}).get("tags", ()))


def language_of(cell: Any) -> str | None:
    """The language that a cell is written in, None if it serves every language."""
    return next((each for each in LANGUAGES if each in tags(cell)), None)


def headings(cells: Sequence[Any], *, language: str) -> list[str]:
    """The headings of the cells that a language keeps, as plain text, in order."""
    return [
        re.sub(r"[*_`]", "", found)
        for cell in cells
        if cell["cell_type"] == "markdown" and language_of(cell) in (None, language)
        for found in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", source(cell), flags=re.MULTILINE)
    ]


def source(cell: Any) -> str:
    """The text of a cell, which a file may hold as one text or as a list of lines."""
    text = cell["source"]
    return text if isinstance(text, str) else "".join(text)
