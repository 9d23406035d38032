"""One load at a time, and its result in one step: whatever is killed when, a warehouse is whole."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from funnel_analytics.errors import DataError, FunnelError
from funnel_analytics.warehouse import EngineError

__all__ = ["Work", "only_load", "put_in_place"]

Work = Literal["load", "removal"]
_NEXT = {"load": "load again", "removal": "run funnel forget again; nobody was removed"}


@contextmanager
def only_load(target: Path, *, work: Work) -> Iterator[Path]:
    """Hold the lock of a warehouse and yield an empty folder beside it to build in.

    `work`: a load, or the removal of a person.

    What a killed load left behind is removed first, the folder last.

    Raises
    ------
    DataError
        Another load of the same warehouse is running, and the message names it; or the disk is
        full.
    """
    try:
        with _locked_folder(target, work) as folder:
            yield folder
    except (OSError, EngineError, FunnelError) as error:
        if not _is_of_full_disk(error):
            raise
        now = "The warehouse is unchanged." if target.exists() else "No warehouse was written."
        raise DataError(
            f"The disk is full at {target.parent}, where {target.name} is built beside the old "
            f"one. {now} Make room there, or name another --db, then {_NEXT[work]}."
        ) from error


@contextmanager
def _locked_folder(target: Path, work: Work) -> Iterator[Path]:
    with target.with_name(f".{target.name}.lock").open("a+", encoding="utf-8") as file:
        file.seek(0)
        if not _locked(file):
            other, _, process = file.read().strip().partition(": ")
            raise DataError(
                f"{'Another' if other == work else 'A'} {other or 'load'} of {target.name} is "
                f"running ({process or 'just begun'}). Wait for it to end, then {_NEXT[work]}."
            )
        file.truncate(0)
        file.write(
            f"{work}: process {os.getpid()}, since "
            f"{datetime.now(tz=UTC).astimezone():%Y-%m-%d %H:%M:%S}"
        )
        file.flush()
        for left in target.parent.glob(f".{_literal(target.name)}.build-*"):
            shutil.rmtree(left, ignore_errors=True)
        folder = target.with_name(f".{target.name}.build-{os.getpid()}")
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            file.truncate(0)


def put_in_place(build: Path, target: Path) -> None:
    """Let a finished file take the place of the old one, safe against a loss of power too.

    Readers that have the old file open keep reading it. A new one is its owner's alone to read;
    one that takes the place of another is open to whom that was.
    """
    build.chmod(stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o600)
    _to_disk(build)
    build.replace(target)
    if os.name != "nt":  # there, folders cannot be opened
        _to_disk(target.parent)


def _to_disk(path: Path) -> None:
    # Windows flushes only what is open for writing.
    number = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _is_of_full_disk(error: BaseException) -> bool:
    """Does an error, or what brought it about, say that there is no room left?"""
    texts = ("No space left on device", "not enough space on the disk")
    found: BaseException | None = error
    while found is not None:
        is_full = isinstance(found, OSError) and found.errno in (errno.ENOSPC, errno.EDQUOT)
        if is_full or any(text in str(found) for text in texts):
            return True
        found = found.__cause__ or found.__context__
    return False


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
