"""A working folder to start from: an agreement to fill in, folders, the notebooks."""

from __future__ import annotations

import re
import shutil
from importlib import resources
from pathlib import Path

from funnel_analytics.errors import CallError

__all__ = ["create_workspace"]

# The sample's people are invented and its ids plain; those of real people are pseudonyms.
_INVENTED = re.compile(r'^ids = "plain".*$', re.MULTILINE)
_REAL = 'ids = "pseudonym"'


def create_workspace(directory: Path | str) -> tuple[Path, ...]:
    """Write `agreement.toml`, `targets.csv`, `data/raw/`, `reports/` and `notebooks/`.

    The agreement is the sample company's, to be rewritten in the two departments' own words.

    Returns
    -------
    tuple of Path
        What was written.

    Raises
    ------
    CallError
        One of these is already there; nothing is overwritten.
    """
    folder = Path(directory)
    package = Path(str(resources.files("funnel_analytics")))
    notebooks = next(
        each for each in (package / "notebooks", package.parent / "notebooks") if each.is_dir()
    )
    agreement = folder / "agreement.toml"
    targets = folder / "targets.csv"
    copies = {folder / "notebooks" / each.name: each for each in sorted(notebooks.glob("*.ipynb"))}
    taken = [str(each) for each in (agreement, targets, *copies) if each.exists()]
    if taken:
        raise CallError(
            f"{', '.join(taken)}: already there. Choose an empty folder; nothing was written."
        )
    for each in ("data/raw", "reports", "notebooks"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    presets = resources.files("funnel_analytics.sources").joinpath("presets")
    text = presets.joinpath("sample.agreement.toml").read_text(encoding="utf-8")
    agreement.write_text(_INVENTED.sub(_REAL, text), encoding="utf-8")
    targets.write_text("month,metric,dimension,value\n", encoding="utf-8")
    for target, source in copies.items():
        shutil.copyfile(source, target)
    return (agreement, targets, *copies)
