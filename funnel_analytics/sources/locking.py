"""One load at a time: a lock that the system frees even when a load is killed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from funnel_analytics.errors import DataError

__all__ = ["only_load"]


@contextmanager
def only_load(target: Path) -> Iterator[Path]:
    """Hold the lock of a warehouse and yield an empty folder beside it to build in.

    What a killed load left behind is removed first, the folder last.

    Raises
    ------
    DataError
        Another load of the same warehouse is running; the message names it.
    """
    with target.with_name(f".{target.name}.lock").open("a+", encoding="utf-8") as file:
        file.seek(0)
        if not _locked(file):
            raise DataError(
                f"Another load of {target.name} is running ({file.read().strip() or 'just begun'})."
                " Wait for it to end, then load again."
            )
        file.truncate(0)
        file.write(
            f"process {os.getpid()}, since {datetime.now(tz=UTC).astimezone():%Y-%m-%d %H:%M:%S}"
        )
        file.flush()
        for left in target.parent.glob(f".{_literal(target.name)}.build-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = target.with_name(f".{target.name}.build-{os.getpid()}")
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            file.truncate(0)


def _literal(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def _locked(file: IO[str]) -> bool:
    """Take the lock if nobody has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        with suppress(OSError):
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            return True
        return False
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
