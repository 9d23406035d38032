"""What an export comes in: plain files, gzip, zip; bombs, damage, wrong names."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from funnel_analytics.errors import CallError, SourceError
from funnel_analytics.sources.reading import Member, containers, members, sha256_of
from tests.sources.reading.conftest import Reading, archived, zipped

TEXT = "Id,Amount\na,1\nb,2\n"
ROWS = [["2", "a", "1"], ["3", "b", "2"]]


def encrypted() -> bytes:
    """An archive whose only file says that it is encrypted."""
    content = bytearray(archived(("leads.csv", TEXT)))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(magic) + place
        content[at : at + 2] = struct.pack("<H", struct.unpack("<H", content[at : at + 2])[0] | 1)
    return bytes(content)


def workbook() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.add_worksheet().write_column(0, 0, ["Id", "a", "b"])
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["leads.csv", "leads[1].csv", "a*b?.csv", "o'brien; x.csv", "x"])
def test_a_file_is_read_whatever_its_name(reading: Reading, name: str) -> None:
    reading.write("leads1.csv", "Id\nwrong\n")
    assert reading(name, TEXT).records == 2
    assert reading.rows == ROWS


def test_gzip_is_unpacked_and_its_sum_checked(reading: Reading) -> None:
    copy = reading("leads.csv.gz", zipped(TEXT))
    assert (copy.records, copy.kind, reading.rows) == (2, "csv", ROWS)
    damaged = bytearray(zipped(TEXT))
    damaged[-6] ^= 0xFF
    with pytest.raises(SourceError, match=r"leads\.csv\.gz is damaged or cut off .*CRC"):
        reading("leads.csv.gz", bytes(damaged))
    with pytest.raises(SourceError, match=r"leads\.csv\.gz is damaged or cut off"):
        reading("leads.csv.gz", zipped(TEXT)[:-9])


def test_the_files_of_an_archive_are_read_one_by_one(reading: Reading) -> None:
    path = reading.write(
        "export.zip",
        archived(
            ("deep/Lead.csv", TEXT),
            ("Account.csv", "Id\nx\n"),
            ("__MACOSX/._Lead.csv", b"\0"),
            (".DS_Store", b"\0"),
            ("empty/", b""),
        ),
    )
    found = members(path)
    assert [each.name for each in found] == ["export.zip/Account.csv", "export.zip/deep/Lead.csv"]
    assert [each.own_name for each in found] == ["Account.csv", "Lead.csv"]
    assert reading.member(found[1]).records == 2
    assert reading.rows == ROWS
    assert sha256_of(found[1]) == hashlib.sha256(TEXT.encode()).hexdigest()
    assert sha256_of(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert sha256_of(Member(path)) == sha256_of(path)


def test_a_damaged_file_in_an_archive_is_named(reading: Reading) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("Lead.csv", TEXT)
    path = reading.write("e.zip", buffer.getvalue().replace(b"a,1", b"a,7", 1))
    with pytest.raises(SourceError, match=r"e\.zip/Lead\.csv is damaged or cut off .*CRC"):
        reading.member(members(path)[0])


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("../Lead.csv", TEXT)], r"holds '\.\./Lead\.csv', a place outside the archive"),
        ([("/etc/Lead.csv", TEXT)], r"holds '/etc/Lead\.csv', a place outside"),
        ([("C:\\Lead.csv", TEXT)], "a place outside"),
    ],
)
def test_an_archive_that_climbs_out_is_refused(
    reading: Reading, files: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        members(reading.write("e.zip", archived(*files)))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_a_name_twice_or_a_password_is_refused(reading: Reading) -> None:
    with pytest.raises(SourceError, match=r"e\.zip holds 'Lead\.csv' more than once"):
        members(reading.write("e.zip", archived(("Lead.csv", TEXT), ("Lead.csv", TEXT))))
    with pytest.raises(SourceError, match=r"e\.zip is encrypted with a password \('leads\.csv'\)"):
        members(reading.write("e.zip", encrypted()))


@pytest.mark.parametrize(
    ("inner", "content"),
    [("inner.zip", archived(("Lead.csv", TEXT))), ("Lead.csv.gz", zipped(TEXT)),
     ("Lead.csv", archived(("Lead.csv", TEXT)))],
)  # fmt: skip
def test_archives_in_archives_are_refused(reading: Reading, inner: str, content: bytes) -> None:
    (member,) = members(reading.write("e.zip", archived((inner, content))))
    with pytest.raises(SourceError, match=r"is an archive inside an archive"):
        reading.member(member)


def test_what_is_zipped_twice_is_refused(reading: Reading) -> None:
    with pytest.raises(SourceError, match="gzip-compressed twice"):
        reading("leads.csv.gz", zipped(zipped(TEXT)))


def test_bombs_are_refused_with_their_figures(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = b"0," + b"x" * 9_997 + b"\n"
    bomb, less = (b"Id,Note\n" + record * count for count in (1_200, 200))
    said = r"kB expand to \d+\.\d MB or more, \d+ times as much; up to 200 times"
    with pytest.raises(SourceError, match=rf"leads\.csv\.gz: \d+\.\d {said}"):
        reading("leads.csv.gz", zipped(bomb))
    (member,) = members(reading.write("e.zip", archived(("leads.csv", bomb))))
    with pytest.raises(SourceError, match=rf"e\.zip/leads\.csv: \d+\.\d {said}"):
        reading.member(member)
    assert reading("small.csv.gz", zipped(less)).records == 200
    monkeypatch.setattr(containers, "_MOST", 1_000_000)
    with pytest.raises(SourceError, match="expand to"):
        reading("small.csv.gz", zipped(less))
    assert reading("plain.csv", less).records == 200


def test_a_bomb_in_a_workbook_is_refused(reading: Reading) -> None:
    content = io.BytesIO(workbook())
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", b"0" * 30_000_000)
    with pytest.raises(SourceError, match=r"leads\.xlsx: .* expand to 30\.\d MB or more"):
        reading("leads.xlsx", content.getvalue())


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("leads.csv", b"", "is empty"),
        ("leads.csv.gz", zipped(b""), "is empty"),
        ("leads.csv", b"%PDF-1.7\n", "is a PDF"),
        ("leads.xls", b"\xd0\xcf\x11\xe0" + bytes(9), "an old Excel workbook"),
        ("leads.csv", archived(("a.csv", TEXT)), "is a ZIP archive"),
        ("leads.csv", workbook(), r"is an Excel workbook\. Name it \.xlsx"),
        ("leads.csv", zipped(zipped(TEXT)), "gzip-compressed twice"),
        ("leads.xlsx", TEXT, "is not an Excel workbook, whatever its name says"),
        ("leads.parquet", TEXT, "is not a Parquet file"),
        ("leads.zip", TEXT, "is not a ZIP archive"),
        ("leads.gz", b"Id\n", None),
        ("leads.csv", b"PAR1" + bytes(20), r"is a Parquet file\. Name it \.parquet"),
        ("leads.csv", b"<!DOCTYPE html><html>", "is a web page"),
        ("leads.csv", b"\n\n<?xml version='1.0'?>", "is a web page"),
        ("leads.csv", b'{"error": "expired"}', r"is JSON, not a table \(an error message\?\)"),
        ("leads.csv", b'[{"errorCode": "INVALID_SESSION_ID"}]', "is JSON"),
        ("leads.csv", bytes(257) + b"ustar" + bytes(99), "a tar archive"),
        ("leads.xlsx", archived(("mimetype", "x"), ("content.xml", "")), "OpenDocument"),
        ("leads.xlsx", archived(("xl/workbook.bin", "")), "a binary Excel workbook"),
        ("leads.xlsx", archived(("xl/workbook.xml", "")), "no whole Excel workbook"),
    ],
)
def test_files_that_are_something_else_are_refused(
    reading: Reading, name: str, content: bytes | str, said: str | None
) -> None:
    if said is None:
        assert reading(name, content).records == 0
        return
    with pytest.raises(SourceError, match=said):
        reading(name, content)


def test_a_path_that_cannot_be_read_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="cannot be read: No such file"):
        members(tmp_path / "nothing.csv")
    with pytest.raises(CallError, match="cannot be read: Is a directory"):
        members(tmp_path)
    with pytest.raises(CallError, match="cannot be read"):
        sha256_of(tmp_path / "nothing.csv")


def test_a_damaged_archive_is_said_so_when_it_is_wanted(reading: Reading) -> None:
    (member,) = members(reading.write("e.zip", archived(("Lead.csv", TEXT))[:-9]))
    assert member.inner == ""
    with pytest.raises(SourceError, match=r"e\.zip is damaged or cut off"):
        reading.member(member)
