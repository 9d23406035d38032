"""Reads one member of an export, whatever it is, and leaves a clean copy."""

from __future__ import annotations

from pathlib import Path

from funnel_analytics.sources.reading.containers import extracted
from funnel_analytics.sources.reading.delimited import Delimited
from funnel_analytics.sources.reading.kinds import kind_of
from funnel_analytics.sources.reading.model import CleanCopy, HeaderError, Layout, Member, Wants
from funnel_analytics.sources.reading.objects import Objects
from funnel_analytics.sources.reading.parquet import Parquet
from funnel_analytics.sources.reading.recording import record_heading
from funnel_analytics.sources.reading.workbook import Workbook
from funnel_analytics.warehouse import Connection

__all__ = ["header_of", "read_member"]


def read_member(
    member: Member, target: Path, *, layout: Layout, wants: Wants, connection: Connection
) -> CleanCopy:
    """Copy the good records of a member to `target`, only the columns that `wants` names.

    The copy is UTF-8, every field quoted, the record's line first. Nothing is sniffed: a delimiter
    or header counts only where `wants` knows it. `connection` reads Parquet. Memory is bounded,
    but for workbooks, which hold a sheet at a time.

    Raises
    ------
    HeaderError
        No line is the header of such a file; `.header` is the likeliest.
    SourceError
        The file is empty, damaged, encrypted, no table, not what its name says, in none of the
        encodings, or its quotes swallow records.
    """
    kind = kind_of(member)
    with target.open("w", encoding="utf-8", newline="") as sink:
        if kind == "csv":
            return Delimited(member, layout).copy(sink, wants)
        if kind == "json":
            return Objects(member, layout).copy(sink, wants)
        with extracted(member, _beside(target)) as path:
            if kind == "xlsx":
                return Workbook(path, member.name, layout).copy(sink, wants)
            return Parquet(path, member.name, connection).copy(sink, wants)


def header_of(
    member: Member, scratch: Path, *, layout: Layout, wants: Wants, connection: Connection
) -> list[str] | None:
    """The columns of a member that `wants` would keep, or None if it has no such header.

    `scratch` is a place for an unpacked copy where one is needed; it is removed again.
    """
    kind = kind_of(member)
    try:
        if kind == "csv":
            return Delimited(member, layout).heading(wants).kept
        if kind == "json":
            return record_heading(member.name, Objects(member, layout).columns(), wants).kept
        with extracted(member, scratch) as path:
            if kind == "xlsx":
                return Workbook(path, member.name, layout).heading(wants).kept
            columns = Parquet(path, member.name, connection).columns()
            return record_heading(member.name, columns, wants).kept
    except HeaderError:
        return None


def _beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.unpacked")
