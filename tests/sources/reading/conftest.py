"""What every test of reading needs: files in a folder, wants, and the copy read back."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from funnel_analytics.sources.reading import CleanCopy, Layout, Member, members, read_member
from funnel_analytics.warehouse import Connection, connect


class Wanted:
    """Wants some columns: all of `needed` must be there; `hashed` are hashed."""

    def __init__(self, *needed: str, more: tuple[str, ...] = (), hashed: str = "") -> None:
        self.needed = needed
        self.more = more
        self.hashed = hashed

    def columns(self, header: list[str]) -> list[str] | None:
        if not set(self.needed) <= set(header):
            return None
        return [each for each in header if each in {*self.needed, *self.more}]

    def hashes(self, header: str) -> Callable[[str], str | None] | None:
        if header != self.hashed:
            return None
        return lambda text: f"h{len(text)}" if "@" in text else None


class Reading:
    """Reads files of a folder; `rows` are those of the last clean copy, the line first."""

    def __init__(self, folder: Path, connection: Connection) -> None:
        self.folder = folder
        self.connection = connection
        self.target = folder / "clean.copy"

    def write(self, name: str, content: bytes | str) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def __call__(
        self, name: str, content: bytes | str | None = None, *, wants: Any = None, **layout: Any
    ) -> CleanCopy:
        path = self.folder / name if content is None else self.write(name, content)
        (member,) = members(path)
        return self.member(member, wants=wants, **layout)

    def member(self, member: Member, *, wants: Any = None, **layout: Any) -> CleanCopy:
        return read_member(
            member,
            self.target,
            layout=Layout(**layout),
            wants=wants or Wanted("Id", more=("Amount", "Day", "Note")),
            connection=self.connection,
        )

    @property
    def rows(self) -> list[list[str]]:
        with self.target.open(encoding="utf-8", newline="") as file:
            return list(csv.reader(file))


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    with connect(":memory:", read_only=False) as connection:
        yield Reading(tmp_path, connection)


def archived(*files: tuple[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def zipped(content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return gzip.compress(data, mtime=0)  # the same bytes, and test ids, in every process
