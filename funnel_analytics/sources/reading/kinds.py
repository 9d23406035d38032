"""Tells what a file is by its first bytes; its name only tells texts apart."""

from __future__ import annotations

import re
import zipfile
from pathlib import PurePosixPath

from funnel_analytics.errors import SourceError
from funnel_analytics.sources.reading.containers import start_of, worded_faults
from funnel_analytics.sources.reading.model import FileKind, Member

__all__ = ["bare_name", "kind_of"]

_REFUSED = {
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, or one with a password; save it as .xlsx",
    b"7z\xbc\xaf": "a 7-Zip archive; unpack it",
    b"Rar!": "a RAR archive; unpack it",
    b"SQLite format 3": "an SQLite database; export its tables as CSV",
    b"\xfd7zXZ": "xz-compressed; unpack it",
    b"BZh": "bzip2-compressed; unpack it",
    b"\x28\xb5\x2f\xfd": "zstd-compressed; unpack it",
}
_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_TEXTS = {"csv", "tsv", "tab", "txt", "json", "jsonl", "ndjson"}
_JSONS = {"json", "jsonl", "ndjson"}
_WORKBOOKS = {"xlsx", "xlsm"}
_PARQUETS = {"parquet", "pq", "parq"}
_OTHERS = {
    "xls": "an Excel workbook",
    "zip": "a ZIP archive",
    "gz": "gzip-compressed",
    **dict.fromkeys(_WORKBOOKS, "an Excel workbook"),
    **dict.fromkeys(_PARQUETS, "a Parquet file"),
}
_LOOKS_LIKE_JSON = re.compile(rb'\s*(\{\s*("|\})|\[\s*(\{|\]))')


def bare_name(member: Member) -> str:
    """The member's own name without the `.gz` of a compressed file."""
    own = member.own_name
    return own[:-3] if own.lower().endswith(".gz") else own


def kind_of(member: Member) -> FileKind:
    """What a member is.

    Raises
    ------
    SourceError
        It is empty, of a kind that is not read, or not what its name says.
    """
    name, start = member.name, start_of(member)
    ending = PurePosixPath(bare_name(member)).suffix.lower().lstrip(".")
    if not start:
        raise SourceError(f"{name} is empty (0 bytes). Export it again.")
    for magic, kind in _REFUSED.items():
        if start.startswith(magic):
            raise SourceError(f"{name} is {kind}.")
    if start[257:262] == b"ustar":
        raise SourceError(f"{name} is a tar archive; unpack it.")
    if start.startswith(_GZIP):
        if member.inner:
            raise SourceError(f"{name} is an archive inside an archive; unpack it first.")
        raise SourceError(f"{name} is gzip-compressed twice; unpack it first.")
    if start.startswith(_PARQUET):
        if ending in _OTHERS.keys() - _PARQUETS or ending in _TEXTS:
            raise SourceError(f"{name} is a Parquet file. Name it .parquet.")
        return "parquet"
    if start.startswith(_ZIP):
        return _zipped(member, ending)
    return _text(name, start, ending)


def _zipped(member: Member, ending: str) -> FileKind:
    name = member.name
    is_wrapped = bool(member.inner) or bare_name(member) != member.own_name
    if is_wrapped and ending in _WORKBOOKS:
        return "xlsx"  # looked into when it is unpacked
    if is_wrapped:
        raise SourceError(f"{name} is an archive inside an archive; unpack it first.")
    with worded_faults(name), zipfile.ZipFile(member.path) as archive:
        inside = set(archive.namelist())
        if "mimetype" in inside:
            raise SourceError(f"{name} is an OpenDocument file; save it as .xlsx.")
    if "xl/workbook.bin" in inside:
        raise SourceError(f"{name} is a binary Excel workbook; save it as .xlsx.")
    if "xl/workbook.xml" not in inside:
        raise SourceError(f"{name} is a ZIP archive. Name it .zip, or unpack it.")
    if ending in _TEXTS or ending in _OTHERS.keys() - _WORKBOOKS:
        raise SourceError(f"{name} is an Excel workbook. Name it .xlsx, or save it as CSV.")
    return "xlsx"


def _text(name: str, start: bytes, ending: str) -> FileKind:
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise SourceError(
            f"{name} is a web page, not a table. Was the session expired when it was exported?"
        )
    if ending in _OTHERS:
        raise SourceError(
            f"{name} is not {_OTHERS[ending]}, whatever its name says. It looks like text: "
            "name it .csv if it is a table, else export it again."
        )
    if ending in _JSONS:
        return "json"
    if _LOOKS_LIKE_JSON.match(start.removeprefix(b"\xef\xbb\xbf")):
        raise SourceError(
            f"{name} is JSON, not a table (an error message?). Name it .json if it holds records."
        )
    return "csv"
