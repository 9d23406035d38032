"""One strict run of a notebook through papermill: it ends with every cell done, or not at all."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from funnel_analytics import errors
from funnel_analytics.errors import FunnelError, ReportError
from funnel_analytics.report.notebooks import headings, read_notebook, source, tags

__all__ = ["Progress", "run_notebook", "step_count"]

Progress = Callable[[int, int, str], None]
_LOG = logging.getLogger(__name__)
_LONGEST_MESSAGE = 300
_NUMBER = "funnel_analytics_cell"
# Building the grammars of this optional module takes two seconds, here and in the kernel.
_QUICK = "import sys\nsys.modules.setdefault('rfc3987_syntax', None)\ndel sys\n"


def run_notebook(
    path: Path,
    *,
    parameters: Mapping[str, Any],
    language: str,
    failed: Path,
    scratch: Path,
    progress: Progress | None,
) -> Any:
    """What does a notebook show for these parameters?

    It runs in its own folder, in a fresh kernel of this Python, without its `lab` cells. `progress`
    is told before each code cell: cells done, steps in all (the page is the last), last heading.

    Returns
    -------
    NotebookNode
        The notebook with its outputs; each cell knows its number in the file.

    Raises
    ------
    ReportError
        A cell failed. The notebook as far as it ran lies at `failed`. If the package refused
        something on purpose the message is its own, and so is the exit code.
    """
    prepared, output = scratch / "prepared.ipynb", scratch / "executed.ipynb"
    notebook = _prepared(path)
    steps = step_count(path)
    prepared.write_text(json.dumps(notebook), encoding="utf-8")
    with _surroundings(scratch):
        import jupyter_client.kernelspec
        import papermill
        from papermill.exceptions import PapermillExecutionError
        from traitlets.config import Config

        try:
            done = papermill.execute_notebook(
                prepared,
                output,
                parameters=dict(parameters),
                kernel_name="python3",
                language="python",
                cwd=path.resolve().parent,
                progress_bar=False,
                log_output=False,
                on_cell_start=_reporter(notebook["cells"], steps, language, progress),
                config=Config({"KernelManager": {"transport_encryption": "auto"}}),
            )
        except PapermillExecutionError as error:
            raise _failure(path, error, output, failed, language) from None
        except jupyter_client.kernelspec.NoSuchKernel as error:
            raise ReportError(
                f"{path.stem} could not start: this Python has no Jupyter kernel. "
                "Install ipykernel beside funnel_analytics."
            ) from error
        except (RuntimeError, TimeoutError) as error:
            raise ReportError(
                f"{path.stem} stopped because its kernel ended or did not answer: "
                f"{_first_line(str(error))} No report was written. {_keep(output, failed)}"
            ) from error
    _refuse_unfinished(path, done, output, failed)
    _log_warnings(path, done)
    if progress is not None:
        progress(steps - 1, steps, f"{path.stem}.html")
    return done


def step_count(path: Path) -> int:
    """How many steps does a report take: its code cells, and one for its page."""
    return sum(_runs(cell) for cell in _prepared(path)["cells"]) + 1


def _prepared(path: Path) -> dict[str, Any]:
    notebook = read_notebook(path)
    for number, cell in enumerate(notebook["cells"], start=1):
        cell.setdefault("metadata", {})[_NUMBER] = number
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    notebook["cells"] = [cell for cell in notebook["cells"] if "lab" not in tags(cell)]
    return notebook


@contextmanager
def _surroundings(scratch: Path) -> Iterator[None]:
    """Keep the start quick, the kernel off the user's own profile, and warnings of tools quiet."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    startup = scratch / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-quick.py").write_text(_QUICK, encoding="utf-8")
    ours = {
        "IPYTHONDIR": str(scratch / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
        "PLOTLY_RENDERER": "plotly_mimetype",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
    }
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _reporter(
    cells: list[dict[str, Any]], total: int, language: str, progress: Progress | None
) -> Callable[..., None]:
    done = 0

    def start(*, cell: Any, cell_index: int) -> None:
        nonlocal done
        if progress is not None and _NUMBER in cell["metadata"] and _runs(cell):
            number = cell["metadata"][_NUMBER]
            before = [each for each in cells if each["metadata"][_NUMBER] < number]
            progress(done, total, _last_heading(before, language))
            done += 1

    return start


def _last_heading(cells: list[dict[str, Any]], language: str) -> str:
    return next(reversed(headings(cells, language=language)), "")


def _runs(cell: Any) -> bool:
    return cell["cell_type"] == "code" and bool(source(cell).strip())


def _failure(path: Path, error: Any, output: Path, failed: Path, language: str) -> ReportError:
    cells = read_notebook(output)["cells"]
    index = next(index for index, cell in enumerate(cells) if _has_error(cell))
    number = cells[index]["metadata"].get(_NUMBER)
    under = _last_heading(cells[1:index], language)
    place = (f"cell {number}" if number else "the cell of its parameters") + (
        f" (below '{under}')" if under else ""
    )
    kept = _keep(output, failed)
    kind = getattr(errors, error.ename, None)
    if isinstance(kind, type) and issubclass(kind, FunnelError):
        refused = ReportError(
            f"{error.evalue}\n{path.stem} stopped in {place}; no report was written. {kept}"
        )
        refused.exit_code = kind.exit_code
        return refused
    return ReportError(
        f"{path.stem} stopped in {place}: {error.ename}: {_first_line(error.evalue)}\n"
        f"No report was written. {kept}"
    )


def _has_error(cell: Any) -> bool:
    return any(each["output_type"] == "error" for each in cell.get("outputs", ())) or bool(
        cell.get("metadata", {}).get("papermill", {}).get("exception")
    )


def _refuse_unfinished(path: Path, done: Any, output: Path, failed: Path) -> None:
    for cell in done.cells:
        status = cell.metadata.get("papermill", {}).get("status", "completed")
        if _runs(cell) and (_has_error(cell) or status != "completed"):
            raise ReportError(
                f"{path.stem} left its run early, in cell {cell.metadata.get(_NUMBER)}. "
                f"No report was written. {_keep(output, failed)}"
            )


def _keep(output: Path, failed: Path) -> str:
    if not output.exists():
        return "It left no notebook behind."
    whole = output.with_name(failed.name)
    shutil.copyfile(output, whole)
    whole.replace(failed)
    return f"The notebook as far as it ran is {failed}."


def _first_line(text: str) -> str:
    line = next((each.strip() for each in text.splitlines() if each.strip()), "no message")
    return line if len(line) <= _LONGEST_MESSAGE else line[:_LONGEST_MESSAGE] + "…"


def _log_warnings(path: Path, done: Any) -> None:
    for cell in done.cells:
        for each in cell.get("outputs", ()):
            if each.output_type == "stream" and each.name == "stderr":
                number = cell.metadata.get(_NUMBER)
                _LOG.warning("%s, cell %s: %s", path.stem, number, each.text.strip())
