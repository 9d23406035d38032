"""Opens what an export comes in: a plain file, gzip, or a file inside a zip archive."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from funnel_analytics.errors import CallError, SourceError
from funnel_analytics.sources.reading.model import Member

__all__ = [
    "Stream",
    "extracted",
    "literal_path",
    "members",
    "open_archive",
    "open_member",
    "refuse_bomb",
    "sha256_of",
    "start_of",
    "text_of",
    "worded_faults",
]

_TIMES = 200
_HARMLESS = 10 * 1000**2  # what any compressed file may expand to
_MOST = 20 * 1000**3
_LONGEST_LINE = 64 * 1024**2
_BUFFER = 256 * 1024
_START = 4096
_SIDE_FILES = re.compile(r"(^|/)(__MACOSX/|\.|Thumbs\.db$|desktop\.ini$)")
_DAMAGED = (
    EOFError,
    NotImplementedError,
    RuntimeError,
    gzip.BadGzipFile,
    zipfile.BadZipFile,
    zlib.error,
)


class _Bytes(Protocol):
    def read(self, size: int = -1, /) -> bytes | None: ...
    def close(self) -> None: ...


class Stream(io.RawIOBase):
    """The expanded bytes of a member; refuses bombs, damage and endless lines as it goes.

    `has_controls` says whether a byte was seen with which no text of an export begins.
    """

    def __init__(self, name: str, inner: _Bytes, size: int | None, *, lines: bool) -> None:
        super().__init__()
        self.name = name
        self.seen = 0
        self.has_controls = False
        self._inner = inner
        self._size = size
        self._lines = lines
        self._run = 0

    def readable(self) -> bool:
        """Yes: it is only read."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Read the next bytes."""
        view = memoryview(buffer).cast("B")
        with worded_faults(self.name):
            data = self._inner.read(len(view)) or b""
        count = len(data)
        view[:count] = data
        self.seen += count
        if self._size is not None:
            refuse_bomb(self.name, self._size, self.seen)
        if self._lines:
            self._watch(data)
        return count

    def close(self) -> None:
        """Close the file beneath, too."""
        self._inner.close()
        super().close()

    def _watch(self, data: bytes) -> None:
        if b"\n" in data or b"\r" in data:
            self._run = 0
        self._run += len(data)
        if self._run > _LONGEST_LINE:
            raise SourceError(
                f"{self.name} has a line of more than {_LONGEST_LINE // 1024**2} MB: "
                "it is no table, or its quotes or line ends are damaged. Export it again."
            )
        self.has_controls |= any(byte in data for byte in (b"\0", b"\1", b"\2", b"\3"))


@contextmanager
def worded_faults(name: str) -> Iterator[None]:
    """Word the faults of damaged, cut off and locked archives."""
    try:
        yield
    except _DAMAGED as error:
        if "password" in str(error) or "encrypted" in str(error):
            raise SourceError(f"{name} is encrypted with a password. Unpack it first.") from error
        said = str(error).rstrip(".") or "no more is known"
        raise SourceError(
            f"{name} is damaged or cut off and cannot be unpacked ({said}). Export or download it "
            "again."
        ) from error
    except OSError as error:
        raise CallError(f"{name} cannot be read: {error.strerror or error}.") from error


class _Pieces(io.BufferedReader):
    """Hands on large pieces; a decoder asks for 8 kB at a time."""

    def read1(self, size: int = -1, /) -> bytes:
        return super().read1(max(size, _BUFFER))


def text_of(stream: Stream, codec: str, *, newline: str | None) -> io.TextIOWrapper:
    """A stream as text, strictly decoded."""
    pieces = _Pieces(stream, _BUFFER)
    return io.TextIOWrapper(pieces, encoding=codec, errors="strict", newline=newline)


def refuse_bomb(name: str, size: int, expanded: int) -> None:
    """Refuse what expands beyond all measure."""
    if expanded > _MOST or expanded > max(_HARMLESS, _TIMES * size):
        raise SourceError(
            f"{name}: {size / 1000:,.1f} kB expand to {expanded / 1000**2:,.1f} MB or more, "
            f"{expanded / max(size, 1):,.0f} times as much; up to {_TIMES} times and "
            f"{_MOST // 1000**3} GB are taken. If the file is what it should be, unpack it first."
        )


def members(path: Path) -> tuple[Member, ...]:
    """The files that a path holds: those of a zip archive, else the one file that it is.

    Raises
    ------
    CallError
        The path cannot be read.
    SourceError
        The archive is encrypted, or names a place outside itself, or a file twice.
    """
    alone = (Member(path),)
    if not _starts(path).startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return alone
    if path.suffix.lower() != ".zip":
        return alone  # a workbook; or an archive under another name, which reading refuses
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
    except zipfile.BadZipFile:
        return alone  # reading says so if anybody wants it
    entries = [each for each in entries if not _SIDE_FILES.search(each.filename)
               or ".." in each.filename]  # fmt: skip
    names = [each.filename for each in entries]
    for entry in entries:
        name = entry.filename
        if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or name[1:2] == ":":
            raise SourceError(
                f"{path.name} holds '{name}', a place outside the archive. Nothing of it is read."
            )
        if entry.flag_bits & 0x1:
            raise SourceError(
                f"{path.name} is encrypted with a password ('{name}'). Unpack it first."
            )
        if names.count(name) > 1:
            raise SourceError(f"{path.name} holds '{name}' more than once. Unpack it first.")
    return tuple(Member(path, name) for name in sorted(names))


def open_archive(path: Path, name: str) -> zipfile.ZipFile:
    """A zip archive, its faults worded."""
    with worded_faults(name):
        return zipfile.ZipFile(path)


def open_member(member: Member, *, lines: bool) -> Stream:
    """The bytes of a member, expanded; with `lines`, an endless line is refused."""
    name, path = member.name, member.path
    with worded_faults(name):
        if member.inner:
            archive = zipfile.ZipFile(path)
            entry = archive.getinfo(member.inner)
            inner = _Inside(archive, archive.open(entry))
            return Stream(name, inner, entry.compress_size, lines=lines)
        if _is_gzip(member):
            return Stream(name, gzip.open(path, "rb"), path.stat().st_size, lines=lines)
        return Stream(name, path.open("rb", buffering=0), None, lines=lines)


def start_of(member: Member) -> bytes:
    """The first bytes of a member, expanded."""
    with io.BufferedReader(open_member(member, lines=False), _BUFFER) as stream:
        return stream.read(_START)


@contextmanager
def extracted(member: Member, scratch: Path) -> Iterator[Path]:
    """The member as a file of its own, for readers that must jump about in it."""
    if not member.inner and not _is_gzip(member):
        yield member.path
        return
    try:
        with open_member(member, lines=False) as stream, scratch.open("wb") as sink:
            while data := stream.read(_BUFFER):
                sink.write(data)
        yield scratch
    finally:
        scratch.unlink(missing_ok=True)


def sha256_of(given: Path | Member) -> str:
    """The hash of a file's bytes; of a file inside an archive, those of that file."""
    if isinstance(given, Member) and given.inner:
        with io.BufferedReader(open_member(given, lines=False), _BUFFER) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    path = given.path if isinstance(given, Member) else given
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}.") from error


def literal_path(path: Path) -> str:
    """A path as the engine has to be given it: `leads[1].csv` is a pattern to it otherwise."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


class _Inside:
    """A file inside an archive that closes the archive with itself."""

    def __init__(self, archive: zipfile.ZipFile, file: _Bytes) -> None:
        self._archive = archive
        self._file = file

    def read(self, size: int = -1, /) -> bytes | None:
        return self._file.read(size)

    def close(self) -> None:
        self._file.close()
        self._archive.close()


def _is_gzip(member: Member) -> bool:
    return not member.inner and _starts(member.path).startswith(b"\x1f\x8b")


def _starts(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4)
    except OSError as error:
        raise CallError(f"{path} cannot be read: {error.strerror}.") from error
