"""A page as PDF, printed by a Chromium that is already on the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from funnel_analytics.errors import ReportError

__all__ = ["browser_command", "find_browser", "print_pdf"]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)
_SECONDS = 120
_DRAWING_MILLISECONDS = 20_000


def find_browser() -> str | None:
    """The Chromium or Chrome to print with: BROWSER_PATH if set, else the first on the path."""
    chosen = os.environ.get("BROWSER_PATH")
    if chosen:
        return shutil.which(chosen)
    return next((found for name in _BROWSERS if (found := shutil.which(name))), None)


def browser_command(browser: str, *, profile: Path) -> list[str]:
    """How the browser is started: out of sight, on its own, until the charts are drawn."""
    return [
        browser,
        *_FLAGS,
        *(("--no-sandbox",) if _is_root() else ()),
        f"--user-data-dir={profile}",
        f"--virtual-time-budget={_DRAWING_MILLISECONDS}",
    ]


def print_pdf(html: Path, *, pdf: Path) -> None:
    """Print a page that stands in a file, charts drawn, as A4 landscape.

    Raises
    ------
    ReportError
        There is no Chromium, or it failed; the page itself stays where it is.
    """
    browser = find_browser()
    if browser is None:
        raise ReportError(
            f"The report is at {html}, but there is no PDF: no Chromium or Chrome was found. "
            "Install one, or name it in the environment variable BROWSER_PATH."
        )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        try:
            done = subprocess.run(
                [
                    *browser_command(browser, profile=Path(profile)),
                    "--no-pdf-header-footer",
                    f"--print-to-pdf={pdf.resolve()}",
                    html.resolve().as_uri(),
                ],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ReportError(
                f"The report is at {html}, but there is no PDF: {browser} did not finish within "
                f"{_SECONDS} seconds."
            ) from error
        except OSError as error:
            raise ReportError(
                f"The report is at {html}, but there is no PDF: {browser} cannot be started "
                f"({error.strerror})."
            ) from error
    if not pdf.is_file() or not pdf.read_bytes().startswith(b"%PDF"):
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ReportError(
            f"The report is at {html}, but there is no PDF: {browser} ended with code "
            f"{done.returncode} ({said})."
        )


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
